// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_text.c - any bytes through the text source (libFuzzer). Beyond what the sanitizers see, a sink checks what every
 * sink relies on: types are announced in order before their events, events come in order of time, and values lie
 * within their bounds.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct check {
	uint32_t	types;
	uint64_t	last_ts;
	uint64_t	bytes;		/* of texts: reading them lets the sanitizer look */
};

static int on_type(void *ctx, const struct event_type *type)
{
	struct check *check = ctx;

	assert(type->id == check->types++);
	assert(type->nfields <= EVENT_MAX_FIELDS);
	assert(*type->name && type->system && type->format);
	for (int i = 0; i < type->nfields; i++)
		for (int j = 0; j < i; j++)
			assert(strcmp(type->fields[i].name, type->fields[j].name));
	return 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct check *check = ctx;

	assert(ev->type->id < check->types);
	assert(ev->ts >= check->last_ts && ev->ts <= INT64_MAX);
	assert(ev->tid >= 0 && ev->cpu != EVENT_CPU_UNKNOWN);
	check->last_ts = ev->ts;
	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];

		assert(v->kind <= VALUE_TEXT);
		if (v->kind == VALUE_TEXT)
			for (uint32_t k = 0; k < v->len; k++)
				check->bytes += v->p[k] != '\n';
	}
	return 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct check *check = ctx;

	assert(loss->events >= LOSS_COUNT_UNKNOWN && loss->ts >= check->last_ts);
	return 0;
}

static int on_task(void *ctx, const struct task_name *task)
{
	struct check *check = ctx;

	check->bytes += strlen(task->comm);
	assert(task->tid >= 0 && task->tgid >= 0);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct check *check = ctx;

	check->bytes += strlen(key) + strlen(value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sink_ops ops = {
		.type = on_type, .event = on_event, .loss = on_loss, .task = on_task, .meta = on_meta,
	};
	struct source_progress progress = { 0 };
	struct source_input in = { .path = "-", .fd = memfd_create("fuzz", MFD_CLOEXEC), .progress = &progress };
	struct source_error why = { 0 };
	struct check check = { 0 };
	const struct sink sink = { &ops, &check };
	int err;

	if (in.fd < 0 || write(in.fd, data, size) != size || lseek(in.fd, 0, SEEK_SET))
		return 0;
	text_source.probe(data, size < SOURCE_PROBE_BYTES ? size : SOURCE_PROBE_BYTES);
	err = text_source.run(&in, &sink, &why);
	assert(err == 0 || err == -EBADMSG);
	assert(!err == !*why.what);
	close(in.fd);
	return 0;
}
