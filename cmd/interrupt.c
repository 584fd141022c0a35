// SPDX-License-Identifier: GPL-2.0-only
/*
 * interrupt.c - see interrupt.h. The one piece of state here has to be global: a signal handler has no argument.
 */
#include "cmd/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	caught = signal;
}

void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

void interrupt_catch_pipe(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGPIPE, &action, NULL);
}

int interrupt_signal(void)
{
	return caught;
}

void interrupt_resume(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
