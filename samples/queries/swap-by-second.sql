-- Swap devices second by second; of zram also what a stored byte costs and how fragmented its memory is.
-- needs: samples
SELECT	second, device, used_bytes >> 20 AS used_mib, size_bytes >> 20 AS size_mib, orig_bytes >> 20 AS stored_mib,
	memory_bytes >> 20 AS memory_mib, round(cost_ratio, 2) AS cost_ratio,
	round(fragmentation_percent, 1) AS fragmentation_percent
FROM	swap_pressure
ORDER	BY second, device;
