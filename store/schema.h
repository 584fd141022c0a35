/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * schema.h - what makes a SQLite file a squall store. Inside store/ only.
 *
 * The tables themselves are in schema.sql, which is also their documentation.
 */
#ifndef SQUALL_STORE_SCHEMA_H
#define SQUALL_STORE_SCHEMA_H

#include "spine/event.h"

#define STORE_APPLICATION_ID	0x5371616c	/* PRAGMA application_id; "Sqal" in ASCII, not otherwise registered */
#define STORE_VERSION		1		/* PRAGMA user_version; a greater one is refused */

/* Longest name of a tracepoint, field or series that is kept; the rest is cut off. The kernel's are below 64. */
#define STORE_NAME_BYTES	128

/* The names of temporary files of import: FILE, this, and where the Xs are six random characters. */
#define STORE_PART_SUFFIX	".XXXXXX.part"
#define STORE_PART_TAIL		5		/* bytes of it after the Xs */

/* The id of an event follows its time up to here: 146 years of nanoseconds. As many ids are left above. */
#define EVENT_ID_FOLLOW_MAX	((uint64_t)INT64_MAX / 2)

/* Most types a recording can have. Linux 7.3 has 2,500 tracepoints with everything configured. */
#define EVENT_TYPES_MAX		8192u

extern const char store_schema_sql[];

/* Columns that come before a tracepoint's own fields, in every event table. */
enum event_column { COLUMN_ID, COLUMN_LATE, COLUMN_CPU, COLUMN_PID, COLUMN_BUFFER, COLUMN_FIRST_FIELD };

/* @path followed by @suffix, in a form that SQLite takes for nothing but a file. Caller frees; NULL: out of memory. */
char *store_sqlite_path(const char *path, const char *suffix);

const char *store_scope_name(unsigned int scope);	/* never NULL; @scope is any enum sample_scope */
const char *store_kind_name(unsigned int kind);		/* never NULL; @kind is any enum value_kind */
unsigned int store_scope_parse(const char *name);	/* SCOPE_SYSTEM for a name it does not know, and for NULL */
unsigned int store_kind_parse(const char *name);	/* VALUE_NONE likewise */

#endif
