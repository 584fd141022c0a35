// SPDX-License-Identifier: GPL-2.0-only
/*
 * print_json.c - the results as one JSON object. Times are ns of the recording's clock; counts are exact.
 */
#include "analyze/print.h"

#include <jansson.h>
#include <string.h>

#include "analyze/feature.h"
#include "spine/escape.h"

#define EXACT_INTEGER	9007199254740992.0	/* 2^53: a double holds every whole number below */

static json_t *text(const char *s)
{
	char safe[4096];

	return json_string(escape_utf8(s, strlen(s), safe, sizeof(safe)));
}

static json_t *text_or_null(const char *s)
{
	return s && *s ? text(s) : json_null();
}

static json_t *number(double value)
{
	if (value == (double)(int64_t)value && value < EXACT_INTEGER && value > -EXACT_INTEGER)
		return json_integer(value);
	return json_real(value);
}

static json_t *id_or_null(int64_t id, int64_t none)
{
	return id == none ? json_null() : json_integer(id);
}

static json_t *evidence(const struct finding *f)
{
	json_t *o = json_object();

	for (int i = 0; i < f->nevidence; i++)
		json_object_set_new(o, f->evidence[i].name,
				    json_pack("{s:o, s:s}", "value", number(f->evidence[i].value), "unit",
					      f->evidence[i].unit));
	return o;
}

static json_t *tasks(const struct finding_task *task, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		const struct finding_task *t = &task[i];

		json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:I, s:I, s:I}", "pid", t->tid, "comm",
						      text_or_null(t->comm), "memcg_id", id_or_null(t->memcg_id, 0),
						      "count", (json_int_t)t->count, "pages", (json_int_t)t->pages,
						      "ns", (json_int_t)t->ns));
	}
	return list;
}

static json_t *suffered_cgroups(const struct finding *f)
{
	json_t *list = json_array();

	for (int i = 0; i < f->ncgroups; i++) {
		const struct finding_cgroup *c = &f->cgroups[i];

		json_array_append_new(list, json_pack("{s:I, s:o, s:I, s:I, s:o}", "cgroup_id", (json_int_t)c->id, "cgroup",
						      text_or_null(c->path), "stalls", (json_int_t)c->stalls, "ns",
						      (json_int_t)c->lost_ns, "psi_full_share",
						      c->psi_full < 0 ? json_null() : json_real(c->psi_full)));
	}
	return list;
}

/* Those who lost time, apart from those who brought the storm about. */
static json_t *suffered(const struct finding *f)
{
	return json_pack("{s:o, s:o}", "tasks", tasks(f->suffered, f->nsuffered), "cgroups", suffered_cgroups(f));
}

static json_t *caused(const struct finding *f)
{
	return json_pack("{s:o}", "tasks", tasks(f->tasks, f->tasks_role == TASKS_CAUSED ? f->ntasks : 0));
}

static json_t *finding(const struct finding *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(f->kind));
	json_object_set_new(o, "variant", text_or_null(f->variant));
	json_object_set_new(o, "severity", json_string(severity_name(f->severity)));
	json_object_set_new(o, "severity_by", json_string(severity_basis_name(f->basis)));
	json_object_set_new(o, "confidence", json_string(confidence_name(f->confidence)));
	json_object_set_new(o, "incident", json_integer(f->incident));
	json_object_set_new(o, "leads", json_boolean(f->leads));
	json_object_set_new(o, "caused_by", id_or_null(f->cause, -1));
	json_object_set_new(o, "because", text_or_null(f->because));
	json_object_set_new(o, "start_ns", json_integer(f->start_ns));
	json_object_set_new(o, "end_ns", json_integer(f->end_ns));
	json_object_set_new(o, "node", id_or_null(f->node, -1));
	json_object_set_new(o, "cgroup_id", id_or_null(f->cgroup_id, 0));
	json_object_set_new(o, "cgroup", text_or_null(f->cgroup));
	json_object_set_new(o, "pid", id_or_null(f->tid, -1));
	json_object_set_new(o, "comm", text_or_null(f->comm));
	json_object_set_new(o, "summary", text(f->summary));
	json_object_set_new(o, "evidence", evidence(f));
	json_object_set_new(o, "tasks_are", text_or_null(f->tasks_title));
	json_object_set_new(o, "tasks", tasks(f->tasks, f->ntasks));
	json_object_set_new(o, "suffered", suffered(f));
	json_object_set_new(o, "caused", caused(f));
	json_object_set_new(o, "explanation", text(f->explanation));
	json_object_set_new(o, "remedy", text(f->remedy));
	json_object_set_new(o, "otherwise", text_or_null(f->otherwise));
	json_object_set_new(o, "missing", text_or_null(f->missing));
	json_object_set_new(o, "references", text(f->references));
	json_object_set_new(o, "loss", json_boolean(f->loss));
	return o;
}

static json_t *findings(const struct analysis *a)
{
	json_t *list = json_array();
	int count;
	const struct finding *f = analysis_findings(a, &count);

	for (int i = 0; i < count; i++)
		json_array_append_new(list, finding(&f[i]));
	return list;
}

static json_t *timeline(const struct incident *incident, const struct finding *f)
{
	struct incident_moment moments[2 * FINDINGS_MAX];
	int n = incident_timeline(incident, f, moments);
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:I, s:i, s:s}", "ns", (json_int_t)moments[i].ts_ns, "finding",
						      moments[i].finding, "what", moments[i].ended ? "ended" : "began"));
	return list;
}

static json_t *incidents(const struct analysis *a)
{
	json_t *list = json_array();
	int count, nfindings;
	const struct incident *incident = analysis_incidents(a, &count);
	const struct finding *f = analysis_findings(a, &nfindings);

	for (int i = 0; i < count; i++) {
		json_t *members = json_array();

		for (int k = 0; k < incident[i].count; k++)
			json_array_append_new(members, json_integer(incident[i].first + k));
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:I, s:I, s:i, s:o, s:o}",
			"incident", incident[i].number, "severity", severity_name(incident[i].severity),
			"kind", f[incident[i].first].kind, "start_ns", (json_int_t)incident[i].start_ns,
			"end_ns", (json_int_t)incident[i].end_ns, "leading", incident[i].first,
			"findings", members, "timeline", timeline(&incident[i], f)));
	}
	return list;
}

static json_t *detectors_state(const struct analysis *a)
{
	json_t *list = json_array();
	char why[ANALYSIS_WHY_BYTES];

	for (int i = 0; i < ndetectors; i++) {
		bool judged;

		if (!analysis_wants(a, detectors[i]))
			continue;
		why[0] = 0;
		judged = analysis_judged(a, detectors[i], why);
		json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "kind", detectors[i]->kind, "judged", judged,
						      "why_not", text_or_null(why)));
	}
	return list;
}

static json_t *calls(const struct analysis *a)
{
	json_t *o = json_object();

	for (int kind = 0; kind < CALL_KINDS; kind++) {
		const struct call_stats *s = analysis_calls(a, kind);
		const struct latency *l = &s->latency;

		json_object_set_new(o, call_kind_key(kind),
				    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
					      "calls", (json_int_t)l->count, "total_ns", (json_int_t)l->sum_ns,
					      "p50_ns", (json_int_t)latency_percentile(l, 0.5),
					      "p99_ns", (json_int_t)latency_percentile(l, 0.99),
					      "max_ns", (json_int_t)l->max_ns,
					      kind == CALL_SLAB ? "objects" : "pages", (json_int_t)s->pages,
					      "backed_off", (json_int_t)s->backed_off,
					      "unmatched_begin", (json_int_t)s->unmatched_begin,
					      "unmatched_end", (json_int_t)s->unmatched_end));
	}
	return o;
}

static json_t *kswapd(const struct analysis *a)
{
	json_t *list = json_array();

	for (int nid = 0; nid < RUN_MAX_NODES; nid++) {
		const struct run_stats *s = analysis_kswapd(a, nid);

		if (!s)
			continue;
		json_array_append_new(list, json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:b, s:I}",
			"node", nid, "pid", s->tid, "wakes", (json_int_t)s->wakes, "sleeps", (json_int_t)s->sleeps,
			"wakeups", (json_int_t)s->wakeups, "awake_intervals", (json_int_t)s->intervals,
			"awake_ns", (json_int_t)s->intervals_ns, "runs_futile", (json_int_t)s->futile,
			"runs_unrested", (json_int_t)s->unrested, "reclaimed_pages", (json_int_t)s->reclaimed_pages,
			"order_max", s->order_max, "awake_at_end", s->awake, "awake_at_end_ns", (json_int_t)s->open_ns));
	}
	return list;
}

static json_t *event_counts(const struct analysis *a)
{
	json_t *o = json_object();
	int count;
	const struct type_count *types = analysis_types(a, &count);

	for (int i = 0; i < count; i++) {
		char safe[1024];

		if (!types[i].events)
			continue;
		escape_utf8(types[i].name, strlen(types[i].name), safe, sizeof(safe));
		json_object_set_new(o, safe, json_integer(types[i].events));
	}
	return o;
}

static json_t *meta(const struct analysis *a, const char *const *keys)
{
	json_t *o = json_object();

	for (; *keys; keys++)
		json_object_set_new(o, *keys, text_or_null(analysis_meta(a, *keys)));
	return o;
}

static json_t *kernel_features(const struct analysis *a)
{
	struct feature features[FEATURES_MAX];
	int n = features_of(a, features);
	json_t *o = json_object();

	for (int i = 0; i < n; i++)
		json_object_set_new(o, features[i].name,
				    json_pack("{s:s, s:s}", "state", feature_state_name(features[i].state), "how",
					      features[i].how));
	return o;
}

/* Class of events: what was recorded of it; empty when all was. */
static json_t *thinned(const struct analysis *a)
{
	json_t *o = json_object();
	const char *class, *value;
	int i = 0;

	while ((value = analysis_thinned(a, &i, &class)))
		json_object_set_new(o, class, text(value));
	return o;
}

struct json_t *print_json_object(const struct analysis *a, const struct print_options *options)
{
	static const char *const keys[] = { "source", "trace_version", "trace_cmd_version", "kernel_release", "host",
					    "clock", "pageblock_order", NULL };
	const struct analysis_totals *totals = analysis_totals(a);
	const struct facts *facts = analysis_facts(a);
	json_t *o = json_object();
	uint64_t lines;

	json_object_set_new(o, "input", text(options->input));
	json_object_set_new(o, "damage", text_or_null(options->damage ?: analysis_meta(a, "source_damage")));
	json_object_set_new(o, "recording", meta(a, keys));
	json_object_set_new(o, "cpus", json_integer(facts->cpus));
	json_object_set_new(o, "start_ns", totals->events ? json_integer(facts->first_ns) : json_null());
	json_object_set_new(o, "end_ns", totals->events ? json_integer(facts->last_ns) : json_null());
	json_object_set_new(o, "events", json_integer(totals->events));
	json_object_set_new(o, "events_other_buffers", json_integer(totals->events_other_buffers));
	json_object_set_new(o, "lost_events", json_integer(totals->lost));
	json_object_set_new(o, "lines_skipped", json_integer(analysis_lines_skipped(a, &lines)));
	json_object_set_new(o, "lost_unknown", json_boolean(totals->loss_unknown));
	json_object_set_new(o, "thinned", thinned(a));
	json_object_set_new(o, "chains", json_integer(totals->chains));
	json_object_set_new(o, "incidents", incidents(a));
	json_object_set_new(o, "findings", findings(a));
	json_object_set_new(o, "detectors", detectors_state(a));
	json_object_set_new(o, "kernel_features", kernel_features(a));
	json_object_set_new(o, "reclaim_calls", calls(a));
	json_object_set_new(o, "kswapd", kswapd(a));
	json_object_set_new(o, "event_counts", event_counts(a));
	return o;
}

void print_json(const struct analysis *a, const struct print_options *options, FILE *out)
{
	json_t *o = print_json_object(a, options);

	/* Whether @out took it is for the caller to see. */
	json_dumpf(o, out, JSON_INDENT(2));
	putc('\n', out);
	json_decref(o);
}
