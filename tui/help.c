// SPDX-License-Identifier: GPL-2.0-only
/*
 * help.c - the help, made from the table of keys and the tables of columns.
 */
#include <stdio.h>
#include <string.h>

#include "tui/local.h"

static void put_keys(struct pager *p)
{
	const char *group = "";
	struct tui_key key;

	for (int i = 0; tui_key(i, &key); i++) {
		if (strcmp(group, key.group)) {
			pager_put(p, MOOD_NORMAL, "");
			pager_put(p, MOOD_GOOD, key.group);
		}
		group = key.group;
		pager_printf(p, MOOD_NORMAL, "  %-18s  %s", key.keys, key.what);
	}
}

static void put_view(struct pager *p, const struct live_view *view)
{
	pager_put(p, MOOD_NORMAL, "");
	pager_printf(p, MOOD_GOOD, "%s: %s", view->title, view->about);
	for (int c = 0; c < view->ncolumns; c++)
		pager_printf(p, MOOD_NORMAL, "  %-12s  %s", view->columns[c].title, view->columns[c].about);
}

static void put_missing(struct pager *p, const struct live_summary *sum)
{
	if (!sum->nmissing)
		return;
	pager_put(p, MOOD_NORMAL, "");
	pager_put(p, MOOD_WARN, "Missing");
	for (unsigned int i = 0; i < sum->nmissing; i++)
		pager_printf(p, MOOD_NORMAL, "  %s", sum->missing[i]);
}

void help_make(const struct live_view *view, const struct live_summary *sum, struct pager *p)
{
	pager_clear(p);
	p->top = 0;
	pager_put(p, MOOD_DIM, "Arrows and pages scroll; q, Esc or Enter goes back. \"-\" in a table: not to be had.");
	put_missing(p, sum);
	put_keys(p);
	put_view(p, view);
	for (int i = 0; i < nlive_views; i++)
		if (live_views[i] != view)
			put_view(p, live_views[i]);
}
