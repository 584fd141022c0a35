/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interrupt.h - Ctrl-C and its kin as a flag, so that a command can clean up behind itself.
 */
#ifndef SQUALL_CMD_INTERRUPT_H
#define SQUALL_CMD_INTERRUPT_H

/*
 * SIGINT, SIGTERM and SIGHUP set the flag from now on, as often as they come: timeout(1) sends two at once, and the
 * command must be able to clean up all the same.
 */
void interrupt_catch(void);

/* SIGPIPE too: nobody reads standard output any more. */
void interrupt_catch_pipe(void);

/* The signal that came, 0 for none. */
int interrupt_signal(void);

/* Ends the program by that signal, as a shell expects it of an interrupted command. Does nothing if none came. */
void interrupt_resume(void);

#endif
