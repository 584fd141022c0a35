/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pager.h - lines of text on the screen, wrapped and scrolled: the detail of a row, and the help.
 *
 * Memory is taken once; what does not fit is left out, and the last line says so.
 */
#ifndef SQUALL_TUI_PAGER_H
#define SQUALL_TUI_PAGER_H

#include "tui/screen.h"

#define PAGER_BYTES	(128 * 1024)
#define PAGER_LINES	4096

struct pager {
	char		*text;
	size_t		used;
	struct pager_line {
		uint32_t	start;
		uint8_t		mood;
	}		*line;
	int		n;
	int		top;			/* first line on the screen, counted as wrapped */
	int		page;			/* lines of the last drawing */
};

int pager_new(struct pager *p);			/* -ENOMEM */
void pager_free(struct pager *p);

void pager_clear(struct pager *p);		/* keeps the place */
void pager_put(struct pager *p, enum live_mood mood, const char *line);
void pager_printf(struct pager *p, enum live_mood mood, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct live_lines pager_lines(struct pager *p);

void pager_draw(struct pager *p, const struct screen *s, int y, int height);

#endif
