/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tui.h - the screen of top: the views of live/table.h in a terminal, until the user quits.
 *
 * What is shown comes from a feed, live or replayed. One thread: all calls back are made from within tui_run(), between
 * two frames, so they should return soon; a feed that has to wait does that in a thread of its own and says through its
 * file descriptor when something is ready.
 */
#ifndef SQUALL_TUI_TUI_H
#define SQUALL_TUI_TUI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/model.h"
#include "live/player.h"

/* Where models come from. */
struct tui_feed {
	void	*ctx;
	/* What to show now. The same until the next advance(), pause() or seek(); then it may be another pointer. */
	const struct live_model *(*model)(void *ctx);
	/* The one to compare with, at the same offset into its run; NULL or an answer of NULL: there is none. */
	const struct live_model *(*against)(void *ctx);

	/* Readable when advance() has something to do (an epoll fd where several things can be); -1 never. */
	int	fd;
	/* 1: an interval has ended, show it. 0: not yet. Negative errno: the feed is over, what was last stays. */
	int	(*advance)(void *ctx);
	/*
	 * The user pauses, or goes on: what is shown stays while advance() is called on. NULL: the feed cannot keep
	 * what is shown; then advance() is not called in a pause, and what it cannot keep is left out.
	 */
	void	(*pause)(void *ctx, bool paused);
	/* What the user is to hear of, once, asked after each advance(); NULL: nothing. May be NULL itself. */
	const char *(*message)(void *ctx);
	/* Other intervals from now on. NULL: they cannot be changed. 0 or a negative errno. */
	int	(*set_interval)(void *ctx, uint64_t interval_ns);

	/* Replay; seek NULL: live, and none of these is called. Forward by one interval is cheap. */
	int	(*seek)(void *ctx, uint64_t ts_ns);
	uint64_t start_ns, end_ns;
	const struct player_mark *marks;	/* sorted by start */
	int	nmarks;
};

struct tui_options {
	const struct tui_feed	*feed;
	const char		*title;		/* what is shown: a path, "live"; any bytes */
	const char		*against_title;	/* NULL when nothing is compared */
	int			view;		/* index of live_views to begin with */
	const char		*sort;		/* key of a column, for views that have it; -KEY descending, +KEY ascending */
	const char		*filter;	/* only rows that hold this text; NULL all */
	uint64_t		interval_ns;	/* as the feed has it; 0 is one second */
	bool			colour;		/* where the terminal can, and NO_COLOR is not set */
	bool			ascii;		/* also where the locale has more */
	bool			mouse;
	/*
	 * Starts or ends a recording beside the view: 1 it runs, 0 it has ended, negative errno; @text is what to tell
	 * the user. NULL: recording is not to be had.
	 */
	int			(*record)(void *ctx, char *text, size_t size);
	bool			(*recording)(void *ctx);	/* it runs now; NULL: never */
	void			*record_ctx;
};

struct tui_error {
	char	what[256];
	char	hint[256];	/* what the user can do, or empty */
};

/*
 * Until the user quits or SIGINT, SIGTERM or SIGHUP comes: 0, and *signal is what came (0: the user quit), or a
 * negative errno with *err when there is no terminal that can be used. The terminal is as before in any case, also
 * when the program crashes or is stopped. LC_CTYPE is set from the environment.
 */
int tui_run(const struct tui_options *options, int *signal, struct tui_error *err);

/* One row of the table of keys, for --help and the manual. */
struct tui_key {
	char		keys[48];	/* "q F10" */
	const char	*what;		/* "quits" */
	const char	*group;		/* "Views", "Table", "Replay" ...; rows of a group follow one another */
};

/* Row @i, false when there are no more. */
bool tui_key(int i, struct tui_key *out);

#endif
