// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of many tables in one order. Each table is read by a SELECT of its own in the order of its ids; a heap holds
 * the tables by the id of the row that they are at. The row on top is the next event, and moves on when the one after
 * it is asked for.
 *
 * Asking SQLite for each row and each column took 500 ns an event. So rows are taken many at a time, by a function in
 * the WHERE clause: squall_take(all columns) puts the row into memory and answers 0, not this one, so that SQLite goes
 * on to the next. When the memory is full it answers 1, and that row comes out of sqlite3_step as any row would.
 */
#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/rows.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store_db.h"

/* Memory for rows, of one table and of all. 16 KiB hold 70 rows of 12 fields. */
#define ROWS_BYTES_MAX	(16u << 10)
#define ROWS_BYTES_ALL	(16u << 20)

enum table_state {
	IN_ROWS,		/* it is at rows_at(rows, at) */
	IN_RESULT,		/* it is at the result row of select */
};

struct table_cursor {
	const struct store_cursor	*cursor;
	const struct event_type		*type;
	sqlite3_stmt			*select;
	struct rows			*rows;
	unsigned int			at;
	enum table_state		state;
	int				step;		/* what sqlite3_step answered, after it filled rows */
	int64_t				id;		/* of the row it is at */
	struct event_value		values[EVENT_MAX_FIELDS];	/* of the result row */
};

struct store_cursor {
	struct store			*store;
	uint64_t			from_ns;
	uint64_t			to_ns;
	struct event			ev;
	int64_t				id;
	bool				started;	/* the top of the heap has been given out */
	unsigned int			ntables;
	struct table_cursor		*tables;
	unsigned int			nheap;
	struct table_cursor		**heap;		/* smallest id first */
};

static bool is_wanted(const char *const *names, const char *name)
{
	if (!names)
		return true;
	while (*names && strcmp(*names, name))
		names++;
	return *names != NULL;
}

static void append_columns(sqlite3_str *sql, const struct stored_type *t)
{
	sqlite3_str_appendf(sql, "id, late, cpu, pid, %s", t->has_buffer ? "buffer" : "NULL");
	for (unsigned int i = 0; i < t->type.nfields; i++)
		sqlite3_str_appendf(sql, ", \"%w\"", t->columns[i]);
}

static int prepare_table(struct store *s, const struct stored_type *t, uint64_t from_ns, sqlite3_stmt **out)
{
	sqlite3_str *sql = sqlite3_str_new(s->db);
	int ret;

	sqlite3_str_appendall(sql, "SELECT ");
	append_columns(sql, t);
	sqlite3_str_appendf(sql, " FROM main.\"%w\" WHERE id >= ?1 AND squall_take(", t->table);
	append_columns(sql, t);
	sqlite3_str_appendall(sql, ") ORDER BY id");
	ret = sql_prepare_built(s->db, sql, out);
	if (!ret)
		sqlite3_bind_int64(*out, 1, s->ids_follow && from_ns <= EVENT_ID_FOLLOW_MAX ? from_ns : INT64_MIN);
	return ret;
}

static bool value_is(sqlite3_value *value, int type)
{
	return sqlite3_value_type(value) == type;
}

static void read_bytes(struct event_value *v, const void *p, int len, enum value_kind kind)
{
	v->kind = kind;
	v->p = p ? p : "";
	v->len = p ? len : 0;
}

static void read_value(struct event_value *v, sqlite3_value *from, enum value_kind hint)
{
	int type = sqlite3_value_type(from);

	if (type == SQLITE_INTEGER) {
		v->kind = hint == VALUE_UINT ? VALUE_UINT : VALUE_INT;
		v->len = 0;
		v->i = sqlite3_value_int64(from);
	} else if (type == SQLITE_NULL) {
		*v = (struct event_value){ .kind = VALUE_NONE };
	} else if (type == SQLITE_BLOB) {
		const void *p = sqlite3_value_blob(from);

		read_bytes(v, p, sqlite3_value_bytes(from), VALUE_BLOB);
	} else {
		const void *p = sqlite3_value_text(from);

		read_bytes(v, p, sqlite3_value_bytes(from), VALUE_TEXT);
	}
}

static void read_event(const struct event_type *type, sqlite3_value *const *from, struct event_value *values,
		       struct event *ev)
{
	sqlite3_value *tid = from[COLUMN_PID];
	sqlite3_value *cpu = from[COLUMN_CPU];

	ev->ts = (uint64_t)sqlite3_value_int64(from[COLUMN_ID]) - (uint64_t)sqlite3_value_int64(from[COLUMN_LATE]);
	ev->type = type;
	ev->tid = value_is(tid, SQLITE_NULL) ? -1 : sqlite3_value_int(tid);
	ev->cpu = value_is(cpu, SQLITE_NULL) ? EVENT_CPU_UNKNOWN : sqlite3_value_int(cpu);
	ev->buffer = sqlite3_value_int(from[COLUMN_BUFFER]);
	ev->values = values;
	for (unsigned int i = 0; i < type->nfields; i++)
		read_value(&values[i], from[COLUMN_FIRST_FIELD + i], type->fields[i].kind);
}

/* squall_take: see the top of this file. */
static void take(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	struct table_cursor *t = ((struct store *)sqlite3_user_data(context))->taking;
	struct event_value values[EVENT_MAX_FIELDS];
	struct event ev;
	bool taken;

	if (!t || argc != COLUMN_FIRST_FIELD + t->type->nfields) {
		sqlite3_result_error(context, "squall_take is no function for others", -1);
		return;
	}
	read_event(t->type, argv, values, &ev);
	if (ev.ts < t->cursor->from_ns || (ev.ts > t->cursor->to_ns && !t->cursor->store->ordered))
		taken = true;
	else if (ev.ts > t->cursor->to_ns)
		taken = false;
	else
		taken = rows_add(t->rows, sqlite3_value_int64(argv[COLUMN_ID]), &ev);
	sqlite3_result_int(context, !taken);
}

int store_cursor_register(struct store *s)
{
	int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;

	return store_errno(sqlite3_create_function_v2(s->db, "squall_take", -1, flags, s, take, NULL, NULL, NULL));
}

/*
 * The row that squall_take did not take. SQLite calls the values of columns unprotected, against use by two threads;
 * this connection has one.
 */
static void read_result(struct table_cursor *t, struct event *ev)
{
	sqlite3_value *from[COLUMN_FIRST_FIELD + EVENT_MAX_FIELDS];

	for (unsigned int i = 0; i < COLUMN_FIRST_FIELD + t->type->nfields; i++)
		from[i] = sqlite3_column_value(t->select, i);
	read_event(t->type, from, t->values, ev);
}

/* Fills rows, and is then before the first of them, or before the result row when there are none. */
static int fill(struct table_cursor *t)
{
	struct store *s = t->cursor->store;

	rows_reuse(t->rows, t->type->nfields);
	s->taking = t;
	t->step = sqlite3_step(t->select);
	s->taking = NULL;
	t->at = 0;
	t->state = IN_ROWS;
	return store_errno(t->step);
}

/* Moves to the next row of the range: 0, 1 when there is none, or a negative errno. */
static int advance(struct table_cursor *t)
{
	int ret;

	t->at++;
	if (t->state == IN_RESULT) {
		ret = fill(t);
		if (ret)
			return ret;
	}
	if (t->at < t->rows->count) {
		t->id = rows_at(t->rows, t->at)->id;
		return 0;
	}
	if (t->step == SQLITE_DONE)
		return 1;
	t->state = IN_RESULT;
	t->id = sqlite3_column_int64(t->select, COLUMN_ID);
	return (uint64_t)t->id - (uint64_t)sqlite3_column_int64(t->select, COLUMN_LATE) > t->cursor->to_ns;
}

static void read_current(struct table_cursor *t, struct event *ev)
{
	struct row *row;

	if (t->state == IN_RESULT) {
		read_result(t, ev);
		return;
	}
	row = rows_at(t->rows, t->at);
	*ev = (struct event){
		.ts	= (uint64_t)row->id - (uint64_t)row->late,	/* any 64 bits: a damaged row wraps */
		.type	= t->type,
		.tid	= row->tid,
		.cpu	= row->cpu,
		.buffer	= row->buffer,
		.values	= row->values,
	};
}

static void sift_down(struct store_cursor *c, unsigned int at)
{
	struct table_cursor *moved = c->heap[at];
	unsigned int child;

	while ((child = 2 * at + 1) < c->nheap) {
		if (child + 1 < c->nheap && c->heap[child + 1]->id < c->heap[child]->id)
			child++;
		if (moved->id <= c->heap[child]->id)
			break;
		c->heap[at] = c->heap[child];
		at = child;
	}
	c->heap[at] = moved;
}

static unsigned int rows_bytes(const struct store *s)
{
	unsigned int share = ROWS_BYTES_ALL / (s->ntypes + 1);

	return share > ROWS_BYTES_MAX ? ROWS_BYTES_MAX : share > ROWS_BYTES_MIN ? share : ROWS_BYTES_MIN;
}

static int open_table(struct store_cursor *c, const struct stored_type *stored)
{
	struct table_cursor *t = &c->tables[c->ntables];
	int ret = prepare_table(c->store, stored, c->from_ns, &t->select);

	if (ret)
		return ret;
	c->ntables++;
	t->cursor = c;
	t->type = &stored->type;
	t->state = IN_RESULT;
	ret = rows_new(rows_bytes(c->store), t->type->nfields, &t->rows);
	if (!ret)
		ret = advance(t);
	if (!ret)
		c->heap[c->nheap++] = t;
	return ret < 0 ? ret : 0;
}

static int open_tables(struct store_cursor *c, const char *const *names)
{
	int ret = 0;

	for (unsigned int i = 0; i < c->store->ntypes && !ret; i++) {
		if (is_wanted(names, c->store->types[i].type.name))
			ret = open_table(c, &c->store->types[i]);
	}
	for (unsigned int i = c->nheap / 2; i-- > 0 && !ret; )
		sift_down(c, i);
	return ret;
}

int store_events(struct store *s, const char *const *names, uint64_t from_ns, uint64_t to_ns,
		 struct store_cursor **out)
{
	struct store_cursor *c = calloc(1, sizeof(*c));
	int ret = -ENOMEM;

	if (!c)
		return store_failed(s, ret);
	c->store = s;
	c->from_ns = from_ns;
	c->to_ns = to_ns;
	c->tables = calloc(s->ntypes + 1, sizeof(*c->tables));
	c->heap = calloc(s->ntypes + 1, sizeof(*c->heap));
	if (c->tables && c->heap)
		ret = open_tables(c, names);
	if (ret) {
		ret = store_failed(s, ret);
		store_cursor_free(c);
		return ret;
	}
	*out = c;
	return 0;
}

void store_cursor_free(struct store_cursor *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < c->ntables; i++) {
		sqlite3_finalize(c->tables[i].select);
		rows_free(c->tables[i].rows);
	}
	free(c->tables);
	free(c->heap);
	free(c);
}

int64_t store_cursor_id(const struct store_cursor *c)
{
	return c->id;
}

static int advance_top(struct store_cursor *c)
{
	int ret = advance(c->heap[0]);

	if (ret < 0)
		return ret;
	if (ret)
		c->heap[0] = c->heap[--c->nheap];
	if (c->nheap)
		sift_down(c, 0);
	return 0;
}

int store_next(struct store_cursor *c, const struct event **ev)
{
	int ret = c->started && c->nheap ? advance_top(c) : 0;

	if (ret)
		return store_failed(c->store, ret);
	if (!c->nheap)
		return 1;
	c->started = true;
	c->id = c->heap[0]->id;
	read_current(c->heap[0], &c->ev);
	*ev = &c->ev;
	return 0;
}
