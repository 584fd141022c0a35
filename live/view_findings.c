// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_findings.c - the table of what the detectors found, up to now: by incident, the worst one first, and in each the
 * leading cause with what it explains below it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/incident.h"
#include "live/state.h"

typedef void (*cell_fn)(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out);

static enum live_mood mood_of(const struct finding *f)
{
	return f->severity >= SEVERITY_HIGH ? MOOD_BAD : f->severity == SEVERITY_WARNING ? MOOD_WARN : MOOD_NORMAL;
}

static uint64_t end_of(const struct live_model *m, const struct finding *f)
{
	return f->end_ns < m->state.now_ns ? f->end_ns : m->state.now_ns;
}

static bool began(const struct live_model *m, const struct finding *f)
{
	return f->start_ns <= m->state.now_ns;
}

/* The finding that leads the incident of @i: incidents lie together, and that one first. */
static int leader_of(const struct live_model *m, int i)
{
	while (i > 0 && m->findings[i - 1].incident == m->findings[i].incident)
		i--;
	return i;
}

/* 0: the model was not told of time since, and nothing is linked. */
static void put_incident(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	if (f->incident)
		cell_number(out, f->incident);
}

/* What brought @f about. NULL: nothing, or nothing that began yet: a replay knows what is to come. */
static const char *cause_of(const struct live_model *m, const struct finding *f)
{
	return f->cause < 0 || began(m, &m->findings[f->cause]) ? f->caused_by : NULL;
}

static void put_caused_by(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, cause_of(m, f) ?: "");
}

static void put_start(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_number(out, elapsed_ns(m->state.start_ns, f->start_ns));
}

static void put_for(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_number(out, elapsed_ns(f->start_ns, end_of(m, f)));
}

static void put_severity(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, severity_name(f->severity));
	out->mood = mood_of(f);
}

static void put_confidence(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, confidence_name(f->confidence));
}

static void put_kind(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, f->kind);
}

static void put_variant(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, f->variant ?: "");
}

static void put_node(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	if (f->node >= 0)
		cell_number(out, f->node);
}

static void put_comm(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, f->comm);
}

static void put_summary(const struct live_model *m, const struct finding *f, int arg, struct live_cell *out)
{
	cell_text(out, f->summary);
}

#define COLUMNS(X) \
	X("kind", "KIND", "which storm, see squall-analyze(1); below the one that explains it", UNIT_TEXT, 26, 0, 0, \
	  put_kind, 0) \
	X("incident", "INC", "the incident that it belongs to, 1 is the worst", UNIT_COUNT, 3, 0, 1, put_incident, 0) \
	X("severity", "SEVERITY", "info, warning, high or critical", UNIT_TEXT, 8, 0, 0, put_severity, 0) \
	X("confidence", "SURE", "how sure: low, medium or high", UNIT_TEXT, 6, 0, 2, put_confidence, 0) \
	X("start", "START", "when it began, from the start of the recording", UNIT_NS, 6, 0, 0, put_start, 0) \
	X("for", "FOR", "how long it has lasted", UNIT_NS, 6, -1, 1, put_for, 0) \
	X("caused_by", "CAUSED BY", "kind of the finding that brought it about", UNIT_TEXT, 9, 0, 4, put_caused_by, 0) \
	X("variant", "VARIANT", "of which form", UNIT_TEXT, 7, 0, 2, put_variant, 0) \
	X("node", "NODE", "NUMA node, where it is of one", UNIT_COUNT, 4, 0, 3, put_node, 0) \
	X("comm", "COMM", "the task that caused it or suffered most", UNIT_TEXT, 15, 0, 3, put_comm, 0) \
	X("summary", "SUMMARY", "what happened, in numbers", UNIT_TEXT, 15, 0, 1, put_summary, 0)

static const struct live_column columns[] = { COLUMNS(AS_COLUMN) };
static const struct { cell_fn fn; int arg; } cells[] = { COLUMNS(AS_CELL) };

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	int n = 0, leader_row = -1;

	for (int i = 0; i < m->nfindings && n < max; i++) {
		int leader = leader_of(m, i);

		if (!began(m, &m->findings[i]))
			continue;
		if (leader == i)
			leader_row = n;
		/* What a cause explains may begin before it: detectors judge by windows. */
		out[n] = (struct live_row){ .id = i, .parent = -1 };
		if (leader != i && m->findings[leader].leads && began(m, &m->findings[leader]) &&
		    incident_explains(m->findings, m->nfindings, i))
			out[n].parent = leader_row;
		n++;
	}
	return n;
}

static void cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	cell_clear(out);
	cells[column].fn(m, &m->findings[row->id], cells[column].arg, out);
}

static void key_of(const struct live_model *m, const struct live_row *row, char *key)
{
	const struct finding *f = &m->findings[row->id];

	snprintf(key, LIVE_KEY_BYTES, "%s %s %d %.3f", f->kind, f->variant ?: "", f->node,
		 ns_to_s(elapsed_ns(m->state.start_ns, f->start_ns)));
}

/* Its place in the incident. */
static void put_links(const struct live_model *m, int i, const struct live_lines *out)
{
	const struct finding *f = &m->findings[i];

	if (cause_of(m, f))
		line_put(out, MOOD_NORMAL, "Caused by %s: %s", f->caused_by, f->because);
	for (int k = leader_of(m, i); k < m->nfindings && m->findings[k].incident == f->incident; k++)
		if (m->findings[k].cause == i && began(m, &m->findings[k]))
			line_put(out, MOOD_NORMAL, "Explains %s: %s", m->findings[k].kind, m->findings[k].because);
}

/* The analysis names tasks at its end; before that the model knows better. */
static const char *comm_of(const struct live_model *m, const struct finding_task *t)
{
	const char *comm = t->comm[0] ? t->comm : live_names_comm(m->names, t->tid);

	return *comm ? comm : "?";
}

static void put_suffered(const struct live_model *m, const struct finding *f, const struct live_lines *out)
{
	if (f->nsuffered || f->ncgroups)
		line_put(out, MOOD_DIM, "Who suffered: time lost in reclaim, compaction and throttling");
	for (int i = 0; i < f->nsuffered; i++)
		line_put(out, MOOD_NORMAL, "%s (%d): %" PRIu64 " stalls, %.3f s", comm_of(m, &f->suffered[i]),
			 f->suffered[i].tid, f->suffered[i].count, ns_to_s(f->suffered[i].ns));
	for (int i = 0; i < f->ncgroups; i++) {
		const struct finding_cgroup *c = &f->cgroups[i];
		const char *path = c->path[0] ? c->path : live_names_path(m->names, c->id);

		line_put(out, MOOD_NORMAL, "cgroup %" PRIu64 " %s: %" PRIu64 " stalls, %.3f s", c->id, path, c->stalls,
			 ns_to_s(c->lost_ns));
		if (c->psi_full >= 0)
			line_put(out, MOOD_NORMAL, "  PSI memory full %.1f %%", 100 * c->psi_full);
	}
}

static void put_tasks(const struct live_model *m, const struct finding *f, const struct live_lines *out)
{
	if (f->ntasks)
		line_put(out, MOOD_DIM, "%s: %s", f->tasks_role == TASKS_CAUSED ? "Who caused it" : "Tasks",
			 f->tasks_title ?: "");
	for (int i = 0; i < f->ntasks; i++)
		line_put(out, MOOD_NORMAL, "%s (%d): %" PRIu64 " times, %.3f s", comm_of(m, &f->tasks[i]), f->tasks[i].tid,
			 f->tasks[i].count, ns_to_s(f->tasks[i].ns));
}

static void put_text(const struct live_lines *out, const char *title, const char *text)
{
	if (!text || !*text)
		return;
	line_put(out, MOOD_DIM, "%s", title);
	line_put(out, MOOD_NORMAL, "%s", text);
}

static void detail(const struct live_model *m, const struct live_row *row, const struct live_lines *out)
{
	const struct finding *f = &m->findings[row->id];
	char reason[FINDING_REASON_BYTES];

	line_put(out, mood_of(f), "%s%s%s, severity %s, confidence %s", f->kind, f->variant && *f->variant ? " " : "",
		 f->variant ?: "", severity_name(f->severity), confidence_name(f->confidence));
	line_put(out, MOOD_NORMAL, "%s", f->summary);
	line_put(out, MOOD_NORMAL, "Severity %s", finding_severity_reason(f, reason));
	put_links(m, row->id, out);
	put_tasks(m, f, out);
	put_suffered(m, f, out);
	put_text(out, "Why", f->explanation);
	put_text(out, "What to do", f->remedy);
	put_text(out, "What else it could be", f->otherwise);
	put_text(out, "Missing", f->missing);
	if (f->loss)
		line_put(out, MOOD_WARN, "Events were lost in its time: numbers are lower bounds.");
	line_put(out, MOOD_DIM, "Evidence");
	for (int i = 0; i < f->nevidence; i++)
		line_put(out, MOOD_NORMAL, "%-32s %.10g %s", f->evidence[i].name, f->evidence[i].value,
			 f->evidence[i].unit);
	put_text(out, "References", f->references);
}

const struct live_view live_view_findings = {
	.key = "findings", .title = "Findings", .about = "storms that the detectors found",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]), .sort = 1, .tree = true,
	.rows = rows, .cell = cell, .key_of = key_of, .detail = detail,
};
