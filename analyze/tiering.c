// SPDX-License-Identifier: GPL-2.0-only
/*
 * tiering.c - detector tiering-ping-pong: pages go down to slow memory and up again, all the time.
 *
 * Reclaim of a node with a slower one below it demotes pages (pgdemote_*), and NUMA balancing in tiering mode promotes
 * those that are touched (pgpromote_success). Some of both keeps the tiers sorted. Much of both at once, for half a
 * minute and more, moves the same memory to and fro, or a working set that is larger than the fast tier. No counter
 * tells which pages they are, so confidence is medium at best. From /proc/vmstat, in slots of ten seconds
 * (memcg_slot.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/memcg_slot.h"

enum { PROMOTED, DEMOTED_KSWAPD, DEMOTED_DIRECT, DEMOTED_KHUGEPAGED, DEMOTED_PROACTIVE, FULL_US };

static const struct memcg_counter of_cgroup[] = { { NULL } };
static const struct memcg_counter of_system[] = {
	[PROMOTED] = { "pgpromote_success" }, [DEMOTED_KSWAPD] = { "pgdemote_kswapd" },
	[DEMOTED_DIRECT] = { "pgdemote_direct" }, [DEMOTED_KHUGEPAGED] = { "pgdemote_khugepaged" },
	[DEMOTED_PROACTIVE] = { "pgdemote_proactive" }, [FULL_US] = { "psi.memory.full.total" }, { NULL },
};

#define BALANCING_TIERING	2	/* NUMA_BALANCING_MEMORY_TIERING, a bit of kernel.numa_balancing */

struct tiering {
	const struct detect	*d;
	struct memcg_slots	slots;
	int			balancing;	/* kernel.numa_balancing */
	bool			balancing_told;
};

static int64_t demoted(const int64_t *grown)
{
	return grown[DEMOTED_KSWAPD] + grown[DEMOTED_DIRECT] + grown[DEMOTED_KHUGEPAGED] + grown[DEMOTED_PROACTIVE];
}

static void slot(void *ctx, struct memcg_slots *s, uint64_t from_ns, uint64_t to_ns)
{
	const struct tiering *t = ctx;
	double pages = threshold(t->d, TH_TIERING_PAGES) * ns_to_s(to_ns - from_ns);

	s->system.marks = demoted(s->system.grown) >= pages && s->system.grown[PROMOTED] >= pages;
}

static void done(void *ctx, const struct memcg_episode *e)
{
	const struct tiering *t = ctx;
	struct finding f = finding_start(&tiering_ping_pong, e->start_ns, e->end_ns);
	double span_s = memcg_episode_s(e);

	if (span_s < threshold(t->d, TH_TIERING_S))
		return;
	f.severity = SEVERITY_WARNING;
	f.confidence = t->balancing_told && t->balancing & BALANCING_TIERING ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
	snprintf(f.summary, sizeof(f.summary),
		 "In %.0f s %" PRId64 " pages were demoted to slow memory and %" PRId64 " promoted to fast memory", span_s,
		 demoted(e->grown), e->grown[PROMOTED]);
	finding_evidence(&f, "duration", "s", span_s);
	finding_evidence(&f, "promoted", "pages", e->grown[PROMOTED]);
	finding_evidence(&f, "demoted", "pages", demoted(e->grown));
	finding_evidence(&f, "demoted_by_kswapd", "pages", e->grown[DEMOTED_KSWAPD]);
	finding_evidence(&f, "demoted_directly", "pages", e->grown[DEMOTED_DIRECT]);
	finding_evidence(&f, "demoted_on_demand", "pages", e->grown[DEMOTED_PROACTIVE]);
	if (t->balancing_told)
		finding_evidence(&f, "numa_balancing", "setting", t->balancing);
	else
		finding_missing(&f, "kernel.numa_balancing is not in the recording.");
	finding_missing(&f, "The kernel does not count which pages went both ways.");
	f.explanation = "What is in use is larger than the fast tier, or NUMA balancing takes pages for hot that are touched "
			"once in a while. Each promotion needs room in the fast tier, and reclaim makes it by demotion: "
			"both copy the page and interrupt those who use it.";
	f.remedy = "Less in the fast tier (cpuset.mems or memory policies that put batch work on the slow node), a lower "
		   "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps, or no promotion "
		   "(kernel.numa_balancing=0) or demotion (/sys/kernel/mm/numa/demotion_enabled=false) where the tiers "
		   "differ little.";
	f.otherwise = "A working set that moves on: other pages go down than come up.";
	f.references = "demote_folio_list(), mm/vmscan.c; should_numa_migrate_memory(), kernel/sched/fair.c; "
		       "kernel.numa_balancing, Documentation/admin-guide/sysctl/kernel.rst.";
	detector_report(t->d, &f);
}

static const struct memcg_slot_ops ops = {
	.of_cgroup = of_cgroup, .of_system = of_system, .slot = slot, .done = done,
};

static void on_sample(void *state, const struct sample *sample)
{
	struct tiering *t = state;

	if (sample->scope != SCOPE_SYSTEM)
		return;
	memcg_slots_sample(&t->slots, &ops, t, sample);
}

/* "numa_balancing" and its changes, "numa_balancing@TS": the last one holds. */
static void on_meta(void *state, const char *key, const char *value)
{
	static const char name[] = "numa_balancing";
	struct tiering *t = state;

	if (strncmp(key, name, sizeof(name) - 1) || (key[sizeof(name) - 1] && key[sizeof(name) - 1] != '@'))
		return;
	t->balancing = strtol(value, NULL, 0);
	t->balancing_told = true;
}

static const char *lacks(const void *state)
{
	const struct tiering *t = state;

	return t->slots.system.known[PROMOTED] && t->slots.system.known[DEMOTED_KSWAPD] ? NULL :
	       "no pgdemote_kswapd and pgpromote_success in the recording (squall record takes them from /proc/vmstat of "
	       "kernels that have them; a trace does not)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct tiering *t = state;

	memcg_slots_so_far(&t->slots);
}

static void finish(void *state)
{
	struct tiering *t = state;

	memcg_slots_finish(&t->slots);
}

const struct detector tiering_ping_pong = {
	.kind = "tiering-ping-pong",
	.title = "pages are demoted to slow memory and promoted again, much of both",
	.losses = LOSS_BACKGROUND,
	.state_size = sizeof(struct tiering),
	.sample = on_sample,
	.meta = on_meta,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
