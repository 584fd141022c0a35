/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * progress.h - a line on a terminal that tells how far a long read is. On anything but a terminal nothing is written.
 */
#ifndef SQUALL_CMD_PROGRESS_H
#define SQUALL_CMD_PROGRESS_H

#include "spine/source.h"

struct progress_line {
	const char	*what;		/* "importing" */
	uint64_t	started_ns;
	int		shown;		/* the line is on the screen */
	int		enabled;
};

/* Enabled when stderr is a terminal. */
void progress_start(struct progress_line *line, const char *what);

void progress_draw(struct progress_line *line, const struct source_progress *progress);

void progress_clear(struct progress_line *line);

#endif
