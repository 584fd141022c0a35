-- For how many of the recorded seconds each zone was below which watermark, and how little was free.
-- needs: samples
SELECT	node, zone, count(*) AS seconds, count(*) FILTER (WHERE below IS NOT NULL) AS below_high,
	count(*) FILTER (WHERE below IN ('low', 'min')) AS below_low,
	count(*) FILTER (WHERE below = 'min') AS below_min, min(free_pages) AS least_free_pages,
	max(min_pages) AS min_pages, max(boost_pages) AS boost_pages
FROM	zone_watermarks
GROUP	BY node, zone;
