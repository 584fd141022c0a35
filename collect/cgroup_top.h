/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_top.h - the top directory of the cgroup hierarchy that a recording means by "cgroup": that of the memory
 * controller, as collect/cgroup_mount.h finds it.
 */
#ifndef SQUALL_COLLECT_CGROUP_TOP_H
#define SQUALL_COLLECT_CGROUP_TOP_H

#include <stdint.h>

struct cgroup_top {
	int		version;	/* 1, 2, or 0: this machine has no cgroups */
	int		fd;		/* of the directory; -1 none */
	uint64_t	id;		/* its inode number */
};

/* Below @root_fd. What is not there leaves version 0. Close with cgroup_top_close(). */
void cgroup_top_open(int root_fd, struct cgroup_top *top);
void cgroup_top_close(struct cgroup_top *top);

#endif
