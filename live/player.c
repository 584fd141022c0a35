// SPDX-License-Identifier: GPL-2.0-only
/*
 * player.c - see player.h.
 *
 * Intervals lie on a grid from the first event or sample on, whatever way the player takes; the model is always at a
 * point of the grid, and holds all that came before it. So a moment looks the same from wherever one comes.
 *
 * States are kept by work, not by time: about as far apart as the number of events asks for. Where that is not known,
 * or samples are many, there are PLAYER_STATES of them before the end: then each second one is dropped and the
 * distance doubled. The way from one to the next is at most 2 / PLAYER_STATES of the whole recording.
 */
#include "live/player.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analysis.h"
#include "analyze/feature.h"
#include "spine/fanout.h"
#include "spine/time.h"
#include "store/span.h"

#define STATE_ITEMS		4096	/* events and samples between two states, to begin with */
#define STATES_WANTED		(PLAYER_STATES - 4)	/* states come at ends of intervals, so some are late */
#define PROGRESS_ITEMS		16384
#define GAP_INTERVALS		1000	/* so much of nothing is one long interval: a clock may have jumped */

/* The player itself comes to the time of what is told before others are told; the analysis is there while it opens. */
enum { OUT_CLOCK, OUT_MODEL, OUT_ANALYSIS, OUT_COUNT };

struct player {
	struct store		*store;
	struct store_span	*span;
	struct store_error	*err;
	struct live_model	*model;
	struct analysis		*analysis;	/* while it opens */
	struct fanout		out;		/* see enum */
	struct sink		sink;		/* to all of them */
	struct player_options	options;
	uint64_t		interval_ns;
	bool			begun;
	uint64_t		start_ns, end_ns;
	uint64_t		now_ns;		/* the point of the grid it is at */
	bool			lost;		/* what the model holds is of no point: a state must be restored */
	uint64_t		items, next_state, distance;
	uint64_t		expected_end_ns;
	void			*states[PLAYER_STATES];
	uint64_t		state_ns[PLAYER_STATES];
	int			nstates;
	struct player_mark	marks[FINDINGS_MAX];
	int			nmarks;
};

/* --- the grid --- */

/* The point of the grid at or behind @ts, not before the end of the first interval. */
static uint64_t grid_at(const struct player *p, uint64_t ts)
{
	uint64_t intervals = ts > p->start_ns ? (ts - p->start_ns + p->interval_ns - 1) / p->interval_ns : 1;

	return p->start_ns + intervals * p->interval_ns;
}

/* --- states --- */

static void thin_out(struct player *p)
{
	for (int i = 1; i < PLAYER_STATES / 2; i++) {
		void *spare = p->states[i];

		p->states[i] = p->states[2 * i];
		p->states[2 * i] = spare;
		p->state_ns[i] = p->state_ns[2 * i];
	}
	p->nstates = PLAYER_STATES / 2;
	p->distance *= 2;
}

/* Without memory for one more the way to some moments is longer. */
static void keep_state(struct player *p, uint64_t ns)
{
	if (p->nstates == PLAYER_STATES)
		thin_out(p);
	if (!p->states[p->nstates])
		p->states[p->nstates] = malloc(live_model_state_bytes());
	p->next_state = p->items + p->distance;
	if (!p->states[p->nstates])
		return;
	live_model_save(p->model, p->states[p->nstates]);
	p->state_ns[p->nstates++] = ns;
}

static int state_before(const struct player *p, uint64_t ns)
{
	int i = p->nstates - 1;

	while (i > 0 && p->state_ns[i] > ns)
		i--;
	return i;
}

/* --- what the store tells --- */

/* Ends the intervals that end at @ts or before. */
static void tick_until(struct player *p, uint64_t ts)
{
	while (ts >= p->now_ns + p->interval_ns) {
		uint64_t intervals = (ts - p->now_ns) / p->interval_ns;

		p->now_ns += (intervals > GAP_INTERVALS ? intervals - 1 : 1) * p->interval_ns;
		live_model_tick(p->model, p->now_ns);
		if (p->analysis && p->items >= p->next_state)
			keep_state(p, p->now_ns);
	}
}

static int show_progress(struct player *p, uint64_t ts)
{
	double share = p->expected_end_ns > p->start_ns ?
		       (double)elapsed_ns(p->start_ns, ts) / (p->expected_end_ns - p->start_ns) : 0;

	return p->options.progress(p->options.ctx, share < 1 ? share : 1);
}

/* Before something of @ts is told. */
static int come_to(struct player *p, uint64_t ts)
{
	/* A hostile store has any 64 bits; there is room for an interval above. */
	ts = ts < INT64_MAX ? ts : INT64_MAX;
	if (!p->begun) {
		p->begun = true;
		p->start_ns = p->now_ns = ts;
		keep_state(p, ts);
	}
	if (ts > p->end_ns)
		p->end_ns = ts;
	tick_until(p, ts);
	p->items++;
	if (p->analysis && p->options.progress && p->items % PROGRESS_ITEMS == 0)
		return show_progress(p, ts);
	return 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	return come_to(ctx, ev->ts);
}

static int on_sample(void *ctx, const struct sample *sample)
{
	return come_to(ctx, sample->ts);
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	return come_to(ctx, change->ts);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct player *p = ctx;
	uint64_t number = strtoull(value, NULL, 10);

	if (!strcmp(key, "end_ns"))
		p->expected_end_ns = number;
	else if (!strcmp(key, "events") && number / STATES_WANTED > p->distance)
		p->distance = number / STATES_WANTED;
	return 0;
}

static const struct sink_ops clock_ops = {
	.event = on_event,
	.sample = on_sample,
	.failures = on_failures,
	.meta = on_meta,
};

/* --- opening --- */

static int by_start(const void *pa, const void *pb)
{
	const struct player_mark *a = pa, *b = pb;

	return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

static void take_results(struct player *p)
{
	const struct finding *f = analysis_findings(p->analysis, &p->nmarks);
	struct feature features[FEATURES_MAX];
	int nfeatures = features_of(p->analysis, features);

	for (int i = 0; i < p->nmarks; i++) {
		live_model_finding(p->model, &f[i]);
		p->marks[i] = (struct player_mark){ f[i].start_ns, f[i].end_ns, f[i].severity, f[i].kind };
	}
	qsort(p->marks, p->nmarks, sizeof(p->marks[0]), by_start);
	for (int i = 0; i < nfeatures; i++)
		live_model_feature(p->model, features[i].name, feature_state_name(features[i].state), features[i].how);
}

/* The whole store once. */
static int first_pass(struct player *p)
{
	struct thresholds th;
	const struct analysis_options options = { .th = &th };
	int ret;

	thresholds_default(&th);
	ret = analysis_new(&options, &p->analysis);
	if (ret)
		return ret;
	p->out.sinks[OUT_ANALYSIS] = analysis_sink(p->analysis);
	p->out.n = OUT_COUNT;
	ret = store_span_facts(p->span, &p->sink);
	if (!ret)
		ret = store_span_run(p->span, 0, STORE_TO_END, &p->sink);
	if (!ret)
		ret = SINK_CALL(&p->sink, end);
	if (!ret)
		take_results(p);
	analysis_free(p->analysis);
	p->analysis = NULL;
	p->out.n = OUT_ANALYSIS;
	p->lost = true;		/* it holds part of an interval behind the last point of the grid */
	return ret;
}

static int is_empty(struct player *p, const char *path)
{
	if (p->begun)
		return 0;
	snprintf(p->err->what, sizeof(p->err->what), "%s: holds no event and no sample", path);
	return -ENODATA;
}

int player_open(const char *path, const struct player_options *options, struct store_error *err, struct player **out)
{
	struct player *p = calloc(1, sizeof(*p));
	int ret = p ? live_model_new(&p->model) : -ENOMEM;

	if (!ret) {
		p->err = err;
		p->options = *options;
		p->interval_ns = options->interval_ns ? options->interval_ns : NSEC_PER_SEC;
		p->distance = STATE_ITEMS;
		p->out = (struct fanout){ .sinks[OUT_CLOCK] = { &clock_ops, p },
					  .sinks[OUT_MODEL] = live_model_sink(p->model), .n = OUT_ANALYSIS };
		p->sink = fanout_sink(&p->out);
		ret = store_open(path, err, &p->store);
	}
	if (!ret)
		ret = store_span_new(p->store, &p->span);
	if (!ret)
		ret = first_pass(p);
	if (!ret)
		ret = is_empty(p, path);
	if (!ret)
		ret = player_seek(p, p->start_ns);
	if (ret) {
		if (!err->what[0])
			store_error_system(err, path, "read", ret);
		player_close(p);
		return ret;
	}
	*out = p;
	return 0;
}

void player_close(struct player *p)
{
	if (!p)
		return;
	analysis_free(p->analysis);
	live_model_free(p->model);
	store_span_free(p->span);
	store_close(p->store);
	for (int i = 0; i < PLAYER_STATES; i++)
		free(p->states[i]);
	free(p);
}

/* --- going --- */

static int go_back_to(struct player *p, int state)
{

	live_model_restore(p->model, p->states[state]);
	p->now_ns = p->state_ns[state];
	return store_span_tasks(p->span, p->now_ns, &p->sink);
}

int player_seek(struct player *p, uint64_t ts_ns)
{
	uint64_t last = grid_at(p, p->end_ns + 1), to = grid_at(p, ts_ns < last ? ts_ns : last), from;
	int state = state_before(p, to), ret = 0;

	if (p->lost || to < p->now_ns || p->state_ns[state] > p->now_ns)
		ret = go_back_to(p, state);
	p->lost = true;
	/* Names and losses of before the first event come with the first piece. */
	from = p->now_ns == p->start_ns ? 0 : p->now_ns;
	if (!ret && p->now_ns < to)
		ret = store_span_run(p->span, from, to - 1, &p->sink);
	if (!ret)
		tick_until(p, to);
	p->lost = ret;
	return ret;
}

const struct live_model *player_model(const struct player *p)
{
	return p->model;
}

uint64_t player_start_ns(const struct player *p)
{
	return p->start_ns;
}

uint64_t player_end_ns(const struct player *p)
{
	return p->end_ns;
}

uint64_t player_now_ns(const struct player *p)
{
	return p->now_ns;
}

const struct player_mark *player_marks(const struct player *p, int *count)
{
	*count = p->nmarks;
	return p->marks;
}
