/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top_record.h - recordings that a live top makes beside what it shows: one at a time, begun and ended while it runs.
 *
 * What may wait for the disk does so in threads: the store's, and when a recording ends one that completes it. All
 * calls but top_record_flush() come from one thread, that of the screen.
 */
#ifndef SQUALL_CMD_TOP_RECORD_H
#define SQUALL_CMD_TOP_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/capture.h"
#include "cmd/top_notes.h"

struct top_record;

struct top_record_options {
	struct capture		*capture;	/* with late_sinks; all outlive the recordings */
	struct top_notes	*notes;		/* how it goes on and ends is told there */
	int			wake_fd;	/* an eventfd that is written when there is a note */
	uint64_t		max_bytes;	/* as struct store_thread_options */
};

int top_record_new(const struct top_record_options *options, struct top_record **out);	/* -ENOMEM; caller frees */

/* Ends and completes what runs; waits for the disk. NULL is fine. */
void top_record_free(struct top_record *r);

/* Into a new file at @path, NULL: the name that squall record would choose. A negative errno, after a note why. */
int top_record_begin(struct top_record *r, const char *path);

/* It takes nothing in any more; a note tells when it is complete. */
void top_record_end(struct top_record *r);

/* Now and then: ends what has reached its limit or failed. */
void top_record_look(struct top_record *r);

bool top_record_runs(const struct top_record *r);
bool top_record_ends(const struct top_record *r);	/* ended, and not complete yet */
const char *top_record_path(const struct top_record *r);

/* The reader's, ten times a second: hands on to the store's thread. */
void top_record_flush(struct top_record *r);

#endif
