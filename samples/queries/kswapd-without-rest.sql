-- Stretches in which kswapd did not get to its full sleep: from the first wake to the next mm_vmscan_kswapd_sleep of
-- the node. asleep_at_end 0: it was still awake when the recording ended.
-- sample: kswapd-reset-6.18
-- sample: defrag-spin-6.18
WITH event AS (
	SELECT	id, ts, nid, 0 AS slept FROM mm_vmscan_kswapd_wake
	UNION	ALL
	SELECT	id, ts, nid, 1 FROM mm_vmscan_kswapd_sleep
), numbered AS (
	SELECT	*, sum(slept) OVER (PARTITION BY nid ORDER BY id) - slept AS stretch
	FROM	event
)
SELECT	nid AS node, round(min(ts) / 1e9, 6) AS from_s, round((max(ts) - min(ts)) / 1e9, 3) AS lasts_s,
	count(*) - sum(slept) AS runs, round((count(*) - sum(slept)) / nullif((max(ts) - min(ts)) / 1e9, 0), 1) AS runs_per_s,
	max(slept) AS asleep_at_end
FROM	numbered
GROUP	BY nid, stretch
HAVING	runs > 0
ORDER	BY max(ts) - min(ts) DESC;
