/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table_view.h - one view on the screen: titles, rows, bars, and a second model's figures beside or under them.
 *
 * The other's figures stand beside where that hides no column, else under each row. A sign behind them says how the
 * first model does: + better, ! worse, as live_compare() sees it.
 */
#ifndef SQUALL_TUI_TABLE_VIEW_H
#define SQUALL_TUI_TABLE_VIEW_H

#include "tui/columns.h"
#include "tui/peer.h"
#include "tui/table_rows.h"
#include "tui/screen.h"

struct table_view {
	struct table_state	rows;
	int			top;			/* first row on the screen */
	int			skip;			/* columns scrolled away */
	uint16_t		need[COLUMNS_MAX];	/* widest text seen so far: columns only grow */
	/* Of the last drawing, for the mouse and for paging. */
	struct columns		columns;
	int			y, height;		/* of the rows, without the titles */
	int			lines_per_row;
};

/* Lines @y to @y + @height of the screen. @rows was refreshed from @m for this view, @peer filled. */
void table_view_draw(struct table_view *v, const struct screen *s, const struct table_rows *rows,
		     const struct live_model *m, const struct peer *peer, int y, int height);

/* Rows that fit. At least 1. */
int table_view_page(const struct table_view *v);

/* Scrolls by @columns to the right, or to the left below 0. False: there are none. */
bool table_view_shift(struct table_view *v, int columns);

#endif
