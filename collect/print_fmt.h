/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * print_fmt.h - what the "print fmt:" line of a tracepoint's format tells beyond its fields.
 *
 * The line is a C format string and C expressions. Read as text: libtraceevent's parser gives up on a whole line when one
 * argument is strange to it (REC->ent.pid in the reclaim events of 7.1 and later), and with it on the flag names in there.
 * All pointers are borrowed from the text.
 */
#ifndef SQUALL_COLLECT_PRINT_FMT_H
#define SQUALL_COLLECT_PRINT_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINT_FMT_MAX_ARGS	64

struct text_span {
	const char	*at;
	size_t		len;
};

struct print_fmt {
	struct text_span	format;		/* between the first and the last quote of the string */
	struct text_span	args[PRINT_FMT_MAX_ARGS];
	unsigned int		nargs;
};

/* Splits @text, which begins behind "print fmt:". False when it is no such line. */
bool print_fmt_split(const char *text, size_t len, struct print_fmt *out);

/* The next conversion of the format string from *pos on, with the argument it takes; false at the end. */
struct print_fmt_conv {
	struct text_span	before;		/* the text since the conversion before: "pageblock_order=" */
	struct text_span	spec;		/* "%pS" */
	int			arg;		/* index into args, -1 when there are too few */
};

struct print_fmt_iter {
	size_t		pos;
	unsigned int	arg;
};

bool print_fmt_next(const struct print_fmt *fmt, struct print_fmt_iter *it, struct print_fmt_conv *out);

/*
 * The value of a constant C expression: numbers, casts (which are ignored), + - * / % << >> & | ^ ~ ! < > <= >= == !=
 * && || ?: and parentheses. False for anything else: a name, a division by zero, nesting deeper than 64.
 */
bool print_fmt_const(struct text_span expr, uint64_t *out);

/* Calls @fn for each {mask, "name"} of the __print_flags() in @arg; returns what @fn returned, if that is not 0. */
int print_fmt_flags(struct text_span arg, int (*fn)(void *ctx, struct text_span name, uint64_t mask), void *ctx);

#endif
