#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall top -b: a hand-made recording as text, worked out by hand; hostile names; JSON that jq takes; a comparison; and
# of recorded storms the sum of a rate over all intervals against a count by sqlite3.
. "$(dirname "$0")/../lib.sh"

cat >"$work/hand.txt" <<'EOF'
# tracer: nop
#
             hog-11      [000] .....   100.000000: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
             hog-11      [000] .....   100.200000: mm_vmscan_direct_reclaim_end: nr_reclaimed=10
             hog-11      [000] .....   100.250000: reclaim_retry_zone: node=0 zone=Normal   order=0 reclaimable=200 available=300 min_wmark=50 no_progress_loops=0 wmark_check=1
             hog-11      [000] .....   100.500000: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
             hog-11      [000] .....   102.250000: mm_vmscan_direct_reclaim_end: nr_reclaimed=22
EOF
"$SQUALL" import -q "$work/hand.txt" -o "$work/hand.db"
is $? 0 "a recording made by hand"
# Counters, as a recorder would have written them: 4 KiB pages, two cgroups, one with a hostile name.
evil=$(printf '/evil\033[2J\n"x')
sqlite3 "$work/hand.db" <<EOF
INSERT INTO meta VALUES ('nodes', '0'), ('page_size', '4096');
INSERT INTO cgroup VALUES (1, '/'), (2, '$evil');
INSERT INTO series VALUES (1, 'system', NULL, NULL, 'pgsteal_direct', 'pages'),
	(2, 'cgroup', NULL, 2, 'memory.events.high', 'count'), (3, 'cgroup', NULL, 1, 'memory.current', 'bytes'),
	(4, 'system', NULL, NULL, 'psi.memory.some.total', 'us'), (5, 'node', 0, NULL, 'nr_free_pages', 'pages');
INSERT INTO sample VALUES (1, 100000000000, 1, 1000), (2, 100000000000, 2, 5), (3, 100000000000, 3, 1048576),
	(4, 100000000000, 4, 0), (5, 100000000000, 5, 256), (6, 101500000000, 1, 1512), (7, 101500000000, 2, 12),
	(8, 101500000000, 4, 250000);
EOF

"$SQUALL" top -b -r "$work/hand.db" -v tasks >"$work/out" 2>"$work/err"
is $? 0 "top -b"
is "$(cat "$work/err")" "" "without a message"
none="psi_memory_full=- psi_io_some=- psi_io_full=- psi_cpu_some=- psi_cpu_full=-"
titles="TID      COMM             STATE   KIND        INSIDE   CHAIN  ORDER  TYPE         RETRY  CYCLE  RECLAIM  NODE  CGROUP"
is "$(cat "$work/out")" "# offset=1.000s clock=101.000s psi_memory_some=- $none events_per_s=4 lost=0 stalled=1 findings=0
tasks
$titles
11       hog              inside  direct       500ms      1s      0  unmovable        1      2      40K     0  -

# offset=2.000s clock=102.000s psi_memory_some=25.0% $none events_per_s=0 lost=0 stalled=1 findings=0
tasks
$titles
11       hog              inside  direct        1.5s      2s      0  unmovable        1      2      40K     0  -

# offset=3.000s clock=103.000s psi_memory_some=0.0% $none events_per_s=1 lost=0 stalled=0 findings=0
tasks
$titles
11       hog              ended   direct        1.8s    2.2s      0  unmovable        1      2     128K     0  -" \
	"three intervals, worked out by hand"

"$SQUALL" top --json -r "$work/hand.db" >"$work/json"
is "$(jq -s length <"$work/json")" 3 "JSON: one object for each interval"
is "$(wc -l <"$work/json")" 3 "each in a line"
# 512 pages in a second; seven events in a second; 256 free pages; a begin in the first second twice.
is "$(jq -c '[.views.nodes[0] | .steal, .direct_per_s, .free.value, .free.min, .stall_max]' <"$work/json" | tr '\n' ' ')" \
	"[null,2,1048576,null,200000000] [2097152,0,1048576,null,null] [0,0,1048576,null,1750000000] " "nodes, by hand"
is "$(jq -c '.views.memcgs[1].high_per_s' <"$work/json" | tr '\n' ' ')" "null 7 0 " "a rate of a cgroup, by hand"
is "$(jq -r '.views.memcgs[1].cgroup' <<<"$(head -1 "$work/json")")" "$evil" "JSON holds the very name"
"$SQUALL" top -b -r "$work/hand.db" >"$work/out"
! grep -q "$(printf '\033')" "$work/out"
ok $? "text has no control characters"
like "$(cat "$work/out")" '^/evil\\x1b\[2J\\x0a"x ' "the name is there, escaped"
is "$("$SQUALL" top -b -r "$work/hand.db" -v memcgs -f EVIL -n 1 | wc -l)" 5 "a filter: header, name, titles, one row, blank line"
is "$("$SQUALL" top --json -r "$work/hand.db" -v memcgs -s current -n 1 | jq -c '.views.memcgs | map(.current)')" \
	"[1048576,null]" "sorted by number: the greatest first, none last"
is "$("$SQUALL" top --json -r "$work/hand.db" -v memcgs -s -cgroup -n 1 | jq -r '.views.memcgs[1].cgroup')" / \
	"sorted by text, the other way"
is "$("$SQUALL" top --json -r "$work/hand.db" --at +2.5 | jq -c .summary.offset_ns)" 3000000000 "--at, from the start"
is "$("$SQUALL" top --json -r "$work/hand.db" --at 101.5 -n 1 | jq -c .summary.ts_ns)" 102000000000 "--at, of the clock"
is "$("$SQUALL" top --json -r "$work/hand.db" -d 0.5 | wc -l)" 5 "-d: half seconds"
is "$("$SQUALL" top --json -r "$work/hand.db" -d 3 | jq -c '.views.nodes[0].direct_per_s * 3')" 2 "-d: three seconds"

# --- beside another ---
sed 's/100\.5/100.6/' "$work/hand.txt" >"$work/other.txt"
"$SQUALL" top --json -r "$work/hand.txt" --against "$work/other.txt" -n 2 -v tasks >"$work/json"
is "$(jq -c '.views.tasks[0].inside' <"$work/json" | tr '\n' ' ')" \
	'{"value":500000000,"against":400000000,"change":100000000} {"value":1500000000,"against":1400000000,"change":100000000} ' \
	"JSON has both, and the change"
like "$("$SQUALL" top -b -r "$work/hand.txt" --against "$work/other.txt" -n 1 -v tasks)" ' 500ms    400ms     \+25% ' \
	"text has both, and the change"
is "$(TMPDIR=$work "$SQUALL" top -b -r "$work/hand.txt" | head -1 | cut -d' ' -f2)" "offset=1.000s" "a trace is imported"
is "$(ls -d "$work"/squall-top.* 2>/dev/null)" "" "and its store is gone"

# --- wrong use ---
wrong() {
	"$SQUALL" top "${@:3}" >"$work/out" 2>"$work/err" </dev/null
	is "$?" 2 "$1: status"
	like "$(head -1 "$work/err")" "$2" "$1: message"
}
wrong "a view that is not" "^squall: nodez: no such view" -b -v nodez -r "$work/hand.db"
wrong "a column that is not" "no view has a column" -b -s nonsense -r "$work/hand.db"
wrong "no time" "is no time" -b --at yesterday -r "$work/hand.db"
wrong "no interval" "is no interval" -b -d 0 -r "$work/hand.db"
wrong "no number" "no number of intervals" -b -n 0 -r "$work/hand.db"
wrong "no such file" "No such file" -b -r "$work/nothing.db"
wrong "no finding" "has no finding" -b --at finding -r "$work/hand.db"
: >"$work/empty"
wrong "an empty file" "is empty" -b -r "$work/empty"
wrong "a stream beside a recording" "^squall: /dev/null: is a stream" -b -r "$work/hand.db" --against /dev/null
sqlite3 "$work/not.db" "CREATE TABLE x (y)"
wrong "not a store" "not a squall store|no squall store|store" -b -r "$work/not.db"

# --- the manual ---
"$SQUALL" top --columns | cut -f 1,2,5 >"$work/tables"
sed -n '/^\.SH VIEWS/,/^\.SH JSON/p' "$TOP/docs/squall-top.1" | sed 's/\\-/-/g' | awk '
	/^\.SS / { view = $2 }
	/^\.BR / && named { key = $2; getline; sub(/\.$/, ""); print view "\t" key "\t" $0 }
	{ named = /^\.TP/ }' >"$work/page"
is "$(cat "$work/page")" "$(cat "$work/tables")" "squall-top(1) has every column, as the tables have it"
[ "$(wc -l <"$work/page")" -gt 80 ]
ok $? "(and they are many)"

# --- storms: the sum of a rate over all intervals is what sqlite3 counts ---
storm() {
	local name=$1 db=$work/storm.db
	"$SQUALL" import -q -f "$2" -o "$db" || { ok 1 "$name: imported"; return; }
	"$SQUALL" top --json -r "$db" -v nodes,findings >"$work/storm"
	local tables=$(sqlite3 "$db" "SELECT name FROM event_type")
	count() {
		grep -qx "$1" <<<"$tables" && sqlite3 "$db" "SELECT count(*) FROM $1 $2" || echo 0
	}
	sum() {
		jq -s "[.[] | $1 | numbers] | add // 0 | round" <"$work/storm"
	}
	is "$(sum .summary.events_per_s)" "$(sqlite3 "$db" "SELECT value FROM meta WHERE key = 'events'")" "$name: events"
	is "$(sum '.views.nodes[].direct_per_s')" "$(count mm_vmscan_direct_reclaim_begin)" "$name: direct reclaims"
	is "$(sum '.views.nodes[].extfrag_unmovable')" \
		"$(count mm_page_alloc_extfrag "WHERE alloc_migratetype = 0")" "$name: fallbacks of unmovable requests"
	is "$(sum '.views.nodes[].extfrag_movable')" \
		"$(count mm_page_alloc_extfrag "WHERE alloc_migratetype = 1")" "$name: fallbacks of movable requests"
	is "$(tail -1 "$work/storm" | jq -c '[.views.nodes[] | select(.failures) | [.node, .failures]]' | tr -d ' ')" \
		"$(sqlite3 "$db" "SELECT '[' || coalesce(group_concat('[' || node || ',' || value || ']'), '') || ']' FROM
			(SELECT node, value, max(rowid) FROM kswapd_failures GROUP BY node ORDER BY node)
			WHERE value > 0")" "$name: kswapd_failures at the end"
	# What began up to the last interval is all that analyze has: in its order, below the same causes.
	is "$(tail -1 "$work/storm" | jq -c '[.views.findings[] | [.incident, .kind, .caused_by]]')" \
		"$("$SQUALL" analyze --json "$db" | jq -c '.findings as $all | [$all[] |
			[.incident, .kind, (.caused_by | if . == null then null else $all[.].kind end)]]')" \
		"$name: findings by incident, as analyze has them"
}
for sample in defrag-spin-6.18 kswapd-reset-6.18 healthy-swap-6.18; do
	storm $sample "$TOP/samples/$sample.dat"
done
traces=${SQUALL_TRACES:-$TOP/../shared/traces}
for run in A-7.3.4 B-7.3.4; do
	if [ -e "$traces/$run/trace.dat" ]; then
		storm $run "$traces/$run/trace.dat"
	else
		skip "$run" "no recording of it beside the tree"
	fi
done

# The longest direct reclaim of the storm: of all intervals, and of pairs of begin and end by thread.
db=$work/spin.db
"$SQUALL" import -q "$TOP/samples/defrag-spin-6.18.dat" -o "$db"
is "$("$SQUALL" top --json -r "$db" -v nodes | jq -s '[.[].views.nodes[].stall_max | numbers] | max')" \
	"$(sqlite3 "$db" "SELECT max(ns) FROM (SELECT e.ts - (SELECT max(b.ts) FROM mm_vmscan_direct_reclaim_begin b
		WHERE b.pid = e.pid AND b.id < e.id) AS ns FROM mm_vmscan_direct_reclaim_end e)")" \
	"the longest direct reclaim is that of sqlite3"
is "$("$SQUALL" top --json -r "$db" --at finding -n 1 | jq -r '.views.findings[0].kind')" nonmovable-reclaim-spin \
	"--at finding"
done_testing
