/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - one table of options per command; parsing and --help come from it.
 */
#ifndef SQUALL_CMD_OPTIONS_H
#define SQUALL_CMD_OPTIONS_H

struct option_row {
	const char	*name;		/* long name; NULL ends the table */
	char		letter;		/* short name, 0 none */
	const char	*arg;		/* what the argument is called, NULL: takes none */
	const char	*help;
	/* @value NULL when the option takes none. 0, or an enum status after complaining. */
	int (*set)(void *ctx, const char *value);
};

struct usage {
	const char		*command;	/* "import" */
	const char		*synopsis;	/* "[OPTION...] INPUT" */
	const char		*about;		/* what it does, whole lines */
	const struct option_row	*rows;
	const char		*examples;	/* whole lines, or NULL */
	int			min_args, max_args;	/* how many non-options */
};

enum { OPTIONS_DONE = -1 };	/* --help was served: end with STATUS_OK */

/*
 * Sets @ctx from argv; *first is the index of the first non-option (options may stand behind arguments, argv is
 * permuted). 0 to go on, OPTIONS_DONE, or STATUS_ERROR after a message.
 */
int options_parse(const struct usage *usage, void *ctx, int argc, char **argv, int *first);

#endif
