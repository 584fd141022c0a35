/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_type.h - the event types of a text, made up as its lines tell about them.
 *
 * A text has no format files. Each event name gets the columns that its tracepoint is known to have, and one more for
 * each new key that a line brings. The sink must know a type before its first event and a type never changes, so a
 * grown one is announced as a new type of the same name (text_type_settle).
 *
 * Bounds: TEXT_NAMES event names, TEXT_TYPES announced types, EVENT_MAX_FIELDS columns, names of TEXT_NAME_BYTES. The
 * last column is kept for "text", which takes the payload of lines that need more than that; and events without a
 * type of their own are of type "other_event", columns "event" and "text".
 */
#ifndef SQUALL_COLLECT_TEXT_TYPE_H
#define SQUALL_COLLECT_TEXT_TYPE_H

#include "collect/text_line.h"
#include "kernel/textform.h"
#include "spine/sink.h"

#define TEXT_NAMES		1024u
#define TEXT_TYPES		4096u
#define TEXT_NAME_BYTES		64u

/* What the payload of an event is, by its name. */
enum text_style {
	TEXT_STYLE_FIELDS,	/* labels and values */
	TEXT_STYLE_MESSAGE,	/* one text */
	TEXT_STYLE_FUNCTION,	/* function tracer: columns "ip", "parent_ip" */
	TEXT_STYLE_OTHER,	/* any event for which there was no room */
};

/* All that is known of one event name; to be changed by the functions below only. */
struct text_type {
	char			*name;
	char			*system;
	const struct textform	*form;			/* NULL: not one of tracepoint.h */
	enum text_style		style;
	bool			final;			/* has a column "text" and grows no more */
	bool			grown;			/* has columns that the sink does not know of yet */
	uint8_t			versions;		/* types announced */
	uint16_t		nfields;
	const struct event_type	*type;			/* as last announced; NULL before */
	struct event_field	fields[EVENT_MAX_FIELDS];
};

struct text_types;

/* Types go to @sink, which must outlive *out. Caller frees *out with text_types_free, and with it all types. */
int text_types_new(const struct sink *sink, struct text_types **out);
void text_types_free(struct text_types *types);		/* NULL is fine */

/* The type of the events of @line, made when the name is new. -ENOMEM. */
int text_types_lookup(struct text_types *types, const struct text_line *line, struct text_type **out);

/* The column called @field, -1 when there is none; @hint is where it probably is. */
int text_type_find(const struct text_type *type, int hint, struct slice field);

/* Its number; -ENOSPC when the type is full or final or the name too long; -ENOMEM. */
int text_type_add(struct text_type *type, struct slice field, enum value_kind kind);

/* The column "text", added when there is none yet: there always is room for it. */
int text_type_text(struct text_type *type);

/* To be called before an event goes to the sink: announces a type that has grown. */
int text_type_settle(struct text_types *types, struct text_type *type);

#endif
