/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture.h - the running machine as a source: tracepoints, kswapd_failures, samples and names, in one stream.
 *
 * One thread, the reader, runs capture_run(): it empties the rings of the CPUs and hands on what it finds, and does
 * nothing that may wait for the storm. What may (reads of /proc, looks of BPF, look-ups of names) happens in threads
 * beside it, whose output it takes in passing (spine/side_thread.h). So every sink is called from the reader, and must
 * not wait either: a hand-off (spine/handoff.h), or something as quick.
 */
#ifndef SQUALL_CMD_CAPTURE_H
#define SQUALL_CMD_CAPTURE_H

#include "collect/job_metric.h"
#include "collect/trace_live.h"
#include "spine/sink.h"

#define CAPTURE_TURN_MS	100u

struct capture_options {
	const char	*events;		/* as collect/event_set.h, NULL the default */
	uint64_t	buffer_bytes_per_cpu;	/* 0 the default */
	int64_t		max_rate;		/* as collect/rate_guard.h */
	uint32_t	turn_ms;		/* below 1,000; how often rings are read that are not a quarter full: 0 the default */
	bool		no_events;		/* samples are enough: without tracefs or the right to it, go on */
	bool		late_sinks;		/* some will come while it runs; costs 5 MiB */
	const char	*metrics;		/* a pipe for jobs, as collect/job_metric.h; NULL: none */
	/* An input that is not to be had, and why; the strings are the caller's during the call only, hint may be NULL. */
	void		(*missing)(void *ctx, const char *what, const char *why, const char *hint);
	void		*ctx;			/* of missing */
};

struct capture;

/*
 * Opens everything, loads BPF, makes the tracefs instance. A negative errno with @err filled when there is nothing to
 * record; with no_events that is only where /proc cannot be read. capture_close() frees it and removes the instance.
 */
int capture_open(const struct capture_options *options, struct source_error *err, struct capture **out);
void capture_close(struct capture *c);		/* NULL is fine */

/*
 * @sink gets the stream from now on; three at a time. From any thread but the reader. With late_sinks, one that comes
 * while the capture runs is told the types, facts, names and cgroups first that the others were told, before this
 * returns, and gets every sample anew: so somebody must be taking by then what waits in a hand-off. -ENOSPC.
 */
int capture_attach(struct capture *c, const struct sink *sink);

/* The sink of that ctx gets no more calls when this returns. From any thread but the reader. */
void capture_detach(struct capture *c, const void *sink_ctx);

/* What the reader does beside reading. Each is called in its thread, may be NULL, and must not wait. */
struct capture_hooks {
	void	*ctx;
	void	(*started)(void *ctx);			/* the first event can come now */
	bool	(*tick)(void *ctx, uint64_t now_ns);	/* each turn; false ends the run */
	int	fd;					/* -1, or what is waited for as well */
	bool	(*ready)(void *ctx);			/* @fd may be readable, or not; false ends the run */
};

/*
 * From the first event to the last, in the calling thread; ended by a hook, capture_stop() or an error. Then everything
 * that is left in the rings and beside is handed on, and counts of it as meta. Once for each capture. 0, or the errno
 * of the kernel; what a sink answers is not looked at: whoever it belongs to knows.
 */
int capture_run(struct capture *c, const struct capture_hooks *hooks);

/* In a hook: a sink has lost something. Samples come anew, and names of threads that have events. */
void capture_repeat(struct capture *c);

/* From any thread, or before the run. */
void capture_stop(struct capture *c);

/* In a hook, or when nothing runs: events so far. Zeros without tracefs. */
void capture_get_stats(const struct capture *c, struct trace_live_stats *out);

/* After the run: what jobs said. Zeros without a pipe. */
void capture_get_job_stats(const struct capture *c, struct job_metric_stats *out);

/* Events that this kernel does not have, *n names; borrowed. */
const char *const *capture_missing_events(const struct capture *c, unsigned int *n);

/* What the user should hear of now, as trace_live_message(). In a hook only. */
const char *capture_message(struct capture *c);

#endif
