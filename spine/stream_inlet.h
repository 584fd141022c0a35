/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream_inlet.h - a stream of sink calls from another machine, as its bytes come.
 *
 * The bytes are untrusted: a stream has to begin with the header of stream.h, no message may be longer than
 * STREAM_MESSAGE_MAX, and stream_read() checks each. What has come and is not played yet waits in memory of a fixed
 * size, so that a stream can be held back. Reads no file and no clock. For one thread.
 */
#ifndef SQUALL_SPINE_STREAM_INLET_H
#define SQUALL_SPINE_STREAM_INLET_H

#include "spine/stream.h"

#define STREAM_MESSAGE_MAX	(1u << 20)	/* the longest are formats of events: a few KiB */

struct stream_inlet;

/* Room for @bytes, at least two of the longest messages; touched when used. -ENOMEM. Caller frees *out. */
int stream_inlet_new(size_t bytes, struct stream_inlet **out);
void stream_inlet_free(struct stream_inlet *in);	/* NULL is fine */

/* Where the next bytes go, *bytes of them at most; 0: full, something has to be played first. */
void *stream_inlet_room(struct stream_inlet *in, size_t *bytes);

/* So many have come there. */
void stream_inlet_added(struct stream_inlet *in, size_t bytes);

/*
 * Whole messages as calls of @sink, until @enough (asked after each of them) says so. 1: it did. 0: nothing whole is
 * left. -ENODATA: the stream has ended as it should. -EBADMSG: stream_inlet_why() tells. Or what the sink answered.
 */
int stream_inlet_play(struct stream_inlet *in, const struct sink *sink, bool (*enough)(void *ctx), void *ctx);

/* What is wrong, in words that follow a name. */
const char *stream_inlet_why(const struct stream_inlet *in);

#endif
