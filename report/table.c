// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - see table.h. One function for each table.
 */
#include "report/table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "analyze/feature.h"
#include "spine/time.h"

#define TOP_ROWS	10
#define EVENT_ROWS	64
#define FACT_LINE_BYTES	4097		/* with its end */

/* --- cells --- */

const char *table_number(double value, bool bytes, char buf[CELL_BYTES_MAX])
{
	static const char *const units[2][6] = {
		{ "", "k", "M", "G", "T", "P" }, { " B", " KiB", " MiB", " GiB", " TiB", " PiB" },
	};
	double size = fabs(value), step = bytes ? 1024 : 1000;
	unsigned int unit = 0;

	while (unit < 5 && size >= (bytes ? step : 10 * step)) {
		size /= step;
		unit++;
	}
	size = copysign(size, value);
	if (fabs(size) >= 100 || size == rint(size))
		snprintf(buf, CELL_BYTES_MAX, "%.0f%s", size, units[bytes][unit]);
	else
		snprintf(buf, CELL_BYTES_MAX, "%.*f%s", fabs(size) >= 10 ? 1 : fabs(size) >= 0.1 ? 2 : 4, size,
			 units[bytes][unit]);
	return buf;
}

const char *table_cell_text(const struct table_cell *cell, char buf[CELL_BYTES_MAX])
{
	switch (cell->kind) {
	case CELL_NONE:
		return "-";
	case CELL_TEXT:
	case CELL_NAME:
		return cell->text ?: "";
	case CELL_COUNT:
		snprintf(buf, CELL_BYTES_MAX, "%.0f", cell->number);
		return buf;
	case CELL_SECONDS:
	case CELL_MS:
		snprintf(buf, CELL_BYTES_MAX, "%.3f", cell->number);
		return buf;
	case CELL_BYTES:
		break;
	}
	return table_number(cell->number, true, buf);
}

enum cell_kind table_column_kind(const struct table *t, unsigned int k)
{
	for (unsigned int i = 0; i < t->nrows; i++)
		if (t->cells[i * t->ncolumns + k].kind != CELL_NONE)
			return t->cells[i * t->ncolumns + k].kind;
	return CELL_NONE;
}

bool table_is_list(const struct table *t)
{
	for (unsigned int k = 0; k < t->ncolumns; k++)
		if (cell_is_number(table_column_kind(t, k)))
			return false;
	return true;
}

void table_evidence(const struct evidence *e, char buf[CELL_BYTES_MAX], const char **unit)
{
	bool s = !strcmp(e->unit, "s"), us = !strcmp(e->unit, "us");
	double seconds = us ? e->value / 1e6 : e->value, size = fabs(seconds);
	bool bytes = !strcmp(e->unit, "bytes");

	*unit = bytes ? "" : e->unit;
	if (!s && !us) {
		table_number(e->value, bytes, buf);
		return;
	}
	*unit = !size || size >= 1 ? "s" : size >= 1e-3 ? "ms" : "us";
	table_number(seconds * (!size || size >= 1 ? 1 : size >= 1e-3 ? 1e3 : 1e6), false, buf);
}

/* --- building --- */

struct builder {
	struct table	*table;
	int		error;
	unsigned int	at;		/* cells of the row that were put */
};

static void new_row(struct builder *b)
{
	struct table *t = b->table;

	b->at = 0;
	if (t->nrows == t->room) {
		unsigned int room = t->room ? 2 * t->room : 16;
		struct table_cell *cells = reallocarray(t->cells, room * t->ncolumns, sizeof(*cells));

		if (!cells) {
			b->error = -ENOMEM;
			return;
		}
		t->cells = cells;
		t->room = room;
	}
	memset(t->cells + t->nrows * t->ncolumns, 0, t->ncolumns * sizeof(*t->cells));
	t->nrows++;
}

static void put(struct builder *b, enum cell_kind kind, double number, const char *text)
{
	struct table_cell *cell;

	if (b->error || b->at == b->table->ncolumns)
		return;
	cell = &b->table->cells[(b->table->nrows - 1) * b->table->ncolumns + b->at++];
	*cell = (struct table_cell){ .kind = kind, .number = number, .text = text ? strdup(text) : NULL };
	if (text && !cell->text)
		b->error = -ENOMEM;
}

static void put_text(struct builder *b, const char *text)
{
	put(b, text && *text ? CELL_TEXT : CELL_NONE, 0, text && *text ? text : NULL);
}

static void put_name(struct builder *b, const char *name)
{
	put(b, name && *name ? CELL_NAME : CELL_NONE, 0, name && *name ? name : NULL);
}

static void put_count(struct builder *b, double count)
{
	put(b, CELL_COUNT, count, NULL);
}

static void put_seconds(struct builder *b, uint64_t ns)
{
	put(b, CELL_SECONDS, ns_to_s(ns), NULL);
}

static void put_ms(struct builder *b, uint64_t ns)
{
	put(b, CELL_MS, ns_to_ms(ns), NULL);
}

/* Negative: not told. */
static void put_told(struct builder *b, enum cell_kind kind, double number)
{
	put(b, number < 0 ? CELL_NONE : kind, number, NULL);
}

/* --- who suffered --- */

struct source {
	const struct analysis	*a;
	const struct recording	*r;
};

/* Threads of one name: a workload makes many, and each may live for a moment only. */
struct program {
	char			comm[32];
	uint64_t		threads;
	struct thread_sums	sums;
	UT_hash_handle		hh;
};

struct programs {
	const struct analysis	*a;
	uint64_t (*key)(const struct thread_sums *t);	/* 0: the thread does not belong there */
	struct program		*by_name;		/* hash */
	int			error;
};

static void add_thread(void *ctx, const struct thread_sums *t)
{
	struct programs *all = ctx;
	char comm[32] = "";
	struct program *p;

	if (t->daemon || !all->key(t) || all->error)
		return;
	strncpy(comm, analysis_comm(all->a, t->tid), sizeof(comm) - 1);
	HASH_FIND_STR(all->by_name, comm, p);
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p) {
			all->error = -ENOMEM;
			return;
		}
		memcpy(p->comm, comm, sizeof(comm));
		HASH_ADD_STR(all->by_name, comm, p);
	}
	p->threads++;
	p->sums.direct_ns += t->direct_ns;
	p->sums.direct_calls += t->direct_calls;
	p->sums.direct_max_ns = t->direct_max_ns > p->sums.direct_max_ns ? t->direct_max_ns : p->sums.direct_max_ns;
	p->sums.memcg_ns += t->memcg_ns;
	p->sums.memcg_calls += t->memcg_calls;
	p->sums.compaction_ns += t->compaction_ns;
	p->sums.throttled_ns += t->throttled_ns;
	p->sums.wakeups += t->wakeups;
	p->sums.foreign += t->foreign;
	p->sums.reclaimed_pages += t->reclaimed_pages;
}

static uint64_t key_victim(const struct thread_sums *t)
{
	return thread_stalled_ns(t) + t->throttled_ns;
}

/* A direct reclaim asks for 32 pages at least. */
static uint64_t key_demand(const struct thread_sums *t)
{
	return t->wakeups + t->foreign + t->reclaimed_pages / 32;
}

static int by_victim(struct program *a, struct program *b)
{
	uint64_t x = key_victim(&a->sums), y = key_victim(&b->sums);

	return x < y ? 1 : x > y ? -1 : strcmp(a->comm, b->comm);
}

static int by_demand(struct program *a, struct program *b)
{
	uint64_t x = key_demand(&a->sums), y = key_demand(&b->sums);

	return x < y ? 1 : x > y ? -1 : strcmp(a->comm, b->comm);
}

/* A row for each of the first programs; gives all of them up. */
static void put_programs(const struct source *s, struct builder *b, struct programs *all,
			 void (*put_row)(struct builder *b, const struct program *p))
{
	struct program *p, *next;

	HASH_ITER(hh, all->by_name, p, next) {
		if (b->table->nrows < TOP_ROWS && !all->error) {
			new_row(b);
			put_name(b, p->comm);
			put_count(b, p->threads);
			put_row(b, p);
		} else {
			b->table->more++;
		}
		HASH_DEL(all->by_name, p);
		free(p);
	}
	b->error = all->error ?: b->error;
}

static void put_victim(struct builder *b, const struct program *p)
{
	put_seconds(b, thread_stalled_ns(&p->sums));
	put_count(b, p->sums.direct_calls);
	put_seconds(b, p->sums.direct_ns);
	put_seconds(b, p->sums.direct_max_ns);
	put_count(b, p->sums.memcg_calls);
	put_seconds(b, p->sums.memcg_ns);
	put_seconds(b, p->sums.compaction_ns);
	put_seconds(b, p->sums.throttled_ns);
}

static void fill_threads(const struct source *s, struct builder *b)
{
	struct programs all = { .a = s->a, .key = key_victim };

	recording_each_thread(s->r, add_thread, &all);
	HASH_SORT(all.by_name, by_victim);
	put_programs(s, b, &all, put_victim);
}

static double key_pressed(const struct cgroup_sums *c)
{
	return fmax(c->some_us, 0) + 1e6 * fmax(c->oom_kills, 0) + fmax(c->refaults, 0);
}

static void put_cgroup(struct builder *b, const struct cgroup_sums *c)
{
	char id[32];

	snprintf(id, sizeof(id), "cgroup %" PRIu64, c->id);
	put_name(b, *c->path ? c->path : id);
}

static void fill_cgroups(const struct source *s, struct builder *b)
{
	struct cgroup_sums top[TOP_ROWS];
	unsigned int n = recording_cgroups(s->r, key_pressed, top, TOP_ROWS);

	for (unsigned int i = 0; i < n && i < TOP_ROWS; i++) {
		new_row(b);
		put_cgroup(b, &top[i]);
		put_told(b, CELL_SECONDS, top[i].some_us < 0 ? -1 : top[i].some_us / 1e6);
		put_told(b, CELL_SECONDS, top[i].full_us < 0 ? -1 : top[i].full_us / 1e6);
		put_told(b, CELL_COUNT, top[i].refaults);
		put_told(b, CELL_COUNT, top[i].oom_kills);
	}
	b->table->more = n > TOP_ROWS ? n - TOP_ROWS : 0;
}

static void fill_killed(const struct source *s, struct builder *b)
{
	const struct victim *v;
	uint64_t n = recording_victims(s->r, &v);

	for (unsigned int i = 0; i < n && i < VICTIMS_MAX; i++) {
		new_row(b);
		put_seconds(b, elapsed_ns(recording_grid(s->r)->start_ns, v[i].ts));
		put_name(b, *v[i].comm ? v[i].comm : analysis_comm(s->a, v[i].tid));
		put_told(b, CELL_COUNT, v[i].tid);
	}
	b->table->more = n > VICTIMS_MAX ? n - VICTIMS_MAX : 0;
}

/* --- who may have caused it --- */

static void fill_resets(const struct source *s, struct builder *b)
{
	const struct reset_sums *resets;
	unsigned int n = recording_resets(s->r, &resets);

	for (unsigned int i = 0; i < n && i < TOP_ROWS; i++) {
		const struct reset_sums *x = &resets[i];

		new_row(b);
		put_name(b, *x->comm || x->tid < 0 ? x->comm : analysis_comm(s->a, x->tid));
		put_told(b, CELL_COUNT, x->tid);
		put_name(b, recording_cgroup_path(s->r, x->cgroup_id));
		put_count(b, x->node);
		put_count(b, x->count);
		put_count(b, x->runs);
		put_name(b, x->via);
		put_name(b, x->reason);
	}
	b->table->more = n > TOP_ROWS ? n - TOP_ROWS : 0;
}

static void put_demand(struct builder *b, const struct program *p)
{
	put_count(b, p->sums.wakeups);
	put_count(b, p->sums.reclaimed_pages);
	put_count(b, p->sums.foreign);
}

static void fill_demand(const struct source *s, struct builder *b)
{
	struct programs all = { .a = s->a, .key = key_demand };

	recording_each_thread(s->r, add_thread, &all);
	HASH_SORT(all.by_name, by_demand);
	put_programs(s, b, &all, put_demand);
}

#define GROWN_LEAST	1048576.0	/* less is noise beside machines of today */

static double key_growing(const struct cgroup_sums *c)
{
	double grown = c->peak_bytes - c->first_bytes;

	return (grown >= GROWN_LEAST ? grown : 0) + fmax(c->limit_hits, 0);
}

static void fill_growing(const struct source *s, struct builder *b)
{
	struct cgroup_sums top[TOP_ROWS];
	unsigned int n = recording_cgroups(s->r, key_growing, top, TOP_ROWS);

	for (unsigned int i = 0; i < n && i < TOP_ROWS; i++) {
		new_row(b);
		put_cgroup(b, &top[i]);
		put_told(b, CELL_BYTES, top[i].peak_bytes < 0 ? -1 : top[i].peak_bytes - top[i].first_bytes);
		put_told(b, CELL_BYTES, top[i].peak_bytes);
		put_told(b, CELL_BYTES, top[i].last_bytes);
		put_told(b, CELL_COUNT, top[i].limit_hits);
	}
	b->table->more = n > TOP_ROWS ? n - TOP_ROWS : 0;
}

/* --- what was looked for --- */

static void fill_checked(const struct source *s, struct builder *b)
{
	for (int i = 0; i < ndetectors; i++) {
		char why[ANALYSIS_WHY_BYTES];
		bool judged = analysis_judged(s->a, detectors[i], why);

		if (!analysis_wants(s->a, detectors[i]))
			continue;
		new_row(b);
		put_text(b, detectors[i]->kind);
		if (analysis_found(s->a, detectors[i]->kind, NULL))
			put_text(b, "found");
		else
			put_text(b, judged ? "not found" : "not judged");
		put_text(b, judged ? detectors[i]->title : why);
	}
}

/* --- counts --- */

static void fill_calls(const struct source *s, struct builder *b)
{
	for (int kind = 0; kind < CALL_KINDS; kind++) {
		const struct call_stats *c = analysis_calls(s->a, kind);

		if (!c->latency.count && !c->unmatched_begin && !c->unmatched_end)
			continue;
		new_row(b);
		put_text(b, call_kind_name(kind));
		put_count(b, c->latency.count);
		put_seconds(b, c->latency.sum_ns);
		put_ms(b, latency_percentile(&c->latency, 0.5));
		put_ms(b, latency_percentile(&c->latency, 0.95));
		put_ms(b, latency_percentile(&c->latency, 0.99));
		put_ms(b, c->latency.max_ns);
		put_count(b, c->pages);
	}
}

static void fill_kswapd(const struct source *s, struct builder *b)
{
	bool told = facts_tell_pages(analysis_facts(s->a));

	for (int nid = 0; nid < RUN_MAX_NODES; nid++) {
		const struct run_stats *k = analysis_kswapd(s->a, nid);

		if (!k)
			continue;
		new_row(b);
		put_count(b, nid);
		put_count(b, k->wakes);
		put_count(b, k->sleeps);
		put_told(b, CELL_COUNT, told ? (double)k->futile : -1);
		put_seconds(b, k->intervals_ns + k->open_ns);
		put_told(b, CELL_COUNT, told ? (double)k->reclaimed_pages : -1);
	}
}

static void fill_events(const struct source *s, struct builder *b)
{
	int count;
	const struct type_count *types = analysis_types(s->a, &count);

	for (int i = 0; i < count; i++) {
		if (!types[i].events)
			continue;
		if (b->table->nrows == EVENT_ROWS) {
			b->table->more++;
			continue;
		}
		new_row(b);
		put_name(b, types[i].name);
		put_count(b, types[i].events);
	}
}

/* --- what is not there --- */

static void fill_loss(const struct source *s, struct builder *b)
{
	struct loss_sums l;

	for (unsigned int i = 0; recording_loss(s->r, i, &l); i++) {
		uint64_t start_ns = recording_grid(s->r)->start_ns;

		new_row(b);
		put_name(b, l.stage);
		put_count(b, l.records);
		put_count(b, l.events);
		put_count(b, l.unknown);
		put_told(b, CELL_SECONDS, l.first_ns ? ns_to_s(elapsed_ns(start_ns, l.first_ns)) : -1);
		put_told(b, CELL_SECONDS, l.last_ns ? ns_to_s(elapsed_ns(start_ns, l.last_ns)) : -1);
	}
}

static void put_missing(struct builder *b, const char *what, const char *value)
{
	if (!value || !*value)
		return;
	new_row(b);
	put_text(b, what);
	put_name(b, value);
}

static void fill_missing(const struct source *s, struct builder *b)
{
	static const struct {
		const char	*key, *what;
	} facts[] = {
		{ "source_damage", "damage" }, { "missing", "tracepoints that this kernel does not have" },
		{ "not_sampled", "not sampled" }, { "series_dropped", "series left out" },
		{ "samples_dropped", "samples left out" }, { "cgroups_left_out", "cgroups left out" },
		{ "task_names_dropped", "names of threads left out" },
		{ "text_lines_skipped", "lines of text not understood" },
	};
	const char *class, *value, *complete = recording_fact_of(s->r, "complete");
	char what[128];
	int i = 0;

	if (complete && !strcmp(complete, "0"))
		put_missing(b, "the end", "the recording was cut short, or goes on");
	for (size_t k = 0; k < sizeof(facts) / sizeof(facts[0]); k++) {
		value = recording_fact_of(s->r, facts[k].key);
		put_missing(b, facts[k].what, value && strcmp(value, "0") ? value : NULL);
	}
	while ((value = analysis_thinned(s->a, &i, &class))) {
		snprintf(what, sizeof(what), "thinned: %.80s", class);
		put_missing(b, what, value);
	}
	if (!recording_samples(s->r))
		put_missing(b, "samples", "none: a trace has events only; squall record also samples counters");
	if (recording_threads_left_out(s->r)) {
		snprintf(what, sizeof(what), "%" PRIu64, recording_threads_left_out(s->r));
		put_missing(b, "threads left out of the sums: more than are kept", what);
	}
	if (recording_lines_full(s->r))
		put_missing(b, "lines of charts", "there were more than are kept");
}

/* --- kernel, environment --- */

static void fill_features(const struct source *s, struct builder *b)
{
	struct feature features[FEATURES_MAX];
	int n = features_of(s->a, features);

	for (int i = 0; i < n; i++) {
		new_row(b);
		put_text(b, features[i].name);
		put_text(b, feature_state_name(features[i].state));
		put_name(b, features[i].how);
	}
}

/* What one asks for first; the rest follows by name. */
static const char *const first_facts[] = {
	"kernel_release", "kernel_version", "kernel_command_line", "host", "machine", "cpus", "nodes", "page_size",
	"pageblock_order", "defrag_mode", "thp_enabled", "thp_defrag", "lru_gen_enabled", "swap_devices",
	"cgroup_version", "psi", "source", "squall_version", "trace_version", "trace_cmd_version", "clock", "boot_id",
};

/* Long lists, and what other tables say. */
static bool is_told_elsewhere(const char *key)
{
	static const char *const prefixes[] = { "gfp.", "feature.", "thinned.", "recorded", "missing", "not_sampled" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return true;
	for (size_t i = 0; i < sizeof(first_facts) / sizeof(first_facts[0]); i++)
		if (!strcmp(key, first_facts[i]))
			return true;
	return false;
}

static void put_fact(struct builder *b, const char *key, const char *value)
{
	char line[FACT_LINE_BYTES];

	if (!value || !*value)
		return;
	snprintf(line, sizeof(line), "%s", value);
	for (char *p = line; *p; p++)
		*p = *p == '\t' || *p == '\n' ? ' ' : *p;
	new_row(b);
	put_name(b, key);
	put_name(b, line);
}

/* A sysctl that was also sampled stands there as vm.NAME. */
static bool is_sampled(const struct recording *r, const char *key)
{
	struct sampled_setting set;

	for (unsigned int i = 0; recording_setting(r, i, &set); i++)
		if (!strncmp(set.name, "vm.", 3) && !strcmp(set.name + 3, key))
			return true;
	return false;
}

static void put_setting(struct builder *b, const struct sampled_setting *set)
{
	bool bytes = !strcmp(set->unit, "bytes");
	char first[CELL_BYTES_MAX], last[CELL_BYTES_MAX], text[2 * CELL_BYTES_MAX + 8];

	if (bytes) {
		table_number(set->first, true, first);
		table_number(set->last, true, last);
	} else {
		snprintf(first, sizeof(first), "%" PRId64, set->first);
		snprintf(last, sizeof(last), "%" PRId64, set->last);
	}
	snprintf(text, sizeof(text), set->first == set->last ? "%s" : "%s, then %s", first, last);
	put_fact(b, set->name, text);
}

static void fill_environment(const struct source *s, struct builder *b)
{
	struct sampled_setting set;
	const char *key, *value;

	for (size_t i = 0; i < sizeof(first_facts) / sizeof(first_facts[0]); i++)
		put_fact(b, first_facts[i], recording_fact_of(s->r, first_facts[i]));
	for (unsigned int i = 0; recording_setting(s->r, i, &set); i++)
		put_setting(b, &set);
	for (unsigned int i = 0; (key = recording_fact(s->r, i, &value)); i++)
		if (!is_told_elsewhere(key) && !is_sampled(s->r, key))
			put_fact(b, key, value);
}

/* --- all of them --- */

static const struct table_kind {
	struct table	table;
	void (*fill)(const struct source *s, struct builder *b);
} kinds[] = {
	{
		{ "stalled", PART_VICTIMS, "Tasks that stood still, by name",
		  "Stalled is direct reclaim, reclaim of the own cgroup and compaction; throttling is within these.",
		  { { "comm", "name" }, { "threads", "threads" }, { "stalled_s", "stalled s" },
		    { "direct_reclaims", "direct" }, { "direct_s", "direct s" }, { "direct_max_s", "longest s" },
		    { "memcg_reclaims", "cgroup" }, { "memcg_s", "cgroup s" }, { "compaction_s", "compact s" },
		    { "throttled_s", "throttled s" } } },
		fill_threads,
	}, {
		{ "stalled-cgroups", PART_VICTIMS, "Cgroups under pressure",
		  "PSI memory: seconds in which some task, or all, waited. Refaults of the busiest cgroups only.",
		  { { "path", "cgroup" }, { "some_s", "some s" }, { "full_s", "full s" }, { "refaults", "refaults" },
		    { "oom_kills", "OOM kills" } } },
		fill_cgroups,
	}, {
		{ "oom-kills", PART_VICTIMS, "Killed for lack of memory", "",
		  { { "at_s", "at +s" }, { "comm", "name" }, { "tid", "process" } } },
		fill_killed,
	}, {
		{ "kswapd-resets", PART_CAUSES, "Who set kswapd_failures back",
		  "In whose context failed runs of kswapd were forgotten. That is right when the node is balanced.",
		  { { "comm", "name" }, { "tid", "thread" }, { "cgroup", "cgroup" }, { "node", "node" },
		    { "resets", "resets" }, { "runs", "runs forgotten" }, { "via", "seen by" },
		    { "reason", "reason" } } },
		fill_resets,
	}, {
		{ "demand", PART_CAUSES, "Tasks that asked for memory, by name",
		  "Whose allocations woke kswapd, reclaimed pages, or took pages of another type. It may be right.",
		  { { "comm", "name" }, { "threads", "threads" }, { "kswapd_wakeups", "kswapd wakeups" },
		    { "reclaimed_pages", "pages reclaimed" }, { "foreign_allocations", "from another type" } } },
		fill_demand,
	}, {
		{ "growing-cgroups", PART_CAUSES, "Cgroups that grew, or hit their limit",
		  "Grown: from the first sample to the peak.",
		  { { "path", "cgroup" }, { "grown_bytes", "grown" }, { "peak_bytes", "peak" },
		    { "last_bytes", "at the end" }, { "limit_hits", "limit hits" } } },
		fill_growing,
	}, {
		{ "checked", PART_CHECKED, "Kinds of storms", "",
		  { { "kind", "kind" }, { "result", "result" }, { "about", "what it is, or why it was not judged" } } },
		fill_checked,
	}, {
		{ "reclaim-calls", PART_COUNTS, "Reclaim calls", "Pages are objects for slab shrinkers.",
		  { { "kind", "kind" }, { "calls", "calls" }, { "total_s", "total s" }, { "p50_ms", "p50 ms" },
		    { "p95_ms", "p95 ms" }, { "p99_ms", "p99 ms" }, { "max_ms", "longest ms" },
		    { "pages", "pages" } } },
		fill_calls,
	}, {
		{ "kswapd", PART_COUNTS, "kswapd", "",
		  { { "node", "node" }, { "runs", "runs" }, { "sleeps", "sleeps" }, { "futile", "futile" },
		    { "awake_s", "awake s" }, { "pages", "pages" } } },
		fill_kswapd,
	}, {
		{ "events", PART_COUNTS, "Events", "", { { "name", "tracepoint" }, { "events", "events" } } },
		fill_events,
	}, {
		{ "loss", PART_LOSS, "Events that were lost", "",
		  { { "stage", "where" }, { "records", "times" }, { "events", "events" },
		    { "unknown", "times without a count" }, { "first_s", "first at +s" },
		    { "last_s", "last at +s" } } },
		fill_loss,
	}, {
		{ "missing", PART_LOSS, "What is missing", "", { { "what", "what" }, { "value", "which, or why" } } },
		fill_missing,
	}, {
		{ "features", PART_KERNEL, "Fixes and features of the kernel", "",
		  { { "name", "feature" }, { "state", "state" }, { "how", "how it is known" } } },
		fill_features,
	}, {
		{ "environment", PART_ENVIRONMENT, "Environment", "", { { "name", "fact" }, { "value", "value" } } },
		fill_environment,
	},
};

int tables_make(const struct analysis *a, const struct recording *r, struct tables *out)
{
	const struct source s = { a, r };

	*out = (struct tables){ 0 };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct table *t = &out->table[out->n];
		struct builder b = { .table = t };

		*t = kinds[i].table;
		while (t->columns[t->ncolumns].head)
			t->ncolumns++;
		kinds[i].fill(&s, &b);
		out->n += t->nrows > 0;
		if (b.error) {
			out->n += !t->nrows;
			return b.error;
		}
	}
	return 0;
}

void tables_clear(struct tables *t)
{
	for (unsigned int i = 0; i < t->n; i++) {
		for (unsigned int k = 0; k < t->table[i].nrows * t->table[i].ncolumns; k++)
			free(t->table[i].cells[k].text);
		free(t->table[i].cells);
	}
	*t = (struct tables){ 0 };
}
