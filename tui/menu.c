// SPDX-License-Identifier: GPL-2.0-only
/*
 * menu.c - see menu.h.
 */
#include "tui/menu.h"

#include <stdio.h>

#define ESCAPE	27

enum { TITLE_WIDTH = 14 };

void menu_open(struct menu *m, const struct live_view *view, int at)
{
	*m = (struct menu){ .view = view, .at = at };
}

enum menu_event menu_key(struct menu *m, int key)
{
	switch (key) {
	case KEY_ENTER:
	case '\r':
	case '\n':
		return MENU_DONE;
	case ESCAPE:
	case 'q':
		return MENU_CANCELLED;
	case KEY_UP:
		m->at -= m->at > 0;
		break;
	case KEY_DOWN:
		m->at += m->at < m->view->ncolumns - 1;
		break;
	case KEY_HOME:
		m->at = 0;
		break;
	case KEY_END:
		m->at = m->view->ncolumns - 1;
		break;
	}
	return MENU_NOTHING;
}

static void draw_choice(const struct menu *m, const struct screen *s, int column, int y)
{
	bool selected = column == m->at;
	attr_t attr = selected ? s->style[STYLE_SELECTED] : 0;
	struct screen_spot spot = { y, 1, TITLE_WIDTH, ALIGN_LEFT, attr };

	screen_put(s, &spot, m->view->columns[column].title);
	spot.x += TITLE_WIDTH;
	spot.width = s->width - spot.x;
	screen_put(s, &spot, m->view->columns[column].about);
}

void menu_draw(struct menu *m, const struct screen *s, int y, int height)
{
	struct screen_spot title = { y, 0, s->width, ALIGN_LEFT, s->style[STYLE_HEAD] };
	int page = height > 1 ? height - 1 : 1;

	if (m->top > m->at)
		m->top = m->at;
	if (m->top < m->at - page + 1)
		m->top = m->at - page + 1;
	screen_put(s, &title, "Sort by (arrows, Enter; Esc leaves it)");
	for (int i = 0; i < page && m->top + i < m->view->ncolumns; i++)
		draw_choice(m, s, m->top + i, y + 1 + i);
}
