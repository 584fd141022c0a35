#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record --stream and squall top of what comes out of it: through a fifo, a socket and a pipe, two in step, and
# with what goes wrong on the way. What top counts is held against the store that was recorded beside it.
. "$(dirname "$0")/../record.sh"
command -v jq >/dev/null || skip_all "jq is not there"
cd "$work" || exit

# record ARGUMENT...: in the background, as $recorder; quiet, and what it says is in record.err
record() {
	"$SQUALL" record "$@" >record.out 2>record.err &
	recorder=$!
}

# Nobody reads yet, or somebody does; both must do.
mkfifo fifo
record --stream fifo -o beside.db -d 6
start_load
"$SQUALL" top --json -r fifo >top.json 2>top.err
is $? 0 "a stream is shown until it ends"
wait $recorder
is $? 0 "and recorded beside it"
stop_load
is "$(meta beside.db complete)" 1 "the store is whole"
is "$(cat top.err)" "" "and top has nothing to complain of"
intervals=$(wc -l <top.json)
[ "$intervals" -ge 5 ] && [ "$intervals" -le 9 ]
ok $? "an interval a second is shown ($intervals)"
# The first interval is a quarter of a second longer than the others, the last one what is left.
shown=$(jq -s '[.[].summary] | (.[0].events_per_s * 1.25) + ([.[1:-1][].events_per_s] | add)
	+ (.[-1].events_per_s * (.[-1].offset_ns / 1e9 - 1.25 - (length - 2))) | round' top.json)
rows=$(event_rows beside.db)
[ "$rows" -gt 100 ] && [ $((shown - rows)) -ge -3 ] && [ $((shown - rows)) -le $((rows / 50 + 3)) ]
ok $? "with the events of the store ($shown of $rows)"
is "$(jq -s '.[-1].summary.lost_events' top.json)" 0 "nothing is lost"
is "$(jq -rs '.[-1].summary.kernel' top.json)" "$(uname -r)" "the kernel is told"
like "$(cat record.out)" '^stream +[0-9.]+ MiB to fifo$' "and record says what it sent"

# --- standard output, no store ---
start_load
"$SQUALL" record --stream - -d 4 >raw 2>raw.err
is $? 0 "a stream alone, to standard output"
stop_load
is "$(ls *.db)" beside.db "makes no store"
cat raw | "$SQUALL" top -b -v nodes -r - >whole.txt 2>top.err
is $? 0 "and is shown from a pipe"
[ "$(grep -c '^# offset' whole.txt)" -ge 3 ]
ok $? "interval by interval ($(grep -c '^# offset' whole.txt))"

# --- what is cut, damaged or something else ---
# refused NAME DESCRIPTION PATTERN INTERVALS: the stream in file NAME ends with words that match, after at least so many
# intervals; with 0 nothing is shown at all
refused() {
	local status

	cat "$1" | "$SQUALL" top -b -v nodes -r - >out 2>err
	status=$?
	is $status 2 "$2: status"
	like "$(cat err)" "$3" "$2: message"
	[ "$(grep -c '^# offset' out)" -ge "$4" ] && { [ "$4" -gt 0 ] || [ ! -s out ]; }
	ok $? "$2: what came before is shown ($(grep -c '^# offset' out))"
}
size=$(stat -c %s raw)
head -c $((size - 8)) raw >cut
refused cut "a stream without its end" 'was cut off: squall there, or its machine, was stopped' 3
head -c $((size * 3 / 4)) raw >cut
refused cut "three quarters of a stream" 'was cut off' 2
cp raw damaged
perl -e 'print "\xff" x 64' | dd of=damaged bs=1 seek=$((size * 3 / 4 / 8 * 8)) conv=notrunc status=none
refused damaged "a damaged stream" 'is damaged after [0-9]+ bytes' 2
cp raw other
printf '\x63' | dd of=other bs=1 seek=12 conv=notrunc status=none
refused other "another version" 'is a stream of version 99, and this squall reads version 1' 0
(head -c 8 raw; head -c 4 /dev/zero; tail -c +13 raw) >other
refused other "another byte order" 'of a machine with another byte order' 0
head -c 20 raw >cut
refused cut "half a header" 'was cut off' 0

# --- sockets ---
# serve COMMAND: the first to connect to "socket" gets its output
serve() {
	rm -f socket
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die;
		my $c = $s->accept; open STDOUT, ">&", $c; exec @ARGV' "$@" &
	wait_for 5 test -S socket
}
head -c 1000 /dev/urandom >cut
serve cat cut
"$SQUALL" top -b -r socket >out 2>err
is $? 2 "bytes at random from a socket are refused"
like "$(cat err)" '^squall: socket: is no stream of squall' "and called by their name"
serve cat raw
"$SQUALL" top -b -v nodes -r socket >out 2>err
is "$? $(grep -c '^# offset' out)" "0 $(grep -c '^# offset' whole.txt)" "a socket gives what a pipe gives"
tail -c +4097 raw >cut
serve cat cut
"$SQUALL" top -b -r socket >out 2>err
like "$(cat err)" 'joined after its beginning' "a stream cannot be joined in its middle"
serve true
"$SQUALL" top -b -r socket >out 2>err
like "$?$(cat err)" '^2squall: socket: has ended before anything came' "a socket that gives nothing"
"$SQUALL" top -b -r socket >out 2>err
like "$?$(cat err)" '^2squall: socket: Connection refused' "a socket where nobody listens"

# From one squall to another, as through QEMU, which listens for both.
rm -f socket other-end
perl -MIO::Socket::UNIX -e 'my @c = map { IO::Socket::UNIX->new(Local => $_, Listen => 1) } qw(socket other-end);
	@c = map { scalar $_->accept } @c;
	while (my $n = sysread $c[0], $b, 65536) { my $at = 0; $at += syswrite $c[1], $b, $n - $at, $at while $at < $n }' &
wait_for 5 test -S other-end
record -q --stream socket -d 3
"$SQUALL" top -b -v nodes -r other-end >out 2>err
is "$?$(cat err)" 0 "through a socket"
wait $recorder
is $? 0 "sent into a socket"

# --- readers that are slow, or go ---
# Some 5 MiB/s, so that what waits in memory for the port is full soon, and nothing else: two tasks wake each other.
record --stream fifo -o slow.db -d 5 --events sched:sched_switch,sched:sched_waking --max-rate 0 -b 16
perl -e 'pipe $a, $b; pipe $c, $d; $SIG{ALRM} = sub { exit }; $other = fork; alarm 5;
	while (!$other) { sysread $a, $x, 1; syswrite $d, "x" }
	while (1) { for (1 .. 40) { syswrite $b, "x"; sysread $c, $x, 1 } select undef, undef, undef, 0.004 }' 2>/dev/null &
{ sleep 4; cat; } <fifo | "$SQUALL" top --json -v nodes -r - >top.json 2>top.err
is "$?$(cat top.err)" 0 "a slow reader gets the stream to its end"
wait $recorder
is $? 0 "a slow reader does not end the recording"
dropped=$(sed -nE 's/^stream .*; ([0-9]+) events had no room$/\1/p' record.out)
[ "${dropped:-0}" -gt 1000 ]
ok $? "events had no room in the stream ($dropped of $(event_rows slow.db))"
is "$(jq -s '.[-1].summary.lost_events' top.json)" "$dropped" "top says how many it did not get"
is "$(sql slow.db "SELECT count(*) FROM loss")$(meta slow.db complete)" 01 "the store has lost none of them"
is "$(event_rows slow.db)" "$(meta slow.db events_read)" "and has all that was read"

start_load
record --stream fifo -o gone.db -d 3
head -c 50000 <fifo >/dev/null
wait $recorder
is $? 0 "a reader that goes away does not end the recording"
like "$(cat record.err)" 'fifo: nobody reads it any more: the stream is over' "and this is said"
is "$(meta gone.db complete)" 1 "the store is whole"
began=$SECONDS
record --stream fifo -d 20
head -c 50000 <fifo >/dev/null
wait $recorder
is $? 2 "without a store there is nothing left to do then"
[ $((SECONDS - began)) -lt 15 ]
ok $? "at once"

# --- two, in step ---
mkfifo late
record -q --stream fifo -d 8
(sleep 2.5; exec "$SQUALL" record -q --stream late -d 6 2>/dev/null) &
late=$!
"$SQUALL" top --json -r fifo --against late -n 5 >top.json 2>top.err
is "$(jq -s length top.json)" 5 "two streams beside each other"
is "$(jq -s 'map(select((.summary.offset_ns - .against.offset_ns) | fabs > 3e8)) | length' top.json)" 0 \
	"each at the same offset from its start, though one began later"
kill $recorder
wait $recorder $late
"$SQUALL" record -q --stream fifo -d 4 2>/dev/null &
beside=$!
"$SQUALL" top --json -r fifo --against beside.db -n 2 >top.json 2>top.err
is "$(jq -s 'map(select((.summary.offset_ns - .against.offset_ns) | fabs > 1.1e9)) | length' top.json)" 0 \
	"and one beside a recording"
stop_load
wait $beside

# --- what cannot be ---
"$SQUALL" record --stream beside.db -d 1 >out 2>err
is $? 2 "no stream into a file"
like "$(cat err)" '^squall: beside.db: no stream can go there' "and this is said"
"$SQUALL" record --stream - -d 1 -- true >out 2>err
like "$?$(cat err)" '^2squall: --stream -: does not go with a COMMAND' "nor among a command's output"
"$SQUALL" record --stream socket -d 1 >out 2>err
like "$?$(grep '^squall: socket' err)" '^2squall: socket: Connection refused' "nor to where nobody listens"
cat raw | "$SQUALL" top -b -r - --at 3 >out 2>err
like "$?$(cat err)" '^2squall: --at: does not go with a stream' "and no going about in it"

# --- on a screen ---
if command -v tmux >/dev/null; then
	tmux -L squall-stream -f /dev/null new-session -d -x 100 -y 30 "'$SQUALL' top -r '$work/late' 2>'$work/err'; sleep 100"
	head -c $((size - 8)) raw >late
	wait_for 10 sh -c 'tmux -L squall-stream capture-pane -p | grep -q "was cut off"'
	ok $? "a screen says that the stream was cut off"
	like "$(tmux -L squall-stream capture-pane -p)" 'Nodes' "and stays"
	tmux -L squall-stream send-keys q
	wait_for 5 grep -q 'late: was cut off' err
	ok $? "and it is said again when it is closed"
	tmux -L squall-stream kill-server
else
	skip "a screen" "tmux is not there"
fi
done_testing
