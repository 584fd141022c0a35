// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash finds the number and the last value of a series; a value that changed becomes a row of a batch, as events do.
 */
#include "store/sample_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "store/error.h"
#include "store/schema.h"
#include "store/sql.h"

/* Hashed as bytes up to the end of the name, so it is cleared before it is filled. */
struct series_key {
	uint64_t		cgroup_id;
	int32_t			node;
	uint32_t		scope;
	char			name[STORE_NAME_BYTES + 1];
};

struct series {
	UT_hash_handle		hh;
	int64_t			id;
	int64_t			value;			/* the last one written */
	bool			has_value;
	struct series_key	key;			/* its end is not allocated */
};

struct sample_writer {
	struct batch_source	*source;
	struct batch		*batch;
	sqlite3_stmt		*insert_series;
	sqlite3_stmt		*insert_samples;
	struct series		*series;
	int64_t			nseries;
	int64_t			nsamples;
	uint64_t		dropped;
};

enum { SAMPLE_TS, SAMPLE_SERIES, SAMPLE_VALUE, SAMPLE_FIELDS };

static const char insert_series_sql[] =
	"INSERT INTO series(id, scope, node, cgroup_id, name, unit) VALUES(?, ?, ?, ?, ?, ?)";
static const char insert_samples_sql[] =
	"INSERT INTO main.sample(id, ts, series_id, value) SELECT id, f0, f1, f2 FROM temp.batch";

int sample_writer_new(sqlite3 *db, struct batch_source *source, struct sample_writer **out)
{
	struct sample_writer *w = calloc(1, sizeof(*w));
	int ret;

	if (!w)
		return -ENOMEM;
	w->source = source;
	ret = batch_new(&w->batch);
	if (!ret)
		ret = sql_prepare(db, insert_series_sql, &w->insert_series);
	if (!ret)
		ret = sql_prepare(db, insert_samples_sql, &w->insert_samples);
	if (ret) {
		sample_writer_free(w);
		return ret;
	}
	batch_reuse(w->batch, SAMPLE_FIELDS);
	*out = w;
	return 0;
}

void sample_writer_free(struct sample_writer *w)
{
	struct series *series, *next;

	if (!w)
		return;
	HASH_ITER(hh, w->series, series, next) {
		HASH_DEL(w->series, series);
		free(series);
	}
	sqlite3_finalize(w->insert_samples);
	sqlite3_finalize(w->insert_series);
	batch_free(w->batch);
	free(w);
}

static size_t make_key(struct series_key *key, const struct sample *sample)
{
	size_t len = strnlen(sample->name, STORE_NAME_BYTES);

	memset(key, 0, sizeof(*key));
	key->cgroup_id = sample->cgroup_id;
	key->node = sample->node;
	key->scope = sample->scope;
	memcpy(key->name, sample->name, len);
	return offsetof(struct series_key, name) + len + 1;
}

static int write_series(struct sample_writer *w, const struct series *series, const char *unit)
{
	sql_bind_text(w->insert_series, 2, store_scope_name(series->key.scope));
	sqlite3_bind_int64(w->insert_series, 1, series->id);
	sql_bind_unless(w->insert_series, 3, series->key.node, -1);
	sql_bind_unless(w->insert_series, 4, series->key.cgroup_id, 0);
	sql_bind_text(w->insert_series, 5, series->key.name);
	sql_bind_text(w->insert_series, 6, unit);
	return sql_run(w->insert_series);
}

static int add_series(struct sample_writer *w, const struct series_key *key, size_t key_bytes, const char *unit,
		      struct series **out)
{
	struct series *series = calloc(1, offsetof(struct series, key) + key_bytes);
	int ret;

	if (!series)
		return -ENOMEM;
	memcpy(&series->key, key, key_bytes);
	series->id = w->nseries + 1;
	ret = write_series(w, series, unit);
	if (ret)
		goto free_series;
	HASH_ADD_KEYPTR(hh, w->series, &series->key, key_bytes, series);
	if (!series->hh.tbl) {
		ret = -ENOMEM;
		goto free_series;
	}
	w->nseries++;
	*out = series;
	return 0;
free_series:
	free(series);
	return ret;
}

int sample_writer_flush(struct sample_writer *w)
{
	return store_errno(batch_flush(w->source, w->batch, w->insert_samples));
}

static int add_value(struct sample_writer *w, const struct series *series, const struct sample *sample)
{
	const struct event_value values[SAMPLE_FIELDS] = {
		[SAMPLE_TS]	= { .kind = VALUE_UINT, .u = sample->ts },
		[SAMPLE_SERIES]	= { .kind = VALUE_INT, .i = series->id },
		[SAMPLE_VALUE]	= { .kind = VALUE_INT, .i = sample->value },
	};
	const struct event row = { .values = values };

	batch_add(w->batch, ++w->nsamples, &row);
	return batch_is_full(w->batch) ? sample_writer_flush(w) : 0;
}

int sample_writer_add(struct sample_writer *w, const struct sample *sample)
{
	struct series *series;
	struct series_key key;
	size_t key_bytes = make_key(&key, sample);
	int ret = 0;

	HASH_FIND(hh, w->series, &key, key_bytes, series);
	if (!series && w->nseries >= SERIES_MAX) {
		w->dropped++;
		return 0;
	}
	if (!series)
		ret = add_series(w, &key, key_bytes, sample->unit, &series);
	if (ret || (series->has_value && series->value == sample->value))
		return ret;
	series->has_value = true;
	series->value = sample->value;
	return add_value(w, series, sample);
}

uint64_t sample_writer_dropped(const struct sample_writer *w)
{
	return w->dropped;
}
