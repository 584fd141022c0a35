/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * curve.h - numbers over time in fixed memory, however long the recording: a time axis of cells that get wider.
 *
 * All curves of a report share one grid. It begins with cells of GRID_WIDTH_NS; whenever a time lies behind the last of
 * the GRID_CELLS cells, each two neighbours become one of twice the width. So a recording of any length has between
 * half of GRID_CELLS cells and all of them, and the end need not be known. Curves follow the grid when they are next
 * touched. What is before the start counts to the first cell.
 */
#ifndef SQUALL_REPORT_CURVE_H
#define SQUALL_REPORT_CURVE_H

#include <stdbool.h>
#include <stdint.h>

#define GRID_CELLS	1000		/* a chart is about as wide in pixels */
#define GRID_WIDTH_NS	1000000

struct grid {
	uint64_t	start_ns, end_ns;	/* of what was told to it */
	uint64_t	width_ns;
	unsigned int	level;			/* how often the width was doubled */
	bool		begun;
};

/* The cell of @ts; may make all cells wider. */
unsigned int grid_at(struct grid *grid, uint64_t ts);

/* The cells in use. */
unsigned int grid_cells(const struct grid *grid);

enum curve_form {
	CURVE_STATE,		/* a value that holds until the next one: lowest and highest are kept in each cell */
	CURVE_RATE,		/* a rate since the value before; kept as a state */
	CURVE_SUM,		/* amounts, added up in each cell */
};

struct cell {
	double	lo, hi;			/* sum: lo */
	bool	set;
	bool	hi_first;		/* hi came before lo */
};

struct curve {
	enum curve_form	form;
	unsigned int	level;
	uint64_t	values;		/* how many came */
	double		last;
	double		lo, hi;
	double		sum;
	uint64_t	hi_ns;		/* when hi was */
	struct cell	cells[GRID_CELLS];
};

/* For a state or a rate. */
void curve_value(struct curve *curve, struct grid *grid, uint64_t ts, double value);

/* For a sum: @amount at @ts. */
void curve_add(struct curve *curve, struct grid *grid, uint64_t ts, double amount);

/* For a sum: the seconds from @from_ns to @to_ns, each to the cell in which it lies. */
void curve_spread(struct curve *curve, struct grid *grid, uint64_t from_ns, uint64_t to_ns);

/* Brings the curve's cells to the width of the grid's: before they are read. */
void curve_settle(struct curve *curve, const struct grid *grid);

/*
 * Percentiles of durations over time. Each has LATENCY_SPAN cells of the grid; buckets are 16 to each power of two from
 * 1 us on, so that a percentile is wrong by at most 3.2 % (half a bucket). What is shorter counts as 1 us.
 */
#define LATENCY_SPAN	4
#define LATENCY_CELLS	(GRID_CELLS / LATENCY_SPAN)
#define LATENCY_STEPS	16
#define LATENCY_SHIFT	10		/* 2^10 ns */
#define LATENCY_OCTAVES	32		/* to 2^42 ns, more than an hour */

struct latency_curve {
	unsigned int	level;
	uint64_t	count;
	uint64_t	max_ns[LATENCY_CELLS];
	uint32_t	bucket[LATENCY_CELLS][LATENCY_OCTAVES * LATENCY_STEPS];
};

void latency_curve_add(struct latency_curve *l, struct grid *grid, uint64_t ts, uint64_t ns);
void latency_curve_settle(struct latency_curve *l, const struct grid *grid);

/* The duration that @share (0..1) of those in @cell do not exceed; 0 when there are none. */
uint64_t latency_curve_at(const struct latency_curve *l, unsigned int cell, double share);

#endif
