/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - one machine that is being watched: the model and the detectors behind one sink, and its intervals.
 *
 * For one thread, that of the screen or of batch mode: it takes the calls out of a hand-off or a stream and shows what
 * came of them. Times are those of the stream, CLOCK_MONOTONIC of the machine that is watched.
 */
#ifndef SQUALL_CMD_WATCH_H
#define SQUALL_CMD_WATCH_H

#include "live/model.h"
#include "spine/sink.h"

struct watch;

int watch_new(uint64_t interval_ns, struct watch **out);	/* -ENOMEM; caller frees */
void watch_free(struct watch *w);				/* NULL is fine */

/* Model and detectors; findings reach the model as they arise and as they grow. */
struct sink watch_sink(struct watch *w);

/*
 * True: an interval has ended, and the model is to be shown. It ends when something of a later time has come through
 * the sink, or at the latest 0.4 s behind its end by @now_ns; whoever has no clock of the stream passes what
 * watch_newest_ns() says. Until this is called, an interval that has ended is not followed by another: one that goes on
 * gets longer.
 */
bool watch_tick(struct watch *w, uint64_t now_ns);

/* Of the interval that goes on, too. */
void watch_set_interval(struct watch *w, uint64_t interval_ns);

/* The newest time that came through the sink; 0 nothing yet. */
uint64_t watch_newest_ns(const struct watch *w);

struct live_model *watch_model(struct watch *w);		/* borrowed; the same always */

#endif
