// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - see run.h.
 */
#include "analyze/run.h"

#include <errno.h>
#include <stdlib.h>

#define PRIORITY_NONE		INT32_MAX
#define PRIORITY_LAST		1	/* balance_pgdat() loops while priority >= 1 */

struct run_node {
	struct run_stats	stats;
	struct kswapd_run	run;
	bool			open;
	bool			ended;		/* balance_pgdat_end came */
	bool			failed;		/* kswapd_reclaim_fail came */
	bool			loss;		/* events were lost while it was open */
	uint64_t		ended_pages;
	int32_t			priority_min;
	uint64_t		slab_freed;
	uint32_t		wakeups;	/* since the run began */
};

struct run_set {
	const struct run_ops	*ops;
	void			*ctx;
	bool			fail_events;	/* this kernel reports failures itself */
	bool			lru_events;	/* shrink_inactive is in the recording */
	bool			wakeup_events;	/* wakeup_kswapd is in the recording */
	uint64_t		now_ns;
	uint64_t		direct_ns;	/* of the latest direct_reclaim_begin */
	int			nnodes;		/* highest node id seen + 1 */
	struct run_node		*node[RUN_MAX_NODES];
};

int run_set_new(const struct run_ops *ops, void *ctx, struct run_set **out)
{
	struct run_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->ops = ops;
	set->ctx = ctx;
	*out = set;
	return 0;
}

void run_set_free(struct run_set *set)
{
	if (!set)
		return;
	for (int i = 0; i < set->nnodes; i++)
		free(set->node[i]);
	free(set);
}

static struct run_node *node_find(struct run_set *set, int64_t nid)
{
	return nid >= 0 && nid < RUN_MAX_NODES ? set->node[nid] : NULL;
}

static struct run_node *node_get(struct run_set *set, int64_t nid)
{
	struct run_node *node;

	if (nid < 0 || nid >= RUN_MAX_NODES)
		return NULL;
	if (set->node[nid])
		return set->node[nid];
	node = calloc(1, sizeof(*node));	/* once per node, not per event */
	if (!node)
		return NULL;
	node->stats.nid = nid;
	node->stats.tid = -1;
	set->node[nid] = node;
	if (nid >= set->nnodes)
		set->nnodes = nid + 1;
	return node;
}

static enum run_result run_result(const struct run_set *set, const struct run_node *node)
{
	bool nothing = !node->run.reclaimed_pages && !node->slab_freed;

	if (node->failed)
		return RUN_FUTILE;
	if (node->ended)
		return node->ended_pages ? RUN_PROGRESS : RUN_UNKNOWN;
	if (node->run.reclaimed_pages)
		return RUN_PROGRESS;
	if (nothing && !node->loss && set->lru_events && !set->fail_events && node->priority_min == PRIORITY_LAST)
		return RUN_FUTILE;
	return RUN_UNKNOWN;
}

/* Whether kswapd went from this run to the next at @next_ns without the nap; see run.h. */
static void judge_rest(const struct run_set *set, struct run_node *node, uint64_t next_ns)
{
	struct kswapd_run *run = &node->run;
	uint64_t gap_ns = elapsed_ns(run->last_ns, next_ns);
	bool woken = node->wakeups || (set->direct_ns && set->direct_ns >= run->last_ns);

	if (node->loss || woken || gap_ns >= threshold_info(TH_KSWAPD_NAP_MS)->value * NSEC_PER_MSEC)
		return;
	run->unrested = set->wakeup_events;
	run->likely_unrested = !set->wakeup_events && gap_ns < RUN_GAP_LIKELY_NS;
}

static void run_close(struct run_set *set, struct run_node *node, uint64_t ts, bool slept)
{
	struct kswapd_run *run = &node->run;

	if (!node->open)
		return;
	node->open = false;
	run->result = run_result(set, node);
	run->may_have_progressed = run->result == RUN_UNKNOWN && (node->slab_freed || node->loss);
	run->slept = slept;
	if (node->ended && node->ended_pages > run->reclaimed_pages)
		run->reclaimed_pages = node->ended_pages;
	if (!node->ended)
		run->end_ns = ts;
	node->stats.runs++;
	node->stats.futile += run->result == RUN_FUTILE;
	node->stats.progress += run->result == RUN_PROGRESS;
	node->stats.unrested += run->unrested;
	node->stats.reclaimed_pages += run->reclaimed_pages;
	set->ops->done(set->ctx, run);
}

static void on_wake(struct run_set *set, const struct mm_event *mm)
{
	struct run_node *node = node_get(set, mm_int(mm, TPF_NID, -1));

	if (!node)
		return;
	judge_rest(set, node, mm->ev->ts);
	run_close(set, node, mm->ev->ts, false);
	node->run = (struct kswapd_run){
		.nid = node->stats.nid,
		.tid = mm->ev->tid,
		.order = mm_int(mm, TPF_ORDER, 0),
		.start_ns = mm->ev->ts,
		.end_ns = mm->ev->ts,
		.last_ns = mm->ev->ts,
	};
	node->open = true;
	node->ended = node->failed = node->loss = false;
	node->ended_pages = node->slab_freed = 0;
	node->priority_min = PRIORITY_NONE;
	node->wakeups = 0;
	node->stats.tid = mm->ev->tid;
	node->stats.wakes++;
	if (node->run.order > node->stats.order_max)
		node->stats.order_max = node->run.order;
	if (!node->stats.awake)
		node->stats.awake_since_ns = mm->ev->ts;
	node->stats.awake = true;
}

static void on_sleep(struct run_set *set, const struct mm_event *mm)
{
	struct run_node *node = node_get(set, mm_int(mm, TPF_NID, -1));

	if (!node)
		return;
	run_close(set, node, mm->ev->ts, true);
	node->stats.sleeps++;
	if (node->stats.awake) {
		node->stats.intervals++;
		node->stats.intervals_ns += elapsed_ns(node->stats.awake_since_ns, mm->ev->ts);
	}
	node->stats.awake = false;
}

static void on_wakeup(struct run_set *set, const struct mm_event *mm)
{
	struct run_node *node = node_get(set, mm_int(mm, TPF_NID, -1));

	if (!node)
		return;
	set->wakeup_events = true;
	node->wakeups++;
	node->stats.wakeups++;
}

static void on_balance_end(struct run_set *set, const struct mm_event *mm)
{
	struct run_node *node = node_find(set, mm_int(mm, TPF_NID, -1));

	if (!node || !node->open)
		return;
	node->ended = true;
	node->ended_pages = mm_int(mm, TPF_NR_RECLAIMED, 0);
	node->run.end_ns = mm->ev->ts;
	node->run.last_ns = mm->ev->ts;
}

static void on_fail(struct run_set *set, const struct mm_event *mm)
{
	struct run_node *node = node_find(set, mm_int(mm, TPF_NID, -1));

	set->fail_events = true;
	if (!node || !node->open)
		return;
	node->failed = true;
	node->run.last_ns = mm->ev->ts;
}

static void on_shrink(struct run_set *set, struct run_node *node, const struct mm_event *mm)
{
	int32_t priority = mm_int(mm, TPF_PRIORITY, PRIORITY_NONE);

	node->run.last_ns = mm->ev->ts;
	if (priority < node->priority_min)
		node->priority_min = priority;
	if (mm_tp(mm) == TP_LRU_SHRINK_INACTIVE)
		node->run.reclaimed_pages += mm_int(mm, TPF_NR_RECLAIMED, 0);
	if (mm_tp(mm) == TP_SHRINK_SLAB_END) {
		int64_t freed = mm_int(mm, TPF_RET, 0);

		node->slab_freed += freed > 0 ? freed : 0;
	}
}

/* lru_isolate has no node, but its thread tells that the run goes on. */
static void on_isolate(struct run_set *set, const struct mm_event *mm)
{
	for (int i = 0; i < set->nnodes; i++)
		if (set->node[i] && set->node[i]->open && set->node[i]->run.tid == mm->ev->tid)
			set->node[i]->run.last_ns = mm->ev->ts;
}

void run_feed(struct run_set *set, const struct mm_event *mm)
{
	struct run_node *node;

	set->now_ns = mm->ev->ts;
	switch (mm_tp(mm)) {
	case TP_KSWAPD_WAKE:
		on_wake(set, mm);
		break;
	case TP_KSWAPD_SLEEP:
		on_sleep(set, mm);
		break;
	case TP_WAKEUP_KSWAPD:
		on_wakeup(set, mm);
		break;
	case TP_DIRECT_RECLAIM_BEGIN:
		set->direct_ns = mm->ev->ts;
		break;
	case TP_LRU_ISOLATE:
		on_isolate(set, mm);
		break;
	case TP_BALANCE_PGDAT_END:
		on_balance_end(set, mm);
		break;
	case TP_KSWAPD_RECLAIM_FAIL:
		on_fail(set, mm);
		break;
	case TP_LRU_SHRINK_INACTIVE:
		set->lru_events = true;
		/* fall through */
	case TP_SHRINK_SLAB_START:
	case TP_SHRINK_SLAB_END:
		node = node_find(set, mm_int(mm, TPF_NID, -1));
		if (node && node->open && node->run.tid == mm->ev->tid)
			on_shrink(set, node, mm);
		break;
	default:
		break;
	}
}

void run_loss(struct run_set *set)
{
	for (int i = 0; i < set->nnodes; i++)
		if (set->node[i])
			set->node[i]->loss = true;
}

void run_finish(struct run_set *set)
{
	for (int i = 0; i < set->nnodes; i++) {
		struct run_node *node = set->node[i];

		if (!node)
			continue;
		run_close(set, node, set->now_ns, false);
		if (node->stats.awake)
			node->stats.open_ns = elapsed_ns(node->stats.awake_since_ns, set->now_ns);
	}
}

const struct run_stats *run_stats(const struct run_set *set, int nid)
{
	return nid >= 0 && nid < RUN_MAX_NODES && set->node[nid] ? &set->node[nid]->stats : NULL;
}
