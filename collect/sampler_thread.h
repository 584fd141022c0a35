/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sampler_thread.h - the sampler in a thread of its own, for a reader that must never wait.
 *
 * Reading counters can wait for seconds just when it matters: in a storm the kernel's own allocations for open() and
 * for a read of /proc/vmstat reclaim as everybody's do, and memory.stat waits for a lock that reclaim takes too. So the
 * sampler's thread reads, and puts its samples into a hand-off of its own; the reader takes them out whenever it likes
 * and puts them where it puts all else. Then the sink has one producer still, and the samples' times are those of their
 * reads.
 *
 * All calls below come from one thread, the reader's. Order: new, start, drain ..., stop, free.
 */
#ifndef SQUALL_COLLECT_SAMPLER_THREAD_H
#define SQUALL_COLLECT_SAMPLER_THREAD_H

#include "collect/sampler.h"

struct sampler_thread;

/*
 * Takes all memory it needs and touches it: 4 MiB, some 40,000 samples. @sampler becomes the thread's, and must have
 * options.clock; when this fails it stays the caller's. -ENOMEM. Free with sampler_thread_free().
 */
int sampler_thread_new(struct sampler *sampler, struct sampler_thread **out);

/*
 * The thread begins, with sampler_start(): that too can take seconds on a machine that is starving already, with a
 * thousand cgroups to open. Facts come first, cgroups last. What pthread_create() said.
 */
int sampler_thread_start(struct sampler_thread *t);

/* Hands to @sink what has been sampled since the last time; never waits. 0, or what the sink returned. */
int sampler_thread_drain(struct sampler_thread *t, const struct sink *sink);

/* Samples were lost behind @sink: the next reads give every value again. */
void sampler_thread_repeat(struct sampler_thread *t);

/*
 * Ends the thread, drains, and calls sampler_stop(). A thread that hangs in the kernel is waited for up to five
 * seconds; then the last sample of everything is missing, which meta samples_cut says. Meta samples_dropped: what found
 * no room in the hand-off, because the reader did not drain it. What the sink returned. Without start: 0, nothing
 * happens.
 */
int sampler_thread_stop(struct sampler_thread *t, uint64_t now_ns, const struct sink *sink);

/* After stop, or without start. NULL is fine. A thread that still hangs keeps its memory. */
void sampler_thread_free(struct sampler_thread *t);

#endif
