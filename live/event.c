// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - what each tracepoint does to the state of nodes; those of tasks go on to task.c.
 */
#include "live/state.h"

#define COMPACT_SUCCESS	8	/* enum compact_result, include/linux/compaction.h */

typedef void (*event_fn)(struct live_model *m, const struct bound_type *type, const struct mm_event *mm);

static void on_task(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	live_task_event(m, mm);
}

static struct live_node *event_node(struct live_model *m, const struct mm_event *mm)
{
	int64_t nid = mm_int(mm, TPF_NID, -1);

	return nid >= 0 && nid <= INT32_MAX ? live_node_at(m, nid) : NULL;
}

static void put_awake(struct live_model *m, const struct mm_event *mm, bool awake)
{
	struct live_node *n = event_node(m, mm);

	if (!n)
		return;
	n->judged = true;
	n->awake = awake;
}

/* Comes with each run, not only after a sleep. */
static void on_wake(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	put_awake(m, mm, true);
}

static void on_sleep(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	put_awake(m, mm, false);
}

static void on_kcompactd(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	struct live_node *n = event_node(m, mm);

	if (n)
		n->kcompactd_tid = mm->ev->tid;
}

static void on_throttled(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	struct live_node *n = event_node(m, mm);
	int64_t us = mm_int(mm, TPF_USEC_DELAYED, 0);

	if (n && us > 0)
		n->throttled_us.now += us;
}

/* The state of a node by index, LIVE_NO_NODE included. */
static struct live_node *node_of(struct live_model *m, unsigned int node)
{
	m->state.nodes[node].seen = true;
	return &m->state.nodes[node];
}

/* Pages of another type were taken: for whom, the type tells. */
static void on_extfrag(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	const struct event_value *pfn = event_value_at(mm->ev, type->pfn_at);
	int64_t asked = mm_int(mm, TPF_ALLOC_MIGRATETYPE, -1);
	unsigned int node = value_is_number(pfn) ? live_node_of_pfn(m, pfn->u, mm->ev->cpu) :
						   live_node_of_cpu(m, mm->ev->cpu);

	if (asked >= 0 && asked < 3)
		node_of(m, node)->extfrag[asked].now++;
}

/* It tells of a node, too. */
static void on_retry(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	event_node(m, mm);
	live_task_event(m, mm);
}

static void on_compacted(struct live_model *m, const struct bound_type *type, const struct mm_event *mm)
{
	struct live_node *n = node_of(m, live_node_of_pfn(m, mm_int(mm, TPF_ZONE_START, -1), mm->ev->cpu));

	n->compactions++;
	n->compacted += mm_int(mm, TPF_STATUS, -1) == COMPACT_SUCCESS;
	live_task_event(m, mm);
}

static const event_fn handlers[TP_COUNT] = {
	[TP_KSWAPD_WAKE] = on_wake,
	[TP_KSWAPD_SLEEP] = on_sleep,
	[TP_KCOMPACTD_WAKE] = on_kcompactd,
	[TP_THROTTLED] = on_throttled,
	[TP_PAGE_ALLOC_EXTFRAG] = on_extfrag,
	[TP_COMPACTION_END] = on_compacted,
	[TP_COMPACTION_BEGIN] = on_task,
	[TP_TRY_TO_COMPACT] = on_task,
	[TP_DIRECT_RECLAIM_BEGIN] = on_task,
	[TP_DIRECT_RECLAIM_END] = on_task,
	[TP_MEMCG_RECLAIM_BEGIN] = on_task,
	[TP_MEMCG_RECLAIM_END] = on_task,
	[TP_MEMCG_SOFTLIMIT_BEGIN] = on_task,
	[TP_MEMCG_SOFTLIMIT_END] = on_task,
	[TP_NODE_RECLAIM_BEGIN] = on_task,
	[TP_NODE_RECLAIM_END] = on_task,
	[TP_RECLAIM_RETRY_ZONE] = on_retry,
	[TP_COMPACT_RETRY] = on_task,
	[TP_LRU_SHRINK_INACTIVE] = on_task,
};

void live_event(struct live_model *m, const struct bound_type *type, const struct event *ev)
{
	const struct mm_event mm = { .ev = ev, .view = &type->view };

	if (handlers[type->view.tp])
		handlers[type->view.tp](m, type, &mm);
}
