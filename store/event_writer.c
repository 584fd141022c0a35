// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an event to the batch of its type, and from batches to SQLite. event_writer_add runs once per event: in the
 * usual case it finds the type by its number and copies the row.
 */
#include "store/event_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "store/error.h"
#include "store/event_table.h"
#include "store/schema.h"

/* A batch and whose rows it holds. */
struct slot {
	struct batch		*batch;
	sqlite3_stmt		*insert;
	struct writer_type	*type;			/* NULL: free */
	int64_t			last_id;		/* the event that was added last: the age of the slot */
};

struct writer_type {
	struct event_table	*table;			/* shared, see event_writer.tables */
	struct slot		*slot;			/* NULL: no rows wait */
	unsigned int		nfields;
	struct column_map	map;
};

struct event_writer {
	sqlite3			*db;
	struct batch_source	*source;
	struct writer_type	**types;		/* by event_type.id, NULL in between */
	unsigned int		ntypes;
	struct event_table	**tables;
	unsigned int		ntables;
	unsigned int		nslots;			/* slots[] in use so far */
	struct slot		slots[EVENT_BATCHES];
};

int event_writer_new(sqlite3 *db, struct batch_source *source, struct event_writer **out)
{
	struct event_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->db = db;
	w->source = source;
	*out = w;
	return 0;
}

void event_writer_free(struct event_writer *w)
{
	if (!w)
		return;
	for (unsigned int i = 0; i < w->nslots; i++) {
		sqlite3_finalize(w->slots[i].insert);
		batch_free(w->slots[i].batch);
	}
	for (unsigned int i = 0; i < w->ntypes; i++)
		free(w->types[i]);
	for (unsigned int i = 0; i < w->ntables; i++)
		event_table_free(w->tables[i]);
	free(w->types);
	free(w->tables);
	free(w);
}

static int flush_slot(struct event_writer *w, struct slot *slot)
{
	return store_errno(batch_flush(w->source, slot->batch, slot->insert));
}

/* Flushes and takes the slot from its type, so that the next event of that type prepares its statement anew. */
static int release_slot(struct event_writer *w, struct slot *slot)
{
	int ret = flush_slot(w, slot);

	sqlite3_finalize(slot->insert);
	slot->insert = NULL;
	slot->type->slot = NULL;
	slot->type = NULL;
	return ret;
}

static int release_slots_of(struct event_writer *w, const struct event_table *table)
{
	int ret = 0;

	for (unsigned int i = 0; i < w->nslots && !ret; i++) {
		if (w->slots[i].type && w->slots[i].type->table == table)
			ret = release_slot(w, &w->slots[i]);
	}
	return ret;
}

static struct slot *oldest_slot(struct event_writer *w)
{
	struct slot *oldest = &w->slots[0];

	for (unsigned int i = 0; i < w->nslots; i++) {
		if (!w->slots[i].type)
			return &w->slots[i];
		if (w->slots[i].last_id < oldest->last_id)
			oldest = &w->slots[i];
	}
	return oldest;
}

static int find_slot(struct event_writer *w, struct slot **out)
{
	struct slot *slot;
	int ret;

	if (w->nslots < EVENT_BATCHES) {
		slot = &w->slots[w->nslots];
		ret = batch_new(&slot->batch);
		w->nslots += !ret;
	} else {
		slot = oldest_slot(w);
		ret = slot->type ? release_slot(w, slot) : 0;
	}
	*out = slot;
	return ret;
}

static int attach_slot(struct event_writer *w, struct writer_type *type)
{
	struct slot *slot;
	int ret = find_slot(w, &slot);

	if (ret)
		return ret;
	ret = event_table_prepare(w->db, type->table, &type->map, &slot->insert);
	if (ret)
		return ret;
	batch_reuse(slot->batch, type->nfields);
	slot->type = type;
	type->slot = slot;
	return 0;
}

/* Makes room for index @id in types[]. */
static int grow_types(struct event_writer *w, uint32_t id)
{
	unsigned int count = id + 1 > 2 * w->ntypes ? id + 1 : 2 * w->ntypes;
	struct writer_type **types;

	if (id < w->ntypes)
		return 0;
	if (id >= EVENT_TYPES_MAX)
		return -E2BIG;
	types = reallocarray(w->types, count, sizeof(*types));
	if (!types)
		return -ENOMEM;
	for (unsigned int i = w->ntypes; i < count; i++)
		types[i] = NULL;
	w->types = types;
	w->ntypes = count;
	return 0;
}

static struct event_table *find_table(struct event_writer *w, const struct event_type *type)
{
	for (unsigned int i = 0; i < w->ntables; i++) {
		if (event_table_accepts(w->tables[i], type))
			return w->tables[i];
	}
	return NULL;
}

static int make_table(struct event_writer *w, const struct event_type *announced, struct writer_type *type)
{
	struct event_table **tables = reallocarray(w->tables, w->ntables + 1, sizeof(*tables));
	int ret;

	if (!tables)
		return -ENOMEM;
	w->tables = tables;
	ret = event_table_create(w->db, w->ntables + 1, announced, &type->table, &type->map);
	if (!ret)
		w->tables[w->ntables++] = type->table;
	return ret;
}

static int find_or_make_table(struct event_writer *w, const struct event_type *announced, struct writer_type *type)
{
	int ret;

	type->table = find_table(w, announced);
	if (!type->table)
		return make_table(w, announced, type);
	ret = release_slots_of(w, type->table);
	return ret ? ret : event_table_extend(w->db, type->table, announced, &type->map);
}

int event_writer_announce(struct event_writer *w, const struct event_type *announced)
{
	struct writer_type *type;
	int ret = grow_types(w, announced->id);

	if (ret)
		return ret;
	if (w->types[announced->id] || announced->nfields > EVENT_MAX_FIELDS)
		return -EINVAL;
	type = calloc(1, sizeof(*type));
	if (!type)
		return -ENOMEM;
	type->nfields = announced->nfields;
	ret = find_or_make_table(w, announced, type);
	if (ret) {
		free(type);
		return ret;
	}
	w->types[announced->id] = type;
	return 0;
}

/* What is not so for every event: no batch yet, or the first event of a second buffer. */
static int prepare_type(struct event_writer *w, struct writer_type *type, const struct event *ev)
{
	int ret = 0;

	if (ev->buffer && !type->table->has_buffer) {
		ret = release_slots_of(w, type->table);
		if (!ret)
			ret = event_table_add_buffer(w->db, type->table);
	}
	return ret || type->slot ? ret : attach_slot(w, type);
}

int event_writer_add(struct event_writer *w, int64_t id, const struct event *ev)
{
	uint32_t number = ev->type->id;
	struct writer_type *type = number < w->ntypes ? w->types[number] : NULL;
	int ret;

	if (!type || type->nfields != ev->type->nfields)
		return -EINVAL;
	if (!type->slot || (ev->buffer && !type->table->has_buffer)) {
		ret = prepare_type(w, type, ev);
		if (ret)
			return ret;
	}
	if (!batch_add(type->slot->batch, id, ev)) {
		ret = flush_slot(w, type->slot);
		if (ret)
			return ret;
		batch_add(type->slot->batch, id, ev);
	}
	type->slot->last_id = id;
	type->table->rows++;
	return batch_is_full(type->slot->batch) ? flush_slot(w, type->slot) : 0;
}

int event_writer_flush(struct event_writer *w)
{
	int ret = 0;

	for (unsigned int i = 0; i < w->nslots && !ret; i++) {
		if (w->slots[i].type)
			ret = flush_slot(w, &w->slots[i]);
	}
	return ret;
}

int event_writer_write_rows(struct event_writer *w)
{
	int ret = 0;

	for (unsigned int i = 0; i < w->ntables && !ret; i++)
		ret = event_table_write_rows(w->db, w->tables[i]);
	return ret;
}

int event_writer_move(struct event_writer *w, sqlite3 *db, struct batch_source *source)
{
	int ret = 0;

	/* All of them, whatever happens: the old database is about to be closed. */
	for (unsigned int i = 0; i < w->nslots; i++) {
		int error = w->slots[i].type ? release_slot(w, &w->slots[i]) : 0;

		ret = ret ? ret : error;
	}
	for (unsigned int i = 0; i < w->ntables; i++)
		w->tables[i]->rows = 0;
	w->db = db;
	w->source = source;
	return ret;
}
