/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * screen.h - the terminal: taken, drawn on in colours that it has, and given back whatever happens.
 *
 * There is one screen per process. Signals that matter to a terminal arrive as SCREEN_* through a file descriptor;
 * those of a crash give the terminal back first and then do what they did before.
 */
#ifndef SQUALL_TUI_SCREEN_H
#define SQUALL_TUI_SCREEN_H

#include <ncurses.h>

#include "live/table.h"
#include "tui/tui.h"

#define SCREEN_LEAST_WIDTH	20	/* below that only the size is said */
#define SCREEN_LEAST_HEIGHT	5

enum screen_style { STYLE_TITLE, STYLE_HEAD, STYLE_SELECTED, STYLE_TAB, STYLE_KEY, STYLE_COUNT };

struct screen {
	SCREEN	*curses;
	FILE	*in;
	int	width, height;
	bool	utf8;
	bool	colour;
	attr_t	mood[MOOD_BAD + 1];
	attr_t	style[STYLE_COUNT];
	int	ended_by;		/* the signal to end for, 0 none */
};

int screen_open(struct screen *s, const struct tui_options *options, struct tui_error *err);
void screen_close(struct screen *s);

int screen_input_fd(const struct screen *s);
int screen_signal_fd(const struct screen *s);		/* readable: call screen_signals() */

/* Does what the signals ask for: new size, stop and go on, end (s->ended_by). True: draw all anew. */
bool screen_signals(struct screen *s);

/* The next key that was typed: a character (beyond ASCII its negative), or a KEY_* of ncurses. 0: none. */
int screen_key(struct screen *s);

void screen_blank(struct screen *s);	/* what is put from now on makes the next frame */
void screen_show(struct screen *s);	/* sends what differs from the frame before */

enum screen_align { ALIGN_LEFT, ALIGN_RIGHT };

struct screen_spot {
	int			y, x, width;	/* text is cut to it; 0: nothing is drawn */
	enum screen_align	align;
	attr_t			attr;
};

/* Any bytes; escaped. What the text leaves of the spot is filled with blanks. Returns the cells that the text took. */
int screen_put(const struct screen *s, const struct screen_spot *spot, const char *text);

/* From @x on to the right end of the line, only when it fits whole; returns the cell behind it, else @x. */
int screen_put_whole(const struct screen *s, int y, int x, attr_t attr, const char *text);

#endif
