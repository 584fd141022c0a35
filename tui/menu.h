/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * menu.h - the columns of a view to choose one from: what the table is sorted by.
 */
#ifndef SQUALL_TUI_MENU_H
#define SQUALL_TUI_MENU_H

#include "tui/screen.h"

struct menu {
	const struct live_view	*view;
	int			at, top;
};

enum menu_event { MENU_NOTHING, MENU_DONE, MENU_CANCELLED };

void menu_open(struct menu *m, const struct live_view *view, int at);
enum menu_event menu_key(struct menu *m, int key);	/* @key as of screen_key(); m->at is what was chosen */
void menu_draw(struct menu *m, const struct screen *s, int y, int height);

#endif
