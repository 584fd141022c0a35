/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child.h - the command that a recording goes along with.
 *
 * It is forked before anything else is done, and waits: so it has the OOM score, limits, signals and memory of squall's
 * caller, not those of a recorder, and does not run when the recording cannot start. Its terminal, its process group and
 * its standard files are squall's.
 */
#ifndef SQUALL_CMD_CHILD_H
#define SQUALL_CMD_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t	pid;		/* 0: none */
	int	go_fd;		/* -1: started, or none */
	int	status;		/* as a shell has it: 128 + signal, 126, 127; -1: not ended */
};

#define CHILD_NONE	{ .go_fd = -1, .status = -1 }

/* @mask: the signal mask that the command gets. 0 or a negative errno. */
int child_prepare(struct child *c, char *const *argv, const sigset_t *mask);

/* Runs the command. */
void child_start(struct child *c);

/* True when the command has ended. Does not wait; ask at each SIGCHLD. */
bool child_ended(struct child *c);

/* Sends the signal, if the command still runs. */
void child_tell(const struct child *c, int signal);

/* Ends a child that was not started. */
void child_cancel(struct child *c);

#endif
