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
#include "analyze/stall_log.h"
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

	impact_call(imp, &call, "", within);
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
	const struct reclaim_call huge = { .kind = CALL_DIRECT, .tid = 54, .begin_ns = 1 * S, .end_ns = 2 * S };
	const struct reclaim_call soft = { .kind = CALL_SOFTLIMIT, .tid = 55, .begin_ns = 1 * S, .end_ns = 2 * S };
	struct impact *imp = made();
	struct finding f;

	impact_call(imp, &huge, "khugepaged", false);
	impact_call(imp, &soft, "kswapd1", false);	/* before any event of it that only kswapd has */
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

	impact_call(imp, &call, "", false);
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

	for (uint32_t i = 0; i < 2 * STALL_LOG_MAX + 10; i++)
		reclaim(imp, CALL_DIRECT, i, S + i * MS, S + i * MS + MS, false);
	f = window(imp, 11 * S, 21 * S);
	near(f.impact.lost_s[LOST_DIRECT], 10, 0.1);
	for (uint32_t i = 0; i < 2 * STALL_LOG_MAX; i++)		/* and of a length that no bin is for */
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

/* Three long stalls, then as many of 1 ms as fit: half of those go, and nothing else. */
static void thinning_takes_of_one_length_only(void **state)
{
	struct impact *imp = made();
	struct finding f;

	for (int i = 0; i < 3; i++)
		reclaim(imp, CALL_DIRECT, 7, S + i * S, 2 * S + i * S, false);
	for (uint32_t i = 0; i < STALL_LOG_MAX; i++)
		reclaim(imp, CALL_DIRECT, 8, 5 * S + i * MS, 5 * S + i * MS + MS, false);
	assert_false(impact_exact(imp));
	f = window(imp, 0, 40 * S);
	assert_int_equal(f.nsuffered, 2);
	assert_int_equal(f.suffered[0].tid, 8);
	assert_int_equal(f.suffered[0].ns, (STALL_LOG_MAX / 2) * MS);	/* 3 + 32765 were there, 16384 went, 3 came */
	assert_int_equal(f.suffered[1].tid, 7);
	assert_int_equal(f.suffered[1].ns, 3 * S);
	/* A window in a bucket of 16 ms that is not half its own: time was lost, how many stalls ended is not known. */
	f = window(imp, 10 * S, 10 * S + 2 * MS);
	assert_true(impact_lost_s(&f.impact) > 0);
	assert_int_equal(f.impact.stalls, 0);
	f.impact.timed = true;
	finding_impact_evidence(&f, 1);
	for (int i = 0; i < f.nevidence; i++)
		assert_string_not_equal(f.evidence[i].name, "lost_stalls");
	impact_free(imp);
}

/* 5000 tasks of as many cgroups, and the last one stands longest. */
static void the_heaviest_is_found_among_thousands(void **state)
{
	struct impact *imp = made();
	struct finding f;

	for (int i = 1; i <= 5000; i++) {
		const struct reclaim_call call = { .kind = CALL_MEMCG, .tid = i, .memcg_id = 10000 + i, .begin_ns = S,
						   .end_ns = S + (i < 5000 ? MS : S) };

		impact_call(imp, &call, "", false);
	}
	f = window(imp, 0, 4 * S);
	assert_int_equal(f.suffered[0].tid, 5000);
	assert_int_equal(f.cgroups[0].id, 15000);
	assert_int_equal(f.cgroups[0].lost_ns, S);
	f = window(imp, 0, 4 * S);		/* nothing is left of the measurement before */
	assert_int_equal(f.suffered[0].ns, S);
	impact_free(imp);
}

/*
 * A day, read twice a second; full grows by 100 % for 10 s at noon, some by 1 us each time as well. Buckets are 65 s
 * wide then, but the readings of full are kept. Those of some are not, and its share stays as it was measured at noon.
 */
static void a_day_does_not_thin_out_a_storm(void **state)
{
	const uint64_t noon = 12 * 3600 * S;
	struct finding f = { .start_ns = noon, .end_ns = noon + 10 * S }, late = f;
	struct impact *imp = made();
	int64_t some = 0, full = 5;

	for (uint64_t ts = S; ts <= 24 * 3600 * S; ts += S / 2) {
		bool storm = ts > noon && ts <= noon + 10 * S;

		some += storm ? 500000 : 1;
		full += storm ? 500000 : 0;
		sample(imp, ts, 0, "psi.memory.some.total", some);
		if (storm || ts == S)
			sample(imp, ts, 0, "psi.memory.full.total", full);
		if (ts == noon + 11 * S)
			impact_measure(imp, &f, &no_names);
	}
	assert_int_equal(impact_bucket_ns(imp), 65536 * MS);
	near(f.impact.psi_full, 1, 0.001);
	impact_measure(imp, &late, &no_names);
	near(late.impact.psi_full, 1, 0.001);
	near(late.impact.psi_some, SHARE_UNKNOWN, 0);
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_full, 1, 0.001);
	near(f.impact.psi_some, 1, 0.001);
	impact_free(imp);
}

/*
 * The system is read every 500 ms. What grew after ten quiet seconds is of the last of these, whatever else was sampled
 * meanwhile.
 */
static void growth_is_of_the_last_period(void **state)
{
	struct impact *imp = made();
	struct finding f;

	sample(imp, 10 * S, 0, "psi.memory.full.total", 7);
	for (int i = 0; i < 20; i++)
		sample(imp, 10 * S + i * (S / 2), 0, "psi.memory.some.total", i);
	sample(imp, 20 * S - 100 * MS, 0, "job.build.latency", 3);
	sample(imp, 20 * S, 0, "psi.memory.full.total", 100007);
	f = window(imp, 19 * S, 20 * S - S / 2);
	near(f.impact.psi_full, 0, 0.005);
	f = window(imp, 20 * S - S / 2, 20 * S);
	near(f.impact.psi_full, 0.2, 0.005);
	f = window(imp, 20 * S - S / 2, 20 * S - S / 4);
	near(f.impact.psi_full, 0.2, 0.005);
	impact_free(imp);
}

/* Each cgroup is read once a second, a fifth of them each 200 ms: 0.5 s of growth are of that second. */
static void a_cgroup_has_its_second(void **state)
{
	struct impact *imp = made();
	struct finding f = { .start_ns = 11 * S, .end_ns = 11 * S + 800 * MS, .cgroup_id = 5 };

	for (int i = 0; i <= 10; i++)
		sample(imp, 10 * S + i * 200 * MS, 1 + i % 5, "psi.memory.some.total", i);
	sample(imp, 10 * S, 5, "psi.memory.full.total", 0);
	sample(imp, 12 * S, 5, "psi.memory.full.total", 500000);
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, 0.5, 0.005);
	f = (struct finding){ .start_ns = 10 * S, .end_ns = 11 * S, .cgroup_id = 5 };
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, 0, 0.005);
	impact_free(imp);
}

/* Snapshots once a minute have no half seconds: 15 s of it are a quarter. */
static void slow_readings_are_of_their_own_time(void **state)
{
	struct impact *imp = made();
	struct finding f;

	for (int i = 0; i <= 3; i++) {
		sample(imp, 60 * S + i * 60 * S, 0, "psi.memory.some.total", i);
		sample(imp, 60 * S + i * 60 * S, 0, "psi.memory.full.total", i * 15000000);
	}
	f = window(imp, 120 * S, 180 * S);
	near(f.impact.psi_full, 0.25, 0.005);
	f = window(imp, 130 * S, 140 * S);
	near(f.impact.psi_full, 0.25, 0.005);
	impact_free(imp);
}

/* No total grows by more than the time that passed; and these must not overflow. */
static void absurd_totals_are_no_pressure(void **state)
{
	static const int64_t values[] = { INT64_MIN, INT64_MAX, 0, INT64_MAX, INT64_MIN, 5 };
	struct finding f = { .start_ns = 10 * S, .end_ns = 15 * S, .cgroup_id = 9 };
	struct impact *imp = made();

	for (int i = 0; i < 6; i++) {
		sample(imp, 10 * S + i * S, 0, "psi.memory.full.total", values[i]);
		sample(imp, 10 * S + i * S, 9, "psi.memory.full.total", values[i]);
	}
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_full, 0, 0);
	near(f.impact.psi_cgroup, 0, 0);
	sample(imp, UINT64_MAX, 9, "psi.memory.full.total", INT64_MAX);
	impact_measure(imp, &f, &no_names);
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

/*
 * 40 cgroups, of which number n waits n ms a second, for longer than the log holds: there is room for the 32 worst.
 * What the log holds is known of all.
 */
static void the_busiest_cgroups_are_kept(void **state)
{
	struct impact *imp = made();
	struct finding f = { .start_ns = 10 * S, .end_ns = 510 * S, .cgroup_id = 40 };

	for (int s = 10; s <= 510; s++)
		for (int c = 1; c <= 40; c++)
			sample(imp, s * S + c * 1000, c, "psi.memory.full.total", (s - 10) * c * 1000);
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, 0.040, 0.003);
	near(f.impact.psi_full, SHARE_UNKNOWN, 0);
	assert_int_equal(f.ncgroups, FINDING_MAX_CGROUPS);
	assert_int_equal(f.cgroups[0].id, 40);
	assert_int_equal(f.cgroups[3].id, 37);
	f = (struct finding){ .start_ns = 10 * S, .end_ns = 510 * S, .cgroup_id = 3 };
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, SHARE_UNKNOWN, 0);
	f.cgroup_id = 99;
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, SHARE_UNKNOWN, 0);
	f = (struct finding){ .start_ns = 500 * S, .end_ns = 510 * S, .cgroup_id = 3 };
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, 0.003, 0.0001);
	assert_int_equal(f.cgroups[0].id, 40);
	impact_free(imp);
}

/* 40 cgroups that all wait 100 ms a second, read in turns, do not push each other out: 2 to 33 grew first. */
static void equal_cgroups_keep_their_places(void **state)
{
	struct impact *imp = made();
	struct finding f = { .start_ns = 10 * S, .end_ns = 510 * S, .cgroup_id = 33 };

	for (int s = 10; s <= 510; s++)
		for (int k = 0; k < 40; k++)
			sample(imp, s * S + k * 1000, (s - 10 + k) % 40 + 1, "psi.memory.full.total", (s - 10) * 100000);
	impact_measure(imp, &f, &no_names);
	near(f.impact.psi_cgroup, 0.1, 0.003);
	assert_int_equal(f.ncgroups, FINDING_MAX_CGROUPS);
	near(f.cgroups[3].psi_full, 0.1, 0.003);
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
		cmocka_unit_test(thinning_takes_of_one_length_only),
		cmocka_unit_test(the_heaviest_is_found_among_thousands),
		cmocka_unit_test(a_day_does_not_thin_out_a_storm),
		cmocka_unit_test(growth_is_of_the_last_period),
		cmocka_unit_test(a_cgroup_has_its_second),
		cmocka_unit_test(slow_readings_are_of_their_own_time),
		cmocka_unit_test(absurd_totals_are_no_pressure),
		cmocka_unit_test(a_counter_may_go_back),
		cmocka_unit_test(the_busiest_cgroups_are_kept),
		cmocka_unit_test(equal_cgroups_keep_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
