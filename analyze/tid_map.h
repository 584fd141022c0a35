/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tid_map.h - state per thread, for at most so many threads.
 *
 * All memory is taken at the start. When a thread comes for which there is no room, the one that was not asked for
 * the longest is given up: its state goes to the evict callback first, and evictions are counted.
 */
#ifndef SQUALL_ANALYZE_TID_MAP_H
#define SQUALL_ANALYZE_TID_MAP_H

#include <stddef.h>
#include <stdint.h>

struct tid_map;

typedef void (*tid_map_fn)(void *ctx, int32_t tid, void *slot);

/* @slot_size bytes for each of @capacity threads. evict may be NULL. NULL when memory is short; tid_map_free frees. */
struct tid_map *tid_map_new(uint32_t capacity, size_t slot_size, tid_map_fn evict, void *ctx);
void tid_map_free(struct tid_map *map);

/* The slot of @tid, zeroed when it is new. Valid until the next tid_map_get or tid_map_drop. NULL: no memory. */
void *tid_map_get(struct tid_map *map, int32_t tid);

/* As tid_map_get, but NULL when there is none yet. */
void *tid_map_find(struct tid_map *map, int32_t tid);

void tid_map_drop(struct tid_map *map, int32_t tid);

/* Every slot, least recently used first. The callback may drop the slot that it is called with, no other. */
void tid_map_each(struct tid_map *map, tid_map_fn fn, void *ctx);

uint64_t tid_map_evicted(const struct tid_map *map);

#endif
