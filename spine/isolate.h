/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * isolate.h - run a source in a process of its own.
 *
 * Two gains for one mechanism: decoding goes on beside inserting, on another core, and a library that crashes, loops
 * or eats memory on a hostile file takes only that process with it. The child runs the source with a sink that
 * serialises each call into chunks of shared memory (stream.h); the parent replays them into the real sink, in the
 * same order. Chunk numbers travel through two pipes, so that either side's death is seen as end of file, and a
 * chunk's fill level is stored after each whole message: what a dying child had delivered is not lost.
 *
 * The child's writable memory is bounded (RLIMIT_DATA, ISOLATE_DATA_BYTES), and a child that neither delivers nor
 * beats (source_progress.heartbeat) for ISOLATE_HANG_S seconds is killed.
 */
#ifndef SQUALL_SPINE_ISOLATE_H
#define SQUALL_SPINE_ISOLATE_H

#include "spine/source.h"

#define ISOLATE_CHUNK_BYTES	(1u << 20)	/* one message must fit; 1 MiB holds about 10,000 events */
#define ISOLATE_CHUNKS		8u
#define ISOLATE_DATA_BYTES	(224u << 20)	/* "memory of any command under 256 MiB", design.md */
#define ISOLATE_HANG_S		20u

/*
 * Called in the parent about five times a second while it runs, to draw progress; may be NULL. A non-zero return
 * stops the run with -EINTR.
 */
typedef int (*isolate_tick_fn)(void *ctx, const struct source_progress *progress);

/*
 * As ops->run, in a child. -EBADMSG with err->what set also when the child crashed, was stuck or ran out of memory;
 * all it delivered before has gone to @sink. in->progress is replaced by one in shared memory.
 */
int isolate_run(const struct source_ops *ops, const struct source_input *in, const struct sink *sink,
		isolate_tick_fn tick, void *tick_ctx, struct source_error *err);

#endif
