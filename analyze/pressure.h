/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pressure.h - the kernel's own account of stalls (PSI), by time: which share of any window the system and each cgroup
 * were stalled.
 *
 * It is exact to a period of the sampler for the last PRESSURE_GROWTHS times that a total grew (of the system: more than
 * two hours without a pause), and by buckets of a time axis beyond. Where those are wider than an eighth of the window
 * the share is not known; nor is it when samples cover less than half of the window. Memory is fixed but for one small
 * record of each cgroup.
 *
 * A share is 0 to 1, or SHARE_UNKNOWN.
 */
#ifndef SQUALL_ANALYZE_PRESSURE_H
#define SQUALL_ANALYZE_PRESSURE_H

#include "analyze/finding.h"
#include "analyze/time_axis.h"
#include "spine/sink.h"

#define PRESSURE_GROWTHS	16384u	/* of each total of the system, and of all cgroups together */
#define PRESSURE_TRACKS		32u	/* cgroups that are kept beyond those: the ones with most of it */

enum psi { PSI_SOME, PSI_FULL, PSI_IO_FULL, PSI_COUNT };	/* of the system; of memory where nothing else is said */

struct pressure;

/* @axis is borrowed, and must live as long. NULL: no memory; pressure_free frees. */
struct pressure *pressure_new(const struct time_axis *axis);
void pressure_free(struct pressure *p);		/* NULL is fine */

/* Whether @s is of pressure, of the system or of a cgroup. */
bool pressure_wants(const struct sample *s);

/* One that is wanted; the axis reaches to its time. */
void pressure_sample(struct pressure *p, const struct sample *s);

/* Before the axis doubles its width. */
void pressure_fold(struct pressure *p);

/* In the window of @f. */
double pressure_share(const struct pressure *p, const struct finding *f, enum psi which);

/* What is asked of cgroups from now on is of the window of @f. */
void pressure_window(struct pressure *p, const struct finding *f);

/* Memory full of the cgroup @id; SHARE_UNKNOWN also when nothing was heard of it. */
double pressure_cgroup_share(const struct pressure *p, const struct finding *f, uint64_t id);

/* The same, and pressure_rest() leaves it out. */
double pressure_take_cgroup(struct pressure *p, const struct finding *f, uint64_t id);

/* @each cgroup that was not taken since pressure_window(). */
void pressure_rest(const struct pressure *p, const struct finding *f, void (*each)(void *ctx, uint64_t id, double share),
		   void *ctx);

/* Whether what is said of cgroups in the window of @f is all that there was. */
bool pressure_cgroups_known(const struct pressure *p, const struct finding *f);

#endif
