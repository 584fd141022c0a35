/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exposure.h - is this machine, as it is set up right now, exposed to each kind of storm, and why?
 *
 * Only kinds that the set-up decides. "No" means that a condition is missing, not that the machine is healthy.
 */
#ifndef SQUALL_COLLECT_EXPOSURE_H
#define SQUALL_COLLECT_EXPOSURE_H

#include "collect/machine.h"
#include "kernel/feature.h"

enum exposed { EXPOSED_UNKNOWN, EXPOSED_NO, EXPOSED_YES };

struct exposure {
	const char	*kind;		/* as of findings: "spurious-kswapd-reset"; constant */
	enum exposed	exposed;
	char		why[320];	/* the facts */
	char		todo[160];	/* what ends it, or "" */
};

#define EXPOSURES_MAX	12

/* @features: KF_COUNT rows. Fills @out, at most EXPOSURES_MAX rows; returns how many. */
int exposures_of(const struct machine *m, const struct kernel_feature *features, struct exposure *out);

const char *exposed_name(enum exposed exposed);

#endif
