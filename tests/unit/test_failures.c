// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_failures.c - kswapd_failures as squall record sees it, through the whole analysis: resets by probe and by samples,
 * a node that is given up, near misses. Text traces cannot carry these, so they are not among tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analysis.h"

#define SEC	1000000000ull

struct scene {
	struct thresholds	th;
	struct analysis		*a;
	struct sink		sink;
	uint64_t		now_ns;
};

static void scene_start(struct scene *s)
{
	struct analysis_options options = { .th = &s->th };

	thresholds_default(&s->th);
	assert_int_equal(analysis_new(&options, &s->a), 0);
	s->sink = analysis_sink(s->a);
	s->now_ns = 100 * SEC;
}

/* One kswapd_wake, so that the recording has an event; squall record always has them. */
static void wake(struct scene *s)
{
	static const struct event_field fields[] = { { "nid", VALUE_INT }, { "order", VALUE_INT } };
	static const struct event_type type = { .nfields = 2, .system = "vmscan", .name = "mm_vmscan_kswapd_wake",
						.format = "", .fields = fields };
	const struct event_value values[2] = { { .i = 0, .kind = VALUE_INT }, { .i = 0, .kind = VALUE_INT } };
	const struct event ev = { .ts = s->now_ns, .type = &type, .tid = 50, .values = values };

	assert_int_equal(SINK_CALL(&s->sink, type, &type), 0);
	assert_int_equal(SINK_CALL(&s->sink, event, &ev), 0);
}

static void change(struct scene *s, int previous, int value, int tid, uint64_t gap_ns)
{
	const struct failures_change c = { .ts = s->now_ns += gap_ns, .node = 0, .value = value, .previous = previous,
					   .tid = tid, .cgroup_id = tid == 50 ? 1 : tid > 0 ? 77 : 0, .comm = "", .via = "bpf-memcg",
					   .reason = "" };

	assert_int_equal(SINK_CALL(&s->sink, failures, &c), 0);
}

static void sample(struct scene *s, int value, uint64_t gap_ns)
{
	const struct sample sm = { .ts = s->now_ns += gap_ns, .scope = SCOPE_NODE, .node = 0, .name = "kswapd_failures",
				   .unit = "runs", .value = value };

	assert_int_equal(SINK_CALL(&s->sink, sample, &sm), 0);
}

static const struct finding *find(struct scene *s, const char *kind)
{
	int count;
	const struct finding *f = analysis_findings(s->a, &count);

	for (int i = 0; i < count; i++)
		if (!strcmp(f[i].kind, kind))
			return &f[i];
	return NULL;
}

static double number(const struct finding *f, const char *name)
{
	for (int i = 0; i < f->nevidence; i++)
		if (!strcmp(f->evidence[i].name, name))
			return f->evidence[i].value;
	return -1;
}

static void scene_end(struct scene *s)
{
	wake(s);
	assert_int_equal(SINK_CALL(&s->sink, end), 0);
}

/* By kswapd, which is thread 50. */
static void fail_15_times(struct scene *s)
{
	for (int k = 0; k < 15; k++)
		change(s, k, k + 1, 50, SEC / 100);
}

/* kswapd (50) sets its count back itself five times, thread 700 four times: that one is who could be asked to stop. */
static void kswapd_is_no_offender(void **state)
{
	struct scene s;
	const struct finding *f;

	scene_start(&s);
	wake(&s);
	for (int round = 0; round < 10; round++) {
		wake(&s);
		fail_15_times(&s);
		if (round < 9)
			change(&s, 15, 0, round < 5 ? 50 : 700, SEC / 100);
	}
	scene_end(&s);
	f = find(&s, "spurious-kswapd-reset");
	assert_non_null(f);
	assert_true(number(f, "resets_at_least") == 9);
	assert_int_equal(f->tasks[0].tid, 50);
	assert_int_equal(f->tasks[0].count, 5);
	assert_int_equal(f->tid, 700);
	assert_int_equal(f->cgroup_id, 77);
	analysis_free(s.a);
}

/* All by itself, or nearly: then nobody else is named, and no cgroup is linked with it. */
static void kswapd_alone(void **state)
{
	struct scene s;
	const struct finding *f;

	scene_start(&s);
	wake(&s);
	for (int round = 0; round < 14; round++) {
		wake(&s);
		fail_15_times(&s);
		if (round < 13)
			change(&s, 15, 0, round ? 50 : 700, SEC / 100);
	}
	scene_end(&s);
	f = find(&s, "spurious-kswapd-reset");
	assert_non_null(f);
	assert_true(number(f, "resets_at_least") == 13);
	assert_int_equal(f->tid, 50);
	assert_int_equal(f->cgroup_id, 0);
	assert_int_equal(f->ntasks, 0);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	analysis_free(s.a);
}

/* 15 failures, a reset by thread 700 of cgroup 77, four times; the last reset is followed by failures too. */
static void probe_sees_resets(void **state)
{
	struct scene s;
	const struct finding *f;

	scene_start(&s);
	wake(&s);
	for (int round = 0; round < 5; round++) {
		fail_15_times(&s);
		if (round < 4)
			change(&s, 15, 0, 700, SEC / 100);
	}
	scene_end(&s);
	f = find(&s, "spurious-kswapd-reset");
	assert_non_null(f);
	assert_string_equal(f->variant, "probe");
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_true(number(f, "resets_at_least") == 4);
	assert_true(number(f, "failures_at_least") == 60);	/* after the first reset: four times 15 */
	assert_int_equal(f->tid, 700);
	assert_int_equal(f->cgroup_id, 77);
	assert_int_equal(f->tasks[0].count, 4);
	assert_null(find(&s, "hopeless-node"));
	analysis_free(s.a);
}

/* The values of the domain notes: 3, 9, 15, 0, 4, 11, 0 ... */
static void samples_see_resets(void **state)
{
	static const int values[] = { 3, 9, 15, 0, 4, 11, 0, 5, 0, 8 };
	struct scene s;
	const struct finding *f;

	scene_start(&s);
	wake(&s);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		sample(&s, values[i], SEC / 10);
	scene_end(&s);
	f = find(&s, "spurious-kswapd-reset");
	assert_non_null(f);
	assert_string_equal(f->variant, "samples");
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	assert_true(number(f, "resets_at_least") == 3);
	analysis_free(s.a);
}

/* The node was balanced: kswapd does not fail again for longer than reset-recur. */
static void balanced_resets_are_no_storm(void **state)
{
	struct scene s;

	scene_start(&s);
	wake(&s);
	for (int round = 0; round < 6; round++) {
		for (int k = 0; k < 5; k++)
			change(&s, k, k + 1, 50, k ? SEC / 100 : 6 * SEC);
		change(&s, 5, 0, 700, SEC / 100);
	}
	scene_end(&s);
	assert_null(find(&s, "spurious-kswapd-reset"));
	analysis_free(s.a);
}

/* Three resets, but 12 failures in all: kswapd would not have given up without them either. */
static void few_failures_are_no_storm(void **state)
{
	struct scene s;

	scene_start(&s);
	wake(&s);
	for (int round = 0; round < 4; round++) {
		for (int k = 0; k < 3; k++)
			change(&s, k, k + 1, 50, SEC / 100);
		change(&s, 3, 0, 700, SEC / 100);
	}
	scene_end(&s);
	assert_null(find(&s, "spurious-kswapd-reset"));
	analysis_free(s.a);
}

static void given_up(void **state)
{
	struct scene s;
	const struct finding *f;

	scene_start(&s);
	wake(&s);
	change(&s, 15, 16, 50, SEC);
	change(&s, 16, 0, 700, 8 * SEC);
	scene_end(&s);
	f = find(&s, "hopeless-node");
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_int_equal(f->end_ns - f->start_ns, 8 * SEC);
	analysis_free(s.a);
}

/* ---- one story out of two ---- */

#define MSEC	1000000ull

struct told {
	char	text[1024];
};

static void on_told(void *ctx, const struct failures_change *c)
{
	struct told *told = ctx;
	size_t len = strlen(told->text);

	snprintf(told->text + len, sizeof(told->text) - len, "%d>%d %s%s%s %d/%llu%s%s ", c->previous, c->value, c->via,
		 c->reason[0] ? ":" : "", c->reason, c->tid, (unsigned long long)c->cgroup_id,
		 c->comm[0] ? "/" : "", c->comm);
}

static void merge_start(struct scene *s, struct told *told, const char *recorded)
{
	const struct analysis_options options = { .th = &s->th, .failures = on_told, .ctx = told };

	thresholds_default(&s->th);
	*told = (struct told){ "" };
	assert_int_equal(analysis_new(&options, &s->a), 0);
	s->sink = analysis_sink(s->a);
	s->now_ns = 100 * SEC;
	SINK_CALL(&s->sink, meta, "recorded", recorded);
}

static void fail_event(struct scene *s, uint64_t ts, int failures)
{
	static const struct event_field fields[] = { { "nid", VALUE_INT }, { "failures", VALUE_INT } };
	static const struct event_type type = { .id = 0, .nfields = 2, .system = "vmscan", .format = "",
						.name = "mm_vmscan_kswapd_reclaim_fail", .fields = fields };
	const struct event_value values[2] = { { .i = 0, .kind = VALUE_INT }, { .i = failures, .kind = VALUE_INT } };
	const struct event ev = { .ts = ts, .type = &type, .tid = 50, .values = values };

	SINK_CALL(&s->sink, type, &type);
	SINK_CALL(&s->sink, event, &ev);
}

static void clear_event(struct scene *s, uint64_t ts, int tid)
{
	static const struct event_field fields[] = { { "nid", VALUE_INT }, { "reason", VALUE_INT } };
	static const struct event_type type = { .id = 1, .nfields = 2, .system = "vmscan", .format = "",
						.name = "mm_vmscan_kswapd_clear_hopeless", .fields = fields };
	const struct event_value values[2] = { { .i = 0, .kind = VALUE_INT }, { .i = 2, .kind = VALUE_INT } };
	const struct event ev = { .ts = ts, .type = &type, .tid = tid, .values = values };

	SINK_CALL(&s->sink, type, &type);
	SINK_CALL(&s->sink, event, &ev);
}

static void seen(struct scene *s, uint64_t ts, int previous, int value, const char *via)
{
	const struct failures_change c = { .ts = ts, .node = 0, .value = value, .previous = previous, .tid = 9,
					   .cgroup_id = 5, .comm = "bpf", .via = via, .reason = "" };

	SINK_CALL(&s->sink, failures, &c);
}

static void told_is(struct scene *s, const struct told *told, const char *wanted)
{
	SINK_CALL(&s->sink, end);
	assert_string_equal(told->text, wanted);
	analysis_free(s->a);
}

#define BOTH	"mm_vmscan_kswapd_reclaim_fail mm_vmscan_kswapd_clear_hopeless"

/* Before 7.0, or with one of the events off, what BPF sees is all there is: told at once. */
static void without_events(void **state)
{
	static const char *const recorded[] = { "", "mm_vmscan_kswapd_wake", "mm_vmscan_kswapd_reclaim_fail" };

	for (int i = 0; i < 3; i++) {
		struct scene s;
		struct told told;

		merge_start(&s, &told, recorded[i]);
		seen(&s, 1 * SEC, -1, 2, "bpf-sample");
		seen(&s, 2 * SEC, 2, 0, "bpf-memcg");
		assert_string_equal(told.text, "-1>2 bpf-sample 9/5/bpf 2>0 bpf-memcg 9/5/bpf ");
		told_is(&s, &told, "-1>2 bpf-sample 9/5/bpf 2>0 bpf-memcg 9/5/bpf ");
	}
}

/* The events tell all; BPF's sight of the same, before and behind them in the stream, is no second row. */
static void same_story(void **state)
{
	const struct task_name reader = { .tid = 700, .tgid = 700, .cgroup_id = 33, .comm = "reader" };
	struct scene s;
	struct told told;

	merge_start(&s, &told, BOTH);
	seen(&s, 1 * SEC, -1, 0, "bpf-sample");
	SINK_CALL(&s.sink, task, &reader);
	seen(&s, 2 * SEC + 1 * MSEC, 0, 1, "bpf-kswapd");	/* it comes before its event */
	fail_event(&s, 2 * SEC, 1);
	fail_event(&s, 3 * SEC, 2);
	seen(&s, 3 * SEC - 1 * MSEC, 1, 2, "bpf-sample");	/* counted, and not told yet */
	clear_event(&s, 4 * SEC, 700);
	fail_event(&s, 5 * SEC, 1);
	seen(&s, 4 * SEC + 2 * MSEC, 2, 0, "bpf-memcg");	/* and behind later ones */
	told_is(&s, &told, "-1>0 bpf-sample 9/5/bpf 0>1 tracepoint 50/0 1>2 tracepoint 50/0 "
			   "2>0 tracepoint:DIRECT 700/33/reader 0>1 tracepoint 50/0 ");
}

/* What the events do not account for stays: at the end, or when the events of its time must have come. */
static void other_story(void **state)
{
	struct scene s;
	struct told told;

	merge_start(&s, &told, BOTH);
	seen(&s, 1 * SEC, -1, 0, "bpf-sample");
	fail_event(&s, 2 * SEC, 1);
	seen(&s, 3 * SEC, 1, 7, "bpf-sample");		/* never 7 */
	assert_string_equal(told.text, "-1>0 bpf-sample 9/5/bpf 0>1 tracepoint 50/0 ");
	s.now_ns = 3 * SEC;
	sample(&s, 7, 900 * MSEC);
	assert_string_equal(told.text, "-1>0 bpf-sample 9/5/bpf 0>1 tracepoint 50/0 ");
	sample(&s, 7, 200 * MSEC);
	assert_string_equal(told.text, "-1>0 bpf-sample 9/5/bpf 0>1 tracepoint 50/0 1>7 bpf-sample 9/5/bpf ");
	seen(&s, 5 * SEC, 7, 0, "bpf-memcg");		/* it was 1 then, and 0 only later */
	clear_event(&s, 5 * SEC + 50 * MSEC, 700);
	seen(&s, 6 * SEC, 0, 3, "bpf-direct");		/* nothing comes after it */
	told_is(&s, &told, "-1>0 bpf-sample 9/5/bpf 0>1 tracepoint 50/0 1>7 bpf-sample 9/5/bpf 7>0 bpf-memcg 9/5/bpf "
			   "1>0 tracepoint:DIRECT 700/0 0>3 bpf-direct 9/5/bpf ");
}

/* Texts of a change that waits are its own; more than fit wait not at all. */
static void held_is_bounded(void **state)
{
	struct scene s;
	struct told told;

	merge_start(&s, &told, BOTH);
	for (int i = 0; i < 300; i++) {
		char via[16] = "bpf-memcg";

		seen(&s, 1 * SEC + i, i, i + 1, via);
		memset(via, 'x', sizeof(via));
	}
	assert_memory_equal(told.text, "0>1 bpf-memcg 9/5/bpf 1>2 bpf-memcg 9/5/bpf ", 44);
	SINK_CALL(&s.sink, end);
	analysis_free(s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_sees_resets),
		cmocka_unit_test(kswapd_is_no_offender),
		cmocka_unit_test(kswapd_alone),
		cmocka_unit_test(samples_see_resets),
		cmocka_unit_test(balanced_resets_are_no_storm),
		cmocka_unit_test(few_failures_are_no_storm),
		cmocka_unit_test(given_up),
		cmocka_unit_test(without_events),
		cmocka_unit_test(same_story),
		cmocka_unit_test(other_story),
		cmocka_unit_test(held_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
