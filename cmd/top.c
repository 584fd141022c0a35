// SPDX-License-Identifier: GPL-2.0-only
/*
 * top.c - squall top: options, and which of its forms to run.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "cmd/options.h"
#include "cmd/range.h"
#include "cmd/record_args.h"
#include "cmd/top.h"
#include "cmd/top_live.h"
#include "cmd/top_stream.h"
#include "collect/rate_guard.h"
#include "spine/time.h"

#define INTERVAL_MIN_S	0.05
#define INTERVAL_MAX_S	86400.0

static int set_batch(void *ctx, const char *value)
{
	((struct top_options *)ctx)->batch = true;
	return 0;
}

static int set_json(void *ctx, const char *value)
{
	((struct top_options *)ctx)->batch = ((struct top_options *)ctx)->json = true;
	return 0;
}

static int set_count(void *ctx, const char *value)
{
	struct top_options *options = ctx;
	char *rest;

	errno = 0;
	options->count = strtol(value, &rest, 10);
	if (rest != value && !*rest && !errno && options->count > 0)
		return 0;
	complain(value, "is no number of intervals", "give a whole number above 0");
	return STATUS_ERROR;
}

static int set_interval(void *ctx, const char *value)
{
	char *rest;
	double seconds = strtod(value, &rest);

	if (rest != value && !*rest && seconds >= INTERVAL_MIN_S && seconds <= INTERVAL_MAX_S) {
		((struct top_options *)ctx)->interval_ns = llround(seconds * NSEC_PER_SEC);
		return 0;
	}
	complain(value, "is no interval", "give seconds from 0.05 to 86400");
	return STATUS_ERROR;
}

static int set_replay(void *ctx, const char *value)
{
	((struct top_options *)ctx)->replay = value;
	return 0;
}

static int set_against(void *ctx, const char *value)
{
	((struct top_options *)ctx)->against = value;
	return 0;
}

static int set_at(void *ctx, const char *value)
{
	struct range_end end;

	((struct top_options *)ctx)->at = value;
	if (!strcmp(value, "finding") || !range_parse(value, &end))
		return 0;
	complain(value, "is no time",
		 "give seconds on the recording's clock (25.6), from its start (+3.5), or finding");
	return STATUS_ERROR;
}

static int add_view(struct top_options *options, const char *name, size_t len)
{
	char hint[128] = "views:";

	for (int i = 0; i < nlive_views; i++) {
		if (strlen(live_views[i]->key) == len && !memcmp(live_views[i]->key, name, len) &&
		    options->nviews < TOP_VIEWS) {
			options->views[options->nviews++] = i;
			return 0;
		}
		strncat(strncat(hint, " ", 2), live_views[i]->key, 16);
	}
	complain(name, "no such view, or too many", hint);
	return STATUS_ERROR;
}

static int set_view(void *ctx, const char *value)
{
	int ret = 0;

	while (!ret && *value) {
		size_t len = strcspn(value, ",");

		ret = add_view(ctx, value, len);
		value += len + (value[len] == ',');
	}
	return ret;
}

static int set_sort(void *ctx, const char *value)
{
	const char *key = value + (*value == '-' || *value == '+');

	((struct top_options *)ctx)->sort = value;
	for (int i = 0; i < nlive_views; i++)
		if (top_column(live_views[i], key) >= 0)
			return 0;
	complain(value, "no view has a column of that key", "squall-top(1) lists them");
	return STATUS_ERROR;
}

static int set_filter(void *ctx, const char *value)
{
	((struct top_options *)ctx)->filter = value;
	return 0;
}

static int set_columns(void *ctx, const char *value)
{
	((struct top_options *)ctx)->list_columns = true;
	return 0;
}

static int set_ascii(void *ctx, const char *value)
{
	((struct top_options *)ctx)->ascii = true;
	return 0;
}

/* Takes note that an option was given which a recording cannot follow. */
static struct top_options *live_option(void *ctx, const char *name)
{
	struct top_options *options = ctx;

	if (!options->live_option)
		options->live_option = name;
	return options;
}

static int set_output(void *ctx, const char *value)
{
	live_option(ctx, "--output")->output = value;
	return 0;
}

static int set_max_size(void *ctx, const char *value)
{
	return record_arg_max_size(value, &live_option(ctx, "--max-size")->max_bytes);
}

static int set_events(void *ctx, const char *value)
{
	live_option(ctx, "--events")->events = value;
	return 0;
}

static int set_buffer(void *ctx, const char *value)
{
	return record_arg_buffer(value, &live_option(ctx, "--buffer-size")->buffer_bytes_per_cpu);
}

static int set_max_rate(void *ctx, const char *value)
{
	return record_arg_max_rate(value, &live_option(ctx, "--max-rate")->max_rate);
}

static const struct option_row rows[] = {
	{ "replay", 'r', "FILE", "show a store or a trace as if it were live", set_replay },
	{ "against", 'a', "FILE", "beside another recording, at the same offset from its start", set_against },
	{ "at", 0, "TIME", "begin at seconds of its clock, +S from its start, or the first finding", set_at },
	{ "delay", 'd', "SECS", "length of an interval (default: 1)", set_interval },
	{ "batch", 'b', NULL, "plain text for each interval, no screen", set_batch },
	{ "iterations", 'n', "N", "end after so many intervals", set_count },
	{ "json", 'j', NULL, "one JSON object for each interval, in a line; implies --batch", set_json },
	{ "view", 'v', "NAME", "nodes, memcgs, tasks, swap, findings, kernel; several with commas (default: all)",
	  set_view },
	{ "sort", 's', "COLUMN", "by the column of this key; -KEY descending, +KEY ascending", set_sort },
	{ "filter", 'f', "TEXT", "only rows in which TEXT occurs", set_filter },
	{ "ascii", 0, NULL, "no other characters, whatever the locale", set_ascii },
	{ "output", 'o', "FILE", "record into this new store as well (live)", set_output },
	{ "max-size", 0, "SIZE", "limit of a store that is recorded (default 2GiB; 0 none)", set_max_size },
	{ "events", 0, "LIST", "groups and tracepoints to watch, as squall record has them (live)", set_events },
	{ "buffer-size", 0, "MIB", "kernel ring buffer of each CPU (default 4; live)", set_buffer },
	{ "max-rate", 0, "N", "watch fewer threads of a class of more than N events/s and CPU (0 never; live)",
	  set_max_rate },
	{ "columns", 0, NULL, "list every column of every view with key, title, unit and meaning, and exit",
	  set_columns },
	{ 0 },
};

static const struct usage usage = {
	.command = "top",
	.synopsis = "[OPTION...]",
	.about = "Shows nodes, cgroups, tasks, swap and findings of this machine, or with -r of a recording, interval by\n"
		 "interval. Without root what /proc, cgroups and PSI tell is shown, and what is missing is said.\n",
	.rows = rows,
	.examples = "  squall top\n"
		    "  squall top -v memcgs -o now.db\n"
		    "  squall top -r storm.db\n"
		    "  squall top -b -n 5 -r storm.db --at finding --view nodes,tasks\n"
		    "  squall top --json -r trace.dat | jq .views.nodes\n"
		    "  squall top -b -r unpatched.db --against patched.db --view nodes\n",
	.min_args = 0,
	.max_args = 0,
};

/* view, key, title, unit, about; with tabs between, for other programs too. */
static int list_columns(void)
{
	static const char *const units[] = {
		[UNIT_TEXT] = "text", [UNIT_COUNT] = "count", [UNIT_PER_SECOND] = "per second", [UNIT_BYTES] = "bytes",
		[UNIT_BYTES_PER_SECOND] = "bytes per second", [UNIT_NS] = "ns", [UNIT_PERCENT] = "percent",
		[UNIT_RATIO] = "ratio", [UNIT_BAR] = "bytes",
	};

	for (int v = 0; v < nlive_views; v++) {
		for (int i = 0; i < live_views[v]->ncolumns; i++) {
			const struct live_column *c = &live_views[v]->columns[i];

			printf("%s\t%s\t%s\t%s\t%s\n", live_views[v]->key, c->key, c->title, units[c->unit], c->about);
		}
	}
	return STATUS_OK;
}

/* A stream goes on by itself: only another stream, or a recording, can be kept in step with it. */
static int open_against(const struct top_options *options, struct top_recording *out)
{
	struct stat st;

	if (stat(options->against, &st) || !(S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode)))
		return top_recording_open(options->against, options->interval_ns, out);
	complain(options->against, "is a stream, and what it is to be beside is none",
		 "name the stream with -r, and the recording with --against");
	return STATUS_ERROR;
}

static int show(const struct top_options *options, struct top_recording *recording, struct top_recording *against)
{
	struct live_feed feed = top_recording_feed(recording), other;

	if (!options->batch)
		return top_screen_replay(options, recording, against);
	if (against)
		other = top_recording_feed(against);
	return top_batch(options, &feed, against ? &other : NULL, stdout);
}

static int replay(const struct top_options *options)
{
	struct top_recording recording, against = { 0 };
	int status = top_stream(options);

	if (status != TOP_NO_STREAM)
		return status;
	status = top_recording_open(options->replay, options->interval_ns, &recording);
	if (!status && options->at)
		status = top_recording_go(&recording, options->at);
	if (!status && options->against)
		status = open_against(options, &against);
	if (!status)
		status = show(options, &recording, options->against ? &against : NULL);
	top_recording_close(&against);
	top_recording_close(&recording);
	return status;
}

/* A signal ends it in order: a recording is completed, and the instance in tracefs removed. */
static int watch_batch(const struct top_options *options, struct top_live *live, struct top_recording *against)
{
	struct live_feed feed = top_live_feed(live), other;

	interrupt_catch();
	interrupt_catch_pipe();
	if (against)
		other = top_recording_feed(against);
	return top_batch(options, &feed, against ? &other : NULL, stdout);
}

static int watch_machine(const struct top_options *options)
{
	struct top_recording against = { 0 };
	struct top_recording *other = options->against ? &against : NULL;
	struct top_live *live = NULL;
	int signal = 0, status = 0;

	if (other)
		status = open_against(options, other);
	if (!status)
		status = top_live_open(options, &live);
	if (!status && options->batch)
		status = watch_batch(options, live, other);
	else if (!status)
		signal = top_screen_live(options, live, other);
	top_live_close(live);
	top_recording_close(&against);
	interrupt_resume();
	/* As a shell expects it of a command that was ended. */
	if (signal > 0)
		raise(signal);
	return signal < 0 ? STATUS_ERROR : status;
}

/* Options that do not go together. */
static int check(const struct top_options *options)
{
	if (options->replay && options->live_option)
		complain(options->live_option, "is for watching live, and -r shows a recording", NULL);
	else if (!options->replay && options->at)
		complain("--at", "is for a recording", "name one with -r");
	else
		return STATUS_OK;
	return STATUS_ERROR;
}

int cmd_top(int argc, char **argv)
{
	struct top_options options = { .interval_ns = NSEC_PER_SEC, .max_rate = RATE_GUARD_DEFAULT,
				       .max_bytes = MAX_SIZE_DEFAULT };
	int first, status;

	status = options_parse(&usage, &options, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (options.list_columns)
		return list_columns();
	status = check(&options);
	if (status)
		return status;
	return options.replay ? replay(&options) : watch_machine(&options);
}
