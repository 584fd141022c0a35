-- Why the allocator tries again. In reclaim_retry_zone available is free plus reclaimable pages of the zone. Free pages
-- above min together with no_progress_loops 0 and wmark_check 1, over and over: there is memory, and reclaim frees
-- more, but none of a kind that the request can use.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
SELECT	node, zone_idx, "order", count(*) AS retries,
	sum(wmark_check) AS go_on,
	sum(available - reclaimable > min_wmark) AS free_above_min,
	max(no_progress_loops) AS no_progress_max,
	min(available - reclaimable) AS free_least_pages, max(available - reclaimable) AS free_most_pages,
	min(min_wmark) AS min_wmark_least_pages, max(min_wmark) AS min_wmark_most_pages
FROM	reclaim_retry_zone
GROUP	BY node, zone_idx, "order"
ORDER	BY retries DESC;
