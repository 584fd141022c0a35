// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_rows.c - which rows of a view batch mode shows, and in which order.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/top.h"

struct order {
	const struct live_view	*view;
	const struct live_model	*m;
	int			column;
	bool			descending;
};

int top_column(const struct live_view *view, const char *key)
{
	for (int i = 0; i < view->ncolumns; i++)
		if (!strcmp(view->columns[i].key, key))
			return i;
	return -1;
}

static bool matches(const struct live_view *view, const struct live_model *m, const struct live_row *row,
		    const char *text)
{
	for (int i = 0; i < view->ncolumns; i++) {
		struct live_cell cell;

		view->cell(m, row, i, &cell);
		if (cell.kind == CELL_TEXT && strcasestr(cell.text, text))
			return true;
	}
	return false;
}

static int compare_cells(const struct live_cell *a, const struct live_cell *b)
{
	double x = a->kind == CELL_BAR ? a->bar.value : a->number, y = b->kind == CELL_BAR ? b->bar.value : b->number;

	if (a->kind == CELL_TEXT && b->kind == CELL_TEXT)
		return strcmp(a->text, b->text);
	return x < y ? -1 : x > y;
}

static int compare_keys(const struct order *order, const struct live_row *a, const struct live_row *b)
{
	char x[LIVE_KEY_BYTES], y[LIVE_KEY_BYTES];

	order->view->key_of(order->m, a, x);
	order->view->key_of(order->m, b, y);
	return strcmp(x, y);
}

/* What has no value comes last, whatever the direction; equal rows lie by their names. */
static int by_column(const void *pa, const void *pb, void *ctx)
{
	const struct live_row *a = pa, *b = pb;
	const struct order *order = ctx;
	struct live_cell x, y;
	int result;

	order->view->cell(order->m, a, order->column, &x);
	order->view->cell(order->m, b, order->column, &y);
	if (x.kind == CELL_NONE || y.kind == CELL_NONE)
		result = (x.kind == CELL_NONE) - (y.kind == CELL_NONE);
	else
		result = order->descending ? compare_cells(&y, &x) : compare_cells(&x, &y);
	return result ? result : compare_keys(order, a, b);
}

static void sort_rows(const struct order *order, struct live_row *rows, int n)
{
	qsort_r(rows, n, sizeof(*rows), by_column, (void *)order);
}

int top_rows(const struct top_options *options, const struct live_view *view, const struct live_model *m,
	     struct live_row *rows)
{
	const char *key = options->sort;
	struct order order = { .view = view, .m = m, .column = view->sort, .descending = view->descending };
	int n = view->rows(m, rows, LIVE_ROWS_MAX), kept = 0, column;

	for (int i = 0; i < n; i++)
		if (!options->filter || matches(view, m, &rows[i], options->filter))
			rows[kept++] = rows[i];
	column = key ? top_column(view, key + (*key == '-' || *key == '+')) : -1;
	if (column >= 0) {
		order.column = column;
		order.descending = *key == '-' || (*key != '+' && view->columns[column].unit != UNIT_TEXT);
		sort_rows(&order, rows, kept);
	} else if (!view->tree) {
		sort_rows(&order, rows, kept);
	}
	return kept;
}
