// SPDX-License-Identifier: GPL-2.0-only
/*
 * zswap_over_reclaim.c - detector zswap-over-reclaim: zswap writes pages to disk that are read back soon.
 *
 * pswpin counts reads from swap devices, loads from zswap are not among them (they are zswpin). So while nothing goes
 * to disk past zswap, what is read is what it wrote back. One in five within five minutes is too much; so is, less
 * surely, one in ten while tasks wait for IO more than before writing back began (kernel-domain.md 4e; writing alone
 * makes tasks wait too, be it a backup that writes). Pages that went past zswap since the recording began, because they
 * were refused, make reads that say nothing of its writeback: with more than a few nothing is concluded. Pages that lay
 * on disk before do the same, but stay there for good on many machines: then the finding is not sure. Nor is it where
 * what was read ahead of need makes the difference.
 *
 * What writing back was worth (efficacy): memory that came free, by the compressed size of what was written. zsmalloc
 * frees a zspage when its last object goes, so the first is less where the pool is full of holes.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/detector.h"
#include "analyze/zswap_state.h"

#define SHARE_NOT_KNOWN	(-1.0)
#define IO_SHARE	0.5	/* of zswap-back, that must come back for waits for IO to be of it */

/* Reads say so; or fewer reads do, and that tasks wait for IO. */
enum sign { SIGN_NONE = 0, SIGN_IO = 1, SIGN_READS = 2 };

struct episode {
	bool			active;
	unsigned int		signs;		/* of all its slots */
	bool			whole_window;	/* five minutes were seen */
	struct zswap_flow	sum;
};

struct over_reclaim {
	const struct detect	*d;
	struct zswap_state	zswap;
	bool			writing;	/* back, within the last window */
	uint64_t		wrote_ns;	/* end of the last slot in which it did */
	double			io_before;	/* share of time in which tasks waited for IO */
	struct zswap_window	window;		/* since it began; before that, what was before it */
	int64_t			direct;		/* pages past zswap since the recording began */
	bool			mixed;		/* reads were many, but of whose pages is not known */
	struct episode		episode;
};

static double returned(const struct over_reclaim *o, const struct zswap_flow *f)
{
	int64_t written = zswap_flow_written(&o->zswap, f);

	return written ? (double)f->grown[ZSWAP_SWAP_IN] / written : 0;
}

static double io_rise(const struct over_reclaim *o, const struct zswap_flow *minute)
{
	return o->io_before < 0 ? 0 : zswap_flow_share(minute, ZSWAP_IO_US) - o->io_before;
}

static unsigned int signs_of(const struct over_reclaim *o, const struct zswap_flow *window,
			     const struct zswap_flow *minute)
{
	unsigned int signs = SIGN_NONE;

	if (zswap_flow_written(&o->zswap, window) < threshold(o->d, TH_ZSWAP_PAGES))
		return SIGN_NONE;
	if (returned(o, window) >= threshold(o->d, TH_ZSWAP_BACK))
		signs |= SIGN_READS;
	if (io_rise(o, minute) >= threshold(o->d, TH_ZSWAP_IO) &&
	    returned(o, window) >= IO_SHARE * threshold(o->d, TH_ZSWAP_BACK) &&
	    window->grown[ZSWAP_SWAP_IN] >= threshold(o->d, TH_ZSWAP_PAGES))
		signs |= SIGN_IO;
	return signs;
}

/* Nearly all that is on disk came by way of zswap. */
static bool reads_are_of_written(const struct over_reclaim *o, const struct zswap_flow *window)
{
	return o->direct <= threshold(o->d, TH_ZSWAP_PAST) * zswap_flow_written(&o->zswap, window);
}

/* --- the finding --- */

static const char explanation[] =
	"zswap wrote pages to the swap device that were needed again soon: each of them cost a write and a read of the "
	"disk where it would have cost a decompression. Reclaim asked for more memory than there was cold data. The "
	"shrinker holds back while it sees pages read from swap, but only those of recent time, and proactive reclaim "
	"(memory.reclaim, memory.high) asks on regardless.";

static const char remedy[] =
	"Ask for less: larger memory.high, smaller or rarer writes to memory.reclaim, led by pressure instead of by a "
	"fixed amount (advised_step is what to reclaim every 6 s from the cgroup that was written back most; 0 is to "
	"back off). memory.zswap.writeback=0 for cgroups that must not wait for the disk; a larger max_pool_percent "
	"where memory allows it; shrinker_enabled=N where nothing else helps.";

static void evidence_of(const struct over_reclaim *o, const struct zswap_flow *sum, struct finding *f)
{
	double page = zswap_state_page_bytes(&o->zswap), efficacy;
	int64_t pages;

	finding_evidence(f, "duration", "s", zswap_flow_s(sum));
	finding_evidence(f, "written_back", "pages", zswap_flow_written(&o->zswap, sum));
	finding_evidence(f, "swap_in", "pages", sum->grown[ZSWAP_SWAP_IN]);
	finding_evidence(f, "returned", "ratio", returned(o, sum));
	finding_evidence(f, "past_zswap", "pages since the start", o->direct);
	if (zswap_state_disk_first(&o->zswap, &pages))
		finding_evidence(f, "on_disk_before", "pages", pages);
	if (zswap_flow_ahead_unused(&o->zswap, sum, &pages))
		finding_evidence(f, "read_ahead_in_vain", "pages or less", pages);
	finding_evidence(f, "stored", "pages", sum->grown[ZSWAP_STORED]);
	finding_evidence(f, "loaded", "pages", sum->grown[ZSWAP_LOADED]);
	finding_evidence(f, "pool_first", "bytes", sum->pool_first);
	finding_evidence(f, "pool_last", "bytes", sum->pool_last);
	finding_evidence(f, "freed", "bytes", sum->pool_first - sum->pool_last);
	finding_evidence(f, "io_bytes", "bytes", (sum->grown[ZSWAP_SWAP_OUT] + sum->grown[ZSWAP_SWAP_IN]) * page);
	if (sum->ratio > 0)
		finding_evidence(f, "compression", "ratio", sum->ratio);
	if (zswap_flow_efficacy(&o->zswap, sum, &efficacy))
		finding_evidence(f, "efficacy", "freed by written", efficacy);
	if (zswap_state_settings(&o->zswap).shrinker >= 0)
		finding_evidence(f, "shrinker_enabled", "bool", zswap_state_settings(&o->zswap).shrinker);
	if (!zswap_has_counter(&o->zswap, ZSWAP_IO_US))
		return;
	finding_evidence(f, "io_some", "ratio", zswap_flow_share(sum, ZSWAP_IO_US));
	if (o->io_before >= 0)
		finding_evidence(f, "io_some_before", "ratio", o->io_before);
}

#define CGROUPS_TOLD	3

static const struct cgroup_evidence {
	const char	*id, *written, *read, *returned, *efficacy;
} cgroup_evidence[CGROUPS_TOLD] = {
	{ NULL, "cgroup_written_back", "cgroup_swap_in", "cgroup_returned", "cgroup_efficacy" },
	{ "cgroup2_id", "cgroup2_written_back", "cgroup2_swap_in", "cgroup2_returned", "cgroup2_efficacy" },
	{ "cgroup3_id", "cgroup3_written_back", "cgroup3_swap_in", "cgroup3_returned", "cgroup3_efficacy" },
};

static void evidence_of_cgroup(const struct over_reclaim *o, const struct zswap_cgroup *cg,
			       const struct cgroup_evidence *name, struct finding *f)
{
	int64_t written = zswap_cgroup_growth(cg, ZSWAP_CG_WRITTEN), read = zswap_cgroup_growth(cg, ZSWAP_CG_SWAP_IN);
	double efficacy;

	if (name->id)
		finding_evidence(f, name->id, "id", cg->id);
	finding_evidence(f, name->written, "pages", written);
	if (cg->now[ZSWAP_CG_SWAP_IN].known) {		/* memory.stat of 6.12 does not have it */
		finding_evidence(f, name->read, "pages", read);
		finding_evidence(f, name->returned, "ratio", (double)read / written);
	}
	if (zswap_cgroup_efficacy(&o->zswap, cg, &efficacy))
		finding_evidence(f, name->efficacy, "freed by written", efficacy);
}

/* A step is advised for the one that was written back most, unless its own pages came back. */
static void add_advice(const struct over_reclaim *o, const struct zswap_cgroup *cg, double span_s, struct finding *f)
{
	double step = zswap_cgroup_step(cg, span_s, threshold(o->d, TH_ZSWAP_STEP), threshold(o->d, TH_ZSWAP_STEP_PSI));
	bool back = zswap_cgroup_growth(cg, ZSWAP_CG_SWAP_IN) >=
		    threshold(o->d, TH_ZSWAP_BACK) * zswap_cgroup_growth(cg, ZSWAP_CG_WRITTEN);

	if (cg->now[ZSWAP_CG_MEMORY_US].known && span_s > 0)
		finding_evidence(f, "cgroup_memory_some", "ratio",
				 zswap_cgroup_growth(cg, ZSWAP_CG_MEMORY_US) / 1e6 / span_s);
	if (step >= 0)
		finding_evidence(f, "advised_step", "bytes every 6 s",
				 back || !cg->now[ZSWAP_CG_SWAP_IN].known ? 0 : step);
}

static void add_cgroups(const struct over_reclaim *o, struct finding *f)
{
	double span_s = zswap_state_cgroup_s(&o->zswap);
	const struct zswap_cgroup *top[CGROUPS_TOLD];
	int n = zswap_state_top(&o->zswap, ZSWAP_CG_WRITTEN, top, CGROUPS_TOLD);

	if (!n) {
		finding_missing(f, "Whose pages were written back is not in the recording: memory.stat of cgroups (v2) tells.");
		return;
	}
	f->cgroup_id = top[0]->id;
	finding_evidence(f, "cgroup_span", "s", span_s);
	for (int i = 0; i < n; i++)
		evidence_of_cgroup(o, top[i], &cgroup_evidence[i], f);
	add_advice(o, top[0], span_s, f);
}

static void summarize(const struct over_reclaim *o, const struct episode *e, struct finding *f)
{
	const struct zswap_flow *sum = &e->sum;
	int n = snprintf(f->summary, sizeof(f->summary),
			 "zswap wrote %" PRId64 " pages to disk in %.0f s, and %" PRId64 " were read from there meanwhile (%.0f %%)",
			 zswap_flow_written(&o->zswap, sum), zswap_flow_s(sum), sum->grown[ZSWAP_SWAP_IN],
			 100 * returned(o, sum));

	if (e->signs & SIGN_IO)
		snprintf(f->summary + n, sizeof(f->summary) - n,
			 "; tasks waited for IO %.0f %% of the time, %.0f %% before it began",
			 100 * zswap_flow_share(sum, ZSWAP_IO_US), 100 * o->io_before);
}

static enum severity severity_of(const struct episode *e)
{
	if (!(e->signs & SIGN_READS))
		return SEVERITY_INFO;
	return e->signs & SIGN_IO ? SEVERITY_HIGH : SEVERITY_WARNING;
}

/* More lay on disk before than may have gone past zswap since. */
static bool much_before(const struct over_reclaim *o, const struct episode *e)
{
	int64_t pages;

	return zswap_state_disk_first(&o->zswap, &pages) &&
	       pages > threshold(o->d, TH_ZSWAP_PAST) * zswap_flow_written(&o->zswap, &e->sum);
}

/* Also without what was read ahead and not needed enough came back; and what is needed to say so is told. */
static bool reads_are_needed(const struct over_reclaim *o, const struct episode *e)
{
	int64_t unused, pages;

	return zswap_flow_ahead_unused(&o->zswap, &e->sum, &unused) && zswap_state_disk_first(&o->zswap, &pages) &&
	       e->sum.grown[ZSWAP_SWAP_IN] - unused >=
	       threshold(o->d, TH_ZSWAP_BACK) * zswap_flow_written(&o->zswap, &e->sum);
}

static enum confidence confidence_of(const struct over_reclaim *o, const struct episode *e)
{
	if (!(e->signs & SIGN_READS) || much_before(o, e))
		return CONFIDENCE_LOW;
	return e->whole_window && zswap_has_counter(&o->zswap, ZSWAP_WRITTEN) && reads_are_needed(o, e) ?
	       CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
}

static void report(const struct over_reclaim *o, const struct episode *e)
{
	struct finding f = finding_start(&zswap_over_reclaim, e->sum.start_ns, e->sum.end_ns);

	f.variant = e->signs & SIGN_READS ? "reads" : "io";
	f.severity = severity_of(e);
	f.confidence = confidence_of(o, e);
	summarize(o, e, &f);
	f.explanation = explanation;
	f.remedy = remedy;
	f.references = "zswap_writeback_entry(), zswap_folio_swapin(), mm/zswap.c; memory.zswap.writeback and memory.reclaim in "
		       "Documentation/admin-guide/cgroup-v2.rst; Hao Jia's series on proactive writeback of zswap and its "
		       "review by Nhat Pham, linux-mm, May and June 2026.";
	f.otherwise = "Pages that lay on disk before the recording began and are used again now, and what readahead of swap "
		      "(vm.page-cluster) took along, are among those read.";
	evidence_of(o, &e->sum, &f);
	add_cgroups(o, &f);
	if (much_before(o, e))
		finding_missing(&f, "Many pages lay on disk before the recording began: whether those that were read "
				    "are among them is not known.");
	if (!zswap_has_counter(&o->zswap, ZSWAP_WRITTEN))
		finding_missing(&f, "This kernel's vmstat has no zswpwb: what was written back is debugfs' count, read at another "
				    "moment.");
	if (!e->whole_window)
		finding_missing(&f, "Fewer than five minutes of it are in the recording.");
	detector_report(o->d, &f);
}

/* --- slots --- */

/* What follows is judged by itself. */
static void episode_close(struct over_reclaim *o)
{
	if (!o->episode.active)
		return;
	report(o, &o->episode);
	o->episode.active = false;
	o->window.n = 0;
	zswap_state_mark(&o->zswap);
}

static void begin_writing(struct over_reclaim *o)
{
	struct zswap_flow before;
	bool told = zswap_window_sum(&o->window, threshold_ns(o->d, TH_ZSWAP_TIME_S), &before);

	o->io_before = told && zswap_has_counter(&o->zswap, ZSWAP_IO_US) ? zswap_flow_share(&before, ZSWAP_IO_US) :
			SHARE_NOT_KNOWN;
	o->window.n = 0;
	o->writing = true;
}

/* False: zswap writes nothing back at this time. */
static bool is_writing(struct over_reclaim *o, const struct zswap_flow *slot)
{
	bool wrote = zswap_flow_written(&o->zswap, slot) > 0;

	if (wrote && !o->writing)
		begin_writing(o);
	if (wrote)
		o->wrote_ns = slot->end_ns;
	else if (o->writing && elapsed_ns(o->wrote_ns, slot->end_ns) >= threshold_ns(o->d, TH_ZSWAP_BACK_S)) {
		episode_close(o);
		o->writing = false;
	}
	zswap_window_push(&o->window, slot);
	if (!o->writing)
		zswap_state_mark(&o->zswap);
	return o->writing;
}

static void judge(struct over_reclaim *o, const struct zswap_flow *slot)
{
	struct zswap_flow window, minute;
	unsigned int signs;
	bool whole;

	o->direct += zswap_flow_direct(&o->zswap, slot);
	if (!is_writing(o, slot))
		return;
	whole = zswap_window_sum(&o->window, threshold_ns(o->d, TH_ZSWAP_BACK_S), &window);
	if (!zswap_window_sum(&o->window, threshold_ns(o->d, TH_ZSWAP_TIME_S), &minute))
		return;
	signs = signs_of(o, &window, &minute);
	if (signs && !reads_are_of_written(o, &window)) {
		o->mixed = true;
		signs = SIGN_NONE;
	}
	if (!signs) {
		episode_close(o);
		return;
	}
	if (o->episode.active)
		zswap_flow_add(&o->episode.sum, slot);
	else
		o->episode = (struct episode){ .active = true, .sum = window };
	o->episode.signs |= signs;
	o->episode.whole_window |= whole;
	zswap_state_extend(&o->zswap);
}

static void on_sample(void *state, const struct sample *sample)
{
	struct over_reclaim *o = state;
	const struct zswap_flow *slot = zswap_state_sample(&o->zswap, sample);

	if (slot)
		judge(o, slot);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct over_reclaim *o = state;

	zswap_state_meta(&o->zswap, key, value);
}

static const char *lacks(const void *state)
{
	const struct over_reclaim *o = state;
	int64_t pool;

	if (zswap_state_lacks(&o->zswap))
		return zswap_state_lacks(&o->zswap);
	if (o->mixed)
		return "much was read from swap after zswap wrote back, but pages that it had refused were on disk too: nothing "
		       "tells which were read";
	if (zswap_counts_written(&o->zswap) || !zswap_state_pool(&o->zswap, &pool) || !pool)
		return NULL;
	return "zswap is in use, but what it writes back is not in the recording (zswpwb, since 6.8; debugfs before)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct over_reclaim *o = state;

	if (o->episode.active)
		report(o, &o->episode);
}

/* The slot that is open is too short to change a verdict on minutes. */
static void finish(void *state)
{
	episode_close(state);
}

const struct detector zswap_over_reclaim = {
	.kind = "zswap-over-reclaim",
	.title = "zswap that writes to disk what is read back soon",
	.lacks = lacks,
	.losses = LOSS_BACKGROUND,
	.state_size = sizeof(struct over_reclaim),
	.sample = on_sample,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
