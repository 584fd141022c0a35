// SPDX-License-Identifier: GPL-2.0-only
/*
 * metric_part.c - metrics of one node, where there are several, and of the cgroups that somebody asked for.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyze/metric.h"

#define PERCENT		100.0

static double rate(const struct trial_series *s, double seconds)
{
	return s->grown / seconds;
}

static double count(const struct trial_series *s, double seconds)
{
	return s->grown;
}

static double busy_ns(const struct trial_series *s, double seconds)
{
	return PERCENT * ns_to_s(s->grown) / seconds;
}

static double busy_us(const struct trial_series *s, double seconds)
{
	return PERCENT * s->grown / 1e6 / seconds;
}

static double share_of_time(const struct trial_series *s, double seconds)
{
	return PERCENT * trial_series_mean(s);
}

static const struct part_row {
	enum sample_scope	scope;
	const char		*series;
	const char		*name;
	const char		*unit;
	const char		*about;
	double (*value)(const struct trial_series *s, double seconds);
} rows[] = {
	{ SCOPE_NODE, "kswapd_cpu_ns", "kswapd.cpu", "% of a CPU", "CPU time of this node's kswapd", busy_ns },
	{ SCOPE_NODE, "node_unreclaimable", "kswapd.hopeless", "% of time", "this node's node_unreclaimable",
	  share_of_time },
	{ SCOPE_CGROUP, "psi.memory.some.total", "memory_some", "% of time", "memory.pressure", busy_us },
	{ SCOPE_CGROUP, "psi.memory.full.total", "memory_full", "% of time", "memory.pressure", busy_us },
	{ SCOPE_CGROUP, "memory.events.high", "high", "/s", "memory.events", rate },
	{ SCOPE_CGROUP, "memory.events.max", "max", "/s", "memory.events", rate },
	{ SCOPE_CGROUP, "memory.failcnt", "failcnt", "/s", "cgroup v1: the limit was hit", rate },
	{ SCOPE_CGROUP, "memory.events.oom_kill", "oom_kills", "count", "memory.events", count },
};

/* kswapd runs on each node that has memory. */
static bool has_nodes(const struct trial *t)
{
	unsigned int nodes = 0;

	for (unsigned int i = 0; i < trial_nseries(t); i++)
		nodes += !strcmp(trial_series(t, i)->name, "kswapd_cpu_ns");
	return nodes > 1;
}

static bool wanted(const char *path, const char *const *cgroups, unsigned int n)
{
	for (unsigned int i = 0; path && i < n; i++)
		if (!strcmp(cgroups[i], path))
			return true;
	return false;
}

static const struct part_row *find_row(const struct trial_series *s)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].scope == s->scope && !strcmp(rows[i].series, s->name))
			return &rows[i];
	return NULL;
}

void metric_parts(const struct trial *t, const char *const *cgroups, unsigned int ncgroups, metric_part_take take,
		  void *ctx)
{
	double seconds = ns_to_s(trial_sampled_ns(t));
	bool nodes = has_nodes(t);

	for (unsigned int i = 0; i < trial_nseries(t) && seconds > 0; i++) {
		const struct trial_series *s = trial_series(t, i);
		const struct part_row *row = find_row(s);
		const char *path = row && s->scope == SCOPE_CGROUP ? trial_cgroup(t, s->cgroup_id) : NULL;
		struct metric_part part;

		if (!row || (s->scope == SCOPE_NODE && !nodes) ||
		    (s->scope == SCOPE_CGROUP && (s->node >= 0 || !wanted(path, cgroups, ncgroups))))
			continue;
		part = (struct metric_part){ .unit = row->unit, .about = row->about, .better = BETTER_LOWER,
					     .value = row->value(s, seconds) };
		if (s->scope == SCOPE_NODE)
			snprintf(part.name, sizeof(part.name), "%s.node%d", row->name, s->node);
		else
			snprintf(part.name, sizeof(part.name), METRIC_CGROUP "%.256s.%s", path, row->name);
		take(ctx, &part);
	}
}
