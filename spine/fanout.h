/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fanout.h - one sink out of several: each call goes to all of them in order, the first failure ends it.
 */
#ifndef SQUALL_SPINE_FANOUT_H
#define SQUALL_SPINE_FANOUT_H

#include "spine/sink.h"

#define FANOUT_MAX	5

struct fanout {
	struct sink	sinks[FANOUT_MAX];
	int		n;
};

/* A sink over @f, which the caller keeps in place while it is used. */
struct sink fanout_sink(struct fanout *f);

#endif
