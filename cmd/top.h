/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top.h - what the files of squall top share. Functions return an enum status, after the message.
 */
#ifndef SQUALL_CMD_TOP_H
#define SQUALL_CMD_TOP_H

#include <stdbool.h>
#include <stdio.h>

#include "live/feed.h"
#include "live/player.h"
#include "live/table.h"

#define TOP_VIEWS	16

struct top_options {
	bool		batch, json, list_columns;
	long		count;			/* intervals; 0 until the end */
	uint64_t	interval_ns;
	const char	*replay, *against;	/* paths, or NULL */
	const char	*at;			/* as given; NULL the start */
	int		views[TOP_VIEWS];	/* indices of live_views */
	int		nviews;			/* 0 all */
	const char	*sort;			/* key of a column, or NULL; "-key" descending, "+key" ascending */
	const char	*filter;		/* text, or NULL */
	bool		ascii;
	/* Live only. */
	const char	*events;		/* as struct capture_options has these */
	uint64_t	buffer_bytes_per_cpu;
	int64_t		max_rate;
	const char	*output;		/* a store to record into from the start, or NULL */
	uint64_t	max_bytes;		/* of it; 0 no limit */
	const char	*live_option;		/* the first such option that was given */
};

/* A recording that is played, with what it was made of. */
struct top_recording {
	const char		*path;		/* as given */
	struct player		*player;
	uint64_t		interval_ns;
	bool			fresh;		/* the model is at an interval that was not shown yet */
	struct store_error	err;
};

/* Opens a store, or imports what else it is into a store that goes with the process. Close in any case. */
int top_recording_open(const char *path, uint64_t interval_ns, struct top_recording *out);
void top_recording_close(struct top_recording *r);
struct live_feed top_recording_feed(struct top_recording *r);

/* --at TIME: seconds of its clock, +S from its start, "finding" for the first or next one. */
int top_recording_go(struct top_recording *r, const char *at);

/* @against, NULL for none, is put to the same offset from its start. To @out until the feed or options->count ends. */
int top_batch(const struct top_options *options, const struct live_feed *feed, const struct live_feed *against,
	      FILE *out);

/* One interval as one line of JSON. False: no memory. */
bool top_json(const struct top_options *options, const struct live_model *m, const struct live_model *against,
	      FILE *out);

/* Rows of a view, sorted and filtered as the options say. @rows: LIVE_ROWS_MAX of them. */
int top_rows(const struct top_options *options, const struct live_view *view, const struct live_model *m,
	     struct live_row *rows);

/* The column of that key, -1 none. */
int top_column(const struct live_view *view, const char *key);

struct tui_options;

/* Until the user quits: the signal that ended it, 0 none, -1 after a message. Of @tui feed, titles and record are set. */
int top_screen_run(const struct top_options *options, struct tui_options *tui);

/* In a terminal; @against may be NULL. */
int top_screen_replay(const struct top_options *options, struct top_recording *recording,
		      struct top_recording *against);

struct top_live;

/* The signal that ended it, 0 when the user quit, -1 after a message. */
int top_screen_live(const struct top_options *options, struct top_live *live, struct top_recording *against);

#endif
