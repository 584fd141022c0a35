/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * status_line.h - stderr of a recording: one line that is drawn anew, and messages between.
 *
 * A terminal that was stopped (Ctrl-S), or a pipe that nobody reads, must not stop the recording: what it does not take
 * at once is left out.
 */
#ifndef SQUALL_CMD_STATUS_LINE_H
#define SQUALL_CMD_STATUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct status_line {
	uint64_t	elapsed_ns, interval_ns;	/* interval: since the line was drawn last */
	uint64_t	events_interval;		/* in that time */
	uint64_t	lost;
	uint64_t	file_bytes;
	unsigned int	findings;
	const char	*path;
};

/* Is stderr a terminal? Then there is a line. */
bool status_line_wanted(void);

/* Cut to the width of the terminal, the path last. */
void status_line_draw(const struct status_line *status);
void status_line_clear(void);

/* "squall: " and a line; any thread. */
__attribute__((format(printf, 1, 2)))
void status_message(const char *format, ...);

#endif
