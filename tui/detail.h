/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * detail.h - all about one row: what the view has to say, then each of its columns, also those without room.
 */
#ifndef SQUALL_TUI_DETAIL_H
#define SQUALL_TUI_DETAIL_H

#include "tui/pager.h"

struct detail {
	const struct live_view	*view;
	const struct live_model	*m, *against;
	const struct live_row	*row, *other;	/* other: NULL for none */
};

void detail_make(const struct detail *d, struct pager *p);

#endif
