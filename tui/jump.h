/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jump.h - times as people type them, for going there in a replay.
 *
 *	+30  -1m30s  2h  500ms	from where one is; without a sign in the direction of the key
 *	@90  @1:30		since the recording began
 *	12:34  12:34:56		by the clock, where the recording knows it; else since it began
 *	2026-11-21 12:34:56	by the clock, with the day
 *	start  end  50%		of the recording
 */
#ifndef SQUALL_TUI_JUMP_H
#define SQUALL_TUI_JUMP_H

#include <stdint.h>

struct jump_base {
	uint64_t	now_ns, start_ns, end_ns;	/* of the recording's clock */
	int64_t		realtime_ns;			/* of now; 0 not known */
	int		direction;			/* +1 or -1: of a time without a sign */
};

/* 0 and *ts, kept between start and end; -EINVAL when it is none of the forms. Times of the clock are local. */
int jump_parse(const char *text, const struct jump_base *base, uint64_t *ts);

/* "90", "1.5", "500ms", "1m30s" as ns; -EINVAL. */
int jump_duration(const char *text, uint64_t *ns);

#endif
