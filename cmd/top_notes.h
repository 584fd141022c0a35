/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top_notes.h - what the threads of a live top have to tell the user, until the screen's thread comes for it.
 */
#ifndef SQUALL_CMD_TOP_NOTES_H
#define SQUALL_CMD_TOP_NOTES_H

#include <pthread.h>

#define TOP_NOTES	8	/* past these the oldest gives way */
#define TOP_NOTE_BYTES	512

struct top_notes {
	pthread_mutex_t	lock;
	unsigned int	first, n;
	char		text[TOP_NOTES][TOP_NOTE_BYTES];
	char		taken[TOP_NOTE_BYTES];
};

void top_notes_init(struct top_notes *notes);
void top_notes_put(struct top_notes *notes, const char *text);		/* any thread */
const char *top_notes_take(struct top_notes *notes);	/* one thread; NULL: none; valid until the next call */

#endif
