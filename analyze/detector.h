/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * detector.h - the interface of a detector: one file, one line in the table of detector_table.c.
 *
 * A detector sees the recording once, in time order, after the shared passes have made chains, calls and kswapd runs
 * of it. It keeps bounded state and reports by detector_report(). Every callback may be NULL.
 */
#ifndef SQUALL_ANALYZE_DETECTOR_H
#define SQUALL_ANALYZE_DETECTOR_H

#include "analyze/call.h"
#include "analyze/chain.h"
#include "analyze/finding.h"
#include "analyze/mm_event.h"
#include "analyze/run.h"
#include "analyze/threshold.h"

/* What a detector may know of the recording as a whole. Borrowed; grows while events come. */
struct facts {
	uint64_t		seen[TP_COUNT];		/* events so far, by tracepoint */
	bool			recorded[TP_COUNT];	/* it was enabled: then none seen means that none happened */
	uint64_t		recording_ns;		/* of the recording's first event, also when only a part is looked at */
	uint64_t		first_ns, last_ns;
	uint32_t		cpus;			/* at least 1; more may show up */
	uint64_t		pageblock_pages;	/* 0 not known */
	int			defrag_mode;		/* vm.defrag_mode; -1 not known */
	char			release[128];		/* uname -r, "" not known */
};

/* Whether the recording tells how many pages kswapd's runs reclaimed. */
static inline bool facts_tell_pages(const struct facts *facts)
{
	return facts->seen[TP_LRU_SHRINK_INACTIVE] || facts->seen[TP_BALANCE_PGDAT_END];
}

static inline int facts_pageblock_order(const struct facts *facts)
{
	return facts->pageblock_pages ? __builtin_ctzll(facts->pageblock_pages) : PAGEBLOCK_ORDER_DEFAULT;
}

struct detect {
	const struct thresholds	*th;
	const struct facts	*facts;
	void			(*report)(void *ctx, struct finding *finding);
	/* What the source told of names up to now; "" not known. Borrowed, until the next call of the detector. */
	const char		*(*cgroup)(void *ctx, uint64_t id);
	const char		*(*symbol)(void *ctx, uint64_t addr);
	void			*ctx;
};

/*
 * What a verdict needs: of each group at least one tracepoint must have been seen, else the detector has not judged.
 * TP_NONE ends a group; a group without one ends the list.
 */
#define DETECTOR_MAX_NEEDS	4
#define DETECTOR_MAX_CHOICE	5

struct detector {
	const char		*kind;
	const char		*title;			/* one line for --help and lists */
	enum tracepoint		needs[DETECTOR_MAX_NEEDS][DETECTOR_MAX_CHOICE];
	const char		*without;		/* what to record when one of them is missing */
	/*
	 * Which harm is its own (LOSS_... of finding.h), by which analyze/severity.h decides how bad a finding is. 0: not
	 * told, then the severity that the detector gives is the least.
	 */
	unsigned int		losses;

	/*
	 * The state is made, zeroed, and freed by the analysis; its first member is a const struct detect *, set from
	 * the start. clear() frees what hangs off it.
	 */
	size_t			state_size;
	void (*clear)(void *state);
	const enum tracepoint	*events;	/* which ones event() wants; TP_NONE ends */
	void (*event)(void *state, const struct mm_event *mm);
	void (*chain)(void *state, const struct chain *chain);
	void (*call)(void *state, const struct reclaim_call *call);
	void (*run)(void *state, const struct kswapd_run *run);
	void (*sample)(void *state, const struct sample *sample);
	void (*failures)(void *state, const struct failures_change *change);
	void (*meta)(void *state, const char *key, const char *value);	/* facts of the recording; may come at any time */
	/*
	 * For what needs[] cannot say: NULL when the state has what a verdict needs, else what it lacks and how to record
	 * that, a sentence without its stop. Asked after needs[]; text of the detector's own, or a constant.
	 */
	const char *(*lacks)(const void *state);
	/*
	 * Reports what finish() would report if the recording ended at @now_ns, and changes nothing: for those who
	 * watch, to whom a storm must be told while it lasts. Called about once a second of the recording.
	 */
	void (*so_far)(void *state, uint64_t now_ns);
	void (*finish)(void *state);
};

extern const struct detector *const detectors[];
extern const int ndetectors;

/* NULL: there is no such kind. */
const struct detector *detector_find(const char *kind);

extern const struct detector nonmovable_reclaim_spin;
extern const struct detector spurious_kswapd_reset;
extern const struct detector endless_kswapd;
extern const struct detector hopeless_node;
extern const struct detector ram_backed_swap_stall;
extern const struct detector zsmalloc_fragmentation;
extern const struct detector oom_storm;
extern const struct detector compaction_thrash;
extern const struct detector compaction_deferred;
extern const struct detector reclaim_throttled;
extern const struct detector writeback_limited;
extern const struct detector watermark_boost;
extern const struct detector node_reclaim;
extern const struct detector cma_contiguous;
extern const struct detector nofs_noio_spin;
extern const struct detector nofail_spin;
extern const struct detector zswap_pool_limit;
extern const struct detector zswap_shrinker_ineffective;
extern const struct detector zswap_over_reclaim;
extern const struct detector slab_shrinker_storm;
extern const struct detector memcg_high_loop;
extern const struct detector memory_low_overcommit;
extern const struct detector proactive_overshoot;
extern const struct detector tiering_ping_pong;

/* Starts a finding of @kind with the fields that every finding has. */
static inline struct finding finding_start(const struct detector *detector, uint64_t start_ns, uint64_t end_ns)
{
	return (struct finding){ .kind = detector->kind, .variant = "", .start_ns = start_ns, .end_ns = end_ns,
				 .node = -1, .tid = -1, .cause = -1, .otherwise = "", .explanation = "", .remedy = "",
				 .references = "" };
}

static inline double threshold(const struct detect *d, enum threshold which)
{
	return d->th->value[which];
}

static inline uint64_t threshold_ns(const struct detect *d, enum threshold which)
{
	return d->th->value[which] * NSEC_PER_SEC;
}

static inline void detector_report(const struct detect *d, struct finding *finding)
{
	d->report(d->ctx, finding);
}

#endif
