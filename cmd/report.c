// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - squall report: the diagnosis of a store or a trace, to hand to others.
 *
 * The analysis and what the report shows beside it are two sinks of one pass. So a trace is read directly, as by squall
 * analyze, and needs no store.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/interrupt.h"
#include "cmd/options.h"
#include "cmd/snapshots.h"
#include "report/report.h"
#include "spine/fanout.h"
#include "store/reader.h"

#define PATH_BYTES	4096

struct report_command {
	const char		*output;
	bool			force, format_told;
	enum report_format	format;
	struct thresholds	th;
	struct snapshots	snapshots;
};

static int set_output(void *ctx, const char *value)
{
	((struct report_command *)ctx)->output = value;
	return 0;
}

static int set_force(void *ctx, const char *value)
{
	((struct report_command *)ctx)->force = true;
	return 0;
}

static int set_format(void *ctx, const char *value)
{
	struct report_command *cmd = ctx;

	for (int i = 0; i < REPORT_FORMATS; i++) {
		if (strcmp(value, report_format_name(i)))
			continue;
		cmd->format = i;
		cmd->format_told = true;
		return 0;
	}
	complain(value, "is no format", "formats: text markdown html json");
	return STATUS_ERROR;
}

static int set_snapshots(void *ctx, const char *value)
{
	((struct report_command *)ctx)->snapshots.dir = value;
	return 0;
}

static int set_snapshots_offset(void *ctx, const char *value)
{
	return snapshots_set_offset(&((struct report_command *)ctx)->snapshots, value);
}

static const struct option_row rows[] = {
	{ "output", 'o', "OUT", "write it there instead of to standard output", set_output },
	{ "format", 'F', "FORMAT", "html, markdown, text or json (default: as OUT ends; else text)", set_format },
	{ "force", 'f', NULL, "replace OUT if it exists", set_force },
	{ "snapshots", 0, "DIR", SNAPSHOTS_HELP, set_snapshots },
	{ "snapshots-offset", 0, "SECONDS", SNAPSHOTS_OFFSET_HELP, set_snapshots_offset },
	{ 0 },
};

static const struct usage usage = {
	.command = "report",
	.synopsis = "[OPTION...] INPUT",
	.about = "Writes the diagnosis of a recording, to hand to others. INPUT is a squall store, a trace.dat, or "
		 "ftrace text\n"
		 "('-' is standard input). HTML is one file with charts in it, which loads nothing from anywhere.\n",
	.rows = rows,
	.examples = "  squall report storm.db -o storm.html\n"
		    "  squall report storm.db --format markdown >>ticket.md\n"
		    "  squall report trace.dat --format json | jq '.charts[].title'\n",
	.min_args = 1,
	.max_args = 1,
};

/* By the end of its name. */
static enum report_format format_of(const char *output)
{
	static const struct {
		const char		*end;
		enum report_format	format;
	} ends[] = {
		{".html", REPORT_HTML},		{".htm", REPORT_HTML},	{".md", REPORT_MARKDOWN},
		{".markdown", REPORT_MARKDOWN}, {".json", REPORT_JSON},
	};

	for (size_t i = 0; output && i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t len = strlen(output), n = strlen(ends[i].end);

		if (len > n && !strcmp(output + len - n, ends[i].end))
			return ends[i].format;
	}
	return REPORT_TEXT;
}

/* --- reading --- */

static int read_store(const struct report_command *cmd, const struct input *input, const struct sink *sink,
		      struct analysis *a, struct source_error *why)
{
	struct store_error err = { 0 };
	struct store *store;
	const char *start;
	int ret, ended;

	ret = store_open(input->path, &err, &store);
	if (ret) {
		complain("report", err.what, err.hint);
		return ret;
	}
	start = store_meta(store, "start_ns");
	analysis_starts_at(a, start ? strtoull(start, NULL, 10) : 0);
	ret = store_replay(store, 0, STORE_TO_END, sink);
	ended = SINK_CALL(sink, end);
	store_close(store);
	ret = ret ? ret : ended;
	snprintf(why->what, sizeof(why->what), "%s", err.what);
	snprintf(why->hint, sizeof(why->hint), "%s", err.hint);
	snapshots_explain(&cmd->snapshots, why);
	if (ret)
		complain("report", why->what[0] ? why->what : strerror(-ret), why->hint);
	return ret;
}

static int read_trace(const struct report_command *cmd, const struct input *input, const struct sink *sink,
		      struct source_error *why)
{
	int ret = input_run(input, sink, "reading", why);

	snapshots_explain(&cmd->snapshots, why);
	interrupt_resume();
	if (ret)
		complain(input->path, why->what[0] ? why->what : strerror(-ret), why->hint);
	return ret;
}

/* --- writing --- */

static int complain_output(const char *path, int error)
{
	complain(path, strerror(error), NULL);
	return STATUS_ERROR;
}

static int write_stream(const struct report *report, enum report_format format, const char *path, FILE *out)
{
	int ret = report_write(report, format, out);

	if (!ret && (fflush(out) || ferror(out)))
		ret = -(errno ?: EIO);
	return ret ? complain_output(path, -ret) : STATUS_OK;
}

/* Under another name until it is whole. */
static int write_file(const struct report_command *cmd, const struct report *report)
{
	char temporary[PATH_BYTES];
	mode_t mask = umask(0);
	FILE *out = NULL;
	int fd, status;

	umask(mask);
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", cmd->output) >= (int)sizeof(temporary))
		return complain_output(cmd->output, ENAMETOOLONG);
	fd = mkstemp(temporary);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (!out)
		return complain_output(cmd->output, errno);
	fchmod(fd, 0666 & ~mask);
	status = write_stream(report, cmd->format, cmd->output, out);
	if (fclose(out) && !status)
		status = complain_output(cmd->output, errno);
	if (!status && rename(temporary, cmd->output))
		status = complain_output(cmd->output, errno);
	if (status)
		unlink(temporary);
	return status;
}

static int write_report(const struct report_command *cmd, const struct report *report)
{
	struct stat st;
	FILE *out;
	int status;

	if (!cmd->output)
		return write_stream(report, cmd->format, "standard output", stdout);
	if (stat(cmd->output, &st) || S_ISREG(st.st_mode))
		return write_file(cmd, report);
	/* A pipe or a device is written to as it is. */
	out = fopen(cmd->output, "w");
	if (!out)
		return complain_output(cmd->output, errno);
	status = write_stream(report, cmd->format, cmd->output, out);
	fclose(out);
	return status;
}

/* --- all of it --- */

static int run(struct report_command *cmd, const struct input *input, struct analysis *a, struct recording *r)
{
	struct fanout fanout = { .n = 2, .sinks = { analysis_sink(a), recording_sink(r) } };
	struct sink sink = fanout_sink(&fanout);
	struct source_error why = { 0 };
	struct print_options options = {
		.input = input->path,
		.color = cmd->format == REPORT_TEXT && !cmd->output && isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};
	struct report report = { .a = a, .r = r, .options = &options };
	int ret, status;

	if (snapshots_open(&cmd->snapshots, &sink))
		return STATUS_ERROR;
	ret = input->is_store ? read_store(cmd, input, &sink, a, &why) : read_trace(cmd, input, &sink, &why);
	/* What came before the damage is reported; a file without any event has nothing to show. */
	if (ret && !analysis_totals(a)->events)
		return STATUS_ERROR;
	options.damage = ret ? why.what : NULL;
	if (report_make(&report)) {
		complain("report", strerror(ENOMEM), NULL);
		status = STATUS_ERROR;
	} else {
		status = write_report(cmd, &report);
	}
	report_clear(&report);
	return ret ? STATUS_ERROR : status;
}

static int report(struct report_command *cmd, const struct input *input)
{
	struct analysis_options options = { .th = &cmd->th, .failures = recording_failures };
	struct recording *r = NULL;
	struct analysis *a = NULL;
	int status = STATUS_ERROR, ret = recording_new(&r);

	options.ctx = r;
	if (!ret)
		ret = analysis_new(&options, &a);
	if (ret)
		complain("report", strerror(-ret), NULL);
	else
		status = run(cmd, input, a, r);
	analysis_free(a);
	recording_free(r);
	return status;
}

/* Before a recording is read that may take long. */
static int check_output(const struct report_command *cmd, const struct input *input)
{
	struct stat st;

	if (!cmd->output)
		return STATUS_OK;
	if (input_is_file(input, cmd->output)) {
		complain(cmd->output, "is the recording itself", "give the report another name");
		return STATUS_ERROR;
	}
	if (!cmd->force && !lstat(cmd->output, &st) && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))) {
		complain(cmd->output, "exists", "--force replaces it");
		return STATUS_ERROR;
	}
	return STATUS_OK;
}

int cmd_report(int argc, char **argv)
{
	struct report_command cmd = { 0 };
	struct input input;
	int first, status;

	thresholds_default(&cmd.th);
	status = options_parse(&usage, &cmd, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (!cmd.format_told)
		cmd.format = format_of(cmd.output);
	status = input_open(argv[first], &input);
	if (status)
		return status;
	status = check_output(&cmd, &input);
	if (!status)
		status = snapshots_check(&cmd.snapshots, &input);
	if (!status)
		status = report(&cmd, &input);
	snapshots_close(&cmd.snapshots, cmd.format == REPORT_JSON);
	input_close(&input);
	return status;
}
