// SPDX-License-Identifier: GPL-2.0-only
/*
 * machine_cgroup.c - see machine_cgroup.h. Cgroups come and go meanwhile; one that has gone is passed over.
 */
#include "collect/machine_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX	32		/* each level holds one descriptor; systemd makes less than 10 */
#define NEAR_PERCENT	95		/* of memory.high: what reclaim keeps it at */
/* v1 has no word for "no limit": the largest count of pages, in bytes. No machine has a 64th of it. */
#define V1_UNLIMITED	(INT64_MAX / 64)

/* A limit in bytes; MACHINE_UNKNOWN: "max", or no such file (the root has none). */
static int64_t read_bytes(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char text[32], *end;
	long long value;
	ssize_t len;

	if (fd < 0)
		return MACHINE_UNKNOWN;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return MACHINE_UNKNOWN;
	text[len] = 0;
	value = strtoll(text, &end, 10);
	return end == text || value < 0 ? MACHINE_UNKNOWN : value;
}

static void read_v2(int dir, int depth, struct machine_cgroups *out)
{
	int64_t high = read_bytes(dir, "memory.high");

	if (high >= 0) {
		out->with_high++;
		out->at_high += read_bytes(dir, "memory.current") >= high / 100 * NEAR_PERCENT;
	}
	out->with_max += read_bytes(dir, "memory.max") >= 0;
	if (depth == 1) {
		int64_t min = read_bytes(dir, "memory.min"), low = read_bytes(dir, "memory.low");
		int64_t most = min > low ? min : low;

		if (most > 0 && __builtin_add_overflow(out->protected_bytes, most, &out->protected_bytes))
			out->protected_bytes = INT64_MAX;
	}
}

static void read_v1(int dir, struct machine_cgroups *out)
{
	int64_t limit = read_bytes(dir, "memory.limit_in_bytes");

	out->with_max += limit >= 0 && limit < V1_UNLIMITED;
}

/* Takes @fd over. */
static void walk(int fd, int depth, struct machine_cgroups *out)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		close(fd);
		return;
	}
	if (out->version == 2)
		read_v2(fd, depth, out);
	else
		read_v1(fd, out);
	out->count++;
	while ((entry = readdir(dir)) && !out->cut) {
		int child;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (out->count == MACHINE_CGROUPS_MAX || depth == DEPTH_MAX) {
			out->cut = true;
			break;
		}
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			walk(child, depth + 1, out);
	}
	closedir(dir);
}

void machine_cgroups_read(const char *path, int version, struct machine_cgroups *out)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = (struct machine_cgroups){ .version = version };
	snprintf(out->path, sizeof(out->path), "%s", path);
	if (fd >= 0)
		walk(fd, 0, out);
}
