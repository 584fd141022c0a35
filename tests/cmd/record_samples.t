#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What squall record samples on this machine, held against the kernel's own files read before, while and after:
# counters, a cgroup with an odd name that reclaims, cgroups that come and go, a zram device that is made and removed,
# settings that are changed.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "recording needs root"
if [ -z "$SQUALL_NAMESPACE" ]; then
	unshare -m true 2>/dev/null || skip_all "no mount namespace can be made here"
	SQUALL_NAMESPACE=1 exec unshare -m "$0"
fi
[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
[ -d /sys/kernel/tracing/events/vmscan ] || skip_all "no tracefs with vmscan events here"
# A name that a terminal, a URL and UTF-8 would not bear.
name=$(printf 'squall-test.%d\001\033[31m"\\ \377' $$)
group=/sys/fs/cgroup/memory/$name
churn=/sys/fs/cgroup/memory/squall-test-churn.$$
mkdir "$group" 2>/dev/null && echo 48M >"$group/memory.limit_in_bytes" 2>/dev/null ||
	skip_all "no memory cgroup (v1) can be made here"
setting=/sys/module/zswap/parameters/max_pool_percent
number=/proc/sys/vm/extfrag_threshold
percent=$(cat $setting 2>/dev/null)
threshold=$(cat $number)
zram=
clean() {
	[ -n "$percent" ] && echo "$percent" >$setting
	echo "$threshold" >$number
	[ -n "$zram" ] && echo "$zram" >/sys/class/zram-control/hot_remove
	rmdir "$group" "$churn"/c[0-9]* "$churn" 2>/dev/null
	rm -rf "$work"
}
trap clean EXIT
sql() {
	sqlite3 "$work/live.db" "$1"
}
vmstat() {
	sed -n "s/^$1 //p" /proc/vmstat
}
mono_ns() {
	awk '{ printf "%.0f", $1 * 1000000000 }' /proc/uptime
}

dd if=/dev/zero of="$work/file" bs=1M count=150 conv=fdatasync status=none
dd of="$work/file" oflag=nocache conv=notrunc,fdatasync count=0 status=none

before=$(vmstat pgfault)
"$SQUALL" record -q -o "$work/live.db" -d 14 2>"$work/err" &
recorder=$!
for wait in $(seq 100); do
	# not before it is there: sqlite3 would make it
	[ -s "$work/live.db" ] &&
		[ "$(sqlite3 -readonly "$work/live.db" "SELECT count(*) > 0 FROM sample" 2>/dev/null)" = 1 ] && break
	sleep 0.1
done

# While it records. Settings first, for they are looked at every five seconds only.
changed_from=$(mono_ns)
echo $((threshold + 1)) >$number
[ -n "$percent" ] && echo $((percent + 1)) >$setting 2>/dev/null || percent=
if zram=$(cat /sys/class/zram-control/hot_add 2>/dev/null); then
	echo 16M >/sys/block/zram"$zram"/disksize
fi
mkdir "$churn" "$churn"/c{1..200}
sh -c 'echo $$ >"$1/cgroup.procs"; for i in 1 2; do dd if="$2" of=/dev/null bs=64k status=none; done' \
	- "$group" "$work/file"
failcnt=$(cat "$group/memory.failcnt")
sleep 5
[ -n "$zram" ] && echo "$zram" >/sys/class/zram-control/hot_remove && removed_zram=$zram && zram=
rmdir "$churn"/c[0-9]*
wait $recorder
is $? 0 "the recording ends in order"
after=$(vmstat pgfault)

is "$(sql "SELECT min(value) >= $before AND max(value) <= $after AND max(value) > min(value) FROM sampled
	WHERE scope = 'system' AND name = 'pgfault'")" 1 "pgfault lies between what /proc/vmstat had before and after"
is "$(sql "SELECT hex(path) FROM cgroup WHERE path LIKE '/squall-test.$$%'")" \
	"$(printf '/%s' "$name" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)" "the name of a cgroup is stored as it is"
[ "$failcnt" -gt 0 ]
ok $? "the cgroup hit its limit ($failcnt times)"
is "$(sql "SELECT max(value) FROM sampled WHERE name = 'memory.failcnt' AND path LIKE '/squall-test.$$%'")" "$failcnt" \
	"and the last sample is what memory.failcnt had"
is "$(sql "SELECT max_bytes FROM memcg_pressure WHERE path LIKE '/squall-test.$$%' ORDER BY second DESC LIMIT 1")" \
	$((48 << 20)) "its limit is in memcg_pressure"
is "$(sql "SELECT max_events > 0 FROM memcg_total WHERE path LIKE '/squall-test.$$%'")" 1 \
	"its failures are in memcg_total"
is "$(sql "SELECT max(value) > 0 FROM sampled WHERE path LIKE '/squall-test.$$%'
	AND name = 'workingset_refault_file'")" 1 "memory.stat was read of it, for it was busy"
is "$(sql "SELECT count(*) FROM cgroup WHERE path LIKE '/squall-test-churn.$$/c%'")" 200 "cgroups that came are known"
is "$(sql "SELECT count(DISTINCT cgroup_id) FROM sampled WHERE name = 'cgroup.removed'
	AND path LIKE '/squall-test-churn.$$/c%'")" 200 "and that they went"
is "$(sql "SELECT value FROM setting WHERE name = 'extfrag_threshold' ORDER BY ts DESC LIMIT 1")" $((threshold + 1)) \
	"a changed number is noticed"
is "$(sql "SELECT ts BETWEEN $changed_from AND $changed_from + 6500000000 FROM setting
	WHERE name = 'extfrag_threshold' ORDER BY ts DESC LIMIT 1")" 1 "within seconds"
if [ -n "$percent" ]; then
	values=$(sql "SELECT value FROM setting WHERE name = 'zswap.max_pool_percent' ORDER BY ts")
	is "$values" "$(printf '%s\n' "$percent" $((percent + 1)))" \
		"so is a changed word, with what it was before"
else
	skip "so is a changed word" "zswap has no parameter that can be set"
fi
if [ -n "$removed_zram" ]; then
	sizes=$(sql "SELECT DISTINCT disksize_bytes FROM swap_pressure WHERE device = '/dev/zram$removed_zram'
		AND disksize_bytes IS NOT NULL ORDER BY second")
	is "$sizes" "$(printf '%s\n' 16777216 0)" \
		"a zram device came and went"
else
	skip "a zram device came and went" "zram devices cannot be added here"
fi
is "$(sql "SELECT value FROM meta WHERE key = 'cgroup_version'")" 1 "the version of cgroups is a fact"
if [ -e /proc/pressure/memory ] && cat /proc/pressure/memory >/dev/null 2>&1; then
	is "$(sql "SELECT count(*) > 5 AND max(memory_some_percent) < 1000 FROM psi")" 1 "stalls are told by the second"
else
	like "$(sql "SELECT value FROM meta WHERE key = 'not_sampled'")" 'pressure \(' "that there is no PSI is said"
fi
for query in $(grep -l '^-- needs: samples' "$TOP"/samples/queries/*.sql); do
	rows=$(sqlite3 -bail "$work/live.db" <"$query") && [ -n "$rows" ]
	ok $? "the query $(basename "$query") answers"
done
done_testing
