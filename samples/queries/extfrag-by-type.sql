-- Pages taken from blocks of another migratetype. A whole block or a re-typed one (claimed) does no lasting harm;
-- single pages stolen out of a block (polluting) keep it from becoming free in one piece.
-- sample: defrag-spin-6.18
WITH name(type, word) AS (VALUES (0, 'unmovable'), (1, 'movable'), (2, 'reclaimable'), (3, 'highatomic'))
SELECT	coalesce(wants.word, alloc_migratetype) AS wants, coalesce(takes.word, fallback_migratetype) AS takes_from,
	CASE WHEN fallback_order >= coalesce((SELECT value + 0 FROM meta WHERE key = 'pageblock_order'), 9) THEN 'whole block'
	     WHEN change_ownership THEN 'claimed' ELSE 'polluting' END AS how,
	count(*) AS events, max(alloc_order) AS alloc_order_max, min(fallback_order) AS fallback_order_min
FROM	mm_page_alloc_extfrag
	LEFT JOIN name AS wants ON wants.type = alloc_migratetype
	LEFT JOIN name AS takes ON takes.type = fallback_migratetype
GROUP	BY 1, 2, 3
ORDER	BY events DESC;
