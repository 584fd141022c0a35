# SPDX-License-Identifier: GPL-2.0-only
# scenario.sh - what scenarios are written with. Sourced in the guest before the scenario and its variables.
#
# The scenario writes to /lab/out; SWAP_DISK is the swap disk, "" without one. Variables of every scenario:
RECORD=1		# 0: the same without squall
RECORD_OPTIONS=		# more options for squall record
SCREEN=0		# 1: squall top on the second serial line, as long as the recording

out=/lab/out
squall=
screen=

# step TEXT: for whoever watches. Without a fork: in a storm that may take seconds.
step() {
	local up _

	read -r up _ </proc/uptime
	echo "lab: [$up] $*" >/dev/console
	echo "[$up] $*"
}

die() {
	step "$*"
	exit 1
}

# job COMMAND...: a workload, which the OOM killer may choose. In place of the shell, so call it with & or in ( ).
job() {
	echo 500 >/proc/self/oom_score_adj
	exec "$@"
}

# in_cgroup NAME COMMAND...
in_cgroup() {
	echo 0 >"/sys/fs/cgroup/$1/cgroup.procs" || exit
	shift
	job "$@"
}

# wait_for SECONDS COMMAND...: until COMMAND is true
wait_for() {
	local left=$(($1 * 10))

	shift
	until "$@"; do
		[ $((left -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

# Lines of standard input with the time at which they came.
stamp() {
	local line up _

	while read -r line; do
		read -r up _ </proc/uptime
		echo "[$up] $line"
	done
}

recording_runs() {
	grep -qs 1 "/sys/kernel/tracing/instances/squall-$squall/tracing_on"
}

# snapshot NAME: the kernel's own counts, to hold those of the store against
snapshot() {
	local file

	mkdir -p "$out/$1"
	for file in vmstat zoneinfo meminfo buddyinfo pagetypeinfo uptime; do
		cat "/proc/$file" >"$out/$1/$file"
	done
	for file in $(pidof kswapd0 kswapd1); do
		cat "/proc/$file/comm" "/proc/$file/stat"
	done >"$out/$1/kswapd"
}

# The port at whose other end somebody may watch: a device, "" without one.
watched_port() {
	local port name

	for port in /sys/class/virtio-ports/*; do
		read -r name <"$port/name" 2>/dev/null && [ "$name" = squall ] && echo "/dev/${port##*/}"
	done
}

screen_start() {
	[ "$SCREEN" = 1 ] || return 0
	stty -F /dev/ttyS1 rows 24 cols 80 || die "no second serial line"
	TERM=vt100 squall top </dev/ttyS1 >/dev/ttyS1 2>$out/top.err &
	screen=$!
}

screen_stop() {
	[ "$SCREEN" = 1 ] || return 0
	kill -TERM "$screen"
	wait "$screen"
	step "top ended: status $?"
}

# Both ends of a recording have to be quiet, so that what the kernel counts between the snapshots is in the store.
record_start() {
	local log=$out/record.err port=$(watched_port)

	snapshot before
	[ "$RECORD" = 1 ] || return 0
	mkfifo /tmp/stderr
	stamp </tmp/stderr >"$log" &
	squall record -o $out/storm.db ${port:+--stream "$port"} $RECORD_OPTIONS >$out/record.out 2>/tmp/stderr &
	squall=$!
	wait_for 20 recording_runs || die "squall does not record: $(cat "$log")"
	step "recording"
	screen_start
}

record_stop() {
	local status

	screen_stop
	snapshot after
	[ "$RECORD" = 1 ] || return 0
	step "ending the recording"
	kill -TERM "$squall"
	wait "$squall"
	status=$?
	step "recorded: status $status"
	[ $status -eq 0 ] || exit 1
}
