// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_memcgs.c - the table of memory cgroups, as a tree. cgroup v1 has no pressure, no events and no reclaim counters;
 * there, what events tell of limit reclaim is all there is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/state.h"

typedef void (*cell_fn)(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out);

static void put_path(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	const char *path = live_names_path(m->names, cg->id);
	size_t len = strlen(path);
	char text[LIVE_TEXT_BYTES];

	/* The end of a path says more than its start. */
	if (!len)
		snprintf(text, sizeof(text), "cgroup %" PRIu64, cg->id);
	else if (len < sizeof(text))
		snprintf(text, sizeof(text), "%s", path);
	else
		snprintf(text, sizeof(text), "...%s", path + len - sizeof(text) + 4);
	cell_text(out, text);
}

/* us of stall per second. */
static void put_psi(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	const struct live_counter *c = &cg->counter[arg];

	if (c->rated)
		cell_number(out, c->rate > 1000000 ? 100 : c->rate / 10000);
	cell_mood(out, 10, 40);		/* kernel-domain.md 4 (g) */
}

static void put_bytes(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	const struct live_counter *c = &cg->counter[arg];

	/* A limit of "max" is none. v1 writes it as the largest multiple of a page. */
	if (c->last <= INT64_MAX - (1 << 20))
		cell_last(out, c, 1);
}

static void put_events(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	cell_rate(out, &cg->counter[arg], 1);
	if (out->kind == CELL_NUMBER && out->number > 0)
		out->mood = MOOD_WARN;
}

/* memory.events max, or failcnt of v1, which counts the same. */
static void put_limit_hits(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	put_events(m, cg, counter_known(&cg->counter[CC_EVENTS_MAX]) ? CC_EVENTS_MAX : CC_FAILCNT, out);
}

static void put_kills(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	put_events(m, cg, arg, out);
	if (out->mood == MOOD_WARN)
		out->mood = MOOD_BAD;
}

static void put_pages(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	cell_rate(out, &cg->counter[arg], m->page_size);
}

static void put_refault(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	static const uint8_t refaults[] = { CC_REFAULT_ANON, CC_REFAULT_FILE };

	cell_rates(out, cg->counter, refaults, 2, m->page_size);
}

static void put_calls(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	if (m->recorded[TP_MEMCG_RECLAIM_END])
		cell_number(out, cg->calls.per_s);
}

static void put_reclaimed(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	if (m->recorded[TP_MEMCG_RECLAIM_END])
		cell_number(out, cg->reclaimed.per_s * m->page_size);
}

static void put_stall(const struct live_model *m, const struct live_memcg *cg, int arg, struct live_cell *out)
{
	const uint64_t ns[] = { cg->stalls.p50_ns, cg->stalls.p99_ns, cg->stalls.max_ns };

	cell_stall(out, &cg->stalls, ns[arg]);
	cell_mood(out, 100 * NSEC_PER_MSEC, NSEC_PER_SEC);
}

#define STAT	"; memory.stat, read of the busiest cgroups every 5 s"

#define COLUMNS(X) \
	X("cgroup", "CGROUP", "path from the root of the cgroup file system", UNIT_TEXT, 24, 0, 0, put_path, 0) \
	X("psi_some", "SOME%", "memory pressure: time in which some task waited", \
	  UNIT_PERCENT, 5, -1, 0, put_psi, CC_PSI_SOME) \
	X("psi_full", "FULL%", "memory pressure: time in which all tasks waited", \
	  UNIT_PERCENT, 5, -1, 1, put_psi, CC_PSI_FULL) \
	X("current", "CURRENT", "memory.current: memory in use", UNIT_BYTES, 7, 0, 0, put_bytes, CC_CURRENT) \
	X("high", "HIGH", "memory.high; - is none", UNIT_BYTES, 5, 0, 3, put_bytes, CC_HIGH) \
	X("max", "MAX", "memory.max; - is none", UNIT_BYTES, 5, 0, 3, put_bytes, CC_MAX) \
	X("swap", "SWAP", "memory.swap.current", UNIT_BYTES, 5, -1, 5, put_bytes, CC_SWAP) \
	X("high_per_s", "HIGH/s", "memory.events high: times it was reclaimed for memory.high", \
	  UNIT_PER_SECOND, 6, -1, 1, put_events, CC_EVENTS_HIGH) \
	X("max_per_s", "MAX/s", "memory.events max: times it met its limit; of v1 memory.failcnt", \
	  UNIT_PER_SECOND, 6, -1, 1, put_limit_hits, 0) \
	X("oom_per_s", "OOM/s", "memory.events oom", UNIT_PER_SECOND, 5, -1, 4, put_events, CC_EVENTS_OOM) \
	X("oom_kill_per_s", "KILL/s", "memory.events oom_kill: tasks killed", \
	  UNIT_PER_SECOND, 6, -1, 2, put_kills, CC_EVENTS_OOM_KILL) \
	X("calls_per_s", "CALLS/s", "limit reclaims of its tasks that ended: events", \
	  UNIT_PER_SECOND, 7, -1, 1, put_calls, 0) \
	X("reclaimed", "RECLAIM/s", "memory that these reclaimed", \
	  UNIT_BYTES_PER_SECOND, 9, 0, 2, put_reclaimed, 0) \
	X("stall_p50", "P50", "half of them took no longer", UNIT_NS, 5, -1, 5, put_stall, 0) \
	X("stall_p99", "P99", "99 of 100 of them took no longer", UNIT_NS, 5, -1, 1, put_stall, 1) \
	X("stall_max", "STALL", "the longest of them", UNIT_NS, 5, -1, 5, put_stall, 2) \
	X("refault", "REFAULT/s", "memory read back that reclaim had taken: workingset_refault_*" STAT, \
	  UNIT_BYTES_PER_SECOND, 9, -1, 2, put_refault, 0) \
	X("scan_direct", "SCAN-D/s", "memory scanned by its own tasks" STAT, \
	  UNIT_BYTES_PER_SECOND, 8, -1, 6, put_pages, CC_SCAN_DIRECT) \
	X("steal_direct", "STEAL-D/s", "memory reclaimed by its own tasks" STAT, \
	  UNIT_BYTES_PER_SECOND, 9, 0, 4, put_pages, CC_STEAL_DIRECT) \
	X("scan_kswapd", "SCAN-K/s", "memory scanned by kswapd" STAT, \
	  UNIT_BYTES_PER_SECOND, 8, -1, 6, put_pages, CC_SCAN_KSWAPD) \
	X("steal_kswapd", "STEAL-K/s", "memory reclaimed by kswapd" STAT, \
	  UNIT_BYTES_PER_SECOND, 9, 0, 4, put_pages, CC_STEAL_KSWAPD) \
	X("scan_proactive", "SCAN-P/s", "memory scanned for writes to memory.reclaim" STAT, \
	  UNIT_BYTES_PER_SECOND, 8, 0, 7, put_pages, CC_SCAN_PROACTIVE) \
	X("steal_proactive", "STEAL-P/s", "memory reclaimed for these" STAT, \
	  UNIT_BYTES_PER_SECOND, 9, 0, 6, put_pages, CC_STEAL_PROACTIVE) \
	X("scan_khugepaged", "SCAN-H/s", "memory scanned by khugepaged" STAT, \
	  UNIT_BYTES_PER_SECOND, 8, 0, 8, put_pages, CC_SCAN_KHUGEPAGED) \
	X("steal_khugepaged", "STEAL-H/s", "memory reclaimed by khugepaged" STAT, \
	  UNIT_BYTES_PER_SECOND, 9, 0, 8, put_pages, CC_STEAL_KHUGEPAGED) \
	X("zswap", "ZSWAP", "compressed memory in zswap", UNIT_BYTES, 5, 0, 6, put_bytes, CC_ZSWAP) \
	X("zswapped", "ZSWAPPED", "what that was before it was compressed", \
	  UNIT_BYTES, 8, 0, 7, put_bytes, CC_ZSWAPPED) \
	X("zswap_in", "ZIN/s", "memory read back from zswap" STAT, \
	  UNIT_BYTES_PER_SECOND, 7, -1, 7, put_pages, CC_ZSWPIN) \
	X("zswap_out", "ZOUT/s", "memory that went to zswap" STAT, \
	  UNIT_BYTES_PER_SECOND, 7, 0, 7, put_pages, CC_ZSWPOUT) \
	X("zswap_writeback", "ZWB/s", "memory that zswap wrote to disk" STAT, \
	  UNIT_BYTES_PER_SECOND, 7, 0, 8, put_pages, CC_ZSWPWB)

static const struct live_column columns[] = { COLUMNS(AS_COLUMN) };
static const struct { cell_fn fn; int arg; } cells[] = { COLUMNS(AS_CELL) };

/* --- the tree --- */

/* '/' before all else, so that what is below a path comes right behind it. Without a path: last. */
static int compare_paths(const char *a, const char *b)
{
	if (!*a || !*b)
		return !*a - !*b;
	while (*a && *a == *b)
		a++, b++;
	if (!*a || !*b)
		return !!*a - !!*b;
	return (*a == '/' ? 0 : (unsigned char)*a) - (*b == '/' ? 0 : (unsigned char)*b);
}

static const char *path_of(const struct live_model *m, const struct live_row *row)
{
	return live_names_path(m->names, m->state.memcgs[row->id].id);
}

static int by_path(const void *pa, const void *pb, void *ctx)
{
	const struct live_row *a = pa, *b = pb;
	int order = compare_paths(path_of(ctx, a), path_of(ctx, b));

	return order ? order : a->id < b->id ? -1 : a->id > b->id;
}

static bool is_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	if (!len || strncmp(path, parent, len))
		return false;
	return parent[len - 1] == '/' ? path[len] != '\0' : path[len] == '/';
}

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	int n = 0;

	for (uint32_t i = 0; i < m->state.nmemcgs && n < max; i++)
		if (m->state.memcgs[i].id)
			out[n++] = (struct live_row){ .id = i, .parent = -1 };
	qsort_r(out, n, sizeof(*out), by_path, (void *)m);
	for (int i = 1; i < n; i++) {
		int parent = i - 1;

		while (parent >= 0 && !is_below(path_of(m, &out[i]), path_of(m, &out[parent])))
			parent = out[parent].parent;
		out[i].parent = parent;
	}
	return n;
}

static void cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	cell_clear(out);
	cells[column].fn(m, &m->state.memcgs[row->id], cells[column].arg, out);
}

static void key_of(const struct live_model *m, const struct live_row *row, char *key)
{
	const char *path = path_of(m, row);

	if (*path)
		snprintf(key, LIVE_KEY_BYTES, "%s", path);
	else
		snprintf(key, LIVE_KEY_BYTES, "cgroup %" PRIu64, m->state.memcgs[row->id].id);
}

static void detail(const struct live_model *m, const struct live_row *row, const struct live_lines *out)
{
	const struct live_memcg *cg = &m->state.memcgs[row->id];

	line_put(out, MOOD_NORMAL, "%s", path_of(m, row));
	line_put(out, MOOD_DIM, "cgroup id %" PRIu64, cg->id);
	for (size_t i = 1; i < sizeof(columns) / sizeof(columns[0]); i++) {
		struct live_cell value;
		char text[64];

		cell(m, row, i, &value);
		if (value.kind == CELL_NONE)
			continue;
		live_format(&columns[i], &value, 16, text, sizeof(text));
		line_put(out, value.mood, "%-16s %10s  %s", columns[i].key, text, columns[i].about);
	}
}

const struct live_view live_view_memcgs = {
	.key = "memcgs", .title = "Memcgs", .about = "memory cgroups: pressure, limits, who reclaims from them",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]), .sort = 0, .tree = true,
	.rows = rows, .cell = cell, .key_of = key_of, .detail = detail,
};
