-- Time and result of each slab shrinker, by its scan function. Many calls that free next to nothing are the usual cost
-- of a kswapd that does not stop. The end of a call is the next event of the same task and shrinker. A recording from
-- text has the function's name in the event itself.
-- sample: kswapd-reset-6.18
-- sample: defrag-spin-6.18
WITH event AS (
	SELECT	id, ts, pid, shr, shrink, 1 AS is_start, NULL AS freed FROM mm_shrink_slab_start
	UNION	ALL
	SELECT	id, ts, pid, shr, shrink, 0, retval FROM mm_shrink_slab_end
), call AS (
	SELECT	shrink, is_start, lead(is_start) OVER shrinker AS next_is_start, lead(ts) OVER shrinker - ts AS ns,
		lead(freed) OVER shrinker AS freed
	FROM	event
	WINDOW	shrinker AS (PARTITION BY pid, shr ORDER BY id)
)
SELECT	coalesce((SELECT name FROM symbol WHERE addr = shrink),
		 CASE typeof(shrink) WHEN 'integer' THEN printf('%#x', shrink) ELSE shrink END) AS function,
	count(*) AS calls, round(sum(ns) / 1e6, 3) AS total_ms, round(max(ns) / 1e6, 3) AS max_ms,
	sum(freed = 0) AS calls_for_nothing, sum(freed) AS objects_freed
FROM	call
WHERE	is_start = 1 AND next_is_start = 0
GROUP	BY shrink
ORDER	BY sum(ns) DESC;
