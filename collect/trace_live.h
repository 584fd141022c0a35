/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_live.h - the live source: tracepoints of the running kernel, out of a tracefs instance of our own.
 *
 * One thread, which waits for trace_live_fds() or its timer and then calls trace_live_read(). Nothing is allocated
 * after trace_live_open(). Events come in order of time: what is newer than the moment to which every CPU has been read
 * is held back until the next call. What waits for us waits in the kernel's ring; when that is full the oldest events
 * are lost, and each loss is told where it happened.
 *
 * Functions return 0 or a negative errno.
 */
#ifndef SQUALL_COLLECT_TRACE_LIVE_H
#define SQUALL_COLLECT_TRACE_LIVE_H

#include "collect/tracedat_format.h"
#include "spine/sink.h"
#include "spine/source.h"

#define TRACE_LIVE_BUFFER_BYTES	(4u << 20)	/* a second of 60,000 events of one CPU */

struct trace_live_options {
	const char	*tracefs_root;			/* NULL: where it usually is */
	const char	*events;			/* as collect/event_set.h; NULL: the default */
	uint64_t	buffer_bytes_per_cpu;		/* 0: TRACE_LIVE_BUFFER_BYTES; all at most 5 % of RAM */
	int64_t		max_rate;			/* as rate_guard_init(); 0: classes are never thinned */
};

struct trace_live_stats {
	uint64_t	events;			/* given to the sink */
	uint64_t	lost;			/* by the ring, as far as told; exact after trace_live_drain_all() */
	uint64_t	out_of_order;		/* given behind a newer one */
	uint64_t	skipped;		/* records of no type that we enabled, and bad pages */
	uint64_t	read_errors;		/* reads that failed otherwise than for want of data */
	uint64_t	buffer_bytes_per_cpu;	/* what the kernel gave */
	uint32_t	orphans;		/* instances of dead recorders that were removed */
};

struct trace_live;

/*
 * Removes orphaned instances, makes ours and enables its events; nothing is recorded before trace_live_start(). Fails
 * with @err filled, also when this kernel has none of the events. Caller closes *out, which removes the instance.
 */
int trace_live_open(const struct trace_live_options *opts, struct source_error *err, struct trace_live **out);
void trace_live_close(struct trace_live *t);	/* NULL is fine */

/* Events that were wanted and are not recorded, "SYSTEM:NAME", *n of them; borrowed. */
const char *const *trace_live_missing(const struct trace_live *t, unsigned int *n);

/* Formats of what is recorded, *n of them, for the facts that they tell; borrowed. */
const struct tracedat_format *trace_live_formats(const struct trace_live *t, unsigned int *n);

const char *trace_live_instance(const struct trace_live *t);	/* "squall-4711" */

int trace_live_start(struct trace_live *t);
int trace_live_stop(struct trace_live *t);

/*
 * Descriptors that become readable when a quarter of the buffer of their CPU is full, *n of them; borrowed. A CPU that
 * was offline when the recording was opened has none: it is read whenever trace_live_read() is called, so the caller
 * needs a timer as well.
 */
const int *trace_live_fds(const struct trace_live *t, unsigned int *n);

/* To a sink that joins later: all types, which trace_live_read() announced to the others, and what is missing now. */
int trace_live_announce(const struct trace_live *t, const struct sink *sink);

/*
 * Gives @sink what has happened up to @now_ns, CLOCK_MONOTONIC, asked just before the call. The first call announces
 * all types. Always the same sink; its negative answer ends the call, and the next goes on behind that event.
 */
int trace_live_read(struct trace_live *t, const struct sink *sink, uint64_t now_ns);

/* After trace_live_stop(): all that is left, then what the kernel counted as lost and no page told, with time 0. */
int trace_live_drain_all(struct trace_live *t, const struct sink *sink);

/*
 * What the user should hear of now (live_guard.h): a line without its end, borrowed until the next call of
 * trace_live_read(); NULL when there is none.
 */
const char *trace_live_message(struct trace_live *t);

void trace_live_get_stats(const struct trace_live *t, struct trace_live_stats *stats);

#endif
