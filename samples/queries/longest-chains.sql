-- The allocations that waited longest: direct reclaim after direct reclaim for one request. Many cycles, retries that
-- see free pages above min, and few pages asked for (2^order) are the picture of a spin.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
SELECT	round(start_ns / 1e9, 6) AS at_s, round((end_ns - start_ns) / 1e9, 3) AS lasts_s,
	tid, comm, migratetype, order_requested, order_reclaimed, cycles,
	retries, retries_free_above_min, no_progress_max,
	reclaimed_pages, anon_pages, compactions, ended
FROM	reclaim_chain
ORDER	BY end_ns - start_ns DESC
LIMIT	20;
