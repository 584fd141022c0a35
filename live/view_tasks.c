// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_tasks.c - the table of threads that are inside reclaim or compaction, and of those that were in the interval.
 */
#include <stdio.h>
#include <string.h>

#include "live/state.h"

typedef void (*cell_fn)(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out);

static uint64_t inside_ns(const struct live_model *m, const struct live_task *t)
{
	return elapsed_ns(t->begin_ns, t->open ? m->state.now_ns : t->end_ns);
}

static void put_tid(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	cell_number(out, t->tid);
}

static const char *comm_of(const struct live_model *m, const struct live_task *t)
{
	return *t->comm ? t->comm : live_names_comm(m->names, t->tid);
}

static void put_comm(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	cell_text(out, comm_of(m, t));
}

static void put_state(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	cell_text(out, t->open ? "inside" : t->cut ? "lost" : "ended");
}

static void put_kind(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	cell_text(out, live_task_kind_name(t->kind));
}

static void put_inside(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (t->cut)
		return;
	cell_number(out, inside_ns(m, t));
	if (!t->background)
		cell_mood(out, 100 * NSEC_PER_MSEC, NSEC_PER_SEC);
}

/* Since the first begin for the same pages. */
static void put_chain(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (t->cut || t->background)
		return;
	cell_number(out, elapsed_ns(t->chain_ns, t->open ? m->state.now_ns : t->end_ns));
	cell_mood(out, 500 * NSEC_PER_MSEC, 2 * NSEC_PER_SEC);
}

static void put_order(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (t->order >= 0)
		cell_number(out, t->order);
}

static void put_type(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (t->migratetype != MIGRATETYPE_UNKNOWN)
		cell_text(out, migratetype_name(t->migratetype));
}

static void put_retries(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (m->recorded[TP_RECLAIM_RETRY_ZONE] && t->kind != TASK_MEMCG && t->kind != TASK_SOFTLIMIT)
		cell_number(out, t->retries);
	cell_mood(out, 4, 16);
}

static void put_cycles(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (t->cycles)
		cell_number(out, t->cycles);
}

static void put_pages(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	cell_number(out, (double)t->pages * m->page_size);
}

static void put_node(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	if (t->node != LIVE_NO_NODE)
		cell_number(out, t->node);
}

static void put_cgroup(const struct live_model *m, const struct live_task *t, int arg, struct live_cell *out)
{
	uint64_t id = t->memcg_id ? t->memcg_id : live_names_cgroup_of(m->names, t->tid);

	cell_text(out, live_names_path(m->names, id));
}

#define COLUMNS(X) \
	X("tid", "TID", "thread id", UNIT_TEXT, 7, 0, 0, put_tid, 0) \
	X("comm", "COMM", "name of the thread", UNIT_TEXT, 15, 0, 0, put_comm, 0) \
	X("state", "STATE", "inside now; ended within the interval; lost: events were lost, its end is not known", \
	  UNIT_TEXT, 6, 0, 0, put_state, 0) \
	X("kind", "KIND", "direct, memcg (a limit), softlimit, node reclaim, or compaction", \
	  UNIT_TEXT, 10, 0, 0, put_kind, 0) \
	X("inside", "INSIDE", "for how long it is, or was, in this call", UNIT_NS, 6, -1, 0, put_inside, 0) \
	X("chain", "CHAIN", "for how long it has been trying to get the same pages, over all calls", \
	  UNIT_NS, 6, -1, 1, put_chain, 0) \
	X("order", "ORDER", "order of the request: 2^order pages; of fixed kernels the promoted one", \
	  UNIT_COUNT, 5, 0, 1, put_order, 0) \
	X("migratetype", "TYPE", "what it asks for: unmovable, movable, reclaimable; limit reclaim does not tell", \
	  UNIT_TEXT, 11, 0, 1, put_type, 0) \
	X("retries", "RETRY", "times the kernel told it to go on, since the chain began", \
	  UNIT_COUNT, 5, -1, 1, put_retries, 0) \
	X("cycles", "CYCLE", "reclaim calls since the chain began", UNIT_COUNT, 5, -1, 3, put_cycles, 0) \
	X("reclaimed", "RECLAIM", "memory reclaimed by the calls of the chain that ended", \
	  UNIT_BYTES, 7, 0, 2, put_pages, 0) \
	X("node", "NODE", "node of the CPU, of compaction that of the zone", UNIT_COUNT, 4, 0, 4, put_node, 0) \
	X("cgroup", "CGROUP", "its cgroup; of limit reclaim since 7.1 the one that is reclaimed from", \
	  UNIT_TEXT, 12, 0, 3, put_cgroup, 0)

static const struct live_column columns[] = { COLUMNS(AS_COLUMN) };
static const struct { cell_fn fn; int arg; } cells[] = { COLUMNS(AS_CELL) };

enum { COLUMN_INSIDE = 4 };

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	int n = 0;

	for (uint32_t i = 0; i < LIVE_TASK_SLOTS && n < max; i++)
		if (live_task_shown(m, &m->state.tasks[i]))
			out[n++] = (struct live_row){ .id = i, .parent = -1 };
	return n;
}

static void cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	const struct live_task *t = &m->state.tasks[row->id];

	cell_clear(out);
	cells[column].fn(m, t, cells[column].arg, out);
	if (!t->open)
		out->mood = MOOD_DIM;
}

static void key_of(const struct live_model *m, const struct live_row *row, char *key)
{
	snprintf(key, LIVE_KEY_BYTES, "%d", m->state.tasks[row->id].tid);
}

static void detail(const struct live_model *m, const struct live_row *row, const struct live_lines *out)
{
	const struct live_task *t = &m->state.tasks[row->id];
	char gfp[GFP_TEXT_BYTES];

	line_put(out, MOOD_NORMAL, "%s, thread %d, %s", comm_of(m, t), t->tid, live_task_kind_name(t->kind));
	if (t->gfp)
		line_put(out, MOOD_NORMAL, "gfp_flags %s", gfp_format(t->gfp, gfp, sizeof(gfp)));
	if (t->cut)
		line_put(out, MOOD_WARN, "events were lost while it was inside: its end is not known");
	line_put(out, MOOD_NORMAL, "%u calls and %u retries for the same pages, %.3f s after the first began",
		 t->cycles, t->retries, ns_to_s(elapsed_ns(t->chain_ns, t->open ? m->state.now_ns : t->end_ns)));
}

const struct live_view live_view_tasks = {
	.key = "tasks", .title = "Tasks", .about = "threads inside reclaim or compaction, now or within the interval",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]), .sort = COLUMN_INSIDE, .descending = true,
	.rows = rows, .cell = cell, .key_of = key_of, .detail = detail,
};
