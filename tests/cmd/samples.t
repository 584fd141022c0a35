#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The stores in samples/, recorded in guests: each is whole, has the finding that its page is about, and numbers of that
# finding are those that SQL counts in the same time.
. "$(dirname "$0")/../lib.sh"

# KIND, evidence, SQL with FROM and TO for the time of the finding; grown(NAME): of a counter of the system
sql_of() {
	cat <<-'ROWS'
	nonmovable-reclaim-spin|extfrag_nonmovable_in_recording|SELECT count(*) FROM mm_page_alloc_extfrag WHERE alloc_migratetype <> 1
	ram-backed-swap-stall|decisions_to_go_on|SELECT count(*) FROM reclaim_retry_zone WHERE wmark_check AND ts BETWEEN FROM AND TO
	zswap-pool-limit|limit_hits|SELECT grown(zswap.pool_limit_hit)
	zswap-pool-limit|swap_out|SELECT grown(pswpout)
	zswap-pool-limit|past_zswap|SELECT grown(pswpout) - grown(zswpwb)
	zswap-shrinker-ineffective|past_zswap|SELECT grown(pswpout) - grown(zswpwb)
	zswap-over-reclaim|written_back|SELECT grown(zswpwb)
	zswap-over-reclaim|swap_in|SELECT grown(pswpin)
	memory-low-overcommit|scanned_by_kswapd|SELECT grown(pgscan_kswapd)
	proactive-overshoot|reclaimed_on_demand|SELECT grown(pgsteal_proactive)
	proactive-overshoot|refaulted_file_pages|SELECT grown(workingset_refault_file)
	writeback-limited|tasks_congested|SELECT count(*) FROM mm_vmscan_throttled WHERE reason = 8 AND ts BETWEEN FROM AND TO
	compaction-thrash|attempts|SELECT count(*) FROM mm_compaction_try_to_compact_pages WHERE ts BETWEEN FROM AND TO
	compaction-deferred|failed_tries|SELECT count(*) FROM mm_compaction_defer_compaction WHERE defer_shift = 6 AND idx = 1 AND ts BETWEEN FROM AND TO
	ROWS
}

# count STORE SQL FROM TO
count() {
	local sql

	sql=$(sed -E "s/grown\(([a-z_.]+)\)/(SELECT max(value) - min(value) FROM (SELECT value, ts FROM sample JOIN series \
ON series.id = series_id WHERE scope = 'system' AND name = '\1' AND ts <= TO AND ts >= (SELECT max(ts) FROM sample JOIN series \
ON series.id = series_id WHERE scope = 'system' AND name = '\1' AND ts <= FROM)))/g; s/FROM AND TO/$3 AND $4/; s/<= TO/<= $4/g; \
s/<= FROM/<= $3/g" <<<"$2")
	sqlite3 "$1" "$sql"
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
	done < <(sql_of)
done
[ -n "$found" ]
ok $? "there are stores"
done_testing
