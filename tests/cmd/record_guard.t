#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record and its trace instance: a class that comes too fast is thinned by whole threads and the store says so;
# hands that switch things off; patterns of events; tracefs that is not there, not writable, or only under debugfs.
. "$(dirname "$0")/../record.sh"

# start ARGUMENT...: a recorder, its process in $recorder, its instance in $instance.
start() {
	"$SQUALL" record "$@" >"$work/out" 2>"$work/err" &
	recorder=$!
	instance=$instances/squall-$recorder
	wait_for 15 records $recorder
}

# --- thinning ---

start -o "$work/guard.db" --max-rate 300
start_load
sh "$load" &	# dd after dd, so with ever new ids
second=$!
begin=events/vmscan/mm_vmscan_memcg_reclaim_begin/filter
wait_for 15 grep -q common_pid "$instance/$begin"
ok $? "the filter is set"
is "$(cat "$instance/$begin")" "$(cat "$instance/${begin/begin/end}")" "begin and end are thinned alike"
is "$(cat "$instance/events/vmscan/mm_vmscan_kswapd_wake/filter")" none "rare events are not thinned"
sleep 2
kill -INT $recorder
wait $recorder
is $? 0 "the recording ends as others do"
stop_load
wait $second

keeps=$(sql "$work/guard.db" "SELECT value FROM meta WHERE key = 'thinned.memcg'")
like "$keeps" '^1/[0-9]+ since [0-9]+\.[0-9]{6} s, at least 1/[0-9]+$' "meta tells the share and since when"
keep=${keeps%% *}
keep=${keep#1/}
like "$(cat "$work/err")" '^squall: events of class memcg come at [0-9]+/s, the limit is [0-9]+/s on all CPUs \(--max-rate\)' \
	"the user is told"
like "$(cat "$work/out")" '^thinned +memcg: of the threads were recorded 1/' "so does the summary"
is "$(sql "$work/guard.db" "SELECT DISTINCT stage, typeof(events), cpu IS NULL FROM loss")" "thinned|null|1" \
	"table loss has it, without a count"
thinned=$(sql "$work/guard.db" "SELECT max(ts) FROM loss")
first=$(sql "$work/guard.db" "SELECT min(ts) FROM loss")
calls="SELECT ts, pid, 1 AS begin FROM mm_vmscan_memcg_reclaim_begin
	UNION ALL SELECT ts, pid, 0 FROM mm_vmscan_memcg_reclaim_end"
is "$(sql "$work/guard.db" "SELECT count(*) FROM ($calls) WHERE ts > $thinned AND pid % $keep != 0")" 0 \
	"only threads whose id is a multiple of $keep are recorded"
[ "$(sql "$work/guard.db" "SELECT count(*) FROM ($calls) WHERE ts < $first AND pid % $keep != 0")" -gt 0 ]
ok $? "before, all were"
# What comes before the first change and what after the last one, each for itself: a call that a change falls into may have
# lost one of its two. Threads of odd ids are left out from the first change on; begins and ends one after the other.
whole=$(sql "$work/guard.db" "SELECT min(ts) FROM (SELECT max(ts) AS ts FROM ($calls) WHERE pid % 2 GROUP BY begin)")
is "$(sql "$work/guard.db" "SELECT count(*) FROM (SELECT begin, lag(begin) OVER (PARTITION BY pid, ts > $thinned ORDER BY ts) AS before
	FROM ($calls) WHERE ts <= $whole OR ts > $thinned) WHERE begin = before")" 0 "pairs are whole"
rate=$(sql "$work/guard.db" "SELECT count(*) * 1e9 / ($first - min(ts)) FROM ($calls) WHERE ts < $first")
[ "${rate%.*}" -gt $((300 * $(nproc))) ]
ok $? "it was above the limit before (${rate%.*}/s)"

out=$("$SQUALL" analyze "$work/guard.db")
is $? 0 "the store can be analyzed"
like "$out" '^No storm found of the kinds below that were checked, but much of the recording is lost' \
	"no storm, and not more is said than is known"
like "$out" '^  thinned  memcg: of the threads were recorded 1/' "the analysis says what is thinned"
json=$("$SQUALL" analyze --json "$work/guard.db")
is "$(jq -r '"\(.thinned.memcg), \(.lost_unknown)"' <<<"$json")" "$keeps, true" "and in JSON"
# At each change the readers, and those of other tests, may be within a call.
[ "$(jq '.reclaim_calls.memcg | .unmatched_begin + .unmatched_end' <<<"$json")" -le \
	$((16 * $(sql "$work/guard.db" "SELECT count(*) FROM loss"))) ]
ok $? "but for calls at the change, each has its end"

# The same at the default limit, and without any.
for rate in "" "--max-rate=0"; do
	start -f -o "$work/all.db" $rate
	start_load
	sleep 3
	kill -INT $recorder
	wait $recorder
	stop_load
	is "$(sql "$work/all.db" "SELECT count(*) FROM loss") $(sql "$work/all.db" "SELECT count(*) > 100
		FROM mm_vmscan_memcg_reclaim_end")" "0 1" "all is recorded: ${rate:-default}"
done
for bad in "" x -1 1e3 9999999999; do
	"$SQUALL" record -q -d 1 -o "$work/bad.db" --max-rate "$bad" 2>/dev/null
	[ $? -eq 2 ] && [ ! -e "$work/bad.db" ] || break
	bad=
done
is "$bad" "" "bad limits are refused"

# --- hands ---

start -f -o "$work/off.db"
echo 0 >"$instance/tracing_on"
wait_for 15 grep -q 'tracing_on was switched off' "$work/err"
ok $? "the user is told that tracing was switched off"
echo 1 >"$instance/tracing_on"
wait_for 15 grep -q 'tracing_on is 1 again' "$work/err"
ok $? "and on again"
sleep 1
kill -INT $recorder
wait $recorder
is "$(sql "$work/off.db" "SELECT group_concat(stage) FROM (SELECT stage FROM loss ORDER BY rowid)")" "off,off-end" \
	"table loss has both"

# --- which events ---

"$SQUALL" record -q -f -d 0.5 -o "$work/names.db" --events 'oom:oom_score*,compaction:mm_compaction_k*,nosuch:*' 2>"$work/err"
is "$(sql "$work/names.db" "SELECT name FROM event_type ORDER BY name" | tr '\n' ' ')" \
	"$(cd /sys/kernel/tracing/events && ls -d compaction/mm_compaction_k* oom/oom_score* | cut -d/ -f2 | sort | tr '\n' ' ')" \
	"patterns name what the kernel has"
like "$(cat "$work/err")" 'does not have: nosuch:\*$' "one that matches nothing is said"
if [ -d /sys/kernel/tracing/events/sched/sched_process_exit ]; then
	"$SQUALL" record -q -f -o "$work/named.db" --events sched:sched_process_exit -- sh -c 'true & wait' 2>/dev/null
	[ "$(sql "$work/named.db" "SELECT count(*) FROM sched_process_exit")" -gt 0 ]
	ok $? "tracepoints of other systems are recorded"
else
	skip "tracepoints of other systems are recorded" "no sched:sched_process_exit here"
fi
list=$("$SQUALL" record --list-events)
is $? 0 "the list of events"
for system in vmscan compaction oom kmem migrate; do
	for event in $(grep -oE "^  $system:[a-z_]+( .*)?$" <<<"$list" | grep -v ' not in this kernel' | grep -oE "$system:[a-z_]+"); do
		[ -e "/sys/kernel/tracing/events/${event/://}/enable" ] || bad=$event
	done
	for event in $(grep -E "^  $system:.* not in this kernel" <<<"$list" | grep -oE "$system:[a-z_]+"); do
		[ ! -e "/sys/kernel/tracing/events/${event/://}" ] || bad=$event
	done
done
is "$bad" "" "it tells what this kernel has"
is "$(grep -c ' (default): ' <<<"$list")" 4 "and which groups are the default"

# --- tracefs ---

# without SETUP: what a recorder says in a namespace of its own.
without() {
	unshare -m bash -c "$1; shift; exec \"\$0\" record -q -f -d 0.5 -o $work/fs.db" "$SQUALL" 2>"$work/err"
}
bare='umount -R /sys/kernel/debug; umount /sys/kernel/tracing; true'
if unshare -m bash -c "$bare; [ ! -e /sys/kernel/tracing/events ] && [ ! -e /sys/kernel/debug/tracing ]" 2>/dev/null; then
	without "{ $bare; } 2>/dev/null"
	is $? 2 "no tracefs: nothing is recorded"
	like "$(cat "$work/err")" 'mount -t tracefs tracefs /sys/kernel/tracing' "no tracefs: how to mount it"
	if unshare -m bash -c "$bare; mount -t debugfs debugfs /sys/kernel/debug && [ -e /sys/kernel/debug/tracing/events ]" 2>/dev/null
	then
		without "{ $bare; mount -t debugfs debugfs /sys/kernel/debug; } 2>/dev/null"
		is $? 0 "tracefs under debugfs is found"
	else
		skip "tracefs under debugfs is found" "debugfs cannot be mounted here"
	fi
else
	skip "no tracefs: nothing is recorded" "tracefs cannot be unmounted here"
	skip "no tracefs: how to mount it" "tracefs cannot be unmounted here"
	skip "tracefs under debugfs is found" "tracefs cannot be unmounted here"
fi

# Another user with the capabilities that squall-record(1) names.
caps=+dac_override,+bpf,+perfmon
as_user="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,$caps --ambient-caps=-all,$caps"
if $as_user true 2>/dev/null; then
	$as_user "$SQUALL" record -q -d 0.5 -o "$work/user.db" 2>"$work/err"
	is "$? $(sql "$work/user.db" "SELECT count(*) FROM event_type WHERE name = 'mm_vmscan_kswapd_wake'")" "0 1" \
		"a user with capabilities can record"
	is "$(grep -c 'not recorded' "$work/err")" "$("$SQUALL" record -q -d 0.5 -o "$work/root.db" 2>&1 | grep -c 'not recorded')" \
		"as much as root can"
else
	skip "a user with capabilities can record" "setpriv cannot give them here"
	skip "as much as root can" "setpriv cannot give them here"
fi

without 'mount --bind /sys/kernel/tracing /sys/kernel/tracing && mount -o remount,bind,ro /sys/kernel/tracing'
is $? 2 "read-only tracefs: nothing is recorded"
like "$(cat "$work/err")" 'Read-only file system' "read-only tracefs: why"
like "$(cat "$work/err")" 'remount,rw' "read-only tracefs: what to do"
done_testing
