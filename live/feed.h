/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * feed.h - where batch mode has its models from: a recording that is played, or the machine itself.
 */
#ifndef SQUALL_LIVE_FEED_H
#define SQUALL_LIVE_FEED_H

#include "live/model.h"

struct live_feed {
	void	*ctx;
	/* What to show; another state, perhaps another pointer, after each next() and seek(). */
	const struct live_model *(*model)(void *ctx);
	/* Waits for the end of an interval: 0 one has ended, 1 there are no more, or a negative errno. */
	int	(*next)(void *ctx);
	/* The interval that ends at @ts_ns, or the nearest there is. NULL: live. 0 or a negative errno. */
	int	(*seek)(void *ctx, uint64_t ts_ns);
};

#endif
