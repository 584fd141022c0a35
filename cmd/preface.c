// SPDX-License-Identifier: GPL-2.0-only
/*
 * preface.c - see preface.h. Threads and cgroups have one place each, by their number; two that share a place are told
 * apart by the newer one having it. The kernel numbers both upwards, so that is rare.
 */
#include "cmd/preface.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASKS		32768u
#define CGROUPS		16384u
#define COMM_BYTES	64u
#define KEY_BYTES	128u
#define NODES		64u		/* as many as collect/bpf/kswapd.h follows */

struct task {
	int32_t		tid, tgid;	/* tid 0: the place is free */
	uint64_t	cgroup_id;
	char		comm[COMM_BYTES];
};

struct cgroup {
	uint64_t	id;
	char		*path;		/* NULL: the place is free */
};

struct fact {
	struct fact	*next;
	char		*value;
	char		key[];
};

/* kswapd_failures of a node, as it was told last. */
struct failures {
	bool		known;
	int32_t		value;
};

struct preface {
	struct fact	*facts, **last;
	struct cgroup	cgroups[CGROUPS];
	struct task	tasks[TASKS];
	struct failures	failures[NODES];
};

int preface_new(struct preface **out)
{
	struct preface *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->last = &p->facts;
	*out = p;
	return 0;
}

void preface_free(struct preface *p)
{
	struct fact *fact, *next;

	if (!p)
		return;
	for (fact = p->facts; fact; fact = next) {
		next = fact->next;
		free(fact->value);
		free(fact);
	}
	for (unsigned int i = 0; i < CGROUPS; i++)
		free(p->cgroups[i].path);
	free(p);
}

static void replace(char **old, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	free(*old);
	*old = copy;
}

static struct fact *find_fact(const struct preface *p, const char *key)
{
	struct fact *fact = p->facts;

	while (fact && strcmp(fact->key, key))
		fact = fact->next;
	return fact;
}

static struct fact *get_fact(struct preface *p, const char *key)
{
	struct fact *fact = find_fact(p, key);

	if (fact)
		return fact;
	fact = calloc(1, sizeof(*fact) + strlen(key) + 1);
	if (!fact)
		return NULL;
	strcpy(fact->key, key);
	*p->last = fact;
	p->last = &fact->next;
	return fact;
}

/* A setting that changed meanwhile comes as KEY@TS, or as a sample of vm.KEY: one who joins is told what holds now. */
static int on_meta(void *ctx, const char *key, const char *value)
{
	char base[KEY_BYTES];
	const char *at = strrchr(key, '@');
	struct fact *fact;

	if (at && at[1] >= '0' && at[1] <= '9') {
		snprintf(base, sizeof(base), "%.*s", (int)(at - key), key);
		key = base;
	}
	fact = get_fact(ctx, key);
	if (fact)
		replace(&fact->value, value);
	return 0;
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct fact *fact;
	char value[24];

	if (sample->scope != SCOPE_SYSTEM || strncmp(sample->name, "vm.", 3))
		return 0;
	fact = find_fact(ctx, sample->name + 3);
	snprintf(value, sizeof(value), "%" PRId64, sample->value);
	if (fact && (!fact->value || strcmp(fact->value, value)))
		replace(&fact->value, value);
	return 0;
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct cgroup *place = &((struct preface *)ctx)->cgroups[id % CGROUPS];

	if (!place->path || strcmp(place->path, path))
		replace(&place->path, path);
	place->id = id;
	return 0;
}

/* Only a new name is without what the one before had told; as in the store. */
static int on_task(void *ctx, const struct task_name *task)
{
	struct task *place = &((struct preface *)ctx)->tasks[(uint32_t)task->tid % TASKS];

	if (place->tid != task->tid || strncmp(place->comm, task->comm, COMM_BYTES - 1))
		*place = (struct task){ .tid = task->tid };
	place->tgid = task->tgid ?: place->tgid;
	place->cgroup_id = task->cgroup_id ?: place->cgroup_id;
	strncpy(place->comm, task->comm, COMM_BYTES - 1);
	return 0;
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	struct preface *p = ctx;

	if (change->node >= 0 && change->node < (int32_t)NODES && change->value >= 0)
		p->failures[change->node] = (struct failures){ true, change->value };
	return 0;
}

struct sink preface_sink(struct preface *p)
{
	static const struct sink_ops ops = {
		.meta = on_meta, .sample = on_sample, .cgroup = on_cgroup, .task = on_task,
		.failures = on_failures,
	};

	return (struct sink){ &ops, p };
}

/* A class of events that was thinned and is whole again (collect/live_guard.h): nothing of it concerns a newcomer. */
static bool is_over(const struct fact *fact)
{
	return !strncmp(fact->key, "thinned.", 8) && !strncmp(fact->value, "1/1 ", 4);
}

/* Without it a recording would say nothing of a node whose counter does not move. */
static int tell_failures(const struct preface *p, const struct sink *sink, uint64_t now_ns)
{
	int ret = 0;

	for (unsigned int i = 0; i < NODES && !ret; i++) {
		const struct failures_change first = {
			.ts = now_ns, .node = i, .value = p->failures[i].value, .previous = -1, .tid = -1, .comm = "",
			.via = "bpf-sample", .reason = "",
		};

		if (p->failures[i].known)
			ret = SINK_CALL(sink, failures, &first);
	}
	return ret;
}

int preface_tell(const struct preface *p, const struct sink *sink, uint64_t now_ns)
{
	int ret = 0;

	for (const struct fact *fact = p->facts; fact && !ret; fact = fact->next)
		if (fact->value && !is_over(fact))
			ret = SINK_CALL(sink, meta, fact->key, fact->value);
	for (unsigned int i = 0; i < CGROUPS && !ret; i++)
		if (p->cgroups[i].path)
			ret = SINK_CALL(sink, cgroup, p->cgroups[i].id, p->cgroups[i].path);
	for (unsigned int i = 0; i < TASKS && !ret; i++) {
		const struct task *t = &p->tasks[i];

		if (t->tid)
			ret = SINK_CALL(sink, task, &(struct task_name){ .tid = t->tid, .tgid = t->tgid,
									 .cgroup_id = t->cgroup_id, .comm = t->comm });
	}
	return ret ? ret : tell_failures(p, sink, now_ns);
}
