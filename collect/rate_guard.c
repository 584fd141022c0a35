// SPDX-License-Identifier: GPL-2.0-only
/*
 * rate_guard.c - see rate_guard.h.
 */
#include "collect/rate_guard.h"

#include "spine/time.h"

#define CALM_DIVISOR	4u

_Static_assert(EVENT_CLASSES <= 32, "a bit for each class");

void rate_guard_init(struct rate_guard *g, int64_t max_rate, unsigned int cpus, uint64_t now_ns)
{
	uint64_t in_all = (uint64_t)RATE_GUARD_PER_CPU * cpus;

	*g = (struct rate_guard){ .window_ns = now_ns };
	if (max_rate >= 0)
		g->limit = max_rate * cpus;
	else
		g->limit = in_all < RATE_GUARD_IN_ALL ? in_all : RATE_GUARD_IN_ALL;
	for (int i = 0; i < EVENT_CLASSES; i++)
		g->classes[i].calm_wait_ns = RATE_GUARD_CALM_NS;
	g->classes[EVENT_KEPT].fixed = true;
}

/* How many times to halve @rate so that it is within @limit. */
static unsigned int halvings(uint64_t rate, uint64_t limit)
{
	unsigned int n = 0;

	while (rate >> n > limit)
		n++;
	return n;
}

static bool want_more(const struct rate_guard *g, struct rate_guard_class *c, uint64_t window_ns, uint64_t now_ns)
{
	unsigned int shift = c->shift + halvings(c->rate, g->limit);

	c->calm_since_ns = 0;
	if (!c->over_since_ns)
		c->over_since_ns = window_ns;
	if (now_ns - c->over_since_ns < RATE_GUARD_SUSTAINED_NS || c->shift == RATE_GUARD_SHIFT_MAX)
		return false;
	c->wanted = shift < RATE_GUARD_SHIFT_MAX ? shift : RATE_GUARD_SHIFT_MAX;
	c->over_since_ns = 0;
	if (c->loosened_ns && now_ns - c->loosened_ns < RATE_GUARD_CALM_NS && c->calm_wait_ns < RATE_GUARD_CALM_MAX_NS)
		c->calm_wait_ns *= 2;
	return true;
}

static bool want_less(const struct rate_guard *g, struct rate_guard_class *c, uint64_t window_ns, uint64_t now_ns)
{
	c->over_since_ns = 0;
	if (!c->shift || c->rate > g->limit / CALM_DIVISOR) {
		c->calm_since_ns = 0;
		return false;
	}
	if (!c->calm_since_ns)
		c->calm_since_ns = window_ns;
	if (now_ns - c->calm_since_ns < c->calm_wait_ns)
		return false;
	c->wanted = c->shift - 1;
	c->calm_since_ns = 0;
	c->loosened_ns = now_ns;
	return true;
}

static uint64_t end_window(struct rate_guard *g, uint64_t now_ns, uint64_t lost)
{
	uint64_t window_ns = g->window_ns, all = 0;

	for (int i = 0; i < EVENT_CLASSES; i++)
		all += g->classes[i].events;
	for (int i = 0; i < EVENT_CLASSES; i++) {
		struct rate_guard_class *c = &g->classes[i];
		double events = c->events;

		if (all)
			events += events * lost / all;
		c->rate = events * NSEC_PER_SEC / (now_ns - window_ns);
		c->events = 0;
		c->wanted = c->shift;
	}
	g->window_ns = now_ns;
	return window_ns;
}

uint32_t rate_guard_check(struct rate_guard *g, uint64_t now_ns, uint64_t lost)
{
	uint64_t window_ns;
	uint32_t change = 0;

	if (!g->limit || now_ns < g->window_ns + RATE_GUARD_WINDOW_NS)
		return 0;
	window_ns = end_window(g, now_ns, lost);
	for (int i = 0; i < EVENT_CLASSES; i++) {
		struct rate_guard_class *c = &g->classes[i];

		if (!c->fixed && (c->rate > g->limit ? want_more(g, c, window_ns, now_ns) :
				  want_less(g, c, window_ns, now_ns)))
			change |= 1u << i;
	}
	return change;
}

void rate_guard_done(struct rate_guard *g, enum event_class class, bool done)
{
	struct rate_guard_class *c = &g->classes[class];

	if (done)
		c->shift = c->wanted;
	else
		c->fixed = true;
}

bool rate_guard_thins(const struct rate_guard *g)
{
	for (int i = 0; i < EVENT_CLASSES; i++)
		if (g->classes[i].shift)
			return true;
	return false;
}
