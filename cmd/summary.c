// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - see summary.h.
 */
#include "cmd/summary.h"

#include <inttypes.h>
#include <string.h>

#include "spine/escape.h"


#define TYPES_SHOWN	60	/* a recording of reclaim has some 40; a hostile text any number */

static void put_name(FILE *out, const char *name)
{
	char safe[1024];

	fputs(escape_terminal(name, strlen(name), safe, sizeof(safe)), out);
}

static void put_types(const struct analysis *a, FILE *out)
{
	int count;
	const struct type_count *types = analysis_types(a, &count);
	int shown = count < TYPES_SHOWN ? count : TYPES_SHOWN;

	for (int i = 0; i < shown; i++) {
		fprintf(out, "%12" PRIu64 "  ", types[i].events);
		put_name(out, types[i].name);
		putc('\n', out);
	}
	if (count > shown)
		fprintf(out, "              and %d more; table event_type of the store has all\n", count - shown);
}

static void put_skipped(const struct analysis *a, FILE *out)
{
	uint64_t lines, skipped = analysis_lines_skipped(a, &lines);

	if (skipped)
		fprintf(out, "skipped   %" PRIu64 " of %" PRIu64 " lines of text are no events, or were not understood\n", skipped,
			lines);
}

static void put_loss(const struct analysis_totals *totals, FILE *out)
{
	if (!totals->loss_records)
		fputs("lost      nothing reported\n", out);
	else
		fprintf(out, "lost      %s%" PRIu64 " events in %" PRIu64 " places\n",
			totals->loss_unknown ? "at least " : "", totals->lost, totals->loss_records);
}

static void put_thinned(const struct analysis *a, FILE *out)
{
	const char *class, *value;
	int i = 0;

	while ((value = analysis_thinned(a, &i, &class))) {
		fputs("thinned   ", out);
		put_name(out, class);
		fputs(": of the threads were recorded ", out);
		put_name(out, value);
		putc('\n', out);
	}
}

/* What a full diagnosis would want and the recording does not have, once per kind of input. */
static void put_missing(const struct analysis *a, FILE *out)
{
	char why[ANALYSIS_WHY_BYTES];
	bool any = false;

	for (int i = 0; i < ndetectors; i++) {
		if (analysis_judged(a, detectors[i], why))
			continue;
		fprintf(out, "%s%s: %s\n", any ? "          " : "missing   ", detectors[i]->kind, why);
		any = true;
	}
}

static void put_findings(const struct analysis *a, FILE *out)
{
	int count;
	const struct finding *f = analysis_findings(a, &count);

	for (int i = 0; i < count; i++)
		fprintf(out, "%s%s  %s%s%s%s\n", i ? "          " : "found     ", severity_name(f[i].severity), f[i].kind,
			*f[i].variant ? " [" : "", f[i].variant, *f[i].variant ? "]" : "");
	if (count)
		return;
	fputs(analysis_judged_count(a) ? "found     no storm of the kinds that could be judged\n" :
	      "found     nothing that could be judged; that does not mean that all is well\n", out);
}

void print_import_summary(const struct analysis *a, const char *output, FILE *out)
{
	const struct facts *facts = analysis_facts(a);
	const struct analysis_totals *totals = analysis_totals(a);

	fputs("store     ", out);
	put_name(out, output);
	fprintf(out, "\nspan      %.6f s\nevents    %" PRIu64 "\n", ns_to_s(facts->last_ns - facts->first_ns),
		totals->events);
	put_types(a, out);
	put_loss(totals, out);
	put_thinned(a, out);
	put_skipped(a, out);
	put_missing(a, out);
	put_findings(a, out);
}
