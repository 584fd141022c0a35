/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * remote.h - another machine, watched through the stream that a squall there sends: its port, what has come of it
 * (spine/stream_inlet.h) and what it shows (watch.h).
 *
 * A remote can be held back, so that two of them are shown at the same offset from their starts. After each interval it
 * stands still until it is told that the interval was shown: what came meanwhile waits.
 *
 * Times of the stream are those of the other machine. Which time it is there is told by what came soonest after it
 * happened. @host_ns is CLOCK_MONOTONIC here.
 */
#ifndef SQUALL_CMD_REMOTE_H
#define SQUALL_CMD_REMOTE_H

#include "cmd/watch.h"

struct remote;

/*
 * 0; -ENOTSUP: @path is no port of a stream (stream_port.h), without a message; other errors with one. @path is
 * borrowed. Close with remote_close().
 */
int remote_open(const char *path, uint64_t interval_ns, struct remote **out);
void remote_close(struct remote *r);			/* NULL is fine */

/* Readable: something has come. -1 while there is no room for more, or nothing more will come. */
int remote_fd(const struct remote *r);

/* Takes some of what has come. */
void remote_read(struct remote *r);

/* True when the first thing with a time has come; until then remote_play() stops there. */
bool remote_started(const struct remote *r);

/* How far the other machine is now from there. */
uint64_t remote_offset_ns(const struct remote *r, uint64_t host_ns);

/* Shows it up to this offset from its start; UINT64_MAX: as it comes. */
void remote_play(struct remote *r, uint64_t offset_ns, uint64_t host_ns);

/* An interval has ended, perhaps the last; remote_go_on() when it was shown. */
bool remote_ready(const struct remote *r);
void remote_go_on(struct remote *r);

/* Why nothing more will come, in words that follow its name; NULL: more may come. *whole: it ended as it should. */
const char *remote_end(const struct remote *r, bool *whole);

/* And everything was shown. */
bool remote_over(const struct remote *r);

/* Not read because there is no room: it must be played. */
bool remote_full(const struct remote *r);

struct live_model *remote_model(struct remote *r);	/* borrowed; the same always */
void remote_set_interval(struct remote *r, uint64_t interval_ns);
const char *remote_path(const struct remote *r);

#endif
