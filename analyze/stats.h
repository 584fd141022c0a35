/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - what two small sets of numbers say of each other: one number per run, a handful of runs on each side.
 *
 * Nothing here knows what the numbers are. All arguments are finite; where a result is not defined it is NAN. Ratios
 * and differences are those of the second set, the candidates, to the first one.
 */
#ifndef SQUALL_ANALYZE_STATS_H
#define SQUALL_ANALYZE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#define STATS_MAX		256		/* numbers in a set */
#define STATS_FAMILY_MAX	1024		/* p values that are adjusted together */
#define STATS_RESAMPLES		10000u		/* of a bootstrap; section 5 of the domain reference asks for as many */
#define STATS_EXACT_MAX		20u		/* largest set for the exact p; the normal form is within 1 % there */
#define STATS_SPLITS		1000u		/* of a placebo; as many balanced splits at most */
#define STATS_POWER		0.8
#define STATS_ALPHA		0.05

struct stats_set {
	unsigned int	n;
	double		v[STATS_MAX];
};

struct stats_spread {
	double	median, q1, q3;		/* linear interpolation between order statistics, "type 7" of R and numpy */
};

struct stats_range {
	double	lo, hi;
};

/* Sorts @set, as all functions below want it. */
void stats_sort(struct stats_set *set);

struct stats_spread stats_spread(const struct stats_set *sorted);

/*
 * Two-sided p of the Mann-Whitney U test. Exact when no number occurs twice and neither set is larger than
 * STATS_EXACT_MAX; else from the normal distribution, with the variance corrected for ties and U for continuity. 1 when
 * all numbers are equal. Says in *exact which.
 */
double stats_mann_whitney(const struct stats_set *base, const struct stats_set *cand, bool *exact);

/* The least p that sets of these sizes can have, without ties. */
double stats_least_p(unsigned int nbase, unsigned int ncand);

/* Cliff's delta: how much likelier a candidate is above a base number than below, -1 .. 1. */
double stats_cliffs_delta(const struct stats_set *base, const struct stats_set *cand);

/*
 * Holm's adjustment of @n values, at most STATS_FAMILY_MAX, in place: each becomes the least level at which it is still
 * significant.
 */
void stats_holm(double *p, unsigned int n);

/*
 * 95 % percentile intervals by bootstrap, each set resampled by itself: of the ratio of medians and of their
 * difference. The same seed gives the same intervals. A resample whose base median is 0 has the ratio 1 when the other
 * one is 0 too, else infinity: a bound can be INFINITY. NAN for fewer than two numbers in a set: one has no spread.
 */
void stats_bootstrap(const struct stats_set *base, const struct stats_set *cand, uint64_t seed,
		     struct stats_range *ratio, struct stats_range *difference);

/*
 * The least factor between medians that would be found with STATS_POWER at STATS_ALPHA: exp((t(1 - alpha/2) + t(power))
 * * s * sqrt(1/n1 + 1/n2) / sqrt(3/pi)), s the pooled standard deviation of the logarithms, 3/pi the efficiency of the
 * Mann-Whitney test against t. NAN when a number is not above 0 or there are fewer than two in a set.
 */
double stats_detectable(const struct stats_set *base, const struct stats_set *cand);

/*
 * A/A: @set split into halves in all ways (at most STATS_SPLITS, then a random choice by @seed). *ratio and *difference
 * hold the middle 95 % of those of the medians; the result is how many splits were made, 0 for fewer than four numbers.
 * *low_p tells how many had p below STATS_ALPHA.
 */
unsigned int stats_placebo(const struct stats_set *set, uint64_t seed, struct stats_range *ratio,
			   struct stats_range *difference, unsigned int *low_p);

#endif
