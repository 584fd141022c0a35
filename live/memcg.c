// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcg.c - the state of memory cgroups: their counters, and limit reclaims of their tasks.
 *
 * A place belongs to a cgroup by its id. When all are taken, the one of which nothing was heard for the longest gives
 * way, if that is long enough: it may well be gone, which nobody tells.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live/state.h"

#define SLOTS			(4 * LIVE_CGROUPS)
#define GIVES_WAY_NS		(60 * NSEC_PER_SEC)
#define OTHERS_BITS		32768u

/* memory.stat: the sampler's period, with some slack; and when a cgroup is not among the busy ones any more. */
#define STAT_PERIOD_NS		5500000000ull
#define STAT_STALE_NS		16000000000ull

/* Which place has which id; made of the state, so not saved with it. */
struct memcg_index {
	uint16_t	slots[SLOTS];			/* 1 + place, 0 free */
	uint8_t		others[OTHERS_BITS / 8];	/* ids that found no place, to count each once or so */
};

int memcg_index_new(struct memcg_index **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static uint32_t hash_of(uint64_t id)
{
	return id * 0x9e3779b97f4a7c15ull >> 40;
}

static uint16_t *slot_of(struct live_model *m, uint64_t id)
{
	uint16_t *slots = m->memcg_index->slots;
	uint32_t at = hash_of(id) % SLOTS;

	while (slots[at] && m->state.memcgs[slots[at] - 1].id != id)
		at = (at + 1) % SLOTS;
	return &slots[at];
}

void memcg_index_rebuild(struct live_model *m)
{
	memset(m->memcg_index->slots, 0, sizeof(m->memcg_index->slots));
	for (uint32_t i = 0; i < m->state.nmemcgs; i++)
		if (m->state.memcgs[i].id)
			*slot_of(m, m->state.memcgs[i].id) = i + 1;
}

static void count_left_out(struct live_model *m, uint64_t id)
{
	uint32_t bit = hash_of(id) % OTHERS_BITS;
	uint8_t *byte = &m->memcg_index->others[bit / 8];

	if (!(*byte & 1u << bit % 8))
		m->state.left_out++;
	*byte |= 1u << bit % 8;
}

/* The place that was quiet for the longest, cleared; NULL when all are in use. */
static struct live_memcg *make_place(struct live_model *m)
{
	struct live_memcg *quiet = &m->state.memcgs[0];

	for (uint32_t i = 1; i < m->state.nmemcgs; i++)
		if (m->state.memcgs[i].touched_ns < quiet->touched_ns)
			quiet = &m->state.memcgs[i];
	if (elapsed_ns(quiet->touched_ns, m->state.now_ns) < GIVES_WAY_NS)
		return NULL;
	memset(quiet, 0, sizeof(*quiet));
	memcg_index_rebuild(m);
	return quiet;
}

struct live_memcg *live_memcg_at(struct live_model *m, uint64_t id)
{
	struct live_memcg *cg;
	uint16_t *slot;

	if (!id)
		return NULL;
	slot = slot_of(m, id);
	if (*slot)
		return &m->state.memcgs[*slot - 1];
	cg = m->state.nmemcgs < LIVE_CGROUPS ? &m->state.memcgs[m->state.nmemcgs++] : make_place(m);
	if (!cg) {
		count_left_out(m, id);
		return NULL;
	}
	cg->id = id;
	*slot_of(m, id) = cg - m->state.memcgs + 1;
	return cg;
}

void live_memcg_sample(struct live_model *m, const struct sample *s)
{
	int number = s->node < 0 ? counter_find(m->index, TABLE_CGROUP, s->name) : -1;	/* numa_stat has a node */
	struct live_memcg *cg = number >= 0 ? live_memcg_at(m, s->cgroup_id) : NULL;

	if (!cg)
		return;
	counter_put(&cg->counter[number], s->value);
	cg->touched_ns = s->ts;
	if (number < CC_FIRST_STAT || s->ts <= cg->stat_ns)
		return;
	/* A read of memory.stat; the rates of the interval are since the last one before it. */
	if (cg->stat_ns <= m->state.tick_ns)
		cg->stat_before_ns = cg->stat_ns;
	cg->stat_ns = s->ts;
}

void live_memcg_call(struct live_model *m, uint64_t id, uint64_t ns, uint64_t pages)
{
	struct live_memcg *cg = live_memcg_at(m, id);

	if (!cg)
		return;
	cg->touched_ns = m->state.now_ns;
	cg->calls.now++;
	cg->reclaimed.now += pages;
	histogram_add(&cg->histogram, ns);
}

/*
 * What comes every five seconds is spread over the time it stands for, and shown for as long; so the sum of all
 * intervals is what it rose.
 */
static void tick_stat(struct live_memcg *cg, uint64_t now_ns, uint64_t interval_ns)
{
	uint64_t longest = interval_ns > STAT_PERIOD_NS ? interval_ns : STAT_PERIOD_NS;
	uint64_t ns = elapsed_ns(cg->stat_before_ns, cg->stat_ns);
	bool fresh = cg->stat_ns && cg->stat_ns + interval_ns > now_ns;

	ns = ns < interval_ns ? interval_ns : ns > longest ? longest : ns;
	if (fresh)
		cg->stat_until_ns = now_ns + ns - interval_ns;
	for (int i = CC_FIRST_STAT; i < CC_COUNT; i++) {
		struct live_counter *c = &cg->counter[i];

		if (fresh)
			counter_tick(c, ns_to_s(ns));
		else if (now_ns > cg->stat_until_ns)
			counter_tick(c, ns_to_s(interval_ns));
		if (elapsed_ns(cg->stat_ns, now_ns) > STAT_STALE_NS && interval_ns < STAT_STALE_NS)
			c->rated = false;
	}
}

void live_memcg_tick(struct live_model *m, double seconds)
{
	struct live_state *s = &m->state;

	for (uint32_t i = 0; i < s->nmemcgs; i++) {
		struct live_memcg *cg = &s->memcgs[i];

		for (int c = 0; c < CC_FIRST_STAT; c++)
			counter_tick(&cg->counter[c], seconds);
		if (cg->stat_ns)
			tick_stat(cg, s->now_ns, s->interval_ns);
		count_tick(&cg->calls, seconds);
		count_tick(&cg->reclaimed, seconds);
		histogram_take(&cg->histogram, &cg->stalls);
	}
}
