/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top_live.h - the machine itself as what top shows: a reader's thread that captures, and in the caller's thread the
 * model and the detectors, which take from it through a hand-off.
 *
 * What the thread of the screen does here does not wait, opens no file and allocates nothing, but where a recording
 * begins or ends.
 */
#ifndef SQUALL_CMD_TOP_LIVE_H
#define SQUALL_CMD_TOP_LIVE_H

#include "cmd/top.h"

struct top_live;

/* An enum status, after the message. What cannot be had is in the model as missing. Close *out. */
int top_live_open(const struct top_options *options, struct top_live **out);

/* Ends the capture and a recording, says how that went. NULL is fine. */
void top_live_close(struct top_live *live);

/* Readable when top_live_take() has something to do. */
int top_live_fd(const struct top_live *live);

/*
 * Takes in what was captured, for at most some 50 ms: 1 an interval has ended, 0 not yet, negative errno: there will be
 * no more.
 */
int top_live_take(struct top_live *live);

struct live_model *top_live_model(const struct top_live *live);		/* borrowed; the same always */
void top_live_set_interval(struct top_live *live, uint64_t interval_ns);

/* What the user is to hear; NULL: nothing. Valid until the next call. */
const char *top_live_message(struct top_live *live);

/* As struct tui_options has it: begins a recording into a file of its own name, or ends the one that runs. */
int top_live_record(struct top_live *live, char *text, size_t size);
bool top_live_recording(const struct top_live *live);

/* For batch mode: next() waits for the end of an interval; 1 after a signal of cmd/interrupt.h. */
struct live_feed top_live_feed(struct top_live *live);

#endif
