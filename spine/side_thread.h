/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * side_thread.h - work that may wait, in a thread of its own, for a reader that must never wait.
 *
 * Looking around can take seconds just when it matters: in a storm the kernel's own allocations for open(), for a read
 * of /proc/vmstat or for a look of BPF reclaim as everybody's do, and memory.stat waits for a lock that reclaim takes
 * too. So the work is done in a thread beside the reader, with a hand-off of its own; the reader takes out what came of
 * it whenever it likes and puts it where it puts all else. Then the sink has one producer still.
 *
 * All calls below come from one thread, the reader's, but for those of the work itself. Order: new, start, drain ...,
 * stop, free.
 */
#ifndef SQUALL_SPINE_SIDE_THREAD_H
#define SQUALL_SPINE_SIDE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/sink.h"

#define SIDE_THREAD_ASLEEP	INT64_MAX	/* what work() answers when it waits to be woken */

struct side_work {
	const char	*name;		/* at most 8 bytes; the thread is squall-NAME, metas NAME_dropped and NAME_cut */
	uint32_t	memory_kib;	/* of the hand-off: what is made while the reader does something else */
	void		*ctx;
	/* In the thread: the ns until it wants to be called again; a negative errno ends the thread. */
	int64_t		(*work)(void *ctx, uint64_t now_ns, const struct sink *sink);
	/* In the thread, before work(): output was lost, or somebody new listens. May be NULL. */
	void		(*repeat)(void *ctx);
	/* In the reader's thread, when the other has ended: what is to be said last. May be NULL. */
	int		(*last)(void *ctx, uint64_t now_ns, const struct sink *sink);
};

struct side_thread;

/* Takes all memory it needs and touches it. @work is copied. -ENOMEM. Free with side_thread_free(). */
int side_thread_new(const struct side_work *work, struct side_thread **out);

/* The thread begins by calling work(). What pthread_create() said. */
int side_thread_start(struct side_thread *t);

/* work() is called as soon as it can be. Never waits. */
void side_thread_wake(struct side_thread *t);

/* repeat() is called before the next work(). */
void side_thread_repeat(struct side_thread *t);

/* Hands to @sink what has been made since the last time; never waits. 0, or what the sink returned. */
int side_thread_drain(struct side_thread *t, const struct sink *sink);

/*
 * Ends the thread, drains, and calls last(). A thread that hangs in the kernel is waited for up to five seconds; then
 * meta NAME_cut says so, and last() is not called. Meta NAME_dropped: what found no room in the hand-off, because the
 * reader did not drain it. What the sink returned. Without start: 0, nothing happens.
 */
int side_thread_stop(struct side_thread *t, uint64_t now_ns, const struct sink *sink);

/*
 * After stop, or without start. NULL is fine. False: the thread still hangs, and what work.ctx points to must stay with
 * the process.
 */
bool side_thread_free(struct side_thread *t);

#endif
