/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rows.h - events of one table in a fixed piece of memory, text included. Inside store/ only.
 *
 * Both ways between events and SQLite go through it, many rows at a time: batch.c going in, cursor.c coming out.
 */
#ifndef SQUALL_STORE_ROWS_H
#define SQUALL_STORE_ROWS_H

#include "spine/event.h"

struct row {
	int64_t			id;
	int64_t			late;			/* id - ts */
	int32_t			tid;
	uint16_t		cpu;
	uint16_t		buffer;
	struct event_value	values[];
};

struct rows {
	unsigned int		count;
	unsigned int		nfields;
	unsigned int		row_bytes;
	unsigned int		text_start;		/* offset of the lowest text */
	unsigned int		size;			/* of memory */
	_Alignas(16) char	memory[];
};

/* At least that much memory is needed for the widest row. */
#define ROWS_BYTES_MIN	(2u << 10)

/* Caller frees with rows_free, which takes NULL. -ENOMEM. @bytes is at least ROWS_BYTES_MIN. */
int rows_new(unsigned int bytes, unsigned int nfields, struct rows **out);
void rows_free(struct rows *r);

/* Drops all rows; those to come have @nfields values. */
void rows_reuse(struct rows *r, unsigned int nfields);

/* Copies @ev as event @id; false when it does not fit into what is left. */
bool rows_add(struct rows *r, int64_t id, const struct event *ev);

/* The same without its texts, which stay borrowed: for an event that never fits, when there is no other row. */
void rows_borrow(struct rows *r, int64_t id, const struct event *ev);

static inline struct row *rows_at(struct rows *r, unsigned int index)
{
	return (struct row *)(r->memory + index * r->row_bytes);
}

#endif
