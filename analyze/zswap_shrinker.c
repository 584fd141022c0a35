// SPDX-License-Identifier: GPL-2.0-only
/*
 * zswap_shrinker.c - detector zswap-shrinker-ineffective: zswap is nearly full of pages that nobody uses, and nobody is
 * allowed to write them to disk.
 *
 * zswap writes back when a store finds it full, or by its shrinker, which takes part in reclaim. Where the shrinker is
 * off, or memory.zswap.writeback is 0 for whoever holds pages, cold ones stay in memory for good. Cold is a pool of
 * which hardly anything is asked back (kernel-domain.md 4e). Where cgroups hold it that may not write back, what zswap
 * writes all the same is of the others. A shrinker that is on and writes little is no fault: it offers less the better
 * data compresses, and holds back while pages are read from disk (zswap_shrinker_count()).
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/detector.h"
#include "analyze/zswap_state.h"

#define MIB		1048576.0
#define DENIED_MOST	0.9	/* of the pool: the rest takes a shrinker no further than a tenth */

enum hindrance { HINDRANCE_NONE, HINDRANCE_SHRINKER, HINDRANCE_CGROUPS };

struct episode {
	bool			active;
	struct zswap_flow	sum;
	/* at the end of its last slot */
	enum hindrance		hindrance;
	struct zswap_holders	holders;
	double			denied_share;	/* of the pool, what cgroups hold that may not write back */
};

struct shrinker {
	const struct detect	*d;
	struct zswap_state	zswap;
	struct zswap_window	window;
	struct episode		episode;
};

static struct zswap_holders holders(const struct shrinker *s)
{
	return zswap_state_holders(&s->zswap, s->d->cgroup, s->d->ctx);
}

static double denied_share(const struct shrinker *s, const struct zswap_holders *h)
{
	int64_t pool;

	return zswap_state_pool(&s->zswap, &pool) && pool > 0 ? (double)h->denied_bytes / pool : 0;
}

/* Nearly all of the pool may not be written back, so what is written is of the others (shrink_memcg()). */
static bool is_held(const struct shrinker *s)
{
	struct zswap_holders h = holders(s);

	return denied_share(s, &h) >= DENIED_MOST;
}

/* Why nothing is written back before the pool is full. Kernels before 6.8 have no shrinker. */
static enum hindrance hindrance(const struct shrinker *s)
{
	struct zswap_holders h = holders(s);

	if (h.holders && (h.holders == h.denied || is_held(s)))
		return HINDRANCE_CGROUPS;
	return zswap_state_settings(&s->zswap).shrinker > 0 ? HINDRANCE_NONE : HINDRANCE_SHRINKER;
}

/* Of the stored pages, in a minute. */
static double per_minute(const struct shrinker *s, const struct zswap_flow *f, int64_t pages)
{
	double minutes = zswap_flow_s(f) / 60, stored = zswap_flow_stored_pages(&s->zswap, f);

	return stored > 0 && minutes > 0 ? pages / stored / minutes : 0;
}

static bool is_full(const struct shrinker *s, const struct zswap_flow *f)
{
	return f->fill_min >= threshold(s->d, TH_ZSWAP_FILL) &&
	       zswap_flow_stored_pages(&s->zswap, f) >= threshold(s->d, TH_ZSWAP_PAGES);
}

static bool is_cold(const struct shrinker *s, const struct zswap_flow *f)
{
	return (is_held(s) || per_minute(s, f, zswap_flow_written(&s->zswap, f)) < threshold(s->d, TH_ZSWAP_WRITTEN)) &&
	       per_minute(s, f, f->grown[ZSWAP_LOADED]) < threshold(s->d, TH_ZSWAP_COLD);
}

/* --- the finding --- */

static const char explanation[] =
	"zswap is a cache in front of the swap device, but a page that it holds goes on to the device only when "
	"somebody writes it back: the shrinker during reclaim, or zswap itself when a new page finds it full. Here "
	"neither does, and what it holds is hardly ever asked for. That memory is lost to the page cache and to the "
	"working set, and the next pages that are swapped out will find zswap full and go to disk in place of the old "
	"ones.";

static const char remedy_shrinker[] =
	"echo Y >/sys/module/zswap/parameters/shrinker_enabled (6.8 and later), and memory.zswap.writeback=1 for the "
	"cgroups concerned. To move cold pages now: write a few MiB at a time to memory.reclaim of the cgroup that "
	"holds most, and go on while its memory pressure (PSI some) and its reads from swap stay low; advised_step is "
	"such a step for every 6 s, 0 is to wait. Where no shrinker exists, lower max_pool_percent for a moment: the "
	"next store writes back.";

static const char remedy_cgroups[] =
	"memory.zswap.writeback is 0 for the cgroups that hold the pages: nothing may leave zswap. If that is wanted, "
	"limit what each may hold (memory.zswap.max); if not, echo 1 >memory.zswap.writeback. advised_step is what to "
	"reclaim then by memory.reclaim every 6 s from the cgroup that holds most, while its memory pressure stays "
	"low; 0 is to wait.";

static void add_holder(const struct shrinker *s, struct finding *f)
{
	const struct zswap_cgroup *top;
	double step;

	if (!zswap_state_top(&s->zswap, ZSWAP_CG_POOL, &top, 1)) {
		finding_missing(f, "Who holds the pool is not in the recording: memory.stat of cgroups (v2) tells.");
		return;
	}
	f->cgroup_id = top->id;
	finding_evidence(f, "cgroup_pool", "bytes", top->until[ZSWAP_CG_POOL]);
	finding_evidence(f, "cgroup_span", "s", zswap_state_cgroup_s(&s->zswap));
	step = zswap_cgroup_step(top, zswap_state_cgroup_s(&s->zswap), threshold(s->d, TH_ZSWAP_STEP),
				 threshold(s->d, TH_ZSWAP_STEP_PSI));
	if (step >= 0)
		finding_evidence(f, "advised_step", "bytes every 6 s", step);
}

static void evidence_of(const struct shrinker *s, const struct episode *e, struct finding *f)
{
	const struct zswap_flow *sum = &e->sum;
	int64_t written = zswap_flow_written(&s->zswap, sum), loaded = sum->grown[ZSWAP_LOADED], limit;

	finding_evidence(f, "duration", "s", zswap_flow_s(sum));
	finding_evidence(f, "pool_fill", "ratio, at least", sum->fill_min);
	finding_evidence(f, "pool_peak", "bytes", sum->pool_peak);
	if (zswap_state_limit(&s->zswap, &limit))
		finding_evidence(f, "pool_limit", "bytes", limit);
	finding_evidence(f, "stored_pages", "pages", zswap_flow_stored_pages(&s->zswap, sum));
	finding_evidence(f, "compression", "ratio", sum->ratio);
	finding_evidence(f, "written_back", "pages", written);
	finding_evidence(f, "written_back_share", "of stored pages per minute", per_minute(s, sum, written));
	finding_evidence(f, "loaded", "pages", loaded);
	finding_evidence(f, "loaded_share", "of stored pages per minute", per_minute(s, sum, loaded));
	finding_evidence(f, "stored", "pages", sum->grown[ZSWAP_STORED]);
	if (zswap_has_counter(&s->zswap, ZSWAP_HITS))
		finding_evidence(f, "limit_hits", "stores", sum->grown[ZSWAP_HITS]);
	finding_evidence(f, "past_zswap", "pages", zswap_flow_direct(&s->zswap, sum));
	if (zswap_state_settings(&s->zswap).shrinker >= 0)
		finding_evidence(f, "shrinker_enabled", "bool", zswap_state_settings(&s->zswap).shrinker);
	if (e->holders.holders) {
		finding_evidence(f, "cgroups_holding", "cgroups", e->holders.holders);
		finding_evidence(f, "cgroups_denied", "cgroups", e->holders.denied);
		finding_evidence(f, "denied_share", "of the pool", e->denied_share);
	}
	if (zswap_has_counter(&s->zswap, ZSWAP_MEMORY_US))
		finding_evidence(f, "memory_some", "ratio", zswap_flow_share(sum, ZSWAP_MEMORY_US));
}

/* A full pool of cold pages costs memory; it hurts when others are turned away. */
static bool turns_away(const struct shrinker *s, const struct zswap_flow *sum)
{
	return sum->grown[ZSWAP_HITS] || zswap_flow_direct(&s->zswap, sum) >= threshold(s->d, TH_ZSWAP_PAGES);
}

/* All that were sampled may not write back, but there is more in the pool than they hold. */
static bool some_not_sampled(const struct episode *e)
{
	return e->hindrance == HINDRANCE_CGROUPS && e->denied_share < DENIED_MOST;
}

static enum confidence confidence_of(const struct shrinker *s, const struct episode *e)
{
	const struct zswap_flow *sum = &e->sum;

	if (!zswap_counts_written(&s->zswap) || some_not_sampled(e))
		return CONFIDENCE_LOW;
	return zswap_flow_s(sum) < threshold(s->d, TH_ZSWAP_BACK_S) ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
}

static void report(const struct shrinker *s, const struct episode *e)
{
	struct finding f = finding_start(&zswap_shrinker_ineffective, e->sum.start_ns, e->sum.end_ns);
	const struct zswap_flow *sum = &e->sum;
	bool cgroups = e->hindrance == HINDRANCE_CGROUPS;
	const char *off = zswap_state_settings(&s->zswap).shrinker < 0 ? "its shrinker is off, or it has none" :
									 "its shrinker is off";
	const char *forbidden = some_not_sampled(e) ? "writing back is forbidden to all cgroups that were sampled" :
							 "writing back is forbidden to the cgroups that hold it";

	f.severity = turns_away(s, sum) ? SEVERITY_WARNING : SEVERITY_INFO;
	f.confidence = confidence_of(s, e);
	snprintf(f.summary, sizeof(f.summary),
		 "zswap held %.1f MiB (%.0f %% of its limit and more) for %.0f s, of which %" PRId64 " pages were asked back and %"
		 PRId64 " written to disk: %s", sum->pool_peak / MIB, 100 * sum->fill_min, zswap_flow_s(sum),
		 sum->grown[ZSWAP_LOADED], zswap_flow_written(&s->zswap, sum),
		 cgroups ? forbidden : off);
	f.explanation = explanation;
	f.remedy = cgroups ? remedy_cgroups : remedy_shrinker;
	f.references = "zswap_shrinker_count(), mm/zswap.c; memory.zswap.writeback in "
		       "Documentation/admin-guide/cgroup-v2.rst. Hao Jia's series on proactive writeback of zswap, linux-mm, "
		       "May and June 2026; not merged by 7.3.";
	f.otherwise = "Pages that are used, but less than once an hour: on disk they would cost a read each time.";
	evidence_of(s, e, &f);
	add_holder(s, &f);
	if (!zswap_counts_written(&s->zswap))
		finding_missing(&f, "How much zswap wrote back is not in the recording (zswpwb since 6.8; debugfs before).");
	if (s->zswap.cgroups_left_out)
		finding_missing(&f, "There were more cgroups than are followed.");
	detector_report(s->d, &f);
}

/* --- slots --- */

static void episode_close(const struct shrinker *s, struct episode *e)
{
	if (e->active)
		report(s, e);
	e->active = false;
}

static void start_anew(struct shrinker *s)
{
	episode_close(s, &s->episode);
	s->window.n = 0;
	zswap_state_mark(&s->zswap);
}

static void judge(struct shrinker *s, const struct zswap_flow *slot)
{
	enum hindrance why = hindrance(s);
	struct zswap_flow minute;

	if (!is_full(s, slot) || why == HINDRANCE_NONE) {
		start_anew(s);
		return;
	}
	zswap_window_push(&s->window, slot);
	if (!zswap_window_sum(&s->window, threshold_ns(s->d, TH_ZSWAP_TIME_S), &minute))
		return;
	if (!is_cold(s, &minute)) {
		episode_close(s, &s->episode);
		return;
	}
	if (s->episode.active)
		zswap_flow_add(&s->episode.sum, slot);
	else
		s->episode = (struct episode){ .active = true, .sum = minute };
	s->episode.hindrance = why;
	s->episode.holders = holders(s);
	s->episode.denied_share = denied_share(s, &s->episode.holders);
	zswap_state_extend(&s->zswap);
}

static void on_sample(void *state, const struct sample *sample)
{
	struct shrinker *s = state;
	const struct zswap_flow *slot = zswap_state_sample(&s->zswap, sample);

	if (slot)
		judge(s, slot);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct shrinker *s = state;

	zswap_state_meta(&s->zswap, key, value);
}

static const char *lacks(const void *state)
{
	const struct shrinker *s = state;
	int64_t pool, limit;

	if (zswap_state_lacks(&s->zswap))
		return zswap_state_lacks(&s->zswap);
	if (!zswap_state_pool(&s->zswap, &pool) || !pool || zswap_state_limit(&s->zswap, &limit))
		return NULL;
	return "zswap is in use, but its limit and the state of its shrinker are not in the recording (squall record takes "
	       "/sys/module/zswap/parameters)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct shrinker *s = state;

	if (s->episode.active)
		report(s, &s->episode);
}

/* The slot that is open is too short for a rate. */
static void finish(void *state)
{
	struct shrinker *s = state;

	episode_close(s, &s->episode);
}

const struct detector zswap_shrinker_ineffective = {
	.kind = "zswap-shrinker-ineffective",
	.title = "zswap full of cold pages that nobody writes to disk",
	.lacks = lacks,
	.losses = LOSS_OTHER,
	.state_size = sizeof(struct shrinker),
	.sample = on_sample,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
