// SPDX-License-Identifier: GPL-2.0-only
/*
 * names.c - see names.h. Threads give way when there are too many, those not asked for the longest first. Paths lie one
 * behind the other in fixed memory; when it is full all are forgotten, and who is asked for comes anew only when the
 * source tells it again.
 */
#include "live/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/tid_map.h"

#define BUCKETS		(2 * NAMES_CGROUPS)

struct thread {
	uint64_t	cgroup_id;
	char		comm[16];
};

struct path {
	uint64_t	id;		/* 0 free */
	uint32_t	at;		/* in bytes */
};

struct live_names {
	struct tid_map	*threads;
	struct path	paths[BUCKETS];
	uint32_t	npaths, used;
	char		bytes[NAMES_BYTES];
};

int live_names_new(struct live_names **out)
{
	struct live_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->threads = tid_map_new(NAMES_TASKS, sizeof(struct thread), NULL, NULL);
	if (!names->threads) {
		free(names);
		return -ENOMEM;
	}
	*out = names;
	return 0;
}

void live_names_free(struct live_names *names)
{
	if (!names)
		return;
	tid_map_free(names->threads);
	free(names);
}

void live_names_task(struct live_names *names, const struct task_name *task)
{
	struct thread *t = tid_map_get(names->threads, task->tid);

	if (!t)
		return;
	if (task->cgroup_id)
		t->cgroup_id = task->cgroup_id;
	strncpy(t->comm, task->comm, sizeof(t->comm) - 1);
	t->comm[sizeof(t->comm) - 1] = '\0';
}

static struct path *find_path(const struct live_names *names, uint64_t id)
{
	uint32_t at = (id * 0x9e3779b97f4a7c15ull >> 32) % BUCKETS;

	while (names->paths[at].id && names->paths[at].id != id)
		at = (at + 1) % BUCKETS;
	return (struct path *)&names->paths[at];
}

bool live_names_cgroup(struct live_names *names, uint64_t id, const char *path)
{
	size_t bytes = strlen(path) + 1;
	struct path *p;

	if (!id || bytes > NAMES_BYTES / 16)
		return false;
	p = find_path(names, id);
	if (p->id && !strcmp(names->bytes + p->at, path))
		return true;
	if (names->npaths >= NAMES_CGROUPS || names->used + bytes > NAMES_BYTES) {
		memset(names->paths, 0, sizeof(names->paths));
		names->npaths = names->used = 0;
		p = find_path(names, id);
	}
	names->npaths += !p->id;
	*p = (struct path){ .id = id, .at = names->used };
	memcpy(names->bytes + names->used, path, bytes);
	names->used += bytes;
	return true;
}

const char *live_names_comm(const struct live_names *names, int32_t tid)
{
	const struct thread *t = tid_map_find(names->threads, tid);

	return t ? t->comm : "";
}

uint64_t live_names_cgroup_of(const struct live_names *names, int32_t tid)
{
	const struct thread *t = tid_map_find(names->threads, tid);

	return t ? t->cgroup_id : 0;
}

const char *live_names_path(const struct live_names *names, uint64_t id)
{
	const struct path *p = id ? find_path(names, id) : NULL;

	return p && p->id ? names->bytes + p->at : "";
}
