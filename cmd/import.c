// SPDX-License-Identifier: GPL-2.0-only
/*
 * import.c - squall import: a trace that somebody made becomes a store, with chains and findings in it.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analysis.h"
#include "cmd/checksum.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/interrupt.h"
#include "cmd/options.h"
#include "cmd/snapshots.h"
#include "cmd/store_results.h"
#include "cmd/summary.h"
#include "spine/fanout.h"
#include "store/writer.h"

#define PATH_BYTES	4096

struct import {
	const char		*output;
	bool			force;
	bool			quiet;
	struct snapshots	snapshots;
	struct thresholds	th;
	struct store_writer	*writer;
	struct store_error	store_error;
	struct analysis		*analysis;
	int			row_error;
};

static int set_output(void *ctx, const char *value)
{
	((struct import *)ctx)->output = value;
	return 0;
}

static int set_force(void *ctx, const char *value)
{
	((struct import *)ctx)->force = true;
	return 0;
}

static int set_quiet(void *ctx, const char *value)
{
	((struct import *)ctx)->quiet = true;
	return 0;
}

static int set_snapshots(void *ctx, const char *value)
{
	((struct import *)ctx)->snapshots.dir = value;
	return 0;
}

static int set_snapshots_offset(void *ctx, const char *value)
{
	return snapshots_set_offset(&((struct import *)ctx)->snapshots, value);
}

static const struct option_row rows[] = {
	{ "output", 'o', "FILE", "the store to make (default: INPUT's name with .db, in this directory)", set_output },
	{ "force", 'f', NULL, "replace FILE if it exists", set_force },
	{ "quiet", 'q', NULL, "no summary", set_quiet },
	{ "snapshots", 0, "DIR", SNAPSHOTS_HELP, set_snapshots },
	{ "snapshots-offset", 0, "SECONDS", SNAPSHOTS_OFFSET_HELP, set_snapshots_offset },
	{ 0 },
};

static const struct usage usage = {
	.command = "import",
	.synopsis = "[OPTION...] INPUT",
	.about = "Turns a trace.dat or ftrace text into a SQLite store. INPUT '-' is standard input; a directory is one of\n"
		 "snapshots, without a trace.\n",
	.rows = rows,
	.examples = "  squall import trace.dat -o storm.db\n"
		    "  cat /sys/kernel/tracing/trace | squall import - -o now.db\n"
		    "  squall import trace.dat --snapshots cron-vmstat/ -o storm.db\n",
	.min_args = 1,
	.max_args = 1,
};

/* "dir/storm.dat" -> "storm.db" */
static void default_output(const char *input, char *path, size_t size)
{
	char copy[PATH_BYTES], *name, *dot;

	snprintf(copy, sizeof(copy), "%s", strcmp(input, "-") ? input : "trace");
	name = basename(copy);
	dot = strrchr(name, '.');
	if (dot && dot != name)
		*dot = 0;
	snprintf(path, size, "%s.db", name);
}

static void on_chain(void *ctx, const struct chain *chain)
{
	struct import *im = ctx;

	if (!im->row_error)
		im->row_error = store_result_chain(im->writer, im->analysis, chain);
}

static void on_failures(void *ctx, const struct failures_change *change)
{
	struct import *im = ctx;
	struct sink sink = store_writer_sink(im->writer);

	if (!im->row_error)
		im->row_error = SINK_CALL(&sink, failures, change);
}

static int write_meta(struct import *im, const struct input *input, struct checksum *sum, const char *damage)
{
	struct sink sink = store_writer_sink(im->writer);
	char bytes[32];
	int ret;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, input->size);
	ret = SINK_CALL(&sink, meta, "squall_version", SQUALL_VERSION);
	if (!ret)
		ret = SINK_CALL(&sink, meta, "source_path", input->path);
	if (!ret && input->size)
		ret = SINK_CALL(&sink, meta, "source_bytes", bytes);
	if (!ret && *checksum_wait(sum))
		ret = SINK_CALL(&sink, meta, "source_sha256", sum->text);
	if (!ret && damage)
		ret = SINK_CALL(&sink, meta, "source_damage", damage);
	return ret;
}

static int complete(struct import *im, const struct input *input, struct checksum *sum, const char *damage)
{
	int ret = im->row_error;

	if (!ret)
		ret = store_result_findings(im->writer, im->analysis);
	if (!ret)
		ret = store_result_features(im->writer, im->analysis);
	if (!ret)
		ret = write_meta(im, input, sum, damage);
	return ret;
}

/* Ends the store: kept when it holds events, although the input may be damaged. Returns an enum status. */
static int finish(struct import *im, const struct input *input, struct checksum *sum, int run_error,
		  const struct source_error *err)
{
	bool damaged = run_error == -EBADMSG;
	bool empty = !analysis_totals(im->analysis)->events;
	struct source_error why = *err;
	int ret = 0;

	snapshots_explain(&im->snapshots, &why);

	if (run_error && (!damaged || empty)) {
		checksum_wait(sum);
		store_writer_abort(im->writer);
		interrupt_resume();
		if (im->store_error.what[0])
			complain("import", im->store_error.what, im->store_error.hint);
		else
			complain(input->path, why.what[0] ? why.what : strerror(-run_error), why.hint);
		return STATUS_ERROR;
	}
	ret = complete(im, input, sum, damaged ? err->what : NULL);
	if (ret)
		store_writer_abort(im->writer);
	else
		ret = store_writer_close(im->writer);
	if (ret) {
		complain("import", im->store_error.what[0] ? im->store_error.what : strerror(-ret), im->store_error.hint);
		return STATUS_ERROR;
	}
	if (!im->quiet)
		print_import_summary(im->analysis, im->output, stdout);
	if (damaged) {
		complain(input->path, err->what, NULL);
		complain(im->output, "holds what came before the damage", NULL);
	}
	return damaged ? STATUS_ERROR : STATUS_OK;
}

static int import(struct import *im, const struct input *input)
{
	const struct store_writer_opts opts = { .mode = STORE_BULK, .force = im->force };
	const struct analysis_options analysis_options = { .th = &im->th, .chain = on_chain, .failures = on_failures,
							   .ctx = im };
	struct source_error err = { 0 };
	struct fanout fanout = { .n = 3 };
	struct sink sink = fanout_sink(&fanout);
	struct checksum sum;
	int ret;

	ret = store_writer_open(im->output, &opts, &im->store_error, &im->writer);
	if (ret) {
		complain("import", im->store_error.what, im->store_error.hint);
		return STATUS_ERROR;
	}
	ret = analysis_new(&analysis_options, &im->analysis);
	if (ret) {
		store_writer_abort(im->writer);
		complain("import", strerror(-ret), NULL);
		return STATUS_ERROR;
	}
	/* The store comes first, so that the row of an event is there before the chain that ends with it. */
	fanout.sinks[0] = store_writer_sink(im->writer);
	fanout.sinks[1] = analysis_sink(im->analysis);
	fanout.sinks[2] = checksum_sink(&sum);
	checksum_init(&sum, input->size ? input->fd : -1);
	if (snapshots_open(&im->snapshots, &sink)) {
		store_writer_abort(im->writer);
		return STATUS_ERROR;
	}
	ret = input_run(input, &sink, "importing", &err);
	return finish(im, input, &sum, ret, &err);
}

int cmd_import(int argc, char **argv)
{
	struct import im = { 0 };
	char output[PATH_BYTES];
	struct input input;
	int first, status;

	status = options_parse(&usage, &im, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (!im.output) {
		default_output(argv[first], output, sizeof(output));
		im.output = output;
	}
	status = input_open(argv[first], &input);
	if (status)
		return status;
	if (input.is_store) {
		complain(argv[first], "is a store already", "squall analyze reads it as it is");
		input_close(&input);
		return STATUS_ERROR;
	}
	if (input_is_file(&input, im.output)) {
		complain(im.output, "is the input itself", "give another name with -o");
		input_close(&input);
		return STATUS_ERROR;
	}
	thresholds_default(&im.th);
	status = snapshots_check(&im.snapshots, &input);
	if (!status)
		status = import(&im, &input);
	snapshots_close(&im.snapshots, im.quiet);
	analysis_free(im.analysis);
	input_close(&input);
	return status;
}
