/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * local.h - what tui.c (the loop and the layout) and keys.c (what the user wants) share.
 */
#ifndef SQUALL_TUI_LOCAL_H
#define SQUALL_TUI_LOCAL_H

#include "tui/menu.h"
#include "tui/peer.h"
#include "tui/pager.h"
#include "tui/prompt.h"
#include "tui/table_view.h"
#include "tui/timeline.h"

#define TUI_VIEWS	9	/* one number key each */

enum tui_mode { MODE_TABLE, MODE_DETAIL, MODE_HELP, MODE_MENU, MODE_PROMPT };

struct tui {
	const struct tui_options *options;
	struct screen	screen;
	struct table_rows	rows;			/* of the present view, as of tui_refresh() */
	struct peer	peer;			/* and of what is compared with */
	struct table_view view[TUI_VIEWS];
	int		current;		/* of them */
	enum tui_mode	mode;
	struct pager	pager;			/* detail or help */
	char		detail_key[LIVE_KEY_BYTES];
	struct menu	menu;
	struct prompt	prompt;
	/* What is done with the text: each time it changes, and at the end; with the former text when cancelled. */
	void		(*prompt_use)(struct tui *t, const char *text, enum prompt_event event);
	char		prompt_before[PROMPT_BYTES];
	enum tui_mode	prompt_over;		/* where it returns to */
	char		search[PROMPT_BYTES];
	struct timeline	timeline;
	uint64_t	interval_ns;
	uint64_t	data_ns;		/* CLOCK_MONOTONIC of the last interval */
	bool		paused;			/* live only */
	bool		over;			/* the feed has ended */
	bool		compare;		/* shown, if there is something to compare with */
	char		message[256];		/* at the bottom, until the next key */
	enum live_mood	message_mood;
	bool		quit;
};

static inline struct table_view *tui_view(struct tui *t)
{
	return &t->view[t->current];
}

const struct live_model *tui_model(const struct tui *t);
const struct live_model *tui_against(const struct tui *t);	/* NULL: none, or not wanted */

void tui_message(struct tui *t, enum live_mood mood, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The rows anew, after anything that changes which there are or their order. */
void tui_refresh(struct tui *t);

/* Does what @key of screen_key() asks for. */
void keys_handle(struct tui *t, int key);

/* Names of keys with a word each, as many as fit on line @y. */
void keys_draw_hints(const struct tui *t, int y);

/* help.c: all keys and all columns; the present view first. */
void help_make(const struct live_view *view, const struct live_summary *sum, struct pager *p);

#endif
