/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_reader.h - lines out of a file or pipe, through a buffer of fixed size.
 *
 * The line after the current one is at hand as well, because mail programs wrap long lines and the two may have to be
 * joined again. A line longer than TEXT_LINE_BYTES is kept as far as that; the rest is dropped and the line counted.
 */
#ifndef SQUALL_COLLECT_TEXT_READER_H
#define SQUALL_COLLECT_TEXT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/source.h"

/* The kernel prints at most 8 KiB per event (TRACE_SEQ_BUFFER_SIZE, 6.8); pasted lines may have been joined. */
#define TEXT_LINE_BYTES		(64u << 10)

struct text_raw {
	char		*p;		/* valid until the next text_reader_next; may be written to */
	size_t		len;		/* without the newline */
	uint64_t	offset;		/* in the input */
	bool		cut;		/* the input ended without a newline */
};

struct text_reader;

/* Reads in->fd and keeps in->progress. Caller frees *out with text_reader_close. */
int text_reader_open(const struct source_input *in, struct text_reader **out);
void text_reader_close(struct text_reader *r);		/* NULL is fine; leaves the fd open */

/* 1: *line is the next line. 0: there is none. A negative errno when reading failed; lines before that were given. */
int text_reader_next(struct text_reader *r, struct text_raw *line);

/* The line after the current one; false when there is none or it is too long to be joined. */
bool text_reader_peek(const struct text_reader *r, struct text_raw *line);

/*
 * The current line goes on to the end of the next one. The caller has blanked out what is between them, or has moved the
 * current one up to the next: then line->p is where it begins now.
 */
void text_reader_join(struct text_reader *r, struct text_raw *line);

/* Lines that were too long. */
uint64_t text_reader_shortened(const struct text_reader *r);

#endif
