// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - the views there are, and two models side by side.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "live/state.h"

const struct live_view *const live_views[] = {
	&live_view_nodes, &live_view_memcgs, &live_view_tasks, &live_view_swap, &live_view_findings, &live_view_kernel,
};
const int nlive_views = sizeof(live_views) / sizeof(live_views[0]);

bool live_find_row(const struct live_view *view, const struct live_model *m, const char *key, struct live_row *out)
{
	struct live_row *rows = calloc(LIVE_ROWS_MAX, sizeof(*rows));
	int n = rows ? view->rows(m, rows, LIVE_ROWS_MAX) : 0;
	char this[LIVE_KEY_BYTES];
	bool found = false;

	for (int i = 0; i < n && !found; i++) {
		view->key_of(m, &rows[i], this);
		found = !strcmp(this, key);
		if (found)
			*out = rows[i];
	}
	free(rows);
	return found;
}

static bool number_of(const struct live_cell *cell, double *out)
{
	*out = cell->kind == CELL_BAR ? cell->bar.value : cell->number;
	return cell->kind == CELL_NUMBER || cell->kind == CELL_BAR;
}

int live_compare(const struct live_column *column, const struct live_cell *cell, const struct live_cell *other)
{
	double a, b;

	if (!column->better || !number_of(cell, &a) || !number_of(other, &b))
		return 0;
	if (fabs(a - b) <= fmax(fabs(a), fabs(b)) / 10)
		return 0;
	return (a > b) == (column->better > 0) ? 1 : -1;
}
