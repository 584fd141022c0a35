/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_namer.h - a sink in front of another that tells the name, process and cgroup of a thread.
 *
 * Live events carry a thread id and nothing else. The rest is told, the best source first:
 *
 *  notes    of BPF (collect/task_probe.h), for each thread that reclaims or compacts, at that moment; also a change of
 *           name, and a thread id that is used again: before the event that they belong to
 *  look-up  (collect/task_lookup.h) of a thread that no note told of, asked for at its first event and again with its
 *           next one after a second, at most 500 a second: some time later, as what others found out comes through
 *           this sink. What comes of a thread that has notes is passed over
 *
 * Events must come in order of time, in ns of CLOCK_MONOTONIC. For one thread; nothing is allocated after
 * task_namer_new(), and nothing waits.
 */
#ifndef SQUALL_COLLECT_TASK_NAMER_H
#define SQUALL_COLLECT_TASK_NAMER_H

#include "collect/task_lookup.h"
#include "collect/task_probe.h"
#include "spine/sink.h"

/* All are borrowed and must outlive the namer. */
struct task_namer_options {
	struct task_probe	*probe;		/* NULL: no notes */
	struct task_lookup	*lookup;	/* asked, not run; NULL: no look-ups */
};

struct task_namer_stats {
	uint64_t	unnamed;	/* thread ids with events and without a name, each once */
	uint64_t	put_off;	/* times that nobody was asked, for the second had its look-ups */
	uint64_t	looked_up;	/* times that somebody was */
	uint64_t	notes;		/* names that BPF told */
	uint64_t	notes_dropped;	/* its ring was full */
};

struct task_namer;

/* -ENOMEM. Free with task_namer_free(). */
int task_namer_new(const struct task_namer_options *options, const struct sink *sink, struct task_namer **out);
void task_namer_free(struct task_namer *n);	/* NULL is fine */

/* Everything may go through it. */
struct sink task_namer_sink(struct task_namer *n);

/* Names were lost behind the sink: threads that have events are looked up again. */
void task_namer_repeat(struct task_namer *n);

/* Tells the notes that wait for an event; at the end. 0, or what the sink answered. */
int task_namer_finish(struct task_namer *n);

void task_namer_get_stats(const struct task_namer *n, struct task_namer_stats *out);

/* Inside: one note of BPF. Here because tests tell notes without BPF. @namer: a struct task_namer. */
int task_namer_note(void *namer, const struct task_note *note);

#endif
