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

/* In a terminal. */
int top_screen(const struct top_options *options, struct top_recording *recording, struct top_recording *against);

#endif
