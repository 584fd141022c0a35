/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_db.h - an open store as reader.c, cursor.c and replay.c share it. Inside store/ only.
 */
#ifndef SQUALL_STORE_STORE_DB_H
#define SQUALL_STORE_STORE_DB_H

#include <sqlite3.h>

#include "store/reader.h"

struct table_cursor;

struct stored_type {
	struct event_type	type;
	struct event_field	*fields;		/* type.fields, owned; so are all texts below and in type */
	char			*table;
	char			**columns;		/* type.nfields */
	bool			has_buffer;
};

struct store {
	sqlite3			*db;
	char			*path;
	struct store_error	*err;			/* the caller's */
	sqlite3_stmt		*select_meta;
	bool			ordered;		/* ts rises with id everywhere */
	bool			ids_follow;		/* id >= ts for every event */
	size_t			budget_bytes;		/* what texts of types may still take */
	struct table_cursor	*taking;		/* see cursor.c; NULL outside of its sqlite3_step */
	unsigned int		ntypes;
	struct stored_type	*types;
};

/* Puts the failure into words, and answers it. */
int store_failed(struct store *s, int error);

/* Text of a result, "" for NULL; valid as SQLite's. */
const char *store_column_text(sqlite3_stmt *statement, int column);

/* What has no time: meta, buffers, symbols, cgroups and types. 0, what the sink answered, or as store_failed(). */
int store_tell_facts(struct store *s, const struct sink *sink);

/* To be called once for a connection, before the first cursor. */
int store_cursor_register(struct store *s);

/* The id of the event that store_next gave last. */
int64_t store_cursor_id(const struct store_cursor *cursor);

#endif
