/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * failures.h - one story of kswapd_failures out of two.
 *
 * Kernels since 7.0 tell each failure with the new value, and each reset with its reason, by events; via "tracepoint".
 * squall record's BPF programs see changes on every kernel, a little later and without the reason. Where the events are
 * recorded, a change that the BPF programs saw is told only if the events do not account for it: events were lost, or
 * one of the two is wrong. The first sight of a node (previous -1) is always told, for no event tells where it starts.
 */
#ifndef SQUALL_ANALYZE_FAILURES_H
#define SQUALL_ANALYZE_FAILURES_H

#include "analyze/mm_event.h"

typedef void (*failures_fn)(void *ctx, const struct failures_change *change);

struct failures_merge;

/* @tell is given each change once. -ENOMEM. Caller frees *out. */
int failures_merge_new(failures_fn tell, void *ctx, struct failures_merge **out);
void failures_merge_free(struct failures_merge *m);	/* NULL is fine */

/* Whether @mm is such a change; then *change, with comm "" and constants as texts, for failures_merge_tell(). */
bool failures_merge_event(struct failures_merge *m, const struct mm_event *mm, struct failures_change *change);
void failures_merge_tell(struct failures_merge *m, const struct failures_change *change);

/* A change that BPF saw. @have_events: the events of 7.0 are recorded. */
void failures_merge_seen(struct failures_merge *m, const struct failures_change *change, bool have_events);

/* All events up to @ts have come: what waits for them is decided. UINT64_MAX at the end. */
void failures_merge_until(struct failures_merge *m, uint64_t ts);

#endif
