// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pressure_storms.c - what golden sequences, which are traces, cannot tell of compaction, throttling, boosted
 * watermarks, node reclaim and CMA: where samples decide, what is told while the storm lasts, and the window itself.
 *
 * Each expected number is worked out beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analysis.h"
#include "analyze/window.h"
#include "spine/time.h"

#define MS		NSEC_PER_MSEC

enum { BEGIN, END, RETRY, NODE_BEGIN, NODE_END, THROTTLED, KSWAPD, EXTFRAG, TYPES };

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

#define TYPE(number, of_system, of_name, of_fields) [number] = { .id = number, .system = of_system, .name = of_name, \
	.format = "", .fields = of_fields, .nfields = sizeof(of_fields) / sizeof(of_fields[0]) }

static const struct event_type types[TYPES] = {
	TYPE(BEGIN, "vmscan", "mm_vmscan_direct_reclaim_begin", begin_fields),
	TYPE(END, "vmscan", "mm_vmscan_direct_reclaim_end", end_fields),
	TYPE(RETRY, "oom", "reclaim_retry_zone", retry_fields),
	TYPE(NODE_BEGIN, "vmscan", "mm_vmscan_node_reclaim_begin", node_fields),
	TYPE(NODE_END, "vmscan", "mm_vmscan_node_reclaim_end", end_fields),
	TYPE(THROTTLED, "vmscan", "mm_vmscan_throttled", throttled_fields),
	TYPE(KSWAPD, "vmscan", "mm_vmscan_kswapd_wake", node_fields),
	TYPE(EXTFRAG, "kmem", "mm_page_alloc_extfrag", extfrag_fields),
};

/* A recording that is being made up, and what comes of it. */
struct machine {
	struct thresholds	th;
	struct analysis		*analysis;
	struct sink		sink;
	int			told;
	struct finding		last;		/* told */
	uint64_t		now_ns;
};

static void on_finding(void *ctx, const struct finding *f)
{
	struct machine *m = ctx;

	m->told++;
	m->last = *f;
}

static void boot(struct machine *m)
{
	const struct analysis_options options = { .th = &m->th, .finding = on_finding, .ctx = m };

	*m = (struct machine){ .now_ns = 100 * NSEC_PER_SEC };
	thresholds_default(&m->th);
	assert_int_equal(analysis_new(&options, &m->analysis), 0);
	m->sink = analysis_sink(m->analysis);
	for (int i = 0; i < TYPES; i++)
		assert_int_equal(SINK_CALL(&m->sink, type, &types[i]), 0);
}

static void off(struct machine *m)
{
	analysis_free(m->analysis);
}

static void event(struct machine *m, int type, int32_t tid, uint64_t ts, const int64_t *numbers)
{
	struct event_value values[EVENT_MAX_FIELDS];
	const struct event ev = { .ts = ts, .type = &types[type], .tid = tid, .cpu = tid % 2, .values = values };

	for (int i = 0; i < types[type].nfields; i++)
		values[i] = (struct event_value){ .kind = VALUE_INT, .i = numbers[i] };
	assert_int_equal(SINK_CALL(&m->sink, event, &ev), 0);
}

#define EVENT(m, type, tid, ts, ...) event(m, type, tid, ts, (const int64_t[]){ __VA_ARGS__ })

static void sample(struct machine *m, enum sample_scope scope, int32_t node, const char *name, int64_t value)
{
	const struct sample s = { m->now_ns, scope, node, 0, name, "", value };

	assert_int_equal(SINK_CALL(&m->sink, sample, &s), 0);
}

static void meta(struct machine *m, const char *key, const char *value)
{
	assert_int_equal(SINK_CALL(&m->sink, meta, key, value), 0);
}

/* Of this kind, whatever else there may be of others. NULL: none. */
static const struct finding *found(struct machine *m, const char *kind)
{
	const struct finding *all, *one = NULL;
	int n;

	assert_int_equal(SINK_CALL(&m->sink, end), 0);
	all = analysis_findings(m->analysis, &n);
	for (int i = 0; i < n; i++) {
		if (strcmp(all[i].kind, kind))
			continue;
		assert_null(one);
		one = &all[i];
	}
	return one;
}

static double value_of(const struct finding *f, const char *name)
{
	for (int i = 0; i < f->nevidence; i++)
		if (!strcmp(f->evidence[i].name, name))
			return f->evidence[i].value;
	fail_msg("no evidence %s", name);
	return 0;
}

#define assert_value(f, name, expected) \
	do { \
		double is = value_of(f, name); \
		if (is < (expected) - 1e-6 || is > (expected) + 1e-6) \
			fail_msg("%s is %g, not %g", name, is, (double)(expected)); \
	} while (0)

static bool judged(const struct machine *m, const struct detector *detector)
{
	char why[ANALYSIS_WHY_BYTES];

	return analysis_judged(m->analysis, detector, why);
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

/* A task sleeps 800 ms of each second, congested; 1000 pages are written meanwhile, 600 of them by reclaim: swap. */
static void swap_too_slow(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 10; s++, m.now_ns += NSEC_PER_SEC) {
		sample(&m, SCOPE_NODE, 0, "nr_written", 5000 + 1000 * s);
		sample(&m, SCOPE_NODE, 0, "nr_vmscan_write", 700 + 600 * s);
		EVENT(&m, THROTTLED, 3, m.now_ns + 900 * MS, 0, 4000, 800000, 8);
	}
	f = found(&m, "writeback-limited");
	assert_non_null(f);
	assert_string_equal(f->variant, "swap");
	assert_value(f, "tasks_throttled_time", 8);
	assert_value(f, "tasks_congested", 10);
	assert_value(f, "written", 9000);
	assert_value(f, "written_by_reclaim", 5400);
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
		cmocka_unit_test(boosted_for_nothing),
		cmocka_unit_test(boosted_with_reason),
		cmocka_unit_test(boosted_a_little),
		cmocka_unit_test(boost_not_told),
		cmocka_unit_test(node_reclaim_beside_free_memory),
		cmocka_unit_test(node_reclaim_with_reason),
		cmocka_unit_test(waits_for_kswapd),
		cmocka_unit_test(swap_too_slow),
		cmocka_unit_test(cma_requests_fail),
		cmocka_unit_test(only_cma_is_free),
		cmocka_unit_test(other_memory_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
