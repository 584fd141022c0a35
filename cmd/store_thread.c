// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_thread.c - see store_thread.h.
 */
#include "cmd/store_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/feature.h"
#include "cmd/command.h"
#include "cmd/status_line.h"
#include "cmd/store_parts.h"
#include "cmd/store_results.h"
#include "spine/fanout.h"
#include "spine/thread.h"
#include "spine/time.h"
#include "store/writer.h"

#define COMMIT_NS	NSEC_PER_SEC	/* at most so much is missing after kill -9 */
#define TAKE_MS		200
#define MESSAGE_BYTES	1024

/* Findings, totals and the last samples of a file come when it is full. */
#define LIMIT_RESERVE	(512u << 10)

/* More than one call makes of a file and its log: a row of the widest event, or a page for each of them. */
#define CALL_BYTES	(16u << 10)
#define CALLS_MAX	4096u		/* then the size is asked for again */

/*
 * The log takes room beside the file, and is as long as the largest commit made it. So where a second's rows, by their
 * usual size, are more than this share of the limit, commits come more often.
 */
#define LOG_SHARE	16u
#define ROW_BYTES	64u

/* In this order: before something is stored there is made room for it. */
enum { OUT_LIMIT, OUT_STORE, OUT_ANALYSIS, OUT_COUNT };

struct store_thread {
	struct store_thread_options options;
	struct store_parts	*parts;
	char			*path;		/* of the current part */
	struct handoff		*handoff;
	pthread_t		thread;
	uint64_t		started_ns;
	bool			started;
	struct store_writer	*writer;
	struct store_error	error;
	struct analysis		*analysis;
	struct thresholds	th;
	struct fanout		out;
	struct sink_ops		store_ops;	/* the writer's but for failures, which come through the analysis */
	unsigned int		calls_left;	/* until the file's size is asked for */
	uint64_t		calls;		/* since the last commit */
	bool			findings_new, features_new;	/* not as in the store */
	uint8_t			features[FEATURES_MAX];	/* states, as stored */
	bool			at_limit;
	int			failed;		/* the thread's, until it is joined */
	_Atomic bool		ended;
	_Atomic uint64_t	bytes;
	_Atomic unsigned int	findings;
};

static void set_path(struct store_thread *t, const char *path)
{
	free(t->path);
	t->path = strdup(path);
}

/* --- what the user is told --- */

__attribute__((format(printf, 2, 3)))
static void say(const struct store_thread *t, const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (t->options.message)
		t->options.message(t->options.ctx, text);
	else
		status_message("%s", text);
}

static void say_no_memory(const struct store_thread_options *options)
{
	if (options->message)
		options->message(options->ctx, strerror(ENOMEM));
	else
		complain("record", strerror(ENOMEM), NULL);
}

static void say_error(const struct store_thread *t, int error)
{
	const char *why = t->error.what[0] ? t->error.what : strerror(-error), *hint = t->error.hint;

	if (t->options.message)
		say(t, *hint ? "%s (%s)" : "%s", why, hint);
	else
		complain("record", why, hint);
}

static void on_chain(void *ctx, const struct chain *chain)
{
	struct store_thread *t = ctx;

	if (!t->failed)
		t->failed = store_result_chain(t->writer, t->analysis, chain);
}

static void on_failures(void *ctx, const struct failures_change *change)
{
	struct store_thread *t = ctx;
	struct sink store = store_writer_sink(t->writer);

	if (!t->failed)
		t->failed = SINK_CALL(&store, failures, change);
}

static void on_finding(void *ctx, const struct finding *f)
{
	struct store_thread *t = ctx;

	t->findings_new = true;
	t->findings++;
	if (!t->options.message)
		say(t, "%s: %s%s%s%s: %s", severity_name(f->severity), f->kind, *f->variant ? " [" : "", f->variant,
		    *f->variant ? "]" : "", f->summary);
}

/* A storm that goes on, or has ended: the store has it with its latest numbers. */
static void on_grown(void *ctx, const struct finding *f)
{
	struct store_thread *t = ctx;

	t->findings_new = true;
}

/* --- what was found, as of now --- */

static int store_findings(struct store_thread *t)
{
	int ret = store_writer_clear_findings(t->writer);

	t->findings_new = false;
	return ret ? ret : store_result_findings(t->writer, t->analysis);
}

static bool features_changed(struct store_thread *t)
{
	struct feature now[FEATURES_MAX];
	int n = features_of(t->analysis, now);
	bool changed = t->features_new;

	for (int i = 0; i < n; i++) {
		changed |= t->features[i] != now[i].state;
		t->features[i] = now[i].state;
	}
	t->features_new = false;
	return changed;
}

static int store_results(struct store_thread *t)
{
	int ret = t->findings_new ? store_findings(t) : 0;

	return ret || !features_changed(t) ? ret : store_result_features(t->writer, t->analysis);
}

/* --- the limit --- */

static int open_first(struct store_thread *t, const char *path)
{
	const struct store_writer_opts opts = { .mode = STORE_LIVE, .force = t->options.force && !t->options.rotate };

	return store_writer_open(path, &opts, &t->error, &t->writer);
}

static int open_next(struct store_thread *t, const char *path)
{
	return store_writer_next(t->writer, path);
}

/* Under the first name that is free. */
static int open_part(struct store_thread *t, int (*open)(struct store_thread *t, const char *path))
{
	const char *path;
	int ret;

	do {
		path = store_parts_name(t->parts);
		ret = path ? open(t, path) : -ENOMEM;
	} while (ret == -EEXIST && !store_parts_skip(t->parts));
	if (ret)
		return ret;
	set_path(t, path);
	store_parts_made(t->parts);
	return 0;
}

static int next_part(struct store_thread *t)
{
	int ret = store_results(t);

	if (!ret)
		ret = open_part(t, open_next);
	if (ret)
		return ret;
	t->findings_new = t->features_new = true;
	return 0;
}

/* Allows so many calls as surely fit; none when the limit is reached. */
static int measure(struct store_thread *t)
{
	struct store_size size;
	uint64_t room;
	int ret = store_writer_size(t->writer, &size);

	if (ret)
		return ret;
	t->bytes = size.bytes;
	t->calls_left = CALLS_MAX;
	if (!t->options.max_bytes)
		return 0;
	room = t->options.max_bytes > size.most_bytes + LIMIT_RESERVE ?
	       t->options.max_bytes - size.most_bytes - LIMIT_RESERVE : 0;
	if (room / CALL_BYTES < t->calls_left)
		t->calls_left = room / CALL_BYTES;
	return 0;
}

/* -EFBIG: the recording ends here. */
static int make_room(struct store_thread *t)
{
	int ret = 0;

	if (t->options.max_bytes && t->calls * ROW_BYTES > t->options.max_bytes / LOG_SHARE) {
		ret = store_writer_commit(t->writer);
		t->calls = 0;
	}
	if (!ret)
		ret = measure(t);
	if (!ret && !t->calls_left && t->options.rotate) {
		ret = next_part(t);
		if (!ret)
			ret = measure(t);
	}
	if (ret || t->calls_left)
		return ret;
	t->at_limit = true;
	return -EFBIG;
}

static int limit_call(struct store_thread *t)
{
	int ret = t->calls_left ? 0 : make_room(t);

	if (ret)
		return ret;
	t->calls_left--;
	t->calls++;
	return 0;
}

static int limit_type(void *ctx, const struct event_type *type)
{
	return limit_call(ctx);
}

static int limit_event(void *ctx, const struct event *ev)
{
	return limit_call(ctx);
}

static int limit_sample(void *ctx, const struct sample *sample)
{
	return limit_call(ctx);
}

static int limit_task(void *ctx, const struct task_name *task)
{
	return limit_call(ctx);
}

static int limit_cgroup(void *ctx, uint64_t id, const char *path)
{
	return limit_call(ctx);
}

static int limit_loss(void *ctx, const struct loss *loss)
{
	return limit_call(ctx);
}

static int limit_failures(void *ctx, const struct failures_change *change)
{
	return limit_call(ctx);
}

static const struct sink_ops limit_ops = {
	.type = limit_type,
	.event = limit_event,
	.sample = limit_sample,
	.task = limit_task,
	.cgroup = limit_cgroup,
	.loss = limit_loss,
	.failures = limit_failures,
};

/* Facts of the end, when the recording has ended before the reader. */
static int rest_meta(void *ctx, const char *key, const char *value)
{
	struct store_thread *t = ctx;
	int ret = SINK_CALL(&t->out.sinks[OUT_STORE], meta, key, value);

	return ret ? ret : SINK_CALL(&t->out.sinks[OUT_ANALYSIS], meta, key, value);
}

static const struct sink_ops rest_ops = { .meta = rest_meta };

static int take_rest(struct store_thread *t)
{
	const struct sink rest = { &rest_ops, t };
	int ret;

	t->ended = true;
	while ((ret = handoff_take(t->handoff, TAKE_MS, &rest)) >= 0)
		;
	return ret;
}

/* --- the thread --- */

static int complete_store(struct store_thread *t)
{
	int ret = SINK_CALL(&t->out.sinks[OUT_STORE], end);

	SINK_CALL(&t->out.sinks[OUT_ANALYSIS], end);
	if (!ret)
		ret = t->failed;
	if (!ret)
		ret = store_findings(t);
	if (!ret && t->at_limit)
		ret = SINK_CALL(&t->out.sinks[OUT_STORE], meta, "ended", "max-size");
	return ret ? ret : store_result_features(t->writer, t->analysis);
}

static int commit(struct store_thread *t)
{
	int ret = store_results(t);

	t->calls = 0;
	if (!ret)
		ret = store_writer_commit(t->writer);
	return ret ? ret : measure(t);
}

static int write_until_end(struct store_thread *t, const struct sink *sink)
{
	uint64_t commit_due_ns = monotonic_ns() + COMMIT_NS;
	int ret;

	while ((ret = handoff_take(t->handoff, TAKE_MS, sink)) >= 0) {
		if (monotonic_ns() < commit_due_ns)
			continue;
		ret = commit(t);
		if (ret)
			return ret;
		commit_due_ns = monotonic_ns() + COMMIT_NS;
	}
	if (t->at_limit)
		ret = take_rest(t);
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
	const struct analysis_options analysis = { .th = &t->th, .chain = on_chain, .failures = on_failures,
						   .finding = on_finding, .grown = on_grown, .ctx = t };
	int ret = store_parts_new(t->options.path, t->options.rotate, &t->parts);

	if (!ret)
		ret = open_part(t, open_first);
	if (ret) {
		say_error(t, ret);
		return ret;
	}
	thresholds_default(&t->th);
	ret = analysis_new(&analysis, &t->analysis);
	if (ret) {
		say_error(t, ret);
		return ret;
	}
	t->out.sinks[OUT_LIMIT] = (struct sink){ &limit_ops, t };
	t->out.sinks[OUT_STORE] = store_writer_sink(t->writer);
	t->store_ops = *t->out.sinks[OUT_STORE].ops;
	t->store_ops.failures = NULL;
	t->out.sinks[OUT_STORE].ops = &t->store_ops;
	t->out.sinks[OUT_ANALYSIS] = analysis_sink(t->analysis);
	t->out.n = OUT_COUNT;
	return 0;
}

int store_thread_open(const struct store_thread_options *options, struct handoff *handoff, struct store_thread **out)
{
	struct store_thread *t = calloc(1, sizeof(*t));
	int ret;

	if (!t) {
		say_no_memory(options);
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
	int ret;

	t->started_ns = monotonic_ns();
	ret = thread_start(&t->thread, NULL, thread_main, t);
	t->started = !ret;
	if (ret)
		say_error(t, ret);
	return ret;
}

bool store_thread_ended(struct store_thread *t)
{
	return t->ended;
}

struct store_thread_progress store_thread_progress(struct store_thread *t)
{
	return (struct store_thread_progress){ .file_bytes = t->bytes, .findings = t->findings };
}

const char *store_thread_path(const struct store_thread *t)
{
	return t->path ?: t->options.path;
}

/* What there is, and since when the rest is missing. */
static void say_failed(const struct store_thread *t, const struct store_kept *kept, int error)
{
	say_error(t, error);
	say(t, "kept: %" PRIu64 " events, up to second %.3f of the recording; what came later is missing",
	    kept->events, ns_to_s(elapsed_ns(t->started_ns, kept->end_ns)));
}

static void say_ended(const struct store_thread *t)
{
	if (t->at_limit)
		say(t, "%s has reached --max-size: the recording ended there", store_thread_path(t));
}

int store_thread_join(struct store_thread *t, struct store_thread_result *result)
{
	struct store_kept kept;
	int ret;

	if (!t->started)
		return -ESRCH;
	pthread_join(t->thread, NULL);
	t->started = false;
	*result = (struct store_thread_result){ .analysis = t->analysis, .files = store_parts_count(t->parts),
						.files_left = store_parts_left(t->parts), .at_limit = t->at_limit };
	t->analysis = NULL;
	ret = t->failed;
	store_writer_kept(t->writer, &kept);
	if (ret)
		store_writer_abort(t->writer);
	else
		ret = store_writer_close(t->writer);
	t->writer = NULL;
	if (ret)
		say_failed(t, &kept, ret);
	else
		say_ended(t);
	return ret;
}

void store_thread_free(struct store_thread *t)
{
	if (!t)
		return;
	if (t->writer)
		store_writer_abort(t->writer);
	analysis_free(t->analysis);
	store_parts_free(t->parts);
	free(t->path);
	free(t);
}
