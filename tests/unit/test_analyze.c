// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_analyze.c - the small parts that detectors are made of: percentiles, state per thread, thresholds, the tasks that
 * count most. What the detectors say of whole sequences is in tests/golden.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/finding.h"
#include "analyze/latency.h"
#include "analyze/mm_event.h"
#include "analyze/threshold.h"
#include "analyze/tid_map.h"

static void latency_exact(void **state)
{
	struct latency *l = calloc(1, sizeof(*l));

	assert_int_equal(latency_percentile(l, 0.5), 0);
	for (uint64_t ns = 100; ns > 0; ns--)
		latency_add(l, ns * 1000003);
	assert_int_equal(l->count, 100);
	assert_int_equal(l->sum_ns, 5050 * 1000003ull);
	assert_int_equal(latency_percentile(l, 0.5), 50 * 1000003ull);
	assert_int_equal(latency_percentile(l, 0.99), 99 * 1000003ull);
	assert_int_equal(latency_percentile(l, 1), 100 * 1000003ull);
	assert_int_equal(latency_percentile(l, 0), 1000003ull);
	free(l);
}

static void latency_many(void **state)
{
	struct latency *l = calloc(1, sizeof(*l));
	uint64_t p99;

	for (uint64_t ns = 1; ns <= 1000000; ns++)
		latency_add(l, ns * 997);
	p99 = latency_percentile(l, 0.99);
	assert_in_range(p99, 990000 * 997 * 0.99, 990000 * 997 * 1.01);
	assert_int_equal(latency_percentile(l, 1), 1000000 * 997ull);
	latency_add(l, UINT64_MAX);
	assert_true(l->max_ns == UINT64_MAX);
	free(l);
}

struct counts {
	int	calls;
	int32_t	last_tid;
	int	last_value;
};

static void count_slot(void *ctx, int32_t tid, void *slot)
{
	struct counts *c = ctx;

	c->calls++;
	c->last_tid = tid;
	c->last_value = *(int *)slot;
}

static void tid_map_evicts_the_idle_one(void **state)
{
	struct counts c = { 0 };
	struct tid_map *map = tid_map_new(3, sizeof(int), count_slot, &c);

	for (int tid = 1; tid <= 3; tid++)
		*(int *)tid_map_get(map, tid) = tid * 10;
	assert_null(tid_map_find(map, 4));
	assert_int_equal(*(int *)tid_map_find(map, 1), 10);	/* so 2 is the idle one */
	assert_int_equal(*(int *)tid_map_get(map, 4), 0);
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.last_tid, 2);
	assert_int_equal(c.last_value, 20);
	assert_null(tid_map_find(map, 2));
	assert_int_equal(tid_map_evicted(map), 1);
	tid_map_drop(map, 3);
	tid_map_drop(map, 3);
	assert_int_equal(*(int *)tid_map_get(map, -1), 0);	/* a dropped slot comes back empty */
	assert_int_equal(tid_map_evicted(map), 1);
	c.calls = 0;
	tid_map_each(map, count_slot, &c);
	assert_int_equal(c.calls, 3);
	tid_map_free(map);
	tid_map_free(NULL);
}

static void thresholds_are_checked(void **state)
{
	static const struct { const char *text; int ret; } rows[] = {
		{ "spin-cycles=5", 0 }, { "spin-cycles=2", 0 }, { "spin-cycles=1", -EINVAL }, { "spin-cycles=1e9", -EINVAL },
		{ "spin-cycles=", -EINVAL }, { "spin-cycles", -EINVAL }, { "spin-cycles=4x", -EINVAL },
		{ "spin-cycles=nan", -EINVAL }, { "spin=4", -EINVAL }, { "=4", -EINVAL }, { "", -EINVAL },
		{ "MAX_RECLAIM_RETRIES=16", -EINVAL },
	};
	struct thresholds th;
	char err[256];

	thresholds_default(&th);
	assert_true(th.value[TH_MAX_RECLAIM_RETRIES] == 16);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err[0] = 0;
		assert_int_equal(thresholds_set(&th, rows[i].text, err, sizeof(err)), rows[i].ret);
		assert_int_equal(err[0] != 0, rows[i].ret != 0);
	}
	assert_true(th.value[TH_SPIN_CYCLES] == 2);
}

static void thresholds_have_reasons(void **state)
{
	for (int i = 0; i < TH_COUNT; i++) {
		const struct threshold_info *info = threshold_info(i);

		assert_true(strlen(info->name) && strlen(info->unit) && strlen(info->reason) > 20);
		assert_true(info->value >= info->min && info->value <= info->max);
	}
}

static void top_tasks_keep_the_heaviest(void **state)
{
	struct top_tasks *top = calloc(1, sizeof(*top));
	struct finding f = { 0 };

	for (int tid = 1; tid <= 200; tid++)
		for (int i = 0; i < (tid == 7 ? 100 : 1); i++)
			top_tasks_add(top, tid, 0, 1, 1000);
	top_tasks_report(top, &f, "stalled");
	assert_int_equal(f.ntasks, FINDING_MAX_TASKS);
	assert_int_equal(f.tasks[0].tid, 7);
	assert_int_equal(f.tasks[0].count, 100);
	assert_int_equal(f.tasks[0].ns, 100000);
	assert_int_equal(top->n, TOP_TASKS);
	assert_int_equal(top->others, 200 - TOP_TASKS);
	free(top);
}

/* The same meaning under the spellings of different kernels, in any order. */
static void fields_by_meaning(void **state)
{
	static const struct { const char *event; const char *fields[3]; enum tp_field field; int column; } rows[] = {
		{ "mm_vmscan_direct_reclaim_begin", { "order", "gfp_flags" }, TPF_ORDER, 0 },
		{ "mm_vmscan_direct_reclaim_begin", { "gfp_flags", "memcg_id", "order" }, TPF_ORDER, 2 },
		{ "mm_vmscan_lru_isolate", { "classzone_idx", "order" }, TPF_HIGHEST_ZONEIDX, 0 },
		{ "reclaim_retry_zone", { "node", "zone_idx" }, TPF_NID, 0 },
		{ "mm_compaction_try_to_compact_pages", { "order", "gfp_mask", "prio" }, TPF_GFP_FLAGS, 1 },
		{ "mm_shrink_slab_end", { "shr", "retval" }, TPF_RET, 1 },
		{ "mm_vmscan_kswapd_sleep", { "nid" }, TPF_ORDER, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tp_view view;

		tp_view_init(&view, rows[i].event);
		assert_int_not_equal(view.tp, TP_NONE);
		for (int c = 0; c < 3 && rows[i].fields[c]; c++)
			tp_view_field(&view, c, rows[i].fields[c]);
		assert_int_equal(view.at[rows[i].field], rows[i].column);
	}
	/* Names that only begin alike are other events. */
	assert_int_equal(tp_lookup("mm_vmscan_memcg_shrink_begin"), TP_NONE);
	assert_int_equal(tp_lookup("mm_vmscan_kswapd_wake2"), TP_NONE);
	assert_int_equal(tp_lookup(""), TP_NONE);
}

static void time_never_runs_backwards(void **state)
{
	assert_int_equal(elapsed_ns(5, 7), 2);
	assert_int_equal(elapsed_ns(7, 5), 0);
	assert_int_equal(elapsed_ns(7, 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latency_exact),
		cmocka_unit_test(latency_many),
		cmocka_unit_test(tid_map_evicts_the_idle_one),
		cmocka_unit_test(thresholds_are_checked),
		cmocka_unit_test(thresholds_have_reasons),
		cmocka_unit_test(top_tasks_keep_the_heaviest),
		cmocka_unit_test(fields_by_meaning),
		cmocka_unit_test(time_never_runs_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
