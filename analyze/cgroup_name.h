/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_name.h - paths of cgroups by id, as the source tells them. The latest one holds; ids of cgroups that are gone
 * keep theirs. At most CGROUP_NAMES_MAX; what comes after has no name.
 */
#ifndef SQUALL_ANALYZE_CGROUP_NAME_H
#define SQUALL_ANALYZE_CGROUP_NAME_H

#include <stdint.h>

#define CGROUP_NAMES_MAX	16384u
#define CGROUP_NAME_BYTES	256	/* of a longer path the end is kept */

struct cgroup_name;

/* *names is NULL for none; cgroup_names_free takes that. 0 or -ENOMEM. */
int cgroup_name_set(struct cgroup_name **names, uint64_t id, const char *path);
void cgroup_names_free(struct cgroup_name *names);

/* "" when not known. Valid until the next set. */
const char *cgroup_name_get(const struct cgroup_name *names, uint64_t id);

/* Copies @path into @buf; of a longer one the end, behind "...". */
void cgroup_name_copy(char *buf, int size, const char *path);

#endif
