// SPDX-License-Identifier: GPL-2.0-only
/*
 * task.c - who is inside reclaim or compaction: from its begin to its end, and from the first begin of one allocation
 * through its retries.
 *
 * An entry is in an open hash by thread id. It stays for as long as the next begin may belong to the same allocation,
 * and until the end of the interval in which it ended has been shown.
 */
#include <stdio.h>
#include <string.h>

#include "live/state.h"

#define DOUBTFUL_NS	5000000000ull	/* after a loss elsewhere, silence for so long counts as the end */

static uint32_t home_of(int32_t tid)
{
	return ((uint32_t)tid * 2654435761u >> 16) % LIVE_TASK_SLOTS;
}

static struct live_task *find(struct live_state *s, int32_t tid)
{
	uint32_t at = home_of(tid);

	while (s->tasks[at].tid && s->tasks[at].tid != tid)
		at = (at + 1) % LIVE_TASK_SLOTS;
	return &s->tasks[at];
}

/* Takes it out, and moves up those that would no longer be found. */
static void drop(struct live_state *s, uint32_t at)
{
	uint32_t next = at;

	s->ntasks--;
	for (;;) {
		next = (next + 1) % LIVE_TASK_SLOTS;
		if (!s->tasks[next].tid)
			break;
		/* How far next is from home, and from the hole: it may move when home is not between them. */
		if ((next - home_of(s->tasks[next].tid) + LIVE_TASK_SLOTS) % LIVE_TASK_SLOTS >=
		    (next - at + LIVE_TASK_SLOTS) % LIVE_TASK_SLOTS) {
			s->tasks[at] = s->tasks[next];
			at = next;
		}
	}
	s->tasks[at].tid = 0;
}

/* Drops entries that are not open and quiet since @before. */
static void sweep(struct live_state *s, uint64_t before)
{
	for (uint32_t i = 0; i < LIVE_TASK_SLOTS; i++)
		while (s->tasks[i].tid && !s->tasks[i].open && s->tasks[i].last_ns < before)
			drop(s, i);
}

static struct live_task *find_or_add(struct live_model *m, const struct event *ev)
{
	struct live_state *s = &m->state;
	struct live_task *t;

	if (ev->tid <= 0)
		return NULL;
	t = find(s, ev->tid);
	if (t->tid)
		return t;
	if (s->ntasks >= LIVE_TASKS)
		sweep(s, ev->ts);
	if (s->ntasks >= LIVE_TASKS) {
		s->left_out++;
		return NULL;
	}
	t = find(s, ev->tid);
	*t = (struct live_task){ .tid = ev->tid, .order = -1, .migratetype = MIGRATETYPE_UNKNOWN,
				 .node = LIVE_NO_NODE };
	s->ntasks++;
	return t;
}

static void touch(struct live_task *t, const struct event *ev)
{
	t->cpu = ev->cpu;
	t->last_ns = ev->ts;
	t->doubtful = false;
}

/* --- begins and ends --- */

static bool continues(const struct live_task *t, const struct mm_event *mm)
{
	return t->goes_on && t->gfp == (uint64_t)mm_int(mm, TPF_GFP_FLAGS, 0) &&
	       elapsed_ns(t->last_ns, mm->ev->ts) < CHAIN_GAP_NS;
}

static bool is_kcompactd(const struct live_model *m, int32_t tid)
{
	for (unsigned int i = 0; i < LIVE_NODES; i++)
		if (m->state.nodes[i].kcompactd_tid == tid)
			return true;
	return !strncmp(live_names_comm(m->names, tid), "kcompactd", 9);
}

static void start_chain(struct live_model *m, struct live_task *t, const struct mm_event *mm)
{
	t->chain_ns = mm->ev->ts;
	t->retries = t->cycles = 0;
	t->pages = 0;
	t->order = mm_int(mm, TPF_ORDER, -1);
	t->gfp = mm_int(mm, TPF_GFP_FLAGS, 0);
	t->migratetype = t->gfp ? gfp_migratetype(&m->layout, t->gfp) : MIGRATETYPE_UNKNOWN;
	t->memcg_id = 0;
}

static void open_call(struct live_model *m, struct live_task *t, enum task_kind kind, const struct mm_event *mm)
{
	t->kind = kind;
	t->open = true;
	t->cut = false;
	t->goes_on = false;
	t->begin_ns = mm->ev->ts;
	t->node = live_node_of_cpu(m, mm->ev->cpu);
	touch(t, mm->ev);
	snprintf(t->comm, sizeof(t->comm), "%s", live_names_comm(m->names, t->tid));
}

static void on_begin(struct live_model *m, enum task_kind kind, const struct mm_event *mm)
{
	struct live_task *t = find_or_add(m, mm->ev);
	struct live_node *n = &m->state.nodes[live_node_of_cpu(m, mm->ev->cpu)];

	if (kind == TASK_DIRECT) {
		n->seen = true;
		n->direct.now++;
	}
	/* A soft limit is reclaimed to inside of another reclaim. */
	if (!t || (kind == TASK_SOFTLIMIT && t->open))
		return;
	if (kind != TASK_DIRECT || !continues(t, mm))
		start_chain(m, t, mm);
	t->cycles++;
	t->background = false;
	t->memcg_id = mm_int(mm, TPF_MEMCG_ID, 0);
	/* The mask of limit reclaim is made up by the kernel: it tells nothing of the allocation. */
	if (kind == TASK_MEMCG || kind == TASK_SOFTLIMIT)
		t->migratetype = MIGRATETYPE_UNKNOWN;
	open_call(m, t, kind, mm);
}

static void close_call(struct live_task *t, const struct event *ev)
{
	t->open = false;
	t->end_ns = ev->ts;
	touch(t, ev);
}

static void on_end(struct live_model *m, enum task_kind kind, const struct mm_event *mm)
{
	struct live_task *t = mm->ev->tid > 0 ? find(&m->state, mm->ev->tid) : NULL;
	int64_t pages = mm_int(mm, TPF_NR_RECLAIMED, 0);
	uint64_t ns;

	if (!t || !t->tid || !t->open || t->kind != kind)
		return;
	close_call(t, mm->ev);
	ns = elapsed_ns(t->begin_ns, t->end_ns);
	/* 1 page at a costly order means: left to compaction, nothing freed. */
	if (pages > 0 && !(pages == 1 && t->order > 3))
		t->pages += pages;
	if (kind == TASK_DIRECT || kind == TASK_NODE) {
		m->state.nodes[t->node].seen = true;
		histogram_add(&m->state.nodes[t->node].histogram, ns);
	} else if (kind == TASK_MEMCG) {
		uint64_t id = mm_int(mm, TPF_MEMCG_ID, 0);

		id = id ? id : t->memcg_id ? t->memcg_id : live_names_cgroup_of(m->names, t->tid);
		live_memcg_call(m, id, ns, pages > 0 ? pages : 0);
	}
}

/* Direct compaction is announced by try_to_compact_pages, which has order and gfp_flags; begin and end are by zone. */
static void on_try_to_compact(struct live_model *m, enum task_kind kind, const struct mm_event *mm)
{
	struct live_task *t = find_or_add(m, mm->ev);

	if (!t)
		return;
	if (elapsed_ns(t->last_ns, mm->ev->ts) >= CHAIN_GAP_NS || t->gfp != (uint64_t)mm_int(mm, TPF_GFP_FLAGS, 0)) {
		start_chain(m, t, mm);
		t->goes_on = false;
	}
	t->background = false;
	touch(t, mm->ev);
}

static void on_compact_begin(struct live_model *m, enum task_kind kind, const struct mm_event *mm)
{
	bool goes_on, was_there;
	struct live_task *t = find_or_add(m, mm->ev);

	if (!t)
		return;
	goes_on = t->goes_on;
	was_there = t->chain_ns && elapsed_ns(t->last_ns, mm->ev->ts) < CHAIN_GAP_NS;
	if (!was_there)
		start_chain(m, t, mm);
	t->background = is_kcompactd(m, t->tid);
	open_call(m, t, TASK_COMPACTION, mm);
	t->goes_on = goes_on;
	t->node = live_node_of_pfn(m, mm_int(mm, TPF_ZONE_START, -1), mm->ev->cpu);
}

/* A retry tells that the allocation goes on. reclaim_retry_zone comes for each zone that was looked at. */
static void on_retry(struct live_model *m, enum task_kind kind, const struct mm_event *mm)
{
	struct live_task *t = mm->ev->tid > 0 ? find(&m->state, mm->ev->tid) : NULL;
	enum tp_field answer = mm_tp(mm) == TP_COMPACT_RETRY ? TPF_RET : TPF_WMARK_CHECK;

	if (!t || !t->tid)
		return;
	touch(t, mm->ev);
	if (!mm_int(mm, answer, 0))
		return;
	t->retries++;
	t->goes_on = true;
}

/* Nothing but that the thread is still at it. */
static void on_sign(struct live_model *m, enum task_kind kind, const struct mm_event *mm)
{
	struct live_task *t = mm->ev->tid > 0 ? find(&m->state, mm->ev->tid) : NULL;

	if (t && t->tid && t->open)
		touch(t, mm->ev);
}

static const struct {
	void		(*fn)(struct live_model *m, enum task_kind kind, const struct mm_event *mm);
	enum task_kind	kind;
} handlers[TP_COUNT] = {
	[TP_DIRECT_RECLAIM_BEGIN] = { on_begin, TASK_DIRECT },
	[TP_DIRECT_RECLAIM_END] = { on_end, TASK_DIRECT },
	[TP_MEMCG_RECLAIM_BEGIN] = { on_begin, TASK_MEMCG },
	[TP_MEMCG_RECLAIM_END] = { on_end, TASK_MEMCG },
	[TP_MEMCG_SOFTLIMIT_BEGIN] = { on_begin, TASK_SOFTLIMIT },
	[TP_MEMCG_SOFTLIMIT_END] = { on_end, TASK_SOFTLIMIT },
	[TP_NODE_RECLAIM_BEGIN] = { on_begin, TASK_NODE },
	[TP_NODE_RECLAIM_END] = { on_end, TASK_NODE },
	[TP_TRY_TO_COMPACT] = { on_try_to_compact, TASK_COMPACTION },
	[TP_COMPACTION_BEGIN] = { on_compact_begin, TASK_COMPACTION },
	[TP_COMPACTION_END] = { on_end, TASK_COMPACTION },
	[TP_RECLAIM_RETRY_ZONE] = { on_retry, TASK_DIRECT },
	[TP_COMPACT_RETRY] = { on_retry, TASK_DIRECT },
	[TP_LRU_SHRINK_INACTIVE] = { on_sign, TASK_DIRECT },
};

void live_task_event(struct live_model *m, const struct mm_event *mm)
{
	enum tracepoint tp = mm_tp(mm);

	if (handlers[tp].fn)
		handlers[tp].fn(m, handlers[tp].kind, mm);
}

/* --- what is not known --- */

void live_task_loss(struct live_model *m, uint16_t cpu)
{
	struct live_state *s = &m->state;

	for (unsigned int i = 0; i < LIVE_NODES; i++)
		s->nodes[i].judged = false;
	for (uint32_t i = 0; i < LIVE_TASK_SLOTS; i++) {
		struct live_task *t = &s->tasks[i];

		if (!t->tid || !t->open)
			continue;
		if (cpu == EVENT_CPU_UNKNOWN || t->cpu == EVENT_CPU_UNKNOWN || t->cpu == cpu) {
			t->open = false;
			t->cut = true;
			t->end_ns = t->last_ns = s->now_ns;
		} else {
			t->doubtful = true;
		}
	}
}

void live_task_tick(struct live_model *m)
{
	struct live_state *s = &m->state;
	uint64_t keep = s->interval_ns > CHAIN_GAP_NS ? s->interval_ns : CHAIN_GAP_NS;

	for (uint32_t i = 0; i < LIVE_TASK_SLOTS; i++) {
		struct live_task *t = &s->tasks[i];

		if (t->tid && t->open && t->doubtful && elapsed_ns(t->last_ns, s->now_ns) > DOUBTFUL_NS) {
			t->open = false;
			t->cut = true;
			t->end_ns = t->last_ns;
		}
	}
	sweep(s, s->now_ns > keep ? s->now_ns - keep : 0);
}

/* --- what is shown --- */

const char *live_task_kind_name(enum task_kind kind)
{
	static const char *const names[TASK_KINDS] = {
		[TASK_DIRECT] = "direct", [TASK_MEMCG] = "memcg", [TASK_SOFTLIMIT] = "softlimit", [TASK_NODE] = "node",
		[TASK_COMPACTION] = "compaction",
	};

	return names[kind];
}

bool live_task_shown(const struct live_model *m, const struct live_task *t)
{
	return t->tid && t->begin_ns && (t->open || t->end_ns + m->state.interval_ns >= m->state.tick_ns);
}

unsigned int live_tasks_stalled(const struct live_model *m, int node)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < LIVE_TASK_SLOTS; i++) {
		const struct live_task *t = &m->state.tasks[i];

		n += t->tid && t->open && !t->background && (node < 0 || t->node == node);
	}
	return n;
}
