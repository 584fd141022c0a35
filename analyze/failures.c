// SPDX-License-Identifier: GPL-2.0-only
/*
 * failures.c - see failures.h.
 *
 * A change that BPF saw waits until the events of its time have come. The events account for it if they say that the
 * counter had that value then, give or take the time between the kernel's counting and its telling.
 */
#include "analyze/failures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/run.h"
#include "kernel/names.h"

#define SLACK_NS	(10 * NSEC_PER_MSEC)	/* the task may lose its CPU between counting and telling */
#define HISTORY		128u	/* values of a node; BPF's changes come up to 0.1 s after the events of their time */
#define HELD_MAX	256u	/* changes that wait; the BPF programs' ring has room for 900 */

struct node_history {
	uint64_t	ts[HISTORY];	/* a ring; the last one at next - 1 */
	int32_t		value[HISTORY];
	uint32_t	next;		/* counts on */
};

struct held {
	struct failures_change	change;
	char			comm[64], via[24], reason[24];
};

struct failures_merge {
	failures_fn		tell;
	void			*ctx;
	struct node_history	*node[RUN_MAX_NODES];	/* NULL: nothing known of it */
	struct held		held[HELD_MAX];		/* in the order they came */
	uint32_t		nheld;
};

int failures_merge_new(failures_fn tell, void *ctx, struct failures_merge **out)
{
	struct failures_merge *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->tell = tell;
	m->ctx = ctx;
	*out = m;
	return 0;
}

void failures_merge_free(struct failures_merge *m)
{
	for (int nid = 0; m && nid < RUN_MAX_NODES; nid++)
		free(m->node[nid]);
	free(m);
}

/* Without memory for it nothing is remembered, and all that BPF sees is told. */
static void remember(struct failures_merge *m, int32_t nid, uint64_t ts, int32_t value)
{
	struct node_history *h;

	if (!m->node[nid])
		m->node[nid] = calloc(1, sizeof(*m->node[nid]));
	h = m->node[nid];
	if (!h)
		return;
	h->ts[h->next % HISTORY] = ts;
	h->value[h->next % HISTORY] = value;
	h->next++;
}

bool failures_merge_event(struct failures_merge *m, const struct mm_event *mm, struct failures_change *change)
{
	bool failed = mm_tp(mm) == TP_KSWAPD_RECLAIM_FAIL;
	int64_t nid = mm_int(mm, TPF_NID, -1);
	const struct node_history *h;

	if ((!failed && mm_tp(mm) != TP_KSWAPD_CLEAR_HOPELESS) || nid < 0 || nid >= RUN_MAX_NODES)
		return false;
	failures_merge_until(m, mm->ev->ts);
	h = m->node[nid];
	*change = (struct failures_change){
		.ts = mm->ev->ts,
		.node = nid,
		.value = failed ? mm_int(mm, TPF_FAILURES, 0) : 0,
		.previous = h ? h->value[(h->next - 1) % HISTORY] : -1,
		.tid = mm->ev->tid,
		.comm = "",
		.via = "tracepoint",
		.reason = failed ? "" : name_of(NAMES_HOPELESS_REASON, mm_int(mm, TPF_REASON, -1)) ?: "",
	};
	remember(m, nid, change->ts, change->value);
	return true;
}

void failures_merge_tell(struct failures_merge *m, const struct failures_change *change)
{
	m->tell(m->ctx, change);
}

/* From the latest value back: the one that held at the time of @change, and those within the slack around it. */
static bool accounted_for(const struct node_history *h, const struct failures_change *change)
{
	uint32_t known = h ? (h->next < HISTORY ? h->next : HISTORY) : 0;

	for (uint32_t i = 1; i <= known; i++) {
		uint64_t ts = h->ts[(h->next - i) % HISTORY];

		if (ts > change->ts + SLACK_NS)
			continue;
		if (h->value[(h->next - i) % HISTORY] == change->value)
			return true;
		if (ts + SLACK_NS <= change->ts)
			return false;		/* it held, and was another */
	}
	/* So many events since that those of its time are forgotten: they were told, and tell more than BPF saw. */
	return known == HISTORY;
}

static void decide(struct failures_merge *m, const struct held *held)
{
	if (!accounted_for(m->node[held->change.node], &held->change))
		m->tell(m->ctx, &held->change);
}

static void take_out(struct failures_merge *m, uint32_t index)
{
	m->nheld--;
	memmove(&m->held[index], &m->held[index + 1], (m->nheld - index) * sizeof(m->held[0]));
	for (uint32_t i = index; i < m->nheld; i++) {
		m->held[i].change.comm = m->held[i].comm;
		m->held[i].change.via = m->held[i].via;
		m->held[i].change.reason = m->held[i].reason;
	}
}

void failures_merge_until(struct failures_merge *m, uint64_t ts)
{
	while (m->nheld && (ts == UINT64_MAX || m->held[0].change.ts + SLACK_NS < ts)) {
		decide(m, &m->held[0]);
		take_out(m, 0);
	}
}

static void hold(struct failures_merge *m, const struct failures_change *change)
{
	struct held *held;

	if (m->nheld == HELD_MAX) {
		decide(m, &m->held[0]);
		take_out(m, 0);
	}
	held = &m->held[m->nheld++];
	held->change = *change;
	snprintf(held->comm, sizeof(held->comm), "%s", change->comm);
	snprintf(held->via, sizeof(held->via), "%s", change->via);
	snprintf(held->reason, sizeof(held->reason), "%s", change->reason);
	held->change.comm = held->comm;
	held->change.via = held->via;
	held->change.reason = held->reason;
}

void failures_merge_seen(struct failures_merge *m, const struct failures_change *change, bool have_events)
{
	if (!have_events || change->node < 0 || change->node >= RUN_MAX_NODES) {
		m->tell(m->ctx, change);
		return;
	}
	if (change->previous >= 0) {
		hold(m, change);
		return;
	}
	m->tell(m->ctx, change);
	if (!m->node[change->node])
		remember(m, change->node, change->ts, change->value);
}
