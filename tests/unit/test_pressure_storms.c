// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pressure_storms.c - what golden sequences, which are traces, cannot tell of compaction, throttling, boosted
 * watermarks, node reclaim and CMA: where samples decide, what is told while the storm lasts, and the window itself.
 *
 * Each expected number is worked out beside it.
 */
#include "analyze/window.h"
#include "tests/unit/storm_fixture.h"

#define MS		NSEC_PER_MSEC

enum {
	BEGIN, END, RETRY, NODE_BEGIN, NODE_END, THROTTLED, KSWAPD, EXTFRAG, ATTEMPT, PASS_BEGIN, PASS_END, MIGRATE, TYPES
};

static const struct event_field begin_fields[] = { { "order", VALUE_INT }, { "gfp_flags", VALUE_UINT } };
static const struct event_field end_fields[] = { { "nr_reclaimed", VALUE_UINT } };
static const struct event_field retry_fields[] = {
	{ "node", VALUE_INT }, { "order", VALUE_INT }, { "reclaimable", VALUE_INT }, { "available", VALUE_INT },
	{ "min_wmark", VALUE_INT }, { "no_progress_loops", VALUE_INT }, { "wmark_check", VALUE_INT },
};
static const struct event_field node_fields[] = { { "nid", VALUE_INT }, { "order", VALUE_INT } };
static const struct event_field throttled_fields[] = {
	{ "nid", VALUE_INT }, { "usec_timeout", VALUE_INT }, { "usec_delayed", VALUE_INT }, { "reason", VALUE_INT },
};
static const struct event_field extfrag_fields[] = { { "alloc_order", VALUE_INT }, { "fallback_order", VALUE_INT } };
static const struct event_field attempt_fields[] = { { "order", VALUE_INT }, { "gfp_mask", VALUE_UINT } };
static const struct event_field pass_begin_fields[] = { { "zone_start", VALUE_UINT }, { "migrate_pfn", VALUE_UINT } };
static const struct event_field pass_end_fields[] = {
	{ "zone_start", VALUE_UINT }, { "migrate_pfn", VALUE_UINT }, { "status", VALUE_INT },
};
static const struct event_field migrate_fields[] = {
	{ "succeeded", VALUE_INT }, { "failed", VALUE_INT }, { "reason", VALUE_INT },
};

static const struct event_type types[TYPES] = {
	TYPE(BEGIN, "vmscan", "mm_vmscan_direct_reclaim_begin", begin_fields),
	TYPE(END, "vmscan", "mm_vmscan_direct_reclaim_end", end_fields),
	TYPE(RETRY, "oom", "reclaim_retry_zone", retry_fields),
	TYPE(NODE_BEGIN, "vmscan", "mm_vmscan_node_reclaim_begin", node_fields),
	TYPE(NODE_END, "vmscan", "mm_vmscan_node_reclaim_end", end_fields),
	TYPE(THROTTLED, "vmscan", "mm_vmscan_throttled", throttled_fields),
	TYPE(KSWAPD, "vmscan", "mm_vmscan_kswapd_wake", node_fields),
	TYPE(EXTFRAG, "kmem", "mm_page_alloc_extfrag", extfrag_fields),
	TYPE(ATTEMPT, "compaction", "mm_compaction_try_to_compact_pages", attempt_fields),
	TYPE(PASS_BEGIN, "compaction", "mm_compaction_begin", pass_begin_fields),
	TYPE(PASS_END, "compaction", "mm_compaction_end", pass_end_fields),
	TYPE(MIGRATE, "migrate", "mm_migrate_pages", migrate_fields),
};

static void boot(struct machine *m)
{
	machine_boot(m, NULL, types, TYPES);
}

static void sample(struct machine *m, enum sample_scope scope, int32_t node, const char *name, int64_t value)
{
	const struct sample s = { m->now_ns, scope, node, 0, name, "", value };

	assert_int_equal(SINK_CALL(&m->sink, sample, &s), 0);
}

/* --- the window --- */

struct heard {
	int			n;
	struct window_part	last;
};

static bool ten_or_more(void *ctx, const uint64_t *count)
{
	return count[0] >= 10;
}

static void hear(void *ctx, const struct window_part *episode)
{
	struct heard *h = ctx;

	h->n++;
	h->last = *episode;
}

static const struct window_ops ten_ops = { .bad = ten_or_more, .done = hear };

static void add(struct window *w, double s, int amount)
{
	window_at(w, s * NSEC_PER_SEC)->count[0] += amount;
}

/* 1 in each of the seconds 0 to 8 is 9: not bad. With 3 in second 20 and 7 in second 25 the window up to 25 is. */
static void window_sums_what_is_bad(void **state)
{
	struct heard h = { 0 };
	struct window w = { .ops = &ten_ops, .ctx = &h };

	for (int s = 0; s < 9; s++)
		add(&w, s + 0.5, 1);
	add(&w, 20.25, 3);
	add(&w, 25.75, 7);
	add(&w, 27.5, 1);
	window_so_far(&w);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.count[0], 11);
	window_so_far(&w);		/* nothing has changed */
	assert_int_equal(h.n, 2);
	assert_int_equal(h.last.count[0], 11);
	add(&w, 60.5, 9);		/* a pause longer than the window ends it; this alone is not bad */
	assert_int_equal(h.n, 3);
	window_finish(&w);
	assert_int_equal(h.n, 3);
	assert_int_equal(h.last.count[0], 11);
	assert_true(h.last.first_ns == 20250 * MS && h.last.last_ns == 27500 * MS);
}

/* 1 a second for 40 s is 10 in each window but the first nine: one episode, with each amount once. */
static void window_counts_once(void **state)
{
	struct heard h = { 0 };
	struct window w = { .ops = &ten_ops, .ctx = &h };

	for (int s = 0; s < 40; s++)
		add(&w, s + 0.5, 1);
	window_finish(&w);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.count[0], 40);
}

/* 5 in second 3 and 5 in second 13 are eleven seconds apart, first to last: no window has both. In second 12 it has. */
static void window_is_ten_seconds(void **state)
{
	struct heard h = { 0 };
	struct window apart = { .ops = &ten_ops, .ctx = &h }, together = apart;

	add(&apart, 3.999, 5);
	add(&apart, 13.001, 5);
	window_finish(&apart);
	assert_int_equal(h.n, 0);
	add(&together, 3.001, 5);
	add(&together, 12.999, 5);
	window_finish(&together);
	assert_int_equal(h.n, 1);
}

/* Two tasks in two seconds: times of each, and whose was the longest. */
static void window_knows_tasks(void **state)
{
	struct heard h = { 0 };
	struct window w = { .ops = &ten_ops, .ctx = &h };

	add(&w, 1, 10);
	window_task(window_at(&w, 1 * NSEC_PER_SEC), 7, 2, 30);
	window_task(window_at(&w, 1 * NSEC_PER_SEC), 8, 0, 50);
	window_task(window_at(&w, 2 * NSEC_PER_SEC), 7, 3, 40);
	window_task(window_at(&w, 2 * NSEC_PER_SEC), 7, 0, 1);
	window_finish(&w);
	assert_int_equal(h.last.max_tid, 8);
	assert_int_equal(h.last.max_ns, 50);
	assert_int_equal(h.last.tasks.n, 2);
	for (int i = 0; i < 2; i++) {
		const struct finding_task *t = &h.last.tasks.task[i];

		assert_int_equal(t->ns, t->tid == 7 ? 71 : 50);
		assert_int_equal(t->count, t->tid == 7 ? 3 : 1);
		assert_int_equal(t->pages, t->tid == 7 ? 5 : 0);
	}
}

/*
 * 80 from 5.5 to 45.5 s, 2 a second: 19 of them in the ten seconds from 36 on, which is bad, and all belong to it. 36
 * are 8.55 in those: 27 of 27.45 before them, 9 in them.
 */
static void window_spreads_what_took_long(void **state)
{
	struct heard h = { 0 };
	struct window w = { .ops = &ten_ops, .ctx = &h }, less = w;

	window_spread(&w, 5500 * MS, 45500 * MS, 0, 80);
	window_finish(&w);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.count[0], 80);
	assert_true(h.last.first_ns == 5500 * MS && h.last.last_ns == 45500 * MS);
	window_spread(&less, 5500 * MS, 45500 * MS, 0, 36);
	window_finish(&less);
	assert_int_equal(h.n, 1);
}

/* 20 in the four seconds from 8.0 to 12.0: 5 in each. What is told late, or ends before it begins, is not lost. */
static void window_spreads_over_seconds(void **state)
{
	struct heard h = { 0 };
	struct window w = { .ops = &ten_ops, .ctx = &h };

	window_spread(&w, 8 * NSEC_PER_SEC, 12 * NSEC_PER_SEC, 0, 20);
	for (int s = 8; s < 12; s++)
		assert_int_equal(w.second[s % WINDOW_SECONDS].count[0], 5);
	window_spread(&w, 1 * NSEC_PER_SEC, 2 * NSEC_PER_SEC, 0, 3);
	window_spread(&w, 12 * NSEC_PER_SEC, 11 * NSEC_PER_SEC, 0, 4);
	window_finish(&w);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.count[0], 27);
}

/* A task that lost no time is a task too. */
static void window_knows_tasks_without_time(void **state)
{
	struct heard h = { 0 };
	struct window w = { .ops = &ten_ops, .ctx = &h };

	add(&w, 1, 10);
	window_task(window_at(&w, 1 * NSEC_PER_SEC), 7, 2, 0);
	window_finish(&w);
	assert_int_equal(h.last.max_tid, 7);
}

/* --- compaction-thrash --- */

/* Ten attempts a second for ten seconds, each a pass of 20 ms over 196,608 pages that ends with @status. */
static void compact_seconds(struct machine *m, int64_t status)
{
	for (int i = 0; i < 100; i++, m->now_ns += 100 * MS) {
		EVENT(m, ATTEMPT, 3, m->now_ns, 9, 0x3d24ca);
		EVENT(m, PASS_BEGIN, 3, m->now_ns + MS, 0x1000, 0x1000);
		EVENT(m, PASS_END, 3, m->now_ns + 21 * MS, 0x1000, 0x31000, status);
	}
}

/* enum compact_result up to 4.6: 3 is COMPACT_PARTIAL, a free block was made; 4 is COMPACT_COMPLETE, none was. */
static void compaction_of_old_kernels(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	compact_seconds(&m, 3);
	assert_null(found(&m, "compaction-thrash"));
	off(&m);
	boot(&m);
	compact_seconds(&m, 4);
	f = found(&m, "compaction-thrash");
	assert_non_null(f);
	assert_value(f, "passes_scanned_all", 100);
	off(&m);
}

/* Two tasks whose ids are 1024 apart, compacting at the same time. An end two minutes after its begin is of another. */
static void compaction_of_two_tasks(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	EVENT(&m, PASS_BEGIN, 9, m.now_ns, 0x1000, 0x1000);
	m.now_ns += 120 * NSEC_PER_SEC;
	EVENT(&m, PASS_END, 9, m.now_ns, 0x1000, 0x31000, 5);
	for (int i = 0; i < 100; i++, m.now_ns += 100 * MS) {
		EVENT(&m, ATTEMPT, 3, m.now_ns, -1, 0x3d24ca);
		EVENT(&m, ATTEMPT, 1027, m.now_ns, 9, 0x3d24ca);
		EVENT(&m, PASS_BEGIN, 3, m.now_ns + MS, 0x1000, 0x1000);
		EVENT(&m, PASS_BEGIN, 1027, m.now_ns + MS, 0x1000, 0x1000);
		EVENT(&m, PASS_END, 3, m.now_ns + 21 * MS, 0x1000, 0x31000, 5);
		EVENT(&m, PASS_END, 1027, m.now_ns + 31 * MS, 0x1000, 0x31000, 5);
	}
	f = found(&m, "compaction-thrash");
	assert_non_null(f);
	assert_value(f, "attempts_that_worked", 200);
	assert_value(f, "compacting", 5);
	assert_value(f, "order_mean", 4.5);		/* an order of -1 is none */
	off(&m);
}

/* --- nofs-noio-spin --- */

/*
 * 17 reclaims of 2.3 s in 2.4 s, from 100.05 to 140.75 s, and no event tells of a spin before its end: what is found
 * begins where it began.
 */
static void a_spin_begins_where_it_began(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int i = 0; i < 17; i++, m.now_ns += 2400 * MS) {
		EVENT(&m, BEGIN, 1, m.now_ns + 50 * MS, 0, 0xc40);
		EVENT(&m, END, 1, m.now_ns + 2350 * MS, 0);
		if (i < 16)
			EVENT(&m, RETRY, 1, m.now_ns + 2380 * MS, 0, 0, 50000, 61000, 1000, i + 1, 1);
	}
	f = found(&m, "nofs-noio-spin");
	assert_non_null(f);
	assert_true(f->start_ns == 100050 * MS && f->end_ns == 140750 * MS);
	assert_value(f, "stalled", 40.7);
	off(&m);
}

/* --- watermark-boost --- */

/* High is 1000 of its own; with a boost of 500 the kernel prints 1500. kswapd steals @steal pages a second. */
static void boost_seconds(struct machine *m, int seconds, int64_t free, int64_t boost, int64_t steal)
{
	static int64_t stolen, refaults;

	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		sample(m, SCOPE_SYSTEM, -1, "pgsteal_kswapd", stolen += steal);
		sample(m, SCOPE_SYSTEM, -1, "workingset_refault_file", refaults += steal / 2);
		sample(m, SCOPE_ZONE, 1, "zone.Normal.free", free);
		sample(m, SCOPE_ZONE, 1, "zone.Normal.high", 1000 + boost);
		sample(m, SCOPE_ZONE, 1, "zone.Normal.boost", boost);
		EVENT(m, EXTFRAG, 5, m->now_ns + 1, 0, 3);
		EVENT(m, EXTFRAG, 5, m->now_ns + 2, 0, 9);	/* a whole block: no harm */
		EVENT(m, KSWAPD, 50, m->now_ns + 3, 1, 0);
	}
}

/*
 * 20 s with free at 1200, between 1000 and the boosted 1500. The first sample only begins: 19 s are boosted, and the
 * steals of the 19 later samples count, 300 each: 5700, and 2850 come back: half, a warning.
 */
static void boosted_for_nothing(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	boost_seconds(&m, 20, 1200, 500, 300);
	f = found(&m, "watermark-boost");
	assert_non_null(f);
	assert_value(f, "boosted", 19);
	assert_value(f, "short_of_memory", 0);
	assert_value(f, "kswapd_reclaimed_pages", 5700);
	assert_value(f, "refaulted_file_pages", 2850);
	assert_value(f, "boost_max", 500);
	assert_value(f, "blocks_polluted", 20);
	assert_value(f, "kswapd_runs", 20);
	assert_int_equal(f->node, 1);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_true(m.told == 1);	/* while it lasted */
	off(&m);
}

/* Free at 900 is below the zone's own high watermark; 1500 is above the boosted one; without a boost it is kswapd's work. */
static void boosted_with_reason(void **state)
{
	struct machine m;

	boot(&m);
	boost_seconds(&m, 20, 900, 500, 3000);
	boost_seconds(&m, 20, 1200, 0, 3000);
	assert_null(found(&m, "watermark-boost"));
	assert_true(judged(&m, &watermark_boost));
	off(&m);
}

/* Node 0 is short meanwhile: its kswapd's pages are in the same counters. */
static void boosted_beside_a_shortage(void **state)
{
	struct machine m;

	boot(&m);
	sample(&m, SCOPE_ZONE, 0, "zone.Normal.free", 500);
	sample(&m, SCOPE_ZONE, 0, "zone.Normal.high", 1000);
	sample(&m, SCOPE_ZONE, 0, "zone.Normal.boost", 0);
	boost_seconds(&m, 20, 1200, 500, 3000);
	assert_null(found(&m, "watermark-boost"));
	off(&m);
}

/* 200 pages a second are less than a megabyte. A boost of 4 of 10 s is less than half. */
static void boosted_a_little(void **state)
{
	struct machine m;

	boot(&m);
	boost_seconds(&m, 20, 1200, 500, 200);
	boost_seconds(&m, 20, 1200, 0, 200);
	for (int i = 0; i < 4; i++) {
		boost_seconds(&m, 4, 1200, 500, 3000);
		boost_seconds(&m, 6, 1200, 0, 0);
	}
	assert_null(found(&m, "watermark-boost"));
	off(&m);
}

static void boost_not_told(void **state)
{
	struct machine m;

	boot(&m);
	sample(&m, SCOPE_ZONE, 0, "zone.Normal.free", 1200);
	assert_null(found(&m, "watermark-boost"));
	assert_false(judged(&m, &watermark_boost));
	off(&m);
}

/* --- node-reclaim --- */

/* Node 0 has nothing, node 1 @other free pages above low. Each second 150 ms on node 0 for 10 pages. */
static void node_seconds(struct machine *m, int seconds, int64_t other)
{
	sample(m, SCOPE_ZONE, 0, "zone.Normal.managed", 100000);
	sample(m, SCOPE_ZONE, 0, "zone.Normal.low", 1000);
	sample(m, SCOPE_ZONE, 0, "zone.Normal.free", 900);
	sample(m, SCOPE_ZONE, 1, "zone.Normal.managed", 100000);
	sample(m, SCOPE_ZONE, 1, "zone.Normal.low", 1000);
	sample(m, SCOPE_ZONE, 1, "zone.Normal.free", 1000 + other);
	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		EVENT(m, NODE_BEGIN, 3, m->now_ns + 100 * MS, 0, 0);
		EVENT(m, NODE_END, 3, m->now_ns + 250 * MS, 10);
	}
}

static void node_reclaim_beside_free_memory(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	meta(&m, "zone_reclaim_mode", "1");
	node_seconds(&m, 10, 5000);
	sample(&m, SCOPE_SYSTEM, -1, "vm.zone_reclaim_mode", 0);	/* somebody has mended it */
	node_seconds(&m, 10, 5000);
	f = found(&m, "node-reclaim");
	assert_non_null(f);
	assert_value(f, "node_reclaims", 10);
	assert_value(f, "node_reclaim_time", 1.5);
	assert_value(f, "reclaimed_pages", 100);
	assert_value(f, "free_elsewhere", 1);
	assert_value(f, "zone_reclaim_mode", 1);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_int_equal(f->node, 0);
	off(&m);
}

/* Nothing is free on the other node either; then it is asked for by hand, which is no fault. */
static void node_reclaim_with_reason(void **state)
{
	struct machine m;

	boot(&m);
	meta(&m, "zone_reclaim_mode", "1");
	node_seconds(&m, 10, 0);
	assert_null(found(&m, "node-reclaim"));
	off(&m);
	boot(&m);
	meta(&m, "zone_reclaim_mode", "0");
	node_seconds(&m, 10, 5000);
	assert_null(found(&m, "node-reclaim"));
	off(&m);
}

/* The mode is not told: it may be somebody's wish, so it is information. Each of two tasks has its own begin. */
static void node_reclaim_of_unknown_mode(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	sample(&m, SCOPE_ZONE, 1, "zone.Normal.managed", 100000);
	sample(&m, SCOPE_ZONE, 1, "zone.Normal.low", 1000);
	sample(&m, SCOPE_ZONE, 1, "zone.Normal.free", 9000);
	for (int s = 0; s < 10; s++, m.now_ns += NSEC_PER_SEC) {
		EVENT(&m, NODE_BEGIN, 3, m.now_ns + 100 * MS, 0, 0);
		EVENT(&m, NODE_BEGIN, 1027, m.now_ns + 110 * MS, 0, 0);
		EVENT(&m, NODE_END, 3, m.now_ns + 300 * MS, 256);		/* 8 times what is asked for */
		EVENT(&m, NODE_END, 1027, m.now_ns + 310 * MS, 32);
	}
	f = found(&m, "node-reclaim");
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_value(f, "node_reclaims", 20);
	assert_value(f, "node_reclaim_time", 4);
	assert_true(f->start_ns == 100100 * MS);
	off(&m);
}

/* echo 10G >reclaim: a quarter of what is left at a time, in calls of a second. */
static void node_reclaim_on_demand(void **state)
{
	struct machine m;

	boot(&m);
	for (int s = 0; s < 10; s++, m.now_ns += NSEC_PER_SEC) {
		EVENT(&m, NODE_BEGIN, 3, m.now_ns + 1 * MS, 0, 0);
		EVENT(&m, NODE_END, 3, m.now_ns + 999 * MS, 100000);
	}
	assert_null(found(&m, "node-reclaim"));
	off(&m);
}

/* --- reclaim-throttled, writeback-limited --- */

/* 2 a second are above one; 100 at boot are no growth. */
static void waits_for_kswapd(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 11; s++, m.now_ns += NSEC_PER_SEC)
		sample(&m, SCOPE_SYSTEM, -1, "pgscan_direct_throttle", 100 + 2 * s);
	f = found(&m, "reclaim-throttled");
	assert_non_null(f);
	assert_string_equal(f->variant, "pfmemalloc");
	assert_value(f, "waits", 20);
	off(&m);
	boot(&m);
	for (int s = 0; s < 11; s++, m.now_ns += NSEC_PER_SEC)
		sample(&m, SCOPE_SYSTEM, -1, "pgscan_direct_throttle", 100 + s / 2);
	assert_null(found(&m, "reclaim-throttled"));
	off(&m);
}

/* One burst of 16 at the start, and one of 30 later: two seconds of ten. */
static void bursts_of_waits_for_kswapd(void **state)
{
	struct machine m;

	boot(&m);
	for (int s = 0; s < 11; s++, m.now_ns += NSEC_PER_SEC)
		sample(&m, SCOPE_SYSTEM, -1, "pgscan_direct_throttle", 100 + (s > 0 ? 16 : 0) + (s > 5 ? 30 : 0));
	assert_null(found(&m, "reclaim-throttled"));
	off(&m);
}

/* Nobody sleeps longer than what was set: 20 times 4 ms, whatever else is printed. */
static void sleeps_are_not_longer_than_set(void **state)
{
	struct machine m;

	boot(&m);
	for (int i = 0; i < 20; i++, m.now_ns += 500 * MS)
		EVENT(&m, THROTTLED, 3, m.now_ns, 0, 4000, 4000000, 4);
	assert_null(found(&m, "reclaim-throttled"));
	off(&m);
}

/* A task sleeps 800 ms of each second, congested. Reclaim sends 900 pages a second to swap; @out leave for the disk. */
static void slow_seconds(struct machine *m, int64_t out)
{
	for (int s = 0; s < 10; s++, m->now_ns += NSEC_PER_SEC) {
		sample(m, SCOPE_NODE, 0, "nr_written", 5000 + 1000 * s);
		sample(m, SCOPE_NODE, 0, "nr_vmscan_write", 700 + 900 * s);
		sample(m, SCOPE_SYSTEM, -1, "nr_written", 5000 + 1000 * s);
		sample(m, SCOPE_SYSTEM, -1, "pswpout", 40 + out * s);
		EVENT(m, THROTTLED, 3, m->now_ns + 900 * MS, 0, 4000, 800000, 8);
	}
}

/* 1000 pages are written a second, 600 of them to swap; then only 100: zswap takes the rest, and the disk has files. */
static void swap_too_slow(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	slow_seconds(&m, 100);
	f = found(&m, "writeback-limited");
	assert_non_null(f);
	assert_string_equal(f->variant, "file");
	off(&m);
	boot(&m);
	slow_seconds(&m, 600);
	f = found(&m, "writeback-limited");
	assert_non_null(f);
	assert_string_equal(f->variant, "swap");
	assert_value(f, "tasks_throttled_time", 8);
	assert_value(f, "tasks_congested", 10);
	assert_value(f, "written", 9000);
	assert_value(f, "sent_by_reclaim", 8100);
	assert_value(f, "swapped_out", 5400);
	assert_true(f->start_ns == 100100 * MS);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_int_equal(m.told, 1);
	assert_string_equal(m.last.kind, "writeback-limited");
	off(&m);
}

/* --- cma-contiguous --- */

static void cma_requests_fail(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 4; s++, m.now_ns += NSEC_PER_SEC) {
		sample(&m, SCOPE_SYSTEM, -1, "cma_alloc_fail", 40 + s);
		sample(&m, SCOPE_SYSTEM, -1, "cma_alloc_success", 90 + 5 * s);
	}
	f = found(&m, "cma-contiguous");
	assert_non_null(f);
	assert_string_equal(f->variant, "range");
	assert_value(f, "cma_failed", 3);
	assert_value(f, "cma_succeeded", 15);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	off(&m);
	boot(&m);
	for (int s = 0; s < 4; s++, m.now_ns += NSEC_PER_SEC)
		sample(&m, SCOPE_SYSTEM, -1, "cma_alloc_fail", 40 + s / 2);
	assert_null(found(&m, "cma-contiguous"));
	assert_true(judged(&m, &cma_contiguous));
	off(&m);
}

/* mm_migrate_pages of a system call shows that all reasons are recorded: pages that did not move would have come. */
static void cma_requests_fail_and_all_moves(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	EVENT(&m, MIGRATE, 3, m.now_ns, 10, 0, 3);
	for (int s = 0; s < 4; s++, m.now_ns += NSEC_PER_SEC)
		sample(&m, SCOPE_SYSTEM, -1, "cma_alloc_fail", 40 + s);
	f = found(&m, "cma-contiguous");
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_INFO);
	off(&m);
}

/* As squall's group attribution records it, with a filter. */
static void only_compaction_is_recorded(void **state)
{
	struct machine m;

	boot(&m);
	meta(&m, "recorded", "mm_migrate_pages");
	EVENT(&m, MIGRATE, 3, m.now_ns, 10, 0, 0);
	assert_null(found(&m, "cma-contiguous"));
	assert_false(judged(&m, &cma_contiguous));
	off(&m);
}

/* 300 pages a second do not move, 3000 in ten; one count is damaged and no page of it counts. */
static void ranges_do_not_get_empty(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 10; s++, m.now_ns += NSEC_PER_SEC)
		EVENT(&m, MIGRATE, 3, m.now_ns, 200, 300, 6);
	EVENT(&m, MIGRATE, 3, m.now_ns - MS, 200, -1, 6);
	f = found(&m, "cma-contiguous");
	assert_non_null(f);
	assert_value(f, "failed_pages", 3000);
	assert_value(f, "moved_pages", 2000);
	assert_int_equal(f->tid, 3);
	off(&m);
}

/* A second: a reclaim of 0.9 s by tid 1, unmovable, that frees 32 pages; then 10,000 pages are free above a min of 1000. */
static void cma_spin(struct machine *m, int seconds, int64_t cma, uint64_t gfp)
{
	sample(m, SCOPE_ZONE, 0, "zone.Normal.min", 1000);
	sample(m, SCOPE_ZONE, 0, "zone.Normal.free", 11000);
	sample(m, SCOPE_ZONE, 0, "zone.Normal.nr_free_cma", cma);
	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		EVENT(m, BEGIN, 1, m->now_ns + 50 * MS, 0, gfp);
		EVENT(m, END, 1, m->now_ns + 950 * MS, 32);
		if (s < seconds - 1)
			EVENT(m, RETRY, 1, m->now_ns + 980 * MS, 0, 0, 50000, 61000, 1000, 0, 1);
	}
}

/* A kernel that has no vm.defrag_mode is not in it. */
static void only_cma_is_free_on_old_kernels(void **state)
{
	struct machine m;

	boot(&m);
	meta(&m, "feature.defrag-mode", "absent: no sysctl vm.defrag_mode");
	cma_spin(&m, 10, 9700, 0xcc0);
	assert_non_null(found(&m, "cma-contiguous"));
	assert_null(found(&m, "nonmovable-reclaim-spin"));
	off(&m);
}

/* One chain of 10 reclaims, 0.05 to 9.95: 9.9 s. 9,700 of 11,000 free pages are CMA, so 1,300 are not: below min + 512. */
static void only_cma_is_free(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	meta(&m, "defrag_mode", "0");
	cma_spin(&m, 10, 9700, 0xcc0);
	f = found(&m, "cma-contiguous");
	assert_non_null(f);
	assert_string_equal(f->variant, "free-cma");
	assert_value(f, "spins", 1);
	assert_value(f, "retries", 9);
	assert_value(f, "stalled", 9.9);
	assert_value(f, "reclaimed_pages", 320);
	assert_value(f, "free_cma_pages", 9700);
	assert_true(f->start_ns == 100050 * MS);
	off(&m);
}

/* 9,000 leave 2,000 that anybody may use; movable requests may use CMA; with defrag_mode on it is the other storm. */
static void other_memory_is_free(void **state)
{
	const struct {
		const char	*defrag_mode;
		int64_t		cma;
		uint64_t	gfp;
	} cases[] = { { "0", 9000, 0xcc0 }, { "0", 9700, 0xcc8 }, { "1", 9700, 0xcc0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine m;

		boot(&m);
		meta(&m, "defrag_mode", cases[i].defrag_mode);
		cma_spin(&m, 10, cases[i].cma, cases[i].gfp);
		assert_null(found(&m, "cma-contiguous"));
		off(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_sums_what_is_bad),
		cmocka_unit_test(window_counts_once),
		cmocka_unit_test(window_is_ten_seconds),
		cmocka_unit_test(window_knows_tasks),
		cmocka_unit_test(window_spreads_what_took_long),
		cmocka_unit_test(window_spreads_over_seconds),
		cmocka_unit_test(window_knows_tasks_without_time),
		cmocka_unit_test(compaction_of_old_kernels),
		cmocka_unit_test(compaction_of_two_tasks),
		cmocka_unit_test(a_spin_begins_where_it_began),
		cmocka_unit_test(boosted_for_nothing),
		cmocka_unit_test(boosted_beside_a_shortage),
		cmocka_unit_test(boosted_with_reason),
		cmocka_unit_test(boosted_a_little),
		cmocka_unit_test(boost_not_told),
		cmocka_unit_test(node_reclaim_beside_free_memory),
		cmocka_unit_test(node_reclaim_with_reason),
		cmocka_unit_test(node_reclaim_of_unknown_mode),
		cmocka_unit_test(node_reclaim_on_demand),
		cmocka_unit_test(waits_for_kswapd),
		cmocka_unit_test(bursts_of_waits_for_kswapd),
		cmocka_unit_test(sleeps_are_not_longer_than_set),
		cmocka_unit_test(swap_too_slow),
		cmocka_unit_test(cma_requests_fail),
		cmocka_unit_test(cma_requests_fail_and_all_moves),
		cmocka_unit_test(only_compaction_is_recorded),
		cmocka_unit_test(ranges_do_not_get_empty),
		cmocka_unit_test(only_cma_is_free_on_old_kernels),
		cmocka_unit_test(only_cma_is_free),
		cmocka_unit_test(other_memory_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
