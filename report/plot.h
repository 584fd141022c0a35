/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plot.h - the charts of one recording: which of chart_table have something to show, with which lines, and their
 * points.
 */
#ifndef SQUALL_REPORT_PLOT_H
#define SQUALL_REPORT_PLOT_H

#include "analyze/analysis.h"
#include "report/recording.h"

#define PLOTS_MAX	(CHARTS + CHART_NODES)
#define PLOT_LINES	16
#define PLOT_POINTS	GRID_CELLS	/* at most so many for each line */
#define PLOT_WHY_BYTES	512

struct plot_line {
	const char	*name;
	double		lo, hi;		/* lowest and highest; of the points for sums */
	double		hi_s;		/* when: seconds from the start */
	double		total;		/* of a sum; else NaN */
	double		*values;	/* npoints; NaN: none */
};

struct plot {
	const struct chart_info	*info;
	int			node;		/* -1: not of one */
	bool			step;		/* values hold until the next */
	bool			gaps;		/* no value: nothing happened; else it is between its neighbours */
	unsigned int		nlines, npoints;
	unsigned int		lines_left_out;
	double			*seconds;	/* npoints, from the start of the recording */
	struct plot_line	lines[PLOT_LINES];
};

struct plot_gap {
	const struct chart_info	*info;
	char			why[PLOT_WHY_BYTES];
};

struct plots {
	struct plot	plot[PLOTS_MAX];
	unsigned int	n;
	struct plot_gap	gap[CHARTS];	/* charts without data */
	unsigned int	ngaps;
};

/* -ENOMEM; plots_free frees also then. */
int plots_make(const struct analysis *a, const struct recording *r, struct plots **out);
void plots_free(struct plots *p);

/* What to do with a chart's title: "Free pages against watermarks, node 1". Returns buf. */
const char *plot_title(const struct plot *plot, char *buf, size_t size);

#endif
