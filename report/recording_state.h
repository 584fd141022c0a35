/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_state.h - the inside of a recording, as recording.c, sampled.c and traced.c share it. Inside report/ only.
 */
#ifndef SQUALL_REPORT_RECORDING_STATE_H
#define SQUALL_REPORT_RECORDING_STATE_H

#include <uthash.h>

#include "analyze/call.h"
#include "analyze/tid_map.h"
#include "report/recording.h"

#define LINES_MAX		2048		/* 24 KB each, of which only what is written to takes memory */
#define CGROUPS_MAX		8192
#define THREADS_MAX		16384
#define FACTS_MAX		1024
#define FACT_BYTES_MAX		4096
#define SETTINGS_MAX		128
#define LOSS_STAGES_MAX		16
#define RESETS_MAX		64
#define ZONES_MAX		16		/* of a node */
#define RETRY_ZONES		8		/* zone indices */
#define TYPES_MAX		4096

struct cgroup_entry {
	struct cgroup_sums	sums;		/* id is the key */
	char			*path;
	struct line		*psi, *memory, *limit[3];
	/* Counters: the value before; -1 none yet */
	int64_t			some, full, refault_anon, refault_file, oom_kill, hit[3];
	UT_hash_handle		hh;
};

/* The zones' free pages are for copies of /proc/zoneinfo without the node's own vmstat. */
enum watermark { WATERMARK_FREE, WATERMARK_MIN, WATERMARK_LOW, WATERMARK_HIGH, WATERMARKS };

struct zone_entry {
	char		name[16];
	int64_t		value[WATERMARKS];
	bool		told[WATERMARKS];
	bool		empty;			/* without a page of its own; it prints watermarks all the same */
};

struct node_entry {
	struct zone_entry	zones[ZONES_MAX];
	unsigned int		nzones;
	bool			watermarks_changed;
	bool			free_told;	/* by the node's nr_free_pages */
	struct line		*watermark[WATERMARKS];
	struct line		*retry_free[RETRY_ZONES], *retry_min[RETRY_ZONES];
	struct line		*failures, *runs;
};

struct fact {
	char	*key, *value;
};

struct recording {
	struct grid		grid;
	uint64_t		page_bytes;
	struct line		*lines[LINES_MAX];
	unsigned int		nlines;
	bool			lines_full;
	struct latency_curve	*latency;

	/* samples */
	uint64_t		samples;
	struct sample_rule_entry *rules;	/* hash; see sampled.c */
	struct cgroup_entry	*cgroups;	/* hash */
	struct node_entry	*nodes;		/* CHART_NODES */
	uint64_t		zones_ns;	/* of the zones' last samples */
	uint64_t		vmstat_ns, vmstat_gap_ns;
	struct sampled_setting	settings[SETTINGS_MAX];
	unsigned int		nsettings;

	/* events */
	struct binder		binder;
	int32_t			buffer_of[TYPES_MAX];	/* the instance whose events count, + 1; 0: none yet */
	struct call_set		*calls;
	struct tid_map		*threads;
	struct line		*fixed[TP_COUNT][8];	/* lines of events by what they say; see traced.c */

	struct reset_sums	resets[RESETS_MAX];
	unsigned int		nresets;
	struct victim		victims[VICTIMS_MAX];
	uint64_t		nvictims;
	struct fact		facts[FACTS_MAX];
	unsigned int		nfacts;
	struct loss_sums	losses[LOSS_STAGES_MAX];
	unsigned int		nlosses;
	int			error;
};

/* A line that is new; NULL: no room, or no memory. @node -1: none. */
struct line *recording_add_line(struct recording *r, enum chart chart, int node, const char *name,
				enum curve_form form);

/* The entry of a cgroup, made when it is new; NULL: no room. */
struct cgroup_entry *recording_cgroup_entry(struct recording *r, uint64_t id);

/* NULL for a node that is not charted. */
static inline struct node_entry *recording_node(struct recording *r, int64_t node)
{
	return node >= 0 && node < CHART_NODES ? &r->nodes[node] : NULL;
}

int recording_sampled_init(struct recording *r);
void recording_sampled_clear(struct recording *r);
int recording_sample(struct recording *r, const struct sample *sample);
void recording_sampled_end(struct recording *r);

int recording_traced_init(struct recording *r);
void recording_traced_clear(struct recording *r);
int recording_type(struct recording *r, const struct event_type *type);
int recording_event(struct recording *r, const struct event *ev);
void recording_traced_loss(struct recording *r, const struct loss *loss);
void recording_traced_end(struct recording *r);

#endif
