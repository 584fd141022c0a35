-- Which cgroups suffered from memory while it was recorded: how long some of their tasks stalled, how often they hit a
-- limit, how large they got. From samples: of the whole recording, busiest first.
-- needs: samples
SELECT	path, some_seconds, full_seconds, high_events, max_events, oom_kills, peak_bytes >> 20 AS peak_mib,
	stat_refault_file_pages AS refault_file_pages, removed
FROM	memcg_total
WHERE	some_seconds > 0 OR high_events > 0 OR max_events > 0 OR oom_kills > 0
ORDER	BY some_seconds DESC, max_events DESC
LIMIT	30;
