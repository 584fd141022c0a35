// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_namer.c - see task_namer.h.
 *
 * Notes wait here, in order of time, for the first event that is not older: BPF runs before ftrace in a tracepoint, so
 * that is the event at which the thread was seen, or one of another thread. A thread that has been told of is found in
 * a table of sets, one look-up per event.
 */
#include "collect/task_namer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/time.h"

#define SETS			4096u	/* of the table of threads; a power of two */
#define WAYS			4u
#define NOTES_MAX		4096u	/* that wait; beyond that the oldest is told at once */
#define TYPES_MAX		256u	/* event types whose fields are looked at; a recording has at most 160 */

/* Ids are below PID_MAX_LIMIT (4 Mi) of the kernel; what an input has beyond shares a bit. */
#define TIDS_MAX		(4u << 20)

#define ASKS_PER_SECOND		500u	/* of 17 us: 1 % of a CPU */
#define ASK_AGAIN_NS		NSEC_PER_SEC

enum known_by { BY_NOBODY, BY_LOOKUP, BY_NOTE };

struct known {
	int32_t		tid;		/* 0: the place is free */
	uint8_t		by;		/* enum known_by */
	uint64_t	ask_ns;		/* when /proc is asked again */
};

struct task_namer {
	struct sink			sink;
	struct task_namer_options	options;
	uint64_t			drained_ns;	/* notes up to this time have been read */
	struct task_note		waiting[NOTES_MAX];	/* a ring, by time */
	uint32_t			first, count;
	uint64_t			second_ns;	/* begin of the second that asked is of */
	uint32_t			asked;
	uint8_t				next_way[SETS];
	struct known			known[SETS][WAYS];
	uint64_t			unnamed[TIDS_MAX / 64];	/* a bit each: it also holds when its place in known is gone */
	uint8_t				other_tid[TYPES_MAX];	/* by type: 1 + index of a field with a tid; 0 none */
	struct task_namer_stats		stats;
};

/* ---- threads that have been told of ---- */

static struct known *find_known(struct task_namer *n, int32_t tid)
{
	struct known *set = n->known[(uint32_t)tid % SETS];

	for (unsigned int i = 0; i < WAYS; i++)
		if (set[i].tid == tid)
			return &set[i];
	return NULL;
}

static struct known *get_known(struct task_namer *n, int32_t tid)
{
	struct known *known = find_known(n, tid);
	uint32_t set = (uint32_t)tid % SETS;

	if (known)
		return known;
	known = &n->known[set][n->next_way[set]++ % WAYS];
	*known = (struct known){ .tid = tid };
	return known;
}

static void count_unnamed(struct task_namer *n, int32_t tid, bool unnamed)
{
	uint32_t at = (uint32_t)tid % TIDS_MAX;
	uint64_t *word = &n->unnamed[at / 64], bit = 1ull << at % 64;

	if (!(*word & bit) != unnamed)
		return;
	*word ^= bit;
	n->stats.unnamed += unnamed ? 1 : -1;
}

static void set_named(struct task_namer *n, struct known *known, enum known_by by)
{
	known->by = by;
	count_unnamed(n, known->tid, false);
}

/* ---- notes ---- */

static int tell_note(struct task_namer *n, const struct task_note *note)
{
	char comm[TASK_PROBE_COMM_BYTES + 1];
	const struct task_name task = {
		.tid = note->tid, .tgid = note->tgid, .cgroup_id = note->cgroup_id, .comm = comm,
	};

	memcpy(comm, note->comm, TASK_PROBE_COMM_BYTES);
	comm[TASK_PROBE_COMM_BYTES] = '\0';
	set_named(n, get_known(n, note->tid), BY_NOTE);
	return SINK_CALL(&n->sink, task, &task);
}

static int tell_oldest(struct task_namer *n)
{
	const struct task_note *note = &n->waiting[n->first];

	n->first = (n->first + 1) % NOTES_MAX;
	n->count--;
	return tell_note(n, note);
}

static int tell_notes_until(struct task_namer *n, uint64_t ts)
{
	int ret = 0;

	while (!ret && n->count && n->waiting[n->first].ts_ns <= ts)
		ret = tell_oldest(n);
	return ret;
}

/* A note takes its time when it has its place in BPF's ring, so neighbours may have changed places. */
static void put_in_order(struct task_namer *n, const struct task_note *note)
{
	uint32_t at = n->count++;

	while (at && n->waiting[(n->first + at - 1) % NOTES_MAX].ts_ns > note->ts_ns) {
		n->waiting[(n->first + at) % NOTES_MAX] = n->waiting[(n->first + at - 1) % NOTES_MAX];
		at--;
	}
	n->waiting[(n->first + at) % NOTES_MAX] = *note;
}

/* One that is deeper or has longer names than BPF takes along stays without a path, unless the sampler finds it. */
static int tell_cgroup(struct task_namer *n, const struct cgroup_note *note)
{
	char path[TASK_PROBE_DEPTH * (TASK_PROBE_NAME_BYTES + 1) + 2] = "/";
	size_t len = 0;

	if (note->cut || note->depth > TASK_PROBE_DEPTH)
		return 0;
	for (uint32_t i = note->depth; i-- > 0;)
		len += snprintf(path + len, sizeof(path) - len, "/%.*s", (int)TASK_PROBE_NAME_BYTES, note->names[i]);
	return SINK_CALL(&n->sink, cgroup, note->head.cgroup_id, path);
}

int task_namer_note(void *namer, const struct task_note *note)
{
	struct task_namer *n = namer;
	int ret = 0;

	if (note->kind == TASK_NOTE_CGROUP)
		return tell_cgroup(n, (const struct cgroup_note *)note);
	n->stats.notes++;
	if (n->count == NOTES_MAX)
		ret = tell_oldest(n);
	put_in_order(n, note);
	return ret;
}

/* All notes of events up to @ts. What BPF noted before an event was in its ring before the event was in ftrace's. */
static int take_notes(struct task_namer *n, uint64_t ts)
{
	uint64_t now;
	int ret = 0;

	if (n->options.probe && ts >= n->drained_ns) {
		now = monotonic_ns();
		ret = task_probe_drain(n->options.probe, task_namer_note, n);
		n->drained_ns = now;
	}
	return ret ? ret : tell_notes_until(n, ts);
}

/* ---- events ---- */

/* Half of the look-ups are kept for threads that have no name yet. */
static bool may_ask(struct task_namer *n, uint64_t ts, bool again)
{
	if (ts - n->second_ns >= NSEC_PER_SEC) {
		n->second_ns = ts;
		n->asked = 0;
	}
	return n->asked < (again ? ASKS_PER_SECOND / 2 : ASKS_PER_SECOND);
}

static void ask(struct task_namer *n, struct known *known, uint64_t ts)
{
	bool nameless = known->by == BY_NOBODY;

	if (nameless)
		count_unnamed(n, known->tid, true);
	if (!n->options.lookup)
		return;
	if (!may_ask(n, ts, !nameless) || !task_lookup_ask(n->options.lookup, known->tid, nameless)) {
		n->stats.put_off++;
		return;
	}
	n->asked++;
	n->stats.looked_up++;
	known->ask_ns = ts + ASK_AGAIN_NS;
}

static void name_thread(struct task_namer *n, int32_t tid, uint64_t ts)
{
	struct known *known = get_known(n, tid);

	/* Notes tell of changes by themselves. */
	if (known->by != BY_NOTE && ts >= known->ask_ns)
		ask(n, known, ts);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct task_namer *n = ctx;
	int other = ev->type->id < TYPES_MAX ? n->other_tid[ev->type->id] : 0;
	const struct event_value *value = other ? event_value_at(ev, other - 1) : NULL;
	int ret = take_notes(n, ev->ts);

	if (!ret && ev->tid > 0)
		name_thread(n, ev->tid, ev->ts);
	if (!ret && value_is_number(value) && value->i > 0 && value->i <= INT32_MAX)
		name_thread(n, value->i, ev->ts);
	return ret ? ret : SINK_CALL(&n->sink, event, ev);
}

/* The events of the OOM killer name its victim. */
static int on_type(void *ctx, const struct event_type *type)
{
	struct task_namer *n = ctx;

	for (int i = 0; type->id < TYPES_MAX && !strcmp(type->system, "oom") && i < type->nfields; i++)
		if (!strcmp(type->fields[i].name, "pid"))
			n->other_tid[type->id] = i + 1;
	return SINK_CALL(&n->sink, type, type);
}

static int on_loss(void *ctx, const struct loss *loss)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, loss, loss);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, meta, key, value);
}

/* What others found out. A note knows better, and when. */
static int on_task(void *ctx, const struct task_name *task)
{
	struct task_namer *n = ctx;
	struct known *known = task->tid > 0 ? get_known(n, task->tid) : NULL;

	if (known && known->by == BY_NOTE)
		return 0;
	if (known)
		set_named(n, known, BY_LOOKUP);
	return SINK_CALL(&n->sink, task, task);
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, cgroup, id, path);
}

static int on_sample(void *ctx, const struct sample *sample)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, sample, sample);
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, failures, change);
}

static const struct sink_ops namer_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.sample = on_sample,
	.task = on_task,
	.cgroup = on_cgroup,
	.failures = on_failures,
	.meta = on_meta,
};

struct sink task_namer_sink(struct task_namer *n)
{
	return (struct sink){ &namer_ops, n };
}

void task_namer_repeat(struct task_namer *n)
{
	for (unsigned int i = 0; i < SETS; i++) {
		for (unsigned int way = 0; way < WAYS; way++) {
			struct known *known = &n->known[i][way];

			known->by = known->by == BY_NOTE ? BY_LOOKUP : known->by;
			known->ask_ns = 0;
		}
	}
}

int task_namer_finish(struct task_namer *n)
{
	return take_notes(n, UINT64_MAX);
}

/* ---- making ---- */

int task_namer_new(const struct task_namer_options *options, const struct sink *sink, struct task_namer **out)
{
	struct task_namer *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->sink = *sink;
	n->options = *options;
	*out = n;
	return 0;
}

void task_namer_free(struct task_namer *n)
{
	free(n);
}

void task_namer_get_stats(const struct task_namer *n, struct task_namer_stats *out)
{
	*out = n->stats;
	if (n->options.probe)
		out->notes_dropped = task_probe_dropped(n->options.probe);
}
