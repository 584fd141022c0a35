/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch.h - rows of one table that wait in memory and are then inserted by one statement. Inside store/ only.
 *
 * Why: a prepared INSERT per row takes 670 to 830 ns of CPU for the events of four recorded storms, most of it for
 * binding, starting and ending the statement. Here a batch is a virtual table, temp.batch, and "INSERT INTO t SELECT
 * ... FROM temp.batch" moves up to 256 rows in one go: 380 to 480 ns a row for the same events.
 *
 * For each row: batch_add; when that answers false, batch_flush and again; when then batch_is_full, batch_flush.
 */
#ifndef SQUALL_STORE_BATCH_H
#define SQUALL_STORE_BATCH_H

#include <sqlite3.h>

#include "spine/event.h"

/* Memory of a batch. Rows of 12 fields are about 220 bytes: 32 KiB hold 150, and all of it stays in the L2 cache. */
#define BATCH_BYTES	(32u << 10)
#define BATCH_ROWS	256u

struct batch;
struct batch_source;

/* Registers temp.batch with @db, to which it belongs: it ends when @db is closed. */
int batch_source_new(sqlite3 *db, struct batch_source **out);

/* Caller frees with batch_free, which takes NULL and drops the rows. */
int batch_new(struct batch **out);
void batch_free(struct batch *b);

/* Prepares an empty batch for rows with @nfields values. */
void batch_reuse(struct batch *b, unsigned int nfields);

/* Full: flush before the memory of the event that was added last ends. */
bool batch_is_full(const struct batch *b);

/*
 * Copies @ev as event @id, text included; false when there is no room, which an empty batch always has. An event that
 * is larger than a batch is taken without its text, and makes the batch full.
 */
bool batch_add(struct batch *b, int64_t id, const struct event *ev);

/* Runs @insert, which selects from temp.batch, over the rows, and empties the batch. Answers a SQLite result code. */
int batch_flush(struct batch_source *source, struct batch *b, sqlite3_stmt *insert);

/* Appends the name of a column of temp.batch: an enum event_column, or COLUMN_FIRST_FIELD + index of a field. */
void batch_column_name(sqlite3_str *sql, unsigned int column);

#endif
