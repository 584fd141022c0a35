// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - squall record: the options, and one recording from open to summary. The loop that reads is in recorder.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/event_list.h"
#include "cmd/options.h"
#include "cmd/record_args.h"
#include "cmd/recorder.h"
#include "cmd/store_parts.h"
#include "cmd/summary.h"
#include "collect/rate_guard.h"
#include "spine/time.h"

#define BYTES_PER_MIB	(1024.0 * 1024.0)

#define MEMORY_MIN_MIB	2u
#define MEMORY_MAX_MIB	65536u

struct record {
	struct recorder_options	options;
	bool			quiet;
	bool			list_events;
	char			output[64];
};

static int set_output(void *ctx, const char *value)
{
	((struct record *)ctx)->options.output = value;
	return 0;
}

static int set_stream(void *ctx, const char *value)
{
	((struct record *)ctx)->options.stream = value;
	return 0;
}

static int set_metrics(void *ctx, const char *value)
{
	((struct record *)ctx)->options.metrics = value;
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
	return record_arg_buffer(value, &((struct record *)ctx)->options.buffer_bytes_per_cpu);
}

static int set_max_size(void *ctx, const char *value)
{
	return record_arg_max_size(value, &((struct record *)ctx)->options.max_bytes);
}

static int set_whole(const char *value, const char *what, unsigned int min, unsigned int max, unsigned int *out)
{
	char *end, why[64], hint[64];
	long number = strtol(value, &end, 10);

	if (end != value && !*end && number >= min && number <= max) {
		*out = number;
		return 0;
	}
	snprintf(why, sizeof(why), "is no number of %s", what);
	snprintf(hint, sizeof(hint), "from %u to %u", min, max);
	complain(value, why, hint);
	return STATUS_ERROR;
}

static int set_rotate(void *ctx, const char *value)
{
	return set_whole(value, "files to keep", PARTS_KEPT_MIN, PARTS_KEPT_MAX, &((struct record *)ctx)->options.rotate);
}

static int set_memory(void *ctx, const char *value)
{
	return set_whole(value, "MiB", MEMORY_MIN_MIB, MEMORY_MAX_MIB, &((struct record *)ctx)->options.memory_mib);
}

static int set_max_rate(void *ctx, const char *value)
{
	return record_arg_max_rate(value, &((struct record *)ctx)->options.max_rate);
}

static int set_list_events(void *ctx, const char *value)
{
	((struct record *)ctx)->list_events = true;
	return 0;
}

static int set_quiet(void *ctx, const char *value)
{
	((struct record *)ctx)->quiet = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "output", 'o', "FILE", "the store to make (default: squall-DATE-TIME.db, in this directory)", set_output },
	{ "stream", 0, "PATH", "send it to a squall top that reads PATH: fifo, unix socket, device, - (without -o: only that)",
	  set_stream },
	{ "force", 'f', NULL, "replace FILE if it exists", set_force },
	{ "duration", 'd', "SECONDS", "end after so long (default: at Ctrl-C, or with COMMAND)", set_duration },
	{ "events", 0, "LIST", "groups and tracepoints: +slab,-extfrag,vmscan:NAME,'sched:*' (see --list-events)",
	  set_events },
	{ "list-events", 0, NULL, "list the groups and what of them this kernel has, and exit", set_list_events },
	{ "max-rate", 0, "N", "record fewer threads of a class of more than N events/s and CPU (0 never; see the manual)",
	  set_max_rate },
	{ "buffer-size", 'b', "MIB", "kernel ring buffer of each CPU (default 4)", set_buffer },
	{ "max-size", 0, "SIZE", "limit of each file (default 2GiB; 0 none): there the recording ends, or goes on by --rotate",
	  set_max_size },
	{ "rotate", 0, "N", "go on in a next file at the limit, and keep the last N: FILE.0001, .0002 ... before its suffix",
	  set_rotate },
	{ "memory", 0, "MIB", "what may wait in memory while the disk is slow (default 48)", set_memory },
	{ "metrics", 0, "FIFO", "what jobs write there, lines of NAME.FIELD VALUE [UNIT], becomes series job.NAME.FIELD",
	  set_metrics },
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
		    "  squall record -o build.db -- make -j64\n"
		    "  squall record -o night.db --max-size 512MiB --rotate 8\n"
		    "  ssh host squall record --stream - | squall top -r -\n",
	.min_args = 0,
	.max_args = 4096,
};

static void print_stream(const struct record *r, const struct stream_thread_result *stream)
{
	printf("stream    %.1f MiB to %s%s", stream->bytes / BYTES_PER_MIB, r->options.stream,
	       stream->whole ? "" : ", which is not whole");
	if (stream->dropped_events)
		printf("; %" PRIu64 " events had no room", stream->dropped_events);
	putchar('\n');
}

static void print_jobs(const struct job_metric_stats *jobs)
{
	printf("jobs      %u series by %" PRIu64 " lines", jobs->series, jobs->lines);
	if (jobs->bad)
		printf("; %" PRIu64 " were not understood, the first: %s", jobs->bad, jobs->why);
	if (jobs->left_out)
		printf("; %" PRIu64 " were of more than %u series and are left out", jobs->left_out, JOB_METRIC_SERIES);
	putchar('\n');
}

static void print_cost(const struct recorder_result *result)
{
	double span_s = ns_to_s(result->span_ns);

	printf("cost      %.2f %% of a CPU, %.1f MiB of memory at most; ring %.1f MiB per CPU\n",
	       span_s > 0 ? 100 * ns_to_s(result->cpu_ns) / span_s : 0, result->peak_bytes / BYTES_PER_MIB,
	       result->buffer_bytes_per_cpu / BYTES_PER_MIB);
}

static void print_summary(const struct record *r, const struct recorder_result *result)
{
	if (result->analysis)
		print_import_summary(result->analysis, result->path, stdout);
	if (result->files > 1)
		printf("files     %u were written, the last %u are there\n", result->files, result->files_left);
	if (r->options.stream)
		print_stream(r, &result->stream);
	if (r->options.metrics)
		print_jobs(&result->jobs);
	print_cost(result);
}

/* Options that do not go together. */
static int check(struct record *r)
{
	if (r->options.rotate && !r->options.max_bytes) {
		complain("--rotate", "needs a limit, and --max-size is 0", NULL);
		return STATUS_ERROR;
	}
	if (!r->options.stream || strcmp(r->options.stream, "-"))
		return STATUS_OK;
	r->quiet = true;
	if (!r->options.command)
		return STATUS_OK;
	complain("--stream -", "does not go with a COMMAND, which writes to standard output too", "give a fifo");
	return STATUS_ERROR;
}

int cmd_record(int argc, char **argv)
{
	struct record r = { .options = { .max_rate = RATE_GUARD_DEFAULT, .max_bytes = MAX_SIZE_DEFAULT,
					 .memory_mib = RECORDER_MEMORY_MIB } };
	struct recorder_result result;
	int first, status;

	status = options_parse(&usage, &r, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (r.list_events)
		return print_event_list(stdout);
	if (!r.options.output && !r.options.stream) {
		record_default_output(r.output, sizeof(r.output));
		r.options.output = r.output;
	}
	if (first < argc)
		r.options.command = argv + first;
	status = check(&r);
	if (status)
		return status;
	status = recorder_run(&r.options, &result);
	if (!r.quiet && (result.analysis || result.stream.bytes))
		print_summary(&r, &result);
	analysis_free(result.analysis);
	return status;
}
