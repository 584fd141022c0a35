/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_mount.h - where the memory cgroups of this machine are.
 */
#ifndef SQUALL_COLLECT_CGROUP_MOUNT_H
#define SQUALL_COLLECT_CGROUP_MOUNT_H

#include <limits.h>

struct cgroup_mount {
	int	version;		/* 1 or 2 */
	char	path[PATH_MAX];		/* without a leading slash: "sys/fs/cgroup" */
};

/*
 * The hierarchy that has the memory controller, from proc/self/mountinfo below @root_fd; the unified one, without
 * it, when there is no such (it has pressure still). 0, -ENOENT when there is none, or what reading failed with.
 */
int cgroup_mount_find(int root_fd, struct cgroup_mount *out);

/* The version of the hierarchy mounted at @path. */
int cgroup_mount_version(int root_fd, const char *path);

#endif
