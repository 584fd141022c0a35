// SPDX-License-Identifier: GPL-2.0-only
/*
 * endless_kswapd.c - detector endless-kswapd: kswapd runs on and on, and its runs come to nothing.
 *
 * A busy kswapd is no fault: with enough allocations it has to run all the time. What is wrong is run after run that
 * reclaims nothing (run.h: RUN_FUTILE), or, where the recording does not tell what a run reclaimed, run after run
 * that ends unbalanced and is followed by the next at once. The stretch that is judged goes from one full sleep
 * (mm_vmscan_kswapd_sleep) to the next; it also ends where kswapd was quiet for so long that it must have slept
 * (QUIET_NS), and where it was productive for PRODUCTIVE_RUNS in a row.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/detector.h"


#define QUIET_NS	NSEC_PER_SEC	/* ten naps of 100 ms: more than kswapd_try_to_sleep() grants without a sleep */
#define PRODUCTIVE_RUNS	16

struct stretch {
	bool		active;
	uint64_t	last_ns;
	unsigned int	productive;	/* runs in a row that reclaimed something */
	uint64_t	start_ns, end_ns;
	uint64_t	runs, futile, unrested, unjudged;
	uint64_t	reclaimed_pages;
	uint64_t	busy_ns;
	int32_t		tid;
};

struct endless {
	const struct detect	*d;
	struct stretch		node[RUN_MAX_NODES];
};

static bool is_storm(const struct endless *e, const struct stretch *s)
{
	return s->runs >= threshold(e->d, TH_ENDLESS_RUNS) &&
	       elapsed_ns(s->start_ns, s->end_ns) >= threshold_ns(e->d, TH_ENDLESS_S) &&
	       s->futile + s->unjudged >= threshold(e->d, TH_ENDLESS_FUTILE_SHARE) * s->runs;
}

/* Whether the recording tells what kswapd reclaimed. */
static bool pages_told(const struct facts *facts)
{
	return facts_tell_pages(facts) || facts->seen[TP_KSWAPD_RECLAIM_FAIL];
}

static const char explanation_unproven[] =
	"Run after run of kswapd ends with the node below its high watermark, and the next begins without the pause that it "
	"makes when the node is balanced or given up. Either it reclaims little or nothing of what is there, or allocations "
	"take it away as fast. Which of the two is not in the recording.";

static void report(const struct endless *e, int nid, const struct stretch *s)
{
	struct finding f = finding_start(&endless_kswapd, s->start_ns, s->end_ns);
	double span_s = ns_to_s(elapsed_ns(s->start_ns, s->end_ns));
	bool proven = s->futile >= threshold(e->d, TH_ENDLESS_FUTILE_SHARE) * s->runs;
	bool told = pages_told(e->d->facts);

	f.severity = SEVERITY_WARNING;
	f.confidence = proven ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.node = nid;
	f.tid = s->tid;
	snprintf(f.summary, sizeof(f.summary),
		 "kswapd%d did not rest for %.1f s: %" PRIu64 " balance runs (%.0f a second), %" PRIu64
		 " of them %s", nid, span_s, s->runs, s->runs / span_s, s->futile + s->unjudged,
		 proven ? "reclaimed nothing" : "ended unbalanced and began anew at once");
	finding_evidence(&f, "awake", "s", span_s);
	finding_evidence(&f, "kswapd_runs", "runs", s->runs);
	if (told)
		finding_evidence(&f, "kswapd_runs_futile", "runs", s->futile);
	finding_evidence(&f, "kswapd_runs_unrested", "runs", s->unrested);
	if (told)
		finding_evidence(&f, "kswapd_reclaimed_pages", "pages", s->reclaimed_pages);
	if (e->d->facts->seen[TP_BALANCE_PGDAT_END])
		finding_evidence(&f, "busy", "s", ns_to_s(s->busy_ns));
	if (!proven)
		finding_missing(&f, "What each run reclaimed is not in the recording: mm_vmscan_lru_shrink_inactive and "
				    "mm_shrink_slab_start/end, or a kernel with mm_vmscan_kswapd_reclaim_fail, would tell.");
	f.explanation = !proven ? explanation_unproven :
			"The node is below its high watermark and nothing kswapd can reach is reclaimable: memory is bound "
			"by mlock, by memory.min or memory.low, by anonymous pages without swap, or by the kernel itself. "
			"Instead of giving up after 16 futile runs kswapd goes on; look for a spurious-kswapd-reset finding "
			"on the same node for the reason.";
	f.remedy = "Free or move what fills the node (numastat -p, memory.numa_stat, unevictable and slab in "
		   "/sys/devices/system/node/nodeN/meminfo), lower memory.min/low, or add swap.";
	f.references = "balance_pgdat() and prepare_kswapd_sleep(), mm/vmscan.c.";
	f.otherwise = proven ? "" : "Allocations so fast that each run of kswapd is overtaken at once.";
	detector_report(e->d, &f);
}

static void stretch_close(struct endless *e, int nid)
{
	struct stretch *s = &e->node[nid];

	if (s->active && is_storm(e, s))
		report(e, nid, s);
	*s = (struct stretch){ 0 };
}

static void on_run(void *state, const struct kswapd_run *run)
{
	struct endless *e = state;
	struct stretch *s = &e->node[run->nid];
	bool unjudged = run->result == RUN_UNKNOWN && run->unrested && !run->may_have_progressed &&
			!e->d->facts->seen[TP_LRU_SHRINK_INACTIVE];
	bool futile = run->result == RUN_FUTILE;

	if (s->active && (s->productive >= PRODUCTIVE_RUNS || elapsed_ns(s->last_ns, run->start_ns) > QUIET_NS))
		stretch_close(e, run->nid);
	if (!s->active)
		*s = (struct stretch){ .active = true, .start_ns = run->start_ns, .tid = run->tid };
	s->productive = run->result == RUN_PROGRESS ? s->productive + 1 : 0;
	s->last_ns = run->last_ns;
	s->runs++;
	s->futile += futile;
	s->unrested += run->unrested;
	s->unjudged += unjudged;
	s->reclaimed_pages += run->reclaimed_pages;
	s->busy_ns += elapsed_ns(run->start_ns, run->end_ns);
	s->end_ns = run->end_ns;
	if (run->slept)
		stretch_close(e, run->nid);
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct endless *e = state;

	for (int nid = 0; nid < RUN_MAX_NODES; nid++)
		if (e->node[nid].active && is_storm(e, &e->node[nid]))
			report(e, nid, &e->node[nid]);
}

static void finish(void *state)
{
	for (int nid = 0; nid < RUN_MAX_NODES; nid++)
		stretch_close(state, nid);
}

const struct detector endless_kswapd = {
	.kind = "endless-kswapd",
	.title = "kswapd that runs without rest and reclaims nothing",
	.needs = { { TP_KSWAPD_WAKE },
		   { TP_LRU_SHRINK_INACTIVE, TP_BALANCE_PGDAT_END, TP_KSWAPD_RECLAIM_FAIL, TP_WAKEUP_KSWAPD } },
	.without = "record mm_vmscan_kswapd_wake, kswapd_sleep and wakeup_kswapd, and what kswapd reclaims: "
		   "mm_vmscan_lru_shrink_inactive and mm_shrink_slab_start/end",
	.losses = LOSS_BACKGROUND,
	.state_size = sizeof(struct endless),
	.run = on_run,
	.so_far = so_far,
	.finish = finish,
};
