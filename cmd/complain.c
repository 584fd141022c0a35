// SPDX-License-Identifier: GPL-2.0-only
/*
 * complain.c - the one form of error messages.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "spine/escape.h"

void complain(const char *what, const char *why, const char *hint)
{
	char safe_what[1024], safe_why[1024], safe_hint[1024];

	escape_terminal(what, strlen(what), safe_what, sizeof(safe_what));
	escape_terminal(why, strlen(why), safe_why, sizeof(safe_why));
	fprintf(stderr, "squall: %s: %s\n", safe_what, safe_why);
	if (hint && *hint)
		fprintf(stderr, "squall: %s\n", escape_terminal(hint, strlen(hint), safe_hint, sizeof(safe_hint)));
}
