// SPDX-License-Identifier: GPL-2.0-only
/*
 * table_rows.c - see table_rows.h.
 *
 * Order of work: the view's rows; the filter, which keeps the parents of what passes; one stable sort of all rows by
 * the chosen column; then the tree is built in that order, so that siblings are sorted, and walked without recursion.
 */
#include "tui/table_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

int table_rows_new(struct table_rows *out)
{
	*out = (struct table_rows){
		.row = calloc(ROWS_MAX, sizeof(*out->row)),
		.live = calloc(ROWS_MAX, sizeof(*out->live)),
		.shown = calloc(ROWS_MAX, sizeof(*out->shown)),
	};
	if (out->row && out->live && out->shown)
		return 0;
	table_rows_free(out);
	return -ENOMEM;
}

void table_rows_free(struct table_rows *rows)
{
	free(rows->row);
	free(rows->live);
	free(rows->shown);
	*rows = (struct table_rows){ 0 };
}

void table_state_init(struct table_state *v, const struct live_view *view)
{
	*v = (struct table_state){ .view = view, .sort = view->sort, .descending = view->descending };
}

/* FNV-1a. Two keys alike would fold together, which nobody will see in his life. */
uint64_t table_rows_hash(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 0x100000001b3;
	return hash;
}

static int find_fold(const struct table_state *v, const char *key)
{
	uint64_t hash = v->nfolds ? table_rows_hash(key) : 0;

	for (int i = 0; i < v->nfolds; i++)
		if (v->folds[i] == hash)
			return i;
	return -1;
}

static void set_fold(struct table_state *v, const char *key, bool folded)
{
	int i = find_fold(v, key);

	if (folded && i < 0 && v->nfolds < ROWS_FOLDS)
		v->folds[v->nfolds++] = table_rows_hash(key);
	if (!folded && i >= 0)
		v->folds[i] = v->folds[--v->nfolds];
}

static bool row_holds(const struct live_view *view, const struct live_model *m, const struct row *row, const char *text)
{
	struct live_cell cell;

	if (strcasestr(row->key, text))
		return true;
	for (int c = 0; c < view->ncolumns; c++) {
		if (view->columns[c].unit != UNIT_TEXT)
			continue;
		view->cell(m, &row->live, c, &cell);
		if (cell.kind == CELL_TEXT && strcasestr(cell.text, text))
			return true;
	}
	return false;
}

/* What @row is sorted by. */
static void take_value(const struct table_state *v, const struct live_model *m, struct row *row)
{
	struct live_cell cell;

	v->view->cell(m, &row->live, v->sort, &cell);
	row->number = cell.kind == CELL_NUMBER ? cell.number : cell.kind == CELL_BAR ? cell.bar.value : NAN;
	row->text[0] = 0;
	if (cell.kind == CELL_TEXT)
		memcpy(row->text, cell.text, sizeof(row->text));
	row->text[sizeof(row->text) - 1] = 0;
}

static void take_rows(struct table_rows *rows, const struct table_state *v, const struct live_model *m)
{
	int n = v->view->rows(m, rows->live, ROWS_MAX);

	if (n > ROWS_MAX)
		n = ROWS_MAX;
	rows->total = n;
	for (int i = 0; i < n; i++) {
		struct row *row = &rows->row[i];

		row->live = rows->live[i];
		v->view->key_of(m, &row->live, row->key);
		take_value(v, m, row);
		row->folded = table_rows_tree(v) && find_fold(v, row->key) >= 0;
		row->wanted = !v->filter[0] || row_holds(v->view, m, row, v->filter);
		row->kept = row->wanted;
		row->child = row->last_child = row->sibling = -1;
	}
	/* Parents come before their rows, so one way back reaches them all. */
	for (int i = n - 1; table_rows_tree(v) && i >= 0; i--)
		if (rows->row[i].kept && rows->row[i].live.parent >= 0 && rows->row[i].live.parent < i)
			rows->row[rows->row[i].live.parent].kept = true;
}

/* What has no value comes last either way. */
static int by_number(const struct row *a, const struct row *b)
{
	if (isnan(a->number) || isnan(b->number))
		return isnan(a->number) - isnan(b->number);
	return (a->number > b->number) - (a->number < b->number);
}

static int in_order(const struct table_state *v, const struct row *a, const struct row *b)
{
	bool text = v->view->columns[v->sort].unit == UNIT_TEXT;
	int way = text ? strverscmp(a->text, b->text) : by_number(a, b);
	bool absent = text ? !a->text[0] || !b->text[0] : isnan(a->number) || isnan(b->number);

	if (text && absent)
		return !a->text[0] - !b->text[0];
	return v->descending && !absent ? -way : way;
}

static struct row *sort_rows(struct table_rows *rows, const struct table_state *v)
{
	struct row *head = NULL;

	for (int i = rows->total - 1; i >= 0; i--) {
		rows->row[i].next = head;
		head = &rows->row[i];
	}
#define IN_ORDER(a, b) in_order(v, a, b)
	LL_SORT(head, IN_ORDER);	/* stable, and takes no memory as qsort() would */
#undef IN_ORDER
	return head;
}

/* The parent of @row as it is shown, -1 for a root. */
static int parent_of(const struct table_rows *rows, const struct table_state *v, const struct row *row)
{
	int self = row - rows->row;

	return table_rows_tree(v) && row->live.parent >= 0 && row->live.parent < self ? row->live.parent : -1;
}

static void append_child(struct table_rows *rows, int *first, int *last, int child)
{
	if (*last >= 0)
		rows->row[*last].sibling = child;
	else
		*first = child;
	*last = child;
}

/* Rows become children of their parents, in sorted order; returns the first root. */
static int build_tree(struct table_rows *rows, const struct table_state *v, struct row *sorted)
{
	int first = -1, last = -1;

	for (struct row *row = sorted; row; row = row->next) {
		int parent = parent_of(rows, v, row);

		if (!row->kept)
			continue;
		if (parent < 0)
			append_child(rows, &first, &last, row - rows->row);
		else
			append_child(rows, &rows->row[parent].child, &rows->row[parent].last_child, row - rows->row);
	}
	return first;
}

static void show(struct table_rows *rows, const struct table_state *v, int index)
{
	struct row *row = &rows->row[index];
	int parent = parent_of(rows, v, row);

	row->depth = 0;
	row->lines = 0;
	if (parent >= 0) {
		row->depth = rows->row[parent].depth + (rows->row[parent].depth < ROWS_DEPTH);
		row->lines = rows->row[parent].lines | (row->sibling >= 0) << row->depth;
	}
	rows->shown[rows->nshown++] = index;
}

static void walk_tree(struct table_rows *rows, const struct table_state *v, int index)
{
	while (index >= 0) {
		const struct row *row = &rows->row[index];

		show(rows, v, index);
		/* A filter looks into what is folded. */
		if (row->child >= 0 && (!row->folded || v->filter[0])) {
			index = row->child;
			continue;
		}
		while (index >= 0 && rows->row[index].sibling < 0)
			index = parent_of(rows, v, &rows->row[index]);
		index = index < 0 ? -1 : rows->row[index].sibling;
	}
}

/* Where the selected row is now; where it was, when it is gone. */
static void find_selected(const struct table_rows *rows, struct table_state *v)
{
	if (!v->selected[0]) {
		v->at = 0;
		return;
	}
	for (int i = 0; i < rows->nshown; i++) {
		if (strcmp(rows->row[rows->shown[i]].key, v->selected))
			continue;
		v->at = i;
		return;
	}
	if (v->at >= rows->nshown)
		v->at = rows->nshown ? rows->nshown - 1 : 0;
}

void table_rows_refresh(struct table_rows *rows, struct table_state *v, const struct live_model *m)
{
	take_rows(rows, v, m);
	rows->nshown = 0;
	walk_tree(rows, v, build_tree(rows, v, sort_rows(rows, v)));
	find_selected(rows, v);
}

const struct row *table_rows_find(const struct table_rows *rows, const char *key)
{
	for (int i = 0; i < rows->total; i++)
		if (!strcmp(rows->row[i].key, key))
			return &rows->row[i];
	return NULL;
}

const struct row *table_rows_selected(const struct table_rows *rows, const struct table_state *v)
{
	return v->at < rows->nshown ? &rows->row[rows->shown[v->at]] : NULL;
}

void table_rows_select(const struct table_rows *rows, struct table_state *v, int at)
{
	if (at >= rows->nshown)
		at = rows->nshown - 1;
	v->at = at < 0 ? 0 : at;
	if (v->at < rows->nshown)
		memcpy(v->selected, rows->row[rows->shown[v->at]].key, sizeof(v->selected));
}

void table_rows_select_first(struct table_state *v)
{
	v->selected[0] = 0;
	v->at = 0;
}

void table_rows_sort(struct table_state *v, int column)
{
	v->descending = column == v->sort ? !v->descending : v->view->columns[column].unit != UNIT_TEXT;
	v->sort = column;
}

bool table_rows_fold(const struct table_rows *rows, struct table_state *v, enum table_rows_fold how)
{
	const struct row *row = table_rows_selected(rows, v);
	int parent;

	if (!row || !table_rows_tree(v))
		return false;
	if (how == FOLD_TURN && row->child >= 0)
		how = row->folded ? FOLD_OPEN : FOLD_CLOSE;
	if (row->child >= 0 && row->folded == (how == FOLD_OPEN)) {
		set_fold(v, row->key, how == FOLD_CLOSE);
		return true;
	}
	parent = parent_of(rows, v, row);
	if (how != FOLD_CLOSE || parent < 0)
		return false;
	for (int i = 0; i < v->at; i++)
		if (rows->shown[i] == parent)
			table_rows_select(rows, v, i);
	return true;
}

void table_rows_fold_all(const struct table_rows *rows, struct table_state *v)
{
	if (v->nfolds) {
		v->nfolds = 0;
		return;
	}
	for (int i = 0; i < rows->nshown; i++) {
		const struct row *row = &rows->row[rows->shown[i]];

		if (row->child >= 0 && row->depth)
			set_fold(v, row->key, true);
	}
}

bool table_rows_search(const struct table_rows *rows, struct table_state *v, const struct live_model *m,
		       const char *text)
{
	for (int i = 1; i <= rows->nshown; i++) {
		int at = (v->at + i) % rows->nshown;

		if (!row_holds(v->view, m, &rows->row[rows->shown[at]], text))
			continue;
		table_rows_select(rows, v, at);
		return true;
	}
	return false;
}
