// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_record.c - see top_record.h.
 */
#include "cmd/top_record.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "analyze/analysis.h"
#include "cmd/record_args.h"
#include "cmd/recording_facts.h"
#include "cmd/store_thread.h"
#include "spine/handoff.h"
#include "spine/time.h"

#define CHUNK_BYTES	(1u << 20)
#define CHUNKS		24u	/* what may wait while the disk stands still: half of what squall record has */

enum state { IDLE, RUNS, ENDS };

struct top_record {
	struct top_record_options options;
	enum state		state;
	struct store_thread	*store;
	struct handoff		*handoff;
	pthread_mutex_t		lock;		/* of flushed */
	struct handoff		*flushed;	/* the handoff, while the reader fills it */
	pthread_t		ender;
	_Atomic bool		complete;	/* the ender is done */
	struct sink_ops		ops;		/* the hand-off's, with start_realtime_ns of now */
	char			path[PATH_MAX];
};

int top_record_new(const struct top_record_options *options, struct top_record **out)
{
	struct top_record *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->options = *options;
	pthread_mutex_init(&r->lock, NULL);
	*out = r;
	return 0;
}

static void on_message(void *ctx, const char *text)
{
	struct top_record *r = ctx;

	top_notes_put(r->options.notes, text);
	eventfd_write(r->options.wake_fd, 1);
}

__attribute__((format(printf, 2, 3)))
static void say(struct top_record *r, const char *format, ...)
{
	char text[TOP_NOTE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	on_message(r, text);
}

/* --- begin --- */

static void set_flushed(struct top_record *r, struct handoff *handoff)
{
	pthread_mutex_lock(&r->lock);
	r->flushed = handoff;
	pthread_mutex_unlock(&r->lock);
}

/* Counts of the whole capture, which began earlier: they say nothing of this recording. */
static bool is_count(const char *key)
{
	static const char *const counts[] = {
		"events_read", "events_lost_in_ring", "tasks_unnamed", "task_lookups_put_off", "task_notes_dropped",
		"kswapd_failures_dropped", "samples_dropped", "names_dropped", "kswapd_dropped", "symbols_dropped",
		"symbols_unnamed",
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (!strcmp(key, counts[i]))
			return true;
	return false;
}

static int put_meta(void *ctx, const char *key, const char *value)
{
	const struct sink sink = handoff_sink(ctx);
	struct timespec now;

	if (is_count(key))
		return 0;
	if (strcmp(key, "start_realtime_ns"))
		return SINK_CALL(&sink, meta, key, value);
	clock_gettime(CLOCK_REALTIME, &now);
	return recording_put_number(&sink, key, now.tv_sec * NSEC_PER_SEC + now.tv_nsec);
}

static int open_store(struct top_record *r)
{
	const struct store_thread_options options = { .path = r->path, .max_bytes = r->options.max_bytes,
						      .message = on_message, .ctx = r };
	int ret = handoff_new(CHUNKS, CHUNK_BYTES, &r->handoff);

	if (ret)
		say(r, "cannot record: %s", strerror(-ret));
	else
		ret = store_thread_open(&options, r->handoff, &r->store);
	return ret ? ret : store_thread_start(r->store);
}

static void close_store(struct top_record *r)
{
	store_thread_free(r->store);
	handoff_free(r->handoff);
	r->store = NULL;
	r->handoff = NULL;
}

/* In the ender's thread, or when the program ends. */
static void complete(struct top_record *r)
{
	const struct sink sink = handoff_sink(r->handoff);
	struct store_thread_result result = { 0 };
	int findings = 0, ret;

	SINK_CALL(&sink, meta, "ended", "top");
	recording_put_number(&sink, "events_dropped_by_writer", handoff_stats(r->handoff).dropped_events);
	handoff_close(r->handoff);
	ret = store_thread_join(r->store, &result);
	if (result.analysis)
		analysis_findings(result.analysis, &findings);
	if (!ret)
		say(r, "%s is complete: %d finding%s", r->path, findings, findings == 1 ? "" : "s");
	analysis_free(result.analysis);
	close_store(r);
}

int top_record_begin(struct top_record *r, const char *path)
{
	struct sink sink;
	int ret;

	if (r->state != IDLE)
		return -EBUSY;
	if (path)
		snprintf(r->path, sizeof(r->path), "%s", path);
	else
		record_default_output(r->path, sizeof(r->path));
	ret = open_store(r);
	if (ret) {
		close_store(r);
		return ret;
	}
	sink = handoff_sink(r->handoff);
	r->ops = *sink.ops;
	r->ops.meta = put_meta;
	sink.ops = &r->ops;
	ret = capture_attach(r->options.capture, &sink);
	if (ret) {
		say(r, "cannot record: %s", strerror(-ret));
		complete(r);
		return ret;
	}
	set_flushed(r, r->handoff);
	r->state = RUNS;
	return 0;
}

/* --- end --- */

static void *end_main(void *arg)
{
	struct top_record *r = arg;

	complete(r);
	r->complete = true;
	eventfd_write(r->options.wake_fd, 1);
	return NULL;
}

static void detach(struct top_record *r)
{
	capture_detach(r->options.capture, r->handoff);
	set_flushed(r, NULL);
}

void top_record_end(struct top_record *r)
{
	if (r->state != RUNS)
		return;
	detach(r);
	r->complete = false;
	r->state = ENDS;
	if (!pthread_create(&r->ender, NULL, end_main, r))
		return;
	/* Without a thread the screen has to wait. */
	complete(r);
	r->state = IDLE;
}

void top_record_look(struct top_record *r)
{
	if (r->state == RUNS && store_thread_ended(r->store))
		top_record_end(r);
	if (r->state != ENDS || !r->complete)
		return;
	pthread_join(r->ender, NULL);
	r->state = IDLE;
}

void top_record_free(struct top_record *r)
{
	if (!r)
		return;
	if (r->state == RUNS) {
		detach(r);
		complete(r);
	} else if (r->state == ENDS) {
		pthread_join(r->ender, NULL);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}

bool top_record_runs(const struct top_record *r)
{
	return r->state == RUNS;
}

bool top_record_ends(const struct top_record *r)
{
	return r->state == ENDS;
}

const char *top_record_path(const struct top_record *r)
{
	return r->path;
}

void top_record_flush(struct top_record *r)
{
	pthread_mutex_lock(&r->lock);
	if (r->flushed)
		handoff_flush(r->flushed);
	pthread_mutex_unlock(&r->lock);
}
