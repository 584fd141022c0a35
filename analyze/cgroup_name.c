// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_name.c - see cgroup_name.h.
 */
#include "analyze/cgroup_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct cgroup_name {
	uint64_t	id;
	char		path[CGROUP_NAME_BYTES];
	UT_hash_handle	hh;
};

void cgroup_name_copy(char *buf, int size, const char *path)
{
	int len = strlen(path);

	if (len < size)
		memcpy(buf, path, len + 1);
	else
		snprintf(buf, size, "...%s", path + len - (size - 4));
}

int cgroup_name_set(struct cgroup_name **names, uint64_t id, const char *path)
{
	struct cgroup_name *name;

	HASH_FIND(hh, *names, &id, sizeof(id), name);
	if (!name && HASH_COUNT(*names) >= CGROUP_NAMES_MAX)
		return 0;
	if (!name) {
		name = calloc(1, sizeof(*name));
		if (!name)
			return -ENOMEM;
		name->id = id;
		HASH_ADD(hh, *names, id, sizeof(name->id), name);
	}
	cgroup_name_copy(name->path, sizeof(name->path), path);
	return 0;
}

void cgroup_names_free(struct cgroup_name *names)
{
	struct cgroup_name *name, *next;

	HASH_ITER(hh, names, name, next) {
		HASH_DEL(names, name);
		free(name);
	}
}

const char *cgroup_name_get(const struct cgroup_name *names, uint64_t id)
{
	struct cgroup_name *name;

	HASH_FIND(hh, names, &id, sizeof(id), name);
	return name ? name->path : "";
}
