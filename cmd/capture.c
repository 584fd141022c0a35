// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture.c - see capture.h.
 *
 * The lock is the reader's while it calls sinks, and somebody else's while that one adds or removes a sink. In between
 * the reader waits for rings, its timer and what the hooks wait for.
 */
#include "cmd/capture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd/preface.h"
#include "cmd/recording_facts.h"
#include "cmd/recording_names.h"
#include "collect/kswapd_probe.h"
#include "collect/sampler.h"
#include "collect/symbol_namer.h"
#include "spine/fanout.h"
#include "spine/side_thread.h"
#include "spine/time.h"

#define LOOK_NS		(NSEC_PER_SEC / 10)	/* kswapd_failures is sampled at 10 Hz; design.md */
#define FIRST_WAIT_NS	(2 * NSEC_PER_SEC)	/* for the first samples, before the first event */
#define FIRST_STEP_NS	(2 * NSEC_PER_MSEC)
#define SAMPLES_KIB	4096u			/* some 40,000 samples */
#define LOOKS_KIB	256u
#define SYMBOLS_KIB	128u			/* more than all the names there can be */
#define METRICS_KIB	512u			/* two turns of all that is read from the pipe */
#define METRICS_WAIT_MS	200
#define METRICS_REST_NS	(10 * NSEC_PER_MSEC)	/* after each KiB: a job that says more than 100 KiB/s has to wait */

enum { FD_TIMER, FD_STOP, FD_EPOLL, FD_COUNT };

/* Work beside the reader, and whether it has had its first turn. */
struct side {
	struct side_thread	*thread;	/* NULL: not to be had */
	_Atomic bool		begun;
};

struct capture {
	struct capture_options	options;
	char			tracefs_root[PATH_MAX];	/* "": not mounted */
	struct trace_live	*trace;		/* NULL: no events */
	struct recording_names	*names;
	struct sampler		*sampler;
	struct kswapd_probe	*probe;		/* NULL: not to be had */
	struct job_metric	*jobs;		/* NULL: they are not asked */
	struct side		samples, looks;
	struct symbol_namer	*symbols;	/* NULL: there are no events */
	struct side_thread	*lookups;	/* of symbols */
	struct side_thread	*metrics;	/* of jobs */
	struct preface		*preface;	/* NULL: nobody joins late */
	pthread_mutex_t		lock;		/* of out, and of calls to it */
	struct fanout		out;
	struct sink		in, named;	/* to all of them; with names of tasks put in */
	bool			runs;		/* the sinks have been told facts and types */
	_Atomic bool		stop;		/* FD_STOP says so to one that waits */
	int			fds[FD_COUNT];
};

/* --- opening --- */

static void missing(const struct capture *c, const char *what, const struct source_error *err)
{
	if (c->options.missing)
		c->options.missing(c->options.ctx, what, err->what, err->hint);
}

static void explain(struct source_error *err, int ret)
{
	if (!err->what[0])
		snprintf(err->what, sizeof(err->what), "%s", strerror(-ret));
}

/* Names first: what BPF notes of a thread then precedes each of its events. */
static int open_events(struct capture *c, struct source_error *err)
{
	const struct capture_options *o = &c->options;
	const char *root = *c->tracefs_root ? c->tracefs_root : NULL;
	const struct trace_live_options trace = { .tracefs_root = root, .events = o->events, .max_rate = o->max_rate,
						  .buffer_bytes_per_cpu = o->buffer_bytes_per_cpu };
	struct source_error nameless;
	int ret = recording_names_open(root, &nameless, &c->names);

	if (ret)
		return ret;
	ret = trace_live_open(&trace, err, &c->trace);
	if (!ret) {
		if (nameless.what[0])
			missing(c, "names of tasks that live briefly are not recorded", &nameless);
		return 0;
	}
	explain(err, ret);
	if (!o->no_events)
		return ret;
	missing(c, "events are not recorded", err);
	*err = (struct source_error){ 0 };
	return 0;
}

static int64_t take_samples(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	struct capture *c = ctx;
	int ret;

	if (c->samples.begun)
		return sampler_tick(c->sampler, now_ns, sink);
	ret = sampler_start(c->sampler, now_ns, sink);
	c->samples.begun = true;
	return ret;
}

static void repeat_samples(void *ctx)
{
	struct capture *c = ctx;

	if (c->samples.begun)
		sampler_repeat(c->sampler);
}

static int last_samples(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	return sampler_stop(((struct capture *)ctx)->sampler, now_ns, sink);
}

static int open_samples(struct capture *c, struct source_error *err)
{
	const struct sampler_options options = { .cgroups = true, .clock = monotonic_ns };
	const struct side_work work = { .name = "samples", .memory_kib = SAMPLES_KIB, .ctx = c, .work = take_samples,
					.repeat = repeat_samples, .last = last_samples };
	int ret = sampler_open(&options, err, &c->sampler);

	if (!ret)
		ret = side_thread_new(&work, &c->samples.thread);
	if (ret)
		explain(err, ret);
	return ret;
}

/* A look that fails is not the last: the next may not. */
static int64_t look_at_kswapd(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	struct capture *c = ctx;

	kswapd_probe_sample(c->probe, now_ns, sink);
	kswapd_probe_drain(c->probe, sink);
	c->looks.begun = true;
	return LOOK_NS;
}

static int last_look(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	struct capture *c = ctx;
	struct kswapd_probe_stats stats;

	kswapd_probe_drain(c->probe, sink);
	kswapd_probe_stats(c->probe, &stats);
	return recording_put_number(sink, "kswapd_failures_dropped", stats.dropped);
}

static int open_looks(struct capture *c)
{
	const struct side_work work = { .name = "kswapd", .memory_kib = LOOKS_KIB, .ctx = c, .work = look_at_kswapd,
					.last = last_look };
	struct source_error err = { 0 };
	int ret = kswapd_probe_open(&c->probe, &err);

	if (!ret)
		return side_thread_new(&work, &c->looks.thread);
	explain(&err, ret);
	missing(c, "kswapd_failures is not recorded, only node_unreclaimable", &err);
	return 0;
}

static int open_symbols(struct capture *c)
{
	int ret = c->trace ? symbol_namer_new("/proc/kallsyms", &c->symbols) : 0;
	const struct side_work work = { .name = "symbols", .memory_kib = SYMBOLS_KIB, .ctx = c->symbols,
					.work = symbol_namer_work, .repeat = symbol_namer_repeat,
					.last = symbol_namer_finish };

	return ret || !c->symbols ? ret : side_thread_new(&work, &c->lookups);
}

/* It waits here, not in the thread's rest, for the time of a sample is that of its arrival. */
static int64_t take_metrics(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	int ret = job_metric_take(((struct capture *)ctx)->jobs, METRICS_WAIT_MS, sink);

	return ret < 0 ? ret : METRICS_REST_NS;
}

static void repeat_metrics(void *ctx)
{
	job_metric_repeat(((struct capture *)ctx)->jobs);
}

static int last_metrics(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	return job_metric_finish(((struct capture *)ctx)->jobs, sink);
}

static int open_metrics(struct capture *c, struct source_error *err)
{
	const struct side_work work = { .name = "metrics", .memory_kib = METRICS_KIB, .ctx = c, .work = take_metrics,
					.repeat = repeat_metrics, .last = last_metrics };
	int ret = c->options.metrics ? job_metric_open(c->options.metrics, err, &c->jobs) : 0;

	return ret || !c->jobs ? ret : side_thread_new(&work, &c->metrics);
}

static int watch(struct capture *c, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(c->fds[FD_EPOLL], EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int open_loop(struct capture *c)
{
	const struct timespec turn = { .tv_nsec = (c->options.turn_ms ?: CAPTURE_TURN_MS) * NSEC_PER_MSEC };
	const struct itimerspec tick = { .it_interval = turn, .it_value = turn };
	unsigned int n = 0;
	const int *fds = c->trace ? trace_live_fds(c->trace, &n) : NULL;
	int ret;

	c->fds[FD_TIMER] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->fds[FD_STOP] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->fds[FD_EPOLL] = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < FD_COUNT; i++)
		if (c->fds[i] < 0)
			return -errno;
	if (timerfd_settime(c->fds[FD_TIMER], 0, &tick, NULL))
		return -errno;
	ret = watch(c, c->fds[FD_TIMER]);
	if (!ret)
		ret = watch(c, c->fds[FD_STOP]);
	for (unsigned int i = 0; i < n && !ret; i++)
		ret = watch(c, fds[i]);
	return ret;
}

static int open_out(struct capture *c)
{
	int ret = c->options.late_sinks ? preface_new(&c->preface) : 0;

	if (ret)
		return ret;
	if (c->preface)
		c->out.sinks[c->out.n++] = preface_sink(c->preface);
	if (c->symbols)
		c->out.sinks[c->out.n++] = symbol_namer_sink(c->symbols);
	c->in = fanout_sink(&c->out);
	return recording_names_sink(c->names, &c->in, &c->named);
}

int capture_open(const struct capture_options *options, struct source_error *err, struct capture **out)
{
	struct capture *c = calloc(1, sizeof(*c));
	int ret;

	*err = (struct source_error){ 0 };
	if (!c)
		return -ENOMEM;
	c->options = *options;
	for (int i = 0; i < FD_COUNT; i++)
		c->fds[i] = -1;
	pthread_mutex_init(&c->lock, NULL);
	recording_find_tracefs(c->tracefs_root);
	ret = open_events(c, err);
	if (!ret)
		ret = open_samples(c, err);
	if (!ret)
		ret = open_looks(c);
	if (!ret)
		ret = open_symbols(c);
	if (!ret)
		ret = open_metrics(c, err);
	if (!ret)
		ret = open_out(c);
	if (!ret)
		ret = open_loop(c);
	if (ret) {
		explain(err, ret);
		capture_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

void capture_close(struct capture *c)
{
	bool hangs;

	if (!c)
		return;
	/* What a thread that hangs still uses stays with the process. */
	hangs = !side_thread_free(c->samples.thread);
	if (!hangs)
		sampler_free(c->sampler);
	if (!side_thread_free(c->looks.thread))
		hangs = true;
	else
		kswapd_probe_free(c->probe);
	if (!side_thread_free(c->lookups))
		hangs = true;
	else
		symbol_namer_free(c->symbols);
	if (!side_thread_free(c->metrics))
		hangs = true;
	else
		job_metric_close(c->jobs);
	trace_live_close(c->trace);
	recording_names_free(c->names);
	for (int i = 0; i < FD_COUNT; i++)
		if (c->fds[i] >= 0)
			close(c->fds[i]);
	if (hangs)
		return;
	preface_free(c->preface);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* --- sinks --- */

static void repeat(struct capture *c)
{
	side_thread_repeat(c->samples.thread);
	if (c->metrics)
		side_thread_repeat(c->metrics);
	if (c->lookups) {
		side_thread_repeat(c->lookups);
		side_thread_wake(c->lookups);
	}
}

static int tell_newcomer(struct capture *c, const struct sink *sink)
{
	int ret = c->trace ? trace_live_announce(c->trace, sink) : 0;

	return ret || !c->preface ? ret : preface_tell(c->preface, sink, monotonic_ns());
}

int capture_attach(struct capture *c, const struct sink *sink)
{
	int ret = 0;

	pthread_mutex_lock(&c->lock);
	if (c->out.n == FANOUT_MAX)
		ret = -ENOSPC;
	if (!ret && c->runs) {
		ret = tell_newcomer(c, sink);
		repeat(c);
	}
	if (!ret)
		c->out.sinks[c->out.n++] = *sink;
	pthread_mutex_unlock(&c->lock);
	return ret;
}

void capture_detach(struct capture *c, const void *sink_ctx)
{
	pthread_mutex_lock(&c->lock);
	for (int i = 0; i < c->out.n; i++)
		if (c->out.sinks[i].ctx == sink_ctx)
			c->out.sinks[i--] = c->out.sinks[--c->out.n];
	pthread_mutex_unlock(&c->lock);
}

/* --- the reader --- */

static void drain_symbols(struct capture *c)
{
	if (!c->lookups)
		return;
	if (symbol_namer_waiting(c->symbols))
		side_thread_wake(c->lookups);
	side_thread_drain(c->lookups, &c->in);
}

static void drain_sides(struct capture *c)
{
	if (c->looks.thread)
		side_thread_drain(c->looks.thread, &c->named);
	side_thread_drain(c->samples.thread, &c->named);
	if (c->metrics)
		side_thread_drain(c->metrics, &c->named);
	drain_symbols(c);
	recording_names_drain(c->names);
}

/* Where values started comes before the first event, unless the machine is in such a state that it takes too long. */
static void await_first(struct capture *c)
{
	const struct timespec step = { .tv_nsec = FIRST_STEP_NS };
	uint64_t until = monotonic_ns() + FIRST_WAIT_NS;

	while ((!c->samples.begun || (c->looks.thread && !c->looks.begun)) && monotonic_ns() < until) {
		nanosleep(&step, NULL);
		drain_sides(c);
	}
	/* What was made last may not have been handed on yet. */
	nanosleep(&step, NULL);
	drain_sides(c);
}

static int begin(struct capture *c)
{
	int ret = recording_put_facts(c->trace, c->tracefs_root, &c->in);

	if (!ret)
		ret = side_thread_start(c->samples.thread);
	if (!ret && c->looks.thread)
		ret = side_thread_start(c->looks.thread);
	if (!ret && c->metrics)
		ret = side_thread_start(c->metrics);
	if (!ret && c->lookups)
		ret = side_thread_start(c->lookups);
	if (!ret)
		ret = recording_names_start(c->names);
	if (ret)
		return ret;
	await_first(c);
	c->runs = true;
	if (!c->trace)
		return 0;
	/* Nothing is there yet: it announces the types. */
	ret = trace_live_read(c->trace, &c->named, monotonic_ns());
	return ret ? ret : trace_live_start(c->trace);
}

static int read_all(struct capture *c, uint64_t now)
{
	int ret;

	pthread_mutex_lock(&c->lock);
	ret = c->trace ? trace_live_read(c->trace, &c->named, now) : 0;
	drain_sides(c);
	pthread_mutex_unlock(&c->lock);
	return ret;
}

static bool ticks(struct capture *c, const struct capture_hooks *hooks, uint64_t now)
{
	uint64_t expirations;

	if (read(c->fds[FD_TIMER], &expirations, sizeof(expirations)) != sizeof(expirations))
		return true;
	return !hooks->tick || hooks->tick(hooks->ctx, now);
}

/* All are looked at in each round, so that not all of them may fit into @events does no harm. */
static int loop(struct capture *c, const struct capture_hooks *hooks)
{
	struct epoll_event events[16];
	bool go_on = true;
	int ret = 0;

	while (go_on && !ret && !c->stop) {
		int n = epoll_wait(c->fds[FD_EPOLL], events, sizeof(events) / sizeof(events[0]), -1);
		uint64_t now = monotonic_ns();

		if (n < 0 && errno != EINTR)
			return -errno;
		ret = read_all(c, now);
		go_on = ticks(c, hooks, now);
		if (hooks->ready)
			go_on &= hooks->ready(hooks->ctx);
	}
	return ret;
}

/* Where each event went: made is read or lost in the ring, and what is read goes to each sink or is dropped there. */
static void put_counts(struct capture *c)
{
	struct trace_live_stats stats;

	capture_get_stats(c, &stats);
	recording_put_number(&c->in, "events_read", stats.events);
	recording_put_number(&c->in, "events_lost_in_ring", stats.lost);
}

static int finish(struct capture *c)
{
	int ret = c->trace ? trace_live_stop(c->trace) : 0;

	pthread_mutex_lock(&c->lock);
	if (!ret && c->trace)
		ret = trace_live_drain_all(c->trace, &c->named);
	if (c->looks.thread)
		side_thread_stop(c->looks.thread, monotonic_ns(), &c->named);
	side_thread_stop(c->samples.thread, monotonic_ns(), &c->named);
	if (c->metrics)
		side_thread_stop(c->metrics, monotonic_ns(), &c->named);
	if (c->lookups)
		side_thread_stop(c->lookups, monotonic_ns(), &c->in);
	recording_names_finish(c->names, monotonic_ns());
	put_counts(c);
	pthread_mutex_unlock(&c->lock);
	return ret;
}

int capture_run(struct capture *c, const struct capture_hooks *hooks)
{
	int ret = hooks->ready ? watch(c, hooks->fd) : 0, left;

	pthread_mutex_lock(&c->lock);
	if (!ret)
		ret = begin(c);
	pthread_mutex_unlock(&c->lock);
	if (!ret && hooks->started)
		hooks->started(hooks->ctx);
	if (!ret)
		ret = loop(c, hooks);
	left = finish(c);
	return ret ? ret : left;
}

void capture_repeat(struct capture *c)
{
	repeat(c);
	recording_names_repeat(c->names);
}

void capture_stop(struct capture *c)
{
	c->stop = true;
	eventfd_write(c->fds[FD_STOP], 1);
}

void capture_get_stats(const struct capture *c, struct trace_live_stats *out)
{
	*out = (struct trace_live_stats){ 0 };
	if (c->trace)
		trace_live_get_stats(c->trace, out);
}

void capture_get_job_stats(const struct capture *c, struct job_metric_stats *out)
{
	*out = (struct job_metric_stats){ 0 };
	if (c->jobs)
		job_metric_get_stats(c->jobs, out);
}

const char *const *capture_missing_events(const struct capture *c, unsigned int *n)
{
	*n = 0;
	return c->trace ? trace_live_missing(c->trace, n) : NULL;
}

const char *capture_message(struct capture *c)
{
	return c->trace ? trace_live_message(c->trace) : NULL;
}
