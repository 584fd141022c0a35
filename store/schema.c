// SPDX-License-Identifier: GPL-2.0-only
/*
 * The schema as text of the program, and the words that its columns use for our enums.
 */
#include "store/schema.h"

#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

const char store_schema_sql[] =
#include "store/schema.sql.h"
	;

static const char *const scope_names[] = {
	[SCOPE_SYSTEM]	= "system",
	[SCOPE_NODE]	= "node",
	[SCOPE_ZONE]	= "zone",
	[SCOPE_CGROUP]	= "cgroup",
	[SCOPE_TASK]	= "task",
	[SCOPE_DEVICE]	= "device",
};

static const char *const kind_names[] = {
	[VALUE_NONE]	= "none",
	[VALUE_INT]	= "int",
	[VALUE_UINT]	= "uint",
	[VALUE_TEXT]	= "text",
	[VALUE_BLOB]	= "blob",
};

static unsigned int parse(const char *const *names, unsigned int count, const char *name)
{
	for (unsigned int i = 1; name && i < count; i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	return 0;
}

/* ":memory:" and the empty name mean other things to SQLite; an absolute or "./" path means itself. */
char *store_sqlite_path(const char *path, const char *suffix)
{
	char *out;

	return asprintf(&out, "%s%s%s", path[0] == '/' ? "" : "./", path, suffix) < 0 ? NULL : out;
}

const char *store_scope_name(unsigned int scope)
{
	return scope_names[scope < ARRAY_SIZE(scope_names) ? scope : SCOPE_SYSTEM];
}

const char *store_kind_name(unsigned int kind)
{
	return kind_names[kind < ARRAY_SIZE(kind_names) ? kind : VALUE_NONE];
}

unsigned int store_scope_parse(const char *name)
{
	return parse(scope_names, ARRAY_SIZE(scope_names), name);
}

unsigned int store_kind_parse(const char *name)
{
	return parse(kind_names, ARRAY_SIZE(kind_names), name);
}
