/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * header.h - what stands above every view: whose machine and when, pressure, findings, loss, the tool's own cost.
 *
 * Each line is made of parts, the most important first; a part that does not fit is left out whole.
 */
#ifndef SQUALL_TUI_HEADER_H
#define SQUALL_TUI_HEADER_H

#include "tui/screen.h"

struct header {
	const struct live_summary	*summary;
	const char			*title;
	const char			*against;	/* NULL: nothing is compared */
	bool				replay, paused, over, recording;
	uint64_t			interval_ns;
	uint64_t			silent_ns;	/* live: since the last interval came */
};

/* From line 0 on, at most @most lines; returns how many. */
int header_draw(const struct header *h, const struct screen *s, int most);

#endif
