// SPDX-License-Identifier: GPL-2.0-only
/*
 * writeback_limited.c - detector writeback-limited: reclaim waits for a disk, because what it finds is dirty or being
 * written.
 *
 * Two reasons of reclaim_throttle() (mm/vmscan.c, 5.16 and later) mean this:
 *  - WRITEBACK: kswapd met a page under writeback that it had already marked for immediate reclaim, so pages go round
 *    the LRU faster than they are written; with cgroup v1 also a task at its limit that found nothing but dirty pages.
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
#include "analyze/window.h"

#define NODES		64		/* those above are not looked at */
#define NSEC_PER_USEC	1000ull

/* enum vmscan_throttle_state, include/linux/mmzone.h, as the event prints it: 1 << the number */
enum { REASON_WRITEBACK = 1, REASON_CONGESTED = 8 };

enum { TASKS_NS, TASKS, CONGESTED, KSWAPD_NS, KSWAPD, DIRECT_NS, DIRECT, COUNTERS };

/* Counters of a node's vmstat; their growth is a count from COUNTERS on. */
static const struct {
	const char	*name, *evidence;
} counters[] = {
	{ "nr_written", "written" },				/* pages whose writing ended, file and swap */
	{ "nr_vmscan_write", "written_by_reclaim" },		/* pages that reclaim itself sent to be written: swap */
	{ "nr_vmscan_immediate_reclaim", "met_under_writeback" },
	{ "nr_throttled_written", "written_while_throttled" },
};
#define NCOUNTERS	(sizeof(counters) / sizeof(counters[0]))
enum { WRITTEN = COUNTERS, WRITTEN_BY_RECLAIM };
_Static_assert(COUNTERS + NCOUNTERS <= WINDOW_COUNTS, "room for the counters");

struct place {
	struct writeback	*of;
	int			node;
	int32_t			kswapd;		/* its thread + 1; 0 not known */
	int64_t			last[NCOUNTERS];
	bool			sampled[NCOUNTERS];
	struct window		window;
};

struct writeback {
	const struct detect	*d;
	struct place		place[NODES];
	int			nnodes;
};

static bool bad(void *ctx, const uint64_t *count)
{
	const struct place *p = ctx;
	const struct detect *d = p->of->d;

	return count[TASKS_NS] >= threshold_ns(d, TH_WRITEBACK_STALL) * WINDOW_SECONDS ||
	       (count[KSWAPD_NS] >= threshold_ns(d, TH_WRITEBACK_KSWAPD) * WINDOW_SECONDS &&
		count[DIRECT_NS] >= threshold_ns(d, TH_WRITEBACK_STALL) * WINDOW_SECONDS);
}

static bool by_swap(const struct window_part *e)
{
	return e->count[WRITTEN_BY_RECLAIM] && e->count[WRITTEN_BY_RECLAIM] * 2 >= e->count[WRITTEN];
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
}

static void done(void *ctx, const struct window_part *e)
{
	const struct place *p = ctx;
	struct finding f = finding_start(&writeback_limited, e->first_ns, e->last_ns);
	bool swap = p->sampled[WRITTEN_BY_RECLAIM - COUNTERS] && by_swap(e);
	double span_s = window_span_s(e);

	f.variant = swap ? "swap" : p->sampled[WRITTEN_BY_RECLAIM - COUNTERS] ? "file" : "";
	f.severity = ns_to_s(e->count[TASKS_NS]) / span_s >= threshold(p->of->d, TH_THROTTLE_HIGH) ? SEVERITY_HIGH :
												     SEVERITY_WARNING;
	f.confidence = p->sampled[0] ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.node = p->node;
	f.tid = e->tasks.n ? e->max_tid : -1;
	snprintf(f.summary, sizeof(f.summary),
		 "On node %d reclaim waited for writing to end: tasks %.1f task-seconds (%" PRIu64 " times), kswapd "
		 "%.1f s of %.1f s (%" PRIu64 " times); direct reclaim took %.1f task-seconds", p->node,
		 ns_to_s(e->count[TASKS_NS]),
		 e->count[TASKS], ns_to_s(e->count[KSWAPD_NS]), span_s, e->count[KSWAPD], ns_to_s(e->count[DIRECT_NS]));
	add_evidence(p, e, &f);
	if (!p->sampled[0])
		finding_missing(&f, "No samples of what was written (nr_written, nr_vmscan_write): squall record takes "
				    "them.");
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
	f.otherwise = p->sampled[0] ? "" : "Swap to a slow device: it looks the same.";
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

static void throttled(struct place *p, const struct mm_event *mm)
{
	int64_t reason = mm_int(mm, TPF_REASON, 0), us = mm_int(mm, TPF_USEC_DELAYED, 0);
	bool kswapd = p->kswapd == mm->ev->tid + 1;
	struct window_part *now;

	if ((reason != REASON_WRITEBACK && reason != REASON_CONGESTED) || us < 0)
		return;
	now = window_at(&p->window, mm->ev->ts);
	now->count[kswapd ? KSWAPD_NS : TASKS_NS] += us * NSEC_PER_USEC;
	now->count[kswapd ? KSWAPD : TASKS]++;
	now->count[CONGESTED] += !kswapd && reason == REASON_CONGESTED;
	if (!kswapd)
		window_task(now, mm->ev->tid, 0, us * NSEC_PER_USEC);
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct place *p = place_of(state, mm_int(mm, TPF_NID, -1));

	if (!p)
		return;
	if (mm_tp(mm) == TP_KSWAPD_WAKE)
		p->kswapd = mm->ev->tid + 1;
	else
		throttled(p, mm);
}

/* On which node it reclaimed is not told. */
static void on_call(void *state, const struct reclaim_call *call)
{
	struct writeback *w = state;

	for (int node = 0; call->kind == CALL_DIRECT && node < w->nnodes; node++) {
		struct window_part *now = w->place[node].of ? window_at(&w->place[node].window, call->end_ns) : NULL;

		if (!now)
			continue;
		now->count[DIRECT_NS] += elapsed_ns(call->begin_ns, call->end_ns);
		now->count[DIRECT]++;
	}
}

static void on_sample(void *state, const struct sample *sample)
{
	struct place *p;
	size_t i = 0;

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
	.without = "record mm_vmscan_throttled (kernels since 5.16) and mm_vmscan_kswapd_wake",
	.losses = LOSS_THROTTLED | LOSS_DIRECT,
	.state_size = sizeof(struct writeback),
	.events = (const enum tracepoint[]){ TP_THROTTLED, TP_KSWAPD_WAKE, TP_NONE },
	.event = on_event,
	.call = on_call,
	.sample = on_sample,
	.so_far = so_far,
	.finish = finish,
};
