#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record when the disk is full, and when it stands still (a frozen file system). What is stored, what is lost, and
# what is said of it must agree with each other, and with what the kernel's ring counted.
. "$(dirname "$0")/../record.sh"
mkdir "$work/m"

# mount_loop MIB: an ext4 of its own at $work/m
mount_loop() {
	truncate -s "$1M" "$work/img" && mkfs.ext4 -q -F -m 0 "$work/img" && mount -o loop "$work/img" "$work/m"
}
echo "fsfreeze -u $work/m 2>/dev/null; umount -l $work/m 2>/dev/null" >>"$cleanup"

full() {	# NAME
	start_load
	"$SQUALL" record -o "$work/m/s.db" --events +lru,+slab >"$work/out" 2>"$work/err" &
	pid=$!
	wait_for 60 gone_process $pid || kill -INT $pid
	wait $pid
	is $? 2 "$1: the status tells that something is missing"
	stop_load
	like "$(cat "$work/err")" 's.db: cannot write: .*full' "$1: the reason is said"
	like "$(cat "$work/err")" 'kept: [0-9]+ events, up to second [0-9.]+ of the recording' "$1: and what was kept"
	kept=$(sed -n 's/.*kept: \([0-9]*\) events.*/\1/p' "$work/err")
	gone $pid
	ok $? "$1: the trace instance is gone"
	cp "$work"/m/s.db* "$work"
	is "$(sql "$work/s.db" "PRAGMA integrity_check") $(meta "$work/s.db" complete)" "ok 0" \
		"$1: the store is intact, and says that it was cut short"
	is "$(event_rows "$work/s.db")" "$kept" "$1: it holds what was said ($kept events)"
	[ "$kept" -gt 1000 ]
	ok $? "$1: which is most of what fits"
	"$SQUALL" analyze "$work/s.db" >"$work/out" 2>&1
	is $? 0 "$1: it can be analyzed"
	rm -f "$work"/s.db* "$work"/m/s.db*
}
gone_process() { ! kill -0 "$1"; }

if mount -t tmpfs -o size=5m tmpfs "$work/m" 2>/dev/null; then
	full "tmpfs"
	umount "$work/m"
else
	skip "full tmpfs" "it cannot be mounted"
fi
if ! mount_loop 10 2>/dev/null; then
	skip "full and frozen ext4" "no loop device, or no mkfs.ext4"
	done_testing
fi
full "ext4"
umount "$work/m"
mount_loop 256

# stall NAME MIB SECONDS: records while the file system is frozen for so long, and counts.
stall() {
	"$SQUALL" record -f -o "$work/m/s.db" --memory "$2" --events +lru,+slab --max-rate 0 >"$work/out" 2>"$work/err" &
	pid=$!
	wait_for 10 records $pid
	start_load
	sleep 1.5
	fsfreeze -f "$work/m"
	sleep "$3"
	fsfreeze -u "$work/m"
	sleep 1.5
	stop_load
	# No more events: then the ring's counts are the last word.
	echo 0 >"$instances/squall-$pid/tracing_on"
	sleep 0.5
	made=$(cat "$instances/squall-$pid/per_cpu"/cpu*/stats | awk '
		/^(entries|overrun|commit overrun|dropped events|read events):/ { n += $NF } END { print n }')
	kill -INT $pid
	wait $pid
	is "$? $(meta "$work/m/s.db" complete) $(sql "$work/m/s.db" "PRAGMA integrity_check")" "0 1 ok" "$1: the store is whole"
	stored=$(event_rows "$work/m/s.db")
	dropped=$(sql "$work/m/s.db" "SELECT coalesce(sum(events), 0) FROM loss WHERE stage = 'writer'")
	ring=$(sql "$work/m/s.db" "SELECT coalesce(sum(events), 0) FROM loss WHERE stage = 'ring'")
	is $((stored + dropped + ring)) "$made" "$1: stored and lost events are what the ring counted ($stored + $dropped + $ring)"
	is "$(meta "$work/m/s.db" events_dropped_by_writer) $(meta "$work/m/s.db" events_read)" "$dropped $((stored + dropped))" \
		"$1: the store's facts say the same"
}
stall "a short stall" 48 2
is "$dropped" 0 "a short stall loses nothing"
stall "a long stall" 2 8
[ "$dropped" -gt 0 ]
ok $? "a long stall with little memory loses something"
like "$(cat "$work/out")" "^lost      (at least )?$((dropped + ring)) events" "and the summary says how much"
done_testing
