// SPDX-License-Identifier: GPL-2.0-only
/*
 * traced.c - events as curves, and what threads did and suffered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/mm_event.h"
#include "kernel/names.h"
#include "report/recording_state.h"

/* --- lines of events --- */

/* The line of @tp with number @index, made when it is first asked for. */
static struct line *fixed_line(struct recording *r, enum tracepoint tp, unsigned int index, enum chart chart,
			       const char *name)
{
	if (!r->fixed[tp][index])
		r->fixed[tp][index] = recording_add_line(r, chart, -1, name, CURVE_SUM);
	return r->fixed[tp][index];
}

static void count_up(struct recording *r, struct line *line, uint64_t ts, double amount)
{
	if (line)
		curve_add(&line->curve, &r->grid, ts, amount);
}

static struct thread_sums *thread_of(struct recording *r, int32_t tid)
{
	struct thread_sums *t = tid_map_get(r->threads, tid);

	if (t)
		t->tid = tid;
	else
		r->error = -ENOMEM;
	return t;
}

/* --- reclaim calls --- */

static void put_stalled(struct recording *r, const struct reclaim_call *call, unsigned int index, const char *name)
{
	struct line *stalled = fixed_line(r, TP_DIRECT_RECLAIM_BEGIN, index, CHART_STALLED, name);

	if (stalled)
		curve_spread(&stalled->curve, &r->grid, call->begin_ns, call->end_ns);
	count_up(r, fixed_line(r, TP_DIRECT_RECLAIM_END, index, CHART_STALLS, name), call->end_ns, 1);
}

static void on_direct_call(struct recording *r, const struct reclaim_call *call, struct thread_sums *t)
{
	uint64_t ns = elapsed_ns(call->begin_ns, call->end_ns);

	put_stalled(r, call, 0, "direct reclaim");
	latency_curve_add(r->latency, &r->grid, call->end_ns, ns);
	t->direct_calls++;
	t->direct_ns += ns;
	t->direct_max_ns = ns > t->direct_max_ns ? ns : t->direct_max_ns;
	t->reclaimed_pages += call_backed_off(call) ? 0 : call->pages;
}

static void on_memcg_call(struct recording *r, const struct reclaim_call *call, struct thread_sums *t)
{
	put_stalled(r, call, 1, "cgroup reclaim");
	t->memcg_calls++;
	t->memcg_ns += elapsed_ns(call->begin_ns, call->end_ns);
}

static void on_call(void *ctx, const struct reclaim_call *call)
{
	struct recording *r = ctx;
	struct thread_sums *t;

	if (call->kind != CALL_DIRECT && call->kind != CALL_MEMCG)
		return;
	t = thread_of(r, call->tid);
	if (!t)
		return;
	if (call->kind == CALL_DIRECT)
		on_direct_call(r, call, t);
	else
		on_memcg_call(r, call, t);
}

static void on_reclaim(struct recording *r, const struct mm_event *mm)
{
	call_feed(r->calls, mm);
}

/* --- kswapd --- */

static void on_kswapd_wake(struct recording *r, const struct mm_event *mm)
{
	int64_t nid = mm_int(mm, TPF_NID, -1);
	struct node_entry *n = recording_node(r, nid);
	struct thread_sums *t = thread_of(r, mm->ev->tid);
	char name[32];

	if (t)
		t->daemon = true;
	if (!n)
		return;
	if (!n->runs) {
		snprintf(name, sizeof(name), "node %d", (int)nid);
		n->runs = recording_add_line(r, CHART_KSWAPD_RUNS, -1, name, CURVE_SUM);
	}
	count_up(r, n->runs, mm->ev->ts, 1);
}

static void on_daemon(struct recording *r, const struct mm_event *mm)
{
	struct thread_sums *t = thread_of(r, mm->ev->tid);

	if (t)
		t->daemon = true;
}

static void on_wakeup(struct recording *r, const struct mm_event *mm)
{
	struct thread_sums *t = thread_of(r, mm->ev->tid);

	if (t)
		t->wakeups++;
}

/* --- pages --- */

static void on_shrink(struct recording *r, const struct mm_event *mm)
{
	static const char *const names[] = {
		"scanned by tasks", "reclaimed by tasks", "scanned by kswapd", "reclaimed by kswapd",
	};
	struct thread_sums *t = thread_of(r, mm->ev->tid);
	unsigned int by = t && t->daemon ? 2 : 0;
	int64_t scanned = mm_int(mm, TPF_NR_SCANNED, -1), reclaimed = mm_int(mm, TPF_NR_RECLAIMED, -1);

	if (scanned >= 0)
		count_up(r, fixed_line(r, mm_tp(mm), by, CHART_SCAN_EVENTS, names[by]), mm->ev->ts, scanned);
	if (reclaimed >= 0)
		count_up(r, fixed_line(r, mm_tp(mm), by + 1, CHART_SCAN_EVENTS, names[by + 1]), mm->ev->ts, reclaimed);
}

static void on_extfrag(struct recording *r, const struct mm_event *mm)
{
	static const char *const names[] = { "for unmovable", "for movable", "for reclaimable", "for others" };
	int64_t type = mm_int(mm, TPF_ALLOC_MIGRATETYPE, -1);
	unsigned int index = type >= 0 && type < 3 ? type : 3;
	struct thread_sums *t = thread_of(r, mm->ev->tid);

	if (t)
		t->foreign++;
	count_up(r, fixed_line(r, mm_tp(mm), index, CHART_EXTFRAG, names[index]), mm->ev->ts, 1);
}

static void on_retry(struct recording *r, const struct mm_event *mm)
{
	int64_t nid = mm_int(mm, TPF_NID, -1), zone = mm_int(mm, TPF_ZONE_IDX, -1), free, reclaimable, min;
	struct node_entry *n = recording_node(r, nid);
	char name[64], zone_name[NAME_TEXT_BYTES];

	if (!n || zone < 0 || zone >= RETRY_ZONES || !mm_get(mm, TPF_AVAILABLE, &free) ||
	    !mm_get(mm, TPF_RECLAIMABLE, &reclaimable) || !mm_get(mm, TPF_MIN_WMARK, &min))
		return;
	name_format(NAMES_ZONE, zone, zone_name, sizeof(zone_name));
	if (!n->retry_free[zone]) {
		snprintf(name, sizeof(name), "node %d %.20s free", (int)nid, zone_name);
		n->retry_free[zone] = recording_add_line(r, CHART_RETRY_FREE, -1, name, CURVE_STATE);
		snprintf(name, sizeof(name), "node %d %.20s min", (int)nid, zone_name);
		n->retry_min[zone] = recording_add_line(r, CHART_RETRY_FREE, -1, name, CURVE_STATE);
	}
	if (!n->retry_free[zone] || !n->retry_min[zone])
		return;
	/* available is what is free and what could be reclaimed: should_reclaim_retry() in mm/page_alloc.c. */
	curve_value(&n->retry_free[zone]->curve, &r->grid, mm->ev->ts, ((double)free - reclaimable) * r->page_bytes);
	curve_value(&n->retry_min[zone]->curve, &r->grid, mm->ev->ts, (double)min * r->page_bytes);
}

/* --- compaction --- */

enum outcome { OUTCOME_SUCCESS, OUTCOME_FAILED, OUTCOME_SKIPPED, OUTCOME_CONTENDED, OUTCOME_OTHER };

/*
 * enum compact_result, include/linux/compaction.h; complete and partial_skipped: all of the zone was looked at. 3 and 4
 * are partial and complete of kernels up to 4.6; no pass of a later one ends with them (compaction_thrash.c).
 */
static enum outcome compaction_outcome(int64_t status)
{
	static const enum outcome outcomes[] = {
		OUTCOME_SKIPPED, OUTCOME_SKIPPED, OUTCOME_SKIPPED, OUTCOME_SUCCESS, OUTCOME_FAILED, OUTCOME_FAILED,
		OUTCOME_FAILED, OUTCOME_CONTENDED, OUTCOME_SUCCESS,
	};

	return status >= 0 && status < (int64_t)(sizeof(outcomes) / sizeof(outcomes[0])) ? outcomes[status]
											 : OUTCOME_OTHER;
}

static void on_compaction_begin(struct recording *r, const struct mm_event *mm)
{
	struct thread_sums *t = thread_of(r, mm->ev->tid);

	if (t)
		t->compaction_since_ns = mm->ev->ts;
}

static void on_compaction_end(struct recording *r, const struct mm_event *mm)
{
	static const char *const names[] = {
		[OUTCOME_SUCCESS] = "succeeded",
		[OUTCOME_FAILED] = "failed, all was scanned",
		[OUTCOME_SKIPPED] = "skipped or deferred",
		[OUTCOME_CONTENDED] = "contended",
		[OUTCOME_OTHER] = "others",
	};
	enum outcome index = compaction_outcome(mm_int(mm, TPF_STATUS, -1));
	struct thread_sums *t = thread_of(r, mm->ev->tid);

	count_up(r, fixed_line(r, mm_tp(mm), index, CHART_COMPACTION, names[index]), mm->ev->ts, 1);
	if (!t)
		return;
	t->compactions++;
	if (t->compaction_since_ns)
		t->compaction_ns += elapsed_ns(t->compaction_since_ns, mm->ev->ts);
	t->compaction_since_ns = 0;
}

/* --- waiting, killing --- */

#define WAIT_MAX_US	3600000000ll	/* longer is no wait but a broken event */

static void on_throttled(struct recording *r, const struct mm_event *mm)
{
	static const char *const names[] = { "writeback", "isolated", "no progress", "congested", "others" };
	int64_t us = mm_int(mm, TPF_USEC_DELAYED, -1), reason = mm_int(mm, TPF_REASON, 0);
	unsigned int index = reason > 0 && reason < 16 && !(reason & (reason - 1)) ? __builtin_ctz(reason) : 4;
	struct line *line = fixed_line(r, mm_tp(mm), index, CHART_THROTTLED, names[index]);
	struct thread_sums *t = thread_of(r, mm->ev->tid);

	if (!line || !t || us < 0 || us > WAIT_MAX_US)
		return;
	t->throttled_ns += us * 1000;
	/* Told when it is over. */
	curve_spread(&line->curve, &r->grid, elapsed_ns(us * 1000, mm->ev->ts), mm->ev->ts);
}

static void on_victim(struct recording *r, const struct mm_event *mm)
{
	const struct event_value *comm = event_value_at(mm->ev, mm->view->at[TPF_COMM]);
	struct victim *v = &r->victims[r->nvictims < VICTIMS_MAX ? r->nvictims : VICTIMS_MAX - 1];

	count_up(r, fixed_line(r, mm_tp(mm), 0, CHART_OOM, "OOM kills"), mm->ev->ts, 1);
	if (r->nvictims++ >= VICTIMS_MAX)
		return;
	*v = (struct victim){ .ts = mm->ev->ts, .tid = mm_int(mm, TPF_PID, -1) };
	if (comm && comm->kind == VALUE_TEXT)
		snprintf(v->comm, sizeof(v->comm), "%.*s", (int)comm->len, comm->p);
}

static void (*const handlers[TP_COUNT])(struct recording *r, const struct mm_event *mm) = {
	[TP_DIRECT_RECLAIM_BEGIN] = on_reclaim,
	[TP_DIRECT_RECLAIM_END] = on_reclaim,
	[TP_MEMCG_RECLAIM_BEGIN] = on_reclaim,
	[TP_MEMCG_RECLAIM_END] = on_reclaim,
	[TP_KSWAPD_WAKE] = on_kswapd_wake,
	[TP_KSWAPD_SLEEP] = on_daemon,
	[TP_KCOMPACTD_WAKE] = on_daemon,
	[TP_KCOMPACTD_SLEEP] = on_daemon,
	[TP_WAKEUP_KSWAPD] = on_wakeup,
	[TP_LRU_SHRINK_INACTIVE] = on_shrink,
	[TP_PAGE_ALLOC_EXTFRAG] = on_extfrag,
	[TP_RECLAIM_RETRY_ZONE] = on_retry,
	[TP_COMPACTION_BEGIN] = on_compaction_begin,
	[TP_COMPACTION_END] = on_compaction_end,
	[TP_THROTTLED] = on_throttled,
	[TP_MARK_VICTIM] = on_victim,
};

/* --- the sink's side --- */

int recording_traced_init(struct recording *r)
{
	static const struct call_ops ops = { .done = on_call };

	r->latency = calloc(1, sizeof(*r->latency));
	r->threads = tid_map_new(THREADS_MAX, sizeof(struct thread_sums), NULL, NULL);
	if (!r->latency || !r->threads)
		return -ENOMEM;
	return call_set_new(&ops, r, &r->calls);
}

void recording_traced_clear(struct recording *r)
{
	call_set_free(r->calls);
	tid_map_free(r->threads);
	binder_clear(&r->binder);
	free(r->latency);
}

int recording_type(struct recording *r, const struct event_type *type)
{
	return binder_add(&r->binder, type);
}

/* As the analysis has it: of instances that repeat a type, the first one's events count. */
static bool repeats(struct recording *r, const struct event *ev)
{
	int32_t *buffer;

	if (ev->type->id >= TYPES_MAX)
		return false;
	buffer = &r->buffer_of[ev->type->id];
	if (!*buffer)
		*buffer = ev->buffer + 1;
	return *buffer != ev->buffer + 1;
}

int recording_event(struct recording *r, const struct event *ev)
{
	const struct mm_event mm = { ev, binder_view(&r->binder, ev) };

	if (!mm.view)
		return -EINVAL;
	grid_at(&r->grid, ev->ts);
	if (handlers[mm_tp(&mm)] && !repeats(r, ev))
		handlers[mm_tp(&mm)](r, &mm);
	return r->error;
}

void recording_traced_loss(struct recording *r, const struct loss *loss)
{
	call_loss(r->calls, loss->cpu);
}

void recording_traced_end(struct recording *r)
{
	call_finish(r->calls);
	latency_curve_settle(r->latency, &r->grid);
}
