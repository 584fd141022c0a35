// SPDX-License-Identifier: GPL-2.0-only
/*
 * zswap_pool_limit.c - detector zswap-pool-limit: zswap is full, and pages go to disk past it.
 *
 * A store that finds the pool at max_pool_percent of RAM is refused, and so are all others until the pool has shrunk to
 * accept_threshold_percent of that (zswap_check_limits(), mm/zswap.c). The refused page is the one that was used last,
 * and it is written to disk at once, while older ones stay compressed in memory: the LRU upside down. pswpout counts
 * writes to the device, zswpwb those of them that zswap made; what is left went past it (kernel-domain.md 4e).
 *
 * pool_limit_hit counts only stores that find the pool at its limit. Where the disk is slow, a burst of them is followed
 * by a minute in which all is refused. So a slot counts from a hit on until the pool has been at its lower mark,
 * however long nothing is swapped out meanwhile. Where it filled again between two looks, it was not seen there; but a
 * store that succeeded tells, for while the pool is shut none does.
 *
 * Refusals for other reasons (a page that does not compress) go the same way and are counted by debugfs; they are taken
 * off, so that the rest is a lower bound of what the limit did. Without debugfs the size of the pool has to tell that
 * it was full.
 *
 * Two things cannot be told apart. Up to 6.12 zswap takes no large folios, before it looks at its limit, and counts
 * that nowhere: what thp_swpout tells is evidence of its own, and where it is most of what went past, nothing is sure (mTHP
 * smaller than a pageblock it does not tell). And from 6.8 a page that is refused while memory.zswap.writeback is 0 for
 * its cgroup stays in memory (swap_writepage()), though the refusal is counted: then rejects may not be taken off.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/detector.h"
#include "analyze/zswap_state.h"

#define ACCEPT_PERCENT	90	/* of the kernel, where the recording does not tell */
#define MIB		1048576.0

struct episode {
	bool			active;
	struct zswap_flow	sum;		/* to the end of its last bad slot */
	struct zswap_flow	since;		/* and after it */
	uint64_t		windows;	/* slots in which pages were refused because it was full */
};

struct pool_limit {
	const struct detect	*d;
	struct zswap_state	zswap;
	struct episode		episode;
	bool			shut;		/* zswap_pool_reached_full, as far as the slots tell */
	bool			undecided;	/* whether rejected pages went to disk would have decided */
};

/* Pages that went to disk past zswap and that nothing but the limit explains. */
static int64_t past_zswap(const struct pool_limit *p, const struct zswap_flow *f)
{
	int64_t pages = zswap_flow_direct(&p->zswap, f) - zswap_flow_refused(f);

	return pages > 0 ? pages : 0;
}

static double accept_share(const struct pool_limit *p)
{
	int percent = zswap_state_settings(&p->zswap).accept_percent;

	return (percent > 0 ? percent : ACCEPT_PERCENT) / 100.0;
}

static bool at_limit(const struct pool_limit *p, const struct zswap_flow *slot)
{
	if (zswap_has_counter(&p->zswap, ZSWAP_HITS))
		return slot->grown[ZSWAP_HITS] > 0;
	return slot->fill_max >= accept_share(p) && past_zswap(p, slot);
}

static bool above_mark(const struct pool_limit *p, int64_t pool)
{
	int64_t limit;

	return zswap_state_limit(&p->zswap, &limit) && pool > accept_share(p) * limit;
}

/* Whether a pool that was shut before @slot was so in it, at least until it was seen at its lower mark. */
static bool still_shut(const struct pool_limit *p, const struct zswap_flow *slot, bool shrunk)
{
	return p->shut && zswap_state_settings(&p->zswap).enabled && (shrunk || !slot->grown[ZSWAP_STORED]);
}

/* Whether pages were refused in @slot because the pool was full, or had not shrunk far enough yet. For every slot. */
static bool refuses(struct pool_limit *p, const struct zswap_flow *slot)
{
	bool limit = at_limit(p, slot), shrunk = slot->fill_min <= accept_share(p);
	bool still = still_shut(p, slot, shrunk);

	p->shut = above_mark(p, slot->pool_last) && (limit || (still && !shrunk));
	return limit || (still && past_zswap(p, slot));
}

static bool is_storm(const struct pool_limit *p, const struct episode *e)
{
	return e->active && e->windows >= threshold(p->d, TH_ZSWAP_WINDOWS) &&
	       past_zswap(p, &e->sum) >= threshold(p->d, TH_ZSWAP_PAGES);
}

/* It would be one if no page that was rejected went to disk. */
static bool may_be_storm(const struct pool_limit *p, const struct episode *e)
{
	return e->active && e->windows >= threshold(p->d, TH_ZSWAP_WINDOWS) && zswap_state_any_denied(&p->zswap) &&
	       zswap_flow_direct(&p->zswap, &e->sum) >= threshold(p->d, TH_ZSWAP_PAGES);
}

/* Of huge pages that were swapped out as a whole. */
static int64_t huge_past(const struct pool_limit *p, const struct zswap_flow *f)
{
	uint64_t block = p->d->facts->pageblock_pages ?: PAGEBLOCK_PAGES_DEFAULT;

	return f->grown[ZSWAP_THP_OUT] < INT32_MAX ? f->grown[ZSWAP_THP_OUT] * block : INT64_MAX / 2;
}

static bool mostly_huge(const struct pool_limit *p, const struct zswap_flow *f)
{
	return huge_past(p, f) * 2 > past_zswap(p, f);
}

/* --- the finding --- */

static double bypass_share(const struct pool_limit *p, const struct zswap_flow *f)
{
	int64_t past = past_zswap(p, f);

	return past ? (double)past / (past + f->grown[ZSWAP_STORED]) : 0;
}

static const char explanation[] =
	"When zswap's pool has reached its limit, zswap refuses new pages until the pool is down to "
	"accept_threshold_percent of the limit. A refused page goes to the swap device at once. It is the page that "
	"was reclaimed last, so it is likely to be needed before those that lie in the pool: recently used memory is "
	"read from disk, and memory that nobody has used for long is kept in RAM.";

static const char remedy[] =
	"If data compresses well: a larger pool (/sys/module/zswap/parameters/max_pool_percent). Let zswap write old "
	"pages to disk before it is full: echo Y >/sys/module/zswap/parameters/shrinker_enabled (6.8 and later). If "
	"one cgroup holds most of the pool, limit it (memory.zswap.max). A pool that fills within minutes means that "
	"there is too little memory: fewer jobs, or more RAM.";

static void evidence_of_settings(const struct pool_limit *p, struct finding *f)
{
	struct zswap_settings settings = zswap_state_settings(&p->zswap);

	if (settings.max_pool_percent >= 0)
		finding_evidence(f, "max_pool_percent", "percent of RAM", settings.max_pool_percent);
	if (settings.accept_percent >= 0)
		finding_evidence(f, "accept_threshold", "percent of the limit", settings.accept_percent);
	if (settings.shrinker >= 0)
		finding_evidence(f, "shrinker_enabled", "bool", settings.shrinker);
}

static void evidence_of(const struct pool_limit *p, const struct episode *e, struct finding *f)
{
	const struct zswap_flow *sum = &e->sum;
	int64_t limit;

	finding_evidence(f, "duration", "s", zswap_flow_s(sum));
	finding_evidence(f, "windows", "of 10 s", e->windows);
	if (zswap_has_counter(&p->zswap, ZSWAP_HITS))
		finding_evidence(f, "limit_hits", "stores", sum->grown[ZSWAP_HITS]);
	finding_evidence(f, "past_zswap", "pages", past_zswap(p, sum));
	finding_evidence(f, "past_zswap_share", "ratio", bypass_share(p, sum));
	finding_evidence(f, "refused_otherwise", "pages or more", zswap_flow_refused(sum));
	if (zswap_has_counter(&p->zswap, ZSWAP_THP_OUT))
		finding_evidence(f, "huge_pages_past_zswap", "pages", huge_past(p, sum));
	finding_evidence(f, "stored", "pages", sum->grown[ZSWAP_STORED]);
	finding_evidence(f, "loaded", "pages", sum->grown[ZSWAP_LOADED]);
	finding_evidence(f, "written_back", "pages", zswap_flow_written(&p->zswap, sum));
	finding_evidence(f, "swap_out", "pages", sum->grown[ZSWAP_SWAP_OUT]);
	finding_evidence(f, "swap_in", "pages", sum->grown[ZSWAP_SWAP_IN]);
	finding_evidence(f, "pool_peak", "bytes", sum->pool_peak);
	if (zswap_state_limit(&p->zswap, &limit))
		finding_evidence(f, "pool_limit", "bytes", limit);
	if (sum->fill_max >= 0)
		finding_evidence(f, "pool_fill", "ratio", sum->fill_max);
	if (sum->ratio > 0)
		finding_evidence(f, "compression", "ratio", sum->ratio);
	evidence_of_settings(p, f);
	if (zswap_has_counter(&p->zswap, ZSWAP_IO_US))
		finding_evidence(f, "io_some", "ratio", zswap_flow_share(sum, ZSWAP_IO_US));
	if (zswap_has_counter(&p->zswap, ZSWAP_MEMORY_US))
		finding_evidence(f, "memory_some", "ratio", zswap_flow_share(sum, ZSWAP_MEMORY_US));
}

static void add_holder(const struct pool_limit *p, struct finding *f)
{
	const struct zswap_cgroup *top;

	if (!zswap_state_top(&p->zswap, ZSWAP_CG_POOL, &top, 1)) {
		finding_missing(f, "Who holds the pool is not in the recording: memory.stat of cgroups (v2) tells.");
		return;
	}
	f->cgroup_id = top->id;
	finding_evidence(f, "cgroup_pool", "bytes", top->until[ZSWAP_CG_POOL]);
}

static enum confidence confidence_of(const struct pool_limit *p, const struct zswap_flow *sum)
{
	if (!zswap_has_counter(&p->zswap, ZSWAP_HITS) || !zswap_counts_written(&p->zswap) || mostly_huge(p, sum))
		return CONFIDENCE_LOW;
	/* debugfs and vmstat are read one after the other; and a refusal of a large folio is counted once. */
	if (!zswap_has_counter(&p->zswap, ZSWAP_WRITTEN) || zswap_flow_refused(sum) > past_zswap(p, sum))
		return CONFIDENCE_MEDIUM;
	return CONFIDENCE_HIGH;
}

static void report(const struct pool_limit *p, const struct episode *e)
{
	struct finding f = finding_start(&zswap_pool_limit, e->sum.start_ns, e->sum.end_ns);
	double share = bypass_share(p, &e->sum), page = zswap_state_page_bytes(&p->zswap);

	f.severity = share >= threshold(p->d, TH_ZSWAP_PAST_HIGH) && !mostly_huge(p, &e->sum) ? SEVERITY_HIGH :
												 SEVERITY_WARNING;
	f.confidence = confidence_of(p, &e->sum);
	snprintf(f.summary, sizeof(f.summary),
		 "zswap was full (%.1f MiB) in %" PRIu64 " windows of 10 s within %.0f s: %" PRId64 " pages (%.1f MiB) went to disk "
		 "past it, %.0f %% of all that was swapped out, while the pool kept older ones",
		 e->sum.pool_peak / MIB, e->windows, zswap_flow_s(&e->sum), past_zswap(p, &e->sum),
		 past_zswap(p, &e->sum) * page / MIB, 100 * share);
	f.explanation = explanation;
	f.remedy = remedy;
	f.references = "zswap_store(), shrink_worker(), mm/zswap.c; Documentation/admin-guide/mm/zswap.rst.";
	f.otherwise = "A cgroup at its own memory.zswap.max, or large folios refused as a whole for a page that does not "
		      "compress: both go to disk too and are not told apart.";
	evidence_of(p, e, &f);
	add_holder(p, &f);
	if (!zswap_has_counter(&p->zswap, ZSWAP_HITS))
		finding_missing(&f, "zswap's own counters are not in the recording (debugfs): that it was full is concluded from "
				    "the size of its pool, and pages that do not compress are counted as refused for its limit.");
	if (mostly_huge(p, &e->sum))
		finding_missing(&f, "Most of what went past zswap were huge pages: kernels up to 6.12 take none into "
				    "zswap, full or not.");
	if (zswap_state_any_denied(&p->zswap) && zswap_flow_refused(&e->sum))
		finding_missing(&f, "memory.zswap.writeback is 0 for some cgroups: pages of theirs that were rejected "
				    "stayed in memory, and are taken off all the same.");
	if (!zswap_counts_written(&p->zswap))
		finding_missing(&f, "How much zswap wrote back is not in the recording (zswpwb since 6.8; debugfs before): it is "
				    "counted as gone past it.");
	detector_report(p->d, &f);
}

/* --- slots --- */

static void episode_close(struct pool_limit *p, struct episode *e)
{
	if (is_storm(p, e))
		report(p, e);
	else
		p->undecided |= may_be_storm(p, e);
	e->active = false;
}

static void judge(struct pool_limit *p, const struct zswap_flow *slot)
{
	struct episode *e = &p->episode;
	bool refused = refuses(p, slot);

	if (!e->active && !refused)
		return;
	if (!e->active)
		*e = (struct episode){ .active = true };
	zswap_flow_add(&e->since, slot);
	if (refused || past_zswap(p, slot)) {
		zswap_flow_add(&e->sum, &e->since);
		e->since = (struct zswap_flow){ 0 };
		e->windows += refused;
		zswap_state_extend(&p->zswap);
	} else if (elapsed_ns(e->sum.end_ns, slot->end_ns) >= threshold_ns(p->d, TH_ZSWAP_GAP_S)) {
		episode_close(p, e);
	}
}

static void on_sample(void *state, const struct sample *sample)
{
	struct pool_limit *p = state;
	const struct zswap_flow *slot = zswap_state_sample(&p->zswap, sample);

	if (slot)
		judge(p, slot);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct pool_limit *p = state;

	zswap_state_meta(&p->zswap, key, value);
}

static const char *lacks(const void *state)
{
	const struct pool_limit *p = state;
	int64_t pool, limit;

	if (zswap_state_lacks(&p->zswap))
		return zswap_state_lacks(&p->zswap);
	if (p->undecided)
		return "zswap was full while pages went to disk past it, but as many were rejected for other reasons, "
		       "and those of cgroups with memory.zswap.writeback=0 stay in memory: nothing tells which these were";
	if (zswap_has_counter(&p->zswap, ZSWAP_HITS) || !zswap_state_pool(&p->zswap, &pool) || !pool ||
	    zswap_state_limit(&p->zswap, &limit))
		return NULL;
	return "zswap is in use, but neither its counters nor its limit are in the recording (record as root, with debugfs "
	       "mounted)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct pool_limit *p = state;
	struct zswap_flow open = zswap_state_open(&p->zswap);
	struct episode e = p->episode;

	zswap_flow_add(&e.since, &open);
	if (e.active && (open.grown[ZSWAP_HITS] || past_zswap(p, &open)))
		zswap_flow_add(&e.sum, &e.since);
	if (is_storm(p, &e))
		report(p, &e);
}

static void finish(void *state)
{
	struct pool_limit *p = state;
	struct zswap_flow open = zswap_state_open(&p->zswap);

	judge(p, &open);
	episode_close(p, &p->episode);
}

const struct detector zswap_pool_limit = {
	.kind = "zswap-pool-limit",
	.title = "zswap that is full, so that pages go to disk past it",
	.lacks = lacks,
	.losses = LOSS_BACKGROUND,
	.state_size = sizeof(struct pool_limit),
	.sample = on_sample,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
