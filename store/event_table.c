// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names first: a table or column name is the tracepoint's, unless it is taken. SQLite compares names without regard to
 * ASCII case, so "taken" does too. Then CREATE, ALTER and INSERT, all derived from the columns of struct event_table.
 */
#include "store/event_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/batch.h"
#include "store/schema.h"
#include "store/sql.h"

/* An event's own column must differ from these. rowid would hide SQLite's name for id. */
static const char *const reserved_columns[] = { "", "id", "ts", "late", "cpu", "pid", "buffer", "rowid" };

static bool column_is_taken(const struct event_table *table, const char *name)
{
	for (unsigned int i = 0; i < sizeof(reserved_columns) / sizeof(reserved_columns[0]); i++) {
		if (!sqlite3_stricmp(reserved_columns[i], name))
			return true;
	}
	for (unsigned int i = 0; i < table->ncolumns; i++) {
		if (!sqlite3_stricmp(table->columns[i].name, name))
			return true;
	}
	return false;
}

/* Each underscore gets past at least one taken name, of which there are not more than this. */
#define UNDERSCORES_MAX	(EVENT_MAX_FIELDS + sizeof(reserved_columns) / sizeof(reserved_columns[0]))

static int append_column(struct event_table *table, const struct event_field *field)
{
	struct table_column *column = &table->columns[table->ncolumns];
	char name[STORE_NAME_BYTES + UNDERSCORES_MAX + 1];
	size_t len = strnlen(field->name, STORE_NAME_BYTES);

	memcpy(name, field->name, len);
	name[len] = '\0';
	while (column_is_taken(table, name)) {
		name[len++] = '_';
		name[len] = '\0';
	}
	column->kind = field->kind;
	column->field = strndup(field->name, STORE_NAME_BYTES);
	column->name = strdup(name);
	if (!column->field || !column->name) {
		free(column->field);
		free(column->name);
		return -ENOMEM;
	}
	return table->ncolumns++;
}

/* Which columns a type uses already: a type may have two fields of one name. */
struct column_set {
	bool			has[TABLE_MAX_COLUMNS];
};

/* Takes the column for @field out of those that are not @used; -ENOENT when the table has none. */
static int take_column(const struct event_table *table, const char *field, struct column_set *used)
{
	for (unsigned int i = 0; i < table->ncolumns; i++) {
		const char *known = table->columns[i].field;

		if (known && !used->has[i] && !strncmp(known, field, STORE_NAME_BYTES)) {
			used->has[i] = true;
			return i;
		}
	}
	return -ENOENT;
}

static unsigned int missing_columns(const struct event_table *table, const struct event_type *type)
{
	struct column_set used = { 0 };
	unsigned int missing = 0;

	for (unsigned int i = 0; i < type->nfields; i++)
		missing += take_column(table, type->fields[i].name, &used) < 0;
	return missing;
}

static int map_columns(struct event_table *table, const struct event_type *type, struct column_map *map)
{
	struct column_set used = { 0 };

	memset(map->field, NO_FIELD, sizeof(map->field));
	for (unsigned int i = 0; i < type->nfields; i++) {
		int column = take_column(table, type->fields[i].name, &used);

		if (column < 0)
			column = append_column(table, &type->fields[i]);
		if (column < 0)
			return column;
		used.has[column] = true;
		map->field[column] = i;
	}
	return 0;
}

bool event_table_accepts(const struct event_table *table, const struct event_type *type)
{
	return !strncmp(table->event, type->name, STORE_NAME_BYTES) &&
	       !strncmp(table->system, type->system, STORE_NAME_BYTES) &&
	       table->ncolumns - table->has_buffer + missing_columns(table, type) <= EVENT_MAX_FIELDS;
}

/* 1 when no table can have that name, 0 when it is free. Names that begin with sqlite_ are SQLite's own. */
static int table_is_taken(sqlite3 *db, const char *name)
{
	static const char sql[] = "SELECT 1 FROM main.sqlite_schema WHERE name = ?1 COLLATE NOCASE";
	sqlite3_stmt *statement = NULL;
	int ret;

	if (!name[0] || !sqlite3_strnicmp(name, "sqlite_", 7))
		return 1;
	ret = sql_prepare(db, sql, &statement);
	if (ret)
		return ret;
	sql_bind_text(statement, 1, name);
	ret = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (ret == SQLITE_ROW)
		return 1;
	return ret == SQLITE_DONE ? 0 : -EIO;
}

/* name, system:name, NUMBER:system:name. The last is only needed where names were made to collide. */
static char *table_name_candidate(const struct event_table *table, int64_t attempt)
{
	if (attempt == 0)
		return sqlite3_mprintf("%s", table->event);
	if (attempt == 1)
		return sqlite3_mprintf("%s:%s", table->system, table->event);
	return sqlite3_mprintf("%lld:%s:%s", table->id + attempt, table->system, table->event);
}

static int choose_table_name(sqlite3 *db, struct event_table *table)
{
	int taken = 1;

	for (int64_t attempt = 0; taken > 0; attempt++) {
		sqlite3_free(table->name);
		table->name = table_name_candidate(table, attempt);
		if (!table->name)
			return -ENOMEM;
		taken = table_is_taken(db, table->name);
	}
	return taken;
}

static int create(sqlite3 *db, const struct event_table *table)
{
	sqlite3_str *sql = sqlite3_str_new(db);

	sqlite3_str_appendf(sql, "CREATE TABLE main.\"%w\"(id INTEGER PRIMARY KEY, ts AS (id - late), late, cpu, pid",
			    table->name);
	for (unsigned int i = 0; i < table->ncolumns; i++)
		sqlite3_str_appendf(sql, ", \"%w\"", table->columns[i].name);
	sqlite3_str_appendall(sql, ")");
	return sql_exec_built(db, sql);
}

static int describe_type(sqlite3 *db, const struct event_table *table, const char *format)
{
	static const char sql[] =
		"INSERT INTO event_type(id, name, system, format, table_name) VALUES(?, ?, ?, ?, ?)";
	sqlite3_stmt *statement = NULL;
	int ret = sql_prepare(db, sql, &statement);

	if (ret)
		return ret;
	sqlite3_bind_int64(statement, 1, table->id);
	sql_bind_text(statement, 2, table->event);
	sql_bind_text(statement, 3, table->system);
	sql_bind_text(statement, 4, format);
	sql_bind_text(statement, 5, table->name);
	ret = sql_run(statement);
	sqlite3_finalize(statement);
	return ret;
}

static int describe_columns(sqlite3 *db, const struct event_table *table, unsigned int first)
{
	static const char sql[] =
		"INSERT INTO event_field(type_id, position, name, kind, column_name) VALUES(?, ?, ?, ?, ?)";
	sqlite3_stmt *statement = NULL;
	int position = -1;
	int ret = sql_prepare(db, sql, &statement);

	for (unsigned int i = 0; !ret && i < table->ncolumns; i++) {
		if (!table->columns[i].field)
			continue;
		position++;
		if (i < first)
			continue;
		sqlite3_bind_int64(statement, 1, table->id);
		sqlite3_bind_int64(statement, 2, position);
		sql_bind_text(statement, 3, table->columns[i].field);
		sql_bind_text(statement, 4, store_kind_name(table->columns[i].kind));
		sql_bind_text(statement, 5, table->columns[i].name);
		ret = sql_run(statement);
	}
	sqlite3_finalize(statement);
	return ret;
}

int event_table_create(sqlite3 *db, int64_t id, const struct event_type *type, struct event_table **out,
		       struct column_map *map)
{
	struct event_table *table = calloc(1, sizeof(*table));
	int ret = -ENOMEM;

	if (!table)
		return ret;
	table->id = id;
	table->system = strndup(type->system, STORE_NAME_BYTES);
	table->event = strndup(type->name, STORE_NAME_BYTES);
	if (!table->system || !table->event)
		goto free_table;
	ret = choose_table_name(db, table);
	if (!ret)
		ret = map_columns(table, type, map);
	if (!ret)
		ret = create(db, table);
	if (!ret)
		ret = describe_type(db, table, type->format);
	if (!ret)
		ret = describe_columns(db, table, 0);
	if (ret)
		goto free_table;
	*out = table;
	return 0;
free_table:
	event_table_free(table);
	return ret;
}

void event_table_free(struct event_table *table)
{
	if (!table)
		return;
	for (unsigned int i = 0; i < table->ncolumns; i++) {
		free(table->columns[i].field);
		free(table->columns[i].name);
	}
	free(table->system);
	free(table->event);
	sqlite3_free(table->name);
	free(table);
}

static int add_column(sqlite3 *db, const struct event_table *table, const char *column)
{
	sqlite3_str *sql = sqlite3_str_new(db);

	sqlite3_str_appendf(sql, "ALTER TABLE main.\"%w\" ADD COLUMN \"%w\"", table->name, column);
	return sql_exec_built(db, sql);
}

int event_table_extend(sqlite3 *db, struct event_table *table, const struct event_type *type, struct column_map *map)
{
	unsigned int before = table->ncolumns;
	int ret = map_columns(table, type, map);

	for (unsigned int i = before; !ret && i < table->ncolumns; i++)
		ret = add_column(db, table, table->columns[i].name);
	return ret ? ret : describe_columns(db, table, before);
}

int event_table_add_buffer(sqlite3 *db, struct event_table *table)
{
	struct table_column *column = &table->columns[table->ncolumns];

	column->name = strdup("buffer");
	if (!column->name)
		return -ENOMEM;
	table->ncolumns++;
	table->has_buffer = true;
	return add_column(db, table, column->name);
}

/*
 * One value for each column, in their order, and no list of columns: then SQLite (3.40, insert.c) lets the SELECT put
 * its results where the record is made from. With a list it copies every value once more, for 15 % of the time.
 */
int event_table_prepare(sqlite3 *db, const struct event_table *table, const struct column_map *map,
			sqlite3_stmt **out)
{
	sqlite3_str *sql = sqlite3_str_new(db);

	sqlite3_str_appendf(sql, "INSERT INTO main.\"%w\" SELECT id, late, cpu, pid", table->name);
	for (unsigned int i = 0; i < table->ncolumns; i++) {
		sqlite3_str_appendall(sql, ", ");
		if (!table->columns[i].field)
			batch_column_name(sql, COLUMN_BUFFER);
		else if (map->field[i] == NO_FIELD)
			sqlite3_str_appendall(sql, "NULL");
		else
			batch_column_name(sql, COLUMN_FIRST_FIELD + map->field[i]);
	}
	sqlite3_str_appendall(sql, " FROM temp.batch");
	return sql_prepare_built(db, sql, out);
}

int event_table_write_rows(sqlite3 *db, const struct event_table *table)
{
	sqlite3_stmt *statement = NULL;
	int ret = sql_prepare(db, "UPDATE event_type SET rows = ?1 WHERE id = ?2", &statement);

	if (ret)
		return ret;
	sqlite3_bind_int64(statement, 1, table->rows);
	sqlite3_bind_int64(statement, 2, table->id);
	ret = sql_run(statement);
	sqlite3_finalize(statement);
	return ret;
}
