// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_type.c - see text_type.h. Names are found by a hash table that is at most half full; announced types are a list,
 * since the sink may keep pointers to all of them until the source has returned.
 */
#include "collect/text_type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SLOTS	(2 * TEXT_NAMES)
/* Up to here types may grow; the rest of TEXT_TYPES is for the final one of each name. */
#define TYPES_GROWING	(TEXT_TYPES - 2 * TEXT_NAMES)
#define VERSIONS_MAX	16u

struct announced {
	struct announced	*next;
	struct event_type	type;
	struct event_field	fields[];
};

struct text_types {
	const struct sink	*sink;
	struct text_type	*names[NAME_SLOTS];
	uint32_t		nnames;
	struct text_type	*other;
	struct announced	*announced;		/* newest first */
	uint32_t		nannounced;
};

/* Events whose payload is a message. */
static const char *const message_events[] = {
	"print", "bprint", "bputs", "tracing_mark_write", "raw_data", "kernel_stack", "user_stack",
};

static const struct event_field text_column = { "text", VALUE_TEXT };

int text_type_find(const struct text_type *type, int hint, struct slice field)
{
	if (hint < type->nfields && slice_is(field, type->fields[hint].name))
		return hint;
	for (int i = 0; i < type->nfields; i++)
		if (slice_is(field, type->fields[i].name))
			return i;
	return -1;
}

int text_type_add(struct text_type *type, struct slice field, enum value_kind kind)
{
	char *copy;

	if (type->final || type->nfields >= EVENT_MAX_FIELDS - 1 || field.len >= TEXT_NAME_BYTES)
		return -ENOSPC;
	copy = strndup(field.p, field.len);
	if (!copy)
		return -ENOMEM;
	type->fields[type->nfields] = (struct event_field){ copy, kind };
	type->grown = true;
	return type->nfields++;
}

int text_type_text(struct text_type *type)
{
	int column = text_type_find(type, 0, slice_of(text_column.name));

	if (column < 0) {
		type->fields[type->nfields] = text_column;
		type->grown = true;
		column = type->nfields++;
	}
	return column;
}

static void type_free(struct text_type *type)
{
	if (!type)
		return;
	for (int i = 0; i < type->nfields; i++)
		if (type->fields[i].name != text_column.name)
			free((char *)type->fields[i].name);
	free(type->name);
	free(type->system);
	free(type);
}

static enum text_style style_of(struct slice name)
{
	if (slice_is(name, "function"))
		return TEXT_STYLE_FUNCTION;
	for (size_t i = 0; i < sizeof(message_events) / sizeof(message_events[0]); i++)
		if (slice_is(name, message_events[i]))
			return TEXT_STYLE_MESSAGE;
	return TEXT_STYLE_FIELDS;
}

/* Adds each of the @columns, which blanks separate. */
static int add_columns(struct text_type *type, const char *columns, enum value_kind kind)
{
	while (*columns) {
		size_t len = strcspn(columns, " ");
		int column = text_type_add(type, (struct slice){ columns, len }, kind);

		if (column < 0)
			return column;
		columns += len;
		columns += *columns == ' ';
	}
	return 0;
}

static int first_columns(struct text_type *type)
{
	switch (type->style) {
	case TEXT_STYLE_FIELDS:
		return type->form ? add_columns(type, type->form->columns, VALUE_INT) : 0;
	case TEXT_STYLE_FUNCTION:
		return add_columns(type, "ip parent_ip", VALUE_TEXT);
	case TEXT_STYLE_OTHER:
		return add_columns(type, "event text", VALUE_TEXT);
	case TEXT_STYLE_MESSAGE:
		text_type_text(type);
		break;
	}
	return 0;
}

static int type_new(struct slice name, struct slice system, enum text_style style, struct text_type **out)
{
	struct text_type *type = calloc(1, sizeof(*type));
	enum tracepoint tp;
	int err = -ENOMEM;

	if (!type)
		return -ENOMEM;
	type->style = style;
	type->grown = true;
	type->name = strndup(name.p, name.len);
	if (!type->name)
		goto free_type;
	tp = style == TEXT_STYLE_FIELDS ? tp_lookup(type->name) : TP_NONE;
	type->form = textform_of(tp);
	type->system = tp ? strdup(tp_info(tp)->system) : strndup(system.p, system.len);
	if (!type->system)
		goto free_type;
	err = first_columns(type);
	if (err)
		goto free_type;
	*out = type;
	return 0;

free_type:
	type_free(type);
	return err;
}

static int other_type(struct text_types *types, struct text_type **out)
{
	int err = 0;

	if (!types->other)
		err = type_new(slice_of("other_event"), slice_of(""), TEXT_STYLE_OTHER, &types->other);
	*out = types->other;
	return err;
}

/* There is always room for what squall understands, however many other names a text has. */
static bool has_room(const struct text_types *types, struct slice name)
{
	char copy[TEXT_NAME_BYTES];

	memcpy(copy, name.p, name.len);
	copy[name.len] = '\0';
	return types->nnames < (tp_lookup(copy) == TP_NONE ? TEXT_NAMES - TP_COUNT : TEXT_NAMES);
}

int text_types_lookup(struct text_types *types, const struct text_line *line, struct text_type **out)
{
	struct slice name = line->is_function ? slice_of("function") : line->name;
	struct slice system = line->system.len ? line->system : slice_of("");
	uint32_t at = slice_hash(name) % NAME_SLOTS;
	int err;

	for (; types->names[at]; at = (at + 1) % NAME_SLOTS)
		if (slice_is(name, types->names[at]->name)) {
			*out = types->names[at];
			return 0;
		}
	if (name.len >= TEXT_NAME_BYTES || system.len >= TEXT_NAME_BYTES || !has_room(types, name))
		return other_type(types, out);
	err = type_new(name, system, style_of(name), &types->names[at]);
	if (err)
		return err;
	types->nnames++;
	*out = types->names[at];
	return 0;
}

int text_type_settle(struct text_types *types, struct text_type *type)
{
	struct announced *a;

	if (!type->grown)
		return 0;
	if (type->versions >= VERSIONS_MAX || types->nannounced >= TYPES_GROWING) {
		text_type_text(type);
		type->final = true;
	}
	a = malloc(sizeof(*a) + type->nfields * sizeof(a->fields[0]));
	if (!a)
		return -ENOMEM;
	memcpy(a->fields, type->fields, type->nfields * sizeof(a->fields[0]));
	a->type = (struct event_type){
		.id = types->nannounced++,
		.nfields = type->nfields,
		.system = type->system,
		.name = type->name,
		.format = "",
		.fields = a->fields,
	};
	a->next = types->announced;
	types->announced = a;
	type->type = &a->type;
	type->grown = false;
	type->versions++;
	return SINK_CALL(types->sink, type, &a->type);
}

int text_types_new(const struct sink *sink, struct text_types **out)
{
	struct text_types *types = calloc(1, sizeof(*types));

	if (!types)
		return -ENOMEM;
	types->sink = sink;
	*out = types;
	return 0;
}

void text_types_free(struct text_types *types)
{
	struct announced *next;

	if (!types)
		return;
	for (struct announced *a = types->announced; a; a = next) {
		next = a->next;
		free(a);
	}
	for (uint32_t i = 0; i < NAME_SLOTS; i++)
		type_free(types->names[i]);
	type_free(types->other);
	free(types);
}
