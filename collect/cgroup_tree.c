// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_tree.c - see cgroup_tree.h. Cgroups are found by path (scans, notices of a parent) and by watch (notices).
 */
#include "collect/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* One cgroup costs 30 to 60 us to take in, so these bound a call to about 2 ms. */
#define ADDS_PER_FOLLOW		32u
#define SCANS_PER_FOLLOW	16u
#define LOOKS_PER_FOLLOW	512u

struct cgroup {
	UT_hash_handle	by_path;
	UT_hash_handle	by_watch;
	uint64_t	id;
	void		*data;
	int		watch;		/* -1 none */
	uint32_t	index;
	bool		scan;		/* may have children that we do not know */
	char		path[];		/* "" the top */
};

struct cgroup_tree {
	int			dir_fd;		/* borrowed */
	int			notify_fd;	/* -1: no inotify */
	const struct cgroup_ops	*ops;
	void			*ctx;
	struct cgroup		*by_path;
	struct cgroup		*by_watch;
	struct cgroup		*all[CGROUPS_MAX];
	uint32_t		count;
	uint32_t		next_scan;
	uint32_t		unwatched;
	uint64_t		left_out;
	bool			refused;	/* since the last time that all were to be scanned */
};

uint64_t cgroup_id(const struct cgroup *cg)
{
	return cg->id;
}

const char *cgroup_path(const struct cgroup *cg)
{
	return cg->path[0] ? cg->path : "/";
}

void *cgroup_data(const struct cgroup *cg)
{
	return cg->data;
}

uint32_t cgroup_tree_count(const struct cgroup_tree *tree)
{
	return tree->count;
}

struct cgroup *cgroup_tree_at(const struct cgroup_tree *tree, uint32_t index)
{
	return tree->all[index];
}

uint64_t cgroup_tree_left_out(const struct cgroup_tree *tree)
{
	return tree->left_out;
}

uint32_t cgroup_tree_unwatched(const struct cgroup_tree *tree)
{
	return tree->unwatched;
}

int cgroup_tree_new(int dir_fd, const struct cgroup_ops *ops, void *ctx, struct cgroup_tree **out)
{
	struct cgroup_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->dir_fd = dir_fd;
	tree->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	tree->ops = ops;
	tree->ctx = ctx;
	*out = tree;
	return 0;
}

void cgroup_tree_free(struct cgroup_tree *tree)
{
	if (!tree)
		return;
	while (tree->count)
		cgroup_tree_drop(tree, tree->all[tree->count - 1]);
	if (tree->notify_fd >= 0)
		close(tree->notify_fd);
	free(tree);
}

/* --- one cgroup --- */

static struct cgroup *find_path(const struct cgroup_tree *tree, const char *path)
{
	struct cgroup *cg;

	HASH_FIND(by_path, tree->by_path, path, strlen(path), cg);
	return cg;
}

/* inotify has no form with a directory descriptor; the magic link of ours stands for it. */
static void watch(struct cgroup_tree *tree, struct cgroup *cg)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d%s", tree->dir_fd, cg->path);
	cg->watch = inotify_add_watch(tree->notify_fd, path, IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR);
	if (cg->watch >= 0)
		HASH_ADD(by_watch, tree->by_watch, watch, sizeof(cg->watch), cg);
	if (cg->watch >= 0 && !cg->by_watch.tbl) {
		inotify_rm_watch(tree->notify_fd, cg->watch);
		cg->watch = -1;
	}
	tree->unwatched += cg->watch < 0;
}

static struct cgroup *insert(struct cgroup_tree *tree, const char *path, uint64_t id)
{
	size_t len = strlen(path);
	struct cgroup *cg = tree->count < CGROUPS_MAX ? calloc(1, sizeof(*cg) + len + 1) : NULL;

	if (!cg)
		return NULL;
	memcpy(cg->path, path, len);
	cg->id = id;
	cg->scan = true;
	cg->watch = -1;
	HASH_ADD_KEYPTR(by_path, tree->by_path, cg->path, len, cg);
	if (!cg->by_path.tbl) {
		free(cg);
		return NULL;
	}
	cg->index = tree->count;
	tree->all[tree->count++] = cg;
	return cg;
}

/* A directory that went and came again under its name between two looks is another cgroup. */
static void take_in(struct cgroup_tree *tree, const char *path)
{
	struct cgroup *cg = find_path(tree, path);
	struct stat st;

	if (fstatat(tree->dir_fd, *path ? path + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
		return;
	if (cg && cg->id == st.st_ino)
		return;
	if (cg)
		cgroup_tree_drop(tree, cg);
	cg = insert(tree, path, st.st_ino);
	if (!cg) {
		tree->left_out++;
		tree->refused = true;
		return;
	}
	watch(tree, cg);
	cg->data = tree->ops->added(tree->ctx, cg);
}

void cgroup_tree_drop(struct cgroup_tree *tree, struct cgroup *cg)
{
	tree->ops->removed(tree->ctx, cg, cg->data);
	HASH_DELETE(by_path, tree->by_path, cg);
	if (cg->watch >= 0) {
		HASH_DELETE(by_watch, tree->by_watch, cg);
		inotify_rm_watch(tree->notify_fd, cg->watch);
	}
	tree->all[cg->index] = tree->all[--tree->count];
	tree->all[cg->index]->index = cg->index;
	free(cg);
}

static bool child_path(const struct cgroup *parent, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", parent->path, name) < PATH_MAX;
}

/* A child that is gone is noticed by whoever reads it. */
static void scan(struct cgroup_tree *tree, struct cgroup *cg)
{
	int fd = openat(tree->dir_fd, *cg->path ? cg->path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char path[PATH_MAX];

	cg->scan = false;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, "..") && child_path(cg, entry->d_name, path))
			take_in(tree, path);
	closedir(dir);
}

void cgroup_tree_fill(struct cgroup_tree *tree)
{
	take_in(tree, "");
	for (uint32_t i = 0; i < tree->count; i++)
		if (tree->all[i]->scan)
			scan(tree, tree->all[i]);
}

/* --- following --- */

static void scan_all_again(struct cgroup_tree *tree)
{
	for (uint32_t i = 0; i < tree->count; i++)
		tree->all[i]->scan = true;
}

/* 1 when a cgroup was taken in. */
static unsigned int handle_notice(struct cgroup_tree *tree, const struct inotify_event *notice)
{
	struct cgroup *parent, *child;
	char path[PATH_MAX];

	if (notice->mask & IN_Q_OVERFLOW)
		scan_all_again(tree);
	HASH_FIND(by_watch, tree->by_watch, &notice->wd, sizeof(notice->wd), parent);
	if (!parent || !(notice->mask & IN_ISDIR) || !notice->len || !child_path(parent, notice->name, path))
		return 0;
	if (notice->mask & (IN_CREATE | IN_MOVED_TO)) {
		take_in(tree, path);
		return 1;
	}
	child = find_path(tree, path);
	if (child && notice->mask & IN_DELETE)
		cgroup_tree_drop(tree, child);
	return 0;
}

static void read_notices(struct cgroup_tree *tree)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	unsigned int added = 0;

	while (added < ADDS_PER_FOLLOW) {
		ssize_t n = read(tree->notify_fd, buffer, sizeof(buffer));

		if (n <= 0)
			return;
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *notice = (const struct inotify_event *)at;

			added += handle_notice(tree, notice);
			at += sizeof(*notice) + notice->len;
		}
	}
}

void cgroup_tree_follow(struct cgroup_tree *tree)
{
	unsigned int scans = 0;

	read_notices(tree);
	if (tree->refused && tree->count < CGROUPS_MAX) {
		tree->refused = false;
		scan_all_again(tree);
	}
	for (uint32_t i = 0; i < LOOKS_PER_FOLLOW && i < tree->count && scans < SCANS_PER_FOLLOW; i++) {
		struct cgroup *cg = tree->all[tree->next_scan++ % tree->count];

		if (cg->scan || cg->watch < 0) {
			scan(tree, cg);
			scans++;
		}
	}
}
