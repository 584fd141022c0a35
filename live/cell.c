// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell.c - how cells of all views are filled. A cell is none until it is filled.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "live/state.h"

void cell_number(struct live_cell *out, double number)
{
	out->kind = CELL_NUMBER;
	out->number = number;
}

void cell_text(struct live_cell *out, const char *text)
{
	out->kind = *text ? CELL_TEXT : CELL_NONE;
	snprintf(out->text, sizeof(out->text), "%s", text);
}

void cell_rate(struct live_cell *out, const struct live_counter *c, double scale)
{
	if (c->rated)
		cell_number(out, c->rate * scale);
}

void cell_last(struct live_cell *out, const struct live_counter *c, double scale)
{
	if (counter_known(c))
		cell_number(out, c->last * scale);
}

double cell_sum_rates(const struct live_counter *c, const uint8_t *which, int n)
{
	double sum = -1;

	for (int i = 0; i < n; i++)
		if (c[which[i]].rated)
			sum = (sum < 0 ? 0 : sum) + c[which[i]].rate;
	return sum;
}

void cell_rates(struct live_cell *out, const struct live_counter *c, const uint8_t *which, int n, double scale)
{
	double sum = cell_sum_rates(c, which, n);

	if (sum >= 0)
		cell_number(out, sum * scale);
}

void cell_stall(struct live_cell *out, const struct stalls *s, uint64_t ns)
{
	if (s->count)
		cell_number(out, ns);
}

void cell_mood(struct live_cell *cell, double warn, double bad)
{
	if (cell->kind == CELL_NUMBER && cell->number >= warn)
		cell->mood = cell->number >= bad ? MOOD_BAD : MOOD_WARN;
}

void line_put(const struct live_lines *out, enum live_mood mood, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	out->put(out->ctx, mood, line);
}
