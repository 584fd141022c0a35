// SPDX-License-Identifier: GPL-2.0-only
/*
 * oom_storm.c - detector oom-storm: the OOM killer kills and kills, and it does not help.
 *
 * A kill is one decision of out_of_memory(): the task that calls it leaves oom:mark_victim, several in a row when
 * memory.oom.group is set. Which domain it was for is read from what that task reclaimed last: a limit of a cgroup
 * (memcg reclaim), or the machine. Where the recording has no such events, growth of oom_kill in /proc/vmstat tells of
 * kills without details.
 *
 * What a kill gave back is the highest number of free pages seen from then until a while after the victim's memory was
 * taken apart (oom:finish_task_reaping, or the time after which the reaper begins), but not past the next kill. It is a
 * lower bound, for others allocate meanwhile. Events may come a little later than samples of the same time, so what
 * samples said is kept for a while and looked up when all has come.
 *
 * It is compared with what the victim had: anon_rss, and of its swapped pages what zram says it stores less of,
 * compressed. Of that part it is also known how much zsmalloc gave back (kernel-domain.md 4d).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/swap_state.h"
#include "analyze/zone_table.h"

#define KILLS_OPEN	32		/* of which is not yet known what they gave back */
#define KILLS_KEPT	256		/* of an episode, for the median; more are counted */
#define DOMAINS		16
#define CALLERS		1024
#define CALLER_NS	(10 * NSEC_PER_SEC)	/* reclaim this long before a kill is not what led to it */
#define SWAPPED_BYTES	(1ll << 20)		/* less swap than this does not count */
#define LOOKS		128
#define LOOK_NS		(100 * NSEC_PER_MSEC)	/* between those that are kept: 13 s in all */
#define LATE_NS		(2 * NSEC_PER_SEC)	/* after this no event of a time comes any more */
#define DOMAIN_MACHINE	0
#define DOMAIN_MEMCG	UINT64_MAX		/* a cgroup; which one the kernel does not tell (before 7.1) */

/* What samples had said by a time. */
struct look {
	uint64_t		ts;		/* 0: none */
	uint64_t		free_ns, zones_ns;	/* when these two were sampled; 0 never */
	int64_t			free;		/* pages */
	bool			below_min;	/* no zone above its min watermark */
	bool			zram;		/* the next two are known */
	int64_t			compr, used;	/* bytes */
};

struct kill {
	bool			open;
	uint64_t		ts, settle_ns;	/* looks up to then count */
	bool			cut;		/* because the next kill was then */
	uint64_t		domain;
	int32_t			victim, caller;
	double			anon_bytes;	/* -1 not told */
};

/* Kills of one domain that follow each other. */
struct episode {
	bool			active;
	uint64_t		domain;
	uint64_t		start_ns, end_ns;
	uint64_t		kills, victims;
	uint64_t		time[KILLS_KEPT];	/* of kills: a ring */
	bool			dense;			/* enough of them within the window */
	double			eff[KILLS_KEPT];	/* of those where it is known */
	unsigned int		neff;
	uint64_t		nothing;		/* that freed nothing */
	uint64_t		looked, short_after;
	double			anon_bytes, freed_bytes;	/* of those with neff */
	double			compr_bytes, used_bytes;	/* what zram stored less, and gave back */
	uint64_t		undetailed;
	uint64_t		guessed;		/* kills by tasks of which no reclaim is known: taken for the machine's */
	struct top_tasks	callers;
};

/* What a thread reclaimed last. */
struct caller {
	int32_t		tid;
	bool		memcg;
	uint64_t	memcg_id;
	uint64_t	end_ns;
};

struct oom_watch {
	const struct detect	*d;
	struct swap_state	swap;
	struct kill		kill[KILLS_OPEN];
	struct episode		episode[DOMAINS];
	struct caller		caller[CALLERS];	/* by tid; one that has the same place takes it over */
	struct look		looks[LOOKS];		/* a ring */
	unsigned int		nlooks;
	struct look		now;
	int64_t			counted;		/* oom_kill as last sampled */
	bool			have_count;
	bool			by_count;		/* kills are known from it only */
};

/* --- the finding --- */

static const char explanation[] =
	"The kernel killed task after task and was short of memory again at once. Either what the victims held did not come "
	"back (their pages lay in zram, where freed objects leave holes and no memory; or other tasks share them), or the "
	"memory is held by somebody whom the killer spares (oom_score_adj, tmpfs, pinned or kernel memory), or what was "
	"freed was taken at once.";

static const char explanation_unknown[] =
	"The kernel killed task after task. Whether memory came back and was needed again, or did not come back at all, is "
	"not in this recording.";

static const char explanation_memcg[] =
	"A cgroup is at its limit, and task after task in it is killed. Each time it is at the limit again soon.";

static const char remedy[] =
	"See in the kernel's log which tasks were killed and what they held (oom_dump_tasks), and find what was not: shmem "
	"and slab in /proc/meminfo, tasks with oom_score_adj -1000, /sys/block/zram*/mm_stat. End that one, or give the "
	"service a limit of its own. For good: a userspace OOM killer (systemd-oomd, earlyoom) that acts earlier and on whole "
	"cgroups, memory.oom.group for services of several processes, and a limit or a backing device for zram.";

static const char remedy_memcg[] =
	"Raise memory.max of the cgroup, or mend what outgrows it; a service manager that restarts it at once makes a loop "
	"(a start limit stops that). memory.oom.group=1 kills all of it together, instead of one process after the other.";

static int by_value(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

/* Of an even number the lower middle one. */
static double median(const struct episode *e)
{
	double sorted[KILLS_KEPT];

	memcpy(sorted, e->eff, e->neff * sizeof(sorted[0]));
	qsort(sorted, e->neff, sizeof(sorted[0]), by_value);
	return sorted[(e->neff - 1) / 2];
}

static bool for_machine(const struct episode *e)
{
	return e->domain == DOMAIN_MACHINE;
}

/* Free memory of the machine says little of a cgroup that is at its limit. */
static bool never_enough(const struct episode *e)
{
	return for_machine(e) && e->looked && e->short_after == e->looked;
}

static bool inefficient(const struct oom_watch *o, const struct episode *e)
{
	return e->neff && median(e) < threshold(o->d, TH_OOM_EFFICACY);
}

static bool outcome_known(const struct episode *e)
{
	return e->neff || (for_machine(e) && e->looked);
}

static bool is_storm(const struct oom_watch *o, const struct episode *e)
{
	return e->active && e->dense && (!outcome_known(e) || inefficient(o, e) || never_enough(e));
}

static void summarize(const struct oom_watch *o, const struct episode *e, struct finding *f)
{
	int n = snprintf(f->summary, sizeof(f->summary), "%" PRIu64 " OOM kills (%" PRIu64 " tasks) in %.1f s %s",
			 e->kills, e->victims, ns_to_s(elapsed_ns(e->start_ns, e->end_ns)),
			 for_machine(e) ? "for the whole machine" : "at the limit of a cgroup");

	if (e->neff)
		n += snprintf(f->summary + n, sizeof(f->summary) - n,
			      "; the middle one gave back %.0f %% of what its victim held, %" PRIu64 " of %u nothing",
			      100 * median(e), e->nothing, e->neff);
	if (e->looked && for_machine(e))
		n += snprintf(f->summary + n, sizeof(f->summary) - n,
			      "; after %" PRIu64 " of %" PRIu64 " no zone was above its min watermark", e->short_after,
			      e->looked);
	if (!outcome_known(e))
		snprintf(f->summary + n, sizeof(f->summary) - n, "; what they gave back is not known");
}

static void evidence_of(const struct episode *e, struct finding *f)
{
	finding_evidence(f, "kills", "kills", e->kills);
	finding_evidence(f, "victims", "tasks", e->victims);
	finding_evidence(f, "duration", "s", ns_to_s(elapsed_ns(e->start_ns, e->end_ns)));
	finding_evidence(f, "kills_judged", "kills", e->neff);
	if (e->neff) {
		finding_evidence(f, "efficacy_median", "ratio", median(e));
		finding_evidence(f, "kills_that_freed_nothing", "kills", e->nothing);
		finding_evidence(f, "held", "bytes", e->anon_bytes);
		finding_evidence(f, "given_back", "bytes", e->freed_bytes);
	}
	if (for_machine(e) && e->looked) {
		finding_evidence(f, "kills_looked_after", "kills", e->looked);
		finding_evidence(f, "short_after_kill", "kills", e->short_after);
	}
	if (e->compr_bytes > 0) {
		finding_evidence(f, "zram_freed_objects", "bytes", e->compr_bytes);
		finding_evidence(f, "zram_given_back", "bytes", e->used_bytes);
	}
}

static enum severity severity_of(const struct oom_watch *o, const struct episode *e)
{
	return for_machine(e) && outcome_known(e) ? SEVERITY_HIGH : SEVERITY_WARNING;
}

static enum confidence confidence_of(const struct episode *e)
{
	if (!outcome_known(e))
		return CONFIDENCE_LOW;
	return e->neff * 2 >= e->kills && e->looked * 2 >= e->kills ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
}

static void add_missing(const struct oom_watch *o, const struct episode *e, struct finding *f)
{
	if (o->by_count)
		finding_missing(f, "oom:mark_victim is not in the recording: kills are counted by oom_kill of /proc/vmstat, and "
				   "whom they hit is not known.");
	else if (e->undetailed)
		finding_missing(f, "oom:mark_victim of this kernel tells nothing of what a victim held.");
	if (e->guessed)
		finding_missing(f, "What the callers reclaimed before is not in the recording: it may have been the limit of a "
				   "cgroup.");
	if (!e->looked)
		finding_missing(f, "No samples of free memory after the kills: squall record takes them.");
	finding_missing(f, "Kills from userspace (systemd-oomd, earlyoom, lmkd) leave no such event: see the journal.");
}

static void report(const struct oom_watch *o, const struct episode *e)
{
	struct finding f = finding_start(&oom_storm, e->start_ns, e->end_ns);

	f.variant = for_machine(e) ? "machine" : "cgroup";
	f.severity = severity_of(o, e);
	f.confidence = confidence_of(e);
	f.cgroup_id = !for_machine(e) && e->domain != DOMAIN_MEMCG ? e->domain : 0;
	f.explanation = !for_machine(e) ? explanation_memcg : outcome_known(e) ? explanation : explanation_unknown;
	f.remedy = for_machine(e) ? remedy : remedy_memcg;
	f.otherwise = outcome_known(e) ? "" : "Kills that did free memory, which was needed again: a machine or a limit that "
						"is too small for what is started again and again.";
	f.references = "out_of_memory() and oom_reaper(), mm/oom_kill.c; Mel Gorman on zsmalloc and OOM kills in the thread "
		       "on promoting zram, linux-mm 2013.";
	summarize(o, e, &f);
	evidence_of(e, &f);
	add_missing(o, e, &f);
	f.tasks_role = TASKS_CAUSED;
	top_tasks_report(&e->callers, &f, "tasks that called the OOM killer");
	detector_report(o->d, &f);
}

/* --- episodes --- */

static void episode_close(struct oom_watch *o, struct episode *e)
{
	if (is_storm(o, e))
		report(o, e);
	e->active = false;
}

/* The episode of a domain; with all places taken the one that ended first gives way. */
static struct episode *episode_of(struct oom_watch *o, uint64_t domain)
{
	struct episode *oldest = &o->episode[0];

	for (int i = 0; i < DOMAINS; i++) {
		struct episode *e = &o->episode[i];

		if (e->active && e->domain == domain)
			return e;
		if (!e->active || (oldest->active && e->end_ns < oldest->end_ns))
			oldest = e;
	}
	episode_close(o, oldest);
	*oldest = (struct episode){ .domain = domain };
	return oldest;
}

static void episode_add(struct oom_watch *o, struct episode *e, uint64_t ts)
{
	uint64_t need = threshold(o->d, TH_OOM_KILLS);

	if (!e->active)
		*e = (struct episode){ .active = true, .domain = e->domain, .start_ns = ts };
	e->end_ns = ts;
	e->time[e->kills++ % KILLS_KEPT] = ts;
	if (e->kills >= need)
		e->dense |= elapsed_ns(e->time[(e->kills - need) % KILLS_KEPT], ts) <=
			    threshold_ns(o->d, TH_OOM_WINDOW_S);
}

/* --- what a kill gave back --- */

/* What the looks say of one kill. */
struct outcome {
	int64_t		freed;		/* pages; -1 not known */
	bool		looked;
	bool		short_after;	/* at no look was a zone above its min watermark */
	int64_t		compr, used;	/* bytes that zram stores less, and that it has given back */
};

static const struct look *look_at(const struct oom_watch *o, unsigned int age)
{
	return age < LOOKS && age < o->nlooks ? &o->looks[(o->nlooks - 1 - age) % LOOKS] : NULL;
}

static int64_t more(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct outcome outcome_of(const struct oom_watch *o, const struct kill *k)
{
	struct outcome out = { .freed = -1 };
	const struct look *l, *before = NULL;
	unsigned int age = 0;

	while (!before && (l = look_at(o, age)))
		if (l->ts <= k->ts)
			before = l;
		else
			age++;
	while (age-- > 0) {	/* forward in time */
		l = look_at(o, age);
		if (l->ts > k->settle_ns)
			break;
		if (l->zones_ns > k->ts) {
			out.short_after = l->below_min && (out.short_after || !out.looked);
			out.looked = true;
		}
		if (before && before->free_ns && l->free_ns > k->ts)
			out.freed = more(out.freed, more(0, l->free - before->free));
		if (before && before->zram && l->zram) {
			out.compr = more(out.compr, before->compr - l->compr);
			out.used = more(out.used, before->used - l->used);
		}
	}
	return out;
}

static bool freed_nothing(const struct oom_watch *o, const struct outcome *out, double eff)
{
	double least = threshold(o->d, TH_OOM_NOTHING);

	return eff < least && (out->compr < SWAPPED_BYTES || out->used < least * out->compr);
}

static void settle(struct oom_watch *o, struct kill *k)
{
	struct episode *e = episode_of(o, k->domain);
	struct outcome out = outcome_of(o, k);
	double held = k->anon_bytes + out.compr, freed = out.freed * (double)swap_state_page_bytes(&o->swap);

	k->open = false;
	e->undetailed += k->anon_bytes < 0;
	e->looked += out.looked;
	e->short_after += out.looked && out.short_after;
	e->compr_bytes += out.compr;
	e->used_bytes += out.used;
	if (k->anon_bytes < 0 || out.freed < 0 || held <= 0 || e->neff == KILLS_KEPT)
		return;
	e->eff[e->neff++] = freed / held;
	e->nothing += freed_nothing(o, &out, freed / held);
	e->anon_bytes += held;
	e->freed_bytes += freed;
}

/* All that happened before @ts has come. */
static void settle_until(struct oom_watch *o, uint64_t ts)
{
	for (int i = 0; i < KILLS_OPEN; i++)
		if (o->kill[i].open && o->kill[i].settle_ns <= ts)
			settle(o, &o->kill[i]);
}

static void settle_late(struct oom_watch *o, uint64_t now_ns)
{
	if (now_ns > LATE_NS)
		settle_until(o, now_ns - LATE_NS);
}

static void look(struct oom_watch *o)
{
	const struct look *last = look_at(o, 0);
	struct zram_totals zram;
	struct zone_totals zones;

	if (!o->now.ts || (last && o->now.ts < last->ts + LOOK_NS))
		return;
	o->now.free = o->swap.system.free.value;
	o->now.zram = swap_state_zram(&o->swap, &zram);
	o->now.compr = zram.compr;
	o->now.used = zram.used;
	if (!swap_state_zones(&o->swap, &zones))
		o->now.zones_ns = 0;
	o->now.below_min = zones.below_min;
	o->looks[o->nlooks++ % LOOKS] = o->now;
}

static struct kill *kill_new(struct oom_watch *o)
{
	struct kill *oldest = &o->kill[0];

	for (int i = 0; i < KILLS_OPEN; i++) {
		if (!o->kill[i].open)
			return &o->kill[i];
		if (o->kill[i].ts < oldest->ts)
			oldest = &o->kill[i];
	}
	settle(o, oldest);
	return oldest;
}

static struct kill *kill_begin(struct oom_watch *o, uint64_t ts, uint64_t domain)
{
	struct episode *e = episode_of(o, domain);
	struct kill *k;

	for (int i = 0; i < KILLS_OPEN; i++)	/* the next kill ends what can be said of the one before */
		if (o->kill[i].open && o->kill[i].settle_ns > ts) {
			o->kill[i].settle_ns = ts;
			o->kill[i].cut = true;
		}
	if (e->active && elapsed_ns(e->end_ns, ts) > threshold_ns(o->d, TH_OOM_WINDOW_S)) {
		settle_until(o, ts);
		episode_close(o, e);
	}
	episode_add(o, e, ts);
	k = kill_new(o);
	*k = (struct kill){ .open = true, .ts = ts, .domain = domain, .victim = -1, .caller = -1, .anon_bytes = -1 };
	k->settle_ns = ts + threshold_ns(o->d, TH_OOM_REAPER_S) + threshold_ns(o->d, TH_OOM_SETTLE_S);
	return k;
}

/* --- what comes in --- */

static void on_call(void *state, const struct reclaim_call *call)
{
	struct oom_watch *o = state;
	bool memcg = call->kind == CALL_MEMCG;

	if (!memcg && call->kind != CALL_DIRECT)
		return;
	o->caller[(uint32_t)call->tid % CALLERS] = (struct caller){ call->tid, memcg, call->memcg_id, call->end_ns };
}

static const struct caller *caller_of(const struct oom_watch *o, int32_t tid, uint64_t ts)
{
	const struct caller *c = &o->caller[(uint32_t)tid % CALLERS];

	return c->tid == tid && c->end_ns && elapsed_ns(c->end_ns, ts) <= CALLER_NS ? c : NULL;
}

static uint64_t domain_of(const struct caller *c)
{
	if (!c || !c->memcg)
		return DOMAIN_MACHINE;
	return c->memcg_id ?: DOMAIN_MEMCG;
}

/* One more victim of the same decision: the caller has not reclaimed since. */
static struct kill *same_decision(struct oom_watch *o, const struct mm_event *mm, const struct caller *c)
{
	for (int i = 0; i < KILLS_OPEN; i++) {
		struct kill *k = &o->kill[i];

		if (k->open && k->caller == mm->ev->tid && elapsed_ns(k->ts, mm->ev->ts) < NSEC_PER_SEC &&
		    (!c || c->end_ns <= k->ts))
			return k;
	}
	return NULL;
}

static void on_victim(struct oom_watch *o, const struct mm_event *mm)
{
	const struct caller *c = caller_of(o, mm->ev->tid, mm->ev->ts);
	struct kill *k = same_decision(o, mm, c);
	struct episode *e;
	int64_t kb;

	o->by_count = false;
	if (!k) {
		k = kill_begin(o, mm->ev->ts, domain_of(c));
		k->caller = mm->ev->tid;
		top_tasks_add(&episode_of(o, k->domain)->callers, mm->ev->tid, 0, 0, 0);
		episode_of(o, k->domain)->guessed += !c;
	}
	e = episode_of(o, k->domain);
	e->victims++;
	k->victim = mm_int(mm, TPF_PID, -1);
	if (mm_get(mm, TPF_ANON_RSS, &kb) && kb >= 0)
		k->anon_bytes = (k->anon_bytes < 0 ? 0 : k->anon_bytes) + kb * 1024.0;
}

/* The victim's memory is taken apart: what comes back comes soon. */
static void on_reaped(struct oom_watch *o, const struct mm_event *mm)
{
	int64_t victim = mm_int(mm, TPF_PID, -1);

	for (int i = 0; i < KILLS_OPEN; i++) {
		struct kill *k = &o->kill[i];

		if (k->open && !k->cut && k->victim == victim)
			k->settle_ns = mm->ev->ts + threshold_ns(o->d, TH_OOM_SETTLE_S);
	}
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct oom_watch *o = state;

	settle_late(o, mm->ev->ts);
	if (mm_tp(mm) == TP_MARK_VICTIM)
		on_victim(o, mm);
	else
		on_reaped(o, mm);
}

static bool have_events(const struct oom_watch *o)
{
	return o->d->facts->seen[TP_MARK_VICTIM] || o->d->facts->recorded[TP_MARK_VICTIM];
}

/* Without the events: so many kills since the last sample. */
static void count_kills(struct oom_watch *o, int64_t value, uint64_t ts)
{
	int64_t more = o->have_count ? value - o->counted : 0;

	o->counted = value;
	o->have_count = true;
	if (have_events(o))
		return;
	if (more > KILLS_KEPT)
		more = KILLS_KEPT;
	for (; more > 0; more--) {
		o->by_count = true;
		kill_begin(o, ts, DOMAIN_MACHINE);
		episode_of(o, DOMAIN_MACHINE)->victims++;
	}
}

/* "zone.Normal.free", but not "zone.Normal.order3.free" */
static bool is_zone_free(const char *name)
{
	size_t len;
	const char *zone, *counter = zone_counter(name, &zone, &len);

	return counter && !strcmp(counter, "free");
}

/* Samples of one time come one by one: a look is taken when the next ones begin, at what the last ones said. */
static void on_sample(void *state, const struct sample *sample)
{
	struct oom_watch *o = state;

	if (sample->ts > o->now.ts) {
		look(o);
		settle_late(o, o->now.ts);
		o->now.ts = sample->ts;
	}
	swap_state_sample(&o->swap, sample);
	if (sample->scope == SCOPE_ZONE && is_zone_free(sample->name))
		o->now.zones_ns = sample->ts;
	if (sample->scope != SCOPE_SYSTEM)
		return;
	if (!strcmp(sample->name, "nr_free_pages"))
		o->now.free_ns = sample->ts;
	else if (!strcmp(sample->name, "oom_kill"))
		count_kills(o, o->swap.system.oom_kill.value, sample->ts);
}

static void on_meta(void *state, const char *key, const char *value)
{
	struct oom_watch *o = state;

	swap_state_meta(&o->swap, key, value);
}

static const char *lacks(const void *state)
{
	const struct oom_watch *o = state;

	return have_events(o) || o->have_count ? NULL :
	       "no mark_victim in the recording: nobody was killed or it was not recorded (record oom:mark_victim and the "
	       "reaper's events, best with squall record, which also takes free memory)";
}

/* Samples may still tell what one of its kills gave back. */
static bool not_settled(const struct oom_watch *o, const struct episode *e)
{
	for (int i = 0; i < KILLS_OPEN; i++)
		if (o->kill[i].open && o->kill[i].domain == e->domain)
			return true;
	return false;
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct oom_watch *o = state;

	for (int i = 0; i < DOMAINS; i++) {
		const struct episode *e = &o->episode[i];

		if (is_storm(o, e) && (outcome_known(e) || !not_settled(o, e)))
			report(o, e);
	}
}

static void finish(void *state)
{
	struct oom_watch *o = state;

	look(o);
	settle_until(o, UINT64_MAX);
	for (int i = 0; i < DOMAINS; i++)
		episode_close(o, &o->episode[i]);
}

const struct detector oom_storm = {
	.kind = "oom-storm",
	.title = "OOM kills in a row that give too little back",
	.losses = LOSS_DIRECT | LOSS_MEMCG | LOSS_OTHER,
	.state_size = sizeof(struct oom_watch),
	.events = (const enum tracepoint[]){ TP_MARK_VICTIM, TP_FINISH_TASK_REAPING, TP_SKIP_TASK_REAPING, TP_NONE },
	.event = on_event,
	.call = on_call,
	.sample = on_sample,
	.meta = on_meta,
	.lacks = lacks,
	.so_far = so_far,
	.finish = finish,
};
