// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - getopt_long over a table of ours.
 */
#include "cmd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

#define ROWS_MAX	32
#define LONG_ONLY	256	/* getopt values of options without a letter: LONG_ONLY + row */
#define HELP_ROW	(LONG_ONLY + ROWS_MAX)

static void print_row(const struct option_row *row)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ?: ' ',
		 row->letter ? "," : " ", row->name, row->arg ? " " : "", row->arg ?: "");
	printf("  %-28s %s\n", left, row->help);
}

static void print_help(const struct usage *usage)
{
	printf("Usage: squall %s %s\n\n%s\nOptions:\n", usage->command, usage->synopsis, usage->about);
	for (const struct option_row *row = usage->rows; row->name; row++)
		print_row(row);
	print_row(&(struct option_row){ .name = "help", .letter = 'h', .help = "show this and exit" });
	if (usage->examples)
		printf("\nExamples:\n%s", usage->examples);
	printf("\nSee also squall-%s(1).\n", usage->command);
}

static int wrong(const struct usage *usage, const char *what, const char *why)
{
	char hint[128];

	snprintf(hint, sizeof(hint), "'squall %s --help' tells how it is used", usage->command);
	complain(what, why, hint);
	return STATUS_ERROR;
}

/* getopt's tables from ours. */
static void build(const struct usage *usage, struct option *longs, char *shorts)
{
	int n = 0;

	*shorts++ = ':';
	for (const struct option_row *row = usage->rows; row->name; row++, n++) {
		longs[n] = (struct option){ row->name, row->arg ? required_argument : no_argument, NULL,
					    LONG_ONLY + n };
		if (row->letter) {
			*shorts++ = row->letter;
			if (row->arg)
				*shorts++ = ':';
		}
	}
	longs[n] = (struct option){ "help", no_argument, NULL, HELP_ROW };
	longs[n + 1] = (struct option){ 0 };
	*shorts++ = 'h';
	*shorts = 0;
}

static const struct option_row *row_of(const struct usage *usage, int value)
{
	if (value >= LONG_ONLY)
		return &usage->rows[value - LONG_ONLY];
	for (const struct option_row *row = usage->rows; row->name; row++)
		if (row->letter == value)
			return row;
	return NULL;
}

/* What the user wrote: a long option as it stands, a letter out of a cluster by itself. */
static const char *wrong_option(char **argv, char letter[3])
{
	const char *word = argv[optind - 1];

	if (!optopt || optopt >= LONG_ONLY || !strncmp(word, "--", 2))
		return word;
	letter[0] = '-';
	letter[1] = optopt;
	letter[2] = 0;
	return letter;
}

int options_parse(const struct usage *usage, void *ctx, int argc, char **argv, int *first)
{
	struct option longs[ROWS_MAX + 2];
	char shorts[2 * ROWS_MAX + 3], letter[3];
	int value;

	build(usage, longs, shorts);
	optind = 0;
	opterr = 0;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int status;

		if (value == HELP_ROW || value == 'h') {
			print_help(usage);
			return OPTIONS_DONE;
		}
		if (value == '?' || value == ':')
			return wrong(usage, wrong_option(argv, letter),
				     value == ':' ? "needs an argument" : "no such option, or it takes no argument");
		status = row_of(usage, value)->set(ctx, optarg);
		if (status)
			return status;
	}
	*first = optind;
	if (argc - optind < usage->min_args)
		return wrong(usage, usage->command, "an argument is missing");
	if (argc - optind > usage->max_args)
		return wrong(usage, argv[optind + usage->max_args], "one argument too many");
	return 0;
}
