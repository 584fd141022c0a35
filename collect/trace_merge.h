/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_merge.h - ring pages of several CPUs, as they are read live, merged into one sequence of records by time.
 *
 * Each CPU has a few pages, allocated and touched at the start. The caller fills them, says how far each CPU has been
 * read, and takes records up to the time that all CPUs have been read to (the horizon). What is newer waits in its
 * page. A CPU without a free page is not read further: the rest waits in the kernel's ring, so memory is bounded and
 * the order still holds. There is always a way on: the CPU that holds back the horizon can itself be emptied up to its
 * last page.
 */
#ifndef SQUALL_COLLECT_TRACE_MERGE_H
#define SQUALL_COLLECT_TRACE_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/tracedat_page.h"

/* 1,000 events of a CPU; more pages save no calls, and two CPUs' worth still fits the L2 cache. */
#define TRACE_MERGE_PAGES	16u

struct merge_record {
	uint64_t	ts;
	const uint8_t	*data;		/* valid until the next call with this merge */
	uint32_t	size;
	uint32_t	cpu;		/* 0 .. ncpus - 1 */
	int64_t		missed;		/* events that the kernel lost before it: 0 none, -1 not told how many */
	bool		damaged;	/* a bad page before it */
};

struct trace_merge;

/* @layout outlives *out. -ENOMEM; caller frees *out. */
int trace_merge_new(const struct ring_layout *layout, unsigned int ncpus, uint32_t page_bytes, unsigned int pages,
		    struct trace_merge **out);
void trace_merge_free(struct trace_merge *m);		/* NULL is fine */

/* A free page of @cpu to read into, NULL when it has none. Filled, it is handed in by trace_merge_add(). */
void *trace_merge_page(struct trace_merge *m, unsigned int cpu);
void trace_merge_add(struct trace_merge *m, unsigned int cpu, uint32_t len);

/* Nothing older than @ts will come from @cpu. A page says so of itself. */
void trace_merge_read_to(struct trace_merge *m, unsigned int cpu, uint64_t ts);

/* Up to which time a CPU has been read, and the least of all CPUs. */
uint64_t trace_merge_cpu_time(const struct trace_merge *m, unsigned int cpu);
uint64_t trace_merge_horizon(const struct trace_merge *m);

/* The next record of all CPUs not newer than @horizon: true, or false when there is none. */
bool trace_merge_next(struct trace_merge *m, uint64_t horizon, struct merge_record *rec);

/* Losses of @cpu with no record behind them that could say so: true once, with cpu, ts, missed and damaged in *rec. */
bool trace_merge_rest(struct trace_merge *m, unsigned int cpu, struct merge_record *rec);

#endif
