// SPDX-License-Identifier: GPL-2.0-only
/*
 * hopeless_node.c - detector hopeless-node: a node that kswapd has given up.
 *
 * With kswapd_failures at MAX_RECLAIM_RETRIES (16) kswapd sleeps and wakeup_kswapd() does nothing until the counter is
 * reset. That is what should happen on a node that cannot be balanced (and what the reset fix of 7.0 brings back), so
 * alone it is information. It is a warning when tasks stand in direct reclaim meanwhile, for then kswapd is missed.
 *
 * Seen by kswapd_reclaim_fail (7.0+), by samples of kswapd_failures or node_unreclaimable, or, on older kernels, by 16
 * unrested futile runs (run.h) that end in the full sleep; among them runs that freed objects of shrinkers, which may
 * not have freed a page, make it less sure. A new run, clear_hopeless, or a lower sample ends it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"


struct hopeless_node_state {
	uint64_t	since_ns;		/* 0: not hopeless */
	uint64_t	direct_ns, direct_calls;
	uint64_t	memcg_ns, memcg_calls;
	uint64_t	futile, unsure;		/* unrested runs in a row that were, and that may have been futile */
	bool		linked;
	bool		by_runs;		/* concluded, not told */
	bool		by_unsure;		/* and that with the help of unsure ones */
};

struct hopeless {
	const struct detect		*d;
	int				hopeless;	/* nodes that are */
	int				nnodes;		/* highest node id seen + 1 */
	struct hopeless_node_state	node[RUN_MAX_NODES];
};

static void report(const struct hopeless *h, int nid, const struct hopeless_node_state *n, uint64_t end_ns,
		   bool ended)
{
	struct finding f = finding_start(&hopeless_node, n->since_ns, end_ns);
	double span_s = ns_to_s(elapsed_ns(n->since_ns, end_ns));
	double stalled = ns_to_s(n->direct_ns) / span_s;
	bool missed = stalled >= threshold(h->d, TH_HOPELESS_STALL);

	f.severity = missed ? SEVERITY_WARNING : SEVERITY_INFO;
	f.confidence = n->by_unsure ? CONFIDENCE_LOW : n->by_runs ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
	f.node = nid;
	snprintf(f.summary, sizeof(f.summary),
		 "kswapd%d gave node %d up for %.1f s%s; in that time tasks spent %.1f s in %" PRIu64
		 " direct reclaims: %s", nid, nid, span_s, ended ? "" : ", and still does",
		 ns_to_s(n->direct_ns), n->direct_calls,
		 missed ? "kswapd is missed" : "kswapd rests as it should and is not missed");
	finding_evidence(&f, "hopeless", "s", span_s);
	finding_evidence(&f, "direct_reclaim", "task-seconds", ns_to_s(n->direct_ns));
	finding_evidence(&f, "direct_reclaims", "calls", n->direct_calls);
	finding_evidence(&f, "tasks_in_direct_reclaim", "tasks on average", stalled);
	finding_evidence(&f, "memcg_reclaim", "task-seconds", ns_to_s(n->memcg_ns));
	finding_evidence(&f, "memcg_reclaims", "calls", n->memcg_calls);
	f.explanation = "16 balance runs reclaimed nothing, so the kernel stopped waking kswapd for this node. The memory on "
			"it is bound (anonymous pages without swap, mlock, memory.min or memory.low, the kernel's own), or "
			"waits to be written. Until the node is balanced again tasks that allocate there reclaim "
			"themselves. Since 7.0 this state lasts instead of being reset by any little progress: that is "
			"the fix at work.";
	f.remedy = missed ? "Free or move what fills the node (numastat -p, memory.numa_stat), lower memory.min/low, add swap, "
			    "or keep latency-critical tasks off the node (cpuset.mems)." :
			    "Nothing has to be done; know that this node has no background reclaim now.";
	f.references = "MAX_RECLAIM_RETRIES, mm/internal.h; prepare_kswapd_sleep() and wakeup_kswapd(), mm/vmscan.c.";
	f.otherwise = n->by_runs ? "A node that was balanced just when the sixteenth run ended." : "";
	if (n->by_runs)
		finding_missing(&f, "kswapd_failures itself is not in the recording.");
	detector_report(h->d, &f);
}

static void note_node(struct hopeless *h, int nid)
{
	if (nid >= h->nnodes)
		h->nnodes = nid + 1;
}

static void begin(struct hopeless *h, struct hopeless_node_state *n, uint64_t ts, bool by_runs)
{
	if (n->since_ns)
		return;
	n->since_ns = ts;
	n->direct_ns = n->direct_calls = n->memcg_ns = n->memcg_calls = 0;
	n->by_runs = by_runs;
	n->by_unsure = by_runs && n->unsure;
	h->hopeless++;
}

static void end(struct hopeless *h, int nid, uint64_t ts, bool ended)
{
	struct hopeless_node_state *n = &h->node[nid];

	if (!n->since_ns)
		return;
	if (elapsed_ns(n->since_ns, ts) >= threshold_ns(h->d, TH_HOPELESS_S))
		report(h, nid, n, ts, ended);
	n->since_ns = 0;
	h->hopeless--;
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct hopeless *h = state;
	int64_t nid = mm_int(mm, TPF_NID, -1);

	if (nid < 0 || nid >= RUN_MAX_NODES)
		return;
	note_node(h, nid);
	if (mm_tp(mm) == TP_KSWAPD_RECLAIM_FAIL) {
		if (mm_int(mm, TPF_FAILURES, 0) >= threshold(h->d, TH_MAX_RECLAIM_RETRIES))
			begin(h, &h->node[nid], mm->ev->ts, false);
		return;
	}
	/* A run that begins later shows that somebody reset the counter: a hopeless node's kswapd is not woken. */
	end(h, nid, mm->ev->ts, true);
}

static void on_run(void *state, const struct kswapd_run *run)
{
	struct hopeless *h = state;
	struct hopeless_node_state *n = &h->node[run->nid];

	note_node(h, run->nid);
	if (!n->linked || run->result == RUN_PROGRESS)
		n->futile = n->unsure = 0;
	n->futile += run->result == RUN_FUTILE;
	n->unsure += run->may_have_progressed;
	n->linked = run->unrested || run->likely_unrested;
	if (run->slept && run->result == RUN_FUTILE && n->futile + n->unsure >= threshold(h->d, TH_MAX_RECLAIM_RETRIES) &&
	    !h->d->facts->seen[TP_KSWAPD_RECLAIM_FAIL])
		begin(h, n, run->end_ns, true);
}

/* Its shrink events show that it freed pages, on other nodes only. */
static bool elsewhere(const struct reclaim_call *call, int nid)
{
	return call->progress_nodes && !(nid < CALL_NODE_BITS && call->progress_nodes >> nid & 1);
}

static void on_call(void *state, const struct reclaim_call *call)
{
	struct hopeless *h = state;

	if (!h->hopeless || (call->kind != CALL_DIRECT && call->kind != CALL_MEMCG))
		return;
	for (int nid = 0; nid < h->nnodes; nid++) {
		struct hopeless_node_state *n = &h->node[nid];
		uint64_t from;

		if (!n->since_ns || elsewhere(call, nid))
			continue;
		from = call->begin_ns > n->since_ns ? call->begin_ns : n->since_ns;
		*(call->kind == CALL_DIRECT ? &n->direct_ns : &n->memcg_ns) += elapsed_ns(from, call->end_ns);
		*(call->kind == CALL_DIRECT ? &n->direct_calls : &n->memcg_calls) += 1;
	}
}

/* The counter, or the kernel's word for "16 and more", had this value at this time. */
static void told(struct hopeless *h, int32_t nid, uint64_t ts, bool given_up)
{
	if (nid < 0 || nid >= RUN_MAX_NODES)
		return;
	note_node(h, nid);
	if (given_up)
		begin(h, &h->node[nid], ts, false);
	else
		end(h, nid, ts, true);
}

static void on_sample(void *state, const struct sample *sample)
{
	struct hopeless *h = state;

	if (sample->scope != SCOPE_NODE)
		return;
	if (!strcmp(sample->name, "kswapd_failures"))
		told(h, sample->node, sample->ts, sample->value >= threshold(h->d, TH_MAX_RECLAIM_RETRIES));
	else if (!strcmp(sample->name, "node_unreclaimable"))
		told(h, sample->node, sample->ts, sample->value > 0);
}

static void on_failures(void *state, const struct failures_change *change)
{
	struct hopeless *h = state;

	told(h, change->node, change->ts, change->value >= threshold(h->d, TH_MAX_RECLAIM_RETRIES));
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct hopeless *h = state;

	for (int nid = 0; nid < h->nnodes; nid++) {
		const struct hopeless_node_state *n = &h->node[nid];

		if (n->since_ns && elapsed_ns(n->since_ns, now_ns) >= threshold_ns(h->d, TH_HOPELESS_S))
			report(h, nid, n, now_ns, false);
	}
}

static void finish(void *state)
{
	struct hopeless *h = state;

	for (int nid = 0; nid < h->nnodes; nid++)
		end(h, nid, h->d->facts->last_ns, false);
}

const struct detector hopeless_node = {
	.kind = "hopeless-node",
	.title = "a node that kswapd has given up (kswapd_failures at 16)",
	.needs = { { TP_KSWAPD_WAKE, TP_KSWAPD_RECLAIM_FAIL }, { TP_LRU_SHRINK_INACTIVE, TP_KSWAPD_RECLAIM_FAIL } },
	.without = "record mm_vmscan_kswapd_wake and _sleep, and mm_vmscan_kswapd_reclaim_fail or, where the kernel does "
		   "not have it (before 7.0), mm_vmscan_lru_shrink_inactive and mm_shrink_slab_start/end",
	.losses = LOSS_DIRECT,
	.state_size = sizeof(struct hopeless),
	.events = (const enum tracepoint[]){ TP_KSWAPD_RECLAIM_FAIL, TP_KSWAPD_CLEAR_HOPELESS, TP_KSWAPD_WAKE, TP_NONE },
	.event = on_event,
	.call = on_call,
	.run = on_run,
	.sample = on_sample,
	.failures = on_failures,
	.so_far = so_far,
	.finish = finish,
};
