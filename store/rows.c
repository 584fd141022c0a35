// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows grow from the start of the memory, all of the same size; their texts grow downwards from its end.
 */
#include "store/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct row) + EVENT_MAX_FIELDS * sizeof(struct event_value) <= ROWS_BYTES_MIN,
	       "the widest row fits");

int rows_new(unsigned int bytes, unsigned int nfields, struct rows **out)
{
	/* Not cleared: pages that no row ever reaches are never touched. */
	struct rows *r = malloc(sizeof(*r) + bytes);

	if (!r)
		return -ENOMEM;
	r->size = bytes;
	rows_reuse(r, nfields);
	*out = r;
	return 0;
}

void rows_free(struct rows *r)
{
	free(r);
}

void rows_reuse(struct rows *r, unsigned int nfields)
{
	r->nfields = nfields;
	r->row_bytes = sizeof(struct row) + nfields * sizeof(struct event_value);
	r->count = 0;
	r->text_start = r->size;
}

static bool has_bytes(const struct event_value *v)
{
	return v->kind == VALUE_TEXT || v->kind == VALUE_BLOB;
}

static uint64_t text_bytes(const struct rows *r, const struct event *ev)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < r->nfields; i++)
		bytes += has_bytes(&ev->values[i]) ? ev->values[i].len : 0;
	return bytes;
}

static void copy_texts(struct rows *r, struct event_value *values)
{
	for (unsigned int i = 0; i < r->nfields; i++) {
		struct event_value *v = &values[i];

		if (!has_bytes(v) || !v->len)
			continue;
		r->text_start -= v->len;
		memcpy(r->memory + r->text_start, v->p, v->len);
		v->p = r->memory + r->text_start;
	}
}

void rows_borrow(struct rows *r, int64_t id, const struct event *ev)
{
	struct row *row = rows_at(r, r->count++);

	row->id = id;
	row->late = (uint64_t)id - ev->ts;
	row->tid = ev->tid;
	row->cpu = ev->cpu;
	row->buffer = ev->buffer;
	if (r->nfields)
		memcpy(row->values, ev->values, r->nfields * sizeof(*row->values));
}

bool rows_add(struct rows *r, int64_t id, const struct event *ev)
{
	uint64_t bytes = text_bytes(r, ev);

	if ((r->count + 1) * r->row_bytes + bytes > r->text_start)
		return false;
	rows_borrow(r, id, ev);
	if (bytes)
		copy_texts(r, rows_at(r, r->count - 1)->values);
	return true;
}
