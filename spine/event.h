/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - what travels from a source to a sink: event types, events, losses, samples, names.
 *
 * Sources (collect/) make these, sinks (store/, analyze/, tui/) take them. Everything here is plain data without
 * behaviour beyond a few accessors, and everything passed to a sink is borrowed: it is valid during the call only,
 * except a struct event_type, which lives until the source has returned.
 */
#ifndef SQUALL_SPINE_EVENT_H
#define SQUALL_SPINE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Most fields an event may have. The widest tracepoint of 7.3 has 26; an event with more is kept whole by its source
 * in one text or blob field.
 */
#define EVENT_MAX_FIELDS	64

enum value_kind {
	VALUE_NONE,		/* the source does not tell: NULL in SQL, never 0 */
	VALUE_INT,
	VALUE_UINT,		/* as VALUE_INT, but print .u */
	VALUE_TEXT,		/* .p, .len bytes of any content, not terminated */
	VALUE_BLOB,		/* .p, .len bytes */
};

struct event_value {
	union {
		int64_t		i;
		uint64_t	u;
		const char	*p;
	};
	uint32_t		len;
	uint8_t			kind;		/* enum value_kind */
};

struct event_field {
	const char		*name;		/* the kernel's own spelling */
	uint8_t			kind;		/* the usual enum value_kind of its values, a hint for printing */
};

/* One tracepoint as this source knows it. */
struct event_type {
	uint32_t		id;		/* 0, 1, 2 ... in the order they are announced to the sink */
	uint16_t		nfields;
	const char		*system;	/* "vmscan"; "" when the source does not tell */
	const char		*name;		/* "mm_vmscan_kswapd_wake" */
	const char		*format;	/* the kernel's format file, or "" */
	const struct event_field *fields;	/* nfields of them */
};

/* One tracepoint hit. */
struct event {
	uint64_t		ts;		/* ns of the source's clock (units of that clock if it is no time) */
	const struct event_type	*type;
	int32_t			tid;		/* the record's common_pid, a thread id; -1 not told */
	uint16_t		cpu;
	uint16_t		buffer;		/* trace buffer instance: 0 the main one; see sink_ops.buffer */
	const struct event_value *values;	/* type->nfields of them */
};

#define EVENT_CPU_UNKNOWN	UINT16_MAX
#define LOSS_COUNT_UNKNOWN	(-1)

/* Events that were made but are not there. */
struct loss {
	uint64_t		ts;		/* when it was noticed: before the next event of that CPU; 0 not known */
	int64_t			events;		/* how many, or LOSS_COUNT_UNKNOWN */
	uint16_t		cpu;		/* or EVENT_CPU_UNKNOWN */
	uint16_t		buffer;
	/* Where: "ring" kernel ring buffer, "reader", "writer", "input" ...; what lasts: collect/live_guard.h */
	const char		*stage;
};

enum sample_scope { SCOPE_SYSTEM, SCOPE_NODE, SCOPE_ZONE, SCOPE_CGROUP, SCOPE_TASK, SCOPE_DEVICE };

/* The last sample of a cgroup that is gone has this name and the value 1: what the others said before holds no more. */
#define SAMPLE_CGROUP_REMOVED	"cgroup.removed"

/* One counter at one time. */
struct sample {
	uint64_t		ts;		/* ns, as events */
	uint8_t			scope;		/* enum sample_scope */
	int32_t			node;		/* -1 none */
	uint64_t		cgroup_id;	/* 0 none */
	const char		*name;		/* "pgscan_direct", "kswapd_failures", "zone.DMA32.free" */
	const char		*unit;		/* "pages", "us", "bytes", "count" */
	int64_t			value;
};

/* A change of a node's kswapd_failures, as it was observed. */
struct failures_change {
	uint64_t		ts;		/* ns, as events; when it was seen, not later than it happened + the sampling gap */
	int32_t			node;
	int32_t			value;
	int32_t			previous;	/* -1 not known */
	int32_t			tid;		/* in whose context it changed; -1 not told (sampled) */
	uint64_t		cgroup_id;	/* of that thread; 0 not told */
	const char		*comm;		/* of that thread; "" not told */
	const char		*via;		/* "bpf-sample", "bpf-direct", "bpf-memcg", "bpf-kswapd", "zoneinfo" ... */
	const char		*reason;	/* the kernel's reason for a reset, where it tells; "" */
};

/* A name for a thread id. tgid 0: not told; cgroup_id 0: not told. */
struct task_name {
	int32_t			tid;
	int32_t			tgid;
	uint64_t		cgroup_id;
	const char		*comm;		/* terminated, any bytes */
};

/* The value of field @index, NULL when it is absent. */
static inline const struct event_value *event_value_at(const struct event *ev, int index)
{
	if (index < 0 || index >= ev->type->nfields || ev->values[index].kind == VALUE_NONE)
		return NULL;
	return &ev->values[index];
}

static inline bool value_is_number(const struct event_value *v)
{
	return v && (v->kind == VALUE_INT || v->kind == VALUE_UINT);
}

#endif
