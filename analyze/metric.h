/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metric.h - the numbers by which two kernels are compared: one table row each, computed from one trial.
 *
 * Rates and shares are of the time of the recording, so that runs of unlike length can be held against each other. What
 * a recording does not have is NAN, never 0: not sampled, event not recorded, nothing to take a percentile of.
 */
#ifndef SQUALL_ANALYZE_METRIC_H
#define SQUALL_ANALYZE_METRIC_H

#include "analyze/trial.h"

#define METRIC_NAME_BYTES	320		/* the path of a cgroup has room in it */
#define METRIC_UNIT_BYTES	32
#define METRIC_LIST		4

/*
 * What a workload says of itself: a series of the whole system called job.NAME.FIELD; its last value counts. By its
 * unit less is better for s, ms, us and ns, more for everything a second (".../s"); for a count by its FIELD:
 * operations, errors. Of others a change is told without a judgement.
 */
#define METRIC_JOB		"job."
#define METRIC_FINDING		"finding."
#define METRIC_CGROUP		"cgroup."		/* cgroup.PATH.NAME */

enum better { BETTER_NEITHER, BETTER_LOWER, BETTER_HIGHER };

/* Counters that do not count the same on all kernels (kernel-domain.md 5 and 8). */
enum boundary { BOUNDARY_NONE, BOUNDARY_MEMCG_SCAN, BOUNDARY_COMPACT_STALL, BOUNDARY_COUNT };

struct boundary_row {
	const char	*features[2];	/* all runs must agree on these, or be of one kernel release; NULL ends */
	const char	*why;
	const char	*instead;	/* the metric to look at */
};

extern const struct boundary_row boundaries[BOUNDARY_COUNT];

struct metric {
	const char		*name;		/* "kswapd.cpu": group and name */
	const char		*unit;
	const char		*about;		/* one line: how it is computed */
	enum better		better;
	double (*value)(const struct trial *t, const struct metric *m);
	enum boundary		boundary;
	enum tracepoint		needs;		/* the event that it is made of; TP_NONE: made of samples */
	/* Parameters of value(). Series may be globs; each must be there. */
	enum sample_scope	scope;
	const char		*of[METRIC_LIST], *per[METRIC_LIST];
	double			scale;		/* the result is multiplied by this; 0 is 1 */
	int			which;		/* enum tally, or enum call_kind */
	double			share;		/* 0.99: percentile 99 */
};

extern const struct metric metrics[];
extern const unsigned int nmetrics;

/* A metric of one node (kswapd.cpu.node1), where there are several, or of one cgroup. */
struct metric_part {
	char		name[METRIC_NAME_BYTES];
	const char	*unit, *about;
	enum better	better;
	double		value;
};

typedef void (*metric_part_take)(void *ctx, const struct metric_part *part);

/* Gives @take all of them; @cgroups are paths. */
void metric_parts(const struct trial *t, const char *const *cgroups, unsigned int ncgroups, metric_part_take take,
		  void *ctx);

const char *better_name(enum better better);	/* "lower", "higher", "neither" */

enum better metric_job_better(const char *name, const char *unit);

#endif
