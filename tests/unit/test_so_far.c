// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_so_far.c - a storm is told while it lasts, once, and is reported as it always was when it is over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analysis.h"
#include "spine/time.h"

struct watcher {
	struct thresholds	th;
	struct analysis		*analysis;
	struct sink		sink;
	int			told;
	struct finding		last;
};

static void on_finding(void *ctx, const struct finding *f)
{
	struct watcher *w = ctx;

	w->told++;
	w->last = *f;
}

static void watcher_open(struct watcher *w)
{
	const struct analysis_options options = { .th = &w->th, .finding = on_finding, .ctx = w };

	*w = (struct watcher){ 0 };
	thresholds_default(&w->th);
	assert_int_equal(analysis_new(&options, &w->analysis), 0);
	w->sink = analysis_sink(w->analysis);
}

/* The kernel says whether it has given up @node. */
static void unreclaimable(struct watcher *w, uint64_t second, int32_t node, int64_t value)
{
	const struct sample s = { second * NSEC_PER_SEC, SCOPE_NODE, node, 0, "node_unreclaimable", "bool", value };

	assert_int_equal(SINK_CALL(&w->sink, sample, &s), 0);
}

/* Five seconds (threshold hopeless-time) make it a finding. */
static void a_storm_is_told_while_it_lasts(void **state)
{
	const struct finding *findings;
	struct watcher w;
	int count;

	watcher_open(&w);
	for (uint64_t s = 10; s <= 14; s++)
		unreclaimable(&w, s, 1, 1);
	assert_int_equal(w.told, 0);
	for (uint64_t s = 15; s <= 40; s++)
		unreclaimable(&w, s, 1, 1);
	assert_int_equal(w.told, 1);
	assert_string_equal(w.last.kind, "hopeless-node");
	assert_int_equal(w.last.node, 1);
	assert_int_equal(w.last.start_ns, 10 * NSEC_PER_SEC);
	assert_in_range(w.last.end_ns, 15 * NSEC_PER_SEC, 16 * NSEC_PER_SEC);
	unreclaimable(&w, 41, 1, 0);
	assert_int_equal(SINK_CALL(&w.sink, end), 0);
	assert_int_equal(w.told, 1);
	findings = analysis_findings(w.analysis, &count);
	assert_int_equal(count, 1);
	assert_int_equal(findings[0].end_ns, 41 * NSEC_PER_SEC);
	analysis_free(w.analysis);
}

static void the_next_storm_is_another_one(void **state)
{
	struct watcher w;
	int count;

	watcher_open(&w);
	for (uint64_t s = 10; s <= 20; s++)
		unreclaimable(&w, s, 0, 1);
	unreclaimable(&w, 21, 0, 0);
	for (uint64_t s = 30; s <= 40; s++) {
		unreclaimable(&w, s, 0, 1);
		unreclaimable(&w, s, 1, 1);
	}
	assert_int_equal(w.told, 3);
	unreclaimable(&w, 41, 0, 0);
	unreclaimable(&w, 41, 1, 0);
	assert_int_equal(SINK_CALL(&w.sink, end), 0);
	assert_int_equal(w.told, 3);
	analysis_findings(w.analysis, &count);
	assert_int_equal(count, 3);
	analysis_free(w.analysis);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_is_told_while_it_lasts),
		cmocka_unit_test(the_next_storm_is_another_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
