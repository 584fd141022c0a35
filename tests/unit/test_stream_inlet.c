// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stream_inlet.c - a stream whose bytes come in any pieces gives the same calls; what is no stream, damaged or too
 * long is refused and named, and what came before it was delivered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spine/stream_inlet.h"

#define INLET_BYTES	(2 * STREAM_MESSAGE_MAX)
#define METAS		100

struct seen {
	int	metas, ends;
	int	enough_at;	/* metas after which it is enough; 0 never */
};

static int see_meta(void *ctx, const char *key, const char *value)
{
	assert_string_equal(key, "key");
	assert_string_equal(value, "some value");
	((struct seen *)ctx)->metas++;
	return 0;
}

static int see_end(void *ctx)
{
	((struct seen *)ctx)->ends++;
	return 0;
}

static const struct sink_ops seen_ops = { .meta = see_meta, .end = see_end };

static bool is_enough(void *ctx)
{
	const struct seen *seen = ctx;

	return seen->metas == seen->enough_at;
}

static int no_next(struct stream_writer *w)
{
	return -ENOSPC;
}

struct bytes {
	_Alignas(8) char	data[8192];
	size_t			used;
};

/* A header, METAS facts, and the end. */
static void make_stream(struct bytes *b)
{
	struct stream_header header;
	struct stream_buf buf = { .size = sizeof(b->data) - sizeof(header), .data = b->data + sizeof(header) };
	struct stream_writer writer = { .buf = &buf, .next = no_next };
	const struct sink sink = stream_writer_sink(&writer);

	stream_header_fill(&header);
	memcpy(b->data, &header, sizeof(header));
	for (int i = 0; i < METAS; i++)
		assert_int_equal(SINK_CALL(&sink, meta, "key", "some value"), 0);
	assert_int_equal(SINK_CALL(&sink, end), 0);
	b->used = sizeof(header) + buf.used;
}

static void put(struct stream_inlet *in, const char *data, size_t bytes)
{
	size_t room;
	void *at = stream_inlet_room(in, &room);

	assert_true(room >= bytes);
	memcpy(at, data, bytes);
	stream_inlet_added(in, bytes);
}

/* What _play answers when the bytes have come in pieces of @piece. */
static int play_pieces(const char *data, size_t bytes, size_t piece, struct seen *seen, char *why)
{
	const struct sink sink = { &seen_ops, seen };
	struct stream_inlet *in;
	int ret = 0;

	*seen = (struct seen){ 0 };
	assert_int_equal(stream_inlet_new(INLET_BYTES, &in), 0);
	for (size_t at = 0; at < bytes && !ret; at += piece) {
		put(in, data + at, bytes - at < piece ? bytes - at : piece);
		ret = stream_inlet_play(in, &sink, is_enough, seen);
	}
	if (ret < 0)
		assert_int_equal(stream_inlet_play(in, &sink, is_enough, seen), ret);
	strcpy(why, stream_inlet_why(in));
	stream_inlet_free(in);
	return ret;
}

static void any_pieces(void **state)
{
	struct bytes b;
	struct seen seen;
	char why[256];

	make_stream(&b);
	for (size_t piece = 1; piece <= b.used; piece += piece < 50 ? 1 : 97) {
		assert_int_equal(play_pieces(b.data, b.used, piece, &seen, why), -ENODATA);
		assert_int_equal(seen.metas, METAS);
		assert_int_equal(seen.ends, 1);
	}
}

/* Nothing is wrong with a stream that stops in the middle: more may come. */
static void cut(void **state)
{
	struct bytes b;
	struct seen seen;
	char why[256];

	make_stream(&b);
	for (size_t len = 0; len < b.used; len++) {
		assert_int_equal(play_pieces(b.data, len, len + 1, &seen, why), 0);
		/* Facts of 8 bytes of head, "key" and "some value" with their NULs, rounded up. */
		assert_int_equal(seen.metas, len < sizeof(struct stream_header) ? 0 : (len - sizeof(struct stream_header)) / 24);
		assert_int_equal(seen.ends, 0);
	}
}

static void not_a_stream(void **state)
{
	static const struct {
		size_t		at;
		const char	*bytes;
		size_t		n;
		const char	*why;
	} rows[] = {
		{ 0, "x", 1, "is no stream of squall, or one that was joined after its beginning" },
		{ 7, "x", 1, "is no stream of squall, or one that was joined after its beginning" },
		{ 8, "\1\2\3\4", 4, "is a stream of a machine with another byte order" },
		{ 12, "\2\0\0\0", 4, "is a stream of version 2, and this squall reads version 1" },
	};
	struct seen seen;
	char why[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b;

		make_stream(&b);
		memcpy(b.data + rows[i].at, rows[i].bytes, rows[i].n);
		assert_int_equal(play_pieces(b.data, b.used, 5, &seen, why), -EBADMSG);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(seen.metas, 0);
	}
}

/* The eleventh fact says that it is longer than anything is, or is of no kind: at byte 32 + 10 * 24. */
static void damaged(void **state)
{
	const uint32_t lengths[] = { STREAM_MESSAGE_MAX + 8, UINT32_MAX - 7, 4, 0, 25 };
	struct seen seen;
	struct bytes b;
	char why[256];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		make_stream(&b);
		memcpy(b.data + 272, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(play_pieces(b.data, b.used, 100, &seen, why), -EBADMSG);
		assert_string_equal(why, "is damaged after 272 bytes");
		assert_int_equal(seen.metas, 10);
	}
	make_stream(&b);
	b.data[272 + 4] = 99;
	assert_int_equal(play_pieces(b.data, b.used, 100, &seen, why), -EBADMSG);
	make_stream(&b);
	memset(b.data + 272 + 8, 'x', 16);	/* no string ends */
	assert_int_equal(play_pieces(b.data, b.used, 100, &seen, why), -EBADMSG);
	assert_string_equal(why, "is damaged after 272 bytes");
}

static void held_back(void **state)
{
	struct seen seen = { .enough_at = 3 };
	const struct sink sink = { &seen_ops, &seen };
	struct stream_inlet *in;
	struct bytes b;

	make_stream(&b);
	assert_int_equal(stream_inlet_new(INLET_BYTES, &in), 0);
	put(in, b.data, b.used);
	assert_int_equal(stream_inlet_play(in, &sink, is_enough, &seen), 1);
	assert_int_equal(seen.metas, 3);
	seen.enough_at = 4;
	assert_int_equal(stream_inlet_play(in, &sink, is_enough, &seen), 1);
	assert_int_equal(seen.metas, 4);
	seen.enough_at = 0;
	assert_int_equal(stream_inlet_play(in, &sink, is_enough, &seen), -ENODATA);
	assert_int_equal(seen.metas, METAS);
	stream_inlet_free(in);
}

/* Full, it takes no more; played, there is room again, and what was cut goes on. */
static void full(void **state)
{
	struct seen seen = { 0 };
	const struct sink sink = { &seen_ops, &seen };
	struct stream_inlet *in;
	struct bytes b;
	size_t room;

	make_stream(&b);
	assert_int_equal(stream_inlet_new(INLET_BYTES, &in), 0);
	put(in, b.data, sizeof(struct stream_header));
	for (int i = 0; i < (INLET_BYTES - 32) / 24; i++)
		put(in, b.data + 32, 24);
	stream_inlet_room(in, &room);
	assert_int_equal(room, (INLET_BYTES - 32) % 24);
	put(in, b.data + 32, room);
	stream_inlet_room(in, &room);
	assert_int_equal(room, 0);
	assert_int_equal(stream_inlet_play(in, &sink, is_enough, &seen), 0);
	assert_int_equal(seen.metas, (INLET_BYTES - 32) / 24);
	put(in, b.data + 32 + (INLET_BYTES - 32) % 24, 24 - (INLET_BYTES - 32) % 24);
	assert_int_equal(stream_inlet_play(in, &sink, is_enough, &seen), 0);
	assert_int_equal(seen.metas, (INLET_BYTES - 32) / 24 + 1);
	stream_inlet_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pieces),
		cmocka_unit_test(cut),
		cmocka_unit_test(not_a_stream),
		cmocka_unit_test(damaged),
		cmocka_unit_test(held_back),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
