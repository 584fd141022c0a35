/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot_merge.h - snapshots of kernel files put between the events of a recording, in order of time.
 *
 * When a snapshot was made is said by its uptime, or by a stamp in wall time; where that is on the recording's clock:
 *	the user's offset			added to the uptime, or to the stamp of a snapshot without uptime
 *	clock mono, boot, local, global, ...	the uptime; else the stamp less the wall time at which the clock was 0:
 *						by start_realtime_ns of the recording, by other snapshots that
 *						have both, or by btime of /proc/stat (to the second)
 *	wall time (trace-cmd --date)		the stamp; else uptime and btime
 * Text that names no clock counts as time since boot, and meta says that this was assumed. What cannot be placed is
 * left out and counted; when nothing can, the run ends with -EINVAL and words. Meta: snapshots, snapshots_within,
 * snapshots_time, snapshots_sure, snapshots_left_out.
 */
#ifndef SQUALL_COLLECT_SNAPSHOT_MERGE_H
#define SQUALL_COLLECT_SNAPSHOT_MERGE_H

#include <stdbool.h>

#include "spine/sink.h"
#include "spine/source.h"

struct snapshot_merge_options {
	bool	alone;		/* there is no recording beside: the snapshots are all of it */
	bool	offset_told;
	int64_t	offset_ns;	/* added to what a snapshot says of its time */
};

struct snapshot_report {
	uint32_t	moments;	/* that were placed */
	uint32_t	within;		/* between the first and the last event */
	uint32_t	unplaced;	/* without a time, or before the recording's clock began */
	uint64_t	left_out;	/* files that are no copy we know */
	uint64_t	cut;		/* beyond a limit */
	const char	*time, *sure;	/* which rule, how sure; "" before the first event */
	double		first_s, last_s;	/* of the snapshots */
	double		trace_first_s, trace_last_s;
	bool		events;		/* there are any */
};

struct snapshot_merge;

/* 0, or a negative errno with @err filled: there is no snapshot in @dir. Free with snapshot_merge_free(). */
int snapshot_merge_open(const char *dir, const struct snapshot_merge_options *opt, struct source_error *err,
			struct snapshot_merge **out);

/* A sink for the recording's source; all goes on to @to, with the snapshots in between, the last of them at its end. */
struct sink snapshot_merge_sink(struct snapshot_merge *m, const struct sink *to);

/* Why it stopped the run; NULL when it did not. */
const struct source_error *snapshot_merge_error(const struct snapshot_merge *m);

void snapshot_merge_report(const struct snapshot_merge *m, struct snapshot_report *out);
void snapshot_merge_free(struct snapshot_merge *m);		/* NULL is fine */

#endif
