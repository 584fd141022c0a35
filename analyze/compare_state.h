/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare_state.h - a comparison as compare.c and compare_check.c share it. Private to these two.
 */
#ifndef SQUALL_ANALYZE_COMPARE_STATE_H
#define SQUALL_ANALYZE_COMPARE_STATE_H

#include "analyze/compare.h"

struct compare {
	const struct compare_options	*options;
	struct compared_run		runs[ARM_COUNT][COMPARE_RUNS_MAX];
	unsigned int			nruns[ARM_COUNT];
	struct compared			**metrics;
	unsigned int			nmetrics, family;
	uint64_t			metrics_left_out;
	struct problem			*problems;
	unsigned int			nproblems;
	struct env_difference		differences[ENVIRONMENT_MAX];
	unsigned int			ndifferences;
	int				error;
};

/* Adds a problem; without memory c->error tells. */
void compare_say(struct compare *c, enum problem_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* compare_check.c: finds the differences and the problems. */
void compare_check(struct compare *c);

/* Fact @i of all runs that tell it is the same, and either all tell it or all are of one kernel release. */
bool compare_agrees(const struct compare *c, const char *fact);

#endif
