// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcg_high_loop.c - detector memcg-high-loop: a cgroup lives at its memory.high, and its tasks do little but take
 * back from themselves.
 *
 * Each reclaim_high() of a cgroup above memory.high counts one "high" in memory.events, of the cgroup and of those
 * above it; so only one with a limit of its own, and near it, is judged. The rate alone is no storm: a job that
 * streams files under memory.high is meant to reclaim its own pages all the time. It is one when no task of the cgroup
 * gets on for a tenth of the time, or for 1 % of it while a third of what is reclaimed comes back (refaults: the limit
 * is below what is in use). When reclaim gains nothing, tasks sleep for up to 2 s after MAX_RECLAIM_RETRIES tries
 * (mem_cgroup_handle_over_high); then events are few, and PSI alone tells.
 *
 * Samples of cgroups v2 decide, in slots of ten seconds (memcg_slot.h). A trace has only the calls of memcg reclaim,
 * which are the same for memory.max and memory.reclaim: many calls that do not get the 32 pages they aim for are
 * information of low confidence.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/memcg_slot.h"
#include "analyze/window.h"

enum { HIGH_EVENTS, MAX_EVENTS, HIGH, CURRENT, FULL_US, SOME_US, STOLEN, SCANNED, REFAULT_FILE, REFAULT_ANON, FAILCNT };

static const struct memcg_counter of_cgroup[] = {
	[HIGH_EVENTS] = { "memory.events.high" }, [MAX_EVENTS] = { "memory.events.max" }, [HIGH] = { "memory.high" },
	[CURRENT] = { "memory.current" }, [FULL_US] = { "psi.memory.full.total" }, [SOME_US] = { "psi.memory.some.total" },
	[STOLEN] = { "pgsteal", true }, [SCANNED] = { "pgscan", true },
	[REFAULT_FILE] = { "workingset_refault_file", true }, [REFAULT_ANON] = { "workingset_refault_anon", true },
	[FAILCNT] = { "memory.failcnt" }, { NULL },
};
static const struct memcg_counter of_system[] = { { NULL } };
_Static_assert(sizeof(of_cgroup) / sizeof(of_cgroup[0]) <= MEMCG_COUNTERS + 1, "room for the counters");

enum { MARK_REFAULTS = 1, MARK_STALL = 2 };
#define STALL_ALONE	4	/* times high-stall, where events are few */
#define STALL_EVENTS	1.0	/* per second: they have to be there all the same */

/* What the window counts. */
enum { CALLS, NS, PAGES };

struct high_watch {
	const struct detect	*d;
	bool			v1, v2;		/* samples that only these have */
	struct window		calls;
	struct memcg_slots	slots;
};

/* --- the finding --- */

static const char explanation_refaults[] =
	"The cgroup uses more memory than its memory.high lets it keep. What its tasks read or touch is taken from "
	"themselves, on their way back to user mode, and read again soon. They work, but mostly for reclaim. On kernels "
	"before 7.0 each page so gained also sets kswapd_failures of the node back.";

static const char explanation_stall[] =
	"The cgroup is above its memory.high and cannot get below: what it holds is hard to reclaim (no swap, dirty pages, "
	"pages in use). After each allocation its tasks reclaim, up to 16 times in vain, and then the kernel puts them to "
	"sleep for up to 2 s. They are not killed: memory.high never calls the OOM killer, so this can last for ever.";

static const char remedy[] =
	"Raise memory.high to what the cgroup uses (memory.current with high at max, or until refaults stop), or let it use "
	"less. Where it shall end rather than crawl: memory.max a little above memory.high, or an OOM killer in userspace "
	"that watches memory.pressure of the cgroup (systemd-oomd, ManagedOOMMemoryPressure=kill).";

static const char references[] =
	"reclaim_high() and mem_cgroup_handle_over_high(), mm/memcontrol.c; memory.high, "
	"Documentation/admin-guide/cgroup-v2.rst.";

static double ratio(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / whole : 0;
}

static int64_t refaults(const int64_t *grown)
{
	return grown[REFAULT_FILE] + grown[REFAULT_ANON];
}

static void evidence_of(const struct memcg_episode *e, struct finding *f)
{
	double span_s = memcg_episode_s(e);

	finding_evidence(f, "duration", "s", span_s);
	finding_evidence(f, "high_events", "events", e->grown[HIGH_EVENTS]);
	finding_evidence(f, "high_event_rate", "events/s", e->grown[HIGH_EVENTS] / span_s);
	finding_evidence(f, "max_events", "events", e->grown[MAX_EVENTS]);
	finding_evidence(f, "memory_high", "bytes", e->now[HIGH]);
	finding_evidence(f, "memory_current", "bytes", e->now[CURRENT]);
	if (e->known[FULL_US]) {
		finding_evidence(f, "cgroup_full", "us", e->grown[FULL_US]);
		finding_evidence(f, "cgroup_some", "us", e->grown[SOME_US]);
	}
	if (!e->known[STOLEN])
		return;
	finding_evidence(f, "scanned", "pages", e->grown[SCANNED]);
	finding_evidence(f, "reclaimed", "pages", e->grown[STOLEN]);
	finding_evidence(f, "refaulted", "pages", refaults(e->grown));
	finding_evidence(f, "refaults_by_reclaimed", "ratio", ratio(refaults(e->grown), e->grown[STOLEN]));
}

static void summarize(const struct memcg_episode *e, struct finding *f)
{
	double span_s = memcg_episode_s(e);
	int n = snprintf(f->summary, sizeof(f->summary),
			 "A cgroup was above its memory.high of %.0f MiB %.0f times a second for %.0f s", e->now[HIGH] / 1048576.0,
			 e->grown[HIGH_EVENTS] / span_s, span_s);

	if (e->known[FULL_US])
		n += snprintf(f->summary + n, sizeof(f->summary) - n, "; for %.1f %% of it none of its tasks got on",
			      e->grown[FULL_US] / 1e4 / span_s);
	if (e->known[STOLEN])
		snprintf(f->summary + n, sizeof(f->summary) - n, "; %" PRId64 " pages were reclaimed, %" PRId64 " came back",
			 e->grown[STOLEN], refaults(e->grown));
}

static void done(void *ctx, const struct memcg_episode *e)
{
	const struct high_watch *w = ctx;
	struct finding f = finding_start(&memcg_high_loop, e->start_ns, e->end_ns);
	bool stall = !(e->marks & MARK_REFAULTS);

	f.variant = stall ? "stall" : "refaults";
	f.severity = SEVERITY_WARNING;
	f.confidence = e->known[FULL_US] && (stall || e->known[STOLEN]) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.cgroup_id = e->id;
	summarize(e, &f);
	evidence_of(e, &f);
	if (!e->known[FULL_US])
		finding_missing(&f, "No memory.pressure of the cgroup: how long its tasks stood is not known.");
	if (!e->known[STOLEN])
		finding_missing(&f, "memory.stat of the cgroup is not in the recording: whether pages came back is not known.");
	f.explanation = stall ? explanation_stall : explanation_refaults;
	f.remedy = remedy;
	f.otherwise = e->grown[MAX_EVENTS] > e->grown[HIGH_EVENTS] ? "memory.max, which the cgroup hit more often." :
		      stall ? "A node that is short of memory: its reclaim is in the pressure of the cgroup too." : "";
	f.references = references;
	detector_report(w->d, &f);
}

/* --- slots --- */

static unsigned int judge(const struct high_watch *w, const struct memcg *cg, double seconds)
{
	double rate = cg->grown[HIGH_EVENTS] / seconds, full = cg->grown[FULL_US] / 1e6 / seconds;
	double stall = threshold(w->d, TH_HIGH_STALL);
	bool loops = rate >= threshold(w->d, TH_HIGH_RATE);
	bool harms = !cg->known[FULL_US] || full >= threshold(w->d, TH_HIGH_PSI);
	unsigned int marks = 0;

	if (!cg->known[HIGH] || cg->now[HIGH] == INT64_MAX || !cg->grown[HIGH_EVENTS] ||
	    cg->now[CURRENT] < threshold(w->d, TH_HIGH_NEAR) * cg->now[HIGH])
		return 0;
	if (loops && harms && cg->grown[STOLEN] > 0 &&
	    refaults(cg->grown) >= threshold(w->d, TH_HIGH_REFAULT) * cg->grown[STOLEN])
		marks |= MARK_REFAULTS;
	if ((loops && full >= stall) || (rate >= STALL_EVENTS && full >= STALL_ALONE * stall))
		marks |= MARK_STALL;
	return marks;
}

static void slot(void *ctx, struct memcg_slots *s, uint64_t from_ns, uint64_t to_ns)
{
	const struct high_watch *w = ctx;

	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg))
		cg->marks = judge(w, cg, ns_to_s(to_ns - from_ns));
}

static const struct memcg_slot_ops slot_ops = {
	.of_cgroup = of_cgroup, .of_system = of_system, .slot = slot, .done = done,
};

static void on_sample(void *state, const struct sample *sample)
{
	struct high_watch *w = state;

	memcg_slots_sample(&w->slots, &slot_ops, w, sample);
	if (sample->scope != SCOPE_CGROUP || sample->name[0] != 'm')
		return;
	w->v2 |= !strcmp(sample->name, of_cgroup[HIGH_EVENTS].name);
	w->v1 |= !strcmp(sample->name, of_cgroup[FAILCNT].name);
}

/* --- what a trace alone tells --- */

static bool calls_bad(void *ctx, const uint64_t *count)
{
	const struct high_watch *w = ctx;

	return !w->v1 && !w->v2 && count[CALLS] >= threshold(w->d, TH_HIGH_RATE) * WINDOW_SECONDS &&
	       count[NS] >= threshold(w->d, TH_HIGH_CALLS) * WINDOW_SECONDS * NSEC_PER_SEC &&
	       count[PAGES] < threshold(w->d, TH_SWAP_CLUSTER_MAX) * count[CALLS];
}

static void calls_done(void *ctx, const struct window_part *e)
{
	const struct high_watch *w = ctx;
	struct finding f = finding_start(&memcg_high_loop, e->first_ns, e->last_ns);
	double span_s = window_span_s(e);

	f.variant = "calls";
	f.severity = SEVERITY_INFO;
	f.confidence = CONFIDENCE_LOW;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "Tasks reclaimed for a cgroup %" PRIu64 " times in %.1f s, %.2f task-seconds, and got %.1f pages each time "
		 "where they aim for 32 and more", e->count[CALLS], span_s, ns_to_s(e->count[NS]),
		 e->count[PAGES] / (double)e->count[CALLS]);
	finding_evidence(&f, "span", "s", span_s);
	finding_evidence(&f, "memcg_reclaims", "calls", e->count[CALLS]);
	finding_evidence(&f, "memcg_reclaim_time", "task-seconds", ns_to_s(e->count[NS]));
	finding_evidence(&f, "reclaimed", "pages", e->count[PAGES]);
	finding_evidence(&f, "memcg_reclaim_max", "s", ns_to_s(e->max_ns));
	finding_missing(&f, "memory.events, memory.high and memory.pressure of cgroups: squall record samples them.");
	f.explanation = "Tasks of a cgroup reclaim their own memory over and over and gain little. That is what "
			"memory.high does when it is below what the cgroup uses.";
	f.remedy = remedy;
	f.otherwise = "A cgroup at memory.max, or somebody who writes to memory.reclaim: a trace does not tell them apart.";
	f.references = references;
	top_tasks_report(&e->tasks, &f, "tasks that reclaimed");
	detector_report(w->d, &f);
}

static const struct window_ops call_ops = { .bad = calls_bad, .done = calls_done };

static void on_call(void *state, const struct reclaim_call *call)
{
	struct high_watch *w = state;
	uint64_t ns = elapsed_ns(call->begin_ns, call->end_ns);
	struct window_part *now;

	if (call->kind != CALL_MEMCG)
		return;
	w->calls.ops = &call_ops;
	w->calls.ctx = w;
	now = window_spread(&w->calls, call->begin_ns, call->end_ns, NS, ns);
	now->count[CALLS]++;
	now->count[PAGES] += call->pages;
	window_task(now, call->tid, call->pages, ns);
}

static const char *lacks(const void *state)
{
	const struct high_watch *w = state;
	const struct facts *facts = w->d->facts;

	if (w->v2)
		return NULL;
	if (w->v1)
		return "cgroup v1, which has neither memory.high nor memory.events";
	return facts->seen[TP_MEMCG_RECLAIM_BEGIN] || facts->recorded[TP_MEMCG_RECLAIM_BEGIN] ? NULL :
	       "no memory.events of cgroups and no memcg reclaim in the recording (squall record takes both; a trace with "
	       "mm_vmscan_memcg_reclaim_begin/end tells a little)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct high_watch *w = state;

	memcg_slots_so_far(&w->slots);
	window_so_far(&w->calls);
}

static void finish(void *state)
{
	struct high_watch *w = state;

	memcg_slots_finish(&w->slots);
	window_finish(&w->calls);
}

const struct detector memcg_high_loop = {
	.kind = "memcg-high-loop",
	.title = "a cgroup at its memory.high whose tasks reclaim from themselves all the time, or sleep",
	.losses = LOSS_MEMCG | LOSS_BACKGROUND,		/* sleeps and refaults have no event */
	.state_size = sizeof(struct high_watch),
	.call = on_call,
	.sample = on_sample,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
