// SPDX-License-Identifier: GPL-2.0-only
/*
 * impact.c - see impact.h. Buckets have sums of each kind, PSI and a histogram of stalls; logs have the stalls, and the
 * newest growth of PSI.
 */
#include "analyze/impact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "analyze/latency.h"
#include "analyze/tid_map.h"

#define COMPACTING_TASKS	4096u	/* in compaction at once */
#define BACKGROUND_MAX		256u	/* kswapd and kcompactd of 128 nodes */
#define VICTIMS			(2 * IMPACT_STALLS)	/* slots: each stall of the log may be of another task */
#define CGROUPS_KNOWN		8192u	/* whose last value is kept */
#define ROUND_NS		50000000ull	/* samples further apart are of different rounds of the sampler */
#define PERIOD_SYSTEM_NS	500000000ull	/* collect/sampler.c reads pressure so often, and each cgroup's */
#define PERIOD_CGROUP_NS	NSEC_PER_SEC
#define LATE_NS			((double)NSEC_PER_SEC)	/* a sampler may wait between clock and file */
#define COVERED_LEAST		0.5	/* part of a window that samples must cover, to speak of a share of it */
#define WINDOW_BUCKETS		8	/* in fewer of them a window is blurred by what lies beside it */
#define TRACK_WORTH		2	/* times the pressure of another, to take its track: equals keep theirs */

/* Four steps in each power of two, from 1 us to 2^39 ns (nine minutes); the first and the last take what is beyond. */
#define BIN_FIRST_BITS		10
#define BIN_LAST_BITS		39
#define BINS			(4 * (BIN_LAST_BITS - BIN_FIRST_BITS))

enum psi { PSI_SOME, PSI_FULL, PSI_IO_FULL, PSI_COUNT };

struct bucket {
	double		lost_ns[LOSS_KINDS], within_ns[LOSS_KINDS];
	double		psi_ns[PSI_COUNT];
	uint64_t	max_ns;
	uint32_t	stalls;		/* that ended in it */
	uint32_t	bin[BINS];
};

struct stall {
	uint64_t	begin_ns, end_ns;
	uint64_t	memcg_id;	/* whose limit, where it is told; 0 */
	int32_t		tid;
	uint8_t		kind;		/* enum loss_kind */
	bool		within;		/* no stall of its own, but a part of one */
};

/* A total of time, read again and again. */
struct counter {
	int64_t		value;
	uint64_t	at_ns;		/* of the last reading that differed; 0: none yet */
	uint64_t	since_ns;	/* of the first reading */
};

struct cgroup_pressure {
	uint64_t	id;
	struct counter	full;
	double		total_ns;
	double		window_ns;	/* of the window that is measured, as far as the log has it */
	bool		counted;	/* in it, with its tasks */
	int		track;		/* -1 none */
	UT_hash_handle	hh;
};

struct growth {
	uint64_t		from_ns, to_ns;
	double			ns;	/* 0: it did not grow, or this is the first reading */
	struct cgroup_pressure	*owner;	/* NULL: the system */
};

/* The newest growths, by time. */
struct growth_log {
	struct growth	ring[IMPACT_GROWTHS];
	uint64_t	n;		/* ever added */
};

/* When pressure of one scope was read. */
struct rounds {
	uint64_t	last_ns, least_ns;	/* the last one; the least time between two */
};

/* The pressure of one cgroup by bucket. */
struct track {
	struct cgroup_pressure	*owner;	/* NULL: free */
	uint64_t		since_ns;
	float			ns[IMPACT_BUCKETS];
};

struct compacting {
	uint64_t	begin_ns;
	uint16_t	cpu;
	bool		open;
};

struct victim {
	int32_t		tid;
	bool		used;
	uint64_t	memcg_id, stalls, ns;
};

struct impact {
	uint64_t		origin_ns, width_ns;	/* of bucket 0, of each */
	bool			begun;
	struct bucket		bucket[IMPACT_BUCKETS];
	struct stall		log[IMPACT_STALLS];
	uint32_t		nlog;
	unsigned int		floor;			/* bins below are not logged any more */
	bool			thinned;
	struct tid_map		*compacting;
	int32_t			background[BACKGROUND_MAX];
	uint32_t		nbackground;
	struct rounds		system_rounds, cgroup_rounds;
	uint64_t		sampled_ns;			/* the last sample */
	struct counter		psi[PSI_COUNT];
	struct growth_log	psi_log[PSI_COUNT], cgroup_log;
	struct cgroup_pressure	*cgroups;		/* hash by id */
	struct track		track[IMPACT_CGROUPS];
	struct victim		victim[VICTIMS];	/* of the window that is measured */
	struct victim		*victims[IMPACT_STALLS];	/* the used ones */
	uint32_t		nvictims;
	struct latency		latency;		/* likewise */
};

/* --- time --- */

static unsigned int bucket_at(const struct impact *imp, uint64_t ts)
{
	uint64_t i = elapsed_ns(imp->origin_ns, ts) / imp->width_ns;

	return i < IMPACT_BUCKETS ? i : IMPACT_BUCKETS - 1;
}

/* ns of [begin, end) that lie in [from, to). */
static uint64_t common_ns(uint64_t begin, uint64_t end, uint64_t from, uint64_t to)
{
	return elapsed_ns(begin > from ? begin : from, end < to ? end : to);
}

/* ns of [from, to) that lie in bucket @i. */
static uint64_t overlap_ns(const struct impact *imp, unsigned int i, uint64_t from, uint64_t to)
{
	uint64_t begin = imp->origin_ns + i * imp->width_ns;

	return common_ns(begin, begin + imp->width_ns, from, to);
}

static void bucket_merge(struct bucket *to, const struct bucket *a, const struct bucket *b)
{
	struct bucket sum = *a;

	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		sum.lost_ns[kind] += b->lost_ns[kind];
		sum.within_ns[kind] += b->within_ns[kind];
	}
	for (int k = 0; k < PSI_COUNT; k++)
		sum.psi_ns[k] += b->psi_ns[k];
	for (int k = 0; k < BINS; k++)
		sum.bin[k] += b->bin[k];
	sum.stalls += b->stalls;
	sum.max_ns = b->max_ns > sum.max_ns ? b->max_ns : sum.max_ns;
	*to = sum;
}

static void double_width(struct impact *imp)
{
	const unsigned int half = IMPACT_BUCKETS / 2;

	for (unsigned int i = 0; i < half; i++)
		bucket_merge(&imp->bucket[i], &imp->bucket[2 * i], &imp->bucket[2 * i + 1]);
	memset(imp->bucket + half, 0, half * sizeof(imp->bucket[0]));
	for (unsigned int k = 0; k < IMPACT_CGROUPS; k++) {
		struct track *t = &imp->track[k];

		if (!t->owner)
			continue;
		for (unsigned int i = 0; i < half; i++)
			t->ns[i] = t->ns[2 * i] + t->ns[2 * i + 1];
		memset(t->ns + half, 0, half * sizeof(t->ns[0]));
	}
	imp->width_ns *= 2;
}

/* There is a bucket for @ts. What is before the first time that came is put into the first bucket. */
static void reach(struct impact *imp, uint64_t ts)
{
	if (!imp->begun)
		imp->origin_ns = ts;
	imp->begun = true;
	while (elapsed_ns(imp->origin_ns, ts) / imp->width_ns >= IMPACT_BUCKETS)
		double_width(imp);
}

/* --- stalls --- */

static unsigned int bin_of(uint64_t ns)
{
	unsigned int bits = ns ? 63 - __builtin_clzll(ns) : 0;

	if (bits < BIN_FIRST_BITS)
		return 0;
	if (bits >= BIN_LAST_BITS)
		return BINS - 1;
	return 4 * (bits - BIN_FIRST_BITS) + (ns >> (bits - 2) & 3);
}

static uint64_t bin_middle(unsigned int bin)
{
	uint64_t step = 1ull << (bin / 4 + BIN_FIRST_BITS - 2);

	return (4 + bin % 4) * step + step / 2;
}

/* Half of the log goes: the short ones, and where all of one length are too many, the older of these. */
static void log_thin(struct impact *imp)
{
	uint32_t count[BINS] = { 0 }, drop = imp->nlog / 2, kept = 0;
	unsigned int bin = 0;

	for (uint32_t i = 0; i < imp->nlog; i++)
		count[bin_of(elapsed_ns(imp->log[i].begin_ns, imp->log[i].end_ns))]++;
	while (drop > count[bin])
		drop -= count[bin++];
	for (uint32_t i = 0; i < imp->nlog; i++) {
		unsigned int of = bin_of(elapsed_ns(imp->log[i].begin_ns, imp->log[i].end_ns));

		if (of < bin || (of == bin && drop && drop--))
			continue;
		imp->log[kept++] = imp->log[i];
	}
	imp->nlog = kept;
	imp->floor = bin;
	imp->thinned = true;
}

static void log_add(struct impact *imp, const struct stall *s)
{
	if (imp->nlog == IMPACT_STALLS)
		log_thin(imp);
	if (bin_of(elapsed_ns(s->begin_ns, s->end_ns)) >= imp->floor)
		imp->log[imp->nlog++] = *s;
}

static void buckets_add(struct impact *imp, const struct stall *s)
{
	unsigned int last = bucket_at(imp, s->end_ns);
	uint64_t ns = elapsed_ns(s->begin_ns, s->end_ns);
	struct bucket *b = &imp->bucket[last];

	for (unsigned int i = bucket_at(imp, s->begin_ns); i <= last; i++) {
		double part = overlap_ns(imp, i, s->begin_ns, s->end_ns);

		if (s->within)
			imp->bucket[i].within_ns[s->kind] += part;
		else
			imp->bucket[i].lost_ns[s->kind] += part;
	}
	if (s->within)
		return;
	b->stalls++;
	b->bin[bin_of(ns)]++;
	b->max_ns = ns > b->max_ns ? ns : b->max_ns;
}

static void stall_add(struct impact *imp, const struct stall *s)
{
	reach(imp, s->begin_ns);
	reach(imp, s->end_ns);
	buckets_add(imp, s);
	log_add(imp, s);
}

static bool is_background(const struct impact *imp, int32_t tid)
{
	for (uint32_t i = 0; i < imp->nbackground; i++)
		if (imp->background[i] == tid)
			return true;
	return false;
}

static void note_background(struct impact *imp, int32_t tid)
{
	if (tid >= 0 && imp->nbackground < BACKGROUND_MAX && !is_background(imp, tid))
		imp->background[imp->nbackground++] = tid;
}

static bool works_for_others(const char *comm)
{
	return !strncmp(comm, "kswapd", 6) || !strncmp(comm, "kcompactd", 9) || !strcmp(comm, "khugepaged");
}

void impact_call(struct impact *imp, const struct reclaim_call *call, const char *comm, bool within)
{
	const struct stall s = {
		.begin_ns = call->begin_ns, .end_ns = call->end_ns, .memcg_id = call->memcg_id, .tid = call->tid,
		.kind = call->kind == CALL_MEMCG || call->kind == CALL_SOFTLIMIT ? LOST_MEMCG : LOST_DIRECT,
		.within = within,
	};

	/* kswapd itself reclaims for soft limits, and khugepaged asks for huge pages. */
	if (works_for_others(comm) || is_background(imp, call->tid))
		return;
	if (call->kind != CALL_SLAB && call->end_ns >= call->begin_ns)
		stall_add(imp, &s);
}

static void compaction_begin(struct impact *imp, const struct event *ev)
{
	struct compacting *c = tid_map_get(imp->compacting, ev->tid);

	if (c)
		*c = (struct compacting){ ev->ts, ev->cpu, true };
}

static void compaction_end(struct impact *imp, const struct event *ev, bool within)
{
	struct compacting *c = tid_map_find(imp->compacting, ev->tid);
	struct stall s = { .end_ns = ev->ts, .tid = ev->tid, .kind = LOST_COMPACTION, .within = within };

	if (!c || !c->open)
		return;
	s.begin_ns = c->begin_ns;
	tid_map_drop(imp->compacting, ev->tid);
	if (s.end_ns >= s.begin_ns)
		stall_add(imp, &s);
}

/* The event comes after the sleep, and tells how long it was. */
static void throttled(struct impact *imp, const struct mm_event *mm, bool within)
{
	const struct compacting *c = tid_map_find(imp->compacting, mm->ev->tid);
	int64_t us = mm_int(mm, TPF_USEC_DELAYED, 0);
	uint64_t ns = us > 0 ? (uint64_t)us * 1000 : 0;
	const struct stall s = {
		.begin_ns = ns < mm->ev->ts ? mm->ev->ts - ns : 0, .end_ns = mm->ev->ts, .tid = mm->ev->tid,
		.kind = LOST_THROTTLED, .within = within || (c && c->open),
	};

	if (ns && ns < UINT32_MAX * 1000ull)		/* usec_delayed is an int in the kernel */
		stall_add(imp, &s);
}

void impact_event(struct impact *imp, const struct mm_event *mm, const char *comm, bool within)
{
	enum tracepoint tp = mm_tp(mm);

	if (tp != TP_COMPACTION_BEGIN && tp != TP_COMPACTION_END && tp != TP_THROTTLED) {
		note_background(imp, mm->ev->tid);
		return;
	}
	if (works_for_others(comm) || is_background(imp, mm->ev->tid))
		return;
	if (tp == TP_COMPACTION_BEGIN)
		compaction_begin(imp, mm->ev);
	else if (tp == TP_COMPACTION_END)
		compaction_end(imp, mm->ev, within);
	else
		throttled(imp, mm, within);
}

struct cut {
	struct impact	*imp;
	uint16_t	cpu;
};

static void cut(void *ctx, int32_t tid, void *slot)
{
	const struct cut *what = ctx;
	struct compacting *c = slot;

	if (what->cpu == EVENT_CPU_UNKNOWN || what->cpu == c->cpu)
		c->open = false;
}

void impact_loss(struct impact *imp, uint16_t cpu)
{
	struct cut what = { imp, cpu };

	tid_map_each(imp->compacting, cut, &what);
}

/* --- pressure --- */

static void note_round(struct rounds *r, uint64_t ts)
{
	uint64_t gap_ns = elapsed_ns(r->last_ns, ts);

	if (gap_ns <= ROUND_NS)
		return;
	if (r->last_ns && (!r->least_ns || gap_ns < r->least_ns))
		r->least_ns = gap_ns;
	r->last_ns = ts;
}

/* Those who read less often than squall record (snapshots, once a minute) are taken at their own pace. */
static uint64_t period_of(const struct impact *imp, const struct sample *s)
{
	const struct rounds *r = s->scope == SCOPE_CGROUP ? &imp->cgroup_rounds : &imp->system_rounds;
	uint64_t least_ns = s->scope == SCOPE_CGROUP ? PERIOD_CGROUP_NS : PERIOD_SYSTEM_NS;

	return r->least_ns > least_ns ? r->least_ns : least_ns;
}

/*
 * A store has a value only when it changed, so what a total grew by is of the last period, not of all the time since
 * its last row; and it took at least as long as it is. In doubles: totals are untrusted, and may be anything.
 */
static struct growth counter_read(const struct impact *imp, struct counter *c, const struct sample *s)
{
	struct growth g = { .from_ns = c->at_ns, .to_ns = s->ts };
	double ns = ((double)s->value - (double)c->value) * 1000.0, passed_ns = elapsed_ns(c->at_ns, s->ts);
	double span_ns = period_of(imp, s);

	if (!c->since_ns)
		c->since_ns = s->ts;
	else if (ns > 0 && passed_ns > 0 && ns <= 1.1 * passed_ns + LATE_NS)
		g.ns = ns;
	span_ns = g.ns > span_ns ? g.ns : span_ns;
	if (passed_ns > span_ns)
		g.from_ns = g.to_ns - (uint64_t)span_ns;
	c->value = s->value;
	c->at_ns = s->ts;
	return g;
}

static void growth_add(struct growth_log *log, const struct growth *g)
{
	log->ring[log->n++ % IMPACT_GROWTHS] = *g;
}

static void psi_spread(struct impact *imp, enum psi which, const struct growth *g)
{
	unsigned int last = bucket_at(imp, g->to_ns);

	growth_add(&imp->psi_log[which], g);
	for (unsigned int i = bucket_at(imp, g->from_ns); i <= last; i++)
		imp->bucket[i].psi_ns[which] += g->ns * overlap_ns(imp, i, g->from_ns, g->to_ns) /
						(g->to_ns - g->from_ns);
}

static void track_spread(struct impact *imp, struct track *t, const struct growth *g)
{
	unsigned int last = bucket_at(imp, g->to_ns);

	for (unsigned int i = bucket_at(imp, g->from_ns); i <= last; i++)
		t->ns[i] += g->ns * overlap_ns(imp, i, g->from_ns, g->to_ns) / (g->to_ns - g->from_ns);
}

static struct cgroup_pressure *cgroup_get(struct impact *imp, uint64_t id)
{
	struct cgroup_pressure *c;

	HASH_FIND(hh, imp->cgroups, &id, sizeof(id), c);
	if (c || HASH_COUNT(imp->cgroups) >= CGROUPS_KNOWN)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->id = id;
	c->track = -1;
	HASH_ADD(hh, imp->cgroups, id, sizeof(c->id), c);
	return c;
}

/* The track of @c: its own, a free one, or that of a cgroup with much less pressure so far. */
static struct track *track_of(struct impact *imp, struct cgroup_pressure *c, uint64_t since_ns)
{
	unsigned int least = 0;

	if (c->track >= 0)
		return &imp->track[c->track];
	for (unsigned int k = 0; k < IMPACT_CGROUPS && imp->track[least].owner; k++)
		if (!imp->track[k].owner || imp->track[k].owner->total_ns < imp->track[least].owner->total_ns)
			least = k;
	if (imp->track[least].owner) {
		if (c->total_ns / TRACK_WORTH <= imp->track[least].owner->total_ns)
			return NULL;
		imp->track[least].owner->track = -1;
	}
	imp->track[least] = (struct track){ .owner = c, .since_ns = since_ns };
	c->track = least;
	return &imp->track[least];
}

static void cgroup_sample(struct impact *imp, const struct sample *s)
{
	struct cgroup_pressure *c = cgroup_get(imp, s->cgroup_id);
	struct growth g;
	struct track *t;

	if (!c)
		return;
	g = counter_read(imp, &c->full, s);
	if (!(g.ns > 0))
		return;
	g.owner = c;
	growth_add(&imp->cgroup_log, &g);
	c->total_ns += g.ns;
	t = track_of(imp, c, c->total_ns > g.ns ? g.from_ns : c->full.since_ns);
	if (t)
		track_spread(imp, t, &g);
}

void impact_sample(struct impact *imp, const struct sample *s)
{
	static const char *const names[PSI_COUNT] = {
		[PSI_SOME] = "psi.memory.some.total", [PSI_FULL] = "psi.memory.full.total",
		[PSI_IO_FULL] = "psi.io.full.total",
	};

	if (strncmp(s->name, "psi.", 4) || (s->scope != SCOPE_SYSTEM && s->scope != SCOPE_CGROUP))
		return;
	note_round(s->scope == SCOPE_CGROUP ? &imp->cgroup_rounds : &imp->system_rounds, s->ts);
	imp->sampled_ns = s->ts > imp->sampled_ns ? s->ts : imp->sampled_ns;
	reach(imp, s->ts);
	if (s->scope == SCOPE_CGROUP) {
		if (!strcmp(s->name, names[PSI_FULL]))
			cgroup_sample(imp, s);
		return;
	}
	for (int k = 0; k < PSI_COUNT; k++) {
		struct growth g;

		if (strcmp(s->name, names[k]))
			continue;
		g = counter_read(imp, &imp->psi[k], s);
		if (g.ns > 0)
			psi_spread(imp, k, &g);
	}
}

/* --- the window of a finding --- */

/* Part of what is in bucket @i that falls to the window. */
static double part_of(const struct impact *imp, unsigned int i, const struct finding *f)
{
	return overlap_ns(imp, i, f->start_ns, f->end_ns) / (double)imp->width_ns;
}

/* ns of the window that samples tell of; 0 when they cover too little of it. */
static uint64_t covered_ns(const struct impact *imp, const struct finding *f, uint64_t since_ns)
{
	uint64_t from = since_ns > f->start_ns ? since_ns : f->start_ns;
	uint64_t to = imp->sampled_ns < f->end_ns ? imp->sampled_ns : f->end_ns;
	uint64_t ns = elapsed_ns(from, to);

	return since_ns && ns >= COVERED_LEAST * elapsed_ns(f->start_ns, f->end_ns) ? ns : 0;
}

static double share_of(double ns, uint64_t covered)
{
	return !covered ? SHARE_UNKNOWN : ns < covered ? ns / covered : 1;
}

/* No growth of the window was overwritten. */
static bool log_reaches(const struct growth_log *log, const struct finding *f)
{
	return log->n <= IMPACT_GROWTHS || log->ring[log->n % IMPACT_GROWTHS].to_ns <= f->start_ns;
}

static bool buckets_resolve(const struct impact *imp, const struct finding *f)
{
	return elapsed_ns(f->start_ns, f->end_ns) / WINDOW_BUCKETS >= imp->width_ns;
}

/* Growth number @i of @log, counted from the newest; NULL when that and all before it are not of the window. */
static const struct growth *growth_of(const struct growth_log *log, uint64_t i, const struct finding *f)
{
	const struct growth *g = &log->ring[(log->n - 1 - i) % IMPACT_GROWTHS];

	return i < log->n && i < IMPACT_GROWTHS && g->to_ns > f->start_ns ? g : NULL;
}

static double growth_within(const struct growth *g, const struct finding *f)
{
	return g->ns * common_ns(g->from_ns, g->to_ns, f->start_ns, f->end_ns) / (g->to_ns - g->from_ns);
}

static double psi_share(const struct impact *imp, const struct finding *f, enum psi which)
{
	uint64_t covered = covered_ns(imp, f, imp->psi[which].since_ns);
	bool logged = log_reaches(&imp->psi_log[which], f);
	const struct growth *g;
	double ns = 0;

	if (!logged && !buckets_resolve(imp, f))
		return SHARE_UNKNOWN;
	for (uint64_t i = 0; logged && (g = growth_of(&imp->psi_log[which], i, f)); i++)
		ns += growth_within(g, f);
	for (unsigned int i = bucket_at(imp, f->start_ns); !logged && i <= bucket_at(imp, f->end_ns); i++)
		ns += imp->bucket[i].psi_ns[which] * part_of(imp, i, f);
	return share_of(ns, covered);
}

static double track_share(const struct impact *imp, const struct finding *f, const struct track *t)
{
	uint64_t covered = covered_ns(imp, f, t->since_ns);
	double ns = 0;

	if (!buckets_resolve(imp, f))
		return SHARE_UNKNOWN;
	for (unsigned int i = bucket_at(imp, f->start_ns); covered && i <= bucket_at(imp, f->end_ns); i++)
		ns += t->ns[i] * part_of(imp, i, f);
	return share_of(ns, covered);
}

/* By the log, or the tracks; who has no track had less pressure than those that have one. */
static double cgroup_share(const struct impact *imp, const struct finding *f, const struct cgroup_pressure *c)
{
	if (!c)
		return SHARE_UNKNOWN;
	if (!c->total_ns || log_reaches(&imp->cgroup_log, f))
		return share_of(c->window_ns, covered_ns(imp, f, c->full.since_ns));
	return c->track < 0 ? SHARE_UNKNOWN : track_share(imp, f, &imp->track[c->track]);
}

static struct cgroup_pressure *cgroup_find(const struct impact *imp, uint64_t id)
{
	struct cgroup_pressure *c;

	HASH_FIND(hh, imp->cgroups, &id, sizeof(id), c);
	return c;
}

static void measure_pressure(struct impact *imp, const struct finding *f)
{
	const struct growth *g;

	for (struct cgroup_pressure *c = imp->cgroups; c; c = c->hh.next) {
		c->window_ns = 0;
		c->counted = false;
	}
	for (uint64_t i = 0; (g = growth_of(&imp->cgroup_log, i, f)); i++)
		g->owner->window_ns += growth_within(g, f);
}

static void victim_add(struct impact *imp, const struct stall *s, uint64_t ns)
{
	uint32_t i = (uint32_t)s->tid * 2654435761u % VICTIMS;

	while (imp->victim[i].used && imp->victim[i].tid != s->tid)
		i = (i + 1) % VICTIMS;
	if (!imp->victim[i].used) {
		imp->victim[i] = (struct victim){ .tid = s->tid, .used = true };
		imp->victims[imp->nvictims++] = &imp->victim[i];
	}
	imp->victim[i].stalls++;
	imp->victim[i].ns += ns;
	if (s->memcg_id)
		imp->victim[i].memcg_id = s->memcg_id;
}

static void victims_clear(struct impact *imp)
{
	for (uint32_t i = 0; i < imp->nvictims; i++)
		imp->victims[i]->used = false;
	imp->nvictims = 0;
}

/* From the log: victims, and all numbers as long as every stall is in it. */
static void measure_log(struct impact *imp, struct finding *f)
{
	imp->latency.count = imp->latency.sum_ns = imp->latency.max_ns = 0;
	memset(imp->latency.bucket, 0, sizeof(imp->latency.bucket));
	victims_clear(imp);
	for (uint32_t i = 0; i < imp->nlog; i++) {
		const struct stall *s = &imp->log[i];
		uint64_t ns = elapsed_ns(s->begin_ns > f->start_ns ? s->begin_ns : f->start_ns,
					 s->end_ns < f->end_ns ? s->end_ns : f->end_ns);

		if (s->end_ns <= f->start_ns || s->begin_ns >= f->end_ns)
			continue;
		if (s->within) {
			f->impact.within_s[s->kind] += ns_to_s(ns);
			continue;
		}
		f->impact.lost_s[s->kind] += ns_to_s(ns);
		latency_add(&imp->latency, elapsed_ns(s->begin_ns, s->end_ns));
		victim_add(imp, s, ns);
	}
	f->impact.stalls = imp->latency.count;
	f->impact.p50_ns = latency_percentile(&imp->latency, 0.5);
	f->impact.p99_ns = latency_percentile(&imp->latency, 0.99);
	f->impact.max_ns = imp->latency.max_ns;
}

static uint64_t bins_percentile(const struct bucket *all, double share)
{
	uint64_t rank = ceil(share * all->stalls), seen = 0;
	unsigned int bin = 0;

	for (; bin < BINS - 1 && seen + all->bin[bin] < rank; bin++)
		seen += all->bin[bin];
	return bin_middle(bin) < all->max_ns ? bin_middle(bin) : all->max_ns;
}

/* From the buckets: a stall is counted where it ended, when at least half of that bucket is in the window. */
static void measure_buckets(const struct impact *imp, struct finding *f)
{
	struct bucket all = { 0 };
	struct finding_impact *to = &f->impact;

	for (unsigned int i = bucket_at(imp, f->start_ns); i <= bucket_at(imp, f->end_ns); i++) {
		double part = part_of(imp, i, f);

		for (int kind = 0; kind < LOSS_KINDS; kind++) {
			to->lost_s[kind] += imp->bucket[i].lost_ns[kind] * part / NSEC_PER_SEC;
			to->within_s[kind] += imp->bucket[i].within_ns[kind] * part / NSEC_PER_SEC;
		}
		if (part >= 0.5)
			bucket_merge(&all, &all, &imp->bucket[i]);
	}
	to->stalls = all.stalls;
	to->p50_ns = all.stalls ? bins_percentile(&all, 0.5) : 0;
	to->p99_ns = all.stalls ? bins_percentile(&all, 0.99) : 0;
	to->max_ns = all.max_ns;
}

static bool task_before(const struct finding_task *a, const struct finding_task *b)
{
	return a->ns != b->ns ? a->ns > b->ns : a->tid < b->tid;
}

static void suffered_insert(struct finding *f, const struct finding_task *t)
{
	int i = f->nsuffered;

	while (i > 0 && task_before(t, &f->suffered[i - 1]))
		i--;
	if (i == FINDING_MAX_TASKS)
		return;
	if (f->nsuffered < FINDING_MAX_TASKS)
		f->nsuffered++;
	memmove(&f->suffered[i + 1], &f->suffered[i], (f->nsuffered - i - 1) * sizeof(*t));
	f->suffered[i] = *t;
}

/* In ns, what it lost by either account. */
static double cgroup_weight(const struct finding_cgroup *c, const struct finding *f)
{
	double pressure = c->psi_full > 0 ? c->psi_full * elapsed_ns(f->start_ns, f->end_ns) : 0;

	return c->lost_ns > pressure ? c->lost_ns : pressure;
}

static void cgroups_insert(struct finding *f, const struct finding_cgroup *c)
{
	int i = f->ncgroups;

	if (!(cgroup_weight(c, f) > 0))
		return;
	while (i > 0 && cgroup_weight(c, f) > cgroup_weight(&f->cgroups[i - 1], f))
		i--;
	if (i == FINDING_MAX_CGROUPS)
		return;
	if (f->ncgroups < FINDING_MAX_CGROUPS)
		f->ncgroups++;
	memmove(&f->cgroups[i + 1], &f->cgroups[i], (f->ncgroups - i - 1) * sizeof(*c));
	f->cgroups[i] = *c;
}

static int victim_order(const void *pa, const void *pb)
{
	const struct victim *a = *(struct victim *const *)pa, *b = *(struct victim *const *)pb;

	return a->memcg_id != b->memcg_id ? a->memcg_id < b->memcg_id ? -1 : 1 : a->tid < b->tid ? -1 : a->tid > b->tid;
}

static void measure_victims(struct impact *imp, struct finding *f, const struct impact_names *names)
{
	for (uint32_t i = 0; i < imp->nvictims; i++) {
		struct victim *v = imp->victims[i];

		v->memcg_id = names->cgroup_of(names->ctx, v->tid) ?: v->memcg_id;
		suffered_insert(f, &(struct finding_task){ .tid = v->tid, .memcg_id = v->memcg_id, .count = v->stalls,
							   .ns = v->ns });
	}
	qsort(imp->victims, imp->nvictims, sizeof(imp->victims[0]), victim_order);
}

/* Those of the victims, which are sorted by them; then those that have only pressure. */
static void measure_cgroups(struct impact *imp, struct finding *f)
{
	for (uint32_t i = 0, next; i < imp->nvictims; i = next) {
		struct finding_cgroup sum = { .id = imp->victims[i]->memcg_id };
		struct cgroup_pressure *c = cgroup_find(imp, sum.id);

		for (next = i; next < imp->nvictims && imp->victims[next]->memcg_id == sum.id; next++) {
			sum.stalls += imp->victims[next]->stalls;
			sum.lost_ns += imp->victims[next]->ns;
		}
		if (!sum.id)
			continue;
		sum.psi_full = cgroup_share(imp, f, c);
		if (c)
			c->counted = true;
		cgroups_insert(f, &sum);
	}
	for (struct cgroup_pressure *c = imp->cgroups; c; c = c->hh.next)
		if (!c->counted)
			cgroups_insert(f, &(struct finding_cgroup){ .id = c->id, .psi_full = cgroup_share(imp, f, c) });
}

static double known(double now, double before)
{
	return now < 0 ? before : now;
}

/* What @f had when it was measured the first time, and is not known any more. */
static void keep_known(const struct impact *imp, struct finding *f, const struct finding_impact *before,
		       const struct finding_cgroup *cgroups, int ncgroups)
{
	f->impact.psi_some = known(f->impact.psi_some, before->psi_some);
	f->impact.psi_full = known(f->impact.psi_full, before->psi_full);
	f->impact.psi_io_full = known(f->impact.psi_io_full, before->psi_io_full);
	f->impact.psi_cgroup = known(f->impact.psi_cgroup, before->psi_cgroup);
	if (log_reaches(&imp->cgroup_log, f) || buckets_resolve(imp, f))
		return;
	memcpy(f->cgroups, cgroups, ncgroups * sizeof(*cgroups));
	f->ncgroups = ncgroups;
}

void impact_measure(struct impact *imp, struct finding *f, const struct impact_names *names)
{
	const struct finding_impact before = f->impact;
	struct finding_cgroup cgroups[FINDING_MAX_CGROUPS];
	int ncgroups = f->ncgroups;

	memcpy(cgroups, f->cgroups, sizeof(cgroups));
	f->impact = (struct finding_impact){ .timed = before.timed, .exact = !imp->thinned, .measured = true };
	f->nsuffered = f->ncgroups = 0;
	measure_log(imp, f);
	if (imp->thinned) {
		memset(f->impact.lost_s, 0, sizeof(f->impact.lost_s));
		memset(f->impact.within_s, 0, sizeof(f->impact.within_s));
		measure_buckets(imp, f);
	}
	measure_pressure(imp, f);
	f->impact.psi_some = psi_share(imp, f, PSI_SOME);
	f->impact.psi_full = psi_share(imp, f, PSI_FULL);
	f->impact.psi_io_full = psi_share(imp, f, PSI_IO_FULL);
	f->impact.psi_cgroup = f->cgroup_id ? cgroup_share(imp, f, cgroup_find(imp, f->cgroup_id)) : SHARE_UNKNOWN;
	measure_victims(imp, f, names);
	measure_cgroups(imp, f);
	if (before.measured)
		keep_known(imp, f, &before, cgroups, ncgroups);
}

/* --- making and freeing --- */

struct impact *impact_new(void)
{
	struct impact *imp = calloc(1, sizeof(*imp));

	if (!imp)
		return NULL;
	imp->width_ns = IMPACT_WIDTH_NS;
	imp->compacting = tid_map_new(COMPACTING_TASKS, sizeof(struct compacting), NULL, NULL);
	if (!imp->compacting) {
		free(imp);
		return NULL;
	}
	return imp;
}

void impact_free(struct impact *imp)
{
	struct cgroup_pressure *c, *next;

	if (!imp)
		return;
	HASH_ITER(hh, imp->cgroups, c, next) {
		HASH_DEL(imp->cgroups, c);
		free(c);
	}
	tid_map_free(imp->compacting);
	free(imp);
}

bool impact_exact(const struct impact *imp)
{
	return !imp->thinned;
}

uint64_t impact_bucket_ns(const struct impact *imp)
{
	return imp->width_ns;
}
