/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - a diagnosis to hand on: verdict, findings, charts, who suffered, who may have caused it, what is missing,
 * environment. One content, four forms.
 */
#ifndef SQUALL_REPORT_REPORT_H
#define SQUALL_REPORT_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "analyze/print.h"
#include "report/plot.h"
#include "report/table.h"

enum report_format { REPORT_TEXT, REPORT_MARKDOWN, REPORT_HTML, REPORT_JSON, REPORT_FORMATS };

/* NULL past the last; "text", "markdown", "html", "json". */
const char *report_format_name(enum report_format format);

struct report {
	const struct analysis		*a;
	const struct recording		*r;
	const struct print_options	*options;	/* color is for text */
	struct tables			tables;
	struct plots			*plots;
};

/* Fills tables and plots from the rest. -ENOMEM; report_clear frees also then, and what is not its own stays. */
int report_make(struct report *report);
void report_clear(struct report *report);

/* 0 or -ENOMEM; whether @out took it is for the caller to see. */
int report_write(const struct report *report, enum report_format format, FILE *out);

/* --- for the writers of the formats --- */

void report_write_text(const struct report *report, FILE *out);
void report_write_markdown(const struct report *report, FILE *out);
int report_write_html(const struct report *report, FILE *out);
int report_write_json(const struct report *report, FILE *out);

/* How somebody else's name goes into JSON: escape_utf8 keeps it, escape_terminal makes it harmless to show. */
typedef const char *(*report_escape)(const char *in, size_t len, char *out, size_t size);

/* Charts with their points, as a list. Caller gives it up. */
json_t *report_charts_json(const struct report *report, report_escape escape);

/* Whether one of @f's cgroups has a share of PSI: else that column is left out. */
bool report_tells_psi(const struct finding *f);

/* Titles of the parts of tables. */
const char *report_part_title(enum table_part part);

/* "12.345 s (1.000 .. 13.345), 152651 events, kernel ..."; facts of the recording in one line each. */
struct report_summary {
	char	input[512], kernel[256], when[128], span[128], events[256];
};
void report_summarize(const struct report *report, struct report_summary *out);

#endif
