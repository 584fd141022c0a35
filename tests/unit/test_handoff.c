// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_handoff.c - between two threads nothing is lost while there is room, and what is lost is counted exactly. Also
 * built with the thread sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "spine/handoff.h"

#define CHUNK_BYTES	4096
#define EVENTS		200000

static const struct event_field fields[] = { { "n", VALUE_INT }, { "comm", VALUE_TEXT } };
static const struct event_type type = { .nfields = 2, .system = "test", .name = "tick", .format = "", .fields = fields };

struct seen {
	int		types, metas;
	uint64_t	events, lost, loss_records;
	uint64_t	next;		/* the number that must come next */
	int		wrong;		/* events out of place */
	int		fail_after;	/* events after which the sink answers -EIO; 0 never */
};

static int see_type(void *ctx, const struct event_type *t)
{
	((struct seen *)ctx)->types++;
	return 0;
}

static int see_event(void *ctx, const struct event *ev)
{
	struct seen *s = ctx;

	s->wrong += ev->values[0].u != s->next || ev->values[1].len != 4 || memcmp(ev->values[1].p, "abcd", 4);
	s->next = ev->values[0].u + 1;
	s->events++;
	return s->fail_after && s->events >= s->fail_after ? -EIO : 0;
}

static int see_loss(void *ctx, const struct loss *loss)
{
	struct seen *s = ctx;

	s->lost += loss->events;
	s->next += loss->events;
	s->loss_records++;
	s->wrong += strcmp(loss->stage, "writer") != 0;
	return 0;
}

static int see_meta(void *ctx, const char *key, const char *value)
{
	((struct seen *)ctx)->metas++;
	return 0;
}

static const struct sink_ops seen_ops = {
	.type = see_type, .event = see_event, .loss = see_loss, .meta = see_meta,
};

static int send(const struct sink *sink, uint64_t n)
{
	const struct event_value values[2] = {
		{ .u = n, .kind = VALUE_UINT }, { .p = "abcd", .len = 4, .kind = VALUE_TEXT },
	};
	const struct event ev = { .ts = n, .type = &type, .tid = 1, .values = values };

	return SINK_CALL(sink, event, &ev);
}

static void *produce(void *arg)
{
	struct sink sink = handoff_sink(arg);
	intptr_t failed = SINK_CALL(&sink, type, &type);

	for (uint64_t n = 0; n < EVENTS; n++) {
		failed |= send(&sink, n);
		if (n % 1000 == 0)
			handoff_flush(arg);
		if (n % 5000 == 0)
			failed |= SINK_CALL(&sink, meta, "key", "value");
	}
	handoff_close(arg);
	return (void *)failed;
}

/* What did not come as an event came as a loss in its place. */
static void two_threads(void **state)
{
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct handoff_stats stats;
	struct handoff *h;
	pthread_t thread;
	void *failed;
	int ret;

	assert_int_equal(handoff_new(4, CHUNK_BYTES, &h), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, h), 0);
	while ((ret = handoff_take(h, 1000, &sink)) >= 0)
		;
	pthread_join(thread, &failed);
	assert_int_equal(ret, -EPIPE);
	assert_null(failed);
	stats = handoff_stats(h);
	assert_int_equal(seen.types, 1);
	assert_int_equal(seen.metas, EVENTS / 5000);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.events + seen.lost, EVENTS);
	assert_int_equal(seen.lost, stats.dropped_events);
	handoff_free(h);
}

/* Nobody takes: what does not fit is counted, and told when there is room again. */
static void full(void **state)
{
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct handoff_stats stats;
	struct sink in;
	struct handoff *h;

	assert_int_equal(handoff_new(3, CHUNK_BYTES, &h), 0);
	in = handoff_sink(h);
	assert_int_equal(SINK_CALL(&in, type, &type), 0);
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(send(&in, n), 0);
	stats = handoff_stats(h);
	assert_true(stats.dropped_events > 700);	/* three chunks of 4 KiB hold some 60 of these each */
	assert_int_equal(stats.waiting_max, 2);
	assert_int_equal(handoff_take(h, 0, &sink), 1);
	assert_int_equal(send(&in, 1000), 0);
	while (handoff_take(h, 0, &sink) == 1)
		;
	handoff_flush(h);
	handoff_close(h);
	while (handoff_take(h, 0, &sink) == 1)
		;
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.loss_records, 1);
	assert_int_equal(seen.lost, stats.dropped_events);
	assert_int_equal(seen.events, 1001 - stats.dropped_events);
	handoff_free(h);
}

static void nothing_yet(void **state)
{
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct handoff *h;

	assert_int_equal(handoff_new(2, CHUNK_BYTES, &h), 0);
	assert_int_equal(handoff_take(h, 10, &sink), 0);
	handoff_flush(h);
	assert_int_equal(handoff_take(h, 0, &sink), 0);
	handoff_close(h);
	while (handoff_take(h, 0, &sink) == 1)
		;
	assert_int_equal(handoff_take(h, 0, &sink), -EPIPE);
	handoff_free(h);
	handoff_free(NULL);
}

static void *take_until_error(void *arg)
{
	struct seen seen = { .fail_after = 10 };
	const struct sink sink = { &seen_ops, &seen };
	intptr_t ret;

	while ((ret = handoff_take(arg, 1000, &sink)) >= 0)
		;
	handoff_abandon(arg);
	return (void *)ret;
}

/* The writer fails: the producer neither hangs nor stops. */
static void consumer_gives_up(void **state)
{
	struct handoff *h;
	pthread_t thread;
	void *ret;

	assert_int_equal(handoff_new(3, CHUNK_BYTES, &h), 0);
	assert_int_equal(pthread_create(&thread, NULL, take_until_error, h), 0);
	assert_null(produce(h));
	pthread_join(thread, &ret);
	assert_int_equal((intptr_t)ret, -EIO);
	assert_true(handoff_stats(h).dropped_events > 0);
	handoff_free(h);
}

/* --- nothing waits --- */

/* 8 chunks, of which one is kept and one is being filled: six fill up with events, and two messages still get through. */
static void kept_room(void **state)
{
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct handoff_stats stats;
	struct handoff *h;
	struct sink in;

	assert_int_equal(handoff_new(8, CHUNK_BYTES, &h), 0);
	handoff_never_wait(h);
	in = handoff_sink(h);
	assert_int_equal(SINK_CALL(&in, type, &type), 0);
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(send(&in, n), 0);
	assert_int_equal(handoff_stats(h).waiting_max, 6);
	for (int i = 0; i < 40; i++)
		assert_int_equal(SINK_CALL(&in, meta, "key", "value"), 0);
	assert_int_equal(handoff_stats(h).waiting_max, 7);
	assert_false(handoff_stats(h).overrun);
	while (handoff_take(h, 0, &sink) == 1)
		;
	assert_int_equal(send(&in, 1000), 0);
	handoff_close(h);
	while (handoff_take(h, 0, &sink) == 1)
		;
	stats = handoff_stats(h);
	assert_int_equal(seen.metas, 40);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.events + seen.lost, 1001);
	assert_int_equal(seen.lost, stats.dropped_events);
	handoff_free(h);
}

/* What others depend on finds no room: nothing hangs, what waits can be taken, and then it is over. */
static void overruns(void **state)
{
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct handoff *h;
	struct sink in;
	int ret;

	assert_int_equal(handoff_new(3, CHUNK_BYTES, &h), 0);
	handoff_never_wait(h);
	in = handoff_sink(h);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(SINK_CALL(&in, meta, "key", "value"), 0);
	assert_true(handoff_stats(h).overrun);
	while ((ret = handoff_take(h, 1000, &sink)) == 1)
		;
	assert_int_equal(ret, -EPIPE);
	assert_int_equal(seen.metas, 2 * (CHUNK_BYTES / 24));	/* 8 of the head, "key", "value", rounded up to 8 */
	assert_int_equal(SINK_CALL(&in, meta, "key", "value"), 0);
	handoff_flush(h);
	assert_int_equal(handoff_take(h, 0, &sink), -EPIPE);
	handoff_close(h);
	handoff_free(h);
}

/* Losses of others that find no room are told later, with the hand-off's own. */
static void losses_add_up(void **state)
{
	const struct loss counted = { .events = 7, .stage = "writer" };
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct handoff *h;
	struct sink in;

	assert_int_equal(handoff_new(3, CHUNK_BYTES, &h), 0);
	handoff_never_wait(h);
	in = handoff_sink(h);
	assert_int_equal(SINK_CALL(&in, type, &type), 0);
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(send(&in, n), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(SINK_CALL(&in, loss, &counted), 0);
	assert_false(handoff_stats(h).overrun);
	while (handoff_take(h, 0, &sink) == 1)
		;
	handoff_close(h);
	while (handoff_take(h, 0, &sink) == 1)
		;
	assert_int_equal(seen.lost, handoff_stats(h).dropped_events + 1000 * 7);
	handoff_free(h);
}

/* However often it is flushed, a consumer that stays away costs events only when the memory is full. */
static void flushes_fill_nothing(void **state)
{
	struct handoff *h;
	struct sink in;

	assert_int_equal(handoff_new(3, CHUNK_BYTES, &h), 0);
	handoff_never_wait(h);
	in = handoff_sink(h);
	assert_int_equal(SINK_CALL(&in, type, &type), 0);
	for (uint64_t n = 0; n < 20; n++) {
		assert_int_equal(send(&in, n), 0);
		handoff_flush(h);
	}
	assert_int_equal(handoff_stats(h).dropped_events, 0);
	assert_int_equal(handoff_stats(h).waiting_max, 1);
	handoff_abandon(h);
	handoff_close(h);
	handoff_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_threads),
		cmocka_unit_test(full),
		cmocka_unit_test(nothing_yet),
		cmocka_unit_test(consumer_gives_up),
		cmocka_unit_test(kept_room),
		cmocka_unit_test(overruns),
		cmocka_unit_test(losses_add_up),
		cmocka_unit_test(flushes_fill_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
