/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_table.h - the table of one tracepoint: its name, its columns, how a row gets in. Inside store/ only.
 *
 * What the names of tracepoints and fields become, and what happens when one is taken, is written in schema.sql at
 * event_type. Names are bytes of a foreign machine: every one is quoted, and what is longer than STORE_NAME_BYTES is
 * cut off.
 */
#ifndef SQUALL_STORE_EVENT_TABLE_H
#define SQUALL_STORE_EVENT_TABLE_H

#include <sqlite3.h>

#include "spine/event.h"

struct table_column {
	char			*field;		/* the tracepoint's name for it; NULL: this is the column buffer */
	char			*name;		/* ours */
	uint8_t			kind;		/* enum value_kind, as announced */
};

#define TABLE_MAX_COLUMNS	(EVENT_MAX_FIELDS + 1)	/* as many fields as a reader can give back, and buffer */

struct event_table {
	int64_t			id;		/* event_type.id */
	char			*system;
	char			*event;
	char			*name;		/* event_type.table_name */
	uint64_t		rows;
	bool			has_buffer;	/* there is a column buffer */
	unsigned int		ncolumns;
	struct table_column	columns[TABLE_MAX_COLUMNS];	/* in the order of the table, after pid */
};

#define NO_FIELD		UINT8_MAX

/* For each column of a table, the field of a type that goes into it. */
struct column_map {
	uint8_t			field[TABLE_MAX_COLUMNS];
};

/*
 * Creates the table for @type and its rows in event_type and event_field. Caller frees with event_table_free, which
 * takes NULL and leaves the database alone.
 */
int event_table_create(sqlite3 *db, int64_t id, const struct event_type *type, struct event_table **out,
		       struct column_map *map);
void event_table_free(struct event_table *table);

/* The same tracepoint, and the table has room for the fields that it lacks. */
bool event_table_accepts(const struct event_table *table, const struct event_type *type);

/*
 * Adds the columns for fields of an accepted @type that the table lacks. Adding a column makes the statements of
 * event_table_prepare useless: finalize them before, and do not use them again.
 */
int event_table_extend(sqlite3 *db, struct event_table *table, const struct event_type *type, struct column_map *map);
int event_table_add_buffer(sqlite3 *db, struct event_table *table);

/* The statement that moves temp.batch into the table. Caller finalizes *out. */
int event_table_prepare(sqlite3 *db, const struct event_table *table, const struct column_map *map,
			sqlite3_stmt **out);

/* Writes event_type.rows. */
int event_table_write_rows(sqlite3 *db, const struct event_table *table);

#endif
