/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * incident.h - findings that explain each other, as one thing that happened.
 *
 * Which kind brings about which, and how, is a table of the kernel's code paths. A finding is the cause of another when
 * the table says so, they overlap in time (or nearly), neither is of another node or cgroup than the other, and it does
 * not begin long after what it would explain (INCIDENT_LATE_NS), unless it goes on for half of that one's time;
 * findings of one kind that overlap likewise are one storm. An incident is what hangs together by these links. It is
 * led by the finding that no other explains; of several, by the one that began first, then by the worse one. What is
 * information only explains nothing. A finding without links is an incident of its own.
 */
#ifndef SQUALL_ANALYZE_INCIDENT_H
#define SQUALL_ANALYZE_INCIDENT_H

#include "analyze/finding.h"

/* How much later a cause may seem to begin: detectors judge by windows of 10 s. */
#define INCIDENT_LATE_NS	10000000000ull

struct incident_link {
	const char	*cause, *effect;	/* kinds; of detectors that this build may not have */
	const char	*because;		/* a sentence without its stop, to follow "because" */
};

extern const struct incident_link incident_links[];
extern const int incident_nlinks;

/*
 * Sets incident (1, 2 ... in the order of @f), leads, cause (an index of @f), caused_by and because of all @n. Needs
 * own_severity. At most 65535 of them.
 */
void incidents_link(struct finding *const *f, int n, uint64_t gap_ns);

struct incident {
	int		number;
	enum severity	severity;		/* of its worst finding */
	uint64_t	start_ns, end_ns;
	int		first, count;		/* its findings; the first one leads */
};

/*
 * Sorts findings that were linked: incidents by severity, then time; in each the leading cause first, the others by
 * time. Numbers and causes are set anew. @out takes @n; returns how many there are.
 */
int incidents_order(struct finding *f, int n, struct incident *out);

/* Whether the leading cause of its incident explains @f[i] of @n, by one step or more. False for that one itself. */
bool incident_explains(const struct finding *f, int n, int i);

/* How many of @incident are explained so. The others, but the leading one, were only beside it. */
int incident_explained(const struct incident *incident, const struct finding *f);

/* One thing that began or ended. */
struct incident_moment {
	uint64_t	ts_ns;
	int		finding;		/* index */
	bool		ended;
};

/* All of @incident by time; @out takes twice its count, and so many are put. */
int incident_timeline(const struct incident *incident, const struct finding *f, struct incident_moment *out);

#endif
