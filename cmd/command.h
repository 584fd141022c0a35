/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - what main, the commands and their tests share: the table of commands, exit statuses, messages.
 */
#ifndef SQUALL_CMD_COMMAND_H
#define SQUALL_CMD_COMMAND_H

/* Exit statuses, as promised in squall(1). */
enum status {
	STATUS_OK = 0,
	STATUS_FINDINGS = 1,		/* only with --exit-code */
	STATUS_ERROR = 2,		/* usage, unreadable or damaged input, nothing could be done */
};

struct command {
	const char	*name;
	const char	*summary;
	/* argv[0] is the command's name. Returns an enum status. */
	int (*run)(int argc, char **argv);
};

int cmd_import(int argc, char **argv);
int cmd_analyze(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_explain(int argc, char **argv);

/* "squall: WHAT: WHY" on stderr, with names made harmless; hint NULL or "" for none, else a line of its own. */
void complain(const char *what, const char *why, const char *hint);

#endif
