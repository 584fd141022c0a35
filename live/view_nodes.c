// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_nodes.c - the table of NUMA nodes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/state.h"

typedef void (*cell_fn)(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out);

static unsigned int index_of(const struct live_model *m, const struct live_node *n)
{
	return n - m->state.nodes;
}

static void put_node(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (index_of(m, n) != LIVE_NO_NODE)
		cell_number(out, index_of(m, n));
}

/* Pages of all zones; -1 when no zone tells. */
static double zone_sum(const struct live_node *n, enum zone_counter which)
{
	double sum = -1;

	for (int i = 0; i < LIVE_ZONES; i++)
		if (counter_known(&n->zone[i].counter[which]))
			sum = (sum < 0 ? 0 : sum) + n->zone[i].counter[which].last;
	return sum;
}

static void put_free(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	const struct live_counter *free_pages = &n->counter[NC_FREE_PAGES];
	double pages = counter_known(free_pages) ? free_pages->last : zone_sum(n, ZC_FREE);
	double full = counter_known(&n->counter[NC_MEM_TOTAL]) ? n->counter[NC_MEM_TOTAL].last :
								   zone_sum(n, ZC_MANAGED) * m->page_size;

	if (pages < 0)
		return;
	out->kind = CELL_BAR;
	out->bar = (struct live_bar){ .value = pages * m->page_size, .full = full };
	for (int i = 0; i < 3; i++) {
		double mark = zone_sum(n, ZC_MIN + i);

		out->bar.mark[i] = mark < 0 ? -1 : mark * m->page_size;
	}
	if (out->bar.value < out->bar.mark[1])
		out->mood = out->bar.value < out->bar.mark[0] ? MOOD_BAD : MOOD_WARN;
}

static void put_mark(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	double pages = zone_sum(n, arg);

	if (pages >= 0)
		cell_number(out, pages * m->page_size);
}

static void put_kswapd(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	static const struct { const char *name; enum live_mood mood; } states[] = {
		[KSWAPD_UNKNOWN] = { "", MOOD_NORMAL }, [KSWAPD_ASLEEP] = { "asleep", MOOD_DIM },
		[KSWAPD_RUNNING] = { "running", MOOD_WARN }, [KSWAPD_HOPELESS_NODE] = { "hopeless", MOOD_BAD },
	};
	enum kswapd_state state = live_kswapd_state(m, n);

	cell_text(out, states[state].name);
	out->mood = states[state].mood;
}

static void put_failures(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (n->failures >= 0)
		cell_number(out, n->failures);
	cell_mood(out, 1, KSWAPD_HOPELESS);
}

static void put_reset(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	const struct live_reset *r = &n->reset;
	const char *path = live_names_path(m->names, r->cgroup_id);
	char text[LIVE_TEXT_BYTES];

	if (!r->ts || r->ts > m->state.now_ns)
		return;
	snprintf(text, sizeof(text), "%s%s%s %s", *r->comm ? r->comm : "?", *path ? " " : "", path,
		 *r->reason ? r->reason : r->via);
	cell_text(out, text);
}

/* ns of CPU per second, as a share of one CPU. */
static void put_cpu(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	cell_rate(out, &n->counter[arg], 100.0 / NSEC_PER_SEC);
	cell_mood(out, 20, 50);
}

static void put_direct(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (m->recorded[TP_DIRECT_RECLAIM_BEGIN])
		cell_number(out, n->direct.per_s);
}

static void put_stalled(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (m->recorded[TP_DIRECT_RECLAIM_END] || m->recorded[TP_MEMCG_RECLAIM_END])
		cell_number(out, live_tasks_stalled(m, index_of(m, n)));
	cell_mood(out, 1, 4);
}

static void put_p50(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	cell_stall(out, &n->stalls, n->stalls.p50_ns);
}

static void put_p99(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	cell_stall(out, &n->stalls, n->stalls.p99_ns);
	cell_mood(out, 100 * NSEC_PER_MSEC, NSEC_PER_SEC);
}

static void put_max(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	cell_stall(out, &n->stalls, n->stalls.max_ns);
	cell_mood(out, 100 * NSEC_PER_MSEC, NSEC_PER_SEC);
}

/* pgscan (arg 0) and pgsteal (1): by node since 7.1; before, a machine of one node has its own of the system. */
static void put_work(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	static const uint8_t of_node[2][4] = {
		{ NC_SCAN_KSWAPD, NC_SCAN_DIRECT, NC_SCAN_KHUGEPAGED, NC_SCAN_PROACTIVE },
		{ NC_STEAL_KSWAPD, NC_STEAL_DIRECT, NC_STEAL_KHUGEPAGED, NC_STEAL_PROACTIVE },
	};
	static const uint8_t of_system[2][4] = {
		{ SC_PGSCAN_KSWAPD, SC_PGSCAN_DIRECT, SC_PGSCAN_KHUGEPAGED, SC_PGSCAN_PROACTIVE },
		{ SC_PGSTEAL_KSWAPD, SC_PGSTEAL_DIRECT, SC_PGSTEAL_KHUGEPAGED, SC_PGSTEAL_PROACTIVE },
	};

	cell_rates(out, n->counter, of_node[arg], 4, m->page_size);
	if (out->kind == CELL_NONE && m->state.nnodes == 1 && index_of(m, n) != LIVE_NO_NODE)
		cell_rates(out, m->state.system, of_system[arg], 4, m->page_size);
}

static void put_extfrag(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (m->recorded[TP_PAGE_ALLOC_EXTFRAG])
		cell_number(out, n->extfrag[arg].per_s);
}

static void put_compacted(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (n->compacted_percent >= 0)
		cell_number(out, n->compacted_percent);
}

static void put_refault(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	static const uint8_t refaults[] = { NC_REFAULT_ANON, NC_REFAULT_FILE };

	cell_rates(out, n->counter, refaults, 2, m->page_size);
}

/* Microseconds per second of all tasks. */
static void put_throttled(const struct live_model *m, const struct live_node *n, int arg, struct live_cell *out)
{
	if (m->recorded[TP_THROTTLED])
		cell_number(out, n->throttled_us.per_s / 10000);
	cell_mood(out, 10, 100);
}

#define COLUMNS(X) \
	X("node", "NODE", "NUMA node; - for what happened on a CPU whose node is not known", \
	  UNIT_COUNT, 4, 0, 0, put_node, 0) \
	X("free", "FREE", "free memory, against all of the node and its watermarks min, low and high", \
	  UNIT_BAR, 6, 1, 0, put_free, 0) \
	X("low", "LOW", "sum of the zones' low watermarks: below, kswapd is woken", \
	  UNIT_BYTES, 5, 0, 8, put_mark, ZC_LOW) \
	X("kswapd", "KSWAPD", "asleep, running, or hopeless (16 runs failed): from events, else from its CPU time", \
	  UNIT_TEXT, 8, 0, 1, put_kswapd, 0) \
	X("failures", "FAIL", "kswapd_failures: runs of kswapd that reclaimed nothing", \
	  UNIT_COUNT, 4, -1, 1, put_failures, 0) \
	X("kswapd_cpu", "KSWAPD%", "CPU time of kswapd, of one CPU", \
	  UNIT_PERCENT, 7, -1, 2, put_cpu, NC_KSWAPD_CPU) \
	X("kcompactd_cpu", "KCOMP%", "CPU time of kcompactd, of one CPU", \
	  UNIT_PERCENT, 6, -1, 5, put_cpu, NC_KCOMPACTD_CPU) \
	X("direct_per_s", "DIRECT/s", "direct reclaims that began, by the node of their CPU", \
	  UNIT_PER_SECOND, 8, -1, 1, put_direct, 0) \
	X("stalled", "STALL", "tasks inside reclaim or direct compaction at the end of the interval", \
	  UNIT_COUNT, 5, -1, 1, put_stalled, 0) \
	X("stall_p50", "P50", "half of the direct and node reclaims that ended took no longer", \
	  UNIT_NS, 5, -1, 4, put_p50, 0) \
	X("stall_p99", "P99", "99 of 100 of them took no longer", UNIT_NS, 5, -1, 2, put_p99, 0) \
	X("stall_max", "MAX", "the longest of them", UNIT_NS, 5, -1, 5, put_max, 0) \
	X("scan", "SCAN/s", \
	  "memory scanned by reclaim: pgscan_*; of a node since 7.1, before of a machine with one node", \
	  UNIT_BYTES_PER_SECOND, 7, 0, 3, put_work, 0) \
	X("steal", "STEAL/s", "memory reclaimed: pgsteal_*, as above", \
	  UNIT_BYTES_PER_SECOND, 7, 0, 3, put_work, 1) \
	X("extfrag_unmovable", "XFRAG-U", "fallbacks of unmovable requests to pages of another type", \
	  UNIT_PER_SECOND, 7, -1, 6, put_extfrag, MIGRATE_UNMOVABLE) \
	X("extfrag_movable", "XFRAG-M", "fallbacks of movable requests", \
	  UNIT_PER_SECOND, 7, -1, 7, put_extfrag, MIGRATE_MOVABLE) \
	X("extfrag_reclaimable", "XFRAG-R", "fallbacks of reclaimable requests", \
	  UNIT_PER_SECOND, 7, -1, 7, put_extfrag, MIGRATE_RECLAIMABLE) \
	X("compact_success", "COMP-OK", "compactions of a zone that ended with success, of those that ended", \
	  UNIT_PERCENT, 7, 1, 5, put_compacted, 0) \
	X("refault", "REFAULT/s", "memory read back that reclaim had taken: workingset_refault_anon and _file", \
	  UNIT_BYTES_PER_SECOND, 9, -1, 3, put_refault, 0) \
	X("throttled", "THROTL%", "time of tasks that reclaim made wait, of one task's time: mm_vmscan_throttled", \
	  UNIT_PERCENT, 7, -1, 6, put_throttled, 0) \
	X("reset", "LAST RESET", "who set kswapd_failures back last: task, cgroup, and the reason or how it was seen", \
	  UNIT_TEXT, 10, 0, 4, put_reset, 0)

static const struct live_column columns[] = { COLUMNS(AS_COLUMN) };
static const struct { cell_fn fn; int arg; } cells[] = { COLUMNS(AS_CELL) };

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	int n = 0;

	for (unsigned int i = 0; i <= LIVE_NODES && n < max; i++)
		if (m->state.nodes[i].seen)
			out[n++] = (struct live_row){ .id = i, .parent = -1 };
	return n;
}

static void cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	cell_clear(out);
	cells[column].fn(m, &m->state.nodes[row->id], cells[column].arg, out);
}

static void key_of(const struct live_model *m, const struct live_row *row, char *key)
{
	snprintf(key, LIVE_KEY_BYTES, row->id == LIVE_NO_NODE ? "-" : "%u", (unsigned int)row->id);
}

static void put_zone(const struct live_model *m, const struct live_zone *z, const struct live_lines *out)
{
	double mib = m->page_size / 1048576.0;
	const struct live_counter *c = z->counter;

	if (!counter_known(&c[ZC_MANAGED]) || !c[ZC_MANAGED].last)
		return;
	line_put(out, counter_known(&c[ZC_FREE]) && c[ZC_FREE].last < c[ZC_LOW].last ? MOOD_WARN : MOOD_NORMAL,
		 "zone %-8s managed %.0f MiB, min %.1f, low %.1f, high %.1f MiB", z->name, c[ZC_MANAGED].last * mib,
		 c[ZC_MIN].last * mib, c[ZC_LOW].last * mib, c[ZC_HIGH].last * mib);
	if (counter_known(&c[ZC_FREE]))
		line_put(out, MOOD_NORMAL, "              free %.1f MiB", c[ZC_FREE].last * mib);
}

static void detail(const struct live_model *m, const struct live_row *row, const struct live_lines *out)
{
	const struct live_node *n = &m->state.nodes[row->id];
	const struct live_reset *r = &n->reset;
	const char *path = live_names_path(m->names, r->cgroup_id);

	for (int i = 0; i < LIVE_ZONES && n->zone[i].name[0]; i++)
		put_zone(m, &n->zone[i], out);
	if (n->failures >= 0)
		line_put(out, n->failures >= KSWAPD_HOPELESS ? MOOD_BAD : MOOD_NORMAL,
			 "kswapd_failures %lld; at 16 kswapd gives the node up", (long long)n->failures);
	if (r->ts && r->ts <= m->state.now_ns)
		line_put(out, MOOD_NORMAL, "set back from %d, %.1f s ago, by %s (%d) in %s: %s%s%s", r->previous,
			 ns_to_s(m->state.now_ns - r->ts), *r->comm ? r->comm : "a task not known", r->tid,
			 *path ? path : "a cgroup not known", r->reason, *r->reason ? ", seen by " : "seen by ",
			 r->via);
	line_put(out, MOOD_NORMAL, "direct and node reclaims that ended in the interval: %u", n->stalls.count);
}

const struct live_view live_view_nodes = {
	.key = "nodes", .title = "Nodes", .about = "NUMA nodes: free memory, kswapd, direct reclaim, fragmentation",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]),
	.rows = rows, .cell = cell, .key_of = key_of, .detail = detail,
};
