// SPDX-License-Identifier: GPL-2.0-only
/*
 * recorder.c - see recorder.h.
 *
 * The calling thread is the reader (capture.h): it puts events, samples and changes of kswapd_failures into the handoff
 * and never waits for the disk. The writer (store_thread.h) takes them out, to the store and the analysis, and commits
 * once a second. Beside it or instead, another thread sends all that to whoever watches (stream_thread.h). What has to
 * work in a storm is opened, locked into memory and tried before the first event is enabled.
 */
#include "cmd/recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd/capture.h"
#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/recorder_signals.h"
#include "cmd/recording_facts.h"
#include "cmd/status_line.h"
#include "cmd/store_thread.h"
#include "cmd/stream_thread.h"
#include "cmd/survival.h"
#include "spine/handoff.h"
#include "spine/time.h"

#define CHUNK_BYTES	(1u << 20)	/* options->memory_mib of them */
#define TURN_MS		200		/* each wakes reader and writer: a tenth of a percent of a CPU, at 10 Hz */
#define STATUS_NS	NSEC_PER_SEC
#define STATUS_SIGNALED	128		/* the shell's way to tell of a signal */
#define GRACE_NS	(5 * NSEC_PER_SEC)	/* for a command that was told to end */

struct recorder {
	const struct recorder_options *options;
	struct capture		*capture;
	struct handoff		*handoff;
	struct sink		in;		/* into the handoff */
	struct store_thread	*store;		/* NULL: only the stream is wanted */
	struct stream_thread	*stream;	/* NULL: none is wanted */
	struct recorder_signals	signals;
	uint64_t		started_ns, status_ns;
	uint64_t		dropped;	/* by the handoff, when it was looked at last */
	bool			repeat;		/* it was more than before */
	uint64_t		status_events;	/* when the status line was drawn last */
	bool			on_terminal;
	struct child		child;
	int			told;		/* the signal that the command was sent, or has by its terminal; 0 */
	bool			stop;
	char			ended[16];	/* why: meta "ended" */
};

/* --- opening --- */

static void say_missing_input(void *ctx, const char *what, const char *why, const char *hint)
{
	complain(what, why, hint);
}

static void say_missing_events(const struct recorder *r)
{
	unsigned int n;
	const char *const *names = capture_missing_events(r->capture, &n);

	if (!n)
		return;
	fprintf(stderr, "squall: this kernel does not have:");
	for (unsigned int i = 0; i < n; i++)
		fprintf(stderr, " %s", names[i]);
	fputs("\n", stderr);
}

static int open_source(struct recorder *r)
{
	const struct capture_options capture = { .events = r->options->events,
						 .buffer_bytes_per_cpu = r->options->buffer_bytes_per_cpu,
						 .max_rate = r->options->max_rate, .turn_ms = TURN_MS,
						 .metrics = r->options->metrics, .missing = say_missing_input };
	struct source_error err;
	int ret = capture_open(&capture, &err, &r->capture);

	if (ret)
		complain("record", err.what, err.hint);
	return ret;
}

static int open_store(struct recorder *r)
{
	const struct store_thread_options store = { .path = r->options->output, .force = r->options->force,
						    .max_bytes = r->options->max_bytes,
						    .rotate = r->options->rotate };
	int ret = handoff_new(r->options->memory_mib, CHUNK_BYTES, &r->handoff);

	if (!ret) {
		r->in = handoff_sink(r->handoff);
		ret = capture_attach(r->capture, &r->in);
	}
	if (ret) {
		complain("record", strerror(-ret), NULL);
		return ret;
	}
	return store_thread_open(&store, r->handoff, &r->store);
}

static int open_stream(struct recorder *r)
{
	int ret = stream_thread_open(r->options->stream, &r->stream);
	struct sink sink;

	if (ret)
		return ret;
	sink = stream_thread_sink(r->stream);
	ret = capture_attach(r->capture, &sink);
	if (ret)
		complain("record", strerror(-ret), NULL);
	return ret;
}

static int open_sinks(struct recorder *r)
{
	int ret = r->options->stream ? open_stream(r) : 0;

	return ret || !r->options->output ? ret : open_store(r);
}

/* --- beside the reader --- */

__attribute__((format(printf, 2, 3)))
static void stop(struct recorder *r, const char *format, ...)
{
	va_list why;

	va_start(why, format);
	if (!r->stop)
		vsnprintf(r->ended, sizeof(r->ended), format, why);
	va_end(why);
	r->stop = true;
}

/* Ctrl-C reaches the command as it reaches us; what was sent to us alone is handed on. */
static void tell_command(struct recorder *r, int signal, bool has_it)
{
	r->told = signal;
	if (!has_it)
		child_tell(&r->child, signal);
}

static bool on_signals(void *ctx)
{
	struct recorder *r = ctx;
	struct recorder_signal signal;

	while (recorder_signals_next(&r->signals, &signal)) {
		if (signal.number != SIGCHLD) {
			tell_command(r, signal.number, signal.from_terminal);
			stop(r, "SIG%s", sigabbrev_np(signal.number));
		} else if (child_ended(&r->child)) {
			stop(r, "command");
		}
	}
	return !r->stop;
}

static void draw_status(struct recorder *r, uint64_t now)
{
	struct handoff_stats queue = { 0 };
	struct store_thread_progress store = { 0 };
	struct trace_live_stats stats;

	if (!r->on_terminal || now < r->status_ns + STATUS_NS)
		return;
	if (r->store) {
		queue = handoff_stats(r->handoff);
		store = store_thread_progress(r->store);
	}
	capture_get_stats(r->capture, &stats);
	status_line_draw(&(struct status_line){
		.elapsed_ns = now - r->started_ns,
		.interval_ns = now - r->status_ns,
		.events_interval = stats.events - r->status_events,
		.lost = stats.lost + queue.dropped_events,
		.file_bytes = store.file_bytes,
		.findings = store.findings,
		.path = r->options->output ?: r->options->stream,
	});
	r->status_ns = now;
	r->status_events = stats.events;
}

static void say_messages(struct recorder *r)
{
	const char *message;

	while ((message = capture_message(r->capture)))
		status_message("%s", message);
}

/* What was captured until now goes on to the threads. True: nobody takes it any more. */
static bool pass_on(struct recorder *r)
{
	if (r->store)
		handoff_flush(r->handoff);
	if (r->stream)
		stream_thread_tick(r->stream);
	return r->store ? store_thread_ended(r->store) : stream_thread_ended(r->stream);
}

/* Samples and names that were dropped would not come again before they change: told anew when there is room again. */
static void make_up_for_dropped(struct recorder *r)
{
	uint64_t dropped = r->handoff ? handoff_stats(r->handoff).dropped : 0;

	if (dropped == r->dropped && r->repeat)
		capture_repeat(r->capture);
	r->repeat = dropped != r->dropped;
	r->dropped = dropped;
}

static bool on_tick(void *ctx, uint64_t now)
{
	struct recorder *r = ctx;
	bool ended = pass_on(r);

	make_up_for_dropped(r);
	say_messages(r);
	draw_status(r, now);
	if (r->options->duration_ns && now - r->started_ns >= r->options->duration_ns) {
		tell_command(r, SIGTERM, false);
		stop(r, "duration");
	}
	return !r->stop && !ended;
}

/* All threads are there, with their stacks. */
static void on_started(void *ctx)
{
	struct recorder *r = ctx;

	survival_lock_memory();
	r->started_ns = r->status_ns = monotonic_ns();
	child_start(&r->child);
}

static int start_threads(struct recorder *r)
{
	int ret = r->stream ? stream_thread_start(r->stream) : 0;

	if (!ret && r->store)
		ret = store_thread_start(r->store);
	if (ret && r->stream)
		stream_thread_close(r->stream);
	return ret;
}

/* The writer gets the end of what it is to store. */
static void close_store(struct recorder *r)
{
	struct handoff_stats stats = handoff_stats(r->handoff);

	recording_put_number(&r->in, "events_dropped_by_writer", stats.dropped_events);
	if (stats.dropped != stats.dropped_events)
		recording_put_number(&r->in, "others_dropped_by_writer", stats.dropped - stats.dropped_events);
	if (r->stop)
		SINK_CALL(&r->in, meta, "ended", r->ended);
	handoff_close(r->handoff);
}

static int run(struct recorder *r)
{
	const struct capture_hooks hooks = { .ctx = r, .started = on_started, .tick = on_tick, .fd = r->signals.fd,
					     .ready = on_signals };
	int ret = start_threads(r);

	if (ret)
		return ret;
	r->started_ns = monotonic_ns();
	ret = capture_run(r->capture, &hooks);
	if (r->store)
		close_store(r);
	if (r->stream)
		stream_thread_close(r->stream);
	if (r->on_terminal)
		status_line_clear();
	return ret;
}

static void measure(const struct recorder *r, struct recorder_result *result)
{
	struct trace_live_stats stats;
	struct rusage usage;

	capture_get_stats(r->capture, &stats);
	capture_get_job_stats(r->capture, &result->jobs);
	getrusage(RUSAGE_SELF, &usage);
	result->span_ns = monotonic_ns() - r->started_ns;
	result->cpu_ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NSEC_PER_SEC +
			 (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ull;
	result->peak_bytes = usage.ru_maxrss * 1024ull;
	result->buffer_bytes_per_cpu = stats.buffer_bytes_per_cpu;
}

static int conclude_store(struct recorder *r, struct recorder_result *result)
{
	struct store_thread_result store = { 0 };
	int ret = store_thread_join(r->store, &store);

	result->analysis = store.analysis;
	result->files = store.files;
	result->files_left = store.files_left;
	snprintf(result->path, sizeof(result->path), "%s", store_thread_path(r->store));
	return ret;
}

/* The store holds what came before an error. A stream that ended early is an error where nothing else was wanted. */
static int conclude(struct recorder *r, int ret, struct recorder_result *result)
{
	int stored = r->store ? conclude_store(r, result) : 0;

	if (r->stream) {
		stream_thread_join(r->stream, &result->stream);
		if (!r->store && !result->stream.whole)
			stored = -EPIPE;
	}
	measure(r, result);
	if (ret && stored != -ESRCH)
		complain("record", strerror(-ret), NULL);
	return ret || stored ? STATUS_ERROR : STATUS_OK;
}

/*
 * When the recording is done and the command is not. One that was told to end has a while to do so; one that was not,
 * because the recording ended by its limit or an error, is waited for: it is the user's work.
 */
static void await_command(struct recorder *r)
{
	struct pollfd fd = { .fd = r->signals.fd, .events = POLLIN };
	uint64_t due_ns = monotonic_ns() + GRACE_NS;
	struct recorder_signal signal;

	while (!child_ended(&r->child) && (!r->told || monotonic_ns() < due_ns)) {
		poll(&fd, 1, GRACE_NS / NSEC_PER_MSEC);
		while (recorder_signals_next(&r->signals, &signal)) {
			if (signal.number == SIGCHLD)
				continue;
			tell_command(r, signal.number, signal.from_terminal);
			due_ns = monotonic_ns() + GRACE_NS;
		}
	}
	if (r->child.status < 0)
		status_message("%s (process %d) still runs", r->options->command[0], r->child.pid);
}

/* The command's, if the recording is whole. */
static int status_of(struct recorder *r, int recorded)
{
	child_cancel(&r->child);
	if (!r->child.pid)
		return recorded;
	await_command(r);
	if (recorded)
		return recorded;
	return r->child.status >= 0 ? r->child.status : STATUS_SIGNALED + r->told;
}

static int record(struct recorder *r, struct recorder_result *result)
{
	int status = STATUS_ERROR, ret;

	survival_prepare();
	ret = open_source(r);
	if (!ret)
		ret = open_sinks(r);
	if (!ret) {
		say_missing_events(r);
		status = conclude(r, run(r), result);
	}
	capture_close(r->capture);
	store_thread_free(r->store);
	stream_thread_free(r->stream);
	handoff_free(r->handoff);
	return status;
}

int recorder_run(const struct recorder_options *options, struct recorder_result *result)
{
	struct recorder r = { .options = options, .child = CHILD_NONE };
	int ret = recorder_signals_open(&r.signals);

	*result = (struct recorder_result){ 0 };
	r.on_terminal = status_line_wanted();
	/* First of all: see child.h. */
	if (!ret && options->command)
		ret = child_prepare(&r.child, options->command, &r.signals.before);
	if (ret) {
		complain("record", strerror(-ret), NULL);
		return STATUS_ERROR;
	}
	return status_of(&r, record(&r, result));
}
