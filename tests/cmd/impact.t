#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What storms cost, and how findings hang together: against counts that SQL makes of the same events, and from traces
# made here, with numbers worked out by hand.
. "$(dirname "$0")/../lib.sh"

# lost STORE BEGIN END FROM TO: "task-seconds stalls" of the calls between two tracepoints that reach into a window.
# An end belongs to the last begin of its thread.
lost() {
	sqlite3 -separator ' ' "$1" "
		WITH ev AS (SELECT ts, pid, 0 AS ended FROM $2 UNION ALL SELECT ts, pid, 1 FROM $3),
		call AS (SELECT lag(ts) OVER w AS b, ts AS e, lag(ended) OVER w AS was, ended FROM ev
			 WINDOW w AS (PARTITION BY pid ORDER BY ts, ended))
		SELECT printf('%.6f', sum(min(e, $5) - max(b, $4)) / 1e9), count(*) FROM call
		WHERE ended AND was = 0 AND e > $4 AND b < $5"
}

# compare SAMPLE BEGIN END
compare() {
	"$SQUALL" import -q "$TOP/samples/$1.dat" -o "$work/$1.db"
	"$SQUALL" analyze --json "$work/$1.db" >"$work/$1.json"
	read -r from to seconds stalls < <(jq -r '.findings[0] | "\(.start_ns) \(.end_ns) \(.evidence.lost_task_seconds.value * 1e6 |
		round / 1e6) \(.evidence.lost_stalls.value)"' "$work/$1.json")
	read -r sql_seconds sql_stalls < <(lost "$work/$1.db" "$2" "$3" "$from" "$to")
	is "$(printf %.6f "$seconds") $stalls" "$sql_seconds $sql_stalls" "$1: task-seconds and stalls are those that SQL counts"
	is "$(sqlite3 "$work/$1.db" "SELECT count(*) FROM finding WHERE incident IS NULL OR leads IS NULL OR severity_by IS NULL")" 0 \
		"$1: the store has the incidents"
}
compare defrag-spin-6.18 mm_vmscan_direct_reclaim_begin mm_vmscan_direct_reclaim_end
compare kswapd-reset-6.18 mm_vmscan_memcg_reclaim_begin mm_vmscan_memcg_reclaim_end

j() { jq -c "$1" "$work/kswapd-reset-6.18.json"; }
is "$(j '.incidents | map([.kind, .leading])')" '[["spurious-kswapd-reset",0]]' "resets lead"
is "$(j '.findings[] | select(.kind == "endless-kswapd") | [.leads, .caused_by]')" '[false,0]' "and are the cause of endless kswapd"
is "$(j '.findings as $f | [.incidents[0].timeline[] | select($f[.finding].kind | test("kswapd")) |
	[.what, $f[.finding].kind]]')" \
	'[["began","spurious-kswapd-reset"],["began","endless-kswapd"],["ended","spurious-kswapd-reset"],["ended","endless-kswapd"]]' \
	"with a timeline"
is "$(j '.findings[0] | [.caused.tasks[0].comm, .suffered.tasks[0].comm]')" '["fileread","fileread"]' \
	"who caused and who suffered are told apart"
is "$(sqlite3 "$work/kswapd-reset-6.18.db" "SELECT kind, findings = (SELECT count(*) FROM finding) FROM incident")" \
	"spurious-kswapd-reset|1" "so does the store"
is "$(sqlite3 "$work/kswapd-reset-6.18.db" "SELECT caused_by FROM finding WHERE kind = 'endless-kswapd'")" spurious-kswapd-reset \
	"and says what caused what"
text=$("$SQUALL" analyze "$work/kswapd-reset-6.18.db")
like "$text" "^INCIDENT 1  high  spurious-kswapd-reset and [12] findings* that it explains" "the text leads with the cause"
like "$text" "caused by FINDING 1, spurious-kswapd-reset: with kswapd_failures set back" "and says why"
for format in html markdown; do
	like "$("$SQUALL" report "$work/kswapd-reset-6.18.db" --format $format)" "with kswapd_failures set back" "$format too"
done

# 157 task-seconds in 34 s on two CPUs are more than one stalled task for each CPU.
is "$(jq -r '.findings[0] | "\(.severity) \(.severity_by)"' "$work/defrag-spin-6.18.json")" "critical lost-time" \
	"without PSI the time lost decides"

# The same with PSI: full grows by 200 ms each second, which is 20 %.
"$SQUALL" import -q "$TOP/samples/defrag-spin-6.18.dat" -o "$work/psi.db"
sqlite3 "$work/psi.db" "INSERT INTO series(id, scope, name, unit) VALUES(901, 'system', 'psi.memory.full.total', 'us');
	WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < 44)
	INSERT INTO sample(ts, series_id, value) SELECT 25500000000 + n * 1000000000, 901, n * 200000 FROM s"
"$SQUALL" analyze --json "$work/psi.db" >"$work/psi.json"
is "$(jq -r '.findings[0] | "\(.severity) \(.severity_by) \(.evidence.psi_full_share.value * 100 | round)"' "$work/psi.json")" \
	"high psi 20" "with PSI the pressure decides"
done_testing
