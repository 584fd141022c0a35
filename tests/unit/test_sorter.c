// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sorter.c - spine/sorter.c: order, stability, nothing lost or changed, in memory and through the file.
 *
 * Each event carries its number of arrival, so that the sink can tell by itself what the order must be: times do not
 * fall, and among equal times numbers rise.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spine/sorter.h"

#define SMALL_BYTES	(4u * SORTER_RECORD_BYTES)	/* the least: four runs are merged into one */

static const struct event_field fields[] = { { "arrival", VALUE_INT }, { "pad", VALUE_TEXT } };
static const struct event_type type = {
	.nfields = 2, .system = "test", .name = "numbered", .format = "", .fields = fields,
};

struct seen {
	uint64_t	events;
	uint64_t	losses;
	uint64_t	tasks;
	uint64_t	last_ts;
	int64_t		last_arrival;
	uint64_t	sum;			/* of arrivals: each came exactly once */
	uint64_t	stop_after;		/* events; 0 never */
	size_t		pad;
};

static int on_event(void *ctx, const struct event *ev)
{
	struct seen *seen = ctx;
	int64_t arrival = ev->values[0].i;

	assert_ptr_equal(ev->type, &type);
	assert_true(ev->ts >= seen->last_ts);
	if (seen->events && ev->ts == seen->last_ts)
		assert_true(arrival > seen->last_arrival);
	assert_int_equal(ev->tid, arrival % 1000 - 1);
	assert_int_equal(ev->cpu, arrival % 7);
	assert_int_equal(ev->values[1].len, seen->pad);
	seen->last_ts = ev->ts;
	seen->last_arrival = arrival;
	seen->sum += arrival;
	return ++seen->events == seen->stop_after ? -EPIPE : 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct seen *seen = ctx;

	assert_true(loss->ts >= seen->last_ts);
	assert_string_equal(loss->stage, "ring");
	seen->losses++;
	return 0;
}

static int on_task(void *ctx, const struct task_name *task)
{
	struct seen *seen = ctx;

	assert_string_equal(task->comm, "a\nb\x7f");
	assert_int_equal(task->tid, -1);
	assert_int_equal(task->tgid, 12);
	assert_true(task->cgroup_id == UINT64_MAX);
	seen->tasks++;
	return 0;
}

static const struct sink_ops ops = { .event = on_event, .loss = on_loss, .task = on_task };

static int feed(struct sorter *s, uint64_t ts, int64_t arrival, size_t pad)
{
	static const char text[SORTER_RECORD_BYTES];
	const struct event_value values[] = {
		{ .i = arrival, .kind = VALUE_INT },
		{ .p = text, .len = pad, .kind = VALUE_TEXT },
	};
	const struct event ev = {
		.ts = ts, .type = &type, .tid = arrival % 1000 - 1, .cpu = arrival % 7, .values = values,
	};

	return sorter_event(s, &ev);
}

enum pattern { ORDERED, REVERSED, EQUAL, RANDOM, NEARLY, SAWTOOTH };

static uint64_t pattern_ts(enum pattern pattern, uint64_t i, uint64_t n)
{
	switch (pattern) {
	case ORDERED:
		return 1000 + i;
	case REVERSED:
		return 1000 + n - i;
	case EQUAL:
		return 77;
	case RANDOM:
		return i * 2654435761u % 1009;	/* many equal ones */
	case NEARLY:
		return 1000 + i - (i % 16 == 0 ? i % 64 : 0);
	case SAWTOOTH:
		return i % 5000;
	}
	return 0;
}

static void check(enum pattern pattern, uint64_t n, size_t pad, size_t memory)
{
	struct seen seen = { .pad = pad };
	const struct sink sink = { &ops, &seen };
	struct sorter *s;

	assert_int_equal(sorter_new(memory, &s), 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(feed(s, pattern_ts(pattern, i, n), i, pad), 0);
	assert_int_equal(sorter_drain(s, &sink), 0);
	assert_int_equal(seen.events, n);
	assert_int_equal(seen.sum, n * (n - 1) / 2);

	/* the sorter is empty and can be used again */
	seen = (struct seen){ .pad = pad };
	assert_int_equal(sorter_drain(s, &sink), 0);
	assert_int_equal(seen.events, 0);
	sorter_free(s);
}

static void test_in_memory(void **state)
{
	for (enum pattern p = ORDERED; p <= SAWTOOTH; p++) {
		check(p, 1, 3, SMALL_BYTES);
		check(p, 2, 3, SMALL_BYTES);
		check(p, 10000, 3, SMALL_BYTES);
	}
}

/* 100,000 events of at least 40 bytes and an index of 16 do not fit into 1 MiB: five runs and more. */
static void test_through_file(void **state)
{
	for (enum pattern p = ORDERED; p <= SAWTOOTH; p++)
		check(p, 100000, 10, SMALL_BYTES);
}

/* Records of nearly the largest size: three fill the block, and each fills its read buffer. */
static void test_large_records(void **state)
{
	for (enum pattern p = ORDERED; p <= SAWTOOTH; p++)
		check(p, 50, SORTER_RECORD_BYTES - 200, SMALL_BYTES);
}

static void test_too_large(void **state)
{
	struct seen seen = { .pad = 1 };
	const struct sink sink = { &ops, &seen };
	struct sorter *s;

	assert_int_equal(sorter_new(SMALL_BYTES - 1, &s), -EINVAL);
	assert_int_equal(sorter_new(SMALL_BYTES, &s), 0);
	assert_int_equal(feed(s, 1, 0, 1), 0);
	assert_int_equal(feed(s, 2, 1, SORTER_RECORD_BYTES), -EMSGSIZE);
	assert_int_equal(feed(s, 3, 2, 1), 0);
	assert_int_equal(sorter_drain(s, &sink), 0);
	assert_int_equal(seen.events, 2);
	sorter_free(s);
}

/* A sink that looks at all kinds of values. */
static int on_values(void *ctx, const struct event *ev)
{
	bool *called = ctx;

	*called = true;
	assert_true(ev->values[0].kind == VALUE_NONE);
	assert_true(ev->values[1].kind == VALUE_INT && ev->values[1].i == INT64_MIN);
	assert_true(ev->values[2].kind == VALUE_INT && ev->values[2].i == INT64_MAX);
	assert_true(ev->values[3].kind == VALUE_UINT && ev->values[3].u == UINT64_MAX);
	assert_true(ev->values[4].kind == VALUE_TEXT && ev->values[4].len == 0);
	assert_true(ev->values[5].kind == VALUE_BLOB && ev->values[5].len == 3);
	assert_memory_equal(ev->values[5].p, "a\0b", 3);
	assert_true(ev->ts == UINT64_MAX);
	assert_int_equal(ev->tid, INT32_MIN);
	assert_int_equal(ev->cpu, EVENT_CPU_UNKNOWN);
	assert_int_equal(ev->buffer, UINT16_MAX);
	return 0;
}

static void test_values(void **state)
{
	static const struct event_field six[6] = { { "a", 0 }, { "b", 0 }, { "c", 0 }, { "d", 0 }, { "e", 0 }, { "f", 0 } };
	static const struct event_type wide = { .nfields = 6, .system = "", .name = "wide", .format = "", .fields = six };
	const struct event_value values[] = {
		{ .kind = VALUE_NONE },
		{ .kind = VALUE_INT, .i = INT64_MIN },
		{ .kind = VALUE_INT, .i = INT64_MAX },
		{ .kind = VALUE_UINT, .u = UINT64_MAX },
		{ .kind = VALUE_TEXT, .p = "x", .len = 0 },
		{ .kind = VALUE_BLOB, .p = "a\0b", .len = 3 },
	};
	const struct event ev = {
		.ts = UINT64_MAX, .type = &wide, .tid = INT32_MIN, .cpu = EVENT_CPU_UNKNOWN, .buffer = UINT16_MAX,
		.values = values,
	};
	static const struct sink_ops value_ops = { .event = on_values };
	bool called = false;
	const struct sink sink = { &value_ops, &called };
	struct sorter *s;

	assert_int_equal(sorter_new(SMALL_BYTES, &s), 0);
	assert_int_equal(sorter_event(s, &ev), 0);
	assert_int_equal(sorter_drain(s, &sink), 0);
	assert_true(called);
	sorter_free(s);
}

static void test_losses_and_tasks_keep_their_place(void **state)
{
	const struct task_name task = { .tid = -1, .tgid = 12, .cgroup_id = UINT64_MAX, .comm = "a\nb\x7f" };
	const struct loss loss = { .ts = 15, .events = LOSS_COUNT_UNKNOWN, .cpu = 3, .stage = "ring" };
	struct seen seen = { .stop_after = 2 };
	const struct sink sink = { &ops, &seen };
	struct sorter *s;

	assert_int_equal(sorter_new(SMALL_BYTES, &s), 0);
	assert_int_equal(feed(s, 20, 0, 0), 0);
	assert_int_equal(sorter_loss(s, &loss), 0);
	assert_int_equal(sorter_task(s, 12, &task), 0);
	assert_int_equal(feed(s, 10, 1, 0), 0);
	assert_int_equal(sorter_out_of_order(s), 1);
	assert_int_equal(sorter_drain(s, &sink), -EPIPE);
	assert_int_equal(seen.losses, 1);
	assert_int_equal(seen.tasks, 1);
	assert_int_equal(seen.last_ts, 20);
	sorter_free(s);
}

/* What fits needs no file; what does not says so when there is no place for one. */
static void test_no_room_for_the_file(void **state)
{
	char *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	struct sorter *s;
	int err = 0;

	setenv("TMPDIR", "/nonexistent/squall-test", 1);
	check(RANDOM, 1000, 3, SMALL_BYTES);
	assert_int_equal(sorter_new(SMALL_BYTES, &s), 0);
	for (int i = 0; !err && i < 100000; i++)
		err = feed(s, i, i, 10);
	assert_int_equal(err, -ENOENT);
	sorter_free(s);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_memory),
		cmocka_unit_test(test_through_file),
		cmocka_unit_test(test_large_records),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_losses_and_tasks_keep_their_place),
		cmocka_unit_test(test_no_room_for_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
