// SPDX-License-Identifier: GPL-2.0-only
/*
 * node_reclaim.c - detector node-reclaim: tasks reclaim their own node's page cache while other nodes have free memory,
 * because vm.zone_reclaim_mode says so.
 *
 * An allocation that finds its node below the low watermark calls node_reclaim() before it looks at the next node.
 * Its begin has the node, its end the pages; both are of the task. Judged by the time lost in it, or by how often it
 * comes, over the last ten seconds (window.h), for each node: often and without much time is information. That others
 * had free memory is read from samples: a zone of another node above low plus what it must reserve, where the
 * allocation would have found its page at once. The same event comes from /sys/devices/system/node/nodeN/reclaim
 * (6.18 and later), which somebody asks for: with zone_reclaim_mode 0 it is only that, and no finding. Where the mode
 * is not told, calls that freed far more than an allocation asks for are taken for that, and the rest is information.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/swap_state.h"
#include "analyze/window.h"

#define NODES	64		/* those above are not looked at */
#define FAR_MORE	8	/* times what was asked for: shrinkers and large folios overshoot, but not by so much */

enum { NS, CALLS, PAGES, IN_VAIN, FREE_ELSEWHERE, FREE_TOLD };

struct place {
	struct node_watch	*of;
	int			node;
	int64_t			mode;		/* vm.zone_reclaim_mode at the latest call */
	struct window		window;
};

struct node_watch {
	const struct detect	*d;
	struct swap_state	memory;
	int64_t			mode;		/* vm.zone_reclaim_mode */
	bool			mode_told;
	struct place		place[NODES];
	int			nnodes;
};

static bool bad(void *ctx, const uint64_t *count)
{
	const struct place *p = ctx;

	return (count[NS] >= threshold_ns(p->of->d, TH_NODE_RECLAIM_STALL) * WINDOW_SECONDS ||
		count[CALLS] >= threshold(p->of->d, TH_NODE_RECLAIM_RATE) * WINDOW_SECONDS) &&
	       count[FREE_ELSEWHERE] * 2 >= count[FREE_TOLD];
}

static void add_missing(const struct node_watch *w, const struct window_part *e, struct finding *f)
{
	if (!w->mode_told)
		finding_missing(f, "vm.zone_reclaim_mode is not in the recording.");
	if (!e->count[FREE_TOLD])
		finding_missing(f, "No samples of zones: whether other nodes had free memory is not known.");
}

static void done(void *ctx, const struct window_part *e)
{
	const struct place *p = ctx;
	const struct node_watch *w = p->of;
	struct finding f = finding_start(&node_reclaim, e->first_ns, e->last_ns);
	double span_s = window_span_s(e);

	f.severity = w->mode_told && ns_to_s(e->count[NS]) / span_s >= threshold(w->d, TH_NODE_RECLAIM_STALL) ?
		     SEVERITY_WARNING : SEVERITY_INFO;
	f.confidence = !e->count[FREE_TOLD] ? CONFIDENCE_LOW : w->mode_told ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.node = p->node;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "Tasks reclaimed on node %d %" PRIu64 " times in %.1f s before they looked at another node: %.2f "
		 "task-seconds for %" PRIu64 " pages, %" PRIu64 " times for none%s", p->node,
		 e->count[CALLS], span_s, ns_to_s(e->count[NS]),
		 e->count[PAGES], e->count[IN_VAIN], e->count[FREE_TOLD] ? ", while another node had free memory" : "");
	finding_evidence(&f, "span", "s", span_s);
	finding_evidence(&f, "node_reclaims", "calls", e->count[CALLS]);
	finding_evidence(&f, "node_reclaim_time", "task-seconds", ns_to_s(e->count[NS]));
	finding_evidence(&f, "tasks_in_node_reclaim", "tasks on average", ns_to_s(e->count[NS]) / span_s);
	finding_evidence(&f, "reclaimed_pages", "pages", e->count[PAGES]);
	finding_evidence(&f, "node_reclaims_in_vain", "calls", e->count[IN_VAIN]);
	finding_evidence(&f, "node_reclaim_max", "s", ns_to_s(e->max_ns));
	if (e->count[FREE_TOLD])
		finding_evidence(&f, "free_elsewhere", "ratio", e->count[FREE_ELSEWHERE] / (double)e->count[FREE_TOLD]);
	if (w->mode_told)
		finding_evidence(&f, "zone_reclaim_mode", "setting", p->mode);
	add_missing(w, e, &f);
	f.explanation = "With vm.zone_reclaim_mode set, an allocation that does not fit its own node reclaims there "
			"first. Page cache is thrown out and read again, and the task waits, although another node has "
			"room. That pays only for work that is cut to fit into one node each.";
	f.remedy = "sysctl -w vm.zone_reclaim_mode=0 (the default). Work that must stay local is better bound with "
		   "cpuset.mems or numactl --membind.";
	f.otherwise = w->mode_told ? "" : "Somebody who writes to /sys/devices/system/node/nodeN/reclaim.";
	f.references = "node_reclaim(), mm/vmscan.c; vm.zone_reclaim_mode, Documentation/admin-guide/sysctl/vm.rst.";
	top_tasks_report(&e->tasks, &f, "tasks that reclaimed");
	detector_report(w->d, &f);
}

static const struct window_ops ops = { .bad = bad, .done = done };

/* 1: a zone of another node would serve at once; 0: none; -1: not told. */
static int free_elsewhere(const struct node_watch *w, int node)
{
	int told = -1;

	for (int i = 0; i < w->memory.nzones; i++) {
		const struct swap_zone *z = &w->memory.zone[i];

		if (z->node == node || !z->now.free.known || !z->now.low.known || !z->now.managed.value)
			continue;
		if (z->now.free.value > z->now.low.value + z->now.reserve.value)
			return 1;
		told = 0;
	}
	return told;
}

/* node_reclaim() asks for max(1 << order, SWAP_CLUSTER_MAX) pages, a write to reclaim for a quarter of the rest. */
static bool is_on_demand(const struct node_watch *w, const struct reclaim_call *call)
{
	uint64_t asked = threshold(w->d, TH_SWAP_CLUSTER_MAX);

	if (call->order > 0 && call->order < 32 && asked < 1ull << call->order)
		asked = 1ull << call->order;
	return !w->mode_told && call->pages > FAR_MORE * asked;
}

static void on_call(void *state, const struct reclaim_call *call)
{
	struct node_watch *w = state;
	uint64_t ns = elapsed_ns(call->begin_ns, call->end_ns);
	struct window_part *now;
	struct place *p;
	int elsewhere;

	if (w->mode_told && !w->mode)
		return;
	if (call->kind != CALL_NODE || call->nid < 0 || call->nid >= NODES || is_on_demand(w, call))
		return;
	if (call->nid >= w->nnodes)
		w->nnodes = call->nid + 1;
	p = &w->place[call->nid];
	p->of = w;
	p->node = call->nid;
	p->mode = w->mode;
	p->window.ops = &ops;
	p->window.ctx = p;
	elsewhere = free_elsewhere(w, call->nid);
	now = window_spread(&p->window, call->begin_ns, call->end_ns, NS, ns);
	now->count[CALLS]++;
	now->count[PAGES] += call->pages;
	now->count[IN_VAIN] += !call->pages;
	now->count[FREE_TOLD] += elsewhere >= 0;
	now->count[FREE_ELSEWHERE] += elsewhere > 0;
	window_task(now, call->tid, call->pages, ns);
}

static void note_mode(struct node_watch *w, int64_t mode)
{
	w->mode = mode;
	w->mode_told = true;
}

static void on_sample(void *state, const struct sample *sample)
{
	struct node_watch *w = state;

	swap_state_sample(&w->memory, sample);
	if (sample->scope == SCOPE_SYSTEM && !strcmp(sample->name, "vm.zone_reclaim_mode"))
		note_mode(w, sample->value);
}

static void on_meta(void *state, const char *key, const char *value)
{
	if (!strcmp(key, "zone_reclaim_mode"))
		note_mode(state, strtol(value, NULL, 0));
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct node_watch *w = state;

	for (int node = 0; node < w->nnodes; node++)
		if (w->place[node].of)
			window_so_far(&w->place[node].window);
}

static void finish(void *state)
{
	struct node_watch *w = state;

	for (int node = 0; node < w->nnodes; node++)
		if (w->place[node].of)
			window_finish(&w->place[node].window);
}

const struct detector node_reclaim = {
	.kind = "node-reclaim",
	.title = "tasks reclaim on their own node while others have free memory (vm.zone_reclaim_mode)",
	.needs = { { TP_NODE_RECLAIM_BEGIN }, { TP_NODE_RECLAIM_END } },
	.without = "record mm_vmscan_node_reclaim_begin/end",
	.losses = LOSS_DIRECT,
	.state_size = sizeof(struct node_watch),
	.call = on_call,
	.sample = on_sample,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
