# SPDX-License-Identifier: GPL-2.0-only
# scenario.sh - what scenarios are written with. Sourced in the guest before the scenario and its variables.
#
# The scenario writes to /lab/out; SWAP_DISK is the swap disk, "" without one. Variables of every scenario:
RECORD=1		# 0: the same without squall
RECORD_OPTIONS=		# more options for squall record
SCREEN=0		# 1: squall top on the second serial line, as long as the recording
LRU_GEN=		# y: reclaim by the multi-gen LRU, n: by the classic one; otherwise what the kernel starts with

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

# in_cgroup NAME COMMAND...: the same in a cgroup
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

# says FILE TEXT: a workload has written so
says() {
	grep -qs "$2" "$1"
}

# use_swap disk|zram [MIB]: the swap disk, or a zram device of that size, as the only swap
use_swap() {
	local device=$SWAP_DISK

	case $1 in
	disk) [ -n "$device" ] || die "a swap disk is needed" ;;
	zram)
		[ -d /sys/block/zram0 ] || die "this kernel has no zram"
		device=/dev/zram0
		echo "$2M" >/sys/block/zram0/disksize ;;
	*) die "there is no swap called $1" ;;
	esac
	mkswap "$device" >/dev/null && swapon "$device" || die "no swap"
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
		[ -e "$port/name" ] && read -r name <"$port/name" && [ "$name" = squall ] && echo "/dev/${port##*/}"
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

choose_lru() {
	[ -z "$LRU_GEN" ] || echo "$LRU_GEN" >/sys/kernel/mm/lru_gen/enabled || die "no LRU_GEN=$LRU_GEN in this kernel"
}

# Both ends of a recording have to be quiet, so that what the kernel counts between the snapshots is in the store.
record_start() {
	local log=$out/record.err port=$(watched_port)

	choose_lru
	snapshot before
	[ "$RECORD" = 1 ] || return 0
	mkfifo /tmp/stderr
	stamp </tmp/stderr >"$log" &
	# Where jobs put what they measure (workloads/metric.h), unless it is an older squall.
	case $(squall record --help) in
	*--metrics*) export LAB_METRICS=/tmp/metrics ;;
	esac
	squall record -o $out/storm.db ${LAB_METRICS:+--metrics "$LAB_METRICS"} ${port:+--stream "$port"} \
		$RECORD_OPTIONS >$out/record.out 2>/tmp/stderr &
	squall=$!
	wait_for 60 recording_runs || die "squall does not record: $(cat "$log")"
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
