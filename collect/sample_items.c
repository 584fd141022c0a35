// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_items.c - sets of files that are kept open and are one set of series each, and the forms such files have. See
 * sample_source.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_source.h"

#define BYTES_PER_KB	1024u

const struct series_unit sample_unit_us[] = { { "", "us" } };

const struct sample_form sample_form_keyed = { .end = FILE_TO_EOF, .line = sample_line_keyed };
const struct sample_form sample_form_pressure = { .end = FILE_ONE_READ, .line = sample_line_pressure };
const struct sample_form sample_form_single = { .end = FILE_ONE_READ, .line = sample_line_single };

/* --- forms --- */

void sample_line_keyed(const struct sample_form *form, struct series_set *set, const char *line, struct sample_out *out)
{
	struct line_word name = line_next_word(&line);
	uint64_t value;

	/* a node's meminfo has "Node 0 " before each line */
	if (name.len == 4 && !memcmp(name.at, "Node", 4) && line_next_u64(&line, &value))
		name = line_next_word(&line);
	if (name.len && name.at[name.len - 1] == ':')
		name.len--;
	if (!name.len || !line_next_u64(&line, &value))
		return;
	if (!strcmp(line, " kB"))
		value *= BYTES_PER_KB;
	series_put(set, name.at, name.len, value, out);
}

void sample_line_single(const struct sample_form *form, struct series_set *set, const char *line,
			struct sample_out *out)
{
	uint64_t value;

	if (!strcmp(line, "max"))
		value = INT64_MAX;
	else if (!line_next_u64(&line, &value))
		return;
	series_put(set, "", 0, value, out);
}

void sample_line_columns(const struct sample_form *form, struct series_set *set, const char *line,
			 struct sample_out *out)
{
	uint64_t value;

	for (const char *const *column = form->columns; *column && line_next_u64(&line, &value); column++)
		if (**column)
			series_put(set, *column, strlen(*column), form->scale ? value * form->scale : value, out);
}

void sample_line_pressure(const struct sample_form *form, struct series_set *set, const char *line,
			  struct sample_out *out)
{
	const char *total = strstr(line, " total=");
	uint64_t us;

	if (!total)
		return;
	total += strlen(" total=");
	if (!line_next_u64(&total, &us))
		return;
	if (!strncmp(line, "some ", 5))
		series_put(set, "some.total", strlen("some.total"), us, out);
	else if (!strncmp(line, "full ", 5))
		series_put(set, "full.total", strlen("full.total"), us, out);
}

struct item_read {
	struct sample_item	*item;
	struct sample_out	*out;
};

static bool on_line(void *ctx, char *line, size_t len)
{
	struct item_read *read = ctx;

	read->item->form->line(read->item->form, &read->item->set, line, read->out);
	return !read->out->error;
}

int sample_item_read(struct sample_env *env, struct sample_item *item, struct sample_out *out)
{
	struct item_read read = { .item = item, .out = out };

	return sample_file_lines(item->fd, item->form->end, env->buffer, on_line, &read);
}

/* --- sets of files --- */

int sample_items_new(struct sample_env *env, struct sample_items **out)
{
	struct sample_items *items = calloc(1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	items->env = env;
	*out = items;
	return 0;
}

static int items_reserve(struct sample_items *items)
{
	uint32_t wanted = items->capacity ? items->capacity * 2 : 8;
	struct sample_item *larger;

	if (items->nitems < items->capacity)
		return 0;
	larger = reallocarray(items->items, wanted, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	items->items = larger;
	items->capacity = wanted;
	return 0;
}

int sample_items_add(struct sample_items *items, const char *path, const struct sample_form *form,
		     const struct series_shape *shape, const char *head)
{
	int ret = items_reserve(items);
	const char *own = series_name(items->env->names, "", head, strlen(head));
	int fd;

	if (ret || !own)
		return -ENOMEM;
	fd = sample_file_open(items->env->root_fd, path);
	if (fd < 0) {
		if (!items->missing || items->missing == -ENOENT)
			items->missing = fd;
		return fd;
	}
	items->items[items->nitems++] = (struct sample_item){
		.fd = fd,
		.form = form,
		.set = { .shape = shape, .names = items->env->names, .head = own, .node = -1 },
	};
	return 0;
}

int sample_items_or_none(struct sample_items *items, void **state)
{
	int missing = items->missing ? items->missing : -ENOENT;

	if (!items->nitems) {
		sample_items_close(items);
		return missing;
	}
	*state = items;
	return 0;
}

void sample_items_read(void *state, struct sample_out *out)
{
	struct sample_items *items = state;

	for (uint32_t i = 0; i < items->nitems && !out->error; i++) {
		series_begin(&items->items[i].set);
		sample_item_read(items->env, &items->items[i], out);
	}
}

void sample_items_close(void *state)
{
	struct sample_items *items = state;

	for (uint32_t i = 0; i < items->nitems; i++) {
		close(items->items[i].fd);
		series_set_release(&items->items[i].set);
	}
	free(items->items);
	free(items);
}

/* --- directories --- */

int sample_each_numbered(int root_fd, const char *path, const char *prefix,
			 int (*fn)(void *ctx, const char *name, int number), void *ctx)
{
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while (!ret && (entry = readdir(dir))) {
		const char *digits = entry->d_name + strlen(prefix), *end = digits;
		uint64_t number;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) || !line_next_u64(&end, &number) || *end ||
		    *digits == ' ' || number > INT32_MAX)
			continue;
		ret = fn(ctx, entry->d_name, number);
	}
	closedir(dir);
	return ret;
}
