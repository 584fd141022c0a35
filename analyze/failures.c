// SPDX-License-Identifier: GPL-2.0-only
/*
 * failures.c - see failures.h.
 */
#include "analyze/failures.h"

#include "kernel/names.h"

bool failures_from_event(struct failures_values *values, const struct mm_event *mm, struct failures_change *change)
{
	bool failed = mm_tp(mm) == TP_KSWAPD_RECLAIM_FAIL;
	int64_t nid = mm_int(mm, TPF_NID, -1);

	if ((!failed && mm_tp(mm) != TP_KSWAPD_CLEAR_HOPELESS) || nid < 0 || nid >= RUN_MAX_NODES)
		return false;
	*change = (struct failures_change){
		.ts = mm->ev->ts,
		.node = nid,
		.value = failed ? mm_int(mm, TPF_FAILURES, 0) : 0,
		.previous = values->value_plus_1[nid] - 1,
		.tid = mm->ev->tid,
		.comm = "",
		.via = "tracepoint",
		.reason = failed ? "" : name_of(NAMES_HOPELESS_REASON, mm_int(mm, TPF_REASON, -1)) ?: "",
	};
	values->value_plus_1[nid] = change->value + 1;
	return true;
}
