# SPDX-License-Identifier: GPL-2.0-only
# record.sh - what tests of squall record on this machine share. Source it first: it brings lib.sh, starts the test anew
# in a mount namespace of its own, and skips it where nothing can be recorded. $load is a script that makes memcg reclaim,
# and nothing else on the machine, until it is killed or "$work/stop" is there, or so often as its argument says.
#
# Others may reclaim and record at the same time: what a test says of all events must hold with theirs among them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "recording needs root"
if [ -z "$SQUALL_NAMESPACE" ]; then
	unshare -m true 2>/dev/null || skip_all "no mount namespace can be made here"
	SQUALL_NAMESPACE=1 exec unshare -m "$0"
fi
instances=/sys/kernel/tracing/instances
[ -d "$instances" ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
[ -d /sys/kernel/tracing/events/vmscan ] || skip_all "no tracefs with vmscan events here"
group=/sys/fs/cgroup/memory/squall-test.$$
# Room for the processes in it, and for the folios that batches of the CPUs keep off the LRU: 15 of up to 2 MiB in each.
# What nobody can reclaim must not come near the limit, or the OOM killer ends the load.
limit_mib=48
mkdir "$group" 2>/dev/null && echo ${limit_mib}M >"$group/memory.limit_in_bytes" 2>/dev/null ||
	skip_all "no memory cgroup (v1) can be made here"

# What cleanup runs at the end, whatever happens: add lines to it.
cleanup=$work/cleanup
record_cleanup() {
	touch "$work/stop"
	[ -e "$cleanup" ] && . "$cleanup"
	for task in $(cat "$group/cgroup.procs" 2>/dev/null); do kill -9 "$task" 2>/dev/null; done
	for wait in $(seq 50); do rmdir "$group" 2>/dev/null && break; sleep 0.1; done
	rm -rf "$work"
}
trap record_cleanup EXIT

# Pages of 4 KiB, whatever folios the file system likes, from a file without blocks on a disk: 1,280 reclaims a second of
# 32 pages each, on every machine that is not too busy for it. Each turn of the load is one process, "dd".
file_mib=150
mib_per_s=160
truncate -s ${file_mib}M "$work/file"
cp "$BUILD/bench/reclaimer" "$work/dd" 2>/dev/null || skip_all "no $BUILD/bench/reclaimer: make it first"
load=$work/load
cat >"$load" <<END
echo \$\$ >$group/cgroup.procs
left=\${1:--1}
while [ \$left -ne 0 ] && [ ! -e $work/stop ]; do
	$work/dd $group $work/file $((file_mib << 20)) $((mib_per_s << 20)) >/dev/null
	left=\$((left - 1))
done
END

# Threads of the load, in SQL: WHERE pid IN $ours
ours="(SELECT pid FROM task JOIN cgroup ON cgroup.id = cgroup_id WHERE path = '/squall-test.$$')"

# start_load: in the background, as process $load_pid. stop_load: and wait for its end.
start_load() {
	rm -f "$work/stop"
	sh "$load" &
	load_pid=$!
}

stop_load() {
	touch "$work/stop"
	wait "$load_pid"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
	local tries=$(($1 * 20))
	shift
	while ! "$@" 2>/dev/null; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

# An instance is born switched on, without events.
records() {
	grep -qs "[X1]" "$instances/squall-$1/events/vmscan/enable" && grep -qs 1 "$instances/squall-$1/tracing_on"
}
gone() { [ ! -d "$instances/squall-$1" ]; }
sql() { sqlite3 "$1" "$2"; }
meta() { sql "$1" "SELECT value FROM meta WHERE key = '$2'"; }

# Events in the tables of a store, counted one by one.
event_rows() {
	sql "$1" "SELECT 'SELECT ' || coalesce(group_concat('(SELECT count(*) FROM \"' || table_name || '\")', ' + '), 0)
		FROM event_type" | sqlite3 "$1"
}

# SELECT id FROM all events, in order.
event_ids() {
	sql "$1" "SELECT group_concat('SELECT id FROM \"' || table_name || '\"', ' UNION ALL ') || ' ORDER BY id'
		FROM event_type" | sqlite3 "$1"
}
