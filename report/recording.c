// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording.c - see recording.h. Facts, names, losses and resets are here; samples in sampled.c, events in traced.c.
 */
#include "report/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/recording_state.h"
#include "spine/time.h"

#define PAGE_BYTES_DEFAULT	4096

/* --- lines --- */

struct line *recording_add_line(struct recording *r, enum chart chart, int node, const char *name, enum curve_form form)
{
	struct line *line = NULL;
	char *copy;

	r->lines_full |= r->nlines == LINES_MAX;
	if (r->nlines == LINES_MAX)
		return NULL;
	line = calloc(1, sizeof(*line));
	copy = strdup(name);
	if (!line || !copy) {
		free(line);
		free(copy);
		r->error = -ENOMEM;
		return NULL;
	}
	line->chart = chart;
	line->node = node;
	line->name = copy;
	line->curve.form = form;
	r->lines[r->nlines++] = line;
	return line;
}

const struct line *recording_line(const struct recording *r, unsigned int index)
{
	return index < r->nlines ? r->lines[index] : NULL;
}

bool recording_lines_full(const struct recording *r)
{
	return r->lines_full;
}

const struct latency_curve *recording_latency(const struct recording *r)
{
	return r->latency;
}

const struct grid *recording_grid(const struct recording *r)
{
	return &r->grid;
}

uint64_t recording_samples(const struct recording *r)
{
	return r->samples;
}

/* --- cgroups --- */

struct cgroup_entry *recording_cgroup_entry(struct recording *r, uint64_t id)
{
	struct cgroup_entry *c;

	HASH_FIND(hh, r->cgroups, &id, sizeof(id), c);
	if (c || HASH_COUNT(r->cgroups) >= CGROUPS_MAX)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c) {
		r->error = -ENOMEM;
		return NULL;
	}
	c->sums = (struct cgroup_sums){
		.id = id, .path = "", .some_us = -1, .full_us = -1, .refaults = -1, .oom_kills = -1, .limit_hits = -1,
		.first_bytes = -1, .last_bytes = -1, .peak_bytes = -1,
	};
	c->some = c->full = c->refault_anon = c->refault_file = c->oom_kill = -1;
	c->hit[0] = c->hit[1] = c->hit[2] = -1;
	HASH_ADD(hh, r->cgroups, sums.id, sizeof(c->sums.id), c);
	return c;
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct recording *r = ctx;
	struct cgroup_entry *c = recording_cgroup_entry(r, id);

	if (!c)
		return r->error;
	free(c->path);
	c->path = strdup(path);
	c->sums.path = c->path ?: "";
	return c->path ? 0 : -ENOMEM;
}

unsigned int recording_cgroups(const struct recording *r, cgroup_key key, struct cgroup_sums *out, unsigned int n)
{
	const struct cgroup_entry *c;
	unsigned int count = 0;

	for (c = r->cgroups; c; c = c->hh.next) {
		unsigned int i;

		if (key(&c->sums) <= 0)
			continue;
		/* Inserted where it belongs; the last one falls out. */
		for (i = count < n ? count : n; i > 0 && key(&out[i - 1]) < key(&c->sums); i--)
			if (i < n)
				out[i] = out[i - 1];
		if (i < n)
			out[i] = c->sums;
		count++;
	}
	return count;
}

const char *recording_cgroup_path(const struct recording *r, uint64_t id)
{
	const struct cgroup_entry *c;

	HASH_FIND(hh, r->cgroups, &id, sizeof(id), c);
	return c ? c->sums.path : "";
}

/* --- threads --- */

struct thread_walk {
	thread_fn	fn;
	void		*ctx;
};

static void walk_thread(void *ctx, int32_t tid, void *slot)
{
	struct thread_walk *walk = ctx;

	walk->fn(walk->ctx, slot);
}

void recording_each_thread(const struct recording *r, thread_fn fn, void *ctx)
{
	struct thread_walk walk = { fn, ctx };

	tid_map_each(r->threads, walk_thread, &walk);
}

uint64_t recording_threads_left_out(const struct recording *r)
{
	return tid_map_evicted(r->threads);
}

/* --- resets, kills --- */

static struct reset_sums *reset_of(struct recording *r, const struct failures_change *c)
{
	struct reset_sums *s;

	for (unsigned int i = 0; i < r->nresets; i++) {
		s = &r->resets[i];
		if (s->node == c->node && s->tid == c->tid && s->cgroup_id == c->cgroup_id &&
		    !strncmp(s->via, c->via, sizeof(s->via) - 1) &&
		    !strncmp(s->reason, c->reason, sizeof(s->reason) - 1))
			return s;
	}
	/* The rarest gives way: what is reported may be too low, never too high. */
	if (r->nresets < RESETS_MAX) {
		s = &r->resets[r->nresets++];
	} else {
		s = &r->resets[0];
		for (unsigned int i = 1; i < RESETS_MAX; i++)
			s = r->resets[i].count < s->count ? &r->resets[i] : s;
	}
	*s = (struct reset_sums){ .node = c->node, .tid = c->tid, .cgroup_id = c->cgroup_id };
	snprintf(s->comm, sizeof(s->comm), "%s", c->comm);
	snprintf(s->via, sizeof(s->via), "%s", c->via);
	snprintf(s->reason, sizeof(s->reason), "%s", c->reason);
	return s;
}

void recording_failures(void *ctx, const struct failures_change *change)
{
	struct recording *r = ctx;
	struct node_entry *n = recording_node(r, change->node);
	char name[32];

	if (n && !n->failures) {
		snprintf(name, sizeof(name), "node %d", change->node);
		n->failures = recording_add_line(r, CHART_FAILURES, -1, name, CURVE_STATE);
	}
	if (n && n->failures)
		curve_value(&n->failures->curve, &r->grid, change->ts, change->value);
	if (change->previous > change->value) {
		struct reset_sums *s = reset_of(r, change);

		s->count++;
		s->runs += (int64_t)change->previous - change->value;
	}
}

static int by_count(const void *pa, const void *pb)
{
	const struct reset_sums *a = pa, *b = pb;

	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

unsigned int recording_resets(const struct recording *r, const struct reset_sums **out)
{
	*out = r->resets;
	return r->nresets;
}

uint64_t recording_victims(const struct recording *r, const struct victim **out)
{
	*out = r->victims;
	return r->nvictims;
}

/* --- facts --- */

static struct fact *fact_find(const struct recording *r, const char *key)
{
	for (unsigned int i = 0; i < r->nfacts; i++)
		if (!strcmp(r->facts[i].key, key))
			return (struct fact *)&r->facts[i];
	return NULL;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct recording *r = ctx;
	struct fact *fact = fact_find(r, key);
	char *copy = strndup(value, FACT_BYTES_MAX);

	if (copy && !fact && r->nfacts < FACTS_MAX) {
		fact = &r->facts[r->nfacts];
		*fact = (struct fact){ .key = strndup(key, FACT_BYTES_MAX) };
		r->nfacts += fact->key != NULL;
		fact = fact->key ? fact : NULL;
	}
	if (!copy || !fact) {
		free(copy);
		return !copy || r->nfacts < FACTS_MAX ? -ENOMEM : 0;
	}
	free(fact->value);
	fact->value = copy;
	/* A store tells its start first; else the first event does. */
	if (!strcmp(key, "start_ns") && !r->grid.begun && strtoull(value, NULL, 10))
		grid_at(&r->grid, strtoull(value, NULL, 10));
	if (!strcmp(key, "page_size") && strtoull(value, NULL, 10) >= PAGE_BYTES_DEFAULT)
		r->page_bytes = strtoull(value, NULL, 10);
	return 0;
}

static int by_key(const void *pa, const void *pb)
{
	return strcmp(((const struct fact *)pa)->key, ((const struct fact *)pb)->key);
}

const char *recording_fact(const struct recording *r, unsigned int index, const char **value)
{
	if (index >= r->nfacts)
		return NULL;
	*value = r->facts[index].value;
	return r->facts[index].key;
}

const char *recording_fact_of(const struct recording *r, const char *key)
{
	const struct fact *fact = fact_find(r, key);

	return fact ? fact->value : NULL;
}

bool recording_setting(const struct recording *r, unsigned int index, struct sampled_setting *out)
{
	if (index >= r->nsettings)
		return false;
	*out = r->settings[index];
	return true;
}

/* --- loss --- */

static struct loss_sums *loss_of(struct recording *r, const char *stage)
{
	for (unsigned int i = 0; i < r->nlosses; i++)
		if (!strcmp(r->losses[i].stage, stage))
			return &r->losses[i];
	if (r->nlosses == LOSS_STAGES_MAX)
		return &r->losses[LOSS_STAGES_MAX - 1];
	r->losses[r->nlosses].stage = strdup(stage);
	if (!r->losses[r->nlosses].stage)
		return NULL;
	return &r->losses[r->nlosses++];
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct recording *r = ctx;
	struct loss_sums *sums = loss_of(r, loss->stage);

	if (!sums)
		return -ENOMEM;
	sums->records++;
	if (loss->events == LOSS_COUNT_UNKNOWN)
		sums->unknown++;
	else
		sums->events += loss->events;
	if (loss->ts && (!sums->first_ns || loss->ts < sums->first_ns))
		sums->first_ns = loss->ts;
	if (loss->ts > sums->last_ns)
		sums->last_ns = loss->ts;
	recording_traced_loss(r, loss);
	return 0;
}

bool recording_loss(const struct recording *r, unsigned int index, struct loss_sums *out)
{
	if (index >= r->nlosses)
		return false;
	*out = r->losses[index];
	return true;
}

/* --- the sink --- */

static int on_type(void *ctx, const struct event_type *type)
{
	return recording_type(ctx, type);
}

static int on_event(void *ctx, const struct event *ev)
{
	return recording_event(ctx, ev);
}

static int on_sample(void *ctx, const struct sample *sample)
{
	return recording_sample(ctx, sample);
}

static int on_end(void *ctx)
{
	struct recording *r = ctx;

	recording_traced_end(r);
	recording_sampled_end(r);
	for (unsigned int i = 0; i < r->nlines; i++)
		curve_settle(&r->lines[i]->curve, &r->grid);
	qsort(r->facts, r->nfacts, sizeof(r->facts[0]), by_key);
	qsort(r->resets, r->nresets, sizeof(r->resets[0]), by_count);
	return r->error;
}

struct sink recording_sink(struct recording *r)
{
	static const struct sink_ops ops = {
		.type = on_type, .event = on_event, .loss = on_loss, .sample = on_sample, .cgroup = on_cgroup,
		.meta = on_meta, .end = on_end,
	};

	return (struct sink){ &ops, r };
}

int recording_new(struct recording **out)
{
	struct recording *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return -ENOMEM;
	r->page_bytes = PAGE_BYTES_DEFAULT;
	ret = recording_sampled_init(r);
	if (!ret)
		ret = recording_traced_init(r);
	if (ret) {
		recording_free(r);
		return ret;
	}
	*out = r;
	return 0;
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	recording_sampled_clear(r);
	recording_traced_clear(r);
	for (unsigned int i = 0; i < r->nlines; i++) {
		free((char *)r->lines[i]->name);
		free(r->lines[i]);
	}
	for (unsigned int i = 0; i < r->nfacts; i++) {
		free(r->facts[i].key);
		free(r->facts[i].value);
	}
	for (unsigned int i = 0; i < r->nlosses; i++)
		free((char *)r->losses[i].stage);
	free(r);
}
