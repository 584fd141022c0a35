// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare_check.c - whether the runs of a comparison can be compared at all, and what its reader has to know of them.
 */
#include "analyze/compare_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const arm_names[ARM_COUNT] = { "base", "candidate" };

/* --- environments --- */

static int fact_number(const char *name)
{
	for (unsigned int i = 0; i < environment_count(); i++)
		if (!strcmp(environment_name(i), name))
			return i;
	return -1;
}

/* The first value that a run of @arm tells. */
static const char *told(const struct compare *c, enum arm arm, unsigned int fact)
{
	for (unsigned int i = 0; i < c->nruns[arm]; i++)
		if (c->runs[arm][i].env.value[fact])
			return c->runs[arm][i].env.value[fact];
	return NULL;
}

static bool one_in_arm(const struct compare *c, enum arm arm, unsigned int fact)
{
	for (unsigned int i = 1; i < c->nruns[arm]; i++)
		if (!environment_same(fact, c->runs[arm][0].env.value[fact], c->runs[arm][i].env.value[fact]))
			return false;
	return true;
}

static bool all_tell(const struct compare *c, unsigned int fact)
{
	for (int arm = 0; arm < ARM_COUNT; arm++)
		for (unsigned int i = 0; i < c->nruns[arm]; i++)
			if (!c->runs[arm][i].env.value[fact])
				return false;
	return true;
}

static bool one_value(const struct compare *c, unsigned int fact)
{
	return one_in_arm(c, ARM_BASE, fact) && one_in_arm(c, ARM_CAND, fact) &&
	       (!c->nruns[ARM_CAND] || environment_same(fact, told(c, ARM_BASE, fact), told(c, ARM_CAND, fact)));
}

bool compare_agrees(const struct compare *c, const char *name)
{
	int fact = fact_number(name);

	return (one_value(c, fact) && all_tell(c, fact)) ||
	       (one_value(c, ENVIRONMENT_RELEASE) && all_tell(c, ENVIRONMENT_RELEASE));
}

static bool varied(const struct compare *c, unsigned int fact)
{
	for (unsigned int i = 0; i < c->options->nvary; i++)
		if (!strcmp(c->options->vary[i], environment_name(fact)))
			return true;
	return false;
}

/* What one arm does not tell is no difference that is known: it is listed. */
static bool refused(const struct env_difference *d)
{
	enum environment_rule rule = environment_rule(d->fact);

	if (rule == ENVIRONMENT_TOLD)
		return false;
	if (d->within[ARM_BASE] || d->within[ARM_CAND])
		return true;
	return rule == ENVIRONMENT_EQUAL && !d->varied && d->value[ARM_BASE] && d->value[ARM_CAND];
}

static void check_environment(struct compare *c)
{
	for (unsigned int i = 0; i < environment_count(); i++) {
		struct env_difference *d = &c->differences[c->ndifferences];

		if (one_value(c, i))
			continue;
		*d = (struct env_difference){ .fact = i, .varied = varied(c, i) };
		for (int arm = 0; arm < ARM_COUNT; arm++) {
			d->value[arm] = told(c, arm, i);
			d->within[arm] = !one_in_arm(c, arm, i);
		}
		d->refused = refused(d);
		c->ndifferences++;
		if (!d->refused)
			continue;
		if (d->within[ARM_BASE] || d->within[ARM_CAND])
			compare_say(c, PROBLEM_ENVIRONMENT, "%s is not the same in all %s runs", environment_name(i),
				    arm_names[d->within[ARM_BASE] ? ARM_BASE : ARM_CAND]);
		else
			compare_say(c, PROBLEM_ENVIRONMENT, "%s differs: %.400s (base), %.400s (candidate)",
				    environment_name(i), d->value[ARM_BASE], d->value[ARM_CAND]);
	}
}

/* --- runs --- */

typedef void (*run_check)(struct compare *c, const struct compared_run *r);

static void check_part(struct compare *c, const struct compared_run *r)
{
	if (r->part)
		compare_say(c, PROBLEM_RUN, "%s is a part of a recording; a run has to be one file "
			    "(record --max-size 0)", r->path);
}

static void check_loss(struct compare *c, const struct compared_run *r)
{
	if (isinf(r->loss))
		compare_say(c, PROBLEM_LOSS, "%s lost events, and it is not known how many", r->path);
	else if (r->loss > COMPARE_LOSS_MAX)
		compare_say(c, PROBLEM_LOSS, "%s lost %.1f %% of its events, more than %.0f %%", r->path, 100 * r->loss,
			    100 * COMPARE_LOSS_MAX);
}

static void check_thinned(struct compare *c, const struct compared_run *r)
{
	if (r->thinned)
		compare_say(c, PROBLEM_NOTE, "%s was thinned while it was recorded: no metric of events is compared "
			    "(record --max-rate 0)", r->path);
}

static void check_whole(struct compare *c, const struct compared_run *r)
{
	if (r->cut_short)
		compare_say(c, PROBLEM_NOTE, "%s was cut short: the recorder did not end in order", r->path);
	if (r->damage)
		compare_say(c, PROBLEM_NOTE, "%s was made of a damaged trace", r->path);
	if (r->series_left_out)
		compare_say(c, PROBLEM_NOTE, "%s has more counters than are kept", r->path);
}

static void check_content(struct compare *c, const struct compared_run *r)
{
	if (!r->span_ns)
		compare_say(c, PROBLEM_RUN, "%s is empty: it has neither events nor samples", r->path);
	else if (!r->sampled_ns)
		compare_say(c, PROBLEM_NOTE, "%s has no samples: only metrics of events can be compared", r->path);
}

static const run_check run_checks[] = { check_part, check_content, check_loss, check_thinned, check_whole };

static bool same_recording(const struct compared_run *a, const struct compared_run *b)
{
	return a->boot_id && b->boot_id && !strcmp(a->boot_id, b->boot_id) && a->start_ns && a->start_ns == b->start_ns;
}

static bool same_boot(const struct compared_run *a, const struct compared_run *b)
{
	return a->boot_id && b->boot_id && !strcmp(a->boot_id, b->boot_id);
}

static const struct compared_run *run_at(const struct compare *c, unsigned int i)
{
	return i < c->nruns[ARM_BASE] ? &c->runs[ARM_BASE][i] : &c->runs[ARM_CAND][i - c->nruns[ARM_BASE]];
}

/* A run that counts twice makes every p smaller than it is. */
static void check_independence(struct compare *c)
{
	unsigned int n = c->nruns[ARM_BASE] + c->nruns[ARM_CAND];
	bool shared = false;

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int k = i + 1; k < n; k++) {
			const struct compared_run *a = run_at(c, i), *b = run_at(c, k);

			if (same_recording(a, b))
				compare_say(c, PROBLEM_RUN, "%.400s and %.400s are the same recording", a->path,
					    b->path);
			shared |= same_boot(a, b);
		}
	if (shared)
		compare_say(c, PROBLEM_NOTE, "runs share a boot: what one does to memory (fragmentation, caches) lasts "
			    "into the next, so they are not independent. A fresh boot for each run is better");
}

/* All of one arm before all of the other: then time is as good an explanation as the patch. */
static void check_order(struct compare *c)
{
	uint64_t first[ARM_COUNT] = { UINT64_MAX, UINT64_MAX }, last[ARM_COUNT] = { 0 };

	for (int arm = 0; arm < ARM_COUNT; arm++) {
		if (c->nruns[arm] < 2)
			return;
		for (unsigned int i = 0; i < c->nruns[arm]; i++) {
			uint64_t at = c->runs[arm][i].start_realtime_ns;

			if (!at)
				return;
			first[arm] = at < first[arm] ? at : first[arm];
			last[arm] = at > last[arm] ? at : last[arm];
		}
	}
	if (last[ARM_BASE] < first[ARM_CAND] || last[ARM_CAND] < first[ARM_BASE])
		compare_say(c, PROBLEM_NOTE, "all %s runs were made before the %s runs: a drift of the machine cannot "
			    "be told from the change. Take turns: base, candidate, candidate, base",
			    arm_names[last[ARM_BASE] < first[ARM_CAND] ? ARM_BASE : ARM_CAND],
			    arm_names[last[ARM_BASE] < first[ARM_CAND] ? ARM_CAND : ARM_BASE]);
}

static void check_lengths(struct compare *c)
{
	double least = INFINITY, most = 0;

	for (unsigned int i = 0; i < c->nruns[ARM_BASE] + c->nruns[ARM_CAND]; i++) {
		least = fmin(least, ns_to_s(run_at(c, i)->span_ns));
		most = fmax(most, ns_to_s(run_at(c, i)->span_ns));
	}
	if (most > least * (1 + COMPARE_LENGTH_MAX))
		compare_say(c, PROBLEM_NOTE, "runs are of unlike length, %.1f to %.1f s: rates and shares are of the "
			    "time of each run, so a run that goes on after the storm looks calmer", least, most);
}

static void check_lru(struct compare *c)
{
	unsigned int with[ARM_COUNT] = { 0 };

	for (int arm = 0; arm < ARM_COUNT; arm++)
		for (unsigned int i = 0; i < c->nruns[arm]; i++)
			with[arm] += c->runs[arm][i].rotates_lru;
	if (c->nruns[ARM_CAND] && !with[ARM_BASE] != !with[ARM_CAND])
		compare_say(c, PROBLEM_NOTE, "only one arm's kernel counts pgrotate, which came with the LRU cost "
			    "rework of 7.3: the balance of anonymous and file pages differs whatever else was changed");
}

/* "6.18.15-cloud": 6.18.15. Without a candidate of another version a difference has one cause. */
static void check_versions(struct compare *c)
{
	const char *base = told(c, ARM_BASE, ENVIRONMENT_RELEASE), *cand = told(c, ARM_CAND, ENVIRONMENT_RELEASE);
	size_t len = base ? strspn(base, "0123456789.") : 0;

	if (base && cand && (strspn(cand, "0123456789.") != len || strncmp(base, cand, len)))
		compare_say(c, PROBLEM_NOTE, "the kernels are of different versions, which differ in more than one "
			    "change: this describes them and is no evidence for a patch. Build both from one tree");
}

/* --- what can come out --- */

static void check_count(struct compare *c)
{
	unsigned int base = c->nruns[ARM_BASE], cand = c->nruns[ARM_CAND], least = base < cand ? base : cand;
	double p;

	if (!cand)
		return;
	if (least < COMPARE_RUNS_MIN) {
		compare_say(c, PROBLEM_NOTE, "%u base and %u candidate runs: no verdict. At least %d of each are "
			    "needed, %d are better", base, cand, COMPARE_RUNS_MIN, COMPARE_RUNS_GOOD);
		return;
	}
	p = stats_least_p(base, cand);
	if (c->family && p * c->family >= STATS_ALPHA)
		compare_say(c, PROBLEM_NOTE, "with %u and %u runs p is at least %.2g, and Holm's correction over %u "
			    "secondary metrics makes it %.2g: none of them can be found different. Make more runs, or "
			    "declare fewer metrics (--secondary)", base, cand, p, c->family, fmin(1, p * c->family));
}

static void check_design(struct compare *c)
{
	if (c->nruns[ARM_CAND] && !c->options->primary)
		compare_say(c, PROBLEM_NOTE, "no primary metric was declared (--primary): all count as secondary");
	if (!c->options->placebo)
		compare_say(c, PROBLEM_NOTE, "no placebo was made: --placebo tells how much base runs differ from each "
			    "other");
	else if (c->nruns[ARM_BASE] < 4)
		compare_say(c, PROBLEM_NOTE, "a placebo needs 4 base runs");
	if (c->metrics_left_out)
		compare_say(c, PROBLEM_NOTE, "%u metrics were left out: more than %u",
			    (unsigned int)c->metrics_left_out, COMPARE_METRICS_MAX);
}

void compare_check(struct compare *c)
{
	for (unsigned int i = 0; i < c->nruns[ARM_BASE] + c->nruns[ARM_CAND]; i++)
		for (size_t k = 0; k < sizeof(run_checks) / sizeof(run_checks[0]); k++)
			run_checks[k](c, run_at(c, i));
	check_independence(c);
	check_environment(c);
	check_count(c);
	check_design(c);
	check_order(c);
	check_lengths(c);
	check_lru(c);
	check_versions(c);
}
