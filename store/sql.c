// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preparing, running and ending statements with one kind of error. A failed bind (out of memory, text too long) is not
 * looked at where it happens: it leaves the parameter NULL, and every column of ours that must not be NULL says so.
 */
#include "store/sql.h"

#include <errno.h>
#include <string.h>

#include "store/error.h"

int sql_exec(sqlite3 *db, const char *sql)
{
	return store_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int sql_exec_built(sqlite3 *db, sqlite3_str *sql)
{
	char *text = sqlite3_str_finish(sql);
	int ret = text ? sql_exec(db, text) : -ENOMEM;

	sqlite3_free(text);
	return ret;
}

int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return store_errno(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

int sql_prepare_built(sqlite3 *db, sqlite3_str *sql, sqlite3_stmt **out)
{
	char *text = sqlite3_str_finish(sql);
	int ret = text ? sql_prepare(db, text, out) : -ENOMEM;

	sqlite3_free(text);
	return ret;
}

int sql_run(sqlite3_stmt *statement)
{
	int ret = store_errno(sqlite3_step(statement));

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return ret;
}

int sql_get_int64(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int ret = sql_prepare(db, sql, &statement);

	if (ret)
		return ret;
	ret = sqlite3_step(statement);
	if (ret == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(statement, 0);
	else
		ret = ret == SQLITE_ROW ? SQLITE_DONE : ret;
	sqlite3_finalize(statement);
	if (ret == SQLITE_ROW)
		return 0;
	return ret == SQLITE_DONE ? -ENODATA : store_errno(ret);
}

void sql_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text64(statement, index, text, text ? strlen(text) : 0, SQLITE_STATIC, SQLITE_UTF8);
}

void sql_bind_unless(sqlite3_stmt *statement, int index, int64_t value, int64_t unknown)
{
	if (value == unknown)
		sqlite3_bind_null(statement, index);
	else
		sqlite3_bind_int64(statement, index, value);
}
