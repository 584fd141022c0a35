// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_parts.c - see store_parts.h.
 */
#include "cmd/store_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS		4	/* so that names sort as they were made; the 10,000th has one more */
#define NUMBER_MAX	999999999l

struct part {
	char		*path;
	dev_t		dev;
	ino_t		ino;
};

struct store_parts {
	char		*stem;		/* of storm.db: "storm" */
	const char	*suffix;	/* ".db" */
	char		*output;
	unsigned int	keep;		/* 0: no rotation */
	long		number;		/* of the file to make now */
	char		*name;
	unsigned int	made, removed;
	struct part	*parts;		/* keep of them, used in turn */
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *suffix_of(const char *path)
{
	const char *base = base_of(path), *dot = strrchr(base, '.');

	return dot && dot != base ? dot : path + strlen(path);
}

/* The number in "storm.0007.db"; 0 when @name is no file of ours. */
static long number_of(const struct store_parts *p, const char *name)
{
	const char *base = base_of(p->stem);
	size_t len = strlen(base);
	char *end;
	long number;

	if (strncmp(name, base, len) || name[len] != '.' || strspn(name + len + 1, "0123456789") < DIGITS)
		return 0;
	number = strtol(name + len + 1, &end, 10);
	return !strcmp(end, p->suffix) && number < NUMBER_MAX ? number : 0;
}

static int find_last_number(struct store_parts *p)
{
	char *path = strndup(p->output, base_of(p->output) - p->output);
	struct dirent *entry;
	DIR *dir = path ? opendir(*path ? path : ".") : NULL;
	int ret = path ? -errno : -ENOMEM;

	free(path);
	if (!dir)
		return ret;
	while ((entry = readdir(dir))) {
		long number = number_of(p, entry->d_name);

		if (number >= p->number)
			p->number = number + 1;
	}
	closedir(dir);
	return 0;
}

int store_parts_new(const char *output, unsigned int keep, struct store_parts **out)
{
	struct store_parts *p = calloc(1, sizeof(*p));
	int ret = -ENOMEM;

	if (!p)
		return ret;
	p->keep = keep;
	p->number = 1;
	p->output = strdup(output);
	p->parts = calloc(keep ? keep : 1, sizeof(*p->parts));
	if (p->output && p->parts) {
		p->suffix = suffix_of(p->output);
		p->stem = strndup(p->output, p->suffix - p->output);
		ret = !p->stem ? -ENOMEM : keep ? find_last_number(p) : 0;
	}
	if (ret) {
		store_parts_free(p);
		return ret;
	}
	*out = p;
	return 0;
}

void store_parts_free(struct store_parts *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; p->parts && i < (p->keep ? p->keep : 1); i++)
		free(p->parts[i].path);
	free(p->parts);
	free(p->name);
	free(p->stem);
	free(p->output);
	free(p);
}

const char *store_parts_name(struct store_parts *p)
{
	char *name;

	if (!p->keep)
		return p->output;
	if (asprintf(&name, "%s.%0*ld%s", p->stem, DIGITS, p->number, p->suffix) < 0)
		return NULL;
	free(p->name);
	p->name = name;
	return name;
}

int store_parts_skip(struct store_parts *p)
{
	if (!p->keep || p->number >= NUMBER_MAX)
		return -EEXIST;
	p->number++;
	return 0;
}

/* A reader may have kept the log from being removed. */
static void remove_part(struct store_parts *p, struct part *part)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct stat st;
	char *path;

	if (part->path && !lstat(part->path, &st) && st.st_dev == part->dev && st.st_ino == part->ino) {
		for (unsigned int i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
			if (asprintf(&path, "%s%s", part->path, suffixes[i]) < 0)
				break;
			unlink(path);
			free(path);
		}
	}
	free(part->path);
	part->path = NULL;
	p->removed++;
}

void store_parts_made(struct store_parts *p)
{
	struct part *part = &p->parts[p->keep ? p->made % p->keep : 0];
	const char *name = store_parts_name(p);
	struct stat st;

	if (p->keep && p->made >= p->keep)
		remove_part(p, part);
	p->made++;
	p->number++;
	if (name && !lstat(name, &st))
		*part = (struct part){ .path = strdup(name), .dev = st.st_dev, .ino = st.st_ino };
}

unsigned int store_parts_count(const struct store_parts *p)
{
	return p->made;
}

unsigned int store_parts_left(const struct store_parts *p)
{
	return p->made - p->removed;
}
