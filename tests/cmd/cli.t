#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Commands as a user meets them: help, errors with what to do, exit statuses, overwriting, pipes, time ranges.
. "$(dirname "$0")/../lib.sh"

spin=$TOP/tests/golden/a1-unfixed.txt
quiet=$TOP/tests/golden/kswapd-busy.txt

# run ARGUMENT...: status in $status, output in $out and $err.
run() {
	"$SQUALL" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

run
is "$status" 2 "no command: exit status 2"
like "$err" '^Usage: squall COMMAND' "no command: usage on stderr"
run --help
is "$status" 0 "--help: exit status 0"
like "$out" 'import .*SQLite' "--help lists the commands"
run help import
is "$status $out" "0 $("$SQUALL" import --help)" "help COMMAND is COMMAND --help"
for word in help --help --version -V; do
	run help $word
	is "$status $out" "0 $("$SQUALL" --help)" "help $word lists the commands"
done
run help frobnicate
is "$status ${err%%$'\n'*}" "2 squall: frobnicate: no such command" "help of no command"
run --version
like "$out" '^squall [0-9]+\.[0-9]+\.[0-9]+$' "--version"
run frobnicate
is "$status" 2 "unknown command: exit status 2"
is "$err" "squall: frobnicate: no such command
squall: 'squall --help' lists the commands" "unknown command: says what to do"

for command in import analyze; do
	run $command --help
	is "$status" 0 "$command --help: exit status 0"
	like "$out" "^Usage: squall $command" "$command --help: usage on stdout"
	run $command --no-such-option
	is "$status" 2 "$command: unknown option: exit status 2"
	like "$err" '^squall: --no-such-option: ' "$command: unknown option is named"
	run $command
	is "$status" 2 "$command without input: exit status 2"
	run $command "$work/absent"
	is "$status" 2 "$command of a missing file: exit status 2"
	is "$err" "squall: $work/absent: No such file or directory" "$command of a missing file: one line"
	run $command "$work"
	is "$status" 2 "$command of a directory: exit status 2"
	like "$err" 'no copy of /proc/vmstat' "$command of a directory without snapshots: says so"
	run $command "$TOP/Makefile"
	is "$status" 2 "$command of some other file: exit status 2"
done

run analyze "$spin"
is "$status" 0 "findings without --exit-code: exit status 0"
run analyze --exit-code "$spin"
is "$status" 1 "findings with --exit-code: exit status 1"
run analyze --exit-code "$quiet"
is "$status" 0 "no finding with --exit-code: exit status 0"
run analyze --exit-code "$TOP/tests/golden/hopeless-7.x.txt"
is "$status" 0 "information only with --exit-code: exit status 0"
run analyze --only endless-kswapd "$spin"
[[ $out != *FINDING* ]]
ok $? "--only leaves out other kinds"
run analyze --only nonsense "$spin"
is "$status" 2 "--only with an unknown kind: exit status 2"
like "$err" 'kinds: nonmovable-reclaim-spin ' "--only with an unknown kind lists the kinds"
run analyze -t spin-cycles=7 "$spin"
[[ $out != *FINDING* ]]
ok $? "a threshold can be raised"
run analyze -t spin-cycles=zero "$spin"
is "$status" 2 "a threshold that is no number: exit status 2"
like "$err" 'spin-cycles takes 2 to 10000 retries' "a threshold that is no number: the range is told"
run analyze -t MAX_RECLAIM_RETRIES=3 "$spin"
like "$err" 'constant of the kernel' "a kernel constant cannot be set"
printf '# fewer\nspin-cycles = 7\n' >"$work/thresholds"
run analyze --threshold-file "$work/thresholds" "$spin"
[[ $out != *FINDING* ]]
ok $? "thresholds from a file"
printf 'spin-cycles=7\nspin=1\n' >"$work/thresholds"
run analyze --threshold-file "$work/thresholds" "$spin"
like "$err" "line 2: no threshold is called 'spin'" "a wrong line of a threshold file is named"
run analyze --thresholds
is "$(grep -c ' = ' <<<"$out")" "$(grep -c '^	TH_[A-Z_]*,$' "$TOP/analyze/threshold.h")" \
	"--thresholds lists all of them"

# The three spins begin 0.36 s apart; ranges cut out what lies between (inclusive, seconds of the trace's clock).
events_in() {
	run analyze --json "$@"
	jq .events <<<"$out"
}
is "$(events_in "$spin")" 61 "all events of the sequence"
is "$(events_in --from 100.052 --to 100.103 "$spin")" 3 "--from and --to on the clock of the trace"
is "$(events_in --from +0.051 --to +0.102 "$spin")" 3 "--from and --to from the start"
run analyze --from tomorrow "$spin"
is "$status" 2 "--from with no time: exit status 2"

run import -q "$spin" -o "$work/a.db"
is "$status" 0 "import"
is "$(events_in "$work/a.db")" 61 "analyze of the store: all events"
is "$(events_in --from +0.051 --to +0.102 "$work/a.db")" 3 "a range of the store"
"$SQUALL" analyze --json "$spin" | jq -S 'del(.input)' >"$work/trace.json"
"$SQUALL" analyze --json "$work/a.db" | jq -S 'del(.input)' >"$work/store.json"
is "$(jq -c .findings "$work/store.json")" "$(jq -c .findings "$work/trace.json")" "the store gives the findings of the trace"
run import -q "$spin" -o "$work/a.db"
is "$status" 2 "import over an existing file: exit status 2"
like "$err" '--force' "import over an existing file: names --force"
run import -q --force "$spin" -o "$work/a.db"
is "$status" 0 "import --force"
run import "$work/a.db" -o "$work/b.db"
is "$status" 2 "import of a store: exit status 2"
(cd "$work" && "$SQUALL" import -q "$spin" && [ -e a1-unfixed.db ])
ok $? "the default output is named after the input"
run import -q "$spin" -o "$work/no/such/dir.db"
is "$status" 2 "import into a missing folder: exit status 2"

is "$(cat "$spin" | "$SQUALL" analyze - | grep -c '^FINDING')" 1 "analyze reads standard input"
"$SQUALL" import "$spin" -o "$work/s.db" >"$work/summary"
like "$(cat "$work/summary")" '^events    61$' "import tells the number of events"
like "$(cat "$work/summary")" '^found     high  nonmovable-reclaim-spin \[a1\]$' "import tells what was found"
"$SQUALL" analyze "$spin" >/dev/full 2>"$work/err"
is $? 2 "a full output: exit status 2"
# Interrupted in the middle of a pipe that does not end: nothing is left behind.
mkfifo "$work/pipe"
(cat "$spin"; exec sleep 30) >"$work/pipe" &
feed=$!
"$SQUALL" import -q - -o "$work/int.db" <"$work/pipe" 2>"$work/err" &
import=$!
sleep 1
kill -TERM $import
wait $import
status=$?
kill $feed
is $status 143 "an interrupted import ends by the signal"
ls "$work" | grep -q '^int\.db'
[ $? -ne 0 ]
ok $? "an interrupted import leaves no file"

sqlite3 "$work/s.db" "PRAGMA user_version = 99"
run analyze "$work/s.db"
is "$status" 2 "a store of a newer version: exit status 2"
sqlite3 "$work/other.db" "CREATE TABLE t(x)"
run analyze "$work/other.db"
is "$status" 2 "some other database: exit status 2"
head -c 3000 "$work/a.db" >"$work/cut.db"
run analyze "$work/cut.db"
is "$status" 2 "a cut store: exit status 2"
done_testing
