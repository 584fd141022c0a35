-- Who reclaimed pages from the LRU lists of which node: kswapd or the tasks themselves, anonymous or file pages.
-- nr_scanned is not shown: under MGLRU a second pass over the same pages prints it again.
-- sample: kswapd-reset-6.18
-- sample: defrag-spin-6.18
SELECT	nid AS node,
	CASE WHEN pid IN (SELECT pid FROM mm_vmscan_kswapd_wake) THEN 'kswapd' ELSE 'tasks' END AS reclaimer,
	CASE reclaim_flags & 1 WHEN 1 THEN 'anonymous' ELSE 'file' END AS list,
	count(*) AS batches, sum(nr_reclaimed = 0) AS batches_for_nothing, sum(nr_reclaimed) AS pages
FROM	mm_vmscan_lru_shrink_inactive
GROUP	BY 1, 2, 3
ORDER	BY 1, 2, 3;
