// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm_event.c - see mm_event.h.
 */
#include "analyze/mm_event.h"

#include <errno.h>
#include <stdlib.h>

static int binder_grow(struct binder *binder, uint32_t count)
{
	struct tp_view *views;

	if (count <= binder->count)
		return 0;
	views = reallocarray(binder->views, count, sizeof(*views));
	if (!views)
		return -ENOMEM;
	binder->views = views;
	for (; binder->count < count; binder->count++)
		tp_view_init(&views[binder->count], "");
	return 0;
}

int binder_add(struct binder *binder, const struct event_type *type)
{
	struct tp_view *view;
	int ret = binder_grow(binder, type->id + 1);

	if (ret)
		return ret;
	view = &binder->views[type->id];
	tp_view_init(view, type->name);
	for (int i = 0; i < type->nfields; i++)
		tp_view_field(view, i, type->fields[i].name);
	return 0;
}

void binder_clear(struct binder *binder)
{
	free(binder->views);
	*binder = (struct binder){ 0 };
}
