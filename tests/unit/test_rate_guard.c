// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rate_guard.c - collect/rate_guard.c: when a class is thinned, how much, and when less again. Times are made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "collect/rate_guard.h"
#include "spine/time.h"

#define START_NS	(7 * NSEC_PER_SEC)
#define WINDOWS_PER_S	2

struct sim {
	struct rate_guard	g;
	uint64_t		now_ns;
	unsigned int		changes;
	bool			refuse;
};

static struct sim start(int64_t max_rate, unsigned int cpus)
{
	struct sim s = { .now_ns = START_NS };

	rate_guard_init(&s.g, max_rate, cpus, START_NS);
	return s;
}

/* @windows half seconds of @per_s events of @class a second, as they come through the filter; @lost in each. */
static void run(struct sim *s, enum event_class class, uint64_t per_s, unsigned int windows, uint64_t lost)
{
	for (unsigned int i = 0; i < windows; i++) {
		uint32_t change;

		for (uint64_t n = 0; n < per_s / WINDOWS_PER_S; n++)
			rate_guard_count(&s->g, class);
		s->now_ns += NSEC_PER_SEC / WINDOWS_PER_S;
		change = rate_guard_check(&s->g, s->now_ns, lost);
		assert_true(!change || change == 1u << class);
		if (!change)
			continue;
		assert_int_not_equal(s->g.classes[class].wanted, s->g.classes[class].shift);
		rate_guard_done(&s->g, class, !s->refuse);
		s->changes++;
	}
}

static void test_limits(void **state)
{
	static const struct {
		int64_t		max_rate;
		unsigned int	cpus;
		uint64_t	limit;
	} rows[] = {
		{ RATE_GUARD_DEFAULT, 1, 100000 }, { RATE_GUARD_DEFAULT, 2, 200000 }, { RATE_GUARD_DEFAULT, 4, 400000 },
		{ RATE_GUARD_DEFAULT, 64, 400000 }, { 50, 2, 100 }, { 0, 64, 0 }, { 1000000000, 1024, 1024000000000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(start(rows[i].max_rate, rows[i].cpus).g.limit, rows[i].limit);
}

static void test_what_is_not_thinned(void **state)
{
	static const struct {
		int64_t			max_rate;
		enum event_class	class;
		uint64_t		per_s;
		unsigned int		windows;
	} rows[] = {
		{ 1000, EVENT_MEMCG, 1000, 100 },		/* at the limit */
		{ 1000, EVENT_MEMCG, 50000, 3 },		/* 1.5 s */
		{ 1000, EVENT_KEPT, 50000, 100 },
		{ 0, EVENT_MEMCG, 500000, 100 },
		{ RATE_GUARD_DEFAULT, EVENT_MEMCG, 100000, 20 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim s = start(rows[i].max_rate, 1);

		run(&s, rows[i].class, rows[i].per_s, rows[i].windows, 0);
		run(&s, rows[i].class, 10, 1, 0);
		run(&s, rows[i].class, rows[i].per_s, rows[i].windows > 3 ? 0 : 3, 0);	/* a new burst starts anew */
		if (s.changes)
			fail_msg("row %zu", i);
		assert_false(rate_guard_thins(&s.g));
	}
}

/* The machine that it must take: two CPUs in memcg reclaim. */
static void test_default_takes_120000(void **state)
{
	struct sim s = start(RATE_GUARD_DEFAULT, 2);

	run(&s, EVENT_MEMCG, 120000, 40, 0);
	assert_int_equal(s.changes, 0);
}

static void test_how_much(void **state)
{
	static const struct {
		uint64_t	per_s;		/* of a limit of 1000 */
		uint64_t	lost;		/* in half a second */
		unsigned int	shift;
	} rows[] = {
		{ 1002, 0, 1 }, { 2000, 0, 1 }, { 2002, 0, 2 }, { 4000, 0, 2 }, { 100000, 0, 7 },
		{ 1000000, 0, RATE_GUARD_SHIFT_MAX },
		{ 1000, 500, 1 }, { 900, 5000, 4 },		/* 450 delivered, 5450 made: 10900/s */
		{ 900, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim s = start(1000, 1);

		run(&s, EVENT_LRU, rows[i].per_s, 3, rows[i].lost);
		assert_int_equal(s.g.classes[EVENT_LRU].shift, 0);
		run(&s, EVENT_LRU, rows[i].per_s, 1, rows[i].lost);
		if (s.g.classes[EVENT_LRU].shift != rows[i].shift)
			fail_msg("%u/s: shift %u", (unsigned int)rows[i].per_s, s.g.classes[EVENT_LRU].shift);
		assert_int_equal(rate_guard_thins(&s.g), rows[i].shift > 0);
	}
}

/* Losses are of all classes in proportion: 100 of 1100 delivered, so 100 of 1100 lost are not of lru. */
static void test_loss_is_shared(void **state)
{
	struct sim s = start(1000, 1);

	for (int i = 0; i < 4; i++) {
		for (int n = 0; n < 100; n++)
			rate_guard_count(&s.g, EVENT_SLAB);
		run(&s, EVENT_LRU, 600, 1, 800);	/* 300 and 3/4 of 800: 1800/s; slab 600/s */
	}
	assert_int_equal(s.g.classes[EVENT_LRU].shift, 1);
	assert_int_equal(s.g.classes[EVENT_SLAB].shift, 0);
}

/* Thinned further when it is not enough, never beyond the most. */
static void test_further(void **state)
{
	struct sim s = start(1000, 1);

	run(&s, EVENT_LRU, 1500, 4, 0);
	assert_int_equal(s.g.classes[EVENT_LRU].shift, 1);
	run(&s, EVENT_LRU, 1500, 3, 0);
	assert_int_equal(s.g.classes[EVENT_LRU].shift, 1);
	run(&s, EVENT_LRU, 1500, 1, 0);
	assert_int_equal(s.g.classes[EVENT_LRU].shift, 2);
	run(&s, EVENT_LRU, 1500, 400, 0);
	assert_int_equal(s.g.classes[EVENT_LRU].shift, RATE_GUARD_SHIFT_MAX);
	assert_int_equal(s.changes, RATE_GUARD_SHIFT_MAX);
}

static void test_less_again(void **state)
{
	struct sim s = start(1000, 1);

	run(&s, EVENT_MEMCG, 4000, 4, 0);
	assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 2);
	run(&s, EVENT_MEMCG, 260, 200, 0);	/* more than a quarter */
	assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 2);
	run(&s, EVENT_MEMCG, 250, 59, 0);
	run(&s, EVENT_MEMCG, 400, 1, 0);	/* the wait starts anew */
	run(&s, EVENT_MEMCG, 250, 59, 0);
	assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 2);
	run(&s, EVENT_MEMCG, 250, 1, 0);	/* 30 s */
	assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 1);
	run(&s, EVENT_MEMCG, 0, 60, 0);
	assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 0);
	assert_false(rate_guard_thins(&s.g));
	run(&s, EVENT_MEMCG, 0, 200, 0);
	assert_int_equal(s.changes, 3);
}

/* One thread makes all events, and it is not among those kept: each attempt fails, and the next waits twice as long. */
static void test_attempts_get_rarer(void **state)
{
	struct sim s = start(1000, 1);
	unsigned int wait = 60;

	run(&s, EVENT_MEMCG, 1500, 4, 0);
	for (int i = 0; i < 8; i++) {
		run(&s, EVENT_MEMCG, 0, wait - 1, 0);
		assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 1);
		run(&s, EVENT_MEMCG, 0, 1, 0);
		assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 0);
		run(&s, EVENT_MEMCG, 1500, 4, 0);
		assert_int_equal(s.g.classes[EVENT_MEMCG].shift, 1);
		wait = wait < 60 * 32 ? wait * 2 : wait;
	}
}

static void test_refused(void **state)
{
	struct sim s = start(1000, 1);

	s.refuse = true;
	run(&s, EVENT_NAMED, 5000, 50, 0);
	assert_int_equal(s.changes, 1);
	assert_int_equal(s.g.classes[EVENT_NAMED].shift, 0);
}

/* The reader did not run for 10 s: the window is as long, and the rate is that of all of it. */
static void test_long_window(void **state)
{
	struct sim s = start(1000, 1);

	for (int n = 0; n < 9000; n++)
		rate_guard_count(&s.g, EVENT_MEMCG);
	assert_int_equal(rate_guard_check(&s.g, START_NS + 10 * NSEC_PER_SEC, 0), 0);
	assert_int_equal(s.g.classes[EVENT_MEMCG].rate, 900);
	for (int n = 0; n < 11000; n++)
		rate_guard_count(&s.g, EVENT_MEMCG);
	assert_int_equal(rate_guard_check(&s.g, START_NS + 20 * NSEC_PER_SEC, 0), 1u << EVENT_MEMCG);
	assert_int_equal(s.g.classes[EVENT_MEMCG].wanted, 1);
	assert_int_equal(rate_guard_check(&s.g, START_NS + 20 * NSEC_PER_SEC + 1, 0), 0);	/* not over */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_is_not_thinned),
		cmocka_unit_test(test_default_takes_120000),
		cmocka_unit_test(test_how_much),
		cmocka_unit_test(test_loss_is_shared),
		cmocka_unit_test(test_further),
		cmocka_unit_test(test_less_again),
		cmocka_unit_test(test_attempts_get_rarer),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_window),
	};

	return cmocka_run_group_tests_name("rate_guard", tests, NULL, NULL);
}
