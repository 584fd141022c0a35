// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: what goes in comes out, whatever the names and values; the file is made and ended as promised.
 *
 * Expected values are those that went in, or follow from schema.sql by hand; where the file itself is asked, plain
 * SQLite is the second source.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/reader.h"
#include "store/writer.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- a directory for each test --- */

static int make_directory(void **state)
{
	char template[] = "/tmp/squall-test-XXXXXX";

	if (!mkdtemp(template) || chdir(template))
		return -1;
	*state = strdup(template);
	return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];
	int ret;

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	ret = chdir("/") || system(command);
	free(*state);
	return ret;
}

/* --- events --- */

#define INT(n)		{ .kind = VALUE_INT, .i = (n) }
#define UINT(n)		{ .kind = VALUE_UINT, .u = (n) }
#define TEXT(s)		{ .kind = VALUE_TEXT, .p = (s), .len = sizeof(s) - 1 }
#define BLOB(s)		{ .kind = VALUE_BLOB, .p = (s), .len = sizeof(s) - 1 }
#define NONE		{ .kind = VALUE_NONE }

static struct event_type type_of(uint32_t id, const char *system, const char *name,
				 const struct event_field *fields, unsigned int nfields)
{
	return (struct event_type){
		.id = id, .system = system, .name = name, .format = "", .fields = fields, .nfields = nfields,
	};
}

static const struct event_field one_field[] = { { "nid", VALUE_INT } };

/* --- a writer and a reader that must work --- */

static struct store_error error;

static struct store_writer *open_writer(const char *path, enum store_mode mode)
{
	const struct store_writer_opts opts = { .mode = mode };
	struct store_writer *w = NULL;
	int ret = store_writer_open(path, &opts, &error, &w);

	if (ret)
		print_error("%s\n", error.what);
	assert_int_equal(ret, 0);
	return w;
}

static void put_type(struct store_writer *w, const struct event_type *type)
{
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->type(sink.ctx, type), 0);
}

static int try_event(struct store_writer *w, const struct event_type *type, uint64_t ts,
		     const struct event_value *values)
{
	const struct event ev = { .ts = ts, .type = type, .tid = 7, .cpu = 1, .values = values };
	struct sink sink = store_writer_sink(w);

	return sink.ops->event(sink.ctx, &ev);
}

static void put_event(struct store_writer *w, const struct event_type *type, uint64_t ts,
		      const struct event_value *values)
{
	assert_int_equal(try_event(w, type, ts, values), 0);
}

static void put_number(struct store_writer *w, const struct event_type *type, uint64_t ts, int64_t number)
{
	const struct event_value value = INT(number);

	put_event(w, type, ts, &value);
}

static void close_writer(struct store_writer *w)
{
	int ret = store_writer_close(w);

	if (ret)
		print_error("%s\n", error.what);
	assert_int_equal(ret, 0);
}

static struct store *open_reader(const char *path)
{
	struct store *s = NULL;
	int ret = store_open(path, &error, &s);

	if (ret)
		print_error("%s\n", error.what);
	assert_int_equal(ret, 0);
	return s;
}

static struct store_cursor *open_cursor(struct store *s, const char *const *names, uint64_t from, uint64_t to)
{
	struct store_cursor *cursor = NULL;

	assert_int_equal(store_events(s, names, from, to, &cursor), 0);
	return cursor;
}

static const struct event *next(struct store_cursor *cursor)
{
	const struct event *ev = NULL;

	assert_int_equal(store_next(cursor, &ev), 0);
	return ev;
}

static void assert_end(struct store_cursor *cursor)
{
	const struct event *ev;

	assert_int_equal(store_next(cursor, &ev), 1);
	assert_int_equal(store_next(cursor, &ev), 1);
}

static void assert_value(const struct event_value *is, const struct event_value *expected)
{
	assert_int_equal(is->kind, expected->kind);
	if (value_is_number(expected))
		assert_int_equal(is->i, expected->i);
	if (expected->kind == VALUE_TEXT || expected->kind == VALUE_BLOB) {
		assert_int_equal(is->len, expected->len);
		assert_memory_equal(is->p, expected->p, expected->len);
	}
}

/* The first column of the first row, as SQLite alone sees it; "NULL" for NULL and for no row. */
static const char *ask(const char *path, const char *sql)
{
	static char answer[256];
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	snprintf(answer, sizeof(answer), "NULL");
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

static void tell(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* --- values --- */

static void values_come_back_as_they_were(void **state)
{
	static const struct event_field fields[] = {
		{ "order", VALUE_INT }, { "pfn", VALUE_UINT }, { "comm", VALUE_TEXT }, { "mask", VALUE_BLOB },
	};
	static const struct event_value rows[][ARRAY_SIZE(fields)] = {
		{ INT(0), UINT(0), TEXT(""), BLOB("") },
		{ INT(-1), UINT(1), TEXT("kswapd0"), BLOB("\0\1\2") },
		{ INT(INT64_MIN), UINT(UINT64_MAX), TEXT("\xff\xfe\x80"), BLOB("\xff") },
		{ INT(INT64_MAX), UINT(0xffff888100000000), TEXT("12"), BLOB("12") },
		{ NONE, NONE, NONE, NONE },
		{ INT(1), UINT(2), TEXT("a\0b"), BLOB("'; DROP TABLE meta; --") },
		{ TEXT("a name for a number"), UINT((uint64_t)INT64_MAX + 1), INT(5), TEXT("not a blob") },
	};
	const struct event_type type = type_of(0, "vmscan", "all_kinds", fields, ARRAY_SIZE(fields));
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;

	put_type(w, &type);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		put_event(w, &type, 100 + i, rows[i]);
	close_writer(w);

	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct event *ev = next(cursor);

		assert_string_equal(ev->type->name, "all_kinds");
		assert_string_equal(ev->type->system, "vmscan");
		assert_int_equal(ev->type->nfields, ARRAY_SIZE(fields));
		assert_int_equal(ev->ts, 100 + i);
		assert_int_equal(ev->tid, 7);
		assert_int_equal(ev->cpu, 1);
		for (unsigned int j = 0; j < ARRAY_SIZE(fields); j++) {
			assert_string_equal(ev->type->fields[j].name, fields[j].name);
			assert_int_equal(ev->type->fields[j].kind, fields[j].kind);
			assert_value(&ev->values[j], &rows[i][j]);
		}
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	/* Two's complement of UINT64_MAX is -1; printf shows it as the kernel would. */
	assert_string_equal(ask("s.db", "SELECT printf('%#x', pfn) FROM all_kinds WHERE ts = 102"),
			    "0xffffffffffffffff");
	assert_string_equal(ask("s.db", "SELECT typeof(comm) FROM all_kinds WHERE ts = 103"), "text");
	assert_string_equal(ask("s.db", "SELECT rows FROM event_type"), "7");
}

static void unknown_cpu_and_thread_are_null(void **state)
{
	const struct event_type type = type_of(0, "", "e", one_field, 1);
	const struct event_value value = INT(1);
	const struct event ev = { .type = &type, .ts = 5, .tid = -1, .cpu = EVENT_CPU_UNKNOWN, .values = &value };
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct sink sink = store_writer_sink(w);
	struct store_cursor *cursor;
	const struct event *back;
	struct store *s;

	put_type(w, &type);
	assert_int_equal(sink.ops->event(sink.ctx, &ev), 0);
	close_writer(w);
	assert_string_equal(ask("s.db", "SELECT count(*) FROM e WHERE cpu IS NULL AND pid IS NULL"), "1");
	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	back = next(cursor);
	assert_int_equal(back->tid, -1);
	assert_int_equal(back->cpu, EVENT_CPU_UNKNOWN);
	store_cursor_free(cursor);
	store_close(s);
}

/* Far larger than the memory of a batch, and many that just fill it. */
static void long_texts_survive(void **state)
{
	static const struct event_field fields[] = { { "text", VALUE_TEXT }, { "n", VALUE_INT } };
	static const unsigned int lengths[] = { 1, 1 << 20, 0, 40000, 20000, 20000, 32767, 32768, 3 };
	const struct event_type type = type_of(0, "", "print", fields, 2);
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;
	char *text = malloc(1 << 20);

	put_type(w, &type);
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct event_value values[] = { { .kind = VALUE_TEXT, .p = text, .len = lengths[i] }, INT(i) };

		memset(text, 'a' + i, lengths[i]);
		put_event(w, &type, i, values);
		memset(text, '#', 1 << 20);	/* borrowed during the call only */
	}
	close_writer(w);
	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		const struct event *ev = next(cursor);

		assert_int_equal(ev->values[1].i, i);
		assert_int_equal(ev->values[0].len, lengths[i]);
		memset(text, 'a' + i, lengths[i]);
		assert_memory_equal(ev->values[0].p, text, lengths[i]);
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	free(text);
}

/* --- names --- */

static void hostile_and_clashing_names(void **state)
{
	static const struct {
		const char	*system;
		const char	*name;
		const char	*table;		/* by the rule in schema.sql; NULL: any */
	} types[] = {
		{ "vmscan",	"mm_vmscan_write_folio",	"mm_vmscan_write_folio" },
		{ "other",	"mm_vmscan_write_folio",	"other:mm_vmscan_write_folio" },
		{ "vmscan",	"MM_VMSCAN_WRITE_FOLIO",	"vmscan:MM_VMSCAN_WRITE_FOLIO" },
		{ "x",		"meta",				"x:meta" },
		{ "x",		"Finding",			"x:Finding" },
		{ "x",		"node_pressure",		"x:node_pressure" },
		{ "x",		"sqlite_master",		"x:sqlite_master" },
		{ "sqlite_",	"sqlite_x",			NULL },
		{ "x",		"",				"x:" },
		{ "",		"",				":" },
		{ "x",		"batch",			"batch" },
		{ "x",		"select",			"select" },
		{ "x",		"a\"b'c`d]e;f\n\033[31m\\",	"a\"b'c`d]e;f\n\033[31m\\" },
		{ "x",		"%s%n%w%q",			"%s%n%w%q" },
		{ "x",		"\xff\xfe",			"\xff\xfe" },
	};
	struct event_type announced[ARRAY_SIZE(types)];
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		announced[i] = type_of(i, types[i].system, types[i].name, one_field, 1);
		put_type(w, &announced[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		put_number(w, &announced[i], 10, i);
	close_writer(w);

	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		const struct event *ev = next(cursor);
		char sql[128];

		assert_string_equal(ev->type->name, types[i].name);
		assert_string_equal(ev->type->system, types[i].system);
		assert_int_equal(ev->values[0].i, i);
		snprintf(sql, sizeof(sql), "SELECT table_name FROM event_type WHERE id = %u", i + 1);
		if (types[i].table)
			assert_string_equal(ask("s.db", sql), types[i].table);
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	assert_string_equal(ask("s.db", "PRAGMA integrity_check"), "ok");
}

static void fields_named_as_our_columns(void **state)
{
	static const struct event_field fields[] = {
		{ "pid", VALUE_INT }, { "ts", VALUE_INT }, { "ID", VALUE_INT }, { "cpu", VALUE_INT },
		{ "buffer", VALUE_INT }, { "rowid", VALUE_INT }, { "late", VALUE_INT }, { "pid_", VALUE_INT },
		{ "", VALUE_INT }, { "pid", VALUE_INT }, { "a\"b", VALUE_INT }, { "PFN", VALUE_INT },
		{ "pfn", VALUE_INT },
	};
	static const char *const columns[] = {
		"pid_", "ts_", "ID_", "cpu_", "buffer_", "rowid_", "late_", "pid__",
		"_", "pid___", "a\"b", "PFN",
		"pfn_",
	};
	const struct event_type type = type_of(0, "oom", "mark_victim", fields, ARRAY_SIZE(fields));
	struct event_value values[ARRAY_SIZE(fields)];
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	const struct event *ev;
	struct store *s;

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		values[i] = (struct event_value)INT(1000 + i);
	put_type(w, &type);
	put_event(w, &type, 1, values);
	close_writer(w);
	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	ev = next(cursor);
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		char sql[128];

		assert_string_equal(ev->type->fields[i].name, fields[i].name);
		assert_int_equal(ev->values[i].i, 1000 + i);
		snprintf(sql, sizeof(sql), "SELECT column_name FROM event_field WHERE position = %u", i);
		assert_string_equal(ask("s.db", sql), columns[i]);
	}
	store_cursor_free(cursor);
	store_close(s);
	assert_string_equal(ask("s.db", "SELECT pid || ' ' || pid_ || ' ' || pid__ FROM mark_victim"), "7 1000 1007");
}

/* The text importer learns of fields as it goes, and announces the tracepoint again with more of them. */
static void a_tracepoint_that_grows(void **state)
{
	static const struct event_field first[] = { { "nid", VALUE_INT }, { "order", VALUE_INT } };
	static const struct event_field second[] = {
		{ "order", VALUE_INT }, { "pid", VALUE_INT }, { "nid", VALUE_INT },
	};
	static const struct event_field third[] = { { "reason", VALUE_TEXT } };
	const struct event_type types[] = {
		type_of(0, "vmscan", "wake", first, 2),
		type_of(1, "vmscan", "wake", second, 3),
		type_of(2, "vmscan", "wake", third, 1),
	};
	static const struct event_value values[][3] = {
		{ INT(1), INT(2) }, { INT(20), INT(30), INT(10) }, { TEXT("why") }, { INT(3), INT(4) },
	};
	static const unsigned int type_of_event[] = { 0, 1, 2, 0 };
	/* nid, order, pid, reason: the union in the order of arrival */
	static const struct event_value expected[][4] = {
		{ INT(1), INT(2), NONE, NONE }, { INT(10), INT(20), INT(30), NONE },
		{ NONE, NONE, NONE, TEXT("why") }, { INT(3), INT(4), NONE, NONE },
	};
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;

	for (unsigned int i = 0; i < ARRAY_SIZE(type_of_event); i++) {
		if (i < ARRAY_SIZE(types))
			put_type(w, &types[i]);
		put_event(w, &types[type_of_event[i]], 10 + i, values[i]);
	}
	close_writer(w);
	s = open_reader("s.db");
	assert_int_equal(store_ntypes(s), 1);
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct event *ev = next(cursor);

		assert_int_equal(ev->type->nfields, 4);
		for (unsigned int j = 0; j < 4; j++)
			assert_value(&ev->values[j], &expected[i][j]);
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	assert_string_equal(ask("s.db", "SELECT rows FROM event_type"), "4");
}

/* Two sets of 64 fields do not fit into one table that a reader can give back. */
static void more_fields_than_a_table_takes(void **state)
{
	struct event_field fields[2][EVENT_MAX_FIELDS];
	char names[2][EVENT_MAX_FIELDS][8];
	struct event_value values[EVENT_MAX_FIELDS];
	struct event_type types[2];
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;

	for (unsigned int t = 0; t < 2; t++) {
		for (unsigned int i = 0; i < EVENT_MAX_FIELDS; i++) {
			snprintf(names[t][i], sizeof(names[t][i]), "f%u_%u", t, i);
			fields[t][i] = (struct event_field){ names[t][i], VALUE_INT };
		}
		types[t] = type_of(t, "x", "wide", fields[t], EVENT_MAX_FIELDS);
		put_type(w, &types[t]);
		for (unsigned int i = 0; i < EVENT_MAX_FIELDS; i++)
			values[i] = (struct event_value)INT(100 * t + i);
		for (unsigned int n = 0; n < 300; n++)
			put_event(w, &types[t], 1, values);
	}
	close_writer(w);
	s = open_reader("s.db");
	assert_int_equal(store_ntypes(s), 2);
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int n = 0; n < 600; n++) {
		const struct event *ev = next(cursor);

		assert_string_equal(ev->type->name, "wide");
		assert_int_equal(ev->type->nfields, EVENT_MAX_FIELDS);
		assert_int_equal(ev->values[63].i, n < 300 ? 63 : 163);
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
}

/* More types in use than there are batches (512): each is handed over many times. */
static void thousands_of_types(void **state)
{
	enum { TYPES = 1500, ROUNDS = 3 };
	struct event_type *types = calloc(TYPES, sizeof(*types));
	char (*names)[16] = calloc(TYPES, sizeof(*names));
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;

	for (unsigned int i = 0; i < TYPES; i++) {
		snprintf(names[i], sizeof(names[i]), "e%u", i);
		types[i] = type_of(i, "x", names[i], one_field, 1);
		put_type(w, &types[i]);
	}
	for (unsigned int n = 0; n < TYPES * ROUNDS; n++)
		put_number(w, &types[n % TYPES], 1000 + n, n);
	close_writer(w);
	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int n = 0; n < TYPES * ROUNDS; n++) {
		const struct event *ev = next(cursor);

		assert_int_equal(ev->values[0].i, n);
		assert_string_equal(ev->type->name, names[n % TYPES]);
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	free(types);
	free(names);
}

static void buffers_are_kept(void **state)
{
	static const struct event_field more[] = { { "nid", VALUE_INT }, { "order", VALUE_INT } };
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	const struct event_type wider = type_of(1, "x", "e", more, 2);
	const struct event_type main_only = type_of(2, "x", "m", one_field, 1);
	static const struct event_value values[] = { INT(1), INT(2) };
	struct event ev = { .type = &type, .tid = 1, .values = values };
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct sink sink = store_writer_sink(w);
	struct store_cursor *cursor;
	struct store *s;

	put_type(w, &type);
	put_type(w, &main_only);
	for (unsigned int i = 0; i < 6; i++) {
		if (i == 4) {
			put_type(w, &wider);
			ev.type = &wider;
		}
		ev.ts = i;
		ev.buffer = i % 3;
		assert_int_equal(sink.ops->event(sink.ctx, &ev), 0);
	}
	put_number(w, &main_only, 6, 9);
	close_writer(w);
	s = open_reader("s.db");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int i = 0; i < 6; i++) {
		const struct event *back = next(cursor);

		assert_int_equal(back->buffer, i % 3);
		assert_int_equal(back->type->nfields, 2);
		assert_int_equal(back->values[0].i, 1);
		assert_int_equal(back->values[1].kind, i < 4 ? VALUE_NONE : VALUE_INT);
	}
	assert_int_equal(next(cursor)->buffer, 0);
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	assert_string_equal(ask("s.db", "SELECT count(*) FROM e WHERE buffer IS NULL"), "2");
	assert_string_equal(ask("s.db", "SELECT count(*) FROM pragma_table_info('m') WHERE name = 'buffer'"), "0");
}

/* --- order and ranges --- */

/* Three types, 1000 events, always three of the same time: the order is that of arrival, across batches and types. */
static void write_ordered(const char *path)
{
	const struct event_type types[] = {
		type_of(0, "x", "a", one_field, 1), type_of(1, "x", "b", one_field, 1),
		type_of(2, "x", "c", one_field, 1),
	};
	struct store_writer *w = open_writer(path, STORE_BULK);

	for (unsigned int i = 0; i < 3; i++)
		put_type(w, &types[i]);
	for (unsigned int n = 0; n < 1000; n++)
		put_number(w, &types[n * n % 3], 5000 + 10 * (n / 3), n);
	close_writer(w);
}

static void equal_times_keep_their_order(void **state)
{
	struct store_cursor *cursor;
	struct store *s;

	write_ordered("s.db");
	s = open_reader("s.db");
	assert_string_equal(store_meta(s, "out_of_order"), "0");
	assert_string_equal(store_meta(s, "events"), "1000");
	assert_string_equal(store_meta(s, "start_ns"), "5000");
	assert_string_equal(store_meta(s, "end_ns"), "8330");
	assert_null(store_meta(s, "no such key"));
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int n = 0; n < 1000; n++) {
		const struct event *ev = next(cursor);

		assert_int_equal(ev->values[0].i, n);
		assert_int_equal(ev->ts, 5000 + 10 * (n / 3));
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	assert_string_equal(ask("s.db", "SELECT group_concat(ts) FROM (SELECT ts FROM a UNION ALL SELECT ts FROM b "
				"UNION ALL SELECT ts FROM c ORDER BY 1 LIMIT 5)"), "5000,5000,5000,5010,5010");
}

static void ranges(void **state)
{
	static const struct {
		uint64_t	from;
		uint64_t	to;
		unsigned int	first;		/* at time t: 3 * (t - 5000) / 10 and the next two */
		unsigned int	count;
	} rows[] = {
		{ 0,		STORE_TO_END,	0,	1000 },
		{ 0,		4999,		0,	0 },
		{ 0,		5000,		0,	3 },
		{ 5000,		5000,		0,	3 },
		{ 5001,		5009,		0,	0 },
		{ 5010,		5029,		3,	6 },
		{ 5005,		5030,		3,	9 },
		{ 8330,		STORE_TO_END,	999,	1 },
		{ 8331,		STORE_TO_END,	0,	0 },
		{ STORE_TO_END,	STORE_TO_END,	0,	0 },
		{ 5030,		5010,		0,	0 },
	};
	struct store *s;

	write_ordered("s.db");
	s = open_reader("s.db");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct store_cursor *cursor = open_cursor(s, NULL, rows[i].from, rows[i].to);

		for (unsigned int n = 0; n < rows[i].count; n++)
			assert_int_equal(next(cursor)->values[0].i, rows[i].first + n);
		assert_end(cursor);
		store_cursor_free(cursor);
	}
	store_close(s);
}

static void named_types_only(void **state)
{
	static const char *const names[] = { "b", "no such tracepoint", NULL };
	struct store_cursor *cursor;
	struct store *s;

	write_ordered("s.db");
	s = open_reader("s.db");
	/* n * n % 3 is 1 unless n is a multiple of 3, and then 0; c has none. */
	cursor = open_cursor(s, names, 0, 5010);
	assert_int_equal(next(cursor)->values[0].i, 1);
	assert_int_equal(next(cursor)->values[0].i, 2);
	assert_int_equal(next(cursor)->values[0].i, 4);
	assert_int_equal(next(cursor)->values[0].i, 5);
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
}

/* Times that fall back, and clocks beyond all sense: nothing is lost, and the order of arrival stays. */
static void times_out_of_order(void **state)
{
	static const uint64_t times[] = {
		100, 50, 100, 0, (uint64_t)INT64_MAX + 1, UINT64_MAX, 200, (uint64_t)INT64_MAX, 150, 1ull << 62, 201,
	};
	const struct event_type types[] = { type_of(0, "x", "a", one_field, 1), type_of(1, "x", "b", one_field, 1) };
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	struct store_cursor *cursor;
	struct store *s;

	put_type(w, &types[0]);
	put_type(w, &types[1]);
	for (unsigned int i = 0; i < ARRAY_SIZE(times); i++)
		put_number(w, &types[i % 2], times[i], i);
	close_writer(w);
	s = open_reader("s.db");
	/* later than an earlier one: 50 and 0 after 100, and everything after UINT64_MAX */
	assert_string_equal(store_meta(s, "out_of_order"), "7");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int i = 0; i < ARRAY_SIZE(times); i++) {
		const struct event *ev = next(cursor);

		assert_int_equal(ev->values[0].i, i);
		assert_int_equal(ev->ts, times[i]);
	}
	assert_end(cursor);
	store_cursor_free(cursor);
	cursor = open_cursor(s, NULL, 51, 200);
	assert_int_equal(next(cursor)->values[0].i, 0);
	assert_int_equal(next(cursor)->values[0].i, 2);
	assert_int_equal(next(cursor)->values[0].i, 6);
	assert_int_equal(next(cursor)->values[0].i, 8);
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
}

/* --- everything that is no event --- */

static void write_story(const char *path)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	struct store_writer *w = open_writer(path, STORE_BULK);
	struct sink sink = store_writer_sink(w);
	const struct task_name names[] = {
		{ .tid = 5, .comm = "bash" }, { .tid = 5, .comm = "bash", .tgid = 4 },
		{ .tid = 5, .comm = "stress-ng" },
		{ .tid = 8197, .comm = "same place in the cache" },
	};
	const struct loss losses[] = {
		{ .ts = 200, .events = 17, .cpu = 3, .stage = "ring" },
		{ .ts = 0, .events = LOSS_COUNT_UNKNOWN, .cpu = EVENT_CPU_UNKNOWN, .stage = "input" },
	};
	struct sample sample = {
		.ts = 90, .scope = SCOPE_NODE, .node = 1, .name = "pgscan", .unit = "pages", .value = 5,
	};

	assert_int_equal(sink.ops->meta(sink.ctx, "clock", "boot"), 0);
	assert_int_equal(sink.ops->meta(sink.ctx, "clock", "mono"), 0);
	assert_int_equal(sink.ops->buffer(sink.ctx, 1, "second"), 0);
	assert_int_equal(sink.ops->symbol(sink.ctx, 0xffffffff81000000, "shrink_node"), 0);
	put_type(w, &type);
	assert_int_equal(sink.ops->task(sink.ctx, &names[0]), 0);
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	put_number(w, &type, 100, 1);
	assert_int_equal(sink.ops->task(sink.ctx, &names[0]), 0);
	assert_int_equal(sink.ops->task(sink.ctx, &names[3]), 0);
	/* completes the row of names[0] */
	assert_int_equal(sink.ops->task(sink.ctx, &names[1]), 0);
	sample.ts = 150;
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	assert_int_equal(sink.ops->loss(sink.ctx, &losses[1]), 0);
	assert_int_equal(sink.ops->loss(sink.ctx, &losses[0]), 0);
	assert_int_equal(sink.ops->task(sink.ctx, &names[2]), 0);
	put_number(w, &type, 200, 2);
	sample.ts = 250;
	sample.value = 9;
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	sample.scope = SCOPE_CGROUP;
	sample.node = -1;
	sample.cgroup_id = UINT64_MAX;
	sample.value = 0;
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	put_number(w, &type, 300, 3);
	assert_int_equal(sink.ops->end(sink.ctx), 0);
	close_writer(w);
}

struct story {
	char	text[2048];
	size_t	len;
	int	stop_at;	/* number of calls after which the sink fails; 0 never */
};

static int add(struct story *story, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	story->len += vsnprintf(story->text + story->len, sizeof(story->text) - story->len, format, args);
	va_end(args);
	assert_true(story->len < sizeof(story->text));
	return story->stop_at && --story->stop_at == 0 ? -EPIPE : 0;
}

static int story_type(void *ctx, const struct event_type *type)
{
	return add(ctx, "type %s\n", type->name);
}

static int story_event(void *ctx, const struct event *ev)
{
	return add(ctx, "event %" PRIu64 " %" PRId64 "\n", ev->ts, ev->values[0].i);
}

static int story_loss(void *ctx, const struct loss *loss)
{
	return add(ctx, "loss %" PRIu64 " cpu %u %s %" PRId64 "\n", loss->ts, loss->cpu, loss->stage, loss->events);
}

static int story_sample(void *ctx, const struct sample *sample)
{
	return add(ctx, "sample %" PRIu64 " scope %u node %d cgroup %" PRIx64 " %s %" PRId64 " %s\n", sample->ts,
		   sample->scope, sample->node, sample->cgroup_id, sample->name, sample->value, sample->unit);
}

static int story_task(void *ctx, const struct task_name *task)
{
	return add(ctx, "task %d %s %d\n", task->tid, task->comm, task->tgid);
}

static int story_symbol(void *ctx, uint64_t addr, const char *name)
{
	return add(ctx, "symbol %" PRIx64 " %s\n", addr, name);
}

static int story_buffer(void *ctx, uint16_t buffer, const char *name)
{
	return add(ctx, "buffer %u %s\n", buffer, name);
}

static int story_meta(void *ctx, const char *key, const char *value)
{
	return strcmp(key, "clock") ? 0 : add(ctx, "meta %s %s\n", key, value);
}

static const struct sink_ops story_ops = {
	.type = story_type, .event = story_event, .loss = story_loss, .sample = story_sample, .task = story_task,
	.symbol = story_symbol, .buffer = story_buffer, .meta = story_meta,
};

static void replay_tells_the_story_again(void **state)
{
	static const struct {
		uint64_t	from;
		uint64_t	to;
		const char	*text;
	} rows[] = {
		{ 0, STORE_TO_END,
		  "task 5 bash 4\n"
		  "task 8197 same place in the cache 0\n"
		  "sample 90 scope 1 node 1 cgroup 0 pgscan 5 pages\n"
		  "event 100 1\n"
		  "task 5 stress-ng 0\n"
		  "loss 0 cpu 65535 input -1\n"
		  "loss 200 cpu 3 ring 17\n"
		  "event 200 2\n"
		  "sample 250 scope 1 node 1 cgroup 0 pgscan 9 pages\n"
		  "sample 250 scope 3 node -1 cgroup ffffffffffffffff pgscan 0 pages\n"
		  "event 300 3\n" },
		/* the value of pgscan at 201 is the one of 90; the names from before the range count */
		{ 201, 260,
		  "task 5 bash 4\n"
		  "task 8197 same place in the cache 0\n"
		  "task 5 stress-ng 0\n"
		  "loss 0 cpu 65535 input -1\n"
		  "sample 201 scope 1 node 1 cgroup 0 pgscan 5 pages\n"
		  "sample 250 scope 1 node 1 cgroup 0 pgscan 9 pages\n"
		  "sample 250 scope 3 node -1 cgroup ffffffffffffffff pgscan 0 pages\n" },
	};
	static const char head[] = "meta clock mono\nbuffer 1 second\nsymbol ffffffff81000000 shrink_node\ntype e\n";
	struct store *s;

	write_story("s.db");
	s = open_reader("s.db");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct story story = { 0 };
		struct sink sink = { &story_ops, &story };

		assert_int_equal(store_replay(s, rows[i].from, rows[i].to, &sink), 0);
		assert_memory_equal(story.text, head, strlen(head));
		assert_string_equal(story.text + strlen(head), rows[i].text);
	}
	store_close(s);
	assert_string_equal(ask("s.db", "SELECT count(*) FROM task"), "3");
	assert_string_equal(ask("s.db", "SELECT count(*) FROM sample"), "3");
	assert_string_equal(ask("s.db", "SELECT value FROM sampled WHERE node = 1 AND ts > 200"), "9");
}

static void a_sink_stops_the_replay(void **state)
{
	struct store *s;

	write_story("s.db");
	s = open_reader("s.db");
	for (int stop_at = 1; stop_at <= 15; stop_at++) {
		struct story story = { .stop_at = stop_at };
		struct sink sink = { &story_ops, &story };

		assert_int_equal(store_replay(s, 0, STORE_TO_END, &sink), -EPIPE);
		assert_int_equal(story.stop_at, 0);
	}
	store_close(s);
}

static void records_of_the_analysis(void **state)
{
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	const struct store_chain chain = {
		.tid = 1, .comm = "fio", .start_ns = 2, .end_ns = 3, .cycles = 4, .reclaim_ns = 5, .order_requested = 0,
		.order_reclaimed = 9, .gfp_flags = 0xcc0, .migratetype = "unmovable", .reclaimed_pages = 8,
		.anon_pages = STORE_UNKNOWN, .write_folios = 10, .retries = 11, .no_progress_max = 12,
		.retries_free_above_min = 13, .compactions = 14, .compaction_order_max = 15, .ended = "open",
	};
	const struct store_finding finding = {
		.kind = "oom-storm", .severity = "high", .confidence = "low", .start_ns = 1, .end_ns = STORE_UNKNOWN,
		.node = STORE_UNKNOWN, .cgroup_id = -1, .tid = 42, .summary = "it's \"bad\"", .evidence = "{}",
		.references = "[]", .loss = -1,
	};

	assert_int_equal(store_writer_chain(w, &chain), 0);
	assert_int_equal(store_writer_finding(w, &finding), 0);
	assert_int_equal(store_writer_feature(w, "defrag_mode", "absent", "file"), 0);
	assert_int_equal(store_writer_feature(w, "defrag_mode", "present", NULL), 0);
	close_writer(w);
	assert_string_equal(ask("s.db", "SELECT concat_all FROM (SELECT tid || comm || start_ns || end_ns || cycles || "
		"reclaim_ns || order_requested || order_reclaimed || gfp_flags || migratetype || reclaimed_pages || "
		"ifnull(anon_pages, '-') || write_folios || retries || no_progress_max || retries_free_above_min || "
		"compactions || compaction_order_max || ended AS concat_all FROM reclaim_chain)"),
		"1fio2345093264unmovable8-101112131415open");
	assert_string_equal(ask("s.db", "SELECT kind || severity || confidence || start_ns || ifnull(end_ns, '-') || "
		"ifnull(node, '-') || cgroup_id || ifnull(cgroup, '-') || pid || ifnull(comm, '-') || summary || "
		"evidence || ifnull(explanation, '-') || \"references\" || loss FROM finding"),
		"oom-stormhighlow1---1-42-it's \"bad\"{}-[]-1");
	assert_string_equal(ask("s.db", "SELECT state || ifnull(how, '-') FROM kernel_feature"), "present-");
}

/* --- the file --- */

static unsigned int files_here(void)
{
	FILE *list = popen("ls -A | wc -l", "r");
	unsigned int count = 99;

	assert_non_null(list);
	assert_int_equal(fscanf(list, "%u", &count), 1);
	pclose(list);
	return count;
}

static void file_is_private_and_appears_when_complete(void **state)
{
	static const enum store_mode modes[] = { STORE_BULK, STORE_LIVE };
	struct stat st;

	umask(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct store_writer *w = open_writer("s.db", modes[i]);

		assert_int_equal(stat("s.db", &st) == 0, modes[i] == STORE_LIVE);
		close_writer(w);
		assert_int_equal(stat("s.db", &st), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0600);
		assert_int_equal(files_here(), 1);
		assert_string_equal(ask("s.db", "SELECT value FROM meta WHERE key = 'complete'"), "1");
		assert_string_equal(ask("s.db", "PRAGMA application_id"), "1399939436");	/* 0x5371616c */
		assert_string_equal(ask("s.db", "PRAGMA user_version"), "1");
		assert_int_equal(unlink("s.db"), 0);
	}
}

static void nothing_is_overwritten_unasked(void **state)
{
	static const struct {
		const char	*make;			/* shell command */
		bool		force;
		int		expected;
	} rows[] = {
		{ "echo precious > s.db",		false,	-EEXIST },
		{ "ln -s /nonexistent s.db",		false,	-EEXIST },
		{ "ln -s /nonexistent s.db",		true,	-EEXIST },
		{ "mkdir s.db",				false,	-EEXIST },
		{ "mkdir s.db",				true,	-EEXIST },
		{ "mkfifo s.db",			true,	-EEXIST },
		{ "echo old > s.db",			true,	0 },
		{ "echo old > s.db; echo x > s.db-wal",	true,	0 },
	};

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const unsigned int row = i / 2;
		const struct store_writer_opts opts = {
			.mode	= i % 2 ? STORE_LIVE : STORE_BULK,
			.force	= rows[row].force,
		};
		struct store_writer *w = NULL;

		assert_int_equal(system(rows[row].make), 0);
		assert_int_equal(store_writer_open("s.db", &opts, &error, &w), rows[row].expected);
		if (w) {
			close_writer(w);
			assert_string_equal(ask("s.db", "SELECT value FROM meta WHERE key = 'complete'"), "1");
		} else {
			assert_non_null(strstr(error.what, "s.db: cannot"));
			assert_int_equal(files_here(), 1);
		}
		assert_int_equal(system("rm -rf s.db*"), 0);
	}
}

/* Somebody else makes a file of that name while we write. */
static void a_file_that_came_meanwhile_stays(void **state)
{
	struct store_writer *w = open_writer("s.db", STORE_BULK);

	assert_int_equal(system("echo precious > s.db"), 0);
	assert_int_equal(store_writer_close(w), -EEXIST);
	assert_int_equal(system("grep -q precious s.db"), 0);
	assert_int_equal(files_here(), 1);
}

static void abort_leaves_nothing(void **state)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	struct store_writer *w = open_writer("s.db", STORE_BULK);

	put_type(w, &type);
	for (unsigned int n = 0; n < 1000; n++)
		put_number(w, &type, n, n);
	store_writer_abort(w);
	assert_int_equal(files_here(), 0);
	store_writer_abort(NULL);
}

static void names_that_sqlite_would_misread(void **state)
{
	static const char *const paths[] = { ":memory:", "file:x?mode=memory", "a%20b#c?d", "-x" };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(paths); i++) {
		struct stat st;

		close_writer(open_writer(paths[i / 2], i % 2 ? STORE_LIVE : STORE_BULK));
		assert_int_equal(stat(paths[i / 2], &st), 0);
		store_close(open_reader(paths[i / 2]));
		assert_int_equal(unlink(paths[i / 2]), 0);
	}
}

static void an_error_sticks(void **state)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	const struct event_type unannounced = type_of(9, "x", "e", one_field, 1);
	struct store_writer *w = open_writer("s.db", STORE_BULK);
	const struct event_value value = INT(1);

	put_type(w, &type);
	assert_int_equal(try_event(w, &unannounced, 1, &value), -EINVAL);
	assert_int_equal(try_event(w, &type, 1, &value), -EINVAL);
	assert_int_equal(store_writer_close(w), -EINVAL);
	assert_int_equal(files_here(), 0);
}

static void wait_for(pid_t pid, int *status)
{
	assert_int_equal(waitpid(pid, status, 0), pid);
}

/* The child commits 1000 events, adds some that are not committed, and dies. */
static void kill_9_keeps_what_was_committed(void **state)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	pid_t pid = fork();
	struct store_cursor *cursor;
	struct store *s;
	int status;

	if (pid == 0) {
		struct store_writer *w = open_writer("s.db", STORE_LIVE);

		put_type(w, &type);
		for (unsigned int n = 0; n < 1500; n++) {
			put_number(w, &type, 100 + n, n);
			if (n == 999 && store_writer_commit(w))
				_exit(1);
		}
		kill(getpid(), SIGKILL);
	}
	wait_for(pid, &status);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	s = open_reader("s.db");
	assert_string_equal(store_meta(s, "complete"), "0");
	assert_string_equal(store_meta(s, "end_ns"), "1099");
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	for (unsigned int n = 0; n < 1000; n++)
		assert_int_equal(next(cursor)->values[0].i, n);
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	assert_string_equal(ask("s.db", "SELECT ifnull(rows, '-') FROM event_type"), "-");

	/* The file alone, as it would be carried away, is as good: each commit ends with a checkpoint. */
	assert_int_equal(system("mkdir taken && cp s.db taken/ && chmod 500 taken"), 0);
	s = open_reader("taken/s.db");
	assert_string_equal(store_meta(s, "events"), "1000");
	store_close(s);
	assert_int_equal(system("chmod 700 taken"), 0);
}

static void a_live_store_is_readable(void **state)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	struct store_writer *w = open_writer("s.db", STORE_LIVE);
	struct store_cursor *cursor;
	struct store *s;

	put_type(w, &type);
	put_number(w, &type, 1, 10);
	assert_int_equal(store_writer_commit(w), 0);
	s = open_reader("s.db");
	put_number(w, &type, 2, 20);
	assert_int_equal(store_writer_commit(w), 0);
	cursor = open_cursor(s, NULL, 0, STORE_TO_END);
	assert_int_equal(next(cursor)->values[0].i, 10);
	assert_end(cursor);
	store_cursor_free(cursor);
	store_close(s);
	s = open_reader("s.db");
	assert_string_equal(store_meta(s, "events"), "2");
	assert_string_equal(store_meta(s, "complete"), "0");
	close_writer(w);
	store_close(s);
	s = open_reader("s.db");
	assert_string_equal(store_meta(s, "complete"), "1");
	store_close(s);
}

/* --- a recording in several files --- */

static void put_sample(struct store_writer *w, const char *name, uint64_t ts, int64_t value)
{
	const struct sample sample = { .ts = ts, .scope = SCOPE_NODE, .node = 0, .name = name, .unit = "pages",
				       .value = value };
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
}

static void put_task(struct store_writer *w, int32_t tid, const char *comm)
{
	const struct task_name task = { .tid = tid, .comm = comm };
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->task(sink.ctx, &task), 0);
}

static void put_names(struct store_writer *w)
{
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->meta(sink.ctx, "clock", "mono"), 0);
	assert_int_equal(sink.ops->symbol(sink.ctx, 0xffffffff81000000, "shrink_node"), 0);
	assert_int_equal(sink.ops->cgroup(sink.ctx, 12, "/a.slice"), 0);
	assert_int_equal(sink.ops->buffer(sink.ctx, 1, "second"), 0);
	assert_int_equal(store_writer_feature(w, "kswapd-reset-fix", "absent", "BTF"), 0);
}

/* What the source told once is in each file; what happened is in one. */
static void a_next_file_is_a_store_of_its_own(void **state)
{
	static const struct event_field more[] = { { "nid", VALUE_INT }, { "order", VALUE_INT } };
	const struct event_type one = type_of(0, "x", "e", one_field, 1), two = type_of(1, "x", "e", more, 2),
				three = type_of(2, "y", "e", one_field, 1);
	const struct event_value values[] = { INT(4), INT(9) };
	struct store_writer *w = open_writer("a.db", STORE_LIVE);

	put_names(w);
	put_type(w, &one);
	put_type(w, &two);
	put_task(w, 7, "before");
	put_sample(w, "nr_free_pages", 90, 500);
	put_sample(w, "nr_dirty", 91, 3);
	put_number(w, &one, 100, 1);
	put_task(w, 7, "after");
	put_number(w, &one, 100, 2);
	put_sample(w, "nr_free_pages", 105, 400);
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	put_event(w, &two, 100, values);		/* the same time once more: ids go on */
	put_type(w, &three);
	put_number(w, &three, 110, 5);
	put_task(w, 7, "after");
	put_sample(w, "nr_dirty", 111, 3);		/* not changed */
	put_sample(w, "nr_dirty", 112, 4);
	assert_int_equal(store_writer_next(w, "c.db"), 0);
	close_writer(w);

	assert_string_equal(ask("a.db", "SELECT group_concat(id || ':' || nid) FROM e"), "100:1,101:2");
	assert_string_equal(ask("b.db", "SELECT group_concat(id || ':' || ts || ':' || nid || ':' || \"order\") FROM e"),
			    "102:100:4:9");
	assert_string_equal(ask("b.db", "SELECT group_concat(id || ':' || nid) FROM \"y:e\""), "110:5");
	assert_string_equal(ask("c.db", "SELECT (SELECT count(*) FROM e) + (SELECT count(*) FROM \"y:e\")"), "0");
	assert_string_equal(ask("a.db", "SELECT group_concat(rows) FROM event_type"), "2");
	assert_string_equal(ask("b.db", "SELECT group_concat(rows) FROM event_type"), "1,1");
	assert_string_equal(ask("c.db", "SELECT group_concat(rows) FROM event_type"), "0,0");
	assert_string_equal(ask("b.db", "SELECT group_concat(name || '=' || ts || ':' || value) FROM sample "
				"JOIN series ON series.id = series_id"),
			    "nr_free_pages=105:400,nr_dirty=105:3,nr_dirty=112:4");
	assert_string_equal(ask("a.db", "SELECT group_concat(after_id || comm) FROM task"), "0before,100after");
	for (const char *path = "b.db"; path; path = *path == 'b' ? "c.db" : NULL) {
		assert_string_equal(ask(path, "SELECT group_concat(after_id || comm) FROM task"), "100after");
		assert_string_equal(ask(path, "SELECT name FROM symbol WHERE addr = -2130706432"), "shrink_node");
		assert_string_equal(ask(path, "SELECT id || path FROM cgroup"), "12/a.slice");
		assert_string_equal(ask(path, "SELECT id || name FROM buffer"), "1second");
		assert_string_equal(ask(path, "SELECT name || state || how FROM kernel_feature"), "kswapd-reset-fixabsentBTF");
		assert_string_equal(ask(path, "SELECT value FROM meta WHERE key = 'clock'"), "mono");
		assert_string_equal(ask(path, "SELECT count(*) FROM loss"), "0");
		assert_string_equal(ask(path, "PRAGMA integrity_check"), "ok");
		assert_string_equal(ask(path, "PRAGMA journal_mode"), "delete");
	}
	assert_string_equal(ask("a.db", "SELECT group_concat(key || '=' || value) FROM meta WHERE key IN "
				"('complete', 'part', 'continues', 'continued_in', 'events', 'start_ns', 'end_ns')"),
			    "complete=1,continued_in=b.db,end_ns=105,events=2,start_ns=90");
	assert_string_equal(ask("b.db", "SELECT group_concat(key || '=' || value) FROM meta WHERE key IN "
				"('complete', 'part', 'continues', 'continued_in', 'events', 'start_ns', 'end_ns')"),
			    "complete=1,continued_in=c.db,continues=a.db,end_ns=112,events=2,part=2,start_ns=100");
}

static void put_loss(struct store_writer *w, uint64_t ts, const char *stage, int64_t events)
{
	const struct loss loss = { .ts = ts, .events = events, .cpu = EVENT_CPU_UNKNOWN, .stage = stage };
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->loss(sink.ctx, &loss), 0);
}

static void put_fact(struct store_writer *w, const char *key, const char *value)
{
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->meta(sink.ctx, key, value), 0);
}

/* A file is read alone: what lasts from before it must be said in it, what was over must not. */
static void what_is_still_missing_is_said_in_the_next_file(void **state)
{
	static const char stages[] = "SELECT group_concat(ts || stage || coalesce(events, '?')) FROM loss";
	static const char thinned[] = "SELECT group_concat(key || '=' || value) FROM meta WHERE key GLOB 'thinned.*'";
	struct store_writer *w = open_writer("a.db", STORE_LIVE);

	put_loss(w, 5, "thinned", LOSS_COUNT_UNKNOWN);
	put_loss(w, 6, "thinned-end", LOSS_COUNT_UNKNOWN);
	put_loss(w, 7, "ring", 12);
	put_loss(w, 8, "off", LOSS_COUNT_UNKNOWN);
	put_loss(w, 10, "thinned", LOSS_COUNT_UNKNOWN);
	put_loss(w, 11, "thinned", LOSS_COUNT_UNKNOWN);
	put_fact(w, "thinned.memcg", "1/8 since 0.000010 s, at least 1/8");
	put_fact(w, "thinned.slab", "1/1 since 0.000009 s, at least 1/4");
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	put_loss(w, 20, "off-end", LOSS_COUNT_UNKNOWN);
	assert_int_equal(store_writer_next(w, "c.db"), 0);
	put_loss(w, 30, "thinned-end", LOSS_COUNT_UNKNOWN);
	put_fact(w, "thinned.memcg", "1/1 since 0.000030 s, at least 1/8");
	assert_int_equal(store_writer_next(w, "d.db"), 0);
	close_writer(w);

	assert_string_equal(ask("b.db", stages), "8off?,10thinned?,20off-end?");
	assert_string_equal(ask("c.db", stages), "10thinned?,30thinned-end?");
	assert_string_equal(ask("d.db", "SELECT count(*) FROM loss"), "0");
	assert_string_equal(ask("b.db", thinned), "thinned.memcg=1/8 since 0.000010 s, at least 1/8");
	assert_string_equal(ask("c.db", thinned), "thinned.memcg=1/1 since 0.000030 s, at least 1/8");
	assert_string_equal(ask("d.db", "SELECT count(*) FROM meta WHERE key GLOB 'thinned.*'"), "0");
}

static void put_cgroup_sample(struct store_writer *w, uint64_t cgroup, const char *name, int64_t value)
{
	const struct sample sample = { .ts = 40, .scope = SCOPE_CGROUP, .node = -1, .cgroup_id = cgroup, .name = name,
				       .unit = "bytes", .value = value };
	struct sink sink = store_writer_sink(w);

	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
}

/* A recording that goes on for months must not take along all that ever was. */
static void what_is_gone_is_left_behind(void **state)
{
	static const char series[] = "SELECT group_concat(cgroup_id || name) FROM series";
	struct store_writer *w = open_writer("a.db", STORE_LIVE);

	put_cgroup_sample(w, 7, "memory.current", 4096);
	put_cgroup_sample(w, 8, "memory.current", 8192);
	put_cgroup_sample(w, 7, SAMPLE_CGROUP_REMOVED, 1);
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	put_cgroup_sample(w, 9, "memory.current", 1);
	assert_int_equal(store_writer_next(w, "c.db"), 0);
	close_writer(w);
	assert_string_equal(ask("a.db", series), "7memory.current,8memory.current,7cgroup.removed");
	assert_string_equal(ask("b.db", series), "8memory.current,9memory.current");
	assert_string_equal(ask("c.db", series), "8memory.current,9memory.current");
	assert_string_equal(ask("c.db", "SELECT group_concat(value) FROM sample"), "8192,1");
	assert_string_equal(ask("b.db", "SELECT count(*) FROM sample WHERE series_id NOT IN (SELECT id FROM series)"), "0");
}

/* Facts of a file are those of its start. */
static void a_fact_that_changed_is_what_it_is_now(void **state)
{
	static const char facts[] = "SELECT group_concat(key || '=' || value) FROM meta WHERE key GLOB 'zswap*' "
				    "OR key GLOB 'zram*' OR key GLOB '*defrag_mode*'";
	struct sample sample = { .ts = 5, .scope = SCOPE_SYSTEM, .node = -1, .name = "vm.defrag_mode", .unit = "setting",
				 .value = 1 };
	struct store_writer *w = open_writer("a.db", STORE_LIVE);
	struct sink sink = store_writer_sink(w);

	put_fact(w, "zswap.enabled", "N");
	put_fact(w, "zswap.enabled@9", "Y");
	put_fact(w, "zswap.enabled@10", "N");
	put_fact(w, "zswap.enabled@100", "Y");
	put_fact(w, "zram0.comp_algorithm@11", "zstd");		/* made while it was recorded */
	put_fact(w, "defrag_mode", "1");
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	sample.ts = 20;
	sample.value = 0;
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	sample.name = "vm.dirty_ratio";				/* no fact at the start */
	assert_int_equal(sink.ops->sample(sink.ctx, &sample), 0);
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	close_writer(w);
	assert_string_equal(ask("b.db", facts), "defrag_mode=0,zram0.comp_algorithm=zstd,zswap.enabled=Y");
	assert_string_equal(ask("a.db", "SELECT value FROM meta WHERE key = 'defrag_mode'"), "1");
	assert_string_equal(ask("b.db", "SELECT count(*) FROM meta WHERE key = 'dirty_ratio'"), "0");
}

static void a_next_file_that_cannot_be_made_changes_nothing(void **state)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	struct store_writer *w = open_writer("a.db", STORE_LIVE);

	put_type(w, &type);
	put_number(w, &type, 1, 10);
	assert_int_equal(close(open("taken.db", O_CREAT | O_WRONLY, 0644)), 0);
	assert_int_equal(symlink("nothing", "link.db"), 0);
	assert_int_equal(store_writer_next(w, "taken.db"), -EEXIST);
	assert_int_equal(store_writer_next(w, "link.db"), -EEXIST);
	assert_int_equal(store_writer_next(w, "no/such/folder.db"), -ENOENT);
	put_number(w, &type, 2, 20);
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	close_writer(w);
	assert_string_equal(ask("a.db", "SELECT group_concat(nid) FROM e"), "10,20");
	assert_int_equal(access("nothing", F_OK), -1);
}

static void what_is_kept_is_what_was_committed(void **state)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	struct store_writer *w = open_writer("a.db", STORE_LIVE);
	struct store_kept kept;

	put_type(w, &type);
	put_number(w, &type, 5, 1);
	assert_int_equal(store_writer_commit(w), 0);
	put_number(w, &type, 6, 2);
	store_writer_kept(w, &kept);
	assert_int_equal(kept.events, 1);
	assert_int_equal(kept.end_ns, 5);
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	put_number(w, &type, 7, 3);
	store_writer_kept(w, &kept);
	assert_int_equal(kept.events, 2);
	assert_int_equal(kept.end_ns, 6);
	store_writer_abort(w);
	assert_string_equal(ask("b.db", "SELECT count(*) FROM e"), "0");
	assert_string_equal(ask("b.db", "SELECT value FROM meta WHERE key = 'complete'"), "0");
}

/* The files, asked after each commit, are never larger than what was said before it. */
static void the_size_is_never_understated(void **state)
{
	static const struct event_field fields[] = { { "text", VALUE_TEXT } };
	const struct event_type type = type_of(0, "x", "e", fields, 1);
	const struct event_value text = TEXT("0123456789012345678901234567890123456789");
	struct store_writer *w = open_writer("a.db", STORE_LIVE);
	struct store_size size;
	struct stat file, log;
	uint64_t ts = 0;

	put_type(w, &type);
	for (unsigned int n = 1; n < 60000; n *= 3) {
		for (unsigned int i = 0; i < n; i++)
			put_event(w, &type, ++ts, &text);
		assert_int_equal(store_writer_size(w, &size), 0);
		assert_int_equal(store_writer_commit(w), 0);
		assert_int_equal(stat("a.db", &file), 0);
		assert_int_equal(stat("a.db-wal", &log), 0);
		assert_true(file.st_size + log.st_size <= size.most_bytes);
		assert_true(file.st_size <= size.bytes);
		assert_true(size.most_bytes <= file.st_size + log.st_size + (2 << 20));
	}
	close_writer(w);
}

static struct store_finding finding_at(int64_t start_ns, int64_t end_ns)
{
	return (struct store_finding){ .kind = "oom-storm", .severity = "high", .confidence = "low", .summary = "s",
				       .start_ns = start_ns, .end_ns = end_ns, .node = STORE_UNKNOWN };
}

/* All that is known is written anew each time; a file leaves out what ended before it and is in an earlier one. */
static void findings_are_where_they_happened(void **state)
{
	const struct store_finding old = finding_at(10, 20), over = finding_at(15, 60), late = finding_at(12, 18);
	const struct loss loss = { .ts = 17, .events = 3, .cpu = 0, .stage = "writer" };
	struct store_writer *w = open_writer("a.db", STORE_LIVE);
	struct sink sink = store_writer_sink(w);

	put_sample(w, "nr_dirty", 50, 1);
	assert_int_equal(store_writer_finding(w, &old), 0);
	assert_int_equal(store_writer_clear_findings(w), 0);
	assert_int_equal(store_writer_finding(w, &old), 0);
	assert_int_equal(store_writer_finding(w, &over), 0);
	assert_int_equal(sink.ops->loss(sink.ctx, &loss), 0);
	assert_int_equal(store_writer_clear_findings(w), 0);
	assert_int_equal(store_writer_finding(w, &old), 0);
	assert_int_equal(store_writer_finding(w, &over), 0);
	assert_int_equal(store_writer_next(w, "b.db"), 0);
	assert_int_equal(store_writer_finding(w, &old), 0);
	assert_int_equal(store_writer_finding(w, &over), 0);
	assert_int_equal(store_writer_finding(w, &late), 0);	/* found only now: nobody else has it */
	close_writer(w);
	assert_string_equal(ask("a.db", "SELECT group_concat(start_ns || ':' || loss) FROM finding"), "10:-1,15:-1");
	assert_string_equal(ask("b.db", "SELECT group_concat(start_ns) FROM finding"), "15,12");
}

/* In a child with a limit on file sizes. Its status: 0 as expected, else the number of the check. */
static int fill_the_disk(enum store_mode mode)
{
	const struct event_type type = type_of(0, "x", "e", one_field, 1);
	const struct rlimit limit = { 1 << 20, 1 << 20 };
	struct store_writer *w;
	int ret = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit))
		return 1;
	w = open_writer("s.db", mode);
	put_type(w, &type);
	for (unsigned int n = 0; n < 1000000 && !ret; n++) {
		const struct event_value value = INT(n);

		ret = try_event(w, &type, n, &value);
		if (!ret && mode == STORE_LIVE && n % 10000 == 0)
			ret = store_writer_commit(w);
	}
	if (!ret)
		return 2;
	if (!strstr(error.what, "s.db: cannot write: "))
		return 3;
	return store_writer_close(w) == ret ? 0 : 4;
}

static void a_full_disk_is_an_error(void **state)
{
	static const enum store_mode modes[] = { STORE_BULK, STORE_LIVE };

	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(fill_the_disk(modes[i]));
		wait_for(pid, &status);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		if (modes[i] == STORE_BULK) {
			assert_int_equal(files_here(), 0);
		} else {
			struct store *s = open_reader("s.db");

			/* 10,000 rows take about 100 KiB, so the limit leaves several commits. */
			assert_string_equal(store_meta(s, "complete"), "0");
			assert_true(strtoul(store_meta(s, "events"), NULL, 10) >= 10001);
			store_close(s);
			assert_string_equal(ask("s.db", "PRAGMA integrity_check"), "ok");
		}
	}
}

/* --- what is no store --- */

static void refuse(const char *path, int expected, const char *words)
{
	struct store *s = NULL;

	assert_int_equal(store_open(path, &error, &s), expected);
	assert_null(s);
	if (!strstr(error.what, words))
		fail_msg("\"%s\" does not say \"%s\"", error.what, words);
}

static void other_files_are_refused(void **state)
{
	assert_int_equal(system(": > empty; echo 'just text' > text; head -c 100000 /dev/zero > zeros"), 0);
	assert_int_equal(system("mkdir directory; mkfifo fifo"), 0);
	tell("other.db", "CREATE TABLE t(a)");
	refuse("missing", -ENOENT, "missing: cannot read: No such file");
	refuse("empty", -ENOEXEC, "not a squall store");
	refuse("text", -ENOEXEC, "not a squall store");
	refuse("zeros", -ENOEXEC, "not a squall store");
	refuse("directory", -ENOEXEC, "not a squall store");
	refuse("fifo", -ENOEXEC, "not a squall store");
	refuse("other.db", -ENOEXEC, "not a squall store");
}

static void versions(void **state)
{
	write_ordered("s.db");
	tell("s.db", "PRAGMA user_version = 2");
	refuse("s.db", -EPROTONOSUPPORT, "version 2");
	tell("s.db", "PRAGMA user_version = 0");
	store_close(open_reader("s.db"));
}

/* In place of meta a view that never ends; more fields than an event can have. */
#define ENDLESS_META	"DROP TABLE meta; CREATE VIEW meta AS WITH RECURSIVE r(key, value) AS " \
			"(SELECT 'complete', 0 UNION ALL SELECT key, value + 1 FROM r) SELECT key, value FROM r"
#define MANY_FIELDS	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 64) " \
			"INSERT INTO event_field SELECT 1, 100 + i, 'f', 'int', 'nid' FROM n"

static void a_lying_store_is_refused(void **state)
{
	static const char *const lies[] = {
		"DROP TABLE meta",
		ENDLESS_META,
		"UPDATE event_type SET table_name = 'no such table'",
		"UPDATE event_type SET table_name = 'node_pressure'",
		MANY_FIELDS,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		write_ordered("s.db");
		tell("s.db", lies[i]);
		refuse("s.db", -EBADMSG, "s.db");
		assert_int_equal(unlink("s.db"), 0);
	}
}

/* A column that is not there must not be read as a string of that name. */
static void a_missing_column_is_an_error(void **state)
{
	struct store_cursor *cursor = NULL;
	struct store *s;

	write_ordered("s.db");
	tell("s.db", "UPDATE event_field SET column_name = 'nonsense'");
	s = open_reader("s.db");
	assert_true(store_events(s, NULL, 0, STORE_TO_END, &cursor) < 0);
	assert_null(cursor);
	assert_non_null(strstr(error.what, "nonsense"));
	store_close(s);
}

/* Cut at many places: always an answer, and never more events than there were. */
static void truncated_stores(void **state)
{
	struct stat st;
	char command[64];

	write_ordered("whole.db");
	assert_int_equal(stat("whole.db", &st), 0);
	for (off_t size = 0; size < st.st_size; size += 4001) {
		struct store *s = NULL;

		snprintf(command, sizeof(command), "head -c %ld whole.db > cut.db", (long)size);
		assert_int_equal(system(command), 0);
		assert_true(store_open("cut.db", &error, &s) < 0);
		assert_non_null(strstr(error.what, "cut.db: "));
	}
}

static int count_event(void *ctx, const struct event *ev)
{
	return ++*(unsigned int *)ctx > 100000 ? -E2BIG : 0;
}

/* Single bytes changed everywhere: any answer but a crash, a hang, or a flood. Run under sanitizers by SAN=1. */
static void damaged_stores(void **state)
{
	const struct sink_ops ops = { .event = count_event };
	struct stat st;
	char *bytes;
	int fd;

	write_ordered("s.db");
	assert_int_equal(stat("s.db", &st), 0);
	bytes = malloc(st.st_size);
	fd = open("s.db", O_RDWR);
	assert_int_equal(read(fd, bytes, st.st_size), st.st_size);
	for (off_t at = 0; at < st.st_size; at += 149) {
		unsigned int count = 0;
		struct sink sink = { &ops, &count };
		struct store *s = NULL;
		const char flipped = bytes[at] ^ (1 << at % 8);

		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		if (!store_open("s.db", &error, &s))
			assert_int_not_equal(store_replay(s, 0, STORE_TO_END, &sink), -E2BIG);
		store_close(s);
		assert_int_equal(pwrite(fd, &bytes[at], 1, at), 1);
	}
	close(fd);
	free(bytes);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_come_back_as_they_were),
		TEST(unknown_cpu_and_thread_are_null),
		TEST(long_texts_survive),
		TEST(hostile_and_clashing_names),
		TEST(fields_named_as_our_columns),
		TEST(a_tracepoint_that_grows),
		TEST(more_fields_than_a_table_takes),
		TEST(thousands_of_types),
		TEST(buffers_are_kept),
		TEST(equal_times_keep_their_order),
		TEST(ranges),
		TEST(named_types_only),
		TEST(times_out_of_order),
		TEST(replay_tells_the_story_again),
		TEST(a_sink_stops_the_replay),
		TEST(records_of_the_analysis),
		TEST(file_is_private_and_appears_when_complete),
		TEST(nothing_is_overwritten_unasked),
		TEST(a_file_that_came_meanwhile_stays),
		TEST(abort_leaves_nothing),
		TEST(names_that_sqlite_would_misread),
		TEST(an_error_sticks),
		TEST(kill_9_keeps_what_was_committed),
		TEST(a_live_store_is_readable),
		TEST(a_next_file_is_a_store_of_its_own),
		TEST(what_is_still_missing_is_said_in_the_next_file),
		TEST(what_is_gone_is_left_behind),
		TEST(a_fact_that_changed_is_what_it_is_now),
		TEST(a_next_file_that_cannot_be_made_changes_nothing),
		TEST(what_is_kept_is_what_was_committed),
		TEST(the_size_is_never_understated),
		TEST(findings_are_where_they_happened),
		TEST(a_full_disk_is_an_error),
		TEST(other_files_are_refused),
		TEST(versions),
		TEST(a_lying_store_is_refused),
		TEST(a_missing_column_is_an_error),
		TEST(truncated_stores),
		TEST(damaged_stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
