// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampler_thread.c - see sampler_thread.h.
 */
#include "collect/sampler_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "spine/handoff.h"
#include "spine/time.h"

#define CHUNK_BYTES	(64u << 10)	/* small: the first ones have the facts, and nobody waits for the rest */
#define CHUNKS		64u
#define STACK_BYTES	(512u << 10)	/* paths of cgroups and lines are on it, 20 kB at most */
#define JOIN_NS		(5 * NSEC_PER_SEC)
#define JOIN_STEP_NS	(20 * NSEC_PER_MSEC)

struct sampler_thread {
	struct sampler	*sampler;	/* the thread's while it runs */
	struct handoff	*handoff;
	pthread_t	thread;
	bool		running;	/* the reader's: started, and not joined; left behind if it hangs */
	pthread_mutex_t	lock;
	pthread_cond_t	stop_asked;
	bool		stop;
	atomic_bool	repeat;
};

int sampler_thread_new(struct sampler *sampler, struct sampler_thread **out)
{
	struct sampler_thread *t = calloc(1, sizeof(*t));
	pthread_condattr_t attr;

	if (!t || handoff_new(CHUNKS, CHUNK_BYTES, &t->handoff)) {
		free(t);
		return -ENOMEM;
	}
	t->sampler = sampler;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->stop_asked, &attr);
	pthread_condattr_destroy(&attr);
	*out = t;
	return 0;
}

/* --- the thread --- */

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}

/* False: it is to end. */
static bool sleep_until(struct sampler_thread *t, uint64_t until_ns)
{
	struct timespec until = to_timespec(until_ns);
	bool stop;
	int ret = 0;

	pthread_mutex_lock(&t->lock);
	while (!t->stop && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&t->stop_asked, &t->lock, &until);
	stop = t->stop;
	pthread_mutex_unlock(&t->lock);
	return !stop;
}

static void *thread_main(void *arg)
{
	struct sampler_thread *t = arg;
	struct sink sink = handoff_sink(t->handoff);
	uint64_t dropped = 0, now = monotonic_ns();
	int64_t wait = sampler_start(t->sampler, now, &sink);

	handoff_flush(t->handoff);
	while (wait >= 0 && sleep_until(t, now + wait)) {
		struct handoff_stats stats = handoff_stats(t->handoff);

		/* A value that was dropped would not come again before it changes. */
		if (atomic_exchange(&t->repeat, false) || stats.dropped != dropped)
			sampler_repeat(t->sampler);
		dropped = stats.dropped;
		wait = sampler_tick(t->sampler, monotonic_ns(), &sink);
		handoff_flush(t->handoff);
		now = monotonic_ns();
	}
	return NULL;
}

/* --- the reader's side --- */

int sampler_thread_start(struct sampler_thread *t)
{
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	ret = -pthread_create(&t->thread, &attr, thread_main, t);
	pthread_attr_destroy(&attr);
	t->running = !ret;
	if (!ret)
		pthread_setname_np(t->thread, "squall-samples");
	return ret;
}

int sampler_thread_drain(struct sampler_thread *t, const struct sink *sink)
{
	int ret;

	do
		ret = handoff_take(t->handoff, 0, sink);
	while (ret > 0);
	return ret == -EPIPE ? 0 : ret;
}

void sampler_thread_repeat(struct sampler_thread *t)
{
	t->repeat = true;
}

/*
 * The thread may wait for room while it ends, so what it made is taken all the time. pthread_timedjoin_np() waits by
 * the realtime clock, which somebody may set: the deadline is ours.
 */
static int join(struct sampler_thread *t, const struct sink *sink)
{
	struct timespec step = to_timespec(JOIN_STEP_NS);
	uint64_t deadline = monotonic_ns() + JOIN_NS;
	int ret = 0;

	while (pthread_tryjoin_np(t->thread, NULL)) {
		if (monotonic_ns() >= deadline)
			ret = -ETIMEDOUT;
		if (!ret)
			ret = sampler_thread_drain(t, sink);
		if (ret)
			handoff_abandon(t->handoff);
		if (ret == -ETIMEDOUT) {
			pthread_detach(t->thread);
			return ret;
		}
		nanosleep(&step, NULL);
	}
	t->running = false;
	/* Drained, there is room for what closing hands on: nobody else would make it. */
	if (!ret)
		ret = sampler_thread_drain(t, sink);
	if (ret)
		return ret;
	handoff_close(t->handoff);
	return sampler_thread_drain(t, sink);
}

static int say_dropped(struct sampler_thread *t, const struct sink *sink)
{
	struct handoff_stats stats = handoff_stats(t->handoff);
	char text[24];

	if (!stats.dropped)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, stats.dropped);
	return SINK_CALL(sink, meta, "samples_dropped", text);
}

int sampler_thread_stop(struct sampler_thread *t, uint64_t now_ns, const struct sink *sink)
{
	int ret;

	if (!t->running)
		return 0;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->stop_asked);
	pthread_mutex_unlock(&t->lock);
	ret = join(t, sink);
	if (ret == -ETIMEDOUT)
		ret = SINK_CALL(sink, meta, "samples_cut", "the sampler hung in the kernel when the recording ended");
	else if (!ret)
		ret = sampler_stop(t->sampler, now_ns, sink);
	return ret ? ret : say_dropped(t, sink);
}

void sampler_thread_free(struct sampler_thread *t)
{
	if (!t || t->running)
		return;
	sampler_free(t->sampler);
	handoff_free(t->handoff);
	pthread_cond_destroy(&t->stop_asked);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
