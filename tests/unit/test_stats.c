// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stats.c - analyze/stats.c against scipy: expected values are what tests/unit/test_stats.py prints.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/stats.h"

#define CLOSE	1e-9

static void assert_close(double got, double wanted)
{
	if (!(fabs(got - wanted) <= CLOSE * fmax(1, fabs(wanted))))
		fail_msg("got %.15g, wanted %.15g", got, wanted);
}

static struct stats_set set_of(unsigned int n, const double *v)
{
	struct stats_set set = { .n = n };

	memcpy(set.v, v, n * sizeof(v[0]));
	stats_sort(&set);
	return set;
}

#define SET(...)	set_of(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double), (double[]){ __VA_ARGS__ })

static struct stats_set steps(unsigned int n, double step, double modulus, double from)
{
	struct stats_set set = { .n = n };

	for (unsigned int i = 0; i < n; i++)
		set.v[i] = fmod(step * (i + 1), modulus) + from;
	stats_sort(&set);
	return set;
}

static void scipy_agrees(void **state)
{
	const struct {
		struct stats_set	base, cand;
		bool			exact;
		double			p, delta, detectable, q1, median, q3;
	} rows[] = {
		{ SET(1.1, 2.3, 3.2, 4.8, 5.9), SET(6.1, 7.7, 8.3, 9.2, 10.4), true, 0.00793650793651, 1,
		  2.75411570919, 2.3, 3.2, 4.8 },
		{ SET(12.1, 15.3, 9.8, 14.4, 11.0, 13.7), SET(10.2, 9.1, 12.9, 8.4, 11.5, 7.3, 9.9), true,
		  0.0512820512821, -0.666666666667, 1.37543896542, 11.275, 12.9, 14.225 },
		{ SET(3, 3, 4, 5, 5, 6), SET(4, 5, 6, 6, 7, 8), false, 0.0729672683135, 0.638888888889, 1.63509572834,
		  3.25, 4.5, 5 },
		{ SET(0.5, 1.5, 2.5), SET(0.7, 1.1, 1.9, 2.2, 3.1, 4.2, 5.3, 6.4), true, 0.278787878788, 0.5,
		  5.49518256073, 1, 1.5, 2 },
		{ steps(24, 1.7, 23.1, 1), steps(25, 2.3, 19.7, 3), false, 0.37344150257, 0.15, 1.65590011831, 6.625,
		  11.55, 16.475 },
		{ SET(60.5, 71.2, 65.3, 80.9, 77.7, 69.4, 73.8), SET(31.3, 35.9, 28.8, 40.1, 33.6, 37.2, 30.7), true,
		  0.000582750582751, -1, 1.199584564, 67.35, 71.2, 75.75 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stats_spread spread = stats_spread(&rows[i].base);
		bool exact;

		assert_close(stats_mann_whitney(&rows[i].base, &rows[i].cand, &exact), rows[i].p);
		assert_int_equal(exact, rows[i].exact);
		/* Which arm is which makes no difference to p, and turns the effect round. */
		assert_close(stats_mann_whitney(&rows[i].cand, &rows[i].base, &exact), rows[i].p);
		assert_close(stats_cliffs_delta(&rows[i].base, &rows[i].cand), rows[i].delta);
		assert_close(stats_cliffs_delta(&rows[i].cand, &rows[i].base), -rows[i].delta);
		assert_close(stats_detectable(&rows[i].base, &rows[i].cand), rows[i].detectable);
		assert_close(spread.q1, rows[i].q1);
		assert_close(spread.median, rows[i].median);
		assert_close(spread.q3, rows[i].q3);
	}
}

static void least_p_is_of_sets_apart(void **state)
{
	assert_close(stats_least_p(3, 3), 0.1);
	assert_close(stats_least_p(5, 5), 0.00793650793651);
	assert_close(stats_least_p(10, 10), 1.08250882245e-05);
	assert_close(stats_least_p(1, 1), 1);
}

static void holm_is_step_down(void **state)
{
	double p[] = { 0.01, 0.04, 0.03, 0.005, 0.5 };
	const double wanted[] = { 0.04, 0.09, 0.09, 0.025, 0.5 };
	double none = 7;

	stats_holm(p, 5);
	for (int i = 0; i < 5; i++)
		assert_close(p[i], wanted[i]);
	stats_holm(&none, 0);
	assert_close(none, 7);
}

/*
 * The interval of all 5^5 resamples of either side; its ends are quantiles of a few possible medians, and the same at 2
 * and 3 %, so that 10,000 random resamples have them too.
 */
static void bootstrap_has_the_interval_of_all_resamples(void **state)
{
	const struct stats_set base = SET(1.1, 2.3, 3.2, 4.8, 5.9), cand = SET(6.1, 7.7, 8.3, 9.2, 10.4);
	struct stats_range ratio, difference, again, other;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		stats_bootstrap(&base, &cand, seed, &ratio, &difference);
		assert_close(ratio.lo, 7.7 / 5.9);
		assert_close(ratio.hi, 8.3 / 1.1);
		assert_close(difference.lo, 7.7 - 5.9);
		assert_close(difference.hi, 9.2 - 1.1);
	}
	stats_bootstrap(&base, &cand, 20, &again, &other);
	assert_true(ratio.lo == again.lo && ratio.hi == again.hi);
	assert_true(difference.lo == other.lo && difference.hi == other.hi);
}

static void equal_numbers_show_nothing(void **state)
{
	const struct stats_set set = SET(4, 4, 4, 4, 4);
	struct stats_range ratio, difference;
	unsigned int low_p;
	bool exact;

	assert_close(stats_mann_whitney(&set, &set, &exact), 1);
	assert_close(stats_cliffs_delta(&set, &set), 0);
	assert_close(stats_detectable(&set, &set), 1);
	stats_bootstrap(&set, &set, 1, &ratio, &difference);
	assert_true(ratio.lo == 1 && ratio.hi == 1 && difference.lo == 0 && difference.hi == 0);
	/* 5 over 2 ways to split. */
	assert_int_equal(stats_placebo(&set, 1, &ratio, &difference, &low_p), 10);
	assert_int_equal(low_p, 0);
	assert_true(ratio.lo == 1 && ratio.hi == 1);
}

static void zeros_have_no_ratio_that_is_a_number(void **state)
{
	const struct stats_set none = SET(0, 0, 0, 0, 0), some = SET(0, 0, 3, 4, 5);
	struct stats_range ratio, difference;

	stats_bootstrap(&none, &some, 1, &ratio, &difference);
	assert_true(ratio.lo == 1 && isinf(ratio.hi));
	assert_true(difference.lo == 0 && difference.hi == 5);
	assert_true(isnan(stats_detectable(&none, &some)));
}

static void one_run_says_little(void **state)
{
	const struct stats_set a = SET(2), b = SET(3), empty = { 0 };
	struct stats_range ratio, difference;
	unsigned int low_p;
	bool exact;

	assert_close(stats_mann_whitney(&a, &b, &exact), 1);
	assert_true(isnan(stats_detectable(&a, &b)));
	stats_bootstrap(&a, &b, 1, &ratio, &difference);
	assert_true(isnan(ratio.lo) && isnan(difference.hi));
	assert_int_equal(stats_placebo(&a, 1, &ratio, &difference, &low_p), 0);
	assert_true(isnan(ratio.lo));
	assert_true(isnan(stats_mann_whitney(&a, &empty, &exact)));
	assert_true(isnan(stats_cliffs_delta(&empty, &b)));
	assert_true(isnan(stats_spread(&empty).median));
	stats_bootstrap(&empty, &b, 1, &ratio, &difference);
	assert_true(isnan(ratio.lo));
}

static void placebo_is_all_splits(void **state)
{
	const struct stats_set set = SET(12.1, 15.3, 9.8, 14.4, 11.0, 13.7);
	struct stats_range ratio, difference;
	unsigned int low_p;

	assert_int_equal(stats_placebo(&set, 1, &ratio, &difference, &low_p), 20);
	assert_true(fabs(ratio.lo - 0.76388889) < 1e-8 && fabs(ratio.hi - 1.30909091) < 1e-8);
	assert_close(difference.lo, -3.4);
	assert_close(difference.hi, 3.4);
	assert_int_equal(low_p, 0);
}

/* 16 over 8 is 12870: a choice of them. Halves of one set differ at p < 0.05 in less than 1 of 20. */
static void placebo_of_many_is_a_choice(void **state)
{
	struct stats_set set = steps(16, 1.7, 23.1, 1);
	struct stats_range ratio, difference, again;
	unsigned int low_p;

	assert_int_equal(stats_placebo(&set, 3, &ratio, &difference, &low_p), STATS_SPLITS);
	assert_in_range(low_p, 20, 70);
	assert_true(ratio.lo < 1 && ratio.hi > 1 && difference.lo < 0 && difference.hi > 0);
	stats_placebo(&set, 3, &again, &difference, &low_p);
	assert_true(ratio.lo == again.lo && ratio.hi == again.hi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scipy_agrees),
		cmocka_unit_test(least_p_is_of_sets_apart),
		cmocka_unit_test(holm_is_step_down),
		cmocka_unit_test(bootstrap_has_the_interval_of_all_resamples),
		cmocka_unit_test(equal_numbers_show_nothing),
		cmocka_unit_test(zeros_have_no_ratio_that_is_a_number),
		cmocka_unit_test(one_run_says_little),
		cmocka_unit_test(placebo_is_all_splits),
		cmocka_unit_test(placebo_of_many_is_a_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
