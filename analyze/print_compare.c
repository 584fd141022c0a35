// SPDX-License-Identifier: GPL-2.0-only
/*
 * print_compare.c - a comparison for people. Text and markdown are the same sections and the same tables in two styles;
 * regressions come first.
 */
#include "analyze/print_compare.h"

#include <math.h>
#include <string.h>

#include "spine/escape.h"

#define CELL_BYTES	400
#define COLUMNS_MAX	8
#define ROWS_MAX	COMPARE_METRICS_MAX
#define ITEM_BYTES	8192			/* of running text */
#define FACT_BYTES_MAX	256			/* of a list of events one wants to know only if it differs */

/* --- cells --- */

typedef char cell[CELL_BYTES];

/* Three digits or so, and k, M, G where there are many. */
static const char *put_number(double v, cell out)
{
	static const struct {
		double		from, unit;
		const char	*form;
	} forms[] = {
		{ 1e10, 1e9, "%.1fG" }, { 1e7, 1e6, "%.1fM" }, { 1e6, 1e6, "%.2fM" }, { 1e4, 1e3, "%.1fk" },
		{ 100, 1, "%.0f" }, { 10, 1, "%.1f" }, { 0.1, 1, "%.2f" }, { 0.001, 1, "%.4f" }, { 0, 1, "%.1e" },
	};
	size_t i = 0;

	if (isnan(v) || isinf(v) || v == 0) {
		snprintf(out, CELL_BYTES, "%s", isnan(v) ? "-" : v == 0 ? "0" : v > 0 ? "inf" : "-inf");
		return out;
	}
	while (fabs(v) < forms[i].from)
		i++;
	snprintf(out, CELL_BYTES, forms[i].form, v / forms[i].unit);
	return out;
}

/* Markdown takes | for a column. Names are the workload's. */
static const char *put_name(const char *name, cell out)
{
	escape_terminal(name, strlen(name), out, CELL_BYTES);
	for (char *p = out; *p; p++)
		if (*p == '|')
			*p = '/';
	return out;
}

static const char *put_range(struct stats_range r, cell out)
{
	cell lo, hi;

	snprintf(out, CELL_BYTES, "%.40s..%.40s", put_number(r.lo, lo), put_number(r.hi, hi));
	return out;
}

static const char *put_quartiles(const struct stats_spread *s, cell out)
{
	return put_range((struct stats_range){ s->q1, s->q3 }, out);
}

/* "0.032 (0.028..0.041)"; where the base median is 0 there is no ratio: "+12 (3..20)", a difference. */
static const char *put_effect(const struct compared *m, cell out)
{
	bool ratio = !isnan(m->ratio);
	cell middle, range;

	put_number(ratio ? m->ratio : m->difference, middle);
	put_range(ratio ? m->ratio_range : m->difference_range, range);
	snprintf(out, CELL_BYTES, "%s%.40s (%.90s)", !ratio && m->difference >= 0 ? "+" : "", middle, range);
	return out;
}

static const char *put_p(double p, cell out)
{
	if (isnan(p))
		snprintf(out, CELL_BYTES, "-");
	else
		snprintf(out, CELL_BYTES, p < 0.001 ? "%.1e" : "%.3f", p);
	return out;
}

static double deciding_p(const struct compared *m)
{
	return m->role == ROLE_SECONDARY ? m->p_holm : m->p;
}

static const char *put_factor(double factor, cell out)
{
	cell number;

	if (isnan(factor))
		snprintf(out, CELL_BYTES, "-");
	else
		snprintf(out, CELL_BYTES, "x%.40s", put_number(factor, number));
	return out;
}

/* --- tables --- */

struct style {
	int			width;		/* of running text */
	const char		*heading;	/* before a heading, and after it */
	const char		*underline;
	const char		*bullet;
	const char		*between;	/* columns of a table */
	bool			markdown;	/* tables have a rule below their head */
	const struct column	*result, *more;	/* the tables of results, and of what else there is to know of them */
	unsigned int		nresult, nmore;
};

struct column {
	const char	*head;
	bool		left;
	const char *(*put)(const struct compared *m, cell out);
};

static const char *cell_name(const struct compared *m, cell out)
{
	return put_name(m->name, out);
}

static const char *cell_unit(const struct compared *m, cell out)
{
	return put_name(m->unit, out);
}

static const char *cell_base(const struct compared *m, cell out)
{
	return put_number(m->spread[ARM_BASE].median, out);
}

static const char *cell_cand(const struct compared *m, cell out)
{
	return put_number(m->spread[ARM_CAND].median, out);
}

static const char *cell_base_quartiles(const struct compared *m, cell out)
{
	return put_quartiles(&m->spread[ARM_BASE], out);
}

static const char *cell_cand_quartiles(const struct compared *m, cell out)
{
	return put_quartiles(&m->spread[ARM_CAND], out);
}

static const char *cell_p(const struct compared *m, cell out)
{
	return put_p(deciding_p(m), out);
}

static const char *cell_delta(const struct compared *m, cell out)
{
	snprintf(out, CELL_BYTES, "%+.2f", m->delta);
	return out;
}

static const char *cell_detectable(const struct compared *m, cell out)
{
	return put_factor(m->detectable, out);
}

static const char *cell_placebo(const struct compared *m, cell out)
{
	if (!m->splits)
		snprintf(out, CELL_BYTES, "-");
	else if (m->spread[ARM_BASE].median > 0)
		put_range(m->placebo_ratio, out);
	else
		put_range(m->placebo_difference, out);
	return out;
}

/* Splits of the same runs in which the test would have found a difference. */
static const char *cell_low_p(const struct compared *m, cell out)
{
	if (m->splits)
		snprintf(out, CELL_BYTES, "%u of %u", m->splits_low_p, m->splits);
	else
		snprintf(out, CELL_BYTES, "-");
	return out;
}

static const struct column wide[] = {
	{ "metric", true, cell_name }, { "unit", true, cell_unit }, { "base", false, cell_base },
	{ "quartiles", false, cell_base_quartiles }, { "cand", false, cell_cand },
	{ "quartiles", false, cell_cand_quartiles }, { "ratio (95 %)", false, put_effect }, { "p", false, cell_p },
};
static const struct column narrow[] = {
	{ "metric", true, cell_name }, { "base", false, cell_base }, { "cand", false, cell_cand },
	{ "ratio (95 %)", false, put_effect }, { "p", false, cell_p },
};
static const struct column effects[] = {
	{ "metric", true, cell_name }, { "delta", false, cell_delta }, { "MDE", false, cell_detectable },
	{ "placebo", false, cell_placebo },
};
static const struct column spreads[] = {
	{ "metric", true, cell_name }, { "base quartiles", false, cell_base_quartiles },
	{ "cand quartiles", false, cell_cand_quartiles }, { "delta", false, cell_delta },
	{ "MDE", false, cell_detectable }, { "placebo", false, cell_placebo },
};
static const struct column alone[] = {
	{ "metric", true, cell_name }, { "median", false, cell_base }, { "quartiles", false, cell_base_quartiles },
	{ "placebo", false, cell_placebo }, { "p < 0.05", false, cell_low_p },
};

#define NCOLUMNS(table)	(sizeof(table) / sizeof((table)[0]))

static const struct style text_style = {
	.width = 110, .heading = "\n", .underline = "", .bullet = "  ", .between = "  ",
	.result = wide, .nresult = NCOLUMNS(wide), .more = effects, .nmore = NCOLUMNS(effects),
};
static const struct style markdown_style = {
	.width = 76, .heading = "\n### ", .underline = "\n", .bullet = "- ", .between = " | ", .markdown = true,
	.result = narrow, .nresult = NCOLUMNS(narrow), .more = spreads, .nmore = NCOLUMNS(spreads),
};

/* Characters, as far as a terminal counts them: a byte that goes on one is none. */
static int width_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void put_cell(const struct style *style, const char *text, int width, bool left, bool last, FILE *out)
{
	int fill = width > width_of(text) ? width - width_of(text) : 0;

	fprintf(out, "%*s%s%*s", left ? 0 : fill, "", text, left && !last ? fill : 0, "");
	fputs(last ? "\n" : style->between, out);
}

static void put_rule(const struct style *style, const struct column *columns, unsigned int n, const int *width,
		     FILE *out)
{
	for (unsigned int k = 0; k < n; k++) {
		for (int i = columns[k].left ? 0 : 1; i < width[k]; i++)
			putc('-', out);
		fputs(columns[k].left ? "" : ":", out);
		fputs(k + 1 < n ? style->between : "\n", out);
	}
}

static void put_table(const struct style *style, const struct column *columns, unsigned int n,
		      const struct compared *const *rows, unsigned int nrows, FILE *out)
{
	int width[COLUMNS_MAX];
	cell text;

	for (unsigned int k = 0; k < n; k++) {
		width[k] = width_of(columns[k].head);
		for (unsigned int i = 0; i < nrows; i++) {
			int w = width_of(columns[k].put(rows[i], text));

			width[k] = w > width[k] ? w : width[k];
		}
	}
	for (unsigned int k = 0; k < n; k++) {
		fputs(k || style->markdown ? "" : style->bullet, out);
		put_cell(style, columns[k].head, width[k], columns[k].left, k + 1 == n, out);
	}
	if (style->markdown)
		put_rule(style, columns, n, width, out);
	for (unsigned int i = 0; i < nrows; i++)
		for (unsigned int k = 0; k < n; k++) {
			fputs(k || style->markdown ? "" : style->bullet, out);
			put_cell(style, columns[k].put(rows[i], text), width[k], columns[k].left, k + 1 == n, out);
		}
}

/* --- running text --- */

/* In lines of the style's width; further lines stand under the first. */
static void put_item(const struct style *style, const char *text, FILE *out)
{
	char safe[ITEM_BYTES];
	int indent = strlen(style->bullet), column = indent;
	const char *p = escape_terminal(text, strlen(text), safe, sizeof(safe));

	fputs(style->bullet, out);
	while (*p) {
		int word = strcspn(p, " ");

		if (column > indent && column + 1 + word > style->width) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", word, p);
		column += word;
		p += word;
		p += strspn(p, " ");
	}
	putc('\n', out);
}

static void put_heading(const struct style *style, const char *title, FILE *out)
{
	fprintf(out, "%s%s\n%s", style->heading, title, style->underline);
}

/* --- sections --- */

static const char *or_unknown(const char *value)
{
	return value && *value ? value : "not told";
}

static void put_arm(const struct style *style, const struct compare *c, enum arm arm, const char *name, FILE *out)
{
	unsigned int stormy = 0, n = compare_nruns(c, arm);
	double seconds = 0, loss = 0;
	char text[512];

	for (unsigned int i = 0; i < n; i++) {
		const struct compared_run *r = compare_run(c, arm, i);

		seconds += ns_to_s(r->span_ns);
		loss = fmax(loss, r->loss);
		stormy += r->findings > 0;
	}
	snprintf(text, sizeof(text), "%s: %u run%s, %.1f s on average, kernel %.128s; storms found in %u; "
		 "events lost: %s", name, n, n == 1 ? "" : "s", n ? seconds / n : 0,
		 or_unknown(compare_run(c, arm, 0)->env.value[ENVIRONMENT_RELEASE]), stormy,
		 isinf(loss) ? "not known how many" : loss > 0 ? "" : "none");
	if (loss > 0 && !isinf(loss))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "at most %.2g %% of a run's", 100 * loss);
	put_item(style, text, out);
}

static void put_head(const struct style *style, const struct compare *c, FILE *out)
{
	put_heading(style, "Runs", out);
	put_arm(style, c, ARM_BASE, "base", out);
	if (compare_nruns(c, ARM_CAND))
		put_arm(style, c, ARM_CAND, "cand", out);
}

static bool differs(const struct compare *c, unsigned int fact)
{
	for (unsigned int i = 0; i < compare_ndifferences(c); i++)
		if (compare_difference(c, i)->fact == fact)
			return true;
	return false;
}

static void put_common(const struct style *style, const struct compare *c, FILE *out)
{
	const struct environment *env = &compare_run(c, ARM_BASE, 0)->env;
	char text[ITEM_BYTES] = "in all runs:";
	size_t used = strlen(text);

	for (unsigned int i = 0; i < environment_count() && used < sizeof(text); i++)
		if (!differs(c, i) && env->value[i] && strlen(env->value[i]) < FACT_BYTES_MAX)
			used += snprintf(text + used, sizeof(text) - used, " %s %s;", environment_name(i),
					 env->value[i]);
	put_item(style, text, out);
}

static void put_environment(const struct style *style, const struct compare *c, FILE *out)
{
	put_heading(style, "Environment", out);
	for (unsigned int i = 0; i < compare_ndifferences(c); i++) {
		const struct env_difference *d = compare_difference(c, i);
		const char *how = d->varied ? " (on purpose)" : d->refused ? " (MATTERS)" : "";
		char text[2048];

		/* Hundreds of events say less than that they differ. */
		if (!strcmp(environment_name(d->fact), "recorded"))
			snprintf(text, sizeof(text), "recorded: not the same events");
		else
			snprintf(text, sizeof(text), "%s: %.800s (base)%s, %.800s (cand)%s%s",
				 environment_name(d->fact), or_unknown(d->value[ARM_BASE]),
				 d->within[ARM_BASE] ? " and others" : "",
				 or_unknown(d->value[ARM_CAND]), d->within[ARM_CAND] ? " and others" : "", how);
		put_item(style, text, out);
	}
	put_common(style, c, out);
}

static void put_notes(const struct style *style, const struct compare *c, FILE *out)
{
	if (!compare_nproblems(c))
		return;
	put_heading(style, "To be known", out);
	for (unsigned int i = 0; i < compare_nproblems(c); i++) {
		const struct problem *p = compare_problem(c, i);
		char text[1200];

		snprintf(text, sizeof(text), "%s%s%s", p->kind == PROBLEM_NOTE ? "" : "FORCED, ",
			 p->kind == PROBLEM_NOTE ? "" : problem_name(p->kind), p->kind == PROBLEM_NOTE ? "" : ": ");
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", p->text);
		put_item(style, text, out);
	}
}

static bool wanted_primary(const struct compared *m, enum verdict verdict)
{
	return m->role == ROLE_PRIMARY && !m->why_not[0];
}

static bool wanted_secondary(const struct compared *m, enum verdict verdict)
{
	return m->role == ROLE_SECONDARY && !m->why_not[0] && m->verdict == verdict;
}

static bool wanted_told(const struct compared *m, enum verdict verdict)
{
	return m->role == ROLE_TOLD && !m->why_not[0] && !m->constant;
}

static bool wanted_shown(const struct compared *m, enum verdict verdict)
{
	return !m->why_not[0] && !m->constant;
}

static bool wanted_varying(const struct compared *m, enum verdict verdict)
{
	return !m->why_not[0] && m->role != ROLE_TOLD;
}

typedef bool (*wanted)(const struct compared *m, enum verdict verdict);

static unsigned int choose_rows(const struct compare *c, wanted want, enum verdict verdict,
				const struct compared *rows[ROWS_MAX])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < compare_nmetrics(c); i++)
		if (want(compare_metric(c, i), verdict))
			rows[n++] = compare_metric(c, i);
	return n;
}

static const struct section {
	wanted		want;
	enum verdict	verdict;
	const char	*title;
} sections[] = {
	{ wanted_secondary, VERDICT_WORSE, "Worse" },
	{ wanted_secondary, VERDICT_BETTER, "Better" },
	{ wanted_secondary, VERDICT_CHANGED, "Changed, neither better nor worse" },
	{ wanted_secondary, VERDICT_PLACEBO, "No more than base runs differ from each other (placebo)" },
	{ wanted_secondary, VERDICT_SAME, "No difference shown" },
	{ wanted_secondary, VERDICT_FEW, "Too few runs for a verdict" },
	{ wanted_told, VERDICT_NONE, "Not declared: no verdict, p without correction" },
};

static void put_primary(const struct style *style, const struct compare *c, FILE *out)
{
	const struct compared *rows[ROWS_MAX], *m = NULL;
	char text[1024];

	for (unsigned int i = 0; i < compare_nmetrics(c); i++)
		if (compare_metric(c, i)->role == ROLE_PRIMARY)
			m = compare_metric(c, i);
	if (!m)
		return;
	put_heading(style, "Primary metric", out);
	if (m->why_not[0]) {
		snprintf(text, sizeof(text), "%s: not compared: %s", m->name, m->why_not);
		put_item(style, text, out);
		return;
	}
	put_table(style, style->result, style->nresult, rows, choose_rows(c, wanted_primary, VERDICT_NONE, rows), out);
	fputs(style->markdown ? "\n" : "", out);
	snprintf(text, sizeof(text), "%s: %s (%s is better). p is %s; Cliff's delta %+.2f.", m->name,
		 verdict_name(m->verdict), better_name(m->better), m->exact ? "exact" : "from the normal distribution",
		 m->delta);
	put_item(style, text, out);
	if (!isnan(m->detectable)) {
		cell factor;

		snprintf(text, sizeof(text), "A change by a factor of %s, or by its inverse, would have been found "
			 "with %.0f %% probability.", put_number(m->detectable, factor), 100 * STATS_POWER);
		put_item(style, text, out);
	}
}

static void put_sections(const struct style *style, const struct compare *c, FILE *out)
{
	const struct compared *rows[ROWS_MAX];
	bool few = compare_nruns(c, ARM_BASE) < COMPARE_RUNS_MIN || compare_nruns(c, ARM_CAND) < COMPARE_RUNS_MIN;

	for (size_t i = 0; i < NCOLUMNS(sections); i++) {
		unsigned int n = choose_rows(c, sections[i].want, sections[i].verdict, rows);
		char title[128];

		/* That nothing got worse, or better, is a result too. */
		if (!n && (few || (sections[i].verdict != VERDICT_WORSE && sections[i].verdict != VERDICT_BETTER)))
			continue;
		snprintf(title, sizeof(title), "%s: %u secondary metric%s", sections[i].title, n, n == 1 ? "" : "s");
		put_heading(style, sections[i].verdict == VERDICT_NONE ? sections[i].title : title, out);
		if (n)
			put_table(style, style->result, style->nresult, rows, n, out);
	}
}

static void put_more(const struct style *style, const struct compare *c, FILE *out)
{
	const struct compared *rows[ROWS_MAX];
	unsigned int n = choose_rows(c, wanted_varying, VERDICT_NONE, rows);

	if (!n)
		return;
	put_heading(style, "Effect size, and what could have been found", out);
	put_table(style, style->more, style->nmore, rows, n, out);
}

static void put_alone(const struct style *style, const struct compare *c, FILE *out)
{
	const struct compared *rows[ROWS_MAX];
	unsigned int n = choose_rows(c, wanted_shown, VERDICT_NONE, rows);

	put_heading(style, "A/A: base runs against each other, split in all ways", out);
	if (n)
		put_table(style, alone, NCOLUMNS(alone), rows, n, out);
}

/* Names that share a fate, in one line. */
static void put_names(const struct style *style, const struct compare *c, const char *title, wanted want, FILE *out)
{
	const struct compared *rows[ROWS_MAX];
	unsigned int n = choose_rows(c, want, VERDICT_NONE, rows);
	char text[2048];
	size_t used = snprintf(text, sizeof(text), "%s:", title);

	for (unsigned int i = 0; i < n && used < sizeof(text); i++)
		used += snprintf(text + used, sizeof(text) - used, "%s %s", i ? "," : "", rows[i]->name);
	if (n)
		put_item(style, text, out);
}

static bool wanted_nowhere(const struct compared *m, enum verdict verdict)
{
	return !strcmp(m->why_not, "in no run");
}

static bool wanted_constant(const struct compared *m, enum verdict verdict)
{
	return m->constant && !m->why_not[0] && m->role != ROLE_PRIMARY;
}

static void put_left_out(const struct style *style, const struct compare *c, FILE *out)
{
	put_heading(style, "Not compared", out);
	for (unsigned int i = 0; i < compare_nmetrics(c); i++) {
		const struct compared *m = compare_metric(c, i);
		char text[1024];

		if (!m->why_not[0] || wanted_nowhere(m, VERDICT_NONE))
			continue;
		snprintf(text, sizeof(text), "%s: %s", m->name, m->why_not);
		put_item(style, text, out);
	}
	put_names(style, c, "The same in all runs", wanted_constant, out);
	put_names(style, c, "Not recorded, or not there, in any run", wanted_nowhere, out);
}

static void put_definitions(const struct style *style, const struct compare *c, FILE *out)
{
	const struct compared *rows[ROWS_MAX];
	unsigned int n = choose_rows(c, wanted_shown, VERDICT_NONE, rows);

	put_heading(style, "What the metrics are", out);
	for (unsigned int i = 0; i < n; i++) {
		char text[1024];

		snprintf(text, sizeof(text), "%s (%s; %s is better): %s", rows[i]->name, rows[i]->unit,
			 better_name(rows[i]->better), rows[i]->about);
		put_item(style, text, out);
	}
}

static void put_method(const struct style *style, const struct compare *c, FILE *out)
{
	static const char *const lines[] = {
		"One run is one number: medians of runs, with the quartiles between runs. The ratio is of medians, its "
		"95 % interval by bootstrap over runs (10000 resamples); +N is a difference, where the base median is "
		"0.",
		"p is of the Mann-Whitney U test, two-sided; of secondary metrics with Holm's correction. A verdict "
		"needs p < 0.05.",
		"delta is Cliff's: +1 when each candidate run is above each base run, -1 below. MDE, the minimum "
		"detectable effect, is the factor between medians that would have been found with 80 % probability.",
		"placebo is the middle 95 % of the ratio between halves of the base runs. Halves have fewer runs than "
		"an arm, so it is rather too wide.",
	};

	put_heading(style, "How to read this", out);
	for (size_t i = 0; i < NCOLUMNS(lines); i++)
		put_item(style, lines[i], out);
}

static void print(const struct style *style, const struct compare *c, FILE *out)
{
	put_head(style, c, out);
	put_notes(style, c, out);
	if (compare_nruns(c, ARM_CAND)) {
		put_primary(style, c, out);
		put_sections(style, c, out);
		put_more(style, c, out);
	} else {
		put_alone(style, c, out);
	}
	put_environment(style, c, out);
	put_left_out(style, c, out);
	if (style->markdown || !compare_nruns(c, ARM_CAND))
		put_definitions(style, c, out);
	put_method(style, c, out);
}

void print_compare_text(const struct compare *c, FILE *out)
{
	print(&text_style, c, out);
}

void print_compare_markdown(const struct compare *c, FILE *out)
{
	fputs("## squall compare\n", out);
	print(&markdown_style, c, out);
}
