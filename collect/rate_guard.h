/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rate_guard.h - which classes of events come faster than a recording should take, and how much they are thinned.
 *
 * A class is thinned by threads: with shift s, those are kept whose id is a multiple of 2^s, so that what is left of a
 * thread is whole, and so are pairs and chains. (Every n-th event would leave begins without ends.) The threads kept at
 * one shift are among those kept at a smaller one.
 *
 * The guard counts and decides; its caller sets the filters and says what came of it. It allocates nothing, and an
 * event costs it one increment.
 *
 * Too fast is a class above its limit for RATE_GUARD_SUSTAINED_NS: bursts are what the ring and the handoff are for.
 * It is thinned less, a step at a time, after RATE_GUARD_CALM_NS under a quarter of the limit, since a recording runs
 * before and after the burst and is to be whole there. A quarter, because the next step may double the rate, and the
 * same room is left again. What is kept says little of what is not when few threads make the events; so each step that
 * proves wrong doubles the wait for the next, up to RATE_GUARD_CALM_MAX_NS.
 */
#ifndef SQUALL_COLLECT_RATE_GUARD_H
#define SQUALL_COLLECT_RATE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/event_set.h"

/*
 * The default limit, events/s of one class. An event costs 0.3 us in the reader and 0.5 us in the writer: so many of
 * each CPU take 8 % of it, and so many in all a third of one CPU, 12 MB/s of disk, and a quarter of what the writer can
 * take. Two CPUs in memcg reclaim all the time make 60,000 each.
 */
#define RATE_GUARD_PER_CPU	100000u
#define RATE_GUARD_IN_ALL	400000u
#define RATE_GUARD_DEFAULT	(-1)

#define RATE_GUARD_WINDOW_NS	500000000ull
#define RATE_GUARD_SUSTAINED_NS	2000000000ull
#define RATE_GUARD_CALM_NS	30000000000ull
#define RATE_GUARD_CALM_MAX_NS	(32 * RATE_GUARD_CALM_NS)
#define RATE_GUARD_SHIFT_MAX	8u		/* one thread of 256 */

struct rate_guard_class {
	uint64_t	events;			/* of this window */
	uint64_t	rate;			/* events/s of the window before */
	uint64_t	over_since_ns;		/* above the limit since; 0 it is not */
	uint64_t	calm_since_ns;		/* thinned, and under a quarter of the limit since; 0 it is not */
	uint64_t	calm_wait_ns;
	uint64_t	loosened_ns;		/* when it was last thinned less; 0 never */
	uint8_t		shift;
	uint8_t		wanted;			/* after rate_guard_check() */
	bool		fixed;			/* cannot be thinned */
};

struct rate_guard {
	uint64_t		limit;		/* events/s of one class on all CPUs together; 0 none */
	uint64_t		window_ns;	/* when this window began */
	struct rate_guard_class	classes[EVENT_CLASSES];
};

/*
 * @max_rate events/s of a class and CPU, the mean of all @cpus, since what it protects, reader, writer and file, is one
 * for all CPUs; 0 no limit, RATE_GUARD_DEFAULT.
 */
void rate_guard_init(struct rate_guard *g, int64_t max_rate, unsigned int cpus, uint64_t now_ns);

static inline void rate_guard_count(struct rate_guard *g, enum event_class class)
{
	g->classes[class].events++;
}

/*
 * Ends the window if it is over. @lost events that the ring lost in it are taken to be of all classes in proportion.
 * Returns the classes (bit 1 << class) that are to go from .shift to .wanted; rate_guard_done() for each of them.
 */
uint32_t rate_guard_check(struct rate_guard *g, uint64_t now_ns, uint64_t lost);

/* The filters of @class are set to .wanted, or (@done false) the kernel does not take them: they are as before. */
void rate_guard_done(struct rate_guard *g, enum event_class class, bool done);

/* Is any class thinned? */
bool rate_guard_thins(const struct rate_guard *g);

#endif
