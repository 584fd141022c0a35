-- How often an allocation needs how many direct reclaims, and what that costs. On a healthy machine nearly every one
-- needs a single one.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
SELECT	migratetype,
	CASE WHEN cycles = 1 THEN '1' WHEN cycles < 5 THEN '2-4' WHEN cycles < 17 THEN '5-16' ELSE '17 and more' END AS cycles,
	count(*) AS chains, sum(cycles) AS direct_reclaims,
	round(sum(end_ns - start_ns) / 1e9, 3) AS total_s, round(max(end_ns - start_ns) / 1e9, 3) AS longest_s,
	sum(reclaimed_pages) AS reclaimed_pages, sum(1 << order_requested) AS requested_pages
FROM	reclaim_chain
GROUP	BY 1, 2
ORDER	BY migratetype, min(reclaim_chain.cycles);
