#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench.sh - how fast squall is, how large its stores are and how much memory it takes, as ratios measured in one run.
#
# Absolute times say little about another machine, and on a busy one little about the next minute. So the programs that
# are compared run in turns, round after round; each round gives its own ratios; the median of those is what counts, and
# the range shows what the machine did meanwhile. Prints markdown. Status 1: a "must" of the table is missed.
#
# What recording costs is measured by record.sh, at the end.
#
# Given by the environment: BUILD (where products are), SQUALL (the binary), ROUNDS, EVENTS (at least so many per trace),
# TMPDIR (takes 0.5 GB for a while; all in memory is best).
# shellcheck disable=SC2016,SC2034	# backquotes are markdown here; cmd_* are used by name
set -u
export LC_ALL=C TZ=UTC

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$top/tests/bench/table.sh"
build=${BUILD:-$top/build}
squall=${SQUALL:-$build/squall}
rounds=${ROUNDS:-5}
events_wanted=${EVENTS:-2000000}
work=
missed=0

# --- the trace --------------------------------------------------------------------------------------------------------

# make_trace SAMPLE: $work/trace.dat, as trace-cmd record writes it by default (version 7, zstd); sets copies, events
make_trace() {
	local made
	trace-cmd convert -i "$1" -o "$work/short.dat" --file-version 6 --compression none >/dev/null 2>&1 ||
		die "$1: trace-cmd cannot convert it"
	made=$("$build/bench/gen_trace" "$work/short.dat" "$work/long.dat" "$events_wanted") || exit 2
	trace-cmd convert -i "$work/long.dat" -o "$work/trace.dat" --file-version 7 --compression zstd >/dev/null 2>&1 ||
		die "$1: trace-cmd cannot convert what gen_trace made of it"
	rm -f "$work/short.dat" "$work/long.dat"
	copies=$(field copies <<<"$made")
	events=$(field events <<<"$made")
}

# --- the measuring ----------------------------------------------------------------------------------------------------

# What is measured, by name; run once a round.
set_commands() {
	cmd_report=(trace-cmd report -i "$work/trace.dat")
	cmd_read=("$build/bench/floor_read" "$work/trace.dat")
	cmd_import=("$squall" import -q -f -o "$work/store.db" "$work/trace.dat")
	cmd_insert=("$build/bench/floor_insert" "$work/store.db" "$work/floor.db")
	cmd_analyze=("$squall" analyze "$work/trace.dat")
	cmd_stored=("$squall" analyze "$work/store.db")
	cmd_html=("$squall" report -f -o "$work/report.html" "$work/store.db")
}

# timed NAME [OUT]: runs cmd_NAME, its whole time goes to seconds.NAME
timed() {
	local -n cmd=cmd_$1
	local from=$EPOCHREALTIME to
	"${cmd[@]}" >"${2:-/dev/null}" 2>"$work/err" || die "${cmd[*]}: $(tail -n 1 "$work/err")"
	to=$EPOCHREALTIME
	awk -v us=$((${to/./} - ${from/./})) 'BEGIN { printf "%.6f\n", us / 1e6 }' >>"$work/seconds.$1"
}

# What squall top needs of a store: opening, going to 200 moments, stepping through. Once a trace: it is CPU time.
measure_player() {
	"$build/bench/player" "$work/store.db" >"$work/out.player" || exit 2
}

# The insert floor has a clock of its own: what it reads before it inserts does not count.
timed_insert() {
	"${cmd_insert[@]}" >"$work/out.insert" || exit 2
	field seconds <"$work/out.insert" >>"$work/seconds.insert"
}

# Neighbours here are compared with each other: what the machine does besides hits both.
one_round() {
	timed report
	timed import
	timed_insert
	timed read "$work/out.read"
	timed analyze
	timed stored
	timed html
}

measure() {
	local round
	"${cmd_import[@]}" || die "squall import failed"	# once for the page cache
	rm -f "$work"/seconds.*
	for ((round = 1; round <= rounds; round++)); do
		[ ! -t 2 ] || printf '\rround %d of %d ' "$round" "$rounds" >&2
		one_round
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# A program that leaves events out would win any race.
check_counts() {
	local got
	got=$(field events <"$work/out.read")
	[ "$got" = "$events" ] || die "libtracecmd reads $got of $events events"
	got=$(field rows <"$work/out.insert")
	[ "$got" = "$events" ] || die "squall import stored $got of $events events"
	got=$("$squall" analyze --json "$work/trace.dat" | sed -n 's/^  "events": \([0-9]*\),$/\1/p')
	[ "$got" = "$events" ] || die "squall analyze saw ${got:-none} of $events events"
}

# memory_of PID: "PSS HWM" in kB. Pss counts what processes share once; VmHWM is the peak and misses nothing.
memory_of() {
	local key value rest pss=0 hwm=0
	while read -r key value rest; do
		[ "$key" != VmHWM: ] || hwm=$value
		[ "$key" != Pss: ] || pss=$value
	done < <(cat "/proc/$1/status" "/proc/$1/smaps_rollup" 2>/dev/null)
	echo "$pss $hwm"
}

# peak_of NAME: runs cmd_NAME; kb.NAME gets the greatest sum of Pss over its processes that was seen, about 50 times a
# second; or the greatest VmHWM of one of them, if that is greater: a peak that was too short to be seen.
peak_of() {
	local -n cmd=cmd_$1
	local main pid pss hwm sum peak=0
	"${cmd[@]}" >/dev/null 2>&1 &
	main=$!
	while kill -0 "$main" 2>/dev/null; do
		sum=0
		for pid in "$main" $(cat /proc/$main/task/*/children 2>/dev/null); do
			read -r pss hwm <<<"$(memory_of "$pid")"
			sum=$((sum + pss))
			peak=$((hwm > peak ? hwm : peak))
		done
		peak=$((sum > peak ? sum : peak))
	done
	wait "$main" || die "${cmd[*]}: failed when its memory was measured"
	echo "$peak" >"$work/kb.$1"
}

# --- the table --------------------------------------------------------------------------------------------------------

# ratios A B: seconds.A / seconds.B, round by round
ratios() {
	paste "$work/seconds.$1" "$work/seconds.$2" | awk '{ print $1 / $2 }'
}

# mib NAME
mib() {
	awk '{ print $1 / 1024 }' "$work/kb.$1"
}

quotient() {
	awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'
}

print_table() {
	local store_bytes record_bytes
	store_bytes=$(stat -c %s "$work/store.db")
	record_bytes=$(field record_bytes <"$work/out.read")
	table_head range
	ratios report import | row '`import`: times as fast as `trace-cmd report`' '' least 4 -
	ratios import insert | row '`import`: time, against inserting the same rows with prepared statements' x most 1.25 1.1
	ratios report analyze | row '`analyze` of the trace: times as fast as `trace-cmd report`' '' least 10 -
	ratios analyze read | row '`analyze` of the trace: time, against libtracecmd reading it and doing nothing' x most - 1.5
	quotient "$store_bytes" "$record_bytes" | row 'store: size, against the bytes of the raw records' x most 0.6 0.4
	quotient "$store_bytes" "$(field record_bytes_with_head <"$work/out.read")" |
		row 'the same, each record with its head of 4 bytes' x most - -
	mib import | row '`import`: memory, all processes' ' MiB' most 256 64
	mib analyze | row '`analyze` of the trace: memory, all processes' ' MiB' most 256 64
	mib stored | row '`analyze` of the store: memory' ' MiB' most 256 64
	awk 1 "$work/seconds.stored" | row '`analyze` of the store' ' s' most 2 0.5
	awk 1 "$work/seconds.html" | row '`report` of the store, HTML' ' s' most 2 0.5
	mib html | row '`report`: memory' ' MiB' most 256 64
	field seek_max_ms <"$work/out.player" | row '`top -r`: to another moment, the slowest of 200' ' ms' most 200 -
	field rss_kib <"$work/out.player" | awk '{ print $1 / 1024 }' | row '`top -r`: memory' ' MiB' most 256 64
}

# Each in turn alone, by CPU time: what it adds to an analysis without detectors.
print_detectors() {
	echo "| detector | adds to \`analyze\` of the store |"
	echo "|---|---|"
	"$build/bench/detectors" "$work/store.db" | awk '{ printf "| %s | %.1f %% |\n", $1, 100 * $2 }' || exit 2
}

# For orientation only; nothing is judged by it.
print_seconds() {
	local name
	local -A what=(
		[report]='`trace-cmd report`' [read]='libtracecmd, reading only' [import]='`squall import`'
		[html]='`squall report`, store' [insert]='the same rows, inserting only' [analyze]='`squall analyze`, trace' [stored]='`squall analyze`, store'
	)
	echo "| on this machine | seconds | million events a second |"
	echo "|---|---|---|"
	for name in report import insert analyze read stored html; do
		spread <"$work/seconds.$name" | awk -v what="${what[$name]}" -v events="$events" \
			'{ printf "| %s | %.2f | %.2f |\n", what, $1, events / $1 / 1e6 }'
	done
}

print_machine() {
	local cpu memory load
	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	memory=$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)
	read -r load _ </proc/loadavg
	echo "$("$squall" --version) on ${cpu:-$(uname -m)}, $(nproc) CPUs, $memory, $(uname -sr), load $load before the start;"
	echo "trace-cmd $(trace-cmd --version 2>/dev/null | sed -n 's/.*version \([0-9.]*\).*/\1/p' | head -n 1)," \
		"SQLite $(pkg-config --modversion sqlite3)."
	echo "$rounds rounds of all programs in turns; a ratio is the median of the rounds' ratios."
}

print_trace() {
	local record_bytes zstd_bytes
	record_bytes=$(field record_bytes <"$work/out.read")
	zstd_bytes=$(stat -c %s "$work/trace.dat")
	echo "**$1**: $2. $events events: tests/bench/gen_trace.c wrote its ring buffer pages $copies times, each time later."
	awk -v raw="$record_bytes" -v zstd="$zstd_bytes" -v n="$events" 'BEGIN {
		printf "%.0f MB of raw records (%.0f bytes each) in a trace.dat v7 of %.0f MB (zstd).\n", raw / 1e6, raw / n, zstd / 1e6
	}'
}

# bench SAMPLE DESCRIPTION
bench() {
	make_trace "$top/samples/$1"
	measure
	check_counts
	peak_of import
	peak_of analyze
	peak_of stored
	peak_of html
	measure_player
	echo
	print_trace "$1" "$2"
	echo
	print_table >"$work/table"
	cat "$work/table"
	! grep -q MISSED "$work/table" || missed=1
	echo
	print_seconds
	echo
	print_detectors
}

work=$(mktemp -d "${TMPDIR:-$build}/squall-bench.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
set_commands
command -v trace-cmd >/dev/null || die "trace-cmd is not installed"

print_machine
# Two mixes of events, because the cost of an event depends on its type: 28 types, none of which has a third of
# the events; and 13 types, where nearly three of four events are starts and ends of slab shrinkers.
bench defrag-spin-6.18.dat 'direct reclaim, slab, LRU, writeback and compaction under vm.defrag_mode'
bench kswapd-reset-6.18.dat 'memcg reclaim beside a kswapd that cannot give up'
echo
"$top/tests/bench/record.sh"
case $? in
0) ;;
1) missed=1 ;;
*) exit 2 ;;
esac
exit $missed
