// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_notes.c - see top_notes.h.
 */
#include "cmd/top_notes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void top_notes_init(struct top_notes *notes)
{
	memset(notes, 0, sizeof(*notes));
	pthread_mutex_init(&notes->lock, NULL);
}

void top_notes_put(struct top_notes *notes, const char *text)
{
	pthread_mutex_lock(&notes->lock);
	if (notes->n == TOP_NOTES)
		notes->first = (notes->first + 1) % TOP_NOTES;
	else
		notes->n++;
	snprintf(notes->text[(notes->first + notes->n - 1) % TOP_NOTES], TOP_NOTE_BYTES, "%s", text);
	pthread_mutex_unlock(&notes->lock);
}

const char *top_notes_take(struct top_notes *notes)
{
	bool any;

	pthread_mutex_lock(&notes->lock);
	any = notes->n;
	if (any) {
		memcpy(notes->taken, notes->text[notes->first], sizeof(notes->taken));
		notes->first = (notes->first + 1) % TOP_NOTES;
		notes->n--;
	}
	pthread_mutex_unlock(&notes->lock);
	return any ? notes->taken : NULL;
}
