/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chain.h - reclaim chains: the direct-reclaim cycles that one task spends on one allocation.
 *
 * A cycle is begin .. end of direct reclaim, then perhaps direct compaction (T), then one reclaim_retry_zone for each
 * zone that should_reclaim_retry() examined, or a compact_retry. The next begin belongs to the same allocation when
 * such a retry that answered "go on" lies between, the gfp_flags are the same, the order is that of the begin before or
 * of the retry (a promoted request may fall back to its own), and the pause after the retry is below threshold
 * chain-gap. (Direct reclaim does not nest in a task: PF_MEMALLOC.) A retry that then finds a page without
 * reclaiming leaves no event, so two allocations in close succession may be seen as one chain; each of its retries
 * is genuine all the same, but counts per chain may belong to more than one allocation.
 *
 * Feed events in time order. A finished chain goes to ops->done; the pointer is valid during that call only. At most
 * CHAIN_MAX_TASKS tasks have an open chain; past that the one idle for the longest ends as CHAIN_EVICTED.
 */
#ifndef SQUALL_ANALYZE_CHAIN_H
#define SQUALL_ANALYZE_CHAIN_H

#include <stdbool.h>

#include "analyze/mm_event.h"
#include "analyze/threshold.h"
#include "kernel/gfp.h"

#define CHAIN_MAX_TASKS	16384

/* Where the recording does not tell: x86-64 with pages of 4 KiB. */
#define PAGEBLOCK_ORDER_DEFAULT	9
#define PAGEBLOCK_PAGES_DEFAULT	(1u << PAGEBLOCK_ORDER_DEFAULT)

enum chain_end {
	CHAIN_DONE,		/* no retry followed: the usual success; also NORETRY failure or death */
	CHAIN_CUT,		/* a second begin without an end: events are missing */
	CHAIN_OPEN,		/* the recording ended inside it */
	CHAIN_EVICTED,
};

const char *chain_end_name(enum chain_end end);

struct chain {
	int32_t		tid;
	int32_t		node;			/* of its retries; -1 when there was none */
	uint64_t	start_ns, end_ns;	/* first begin .. last end */
	uint64_t	reclaim_ns;		/* sum of begin .. end */
	uint32_t	cycles;			/* begins */
	int32_t		order_reclaim;		/* largest of its begins: the promoted one on fixed kernels */
	int32_t		order_request;		/* of its retries, else of its begins (never promoted there) */
	uint64_t	gfp;
	enum migratetype migratetype;
	bool		io_allowed;		/* __GFP_IO: without it the kernel may not compact */
	uint64_t	reclaimed_pages;	/* sum of end.nr_reclaimed, without the sentinel below */
	uint32_t	sentinels;		/* ends of 1 page at order > 3: "backed off for compaction" */
	uint64_t	anon_pages;		/* reclaimed from anonymous lists, where shrink events tell */
	uint64_t	write_folios;		/* anonymous folios written out */
	uint32_t	retries;		/* times the kernel decided to go on */
	uint32_t	retries_idle;		/* of these: no_progress_loops 0 and the watermark test passed */
	uint32_t	retries_free;		/* of the idle ones: free pages above min + one pageblock, first zone */
	uint32_t	no_progress_max;
	uint32_t	retries_counted;	/* no_progress_loops above 0 right after a reclaim that did free pages */
	uint32_t	retries_promoted;	/* after a reclaim at a higher, costly order: the promotion of 7.2 */
	uint32_t	compactions;		/* direct compaction attempts */
	int32_t		compaction_order_max;	/* -1 none */
	enum chain_end	ended;
};

struct chain_ops {
	void (*done)(void *ctx, const struct chain *chain);
};

struct chain_set;

/* th and layout are borrowed and may change their content while the set lives. -ENOMEM. Caller frees *out. */
int chain_set_new(const struct thresholds *th, const struct gfp_layout *layout, const struct chain_ops *ops, void *ctx,
		  struct chain_set **out);
void chain_set_free(struct chain_set *set);

/* Pages in a pageblock; 512 until told. */
void chain_set_pageblock(struct chain_set *set, uint64_t pages);

void chain_feed(struct chain_set *set, const struct mm_event *mm);

/*
 * Events of @cpu (EVENT_CPU_UNKNOWN: of any) were lost: what tasks that were last seen there did meanwhile is not known,
 * so their chains end as CHAIN_CUT with what was seen.
 */
void chain_loss(struct chain_set *set, uint16_t cpu);

/* Chains whose task has been quiet for ten seconds end. Cheap enough for once a second. */
void chain_expire(struct chain_set *set, uint64_t now_ns);

/* The recording is over. */
void chain_finish(struct chain_set *set);

#endif
