// SPDX-License-Identifier: GPL-2.0-only
/*
 * table_view.c - see table_view.h.
 */
#include "tui/table_view.h"

#include <stdio.h>
#include <string.h>

#include "tui/cells.h"

#define NAME_BYTES	(LIVE_KEY_BYTES + 8 * ROWS_DEPTH)
#define NAME_MOST	60	/* cells that one text may claim; more only when it is the last column */
#define SUMMARY_MOST	200
#define FORMAT_BYTES	256

enum { UNDER_LABEL = 9 };	/* cells of "  against" */

struct pen {
	const struct screen	*s;
	struct table_view	*v;
	const struct live_view	*view;
	const struct table_rows	*rows;
	const struct live_model	*m;
	const struct peer	*peer;
	bool			beside;
};

/* "/a/b/c" below "/a/b" is "c": the tree says the rest. */
static const char *below_parent(const struct pen *p, const struct row *row, const char *name)
{
	const char *parent = row->depth ? p->rows->row[row->live.parent].key : "";
	size_t n = strlen(parent);

	if (!n || strncmp(name, parent, n) || !name[n])
		return name;
	return name[n] == '/' && name[n + 1] ? name + n + 1 : name + n;
}

/* "│ ├─+name": where the row hangs, whether something is folded below it, and what it is called. */
static void make_name(const struct pen *p, const struct row *row, const struct live_cell *cell, char *out, size_t size)
{
	static const char *const guides[2][4] = { { "| ", "  ", "|-", "`-" }, { "│ ", "  ", "├─", "└─" } };
	const char *const *guide = guides[p->s->utf8];
	const char *name = cell->text;
	size_t n = 0;

	if (!table_rows_tree(&p->v->rows)) {
		/* Of a tree the text may be the last part of a path only. */
		snprintf(out, size, "%s", p->view->tree && row->key[0] == '/' ? row->key : name);
		return;
	}
	for (int level = 1; level <= row->depth && level < ROWS_DEPTH; level++) {
		bool own = level == row->depth, on = row->lines >> level & 1;

		n += snprintf(out + n, size - n, "%s", guide[2 * own + !on]);
	}
	snprintf(out + n, size - n, "%s%s", row->folded && row->child >= 0 ? "+" : "",
		 below_parent(p, row, name));
}

static void note_need(struct table_view *v, const struct screen *s, int column, const char *text)
{
	int last = v->rows.view->ncolumns - 1;
	int most = column == last ? SUMMARY_MOST : NAME_MOST;
	int width = cells_width(text, s->utf8);

	if (width > most)
		width = most;
	if (width > v->need[column])
		v->need[column] = width;
}

static void cell_text(const struct pen *p, const struct row *row, int column, struct live_cell *cell, char *out)
{
	p->view->cell(p->m, &row->live, column, cell);
	if (!column && cell->kind == CELL_TEXT)
		make_name(p, row, cell, out, NAME_BYTES);
	else if (cell->kind == CELL_TEXT)
		snprintf(out, NAME_BYTES, "%s", cell->text);
	else
		live_format(&p->view->columns[column], cell, p->view->columns[column].width, out, NAME_BYTES);
}

/* Which texts want how much room, over the rows that will be on the screen. */
static void measure(const struct pen *p)
{
	struct live_cell cell;
	char text[NAME_BYTES];

	for (int i = p->v->top; i < p->rows->nshown && i < p->v->top + p->v->height; i++) {
		const struct row *row = &p->rows->row[p->rows->shown[i]];

		for (int c = 0; c < p->view->ncolumns; c++) {
			if (p->view->columns[c].unit != UNIT_TEXT)
				continue;
			cell_text(p, row, c, &cell, text);
			note_need(p->v, p->s, c, text);
		}
	}
}

static void choose_columns(struct pen *p)
{
	struct columns_wish wish = {
		.screen_width = p->s->width, .skip = p->v->skip, .need = p->v->need,
	};
	struct columns beside;

	if (!p->peer->m) {
		columns_choose(p->view, &wish, &p->v->columns);
		return;
	}
	wish.beside = true;
	columns_choose(p->view, &wish, &beside);
	wish.beside = false;
	wish.screen_width--;		/* the sign of the last column */
	columns_choose(p->view, &wish, &p->v->columns);
	p->beside = beside.hidden <= p->v->columns.hidden;
	if (p->beside)
		p->v->columns = beside;
}

static enum screen_align align_of(const struct live_column *column)
{
	return column->unit == UNIT_TEXT || column->unit == UNIT_BAR ? ALIGN_LEFT : ALIGN_RIGHT;
}

static void draw_title(const struct pen *p, const struct columns_place *place, int y)
{
	const struct live_column *column = &p->view->columns[place->column];
	const struct table_state *v = &p->v->rows;
	bool sorted = place->column == v->sort;
	attr_t attr = p->s->style[sorted ? STYLE_SELECTED : STYLE_HEAD];
	const char *arrow = v->descending ? (p->s->utf8 ? "▼" : "v") : p->s->utf8 ? "▲" : "^";
	struct screen_spot spot = { y, place->x, place->width, align_of(column), attr };
	char title[64];

	snprintf(title, sizeof(title), "%s%s", column->title,
		 sorted && (int)strlen(column->title) < place->width ? arrow : "");
	screen_put(p->s, &spot, title);
	if (place->other_x < 0)
		return;
	spot = (struct screen_spot){ y, place->other_x, place->other_width, ALIGN_RIGHT,
				     p->s->style[STYLE_HEAD] };
	screen_put(p->s, &spot, "vs");
}

static void draw_titles(const struct pen *p, int y)
{
	struct screen_spot line = { y, 0, p->s->width, ALIGN_LEFT, p->s->style[STYLE_HEAD] };

	screen_put(p->s, &line, "");
	for (int i = 0; i < p->v->columns.n; i++)
		draw_title(p, &p->v->columns.place[i], y);
}

/* The selected row has one look throughout, or its colours would not be read. */
static attr_t row_attr(const struct pen *p, bool selected, enum live_mood mood)
{
	return selected ? p->s->style[STYLE_SELECTED] : p->s->mood[mood];
}

static void draw_bar(const struct pen *p, const struct live_cell *cell, struct screen_spot *spot, const char *value)
{
	char bar[CELLS_BYTES];
	int width = spot->width;

	if (width < COLUMNS_BAR) {
		spot->align = ALIGN_RIGHT;
		screen_put(p->s, spot, value);
		return;
	}
	spot->width = width - COLUMNS_VALUE - 1;
	cells_bar(cell->bar.value, cell->bar.full, cell->bar.mark, spot->width, p->s->utf8, bar, sizeof(bar));
	screen_put(p->s, spot, bar);
	spot->x += spot->width + 1;
	spot->width = COLUMNS_VALUE;
	spot->align = ALIGN_RIGHT;
	screen_put(p->s, spot, value);
}

static enum live_mood compare_mood(int compared)
{
	return compared > 0 ? MOOD_GOOD : compared < 0 ? MOOD_BAD : MOOD_DIM;
}

/* The other's figure at @y, and how this one does against it. */
static void draw_other(const struct pen *p, const struct columns_place *place, int y, const struct live_cell *cell,
		       const struct live_cell *other)
{
	const struct live_column *column = &p->view->columns[place->column];
	int compared = live_compare(column, cell, other);
	attr_t attr = p->s->mood[compare_mood(compared)];
	bool text = column->unit == UNIT_TEXT;
	struct screen_spot spot = { y, place->x, place->width, text ? ALIGN_LEFT : ALIGN_RIGHT, attr };
	struct screen_spot sign = { y, 0, 1, ALIGN_LEFT, attr };
	char formatted[FORMAT_BYTES];

	if (place->other_x >= 0) {
		spot.x = place->other_x;
		spot.width = place->other_width;
	}
	sign.x = spot.x + spot.width;
	if (other->kind == CELL_TEXT)
		snprintf(formatted, sizeof(formatted), "%s", other->text);
	else
		live_format(column, other, column->width, formatted, sizeof(formatted));
	screen_put(p->s, &spot, formatted);
	screen_put(p->s, &sign, compared > 0 ? "+" : compared < 0 ? "!" : " ");
}

static void draw_cell(const struct pen *p, const struct row *row, const struct columns_place *place, int y,
		      bool selected, const struct live_row *other)
{
	const struct live_column *column = &p->view->columns[place->column];
	struct live_cell cell, other_cell;
	struct screen_spot spot = { y, place->x, place->width, align_of(column), 0 };
	char text[NAME_BYTES];

	cell_text(p, row, place->column, &cell, text);
	spot.attr = row_attr(p, selected, row->wanted ? cell.mood : MOOD_DIM);
	if (cell.kind == CELL_BAR)
		draw_bar(p, &cell, &spot, text);
	else
		screen_put(p->s, &spot, text);
	if (!other || !place->column || (p->beside && place->other_x < 0))
		return;
	p->view->cell(p->peer->m, other, place->column, &other_cell);
	draw_other(p, place, p->beside ? y : y + 1, &cell, &other_cell);
}

static void draw_row(const struct pen *p, const struct row *row, int y, bool selected)
{
	struct screen_spot line = { y, 0, p->s->width, ALIGN_LEFT, row_attr(p, selected, MOOD_NORMAL) };
	struct screen_spot under = { y + 1, 0, p->v->columns.place[0].width, ALIGN_LEFT, p->s->mood[MOOD_DIM] };
	const struct live_row *other = peer_find(p->peer, row->key);
	const char *label = under.width < UNDER_LABEL ? "vs" : "  against";

	screen_put(p->s, &line, "");
	for (int i = 0; i < p->v->columns.n; i++)
		draw_cell(p, row, &p->v->columns.place[i], y, selected, other);
	if (p->v->lines_per_row < 2 || y + 1 >= p->v->y + p->v->height)
		return;
	if (!other) {
		label = "  not there";
		under.width = p->s->width;
	}
	screen_put(p->s, &under, label);
}

static void draw_nothing(const struct pen *p)
{
	struct screen_spot spot = { p->v->y + 1, 2, p->s->width - 4, ALIGN_LEFT, p->s->mood[MOOD_DIM] };

	screen_put(p->s, &spot, p->rows->total ? "No row passes the filter (/ changes it)." : "Nothing to show yet.");
	spot.y++;
	if (!p->rows->total)
		screen_put(p->s, &spot, p->view->about);
}

static void scroll_to_selected(struct table_view *v, const struct table_rows *rows)
{
	int page = table_view_page(v);

	if (v->top > rows->nshown - page)
		v->top = rows->nshown - page;
	if (v->top > v->rows.at)
		v->top = v->rows.at;
	if (v->top < v->rows.at - page + 1)
		v->top = v->rows.at - page + 1;
	if (v->top < 0)
		v->top = 0;
}

void table_view_draw(struct table_view *v, const struct screen *s, const struct table_rows *rows,
		     const struct live_model *m, const struct peer *peer, int y, int height)
{
	struct pen pen = { .s = s, .v = v, .view = v->rows.view, .rows = rows, .m = m, .peer = peer };

	v->y = y + 1;
	v->height = height > 1 ? height - 1 : 0;
	v->lines_per_row = 1;
	scroll_to_selected(v, rows);
	measure(&pen);
	choose_columns(&pen);
	if (peer->m && !pen.beside) {
		v->lines_per_row = 2;
		scroll_to_selected(v, rows);
	}
	draw_titles(&pen, y);
	for (int i = 0; i < table_view_page(v) && v->top + i < rows->nshown; i++)
		draw_row(&pen, &rows->row[rows->shown[v->top + i]], v->y + i * v->lines_per_row,
			 v->top + i == v->rows.at);
	if (!rows->nshown)
		draw_nothing(&pen);
}

int table_view_page(const struct table_view *v)
{
	int rows = v->height / (v->lines_per_row ? v->lines_per_row : 1);

	return rows > 0 ? rows : 1;
}

bool table_view_shift(struct table_view *v, int columns)
{
	int skip = v->skip + columns;

	if (skip < 0 || skip >= v->rows.view->ncolumns - 1 || (columns > 0 && !v->columns.hidden))
		return false;
	v->skip = skip;
	return true;
}
