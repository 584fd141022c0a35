// SPDX-License-Identifier: GPL-2.0-only
/*
 * side_thread.c - see side_thread.h.
 */
#include "spine/side_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "spine/handoff.h"
#include "spine/thread.h"
#include "spine/time.h"

#define CHUNK_KIB	64u		/* small: what is in the first ones need not wait for the rest */
#define CHUNKS_MIN	2u
#define NAME_BYTES	16u		/* with "squall-" and the end, as pthread_setname_np() has it */
#define JOIN_NS		(5 * NSEC_PER_SEC)
#define JOIN_STEP_NS	(20 * NSEC_PER_MSEC)

struct side_thread {
	struct side_work work;
	struct handoff	*handoff;
	pthread_t	thread;
	bool		running;	/* the reader's: started, and not joined; left behind if it hangs */
	pthread_mutex_t	lock;
	pthread_cond_t	asked;
	bool		stop, woken;	/* under the lock */
	atomic_bool	repeat;
};

int side_thread_new(const struct side_work *work, struct side_thread **out)
{
	struct side_thread *t = calloc(1, sizeof(*t));
	unsigned int chunks = work->memory_kib / CHUNK_KIB;
	pthread_condattr_t attr;

	if (!t || handoff_new(chunks > CHUNKS_MIN ? chunks : CHUNKS_MIN, CHUNK_KIB << 10, &t->handoff)) {
		free(t);
		return -ENOMEM;
	}
	t->work = *work;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->asked, &attr);
	pthread_condattr_destroy(&attr);
	*out = t;
	return 0;
}

/* --- the thread --- */

/* Until then, or until somebody asks for something. False: it is to end. */
static bool rest(struct side_thread *t, int64_t wait_ns)
{
	bool asleep = wait_ns == SIDE_THREAD_ASLEEP, stop;
	struct timespec until = ns_to_timespec(asleep ? 0 : monotonic_ns() + wait_ns);
	int ret = 0;

	pthread_mutex_lock(&t->lock);
	while (!t->stop && !t->woken && ret != ETIMEDOUT)
		ret = asleep ? pthread_cond_wait(&t->asked, &t->lock) :
			       pthread_cond_timedwait(&t->asked, &t->lock, &until);
	stop = t->stop;
	t->woken = false;
	pthread_mutex_unlock(&t->lock);
	return !stop;
}

static void *thread_main(void *arg)
{
	struct side_thread *t = arg;
	struct sink sink = handoff_sink(t->handoff);
	uint64_t dropped = 0;
	int64_t wait;

	do {
		struct handoff_stats stats = handoff_stats(t->handoff);

		/* A value that was dropped would not come again before it changes. */
		if ((atomic_exchange(&t->repeat, false) || stats.dropped != dropped) && t->work.repeat)
			t->work.repeat(t->work.ctx);
		dropped = stats.dropped;
		wait = t->work.work(t->work.ctx, monotonic_ns(), &sink);
		handoff_flush(t->handoff);
	} while (wait >= 0 && rest(t, wait));
	return NULL;
}

/* --- the reader's side --- */

int side_thread_start(struct side_thread *t)
{
	char name[NAME_BYTES];
	int ret;

	snprintf(name, sizeof(name), "squall-%s", t->work.name);
	ret = thread_start(&t->thread, name, thread_main, t);
	t->running = !ret;
	return ret;
}

int side_thread_drain(struct side_thread *t, const struct sink *sink)
{
	int ret;

	do
		ret = handoff_take(t->handoff, 0, sink);
	while (ret > 0);
	return ret == -EPIPE ? 0 : ret;
}

static void ask(struct side_thread *t, bool *what)
{
	pthread_mutex_lock(&t->lock);
	*what = true;
	pthread_cond_signal(&t->asked);
	pthread_mutex_unlock(&t->lock);
}

void side_thread_wake(struct side_thread *t)
{
	ask(t, &t->woken);
}

void side_thread_repeat(struct side_thread *t)
{
	t->repeat = true;
}

/*
 * The thread may wait for room while it ends, so what it made is taken all the time. pthread_timedjoin_np() waits by
 * the realtime clock, which somebody may set: the deadline is ours.
 */
static int join(struct side_thread *t, const struct sink *sink)
{
	struct timespec step = ns_to_timespec(JOIN_STEP_NS);
	uint64_t deadline = monotonic_ns() + JOIN_NS;
	int ret = 0;

	while (pthread_tryjoin_np(t->thread, NULL)) {
		if (monotonic_ns() >= deadline)
			ret = -ETIMEDOUT;
		if (!ret)
			ret = side_thread_drain(t, sink);
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
		ret = side_thread_drain(t, sink);
	if (ret)
		return ret;
	handoff_close(t->handoff);
	return side_thread_drain(t, sink);
}

static int say(const struct side_thread *t, const char *what, const char *value, const struct sink *sink)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_%s", t->work.name, what);
	return SINK_CALL(sink, meta, key, value);
}

static int say_dropped(struct side_thread *t, const struct sink *sink)
{
	struct handoff_stats stats = handoff_stats(t->handoff);
	char text[24];

	if (!stats.dropped)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, stats.dropped);
	return say(t, "dropped", text, sink);
}

int side_thread_stop(struct side_thread *t, uint64_t now_ns, const struct sink *sink)
{
	int ret;

	if (!t->running)
		return 0;
	ask(t, &t->stop);
	ret = join(t, sink);
	if (ret == -ETIMEDOUT)
		ret = say(t, "cut", "the thread hung in the kernel when the recording ended", sink);
	else if (!ret && t->work.last)
		ret = t->work.last(t->work.ctx, now_ns, sink);
	return ret ? ret : say_dropped(t, sink);
}

bool side_thread_free(struct side_thread *t)
{
	if (!t)
		return true;
	if (t->running)
		return false;
	handoff_free(t->handoff);
	pthread_cond_destroy(&t->asked);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return true;
}
