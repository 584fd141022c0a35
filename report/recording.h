/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording.h - what a report shows of a recording beside the findings, gathered in one pass: curves, who suffered, who
 * may have caused it, facts. It is a sink that stands beside the analysis, so stores and traces go the same way.
 *
 * Memory is bounded whatever the recording holds; what the bounds left out is counted.
 */
#ifndef SQUALL_REPORT_RECORDING_H
#define SQUALL_REPORT_RECORDING_H

#include "report/chart.h"
#include "spine/sink.h"

struct recording;

/* -ENOMEM. Caller frees with recording_free. */
int recording_new(struct recording **out);
void recording_free(struct recording *r);	/* NULL is fine */

struct sink recording_sink(struct recording *r);

/* A change of kswapd_failures: analysis_options.failures, which tells each once. @ctx is the recording. */
void recording_failures(void *ctx, const struct failures_change *change);

/* --- results, after end; all are owned by the recording --- */

const struct grid *recording_grid(const struct recording *r);

/* Lines with values, in no order; NULL past the last. */
const struct line *recording_line(const struct recording *r, unsigned int index);
bool recording_lines_full(const struct recording *r);		/* there were more, which are left out */

/* Of direct reclaim; count 0: there was none. */
const struct latency_curve *recording_latency(const struct recording *r);

uint64_t recording_samples(const struct recording *r);

/* A thread and what it did and suffered. Times are ns. */
struct thread_sums {
	int32_t		tid;
	bool		daemon;			/* kswapd or kcompactd: works for others, and is no victim */
	uint64_t	direct_ns, direct_max_ns, direct_calls;
	uint64_t	memcg_ns, memcg_calls;
	uint64_t	compaction_ns, compactions;
	uint64_t	throttled_ns;
	uint64_t	wakeups;		/* of kswapd: it asked for memory where free pages were below low */
	uint64_t	foreign;		/* allocations that took pages of another type */
	uint64_t	reclaimed_pages;	/* in direct reclaim */
	uint64_t	compaction_since_ns;	/* inside of one; 0 not */
};

static inline uint64_t thread_stalled_ns(const struct thread_sums *t)
{
	return t->direct_ns + t->memcg_ns + t->compaction_ns;
}

/* Every thread that is kept, in no order. */
typedef void (*thread_fn)(void *ctx, const struct thread_sums *t);
void recording_each_thread(const struct recording *r, thread_fn fn, void *ctx);
uint64_t recording_threads_left_out(const struct recording *r);

/* Who set kswapd_failures back, and how often. */
struct reset_sums {
	int32_t		node, tid;		/* tid -1: not told */
	uint64_t	cgroup_id;		/* 0: not told */
	uint64_t	count;
	uint64_t	runs;			/* failures that were forgotten */
	char		comm[32], via[32], reason[32];
};

unsigned int recording_resets(const struct recording *r, const struct reset_sums **out);	/* most first */

/* A cgroup from its first to its last sample. -1: not sampled. */
struct cgroup_sums {
	uint64_t	id;
	const char	*path;			/* "" not known */
	double		some_us, full_us, refaults, oom_kills, limit_hits, first_bytes, last_bytes, peak_bytes;
};

typedef double (*cgroup_key)(const struct cgroup_sums *c);
unsigned int recording_cgroups(const struct recording *r, cgroup_key key, struct cgroup_sums *out, unsigned int n);

/* The path of a cgroup, "" when it is not known. */
const char *recording_cgroup_path(const struct recording *r, uint64_t id);

struct victim {
	uint64_t	ts;
	int32_t		tid;
	char		comm[32];		/* "" not told */
};

#define VICTIMS_MAX	64

/* The first VICTIMS_MAX OOM kills, and how many there were. */
uint64_t recording_victims(const struct recording *r, const struct victim **out);

/* Facts of the recording (meta) in alphabetical order; NULL past the last. */
const char *recording_fact(const struct recording *r, unsigned int index, const char **value);
const char *recording_fact_of(const struct recording *r, const char *key);	/* NULL: not there */

/* A setting or size that was sampled: its first and last value. False past the last. */
struct sampled_setting {
	const char	*name, *unit;
	int64_t		first, last;
};
bool recording_setting(const struct recording *r, unsigned int index, struct sampled_setting *out);

struct loss_sums {
	const char	*stage;
	uint64_t	records, events, unknown;	/* unknown: records without a count */
	uint64_t	first_ns, last_ns;		/* 0: time not known */
};
bool recording_loss(const struct recording *r, unsigned int index, struct loss_sums *out);

#endif
