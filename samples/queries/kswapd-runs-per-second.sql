-- Balance runs of each kswapd, second by second, and the pages that it reclaimed from the LRU lists meanwhile. Hundreds
-- of runs a second with no pages: kswapd that should have given up. A second without a run has no row.
-- sample: kswapd-reset-6.18
-- sample: defrag-spin-6.18
WITH run AS (
	SELECT	nid, pid, ts / 1000000000 AS second, count(*) AS runs
	FROM	mm_vmscan_kswapd_wake
	GROUP	BY nid, pid, second
), shrink AS (
	SELECT	pid, ts / 1000000000 AS second, sum(nr_reclaimed) AS pages
	FROM	mm_vmscan_lru_shrink_inactive
	WHERE	pid IN (SELECT pid FROM mm_vmscan_kswapd_wake)
	GROUP	BY pid, second
)
SELECT	second, nid AS node, runs, coalesce(pages, 0) AS pages
FROM	run LEFT JOIN shrink USING (pid, second)
ORDER	BY second, node;
