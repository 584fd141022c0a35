// SPDX-License-Identifier: GPL-2.0-only
/*
 * detector_table.c - the detectors there are, in the order in which their findings are shown at equal severity.
 */
#include "analyze/detector.h"

const struct detector *const detectors[] = {
	&nonmovable_reclaim_spin,
	&spurious_kswapd_reset,
	&endless_kswapd,
	&hopeless_node,
	&ram_backed_swap_stall,
	&zsmalloc_fragmentation,
	&oom_storm,
};

const int ndetectors = sizeof(detectors) / sizeof(detectors[0]);
