// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_impact.c - time lost in a window: what is nested counts once, threads that reclaim for others do not count,
 * PSI by the time it is of, and memory that stays as it is. Expected values are worked out beside each case.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/impact.h"
#include "spine/time.h"

#define MS	NSEC_PER_MSEC
#define S	NSEC_PER_SEC

static uint64_t no_cgroup(void *ctx, int32_t tid)
{
	return ctx ? *(uint64_t *)ctx : 0;
}

static const struct impact_names no_names = { no_cgroup, NULL };

static struct impact *made(void)
{
	struct impact *imp = impact_new();

	assert_non_null(imp);
	return imp;
}

static void reclaim(struct impact *imp, enum call_kind kind, int32_t tid, uint64_t begin_ns, uint64_t end_ns, bool within)
{
	const struct reclaim_call call = { .kind = kind, .tid = tid, .begin_ns = begin_ns, .end_ns = end_ns };

	impact_call(imp, &call, within);
}

/* An event of @tp; @us is usec_delayed of throttled. */
static void event(struct impact *imp, enum tracepoint tp, int32_t tid, uint64_t ts, int64_t us, const char *comm, bool within)
{
	static const struct event_type type = { .nfields = 1 };
	const struct event_value value = { .i = us, .kind = VALUE_INT };
	const struct event ev = { .ts = ts, .type = &type, .tid = tid, .values = &value };
	struct tp_view view;

	memset(view.at, -1, sizeof(view.at));
	view.tp = tp;
	view.at[TPF_USEC_DELAYED] = 0;
	impact_event(imp, &(struct mm_event){ &ev, &view }, comm, within);
}

static void sample(struct impact *imp, uint64_t ts, uint64_t cgroup, const char *name, int64_t value)
{
	const struct sample s = { ts, cgroup ? SCOPE_CGROUP : SCOPE_SYSTEM, -1, cgroup, name, "us", value };

	impact_sample(imp, &s);
}

static struct finding window(struct impact *imp, uint64_t start_ns, uint64_t end_ns)
{
	struct finding f = { .start_ns = start_ns, .end_ns = end_ns };

	impact_measure(imp, &f, &no_names);
	return f;
}

static void near(double got, double expected, double by)
{
	if (fabs(got - expected) > by)
		fail_msg("%.9g is not %.9g", got, expected);
}

/* 3 s and 1 s of two tasks; the window begins 1 s into the first: 2 + 1. A stall before and one after do not count. */
static void a_window_has_what_reaches_into_it(void **state)
{
	struct impact *imp = made();
	struct finding f;

	reclaim(imp, CALL_DIRECT, 7, 1 * S, 2 * S, false);
	reclaim(imp, CALL_DIRECT, 7, 9 * S, 12 * S, false);
	reclaim(imp, CALL_MEMCG, 8, 14 * S, 15 * S, false);
	reclaim(imp, CALL_DIRECT, 9, 20 * S, 21 * S, false);
	f = window(imp, 10 * S, 20 * S);
	near(f.impact.lost_s[LOST_DIRECT], 2, 1e-9);
	near(f.impact.lost_s[LOST_MEMCG], 1, 1e-9);
	near(impact_lost_s(&f.impact), 3, 1e-9);
	assert_true(f.impact.exact);
	assert_int_equal(f.impact.stalls, 2);
	assert_int_equal(f.impact.p50_ns, 1 * S);	/* stalls are told whole */
	assert_int_equal(f.impact.max_ns, 3 * S);
	assert_int_equal(f.nsuffered, 2);
	assert_int_equal(f.suffered[0].tid, 7);
	assert_int_equal(f.suffered[0].ns, 2 * S);
	assert_int_equal(f.suffered[1].tid, 8);
	impact_free(imp);
}

/*
 * 100 ms of direct reclaim, in it 40 ms asleep and 30 ms of soft limit reclaim: 100 ms are lost. 50 ms of compaction
 * beside it, 20 ms of them asleep. And 10 ms asleep in neither.
 */
static void what_is_nested_counts_once(void **state)
{
	struct impact *imp = made();
	struct finding f;

	event(imp, TP_THROTTLED, 7, 1040 * MS, 40000, "cc1", true);
	reclaim(imp, CALL_SOFTLIMIT, 7, 1050 * MS, 1080 * MS, true);
	reclaim(imp, CALL_DIRECT, 7, 1000 * MS, 1100 * MS, false);
	event(imp, TP_COMPACTION_BEGIN, 7, 1200 * MS, 0, "cc1", false);
	event(imp, TP_THROTTLED, 7, 1230 * MS, 20000, "cc1", false);
	event(imp, TP_COMPACTION_END, 7, 1250 * MS, 0, "cc1", false);
	event(imp, TP_THROTTLED, 7, 1310 * MS, 10000, "cc1", false);
	f = window(imp, 1 * S, 2 * S);
	near(impact_lost_s(&f.impact), 0.160, 1e-9);
	near(f.impact.lost_s[LOST_DIRECT], 0.100, 1e-9);
	near(f.impact.lost_s[LOST_COMPACTION], 0.050, 1e-9);
	near(f.impact.lost_s[LOST_THROTTLED], 0.010, 1e-9);
	near(f.impact.within_s[LOST_THROTTLED], 0.060, 1e-9);
	near(f.impact.within_s[LOST_MEMCG], 0.030, 1e-9);
	near(impact_lost_to(&f.impact, LOSS_THROTTLED), 0.070, 1e-9);
	near(impact_lost_to(&f.impact, LOSS_DIRECT | LOSS_THROTTLED), 0.160, 1e-9);	/* 0.170, but no more than all */
	assert_int_equal(f.impact.stalls, 3);
	impact_free(imp);
}

static void threads_that_reclaim_for_others_lose_nothing(void **state)
{
	struct impact *imp = made();
	struct finding f;

	event(imp, TP_KSWAPD_WAKE, 50, 1 * S, 0, "", false);
	event(imp, TP_KCOMPACTD_WAKE, 51, 1 * S, 0, "", false);
	event(imp, TP_THROTTLED, 50, 2 * S, 100000, "", false);
	reclaim(imp, CALL_SOFTLIMIT, 50, 1 * S, 2 * S, false);
	event(imp, TP_COMPACTION_BEGIN, 51, 1 * S, 0, "", false);
	event(imp, TP_COMPACTION_END, 51, 2 * S, 0, "", false);
	event(imp, TP_COMPACTION_BEGIN, 52, 1 * S, 0, "khugepaged", false);
	event(imp, TP_COMPACTION_END, 52, 2 * S, 0, "khugepaged", false);
	event(imp, TP_COMPACTION_BEGIN, 53, 1 * S, 0, "kswapdish", false);	/* anybody may call himself so: left out too */
	event(imp, TP_COMPACTION_END, 53, 2 * S, 0, "kswapdish", false);
	reclaim(imp, CALL_SLAB, 60, 1 * S, 2 * S, false);
	f = window(imp, 0, 5 * S);
	assert_int_equal(f.impact.stalls, 0);
	near(impact_lost_s(&f.impact), 0, 0);
	impact_free(imp);
}

/* An end whose begin was before a loss belongs to nothing. */
static void losses_cut_what_is_open(void **state)
{
	struct impact *imp = made();
	struct finding f;

	event(imp, TP_COMPACTION_BEGIN, 7, 1 * S, 0, "", false);
	impact_loss(imp, 3);		/* another CPU */
	event(imp, TP_COMPACTION_END, 7, 2 * S, 0, "", false);
	event(imp, TP_COMPACTION_BEGIN, 7, 3 * S, 0, "", false);
	impact_loss(imp, EVENT_CPU_UNKNOWN);
	event(imp, TP_COMPACTION_END, 7, 4 * S, 0, "", false);
	f = window(imp, 0, 5 * S);
	near(f.impact.lost_s[LOST_COMPACTION], 1, 1e-9);
	impact_free(imp);
}

/* 300 stalls of 1, 2 .. 300 ms: by nearest rank the median is 150 ms, p99 is 297 ms. */
static void percentiles_are_of_the_window(void **state)
{
	struct impact *imp = made();
	struct finding f;

	reclaim(imp, CALL_DIRECT, 1, 0, 9 * S, false);
	for (int i = 1; i <= 300; i++)
		reclaim(imp, CALL_DIRECT, 100 + i, 10 * S, 10 * S + i * MS, false);
	f = window(imp, 10 * S, 11 * S);
	assert_int_equal(f.impact.stalls, 300);
	assert_int_equal(f.impact.p50_ns, 150 * MS);
	assert_int_equal(f.impact.p99_ns, 297 * MS);
	assert_int_equal(f.nsuffered, FINDING_MAX_TASKS);
	assert_int_equal(f.suffered[0].tid, 400);
	assert_int_equal(f.suffered[7].tid, 393);
	impact_free(imp);
}

/* Cgroups come from the tasks, else from whose limit it was. */
static void cgroups_suffer_with_their_tasks(void **state)
{
	const struct reclaim_call call = { .kind = CALL_MEMCG, .tid = 7, .begin_ns = S, .end_ns = 2 * S, .memcg_id = 33 };
	struct impact *imp = made();
	struct finding f = { .start_ns = 0, .end_ns = 4 * S };
	uint64_t id = 44;

	impact_call(imp, &call, false);
	impact_measure(imp, &f, &no_names);
	assert_int_equal(f.ncgroups, 1);
	assert_int_equal(f.cgroups[0].id, 33);
	assert_int_equal(f.cgroups[0].lost_ns, S);
	impact_measure(imp, &f, &(struct impact_names){ no_cgroup, &id });
	assert_int_equal(f.ncgroups, 1);
	assert_int_equal(f.cgroups[0].id, 44);
	impact_free(imp);
}

/* Bucket 0 begins with the first time; 2048 of 1 ms reach 2.048 s, and one doubling makes 4.096 s of it. */
static void buckets_double_when_the_recording_grows(void **state)
{
	struct impact *imp = made();

	reclaim(imp, CALL_DIRECT, 7, 100 * S, 100 * S + 1, false);
	reclaim(imp, CALL_DIRECT, 7, 102 * S, 102 * S + 47 * MS, false);
	assert_int_equal(impact_bucket_ns(imp), MS);
	reclaim(imp, CALL_DIRECT, 7, 102 * S + 48 * MS, 102 * S + 48 * MS, false);
	assert_int_equal(impact_bucket_ns(imp), 2 * MS);
	reclaim(imp, CALL_DIRECT, 7, 163 * S, 163 * S, false);		/* 63 s: 32 ms each reach 65.5 s */
	assert_int_equal(impact_bucket_ns(imp), 32 * MS);
	reclaim(imp, CALL_DIRECT, 7, UINT64_MAX - 1, UINT64_MAX, false);
	reclaim(imp, CALL_DIRECT, 7, 5, 6, false);			/* before the origin: nothing breaks */
	impact_free(imp);
}

/*
 * More stalls than the log takes: 40000 of 2 us by 40 tasks, and one each second of 100 ms by one. The sums come from
 * buckets then, the tasks from what is left, which is the long ones.
 */
static void more_stalls_than_fit_keep_their_sums(void **state)
{
	struct impact *imp = made();
	struct finding f;

	for (int i = 0; i < 40000; i++) {
		uint64_t at = 10 * S + i * MS;

		reclaim(imp, CALL_DIRECT, 100 + i % 40, at, at + 2000, false);
		if (!(i % 1000))
			reclaim(imp, CALL_DIRECT, 7, at, at + 100 * MS, false);
	}
	assert_false(impact_exact(imp));
	f = window(imp, 10 * S, 50 * S);
	near(f.impact.lost_s[LOST_DIRECT], 40 * 0.1 + 40000 * 2e-6, 0.05);	/* a bucket is 32 ms */
	assert_in_range(f.impact.stalls, 39900, 40040);
	near(f.impact.p50_ns, 2000, 400);
	assert_int_equal(f.impact.max_ns, 100 * MS);
	assert_int_equal(f.suffered[0].tid, 7);
	assert_int_equal(f.suffered[0].ns, 4 * S);
	f = window(imp, 20 * S, 30 * S);
	near(f.impact.lost_s[LOST_DIRECT], 10 * 0.1 + 10000 * 2e-6, 0.05);
	near(f.impact.stalls, 10010, 80);
	impact_free(imp);
}

/* All of one length: the later ones stay. */
static void stalls_of_one_length_fit_too(void **state)
{
	struct impact *imp = made();
	struct finding f;

	for (uint32_t i = 0; i < 2 * IMPACT_STALLS + 10; i++)
		reclaim(imp, CALL_DIRECT, i, S + i * MS, S + i * MS + MS, false);
	f = window(imp, 11 * S, 21 * S);
	near(f.impact.lost_s[LOST_DIRECT], 10, 0.1);
	for (uint32_t i = 0; i < 2 * IMPACT_STALLS; i++)		/* and of a length that no bin is for */
		reclaim(imp, CALL_DIRECT, 5, 200 * S, UINT64_MAX, false);
	f = window(imp, 300 * S, 301 * S);
	assert_int_equal(f.suffered[0].tid, 5);
	impact_free(imp);
}

/*
 * Full grows by 0, 0.5, 0.1 s in the seconds before 11, 12 and 13 s; io by 0.2 s in the last. A row is stored when a
 * value changed: what it grew by is of the last second, not of all since the row before.
 */
static void pressure_is_of_the_time_it_grew_in(void **state)
{
	struct impact *imp = made();
	struct finding f;

	for (int s = 10; s <= 13; s++) {
		sample(imp, s * S, 0, "pgscan_direct", s);
		sample(imp, s * S + MS / 2, 0, "psi.memory.some.total", s * 1000000);
		if (s == 10)
			sample(imp, s * S, 0, "psi.memory.full.total", 777);
		if (s == 12)
			sample(imp, s * S, 0, "psi.memory.full.total", 777 + 500000);
		if (s == 13)
			sample(imp, s * S, 0, "psi.memory.full.total", 777 + 600000);
		if (s == 10 || s == 13)
			sample(imp, s * S, 0, "psi.io.full.total", s == 10 ? 5 : 200005);
	}
	f = window(imp, 10 * S, 11 * S);
	near(f.impact.psi_full, 0, 0.005);
	near(f.impact.psi_some, 1, 0.005);
	f = window(imp, 11 * S, 12 * S);
	near(f.impact.psi_full, 0.5, 0.005);
	f = window(imp, 11 * S, 13 * S);
	near(f.impact.psi_full, 0.3, 0.005);
	near(f.impact.psi_io_full, 0.1, 0.005);
	f = window(imp, 12 * S, 16 * S);		/* samples cover a quarter of it */
	near(f.impact.psi_full, SHARE_UNKNOWN, 0);
	f = window(imp, 12 * S, 14 * S);		/* half: the share of that half */
	near(f.impact.psi_full, 0.1, 0.005);
	impact_free(imp);
}

/* A counter that goes back was reset: the growth before that stays, nothing is taken away. */
static void a_counter_may_go_back(void **state)
{
	struct impact *imp = made();
	struct finding f;

	sample(imp, 10 * S, 0, "psi.memory.full.total", 1000000);
	sample(imp, 11 * S, 0, "psi.memory.full.total", 1500000);
	sample(imp, 12 * S, 0, "psi.memory.full.total", 3);
	sample(imp, 13 * S, 0, "psi.memory.full.total", 250003);
	f = window(imp, 10 * S, 13 * S);
	near(f.impact.psi_full, 0.75 / 3, 0.005);
	impact_free(imp);
}

/* 40 cgroups, of which number n waits n ms a second: there is room for the 32 worst. */
static void the_busiest_cgroups_are_kept(void **state)
{
	struct impact *imp = made();
	struct finding f = { .start_ns = 10 * S, .end_ns = 30 * S, .cgroup_id = 40 };

	for (int s = 10; s <= 30; s++)
		for (int c = 1; c <= 40; c++)
			sample(imp, s * S + c * 1000, c, "psi.memory.full.total", (s - 10) * c * 1000);
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, 0.040, 0.003);
	near(f.impact.psi_full, SHARE_UNKNOWN, 0);
	assert_int_equal(f.ncgroups, FINDING_MAX_CGROUPS);
	assert_int_equal(f.cgroups[0].id, 40);
	assert_int_equal(f.cgroups[3].id, 37);
	f.cgroup_id = 3;
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, SHARE_UNKNOWN, 0);
	f.cgroup_id = 99;
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, SHARE_UNKNOWN, 0);
	impact_free(imp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_has_what_reaches_into_it),
		cmocka_unit_test(what_is_nested_counts_once),
		cmocka_unit_test(threads_that_reclaim_for_others_lose_nothing),
		cmocka_unit_test(losses_cut_what_is_open),
		cmocka_unit_test(percentiles_are_of_the_window),
		cmocka_unit_test(cgroups_suffer_with_their_tasks),
		cmocka_unit_test(buckets_double_when_the_recording_grows),
		cmocka_unit_test(more_stalls_than_fit_keep_their_sums),
		cmocka_unit_test(stalls_of_one_length_fit_too),
		cmocka_unit_test(pressure_is_of_the_time_it_grew_in),
		cmocka_unit_test(a_counter_may_go_back),
		cmocka_unit_test(the_busiest_cgroups_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
