/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * columns.h - which columns of a view a screen has room for, and where.
 *
 * Columns of the highest priority number go first, of two alike the right one; priority 0 stays as long as it fits at
 * all. Bars are drawn where there is room for them, else their column holds their value. Room that is left goes to bars
 * and to columns of text, up to what the text needs.
 */
#ifndef SQUALL_TUI_COLUMNS_H
#define SQUALL_TUI_COLUMNS_H

#include "live/table.h"

#define COLUMNS_MAX	48
#define COLUMNS_GAP	1	/* blanks between columns */
#define COLUMNS_VALUE	6	/* of a bar: the value behind it */
#define COLUMNS_BAR	(COLUMNS_VALUE + 9)	/* a bar of at least 8 cells, a gap, its value */
#define COLUMNS_BAR_MOST 40	/* a longer one tells no more */

struct columns_wish {
	int		screen_width;
	int		skip;			/* columns after the first that were scrolled away */
	bool		beside;			/* each number has room for another one */
	const uint16_t	*need;			/* per column: the widest text so far, 0 not known */
};

struct columns_place {
	uint8_t	column;				/* of the view */
	int	x, width;			/* of its value; the other's value stands behind it: */
	int	other_x, other_width;		/* -1 none; a cell for a sign follows */
};

struct columns {
	struct columns_place	place[COLUMNS_MAX];
	int			n;
	int			hidden;		/* that did not fit, or were scrolled away */
};

void columns_choose(const struct live_view *view, const struct columns_wish *wish, struct columns *out);

/* The column shown at cell @x, -1 none. */
int columns_at(const struct columns *columns, int x);

#endif
