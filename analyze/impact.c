// SPDX-License-Identifier: GPL-2.0-only
/*
 * impact.c - see impact.h: what is a stall, and what a finding is told of its window. Stalls are kept by stall_log.c,
 * pressure by pressure.c, both along one axis of time.
 */
#include "analyze/impact.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/pressure.h"
#include "analyze/stall_log.h"
#include "analyze/tid_map.h"

#define COMPACTING_TASKS	4096u	/* in compaction at once */
#define BACKGROUND_MAX		256u	/* kswapd and kcompactd of 128 nodes */

struct compacting {
	uint64_t	begin_ns;
	uint16_t	cpu;
	bool		open;
};

struct impact {
	struct time_axis	axis;
	struct stall_log	*stalls;
	struct pressure		*pressure;
	struct tid_map		*compacting;
	int32_t			background[BACKGROUND_MAX];
	uint32_t		nbackground;
};

/* There is a bucket for @ts. */
static void reach(struct impact *imp, uint64_t ts)
{
	if (!imp->axis.begun)
		imp->axis.origin_ns = ts;
	imp->axis.begun = true;
	while (!axis_reaches(&imp->axis, ts)) {
		stall_log_fold(imp->stalls);
		pressure_fold(imp->pressure);
		imp->axis.width_ns *= 2;
	}
}

/* --- stalls --- */

static void stall_add(struct impact *imp, const struct stall *s)
{
	reach(imp, s->begin_ns);
	reach(imp, s->end_ns);
	stall_log_add(imp->stalls, s);
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

static void cut(void *ctx, int32_t tid, void *slot)
{
	const uint16_t *cpu = ctx;
	struct compacting *c = slot;

	if (*cpu == EVENT_CPU_UNKNOWN || *cpu == c->cpu)
		c->open = false;
}

void impact_loss(struct impact *imp, uint16_t cpu)
{
	tid_map_each(imp->compacting, cut, &cpu);
}

void impact_sample(struct impact *imp, const struct sample *s)
{
	if (!pressure_wants(s))
		return;
	reach(imp, s->ts);
	pressure_sample(imp->pressure, s);
}

/* --- the window of a finding --- */

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
	const struct stall_victim *a = *(struct stall_victim *const *)pa, *b = *(struct stall_victim *const *)pb;

	return a->memcg_id != b->memcg_id ? a->memcg_id < b->memcg_id ? -1 : 1 : a->tid < b->tid ? -1 : a->tid > b->tid;
}

static void measure_victims(struct stall_victim *const *victims, uint32_t n, struct finding *f,
			    const struct impact_names *names)
{
	for (uint32_t i = 0; i < n; i++) {
		struct stall_victim *v = victims[i];

		v->memcg_id = names->cgroup_of(names->ctx, v->tid) ?: v->memcg_id;
		suffered_insert(f, &(struct finding_task){ .tid = v->tid, .memcg_id = v->memcg_id, .count = v->stalls,
							   .ns = v->ns });
	}
}

static void insert_pressed(void *ctx, uint64_t id, double share)
{
	cgroups_insert(ctx, &(struct finding_cgroup){ .id = id, .psi_full = share });
}

/* Those of the victims, which are sorted by them; then those that have only pressure. */
static void measure_cgroups(struct pressure *pressure, struct stall_victim *const *victims, uint32_t n,
			    struct finding *f)
{
	for (uint32_t i = 0, next; i < n; i = next) {
		struct finding_cgroup sum = { .id = victims[i]->memcg_id };

		for (next = i; next < n && victims[next]->memcg_id == sum.id; next++) {
			sum.stalls += victims[next]->stalls;
			sum.lost_ns += victims[next]->ns;
		}
		if (!sum.id)
			continue;
		sum.psi_full = pressure_take_cgroup(pressure, f, sum.id);
		cgroups_insert(f, &sum);
	}
	pressure_rest(pressure, f, insert_pressed, f);
}

static void measure_stalls(struct impact *imp, struct finding *f, const struct impact_names *names)
{
	struct stall_victim **victims;
	uint32_t n;

	stall_log_measure(imp->stalls, f);
	n = stall_log_victims(imp->stalls, &victims);
	measure_victims(victims, n, f, names);
	qsort(victims, n, sizeof(*victims), victim_order);
	measure_cgroups(imp->pressure, victims, n, f);
}

static void measure_pressure(const struct pressure *p, struct finding *f)
{
	f->impact.psi_some = pressure_share(p, f, PSI_SOME);
	f->impact.psi_full = pressure_share(p, f, PSI_FULL);
	f->impact.psi_io_full = pressure_share(p, f, PSI_IO_FULL);
	f->impact.psi_cgroup = f->cgroup_id ? pressure_cgroup_share(p, f, f->cgroup_id) : SHARE_UNKNOWN;
}

static double known(double now, double before)
{
	return now < 0 ? before : now;
}

/* What @f had when it was measured the first time, and is not known any more. */
static void keep_known(const struct pressure *p, struct finding *f, const struct finding_impact *before,
		       const struct finding_cgroup *cgroups, int ncgroups)
{
	f->impact.psi_some = known(f->impact.psi_some, before->psi_some);
	f->impact.psi_full = known(f->impact.psi_full, before->psi_full);
	f->impact.psi_io_full = known(f->impact.psi_io_full, before->psi_io_full);
	f->impact.psi_cgroup = known(f->impact.psi_cgroup, before->psi_cgroup);
	if (pressure_cgroups_known(p, f))
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
	f->impact = (struct finding_impact){ .timed = before.timed, .exact = impact_exact(imp), .measured = true };
	f->nsuffered = f->ncgroups = 0;
	pressure_window(imp->pressure, f);
	measure_pressure(imp->pressure, f);
	measure_stalls(imp, f, names);
	if (before.measured)
		keep_known(imp->pressure, f, &before, cgroups, ncgroups);
}

/* --- making and freeing --- */

struct impact *impact_new(void)
{
	struct impact *imp = calloc(1, sizeof(*imp));

	if (!imp)
		return NULL;
	imp->axis.width_ns = IMPACT_WIDTH_NS;
	imp->stalls = stall_log_new(&imp->axis);
	imp->pressure = pressure_new(&imp->axis);
	imp->compacting = tid_map_new(COMPACTING_TASKS, sizeof(struct compacting), NULL, NULL);
	if (imp->stalls && imp->pressure && imp->compacting)
		return imp;
	impact_free(imp);
	return NULL;
}

void impact_free(struct impact *imp)
{
	if (!imp)
		return;
	stall_log_free(imp->stalls);
	pressure_free(imp->pressure);
	tid_map_free(imp->compacting);
	free(imp);
}

bool impact_exact(const struct impact *imp)
{
	return stall_log_exact(imp->stalls);
}

uint64_t impact_bucket_ns(const struct impact *imp)
{
	return imp->axis.width_ns;
}
