// SPDX-License-Identifier: GPL-2.0-only
/*
 * pressure.c - see pressure.h. Logs have the newest growth of each total, buckets the sums of all time.
 */
#include "analyze/pressure.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define CGROUPS_KNOWN		8192u	/* whose last value is kept */
#define ROUND_NS		50000000ull	/* samples further apart are of different rounds of the sampler */
#define PERIOD_SYSTEM_NS	500000000ull	/* collect/sampler.c reads pressure so often, and each cgroup's */
#define PERIOD_CGROUP_NS	NSEC_PER_SEC
#define LATE_NS			((double)NSEC_PER_SEC)	/* a sampler may wait between clock and file */
#define COVERED_LEAST		0.5	/* part of a window that samples must cover, to speak of a share of it */
#define WINDOW_BUCKETS		8	/* in fewer of them a window is blurred by what lies beside it */
#define TRACK_WORTH		2	/* times the pressure of another, to take its track: equals keep theirs */

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
	struct growth	ring[PRESSURE_GROWTHS];
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
	float			ns[AXIS_BUCKETS];
};

struct pressure {
	const struct time_axis	*axis;
	struct rounds		system_rounds, cgroup_rounds;
	uint64_t		sampled_ns;			/* the last sample */
	struct counter		psi[PSI_COUNT];
	double			psi_ns[AXIS_BUCKETS][PSI_COUNT];
	struct growth_log	psi_log[PSI_COUNT], cgroup_log;
	struct cgroup_pressure	*cgroups;			/* hash by id */
	struct track		track[PRESSURE_TRACKS];
};

/* --- what is read --- */

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
static uint64_t period_of(const struct pressure *p, const struct sample *s)
{
	const struct rounds *r = s->scope == SCOPE_CGROUP ? &p->cgroup_rounds : &p->system_rounds;
	uint64_t least_ns = s->scope == SCOPE_CGROUP ? PERIOD_CGROUP_NS : PERIOD_SYSTEM_NS;

	return r->least_ns > least_ns ? r->least_ns : least_ns;
}

/*
 * A store has a value only when it changed, so what a total grew by is of the last period, not of all the time since
 * its last row; and it took at least as long as it is. In doubles: totals are untrusted, and may be anything.
 */
static struct growth counter_read(const struct pressure *p, struct counter *c, const struct sample *s)
{
	struct growth g = { .from_ns = c->at_ns, .to_ns = s->ts };
	double ns = ((double)s->value - (double)c->value) * 1000.0, passed_ns = elapsed_ns(c->at_ns, s->ts);
	double span_ns = period_of(p, s);

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
	log->ring[log->n++ % PRESSURE_GROWTHS] = *g;
}

/* The part of @g that falls to bucket @i, in ns. */
static double growth_in(const struct pressure *p, const struct growth *g, unsigned int i)
{
	return g->ns * axis_overlap_ns(p->axis, i, g->from_ns, g->to_ns) / (g->to_ns - g->from_ns);
}

static void psi_spread(struct pressure *p, enum psi which, const struct growth *g)
{
	unsigned int last = axis_bucket(p->axis, g->to_ns);

	growth_add(&p->psi_log[which], g);
	for (unsigned int i = axis_bucket(p->axis, g->from_ns); i <= last; i++)
		p->psi_ns[i][which] += growth_in(p, g, i);
}

static void track_spread(struct pressure *p, struct track *t, const struct growth *g)
{
	unsigned int last = axis_bucket(p->axis, g->to_ns);

	for (unsigned int i = axis_bucket(p->axis, g->from_ns); i <= last; i++)
		t->ns[i] += growth_in(p, g, i);
}

static struct cgroup_pressure *cgroup_get(struct pressure *p, uint64_t id)
{
	struct cgroup_pressure *c;

	HASH_FIND(hh, p->cgroups, &id, sizeof(id), c);
	if (c || HASH_COUNT(p->cgroups) >= CGROUPS_KNOWN)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->id = id;
	c->track = -1;
	HASH_ADD(hh, p->cgroups, id, sizeof(c->id), c);
	return c;
}

/* The track of @c: its own, a free one, or that of a cgroup with much less pressure so far. */
static struct track *track_of(struct pressure *p, struct cgroup_pressure *c, uint64_t since_ns)
{
	unsigned int least = 0;

	if (c->track >= 0)
		return &p->track[c->track];
	for (unsigned int k = 0; k < PRESSURE_TRACKS && p->track[least].owner; k++)
		if (!p->track[k].owner || p->track[k].owner->total_ns < p->track[least].owner->total_ns)
			least = k;
	if (p->track[least].owner) {
		if (c->total_ns / TRACK_WORTH <= p->track[least].owner->total_ns)
			return NULL;
		p->track[least].owner->track = -1;
	}
	p->track[least] = (struct track){ .owner = c, .since_ns = since_ns };
	c->track = least;
	return &p->track[least];
}

static void cgroup_sample(struct pressure *p, const struct sample *s)
{
	struct cgroup_pressure *c = cgroup_get(p, s->cgroup_id);
	struct growth g;
	struct track *t;

	if (!c)
		return;
	g = counter_read(p, &c->full, s);
	if (!(g.ns > 0))
		return;
	g.owner = c;
	growth_add(&p->cgroup_log, &g);
	c->total_ns += g.ns;
	t = track_of(p, c, c->total_ns > g.ns ? g.from_ns : c->full.since_ns);
	if (t)
		track_spread(p, t, &g);
}

bool pressure_wants(const struct sample *s)
{
	return !strncmp(s->name, "psi.", 4) && (s->scope == SCOPE_SYSTEM || s->scope == SCOPE_CGROUP);
}

void pressure_sample(struct pressure *p, const struct sample *s)
{
	static const char *const names[PSI_COUNT] = {
		[PSI_SOME] = "psi.memory.some.total", [PSI_FULL] = "psi.memory.full.total",
		[PSI_IO_FULL] = "psi.io.full.total",
	};

	note_round(s->scope == SCOPE_CGROUP ? &p->cgroup_rounds : &p->system_rounds, s->ts);
	p->sampled_ns = s->ts > p->sampled_ns ? s->ts : p->sampled_ns;
	if (s->scope == SCOPE_CGROUP) {
		if (!strcmp(s->name, names[PSI_FULL]))
			cgroup_sample(p, s);
		return;
	}
	for (int k = 0; k < PSI_COUNT; k++) {
		struct growth g;

		if (strcmp(s->name, names[k]))
			continue;
		g = counter_read(p, &p->psi[k], s);
		if (g.ns > 0)
			psi_spread(p, k, &g);
	}
}

static void fold_track(struct track *t)
{
	const unsigned int half = AXIS_BUCKETS / 2;

	for (unsigned int i = 0; i < half; i++)
		t->ns[i] = t->ns[2 * i] + t->ns[2 * i + 1];
	memset(t->ns + half, 0, half * sizeof(t->ns[0]));
}

void pressure_fold(struct pressure *p)
{
	const unsigned int half = AXIS_BUCKETS / 2;

	for (unsigned int i = 0; i < half; i++)
		for (int k = 0; k < PSI_COUNT; k++)
			p->psi_ns[i][k] = p->psi_ns[2 * i][k] + p->psi_ns[2 * i + 1][k];
	memset(p->psi_ns + half, 0, half * sizeof(p->psi_ns[0]));
	for (unsigned int k = 0; k < PRESSURE_TRACKS; k++)
		if (p->track[k].owner)
			fold_track(&p->track[k]);
}

/* --- a window --- */

/* ns of the window that samples tell of; 0 when they cover too little of it. */
static uint64_t covered_ns(const struct pressure *p, const struct finding *f, uint64_t since_ns)
{
	uint64_t from = since_ns > f->start_ns ? since_ns : f->start_ns;
	uint64_t to = p->sampled_ns < f->end_ns ? p->sampled_ns : f->end_ns;
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
	return log->n <= PRESSURE_GROWTHS || log->ring[log->n % PRESSURE_GROWTHS].to_ns <= f->start_ns;
}

static bool buckets_resolve(const struct pressure *p, const struct finding *f)
{
	return elapsed_ns(f->start_ns, f->end_ns) / WINDOW_BUCKETS >= p->axis->width_ns;
}

/* Growth number @i of @log, counted from the newest; NULL when that and all before it are not of the window. */
static const struct growth *growth_of(const struct growth_log *log, uint64_t i, const struct finding *f)
{
	const struct growth *g = &log->ring[(log->n - 1 - i) % PRESSURE_GROWTHS];

	return i < log->n && i < PRESSURE_GROWTHS && g->to_ns > f->start_ns ? g : NULL;
}

static double growth_within(const struct growth *g, const struct finding *f)
{
	return g->ns * common_ns(g->from_ns, g->to_ns, f->start_ns, f->end_ns) / (g->to_ns - g->from_ns);
}

double pressure_share(const struct pressure *p, const struct finding *f, enum psi which)
{
	uint64_t covered = covered_ns(p, f, p->psi[which].since_ns);
	bool logged = log_reaches(&p->psi_log[which], f);
	const struct growth *g;
	double ns = 0;

	if (!logged && !buckets_resolve(p, f))
		return SHARE_UNKNOWN;
	for (uint64_t i = 0; logged && (g = growth_of(&p->psi_log[which], i, f)); i++)
		ns += growth_within(g, f);
	for (unsigned int i = axis_bucket(p->axis, f->start_ns); !logged && i <= axis_bucket(p->axis, f->end_ns); i++)
		ns += p->psi_ns[i][which] * axis_part(p->axis, i, f->start_ns, f->end_ns);
	return share_of(ns, covered);
}

static double track_share(const struct pressure *p, const struct finding *f, const struct track *t)
{
	uint64_t covered = covered_ns(p, f, t->since_ns);
	double ns = 0;

	if (!buckets_resolve(p, f))
		return SHARE_UNKNOWN;
	for (unsigned int i = axis_bucket(p->axis, f->start_ns); covered && i <= axis_bucket(p->axis, f->end_ns); i++)
		ns += t->ns[i] * axis_part(p->axis, i, f->start_ns, f->end_ns);
	return share_of(ns, covered);
}

/* By the log, or the tracks; who has no track had less pressure than those that have one. */
static double cgroup_share(const struct pressure *p, const struct finding *f, const struct cgroup_pressure *c)
{
	if (!c)
		return SHARE_UNKNOWN;
	if (!c->total_ns || log_reaches(&p->cgroup_log, f))
		return share_of(c->window_ns, covered_ns(p, f, c->full.since_ns));
	return c->track < 0 ? SHARE_UNKNOWN : track_share(p, f, &p->track[c->track]);
}

static struct cgroup_pressure *cgroup_find(const struct pressure *p, uint64_t id)
{
	struct cgroup_pressure *c;

	HASH_FIND(hh, p->cgroups, &id, sizeof(id), c);
	return c;
}

void pressure_window(struct pressure *p, const struct finding *f)
{
	const struct growth *g;

	for (struct cgroup_pressure *c = p->cgroups; c; c = c->hh.next) {
		c->window_ns = 0;
		c->counted = false;
	}
	for (uint64_t i = 0; (g = growth_of(&p->cgroup_log, i, f)); i++)
		g->owner->window_ns += growth_within(g, f);
}

double pressure_cgroup_share(const struct pressure *p, const struct finding *f, uint64_t id)
{
	return cgroup_share(p, f, cgroup_find(p, id));
}

double pressure_take_cgroup(struct pressure *p, const struct finding *f, uint64_t id)
{
	struct cgroup_pressure *c = cgroup_find(p, id);

	if (c)
		c->counted = true;
	return cgroup_share(p, f, c);
}

void pressure_rest(const struct pressure *p, const struct finding *f, void (*each)(void *ctx, uint64_t id, double share),
		   void *ctx)
{
	for (const struct cgroup_pressure *c = p->cgroups; c; c = c->hh.next)
		if (!c->counted)
			each(ctx, c->id, cgroup_share(p, f, c));
}

bool pressure_cgroups_known(const struct pressure *p, const struct finding *f)
{
	return log_reaches(&p->cgroup_log, f) || buckets_resolve(p, f);
}

/* --- making and freeing --- */

struct pressure *pressure_new(const struct time_axis *axis)
{
	struct pressure *p = calloc(1, sizeof(*p));

	if (p)
		p->axis = axis;
	return p;
}

void pressure_free(struct pressure *p)
{
	struct cgroup_pressure *c, *next;

	if (!p)
		return;
	HASH_ITER(hh, p->cgroups, c, next) {
		HASH_DEL(p->cgroups, c);
		free(c);
	}
	free(p);
}
