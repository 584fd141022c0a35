/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memcg_slot.h - how counters of cgroups, and of the system, grow in slots of ten seconds, and which slots in a row
 * belong to one episode.
 *
 * The user names the counters. Samples come only when a value changed, so slots are those of the clock: the first
 * begins with the first sample. When one is over, ops->slot() looks at all cgroups and marks those that are bad; after
 * it, the episode of a cgroup that is marked is made longer, that of one that is not goes to ops->done(). Growth within
 * an episode is what a second source counts between its start_ns and end_ns: the last value before the one, and the
 * last before the other.
 *
 * A counter that begins anew counts from 0. One that comes for the first time has not grown. The files that squall
 * record reads of the ten busiest cgroups have gaps where there are more: growth across one (MEMCG_STALE_NS) is left
 * out, for when it was is not known. So is growth across a slot in which nobody sampled anything.
 *
 * Fixed memory: MEMCG_SLOTS cgroups, MEMCG_EPISODES episodes at a time; more are left out.
 */
#ifndef SQUALL_ANALYZE_MEMCG_SLOT_H
#define SQUALL_ANALYZE_MEMCG_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/event.h"
#include "spine/time.h"

#define MEMCG_SLOTS		4096u		/* a power of two */
#define MEMCG_EPISODES		32
#define MEMCG_COUNTERS		14
#define MEMCG_SLOT_NS		(10 * NSEC_PER_SEC)
#define MEMCG_SLOT_MIN_NS	(5 * NSEC_PER_SEC)	/* what the end of the recording leaves of a slot: less is no rate */
#define MEMCG_ALWAYS_READ	10u		/* with no more cgroups there are no gaps */
#define MEMCG_STALE_NS		(7 * NSEC_PER_SEC)	/* busy or not, a cgroup that is read at all is read in 5 s */

struct memcg_counter {
	const char	*name;		/* NULL ends the list */
	bool		gaps;		/* of memory.stat and others that only the busy ones have */
};

/* One cgroup, or the system (id 0). By index of the user's counters. */
struct memcg {
	uint64_t	id;
	bool		used, gone;
	bool		known[MEMCG_COUNTERS];
	int64_t		now[MEMCG_COUNTERS];
	int64_t		max[MEMCG_COUNTERS];	/* of the slot */
	int64_t		grown[MEMCG_COUNTERS];	/* in the slot */
	uint64_t	at_ns[MEMCG_COUNTERS];
	unsigned int	marks;			/* of the slot that is over; 0: it is not bad */
};

struct memcg_episode {
	bool		active;
	uint64_t	id;
	uint64_t	start_ns, end_ns;
	unsigned int	slots;
	unsigned int	marks;			/* of all its slots */
	int64_t		now[MEMCG_COUNTERS];	/* as they were at its end */
	int64_t		grown[MEMCG_COUNTERS];
	bool		known[MEMCG_COUNTERS];
};

struct memcg_slots;

/* What a user wants, constant. */
struct memcg_slot_ops {
	const struct memcg_counter *of_cgroup, *of_system;	/* share their indexes; a name "" is not wanted */
	/* The slot from @from_ns to @to_ns is over. Sets marks of what is bad, in s->system and by memcg_slots_each(). */
	void (*slot)(void *ctx, struct memcg_slots *s, uint64_t from_ns, uint64_t to_ns);
	void (*done)(void *ctx, const struct memcg_episode *e);		/* borrowed */
};

struct memcg_slots {
	const struct memcg_slot_ops	*ops;
	void				*ctx;
	bool				begun;
	uint64_t			slot_ns, last_ns;
	uint64_t			resumed_ns;	/* after a pause: growth since a sample before it is left out */
	struct memcg			system;
	uint32_t			ncgroups;
	uint64_t			left_out;	/* samples of cgroups for which there was no room */
	struct memcg			cgroup[MEMCG_SLOTS];		/* by id */
	struct memcg_episode		episode[MEMCG_EPISODES];
};

/* @s zeroed is empty. @ops and @ctx are the same each time, and stay in place. */
void memcg_slots_sample(struct memcg_slots *s, const struct memcg_slot_ops *ops, void *ctx,
			const struct sample *sample);

/* The next cgroup after @cg, the first one after NULL; NULL at the end. */
struct memcg *memcg_slots_each(struct memcg_slots *s, struct memcg *cg);

/* What is bad up to now goes to ops->done(), and nothing changes: without the slot that is open. */
void memcg_slots_so_far(const struct memcg_slots *s);

/* The recording is over. */
void memcg_slots_finish(struct memcg_slots *s);

double memcg_episode_s(const struct memcg_episode *e);

#endif
