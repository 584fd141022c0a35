// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter.c - see counter.h. One hash for all scopes; the table is part of the key. It is filled to a third at most and
 * never changes, so that a name that is not there is told after one or two steps.
 */
#include "live/counter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS	256u	/* a power of two; see the assertion below */

struct slot {
	const char	*name;		/* NULL: free */
	uint32_t	hash;
	int16_t		number;
	uint8_t		table;
};

struct counter_index {
	struct slot	slots[SLOTS];
};

#define X(suffix, name) name,
static const char *const system_names[] = { SYSTEM_COUNTERS(X) };
static const char *const node_names[] = { NODE_COUNTERS(X) };
static const char *const zone_names[] = { ZONE_COUNTERS(X) };
static const char *const cgroup_names[] = { CGROUP_COUNTERS(X) };
static const char *const device_names[] = { DEVICE_COUNTERS(X) };
#undef X

_Static_assert(SC_COUNT + NC_COUNT + ZC_COUNT + CC_COUNT + DC_COUNT < SLOTS / 2, "the hash has room");

static const struct {
	const char *const	*names;
	int			count;
} tables[COUNTER_TABLES] = {
	[TABLE_SYSTEM] = { system_names, SC_COUNT },
	[TABLE_NODE] = { node_names, NC_COUNT },
	[TABLE_ZONE] = { zone_names, ZC_COUNT },
	[TABLE_CGROUP] = { cgroup_names, CC_COUNT },
	[TABLE_DEVICE] = { device_names, DC_COUNT },
};

/* FNV-1a */
static uint32_t hash_of(enum counter_table table, const char *name)
{
	uint32_t hash = (2166136261u ^ table) * 16777619u;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 16777619u;
	return hash;
}

int counter_index_new(struct counter_index **out)
{
	struct counter_index *index = calloc(1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	for (int t = 0; t < COUNTER_TABLES; t++) {
		for (int n = 0; n < tables[t].count; n++) {
			uint32_t hash = hash_of(t, tables[t].names[n]), at = hash % SLOTS;

			while (index->slots[at].name)
				at = (at + 1) % SLOTS;
			index->slots[at] = (struct slot){ tables[t].names[n], hash, n, t };
		}
	}
	*out = index;
	return 0;
}

void counter_index_free(struct counter_index *index)
{
	free(index);
}

int counter_find(const struct counter_index *index, enum counter_table table, const char *name)
{
	uint32_t hash = hash_of(table, name);

	for (uint32_t at = hash % SLOTS; index->slots[at].name; at = (at + 1) % SLOTS) {
		const struct slot *slot = &index->slots[at];

		if (slot->hash == hash && slot->table == table && !strcmp(slot->name, name))
			return slot->number;
	}
	return -1;
}

void counter_put(struct live_counter *c, int64_t value)
{
	if (c->seen == COUNTER_NEVER)
		c->seen = COUNTER_NEW;
	else if (value > c->last)
		c->rose += (uint64_t)value - (uint64_t)c->last;
	c->last = value;
}

void counter_tick(struct live_counter *c, double seconds)
{
	if (c->seen == COUNTER_NEVER)
		return;
	c->rated = c->seen == COUNTER_KNOWN || c->rose;
	c->rate = c->rated && seconds > 0 ? c->rose / seconds : 0;
	c->rose = 0;
	c->seen = COUNTER_KNOWN;
}
