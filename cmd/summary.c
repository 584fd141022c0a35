// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - see summary.h.
 */
#include "cmd/summary.h"

#include <inttypes.h>
#include <string.h>

#include "spine/escape.h"

#define NSEC_PER_SEC	1e9

static void put_name(FILE *out, const char *name)
{
	char safe[1024];

	fputs(escape_terminal(name, strlen(name), safe, sizeof(safe)), out);
}

static void put_types(const struct analysis *a, FILE *out)
{
	int count;
	const struct type_count *types = analysis_types(a, &count);

	for (int i = 0; i < count; i++) {
		fprintf(out, "%12" PRIu64 "  ", types[i].events);
		put_name(out, types[i].name);
		putc('\n', out);
	}
}

static void put_loss(const struct analysis_totals *totals, FILE *out)
{
	if (!totals->loss_records)
		fputs("lost      nothing reported\n", out);
	else
		fprintf(out, "lost      %s%" PRIu64 " events in %" PRIu64 " places\n",
			totals->loss_unknown ? "at least " : "", totals->lost, totals->loss_records);
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
	fprintf(out, "%scounters: a trace has no samples of /proc, PSI and kswapd_failures beside its events\n",
		any ? "          " : "missing   ");
}

static void put_findings(const struct analysis *a, FILE *out)
{
	int count;
	const struct finding *f = analysis_findings(a, &count);

	for (int i = 0; i < count; i++)
		fprintf(out, "%s%s  %s%s%s%s\n", i ? "          " : "found     ", severity_name(f[i].severity), f[i].kind,
			*f[i].variant ? " [" : "", f[i].variant, *f[i].variant ? "]" : "");
	if (!count)
		fputs("found     no storm\n", out);
}

void print_import_summary(const struct analysis *a, const char *output, FILE *out)
{
	const struct facts *facts = analysis_facts(a);
	const struct analysis_totals *totals = analysis_totals(a);

	fputs("store     ", out);
	put_name(out, output);
	fprintf(out, "\nspan      %.6f s\nevents    %" PRIu64 "\n", (facts->last_ns - facts->first_ns) / NSEC_PER_SEC,
		totals->events);
	put_types(a, out);
	put_loss(totals, out);
	put_missing(a, out);
	put_findings(a, out);
}
