#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the analysis makes of a recording of which events are missing for a time: stages "thinned" and "off" of table
# loss. The rows are put into stores by hand.
. "$(dirname "$0")/../lib.sh"

json() { jq -r "$2" <<<"$("$SQUALL" analyze --json "$1" 2>/dev/null)"; }

# lose STORE SECONDS STAGE
lose() {
	sqlite3 "$1" "INSERT INTO loss(after_id, ts, cpu, buffer, stage, events)
		VALUES($2 * 1000000000, $2 * 1000000000, NULL, 0, '$3', NULL)"
}

# One storm from 100.001 to 101.089 s.
golden=$TOP/tests/golden/a1-unfixed.txt
"$SQUALL" import "$golden" -o "$work/whole.db" >/dev/null 2>&1
whole=$(json "$work/whole.db" '.findings[0].confidence')
is "$(json "$work/whole.db" '.findings[0].loss')" false "nothing missing: no loss"
[ "$whole" = medium ] || [ "$whole" = high ]
ok $? "and some confidence ($whole)"
declare -A below=([high]=medium [medium]=low)

# spans WANTED_LOSS DESCRIPTION SECONDS STAGE ...: the same storm with such rows.
spans() {
	local wanted=$1 what=$2 confidence=$whole
	shift 2
	cp "$work/whole.db" "$work/spans.db"
	while [ $# -gt 0 ]; do
		lose "$work/spans.db" "$1" "$2"
		shift 2
	done
	[ "$wanted" = true ] && confidence=${below[$whole]}
	is "$(json "$work/spans.db" '.findings[0] | "\(.loss) \(.confidence)"')" "$wanted $confidence" "$what"
}

spans true "thinned before and ever since" 50 thinned
spans true "thinned before, further in between" 50 thinned 60 thinned
spans false "thinned before, and over" 50 thinned 60 thinned-end
spans true "thinned before, over, and thinned again" 50 thinned 60 thinned-end 70 thinned
spans true "over in the storm" 50 thinned 101 thinned-end
spans true "over after it" 50 thinned 200 thinned-end
spans false "only after it" 200 thinned
spans true "switched off before" 50 off
spans false "switched off before, and on again" 50 off 51 off-end
spans true "one is over, the other is not" 50 off 55 thinned 60 off-end
spans false "a refused filter" 50 thinned-end

cp "$work/whole.db" "$work/part.db"
lose "$work/part.db" 50 thinned
sqlite3 "$work/part.db" "INSERT INTO meta VALUES('thinned.direct', '1/4 since 50.000000 s, at least 1/4')"
out=$("$SQUALL" analyze "$work/part.db")
like "$out" '^  thinned  direct: of the threads were recorded 1/4 since 50.000000 s' "it is said in words"
is "$(json "$work/part.db" '"\(.thinned.direct), \(.lost_unknown)"')" "1/4 since 50.000000 s, at least 1/4, true" "and in JSON"
is "$("$SQUALL" analyze --json --from 100 "$work/part.db" | jq -r '"\(.findings[0].loss) \(.lost_unknown)"')" "true true" \
	"thinned before the part that is analyzed"
sqlite3 "$work/part.db" "UPDATE meta SET value = '1/4 since 5 s' || char(27) || '[31m' WHERE key = 'thinned.direct'"
out=$("$SQUALL" analyze "$work/part.db")
[[ $out != *$'\033'* ]]
ok $? "control characters are shown, not sent"

# A call begins, its thread is thinned out, and a later call of it ends when it is recorded again: not one of 5 s.
cat >"$work/cut.txt" <<'END'
# tracer: nop
#
          task-203     [000] .....   101.000000: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
          task-204     [000] .....   103.000000: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL
          task-204     [000] .....   103.250000: mm_vmscan_direct_reclaim_end: nr_reclaimed=32
          task-203     [000] .....   106.000000: mm_vmscan_direct_reclaim_end: nr_reclaimed=32
END
"$SQUALL" import "$work/cut.txt" -o "$work/cut.db" >/dev/null 2>&1
is "$(json "$work/cut.db" '.reclaim_calls.direct | "\(.calls) \(.max_ns)"')" "2 5000000000" "nothing missing: a call of 5 s"
lose "$work/cut.db" 102 thinned
lose "$work/cut.db" 105 thinned-end
is "$(json "$work/cut.db" '.reclaim_calls.direct | "\(.calls) \(.max_ns)"')" "1 250000000" \
	"thinned: a begin and an end of two calls are no call"
done_testing
