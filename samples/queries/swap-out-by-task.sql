-- Which tasks wrote out folios during reclaim: kswapd doing its work, or tasks that only wanted a few pages. Bit 0 of
-- reclaim_flags: anonymous memory, so swap. A huge page is one folio.
-- sample: defrag-spin-6.18
SELECT	pid, (SELECT comm FROM task WHERE task.pid = mm_vmscan_write_folio.pid ORDER BY after_id DESC LIMIT 1) AS comm,
	count(*) AS folios, sum(reclaim_flags & 1) AS anonymous_folios,
	round(min(ts) / 1e9, 3) AS first_s, round(max(ts) / 1e9, 3) AS last_s
FROM	mm_vmscan_write_folio
GROUP	BY pid
ORDER	BY folios DESC;
