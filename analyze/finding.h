/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * finding.h - what a detector has to say, in the one shape that the store, --json, reports and top share.
 *
 * Who caused a storm and who suffered from it are apart: tasks[] are the detector's, suffered[] and cgroups[] are
 * whoever lost time while it lasted, whatever the kind.
 *
 * Texts that are the same for every finding of a kind (explanation, remedy, references) are constants of the detector;
 * numbers go into the evidence, each with a name and a unit, and the summary is made from them.
 */
#ifndef SQUALL_ANALYZE_FINDING_H
#define SQUALL_ANALYZE_FINDING_H

#include <stdbool.h>
#include <stdint.h>

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

const char *severity_name(enum severity severity);
const char *confidence_name(enum confidence confidence);

#define EVIDENCE_MAX		40	/* of the detector's own */
#define EVIDENCE_IMPACT		16	/* finding_impact_evidence() adds at most so many */
#define FINDING_MAX_TASKS	8
#define FINDING_MAX_CGROUPS	4
#define FINDINGS_MAX		256

struct evidence {
	const char	*name;		/* a constant: "reclaimed_pages" */
	const char	*unit;		/* a constant: "pages" */
	double		value;		/* exact up to 2^53 */
};

/*
 * What tasks lose their time to. A stall counts once, by the outermost of these that it was in; WITHIN says how much of
 * it was spent in something else inside (kernel-domain.md 4g).
 */
enum loss_kind { LOST_DIRECT, LOST_MEMCG, LOST_COMPACTION, LOST_THROTTLED, LOSS_KINDS };

/* Which harm is a detector's own: struct detector.losses. 0: not told. */
#define LOSS_DIRECT		(1u << LOST_DIRECT)
#define LOSS_MEMCG		(1u << LOST_MEMCG)
#define LOSS_COMPACTION		(1u << LOST_COMPACTION)
#define LOSS_THROTTLED		(1u << LOST_THROTTLED)
#define LOSS_TIMED		((1u << LOSS_KINDS) - 1)
#define LOSS_BACKGROUND		(1u << LOSS_KINDS)		/* kswapd's CPU, refaults: PSI has them, no reclaim event */
#define LOSS_OTHER		(1u << (LOSS_KINDS + 1))	/* killed tasks, wasted memory: not even PSI has them */

/* A share of time that is not known. */
#define SHARE_UNKNOWN		(-1.0)

struct finding_cgroup {
	uint64_t	id;
	char		path[64];	/* its end, where it is longer; "" not known */
	uint64_t	stalls;
	uint64_t	lost_ns;	/* of its tasks */
	double		psi_full;	/* of its own memory.pressure */
};

/* What the time of a finding was like: analyze/impact.h. */
struct finding_impact {
	double		psi_some, psi_full, psi_io_full;	/* shares of the window, of the whole system */
	double		psi_cgroup;	/* memory full of the finding's own cgroup */
	bool		measured;	/* by impact_measure(), once or more */
	bool		timed;		/* the recording has the events of which the rest below is made */
	bool		exact;		/* counts are; else edges of the window are those of time buckets */
	double		lost_s[LOSS_KINDS];	/* task-seconds, by the outermost kind: their sum is all that was lost */
	double		within_s[LOSS_KINDS];	/* of that sum: inside of a stall of another kind */
	uint64_t	stalls;		/* 0 although time was lost: not known */
	uint64_t	p50_ns, p99_ns, max_ns;	/* of whole stalls that lie in the window, or reach into it */
};

/* What the severity was decided by. */
enum severity_basis { SEVERITY_BY_DETECTOR, SEVERITY_BY_PSI, SEVERITY_BY_LOST_TIME };

const char *severity_basis_name(enum severity_basis basis);	/* "detector", "psi", "lost-time" */

/* Who the tasks of a detector are. Who lost time is known for every finding: suffered[]. */
enum tasks_role { TASKS_AS_TITLED, TASKS_CAUSED };

/* One task that suffered, or one that caused it. */
struct finding_task {
	int32_t		tid;
	char		comm[32];	/* "" not known */
	uint64_t	memcg_id;	/* 0 not known */
	uint64_t	count;
	uint64_t	pages;
	uint64_t	ns;
};

struct finding {
	const char	*kind;
	const char	*variant;	/* "" when the kind has none */
	enum severity	severity;
	enum confidence	confidence;
	uint64_t	start_ns, end_ns;
	int32_t		node;		/* -1: not one */
	int32_t		tid;		/* the main culprit or victim as the kind has it; -1: none */
	char		comm[32];
	uint64_t	cgroup_id;	/* 0: not known */
	char		cgroup[256];	/* its path; "" not known */
	char		summary[512];
	struct evidence	evidence[EVIDENCE_MAX + EVIDENCE_IMPACT];
	int		nevidence;
	const char	*tasks_title;	/* what the tasks below are: "stalled", "candidates" */
	enum tasks_role	tasks_role;
	struct finding_task tasks[FINDING_MAX_TASKS];
	int		ntasks;
	char		missing[512];	/* inputs that would have made it surer; "" none */
	const char	*otherwise;	/* what else it could have been; "" */
	const char	*explanation;
	const char	*remedy;
	const char	*references;
	bool		loss;		/* events were lost in its window: numbers are lower bounds */

	/* The analysis adds what follows; a detector leaves it 0. */
	enum severity	own_severity;	/* as the detector had it */
	enum severity_basis basis;
	double		basis_value;	/* PSI: the share that decided; lost time: task-seconds of its own sort */
	double		basis_bound;	/* lost time: the machine's PSI share, where that kept it down; else SHARE_UNKNOWN */
	bool		basis_cgroup;	/* the share is that of the finding's cgroup */
	struct finding_impact impact;
	struct finding_task suffered[FINDING_MAX_TASKS];	/* most time lost first; count: stalls; pages: 0 */
	int		nsuffered;
	struct finding_cgroup cgroups[FINDING_MAX_CGROUPS];	/* likewise */
	int		ncgroups;
	int		incident;	/* 1, 2 ...; 0: not linked yet */
	bool		leads;		/* it is the leading cause of its incident */
	int		cause;		/* index of the finding that brought it about; -1: none is known */
	const char	*caused_by;	/* that one's kind; NULL */
	const char	*because;	/* how that comes about in the kernel; NULL */
	int		serial;		/* for sorting */
};

/* All that is lost in @impact; the part of it that falls to the kinds in @losses (LOSS_... bits), inside others too. */
double impact_lost_s(const struct finding_impact *impact);
double impact_lost_to(const struct finding_impact *impact, unsigned int losses);

/* The numbers of f->impact that are known, as evidence. Once, when the finding is handed on. */
void finding_impact_evidence(struct finding *f, uint32_t cpus);

/* By what the severity was decided, a sentence without its stop; @buf takes FINDING_REASON_BYTES. */
#define FINDING_REASON_BYTES	256
const char *finding_severity_reason(const struct finding *f, char *buf);

/* For detectors. Past EVIDENCE_MAX it is an error of ours (assert): what the analysis adds must have its room. */
void finding_evidence(struct finding *f, const char *name, const char *unit, double value);

/* Appends a sentence to f->missing, with a blank between. */
void finding_missing(struct finding *f, const char *sentence);

/*
 * The tasks that count most, in fixed memory: with more than TOP_TASKS of them the lightest gives way to a new one,
 * so what is reported may be too low, never too high.
 */
#define TOP_TASKS	64

struct top_tasks {
	struct finding_task	task[TOP_TASKS];
	int			n;
	uint64_t		others;		/* tasks given up for lack of room: then counts are lower bounds */
};

void top_tasks_add(struct top_tasks *top, int32_t tid, uint64_t memcg_id, uint64_t pages, uint64_t ns);

/* The FINDING_MAX_TASKS with the largest ns (or pages, where no time counts) into @f. */
void top_tasks_report(const struct top_tasks *top, struct finding *f, const char *title);

#endif
