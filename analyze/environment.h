/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * environment.h - what the runs of an experiment must have in common, and in what they differ.
 *
 * One table of facts: some must be equal in all runs, for otherwise a difference in the metrics has another possible
 * cause (refused); others differ by their nature, such as the kernel's release, and are listed.
 */
#ifndef SQUALL_ANALYZE_ENVIRONMENT_H
#define SQUALL_ANALYZE_ENVIRONMENT_H

#include "analyze/trial.h"

#define ENVIRONMENT_MAX		96		/* facts, those of the kernel's features included */
#define ENVIRONMENT_RELEASE	0u		/* the fact "kernel_release" */

enum environment_rule {
	ENVIRONMENT_EQUAL,		/* in all runs */
	ENVIRONMENT_ARM,		/* in all runs of an arm; between the arms it is what is compared */
	ENVIRONMENT_TOLD,		/* any; differences are listed */
};

/* The facts of one run. */
struct environment {
	char	*value[ENVIRONMENT_MAX];	/* NULL: not told */
};

/* How many facts there are, and what number @i is called. Features come last. */
unsigned int environment_count(void);
const char *environment_name(unsigned int i);
enum environment_rule environment_rule(unsigned int i);

/* Fills @env from @t. 0 or -ENOMEM; environment_clear frees, also after a failure. */
int environment_of(const struct trial *t, struct environment *env);
void environment_clear(struct environment *env);

/*
 * Are these values of fact @i the same? One that is not told equals nothing but another that is not, unless
 * it is a feature, which a trace seldom shows.
 */
bool environment_same(unsigned int i, const char *a, const char *b);

#endif
