/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample_series.h - the counters of one file, and what of them has changed.
 *
 * A series_set remembers its series in the order in which the file lists them. The line that comes next is nearly
 * always the one that came next the last time, so it finds its series by one comparison; a line that moved is searched
 * for by name, one that is new is added (the only allocation), and one that vanished is passed over: its series keeps
 * its last value and nothing is said, for absent is not 0.
 *
 * Values go to the sink when they differ from the last one that went there. Names are interned: the pointer in a sample
 * is the same each time, until series_names_free(). Where a bound is reached or memory lacks, the new series is left
 * out and counted.
 */
#ifndef SQUALL_COLLECT_SAMPLE_SERIES_H
#define SQUALL_COLLECT_SAMPLE_SERIES_H

#include "spine/sink.h"

#define SERIES_NAME_BYTES	160u	/* longer ones are left out; only a swap file's path could be */
#define SERIES_NAMES_MAX	16384u	/* a machine with 300 disks has about 4,000 */
#define SERIES_SET_MAX		2048u	/* in one set; a file of vmstat size has 200 */
#define SERIES_GROUP_MAX	4096u	/* sets in one group: 1024 nodes of 4 zones */

struct series_names;

int series_names_new(struct series_names **out);
void series_names_free(struct series_names *names);		/* NULL is fine */
uint64_t series_names_dropped(const struct series_names *names);	/* series that were left out */

/* Every value counts as not yet sent: the sink lost some, and a value that stays would never come again. */
void series_names_forget(struct series_names *names);

/* The name with @head before it, interned; NULL when it has no place. It lives as long as @names. */
const char *series_name(struct series_names *names, const char *head, const char *name, size_t len);

/*
 * What unit a name has: the first rule whose text it begins with, without the head unless that is all. A table of them
 * ends with the rule "".
 */
struct series_unit {
	const char	*begins;
	const char	*unit;
};

struct series_shape {
	enum sample_scope		scope;
	const struct series_unit	*units;
};

/* Where values go in this round. The first error of the sink stays, and nothing more is sent. */
struct sample_out {
	const struct sink	*sink;
	uint64_t		(*clock)(void);	/* NULL: time stands still within a round */
	uint64_t		ts;		/* ns */
	uint64_t		values;		/* that were read, changed or not */
	int			error;
	bool			whole;		/* start or end: a source that takes turns reads everything */
};

/* A source whose files can keep it waiting calls this before each of them. */
static inline void sample_out_now(struct sample_out *out)
{
	if (out->clock)
		out->ts = out->clock();
}

struct series_slot {
	const char	*name;		/* interned, with the head before it */
	const char	*head;		/* interned, identity only; or "" */
	const char	*unit;
	int64_t		value;
	int32_t		node;
	uint16_t	head_bytes;
	uint16_t	name_bytes;	/* without the head */
	uint32_t	sent;		/* the value was, when the epoch of names was this; 0 never */
};

struct series_set {
	const struct series_shape	*shape;
	struct series_names		*names;
	uint64_t			cgroup_id;	/* 0 none */
	const char			*head;		/* before each name: "zone.DMA32."; interned, or a literal */
	struct series_slot		*slots;
	uint32_t			nslots, capacity, next;
	int32_t				node;		/* -1 none */
};

void series_set_release(struct series_set *set);

/* The file is read from its start again. */
static inline void series_begin(struct series_set *set)
{
	set->next = 0;
}

struct series_value {
	const char	*name;
	size_t		len;
	int32_t		node;
	uint64_t	value;
};

void series_put_value(struct series_set *set, const struct series_value *v, struct sample_out *out);

static inline void series_put(struct series_set *set, const char *name, size_t len, uint64_t value,
			      struct sample_out *out)
{
	const struct series_value v = { .name = name, .len = len, .node = set->node, .value = value };

	series_put_value(set, &v, out);
}

/* The last value of head + name. False: it never came. */
bool series_last(const struct series_set *set, const char *head, const char *name, uint64_t *value);

/* Sets that are named within one file: zones, disks, swap devices. Found as series are, by their place. */
struct series_member {
	const char		*name;		/* interned */
	uint32_t		seen;		/* the group's round in which it was */
	struct series_set	set;
};

struct series_group {
	const struct series_shape	*shape;
	struct series_names		*names;
	const char			*before;	/* "zone.": heads are "zone.DMA32." */
	struct series_member		*members;
	uint32_t			nmembers, capacity, next;
	uint32_t			round;
};

void series_group_release(struct series_group *group);

static inline void series_group_begin(struct series_group *group)
{
	group->next = 0;
	group->round++;
}

/* The member @name of @node (-1 none), new or not, at its begin. NULL: there is no place. Valid until the next one. */
struct series_set *series_group_at(struct series_group *group, int32_t node, const char *name, size_t len);

#endif
