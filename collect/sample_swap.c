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
#include <sys/stat.h>
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
	char			said[SWAPS_FACT_BYTES];
	bool			started;			/* the fact was said */
};

static int swaps_open(struct sample_env *env, void **state)
{
	int fd = sample_file_open(env->root_fd, "proc/swaps");
	struct swaps *s;

	if (fd < 0)
		return fd;
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

/* One that was switched off holds nothing; its last value would say for ever that it does. */
static void swaps_off(struct swaps *s)
{
	for (uint32_t i = 0; i < s->devices.nmembers; i++) {
		struct series_set *set = &s->devices.members[i].set;

		if (s->devices.members[i].seen == s->devices.round)
			continue;
		series_begin(set);
		for (const char *const *column = swap_columns; *column; column++)
			series_put(set, *column, strlen(*column), 0, s->out);
	}
}

static const char *swaps_text(const struct swaps *s)
{
	return s->fact_bytes ? s->fact : "none";
}

static void swaps_read(void *state, struct sample_out *out)
{
	struct swaps *s = state;

	s->out = out;
	s->fact_bytes = 0;
	s->fact[0] = '\0';
	series_group_begin(&s->devices);
	if (sample_file_lines(s->fd, FILE_TO_EOF, s->env->buffer, swaps_line, s) || out->error)
		return;
	swaps_off(s);
	if (s->started && !out->error && strcmp(s->fact, s->said)) {
		strcpy(s->said, s->fact);
		out->error = sample_say_change(out->sink, "swap_devices", out->ts, swaps_text(s));
	}
}

static int swaps_facts(void *state, const struct sink *sink)
{
	struct swaps *s = state;

	strcpy(s->said, s->fact);
	s->started = true;
	return SINK_CALL(sink, meta, "swap_devices", swaps_text(s));
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
	.none_key = "swap_devices", .none_value = "none", .empty = "no swap",
};

/* --- zram --- */

enum { ZRAM_DISKSIZE, ZRAM_MM, ZRAM_IO, ZRAM_BD };

/* Documentation/admin-guide/blockdev/zram.rst; older kernels have the first ones of each. */
static const char *const mm_columns[] = {
	"orig_data_size", "compr_data_size", "mem_used_total", "mem_limit", "mem_used_max", "same_pages",
	"pages_compacted", "huge_pages", "huge_pages_since", NULL
};
static const char *const io_columns[] = { "failed_reads", "failed_writes", "invalid_io", "notify_free", NULL };
static const char *const bd_columns[] = { "bd_count", "bd_reads", "bd_writes", NULL };
static const char *const disksize_columns[] = { "", NULL };
static const char *const mm_sizes[] = { "orig_data_size", "compr_data_size", "mem_used_total", NULL };

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
	const char			*name;		/* of the value; "" the columns have names */
	const char			*const *sizes;	/* what is 0 when the device is gone; NULL: counters */
} zram_files[] = {
	[ZRAM_DISKSIZE] = { "disksize", &sample_form_single, &disksize_shape, "disksize", disksize_columns },
	[ZRAM_MM] = { "mm_stat", &mm_form, &mm_shape, "", mm_sizes },
	[ZRAM_IO] = { "io_stat", &io_form, &io_shape, "" },
	[ZRAM_BD] = { "bd_stat", &bd_form, &bd_shape, "" },		/* with CONFIG_ZRAM_WRITEBACK */
};

#define ZRAM_FILES		(sizeof(zram_files) / sizeof(zram_files[0]))
#define ZRAM_MAX		64u	/* devices; there is one for swap, or one for each CPU */
#define ZRAM_LOOK_READS		2u	/* a look for new devices takes some 10 us */
#define FD_NONE			(-1)

/*
 * One device. Its number can come again: removed and made anew it has other files, and its series go on. A device that
 * is gone, or that another one has the name of, is noticed when its files fail, or by the inode of its directory.
 */
struct zram_device {
	int			number;
	ino_t			directory;	/* 0: gone */
	bool			present;	/* in the look that is going on */
	bool			described;	/* its facts were told since it was set up */
	struct sample_item	files[ZRAM_FILES];
};

struct zram {
	struct sample_env	*env;
	uint32_t		reads;
	bool			lost;		/* a device went */
	uint32_t		ndevices;
	struct zram_device	devices[ZRAM_MAX];
};

static const char *const zram_fact_files[] = { "comp_algorithm", "backing_dev" };

/* --- one device --- */

static void zram_close_files(struct zram_device *dev)
{
	for (size_t i = 0; i < ZRAM_FILES; i++) {
		if (dev->files[i].fd >= 0)
			close(dev->files[i].fd);
		dev->files[i].fd = FD_NONE;
	}
	dev->directory = 0;
	dev->described = false;
}

static void zram_open_files(struct zram *z, struct zram_device *dev, ino_t directory)
{
	char path[96];

	zram_close_files(dev);
	dev->directory = directory;
	for (size_t i = 0; i < ZRAM_FILES; i++) {
		snprintf(path, sizeof(path), "sys/block/zram%d/%s", dev->number, zram_files[i].file);
		dev->files[i].fd = sample_file_open(z->env->root_fd, path);
	}
}

static struct zram_device *zram_add(struct zram *z, int number)
{
	struct zram_device *dev = z->ndevices < ZRAM_MAX ? &z->devices[z->ndevices] : NULL;
	char head[64];

	if (!dev)
		return NULL;
	*dev = (struct zram_device){ .number = number };
	for (size_t i = 0; i < ZRAM_FILES; i++) {
		const char *own;

		snprintf(head, sizeof(head), "zram%d.%s", number, zram_files[i].name);
		own = series_name(z->env->names, "", head, strlen(head));
		if (!own)
			return NULL;
		dev->files[i] = (struct sample_item){
			.fd = FD_NONE, .form = zram_files[i].form,
			.set = { .shape = zram_files[i].shape, .names = z->env->names, .head = own, .node = -1 },
		};
	}
	z->ndevices++;
	return dev;
}

/* What a device that is gone holds: nothing. Its counters keep their last values. */
static void zram_gone(struct zram_device *dev, struct sample_out *out)
{
	zram_close_files(dev);
	for (size_t i = 0; i < ZRAM_FILES; i++) {
		struct series_set *set = &dev->files[i].set;
		const char *const *name = zram_files[i].sizes;

		series_begin(set);
		for (; name && *name && set->nslots; name++)
			series_put(set, *name, strlen(*name), 0, out);
	}
}

/* Algorithm and backing device can be chosen until the size is set. @ts 0: at the start. */
static int zram_describe(struct zram *z, struct zram_device *dev, uint64_t ts, const struct sink *sink)
{
	const struct series_set *size = &dev->files[ZRAM_DISKSIZE].set;
	bool was_described = dev->described;
	uint64_t bytes;
	int ret = 0;

	dev->described = dev->directory && series_last(size, size->head, "", &bytes) && bytes;
	if (was_described || !dev->described)
		return 0;
	for (size_t i = 0; !ret && i < sizeof(zram_fact_files) / sizeof(zram_fact_files[0]); i++) {
		char path[96], key[64], value[256];

		snprintf(path, sizeof(path), "sys/block/zram%d/%s", dev->number, zram_fact_files[i]);
		snprintf(key, sizeof(key), "zram%d.%s", dev->number, zram_fact_files[i]);
		if (sample_file_first_line(z->env->root_fd, path, value, sizeof(value)) <= 0)
			continue;
		sample_take_choice(value);
		ret = ts ? sample_say_change(sink, key, ts, value) : SINK_CALL(sink, meta, key, value);
	}
	return ret;
}

/* --- all of them --- */

static int zram_found(void *ctx, const char *name, int number)
{
	struct zram *z = ctx;
	struct zram_device *dev = NULL;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "sys/block/zram%d", number);
	if (fstatat(z->env->root_fd, path, &st, 0))
		return 0;
	for (uint32_t i = 0; i < z->ndevices && !dev; i++)
		if (z->devices[i].number == number)
			dev = &z->devices[i];
	if (!dev)
		dev = zram_add(z, number);
	if (!dev)
		return 0;
	dev->present = true;
	if (dev->directory != st.st_ino)
		zram_open_files(z, dev, st.st_ino);
	return 0;
}

/* @out NULL: at the start. */
static int zram_look(struct zram *z, struct sample_out *out)
{
	int ret;

	for (uint32_t i = 0; i < z->ndevices; i++)
		z->devices[i].present = false;
	ret = sample_each_numbered(z->env->root_fd, "sys/block", "zram", zram_found, z);
	for (uint32_t i = 0; !ret && out && i < z->ndevices; i++)
		if (!z->devices[i].present && z->devices[i].directory)
			zram_gone(&z->devices[i], out);
	return ret;
}

static void zram_close(void *state)
{
	struct zram *z = state;

	for (uint32_t i = 0; i < z->ndevices; i++) {
		zram_close_files(&z->devices[i]);
		for (size_t k = 0; k < ZRAM_FILES; k++)
			series_set_release(&z->devices[i].files[k].set);
	}
	free(z);
}

/* Devices can come while we record: zram as first aid in a storm. So there is always something to look for. */
static int zram_open(struct sample_env *env, void **state)
{
	struct zram *z = calloc(1, sizeof(*z));
	int ret;

	if (!z)
		return -ENOMEM;
	z->env = env;
	ret = zram_look(z, NULL);
	if (ret) {
		zram_close(z);
		return ret;
	}
	*state = z;
	return 0;
}

static void zram_read_device(struct zram *z, struct zram_device *dev, struct sample_out *out)
{
	for (size_t i = 0; i < ZRAM_FILES && !out->error; i++) {
		series_begin(&dev->files[i].set);
		if (dev->files[i].fd >= 0 && sample_item_read(z->env, &dev->files[i], out) == -ENODEV) {
			zram_gone(dev, out);
			z->lost = true;
			return;
		}
	}
	if (z->reads && !out->error)
		out->error = zram_describe(z, dev, out->ts, out->sink);
}

static void zram_read(void *state, struct sample_out *out)
{
	struct zram *z = state;

	if (z->lost || z->reads % ZRAM_LOOK_READS == ZRAM_LOOK_READS - 1) {
		z->lost = false;
		zram_look(z, out);
	}
	for (uint32_t i = 0; i < z->ndevices && !out->error; i++)
		zram_read_device(z, &z->devices[i], out);
	z->reads++;
}

static int zram_say(void *state, const struct sink *sink)
{
	struct zram *z = state;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < z->ndevices; i++)
		ret = zram_describe(z, &z->devices[i], 0, sink);
	return ret;
}

const struct sample_source sample_zram = {
	.name = "zram", .open = zram_open, .read = zram_read, .facts = zram_say, .close = zram_close,
	.empty = "no device",
};

/* --- zswap --- */

#define ZSWAP_DIR		"sys/kernel/debug/zswap"
#define ZSWAP_MODULE		"sys/module/zswap"
#define ZSWAP_LOOK_READS	10u

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
		if (!ret) {
			close(items->items[items->nitems - 1].fd);
			items->items[items->nitems - 1].fd = FD_NONE;
		}
	}
	closedir(dir);
	return ret == -ENOMEM ? ret : 0;
}

struct zswap {
	struct sample_items	*items;
	uint32_t		reads;
};

/* Each kernel has other counters (6.1 duplicate_entry, 7.0 stored_incompressible_pages), so take all there are. */
static int zswap_look(struct zswap *z)
{
	int dir_fd = openat(z->items->env->root_fd, ZSWAP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir_fd < 0 ? -errno : add_zswap(z->items, dir_fd);
}

static void zswap_close(void *state)
{
	struct zswap *z = state;

	if (z->items)
		sample_items_close(z->items);
	free(z);
}

/* The kernel makes the counters when zswap is first switched on, which can be while we record. */
static int zswap_open(struct sample_env *env, void **state)
{
	struct zswap *z;
	int ret;

	z = calloc(1, sizeof(*z));
	ret = z ? sample_items_new(env, &z->items) : -ENOMEM;
	if (!ret)
		ret = zswap_look(z);
	if (!ret || (ret == -ENOENT && !faccessat(env->root_fd, ZSWAP_MODULE, F_OK, 0))) {
		*state = z;
		return 0;
	}
	if (z)
		zswap_close(z);
	return ret;
}

/* simple_attr_open() allows no seeking in a file of debugfs: pread() fails, and a second read() is at its end. */
static void zswap_read_counter(struct zswap *z, struct sample_item *item, struct sample_out *out)
{
	char path[320], text[32];
	ssize_t n;
	int fd;

	series_begin(&item->set);
	snprintf(path, sizeof(path), ZSWAP_DIR "/%s", item->set.head + strlen("zswap."));
	fd = sample_file_open(z->items->env->root_fd, path);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	item->form->line(item->form, &item->set, text, out);
}

static void zswap_read(void *state, struct sample_out *out)
{
	struct zswap *z = state;

	if (!z->items->nitems && z->reads++ % ZSWAP_LOOK_READS == ZSWAP_LOOK_READS - 1)
		zswap_look(z);
	for (uint32_t i = 0; i < z->items->nitems && !out->error; i++)
		zswap_read_counter(z, &z->items->items[i], out);
}

const struct sample_source sample_zswap = {
	.name = "zswap", .open = zswap_open, .read = zswap_read, .close = zswap_close,
	.without = "this kernel has no zswap", .empty = "debugfs is not mounted, or zswap never was switched on",
};
