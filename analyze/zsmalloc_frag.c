// SPDX-License-Identifier: GPL-2.0-only
/*
 * zsmalloc_frag.c - detector zsmalloc-fragmentation: zram keeps far more memory than what it stores.
 *
 * zsmalloc packs compressed pages of about the same size into zspages of one to several pages. A zspage goes back to
 * the system when its last object is freed, so where objects are freed here and there memory stays bound. mm_stat tells
 * both numbers: compr_data_size is what the objects need, mem_used_total what the pool has taken (kernel-domain.md 4d).
 * Size classes alone cost a few percent; that is below the threshold.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/detector.h"
#include "analyze/swap_state.h"

#define LOOK_NS		NSEC_PER_SEC

/* A time in which the share is above the threshold. */
struct waste {
	bool			active;
	uint64_t		start_ns, end_ns, worst_ns;
	double			worst_share;
	struct zram_totals	worst;
	int64_t			compacted;	/* pages, at its start */
	int64_t			compacted_last;
};

struct zs_frag {
	const struct detect	*d;
	struct swap_state	swap;
	uint64_t		look_ns;
	struct waste		waste;
};

static bool long_enough(const struct zs_frag *z, const struct waste *w)
{
	return w->active && elapsed_ns(w->start_ns, w->end_ns) >= threshold_ns(z->d, TH_ZS_FRAG_S);
}

static void report(const struct zs_frag *z, const struct waste *w)
{
	struct finding f = finding_start(&zsmalloc_fragmentation, w->start_ns, w->end_ns);
	double lost = w->worst.used - w->worst.compr;

	f.severity = w->worst_share >= threshold(z->d, TH_ZS_FRAG_HIGH) ? SEVERITY_HIGH : SEVERITY_WARNING;
	f.confidence = CONFIDENCE_HIGH;
	snprintf(f.summary, sizeof(f.summary),
		 "zram took %.1f MiB of memory for %.1f MiB of compressed data: %.0f %% of it (%.1f MiB) is holes; for "
		 "%.0f s it was at least %.0f %%", w->worst.used / 1048576.0, w->worst.compr / 1048576.0, 100 * w->worst_share,
		 lost / 1048576, ns_to_s(elapsed_ns(w->start_ns, w->end_ns)), 100 * threshold(z->d, TH_ZS_FRAG));
	finding_evidence(&f, "duration", "s", ns_to_s(elapsed_ns(w->start_ns, w->end_ns)));
	finding_evidence(&f, "fragmentation", "ratio", w->worst_share);
	finding_evidence(&f, "zram_stored", "bytes", w->worst.orig);
	finding_evidence(&f, "zram_compressed", "bytes", w->worst.compr);
	finding_evidence(&f, "zram_used", "bytes", w->worst.used);
	finding_evidence(&f, "lost", "bytes", lost);
	finding_evidence(&f, "share_of_memory", "ratio", (double)w->worst.used / z->swap.system.mem_total.value);
	finding_evidence(&f, "incompressible_pages", "pages", w->worst.huge_pages);
	finding_evidence(&f, "pages_compacted", "pages", w->compacted_last - w->compacted);
	finding_evidence(&f, "worst_at", "s after the start", ns_to_s(elapsed_ns(w->start_ns, w->worst_ns)));
	f.explanation = "zsmalloc puts compressed pages of similar size together in blocks of one to several pages and gives "
			"a block back when the last one in it is freed. What was freed here lies among what is still in use, so "
			"the memory stays with zram. Killing a task whose pages are spread like that can free nothing at all.";
	f.remedy = "echo 1 >/sys/block/zramN/compact packs what is left together; the kernel does the same when its shrinkers "
		   "run (pages_compacted grows then). If it comes back: swapoff and swapon of the device while there is room, "
		   "or zswap in front of a disk, which writes old pages out instead of keeping them.";
	f.references = "mm_stat in Documentation/admin-guide/blockdev/zram.rst; zs_compact(), mm/zsmalloc.c.";
	f.otherwise = "Data whose compressed sizes fit badly into the size classes: then compacting does not help.";
	detector_report(z->d, &f);
}

static void waste_end(const struct zs_frag *z, struct waste *w)
{
	if (long_enough(z, w))
		report(z, w);
	w->active = false;
}

static void waste_add(struct waste *w, const struct zram_totals *now, double share, uint64_t ts)
{
	if (!w->active)
		*w = (struct waste){ .active = true, .start_ns = ts, .compacted = now->compacted_pages };
	w->end_ns = ts;
	w->compacted_last = now->compacted_pages;
	if (share <= w->worst_share)
		return;
	w->worst_share = share;
	w->worst = *now;
	w->worst_ns = ts;
}

static void take_look(struct zs_frag *z, uint64_t ts)
{
	struct zram_totals now;
	double share;

	if (!swap_state_zram(&z->swap, &now) || !z->swap.system.mem_total.value)
		return;
	share = now.used ? 1 - (double)now.compr / now.used : 0;
	if (share >= threshold(z->d, TH_ZS_FRAG) &&
	    now.used >= threshold(z->d, TH_ZS_FRAG_MEMORY) * z->swap.system.mem_total.value)
		waste_add(&z->waste, &now, share, ts);
	else
		waste_end(z, &z->waste);
}

/* Samples of one time come one by one: a look is taken when the next ones begin, at what the last ones said. */
static void on_sample(void *state, const struct sample *sample)
{
	struct zs_frag *z = state;

	if (sample->ts >= z->look_ns + LOOK_NS) {
		take_look(z, sample->ts);
		z->look_ns = sample->ts;
	}
	swap_state_sample(&z->swap, sample);
}

/* Where there are samples and none of zram, there is no zram. */
static const char *lacks(const void *state)
{
	const struct zs_frag *z = state;

	return z->swap.system.mem_total.value ? NULL :
	       "no samples in the recording (squall record takes mm_stat of zram and MemTotal; a trace alone does not "
	       "have them)";
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct zs_frag *z = state;

	if (long_enough(z, &z->waste))
		report(z, &z->waste);
}

static void finish(void *state)
{
	struct zs_frag *z = state;

	take_look(z, z->look_ns);
	waste_end(z, &z->waste);
}

const struct detector zsmalloc_fragmentation = {
	.kind = "zsmalloc-fragmentation",
	.title = "zram that keeps far more memory than its compressed data needs",
	.lacks = lacks,
	.losses = LOSS_OTHER,
	.state_size = sizeof(struct zs_frag),
	.sample = on_sample,
	.so_far = so_far,
	.finish = finish,
};
