// SPDX-License-Identifier: GPL-2.0-only
/*
 * chart_table.c - the charts that a report can have, in their order.
 */
#include "report/chart.h"

/* Most charts stand for themselves: instead_of is the chart itself. */
#define ALWAYS(chart)	.instead_of = chart

const struct chart_info chart_table[CHARTS] = {
	[CHART_FREE] = {
		"node-free", "Free pages against watermarks", "bytes",
		"kswapd is woken when free pages fall below low and stops at high; below min, tasks reclaim for "
		"themselves. Watermarks are the sums over the node's zones.",
		.of_node = true, .log = true, .subject = "zoneinfo", ALWAYS(CHART_FREE),
	},
	[CHART_RETRY_FREE] = {
		"retry-free", "Free pages that reclaim retries saw", "bytes",
		"What was free in a zone when an allocation decided to reclaim once more. Far above min: there was "
		"memory, but not of the kind that was asked for.",
		.events = { TP_RECLAIM_RETRY_ZONE }, ALWAYS(CHART_RETRY_FREE),
	},
	[CHART_FAILURES] = {
		"kswapd-failures", "kswapd_failures", "runs",
		"Runs of kswapd in a row that reclaimed nothing. At 16 the kernel takes the node for hopeless and "
		"kswapd stops. A saw-tooth that never gets there is a kswapd that cannot stop.",
		ALWAYS(CHART_FAILURES),
	},
	[CHART_KSWAPD_CPU] = {
		"kswapd-cpu", "CPU of kswapd and kcompactd", "percent",
		"Percent of one CPU.",
		.subject = "kswapd", ALWAYS(CHART_KSWAPD_CPU),
	},
	[CHART_KSWAPD_RUNS] = {
		"kswapd-runs", "Runs of kswapd", "per second",
		"Each balancing run. More than some ten a second without a break is a kswapd without rest.",
		.events = { TP_KSWAPD_WAKE }, ALWAYS(CHART_KSWAPD_RUNS),
	},
	[CHART_STALLED] = {
		"stalled", "Tasks in reclaim", "tasks",
		"How many tasks stood in direct reclaim, or in the reclaim of their cgroup, on average.",
		.events = { TP_DIRECT_RECLAIM_BEGIN, TP_MEMCG_RECLAIM_BEGIN }, ALWAYS(CHART_STALLED),
	},
	[CHART_STALLS] = {
		"stalls", "Reclaim calls", "per second", "Calls, by the time of their end.",
		.events = { TP_DIRECT_RECLAIM_BEGIN, TP_MEMCG_RECLAIM_BEGIN }, ALWAYS(CHART_STALLS),
	},
	[CHART_LATENCY] = {
		"latency", "Latency of direct reclaim", "ms",
		"How long single calls took, by the time of their end. Percentiles are within 3.2 %, the longest is "
		"exact.",
		.log = true, .events = { TP_DIRECT_RECLAIM_BEGIN }, ALWAYS(CHART_LATENCY),
	},
	[CHART_SCAN] = {
		"scan", "Pages scanned and reclaimed", "pages/s",
		"Counters of the kernel. Much scanned and little reclaimed is reclaim that does not get on. Kernels "
		"before 7.1 do not count the reclaim of cgroups here.",
		ALWAYS(CHART_SCAN),
	},
	[CHART_SCAN_EVENTS] = {
		"scan-events", "Pages scanned and reclaimed, by events", "pages/s",
		"From mm_vmscan_lru_shrink_inactive. Kernels with the multi-generational LRU count pages twice in "
		"scanned.",
		.events = { TP_LRU_SHRINK_INACTIVE }, .instead_of = CHART_SCAN,
	},
	[CHART_REFAULT] = {
		"refault", "Refaults", "pages/s",
		"Pages that were needed again soon after they had been reclaimed: memory that is too small for what "
		"is in use.",
		ALWAYS(CHART_REFAULT),
	},
	[CHART_EXTFRAG] = {
		"extfrag", "Pages taken from another type", "per second",
		"Allocations of one migratetype that were served from blocks of another: fragmentation as it happens.",
		.events = { TP_PAGE_ALLOC_EXTFRAG }, ALWAYS(CHART_EXTFRAG),
	},
	[CHART_COMPACTION] = {
		"compaction", "Compaction results", "per second", "What each attempt came to, per zone.",
		.events = { TP_COMPACTION_END }, ALWAYS(CHART_COMPACTION),
	},
	[CHART_COMPACT_COUNTERS] = {
		"compaction-counters", "Direct compaction, by counters", "per second",
		"Attempts (compact_stall), and what they came to. Up to 6.18 deferred ones count as attempts.",
		.instead_of = CHART_COMPACTION,
	},
	[CHART_THROTTLED] = {
		"throttled", "Tasks throttled in reclaim", "tasks",
		"How many tasks the kernel made wait, by its reason.",
		.events = { TP_THROTTLED }, ALWAYS(CHART_THROTTLED),
	},
	[CHART_PSI] = {
		"psi", "Pressure (PSI)", "percent",
		"Part of the time in which some task, or (full) all tasks that had work, waited for memory, I/O or a "
		"CPU.",
		.subject = "pressure", ALWAYS(CHART_PSI),
	},
	[CHART_CGROUP_PSI] = {
		"cgroup-psi", "Memory pressure by cgroup", "percent",
		"PSI memory some. The cgroups that waited longest.",
		.ranked = true, .subject = "cgroup", ALWAYS(CHART_CGROUP_PSI),
	},
	[CHART_CGROUP_MEMORY] = {
		"cgroup-memory", "Memory by cgroup", "bytes", "The largest ones. A cgroup contains those below it.",
		.ranked = true, .subject = "cgroup", ALWAYS(CHART_CGROUP_MEMORY),
	},
	[CHART_CGROUP_LIMIT] = {
		"cgroup-limit", "Limits hit by cgroup", "per second",
		"memory.high and memory.max, or memory.failcnt of cgroup v1.",
		.ranked = true, .subject = "cgroup", ALWAYS(CHART_CGROUP_LIMIT),
	},
	[CHART_SWAP] = {
		"swap", "Swap in use", "bytes", "By device.", .ranked = true, .subject = "swaps", ALWAYS(CHART_SWAP),
	},
	[CHART_SWAP_IO] = {
		"swap-io", "Swap traffic", "pages/s",
		"pswpin and pswpout go to swap devices (zram is one), zswpin and zswpout to zswap, zswpwb from zswap "
		"to a device.",
		ALWAYS(CHART_SWAP_IO),
	},
	[CHART_ZRAM] = {
		"zram", "zram", "bytes",
		"What was stored, what that was compressed to, and the memory that this takes.",
		.ranked = true, .subject = "zram", ALWAYS(CHART_ZRAM),
	},
	[CHART_ZSWAP] = {
		"zswap", "zswap", "bytes",
		"What was stored, and the memory that its compressed form takes.",
		.subject = "zswap", ALWAYS(CHART_ZSWAP),
	},
	[CHART_OOM] = {
		"oom", "OOM kills", "kills",
		"Tasks chosen by the OOM killer.",
		.events = { TP_MARK_VICTIM }, ALWAYS(CHART_OOM),
	},
};
