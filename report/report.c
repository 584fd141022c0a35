// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - see report.h. What all formats share.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spine/escape.h"
#include "spine/time.h"

const char *report_format_name(enum report_format format)
{
	static const char *const names[REPORT_FORMATS] = {
		[REPORT_TEXT] = "text", [REPORT_MARKDOWN] = "markdown", [REPORT_HTML] = "html", [REPORT_JSON] = "json",
	};

	return format < REPORT_FORMATS ? names[format] : NULL;
}

const char *report_part_title(enum table_part part)
{
	static const char *const titles[] = {
		[PART_VICTIMS] = "Who suffered", [PART_CAUSES] = "What may have caused it",
		[PART_CHECKED] = "What was looked for", [PART_COUNTS] = "Counts", [PART_LOSS] = "Lost and missing",
		[PART_KERNEL] = "Kernel", [PART_ENVIRONMENT] = "Environment",
	};

	return titles[part];
}

bool report_tells_psi(const struct finding *f)
{
	for (int i = 0; i < f->ncgroups; i++)
		if (f->cgroups[i].psi_full >= 0)
			return true;
	return false;
}

int report_make(struct report *report)
{
	int ret = tables_make(report->a, report->r, &report->tables);

	return ret ? ret : plots_make(report->a, report->r, &report->plots);
}

void report_clear(struct report *report)
{
	tables_clear(&report->tables);
	plots_free(report->plots);
	report->plots = NULL;
}

/* Of a live recording: wall-clock time of its start. */
static void put_when(const struct report *report, struct report_summary *out)
{
	const char *value = recording_fact_of(report->r, "start_realtime_ns");
	time_t t = value ? strtoull(value, NULL, 10) / NSEC_PER_SEC : 0;
	struct tm tm;

	out->when[0] = '\0';
	if (t && gmtime_r(&t, &tm))
		strftime(out->when, sizeof(out->when), "recorded from %Y-%m-%d %H:%M:%S UTC", &tm);
}

static void put_events(const struct report *report, struct report_summary *out)
{
	const struct analysis_totals *t = analysis_totals(report->a);

	if (t->lost)
		snprintf(out->events, sizeof(out->events), "%" PRIu64 " events; %s%" PRIu64 " lost", t->events,
			 t->loss_unknown ? "at least " : "", t->lost);
	else
		snprintf(out->events, sizeof(out->events), "%" PRIu64 " events; %s", t->events,
			 t->loss_unknown ? "some lost, it is not known how many" : "no loss reported");
}

void report_summarize(const struct report *report, struct report_summary *out)
{
	const struct facts *facts = analysis_facts(report->a);
	const char *release = recording_fact_of(report->r, "kernel_release");
	char safe[200];

	*out = (struct report_summary){ 0 };
	escape_terminal(report->options->input, strlen(report->options->input), out->input, sizeof(out->input));
	escape_terminal(release ?: "not told", strlen(release ?: "not told"), safe, sizeof(safe));
	snprintf(out->kernel, sizeof(out->kernel), "kernel %s, %u CPU%s", safe, facts->cpus,
		 facts->cpus == 1 ? "" : "s");
	put_when(report, out);
	if (analysis_totals(report->a)->clock_is_time && analysis_totals(report->a)->events)
		snprintf(out->span, sizeof(out->span), "%.3f s (%.6f .. %.6f)",
			 ns_to_s(elapsed_ns(facts->first_ns, facts->last_ns)), ns_to_s(facts->first_ns),
			 ns_to_s(facts->last_ns));
	put_events(report, out);
}

int report_write(const struct report *report, enum report_format format, FILE *out)
{
	switch (format) {
	case REPORT_TEXT:
		report_write_text(report, out);
		return 0;
	case REPORT_MARKDOWN:
		report_write_markdown(report, out);
		return 0;
	case REPORT_HTML:
		return report_write_html(report, out);
	case REPORT_JSON:
		return report_write_json(report, out);
	case REPORT_FORMATS:
		break;
	}
	return 0;
}
