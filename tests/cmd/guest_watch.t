#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that is watched from the host while its storm goes on: what top shows then, and when; and top in the guest
# itself, on a serial line. SQUALL_GUESTS=all: on a fixed kernel too, and both side by side.
. "$(dirname "$0")/../lib.sh"

LAB=$TOP/kernel-patches/lab
command -v jq >/dev/null || skip_all "jq is not there"

# Each line with the host's time in ms at which it came, and whether the guest still ran.
stamp() {
	local line

	while read -r line; do
		printf '{"host_ms":%d,"runs":%s,"top":%s}\n' $((${EPOCHREALTIME/./} / 1000)) \
			"$(grep -qas '^lab: done' "$run/$1/console" && echo false || echo true)" "$line"
	done
}

# watches NAME OPTION...: 0 when there is something to look at
watches() {
	local status kernel=$3

	what=$1
	run=$work/$1
	shift
	(set -o pipefail; "$LAB/watch" -j -o "$run" "$@" 2>"$work/err" | stamp "$kernel" >"$work/$what.json")
	status=$?
	if [ $status -eq 77 ]; then
		skip "$what" "$(tail -1 "$work/err")"
		return 1
	fi
	ok $status "$what: the guests were watched until they had ended"
	[ $status -eq 0 ] || sed 's/^/# /' "$work/err"
	[ -s "$work/$what.json" ]
}

look() {
	jq -rs "$1" "$work/$what.json"
}

on_time() {
	local most

	most=$(look '[.[].host_ms] | [.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | max')
	[ "${most:-99999}" -le 2000 ]
	ok $? "$what: no refresh came later than 2 s after the last one ($most ms, $(look length) of them)"
}

spin='.views.findings[]? | (.kind.value? // .kind) == "nonmovable-reclaim-spin"'
direct='[.[].top.views.nodes[] | .direct_per_s | if type == "object" then .value else . end] | max'

unfixed() {
	watches "$@" || return
	is "$(look "[.[] | select(.runs) | .top | select([$spin] | any)] | length > 0")" true \
		"$what: the spin is shown while the guest runs"
	[ "$(look "$direct | floor")" -ge 5 ]
	ok $? "$what: and rates of direct reclaim (up to $(look "$direct | floor")/s)"
	is "$(look '.[-1].top.summary.lost_events')" 0 "$what: nothing is lost on the way"
	on_time
}

fixed() {
	watches "$@" || return
	is "$(look "[.[].top | select([$spin] | any)] | length")" 0 "$what: no spin is shown"
	on_time
}

side_by_side() {
	local running

	unfixed "$@"
	# One that has ended stays where it was.
	running=$(look '([.[].top.summary.offset_ns] | max) as $a | ([.[].top.against.offset_ns] | max) as $b |
		[.[].top | select(.summary.offset_ns < $a and .against.offset_ns < $b) |
		(.summary.offset_ns - .against.offset_ns | fabs)] | "\(length >= 10) \(max <= 1e9)"')
	is "$running" "true true" "$what: both at the same offset while both run"
}

# What comes out of the socket, and when: "MS BYTES" for each piece; the bytes go to a file of their own.
cat >"$work/screen.pl" <<'EOF'
use IO::Socket::UNIX;
use Time::HiRes qw(time sleep);
my ($path, $bytes) = @ARGV;
my $s;
for (1 .. 1200) { last if $s = IO::Socket::UNIX->new(Peer => $path); sleep 0.1; }
$s or exit 1;
open(my $out, '>', $bytes) or die;
while (sysread($s, my $data, 65536)) { printf("%d %d\n", time * 1000, length $data); print $out $data; }
EOF

# In a storm that asks for unmovable pages, a screen that waited for memory would stand still.
draws() {
	local most drawn storm pid

	what=$1
	run=$work/$1
	perl "$work/screen.pl" "$work/tty" "$work/bytes" >"$work/drawn" &
	pid=$!
	"$LAB/boot" -k "$2" -s defrag-pipes -S 2048 -T "$work/tty" -o "$run" 2>"$work/err"
	case $? in
	0) ok 0 "$what: top drew on a serial line of the guest" ;;
	77) kill $pid; skip "$what" "$(tail -1 "$work/err")"; return ;;
	*) kill $pid; ok 1 "$what: top drew on a serial line of the guest"; sed 's/^/# /' "$work/err"; return ;;
	esac
	wait $pid
	is "$(sqlite3 "$run/storm.db" "SELECT count(*) > 0 FROM finding WHERE kind = 'nonmovable-reclaim-spin'")" 1 \
		"$what: there was a storm"
	like "$(tr -c '[:print:]' ' ' <"$work/bytes")" "KSWAPD.*DIRECT" "$what: the nodes were on the screen"
	like "$(grep "top ended" "$run/log")" "status 143" "$what: until it was told to end"
	most=$(awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }' "$work/drawn")
	drawn=$(awk 'NR == 1 { first = $1 } { last = $1 } END { print int((last - first) / 1000) }' "$work/drawn")
	storm=$(awk -F'[][]' '/\] storm$/ { began = $2 } /\] storm is over/ { print int($2 - began) }' "$run/log")
	[ "$drawn" -ge "${storm:-9999}" ]
	ok $? "$what: for as long as it lasted ($drawn s, the storm $storm s)"
	[ "$most" -le 2000 ]
	ok $? "$what: no refresh came later than 2 s after the last one ($most ms)"
}

draws screen-6.18 6.18
unfixed watch-6.18 -k 6.18
if [ "$SQUALL_GUESTS" = all ]; then
	fixed watch-7.3 -k 7.3
	side_by_side watch-both -k 6.18 -k 7.3
fi
done_testing
