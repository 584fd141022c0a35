#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record on this machine: real memcg reclaim through a real ring buffer, in a mount namespace of its own. What the
# store holds is held against the kernel's own counts. Killed recorders leave a store that can be read and no instance.
. "$(dirname "$0")/../record.sh"

"$SQUALL" record -o "$work/live.db" -- sh "$load" 3 >"$work/out" 2>"$work/err"
is $? 0 "a command is recorded"
q() { sql "$work/live.db" "$1"; }
is "$(q "SELECT value FROM meta WHERE key = 'complete'")" 1 "the store is complete"
begins=$(q "SELECT count(*) FROM mm_vmscan_memcg_reclaim_begin WHERE pid IN $ours")
[ "$begins" -gt 100 ]
ok $? "memcg reclaim is in the store ($begins calls)"
is "$(q "SELECT count(*) FROM mm_vmscan_memcg_reclaim_end WHERE pid IN $ours")" "$begins" "each call has its end"
# Three times the file went through the group; each time as much of it as the limit is may have been there, and that much
# is there in the end.
pages=$(q "SELECT sum(nr_reclaimed) FROM mm_vmscan_memcg_reclaim_end WHERE pid IN $ours")
[ "$pages" -gt $(((3 * file_mib - 4 * limit_mib) * 256)) ]
ok $? "the pages of a file larger than the limit were reclaimed ($pages)"
is "$(q "SELECT count(*) FROM loss")" 0 "nothing is lost"
# Their shell reclaims too, when it makes them.
is "$(q "SELECT DISTINCT comm FROM mm_vmscan_memcg_reclaim_begin e JOIN task t ON t.pid = e.pid AND after_id =
	(SELECT max(after_id) FROM task WHERE pid = e.pid AND after_id < e.id) WHERE e.pid IN $ours AND comm <> 'sh'")" dd \
	"the threads have their name"
[ "$(q "SELECT count(*) FROM sample JOIN series ON series.id = series_id
	WHERE name = 'pgscan_direct' OR name LIKE 'workingset%'")" -gt 0 ]
ok $? "counters are sampled"
is "$(q "SELECT count(*) FROM (SELECT ts, lag(ts) OVER (ORDER BY id) AS before
	FROM mm_vmscan_memcg_reclaim_begin) WHERE ts < before")" 0 "events are in order of time"
"$SQUALL" analyze "$work/live.db" >"$work/out"
is $? 0 "the store can be analyzed"
like "$(cat "$work/out")" '^No storm found of the kinds below' "and is no storm"

# Why something cannot be judged: the recording itself tells which of the reasons it is.
"$SQUALL" record -q -o "$work/few.db" -d 0.3 --events vmscan:mm_vmscan_kswapd_wake,vmscan:mm_vmscan_direct_reclaim_begin \
	2>"$work/err"
why() { "$SQUALL" analyze --json "$1" | jq -r '.detectors[] | select(.kind == "nonmovable-reclaim-spin") | .why_not'; }
like "$(why "$work/few.db")" '^no mm_vmscan_direct_reclaim_end in the recording: it was not recorded \(record ' \
	"an event that was recorded and did not happen is not missed, one that was not recorded is"
sql "$work/few.db" "UPDATE meta SET value = 'oom:nonsense vmscan:mm_vmscan_direct_reclaim_end' WHERE key = 'missing'"
like "$(why "$work/few.db")" '^no mm_vmscan_direct_reclaim_end in the recording: the kernel does not have it' \
	"one that the kernel does not have is told apart"
printf '# tracer: nop\n  kswapd0-9 [000] ..... 1.000000: mm_vmscan_kswapd_wake: nid=0 order=0\n' >"$work/text"
like "$(why "$work/text")" 'in the recording: it did not happen or was not recorded \(' "a text tells neither"

"$SQUALL" record -q -o "$work/status.db" -- sh -c 'exit 7' 2>"$work/err"
is $? 7 "the exit status of the command is handed on"
"$SQUALL" record -q -o "$work/status.db" -d 1 2>"$work/err"
is $? 2 "an existing file is not replaced"
"$SQUALL" record -q -o "$work/x.db" --events nonsense -d 1 2>"$work/err"
is $? 2 "an unknown group is refused"

bad=0
left=0
for round in 1 2 3; do
	"$SQUALL" record -q -f -o "$work/kill.db" 2>/dev/null &
	pid=$!
	wait_for 10 records $pid
	start_load
	sleep "0.$((3 + round * 2))"
	kill -9 $pid
	wait $pid 2>/dev/null
	gone $pid || left=$((left + 1))
	stop_load
	[ "$(sql "$work/kill.db" "PRAGMA integrity_check" 2>&1)" = ok ] || bad=1
	[ "$(sql "$work/kill.db" "SELECT value FROM meta WHERE key = 'complete'")" = 0 ] || bad=1
	"$SQUALL" record -q -f -o "$work/next.db" -d 0.2 2>/dev/null || bad=1
	gone $pid || bad=1
done
# Another recorder on this machine may have been there first.
[ $left -gt 0 ]
ok $? "kill -9 leaves an instance ($left of 3)"
is $bad 0 "the store is whole, and the next recorder removes the instance"
done_testing
