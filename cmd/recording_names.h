/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_names.h - names of tasks in a live recording: collect/task_namer.h with all its sources.
 *
 *	recording_names_open before the events are enabled, _sink, _start, _drain ..., _finish, _free.
 */
#ifndef SQUALL_CMD_RECORDING_NAMES_H
#define SQUALL_CMD_RECORDING_NAMES_H

#include "spine/sink.h"
#include "spine/source.h"

struct recording_names;

/*
 * @tracefs_root may be NULL. -ENOMEM is the only error; where BPF cannot be had, names are fewer and @missing says why
 * (else it is empty).
 */
int recording_names_open(const char *tracefs_root, struct source_error *missing, struct recording_names **out);
void recording_names_free(struct recording_names *names);	/* NULL is fine */

/* *named: a sink in front of @in, for everything; once. 0 or -ENOMEM. */
int recording_names_sink(struct recording_names *names, const struct sink *in, struct sink *named);

/* Look-ups have a thread of their own. Without it they are not answered. */
int recording_names_start(struct recording_names *names);

/* Hands on the answers that are there, and the questions; never waits. */
int recording_names_drain(struct recording_names *names);

/* As task_namer_repeat(). */
void recording_names_repeat(struct recording_names *names);

/* After the last event: what waits, and the metas tasks_unnamed, task_notes_dropped, task_lookups_put_off. */
int recording_names_finish(struct recording_names *names, uint64_t now_ns);

#endif
