// SPDX-License-Identifier: GPL-2.0-only
/*
 * span.c - see span.h. Four small streams beside the cursor of events. Samples and changes of kswapd_failures come
 * by time; tasks and losses by the id of the event they come behind, which is its time or a little more.
 *
 * The series are read once: joining them to each sample took three quarters of the time.
 */
#include "store/span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/row_tell.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store_db.h"

#define SERIES_MAX	(1u << 20)	/* of more, the later ones are not told */

struct series {
	int64_t		id;
	uint64_t	cgroup_id;
	int32_t		node;
	uint8_t		scope;
	const char	*name, *unit;		/* in texts */
};

enum stream { SAMPLES, FAILURES, LOSSES, TASKS, STREAMS };

struct store_span {
	struct store	*store;
	struct series	*series;
	uint32_t	nseries;
	char		*texts;
	sqlite3_stmt	*find_sample;
	sqlite3_stmt	*select[STREAMS];
	bool		ended[STREAMS];
	int64_t		due[STREAMS];
};

/* The first column says when; ?1 and ?2 are the first and the last time. Samples begin at an id, see find_sample. */
static const char *const queries[STREAMS] = {
	[SAMPLES] = "SELECT ts, series_id, value FROM sample WHERE id >= ?1 ORDER BY id",
	[FAILURES] = "SELECT " FAILURES_COLUMNS " FROM kswapd_failures "
		     "WHERE ts BETWEEN ?1 AND ?2 ORDER BY rowid",
	[LOSSES] = "SELECT " LOSS_COLUMNS " FROM loss "
		   "WHERE after_id BETWEEN ?1 AND ?2 ORDER BY rowid",
	[TASKS] = "SELECT " TASK_COLUMNS " FROM task "
		  "WHERE after_id BETWEEN ?1 AND ?2 ORDER BY after_id",
};

static int64_t clamp(uint64_t ns)
{
	return ns <= INT64_MAX ? (int64_t)ns : INT64_MAX;
}

/* --- rows --- */

static int by_id(const void *key, const void *element)
{
	int64_t id = *(const int64_t *)key, other = ((const struct series *)element)->id;

	return id < other ? -1 : id > other;
}

static int tell_sample(struct store_span *span, sqlite3_stmt *row, const struct sink *sink)
{
	int64_t id = sqlite3_column_int64(row, 1);
	const struct series *s;
	struct sample sample;

	/* Nearly always ids are 1, 2, 3 ... */
	if (id >= 1 && id <= span->nseries && span->series[id - 1].id == id)
		s = &span->series[id - 1];
	else
		s = bsearch(&id, span->series, span->nseries, sizeof(*s), by_id);
	if (!s)
		return 0;
	sample = (struct sample){
		.ts = sqlite3_column_int64(row, 0), .scope = s->scope, .node = s->node, .cgroup_id = s->cgroup_id,
		.name = s->name, .unit = s->unit, .value = sqlite3_column_int64(row, 2),
	};
	return SINK_CALL(sink, sample, &sample);
}

static int tell_row(struct store_span *span, enum stream st, const struct sink *sink)
{
	static int (*const tellers[STREAMS])(sqlite3_stmt *row, const struct sink *sink) = {
		[FAILURES] = row_tell_failures, [LOSSES] = row_tell_loss, [TASKS] = row_tell_task,
	};

	return st == SAMPLES ? tell_sample(span, span->select[st], sink) : tellers[st](span->select[st], sink);
}

/* --- making one --- */

static int count_series(struct store_span *span, int64_t *count, int64_t *bytes)
{
	int ret = sql_get_int64(span->store->db, "SELECT count(*) FROM series", count);

	*bytes = 0;
	if (!ret && *count)
		ret = sql_get_int64(span->store->db,
				    "SELECT sum(length(CAST(name AS BLOB)) + length(CAST(unit AS BLOB)) + 2) "
				    "FROM series", bytes);
	return ret;
}

static char *add_text(char **at, char *end, sqlite3_stmt *row, int column)
{
	const char *text = store_column_text(row, column);
	size_t bytes = strlen(text) + 1;
	char *out = *at;

	if (bytes > end - *at)
		return NULL;
	memcpy(out, text, bytes);
	*at += bytes;
	return out;
}

static int read_series(struct store_span *span)
{
	sqlite3_stmt *rows = NULL;
	int64_t count, bytes;
	char *at;
	int ret = count_series(span, &count, &bytes);

	if (ret)
		return ret;
	count = count < SERIES_MAX ? count : SERIES_MAX;
	bytes = bytes < SERIES_MAX * 64ll ? bytes : SERIES_MAX * 64ll;
	span->series = calloc(count + 1, sizeof(*span->series));
	span->texts = at = malloc(bytes + 1);
	if (!span->series || !span->texts)
		return -ENOMEM;
	ret = sql_prepare(span->store->db,
			  "SELECT id, scope, node, cgroup_id, name, unit FROM series ORDER BY id", &rows);
	while (!ret && span->nseries < count && (ret = sqlite3_step(rows)) == SQLITE_ROW) {
		struct series *s = &span->series[span->nseries];

		s->id = sqlite3_column_int64(rows, 0);
		s->scope = store_scope_parse(store_column_text(rows, 1));
		s->node = row_int_or(rows, 2, -1);
		s->cgroup_id = sqlite3_column_int64(rows, 3);
		s->name = add_text(&at, span->texts + bytes, rows, 4);
		s->unit = s->name ? add_text(&at, span->texts + bytes, rows, 5) : NULL;
		span->nseries += !!s->unit;
		ret = s->unit ? 0 : SQLITE_DONE;
	}
	sqlite3_finalize(rows);
	return ret < 0 ? ret : store_errno(ret);
}

int store_span_new(struct store *s, struct store_span **out)
{
	struct store_span *span = calloc(1, sizeof(*span));
	int ret = span ? 0 : -ENOMEM;

	if (ret)
		return store_failed(s, ret);
	span->store = s;
	ret = read_series(span);
	for (int i = 0; i < STREAMS && !ret; i++)
		ret = sql_prepare(s->db, queries[i], &span->select[i]);
	if (!ret)
		ret = sql_prepare(s->db, "SELECT id, ts FROM sample WHERE id >= ?1 ORDER BY id LIMIT 1",
				  &span->find_sample);
	if (ret) {
		ret = store_failed(s, ret);
		store_span_free(span);
		return ret;
	}
	*out = span;
	return 0;
}

void store_span_free(struct store_span *span)
{
	if (!span)
		return;
	for (int i = 0; i < STREAMS; i++)
		sqlite3_finalize(span->select[i]);
	sqlite3_finalize(span->find_sample);
	free(span->series);
	free(span->texts);
	free(span);
}

int store_span_facts(struct store_span *span, const struct sink *sink)
{
	return store_tell_facts(span->store, sink);
}

/* --- pieces --- */

static int advance(struct store_span *span, enum stream st)
{
	int ret = sqlite3_step(span->select[st]);

	span->ended[st] = ret != SQLITE_ROW;
	if (!span->ended[st])
		span->due[st] = sqlite3_column_int64(span->select[st], 0);
	return store_errno(ret);
}

/* The id and time of the first sample with an id of at least @id. 0, -ENODATA when there is none. */
static int sample_at(struct store_span *span, int64_t id, int64_t *found, int64_t *ts)
{
	int ret;

	sqlite3_reset(span->find_sample);
	sqlite3_bind_int64(span->find_sample, 1, id);
	ret = sqlite3_step(span->find_sample);
	if (ret == SQLITE_ROW) {
		*found = sqlite3_column_int64(span->find_sample, 0);
		*ts = sqlite3_column_int64(span->find_sample, 1);
	}
	sqlite3_reset(span->find_sample);
	return ret == SQLITE_ROW ? 0 : ret == SQLITE_DONE ? -ENODATA : store_errno(ret);
}

/* The id from which on samples have a time of at least @ts. */
static int first_sample(struct store_span *span, int64_t ts, int64_t *out)
{
	int64_t low = INT64_MIN, high = INT64_MIN, found, at;
	int ret = sql_get_int64(span->store->db, "SELECT max(id) FROM sample", &high);

	*out = low;
	if (ret)
		return ret == -ENODATA ? 0 : ret;
	if (ts <= 0)
		return 0;
	ret = sample_at(span, INT64_MIN, &low, &at);
	high = high < INT64_MAX ? high + 1 : high;
	while (!ret && low < high) {
		int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);

		ret = sample_at(span, middle, &found, &at);
		if (ret == -ENODATA || (!ret && at >= ts))
			high = middle, ret = 0;
		else if (!ret)
			low = found < INT64_MAX ? found + 1 : high;
	}
	*out = high;
	return ret;
}

static int open_streams(struct store_span *span, uint64_t from_ns, uint64_t to_ns)
{
	int64_t from_id;
	int ret = first_sample(span, clamp(from_ns), &from_id);

	for (int i = 0; i < STREAMS && !ret; i++) {
		sqlite3_reset(span->select[i]);
		sqlite3_bind_int64(span->select[i], 1, i == SAMPLES ? from_id : clamp(from_ns));
		if (i != SAMPLES)
			sqlite3_bind_int64(span->select[i], 2, clamp(to_ns));
		ret = advance(span, i);
	}
	return ret;
}

static int tell(struct store_span *span, enum stream st, const struct sink *sink)
{
	int ret = tell_row(span, st, sink);

	return ret ? ret : advance(span, st);
}

/* Names and losses before the event with @id. */
static int tell_by_id(struct store_span *span, int64_t id, const struct sink *sink)
{
	int ret = 0;

	for (int st = LOSSES; st <= TASKS; st++)
		while (!ret && !span->ended[st] && span->due[st] < id)
			ret = tell(span, st, sink);
	return ret;
}

/* Samples and changes up to @ts, in order of time. */
static int tell_by_time(struct store_span *span, int64_t ts, const struct sink *sink)
{
	int ret = 0;

	while (!ret) {
		bool sample = !span->ended[SAMPLES] && span->due[SAMPLES] <= ts;
		bool change = !span->ended[FAILURES] && span->due[FAILURES] <= ts;

		if (!sample && !change)
			break;
		ret = tell(span, sample && (!change || span->due[SAMPLES] <= span->due[FAILURES]) ? SAMPLES : FAILURES,
			   sink);
	}
	return ret;
}

static int tell_events(struct store_span *span, struct store_cursor *cursor, const struct sink *sink)
{
	const struct event *ev;
	int ret;

	while ((ret = store_next(cursor, &ev)) == 0) {
		/* Names first: what they name may be in a change of the same time. */
		ret = tell_by_id(span, store_cursor_id(cursor), sink);
		if (!ret)
			ret = tell_by_time(span, clamp(ev->ts), sink);
		if (!ret)
			ret = SINK_CALL(sink, event, ev);
		if (ret)
			return ret;
	}
	return ret < 0 ? ret : 0;
}

int store_span_run(struct store_span *span, uint64_t from_ns, uint64_t to_ns, const struct sink *sink)
{
	struct store_cursor *cursor = NULL;
	int ret = open_streams(span, from_ns, to_ns);

	if (ret)
		return store_failed(span->store, ret);
	ret = store_events(span->store, NULL, from_ns, to_ns, &cursor);
	if (!ret)
		ret = tell_events(span, cursor, sink);
	if (!ret)
		ret = tell_by_id(span, INT64_MAX, sink);
	if (!ret)
		ret = tell_by_time(span, clamp(to_ns), sink);
	store_cursor_free(cursor);
	for (int i = 0; i < STREAMS; i++)
		sqlite3_reset(span->select[i]);
	return ret;
}

int store_span_tasks(struct store_span *span, uint64_t ts_ns, const struct sink *sink)
{
	sqlite3_stmt *rows = span->select[TASKS];
	int ret = 0, step;

	sqlite3_reset(rows);
	sqlite3_bind_int64(rows, 1, INT64_MIN);
	sqlite3_bind_int64(rows, 2, clamp(ts_ns));
	while (!ret && (step = sqlite3_step(rows)) == SQLITE_ROW)
		ret = row_tell_task(rows, sink);
	sqlite3_reset(rows);
	return ret;
}
