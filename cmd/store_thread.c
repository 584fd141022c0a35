// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_thread.c - see store_thread.h.
 */
#include "cmd/store_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/store_results.h"
#include "spine/fanout.h"
#include "spine/time.h"
#include "store/writer.h"

#define COMMIT_NS	NSEC_PER_SEC	/* at most so much is missing after kill -9 */
#define TAKE_MS		200

enum { OUT_STORE, OUT_ANALYSIS, OUT_COUNT };

struct store_thread {
	struct store_thread_options options;
	struct handoff		*handoff;
	pthread_t		thread;
	bool			started;
	struct store_writer	*writer;
	struct store_error	error;
	struct analysis		*analysis;
	struct thresholds	th;
	struct fanout		out;
	int			failed;		/* the thread's, until it is joined */
	_Atomic bool		ended;
};

static void on_chain(void *ctx, const struct chain *chain)
{
	struct store_thread *t = ctx;

	if (!t->failed)
		t->failed = store_result_chain(t->writer, t->analysis, chain);
}

static void on_finding(void *ctx, const struct finding *f)
{
	const struct store_thread *t = ctx;

	fprintf(stderr, "%ssquall: %s: %s%s%s%s: %s\n", t->options.on_terminal ? "\r\033[K" : "",
		severity_name(f->severity), f->kind, *f->variant ? " [" : "", f->variant, *f->variant ? "]" : "",
		f->summary);
}

static int complete_store(struct store_thread *t)
{
	int ret = SINK_CALL(&t->out.sinks[OUT_STORE], end);

	SINK_CALL(&t->out.sinks[OUT_ANALYSIS], end);
	if (!ret)
		ret = t->failed;
	if (!ret)
		ret = store_result_findings(t->writer, t->analysis);
	return ret ? ret : store_result_features(t->writer, t->analysis);
}

static int write_until_end(struct store_thread *t, const struct sink *sink)
{
	uint64_t commit_due_ns = monotonic_ns() + COMMIT_NS;
	int ret;

	while ((ret = handoff_take(t->handoff, TAKE_MS, sink)) >= 0) {
		if (monotonic_ns() < commit_due_ns)
			continue;
		ret = store_writer_commit(t->writer);
		if (ret)
			return ret;
		commit_due_ns = monotonic_ns() + COMMIT_NS;
	}
	return ret == -EPIPE ? 0 : ret;
}

static void *thread_main(void *arg)
{
	struct store_thread *t = arg;
	struct sink sink = fanout_sink(&t->out);
	int ret = write_until_end(t, &sink);

	if (ret) {
		handoff_abandon(t->handoff);
		SINK_CALL(&t->out.sinks[OUT_ANALYSIS], end);
	} else {
		ret = complete_store(t);
	}
	t->failed = ret;
	t->ended = true;
	return NULL;
}

static int open_sinks(struct store_thread *t)
{
	const struct store_writer_opts store = { .mode = STORE_LIVE, .force = t->options.force };
	const struct analysis_options analysis = { .th = &t->th, .chain = on_chain, .finding = on_finding, .ctx = t };
	int ret = store_writer_open(t->options.path, &store, &t->error, &t->writer);

	if (ret) {
		complain("record", t->error.what, t->error.hint);
		return ret;
	}
	thresholds_default(&t->th);
	ret = analysis_new(&analysis, &t->analysis);
	if (ret) {
		complain("record", strerror(-ret), NULL);
		return ret;
	}
	t->out.sinks[OUT_STORE] = store_writer_sink(t->writer);
	t->out.sinks[OUT_ANALYSIS] = analysis_sink(t->analysis);
	t->out.n = OUT_COUNT;
	return 0;
}

int store_thread_open(const struct store_thread_options *options, struct handoff *handoff, struct store_thread **out)
{
	struct store_thread *t = calloc(1, sizeof(*t));
	int ret;

	if (!t) {
		complain("record", strerror(ENOMEM), NULL);
		return -ENOMEM;
	}
	t->options = *options;
	t->handoff = handoff;
	ret = open_sinks(t);
	if (ret) {
		store_thread_free(t);
		return ret;
	}
	*out = t;
	return 0;
}

int store_thread_start(struct store_thread *t)
{
	int ret = -pthread_create(&t->thread, NULL, thread_main, t);

	t->started = !ret;
	if (ret)
		complain("record", strerror(-ret), NULL);
	return ret;
}

bool store_thread_ended(struct store_thread *t)
{
	return t->ended;
}

int store_thread_join(struct store_thread *t, struct analysis **analysis)
{
	int ret;

	pthread_join(t->thread, NULL);
	t->started = false;
	*analysis = t->analysis;
	t->analysis = NULL;
	ret = t->failed;
	if (ret)
		store_writer_abort(t->writer);
	else
		ret = store_writer_close(t->writer);
	t->writer = NULL;
	if (ret)
		complain("record", t->error.what[0] ? t->error.what : strerror(-ret), t->error.hint);
	return ret;
}

void store_thread_free(struct store_thread *t)
{
	if (!t)
		return;
	if (t->writer)
		store_writer_abort(t->writer);
	analysis_free(t->analysis);
	free(t);
}
