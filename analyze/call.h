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

enum call_kind { CALL_DIRECT, CALL_MEMCG, CALL_SOFTLIMIT, CALL_NODE, CALL_SLAB, CALL_KINDS };

struct reclaim_call {
	enum call_kind	kind;
	int32_t		tid;
	uint64_t	begin_ns, end_ns;
	uint64_t	pages;		/* nr_reclaimed as printed; for slab: objects freed */
	uint64_t	memcg_id;	/* 7.1+; 0 not told */
	int32_t		order;
	uint64_t	progress_nodes;	/* bit per node 0..63 where its shrink events show pages reclaimed */
};

struct call_stats {
	uint64_t	unmatched_begin, unmatched_end;
	uint64_t	pages;
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
void call_finish(struct call_set *set);		/* what is open is counted as unmatched_begin */

const struct call_stats *call_stats(const struct call_set *set, enum call_kind kind);
const char *call_kind_name(enum call_kind kind);	/* "direct reclaim", for people */
const char *call_kind_key(enum call_kind kind);		/* "direct", for programs */

#endif
