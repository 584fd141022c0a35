// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracepoint.c - see tracepoint.h. The tables are expanded from the lists there; nothing here is per kernel version.
 */
#include "kernel/tracepoint.h"

#include <string.h>

static const struct tp_info tp_table[TP_COUNT] = {
#define X(suffix, system, name) [TP_##suffix] = { system, name },
	TRACEPOINTS(X)
#undef X
};

#define TP_FIELD_SPELLINGS	3

static const char *const tp_field_names[TPF_COUNT][TP_FIELD_SPELLINGS] = {
#define X(suffix, a, b, c) [TPF_##suffix] = { a, b, c },
	TP_FIELDS(X)
#undef X
};

const struct tp_info *tp_info(enum tracepoint tp)
{
	return tp > TP_NONE && tp < TP_COUNT ? &tp_table[tp] : NULL;
}

enum tracepoint tp_lookup(const char *name)
{
	for (int tp = TP_NONE + 1; tp < TP_COUNT; tp++)
		if (!strcmp(tp_table[tp].name, name))
			return tp;
	return TP_NONE;
}

void tp_view_init(struct tp_view *view, const char *name)
{
	view->tp = tp_lookup(name);
	memset(view->at, -1, sizeof(view->at));
}

void tp_view_field(struct tp_view *view, int column, const char *field)
{
	if (column < 0 || column > INT8_MAX)
		return;
	for (int f = 0; f < TPF_COUNT; f++)
		for (int s = 0; s < TP_FIELD_SPELLINGS && tp_field_names[f][s]; s++)
			if (!strcmp(tp_field_names[f][s], field) && view->at[f] < 0)
				view->at[f] = column;
}
