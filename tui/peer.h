/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer.h - the rows of the model that is compared with, found by their keys: a table of hashes, built once per frame.
 *
 * live_find_row() would make all rows anew for each row of the screen. Memory is taken once.
 */
#ifndef SQUALL_TUI_PEER_H
#define SQUALL_TUI_PEER_H

#include "live/table.h"

struct peer {
	const struct live_view	*view;
	const struct live_model	*m;		/* NULL: nothing is compared */
	struct live_row		*row;
	int			*slot;		/* index of row, -1 free */
};

int peer_new(struct peer *p);			/* -ENOMEM */
void peer_free(struct peer *p);

void peer_fill(struct peer *p, const struct live_view *view, const struct live_model *m);

/* NULL when there is none. Valid until peer_fill(). */
const struct live_row *peer_find(const struct peer *p, const char *key);

#endif
