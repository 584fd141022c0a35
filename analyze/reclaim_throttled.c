// SPDX-License-Identifier: GPL-2.0-only
/*
 * reclaim_throttled.c - detector reclaim-throttled: tasks that reclaim are put to sleep by the kernel, on a node and
 * for a reason that has nothing to do with the speed of writing (that is writeback-limited).
 *
 * reclaim_throttle() (mm/vmscan.c) leaves mm_vmscan_throttled with node, reason and how long it was, to the jiffy.
 * Healthy machines have such events; what counts is the time: task-seconds per second, for each node and reason, over
 * the last ten seconds (kernel-domain.md 4g). Neither kswapd nor other kernel threads are put to sleep for these two
 * reasons.
 *
 * throttle_direct_reclaim() leaves no event: tasks wait there for kswapd, before their reclaim begins, when free
 * pages are below half of the min watermarks. /proc/vmstat counts them, not their time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/window.h"

#define NODES	64		/* those above are not looked at */
#define NSEC_PER_USEC	1000ull

/* enum vmscan_throttle_state, include/linux/mmzone.h, as the event prints it: 1 << the number */
enum { REASON_ISOLATED = 2, REASON_NOPROGRESS = 4 };

enum { ISOLATED, NOPROGRESS, REASONS };
enum { NS, EVENTS, WAITS = 0, WAIT_SECONDS };

#define WAIT_SECONDS_MIN	3	/* of the window: waits in fewer are one burst, which kswapd has ended */

struct reason {
	int64_t		mask;
	const char	*variant, *because, *explanation, *remedy;
};

static const struct reason reasons[REASONS] = {
	[ISOLATED] = { REASON_ISOLATED, "isolated",
		"those that reclaim hold too many pages for what is left on the lists",
		"Tasks that reclaim have taken more pages off an inactive list than an eighth of what is left on it "
		"(too_many_isolated()), so further ones wait 20 ms at a time. Either many tasks ran into the shortage "
		"at the same moment, and each of them holds its pages while it waits for something else: a lock, "
		"swap, the CPU. Or hardly anything is left on that list, because most of it was dirty: what reclaim "
		"meets of that goes to the active list until it is written.",
		"Let fewer tasks allocate at once (a limit on workers), give kswapd a head start "
		"(vm.watermark_scale_factor), let less become dirty (vm.dirty_bytes), and look where those that "
		"hold pages stand: cat /proc/PID/stack of the tasks below." },
	[NOPROGRESS] = { REASON_NOPROGRESS, "noprogress", "reclaim finds nothing down to the last priority",
		"Tasks went through all there is and freed nothing, while more than half of what could be reclaimed "
		"waits to be written. They sleep a jiffy at a time. This is the last step before the OOM killer.",
		"Memory is short and what is there is dirty: make less dirty (vm.dirty_background_bytes, "
		"vm.dirty_bytes), or a faster disk; else less load or more memory." },
};

struct place {
	struct throttled	*of;
	int			node, reason;
	struct window		window;
};

struct throttled {
	const struct detect	*d;
	struct place		place[NODES][REASONS];
	int			nnodes;
	struct window		waits;		/* for kswapd, of the whole system */
	int64_t			counted;	/* pgscan_direct_throttle as last sampled */
	bool			have_count;
};

static const char references[] = "reclaim_throttle() and throttle_direct_reclaim(), mm/vmscan.c.";

/* --- by event --- */

static bool bad(void *ctx, const uint64_t *count)
{
	const struct place *p = ctx;

	return count[NS] >= threshold(p->of->d, TH_THROTTLE_STALL) * WINDOW_SECONDS * NSEC_PER_SEC;
}

static void done(void *ctx, const struct window_part *e)
{
	const struct place *p = ctx;
	const struct reason *reason = &reasons[p->reason];
	struct finding f = finding_start(&reclaim_throttled, e->first_ns, e->last_ns);
	double span_s = window_span_s(e), tasks = ns_to_s(e->count[NS]) / span_s;

	f.variant = reason->variant;
	f.severity = tasks >= threshold(p->of->d, TH_THROTTLE_HIGH) ? SEVERITY_HIGH : SEVERITY_WARNING;
	f.confidence = CONFIDENCE_HIGH;
	f.node = p->node;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "On node %d %s%d tasks that reclaim were put to sleep %" PRIu64 " times in %.1f s, %.1f task-seconds "
										 "in all: %s",
		 p->node, e->tasks.others ? "at least " : "", e->tasks.n, e->count[EVENTS], span_s,
		 ns_to_s(e->count[NS]),
		 reason->because);
	finding_evidence(&f, "span", "s", span_s);
	finding_evidence(&f, "throttled", "events", e->count[EVENTS]);
	finding_evidence(&f, "throttled_time", "task-seconds", ns_to_s(e->count[NS]));
	finding_evidence(&f, "tasks_throttled", "tasks on average", tasks);
	finding_evidence(&f, "throttled_max", "s", ns_to_s(e->max_ns));
	finding_evidence(&f, e->tasks.others ? "tasks_at_least" : "tasks", "tasks", e->tasks.n);
	f.explanation = reason->explanation;
	f.remedy = reason->remedy;
	f.references = references;
	top_tasks_report(&e->tasks, &f, "tasks put to sleep");
	detector_report(p->of->d, &f);
}

static const struct window_ops ops = { .bad = bad, .done = done };

static void on_event(void *state, const struct mm_event *mm)
{
	struct throttled *t = state;
	int64_t node = mm_int(mm, TPF_NID, -1), mask = mm_int(mm, TPF_REASON, 0);
	int64_t us = mm_int(mm, TPF_USEC_DELAYED, 0), timeout = mm_int(mm, TPF_USEC_TIMEOUT, INT64_MAX);
	struct window_part *now;
	uint64_t ns;

	if (node < 0 || node >= NODES || us < 0)
		return;
	ns = (us < timeout ? us : timeout > 0 ? timeout : 0) * NSEC_PER_USEC;	/* it cannot sleep longer than that */
	if (node >= t->nnodes)
		t->nnodes = node + 1;
	for (int i = 0; i < REASONS; i++) {
		struct place *p = &t->place[node][i];

		if (reasons[i].mask != mask)
			continue;
		p->of = t;
		p->node = node;
		p->reason = i;
		p->window.ops = &ops;
		p->window.ctx = p;
		now = window_spread(&p->window, mm->ev->ts > ns ? mm->ev->ts - ns : 0, mm->ev->ts, NS, ns);
		now->count[EVENTS]++;
		window_task(now, mm->ev->tid, 0, ns);
	}
}

/* --- by counter --- */

static bool waits_bad(void *ctx, const uint64_t *count)
{
	const struct throttled *t = ctx;

	return count[WAITS] >= threshold(t->d, TH_THROTTLE_WAITS) * WINDOW_SECONDS &&
	       count[WAIT_SECONDS] >= WAIT_SECONDS_MIN;
}

static void waits_done(void *ctx, const struct window_part *e)
{
	const struct throttled *t = ctx;
	struct finding f = finding_start(&reclaim_throttled, e->first_ns, e->last_ns);

	f.variant = "pfmemalloc";
	f.severity = SEVERITY_WARNING;
	f.confidence = CONFIDENCE_MEDIUM;
	snprintf(f.summary, sizeof(f.summary),
		 "%" PRIu64 " allocations in %.1f s waited for kswapd before they might reclaim: free memory was below "
		 "half of the min watermarks", e->count[WAITS], window_span_s(e));
	finding_evidence(&f, "span", "s", window_span_s(e));
	finding_evidence(&f, "waits", "allocations", e->count[WAITS]);
	finding_evidence(&f, "seconds_with_waits", "s", e->count[WAIT_SECONDS]);
	finding_missing(&f, "How long they waited is in no event and no counter.");
	f.explanation = "The reserves that reclaim itself needs, for swap over the network and the like, were half "
			"used up. Tasks wait until kswapd has filled them again: up to a second each where file "
			"systems may not be entered, without limit elsewhere.";
	f.remedy = "Raise vm.min_free_kbytes (or vm.watermark_scale_factor, so that kswapd begins sooner), and find "
		   "who takes from the reserves: network drivers with GFP_ATOMIC, swap to zram or over the network.";
	f.references = references;
	detector_report(t->d, &f);
}

static const struct window_ops waits_ops = { .bad = waits_bad, .done = waits_done };

static void on_sample(void *state, const struct sample *sample)
{
	struct throttled *t = state;
	struct window_part *now;

	if (sample->scope != SCOPE_SYSTEM || strcmp(sample->name, "pgscan_direct_throttle"))
		return;
	t->waits.ops = &waits_ops;
	t->waits.ctx = t;
	if (t->have_count && sample->value > t->counted) {
		now = window_at(&t->waits, sample->ts);
		now->count[WAIT_SECONDS] += !now->count[WAITS];
		now->count[WAITS] += sample->value - t->counted;
	}
	t->counted = sample->value;
	t->have_count = true;
}

/* --- the end --- */

static void each_window(struct throttled *t, void (*fn)(struct window *w))
{
	for (int node = 0; node < t->nnodes; node++)
		for (int i = 0; i < REASONS; i++)
			if (t->place[node][i].of)
				fn(&t->place[node][i].window);
	if (t->waits.started)
		fn(&t->waits);
}

static void window_so_far_of(struct window *w)
{
	window_so_far(w);
}

static void so_far(void *state, uint64_t now_ns)
{
	each_window(state, window_so_far_of);
}

static void finish(void *state)
{
	each_window(state, window_finish);
}

const struct detector reclaim_throttled = {
	.kind = "reclaim-throttled",
	.title = "tasks that reclaim are put to sleep: too many at once, nothing left to free, or reserves used up",
	.needs = { { TP_THROTTLED } },
	.without = "record mm_vmscan_throttled (kernels since 5.16), and pgscan_direct_throttle of /proc/vmstat: "
		   "squall record does both",
	.losses = LOSS_THROTTLED,
	.state_size = sizeof(struct throttled),
	.events = (const enum tracepoint[]){ TP_THROTTLED, TP_NONE },
	.event = on_event,
	.sample = on_sample,
	.so_far = so_far,
	.finish = finish,
};
