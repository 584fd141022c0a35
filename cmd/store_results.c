// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_results.c - see store_results.h.
 */
#include "cmd/store_results.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/feature.h"
#include "spine/escape.h"

static int64_t unknown_if(int64_t value, int64_t absent)
{
	return value == absent ? STORE_UNKNOWN : value;
}

int store_result_chain(struct store_writer *w, const struct analysis *a, const struct chain *c)
{
	const char *comm = analysis_comm(a, c->tid);
	const uint64_t *seen = analysis_facts(a)->seen;
	struct store_chain row = {
		.tid = c->tid,
		.comm = *comm ? comm : NULL,
		.start_ns = c->start_ns,
		.end_ns = c->end_ns,
		.cycles = c->cycles,
		.reclaim_ns = c->reclaim_ns,
		.order_requested = c->order_request,
		.order_reclaimed = c->order_reclaim,
		.gfp_flags = c->migratetype == MIGRATETYPE_UNKNOWN ? STORE_UNKNOWN : (int64_t)c->gfp,
		.migratetype = c->migratetype == MIGRATETYPE_UNKNOWN ? NULL : migratetype_name(c->migratetype),
		.reclaimed_pages = c->reclaimed_pages,
		.anon_pages = seen[TP_LRU_SHRINK_INACTIVE] ? (int64_t)c->anon_pages : STORE_UNKNOWN,
		.write_folios = seen[TP_WRITE_FOLIO] ? (int64_t)c->write_folios : STORE_UNKNOWN,
		.retries = seen[TP_RECLAIM_RETRY_ZONE] ? (int64_t)c->retries : STORE_UNKNOWN,
		.no_progress_max = c->retries ? c->no_progress_max : STORE_UNKNOWN,
		.retries_free_above_min = seen[TP_RECLAIM_RETRY_ZONE] ? (int64_t)c->retries_free : STORE_UNKNOWN,
		.compactions = seen[TP_TRY_TO_COMPACT] ? (int64_t)c->compactions : STORE_UNKNOWN,
		.compaction_order_max = unknown_if(c->compaction_order_max, -1),
		.ended = chain_end_name(c->ended),
	};

	return store_writer_chain(w, &row);
}

static json_t *name_json(const char *name)
{
	char safe[4 * sizeof(((struct finding_cgroup *)0)->path)];

	return *name ? json_string(escape_utf8(name, strlen(name), safe, sizeof(safe))) : json_null();
}

static json_t *tasks_json(const struct finding_task *task, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:I, s:I, s:I}", "pid", task[i].tid, "comm",
						      name_json(task[i].comm), "memcg_id",
						      task[i].memcg_id ? json_integer(task[i].memcg_id) : json_null(),
						      "count", (json_int_t)task[i].count, "pages",
						      (json_int_t)task[i].pages, "ns", (json_int_t)task[i].ns));
	return list;
}

/* Tasks and cgroups that lost time. Caller frees. */
static char *suffered_json(const struct finding *f)
{
	json_t *o = json_object(), *cgroups = json_array();
	char *text;

	for (int i = 0; i < f->ncgroups; i++) {
		const struct finding_cgroup *c = &f->cgroups[i];

		json_array_append_new(cgroups, json_pack("{s:I, s:o, s:I, s:I, s:o}", "cgroup_id", (json_int_t)c->id,
							 "cgroup", name_json(c->path), "stalls", (json_int_t)c->stalls,
							 "ns", (json_int_t)c->lost_ns, "psi_full_share",
							 c->psi_full < 0 ? json_null() : json_real(c->psi_full)));
	}
	json_object_set_new(o, "tasks", tasks_json(f->suffered, f->nsuffered));
	json_object_set_new(o, "cgroups", cgroups);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

/* Named numbers with units, and the tasks, as one JSON object. Caller frees. */
static char *evidence_json(const struct finding *f)
{
	json_t *o = json_object();
	char *text;

	for (int i = 0; i < f->nevidence; i++)
		json_object_set_new(o, f->evidence[i].name,
				    json_pack("{s:f, s:s}", "value", f->evidence[i].value, "unit", f->evidence[i].unit));
	if (f->ntasks)
		json_object_set_new(o, "top_tasks", tasks_json(f->tasks, f->ntasks));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static char *references_json(const struct finding *f)
{
	json_t *list = json_pack("[s]", f->references);
	char *text = json_dumps(list, JSON_COMPACT);

	json_decref(list);
	return text;
}

static int store_finding_row(struct store_writer *w, const struct finding *f)
{
	char *evidence = evidence_json(f), *references = references_json(f), *suffered = suffered_json(f);
	struct store_finding row = {
		.kind = f->kind,
		.variant = *f->variant ? f->variant : NULL,
		.severity = severity_name(f->severity),
		.confidence = confidence_name(f->confidence),
		.start_ns = f->start_ns,
		.end_ns = f->end_ns,
		.node = unknown_if(f->node, -1),
		.cgroup_id = unknown_if(f->cgroup_id, 0),
		.cgroup = *f->cgroup ? f->cgroup : NULL,
		.tid = unknown_if(f->tid, -1),
		.comm = *f->comm ? f->comm : NULL,
		.summary = f->summary,
		.otherwise = *f->otherwise ? f->otherwise : NULL,
		.missing = *f->missing ? f->missing : NULL,
		.evidence = evidence,
		.explanation = f->explanation,
		.remedy = f->remedy,
		.references = references,
		.loss = f->loss ? -1 : 0,
		.severity_by = severity_basis_name(f->basis),
		.incident = unknown_if(f->incident, 0),
		.leads = f->leads,
		.caused_by = f->caused_by,
		.because = f->because,
		.suffered = suffered,
	};
	int ret = evidence && references && suffered ? store_writer_finding(w, &row) : -ENOMEM;

	free(evidence);
	free(references);
	free(suffered);
	return ret;
}

int store_result_findings(struct store_writer *w, const struct analysis *a)
{
	struct finding f;
	int ret = 0;

	for (int i = 0; !ret && analysis_finding_now(a, i, &f); i++)
		ret = store_finding_row(w, &f);
	return ret;
}

int store_result_features(struct store_writer *w, const struct analysis *a)
{
	struct feature features[FEATURES_MAX];
	int n = features_of(a, features), ret = 0;

	for (int i = 0; i < n && !ret; i++)
		ret = store_writer_feature(w, features[i].name, feature_state_name(features[i].state), features[i].how);
	return ret;
}
