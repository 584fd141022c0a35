// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer.c - see peer.h.
 */
#include "tui/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/table_rows.h"

#define SLOTS	(4 * LIVE_CGROUPS)	/* a power of two; never half full */

_Static_assert(SLOTS >= 2 * ROWS_MAX && !(SLOTS & (SLOTS - 1)), "room to find a free slot by mask");

int peer_new(struct peer *p)
{
	*p = (struct peer){ .row = calloc(ROWS_MAX, sizeof(*p->row)), .slot = calloc(SLOTS, sizeof(*p->slot)) };
	if (p->row && p->slot)
		return 0;
	peer_free(p);
	return -ENOMEM;
}

void peer_free(struct peer *p)
{
	free(p->row);
	free(p->slot);
	*p = (struct peer){ 0 };
}

void peer_fill(struct peer *p, const struct live_view *view, const struct live_model *m)
{
	int n;

	p->view = view;
	p->m = m;
	if (!m)
		return;
	memset(p->slot, 0xff, SLOTS * sizeof(*p->slot));
	n = view->rows(m, p->row, ROWS_MAX);
	for (int i = 0; i < n && i < ROWS_MAX; i++) {
		char key[LIVE_KEY_BYTES];
		uint64_t at;

		view->key_of(m, &p->row[i], key);
		at = table_rows_hash(key);
		while (p->slot[at & (SLOTS - 1)] >= 0)
			at++;
		p->slot[at & (SLOTS - 1)] = i;
	}
}

const struct live_row *peer_find(const struct peer *p, const char *key)
{
	char this[LIVE_KEY_BYTES];
	int i;

	if (!p->m)
		return NULL;
	for (uint64_t at = table_rows_hash(key); (i = p->slot[at & (SLOTS - 1)]) >= 0; at++) {
		p->view->key_of(p->m, &p->row[i], this);
		if (!strcmp(this, key))
			return &p->row[i];
	}
	return NULL;
}
