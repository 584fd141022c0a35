-- Who stood in direct reclaim, how often, how long, and what it reclaimed there.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
WITH event AS (
	SELECT	id, ts, pid, 1 AS is_begin, NULL AS nr_reclaimed FROM mm_vmscan_direct_reclaim_begin
	UNION	ALL
	SELECT	id, ts, pid, 0, nr_reclaimed FROM mm_vmscan_direct_reclaim_end
), call AS (
	SELECT	pid, is_begin, lead(is_begin) OVER task AS next_is_begin, lead(ts) OVER task - ts AS ns,
		lead(nr_reclaimed) OVER task AS pages
	FROM	event
	WINDOW	task AS (PARTITION BY pid ORDER BY id)
)
SELECT	pid, (SELECT comm FROM task WHERE task.pid = call.pid ORDER BY after_id DESC LIMIT 1) AS comm,
	count(*) AS calls, round(sum(ns) / 1e6, 3) AS total_ms, round(max(ns) / 1e6, 3) AS max_ms, sum(pages) AS pages
FROM	call
WHERE	is_begin = 1 AND next_is_begin = 0
GROUP	BY pid
ORDER	BY sum(ns) DESC;
