// SPDX-License-Identifier: GPL-2.0-only
/*
 * nonmovable_spin.c - detector nonmovable-reclaim-spin: small non-movable requests that reclaim and retry for ever.
 *
 * Under vm.defrag_mode=1 a request may not take pages from blocks of another migratetype (ALLOC_NOFRAGMENT) until
 * reclaim and compaction have failed. Reclaim does not fail: it frees movable pages, which such a request cannot use,
 * so every round counts as progress and the next one follows. Three variants (kernel-domain.md 4a):
 *
 *  a1       6.15 .. 7.1: the request reclaims at its own order and never gets to compaction of a whole pageblock.
 *  a1-noio  as a1, but __GFP_IO is clear: compaction is not allowed for it on any kernel.
 *  a2       7.2 .. 7.3.3: reclaim is promoted to pageblock order; what it frees, or the sentinel "1 page" by which it
 *           backs off for compaction, counts as progress and keeps no_progress_loops at 0.
 *
 * The recording need not tell vm.defrag_mode. Each retry prints the zone's free pages and its min watermark, and
 * wmark_check=1 says that a block of the order is there: without ALLOC_NOFRAGMENT get_page_from_freelist() would have
 * served the request from it by fallback. So "free above min, and still no page, several times in a row" proves it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/detector.h"

#define ORDER_MAX		20	/* above MAX_PAGE_ORDER of any architecture: a damaged number */
#define SURE_CHAINS		10	/* spins after which chance is out of the question */
#define SURE_FREE_SHARE		0.9

/* VARIANT_MOVABLE is none to report: movable requests that behave as a1, which says that a1 is not what happens. */
enum variant { VARIANT_A1, VARIANT_A1_NOIO, VARIANT_A2, VARIANT_MOVABLE, VARIANTS, VARIANT_NONE = VARIANTS };

struct spin_text {
	const char	*name;
	const char	*explanation;
	const char	*remedy;
	const char	*otherwise;
};

static const struct spin_text texts[VARIANTS] = {
	[VARIANT_A1] = { "a1",
		"These tasks asked for a few unmovable or reclaimable pages (pipe buffers, page tables, slab). "
		"vm.defrag_mode=1 forbids to take them from movable blocks until reclaim and compaction have failed. "
		"Reclaim succeeded each time, but it freed movable pages, which do not help; the kernel saw progress and "
		"retried. Useful memory is thrown out or swapped while the tasks stand still.",
		"Now: sysctl -w vm.defrag_mode=0 ends it at once (later huge-page allocations fragment more). "
		"For good: a kernel that reclaims and compacts a whole pageblock for such requests: 7.2 has it, and "
		"7.3.4 also mends the livelock that 7.2 to 7.3.3 still have in it.",
		"Free pages that are all CMA look the same (check CmaFree in /proc/meminfo)." },
	[VARIANT_A1_NOIO] = { "a1-noio",
		"As in variant a1, but the requests were made where I/O is not allowed (__GFP_IO clear: block layer, "
		"swap-out, filesystem journals). The kernel does not compact for such requests in any version, so the "
		"fix of 7.2 cannot help them; reclaim for them can neither swap nor write.",
		"Now: sysctl -w vm.defrag_mode=0. A newer kernel does not change this variant: do not read it as a fix "
		"that does not work.",
		"Free pages that are all CMA look the same (check CmaFree in /proc/meminfo)." },
	[VARIANT_A2] = { "a2",
		"This kernel promotes reclaim for such requests to a whole pageblock. Reclaim then leaves the work to "
		"compaction and answers \"1 page\", which counts as progress. Compaction does not succeed either, but the "
		"count of rounds without progress stays 0, so the request neither gives up nor falls back: it goes round "
		"until compaction happens to succeed or reclaim frees nothing at all.",
		"Now: sysctl -w vm.defrag_mode=0. For good: 7.3.4 or later, where the retries follow the promoted order "
		"(stable commit \"mm: page_alloc: make defrag_mode retries follow the promoted order\").",
		"" },
};

static const char references[] =
	"vm.defrag_mode: Documentation/admin-guide/sysctl/vm.rst; introduced by e3aa7df331bc. "
	"Order promotion: Johannes Weiner's series of 26 Jun 2026 on linux-mm, merged for 7.2.";

/* Distinct threads, counted exactly up to half of the slots. */
#define TID_SET_SLOTS	2048

struct tid_set {
	int32_t			tid[TID_SET_SLOTS];	/* tid + 1; 0 is free */
	uint32_t		n;
};

/* Spins of one variant that follow each other. */
struct episode {
	bool			active;
	uint64_t		start_ns, end_ns;
	uint64_t		chains, cycles, retries, retries_idle, retries_free;
	uint64_t		reclaimed_pages, anon_pages, write_folios, sentinels, compactions;
	uint64_t		unmovable, reclaimable;
	uint64_t		chain_ns;	/* sum of chain durations */
	uint64_t		allocated_pages_max;	/* at most so many pages were got for it */
	struct tid_set		tids;
	int32_t			order_min, order_max, reclaim_order_max;
	int32_t			node;
	struct chain		longest;
	struct latency		latency;
	struct top_tasks	top;
};

struct spin {
	const struct detect	*d;
	uint64_t		extfrag;	/* non-movable requests that took part of another type's block */
	struct episode		episodes[VARIANTS];
};

static void tid_set_add(struct tid_set *set, int32_t tid)
{
	uint32_t at = (uint32_t)tid * 2654435761u % TID_SET_SLOTS;

	if (set->n >= TID_SET_SLOTS / 2)
		return;
	while (set->tid[at] && set->tid[at] != tid + 1)
		at = (at + 1) % TID_SET_SLOTS;
	set->n += !set->tid[at];
	set->tid[at] = tid + 1;
}

static bool is_a1(const struct spin *s, const struct chain *c)
{
	return !c->retries_promoted && c->order_request < facts_pageblock_order(s->d->facts) &&
	       c->compaction_order_max < facts_pageblock_order(s->d->facts) &&
	       c->retries_idle >= threshold(s->d, TH_SPIN_CYCLES) &&
	       c->reclaimed_pages >= threshold(s->d, TH_SPIN_PAGES) &&
	       c->retries_free >= threshold(s->d, TH_SPIN_FREE_SHARE) * c->retries_idle;
}

/* 7.3.4 counts these rounds and gives up after MAX_RECLAIM_RETRIES of them; so many with the count at 0 are a2. */
static bool is_a2(const struct spin *s, const struct chain *c)
{
	return c->retries_promoted >= threshold(s->d, TH_LIVELOCK_CYCLES) && c->no_progress_max == 0;
}

static enum variant classify(const struct spin *s, const struct chain *c)
{
	if (c->migratetype == MIGRATE_MOVABLE)
		return is_a1(s, c) ? VARIANT_MOVABLE : VARIANT_NONE;
	if (c->migratetype != MIGRATE_UNMOVABLE && c->migratetype != MIGRATE_RECLAIMABLE)
		return VARIANT_NONE;
	if (s->d->facts->defrag_mode == 0 || c->order_request < 0 || c->order_request > ORDER_MAX)
		return VARIANT_NONE;
	if (is_a2(s, c))
		return VARIANT_A2;
	if (is_a1(s, c))
		return c->io_allowed ? VARIANT_A1 : VARIANT_A1_NOIO;
	return VARIANT_NONE;
}

static double stall_share(const struct spin *s, const struct episode *e)
{
	double span_ns = elapsed_ns(e->start_ns, e->end_ns);
	double least_ns = threshold_ns(s->d, TH_SPIN_EPISODE_GAP_S);

	return e->chain_ns / ((span_ns > least_ns ? span_ns : least_ns) * s->d->facts->cpus);
}

static bool is_storm(const struct spin *s, const struct episode *e)
{
	return e->tids.n >= threshold(s->d, TH_SPIN_TASKS) ||
	       e->latency.max_ns >= threshold_ns(s->d, TH_SPIN_STALL_S) ||
	       stall_share(s, e) >= threshold(s->d, TH_SPIN_STALL_SHARE);
}

/* Movable requests spin as well, at the same time: the migratetype is not the reason. */
static bool movable_spin_too(const struct spin *s, const struct episode *e)
{
	const struct episode *movable = &s->episodes[VARIANT_MOVABLE];

	uint64_t gap_ns = threshold_ns(s->d, TH_SPIN_EPISODE_GAP_S);

	return movable->chains && elapsed_ns(e->end_ns, movable->start_ns) <= gap_ns &&
	       elapsed_ns(movable->end_ns, e->start_ns) <= gap_ns &&
	       movable->chains >= threshold(s->d, TH_SPIN_MOVABLE_SHARE) * (movable->chains + e->chains);
}

static void add_evidence(const struct spin *s, const struct episode *e, struct finding *f)
{
	double s_a = stall_share(s, e);

	finding_evidence(f, "spins", "chains", e->chains);
	finding_evidence(f, e->tids.n < TID_SET_SLOTS / 2 ? "tasks" : "tasks_at_least", "tasks", e->tids.n);
	finding_evidence(f, "cycles", "direct reclaims", e->cycles);
	finding_evidence(f, "retries", "retries", e->retries);
	finding_evidence(f, "retries_with_free_pages", "retries", e->retries_free);
	finding_evidence(f, "stalled", "task-seconds", ns_to_s(e->chain_ns));
	finding_evidence(f, "stall_share", "task-seconds per CPU-second", s_a);
	finding_evidence(f, "stall_p50", "s", ns_to_s(latency_percentile(&e->latency, 0.5)));
	finding_evidence(f, "stall_p99", "s", ns_to_s(latency_percentile(&e->latency, 0.99)));
	finding_evidence(f, "stall_max", "s", ns_to_s(e->latency.max_ns));
	finding_evidence(f, "stall_max_pid", "thread id", e->longest.tid);
	finding_evidence(f, "stall_max_cycles", "direct reclaims", e->longest.cycles);
	finding_evidence(f, "reclaimed_pages", "pages", e->reclaimed_pages);
	if (s->d->facts->seen[TP_LRU_SHRINK_INACTIVE])
		finding_evidence(f, "anon_pages", "pages", e->anon_pages);
	if (s->d->facts->seen[TP_WRITE_FOLIO] || s->d->facts->seen[TP_WRITEPAGE])
		finding_evidence(f, "anon_folios_written", "folios", e->write_folios);
	finding_evidence(f, "allocated_pages_at_most", "pages", e->allocated_pages_max);
	finding_evidence(f, "request_order_min", "order", e->order_min);
	finding_evidence(f, "request_order_max", "order", e->order_max);
	finding_evidence(f, "reclaim_order_max", "order", e->reclaim_order_max);
	finding_evidence(f, "unmovable_requests", "chains", e->unmovable);
	finding_evidence(f, "reclaimable_requests", "chains", e->reclaimable);
	finding_evidence(f, "compactions", "attempts", e->compactions);
	finding_evidence(f, "backed_off_reclaims", "direct reclaims", e->sentinels);
	if (s->d->facts->seen[TP_PAGE_ALLOC_EXTFRAG])
		finding_evidence(f, "extfrag_nonmovable_in_recording", "events", s->extfrag);
}

static void summarize(const struct episode *e, enum variant variant, struct finding *f)
{
	snprintf(f->summary, sizeof(f->summary),
		 "%u task%s stood still for %.1f s in all (longest %.2f s) in %" PRIu64 " spin%s of %" PRIu64
		 " direct reclaims: %" PRIu64 " pages were reclaimed for at most %" PRIu64 " pages allocated; %s",
		 e->tids.n, e->tids.n == 1 ? "" : "s", ns_to_s(e->chain_ns),
		 ns_to_s(e->latency.max_ns), e->chains, e->chains == 1 ? "" : "s", e->cycles, e->reclaimed_pages,
		 e->allocated_pages_max,
		 variant == VARIANT_A2 ? "the kernel promotes such requests, but counts their retries as progress" :
					 "the kernel does not promote such requests to pageblock order");
}

static enum confidence confidence_of(const struct spin *s, const struct episode *e, enum variant variant)
{
	if (s->d->facts->defrag_mode == 1 || variant == VARIANT_A2)
		return CONFIDENCE_HIGH;
	/* That vm.defrag_mode is on is concluded, and free pages that are all CMA look the same: never high. */
	if (e->chains >= SURE_CHAINS && e->retries_free >= SURE_FREE_SHARE * e->retries_idle)
		return CONFIDENCE_MEDIUM;
	return s->episodes[VARIANT_MOVABLE].chains ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM;
}

static void add_missing(const struct spin *s, enum variant variant, struct finding *f)
{
	if (s->d->facts->defrag_mode < 0 && variant != VARIANT_A2)
		finding_missing(f, "vm.defrag_mode is not in the recording: that it is 1 is concluded from free pages that "
				   "were not used.");
	if (!s->d->facts->seen[TP_LRU_SHRINK_INACTIVE])
		finding_missing(f, "No mm_vmscan_lru_shrink_inactive: the swapped-out share is not known.");
}

static void report_storm(const struct spin *s, enum variant variant)
{
	const struct episode *e = &s->episodes[variant];
	struct finding f;

	if (!e->active || variant == VARIANT_MOVABLE || !is_storm(s, e))
		return;
	if (variant != VARIANT_A2 && movable_spin_too(s, e))
		return;
	f = finding_start(&nonmovable_reclaim_spin, e->start_ns, e->end_ns);
	f.variant = texts[variant].name;
	f.severity = stall_share(s, e) >= threshold(s->d, TH_SPIN_STALL_HIGH) ? SEVERITY_HIGH : SEVERITY_WARNING;
	f.confidence = confidence_of(s, e, variant);
	f.node = e->node;
	f.tid = e->longest.tid;
	f.explanation = texts[variant].explanation;
	f.remedy = texts[variant].remedy;
	f.otherwise = texts[variant].otherwise;
	f.references = references;
	summarize(e, variant, &f);
	add_evidence(s, e, &f);
	add_missing(s, variant, &f);
	top_tasks_report(&e->top, &f, "stalled tasks");
	detector_report(s->d, &f);
}

static void episode_close(struct spin *s, enum variant variant)
{
	report_storm(s, variant);
	s->episodes[variant].active = false;
}

static void episode_add(struct episode *e, const struct chain *c)
{
	uint64_t ns = elapsed_ns(c->start_ns, c->end_ns);

	e->chains++;
	e->cycles += c->cycles;
	e->retries += c->retries;
	e->retries_idle += c->retries_idle;
	e->retries_free += c->retries_free;
	e->reclaimed_pages += c->reclaimed_pages;
	e->anon_pages += c->anon_pages;
	e->write_folios += c->write_folios;
	e->sentinels += c->sentinels;
	e->compactions += c->compactions;
	e->unmovable += c->migratetype == MIGRATE_UNMOVABLE;
	e->reclaimable += c->migratetype == MIGRATE_RECLAIMABLE;
	e->chain_ns += ns;
	e->allocated_pages_max += 1ull << c->order_request;
	if (c->order_request < e->order_min)
		e->order_min = c->order_request;
	if (c->order_request > e->order_max)
		e->order_max = c->order_request;
	if (c->order_reclaim > e->reclaim_order_max)
		e->reclaim_order_max = c->order_reclaim;
	if (c->node != e->node)
		e->node = -1;
	if (e->chains == 1 || ns > e->latency.max_ns)
		e->longest = *c;
	latency_add(&e->latency, ns);
	tid_set_add(&e->tids, c->tid);
	top_tasks_add(&e->top, c->tid, 0, c->reclaimed_pages, ns);
	if (c->start_ns < e->start_ns)
		e->start_ns = c->start_ns;
	if (c->end_ns > e->end_ns)
		e->end_ns = c->end_ns;
}

static void on_chain(void *state, const struct chain *c)
{
	struct spin *s = state;
	enum variant variant = classify(s, c);
	struct episode *e;

	/* The movable ones are looked at when another episode closes, so they go on for as long as any. */
	if (variant == VARIANT_NONE)
		return;
	e = &s->episodes[variant];
	if (e->active && elapsed_ns(e->end_ns, c->start_ns) > threshold_ns(s->d, TH_SPIN_EPISODE_GAP_S))
		episode_close(s, variant);
	if (!e->active)
		*e = (struct episode){ .active = true, .start_ns = c->start_ns, .end_ns = c->end_ns, .node = c->node,
				       .order_min = c->order_request };
	episode_add(e, c);
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct spin *s = state;

	s->extfrag += mm_int(mm, TPF_ALLOC_MIGRATETYPE, MIGRATE_MOVABLE) != MIGRATE_MOVABLE &&
		      mm_int(mm, TPF_FALLBACK_ORDER, INT32_MAX) < facts_pageblock_order(s->d->facts);
}

static void so_far(void *state, uint64_t now_ns)
{
	for (int variant = 0; variant < VARIANTS; variant++)
		report_storm(state, variant);
}

static void finish(void *state)
{
	for (int variant = 0; variant < VARIANTS; variant++)
		episode_close(state, variant);
}

const struct detector nonmovable_reclaim_spin = {
	.kind = "nonmovable-reclaim-spin",
	.title = "small unmovable or reclaimable requests that reclaim without end (vm.defrag_mode)",
	.needs = { { TP_DIRECT_RECLAIM_BEGIN }, { TP_DIRECT_RECLAIM_END }, { TP_RECLAIM_RETRY_ZONE } },
	.without = "record mm_vmscan_direct_reclaim_begin/end and oom:reclaim_retry_zone",
	.losses = LOSS_DIRECT | LOSS_COMPACTION,
	.state_size = sizeof(struct spin),
	.events = (const enum tracepoint[]){ TP_PAGE_ALLOC_EXTFRAG, TP_NONE },
	.event = on_event,
	.chain = on_chain,
	.so_far = so_far,
	.finish = finish,
};
