/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sql.h - the few shapes in which store/ talks to SQLite. Inside store/ only.
 *
 * All answer 0 or a negative errno; the words for it stay in the handle (sqlite3_errmsg).
 */
#ifndef SQUALL_STORE_SQL_H
#define SQUALL_STORE_SQL_H

#include <sqlite3.h>
#include <stdint.h>

/* One or more statements without results. */
int sql_exec(sqlite3 *db, const char *sql);

/* The same from a finished or failed string builder, which it ends. */
int sql_exec_built(sqlite3 *db, sqlite3_str *sql);

/* Caller finalizes *out. */
int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out);
int sql_prepare_built(sqlite3 *db, sqlite3_str *sql, sqlite3_stmt **out);

/* Runs a bound statement without results, and makes it ready for the next time, bindings cleared. */
int sql_run(sqlite3_stmt *statement);

/* The first column of the first row of @sql; -ENODATA when there is none or it is NULL. */
int sql_get_int64(sqlite3 *db, const char *sql, int64_t *out);

/* Text is not copied: it must stay until sql_run. NULL binds NULL. */
void sql_bind_text(sqlite3_stmt *statement, int index, const char *text);
void sql_bind_unless(sqlite3_stmt *statement, int index, int64_t value, int64_t unknown);

#endif
