/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stall_log.h - the stalls of tasks in fixed memory, and what any window of time had of them.
 *
 * STALL_LOG_MAX stalls are kept, the longest when there are more, and sums and a histogram by bucket of a time axis. As
 * long as all stalls are there numbers are exact (percentiles: latency.h). Beyond, sums are right up to the buckets at
 * the edges of the window, percentiles up to a fifth, and tasks have at least what they are said to have lost.
 *
 * Which stay of a task is a stall is for the caller to say: see impact.h.
 */
#ifndef SQUALL_ANALYZE_STALL_LOG_H
#define SQUALL_ANALYZE_STALL_LOG_H

#include "analyze/finding.h"
#include "analyze/time_axis.h"

#define STALL_LOG_MAX	32768u

struct stall {
	uint64_t	begin_ns, end_ns;
	uint64_t	memcg_id;	/* whose limit, where it is told; 0 */
	int32_t		tid;
	uint8_t		kind;		/* enum loss_kind */
	bool		within;		/* no stall of its own, but a part of one */
};

/* A task in the window that was measured last. */
struct stall_victim {
	int32_t		tid;
	bool		used;
	uint64_t	memcg_id;	/* whose limit it met, where it is told; 0. The caller may put in what is better */
	uint64_t	stalls, ns;	/* ns: inside of the window */
};

struct stall_log;

/* @axis is borrowed, and must live as long. NULL: no memory; stall_log_free frees. */
struct stall_log *stall_log_new(const struct time_axis *axis);
void stall_log_free(struct stall_log *log);		/* NULL is fine */

/* The axis reaches to the end of @s, which is not before its begin. */
void stall_log_add(struct stall_log *log, const struct stall *s);

/* Before the axis doubles its width. */
void stall_log_fold(struct stall_log *log);

/* Whether every stall is still there. */
bool stall_log_exact(const struct stall_log *log);

/* Of the window of @f, whose impact is 0: lost_s, within_s, stalls, p50_ns, p99_ns, max_ns. And the victims, see below. */
void stall_log_measure(struct stall_log *log, struct finding *f);

/* Those of the last stall_log_measure(), in no order; the caller may sort them. Valid until the next one. */
uint32_t stall_log_victims(struct stall_log *log, struct stall_victim ***out);

#endif
