/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink.h - who takes events and samples.
 *
 * A source calls one sink from one thread, in time order of event.ts (a source that cannot keep the order counts what
 * was out of order and says so by meta "out_of_order"). Each member may be NULL: not wanted. A member returns 0, or a
 * negative errno to make the source stop; the source then returns that value.
 *
 * Order of calls: meta, type, task, symbol and buffer may come at any time, a type before its first event; end comes
 * last and once, also after damage or an early stop, so that what was delivered can be completed.
 */
#ifndef SQUALL_SPINE_SINK_H
#define SQUALL_SPINE_SINK_H

#include "spine/event.h"

struct sink_ops {
	int (*type)(void *ctx, const struct event_type *type);
	int (*event)(void *ctx, const struct event *ev);
	int (*loss)(void *ctx, const struct loss *loss);
	int (*sample)(void *ctx, const struct sample *sample);
	int (*task)(void *ctx, const struct task_name *task);
	int (*cgroup)(void *ctx, uint64_t id, const char *path);
	int (*failures)(void *ctx, const struct failures_change *change);
	int (*symbol)(void *ctx, uint64_t addr, const char *name);
	/* The trace buffer instance @buffer is called @name; "" is the main one. */
	int (*buffer)(void *ctx, uint16_t buffer, const char *name);
	/* A fact about the recording. A key that comes again replaces its value. Keys: see docs of table meta. */
	int (*meta)(void *ctx, const char *key, const char *value);
	int (*end)(void *ctx);
};

struct sink {
	const struct sink_ops	*ops;
	void			*ctx;
};

#define SINK_CALL(sink, member, ...) \
	((sink)->ops->member ? (sink)->ops->member((sink)->ctx, ##__VA_ARGS__) : 0)

#endif
