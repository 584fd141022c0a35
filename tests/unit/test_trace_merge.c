// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trace_merge.c - collect/trace_merge.c: order, horizon, memory that is used up, losses, bad pages.
 *
 * Pages are written here by the layout of include/linux/ring_buffer.h. A record carries its own time and CPU, so each
 * one tells whether it came out right.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/trace_merge.h"

#define PAGE_BYTES	256u
#define PAGES		4u
#define MISSED		(1ull << 31)
#define MISSED_STORED	(1ull << 30)

static const struct ring_layout layout = {
	.commit_bytes = 8, .data_offset = 16, .big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
};

struct payload {
	uint64_t	ts;
	uint32_t	cpu;
};

/* One record of 12 bytes behind the others, @delta after the one before. */
static uint64_t put_record(uint8_t *page, uint64_t ts, uint32_t delta, uint32_t cpu)
{
	struct payload payload = { .ts = ts + delta, .cpu = cpu };
	uint32_t type = 12 / 4;
	uint32_t head = layout.big_endian ? type << 27 | delta : delta << 5 | type;
	uint64_t commit;
	uint8_t *at;

	memcpy(&commit, page + 8, 8);
	at = page + 16 + commit;
	assert_true(at + 16 <= page + PAGE_BYTES);
	memcpy(at, &head, 4);
	memcpy(at + 4, &payload, 12);
	commit += 16;
	memcpy(page + 8, &commit, 8);
	return ts + delta;
}

static void start_page(uint8_t *page, uint64_t ts)
{
	memset(page, 0, PAGE_BYTES);
	memcpy(page, &ts, 8);
}

/* A page of @n records from @ts on, @step apart; the next time. */
static uint64_t add_page(struct trace_merge *m, uint32_t cpu, uint64_t ts, unsigned int n, uint32_t step)
{
	uint8_t *page = trace_merge_page(m, cpu);

	assert_non_null(page);
	start_page(page, ts);
	for (unsigned int i = 0; i < n; i++)
		ts = put_record(page, ts, i ? step : 0, cpu);
	trace_merge_add(m, cpu, PAGE_BYTES);
	return ts + step;
}

static void set_commit_flags(uint8_t *page, uint64_t flags)
{
	uint64_t commit;

	memcpy(&commit, page + 8, 8);
	commit |= flags;
	memcpy(page + 8, &commit, 8);
}

static void check_record(const struct merge_record *rec)
{
	struct payload payload;

	assert_int_equal(rec->size, 12);
	memcpy(&payload, rec->data, 12);
	assert_int_equal(payload.ts, rec->ts);
	assert_int_equal(payload.cpu, rec->cpu);
}

/* Takes all records up to @horizon; their number. */
static unsigned int take(struct trace_merge *m, uint64_t horizon, uint64_t *last)
{
	struct merge_record rec;
	unsigned int n = 0;

	for (; trace_merge_next(m, horizon, &rec); n++) {
		check_record(&rec);
		assert_true(rec.ts >= *last);
		assert_true(rec.ts <= horizon);
		*last = rec.ts;
	}
	return n;
}

static struct trace_merge *new_merge(unsigned int ncpus)
{
	struct trace_merge *m;

	assert_int_equal(trace_merge_new(&layout, ncpus, PAGE_BYTES, PAGES, &m), 0);
	return m;
}

static void test_order_up_to_horizon(void **state)
{
	struct trace_merge *m = new_merge(3);
	uint64_t last = 0;

	assert_int_equal(trace_merge_horizon(m), 0);
	add_page(m, 0, 1000, 10, 30);		/* 1000 .. 1270 */
	add_page(m, 0, 1300, 2, 30);		/* 1300, 1330 */
	add_page(m, 2, 1010, 10, 20);		/* 1010 .. 1190 */
	assert_int_equal(trace_merge_horizon(m), 0);	/* CPU 1 has not been asked */
	assert_int_equal(take(m, trace_merge_horizon(m), &last), 0);
	trace_merge_read_to(m, 1, 5000);
	/* CPU 2 can still have anything from 1010, where its page begins, on. */
	assert_int_equal(trace_merge_horizon(m), 1010);
	assert_int_equal(take(m, trace_merge_horizon(m), &last), 2);
	assert_int_equal(last, 1010);
	trace_merge_read_to(m, 2, 1100);
	assert_int_equal(take(m, trace_merge_horizon(m), &last), 3 + 4);	/* 1030, 60, 90; 1030, 50, 70, 90 */
	assert_int_equal(last, 1090);
	assert_int_equal(take(m, UINT64_MAX, &last), 22 - 9);
	assert_int_equal(last, 1330);
	trace_merge_free(m);
}

/* The time of a CPU never goes back. */
static void test_time_is_the_latest(void **state)
{
	struct trace_merge *m = new_merge(1);

	trace_merge_read_to(m, 0, 500);
	trace_merge_read_to(m, 0, 400);
	assert_int_equal(trace_merge_cpu_time(m, 0), 500);
	add_page(m, 0, 450, 1, 1);
	assert_int_equal(trace_merge_cpu_time(m, 0), 500);
	trace_merge_free(m);
}

/* One CPU has ten times the events of the other: pages run out, the order holds, and all come. */
static void test_pages_run_out(void **state)
{
	struct trace_merge *m = new_merge(2);
	uint64_t ts[2] = { 100, 105 };
	unsigned int todo[2] = { 400, 40 };
	unsigned int pages_full = 0, n = 0;
	uint64_t last = 0;

	while (todo[0] || todo[1]) {
		for (uint32_t cpu = 0; cpu < 2; cpu++) {
			while (todo[cpu] && trace_merge_page(m, cpu)) {
				ts[cpu] = add_page(m, cpu, ts[cpu], 10, cpu ? 100 : 10);
				todo[cpu] -= 10;
			}
			pages_full += !trace_merge_page(m, cpu);
			if (!todo[cpu])
				trace_merge_read_to(m, cpu, UINT64_MAX);
		}
		n += take(m, trace_merge_horizon(m), &last);
	}
	n += take(m, UINT64_MAX, &last);
	assert_int_equal(n, 440);
	assert_true(pages_full > 10);
	trace_merge_free(m);
}

/* What is read while a record is with the caller, and is older than it, comes next and harms nothing. */
static void test_late_page(void **state)
{
	static const uint64_t expected[] = { 500, 100, 105, 505, 510 };
	struct trace_merge *m = new_merge(2);
	struct merge_record rec;

	add_page(m, 0, 500, 3, 5);
	assert_true(trace_merge_next(m, UINT64_MAX, &rec));
	assert_int_equal(rec.ts, expected[0]);
	add_page(m, 1, 100, 2, 5);
	for (unsigned int i = 1; i < 5; i++) {
		assert_true(trace_merge_next(m, UINT64_MAX, &rec));
		assert_int_equal(rec.ts, expected[i]);
		check_record(&rec);
	}
	assert_false(trace_merge_next(m, UINT64_MAX, &rec));
	trace_merge_free(m);
}

static void test_losses(void **state)
{
	struct trace_merge *m = new_merge(2);
	struct merge_record rec;
	uint64_t count = 77;
	uint8_t *page;

	/* CPU 0: a page with a count; an empty one with none and one with a count: together not told how many. */
	page = trace_merge_page(m, 0);
	start_page(page, 100);
	put_record(page, 100, 0, 0);
	memcpy(page + 16 + 16, &count, 8);
	set_commit_flags(page, MISSED | MISSED_STORED);
	trace_merge_add(m, 0, PAGE_BYTES);
	page = trace_merge_page(m, 0);
	start_page(page, 200);
	set_commit_flags(page, MISSED);
	trace_merge_add(m, 0, PAGE_BYTES);
	add_page(m, 0, 300, 2, 10);
	/* CPU 1: lost, with nothing behind it. */
	page = trace_merge_page(m, 1);
	start_page(page, 400);
	memcpy(page + 16, &count, 8);
	set_commit_flags(page, MISSED | MISSED_STORED);
	trace_merge_add(m, 1, PAGE_BYTES);

	assert_true(trace_merge_next(m, UINT64_MAX, &rec));
	assert_int_equal(rec.ts, 100);
	assert_int_equal(rec.missed, 77);
	assert_true(trace_merge_next(m, UINT64_MAX, &rec));
	assert_int_equal(rec.ts, 300);
	assert_int_equal(rec.missed, -1);
	assert_true(trace_merge_next(m, UINT64_MAX, &rec));
	assert_int_equal(rec.missed, 0);
	assert_false(trace_merge_next(m, UINT64_MAX, &rec));
	assert_false(trace_merge_rest(m, 0, &rec));
	assert_true(trace_merge_rest(m, 1, &rec));
	assert_int_equal(rec.cpu, 1);
	assert_int_equal(rec.missed, 77);
	assert_false(trace_merge_rest(m, 1, &rec));
	trace_merge_free(m);
}

/* A record that leaves its page, a commit that does, and a page that is cut short. */
static void test_bad_pages(void **state)
{
	struct trace_merge *m = new_merge(1);
	struct merge_record rec;
	uint32_t head = layout.big_endian ? 28u << 27 : 28u;
	uint64_t commit = 1 << 20;
	uint8_t *page;

	page = trace_merge_page(m, 0);
	start_page(page, 100);
	put_record(page, 100, 0, 0);
	memcpy(page + 16, &head, 4);		/* 112 bytes where 12 are */
	trace_merge_add(m, 0, PAGE_BYTES);
	assert_false(trace_merge_next(m, UINT64_MAX, &rec));

	page = trace_merge_page(m, 0);
	start_page(page, 200);
	memcpy(page + 8, &commit, 8);
	trace_merge_add(m, 0, PAGE_BYTES);
	assert_false(trace_merge_next(m, UINT64_MAX, &rec));

	trace_merge_page(m, 0);
	trace_merge_add(m, 0, PAGE_BYTES - 1);
	trace_merge_add(m, 0, 3);

	add_page(m, 0, 300, 2, 5);
	assert_true(trace_merge_next(m, UINT64_MAX, &rec));
	assert_int_equal(rec.ts, 300);
	assert_true(rec.damaged);
	assert_true(trace_merge_next(m, UINT64_MAX, &rec));
	assert_false(rec.damaged);
	/* None of them keeps its page. */
	for (unsigned int i = 0; i < PAGES - 1; i++)
		add_page(m, 0, 400 + i, 1, 1);
	assert_false(trace_merge_next(m, 200, &rec));
	assert_non_null(trace_merge_page(m, 0));
	trace_merge_free(m);
}

/* Many CPUs, times that interlock, reads of any size: all come, in order. */
static void test_many_cpus(void **state)
{
	enum { CPUS = 37, ROUNDS = 60 };
	struct trace_merge *m = new_merge(CPUS);
	uint64_t ts[CPUS], last = 0;
	unsigned int put = 0, got = 0;

	srand(1);
	for (unsigned int i = 0; i < CPUS; i++)
		ts[i] = 1000 + rand() % 100;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			unsigned int pages = rand() % 6;

			for (unsigned int i = 0; i < pages && trace_merge_page(m, cpu); i++) {
				unsigned int n = rand() % 15;

				ts[cpu] = add_page(m, cpu, ts[cpu], n, 1 + rand() % 50);
				put += n;
			}
		}
		got += take(m, trace_merge_horizon(m), &last);
	}
	assert_true(got > put / 2);
	got += take(m, UINT64_MAX, &last);
	assert_int_equal(got, put);
	assert_true(put > 5000);
	trace_merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_up_to_horizon),
		cmocka_unit_test(test_time_is_the_latest),
		cmocka_unit_test(test_pages_run_out),
		cmocka_unit_test(test_late_page),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_bad_pages),
		cmocka_unit_test(test_many_cpus),
	};

	return cmocka_run_group_tests_name("trace_merge", tests, NULL, NULL);
}
