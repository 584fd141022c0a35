/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handoff.h - sink calls from one thread to another, through memory of a fixed size.
 *
 * The recorder's reader must never wait for the disk. It calls the sink of the handoff; calls become messages
 * (stream.h) in chunks, full chunks wait in a queue, and the writer's thread turns them into calls of the real sink.
 * When the writer falls behind by all chunks, events, samples, names of tasks and changes of kswapd_failures are
 * dropped and counted, and a struct loss of stage "writer" stands in their place. Types, facts, cgroups, losses and the
 * like, which later calls depend on, wait for room instead; one chunk in eight is kept for them.
 *
 * One thread produces, one consumes. All memory is taken and touched by handoff_new.
 */
#ifndef SQUALL_SPINE_HANDOFF_H
#define SQUALL_SPINE_HANDOFF_H

#include "spine/sink.h"

struct handoff;

/* At least 2 chunks of @chunk_bytes; one message must fit into a chunk. -ENOMEM. Caller frees *out. */
int handoff_new(unsigned int chunks, uint32_t chunk_bytes, struct handoff **out);

/* Both threads must be done with it. NULL is fine. */
void handoff_free(struct handoff *h);

/*
 * For a consumer that may stay away for good, before the first call: nothing waits. One chunk in eight (at least one)
 * is kept for what later calls depend on, and where even that is full the hand-off is abandoned, and said to be
 * overrun. A loss that does not fit counts with those that follow it. Needs at least 3 chunks.
 */
void handoff_never_wait(struct handoff *h);

/* The producer's side. */
struct sink handoff_sink(struct handoff *h);

/*
 * Hands on what is in the chunk that is being filled, unless the consumer is behind as it is. The producer calls it a
 * few times a second.
 */
void handoff_flush(struct handoff *h);

/* The producer is done: the consumer gets what is left, then the end. Waits for room, unless it is abandoned. */
void handoff_close(struct handoff *h);

/*
 * The consumer's side: waits up to @timeout_ms for a chunk and replays it into @sink. 1 when there was one, 0 when
 * not, -EPIPE at the end, or what the sink answered (the chunk counts as consumed).
 */
int handoff_take(struct handoff *h, int timeout_ms, const struct sink *sink);

/* The same, but as it is: @use gets whole messages of stream.h. -EPIPE also after the hand-off was overrun. */
int handoff_take_bytes(struct handoff *h, int timeout_ms, int (*use)(void *ctx, const char *data, uint32_t bytes),
		       void *ctx);

/* The consumer will take no more: everything from now on is dropped and counted, nothing waits. */
void handoff_abandon(struct handoff *h);

/* Messages dropped so far, events among them, and the most chunks that ever waited. Any thread. */
struct handoff_stats {
	uint64_t	dropped;
	uint64_t	dropped_events;
	unsigned int	waiting_max;
	bool		overrun;	/* see handoff_never_wait() */
};

struct handoff_stats handoff_stats(struct handoff *h);

#endif
