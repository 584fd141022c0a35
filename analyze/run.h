/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - balance runs of kswapd: from one mm_vmscan_kswapd_wake to the next or to the full sleep.
 *
 * What a run came to is read from the kernel's own events where they exist (7.0: kswapd_reclaim_fail; 7.2:
 * balance_pgdat_end), else from the shrink events of the kswapd thread between the two, by the rules of
 * balance_pgdat() (mm/vmscan.c):
 *
 *  - kswapd_failures goes up when a run leaves the priority loop by its end (priority 1 was tried) with nothing
 *    reclaimed. A run that finds the node balanced leaves earlier and does not count. So: RUN_FUTILE needs priority 1
 *    seen, no page from the LRU lists and no object from a shrinker.
 *  - prepare_kswapd_sleep() sends kswapd to a nap of 100 ms (HZ/10) when the node is balanced or given up. A new run
 *    within that time that no mm_vmscan_wakeup_kswapd asked for therefore means that there was no nap: the run before
 *    ended with the node unbalanced and kswapd_failures below 16. Such a run is called unrested. (That nobody asked
 *    can only be said of a recording that has mm_vmscan_wakeup_kswapd events.)
 */
#ifndef SQUALL_ANALYZE_RUN_H
#define SQUALL_ANALYZE_RUN_H

#include <stdbool.h>

#include "analyze/mm_event.h"
#include "analyze/threshold.h"

#define RUN_MAX_NODES	1024	/* MAX_NUMNODES of x86-64 */

enum run_result {
	RUN_UNKNOWN,
	RUN_FUTILE,		/* reclaimed nothing: kswapd_failures went up */
	RUN_PROGRESS,		/* reclaimed something */
};

struct kswapd_run {
	int32_t		nid;
	int32_t		tid;
	int32_t		order;
	uint64_t	start_ns;
	uint64_t	end_ns;		/* next wake or full sleep; of balance_pgdat_end where there is one */
	enum run_result	result;
	bool		may_have_progressed; /* RUN_UNKNOWN: objects were freed, so perhaps pages; or events were lost */
	bool		unrested;	/* see above; needs the next run, so false for the last one */
	bool		slept;		/* ended by the full sleep */
	bool		first;		/* nothing is known of what was before */
	uint64_t	reclaimed_pages;
};

/* Totals of one node. */
struct run_stats {
	int32_t		nid;
	int32_t		tid;		/* its kswapd */
	uint64_t	wakes, sleeps, wakeups;
	uint64_t	intervals;	/* first wake .. full sleep, both seen */
	uint64_t	intervals_ns;
	uint64_t	awake_since_ns;	/* 0: asleep at the end of the recording */
	int32_t		order_max;
	uint64_t	runs, futile, progress, unrested;
	uint64_t	reclaimed_pages;
};

struct run_ops {
	void (*done)(void *ctx, const struct kswapd_run *run);
};

struct run_set;

int run_set_new(const struct run_ops *ops, void *ctx, struct run_set **out);	/* -ENOMEM; caller frees *out */
void run_set_free(struct run_set *set);
void run_feed(struct run_set *set, const struct mm_event *mm);

/* Events were lost: of the runs that are open nothing is certain. */
void run_loss(struct run_set *set);

void run_finish(struct run_set *set);

/* NULL for a node whose kswapd never showed up. */
const struct run_stats *run_stats(const struct run_set *set, int nid);

#endif
