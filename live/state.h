/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what a live model is made of. Inside live/ only.
 *
 * struct live_state has no pointers: saving and restoring it is one copy, of which the cgroups, which are last, go as
 * far as they are in use. What does not change with the moment that is shown (names, findings, facts of the machine)
 * is beside it in struct live_model.
 */
#ifndef SQUALL_LIVE_STATE_H
#define SQUALL_LIVE_STATE_H

#include "analyze/mm_event.h"
#include "kernel/gfp.h"
#include "live/counter.h"
#include "live/histogram.h"
#include "live/model.h"
#include "live/names.h"
#include "live/table.h"

#define LIVE_ZONES		8	/* of a node; the kernel has 6 kinds */
#define LIVE_CPUS		4096
#define LIVE_NO_NODE		LIVE_NODES	/* what happened on a CPU whose node nobody told */
#define LIVE_TASK_SLOTS		(2 * LIVE_TASKS)	/* an open hash, at most half full */
#define LIVE_FEATURES		32
#define LIVE_EXPOSURES		16
#define LIVE_MISSING		16
#define KSWAPD_HOPELESS		16	/* MAX_RECLAIM_RETRIES, mm/internal.h */
#define CHAIN_GAP_NS		1000000000ull	/* from a retry to the next begin: kernel-domain.md 4 (a) */

/* What happened in the interval that goes on, and what is shown of the last one. */
struct live_count {
	uint64_t	now;
	double		per_s;
};

enum kswapd_state { KSWAPD_UNKNOWN, KSWAPD_ASLEEP, KSWAPD_RUNNING, KSWAPD_HOPELESS_NODE };

struct live_reset {
	uint64_t	ts;		/* 0: none yet */
	int32_t		tid, previous;
	uint64_t	cgroup_id;
	char		comm[16], via[20], reason[12];
};

struct live_zone {
	char			name[16];	/* "" free */
	uint64_t		start_pfn, end_pfn;
	struct live_counter	counter[ZC_COUNT];
};

struct live_node {
	bool			seen;
	bool			judged;			/* an event told whether its kswapd is awake */
	bool			awake;
	int64_t			failures;		/* -1 not known */
	int32_t			kcompactd_tid;		/* 0 not known */
	struct live_reset	reset;
	struct live_counter	counter[NC_COUNT];
	struct live_zone	zone[LIVE_ZONES];
	struct live_count	direct;			/* direct reclaims that began */
	struct live_count	extfrag[3];		/* by the type that asked: enum migratetype */
	struct live_count	throttled_us;
	uint32_t		compactions, compacted;	/* zones that ended in the interval, with success */
	double			compacted_percent;	/* of the last interval; -1 none */
	struct histogram	histogram;
	struct stalls		stalls;			/* direct and node reclaims that ended */
};

enum task_kind { TASK_DIRECT, TASK_MEMCG, TASK_SOFTLIMIT, TASK_NODE, TASK_COMPACTION, TASK_KINDS };

struct live_task {
	int32_t		tid;			/* 0: free */
	uint8_t		kind;			/* enum task_kind */
	bool		open;			/* inside now */
	bool		background;		/* kcompactd: nobody waits */
	bool		cut;			/* events were lost: its end is not known */
	bool		doubtful;		/* they were lost elsewhere: perhaps the end was among them */
	bool		goes_on;		/* its last retry said so: the next begin is of the same allocation */
	uint16_t	cpu;
	uint8_t		node;			/* LIVE_NO_NODE: not known */
	int16_t		order;			/* -1 not told */
	int8_t		migratetype;		/* enum migratetype */
	uint64_t	gfp;
	uint64_t	memcg_id;		/* 7.1+ */
	uint64_t	begin_ns, end_ns, last_ns;
	uint64_t	chain_ns;		/* since when it tries to get the same pages */
	uint32_t	retries, cycles;	/* of the chain */
	uint64_t	pages;			/* reclaimed in the chain */
	char		comm[16];
};

struct live_device {
	char			name[64];	/* "zram0", "/dev/sda2"; "" free */
	struct live_counter	counter[DC_COUNT];
};

struct live_memcg {
	uint64_t		id;		/* 0: free */
	uint64_t		touched_ns;
	uint64_t		stat_ns;	/* memory.stat: last read that told something */
	uint64_t		stat_until_ns;	/* its rates hold so long */
	uint64_t		stat_before_ns;
	struct live_counter	counter[CC_COUNT];
	struct live_count	calls, reclaimed;	/* limit reclaims that ended, and their pages */
	struct histogram	histogram;
	struct stalls		stalls;
};

struct live_state {
	uint64_t		now_ns, start_ns, tick_ns;	/* tick: end of the last interval */
	uint64_t		interval_ns;			/* its length; 0 none ended yet */
	bool			begun;
	uint64_t		lost;
	bool			lost_unknown;
	struct live_count	events;
	uint64_t		left_out;
	uint32_t		nnodes;				/* nodes that were seen */
	uint32_t		ntasks, ndevices, nmemcgs;
	uint32_t		history;
	float			psi_memory_history[LIVE_HISTORY];
	uint64_t		own_cpu_ns, own_cpu_before_ns, own_bytes;
	double			own_cpu_percent;
	bool			own_told;
	struct live_counter	system[SC_COUNT];
	struct live_device	devices[LIVE_DEVICES];
	struct live_node	nodes[LIVE_NODES + 1];
	struct live_task	tasks[LIVE_TASK_SLOTS];
	struct live_memcg	memcgs[LIVE_CGROUPS];		/* nmemcgs of them; last */
};

/* An event type as the model asks it. */
struct bound_type {
	struct tp_view	view;
	int16_t		pfn_at;		/* column "pfn", -1 none */
	int32_t		buffer;		/* the instance whose events count; -1 none came yet */
};

struct live_fact {
	char	name[48], state[16], how[320];
};

struct live_model {
	struct live_state	state;
	struct counter_index	*index;
	struct live_names	*names;
	struct memcg_index	*memcg_index;
	struct bound_type	*types;
	uint32_t		ntypes;
	struct gfp_layout	layout;
	uint64_t		page_size;
	int64_t			realtime_ns;		/* of the start; 0 not known */
	char			host[64], kernel[96];
	uint8_t			cpu_node[LIVE_CPUS];	/* LIVE_NO_NODE not told */
	bool			cpu_nodes_told;
	bool			recorded[TP_COUNT];	/* what has no events then did not happen */
	uint32_t		one_node;		/* 1 + the machine's only node, as facts told; 0 not so */
	struct finding		*findings;
	int			nfindings;		/* by incident since the last tick, as analyze has them */
	bool			findings_new;		/* told since then */
	uint64_t		incident_gap_ns;
	struct live_fact	features[LIVE_FEATURES], exposures[LIVE_EXPOSURES];
	int			nfeatures, nexposures;
	char			missing[LIVE_MISSING][160];
	const char		*missing_list[LIVE_MISSING];
	unsigned int		nmissing;
};

static inline void count_tick(struct live_count *c, double seconds)
{
	c->per_s = seconds > 0 ? c->now / seconds : 0;
	c->now = 0;
}

/* --- node.c --- */

/* NULL when @node has no place. Seen from now on. */
struct live_node *live_node_at(struct live_model *m, int32_t node);
void live_node_fact(struct live_model *m, const char *key, const char *value);
void live_node_sample(struct live_model *m, const struct sample *s);
void live_zone_sample(struct live_model *m, const struct sample *s);
void live_node_failures(struct live_model *m, const struct failures_change *change);
void live_node_tick(struct live_model *m, double seconds);
/* An index of nodes[], LIVE_NO_NODE when nobody told. */
unsigned int live_node_of_cpu(const struct live_model *m, uint16_t cpu);
unsigned int live_node_of_pfn(const struct live_model *m, uint64_t pfn, uint16_t cpu);
enum kswapd_state live_kswapd_state(const struct live_model *m, const struct live_node *n);

/* --- memcg.c --- */

struct live_memcg *live_memcg_at(struct live_model *m, uint64_t id);	/* NULL: no place */
void live_memcg_sample(struct live_model *m, const struct sample *s);
void live_memcg_call(struct live_model *m, uint64_t id, uint64_t ns, uint64_t pages);
void live_memcg_tick(struct live_model *m, double seconds);
int memcg_index_new(struct memcg_index **out);
void memcg_index_rebuild(struct live_model *m);

/* --- task.c --- */

void live_task_event(struct live_model *m, const struct mm_event *mm);
void live_task_loss(struct live_model *m, uint16_t cpu);
void live_task_tick(struct live_model *m);

const char *live_task_kind_name(enum task_kind kind);
/* Ended in the interval that is shown, or open. */
bool live_task_shown(const struct live_model *m, const struct live_task *t);
/* Threads inside now that somebody waits for; of @node, or of all with -1. */
unsigned int live_tasks_stalled(const struct live_model *m, int node);

/* --- event.c --- */

void live_event(struct live_model *m, const struct bound_type *type, const struct event *ev);

/* --- device.c --- */

void live_device_sample(struct live_model *m, const struct sample *s);
void live_device_tick(struct live_model *m, double seconds);

/* --- cells of views: cell.c --- */

/* Columns of a view and how their cells are made, one list: see view_nodes.c. */
#define AS_COLUMN(key, title, about, unit, width, better, priority, fn, arg) \
	{ key, title, about, unit, width, better, priority },
#define AS_CELL(key, title, about, unit, width, better, priority, fn, arg)	{ fn, arg },

/* None. The text is not zeroed whole: cells are made by the ten thousand. */
static inline void cell_clear(struct live_cell *out)
{
	out->kind = CELL_NONE;
	out->mood = MOOD_NORMAL;
	out->number = 0;
	out->text[0] = '\0';
}

void cell_number(struct live_cell *out, double number);
void cell_text(struct live_cell *out, const char *text);		/* "" is none */
void cell_rate(struct live_cell *out, const struct live_counter *c, double scale);	/* none when not rated */
void cell_last(struct live_cell *out, const struct live_counter *c, double scale);
/* The sum of those that are rated; none when none is. */
void cell_rates(struct live_cell *out, const struct live_counter *c, const uint8_t *which, int n, double scale);
double cell_sum_rates(const struct live_counter *c, const uint8_t *which, int n);	/* -1 none */
void cell_stall(struct live_cell *out, const struct stalls *s, uint64_t ns);
/* The mood of a bad number: @warn and @bad are where they begin. */
void cell_mood(struct live_cell *cell, double warn, double bad);
__attribute__((format(printf, 3, 4)))
void line_put(const struct live_lines *out, enum live_mood mood, const char *format, ...);

/* One per file of that name. */
extern const struct live_view live_view_nodes, live_view_memcgs, live_view_tasks, live_view_swap, live_view_findings,
			      live_view_kernel;

#endif
