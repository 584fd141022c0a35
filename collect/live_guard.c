// SPDX-License-Identifier: GPL-2.0-only
/*
 * live_guard.c - see live_guard.h.
 */
#include "collect/live_guard.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spine/time.h"

/* A record gets its time before the filter is asked; not long before, for it cannot be preempted, but the CPU can. */
#define SETTLE_NS	2000000ull

void live_guard_init(struct live_guard *g, struct trace_instance *inst, struct event_set *set, int64_t max_rate)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*g = (struct live_guard){ .inst = inst, .set = set, .due_ns = UINT64_MAX, .look_ns = UINT64_MAX };
	rate_guard_init(&g->rates, max_rate, cpus > 0 ? cpus : 1, 0);
	for (unsigned int i = 0; i < EVENT_SET_MAX; i++)
		g->enable_fds[i] = i < set->n && set->choices[i].present ?
				   trace_instance_open_enable(inst, &set->choices[i]) : -1;
}

void live_guard_close(struct live_guard *g)
{
	for (unsigned int i = 0; g->set && i < EVENT_SET_MAX; i++)
		if (g->enable_fds[i] >= 0)
			close(g->enable_fds[i]);
	g->set = NULL;
}

void live_guard_start(struct live_guard *g, uint64_t now_ns)
{
	g->rates.window_ns = now_ns;
	g->look_ns = now_ns + RATE_GUARD_WINDOW_NS;
}

/* ---- telling ---- */

static __attribute__((format(printf, 2, 3))) void say(struct live_guard *g, const char *format, ...)
{
	va_list args;

	if (g->nmessages == LIVE_GUARD_MESSAGES)	/* nobody takes them */
		return;
	va_start(args, format);
	vsnprintf(g->messages[g->nmessages++], LIVE_GUARD_MESSAGE_BYTES, format, args);
	va_end(args);
}

const char *live_guard_message(struct live_guard *g)
{
	if (g->next_message < g->nmessages)
		return g->messages[g->next_message++];
	g->nmessages = g->next_message = 0;
	return NULL;
}

static struct live_notice *add_notice(struct live_guard *g, uint64_t ts, const char *stage)
{
	struct live_notice *notice;

	/* Full: the reader has not come past the first of them for many ticks. The newest tells where things stand. */
	if (g->nnotices == LIVE_GUARD_NOTICES)
		g->nnotices--;
	if (g->nnotices && ts < g->notices[g->nnotices - 1].ts)
		ts = g->notices[g->nnotices - 1].ts;
	notice = &g->notices[g->nnotices++];
	*notice = (struct live_notice){ .ts = ts, .stage = stage };
	g->due_ns = g->notices[0].ts;
	return notice;
}

int live_guard_put(struct live_guard *g, const struct sink *sink, uint64_t until_ns)
{
	unsigned int n = 0;
	int ret = 0;

	while (!ret && n < g->nnotices && g->notices[n].ts <= until_ns) {
		const struct live_notice *notice = &g->notices[n++];
		const struct loss loss = { .ts = notice->ts, .events = LOSS_COUNT_UNKNOWN, .cpu = EVENT_CPU_UNKNOWN,
					   .stage = notice->stage };

		if (notice->key[0])
			ret = SINK_CALL(sink, meta, notice->key, notice->value);
		if (!ret)
			ret = SINK_CALL(sink, loss, &loss);
	}
	g->nnotices -= n;
	memmove(g->notices, g->notices + n, g->nnotices * sizeof(g->notices[0]));
	g->due_ns = g->nnotices ? g->notices[0].ts : UINT64_MAX;
	return ret;
}

int live_guard_tell_lasting(const struct live_guard *g, const struct sink *sink, uint64_t now_ns)
{
	struct loss loss = { .ts = now_ns, .events = LOSS_COUNT_UNKNOWN, .cpu = EVENT_CPU_UNKNOWN, .stage = "thinned" };
	int ret = g->told_thinned ? SINK_CALL(sink, loss, &loss) : 0;

	loss.stage = "off";
	return ret || !g->told_off ? ret : SINK_CALL(sink, loss, &loss);
}

/* ---- thinning ---- */

/* All events of a class, or none. */
static int set_filters(struct live_guard *g, enum event_class class, unsigned int shift, unsigned int before)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < g->set->n; i++)
		if (g->set->choices[i].present && g->set->choices[i].class == class)
			ret = trace_instance_thin(g->inst, &g->set->choices[i], shift);
	for (unsigned int i = 0; ret && i < g->set->n; i++)
		if (g->set->choices[i].present && g->set->choices[i].class == class)
			trace_instance_thin(g->inst, &g->set->choices[i], before);
	return ret;
}

static void say_thinned(struct live_guard *g, enum event_class class, unsigned int before)
{
	const struct rate_guard_class *c = &g->rates.classes[class];
	const char *name = event_class_name(class);

	if (!c->shift)
		say(g, "events of class %s are recorded of all threads again", name);
	else if (c->shift < before)
		say(g, "events of class %s are recorded of 1 thread in %u now", name, 1u << c->shift);
	else
		say(g, "events of class %s come at %" PRIu64 "/s, the limit is %" PRIu64 "/s on all CPUs (--max-rate): "
		    "recorded of 1 thread in %u from now on", name, c->rate, g->rates.limit, 1u << c->shift);
}

static void thin(struct live_guard *g, enum event_class class, uint64_t now_ns)
{
	struct rate_guard_class *c = &g->rates.classes[class];
	unsigned int before = c->shift;
	struct live_notice *notice;
	int ret = set_filters(g, class, c->wanted, before);

	rate_guard_done(&g->rates, class, !ret);
	if (ret)
		say(g, "events of class %s come at %" PRIu64 "/s, and the kernel does not take the filter that would "
		    "thin them: %s", event_class_name(class), c->rate, strerror(-ret));
	else
		say_thinned(g, class, before);
	if (c->shift > g->shift_most[class])
		g->shift_most[class] = c->shift;
	/* Also after a refusal: for a moment some of them were thinned. */
	g->told_thinned = rate_guard_thins(&g->rates);
	notice = add_notice(g, monotonic_ns() + SETTLE_NS, g->told_thinned ? "thinned" : "thinned-end");
	snprintf(notice->key, sizeof(notice->key), "thinned.%s", event_class_name(class));
	snprintf(notice->value, sizeof(notice->value), "1/%u since %.6f s, at least 1/%u", 1u << c->shift,
		 ns_to_s(now_ns), 1u << g->shift_most[class]);
}

static void check_rates(struct live_guard *g, uint64_t now_ns, uint64_t lost)
{
	uint32_t change = rate_guard_check(&g->rates, now_ns, lost - g->lost);

	g->lost = lost;
	for (; change; change &= change - 1)
		thin(g, __builtin_ctz(change), now_ns);
}

/* ---- what others do to the instance ---- */

static void tell_off(struct live_guard *g, uint64_t now_ns)
{
	bool off = g->instance_off || g->events_off;

	if (off != g->told_off)
		add_notice(g, now_ns, off ? "off" : "off-end");
	g->told_off = off;
}

static void look_at_instance(struct live_guard *g)
{
	bool off = !trace_instance_is_on(g->inst);

	if (off == g->instance_off)
		return;
	g->instance_off = off;
	say(g, off ? "%s: tracing_on was switched off, not by squall: no events until it is 1 again" :
	    "%s: tracing_on is 1 again, events are recorded", trace_instance_name(g->inst));
}

/* One event at a time, or a list of many would cost a millisecond each time. */
static void look_at_event(struct live_guard *g)
{
	unsigned int i = g->look_at++ % g->set->n;
	struct event_choice *choice = &g->set->choices[i];

	if (!choice->present || g->enable_fds[i] < 0 || trace_instance_event_is_on(g->enable_fds[i]))
		return;
	choice->present = false;
	g->events_off++;
	say(g, "%s was switched off in %s, not by squall: it is no longer recorded", choice->label,
	    trace_instance_name(g->inst));
}

void live_guard_tick(struct live_guard *g, uint64_t now_ns, uint64_t lost)
{
	if (now_ns < g->look_ns)
		return;
	g->look_ns = now_ns + RATE_GUARD_WINDOW_NS;
	check_rates(g, now_ns, lost);
	look_at_instance(g);
	look_at_event(g);
	tell_off(g, now_ns);
}
