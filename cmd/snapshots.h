/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshots.h - --snapshots DIR of a command that reads a recording: copies of /proc that were made beside it.
 */
#ifndef SQUALL_CMD_SNAPSHOTS_H
#define SQUALL_CMD_SNAPSHOTS_H

#include "cmd/input.h"
#include "collect/snapshot_merge.h"

struct snapshots {
	const char			*dir;		/* NULL: none */
	struct snapshot_merge_options	opt;
	struct snapshot_merge		*merge;
};

/* Of --snapshots-offset: "-3.5". 0, or an enum status after complaining. */
int snapshots_set_offset(struct snapshots *s, const char *value);

#define SNAPSHOTS_HELP		"copies of /proc/vmstat, zoneinfo and so on that were made meanwhile"
#define SNAPSHOTS_OFFSET_HELP                                                                                          \
	"where they are on the recording's clock: what to add to their uptime, or else their stamp"

/* What @input is and what was told must fit. STATUS_OK, or STATUS_ERROR after a message. Before snapshots_open(). */
int snapshots_check(struct snapshots *s, const struct input *input);

/* *sink becomes one that puts the snapshots between what comes; nothing without --snapshots. Enum status as above. */
int snapshots_open(struct snapshots *s, struct sink *sink);

/* When the snapshots ended the run, their words are put into @err. */
void snapshots_explain(const struct snapshots *s, struct source_error *err);

/* Says on stderr where the snapshots were put, unless @quiet and all is well; then frees. Once, at the end. */
void snapshots_close(struct snapshots *s, bool quiet);

#endif
