// SPDX-License-Identifier: GPL-2.0-only
/*
 * detector_table.c - the detectors there are, in the order in which their findings are shown at equal severity.
 */
#include "analyze/detector.h"

#include <string.h>

const struct detector *const detectors[] = {
	&nonmovable_reclaim_spin,
	&spurious_kswapd_reset,
	&endless_kswapd,
	&hopeless_node,
	&ram_backed_swap_stall,
	&zsmalloc_fragmentation,
	&oom_storm,
	&compaction_thrash,
	&compaction_deferred,
	&reclaim_throttled,
	&writeback_limited,
	&watermark_boost,
	&node_reclaim,
	&cma_contiguous,
	&nofs_noio_spin,
	&nofail_spin,
	&zswap_pool_limit,
	&zswap_shrinker_ineffective,
	&zswap_over_reclaim,
	&slab_shrinker_storm,
	&memcg_high_loop,
	&memory_low_overcommit,
	&proactive_overshoot,
	&tiering_ping_pong,
};

const int ndetectors = sizeof(detectors) / sizeof(detectors[0]);

const struct detector *detector_find(const char *kind)
{
	for (int i = 0; i < ndetectors; i++)
		if (!strcmp(detectors[i]->kind, kind))
			return detectors[i];
	return NULL;
}
