// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens the database, hands what comes to the writer of its kind (events, samples, tasks, records), keeps the totals
 * of table meta, and ends the file in order.
 */
#include "store/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/event_writer.h"
#include "store/record_writer.h"
#include "store/sample_writer.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store_file.h"
#include "store/task_writer.h"

enum statement {
	INSERT_META, INSERT_FEATURE, INSERT_LOSS, INSERT_BUFFER, INSERT_SYMBOL, INSERT_CGROUP, INSERT_FAILURES, STATEMENTS
};

static const char *const statement_sql[STATEMENTS] = {
	[INSERT_META]		= "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)",
	[INSERT_FEATURE]	= "INSERT OR REPLACE INTO kernel_feature(name, state, how) VALUES(?, ?, ?)",
	[INSERT_LOSS]		= "INSERT INTO loss(after_id, ts, cpu, buffer, stage, events) VALUES(?, ?, ?, ?, ?, ?)",
	[INSERT_BUFFER]		= "INSERT OR REPLACE INTO buffer(id, name) VALUES(?, ?)",
	[INSERT_SYMBOL]		= "INSERT OR REPLACE INTO symbol(addr, name) VALUES(?, ?)",
	[INSERT_CGROUP]		= "INSERT OR REPLACE INTO cgroup(id, path) VALUES(?, ?)",
	[INSERT_FAILURES]	= ("INSERT INTO kswapd_failures(ts, node, value, previous, via, pid, comm, cgroup_id, reason) "
				   "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"),
};

struct store_writer {
	sqlite3			*db;
	struct store_file	file;
	enum store_mode		mode;
	struct store_error	*err;			/* the caller's */
	int			failed;			/* the first error */
	struct event_writer	*events;
	struct sample_writer	*samples;
	struct task_writer	*tasks;
	sqlite3_stmt		*statements[STATEMENTS];
	sqlite3_stmt		*records[RECORD_KINDS];
	uint64_t		nevents;
	int64_t			last_id;		/* of an event; 0: none came */
	uint64_t		latest_event_ns;	/* greatest time of an event so far */
	uint64_t		out_of_order;
	uint64_t		start_ns;		/* of events and samples; UINT64_MAX: none came */
	uint64_t		end_ns;
};

/*
 * Page size, CPU time per event (best of 4 runs) and file size against the raw records, 1.2 M events of a storm, 6.18:
 * 4096 486 ns 0.517; 8192 452 ns 0.517; 16384 457 ns 0.521; 32768 428 ns 0.531. A page is also what an empty table
 * takes, and what a commit writes at least for each tracepoint in use. Pages are only appended to: with 1, 4 or 16 MiB
 * of cache the time was the same.
 */
static const char common_setup[] =
	"PRAGMA page_size = 8192;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA cache_size = -4096;";

static const char *const mode_setup[] = {
	[STORE_BULK] =
		"PRAGMA journal_mode = OFF;"
		"PRAGMA synchronous = OFF;"
		"PRAGMA locking_mode = EXCLUSIVE;",
	/* Checkpoints are made by store_writer_commit, so that FILE without its -wal is never older than that. */
	[STORE_LIVE] =
		"PRAGMA journal_mode = WAL;"
		"PRAGMA synchronous = NORMAL;"
		"PRAGMA wal_autocheckpoint = 0;",
};

/* A reader never blocks a writer in WAL mode, except for moments while it opens a file that was cut short. */
#define BUSY_TIMEOUT_MS	5000

/* The result of a step; the first that failed is put into words and is the result from then on. */
static int checked(struct store_writer *w, int ret)
{
	if (ret && !w->failed)
		w->failed = store_error_sqlite(w->err, w->file.path, "write", w->db, ret);
	return w->failed;
}

static int set_meta(struct store_writer *w, const char *key, const char *value)
{
	sql_bind_text(w->statements[INSERT_META], 1, key);
	sql_bind_text(w->statements[INSERT_META], 2, value);
	return sql_run(w->statements[INSERT_META]);
}

static int set_meta_number(struct store_writer *w, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return set_meta(w, key, text);
}

static int write_totals(struct store_writer *w)
{
	const struct {
		const char	*key;
		uint64_t	value;
		bool		wanted;
	} totals[] = {
		{ "events",		w->nevents,				true },
		{ "out_of_order",	w->out_of_order,			true },
		{ "start_ns",		w->start_ns,				w->start_ns <= w->end_ns },
		{ "end_ns",		w->end_ns,				w->start_ns <= w->end_ns },
		{ "series_dropped",	sample_writer_dropped(w->samples),	sample_writer_dropped(w->samples) > 0 },
		{ "task_names_dropped",	task_writer_dropped(w->tasks),		task_writer_dropped(w->tasks) > 0 },
	};
	int ret = 0;

	for (unsigned int i = 0; i < sizeof(totals) / sizeof(totals[0]) && !ret; i++) {
		if (totals[i].wanted)
			ret = set_meta_number(w, totals[i].key, totals[i].value);
	}
	return ret;
}

static int create_schema(sqlite3 *db)
{
	sqlite3_str *sql = sqlite3_str_new(db);

	sqlite3_str_appendf(sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", STORE_APPLICATION_ID,
			    STORE_VERSION);
	sqlite3_str_appendall(sql, store_schema_sql);
	return sql_exec_built(db, sql);
}

static int open_database(struct store_writer *w)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int ret = store_errno(sqlite3_open_v2(w->file.work_path, &w->db, flags, NULL));

	if (ret)
		return ret;
	sqlite3_busy_timeout(w->db, BUSY_TIMEOUT_MS);
	ret = sql_exec(w->db, common_setup);
	if (!ret)
		ret = sql_exec(w->db, mode_setup[w->mode]);
	if (!ret)
		ret = sql_exec(w->db, "BEGIN IMMEDIATE");
	return ret ? ret : create_schema(w->db);
}

static int open_writers(struct store_writer *w)
{
	struct batch_source *source;
	int ret = batch_source_new(w->db, &source);

	if (!ret)
		ret = event_writer_new(w->db, source, &w->events);
	if (!ret)
		ret = sample_writer_new(w->db, source, &w->samples);
	if (!ret)
		ret = task_writer_new(w->db, &w->tasks);
	for (unsigned int i = 0; i < STATEMENTS && !ret; i++)
		ret = sql_prepare(w->db, statement_sql[i], &w->statements[i]);
	for (unsigned int i = 0; i < RECORD_KINDS && !ret; i++)
		ret = record_prepare(w->db, i, &w->records[i]);
	return ret;
}

/* All of SQLite that is open; answers what closing the database did. */
static int close_database(struct store_writer *w)
{
	int ret;

	event_writer_free(w->events);
	sample_writer_free(w->samples);
	task_writer_free(w->tasks);
	for (unsigned int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(w->statements[i]);
	for (unsigned int i = 0; i < RECORD_KINDS; i++)
		sqlite3_finalize(w->records[i]);
	ret = store_errno(sqlite3_close(w->db));
	w->db = NULL;
	return ret;
}

int store_writer_open(const char *path, const struct store_writer_opts *opts, struct store_error *err,
		      struct store_writer **out)
{
	struct store_writer *w = calloc(1, sizeof(*w));
	int ret;

	if (!w)
		return store_error_system(err, path, "create", -ENOMEM);
	w->mode = opts->mode;
	w->err = err;
	w->start_ns = UINT64_MAX;
	ret = store_file_create(&w->file, path, opts, err);
	if (ret) {
		free(w);
		return ret;
	}
	ret = open_database(w);
	if (!ret)
		ret = open_writers(w);
	if (!ret)
		ret = set_meta(w, "complete", "0");
	ret = checked(w, ret);
	/* An empty but whole store from the start: a recorder that is killed in its first second leaves that. */
	if (!ret && w->mode == STORE_LIVE)
		ret = store_writer_commit(w);
	if (ret) {
		store_writer_abort(w);
		return ret;
	}
	*out = w;
	return 0;
}

static void note_time(struct store_writer *w, uint64_t ts)
{
	if (ts < w->start_ns)
		w->start_ns = ts;
	if (ts > w->end_ns)
		w->end_ns = ts;
}

static int sink_type(void *ctx, const struct event_type *type)
{
	struct store_writer *w = ctx;

	return w->failed ? w->failed : checked(w, event_writer_announce(w->events, type));
}

/*
 * The id is the time, wherever that keeps ids rising: then ts costs nothing, and a row is 4 bytes (15 %) smaller than
 * with a running number and ts. A clock that is beyond all sense (a damaged file) is not followed.
 */
static int64_t next_id(int64_t last_id, uint64_t ts)
{
	return ts > last_id && ts <= EVENT_ID_FOLLOW_MAX ? ts : last_id + 1;
}

static int sink_event(void *ctx, const struct event *ev)
{
	struct store_writer *w = ctx;

	if (w->failed)
		return w->failed;
	note_time(w, ev->ts);
	if (ev->ts < w->latest_event_ns)
		w->out_of_order++;
	else
		w->latest_event_ns = ev->ts;
	w->nevents++;
	w->last_id = next_id(w->last_id, ev->ts);
	return checked(w, event_writer_add(w->events, w->last_id, ev));
}

static int sink_loss(void *ctx, const struct loss *loss)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->statements[INSERT_LOSS];

	if (w->failed)
		return w->failed;
	sqlite3_bind_int64(insert, 1, w->last_id);
	sql_bind_unless(insert, 2, loss->ts, 0);
	sql_bind_unless(insert, 3, loss->cpu, EVENT_CPU_UNKNOWN);
	sqlite3_bind_int64(insert, 4, loss->buffer);
	sql_bind_text(insert, 5, loss->stage);
	sql_bind_unless(insert, 6, loss->events, LOSS_COUNT_UNKNOWN);
	return checked(w, sql_run(insert));
}

static int sink_sample(void *ctx, const struct sample *sample)
{
	struct store_writer *w = ctx;

	if (w->failed)
		return w->failed;
	note_time(w, sample->ts);
	return checked(w, sample_writer_add(w->samples, sample));
}

static int sink_task(void *ctx, const struct task_name *task)
{
	struct store_writer *w = ctx;

	return w->failed ? w->failed : checked(w, task_writer_add(w->tasks, task, w->last_id));
}

static int sink_symbol(void *ctx, uint64_t addr, const char *name)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->statements[INSERT_SYMBOL];

	if (w->failed)
		return w->failed;
	sqlite3_bind_int64(insert, 1, addr);
	sql_bind_text(insert, 2, name);
	return checked(w, sql_run(insert));
}

static int sink_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->statements[INSERT_CGROUP];

	if (w->failed)
		return w->failed;
	sqlite3_bind_int64(insert, 1, id);
	sql_bind_text(insert, 2, path);
	return checked(w, sql_run(insert));
}

static int sink_failures(void *ctx, const struct failures_change *change)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->statements[INSERT_FAILURES];

	if (w->failed)
		return w->failed;
	note_time(w, change->ts);
	sqlite3_bind_int64(insert, 1, change->ts);
	sqlite3_bind_int64(insert, 2, change->node);
	sqlite3_bind_int64(insert, 3, change->value);
	sql_bind_unless(insert, 4, change->previous, -1);
	sql_bind_text(insert, 5, change->via);
	sql_bind_unless(insert, 6, change->tid, -1);
	sql_bind_text(insert, 7, *change->comm ? change->comm : NULL);
	sql_bind_unless(insert, 8, change->cgroup_id, 0);
	sql_bind_text(insert, 9, *change->reason ? change->reason : NULL);
	return checked(w, sql_run(insert));
}

static int sink_buffer(void *ctx, uint16_t buffer, const char *name)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->statements[INSERT_BUFFER];

	if (w->failed)
		return w->failed;
	sqlite3_bind_int64(insert, 1, buffer);
	sql_bind_text(insert, 2, name);
	return checked(w, sql_run(insert));
}

static int sink_meta(void *ctx, const char *key, const char *value)
{
	struct store_writer *w = ctx;

	return w->failed ? w->failed : checked(w, set_meta(w, key, value));
}

static int flush(struct store_writer *w)
{
	int ret = event_writer_flush(w->events);

	return ret ? ret : sample_writer_flush(w->samples);
}

static int sink_end(void *ctx)
{
	struct store_writer *w = ctx;

	return w->failed ? w->failed : checked(w, flush(w));
}

static const struct sink_ops writer_sink_ops = {
	.type	= sink_type,
	.event	= sink_event,
	.loss	= sink_loss,
	.sample	= sink_sample,
	.task	= sink_task,
	.cgroup	= sink_cgroup,
	.failures = sink_failures,
	.symbol	= sink_symbol,
	.buffer	= sink_buffer,
	.meta	= sink_meta,
	.end	= sink_end,
};

struct sink store_writer_sink(struct store_writer *w)
{
	return (struct sink){ .ops = &writer_sink_ops, .ctx = w };
}

static int write_record(struct store_writer *w, enum record_kind kind, const void *record)
{
	return w->failed ? w->failed : checked(w, record_write(w->records[kind], kind, record));
}

int store_writer_chain(struct store_writer *w, const struct store_chain *chain)
{
	return write_record(w, RECORD_CHAIN, chain);
}

int store_writer_finding(struct store_writer *w, const struct store_finding *finding)
{
	return write_record(w, RECORD_FINDING, finding);
}

int store_writer_feature(struct store_writer *w, const char *name, const char *state, const char *how)
{
	sqlite3_stmt *insert = w->statements[INSERT_FEATURE];

	if (w->failed)
		return w->failed;
	sql_bind_text(insert, 1, name);
	sql_bind_text(insert, 2, state);
	sql_bind_text(insert, 3, how);
	return checked(w, sql_run(insert));
}

/*
 * PASSIVE never waits for readers; what one of them holds back is brought over by a later commit. It syncs the log
 * before the file, so the transaction is durable also when the checkpoint could not go all the way.
 */
static int checkpoint(sqlite3 *db)
{
	int ret = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return (ret & 0xff) == SQLITE_BUSY || (ret & 0xff) == SQLITE_LOCKED ? 0 : store_errno(ret);
}

static int commit(struct store_writer *w)
{
	int ret = flush(w);

	if (!ret)
		ret = write_totals(w);
	if (!ret)
		ret = sql_exec(w->db, "COMMIT");
	if (!ret && w->mode == STORE_LIVE)
		ret = checkpoint(w->db);
	return ret;
}

int store_writer_commit(struct store_writer *w)
{
	int ret;

	if (w->failed)
		return w->failed;
	ret = commit(w);
	if (!ret)
		ret = sql_exec(w->db, "BEGIN IMMEDIATE");
	return checked(w, ret);
}

static int complete(struct store_writer *w)
{
	int ret = event_writer_write_rows(w->events);

	if (!ret)
		ret = set_meta(w, "complete", "1");
	return ret ? ret : commit(w);
}

/*
 * To one plain file, readable in a read-only directory. It fails while somebody reads the store; then the file stays in
 * WAL mode, which does no harm, and there is no point in waiting.
 */
static void leave_wal_mode(sqlite3 *db)
{
	sqlite3_busy_timeout(db, 0);
	sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

int store_writer_close(struct store_writer *w)
{
	int ret = w->failed;

	if (!ret)
		ret = checked(w, complete(w));
	if (ret) {
		store_writer_abort(w);
		return ret;
	}
	if (w->mode == STORE_LIVE)
		leave_wal_mode(w->db);
	ret = close_database(w);
	if (ret)
		store_error_system(w->err, w->file.path, "close", ret);
	else
		ret = store_file_publish(&w->file, w->err);
	store_file_free(&w->file);
	free(w);
	return ret;
}

void store_writer_abort(struct store_writer *w)
{
	if (!w)
		return;
	/* Closing rolls back the open transaction. */
	close_database(w);
	store_file_discard(&w->file);
	store_file_free(&w->file);
	free(w);
}
