// SPDX-License-Identifier: GPL-2.0-only
/*
 * restricted_spin.c - detectors nofs-noio-spin and nofail-spin: requests that may not do what would help, or may not
 * fail, and therefore reclaim and retry for ever.
 *
 * Without __GFP_FS or __GFP_IO reclaim can neither write file pages nor (without IO) swap or compact, on any kernel.
 * And it ends in no OOM kill: out_of_memory() answers "done" to such a request and does nothing, which counts as
 * progress, so no_progress_loops goes to MAX_RECLAIM_RETRIES and begins anew at 0. A request with __GFP_NOFAIL is
 * retried whatever comes of it (mm/page_alloc.c, __alloc_pages_slowpath()).
 *
 * At the seventeenth round without progress the kernel asks no zone, and when no zone would do even with all
 * reclaimed it does not go on, so a chain (chain.h) ends there. Chains of one task with the same gfp_flags that
 * follow each other within chain-gap are one spin here if the one before had come to its last round or had freed
 * nothing: it got no page. Requests that may fail (__GFP_NORETRY, __GFP_RETRY_MAYFAIL) do so then.
 *
 * What nonmovable-reclaim-spin takes (variant a1-noio: pages are free that the request may not use) is not taken here
 * unless vm.defrag_mode is 0. When unrestricted requests retry as well, be it not for long, memory is short for all,
 * and the restriction is not the reason: the time that they lose counts against it, from the first retry on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/tid_map.h"
#include "analyze/window.h"
#include "kernel/gfp.h"

#define TASKS	4096

enum which { NOFS_NOIO, NOFAIL, WHICH };

/* NS_OTHER: of chains without such a restriction that had to retry. */
enum { NS, SPINS, CYCLES, RECLAIMED, ROUNDS, NOIO, NS_OTHER };

/* A spin of a task; what is in it is told when it is long enough, and then with each chain that is added. */
struct spin {
	uint64_t	gfp;
	uint64_t	begin_ns, end_ns;	/* of what is not told yet */
	bool		goes_on;	/* its last chain got nothing */
	uint64_t	ns, cycles, reclaimed, rounds;
	bool		told;
};

struct restricted {
	const struct detect	*d;
	const struct detector	*detector;
	enum which		which;
	struct gfp_layout	gfp;
	struct tid_map		*tasks;
	struct window		window;
};

struct spin_text {
	const char	*what, *explanation, *remedy, *otherwise;
};

static const struct spin_text texts[WHICH] = {
	[NOFS_NOIO] = { "without __GFP_FS or __GFP_IO",
		"These requests were made where the file system or I/O must not be entered (journals, block layer, "
		"swap-out, loop and network block devices). Reclaim for them may neither write file pages nor, "
		"without IO, swap, and the OOM killer does nothing for them; the kernel counts that as progress and "
		"retries.",
		"Other tasks have to free memory for them: give kswapd a head start (vm.watermark_scale_factor, "
		"vm.min_free_kbytes), limit dirty pages (vm.dirty_bytes), and do not put swap or backing files on "
		"devices that need memory to write. No newer kernel lets such requests compact or kill: do not read "
		"this as a fix that does not work.",
		"Memory that is short for all: then requests with __GFP_FS spin too, if any are made." },
	[NOFAIL] = { "with __GFP_NOFAIL",
		"These requests must not fail (file system metadata, page cache charges), so the kernel retries them "
		"whatever comes of it. Reclaim does not free what they need, and an OOM kill did not help or is not "
		"allowed.",
		"Free memory: see who holds it (OOM report by sysrq-m, oom-storm and throttling findings of the same "
		"time). A task in such a loop cannot be killed. If it is always the same caller (stack of the tasks "
		"below), its order or size is a bug to report.",
		"Memory that is short for all: then other requests spin too." },
};

static bool bad(void *ctx, const uint64_t *count)
{
	const struct restricted *r = ctx;

	return count[NS] >= threshold_ns(r->d, TH_RESTRICTED_STALL) * WINDOW_SECONDS &&
	       count[NS_OTHER] < threshold(r->d, TH_RESTRICTED_SHARE) * (count[NS] + count[NS_OTHER]);
}

static void done(void *ctx, const struct window_part *e)
{
	const struct restricted *r = ctx;
	const struct spin_text *text = &texts[r->which];
	struct finding f = finding_start(r->detector, e->first_ns, e->last_ns);

	f.severity = SEVERITY_WARNING;
	f.confidence = e->count[ROUNDS] ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	f.tid = e->max_tid;
	snprintf(f.summary, sizeof(f.summary),
		 "%s%d tasks stood still for %.1f task-seconds in %" PRIu64 " spins %s, %" PRIu64 " direct reclaims "
		 "that freed %" PRIu64 " pages; %" PRIu64 " times the kernel began anew after it had given up",
		 e->tasks.others ? "At least " : "",
		 e->tasks.n, ns_to_s(e->count[NS]), e->count[SPINS], text->what, e->count[CYCLES], e->count[RECLAIMED],
		 e->count[ROUNDS]);
	finding_evidence(&f, "span", "s", window_span_s(e));
	finding_evidence(&f, "spins", "spins", e->count[SPINS]);
	finding_evidence(&f, e->tasks.others ? "tasks_at_least" : "tasks", "tasks", e->tasks.n);
	finding_evidence(&f, "cycles", "direct reclaims", e->count[CYCLES]);
	finding_evidence(&f, "stalled", "task-seconds", ns_to_s(e->count[NS]));
	finding_evidence(&f, "stall_max", "s", ns_to_s(e->max_ns));
	finding_evidence(&f, "reclaimed_pages", "pages", e->count[RECLAIMED]);
	finding_evidence(&f, "began_anew", "times", e->count[ROUNDS]);
	finding_evidence(&f, "spins_without_io", "spins", e->count[NOIO]);
	finding_evidence(&f, "stalled_others", "task-seconds", ns_to_s(e->count[NS_OTHER]));
	f.explanation = text->explanation;
	f.remedy = text->remedy;
	f.otherwise = text->otherwise;
	f.references = "out_of_memory(), mm/oom_kill.c; should_reclaim_retry() and __alloc_pages_slowpath(), "
		       "mm/page_alloc.c.";
	top_tasks_report(&e->tasks, &f, "stalled tasks");
	detector_report(r->d, &f);
}

static const struct window_ops ops = { .bad = bad, .done = done };

/* The request must not fail: that is the stronger of the two. */
static bool is_restricted(const struct restricted *r, uint64_t gfp)
{
	bool nofail = gfp & r->gfp.nofail;

	return r->which == NOFAIL ? nofail : !nofail && (!(gfp & r->gfp.io) || !(gfp & r->gfp.fs));
}

/* Neither: it may do all that helps, and give up. */
static bool is_free(const struct restricted *r, uint64_t gfp)
{
	return !(gfp & r->gfp.nofail) && (gfp & r->gfp.io) && (gfp & r->gfp.fs);
}

/* Pages are free that the request may not use, or it was promoted: nonmovable-reclaim-spin. */
static bool taken_elsewhere(const struct restricted *r, const struct chain *c)
{
	bool pages_free = c->retries_idle && c->retries_free >= threshold(r->d, TH_SPIN_FREE_SHARE) * c->retries_idle;

	return c->retries_promoted ||
	       (r->d->facts->defrag_mode != 0 && c->migratetype != MIGRATE_MOVABLE && pages_free);
}

/* It ended without a page, and the kernel retries all the same. */
static bool got_nothing(const struct restricted *r, const struct chain *c)
{
	return c->ended == CHAIN_DONE && !(c->gfp & (r->gfp.noretry | r->gfp.retry_mayfail)) &&
	       (c->no_progress_max >= threshold(r->d, TH_MAX_RECLAIM_RETRIES) || !c->reclaimed_pages);
}

/* NULL: no memory. */
static struct spin *spin_of(struct restricted *r, const struct chain *c)
{
	struct spin *s;

	if (!r->tasks)
		r->tasks = tid_map_new(TASKS, sizeof(struct spin), NULL, NULL);
	s = r->tasks ? tid_map_get(r->tasks, c->tid) : NULL;
	if (!s)
		return NULL;
	if (s->gfp != c->gfp || !s->goes_on || elapsed_ns(s->end_ns, c->start_ns) > threshold_ns(r->d, TH_CHAIN_GAP_S))
		*s = (struct spin){ .gfp = c->gfp };
	else
		s->rounds++;
	return s;
}

/* What a spin has gathered; that before it was long enough is told with the chain that makes it so. */
static void tell(struct restricted *r, struct spin *s, int32_t tid)
{
	struct window_part *now = window_spread(&r->window, s->begin_ns, s->end_ns, NS, s->ns);

	now->count[CYCLES] += s->cycles;
	now->count[RECLAIMED] += s->reclaimed;
	now->count[ROUNDS] += s->rounds;
	now->count[SPINS] += !s->told;
	now->count[NOIO] += !s->told && !(s->gfp & r->gfp.io);
	window_task(now, tid, s->reclaimed, s->ns);
	s->told = true;
	s->begin_ns = 0;
	s->ns = s->cycles = s->reclaimed = s->rounds = 0;
}

static void add_chain(struct restricted *r, const struct chain *c)
{
	struct spin *s;

	if (!r->gfp.io)
		gfp_layout_default(&r->gfp);
	if (taken_elsewhere(r, c) || (!c->retries && !got_nothing(r, c)))
		return;
	r->window.ops = &ops;
	r->window.ctx = r;
	if (is_free(r, c->gfp) && c->retries)
		window_spread(&r->window, c->start_ns, c->end_ns, NS_OTHER, elapsed_ns(c->start_ns, c->end_ns));
	if (!is_restricted(r, c->gfp))
		return;
	s = spin_of(r, c);
	if (!s)
		return;
	s->goes_on = got_nothing(r, c);
	s->begin_ns = s->begin_ns ?: c->start_ns;
	s->end_ns = c->end_ns;
	s->ns += elapsed_ns(c->start_ns, c->end_ns);
	s->cycles += c->cycles;
	s->reclaimed += c->reclaimed_pages;
	if (s->told || s->cycles >= threshold(r->d, TH_RESTRICTED_CYCLES))
		tell(r, s, c->tid);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct restricted *r = state;

	if (strncmp(key, "gfp.", 4))
		return;
	if (!r->gfp.io)
		gfp_layout_default(&r->gfp);
	gfp_layout_set(&r->gfp, key + 4, strtoull(value, NULL, 0));
}

static void clear(void *state)
{
	tid_map_free(((struct restricted *)state)->tasks);
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct restricted *r = state;

	window_so_far(&r->window);
}

static void finish(void *state)
{
	struct restricted *r = state;

	window_finish(&r->window);
}

static void nofs_chain(void *state, const struct chain *c)
{
	struct restricted *r = state;

	r->detector = &nofs_noio_spin;
	r->which = NOFS_NOIO;
	add_chain(r, c);
}

static void nofail_chain(void *state, const struct chain *c)
{
	struct restricted *r = state;

	r->detector = &nofail_spin;
	r->which = NOFAIL;
	add_chain(r, c);
}

#define CHAIN_NEEDS	{ { TP_DIRECT_RECLAIM_BEGIN }, { TP_DIRECT_RECLAIM_END }, { TP_RECLAIM_RETRY_ZONE } }
#define CHAIN_WITHOUT	"record mm_vmscan_direct_reclaim_begin/end and oom:reclaim_retry_zone"

const struct detector nofs_noio_spin = {
	.kind = "nofs-noio-spin",
	.title = "requests that may not enter file systems or I/O reclaim and retry without end",
	.needs = CHAIN_NEEDS,
	.without = CHAIN_WITHOUT,
	.losses = LOSS_DIRECT,
	.state_size = sizeof(struct restricted),
	.clear = clear,
	.chain = nofs_chain,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};

const struct detector nofail_spin = {
	.kind = "nofail-spin",
	.title = "requests that must not fail reclaim and retry without end",
	.needs = CHAIN_NEEDS,
	.without = CHAIN_WITHOUT,
	.losses = LOSS_DIRECT,
	.state_size = sizeof(struct restricted),
	.clear = clear,
	.chain = nofail_chain,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
