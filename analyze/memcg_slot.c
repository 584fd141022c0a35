// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcg_slot.c - see memcg_slot.h. Cgroups lie in an open hash by id; one that is gone leaves its place at the end of
 * the slot in which it went, so that this slot still counts.
 */
#include "analyze/memcg_slot.h"

#include <string.h>

static uint32_t home(uint64_t id)
{
	return (id * 0x9e3779b97f4a7c15ull) >> 32 & (MEMCG_SLOTS - 1);
}

/* The place of @id, or the free one where it belongs; NULL: there is neither. */
static struct memcg *lookup(struct memcg_slots *s, uint64_t id)
{
	uint32_t at = home(id);

	for (uint32_t i = 0; i < MEMCG_SLOTS; i++, at = (at + 1) & (MEMCG_SLOTS - 1))
		if (!s->cgroup[at].used || s->cgroup[at].id == id)
			return &s->cgroup[at];
	return NULL;
}

static struct memcg *place_of(struct memcg_slots *s, const struct sample *sample)
{
	struct memcg *cg;

	if (sample->scope == SCOPE_SYSTEM)
		return &s->system;
	if (sample->scope != SCOPE_CGROUP || !sample->cgroup_id || sample->node >= 0)
		return NULL;
	cg = lookup(s, sample->cgroup_id);
	/* An eighth stays free, so that looking for what is not there ends soon. */
	if (!cg || (!cg->used && s->ncgroups >= MEMCG_SLOTS / 8 * 7)) {
		s->left_out++;
		return NULL;
	}
	if (!cg->used) {
		*cg = (struct memcg){ .id = sample->cgroup_id, .used = true };
		s->ncgroups++;
	}
	return cg;
}

static int index_of(const struct memcg_counter *counters, const char *name)
{
	for (int i = 0; counters[i].name; i++)
		if (counters[i].name[0] == name[0] && !strcmp(counters[i].name, name))
			return i;
	return -1;
}

static int64_t growth(int64_t from, int64_t to)
{
	if (to < 0)
		return 0;
	return from >= 0 && to >= from ? to - from : to;
}

/* Counters are untrusted: a few of them can still be added up. */
#define GROWN_MAX	(1ll << 53)

static int64_t grown_by(int64_t grown, int64_t more)
{
	return more < GROWN_MAX - grown ? grown + more : GROWN_MAX;
}

static bool follows(const struct memcg_slots *s, uint64_t before_ns, bool gaps, uint64_t ts)
{
	gaps &= s->ncgroups > MEMCG_ALWAYS_READ;
	return before_ns >= s->resumed_ns && !(gaps && elapsed_ns(before_ns, ts) > MEMCG_STALE_NS);
}

static void put(const struct memcg_slots *s, struct memcg *cg, int i, bool gaps, const struct sample *sample)
{
	if (cg->known[i] && follows(s, cg->at_ns[i], gaps, sample->ts))
		cg->grown[i] = grown_by(cg->grown[i], growth(cg->now[i], sample->value));
	if (!cg->known[i] || sample->value > cg->max[i])
		cg->max[i] = sample->value;
	cg->known[i] = true;
	cg->now[i] = sample->value;
	cg->at_ns[i] = sample->ts;
}

/* --- episodes --- */

static struct memcg_episode *episode_of(struct memcg_slots *s, uint64_t id)
{
	struct memcg_episode *room = NULL;

	for (int i = 0; i < MEMCG_EPISODES; i++) {
		if (s->episode[i].active && s->episode[i].id == id)
			return &s->episode[i];
		if (!s->episode[i].active && !room)
			room = &s->episode[i];
	}
	if (room)
		*room = (struct memcg_episode){ .id = id };
	return room;
}

static void extend(struct memcg_slots *s, const struct memcg *cg, uint64_t from_ns, uint64_t to_ns)
{
	struct memcg_episode *e = episode_of(s, cg->id);

	if (!e)
		return;
	if (!e->active)
		e->start_ns = from_ns;
	e->active = true;
	e->end_ns = to_ns;
	e->slots++;
	e->marks |= cg->marks;
	memcpy(e->now, cg->now, sizeof(e->now));
	memcpy(e->known, cg->known, sizeof(e->known));
	for (int i = 0; i < MEMCG_COUNTERS; i++)
		e->grown[i] = grown_by(e->grown[i], cg->grown[i]);
}

static void close_before(struct memcg_slots *s, uint64_t end_ns)
{
	for (int i = 0; i < MEMCG_EPISODES; i++) {
		struct memcg_episode *e = &s->episode[i];

		if (!e->active || e->end_ns >= end_ns)
			continue;
		s->ops->done(s->ctx, e);
		e->active = false;
	}
}

/* --- slots --- */

struct memcg *memcg_slots_each(struct memcg_slots *s, struct memcg *cg)
{
	for (cg = cg ? cg + 1 : s->cgroup; cg < s->cgroup + MEMCG_SLOTS; cg++)
		if (cg->used)
			return cg;
	return NULL;
}

static void next_slot(struct memcg *cg)
{
	memset(cg->grown, 0, sizeof(cg->grown));
	memcpy(cg->max, cg->now, sizeof(cg->max));
	cg->marks = 0;
}

/* Takes @cg out of the hash: whoever stands behind it up to the next gap is put in again. */
static void drop(struct memcg_slots *s, struct memcg *cg)
{
	uint32_t at = cg - s->cgroup;

	cg->used = false;
	s->ncgroups--;
	for (at = (at + 1) & (MEMCG_SLOTS - 1); s->cgroup[at].used; at = (at + 1) & (MEMCG_SLOTS - 1)) {
		struct memcg moved = s->cgroup[at];

		s->cgroup[at].used = false;
		*lookup(s, moved.id) = moved;
	}
}

static void drop_gone(struct memcg_slots *s)
{
	for (uint32_t at = 0; at < MEMCG_SLOTS; at++)
		while (s->cgroup[at].used && s->cgroup[at].gone)	/* another may have moved here */
			drop(s, &s->cgroup[at]);
}

static void end_slot(struct memcg_slots *s, uint64_t to_ns)
{
	s->ops->slot(s->ctx, s, s->slot_ns, to_ns);
	if (s->system.marks)
		extend(s, &s->system, s->slot_ns, to_ns);
	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg))
		if (cg->marks)
			extend(s, cg, s->slot_ns, to_ns);
	close_before(s, to_ns);
	next_slot(&s->system);
	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg))
		next_slot(cg);
	drop_gone(s);
	s->slot_ns = to_ns;
}

/* A pause in which nobody sampled is no slot: what lies before it is ended, and a new one begins behind it. */
static void advance(struct memcg_slots *s, uint64_t ts)
{
	if (!s->begun) {
		s->begun = true;
		s->slot_ns = s->last_ns = ts;
	}
	if (ts < s->slot_ns + MEMCG_SLOT_NS)
		return;
	end_slot(s, s->slot_ns + MEMCG_SLOT_NS);
	if (ts >= s->slot_ns + MEMCG_SLOT_NS) {
		close_before(s, UINT64_MAX);
		s->slot_ns = s->resumed_ns = ts;
	}
}

void memcg_slots_sample(struct memcg_slots *s, const struct memcg_slot_ops *ops, void *ctx,
			const struct sample *sample)
{
	const struct memcg_counter *counters = sample->scope == SCOPE_SYSTEM ? ops->of_system : ops->of_cgroup;
	struct memcg *cg;
	bool gone;
	int i;

	if (sample->scope != SCOPE_SYSTEM && sample->scope != SCOPE_CGROUP)
		return;
	s->ops = ops;
	s->ctx = ctx;
	advance(s, sample->ts);
	if (sample->ts > s->last_ns)
		s->last_ns = sample->ts;
	i = index_of(counters, sample->name);
	gone = i < 0 && sample->scope == SCOPE_CGROUP && !strcmp(sample->name, SAMPLE_CGROUP_REMOVED);
	if (i < 0 && !gone)
		return;
	cg = place_of(s, sample);
	if (!cg)
		return;
	cg->gone = gone;
	if (!gone)
		put(s, cg, i, counters[i].gaps, sample);
}

void memcg_slots_so_far(const struct memcg_slots *s)
{
	for (int i = 0; i < MEMCG_EPISODES; i++)
		if (s->episode[i].active)
			s->ops->done(s->ctx, &s->episode[i]);
}

void memcg_slots_finish(struct memcg_slots *s)
{
	if (s->begun && elapsed_ns(s->slot_ns, s->last_ns) >= MEMCG_SLOT_MIN_NS)
		end_slot(s, s->last_ns);
	close_before(s, UINT64_MAX);
}

double memcg_episode_s(const struct memcg_episode *e)
{
	return ns_to_s(elapsed_ns(e->start_ns, e->end_ns));
}
