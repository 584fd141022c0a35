// SPDX-License-Identifier: GPL-2.0-only
/*
 * writeback_limited.c - detector writeback-limited: reclaim waits for a disk, because what it finds is dirty or being
 * written.
 *
 * Two reasons of reclaim_throttle() (mm/vmscan.c, 5.16 and later) mean this:
 *  - WRITEBACK: kswapd met a page under writeback that it had already marked for immediate reclaim, so pages go round
 *    the LRU faster than they are written; with cgroup v1 also a task at its limit that found nothing but dirty pages
 *    (writeback_throttling_sane()), which is then between mm_vmscan_memcg_reclaim_begin and _end. Whoever is not is
 *    kswapd, whether or not it was seen to wake.
 *  - CONGESTED: a task in direct reclaim, where all dirty pages met before were under writeback already.
 * So on a machine without cgroup v1 limits it is kswapd that sleeps for the first, and tasks for the second. kswapd's
 * sleep alone harms nobody: it counts when tasks stand in direct reclaim meanwhile, which is what they do instead.
 *
 * Judged for each node over the last ten seconds (window.h). Samples tell what was written, and by whom.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/tid_map.h"
#include "analyze/window.h"

#define NODES		64		/* those above are not looked at */
#define MEMCG_TASKS	4096
#define NSEC_PER_USEC	1000ull

/* enum vmscan_throttle_state, include/linux/mmzone.h, as the event prints it: 1 << the number */
enum { REASON_WRITEBACK = 1, REASON_CONGESTED = 8 };

enum { TASKS_NS, TASKS, CONGESTED, KSWAPD_NS, KSWAPD, DIRECT_NS, DIRECT, SWAPPED_OUT, WRITTEN_ALL, COUNTERS };

/* Counters of a node's vmstat; their growth is a count from COUNTERS on. */
static const struct {
	const char	*name, *evidence;
} counters[] = {
	{ "nr_written", "written" },				/* pages whose writing ended, file and swap */
	{ "nr_vmscan_write", "sent_by_reclaim" },		/* to be written: swap, what zswap took included */
	{ "nr_vmscan_immediate_reclaim", "met_under_writeback" },
	{ "nr_throttled_written", "written_while_throttled" },
};
#define NCOUNTERS	(sizeof(counters) / sizeof(counters[0]))
_Static_assert(COUNTERS + NCOUNTERS <= WINDOW_COUNTS, "room for the counters");

/* Of the whole system: nr_vmscan_write counts what went into zswap too, pswpout does not, but is of no node. */
static const struct {
	const char	*name, *evidence;
	int		count;
} system_counters[] = {
	{ "pswpout", "swapped_out", SWAPPED_OUT },
	{ "nr_written", "written_on_all_nodes", WRITTEN_ALL },
};
#define NSYSTEM		(sizeof(system_counters) / sizeof(system_counters[0]))

struct place {
	struct writeback	*of;
	int			node;
	int64_t			last[NCOUNTERS];
	bool			sampled[NCOUNTERS];
	struct window		window;
};

struct writeback {
	const struct detect	*d;
	struct place		place[NODES];
	int			nnodes;
	int64_t			last[NSYSTEM];
	bool			sampled[NSYSTEM];
	struct tid_map		*in_memcg;	/* threads in memcg reclaim */
};

static bool bad(void *ctx, const uint64_t *count)
{
	const struct place *p = ctx;
	const struct detect *d = p->of->d;

	return count[TASKS_NS] >= threshold_ns(d, TH_WRITEBACK_STALL) * WINDOW_SECONDS ||
	       (count[KSWAPD_NS] >= threshold_ns(d, TH_WRITEBACK_KSWAPD) * WINDOW_SECONDS &&
		count[DIRECT_NS] >= threshold_ns(d, TH_WRITEBACK_STALL) * WINDOW_SECONDS);
}

static bool swap_told(const struct place *p)
{
	return p->of->sampled[0] && p->of->sampled[1];
}

static bool by_swap(const struct place *p, const struct window_part *e)
{
	return swap_told(p) && e->count[SWAPPED_OUT] && e->count[SWAPPED_OUT] * 2 >= e->count[WRITTEN_ALL];
}

static void add_evidence(const struct place *p, const struct window_part *e, struct finding *f)
{
	double span_s = window_span_s(e);

	finding_evidence(f, "span", "s", span_s);
	finding_evidence(f, "tasks_throttled", "events", e->count[TASKS]);
	finding_evidence(f, "tasks_throttled_time", "task-seconds", ns_to_s(e->count[TASKS_NS]));
	finding_evidence(f, "tasks_throttled_mean", "tasks on average", ns_to_s(e->count[TASKS_NS]) / span_s);
	finding_evidence(f, "tasks_congested", "events", e->count[CONGESTED]);
	finding_evidence(f, "kswapd_throttled", "events", e->count[KSWAPD]);
	finding_evidence(f, "kswapd_throttled_time", "s", ns_to_s(e->count[KSWAPD_NS]));
	finding_evidence(f, "direct_reclaims", "calls", e->count[DIRECT]);
	finding_evidence(f, "direct_reclaim", "task-seconds", ns_to_s(e->count[DIRECT_NS]));
	for (size_t i = 0; i < NCOUNTERS; i++)
		if (p->sampled[i])
			finding_evidence(f, counters[i].evidence, "pages", e->count[COUNTERS + i]);
	for (size_t i = 0; i < NSYSTEM; i++)
		if (p->of->sampled[i])
			finding_evidence(f, system_counters[i].evidence, "pages", e->count[system_counters[i].count]);
}

static void done(void *ctx, const struct window_part *e)
{
	const struct place *p = ctx;
	struct finding f = finding_start(&writeback_limited, e->first_ns, e->last_ns);
	const struct facts *facts = p->of->d->facts;
	bool swap = by_swap(p, e);
	double span_s = window_span_s(e);

	f.variant = swap ? "swap" : swap_told(p) ? "file" : "";
	f.severity = ns_to_s(e->count[TASKS_NS]) / span_s >= threshold(p->of->d, TH_THROTTLE_HIGH) ? SEVERITY_HIGH :
												     SEVERITY_WARNING;
	f.confidence = swap_told(p) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.node = p->node;
	f.tid = e->tasks.n ? e->max_tid : -1;
	snprintf(f.summary, sizeof(f.summary),
		 "On node %d reclaim waited for writing to end: tasks %.1f task-seconds (%" PRIu64 " times), kswapd "
		 "%.1f s of %.1f s (%" PRIu64 " times); direct reclaim (of all nodes, unless told) took %.1f "
		 "task-seconds", p->node,
		 ns_to_s(e->count[TASKS_NS]),
		 e->count[TASKS], ns_to_s(e->count[KSWAPD_NS]), span_s, e->count[KSWAPD], ns_to_s(e->count[DIRECT_NS]));
	add_evidence(p, e, &f);
	if (!swap_told(p))
		finding_missing(&f, "No samples of what was written (pswpout, nr_written): squall record takes them.");
	if (!facts->seen[TP_MEMCG_RECLAIM_BEGIN] && !facts->recorded[TP_MEMCG_RECLAIM_BEGIN])
		finding_missing(&f, "No mm_vmscan_memcg_reclaim_begin: tasks at a limit of cgroup v1 would be among "
				    "kswapd's times.");
	f.explanation = swap ?
		"The pages that reclaim finds are on their way to swap already. They come round the LRU lists again "
		"before the swap device has written them: memory is wanted faster than the device can take it." :
		"The pages that reclaim finds are dirty, or being written already. They come round the LRU lists "
		"again before the disk has written them: memory is filled with dirty pages faster than the disk can "
		"take them.";
	f.remedy = swap ?
		"A faster swap device, zswap in front of it, or less memory in use. vm.swappiness higher takes clean "
		"page cache less and swaps earlier, lower the other way round: neither makes the device faster." :
		"Lower vm.dirty_background_bytes and vm.dirty_bytes to what the disk writes in a few seconds, so that "
		"those who write wait instead of those who allocate; give writers a cgroup with memory.high (v2, "
		"which also throttles their dirty pages) and io.max; see what is slow: /proc/diskstats, io.pressure.";
	f.otherwise = swap_told(p) ? "" : "Swap to a slow device: it looks the same.";
	f.references = "shrink_node() and reclaim_throttle(), mm/vmscan.c.";
	top_tasks_report(&e->tasks, &f, "tasks put to sleep");
	detector_report(p->of->d, &f);
}

static const struct window_ops ops = { .bad = bad, .done = done };

static struct place *place_of(struct writeback *w, int64_t node)
{
	struct place *p;

	if (node < 0 || node >= NODES)
		return NULL;
	if (node >= w->nnodes)
		w->nnodes = node + 1;
	p = &w->place[node];
	p->of = w;
	p->node = node;
	p->window.ops = &ops;
	p->window.ctx = p;
	return p;
}

static bool in_memcg(const struct writeback *w, int32_t tid)
{
	return w->in_memcg && tid_map_find(w->in_memcg, tid);
}

static void throttled(struct place *p, const struct mm_event *mm)
{
	int64_t reason = mm_int(mm, TPF_REASON, 0), us = mm_int(mm, TPF_USEC_DELAYED, 0);
	bool kswapd = reason == REASON_WRITEBACK && !in_memcg(p->of, mm->ev->tid);
	struct window_part *now;
	uint64_t ns;

	if ((reason != REASON_WRITEBACK && reason != REASON_CONGESTED) || us < 0)
		return;
	ns = us < INT32_MAX ? us * NSEC_PER_USEC : 0;		/* the kernel has an int */
	now = window_spread(&p->window, mm->ev->ts > ns ? mm->ev->ts - ns : 0, mm->ev->ts,
			    kswapd ? KSWAPD_NS : TASKS_NS, ns);
	now->count[kswapd ? KSWAPD : TASKS]++;
	now->count[CONGESTED] += reason == REASON_CONGESTED;
	if (!kswapd)
		window_task(now, mm->ev->tid, 0, ns);
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct writeback *w = state;
	struct place *p;

	if (mm_tp(mm) == TP_THROTTLED) {
		p = place_of(w, mm_int(mm, TPF_NID, -1));
		if (p)
			throttled(p, mm);
		return;
	}
	if (!w->in_memcg)
		w->in_memcg = tid_map_new(MEMCG_TASKS, 1, NULL, NULL);
	if (!w->in_memcg)
		return;
	if (mm_tp(mm) == TP_MEMCG_RECLAIM_BEGIN)
		tid_map_get(w->in_memcg, mm->ev->tid);
	else
		tid_map_drop(w->in_memcg, mm->ev->tid);
}

/* Where it freed nothing, or no event tells, it may have been on any node. */
static bool was_on(const struct reclaim_call *call, int node)
{
	return !call->progress_nodes || (call->progress_nodes & 1ull << node);
}

static void on_call(void *state, const struct reclaim_call *call)
{
	struct writeback *w = state;

	for (int node = 0; call->kind == CALL_DIRECT && node < w->nnodes; node++) {
		if (!w->place[node].of || !was_on(call, node))
			continue;
		window_spread(&w->place[node].window, call->begin_ns, call->end_ns, DIRECT_NS,
			      elapsed_ns(call->begin_ns, call->end_ns))->count[DIRECT]++;
	}
}

static void system_sample(struct writeback *w, const struct sample *sample)
{
	size_t i = 0;

	while (i < NSYSTEM && strcmp(system_counters[i].name, sample->name))
		i++;
	if (i == NSYSTEM)
		return;
	for (int node = 0; w->sampled[i] && sample->value > w->last[i] && node < w->nnodes; node++)
		if (w->place[node].of)
			window_at(&w->place[node].window, sample->ts)->count[system_counters[i].count] +=
				sample->value - w->last[i];
	w->last[i] = sample->value;
	w->sampled[i] = true;
}

static void on_sample(void *state, const struct sample *sample)
{
	struct place *p;
	size_t i = 0;

	if (sample->scope == SCOPE_SYSTEM)
		system_sample(state, sample);
	if (sample->scope != SCOPE_NODE)
		return;
	while (i < NCOUNTERS && strcmp(counters[i].name, sample->name))
		i++;
	p = i < NCOUNTERS ? place_of(state, sample->node) : NULL;
	if (!p)
		return;
	if (p->sampled[i] && sample->value > p->last[i])
		window_at(&p->window, sample->ts)->count[COUNTERS + i] += sample->value - p->last[i];
	p->last[i] = sample->value;
	p->sampled[i] = true;
}

static void clear(void *state)
{
	tid_map_free(((struct writeback *)state)->in_memcg);
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct writeback *w = state;

	for (int node = 0; node < w->nnodes; node++)
		if (w->place[node].of)
			window_so_far(&w->place[node].window);
}

static void finish(void *state)
{
	struct writeback *w = state;

	for (int node = 0; node < w->nnodes; node++)
		if (w->place[node].of)
			window_finish(&w->place[node].window);
}

const struct detector writeback_limited = {
	.kind = "writeback-limited",
	.title = "reclaim that waits for dirty pages or swap to be written",
	.needs = { { TP_THROTTLED } },
	.without = "record mm_vmscan_throttled (kernels since 5.16)",
	.losses = LOSS_THROTTLED | LOSS_DIRECT,
	.state_size = sizeof(struct writeback),
	.clear = clear,
	.events = (const enum tracepoint[]){ TP_THROTTLED, TP_MEMCG_RECLAIM_BEGIN, TP_MEMCG_RECLAIM_END, TP_NONE },
	.event = on_event,
	.call = on_call,
	.sample = on_sample,
	.so_far = so_far,
	.finish = finish,
};
