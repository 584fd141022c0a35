// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_reader.c - see text_reader.h.
 *
 *	buf       pos         ahead             fill      BUFFER_BYTES
 *	 | given   | current   | next | ...      | free    |
 */
#include "collect/text_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two lines of full length and one more while they are read. */
#define BUFFER_BYTES	(4 * TEXT_LINE_BYTES)

/* One line in the buffer. */
struct span {
	size_t	start;
	size_t	len;
	size_t	end;			/* where the next one starts */
	bool	cut;
};

struct text_reader {
	const struct source_input	*in;
	char				*buf;		/* BUFFER_BYTES */
	size_t				fill;
	uint64_t			offset;		/* of buf[0] in the input */
	struct span			current;
	struct span			ahead;
	bool				have_ahead;
	bool				dropping;	/* up to the next newline: the rest of a long line */
	bool				at_end;
	int				error;		/* negative errno that ended the input */
	uint64_t			shortened;
};

int text_reader_open(const struct source_input *in, struct text_reader **out)
{
	struct text_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->in = in;
	r->buf = malloc(BUFFER_BYTES);
	if (!r->buf) {
		free(r);
		return -ENOMEM;
	}
	atomic_store(&in->progress->bytes_total, in->size);
	*out = r;
	return 0;
}

void text_reader_close(struct text_reader *r)
{
	if (!r)
		return;
	free(r->buf);
	free(r);
}

uint64_t text_reader_shortened(const struct text_reader *r)
{
	return r->shortened;
}

/* Adds to the buffer what one read gives. */
static void read_some(struct text_reader *r)
{
	struct source_progress *progress = r->in->progress;
	ssize_t n;

	atomic_store(&progress->waiting, r->in->size == 0);
	do {
		n = read(r->in->fd, r->buf + r->fill, BUFFER_BYTES - r->fill);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		r->error = -errno;
	atomic_store(&progress->waiting, 0);
	atomic_fetch_add(&progress->heartbeat, 1);
	if (n <= 0) {
		r->at_end = true;
		return;
	}
	r->fill += n;
	atomic_fetch_add(&progress->bytes_done, n);
}

/* Everything before @keep was given and goes. */
static void forget(struct text_reader *r, size_t keep)
{
	memmove(r->buf, r->buf + keep, r->fill - keep);
	r->fill -= keep;
	r->offset += keep;
}

/* The line that begins at @start, when all of it is in the buffer. */
static bool find_line(const struct text_reader *r, size_t start, struct span *line)
{
	const char *newline = memchr(r->buf + start, '\n', r->fill - start);

	*line = (struct span){ .start = start };
	if (newline) {
		line->len = newline - (r->buf + start);
		line->end = start + line->len + 1;
		return true;
	}
	line->len = r->fill - start;
	line->end = r->fill;
	line->cut = true;
	return r->at_end && line->len;
}

/* Drops input up to and with the next newline. */
static void drop_rest(struct text_reader *r)
{
	struct span rest;

	while (!find_line(r, 0, &rest) && !r->at_end) {
		forget(r, r->fill);
		read_some(r);
	}
	forget(r, rest.end);
	r->dropping = false;
}

/* A full buffer without a newline: its first part is the line. */
static void take_start(struct text_reader *r)
{
	r->current = (struct span){ .len = TEXT_LINE_BYTES, .end = r->fill };
	r->have_ahead = false;
	r->dropping = true;
}

/* Makes the line from @start on current, and the one behind it the next. False at the end of the input. */
static bool advance(struct text_reader *r, size_t start)
{
	for (;;) {
		bool whole = find_line(r, start, &r->current);

		r->have_ahead = whole && find_line(r, r->current.end, &r->ahead);
		if (r->at_end || r->have_ahead)
			return whole;
		if (start) {
			forget(r, start);
			start = 0;
			continue;
		}
		if (r->fill == BUFFER_BYTES) {
			if (!whole)
				take_start(r);
			return true;
		}
		read_some(r);
	}
}

static void give(const struct text_reader *r, const struct span *span, struct text_raw *line)
{
	*line = (struct text_raw){
		.p = r->buf + span->start,
		.len = span->len < TEXT_LINE_BYTES ? span->len : TEXT_LINE_BYTES,
		.offset = r->offset + span->start,
		.cut = span->cut,
	};
}

int text_reader_next(struct text_reader *r, struct text_raw *line)
{
	bool found = false;

	if (r->dropping) {
		forget(r, r->fill);
		drop_rest(r);
		r->current.end = 0;
	}
	if (r->have_ahead) {		/* most often both are known already */
		r->current = r->ahead;
		r->have_ahead = find_line(r, r->current.end, &r->ahead);
		found = r->have_ahead || r->at_end;
		if (!found)
			r->current.end = r->current.start;
	}
	if (!found && !advance(r, r->current.end))
		return r->error;
	if (r->current.len > TEXT_LINE_BYTES || r->dropping)
		r->shortened++;
	give(r, &r->current, line);
	return 1;
}

bool text_reader_peek(const struct text_reader *r, struct text_raw *line)
{
	if (!r->have_ahead || r->ahead.end - r->current.start > TEXT_LINE_BYTES)
		return false;
	give(r, &r->ahead, line);
	return true;
}

void text_reader_join(struct text_reader *r, struct text_raw *line)
{
	r->current.start = line->p - r->buf;
	r->current.len = r->ahead.start + r->ahead.len - r->current.start;
	r->current.end = r->ahead.end;
	r->current.cut = r->ahead.cut;
	r->have_ahead = find_line(r, r->current.end, &r->ahead);
	give(r, &r->current, line);
}
