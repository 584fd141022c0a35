// SPDX-License-Identifier: GPL-2.0-only
/*
 * markdown.c - the report for a ticket or a mail.
 *
 * Names of the recording stand in code spans, where nothing in them has a meaning to markdown; sentences with names in
 * them have their special characters escaped.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"
#include "spine/escape.h"
#include "spine/time.h"

/* A code span holds anything but a backtick; | ends the cell of a table even there. */
static void put_code(const char *name, FILE *out)
{
	char safe[4096];

	putc('`', out);
	for (const char *p = escape_terminal(name, strlen(name), safe, sizeof(safe)); *p; p++) {
		if (*p == '|')
			putc('\\', out);
		putc(*p == '`' ? '\'' : *p, out);
	}
	putc('`', out);
}

/* @ and # would call people and other tickets. */
static void put_text(const char *text, FILE *out)
{
	char safe[4096];

	for (const char *p = escape_terminal(text, strlen(text), safe, sizeof(safe)); *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&' || *p == '@' || *p == '#') {
			fprintf(out, "&#%d;", *p);
			continue;
		}
		if (strchr("\\`*_[]|~", *p))
			putc('\\', out);
		putc(*p, out);
	}
}

static void put_cell(const struct table_cell *cell, FILE *out)
{
	char buf[CELL_BYTES_MAX];

	if (cell->kind == CELL_NAME)
		put_code(cell->text, out);
	else
		put_text(table_cell_text(cell, buf), out);
}

static void put_table(const struct table *t, FILE *out)
{
	fprintf(out, "\n### %s\n\n", t->title);
	if (*t->note)
		fprintf(out, "%s\n\n", t->note);
	for (unsigned int k = 0; k < t->ncolumns; k++)
		fprintf(out, "| %s ", t->columns[k].head);
	fputs("|\n", out);
	for (unsigned int k = 0; k < t->ncolumns; k++)
		fputs(cell_is_number(table_column_kind(t, k)) ? "|---:" : "|---", out);
	fputs("|\n", out);
	for (unsigned int i = 0; i < t->nrows; i++) {
		for (unsigned int k = 0; k < t->ncolumns; k++) {
			fputs("| ", out);
			put_cell(&t->cells[i * t->ncolumns + k], out);
			putc(' ', out);
		}
		fputs("|\n", out);
	}
	if (t->more)
		fprintf(out, "\nand %" PRIu64 " more\n", t->more);
}

static void put_item(const char *label, const char *text, FILE *out)
{
	if (!text || !*text)
		return;
	fprintf(out, "- **%s** ", label);
	put_text(text, out);
	putc('\n', out);
}

static void put_suffered(const struct finding *f, FILE *out)
{
	bool psi = report_tells_psi(f);
	char name[64];

	if (f->nsuffered || f->ncgroups)
		fprintf(out, "\n| who suffered | thread | stalls | seconds lost |%s\n|---|---:|---:|---:|%s\n",
			psi ? " PSI full |" : "", psi ? "---:|" : "");
	for (int i = 0; i < f->nsuffered; i++) {
		fputs("| ", out);
		put_code(*f->suffered[i].comm ? f->suffered[i].comm : "?", out);
		fprintf(out, " | %d | %" PRIu64 " | %.3f |%s\n", f->suffered[i].tid, f->suffered[i].count,
			ns_to_s(f->suffered[i].ns), psi ? " |" : "");
	}
	for (int i = 0; i < f->ncgroups; i++) {
		const struct finding_cgroup *c = &f->cgroups[i];

		snprintf(name, sizeof(name), "cgroup %" PRIu64, c->id);
		fputs("| ", out);
		put_code(*c->path ? c->path : name, out);
		fprintf(out, " | cgroup | %" PRIu64 " | %.3f |", c->stalls, ns_to_s(c->lost_ns));
		if (c->psi_full >= 0)
			fprintf(out, " %.1f %%", 100 * c->psi_full);
		fputs(psi ? " |\n" : "\n", out);
	}
}

static void put_finding(const struct report *report, const struct finding *f, int number, FILE *out)
{
	uint64_t start_ns = analysis_facts(report->a)->recording_ns;
	char value[CELL_BYTES_MAX], reason[FINDING_REASON_BYTES];
	const char *unit;

	fprintf(out, "\n### %d. %s: %s%s%s%s\n\n", number, severity_name(f->severity), f->kind, *f->variant ? " (" : "",
		f->variant, *f->variant ? ")" : "");
	fprintf(out, "Confidence %s%s. From +%.3f s to +%.3f s (%.3f s)", confidence_name(f->confidence),
		f->loss ? ", events were lost" : "", ns_to_s(elapsed_ns(start_ns, f->start_ns)),
		ns_to_s(elapsed_ns(start_ns, f->end_ns)), ns_to_s(elapsed_ns(f->start_ns, f->end_ns)));
	if (f->node >= 0)
		fprintf(out, ", node %d", f->node);
	fputs(".\n\n", out);
	if (f->cause >= 0 && f->caused_by)
		fprintf(out, "- **Caused by:** finding %d, %s: %s\n", f->cause + 1, f->caused_by, f->because);
	put_item("What:", f->summary, out);
	put_item("Severity:", finding_severity_reason(f, reason), out);
	put_item("Why:", f->explanation, out);
	put_item("Do:", f->remedy, out);
	put_item("Or else:", f->otherwise, out);
	put_item("Missing:", f->missing, out);
	put_item("See:", f->references, out);
	if (f->nevidence)
		fputs("\n| evidence | value | unit |\n|---|---:|---|\n", out);
	for (int i = 0; i < f->nevidence; i++) {
		table_evidence(&f->evidence[i], value, &unit);
		fprintf(out, "| %s | %s | %s |\n", f->evidence[i].name, value, unit);
	}
	put_suffered(f, out);
	if (f->ntasks)
		fprintf(out, "\n| %s | thread | times | pages | seconds |\n|---|---:|---:|---:|---:|\n", f->tasks_title);
	for (int i = 0; i < f->ntasks; i++) {
		const struct finding_task *t = &f->tasks[i];

		fputs("| ", out);
		put_code(*t->comm ? t->comm : "?", out);
		fprintf(out, " | %d | %" PRIu64 " | %" PRIu64 " | %.3f |\n", t->tid, t->count, t->pages,
			ns_to_s(t->ns));
	}
}

static void put_findings(const struct report *report, FILE *out)
{
	int count;
	const struct finding *f = analysis_findings(report->a, &count);

	fputs("\n## Verdict\n", out);
	print_verdict(report->a, report->options, out);
	if (!count)
		return;
	fputs("\n| | severity | finding | from | to | confidence |\n|---:|---|---|---:|---:|---|\n", out);
	for (int i = 0; i < count; i++) {
		uint64_t start_ns = analysis_facts(report->a)->recording_ns;

		fprintf(out, "| %d | **%s** | %s%s%s%s | +%.3f s | +%.3f s | %s |\n", i + 1, severity_name(f[i].severity),
			incident_explains(f, count, i) ? "&nbsp;&nbsp;" : "", f[i].kind, *f[i].variant ? " " : "",
			f[i].variant, ns_to_s(elapsed_ns(start_ns, f[i].start_ns)),
			ns_to_s(elapsed_ns(start_ns, f[i].end_ns)), confidence_name(f[i].confidence));
	}
	fputs("\n## Findings\n", out);
	for (int i = 0; i < count; i++)
		put_finding(report, &f[i], i + 1, out);
}

static void put_plots(const struct report *report, FILE *out)
{
	char title[256], lo[CELL_BYTES_MAX], hi[CELL_BYTES_MAX];

	if (!report->plots->n)
		return;
	fputs("\n## Over time\n\n| chart | line | lowest | highest | at |\n|---|---|---:|---:|---:|\n", out);
	for (unsigned int i = 0; i < report->plots->n; i++) {
		const struct plot *p = &report->plots->plot[i];
		bool bytes = !strcmp(p->info->unit, "bytes");

		for (unsigned int k = 0; k < p->nlines; k++) {
			fprintf(out, "| %s (%s) | ", plot_title(p, title, sizeof(title)),
				bytes ? "memory" : p->info->unit);
			put_code(p->lines[k].name, out);
			fprintf(out, " | %s | %s | +%.3f s |\n", table_number(p->lines[k].lo, bytes, lo),
				table_number(p->lines[k].hi, bytes, hi), p->lines[k].hi_s);
		}
	}
}

void report_write_markdown(const struct report *report, FILE *out)
{
	int part = -1;
	struct report_summary s;

	report_summarize(report, &s);
	fputs("# Reclaim report: ", out);
	put_code(report->options->input, out);
	fputs("\n\n", out);
	put_item("Kernel:", s.kernel, out);
	put_item("Time:", s.span, out);
	put_item("Start:", s.when, out);
	put_item("Events:", s.events, out);
	put_item("Damaged:", report->options->damage, out);
	put_findings(report, out);
	for (unsigned int i = 0; i < report->tables.n; i++) {
		const struct table *t = &report->tables.table[i];

		if ((int)t->part != part)
			fprintf(out, "\n## %s\n", report_part_title(t->part));
		part = t->part;
		put_table(t, out);
	}
	put_plots(report, out);
	fputs("\nMade by squall " SQUALL_VERSION ".\n", out);
}
