// SPDX-License-Identifier: GPL-2.0-only
/*
 * incident.c - see incident.h. Functions are named as in Linux 7.3.
 */
#include "analyze/incident.h"

#include <stdlib.h>
#include <string.h>

#include "spine/time.h"

const struct incident_link incident_links[] = {
	/* kswapd_failures */
	{ "memcg-high-loop", "spurious-kswapd-reset",
	  "each page that reclaim_high() frees sets kswapd_failures back to 0 (shrink_node)" },
	{ "proactive-overshoot", "spurious-kswapd-reset",
	  "what memory.reclaim frees sets kswapd_failures back to 0 (shrink_node)" },
	{ "memory-low-overcommit", "spurious-kswapd-reset",
	  "kswapd spares what memory.low protects and fails, direct reclaim takes it, and its progress sets kswapd_failures "
	  "back to 0" },
	{ "memory-low-overcommit", "hopeless-node",
	  "kswapd finds nothing that memory.low or memory.min does not protect, and gives the node up after 16 runs" },
	{ "memory-low-overcommit", "endless-kswapd",
	  "kswapd finds nothing that memory.low or memory.min does not protect" },
	{ "spurious-kswapd-reset", "endless-kswapd",
	  "with kswapd_failures set back it never gets to the 16 at which kswapd stops (balance_pgdat)" },
	{ "endless-kswapd", "slab-shrinker-storm",
	  "each run goes down to priority 1 and asks all shrinkers of all cgroups each time (shrink_slab)" },
	{ "hopeless-node", "reclaim-throttled",
	  "without kswapd each task reclaims for itself, and too many do so at once" },
	{ "hopeless-node", "oom-storm",
	  "without kswapd tasks reclaim for themselves, and kill when they find nothing (__alloc_pages_may_oom)" },

	/* pageblocks */
	{ "cma-contiguous", "nonmovable-reclaim-spin",
	  "free pages of CMA make compaction look worth it (compaction_suitable), and a request that is not movable cannot have "
	  "them" },
	{ "nonmovable-reclaim-spin", "compaction-thrash",
	  "each round of the retry loop compacts again (__alloc_pages_direct_compact)" },
	{ "nonmovable-reclaim-spin", "compaction-deferred",
	  "each compaction of the retry loop that fails makes the next wait longer (defer_compaction)" },
	{ "nonmovable-reclaim-spin", "watermark-boost",
	  "a spin that ends in a fallback takes from a block of another type, and that boosts (boost_watermark)" },
	{ "nonmovable-reclaim-spin", "slab-shrinker-storm",
	  "each round of the retry loop asks all shrinkers (shrink_slab)" },
	{ "nonmovable-reclaim-spin", "reclaim-throttled",
	  "the tasks that retry isolate too many pages at once (too_many_isolated)" },
	{ "nonmovable-reclaim-spin", "oom-storm",
	  "a request that its retries do not serve ends in the OOM killer (__alloc_pages_may_oom)" },
	{ "compaction-thrash", "compaction-deferred",
	  "each compaction that fails makes the next wait longer (defer_compaction)" },

	/* swap */
	{ "zsmalloc-fragmentation", "ram-backed-swap-stall",
	  "a page that is swapped out takes more RAM than its compressed size, so reclaim gains less (zs_malloc)" },
	{ "zsmalloc-fragmentation", "oom-storm",
	  "what a killed task had in zram lies among what is still in use, and freeing it gives no page back (zs_free)" },
	{ "ram-backed-swap-stall", "oom-storm",
	  "when at last nothing is reclaimed any more, should_reclaim_retry() gives up late" },
	{ "zswap-shrinker-ineffective", "zswap-pool-limit",
	  "cold pages that nobody writes out fill the pool" },
	{ "zswap-pool-limit", "zswap-over-reclaim",
	  "at its limit the pool is written out down to accept_threshold_percent, whatever is needed again (shrink_worker)" },
	{ "zswap-pool-limit", "writeback-limited",
	  "what the pool rejects goes to the disk at once, and reclaim waits for it (zswap_store)" },
	{ "proactive-overshoot", "zswap-over-reclaim",
	  "memory.reclaim swaps out pages that are still in use" },

	/* loops and waits */
	{ "writeback-limited", "reclaim-throttled",
	  "dirty pages that reclaim meets go to the active list, so that few are left of which too many are isolated "
	  "(VMSCAN_THROTTLE_ISOLATED), and what is left waits to be written (VMSCAN_THROTTLE_NOPROGRESS)" },
	{ "writeback-limited", "hopeless-node",
	  "kswapd meets pages that are not written yet, and gives the node up after 16 runs that free none" },
	{ "nofs-noio-spin", "reclaim-throttled",
	  "reclaim that may do no IO frees nothing, and sleeps where most pages are dirty (VMSCAN_THROTTLE_NOPROGRESS)" },
	{ "nofail-spin", "reclaim-throttled",
	  "a request that must not fail goes on without progress, and sleeps where most pages are dirty "
	  "(VMSCAN_THROTTLE_NOPROGRESS)" },
	{ "memcg-high-loop", "slab-shrinker-storm",
	  "each reclaim at memory.high asks the shrinkers of the cgroup (shrink_slab)" },
};

const int incident_nlinks = sizeof(incident_links) / sizeof(incident_links[0]);

static bool near_in_time(const struct finding *a, const struct finding *b, uint64_t gap_ns)
{
	return (a->start_ns <= b->end_ns || a->start_ns - b->end_ns <= gap_ns) &&
	       (b->start_ns <= a->end_ns || b->start_ns - a->end_ns <= gap_ns);
}

static bool same_place(const struct finding *a, const struct finding *b)
{
	return (a->node < 0 || b->node < 0 || a->node == b->node) &&
	       (!a->cgroup_id || !b->cgroup_id || a->cgroup_id == b->cgroup_id);
}

/* What begins when the effect has long been there explains it only if it covers half of it. */
static bool in_time(const struct finding *cause, const struct finding *effect)
{
	uint64_t from = cause->start_ns > effect->start_ns ? cause->start_ns : effect->start_ns;
	uint64_t to = cause->end_ns < effect->end_ns ? cause->end_ns : effect->end_ns;

	return elapsed_ns(effect->start_ns, cause->start_ns) <= INCIDENT_LATE_NS ||
	       elapsed_ns(from, to) >= elapsed_ns(effect->start_ns, effect->end_ns) / 2;
}

static const struct incident_link *find_link(const struct finding *cause, const struct finding *effect)
{
	for (int i = 0; i < incident_nlinks; i++)
		if (!strcmp(incident_links[i].cause, cause->kind) && !strcmp(incident_links[i].effect, effect->kind))
			return &incident_links[i];
	return NULL;
}

/* Which of two may rather be the reason. */
static bool goes_before(const struct finding *a, const struct finding *b)
{
	return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->own_severity > b->own_severity;
}

/* All of incident @from are of @to from now on. */
static void join(struct finding *const *f, int n, int to, int from)
{
	for (int i = 0; i < n && to != from; i++)
		if (f[i]->incident == from)
			f[i]->incident = to;
}

/* @f[i] and @f[k] are near and in the same place: does the first explain the second? */
static bool link_pair(struct finding *const *f, int i, int k)
{
	const struct incident_link *link = f[i]->own_severity > SEVERITY_INFO ? find_link(f[i], f[k]) : NULL;

	if (!link || !in_time(f[i], f[k]))
		return false;
	if (f[k]->cause >= 0 && !goes_before(f[i], f[f[k]->cause]))
		return true;
	f[k]->cause = i;
	f[k]->caused_by = f[i]->kind;
	f[k]->because = link->because;
	return true;
}

static void choose_leaders(struct finding *const *f, int n)
{
	for (int i = 0; i < n; i++) {
		f[i]->leads = f[i]->cause < 0;
		for (int k = 0; k < n && f[i]->leads; k++)
			if (k != i && f[k]->incident == f[i]->incident && f[k]->cause < 0)
				f[i]->leads = goes_before(f[i], f[k]) || (!goes_before(f[k], f[i]) && i < k);
	}
}

/* 1, 2 ... in the order of their first findings. */
static void number(struct finding *const *f, int n)
{
	int next = 0;

	for (int i = 0; i < n; i++) {
		int old = f[i]->incident;

		if (old > 0)		/* has its number: those are negative until all have one */
			for (int k = i; k < n; k++)
				if (f[k]->incident == old)
					f[k]->incident = -next - 1;
		next += old > 0;
	}
	for (int i = 0; i < n; i++)
		f[i]->incident = -f[i]->incident;
}

void incidents_link(struct finding *const *f, int n, uint64_t gap_ns)
{
	for (int i = 0; i < n; i++) {
		f[i]->incident = i + 1;
		f[i]->cause = -1;
		f[i]->caused_by = f[i]->because = NULL;
	}
	for (int i = 0; i < n; i++) {
		for (int k = i + 1; k < n; k++) {
			bool linked;

			if (!near_in_time(f[i], f[k], gap_ns) || !same_place(f[i], f[k]))
				continue;
			linked = link_pair(f, i, k);
			linked |= link_pair(f, k, i);	/* each may have to know */
			if (linked || !strcmp(f[i]->kind, f[k]->kind))
				join(f, n, f[i]->incident, f[k]->incident);
		}
	}
	choose_leaders(f, n);
	number(f, n);
}

/* --- order --- */

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int incident_order(const void *pa, const void *pb)
{
	const struct incident *a = pa, *b = pb;

	if (a->severity != b->severity)
		return a->severity < b->severity ? 1 : -1;
	return compare(a->start_ns, b->start_ns) ?: a->number - b->number;
}

static int finding_order(const void *pa, const void *pb)
{
	const struct finding *a = pa, *b = pb;

	if (a->incident != b->incident)
		return a->incident - b->incident;
	if (a->leads != b->leads)
		return a->leads ? -1 : 1;
	return compare(a->start_ns, b->start_ns) ?: compare(b->severity, a->severity) ?: a->serial - b->serial;
}

static void incident_add(struct incident *incident, const struct finding *f)
{
	if (!incident->count++)
		*incident = (struct incident){ f->incident, f->severity, f->start_ns, f->end_ns, 0, 1 };
	incident->severity = f->severity > incident->severity ? f->severity : incident->severity;
	incident->start_ns = f->start_ns < incident->start_ns ? f->start_ns : incident->start_ns;
	incident->end_ns = f->end_ns > incident->end_ns ? f->end_ns : incident->end_ns;
}

static int collect(const struct finding *f, int n, struct incident *out)
{
	int count = 0;

	memset(out, 0, n * sizeof(*out));
	for (int i = 0; i < n; i++) {
		incident_add(&out[f[i].incident - 1], &f[i]);
		count = f[i].incident > count ? f[i].incident : count;
	}
	return count;
}

static void renumber(struct finding *f, int n, struct incident *incidents, int count)
{
	for (int i = 0; i < n; i++) {
		int k = 0;

		while (k < count && incidents[k].number != f[i].incident)
			k++;
		f[i].incident = -k - 1;		/* negative: not an old one */
	}
	for (int i = 0; i < n; i++)
		f[i].incident = -f[i].incident;
	for (int k = 0; k < count; k++)
		incidents[k].number = k + 1;
}

/* Causes are indices of the order before. */
static void follow_causes(struct finding *f, int n)
{
	for (int i = 0; i < n; i++) {
		int old = f[i].cause;

		for (int k = 0; k < n && old >= 0; k++) {
			if (f[k].serial != old)
				continue;
			f[i].cause = k;
			break;
		}
	}
}

int incidents_order(struct finding *f, int n, struct incident *out)
{
	int count, at = 0;

	if (!n)
		return 0;
	count = collect(f, n, out);
	qsort(out, count, sizeof(*out), incident_order);
	renumber(f, n, out, count);
	for (int i = 0; i < n; i++)
		f[i].serial = i;
	qsort(f, n, sizeof(*f), finding_order);
	follow_causes(f, n);
	for (int k = 0; k < count; k++) {
		out[k].first = at;
		at += out[k].count;
	}
	return count;
}

bool incident_explains(const struct finding *f, int n, int i)
{
	int at = i;

	for (int steps = 0; steps < n && f[at].cause >= 0; steps++)
		at = f[at].cause;
	return at != i && f[at].leads;
}

int incident_explained(const struct incident *incident, const struct finding *f)
{
	int n = 0;

	for (int i = incident->first; i < incident->first + incident->count; i++)
		n += incident_explains(f, incident->first + incident->count, i);
	return n;
}

static int moment_order(const void *pa, const void *pb)
{
	const struct incident_moment *a = pa, *b = pb;

	return compare(a->ts_ns, b->ts_ns) ?: a->ended - b->ended ?: a->finding - b->finding;
}

int incident_timeline(const struct incident *incident, const struct finding *f, struct incident_moment *out)
{
	int n = 0;

	for (int i = incident->first; i < incident->first + incident->count; i++) {
		out[n++] = (struct incident_moment){ f[i].start_ns, i, false };
		out[n++] = (struct incident_moment){ f[i].end_ns, i, true };
	}
	qsort(out, n, sizeof(*out), moment_order);
	return n;
}
