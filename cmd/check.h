/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check.h - what squall check has found out, between the command and its two forms of output.
 */
#ifndef SQUALL_CMD_CHECK_H
#define SQUALL_CMD_CHECK_H

#include <stdio.h>

#include "collect/event_set.h"
#include "collect/exposure.h"
#include "collect/machine.h"
#include "collect/readiness.h"
#include "kernel/feature.h"

#define CHECK_GROUPS_MAX	16

/* The tracepoints of one group; struct event_choice.present means nothing unless events_known. */
struct check_group {
	const struct event_group	*group;
	struct event_set		set;
};

struct check_results {
	bool			can_record;
	int			nready;
	struct readiness	ready[READINESS_MAX];
	bool			events_known;		/* tracefs could be asked */
	int			ngroups;
	struct check_group	groups[CHECK_GROUPS_MAX];
	struct readiness	bpf;			/* as of loading the programs */
	struct kernel_feature	features[KF_COUNT];
	int			nexposures;
	struct exposure		exposures[EXPOSURES_MAX];
};

void check_print_text(const struct check_results *results, bool color, FILE *out);

/* 0 or -ENOMEM. */
int check_print_json(const struct check_results *results, FILE *out);

#endif
