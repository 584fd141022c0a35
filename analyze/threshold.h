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
	TH_MAX_RECLAIM_RETRIES,
	TH_SWAP_CLUSTER_MAX,
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
