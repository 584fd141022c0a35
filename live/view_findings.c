// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_findings.c - the table of what the detectors found, up to now.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	X("start", "START", "when it began, from the start of the recording", UNIT_NS, 6, 0, 0, put_start, 0) \
	X("for", "FOR", "how long it has lasted", UNIT_NS, 6, -1, 1, put_for, 0) \
	X("severity", "SEVERITY", "info, warning, high or critical", UNIT_TEXT, 8, 0, 0, put_severity, 0) \
	X("confidence", "SURE", "how sure: low, medium or high", UNIT_TEXT, 6, 0, 2, put_confidence, 0) \
	X("kind", "KIND", "which storm, see squall-analyze(1)", UNIT_TEXT, 26, 0, 0, put_kind, 0) \
	X("variant", "VARIANT", "of which form", UNIT_TEXT, 7, 0, 2, put_variant, 0) \
	X("node", "NODE", "NUMA node, where it is of one", UNIT_COUNT, 4, 0, 3, put_node, 0) \
	X("comm", "COMM", "the task that caused it or suffered most", UNIT_TEXT, 15, 0, 3, put_comm, 0) \
	X("summary", "SUMMARY", "what happened, in numbers", UNIT_TEXT, 15, 0, 1, put_summary, 0)

static const struct live_column columns[] = { COLUMNS(AS_COLUMN) };
static const struct { cell_fn fn; int arg; } cells[] = { COLUMNS(AS_CELL) };

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	int n = 0;

	for (int i = 0; i < m->nfindings && n < max; i++)
		if (m->findings[i].start_ns <= m->state.now_ns)
			out[n++] = (struct live_row){ .id = i, .parent = -1 };
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
	if (f->caused_by)
		line_put(out, MOOD_NORMAL, "Caused by %s: %s", f->caused_by, f->because);
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
	for (int i = 0; i < f->nsuffered; i++)
		line_put(out, MOOD_NORMAL, "suffered: %s (%d), %" PRIu64 " stalls, %.3f s", f->suffered[i].comm,
			 f->suffered[i].tid, f->suffered[i].count, ns_to_s(f->suffered[i].ns));
	for (int i = 0; i < f->ntasks; i++)
		line_put(out, MOOD_NORMAL, "%s: %s (%d), %" PRIu64 " times, %.3f s", f->tasks_title ?: "task",
			 f->tasks[i].comm, f->tasks[i].tid, f->tasks[i].count, ns_to_s(f->tasks[i].ns));
	put_text(out, "References", f->references);
}

const struct live_view live_view_findings = {
	.key = "findings", .title = "Findings", .about = "storms that the detectors found",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]), .sort = 0,
	.rows = rows, .cell = cell, .key_of = key_of, .detail = detail,
};
