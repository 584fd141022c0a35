// SPDX-License-Identifier: GPL-2.0-only
/*
 * range.c - see range.h.
 */
#include "cmd/range.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "spine/time.h"


int range_parse(const char *text, struct range_end *end)
{
	bool relative = *text == '+';
	long double seconds;
	char *rest;

	seconds = strtold(text + relative, &rest);
	if (rest == text + relative || *rest || !(seconds >= 0) || seconds > ns_to_s(UINT64_MAX / 2))
		return -EINVAL;
	*end = (struct range_end){ .set = true, .relative = relative, .ns = roundl(seconds * NSEC_PER_SEC) };
	return 0;
}

static uint64_t resolve(const struct range_end *end, uint64_t first_ns, uint64_t unset)
{
	if (!end->set)
		return unset;
	return end->relative ? first_ns + end->ns : end->ns;
}

void range_resolve(const struct range *range, uint64_t first_ns, uint64_t *from_ns, uint64_t *to_ns)
{
	*from_ns = resolve(&range->from, first_ns, 0);
	*to_ns = resolve(&range->to, first_ns, UINT64_MAX);
}

static bool within(struct range *range, uint64_t ts)
{
	uint64_t from_ns, to_ns;

	if (!range->begun) {
		range->begun = true;
		range->first_ns = ts;
	}
	range_resolve(range, range->first_ns, &from_ns, &to_ns);
	return ts >= from_ns && ts <= to_ns;
}

static int on_type(void *ctx, const struct event_type *type)
{
	return SINK_CALL(&((struct range *)ctx)->sink, type, type);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct range *range = ctx;

	return within(range, ev->ts) ? SINK_CALL(&range->sink, event, ev) : 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct range *range = ctx;

	/* A loss without a time may lie anywhere. */
	return !loss->ts || within(range, loss->ts) ? SINK_CALL(&range->sink, loss, loss) : 0;
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct range *range = ctx;

	return within(range, sample->ts) ? SINK_CALL(&range->sink, sample, sample) : 0;
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	struct range *range = ctx;

	return within(range, change->ts) ? SINK_CALL(&range->sink, failures, change) : 0;
}

static int on_task(void *ctx, const struct task_name *task)
{
	return SINK_CALL(&((struct range *)ctx)->sink, task, task);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	return SINK_CALL(&((struct range *)ctx)->sink, meta, key, value);
}

static int on_end(void *ctx)
{
	return SINK_CALL(&((struct range *)ctx)->sink, end);
}

static const struct sink_ops range_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.sample = on_sample,
	.failures = on_failures,
	.task = on_task,
	.meta = on_meta,
	.end = on_end,
};

struct sink range_sink(struct range *range)
{
	return (struct sink){ &range_ops, range };
}
