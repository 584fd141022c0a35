#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall compare of recordings of this machine: its metrics against the same from the stores by SQL.
. "$(dirname "$0")/../record.sh"

# Room for two processes and their batches of pages; the file is three times as large.
echo 48M >"$group/memory.limit_in_bytes"
start_load
for name in base cand; do
	"$SQUALL" record -q -o "$work/$name.db" -d 1 2>/dev/null || break
done
stop_load
"$SQUALL" compare --json --cgroup "/${group##*/}" "$work/base.db" -- "$work/cand.db" >"$work/json" 2>"$work/err"
is "$?" 0 "two recordings of this machine can be compared"
is "$(jq '.environment_differences | length' "$work/json")" 0 "their environments are the same"
is "$(jq -r '.base_runs[0].environment["vm.swappiness"]' "$work/json")" "$(cat /proc/sys/vm/swappiness)" \
	"and told"
like "$(jq -r '.notes[].text' "$work/json")" 'runs share a boot' "that they are of one boot is told"

# value METRIC: of the base run, in millionths.
value() {
	jq ".metrics[] | select(.name == \"$1\") | .base_values[0] * 1e6 | round" "$work/json"
}
sampled="(SELECT (max(ts) - min(ts)) / 1e9 FROM sample)"
grown="(SELECT sum(more) FROM (SELECT max(value) - min(value) AS more FROM sample
	JOIN series ON series.id = series_id WHERE scope = 'system' AND name IN"
end=") GROUP BY series_id)"
is "$(value scan.all)" "$(sql "$work/base.db" "SELECT CAST(round(1e6 * $grown ('pgscan_anon', 'pgscan_file'$end) /
	$sampled) AS INTEGER)")" "pages scanned a second, as SQL has it"
is "$(value psi.io_full)" "$(sql "$work/base.db" "SELECT CAST(round(1e2 * $grown ('psi.io.full.total'$end) / $sampled)
	AS INTEGER)")" "time stalled for I/O, as SQL has it"
is "$(value free.blocks)" "$(sql "$work/base.db" "SELECT CAST(round(1e6 * sum(value * (until - ts)) / sum(until - ts))
	AS INTEGER) FROM (SELECT ts, value, lead(ts, 1, (SELECT max(ts) FROM sample)) OVER (ORDER BY sample.id) AS until
	FROM sample JOIN series ON series.id = series_id WHERE scope = 'system' AND name = 'nr_free_pages_blocks')")" \
	"free blocks over time, as SQL has it"
is "$(value "cgroup./${group##*/}.failcnt")" "$(sql "$work/base.db" "SELECT CAST(round(1e6 * (max(value) - min(value)) /
	$sampled) AS INTEGER) FROM sampled WHERE name = 'memory.failcnt' AND path = '/${group##*/}'")" \
	"how often the cgroup hit its limit, as SQL has it"
# Calls whose begin and end are both there; one per thread at a time.
calls=$(sql "$work/base.db" "SELECT sum(ts - before) FROM (
	SELECT what, ts, lag(ts) OVER (PARTITION BY pid ORDER BY id) AS before,
		lag(what) OVER (PARTITION BY pid ORDER BY id) AS was
	FROM (SELECT id, pid, ts, 'begin' AS what FROM mm_vmscan_memcg_reclaim_begin
		UNION ALL SELECT id, pid, ts, 'end' FROM mm_vmscan_memcg_reclaim_end))
	WHERE what = 'end' AND was = 'begin'")
span=$(($(meta "$work/base.db" end_ns) - $(meta "$work/base.db" start_ns)))
[ "$calls" -gt 0 ]
ok $? "there was cgroup reclaim ($calls ns)"
is "$(value memcg.time)" "$(awk "BEGIN { printf \"%.0f\", $calls / $span * 1e8 }")" \
	"time in cgroup reclaim, as SQL has it"
done_testing
