// SPDX-License-Identifier: GPL-2.0-only
/*
 * call.c - see call.h.
 */
#include "analyze/call.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/tid_map.h"

struct call_info {
	const char	*name, *key;
	enum tracepoint	begin, end;
	enum tp_field	result;		/* of the end event: pages or objects */
};

static const struct call_info infos[CALL_KINDS] = {
	[CALL_DIRECT] = { "direct reclaim", "direct", TP_DIRECT_RECLAIM_BEGIN, TP_DIRECT_RECLAIM_END, TPF_NR_RECLAIMED },
	[CALL_MEMCG] = { "memcg reclaim", "memcg", TP_MEMCG_RECLAIM_BEGIN, TP_MEMCG_RECLAIM_END, TPF_NR_RECLAIMED },
	[CALL_SOFTLIMIT] = { "memcg soft limit", "softlimit", TP_MEMCG_SOFTLIMIT_BEGIN, TP_MEMCG_SOFTLIMIT_END,
			     TPF_NR_RECLAIMED },
	[CALL_NODE] = { "node reclaim", "node", TP_NODE_RECLAIM_BEGIN, TP_NODE_RECLAIM_END, TPF_NR_RECLAIMED },
	[CALL_SLAB] = { "slab shrinkers", "slab", TP_SHRINK_SLAB_START, TP_SHRINK_SLAB_END, TPF_RET },
};

struct call_task {
	uint16_t		cpu;		/* of its latest begin */
	bool			open[CALL_KINDS];
	struct reclaim_call	call[CALL_KINDS];
};

struct call_set {
	const struct call_ops	*ops;
	void			*ctx;
	struct tid_map		*tasks;
	struct call_stats	stats[CALL_KINDS];
};

const char *call_kind_name(enum call_kind kind)
{
	return infos[kind].name;
}

const char *call_kind_key(enum call_kind kind)
{
	return infos[kind].key;
}

static void count_open(void *ctx, int32_t tid, void *slot)
{
	struct call_set *set = ctx;
	struct call_task *task = slot;

	for (int kind = 0; kind < CALL_KINDS; kind++)
		set->stats[kind].unmatched_begin += task->open[kind];
}

int call_set_new(const struct call_ops *ops, void *ctx, struct call_set **out)
{
	struct call_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->tasks = tid_map_new(CALL_MAX_TASKS, sizeof(struct call_task), count_open, set);
	if (!set->tasks) {
		free(set);
		return -ENOMEM;
	}
	set->ops = ops;
	set->ctx = ctx;
	*out = set;
	return 0;
}

void call_set_free(struct call_set *set)
{
	if (!set)
		return;
	tid_map_free(set->tasks);
	free(set);
}

static void on_begin(struct call_set *set, enum call_kind kind, const struct mm_event *mm)
{
	struct call_task *task = tid_map_get(set->tasks, mm->ev->tid);

	if (!task)
		return;
	set->stats[kind].unmatched_begin += task->open[kind];
	task->open[kind] = true;
	task->cpu = mm->ev->cpu;
	task->call[kind] = (struct reclaim_call){
		.kind = kind,
		.tid = mm->ev->tid,
		.begin_ns = mm->ev->ts,
		.memcg_id = mm_int(mm, TPF_MEMCG_ID, 0),
		.order = mm_int(mm, TPF_ORDER, 0),
		.nid = mm_int(mm, TPF_NID, -1),
	};
}

static void stats_add(struct call_stats *stats, const struct reclaim_call *call)
{
	uint64_t ns = elapsed_ns(call->begin_ns, call->end_ns);

	if (!stats->latency.count || ns > stats->latency.max_ns) {
		stats->max_tid = call->tid;
		stats->max_begin_ns = call->begin_ns;
	}
	latency_add(&stats->latency, ns);
	stats->pages += call->pages;
	stats->backed_off += call_backed_off(call);
}

static void on_end(struct call_set *set, enum call_kind kind, const struct mm_event *mm)
{
	struct call_task *task = tid_map_find(set->tasks, mm->ev->tid);
	struct reclaim_call *call;

	if (!task || !task->open[kind]) {
		set->stats[kind].unmatched_end++;
		return;
	}
	task->open[kind] = false;
	call = &task->call[kind];
	call->end_ns = mm->ev->ts;
	call->pages = mm_int(mm, infos[kind].result, 0);
	if (!call->memcg_id)
		call->memcg_id = mm_int(mm, TPF_MEMCG_ID, 0);
	stats_add(&set->stats[kind], call);
	set->ops->done(set->ctx, call);
}

/* Which node the open calls of this task make progress on. */
static void on_shrink(struct call_set *set, const struct mm_event *mm)
{
	struct call_task *task = tid_map_find(set->tasks, mm->ev->tid);
	int64_t nid = mm_int(mm, TPF_NID, -1);

	if (!task || nid < 0 || nid >= CALL_NODE_BITS || mm_int(mm, TPF_NR_RECLAIMED, 0) <= 0)
		return;
	for (int kind = 0; kind < CALL_KINDS; kind++)
		if (task->open[kind])
			task->call[kind].progress_nodes |= 1ull << nid;
}

void call_feed(struct call_set *set, const struct mm_event *mm)
{
	enum tracepoint tp = mm_tp(mm);

	if (tp == TP_LRU_SHRINK_INACTIVE) {
		on_shrink(set, mm);
		return;
	}
	for (int kind = 0; kind < CALL_KINDS; kind++) {
		if (tp == infos[kind].begin)
			on_begin(set, kind, mm);
		else if (tp == infos[kind].end)
			on_end(set, kind, mm);
	}
}

struct call_cut {
	struct call_set	*set;
	uint16_t	cpu;
};

static void cut(void *ctx, int32_t tid, void *slot)
{
	struct call_cut *c = ctx;
	struct call_task *task = slot;

	if (c->cpu != EVENT_CPU_UNKNOWN && c->cpu != task->cpu)
		return;
	count_open(c->set, tid, slot);
	for (int kind = 0; kind < CALL_KINDS; kind++)
		task->open[kind] = false;
}

void call_loss(struct call_set *set, uint16_t cpu)
{
	struct call_cut c = { set, cpu };

	tid_map_each(set->tasks, cut, &c);
}

bool call_is_open(const struct call_set *set, int32_t tid)
{
	const struct call_task *task = tid_map_find(set->tasks, tid);

	for (int kind = 0; task && kind < CALL_KINDS; kind++)
		if (kind != CALL_SLAB && task->open[kind])
			return true;
	return false;
}

void call_finish(struct call_set *set)
{
	tid_map_each(set->tasks, count_open, set);
}

const struct call_stats *call_stats(const struct call_set *set, enum call_kind kind)
{
	return &set->stats[kind];
}
