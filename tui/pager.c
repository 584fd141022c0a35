// SPDX-License-Identifier: GPL-2.0-only
/*
 * pager.c - see pager.h.
 */
#include "tui/pager.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"

#define LEAST_WIDTH	4	/* cells_wrap() */
#define INDENT_MOST	24	/* a wrapped line keeps the indentation of its beginning up to here */

static const char cut_short[] = "... (cut short)";

int pager_new(struct pager *p)
{
	*p = (struct pager){ .text = malloc(PAGER_BYTES), .line = calloc(PAGER_LINES, sizeof(*p->line)) };
	if (p->text && p->line)
		return 0;
	pager_free(p);
	return -ENOMEM;
}

void pager_free(struct pager *p)
{
	free(p->text);
	free(p->line);
	*p = (struct pager){ 0 };
}

void pager_clear(struct pager *p)
{
	p->used = 0;
	p->n = 0;
}

static void append_line(struct pager *p, enum live_mood mood, const char *text, size_t bytes)
{
	p->line[p->n++] = (struct pager_line){ .start = p->used, .mood = mood };
	memcpy(p->text + p->used, text, bytes + 1);
	p->used += bytes + 1;
}

void pager_put(struct pager *p, enum live_mood mood, const char *line)
{
	size_t bytes = strlen(line);

	if (p->n < PAGER_LINES - 1 && p->used + bytes + 1 + sizeof(cut_short) <= PAGER_BYTES)
		append_line(p, mood, line, bytes);
	else if (p->n < PAGER_LINES && p->used + sizeof(cut_short) <= PAGER_BYTES)
		append_line(p, MOOD_DIM, cut_short, sizeof(cut_short) - 1);
}

void pager_printf(struct pager *p, enum live_mood mood, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pager_put(p, mood, line);
}

static void put_line(void *ctx, enum live_mood mood, const char *line)
{
	pager_put(ctx, mood, line);
}

struct live_lines pager_lines(struct pager *p)
{
	return (struct live_lines){ .put = put_line, .ctx = p };
}

/* Where the text of a line begins, behind its label: "  key   text" goes on under "text". */
static int indent_of(const char *line)
{
	size_t n = strspn(line, " ");
	const char *gap = strstr(line + n, "  ");

	if (gap && gap - line < INDENT_MOST)
		n = gap - line + strspn(gap, " ");
	return n < INDENT_MOST ? n : 0;
}

/* Draws the pieces of @line from screen line @at on (counted from p->top); returns the line behind it. */
static int draw_line(const struct pager *p, const struct screen *s, const struct pager_line *line, int y, int at)
{
	const char *text = p->text + line->start;
	int indent = indent_of(text), x = 0;
	char piece[CELLS_BYTES];
	size_t bytes;

	if (indent > s->width - LEAST_WIDTH)
		indent = 0;
	if (!*text)
		return at + 1;
	for (; (bytes = cells_wrap(text, s->width - x, s->utf8, piece, sizeof(piece))); text += bytes, at++) {
		struct screen_spot spot = { y + at - p->top, x, s->width - x, ALIGN_LEFT, s->mood[line->mood] };

		if (at >= p->top && at < p->top + p->page)
			screen_put(s, &spot, piece);
		x = indent;
	}
	return at;
}

static int draw_lines(const struct pager *p, const struct screen *s, int y)
{
	int at = 0;

	for (int i = 0; i < p->n; i++)
		at = draw_line(p, s, &p->line[i], y, at);
	return at;
}

void pager_draw(struct pager *p, const struct screen *s, int y, int height)
{
	struct screen_spot blank = { y, 0, s->width, ALIGN_LEFT, 0 };
	int total;

	p->page = height;
	if (p->top < 0)
		p->top = 0;
	total = draw_lines(p, s, y);
	if (p->top <= total - height || !p->top)
		return;
	p->top = total > height ? total - height : 0;
	for (; blank.y < y + height; blank.y++)
		screen_put(s, &blank, "");
	draw_lines(p, s, y);
}
