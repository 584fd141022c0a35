/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trial.h - one recording as one run of an experiment: what its counters grew by, what its events came to, what it said
 * of its machine. Metrics (metric.h) and the comparison of environments (environment.h) are computed from it.
 *
 * A trial is a sink, with an analysis inside. Memory is bounded: TRIAL_SERIES_MAX counters, TRIAL_METAS_MAX facts,
 * TRIAL_CGROUPS_MAX paths of cgroups; what is beyond is left out.
 */
#ifndef SQUALL_ANALYZE_TRIAL_H
#define SQUALL_ANALYZE_TRIAL_H

#include "analyze/analysis.h"
#include "analyze/feature.h"

#define TRIAL_SERIES_MAX	65536u
#define TRIAL_METAS_MAX		4096u
#define TRIAL_CGROUPS_MAX	65536u

struct trial;

/* A counter from the first to the last time that it was read. */
struct trial_series {
	enum sample_scope	scope;
	int32_t			node;		/* -1 none */
	uint64_t		cgroup_id;	/* 0 none */
	const char		*name, *unit;
	int64_t			first, last, peak;
	uint64_t		first_ns, last_ns;
	uint64_t		grown;		/* all that it rose by: setting a counter back takes nothing away */
	uint64_t		falls;		/* how often it got less */
	double			area;		/* value * ns, up to last_ns */
};

/* Events by what is in them. */
enum tally {
	TALLY_CLEAR_OTHER, TALLY_CLEAR_KSWAPD, TALLY_CLEAR_DIRECT, TALLY_CLEAR_PCP,	/* kernel-domain.md 1.1 */
	TALLY_COMPACT, TALLY_COMPACT_BLOCK,		/* try_to_compact_pages; of pageblock order and above */
	TALLY_COMPACT_END, TALLY_COMPACT_SUCCESS,	/* compaction_end; status SUCCESS */
	TALLY_EXTFRAG_CLAIM,				/* a whole block changed its type */
	TALLY_EXTFRAG_STEAL,				/* less than a block was taken, and the block keeps its type */
	TALLY_EXTFRAG_POLLUTE,				/* of these: a non-movable request took from a movable block */
	TALLY_COUNT
};

/* Over the time of this series: files are read in turn, and each begins a little later than the one before. */
static inline double trial_series_mean(const struct trial_series *s)
{
	return s->last_ns > s->first_ns ? s->area / (s->last_ns - s->first_ns) : s->last;
}

/*
 * The trial sees the recording from @from_ns on; events and samples before are not given to it. Caller frees *out with
 * trial_free, which takes NULL. -ENOMEM.
 */
int trial_new(uint64_t from_ns, struct trial **out);
void trial_free(struct trial *t);

/* Where the recording goes. Its end() completes the trial; nothing below is valid before. */
struct sink trial_sink(struct trial *t);

const struct analysis *trial_analysis(const struct trial *t);

/* All series, in the order in which they came. */
unsigned int trial_nseries(const struct trial *t);
const struct trial_series *trial_series(const struct trial *t, unsigned int i);
uint64_t trial_series_left_out(const struct trial *t);

/* A fact of the recording, NULL when it was not told. Changes while it was recorded are appended: "0 -> 1". */
const char *trial_meta(const struct trial *t, const char *key);

/* The path of a cgroup, NULL when it was not told. */
const char *trial_cgroup(const struct trial *t, uint64_t id);

/* Present, absent, or unknown: as the recording's kernel said, else as its samples show. */
enum feature_state trial_feature(const struct trial *t, const char *name);

/* The value of the series of the whole system @name at the start. False: it was not sampled. */
bool trial_setting(const struct trial *t, const char *name, int64_t *first, int64_t *last);

/* ns; 0 when there was nothing of it, or only one moment. */
uint64_t trial_span_ns(const struct trial *t);		/* from the first event or sample to the last one */
uint64_t trial_sampled_ns(const struct trial *t);	/* from the first sample to the last one */
uint64_t trial_samples_end_ns(const struct trial *t);

uint64_t trial_tally(const struct trial *t, enum tally tally);

/* Was @tp recorded, so that none seen means none happened? */
bool trial_records(const struct trial *t, enum tracepoint tp);

/* Share of the events that were lost; INFINITY when it is not known how many. Thinning does not count. */
double trial_loss(const struct trial *t);
bool trial_thinned(const struct trial *t);	/* for a time not all threads, or not all classes, were recorded */

/* Part of the time of the recording for which there is a finding of @kind above information, 0 .. 1. */
double trial_finding_share(const struct trial *t, const char *kind);

#endif
