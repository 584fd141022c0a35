-- The storm second by second: who stalled, how much was free, what kswapd took, what was reclaimed and swapped.
-- needs: samples
SELECT	second, node, round(memory_some_percent, 1) AS some_percent, round(memory_full_percent, 1) AS full_percent,
	free_pages, hopeless, round(kswapd_percent, 1) AS kswapd_percent, direct_reclaims,
	system_pressure.steal_kswapd_pages + system_pressure.steal_direct_pages AS stolen_pages,
	node_pressure.refault_file_pages, swap_out_pages, oom_kills
FROM	node_pressure LEFT JOIN psi USING (second) LEFT JOIN system_pressure USING (second)
ORDER	BY second, node;
