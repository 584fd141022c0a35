// SPDX-License-Identifier: GPL-2.0-only
/*
 * ram_swap_stall.c - detector ram-backed-swap-stall: swap lies in RAM, reclaim goes on and on, no memory comes of it.
 *
 * What a page of zram gives back is its size less that of its compressed copy. should_reclaim_retry() does not know
 * that: zone_reclaimable_pages() counts every anonymous page as long as one swap slot is free, so the watermark test on
 * what could be freed passes, and the request goes round again instead of to the OOM killer (kernel-domain.md 4c).
 * While reclaim reports any progress no_progress_loops stays 0 and nothing else ends it. When even storing fails for
 * lack of memory the kernel gives up after 16 rounds, but then each of them scans all there is, for seconds.
 *
 * Time is cut into slots. A slot is bad when tasks stand in direct reclaim (or PSI says so), the kernel's decisions are
 * to go on, kswapd has balanced no zone, and the kernel's estimate is far above what could be gained: for half of a
 * slot, and nearly all of the storm. The domain (4c) asks for free pages below low; but whoever gets the pages of a
 * reclaim leaves them anywhere below high, and of several zones one always lies above low for a moment. Bad slots in a
 * row, one other between them forgiven, are an episode; an OOM kill ends it. Without samples nobody tells what swap lies
 * on. Then the last two are replaced by what the events show: at least half as many decisions to go on as reclaims. A
 * reclaim that leaves its own task without a page is what storing to RAM does; with a disk such retries are few.
 *
 * A call is known when it ends, so slots are kept open for a while.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/swap_state.h"

#define SLOT_NS		(10 * NSEC_PER_SEC)	/* the window of kernel-domain.md section 4 */
#define SLOTS		16			/* kept open: calls of up to 150 s are attributed in full */
#define FORGIVEN	1			/* slots in a row between bad ones */
#define LOOK_NS		NSEC_PER_SEC		/* zoneinfo and zram are sampled once a second */
#define BACK_SLOTS	6			/* the marginal cost is that of the last minute */
#define SURE_CHAINS	10
#define SURE_BYTES	(64ll << 20)		/* so much in zram makes its ratio more than chance */
#define MARGIN_BYTES	(16ll << 20)
#define COST_MAX	1.2			/* a stored page costs no more than itself and zsmalloc's overhead */
#define ROW_NS		NSEC_PER_MSEC		/* zones of one decision follow each other at once */

/* The kernel's estimate and the real gain at one moment. */
struct look {
	uint64_t		ts;
	struct zone_totals	zones;
	struct zram_totals	zram;
	double			swap_free_pages;
	double			cost;		/* RAM that storing one page takes, in pages */
	bool			cost_assumed;
	double			estimate, gain;	/* pages */
	double			over;		/* the one by the other */
};

struct slot {
	uint64_t		first_ns, last_ns;	/* of what tasks did in it; 0 nothing */
	uint64_t		stall_ns, calls, pages;
	uint64_t		rows, passed, idle;	/* decisions; to go on; and with progress */
	uint64_t		chains, movable;
	uint64_t		full_us;		/* PSI */
	uint64_t		killed_ns;		/* the first OOM kill in it; 0 none */
	uint64_t		looks, looks_bad;
	enum swap_backing	backing;		/* at its last look */
	struct look		worst;
	uint64_t		stop_ns;		/* first time at which it would have stopped without anon; 0 never */
	int64_t			orig, used;		/* at its last look */
	struct top_tasks	top;
};

struct episode {
	bool			active;
	unsigned int		forgiven;
	uint64_t		start_ns, end_ns;
	uint64_t		stall_ns, calls, pages, rows, passed, idle, chains, movable, full_us;
	uint64_t		looks, looks_bad;
	bool			in_ram;			/* swap is, in each of its slots */
	bool			killed;
	struct look		worst;
	uint64_t		stop_ns;
	struct top_tasks	top;
};

struct stall {
	const struct detect	*d;
	struct swap_state	swap;
	struct slot		slot[SLOTS];		/* of slot number n at n % SLOTS */
	uint64_t		newest;			/* number of the latest one */
	bool			begun;
	uint64_t		look_ns;
	int64_t			full_us, oom_kill;	/* as last sampled; -1 never */
	bool			counted;		/* the two are set */
	struct {
		int32_t		tid;
		uint64_t	ts;
		bool		refused;
	}			row;			/* the last reclaim_retry_zone */
	struct episode		episode;
};

/* --- verdict on a slot, and episodes --- */

static bool stalled(const struct stall *s, const struct slot *slot, double width_ns)
{
	return slot->stall_ns >= threshold(s->d, TH_RAM_SWAP_STALL) * width_ns ||
	       slot->full_us * 1000.0 >= threshold(s->d, TH_RAM_SWAP_PSI) * width_ns;
}

static bool is_bad(const struct stall *s, const struct slot *slot, double width_ns)
{
	if (!slot->first_ns || !stalled(s, slot, width_ns))
		return false;
	if (slot->passed < threshold(s->d, TH_RAM_SWAP_GO_ON) * slot->rows)
		return false;
	if (slot->backing == SWAP_OFF || slot->backing == SWAP_ELSEWHERE)
		return false;
	/* Without a look: nobody takes samples, or who does stands in the storm too. */
	return slot->looks_bad >= threshold(s->d, TH_RAM_SWAP_SHORT_SLOT) * slot->looks;
}

static void merge_tasks(struct top_tasks *to, const struct top_tasks *from)
{
	for (int i = 0; i < from->n; i++) {
		const struct finding_task *t = &from->task[i];

		top_tasks_add(to, t->tid, 0, t->pages, t->ns);
		for (int k = 0; k < to->n; k++)
			if (to->task[k].tid == t->tid)
				to->task[k].count += t->count - 1;
	}
}

static void episode_add(struct episode *e, const struct slot *slot)
{
	if (!e->active)
		*e = (struct episode){ .active = true, .start_ns = slot->first_ns, .in_ram = true };
	e->forgiven = 0;
	e->end_ns = slot->killed_ns && slot->killed_ns < slot->last_ns ? slot->killed_ns : slot->last_ns;
	e->in_ram &= slot->backing == SWAP_RAM;
	e->stall_ns += slot->stall_ns;
	e->calls += slot->calls;
	e->pages += slot->pages;
	e->rows += slot->rows;
	e->passed += slot->passed;
	e->idle += slot->idle;
	e->chains += slot->chains;
	e->movable += slot->movable;
	e->full_us += slot->full_us;
	e->looks += slot->looks;
	e->looks_bad += slot->looks_bad;
	if (slot->worst.over > e->worst.over)
		e->worst = slot->worst;
	if (!e->stop_ns)
		e->stop_ns = slot->stop_ns;
	merge_tasks(&e->top, &slot->top);
}

/* The recording tells that swap lies in RAM, and what it costs. */
static bool is_known(const struct episode *e)
{
	return e->in_ram && e->looks_bad;
}

/* Movable requests suffer too; where only the others do, their migratetype is the reason: nonmovable-reclaim-spin. */
static bool movable_enough(const struct stall *s, const struct episode *e)
{
	if (is_known(e) && e->chains < SURE_CHAINS)
		return true;
	return e->movable && e->movable >= threshold(s->d, TH_SPIN_MOVABLE_SHARE) * e->chains;
}

static bool is_short(const struct stall *s, uint64_t looks_bad, uint64_t looks)
{
	return looks_bad >= threshold(s->d, TH_RAM_SWAP_SHORT) * looks;
}

static bool is_storm(const struct stall *s, const struct episode *e)
{
	if (!e->active || !e->rows || elapsed_ns(e->start_ns, e->end_ns) < threshold_ns(s->d, TH_RAM_SWAP_S))
		return false;
	if (!is_short(s, e->looks_bad, e->looks))
		return false;
	if (!is_known(e) && e->passed < threshold(s->d, TH_RAM_SWAP_RETRIES) * e->calls)
		return false;
	return movable_enough(s, e);
}

/* --- the finding --- */

static const char explanation_known[] =
	"All swap lies in RAM. A page that is swapped out frees itself and takes the size of its compressed copy, and where "
	"data does not compress that is nearly all of it. The kernel counts every anonymous page as reclaimable while one "
	"swap slot is free, so allocations retry instead of ending in the OOM killer, and tasks stand still while pages go "
	"in and out of zram. A proposed change leaves anonymous pages out of that estimate when all swap is in RAM; "
	"stop_without_anon says when it would have stopped the retries. Its reviewers object that the estimate is only a "
	"shortcut, that the real limit is \"nothing was reclaimed\", that anonymous memory is reclaimable by compression, so "
	"that the change can kill too early, and that policy belongs in a userspace or BPF OOM killer.";

static const char explanation_bare[] =
	"Reclaim after reclaim left the very task that had reclaimed without a page, and each time the kernel found enough "
	"that could still be reclaimed to go on instead of calling the OOM killer. Swap in RAM (zram) does that: storing a "
	"page that is swapped out takes what it frees. What swap lies on is not in this recording, so this is a guess.";

static const char remedy_known[] =
	"Now: end or shrink what fills memory; or switch on swap on a disk with a lower priority. For good: a userspace OOM "
	"killer that looks at PSI (systemd-oomd, earlyoom) and ends it after seconds; a limit for zram (mem_limit, or a "
	"smaller disksize) so that the kernel sees that swap is full; a backing device for zram with writeback of idle and "
	"incompressible pages; or zswap in front of a disk instead of zram.";

static const char remedy_bare[] =
	"First look what swap is: cat /proc/swaps /sys/block/zram*/mm_stat. If all of it is zram: end what fills memory, and "
	"for good a userspace OOM killer (systemd-oomd, earlyoom), a limit or a backing device for zram, or zswap in front "
	"of a disk. squall record takes these counters with the events.";

static const char otherwise_known[] =
	"A machine that would be short of memory with any swap: what zram gains may still be more than what having no swap "
	"would leave.";

static const char otherwise_bare[] =
	"Many tasks that reclaim at once and take each other's pages, or a slow swap disk.";

static void evidence_of_look(const struct stall *s, const struct look *l, struct finding *f)
{
	double above = l->zones.free - l->zones.min;

	finding_evidence(f, "kernel_estimate_pages", "pages", l->estimate);
	finding_evidence(f, "real_gain_pages", "pages", l->gain);
	finding_evidence(f, "overestimate", "ratio", l->over);
	finding_evidence(f, "anon_pages", "pages", l->zones.anon);
	finding_evidence(f, "file_pages", "pages", l->zones.file);
	finding_evidence(f, "swap_free_pages", "pages", l->swap_free_pages);
	finding_evidence(f, "free_pages", "pages", l->zones.free);
	finding_evidence(f, "free_above_min", "pages", above);
	finding_evidence(f, "cost_of_32_stored", "pages", threshold(s->d, TH_SWAP_CLUSTER_MAX) * l->cost);
	finding_evidence(f, "cost_ratio", "RAM per stored page", l->cost);
	finding_evidence(f, "zram_stored", "bytes", l->zram.orig);
	finding_evidence(f, "zram_compressed", "bytes", l->zram.compr);
	finding_evidence(f, "zram_used", "bytes", l->zram.used);
	finding_evidence(f, "zram_limit", "bytes, 0 none", l->zram.limit);
}

static void evidence_of(const struct stall *s, const struct episode *e, double span_s, struct finding *f)
{
	finding_evidence(f, "duration", "s", span_s);
	finding_evidence(f, "stalled", "task-seconds", ns_to_s(e->stall_ns));
	finding_evidence(f, "tasks_stalled", "tasks on average", ns_to_s(e->stall_ns) / span_s);
	finding_evidence(f, "direct_reclaims", "calls", e->calls);
	finding_evidence(f, "reclaimed_pages", "pages", e->pages);
	finding_evidence(f, "decisions", "decisions", e->rows);
	finding_evidence(f, "decisions_to_go_on", "decisions", e->passed);
	finding_evidence(f, "go_on_with_progress", "decisions", e->idle);
	finding_evidence(f, "allocations", "chains", e->chains);
	finding_evidence(f, "movable_allocations", "chains", e->movable);
	if (s->counted && s->full_us >= 0)
		finding_evidence(f, "psi_full", "s", e->full_us / 1e6);
	if (!is_known(e))
		return;
	finding_evidence(f, "samples", "looks", e->looks);
	finding_evidence(f, "samples_short", "looks", e->looks_bad);
	evidence_of_look(s, &e->worst, f);
	if (e->stop_ns)
		finding_evidence(f, "stop_without_anon", "s after the start",
				 ns_to_s(elapsed_ns(e->start_ns, e->stop_ns)));
}

static void summarize(const struct episode *e, double span_s, struct finding *f)
{
	int n = snprintf(f->summary, sizeof(f->summary),
			 "tasks stood in direct reclaim for %.1f task-seconds in %.0f s; of %" PRIu64 " decisions %" PRIu64
			 " were to go on (%" PRIu64 " because of progress)", ns_to_s(e->stall_ns), span_s, e->rows, e->passed,
			 e->idle);

	if (!is_known(e))
		snprintf(f->summary + n, sizeof(f->summary) - n,
			 ", and %" PRIu64 " direct reclaims freed %" PRIu64 " pages: as when swap lies in RAM, which the "
			 "recording does not tell", e->calls, e->pages);
	else
		snprintf(f->summary + n, sizeof(f->summary) - n,
			 "; the kernel took %.0f pages for reclaimable, but all swap lies in RAM and storing a page takes %.2f "
			 "of one: some %.0f could be gained (%s)", e->worst.estimate, e->worst.cost, e->worst.gain,
			 e->killed ? "an OOM kill ended it" : "no OOM kill");
}

static enum confidence confidence_of(const struct episode *e)
{
	if (!is_known(e))
		return CONFIDENCE_LOW;
	return e->worst.cost_assumed || e->chains < SURE_CHAINS ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
}

static void report(const struct stall *s, const struct episode *e)
{
	struct finding f = finding_start(&ram_backed_swap_stall, e->start_ns, e->end_ns);
	double span_s = ns_to_s(elapsed_ns(e->start_ns, e->end_ns));

	f.severity = span_s >= threshold(s->d, TH_RAM_SWAP_HIGH_S) ||
		     (is_known(e) && e->worst.over >= threshold(s->d, TH_RAM_SWAP_OVER_HIGH)) ? SEVERITY_HIGH : SEVERITY_WARNING;
	f.confidence = confidence_of(e);
	f.explanation = is_known(e) ? explanation_known : explanation_bare;
	f.remedy = is_known(e) ? remedy_known : remedy_bare;
	f.otherwise = is_known(e) ? otherwise_known : otherwise_bare;
	f.references = "should_reclaim_retry(), mm/page_alloc.c; zone_reclaimable_pages(), mm/vmscan.c. Matt Fleming's RFC of "
		       "3 Mar 2026 on linux-mm, with the answers of Johannes Weiner and Shakeel Butt; not merged by 7.3.";
	summarize(e, span_s, &f);
	evidence_of(s, e, span_s, &f);
	if (!is_known(e))
		finding_missing(&f, "What swap lies on is not in the recording: /proc/swaps with zram devices only would confirm "
				    "it, a disk would refute it.");
	else if (e->worst.cost_assumed)
		finding_missing(&f, "zram holds little or does not tell: that storing a page takes half of one is assumed.");
	top_tasks_report(&e->top, &f, "stalled tasks");
	detector_report(s->d, &f);
}

/* --- slots --- */

static void episode_close(const struct stall *s, struct episode *e)
{
	if (is_storm(s, e))
		report(s, e);
	e->active = false;
}

/* @slot is complete, or as complete as it gets. */
static void judge(const struct stall *s, struct episode *e, const struct slot *slot, double width_ns)
{
	bool bad = is_bad(s, slot, width_ns);

	/* A storm that fades is not undone by its end. */
	if (bad && is_storm(s, e) && !is_short(s, e->looks_bad + slot->looks_bad, e->looks + slot->looks))
		episode_close(s, e);
	if (bad)
		episode_add(e, slot);
	else if (e->active && ++e->forgiven > FORGIVEN)
		episode_close(s, e);
	if (!slot->killed_ns || !e->active)
		return;
	e->killed = true;
	episode_close(s, e);
}

static struct slot *slot_of(struct stall *s, uint64_t number)
{
	return &s->slot[number % SLOTS];
}

static uint64_t oldest(const struct stall *s)
{
	return s->newest >= SLOTS - 1 ? s->newest - (SLOTS - 1) : 0;
}

/* The slot of a time; NULL: it is judged already. */
static struct slot *slot_at(struct stall *s, uint64_t ts)
{
	uint64_t number = ts / SLOT_NS;

	if (!s->begun) {
		s->begun = true;
		s->newest = number;
	}
	for (unsigned int steps = 0; s->newest < number; steps++) {
		struct slot *slot;

		if (steps > SLOTS)	/* only empty ones are left */
			s->newest = number - 1;
		slot = slot_of(s, ++s->newest);
		judge(s, &s->episode, slot, SLOT_NS);
		*slot = (struct slot){ .backing = swap_state_backing(&s->swap) };
	}
	return number >= oldest(s) ? slot_of(s, number) : NULL;
}

/* What the slots that are open would come to. The last one has been going on for a part of its time only. */
static void judge_open(const struct stall *s, struct episode *e, uint64_t now_ns)
{
	for (uint64_t n = oldest(s); s->begun && n <= s->newest; n++) {
		uint64_t begin = n * SLOT_NS;
		double width_ns = now_ns > begin && now_ns - begin < SLOT_NS ? now_ns - begin : SLOT_NS;

		judge(s, e, &s->slot[n % SLOTS], width_ns);
	}
}

static void note_activity(struct slot *slot, uint64_t from_ns, uint64_t until_ns)
{
	if (!slot->first_ns || from_ns < slot->first_ns)
		slot->first_ns = from_ns;
	if (until_ns > slot->last_ns)
		slot->last_ns = until_ns;
}

/* --- what comes in --- */

static void on_call(void *state, const struct reclaim_call *call)
{
	struct stall *s = state;
	uint64_t first = call->begin_ns / SLOT_NS;
	struct slot *last;

	if (call->kind != CALL_DIRECT)
		return;
	last = slot_at(s, call->end_ns);
	if (!last)
		return;
	for (uint64_t n = first > oldest(s) ? first : oldest(s); n <= call->end_ns / SLOT_NS; n++) {
		uint64_t from = n * SLOT_NS, until = from + SLOT_NS;
		struct slot *slot = slot_of(s, n);

		from = call->begin_ns > from ? call->begin_ns : from;
		until = call->end_ns < until ? call->end_ns : until;
		if (from > until)
			continue;
		slot->stall_ns += until - from;
		note_activity(slot, from, until);
		top_tasks_add(&slot->top, call->tid, 0, slot == last ? call->pages : 0, until - from);
	}
	last->calls++;
	last->pages += call_backed_off(call) ? 0 : call->pages;
}

/*
 * One zone of a decision. The zonelist is walked from the preferred zone down, so a zone that does not pass before one
 * that does was no decision.
 */
static void on_retry(struct stall *s, struct slot *slot, const struct mm_event *mm)
{
	bool passed = mm_int(mm, TPF_WMARK_CHECK, 0);

	if (s->row.refused && s->row.tid == mm->ev->tid && elapsed_ns(s->row.ts, mm->ev->ts) <= ROW_NS && slot->rows)
		slot->rows--;
	slot->rows++;
	slot->passed += passed;
	slot->idle += passed && !mm_int(mm, TPF_NO_PROGRESS_LOOPS, 0);
	note_activity(slot, mm->ev->ts, mm->ev->ts);
	s->row.tid = mm->ev->tid;
	s->row.ts = mm->ev->ts;
	s->row.refused = !passed;
}

static void note_kill(struct slot *slot, uint64_t ts)
{
	if (!slot->killed_ns)
		slot->killed_ns = ts;
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct stall *s = state;
	struct slot *slot = slot_at(s, mm->ev->ts);

	if (!slot)
		return;
	if (mm_tp(mm) == TP_MARK_VICTIM)
		note_kill(slot, mm->ev->ts);
	else
		on_retry(s, slot, mm);
}

static void on_chain(void *state, const struct chain *chain)
{
	struct slot *slot = chain->retries ? slot_at(state, chain->end_ns) : NULL;

	if (!slot)
		return;
	slot->chains++;
	slot->movable += chain->migratetype == MIGRATE_MOVABLE;
}

/* RAM that a stored page takes: on average, or lately, whichever is more. */
static double cost_of(struct stall *s, const struct zram_totals *zram, bool told, bool *assumed)
{
	const struct slot *back = s->newest >= BACK_SLOTS ? slot_of(s, s->newest - BACK_SLOTS) : NULL;
	double cost, lately;

	*assumed = !told || zram->orig < SURE_BYTES;
	if (*assumed)
		return threshold(s->d, TH_RAM_SWAP_COST);
	cost = (double)zram->used / zram->orig;
	if (!back || !back->looks || zram->orig - back->orig < MARGIN_BYTES)
		return cost;
	lately = (double)(zram->used - back->used) / (zram->orig - back->orig);
	return fmin(fmax(cost, lately), fmax(cost, COST_MAX));
}

/* Reclaim gains file pages that are clean, and of anonymous ones what swap has room for, less their copies. */
static void estimate(const struct stall *s, struct look *l)
{
	const struct system_counters *sys = &s->swap.system;
	double page = swap_state_page_bytes(&s->swap), anon, file;

	l->swap_free_pages = sys->swap_free.value / page;
	file = fmax(0, l->zones.file - sys->dirty.value - sys->writeback.value);
	anon = fmin(l->zones.anon, l->swap_free_pages);
	if (l->zram.limit && l->cost > 0)
		anon = fmin(anon, fmax(0, l->zram.limit - l->zram.used) / l->cost / page);
	l->estimate = l->zones.file + (sys->swap_free.value ? l->zones.anon : 0);
	l->gain = file + anon * fmax(0, 1 - l->cost);
	l->over = l->estimate / fmax(l->gain, 1);
}

static void take_look(struct stall *s, struct slot *slot, uint64_t ts)
{
	struct look l = { .ts = ts };
	bool told;

	slot->backing = swap_state_backing(&s->swap);
	if (slot->backing != SWAP_RAM || !s->swap.system.swap_free.known || !swap_state_zones(&s->swap, &l.zones))
		return;
	told = swap_state_zram(&s->swap, &l.zram);
	slot->orig = l.zram.orig;
	slot->used = l.zram.used;
	l.cost = cost_of(s, &l.zram, told, &l.cost_assumed);
	estimate(s, &l);
	slot->looks++;
	slot->looks_bad += l.zones.unbalanced && l.over >= threshold(s->d, TH_RAM_SWAP_OVER);
	if (l.zones.unbalanced && l.over > slot->worst.over)
		slot->worst = l;
	if (l.zones.hopeless_without_anon && !slot->stop_ns)
		slot->stop_ns = ts;
}

/* Counters that grow: what was added since the last sample. */
static void add_growth(struct stall *s, struct slot *slot, uint64_t ts)
{
	const struct system_counters *sys = &s->swap.system;

	if (!s->counted)
		s->full_us = s->oom_kill = -1;
	s->counted = true;
	if (sys->full_us.known) {
		if (s->full_us >= 0 && sys->full_us.value > s->full_us)
			slot->full_us += sys->full_us.value - s->full_us;
		s->full_us = sys->full_us.value;
	}
	if (sys->oom_kill.known) {
		if (s->oom_kill >= 0 && sys->oom_kill.value > s->oom_kill)
			note_kill(slot, ts);
		s->oom_kill = sys->oom_kill.value;
	}
}

/* Samples of one time come one by one: a look is taken when the next ones begin. */
static void on_sample(void *state, const struct sample *sample)
{
	struct stall *s = state;

	if (sample->ts >= s->look_ns + LOOK_NS) {
		struct slot *slot = slot_at(s, sample->ts);

		if (slot) {
			add_growth(s, slot, sample->ts);
			take_look(s, slot, sample->ts);
		}
		s->look_ns = sample->ts;
	}
	swap_state_sample(&s->swap, sample);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct stall *s = state;

	swap_state_meta(&s->swap, key, value);
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct stall *s = state;
	struct episode e = s->episode;

	judge_open(s, &e, now_ns);
	if (is_storm(s, &e))
		report(s, &e);
}

static void finish(void *state)
{
	struct stall *s = state;

	judge_open(s, &s->episode, s->d->facts->last_ns);
	episode_close(s, &s->episode);
}

const struct detector ram_backed_swap_stall = {
	.kind = "ram-backed-swap-stall",
	.title = "swap in RAM (zram) that frees no memory while tasks reclaim without end",
	.needs = { { TP_DIRECT_RECLAIM_BEGIN }, { TP_DIRECT_RECLAIM_END }, { TP_RECLAIM_RETRY_ZONE } },
	.without = "record mm_vmscan_direct_reclaim_begin/end and oom:reclaim_retry_zone, best with squall record, which also "
		   "takes what swap lies on",
	.losses = LOSS_DIRECT | LOSS_COMPACTION,
	.state_size = sizeof(struct stall),
	.events = (const enum tracepoint[]){ TP_RECLAIM_RETRY_ZONE, TP_MARK_VICTIM, TP_NONE },
	.event = on_event,
	.chain = on_chain,
	.call = on_call,
	.sample = on_sample,
	.meta = on_meta,
	.so_far = so_far,
	.finish = finish,
};
