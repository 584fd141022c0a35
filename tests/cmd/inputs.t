#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What others bring: snapshots of /proc beside a trace and alone, what perf script prints, perf.data, and a trace without
# reclaim events. Values are counted by hand, and those of recorded traces by awk over the files.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit
sql() { sqlite3 -separator ' ' "$@"; }

# One reclaim of 20 ms at 10 s, another at 30 s.
cat >trace.txt <<'EOT'
# tracer: nop
            dd-300     [000] .....    10.000000: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
            dd-300     [000] .....    10.020000: mm_vmscan_direct_reclaim_end: nr_reclaimed=32
            dd-300     [000] .....    30.000000: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
            dd-300     [000] .....    30.020000: mm_vmscan_direct_reclaim_end: nr_reclaimed=32
EOT
for moment in "a 5.00 100 4096" "b 20.25 50 8192" "c 40.00 50 8192"; do
	set -- $moment
	mkdir -p "snap/$1"
	echo "$2 1.00" >"snap/$1/uptime"
	printf 'nr_free_pages %d\npgscan_direct 7\n' "$3" >"snap/$1/vmstat"
	echo "MemTotal: 1000 kB" >"snap/$1/meminfo"
	echo "12288 5000 $4 0 8192 0 0 0 0" >"snap/$1/zram_mm_stat"
	echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=9" >"snap/$1/pressure_memory"
done
echo "anon 5" >snap/a/cg-web-memory.stat

"$SQUALL" import trace.txt --snapshots snap -o snap.db >out 2>err
is $? 0 "a trace with snapshots"
is "$(sql snap.db "SELECT ts / 1e9, value FROM sample JOIN series ON series.id = series_id
	WHERE name = 'nr_free_pages' ORDER BY ts")" "$(printf '5.0 100\n20.25 50')" "a value where it changed, also outside the trace"
is "$(sql snap.db "SELECT ts / 1e9, value, unit FROM sample JOIN series ON series.id = series_id
	WHERE name = 'zram0.mem_used_total' ORDER BY ts")" "$(printf '5.0 4096 bytes\n20.25 8192 bytes')" "names and units of squall record"
is "$(sql snap.db "SELECT group_concat(value, ' ') FROM (SELECT value FROM meta WHERE key IN ('snapshots', 'snapshots_within',
	'snapshots_time', 'snapshots_left_out') ORDER BY key)")" "3 1 uptime 1" \
	"meta tells how many, how many within, how they were placed, and what was left out"
like "$(sql snap.db "SELECT value FROM meta WHERE key = 'snapshots_sure'")" '^assumed' "and that the clock of the text is a guess"
like "$(cat err)" '3 snapshots at 5.000 to 40.000 s, placed by uptime \(assumed' "which the command says as well"
is "$(sql snap.db "SELECT count(*) FROM meta WHERE key = 'page_size'")" 0 "nothing is told of this machine"
"$SQUALL" analyze --json trace.txt 2>/dev/null >bare.json
"$SQUALL" analyze --json trace.txt --snapshots snap 2>/dev/null >with.json
is $? 0 "analyze reads both"
if command -v jq >/dev/null; then
	zram='.detectors[] | select(.kind == "zsmalloc-fragmentation") | .judged'
	is "$(jq "$zram" bare.json) $(jq "$zram" with.json)" "false true" "with which it judges zram"
else
	skip "with which it judges zram" "jq is not there"
fi
"$SQUALL" import -q trace.txt -o bare.db
"$SQUALL" analyze bare.db --snapshots snap >out 2>err
is $? 0 "beside a store"
like "$(cat err)" 'placed by uptime' "too"
"$SQUALL" report trace.txt --snapshots snap -o r.json 2>/dev/null
is $? 0 "report with snapshots"
like "$(cat r.json)" '"name":"zram0 memory it takes","lowest":4096,"highest":8192' "has a chart of what they say"

"$SQUALL" import snap -o alone.db >out 2>err
is $? 0 "snapshots alone"
is "$(sql alone.db "SELECT group_concat(value, ' ') FROM (SELECT value FROM meta WHERE key IN ('clock', 'source')
	ORDER BY key)") $(sql alone.db 'SELECT min(ts), max(ts) FROM sample')" "boot snapshots 5000000000 20250000000" "on their own clock"
"$SQUALL" analyze snap >out 2>err
is $? 0 "analyze of a directory"

# A growing file: no recording knows its own wall time, so the user has to say.
printf 'Sat Nov 21 19:24:17 UTC 2026\nnr_free_pages 3\nSat Nov 21 19:24:27 UTC 2026\nnr_free_pages 4\n' >vmstat.log
mkdir grown && mv vmstat.log grown
"$SQUALL" analyze trace.txt --snapshots grown >out 2>err
is $? 2 "stamps in wall time beside a clock since boot"
is "$(cat err)" "squall: trace.txt: no snapshot says when it was made, on the recording's clock or so that it could be found out
squall: copy /proc/uptime along with each, or say --snapshots-offset SECONDS: what to add to a snapshot's time" "says what to do"
"$SQUALL" import -q trace.txt --snapshots grown --snapshots-offset -1795289042 -o grown.db 2>err
is "$(sql grown.db "SELECT ts / 1e9, value FROM sample ORDER BY ts")" "$(printf '15.0 3\n25.0 4')" "and does it"
"$SQUALL" import -q trace.txt --snapshots grown --snapshots-offset -1795280000 -o far.db 2>err
like "$(cat err)" 'all after the recording, which is at 10.000 to 30.020 s' "what lies beside the recording is told even with -q"

mkdir none && echo hello >none/notes.txt
"$SQUALL" analyze trace.txt --snapshots none >out 2>err
is $? 2 "a directory without snapshots"
like "$(cat err)" 'no copy of /proc/vmstat' "says so"
"$SQUALL" analyze trace.txt --snapshots-offset 3 2>err
is $? 2 "an offset of nothing"
"$SQUALL" analyze trace.txt --snapshots snap --snapshots-offset 3x 2>err
is $? 2 "an offset that is no number"
is "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'squall-snapshots-*' -user "$(id -un)" -newer trace.txt | wc -l)" 0 "no temporary directory is left"

# Recorded storms with snapshots beside them: each counter of vmstat, and zones, as awk reads the files.
for storm in A-7.3.4 B-7.3.4; do
	dir=${SQUALL_TRACES:-/nowhere}/$storm
	if [ ! -d "$dir" ]; then
		skip "$storm: values equal the files" "SQUALL_TRACES does not name recorded traces"
		continue
	fi
	"$SQUALL" import -q "$dir/trace.dat" --snapshots "$dir" -fo storm.db 2>/dev/null
	for moment in start during after; do
		at=$(awk '{ printf "%d0000000", $1 * 100 + 0.5 }' "$dir/snap-$moment/uptime")
		as_of="(SELECT value FROM sample WHERE series_id = series.id AND ts <= $at ORDER BY ts DESC LIMIT 1)"
		sql storm.db "SELECT name, $as_of FROM series WHERE scope = 'system'" | sort >got
		sort "$dir/snap-$moment/vmstat" >want
		is "$(comm -13 got want | wc -l)/$([ "$(wc -l <want)" -gt 100 ] && echo many)" 0/many "$storm, $moment: vmstat"
		sql storm.db "SELECT node, name, $as_of FROM series WHERE scope = 'zone'" | sort >got
		awk '/^Node/ { n = $2 + 0; z = $4 } /pages free/ { print n, "zone." z ".free", $3 }
			$1 ~ /^(min|low|high|managed)$/ && NF == 2 { print n, "zone." z "." $1, $2 }' "$dir/snap-$moment/zoneinfo" |
			sort >want
		is "$(comm -13 got want)" "" "$storm, $moment: zoneinfo"
	done
done

# perf script in the form that the message about perf.data names.
cat >perf.txt <<'EOT'
              dd   300 [000]    10.000000: vmscan:mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
     Web Content   301 [001]    10.010000: vmscan:mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
              dd   300 [000]    10.020000:   vmscan:mm_vmscan_direct_reclaim_end: nr_reclaimed=32
     Web Content   301 [001]    10.025000:   vmscan:mm_vmscan_direct_reclaim_end: nr_reclaimed=1
EOT
"$SQUALL" import -q perf.txt -o perf.db
is "$(sql perf.db "SELECT pid, nr_reclaimed FROM mm_vmscan_direct_reclaim_end ORDER BY ts; SELECT comm FROM task ORDER BY pid")" \
	"$(printf '300 32\n301 1\ndd\nWeb Content')" "perf script"
printf 'PERFILE2\150\0\0\0\0\0\0\0' >perf.data
"$SQUALL" analyze perf.data 2>err
is $? 2 "perf.data itself"
like "$(cat err)" 'perf script -i FILE -F comm,tid,cpu,time,event,trace \| squall analyze -' "says how to read it"

# Sched events only.
"$SQUALL" import -q "$TOP/tests/golden/no-reclaim.txt" -o sched.db
is $? 0 "a trace without reclaim is imported"
"$SQUALL" analyze sched.db >out
is $? 0 "analyze of it is no error"
like "$(cat out)" 'nothing to judge' "it says that there is nothing to judge"
like "$(tr -s ' \n' ' ' <out)" 'record mm_vmscan_direct_reclaim_begin/end' "and what to record"
done_testing
