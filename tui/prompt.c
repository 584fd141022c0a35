// SPDX-License-Identifier: GPL-2.0-only
/*
 * prompt.c - see prompt.h.
 */
#include "tui/prompt.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "tui/cells.h"

#define CTRL(letter)	((letter) & 0x1f)
#define ESCAPE		27
#define DELETE		127

void prompt_open(struct prompt *p, const char *title, const char *help, const char *text)
{
	*p = (struct prompt){ .title = title, .help = help };
	snprintf(p->text, sizeof(p->text), "%s", text);
}

static enum prompt_event take_back(struct prompt *p)
{
	size_t n = strlen(p->text);

	if (!n)
		return PROMPT_NOTHING;
	while (n && (p->text[--n] & 0xc0) == 0x80)
		;
	p->text[n] = 0;
	return PROMPT_CHANGED;
}

static enum prompt_event add(struct prompt *p, wchar_t wc)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t n = wcrtomb(bytes, wc, &state), used = strlen(p->text);

	if (n == (size_t)-1 || used + n >= sizeof(p->text))
		return PROMPT_NOTHING;
	memcpy(p->text + used, bytes, n);
	p->text[used + n] = 0;
	return PROMPT_CHANGED;
}

enum prompt_event prompt_key(struct prompt *p, int key)
{
	switch (key) {
	case KEY_ENTER:
	case '\r':
	case '\n':
		return PROMPT_DONE;
	case ESCAPE:
	case CTRL('g'):
		return PROMPT_CANCELLED;
	case KEY_BACKSPACE:
	case DELETE:
	case CTRL('h'):
		return take_back(p);
	case CTRL('u'):
		p->text[0] = 0;
		return PROMPT_CHANGED;
	}
	return (key >= ' ' && key < DELETE) || key < 0 ? add(p, abs(key)) : PROMPT_NOTHING;
}

void prompt_draw(const struct prompt *p, const struct screen *s, int y)
{
	struct screen_spot spot = { y, 0, s->width, ALIGN_LEFT, s->style[STYLE_KEY] };
	char label[64];
	const char *text = p->text;

	snprintf(label, sizeof(label), "%s: ", p->title);
	screen_put(s, &spot, "");
	spot.x = screen_put(s, &spot, label);
	spot.width = s->width - spot.x - 1;
	/* The end is where one types. */
	while (cells_width(text, s->utf8) > spot.width - 1 && *text)
		text++;
	spot.attr = A_BOLD;
	spot.x += screen_put(s, &spot, text);
	spot.attr = A_REVERSE;
	spot.width = 1;
	screen_put(s, &spot, " ");
	if (*p->text || !p->help)
		return;
	spot = (struct screen_spot){ y, spot.x + 2, s->width - spot.x - 2, ALIGN_LEFT, s->mood[MOOD_DIM] };
	screen_put(s, &spot, p->help);
}
