// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor_insert.c - the least that storing a recording can cost by the plain use of SQLite: the rows of its events, put
 * by one prepared INSERT per table into the same tables, in the order in which they happened, and nothing else.
 *
 * STORE is what squall import made. All rows of its event tables are read into memory first, so that the clock runs
 * from BEGIN to the end of COMMIT only. OUT is made anew with the statements that created the tables of STORE, its page
 * size and the settings of store/writer.c for imports: no journal, no syncs, the same cache.
 *
 * Prints the seconds and the number of rows.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TABLES_MAX	1024u

static const char setup_sql[] =
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA cache_size = -4096;"
	"PRAGMA journal_mode = OFF;"
	"PRAGMA synchronous = OFF;"
	"PRAGMA locking_mode = EXCLUSIVE;";

/* ts is left out by pragma_table_info: it is computed, and no part of a row. */
static const char tables_sql[] =
	"SELECT (SELECT format('SELECT %s FROM \"%w\" ORDER BY id', group_concat(format('\"%w\"', name)), table_name)"
	"        FROM pragma_table_info(table_name)),"
	"       (SELECT format('INSERT INTO \"%w\" VALUES(%s)', table_name, group_concat('?'))"
	"        FROM pragma_table_info(table_name)),"
	"       made.sql "
	"FROM event_type JOIN sqlite_schema AS made ON made.type = 'table' AND made.name = table_name "
	"ORDER BY event_type.id";

struct table {
	sqlite3_stmt	*select;
	sqlite3_stmt	*insert;
	int		columns;
	int64_t		id;		/* of the row that select stands on */
	bool		ended;
};

/* Grows by doubling; a failed one leaves the program. */
struct array {
	void		*data;
	size_t		bytes;
	size_t		capacity;
};

/* All rows one after the other: their tables, and their values with the SQLite type of each. */
struct rows {
	struct array	table;		/* uint16_t, one per row */
	struct array	type;		/* uint8_t, one per value */
	struct array	value;		/* int64_t, one per value: the number, or where the text starts in text */
	struct array	text;		/* uint32_t length, then so many bytes */
	uint64_t	count;
};

struct bench {
	sqlite3		*store;
	sqlite3		*out;
	struct table	tables[TABLES_MAX];
	unsigned int	ntables;
	struct rows	rows;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "floor_insert: %s: %s\n", what, why);
	exit(1);
}

static void check(sqlite3 *db, int ret, const char *what)
{
	if (ret != SQLITE_OK && ret != SQLITE_ROW && ret != SQLITE_DONE)
		die(what, sqlite3_errmsg(db));
}

static void append(struct array *array, const void *data, size_t bytes)
{
	if (array->capacity - array->bytes < bytes) {
		array->capacity = 2 * (array->bytes + bytes);
		array->data = realloc(array->data, array->capacity);
		if (!array->data)
			die("rows", "out of memory");
	}
	memcpy((char *)array->data + array->bytes, data, bytes);
	array->bytes += bytes;
}

static void open_out(struct bench *b, const char *path)
{
	sqlite3_stmt *page_size;
	char sql[64];

	check(b->store, sqlite3_prepare_v2(b->store, "PRAGMA page_size", -1, &page_size, NULL), "page size");
	check(b->store, sqlite3_step(page_size), "page size");
	snprintf(sql, sizeof(sql), "PRAGMA page_size = %d", sqlite3_column_int(page_size, 0));
	sqlite3_finalize(page_size);
	if (unlink(path) && access(path, F_OK) == 0)
		die(path, "cannot be replaced");
	check(b->out, sqlite3_open_v2(path, &b->out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				      NULL), path);
	check(b->out, sqlite3_exec(b->out, sql, NULL, NULL, NULL), "page size");
	check(b->out, sqlite3_exec(b->out, setup_sql, NULL, NULL, NULL), "settings");
}

static void step(struct bench *b, struct table *table)
{
	int ret = sqlite3_step(table->select);

	check(b->store, ret, "read a row");
	table->ended = ret == SQLITE_DONE;
	if (!table->ended)
		table->id = sqlite3_column_int64(table->select, 0);
}

static void open_tables(struct bench *b)
{
	sqlite3_stmt *list;

	check(b->store, sqlite3_prepare_v2(b->store, tables_sql, -1, &list, NULL), "list the event tables");
	while (sqlite3_step(list) == SQLITE_ROW) {
		const char *select = (const char *)sqlite3_column_text(list, 0);
		const char *insert = (const char *)sqlite3_column_text(list, 1);
		const char *create = (const char *)sqlite3_column_text(list, 2);
		struct table *table = &b->tables[b->ntables++];

		if (b->ntables == TABLES_MAX)
			die("STORE", "too many tables");
		check(b->out, sqlite3_exec(b->out, create, NULL, NULL, NULL), create);
		check(b->store, sqlite3_prepare_v2(b->store, select, -1, &table->select, NULL), select);
		check(b->out, sqlite3_prepare_v3(b->out, insert, -1, SQLITE_PREPARE_PERSISTENT, &table->insert, NULL),
		      insert);
		table->columns = sqlite3_column_count(table->select);
		step(b, table);
	}
	sqlite3_finalize(list);
}

static int64_t keep_text(struct rows *rows, sqlite3_stmt *row, int column)
{
	const void *text = sqlite3_column_blob(row, column);
	uint32_t len = sqlite3_column_bytes(row, column);
	int64_t start = rows->text.bytes;

	append(&rows->text, &len, sizeof(len));
	append(&rows->text, len ? text : "", len);
	return start;
}

static void keep_row(struct bench *b, uint16_t number)
{
	const struct table *table = &b->tables[number];
	struct rows *rows = &b->rows;

	append(&rows->table, &number, sizeof(number));
	for (int i = 0; i < table->columns; i++) {
		uint8_t type = sqlite3_column_type(table->select, i);
		int64_t value = 0;

		if (type == SQLITE_INTEGER)
			value = sqlite3_column_int64(table->select, i);
		else if (type == SQLITE_TEXT || type == SQLITE_BLOB)
			value = keep_text(rows, table->select, i);
		append(&rows->type, &type, sizeof(type));
		append(&rows->value, &value, sizeof(value));
	}
	rows->count++;
}

/* The rows of all tables in the order of their ids. */
static void load_rows(struct bench *b)
{
	for (;;) {
		struct table *next = NULL;

		for (unsigned int i = 0; i < b->ntables; i++) {
			struct table *table = &b->tables[i];

			if (!table->ended && (!next || table->id < next->id))
				next = table;
		}
		if (!next)
			return;
		keep_row(b, next - b->tables);
		step(b, next);
	}
}

static void bind_text(sqlite3_stmt *insert, int parameter, uint8_t type, const char *counted)
{
	uint32_t len;

	memcpy(&len, counted, sizeof(len));
	counted += sizeof(len);
	if (type == SQLITE_TEXT)
		sqlite3_bind_text(insert, parameter, counted, len, SQLITE_STATIC);
	else
		sqlite3_bind_blob(insert, parameter, counted, len, SQLITE_STATIC);
}

static void insert_rows(struct bench *b)
{
	const uint16_t *number = b->rows.table.data;
	const uint8_t *type = b->rows.type.data;
	const int64_t *value = b->rows.value.data;

	for (uint64_t row = 0; row < b->rows.count; row++) {
		const struct table *table = &b->tables[*number++];

		for (int i = 1; i <= table->columns; i++, type++, value++) {
			if (*type == SQLITE_INTEGER)
				sqlite3_bind_int64(table->insert, i, *value);
			else if (*type == SQLITE_NULL)
				sqlite3_bind_null(table->insert, i);
			else
				bind_text(table->insert, i, *type, (char *)b->rows.text.data + *value);
		}
		sqlite3_step(table->insert);
		check(b->out, sqlite3_reset(table->insert), "insert a row");
	}
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double time_inserting(struct bench *b)
{
	double start_s = now_s();

	check(b->out, sqlite3_exec(b->out, "BEGIN IMMEDIATE", NULL, NULL, NULL), "begin");
	insert_rows(b);
	check(b->out, sqlite3_exec(b->out, "COMMIT", NULL, NULL, NULL), "commit");
	return now_s() - start_s;
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc != 3) {
		fputs("usage: floor_insert STORE OUT\n", stderr);
		return 2;
	}
	check(b.store, sqlite3_open_v2(argv[1], &b.store, SQLITE_OPEN_READONLY, NULL), argv[1]);
	open_out(&b, argv[2]);
	open_tables(&b);
	load_rows(&b);
	printf("seconds=%.6f rows=%" PRIu64 "\n", time_inserting(&b), b.rows.count);
	return 0;
}
