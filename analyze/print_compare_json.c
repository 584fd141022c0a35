// SPDX-License-Identifier: GPL-2.0-only
/*
 * print_compare_json.c - a comparison as one JSON object. What is not known or not defined is null, never 0.
 */
#include "analyze/print_compare.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "spine/escape.h"

static json_t *text(const char *s)
{
	char safe[4096];

	return json_string(escape_utf8(s, strlen(s), safe, sizeof(safe)));
}

static json_t *text_or_null(const char *s)
{
	return s && *s ? text(s) : json_null();
}

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *spread(const struct stats_spread *s)
{
	return json_pack("{s:o, s:o, s:o}", "median", number(s->median), "q1", number(s->q1), "q3", number(s->q3));
}

/* An end that is null although the other one is there: no bound. */
static json_t *range(struct stats_range r)
{
	return isnan(r.lo) ? json_null() : json_pack("[o, o]", number(r.lo), number(r.hi));
}

static json_t *values(const struct compare *c, const struct compared *m, enum arm arm)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < compare_nruns(c, arm); i++)
		json_array_append_new(list, number(m->value[arm][i]));
	return list;
}

static json_t *placebo(const struct compared *m)
{
	if (!m->splits)
		return json_null();
	return json_pack("{s:I, s:I, s:o, s:o}", "splits", (json_int_t)m->splits, "significant",
			 (json_int_t)m->splits_low_p, "ratio_95", range(m->placebo_ratio), "difference_95",
			 range(m->placebo_difference));
}

static json_t *metric(const struct compare *c, const struct compared *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", text(m->name));
	json_object_set_new(o, "unit", text(m->unit));
	json_object_set_new(o, "about", text(m->about));
	json_object_set_new(o, "better", json_string(better_name(m->better)));
	json_object_set_new(o, "role", json_string(role_name(m->role)));
	json_object_set_new(o, "verdict", m->verdict == VERDICT_WORSE ? json_string("worse") :
			    text_or_null(verdict_name(m->verdict)));
	json_object_set_new(o, "not_compared", text_or_null(m->why_not));
	json_object_set_new(o, "base_values", values(c, m, ARM_BASE));
	json_object_set_new(o, "cand_values", values(c, m, ARM_CAND));
	json_object_set_new(o, "base", spread(&m->spread[ARM_BASE]));
	json_object_set_new(o, "cand", spread(&m->spread[ARM_CAND]));
	json_object_set_new(o, "ratio", number(m->ratio));
	json_object_set_new(o, "ratio_95", range(m->ratio_range));
	json_object_set_new(o, "difference", number(m->difference));
	json_object_set_new(o, "difference_95", range(m->difference_range));
	json_object_set_new(o, "p", number(m->p));
	json_object_set_new(o, "p_is_exact", isnan(m->p) ? json_null() : json_boolean(m->exact));
	json_object_set_new(o, "p_holm", number(m->p_holm));
	json_object_set_new(o, "cliffs_delta", number(m->delta));
	json_object_set_new(o, "detectable_factor", number(m->detectable));
	json_object_set_new(o, "placebo", placebo(m));
	return o;
}

static json_t *facts(const struct environment *env)
{
	json_t *o = json_object();

	for (unsigned int i = 0; i < environment_count(); i++)
		json_object_set_new(o, environment_name(i), text_or_null(env->value[i]));
	return o;
}

static json_t *runs(const struct compare *c, enum arm arm)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < compare_nruns(c, arm); i++) {
		const struct compared_run *r = compare_run(c, arm, i);

		json_array_append_new(list, json_pack("{s:o, s:f, s:f, s:I, s:o, s:b, s:b, s:i, s:o}",
			"store", text(r->path), "seconds", ns_to_s(r->span_ns), "sampled_seconds",
			ns_to_s(r->sampled_ns), "events", (json_int_t)r->events, "loss_share", number(r->loss),
			"thinned", r->thinned, "cut_short", r->cut_short, "findings", r->findings, "environment",
			facts(&r->env)));
	}
	return list;
}

static json_t *differences(const struct compare *c)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < compare_ndifferences(c); i++) {
		const struct env_difference *d = compare_difference(c, i);

		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:b, s:b, s:b, s:b}",
			"fact", environment_name(d->fact), "base", text_or_null(d->value[ARM_BASE]),
			"cand", text_or_null(d->value[ARM_CAND]), "within_base", d->within[ARM_BASE],
			"within_cand", d->within[ARM_CAND], "on_purpose", d->varied, "matters", d->refused));
	}
	return list;
}

static json_t *problems(const struct compare *c)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < compare_nproblems(c); i++) {
		const struct problem *p = compare_problem(c, i);

		json_array_append_new(list, json_pack("{s:s, s:o}", "kind", problem_name(p->kind), "text",
						      text(p->text)));
	}
	return list;
}

void print_compare_json(const struct compare *c, FILE *out)
{
	json_t *o = json_object(), *list = json_array();

	json_object_set_new(o, "primary", text_or_null(compare_options(c)->primary));
	json_object_set_new(o, "seed", json_integer(compare_options(c)->seed));
	json_object_set_new(o, "secondary_metrics_tested", json_integer(compare_family(c)));
	json_object_set_new(o, "base_runs", runs(c, ARM_BASE));
	json_object_set_new(o, "cand_runs", runs(c, ARM_CAND));
	json_object_set_new(o, "notes", problems(c));
	json_object_set_new(o, "environment_differences", differences(c));
	for (unsigned int i = 0; i < compare_nmetrics(c); i++)
		json_array_append_new(list, metric(c, compare_metric(c, i)));
	json_object_set_new(o, "metrics", list);
	json_dumpf(o, out, JSON_INDENT(2));
	putc('\n', out);
	json_decref(o);
}
