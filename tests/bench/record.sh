#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# record.sh - what squall record costs: on a machine that reclaims all the time, on an idle one, with many cgroups, and
# for the work that is recorded; and what squall top costs where there is nothing to record. Everything happens on this
# machine, in memory cgroups of its own with a small limit (reclaim_load.h), and all that was made is removed again.
# Prints markdown. Status 1: a "must" of the table is missed.
#
# CPU time is what the kernel charged to squall's threads (/proc/PID/task/TID/schedstat), memory what it says of the
# process (VmHWM); lost is what the ring lost or gave and the store does not have (per_cpu/cpuN/stats): none of them is
# squall's own word.
#
# Given by the environment: BUILD (where products are), SQUALL (the binary), TMPDIR (on a disk; else BUILD is used),
# RATE (events/s), RATE_SECONDS, RATE_ROUNDS, IDLE_SECONDS, ON_OFF_ROUNDS, PARTS_ROUNDS.
# shellcheck disable=SC2016	# backquotes are markdown here
set -u
export LC_ALL=C TZ=UTC

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$top/tests/bench/table.sh"
build=${BUILD:-$top/build}
squall=${SQUALL:-$build/squall}
rate=${RATE:-120000}
rate_seconds=${RATE_SECONDS:-20}
rate_rounds=${RATE_ROUNDS:-3}
idle_seconds=${IDLE_SECONDS:-7}
on_off_rounds=${ON_OFF_ROUNDS:-12}
on_off_ms=1000
# Short turns: the speed of a virtual machine changes within a second by more than what is measured here.
parts_rounds=${PARTS_ROUNDS:-200}
parts_ms=50

busy_rate=50		# events/s, past which a machine is not idle
limit_mib=32
file_mib=1024
# 22 events for each reclaim of a cgroup, where the default has 2: so two reclaimers come to the rate.
rate_list=+lru,+slab
tracing=/sys/kernel/tracing
bpf_stats=/proc/sys/kernel/bpf_stats_enabled

work=
groups=		# our cgroup; those of the reclaimers and the many are in it
recorder=	# PID of squall record or top, while it runs
terminal=	# PID of what top has its terminal from
instance=	# its trace instance
ring=		# an instance that nobody reads, while there is one
bpf_stats_were=

# --- the machine ------------------------------------------------------------------------------------------------------

# Sets memory_root and limit_file. On v2 the controller must be there for children.
find_memcg() {
	local dir type options
	while read -r _ dir type options _; do
		if [ "$type" = cgroup ] && [[ ,$options, = *,memory,* ]]; then
			memory_root=$dir limit_file=memory.limit_in_bytes
			return 0
		fi
		if [ "$type" = cgroup2 ] && grep -qw memory "$dir/cgroup.subtree_control" 2>/dev/null; then
			memory_root=$dir limit_file=memory.max
			return 0
		fi
	done </proc/mounts
	return 1
}

make_groups() {
	mkdir "$memory_root/squall-bench.$$" 2>/dev/null || return 1
	groups=$memory_root/squall-bench.$$
	[ "$limit_file" != memory.max ] || echo +memory >"$groups/cgroup.subtree_control" 2>/dev/null
}

# add_reclaimer I: a cgroup with a limit and a sparse file for it
add_reclaimer() {
	mkdir -p "$groups/load$1" && echo ${limit_mib}M >"$groups/load$1/$limit_file" 2>/dev/null || return 1
	truncate -s ${file_mib}M "$work/load$1"
}

# on_disk DIR: page cache of its files is reclaimed by dropping it
on_disk() {
	case $(stat -f -c %T "$1") in tmpfs | ramfs | overlayfs) return 1 ;; esac
}

# Ends with the reason in $why, when nothing can be measured here.
prepare() {
	local dir=${TMPDIR:-$build} i
	on_disk "$dir" || dir=$build
	work=$(mktemp -d "$dir/squall-bench.XXXXXX") || exit 2
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	why="it needs root"
	[ "$(id -u)" -eq 0 ] || return 1
	why="no tracefs with vmscan events"
	[ -d $tracing/events/vmscan ] && [ -d $tracing/instances ] || return 1
	why="no memory cgroup can be made"
	find_memcg && make_groups || return 1
	for ((i = 0; i < cpus; i++)); do
		add_reclaimer $i || return 1
	done
	why="the files are on $(stat -f -c %T "$work"), whose pages are not reclaimed by dropping them; set TMPDIR"
	on_disk "$work" || return 1
	why="the kernel does not say what CPU time a thread took (schedstat)"
	[ -r /proc/self/schedstat ]
}

clean_up() {
	local job
	stop_top
	stop_recorder
	for job in $(jobs -p); do
		kill "$job" 2>/dev/null
	done
	wait 2>/dev/null
	[ -z "$ring" ] || rmdir "$ring"
	[ -z "$bpf_stats_were" ] || echo "$bpf_stats_were" >$bpf_stats
	[ -z "$groups" ] || remove_groups
	rm -rf "$work"
}

# A cgroup can be removed when the last process in it is gone, and that is a little after its parent knows.
remove_groups() {
	for _ in $(seq 50); do
		find "$groups" -depth -type d -exec rmdir {} + 2>/dev/null
		[ -d "$groups" ] || return
		sleep 0.1
	done
	echo "record.sh: $groups cannot be removed" >&2
}

# --- a recorder -------------------------------------------------------------------------------------------------------

# start_recorder [OPTION...]: comes back when it records
start_recorder() {
	"$squall" record -f -o "$work/store.db" "$@" >"$work/out" 2>"$work/err" &
	recorder=$!
	instance=$tracing/instances/squall-$recorder
	for _ in $(seq 1000); do
		grep -qs 1 "$instance/tracing_on" && return
		kill -0 $recorder 2>/dev/null || break
		sleep 0.01
	done
	die "squall record does not record: $(tail -n 1 "$work/err")"
}

stop_recorder() {
	[ -n "$recorder" ] || return 0
	kill -CONT "$recorder" 2>/dev/null
	kill -INT "$recorder" 2>/dev/null
	wait "$recorder" || echo "record.sh: squall record failed: $(tail -n 1 "$work/err")" >&2
	recorder=
}

# What the recorder's threads took of CPUs up to now.
recorder_cpu_ns() {
	cat /proc/"$recorder"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

recorder_peak_mib() {
	awk '$1 == "VmHWM:" { print $2 / 1024 }' "/proc/$recorder/status"
}

# kernel_count NAME...: sum of these lines of the stats of all CPUs, read in this order
kernel_count() {
	local name
	for name; do
		grep -h "^$name: " "$instance"/per_cpu/cpu*/stats
	done | awk '{ n += $NF } END { printf "%.0f\n", n }'
}

# cpu_percent SECONDS: of one CPU, that the recorder takes now
cpu_percent() {
	local cpu from=$EPOCHREALTIME to
	cpu=$(recorder_cpu_ns)
	sleep "$1"
	to=$EPOCHREALTIME
	awk -v ns=$(($(recorder_cpu_ns) - cpu)) -v us=$((${to/./} - ${from/./})) 'BEGIN { print ns / us / 10 }'
}

stored_events() {
	sqlite3 "$work/store.db" "SELECT sum(rows) FROM event_type"
}

# --- under reclaim ----------------------------------------------------------------------------------------------------

# reclaim BYTES BYTES_PER_SECOND I...: these reclaimers at once, each so much; waits for them
reclaim() {
	local bytes=$1 pace=$2 i pids=()
	shift 2
	for i; do
		"$build/bench/reclaimer" "$groups/load$i" "$work/load$i" "$bytes" "$pace" >"$work/load.out$i" &
		pids+=($!)
	done
	wait "${pids[@]}" || die "a reclaimer failed"
}

# The pace of two reclaimers that comes to the rate, from what the kernel's ring counts at half a GB/s each. Sets pace.
find_pace() {
	local seconds=3
	pace=500000000
	start_recorder --events $rate_list
	reclaim $((seconds * pace)) $pace 0 1
	pace=$((pace * rate * seconds / $(kernel_count "read events" entries overrun)))
	stop_recorder
}

# One recording at that pace; rate.* get its numbers.
rate_round() {
	local cpu from to events stored lost
	start_recorder --events $rate_list
	from=$EPOCHREALTIME
	cpu=$(recorder_cpu_ns)
	reclaim $((pace * rate_seconds)) $pace 0 1
	to=$EPOCHREALTIME
	sleep 1.2		# it commits once a second: this time's work counts too, and what comes later does not
	cpu=$(($(recorder_cpu_ns) - cpu))
	# In this order no event is counted twice, for those that wait become those that were read.
	events=$(kernel_count "read events" entries)
	awk -v n="$events" -v us=$((${to/./} - ${from/./})) 'BEGIN { print n / us * 1e6 }' >>"$work/rate.events"
	# A machine that is busy with other things does not come to the rate.
	awk -v ns=$cpu -v n="$events" -v rate="$rate" 'BEGIN { print ns / n * rate / 1e7 }' >>"$work/rate.cpu"
	lost=$(kernel_count overrun "commit overrun" "dropped events")
	recorder_peak_mib >>"$work/rate.peak"
	awk '{ print $1 / 1024 }' "$instance/buffer_total_size_kb" >>"$work/rate.ring"
	stop_recorder
	stored=$(stored_events)
	echo $((lost + (events > stored ? events - stored : 0))) >>"$work/rate.lost"
}

bench_rate() {
	local round pace
	find_pace
	for ((round = 0; round < rate_rounds; round++)); do
		rate_round
	done
	row "two reclaiming tasks, \`--events $rate_list\`, $rate_seconds s: events/s" '' least - - <"$work/rate.events"
	sort -g "$work/rate.lost" | tail -n 1 | row 'the same: events lost, in the worst recording' '' most 0 -
	row "the same: CPU time of squall, of one CPU, scaled to $rate events/s" ' %' most 20 - <"$work/rate.cpu"
	row 'the same: memory of squall at most' ' MiB' most 256 - <"$work/rate.peak"
	row 'the same: ring of the kernel, all CPUs' ' MiB' most - - <"$work/rate.ring"
}

# --- nothing to record ------------------------------------------------------------------------------------------------

# idle_row WHAT MUST: three looks at a recorder that is on since some seconds; not if others make it work
idle_row() {
	local events percent
	start_recorder
	sleep 3
	for _ in 1 2 3; do
		cpu_percent "$idle_seconds"
	done >"$work/idle.cpu"
	stop_recorder
	events=$(stored_events)
	if [ "$events" -gt $((3 * idle_seconds * busy_rate)) ]; then
		read -r percent _ <<<"$(spread <"$work/idle.cpu")"
		skipped "$1" "the machine is not idle: $events events came; squall took $percent % of a CPU"
		return
	fi
	row "$1: CPU time of squall, of one CPU" ' %' most "$2" - <"$work/idle.cpu"
}

# start_top VIEW: squall top in a large terminal, at 1 Hz; comes back when it watches
start_top() {
	[ -p "$work/keys" ] || mkfifo "$work/keys"
	TERM=xterm script -qfc "stty rows 60 cols 200; exec '$squall' top -v $1 2>'$work/err'" /dev/null \
		<>"$work/keys" >/dev/null &
	terminal=$!
	for _ in $(seq 1000); do
		recorder=$(cat "/proc/$terminal/task/$terminal/children" 2>/dev/null)
		recorder=${recorder%% *}
		instance=$tracing/instances/squall-$recorder
		[ -z "$recorder" ] || ! grep -qs 1 "$instance/tracing_on" || return
		kill -0 $terminal 2>/dev/null || break
		sleep 0.01
	done
	die "squall top does not watch: $(tail -n 1 "$work/err")"
}

stop_top() {
	[ -n "$terminal" ] || return 0
	kill -TERM "$recorder" 2>/dev/null
	wait "$terminal" 2>/dev/null
	terminal= recorder=
}

# top_row WHAT VIEW MUST AIM: as idle_row
top_row() {
	local events peak percent what="$1: CPU time of \`squall top -v $2\`, of one CPU"
	start_top "$2"
	sleep 3
	events=$(kernel_count "read events" entries overrun)
	for _ in 1 2 3; do
		cpu_percent "$idle_seconds"
	done >"$work/top.cpu"
	events=$(($(kernel_count "read events" entries overrun) - events))
	peak=$(recorder_peak_mib)
	stop_top
	if [ $events -gt $((3 * idle_seconds * busy_rate)) ]; then
		read -r percent _ <<<"$(spread <"$work/top.cpu")"
		skipped "$what" "the machine is not idle: $events events came; squall took $percent % of a CPU"
	else
		row "$what" ' %' most "$3" "$4" <"$work/top.cpu"
	fi
	row 'the same: memory of squall at most' ' MiB' most 256 64 <<<"$peak"
}

bench_idle() {
	idle_row 'idle machine' 0.5
	top_row 'idle machine' nodes - -
}

make_many() {
	local i names=()
	mkdir "$groups/many" || return 1
	[ "$limit_file" != memory.max ] || echo +memory >"$groups/many/cgroup.subtree_control"
	for ((i = 0; i < 1000; i++)); do
		names+=("$groups/many/$i")
	done
	mkdir "${names[@]}" 2>"$work/err"
}

bench_cgroups() {
	local churn
	if ! make_many; then
		skipped '1,000 cgroups' "$(tail -n 1 "$work/err")"
		return
	fi
	idle_row '1,000 cgroups' 2
	top_row '1,000 cgroups' nodes 2 1
	top_row '1,000 cgroups' memcgs 2 1
	"$build/bench/churn" "$groups/many" 100 $((4 * idle_seconds + 10)) &
	churn=$!
	idle_row '1,000 cgroups, and 100 more come and go each second' 2
	kill $churn 2>/dev/null && wait $churn 2>/dev/null
	find "$groups/many" -depth -type d -exec rmdir {} +
}

# --- the work that is recorded ----------------------------------------------------------------------------------------

# slow_down ROUNDS TURN_MS RECLAIMERS SWITCH: slow.clock and slow.cpu get the slow-down of each round, in %, slow.on_ns
# the CPU time of the reclaimers while it was on. SWITCH is called with "on" or "off" before each turn that differs from
# the one before.
slow_down() {
	local args=() i word last='' clock cpu on_ns from to
	for ((i = 0; i < $3; i++)); do
		args+=("$groups/load$i" "$work/load$i")
	done
	rm -f "$work"/slow.*
	coproc TURNS { exec "$build/bench/slowdown" "$1" "$2" "${args[@]}"; }
	# The shell forgets these when the program ends, maybe before we have read all.
	exec {from}<&"${TURNS[0]}" {to}>&"${TURNS[1]}"
	while read -r word clock cpu on_ns <&"$from"; do
		if [ "$word" = round ]; then
			echo "$clock" >>"$work/slow.clock"
			echo "$cpu" >>"$work/slow.cpu"
			echo "$on_ns" >>"$work/slow.on_ns"
			continue
		fi
		[ "$word" = "$last" ] || "$4" "$word" || break
		last=$word
		echo >&"$to"
	done
	exec {from}<&- {to}>&-
	[ "$(wc -l <"$work/slow.cpu")" -eq "$1" ] || die "slowdown ended early"
}

switch_nothing() {
	:
}

# The whole recorder: started, and ended when its store is complete.
switch_recorder() {
	stop_recorder
	[ "$1" = off ] || start_recorder
}

# switch_events ENABLE_FILE...
switch_events() {
	local file
	for file in "${enable_files[@]}"; do
		echo "$1" >"$file"
	done
}

# A recorder that is held, with its tracepoints off, costs nothing but the programs of the probe.
switch_held() {
	if [ "$1" = on ]; then
		switch_events 1
		kill -CONT "$recorder"
	else
		kill -STOP "$recorder"
		switch_events 0
	fi
}

switch_ring() {
	switch_events "$([ "$1" = on ] && echo 1 || echo 0)"
}

# enabled_in INSTANCE: sets enable_files
enabled_in() {
	local system name
	enable_files=()
	while IFS=: read -r system name; do
		enable_files+=("$1/events/$system/$name/enable")
	done <"$instance/set_event"
}

# A ring like the recorder's, with the same events and nobody who reads it. The recorder runs when this is called.
make_ring() {
	local file filter
	mkdir "$tracing/instances/bench-$$" || return 1
	ring=$tracing/instances/bench-$$
	cat "$instance/buffer_size_kb" >"$ring/buffer_size_kb"
	echo mono >"$ring/trace_clock"
	enabled_in "$ring"
	for file in "${enable_files[@]}"; do
		filter=${file%enable}filter
		grep -qx none "$instance${filter#"$ring"}" || cat "$instance${filter#"$ring"}" >"$filter"
	done
}

# CPU time in the recorder's BPF programs up to now, as the kernel counts it; nothing if there are none.
bpf_run_ns() {
	cat /proc/"$recorder"/fdinfo/* 2>/dev/null | awk '
		$1 == "prog_id:" { id = $2 }
		$1 == "run_time_ns:" && !seen[id]++ { ns += $2 }
		END { if (id) printf "%.0f\n", ns }'
}

# What of a reclaimer's CPU time the BPF programs take.
bench_bpf() {
	local what='1 reclaiming task: BPF programs, of its CPU time' ns
	ns=$(bpf_run_ns)
	if [ -z "$ns" ]; then
		skipped "$what" "this squall has none, or they cannot be loaded here"
		return
	fi
	bpf_stats_were=$(cat $bpf_stats)
	echo 1 >$bpf_stats
	reclaim $((4 << 30)) 0 0
	echo "$bpf_stats_were" >$bpf_stats
	bpf_stats_were=
	awk -v ns=$(($(bpf_run_ns) - ns)) -v cpu="$(field cpu_seconds <"$work/load.out0")" \
		'BEGIN { print ns / cpu / 1e7 }' >"$work/bpf"
	row "$what" ' %' most - - <"$work/bpf"
}

# slow_rows WHAT AIM: of the last slow_down
slow_rows() {
	interval <"$work/slow.clock" | verdict "$1" ' %' most - "$2"
	interval <"$work/slow.cpu" | verdict 'the same, by CPU time of the reclaiming tasks' ' %' most - -
}

# squall_share CPU_NS: of the CPU time that the reclaimers took while it was on. A slow-down only where no CPU is free.
squall_share() {
	awk -v ns="$1" '{ on += $1 } END { print 100 * ns / on }' "$work/slow.on_ns"
}

bench_slow_down() {
	local n what squall_ns
	for n in 1 "$cpus"; do
		what="$n reclaiming task$([ "$n" = 1 ] || echo s) on $cpus CPUs"
		slow_down "$on_off_rounds" $on_off_ms "$n" switch_recorder
		stop_recorder
		slow_rows "$what: recorder started and ended in turn" -
		start_recorder
		enabled_in "$instance"
		squall_ns=$(recorder_cpu_ns)
		slow_down "$parts_rounds" $parts_ms "$n" switch_held
		slow_rows "$what: recorder held and let go in turn" 3
		squall_share $(($(recorder_cpu_ns) - squall_ns)) >"$work/share"
		row 'CPU time of squall, against that of the reclaiming tasks' ' %' most - - <"$work/share"
		stop_recorder
	done
	start_recorder
	bench_bpf
	make_ring && switch_ring off
	stop_recorder
	slow_down "$parts_rounds" $parts_ms 1 switch_ring
	slow_rows '1 reclaiming task: tracepoints on in turn, into a ring that nobody reads' -
	slow_down "$parts_rounds" $parts_ms 1 switch_nothing
	slow_rows '1 reclaiming task: nothing is switched; how exact this is' -
}

# --- the table --------------------------------------------------------------------------------------------------------

if [ ! -d $tracing/instances ] && [ -z "${SQUALL_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	SQUALL_NAMESPACE=1 exec unshare -m "$0"
fi
[ -d $tracing/instances ] || mount -t tracefs tracefs $tracing 2>/dev/null

cpus=$(nproc)
echo '**squall record** of this machine'
echo
if ! prepare; then
	table_head range
	for what in 'two reclaiming tasks' 'idle machine' '1,000 cgroups' '1,000 cgroups that come and go' \
		'slow-down of reclaiming tasks'; do
		skipped "$what" "$why"
	done
	exit 0
fi
# No pipes: this shell removes what it made.
{
	table_head range
	bench_rate
	bench_idle
	bench_cgroups
} >"$work/table"
cat "$work/table"
echo
{
	table_head '95 % interval'
	bench_slow_down
} >"$work/slow_table"
cat "$work/slow_table"
! grep -q MISSED "$work/table"
