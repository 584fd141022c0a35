// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream_thread.c - see stream_thread.h. The messages of the hand-off are those of the stream, so they are sent as they
 * lie.
 */
#include "cmd/stream_thread.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/status_line.h"
#include "cmd/stream_port.h"
#include "spine/handoff.h"
#include "spine/stream.h"
#include "spine/thread.h"
#include "spine/time.h"

/* 8 MiB: some 80,000 events while the port takes nothing. A chunk is more than the longest message. */
#define CHUNKS		32u
#define CHUNK_BYTES	(256u << 10)

#define TAKE_MS		200
#define WAIT_MS		100		/* for a port that takes nothing; so soon the end is seen */
#define REST_NS		(5 * NSEC_PER_SEC)

struct stream_thread {
	const char		*path;
	struct stream_port	port;
	struct handoff		*handoff;
	pthread_t		thread;
	bool			started;
	bool			whole;		/* the thread's, until it is joined */
	_Atomic uint64_t	due_ns;		/* when the rest must have been sent; 0: it has not come yet */
	_Atomic uint64_t	bytes;
	_Atomic bool		ended;
};

/* --- the thread --- */

/* True when it is too late for the rest. */
static bool overdue(const struct stream_thread *t)
{
	return t->due_ns && monotonic_ns() >= t->due_ns;
}

/* A port inside a guest at which nobody listens has hung up, and may be listened at soon. */
static void await_port(const struct stream_thread *t)
{
	struct pollfd fd = { .fd = t->port.fd, .events = POLLOUT };

	if (t->port.fd < 0 || (poll(&fd, 1, WAIT_MS) > 0 && !(fd.revents & POLLOUT)))
		poll(NULL, 0, WAIT_MS);
}

static int open_later(struct stream_thread *t)
{
	int ret = stream_port_open_write(t->path, &t->port);

	return ret == -ENXIO ? -EAGAIN : ret;
}

/* Standard output may be set to wait, and is given no more than a pipe that has room takes without. */
static ssize_t send_some(struct stream_thread *t, const char *data, size_t bytes)
{
	struct pollfd fd = { .fd = t->port.fd, .events = POLLOUT };
	bool may_block = !strcmp(t->path, "-");
	ssize_t n;

	if (may_block && poll(&fd, 1, WAIT_MS) <= 0)
		return -EAGAIN;
	n = write(t->port.fd, data, may_block && bytes > PIPE_BUF ? PIPE_BUF : bytes);
	return n < 0 ? -errno : n;
}

/* -ETIMEDOUT when it is too late, or why it cannot be sent. */
static int send_all(void *ctx, const char *data, uint32_t bytes)
{
	struct stream_thread *t = ctx;

	while (bytes) {
		ssize_t n = t->port.fd < 0 ? open_later(t) : 0;

		if (!n)
			n = send_some(t, data, bytes);
		if (n == -EAGAIN || n == -EINTR) {
			if (overdue(t))
				return -ETIMEDOUT;
			await_port(t);
		} else if (n < 0) {
			return n;
		} else {
			data += n;
			bytes -= n;
			t->bytes += n;
		}
	}
	return 0;
}

static int send_header(struct stream_thread *t)
{
	struct stream_header header;

	stream_header_fill(&header);
	return send_all(t, (const char *)&header, sizeof(header));
}

static int no_next(struct stream_writer *w)
{
	return -ENOSPC;
}

static int send_end(struct stream_thread *t)
{
	_Alignas(8) char data[64];
	struct stream_buf buf = { .size = sizeof(data), .data = data };
	struct stream_writer writer = { .buf = &buf, .next = no_next };
	const struct sink sink = stream_writer_sink(&writer);

	SINK_CALL(&sink, end);
	return send_all(t, data, buf.used);
}

static int send_until_end(struct stream_thread *t)
{
	int ret = send_header(t);

	while (ret >= 0)
		ret = handoff_take_bytes(t->handoff, TAKE_MS, send_all, t);
	if (ret != -EPIPE || !t->due_ns)
		return ret;
	return handoff_stats(t->handoff).overrun ? -EPIPE : send_end(t);
}

static void say_over(const struct stream_thread *t, int error)
{
	if (handoff_stats(t->handoff).overrun)
		status_message("%s: took too little for too long: the stream is over", t->path);
	else if (error == -ETIMEDOUT)
		status_message("%s: took too little at the end: the stream is not whole", t->path);
	else
		status_message("%s: %s: the stream is over", t->path, error == -EPIPE ? "nobody reads it any more" :
			       strerror(-error));
}

static void *thread_main(void *arg)
{
	struct stream_thread *t = arg;
	int ret = send_until_end(t);

	t->whole = !ret;
	if (ret)
		say_over(t, ret);
	handoff_abandon(t->handoff);
	t->ended = true;
	return NULL;
}

/* --- the others' side --- */

static const char *hint_for(int error)
{
	if (error == -ENOTSUP)
		return "give a fifo, a unix socket, a character device, or - for standard output that is no terminal";
	return error == -ECONNREFUSED ? "nobody listens there" : NULL;
}

int stream_thread_open(const char *path, struct stream_thread **out)
{
	struct stream_thread *t = calloc(1, sizeof(*t));
	int ret = -ENOMEM;

	if (t) {
		t->port = STREAM_PORT_CLOSED;
		ret = handoff_new(CHUNKS, CHUNK_BYTES, &t->handoff);
	}
	if (!ret) {
		t->path = path;
		handoff_never_wait(t->handoff);
		ret = stream_port_open_write(path, &t->port);
	}
	if (!ret || ret == -ENXIO) {
		*out = t;
		return 0;
	}
	complain(path, ret == -ENOTSUP ? "no stream can go there" : strerror(-ret), hint_for(ret));
	stream_thread_free(t);
	return ret;
}

struct sink stream_thread_sink(struct stream_thread *t)
{
	return handoff_sink(t->handoff);
}

int stream_thread_start(struct stream_thread *t)
{
	int ret;

	ret = thread_start(&t->thread, NULL, thread_main, t);
	t->started = !ret;
	if (ret)
		complain("record", strerror(-ret), NULL);
	return ret;
}

void stream_thread_tick(struct stream_thread *t)
{
	handoff_flush(t->handoff);
}

bool stream_thread_ended(struct stream_thread *t)
{
	return t->ended;
}

void stream_thread_close(struct stream_thread *t)
{
	if (!t->started)
		handoff_abandon(t->handoff);
	t->due_ns = monotonic_ns() + REST_NS;
	handoff_close(t->handoff);
}

void stream_thread_join(struct stream_thread *t, struct stream_thread_result *result)
{
	if (t->started)
		pthread_join(t->thread, NULL);
	t->started = false;
	*result = (struct stream_thread_result){
		.bytes = t->bytes, .dropped_events = handoff_stats(t->handoff).dropped_events, .whole = t->whole,
	};
}

void stream_thread_free(struct stream_thread *t)
{
	if (!t)
		return;
	stream_port_close(&t->port);
	handoff_free(t->handoff);
	free(t);
}
