#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names are chosen by whoever starts a process: comms, strings and event names with escape sequences, quotes and SQL must
# reach the store as they are and a terminal as plain characters.
. "$(dirname "$0")/../lib.sh"

evil=$(printf '\033[31mred\007')
quote="x');DROP TABLE meta;--"
{
	sed "s/          writer-201/ $evil-201/; s/          writer-202/ $quote-202/; s/         writer-203/ a-1 [2] b-203/" \
		"$TOP/tests/golden/a1-unfixed.txt"
	printf ' %s-300     [001] .....   200.000001: evil_event: text=%s other=1\n' "$evil" "$evil"
	printf ' bash-301     [001] .....   200.000002: meta: key=1 value=2\n'
	printf ' bash-301     [001] .....   200.000003: sqlite_master: name=1\n'
	printf ' bash-301     [001] .....   200.000004: sched_x: ts=5 pid=6 id=7 cpu=8\n'
} >"$work/evil.txt"

"$SQUALL" import "$work/evil.txt" -o "$work/evil.db" >"$work/out" 2>"$work/err"
is $? 0 "import"
! grep -q "$(printf '[\033\007]')" "$work/out" "$work/err"
ok $? "import prints no control character"
"$SQUALL" analyze "$work/evil.txt" >"$work/out" 2>&1
! grep -q "$(printf '[\033\007]')" "$work/out"
ok $? "analyze prints no control character"
like "$(cat "$work/out")" '\\x1b\[31mred\\x07-201' "the name is shown, escaped"
"$SQUALL" analyze --json "$work/evil.db" | jq -e '.findings[0].tasks | map(.comm) | index("\u001b[31mred\u0007")' >/dev/null
ok $? "JSON holds the very name"
is "$(sqlite3 "$work/evil.db" "SELECT count(*) FROM task WHERE comm = char(27) || '[31mred' || char(7)")" 2 \
	"the store holds the very name, for both of its threads"
is "$(sqlite3 "$work/evil.db" "SELECT count(*) FROM task WHERE comm = 'x'');DROP TABLE meta;--'")" 1 "SQL in a name is a name"
is "$(sqlite3 "$work/evil.db" "SELECT value FROM meta WHERE key = 'complete'")" 1 "table meta is there"
is "$(sqlite3 "$work/evil.db" "SELECT count(*) FROM task WHERE comm = 'a-1 [2] b' AND pid = 203")" 1 \
	"a name with dashes, brackets and blanks"
is "$(sqlite3 "$work/evil.db" "SELECT table_name FROM event_type WHERE name = 'meta'" | grep -cv '^meta$')" 1 \
	"an event called meta has a table of another name"
is "$(sqlite3 "$work/evil.db" "SELECT f.column_name FROM event_field f JOIN event_type t ON t.id = f.type_id
	WHERE t.name = 'sched_x' AND f.name = 'pid'")" pid_ "a field called pid gets another column"
"$SQUALL" analyze "$(printf '/no/\033[2Jfile')" 2>"$work/err"
! grep -q "$(printf '\033')" "$work/err"
ok $? "a path in a message is escaped"
done_testing
