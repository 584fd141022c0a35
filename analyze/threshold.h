/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * threshold.h - every number that a verdict depends on, with its unit and the reason for it.
 *
 * Kernel constants are in the table too, so that a reader sees them beside the choices; they are not settable.
 */
#ifndef SQUALL_ANALYZE_THRESHOLD_H
#define SQUALL_ANALYZE_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>

enum threshold {
	TH_CHAIN_GAP_S,
	TH_SPIN_CYCLES,
	TH_SPIN_PAGES,
	TH_SPIN_FREE_SHARE,
	TH_SPIN_EPISODE_GAP_S,
	TH_SPIN_TASKS,
	TH_SPIN_STALL_SHARE,
	TH_SPIN_STALL_HIGH,
	TH_SPIN_STALL_S,
	TH_SPIN_MOVABLE_SHARE,
	TH_LIVELOCK_CYCLES,
	TH_RESET_COUNT,
	TH_RESET_WINDOW_S,
	TH_RESET_RECUR_S,
	TH_RESET_OTHERS,
	TH_RESET_AWAKE_SHARE,
	TH_RESET_HIGH_RATE,
	TH_ENDLESS_S,
	TH_ENDLESS_RUNS,
	TH_ENDLESS_FUTILE_SHARE,
	TH_HOPELESS_S,
	TH_HOPELESS_STALL,
	TH_RAM_SWAP_S,
	TH_RAM_SWAP_HIGH_S,
	TH_RAM_SWAP_STALL,
	TH_RAM_SWAP_PSI,
	TH_RAM_SWAP_GO_ON,
	TH_RAM_SWAP_SHORT,
	TH_RAM_SWAP_SHORT_SLOT,
	TH_RAM_SWAP_OVER,
	TH_RAM_SWAP_OVER_HIGH,
	TH_RAM_SWAP_COST,
	TH_RAM_SWAP_RETRIES,
	TH_ZS_FRAG,
	TH_ZS_FRAG_HIGH,
	TH_ZS_FRAG_MEMORY,
	TH_ZS_FRAG_S,
	TH_OOM_KILLS,
	TH_OOM_WINDOW_S,
	TH_OOM_EFFICACY,
	TH_OOM_NOTHING,
	TH_OOM_SETTLE_S,
	TH_ZSWAP_PAGES,
	TH_ZSWAP_WINDOWS,
	TH_ZSWAP_GAP_S,
	TH_ZSWAP_PAST_HIGH,
	TH_ZSWAP_FILL,
	TH_ZSWAP_TIME_S,
	TH_ZSWAP_WRITTEN,
	TH_ZSWAP_COLD,
	TH_ZSWAP_BACK,
	TH_ZSWAP_BACK_S,
	TH_ZSWAP_PAST,
	TH_ZSWAP_IO,
	TH_ZSWAP_STEP,
	TH_ZSWAP_STEP_PSI,
	TH_IMPACT_PSI_HIGH,
	TH_IMPACT_PSI_CRITICAL,
	TH_IMPACT_LOST_HIGH,
	TH_IMPACT_LOST_CRITICAL,
	TH_IMPACT_OWN,
	TH_INCIDENT_GAP_S,
	TH_COMPACT_RATE,
	TH_COMPACT_TRIES,
	TH_COMPACT_STALL,
	TH_COMPACT_EFFICACY,
	TH_COMPACT_SCANNED,
	TH_COMPACT_BUSY,
	TH_COMPACT_DEFERRED,
	TH_COMPACT_DEFER_WINDOW_S,
	TH_THROTTLE_STALL,
	TH_THROTTLE_HIGH,
	TH_THROTTLE_WAITS,
	TH_WRITEBACK_STALL,
	TH_WRITEBACK_KSWAPD,
	TH_BOOST_SHARE,
	TH_BOOST_PAGES,
	TH_BOOST_REFAULT,
	TH_NODE_RECLAIM_STALL,
	TH_NODE_RECLAIM_RATE,
	TH_CMA_FAILURES,
	TH_CMA_PAGES,
	TH_CMA_FAILED_SHARE,
	TH_RESTRICTED_CYCLES,
	TH_RESTRICTED_STALL,
	TH_RESTRICTED_SHARE,
	TH_SLAB_SHARE,
	TH_SLAB_STALL,
	TH_SLAB_RATE,
	TH_SLAB_YIELD,
	TH_HIGH_RATE,
	TH_HIGH_NEAR,
	TH_HIGH_PSI,
	TH_HIGH_STALL,
	TH_HIGH_REFAULT,
	TH_HIGH_CALLS,
	TH_LOW_RATE,
	TH_LOW_SHARE,
	TH_PROACTIVE_PAGES,
	TH_PROACTIVE_REFAULT,
	TH_PROACTIVE_SHARE,
	TH_PROACTIVE_S,
	TH_TIERING_PAGES,
	TH_TIERING_S,
	TH_MAX_RECLAIM_RETRIES,
	TH_SWAP_CLUSTER_MAX,
	TH_COMPACT_MAX_DEFER_SHIFT,
	TH_KSWAPD_NAP_MS,
	TH_OOM_REAPER_S,
	TH_COUNT
};

struct threshold_info {
	const char	*name;
	const char	*unit;
	const char	*reason;
	double		value;
	double		min, max;
	bool		fixed;		/* a constant of the kernel: shown, not settable */
};

struct thresholds {
	double		value[TH_COUNT];
};

const struct threshold_info *threshold_info(enum threshold which);
void thresholds_default(struct thresholds *th);

/* "NAME=VALUE". -EINVAL with the reason in words in @err. */
int thresholds_set(struct thresholds *th, const char *assignment, char *err, size_t err_size);

/* Lines of NAME=VALUE, `#` comments. -EINVAL or the errno of reading, with the line in @err. */
int thresholds_load(struct thresholds *th, const char *path, char *err, size_t err_size);

#endif
