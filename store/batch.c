// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual table reads the rows that are being flushed: one batch at a time, so the module needs one pointer.
 */
#include "store/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/rows.h"
#include "store/schema.h"

struct batch {
	struct rows		*rows;
	bool			full;
};

struct batch_source {
	struct rows		*rows;			/* being flushed */
};

struct batch_table {
	sqlite3_vtab		base;
	struct batch_source	*source;
};

struct batch_cursor {
	sqlite3_vtab_cursor	base;
	struct rows		*rows;
	unsigned int		at;
};

static const char *const fixed_columns[COLUMN_FIRST_FIELD] = {
	[COLUMN_ID]	= "id",
	[COLUMN_LATE]	= "late",
	[COLUMN_CPU]	= "cpu",
	[COLUMN_PID]	= "pid",
	[COLUMN_BUFFER]	= "buffer",
};

void batch_column_name(sqlite3_str *sql, unsigned int column)
{
	if (column < COLUMN_FIRST_FIELD)
		sqlite3_str_appendall(sql, fixed_columns[column]);
	else
		sqlite3_str_appendf(sql, "f%u", column - COLUMN_FIRST_FIELD);
}

static int batch_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
	struct batch_table *table = sqlite3_malloc(sizeof(*table));
	sqlite3_str *sql = sqlite3_str_new(db);
	char *text;
	int ret = SQLITE_NOMEM;

	sqlite3_str_appendall(sql, "CREATE TABLE batch(");
	for (unsigned int i = 0; i < COLUMN_FIRST_FIELD + EVENT_MAX_FIELDS; i++) {
		sqlite3_str_appendall(sql, i ? "," : "");
		batch_column_name(sql, i);
	}
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	if (table && text)
		ret = sqlite3_declare_vtab(db, text);
	sqlite3_free(text);
	if (ret) {
		sqlite3_free(table);
		return ret;
	}
	memset(table, 0, sizeof(*table));
	table->source = aux;
	*out = &table->base;
	return SQLITE_OK;
}

static int batch_disconnect(sqlite3_vtab *vtab)
{
	sqlite3_free(vtab);
	return SQLITE_OK;
}

static int batch_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	info->estimatedCost = BATCH_ROWS;
	info->estimatedRows = BATCH_ROWS;
	return SQLITE_OK;
}

static int batch_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out)
{
	struct batch_cursor *cursor = sqlite3_malloc(sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	memset(cursor, 0, sizeof(*cursor));
	*out = &cursor->base;
	return SQLITE_OK;
}

static int batch_close(sqlite3_vtab_cursor *vtab_cursor)
{
	sqlite3_free(vtab_cursor);
	return SQLITE_OK;
}

static int batch_filter(sqlite3_vtab_cursor *vtab_cursor, int number, const char *name, int argc, sqlite3_value **argv)
{
	struct batch_cursor *cursor = (struct batch_cursor *)vtab_cursor;

	cursor->rows = ((struct batch_table *)vtab_cursor->pVtab)->source->rows;
	cursor->at = 0;
	return SQLITE_OK;
}

static int batch_next(sqlite3_vtab_cursor *vtab_cursor)
{
	((struct batch_cursor *)vtab_cursor)->at++;
	return SQLITE_OK;
}

static int batch_eof(sqlite3_vtab_cursor *vtab_cursor)
{
	struct batch_cursor *cursor = (struct batch_cursor *)vtab_cursor;

	return !cursor->rows || cursor->at >= cursor->rows->count;
}

/* Empty text must not become NULL, which a NULL pointer would make of it. */
static void result_value(sqlite3_context *context, const struct event_value *v)
{
	switch ((enum value_kind)v->kind) {
	case VALUE_INT:
	case VALUE_UINT:
		sqlite3_result_int64(context, v->i);
		return;
	case VALUE_TEXT:
		sqlite3_result_text64(context, v->len ? v->p : "", v->len, SQLITE_STATIC, SQLITE_UTF8);
		return;
	case VALUE_BLOB:
		sqlite3_result_blob64(context, v->len ? v->p : "", v->len, SQLITE_STATIC);
		return;
	case VALUE_NONE:
		break;
	}
	sqlite3_result_null(context);
}

static void result_unless(sqlite3_context *context, int64_t value, int64_t unknown)
{
	if (value == unknown)
		sqlite3_result_null(context);
	else
		sqlite3_result_int64(context, value);
}

static int batch_column(sqlite3_vtab_cursor *vtab_cursor, sqlite3_context *context, int column)
{
	struct batch_cursor *cursor = (struct batch_cursor *)vtab_cursor;
	const struct row *row = rows_at(cursor->rows, cursor->at);

	switch (column) {
	case COLUMN_ID:
		sqlite3_result_int64(context, row->id);
		break;
	case COLUMN_LATE:
		sqlite3_result_int64(context, row->late);
		break;
	case COLUMN_CPU:
		result_unless(context, row->cpu, EVENT_CPU_UNKNOWN);
		break;
	case COLUMN_PID:
		result_unless(context, row->tid, -1);
		break;
	case COLUMN_BUFFER:
		result_unless(context, row->buffer, 0);
		break;
	default:
		if (column - COLUMN_FIRST_FIELD < cursor->rows->nfields)
			result_value(context, &row->values[column - COLUMN_FIRST_FIELD]);
	}
	return SQLITE_OK;
}

static int batch_rowid(sqlite3_vtab_cursor *vtab_cursor, sqlite3_int64 *out)
{
	struct batch_cursor *cursor = (struct batch_cursor *)vtab_cursor;

	*out = rows_at(cursor->rows, cursor->at)->id;
	return SQLITE_OK;
}

static const sqlite3_module batch_module = {
	.xCreate	= batch_connect,
	.xConnect	= batch_connect,
	.xBestIndex	= batch_best_index,
	.xDisconnect	= batch_disconnect,
	.xDestroy	= batch_disconnect,
	.xOpen		= batch_open,
	.xClose		= batch_close,
	.xFilter	= batch_filter,
	.xNext		= batch_next,
	.xEof		= batch_eof,
	.xColumn	= batch_column,
	.xRowid		= batch_rowid,
};

int batch_source_new(sqlite3 *db, struct batch_source **out)
{
	struct batch_source *source = calloc(1, sizeof(*source));
	int ret;

	if (!source)
		return -ENOMEM;
	/* From here on SQLite frees it, also when the call fails. */
	ret = sqlite3_create_module_v2(db, "squall_batch", &batch_module, source, free);
	if (!ret)
		ret = sqlite3_exec(db, "CREATE VIRTUAL TABLE temp.batch USING squall_batch", NULL, NULL, NULL);
	*out = ret ? NULL : source;
	return ret == SQLITE_NOMEM ? -ENOMEM : ret ? -EIO : 0;
}

int batch_new(struct batch **out)
{
	struct batch *b = calloc(1, sizeof(*b));
	int ret;

	if (!b)
		return -ENOMEM;
	ret = rows_new(BATCH_BYTES, 0, &b->rows);
	if (ret) {
		free(b);
		return ret;
	}
	*out = b;
	return 0;
}

void batch_free(struct batch *b)
{
	if (b)
		rows_free(b->rows);
	free(b);
}

void batch_reuse(struct batch *b, unsigned int nfields)
{
	rows_reuse(b->rows, nfields);
	b->full = false;
}

bool batch_is_full(const struct batch *b)
{
	return b->full;
}

bool batch_add(struct batch *b, int64_t id, const struct event *ev)
{
	bool added = rows_add(b->rows, id, ev);

	if (!added && b->rows->count)
		return false;
	if (!added)
		rows_borrow(b->rows, id, ev);
	b->full = !added || b->rows->count >= BATCH_ROWS;
	return true;
}

int batch_flush(struct batch_source *source, struct batch *b, sqlite3_stmt *insert)
{
	int ret;

	if (!b->rows->count)
		return SQLITE_OK;
	source->rows = b->rows;
	ret = sqlite3_step(insert);
	sqlite3_reset(insert);
	source->rows = NULL;
	batch_reuse(b, b->rows->nfields);
	return ret == SQLITE_DONE ? SQLITE_OK : ret;
}
