/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zswap_state.h - what the samples say of zswap: how full its pool is, what went into it, past it and out of it, and
 * which cgroups hold it.
 *
 * Feed every sample and fact. Time is cut into slots of ten seconds; the one that a sample completes is handed out.
 * Counters grow from boot: what is told is their growth, and one that went back (it was reset, or the recording is of
 * two boots) grew by nothing then. A counter that never came is not known, and has_counter() says so: without debugfs
 * there are no rejects, in 6.1 no zswpwb. Pages are those of the kernel. Fixed memory; ZSWAP_CGROUPS_MAX cgroups at a
 * time, what was left out is counted.
 */
#ifndef SQUALL_ANALYZE_ZSWAP_STATE_H
#define SQUALL_ANALYZE_ZSWAP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/swap_state.h"

#define ZSWAP_SLOT_NS		10000000000ull	/* the window of kernel-domain.md section 4 */
#define ZSWAP_CGROUPS_MAX	256
#define ZSWAP_CHANGES_MAX	16	/* of settings while it was recorded; a later one takes the place of the last */

enum zswap_counter {
	/* that grow */
	ZSWAP_STORED,		/* zswpout: pages that zswap took */
	ZSWAP_LOADED,		/* zswpin: pages that came back from it */
	ZSWAP_WRITTEN,		/* zswpwb: pages that it wrote to the swap device (6.8 and later) */
	ZSWAP_WRITTEN_DEBUGFS,	/* the same from debugfs */
	ZSWAP_SWAP_OUT,		/* pswpout: pages written to swap devices; zswap's are among them, its stores are not */
	ZSWAP_SWAP_IN,		/* pswpin: pages read from swap devices; loads from zswap are not among them */
	ZSWAP_HITS,		/* stores refused because the pool was at its limit */
	ZSWAP_POOR, ZSWAP_FAIL, ZSWAP_ALLOC_FAIL, ZSWAP_KMEMCACHE_FAIL,	/* stores refused for other reasons */
	ZSWAP_IO_US, ZSWAP_MEMORY_US,	/* PSI some */
	ZSWAP_THP_OUT,		/* thp_swpout: huge pages written to swap devices as a whole, in pswpout too */
	ZSWAP_AHEAD,		/* swap_ra: pages read ahead of need, from disk and from zswap */
	ZSWAP_AHEAD_USED,	/* swap_ra_hit: those of them that were needed */
	ZSWAP_GROWING,
	/* that do not */
	ZSWAP_POOL = ZSWAP_GROWING,	/* bytes that the pool takes */
	ZSWAP_POOL_MEMINFO,		/* the same from /proc/meminfo */
	ZSWAP_ORIGINAL,			/* bytes that its pages had before */
	ZSWAP_MEM_TOTAL,		/* bytes */
	ZSWAP_SWAP_TOTAL, ZSWAP_SWAP_FREE,	/* bytes; slots of pages that zswap holds are in use */
	ZSWAP_COUNTERS
};

enum zswap_cgroup_counter {
	ZSWAP_CG_STORED, ZSWAP_CG_LOADED, ZSWAP_CG_WRITTEN, ZSWAP_CG_SWAP_IN, ZSWAP_CG_MEMORY_US,
	ZSWAP_CG_GROWING,
	ZSWAP_CG_POOL = ZSWAP_CG_GROWING, ZSWAP_CG_ORIGINAL,	/* bytes, of memory.stat */
	ZSWAP_CG_CURRENT,					/* bytes */
	ZSWAP_CG_WRITEBACK,					/* memory.zswap.writeback */
	ZSWAP_CG_COUNTERS
};

struct zswap_cgroup {
	uint64_t	id;
	struct counter	now[ZSWAP_CG_COUNTERS];
	int64_t		mark[ZSWAP_CG_COUNTERS];	/* at zswap_state_mark(), or when it was first told */
	int64_t		until[ZSWAP_CG_COUNTERS];	/* at zswap_state_extend(), or when it was first told */
};

/* Of /sys/module/zswap/parameters; -1 not told. */
struct zswap_settings {
	int		enabled, shrinker;	/* 0, 1; the shrinker exists since 6.8 */
	int		max_pool_percent, accept_percent;
};

/* What happened from start to end. */
struct zswap_flow {
	uint64_t	start_ns, end_ns;
	int64_t		grown[ZSWAP_GROWING];
	double		fill_min, fill_max;	/* of the pool by its limit; -1 not known */
	int64_t		pool_first, pool_last;	/* bytes, at start and end */
	int64_t		pool_peak;
	double		ratio;			/* original by compressed size at the peak; 0 not known */
};

struct zswap_change {
	uint64_t	ts;
	int		setting;		/* index into the table of settings */
	int		value;
};

struct zswap_state {
	bool			begun;
	uint64_t		page_bytes;	/* 0: 4096 */
	uint64_t		look_ns, last_ns;
	struct counter		now[ZSWAP_COUNTERS];
	struct counter		before[ZSWAP_GROWING];	/* at the last look */
	struct zswap_flow	open, done;
	bool			told_settings;
	struct zswap_settings	settings;
	struct zswap_change	change[ZSWAP_CHANGES_MAX];
	int			nchanges;
	struct counter		disk_first;	/* pages */
	uint64_t		mark_ns, until_ns;	/* of the two calls */
	struct zswap_cgroup	cgroup[ZSWAP_CGROUPS_MAX];
	int			ncgroups;
	uint64_t		cgroups_left_out;
};

/* Zeroed is empty. The slot that ended before @sample, until the next call; NULL: none did. */
const struct zswap_flow *zswap_state_sample(struct zswap_state *s, const struct sample *sample);

/* What the slot that is open comes to until now. */
struct zswap_flow zswap_state_open(const struct zswap_state *s);

/* Facts, and their changes ("zswap.shrinker_enabled@TS"), which may come long before TS. */
void zswap_state_meta(struct zswap_state *s, const char *key, const char *value);

struct zswap_settings zswap_state_settings(const struct zswap_state *s);
bool zswap_has_counter(const struct zswap_state *s, enum zswap_counter which);

/* Bytes of the pool and of its limit. False: not known. */
bool zswap_state_pool(const struct zswap_state *s, int64_t *out);
bool zswap_state_limit(const struct zswap_state *s, int64_t *out);
uint64_t zswap_state_page_bytes(const struct zswap_state *s);

/*
 * Why zswap cannot be judged at all, as detector.lacks() has it: no samples, or not those that its state needs. NULL
 * also where the samples tell that there is no zswap.
 */
const char *zswap_state_lacks(const struct zswap_state *s);

/* Appends @slot to @sum; a zeroed @sum becomes @slot. */
void zswap_flow_add(struct zswap_flow *sum, const struct zswap_flow *slot);

/* Share of the time in which some task waited (PSI some). */
double zswap_flow_share(const struct zswap_flow *f, enum zswap_counter us);
double zswap_flow_s(const struct zswap_flow *f);
double zswap_flow_stored_pages(const struct zswap_state *s, const struct zswap_flow *f);	/* at its peak */

/* The latest slots. Zeroed is empty. */
#define ZSWAP_WINDOW_SLOTS	60

struct zswap_window {
	struct zswap_flow	slot[ZSWAP_WINDOW_SLOTS];
	unsigned int		n;			/* that ever came; the last ones are there */
};

void zswap_window_push(struct zswap_window *w, const struct zswap_flow *slot);

/* The last slots that together take @ns, or all there are: false when those take less. @sum is zeroed without any. */
bool zswap_window_sum(const struct zswap_window *w, uint64_t ns, struct zswap_flow *sum);

/* Pages that zswap wrote back; that went to disk past it (a lower bound); that it refused, but not for its limit. */
bool zswap_counts_written(const struct zswap_state *s);
int64_t zswap_flow_written(const struct zswap_state *s, const struct zswap_flow *f);
int64_t zswap_flow_direct(const struct zswap_state *s, const struct zswap_flow *f);
int64_t zswap_flow_refused(const struct zswap_flow *f);

/* Pages that lay on disk when the samples began: used swap that zswap did not hold. False: not known. */
bool zswap_state_disk_first(const struct zswap_state *s, int64_t *pages);

/* Pages that were read ahead and not needed, an upper bound of those from disk. False: not known. */
bool zswap_flow_ahead_unused(const struct zswap_state *s, const struct zswap_flow *f, int64_t *pages);

/*
 * What came free by what should have: written pages at the ratio of the pool. What was stored and loaded meanwhile is
 * taken out at the same ratio, so where that is much the number would be noise: false. See kernel-domain.md 4e.
 */
bool zswap_flow_efficacy(const struct zswap_state *s, const struct zswap_flow *f, double *out);
bool zswap_cgroup_efficacy(const struct zswap_state *s, const struct zswap_cgroup *cg, double *out);

/*
 * Growth of cgroups' counters is counted from here; and until here. The time between is not that of a finding: a
 * cgroup's growth is divided by zswap_state_cgroup_s().
 */
void zswap_state_mark(struct zswap_state *s);
void zswap_state_extend(struct zswap_state *s);
double zswap_state_cgroup_s(const struct zswap_state *s);
int64_t zswap_cgroup_growth(const struct zswap_cgroup *cg, enum zswap_cgroup_counter which);

/*
 * The cgroups with the most of @which: growth between the two, or for bytes what they had at the end. Into @out, the
 * most first, at most @max; how many there are. Counts of a cgroup are in those of its parents, and which are its
 * parents is not known: of those within a tenth of each other only the one that was made last is given.
 */
int zswap_state_top(const struct zswap_state *s, enum zswap_cgroup_counter which, const struct zswap_cgroup **out, int max);

/*
 * A step as senpai takes one: @share of the cgroup's memory, less by its PSI some of that time, @span_s, by @target;
 * 0 is to back off. -1: what it has is not known.
 */
double zswap_cgroup_step(const struct zswap_cgroup *cg, double span_s, double share, double target);

/*
 * Cgroups that hold some of the pool, and those of them that are told not to write back, by memory.zswap.writeback of
 * their own or of a cgroup above them (mem_cgroup_zswap_writeback_enabled()). Which are above them is told by paths
 * (@path_of as detect.cgroup has it); where no path is known, what is above a cgroup is not. denied_bytes is what
 * those hold, each once: their counts include what is below them. Without paths it is the largest alone.
 */
struct zswap_holders {
	int		holders, denied;
	int64_t		denied_bytes;
};

typedef const char *(*zswap_path_fn)(void *ctx, uint64_t id);

struct zswap_holders zswap_state_holders(const struct zswap_state *s, zswap_path_fn path_of, void *ctx);

/* memory.zswap.writeback is 0 for some cgroup: what zswap refuses of its pages stays in memory. */
bool zswap_state_any_denied(const struct zswap_state *s);

#endif
