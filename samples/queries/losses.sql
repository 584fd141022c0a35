-- Where events were lost, per CPU and stage. No row: nothing is known to be lost.
-- sample: defrag-spin-6.18
-- sample: kswapd-reset-6.18
-- sample: healthy-swap-6.18
SELECT	stage, cpu, count(*) AS places, sum(events) AS events_known,
	count(*) - count(events) AS places_without_count,
	round(min(ts) / 1e9, 6) AS first_s, round(max(ts) / 1e9, 6) AS last_s
FROM	loss
GROUP	BY stage, cpu
ORDER	BY stage, cpu;
