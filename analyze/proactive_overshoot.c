// SPDX-License-Identifier: GPL-2.0-only
/*
 * proactive_overshoot.c - detector proactive-overshoot: somebody has memory reclaimed that is needed again at once.
 *
 * Writes to memory.reclaim (and to /sys/devices/system/node/nodeN/reclaim) count as pgsteal_proactive. When a third of
 * the pages so reclaimed come back as refaults, and most of what is reclaimed there is reclaimed so, it takes what is
 * in use. Judged in slots of ten seconds (memcg_slot.h), for twenty seconds and more.
 *
 * memory.stat of a cgroup has both numbers, but is sampled only of the busy or largest ones; a parent's contains its
 * children's. One cgroup is told of a slot: that with most pages, and of those with about as many the smallest.
 * /proc/vmstat has proactive reclaim of cgroups since 7.1 only (before, it leaves out reclaim for cgroups), and serves
 * where no cgroup tells.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/memcg_slot.h"

enum { PROACTIVE, KSWAPD, DIRECT, KHUGEPAGED, REFAULT_FILE, REFAULT_ANON, SOME_US, IO_SOME_US, CURRENT };

static const struct memcg_counter of_cgroup[] = {
	[PROACTIVE] = { "pgsteal_proactive", true }, [KSWAPD] = { "pgsteal_kswapd", true },
	[DIRECT] = { "pgsteal_direct", true }, [KHUGEPAGED] = { "pgsteal_khugepaged", true },
	[REFAULT_FILE] = { "workingset_refault_file", true }, [REFAULT_ANON] = { "workingset_refault_anon", true },
	[SOME_US] = { "psi.memory.some.total" }, [IO_SOME_US] = { "psi.io.some.total", true },
	[CURRENT] = { "memory.current" }, { NULL },
};

static const struct memcg_counter of_system[] = {
	[PROACTIVE] = { "pgsteal_proactive" }, [KSWAPD] = { "pgsteal_kswapd" }, [DIRECT] = { "pgsteal_direct" },
	[KHUGEPAGED] = { "pgsteal_khugepaged" }, [REFAULT_FILE] = { "workingset_refault_file" },
	[REFAULT_ANON] = { "workingset_refault_anon" }, [SOME_US] = { "psi.memory.some.total" },
	[IO_SOME_US] = { "psi.io.some.total" }, { NULL },
};

#define ABOUT_AS_MANY	0.9	/* of the most pages: a parent of the same, or nearly */

struct proactive {
	const struct detect	*d;
	struct memcg_slots	slots;
	bool			told;		/* pgsteal_proactive was sampled, of anybody */
};

static int64_t refaults(const int64_t *grown)
{
	return grown[REFAULT_FILE] + grown[REFAULT_ANON];
}

static bool is_bad(const struct proactive *p, const struct memcg *cg, double seconds)
{
	int64_t mine = cg->grown[PROACTIVE], all = mine + cg->grown[KSWAPD] + cg->grown[DIRECT] + cg->grown[KHUGEPAGED];

	return mine >= threshold(p->d, TH_PROACTIVE_PAGES) * seconds &&
	       mine >= threshold(p->d, TH_PROACTIVE_SHARE) * all &&
	       refaults(cg->grown) >= threshold(p->d, TH_PROACTIVE_REFAULT) * mine;
}

/* Whether @a rather than @b is the one from whom it was reclaimed. */
static bool is_nearer(const struct memcg *a, const struct memcg *b)
{
	if (!b || a->grown[PROACTIVE] * ABOUT_AS_MANY > b->grown[PROACTIVE])
		return true;
	return a->grown[PROACTIVE] >= b->grown[PROACTIVE] * ABOUT_AS_MANY && a->now[CURRENT] < b->now[CURRENT];
}

static void slot(void *ctx, struct memcg_slots *s, uint64_t from_ns, uint64_t to_ns)
{
	const struct proactive *p = ctx;
	double seconds = ns_to_s(to_ns - from_ns);
	struct memcg *chosen = NULL;

	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg))
		if (is_bad(p, cg, seconds) && is_nearer(cg, chosen))
			chosen = cg;
	if (!chosen && is_bad(p, &s->system, seconds))
		chosen = &s->system;
	if (chosen)
		chosen->marks = 1;
}

static void evidence_of(const struct memcg_episode *e, struct finding *f)
{
	finding_evidence(f, "duration", "s", memcg_episode_s(e));
	finding_evidence(f, "reclaimed_on_demand", "pages", e->grown[PROACTIVE]);
	finding_evidence(f, "reclaimed_by_kswapd", "pages", e->grown[KSWAPD]);
	finding_evidence(f, "reclaimed_directly", "pages", e->grown[DIRECT]);
	finding_evidence(f, "refaulted_file_pages", "pages", e->grown[REFAULT_FILE]);
	finding_evidence(f, "refaulted_anon_pages", "pages", e->grown[REFAULT_ANON]);
	finding_evidence(f, "refaults_by_reclaimed", "ratio", refaults(e->grown) / (double)e->grown[PROACTIVE]);
	if (e->known[SOME_US])
		finding_evidence(f, "memory_some", "us", e->grown[SOME_US]);
	if (e->known[IO_SOME_US])
		finding_evidence(f, "io_some", "us", e->grown[IO_SOME_US]);
	if (e->id && e->known[CURRENT])
		finding_evidence(f, "memory_current", "bytes", e->now[CURRENT]);
}

static void done(void *ctx, const struct memcg_episode *e)
{
	const struct proactive *p = ctx;
	struct finding f = finding_start(&proactive_overshoot, e->start_ns, e->end_ns);

	if (memcg_episode_s(e) < threshold(p->d, TH_PROACTIVE_S))
		return;
	f.severity = SEVERITY_WARNING;
	f.confidence = e->id ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.cgroup_id = e->id;
	snprintf(f.summary, sizeof(f.summary),
		 "%" PRId64 " pages of %s were reclaimed on demand (memory.reclaim) in %.0f s, and %" PRId64
		 " pages came back meanwhile (%.0f %%)", e->grown[PROACTIVE], e->id ? "a cgroup" : "the machine",
		 memcg_episode_s(e), refaults(e->grown), 100.0 * refaults(e->grown) / e->grown[PROACTIVE]);
	evidence_of(e, &f);
	if (!e->id)
		finding_missing(&f, "memory.stat of the cgroup concerned is not in the recording: whose pages they were is not "
				    "known.");
	f.explanation = "A process asks the kernel for memory of a cgroup before it is needed elsewhere, and asks for more "
			"than is idle. The kernel takes what was not used for longest, but that is in use too: it is read "
			"again from files or swap, and the tasks wait for that. On kernels before 7.0 what is freed also "
			"sets kswapd_failures of the node back.";
	f.remedy = "Let whoever writes to memory.reclaim ask for less, and be led by what it does: smaller steps (senpai "
		   "takes 0.05 % of the cgroup every 6 s), none while memory.pressure or io.pressure of the cgroup rises or "
		   "workingset_refault grows. memory.low protects what a job needs, as long as the job is not what is "
		   "written to.";
	f.otherwise = "A job that came back to old data just then: a few slots of it, not a steady ratio.";
	f.references = "user_proactive_reclaim(), mm/vmscan.c; memory.reclaim, Documentation/admin-guide/cgroup-v2.rst; "
		       "Weiner and others, TMO: Transparent Memory Offloading in Datacenters, ASPLOS 2022.";
	detector_report(p->d, &f);
}

static const struct memcg_slot_ops ops = {
	.of_cgroup = of_cgroup, .of_system = of_system, .slot = slot, .done = done,
};

static void on_sample(void *state, const struct sample *sample)
{
	struct proactive *p = state;

	memcg_slots_sample(&p->slots, &ops, p, sample);
	p->told |= sample->name[0] == 'p' && !strcmp(sample->name, of_cgroup[PROACTIVE].name);
}

static const char *lacks(const void *state)
{
	const struct proactive *p = state;

	return p->told ? NULL : "no pgsteal_proactive in the recording (squall record takes it from /proc/vmstat and "
				"memory.stat of kernels that have it; cgroup v1 and traces do not)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct proactive *p = state;

	memcg_slots_so_far(&p->slots);
}

static void finish(void *state)
{
	struct proactive *p = state;

	memcg_slots_finish(&p->slots);
}

const struct detector proactive_overshoot = {
	.kind = "proactive-overshoot",
	.title = "memory.reclaim takes memory that is in use, and it comes back",
	.losses = LOSS_BACKGROUND,		/* refaults: in PSI, not in reclaim; who writes loses time of its own accord */
	.state_size = sizeof(struct proactive),
	.sample = on_sample,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
