// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot_view.c - see snapshot_view.h.
 *
 * A file of the view is written over, so that the sampler's descriptors stay good. One that comes for the first time
 * makes a new sampler, which finds it; the old ones stay, because sinks may keep the pointers of their names. That
 * happens once for a directory per moment, and once for each file where files have stamps of their own.
 */
#include "collect/snapshot_view.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/sampler.h"

#define SAMPLERS_MAX	64u
#define KEYS_MAX	1024u
#define FILES_MAX	4096u
#define FILES_OPEN	8		/* of nftw */

struct snapshot_view {
	struct snapshot_index	*index;
	char			root[256];
	int			root_fd;
	struct sampler		*samplers[SAMPLERS_MAX];
	uint32_t		nsamplers;
	uint32_t		keys[KEYS_MAX];		/* hashes of facts that were said */
	uint32_t		nkeys;
	uint32_t		files[FILES_MAX];	/* hashes of paths that are in the view */
	uint32_t		nfiles;
	bool			fresh;			/* the last moment had a new one */
	bool			has_swaps, has_pressure;
	const struct sink	*sink;			/* of the call that goes on */
	char			*content;		/* SNAPSHOT_BYTES_MAX + 1 */
};

static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261u;		/* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h;
}

/* True when it was not there and now is. */
static bool remember(uint32_t *set, uint32_t *n, uint32_t max, uint32_t value)
{
	for (uint32_t i = 0; i < *n; i++)
		if (set[i] == value)
			return false;
	if (*n == max)
		return false;
	set[(*n)++] = value;
	return true;
}

/* --- opening --- */

static int fail(struct source_error *err, int ret, const char *what)
{
	snprintf(err->what, sizeof(err->what), "%s: %s", what, strerror(-ret));
	snprintf(err->hint, sizeof(err->hint), "set TMPDIR to a directory with some MiB of room");
	return ret;
}

int snapshot_view_open(struct snapshot_index *index, struct source_error *err, struct snapshot_view **out)
{
	const char *tmp = getenv("TMPDIR");
	struct snapshot_view *view = calloc(1, sizeof(*view));
	int ret = 0;

	if (!view)
		return -ENOMEM;
	view->index = index;
	view->root_fd = -1;
	view->content = malloc(SNAPSHOT_BYTES_MAX + 1);
	snprintf(view->root, sizeof(view->root), "%.200s/squall-snapshots-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!view->content)
		ret = -ENOMEM;
	else if (!mkdtemp(view->root))
		ret = -errno;
	if (ret) {
		fail(err, ret, view->root);
		view->root[0] = '\0';
		snapshot_view_close(view);
		return ret;
	}
	view->root_fd = open(view->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (view->root_fd < 0) {
		ret = fail(err, -errno, view->root);
		snapshot_view_close(view);
		return ret;
	}
	*out = view;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	remove(path);
	return 0;
}

void snapshot_view_close(struct snapshot_view *view)
{
	if (!view)
		return;
	for (uint32_t i = 0; i < view->nsamplers; i++)
		sampler_free(view->samplers[i]);
	if (view->root_fd >= 0)
		close(view->root_fd);
	if (view->root[0])
		nftw(view->root, remove_entry, FILES_OPEN, FTW_DEPTH | FTW_PHYS);
	free(view->content);
	free(view);
}

/* --- files of the view --- */

static void make_parents(int root_fd, const char *path)
{
	char part[SNAPSHOT_PATH_BYTES];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdirat(root_fd, part, 0700);
	}
}

/* The file of the kernel's @path gets this content. */
static int put_file(struct snapshot_view *view, const char *path, const char *text, size_t len)
{
	bool fresh = remember(view->files, &view->nfiles, FILES_MAX, hash(path));
	int fd, ret = 0;

	if (fresh)
		make_parents(view->root_fd, path);
	view->fresh |= fresh;
	view->has_swaps |= !strcmp(path, "proc/swaps");
	view->has_pressure |= !strcmp(path, "proc/pressure/memory");
	fd = openat(view->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	while (len && !ret) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			ret = -errno;
		text += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
	close(fd);
	return ret;
}

/* "56 (kswapd0) S 2 ...": each line is the file of a thread of its own. */
static int put_threads(struct snapshot_view *view, char *text)
{
	char *line, *rest = text;
	int ret = 0;

	while (!ret && (line = strsep(&rest, "\n"))) {
		char path[64], *end;
		unsigned long pid = strtoul(line, &end, 10);

		if (end == line || strncmp(end, " (", 2) || !pid || pid > INT32_MAX)
			continue;
		snprintf(path, sizeof(path), "proc/%lu/stat", pid);
		ret = put_file(view, path, line, strlen(line));
	}
	return ret;
}

static int put_piece(struct snapshot_view *view, const struct snapshot_piece *piece)
{
	int64_t len = snapshot_index_read(view->index, piece, view->content, SNAPSHOT_BYTES_MAX);

	if (len <= 0)		/* gone or damaged since it was found: no copy */
		return 0;
	view->content[len] = '\0';
	switch ((enum snapshot_kind)piece->kind) {
	case SNAPSHOT_FILE:
		return put_file(view, view->index->paths[piece->path], view->content, len);
	case SNAPSHOT_THREADS:
		return put_threads(view, view->content);
	case SNAPSHOT_UPTIME:
	case SNAPSHOT_STAT:
		break;
	}
	return 0;
}

bool snapshot_moment_has_data(const struct snapshot_index *index, const struct snapshot_moment *moment)
{
	for (uint32_t i = 0; i < moment->count; i++) {
		uint8_t kind = index->pieces[moment->first + i].kind;

		if (kind == SNAPSHOT_FILE || kind == SNAPSHOT_THREADS)
			return true;
	}
	return false;
}

/* --- what the sampler says --- */

static int on_sample(void *ctx, const struct sample *sample)
{
	struct snapshot_view *view = ctx;

	return SINK_CALL(view->sink, sample, sample);
}

/* Facts that the sampler has from the running machine, or from a file that is not in the view. */
static bool is_no_fact(const struct snapshot_view *view, const char *key)
{
	if (!strcmp(key, "page_size") || !strcmp(key, "not_sampled"))
		return true;
	if (!strncmp(key, "swap_devices", strlen("swap_devices")))
		return !view->has_swaps;
	return !strcmp(key, "psi") && !view->has_pressure;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct snapshot_view *view = ctx;

	if (is_no_fact(view, key))
		return 0;
	if (!strchr(key, '@') && !remember(view->keys, &view->nkeys, KEYS_MAX, hash(key)))
		return 0;
	return SINK_CALL(view->sink, meta, key, value);
}

static const struct sink_ops view_ops = { .sample = on_sample, .meta = on_meta };

void snapshot_view_knows(struct snapshot_view *view, const char *key)
{
	if (!strchr(key, '@'))
		remember(view->keys, &view->nkeys, KEYS_MAX, hash(key));
}

static int new_sampler(struct snapshot_view *view, uint64_t ts, const struct sink *sink)
{
	struct sampler_options opt = { .root = view->root };
	struct source_error err;
	struct sampler *s;
	int ret = 0;

	/* the sampler takes a root without it for no machine */
	if (faccessat(view->root_fd, "proc/vmstat", F_OK, 0))
		ret = put_file(view, "proc/vmstat", "", 0);
	if (!ret)
		ret = sampler_open(&opt, &err, &s);
	if (ret)
		return ret;
	view->samplers[view->nsamplers++] = s;
	return sampler_start(s, ts, sink);
}

int snapshot_view_play(struct snapshot_view *view, const struct snapshot_moment *moment, uint64_t ts,
		       const struct sink *sink)
{
	const struct sink own = { &view_ops, view };
	int ret = 0;

	view->sink = sink;
	view->fresh = false;
	for (uint32_t i = 0; i < moment->count && !ret; i++)
		ret = put_piece(view, &view->index->pieces[moment->first + i]);
	if (ret)
		return ret;
	if (!view->nsamplers || (view->fresh && view->nsamplers < SAMPLERS_MAX))
		return new_sampler(view, ts, &own);
	return sampler_read(view->samplers[view->nsamplers - 1], ts, &own);
}
