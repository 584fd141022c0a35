// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live model, fed by hand: rates of counters, tasks from begin to end, loss, kswapd, cgroups, swap, what is shown
 * of it all, and that a saved state is the whole state. Expected figures are worked out beside each test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "live/counter.h"
#include "live/histogram.h"
#include "live/model.h"
#include "live/table.h"
#include "spine/time.h"

#define S		NSEC_PER_SEC
#define MS		NSEC_PER_MSEC
#define START		(100 * S)
#define GFP_MOVABLE	0x100ccaull	/* GFP_HIGHUSER_MOVABLE */
#define GFP_KERNEL	0xcc0ull

/* --- feeding --- */

static const struct {
	const char	*name;
	const char	*fields[6];
} defs[] = {
	{ "mm_vmscan_direct_reclaim_begin", { "order", "gfp_flags" } },
	{ "mm_vmscan_direct_reclaim_end", { "nr_reclaimed" } },
	{ "mm_vmscan_memcg_reclaim_begin", { "order", "gfp_flags", "memcg_id" } },
	{ "mm_vmscan_memcg_reclaim_end", { "nr_reclaimed", "memcg_id" } },
	{ "reclaim_retry_zone", { "node", "zone_idx", "order", "no_progress_loops", "wmark_check" } },
	{ "mm_vmscan_kswapd_wake", { "nid", "zid", "order" } },
	{ "mm_vmscan_kswapd_sleep", { "nid" } },
	{ "mm_compaction_begin", { "zone_start", "migrate_pfn", "free_pfn", "zone_end", "sync" } },
	{ "mm_compaction_end", { "zone_start", "migrate_pfn", "free_pfn", "zone_end", "sync", "status" } },
	{ "mm_page_alloc_extfrag", { "pfn", "alloc_order", "fallback_order", "alloc_migratetype",
				     "fallback_migratetype", "change_ownership" } },
	{ "mm_vmscan_throttled", { "nid", "usec_timeout", "usec_delayed", "reason" } },
};
enum { DIRECT_BEGIN, DIRECT_END, MEMCG_BEGIN, MEMCG_END, RETRY, WAKE, SLEEP, COMPACT_BEGIN, COMPACT_END, EXTFRAG,
       THROTTLED, NDEFS };

struct fixture {
	struct live_model	*m;
	struct sink		sink;
	struct event_field	fields[NDEFS][6];
	struct event_type	types[NDEFS];
	uint16_t		cpu;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(live_model_new(&f->m), 0);
	f->sink = live_model_sink(f->m);
	for (int i = 0; i < NDEFS; i++) {
		f->types[i] = (struct event_type){ .id = i, .system = "", .name = defs[i].name, .format = "",
						   .fields = f->fields[i] };
		for (int k = 0; k < 6 && defs[i].fields[k]; k++, f->types[i].nfields++)
			f->fields[i][k] = (struct event_field){ defs[i].fields[k], VALUE_UINT };
		assert_int_equal(SINK_CALL(&f->sink, type, &f->types[i]), 0);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	live_model_free(f->m);
	free(f);
	return 0;
}

static void meta(struct fixture *f, const char *key, const char *value)
{
	assert_int_equal(SINK_CALL(&f->sink, meta, key, value), 0);
}

static void event(struct fixture *f, int def, uint64_t ts, int32_t tid, const uint64_t values[6])
{
	struct event_value v[6];
	const struct event ev = { .ts = ts, .type = &f->types[def], .tid = tid, .cpu = f->cpu, .values = v };

	for (int i = 0; i < f->types[def].nfields; i++)
		v[i] = (struct event_value){ .u = values[i], .kind = VALUE_UINT };
	assert_int_equal(SINK_CALL(&f->sink, event, &ev), 0);
}
#define EVENT(f, def, ts, tid, ...) event(f, def, ts, tid, (const uint64_t[6]){ __VA_ARGS__ })

static void sample(struct fixture *f, uint64_t ts, int scope, int node, uint64_t cgroup, const char *name,
		   int64_t value)
{
	const struct sample s = { .ts = ts, .scope = scope, .node = node, .cgroup_id = cgroup, .name = name,
				  .unit = "", .value = value };

	assert_int_equal(SINK_CALL(&f->sink, sample, &s), 0);
}

static void name_task(struct fixture *f, int32_t tid, const char *comm, uint64_t cgroup)
{
	const struct task_name t = { .tid = tid, .tgid = tid, .cgroup_id = cgroup, .comm = comm };

	assert_int_equal(SINK_CALL(&f->sink, task, &t), 0);
}

/* --- looking --- */

static const struct live_view *view_of(const char *key)
{
	for (int i = 0; i < nlive_views; i++)
		if (!strcmp(live_views[i]->key, key))
			return live_views[i];
	fail_msg("no view %s", key);
	return NULL;
}

/* False: no such row. */
static bool look(const struct fixture *f, const char *view_key, const char *key, const char *column,
		 struct live_cell *out)
{
	const struct live_view *view = view_of(view_key);
	struct live_row row;

	if (!live_find_row(view, f->m, key, &row))
		return false;
	for (int i = 0; i < view->ncolumns; i++) {
		if (strcmp(view->columns[i].key, column))
			continue;
		view->cell(f->m, &row, i, out);
		return true;
	}
	fail_msg("no column %s", column);
	return false;
}

static void expect(const struct fixture *f, const char *view, const char *key, const char *column, double wanted)
{
	struct live_cell cell;

	if (!look(f, view, key, column, &cell))
		fail_msg("%s has no row %s", view, key);
	if (cell.kind != CELL_NUMBER && cell.kind != CELL_BAR)
		fail_msg("%s %s %s has no number", view, key, column);
	assert_float_equal((float)(cell.kind == CELL_BAR ? cell.bar.value : cell.number), (float)wanted,
			   (float)(wanted * 1e-5 + 1e-6));
}

static void expect_text(const struct fixture *f, const char *view, const char *key, const char *column,
			const char *wanted)
{
	struct live_cell cell;

	if (!look(f, view, key, column, &cell))
		fail_msg("%s has no row %s", view, key);
	assert_int_equal(cell.kind, CELL_TEXT);
	assert_string_equal(cell.text, wanted);
}

static void expect_none(const struct fixture *f, const char *view, const char *key, const char *column)
{
	struct live_cell cell;

	if (!look(f, view, key, column, &cell))
		fail_msg("%s has no row %s", view, key);
	assert_int_equal(cell.kind, CELL_NONE);
}

/* --- counters --- */

static void test_rates(void **state)
{
	struct fixture *f = *state;

	/* MemTotal makes the node; 1000 pages of 4 KiB stolen in the second interval of 2 s: 500 x 4096 bytes/s. */
	sample(f, START, SCOPE_NODE, 0, 0, "MemTotal", 1 << 30);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 5000);
	live_model_tick(f->m, START + 2 * S);
	expect_none(f, "nodes", "0", "steal");		/* since when it rose to 5000 nobody knows */
	sample(f, START + 3 * S, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 5400);
	sample(f, START + 3 * S, SCOPE_SYSTEM, -1, 0, "pgsteal_kswapd", 77);
	sample(f, START + 4 * S - 1, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 6000);
	live_model_tick(f->m, START + 4 * S);
	expect(f, "nodes", "0", "steal", 500 * 4096.0);
	/* No sample: it did not change. */
	live_model_tick(f->m, START + 6 * S);
	expect(f, "nodes", "0", "steal", 0);
	/* Backwards: 6000 to 10, then 30 more; only what rose counts. 10 pages/s. */
	sample(f, START + 7 * S, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 10);
	sample(f, START + 7 * S + 1, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 30);
	live_model_tick(f->m, START + 8 * S);
	expect(f, "nodes", "0", "steal", 10 * 4096.0);
}

static void test_rates_of_nodes(void **state)
{
	struct fixture *f = *state;

	/* Two nodes: the system's counters are nobody's; those of the node are. 16 KiB pages. */
	meta(f, "page_size", "16384");
	sample(f, START, SCOPE_NODE, 0, 0, "MemTotal", 1 << 30);
	sample(f, START, SCOPE_NODE, 1, 0, "MemTotal", 1 << 30);
	sample(f, START, SCOPE_NODE, 1, 0, "pgsteal_kswapd", 0);
	sample(f, START, SCOPE_NODE, 1, 0, "kswapd_cpu_ns", 0);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 0);
	live_model_tick(f->m, START + S);
	sample(f, START + S, SCOPE_SYSTEM, -1, 0, "pgsteal_direct", 100);
	sample(f, START + S, SCOPE_NODE, 1, 0, "pgsteal_kswapd", 8);
	sample(f, START + S, SCOPE_NODE, 1, 0, "kswapd_cpu_ns", 250000000);
	live_model_tick(f->m, START + 2 * S);
	expect_none(f, "nodes", "0", "steal");
	expect(f, "nodes", "1", "steal", 8 * 16384.0);
	expect(f, "nodes", "1", "kswapd_cpu", 25);
	expect_text(f, "nodes", "1", "kswapd", "running");
	expect_none(f, "nodes", "0", "kswapd");
}

static void test_watermarks(void **state)
{
	struct fixture *f = *state;
	struct live_cell cell;

	meta(f, "zone.0.Normal", "start_pfn=4096 spanned=1000 present=1000 managed=900 min=10 low=20 high=30");
	sample(f, START, SCOPE_ZONE, 0, 0, "zone.DMA.min", 1);
	sample(f, START, SCOPE_ZONE, 0, 0, "zone.DMA.managed", 100);
	sample(f, START, SCOPE_NODE, 0, 0, "nr_free_pages", 15);
	live_model_tick(f->m, START + S);
	assert_true(look(f, "nodes", "0", "free", &cell));
	assert_int_equal(cell.kind, CELL_BAR);
	assert_int_equal((int)cell.bar.value, 15 * 4096);
	assert_int_equal((int)cell.bar.full, 1000 * 4096);
	assert_int_equal((int)cell.bar.mark[0], 11 * 4096);
	assert_int_equal((int)cell.bar.mark[1], 20 * 4096);
	assert_int_equal(cell.mood, MOOD_WARN);		/* between min and low */
	/* The zone's watermark is raised: the sample counts, not the fact. */
	sample(f, START + S, SCOPE_ZONE, 0, 0, "zone.Normal.min", 50);
	live_model_tick(f->m, START + 2 * S);
	assert_true(look(f, "nodes", "0", "free", &cell));
	assert_int_equal((int)cell.bar.mark[0], 51 * 4096);
	assert_int_equal(cell.mood, MOOD_BAD);
}

static void test_psi(void **state)
{
	struct fixture *f = *state;
	struct live_summary s;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "psi.memory.some.total", 1000);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "psi.memory.full.total", 1000);
	live_model_tick(f->m, START + S);
	live_model_summary(f->m, &s);
	assert_float_equal(s.psi_some[0], -1, 0);
	/* 300 ms of 2 s are 15 %; more than the interval is all of it. */
	sample(f, START + 2 * S, SCOPE_SYSTEM, -1, 0, "psi.memory.some.total", 301000);
	sample(f, START + 2 * S, SCOPE_SYSTEM, -1, 0, "psi.memory.full.total", 9001000);
	live_model_tick(f->m, START + 3 * S);
	live_model_summary(f->m, &s);
	assert_float_equal(s.psi_some[0], 15, 1e-6);
	assert_float_equal(s.psi_full[0], 100, 1e-6);
	assert_float_equal(s.psi_some[1], -1, 0);
	assert_int_equal(s.history, 2);
	assert_float_equal(s.psi_memory_history[1], 15, 1e-4);
}

/* --- tasks --- */

static void test_task(void **state)
{
	struct fixture *f = *state;
	struct live_summary s;

	meta(f, "nodes", "0");
	name_task(f, 10, "pipe\x1bhog", 0);
	EVENT(f, DIRECT_BEGIN, START, 10, 0, GFP_KERNEL);
	EVENT(f, DIRECT_END, START + 100 * MS, 10, 32);
	EVENT(f, RETRY, START + 101 * MS, 10, 0, 2, 0, 0, 1);
	EVENT(f, DIRECT_BEGIN, START + 102 * MS, 10, 0, GFP_KERNEL);
	live_model_tick(f->m, START + S);
	expect_text(f, "tasks", "10", "comm", "pipe\x1bhog");
	expect_text(f, "tasks", "10", "state", "inside");
	expect_text(f, "tasks", "10", "kind", "direct");
	expect_text(f, "tasks", "10", "migratetype", "unmovable");
	expect(f, "tasks", "10", "inside", 898 * MS);
	expect(f, "tasks", "10", "chain", S);
	expect(f, "tasks", "10", "order", 0);
	expect(f, "tasks", "10", "retries", 1);
	expect(f, "tasks", "10", "cycles", 2);
	expect(f, "tasks", "10", "reclaimed", 32 * 4096);
	expect(f, "nodes", "0", "direct_per_s", 2);
	expect(f, "nodes", "0", "stalled", 1);
	expect(f, "nodes", "0", "stall_max", 100 * MS);
	live_model_summary(f->m, &s);
	assert_int_equal(s.stalled_tasks, 1);
	/* It ends: shown as ended in that interval, gone in the next but one (a chain may go on for a second). */
	EVENT(f, DIRECT_END, START + 1500 * MS, 10, 1);
	live_model_tick(f->m, START + 2 * S);
	expect_text(f, "tasks", "10", "state", "ended");
	expect(f, "tasks", "10", "inside", 1398 * MS);
	expect(f, "nodes", "0", "stall_max", 1398 * MS);
	expect(f, "nodes", "0", "direct_per_s", 0);
	live_model_tick(f->m, START + 3 * S);
	assert_false(look(f, "tasks", "10", "state", &(struct live_cell){ 0 }));
}

static void test_chain_ends(void **state)
{
	struct fixture *f = *state;

	/* Without a retry, with a retry that said no, with other flags: each begin is a new allocation. */
	EVENT(f, DIRECT_BEGIN, START, 1, 0, GFP_KERNEL);
	EVENT(f, DIRECT_END, START + MS, 1, 1);
	EVENT(f, DIRECT_BEGIN, START + 2 * MS, 1, 0, GFP_KERNEL);
	EVENT(f, DIRECT_END, START + 3 * MS, 1, 1);
	EVENT(f, RETRY, START + 4 * MS, 1, 0, 2, 0, 0, 0);
	EVENT(f, DIRECT_BEGIN, START + 5 * MS, 1, 0, GFP_KERNEL);
	EVENT(f, DIRECT_END, START + 6 * MS, 1, 1);
	EVENT(f, RETRY, START + 7 * MS, 1, 0, 2, 0, 0, 1);
	EVENT(f, DIRECT_BEGIN, START + 8 * MS, 1, 3, GFP_MOVABLE);
	live_model_tick(f->m, START + 9 * MS);
	expect(f, "tasks", "1", "cycles", 1);
	expect(f, "tasks", "1", "retries", 0);
	expect(f, "tasks", "1", "chain", MS);
	expect(f, "tasks", "1", "order", 3);
	expect_text(f, "tasks", "1", "migratetype", "movable");
}

static void test_loss(void **state)
{
	struct fixture *f = *state;
	const struct loss loss = { .ts = START + 2 * MS, .events = 7, .cpu = 1, .stage = "ring" };
	const struct loss unknown = { .ts = START + 3 * MS, .events = LOSS_COUNT_UNKNOWN, .cpu = EVENT_CPU_UNKNOWN,
				      .stage = "ring" };
	struct live_summary s;

	f->cpu = 0;
	EVENT(f, DIRECT_BEGIN, START, 1, 0, GFP_KERNEL);
	f->cpu = 1;
	EVENT(f, DIRECT_BEGIN, START + MS, 2, 0, GFP_KERNEL);
	EVENT(f, WAKE, START + MS, 50, 0, 2, 0);
	assert_int_equal(SINK_CALL(&f->sink, loss, &loss), 0);
	live_model_tick(f->m, START + S);
	expect_text(f, "tasks", "1", "state", "inside");
	expect_text(f, "tasks", "2", "state", "lost");
	expect_none(f, "tasks", "2", "inside");
	expect_none(f, "nodes", "0", "kswapd");		/* its sleep may have been among them */
	live_model_summary(f->m, &s);
	assert_int_equal(s.lost, 7);
	assert_false(s.lost_unknown);
	assert_int_equal(s.stalled_tasks, 1);
	/* Thread 1 may have moved to the CPU of the loss: when nothing comes of it for 5 s, it has ended. */
	for (int i = 2; i <= 6; i++)
		live_model_tick(f->m, START + i * S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.stalled_tasks, 0);
	EVENT(f, DIRECT_BEGIN, START + 7 * S, 3, 0, GFP_KERNEL);
	assert_int_equal(SINK_CALL(&f->sink, loss, &unknown), 0);
	live_model_tick(f->m, START + 8 * S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.stalled_tasks, 0);
	assert_true(s.lost_unknown);
	assert_int_equal(s.lost, 7);
}

static void test_many_tasks(void **state)
{
	struct fixture *f = *state;
	struct live_summary s;

	for (int i = 1; i <= LIVE_TASKS + 100; i++)
		EVENT(f, DIRECT_BEGIN, START + i, i * 7, 0, GFP_KERNEL);
	live_model_tick(f->m, START + S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.stalled_tasks, LIVE_TASKS);
	assert_int_equal(s.left_out, 100);
	/* All end; their places serve others. Odd ones first, so that the hash has holes. */
	for (int odd = 1; odd >= 0; odd--)
		for (int i = 1; i <= LIVE_TASKS; i++)
			if (i % 2 == odd)
				EVENT(f, DIRECT_END, START + S + i, i * 7, 1);
	live_model_tick(f->m, START + 2 * S);
	live_model_tick(f->m, START + 4 * S);
	for (int i = 1; i <= LIVE_TASKS; i++)
		EVENT(f, DIRECT_BEGIN, START + 4 * S + i, i * 13, 0, GFP_KERNEL);
	live_model_tick(f->m, START + 5 * S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.stalled_tasks, LIVE_TASKS);
	assert_int_equal(s.left_out, 100);
	for (int i = 1; i <= LIVE_TASKS; i++)
		EVENT(f, DIRECT_END, START + 6 * S + i, i * 13, 1);
	live_model_tick(f->m, START + 7 * S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.stalled_tasks, 0);
}

/* --- nodes --- */

static void test_kswapd(void **state)
{
	struct fixture *f = *state;
	struct failures_change change = { .ts = START, .node = 1, .value = 16, .previous = 15, .tid = -1, .comm = "",
					  .via = "bpf-sample", .reason = "" };

	EVENT(f, WAKE, START, 50, 0, 2, 0);
	EVENT(f, WAKE, START, 51, 1, 2, 0);
	EVENT(f, SLEEP, START + MS, 50, 0);
	SINK_CALL(&f->sink, failures, &change);
	live_model_tick(f->m, START + S);
	expect_text(f, "nodes", "0", "kswapd", "asleep");
	expect_text(f, "nodes", "1", "kswapd", "hopeless");
	expect(f, "nodes", "1", "failures", 16);
	expect_none(f, "nodes", "1", "reset");
	SINK_CALL(&f->sink, cgroup, 77, "/io");
	change = (struct failures_change){ .ts = START + S, .node = 1, .value = 0, .previous = 16, .tid = 9,
					   .cgroup_id = 77, .comm = "dd", .via = "tracepoint", .reason = "DIRECT" };
	SINK_CALL(&f->sink, failures, &change);
	live_model_tick(f->m, START + 2 * S);
	expect_text(f, "nodes", "1", "kswapd", "running");
	expect_text(f, "nodes", "1", "reset", "dd /io DIRECT");
	/* Without the counter the kernel's own word. */
	sample(f, START + 2 * S, SCOPE_NODE, 0, 0, "node_unreclaimable", 1);
	live_model_tick(f->m, START + 3 * S);
	expect_text(f, "nodes", "0", "kswapd", "hopeless");
}

static void test_where(void **state)
{
	struct fixture *f = *state;

	meta(f, "nodes", "0-1");
	meta(f, "node0.cpulist", "0-1");
	meta(f, "node1.cpulist", "2,4-5");
	meta(f, "zone.1.Normal", "start_pfn=1000 spanned=1000 present=1 managed=1 min=0 low=0 high=0");
	f->cpu = 4;
	EVENT(f, DIRECT_BEGIN, START, 1, 0, GFP_KERNEL);
	f->cpu = 3;
	EVENT(f, DIRECT_BEGIN, START, 2, 0, GFP_KERNEL);
	/* Two fallbacks of unmovable requests on node 1, by the page; of two compactions of its zone one succeeds. */
	EVENT(f, EXTFRAG, START, 1, 1500, 0, 3, 0, 1, 0);
	EVENT(f, EXTFRAG, START, 1, 1501, 0, 3, 0, 1, 0);
	EVENT(f, COMPACT_BEGIN, START, 3, 1000, 0, 0, 2000, 1);
	EVENT(f, COMPACT_END, START + MS, 3, 1000, 0, 0, 2000, 1, 8);
	EVENT(f, COMPACT_BEGIN, START + MS, 3, 1000, 0, 0, 2000, 1);
	EVENT(f, COMPACT_END, START + 2 * MS, 3, 1000, 0, 0, 2000, 1, 6);
	EVENT(f, THROTTLED, START + 2 * MS, 3, 1, 100000, 50000, 4);
	live_model_tick(f->m, START + 2 * S);
	expect(f, "nodes", "0", "direct_per_s", 0);
	expect(f, "nodes", "1", "direct_per_s", 0.5);
	expect(f, "nodes", "-", "direct_per_s", 0.5);
	expect(f, "nodes", "1", "extfrag_unmovable", 1);
	expect(f, "nodes", "1", "extfrag_movable", 0);
	expect(f, "nodes", "1", "compact_success", 50);
	expect(f, "nodes", "1", "throttled", 2.5);	/* 50 ms of 2 s */
	expect_none(f, "nodes", "0", "compact_success");
	expect(f, "tasks", "1", "node", 1);
	expect_none(f, "tasks", "2", "node");
}

/* --- cgroups --- */

static void test_memcg(void **state)
{
	struct fixture *f = *state;
	const struct live_view *view = view_of("memcgs");
	struct live_row rows[8];
	char key[LIVE_KEY_BYTES];

	SINK_CALL(&f->sink, cgroup, 5, "/a/b");
	SINK_CALL(&f->sink, cgroup, 6, "/a");
	SINK_CALL(&f->sink, cgroup, 7, "/a-b");
	SINK_CALL(&f->sink, cgroup, 8, "/");
	name_task(f, 20, "dd", 5);
	for (uint64_t id = 5; id <= 8; id++) {
		sample(f, START, SCOPE_CGROUP, -1, id, "memory.current", id << 20);
		sample(f, START, SCOPE_CGROUP, -1, id, "memory.events.high", 10);
		sample(f, START, SCOPE_CGROUP, -1, id, "psi.memory.some.total", 0);
	}
	sample(f, START, SCOPE_CGROUP, -1, 5, "memory.high", 50 << 20);
	sample(f, START, SCOPE_CGROUP, -1, 5, "memory.max", INT64_MAX);
	sample(f, START, SCOPE_CGROUP, -1, 9, "memory.failcnt", 4);
	live_model_tick(f->m, START + S);
	sample(f, START + S, SCOPE_CGROUP, -1, 5, "memory.events.high", 40);
	sample(f, START + S, SCOPE_CGROUP, -1, 5, "psi.memory.some.total", 200000);
	sample(f, START + S, SCOPE_CGROUP, -1, 9, "memory.failcnt", 8);
	/* Two calls of its task, of 4 and 20 ms, 30 and 10 pages; one that names another cgroup as its target (7.1). */
	EVENT(f, MEMCG_BEGIN, START + S, 20, 0, GFP_MOVABLE, 0);
	EVENT(f, MEMCG_END, START + S + 4 * MS, 20, 30, 0);
	EVENT(f, MEMCG_BEGIN, START + S + 5 * MS, 20, 0, GFP_MOVABLE, 0);
	EVENT(f, MEMCG_END, START + S + 25 * MS, 20, 10, 0);
	EVENT(f, MEMCG_BEGIN, START + S + 30 * MS, 20, 0, GFP_MOVABLE, 6);
	EVENT(f, MEMCG_END, START + S + 31 * MS, 20, 5, 6);
	live_model_tick(f->m, START + 3 * S);
	expect(f, "memcgs", "/a/b", "high_per_s", 15);
	expect(f, "memcgs", "/a/b", "psi_some", 10);
	expect(f, "memcgs", "/a/b", "high", 50 << 20);
	expect_none(f, "memcgs", "/a/b", "max");
	expect(f, "memcgs", "/a/b", "calls_per_s", 1);
	expect(f, "memcgs", "/a/b", "reclaimed", 20 * 4096);
	expect(f, "memcgs", "/a/b", "stall_max", 20 * MS);
	expect(f, "memcgs", "/a", "calls_per_s", 0.5);
	expect(f, "memcgs", "/a", "stall_max", MS);
	expect(f, "memcgs", "cgroup 9", "max_per_s", 2);
	expect_none(f, "memcgs", "/a/b", "scan_direct");
	/* The tree: what is below a path comes right behind it; without a path last. */
	assert_int_equal(view->rows(f->m, rows, 8), 5);
	static const struct { const char *key; int parent; } tree[] = {
		{ "/", -1 }, { "/a", 0 }, { "/a/b", 1 }, { "/a-b", 0 }, { "cgroup 9", -1 },
	};
	for (int i = 0; i < 5; i++) {
		view->key_of(f->m, &rows[i], key);
		assert_string_equal(key, tree[i].key);
		assert_int_equal(rows[i].parent, tree[i].parent);
	}
}

/* memory.stat comes every 5 s: what it rose is spread over them, and its sum is kept. */
static void test_memcg_stat(void **state)
{
	struct fixture *f = *state;
	struct live_cell cell;
	double sum = 0;

	SINK_CALL(&f->sink, cgroup, 5, "/a");
	sample(f, START, SCOPE_CGROUP, -1, 5, "pgsteal_direct", 1000);
	for (int i = 1; i <= 20; i++) {
		if (i == 6)
			sample(f, START + 5 * S, SCOPE_CGROUP, -1, 5, "pgsteal_direct", 1500);
		if (i == 11)
			sample(f, START + 10 * S, SCOPE_CGROUP, -1, 5, "pgsteal_direct", 4000);
		live_model_tick(f->m, START + i * S);
		assert_true(look(f, "memcgs", "/a", "steal_direct", &cell));
		if (cell.kind == CELL_NUMBER)
			sum += cell.number;
	}
	/* Over five seconds each: 500, then 2500. */
	assert_float_equal(sum, 3000 * 4096.0, 1);
	/* Nothing for 16 s: it is not read any more, which is not 0. */
	live_model_tick(f->m, START + 27 * S);
	expect_none(f, "memcgs", "/a", "steal_direct");
}

static void test_many_cgroups(void **state)
{
	struct fixture *f = *state;
	struct live_summary s;

	for (uint64_t id = 1; id <= LIVE_CGROUPS + 50; id++)
		for (int twice = 0; twice < 2; twice++)
			sample(f, START, SCOPE_CGROUP, -1, id, "memory.current", id);
	live_model_tick(f->m, START + S);
	live_model_summary(f->m, &s);
	assert_in_range(s.left_out, 45, 50);	/* each once; two may share a bit of the filter */
	expect(f, "memcgs", "cgroup 4096", "current", 4096);
	/* After a minute without a word they give way. */
	sample(f, START + 100 * S, SCOPE_CGROUP, -1, 9999, "memory.current", 1);
	live_model_tick(f->m, START + 101 * S);
	expect(f, "memcgs", "cgroup 9999", "current", 1);
	expect(f, "memcgs", "cgroup 4096", "current", 4096);
}

/* --- swap --- */

static void test_swap(void **state)
{
	struct fixture *f = *state;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapTotal", 1000000);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapFree", 400000);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "Zswapped", 300);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "Zswap", 80);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "zswap.pool_total_size", 100);
	sample(f, START, SCOPE_SYSTEM, -1, 0, "zswpwb", 0);
	sample(f, START, SCOPE_DEVICE, -1, 0, "zram0.orig_data_size", 400);
	sample(f, START, SCOPE_DEVICE, -1, 0, "zram0.compr_data_size", 100);
	sample(f, START, SCOPE_DEVICE, -1, 0, "zram0.mem_used_total", 160);
	sample(f, START, SCOPE_DEVICE, -1, 0, "swap./dev/zram0.used", 500);
	sample(f, START, SCOPE_DEVICE, -1, 0, "swap./dev/zram0.size", 900);
	sample(f, START, SCOPE_DEVICE, -1, 0, "swap./dev/sda2.used", 7);
	sample(f, START, SCOPE_DEVICE, -1, 0, "swap./dev/sda2.size", 70);
	sample(f, START, SCOPE_DEVICE, -1, 0, "disk.sda2.write_sectors", 100);
	sample(f, START, SCOPE_DEVICE, -1, 0, "disk.sdb.write_sectors", 100);
	sample(f, START, SCOPE_DEVICE, -1, 0, "zram1.disksize", 0);
	live_model_tick(f->m, START + S);
	sample(f, START + S, SCOPE_SYSTEM, -1, 0, "zswpwb", 3);
	sample(f, START + S, SCOPE_DEVICE, -1, 0, "disk.sda2.write_sectors", 110);
	live_model_tick(f->m, START + 2 * S);
	expect(f, "swap", "all", "used", 600000);
	expect(f, "swap", "zswap", "ratio", 3);
	expect(f, "swap", "zswap", "fragmentation", 20);
	expect(f, "swap", "zswap", "saved", 200);
	expect(f, "swap", "zswap", "offload", 3 * 4096);
	expect(f, "swap", "zram0", "ratio", 2.5);
	expect(f, "swap", "zram0", "fragmentation", 37.5);
	expect(f, "swap", "zram0", "size", 900);
	expect(f, "swap", "zram0", "used", 500);
	expect(f, "swap", "/dev/sda2", "out", 5120);
	expect_none(f, "swap", "/dev/sda2", "ratio");
	assert_false(look(f, "swap", "zram1", "size", &(struct live_cell){ 0 }));
	assert_false(look(f, "swap", "sdb", "size", &(struct live_cell){ 0 }));
}

/* --- findings, kernel --- */

static void test_findings(void **state)
{
	struct fixture *f = *state;
	struct finding finding = { .kind = "endless-kswapd", .variant = "", .severity = SEVERITY_HIGH, .node = 0,
				   .start_ns = START + 2 * S, .end_ns = START + 9 * S, .summary = "first" };
	struct live_summary s;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapTotal", 1);
	live_model_finding(f->m, &finding);
	snprintf(finding.summary, sizeof(finding.summary), "grown");
	live_model_finding(f->m, &finding);
	live_model_tick(f->m, START + S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.findings[SEVERITY_HIGH], 0);		/* it lies ahead */
	live_model_tick(f->m, START + 3 * S);
	live_model_summary(f->m, &s);
	assert_int_equal(s.findings[SEVERITY_HIGH], 1);
	expect_text(f, "findings", "endless-kswapd  0 2.000", "summary", "grown");
	expect(f, "findings", "endless-kswapd  0 2.000", "for", S);
	live_model_feature(f->m, "kswapd-reset-fix", "unknown", "nothing tells");
	live_model_feature(f->m, "kswapd-reset-fix", "present", "BTF");
	live_model_missing(f->m, "no tracefs");
	expect_text(f, "kernel", "kernel kswapd-reset-fix", "state", "present");
	expect_text(f, "kernel", "input no tracefs", "how", "no tracefs");
}

static void tell(struct fixture *f, const char *kind, int from_s, int to_s, enum severity severity)
{
	const struct finding finding = { .kind = kind, .variant = "", .severity = severity, .own_severity = severity,
					 .node = 0, .start_ns = START + from_s * S, .end_ns = START + to_s * S,
					 /* as an analysis has them, whose other findings the model does not know */
					 .incident = 77, .cause = 200, .caused_by = "of others", .because = "it is so" };

	live_model_finding(f->m, &finding);
}

/* "kind<parent", by rows. */
static void findings_are(struct fixture *f, const char *expected)
{
	const struct live_view *view = view_of("findings");
	struct live_row rows[16];
	struct live_cell cell;
	char text[512] = "", *at = text;
	int n = view->rows(f->m, rows, 16);

	for (int i = 0; i < n; i++) {
		view->cell(f->m, &rows[i], 0, &cell);
		at += sprintf(at, "%s%s<%d", i ? " " : "", cell.text, rows[i].parent);
	}
	assert_string_equal(text, expected);
}

struct wanted {
	const char	*text;
	bool		found;
};

static void on_line(void *ctx, enum live_mood mood, const char *text)
{
	struct wanted *wanted = ctx;

	wanted->found |= strstr(text, wanted->text) != NULL;
}

static void detail_has(struct fixture *f, const char *key, const char *text, bool expected)
{
	const struct live_view *view = view_of("findings");
	struct wanted wanted = { .text = text };
	const struct live_lines out = { on_line, &wanted };
	struct live_row row;

	assert_true(live_find_row(view, f->m, key, &row));
	view->detail(f->m, &row, &out);
	assert_int_equal(wanted.found, expected);
}

/*
 * By the table of analyze/incident.c memory-low-overcommit explains spurious-kswapd-reset, and that endless-kswapd:
 * one incident, led by the first, which is worse than the throttling a minute later (incident-gap is 1 s).
 */
static void test_findings_by_incident(void **state)
{
	struct fixture *f = *state;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapTotal", 1);
	live_model_tick(f->m, START + S);
	tell(f, "endless-kswapd", 20, 40, SEVERITY_HIGH);
	findings_are(f, "");		/* it lies ahead */
	live_model_tick(f->m, START + 25 * S);
	findings_are(f, "endless-kswapd<-1");
	tell(f, "reclaim-throttled", 100, 110, SEVERITY_WARNING);
	tell(f, "memory-low-overcommit", 10, 40, SEVERITY_WARNING);
	tell(f, "spurious-kswapd-reset", 12, 40, SEVERITY_WARNING);
	findings_are(f, "endless-kswapd<-1 memory-low-overcommit<-1 spurious-kswapd-reset<-1");	/* not linked yet */
	live_model_tick(f->m, START + 41 * S);
	findings_are(f, "memory-low-overcommit<-1 spurious-kswapd-reset<0 endless-kswapd<0");
	tell(f, "endless-kswapd", 20, 45, SEVERITY_HIGH);
	findings_are(f, "memory-low-overcommit<-1 spurious-kswapd-reset<0 endless-kswapd<0");	/* grown: it keeps its place */
	expect_text(f, "findings", "endless-kswapd  0 20.000", "caused_by", "memory-low-overcommit");
	live_model_tick(f->m, START + 120 * S);
	findings_are(f, "memory-low-overcommit<-1 spurious-kswapd-reset<0 endless-kswapd<0 reclaim-throttled<-1");
	expect(f, "findings", "endless-kswapd  0 20.000", "incident", 1);
	expect(f, "findings", "reclaim-throttled  0 100.000", "incident", 2);
	expect_none(f, "findings", "memory-low-overcommit  0 10.000", "caused_by");
}

/* As a player does it: told at once, from end to end, and shown as the cursor goes on. */
static void test_findings_of_a_replay(void **state)
{
	struct fixture *f = *state;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapTotal", 1);
	tell(f, "spurious-kswapd-reset", 12, 40, SEVERITY_WARNING);
	tell(f, "memory-low-overcommit", 15, 40, SEVERITY_WARNING);
	live_model_tick(f->m, START + 14 * S);
	findings_are(f, "spurious-kswapd-reset<-1");
	expect_none(f, "findings", "spurious-kswapd-reset  0 12.000", "caused_by");
	detail_has(f, "spurious-kswapd-reset  0 12.000", "Caused by", false);
	live_model_tick(f->m, START + 15 * S);
	findings_are(f, "memory-low-overcommit<-1 spurious-kswapd-reset<0");
	expect_text(f, "findings", "spurious-kswapd-reset  0 12.000", "caused_by", "memory-low-overcommit");
	detail_has(f, "spurious-kswapd-reset  0 12.000", "Caused by memory-low-overcommit", true);
}

/* All places are taken, the last ones by what is of no weight and ends late. */
static void fill_findings(struct fixture *f, int n)
{
	for (int i = 0; i < n; i++)
		tell(f, "oom-storm", 1000 + 100 * i, 1010 + 100 * i, SEVERITY_INFO);
	live_model_tick(f->m, START + 100 * S);
}

/*
 * What ended first gives way, and until the next tick the new one in its place is no cause of what the old one
 * explained. memory-low-overcommit explains endless-kswapd, and that slab-shrinker-storm.
 */
static void test_findings_give_way(void **state)
{
	struct fixture *f = *state;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapTotal", 1);
	tell(f, "memory-low-overcommit", 10, 30, SEVERITY_WARNING);
	tell(f, "endless-kswapd", 12, 40, SEVERITY_WARNING);
	tell(f, "slab-shrinker-storm", 14, 40, SEVERITY_WARNING);
	fill_findings(f, FINDINGS_MAX - 3);
	findings_are(f, "memory-low-overcommit<-1 endless-kswapd<0 slab-shrinker-storm<0");
	tell(f, "nofail-spin", 50, 60, SEVERITY_HIGH);
	findings_are(f, "nofail-spin<-1 endless-kswapd<-1 slab-shrinker-storm<-1");
	live_model_tick(f->m, START + 101 * S);
	findings_are(f, "nofail-spin<-1 endless-kswapd<-1 slab-shrinker-storm<1");
}

/* The same inside of an incident: what comes behind it there is not put below its neighbour. */
static void test_findings_give_way_inside(void **state)
{
	struct fixture *f = *state;

	sample(f, START, SCOPE_SYSTEM, -1, 0, "SwapTotal", 1);
	tell(f, "memory-low-overcommit", 10, 40, SEVERITY_WARNING);
	tell(f, "spurious-kswapd-reset", 12, 30, SEVERITY_WARNING);
	tell(f, "endless-kswapd", 14, 40, SEVERITY_WARNING);
	tell(f, "hopeless-node", 16, 40, SEVERITY_WARNING);
	fill_findings(f, FINDINGS_MAX - 4);
	findings_are(f, "memory-low-overcommit<-1 spurious-kswapd-reset<0 endless-kswapd<0 hopeless-node<0");
	tell(f, "nofail-spin", 50, 60, SEVERITY_HIGH);
	findings_are(f, "memory-low-overcommit<-1 nofail-spin<-1 endless-kswapd<-1 hopeless-node<-1");
	live_model_tick(f->m, START + 101 * S);
	findings_are(f, "nofail-spin<-1 memory-low-overcommit<-1 endless-kswapd<1 hopeless-node<1");
}

/* --- state --- */

static char *picture(const struct fixture *f)
{
	struct live_row *rows = calloc(LIVE_ROWS_MAX, sizeof(*rows));
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int v = 0; v < nlive_views; v++) {
		int n = live_views[v]->rows(f->m, rows, LIVE_ROWS_MAX);

		for (int r = 0; r < n; r++) {
			for (int c = 0; c < live_views[v]->ncolumns; c++) {
				struct live_cell cell;

				live_views[v]->cell(f->m, &rows[r], c, &cell);
				fprintf(out, "%s %d %.9g %s|", live_views[v]->key, cell.kind,
					cell.kind == CELL_NUMBER ? cell.number : 0,
					cell.kind == CELL_TEXT ? cell.text : "");
			}
			putc('\n', out);
		}
	}
	fclose(out);
	free(rows);
	return text;
}

static void some_work(struct fixture *f, uint64_t from)
{
	for (int i = 0; i < 50; i++) {
		EVENT(f, DIRECT_BEGIN, from + i * 3 * MS, 100 + i, i % 4, GFP_KERNEL);
		if (i % 3)
			EVENT(f, DIRECT_END, from + i * 3 * MS + MS, 100 + i, 5);
		sample(f, from + i * 3 * MS, SCOPE_CGROUP, -1, 40 + i % 7, "memory.current", i);
		sample(f, from + i * 3 * MS, SCOPE_CGROUP, -1, 40 + i % 7, "memory.events.max", from / S + i);
	}
}

static void test_save_restore(void **state)
{
	struct fixture *f = *state;
	void *saved = malloc(live_model_state_bytes());
	char *first, *again;

	some_work(f, START);
	live_model_tick(f->m, START + S);
	some_work(f, START + S);		/* in the middle of an interval */
	live_model_save(f->m, saved);
	some_work(f, START + S + 500 * MS);
	live_model_tick(f->m, START + 2 * S);
	first = picture(f);
	/* On, with cgroups that the saved state does not know; then back, and the same way again. */
	sample(f, START + 3 * S, SCOPE_CGROUP, -1, 999, "memory.current", 1);
	some_work(f, START + 4 * S);
	live_model_tick(f->m, START + 5 * S);
	live_model_restore(f->m, saved);
	some_work(f, START + S + 500 * MS);
	live_model_tick(f->m, START + 2 * S);
	again = picture(f);
	assert_string_equal(first, again);
	assert_non_null(strstr(first, "tasks"));
	free(first);
	free(again);
	free(saved);
}

/* --- pieces --- */

static void test_histogram(void **state)
{
	struct histogram h = { 0 };
	struct stalls s;

	assert_int_equal(histogram_percentile(&h, 0.5), 0);
	for (int i = 1; i <= 100; i++)
		histogram_add(&h, i * MS);
	/* 6 % around 50 ms and 99 ms; never above the longest, which is exact. */
	assert_in_range(histogram_percentile(&h, 0.5), 47 * MS, 53 * MS);
	assert_in_range(histogram_percentile(&h, 0.99), 93 * MS, 100 * MS);
	histogram_take(&h, &s);
	assert_int_equal(s.max_ns, 100 * MS);
	assert_int_equal(s.count, 100);
	assert_int_equal(h.count, 0);
	histogram_add(&h, UINT64_MAX);
	histogram_add(&h, 0);
	assert_int_equal(histogram_percentile(&h, 1), UINT64_MAX);
	assert_in_range(histogram_percentile(&h, 0.5), 0, 1000);
}

static void test_format(void **state)
{
	static const struct { enum live_unit unit; double number; int width; const char *wanted; } rows[] = {
		{ UNIT_COUNT, 0, 6, "0" }, { UNIT_COUNT, 16, 6, "16" }, { UNIT_COUNT, 1234, 6, "1.2k" },
		{ UNIT_COUNT, 999.96, 6, "1.0k" }, { UNIT_PER_SECOND, 12345, 8, "12k/s" },
		{ UNIT_PER_SECOND, 0.25, 8, "0.2/s" }, { UNIT_PER_SECOND, 12345, 3, "12k" },
		{ UNIT_BYTES, 1536.0 * 1024 * 1024, 6, "1.5G" }, { UNIT_BYTES, 1023, 6, "1023" },
		{ UNIT_BYTES, 48.0 * 1024 * 1024, 6, "48M" },
		{ UNIT_BYTES_PER_SECOND, 3.25 * 1024 * 1024, 7, "3.2M/s" },
		{ UNIT_NS, 8.79e9, 6, "8.8s" }, { UNIT_NS, 898e6, 6, "898ms" }, { UNIT_NS, 125e9, 6, "125s" },
		{ UNIT_PERCENT, 37, 5, "37%" }, { UNIT_PERCENT, 3.74, 5, "3.7%" }, { UNIT_RATIO, 2.714, 5, "2.71" },
		{ UNIT_TEXT, 1234567, 4, "1234567" }, { UNIT_BYTES, 1e60, 5, "+++++" }, { UNIT_NS, -5e6, 6, "-5ms" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct live_column column = { .unit = rows[i].unit };
		const struct live_cell cell = { .kind = CELL_NUMBER, .number = rows[i].number };
		char out[64];

		live_format(&column, &cell, rows[i].width, out, sizeof(out));
		assert_string_equal(out, rows[i].wanted);
	}
}

static void test_compare(void **state)
{
	const struct live_column less = { .better = -1 }, more = { .better = 1 }, neither = { 0 };
	const struct live_cell ten = { .kind = CELL_NUMBER, .number = 10 },
			       eleven = { .kind = CELL_NUMBER, .number = 11 },
			       twenty = { .kind = CELL_NUMBER, .number = 20 }, none = { 0 };

	assert_int_equal(live_compare(&less, &ten, &twenty), 1);
	assert_int_equal(live_compare(&less, &twenty, &ten), -1);
	assert_int_equal(live_compare(&more, &twenty, &ten), 1);
	assert_int_equal(live_compare(&less, &ten, &eleven), 0);	/* within a tenth */
	assert_int_equal(live_compare(&neither, &ten, &twenty), 0);
	assert_int_equal(live_compare(&less, &ten, &none), 0);
}

/* Keys are for programs: unique in a view, and of letters that need no quoting. Titles fit their columns. */
static void test_tables(void **state)
{
	for (int v = 0; v < nlive_views; v++) {
		const struct live_view *view = live_views[v];

		for (int i = 0; i < view->ncolumns; i++) {
			assert_int_equal(strspn(view->columns[i].key, "abcdefghijklmnopqrstuvwxyz0123456789_"),
					 strlen(view->columns[i].key));
			assert_true(strlen(view->columns[i].title) <= view->columns[i].width);
			assert_true(strlen(view->columns[i].about) > 8);
			for (int k = 0; k < i; k++)
				assert_string_not_equal(view->columns[i].key, view->columns[k].key);
		}
		assert_in_range(view->sort, 0, view->ncolumns - 1);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_rates), T(test_rates_of_nodes), T(test_watermarks), T(test_psi), T(test_task),
		T(test_chain_ends),
		T(test_loss), T(test_many_tasks), T(test_kswapd), T(test_where), T(test_memcg), T(test_memcg_stat),
		T(test_many_cgroups), T(test_swap), T(test_findings), T(test_findings_by_incident),
		T(test_findings_of_a_replay), T(test_findings_give_way), T(test_findings_give_way_inside),
		T(test_save_restore),
		cmocka_unit_test(test_histogram), cmocka_unit_test(test_format), cmocka_unit_test(test_compare),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
