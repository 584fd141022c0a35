-- Tasks that reclaim their cgroup's own pages (memory.high, memory.max or memory.reclaim). On a kernel before 7.0 each
-- call that frees a page sets kswapd_failures of the node back to 0.
-- sample: kswapd-reset-6.18
WITH event AS (
	SELECT	id, ts, pid, 1 AS is_begin, NULL AS nr_reclaimed FROM mm_vmscan_memcg_reclaim_begin
	UNION	ALL
	SELECT	id, ts, pid, 0, nr_reclaimed FROM mm_vmscan_memcg_reclaim_end
), call AS (
	SELECT	pid, is_begin, ts, lead(is_begin) OVER task AS next_is_begin, lead(ts) OVER task - ts AS ns,
		lead(nr_reclaimed) OVER task AS pages
	FROM	event
	WINDOW	task AS (PARTITION BY pid ORDER BY id)
)
SELECT	pid, (SELECT comm FROM task WHERE task.pid = call.pid ORDER BY after_id DESC LIMIT 1) AS comm,
	count(*) AS calls, sum(pages > 0) AS calls_with_progress, sum(pages) AS pages,
	round(sum(ns) / 1e6, 3) AS total_ms, round(max(ns) / 1e6, 3) AS max_ms,
	round(min(ts) / 1e9, 3) AS first_s, round(max(ts) / 1e9, 3) AS last_s
FROM	call
WHERE	is_begin = 1 AND next_is_begin = 0
GROUP	BY pid
ORDER	BY calls DESC;
