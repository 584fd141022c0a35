// SPDX-License-Identifier: GPL-2.0-only
/*
 * recorder.c - see recorder.h.
 *
 * Two threads. The reader waits on the CPUs' ring buffers, a timer and signals, and puts events, samples and changes of
 * kswapd_failures into the handoff; it never waits for the disk. The writer takes them out, into the store and the
 * analysis, and commits once a second. What has to work in a storm is opened, locked into memory and tried before the
 * first event is enabled.
 */
#include "cmd/recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/recorder_signals.h"
#include "cmd/recording_facts.h"
#include "cmd/recording_names.h"
#include "cmd/status_line.h"
#include "cmd/store_thread.h"
#include "cmd/survival.h"
#include "collect/kswapd_probe.h"
#include "collect/sampler.h"
#include "collect/trace_live.h"
#include "spine/handoff.h"
#include "spine/time.h"

#define CHUNK_BYTES	(1u << 20)	/* options->memory_mib of them */
#define TICK_NS		(NSEC_PER_SEC / 10)	/* kswapd_failures is sampled at 10 Hz; design.md */
#define STATUS_NS	NSEC_PER_SEC
#define STATUS_SIGNALED	128		/* the shell's way to tell of a signal */
#define GRACE_NS	(5 * NSEC_PER_SEC)	/* for a command that was told to end */

struct recorder {
	const struct recorder_options *options;
	struct trace_live	*trace;
	struct sampler		*sampler;
	struct kswapd_probe	*probe;		/* NULL: not to be had */
	struct handoff		*handoff;
	struct sink		in;		/* the reader's: into the handoff */
	struct recording_names	*names;
	struct sink		named;		/* the same, with names of tasks put in */
	char			tracefs_root[PATH_MAX];	/* "": not mounted */
	int			epoll_fd, timer_fd;
	struct recorder_signals	signals;
	uint64_t		started_ns, sample_due_ns, status_ns;
	uint64_t		status_events;	/* when the status line was drawn last */
	bool			on_terminal;
	struct child		child;
	int			told;		/* the signal that the command was sent, or has by its terminal; 0 */
	bool			stop;
	char			ended[16];	/* why: meta "ended" */
	struct store_thread	*store;
};

/* --- opening --- */

static int say_why(const char *what, const struct source_error *err, int ret)
{
	complain(what, err->what[0] ? err->what : strerror(-ret), err->hint);
	return ret;
}

static int open_sources(struct recorder *r)
{
	const struct trace_live_options trace = { .tracefs_root = *r->tracefs_root ? r->tracefs_root : NULL,
						  .events = r->options->events,
						  .buffer_bytes_per_cpu = r->options->buffer_bytes_per_cpu,
						  .max_rate = r->options->max_rate };
	const struct sampler_options samples = { .cgroups = true };
	struct source_error err = { 0 };
	int ret = recording_names_open(trace.tracefs_root, &r->names);

	if (!ret)
		ret = trace_live_open(&trace, &err, &r->trace);
	if (ret)
		return say_why("record", &err, ret);
	ret = sampler_open(&samples, &err, &r->sampler);
	if (ret)
		return say_why("record", &err, ret);
	ret = kswapd_probe_open(&r->probe, &err);
	if (ret)
		say_why("kswapd_failures is not recorded, only node_unreclaimable", &err, ret);
	return 0;
}

static void say_missing(const struct recorder *r)
{
	unsigned int n;
	const char *const *names = trace_live_missing(r->trace, &n);

	if (!n)
		return;
	fprintf(stderr, "squall: this kernel does not have:");
	for (unsigned int i = 0; i < n; i++)
		fprintf(stderr, " %s", names[i]);
	fputs("\n", stderr);
}

static int open_sinks(struct recorder *r)
{
	const struct store_thread_options store = { .path = r->options->output, .force = r->options->force,
						    .max_bytes = r->options->max_bytes,
						    .rotate = r->options->rotate };
	int ret = handoff_new(r->options->memory_mib, CHUNK_BYTES, &r->handoff);

	if (!ret) {
		r->in = handoff_sink(r->handoff);
		ret = recording_names_sink(r->names, &r->in, &r->named);
	}
	if (ret) {
		complain("record", strerror(-ret), NULL);
		return ret;
	}
	return store_thread_open(&store, r->handoff, &r->store);
}

static int watch(struct recorder *r, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int open_loop(struct recorder *r)
{
	struct itimerspec tick = { .it_interval.tv_nsec = TICK_NS, .it_value.tv_nsec = TICK_NS };
	unsigned int n;
	const int *fds = trace_live_fds(r->trace, &n);
	int ret;

	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->timer_fd < 0 || r->epoll_fd < 0 || timerfd_settime(r->timer_fd, 0, &tick, NULL))
		return -errno;
	ret = watch(r, r->signals.fd);
	if (!ret)
		ret = watch(r, r->timer_fd);
	for (unsigned int i = 0; i < n && !ret; i++)
		ret = watch(r, fds[i]);
	return ret;
}

/* --- the reader's loop --- */

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

static void on_signals(struct recorder *r)
{
	struct recorder_signal signal;

	while (recorder_signals_next(&r->signals, &signal)) {
		if (signal.number != SIGCHLD) {
			tell_command(r, signal.number, signal.from_terminal);
			stop(r, "SIG%s", sigabbrev_np(signal.number));
		} else if (child_ended(&r->child)) {
			stop(r, "command");
		}
	}
}

static void draw_status(struct recorder *r, uint64_t now)
{
	struct handoff_stats queue = handoff_stats(r->handoff);
	struct store_thread_progress store = store_thread_progress(r->store);
	struct trace_live_stats stats;

	if (!r->on_terminal || now < r->status_ns + STATUS_NS)
		return;
	trace_live_get_stats(r->trace, &stats);
	status_line_draw(&(struct status_line){
		.elapsed_ns = now - r->started_ns,
		.interval_ns = now - r->status_ns,
		.events_interval = stats.events - r->status_events,
		.lost = stats.lost + queue.dropped_events,
		.file_bytes = store.file_bytes,
		.findings = store.findings,
		.path = r->options->output,
	});
	r->status_ns = now;
	r->status_events = stats.events;
}

static void say_messages(struct recorder *r)
{
	const char *message;

	while ((message = trace_live_message(r->trace)))
		status_message("%s", message);
}

static int sample(struct recorder *r, uint64_t now)
{
	int64_t wait = 0;
	int ret = 0;

	if (r->probe) {
		ret = kswapd_probe_sample(r->probe, now, &r->in);
		if (!ret)
			ret = kswapd_probe_drain(r->probe, &r->in);
	}
	if (!ret && now >= r->sample_due_ns) {
		wait = sampler_tick(r->sampler, now, &r->in);
		r->sample_due_ns = now + (wait > 0 ? wait : 0);
	}
	return ret ? ret : wait < 0 ? wait : 0;
}

static void on_tick(struct recorder *r, uint64_t now)
{
	uint64_t expirations;

	if (read(r->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return;
	sample(r, now);
	say_messages(r);
	handoff_flush(r->handoff);
	draw_status(r, now);
	if (r->options->duration_ns && now - r->started_ns >= r->options->duration_ns) {
		tell_command(r, SIGTERM, false);
		stop(r, "duration");
	}
}

static int loop(struct recorder *r)
{
	struct epoll_event events[16];
	int ret = 0;

	while (!r->stop && !store_thread_ended(r->store) && !ret) {
		int n = epoll_wait(r->epoll_fd, events, sizeof(events) / sizeof(events[0]), -1);
		uint64_t now = monotonic_ns();

		if (n < 0 && errno != EINTR)
			return -errno;
		ret = trace_live_read(r->trace, &r->named, now);
		on_tick(r, now);
		on_signals(r);
	}
	return ret;
}

/* Where each event went: read is stored or dropped, and made is read or lost in the ring. */
static void put_counts(struct recorder *r)
{
	struct trace_live_stats stats;

	trace_live_get_stats(r->trace, &stats);
	recording_put_number(&r->in, "events_read", stats.events);
	recording_put_number(&r->in, "events_lost_in_ring", stats.lost);
	recording_put_number(&r->in, "events_dropped_by_writer", handoff_stats(r->handoff).dropped_events);
}

static int finish(struct recorder *r)
{
	struct kswapd_probe_stats stats;
	int ret = trace_live_stop(r->trace);

	if (!ret)
		ret = trace_live_drain_all(r->trace, &r->named);
	if (r->probe) {
		kswapd_probe_drain(r->probe, &r->in);
		kswapd_probe_stats(r->probe, &stats);
		recording_put_number(&r->in, "kswapd_failures_dropped", stats.dropped);
	}
	sampler_stop(r->sampler, monotonic_ns(), &r->in);
	recording_names_finish(r->names, &r->in);
	put_counts(r);
	if (r->stop)
		SINK_CALL(&r->in, meta, "ended", r->ended);
	handoff_close(r->handoff);
	return ret;
}

/* From the first to the last event. */
static int run(struct recorder *r)
{
	int ret;

	ret = store_thread_start(r->store);
	if (ret)
		return ret;
	survival_lock_memory();
	r->started_ns = r->status_ns = monotonic_ns();
	recording_put_facts(r->trace, r->tracefs_root, &r->in);
	ret = sampler_start(r->sampler, r->started_ns, &r->in);
	if (!ret && r->probe)
		ret = kswapd_probe_sample(r->probe, r->started_ns, &r->in);
	if (!ret)
		ret = trace_live_start(r->trace);
	if (!ret)
		child_start(&r->child);
	if (!ret)
		ret = loop(r);
	finish(r);
	if (r->on_terminal)
		status_line_clear();
	return ret;
}

static void measure(const struct recorder *r, struct recorder_result *result)
{
	struct trace_live_stats stats;
	struct rusage usage;

	trace_live_get_stats(r->trace, &stats);
	getrusage(RUSAGE_SELF, &usage);
	result->span_ns = monotonic_ns() - r->started_ns;
	result->cpu_ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NSEC_PER_SEC +
			 (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ull;
	result->peak_bytes = usage.ru_maxrss * 1024ull;
	result->buffer_bytes_per_cpu = stats.buffer_bytes_per_cpu;
}

/* The store holds what came before an error. */
static int conclude(struct recorder *r, int ret, struct recorder_result *result)
{
	struct store_thread_result store = { 0 };
	int stored = store_thread_join(r->store, &store);

	measure(r, result);
	result->analysis = store.analysis;
	result->files = store.files;
	result->files_left = store.files_left;
	snprintf(result->path, sizeof(result->path), "%s", store_thread_path(r->store));
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

static void close_all(struct recorder *r)
{
	kswapd_probe_free(r->probe);
	trace_live_close(r->trace);
	sampler_free(r->sampler);
	store_thread_free(r->store);
	handoff_free(r->handoff);
	recording_names_free(r->names);
	for (int *fd = &r->epoll_fd; fd <= &r->timer_fd; fd++)
		if (*fd >= 0)
			close(*fd);
}

static int record(struct recorder *r, struct recorder_result *result)
{
	int status = STATUS_ERROR, ret;

	survival_prepare();
	recording_find_tracefs(r->tracefs_root);
	ret = open_sources(r);
	if (!ret)
		ret = open_sinks(r);
	if (!ret) {
		say_missing(r);
		ret = open_loop(r);
		if (ret)
			complain("record", strerror(-ret), NULL);
	}
	if (!ret)
		status = conclude(r, run(r), result);
	close_all(r);
	return status;
}

int recorder_run(const struct recorder_options *options, struct recorder_result *result)
{
	struct recorder r = { .options = options, .epoll_fd = -1, .timer_fd = -1, .child = CHILD_NONE };
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
