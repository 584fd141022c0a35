// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens a store: is it one, is it ours to read, which tracepoints does it have. Events are read by cursor.c.
 */
#include "store/reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"
#include "store/sql.h"
#include "store/store_db.h"

/* No value of an event is near that; a damaged record that claims more must not make us allocate it. */
#define VALUE_MAX_BYTES		(64 << 20)

/* 8192 types of 20 fields, and the kernel's 2,500 formats of 1.5 KB, take less. */
#define TYPES_MAX_BYTES		(32u << 20)
#define FORMAT_MAX_BYTES	(64u << 10)
#define TABLE_NAME_MAX_BYTES	1024u		/* NUMBER:system:name, and column names, are below 512 */

/* Waits for a recorder that is just ending its file. */
#define BUSY_TIMEOUT_MS		2000

int store_failed(struct store *s, int error)
{
	return store_error_sqlite(s->err, s->path, "read", s->db, error);
}

const char *store_column_text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column) ?: "";
}

static int refuse(struct store *s, int error, const char *why, const char *hint)
{
	snprintf(s->err->what, sizeof(s->err->what), "%.300s: %s", s->path, why);
	snprintf(s->err->hint, sizeof(s->err->hint), "%s", hint);
	return error;
}

/*
 * A store may be made to attack its reader: no function with side effects may run from its schema, no string may stand
 * in for a column that is missing, and no claimed length is believed.
 */
static int harden(struct store *s)
{
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, VALUE_MAX_BYTES);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	return sql_exec(s->db, "PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192; BEGIN");
}

static int open_file(struct store *s, const char *name, int flags)
{
	int ret = store_errno(sqlite3_open_v2(name, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX |
					      SQLITE_OPEN_EXRESCODE | flags, NULL));

	return ret ? ret : harden(s);
}

/* "file:" and the path with everything escaped that could mean something in a URI. Caller frees. */
static char *immutable_uri(const char *path)
{
	static const char end[] = "?immutable=1";
	size_t len = strlen(path);
	char *uri = malloc(strlen("file:") + 3 * len + sizeof(end));
	char *out = uri;

	if (!uri)
		return NULL;
	out = stpcpy(out, "file:");
	for (size_t i = 0; i < len; i++) {
		bool plain = isalnum((unsigned char)path[i]) || strchr("-._", path[i]);

		out += sprintf(out, plain ? "%c" : "%%%02X", (unsigned char)path[i]);
	}
	strcpy(out, end);
	return uri;
}

static bool has_log(const struct store *s)
{
	char *name = store_sqlite_path(s->path, "-wal");
	struct stat st;
	bool has = name && !stat(name, &st) && st.st_size > 0;

	free(name);
	return has;
}

/*
 * A recording that was killed is still in WAL mode, and reading it takes a -shm file that we may not be allowed to
 * make. Without a log there is nothing to take from it, and nobody who writes: then the file can be read as it is.
 */
static int reopen_immutable(struct store *s, const char *path)
{
	int result = sqlite3_errcode(s->db) & 0xff;
	char *uri;
	int ret;

	if (result != SQLITE_CANTOPEN && result != SQLITE_READONLY)
		return store_failed(s, store_errno(result));
	if (has_log(s))
		return refuse(s, -EACCES, "cannot be read together with its -wal file here",
			      "copy both files into a directory of yours, or read them as their owner");
	sqlite3_close(s->db);
	s->db = NULL;
	uri = immutable_uri(path);
	ret = uri ? open_file(s, uri, SQLITE_OPEN_URI) : -ENOMEM;
	free(uri);
	return ret ? store_failed(s, ret) : 0;
}

static int check_file(struct store *s)
{
	struct stat st;

	if (stat(s->path, &st) || access(s->path, R_OK))
		return store_error_system(s->err, s->path, "read", -errno);
	if (!S_ISREG(st.st_mode))
		return refuse(s, -ENOEXEC, "not a squall store: not a regular file", "");
	return 0;
}

/*
 * SQLite notices that whole pages are missing, but reads a last page that was cut as if zeros followed. (While somebody
 * records, a page may be on its way.)
 */
static int check_last_page(struct store *s)
{
	struct stat st;
	int64_t page_bytes;
	int ret = sql_get_int64(s->db, "PRAGMA page_size", &page_bytes);

	if (ret)
		return store_failed(s, ret);
	if (stat(s->path, &st))
		return store_error_system(s->err, s->path, "read", -errno);
	if (st.st_size % page_bytes == 0 || has_log(s))
		return 0;
	return refuse(s, -EBADMSG, "cannot read: the end of the file is missing", "");
}

static int check_version(struct store *s)
{
	int64_t version;
	char why[96];
	int ret = sql_get_int64(s->db, "PRAGMA user_version", &version);

	if (ret)
		return store_failed(s, ret);
	if (version <= STORE_VERSION)
		return check_last_page(s);
	snprintf(why, sizeof(why), "a store of version %lld, and this squall reads up to %d", (long long)version,
		 STORE_VERSION);
	return refuse(s, -EPROTONOSUPPORT, why, "read it with the squall that wrote it, or a newer one");
}

static int check_application(struct store *s)
{
	int64_t application = 0;
	int ret = sql_get_int64(s->db, "PRAGMA application_id", &application);

	if (!ret && application != STORE_APPLICATION_ID)
		ret = -ENOEXEC;
	if (ret == -ENOEXEC)
		return refuse(s, ret, "not a squall store", "squall import makes one from a trace");
	return ret ? store_failed(s, ret) : check_version(s);
}

static int open_database(struct store *s)
{
	char *path;
	int64_t ignored;
	int ret = check_file(s);

	if (ret)
		return ret;
	path = store_sqlite_path(s->path, "");
	if (!path)
		return store_error_system(s->err, s->path, "read", -ENOMEM);
	ret = open_file(s, path, 0);
	/* The first read, whatever of: opening alone reads nothing. What is no database is told apart further on. */
	if (!ret)
		ret = sql_get_int64(s->db, "PRAGMA application_id", &ignored);
	if (ret && ret != -ENOEXEC)
		ret = reopen_immutable(s, path);
	free(path);
	return ret && ret != -ENOEXEC ? ret : check_application(s);
}

/* Tables, and no views or virtual tables in their place: those could run for ever. */
static int check_tables(struct store *s)
{
	static const char sql[] =
		"SELECT count(*) = 9 FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name IN"
		"('meta', 'event_type', 'event_field', 'task', 'series', 'sample', 'loss', 'buffer', 'symbol')";
	int64_t whole = 0;
	int ret = sql_get_int64(s->db, sql, &whole);

	if (ret)
		return store_failed(s, ret);
	return whole ? 0 : refuse(s, -EBADMSG, "a squall store without some of its tables", "");
}

const char *store_meta(struct store *s, const char *key)
{
	sqlite3_reset(s->select_meta);
	sql_bind_text(s->select_meta, 1, key);
	if (sqlite3_step(s->select_meta) != SQLITE_ROW)
		return NULL;
	return (const char *)sqlite3_column_text(s->select_meta, 0);
}

static void read_order(struct store *s)
{
	const char *out_of_order = store_meta(s, "out_of_order");
	const char *end_ns;

	s->ordered = out_of_order && !strcmp(out_of_order, "0");
	end_ns = store_meta(s, "end_ns");
	s->ids_follow = end_ns && strtoull(end_ns, NULL, 10) <= EVENT_ID_FOLLOW_MAX;
	sqlite3_reset(s->select_meta);
}

/* A copy of a result, cut at @max bytes. NULL: no memory, or more than any recording has. */
static char *keep_text(struct store *s, sqlite3_stmt *statement, int column, size_t max)
{
	const char *text = store_column_text(statement, column);
	size_t len = strnlen(text, max);

	if (len >= s->budget_bytes)
		return NULL;
	s->budget_bytes -= len + 1;
	return strndup(text, len);
}

static int add_field(struct store *s, struct stored_type *t, sqlite3_stmt *row)
{
	struct event_field *field = &t->fields[t->type.nfields];

	field->kind = store_kind_parse(store_column_text(row, 1));
	field->name = keep_text(s, row, 0, STORE_NAME_BYTES);
	t->columns[t->type.nfields] = keep_text(s, row, 2, TABLE_NAME_MAX_BYTES);
	/* Counted also when only one of them is there, so that it is freed. */
	t->type.nfields++;
	return field->name && t->columns[t->type.nfields - 1] ? 0 : -ENOMEM;
}

static int load_fields(struct store *s, struct stored_type *t, int64_t stored_id)
{
	static const char sql[] =
		"SELECT name, kind, column_name FROM event_field WHERE type_id = ?1 ORDER BY position";
	sqlite3_stmt *statement = NULL;
	int ret = sql_prepare(s->db, sql, &statement);
	int step = SQLITE_DONE;

	t->fields = calloc(EVENT_MAX_FIELDS, sizeof(*t->fields));
	t->columns = calloc(EVENT_MAX_FIELDS, sizeof(*t->columns));
	t->type.fields = t->fields;
	if (!ret && (!t->fields || !t->columns))
		ret = -ENOMEM;
	if (!ret) {
		sqlite3_bind_int64(statement, 1, stored_id);
		while (!ret && (step = sqlite3_step(statement)) == SQLITE_ROW)
			ret = t->type.nfields < EVENT_MAX_FIELDS ? add_field(s, t, statement) : -EBADMSG;
	}
	sqlite3_finalize(statement);
	return ret ? ret : store_errno(step);
}

/* Whether its table is one, and has a column buffer. */
static int check_event_table(struct store *s, struct stored_type *t)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM pragma_table_xinfo(t.name) WHERE name = 'buffer') "
		"FROM sqlite_schema AS t WHERE t.type = 'table' AND t.rootpage > 0 AND t.name = ?1";
	sqlite3_stmt *statement = NULL;
	int ret = sql_prepare(s->db, sql, &statement);
	int step;

	if (ret)
		return ret;
	sql_bind_text(statement, 1, t->table);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		t->has_buffer = sqlite3_column_int(statement, 0) > 0;
	sqlite3_finalize(statement);
	if (step == SQLITE_DONE)
		return -EBADMSG;
	return store_errno(step);
}

static int add_type(struct store *s, sqlite3_stmt *row)
{
	struct stored_type *types = reallocarray(s->types, s->ntypes + 1, sizeof(*types));
	struct stored_type *t;
	int ret;

	if (!types)
		return -ENOMEM;
	s->types = types;
	t = &types[s->ntypes];
	*t = (struct stored_type){ .type.id = s->ntypes++ };
	t->type.name = keep_text(s, row, 1, STORE_NAME_BYTES);
	t->type.system = keep_text(s, row, 2, STORE_NAME_BYTES);
	t->type.format = keep_text(s, row, 3, FORMAT_MAX_BYTES);
	t->table = keep_text(s, row, 4, TABLE_NAME_MAX_BYTES);
	if (!t->type.name || !t->type.system || !t->type.format || !t->table)
		return -ENOMEM;
	ret = load_fields(s, t, sqlite3_column_int64(row, 0));
	return ret ? ret : check_event_table(s, t);
}

static int load_types(struct store *s)
{
	static const char sql[] = "SELECT id, name, system, format, table_name FROM event_type ORDER BY id";
	sqlite3_stmt *statement = NULL;
	int ret = sql_prepare(s->db, sql, &statement);
	int step = SQLITE_DONE;

	while (!ret && (step = sqlite3_step(statement)) == SQLITE_ROW)
		ret = s->ntypes < EVENT_TYPES_MAX ? add_type(s, statement) : -EBADMSG;
	if (!ret)
		ret = store_errno(step);
	sqlite3_finalize(statement);
	return ret ? store_failed(s, ret) : 0;
}

static int open_store(struct store *s)
{
	int ret = open_database(s);

	if (!ret)
		ret = check_tables(s);
	if (ret)
		return ret;
	ret = sql_prepare(s->db, "SELECT value FROM meta WHERE key = ?1", &s->select_meta);
	if (ret)
		return store_failed(s, ret);
	read_order(s);
	ret = store_cursor_register(s);
	return ret ? store_failed(s, ret) : load_types(s);
}

int store_open(const char *path, struct store_error *err, struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	int ret;

	*err = (struct store_error){ 0 };
	if (s)
		s->path = strdup(path);
	if (!s || !s->path) {
		free(s);
		return store_error_system(err, path, "read", -ENOMEM);
	}
	s->err = err;
	s->budget_bytes = TYPES_MAX_BYTES;
	ret = open_store(s);
	if (ret)
		store_close(s);
	else
		*out = s;
	return ret;
}

static void free_type(struct stored_type *t)
{
	for (unsigned int i = 0; i < t->type.nfields; i++) {
		free((char *)t->fields[i].name);
		free(t->columns[i]);
	}
	free((char *)t->type.name);
	free((char *)t->type.system);
	free((char *)t->type.format);
	free(t->fields);
	free(t->columns);
	free(t->table);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < s->ntypes; i++)
		free_type(&s->types[i]);
	free(s->types);
	sqlite3_finalize(s->select_meta);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

unsigned int store_ntypes(const struct store *s)
{
	return s->ntypes;
}

const struct event_type *store_type(const struct store *s, unsigned int id)
{
	return id < s->ntypes ? &s->types[id].type : NULL;
}
