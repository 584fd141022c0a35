/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_thread.h - the writer's thread of a recording: takes what the reader handed over into the store and the
 * analysis, commits once a second, and tells storms as they are found.
 *
 *	store_thread_open, _start, handoff_close by the reader, _join, _free.
 *
 * Functions return 0 or a negative errno, after the message.
 */
#ifndef SQUALL_CMD_STORE_THREAD_H
#define SQUALL_CMD_STORE_THREAD_H

#include <stdbool.h>

#include "analyze/analysis.h"
#include "spine/handoff.h"

struct store_thread_options {
	const char	*path;
	bool		force;
	bool		on_terminal;	/* a status line may have to be wiped before a message */
};

struct store_thread;

/* Makes the store at path. @handoff is borrowed. Caller frees *out. */
int store_thread_open(const struct store_thread_options *options, struct handoff *handoff, struct store_thread **out);

int store_thread_start(struct store_thread *t);

/* True when nothing more will be stored: the reader may stop. */
bool store_thread_ended(struct store_thread *t);

/* After handoff_close(): waits for the end and completes the store. *analysis is the caller's, also after an error. */
int store_thread_join(struct store_thread *t, struct analysis **analysis);

/* NULL is fine. Without _join the store is left as it was committed last. */
void store_thread_free(struct store_thread *t);

#endif
