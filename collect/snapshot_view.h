/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot_view.h - a moment of snapshots as the root of a machine, for the sampler.
 *
 * The copies of a moment are put under the kernel's names into a private directory below TMPDIR, and the sampler of
 * squall record reads that. So names, units and what counts as a change are the same as in a recording. What a moment
 * has no copy of keeps its last value. The directory goes with the view; a process that is killed meanwhile leaves it.
 */
#ifndef SQUALL_COLLECT_SNAPSHOT_VIEW_H
#define SQUALL_COLLECT_SNAPSHOT_VIEW_H

#include "collect/snapshot_index.h"
#include "spine/sink.h"

struct snapshot_view;

/* @index is borrowed. Times go up from call to call. Close with snapshot_view_close(). */
int snapshot_view_open(struct snapshot_index *index, struct source_error *err, struct snapshot_view **out);

/*
 * The values of @moment that are new or differ, as samples at @ts, and its facts as meta: a fact once, unless
 * snapshot_view_knows() was told that the recording has it. 0, what the sink returned, or another negative errno.
 */
int snapshot_view_play(struct snapshot_view *view, const struct snapshot_moment *moment, uint64_t ts,
		       const struct sink *sink);

/* The recording itself says @key: no snapshot does. */
void snapshot_view_knows(struct snapshot_view *view, const char *key);

/* Whether there is anything to sample in @moment: not only the time. */
bool snapshot_moment_has_data(const struct snapshot_index *index, const struct snapshot_moment *moment);

void snapshot_view_close(struct snapshot_view *view);		/* NULL is fine */

#endif
