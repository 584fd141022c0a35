/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chart.h - the charts of a report: which there are, what is drawn in them, and why one is left out.
 *
 * A line is one curve with a name. Lines are kept per chart and, where the chart is one of a node, per node. Names of
 * lines are constants or, with cgroups, devices and zones, somebody else's text.
 */
#ifndef SQUALL_REPORT_CHART_H
#define SQUALL_REPORT_CHART_H

#include "kernel/tracepoint.h"
#include "report/curve.h"

/* In the order in which they are shown. */
enum chart {
	CHART_FREE, CHART_RETRY_FREE, CHART_FAILURES, CHART_KSWAPD_CPU, CHART_KSWAPD_RUNS, CHART_STALLED,
	CHART_STALLS, CHART_LATENCY, CHART_SCAN, CHART_SCAN_EVENTS, CHART_REFAULT, CHART_EXTFRAG, CHART_COMPACTION,
	CHART_COMPACT_COUNTERS, CHART_THROTTLED, CHART_PSI, CHART_CGROUP_PSI, CHART_CGROUP_MEMORY, CHART_CGROUP_LIMIT,
	CHART_SWAP, CHART_SWAP_IO, CHART_ZRAM, CHART_ZSWAP, CHART_OOM,
	CHARTS
};

#define CHART_NODES	64		/* charts of nodes above are left out */
#define CHART_LINES	8		/* of cgroups and the like: those with most */

struct chart_info {
	const char	*id;			/* "node-free": in JSON and HTML */
	const char	*title;
	const char	*unit;			/* of the values: "bytes", "pages/s", "percent" */
	const char	*about;			/* how to read it, a sentence or two */
	bool		of_node;		/* one chart for each node */
	bool		log;			/* values of all magnitudes: drawn on a logarithmic scale */
	bool		ranked;			/* only the CHART_LINES lines with the largest sums or peaks */
	enum tracepoint	events[3];		/* what it is made of, TP_NONE ends; none: of samples */
	const char	*subject;		/* of samples, as meta not_sampled calls it; NULL */
	enum chart	instead_of;		/* left out when this one has lines; itself: never */
};

extern const struct chart_info chart_table[CHARTS];

struct line {
	enum chart		chart;
	int			node;		/* -1: not of a node */
	const char		*name;		/* owned */
	struct curve		curve;
	/* Rates of counters that are sampled; see sampled.c */
	int64_t			counter;
	uint64_t		counter_ns, period_ns;
	bool			counted;
};

#endif
