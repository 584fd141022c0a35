// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_swap.c - the table of swap: all of it, zswap before it, zram and disks. Whatever swap holds was memory of that
 * size (data); what is held in RAM costs memory again (memory), more than the compressed bytes alone (compressed).
 */
#include <stdio.h>
#include <string.h>

#include "live/state.h"

enum { ROW_ALL, ROW_ZSWAP, ROW_DEVICES };

/* What a row is, in numbers; below 0 is not known. */
struct swap {
	const char	*name, *kind;
	double		size, used, data, compressed, memory, limit;
	double		in, out, offload, incompressible, rejected;
};

static double last_of(const struct live_counter *c, double scale)
{
	return counter_known(c) ? c->last * scale : -1;
}

static double rate_of(const struct live_counter *c, double scale)
{
	return c->rated ? c->rate * scale : -1;
}

static struct swap nothing(const char *name, const char *kind)
{
	return (struct swap){ name, kind, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
}

static struct swap whole_swap(const struct live_model *m)
{
	const struct live_counter *c = m->state.system;
	struct swap s = nothing("all", "all");

	s.size = last_of(&c[SC_SWAP_TOTAL], 1);
	if (counter_known(&c[SC_SWAP_FREE]) && s.size >= 0)
		s.used = s.size - c[SC_SWAP_FREE].last;
	s.in = rate_of(&c[SC_PSWPIN], m->page_size);
	s.out = rate_of(&c[SC_PSWPOUT], m->page_size);
	return s;
}

static struct swap zswap(const struct live_model *m)
{
	static const uint8_t rejects[] = { SC_ZSWAP_LIMIT_HIT, SC_ZSWAP_POOR, SC_ZSWAP_FAIL };
	const struct live_counter *c = m->state.system;
	struct swap s = nothing("zswap", "zswap");

	s.data = last_of(&c[SC_ZSWAPPED], 1);
	s.compressed = last_of(&c[SC_ZSWAP], 1);
	s.memory = counter_known(&c[SC_ZSWAP_POOL]) ? c[SC_ZSWAP_POOL].last : s.compressed;
	s.in = rate_of(&c[SC_ZSWPIN], m->page_size);
	s.out = rate_of(&c[SC_ZSWPOUT], m->page_size);
	s.offload = rate_of(&c[SC_ZSWPWB], m->page_size);
	s.incompressible = last_of(&c[SC_ZSWAP_INCOMP], m->page_size);
	s.rejected = cell_sum_rates(c, rejects, 3);
	return s;
}

#define SECTOR_BYTES	512
#define BD_BYTES	4096	/* bd_stat is in 4 KiB, whatever the page size: zram.rst */

static struct swap device(const struct live_model *m, const struct live_device *d)
{
	const struct live_counter *c = d->counter;
	bool is_zram = !strncmp(d->name, "zram", 4);
	struct swap s = nothing(d->name, is_zram ? "zram" : strncmp(d->name, "/dev/", 5) ? "file" : "disk");

	s.size = last_of(&c[counter_known(&c[DC_SIZE]) || !is_zram ? DC_SIZE : DC_DISKSIZE], 1);
	s.used = last_of(&c[DC_USED], 1);
	s.data = is_zram ? last_of(&c[DC_ORIG], 1) : s.used;
	s.compressed = last_of(&c[DC_COMPR], 1);
	s.memory = last_of(&c[DC_MEMORY], 1);
	if (c[DC_LIMIT].last > 0)
		s.limit = c[DC_LIMIT].last;
	s.in = rate_of(&c[DC_READ_SECTORS], SECTOR_BYTES);
	s.out = rate_of(&c[DC_WRITE_SECTORS], SECTOR_BYTES);
	s.offload = rate_of(&c[DC_BD_WRITES], BD_BYTES);
	s.incompressible = last_of(&c[DC_HUGE], m->page_size);
	s.rejected = rate_of(&c[DC_FAILED_WRITES], 1);
	return s;
}

static struct swap swap_of(const struct live_model *m, const struct live_row *row)
{
	if (row->id == ROW_ALL)
		return whole_swap(m);
	return row->id == ROW_ZSWAP ? zswap(m) : device(m, &m->state.devices[row->id - ROW_DEVICES]);
}

/* --- cells --- */

typedef void (*cell_fn)(const struct swap *s, size_t offset, struct live_cell *out);

static void put_text(const struct swap *s, size_t offset, struct live_cell *out)
{
	cell_text(out, *(const char *const *)((const char *)s + offset));
}

static void put_known(const struct swap *s, size_t offset, struct live_cell *out)
{
	double value = *(const double *)((const char *)s + offset);

	if (value >= 0)
		cell_number(out, value);
}

static void put_rejected(const struct swap *s, size_t offset, struct live_cell *out)
{
	put_known(s, offset, out);
	if (out->kind == CELL_NUMBER && out->number > 0)
		out->mood = MOOD_WARN;
}

static void put_ratio(const struct swap *s, size_t offset, struct live_cell *out)
{
	if (s->data >= 0 && s->memory > 0)
		cell_number(out, s->data / s->memory);
	if (out->kind == CELL_NUMBER && out->number < 1.5)
		out->mood = out->number < 1.1 ? MOOD_BAD : MOOD_WARN;
}

static void put_fragmentation(const struct swap *s, size_t offset, struct live_cell *out)
{
	if (s->memory > 0 && s->compressed >= 0)
		cell_number(out, s->compressed < s->memory ? 100 * (1 - s->compressed / s->memory) : 0);
	cell_mood(out, 25, 50);
}

static void put_saved(const struct swap *s, size_t offset, struct live_cell *out)
{
	if (s->data >= 0)
		cell_number(out, s->data - (s->memory > 0 ? s->memory : 0));
}

#define AT(field)	offsetof(struct swap, field)

#define COLUMNS(X) \
	X("device", "DEVICE", "the device or file; all is the whole of swap", UNIT_TEXT, 12, 0, 0, put_text, AT(name)) \
	X("kind", "KIND", "zram, zswap, disk or file", UNIT_TEXT, 5, 0, 1, put_text, AT(kind)) \
	X("size", "SIZE", "how much it can take", UNIT_BYTES, 5, 0, 1, put_known, AT(size)) \
	X("used", "USED", "how much of that is taken", UNIT_BYTES, 5, -1, 0, put_known, AT(used)) \
	X("data", "DATA", "memory whose content it holds", UNIT_BYTES, 5, 0, 2, put_known, AT(data)) \
	X("compressed", "COMPR", "that, compressed", UNIT_BYTES, 5, 0, 4, put_known, AT(compressed)) \
	X("memory", "MEMORY", "RAM that it takes: mem_used_total of zram, pool_total_size of zswap", \
	  UNIT_BYTES, 6, -1, 2, put_known, AT(memory)) \
	X("limit", "LIMIT", "what zram may take at most: mem_limit", UNIT_BYTES, 5, 0, 6, put_known, AT(limit)) \
	X("ratio", "RATIO", "data for each byte of RAM", UNIT_RATIO, 5, 1, 0, put_ratio, 0) \
	X("fragmentation", "FRAG%", "RAM that holds no compressed data", UNIT_PERCENT, 5, -1, 1, put_fragmentation, 0) \
	X("saved", "SAVED", "memory that swap has freed: data less RAM", UNIT_BYTES, 6, 1, 2, put_saved, 0) \
	X("in", "IN/s", "read back: pswpin, zswpin, or sectors of the device", \
	  UNIT_BYTES_PER_SECOND, 7, -1, 0, put_known, AT(in)) \
	X("out", "OUT/s", "written: pswpout, zswpout, or sectors of the device", \
	  UNIT_BYTES_PER_SECOND, 7, 0, 0, put_known, AT(out)) \
	X("offload", "OFFLOAD/s", "moved on to disk: zswpwb, or bd_writes of zram", \
	  UNIT_BYTES_PER_SECOND, 9, 0, 3, put_known, AT(offload)) \
	X("incompressible", "INCOMP", "memory that did not get smaller", \
	  UNIT_BYTES, 6, -1, 5, put_known, AT(incompressible)) \
	X("rejected", "REJECT/s", "stores refused: zswap pool_limit_hit and reject_compress_*, failed_writes of zram", \
	  UNIT_PER_SECOND, 8, -1, 3, put_rejected, AT(rejected))

static const struct live_column columns[] = { COLUMNS(AS_COLUMN) };
static const struct { cell_fn fn; size_t offset; } cells[] = { COLUMNS(AS_CELL) };

/* --- rows --- */

static bool in_use(const struct live_model *m, const struct live_device *d)
{
	struct swap s = device(m, d);

	return s.size > 0 || s.used > 0 || s.memory > 0;
}

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	const struct live_counter *c = m->state.system;
	int n = 0;

	if (n < max && (counter_known(&c[SC_SWAP_TOTAL]) || counter_known(&c[SC_PSWPOUT])))
		out[n++] = (struct live_row){ .id = ROW_ALL, .parent = -1 };
	if (n < max && counter_known(&c[SC_ZSWAPPED]))
		out[n++] = (struct live_row){ .id = ROW_ZSWAP, .parent = -1 };
	for (uint32_t i = 0; i < m->state.ndevices && n < max; i++)
		if (in_use(m, &m->state.devices[i]))
			out[n++] = (struct live_row){ .id = ROW_DEVICES + i, .parent = -1 };
	return n;
}

static void cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	const struct swap s = swap_of(m, row);

	cell_clear(out);
	cells[column].fn(&s, cells[column].offset, out);
}

static void key_of(const struct live_model *m, const struct live_row *row, char *key)
{
	snprintf(key, LIVE_KEY_BYTES, "%s", swap_of(m, row).name);
}

const struct live_view live_view_swap = {
	.key = "swap", .title = "Swap", .about = "swap: zswap, zram and disks, what they hold and what they cost",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]),
	.rows = rows, .cell = cell, .key_of = key_of,
};
