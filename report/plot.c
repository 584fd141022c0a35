// SPDX-License-Identifier: GPL-2.0-only
/*
 * plot.c - see plot.h.
 */
#include "report/plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/time.h"

/* --- choosing lines --- */

static double rank_of(const struct line *line)
{
	/* Of a cgroup's PSI the sum is what it waited in all. */
	return line->curve.sum > 0 ? line->curve.sum : line->curve.hi;
}

struct choice {
	const struct line	*lines[PLOT_LINES];
	unsigned int		n, left_out;
	bool			any, moved;	/* there are values; some are not 0 */
};

static void choose(struct choice *c, const struct chart_info *info, const struct line *line)
{
	unsigned int room = info->ranked ? CHART_LINES : PLOT_LINES, i = c->n;
	bool zero = !line->curve.values || (line->curve.lo == 0 && line->curve.hi == 0 && line->curve.sum == 0);

	c->any |= line->curve.values > 0;
	c->moved |= !zero;
	if (!line->curve.values || (info->ranked && zero))
		return;
	while (info->ranked && i > 0 && rank_of(c->lines[i - 1]) < rank_of(line))
		i--;
	c->left_out += c->n == room;
	if (i == room)
		return;
	memmove(&c->lines[i + 1], &c->lines[i], ((c->n < room ? c->n : room - 1) - i) * sizeof(c->lines[0]));
	c->lines[i] = line;
	c->n += c->n < room;
}

static struct choice choose_lines(const struct recording *r, enum chart chart, int node)
{
	const struct line *line;
	struct choice c = { 0 };

	for (unsigned int i = 0; (line = recording_line(r, i)); i++)
		if (line->chart == chart && line->node == node)
			choose(&c, &chart_table[chart], line);
	return c;
}

/* --- points --- */

static double seconds_of(const struct grid *grid, unsigned int cell, double part)
{
	return (cell + part) * ns_to_s(grid->width_ns);
}

static int make_points(struct plot *p, unsigned int npoints)
{
	p->npoints = npoints;
	p->seconds = calloc(npoints ?: 1, sizeof(double));
	for (unsigned int i = 0; i < p->nlines; i++) {
		p->lines[i].values = calloc(npoints ?: 1, sizeof(double));
		if (!p->lines[i].values)
			return -ENOMEM;
		for (unsigned int k = 0; k < npoints; k++)
			p->lines[i].values[k] = NAN;
	}
	return p->seconds ? 0 : -ENOMEM;
}

static void name_line(struct plot_line *out, const struct grid *grid, const struct line *line)
{
	*out = (struct plot_line){ .name = line->name, .lo = line->curve.lo, .hi = line->curve.hi, .total = NAN,
				   .hi_s = ns_to_s(elapsed_ns(grid->start_ns, line->curve.hi_ns)) };
}

/* A rate of single things needs time to count them in: one in 1/32 s would be drawn as 32 a second. */
#define RATE_CELLS	4

static double sum_cells(const struct curve *curve, unsigned int cell, unsigned int n)
{
	double sum = 0;

	for (unsigned int i = cell; i < cell + n && i < GRID_CELLS; i++)
		sum += curve->cells[i].lo;
	return sum;
}

/* Amounts by time: what came in a cell, or some, over its width where the unit is a rate. */
static int plot_sums(struct plot *p, const struct grid *grid, const struct choice *c)
{
	unsigned int join = strcmp(p->info->unit, "tasks") ? RATE_CELLS : 1, n = (grid_cells(grid) + join - 1) / join;
	double scale = strcmp(p->info->unit, "kills") ? join * ns_to_s(grid->width_ns) : 1;

	for (unsigned int i = 0; i < c->n; i++)
		name_line(&p->lines[i], grid, c->lines[i]);
	if (make_points(p, n))
		return -ENOMEM;
	for (unsigned int k = 0; k < n; k++)
		p->seconds[k] = seconds_of(grid, k * join, 0);
	for (unsigned int i = 0; i < c->n; i++) {
		struct plot_line *out = &p->lines[i];

		out->total = c->lines[i]->curve.sum;
		out->lo = INFINITY;
		out->hi = -INFINITY;
		for (unsigned int k = 0; k < n; k++) {
			double v = sum_cells(&c->lines[i]->curve, k * join, join) / scale;

			out->values[k] = v;
			out->lo = fmin(out->lo, v);
			if (v > out->hi) {
				out->hi = v;
				out->hi_s = p->seconds[k];
			}
		}
	}
	return 0;
}

/* @join cells as one: a cell with more than one value in it is two points, lowest and highest in their order. */
struct joined {
	bool	set, pair;
	double	first, second;
};

static struct joined join_cells(const struct curve *curve, unsigned int cell, unsigned int join)
{
	struct joined out = { 0 };
	const struct cell *a = &curve->cells[cell], *b = join > 1 ? &curve->cells[cell + 1] : NULL;
	double lo = INFINITY, hi = -INFINITY;
	bool hi_first = false;

	if (a->set) {
		lo = a->lo;
		hi = a->hi;
		hi_first = a->hi_first;
	}
	if (b && b->set) {
		hi_first = !a->set ? b->hi_first : b->lo < lo ? b->hi <= hi || b->hi_first : b->hi <= hi && hi_first;
		lo = fmin(lo, b->lo);
		hi = fmax(hi, b->hi);
	}
	if (lo > hi)
		return out;
	return (struct joined){ true, lo != hi, hi_first ? hi : lo, hi_first ? lo : hi };
}

/* The points of @p in steps of @join cells; only counted when it has no room for them. */
static unsigned int put_states(struct plot *p, const struct grid *grid, const struct choice *c, unsigned int join)
{
	unsigned int n = 0, cells = grid_cells(grid);

	for (unsigned int k = 0; k < cells; k += join) {
		struct joined at[PLOT_LINES];
		bool any = false, pair = false;

		for (unsigned int i = 0; i < c->n; i++) {
			at[i] = join_cells(&c->lines[i]->curve, k, join);
			any |= at[i].set;
			pair |= at[i].pair;
		}
		for (unsigned int i = 0; p->seconds && i < c->n; i++) {
			if (at[i].set)
				p->lines[i].values[n] = at[i].first;
			if (at[i].pair)
				p->lines[i].values[n + 1] = at[i].second;
		}
		if (p->seconds && any)
			p->seconds[n] = seconds_of(grid, k, 0);
		if (p->seconds && pair)
			p->seconds[n + 1] = seconds_of(grid, k, join / 2.0);
		n += any + pair;
	}
	return n;
}

static int plot_states(struct plot *p, const struct grid *grid, const struct choice *c)
{
	unsigned int n, join = 1;

	for (unsigned int i = 0; i < c->n; i++)
		name_line(&p->lines[i], grid, c->lines[i]);
	n = put_states(p, grid, c, join);
	if (n > PLOT_POINTS)
		n = put_states(p, grid, c, ++join);
	if (make_points(p, n))
		return -ENOMEM;
	put_states(p, grid, c, join);
	p->step = c->lines[0]->curve.form == CURVE_STATE;
	return 0;
}

static int plot_latency(struct plot *p, const struct recording *r)
{
	static const struct {
		const char	*name;
		double		share;
	} lines[] = { { "longest", 1 }, { "p99", 0.99 }, { "p50", 0.5 } };
	const struct latency_curve *l = recording_latency(r);
	const struct grid *grid = recording_grid(r);
	unsigned int n = (grid_cells(grid) + LATENCY_SPAN - 1) / LATENCY_SPAN;

	p->nlines = sizeof(lines) / sizeof(lines[0]);
	p->gaps = true;
	if (make_points(p, n))
		return -ENOMEM;
	for (unsigned int i = 0; i < p->nlines; i++) {
		struct plot_line *out = &p->lines[i];

		out->name = lines[i].name;
		out->total = NAN;
		out->lo = INFINITY;
		for (unsigned int k = 0; k < n; k++) {
			double ms =
				ns_to_ms(lines[i].share < 1 ? latency_curve_at(l, k, lines[i].share) : l->max_ns[k]);

			p->seconds[k] = seconds_of(grid, k * LATENCY_SPAN, 0);
			if (!l->max_ns[k])
				continue;
			out->values[k] = ms;
			out->lo = fmin(out->lo, ms);
			if (ms > out->hi) {
				out->hi = ms;
				out->hi_s = p->seconds[k];
			}
		}
	}
	return 0;
}

/* --- why not --- */

static void why_no_events(const struct analysis *a, const struct recording *r, const struct chart_info *info, char *why)
{
	const struct facts *facts = analysis_facts(a);
	const char *missing = recording_fact_of(r, "missing") ?: "", *name = tp_info(info->events[0])->name;
	bool told = recording_fact_of(r, "recorded") != NULL;

	if (facts->recorded[info->events[0]])
		snprintf(why, PLOT_WHY_BYTES, "%s was recorded, and did not happen.", name);
	else if (strstr(missing, name))
		snprintf(why, PLOT_WHY_BYTES, "this kernel has no %s.", name);
	else if (told)
		snprintf(why, PLOT_WHY_BYTES, "%s was not recorded.", name);
	else
		snprintf(why, PLOT_WHY_BYTES,
			 "there is no %s in the recording: it did not happen, or was not recorded.", name);
}

/* "zram (no device); pressure (PSI is off ...)": the reason of one subject. */
static bool told_not_sampled(const struct recording *r, const char *subject, char *why)
{
	const char *p = recording_fact_of(r, "not_sampled");
	size_t len = subject ? strlen(subject) : 0;

	for (; p && len; p = strchr(p, ';')) {
		p += strspn(p, "; ");
		if (strncmp(p, subject, len) || strncmp(p + len, " (", 2))
			continue;
		snprintf(why, PLOT_WHY_BYTES, "not sampled: %.*s.", (int)strcspn(p + len + 2, ")"), p + len + 2);
		return true;
	}
	return false;
}

static void why_none(const struct analysis *a, const struct recording *r, const struct chart_info *info, char *why)
{
	if (info->events[0] != TP_NONE)
		why_no_events(a, r, info, why);
	else if (!recording_samples(r))
		snprintf(why, PLOT_WHY_BYTES, "a trace has no samples of counters; squall record takes them.");
	else if (!told_not_sampled(r, info->subject, why))
		snprintf(why, PLOT_WHY_BYTES, "this machine has nothing of it, or it was not sampled.");
}

/* --- all of them --- */

static int add_plot(struct plots *out, const struct recording *r, enum chart chart, int node, const struct choice *c)
{
	struct plot *p = &out->plot[out->n++];

	*p = (struct plot){ .info = &chart_table[chart], .node = node, .nlines = c->n, .lines_left_out = c->left_out };
	if (c->lines[0]->curve.form == CURVE_SUM)
		return plot_sums(p, recording_grid(r), c);
	return plot_states(p, recording_grid(r), c);
}

static int add_latency(struct plots *out, const struct recording *r)
{
	struct plot *p = &out->plot[out->n++];

	*p = (struct plot){ .info = &chart_table[CHART_LATENCY], .node = -1 };
	return plot_latency(p, r);
}

static bool has_plot(const struct plots *p, enum chart chart)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (p->plot[i].info == &chart_table[chart])
			return true;
	return false;
}

static int add_chart(struct plots *out, const struct analysis *a, const struct recording *r, enum chart chart)
{
	const struct chart_info *info = &chart_table[chart];
	bool any = false, moved = false;
	int ret = 0;

	if (info->instead_of != chart && has_plot(out, info->instead_of))
		return 0;
	if (chart == CHART_LATENCY && recording_latency(r)->count)
		return add_latency(out, r);
	for (int node = info->of_node ? 0 : -1; node < (info->of_node ? CHART_NODES : 0) && !ret; node++) {
		struct choice c = choose_lines(r, chart, node);

		any |= c.any;
		moved |= c.moved;
		if (c.moved)
			ret = add_plot(out, r, chart, node, &c);
	}
	if (!moved) {
		struct plot_gap *gap = &out->gap[out->ngaps++];

		gap->info = info;
		if (any)
			snprintf(gap->why, sizeof(gap->why), "it was 0 from beginning to end.");
		else
			why_none(a, r, info, gap->why);
	}
	return ret;
}

int plots_make(const struct analysis *a, const struct recording *r, struct plots **out)
{
	int ret = 0;

	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (int chart = 0; chart < CHARTS && !ret; chart++)
		ret = add_chart(*out, a, r, chart);
	return ret;
}

void plots_free(struct plots *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->n; i++) {
		free(p->plot[i].seconds);
		for (unsigned int k = 0; k < p->plot[i].nlines; k++)
			free(p->plot[i].lines[k].values);
	}
	free(p);
}

const char *plot_title(const struct plot *plot, char *buf, size_t size)
{
	if (plot->node < 0)
		snprintf(buf, size, "%s", plot->info->title);
	else
		snprintf(buf, size, "%s, node %d", plot->info->title, plot->node);
	return buf;
}
