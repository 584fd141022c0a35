-- How many tasks stood in direct reclaim, on average, in each second of the recording. 4.0: four tasks got nothing else
-- done. A call counts in each second for the part of it that lies there.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
WITH RECURSIVE event AS (
	SELECT	id, ts, pid, 1 AS is_begin FROM mm_vmscan_direct_reclaim_begin
	UNION	ALL
	SELECT	id, ts, pid, 0 FROM mm_vmscan_direct_reclaim_end
), paired AS (
	SELECT	ts AS begin_ts, is_begin, lead(is_begin) OVER task AS next_is_begin, lead(ts) OVER task AS end_ts
	FROM	event
	WINDOW	task AS (PARTITION BY pid ORDER BY id)
), call AS MATERIALIZED (
	SELECT	begin_ts, end_ts FROM paired WHERE is_begin = 1 AND next_is_begin = 0
), second(from_ts, to_ts, last_ts) AS (
	SELECT	min(begin_ts), min(begin_ts) + 1000000000, max(end_ts) FROM call
	UNION	ALL
	SELECT	to_ts, to_ts + 1000000000, last_ts FROM second WHERE to_ts < last_ts
)
SELECT	round(from_ts / 1e9, 3) AS at_s, count(call.begin_ts) AS calls,
	round(coalesce(sum(min(end_ts, to_ts) - max(begin_ts, from_ts)), 0) / 1e9, 3) AS tasks_stalled
FROM	second LEFT JOIN call ON begin_ts < to_ts AND end_ts > from_ts
GROUP	BY from_ts
ORDER	BY from_ts;
