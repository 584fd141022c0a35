// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare.c - see compare.h. Collects one number per run and metric, and tests them; compare_check.c judges the runs.
 */
#include "analyze/compare_state.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- metrics and their values --- */

static struct compared *find(const struct compare *c, const char *name)
{
	for (unsigned int i = 0; i < c->nmetrics; i++)
		if (!strcmp(c->metrics[i]->name, name))
			return c->metrics[i];
	return NULL;
}

static struct compared *add(struct compare *c, const char *name, const char *unit)
{
	struct compared **larger, *m;

	if (c->nmetrics == COMPARE_METRICS_MAX) {
		c->metrics_left_out++;
		return NULL;
	}
	larger = reallocarray(c->metrics, c->nmetrics + 1, sizeof(*larger));
	m = larger ? calloc(1, sizeof(*m)) : NULL;
	if (larger)
		c->metrics = larger;
	if (!m) {
		c->error = -ENOMEM;
		return NULL;
	}
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->about = "";
	for (int arm = 0; arm < ARM_COUNT; arm++)
		for (unsigned int i = 0; i < COMPARE_RUNS_MAX; i++)
			m->value[arm][i] = NAN;
	c->metrics[c->nmetrics++] = m;
	return m;
}

static void add_rows(struct compare *c)
{
	for (unsigned int i = 0; i < nmetrics && !c->error; i++) {
		struct compared *m = add(c, metrics[i].name, metrics[i].unit);

		if (!m)
			return;
		m->metric = &metrics[i];
		m->about = metrics[i].about;
		m->better = metrics[i].better;
		m->of_events = metrics[i].needs;
	}
	for (int i = 0; i < ndetectors && !c->error; i++) {
		char name[METRIC_NAME_BYTES];
		struct compared *m;

		snprintf(name, sizeof(name), METRIC_FINDING "%s", detectors[i]->kind);
		m = add(c, name, "% of time");
		if (!m)
			return;
		m->about = "what squall analyze finds, warnings and above";
		m->better = BETTER_LOWER;
		m->of_events = true;
	}
}

static void take_rows(struct compare *c, enum arm arm, unsigned int run, const struct trial *t)
{
	char why[ANALYSIS_WHY_BYTES];

	for (unsigned int i = 0; i < nmetrics; i++) {
		const struct metric *row = &metrics[i];

		if (!row->needs || trial_records(t, row->needs))
			c->metrics[i]->value[arm][run] = row->value(t, row);
	}
	for (int i = 0; i < ndetectors; i++)
		if (analysis_judged(trial_analysis(t), detectors[i], why))
			c->metrics[nmetrics + i]->value[arm][run] = 100 * trial_finding_share(t, detectors[i]->kind);
}

static void take_jobs(struct compare *c, enum arm arm, unsigned int run, const struct trial *t)
{
	for (unsigned int i = 0; i < trial_nseries(t) && !c->error; i++) {
		const struct trial_series *s = trial_series(t, i);
		struct compared *m;

		if (s->scope != SCOPE_SYSTEM || strncmp(s->name, METRIC_JOB, strlen(METRIC_JOB)) ||
		    strlen(s->name) >= METRIC_NAME_BYTES)
			continue;
		m = find(c, s->name);
		if (!m) {
			m = add(c, s->name, s->unit);
			if (!m)
				continue;
			m->about = "told by the workload";
			m->better = metric_job_better(s->name, s->unit);
		}
		m->value[arm][run] = s->last;
	}
}

struct taking {
	struct compare	*c;
	enum arm	arm;
	unsigned int	run;
};

static void take_part(void *ctx, const struct metric_part *part)
{
	const struct taking *taking = ctx;
	struct compared *m = find(taking->c, part->name) ?: add(taking->c, part->name, part->unit);

	if (!m)
		return;
	m->about = part->about;
	m->better = part->better;
	m->value[taking->arm][taking->run] = part->value;
}

/* --- runs --- */

static uint64_t meta_number(const struct trial *t, const char *key)
{
	const char *text = trial_meta(t, key);

	return text ? strtoull(text, NULL, 10) : 0;
}

static bool meta_is(const struct trial *t, const char *key, const char *value)
{
	const char *text = trial_meta(t, key);

	return text && !strcmp(text, value);
}

static unsigned int count_findings(const struct trial *t)
{
	unsigned int n = 0;
	int count;
	const struct finding *f = analysis_findings(trial_analysis(t), &count);

	for (int i = 0; i < count; i++)
		n += f[i].severity > SEVERITY_INFO;
	return n;
}

static int copy(const char *text, char **out)
{
	*out = text ? strdup(text) : NULL;
	return text && !*out ? -ENOMEM : 0;
}

static int fill_run(struct compared_run *r, const char *path, const struct trial *t)
{
	int64_t first, last;

	*r = (struct compared_run){
		.span_ns = trial_span_ns(t), .sampled_ns = trial_sampled_ns(t),
		.events = analysis_totals(trial_analysis(t))->events,
		.start_ns = meta_number(t, "start_ns"), .start_realtime_ns = meta_number(t, "start_realtime_ns"),
		.loss = trial_loss(t), .thinned = trial_thinned(t), .cut_short = meta_is(t, "complete", "0"),
		.part = trial_meta(t, "continues") || trial_meta(t, "continued_in"),
		.rotates_lru = trial_setting(t, "pgrotate_anon", &first, &last),
		.findings = count_findings(t), .series_left_out = trial_series_left_out(t),
	};
	if (copy(path, &r->path) || copy(trial_meta(t, "boot_id"), &r->boot_id) ||
	    copy(trial_meta(t, "source_damage"), &r->damage))
		return -ENOMEM;
	return environment_of(t, &r->env);
}

int compare_add(struct compare *c, enum arm arm, const char *path, const struct trial *t)
{
	unsigned int run = c->nruns[arm];
	int ret;

	if (run == COMPARE_RUNS_MAX)
		return -E2BIG;
	ret = fill_run(&c->runs[arm][run], path, t);
	c->nruns[arm]++;		/* so that what is there is freed */
	if (ret)
		return ret;
	take_rows(c, arm, run, t);
	take_jobs(c, arm, run, t);
	metric_parts(t, c->options->cgroups, c->options->ncgroups, take_part, &(struct taking){ c, arm, run });
	return c->error;
}

int compare_new(const struct compare_options *options, struct compare **out)
{
	struct compare *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->options = options;
	add_rows(c);
	if (c->error) {
		compare_free(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	for (int arm = 0; arm < ARM_COUNT; arm++)
		for (unsigned int i = 0; i < c->nruns[arm]; i++) {
			struct compared_run *r = &c->runs[arm][i];

			free(r->path);
			free(r->boot_id);
			free(r->damage);
			environment_clear(&r->env);
		}
	for (unsigned int i = 0; i < c->nmetrics; i++)
		free(c->metrics[i]);
	free(c->metrics);
	free(c->problems);
	free(c);
}

void compare_say(struct compare *c, enum problem_kind kind, const char *format, ...)
{
	struct problem *larger = reallocarray(c->problems, c->nproblems + 1, sizeof(*larger));
	va_list args;

	if (!larger) {
		c->error = -ENOMEM;
		return;
	}
	c->problems = larger;
	larger[c->nproblems].kind = kind;
	va_start(args, format);
	vsnprintf(larger[c->nproblems].text, sizeof(larger[0].text), format, args);
	va_end(args);
	c->nproblems++;
}

/* --- which metrics can be compared --- */

static bool named(const char *const *list, unsigned int n, const char *name)
{
	for (unsigned int i = 0; i < n; i++)
		if (!fnmatch(list[i], name, 0))
			return true;
	return false;
}

static unsigned int count_missing(const struct compare *c, const struct compared *m, enum arm arm)
{
	unsigned int missing = 0;

	for (unsigned int i = 0; i < c->nruns[arm]; i++)
		missing += isnan(m->value[arm][i]);
	return missing;
}

static void explain_missing(const struct compare *c, struct compared *m)
{
	unsigned int base = count_missing(c, m, ARM_BASE), cand = count_missing(c, m, ARM_CAND);

	if (!base && !cand)
		return;
	if (base == c->nruns[ARM_BASE] && cand == c->nruns[ARM_CAND])
		snprintf(m->why_not, sizeof(m->why_not), "in no run");
	else
		snprintf(m->why_not, sizeof(m->why_not), "missing in %u of %u base and %u of %u candidate runs", base,
			 c->nruns[ARM_BASE], cand, c->nruns[ARM_CAND]);
}

static void explain_boundary(const struct compare *c, struct compared *m)
{
	const struct boundary_row *row = &boundaries[m->metric ? m->metric->boundary : BOUNDARY_NONE];

	for (unsigned int i = 0; i < 2 && row->features[i]; i++)
		if (!compare_agrees(c, row->features[i])) {
			snprintf(m->why_not, sizeof(m->why_not), "not the same on these kernels: %s; see %s", row->why,
				 row->instead);
			return;
		}
}

/* Events that are not there make a metric of events wrong, whatever is forced. */
static void explain_loss(const struct compare *c, struct compared *m)
{
	for (int arm = 0; arm < ARM_COUNT && m->of_events; arm++)
		for (unsigned int i = 0; i < c->nruns[arm]; i++)
			if (c->runs[arm][i].loss > COMPARE_LOSS_MAX || c->runs[arm][i].thinned) {
				snprintf(m->why_not, sizeof(m->why_not), "made of events, of which %.180s has not all",
					 c->runs[arm][i].path);
				return;
			}
}

static bool all_equal(const struct compare *c, const struct compared *m)
{
	for (int arm = 0; arm < ARM_COUNT; arm++)
		for (unsigned int i = 0; i < c->nruns[arm]; i++)
			if (m->value[arm][i] != m->value[ARM_BASE][0])
				return false;
	return true;
}

static void choose_role(const struct compare *c, struct compared *m)
{
	const struct compare_options *o = c->options;

	m->constant = all_equal(c, m);
	if (o->primary && !strcmp(m->name, o->primary))
		m->role = ROLE_PRIMARY;
	else if (m->why_not[0] || m->constant || (o->nsecondary && !named(o->secondary, o->nsecondary, m->name)))
		m->role = ROLE_TOLD;
	else
		m->role = !strcmp(m->name, "run.seconds") ? ROLE_TOLD : ROLE_SECONDARY;
}

/* --- the tests --- */

/* The same for a metric whatever others there are. FNV-1a. */
static uint64_t seed_of(const struct compare *c, const struct compared *m)
{
	uint64_t hash = 14695981039346656037ull ^ c->options->seed;

	for (const char *p = m->name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211ull;
	return hash;
}

static void make_set(const struct compare *c, const struct compared *m, enum arm arm, struct stats_set *set)
{
	set->n = c->nruns[arm];
	memcpy(set->v, m->value[arm], set->n * sizeof(set->v[0]));
	stats_sort(set);
}

static void make_placebo(const struct compare *c, struct compared *m, const struct stats_set *base)
{
	m->placebo_ratio = m->placebo_difference = (struct stats_range){ NAN, NAN };
	if (c->options->placebo)
		m->splits = stats_placebo(base, seed_of(c, m), &m->placebo_ratio, &m->placebo_difference,
					  &m->splits_low_p);
}

static void test(const struct compare *c, struct compared *m)
{
	struct stats_set base, cand;
	double base_median;

	make_set(c, m, ARM_BASE, &base);
	make_set(c, m, ARM_CAND, &cand);
	m->spread[ARM_BASE] = stats_spread(&base);
	m->spread[ARM_CAND] = stats_spread(&cand);
	base_median = m->spread[ARM_BASE].median;
	m->difference = m->spread[ARM_CAND].median - base_median;
	m->ratio = base_median > 0 ? m->spread[ARM_CAND].median / base_median : NAN;
	stats_bootstrap(&base, &cand, seed_of(c, m), &m->ratio_range, &m->difference_range);
	if (isnan(m->ratio))
		m->ratio_range = (struct stats_range){ NAN, NAN };
	m->p = stats_mann_whitney(&base, &cand, &m->exact);
	m->delta = stats_cliffs_delta(&base, &cand);
	m->detectable = stats_detectable(&base, &cand);
	make_placebo(c, m, &base);
}

static void leave_untested(struct compared *m)
{
	const struct stats_range none = { NAN, NAN };

	m->spread[ARM_BASE] = m->spread[ARM_CAND] = (struct stats_spread){ NAN, NAN, NAN };
	m->ratio = m->difference = m->p = m->delta = m->detectable = NAN;
	m->ratio_range = m->difference_range = m->placebo_ratio = m->placebo_difference = none;
}

static bool in_family(const struct compared *m)
{
	return m->role == ROLE_SECONDARY && !isnan(m->p);
}

static void correct(struct compare *c)
{
	double p[COMPARE_METRICS_MAX];
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->nmetrics; i++)
		if (in_family(c->metrics[i]))
			p[n++] = c->metrics[i]->p;
	c->family = n;
	stats_holm(p, n);
	n = 0;
	for (unsigned int i = 0; i < c->nmetrics; i++)
		c->metrics[i]->p_holm = in_family(c->metrics[i]) ? p[n++] : NAN;
}

static bool within_placebo(const struct compared *m)
{
	if (!m->splits)
		return false;
	if (!isnan(m->ratio))
		return m->ratio >= m->placebo_ratio.lo && m->ratio <= m->placebo_ratio.hi;
	return m->difference >= m->placebo_difference.lo && m->difference <= m->placebo_difference.hi;
}

/* The direction is that of the test: with many ties the medians can be equal. */
static enum verdict judge(const struct compare *c, const struct compared *m)
{
	double p = m->role == ROLE_PRIMARY ? m->p : m->p_holm;

	if (m->why_not[0] || m->role == ROLE_TOLD)
		return VERDICT_NONE;
	if (c->nruns[ARM_BASE] < COMPARE_RUNS_MIN || c->nruns[ARM_CAND] < COMPARE_RUNS_MIN)
		return VERDICT_FEW;
	if (!(p < STATS_ALPHA))
		return VERDICT_SAME;
	if (within_placebo(m))
		return VERDICT_PLACEBO;
	if (m->better == BETTER_NEITHER)
		return VERDICT_CHANGED;
	return (m->delta > 0) == (m->better == BETTER_HIGHER) ? VERDICT_BETTER : VERDICT_WORSE;
}

/* cgroup.PATH.NAME */
static bool is_of_cgroup(const char *name, const char *path)
{
	size_t head = strlen(METRIC_CGROUP);

	return !strncmp(name, METRIC_CGROUP, head) && !strncmp(name + head, path, strlen(path)) &&
	       name[head + strlen(path)] == '.';
}

static int check_names(const struct compare *c, const char **name)
{
	const struct compare_options *o = c->options;

	if (o->primary && !find(c, o->primary)) {
		*name = o->primary;
		return -ENOENT;
	}
	for (unsigned int i = 0; i < o->nsecondary; i++) {
		bool found = false;

		for (unsigned int k = 0; k < c->nmetrics && !found; k++)
			found = named(&o->secondary[i], 1, c->metrics[k]->name);
		if (found)
			continue;
		*name = o->secondary[i];
		return -ENOENT;
	}
	for (unsigned int i = 0; i < o->ncgroups; i++) {
		bool found = false;

		for (unsigned int k = 0; k < c->nmetrics && !found; k++)
			found = is_of_cgroup(c->metrics[k]->name, o->cgroups[i]);
		if (found)
			continue;
		*name = o->cgroups[i];
		return -ENOENT;
	}
	for (unsigned int i = 0; i < o->nvary; i++) {
		bool found = false;

		for (unsigned int k = 0; k < environment_count() && !found; k++)
			found = !strcmp(o->vary[i], environment_name(k));
		if (found)
			continue;
		*name = o->vary[i];
		return -ENOENT;
	}
	return 0;
}

int compare_conclude(struct compare *c, const char **name)
{
	int ret = check_names(c, name);

	if (ret)
		return ret;
	for (unsigned int i = 0; i < c->nmetrics; i++) {
		struct compared *m = c->metrics[i];

		explain_missing(c, m);
		if (!m->why_not[0])
			explain_loss(c, m);
		if (!m->why_not[0])
			explain_boundary(c, m);
		choose_role(c, m);
		if (m->why_not[0])
			leave_untested(m);
		else
			test(c, m);
	}
	correct(c);
	for (unsigned int i = 0; i < c->nmetrics; i++)
		c->metrics[i]->verdict = judge(c, c->metrics[i]);
	compare_check(c);
	return c->error;
}

/* --- results --- */

unsigned int compare_nruns(const struct compare *c, enum arm arm)
{
	return c->nruns[arm];
}

const struct compared_run *compare_run(const struct compare *c, enum arm arm, unsigned int i)
{
	return &c->runs[arm][i];
}

unsigned int compare_nmetrics(const struct compare *c)
{
	return c->nmetrics;
}

const struct compared *compare_metric(const struct compare *c, unsigned int i)
{
	return c->metrics[i];
}

unsigned int compare_family(const struct compare *c)
{
	return c->family;
}

unsigned int compare_nproblems(const struct compare *c)
{
	return c->nproblems;
}

const struct problem *compare_problem(const struct compare *c, unsigned int i)
{
	return &c->problems[i];
}

const struct compare_options *compare_options(const struct compare *c)
{
	return c->options;
}

unsigned int compare_ndifferences(const struct compare *c)
{
	return c->ndifferences;
}

const struct env_difference *compare_difference(const struct compare *c, unsigned int i)
{
	return &c->differences[i];
}

const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_PRIMARY] = "primary", [ROLE_SECONDARY] = "secondary", [ROLE_TOLD] = "told",
	};

	return names[role];
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "", [VERDICT_FEW] = "too few runs", [VERDICT_SAME] = "no difference shown",
		[VERDICT_PLACEBO] = "as in placebo", [VERDICT_BETTER] = "better", [VERDICT_WORSE] = "WORSE",
		[VERDICT_CHANGED] = "changed",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == VERDICT_COUNT, "a name for each");
	return names[verdict];
}

const char *problem_name(enum problem_kind kind)
{
	static const char *const names[] = {
		[PROBLEM_RUN] = "runs", [PROBLEM_ENVIRONMENT] = "environment", [PROBLEM_LOSS] = "loss",
		[PROBLEM_NOTE] = "note",
	};

	return names[kind];
}
