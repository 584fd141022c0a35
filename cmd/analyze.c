// SPDX-License-Identifier: GPL-2.0-only
/*
 * analyze.c - squall analyze: runs the detectors over a store or a trace and prints what they found.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analysis.h"
#include "analyze/print.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/interrupt.h"
#include "cmd/options.h"
#include "cmd/range.h"
#include "cmd/snapshots.h"
#include "store/reader.h"

struct analyze {
	bool			json;
	bool			exit_code;
	bool			list_thresholds;
	const char		*only;
	struct range		range;
	struct snapshots	snapshots;
	struct thresholds	th;
	struct analysis		*analysis;
};

static int set_json(void *ctx, const char *value)
{
	((struct analyze *)ctx)->json = true;
	return 0;
}

static int set_exit_code(void *ctx, const char *value)
{
	((struct analyze *)ctx)->exit_code = true;
	return 0;
}

static int set_list(void *ctx, const char *value)
{
	((struct analyze *)ctx)->list_thresholds = true;
	return 0;
}

static int set_only(void *ctx, const char *value)
{
	((struct analyze *)ctx)->only = value;
	return 0;
}

static int set_range_end(struct range_end *end, const char *value)
{
	if (!range_parse(value, end))
		return 0;
	complain(value, "is no time", "give seconds on the recording's clock (25.6) or from its start (+3.5)");
	return STATUS_ERROR;
}

static int set_from(void *ctx, const char *value)
{
	return set_range_end(&((struct analyze *)ctx)->range.from, value);
}

static int set_to(void *ctx, const char *value)
{
	return set_range_end(&((struct analyze *)ctx)->range.to, value);
}

static int set_threshold(void *ctx, const char *value)
{
	char why[256];

	if (!thresholds_set(&((struct analyze *)ctx)->th, value, why, sizeof(why)))
		return 0;
	complain("--threshold", why, NULL);
	return STATUS_ERROR;
}

static int set_threshold_file(void *ctx, const char *value)
{
	char why[512];

	if (!thresholds_load(&((struct analyze *)ctx)->th, value, why, sizeof(why)))
		return 0;
	complain(value, why, NULL);
	return STATUS_ERROR;
}

static int set_snapshots(void *ctx, const char *value)
{
	((struct analyze *)ctx)->snapshots.dir = value;
	return 0;
}

static int set_snapshots_offset(void *ctx, const char *value)
{
	return snapshots_set_offset(&((struct analyze *)ctx)->snapshots, value);
}

static const struct option_row rows[] = {
	{ "json", 'j', NULL, "one JSON object instead of text", set_json },
	{ "exit-code", 'e', NULL, "exit with 1 when there is a finding of severity warning or above", set_exit_code },
	{ "only", 'k', "KIND", "look for this kind of finding only", set_only },
	{ "from", 0, "TIME", "leave out what is before: seconds of its clock, +S from its start", set_from },
	{ "to", 0, "TIME", "leave out what is after", set_to },
	{ "snapshots", 0, "DIR", SNAPSHOTS_HELP, set_snapshots },
	{ "snapshots-offset", 0, "SECONDS", SNAPSHOTS_OFFSET_HELP, set_snapshots_offset },
	{ "thresholds", 0, NULL, "show every threshold with unit and reason, and exit", set_list },
	{ "threshold", 't', "NAME=VALUE", "set a threshold", set_threshold },
	{ "threshold-file", 0, "FILE", "set thresholds from lines of NAME=VALUE", set_threshold_file },
	{ 0 },
};

static const struct usage usage = {
	.command = "analyze",
	.synopsis = "[OPTION...] INPUT",
	.about = "Diagnoses a recording: a squall store, a trace.dat, or ftrace text ('-' is standard input).\n"
		 "A trace is read directly; nothing is written.\n",
	.rows = rows,
	.examples = "  squall analyze storm.db\n"
		    "  squall analyze --json trace.dat | jq .findings\n"
		    "  ssh host cat /sys/kernel/tracing/trace | squall analyze -\n",
	.min_args = 0,
	.max_args = 1,
};

static int analyze_store(struct analyze *an, const struct input *input, struct source_error *why)
{
	struct sink sink = analysis_sink(an->analysis);
	struct store_error err = { 0 };
	uint64_t start_ns, from_ns, to_ns;
	struct store *store;
	const char *start;
	int ret, ended;

	if (snapshots_open(&an->snapshots, &sink))
		return -EINVAL;
	ret = store_open(input->path, &err, &store);
	if (ret) {
		complain("analyze", err.what, err.hint);
		return ret;
	}
	start = store_meta(store, "start_ns");
	start_ns = start ? strtoull(start, NULL, 10) : 0;
	range_resolve(&an->range, start_ns, &from_ns, &to_ns);
	analysis_starts_at(an->analysis, start_ns);
	ret = store_replay(store, from_ns, to_ns, &sink);
	ended = SINK_CALL(&sink, end);
	ret = ret ? ret : ended;
	snprintf(why->what, sizeof(why->what), "%s", err.what);
	snprintf(why->hint, sizeof(why->hint), "%s", err.hint);
	snapshots_explain(&an->snapshots, why);
	if (ret)
		complain("analyze", why->what[0] ? why->what : strerror(-ret), why->hint);
	store_close(store);
	return ret;
}

static int analyze_trace(struct analyze *an, const struct input *input, struct source_error *err)
{
	struct sink sink = analysis_sink(an->analysis);
	int ret;

	if (an->range.from.set || an->range.to.set) {
		an->range.sink = sink;
		sink = range_sink(&an->range);
	}
	if (snapshots_open(&an->snapshots, &sink))
		return -EINVAL;
	ret = input_run(input, &sink, "analyzing", err);
	snapshots_explain(&an->snapshots, err);
	interrupt_resume();
	if (an->range.begun)
		analysis_starts_at(an->analysis, an->range.first_ns);
	if (ret)
		complain(input->path, err->what[0] ? err->what : strerror(-ret), err->hint);
	return ret;
}

/* Information is no storm: the exit code tells of what needs somebody. */
static bool has_storm(const struct analysis *a)
{
	int count;
	const struct finding *f = analysis_findings(a, &count);

	for (int i = 0; i < count; i++)
		if (f[i].severity > SEVERITY_INFO)
			return true;
	return false;
}

static void print_results(const struct analyze *an, const struct input *input, const char *damage)
{
	const struct print_options options = {
		.input = input->path,
		.damage = damage,
		.part = an->range.from.set || an->range.to.set,
		.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};

	if (!an->json) {
		print_text(an->analysis, &options, stdout);
		return;
	}
	print_json(an->analysis, &options, stdout);
}

static int analyze(struct analyze *an, const struct input *input)
{
	struct source_error err = { 0 };
	int ret = input->is_store ? analyze_store(an, input, &err) : analyze_trace(an, input, &err);

	/* What came before the damage is judged; a file without any event has nothing to show. */
	if (ret && !analysis_totals(an->analysis)->events)
		return STATUS_ERROR;
	print_results(an, input, ret ? err.what : NULL);
	if (ret)
		return STATUS_ERROR;
	return an->exit_code && has_storm(an->analysis) ? STATUS_FINDINGS : STATUS_OK;
}

static int complain_only(const char *only)
{
	char hint[512] = "kinds:";

	for (int i = 0; i < ndetectors; i++) {
		size_t len = strlen(hint);

		snprintf(hint + len, sizeof(hint) - len, " %s", detectors[i]->kind);
	}
	complain(only, "no such kind of finding", hint);
	return STATUS_ERROR;
}

int cmd_analyze(int argc, char **argv)
{
	struct analyze an = { 0 };
	struct analysis_options options;
	struct input input;
	int first, status;

	thresholds_default(&an.th);
	status = options_parse(&usage, &an, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (an.list_thresholds) {
		print_thresholds(&an.th, stdout);
		return STATUS_OK;
	}
	if (an.range.from.set && an.range.to.set && an.range.from.relative == an.range.to.relative &&
	    an.range.from.ns > an.range.to.ns) {
		complain("--to", "is before --from", NULL);
		return STATUS_ERROR;
	}
	if (first == argc) {
		complain("analyze", "an argument is missing", "'squall analyze --help' tells how it is used");
		return STATUS_ERROR;
	}
	options = (struct analysis_options){ .th = &an.th, .only = an.only,
					     .part = an.range.from.set || an.range.to.set };
	status = analysis_new(&options, &an.analysis);
	if (status == -EINVAL)
		return complain_only(an.only);
	if (status) {
		complain("analyze", strerror(-status), NULL);
		return STATUS_ERROR;
	}
	status = input_open(argv[first], &input);
	if (!status) {
		status = snapshots_check(&an.snapshots, &input);
		if (!status)
			status = analyze(&an, &input);
		snapshots_close(&an.snapshots, an.json);
		input_close(&input);
	}
	analysis_free(an.analysis);
	return status;
}
