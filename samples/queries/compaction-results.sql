-- What compaction came to, per zone (it prints the zone's first page frame only) and per who did it. 3 and 4 are the
-- partial (success) and complete of kernels up to 4.6; no pass of a later one ends with these numbers.
-- sample: defrag-spin-6.18
-- sample: healthy-swap-6.18
WITH name(status, word) AS (
	VALUES (0, 'not_suitable_zone'), (1, 'skipped'), (2, 'deferred'), (3, 'success'), (4, 'complete'),
	       (5, 'complete'), (6, 'partial_skipped'), (7, 'contended'), (8, 'success')
)
SELECT	printf('%#x', zone_start) AS zone_start_pfn,
	CASE WHEN mm_compaction_end.pid IN (SELECT pid FROM task WHERE comm LIKE 'kcompactd%')
	     THEN 'kcompactd' ELSE 'allocating task' END AS by_whom,
	coalesce(word, status) AS result, count(*) AS times
FROM	mm_compaction_end LEFT JOIN name USING (status)
GROUP	BY 1, 2, 3
ORDER	BY zone_start, by_whom, times DESC;
