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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/carry.h"
#include "store/event_writer.h"
#include "store/record_writer.h"
#include "store/sample_writer.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store_file.h"
#include "store/task_writer.h"

enum statement {
	INSERT_META, INSERT_FEATURE, INSERT_LOSS, INSERT_BUFFER, INSERT_SYMBOL, INSERT_CGROUP, INSERT_FAILURES, FIND_LOSS,
	STATEMENTS
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
	[FIND_LOSS]		= "SELECT 1 FROM loss WHERE ts IS NULL OR ts BETWEEN ? AND ? LIMIT 1",
};

/* What belongs to one file. */
struct output {
	sqlite3			*db;
	struct store_file	file;
	struct batch_source	*source;		/* the database's */
	sqlite3_stmt		*statements[STATEMENTS];
	sqlite3_stmt		*records[RECORD_KINDS];
};

/* Findings are told apart by a hash; there are at most 256 in an analysis. */
#define FINDINGS_KNOWN	512u

struct known_findings {
	uint64_t		hash[FINDINGS_KNOWN];
	unsigned int		n;
};

struct store_writer {
	struct output		out;
	enum store_mode		mode;
	struct store_error	*err;			/* the caller's */
	int			failed;			/* the first error */
	struct event_writer	*events;
	struct sample_writer	*samples;
	struct task_writer	*tasks;
	unsigned int		part;			/* the file's number in the recording, from 1 */
	uint64_t		part_start_ns;		/* 0 in the first */
	uint64_t		events_before;		/* in the parts before */
	struct known_findings	here, earlier;		/* in this part, and in those before */
	struct store_kept	kept;
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
	"PRAGMA cache_size = -1024;";

/* What may wait in the cache and go to the log with the next commit: its size, and the pages that cursors hold. */
#define CACHE_BYTES	(1280u << 10)

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
		w->failed = store_error_sqlite(w->err, w->out.file.path, "write", w->out.db, ret);
	return w->failed;
}

static int put_meta(struct output *out, const char *key, const char *value)
{
	sql_bind_text(out->statements[INSERT_META], 1, key);
	sql_bind_text(out->statements[INSERT_META], 2, value);
	return sql_run(out->statements[INSERT_META]);
}

static int set_meta(struct store_writer *w, const char *key, const char *value)
{
	return put_meta(&w->out, key, value);
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

static int open_database(struct output *out, enum store_mode mode)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int ret = store_errno(sqlite3_open_v2(out->file.work_path, &out->db, flags, NULL));

	if (ret)
		return ret;
	sqlite3_busy_timeout(out->db, BUSY_TIMEOUT_MS);
	ret = sql_exec(out->db, common_setup);
	if (!ret)
		ret = sql_exec(out->db, mode_setup[mode]);
	if (!ret)
		ret = sql_exec(out->db, "BEGIN IMMEDIATE");
	return ret ? ret : create_schema(out->db);
}

static int prepare_statements(struct output *out)
{
	int ret = batch_source_new(out->db, &out->source);

	for (unsigned int i = 0; i < STATEMENTS && !ret; i++)
		ret = sql_prepare(out->db, statement_sql[i], &out->statements[i]);
	for (unsigned int i = 0; i < RECORD_KINDS && !ret; i++)
		ret = record_prepare(out->db, i, &out->records[i]);
	return ret;
}

/* A store with the fixed tables, in a transaction. The file is made; what fails after that is in words with out->db. */
static int open_output(struct output *out, enum store_mode mode)
{
	int ret = open_database(out, mode);

	if (!ret)
		ret = prepare_statements(out);
	return ret ? ret : put_meta(out, "complete", "0");
}

/* Answers what closing the database did, which rolls back its transaction. */
static int close_output(struct output *out)
{
	int ret;

	for (unsigned int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(out->statements[i]);
	for (unsigned int i = 0; i < RECORD_KINDS; i++)
		sqlite3_finalize(out->records[i]);
	ret = store_errno(sqlite3_close(out->db));
	out->db = NULL;
	return ret;
}

static int open_writers(struct store_writer *w)
{
	int ret = event_writer_new(w->out.db, w->out.source, &w->events);

	if (!ret)
		ret = sample_writer_new(w->out.db, w->out.source, &w->samples);
	return ret ? ret : task_writer_new(w->out.db, &w->tasks);
}

/* All of SQLite that is open. */
static int close_database(struct store_writer *w)
{
	event_writer_free(w->events);
	sample_writer_free(w->samples);
	task_writer_free(w->tasks);
	return close_output(&w->out);
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
	w->part = 1;
	ret = store_file_create(&w->out.file, path, opts, err);
	if (ret) {
		free(w);
		return ret;
	}
	ret = open_output(&w->out, w->mode);
	if (!ret)
		ret = open_writers(w);
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
	sqlite3_stmt *insert = w->out.statements[INSERT_LOSS];

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
	sqlite3_stmt *insert = w->out.statements[INSERT_SYMBOL];

	if (w->failed)
		return w->failed;
	sqlite3_bind_int64(insert, 1, addr);
	sql_bind_text(insert, 2, name);
	return checked(w, sql_run(insert));
}

static int sink_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->out.statements[INSERT_CGROUP];

	if (w->failed)
		return w->failed;
	sqlite3_bind_int64(insert, 1, id);
	sql_bind_text(insert, 2, path);
	return checked(w, sql_run(insert));
}

static int sink_failures(void *ctx, const struct failures_change *change)
{
	struct store_writer *w = ctx;
	sqlite3_stmt *insert = w->out.statements[INSERT_FAILURES];

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
	sqlite3_stmt *insert = w->out.statements[INSERT_BUFFER];

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
	return w->failed ? w->failed : checked(w, record_write(w->out.records[kind], kind, record));
}

int store_writer_chain(struct store_writer *w, const struct store_chain *chain)
{
	return write_record(w, RECORD_CHAIN, chain);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;	/* FNV-1a */
	return hash;
}

/* What a finding is, apart from what may still be learnt of it. */
static uint64_t finding_hash(const struct store_finding *f)
{
	const char *variant = f->variant ?: "";
	uint64_t hash = hash_bytes(0xcbf29ce484222325, f->kind, strlen(f->kind));

	hash = hash_bytes(hash, variant, strlen(variant));
	hash = hash_bytes(hash, &f->start_ns, sizeof(f->start_ns));
	hash = hash_bytes(hash, &f->end_ns, sizeof(f->end_ns));
	return hash_bytes(hash, &f->node, sizeof(f->node));
}

static bool is_known(const struct known_findings *known, uint64_t hash)
{
	for (unsigned int i = 0; i < known->n; i++) {
		if (known->hash[i] == hash)
			return true;
	}
	return false;
}

static void make_known(struct known_findings *known, uint64_t hash)
{
	if (known->n < FINDINGS_KNOWN && !is_known(known, hash))
		known->hash[known->n++] = hash;
}

static int find_loss(struct store_writer *w, const struct store_finding *f, bool *found)
{
	sqlite3_stmt *find = w->out.statements[FIND_LOSS];
	int ret;

	sqlite3_bind_int64(find, 1, f->start_ns);
	sqlite3_bind_int64(find, 2, f->end_ns);
	ret = sqlite3_step(find);
	*found = ret == SQLITE_ROW;
	sqlite3_reset(find);
	return store_errno(ret);
}

int store_writer_finding(struct store_writer *w, const struct store_finding *finding)
{
	struct store_finding row = *finding;
	uint64_t hash = finding_hash(finding);
	bool lost = false;
	int ret = 0;

	if (w->failed || (row.end_ns < (int64_t)w->part_start_ns && is_known(&w->earlier, hash)))
		return w->failed;
	if (!row.loss)
		ret = find_loss(w, &row, &lost);
	if (lost)
		row.loss = -1;
	make_known(&w->here, hash);
	return ret ? checked(w, ret) : write_record(w, RECORD_FINDING, &row);
}

int store_writer_clear_findings(struct store_writer *w)
{
	w->here.n = 0;
	return w->failed ? w->failed : checked(w, sql_exec(w->out.db, "DELETE FROM finding"));
}

int store_writer_feature(struct store_writer *w, const char *name, const char *state, const char *how)
{
	sqlite3_stmt *insert = w->out.statements[INSERT_FEATURE];

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
		ret = sql_exec(w->out.db, "COMMIT");
	if (ret)
		return ret;
	w->kept = (struct store_kept){ w->events_before + w->nevents, w->end_ns };
	return w->mode == STORE_LIVE ? checkpoint(w->out.db) : 0;
}

int store_writer_commit(struct store_writer *w)
{
	int ret;

	if (w->failed)
		return w->failed;
	ret = commit(w);
	if (!ret)
		ret = sql_exec(w->out.db, "BEGIN IMMEDIATE");
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

void store_writer_kept(const struct store_writer *w, struct store_kept *kept)
{
	*kept = w->kept;
}

/* --- size, and the next file --- */

static int log_bytes(const struct output *out, uint64_t *bytes)
{
	char *path;
	struct stat st;

	if (asprintf(&path, "%s-wal", out->file.work_path) < 0)
		return -ENOMEM;
	*bytes = stat(path, &st) ? 0 : st.st_size;
	free(path);
	return 0;
}

int store_writer_size(struct store_writer *w, struct store_size *size)
{
	int64_t pages = 0, page_bytes = 0;
	uint64_t log = 0;
	int ret = w->failed ?: flush(w);

	if (!ret)
		ret = sql_get_int64(w->out.db, "PRAGMA page_count", &pages);
	if (!ret)
		ret = sql_get_int64(w->out.db, "PRAGMA page_size", &page_bytes);
	if (!ret)
		ret = log_bytes(&w->out, &log);
	size->bytes = pages * page_bytes + log;
	size->most_bytes = size->bytes + CACHE_BYTES;
	return ret ? checked(w, ret) : 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Leaves no file behind. */
static void discard_output(struct output *out)
{
	close_output(out);
	unlink(out->file.work_path);
	store_file_free(&out->file);
}

/* What must go right before anything of this file is given up; when it does not, all is as it was. */
static int open_next(struct store_writer *w, const char *path, struct output *next)
{
	const struct store_writer_opts opts = { .mode = STORE_LIVE };
	sqlite3 *failed = NULL;
	char part[16];
	int ret = store_file_create(&next->file, path, &opts, w->err);

	if (ret)
		return ret;
	snprintf(part, sizeof(part), "%u", w->part + 1);
	ret = open_output(next, w->mode);
	if (!ret)
		ret = carry_tables(w->out.db, next->db, &failed);
	if (!ret)
		ret = put_meta(next, "part", part);
	if (!ret)
		ret = put_meta(next, "continues", base_name(w->out.file.path));
	if (ret) {
		store_error_sqlite(w->err, failed == w->out.db ? w->out.file.path : path, "write", failed ?: next->db, ret);
		discard_output(next);
	}
	return ret;
}

static void begin_part(struct store_writer *w)
{
	for (unsigned int i = 0; i < w->here.n; i++)
		make_known(&w->earlier, w->here.hash[i]);
	w->here.n = 0;
	w->part++;
	w->part_start_ns = w->end_ns;
	w->events_before += w->nevents;
	w->nevents = 0;
	w->out_of_order = 0;
	w->start_ns = UINT64_MAX;
	w->end_ns = 0;
}

/* Each of them leaves the old database, also after an error. */
static int move_writers(struct store_writer *w, struct output *next)
{
	int events = event_writer_move(w->events, next->db, next->source);
	int tasks = task_writer_move(w->tasks, next->db);
	int samples = sample_writer_move(w->samples, next->db, next->source, w->end_ns);

	return events ?: tasks ?: samples;
}

static int finish_part(struct output *out, const char *next)
{
	int ret = put_meta(out, "continued_in", base_name(next));

	if (!ret)
		ret = put_meta(out, "complete", "1");
	if (!ret)
		ret = sql_exec(out->db, "COMMIT");
	return ret ? ret : checkpoint(out->db);
}

int store_writer_next(struct store_writer *w, const char *path)
{
	struct output next = { 0 }, last = w->out;
	uint64_t switch_ns = w->end_ns;
	int ret;

	if (w->failed || w->mode != STORE_LIVE)
		return w->failed ?: -EINVAL;
	ret = checked(w, event_writer_write_rows(w->events));
	if (!ret)
		ret = store_writer_commit(w);
	if (!ret)
		ret = open_next(w, path, &next);
	if (ret)
		return ret;
	ret = move_writers(w, &next);
	w->out = next;
	begin_part(w);
	note_time(w, switch_ns);
	if (!ret)
		ret = flush(w);
	if (!ret)
		ret = carry_settings(w->out.db);
	if (!ret)
		ret = store_writer_commit(w);
	ret = checked(w, ret);
	if (!ret) {
		ret = finish_part(&last, path);
		if (ret)
			w->failed = store_error_sqlite(w->err, last.file.path, "write", last.db, ret);
	}
	if (!ret)
		leave_wal_mode(last.db);
	close_output(&last);
	store_file_free(&last.file);
	return ret;
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
		leave_wal_mode(w->out.db);
	ret = close_database(w);
	if (ret)
		store_error_system(w->err, w->out.file.path, "close", ret);
	else
		ret = store_file_publish(&w->out.file, w->err);
	store_file_free(&w->out.file);
	free(w);
	return ret;
}

void store_writer_abort(struct store_writer *w)
{
	if (!w)
		return;
	/* Closing rolls back the open transaction. */
	close_database(w);
	store_file_discard(&w->out.file);
	store_file_free(&w->out.file);
	free(w);
}
