/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * finding.h - what a detector has to say, in the one shape that the store, --json, reports and top share.
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

#define EVIDENCE_MAX		40
#define FINDING_MAX_TASKS	8
#define FINDINGS_MAX		256

struct evidence {
	const char	*name;		/* a constant: "reclaimed_pages" */
	const char	*unit;		/* a constant: "pages" */
	double		value;		/* exact up to 2^53 */
};

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
	char		summary[512];
	struct evidence	evidence[EVIDENCE_MAX];
	int		nevidence;
	const char	*tasks_title;	/* what the tasks below are: "stalled", "candidates" */
	struct finding_task tasks[FINDING_MAX_TASKS];
	int		ntasks;
	char		missing[512];	/* inputs that would have made it surer; "" none */
	const char	*otherwise;	/* what else it could have been; "" */
	const char	*explanation;
	const char	*remedy;
	const char	*references;
	bool		loss;		/* events were lost in its window: numbers are lower bounds */
};

/* Past EVIDENCE_MAX it is an error of ours (assert). */
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
