// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_watch.c - a machine that is watched: where intervals end, what a slow screen misses, findings that grow, and a
 * moment that is looked at while the model goes on. Figures are worked out beside each test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/finding.h"
#include "cmd/watch.h"
#include "live/table.h"
#include "spine/time.h"

#define S	NSEC_PER_SEC
#define MS	NSEC_PER_MSEC
#define START	(100 * S)
#define PHASE	(250 * MS)	/* ends of intervals lie so far behind the first sample */

struct fixture {
	struct watch	*w;
	struct sink	sink;
};

static int setup(void **state)
{
	static struct fixture f;

	assert_int_equal(watch_new(S, &f.w), 0);
	f.sink = watch_sink(f.w);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	watch_free(((struct fixture *)*state)->w);
	return 0;
}

static void counter(struct fixture *f, uint64_t ts, int64_t value)
{
	const struct sample s = { ts, SCOPE_SYSTEM, -1, 0, "psi.memory.some.total", "us", value };

	assert_int_equal(SINK_CALL(&f->sink, sample, &s), 0);
}

static struct live_summary summary(const struct live_model *m)
{
	struct live_summary sum;

	live_model_summary(m, &sum);
	return sum;
}

/* 100 ms of pressure in each second, told each half second: 10 %. */
static void intervals_end_before_later_things(void **state)
{
	struct fixture *f = *state;
	const struct live_model *m = watch_model(f->w);

	assert_int_equal(watch_newest_ns(f->w), 0);
	for (int i = 0; i <= 2; i++)
		counter(f, START + i * 500 * MS, i * 50000);
	assert_false(watch_tick(f->w, START + PHASE + S));
	/* All that the reader has handed on at once, also what is of the next interval. */
	for (int i = 3; i <= 4; i++)
		counter(f, START + i * 500 * MS, i * 50000);
	assert_true(watch_tick(f->w, START + 2 * S));
	assert_int_equal(summary(m).now_ns, START + PHASE + S);
	assert_false(watch_tick(f->w, START + 2 * S));
	counter(f, START + 5 * 500 * MS, 5 * 50000);
	assert_true(watch_tick(f->w, START + 2500 * MS));
	assert_int_equal(summary(m).now_ns, START + PHASE + 2 * S);
	assert_float_equal(summary(m).psi_some[0], 10, 1e-9);
	assert_int_equal(watch_newest_ns(f->w), START + 2500 * MS);
}

/* Nobody asks for five seconds; the interval that goes on meanwhile has all that came. */
static void a_slow_screen_has_longer_intervals(void **state)
{
	struct fixture *f = *state;
	const struct live_model *m = watch_model(f->w);

	for (int i = 0; i <= 12; i++)
		counter(f, START + i * 500 * MS, i * 50000);
	assert_true(watch_tick(f->w, START + 6 * S));
	assert_int_equal(summary(m).now_ns, START + PHASE + S);
	/* From 1.25 to 5.25 s: samples of 1.5 to 6.0 s, for those have come; 500 of 4,000 ms. */
	assert_true(watch_tick(f->w, START + 6 * S));
	assert_int_equal(summary(m).now_ns, START + PHASE + 5 * S);
	assert_float_equal(summary(m).psi_some[0], 12.5, 1e-9);
	assert_false(watch_tick(f->w, START + 6 * S));
	/* From 5.25 to 6.25 s: nothing is left but the sample of 6.5 s, which is behind its end. */
	counter(f, START + 6500 * MS, 13 * 50000);
	assert_true(watch_tick(f->w, START + 6500 * MS));
	assert_float_equal(summary(m).psi_some[0], 0, 1e-9);
}

static void the_clock_ends_what_nothing_follows(void **state)
{
	struct fixture *f = *state;

	counter(f, START, 0);
	assert_false(watch_tick(f->w, START + PHASE + S + 399 * MS));
	assert_true(watch_tick(f->w, START + PHASE + S + 400 * MS));
	assert_int_equal(summary(watch_model(f->w)).now_ns, START + PHASE + S);
	assert_true(watch_tick(f->w, START + 10 * S));
	assert_int_equal(summary(watch_model(f->w)).now_ns, START + PHASE + 9 * S);
}

static void nothing_at_all(void **state)
{
	struct fixture *f = *state;

	assert_false(watch_tick(f->w, START));
	assert_true(watch_tick(f->w, START + 1400 * MS));
}

static void another_interval(void **state)
{
	struct fixture *f = *state;

	counter(f, START, 0);
	watch_set_interval(f->w, 5 * S);
	counter(f, START + 5 * S, 1);
	assert_false(watch_tick(f->w, START + 5 * S));
	counter(f, START + 5300 * MS, 2);
	assert_true(watch_tick(f->w, START + 5300 * MS));
	watch_set_interval(f->w, 200 * MS);
	counter(f, START + 5500 * MS, 3);
	assert_true(watch_tick(f->w, START + 5500 * MS));
	assert_int_equal(summary(watch_model(f->w)).now_ns, START + 5450 * MS);
}

static void hostile_times(void **state)
{
	struct fixture *f = *state;

	counter(f, START, 0);
	counter(f, UINT64_MAX, 1);
	assert_true(watch_tick(f->w, START));
	counter(f, 0, 2);
	counter(f, INT64_MAX, 3);
	watch_tick(f->w, UINT64_MAX);
}

/* --- findings --- */

static void unreclaimable(struct fixture *f, uint64_t second, int64_t value)
{
	const struct sample s = { second * S, SCOPE_NODE, 0, 0, "node_unreclaimable", "bool", value };

	assert_int_equal(SINK_CALL(&f->sink, sample, &s), 0);
	watch_tick(f->w, second * S);
}

static void finding_cell(const struct live_model *m, const char *key, struct live_cell *out)
{
	struct live_row rows[4];

	for (int v = 0; v < nlive_views; v++) {
		if (strcmp(live_views[v]->key, "findings"))
			continue;
		assert_int_equal(live_views[v]->rows(m, rows, 4), 1);
		for (int c = 0; c < live_views[v]->ncolumns; c++)
			if (!strcmp(live_views[v]->columns[c].key, key))
				live_views[v]->cell(m, &rows[0], c, out);
	}
}

/* kswapd gave up at 10 s; five seconds make it a finding (threshold hopeless-time), which lasts. It is one row. */
static void a_storm_grows(void **state)
{
	struct fixture *f = *state;
	const struct live_model *m = watch_model(f->w);
	struct live_model *frozen;
	struct live_cell cell;

	for (uint64_t s = 8; s <= 20; s++)
		unreclaimable(f, s, s >= 10);
	finding_cell(m, "kind", &cell);
	assert_string_equal(cell.text, "hopeless-node");
	finding_cell(m, "start", &cell);
	assert_float_equal(cell.number, 2.0 * S, 1);
	finding_cell(m, "for", &cell);
	assert_in_range(cell.number, 9 * S, 10 * S);

	assert_int_equal(live_model_new_frozen(&frozen), 0);
	live_model_freeze(m, frozen);
	for (uint64_t s = 21; s <= 40; s++)
		unreclaimable(f, s, 1);
	finding_cell(m, "for", &cell);
	assert_in_range(cell.number, 29 * S, 30 * S);
	finding_cell(frozen, "for", &cell);
	assert_in_range(cell.number, 9 * S, 10 * S);
	assert_int_equal(summary(frozen).now_ns, 19 * S + PHASE);
	assert_int_equal(summary(frozen).findings[SEVERITY_INFO] + summary(frozen).findings[SEVERITY_WARNING] +
			 summary(frozen).findings[SEVERITY_HIGH] + summary(frozen).findings[SEVERITY_CRITICAL], 1);
	/* Again, later. */
	live_model_freeze(m, frozen);
	assert_int_equal(summary(frozen).now_ns, summary(m).now_ns);
	live_model_free_frozen(frozen);
	live_model_free_frozen(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(intervals_end_before_later_things), T(a_slow_screen_has_longer_intervals),
		T(the_clock_ends_what_nothing_follows), T(nothing_at_all), T(another_interval), T(hostile_times),
		T(a_storm_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
