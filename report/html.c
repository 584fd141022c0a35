// SPDX-License-Identifier: GPL-2.0-only
/*
 * html.c - the report as one file that needs nothing else: style, program, dygraphs and data are in it, and a policy
 * (CSP) forbids the page to load anything. All but the charts is plain HTML and can be read without JavaScript.
 *
 * Text of the recording is escaped twice over: what could harm a terminal or turn the direction of text becomes \xNN,
 * then HTML's own characters become entities. In the data for the charts, which is JSON in a script element, only ASCII
 * is written, and <, > and & are \u escapes: nothing in it can end the element.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "spine/escape.h"
#include "spine/time.h"

static const char page_css[] =
#include "report/page.css.h"
;
static const char page_js[] =
#include "report/page.js.h"
;
static const char dygraph_licence[] =
#include "report/dygraphs.licence.h"
;
static const char dygraph_js[] =
#include "report/dygraph.min.js.h"
;

static const char policy[] = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/* --- text --- */

static void put_text(const char *text, FILE *out)
{
	static const char *const entities[128] = {
		['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;", ['\''] = "&#39;",
	};
	char safe[16384];

	for (const char *p = escape_terminal(text, strlen(text), safe, sizeof(safe)); *p; p++) {
		if ((unsigned char)*p < 128 && entities[(unsigned char)*p])
			fputs(entities[(unsigned char)*p], out);
		else
			putc(*p, out);
	}
}

static void put_element(const char *tag, const char *class, const char *text, FILE *out)
{
	fprintf(out, "<%s%s%s%s>", tag, *class ? " class=\"" : "", class, *class ? "\"" : "");
	put_text(text, out);
	fprintf(out, "</%s>", tag);
}

static void put_definition(const char *term, const char *text, FILE *out)
{
	if (!text || !*text)
		return;
	put_element("dt", "", term, out);
	put_element("dd", "", text, out);
	putc('\n', out);
}

/* --- tables --- */

static const char *cell_class(const struct table *t, unsigned int k)
{
	enum cell_kind kind = table_column_kind(t, k);

	return cell_is_number(kind) ? "n" : kind == CELL_NAME ? "name" : "words";
}

static void put_table(const struct table *t, FILE *out)
{
	char buf[CELL_BYTES_MAX];

	fprintf(out, "<h3 id=\"%s\">%s</h3>\n", t->id, t->title);
	if (*t->note)
		put_element("p", "note", t->note, out);
	fprintf(out, "<div class=\"wide\"><table%s><thead><tr>", table_is_list(t) ? " class=\"list\"" : "");
	for (unsigned int k = 0; k < t->ncolumns; k++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>",
			cell_is_number(table_column_kind(t, k)) ? " class=\"n\"" : "", t->columns[k].head);
	fputs("</tr></thead><tbody>\n", out);
	for (unsigned int i = 0; i < t->nrows; i++) {
		fputs("<tr>", out);
		for (unsigned int k = 0; k < t->ncolumns; k++)
			put_element("td", cell_class(t, k), table_cell_text(&t->cells[i * t->ncolumns + k], buf), out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
	if (t->more)
		fprintf(out, "<p class=\"note\">and %" PRIu64 " more</p>\n", t->more);
}

static void put_part(const struct report *report, enum table_part part, FILE *out)
{
	bool first = true;

	for (unsigned int i = 0; i < report->tables.n; i++) {
		if (report->tables.table[i].part != part)
			continue;
		if (first)
			fprintf(out, "<section id=\"part-%d\">\n<h2>%s</h2>\n", part, report_part_title(part));
		first = false;
		put_table(&report->tables.table[i], out);
	}
	if (!first)
		fputs("</section>\n", out);
}

/* --- verdict --- */

static void put_kind(const struct finding *f, FILE *out)
{
	fprintf(out, "%s%s%s%s", f->kind, *f->variant ? " [" : "", f->variant, *f->variant ? "]" : "");
}

static int put_no_finding(const struct report *report, FILE *out)
{
	bool judged = analysis_judged_count(report->a) > 0, doubt = print_verdict_doubts(report->a);
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return -ENOMEM;
	print_verdict(report->a, report->options, memory);
	fclose(memory);
	fprintf(out, "<section id=\"verdict\" class=\"verdict %s\">\n<h2>%s</h2>\n",
		!judged ? "unknown" : doubt ? "warning" : "", judged ? "No storm found" : "Nothing to judge");
	for (char *p = text; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	put_element("p", "", text, out);
	fputs("</section>\n", out);
	free(text);
	return 0;
}

/* Those of @incident that the leading cause explains, or the others, as a sentence after @words. */
static void put_members(const struct finding *f, const struct incident *incident, bool explained, const char *words,
			FILE *out)
{
	int end = incident->first + incident->count, n = 0;

	for (int i = incident->first + 1; i < end; i++) {
		if (incident_explains(f, end, i) != explained)
			continue;
		fprintf(out, "%s%s <a href=\"#f%d\">%s</a>", n ? "," : "<p>", n ? "" : words, i + 1, f[i].kind);
		n++;
	}
	if (n)
		fputs(".</p>\n", out);
}

static void put_explained(const struct finding *f, const struct incident *incident, FILE *out)
{
	put_members(f, incident, true, "It explains", out);
	put_members(f, incident, false, "Beside it, and not explained by it:", out);
}

/* Incidents are sorted, and so are the findings: the first one leads the worst. */
static void put_lead(const struct report *report, const struct finding *f, FILE *out)
{
	int nincidents;
	const struct incident *incident = analysis_incidents(report->a, &nincidents);

	fprintf(out, "<section id=\"verdict\" class=\"verdict %s\">\n<h2><span class=\"badge %s\">%s</span> ",
		severity_name(f->severity), severity_name(f->severity), severity_name(f->severity));
	put_kind(f, out);
	fputs("</h2>\n", out);
	put_element("p", "", f->summary, out);
	put_explained(f, &incident[0], out);
	fputs("<p><strong>What to do.</strong> ", out);
	put_text(f->remedy, out);
	fprintf(out, "</p>\n<p class=\"soft\">Confidence %s%s. "
		"<a href=\"#f1\">Why, and the numbers behind it</a>%s</p>\n</section>\n",
		confidence_name(f->confidence), f->loss ? ", events were lost" : "",
		nincidents > 1 ? "; more incidents stand below." : "");
}

static double share(uint64_t ns, uint64_t span_ns)
{
	return span_ns ? ns >= span_ns ? 100 : 100.0 * ns / span_ns : 0;
}

static void put_timeline(const struct report *report, const struct finding *f, int count, FILE *out)
{
	const struct grid *grid = recording_grid(report->r);
	uint64_t span_ns = grid->end_ns - grid->start_ns;

	fputs("<section id=\"timeline\">\n<h2>When</h2>\n<ol class=\"timeline\">\n", out);
	for (int i = 0; i < count; i++) {
		double from = share(elapsed_ns(grid->start_ns, f[i].start_ns), span_ns);
		double to = share(elapsed_ns(grid->start_ns, f[i].end_ns), span_ns);

		fprintf(out, "<li%s><a href=\"#f%d\">",
			incident_explains(f, count, i) ? " class=\"symptom\"" : "", i + 1);
		put_kind(&f[i], out);
		fprintf(out, "</a><span class=\"track\" title=\"+%.3f s to +%.3f s\">",
			ns_to_s(elapsed_ns(grid->start_ns, f[i].start_ns)),
			ns_to_s(elapsed_ns(grid->start_ns, f[i].end_ns)));
		fprintf(out, "<i class=\"%s\" style=\"left:%.2f%%;width:%.2f%%\"></i></span></li>\n",
			severity_name(f[i].severity), from < 99.5 ? from : 99.5, to > from ? to - from : 0);
	}
	fprintf(out, "<li class=\"soft\"><span></span>"
		"<span class=\"ends\"><span>0 s</span><span>%.1f s</span></span></li>\n</ol>\n</section>\n",
		ns_to_s(span_ns));
}

/* --- findings --- */

static void put_evidence(const struct finding *f, FILE *out)
{
	char value[CELL_BYTES_MAX];
	const char *unit;

	if (!f->nevidence)
		return;
	fputs("<details><summary>Evidence</summary><div class=\"wide\"><table><tbody>\n", out);
	for (int i = 0; i < f->nevidence; i++) {
		table_evidence(&f->evidence[i], value, &unit);
		fprintf(out, "<tr><td>%s</td><td class=\"n\">%s</td><td>%s</td></tr>\n", f->evidence[i].name, value,
			unit);
	}
	fputs("</tbody></table></div></details>\n", out);
}

/* Who suffered: time lost, whatever the kind. */
static void put_suffered(const struct finding *f, FILE *out)
{
	bool psi = report_tells_psi(f);
	char name[64];

	if (!f->nsuffered && !f->ncgroups)
		return;
	fprintf(out, "<div class=\"wide\"><table><thead><tr><th scope=\"col\">who suffered</th><th class=\"n\">thread</th>"
		"<th class=\"n\">stalls</th><th class=\"n\">seconds lost</th>%s</tr></thead><tbody>\n",
		psi ? "<th class=\"n\">PSI full</th>" : "");
	for (int i = 0; i < f->nsuffered; i++) {
		const struct finding_task *t = &f->suffered[i];

		fputs("<tr>", out);
		put_element("td", "name", *t->comm ? t->comm : "?", out);
		fprintf(out, "<td class=\"n\">%d</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.3f</td>%s</tr>\n",
			t->tid, t->count, ns_to_s(t->ns), psi ? "<td></td>" : "");
	}
	for (int i = 0; i < f->ncgroups; i++) {
		const struct finding_cgroup *c = &f->cgroups[i];

		snprintf(name, sizeof(name), "cgroup %" PRIu64, c->id);
		fputs("<tr>", out);
		put_element("td", "name", *c->path ? c->path : name, out);
		fprintf(out, "<td class=\"n\">cgroup</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.3f</td>",
			c->stalls, ns_to_s(c->lost_ns));
		if (c->psi_full >= 0)
			fprintf(out, "<td class=\"n\">%.1f %%</td></tr>\n", 100 * c->psi_full);
		else
			fprintf(out, "%s</tr>\n", psi ? "<td></td>" : "");
	}
	fputs("</tbody></table></div>\n", out);
}

static void put_tasks(const struct finding *f, FILE *out)
{
	if (!f->ntasks)
		return;
	fputs("<div class=\"wide\"><table><thead><tr><th scope=\"col\">", out);
	put_text(f->tasks_title, out);
	fputs("</th><th class=\"n\">thread</th><th class=\"n\">times</th><th class=\"n\">pages</th>"
	      "<th class=\"n\">seconds</th></tr></thead><tbody>\n", out);
	for (int i = 0; i < f->ntasks; i++) {
		const struct finding_task *t = &f->tasks[i];

		fputs("<tr>", out);
		put_element("td", "name", *t->comm ? t->comm : "?", out);
		fprintf(out, "<td class=\"n\">%d</td><td class=\"n\">%" PRIu64 "</td>", t->tid, t->count);
		fprintf(out, "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.3f</td></tr>\n", t->pages,
			ns_to_s(t->ns));
	}
	fputs("</tbody></table></div>\n", out);
}

static void put_cause(const struct finding *f, FILE *out)
{
	if (f->cause < 0 || !f->caused_by)
		return;
	fprintf(out, "<dt>caused by</dt><dd><a href=\"#f%d\">%s</a>: ", f->cause + 1, f->caused_by);
	put_text(f->because, out);
	fputs("</dd>\n", out);
}

static void put_finding(const struct report *report, const struct finding *f, int number, FILE *out)
{
	uint64_t start_ns = recording_grid(report->r)->start_ns;
	char when[160], node[32] = "", reason[FINDING_REASON_BYTES];
	int count;
	const struct finding *all = analysis_findings(report->a, &count);
	bool symptom = incident_explains(all, count, number - 1);

	if (f->node >= 0)
		snprintf(node, sizeof(node), ", node %d", f->node);
	snprintf(when, sizeof(when), "+%.3f s to +%.3f s (%.3f s)%s", ns_to_s(elapsed_ns(start_ns, f->start_ns)),
		 ns_to_s(elapsed_ns(start_ns, f->end_ns)), ns_to_s(elapsed_ns(f->start_ns, f->end_ns)), node);
	fprintf(out, "<article id=\"f%d\"%s>\n<h3><span class=\"badge %s\">%s</span> ", number,
		symptom ? " class=\"symptom\"" : "", severity_name(f->severity), severity_name(f->severity));
	put_kind(f, out);
	fprintf(out, " <span class=\"soft\">confidence %s%s</span> ", confidence_name(f->confidence),
		f->loss ? ", events lost" : "");
	fprintf(out, "<button type=\"button\" data-zoom=\"%d\" hidden>show in charts</button></h3>\n<dl>\n",
		number - 1);
	put_definition("when", when, out);
	put_cause(f, out);
	put_definition("what", f->summary, out);
	put_definition("severity", finding_severity_reason(f, reason), out);
	put_definition("why", f->explanation, out);
	put_definition("do", f->remedy, out);
	put_definition("or else", f->otherwise, out);
	put_definition("missing", f->missing, out);
	put_definition("see", f->references, out);
	fputs("</dl>\n", out);
	put_suffered(f, out);
	put_tasks(f, out);
	put_evidence(f, out);
	fputs("</article>\n", out);
}

static int put_findings(const struct report *report, FILE *out)
{
	int count;
	const struct finding *f = analysis_findings(report->a, &count);

	if (!count)
		return put_no_finding(report, out);
	put_lead(report, f, out);
	put_timeline(report, f, count, out);
	fputs("<section id=\"findings\">\n<h2>Findings</h2>\n", out);
	for (int i = 0; i < count; i++)
		put_finding(report, &f[i], i + 1, out);
	fputs("</section>\n", out);
	return 0;
}

/* --- charts --- */

static void put_gaps(const struct report *report, FILE *out)
{
	if (!report->plots->ngaps)
		return;
	fputs("<details><summary>Charts without data</summary>\n<dl>\n", out);
	for (unsigned int i = 0; i < report->plots->ngaps; i++)
		put_definition(report->plots->gap[i].info->title, report->plots->gap[i].why, out);
	fputs("</dl></details>\n", out);
}

static void put_charts(const struct report *report, FILE *out)
{
	static const struct {
		const char	*action, *label;
	} tools[] = {
		{ "all", "all" }, { "in", "zoom in" }, { "out", "zoom out" }, { "left", "earlier" },
		{ "right", "later" },
	};
	char title[256];

	fputs("<section id=\"charts\">\n<h2>Over time</h2>\n", out);
	if (report->plots->n)
		fputs("<noscript><p>The charts need JavaScript; all else on this page does not.</p></noscript>\n"
		      "<p class=\"note\">Seconds from the start of the recording. Drag to zoom, double click to see "
		      "all; in a chart the keys + &minus; &larr; &rarr; 0 do the same. All charts show the same time. "
		      "Where a finding lies is shaded.</p>\n"
		      "<div class=\"tools\" role=\"toolbar\" aria-label=\"time shown\">", out);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]) && report->plots->n; i++)
		fprintf(out, "<button type=\"button\" data-do=\"%s\">%s</button>", tools[i].action, tools[i].label);
	if (report->plots->n)
		fputs("<span id=\"range\" class=\"soft\" aria-live=\"polite\"></span></div>\n", out);
	for (unsigned int i = 0; i < report->plots->n; i++) {
		const struct plot *p = &report->plots->plot[i];

		plot_title(p, title, sizeof(title));
		fprintf(out, "<div class=\"chart\"><h3>%s <span class=\"soft\">%s</span></h3>\n", title,
			strcmp(p->info->unit, "bytes") ? p->info->unit : "");
		put_element("p", "note", p->info->about, out);
		fprintf(out, "<div class=\"legend\" id=\"legend-%u\"></div>\n", i);
		fprintf(out, "<div class=\"plot\" id=\"plot-%u\" tabindex=\"0\" role=\"img\" "
			"aria-label=\"%s over time\"></div></div>\n", i, title);
	}
	put_gaps(report, out);
	fputs("</section>\n", out);
}

/* Nothing in it ends the script element: JSON is ASCII, and these three only stand inside of its strings. */
static int put_json_bytes(const char *buffer, size_t size, void *data)
{
	for (size_t i = 0; i < size; i++) {
		if (buffer[i] == '<' || buffer[i] == '>' || buffer[i] == '&')
			fprintf(data, "\\u%04x", buffer[i]);
		else
			putc(buffer[i], data);
	}
	return 0;
}

static void put_data(const struct report *report, FILE *out)
{
	const struct grid *grid = recording_grid(report->r);
	json_t *o = json_object(), *spans = json_array();
	int count;
	const struct finding *f = analysis_findings(report->a, &count);

	for (int i = 0; i < count; i++)
		json_array_append_new(spans, json_pack("[f, f, i]", ns_to_s(elapsed_ns(grid->start_ns, f[i].start_ns)),
						       ns_to_s(elapsed_ns(grid->start_ns, f[i].end_ns)),
						       (int)f[i].severity));
	json_object_set_new(o, "span", json_real(ns_to_s(grid->end_ns - grid->start_ns)));
	json_object_set_new(o, "findings", spans);
	json_object_set_new(o, "charts", report_charts_json(report, escape_terminal));
	fputs("<script type=\"application/json\" id=\"data\">", out);
	json_dump_callback(o, put_json_bytes, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12));
	fputs("</script>\n", out);
	json_decref(o);
}

/* --- the page --- */

static void put_head(const struct report *report, const struct report_summary *s, FILE *out)
{
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
		"<meta name=\"generator\" content=\"squall " SQUALL_VERSION "\">\n<title>Reclaim report: ", policy);
	put_text(s->input, out);
	fputs("</title>\n<style>\n", out);
	fputs(page_css, out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>Reclaim report: ", out);
	put_element("span", "name", s->input, out);
	fputs("</h1>\n<p class=\"soft\">", out);
	put_text(s->kernel, out);
	fprintf(out, "%s%s%s%s; %s</p>\n", *s->when ? "; " : "", s->when, *s->span ? "; " : "", s->span, s->events);
	if (report->options->damage) {
		fputs("<p><strong>Damaged:</strong> ", out);
		put_text(report->options->damage, out);
		fputs(" (what came before is judged)</p>\n", out);
	}
	fputs("</header>\n", out);
}

static void put_navigation(const struct report *report, FILE *out)
{
	int count, last = -1;

	analysis_findings(report->a, &count);
	fputs("<nav aria-label=\"parts\">", out);
	if (count)
		fputs("<a href=\"#findings\">Findings</a>", out);
	for (unsigned int i = 0; i < report->tables.n; i++) {
		int part = report->tables.table[i].part;

		if (last <= PART_CAUSES && part > PART_CAUSES)
			fputs("<a href=\"#charts\">Over time</a>", out);
		if (part != last)
			fprintf(out, "<a href=\"#part-%d\">%s</a>", part, report_part_title(part));
		last = part;
	}
	fputs("</nav>\n", out);
}

int report_write_html(const struct report *report, FILE *out)
{
	struct report_summary s;
	int ret;

	report_summarize(report, &s);
	put_head(report, &s, out);
	put_navigation(report, out);
	fputs("<main>\n", out);
	ret = put_findings(report, out);
	put_part(report, PART_VICTIMS, out);
	put_part(report, PART_CAUSES, out);
	put_charts(report, out);
	for (int part = PART_CHECKED; part <= PART_ENVIRONMENT; part++)
		put_part(report, part, out);
	fputs("</main>\n<footer>Made by squall " SQUALL_VERSION ". Charts by dygraphs, MIT licence: see the comment "
	      "before it in this file. The page loads nothing from anywhere.</footer>\n", out);
	put_data(report, out);
	if (report->plots->n) {
		fputs("<script>\n/*\n", out);
		fputs(dygraph_licence, out);
		fputs("*/\n", out);
		fputs(dygraph_js, out);
		fputs("</script>\n<script>\n", out);
		fputs(page_js, out);
		fputs("</script>\n", out);
	}
	fputs("</body>\n</html>\n", out);
	return ret;
}
