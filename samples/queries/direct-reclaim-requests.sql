-- What direct reclaim was asked for: order, migratetype and whether the request may start I/O. The mobility bits of
-- gfp_flags are 3 (movable) and 4 (reclaimable), __GFP_IO is 6, on every kernel that is in use.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
SELECT	"order",
	CASE gfp_flags >> 3 & 3 WHEN 0 THEN 'unmovable' WHEN 1 THEN 'movable' WHEN 2 THEN 'reclaimable' END AS migratetype,
	CASE gfp_flags >> 6 & 1 WHEN 1 THEN 'yes' ELSE 'no' END AS io_allowed,
	count(*) AS calls, count(DISTINCT pid) AS tasks
FROM	mm_vmscan_direct_reclaim_begin
GROUP	BY "order", gfp_flags >> 3 & 3, gfp_flags >> 6 & 1
ORDER	BY calls DESC;
