// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_zone.c - samples of zones: zoneinfo, buddyinfo, pagetypeinfo. All three are tables of "Node 0, zone Normal".
 *
 * Names are zone.<Zone>.<what>: free, min, nr_free_pages_blocks, protection.2 (pages kept from requests that could use
 * zone 2 as well: lowmem_reserve[2]), order3.free (free blocks of 2^3 pages), Movable.order3.free, Movable.pageblocks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_source.h"

#define ORDERS_MAX	32u
#define TYPES_MAX	16u
#define ZONES_MAX	16u		/* there are six kinds at most; linux/mmzone.h */
#define TYPE_BYTES	24u

static const struct series_unit zone_units[] = {
	{ "start_pfn", "pfn" },
	{ "", "pages" },
};
static const struct series_unit block_units[] = { { "", "blocks" } };
static const struct series_unit node_units[] = { { "", "bool" } };

static const struct series_shape zoneinfo_shape = { .scope = SCOPE_ZONE, .units = zone_units };
static const struct series_shape blocks_shape = { .scope = SCOPE_ZONE, .units = block_units };
static const struct series_shape node_shape = { .scope = SCOPE_NODE, .units = node_units };

/* One of the three files. */
struct zone_file {
	struct sample_env	*env;
	int			fd;
	struct series_group	zones;
	struct sample_out	*out;		/* of the read that is going on, as all below */
	struct series_set	*zone;		/* the lines now are of this one; NULL no place for it */
	int			section;	/* zoneinfo: enum zone_section */
	struct series_set	node;		/* zoneinfo: node_unreclaimable of each node */
	char			type[TYPES_MAX][TYPE_BYTES];	/* pagetypeinfo: columns of the second table */
	uint32_t		ntypes;
	int32_t			pageblock_order;		/* pagetypeinfo; -1 not told */
};

static int open_zones(struct sample_env *env, const char *path, const struct series_shape *shape, void **state)
{
	int fd = sample_file_open(env->root_fd, path);
	struct zone_file *z;

	if (fd < 0)
		return fd;
	z = calloc(1, sizeof(*z));
	if (!z) {
		close(fd);
		return -ENOMEM;
	}
	z->env = env;
	z->fd = fd;
	z->zones = (struct series_group){ .shape = shape, .names = env->names, .before = "zone." };
	z->node = (struct series_set){ .shape = &node_shape, .names = env->names, .head = "", .node = -1 };
	z->pageblock_order = -1;
	*state = z;
	return 0;
}

static void close_zones(void *state)
{
	struct zone_file *z = state;

	close(z->fd);
	series_group_release(&z->zones);
	series_set_release(&z->node);
	free(z);
}

static void read_zones(struct zone_file *z, sample_line_fn line, struct sample_out *out)
{
	z->out = out;
	z->zone = NULL;
	z->ntypes = 0;
	series_group_begin(&z->zones);
	series_begin(&z->node);
	sample_file_lines(z->fd, FILE_TO_EOF, z->env->buffer, line, z);
}

/* "Node 0, zone   Normal": *pos behind it, and z->zone. False when the line does not begin so. */
static bool zone_header(struct zone_file *z, const char **pos)
{
	const char *p = *pos;
	struct line_word word;
	uint64_t node;

	if (strncmp(p, "Node", 4))
		return false;
	p += 4;
	if (!line_next_u64(&p, &node) || node > INT32_MAX || strncmp(p, ", zone", 6))
		return false;
	p += 6;
	word = line_next_word(&p);
	if (word.len && word.at[word.len - 1] == ',')
		word.len--;
	z->zone = series_group_at(&z->zones, node, word.at, word.len);
	*pos = p;
	return true;
}

/* --- zoneinfo --- */

enum zone_section { ZONE_COUNTERS, ZONE_NODE_COUNTERS, ZONE_PAGESETS };

static bool word_is(struct line_word word, const char *text)
{
	return word.len == strlen(text) && !memcmp(word.at, text, word.len);
}

/* Every zone of the node that has pages repeats it: the first counts. */
static void node_unreclaimable(struct zone_file *z, const struct line_word *word, uint64_t value)
{
	const struct series_value v = {
		.name = word->at, .len = word->len, .node = z->zone->node, .value = value,
	};
	const struct series_slot *last = z->node.next ? &z->node.slots[z->node.next - 1] : NULL;

	if (!last || last->node != v.node)
		series_put_value(&z->node, &v, z->out);
}

/* "protection: (0, 3019, 9803)": one for each zone index that a request can go up to. */
static void put_protection(struct zone_file *z, const char *pos)
{
	char name[32];
	uint64_t pages;

	for (unsigned int zone = 0; zone < ZONES_MAX; zone++) {
		pos += strspn(pos, " (,");
		if (!line_next_u64(&pos, &pages))
			return;
		snprintf(name, sizeof(name), "protection.%u", zone);
		series_put(z->zone, name, strlen(name), pages, z->out);
	}
}

/* In the sections of the node and of per-CPU pagesets nothing is for us: the node's own vmstat has the former. */
static void zoneinfo_value(struct zone_file *z, struct line_word word, const char *pos)
{
	uint64_t value;

	if (word.len && word.at[word.len - 1] == ':')
		word.len--;
	if (!word.len || !line_next_u64(&pos, &value) || *pos)
		return;
	if (word_is(word, "node_unreclaimable"))
		node_unreclaimable(z, &word, value);
	else if (z->section == ZONE_COUNTERS || word_is(word, "start_pfn"))
		series_put(z->zone, word.at, word.len, value, z->out);
}

static bool zoneinfo_line(void *ctx, char *line, size_t len)
{
	struct zone_file *z = ctx;
	const char *pos = line;
	struct line_word word;

	if (zone_header(z, &pos)) {
		z->section = ZONE_COUNTERS;
		return true;
	}
	if (!z->zone)
		return true;
	word = line_next_word(&pos);
	if (word_is(word, "per-node"))
		z->section = ZONE_NODE_COUNTERS;
	else if (word_is(word, "pagesets"))
		z->section = ZONE_PAGESETS;
	else if (word_is(word, "pages")) {
		z->section = ZONE_COUNTERS;
		word = line_next_word(&pos);
	} else if (word_is(word, "protection:")) {
		put_protection(z, pos);
		return !z->out->error;
	}
	zoneinfo_value(z, word, pos);
	return !z->out->error;
}

static int zoneinfo_open(struct sample_env *env, void **state)
{
	return open_zones(env, "proc/zoneinfo", &zoneinfo_shape, state);
}

static void zoneinfo_read(void *state, struct sample_out *out)
{
	read_zones(state, zoneinfo_line, out);
}

/* zone.0.Normal: "start_pfn=1048576 spanned=... present=... managed=... min=... low=... high=..." */
static int zoneinfo_facts(void *state, const struct sink *sink)
{
	static const char *const names[] = { "start_pfn", "spanned", "present", "managed", "min", "low", "high" };
	const struct zone_file *z = state;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < z->zones.nmembers; i++) {
		const struct series_member *m = &z->zones.members[i];
		char key[SERIES_NAME_BYTES + 32], value[256];
		size_t used = 0;
		uint64_t n;

		if (!series_last(&m->set, m->set.head, "spanned", &n) || !n)
			continue;	/* no memory in it */
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (series_last(&m->set, m->set.head, names[k], &n) && used < sizeof(value) - 40)
				used += snprintf(value + used, sizeof(value) - used, "%s%s=%" PRIu64,
						 used ? " " : "", names[k], n);
		snprintf(key, sizeof(key), "zone.%d.%s", m->set.node, m->name);
		ret = SINK_CALL(sink, meta, key, value);
	}
	return ret;
}

const struct sample_source sample_zoneinfo = {
	.name = "zoneinfo", .open = zoneinfo_open, .read = zoneinfo_read, .facts = zoneinfo_facts, .close = close_zones,
};

/* --- buddyinfo --- */

/* Numbers, one for each order; ">100000" in pagetypeinfo, where the kernel stops to count. */
static void put_orders(struct zone_file *z, const char *pos, const char *type)
{
	char name[TYPE_BYTES + 24];
	uint64_t blocks;

	for (unsigned int order = 0; order < ORDERS_MAX; order++) {
		pos += strspn(pos, " >");
		if (!line_next_u64(&pos, &blocks))
			return;
		snprintf(name, sizeof(name), "%s%sorder%u.free", type, *type ? "." : "", order);
		series_put(z->zone, name, strlen(name), blocks, z->out);
	}
}

static bool buddyinfo_line(void *ctx, char *line, size_t len)
{
	struct zone_file *z = ctx;
	const char *pos = line;

	if (zone_header(z, &pos) && z->zone)
		put_orders(z, pos, "");
	return !z->out->error;
}

static int buddyinfo_open(struct sample_env *env, void **state)
{
	return open_zones(env, "proc/buddyinfo", &blocks_shape, state);
}

static void buddyinfo_read(void *state, struct sample_out *out)
{
	read_zones(state, buddyinfo_line, out);
}

const struct sample_source sample_buddyinfo = {
	.name = "buddyinfo", .open = buddyinfo_open, .read = buddyinfo_read, .close = close_zones,
};

/* --- pagetypeinfo --- */

static void copy_type(char out[TYPE_BYTES], struct line_word word)
{
	snprintf(out, TYPE_BYTES, "%.*s", (int)(word.len < TYPE_BYTES ? word.len : TYPE_BYTES), word.at);
}

/* "Number of blocks type     Unmovable      Movable ..." */
static void block_types(struct zone_file *z, const char *pos)
{
	struct line_word word;

	for (z->ntypes = 0; z->ntypes < TYPES_MAX; z->ntypes++) {
		word = line_next_word(&pos);
		if (!word.len)
			return;
		copy_type(z->type[z->ntypes], word);
	}
}

static void put_pageblocks(struct zone_file *z, const char *pos)
{
	char name[TYPE_BYTES + 16];
	uint64_t blocks;

	for (uint32_t i = 0; i < z->ntypes && line_next_u64(&pos, &blocks); i++) {
		snprintf(name, sizeof(name), "%s.pageblocks", z->type[i]);
		series_put(z->zone, name, strlen(name), blocks, z->out);
	}
}

static bool pagetypeinfo_line(void *ctx, char *line, size_t len)
{
	static const char order_text[] = "Page block order:", types_text[] = "Number of blocks type";
	struct zone_file *z = ctx;
	const char *pos = line;
	uint64_t order;

	if (zone_header(z, &pos)) {
		char type[TYPE_BYTES];

		if (!z->zone)
			return true;
		if (strncmp(pos, " type", 5)) {
			put_pageblocks(z, pos);
		} else {
			pos += 5;
			copy_type(type, line_next_word(&pos));
			put_orders(z, pos, type);
		}
	} else if (!strncmp(line, types_text, sizeof(types_text) - 1)) {
		block_types(z, line + sizeof(types_text) - 1);
	} else if (!strncmp(line, order_text, sizeof(order_text) - 1)) {
		pos += sizeof(order_text) - 1;
		if (line_next_u64(&pos, &order) && order < ORDERS_MAX)
			z->pageblock_order = order;
	}
	return !z->out->error;
}

static int pagetypeinfo_open(struct sample_env *env, void **state)
{
	return open_zones(env, "proc/pagetypeinfo", &blocks_shape, state);
}

static void pagetypeinfo_read(void *state, struct sample_out *out)
{
	read_zones(state, pagetypeinfo_line, out);
}

static int pagetypeinfo_facts(void *state, const struct sink *sink)
{
	const struct zone_file *z = state;
	char value[16];

	if (z->pageblock_order < 0)
		return 0;
	snprintf(value, sizeof(value), "%d", z->pageblock_order);
	return SINK_CALL(sink, meta, "pageblock_order", value);
}

const struct sample_source sample_pagetypeinfo = {
	.name = "pagetypeinfo", .open = pagetypeinfo_open, .read = pagetypeinfo_read, .facts = pagetypeinfo_facts,
	.close = close_zones,
};
