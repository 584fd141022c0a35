// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain.c - squall explain KIND: what a kind of finding is, how to recognise it, what to do. The text is docs/storms.md,
 * compiled in: a section "## KIND" each.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "cmd/command.h"
#include "cmd/options.h"

static const char storms[] =
#include "docs/storms.md.h"
	;

static const struct option_row rows[] = {
	{ 0 },
};

static const struct usage usage = {
	.command = "explain",
	.synopsis = "[KIND...]",
	.about = "Explains a kind of finding: what happens in the kernel, how to recognise it, what to do, where it\n"
		 "is discussed and fixed. Without KIND, lists the kinds.\n",
	.rows = rows,
	.examples = "  squall explain spurious-kswapd-reset\n",
	.min_args = 0,
	.max_args = 64,
};

/* The section's first line behind its heading; NULL: there is none of that name. */
static const char *find_section(const char *kind)
{
	size_t n = strlen(kind);

	for (const char *at = storms; (at = strstr(at, "\n## ")); at++)
		if (!strncmp(at + 4, kind, n) && at[4 + n] == '\n')
			return at + 4 + n + 1;
	return NULL;
}

/* A line of markdown without its marks: headings, code, emphasis. */
static void print_line(const char *line, size_t n)
{
	size_t hashes = strspn(line, "#");

	if (hashes) {
		line += hashes;
		n -= hashes;
		for (; n && *line == ' '; n--)
			line++;
		printf("%.*s:\n", (int)n, line);
		return;
	}
	fputs(n ? "  " : "", stdout);
	for (size_t i = 0; i < n; i++)
		if (line[i] != '`')
			putchar(line[i]);
	putchar('\n');
}

static void print_section(const char *text)
{
	const char *end = strstr(text, "\n## ") ?: text + strlen(text);

	while (end > text && end[-1] == '\n')
		end--;
	while (text < end) {
		size_t n = strcspn(text, "\n");

		print_line(text, n);
		text += n + 1;
	}
}

static int explain(const char *kind, bool more)
{
	const struct detector *detector = detector_find(kind);
	const char *section = detector ? find_section(kind) : NULL;

	if (!section) {
		complain(kind, "no such kind of finding", "'squall explain' lists them");
		return STATUS_ERROR;
	}
	printf("%s: %s\n", kind, detector->title);
	print_section(section);
	if (more)
		putchar('\n');
	return STATUS_OK;
}

int cmd_explain(int argc, char **argv)
{
	int first, status = options_parse(&usage, NULL, argc, argv, &first);

	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (first == argc)
		for (int i = 0; i < ndetectors; i++)
			printf("%-28s %s\n", detectors[i]->kind, detectors[i]->title);
	for (int i = first; i < argc && !status; i++)
		status = explain(argv[i], i + 1 < argc);
	return status;
}
