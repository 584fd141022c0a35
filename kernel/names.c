// SPDX-License-Identifier: GPL-2.0-only
/*
 * names.c - see names.h. One table of words per set; the first word of a number is today's, later ones are of older
 * kernels and only read.
 */
#include "kernel/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct name {
	const char	*text;
	int64_t		value;
};

struct names {
	const struct name	*names;		/* ends with text NULL */
	bool			flags;		/* bits, to be joined */
};

/* Zone indexes depend on the configuration; these hold where DMA and DMA32 exist: x86-64 and arm64 of distributions. */
static const struct name zone_names[] = {
	{ "DMA", 0 }, { "DMA32", 1 }, { "Normal", 2 }, { "Movable", 3 }, { "Device", 4 }, { NULL, 0 }
};

static const struct name migratetype_names[] = {
	{ "unmovable", 0 }, { "movable", 1 }, { "reclaimable", 2 }, { "highatomic", 3 }, { NULL, 0 }
};

static const struct name lru_names[] = {
	{ "inactive_anon", 0 }, { "active_anon", 1 }, { "inactive_file", 2 }, { "active_file", 3 }, { "unevictable", 4 },
	{ NULL, 0 }
};

static const struct name compact_result_names[] = {
	{ "not_suitable_zone", 0 }, { "skipped", 1 }, { "deferred", 2 }, { "no_suitable_page", 3 }, { "continue", 4 },
	{ "complete", 5 }, { "partial_skipped", 6 }, { "contended", 7 }, { "success", 8 },
	{ "partial", 8 },		/* up to 4.8 */
	{ NULL, 0 }
};

static const struct name compact_priority_names[] = {
	{ "COMPACT_PRIO_SYNC_FULL", 0 }, { "COMPACT_PRIO_SYNC_LIGHT", 1 }, { "COMPACT_PRIO_ASYNC", 2 }, { NULL, 0 }
};

static const struct name compact_feedback_names[] = {
	{ "failed", 1 }, { "withdrawn", 2 }, { "progress", 3 }, { NULL, 0 }
};

static const struct name compact_mode_names[] = {
	{ "async", 0 }, { "sync", 1 }, { NULL, 0 }
};

static const struct name throttle_reason_names[] = {
	{ "VMSCAN_THROTTLE_NONE", 0 }, { "VMSCAN_THROTTLE_WRITEBACK", 1 }, { "VMSCAN_THROTTLE_ISOLATED", 2 },
	{ "VMSCAN_THROTTLE_NOPROGRESS", 4 }, { "VMSCAN_THROTTLE_CONGESTED", 8 }, { NULL, 0 }
};

static const struct name reclaim_flag_names[] = {
	{ "RECLAIM_WB_NONE", 0 }, { "RECLAIM_WB_ANON", 1 }, { "RECLAIM_WB_FILE", 2 }, { "RECLAIM_WB_MIXED", 0x10 },
	{ "RECLAIM_WB_SYNC", 4 }, { "RECLAIM_WB_ASYNC", 8 }, { NULL, 0 }
};

static const struct name hopeless_reason_names[] = {
	{ "OTHER", 0 }, { "KSWAPD", 1 }, { "DIRECT", 2 }, { "PCP", 3 }, { NULL, 0 }
};

static const struct name migrate_mode_names[] = {
	{ "MIGRATE_ASYNC", 0 }, { "MIGRATE_SYNC_LIGHT", 1 }, { "MIGRATE_SYNC", 2 }, { NULL, 0 }
};

/* "never" of 7.3 is left out: its number is that of MR_TYPES, which grows with the list. */
static const struct name migrate_reason_names[] = {
	{ "compaction", 0 }, { "memory_failure", 1 }, { "memory_hotplug", 2 }, { "syscall_or_cpuset", 3 },
	{ "mempolicy_mbind", 4 }, { "numa_misplaced", 5 }, { "contig_range", 6 }, { "longterm_pin", 7 },
	{ "demotion", 8 }, { "damon", 9 },
	{ "cma", 6 },			/* up to 5.0 */
	{ NULL, 0 }
};

static const struct names name_sets[] = {
	[NAMES_ZONE] = { zone_names, false },
	[NAMES_MIGRATETYPE] = { migratetype_names, false },
	[NAMES_LRU] = { lru_names, false },
	[NAMES_COMPACT_RESULT] = { compact_result_names, false },
	[NAMES_COMPACT_PRIORITY] = { compact_priority_names, false },
	[NAMES_COMPACT_FEEDBACK] = { compact_feedback_names, false },
	[NAMES_COMPACT_MODE] = { compact_mode_names, false },
	[NAMES_THROTTLE_REASON] = { throttle_reason_names, true },
	[NAMES_RECLAIM_FLAGS] = { reclaim_flag_names, true },
	[NAMES_HOPELESS_REASON] = { hopeless_reason_names, false },
	[NAMES_MIGRATE_MODE] = { migrate_mode_names, false },
	[NAMES_MIGRATE_REASON] = { migrate_reason_names, false },
};
_Static_assert(sizeof(name_sets) / sizeof(name_sets[0]) == NAME_SETS, "one row per name set");

static int word_lookup(enum name_set set, const char *text, size_t len, int64_t *value)
{
	for (const struct name *n = name_sets[set].names; n->text; n++)
		if (!strncmp(n->text, text, len) && strlen(n->text) == len) {
			*value = n->value;
			return 0;
		}
	return -ENOENT;
}

int name_lookup(enum name_set set, const char *text, size_t len, int64_t *value)
{
	const char *end = text + len;
	int64_t all = 0, one;

	if (!name_sets[set].flags)
		return word_lookup(set, text, len, value);

	for (const char *bar; text <= end; text = bar + 1) {
		bar = memchr(text, '|', end - text);
		if (!bar)
			bar = end;
		if (word_lookup(set, text, bar - text, &one))
			return -ENOENT;
		all |= one;
	}
	*value = all;
	return 0;
}

const char *name_of(enum name_set set, int64_t value)
{
	for (const struct name *n = name_sets[set].names; n->text; n++)
		if (n->value == value)
			return n->text;
	return NULL;
}

static size_t append_flag(char *buf, size_t size, size_t used, const char *text)
{
	int n = snprintf(buf + used, size - used, "%s%s", used ? "|" : "", text);

	return used + n < size ? used + n : size - 1;
}

const char *name_format(enum name_set set, int64_t value, char *buf, size_t size)
{
	const char *word = name_of(set, value);
	char number[24];
	size_t used = 0;

	if (word || !name_sets[set].flags) {
		snprintf(number, sizeof(number), "%" PRId64, value);
		snprintf(buf, size, "%s", word ? word : number);
		return buf;
	}
	for (const struct name *n = name_sets[set].names; n->text; n++)
		if (n->value && (value & n->value) == n->value) {
			used = append_flag(buf, size, used, n->text);
			value &= ~n->value;
		}
	snprintf(number, sizeof(number), "0x%" PRIx64, value);
	if (value)
		append_flag(buf, size, used, number);
	return buf;
}
