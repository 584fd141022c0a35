// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_json.c - an interval as one JSON object on a line of its own. Keys are those of the columns; what is not to be
 * had is null. Numbers are in the units of the columns: bytes, ns, percent, or per second.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/top.h"
#include "spine/escape.h"
#include "spine/time.h"

#define EXACT_INTEGER	9007199254740992.0	/* 2^53 */

static json_t *text(const char *s)
{
	char safe[4 * LIVE_TEXT_BYTES];

	return json_string(escape_utf8(s, strlen(s), safe, sizeof(safe)));
}

static json_t *number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == floor(value) && fabs(value) < EXACT_INTEGER)
		return json_integer(value);
	return json_real(value);
}

static json_t *known(double value)
{
	return value < 0 ? json_null() : number(value);
}

static json_t *bar(const struct live_bar *b)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "value", number(b->value), "full", known(b->full), "min",
			 known(b->mark[0]), "low", known(b->mark[1]), "high", known(b->mark[2]));
}

static json_t *cell_json(const struct live_cell *cell)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return number(cell->number);
	case CELL_TEXT:
		return text(cell->text);
	case CELL_BAR:
		return bar(&cell->bar);
	default:
		return json_null();
	}
}

static json_t *change(const struct live_cell *cell, const struct live_cell *other)
{
	if (cell->kind != other->kind)
		return json_null();
	if (cell->kind == CELL_NUMBER)
		return number(cell->number - other->number);
	return cell->kind == CELL_BAR ? number(cell->bar.value - other->bar.value) : json_null();
}

/* What both recordings have of one row: the other may have no such row. */
struct pair {
	const struct live_model	*m, *against;
	const struct live_row	*row, *other;
};

static json_t *row_json(const struct live_view *view, const struct pair *p)
{
	json_t *o = json_object();
	char key[LIVE_KEY_BYTES];

	view->key_of(p->m, p->row, key);
	json_object_set_new(o, "key", text(key));
	for (int i = 0; i < view->ncolumns; i++) {
		struct live_cell cell, other = { 0 };
		json_t *value;

		view->cell(p->m, p->row, i, &cell);
		if (p->other)
			view->cell(p->against, p->other, i, &other);
		value = cell_json(&cell);
		if (p->against)
			value = json_pack("{s:o, s:o, s:o}", "value", value, "against", cell_json(&other), "change",
					  change(&cell, &other));
		json_object_set_new(o, view->columns[i].key, value);
	}
	return o;
}

static json_t *view_json(const struct top_options *options, const struct live_view *view, const struct live_model *m,
			 const struct live_model *against)
{
	struct live_row *rows = calloc(LIVE_ROWS_MAX, sizeof(*rows)), other;
	json_t *list = json_array();
	int n = rows ? top_rows(options, view, m, rows) : 0;

	for (int i = 0; i < n; i++) {
		struct pair p = { .m = m, .against = against, .row = &rows[i] };
		char key[LIVE_KEY_BYTES];

		view->key_of(m, &rows[i], key);
		if (against && live_find_row(view, against, key, &other))
			p.other = &other;
		json_array_append_new(list, row_json(view, &p));
	}
	free(rows);
	return list;
}

static json_t *summary_json(const struct live_model *m)
{
	static const char *const resources[] = { "memory", "io", "cpu" };
	static const enum severity severities[] = { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_HIGH, SEVERITY_CRITICAL };
	json_t *o = json_object(), *psi = json_object(), *findings = json_object(), *missing = json_array();
	struct live_summary s;

	live_model_summary(m, &s);
	for (int i = 0; i < 3; i++)
		json_object_set_new(psi, resources[i], json_pack("{s:o, s:o}", "some", known(s.psi_some[i]), "full",
								 known(s.psi_full[i])));
	for (int i = 0; i < 4; i++)
		json_object_set_new(findings, severity_name(severities[i]), json_integer(s.findings[severities[i]]));
	for (unsigned int i = 0; i < s.nmissing; i++)
		json_array_append_new(missing, text(s.missing[i]));
	json_object_set_new(o, "ts_ns", json_integer(s.now_ns));
	json_object_set_new(o, "offset_ns", json_integer(elapsed_ns(s.start_ns, s.now_ns)));
	json_object_set_new(o, "realtime_ns", s.realtime_ns ? json_integer(s.realtime_ns) : json_null());
	json_object_set_new(o, "host", *s.host ? text(s.host) : json_null());
	json_object_set_new(o, "kernel", *s.kernel ? text(s.kernel) : json_null());
	json_object_set_new(o, "psi", psi);
	json_object_set_new(o, "events_per_s", number(s.events_per_s));
	json_object_set_new(o, "lost_events", json_integer(s.lost));
	json_object_set_new(o, "lost_unknown", json_boolean(s.lost_unknown));
	json_object_set_new(o, "stalled_tasks", json_integer(s.stalled_tasks));
	json_object_set_new(o, "findings", findings);
	json_object_set_new(o, "missing", missing);
	json_object_set_new(o, "own_cpu_percent", known(s.own_cpu_percent));
	json_object_set_new(o, "own_bytes", s.own_bytes ? json_integer(s.own_bytes) : json_null());
	json_object_set_new(o, "left_out", json_integer(s.left_out));
	return o;
}

bool top_json(const struct top_options *options, const struct live_model *m, const struct live_model *against,
	      FILE *out)
{
	int nviews = options->nviews ? options->nviews : nlive_views;
	json_t *o = json_object(), *views = json_object();
	bool made = o && views;

	json_object_set_new(o, "summary", summary_json(m));
	if (against)
		json_object_set_new(o, "against", summary_json(against));
	for (int i = 0; i < nviews; i++) {
		const struct live_view *view = live_views[options->nviews ? options->views[i] : i];

		json_object_set_new(views, view->key, view_json(options, view, m, against));
	}
	json_object_set_new(o, "views", views);
	json_dumpf(o, out, JSON_COMPACT);
	putc('\n', out);
	json_decref(o);
	return made;
}
