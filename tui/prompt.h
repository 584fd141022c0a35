/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prompt.h - one line of input at the bottom of the screen.
 */
#ifndef SQUALL_TUI_PROMPT_H
#define SQUALL_TUI_PROMPT_H

#include "tui/screen.h"

#define PROMPT_BYTES	64

struct prompt {
	const char	*title;			/* "Filter" */
	const char	*help;			/* what may be typed; shown while nothing is */
	char		text[PROMPT_BYTES];	/* UTF-8, whole characters */
};

enum prompt_event { PROMPT_NOTHING, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCELLED };

/* @text is what it begins with, cut to PROMPT_BYTES. */
void prompt_open(struct prompt *p, const char *title, const char *help, const char *text);

/* @key as of screen_key(). Any other key than those of a line editor is ignored. */
enum prompt_event prompt_key(struct prompt *p, int key);

void prompt_draw(const struct prompt *p, const struct screen *s, int y);

#endif
