// SPDX-License-Identifier: GPL-2.0-only
/*
 * tid_map.c - uthash over a fixed pool, utlist for the order of use. Events come in bursts of one task, so the entry
 * of the last question is looked at before the hash.
 */
#include "analyze/tid_map.h"

#include <stdlib.h>
#include <string.h>

/* A hash that cannot grow its buckets keeps working, only slower: no exit() inside the library. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

struct tid_entry {
	UT_hash_handle		hh;
	struct tid_entry	*prev, *next;	/* order of use, or the free list by next */
	int32_t			tid;
	_Alignas(max_align_t) char slot[];
};

struct tid_map {
	struct tid_entry	*hash;
	struct tid_entry	*used;		/* least recently used first */
	struct tid_entry	*free;
	struct tid_entry	*last;
	char			*pool;
	size_t			slot_size;
	tid_map_fn		evict;
	void			*ctx;
	uint64_t		evicted;
};

struct tid_map *tid_map_new(uint32_t capacity, size_t slot_size, tid_map_fn evict, void *ctx)
{
	struct tid_map *map = calloc(1, sizeof(*map));
	size_t align = _Alignof(max_align_t);
	size_t size = (sizeof(struct tid_entry) + slot_size + align - 1) / align * align;

	if (!map)
		return NULL;
	map->pool = calloc(capacity, size);
	if (!map->pool) {
		free(map);
		return NULL;
	}
	map->slot_size = slot_size;
	map->evict = evict;
	map->ctx = ctx;
	for (uint32_t i = 0; i < capacity; i++) {
		struct tid_entry *e = (struct tid_entry *)(map->pool + i * size);

		e->next = map->free;
		map->free = e;
	}
	return map;
}

void tid_map_free(struct tid_map *map)
{
	if (!map)
		return;
	HASH_CLEAR(hh, map->hash);
	free(map->pool);
	free(map);
}

static struct tid_entry *entry_find(struct tid_map *map, int32_t tid)
{
	struct tid_entry *e = map->last;

	if (e && e->tid == tid)
		return e;
	HASH_FIND(hh, map->hash, &tid, sizeof(tid), e);
	if (!e)
		return NULL;
	DL_DELETE(map->used, e);
	DL_APPEND(map->used, e);
	map->last = e;
	return e;
}

static void entry_release(struct tid_map *map, struct tid_entry *e)
{
	HASH_DELETE(hh, map->hash, e);
	DL_DELETE(map->used, e);
	if (map->last == e)
		map->last = NULL;
	e->next = map->free;
	map->free = e;
}

static void evict_oldest(struct tid_map *map)
{
	struct tid_entry *oldest = map->used;

	map->evicted++;
	if (map->evict)
		map->evict(map->ctx, oldest->tid, oldest->slot);
	entry_release(map, oldest);
}

static struct tid_entry *entry_add(struct tid_map *map, int32_t tid)
{
	struct tid_entry *e;

	if (!map->free)
		evict_oldest(map);
	e = map->free;
	map->free = e->next;
	memset(e, 0, sizeof(*e));
	memset(e->slot, 0, map->slot_size);
	e->tid = tid;
	HASH_ADD(hh, map->hash, tid, sizeof(e->tid), e);
	if (!e->hh.tbl) {
		e->next = map->free;
		map->free = e;
		return NULL;
	}
	DL_APPEND(map->used, e);
	map->last = e;
	return e;
}

void *tid_map_find(struct tid_map *map, int32_t tid)
{
	struct tid_entry *e = entry_find(map, tid);

	return e ? e->slot : NULL;
}

void *tid_map_get(struct tid_map *map, int32_t tid)
{
	struct tid_entry *e = entry_find(map, tid);

	if (!e)
		e = entry_add(map, tid);
	return e ? e->slot : NULL;
}

void tid_map_drop(struct tid_map *map, int32_t tid)
{
	struct tid_entry *e = entry_find(map, tid);

	if (e)
		entry_release(map, e);
}

void tid_map_each(struct tid_map *map, tid_map_fn fn, void *ctx)
{
	struct tid_entry *e, *tmp;

	DL_FOREACH_SAFE(map->used, e, tmp)
		fn(ctx, e->tid, e->slot);
}

uint64_t tid_map_evicted(const struct tid_map *map)
{
	return map->evicted;
}
