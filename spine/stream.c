// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - sink calls as bytes, and back.
 *
 * A message is a struct msg_head, the fixed part of its kind, then what has no fixed size: terminated strings in the
 * order of the call's members, or an event's values. Every message starts at a multiple of 8 and its bytes say how long
 * it is. An event costs 24 bytes, one byte per field for the kinds (rounded up to 8), 8 bytes per field, and its texts:
 * about 100 bytes for a reclaim event of eight numbers.
 */
#include "spine/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MSG_ALIGN	8u

/* A trace has at most 65535 event ids (common_type is 16 bits), and sources announce what they saw. */
#define STREAM_MAX_TYPES	65536u

/* What all announced types may take together: 2,500 formats of a whole kernel are 3 MB. */
#define STREAM_MAX_TYPE_BYTES	(32u << 20)

enum msg_kind {
	MSG_TYPE = 1, MSG_EVENT, MSG_LOSS, MSG_SAMPLE, MSG_TASK, MSG_SYMBOL, MSG_BUFFER, MSG_META, MSG_CGROUP,
	MSG_FAILURES, MSG_END, MSG_COUNT,
};

struct msg_head {
	uint32_t	bytes;		/* with head and padding */
	uint16_t	kind;		/* enum msg_kind */
	uint16_t	n;		/* fields of a type, values of an event */
};

struct msg_type {
	struct msg_head	head;
	uint32_t	id;
	uint32_t	unused;
	/* n bytes: field kinds; then system, name, format and n field names */
};

struct msg_event {
	struct msg_head	head;
	uint64_t	ts;
	uint32_t	type_id;
	int32_t		tid;
	uint16_t	cpu;
	uint16_t	buffer;
	uint32_t	unused;
	/* n bytes of kinds, padding to 8, n times 8 bytes (numbers, or struct msg_span), bytes of texts and blobs */
};

/* Where a text or blob lies, from the start of its message. */
struct msg_span {
	uint32_t	offset;
	uint32_t	len;
};

struct msg_loss {
	struct msg_head	head;
	uint64_t	ts;
	int64_t		events;
	uint16_t	cpu;
	uint16_t	buffer;
	uint32_t	unused;
	/* stage */
};

struct msg_sample {
	struct msg_head	head;
	uint64_t	ts;
	uint64_t	cgroup_id;
	int64_t		value;
	int32_t		node;
	uint32_t	scope;
	/* name, unit */
};

struct msg_task {
	struct msg_head	head;
	uint64_t	cgroup_id;
	int32_t		tid;
	int32_t		tgid;
	/* comm */
};

struct msg_symbol {
	struct msg_head	head;
	uint64_t	addr;
	/* name */
};

struct msg_buffer {
	struct msg_head	head;
	uint64_t	buffer;
	/* name */
};

struct msg_cgroup {
	struct msg_head	head;
	uint64_t	id;
	/* path */
};

struct msg_failures {
	struct msg_head	head;
	uint64_t	ts;
	uint64_t	cgroup_id;
	int32_t		node;
	int32_t		value;
	int32_t		previous;
	int32_t		tid;
	/* comm, via, reason */
};

/* key, value */
struct msg_meta {
	struct msg_head	head;
};

static size_t align_up(size_t bytes)
{
	return (bytes + MSG_ALIGN - 1) & ~(size_t)(MSG_ALIGN - 1);
}

static size_t string_bytes(const char *s)
{
	return s ? strlen(s) + 1 : 1;
}

static char *put_string(char *at, const char *s)
{
	size_t bytes = string_bytes(s);

	memcpy(at, s ? s : "", bytes);
	return at + bytes;
}

/* Room for a message of @bytes, zero in its padding; the message exists once msg_done() was called. */
static int msg_start(struct stream_writer *w, enum msg_kind kind, unsigned int n, size_t bytes, void *out)
{
	size_t total = align_up(bytes);
	uint32_t used = atomic_load_explicit(&w->buf->used, memory_order_relaxed);
	struct msg_head *head;
	int ret;

	if (total > w->buf->size - used) {
		ret = w->next(w);
		if (ret)
			return ret;
		used = atomic_load_explicit(&w->buf->used, memory_order_relaxed);
		if (total > w->buf->size - used)
			return -EMSGSIZE;
	}
	head = (struct msg_head *)(w->buf->data + used);
	memset((char *)head + total - MSG_ALIGN, 0, MSG_ALIGN);
	head->bytes = total;
	head->kind = kind;
	head->n = n;
	*(void **)out = head;
	return 0;
}

/* Release order: whoever sees the new fill level sees the bytes too, also when this process dies right after. */
static int msg_done(struct stream_writer *w, const struct msg_head *head)
{
	uint32_t used = atomic_load_explicit(&w->buf->used, memory_order_relaxed);

	atomic_store_explicit(&w->buf->used, used + head->bytes, memory_order_release);
	return 0;
}

static int write_type(void *ctx, const struct event_type *type)
{
	struct stream_writer *w = ctx;
	size_t bytes = sizeof(struct msg_type) + type->nfields;
	struct msg_type *msg;
	char *at;
	int ret;

	if (type->nfields > EVENT_MAX_FIELDS)
		return -EMSGSIZE;
	bytes += string_bytes(type->system) + string_bytes(type->name) + string_bytes(type->format);
	for (int i = 0; i < type->nfields; i++)
		bytes += string_bytes(type->fields[i].name);
	ret = msg_start(w, MSG_TYPE, type->nfields, bytes, &msg);
	if (ret)
		return ret;
	msg->id = type->id;
	msg->unused = 0;
	at = (char *)(msg + 1);
	for (int i = 0; i < type->nfields; i++)
		*at++ = type->fields[i].kind;
	at = put_string(at, type->system);
	at = put_string(at, type->name);
	at = put_string(at, type->format);
	for (int i = 0; i < type->nfields; i++)
		at = put_string(at, type->fields[i].name);
	return msg_done(w, &msg->head);
}

static bool value_has_bytes(unsigned int kind)
{
	return kind == VALUE_TEXT || kind == VALUE_BLOB;
}

static int write_event(void *ctx, const struct event *ev)
{
	struct stream_writer *w = ctx;
	unsigned int n = ev->type->nfields;
	size_t fixed = sizeof(struct msg_event) + align_up(n) + n * sizeof(uint64_t);
	size_t bytes = fixed;
	struct msg_event *msg;
	uint8_t *kinds;
	uint64_t *numbers;
	int ret;

	for (unsigned int i = 0; i < n; i++)
		if (value_has_bytes(ev->values[i].kind))
			bytes += ev->values[i].len;
	ret = msg_start(w, MSG_EVENT, n, bytes, &msg);
	if (ret)
		return ret;
	msg->ts = ev->ts;
	msg->type_id = ev->type->id;
	msg->tid = ev->tid;
	msg->cpu = ev->cpu;
	msg->buffer = ev->buffer;
	msg->unused = 0;
	kinds = (uint8_t *)(msg + 1);
	numbers = (uint64_t *)(kinds + align_up(n));
	for (unsigned int i = 0; i < n; i++) {
		const struct event_value *v = &ev->values[i];

		kinds[i] = v->kind;
		numbers[i] = v->u;
		if (value_has_bytes(v->kind)) {
			struct msg_span span = { .offset = fixed, .len = v->len };

			if (v->len)
				memcpy((char *)msg + fixed, v->p, v->len);
			memcpy(&numbers[i], &span, sizeof(span));
			fixed += v->len;
		}
	}
	return msg_done(w, &msg->head);
}

static int write_loss(void *ctx, const struct loss *loss)
{
	struct stream_writer *w = ctx;
	struct msg_loss *msg;
	int ret = msg_start(w, MSG_LOSS, 0, sizeof(*msg) + string_bytes(loss->stage), &msg);

	if (ret)
		return ret;
	msg->ts = loss->ts;
	msg->events = loss->events;
	msg->cpu = loss->cpu;
	msg->buffer = loss->buffer;
	msg->unused = 0;
	put_string((char *)(msg + 1), loss->stage);
	return msg_done(w, &msg->head);
}

static int write_sample(void *ctx, const struct sample *sample)
{
	struct stream_writer *w = ctx;
	size_t bytes = sizeof(struct msg_sample) + string_bytes(sample->name) + string_bytes(sample->unit);
	struct msg_sample *msg;
	int ret = msg_start(w, MSG_SAMPLE, 0, bytes, &msg);

	if (ret)
		return ret;
	msg->ts = sample->ts;
	msg->cgroup_id = sample->cgroup_id;
	msg->value = sample->value;
	msg->node = sample->node;
	msg->scope = sample->scope;
	put_string(put_string((char *)(msg + 1), sample->name), sample->unit);
	return msg_done(w, &msg->head);
}

static int write_task(void *ctx, const struct task_name *task)
{
	struct stream_writer *w = ctx;
	struct msg_task *msg;
	int ret = msg_start(w, MSG_TASK, 0, sizeof(*msg) + string_bytes(task->comm), &msg);

	if (ret)
		return ret;
	msg->cgroup_id = task->cgroup_id;
	msg->tid = task->tid;
	msg->tgid = task->tgid;
	put_string((char *)(msg + 1), task->comm);
	return msg_done(w, &msg->head);
}

static int write_symbol(void *ctx, uint64_t addr, const char *name)
{
	struct stream_writer *w = ctx;
	struct msg_symbol *msg;
	int ret = msg_start(w, MSG_SYMBOL, 0, sizeof(*msg) + string_bytes(name), &msg);

	if (ret)
		return ret;
	msg->addr = addr;
	put_string((char *)(msg + 1), name);
	return msg_done(w, &msg->head);
}

static int write_buffer(void *ctx, uint16_t buffer, const char *name)
{
	struct stream_writer *w = ctx;
	struct msg_buffer *msg;
	int ret = msg_start(w, MSG_BUFFER, 0, sizeof(*msg) + string_bytes(name), &msg);

	if (ret)
		return ret;
	msg->buffer = buffer;
	put_string((char *)(msg + 1), name);
	return msg_done(w, &msg->head);
}

static int write_meta(void *ctx, const char *key, const char *value)
{
	struct stream_writer *w = ctx;
	struct msg_meta *msg;
	int ret = msg_start(w, MSG_META, 0, sizeof(*msg) + string_bytes(key) + string_bytes(value), &msg);

	if (ret)
		return ret;
	put_string(put_string((char *)(msg + 1), key), value);
	return msg_done(w, &msg->head);
}

static int write_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct stream_writer *w = ctx;
	struct msg_cgroup *msg;
	int ret = msg_start(w, MSG_CGROUP, 0, sizeof(*msg) + string_bytes(path), &msg);

	if (ret)
		return ret;
	msg->id = id;
	put_string((char *)(msg + 1), path);
	return msg_done(w, &msg->head);
}

static int write_failures(void *ctx, const struct failures_change *change)
{
	struct stream_writer *w = ctx;
	size_t strings = string_bytes(change->comm) + string_bytes(change->via) + string_bytes(change->reason);
	struct msg_failures *msg;
	int ret = msg_start(w, MSG_FAILURES, 0, sizeof(*msg) + strings, &msg);
	char *at;

	if (ret)
		return ret;
	msg->ts = change->ts;
	msg->cgroup_id = change->cgroup_id;
	msg->node = change->node;
	msg->value = change->value;
	msg->previous = change->previous;
	msg->tid = change->tid;
	at = put_string((char *)(msg + 1), change->comm);
	put_string(put_string(at, change->via), change->reason);
	return msg_done(w, &msg->head);
}

static int write_end(void *ctx)
{
	struct stream_writer *w = ctx;
	struct msg_head *head;
	int ret = msg_start(w, MSG_END, 0, sizeof(*head), &head);

	return ret ? ret : msg_done(w, head);
}

struct sink stream_writer_sink(struct stream_writer *w)
{
	static const struct sink_ops ops = {
		.type	= write_type,
		.event	= write_event,
		.loss	= write_loss,
		.sample	= write_sample,
		.task	= write_task,
		.symbol	= write_symbol,
		.buffer	= write_buffer,
		.meta	= write_meta,
		.cgroup	= write_cgroup,
		.failures = write_failures,
		.end	= write_end,
	};

	return (struct sink){ .ops = &ops, .ctx = w };
}

struct stream_reader {
	struct event_type	**types;	/* by id */
	uint32_t		ntypes;
	uint32_t		room;
	size_t			type_bytes;	/* what they take, at most STREAM_MAX_TYPE_BYTES */
};

int stream_reader_new(struct stream_reader **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void stream_reader_free(struct stream_reader *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->ntypes; i++)
		free(r->types[i]);
	free(r->types);
	free(r);
}

/* What is left of a message while its strings are taken from it. */
struct tail {
	const char	*at;
	const char	*end;
};

static struct tail tail_of(const struct msg_head *head, size_t fixed)
{
	return (struct tail){ .at = (const char *)head + fixed, .end = (const char *)head + head->bytes };
}

/* The next terminated string, NULL when there is none. */
static const char *tail_string(struct tail *tail)
{
	const char *s = tail->at;
	const char *zero = memchr(s, 0, tail->end - s);

	if (!zero)
		return NULL;
	tail->at = zero + 1;
	return s;
}

static int types_reserve(struct stream_reader *r)
{
	uint32_t room = r->room ? r->room * 2 : 64;
	struct event_type **types;

	if (r->ntypes < r->room)
		return 0;
	types = realloc(r->types, room * sizeof(*types));
	if (!types)
		return -ENOMEM;
	r->types = types;
	r->room = room;
	return 0;
}

/* One allocation holds the type, its fields and a copy of the message, which the names point into. */
static int type_build(const struct msg_type *msg, size_t bytes, struct event_type **out)
{
	size_t fields_bytes = msg->head.n * sizeof(struct event_field);
	struct event_type *type = malloc(bytes);
	struct event_field *fields;
	struct msg_type *copy;
	struct tail tail;

	if (!type)
		return -ENOMEM;
	fields = (struct event_field *)(type + 1);
	copy = (struct msg_type *)((char *)fields + fields_bytes);
	memcpy(copy, msg, msg->head.bytes);
	tail = tail_of(&copy->head, sizeof(*copy) + copy->head.n);
	type->id = copy->id;
	type->nfields = copy->head.n;
	type->system = tail_string(&tail);
	type->name = type->system ? tail_string(&tail) : NULL;
	type->format = type->name ? tail_string(&tail) : NULL;
	type->fields = fields;
	if (!type->format)
		goto free_type;
	for (int i = 0; i < type->nfields; i++) {
		fields[i].kind = ((const uint8_t *)(copy + 1))[i];
		fields[i].name = tail_string(&tail);
		if (!fields[i].name || fields[i].kind > VALUE_BLOB)
			goto free_type;
	}
	*out = type;
	return 0;

free_type:
	free(type);
	return -EBADMSG;
}

static int read_type(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_type *msg = (const void *)head;
	size_t bytes = sizeof(struct event_type) + head->n * sizeof(struct event_field) + head->bytes;
	struct event_type *type;
	int ret;

	if (head->n > EVENT_MAX_FIELDS || sizeof(*msg) + head->n > head->bytes)
		return -EBADMSG;
	if (msg->id != r->ntypes || r->ntypes >= STREAM_MAX_TYPES || bytes > STREAM_MAX_TYPE_BYTES - r->type_bytes)
		return -EBADMSG;
	ret = types_reserve(r);
	if (!ret)
		ret = type_build(msg, bytes, &type);
	if (ret)
		return ret;
	r->types[r->ntypes++] = type;
	r->type_bytes += bytes;
	return SINK_CALL(sink, type, type);
}

/* The values of @msg into @values; false when one does not fit into the message. */
static bool values_read(const struct msg_event *msg, size_t fixed, struct event_value *values)
{
	const uint8_t *kinds = (const uint8_t *)(msg + 1);
	const uint64_t *numbers = (const uint64_t *)(kinds + align_up(msg->head.n));

	for (unsigned int i = 0; i < msg->head.n; i++) {
		struct event_value *v = &values[i];
		struct msg_span span;

		v->kind = kinds[i];
		v->u = numbers[i];
		v->len = 0;
		if (!value_has_bytes(v->kind)) {
			if (v->kind > VALUE_BLOB)
				return false;
			continue;
		}
		memcpy(&span, &numbers[i], sizeof(span));
		if (span.offset < fixed || span.offset > msg->head.bytes || span.len > msg->head.bytes - span.offset)
			return false;
		v->p = (const char *)msg + span.offset;
		v->len = span.len;
	}
	return true;
}

static int read_event(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_event *msg = (const void *)head;
	size_t fixed = sizeof(*msg) + align_up(head->n) + head->n * sizeof(uint64_t);
	struct event_value values[EVENT_MAX_FIELDS];
	struct event ev;

	if (fixed > head->bytes || msg->type_id >= r->ntypes || head->n > EVENT_MAX_FIELDS)
		return -EBADMSG;
	ev.type = r->types[msg->type_id];
	if (head->n != ev.type->nfields || !values_read(msg, fixed, values))
		return -EBADMSG;
	ev.ts = msg->ts;
	ev.tid = msg->tid;
	ev.cpu = msg->cpu;
	ev.buffer = msg->buffer;
	ev.values = values;
	return SINK_CALL(sink, event, &ev);
}

static int read_loss(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_loss *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	struct loss loss = {
		.ts = msg->ts, .events = msg->events, .cpu = msg->cpu, .buffer = msg->buffer,
		.stage = tail_string(&tail),
	};

	return loss.stage ? SINK_CALL(sink, loss, &loss) : -EBADMSG;
}

static int read_sample(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_sample *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	struct sample sample = {
		.ts = msg->ts, .scope = msg->scope, .node = msg->node, .cgroup_id = msg->cgroup_id, .value = msg->value,
	};

	sample.name = tail_string(&tail);
	sample.unit = sample.name ? tail_string(&tail) : NULL;
	if (!sample.unit || msg->scope > SCOPE_DEVICE)
		return -EBADMSG;
	return SINK_CALL(sink, sample, &sample);
}

static int read_task(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_task *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	struct task_name task = {
		.tid = msg->tid, .tgid = msg->tgid, .cgroup_id = msg->cgroup_id, .comm = tail_string(&tail),
	};

	return task.comm ? SINK_CALL(sink, task, &task) : -EBADMSG;
}

static int read_symbol(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_symbol *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	const char *name = tail_string(&tail);

	return name ? SINK_CALL(sink, symbol, msg->addr, name) : -EBADMSG;
}

static int read_buffer(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_buffer *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	const char *name = tail_string(&tail);

	return name ? SINK_CALL(sink, buffer, msg->buffer, name) : -EBADMSG;
}

static int read_meta(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	struct tail tail = tail_of(head, sizeof(struct msg_meta));
	const char *key = tail_string(&tail);
	const char *value = key ? tail_string(&tail) : NULL;

	return value ? SINK_CALL(sink, meta, key, value) : -EBADMSG;
}

static int read_cgroup(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_cgroup *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	const char *path = tail_string(&tail);

	return path ? SINK_CALL(sink, cgroup, msg->id, path) : -EBADMSG;
}

static int read_failures(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	const struct msg_failures *msg = (const void *)head;
	struct tail tail = tail_of(head, sizeof(*msg));
	struct failures_change change = {
		.ts = msg->ts, .node = msg->node, .value = msg->value, .previous = msg->previous, .tid = msg->tid,
		.cgroup_id = msg->cgroup_id,
	};

	change.comm = tail_string(&tail);
	change.via = change.comm ? tail_string(&tail) : NULL;
	change.reason = change.via ? tail_string(&tail) : NULL;
	return change.reason ? SINK_CALL(sink, failures, &change) : -EBADMSG;
}

static int read_end(struct stream_reader *r, const struct msg_head *head, const struct sink *sink)
{
	return SINK_CALL(sink, end);
}

static const struct {
	size_t	fixed_bytes;
	int	(*read)(struct stream_reader *r, const struct msg_head *head, const struct sink *sink);
} readers[] = {
	[MSG_TYPE]	= { sizeof(struct msg_type), read_type },
	[MSG_EVENT]	= { sizeof(struct msg_event), read_event },
	[MSG_LOSS]	= { sizeof(struct msg_loss), read_loss },
	[MSG_SAMPLE]	= { sizeof(struct msg_sample), read_sample },
	[MSG_TASK]	= { sizeof(struct msg_task), read_task },
	[MSG_SYMBOL]	= { sizeof(struct msg_symbol), read_symbol },
	[MSG_BUFFER]	= { sizeof(struct msg_buffer), read_buffer },
	[MSG_META]	= { sizeof(struct msg_meta), read_meta },
	[MSG_CGROUP]	= { sizeof(struct msg_cgroup), read_cgroup },
	[MSG_FAILURES]	= { sizeof(struct msg_failures), read_failures },
	[MSG_END]	= { sizeof(struct msg_head), read_end },
};
_Static_assert(sizeof(readers) / sizeof(readers[0]) == MSG_COUNT, "one reader per kind of message");

void stream_header_fill(struct stream_header *header)
{
	*header = (struct stream_header){ .order = STREAM_ORDER, .version = STREAM_VERSION, .squall = SQUALL_VERSION };
	memcpy(header->magic, STREAM_MAGIC, sizeof(header->magic));
}

int64_t stream_message_bytes(const char *data, size_t bytes)
{
	const struct msg_head *head = (const void *)data;

	if (bytes < sizeof(*head))
		return 0;
	if (!head->kind || head->kind >= MSG_COUNT || head->bytes % MSG_ALIGN ||
	    head->bytes < readers[head->kind].fixed_bytes)
		return -EBADMSG;
	return head->bytes;
}

bool stream_message_is_end(const char *data)
{
	return ((const struct msg_head *)(const void *)data)->kind == MSG_END;
}

int stream_read(struct stream_reader *r, const char *data, uint32_t used, const struct sink *sink)
{
	uint32_t at = 0;

	while (at < used) {
		const struct msg_head *head = (const void *)(data + at);
		int64_t bytes = stream_message_bytes(data + at, used - at);
		int ret;

		if (bytes <= 0 || bytes > used - at)
			return -EBADMSG;
		ret = readers[head->kind].read(r, head, sink);
		if (ret)
			return ret;
		at += head->bytes;
	}
	return 0;
}
