// SPDX-License-Identifier: GPL-2.0-only
/*
 * format.c - numbers as people read them: two or three digits that count, and a letter for the size.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "live/table.h"

struct scale {
	double		from;		/* numbers below go to the row before */
	const char	*suffix;
};

static const struct scale thousands[] = {
	{ 1, "" }, { 1e3, "k" }, { 1e6, "M" }, { 1e9, "G" }, { 1e12, "T" }, { 1e15, "P" }, { 1e18, "E" }, { 0 },
};
static const struct scale bytes[] = {
	{ 1, "" }, { 0x1p10, "K" }, { 0x1p20, "M" }, { 0x1p30, "G" }, { 0x1p40, "T" }, { 0x1p50, "P" }, { 0x1p60, "E" },
	{ 0 },
};
static const struct scale times[] = {
	{ 1, "ns" }, { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" }, { 3600e9, "h" }, { 86400e9, "d" }, { 0 },
};
static const struct scale percent[] = { { 1, "%" }, { 0 } };
static const struct scale plain[] = { { 1, "" }, { 0 } };

static const struct unit_form {
	const struct scale	*scales;
	const char		*behind;	/* left out when there is no room */
	int			decimals;	/* of numbers below 10 */
	bool			whole;		/* a number without suffix that is whole is written so */
} forms[] = {
	[UNIT_TEXT] = { plain, "", 0, true },		/* a thread id: all its digits */
	[UNIT_COUNT] = { thousands, "", 1, true },
	[UNIT_PER_SECOND] = { thousands, "/s", 1, true },
	[UNIT_BYTES] = { bytes, "", 1, true },
	[UNIT_BYTES_PER_SECOND] = { bytes, "/s", 1, true },
	[UNIT_NS] = { times, "", 1, true },
	[UNIT_PERCENT] = { percent, "", 1, true },
	[UNIT_RATIO] = { plain, "", 2, false },
	[UNIT_BAR] = { bytes, "", 1, true },
};

static const struct scale *scale_of(const struct scale *s, double number)
{
	/* What would round up to the next row belongs there: no "1000k". */
	while (s[1].from && number >= s[1].from * (s[1].from / s->from >= 1000 ? 0.9995 : 1))
		s++;
	return s;
}

static int decimals_of(const struct unit_form *form, double scaled)
{
	if (form->whole && scaled == floor(scaled))
		return 0;
	return scaled < 10 ? form->decimals : scaled < 100 ? form->decimals - 1 : 0;
}

static void format_number(const struct unit_form *form, double number, int width, char *out, size_t size)
{
	const struct scale *s = scale_of(form->scales, fabs(number));
	double scaled = number / s->from;
	int decimals = decimals_of(form, fabs(scaled)), len;

	len = snprintf(out, size, "%.*f%s%s", decimals, scaled, s->suffix, form->behind);
	if (len > width)
		len = snprintf(out, size, "%.*f%s", decimals, scaled, s->suffix);
	if (len > width)
		len = snprintf(out, size, "%.0f%s", scaled, s->suffix);
	/* No column is so narrow for what a machine can have; a hostile recording can. */
	if (len > width)
		snprintf(out, size, "%.*s", width, "++++++++++++++++");
}

void live_format(const struct live_column *column, const struct live_cell *cell, int width, char *out, size_t size)
{
	if (cell->kind == CELL_NONE)
		snprintf(out, size, "-");
	else if (cell->kind == CELL_TEXT)
		snprintf(out, size, "%s", cell->text);
	else
		format_number(&forms[column->unit], cell->kind == CELL_BAR ? cell->bar.value : cell->number,
			      column->unit == UNIT_TEXT ? INT_MAX : width, out, size);
}
