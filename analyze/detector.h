/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * detector.h - the interface of a detector: one file, one line in the table of detector_table.c.
 *
 * A detector sees the recording once, in time order, after the shared passes have made chains, calls and kswapd runs
 * of it. It keeps bounded state and reports by detector_report(). Every member but kind, create and destroy may be
 * NULL.
 */
#ifndef SQUALL_ANALYZE_DETECTOR_H
#define SQUALL_ANALYZE_DETECTOR_H

#include "analyze/call.h"
#include "analyze/chain.h"
#include "analyze/finding.h"
#include "analyze/mm_event.h"
#include "analyze/run.h"
#include "analyze/threshold.h"

/* What a detector may know of the recording as a whole. Borrowed; grows while events come. */
struct facts {
	uint64_t		seen[TP_COUNT];		/* events so far, by tracepoint */
	uint64_t		first_ns, last_ns;
	uint32_t		cpus;			/* at least 1; more may show up */
	uint64_t		pageblock_pages;	/* 0 not known */
	int			defrag_mode;		/* vm.defrag_mode; -1 not known */
	char			release[128];		/* uname -r, "" not known */
};

struct detect {
	const struct thresholds	*th;
	const struct facts	*facts;
	void			(*report)(void *ctx, struct finding *finding);
	void			*ctx;
};

/* The tracepoints that a verdict needs: without any event of one of them the detector has not judged. */
#define DETECTOR_MAX_NEEDS	4

struct detector {
	const char		*kind;
	const char		*title;			/* one line for --help and lists */
	enum tracepoint		needs[DETECTOR_MAX_NEEDS];	/* TP_NONE ends */
	const char		*without;		/* what to record when one of them is missing */

	/* d is borrowed and outlives the state. -ENOMEM. */
	int (*create)(const struct detect *d, void **state);
	void (*destroy)(void *state);
	const enum tracepoint	*events;	/* which ones event() wants; TP_NONE ends */
	void (*event)(void *state, const struct mm_event *mm);
	void (*chain)(void *state, const struct chain *chain);
	void (*call)(void *state, const struct reclaim_call *call);
	void (*run)(void *state, const struct kswapd_run *run);
	void (*sample)(void *state, const struct sample *sample);
	void (*failures)(void *state, const struct failures_change *change);
	void (*finish)(void *state);
};

extern const struct detector *const detectors[];
extern const int ndetectors;

extern const struct detector nonmovable_reclaim_spin;
extern const struct detector spurious_kswapd_reset;
extern const struct detector endless_kswapd;
extern const struct detector hopeless_node;

/* Starts a finding of @kind with the fields that every finding has. */
static inline struct finding finding_start(const struct detector *detector, uint64_t start_ns, uint64_t end_ns)
{
	return (struct finding){ .kind = detector->kind, .variant = "", .start_ns = start_ns, .end_ns = end_ns,
				 .node = -1, .tid = -1, .otherwise = "", .explanation = "", .remedy = "",
				 .references = "" };
}

static inline void detector_report(const struct detect *d, struct finding *finding)
{
	d->report(d->ctx, finding);
}

#endif
