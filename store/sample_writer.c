// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash finds the number and the last value of a series; a value that changed becomes a row of a batch, as events do.
 * Series of a cgroup that is gone are forgotten here; in the file they stay. So is, when there are too many, the one
 * of a cgroup that did not change for longest.
 */
#include "store/sample_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

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
	struct owner		*owner;			/* NULL: not of a cgroup, and in no list */
	struct series		*prev, *next;		/* in sample_writer.aging */
	struct series		*sibling_prev, *sibling_next;	/* in owner->series */
	int64_t			id;
	int64_t			value;			/* the last one written */
	bool			has_value;
	struct series_key	key;			/* its end is not allocated */
};

/* A cgroup with a series. */
struct owner {
	UT_hash_handle		hh;
	uint64_t		cgroup_id;
	struct series		*series;
};

struct sample_writer {
	struct batch_source	*source;
	struct batch		*batch;
	sqlite3_stmt		*insert_series;
	sqlite3_stmt		*insert_samples;
	struct series		*series;
	struct series		*aging;			/* those of cgroups, the one that changed last at the end */
	struct owner		*owners;
	int64_t			last_id;
	int64_t			nsamples;
	uint64_t		dropped;
};

enum { SAMPLE_TS, SAMPLE_SERIES, SAMPLE_VALUE, SAMPLE_FIELDS };

static const char insert_series_sql[] =
	"INSERT INTO series(id, scope, node, cgroup_id, name, unit) VALUES(?, ?, ?, ?, ?, ?)";
static const char insert_samples_sql[] =
	"INSERT INTO main.sample(id, ts, series_id, value) SELECT id, f0, f1, f2 FROM temp.batch";

static int prepare(struct sample_writer *w, sqlite3 *db)
{
	int ret = sql_prepare(db, insert_series_sql, &w->insert_series);

	return ret ? ret : sql_prepare(db, insert_samples_sql, &w->insert_samples);
}

static void finalize(struct sample_writer *w)
{
	sqlite3_finalize(w->insert_samples);
	sqlite3_finalize(w->insert_series);
	w->insert_samples = NULL;
	w->insert_series = NULL;
}

static int own(struct sample_writer *w, struct series *series)
{
	struct owner *owner;

	HASH_FIND(hh, w->owners, &series->key.cgroup_id, sizeof(series->key.cgroup_id), owner);
	if (!owner) {
		owner = calloc(1, sizeof(*owner));
		if (!owner)
			return -ENOMEM;
		owner->cgroup_id = series->key.cgroup_id;
		HASH_ADD(hh, w->owners, cgroup_id, sizeof(owner->cgroup_id), owner);
		if (!owner->hh.tbl) {
			free(owner);
			return -ENOMEM;
		}
	}
	series->owner = owner;
	DL_APPEND2(owner->series, series, sibling_prev, sibling_next);
	DL_APPEND(w->aging, series);
	return 0;
}

static void disown(struct sample_writer *w, struct series *series)
{
	struct owner *owner = series->owner;

	DL_DELETE(w->aging, series);
	DL_DELETE2(owner->series, series, sibling_prev, sibling_next);
	if (!owner->series) {
		HASH_DEL(w->owners, owner);
		free(owner);
	}
}

static void forget(struct sample_writer *w, struct series *series)
{
	if (series->owner)
		disown(w, series);
	HASH_DEL(w->series, series);
	free(series);
}

static void forget_cgroup(struct sample_writer *w, uint64_t cgroup_id)
{
	struct series *series, *next;
	struct owner *owner;

	HASH_FIND(hh, w->owners, &cgroup_id, sizeof(cgroup_id), owner);
	if (!owner)
		return;
	/* The last one frees the owner, whose list this walks: with what is next in hand. */
	for (series = owner->series; series; series = next) {
		next = series->sibling_next;
		forget(w, series);
	}
}

int sample_writer_new(sqlite3 *db, struct batch_source *source, struct sample_writer **out)
{
	struct sample_writer *w = calloc(1, sizeof(*w));
	int ret;

	if (!w)
		return -ENOMEM;
	w->source = source;
	ret = batch_new(&w->batch);
	if (!ret)
		ret = prepare(w, db);
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
	HASH_ITER(hh, w->series, series, next)
		forget(w, series);
	finalize(w);
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
	series->id = w->last_id + 1;
	ret = write_series(w, series, unit);
	if (ret)
		goto free_series;
	HASH_ADD_KEYPTR(hh, w->series, &series->key, key_bytes, series);
	if (!series->hh.tbl) {
		ret = -ENOMEM;
		goto free_series;
	}
	w->last_id++;
	if (series->key.scope == SCOPE_CGROUP)
		ret = own(w, series);
	if (ret) {
		forget(w, series);
		return ret;
	}
	*out = series;
	return 0;
free_series:
	free(series);
	return ret;
}

/* Room for one more. False: there is none, for no cgroup has a series. */
static bool make_room(struct sample_writer *w)
{
	struct series *oldest = w->aging;

	if (HASH_COUNT(w->series) < SERIES_MAX)
		return true;
	if (!oldest)
		return false;
	forget(w, oldest);
	return true;
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
	if (!series && !make_room(w)) {
		w->dropped++;
		return 0;
	}
	if (!series)
		ret = add_series(w, &key, key_bytes, sample->unit, &series);
	if (ret || (series->has_value && series->value == sample->value))
		return ret;
	series->has_value = true;
	series->value = sample->value;
	if (series->owner) {
		DL_DELETE(w->aging, series);
		DL_APPEND(w->aging, series);
	}
	ret = add_value(w, series, sample);
	if (series->owner && !strcmp(sample->name, SAMPLE_CGROUP_REMOVED))
		forget_cgroup(w, sample->cgroup_id);
	return ret;
}

uint64_t sample_writer_dropped(const struct sample_writer *w)
{
	return w->dropped;
}

int sample_writer_move(struct sample_writer *w, sqlite3 *db, struct batch_source *source, uint64_t now_ns)
{
	struct series *series, *next;
	int ret = sample_writer_flush(w);

	finalize(w);
	w->source = source;
	w->nsamples = 0;
	if (!ret)
		ret = prepare(w, db);
	HASH_ITER(hh, w->series, series, next) {
		const struct sample sample = { .ts = now_ns, .value = series->value };

		if (!ret && series->has_value)
			ret = add_value(w, series, &sample);
	}
	return ret;
}
