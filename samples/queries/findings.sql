-- What the analysis found, worst first. The columns explanation, remedy and evidence have more.
-- sample: defrag-spin-6.18
-- sample: kswapd-reset-6.18
-- sample: healthy-swap-6.18
SELECT	severity, kind, variant, confidence, node, pid,
	round((start_ns - (SELECT value FROM meta WHERE key = 'start_ns')) / 1e9, 3) AS from_s,
	round((end_ns - start_ns) / 1e9, 3) AS lasts_s,
	CASE loss WHEN 0 THEN 'no' ELSE 'yes' END AS events_lost,
	summary
FROM	finding
ORDER	BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, start_ns;
