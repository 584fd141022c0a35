#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Damaged inputs: cut at every percent of their length, with flipped bits, random bytes. Each ends with exit status 2 and
# a message, never with a signal, and what came before the damage is kept.
. "$(dirname "$0")/../lib.sh"

sample=$TOP/samples/healthy-swap-6.18.dat

# events STORE: how many there are, 0 when there is no store.
events() {
	[ -e "$1" ] && sqlite3 "$1" "SELECT value FROM meta WHERE key = 'events'" || echo 0
}

# import_damaged FILE: runs import; status in $status, message in $message, events in $kept.
import_damaged() {
	rm -f "$work/out.db"
	"$SQUALL" import -q "$1" -o "$work/out.db" >"$work/stdout" 2>"$work/stderr"
	status=$?
	message=$(head -1 "$work/stderr")
	kept=$(events "$work/out.db")
}

# cut_everywhere FILE NAME [TAIL]: at each percent of its length, or of its last TAIL bytes.
cut_everywhere() {
	local file=$1 name=$2 size tail percent bad_status=0 bad_message=0 last=0 shrunk=0
	size=$(stat -c %s "$file")
	tail=${3:-$size}
	for percent in $(seq 1 99); do
		head -c $((size - tail + tail * percent / 100)) "$file" >"$work/cut"
		import_damaged "$work/cut"
		[ "$status" = 2 ] || { bad_status=$((bad_status + 1)); echo "# $percent %: status $status"; }
		[[ $message == squall:* ]] || bad_message=$((bad_message + 1))
		[ "$kept" -ge "$last" ] || { shrunk=1; echo "# $percent %: $kept events, $last at a shorter cut"; }
		last=$kept
	done
	is "$bad_status" 0 "$name cut at each percent: exit status 2"
	is "$bad_message" 0 "$name cut at each percent: a message"
	is "$shrunk" 0 "$name: a longer piece never yields fewer events"
	echo "# $name: $last events of the piece of 99 %"
	[ "$last" -gt 0 ]
	ok $? "$name: events before the damage are kept"
}

# A cut v6 file keeps each CPU's pages; a cut compressed v7 file its whole chunks. In this v6 file the pages of events are
# the last 1 % (most of it is kallsyms), so that is cut more finely too.
trace-cmd convert -i "$sample" -o "$work/v6.dat" --file-version 6 --compression none >/dev/null 2>&1
"$SQUALL" import -q "$work/v6.dat" -o "$work/whole.db"
ok $? "a version 6 file is imported"
is "$(events "$work/whole.db")" "$(trace-cmd report -i "$sample" 2>/dev/null | grep -c ': ')" "version 6: all events"
cut_everywhere "$work/v6.dat" "version 6, last 90 kB" 90000
cut_everywhere "$sample" "version 7"

# flip FILE SEED: one byte of it is changed in one bit, the same for the same seed.
flip() {
	perl -e 'my ($in, $seed) = @ARGV; srand $seed; local $/; open my $f, "<:raw", $in; my $d = <$f>;
		my $at = int rand length $d; substr($d, $at, 1) ^= chr(1 << int rand 8); binmode STDOUT; print $d' "$1" "$2"
}

crashed=0 silent=0
for seed in $(seq 1 60); do
	flip "$sample" "$seed" >"$work/flipped"
	import_damaged "$work/flipped"
	# A flip may hit a value, which nobody can see: then all is well. Else it is told.
	[ "$status" = 0 ] || [ "$status" = 2 ] || { crashed=$((crashed + 1)); echo "# seed $seed: status $status"; }
	[ "$status" = 0 ] || [ -n "$message" ] || silent=$((silent + 1))
done
is "$crashed" 0 "flipped bits: never anything but 0 or 2"
is "$silent" 0 "flipped bits: a message with each failure"

crashed=0
for seed in $(seq 1 20); do
	perl -e 'srand $ARGV[0]; binmode STDOUT; print map { chr int rand 256 } 1 .. 20000' "$seed" >"$work/random"
	import_damaged "$work/random"
	[ "$status" = 2 ] && [ -n "$message" ] && [ ! -e "$work/out.db" ] || crashed=$((crashed + 1))
	# The magic of a trace.dat, and then noise.
	{ head -c 40 "$sample"; cat "$work/random"; } >"$work/random2"
	import_damaged "$work/random2"
	[ "$status" = 2 ] && [ -n "$message" ] || crashed=$((crashed + 1))
done
is "$crashed" 0 "random bytes: exit status 2, a message, no store"

: >"$work/empty"
import_damaged "$work/empty"
is "$status" 2 "an empty file: exit status 2"
like "$message" 'is empty' "an empty file: says so"
ls "$work" | grep -q '\.db\.'
[ $? -ne 0 ]
ok $? "no temporary store is left behind"
done_testing
