// SPDX-License-Identifier: GPL-2.0-only
/*
 * curve.c - see curve.h.
 */
#include "report/curve.h"

#include <string.h>

#include "spine/time.h"

unsigned int grid_at(struct grid *grid, uint64_t ts)
{
	if (!grid->begun)
		*grid = (struct grid){ .begun = true, .start_ns = ts, .end_ns = ts, .width_ns = GRID_WIDTH_NS };
	if (ts > grid->end_ns)
		grid->end_ns = ts;
	while (elapsed_ns(grid->start_ns, ts) / grid->width_ns >= GRID_CELLS) {
		grid->width_ns *= 2;
		grid->level++;
	}
	return elapsed_ns(grid->start_ns, ts) / grid->width_ns;
}

unsigned int grid_cells(const struct grid *grid)
{
	return grid->begun ? (grid->end_ns - grid->start_ns) / grid->width_ns + 1 : 0;
}

static struct cell cell_join(const struct curve *curve, const struct cell *a, const struct cell *b)
{
	if (!a->set || !b->set)
		return a->set ? *a : *b;
	if (curve->form == CURVE_SUM)
		return (struct cell){ .lo = a->lo + b->lo, .set = true };
	return (struct cell){
		.lo = b->lo < a->lo ? b->lo : a->lo,
		.hi = b->hi > a->hi ? b->hi : a->hi,
		.set = true,
		.hi_first = b->lo < a->lo ? b->hi <= a->hi || b->hi_first : b->hi <= a->hi && a->hi_first,
	};
}

void curve_settle(struct curve *curve, const struct grid *grid)
{
	for (; curve->level < grid->level; curve->level++) {
		for (unsigned int i = 0; i < GRID_CELLS / 2; i++)
			curve->cells[i] = cell_join(curve, &curve->cells[2 * i], &curve->cells[2 * i + 1]);
		memset(curve->cells + GRID_CELLS / 2, 0, sizeof(curve->cells) / 2);
	}
}

static struct cell *touch(struct curve *curve, struct grid *grid, uint64_t ts)
{
	unsigned int at = grid_at(grid, ts);

	/* An empty curve has nothing to join. */
	if (!curve->values)
		curve->level = grid->level;
	if (curve->level != grid->level)
		curve_settle(curve, grid);
	return &curve->cells[at];
}

static void note_value(struct curve *curve, uint64_t ts, double value)
{
	if (!curve->values) {
		curve->lo = curve->hi = value;
		curve->hi_ns = ts;
	}
	if (value < curve->lo)
		curve->lo = value;
	if (value > curve->hi) {
		curve->hi = value;
		curve->hi_ns = ts;
	}
	curve->last = value;
	curve->values++;
}

void curve_value(struct curve *curve, struct grid *grid, uint64_t ts, double value)
{
	struct cell *cell = touch(curve, grid, ts);
	struct cell one = { .lo = value, .hi = value, .set = true };

	*cell = cell_join(curve, cell, &one);
	note_value(curve, ts, value);
}

static void add(struct curve *curve, struct grid *grid, uint64_t ts, double amount)
{
	struct cell *cell = touch(curve, grid, ts);

	cell->lo += amount;
	cell->set = true;
	curve->sum += amount;
}

void curve_add(struct curve *curve, struct grid *grid, uint64_t ts, double amount)
{
	add(curve, grid, ts, amount);
	note_value(curve, ts, amount);
}

void curve_spread(struct curve *curve, struct grid *grid, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ts = from_ns > grid->start_ns || !grid->begun ? from_ns : grid->start_ns;

	grid_at(grid, to_ns);		/* the last doubling comes before the first cell */
	while (ts < to_ns) {
		unsigned int at = grid_at(grid, ts);
		uint64_t end = grid->start_ns + (at + 1) * grid->width_ns;

		end = end > ts && end < to_ns ? end : to_ns;
		add(curve, grid, ts, ns_to_s(end - ts));
		curve->values++;
		ts = end;
	}
}

/* --- percentiles --- */

void latency_curve_settle(struct latency_curve *l, const struct grid *grid)
{
	const unsigned int half = LATENCY_CELLS / 2;

	for (; l->level < grid->level; l->level++) {
		for (unsigned int i = 0; i < half; i++) {
			uint64_t a = l->max_ns[2 * i], b = l->max_ns[2 * i + 1];

			l->max_ns[i] = a > b ? a : b;
			for (unsigned int k = 0; k < LATENCY_OCTAVES * LATENCY_STEPS; k++)
				l->bucket[i][k] = l->bucket[2 * i][k] + l->bucket[2 * i + 1][k];
		}
		memset(l->max_ns + half, 0, sizeof(l->max_ns) / 2);
		memset(l->bucket + half, 0, sizeof(l->bucket) / 2);
	}
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int top;

	if (ns < 1ull << LATENCY_SHIFT)
		return 0;
	top = 63 - __builtin_clzll(ns);
	if (top >= LATENCY_SHIFT + LATENCY_OCTAVES)
		return LATENCY_OCTAVES * LATENCY_STEPS - 1;
	return (top - LATENCY_SHIFT) * LATENCY_STEPS + (ns >> (top - 4)) - LATENCY_STEPS;
}
_Static_assert(LATENCY_STEPS == 1 << 4, "bucket_of takes four bits");
_Static_assert(LATENCY_CELLS % 2 == 0 && GRID_CELLS % (2 * LATENCY_SPAN) == 0, "cells join in pairs");

/* The middle. */
static uint64_t bucket_ns(unsigned int bucket)
{
	unsigned int top = LATENCY_SHIFT + bucket / LATENCY_STEPS;

	return ((uint64_t)(LATENCY_STEPS + bucket % LATENCY_STEPS) << (top - 4)) + (1ull << (top - 5));
}

void latency_curve_add(struct latency_curve *l, struct grid *grid, uint64_t ts, uint64_t ns)
{
	unsigned int cell = grid_at(grid, ts) / LATENCY_SPAN;

	if (!l->count)
		l->level = grid->level;
	if (l->level != grid->level)
		latency_curve_settle(l, grid);
	l->count++;
	l->bucket[cell][bucket_of(ns)]++;
	if (ns > l->max_ns[cell])
		l->max_ns[cell] = ns;
}

uint64_t latency_curve_at(const struct latency_curve *l, unsigned int cell, double share)
{
	uint64_t total = 0, rank, below = 0;

	for (unsigned int k = 0; k < LATENCY_OCTAVES * LATENCY_STEPS; k++)
		total += l->bucket[cell][k];
	/* Nearest rank, from 1. */
	rank = share * total;
	rank += rank < share * total;
	for (unsigned int k = 0; k < LATENCY_OCTAVES * LATENCY_STEPS; k++) {
		below += l->bucket[cell][k];
		if (l->bucket[cell][k] && below >= rank)
			return bucket_ns(k) < l->max_ns[cell] ? bucket_ns(k) : l->max_ns[cell];
	}
	return 0;
}
