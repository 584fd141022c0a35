/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * player.h - a recording shown as if it were live: a model that can be put to any moment of a store.
 *
 * Opening reads the store once, to learn its findings and to keep states of the model at some moments (at most
 * PLAYER_STATES, equally far apart). Going to a moment restores the state before it and replays from there: under
 * 0.2 s in a store of 2 million events.
 */
#ifndef SQUALL_LIVE_PLAYER_H
#define SQUALL_LIVE_PLAYER_H

#include "live/model.h"
#include "store/error.h"

#define PLAYER_STATES	32

struct player;

struct player_options {
	uint64_t	interval_ns;	/* that rates are over; 0: one second */
	/* Called while it opens, with a share of 0..1; a negative answer ends it with that. May be NULL. */
	int		(*progress)(void *ctx, double done);
	void		*ctx;
};

/* @path is a store. Errors as store_open; caller frees *out. The model is at the first interval's end. */
int player_open(const char *path, const struct player_options *options, struct store_error *err, struct player **out);
void player_close(struct player *p);			/* NULL is fine */

/* Borrowed; changes with each seek. */
const struct live_model *player_model(const struct player *p);

uint64_t player_start_ns(const struct player *p);	/* first and last event or sample */
uint64_t player_end_ns(const struct player *p);
uint64_t player_now_ns(const struct player *p);

/* To @ts_ns, or as near as the recording goes. 0 or a negative errno. Forward by one interval costs no restore. */
int player_seek(struct player *p, uint64_t ts_ns);

/* Findings of the whole recording by start, also those that lie ahead. */
struct player_mark {
	uint64_t	start_ns, end_ns;
	enum severity	severity;
	const char	*kind;
};

const struct player_mark *player_marks(const struct player *p, int *count);

#endif
