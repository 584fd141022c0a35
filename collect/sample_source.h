/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample_source.h - one subject that is sampled: its files, their period, how they are read. Private to the sampler.
 *
 * A source is one const struct sample_source in the file of its subject and one line in the table of sampler.c.
 */
#ifndef SQUALL_COLLECT_SAMPLE_SOURCE_H
#define SQUALL_COLLECT_SAMPLE_SOURCE_H

#include "collect/sample_file.h"
#include "collect/sample_series.h"
#include "collect/sampler.h"

struct cgroups;

/* What all sources of one sampler share. Outlives them. */
struct sample_env {
	int				root_fd;	/* all paths are below it, without a leading slash */
	bool				cgroups;
	const char			*cgroup_path;	/* NULL: look for it */
	struct series_names		*names;
	struct sample_buffer		*buffer;	/* used within one call */
	struct cgroups			*followed;	/* what sample_cgroup opened, for sample_cgroup_stat; or NULL */
};

struct sample_source {
	const char	*name;

	/* Opens what is there. -ENOMEM is an error; any other one says why this machine has nothing of it. */
	int (*open)(struct sample_env *env, void **state);

	/* Reads all of it. A file that fails now is absent now. Errors of the sink are in @out. */
	void (*read)(void *state, struct sample_out *out);

	/* NULL or: says facts, after the first read, and after the last one. 0, or what the sink returned. */
	int (*facts)(void *state, const struct sink *sink);
	int (*end_facts)(void *state, const struct sink *sink);

	/* The fact of a machine that has nothing of it; or NULL. */
	const char	*none_key, *none_value;

	/* Why there can be no such file, and why a first read can have no value; or NULL. */
	const char	*without, *empty;

	void (*close)(void *state);
};

extern const struct sample_source sample_vmstat, sample_meminfo, sample_pressure, sample_diskstats, sample_sysctl;
extern const struct sample_source sample_settings;
extern const struct sample_source sample_node_vmstat, sample_node_meminfo, sample_kswapd;
extern const struct sample_source sample_zoneinfo, sample_buddyinfo, sample_pagetypeinfo;
extern const struct sample_source sample_swaps, sample_zram, sample_zswap;
extern const struct sample_source sample_cgroup, sample_cgroup_stat;

/* --- files that are one set of series each --- */

struct sample_form;

struct sample_item {
	int			fd;
	const struct sample_form *form;
	struct series_set	set;
};

/* How a file is written. @line takes one line of it. */
struct sample_form {
	enum sample_file_end	end;
	void (*line)(const struct sample_form *form, struct series_set *set, const char *line, struct sample_out *out);
	const char		*const *columns;	/* names, "" to leave out, NULL at the end */
	uint64_t		scale;			/* the value is multiplied by this; 0 is 1 */
};

/* "pgfault 12", "MemFree: 12 kB", "Node 0 MemFree: 12 kB"; kB become bytes. */
void sample_line_keyed(const struct sample_form *form, struct series_set *set, const char *line,
		       struct sample_out *out);
/* "12": the head is the whole name. "max" is INT64_MAX. */
void sample_line_single(const struct sample_form *form, struct series_set *set, const char *line,
			struct sample_out *out);
/* "12 13 14": numbers named by form->columns. */
void sample_line_columns(const struct sample_form *form, struct series_set *set, const char *line,
			 struct sample_out *out);
/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12": some.total. The averages follow from the totals. */
void sample_line_pressure(const struct sample_form *form, struct series_set *set, const char *line,
			  struct sample_out *out);

extern const struct sample_form sample_form_pressure, sample_form_single, sample_form_keyed;
extern const struct series_unit sample_unit_us[], sample_units_vmstat[], sample_units_meminfo[];

/* A read of one file in its form. 0 or why it failed. */
int sample_item_read(struct sample_env *env, struct sample_item *item, struct sample_out *out);

struct sample_items {
	struct sample_env	*env;
	struct sample_item	*items;
	uint32_t		nitems, capacity;
	int			missing;	/* why a file could not be opened: -ENOENT, or what is not that */
};

int sample_items_new(struct sample_env *env, struct sample_items **out);
/*
 * Adds a file; @head goes before its names and is copied. -ENOENT and the like: it is not there, and nothing is added.
 * The item is at items[nitems - 1] then.
 */
int sample_items_add(struct sample_items *items, const char *path, const struct sample_form *form,
		     const struct series_shape *shape, const char *head);
/* 0 when there is an item; else frees @items and says why there is none. For the end of an open function. */
int sample_items_or_none(struct sample_items *items, void **state);
void sample_items_read(void *state, struct sample_out *out);
void sample_items_close(void *state);

/* --- settings that are words --- */

/* "always [madvise] never" becomes madvise; a text without brackets stays. */
void sample_take_choice(char *text);

/* Says that @key has @value since @ts, as meta KEY@TS. 0, or what the sink returned. */
int sample_say_change(const struct sink *sink, const char *key, uint64_t ts, const char *value);

/* --- directories with a number in their name --- */

/*
 * Calls @fn for every entry of @path whose name is @prefix and a number: node0, node1. 0, -ENOENT when there is no such
 * directory, or what @fn returned.
 */
int sample_each_numbered(int root_fd, const char *path, const char *prefix,
			 int (*fn)(void *ctx, const char *name, int number), void *ctx);

#endif
