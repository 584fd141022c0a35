// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - the report for a terminal: what squall analyze prints, then tables and what the charts would show.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"
#include "spine/escape.h"

#define NAME_COLUMNS	60		/* a longer name pushes its row out, not all others */
#define PAGE_COLUMNS	80		/* as in print_wrapped() */

static void put_upper(const char *text, FILE *out)
{
	for (; *text; text++)
		putc(toupper((unsigned char)*text), out);
	putc('\n', out);
}

static const char *safe_cell(const struct table_cell *cell, char *buf, size_t size)
{
	char number[CELL_BYTES_MAX];
	const char *text = table_cell_text(cell, number);

	return escape_terminal(text, strlen(text), buf, size);
}

static int width_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void put_padded(const char *text, int width, bool right, bool last, FILE *out)
{
	int fill = width > width_of(text) ? width - width_of(text) : 0;

	fprintf(out, "%*s%s%*s%s", right ? fill : 0, "", text, right || last ? 0 : fill, "", last ? "\n" : "  ");
}

/* How the columns of a table are set; 0 wide: left out. */
struct setting {
	bool	right[TABLE_COLUMNS];
	int	width[TABLE_COLUMNS];
	int	total, last_at;
};

static bool all_zero(const struct table *t, unsigned int k)
{
	for (unsigned int i = 0; i < t->nrows; i++) {
		const struct table_cell *cell = &t->cells[i * t->ncolumns + k];

		/* What is not told is not 0. */
		if (cell->number || cell->kind == CELL_NONE || !cell_is_number(cell->kind))
			return false;
	}
	return true;
}

static void set_columns(const struct table *t, bool zeros, struct setting *set)
{
	char buf[4096];

	*set = (struct setting){ .total = 0 };
	for (unsigned int k = 0; k < t->ncolumns; k++) {
		if (!zeros && all_zero(t, k))
			continue;
		set->right[k] = cell_is_number(table_column_kind(t, k));
		set->width[k] = width_of(t->columns[k].head);
		for (unsigned int i = 0; i < t->nrows; i++) {
			int w = width_of(safe_cell(&t->cells[i * t->ncolumns + k], buf, sizeof(buf)));

			w = w < NAME_COLUMNS ? w : NAME_COLUMNS;
			set->width[k] = w > set->width[k] ? w : set->width[k];
		}
		set->last_at = 2 + set->total;
		set->total += set->width[k] + 2;
	}
}

/* @cells NULL: the heads. The last column, when it is words, goes on in the next line. */
static void put_row(const struct table *t, const struct table_cell *cells, const struct setting *set, FILE *out)
{
	unsigned int last = t->ncolumns - 1;
	char buf[4096];

	while (last && !set->width[last])
		last--;
	fputs("  ", out);
	for (unsigned int k = 0; k <= last; k++) {
		const char *text = cells ? safe_cell(&cells[k], buf, sizeof(buf)) : t->columns[k].head;

		if (k == last && !set->right[k])
			print_wrapped(out, text, set->last_at);
		else if (set->width[k])
			put_padded(text, set->width[k], set->right[k], k == last, out);
	}
}

static void put_table(const struct table *t, FILE *out)
{
	struct setting set;

	putc('\n', out);
	put_upper(t->title, out);
	if (*t->note) {
		fputs("  ", out);
		print_wrapped(out, t->note, 2);
	}
	set_columns(t, true, &set);
	if (set.total > PAGE_COLUMNS)
		set_columns(t, false, &set);
	put_row(t, NULL, &set, out);
	for (unsigned int i = 0; i < t->nrows; i++)
		put_row(t, &t->cells[i * t->ncolumns], &set, out);
	if (t->more)
		fprintf(out, "  and %" PRIu64 " more\n", t->more);
}

static void put_plots(const struct report *report, FILE *out)
{
	char title[256], name[1024], lo[CELL_BYTES_MAX], hi[CELL_BYTES_MAX], total[CELL_BYTES_MAX];

	for (unsigned int i = 0; i < report->plots->n; i++) {
		const struct plot *p = &report->plots->plot[i];
		bool bytes = !strcmp(p->info->unit, "bytes");

		fprintf(out, "%s  %s (%s)\n", i ? "" : "\nCHARTS, IN NUMBERS (--format html draws them)\n",
			plot_title(p, title, sizeof(title)), bytes ? "memory" : p->info->unit);
		for (unsigned int k = 0; k < p->nlines; k++) {
			const struct plot_line *line = &p->lines[k];

			fprintf(out, "    %-28s %8s .. %8s at +%.3f s",
				escape_terminal(line->name, strlen(line->name), name, sizeof(name)),
				table_number(line->lo, bytes, lo), table_number(line->hi, bytes, hi), line->hi_s);
			if (!isnan(line->total))
				fprintf(out, ", in all %s", table_number(line->total, bytes, total));
			putc('\n', out);
		}
	}
	for (unsigned int i = 0; i < report->plots->ngaps; i++) {
		const struct plot_gap *gap = &report->plots->gap[i];
		char text[2048];

		snprintf(text, sizeof(text), "%s: %s", gap->info->title,
			 escape_terminal(gap->why, strlen(gap->why), name, sizeof(name)));
		fputs(i ? "  " : "\nCHARTS WITHOUT DATA\n  ", out);
		print_wrapped(out, text, 4);
	}
}

/* print_text has these. */
static bool is_printed(const struct table *t)
{
	return t->part == PART_CHECKED || t->part == PART_COUNTS || t->part == PART_KERNEL;
}

void report_write_text(const struct report *report, FILE *out)
{
	print_text(report->a, report->options, out);
	for (unsigned int i = 0; i < report->tables.n; i++)
		if (!is_printed(&report->tables.table[i]))
			put_table(&report->tables.table[i], out);
	put_plots(report, out);
}
