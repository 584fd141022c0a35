// SPDX-License-Identifier: GPL-2.0-only
/*
 * cma_contiguous.c - detector cma-contiguous: memory that is set aside for contiguous allocations. Two variants:
 *
 *  range     alloc_contig_range() (CMA, gigantic pages) empties a range by moving what is in it, and much of that
 *            fails: mm_migrate_pages with the reason contig_range tells pages, cma_alloc_fail of /proc/vmstat failed
 *            requests.
 *            Pages that do not move are tried again and again; tasks wait meanwhile. Pinned anonymous ones are not
 *            tried at all (isolate_migratepages_block()): they show as failed requests alone.
 *  free-cma  the free pages of a zone are nearly all CMA, which only movable requests may use. Unmovable ones see free
 *            memory above the watermark and none for them: they reclaim and retry. It looks as under vm.defrag_mode
 *            (see nonmovable_spin.c), so it is only told where that is known to be 0 and nr_free_cma was sampled: then
 *            the two cannot be mistaken for each other, and one storm is one finding.
 *
 * range is judged over the last ten seconds (window.h), free-cma chain by chain.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/window.h"
#include "analyze/zone_table.h"

#define REASON_COMPACTION	0
#define REASON_CONTIG_RANGE	6	/* enum migrate_reason, include/linux/migrate_mode.h, 3.10 and later */
#define BLOCK_PAGES		512	/* as retries_free of chain.h: free means more than min and a block */

enum { MOVED, FAILED, BATCHES, ALLOC_FAIL, ALLOC_SUCCESS };
enum { NS = 0, CHAINS, RETRIES, RECLAIMED };

/* Of a zone, pages. */
enum { FREE, CMA, MIN };
static const char *const zone_counters[ZONE_TABLE_COUNTERS] = { [FREE] = "free", [CMA] = "nr_free_cma", [MIN] = "min" };

struct counter_state {
	int64_t		last;
	bool		sampled;
};

struct cma {
	const struct detect	*d;
	struct zone_table	zones;
	struct counter_state	fail, success;	/* cma_alloc_* */
	bool			unfiltered;	/* mm_migrate_pages of other reasons than compaction came */
	int64_t			cma_free;	/* pages, at the latest spin, and all free ones of that zone */
	int64_t			zone_free;
	int32_t			node;
	struct window		range, spin;
};

/* --- range --- */

static bool range_bad(void *ctx, const uint64_t *count)
{
	const struct cma *c = ctx;

	return count[ALLOC_FAIL] >= threshold(c->d, TH_CMA_FAILURES) ||
	       (count[FAILED] >= threshold(c->d, TH_CMA_PAGES) &&
		count[FAILED] >= threshold(c->d, TH_CMA_FAILED_SHARE) * (count[FAILED] + count[MOVED]));
}

static void range_done(void *ctx, const struct window_part *e)
{
	const struct cma *c = ctx;
	struct finding f = finding_start(&cma_contiguous, e->first_ns, e->last_ns);

	f.variant = "range";
	/* Where pages that do not move would have been seen and were not, the area may just be full. */
	f.severity = e->count[BATCHES] || !c->unfiltered ? SEVERITY_WARNING : SEVERITY_INFO;
	f.confidence = e->count[BATCHES] ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.tid = e->tasks.n ? e->max_tid : -1;
	snprintf(f.summary, sizeof(f.summary),
		 "Ranges of memory were to be emptied for contiguous allocations: %" PRIu64 " pages moved and %" PRIu64
		 " did not in %.1f s; %" PRIu64 " requests to CMA failed", e->count[MOVED], e->count[FAILED],
		 window_span_s(e), e->count[ALLOC_FAIL]);
	finding_evidence(&f, "span", "s", window_span_s(e));
	finding_evidence(&f, "batches", "events", e->count[BATCHES]);
	finding_evidence(&f, "moved_pages", "pages", e->count[MOVED]);
	finding_evidence(&f, "failed_pages", "pages", e->count[FAILED]);
	if (c->fail.sampled)
		finding_evidence(&f, "cma_failed", "requests", e->count[ALLOC_FAIL]);
	if (c->success.sampled)
		finding_evidence(&f, "cma_succeeded", "requests", e->count[ALLOC_SUCCESS]);
	if (!e->count[BATCHES] && !c->unfiltered)
		finding_missing(&f, "No mm_migrate_pages of the reason contig_range: record --events +migrate.");
	f.explanation = "Somebody asks for a large contiguous range (a device by CMA, a gigantic page), and the range "
			"is in use. Its pages must move elsewhere; those that are pinned, or for which there is no "
			"free memory, do not, and the attempt is repeated range after range. Anonymous pages that are "
			"pinned are not even tried: they show as failed requests, not as failed pages.";
	f.remedy = "Take the range early: hugepages= or hugetlb_cma= at boot, drivers at start. Free memory first, so "
		   "that pages have somewhere to go. Who pins pages in it: nr_foll_pin_acquired less _released in "
		   "/proc/vmstat (RDMA, vfio, io_uring buffers).";
	f.references = "alloc_contig_range(), mm/page_alloc.c; cma_alloc(), mm/cma.c.";
	top_tasks_report(&e->tasks, &f, "tasks that emptied ranges");
	detector_report(c->d, &f);
}

static const struct window_ops range_ops = { .bad = range_bad, .done = range_done };

static void on_event(void *state, const struct mm_event *mm)
{
	struct cma *c = state;
	struct window_part *now;
	int64_t moved = mm_int(mm, TPF_SUCCEEDED, 0), failed = mm_int(mm, TPF_FAILED, 0);
	int64_t reason = mm_int(mm, TPF_REASON, -1);

	c->unfiltered |= reason > REASON_COMPACTION;
	if (reason != REASON_CONTIG_RANGE || moved < 0 || failed < 0)
		return;
	c->range.ops = &range_ops;
	c->range.ctx = c;
	now = window_at(&c->range, mm->ev->ts);
	now->count[MOVED] += moved;
	now->count[FAILED] += failed;
	now->count[BATCHES]++;
	window_task(now, mm->ev->tid, moved, 0);
}

static void count(struct cma *c, struct counter_state *s, int which, const struct sample *sample)
{
	c->range.ops = &range_ops;
	c->range.ctx = c;
	if (s->sampled && sample->value > s->last)
		window_at(&c->range, sample->ts)->count[which] += sample->value - s->last;
	s->last = sample->value;
	s->sampled = true;
}

/* --- free-cma --- */

static bool spin_bad(void *ctx, const uint64_t *count)
{
	const struct cma *c = ctx;

	return count[NS] >= threshold_ns(c->d, TH_SPIN_STALL_SHARE) * WINDOW_SECONDS * c->d->facts->cpus;
}

static void spin_done(void *ctx, const struct window_part *e)
{
	const struct cma *c = ctx;
	struct finding f = finding_start(&cma_contiguous, e->first_ns, e->last_ns);

	f.variant = "free-cma";
	f.severity = SEVERITY_WARNING;
	f.confidence = CONFIDENCE_HIGH;
	f.node = c->node;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "%" PRIu64 " requests that may not use CMA reclaimed and retried %" PRIu64 " times, %.1f "
		 "task-seconds, while pages were free: %" PRId64 " of %" PRId64 " free pages of the zone were CMA",
		 e->count[CHAINS],
		 e->count[RETRIES], ns_to_s(e->count[NS]), c->cma_free, c->zone_free);
	finding_evidence(&f, "span", "s", window_span_s(e));
	finding_evidence(&f, "spins", "chains", e->count[CHAINS]);
	finding_evidence(&f, "retries", "retries", e->count[RETRIES]);
	finding_evidence(&f, "stalled", "task-seconds", ns_to_s(e->count[NS]));
	finding_evidence(&f, "stall_max", "s", ns_to_s(e->max_ns));
	finding_evidence(&f, "reclaimed_pages", "pages", e->count[RECLAIMED]);
	finding_evidence(&f, "free_cma_pages", "pages", c->cma_free);
	finding_evidence(&f, "free_pages", "pages", c->zone_free);
	f.explanation = "Pages of a CMA area are counted as free, but only movable requests may take them. What was "
			"asked for here is unmovable or reclaimable. Reclaim freed pages, mostly in the CMA area "
			"again, and each time that looked like progress.";
	f.remedy = "A smaller CMA area (cma=, hugetlb_cma= on the kernel command line, or the device tree), so that "
		   "memory for the kernel's own use is left; see CmaFree against MemFree in /proc/meminfo.";
	f.otherwise = "Unmovable memory that leaks, and would have filled the machine without CMA too.";
	f.references = "__zone_watermark_unusable_free() and should_reclaim_retry(), mm/page_alloc.c.";
	top_tasks_report(&e->tasks, &f, "stalled tasks");
	detector_report(c->d, &f);
}

static const struct window_ops spin_ops = { .bad = spin_bad, .done = spin_done };

/* A zone of the node, or of any, where pages are free above min, and without CMA they are not. */
static const struct zone_row *only_cma_free(const struct cma *c, int32_t node)
{
	for (int i = 0; i < c->zones.n; i++) {
		const struct zone_row *z = &c->zones.zone[i];
		const int64_t *pages = z->value;

		if ((node >= 0 && z->node != node) || pages[FREE] < 0 || pages[MIN] < 0 || pages[CMA] <= 0)
			continue;
		if (pages[FREE] > pages[MIN] + BLOCK_PAGES && pages[FREE] - pages[CMA] <= pages[MIN] + BLOCK_PAGES)
			return z;
	}
	return NULL;
}

static void on_chain(void *state, const struct chain *chain)
{
	struct cma *c = state;
	const struct zone_row *z = only_cma_free(c, chain->node);
	uint64_t ns = elapsed_ns(chain->start_ns, chain->end_ns);
	struct window_part *now;

	if (!z || c->d->facts->defrag_mode != 0 || chain->migratetype == MIGRATE_MOVABLE ||
	    chain->retries_idle < threshold(c->d, TH_SPIN_CYCLES) ||
	    chain->retries_free < threshold(c->d, TH_SPIN_FREE_SHARE) * chain->retries_idle)
		return;
	c->cma_free = z->value[CMA];
	c->zone_free = z->value[FREE];
	c->node = z->node;
	c->spin.ops = &spin_ops;
	c->spin.ctx = c;
	now = window_spread(&c->spin, chain->start_ns, chain->end_ns, NS, ns);
	now->count[CHAINS]++;
	now->count[RETRIES] += chain->retries;
	now->count[RECLAIMED] += chain->reclaimed_pages;
	window_task(now, chain->tid, chain->reclaimed_pages, ns);
}

static void on_sample(void *state, const struct sample *sample)
{
	struct cma *c = state;

	if (sample->scope == SCOPE_ZONE)
		zone_table_sample(&c->zones, zone_counters, sample);
	else if (sample->scope == SCOPE_SYSTEM && !strcmp(sample->name, "cma_alloc_fail"))
		count(c, &c->fail, ALLOC_FAIL, sample);
	else if (sample->scope == SCOPE_SYSTEM && !strcmp(sample->name, "cma_alloc_success"))
		count(c, &c->success, ALLOC_SUCCESS, sample);
}

/* --- the end --- */

static const char *lacks(const void *state)
{
	const struct cma *c = state;

	/* That mm_migrate_pages was recorded does not tell: the group attribution takes only those of compaction. */
	return c->fail.sampled || c->unfiltered ? NULL :
	       "no cma_alloc_fail, and no mm_migrate_pages but of compaction in the recording (squall record takes the "
	       "one where the kernel has CMA, and the other with --events +migrate)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct cma *c = state;

	window_so_far(&c->range);
	window_so_far(&c->spin);
}

static void finish(void *state)
{
	struct cma *c = state;

	window_finish(&c->range);
	window_finish(&c->spin);
}

const struct detector cma_contiguous = {
	.kind = "cma-contiguous",
	.title = "contiguous ranges that do not get empty, or free memory that is all CMA",
	.losses = LOSS_DIRECT,
	.state_size = sizeof(struct cma),
	.events = (const enum tracepoint[]){ TP_MIGRATE_PAGES, TP_NONE },
	.event = on_event,
	.chain = on_chain,
	.sample = on_sample,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
