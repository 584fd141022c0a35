// SPDX-License-Identifier: GPL-2.0-only
/*
 * watermark_boost.c - detector watermark-boost: kswapd reclaims although memory is free, because watermarks are
 * boosted.
 *
 * When an allocation takes pages from a block of another type, boost_watermark() raises the zone's watermarks for a
 * while, by up to watermark_boost_factor (15000: 150 %) of high, so that kswapd frees more and compaction can mend
 * the damage. kswapd takes the boost away at the end of a run. A mix that pollutes blocks all the time boosts all the
 * time: then page cache and swap go for memory that nobody asked for.
 *
 * /proc/zoneinfo prints the boost, and adds it to the watermarks that it prints. So the boost alone is the reason
 * when a zone has one and its free pages are at high - boost or above, and no zone is below its own high watermark: of
 * the same node it would be a reason for kswapd, and of another one its kswapd's pages are in the same counters. What
 * kswapd steals in such times counts, over the last ten seconds (window.h). Samples come once in half a second or a
 * second: what lies between is taken to be as the one before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/window.h"
#include "analyze/zone_table.h"

#define SAMPLE_MAX_NS	(5 * NSEC_PER_SEC)	/* a longer pause between samples says nothing */

enum { BOOST_NS, REAL_NS, POLLUTED, RUNS, COUNTERS };

/* Of /proc/vmstat; their growth while the boost is the reason is a count from COUNTERS on. */
static const struct {
	const char	*name, *evidence;
} counters[] = {
	{ "pgsteal_kswapd", "kswapd_reclaimed_pages" },
	{ "pgscan_kswapd", "kswapd_scanned_pages" },
	{ "pswpout", "swapped_out_pages" },
	{ "workingset_refault_file", "refaulted_file_pages" },
	{ "workingset_refault_anon", "refaulted_anon_pages" },
};
#define NCOUNTERS	(sizeof(counters) / sizeof(counters[0]))
enum { STOLEN = COUNTERS, SCANNED, SWAPPED, REFAULT_FILE, REFAULT_ANON };
_Static_assert(COUNTERS + NCOUNTERS <= WINDOW_COUNTS, "room for the counters");

/* Of a zone, pages. */
enum { FREE, HIGH, BOOST };
static const char *const zone_counters[ZONE_TABLE_COUNTERS] = { [FREE] = "free", [HIGH] = "high", [BOOST] = "boost" };

struct boost {
	const struct detect	*d;
	struct zone_table	zones;
	bool			told;		/* a boost was sampled, be it 0 */
	uint64_t		now_ns;		/* of the latest sample */
	int64_t			max_boost;	/* pages, of a zone, while it was the reason */
	int32_t			node;		/* of the latest such zone */
	int64_t			last[NCOUNTERS];
	bool			sampled[NCOUNTERS];
	struct window		window;
};

static bool bad(void *ctx, const uint64_t *count)
{
	const struct boost *b = ctx;

	return count[BOOST_NS] >= threshold(b->d, TH_BOOST_SHARE) * WINDOW_SECONDS * NSEC_PER_SEC &&
	       count[STOLEN] >= threshold(b->d, TH_BOOST_PAGES) * WINDOW_SECONDS;
}

static void add_evidence(const struct boost *b, const struct window_part *e, struct finding *f)
{
	finding_evidence(f, "span", "s", window_span_s(e));
	finding_evidence(f, "boosted", "s", ns_to_s(e->count[BOOST_NS]));
	finding_evidence(f, "short_of_memory", "s", ns_to_s(e->count[REAL_NS]));
	finding_evidence(f, "boost_max", "pages", b->max_boost);
	for (size_t i = 0; i < NCOUNTERS; i++)
		if (b->sampled[i])
			finding_evidence(f, counters[i].evidence, "pages", e->count[COUNTERS + i]);
	finding_evidence(f, "kswapd_runs", "runs", e->count[RUNS]);
	if (b->d->facts->seen[TP_PAGE_ALLOC_EXTFRAG])
		finding_evidence(f, "blocks_polluted", "events", e->count[POLLUTED]);
}

static void done(void *ctx, const struct window_part *e)
{
	const struct boost *b = ctx;
	struct finding f = finding_start(&watermark_boost, e->first_ns, e->last_ns);
	uint64_t refaults = e->count[REFAULT_FILE] + e->count[REFAULT_ANON];

	f.severity = refaults >= threshold(b->d, TH_BOOST_REFAULT) * e->count[STOLEN] ? SEVERITY_WARNING :
											SEVERITY_INFO;
	f.confidence = CONFIDENCE_HIGH;
	f.node = b->node;
	snprintf(f.summary, sizeof(f.summary),
		 "For %.1f of %.1f s a zone had free pages above its own high watermark, and kswapd reclaimed %" PRIu64
		 " pages meanwhile, because the watermark was boosted by up to %" PRId64 " pages; %" PRIu64
		 " pages came back as refaults", ns_to_s(e->count[BOOST_NS]), window_span_s(e), e->count[STOLEN],
		 b->max_boost, refaults);
	add_evidence(b, e, &f);
	if (!b->d->facts->seen[TP_PAGE_ALLOC_EXTFRAG])
		finding_missing(&f, "No mm_page_alloc_extfrag: what polluted the blocks is not known.");
	f.explanation = "Allocations that found no block of their own type took pages of others. The kernel answers by "
			"raising the watermarks for a while, so that kswapd frees whole blocks. Here that did not end: "
			"page cache is thrown out, or memory swapped, for free pages that are not needed.";
	f.remedy = "sysctl -w vm.watermark_boost_factor=0 switches it off (blocks then stay mixed; huge pages get "
		   "scarcer). Better: find what pollutes, by alloc_migratetype in mm_page_alloc_extfrag, and give it "
		   "room: more free memory (vm.min_free_kbytes) lets it get blocks of its own.";
	f.otherwise = "A zone that is short of memory between two samples.";
	f.references = "boost_watermark(), mm/page_alloc.c; balance_pgdat(), mm/vmscan.c; vm.watermark_boost_factor, "
		       "Documentation/admin-guide/sysctl/vm.rst.";
	detector_report(b->d, &f);
}

static const struct window_ops ops = { .bad = bad, .done = done };

static struct window_part *now(struct boost *b, uint64_t ts)
{
	b->window.ops = &ops;
	b->window.ctx = b;
	return window_at(&b->window, ts);
}

static bool boosted_only(const int64_t *pages)
{
	return pages[BOOST] > 0 && pages[FREE] >= 0 && pages[HIGH] >= pages[BOOST] &&
	       pages[FREE] >= pages[HIGH] - pages[BOOST];
}

/* A zone below its own high watermark: reclaim is due anyway. */
static bool short_of_memory(const int64_t *pages)
{
	return pages[FREE] >= 0 && pages[HIGH] > 0 && pages[BOOST] >= 0 && pages[FREE] < pages[HIGH] - pages[BOOST];
}

static bool any_short(const struct boost *b)
{
	for (int i = 0; i < b->zones.n; i++)
		if (short_of_memory(b->zones.zone[i].value))
			return true;
	return false;
}

/* How it is: the zone whose boost is the only reason, NULL when there is none. */
static const struct zone_row *reason(const struct boost *b)
{
	if (any_short(b))
		return NULL;
	for (int i = 0; i < b->zones.n; i++)
		if (boosted_only(b->zones.zone[i].value))
			return &b->zones.zone[i];
	return NULL;
}

/* Samples of a time come one by one: when the next ones begin, the time up to them was as the last ones said. */
static void pass_time(struct boost *b, uint64_t ts)
{
	const struct zone_row *z = reason(b);
	uint64_t ns = elapsed_ns(b->now_ns, ts);

	if (!b->now_ns || !ns || ns > SAMPLE_MAX_NS || !b->told)
		return;
	if (z) {
		now(b, ts)->count[BOOST_NS] += ns;
		b->max_boost = z->value[BOOST] > b->max_boost ? z->value[BOOST] : b->max_boost;
		b->node = z->node;
	} else if (any_short(b)) {
		now(b, ts)->count[REAL_NS] += ns;
	}
}

static void counter_sample(struct boost *b, const struct sample *sample)
{
	size_t i = 0;

	while (i < NCOUNTERS && strcmp(counters[i].name, sample->name))
		i++;
	if (i == NCOUNTERS)
		return;
	if (b->sampled[i] && sample->value > b->last[i] && reason(b))
		now(b, sample->ts)->count[COUNTERS + i] += sample->value - b->last[i];
	b->last[i] = sample->value;
	b->sampled[i] = true;
}

static void on_sample(void *state, const struct sample *sample)
{
	struct boost *b = state;

	if (sample->ts > b->now_ns) {
		pass_time(b, sample->ts);
		b->now_ns = sample->ts;
	}
	if (sample->scope == SCOPE_ZONE)
		b->told |= zone_table_sample(&b->zones, zone_counters, sample) == BOOST;
	else if (sample->scope == SCOPE_SYSTEM)
		counter_sample(b, sample);
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct boost *b = state;

	if (mm_tp(mm) == TP_KSWAPD_WAKE)
		now(b, mm->ev->ts)->count[RUNS]++;
	else if (mm_int(mm, TPF_FALLBACK_ORDER, INT32_MAX) < facts_pageblock_order(b->d->facts))
		now(b, mm->ev->ts)->count[POLLUTED]++;
}

static const char *lacks(const void *state)
{
	const struct boost *b = state;

	return b->told ? NULL : "no boost of zones in the recording (squall record takes it from /proc/zoneinfo of "
				"kernels since 5.14; a trace alone does not have it)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct boost *b = state;

	window_so_far(&b->window);
}

static void finish(void *state)
{
	struct boost *b = state;

	window_finish(&b->window);
}

const struct detector watermark_boost = {
	.kind = "watermark-boost",
	.title = "kswapd reclaims although memory is free, because mixed blocks keep watermarks boosted",
	.losses = LOSS_OTHER,		/* the pressure of such a time is mostly of what pollutes */
	.state_size = sizeof(struct boost),
	.events = (const enum tracepoint[]){ TP_PAGE_ALLOC_EXTFRAG, TP_KSWAPD_WAKE, TP_NONE },
	.event = on_event,
	.sample = on_sample,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
