// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_top.c - see cgroup_top.h.
 */
#include "collect/cgroup_top.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/cgroup_mount.h"

void cgroup_top_open(int root_fd, struct cgroup_top *top)
{
	struct cgroup_mount mount;
	struct stat st;

	*top = (struct cgroup_top){ .fd = -1 };
	if (cgroup_mount_find(root_fd, &mount))
		return;
	top->fd = openat(root_fd, mount.path[0] ? mount.path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top->fd < 0 || fstat(top->fd, &st)) {
		cgroup_top_close(top);
		return;
	}
	top->version = mount.version;
	top->id = st.st_ino;
}

void cgroup_top_close(struct cgroup_top *top)
{
	if (top->fd >= 0)
		close(top->fd);
	*top = (struct cgroup_top){ .fd = -1 };
}
