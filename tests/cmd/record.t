#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record on this machine: real memcg reclaim through a real ring buffer, in a mount namespace of its own. What the
# store holds is held against the kernel's own counts. Killed recorders leave a store that can be read and no instance.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "recording needs root"
if [ -z "$SQUALL_NAMESPACE" ]; then
	unshare -m true 2>/dev/null || skip_all "no mount namespace can be made here"
	SQUALL_NAMESPACE=1 exec unshare -m "$0"
fi
[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
[ -d /sys/kernel/tracing/events/vmscan ] || skip_all "no tracefs with vmscan events here"
group=/sys/fs/cgroup/memory/squall-test.$$
mkdir "$group" 2>/dev/null && echo 32M >"$group/memory.limit_in_bytes" 2>/dev/null ||
	skip_all "no memory cgroup (v1) can be made here"
trap 'rmdir "$group"; rm -rf "$work"' EXIT

# Reads a file larger than the group's limit: reclaim of its own page cache, and nothing else on the machine.
# The file must not be in the page cache, where it would be charged to whoever wrote it.
dd if=/dev/zero of="$work/file" bs=1M count=150 conv=fdatasync status=none
dd of="$work/file" oflag=nocache conv=notrunc,fdatasync count=0 status=none
cat >"$work/load" <<EOF
echo \$\$ >$group/cgroup.procs
for i in 1 2 3; do dd if=$work/file of=/dev/null bs=64k status=none; done
EOF

"$SQUALL" record -o "$work/live.db" -- sh "$work/load" >"$work/out" 2>"$work/err"
is $? 0 "a command is recorded"
is "$(sqlite3 "$work/live.db" "SELECT value FROM meta WHERE key = 'complete'")" 1 "the store is complete"
begins=$(sqlite3 "$work/live.db" "SELECT count(*) FROM mm_vmscan_memcg_reclaim_begin")
[ "$begins" -gt 100 ]
ok $? "memcg reclaim is in the store ($begins calls)"
is "$(sqlite3 "$work/live.db" "SELECT count(*) FROM mm_vmscan_memcg_reclaim_end")" "$begins" "each call has its end"
# The page cache beyond the limit must have been reclaimed: three times 150 MB through 32 MB.
pages=$(sqlite3 "$work/live.db" "SELECT sum(nr_reclaimed) FROM mm_vmscan_memcg_reclaim_end")
[ "$pages" -gt $(((150 - 32) * 256)) ]
ok $? "the pages of a file larger than the limit were reclaimed ($pages)"
is "$(sqlite3 "$work/live.db" "SELECT count(*) FROM loss")" 0 "nothing is lost"
is "$(sqlite3 "$work/live.db" "SELECT DISTINCT comm FROM task WHERE pid IN
	(SELECT DISTINCT pid FROM mm_vmscan_memcg_reclaim_begin)")" dd "the thread has its name"
[ "$(sqlite3 "$work/live.db" "SELECT count(*) FROM sample JOIN series ON series.id = series_id
	WHERE name = 'pgscan_direct' OR name LIKE 'workingset%'")" -gt 0 ]
ok $? "counters are sampled"
is "$(sqlite3 "$work/live.db" "SELECT count(*) FROM (SELECT ts, lag(ts) OVER (ORDER BY id) AS before
	FROM mm_vmscan_memcg_reclaim_begin) WHERE ts < before")" 0 "events are in order of time"
"$SQUALL" analyze "$work/live.db" >"$work/out"
is $? 0 "the store can be analyzed"
like "$(cat "$work/out")" '^No storm found of the kinds below' "and is no storm"

"$SQUALL" record -q -o "$work/status.db" -- sh -c 'exit 7' 2>"$work/err"
is $? 7 "the exit status of the command is handed on"
"$SQUALL" record -q -o "$work/status.db" -d 1 2>"$work/err"
is $? 2 "an existing file is not replaced"
"$SQUALL" record -q -o "$work/x.db" --events nonsense -d 1 2>"$work/err"
is $? 2 "an unknown group is refused"

bad=0
for round in 1 2 3; do
	"$SQUALL" record -q -f -o "$work/kill.db" 2>/dev/null &
	pid=$!
	for wait in $(seq 100); do
		grep -qs 1 /sys/kernel/tracing/instances/squall-$pid/tracing_on && break
		sleep 0.1
	done
	sh "$work/load" 2>/dev/null &
	sleep "0.$((3 + round * 2))"
	kill -9 $pid
	wait $pid 2>/dev/null
	wait
	[ "$(sqlite3 "$work/kill.db" "PRAGMA integrity_check" 2>&1)" = ok ] || bad=1
	[ "$(sqlite3 "$work/kill.db" "SELECT value FROM meta WHERE key = 'complete'")" = 0 ] || bad=1
	[ -d /sys/kernel/tracing/instances/squall-$pid ] || bad=1
	"$SQUALL" record -q -f -o "$work/next.db" -d 0.2 2>/dev/null || bad=1
	[ ! -d /sys/kernel/tracing/instances/squall-$pid ] || bad=1
done
is $bad 0 "kill -9: the store is whole, and the next recorder removes the instance"
done_testing
