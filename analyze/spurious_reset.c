// SPDX-License-Identifier: GPL-2.0-only
/*
 * spurious_reset.c - detector spurious-kswapd-reset: kswapd_failures is set back although the node is not balanced.
 *
 * After MAX_RECLAIM_RETRIES (16) runs that reclaim nothing kswapd must give a node up. Before the fix of 7.0 any
 * reclaim progress on the node cleared the counter: a cgroup that reclaims its own pages under memory.high keeps
 * kswapd scanning a node that it cannot balance. Four ways to see it; the first that shows a storm is reported:
 *
 *  events  7.0+: kswapd_clear_hopeless with reason DIRECT, after which kswapd fails again within reset-recur.
 *  probe   each change of kswapd_failures, as squall record's BPF programs saw it and in whose context: the value falls
 *          and rises again within reset-recur.
 *  samples kswapd_failures sampled from time to time: as probe, but short ups and downs are missed.
 *  runs    any kernel: kswapd runs that follow each other without a nap find the node unbalanced each time, and the
 *          counter below 16 (prepare_kswapd_sleep). More than 16 of them that reclaim nothing prove a reset, 16 more
 *          another one. A lower bound: n futile runs need at least (n - 1) / 16 resets. Where kswapd itself reclaims
 *          something in between it may have been the one; without, somebody else was. A kswapd that gave up (16 such
 *          runs, then the full sleep) and fails again within reset-recur was reset in its sleep, by somebody else.
 *
 * A kswapd that reclaims SWAP_CLUSTER_MAX pages a run on average does its work, whoever resets its count.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"

#define REASON_DIRECT		2	/* enum kswapd_clear_hopeless_reason, include/linux/mmzone.h, 7.0 */
#define RATE_LEAST_S		10	/* a burst that is over sooner is no rate */
#define RING_MAX		64

enum method { METHOD_EVENTS, METHOD_PROBE, METHOD_SAMPLES, METHOD_RUNS, METHODS };

static const char *const method_names[METHODS] = {
	[METHOD_EVENTS] = "events", [METHOD_PROBE] = "probe", [METHOD_SAMPLES] = "samples", [METHOD_RUNS] = "runs",
};

/* Resets seen by one method, and whether enough of them came close together. */
struct counter {
	uint64_t	count;
	uint64_t	at_ns[RING_MAX];	/* the latest, a ring */
	bool		storm;
};

struct pending {
	bool		set;
	uint64_t	ns;
	int32_t		tid;		/* who did it; -1 not told */
	uint64_t	memcg;
};

/* What an episode adds up. */
struct tally {
	uint64_t	by_others, by_kswapd;	/* method runs */
	uint64_t	runs, futile;
	uint64_t	reclaimed_pages;
	uint64_t	slept_ns;
	uint64_t	fails[METHODS];
	bool		likely;			/* runs were linked without wakeup_kswapd events */
};

struct reset_node {
	/* the stretch of unrested runs that is going on */
	bool			linked;			/* the run before was unrested */
	uint64_t		stretch_futile;
	uint64_t		futile_in_a_row;	/* without progress of kswapd in between */
	uint64_t		gave_up_ns;		/* 16 of them ended in the full sleep; 0 not */
	/* the other methods: a reset waits for the next failure, which shows that the node was not balanced */
	struct pending		pending[METHODS];
	int64_t			sampled;		/* last value of the samples, -1 none */
	/* the episode; before it has begun, what would belong to one that begins now */
	bool			active;
	uint64_t		start_ns, end_ns;	/* start_ns 0: nothing yet */
	struct counter		by[METHODS];
	struct tally		now;			/* up to now */
	struct tally		at_end;			/* up to end_ns: this is reported */
	uint64_t		asleep_since_ns;
	int32_t			kswapd_tid;
	struct top_tasks	candidates;
};

struct reset {
	const struct detect	*d;
	int			nnodes;			/* highest node id seen + 1 */
	struct reset_node	*node[RUN_MAX_NODES];
};

static void clear(void *state)
{
	struct reset *r = state;

	for (int i = 0; i < r->nnodes; i++)
		free(r->node[i]);
}

static struct reset_node *node_get(struct reset *r, int64_t nid)
{
	if (nid < 0 || nid >= RUN_MAX_NODES)
		return NULL;
	if (!r->node[nid]) {
		r->node[nid] = calloc(1, sizeof(struct reset_node));	/* once per node */
		if (r->node[nid])
			r->node[nid]->sampled = -1;
		if (nid >= r->nnodes)
			r->nnodes = nid + 1;
	}
	return r->node[nid];
}

/* The kernel tells itself: then nothing needs to be concluded from runs. */
static bool has_events(const struct reset *r)
{
	return r->d->facts->seen[TP_KSWAPD_RECLAIM_FAIL] || r->d->facts->seen[TP_KSWAPD_CLEAR_HOPELESS];
}

static void counter_add(const struct reset *r, struct counter *c, uint64_t ts)
{
	uint64_t n = threshold(r->d, TH_RESET_COUNT);
	uint64_t window_ns = threshold_ns(r->d, TH_RESET_WINDOW_S);

	if (n > RING_MAX)
		n = RING_MAX;
	c->at_ns[c->count++ % RING_MAX] = ts;
	if (c->count >= n && elapsed_ns(c->at_ns[(c->count - n) % RING_MAX], ts) <= window_ns)
		c->storm = true;
}

static enum method best_method(const struct reset_node *node)
{
	for (int m = 0; m < METHODS; m++)
		if (node->by[m].storm)
			return m;
	return METHODS;
}

static double awake_share(const struct reset_node *node)
{
	uint64_t span_ns = elapsed_ns(node->start_ns, node->end_ns);

	return span_ns ? 1 - ns_to_s(node->at_end.slept_ns) / ns_to_s(span_ns) : 1;
}

static void add_evidence(const struct reset *r, const struct reset_node *node, enum method method, struct finding *f)
{
	double span_s = ns_to_s(elapsed_ns(node->start_ns, node->end_ns));
	const struct tally *t = &node->at_end;

	finding_evidence(f, method == METHOD_EVENTS ? "resets" : "resets_at_least", "resets", node->by[method].count);
	finding_evidence(f, "resets_per_s", "1/s", span_s > 0 ? node->by[method].count / span_s : 0);
	if (method == METHOD_RUNS) {
		finding_evidence(f, "resets_not_by_kswapd_at_least", "resets", t->by_others);
		finding_evidence(f, "runs_with_own_progress", "runs", t->by_kswapd);
	}
	finding_evidence(f, "kswapd_runs", "runs", t->runs);
	if (method == METHOD_EVENTS)
		finding_evidence(f, "kswapd_reclaim_fail", "events", t->fails[method]);
	else if (method != METHOD_RUNS)
		finding_evidence(f, "failures_at_least", "runs", t->fails[method]);
	finding_evidence(f, "kswapd_awake_share", "ratio", awake_share(node));
	if (!facts_tell_pages(r->d->facts))
		return;
	finding_evidence(f, "kswapd_runs_futile", "runs", t->futile);
	finding_evidence(f, "kswapd_reclaimed_pages", "pages", t->reclaimed_pages);
}

static void summarize(const struct reset *r, int nid, const struct reset_node *node, enum method method,
		      struct finding *f)
{
	int len = snprintf(f->summary, sizeof(f->summary),
			   "kswapd%d should have given node %d up after 16 futile runs, but kswapd_failures was reset %s%"
			   PRIu64 " times in %.1f s while the node stayed unbalanced", nid, nid,
			   method == METHOD_EVENTS ? "" : "at least ", node->by[method].count,
			   ns_to_s(elapsed_ns(node->start_ns, node->end_ns)));

	if (facts_tell_pages(r->d->facts))
		snprintf(f->summary + len, sizeof(f->summary) - len, ": %" PRIu64 " of %" PRIu64
			 " runs reclaimed nothing", node->at_end.futile, node->at_end.runs);
}

static const char explanation[] =
	"kswapd cannot balance this node: what is left there cannot be reclaimed. After 16 runs without a page it is "
	"meant to stop and leave the work to direct reclaim. On this kernel any task that reclaims a page on the node, "
	"often a cgroup at its memory.high that recycles its own page cache, sets the count of failures back to 0, so "
	"kswapd scans on, burns CPU and evicts the little cache that others need (refaults, disk reads).";

static const char explanation_fixed[] =
	"This kernel resets kswapd_failures only when the node is balanced, but it judges that at the order and zone of "
	"the task that reclaims (order 0 for a cgroup), while kswapd fails at a higher order or a lower zone: the node "
	"is taken up and given up over and over.";

static const char explanation_own[] =
	"kswapd cannot balance this node, but it finds a few pages now and then, and on this kernel any page reclaimed on the "
	"node sets the count of failures back to 0, also a page that kswapd reclaims itself. So it never gets to the 16 "
	"futile runs after which it is meant to stop; it scans on, and each page that it finds is one that somebody used.";

static const char remedy_own[] =
	"Now: free or move what fills the node (numastat -p, memory.numa_stat), lower memory.min/low, or add swap. "
	"For good: a kernel where kswapd_failures is reset only when the node is balanced: 7.0 and later, or a backport.";

static const char remedy[] =
	"Now: raise or remove memory.high of the cgroups named as candidates, or spread them over the nodes "
	"(cpuset.mems), or move what fills the node (see which memory is there: numastat -p, memory.numa_stat). "
	"For good: a kernel where kswapd_failures is reset only when the node is balanced: 7.0 and later, or a backport.";

static const char references[] =
	"Jiayuan Chen, \"mm/vmscan: mitigate spurious kswapd_failures reset\", v4 of 20 Jan 2026 on linux-mm, merged for "
	"7.0 as kswapd_try_clear_hopeless().";

static void add_missing(const struct reset *r, const struct reset_node *node, enum method method, struct finding *f)
{
	if (method == METHOD_RUNS)
		finding_missing(f, "The counter itself is not in the recording (kernels since 7.0 have events for it).");
	if (method == METHOD_RUNS && node->at_end.likely)
		finding_missing(f, "No mm_vmscan_wakeup_kswapd: that nobody woke kswapd between its runs is concluded from "
				   "pauses below 1 ms.");
	if (method == METHOD_RUNS && !r->d->facts->seen[TP_SHRINK_SLAB_END])
		finding_missing(f, "No mm_shrink_slab events: pages that kswapd freed from slab are not seen.");
	if (!r->d->facts->seen[TP_MEMCG_RECLAIM_END] && !r->d->facts->seen[TP_DIRECT_RECLAIM_END])
		finding_missing(f, "No direct or memcg reclaim events: who reset the counter is not known.");
}

static enum confidence confidence_of(const struct reset *r, const struct reset_node *node, enum method method)
{
	if (method == METHOD_SAMPLES)
		return CONFIDENCE_MEDIUM;
	if (method == METHOD_RUNS && (node->at_end.likely || !r->d->facts->seen[TP_SHRINK_SLAB_END]))
		return CONFIDENCE_MEDIUM;
	return CONFIDENCE_HIGH;
}

/* Resets whose task the probe saw, all of them, and those by others than kswapd. */
static uint64_t count_of_tasks(const struct reset_node *node, bool others)
{
	uint64_t n = 0;

	for (int i = 0; i < node->candidates.n; i++)
		if (!others || node->candidates.task[i].tid != node->kswapd_tid)
			n += node->candidates.task[i].count;
	return n;
}

/* All resets that are proven may be kswapd's own, or the probe saw that nearly all are. */
static bool by_kswapd_alone(const struct reset *r, const struct reset_node *node, enum method method)
{
	uint64_t all = count_of_tasks(node, false);

	if (method == METHOD_RUNS)
		return !node->at_end.by_others;
	return method == METHOD_PROBE && all &&
	       count_of_tasks(node, true) < threshold(r->d, TH_RESET_OTHERS) * all;
}

/* The first that is not kswapd: that it resets its own count says nothing of who keeps it going, nor does its cgroup. */
static void name_offender(const struct reset_node *node, struct finding *f)
{
	for (int i = 0; i < f->ntasks; i++) {
		if (f->tasks[i].tid == node->kswapd_tid)
			continue;
		f->tid = f->tasks[i].tid;
		f->cgroup_id = f->tasks[i].memcg_id;
		return;
	}
}

static void report(struct reset *r, int nid, struct reset_node *node, enum method method)
{
	struct finding f = finding_start(&spurious_kswapd_reset, node->start_ns, node->end_ns);
	double span_s = ns_to_s(elapsed_ns(node->start_ns, node->end_ns));
	bool own = by_kswapd_alone(r, node, method);

	f.variant = method_names[method];
	f.severity = !own && node->by[method].count / fmax(span_s, RATE_LEAST_S) >= threshold(r->d, TH_RESET_HIGH_RATE) ?
		     SEVERITY_HIGH : SEVERITY_WARNING;
	f.confidence = confidence_of(r, node, method);
	f.node = nid;
	f.explanation = own ? explanation_own : method == METHOD_EVENTS ? explanation_fixed : explanation;
	f.remedy = own ? remedy_own : remedy;
	f.references = references;
	f.otherwise = method == METHOD_RUNS ? "" : "Allocations that balance the node for a moment and fill it again.";
	summarize(r, nid, node, method, &f);
	add_evidence(r, node, method, &f);
	add_missing(r, node, method, &f);
	if (own) {
		f.tid = node->kswapd_tid;
		detector_report(r->d, &f);
		return;
	}
	f.tasks_role = TASKS_CAUSED;
	top_tasks_report(&node->candidates, &f, "candidates: they reclaimed pages while kswapd could not");
	name_offender(node, &f);
	detector_report(r->d, &f);
}

/* Resets that only interrupted fewer than 16 failures in all did not keep kswapd from stopping. */
static bool kept_kswapd_going(const struct reset *r, const struct reset_node *node, enum method method)
{
	/* Samples miss most ups and downs, so for them the sum says nothing; for runs it is in the count of resets. */
	return method == METHOD_RUNS || method == METHOD_SAMPLES ||
	       node->at_end.fails[method] >= threshold(r->d, TH_MAX_RECLAIM_RETRIES);
}

static bool is_productive(const struct reset *r, const struct reset_node *node)
{
	return facts_tell_pages(r->d->facts) && node->at_end.runs &&
	       node->at_end.reclaimed_pages / node->at_end.runs >= threshold(r->d, TH_SWAP_CLUSTER_MAX);
}

/* Nothing that was counted belongs to an episode. */
static void forget(struct reset_node *node)
{
	for (int m = 0; m < METHODS; m++)
		node->by[m] = (struct counter){ 0 };
	node->now = node->at_end = (struct tally){ 0 };
	node->candidates.n = node->candidates.others = 0;
	node->start_ns = 0;
	node->active = false;
}

static void report_storm(struct reset *r, int nid, struct reset_node *node)
{
	enum method method = best_method(node);

	if (node->active && method != METHODS && kept_kswapd_going(r, node, method) && !is_productive(r, node) &&
	    awake_share(node) >= threshold(r->d, TH_RESET_AWAKE_SHARE))
		report(r, nid, node, method);
}

static void episode_close(struct reset *r, int nid, struct reset_node *node)
{
	report_storm(r, nid, node);
	forget(node);
}

/* An episode ends when no reset was seen for reset-window. */
static void episode_expire(struct reset *r, int nid, struct reset_node *node, uint64_t now_ns)
{
	if (node->active && elapsed_ns(node->end_ns, now_ns) > threshold_ns(r->d, TH_RESET_WINDOW_S))
		episode_close(r, nid, node);
}

static void episode_extend(struct reset_node *node, uint64_t ts)
{
	node->active = true;
	node->end_ns = ts;
	node->at_end = node->now;
}

static void stretch_end(struct reset_node *node)
{
	node->stretch_futile = node->futile_in_a_row = 0;
	if (!node->active)
		forget(node);
}

static void reset_proven(struct reset *r, struct reset_node *node, const struct kswapd_run *run)
{
	counter_add(r, &node->by[METHOD_RUNS], run->end_ns);
	episode_extend(node, run->end_ns);
}

static void run_futile(struct reset *r, struct reset_node *node, const struct kswapd_run *run)
{
	uint64_t most = threshold(r->d, TH_MAX_RECLAIM_RETRIES);
	bool reset_asleep = node->gave_up_ns &&
			    elapsed_ns(node->gave_up_ns, run->start_ns) <= threshold_ns(r->d, TH_RESET_RECUR_S);

	node->stretch_futile++;
	node->futile_in_a_row++;
	node->now.by_others += reset_asleep ||
			       (node->futile_in_a_row > 1 && (node->futile_in_a_row - 1) % most == 0);
	if (reset_asleep || (node->stretch_futile > 1 && (node->stretch_futile - 1) % most == 0))
		reset_proven(r, node, run);
}

static void run_judge(struct reset *r, struct reset_node *node, const struct kswapd_run *run)
{
	uint64_t most = threshold(r->d, TH_MAX_RECLAIM_RETRIES);

	if (run->result == RUN_FUTILE) {
		run_futile(r, node, run);
	} else if (run->result == RUN_PROGRESS || run->may_have_progressed) {
		node->now.by_kswapd += node->futile_in_a_row > 0;
		node->futile_in_a_row = 0;
	}
	node->gave_up_ns = run->slept && run->result == RUN_FUTILE && node->futile_in_a_row >= most ? run->end_ns : 0;
}

static void on_run(void *state, const struct kswapd_run *run)
{
	struct reset *r = state;
	struct reset_node *node = node_get(r, run->nid);

	if (!node)
		return;
	episode_expire(r, run->nid, node, run->start_ns);
	/* A sleep after giving up belongs to the stretch, if it is one of those that a reset ended. */
	if (!node->linked && !node->gave_up_ns)
		stretch_end(node);
	else if (!node->linked)
		node->stretch_futile = node->futile_in_a_row = 0;
	if (!node->start_ns)
		node->start_ns = run->start_ns;
	if (node->asleep_since_ns)
		node->now.slept_ns += elapsed_ns(node->asleep_since_ns > node->start_ns ? node->asleep_since_ns :
						 node->start_ns, run->start_ns);
	node->asleep_since_ns = run->slept ? run->end_ns : 0;
	node->kswapd_tid = run->tid;
	node->now.runs++;
	node->now.futile += run->result == RUN_FUTILE;
	node->now.reclaimed_pages += run->reclaimed_pages;
	node->now.likely |= run->likely_unrested;
	if (!has_events(r))
		run_judge(r, node, run);
	if (node->active && node->linked)
		episode_extend(node, run->end_ns);
	node->linked = run->unrested || run->likely_unrested;
}

/* A reclaim call freed pages: on an unfixed kernel that resets the counter of each node where it did. */
static void on_call(void *state, const struct reclaim_call *call)
{
	struct reset *r = state;
	bool nodes_known = r->d->facts->seen[TP_LRU_SHRINK_INACTIVE];

	if (call->kind == CALL_SLAB || !call->pages || call_backed_off(call))
		return;
	for (int nid = 0; nid < r->nnodes; nid++) {
		struct reset_node *node = r->node[nid];

		if (!node)
			continue;
		if (node->pending[METHOD_EVENTS].tid == call->tid && node->pending[METHOD_EVENTS].ns >= call->begin_ns)
			node->pending[METHOD_EVENTS].memcg = call->memcg_id;
		if ((!node->linked && !node->gave_up_ns) || call->tid == node->kswapd_tid || has_events(r))
			continue;
		if (nodes_known && !(nid < CALL_NODE_BITS && call->progress_nodes >> nid & 1))
			continue;
		top_tasks_add(&node->candidates, call->tid, call->memcg_id, call->pages, 0);
	}
}

static void reset_seen(struct reset_node *node, enum method method, uint64_t ts, int32_t tid, uint64_t memcg)
{
	node->pending[method] = (struct pending){ .set = true, .ns = ts, .tid = tid, .memcg = memcg };
}

/* kswapd failed again @n times: if soon after a reset, that was spurious. */
static void failure_seen(struct reset *r, int nid, struct reset_node *node, enum method method, uint64_t ts, uint64_t n)
{
	struct pending *p = &node->pending[method];

	episode_expire(r, nid, node, ts);
	node->now.fails[method] += n;
	if (node->active && node->by[method].count)
		episode_extend(node, ts);
	if (!p->set)
		return;
	p->set = false;
	if (elapsed_ns(p->ns, ts) > threshold_ns(r->d, TH_RESET_RECUR_S))
		return;
	if (!node->active) {	/* the episode begins with the reset: what was before is not counted */
		forget(node);
		node->now.fails[method] = n;
		node->start_ns = p->ns;
	}
	counter_add(r, &node->by[method], p->ns);
	if (p->tid >= 0)
		top_tasks_add(&node->candidates, p->tid, p->memcg, 0, 0);
	episode_extend(node, ts);
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct reset *r = state;
	int64_t nid = mm_int(mm, TPF_NID, -1);
	struct reset_node *node = node_get(r, nid);

	if (!node)
		return;
	if (mm_tp(mm) == TP_KSWAPD_RECLAIM_FAIL)
		failure_seen(r, nid, node, METHOD_EVENTS, mm->ev->ts, 1);
	else if (mm_int(mm, TPF_REASON, 0) == REASON_DIRECT)
		reset_seen(node, METHOD_EVENTS, mm->ev->ts, mm->ev->tid, 0);
	else
		node->pending[METHOD_EVENTS].set = false;
}

static void on_failures(void *state, const struct failures_change *change)
{
	struct reset *r = state;
	struct reset_node *node = node_get(r, change->node);

	if (!node || change->previous < 0 || has_events(r))
		return;
	if (change->value < change->previous)
		reset_seen(node, METHOD_PROBE, change->ts, change->tid, change->cgroup_id);
	else
		failure_seen(r, change->node, node, METHOD_PROBE, change->ts, change->value - change->previous);
}

static void on_sample(void *state, const struct sample *sample)
{
	struct reset *r = state;
	struct reset_node *node;

	if (sample->scope != SCOPE_NODE || strcmp(sample->name, "kswapd_failures") || has_events(r))
		return;
	node = node_get(r, sample->node);
	if (!node)
		return;
	if (node->sampled > sample->value)
		reset_seen(node, METHOD_SAMPLES, sample->ts, -1, 0);
	else if (node->sampled >= 0 && sample->value > node->sampled)
		failure_seen(r, sample->node, node, METHOD_SAMPLES, sample->ts, sample->value - node->sampled);
	node->sampled = sample->value;
}

static void so_far(void *state, uint64_t now_ns)
{
	struct reset *r = state;

	for (int nid = 0; nid < r->nnodes; nid++)
		if (r->node[nid])
			report_storm(r, nid, r->node[nid]);
}

static void finish(void *state)
{
	struct reset *r = state;

	for (int nid = 0; nid < r->nnodes; nid++)
		if (r->node[nid])
			episode_close(r, nid, r->node[nid]);
}

const struct detector spurious_kswapd_reset = {
	.kind = "spurious-kswapd-reset",
	.title = "kswapd_failures set back while the node is unbalanced, so that kswapd never stops",
	.needs = { { TP_KSWAPD_WAKE, TP_KSWAPD_RECLAIM_FAIL },
		   { TP_LRU_SHRINK_INACTIVE, TP_KSWAPD_RECLAIM_FAIL, TP_KSWAPD_CLEAR_HOPELESS } },
	.without = "record mm_vmscan_kswapd_wake, _sleep and wakeup_kswapd, and mm_vmscan_kswapd_reclaim_fail or, where the "
		   "kernel does not have it (before 7.0), mm_vmscan_lru_shrink_inactive and mm_shrink_slab_start/end",
	.losses = LOSS_BACKGROUND,
	.state_size = sizeof(struct reset),
	.clear = clear,
	.events = (const enum tracepoint[]){ TP_KSWAPD_RECLAIM_FAIL, TP_KSWAPD_CLEAR_HOPELESS, TP_NONE },
	.event = on_event,
	.call = on_call,
	.run = on_run,
	.sample = on_sample,
	.failures = on_failures,
	.so_far = so_far,
	.finish = finish,
};
