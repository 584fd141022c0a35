// SPDX-License-Identifier: GPL-2.0-only
/*
 * handoff.c - see handoff.h. A ring of chunks under one mutex, which is taken once per chunk and not per event; the
 * chunk that is being filled belongs to the producer alone.
 */
#include "spine/handoff.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spine/stream.h"
#include "spine/time.h"

/* So many chunks wait: the consumer has enough to take, and flushes would fill the others with next to nothing. */
#define BEHIND		3u

#define KEPT_PART	8u	/* one chunk in so many */

struct handoff {
	pthread_mutex_t		lock;
	pthread_cond_t		filled;		/* a chunk waits, or the end */
	pthread_cond_t		emptied;
	unsigned int		n;
	struct stream_buf	*chunks;	/* n of them, used in turn */
	char			*memory;
	unsigned int		filling;	/* the producer's, chunks[filling] */
	unsigned int		taking;		/* the consumer's next */
	unsigned int		waiting;	/* filled and not yet consumed: chunks[taking ...] */
	bool			closed;
	bool			abandoned;
	bool			never_wait;
	struct handoff_stats	stats;
	/* the producer's alone */
	struct stream_writer	writer;
	struct sink		encode;
	bool			may_wait;	/* what is being written waits for room */
	uint64_t		lost_events;	/* dropped since the last loss was told */
	bool			lost_unknown;	/* and some that nobody counted */
	uint64_t		last_ts;
	/* the consumer's alone */
	struct stream_reader	*reader;
};

/* What is dropped leaves room for what is not, so that a reader hardly ever waits for it. */
static unsigned int kept_chunks(const struct handoff *h)
{
	if (h->may_wait)
		return 0;
	return h->never_wait ? (h->n + KEPT_PART - 1) / KEPT_PART : h->n / KEPT_PART;
}

/* With the lock held: is there a chunk to fill after the current one? */
static bool has_room(const struct handoff *h)
{
	/* Once overrun, what is still to come may depend on what is missing. */
	return h->waiting + 1 + kept_chunks(h) < h->n && !h->stats.overrun;
}

/* With the lock held: something that others depend on has no room, and does not wait for it. */
static void overrun(struct handoff *h)
{
	h->stats.overrun = h->abandoned = true;
	pthread_cond_signal(&h->filled);
}

static void hand_on(struct handoff *h)
{
	h->waiting++;
	if (h->waiting > h->stats.waiting_max)
		h->stats.waiting_max = h->waiting;
	h->filling = (h->filling + 1) % h->n;
	atomic_store_explicit(&h->chunks[h->filling].used, 0, memory_order_relaxed);
	h->writer.buf = &h->chunks[h->filling];
	pthread_cond_signal(&h->filled);
}

/* stream_writer.next: the current chunk is full. */
static int next_chunk(struct stream_writer *w)
{
	struct handoff *h = w->ctx;
	int ret = 0;

	pthread_mutex_lock(&h->lock);
	while (!has_room(h) && h->may_wait && !h->abandoned && !h->never_wait)
		pthread_cond_wait(&h->emptied, &h->lock);
	if (!has_room(h) && h->may_wait && !h->abandoned)
		overrun(h);
	if (has_room(h))
		hand_on(h);
	else
		ret = -ENOSPC;
	pthread_mutex_unlock(&h->lock);
	return ret;
}

static int prepare(struct handoff *h, unsigned int chunks, uint32_t chunk_bytes)
{
	pthread_condattr_t attr;

	h->n = chunks;
	h->chunks = calloc(chunks, sizeof(*h->chunks));
	h->memory = malloc((size_t)chunks * chunk_bytes);
	if (!h->chunks || !h->memory || stream_reader_new(&h->reader))
		return -ENOMEM;
	/* Touched now: under memory pressure a page fault is just what must not happen later. */
	memset(h->memory, 0, (size_t)chunks * chunk_bytes);
	for (unsigned int i = 0; i < chunks; i++) {
		h->chunks[i].size = chunk_bytes;
		h->chunks[i].data = h->memory + (size_t)i * chunk_bytes;
	}
	h->writer = (struct stream_writer){ .buf = &h->chunks[0], .next = next_chunk, .ctx = h };
	h->encode = stream_writer_sink(&h->writer);
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->filled, &attr);
	pthread_cond_init(&h->emptied, &attr);
	pthread_condattr_destroy(&attr);
	return 0;
}

int handoff_new(unsigned int chunks, uint32_t chunk_bytes, struct handoff **out)
{
	struct handoff *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	if (prepare(h, chunks, chunk_bytes)) {
		handoff_free(h);
		return -ENOMEM;
	}
	*out = h;
	return 0;
}

void handoff_free(struct handoff *h)
{
	if (!h)
		return;
	stream_reader_free(h->reader);
	free(h->chunks);
	free(h->memory);
	free(h);
}

/* --- the producer --- */

static void count_drop(struct handoff *h, bool event)
{
	pthread_mutex_lock(&h->lock);
	h->stats.dropped++;
	h->stats.dropped_events += event;
	pthread_mutex_unlock(&h->lock);
	h->lost_events += event;
}

static int tell_loss(struct handoff *h, int64_t events)
{
	struct loss loss = { .ts = h->last_ts, .events = events, .cpu = EVENT_CPU_UNKNOWN, .stage = "writer" };

	return SINK_CALL(&h->encode, loss, &loss);
}

/* Tells of what was dropped, as soon as there is room for it. */
static int settle_loss(struct handoff *h)
{
	int ret = h->lost_events ? tell_loss(h, h->lost_events) : 0;

	if (ret)
		return ret;
	h->lost_events = 0;
	ret = h->lost_unknown ? tell_loss(h, LOSS_COUNT_UNKNOWN) : 0;
	h->lost_unknown &= ret != 0;
	return ret;
}

/* A call that is dropped and counted when there is no room. */
#define DROPPABLE(h, is_event, member, ...) ({ \
	int ret_ = settle_loss(h); \
	if (!ret_) \
		ret_ = SINK_CALL(&(h)->encode, member, __VA_ARGS__); \
	if (ret_ == -ENOSPC) { \
		count_drop(h, is_event); \
		ret_ = 0; \
	} \
	ret_; })

/* A call that waits for room. */
#define WAITING(h, member, ...) ({ \
	int ret_; \
	(h)->may_wait = true; \
	ret_ = SINK_CALL(&(h)->encode, member, ##__VA_ARGS__); \
	(h)->may_wait = false; \
	ret_ == -ENOSPC ? 0 : ret_;	/* abandoned: nobody wants it */ })

static int on_type(void *ctx, const struct event_type *type)
{
	struct handoff *h = ctx;

	return WAITING(h, type, type);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct handoff *h = ctx;

	h->last_ts = ev->ts;
	return DROPPABLE(h, true, event, ev);
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct handoff *h = ctx;
	int ret;

	if (!h->never_wait)
		return WAITING(h, loss, loss);
	ret = settle_loss(h);
	if (!ret)
		ret = SINK_CALL(&h->encode, loss, loss);
	if (ret != -ENOSPC)
		return ret;
	if (loss->events > 0)
		h->lost_events += loss->events;
	h->lost_unknown |= loss->events == LOSS_COUNT_UNKNOWN;
	return 0;
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct handoff *h = ctx;

	return DROPPABLE(h, false, sample, sample);
}

static int on_task(void *ctx, const struct task_name *task)
{
	struct handoff *h = ctx;

	return DROPPABLE(h, false, task, task);
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	struct handoff *h = ctx;

	return DROPPABLE(h, false, failures, change);
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct handoff *h = ctx;

	return WAITING(h, cgroup, id, path);
}

static int on_symbol(void *ctx, uint64_t addr, const char *name)
{
	struct handoff *h = ctx;

	return WAITING(h, symbol, addr, name);
}

static int on_buffer(void *ctx, uint16_t buffer, const char *name)
{
	struct handoff *h = ctx;

	return WAITING(h, buffer, buffer, name);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct handoff *h = ctx;

	return WAITING(h, meta, key, value);
}

static const struct sink_ops handoff_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.sample = on_sample,
	.task = on_task,
	.failures = on_failures,
	.cgroup = on_cgroup,
	.symbol = on_symbol,
	.buffer = on_buffer,
	.meta = on_meta,
};

struct sink handoff_sink(struct handoff *h)
{
	return (struct sink){ &handoff_ops, h };
}

void handoff_never_wait(struct handoff *h)
{
	h->never_wait = true;
}

void handoff_flush(struct handoff *h)
{
	settle_loss(h);
	pthread_mutex_lock(&h->lock);
	if (atomic_load_explicit(&h->writer.buf->used, memory_order_relaxed) && has_room(h) && h->waiting < BEHIND)
		hand_on(h);
	pthread_mutex_unlock(&h->lock);
}

void handoff_close(struct handoff *h)
{
	h->may_wait = true;
	h->never_wait = false;
	settle_loss(h);
	pthread_mutex_lock(&h->lock);
	if (atomic_load_explicit(&h->writer.buf->used, memory_order_relaxed)) {
		while (!has_room(h) && !h->abandoned)
			pthread_cond_wait(&h->emptied, &h->lock);
		if (has_room(h))
			hand_on(h);
	}
	h->closed = true;
	pthread_cond_signal(&h->filled);
	pthread_mutex_unlock(&h->lock);
}

/* --- the consumer --- */

int handoff_take_bytes(struct handoff *h, int timeout_ms, int (*use)(void *ctx, const char *data, uint32_t bytes),
		       void *ctx)
{
	struct timespec until = ns_to_timespec(monotonic_ns() + timeout_ms * NSEC_PER_MSEC);
	struct stream_buf *chunk;
	int ret = timeout_ms ? 0 : ETIMEDOUT;

	pthread_mutex_lock(&h->lock);
	while (!h->waiting && !h->closed && !h->stats.overrun && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&h->filled, &h->lock, &until);
	chunk = h->waiting ? &h->chunks[h->taking] : NULL;
	ret = h->closed || h->stats.overrun ? -EPIPE : 0;
	pthread_mutex_unlock(&h->lock);
	if (!chunk)
		return ret;
	/* Without the lock: until it counts as consumed the producer does not touch it. */
	ret = use(ctx, chunk->data, atomic_load(&chunk->used));
	pthread_mutex_lock(&h->lock);
	h->taking = (h->taking + 1) % h->n;
	h->waiting--;
	pthread_cond_signal(&h->emptied);
	pthread_mutex_unlock(&h->lock);
	return ret ? ret : 1;
}

struct replay {
	struct stream_reader	*reader;
	const struct sink	*sink;
};

static int replay(void *ctx, const char *data, uint32_t bytes)
{
	const struct replay *r = ctx;

	return stream_read(r->reader, data, bytes, r->sink);
}

int handoff_take(struct handoff *h, int timeout_ms, const struct sink *sink)
{
	return handoff_take_bytes(h, timeout_ms, replay, &(struct replay){ h->reader, sink });
}

void handoff_abandon(struct handoff *h)
{
	pthread_mutex_lock(&h->lock);
	h->abandoned = true;
	pthread_cond_signal(&h->emptied);
	pthread_mutex_unlock(&h->lock);
}

struct handoff_stats handoff_stats(struct handoff *h)
{
	struct handoff_stats stats;

	pthread_mutex_lock(&h->lock);
	stats = h->stats;
	pthread_mutex_unlock(&h->lock);
	return stats;
}
