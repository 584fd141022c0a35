// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_kernel.c - the table of what the kernel has, what the machine is exposed to, and what could not be had.
 */
#include <stdio.h>
#include <string.h>

#include "live/state.h"

enum section { FEATURE, EXPOSURE, MISSING };

#define ID(section, i)	((uint64_t)(section) << 32 | (i))

struct line {
	const char	*section, *name, *state, *how;
	enum live_mood	mood;
};

static struct line line_of(const struct live_model *m, const struct live_row *row)
{
	uint32_t i = row->id;
	const struct live_fact *f;

	if (row->id >> 32 == MISSING)
		return (struct line){ "input", "missing", "missing", m->missing[i], MOOD_WARN };
	f = row->id >> 32 == FEATURE ? &m->features[i] : &m->exposures[i];
	return (struct line){
		row->id >> 32 == FEATURE ? "kernel" : "exposed", f->name, f->state, f->how,
		row->id >> 32 == EXPOSURE && !strcmp(f->state, "yes") ? MOOD_BAD :
		!strcmp(f->state, "unknown") ? MOOD_DIM : MOOD_NORMAL,
	};
}

static const struct live_column columns[] = {
	{ "about", "ABOUT", "kernel: a feature or fix; exposed: a storm it is open to; input: what is not to be had",
	  UNIT_TEXT, 7, 0, 0 },
	{ "name", "NAME", "the feature as in squall-check(1), or the kind of storm", UNIT_TEXT, 28, 0, 0 },
	{ "state", "STATE", "present, absent or unknown; yes, no or unknown", UNIT_TEXT, 8, 0, 0 },
	{ "how", "HOW", "how that was found out", UNIT_TEXT, 20, 0, 1 },
};

static int rows(const struct live_model *m, struct live_row *out, int max)
{
	const int counts[] = { [FEATURE] = m->nfeatures, [EXPOSURE] = m->nexposures, [MISSING] = m->nmissing };
	int n = 0;

	for (int section = 0; section < 3; section++)
		for (int i = 0; i < counts[section] && n < max; i++)
			out[n++] = (struct live_row){ .id = ID(section, i), .parent = -1 };
	return n;
}

static void cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	const struct line line = line_of(m, row);
	const char *const texts[] = { line.section, line.name, line.state, line.how };

	cell_clear(out);
	cell_text(out, texts[column]);
	out->mood = line.mood;
}

static void key_of(const struct live_model *m, const struct live_row *row, char *key)
{
	const struct line line = line_of(m, row);

	snprintf(key, LIVE_KEY_BYTES, "%s %s", line.section, row->id >> 32 == MISSING ? line.how : line.name);
}

static void detail(const struct live_model *m, const struct live_row *row, const struct live_lines *out)
{
	const struct line line = line_of(m, row);

	line_put(out, line.mood, "%s: %s", line.name, line.state);
	line_put(out, MOOD_NORMAL, "%s", line.how);
}

const struct live_view live_view_kernel = {
	.key = "kernel", .title = "Kernel", .about = "fixes of this kernel, exposure of this machine, missing inputs",
	.columns = columns, .ncolumns = sizeof(columns) / sizeof(columns[0]),
	.rows = rows, .cell = cell, .key_of = key_of, .detail = detail,
};
