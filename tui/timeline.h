/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - where a replay is: playing, stepping, jumping, and the line that shows it with the findings marked.
 */
#ifndef SQUALL_TUI_TIMELINE_H
#define SQUALL_TUI_TIMELINE_H

#include "tui/screen.h"

struct timeline {
	const struct tui_feed	*feed;
	uint64_t		interval_ns;
	uint64_t		now_ns;		/* of the recording */
	bool			playing;
	int			speed;		/* index of the table of speeds */
	uint64_t		due_ns;		/* CLOCK_MONOTONIC: the next step of playing */
};

/* Does nothing but remember when the feed is live. The model of @feed is at @now_ns. */
void timeline_init(struct timeline *t, const struct tui_feed *feed, uint64_t interval_ns, uint64_t now_ns);

static inline bool timeline_replays(const struct timeline *t)
{
	return t->feed->seek;
}

/* 0, or the feed's error. Kept between the recording's start and end. */
int timeline_seek(struct timeline *t, uint64_t ts_ns);
int timeline_step(struct timeline *t, int intervals);

/* The start of the next finding, or of the one before when @direction is -1. -ENOENT: there is none. */
int timeline_finding(struct timeline *t, int direction);

/* From the end it begins again at the start. */
int timeline_play(struct timeline *t, bool playing);
void timeline_speed(struct timeline *t, int change);

/* Plays on when that is due: 1 when it moved, 0 not, negative errno. */
int timeline_tick(struct timeline *t, uint64_t monotonic_ns);

/* Until timeline_tick() has to do; -1: never. */
int timeline_wait_ms(const struct timeline *t, uint64_t monotonic_ns);

void timeline_draw(const struct timeline *t, const struct screen *s, int y);

#endif
