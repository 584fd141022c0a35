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
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/recording_facts.h"
#include "cmd/store_thread.h"
#include "collect/kswapd_probe.h"
#include "collect/sampler.h"
#include "collect/task_namer.h"
#include "collect/trace_live.h"
#include "spine/handoff.h"
#include "spine/time.h"

#define CHUNK_BYTES	(1u << 20)
#define CHUNKS		48		/* 48 MiB: some 5 s of 100,000 events/s while the disk stands still */
#define TICK_NS		(NSEC_PER_SEC / 10)	/* kswapd_failures is sampled at 10 Hz; design.md */
#define STATUS_NS	NSEC_PER_SEC
#define OOM_SCORE_ADJ	"-900"		/* below what it records, above what must never be killed */
#define STATUS_SIGNALED	128		/* the shell's way to tell of a signal */

struct recorder {
	const struct recorder_options *options;
	struct trace_live	*trace;
	struct sampler		*sampler;
	struct kswapd_probe	*probe;		/* NULL: not to be had */
	struct handoff		*handoff;
	struct sink		in;		/* the reader's: into the handoff */
	struct task_namer	*namer;
	struct sink		named;		/* the same, with names of tasks put in */
	int			proc_fd, epoll_fd, timer_fd, signal_fd;
	uint64_t		started_ns, sample_due_ns, status_due_ns;
	bool			on_terminal;
	pid_t			child;		/* of the command; 0 none */
	int			child_status;	/* -1: still running */
	bool			stop;
	struct store_thread	*store;
};

/* --- opening --- */

/* Best effort: a recorder that is killed first, or swapped out, records nothing. */
static void survive(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	struct rlimit files;

	if (fd >= 0) {
		if (write(fd, OOM_SCORE_ADJ, strlen(OOM_SCORE_ADJ)) < 0)
			complain("record", "oom_score_adj cannot be lowered: the OOM killer may choose squall", NULL);
		close(fd);
	}
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int say_why(const char *what, const struct source_error *err, int ret)
{
	complain(what, err->what[0] ? err->what : strerror(-ret), err->hint);
	return ret;
}

static int open_sources(struct recorder *r)
{
	const struct trace_live_options trace = { .events = r->options->events,
						  .buffer_bytes_per_cpu = r->options->buffer_bytes_per_cpu };
	const struct sampler_options samples = { .cgroups = true };
	struct source_error err = { 0 };
	int ret = trace_live_open(&trace, &err, &r->trace);

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
						    .on_terminal = r->on_terminal };
	int ret = handoff_new(CHUNKS, CHUNK_BYTES, &r->handoff);

	r->namer = malloc(sizeof(*r->namer));
	if (ret || !r->namer) {
		complain("record", strerror(ENOMEM), NULL);
		return -ENOMEM;
	}
	r->in = handoff_sink(r->handoff);
	task_namer_init(r->namer, &r->in, r->proc_fd);
	r->named = task_namer_sink(r->namer);
	return store_thread_open(&store, r->handoff, &r->store);
}

static int watch(struct recorder *r, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* Signals come by descriptor; blocked before any thread exists, so that all threads have them blocked. */
static int open_loop(struct recorder *r)
{
	struct itimerspec tick = { .it_interval.tv_nsec = TICK_NS, .it_value.tv_nsec = TICK_NS };
	unsigned int n;
	const int *fds = trace_live_fds(r->trace, &n);
	sigset_t signals;
	int ret;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->signal_fd < 0 || r->timer_fd < 0 || r->epoll_fd < 0 || timerfd_settime(r->timer_fd, 0, &tick, NULL))
		return -errno;
	ret = watch(r, r->signal_fd);
	if (!ret)
		ret = watch(r, r->timer_fd);
	for (unsigned int i = 0; i < n && !ret; i++)
		ret = watch(r, fds[i]);
	return ret;
}

/* --- the reader's loop --- */

static void start_command(struct recorder *r)
{
	sigset_t none;

	r->child = fork();
	if (r->child)
		return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(r->options->command[0], r->options->command);
	complain(r->options->command[0], strerror(errno), NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

static void reap_command(struct recorder *r)
{
	int status;

	if (r->child <= 0 || waitpid(r->child, &status, WNOHANG) != r->child)
		return;
	r->child_status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNALED + WTERMSIG(status);
	r->stop = true;
}

static void on_signals(struct recorder *r)
{
	struct signalfd_siginfo info;

	while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap_command(r);
		else
			r->stop = true;
	}
}

static void draw_status(struct recorder *r, uint64_t now)
{
	struct handoff_stats queue = handoff_stats(r->handoff);
	struct trace_live_stats stats;

	if (!r->on_terminal || now < r->status_due_ns)
		return;
	r->status_due_ns = now + STATUS_NS;
	trace_live_get_stats(r->trace, &stats);
	fprintf(stderr, "\r\033[Krecording %s: %.0f s, %" PRIu64 " events, %" PRIu64 " lost. Ctrl-C ends it.",
		r->options->output, ns_to_s(now - r->started_ns), stats.events, stats.lost + queue.dropped_events);
	fflush(stderr);
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
	handoff_flush(r->handoff);
	draw_status(r, now);
	if (r->options->duration_ns && now - r->started_ns >= r->options->duration_ns)
		r->stop = true;
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
	recording_put_number(&r->in, "tasks_unnamed", r->namer->unnamed);
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
	/* Only now is all there that must not be paged out. */
	mlockall(MCL_CURRENT);
	r->started_ns = monotonic_ns();
	recording_put_facts(r->trace, &r->in);
	ret = sampler_start(r->sampler, r->started_ns, &r->in);
	if (!ret && r->probe)
		ret = kswapd_probe_sample(r->probe, r->started_ns, &r->in);
	if (!ret)
		ret = trace_live_start(r->trace);
	if (!ret && r->options->command)
		start_command(r);
	if (!ret)
		ret = loop(r);
	finish(r);
	if (r->on_terminal)
		fputs("\r\033[K", stderr);
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

/* The store holds what came before an error; the status tells of the error, or of the command. */
static int conclude(struct recorder *r, int ret, struct recorder_result *result)
{
	int stored = store_thread_join(r->store, &result->analysis);

	measure(r, result);
	if (ret)
		complain("record", strerror(-ret), NULL);
	if (ret || stored)
		return STATUS_ERROR;
	return r->child_status > 0 ? r->child_status : STATUS_OK;
}

static void close_all(struct recorder *r)
{
	if (r->child > 0 && r->child_status < 0)
		kill(r->child, SIGTERM);
	kswapd_probe_free(r->probe);
	trace_live_close(r->trace);
	sampler_free(r->sampler);
	store_thread_free(r->store);
	handoff_free(r->handoff);
	free(r->namer);
	for (int *fd = &r->proc_fd; fd <= &r->signal_fd; fd++)
		if (*fd >= 0)
			close(*fd);
}

int recorder_run(const struct recorder_options *options, struct recorder_result *result)
{
	struct recorder r = { .options = options, .proc_fd = -1, .epoll_fd = -1, .timer_fd = -1, .signal_fd = -1,
			      .child_status = -1, .on_terminal = isatty(STDERR_FILENO) };
	int status = STATUS_ERROR, ret;

	*result = (struct recorder_result){ 0 };
	survive();
	r.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret = open_sources(&r);
	if (!ret)
		ret = open_sinks(&r);
	if (!ret) {
		say_missing(&r);
		ret = open_loop(&r);
		if (ret)
			complain("record", strerror(-ret), NULL);
	}
	if (!ret)
		status = conclude(&r, run(&r), result);
	close_all(&r);
	return status;
}
