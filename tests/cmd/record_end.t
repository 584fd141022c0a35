#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How a recording ends: by signals, with a terminal that goes away, with a command that ends, is told to end, or does
# not want to. Always: the store is complete, and the trace instance is gone.
. "$(dirname "$0")/../record.sh"
cd "$work" || exit 1

# ended NAME WANTED_STATUS GOT_STATUS REASON
ended() {
	is "$3 $(meta s.db complete) $(meta s.db ended) $(sql s.db "PRAGMA integrity_check") $(gone "$pid" && echo gone)" \
		"$2 1 $4 ok gone" "$1"
}

for signal in INT TERM HUP QUIT; do
	# An interactive shell's background job: nothing is ignored.
	env --default-signal "$SQUALL" record -f -o s.db >out 2>err &
	pid=$!
	wait_for 10 records $pid
	kill -$signal $pid
	kill -$signal $pid	# whoever is impatient
	sleep 0.05
	kill -$signal $pid 2>/dev/null
	wait $pid
	ended "SIG$signal ends a recording in order" 0 $? SIG$signal
	like "$(cat out)" '^events' "with its summary (SIG$signal)"
done

nohup "$SQUALL" record -q -f -o s.db -d 1.5 >out 2>err &
pid=$!
wait_for 10 records $pid
kill -HUP $pid
wait $pid
ended "nohup is respected" 0 $? duration

"$SQUALL" record -f -o s.db -d 0.5 <&- >&- 2>&-
is "$? $(meta s.db complete)" "0 1" "closed standard files do no harm"
"$SQUALL" record -f -o s.db -d 0.5 2>&1 >/dev/null | true
is "${PIPESTATUS[0]} $(meta s.db complete)" "0 1" "nor does a pipe that nobody reads"

# --- terminals ---
# terminal.py COLUMNS SECONDS COMMAND...: runs it on a terminal, shows what it prints, closes the terminal after SECONDS.
cat >terminal.py <<'END'
import fcntl, os, pty, select, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
end = time.monotonic() + float(sys.argv[2])
shown = b""
while time.monotonic() < end:
    if select.select([fd], [], [], 0.1)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            break
        shown += data
        if os.environ.get("KEY") and b"found:" in shown:
            os.write(fd, os.environ.pop("KEY").encode())
os.close(fd)
sys.stdout.buffer.write(shown)
sys.stdout.flush()
print("\nstatus", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
if command -v python3 >/dev/null; then
	python3 terminal.py 50 30 "$SQUALL" record -f -o s.db -d 3 --events +lru -- sh "$load" >term 2>&1 &
	pid=$!
	sleep 4
	touch stop
	wait $pid
	rm -f stop
	sed -n 's/\r/\n/gp' term | sed 's/\x1b\[K//g' | grep ' events/s, ' >lines
	like "$(cat lines)" '^[0-9]+ s, [0-9]+ events/s, 0 lost, [0-9.]+ MiB, 0 fou' "a terminal shows how it goes"
	is "$(awk 'length > 49' lines | wc -l)" 0 "in one line that a narrow terminal does not wrap"
	KEY=$'\x03' python3 terminal.py 80 30 "$SQUALL" record -f -o s.db >term 2>&1
	is "$(grep -c '^status 0' term) $(meta s.db complete) $(meta s.db ended)" "1 1 SIGINT" "Ctrl-C ends a recording in order"
	like "$(cat term)" '^events' "with its summary"
	KEY=$'\x13' python3 terminal.py 80 30 "$SQUALL" record -q -f -o s.db -d 3 >term 2>&1
	is "$(grep -c '^status 0' term) $(meta s.db ended)" "1 duration" "a terminal that was stopped (Ctrl-S) does not stop it"
	# Also when this test itself runs under nohup.
	env --default-signal python3 terminal.py 80 3 "$SQUALL" record -f -o s.db >term 2>&1
	is "$(meta s.db complete) $(meta s.db ended) $(sql s.db "PRAGMA integrity_check")" "1 SIGHUP ok" \
		"a terminal that is closed ends it in order"
else
	skip "terminals" "python3 is not installed"
fi
is "$(ls "$instances" | grep -c "^squall-$pid\$")" 0 "no instance is left"

# --- commands ---
run() { "$SQUALL" record -q -f -o s.db "$@" 2>err; }

run -- sh -c 'exit 41'
is $? 41 "a command's exit status is passed on"
run -- sh -c 'kill -KILL $$'
is $? 137 "as is the signal that ended it"
run -- /nonexistent/command
is $? 127 "a command that is not there: 127"
like "$(cat err)" '/nonexistent/command: No such file' "and the reason"
run -- /etc/passwd
is $? 126 "a command that cannot run: 126"
run -- sh -c 'sleep 30 & exit 5'
is $? 5 "what a command leaves running is not waited for"

# What the command sees of its world, beside the same without squall.
world='grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; cat /proc/self/oom_score_adj; ulimit -n; ulimit -l; ls /proc/self/fd | wc -l'
"$SQUALL" record -q -f -o s.db -- sh -c "$world" >recorded 2>err </dev/null
sh -c "$world" >alone 2>err </dev/null
is "$(cat recorded)" "$(cat alone)" "a command has the signals, limits and OOM score of squall's caller"

tell() {	# SIGNAL COMMAND: the signal to squall alone
	env --default-signal "$SQUALL" record -q -f -o s.db -- sh -c "$2" 2>err &
	pid=$!
	wait_for 10 test -e ready
	rm -f ready
	kill -"$1" $pid
	wait $pid
}
tell TERM 'trap "touch told; exit 9" TERM; touch ready; while :; do sleep 0.1; done'
ended "SIGTERM is handed to the command, which ends in its own way" 9 $? SIGTERM
is "$(ls told)" told "it was told"
tell INT 'trap "exit 8" INT; touch ready; while :; do sleep 0.1; done'
ended "so is SIGINT" 8 $? SIGINT
started=$SECONDS
tell TERM 'trap "" TERM; touch ready; for i in $(seq 100); do sleep 0.1; done'
ended "one that does not want to end is not waited for long" 143 $? SIGTERM
[ $((SECONDS - started)) -lt 9 ]
ok $? "($((SECONDS - started)) s)"
like "$(cat err)" 'sh \(process [0-9]+\) still runs' "which is said"
run -d 1 -- sh -c 'trap "exit 6" TERM; while :; do sleep 0.1; done'
is $? 6 "a command is told to end when the time is over"
done_testing
