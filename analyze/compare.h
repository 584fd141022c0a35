/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - the evidence of an A/B experiment: what the runs of two arms say of each metric, and what forbids to
 * conclude anything.
 *
 * compare_new, compare_add for each run, compare_conclude, then read the results. One run is one number per metric.
 * What is a refusal is for the caller to heed: the results are there all the same. Times are ns.
 */
#ifndef SQUALL_ANALYZE_COMPARE_H
#define SQUALL_ANALYZE_COMPARE_H

#include "analyze/environment.h"
#include "analyze/metric.h"
#include "analyze/stats.h"

#define COMPARE_RUNS_MAX	STATS_MAX	/* of an arm */
#define COMPARE_METRICS_MAX	STATS_FAMILY_MAX
#define COMPARE_RUNS_MIN	5		/* of an arm: with fewer no verdict; kernel-domain.md 5 */
#define COMPARE_RUNS_GOOD	10
#define COMPARE_LOSS_MAX	0.01		/* of a run's events */
#define COMPARE_LENGTH_MAX	0.10		/* runs that differ by more in length are said to be unlike */

enum arm { ARM_BASE, ARM_CAND, ARM_COUNT };

enum role {
	ROLE_PRIMARY,
	ROLE_SECONDARY,		/* of the family that Holm's correction is over */
	ROLE_TOLD,		/* not declared, or the same in all runs: no test decides on it */
};

enum verdict {
	VERDICT_NONE,		/* none was sought: ROLE_TOLD, or not compared */
	VERDICT_FEW,		/* fewer than COMPARE_RUNS_MIN runs */
	VERDICT_SAME,		/* no difference shown */
	VERDICT_PLACEBO,	/* significant, and no larger than the base runs differ from each other */
	VERDICT_BETTER, VERDICT_WORSE,
	VERDICT_CHANGED,	/* neither direction is the better one */
	VERDICT_COUNT
};

/* One metric. A value that there is not is NAN. */
struct compared {
	char			name[METRIC_NAME_BYTES];
	char			unit[METRIC_UNIT_BYTES];
	const char		*about;
	enum better		better;
	const struct metric	*metric;		/* NULL: of a job, or of findings */
	bool			of_events;
	bool			constant;		/* the same in all runs: there is nothing to test */
	enum role		role;
	double			value[ARM_COUNT][COMPARE_RUNS_MAX];
	char			why_not[256];		/* it was not compared; "" it was */

	struct stats_spread	spread[ARM_COUNT];
	double			ratio;			/* of medians; NAN unless the base median is above 0 */
	struct stats_range	ratio_range;
	double			difference;
	struct stats_range	difference_range;
	double			p, p_holm;		/* p_holm: secondary metrics only */
	bool			exact;
	double			delta;			/* Cliff's */
	double			detectable;		/* factor */
	unsigned int		splits, splits_low_p;	/* placebo; 0: none was made */
	struct stats_range	placebo_ratio, placebo_difference;
	enum verdict		verdict;
};

struct compared_run {
	char			*path;
	struct environment	env;
	char			*boot_id, *damage;	/* NULL not told */
	uint64_t		span_ns, sampled_ns, events;
	uint64_t		start_ns, start_realtime_ns;	/* 0 not told */
	double			loss;			/* share; INFINITY not known */
	bool			thinned, cut_short, part, rotates_lru;
	unsigned int		findings;		/* above information */
	uint64_t		series_left_out;
};

enum problem_kind {
	PROBLEM_RUN,		/* the runs are not what an experiment needs: refused */
	PROBLEM_ENVIRONMENT,	/* refused unless it is forced */
	PROBLEM_LOSS,		/* the same */
	PROBLEM_NOTE,		/* the reader has to know it */
};

struct problem {
	enum problem_kind	kind;
	char			text[1024];
};

struct compare_options {
	const char		*primary;		/* NULL: none declared */
	const char *const	*secondary;		/* metrics, or globs; NULL: all */
	unsigned int		nsecondary;
	const char *const	*vary;			/* facts that differ between the arms on purpose */
	unsigned int		nvary;
	const char *const	*cgroups;		/* paths; each has metrics of its own */
	unsigned int		ncgroups;
	uint64_t		seed;
	bool			placebo;
};

struct compare;

/* @options is borrowed, with what it points to, until compare_free, which takes NULL. -ENOMEM. */
int compare_new(const struct compare_options *options, struct compare **out);
void compare_free(struct compare *c);

/* Takes what it needs of a trial that has ended. -ENOMEM, -E2BIG: more runs than COMPARE_RUNS_MAX. */
int compare_add(struct compare *c, enum arm arm, const char *path, const struct trial *t);

/* 0, -ENOENT: there is no metric, cgroup, or fact to vary of a name that the options have, which *name tells; -ENOMEM. */
int compare_conclude(struct compare *c, const char **name);

unsigned int compare_nruns(const struct compare *c, enum arm arm);
const struct compared_run *compare_run(const struct compare *c, enum arm arm, unsigned int i);

unsigned int compare_nmetrics(const struct compare *c);
const struct compared *compare_metric(const struct compare *c, unsigned int i);
unsigned int compare_family(const struct compare *c);	/* how many secondary metrics Holm's correction is over */

unsigned int compare_nproblems(const struct compare *c);
const struct problem *compare_problem(const struct compare *c, unsigned int i);

const struct compare_options *compare_options(const struct compare *c);

/* A fact that is not the same in all runs. */
struct env_difference {
	unsigned int		fact;			/* number in environment.h */
	const char		*value[ARM_COUNT];	/* of the first run of each arm that tells; NULL none does */
	bool			within[ARM_COUNT];	/* not the same in all runs of the arm */
	bool			refused, varied;	/* varied: on purpose */
};

unsigned int compare_ndifferences(const struct compare *c);
const struct env_difference *compare_difference(const struct compare *c, unsigned int i);

const char *role_name(enum role role);
const char *verdict_name(enum verdict verdict);
const char *problem_name(enum problem_kind kind);

#endif
