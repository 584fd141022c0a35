// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time axis of reports: cells that join as the recording gets longer, with sums, peaks and their order kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "report/curve.h"

#define MS	1000000ull
#define SEC	1000000000ull

struct fixture {
	struct grid		grid;
	struct curve		curve;
	struct latency_curve	latency;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return !*state;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_grid_doubles(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(grid_cells(&f->grid), 0);
	assert_int_equal(grid_at(&f->grid, 5 * SEC), 0);
	assert_int_equal(grid_at(&f->grid, 5 * SEC + 999 * MS), 999);
	assert_int_equal(f->grid.width_ns, MS);
	/* One ms more is one cell too many: 500 cells of 2 ms, and the next. */
	assert_int_equal(grid_at(&f->grid, 6 * SEC), 500);
	assert_int_equal(f->grid.width_ns, 2 * MS);
	assert_int_equal(f->grid.level, 1);
	assert_int_equal(grid_cells(&f->grid), 501);
	/* An hour: 3,600,000 ms in at most 1000 cells needs 4096 ms. */
	assert_int_equal(grid_at(&f->grid, 3605 * SEC), 3600000 / 4096);
	assert_int_equal(f->grid.width_ns, 4096 * MS);
	assert_int_equal(grid_at(&f->grid, 1), 0);
	grid_at(&f->grid, UINT64_MAX);
	assert_true(grid_cells(&f->grid) <= GRID_CELLS);
}

static void test_sums_stay(void **state)
{
	struct fixture *f = *state;
	double sum = 0;

	f->curve.form = CURVE_SUM;
	for (int i = 0; i < 100000; i++)
		curve_add(&f->curve, &f->grid, i * MS, 2);
	curve_settle(&f->curve, &f->grid);
	/* 100,000 ms in cells of 128 ms: 781 full ones, and 32 ms. */
	assert_int_equal(grid_cells(&f->grid), 782);
	assert_true(f->curve.cells[0].lo == 256);
	assert_true(f->curve.cells[780].lo == 256);
	assert_true(f->curve.cells[781].lo == 64);
	assert_false(f->curve.cells[782].set);
	for (int i = 0; i < GRID_CELLS; i++)
		sum += f->curve.cells[i].lo;
	assert_true(sum == 200000);
}

static void test_peaks_stay(void **state)
{
	struct fixture *f = *state;

	f->curve.form = CURVE_STATE;
	grid_at(&f->grid, 0);
	for (int i = 0; i < 64; i++)
		curve_value(&f->curve, &f->grid, i * MS, i == 40 ? 900 : i == 50 ? -3 : 7);
	curve_value(&f->curve, &f->grid, 64000 * MS, 8);
	curve_settle(&f->curve, &f->grid);
	assert_int_equal(f->grid.width_ns, 128 * MS);
	assert_true(f->curve.cells[0].hi == 900 && f->curve.cells[0].lo == -3 && f->curve.cells[0].hi_first);
	assert_true(f->curve.cells[500].lo == 8 && f->curve.cells[500].hi == 8);
	assert_false(f->curve.cells[1].set);
	assert_true(f->curve.hi == 900 && f->curve.hi_ns == 40 * MS && f->curve.lo == -3 && f->curve.last == 8);
}

/* Which came first, the lowest or the highest, in every order of two cells. */
static void test_order_stays(void **state)
{
	static const struct {
		double	values[4];
		bool	hi_first;
	} rows[] = {
		{{1, 2, 3, 4}, false}, {{4, 3, 2, 1}, true},  {{3, 1, 2, 4}, false},
		{{2, 4, 3, 1}, true},  {{2, 1, 4, 3}, false}, {{1, 4, 2, 3}, false},
		{{4, 1, 2, 3}, true},  {{2, 3, 4, 1}, true},  {{2, 3, 1, 4}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = calloc(1, sizeof(*f));

		assert_non_null(f);
		f->curve.form = CURVE_STATE;
		grid_at(&f->grid, 0);
		for (int k = 0; k < 4; k++)
			curve_value(&f->curve, &f->grid, k * MS, rows[i].values[k]);
		grid_at(&f->grid, 3999 * MS);
		curve_settle(&f->curve, &f->grid);
		assert_true(f->curve.cells[0].lo == 1 && f->curve.cells[0].hi == 4);
		assert_int_equal(f->curve.cells[0].hi_first, rows[i].hi_first);
		free(f);
	}
	(void)state;
}

static void test_spread(void **state)
{
	struct fixture *f = *state;

	f->curve.form = CURVE_SUM;
	grid_at(&f->grid, 10 * SEC);
	curve_spread(&f->curve, &f->grid, 10 * SEC + MS / 2, 10 * SEC + 3 * MS);
	assert_true(f->curve.cells[0].lo > 0.000499 && f->curve.cells[0].lo < 0.000501);
	assert_true(f->curve.cells[1].lo > 0.000999 && f->curve.cells[1].lo < 0.001001);
	assert_true(f->curve.cells[2].lo > 0.000999 && f->curve.cells[2].lo < 0.001001);
	assert_false(f->curve.cells[3].set);
	/* What is before the start is not on the axis; what ends before it begins is nothing. */
	curve_spread(&f->curve, &f->grid, 9 * SEC, 10 * SEC + MS);
	assert_true(f->curve.cells[0].lo > 0.001499 && f->curve.cells[0].lo < 0.001501);
	curve_spread(&f->curve, &f->grid, 12 * SEC, 11 * SEC);
	curve_spread(&f->curve, &f->grid, UINT64_MAX - 5, UINT64_MAX);
	assert_true(f->curve.sum > 0.003499 && f->curve.sum < 0.003501);
}

static void test_percentiles(void **state)
{
	struct fixture *f = *state;

	/* 1 .. 100 ms, each once, all at the start: p50 is 50 ms, p99 99 ms. */
	for (int i = 1; i <= 100; i++)
		latency_curve_add(&f->latency, &f->grid, SEC, i * MS);
	assert_in_range(latency_curve_at(&f->latency, 0, 0.5), 48400000, 51600000);
	assert_in_range(latency_curve_at(&f->latency, 0, 0.99), 95900000, 100000000);
	assert_int_equal(f->latency.max_ns[0], 100 * MS);
	assert_int_equal(latency_curve_at(&f->latency, 1, 0.5), 0);
	/* Neighbours join: 300 calls of 1 s in the next cell move the median there. */
	for (int i = 0; i < 300; i++)
		latency_curve_add(&f->latency, &f->grid, SEC + 4 * MS, SEC);
	grid_at(&f->grid, SEC + 1999 * MS);
	latency_curve_settle(&f->latency, &f->grid);
	assert_in_range(latency_curve_at(&f->latency, 0, 0.5), 968000000, 1000000000);
	assert_in_range(latency_curve_at(&f->latency, 0, 0.25), 96000000, 104000000);
	assert_int_equal(f->latency.max_ns[0], SEC);
	assert_int_equal(f->latency.max_ns[1], 0);
	/* Beyond the last bucket, and below the first. */
	latency_curve_add(&f->latency, &f->grid, SEC + 1000 * MS, UINT64_MAX);
	latency_curve_add(&f->latency, &f->grid, SEC + 500 * MS, 1);
	assert_int_equal(latency_curve_at(&f->latency, 62, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_grid_doubles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sums_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peaks_stay, setup, teardown),
		cmocka_unit_test(test_order_stays),
		cmocka_unit_test_setup_teardown(test_spread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_percentiles, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
