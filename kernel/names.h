/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names.h - the words that tracepoints print for small numbers, both ways.
 *
 * Numbers are those of x86-64 kernels 6.1 .. 7.3; words of older kernels are understood and give today's number
 * ("partial" is COMPACT_SUCCESS since 4.9). Numbers of older kernels are not translated: up to 4.6 that was 3, and 4
 * "complete". gfp flags are in gfp.h.
 */
#ifndef SQUALL_KERNEL_NAMES_H
#define SQUALL_KERNEL_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum name_set {
	NAMES_ZONE,			/* "DMA32": zone index */
	NAMES_MIGRATETYPE,		/* "unmovable": 0 .. 3, the others depend on the configuration */
	NAMES_LRU,			/* "inactive_anon": enum lru_list */
	NAMES_COMPACT_RESULT,		/* "partial_skipped": enum compact_result */
	NAMES_COMPACT_PRIORITY,		/* "COMPACT_PRIO_SYNC_LIGHT": enum compact_priority */
	NAMES_COMPACT_FEEDBACK,		/* "withdrawn": result of compact_retry */
	NAMES_COMPACT_MODE,		/* "sync", "async": field sync of mm_compaction_begin */
	NAMES_THROTTLE_REASON,		/* "VMSCAN_THROTTLE_WRITEBACK": flags, 1 << enum vmscan_throttle_state */
	NAMES_RECLAIM_FLAGS,		/* "RECLAIM_WB_FILE|RECLAIM_WB_ASYNC": flags */
	NAMES_HOPELESS_REASON,		/* "PCP": reason of mm_vmscan_kswapd_clear_hopeless */
	NAMES_MIGRATE_MODE,		/* "MIGRATE_SYNC_LIGHT": enum migrate_mode */
	NAMES_MIGRATE_REASON,		/* "compaction": enum migrate_reason */
	NAME_SETS
};

/* The number of one word, or of several joined by '|' in a set of flags; -ENOENT when a word is not known. */
int name_lookup(enum name_set set, const char *text, size_t len, int64_t *value);

/* The word for exactly @value; NULL when there is none. */
const char *name_of(enum name_set set, int64_t value);

/* As name_of; flags are joined by '|', and what has no word is written as a number. Always terminated; returns buf. */
#define NAME_TEXT_BYTES	256
const char *name_format(enum name_set set, int64_t value, char *buf, size_t size);

#endif
