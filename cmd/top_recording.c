// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_recording.c - the recording that top plays. What is no store is imported into one first, in a folder of its own;
 * its file is unlinked as soon as it is open.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analysis.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/interrupt.h"
#include "cmd/range.h"
#include "cmd/top.h"
#include "spine/fanout.h"
#include "spine/time.h"
#include "store/writer.h"

/* --- importing --- */

struct temporary {
	char			folder[256], path[280];
	struct store_writer	*writer;
	struct store_error	err;
	int			error;
};

static int make_folder(struct temporary *t)
{
	const char *base = getenv("TMPDIR");

	snprintf(t->folder, sizeof(t->folder), "%.200s/squall-top.XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(t->folder)) {
		complain(t->folder, strerror(errno), "set TMPDIR to a folder with room for the store");
		return STATUS_ERROR;
	}
	snprintf(t->path, sizeof(t->path), "%s/store.db", t->folder);
	return STATUS_OK;
}

static void remove_folder(struct temporary *t)
{
	unlink(t->path);
	rmdir(t->folder);
}

/* What the events tell of kswapd_failures is of the store. */
static void on_failures(void *ctx, const struct failures_change *change)
{
	struct temporary *t = ctx;
	struct sink sink = store_writer_sink(t->writer);

	if (!t->error)
		t->error = SINK_CALL(&sink, failures, change);
}

static int read_input(struct temporary *t, const struct input *input, struct analysis *analysis,
		      struct source_error *err)
{
	struct fanout fanout = { .n = 2, .sinks = { store_writer_sink(t->writer), analysis_sink(analysis) } };
	struct sink sink = fanout_sink(&fanout);
	int ret = input_run(input, &sink, "importing", err);

	/* What came before the damage can be played. */
	if (ret == -EBADMSG && analysis_totals(analysis)->events) {
		complain(input->path, err->what, "what came before the damage is shown");
		ret = 0;
	}
	return ret ? ret : t->error;
}

static int import(struct temporary *t, const struct input *input)
{
	const struct store_writer_opts opts = { .mode = STORE_BULK };
	struct source_error err = { 0 };
	struct analysis *analysis = NULL;
	struct thresholds th;
	const struct analysis_options analysis_options = { .th = &th, .failures = on_failures, .ctx = t };
	int ret;

	thresholds_default(&th);
	ret = store_writer_open(t->path, &opts, &t->err, &t->writer);
	if (!ret) {
		ret = analysis_new(&analysis_options, &analysis);
		if (!ret)
			ret = read_input(t, input, analysis, &err);
		if (ret)
			store_writer_abort(t->writer);
		else
			ret = store_writer_close(t->writer);
		analysis_free(analysis);
	}
	if (!ret)
		return STATUS_OK;
	if (interrupt_signal()) {
		remove_folder(t);
		interrupt_resume();
	}
	complain(input->path, t->err.what[0] ? t->err.what : err.what[0] ? err.what : strerror(-ret),
		 t->err.what[0] ? t->err.hint : err.hint);
	return STATUS_ERROR;
}

/* --- opening --- */

static int open_player(struct top_recording *r, const char *path)
{
	const struct player_options options = { .interval_ns = r->interval_ns };
	int ret = player_open(path, &options, &r->err, &r->player);

	if (!ret)
		return STATUS_OK;
	complain("top", r->err.what[0] ? r->err.what : strerror(-ret), r->err.hint);
	return STATUS_ERROR;
}

static int open_imported(struct top_recording *r, const struct input *input)
{
	struct temporary t = { 0 };
	int status = make_folder(&t);

	if (status)
		return status;
	status = import(&t, input);
	if (!status)
		status = open_player(r, t.path);
	remove_folder(&t);
	return status;
}

int top_recording_open(const char *path, uint64_t interval_ns, struct top_recording *out)
{
	struct input input;
	int status;

	*out = (struct top_recording){ .path = path, .interval_ns = interval_ns, .fresh = true };
	status = input_open(path, &input);
	if (!status && input.is_directory) {
		complain(path, "is a directory", "squall import makes a store of snapshots");
		status = STATUS_ERROR;
		input_close(&input);
	}
	if (status)
		return status;
	status = input.is_store ? open_player(out, path) : open_imported(out, &input);
	input_close(&input);
	return status;
}

void top_recording_close(struct top_recording *r)
{
	player_close(r->player);
	r->player = NULL;
}

/* --- as a feed --- */

static const struct live_model *feed_model(void *ctx)
{
	return player_model(((struct top_recording *)ctx)->player);
}

static int feed_seek(void *ctx, uint64_t ts_ns)
{
	return player_seek(((struct top_recording *)ctx)->player, ts_ns);
}

static int feed_next(void *ctx)
{
	struct top_recording *r = ctx;
	uint64_t now = player_now_ns(r->player);

	if (r->fresh) {
		r->fresh = false;
		return 0;
	}
	return now > player_end_ns(r->player) ? 1 : player_seek(r->player, now + r->interval_ns);
}

struct live_feed top_recording_feed(struct top_recording *r)
{
	return (struct live_feed){ .ctx = r, .model = feed_model, .next = feed_next, .seek = feed_seek };
}

static int go_to_finding(struct top_recording *r)
{
	int count;
	const struct player_mark *marks = player_marks(r->player, &count);

	if (count)
		return player_seek(r->player, marks[0].start_ns);
	complain(r->path, "has no finding to go to", "'squall analyze' tells what was looked for");
	return 1;
}

int top_recording_go(struct top_recording *r, const char *at)
{
	struct range_end when;
	int ret;

	if (!strcmp(at, "finding")) {
		ret = go_to_finding(r);
	} else {
		range_parse(at, &when);
		ret = player_seek(r->player, when.relative ? player_start_ns(r->player) + when.ns : when.ns);
	}
	r->fresh = true;
	if (ret < 0)
		complain(r->path, r->err.what[0] ? r->err.what : strerror(-ret), r->err.hint);
	return ret ? STATUS_ERROR : STATUS_OK;
}
