// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - see watch.h.
 *
 * An interval ends before the first thing of a later time is taken in, so what is counted in it does not hang on when
 * the reader hands on what it has. Where nothing comes, it ends by the clock, a little late. Ends lie on a grid that is
 * a quarter of a second off the first sample: the sampler reads by the tenth of a second, and a read that came now
 * before, now behind the end of an interval would make rates jump.
 */
#include "cmd/watch.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/analysis.h"
#include "analyze/feature.h"
#include "spine/fanout.h"
#include "spine/time.h"

#define PHASE_NS	(NSEC_PER_SEC / 4)
#define LATE_NS		(400 * NSEC_PER_MSEC)	/* the reader hands on ten times a second, events one turn later */

enum { OUT_CLOCK, OUT_MODEL, OUT_ANALYSIS, OUT_COUNT };

struct watch {
	struct live_model	*model;
	struct analysis		*analysis;
	struct thresholds	th;
	struct fanout		out;
	struct sink_ops		model_ops;	/* the model's but for failures, which come through the analysis */
	uint64_t		interval_ns;
	uint64_t		due_ns;		/* end of the interval that goes on; 0: none yet */
	uint64_t		newest_ns;
	bool			ended;		/* an interval has, and nobody was told */
};

/* --- what is found --- */

static void on_failures(void *ctx, const struct failures_change *change)
{
	const struct watch *w = ctx;
	const struct sink model = live_model_sink(w->model);

	SINK_CALL(&model, failures, change);
}

static void on_finding(void *ctx, const struct finding *f)
{
	live_model_finding(((struct watch *)ctx)->model, f);
}

static void put_features(struct watch *w)
{
	struct feature features[FEATURES_MAX];
	int n = features_of(w->analysis, features);

	for (int i = 0; i < n; i++)
		live_model_feature(w->model, features[i].name, feature_state_name(features[i].state), features[i].how);
}

/* --- intervals --- */

/* One that was not shown yet goes on until it is: a slow screen has fewer and longer ones. */
static void end_interval(struct watch *w, uint64_t ts)
{
	if (w->ended)
		return;
	w->due_ns += (ts - w->due_ns) / w->interval_ns * w->interval_ns;
	live_model_tick(w->model, w->due_ns);
	w->due_ns += w->interval_ns;
	w->ended = true;
}

static int see(struct watch *w, uint64_t ts)
{
	/* A hostile stream has any 64 bits; there is room for an interval above. */
	ts = ts < INT64_MAX ? ts : INT64_MAX;
	if (!w->newest_ns)
		w->due_ns = ts + PHASE_NS + w->interval_ns;
	if (ts > w->newest_ns)
		w->newest_ns = ts;
	if (ts >= w->due_ns)
		end_interval(w, ts);
	return 0;
}

static int see_event(void *ctx, const struct event *ev)
{
	return see(ctx, ev->ts);
}

static int see_sample(void *ctx, const struct sample *sample)
{
	return see(ctx, sample->ts);
}

static int see_failures(void *ctx, const struct failures_change *change)
{
	return see(ctx, change->ts);
}

static const struct sink_ops clock_ops = { .event = see_event, .sample = see_sample, .failures = see_failures };

bool watch_tick(struct watch *w, uint64_t now_ns)
{
	bool ended;

	if (!w->due_ns)
		w->due_ns = now_ns + w->interval_ns;
	if (now_ns >= w->due_ns + LATE_NS)
		end_interval(w, now_ns);
	ended = w->ended;
	w->ended = false;
	if (ended)
		put_features(w);
	return ended;
}

void watch_set_interval(struct watch *w, uint64_t interval_ns)
{
	if (w->due_ns)
		w->due_ns += interval_ns - w->interval_ns;
	w->interval_ns = interval_ns;
}

/* --- making --- */

int watch_new(uint64_t interval_ns, struct watch **out)
{
	struct watch *w = calloc(1, sizeof(*w));
	const struct analysis_options options = { .th = w ? &w->th : NULL, .failures = on_failures,
						  .finding = on_finding, .grown = on_finding, .ctx = w };
	int ret = w ? live_model_new(&w->model) : -ENOMEM;

	if (!ret) {
		w->interval_ns = interval_ns;
		thresholds_default(&w->th);
		ret = analysis_new(&options, &w->analysis);
	}
	if (ret) {
		watch_free(w);
		return ret;
	}
	w->out.sinks[OUT_CLOCK] = (struct sink){ &clock_ops, w };
	w->out.sinks[OUT_MODEL] = live_model_sink(w->model);
	w->model_ops = *w->out.sinks[OUT_MODEL].ops;
	w->model_ops.failures = NULL;
	w->out.sinks[OUT_MODEL].ops = &w->model_ops;
	w->out.sinks[OUT_ANALYSIS] = analysis_sink(w->analysis);
	w->out.n = OUT_COUNT;
	*out = w;
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	analysis_free(w->analysis);
	live_model_free(w->model);
	free(w);
}

struct sink watch_sink(struct watch *w)
{
	return fanout_sink(&w->out);
}

uint64_t watch_newest_ns(const struct watch *w)
{
	return w->newest_ns;
}

struct live_model *watch_model(struct watch *w)
{
	return w->model;
}
