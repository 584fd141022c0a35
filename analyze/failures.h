/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * failures.h - changes of kswapd_failures as the kernel's own events (7.0) tell them: each failure with the new value,
 * each reset with its reason and the task in whose context it happened.
 */
#ifndef SQUALL_ANALYZE_FAILURES_H
#define SQUALL_ANALYZE_FAILURES_H

#include "analyze/mm_event.h"
#include "analyze/run.h"

/* The last value of each node. Zero-initialised: nothing known. */
struct failures_values {
	int32_t	value_plus_1[RUN_MAX_NODES];	/* 0: not known */
};

/* Whether @mm is such a change; then *change, whose comm is "" and whose texts are constants. */
bool failures_from_event(struct failures_values *values, const struct mm_event *mm, struct failures_change *change);

#endif
