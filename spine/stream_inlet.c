// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream_inlet.c - see stream_inlet.h. One buffer: bytes are added behind, played in front, and moved to its start when
 * there is no room behind them. The header is a multiple of 8 bytes, so every message lies as its members need it.
 */
#include "spine/stream_inlet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST	(256u << 10)	/* then it is worth moving what is left */

_Static_assert(sizeof(struct stream_header) % 8 == 0, "messages follow at a multiple of 8");

struct stream_inlet {
	struct stream_reader	*reader;
	char			*data;
	size_t			size;
	size_t			start, end;	/* not played yet: data[start, end) */
	uint64_t		played;		/* bytes */
	bool			begun;		/* the header was there */
	int			over;		/* what _play answers from now on; 0 not yet */
	char			why[160];
};

int stream_inlet_new(size_t bytes, struct stream_inlet **out)
{
	struct stream_inlet *in = calloc(1, sizeof(*in));

	if (!in)
		return -ENOMEM;
	in->size = bytes;
	in->data = malloc(bytes);
	if (!in->data || stream_reader_new(&in->reader)) {
		stream_inlet_free(in);
		return -ENOMEM;
	}
	*out = in;
	return 0;
}

void stream_inlet_free(struct stream_inlet *in)
{
	if (!in)
		return;
	stream_reader_free(in->reader);
	free(in->data);
	free(in);
}

void *stream_inlet_room(struct stream_inlet *in, size_t *bytes)
{
	if (in->start && in->size - in->end < ROOM_LEAST) {
		memmove(in->data, in->data + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
	}
	*bytes = in->size - in->end;
	return in->data + in->end;
}

void stream_inlet_added(struct stream_inlet *in, size_t bytes)
{
	in->end += bytes;
}

const char *stream_inlet_why(const struct stream_inlet *in)
{
	return in->why;
}

__attribute__((format(printf, 2, 3)))
static int refuse(struct stream_inlet *in, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(in->why, sizeof(in->why), format, args);
	va_end(args);
	return -EBADMSG;
}

static void consume(struct stream_inlet *in, size_t bytes)
{
	in->start += bytes;
	in->played += bytes;
}

/* 0, also while it has not come as a whole. What cannot become a header is refused at once. */
static int take_header(struct stream_inlet *in)
{
	const struct stream_header *header = (const void *)(in->data + in->start);
	size_t there = in->end - in->start;
	size_t magic = there < sizeof(header->magic) ? there : sizeof(header->magic);

	if (memcmp(header->magic, STREAM_MAGIC, magic))
		return refuse(in, "is no stream of squall, or one that was joined after its beginning");
	if (there < sizeof(*header))
		return 0;
	if (header->order != STREAM_ORDER)
		return refuse(in, "is a stream of a machine with another byte order");
	if (header->version != STREAM_VERSION)
		return refuse(in, "is a stream of version %" PRIu32 ", and this squall reads version %u", header->version,
			      STREAM_VERSION);
	in->begun = true;
	consume(in, sizeof(*header));
	return 0;
}

/* Length of the next message if it is there as a whole, else 0. */
static int64_t whole_message(struct stream_inlet *in)
{
	int64_t bytes = stream_message_bytes(in->data + in->start, in->end - in->start);

	if (bytes < 0 || bytes > STREAM_MESSAGE_MAX)
		return refuse(in, "is damaged after %" PRIu64 " bytes", in->played);
	return bytes <= (int64_t)(in->end - in->start) ? bytes : 0;
}

static int play_message(struct stream_inlet *in, uint32_t bytes, const struct sink *sink)
{
	const char *message = in->data + in->start;
	int ret = stream_read(in->reader, message, bytes, sink);

	if (ret == -EBADMSG)
		return refuse(in, "is damaged after %" PRIu64 " bytes", in->played);
	if (!ret && stream_message_is_end(message))
		ret = -ENODATA;
	consume(in, bytes);
	return ret;
}

static int play(struct stream_inlet *in, const struct sink *sink, bool (*enough)(void *ctx), void *ctx)
{
	int ret = in->begun ? 0 : take_header(in);

	if (!in->begun)
		return ret;
	while (!ret) {
		int64_t bytes = whole_message(in);

		if (bytes <= 0)
			return bytes;
		ret = play_message(in, bytes, sink);
		if (!ret && enough(ctx))
			return 1;
	}
	return ret;
}

int stream_inlet_play(struct stream_inlet *in, const struct sink *sink, bool (*enough)(void *ctx), void *ctx)
{
	int ret = in->over;

	if (!ret)
		ret = play(in, sink, enough, ctx);
	if (ret < 0)
		in->over = ret;
	return ret;
}
