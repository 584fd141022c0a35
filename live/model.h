/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what top shows: a sink that keeps the present state of nodes, cgroups, tasks and swap devices.
 *
 * It takes events and samples from any source, live or replayed, and counts in intervals: live_model_tick() ends one,
 * and rates are those of the last one that ended. Values between ticks are not for showing. All memory is taken by
 * live_model_new(); what has no room (cgroups beyond LIVE_CGROUPS ...) is counted and said in the summary.
 *
 * Nothing here draws or reads a clock. table.h is how the state is looked at.
 */
#ifndef SQUALL_LIVE_MODEL_H
#define SQUALL_LIVE_MODEL_H

#include "analyze/finding.h"
#include "spine/sink.h"

#define LIVE_NODES	64
#define LIVE_CGROUPS	4096
#define LIVE_TASKS	1024	/* threads inside reclaim or compaction at one time */
#define LIVE_DEVICES	64
#define LIVE_HISTORY	120	/* intervals kept for sparklines */

struct live_model;

int live_model_new(struct live_model **out);		/* -ENOMEM; caller frees */
void live_model_free(struct live_model *m);		/* NULL is fine */

struct sink live_model_sink(struct live_model *m);

/* Ends the interval at @now_ns of the recording's clock. */
void live_model_tick(struct live_model *m, uint64_t now_ns);

/*
 * A finding as it arises, or again when it has grown; the same kind, variant, node and start replaces the former. Past
 * FINDINGS_MAX the one that ended first gives way. The next tick puts all of them into incidents (analyze/incident.h).
 */
void live_model_finding(struct live_model *m, const struct finding *f);

/* What the kernel has, and what the machine is exposed to (kernel/feature.h, collect/exposure.h); texts are copied. */
void live_model_feature(struct live_model *m, const char *name, const char *state, const char *how);
void live_model_exposure(struct live_model *m, const char *kind, const char *exposed, const char *why);

/* An input that is not to be had, in words: "no tracefs: no events (run as root)". Copied, at most 16 of them. */
void live_model_missing(struct live_model *m, const char *what);

/* What the tool itself costs: CPU time in ns since its start, memory in bytes. */
void live_model_own_cost(struct live_model *m, uint64_t cpu_ns, uint64_t memory_bytes);

/*
 * The whole state but names and findings, for going back to it: what a player keeps every few seconds. One flat copy of
 * live_model_state_bytes(). Caller owns @state.
 */
size_t live_model_state_bytes(void);
void live_model_save(const struct live_model *m, void *state);
void live_model_restore(struct live_model *m, const void *state);

/*
 * What @m shows now, for looking at while @m goes on; @frozen of live_model_new_frozen() takes it, as often as wanted.
 * State and findings are copied; names and missing inputs are those of @m, which outlives it.
 */
int live_model_new_frozen(struct live_model **frozen);	/* -ENOMEM; free with live_model_free_frozen() */
void live_model_free_frozen(struct live_model *frozen);	/* NULL is fine */
void live_model_freeze(const struct live_model *m, struct live_model *frozen);

/* What stands above every view. */
struct live_summary {
	uint64_t	now_ns, start_ns;	/* its clock: end of the interval; the first event or sample */
	int64_t		realtime_ns;		/* of now; 0 not known */
	char		host[64], kernel[96];
	double		psi_some[3], psi_full[3];	/* memory, io, cpu: percent of the interval; -1 not to be had */
	unsigned int	history;		/* how many of these hold something, the last one is now */
	float		psi_memory_history[LIVE_HISTORY];	/* some, percent */
	double		events_per_s;
	uint64_t	lost;			/* events so far */
	bool		lost_unknown;		/* and some that nobody counted */
	double		own_cpu_percent;	/* -1 not told (replay) */
	uint64_t	own_bytes;
	unsigned int	stalled_tasks;		/* inside reclaim or compaction now */
	unsigned int	findings[4];		/* by enum severity */
	unsigned int	nmissing;
	const char	*const *missing;	/* borrowed */
	uint64_t	left_out;		/* cgroups, tasks, devices without room */
};

void live_model_summary(const struct live_model *m, struct live_summary *out);

#endif
