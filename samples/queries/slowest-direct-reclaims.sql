-- The slowest single calls of direct reclaim. Direct reclaim does not nest in a task, so a begin and the next event of
-- the same task, if it is an end, are one call.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
WITH event AS (
	SELECT	id, ts, pid, 1 AS is_begin, "order", gfp_flags, NULL AS nr_reclaimed FROM mm_vmscan_direct_reclaim_begin
	UNION	ALL
	SELECT	id, ts, pid, 0, NULL, NULL, nr_reclaimed FROM mm_vmscan_direct_reclaim_end
), call AS (
	SELECT	*, lead(is_begin) OVER task AS next_is_begin, lead(ts) OVER task AS end_ts,
		lead(nr_reclaimed) OVER task AS pages
	FROM	event
	WINDOW	task AS (PARTITION BY pid ORDER BY id)
)
SELECT	round(ts / 1e9, 6) AS at_s, round((end_ts - ts) / 1e6, 3) AS ms, pid,
	(SELECT comm FROM task WHERE task.pid = call.pid AND after_id < call.id ORDER BY after_id DESC LIMIT 1) AS comm,
	"order", printf('%#x', gfp_flags) AS gfp_flags, pages
FROM	call
WHERE	is_begin = 1 AND next_is_begin = 0
ORDER	BY end_ts - ts DESC
LIMIT	20;
