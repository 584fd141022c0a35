/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * feature.h - what a recording shows of the fixes and features of its kernel (kernel-domain.md section 0).
 *
 * A live recording asks the kernel itself (kernel/feature.h) and says what it heard in the metas FEATURE_META NAME, as
 * "present: how"; that is believed. Otherwise it is concluded from what the kernel did and which events and fields it
 * has, never from its version. A trace shows little, so most answers are then "unknown": that something is not in a
 * recording does not mean that the kernel lacks it.
 */
#ifndef SQUALL_ANALYZE_FEATURE_H
#define SQUALL_ANALYZE_FEATURE_H

#include "analyze/analysis.h"

#define FEATURE_META	"feature."

enum feature_state { FEATURE_UNKNOWN, FEATURE_PRESENT, FEATURE_ABSENT };

struct feature {
	const char		*name;		/* "kswapd-reset-fix" */
	enum feature_state	state;
	char			how[384];	/* what it was concluded from */
};

#define FEATURES_MAX	16

/* Fills @out, a row for each feature, at most FEATURES_MAX; returns how many. Call when the analysis has ended. */
int features_of(const struct analysis *a, struct feature *out);

const char *feature_state_name(enum feature_state state);

#endif
