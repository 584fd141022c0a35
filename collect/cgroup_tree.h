/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_tree.h - the cgroups there are, followed as they come and go.
 *
 * Each directory has an inotify watch, so nothing is scanned again while nothing happens. A new directory is watched
 * first and scanned then, for it may have got children in between. Directories are scanned again only when the kernel
 * dropped notices (the queue holds fs.inotify.max_queued_events), when one could not be watched
 * (fs.inotify.max_user_watches), or when room has come back after the table was full: a few in each call, in turn.
 * The work of one call is bounded; what is left waits in the kernel's queue, and a cgroup that died there costs one
 * failed look-up.
 *
 * The kernel does not tell a watch of a directory in cgroupfs of its own end; its parent's watch does, and a reader
 * that gets -ENODEV calls cgroup_tree_drop().
 */
#ifndef SQUALL_COLLECT_CGROUP_TREE_H
#define SQUALL_COLLECT_CGROUP_TREE_H

#include <stdbool.h>
#include <stdint.h>

#define CGROUPS_MAX		4096u	/* a node of a large cluster has some 1,000; each costs 1 kB and 3 files */

struct cgroup;
struct cgroup_tree;

struct cgroup_ops {
	/* @cg is new; what is returned is kept as its data. */
	void *(*added)(void *ctx, struct cgroup *cg);
	/* @cg ends; @data is what added() gave. */
	void (*removed)(void *ctx, struct cgroup *cg, void *data);
};

/* @dir_fd is the top directory; it stays the caller's and outlives the tree, as @ops and @ctx do. Reads nothing yet. */
int cgroup_tree_new(int dir_fd, const struct cgroup_ops *ops, void *ctx, struct cgroup_tree **out);
void cgroup_tree_free(struct cgroup_tree *tree);	/* NULL is fine; calls removed() for each */

void cgroup_tree_fill(struct cgroup_tree *tree);	/* everything there is, unbounded: at the start */
void cgroup_tree_follow(struct cgroup_tree *tree);	/* what is new, bounded */
void cgroup_tree_drop(struct cgroup_tree *tree, struct cgroup *cg);

uint32_t cgroup_tree_count(const struct cgroup_tree *tree);
/* The one at @index below the count. A drop puts the last one in the place of the dropped one. */
struct cgroup *cgroup_tree_at(const struct cgroup_tree *tree, uint32_t index);
uint64_t cgroup_tree_left_out(const struct cgroup_tree *tree);	/* times that a cgroup had no place, or no memory */
uint32_t cgroup_tree_unwatched(const struct cgroup_tree *tree);	/* directories that had no watch, so far */

uint64_t cgroup_id(const struct cgroup *cg);		/* inode number of its directory */
const char *cgroup_path(const struct cgroup *cg);	/* from the top: "/a/b"; the top itself is "/" */
void *cgroup_data(const struct cgroup *cg);

#endif
