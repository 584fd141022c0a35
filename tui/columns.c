// SPDX-License-Identifier: GPL-2.0-only
/*
 * columns.c - see columns.h.
 */
#include "tui/columns.h"

#include <assert.h>
#include <string.h>

#define OTHER_SIGN	1	/* cell behind the other's value */
#define BARS_FROM	60	/* cells of a screen; a narrower one has no room for bars */

/* Cells of a value of @column. */
static int value_width(const struct live_view *view, int column)
{
	int width = view->columns[column].width, title = strlen(view->columns[column].title);

	return width > title ? width : title;
}

/* Of the column without what stands beside it. */
static int own_width(const struct live_view *view, const struct columns_wish *wish, int column)
{
	int width = value_width(view, column);

	if (view->columns[column].unit == UNIT_BAR && wish->screen_width >= BARS_FROM && width < COLUMNS_BAR)
		width = COLUMNS_BAR;
	return width;
}

static bool has_other(const struct live_view *view, const struct columns_wish *wish, int column)
{
	return wish->beside && view->columns[column].unit != UNIT_TEXT;
}

static int least_width(const struct live_view *view, const struct columns_wish *wish, int column)
{
	int other = 1 + value_width(view, column) + OTHER_SIGN;

	return own_width(view, wish, column) + (has_other(view, wish, column) ? other : 0);
}

/* The shown column to give up next; the first one never. */
static int least_wanted(const struct live_view *view, const bool *shown)
{
	int worst = -1;

	for (int c = 1; c < view->ncolumns; c++)
		if (shown[c] && (worst < 0 || view->columns[c].priority >= view->columns[worst].priority))
			worst = c;
	return worst;
}

static int total_width(const struct live_view *view, const struct columns_wish *wish, const bool *shown)
{
	int total = -COLUMNS_GAP;

	for (int c = 0; c < view->ncolumns; c++)
		if (shown[c])
			total += least_width(view, wish, c) + COLUMNS_GAP;
	return total;
}

/* Cells of @spare that @column has use for. */
static int growth(const struct live_view *view, const struct columns_wish *wish, int column, int spare)
{
	int most = view->columns[column].unit == UNIT_BAR  ? COLUMNS_BAR_MOST :
		   view->columns[column].unit == UNIT_TEXT && wish->need ? wish->need[column] : 0;
	int missing = most - own_width(view, wish, column);

	return missing < 0 ? 0 : missing < spare ? missing : spare;
}

static void give_up_columns(const struct live_view *view, const struct columns_wish *wish, bool *shown)
{
	int gone;

	for (int c = 0; c < view->ncolumns; c++)
		shown[c] = !c || c > wish->skip;
	while (total_width(view, wish, shown) > wish->screen_width && (gone = least_wanted(view, shown)) >= 0)
		shown[gone] = false;
}

void columns_choose(const struct live_view *view, const struct columns_wish *wish, struct columns *out)
{
	bool shown[COLUMNS_MAX];
	int spare, x = 0;

	assert(view->ncolumns > 0 && view->ncolumns <= COLUMNS_MAX);
	give_up_columns(view, wish, shown);
	spare = wish->screen_width - total_width(view, wish, shown);
	*out = (struct columns){ 0 };
	for (int c = 0; c < view->ncolumns; c++) {
		int more = spare > 0 && shown[c] ? growth(view, wish, c, spare) : 0;
		struct columns_place place = { .column = c, .x = x, .other_x = -1 };

		if (!shown[c]) {
			out->hidden++;
			continue;
		}
		place.width = own_width(view, wish, c) + more;
		if (place.width > wish->screen_width)
			place.width = wish->screen_width;
		if (has_other(view, wish, c)) {
			place.other_x = x + place.width + 1;
			place.other_width = value_width(view, c);
		}
		out->place[out->n++] = place;
		x += least_width(view, wish, c) + more + COLUMNS_GAP;
		spare -= more;
	}
}

int columns_at(const struct columns *columns, int x)
{
	for (int i = columns->n - 1; i >= 0; i--)
		if (x >= columns->place[i].x)
			return columns->place[i].column;
	return -1;
}
