// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - see stats.h. Distributions are R's own (libRmath); what is made of them is here.
 */
#include "analyze/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#define INTERVAL	0.95		/* of bootstrap and placebo */
#define EFFICIENCY	(3 / M_PI)	/* of Mann-Whitney against t, normal numbers */
#define SPLITS_MIN	4u		/* numbers that make two halves of two */

static int by_value(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static void sort(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), by_value);
}

void stats_sort(struct stats_set *set)
{
	sort(set->v, set->n);
}

/* Equal neighbours are not interpolated: between two infinities there is none. */
static double quantile(const double *sorted, unsigned int n, double share)
{
	double at = share * (n - 1);
	unsigned int below = at;

	if (below + 1 >= n || at == below || sorted[below] == sorted[below + 1])
		return sorted[below];
	return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

static double median(const double *sorted, unsigned int n)
{
	return quantile(sorted, n, 0.5);
}

struct stats_spread stats_spread(const struct stats_set *sorted)
{
	if (!sorted->n)
		return (struct stats_spread){ NAN, NAN, NAN };
	return (struct stats_spread){ median(sorted->v, sorted->n), quantile(sorted->v, sorted->n, 0.25),
				      quantile(sorted->v, sorted->n, 0.75) };
}

static struct stats_range middle(double *v, unsigned int n)
{
	sort(v, n);
	return (struct stats_range){ quantile(v, n, (1 - INTERVAL) / 2), quantile(v, n, (1 + INTERVAL) / 2) };
}

/* --- Mann-Whitney, Cliff --- */

/* Pairs in which the candidate is above, ones in which both are equal count half. */
static double mann_whitney_u(const struct stats_set *base, const struct stats_set *cand)
{
	double u = 0;

	for (unsigned int i = 0; i < base->n; i++)
		for (unsigned int j = 0; j < cand->n; j++)
			u += cand->v[j] > base->v[i] ? 1 : cand->v[j] == base->v[i] ? 0.5 : 0;
	return u;
}

/* Sum of t^3 - t over groups of t equal numbers. */
static double tie_sum(const struct stats_set *base, const struct stats_set *cand)
{
	double all[2 * STATS_MAX], sum = 0;
	unsigned int n = base->n + cand->n, run = 1;

	memcpy(all, base->v, base->n * sizeof(all[0]));
	memcpy(all + base->n, cand->v, cand->n * sizeof(all[0]));
	sort(all, n);
	for (unsigned int i = 1; i <= n; i++) {
		if (i < n && all[i] == all[i - 1]) {
			run++;
			continue;
		}
		sum += (double)run * run * run - run;
		run = 1;
	}
	return sum;
}

static double exact_p(double u, unsigned int n1, unsigned int n2)
{
	double mean = n1 * n2 / 2.0, p = u > mean ? pwilcox(u - 1, n2, n1, 0, 0) : pwilcox(u, n2, n1, 1, 0);

	wilcox_free();
	return fmin(1, 2 * p);
}

static double normal_p(double u, unsigned int n1, unsigned int n2, double ties)
{
	double n = n1 + n2, mean = n1 * n2 / 2.0;
	double variance = n1 * n2 / 12.0 * (n + 1 - ties / (n * (n - 1)));
	double distance = fmax(fabs(u - mean) - 0.5, 0);

	return variance > 0 ? fmin(1, 2 * pnorm(distance / sqrt(variance), 0, 1, 0, 0)) : 1;
}

double stats_mann_whitney(const struct stats_set *base, const struct stats_set *cand, bool *exact)
{
	double u, ties;

	*exact = false;
	if (!base->n || !cand->n)
		return NAN;
	u = mann_whitney_u(base, cand);
	ties = tie_sum(base, cand);
	*exact = ties == 0 && base->n <= STATS_EXACT_MAX && cand->n <= STATS_EXACT_MAX;
	return *exact ? exact_p(u, base->n, cand->n) : normal_p(u, base->n, cand->n, ties);
}

double stats_least_p(unsigned int nbase, unsigned int ncand)
{
	if (nbase <= STATS_EXACT_MAX && ncand <= STATS_EXACT_MAX)
		return exact_p(0, nbase, ncand);
	return normal_p(0, nbase, ncand, 0);
}

double stats_cliffs_delta(const struct stats_set *base, const struct stats_set *cand)
{
	if (!base->n || !cand->n)
		return NAN;
	return 2 * mann_whitney_u(base, cand) / ((double)base->n * cand->n) - 1;
}

/* --- Holm --- */

struct ranked {
	double		p;
	unsigned int	place;
};

static int by_p(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	return a->p < b->p ? -1 : a->p > b->p;
}

void stats_holm(double *p, unsigned int n)
{
	struct ranked ranked[STATS_FAMILY_MAX];
	double least = 0;

	for (unsigned int i = 0; i < n; i++)
		ranked[i] = (struct ranked){ p[i], i };
	qsort(ranked, n, sizeof(ranked[0]), by_p);
	for (unsigned int i = 0; i < n; i++) {
		least = fmax(least, fmin(1, (n - i) * ranked[i].p));
		p[ranked[i].place] = least;
	}
}

/* --- bootstrap --- */

struct generator {
	unsigned short		x[3];
	struct drand48_data	data;
};

static void generator_start(struct generator *g, uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	for (int i = 0; i < 3; i++)
		g->x[i] = seed >> (16 * i) ^ seed >> 48;
}

/* 0 .. n - 1 */
static unsigned int generator_below(struct generator *g, unsigned int n)
{
	double share;

	erand48_r(g->x, &g->data, &share);
	return share * n;
}

/* 0/0: both sides have none of it, which is no change. */
static double ratio_of(double base, double cand)
{
	if (base == 0)
		return cand == 0 ? 1 : INFINITY;
	return cand / base;
}

static double resampled_median(const struct stats_set *set, struct generator *g)
{
	double v[STATS_MAX];

	for (unsigned int i = 0; i < set->n; i++)
		v[i] = set->v[generator_below(g, set->n)];
	sort(v, set->n);
	return median(v, set->n);
}

void stats_bootstrap(const struct stats_set *base, const struct stats_set *cand, uint64_t seed,
		     struct stats_range *ratio, struct stats_range *difference)
{
	double ratios[STATS_RESAMPLES], differences[STATS_RESAMPLES];
	struct generator g;

	*ratio = *difference = (struct stats_range){ NAN, NAN };
	if (base->n < 2 || cand->n < 2)
		return;
	generator_start(&g, seed);
	for (unsigned int i = 0; i < STATS_RESAMPLES; i++) {
		double of_base = resampled_median(base, &g), of_cand = resampled_median(cand, &g);

		ratios[i] = ratio_of(of_base, of_cand);
		differences[i] = of_cand - of_base;
	}
	*ratio = middle(ratios, STATS_RESAMPLES);
	*difference = middle(differences, STATS_RESAMPLES);
}

/* --- what could have been found --- */

/* Sum of squared distances of the logarithms from their mean. NAN: there is a number that has none. */
static double log_squares(const struct stats_set *set)
{
	double mean = 0, sum = 0;

	for (unsigned int i = 0; i < set->n; i++) {
		if (!(set->v[i] > 0))
			return NAN;
		mean += log(set->v[i]) / set->n;
	}
	for (unsigned int i = 0; i < set->n; i++)
		sum += pow(log(set->v[i]) - mean, 2);
	return sum;
}

double stats_detectable(const struct stats_set *base, const struct stats_set *cand)
{
	double df = (double)base->n + cand->n - 2, squares, quantiles;

	if (base->n < 2 || cand->n < 2)
		return NAN;
	squares = log_squares(base) + log_squares(cand);
	quantiles = qt(1 - STATS_ALPHA / 2, df, 1, 0) + qt(STATS_POWER, df, 1, 0);
	return exp(quantiles * sqrt(squares / df * (1.0 / base->n + 1.0 / cand->n) / EFFICIENCY));
}

/* --- placebo --- */

struct placebo {
	const struct stats_set	*set;
	unsigned int		half;
	unsigned int		chosen[STATS_MAX];	/* places of the first half, rising */
	double			ratios[STATS_SPLITS], differences[STATS_SPLITS];
	unsigned int		splits, low_p;
};

static void placebo_split(struct placebo *p)
{
	struct stats_set a = { 0 }, b = { 0 };
	bool exact;

	for (unsigned int i = 0; i < p->set->n; i++) {
		struct stats_set *to = a.n < p->half && p->chosen[a.n] == i ? &a : &b;

		to->v[to->n++] = p->set->v[i];		/* sorted, for the set is */
	}
	p->ratios[p->splits] = ratio_of(median(a.v, a.n), median(b.v, b.n));
	p->differences[p->splits] = median(b.v, b.n) - median(a.v, a.n);
	p->low_p += stats_mann_whitney(&a, &b, &exact) < STATS_ALPHA;
	p->splits++;
}

/* The next choice of p->half places out of all, in the order of a dictionary. */
static bool placebo_next(struct placebo *p)
{
	unsigned int i = p->half;

	while (i && p->chosen[i - 1] == p->set->n - p->half + i - 1)
		i--;
	if (!i)
		return false;
	p->chosen[i - 1]++;
	for (; i < p->half; i++)
		p->chosen[i] = p->chosen[i - 1] + 1;
	return true;
}

/* Any choice is as likely: a place is taken with the share of what is still wanted of what is still to come. */
static void placebo_choose(struct placebo *p, struct generator *g)
{
	unsigned int taken = 0;

	for (unsigned int i = 0; i < p->set->n; i++)
		if (generator_below(g, p->set->n - i) < p->half - taken)
			p->chosen[taken++] = i;
}

unsigned int stats_placebo(const struct stats_set *set, uint64_t seed, struct stats_range *ratio,
			   struct stats_range *difference, unsigned int *low_p)
{
	struct placebo p = { .set = set, .half = set->n / 2 };
	struct generator g;

	*ratio = *difference = (struct stats_range){ NAN, NAN };
	*low_p = 0;
	if (set->n < SPLITS_MIN)
		return 0;
	for (unsigned int i = 0; i < p.half; i++)
		p.chosen[i] = i;
	if (choose(set->n, p.half) <= STATS_SPLITS) {
		do
			placebo_split(&p);
		while (placebo_next(&p));
	} else {
		generator_start(&g, seed);
		while (p.splits < STATS_SPLITS) {
			placebo_choose(&p, &g);
			placebo_split(&p);
		}
	}
	*ratio = middle(p.ratios, p.splits);
	*difference = middle(p.differences, p.splits);
	*low_p = p.low_p;
	return p.splits;
}
