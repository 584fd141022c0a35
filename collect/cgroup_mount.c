// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_mount.c - see cgroup_mount.h.
 */
#include "collect/cgroup_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_file.h"

/* What a mount is worth: the first of the best ones is taken. */
enum mount_rank { RANK_NONE, RANK_UNIFIED_WITHOUT_MEMORY, RANK_MEMORY };

struct mount_search {
	int			root_fd;
	enum mount_rank		rank;
	struct cgroup_mount	*out;
};

/* Is @wanted one of the words of @list, which are separated by one of @separators? */
static bool has_word(const char *list, const char *separators, const char *wanted)
{
	while (*list) {
		size_t len = strcspn(list, separators);

		if (len == strlen(wanted) && !strncmp(list, wanted, len))
			return true;
		list += len;
		list += strspn(list, separators);
	}
	return false;
}

/* mountinfo writes blank, tab, newline and backslash as \ooo. */
static void unescape(const char *in, size_t len, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len && used + 1 < size; i++) {
		if (in[i] == '\\' && len - i >= 4) {
			const char digits[] = { in[i + 1], in[i + 2], in[i + 3], '\0' };

			out[used++] = strtoul(digits, NULL, 8);
			i += 3;
		} else {
			out[used++] = in[i];
		}
	}
	out[used] = '\0';
}

static enum mount_rank rank_unified(int root_fd, const char *path)
{
	char file[PATH_MAX + 32], controllers[512];

	snprintf(file, sizeof(file), "%s/cgroup.controllers", path);
	if (sample_file_first_line(root_fd, file, controllers, sizeof(controllers)) < 0)
		return RANK_NONE;
	return has_word(controllers, " ", "memory") ? RANK_MEMORY : RANK_UNIFIED_WITHOUT_MEMORY;
}

/* "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw": the fifth is the place, behind " - " the type */
static bool mountinfo_line(void *ctx, char *line, size_t len)
{
	struct mount_search *search = ctx;
	const char *pos = line, *rest = strstr(line, " - ");
	struct line_word point, type;
	enum mount_rank rank = RANK_NONE;
	char path[PATH_MAX];
	int version = 0;

	if (!rest)
		return true;
	for (int i = 0; i < 4; i++)
		line_next_word(&pos);
	point = line_next_word(&pos);
	if (!point.len || point.at[0] != '/')
		return true;
	unescape(point.at + 1, point.len - 1, path, sizeof(path));
	rest += strlen(" - ");
	type = line_next_word(&rest);
	if (type.len == 7 && !memcmp(type.at, "cgroup2", 7)) {
		rank = rank_unified(search->root_fd, path);
		version = 2;
	} else if (type.len == 6 && !memcmp(type.at, "cgroup", 6)) {
		line_next_word(&rest);
		rank = has_word(rest + strspn(rest, " "), ",", "memory") ? RANK_MEMORY : RANK_NONE;
		version = 1;
	}
	if (rank > search->rank) {
		search->rank = rank;
		search->out->version = version;
		memcpy(search->out->path, path, sizeof(path));
	}
	return search->rank != RANK_MEMORY;
}

int cgroup_mount_find(int root_fd, struct cgroup_mount *out)
{
	struct mount_search search = { .root_fd = root_fd, .out = out };
	struct sample_buffer *buffer;
	int fd = sample_file_open(root_fd, "proc/self/mountinfo"), ret;

	if (fd < 0)
		return fd;
	buffer = malloc(sizeof(*buffer));
	ret = buffer ? sample_file_lines(fd, FILE_TO_EOF, buffer, mountinfo_line, &search) : -ENOMEM;
	free(buffer);
	close(fd);
	if (ret)
		return ret;
	return search.rank ? 0 : -ENOENT;
}

int cgroup_mount_version(int root_fd, const char *path)
{
	return rank_unified(root_fd, path) == RANK_NONE ? 1 : 2;
}
