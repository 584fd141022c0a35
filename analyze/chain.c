// SPDX-License-Identifier: GPL-2.0-only
/*
 * chain.c - see chain.h. The order of events of one task is that of __alloc_pages_slowpath() (mm/page_alloc.c):
 * direct reclaim, freelists, direct compaction, should_reclaim_retry() or should_compact_retry(), and round again.
 */
#include "analyze/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/call.h"
#include "analyze/tid_map.h"

/* Between reclaim and its retry lies direct compaction, which took 0.6 s in the lab and may take longer. */
#define CHAIN_IDLE_NS		(10 * NSEC_PER_SEC)
#define RECLAIM_WB_ANON		1	/* include/trace/events/vmscan.h */

/* What one task is doing. */
struct chain_task {
	struct chain	chain;
	bool		active;		/* chain holds something */
	bool		in_reclaim;
	uint64_t	begin_ns;
	int32_t		begin_order;
	uint64_t	end_pages;	/* what its latest reclaim answered */
	uint64_t	last_ns;	/* its latest event of any kind */
	uint16_t	cpu;		/* where that was */
	/* the retry decision that is being taken, after an end */
	bool		retry_pending;	/* a retry that said "go on" */
	int32_t		retry_order;
	uint32_t	retry_rows;
};

struct chain_set {
	const struct thresholds		*th;
	const struct gfp_layout		*layout;
	const struct chain_ops		*ops;
	void				*ctx;
	uint64_t			pageblock_pages;
	uint64_t			now_ns;
	struct tid_map			*tasks;
};

static const char *const end_names[] = {
	[CHAIN_DONE] = "done", [CHAIN_CUT] = "cut", [CHAIN_OPEN] = "open", [CHAIN_EVICTED] = "evicted",
};

const char *chain_end_name(enum chain_end end)
{
	return end_names[end];
}

static void task_end_chain(struct chain_set *set, struct chain_task *task, enum chain_end how)
{
	if (!task->active)
		return;
	task->active = false;
	task->in_reclaim = false;
	task->retry_pending = false;
	task->chain.ended = how;
	set->ops->done(set->ctx, &task->chain);
}

static void evict(void *ctx, int32_t tid, void *slot)
{
	task_end_chain(ctx, slot, CHAIN_EVICTED);
}

int chain_set_new(const struct thresholds *th, const struct gfp_layout *layout, const struct chain_ops *ops, void *ctx,
		  struct chain_set **out)
{
	struct chain_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->tasks = tid_map_new(CHAIN_MAX_TASKS, sizeof(struct chain_task), evict, set);
	if (!set->tasks) {
		free(set);
		return -ENOMEM;
	}
	set->th = th;
	set->layout = layout;
	set->ops = ops;
	set->ctx = ctx;
	set->pageblock_pages = PAGEBLOCK_PAGES_DEFAULT;
	*out = set;
	return 0;
}

void chain_set_free(struct chain_set *set)
{
	if (!set)
		return;
	tid_map_free(set->tasks);
	free(set);
}

void chain_set_pageblock(struct chain_set *set, uint64_t pages)
{
	set->pageblock_pages = pages;
}

static void chain_start(struct chain_set *set, struct chain_task *task, const struct mm_event *mm, uint64_t gfp)
{
	struct chain *c = &task->chain;

	*c = (struct chain){
		.tid = mm->ev->tid,
		.node = -1,
		.start_ns = mm->ev->ts,
		.end_ns = mm->ev->ts,
		.order_reclaim = -1,
		.order_request = -1,
		.gfp = gfp,
		.migratetype = gfp_migratetype(set->layout, gfp),
		.io_allowed = gfp & set->layout->io,
		.compaction_order_max = -1,
	};
	if (!(mm->view->at[TPF_GFP_FLAGS] >= 0))
		c->migratetype = MIGRATETYPE_UNKNOWN;
	task->active = true;
}

static bool same_allocation(const struct chain_set *set, const struct chain_task *task, uint64_t ts, uint64_t gfp,
			    int32_t order)
{
	double gap_ns = set->th->value[TH_CHAIN_GAP_S] * NSEC_PER_SEC;

	return task->active && task->retry_pending && task->chain.gfp == gfp &&
	       (order == task->begin_order || order == task->retry_order) && elapsed_ns(task->last_ns, ts) < gap_ns;
}

static void on_begin(struct chain_set *set, struct chain_task *task, const struct mm_event *mm)
{
	uint64_t gfp = mm_int(mm, TPF_GFP_FLAGS, 0);
	int32_t order = mm_int(mm, TPF_ORDER, 0);

	if (task->in_reclaim)
		task_end_chain(set, task, CHAIN_CUT);
	if (!same_allocation(set, task, mm->ev->ts, gfp, order)) {
		task_end_chain(set, task, CHAIN_DONE);
		chain_start(set, task, mm, gfp);
	}
	task->chain.cycles++;
	if (order > task->chain.order_reclaim)
		task->chain.order_reclaim = order;
	if (!task->chain.retries)
		task->chain.order_request = order;
	task->in_reclaim = true;
	task->begin_ns = mm->ev->ts;
	task->begin_order = order;
	task->retry_pending = false;
	task->retry_rows = 0;
}

static void on_end(struct chain_set *set, struct chain_task *task, const struct mm_event *mm)
{
	struct chain *c = &task->chain;
	uint64_t pages = mm_int(mm, TPF_NR_RECLAIMED, 0);

	if (!task->in_reclaim)		/* its begin is before the recording, or lost */
		return;
	task->in_reclaim = false;
	task->end_pages = pages;
	c->end_ns = mm->ev->ts;
	c->reclaim_ns += elapsed_ns(task->begin_ns, mm->ev->ts);
	if (pages == 1 && task->begin_order > CALL_COSTLY_ORDER)
		c->sentinels++;
	else
		c->reclaimed_pages += pages;
}

/* The zone's free pages stand above min by more than the highatomic reserve that may be left to it (one pageblock). */
static bool free_above_min(const struct chain_set *set, const struct mm_event *mm)
{
	int64_t reclaimable, available, min;

	int64_t free, enough;

	if (!mm_get(mm, TPF_RECLAIMABLE, &reclaimable) || !mm_get(mm, TPF_AVAILABLE, &available) ||
	    !mm_get(mm, TPF_MIN_WMARK, &min))
		return false;
	/* Any 64 bits may stand there. */
	if (__builtin_sub_overflow(available, reclaimable, &free) ||
	    __builtin_add_overflow(min, (int64_t)set->pageblock_pages, &enough))
		return false;
	return free > enough;
}

/*
 * One zone of one should_reclaim_retry(). It walks the zonelist from the preferred zone down and stops at the first
 * that passes: wmark_check 1 is the decision to go on, 0 means the next zone is asked. Only the first zone has no
 * lowmem_reserve against this request, so only there the free pages can be compared with min alone.
 */
static void on_retry_zone(struct chain_set *set, struct chain_task *task, const struct mm_event *mm)
{
	struct chain *c = &task->chain;
	uint32_t loops = mm_int(mm, TPF_NO_PROGRESS_LOOPS, 0);
	bool first = task->retry_rows++ == 0;

	if (!task->active || task->in_reclaim)
		return;
	if (loops > c->no_progress_max)
		c->no_progress_max = loops;
	if (!mm_int(mm, TPF_WMARK_CHECK, 0))
		return;
	c->node = mm_int(mm, TPF_NID, -1);
	c->order_request = mm_int(mm, TPF_ORDER, c->order_request);
	c->retries++;
	task->retry_pending = true;
	task->retry_order = c->order_request;
	/* Both marks are of small requests only: costly ones count their loops on any kernel. */
	if (c->order_request <= CALL_COSTLY_ORDER) {
		c->retries_promoted += task->begin_order > CALL_COSTLY_ORDER;
		c->retries_counted += loops && task->end_pages > 0;
	}
	if (loops)
		return;
	c->retries_idle++;
	if (first && free_above_min(set, mm))
		c->retries_free++;
}

static void on_compact_retry(struct chain_task *task, const struct mm_event *mm)
{
	if (!task->active || task->in_reclaim)
		return;
	if (!mm_int(mm, TPF_RET, 0))
		return;
	task->retry_pending = true;
	task->retry_order = mm_int(mm, TPF_ORDER, -1);
}

static void on_compaction(struct chain_task *task, const struct mm_event *mm)
{
	int32_t order = mm_int(mm, TPF_ORDER, -1);

	if (!task->active || task->in_reclaim)
		return;
	task->chain.compactions++;
	if (order > task->chain.compaction_order_max)
		task->chain.compaction_order_max = order;
}

static void on_shrink(struct chain_task *task, const struct mm_event *mm)
{
	if (task->in_reclaim && mm_int(mm, TPF_RECLAIM_FLAGS, 0) & RECLAIM_WB_ANON)
		task->chain.anon_pages += mm_int(mm, TPF_NR_RECLAIMED, 0);
}

static void on_write(struct chain_task *task, const struct mm_event *mm)
{
	if (task->in_reclaim && mm_int(mm, TPF_RECLAIM_FLAGS, 0) & RECLAIM_WB_ANON)
		task->chain.write_folios++;
}

void chain_feed(struct chain_set *set, const struct mm_event *mm)
{
	enum tracepoint tp = mm_tp(mm);
	struct chain_task *task;

	set->now_ns = mm->ev->ts;
	if (tp == TP_DIRECT_RECLAIM_BEGIN)
		task = tid_map_get(set->tasks, mm->ev->tid);
	else
		task = tid_map_find(set->tasks, mm->ev->tid);
	if (!task)
		return;
	switch (tp) {
	case TP_DIRECT_RECLAIM_BEGIN:
		on_begin(set, task, mm);
		break;
	case TP_DIRECT_RECLAIM_END:
		on_end(set, task, mm);
		break;
	case TP_RECLAIM_RETRY_ZONE:
		on_retry_zone(set, task, mm);
		break;
	case TP_COMPACT_RETRY:
		on_compact_retry(task, mm);
		break;
	case TP_TRY_TO_COMPACT:
		on_compaction(task, mm);
		break;
	case TP_LRU_SHRINK_INACTIVE:
		on_shrink(task, mm);
		break;
	case TP_WRITE_FOLIO:
	case TP_WRITEPAGE:
		on_write(task, mm);
		break;
	default:
		return;
	}
	task->last_ns = mm->ev->ts;
	task->cpu = mm->ev->cpu;
}

struct chain_cut {
	struct chain_set	*set;
	uint16_t		cpu;
};

static void cut(void *ctx, int32_t tid, void *slot)
{
	struct chain_cut *c = ctx;
	struct chain_task *task = slot;

	if (c->cpu == EVENT_CPU_UNKNOWN || c->cpu == task->cpu)
		task_end_chain(c->set, task, task->in_reclaim ? CHAIN_CUT : CHAIN_DONE);
}

void chain_loss(struct chain_set *set, uint16_t cpu)
{
	struct chain_cut c = { set, cpu };

	tid_map_each(set->tasks, cut, &c);
}

static void expire(void *ctx, int32_t tid, void *slot)
{
	struct chain_set *set = ctx;
	struct chain_task *task = slot;

	if (task->in_reclaim || elapsed_ns(task->last_ns, set->now_ns) < CHAIN_IDLE_NS)
		return;
	task_end_chain(set, task, CHAIN_DONE);
	tid_map_drop(set->tasks, tid);
}

void chain_expire(struct chain_set *set, uint64_t now_ns)
{
	set->now_ns = now_ns;
	tid_map_each(set->tasks, expire, set);
}

static void finish(void *ctx, int32_t tid, void *slot)
{
	struct chain_set *set = ctx;
	struct chain_task *task = slot;

	if (task->in_reclaim) {		/* what it lost until now is known, even though it goes on */
		task->chain.end_ns = set->now_ns;
		task->chain.reclaim_ns += elapsed_ns(task->begin_ns, set->now_ns);
	}
	task_end_chain(set, task, task->in_reclaim || task->retry_pending ? CHAIN_OPEN : CHAIN_DONE);
}

void chain_finish(struct chain_set *set)
{
	tid_map_each(set->tasks, finish, set);
}
