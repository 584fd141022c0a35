-- What the task with the longest chain did during it, event by event: one row per event, ms since the event before.
-- For another task replace the two bounds and the tid in CTE chain.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
WITH chain AS MATERIALIZED (
	SELECT	tid, start_ns, end_ns FROM reclaim_chain ORDER BY end_ns - start_ns DESC LIMIT 1
), event AS (
	SELECT	id, ts, pid, printf('direct reclaim begins, order %d, gfp_flags %#x', "order", gfp_flags) AS what
	FROM	mm_vmscan_direct_reclaim_begin
	UNION	ALL
	SELECT	id, ts, pid, printf('direct reclaim ends, %d pages', nr_reclaimed)
	FROM	mm_vmscan_direct_reclaim_end
	UNION	ALL
	SELECT	id, ts, pid, printf('retry: node %d zone %d, %d pages free, min %d, no_progress_loops %d, wmark_check %d',
				    node, zone_idx, available - reclaimable, min_wmark, no_progress_loops, wmark_check)
	FROM	reclaim_retry_zone
)
SELECT	round(ts / 1e9, 6) AS at_s, round((ts - lag(ts) OVER (ORDER BY id)) / 1e6, 3) AS after_ms, what
FROM	event JOIN chain ON pid = tid AND ts BETWEEN start_ns AND end_ns
ORDER	BY id;
