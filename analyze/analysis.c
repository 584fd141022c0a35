// SPDX-License-Identifier: GPL-2.0-only
/*
 * analysis.c - see analysis.h. Each event goes through the shared passes that want its tracepoint, then to the
 * detectors that asked for it; everything else reaches detectors as chains, calls and runs.
 */
#include "analyze/analysis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/cgroup_name.h"
#include "analyze/failures.h"
#include "analyze/feature.h"
#include "analyze/impact.h"
#include "analyze/severity.h"
#include "analyze/tid_map.h"

#define COMM_TASKS		65536
#define META_MAX		256
#define LOSSES_MAX		4096
#define MAX_DETECTORS		32
#define BUFFER_NONE		-1
#define SAMPLE_BEHIND_NS	NSEC_PER_SEC	/* events of a time come at most so much later than samples of it */

struct comm_slot {
	char		comm[sizeof(((struct finding_task *)0)->comm)];
	uint64_t	cgroup_id;	/* 0: not told */
};

struct meta_entry {
	char	*key, *value;
};

/* When events were missing; from_ns 0: any time. */
struct lost_span {
	uint64_t	from_ns, until_ns;
};

#define LOST_FOR_GOOD	UINT64_MAX

/* Stages of a loss that lasts: from the first such row to the one of the end, or to the end of the recording. */
static const struct {
	const char	*stage, *end;
} lasting[] = {
	{ "thinned", "thinned-end" },	/* a filter keeps a part of the threads */
	{ "off", "off-end" },		/* somebody switched tracing off */
};

#define LASTING		(sizeof(lasting) / sizeof(lasting[0]))
#define LASTING_THINNED	0

#define TOLD_MAX	32	/* storms of which one may still be going on */
#define GOING_ON_MAX	32

/* A finding that was told while the recording goes on. */
struct told {
	const char	*kind, *variant;
	int32_t		node;
	uint64_t	start_ns, end_ns;
};

struct analysis {
	struct analysis_options	options;
	bool			so_far;		/* the detectors are asked what they would report */
	uint64_t		so_far_ns;	/* when they are next */
	struct told		told[TOLD_MAX];	/* a ring */
	uint32_t		told_next;
	struct detect		detect;
	struct facts		facts;
	struct analysis_totals	totals;
	struct gfp_layout	layout;
	struct binder		binder;
	struct type_count	*types;		/* by event_type.id until end, then sorted by name */
	int32_t			*type_buffer;	/* the instance whose events are judged */
	uint32_t		ntypes;
	struct failures_merge	*failures;	/* NULL: nobody wants them */
	struct chain_set	*chains;
	struct call_set		*calls;
	struct run_set		*runs;
	struct impact		*impact;
	struct tid_map		*comms;
	struct cgroup_name	*cgroups;
	struct cgroup_name	*symbols;	/* functions by address: the same kind of list */
	uint64_t		expire_ns;
	void			*state[MAX_DETECTORS];
	uint32_t		wanted[TP_COUNT];	/* detectors, bit by table index */
	struct meta_entry	meta[META_MAX];
	int			nmeta;
	struct lost_span	lost[LOSSES_MAX];
	int			nlost;
	bool			lost_overflow;
	struct lost_span	*lasting[LASTING];	/* of lost[]; NULL it does not last now */
	struct finding		*findings;
	int			nfindings;
	struct finding		*going_on;	/* not over when the detectors were asked last; GOING_ON_MAX */
	int			ngoing_on;
	struct incident		incidents[FINDINGS_MAX];
	int			nincidents;
	bool			ended;
	uint64_t		findings_dropped;
};

enum pass { PASS_CHAIN = 1, PASS_CALL = 2, PASS_RUN = 4, PASS_IMPACT = 8 };

static const uint8_t passes[TP_COUNT] = {
	[TP_DIRECT_RECLAIM_BEGIN] = PASS_CHAIN | PASS_CALL | PASS_RUN,
	[TP_DIRECT_RECLAIM_END] = PASS_CHAIN | PASS_CALL,
	[TP_RECLAIM_RETRY_ZONE] = PASS_CHAIN,
	[TP_COMPACT_RETRY] = PASS_CHAIN,
	[TP_TRY_TO_COMPACT] = PASS_CHAIN,
	[TP_WRITE_FOLIO] = PASS_CHAIN,
	[TP_WRITEPAGE] = PASS_CHAIN,
	[TP_LRU_ISOLATE] = PASS_RUN,
	[TP_LRU_SHRINK_INACTIVE] = PASS_CHAIN | PASS_CALL | PASS_RUN,
	[TP_MEMCG_RECLAIM_BEGIN] = PASS_CALL,
	[TP_MEMCG_RECLAIM_END] = PASS_CALL,
	[TP_MEMCG_SOFTLIMIT_BEGIN] = PASS_CALL,
	[TP_MEMCG_SOFTLIMIT_END] = PASS_CALL,
	[TP_NODE_RECLAIM_BEGIN] = PASS_CALL,
	[TP_NODE_RECLAIM_END] = PASS_CALL,
	[TP_SHRINK_SLAB_START] = PASS_CALL | PASS_RUN,
	[TP_SHRINK_SLAB_END] = PASS_CALL | PASS_RUN,
	[TP_KSWAPD_WAKE] = PASS_RUN | PASS_IMPACT,
	[TP_KSWAPD_SLEEP] = PASS_RUN | PASS_IMPACT,
	[TP_WAKEUP_KSWAPD] = PASS_RUN,
	[TP_BALANCE_PGDAT_END] = PASS_RUN | PASS_IMPACT,
	[TP_KCOMPACTD_WAKE] = PASS_IMPACT,
	[TP_KCOMPACTD_SLEEP] = PASS_IMPACT,
	[TP_COMPACTION_BEGIN] = PASS_IMPACT,
	[TP_COMPACTION_END] = PASS_IMPACT,
	[TP_THROTTLED] = PASS_IMPACT,
	[TP_KSWAPD_RECLAIM_FAIL] = PASS_RUN,
};

/* --- what passes and detectors hand on --- */

static void chain_done(void *ctx, const struct chain *chain)
{
	struct analysis *a = ctx;

	a->totals.chains++;
	a->totals.chains_promoted += chain->retries_promoted > 0;
	a->totals.chains_promoted_counted += chain->retries_promoted && chain->retries_counted;
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->chain)
			detectors[i]->chain(a->state[i], chain);
	if (a->options.chain)
		a->options.chain(a->options.ctx, chain);
}

static void call_done(void *ctx, const struct reclaim_call *call)
{
	struct analysis *a = ctx;

	impact_call(a->impact, call, analysis_comm(a, call->tid), call_is_open(a->calls, call->tid));
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->call)
			detectors[i]->call(a->state[i], call);
}

static void run_done(void *ctx, const struct kswapd_run *run)
{
	struct analysis *a = ctx;

	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->run)
			detectors[i]->run(a->state[i], run);
}

static const struct chain_ops chain_ops = { .done = chain_done };
static const struct call_ops call_ops = { .done = call_done };
static const struct run_ops run_ops = { .done = run_done };

/* --- what findings cost, and how they hang together --- */

static bool loss_in(const struct analysis *a, const struct finding *f)
{
	if (a->lost_overflow)
		return true;
	for (int i = 0; i < a->nlost; i++)
		if (!a->lost[i].from_ns || (a->lost[i].until_ns >= f->start_ns && a->lost[i].from_ns <= f->end_ns))
			return true;
	return false;
}

static uint64_t cgroup_of(void *ctx, int32_t tid)
{
	const struct comm_slot *task = tid_map_find(((struct analysis *)ctx)->comms, tid);

	return task ? task->cgroup_id : 0;
}

static void measure(struct analysis *a, struct finding *f)
{
	static const enum tracepoint timed[] = {
		TP_DIRECT_RECLAIM_BEGIN, TP_MEMCG_RECLAIM_BEGIN, TP_COMPACTION_BEGIN, TP_THROTTLED,
	};
	const struct impact_names names = { cgroup_of, a };

	f->impact.timed = false;
	for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++)
		f->impact.timed |= a->facts.seen[timed[i]] || a->facts.recorded[timed[i]];
	impact_measure(a->impact, f, &names);
}

/* All that was found up to now: incidents first, for who leads decides whose the pressure is. */
static void judge(struct analysis *a)
{
	struct severity_case cases[FINDINGS_MAX + GOING_ON_MAX];
	struct finding *all[FINDINGS_MAX + GOING_ON_MAX];
	int n = 0;

	for (int i = 0; i < a->nfindings; i++)
		all[n++] = &a->findings[i];
	for (int i = 0; i < a->ngoing_on; i++)
		all[n++] = &a->going_on[i];
	incidents_link(all, n, threshold_ns(&a->detect, TH_INCIDENT_GAP_S));
	for (int i = 0; i < n; i++) {
		all[i]->loss = loss_in(a, all[i]);
		cases[i] = (struct severity_case){ all[i], detector_find(all[i]->kind)->losses };
	}
	severity_decide(a->options.th, a->facts.cpus, cases, n);
}

/* --- telling --- */

/* The same storm, then and later: a storm that touches several nodes has no node any more. */
static bool same_storm(const struct told *t, const struct finding *f)
{
	return t->kind == f->kind && t->variant == f->variant &&
	       (t->node == f->node || t->node < 0 || f->node < 0) && f->start_ns <= t->end_ns && f->end_ns >= t->start_ns;
}

static void tell_grown(const struct analysis *a, const struct told *t, const struct finding *f)
{
	struct finding now = *f;

	if (!a->options.grown)
		return;
	now.start_ns = t->start_ns;
	now.node = t->node;
	finding_impact_evidence(&now, a->facts.cpus);
	a->options.grown(a->options.ctx, &now);
}

/* To the one who watches, each storm once. */
static void tell(struct analysis *a, const struct finding *f)
{
	struct finding now;

	if (!a->options.finding || !a->totals.clock_is_time)
		return;
	for (int i = 0; i < TOLD_MAX; i++) {
		struct told *t = &a->told[i];

		if (!t->kind || !same_storm(t, f))
			continue;
		t->end_ns = f->end_ns > t->end_ns ? f->end_ns : t->end_ns;
		tell_grown(a, t, f);
		return;
	}
	a->told[a->told_next++ % TOLD_MAX] = (struct told){ f->kind, f->variant, f->node, f->start_ns, f->end_ns };
	now = *f;
	finding_impact_evidence(&now, a->facts.cpus);
	a->options.finding(a->options.ctx, &now);
}

/* Where it may stay; NULL when there are more, and worse ones. */
static struct finding *keep(struct analysis *a, const struct finding *finding)
{
	int least = 0;

	if (a->nfindings < FINDINGS_MAX)
		return &a->findings[a->nfindings++];
	a->findings_dropped++;
	for (int i = 1; i < FINDINGS_MAX; i++)
		if (a->findings[i].own_severity < a->findings[least].own_severity)
			least = i;
	return finding->own_severity > a->findings[least].own_severity ? &a->findings[least] : NULL;
}

static void report(void *ctx, struct finding *finding)
{
	struct analysis *a = ctx;
	struct finding *kept;

	finding->own_severity = finding->severity;
	measure(a, finding);
	if (a->so_far) {
		if (a->ngoing_on < GOING_ON_MAX)
			a->going_on[a->ngoing_on++] = *finding;
		return;
	}
	kept = keep(a, finding);
	if (kept)
		*kept = *finding;
	if (!a->options.finding)
		return;
	judge(a);
	tell(a, kept ?: finding);
}

/* --- the sink --- */

static int grow_types(struct analysis *a, uint32_t count)
{
	struct type_count *types;
	int32_t *buffers;

	if (count <= a->ntypes)
		return 0;
	types = reallocarray(a->types, count, sizeof(*types));
	if (types)
		a->types = types;
	buffers = reallocarray(a->type_buffer, count, sizeof(*buffers));
	if (buffers)
		a->type_buffer = buffers;
	if (!types || !buffers)
		return -ENOMEM;
	for (; a->ntypes < count; a->ntypes++) {
		a->types[a->ntypes] = (struct type_count){ 0 };
		a->type_buffer[a->ntypes] = BUFFER_NONE;
	}
	return 0;
}

static void note_fields(struct analysis *a, const struct tp_view *view)
{
	if (view->tp == TP_DIRECT_RECLAIM_BEGIN || view->tp == TP_MEMCG_RECLAIM_BEGIN)
		a->totals.memcg_id_field = view->at[TPF_MEMCG_ID] >= 0 ? FIELD_SEEN : FIELD_MISSING;
}

static int on_type(void *ctx, const struct event_type *type)
{
	struct analysis *a = ctx;
	int ret = binder_add(&a->binder, type);

	if (ret)
		return ret;
	ret = grow_types(a, type->id + 1);
	if (ret)
		return ret;
	note_fields(a, &a->binder.views[type->id]);
	/* The source frees its types when it has returned, results are asked for later. */
	free((char *)a->types[type->id].name);
	free((char *)a->types[type->id].system);
	a->types[type->id].name = strdup(type->name);
	a->types[type->id].system = strdup(type->system);
	return a->types[type->id].name && a->types[type->id].system ? 0 : -ENOMEM;
}

/*
 * The same tracepoint may be on in several trace instances; then each hit is there several times, and only one of
 * them may be judged.
 */
static bool other_buffer(struct analysis *a, const struct event *ev)
{
	int32_t *buffer = &a->type_buffer[ev->type->id];

	if (*buffer == BUFFER_NONE)
		*buffer = ev->buffer;
	return *buffer != ev->buffer;
}

static void facts_update(struct analysis *a, const struct event *ev, enum tracepoint tp)
{
	struct facts *facts = &a->facts;

	if (!a->totals.events++) {
		facts->first_ns = ev->ts;
		if (!facts->recording_ns)
			facts->recording_ns = ev->ts;
	}
	if (ev->ts > facts->last_ns)
		facts->last_ns = ev->ts;
	if (ev->cpu != EVENT_CPU_UNKNOWN && ev->cpu >= facts->cpus)
		facts->cpus = ev->cpu + 1;
	facts->seen[tp]++;
}

static void run_passes(struct analysis *a, const struct mm_event *mm)
{
	uint8_t pass = passes[mm_tp(mm)];

	if (pass & PASS_CHAIN)
		chain_feed(a->chains, mm);
	if (pass & PASS_CALL)
		call_feed(a->calls, mm);
	if (pass & PASS_RUN)
		run_feed(a->runs, mm);
	if (pass & PASS_IMPACT)
		impact_event(a->impact, mm, analysis_comm(a, mm->ev->tid), call_is_open(a->calls, mm->ev->tid));
}

static void tell_failures(struct analysis *a, const struct mm_event *mm)
{
	struct failures_change change;
	struct comm_slot *task;

	if (!a->failures || !failures_merge_event(a->failures, mm, &change))
		return;
	task = tid_map_find(a->comms, change.tid);
	change.comm = task ? task->comm : "";
	change.cgroup_id = task ? task->cgroup_id : 0;
	failures_merge_tell(a->failures, &change);
}

/* Somebody watches: what has arisen up to now? */
static void ask_so_far(struct analysis *a, uint64_t now_ns)
{
	if (!a->options.finding || now_ns < a->so_far_ns)
		return;
	a->so_far_ns = now_ns + NSEC_PER_SEC;
	a->ngoing_on = 0;
	a->so_far = true;
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->so_far)
			detectors[i]->so_far(a->state[i], now_ns);
	a->so_far = false;
	if (!a->ngoing_on)
		return;
	judge(a);
	for (int i = 0; i < a->ngoing_on; i++)
		tell(a, &a->going_on[i]);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct analysis *a = ctx;
	struct mm_event mm = { ev, binder_view(&a->binder, ev) };
	uint32_t wanted;

	if (!mm.view || ev->type->id >= a->ntypes)
		return -EINVAL;
	a->types[ev->type->id].events++;
	if (other_buffer(a, ev)) {
		a->totals.events_other_buffers++;
		a->totals.events++;
		return 0;
	}
	facts_update(a, ev, mm_tp(&mm));
	run_passes(a, &mm);
	tell_failures(a, &mm);
	wanted = a->wanted[mm_tp(&mm)];
	for (; wanted; wanted &= wanted - 1) {
		int i = __builtin_ctz(wanted);

		detectors[i]->event(a->state[i], &mm);
	}
	if (ev->ts >= a->expire_ns) {
		chain_expire(a->chains, ev->ts);
		a->expire_ns = ev->ts + NSEC_PER_SEC;
	}
	ask_so_far(a, ev->ts);
	return 0;
}

static struct lost_span *add_lost(struct analysis *a, uint64_t from_ns, uint64_t until_ns)
{
	struct lost_span *span = &a->lost[a->nlost];

	a->lost_overflow |= a->nlost == LOSSES_MAX;
	if (a->nlost == LOSSES_MAX)
		return NULL;
	a->nlost++;
	*span = (struct lost_span){ from_ns, until_ns };
	return span;
}

static void note_lost(struct analysis *a, const struct loss *loss)
{
	for (size_t i = 0; i < LASTING; i++) {
		bool end = !strcmp(loss->stage, lasting[i].end);

		if (!end && strcmp(loss->stage, lasting[i].stage))
			continue;
		a->totals.thinned |= i == LASTING_THINNED;
		if (a->lasting[i] && end)
			a->lasting[i]->until_ns = loss->ts;
		else if (!a->lasting[i])
			a->lasting[i] = add_lost(a, loss->ts, end ? loss->ts : LOST_FOR_GOOD);
		if (end)
			a->lasting[i] = NULL;
		return;
	}
	add_lost(a, loss->ts, loss->ts);
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct analysis *a = ctx;

	a->totals.loss_records++;
	if (loss->ts) {		/* a total without a time cannot be tied to anything; it lowers every confidence */
		chain_loss(a->chains, loss->cpu);
		call_loss(a->calls, loss->cpu);
		impact_loss(a->impact, loss->cpu);
		run_loss(a->runs);
	}
	if (loss->events < 0)
		a->totals.loss_unknown = true;
	else
		a->totals.lost += loss->events;
	note_lost(a, loss);
	return 0;
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct analysis *a = ctx;

	if (a->failures && sample->ts > SAMPLE_BEHIND_NS)
		failures_merge_until(a->failures, sample->ts - SAMPLE_BEHIND_NS);
	impact_sample(a->impact, sample);
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->sample)
			detectors[i]->sample(a->state[i], sample);
	ask_so_far(a, sample->ts);
	return 0;
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	struct analysis *a = ctx;

	if (a->failures)
		failures_merge_seen(a->failures, change, a->facts.recorded[TP_KSWAPD_RECLAIM_FAIL] &&
				    a->facts.recorded[TP_KSWAPD_CLEAR_HOPELESS]);
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->failures)
			detectors[i]->failures(a->state[i], change);
	return 0;
}

static int on_task(void *ctx, const struct task_name *task)
{
	struct analysis *a = ctx;
	struct comm_slot *slot = tid_map_get(a->comms, task->tid);

	if (!slot)
		return 0;
	/* As in table task: what is not told stays as long as the name is the same. */
	if (task->cgroup_id || strncmp(slot->comm, task->comm, sizeof(slot->comm) - 1))
		slot->cgroup_id = task->cgroup_id;
	snprintf(slot->comm, sizeof(slot->comm), "%s", task->comm);
	return 0;
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	return cgroup_name_set(&((struct analysis *)ctx)->cgroups, id, path);
}

static int on_symbol(void *ctx, uint64_t addr, const char *name)
{
	return cgroup_name_set(&((struct analysis *)ctx)->symbols, addr, name);
}

static const char *cgroup_path_of(void *ctx, uint64_t id)
{
	return cgroup_name_get(((struct analysis *)ctx)->cgroups, id);
}

static const char *symbol_at(void *ctx, uint64_t addr)
{
	return cgroup_name_get(((struct analysis *)ctx)->symbols, addr);
}

static int meta_store(struct analysis *a, const char *key, const char *value)
{
	struct meta_entry *m = NULL;
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	for (int i = 0; i < a->nmeta && !m; i++)
		if (!strcmp(a->meta[i].key, key))
			m = &a->meta[i];
	if (!m) {
		char *name = a->nmeta < META_MAX ? strdup(key) : NULL;

		if (!name) {
			free(copy);
			return a->nmeta < META_MAX ? -ENOMEM : 0;
		}
		m = &a->meta[a->nmeta++];
		*m = (struct meta_entry){ .key = name };
	}
	free(m->value);
	m->value = copy;
	return 0;
}

#define PAGEBLOCK_ORDER_MAX	20

/* Names of enabled tracepoints, with blanks between. */
static void note_recorded(struct analysis *a, const char *names)
{
	char name[128];

	while (*names) {
		size_t len = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), names);
		a->facts.recorded[tp_lookup(name)] = true;
		names += len;
		names += strspn(names, " ");
	}
	a->facts.recorded[TP_NONE] = false;
}

/* The facts that change how events are read. */
static void meta_apply(struct analysis *a, const char *key, const char *value)
{
	long number = strtol(value, NULL, 0);

	if (!strncmp(key, "gfp.", 4)) {
		gfp_layout_set(&a->layout, key + 4, strtoull(value, NULL, 0));
	} else if (!strcmp(key, "pageblock_order") && number > 0 && number <= PAGEBLOCK_ORDER_MAX) {
		a->facts.pageblock_pages = 1ull << number;
		chain_set_pageblock(a->chains, a->facts.pageblock_pages);
	} else if (!strcmp(key, "page_size") && !a->facts.pageblock_pages) {
		/* A pageblock is what one entry of the next page table level maps: page_size / 8 pages. */
		if (number >= 4096 && number <= 65536 && !(number & (number - 1))) {
			a->facts.pageblock_pages = number / sizeof(uint64_t);
			chain_set_pageblock(a->chains, a->facts.pageblock_pages);
		}
	} else if (!strcmp(key, "recorded")) {
		note_recorded(a, value);
	} else if (!strcmp(key, "defrag_mode")) {
		a->facts.defrag_mode = number != 0;
	} else if (!strcmp(key, FEATURE_META "defrag-mode") && !strncmp(value, "absent", strlen("absent"))) {
		a->facts.defrag_mode = 0;
	} else if (!strcmp(key, "cpus") && number > 0 && number > a->facts.cpus) {
		a->facts.cpus = number;
	} else if (!strcmp(key, "clock_is_ns")) {
		a->totals.clock_is_time = number != 0;
	} else if (!strcmp(key, "kernel_release")) {
		snprintf(a->facts.release, sizeof(a->facts.release), "%s", value);
	}
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct analysis *a = ctx;

	meta_apply(a, key, value);
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->meta)
			detectors[i]->meta(a->state[i], key, value);
	return meta_store(a, key, value);
}

/* --- the end --- */

static void name_tasks(const struct analysis *a, struct finding_task *tasks, int n)
{
	for (int i = 0; i < n; i++)
		snprintf(tasks[i].comm, sizeof(tasks[i].comm), "%s", analysis_comm(a, tasks[i].tid));
}

static void name_all(const struct analysis *a, struct finding *f)
{
	name_tasks(a, f->tasks, f->ntasks);
	name_tasks(a, f->suffered, f->nsuffered);
	for (int i = 0; i < f->ncgroups; i++)
		cgroup_name_copy(f->cgroups[i].path, sizeof(f->cgroups[i].path), analysis_cgroup(a, f->cgroups[i].id));
	if (f->cgroup_id)
		cgroup_name_copy(f->cgroup, sizeof(f->cgroup), analysis_cgroup(a, f->cgroup_id));
	if (f->tid >= 0)
		snprintf(f->comm, sizeof(f->comm), "%s", analysis_comm(a, f->tid));
}

static void finding_complete(const struct analysis *a, struct finding *f)
{
	name_all(a, f);
	finding_impact_evidence(f, a->facts.cpus);
	if (f->own_severity > SEVERITY_INFO && !f->impact.timed && f->impact.psi_full < 0)
		finding_missing(f, "What it cost is not in the recording (reclaim events, PSI): its severity is by its kind.");
	f->loss = loss_in(a, f);
	if (!f->loss)
		return;
	if (f->confidence > CONFIDENCE_LOW)
		f->confidence--;
	finding_missing(f, "Events were lost in this time: the numbers are lower bounds.");
}

static int type_order(const void *pa, const void *pb)
{
	const struct type_count *a = pa, *b = pb;
	int ret = strcmp(a->name ?: "", b->name ?: "");

	return ret ? ret : strcmp(a->system ?: "", b->system ?: "");
}

/* A type that was announced again with more fields is one type to a reader. */
static void merge_types(struct analysis *a)
{
	uint32_t out = 0;

	qsort(a->types, a->ntypes, sizeof(*a->types), type_order);
	for (uint32_t i = 0; i < a->ntypes; i++) {
		if (out && a->types[i].name && !type_order(&a->types[out - 1], &a->types[i])) {
			a->types[out - 1].events += a->types[i].events;
			free((char *)a->types[i].name);
			free((char *)a->types[i].system);
			continue;
		}
		a->types[out++] = a->types[i];
	}
	a->ntypes = out;
}

/* Thinning that began before this part of the recording has no row in it: it may last here, or be over. */
static void note_thinned_before(struct analysis *a)
{
	const char *class;
	int i = 0;

	if (!a->options.part || a->totals.thinned || !analysis_thinned(a, &i, &class))
		return;
	a->totals.thinned = a->totals.loss_unknown = true;
	add_lost(a, 0, 0);
}

static void complete_findings(struct analysis *a)
{
	/* The last samples come after what they tell of, and calls may end after a storm that they began in. */
	for (int i = 0; i < a->nfindings && impact_exact(a->impact); i++)
		measure(a, &a->findings[i]);
	judge(a);
	for (int i = 0; i < a->nfindings; i++)
		finding_complete(a, &a->findings[i]);
	a->nincidents = incidents_order(a->findings, a->nfindings, a->incidents);
}

static int on_end(void *ctx)
{
	struct analysis *a = ctx;

	a->ended = true;
	a->ngoing_on = 0;
	note_thinned_before(a);
	if (a->failures)
		failures_merge_until(a->failures, UINT64_MAX);
	chain_finish(a->chains);
	call_finish(a->calls);
	run_finish(a->runs);
	for (int i = 0; i < ndetectors; i++)
		if (a->state[i] && detectors[i]->finish)
			detectors[i]->finish(a->state[i]);
	if (!a->totals.clock_is_time)	/* no duration means anything */
		a->nfindings = 0;
	complete_findings(a);
	if (a->ntypes)
		merge_types(a);
	return 0;
}

static const struct sink_ops analysis_sink_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.sample = on_sample,
	.failures = on_failures,
	.task = on_task,
	.cgroup = on_cgroup,
	.symbol = on_symbol,
	.meta = on_meta,
	.end = on_end,
};

struct sink analysis_sink(struct analysis *a)
{
	return (struct sink){ &analysis_sink_ops, a };
}

/* --- making and freeing --- */

static int create_detectors(struct analysis *a)
{
	for (int i = 0; i < ndetectors; i++) {
		const struct detector *d = detectors[i];

		if (!analysis_wants(a, d))
			continue;
		a->state[i] = calloc(1, d->state_size);
		if (!a->state[i])
			return -ENOMEM;
		*(const struct detect **)a->state[i] = &a->detect;
		for (const enum tracepoint *tp = d->events; tp && *tp != TP_NONE; tp++)
			a->wanted[*tp] |= 1u << i;
	}
	return 0;
}

int analysis_new(const struct analysis_options *options, struct analysis **out)
{
	struct analysis *a;
	int ret;

	if (options->only && !detector_find(options->only))
		return -EINVAL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->options = *options;
	a->facts.cpus = 1;
	a->facts.defrag_mode = -1;
	a->totals.clock_is_time = true;
	a->detect = (struct detect){ .th = options->th, .facts = &a->facts, .report = report, .cgroup = cgroup_path_of,
				     .symbol = symbol_at, .ctx = a };
	gfp_layout_default(&a->layout);
	a->findings = calloc(FINDINGS_MAX, sizeof(*a->findings));
	a->comms = tid_map_new(COMM_TASKS, sizeof(struct comm_slot), NULL, NULL);
	a->going_on = calloc(GOING_ON_MAX, sizeof(*a->going_on));
	a->impact = impact_new();
	ret = a->findings && a->going_on && a->comms && a->impact ? 0 : -ENOMEM;
	if (!ret)
		ret = chain_set_new(options->th, &a->layout, &chain_ops, a, &a->chains);
	if (!ret)
		ret = call_set_new(&call_ops, a, &a->calls);
	if (!ret)
		ret = run_set_new(&run_ops, a, &a->runs);
	if (!ret)
		ret = create_detectors(a);
	if (!ret && options->failures)
		ret = failures_merge_new(options->failures, options->ctx, &a->failures);
	if (ret) {
		analysis_free(a);
		return ret;
	}
	*out = a;
	return 0;
}

void analysis_free(struct analysis *a)
{
	if (!a)
		return;
	for (int i = 0; i < ndetectors; i++) {
		if (a->state[i] && detectors[i]->clear)
			detectors[i]->clear(a->state[i]);
		free(a->state[i]);
	}
	for (uint32_t i = 0; i < a->ntypes; i++) {
		free((char *)a->types[i].name);
		free((char *)a->types[i].system);
	}
	for (int i = 0; i < a->nmeta; i++) {
		free(a->meta[i].key);
		free(a->meta[i].value);
	}
	free(a->types);
	free(a->type_buffer);
	binder_clear(&a->binder);
	chain_set_free(a->chains);
	call_set_free(a->calls);
	run_set_free(a->runs);
	failures_merge_free(a->failures);
	impact_free(a->impact);
	tid_map_free(a->comms);
	cgroup_names_free(a->cgroups);
	cgroup_names_free(a->symbols);
	free(a->findings);
	free(a->going_on);
	free(a);
}

/* --- results --- */

const struct finding *analysis_findings(const struct analysis *a, int *count)
{
	*count = a->nfindings;
	return a->findings;
}

const struct incident *analysis_incidents(const struct analysis *a, int *count)
{
	*count = a->nincidents;
	return a->incidents;
}

bool analysis_finding_now(const struct analysis *a, int index, struct finding *out)
{
	if (index >= a->nfindings + a->ngoing_on || !a->totals.clock_is_time)
		return false;
	*out = index < a->nfindings ? a->findings[index] : a->going_on[index - a->nfindings];
	if (!a->ended)
		finding_complete(a, out);
	return true;
}

uint64_t analysis_findings_dropped(const struct analysis *a)
{
	return a->findings_dropped;
}

void analysis_starts_at(struct analysis *a, uint64_t first_ns)
{
	a->facts.recording_ns = first_ns;
}

const struct facts *analysis_facts(const struct analysis *a)
{
	return &a->facts;
}

const struct call_stats *analysis_calls(const struct analysis *a, enum call_kind kind)
{
	return call_stats(a->calls, kind);
}

const struct run_stats *analysis_kswapd(const struct analysis *a, int nid)
{
	return run_stats(a->runs, nid);
}

const struct type_count *analysis_types(const struct analysis *a, int *count)
{
	*count = a->ntypes;
	return a->types;
}

const struct analysis_totals *analysis_totals(const struct analysis *a)
{
	return &a->totals;
}

const char *analysis_meta(const struct analysis *a, const char *key)
{
	for (int i = 0; i < a->nmeta; i++)
		if (!strcmp(a->meta[i].key, key))
			return a->meta[i].value;
	return NULL;
}

const char *analysis_thinned(const struct analysis *a, int *i, const char **class)
{
	static const char prefix[] = "thinned.";

	while (*i < a->nmeta) {
		const struct meta_entry *m = &a->meta[(*i)++];

		if (strncmp(m->key, prefix, sizeof(prefix) - 1))
			continue;
		*class = m->key + sizeof(prefix) - 1;
		return m->value;
	}
	return NULL;
}

uint64_t analysis_lines_skipped(const struct analysis *a, uint64_t *lines)
{
	const char *skipped = analysis_meta(a, "text_lines_skipped"), *all = analysis_meta(a, "text_lines");

	*lines = all ? strtoull(all, NULL, 10) : 0;
	return skipped ? strtoull(skipped, NULL, 10) : 0;
}

int analysis_judged_count(const struct analysis *a)
{
	char why[ANALYSIS_WHY_BYTES];
	int count = 0;

	for (int i = 0; i < ndetectors; i++)
		count += analysis_wants(a, detectors[i]) && analysis_judged(a, detectors[i], why);
	return count;
}

const char *analysis_cgroup(const struct analysis *a, uint64_t id)
{
	return cgroup_name_get(a->cgroups, id);
}

const char *analysis_comm(const struct analysis *a, int32_t tid)
{
	struct comm_slot *slot = tid_map_find(a->comms, tid);

	return slot ? slot->comm : "";
}

bool analysis_wants(const struct analysis *a, const struct detector *detector)
{
	return !a->options.none && (!a->options.only || !strcmp(a->options.only, detector->kind));
}

static bool any_seen(const struct analysis *a, const enum tracepoint *choice)
{
	for (int i = 0; i < DETECTOR_MAX_CHOICE && choice[i] != TP_NONE; i++)
		if (a->facts.seen[choice[i]] || a->facts.recorded[choice[i]])
			return true;
	return false;
}

/* "vmscan:a oom:b" has b? */
static bool names_event(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list ? strstr(list, name) : NULL; at; at = strstr(at + 1, name))
		if ((at == list || at[-1] == ':' || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

/* Why there are none of an event. What was recorded and did not happen is no reason not to judge. */
static const char *why_none(const struct analysis *a, const char *name)
{
	if (names_event(analysis_meta(a, "missing"), name))
		return "the kernel does not have it, or not under this name";
	return analysis_meta(a, "recorded") ? "it was not recorded" : "it did not happen or was not recorded";
}

/* What @detector says that it lacks, NULL when nothing. */
static const char *detector_lacks(const struct analysis *a, const struct detector *detector)
{
	for (int i = 0; i < ndetectors; i++)
		if (detectors[i] == detector && a->state[i] && detector->lacks)
			return detector->lacks(a->state[i]);
	return NULL;
}

bool analysis_judged(const struct analysis *a, const struct detector *detector, char *why)
{
	const char *lacks;

	if (!a->totals.clock_is_time) {
		snprintf(why, ANALYSIS_WHY_BYTES, "the clock of the recording (%s) counts events and tells no time",
			 analysis_meta(a, "clock") ?: "unknown");
		return false;
	}
	if (analysis_found(a, detector->kind, NULL))
		return true;
	if (a->totals.lost > a->totals.events) {
		snprintf(why, ANALYSIS_WHY_BYTES, "more events were lost (%" PRIu64 ") than are left (%" PRIu64 ")",
			 a->totals.lost, a->totals.events);
		return false;
	}
	for (int i = 0; i < DETECTOR_MAX_NEEDS && detector->needs[i][0] != TP_NONE; i++) {
		const char *name = tp_info(detector->needs[i][0])->name;

		if (any_seen(a, detector->needs[i]))
			continue;
		snprintf(why, ANALYSIS_WHY_BYTES, "no %s %s: %s (%s)", name,
			 a->options.part ? "in this part" : "in the recording", why_none(a, name), detector->without);
		return false;
	}
	lacks = detector_lacks(a, detector);
	if (lacks)
		snprintf(why, ANALYSIS_WHY_BYTES, "%s", lacks);
	return !lacks;
}

bool analysis_found(const struct analysis *a, const char *kind, const char *variant)
{
	for (int i = 0; i < a->nfindings; i++)
		if (!strcmp(a->findings[i].kind, kind) && (!variant || !strcmp(a->findings[i].variant, variant)))
			return true;
	return false;
}
