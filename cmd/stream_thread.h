/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream_thread.h - the thread of squall record --stream: sends what is recorded to another squall (spine/stream.h),
 * which shows it while it happens.
 *
 * Between the reader and the thread lies memory of a fixed size. A port that takes nothing for a while costs the stream
 * events, which are counted and told in it as loss; it costs the reader no time and the store nothing. Where the other
 * side is gone, or took nothing until not even names of events had room, the stream is over and says so; nobody can
 * join it later.
 *
 *	stream_thread_open, _start, _tick, _close by the reader, _join, _free.
 *
 * Functions return 0 or a negative errno, after the message.
 */
#ifndef SQUALL_CMD_STREAM_THREAD_H
#define SQUALL_CMD_STREAM_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/sink.h"

struct stream_thread;

/* Opens @path, as stream_port.h; a fifo that nobody reads yet later. @path is borrowed. Caller frees *out. */
int stream_thread_open(const char *path, struct stream_thread **out);

/* For the reader: never waits. What is put in before _start waits for it. */
struct sink stream_thread_sink(struct stream_thread *t);

int stream_thread_start(struct stream_thread *t);

/* The reader, each turn: what came until now can be sent. */
void stream_thread_tick(struct stream_thread *t);

/* True when nothing more will be sent. Any thread. */
bool stream_thread_ended(struct stream_thread *t);

/* The reader is done. What is left is sent within five seconds, or not at all; until then this may wait. */
void stream_thread_close(struct stream_thread *t);

struct stream_thread_result {
	uint64_t	bytes;			/* sent */
	uint64_t	dropped_events;		/* for want of room */
	bool		whole;			/* the other side was told of the end */
};

/* After _close, or without a _start. */
void stream_thread_join(struct stream_thread *t, struct stream_thread_result *result);

/* After _join. NULL is fine. */
void stream_thread_free(struct stream_thread *t);

#endif
