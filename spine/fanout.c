// SPDX-License-Identifier: GPL-2.0-only
/*
 * fanout.c - see fanout.h.
 */
#include "spine/fanout.h"

#define TO_ALL(f, member, ...) ({ \
	int ret_ = 0; \
	for (int i_ = 0; i_ < (f)->n && !ret_; i_++) \
		ret_ = SINK_CALL(&(f)->sinks[i_], member, ##__VA_ARGS__); \
	ret_; })

static int on_type(void *ctx, const struct event_type *type)
{
	struct fanout *f = ctx;

	return TO_ALL(f, type, type);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct fanout *f = ctx;

	return TO_ALL(f, event, ev);
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct fanout *f = ctx;

	return TO_ALL(f, loss, loss);
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct fanout *f = ctx;

	return TO_ALL(f, sample, sample);
}

static int on_task(void *ctx, const struct task_name *task)
{
	struct fanout *f = ctx;

	return TO_ALL(f, task, task);
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct fanout *f = ctx;

	return TO_ALL(f, cgroup, id, path);
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	struct fanout *f = ctx;

	return TO_ALL(f, failures, change);
}

static int on_symbol(void *ctx, uint64_t addr, const char *name)
{
	struct fanout *f = ctx;

	return TO_ALL(f, symbol, addr, name);
}

static int on_buffer(void *ctx, uint16_t buffer, const char *name)
{
	struct fanout *f = ctx;

	return TO_ALL(f, buffer, buffer, name);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct fanout *f = ctx;

	return TO_ALL(f, meta, key, value);
}

static int on_end(void *ctx)
{
	struct fanout *f = ctx;

	return TO_ALL(f, end);
}

static const struct sink_ops fanout_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.sample = on_sample,
	.task = on_task,
	.cgroup = on_cgroup,
	.failures = on_failures,
	.symbol = on_symbol,
	.buffer = on_buffer,
	.meta = on_meta,
	.end = on_end,
};

struct sink fanout_sink(struct fanout *f)
{
	return (struct sink){ &fanout_ops, f };
}
