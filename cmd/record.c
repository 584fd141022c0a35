// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - squall record: the options, and one recording from open to summary. The loop that reads is in recorder.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/recorder.h"
#include "cmd/summary.h"
#include "spine/time.h"

#define BYTES_PER_MIB	(1024.0 * 1024.0)

struct record {
	struct recorder_options	options;
	bool			quiet;
	char			output[64];
};

static int set_output(void *ctx, const char *value)
{
	((struct record *)ctx)->options.output = value;
	return 0;
}

static int set_force(void *ctx, const char *value)
{
	((struct record *)ctx)->options.force = true;
	return 0;
}

static int set_duration(void *ctx, const char *value)
{
	struct record *r = ctx;
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !(seconds > 0 && seconds <= 1e9)) {
		complain(value, "is no number of seconds", NULL);
		return STATUS_ERROR;
	}
	r->options.duration_ns = seconds * NSEC_PER_SEC;
	return 0;
}

static int set_events(void *ctx, const char *value)
{
	((struct record *)ctx)->options.events = value;
	return 0;
}

static int set_buffer(void *ctx, const char *value)
{
	struct record *r = ctx;
	char *end;
	double mib = strtod(value, &end);

	if (end == value || *end || !(mib >= 0.0625 && mib <= 65536)) {
		complain(value, "is no buffer size in MiB", "from 0.0625 (64 KiB) up; the kernel gives at most 5 % of RAM in all");
		return STATUS_ERROR;
	}
	r->options.buffer_bytes_per_cpu = mib * BYTES_PER_MIB;
	return 0;
}

static int set_quiet(void *ctx, const char *value)
{
	((struct record *)ctx)->quiet = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "output", 'o', "FILE", "the store to make (default: squall-DATE-TIME.db, in this directory)", set_output },
	{ "force", 'f', NULL, "replace FILE if it exists", set_force },
	{ "duration", 'd', "SECONDS", "end after so long (default: at Ctrl-C, or with COMMAND)", set_duration },
	{ "events", 0, "LIST", "groups and tracepoints: +slab,-extfrag,vmscan:NAME ('squall check' lists the groups)",
	  set_events },
	{ "buffer-size", 'b', "MIB", "kernel ring buffer of each CPU (default 4)", set_buffer },
	{ "quiet", 'q', NULL, "no summary", set_quiet },
	{ 0 },
};

static const struct usage usage = {
	.command = "record",
	.synopsis = "[OPTION...] [-- COMMAND [ARGUMENT...]]",
	.about = "Records reclaim, compaction and OOM events, kswapd_failures and samples of the machine's counters into a\n"
		 "store, until Ctrl-C, for a time, or while COMMAND runs. Needs root, or CAP_SYS_ADMIN and what squall check\n"
		 "asks for. Storms are printed when they are found.\n",
	.rows = rows,
	.examples = "  squall record -d 60 -o storm.db\n"
		    "  squall record -o build.db -- make -j64\n",
	.min_args = 0,
	.max_args = 4096,
};

/* "squall-20261121-103000.db" */
static void default_output(char *path, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(path, size, "squall-%Y%m%d-%H%M%S.db", &tm);
}

static void print_cost(const struct recorder_result *result)
{
	double span_s = ns_to_s(result->span_ns);

	printf("cost      %.2f %% of a CPU, %.1f MiB of memory at most; ring %.1f MiB per CPU\n",
	       span_s > 0 ? 100 * ns_to_s(result->cpu_ns) / span_s : 0, result->peak_bytes / BYTES_PER_MIB,
	       result->buffer_bytes_per_cpu / BYTES_PER_MIB);
}

int cmd_record(int argc, char **argv)
{
	struct record r = { 0 };
	struct recorder_result result;
	int first, status;

	status = options_parse(&usage, &r, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (!r.options.output) {
		default_output(r.output, sizeof(r.output));
		r.options.output = r.output;
	}
	if (first < argc)
		r.options.command = argv + first;
	status = recorder_run(&r.options, &result);
	if (!r.quiet && result.analysis) {
		print_import_summary(result.analysis, r.options.output, stdout);
		print_cost(&result);
	}
	analysis_free(result.analysis);
	return status;
}
