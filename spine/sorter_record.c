// SPDX-License-Identifier: GPL-2.0-only
/*
 * sorter_record.c - see sorter_record.h.
 */
#include "spine/sorter_record.h"

#include <errno.h>
#include <string.h>

#define VARINT_BYTES	10u
#define STAGE_BYTES	32u		/* names of stages are short: "ring", "reader" */

enum record_kind { RECORD_EVENT, RECORD_LOSS, RECORD_TASK };

uint32_t record_len(const char *record)
{
	uint32_t len;

	memcpy(&len, record, sizeof(len));
	return len;
}

uint64_t record_ts(const char *record)
{
	uint64_t ts;

	memcpy(&ts, record + 4, sizeof(ts));
	return ts;
}

/* --- writing --- */

static char *put_number(char *p, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = value | 0x80;
	*p++ = value;
	return p;
}

/* Small numbers of either sign become small ones without. */
static char *put_signed(char *p, int64_t value)
{
	return put_number(p, ((uint64_t)value << 1) ^ (value >> 63));
}

static char *put_bytes(char *p, const char *bytes, uint32_t len)
{
	p = put_number(p, len);
	memcpy(p, bytes, len);
	return p + len;
}

static char *put_value(char *p, const struct event_value *v)
{
	*p++ = v->kind;
	switch ((enum value_kind)v->kind) {
	case VALUE_INT:
		return put_signed(p, v->i);
	case VALUE_UINT:
		return put_number(p, v->u);
	case VALUE_TEXT:
	case VALUE_BLOB:
		return put_bytes(p, v->p, v->len);
	case VALUE_NONE:
		break;
	}
	return p;
}

/* The head, when the body up to @end is written. */
static uint32_t put_head(char *record, const char *end, uint64_t ts, enum record_kind kind)
{
	uint32_t len = end - record;

	memcpy(record, &len, sizeof(len));
	memcpy(record + 4, &ts, sizeof(ts));
	record[12] = kind;
	return len;
}

size_t record_event_bytes(const struct event *ev)
{
	size_t bytes = RECORD_HEAD_BYTES + sizeof(ev->type) + 3 * VARINT_BYTES;

	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];

		bytes += 1 + VARINT_BYTES;
		if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
			bytes += v->len;
	}
	return bytes;
}

uint32_t record_put_event(char *record, const struct event *ev)
{
	char *p = record + RECORD_HEAD_BYTES;

	memcpy(p, &ev->type, sizeof(ev->type));
	p = put_signed(p + sizeof(ev->type), ev->tid);
	p = put_number(p, ev->cpu);
	p = put_number(p, ev->buffer);
	for (int i = 0; i < ev->type->nfields; i++)
		p = put_value(p, &ev->values[i]);
	return put_head(record, p, ev->ts, RECORD_EVENT);
}

size_t record_loss_bytes(const struct loss *loss)
{
	return RECORD_HEAD_BYTES + 4 * VARINT_BYTES + STAGE_BYTES;
}

uint32_t record_put_loss(char *record, const struct loss *loss)
{
	char *p = put_signed(record + RECORD_HEAD_BYTES, loss->events);

	p = put_number(p, loss->cpu);
	p = put_number(p, loss->buffer);
	p = put_bytes(p, loss->stage, strnlen(loss->stage, STAGE_BYTES - 1));
	return put_head(record, p, loss->ts, RECORD_LOSS);
}

size_t record_task_bytes(const struct task_name *task)
{
	return RECORD_HEAD_BYTES + 4 * VARINT_BYTES + strlen(task->comm) + 1;
}

uint32_t record_put_task(char *record, uint64_t ts, const struct task_name *task)
{
	char *p = put_signed(record + RECORD_HEAD_BYTES, task->tid);

	p = put_signed(p, task->tgid);
	p = put_number(p, task->cgroup_id);
	p = put_bytes(p, task->comm, strlen(task->comm) + 1);
	return put_head(record, p, ts, RECORD_TASK);
}

/* --- reading --- */

static const char *get_number(const char *p, uint64_t *value)
{
	unsigned int shift = 0;

	for (*value = 0; *p & 0x80; shift += 7)
		*value |= (uint64_t)(*p++ & 0x7f) << shift;
	*value |= (uint64_t)(*p++ & 0x7f) << shift;
	return p;
}

static const char *get_signed(const char *p, int64_t *value)
{
	uint64_t zigzag;

	p = get_number(p, &zigzag);
	*value = (zigzag >> 1) ^ -(zigzag & 1);
	return p;
}

static const char *get_value(const char *p, struct event_value *v)
{
	uint64_t len;

	v->kind = *p++;
	switch ((enum value_kind)v->kind) {
	case VALUE_INT:
		return get_signed(p, &v->i);
	case VALUE_UINT:
		return get_number(p, &v->u);
	case VALUE_TEXT:
	case VALUE_BLOB:
		v->p = get_number(p, &len);
		v->len = len;
		return v->p + len;
	case VALUE_NONE:
		break;
	}
	return p;
}

static int emit_event(uint64_t ts, const char *p, struct event_value *values, const struct sink *sink)
{
	struct event ev = { .ts = ts, .values = values };
	uint64_t cpu, buffer;
	int64_t tid;

	memcpy(&ev.type, p, sizeof(ev.type));
	p = get_signed(p + sizeof(ev.type), &tid);
	p = get_number(p, &cpu);
	p = get_number(p, &buffer);
	for (int i = 0; i < ev.type->nfields; i++)
		p = get_value(p, &values[i]);
	ev.tid = tid;
	ev.cpu = cpu;
	ev.buffer = buffer;
	return SINK_CALL(sink, event, &ev);
}

static int emit_loss(uint64_t ts, const char *p, const struct sink *sink)
{
	uint64_t cpu, buffer, len;
	struct loss loss = { .ts = ts };
	char stage[STAGE_BYTES];

	p = get_signed(p, &loss.events);
	p = get_number(p, &cpu);
	p = get_number(p, &buffer);
	p = get_number(p, &len);
	memcpy(stage, p, len);
	stage[len] = '\0';
	loss.cpu = cpu;
	loss.buffer = buffer;
	loss.stage = stage;
	return SINK_CALL(sink, loss, &loss);
}

static int emit_task(const char *p, const struct sink *sink)
{
	struct task_name task;
	int64_t tid, tgid;
	uint64_t len;

	p = get_signed(p, &tid);
	p = get_signed(p, &tgid);
	p = get_number(p, &task.cgroup_id);
	task.comm = get_number(p, &len);
	task.tid = tid;
	task.tgid = tgid;
	return SINK_CALL(sink, task, &task);
}

int record_emit(const char *record, struct event_value values[EVENT_MAX_FIELDS], const struct sink *sink)
{
	uint64_t ts = record_ts(record);
	const char *body = record + RECORD_HEAD_BYTES;

	switch ((enum record_kind)record[12]) {
	case RECORD_EVENT:
		return emit_event(ts, body, values, sink);
	case RECORD_LOSS:
		return emit_loss(ts, body, sink);
	case RECORD_TASK:
		return emit_task(body, sink);
	}
	return -EIO;
}
