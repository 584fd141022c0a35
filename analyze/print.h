/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * print.h - the results of an analysis as text for people and as JSON for programs.
 */
#ifndef SQUALL_ANALYZE_PRINT_H
#define SQUALL_ANALYZE_PRINT_H

#include <stdio.h>

#include "analyze/analysis.h"

struct print_options {
	const char	*input;		/* what was analyzed, for the heading */
	const char	*damage;	/* why the input ended early, NULL when it did not */
	bool		part;		/* only a part of the recording was looked at */
	int		color;		/* 1: severity in colour (a terminal, no NO_COLOR) */
};

/* All of these leave checking @out for errors to the caller. */
void print_text(const struct analysis *a, const struct print_options *options, FILE *out);

/* One JSON object, keys in docs/squall-analyze.1. */
void print_json(const struct analysis *a, const struct print_options *options, FILE *out);

/* The same object, of jansson; caller gives it up with json_decref. */
struct json_t;
struct json_t *print_json_object(const struct analysis *a, const struct print_options *options);

/* Where there is no finding: a paragraph that says what that means, and a blank line before it. Else nothing. */
void print_verdict(const struct analysis *a, const struct print_options *options, FILE *out);

/* No finding, and yet tasks stood still for so long that "no storm" alone would mislead. */
bool print_verdict_doubts(const struct analysis *a);

/* @text in lines of 80 columns at most, each behind @indent blanks but the first, which the caller has begun. */
void print_wrapped(FILE *out, const char *text, int indent);

/* The table of thresholds with values, units and reasons. */
void print_thresholds(const struct thresholds *th, FILE *out);

#endif
