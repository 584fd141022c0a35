// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_batch.c - squall top -b: a block of plain text, or a line of JSON, for each interval.
 *
 * Columns are always the same ones in the same order, separated by two blanks. A column of text is as wide as its
 * longest in this block; nothing is cut. With --against each number is followed by that of the
 * other recording and by the change.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/top.h"
#include "spine/escape.h"
#include "spine/time.h"

#define TOP_COLUMNS	64
#define NUMBER_WIDTH	7	/* of the other's value and of the change */

struct batch {
	const struct top_options	*options;
	const struct live_feed		*feed, *against;
	FILE				*out;
	struct live_row			*rows;
	int				widths[TOP_COLUMNS];	/* of the view that is being printed */
};

#define SAFE_BYTES	(4 * LIVE_TEXT_BYTES)

static bool is_text(const struct live_column *column)
{
	return column->unit == UNIT_TEXT;
}

static int width_of(const struct live_column *column)
{
	int title = strlen(column->title);

	return column->width > title ? column->width : title;
}

/* The cell as it is printed. */
static void format_safe(const struct live_column *column, const struct live_cell *cell, char *out, size_t size)
{
	char text[LIVE_TEXT_BYTES];

	live_format(column, cell, width_of(column), text, sizeof(text));
	escape_terminal(text, strlen(text), out, size);
}

static void put_padded(FILE *out, const char *text, int width, bool left)
{
	fprintf(out, left ? "%-*s" : "%*s", width, text);
}

/* A line does not end in blanks. */
static void put_cell_end(FILE *out, bool last)
{
	fputs(last ? "\n" : "  ", out);
}

/* --- the line above --- */

static void put_percent(FILE *out, const char *name, double percent)
{
	if (percent < 0)
		fprintf(out, " %s=-", name);
	else
		fprintf(out, " %s=%.1f%%", name, percent);
}

static void put_summary(FILE *out, const struct live_model *m)
{
	static const char *const psi[] = { "memory", "io", "cpu" };
	struct live_summary s;
	char name[32], when[32];

	live_model_summary(m, &s);
	fprintf(out, "# offset=%.3fs clock=%.3fs", ns_to_s(elapsed_ns(s.start_ns, s.now_ns)), ns_to_s(s.now_ns));
	if (s.realtime_ns) {
		time_t seconds = s.realtime_ns / (int64_t)NSEC_PER_SEC;
		struct tm tm;

		strftime(when, sizeof(when), "%FT%TZ", gmtime_r(&seconds, &tm));
		fprintf(out, " time=%s", when);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "psi_%s_some", psi[i]);
		put_percent(out, name, s.psi_some[i]);
		snprintf(name, sizeof(name), "psi_%s_full", psi[i]);
		put_percent(out, name, s.psi_full[i]);
	}
	fprintf(out, " events_per_s=%.0f lost=%" PRIu64 "%s stalled=%u findings=%u", s.events_per_s, s.lost,
		s.lost_unknown ? "+" : "", s.stalled_tasks,
		s.findings[SEVERITY_WARNING] + s.findings[SEVERITY_HIGH] + s.findings[SEVERITY_CRITICAL]);
	if (s.own_cpu_percent >= 0)
		fprintf(out, " own_cpu=%.1f%%", s.own_cpu_percent);
	if (s.left_out)
		fprintf(out, " left_out=%" PRIu64, s.left_out);
	putc('\n', out);
}

/* --- tables --- */

static void put_heading(const struct batch *b, const struct live_view *view)
{
	fprintf(b->out, "%s\n", view->key);
	for (int i = 0; i < view->ncolumns; i++) {
		const struct live_column *column = &view->columns[i];
		bool last = i == view->ncolumns - 1;

		put_padded(b->out, column->title, last && is_text(column) ? 0 : b->widths[i], is_text(column));
		if (b->against && !is_text(column))
			fprintf(b->out, "  %*s  %*s", NUMBER_WIDTH, "other", NUMBER_WIDTH, "change");
		put_cell_end(b->out, last);
	}
}

static bool number_of(const struct live_cell *cell, double *out)
{
	*out = cell->kind == CELL_BAR ? cell->bar.value : cell->number;
	return cell->kind == CELL_NUMBER || cell->kind == CELL_BAR;
}

/* "+25%", of the other; "new" where that is 0. */
static void format_change(const struct live_cell *cell, const struct live_cell *other, char *out, size_t size)
{
	double a, b;

	if (!number_of(cell, &a) || !number_of(other, &b))
		snprintf(out, size, "-");
	else if (a == b)
		snprintf(out, size, "0%%");
	else if (!b)
		snprintf(out, size, "new");
	else
		snprintf(out, size, (a - b) / b >= 99.995 ? "x%.0f" : "%+.0f%%", (a - b) / b >= 99.995 ? a / b :
			 (a - b) / b * 100);
}

static void put_other(const struct batch *b, const struct live_column *column, const struct live_cell *cell,
		      const struct live_cell *other)
{
	char text[64], change[64];

	live_format(column, other, NUMBER_WIDTH, text, sizeof(text));
	format_change(cell, other, change, sizeof(change));
	fprintf(b->out, "  %*s  %*s", NUMBER_WIDTH, text, NUMBER_WIDTH, change);
}

static void put_row(const struct batch *b, const struct live_view *view, const struct live_model *m,
		    const struct live_row *row)
{
	const struct live_model *other_model = b->against ? b->against->model(b->against->ctx) : NULL;
	char key[LIVE_KEY_BYTES], safe[SAFE_BYTES];
	struct live_row other_row;
	bool there = false;

	view->key_of(m, row, key);
	if (other_model)
		there = live_find_row(view, other_model, key, &other_row);
	for (int i = 0; i < view->ncolumns; i++) {
		const struct live_column *column = &view->columns[i];
		struct live_cell cell, other = { 0 };
		bool last = i == view->ncolumns - 1;

		view->cell(m, row, i, &cell);
		format_safe(column, &cell, safe, sizeof(safe));
		put_padded(b->out, safe, last && is_text(column) ? 0 : b->widths[i], is_text(column));
		if (there)
			view->cell(other_model, &other_row, i, &other);
		if (other_model && !is_text(column))
			put_other(b, column, &cell, &other);
		put_cell_end(b->out, last);
	}
}

static void measure(struct batch *b, const struct live_view *view, const struct live_model *m, int n)
{
	char safe[SAFE_BYTES];

	for (int i = 0; i < view->ncolumns && i < TOP_COLUMNS; i++) {
		b->widths[i] = width_of(&view->columns[i]);
		for (int row = 0; row < n && is_text(&view->columns[i]); row++) {
			struct live_cell cell;
			int width;

			view->cell(m, &b->rows[row], i, &cell);
			format_safe(&view->columns[i], &cell, safe, sizeof(safe));
			width = strlen(safe);
			b->widths[i] = width > b->widths[i] ? width : b->widths[i];
		}
	}
}

static void put_view(struct batch *b, const struct live_view *view, const struct live_model *m)
{
	int n = top_rows(b->options, view, m, b->rows);

	measure(b, view, m, n);
	put_heading(b, view);
	for (int i = 0; i < n; i++)
		put_row(b, view, m, &b->rows[i]);
}

static bool put_text(struct batch *b)
{
	const struct live_model *m = b->feed->model(b->feed->ctx);
	int nviews = b->options->nviews ? b->options->nviews : nlive_views;

	put_summary(b->out, m);
	for (int i = 0; i < nviews; i++)
		put_view(b, live_views[b->options->nviews ? b->options->views[i] : i], m);
	putc('\n', b->out);
	return true;
}

/* --- intervals --- */

/* The other recording, as far from its start. */
static int follow(const struct batch *b)
{
	struct live_summary mine, other;

	if (!b->against || !b->against->seek)
		return 0;
	live_model_summary(b->feed->model(b->feed->ctx), &mine);
	live_model_summary(b->against->model(b->against->ctx), &other);
	return b->against->seek(b->against->ctx, other.start_ns + elapsed_ns(mine.start_ns, mine.now_ns));
}

static bool put_interval(struct batch *b)
{
	if (!b->options->json)
		return put_text(b);
	return top_json(b->options, b->feed->model(b->feed->ctx),
			b->against ? b->against->model(b->against->ctx) : NULL, b->out);
}

static int run(struct batch *b)
{
	int ret = 0;

	for (long i = 0; !ret && (!b->options->count || i < b->options->count); i++) {
		ret = b->feed->next(b->feed->ctx);
		if (!ret)
			ret = follow(b);
		if (!ret && !put_interval(b))
			ret = -ENOMEM;
		/* Whoever reads a pipe sees each interval when it has ended. main tells of an error. */
		if (!ret && fflush(b->out))
			ret = 1;
	}
	return ret < 0 ? ret : 0;
}

int top_batch(const struct top_options *options, const struct live_feed *feed, const struct live_feed *against,
	      FILE *out)
{
	struct batch b = {
		.options = options, .feed = feed, .against = against, .out = out,
		.rows = calloc(LIVE_ROWS_MAX, sizeof(struct live_row)),
	};
	int ret = b.rows ? run(&b) : -ENOMEM;

	free(b.rows);
	if (ret)
		complain("top", strerror(-ret), NULL);
	return ret ? STATUS_ERROR : STATUS_OK;
}
