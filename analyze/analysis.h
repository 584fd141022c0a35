/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * analysis.h - one pass over a recording: the sink that makes chains, calls and kswapd runs of the events, shows them
 * to the detectors, and keeps their findings.
 *
 * Memory is bounded whatever the recording holds. Nothing is printed here: print.h does that from the results.
 */
#ifndef SQUALL_ANALYZE_ANALYSIS_H
#define SQUALL_ANALYZE_ANALYSIS_H

#include "analyze/detector.h"
#include "analyze/incident.h"
#include "spine/sink.h"

struct analysis;

struct analysis_options {
	const struct thresholds	*th;		/* borrowed, outlives the analysis */
	const char		*only;		/* one kind of finding, NULL for all */
	bool			none;		/* no detector: to know what the passes alone cost */
	bool			part;		/* only a part of the recording is looked at */
	void (*chain)(void *ctx, const struct chain *chain);	/* each finished chain; may be NULL */
	void (*failures)(void *ctx, const struct failures_change *change); /* each once: failures.h; may be NULL */
	/* Each finding once, when it arises: with the numbers of that moment, without names of tasks; may be NULL. Its
	 * severity is by what it has cost so far. */
	void (*finding)(void *ctx, const struct finding *f);
	/*
	 * With finding: one that was told, again and again while it lasts, about once a second, and at its end, with the
	 * numbers of then. Start and node stay as they were told first, so that it is known again; may be NULL.
	 */
	void (*grown)(void *ctx, const struct finding *f);
	void			*ctx;
};

/* -ENOMEM, or -EINVAL when no detector is called @only. Caller frees with analysis_free. */
int analysis_new(const struct analysis_options *options, struct analysis **out);
void analysis_free(struct analysis *a);

/* The recording begins at @first_ns, though the analysis sees a part that begins later. */
void analysis_starts_at(struct analysis *a, uint64_t first_ns);

/* Where events go. Its end() completes the findings. */
struct sink analysis_sink(struct analysis *a);

/* Results, valid after end. Findings are by incident (incident.h), the leading cause of each first. */
const struct finding *analysis_findings(const struct analysis *a, int *count);

/* Likewise: the worst one first. */
const struct incident *analysis_incidents(const struct analysis *a, int *count);

/*
 * At any time: what was found by now, first what is over, then what is going on, with names and losses as far as they
 * are known. @index 0, 1 ...; false past the last. What goes on is looked at once a second, if options.finding is set.
 */
bool analysis_finding_now(const struct analysis *a, int index, struct finding *out);
uint64_t analysis_findings_dropped(const struct analysis *a);	/* past FINDINGS_MAX */

const struct facts *analysis_facts(const struct analysis *a);
const struct call_stats *analysis_calls(const struct analysis *a, enum call_kind kind);
const struct run_stats *analysis_kswapd(const struct analysis *a, int nid);

struct type_count {
	const char	*system, *name;
	uint64_t	events;
};

/* Sorted by name. Owned by the analysis. */
const struct type_count *analysis_types(const struct analysis *a, int *count);

enum field_presence { FIELD_NOT_KNOWN, FIELD_SEEN, FIELD_MISSING };

struct analysis_totals {
	uint64_t	events;
	uint64_t	events_other_buffers;	/* of further trace instances that repeat a type: stored, not judged */
	uint64_t	chains;
	uint64_t	chains_promoted;	/* reclaimed at a higher order than the request's */
	uint64_t	chains_promoted_counted; /* of these: with retries_counted, the mark of 7.3.4 */
	enum field_presence memcg_id_field;	/* of the begin events of direct and memcg reclaim */
	uint64_t	lost;			/* events known to be lost */
	uint64_t	loss_records;
	bool		loss_unknown;		/* some losses have no count */
	bool		thinned;		/* for a time only a part of the threads was recorded */
	bool		clock_is_time;
};

const struct analysis_totals *analysis_totals(const struct analysis *a);

/* What the source said of the recording, NULL when nothing. */
const char *analysis_meta(const struct analysis *a, const char *key);

/*
 * Classes of events that were thinned: start with *i 0; returns for each what meta thinned.<class> says, its name in
 * *class, then NULL.
 */
const char *analysis_thinned(const struct analysis *a, int *i, const char **class);

/* Lines of a text that were neither events nor anything else that is known; 0 for other sources. */
uint64_t analysis_lines_skipped(const struct analysis *a, uint64_t *lines);

/* How many detectors of this analysis had what they need. */
int analysis_judged_count(const struct analysis *a);

/* The path of a cgroup, "" when not known; of a long one the end. */
const char *analysis_cgroup(const struct analysis *a, uint64_t id);

/* The name of a thread, "" when not known. */
const char *analysis_comm(const struct analysis *a, int32_t tid);

/*
 * Whether @detector had what it needs. When not, @why (of at least ANALYSIS_WHY_BYTES) says what is missing.
 */
#define ANALYSIS_WHY_BYTES	512
bool analysis_judged(const struct analysis *a, const struct detector *detector, char *why);

/* Is there a finding of this kind (and variant, unless NULL)? */
bool analysis_found(const struct analysis *a, const char *kind, const char *variant);

/* Is @detector part of this analysis (not excluded by options.only)? */
bool analysis_wants(const struct analysis *a, const struct detector *detector);

#endif
