-- What the analysis found, by incident, the leading cause of each first. The columns explanation, remedy and evidence have more.
-- sample: defrag-spin-6.18
-- sample: kswapd-reset-6.18
-- sample: healthy-swap-6.18
SELECT	incident, severity, kind, caused_by, variant, confidence, node, pid,
	round((start_ns - (SELECT value FROM meta WHERE key = 'start_ns')) / 1e9, 3) AS from_s,
	round((end_ns - start_ns) / 1e9, 3) AS lasts_s,
	CASE loss WHEN 0 THEN 'no' ELSE 'yes' END AS events_lost,
	summary
FROM	finding
ORDER	BY incident, leads DESC, start_ns;
