/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_names.h - names of tasks in a live recording: collect/task_namer.h with all its sources.
 *
 *	recording_names_open before the events are enabled, _sink, _finish, _free.
 */
#ifndef SQUALL_CMD_RECORDING_NAMES_H
#define SQUALL_CMD_RECORDING_NAMES_H

#include "spine/sink.h"

struct recording_names;

/* What is missing is said, and makes names fewer; -ENOMEM is the only error. @tracefs_root may be NULL. */
int recording_names_open(const char *tracefs_root, struct recording_names **out);
void recording_names_free(struct recording_names *names);	/* NULL is fine */

/* *named: a sink in front of @in; once. Only events need to go through it. 0 or -ENOMEM. */
int recording_names_sink(struct recording_names *names, const struct sink *in, struct sink *named);

/* After the last event: what waits, and the metas tasks_unnamed, task_notes_dropped, task_lookups_put_off. */
int recording_names_finish(struct recording_names *names, const struct sink *in);

#endif
