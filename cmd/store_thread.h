/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_thread.h - the writer's thread of a recording: takes what the reader handed over into the store and the
 * analysis, commits once a second, keeps the file below its limit, and tells storms as they are found. With each commit
 * the store has what was found so far.
 *
 *	store_thread_open, _start, handoff_close by the reader, _join, _free.
 *
 * Functions return 0 or a negative errno, after the message.
 */
#ifndef SQUALL_CMD_STORE_THREAD_H
#define SQUALL_CMD_STORE_THREAD_H

#include <stdbool.h>

#include <stdint.h>

#include "analyze/analysis.h"
#include "spine/handoff.h"

struct store_thread_options {
	const char	*path;
	bool		force;
	uint64_t	max_bytes;	/* of each file with its log; 0: no limit */
	unsigned int	rotate;		/* files to keep, see store_parts.h; 0: at the limit the recording ends */
	/*
	 * What the user is to be told, in any thread, also before store_thread_open() returns; storms are left out
	 * then. NULL: on stderr.
	 */
	void		(*message)(void *ctx, const char *text);
	void		*ctx;
};

struct store_thread;

/* Makes the store at path. @handoff is borrowed. Caller frees *out. */
int store_thread_open(const struct store_thread_options *options, struct handoff *handoff, struct store_thread **out);

int store_thread_start(struct store_thread *t);

/*
 * True when nothing more will be stored, because the file reached its limit or could not be written: the reader should
 * stop. What it still hands over is no part of the recording; only facts are stored.
 */
bool store_thread_ended(struct store_thread *t);

/* For the status line; any thread. */
struct store_thread_progress {
	uint64_t	file_bytes;
	unsigned int	findings;
};

struct store_thread_progress store_thread_progress(struct store_thread *t);

/* The file that is, or was last, written. After store_thread_join, or before store_thread_start. */
const char *store_thread_path(const struct store_thread *t);

/* How the recording is stored, once it is. */
struct store_thread_result {
	struct analysis	*analysis;		/* the caller's; NULL: the thread never ran */
	unsigned int	files, files_left;	/* made, and not removed since */
	bool		at_limit;		/* ended by max_bytes */
};

/*
 * After handoff_close(): waits for the end, completes the store, and says what ended it before its time. *result is
 * filled also after an error.
 */
int store_thread_join(struct store_thread *t, struct store_thread_result *result);

/* NULL is fine. Without _join the store is left as it was committed last. */
void store_thread_free(struct store_thread *t);

#endif
