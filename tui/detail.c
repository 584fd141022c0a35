// SPDX-License-Identifier: GPL-2.0-only
/*
 * detail.c - see detail.h.
 */
#include "tui/detail.h"

#include <stdio.h>

#define VALUE_CELLS	10	/* a number; as wide as any column has it */

static void format_cell(const struct live_column *column, const struct live_cell *cell, char *out, size_t size)
{
	if (cell->kind == CELL_TEXT)
		snprintf(out, size, "%s", cell->text);
	else
		live_format(column, cell, VALUE_CELLS, out, size);
}

static void put_column(const struct detail *d, struct pager *p, int c)
{
	const struct live_column *column = &d->view->columns[c];
	char value[LIVE_TEXT_BYTES], value_there[LIVE_TEXT_BYTES];
	struct live_cell cell, there;
	int compared;

	d->view->cell(d->m, d->row, c, &cell);
	format_cell(column, &cell, value, sizeof(value));
	if (!d->other) {
		pager_printf(p, cell.mood, "  %-12s  %-10s  %s", column->title, value, column->about);
		return;
	}
	d->view->cell(d->against, d->other, c, &there);
	format_cell(column, &there, value_there, sizeof(value_there));
	compared = live_compare(column, &cell, &there);
	pager_printf(p, compared > 0 ? MOOD_GOOD : compared < 0 ? MOOD_BAD : MOOD_NORMAL, "  %-12s  %-10s %-10s %s  %s",
		     column->title, value, value_there, compared > 0 ? "+" : compared < 0 ? "!" : " ", column->about);
}

void detail_make(const struct detail *d, struct pager *p)
{
	struct live_lines lines = pager_lines(p);

	pager_clear(p);
	if (d->view->detail) {
		d->view->detail(d->m, d->row, &lines);
		pager_put(p, MOOD_NORMAL, "");
	}
	pager_put(p, MOOD_DIM, d->other ? "Its columns, and the same of what it is held against:" : "Its columns:");
	for (int c = 0; c < d->view->ncolumns; c++)
		put_column(d, p, c);
}
