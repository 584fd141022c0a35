// SPDX-License-Identifier: GPL-2.0-only
/*
 * compaction_thrash.c - detector compaction-thrash: compaction scans memory over and over and makes no free block.
 *
 * By events, for compact_stall of /proc/vmstat has changed its meaning (up to 6.12 it counts attempts that were put
 * off at once, from 7.2 it does not): an attempt is mm_compaction_try_to_compact_pages of a task, its work the
 * compaction_begin .. _end of that task after it, one pair for each zone. An attempt without a pair was deferred or
 * found too few free pages: it cost nothing, and does not count as a failure. What has no attempt before it is
 * background work: kcompactd, or somebody who writes to compact_memory. How far it scanned is how far the migrate
 * scanner went, end.migrate_pfn - begin.migrate_pfn: pfns, holes and skipped blocks included.
 *
 * Judged over the last ten seconds (window.h), attempts and background apart: kernel-domain.md 4f. Only attempts that
 * worked count, in the rate too. A pass of the order -1, as a write to compact_memory makes it, never makes a block and
 * ends with "complete": background work counts when it goes through the same zone again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/tid_map.h"
#include "analyze/window.h"
#include "kernel/gfp.h"

#define TASKS			4096
#define ZONES			128	/* later ones are taken for gone through once */
#define AGAIN			4	/* passes over a zone within the window that are "again and again" */
#define PASS_MAX_NS		(60 * NSEC_PER_SEC)	/* an end so long after a begin is of another pass, which was lost */

/*
 * enum compact_result, include/linux/compaction.h; the same numbers since 4.7. Up to 4.6 success ("partial") was 3 and
 * complete 4. No pass ends with these two since: compact_finished() makes 4 (continue) of 3, and 4 is no end. The old 5
 * and 6 ended none either, and 7 is the same.
 */
enum {
	RESULT_PARTIAL_4_6 = 3, RESULT_COMPLETE_4_6 = 4,
	RESULT_COMPLETE = 5, RESULT_PARTIAL_SKIPPED = 6, RESULT_CONTENDED = 7, RESULT_SUCCESS = 8
};

enum {
	ATTEMPTS, WORKED, SUCCEEDED, NS, PFNS, PASSES, SCANNED_ALL, CONTENDED, HUGE_PAGES, ORDER_SUM, REPEATED, KCOMPACTD
};

struct compactor {
	bool		direct;		/* there was an attempt: it is no background thread */
	bool		kcompactd;
	bool		worked;		/* in this attempt */
	bool		begun;
	uint64_t	begin_ns;
	int64_t		zone_start, migrate_pfn;
};

/* The latest background passes over a zone. */
struct zone {
	int64_t		start;			/* pfn */
	uint64_t	ended_ns[AGAIN - 1];	/* a ring */
	unsigned int	n;
};

struct thrash {
	const struct detect	*d;
	struct gfp_layout	gfp;
	struct window		direct, background;
	struct tid_map		*tasks;
	struct zone		zone[ZONES];
	int			nzones;
};

static const char references[] = "__alloc_pages_direct_compact(), mm/page_alloc.c; compact_zone(), mm/compaction.c.";

/* --- the findings --- */

static bool in_vain(const struct thrash *t, const uint64_t *count, uint64_t tries)
{
	uint64_t made = count[SUCCEEDED] ?: 1;

	return count[SUCCEEDED] < threshold(t->d, TH_COMPACT_EFFICACY) * tries &&
	       count[PFNS] >= threshold(t->d, TH_COMPACT_SCANNED) * made;
}

static bool direct_bad(void *ctx, const uint64_t *count)
{
	const struct thrash *t = ctx;

	if (count[WORKED] < threshold(t->d, TH_COMPACT_TRIES))
		return false;
	return (count[WORKED] >= threshold(t->d, TH_COMPACT_RATE) * WINDOW_SECONDS ||
		count[NS] >= threshold_ns(t->d, TH_COMPACT_STALL) * WINDOW_SECONDS) && in_vain(t, count, count[WORKED]);
}

static bool background_bad(void *ctx, const uint64_t *count)
{
	const struct thrash *t = ctx;

	return count[REPEATED] && count[NS] >= threshold_ns(t->d, TH_COMPACT_BUSY) * WINDOW_SECONDS &&
	       in_vain(t, count, count[PASSES]);
}

static void add_work(const struct window_part *e, uint64_t tries, struct finding *f)
{
	double span_s = window_span_s(e);

	finding_evidence(f, "span", "s", span_s);
	finding_evidence(f, "succeeded", "attempts", e->count[SUCCEEDED]);
	finding_evidence(f, "efficacy", "ratio", tries ? e->count[SUCCEEDED] / (double)tries : 0);
	finding_evidence(f, "passes", "zones", e->count[PASSES]);
	finding_evidence(f, "passes_scanned_all", "zones", e->count[SCANNED_ALL]);
	finding_evidence(f, "passes_contended", "zones", e->count[CONTENDED]);
	finding_evidence(f, "scanned_pfns", "pages", e->count[PFNS]);
	finding_evidence(f, "compacting", "task-seconds", ns_to_s(e->count[NS]));
	finding_evidence(f, "tasks_compacting", "tasks on average", ns_to_s(e->count[NS]) / span_s);
	finding_evidence(f, "longest_pass", "s", ns_to_s(e->max_ns));
}

static void direct_done(void *ctx, const struct window_part *e)
{
	const struct thrash *t = ctx;
	struct finding f = finding_start(&compaction_thrash, e->first_ns, e->last_ns);
	bool huge = e->count[HUGE_PAGES] * 2 > e->count[ATTEMPTS];

	f.variant = huge ? "thp" : "direct";
	f.severity = SEVERITY_WARNING;
	f.confidence = e->count[CONTENDED] * 2 > e->count[PASSES] ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "%" PRIu64 " attempts at direct compaction in %.1f s, %" PRIu64 " of which went through memory and %"
		 PRIu64 " made a free block: %.2f task-seconds, %" PRIu64 " pages scanned%s", e->count[ATTEMPTS],
		 window_span_s(e), e->count[WORKED], e->count[SUCCEEDED], ns_to_s(e->count[NS]), e->count[PFNS],
		 huge ? ", for huge pages" : "");
	finding_evidence(&f, "attempts", "attempts", e->count[ATTEMPTS]);
	finding_evidence(&f, "attempts_that_worked", "attempts", e->count[WORKED]);
	finding_evidence(&f, "attempts_for_huge_pages", "attempts", e->count[HUGE_PAGES]);
	finding_evidence(&f, "order_mean", "order", e->count[ORDER_SUM] / (double)(e->count[ATTEMPTS] ?: 1));
	add_work(e, e->count[WORKED], &f);
	f.explanation = huge ?
		"Tasks fault in transparent huge pages and are made to compact memory for each (thp_defrag always, "
		"or madvise). Pages that cannot be moved lie in nearly every block, so that the scans make none; "
		"when they do, the gain is one huge page." :
		"Tasks need contiguous pages and compact memory for them themselves. Pages that cannot be moved "
		"(slab, page tables, pinned or locked pages) lie in nearly every block, so that the scans make none.";
	f.remedy = huge ?
		"Now: echo defer+madvise >/sys/kernel/mm/transparent_hugepage/defrag, then kcompactd does it in the "
		"background; or enabled=madvise. What pins the blocks: mixed blocks in /proc/pagetypeinfo, Slab and "
		"Mlocked in /proc/meminfo." :
		"Find who asks for this order (the tasks below; the stack of a page allocation failure in the log) "
		"and let it do with smaller pieces (kvmalloc, scatter lists, a smaller MTU). More free memory "
		"(vm.min_free_kbytes, vm.watermark_scale_factor) keeps blocks free. What pins the others: mixed "
		"blocks in /proc/pagetypeinfo.";
	f.otherwise = "A burst at which memory really is full: then reclaim is the problem, and compaction reports "
		      "that it has no free pages to move to.";
	f.references = references;
	top_tasks_report(&e->tasks, &f, "tasks that compacted");
	detector_report(t->d, &f);
}

static void background_done(void *ctx, const struct window_part *e)
{
	const struct thrash *t = ctx;
	struct finding f = finding_start(&compaction_thrash, e->first_ns, e->last_ns);
	bool kcompactd = e->count[KCOMPACTD] * 2 >= e->count[PASSES];

	f.variant = "background";
	f.severity = SEVERITY_INFO;
	f.confidence = kcompactd ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "%s was at work for %.1f of %.1f s: %" PRIu64 " passes, %" PRIu64 " pages scanned, "
		 "%" PRIu64 " passes made a free block", kcompactd ? "Background compaction" : "Compaction on demand",
		 ns_to_s(e->count[NS]), window_span_s(e), e->count[PASSES], e->count[PFNS], e->count[SUCCEEDED]);
	finding_evidence(&f, "passes_of_kcompactd", "zones", e->count[KCOMPACTD]);
	add_work(e, e->count[PASSES], &f);
	f.explanation = kcompactd ?
		"kcompactd goes through the same zones again and again and makes no free block of the order that was "
		"asked for. It costs CPU and the locks of zones and LRU lists." :
		"Nothing shows that it is kcompactd: most likely somebody writes to compact_memory again and again. "
		"Each time all of memory is gone through, whether there is something to gain or not.";
	f.remedy = kcompactd ?
		"See who asks for large blocks (mm_compaction_wakeup_kcompactd). vm.compaction_proactiveness=0 stops "
		"the proactive kind." :
		"Find who writes to /proc/sys/vm/compact_memory, or to compact of a node in /sys (the task below), and "
		"how often it is needed.";
	f.otherwise = "A task whose attempt is not in the recording (mm_compaction_try_to_compact_pages not recorded, "
		      "or lost).";
	f.references = references;
	top_tasks_report(&e->tasks, &f, "who compacted");
	detector_report(t->d, &f);
}

static const struct window_ops direct_ops = { .bad = direct_bad, .done = direct_done };
static const struct window_ops background_ops = { .bad = background_bad, .done = background_done };

/* --- events --- */

/* NULL: no memory. */
static struct compactor *compactor_of(struct thrash *t, int32_t tid)
{
	if (!t->tasks)
		t->tasks = tid_map_new(TASKS, sizeof(struct compactor), NULL, NULL);
	return t->tasks ? tid_map_get(t->tasks, tid) : NULL;
}

static struct window *window_of(struct thrash *t, const struct compactor *c)
{
	struct window *w = c->direct ? &t->direct : &t->background;

	w->ops = c->direct ? &direct_ops : &background_ops;
	w->ctx = t;
	return w;
}

/* For a huge page of a task. The pool of huge pages (vm.nr_hugepages) asks with __GFP_RETRY_MAYFAIL. */
static bool for_huge_page(const struct thrash *t, const struct mm_event *mm)
{
	uint64_t gfp = mm_int(mm, TPF_GFP_FLAGS, 0);

	return mm_int(mm, TPF_ORDER, 0) >= facts_pageblock_order(t->d->facts) &&
	       gfp_migratetype(&t->gfp, gfp) == MIGRATE_MOVABLE && !(gfp & t->gfp.retry_mayfail);
}

static void attempt(struct thrash *t, struct compactor *c, const struct mm_event *mm)
{
	int64_t order = mm_int(mm, TPF_ORDER, 0);
	struct window_part *now;

	*c = (struct compactor){ .direct = true };
	now = window_at(window_of(t, c), mm->ev->ts);
	now->count[ATTEMPTS]++;
	now->count[HUGE_PAGES] += for_huge_page(t, mm);
	now->count[ORDER_SUM] += order > 0 ? order : 0;
}

static void begin(struct compactor *c, const struct mm_event *mm)
{
	c->begun = true;
	c->begin_ns = mm->ev->ts;
	c->zone_start = mm_int(mm, TPF_ZONE_START, -1);
	c->migrate_pfn = mm_int(mm, TPF_MIGRATE_PFN, -1);
}

static struct zone *zone_of(struct thrash *t, int64_t start)
{
	for (int i = 0; i < t->nzones; i++)
		if (t->zone[i].start == start)
			return &t->zone[i];
	if (t->nzones == ZONES)
		return NULL;
	t->zone[t->nzones] = (struct zone){ .start = start };
	return &t->zone[t->nzones++];
}

/* This pass is the fourth or a later one over its zone within the window. */
static bool is_repeated(struct thrash *t, int64_t zone_start, uint64_t ts)
{
	struct zone *z = zone_of(t, zone_start);
	uint64_t *oldest = z ? &z->ended_ns[z->n % (AGAIN - 1)] : NULL;
	bool repeated;

	if (!z)
		return false;
	repeated = z->n >= AGAIN - 1 && elapsed_ns(*oldest, ts) < WINDOW_SECONDS * NSEC_PER_SEC;
	*oldest = ts;
	z->n++;
	return repeated;
}

static void end(struct thrash *t, struct compactor *c, const struct mm_event *mm)
{
	int64_t result = mm_int(mm, TPF_STATUS, -1), pfn = mm_int(mm, TPF_MIGRATE_PFN, -1);
	struct window_part *now;
	uint64_t ns;

	if (!c->begun || c->zone_start != mm_int(mm, TPF_ZONE_START, -1))
		return;		/* its begin is not in the recording */
	ns = elapsed_ns(c->begin_ns, mm->ev->ts);
	c->begun = false;
	if (ns > PASS_MAX_NS)
		return;
	now = window_spread(window_of(t, c), c->begin_ns, mm->ev->ts, NS, ns);
	now->count[WORKED] += c->direct && !c->worked;
	now->count[PASSES]++;
	now->count[SUCCEEDED] += result == RESULT_SUCCESS || result == RESULT_PARTIAL_4_6;
	now->count[SCANNED_ALL] += result == RESULT_COMPLETE || result == RESULT_PARTIAL_SKIPPED ||
				   result == RESULT_COMPLETE_4_6;
	now->count[CONTENDED] += result == RESULT_CONTENDED;
	now->count[REPEATED] += !c->direct && is_repeated(t, c->zone_start, mm->ev->ts);
	now->count[KCOMPACTD] += c->kcompactd;
	now->count[PFNS] += c->migrate_pfn >= 0 && pfn > c->migrate_pfn ? pfn - c->migrate_pfn : 0;
	window_task(now, mm->ev->tid, 0, ns);
	c->worked = true;
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct thrash *t = state;
	struct compactor *c = compactor_of(t, mm->ev->tid);

	if (!c)
		return;
	if (!t->gfp.movable)
		gfp_layout_default(&t->gfp);
	if (mm_tp(mm) == TP_TRY_TO_COMPACT)
		attempt(t, c, mm);
	else if (mm_tp(mm) == TP_COMPACTION_BEGIN)
		begin(c, mm);
	else if (mm_tp(mm) == TP_COMPACTION_END)
		end(t, c, mm);
	else
		*c = (struct compactor){ .kcompactd = true };
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct thrash *t = state;

	if (strncmp(key, "gfp.", 4))
		return;
	if (!t->gfp.movable)
		gfp_layout_default(&t->gfp);
	gfp_layout_set(&t->gfp, key + 4, strtoull(value, NULL, 0));
}

static void clear(void *state)
{
	tid_map_free(((struct thrash *)state)->tasks);
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct thrash *t = state;

	window_so_far(&t->direct);
	window_so_far(&t->background);
}

static void finish(void *state)
{
	struct thrash *t = state;

	window_finish(&t->direct);
	window_finish(&t->background);
}

const struct detector compaction_thrash = {
	.kind = "compaction-thrash",
	.title = "compaction that scans memory over and over and makes no free block",
	.needs = { { TP_TRY_TO_COMPACT }, { TP_COMPACTION_BEGIN }, { TP_COMPACTION_END } },
	.without = "record mm_compaction_try_to_compact_pages and mm_compaction_begin/end",
	.losses = LOSS_COMPACTION,
	.state_size = sizeof(struct thrash),
	.clear = clear,
	.events = (const enum tracepoint[]){ TP_TRY_TO_COMPACT, TP_COMPACTION_BEGIN, TP_COMPACTION_END,
					     TP_KCOMPACTD_WAKE, TP_KCOMPACTD_SLEEP, TP_NONE },
	.event = on_event,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
