/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * severity.h - how bad a finding is, by what it cost.
 *
 * The rules:
 *  - What a detector calls information (a state in which nothing has to be done) stays that. Everything else is a
 *    warning at least; what it cost makes it high or critical.
 *  - Pressure (PSI memory full of the window) is the whole machine's. It counts for the leading cause of an
 *    incident, and only when at least half of the time that tasks lost is of that cause's own sort (struct
 *    detector.losses). A kind whose harm is not in the events (LOSS_BACKGROUND, or not told) has the pressure when no
 *    other incident of that time has it. The pressure of a finding's own cgroup counts for it in any case, unless that
 *    cgroup is one of those who caused it (TASKS_CAUSED).
 *  - Else the task time of its own sort counts, per second and CPU; no part is worse than the whole, so where the
 *    pressure is known it is the bound.
 *  - The severity of the detector is the least where harm cannot be seen in what was measured: kinds that do not tell
 *    their losses, LOSS_OTHER, LOSS_BACKGROUND without PSI, or lost events without PSI. When nothing was measured,
 *    it stands.
 */
#ifndef SQUALL_ANALYZE_SEVERITY_H
#define SQUALL_ANALYZE_SEVERITY_H

#include "analyze/finding.h"
#include "analyze/threshold.h"

struct severity_case {
	struct finding	*f;		/* measured and linked: impact, loss, own_severity, incident, leads */
	unsigned int	losses;		/* of its detector */
};

/* Sets severity and basis (with its value) of all, which are those of one recording. @cpus: at least 1. */
void severity_decide(const struct thresholds *th, uint32_t cpus, const struct severity_case *c, int n);

#endif
