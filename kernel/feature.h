/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * feature.h - which features and fixes the running kernel has, as far as they matter to reclaim storms.
 *
 * Concluded from what the kernel shows of itself (BTF, tracefs, /proc, /sys), never from its version: distributions
 * carry fixes back. Where nothing tells, the answer is "unknown". (analyze/feature.h is the same for a recording.)
 */
#ifndef SQUALL_KERNEL_FEATURE_H
#define SQUALL_KERNEL_FEATURE_H

enum kernel_feature_state { KERNEL_FEATURE_UNKNOWN, KERNEL_FEATURE_PRESENT, KERNEL_FEATURE_ABSENT };

enum kernel_feature_id {
	KF_KSWAPD_FAILURES_ATOMIC,
	KF_KSWAPD_RESET_FIX,
	KF_KSWAPD_FAILURE_EVENTS,
	KF_MEMCG_ID_IN_EVENTS,
	KF_BALANCE_PGDAT_EVENTS,
	KF_RECLAIM_PAGES_EVENT,
	KF_PER_NODE_RECLAIM_COUNTERS,
	KF_DEFRAG_MODE,
	KF_DEFRAG_ORDER_PROMOTION,
	KF_DEFRAG_RETRIES_FOLLOW,
	KF_MEMCG_ZSWAP_INCOMP,
	KF_RAM_BACKED_SWAP_ESTIMATE,
	KF_ZSWAP_PROACTIVE_WRITEBACK,
	KF_COUNT
};

/* Where to look. NULL: this is not to be had. Borrowed during the call. */
struct kernel_paths {
	const char	*btf;		/* "/sys/kernel/btf/vmlinux": raw BTF or an ELF file with it */
	const char	*events;	/* "/sys/kernel/tracing/events" */
	const char	*proc;		/* "/proc" */
	const char	*sys;		/* "/sys" */
};

struct kernel_feature {
	const char			*name;		/* "kswapd-reset-fix"; constant */
	const char			*about;		/* what it is, for people; constant */
	enum kernel_feature_state	state;
	char				how[192];	/* "BTF: function kswapd_try_clear_hopeless is missing" */
};

/*
 * Fills @rows, KF_COUNT of them, by enum kernel_feature_id. What cannot be read makes rows unknown and is no error;
 * -ENOMEM is the only one.
 */
int kernel_features_detect(const struct kernel_paths *paths, struct kernel_feature *rows);

const char *kernel_feature_name(enum kernel_feature_id id);
const char *kernel_feature_state_name(enum kernel_feature_state state);

#endif
