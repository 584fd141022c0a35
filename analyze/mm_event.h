/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm_event.h - an event together with what the kernel table says of it.
 *
 * Event types come with the spelling of one kernel; the binder looks each up once, so that passes and detectors ask
 * for fields by meaning. Types outside kernel/tracepoint.h bind to TP_NONE.
 */
#ifndef SQUALL_ANALYZE_MM_EVENT_H
#define SQUALL_ANALYZE_MM_EVENT_H

#include "kernel/tracepoint.h"
#include "spine/event.h"
#include "spine/time.h"

struct mm_event {
	const struct event	*ev;
	const struct tp_view	*view;
};

static inline enum tracepoint mm_tp(const struct mm_event *mm)
{
	return mm->view->tp;
}

/* The number in @field. False when the event has no such field, or no number in it. */
static inline bool mm_get(const struct mm_event *mm, enum tp_field field, int64_t *out)
{
	const struct event_value *v = event_value_at(mm->ev, mm->view->at[field]);

	if (!value_is_number(v))
		return false;
	*out = v->i;
	return true;
}

/* As mm_get, with @absent where there is none. */
static inline int64_t mm_int(const struct mm_event *mm, enum tp_field field, int64_t absent)
{
	int64_t value = absent;

	mm_get(mm, field, &value);
	return value;
}

/* Views by event_type.id. Zero-initialised is empty; binder_clear frees. */
struct binder {
	struct tp_view	*views;
	uint32_t	count;
};

/* Call for each announced type. 0 or -ENOMEM. */
int binder_add(struct binder *binder, const struct event_type *type);
void binder_clear(struct binder *binder);

/* The view of the event's type, NULL when the type was never announced. */
static inline const struct tp_view *binder_view(const struct binder *binder, const struct event *ev)
{
	return ev->type->id < binder->count ? &binder->views[ev->type->id] : NULL;
}

#endif
