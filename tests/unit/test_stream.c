// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stream.c - sink calls go through a buffer unchanged, and a buffer of nonsense does no harm.
 *
 * Calls are compared as text: the same sink that prints a call is fed once directly and once through the stream.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/stream.h"

#define BUF_BYTES	8192

struct log {
	char	text[16384];
	size_t	len;
	int	fail_at;		/* the call that answers -ECANCELED; 0 none */
	int	calls;
};

static int say(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int say(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log->len += vsnprintf(log->text + log->len, sizeof(log->text) - log->len, fmt, args);
	va_end(args);
	assert_true(log->len < sizeof(log->text));
	return ++log->calls == log->fail_at ? -ECANCELED : 0;
}

static int log_type(void *ctx, const struct event_type *t)
{
	char fields[1024] = "";

	for (int i = 0; i < t->nfields; i++)
		snprintf(fields + strlen(fields), sizeof(fields) - strlen(fields), " %s:%d", t->fields[i].name,
			 t->fields[i].kind);
	return say(ctx, "type %u %s/%s <%s>%s\n", t->id, t->system, t->name, t->format, fields);
}

static int log_event(void *ctx, const struct event *ev)
{
	char values[2048] = "";

	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];
		char *at = values + strlen(values);
		size_t room = sizeof(values) - strlen(values);

		if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
			snprintf(at, room, " %d:%u:%.*s", v->kind, v->len, (int)v->len, v->p ? v->p : "");
		else if (v->kind == VALUE_NONE)
			snprintf(at, room, " none");
		else
			snprintf(at, room, " %d:%" PRIx64, v->kind, v->u);
	}
	return say(ctx, "event %" PRIu64 " %s tid %d cpu %u buffer %u%s\n", ev->ts, ev->type->name, ev->tid, ev->cpu,
		   ev->buffer, values);
}

static int log_loss(void *ctx, const struct loss *l)
{
	return say(ctx, "loss %" PRIu64 " %" PRId64 " %u %u %s\n", l->ts, l->events, l->cpu, l->buffer, l->stage);
}

static int log_sample(void *ctx, const struct sample *s)
{
	return say(ctx, "sample %" PRIu64 " %u %d %" PRIu64 " %s %s %" PRId64 "\n", s->ts, s->scope, s->node,
		   s->cgroup_id, s->name, s->unit, s->value);
}

static int log_task(void *ctx, const struct task_name *t)
{
	return say(ctx, "task %d %d %" PRIu64 " %s\n", t->tid, t->tgid, t->cgroup_id, t->comm);
}

static int log_symbol(void *ctx, uint64_t addr, const char *name)
{
	return say(ctx, "symbol %" PRIx64 " %s\n", addr, name);
}

static int log_buffer(void *ctx, uint16_t buffer, const char *name)
{
	return say(ctx, "buffer %u %s\n", buffer, name);
}

static int log_meta(void *ctx, const char *key, const char *value)
{
	return say(ctx, "meta %s %s\n", key, value);
}

static int log_cgroup(void *ctx, uint64_t id, const char *path)
{
	return say(ctx, "cgroup %" PRIu64 " %s\n", id, path);
}

static int log_failures(void *ctx, const struct failures_change *c)
{
	return say(ctx, "failures %" PRIu64 " %d %d %d %d %" PRIu64 " %s %s %s\n", c->ts, c->node, c->value, c->previous,
		   c->tid, c->cgroup_id, c->comm, c->via, c->reason);
}

static int log_end(void *ctx)
{
	return say(ctx, "end\n");
}

static const struct sink_ops log_ops = {
	.type = log_type, .event = log_event, .loss = log_loss, .sample = log_sample, .task = log_task,
	.symbol = log_symbol, .buffer = log_buffer, .meta = log_meta,
	.cgroup = log_cgroup, .failures = log_failures, .end = log_end,
};

static const struct event_field wide_fields[] = {
	{ "nr_reclaimed", VALUE_UINT }, { "order", VALUE_INT }, { "comm", VALUE_TEXT }, { "mask", VALUE_BLOB },
	{ "gone", VALUE_INT },
};
static const struct event_type wide = {
	.id = 0, .nfields = 5, .system = "vmscan", .name = "wide", .format = "name: wide\nID: 7\n", .fields = wide_fields,
};
static const struct event_type bare = { .id = 1, .nfields = 0, .system = "", .name = "bare", .format = "" };

/* Every member once or more, with the limits of each number. */
static int feed(const struct sink *sink)
{
	const struct event_value values[5] = {
		{ .u = UINT64_MAX, .kind = VALUE_UINT }, { .i = INT64_MIN, .kind = VALUE_INT },
		{ .p = "kswapd0", .len = 7, .kind = VALUE_TEXT }, { .p = "abc", .len = 3, .kind = VALUE_BLOB },
		{ .kind = VALUE_NONE },
	};
	struct event_value empty[5];
	const struct event ev = { .ts = UINT64_MAX, .type = &wide, .tid = -1, .cpu = 65534, .buffer = 3, .values = values };
	const struct event ev2 = { .ts = 1, .type = &bare, .tid = INT32_MAX };
	const struct event ev3 = { .ts = 2, .type = &wide, .tid = 5, .values = empty };
	const struct loss loss = { .ts = 9, .events = LOSS_COUNT_UNKNOWN, .cpu = EVENT_CPU_UNKNOWN, .buffer = 1, .stage = "ring" };
	const struct sample sample = {
		.ts = 4, .scope = SCOPE_DEVICE, .node = -1, .cgroup_id = UINT64_MAX, .name = "pgscan_direct", .unit = "pages",
		.value = -7,
	};
	const struct failures_change failures = { .ts = 9, .node = 1, .value = 0, .previous = 15, .tid = 700,
						  .cgroup_id = UINT64_MAX, .comm = "a\033b", .via = "bpf-memcg",
						  .reason = "" };
	const struct task_name task = { .tid = 42, .tgid = 41, .cgroup_id = 6, .comm = "a b\n\x01" };
	int ret = SINK_CALL(sink, meta, "clock", "mono");

	/* Texts of length 0 may come without a pointer. */
	for (int i = 0; i < 5; i++)
		empty[i] = (struct event_value){ .kind = VALUE_TEXT };
	if (!ret)
		ret = SINK_CALL(sink, buffer, 65535, "inst");
	if (!ret)
		ret = SINK_CALL(sink, type, &wide);
	if (!ret)
		ret = SINK_CALL(sink, event, &ev);
	if (!ret)
		ret = SINK_CALL(sink, type, &bare);
	if (!ret)
		ret = SINK_CALL(sink, event, &ev2);
	if (!ret)
		ret = SINK_CALL(sink, event, &ev3);
	if (!ret)
		ret = SINK_CALL(sink, loss, &loss);
	if (!ret)
		ret = SINK_CALL(sink, sample, &sample);
	if (!ret)
		ret = SINK_CALL(sink, task, &task);
	if (!ret)
		ret = SINK_CALL(sink, symbol, UINT64_MAX, "shrink_slab+0x4");
	if (!ret)
		ret = SINK_CALL(sink, cgroup, UINT64_MAX, "/a/b\n");
	if (!ret)
		ret = SINK_CALL(sink, failures, &failures);
	return ret ? ret : SINK_CALL(sink, end);
}

#define FEED_CALLS	14

static int no_next(struct stream_writer *w)
{
	return -ENOSPC;
}

struct fixture {
	_Alignas(8) char	data[BUF_BYTES];
	struct stream_buf	buf;
	struct stream_writer	writer;
};

static struct sink fixture_sink(struct fixture *f, uint32_t size)
{
	f->buf.data = f->data;
	f->buf.size = size;
	atomic_store(&f->buf.used, 0);
	f->writer = (struct stream_writer){ .buf = &f->buf, .next = no_next };
	return stream_writer_sink(&f->writer);
}

static int replay(const char *data, uint32_t used, struct log *log)
{
	const struct sink sink = { .ops = &log_ops, .ctx = log };
	struct stream_reader *r;
	int ret;

	assert_int_equal(stream_reader_new(&r), 0);
	ret = stream_read(r, data, used, &sink);
	stream_reader_free(r);
	return ret;
}

static void round_trip(void **state)
{
	static struct fixture f;
	static struct log direct, streamed;
	const struct sink log_sink = { .ops = &log_ops, .ctx = &direct };
	struct sink sink = fixture_sink(&f, BUF_BYTES);

	memset(f.data, 0xa5, sizeof(f.data));
	assert_int_equal(feed(&log_sink), 0);
	assert_int_equal(direct.calls, FEED_CALLS);
	assert_non_null(strstr(direct.text, "event 18446744073709551615 wide tid -1 cpu 65534 buffer 3 2:ffffffffffffffff "
				       "1:8000000000000000 3:7:kswapd0 4:3:abc none\n"));
	assert_int_equal(feed(&sink), 0);
	assert_int_equal(replay(f.data, f.buf.used, &streamed), 0);
	assert_string_equal(streamed.text, direct.text);
}

/* A fill level between two calls shows whole messages only. */
static void full_buffer(void **state)
{
	static struct fixture f;
	static struct log whole;
	struct sink sink = fixture_sink(&f, BUF_BYTES);
	uint32_t all;

	assert_int_equal(feed(&sink), 0);
	all = f.buf.used;
	for (uint32_t size = 0; size < all; size += 8) {
		static struct log log;

		memset(&log, 0, sizeof(log));
		sink = fixture_sink(&f, size);
		assert_int_equal(feed(&sink), -ENOSPC);
		assert_true(f.buf.used <= size);
		assert_int_equal(replay(f.data, f.buf.used, &log), 0);
		assert_true(log.calls < FEED_CALLS);
	}
	sink = fixture_sink(&f, all);
	assert_int_equal(feed(&sink), 0);
	assert_int_equal(replay(f.data, all, &whole), 0);
	assert_int_equal(whole.calls, FEED_CALLS);
}

static int reset_next(struct stream_writer *w)
{
	int *count = w->ctx;

	(*count)++;
	atomic_store(&w->buf->used, 0);
	return 0;
}

static void message_too_long(void **state)
{
	static struct fixture f;
	static char text[BUF_BYTES + 1];
	struct sink sink = fixture_sink(&f, BUF_BYTES);
	int nexts = 0;

	f.writer.next = reset_next;
	f.writer.ctx = &nexts;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(SINK_CALL(&sink, meta, "key", text), -EMSGSIZE);
	assert_int_equal(nexts, 1);
	assert_int_equal(SINK_CALL(&sink, meta, "key", "short"), 0);
}

static void sink_stops_reading(void **state)
{
	static struct fixture f;
	struct sink sink = fixture_sink(&f, BUF_BYTES);

	assert_int_equal(feed(&sink), 0);
	for (int call = 1; call <= FEED_CALLS; call++) {
		static struct log log;

		memset(&log, 0, sizeof(log));
		log.fail_at = call;
		assert_int_equal(replay(f.data, f.buf.used, &log), -ECANCELED);
		assert_int_equal(log.calls, call);
	}
}

static void truncated(void **state)
{
	static struct fixture f;
	struct sink sink = fixture_sink(&f, BUF_BYTES);

	assert_int_equal(feed(&sink), 0);
	for (uint32_t len = 0; len < f.buf.used; len++) {
		static struct log log;
		int ret;
		/* The sanitizer sees a read behind the end of this one. */
		char *copy = malloc(len + 1);

		memset(&log, 0, sizeof(log));
		memcpy(copy, f.data, len);
		ret = replay(copy, len, &log);
		assert_true(ret == -EBADMSG || (ret == 0 && log.calls < FEED_CALLS));
		free(copy);
	}
}

static int drop_event(void *ctx, const struct event *ev)
{
	uint32_t *sum = ctx;

	for (int i = 0; i < ev->type->nfields; i++)
		for (uint32_t j = 0; value_is_number(&ev->values[i]) ? false : j < ev->values[i].len; j++)
			*sum += ev->values[i].p[j];
	return 0;
}

/* Any bytes: no crash, no read outside (the sanitizers look), and an answer. */
static void hostile(void **state)
{
	static struct fixture f;
	static const struct sink_ops ops = { .event = drop_event };
	uint32_t sum = 0;
	const struct sink drop = { .ops = &ops, .ctx = &sum };
	struct sink sink = fixture_sink(&f, BUF_BYTES);
	uint32_t seed = 12345;
	uint32_t bad = 0;
	char *copy;

	assert_int_equal(feed(&sink), 0);
	copy = malloc(f.buf.used);
	for (int round = 0; round < 20000; round++) {
		struct stream_reader *r;

		memcpy(copy, f.data, f.buf.used);
		for (int i = 0; i < 1 + round % 4; i++) {
			seed = seed * 1664525 + 1013904223;
			copy[(seed >> 8) % f.buf.used] = seed >> 24;
		}
		assert_int_equal(stream_reader_new(&r), 0);
		bad += stream_read(r, copy, f.buf.used, &drop) == -EBADMSG;
		stream_reader_free(r);
	}
	assert_true(bad > 1000);
	free(copy);
}

/* An event before its type, a type out of order, another number of fields than the type's. */
static void wrong_types(void **state)
{
	static struct fixture f;
	static struct log log;
	struct sink sink = fixture_sink(&f, BUF_BYTES);
	const struct event ev = { .type = &bare };
	struct event_type other = bare;
	struct event_value value = { .kind = VALUE_INT };
	const struct event more = { .type = &other, .values = &value };

	assert_int_equal(SINK_CALL(&sink, event, &ev), 0);
	assert_int_equal(replay(f.data, f.buf.used, &log), -EBADMSG);

	sink = fixture_sink(&f, BUF_BYTES);
	assert_int_equal(SINK_CALL(&sink, type, &bare), 0);
	assert_int_equal(replay(f.data, f.buf.used, &log), -EBADMSG);

	sink = fixture_sink(&f, BUF_BYTES);
	other.id = 0;
	assert_int_equal(SINK_CALL(&sink, type, &other), 0);
	other.nfields = 1;
	assert_int_equal(SINK_CALL(&sink, event, &more), 0);
	assert_int_equal(replay(f.data, f.buf.used, &log), -EBADMSG);
}

/* Types of one buffer serve the events of the next. */
static void types_outlive_buffers(void **state)
{
	static struct fixture f;
	static struct log log;
	const struct sink log_sink = { .ops = &log_ops, .ctx = &log };
	struct sink sink = fixture_sink(&f, BUF_BYTES);
	const struct event ev = { .ts = 8, .type = &bare };
	struct event_type first = bare;
	struct stream_reader *r;

	first.id = 0;
	first.name = "first";
	assert_int_equal(stream_reader_new(&r), 0);
	assert_int_equal(SINK_CALL(&sink, type, &first), 0);
	assert_int_equal(SINK_CALL(&sink, type, &bare), 0);
	assert_int_equal(stream_read(r, f.data, f.buf.used, &log_sink), 0);
	memset(f.data, 0xff, sizeof(f.data));
	sink = fixture_sink(&f, BUF_BYTES);
	assert_int_equal(SINK_CALL(&sink, event, &ev), 0);
	assert_int_equal(stream_read(r, f.data, f.buf.used, &log_sink), 0);
	assert_string_equal(log.text, "type 0 /first <>\ntype 1 /bare <>\nevent 8 bare tid 0 cpu 0 buffer 0\n");
	stream_reader_free(r);
	stream_reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(full_buffer),
		cmocka_unit_test(message_too_long),
		cmocka_unit_test(sink_stops_reading),
		cmocka_unit_test(truncated),
		cmocka_unit_test(hostile),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(types_outlive_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
