// SPDX-License-Identifier: GPL-2.0-only
/*
 * cells.c - see cells.h.
 */
#include "tui/cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "spine/escape.h"

#define GLYPH_BYTES	24	/* a character, or each of its bytes as \xNN */

struct glyph {
	char	text[GLYPH_BYTES];
	int	width;		/* cells */
	size_t	bytes;		/* of the source */
};

/* Marks above letters and the vowels of some scripts take no cell; joiners and the like are not trusted with that. */
static bool may_combine(wchar_t wc)
{
	return (wc >= 0x300 && wc <= 0x36f) || iswalpha(wc);
}

static void take_hex(struct glyph *g, const char *p, size_t bytes)
{
	g->bytes = bytes;
	g->width = 4 * bytes;
	for (size_t i = 0; i < bytes; i++)
		snprintf(g->text + 4 * i, 5, "\\x%02x", (unsigned char)p[i]);
}

/* The next character of escaped text @p, which is not at its end. */
static void take_glyph(const char *p, bool utf8, struct glyph *g)
{
	mbstate_t state = { 0 };
	wchar_t wc = 0;
	size_t n;

	if (!(*p & 0x80)) {
		*g = (struct glyph){ .text = { *p }, .width = 1, .bytes = 1 };
		return;
	}
	n = utf8 ? mbrtowc(&wc, p, strlen(p), &state) : 1;
	if (!utf8 || n > 4) {
		take_hex(g, p, 1);
		return;
	}
	g->width = wcwidth(wc);
	if (g->width < 0 || (!g->width && !may_combine(wc))) {
		take_hex(g, p, n);
		return;
	}
	memcpy(g->text, p, n);
	g->text[n] = 0;
	g->bytes = n;
}

struct line {
	char	*out;
	size_t	size, used;
	int	width;
};

static bool append(struct line *l, const char *text, int width)
{
	size_t n = strlen(text);

	if (l->used + n + 1 > l->size)
		return false;
	memcpy(l->out + l->used, text, n + 1);
	l->used += n;
	l->width += width;
	return true;
}

int cells_fit(const char *text, int width, bool utf8, char *out, size_t size)
{
	char safe[CELLS_BYTES];
	struct line l = { .out = out, .size = size }, before_last = l;
	struct glyph g;

	if (!size)
		return 0;
	*out = 0;
	escape_terminal(text, strlen(text), safe, sizeof(safe));
	for (const char *p = safe; *p; p += g.bytes) {
		take_glyph(p, utf8, &g);
		if (l.width + g.width <= width && append(&l, g.text, g.width)) {
			if (l.width < width)
				before_last = l;
			continue;
		}
		/* The sign that more is there takes one cell. */
		l = before_last;
		out[l.used] = 0;
		if (width > 0)
			append(&l, utf8 ? "…" : "~", 1);
		break;
	}
	return l.width;
}

int cells_width(const char *text, bool utf8)
{
	char safe[CELLS_BYTES];
	struct glyph g;
	int width = 0;

	escape_terminal(text, strlen(text), safe, sizeof(safe));
	for (const char *p = safe; *p; p += g.bytes) {
		take_glyph(p, utf8, &g);
		width += g.width;
	}
	return width;
}

/* How much of @text from @start on fits, in bytes; a single character is escaped as cells_fit() would. */
static size_t fitting(const char *text, int width, bool utf8)
{
	size_t n = 0, len = strlen(text);
	int used = 0;

	while (n < len) {
		size_t take = 1;
		char one[8] = { 0 };

		while (n + take < len && take < 4 && (text[n + take] & 0xc0) == 0x80 && (text[n] & 0x80))
			take++;
		memcpy(one, text + n, take);
		used += cells_width(one, utf8);
		if (used > width)
			break;
		n += take;
	}
	return n;
}

size_t cells_wrap(const char *text, int width, bool utf8, char *out, size_t size)
{
	char piece[CELLS_BYTES];
	size_t n = fitting(text, width, utf8), cut = n;

	if (!text[0] || !size)
		return 0;
	if (text[n] && text[n] != ' ')
		while (cut && text[cut - 1] != ' ')
			cut--;
	if (!cut || strspn(text, " ") >= cut)
		cut = n ? n : 1;
	if (cut > sizeof(piece) - 1)
		cut = sizeof(piece) - 1;
	memcpy(piece, text, cut);
	piece[cut] = 0;
	cells_fit(piece, width, utf8, out, size);
	while (text[cut] == ' ')
		cut++;
	return cut;
}

static const char *const eighths[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

/* What fills the cell that begins at @from and ends at @from + 1, of a bar filled to @filled cells. */
static const char *bar_cell(double filled, int from, bool marked, bool utf8)
{
	double part = filled - from;
	int n = part <= 0 ? 0 : part >= 1 ? 8 : (int)(part * 8 + 0.5);

	if (marked)
		return !utf8 ? "|" : part >= 0.5 ? "┃" : "│";
	if (!utf8)
		return n >= 4 ? "#" : ".";
	return n ? eighths[n] : "·";
}

void cells_bar(double value, double full, const double mark[3], int width, bool utf8, char *out, size_t size)
{
	struct line l = { .out = out, .size = size };
	double filled = full > 0 && value > 0 ? fmin(value / full, 1) * width : 0;

	if (size)
		*out = 0;
	for (int i = 0; i < width; i++) {
		bool marked = false;

		for (int m = 0; m < 3 && full > 0; m++)
			marked |= mark[m] >= 0 && mark[m] <= full && (int)fmin(mark[m] / full * width, width - 1) == i;
		append(&l, bar_cell(filled, i, marked, utf8), 1);
	}
}

const char *cells_spark(double value, double full, bool utf8)
{
	static const char *const heights[2][8] = {
		{ ".", ".", ":", "-", "=", "+", "*", "#" },
		{ "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
	};

	if (!(value >= 0))
		return " ";
	return heights[utf8][full > 0 ? (int)fmin(value / full * 8, 7) : 0];
}
