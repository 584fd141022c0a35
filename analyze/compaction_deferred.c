// SPDX-License-Identifier: GPL-2.0-only
/*
 * compaction_deferred.c - detector compaction-deferred: compaction of a zone is put off as long as it can be, and those
 * who ask for it are turned away.
 *
 * Each failed compaction of a zone doubles the number of requests that are turned away before the next try, up to 64
 * (COMPACT_MAX_DEFER_SHIFT 6; mm_compaction_defer_compaction prints the shift). A page allocated after compaction
 * sets it back to 0 (mm_compaction_defer_reset prints the shift too: the event also comes when only order_failed was
 * raised, and then the zone stays as it is). The domain's rule (4f): shift 6 and fifty turned away in a minute. One
 * failed try at shift 6 turns 63 away whatever comes: it takes a second one to show that this goes on. That one also
 * proves that no page was allocated meanwhile, for the shift would be low then; so a reset need not be recorded.
 *
 * Who is turned away leaves mm_compaction_deferred, which is not recorded by default; kcompactd observes the same limit
 * and leaves it too, so only those of threads count that made an attempt. Without it attempts stand for them: of at
 * least the failed order, at most 63 after each failed try (the next one is let through), and not those whose task made
 * a block in another zone, or went through this one: to fail there, or asynchronously, which puts nothing off and
 * leaves the zone open to the next. Where a zone starts is learned from the pass that ends before a defer_compaction.
 * Attempts go through all zones of all nodes that the request allows (try_to_compact_pages()), so each counts for every
 * zone that is put off.
 *
 * Huge pages of tasks (variant thp) are asked for without __GFP_RETRY_MAYFAIL. Those of the pool (vm.nr_hugepages) have
 * it: nobody gets small pages instead, so they are requests as any.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/tid_map.h"
#include "kernel/gfp.h"

#define PLACES			128	/* zones; later ones are not looked at */
#define TRIES_MIN		2
#define TURNED_AWAY_MAX		63	/* 1 << COMPACT_MAX_DEFER_SHIFT, less the one that is let through */
#define KEPT			64	/* times of those turned away, at most compact-deferred of them are needed */
#define TASKS			4096
#define RESULT_SUCCESS		8	/* enum compact_result since 4.7 */
#define RESULT_PARTIAL_4_6	3	/* the same up to 4.6 */

/* Requests, and whether so many as compact-deferred came within the window. */
struct tally {
	uint64_t	n;
	uint64_t	time[KEPT];		/* a ring */
	bool		dense;			/* of those before the latest: that one may be taken back */
};

struct place {
	int32_t		node, zone;
	bool		start_known;
	int64_t		zone_start;		/* pfn */
	bool		stuck;
	uint64_t	start_ns, last_ns;
	int32_t		order_min;		/* that failed: smaller ones are not put off; 0 until one has succeeded */
	int32_t		order_asked;		/* smallest of those turned away */
	uint64_t	tries;			/* that failed at the limit */
	uint64_t	since;			/* the latest of them: attempts */
	struct tally	deferred;		/* mm_compaction_deferred */
	struct tally	asked;			/* attempts of tasks */
	uint64_t	huge, asked_huge;	/* of both: for transparent huge pages */
};

/* The latest attempt of a thread, and its latest pass, which kcompactd has too. */
struct attempt {
	uint64_t	ts;			/* 0: none */
	bool		huge;
	bool		passed;			/* through a zone whose start is told */
	int64_t		zone_start;
};

struct deferral {
	const struct detect	*d;
	struct tid_map		*tasks;
	struct gfp_layout	gfp;
	struct place		place[PLACES];
	int			nplaces;
};

static const char *zone_name(int32_t zone)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable" };

	return zone >= 0 && zone < 4 ? names[zone] : "?";
}

static bool told(const struct deferral *s)
{
	return s->d->facts->seen[TP_COMPACTION_DEFERRED] || s->d->facts->recorded[TP_COMPACTION_DEFERRED];
}

/* Whether attempts tell which of those turned away are requests. */
static bool attempts_told(const struct deferral *s)
{
	return s->d->facts->seen[TP_TRY_TO_COMPACT] || s->d->facts->recorded[TP_TRY_TO_COMPACT];
}

static bool is_dense(const struct deferral *s, const struct tally *t)
{
	uint64_t need = threshold(s->d, TH_COMPACT_DEFERRED);

	return t->dense || (t->n >= need && elapsed_ns(t->time[(t->n - need) % KEPT], t->time[(t->n - 1) % KEPT]) <=
					    threshold_ns(s->d, TH_COMPACT_DEFER_WINDOW_S));
}

static bool is_storm(const struct deferral *s, const struct place *p)
{
	return p->stuck && p->tries >= TRIES_MIN && is_dense(s, told(s) ? &p->deferred : &p->asked);
}

static void report(const struct deferral *s, const struct place *p)
{
	struct finding f = finding_start(&compaction_deferred, p->start_ns, p->last_ns);
	double span_s = ns_to_s(elapsed_ns(p->start_ns, p->last_ns));
	bool huge = p->asked.n ? p->asked_huge == p->asked.n : p->huge == p->deferred.n;
	uint64_t turned = told(s) ? p->deferred.n : p->asked.n;

	f.variant = huge ? "thp" : "";
	f.severity = huge ? SEVERITY_INFO : SEVERITY_WARNING;
	f.confidence = told(s) && attempts_told(s) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.node = p->node;
	snprintf(f.summary, sizeof(f.summary),
		 "Compaction of node %d, zone %d (%s where there are DMA zones) was put off as long as it can be for "
		 "%.1f s: %"
		 PRIu64 " requests of order %d and above were turned away, %" PRIu64 " tries between them failed",
		 p->node, p->zone, zone_name(p->zone), span_s, turned, p->order_asked, p->tries);
	finding_evidence(&f, "span", "s", span_s);
	finding_evidence(&f, "zone", "index", p->zone);
	finding_evidence(&f, "order_min", "order", p->order_asked);
	finding_evidence(&f, "turned_away", "requests", turned);
	if (told(s))
		finding_evidence(&f, "deferred", "events", p->deferred.n);
	finding_evidence(&f, "attempts", "attempts", p->asked.n);
	finding_evidence(&f, "attempts_for_huge_pages", "attempts", p->asked_huge);
	finding_evidence(&f, "failed_tries", "tries", p->tries);
	if (!told(s))
		finding_missing(&f, "mm_compaction_deferred is not in the recording: attempts stand for those turned "
				    "away.");
	if (!attempts_told(s))
		finding_missing(&f, "mm_compaction_try_to_compact_pages is not in the recording: kcompactd may be "
				    "among those turned away.");
	f.explanation = huge ?
		"Compaction failed again and again, so the kernel stopped trying, and huge pages are not to be had "
		"in this zone. Tasks get small pages at once: they lose no time, only what huge pages would gain." :
		"Compaction failed again and again, so the kernel stopped trying. Requests for contiguous pages that "
		"need this zone fail, or fall back on reclaim, although there may be enough free memory in small "
		"pieces.";
	f.remedy = "Pages that cannot be moved keep blocks from getting free: see mixed blocks in /proc/pagetypeinfo, "
		   "Slab, Mlocked and pinned memory (nr_foll_pin_acquired less _released in /proc/vmstat). Reserve "
		   "what is needed early (vm.nr_hugepages at boot), or free memory of the task that fills the blocks.";
	f.otherwise = "A zone that is too small for the order (DMA).";
	f.references = "defer_compaction() and compaction_deferred(), mm/compaction.c.";
	detector_report(s->d, &f);
}

static void end(struct deferral *s, struct place *p)
{
	if (is_storm(s, p))
		report(s, p);
	*p = (struct place){ .node = p->node, .zone = p->zone, .start_known = p->start_known,
			     .zone_start = p->zone_start };
}

/* Nobody asked for so long that it is over. */
static void expire(struct deferral *s, struct place *p, uint64_t ts)
{
	if (p->stuck && elapsed_ns(p->last_ns, ts) > threshold_ns(s->d, TH_COMPACT_DEFER_WINDOW_S))
		end(s, p);
}

static void count(const struct deferral *s, struct tally *t, uint64_t ts)
{
	t->dense = is_dense(s, t);
	t->time[t->n++ % KEPT] = ts;
}

/* False: it was not counted, or long ago. */
static bool take_back(struct tally *t, uint64_t ts)
{
	uint64_t i = 1;

	while (i <= t->n && i <= KEPT && t->time[(t->n - i) % KEPT] != ts)
		i++;
	if (i > t->n || i > KEPT)
		return false;
	for (; i > 1; i--)
		t->time[(t->n - i) % KEPT] = t->time[(t->n - i + 1) % KEPT];
	t->n--;
	return true;
}

static struct place *place_of(struct deferral *s, const struct mm_event *mm)
{
	int64_t node = mm_int(mm, TPF_NID, -1), zone = mm_int(mm, TPF_ZONE_IDX, -1);

	for (int i = 0; i < s->nplaces; i++)
		if (s->place[i].node == node && s->place[i].zone == zone)
			return &s->place[i];
	if (s->nplaces == PLACES)
		return NULL;
	s->place[s->nplaces] = (struct place){ .node = node, .zone = zone };
	return &s->place[s->nplaces++];
}

static bool for_huge_page(const struct deferral *s, const struct mm_event *mm)
{
	return mm_int(mm, TPF_ORDER, 0) >= facts_pageblock_order(s->d->facts);
}

/* NULL: no memory, or nothing is known of the thread. */
static struct attempt *thread_of(struct deferral *s, int32_t tid)
{
	return s->tasks ? tid_map_find(s->tasks, tid) : NULL;
}

/* NULL: no memory. */
static struct attempt *thread_note(struct deferral *s, int32_t tid)
{
	if (!s->tasks)
		s->tasks = tid_map_new(TASKS, sizeof(struct attempt), NULL, NULL);
	return s->tasks ? tid_map_get(s->tasks, tid) : NULL;
}

/* NULL: the thread made none, as kcompactd. */
static struct attempt *attempt_of(struct deferral *s, int32_t tid)
{
	struct attempt *a = thread_of(s, tid);

	return a && a->ts ? a : NULL;
}

static void attempt_note(struct deferral *s, const struct mm_event *mm, bool huge)
{
	struct attempt *a = thread_note(s, mm->ev->tid);

	if (a)
		*a = (struct attempt){ .ts = mm->ev->ts, .huge = huge };
}

/* This thread was not turned away from the zone. */
static void attempt_take_back(struct deferral *s, struct place *p, int32_t tid)
{
	const struct attempt *a = attempt_of(s, tid);

	if (a && take_back(&p->asked, a->ts))
		p->asked_huge -= a->huge;
}

static void note_order(struct place *p, const struct mm_event *mm)
{
	int32_t order = mm_int(mm, TPF_ORDER, 0);

	if (order < p->order_asked)
		p->order_asked = order;
}

/* The gfp_mask of an attempt tells whether a block is wanted for a huge page of a task. */
static void on_attempt(struct deferral *s, const struct mm_event *mm)
{
	uint64_t gfp = mm_int(mm, TPF_GFP_FLAGS, 0);
	bool huge = for_huge_page(s, mm) && gfp_migratetype(&s->gfp, gfp) == MIGRATE_MOVABLE &&
		    !(gfp & s->gfp.retry_mayfail);

	attempt_note(s, mm, huge);
	for (int i = 0; i < s->nplaces; i++) {
		struct place *p = &s->place[i];

		expire(s, p, mm->ev->ts);
		if (!p->stuck || mm_int(mm, TPF_ORDER, 0) < p->order_min || p->since == TURNED_AWAY_MAX)
			continue;
		p->since++;
		count(s, &p->asked, mm->ev->ts);
		note_order(p, mm);
		p->asked_huge += huge;
		p->last_ns = mm->ev->ts;
	}
}

/* Whoever went through a zone was not turned away there. Where a block was made is the same to who asked. */
static void on_pass_end(struct deferral *s, const struct mm_event *mm)
{
	int64_t status = mm_int(mm, TPF_STATUS, -1), start = mm_int(mm, TPF_ZONE_START, -1);
	bool made = status == RESULT_SUCCESS || status == RESULT_PARTIAL_4_6;
	struct attempt *a = thread_note(s, mm->ev->tid);

	if (a) {
		a->passed = start >= 0;
		a->zone_start = start;
	}
	for (int i = 0; i < s->nplaces; i++)
		if (made || (s->place[i].start_known && s->place[i].zone_start == start))
			attempt_take_back(s, &s->place[i], mm->ev->tid);
}

/* defer_compaction() comes right after compact_zone() of the same zone. */
static void learn_start(struct deferral *s, struct place *p, int32_t tid)
{
	const struct attempt *a = thread_of(s, tid);

	if (!a || !a->passed)
		return;
	p->start_known = true;
	p->zone_start = a->zone_start;
}

static void on_zone(struct deferral *s, struct place *p, const struct mm_event *mm)
{
	bool limit = mm_int(mm, TPF_DEFER_SHIFT, 0) >= threshold(s->d, TH_COMPACT_MAX_DEFER_SHIFT);
	int32_t order = mm_int(mm, TPF_ORDER, 0), failed = mm_int(mm, TPF_ORDER_FAILED, -1);

	expire(s, p, mm->ev->ts);
	if (!limit) {
		end(s, p);
		return;
	}
	if (!p->stuck && mm_tp(mm) != TP_COMPACTION_DEFER_RESET) {
		p->stuck = true;
		p->start_ns = p->last_ns = mm->ev->ts;
		p->order_min = order;
		p->order_asked = INT32_MAX;
	}
	if (!p->stuck)
		return;
	if (failed >= 0)
		p->order_min = failed;
	else if (order < p->order_min && mm_tp(mm) != TP_COMPACTION_DEFER_RESET)
		p->order_min = order;
	if (mm_tp(mm) == TP_COMPACTION_DEFERRED) {
		if (attempts_told(s) && !attempt_of(s, mm->ev->tid))
			return;		/* kcompactd */
		count(s, &p->deferred, mm->ev->ts);
		note_order(p, mm);
		p->huge += for_huge_page(s, mm);
		p->last_ns = mm->ev->ts;
	} else if (mm_tp(mm) == TP_COMPACTION_DEFER_COMPACTION) {
		p->tries++;
		p->since = 0;
		attempt_take_back(s, p, mm->ev->tid);
		p->last_ns = mm->ev->ts;
	}
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct deferral *s = state;
	struct place *p;

	if (!s->gfp.movable)
		gfp_layout_default(&s->gfp);
	if (mm_tp(mm) == TP_TRY_TO_COMPACT) {
		on_attempt(s, mm);
		return;
	}
	if (mm_tp(mm) == TP_COMPACTION_END) {
		on_pass_end(s, mm);
		return;
	}
	p = place_of(s, mm);
	if (!p)
		return;
	if (mm_tp(mm) == TP_COMPACTION_DEFER_COMPACTION)
		learn_start(s, p, mm->ev->tid);
	on_zone(s, p, mm);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct deferral *s = state;

	if (strncmp(key, "gfp.", 4))
		return;
	if (!s->gfp.movable)
		gfp_layout_default(&s->gfp);
	gfp_layout_set(&s->gfp, key + 4, strtoull(value, NULL, 0));
}

static void clear(void *state)
{
	tid_map_free(((struct deferral *)state)->tasks);
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct deferral *s = state;

	for (int i = 0; i < s->nplaces; i++)
		if (is_storm(s, &s->place[i]))
			report(s, &s->place[i]);
}

static void finish(void *state)
{
	struct deferral *s = state;

	for (int i = 0; i < s->nplaces; i++)
		end(s, &s->place[i]);
}

const struct detector compaction_deferred = {
	.kind = "compaction-deferred",
	.title = "a zone whose compaction is put off as long as it can be, while tasks ask for it",
	.needs = { { TP_COMPACTION_DEFER_COMPACTION, TP_COMPACTION_DEFERRED },
		   { TP_COMPACTION_DEFERRED, TP_TRY_TO_COMPACT } },
	.without = "record mm_compaction_defer_compaction, defer_reset, try_to_compact_pages and mm_compaction_end, "
		   "best with mm_compaction_deferred",
	.losses = LOSS_OTHER,
	.state_size = sizeof(struct deferral),
	.clear = clear,
	.events = (const enum tracepoint[]){ TP_COMPACTION_DEFER_COMPACTION, TP_COMPACTION_DEFERRED,
					     TP_COMPACTION_DEFER_RESET, TP_TRY_TO_COMPACT, TP_COMPACTION_END, TP_NONE },
	.event = on_event,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
