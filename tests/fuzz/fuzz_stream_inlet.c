// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_stream_inlet.c - any bytes as a stream from another machine (libFuzzer). The first byte says in what pieces they
 * come; unless it is odd a sound header is put before them, so that messages are reached. A sink checks what sinks rely
 * on, and reads every text, so that the sanitizer looks.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "spine/stream_inlet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Less than the contract says, for speed: a message that never fits must do no harm either. */
#define INLET_BYTES	(128u << 10)

struct check {
	uint32_t	types, calls;
	uint64_t	bytes;
};

static int on_type(void *ctx, const struct event_type *type)
{
	struct check *check = ctx;

	assert(type->id == check->types++ && type->nfields <= EVENT_MAX_FIELDS);
	check->bytes += strlen(type->system) + strlen(type->name) + strlen(type->format);
	for (int i = 0; i < type->nfields; i++)
		check->bytes += strlen(type->fields[i].name);
	return 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct check *check = ctx;

	assert(ev->type->id < check->types);
	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];

		assert(v->kind <= VALUE_BLOB);
		for (uint32_t k = 0; (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB) && k < v->len; k++)
			check->bytes += v->p[k] != '\n';
	}
	return 0;
}

static int on_sample(void *ctx, const struct sample *sample)
{
	assert(sample->scope <= SCOPE_DEVICE);
	((struct check *)ctx)->bytes += strlen(sample->name) + strlen(sample->unit);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	((struct check *)ctx)->bytes += strlen(key) + strlen(value);
	return 0;
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	((struct check *)ctx)->bytes += strlen(change->comm) + strlen(change->via) + strlen(change->reason);
	return 0;
}

static bool is_enough(void *ctx)
{
	return ++((struct check *)ctx)->calls % 3 == 0;
}

static void put(struct stream_inlet *in, const void *data, size_t bytes)
{
	size_t room;
	void *at = stream_inlet_room(in, &room);

	memcpy(at, data, bytes < room ? bytes : room);
	stream_inlet_added(in, bytes < room ? bytes : room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sink_ops ops = {
		.type = on_type, .event = on_event, .sample = on_sample, .meta = on_meta, .failures = on_failures,
	};
	struct check check = { 0 };
	const struct sink sink = { &ops, &check };
	struct stream_header header;
	struct stream_inlet *in;
	size_t piece = size ? data[0] / 2 * 16 + 1 : 1;
	int ret = 0;

	if (!size || stream_inlet_new(INLET_BYTES, &in))
		return 0;
	stream_header_fill(&header);
	if (!(data[0] & 1))
		put(in, &header, sizeof(header));
	for (size_t at = 1; at < size && ret >= 0; at += piece) {
		put(in, data + at, size - at < piece ? size - at : piece);
		while ((ret = stream_inlet_play(in, &sink, is_enough, &check)) == 1)
			;
	}
	assert(ret == 0 || ret == -ENODATA || ret == -EBADMSG);
	assert((ret == -EBADMSG) == (*stream_inlet_why(in) != '\0'));
	stream_inlet_free(in);
	return 0;
}
