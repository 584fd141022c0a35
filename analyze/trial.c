// SPDX-License-Identifier: GPL-2.0-only
/*
 * trial.c - see trial.h. Series and facts are found by their whole key in hashes of uthash.
 */
#include "analyze/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "spine/fanout.h"

#define NAME_BYTES		256u	/* of series and facts; longer ones are left out */
#define VALUE_BYTES		2048u	/* of a fact; what is beyond is cut */
#define COMPACT_SUCCESS		8	/* enum compact_result */
#define MIGRATE_MOVABLE		1	/* enum migratetype; these two are the same in 6.1 to 7.3 */
#define PER_NODE_COUNTERS	"per-node-reclaim-counters"

struct series_entry {
	struct trial_series	s;
	UT_hash_handle		hh;
	char			key[];		/* what tells it apart, and its name and unit behind that */
};

struct meta_entry {
	UT_hash_handle		hh;
	char			*value;
	char			key[];
};

struct cgroup_entry {
	UT_hash_handle		hh;
	uint64_t		id;
	char			path[];
};

struct trial {
	struct analysis		*analysis;
	struct thresholds	th;
	struct fanout		fanout;
	struct series_entry	*by_key;
	struct series_entry	**series;
	unsigned int		nseries, room;
	uint64_t		series_left_out;
	struct meta_entry	*metas;
	struct cgroup_entry	*cgroups;
	struct binder		binder;
	uint64_t		tallies[TALLY_COUNT];
	uint64_t		from_ns;
	uint64_t		first_ns, last_ns;		/* events and samples; first_ns UINT64_MAX: none */
	uint64_t		first_sample_ns, last_sample_ns;
	uint64_t		events;
	uint64_t		lost;
	bool			loss_unknown, thinned;
};

/* --- samples --- */

struct series_key {
	uint64_t	cgroup_id;
	int32_t		node;
	uint32_t	scope;
	char		name[NAME_BYTES];
};

#define KEY_HEAD	offsetof(struct series_key, name)

static int series_reserve(struct trial *t)
{
	unsigned int wanted = t->room ? t->room * 2 : 1024;
	struct series_entry **larger;

	if (t->nseries < t->room)
		return 0;
	larger = reallocarray(t->series, wanted, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	t->series = larger;
	t->room = wanted;
	return 0;
}

static int series_add(struct trial *t, const struct series_key *key, size_t bytes, const struct sample *sample)
{
	struct series_entry *e;
	size_t unit = strlen(sample->unit) + 1, members = HASH_COUNT(t->by_key);
	uint64_t ts = sample->ts > t->from_ns ? sample->ts : t->from_ns;

	if (t->nseries == TRIAL_SERIES_MAX) {
		t->series_left_out++;
		return 0;
	}
	e = series_reserve(t) ? NULL : calloc(1, sizeof(*e) + bytes + 1 + unit);
	if (!e)
		return -ENOMEM;
	memcpy(e->key, key, bytes);
	memcpy(e->key + bytes + 1, sample->unit, unit);
	e->s = (struct trial_series){
		.scope = sample->scope, .node = sample->node, .cgroup_id = sample->cgroup_id,
		.name = e->key + KEY_HEAD, .unit = e->key + bytes + 1, .first = sample->value,
		.last = sample->value, .peak = sample->value, .first_ns = ts, .last_ns = ts,
	};
	HASH_ADD_KEYPTR(hh, t->by_key, e->key, bytes, e);
	if (HASH_COUNT(t->by_key) == members) {
		free(e);
		return -ENOMEM;
	}
	t->series[t->nseries++] = e;
	return 0;
}

static void series_hold(struct trial_series *s, uint64_t until_ns)
{
	s->area += (double)s->last * elapsed_ns(s->last_ns, until_ns);
	if (until_ns > s->last_ns)
		s->last_ns = until_ns;
}

static void series_take(struct trial_series *s, const struct sample *sample)
{
	series_hold(s, sample->ts);
	if (sample->value > s->last)
		s->grown += (uint64_t)sample->value - s->last;
	else if (sample->value < s->last)
		s->falls++;
	s->last = sample->value;
	if (sample->value > s->peak)
		s->peak = sample->value;
}

static size_t series_key(struct series_key *key, const struct sample *sample)
{
	size_t len = strlen(sample->name);

	if (len >= sizeof(key->name))
		return 0;
	key->cgroup_id = sample->cgroup_id;
	key->node = sample->node;
	key->scope = sample->scope;
	memcpy(key->name, sample->name, len);
	return KEY_HEAD + len;
}

static void see_time(struct trial *t, uint64_t ts)
{
	if (ts < t->first_ns)
		t->first_ns = ts;
	if (ts > t->last_ns)
		t->last_ns = ts;
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct trial *t = ctx;
	struct series_key key;
	struct series_entry *e;
	size_t bytes = series_key(&key, sample);

	/* A store tells what held when the part begins with the time of the part's begin or an earlier one. */
	see_time(t, sample->ts > t->from_ns ? sample->ts : t->from_ns);
	if (sample->ts < t->first_sample_ns)
		t->first_sample_ns = sample->ts > t->from_ns ? sample->ts : t->from_ns;
	if (sample->ts > t->last_sample_ns)
		t->last_sample_ns = sample->ts;
	if (!bytes) {
		t->series_left_out++;
		return 0;
	}
	HASH_FIND(hh, t->by_key, &key, bytes, e);
	if (!e)
		return series_add(t, &key, bytes, sample);
	series_take(&e->s, sample);
	return 0;
}

/* --- events --- */

static int on_type(void *ctx, const struct event_type *type)
{
	struct trial *t = ctx;

	return binder_add(&t->binder, type);
}

static void tally_clear(struct trial *t, const struct mm_event *mm)
{
	int64_t reason;

	if (mm_get(mm, TPF_REASON, &reason) && reason >= 0 && reason <= TALLY_CLEAR_PCP - TALLY_CLEAR_OTHER)
		t->tallies[TALLY_CLEAR_OTHER + reason]++;
}

static int64_t pageblock_order(const struct trial *t)
{
	uint64_t pages = analysis_facts(t->analysis)->pageblock_pages;

	return pages ? 63 - __builtin_clzll(pages) : INT64_MAX;
}

static void tally_compact(struct trial *t, const struct mm_event *mm)
{
	t->tallies[TALLY_COMPACT]++;
	t->tallies[TALLY_COMPACT_BLOCK] += mm_int(mm, TPF_ORDER, 0) >= pageblock_order(t);
}

static void tally_compact_end(struct trial *t, const struct mm_event *mm)
{
	t->tallies[TALLY_COMPACT_END]++;
	t->tallies[TALLY_COMPACT_SUCCESS] += mm_int(mm, TPF_STATUS, -1) == COMPACT_SUCCESS;
}

static void tally_extfrag(struct trial *t, const struct mm_event *mm)
{
	if (mm_int(mm, TPF_CHANGE_OWNERSHIP, 0)) {
		t->tallies[TALLY_EXTFRAG_CLAIM]++;
		return;
	}
	if (mm_int(mm, TPF_FALLBACK_ORDER, 0) >= pageblock_order(t))
		return;
	t->tallies[TALLY_EXTFRAG_STEAL]++;
	t->tallies[TALLY_EXTFRAG_POLLUTE] += mm_int(mm, TPF_ALLOC_MIGRATETYPE, MIGRATE_MOVABLE) != MIGRATE_MOVABLE &&
					     mm_int(mm, TPF_FALLBACK_MIGRATETYPE, -1) == MIGRATE_MOVABLE;
}

static void (*const tally[TP_COUNT])(struct trial *t, const struct mm_event *mm) = {
	[TP_KSWAPD_CLEAR_HOPELESS] = tally_clear,
	[TP_TRY_TO_COMPACT] = tally_compact,
	[TP_COMPACTION_END] = tally_compact_end,
	[TP_PAGE_ALLOC_EXTFRAG] = tally_extfrag,
};

static int on_event(void *ctx, const struct event *ev)
{
	struct trial *t = ctx;
	const struct mm_event mm = { .ev = ev, .view = binder_view(&t->binder, ev) };

	see_time(t, ev->ts);
	t->events++;
	if (!ev->buffer && mm.view && tally[mm.view->tp])
		tally[mm.view->tp](t, &mm);
	return 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	static const char *const thinning[] = { "thinned", "thinned-end", "off", "off-end" };
	struct trial *t = ctx;

	for (size_t i = 0; i < sizeof(thinning) / sizeof(thinning[0]); i++)
		if (!strcmp(loss->stage, thinning[i])) {
			t->thinned = true;
			return 0;
		}
	if (loss->events < 0)
		t->loss_unknown = true;
	else
		t->lost += loss->events;
	return 0;
}

/* --- facts --- */

static struct meta_entry *meta_find(const struct trial *t, const char *key, size_t len)
{
	struct meta_entry *m;

	HASH_FIND(hh, t->metas, key, len, m);
	return m;
}

/* KEY@TS tells that KEY changed. */
static size_t key_length(const char *key)
{
	const char *at = strrchr(key, '@');

	return at && at > key && at[1] && !at[1 + strspn(at + 1, "0123456789")] ? at - key : strlen(key);
}

static char *meta_text(const char *before, const char *value)
{
	char text[VALUE_BYTES];

	snprintf(text, sizeof(text), "%s%s%s", before ?: "", before ? " -> " : "", value);
	return strdup(text);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct trial *t = ctx;
	size_t len = key_length(key), members = HASH_COUNT(t->metas);
	bool change = key[len];
	struct meta_entry *m = meta_find(t, key, len);
	char *text;

	if (!m && members >= TRIAL_METAS_MAX)
		return 0;
	text = meta_text(m && change ? m->value : NULL, value);
	if (!text)
		return -ENOMEM;
	if (m) {
		free(m->value);
		m->value = text;
		return 0;
	}
	m = calloc(1, sizeof(*m) + len + 1);
	if (m) {
		m->value = text;
		memcpy(m->key, key, len);
		HASH_ADD_KEYPTR(hh, t->metas, m->key, len, m);
	}
	if (HASH_COUNT(t->metas) != members)
		return 0;
	free(m);
	free(text);
	return -ENOMEM;
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct trial *t = ctx;
	size_t members = HASH_COUNT(t->cgroups), bytes = strlen(path) + 1;
	struct cgroup_entry *e;

	HASH_FIND(hh, t->cgroups, &id, sizeof(id), e);
	if (e || members >= TRIAL_CGROUPS_MAX || bytes > VALUE_BYTES)
		return 0;
	e = calloc(1, sizeof(*e) + bytes);
	if (!e)
		return -ENOMEM;
	e->id = id;
	memcpy(e->path, path, bytes);
	HASH_ADD(hh, t->cgroups, id, sizeof(id), e);
	if (HASH_COUNT(t->cgroups) != members)
		return 0;
	free(e);
	return -ENOMEM;
}

static int on_end(void *ctx)
{
	struct trial *t = ctx;

	for (unsigned int i = 0; i < t->nseries; i++)
		series_hold(&t->series[i]->s, t->last_sample_ns);
	return 0;
}

static const struct sink_ops ops = {
	.type = on_type, .event = on_event, .loss = on_loss, .sample = on_sample, .meta = on_meta,
	.cgroup = on_cgroup, .end = on_end,
};

/* --- the trial --- */

int trial_new(uint64_t from_ns, struct trial **out)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct analysis_options options = { .part = from_ns > 0 };
	int ret;

	if (!t)
		return -ENOMEM;
	thresholds_default(&t->th);
	options.th = &t->th;
	ret = analysis_new(&options, &t->analysis);
	if (ret) {
		free(t);
		return ret;
	}
	t->from_ns = from_ns;
	t->first_ns = t->first_sample_ns = UINT64_MAX;
	/* The analysis first: it knows the size of a pageblock when events are counted by it. */
	t->fanout = (struct fanout){ .sinks = { analysis_sink(t->analysis), { &ops, t } }, .n = 2 };
	*out = t;
	return 0;
}

void trial_free(struct trial *t)
{
	struct cgroup_entry *cgroup, *next_cgroup;
	struct meta_entry *m, *next;

	if (!t)
		return;
	HASH_CLEAR(hh, t->by_key);
	for (unsigned int i = 0; i < t->nseries; i++)
		free(t->series[i]);
	free(t->series);
	HASH_ITER(hh, t->metas, m, next) {
		HASH_DEL(t->metas, m);
		free(m->value);
		free(m);
	}
	HASH_ITER(hh, t->cgroups, cgroup, next_cgroup) {
		HASH_DEL(t->cgroups, cgroup);
		free(cgroup);
	}
	binder_clear(&t->binder);
	analysis_free(t->analysis);
	free(t);
}

struct sink trial_sink(struct trial *t)
{
	return fanout_sink(&t->fanout);
}

const struct analysis *trial_analysis(const struct trial *t)
{
	return t->analysis;
}

unsigned int trial_nseries(const struct trial *t)
{
	return t->nseries;
}

const struct trial_series *trial_series(const struct trial *t, unsigned int i)
{
	return &t->series[i]->s;
}

uint64_t trial_series_left_out(const struct trial *t)
{
	return t->series_left_out;
}

const char *trial_meta(const struct trial *t, const char *key)
{
	const struct meta_entry *m = meta_find(t, key, strlen(key));

	return m ? m->value : NULL;
}

const char *trial_cgroup(const struct trial *t, uint64_t id)
{
	struct cgroup_entry *e;

	HASH_FIND(hh, t->cgroups, &id, sizeof(id), e);
	return e ? e->path : NULL;
}

static const struct trial_series *find_series(const struct trial *t, enum sample_scope scope, const char *name)
{
	for (unsigned int i = 0; i < t->nseries; i++)
		if (t->series[i]->s.scope == scope && !strcmp(t->series[i]->s.name, name))
			return &t->series[i]->s;
	return NULL;
}

enum feature_state trial_feature(const struct trial *t, const char *name)
{
	struct feature features[FEATURES_MAX];
	int n = features_of(t->analysis, features);
	enum feature_state state = FEATURE_UNKNOWN;

	for (int i = 0; i < n; i++)
		if (!strcmp(features[i].name, name))
			state = features[i].state;
	/* A node's vmstat has them or not: seen without BTF, and in stores that do not tell features. */
	if (state == FEATURE_UNKNOWN && !strcmp(name, PER_NODE_COUNTERS) && find_series(t, SCOPE_NODE, "nr_free_pages"))
		state = find_series(t, SCOPE_NODE, "pgscan_kswapd") ? FEATURE_PRESENT : FEATURE_ABSENT;
	return state;
}

bool trial_setting(const struct trial *t, const char *name, int64_t *first, int64_t *last)
{
	const struct trial_series *s = find_series(t, SCOPE_SYSTEM, name);

	if (!s)
		return false;
	*first = s->first;
	*last = s->last;
	return true;
}

uint64_t trial_span_ns(const struct trial *t)
{
	return elapsed_ns(t->first_ns, t->last_ns);
}

uint64_t trial_sampled_ns(const struct trial *t)
{
	return elapsed_ns(t->first_sample_ns, t->last_sample_ns);
}

uint64_t trial_samples_end_ns(const struct trial *t)
{
	return t->last_sample_ns;
}

uint64_t trial_tally(const struct trial *t, enum tally which)
{
	return t->tallies[which];
}

bool trial_records(const struct trial *t, enum tracepoint tp)
{
	const struct facts *facts = analysis_facts(t->analysis);

	return facts->recorded[tp] || facts->seen[tp];
}

double trial_loss(const struct trial *t)
{
	if (t->loss_unknown)
		return INFINITY;
	return t->lost ? (double)t->lost / (t->lost + t->events) : 0;
}

bool trial_thinned(const struct trial *t)
{
	return t->thinned || analysis_totals(t->analysis)->thinned;
}

/* --- findings --- */

struct span {
	uint64_t	start_ns, end_ns;
};

static int by_start(const void *pa, const void *pb)
{
	const struct span *a = pa, *b = pb;

	return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

static unsigned int spans_of(const struct trial *t, const char *kind, struct span spans[FINDINGS_MAX])
{
	unsigned int n = 0;
	int count;
	const struct finding *f = analysis_findings(t->analysis, &count);

	for (int i = 0; i < count && n < FINDINGS_MAX; i++)
		if (!strcmp(f[i].kind, kind) && f[i].severity > SEVERITY_INFO)
			spans[n++] = (struct span){ f[i].start_ns, f[i].end_ns };
	qsort(spans, n, sizeof(spans[0]), by_start);
	return n;
}

double trial_finding_share(const struct trial *t, const char *kind)
{
	struct span spans[FINDINGS_MAX];
	unsigned int n = spans_of(t, kind, spans);
	uint64_t covered = 0, until = 0;

	for (unsigned int i = 0; i < n; i++) {
		covered += elapsed_ns(spans[i].start_ns > until ? spans[i].start_ns : until, spans[i].end_ns);
		until = spans[i].end_ns > until ? spans[i].end_ns : until;
	}
	return trial_span_ns(t) ? fmin(1, (double)covered / trial_span_ns(t)) : 0;
}
