// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshots.c - see snapshots.h.
 */
#include "cmd/snapshots.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "spine/time.h"

#define OFFSET_MAX_S	9e9L		/* in ns that still fits; the year 2255 */

int snapshots_set_offset(struct snapshots *s, const char *value)
{
	char *end;
	long double seconds = strtold(value, &end);

	if (end == value || *end || !(fabsl(seconds) < OFFSET_MAX_S)) {
		complain(value, "is no number of seconds", "--snapshots-offset -3.5 puts each snapshot 3.5 s earlier");
		return STATUS_ERROR;
	}
	s->opt.offset_told = true;
	s->opt.offset_ns = llroundl(seconds * NSEC_PER_SEC);
	return 0;
}

int snapshots_check(struct snapshots *s, const struct input *input)
{
	if (input->is_directory && s->dir) {
		complain(input->path, "is a directory of snapshots itself",
			 "give the recording, or leave out --snapshots");
		return STATUS_ERROR;
	}
	if (input->is_directory) {
		s->dir = input->path;
		s->opt.alone = true;
	}
	if (!s->dir && s->opt.offset_told) {
		complain("--snapshots-offset", "there are no snapshots", "--snapshots DIR names them");
		return STATUS_ERROR;
	}
	return STATUS_OK;
}

int snapshots_open(struct snapshots *s, struct sink *sink)
{
	struct source_error err = { 0 };
	int ret;

	if (!s->dir)
		return STATUS_OK;
	ret = snapshot_merge_open(s->dir, &s->opt, &err, &s->merge);
	if (ret) {
		if (err.what[0])
			complain("snapshots", err.what, err.hint);
		else
			complain(s->dir, strerror(-ret), NULL);
		return STATUS_ERROR;
	}
	*sink = snapshot_merge_sink(s->merge, sink);
	return STATUS_OK;
}

void snapshots_explain(const struct snapshots *s, struct source_error *err)
{
	const struct source_error *why = s->merge ? snapshot_merge_error(s->merge) : NULL;

	if (why)
		*err = *why;
}

static void say(const struct snapshots *s, const struct snapshot_report *r, bool quiet)
{
	char why[512], hint[256] = "";

	/* around it is fine: before and after */
	if (r->events && (r->last_s < r->trace_first_s || r->first_s > r->trace_last_s)) {
		snprintf(why, sizeof(why),
			 "the snapshots are at %.3f to %.3f s, all %s the recording, which is at %.3f to %.3f s",
			 r->first_s, r->last_s, r->last_s < r->trace_first_s ? "before" : "after", r->trace_first_s,
			 r->trace_last_s);
		snprintf(hint, sizeof(hint), "placed by %s (%s); --snapshots-offset SECONDS moves them", r->time,
			 r->sure);
		complain(s->dir, why, hint);
	} else if (!quiet) {
		snprintf(why, sizeof(why), "%u snapshots at %.3f to %.3f s, placed by %s (%s)", r->moments, r->first_s,
			 r->last_s, r->time, r->sure);
		complain(s->dir, why, NULL);
	}
	if (r->unplaced) {
		snprintf(why, sizeof(why),
			 "left out: %u that do not say when they were made, or were before the recording's clock began",
			 r->unplaced);
		complain(s->dir, why, NULL);
	}
	if (r->cut) {
		snprintf(why, sizeof(why), "left out: %" PRIu64 " copies that are too large or too many", r->cut);
		complain(s->dir, why, NULL);
	}
	if (r->left_out && !quiet) {
		snprintf(why, sizeof(why), "left out: %" PRIu64 " files that are no copies which squall reads",
			 r->left_out);
		complain(s->dir, why, NULL);
	}
}

void snapshots_close(struct snapshots *s, bool quiet)
{
	struct snapshot_report report;

	if (!s->merge)
		return;
	snapshot_merge_report(s->merge, &report);
	if (report.moments)
		say(s, &report, quiet);
	snapshot_merge_free(s->merge);
	s->merge = NULL;
}
