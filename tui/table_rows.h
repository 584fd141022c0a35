/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table_rows.h - the rows of a view in the order of the screen: filtered, sorted, folded, with the selected one.
 *
 * Memory is taken once, for ROWS_MAX rows; table_rows_refresh() takes none. A row is known by its key, so what is
 * selected or folded stays so while rows come, go and change their order.
 */
#ifndef SQUALL_TUI_TABLE_ROWS_H
#define SQUALL_TUI_TABLE_ROWS_H

#include "live/table.h"

#define ROWS_MAX	LIVE_ROWS_MAX
#define ROWS_FOLDS	512	/* folded rows of one view; a further one is not folded */
#define ROWS_FILTER	64	/* bytes */
#define ROWS_DEPTH	24	/* levels of a tree that are drawn apart */

struct row {
	struct live_row	live;
	struct row	*next;		/* in sorted order */
	char		key[LIVE_KEY_BYTES];
	char		text[LIVE_TEXT_BYTES];	/* of the column that is sorted by, when it is text */
	double		number;			/* and when it is not; NaN none */
	int		child, last_child, sibling;	/* of the tree, -1 none */
	uint32_t	lines;		/* bit per level: the tree goes on below */
	uint8_t		depth;
	bool		wanted;		/* passes the filter */
	bool		kept;		/* does, or a row below it does */
	bool		folded;
};

/* What the user has set for one view; lives as long as the screen. */
struct table_state {
	const struct live_view	*view;
	int			sort;
	bool			descending;
	bool			flat;			/* a tree shown as a list */
	char			filter[ROWS_FILTER];
	uint64_t		folds[ROWS_FOLDS];
	int			nfolds;
	char			selected[LIVE_KEY_BYTES];	/* "": whatever comes first */
	int			at;			/* its place among the shown, also when it is gone */
};

struct table_rows {
	struct row	*row;
	struct live_row	*live;			/* as the view gives them */
	int		*shown;			/* indices of row[] */
	int		nshown;
	int		total;			/* before the filter */
};

int table_rows_new(struct table_rows *out);			/* -ENOMEM; table_rows_free() by the caller */
void table_rows_free(struct table_rows *rows);

void table_state_init(struct table_state *v, const struct live_view *view);

/* All anew from @m: which rows are shown, in which order, and where the selected one is (v->at). */
void table_rows_refresh(struct table_rows *rows, struct table_state *v, const struct live_model *m);

/* The row of that key, also when it is not shown; NULL: there is none. */
const struct row *table_rows_find(const struct table_rows *rows, const char *key);

uint64_t table_rows_hash(const char *key);

/* The selected row, NULL when there is none. */
const struct row *table_rows_selected(const struct table_rows *rows, const struct table_state *v);

/* Selects place @at, or the nearest there is. Rows that come later move it along. */
void table_rows_select(const struct table_rows *rows, struct table_state *v, int at);

/* Back to the first row, and whatever comes first later. */
void table_rows_select_first(struct table_state *v);

/* Sorts by @column; the same again turns the order round. Numbers begin with the largest, text with the least. */
void table_rows_sort(struct table_state *v, int column);

enum table_rows_fold { FOLD_CLOSE, FOLD_OPEN, FOLD_TURN };

/* Folds the selected row. FOLD_CLOSE on a row without children selects its parent. False: there was nothing to do. */
bool table_rows_fold(const struct table_rows *rows, struct table_state *v, enum table_rows_fold how);

/* Folds all rows with children below the first level, or unfolds all when any is folded. */
void table_rows_fold_all(const struct table_rows *rows, struct table_state *v);

/* Selects the next row after the selected one, and from the first on, whose key or text holds @text. False: none. */
bool table_rows_search(const struct table_rows *rows, struct table_state *v, const struct live_model *m,
		       const char *text);

/* True for views whose rows are shown as a tree now. */
static inline bool table_rows_tree(const struct table_state *v)
{
	return v->view->tree && !v->flat;
}

#endif
