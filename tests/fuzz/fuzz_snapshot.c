// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_snapshot.c - any bytes as a directory of snapshots (libFuzzer): files, each as "name NUL content NUL". They are
 * put below a private directory and read beside a recording of one event; a sink checks order and names.
 */
#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/snapshot_merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX	32

static int on_sample(void *ctx, const struct sample *sample)
{
	uint64_t *last = ctx;

	assert(sample->ts >= *last && sample->ts <= INT64_MAX);
	assert(*sample->name && *sample->unit);
	*last = sample->ts;
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	assert(*key && value);
	return 0;
}

/* Directories are made of a name's '/'; ".." goes nowhere. */
static void put(int root_fd, char *name, const char *content, size_t len)
{
	int fd;

	if (!*name || *name == '/' || strstr(name, "..") || strlen(name) > 200)
		return;
	for (char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdirat(root_fd, name, 0700);
		*slash = '/';
	}
	fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	assert(write(fd, content, len) == (ssize_t)len);
	close(fd);
}

static void put_all(int root_fd, const uint8_t *data, size_t size)
{
	for (int i = 0; i < FILES_MAX && size; i++) {
		const uint8_t *name_end = memchr(data, 0, size), *content_end;
		char name[256];

		if (!name_end)
			return;
		snprintf(name, sizeof(name), "%s", (const char *)data);
		size -= name_end + 1 - data;
		data = name_end + 1;
		content_end = memchr(data, 0, size);
		if (!content_end)
			content_end = data + size;
		put(root_fd, name, (const char *)data, content_end - data);
		size -= content_end - data + (content_end < data + size);
		data = content_end + 1;
	}
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void merge(const char *root, struct snapshot_merge_options opt)
{
	static const struct sink_ops ops = { .sample = on_sample, .meta = on_meta };
	struct event ev = { .ts = 1000000000ull };
	struct source_error err = { 0 };
	struct snapshot_report report;
	struct snapshot_merge *m;
	uint64_t last = 0;
	const struct sink to = { &ops, &last };
	struct sink sink;

	if (snapshot_merge_open(root, &opt, &err, &m)) {
		assert(*err.what);
		return;
	}
	sink = snapshot_merge_sink(m, &to);
	if (opt.alone || !sink.ops->event(sink.ctx, &ev))
		sink.ops->end(sink.ctx);
	snapshot_merge_report(m, &report);
	snapshot_merge_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char root[] = "/dev/shm/squall-fuzz-XXXXXX";
	int root_fd;

	setenv("TMPDIR", "/dev/shm", 1);
	if (!mkdtemp(root))
		return 0;
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_all(root_fd, data, size);
	close(root_fd);
	merge(root, (struct snapshot_merge_options){ 0 });
	merge(root, (struct snapshot_merge_options){ .alone = true });
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
