/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recorder_signals.h - signals of a recording, by descriptor.
 *
 * SIGINT, SIGTERM, SIGQUIT and SIGHUP (unless it was ignored, as by nohup) ask for the orderly end, and stay blocked until
 * the process ends: whoever is impatient disturbs nothing. SIGPIPE and SIGTTOU are blocked: a terminal or a pipe that is
 * gone is an error of a write, no reason to end.
 */
#ifndef SQUALL_CMD_RECORDER_SIGNALS_H
#define SQUALL_CMD_RECORDER_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct recorder_signals {
	int		fd;
	sigset_t	before;		/* the mask that the process had */
};

struct recorder_signal {
	int		number;		/* SIGCHLD too */
	bool		from_terminal;	/* then the command has it as well */
};

/*
 * Blocks them, before there is a second thread, and makes sure that descriptors 0 to 2 are open, so that no file of ours
 * becomes standard error. 0 or a negative errno; ends with the process.
 */
int recorder_signals_open(struct recorder_signals *s);

/* The next one that has come; false when there is none. */
bool recorder_signals_next(struct recorder_signals *s, struct recorder_signal *out);

#endif
