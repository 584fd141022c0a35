// SPDX-License-Identifier: GPL-2.0-only
/*
 * A store as a source. The events come from a cursor; tasks, losses and samples are streams beside it, and each of
 * their rows is told when the next event is past it.
 */
#include "store/reader.h"

#include <errno.h>

#include "store/row_tell.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store_db.h"

/*
 * A stream of rows that are not events. The first column says when: by_time, before the first event of that time or a
 * later one; else before the first event with a greater id.
 */
struct stream_kind {
	const char	*sql;				/* ?1 from, ?2 to, ns */
	bool		by_time;
	int		(*tell)(sqlite3_stmt *row, const struct sink *sink);
};

static int tell_meta(sqlite3_stmt *row, const struct sink *sink)
{
	return SINK_CALL(sink, meta, store_column_text(row, 0), store_column_text(row, 1));
}

static int tell_buffer(sqlite3_stmt *row, const struct sink *sink)
{
	return SINK_CALL(sink, buffer, sqlite3_column_int(row, 0), store_column_text(row, 1));
}

static int tell_symbol(sqlite3_stmt *row, const struct sink *sink)
{
	return SINK_CALL(sink, symbol, sqlite3_column_int64(row, 0), store_column_text(row, 1));
}

static int tell_cgroup(sqlite3_stmt *row, const struct sink *sink)
{
	return SINK_CALL(sink, cgroup, sqlite3_column_int64(row, 0), store_column_text(row, 1));
}

static int tell_sample(sqlite3_stmt *row, const struct sink *sink)
{
	const struct sample sample = {
		.ts		= sqlite3_column_int64(row, 0),
		.scope		= store_scope_parse(store_column_text(row, 1)),
		.node		= row_int_or(row, 2, -1),
		.cgroup_id	= sqlite3_column_int64(row, 3),
		.name		= store_column_text(row, 4),
		.unit		= store_column_text(row, 5),
		.value		= sqlite3_column_int64(row, 6),
	};

	return SINK_CALL(sink, sample, &sample);
}

/* Told before the first event, without a time. */
static const struct stream_kind first_kinds[] = {
	{ "SELECT key, value FROM meta", false, tell_meta },
	{ "SELECT id, name FROM buffer", false, tell_buffer },
	{ "SELECT addr, name FROM symbol", false, tell_symbol },
	{ "SELECT id, path FROM cgroup", false, tell_cgroup },
};

enum { TASKS, LOSSES, SAMPLES, FAILURES, STREAMS };

static const struct stream_kind stream_kinds[STREAMS] = {
	[TASKS] = {
		"SELECT " TASK_COLUMNS " FROM task ORDER BY after_id", false, row_tell_task,
	},
	[LOSSES] = {
		"SELECT " LOSS_COLUMNS " FROM loss "
		"WHERE ts IS NULL OR ts BETWEEN ?1 AND ?2 ORDER BY rowid", false, row_tell_loss,
	},
	/* A value is stored when it changes: the last one before the range is the one that holds at its start. */
	[SAMPLES] = {
		"SELECT max(ts, ?1), scope, node, cgroup_id, series.name, unit, value "
		"FROM sample CROSS JOIN series ON series.id = series_id WHERE ts <= ?2 AND (ts >= ?1 OR sample.id IN "
		"(SELECT max(id) FROM sample WHERE ts < ?1 GROUP BY series_id)) ORDER BY sample.id", true, tell_sample,
	},
	[FAILURES] = {
		"SELECT " FAILURES_COLUMNS " FROM kswapd_failures "
		"WHERE ts BETWEEN ?1 AND ?2 ORDER BY rowid", true, row_tell_failures,
	},
};

struct stream {
	const struct stream_kind	*kind;
	sqlite3_stmt			*select;
	bool				ended;
	int64_t				due;		/* of the row it is at */
};

static int advance(struct stream *st)
{
	int ret = sqlite3_step(st->select);

	st->ended = ret != SQLITE_ROW;
	if (!st->ended)
		st->due = sqlite3_column_int64(st->select, 0);
	return store_errno(ret);
}

static int open_stream(struct store *s, struct stream *st, uint64_t from_ns, uint64_t to_ns)
{
	int ret = sql_prepare(s->db, st->kind->sql, &st->select);

	if (ret)
		return store_failed(s, ret);
	if (sqlite3_bind_parameter_count(st->select)) {
		sqlite3_bind_int64(st->select, 1, from_ns <= INT64_MAX ? from_ns : INT64_MAX);
		sqlite3_bind_int64(st->select, 2, to_ns <= INT64_MAX ? to_ns : INT64_MAX);
	}
	ret = advance(st);
	return ret ? store_failed(s, ret) : 0;
}

/* Tells the row that it is at, and moves on. */
static int tell_row(struct store *s, struct stream *st, const struct sink *sink)
{
	int ret = st->kind->tell(st->select, sink);

	if (ret)
		return ret;
	ret = advance(st);
	return ret ? store_failed(s, ret) : 0;
}

/* Tells the rows that come before an event with @id and @ts. */
static int tell_due(struct store *s, struct stream *st, int64_t id, uint64_t ts, const struct sink *sink)
{
	int ret = 0;

	while (!ret && !st->ended && (st->kind->by_time ? (uint64_t)st->due <= ts : st->due < id))
		ret = tell_row(s, st, sink);
	return ret;
}

int store_tell_facts(struct store *s, const struct sink *sink)
{
	int ret = 0;

	for (unsigned int i = 0; i < sizeof(first_kinds) / sizeof(first_kinds[0]) && !ret; i++) {
		struct stream st = { .kind = &first_kinds[i] };

		ret = open_stream(s, &st, 0, 0);
		while (!ret && !st.ended)
			ret = tell_row(s, &st, sink);
		sqlite3_finalize(st.select);
	}
	for (unsigned int i = 0; i < s->ntypes && !ret; i++)
		ret = SINK_CALL(sink, type, &s->types[i].type);
	return ret;
}

static int tell_streams(struct store *s, struct stream *streams, int64_t id, uint64_t ts, const struct sink *sink)
{
	int ret = 0;

	for (unsigned int i = 0; i < STREAMS && !ret; i++) {
		if (!streams[i].ended)
			ret = tell_due(s, &streams[i], id, ts, sink);
	}
	return ret;
}

static int tell_events(struct store *s, struct store_cursor *cursor, struct stream *streams, const struct sink *sink)
{
	const struct event *ev;
	int ret;

	while ((ret = store_next(cursor, &ev)) == 0) {
		ret = tell_streams(s, streams, store_cursor_id(cursor), ev->ts, sink);
		if (!ret)
			ret = SINK_CALL(sink, event, ev);
		if (ret)
			return ret;
	}
	return ret < 0 ? ret : tell_streams(s, streams, INT64_MAX, UINT64_MAX, sink);
}

int store_replay(struct store *s, uint64_t from_ns, uint64_t to_ns, const struct sink *sink)
{
	struct store_cursor *cursor = NULL;
	struct stream streams[STREAMS] = { 0 };
	int ret = store_tell_facts(s, sink);

	for (unsigned int i = 0; i < STREAMS && !ret; i++) {
		streams[i].kind = &stream_kinds[i];
		ret = open_stream(s, &streams[i], from_ns, to_ns);
	}
	if (!ret)
		ret = store_events(s, NULL, from_ns, to_ns, &cursor);
	if (!ret)
		ret = tell_events(s, cursor, streams, sink);
	store_cursor_free(cursor);
	for (unsigned int i = 0; i < STREAMS; i++)
		sqlite3_finalize(streams[i].select);
	return ret;
}
