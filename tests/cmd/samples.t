#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The stores in samples/, recorded in guests: each is whole, has the finding that its page is about, and numbers of that
# finding are those that SQL counts in the same time.
. "$(dirname "$0")/../lib.sh"

# KIND, evidence, and what it is: SQL with FROM and TO for the time of the finding, or SCOPE:NAME, which stands for the growth of
# that counter meanwhile (of the cgroup in which it grew most)
rows() {
	cat <<-'ROWS'
	ram-backed-swap-stall|decisions_to_go_on|SELECT count(*) FROM reclaim_retry_zone WHERE wmark_check AND ts BETWEEN FROM AND TO
	zswap-pool-limit|limit_hits|SELECT system:zswap.pool_limit_hit
	zswap-pool-limit|past_zswap|SELECT system:pswpout - system:zswpwb
	zswap-shrinker-ineffective|past_zswap|SELECT system:pswpout - system:zswpwb
	zswap-over-reclaim|written_back|SELECT system:zswpwb
	zswap-over-reclaim|swap_in|SELECT system:pswpin
	memory-low-overcommit|scanned_by_kswapd|SELECT system:pgscan_kswapd
	proactive-overshoot|reclaimed_on_demand|SELECT cgroup:pgsteal_proactive
	proactive-overshoot|refaulted_file_pages|SELECT cgroup:workingset_refault_file
	writeback-limited|tasks_congested|SELECT count(*) FROM mm_vmscan_throttled WHERE reason = 8 AND ts BETWEEN FROM AND TO
	compaction-thrash|attempts|SELECT count(*) FROM mm_compaction_try_to_compact_pages WHERE ts BETWEEN FROM AND TO
	compaction-deferred|failed_tries|SELECT count(*) FROM mm_compaction_defer_compaction WHERE defer_shift = 6 AND idx = 1 AND ts BETWEEN FROM AND TO
	ROWS
}

# growth STORE SCOPE NAME FROM TO: only changes are stored, so the value at a time is the last one up to it
growth() {
	sqlite3 "$1" "WITH one AS (SELECT series_id, ts, value FROM sample JOIN series ON series.id = series_id
			WHERE scope = '$2' AND name = '$3')
		SELECT max(at_end - at_start) FROM (SELECT
			(SELECT value FROM one WHERE series_id = s.series_id AND ts <= $5 ORDER BY ts DESC LIMIT 1) AS at_end,
			coalesce((SELECT value FROM one WHERE series_id = s.series_id AND ts <= $4 ORDER BY ts DESC LIMIT 1),
				(SELECT value FROM one WHERE series_id = s.series_id ORDER BY ts LIMIT 1)) AS at_start
			FROM (SELECT DISTINCT series_id FROM one) AS s)"
}

# count STORE SQL FROM TO
count() {
	local sql=$2 counter

	while [[ $sql =~ (system|cgroup):([a-z_.]+) ]]; do
		counter=${BASH_REMATCH[0]}
		sql=${sql//"$counter"/$(growth "$1" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "$3" "$4")}
	done
	sqlite3 "$1" "$(sed "s/FROM AND TO/$3 AND $4/" <<<"$sql")"
}

found=
for store in "$TOP"/samples/*.db; do
	[ -e "$store" ] || break
	name=$(basename "$store" .db)
	kind=$(sed -n "1s/^# $name.db: //p" "$TOP/samples/$name.md")
	"$SQUALL" analyze --json "$store" >"$work/json"
	is "$(sqlite3 "$store" 'PRAGMA integrity_check')" ok "$name is whole"
	if [ "$kind" = "a control" ]; then
		is "$(jq -c '[.findings[] | select(.severity != "info") | .kind]' "$work/json")" '[]' "$name: nothing is found"
		continue
	fi
	found="$found $kind"
	is "$(jq --arg kind "$kind" '.findings | any(.kind == $kind)' "$work/json")" true "$name: $kind is found"
	is "$(jq -r '.findings[] | select(.severity != "info") | .kind' "$work/json" | sort -u)" \
		"$(sed -n 's/^- [a-z]*: `\([a-z-]*\)`.*/\1/p' "$TOP/samples/$name.md" | sort -u)" "$name: and what else its page says"
	while IFS='|' read -r of evidence sql; do
		[ "$of" = "$kind" ] || continue
		read -r from to value < <(jq -r --arg kind "$kind" --arg name "$evidence" '[.findings[] | select(.kind == $kind)][0] |
			"\(.start_ns) \(.end_ns) \(.evidence[$name].value)"' "$work/json")
		is "$value" "$(count "$store" "$sql" "$from" "$to")" "$name: $evidence is what SQL counts"
	done < <(rows)
done
[ -n "$found" ]
ok $? "there are stores"
done_testing
