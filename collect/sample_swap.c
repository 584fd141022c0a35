// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_swap.c - samples of swap devices, zram and zswap. Names: swap.<path>.used, <zram0>.orig_data_size,
 * zswap.pool_total_size.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_source.h"

/* --- /proc/swaps --- */

#define SWAPS_FACT_BYTES	1024u

static const char *const swap_columns[] = { "size", "used", NULL };
static const struct sample_form swap_form = { .line = sample_line_columns, .columns = swap_columns, .scale = 1024 };
static const struct series_unit byte_units[] = { { "", "bytes" } };
static const struct series_shape swap_shape = { .scope = SCOPE_DEVICE, .units = byte_units };

struct swaps {
	struct sample_env	*env;
	int			fd;
	struct series_group	devices;
	struct sample_out	*out;				/* of the read that is going on */
	char			fact[SWAPS_FACT_BYTES];		/* the devices of the last read, as meta has them */
	size_t			fact_bytes;
};

static int swaps_open(struct sample_env *env, void **state)
{
	int fd = sample_file_open(env->root_fd, "proc/swaps");
	struct swaps *s;

	if (fd < 0)
		return -ENOENT;
	s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->env = env;
	s->fd = fd;
	s->devices = (struct series_group){ .shape = &swap_shape, .names = env->names, .before = "swap." };
	*state = s;
	return 0;
}

/* "/dev/zram0 partition 1048572 priority 100", joined by "; ". What has no room is left out whole. */
static void swaps_fact(struct swaps *s, struct line_word path, struct line_word type, const char *columns)
{
	size_t room = sizeof(s->fact) - s->fact_bytes;
	const char *priority = strrchr(columns, '\t') ? : strrchr(columns, ' ');
	struct line_word size = line_next_word(&columns);
	int bytes = snprintf(s->fact + s->fact_bytes, room, "%s%.*s %.*s %.*s kB priority %s",
			     s->fact_bytes ? "; " : "", (int)path.len, path.at, (int)type.len, type.at, (int)size.len,
			     size.at, priority ? priority + 1 : "?");

	if (bytes < (int)room)
		s->fact_bytes += bytes;
	s->fact[s->fact_bytes] = '\0';
}

/* "/dev/zram0   partition   1048572   0   100"; the heading has no numbers. Blanks in a path come as \040. */
static bool swaps_line(void *ctx, char *line, size_t len)
{
	struct swaps *s = ctx;
	const char *pos = line, *number;
	struct line_word path = line_next_word(&pos), type = line_next_word(&pos);
	struct series_set *set;
	uint64_t size;

	number = pos;
	if (!line_next_u64(&number, &size))
		return true;
	swaps_fact(s, path, type, pos);
	set = series_group_at(&s->devices, -1, path.at, path.len);
	if (set)
		sample_line_columns(&swap_form, set, pos, s->out);
	return !s->out->error;
}

static void swaps_read(void *state, struct sample_out *out)
{
	struct swaps *s = state;

	s->out = out;
	s->fact_bytes = 0;
	s->fact[0] = '\0';
	series_group_begin(&s->devices);
	sample_file_lines(s->fd, FILE_TO_EOF, s->env->buffer, swaps_line, s);
}

static int swaps_facts(void *state, const struct sink *sink)
{
	const struct swaps *s = state;

	return SINK_CALL(sink, meta, "swap_devices", s->fact_bytes ? s->fact : "none");
}

static void swaps_close(void *state)
{
	struct swaps *s = state;

	close(s->fd);
	series_group_release(&s->devices);
	free(s);
}

const struct sample_source sample_swaps = {
	.name = "swaps", .open = swaps_open, .read = swaps_read, .facts = swaps_facts, .close = swaps_close,
	.none_key = "swap_devices", .none_value = "none",
};

/* --- zram --- */

/* Documentation/admin-guide/blockdev/zram.rst; older kernels have the first ones of each. */
static const char *const mm_columns[] = {
	"orig_data_size", "compr_data_size", "mem_used_total", "mem_limit", "mem_used_max", "same_pages",
	"pages_compacted", "huge_pages", "huge_pages_since", NULL
};
static const char *const io_columns[] = { "failed_reads", "failed_writes", "invalid_io", "notify_free", NULL };
static const char *const bd_columns[] = { "bd_count", "bd_reads", "bd_writes", NULL };

static const struct sample_form mm_form = {
	.end = FILE_ONE_READ, .line = sample_line_columns, .columns = mm_columns,
};
static const struct sample_form io_form = {
	.end = FILE_ONE_READ, .line = sample_line_columns, .columns = io_columns,
};
static const struct sample_form bd_form = {
	.end = FILE_ONE_READ, .line = sample_line_columns, .columns = bd_columns,
};

static const struct series_unit mm_units[] = {
	{ "same_pages", "pages" },
	{ "pages_compacted", "pages" },
	{ "huge_pages", "pages" },
	{ "", "bytes" },
};
static const struct series_unit count_units[] = { { "", "count" } };
static const struct series_unit bd_units[] = { { "", "4 KiB" } };

static const struct series_shape mm_shape = { .scope = SCOPE_DEVICE, .units = mm_units };
static const struct series_shape io_shape = { .scope = SCOPE_DEVICE, .units = count_units };
static const struct series_shape bd_shape = { .scope = SCOPE_DEVICE, .units = bd_units };
static const struct series_shape disksize_shape = { .scope = SCOPE_DEVICE, .units = byte_units };

static const struct zram_file {
	const char			*file;
	const struct sample_form	*form;
	const struct series_shape	*shape;
	const char			*name;	/* of the value; "" the columns have names */
} zram_files[] = {
	{ "mm_stat", &mm_form, &mm_shape, "" },
	{ "io_stat", &io_form, &io_shape, "" },
	{ "bd_stat", &bd_form, &bd_shape, "" },		/* with CONFIG_ZRAM_WRITEBACK */
	{ "disksize", &sample_form_single, &disksize_shape, "disksize" },
};

#define ZRAM_LOOK_READS		10u	/* between two looks for new devices, of some 10 us */

struct zram {
	struct sample_items	*items;
	uint32_t		reads;
};

static bool is_known(const struct sample_items *items, const char *head)
{
	for (uint32_t i = 0; i < items->nitems; i++)
		if (!strcmp(items->items[i].set.head, head))
			return true;
	return false;
}

/*
 * FIXME: a device that is removed and made anew under its number keeps its old, dead files: it is in swaps and
 * diskstats, but its mm_stat is not sampled.
 */
static int add_zram(void *ctx, const char *name, int number)
{
	struct sample_items *items = ctx;
	char path[320], head[64];
	int ret = 0;

	snprintf(head, sizeof(head), "zram%d.disksize", number);
	if (is_known(items, head))
		return 0;
	for (size_t i = 0; ret != -ENOMEM && i < sizeof(zram_files) / sizeof(zram_files[0]); i++) {
		snprintf(path, sizeof(path), "sys/block/%s/%s", name, zram_files[i].file);
		snprintf(head, sizeof(head), "zram%d.%s", number, zram_files[i].name);
		ret = sample_items_add(items, path, zram_files[i].form, zram_files[i].shape, head);
	}
	return ret == -ENOMEM ? ret : 0;
}

static int look_for_zram(struct zram *z)
{
	return sample_each_numbered(z->items->env->root_fd, "sys/block", "zram", add_zram, z->items);
}

static void zram_close(void *state)
{
	struct zram *z = state;

	if (z->items)
		sample_items_close(z->items);
	free(z);
}

/* Devices can come while we record: zram as first aid in a storm. So there is always something to look for. */
static int zram_open(struct sample_env *env, void **state)
{
	struct zram *z = calloc(1, sizeof(*z));
	int ret = z ? sample_items_new(env, &z->items) : -ENOMEM;

	if (!ret)
		ret = look_for_zram(z);
	if (!ret) {
		*state = z;
		return 0;
	}
	if (z)
		zram_close(z);
	return ret == -ENOMEM ? ret : -ENOENT;
}

static void zram_read(void *state, struct sample_out *out)
{
	struct zram *z = state;

	if (++z->reads % ZRAM_LOOK_READS == 0)
		look_for_zram(z);
	sample_items_read(z->items, out);
}

const struct sample_source sample_zram = {
	.name = "zram", .open = zram_open, .read = zram_read, .close = zram_close,
};

/* --- zswap --- */

#define ZSWAP_DIR	"sys/kernel/debug/zswap"

static const struct series_unit zswap_units[] = {
	{ "zswap.pool_total_size", "bytes" },
	{ "zswap.stored_pages", "pages" },
	{ "zswap.stored_incompressible_pages", "pages" },
	{ "zswap.same_filled_pages", "pages" },
	{ "zswap.written_back_pages", "pages" },
	{ "", "count" },
};
static const struct series_shape zswap_shape = { .scope = SCOPE_SYSTEM, .units = zswap_units };

static int add_zswap(struct sample_items *items, int dir_fd)
{
	DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;
	int ret = 0;

	if (!dir) {
		ret = -errno;
		close(dir_fd);
		return ret;
	}
	while (ret != -ENOMEM && (entry = readdir(dir))) {
		char path[320], head[300];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), ZSWAP_DIR "/%s", entry->d_name);
		snprintf(head, sizeof(head), "zswap.%s", entry->d_name);
		ret = sample_items_add(items, path, &sample_form_single, &zswap_shape, head);
	}
	closedir(dir);
	return ret == -ENOMEM ? ret : 0;
}

/* Each kernel has other counters (6.1 duplicate_entry, 7.0 stored_incompressible_pages), so take all there are. */
static int zswap_open(struct sample_env *env, void **state)
{
	int dir_fd = openat(env->root_fd, ZSWAP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;
	struct sample_items *items;

	if (dir_fd < 0)
		return -ENOENT;
	ret = sample_items_new(env, &items);
	if (ret) {
		close(dir_fd);
		return ret;
	}
	ret = add_zswap(items, dir_fd);
	if (ret) {
		sample_items_close(items);
		return ret;
	}
	return sample_items_or_none(items, state);
}

const struct sample_source sample_zswap = {
	.name = "zswap", .open = zswap_open, .read = sample_items_read, .close = sample_items_close,
};
