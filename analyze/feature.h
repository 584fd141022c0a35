/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * feature.h - what a recording shows of the fixes and features of its kernel (kernel-domain.md section 0).
 *
 * From what the kernel did and which events and fields it has, never from its version. A trace shows little, so most
 * answers are "unknown": that something is not in a recording does not mean that the kernel lacks it.
 */
#ifndef SQUALL_ANALYZE_FEATURE_H
#define SQUALL_ANALYZE_FEATURE_H

#include "analyze/analysis.h"

enum feature_state { FEATURE_UNKNOWN, FEATURE_PRESENT, FEATURE_ABSENT };

struct feature {
	const char		*name;		/* "kswapd-reset-fix" */
	enum feature_state	state;
	const char		*how;		/* what it was concluded from; constant */
};

#define FEATURES_MAX	16

/* Fills @out, at most FEATURES_MAX rows; returns how many. Call when the analysis has ended. */
int features_of(const struct analysis *a, struct feature *out);

const char *feature_state_name(enum feature_state state);

#endif
