// SPDX-License-Identifier: GPL-2.0-only
/*
 * json.c - the report for programs: what squall analyze --json says, and tables and charts with it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "spine/escape.h"

#define NAME_BYTES		4096
#define EXACT_INTEGER		9007199254740992.0	/* 2^53: a double holds every whole number below */

static json_t *name_json(const char *name, report_escape escape)
{
	char safe[NAME_BYTES];

	return json_string(escape(name, strlen(name), safe, sizeof(safe)));
}

static json_t *number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == rint(value) && fabs(value) < EXACT_INTEGER)
		return json_integer(value);
	return json_real(value);
}

/* As many digits as a chart can show: the file is a third of what it would be. */
static json_t *point(double value)
{
	char digits[32];

	if (!isfinite(value))
		return json_null();
	snprintf(digits, sizeof(digits), "%.5g", value);
	return number(strtod(digits, NULL));
}

static json_t *points(const double *values, unsigned int n)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(list, point(values[i]));
	return list;
}

static json_t *seconds(const double *values, unsigned int n)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(list, number(rint(values[i] * 1e4) / 1e4));
	return list;
}

static json_t *line_json(const struct plot *p, const struct plot_line *line, report_escape escape)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", name_json(line->name, escape));
	json_object_set_new(o, "lowest", number(line->lo));
	json_object_set_new(o, "highest", number(line->hi));
	json_object_set_new(o, "highest_at_s", number(line->hi_s));
	json_object_set_new(o, "total", number(line->total));
	json_object_set_new(o, "values", points(line->values, p->npoints));
	return o;
}

json_t *report_charts_json(const struct report *report, report_escape escape)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < report->plots->n; i++) {
		const struct plot *p = &report->plots->plot[i];
		json_t *o = json_object(), *lines = json_array();

		json_object_set_new(o, "id", json_string(p->info->id));
		json_object_set_new(o, "title", json_string(p->info->title));
		json_object_set_new(o, "unit", json_string(p->info->unit));
		json_object_set_new(o, "node", p->node < 0 ? json_null() : json_integer(p->node));
		json_object_set_new(o, "held", json_boolean(p->step));
		json_object_set_new(o, "gaps", json_boolean(p->gaps));
		json_object_set_new(o, "log", json_boolean(p->info->log));
		json_object_set_new(o, "lines_left_out", json_integer(p->lines_left_out));
		json_object_set_new(o, "seconds", seconds(p->seconds, p->npoints));
		for (unsigned int k = 0; k < p->nlines; k++)
			json_array_append_new(lines, line_json(p, &p->lines[k], escape));
		json_object_set_new(o, "lines", lines);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *cell_json(const struct table_cell *cell)
{
	switch (cell->kind) {
	case CELL_NONE:
		return json_null();
	case CELL_TEXT:
	case CELL_NAME:
		return name_json(cell->text, escape_utf8);
	case CELL_COUNT:
	case CELL_SECONDS:
	case CELL_MS:
	case CELL_BYTES:
		break;
	}
	return number(cell->number);
}

static json_t *table_json(const struct table *t)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < t->nrows; i++) {
		json_t *row = json_object();

		for (unsigned int k = 0; k < t->ncolumns; k++)
			json_object_set_new(row, t->columns[k].key, cell_json(&t->cells[i * t->ncolumns + k]));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *gaps_json(const struct report *report)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < report->plots->ngaps; i++) {
		const struct plot_gap *gap = &report->plots->gap[i];
		json_t *o = json_object();

		json_object_set_new(o, "id", json_string(gap->info->id));
		json_object_set_new(o, "why", name_json(gap->why, escape_utf8));
		json_array_append_new(list, o);
	}
	return list;
}

int report_write_json(const struct report *report, FILE *out)
{
	json_t *o = print_json_object(report->a, report->options), *tables = json_object();

	for (unsigned int i = 0; i < report->tables.n; i++)
		json_object_set_new(tables, report->tables.table[i].id, table_json(&report->tables.table[i]));
	json_object_set_new(o, "tables", tables);
	json_object_set_new(o, "charts", report_charts_json(report, escape_utf8));
	json_object_set_new(o, "charts_left_out", gaps_json(report));
	json_dumpf(o, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putc('\n', out);
	json_decref(o);
	return 0;
}
