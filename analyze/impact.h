/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impact.h - what a storm cost: the time that tasks lost, and the kernel's own account of it (PSI), for any window.
 *
 * A stall is one stay of a task in direct reclaim (node reclaim too), in reclaim for a cgroup's limit, in
 * compaction, or asleep in reclaim_throttle(). Those nest: compaction of a task sleeps when too many pages are
 * isolated, and soft limit reclaim runs inside of direct reclaim. The outermost is the stall; what is inside is kept
 * apart, so nothing counts twice. Threads that reclaim for others are nobody's lost time: kswapd, kcompactd,
 * khugepaged. A call without its end is left out, so the numbers are lower bounds.
 *
 * Memory is fixed, whatever the input: what that costs in exactness is told by stall_log.h and pressure.h, which keep
 * stalls and PSI along one axis of time (time_axis.h), whose buckets double their width when the recording grows over
 * their end.
 *
 * Reclaim that a task asks for itself (memory.reclaim) counts as its lost time: no event tells it from the reclaim
 * at a limit.
 */
#ifndef SQUALL_ANALYZE_IMPACT_H
#define SQUALL_ANALYZE_IMPACT_H

#include "analyze/call.h"
#include "analyze/finding.h"
#include "analyze/mm_event.h"

#define IMPACT_WIDTH_NS		1000000ull	/* of a bucket, at first: two seconds in all */

struct impact;

struct impact *impact_new(void);		/* NULL: no memory; impact_free frees */
void impact_free(struct impact *imp);		/* NULL is fine */

/*
 * A reclaim is over. @comm: the thread's, "" not known. @within: the task is still in another one. Scans of shrinkers
 * are no stalls, and ignored.
 */
void impact_call(struct impact *imp, const struct reclaim_call *call, const char *comm, bool within);

/* For compaction_begin and _end, throttled, and what only kswapd and kcompactd emit. @within: it is in a reclaim. */
void impact_event(struct impact *imp, const struct mm_event *mm, const char *comm, bool within);

/* Of the pressure of the system and of cgroups; all others are ignored. */
void impact_sample(struct impact *imp, const struct sample *sample);

/* Events of @cpu (EVENT_CPU_UNKNOWN: of any) were lost: what is open there has no known end. */
void impact_loss(struct impact *imp, uint16_t cpu);

struct impact_names {
	uint64_t	(*cgroup_of)(void *ctx, int32_t tid);	/* 0 not known */
	void		*ctx;
};

/*
 * What the window of @f was like, as far as it is known by now: f->impact but .timed, which is for the caller to know,
 * f->suffered and f->cgroups, without names. A share of PSI is known when samples cover half of the window. In a
 * finding that was measured before (f->impact.measured), a share that is not known any more stays as it was.
 */
void impact_measure(struct impact *imp, struct finding *f, const struct impact_names *names);

/* Whether every stall is still there: then measuring again, later, loses nothing. */
bool impact_exact(const struct impact *imp);

uint64_t impact_bucket_ns(const struct impact *imp);	/* width of a bucket now */

#endif
