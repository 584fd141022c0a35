/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * call.h - reclaim calls: one begin and its end by the same task, with duration and result.
 *
 * The kinds are one table of begin and end tracepoints. Kinds nest (a slab scan inside a memcg reclaim), one kind does
 * not nest in itself, except slab scans in theory; an end takes the begin before it.
 */
#ifndef SQUALL_ANALYZE_CALL_H
#define SQUALL_ANALYZE_CALL_H

#include <stdbool.h>

#include "analyze/latency.h"
#include "analyze/mm_event.h"

#define CALL_MAX_TASKS	16384
#define CALL_NODE_BITS	64

enum call_kind { CALL_DIRECT, CALL_MEMCG, CALL_SOFTLIMIT, CALL_NODE, CALL_SLAB, CALL_KINDS };

struct reclaim_call {
	enum call_kind	kind;
	int32_t		tid;
	uint64_t	begin_ns, end_ns;
	uint64_t	pages;		/* nr_reclaimed as printed; for slab: objects freed */
	uint64_t	memcg_id;	/* 7.1+; 0 not told */
	int32_t		order;
	int32_t		nid;		/* of its begin, where that tells it (node reclaim); else -1 */
	uint64_t	progress_nodes;	/* bit per node below CALL_NODE_BITS where its shrink events show pages reclaimed */
};

/* PAGE_ALLOC_COSTLY_ORDER: above it do_try_to_free_pages() may answer 1 for "compaction looks possible", 0 pages freed. */
#define CALL_COSTLY_ORDER	3

static inline bool call_backed_off(const struct reclaim_call *call)
{
	return call->kind != CALL_SLAB && call->pages == 1 && call->order > CALL_COSTLY_ORDER;
}

struct call_stats {
	uint64_t	unmatched_begin, unmatched_end;
	uint64_t	pages;		/* sum of nr_reclaimed as the events have it, backed_off included */
	uint64_t	backed_off;	/* calls at order > 3 that answered 1: reclaim left it to compaction, 0 pages */
	int32_t		max_tid;
	uint64_t	max_begin_ns;
	struct latency	latency;	/* count: calls */
};

struct call_ops {
	void (*done)(void *ctx, const struct reclaim_call *call);
};

struct call_set;

int call_set_new(const struct call_ops *ops, void *ctx, struct call_set **out);	/* -ENOMEM; caller frees *out */
void call_set_free(struct call_set *set);
void call_feed(struct call_set *set, const struct mm_event *mm);

/* Events of @cpu (EVENT_CPU_UNKNOWN: of any) were lost: calls open there have no known end, and count as unmatched. */
void call_loss(struct call_set *set, uint16_t cpu);

/* Whether @tid is in a reclaim call now, apart from scans of shrinkers. */
bool call_is_open(const struct call_set *set, int32_t tid);

void call_finish(struct call_set *set);		/* what is open is counted as unmatched_begin */

const struct call_stats *call_stats(const struct call_set *set, enum call_kind kind);
const char *call_kind_name(enum call_kind kind);	/* "direct reclaim", for people */
const char *call_kind_key(enum call_kind kind);		/* "direct", for programs */

#endif
