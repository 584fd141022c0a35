-- How many events of each tracepoint there are, and how many a second over the whole recording: what a recording costs.
-- sample: defrag-spin-6.18
-- sample: kswapd-reset-6.18
-- sample: healthy-swap-6.18
WITH span AS (
	SELECT	(max(value + 0) - min(value + 0)) / 1e9 AS seconds
	FROM	meta
	WHERE	key IN ('start_ns', 'end_ns')
)
SELECT	system, name, rows, round(rows / nullif(seconds, 0), 1) AS per_s
FROM	event_type, span
ORDER	BY rows DESC, name;
