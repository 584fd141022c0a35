/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_writer.h - events go into their tables. Inside store/ only.
 *
 * Each type in use has a batch and a prepared statement. At most EVENT_BATCHES exist (16 MiB together); when one more
 * type is used, the batch that was used least recently is flushed and handed over. Several types may share a table:
 * a source that learns of more fields announces its tracepoint again.
 */
#ifndef SQUALL_STORE_EVENT_WRITER_H
#define SQUALL_STORE_EVENT_WRITER_H

#include <sqlite3.h>

#include "store/batch.h"

#define EVENT_BATCHES	((16u << 20) / BATCH_BYTES)

struct event_writer;

/* @db and @source stay the caller's and must outlive it. Caller frees with event_writer_free, which takes NULL. */
int event_writer_new(sqlite3 *db, struct batch_source *source, struct event_writer **out);

/* Drops what was not flushed. */
void event_writer_free(struct event_writer *w);

/* -E2BIG: too many types; -EINVAL: that id was announced before. */
int event_writer_announce(struct event_writer *w, const struct event_type *type);

/* -EINVAL: the type was not announced. */
int event_writer_add(struct event_writer *w, int64_t id, const struct event *ev);

int event_writer_flush(struct event_writer *w);

/* event_type.rows of every table, as of now. */
int event_writer_write_rows(struct event_writer *w);

/*
 * Flushes, then goes on in another database, which has the same tables (carry.h); rows count from 0. When this fails
 * the writer can only be freed.
 */
int event_writer_move(struct event_writer *w, sqlite3 *db, struct batch_source *source);

#endif
