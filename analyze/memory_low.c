// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_low.c - detector memory-low-overcommit: more memory is protected than can be.
 *
 * memory.low spares a cgroup as long as something else can be reclaimed. kswapd keeps to that and finds nothing
 * (shrink_node_memcgs() skips the cgroup); direct reclaim, and reclaim for a limit further up, goes once more without
 * it when nothing came of the first pass (do_try_to_free_pages(), memcg_low_reclaim) and counts "low" in memory.events
 * of each cgroup that it then takes from, and of those above. With the multi-gen LRU kswapd takes from them too, when
 * all others have had their turn (shrink_one()), and counts as well. So that counter tells that a protection was not
 * kept. memory.min is never broken; there the sign is that nearly all memory is protected and kswapd's runs are futile.
 *
 * How much is protected is the sum over the cgroups below the root of what they use of their min and low: what lies
 * deeper is part of that. In slots of ten seconds (memcg_slot.h). Variants: overcommit, when that sum is close to all
 * memory; ignored, when it is not, so that it is the rest that cannot be reclaimed, or a limit further up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/memcg_slot.h"

enum { LOW_EVENTS, LOW, MIN, CURRENT };

static const struct memcg_counter of_cgroup[] = {
	[LOW_EVENTS] = { "memory.events.low" }, [LOW] = { "memory.low" }, [MIN] = { "memory.min" },
	[CURRENT] = { "memory.current" }, { NULL },
};

enum { MEM_TOTAL, SCAN_KSWAPD, SCAN_DIRECT, STEAL_KSWAPD, STEAL_DIRECT };

static const struct memcg_counter of_system[] = {
	[MEM_TOTAL] = { "MemTotal" }, [SCAN_KSWAPD] = { "pgscan_kswapd" }, [SCAN_DIRECT] = { "pgscan_direct" },
	[STEAL_KSWAPD] = { "pgsteal_kswapd" }, [STEAL_DIRECT] = { "pgsteal_direct" }, { NULL },
};

enum { MARK_IGNORED = 1, MARK_OVERCOMMIT = 2 };

/* What the slots of an episode come to, beyond what memcg_slot.h keeps. */
struct protection {
	int64_t		bytes;		/* in use and protected, below the root, at its most */
	uint64_t	cgroups;	/* of these */
	uint64_t	futile_runs;
	int64_t		low_events;	/* of the cgroup that has most in a slot */
	uint64_t	broken;		/* cgroups whose protection was not kept, at most in a slot */
};

struct low_watch {
	const struct detect	*d;
	bool			told;		/* memory.low, memory.min or memory.events.low was sampled */
	bool			no_paths;	/* of a protected cgroup it is not known whether it is below the root */
	uint64_t		futile_runs;	/* of kswapd, in the slot that is open */
	struct protection	sum;		/* of the episode of the system, if there is one */
	struct top_tasks	low_events;	/* of it, by cgroup */
	struct memcg_slots	slots;
};

static int64_t protects(const struct memcg *cg)
{
	int64_t most = cg->now[LOW] > cg->now[MIN] ? cg->now[LOW] : cg->now[MIN];

	return most < cg->now[CURRENT] ? most : cg->now[CURRENT];
}

/* "/a", not "/" and not "/a/b". */
static bool below_root(const char *path)
{
	return path[0] == '/' && path[1] && !strchr(path + 1, '/');
}

static bool not_spared(const struct memcg *cg)
{
	return cg->now[LOW] > 0 && cg->grown[LOW_EVENTS];
}

static struct protection look(struct low_watch *w, struct memcg_slots *s)
{
	struct protection now = { .futile_runs = w->futile_runs };

	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg)) {
		const char *path = w->d->cgroup(w->d->ctx, cg->id);
		int64_t bytes = protects(cg);

		w->no_paths |= bytes > 0 && !*path;
		if (bytes > 0 && below_root(path)) {
			now.bytes += bytes;
			now.cgroups++;
		}
		if (!not_spared(cg))
			continue;
		now.broken++;
		if (cg->grown[LOW_EVENTS] > now.low_events)
			now.low_events = cg->grown[LOW_EVENTS];
	}
	return now;
}

static bool overcommitted(const struct low_watch *w, const struct memcg *system, const struct protection *p)
{
	return system->now[MEM_TOTAL] > 0 && p->bytes >= threshold(w->d, TH_LOW_SHARE) * system->now[MEM_TOTAL];
}

static unsigned int judge(const struct low_watch *w, const struct memcg *system, const struct protection *p,
			  double seconds)
{
	bool over = overcommitted(w, system, p);
	unsigned int marks = 0;

	if (p->low_events >= threshold(w->d, TH_LOW_RATE) * seconds)
		marks |= over ? MARK_OVERCOMMIT : MARK_IGNORED;
	if (over && p->futile_runs >= threshold(w->d, TH_MAX_RECLAIM_RETRIES))
		marks |= MARK_OVERCOMMIT;
	return marks;
}

static void add(struct protection *sum, const struct protection *now)
{
	if (now->bytes > sum->bytes) {
		sum->bytes = now->bytes;
		sum->cgroups = now->cgroups;
	}
	if (now->broken > sum->broken)
		sum->broken = now->broken;
	sum->futile_runs += now->futile_runs;
}

static void add_events(struct low_watch *w, struct memcg_slots *s)
{
	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg))
		if (not_spared(cg))
			top_tasks_add(&w->low_events, 0, cg->id, cg->grown[LOW_EVENTS], cg->grown[LOW_EVENTS]);
}

/* The cgroup with most of them in the whole episode; all 0 when there are none. */
static struct finding_task most_events(const struct low_watch *w)
{
	struct finding_task most = { 0 };

	for (int i = 0; i < w->low_events.n; i++)
		if (w->low_events.task[i].pages > most.pages)
			most = w->low_events.task[i];
	return most;
}

static void slot(void *ctx, struct memcg_slots *s, uint64_t from_ns, uint64_t to_ns)
{
	struct low_watch *w = ctx;
	struct protection now = look(w, s);

	w->futile_runs = 0;
	s->system.marks = judge(w, &s->system, &now, ns_to_s(to_ns - from_ns));
	if (!s->system.marks)
		return;
	add(&w->sum, &now);
	add_events(w, s);
}

static const char explanation_over[] =
	"The memory that cgroups protect (memory.low, memory.min) is close to all there is. kswapd must not take it, finds "
	"nothing else and gives up, so each task reclaims for itself, and what is protected by memory.low is taken after all "
	"(with the multi-gen LRU by kswapd itself); memory.min is kept, and the OOM killer comes instead.";

static const char explanation_ignored[] =
	"Cgroups were reclaimed although they were within their memory.low, because reclaim found nothing else: the "
	"rest is not reclaimable (anonymous memory without swap, kernel memory, mlock), or it is a parent's limit that is "
	"too small for what its children protect.";

static void evidence_of(const struct low_watch *w, const struct memcg_episode *e, struct finding *f)
{
	const struct protection *p = &w->sum;

	finding_evidence(f, "duration", "s", memcg_episode_s(e));
	finding_evidence(f, "low_events", "events of the cgroup with most", most_events(w).pages);
	finding_evidence(f, "cgroups_not_spared", "cgroups at most", p->broken);
	finding_evidence(f, "protected", "bytes at most", p->bytes);
	finding_evidence(f, "protected_cgroups", "cgroups", p->cgroups);
	if (e->known[MEM_TOTAL]) {
		finding_evidence(f, "memory", "bytes", e->now[MEM_TOTAL]);
		finding_evidence(f, "protected_share", "ratio", (double)p->bytes / e->now[MEM_TOTAL]);
	}
	finding_evidence(f, "futile_kswapd_runs", "runs", p->futile_runs);
	finding_evidence(f, "scanned_by_kswapd", "pages", e->grown[SCAN_KSWAPD]);
	finding_evidence(f, "reclaimed_by_kswapd", "pages", e->grown[STEAL_KSWAPD]);
	finding_evidence(f, "scanned_directly", "pages", e->grown[SCAN_DIRECT]);
	finding_evidence(f, "reclaimed_directly", "pages", e->grown[STEAL_DIRECT]);
}

static void done(void *ctx, const struct memcg_episode *e)
{
	const struct low_watch *w = ctx;
	struct finding f = finding_start(&memory_low_overcommit, e->start_ns, e->end_ns);
	bool over = e->marks & MARK_OVERCOMMIT;
	struct finding_task top = most_events(w);

	f.variant = over ? "overcommit" : "ignored";
	f.severity = SEVERITY_WARNING;
	f.confidence = top.pages && !w->no_paths ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.cgroup_id = top.memcg_id;
	snprintf(f.summary, sizeof(f.summary),
		 "Cgroups protect %.0f of %.0f MiB; in %.0f s one was reclaimed %" PRIu64 " times although it was within its "
		 "memory.low, and kswapd had %" PRIu64 " runs without a page", w->sum.bytes / 1048576.0,
		 e->now[MEM_TOTAL] / 1048576.0, memcg_episode_s(e), top.pages, w->sum.futile_runs);
	evidence_of(w, e, &f);
	if (w->no_paths)
		finding_missing(&f, "Paths of some cgroups are not in the recording: what they protect is not in the sum.");
	if (!e->known[MEM_TOTAL])
		finding_missing(&f, "MemTotal is not in the recording: what share of memory is protected is not known.");
	if (!over)
		finding_missing(&f, "What is protected on each node is not sampled: a cgroup that is bound to one may fill it.");
	f.explanation = over ? explanation_over : explanation_ignored;
	f.remedy = "Protect less: memory.low and memory.min of all cgroups together well below the memory of the node on "
		   "which they run, less the kernel's share and the high watermarks. memory.low of what a service uses "
		   "when it is idle, not of its peak. Swap, or an end to whoever holds the rest, where that cannot be "
		   "reclaimed.";
	f.otherwise = over ? "" : "Somebody who writes more to memory.reclaim of a parent than is unprotected below it.";
	f.references = "shrink_node_memcgs() and do_try_to_free_pages(), mm/vmscan.c; memory.low and memory.events, "
		       "Documentation/admin-guide/cgroup-v2.rst.";
	detector_report(w->d, &f);
}

static void done_and_over(void *ctx, const struct memcg_episode *e)
{
	struct low_watch *w = ctx;

	done(ctx, e);
	w->sum = (struct protection){ 0 };
	w->low_events = (struct top_tasks){ 0 };
}

static const struct memcg_slot_ops ops = {
	.of_cgroup = of_cgroup, .of_system = of_system, .slot = slot, .done = done_and_over,
};

static void on_sample(void *state, const struct sample *sample)
{
	struct low_watch *w = state;

	memcg_slots_sample(&w->slots, &ops, w, sample);
	if (!w->told && sample->scope == SCOPE_CGROUP)
		for (int i = 0; i < CURRENT; i++)
			w->told |= !strcmp(sample->name, of_cgroup[i].name);
}

static void on_run(void *state, const struct kswapd_run *run)
{
	struct low_watch *w = state;

	w->futile_runs += run->result == RUN_FUTILE;
}

static const char *lacks(const void *state)
{
	const struct low_watch *w = state;

	return w->told ? NULL : "no memory.low and memory.events of cgroups in the recording (squall record takes them of "
				"cgroup v2; v1 and traces do not have them)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct low_watch *w = state;

	for (int i = 0; i < MEMCG_EPISODES; i++)
		if (w->slots.episode[i].active)
			done(state, &w->slots.episode[i]);
}

static void finish(void *state)
{
	struct low_watch *w = state;

	memcg_slots_finish(&w->slots);
}

const struct detector memory_low_overcommit = {
	.kind = "memory-low-overcommit",
	.title = "more memory is protected by memory.low and memory.min than reclaim can do without",
	.losses = LOSS_DIRECT | LOSS_BACKGROUND,
	.state_size = sizeof(struct low_watch),
	.run = on_run,
	.sample = on_sample,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
