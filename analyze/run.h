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
 *  - prepare_kswapd_sleep() sends kswapd to a nap of 100 ms (HZ/10) when the node is balanced or given up. So when the
 *    next run begins sooner than that after the last sign of life of this one, and nobody woke kswapd, there was no
 *    nap: the run ended with the node unbalanced and kswapd_failures below 16. Such a run is called unrested. Who wakes
 *    kswapd leaves mm_vmscan_wakeup_kswapd, except a task in throttle_direct_reclaim(), which goes on to direct reclaim:
 *    a mm_vmscan_direct_reclaim_begin in the gap counts as a wakeup. Where the recording has no wakeup_kswapd events, a
 *    gap below RUN_GAP_LIKELY_NS makes a run likely unrested: a nap that somebody ends so soon is rare, not impossible.
 */
#ifndef SQUALL_ANALYZE_RUN_H
#define SQUALL_ANALYZE_RUN_H

#include <stdbool.h>

#include "analyze/mm_event.h"
#include "analyze/threshold.h"

#define RUN_MAX_NODES		1024		/* MAX_NUMNODES of x86-64 */
#define RUN_GAP_LIKELY_NS	1000000		/* 1 ms; in the lab 99 % of gaps without a nap were below 0.2 ms */

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
	uint64_t	last_ns;	/* the last event that shows this run at work */
	enum run_result	result;
	bool		may_have_progressed; /* RUN_UNKNOWN: objects were freed, so perhaps pages; or events were lost */
	bool		unrested;	/* see above; needs the next run, so false for the last one */
	bool		likely_unrested; /* the same, for lack of wakeup_kswapd events not proven */
	bool		slept;		/* ended by the full sleep */
	uint64_t	reclaimed_pages;
};

/* Totals of one node. */
struct run_stats {
	int32_t		nid;
	int32_t		tid;		/* its kswapd */
	uint64_t	wakes, sleeps, wakeups;
	uint64_t	intervals;	/* first wake .. full sleep, both seen */
	uint64_t	intervals_ns;
	bool		awake;		/* at the end of the recording, since awake_since_ns */
	uint64_t	awake_since_ns;
	uint64_t	open_ns;	/* of the interval that the end of the recording cut; 0 when asleep */
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
