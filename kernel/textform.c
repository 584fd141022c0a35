// SPDX-License-Identifier: GPL-2.0-only
/*
 * textform.c - see textform.h. Spellings are those of include/trace/events/{vmscan,compaction,oom,kmem,migrate}.h from
 * 2.6.35 to 7.3; a raw record as trace-cmd prints it (report -R, "[FAILED TO PARSE]") uses field names for labels and
 * needs no row here.
 */
#include "kernel/textform.h"

#include <errno.h>
#include <stdbool.h>

#include "kernel/gfp.h"
#include "kernel/names.h"

#define LABEL(text, field, decoder)	{ text, field, TEXTFORM_##decoder, 0 }
#define NAMED(text, field, set)		{ text, field, TEXTFORM_NAME, NAMES_##set }
#define DERIVED(text)			{ text, NULL, TEXTFORM_DERIVED, 0 }
#define LABELS_END			{ NULL, NULL, 0, 0 }

const struct textform_label textform_common[] = {
	LABEL("gfp_flags=", "gfp_flags", GFP),
	LABEL("gfp_mask=", "gfp_mask", GFP),
	LABELS_END
};

/* 7.1 prints the task and its context although every line begins with the task. */
static const struct textform_label reclaim_labels[] = {
	DERIVED("pid="),
	DERIVED("(in-irq)"),
	LABELS_END
};

static const struct textform_label zoneidx_labels[] = {
	NAMED("highest_zoneidx=", "highest_zoneidx", ZONE),
	NAMED("classzone_idx=", "highest_zoneidx", ZONE),
	LABELS_END
};

static const struct textform_label clear_hopeless_labels[] = {
	NAMED("reason=", "reason", HOPELESS_REASON),
	LABELS_END
};

static const struct textform_label lru_isolate_labels[] = {
	LABEL("classzone=", "highest_zoneidx", NUMBER),
	NAMED("lru=", "lru", LRU),
	LABEL("contig_taken=", "nr_lumpy_taken", NUMBER),	/* up to 3.4 */
	LABEL("contig_dirty=", "nr_lumpy_dirty", NUMBER),
	LABEL("contig_failed=", "nr_lumpy_failed", NUMBER),
	LABELS_END
};

static const struct textform_label lru_shrink_labels[] = {
	LABEL("nr_activate_anon=", "nr_activate0", NUMBER),
	LABEL("nr_activate_file=", "nr_activate1", NUMBER),
	NAMED("flags=", "reclaim_flags", RECLAIM_FLAGS),
	LABELS_END
};

static const struct textform_label write_folio_labels[] = {
	DERIVED("page="),
	NAMED("flags=", "reclaim_flags", RECLAIM_FLAGS),
	LABELS_END
};

static const struct textform_label throttled_labels[] = {
	LABEL("usect_delayed=", "usec_delayed", NUMBER),
	NAMED("reason=", "reason", THROTTLE_REASON),
	LABELS_END
};

static const struct textform_label shrink_slab_start_labels[] = {
	LABEL("shrinker ", "shr", HEX),				/* 3.1 */
	LABEL("nid: ", "nid", NUMBER),				/* 3.12 */
	DERIVED("pid: "),
	LABEL("memcg_id: ", "memcg_id", NUMBER),		/* 7.1 */
	LABEL("objects to shrink ", "nr_objects_to_shrink", NUMBER),
	LABEL("gfp_flags ", "gfp_flags", GFP),
	LABEL("pgs_scanned ", "pgs_scanned", NUMBER),		/* up to 4.15 */
	LABEL("lru_pgs ", "lru_pgs", NUMBER),
	LABEL("cache items ", "cache_items", NUMBER),
	LABEL("delta ", "delta", NUMBER),
	LABEL("total_scan ", "total_scan", NUMBER),
	LABEL("priority ", "priority", NUMBER),
	DERIVED("(in-irq)"),
	LABELS_END
};

static const struct textform_label shrink_slab_end_labels[] = {
	LABEL("shrinker ", "shr", HEX),
	LABEL("nid: ", "nid", NUMBER),
	DERIVED("pid: "),
	LABEL("memcg_id: ", "memcg_id", NUMBER),
	LABEL("unused scan count ", "unused_scan", NUMBER),
	LABEL("new scan count ", "new_scan", NUMBER),
	LABEL("total_scan ", "total_scan", NUMBER),
	LABEL("last shrinker return val ", "retval", NUMBER),
	DERIVED("(in-irq)"),
	LABELS_END
};

static const struct textform_label try_to_compact_labels[] = {
	LABEL("priority=", "prio", NUMBER),
	LABELS_END
};

static const struct textform_label compaction_run_labels[] = {
	NAMED("mode=", "sync", COMPACT_MODE),
	NAMED("status=", "status", COMPACT_RESULT),
	LABELS_END
};

static const struct textform_label compaction_zone_labels[] = {
	LABEL("node=", "nid", NUMBER),
	NAMED("zone=", "idx", ZONE),
	NAMED("ret=", "ret", COMPACT_RESULT),
	LABEL("consider=", "considered", NUMBER),
	LABEL("limit=", "defer_shift", LOG2),
	LABELS_END
};

static const struct textform_label isolate_range_labels[] = {
	LABEL("range=(", "start_pfn", NUMBER),
	LABEL("~ ", "end_pfn", NUMBER),
	LABELS_END
};

static const struct textform_label reclaim_retry_labels[] = {
	NAMED("zone=", "zone_idx", ZONE),
	LABELS_END
};

static const struct textform_label compact_retry_labels[] = {
	NAMED("priority=", "priority", COMPACT_PRIORITY),
	NAMED("compaction_result=", "result", COMPACT_FEEDBACK),
	LABEL("should_retry=", "ret", NUMBER),
	LABELS_END
};

static const struct textform_label oom_task_labels[] = {
	LABEL("comm=", "comm", TEXT),
	LABEL("total-vm=", "total_vm", KB),
	LABEL("anon-rss=", "anon_rss", KB),
	LABEL("file-rss:", "file_rss", KB),
	LABEL("shmem-rss:", "shmem_rss", KB),
	LABEL("pgtables=", "pgtables", KB),
	LABELS_END
};

static const struct textform_label extfrag_labels[] = {
	DERIVED("page="),
	LABEL("pageblock_order=", NULL, PAGEBLOCK_ORDER),
	DERIVED("fragmenting="),
	LABELS_END
};

static const struct textform_label zone_wmarks_labels[] = {
	LABEL("zone name=", "name", TEXT),
	LABEL("watermark min=", "watermark_min", NUMBER),
	LABEL("low=", "watermark_low", NUMBER),
	LABEL("high=", "watermark_high", NUMBER),
	LABEL("promo=", "watermark_promo", NUMBER),
	LABELS_END
};

static const struct textform_label migrate_labels[] = {
	LABEL("nr_succeeded=", "succeeded", NUMBER),
	LABEL("nr_failed=", "failed", NUMBER),
	LABEL("nr_thp_succeeded=", "thp_succeeded", NUMBER),
	LABEL("nr_thp_failed=", "thp_failed", NUMBER),
	LABEL("nr_thp_split=", "thp_split", NUMBER),
	LABEL("nr_split=", "large_folio_split", NUMBER),
	NAMED("mode=", "mode", MIGRATE_MODE),
	NAMED("reason=", "reason", MIGRATE_REASON),
	LABELS_END
};

#define NO_HEAD		{ NULL, NULL }
#define SHRINKER_HEAD	{ "shrink", "shr" }

#define SHRINK_STAT_COLUMNS \
	"nid nr_scanned nr_reclaimed nr_dirty nr_writeback nr_congested nr_immediate nr_activate0 nr_activate1 " \
	"nr_ref_keep nr_unmap_fail"
#define COMPACTION_RUN_COLUMNS	"zone_start migrate_pfn free_pfn zone_end sync"
#define DEFER_COLUMNS		"nid idx order considered defer_shift order_failed"
#define ISOLATE_COLUMNS		"start_pfn end_pfn nr_scanned nr_taken"

static const struct textform textforms[TP_COUNT] = {
	[TP_KSWAPD_WAKE]		= { "nid zid order", NULL, NO_HEAD },
	[TP_KSWAPD_SLEEP]		= { "nid", NULL, NO_HEAD },
	[TP_WAKEUP_KSWAPD]		= { "nid zid order gfp_flags", NULL, NO_HEAD },
	[TP_BALANCE_PGDAT_BEGIN]	= { "nid order highest_zoneidx", zoneidx_labels, NO_HEAD },
	[TP_BALANCE_PGDAT_END]		= { "nid order highest_zoneidx nr_reclaimed", zoneidx_labels, NO_HEAD },
	[TP_KSWAPD_RECLAIM_FAIL]	= { "nid failures", NULL, NO_HEAD },
	[TP_KSWAPD_CLEAR_HOPELESS]	= { "nid reason", clear_hopeless_labels, NO_HEAD },
	[TP_DIRECT_RECLAIM_BEGIN]	= { "order gfp_flags", reclaim_labels, NO_HEAD },
	[TP_DIRECT_RECLAIM_END]		= { "nr_reclaimed", reclaim_labels, NO_HEAD },
	[TP_MEMCG_RECLAIM_BEGIN]	= { "order gfp_flags", reclaim_labels, NO_HEAD },
	[TP_MEMCG_RECLAIM_END]		= { "nr_reclaimed", reclaim_labels, NO_HEAD },
	[TP_MEMCG_SOFTLIMIT_BEGIN]	= { "order gfp_flags", reclaim_labels, NO_HEAD },
	[TP_MEMCG_SOFTLIMIT_END]	= { "nr_reclaimed", reclaim_labels, NO_HEAD },
	[TP_NODE_RECLAIM_BEGIN]		= { "nid order gfp_flags", reclaim_labels, NO_HEAD },
	[TP_NODE_RECLAIM_END]		= { "nr_reclaimed", reclaim_labels, NO_HEAD },
	[TP_LRU_ISOLATE]		= { "highest_zoneidx order nr_requested nr_scanned nr_skipped nr_taken lru",
					    lru_isolate_labels, NO_HEAD },
	[TP_LRU_SHRINK_INACTIVE]	= { SHRINK_STAT_COLUMNS " priority reclaim_flags", lru_shrink_labels, NO_HEAD },
	[TP_LRU_SHRINK_ACTIVE]		= { "nid nr_taken nr_active nr_deactivated nr_referenced priority reclaim_flags",
					    lru_shrink_labels, NO_HEAD },
	[TP_WRITE_FOLIO]		= { "pfn reclaim_flags", write_folio_labels, NO_HEAD },
	[TP_WRITEPAGE]			= { "pfn reclaim_flags", write_folio_labels, NO_HEAD },
	[TP_RECLAIM_PAGES]		= { SHRINK_STAT_COLUMNS, lru_shrink_labels, NO_HEAD },
	[TP_THROTTLED]			= { "nid usec_timeout usec_delayed reason", throttled_labels, NO_HEAD },
	[TP_SHRINK_SLAB_START]		= { "shr shrink nid nr_objects_to_shrink gfp_flags cache_items delta total_scan "
					    "priority", shrink_slab_start_labels, SHRINKER_HEAD },
	[TP_SHRINK_SLAB_END]		= { "shr nid shrink unused_scan new_scan retval total_scan",
					    shrink_slab_end_labels, SHRINKER_HEAD },
	[TP_TRY_TO_COMPACT]		= { "order gfp_mask prio", try_to_compact_labels, NO_HEAD },
	[TP_COMPACTION_BEGIN]		= { COMPACTION_RUN_COLUMNS, compaction_run_labels, NO_HEAD },
	[TP_COMPACTION_END]		= { COMPACTION_RUN_COLUMNS " status", compaction_run_labels, NO_HEAD },
	[TP_COMPACTION_FINISHED]	= { "nid idx order ret", compaction_zone_labels, NO_HEAD },
	[TP_COMPACTION_SUITABLE]	= { "nid idx order ret", compaction_zone_labels, NO_HEAD },
	[TP_COMPACTION_DEFERRED]	= { DEFER_COLUMNS, compaction_zone_labels, NO_HEAD },
	[TP_COMPACTION_DEFER_COMPACTION] = { DEFER_COLUMNS, compaction_zone_labels, NO_HEAD },
	[TP_COMPACTION_DEFER_RESET]	= { DEFER_COLUMNS, compaction_zone_labels, NO_HEAD },
	[TP_COMPACTION_MIGRATEPAGES]	= { "nr_migrated nr_failed", NULL, NO_HEAD },
	[TP_COMPACTION_ISOLATE_MIGRATE]	= { ISOLATE_COLUMNS, isolate_range_labels, NO_HEAD },
	[TP_COMPACTION_ISOLATE_FREE]	= { ISOLATE_COLUMNS, isolate_range_labels, NO_HEAD },
	[TP_COMPACTION_FAST_ISOLATE]	= { ISOLATE_COLUMNS, isolate_range_labels, NO_HEAD },
	[TP_KCOMPACTD_WAKE]		= { "nid order highest_zoneidx", zoneidx_labels, NO_HEAD },
	[TP_KCOMPACTD_SLEEP]		= { "nid", NULL, NO_HEAD },
	[TP_WAKEUP_KCOMPACTD]		= { "nid order highest_zoneidx", zoneidx_labels, NO_HEAD },
	[TP_RECLAIM_RETRY_ZONE]		= { "node zone_idx order reclaimable available min_wmark no_progress_loops "
					    "wmark_check", reclaim_retry_labels, NO_HEAD },
	[TP_COMPACT_RETRY]		= { "order priority result retries max_retries ret", compact_retry_labels,
					    NO_HEAD },
	[TP_MARK_VICTIM]		= { "pid comm total_vm anon_rss file_rss shmem_rss uid pgtables oom_score_adj",
					    oom_task_labels, NO_HEAD },
	[TP_WAKE_REAPER]		= { "pid", NULL, NO_HEAD },
	[TP_START_TASK_REAPING]		= { "pid", NULL, NO_HEAD },
	[TP_FINISH_TASK_REAPING]	= { "pid", NULL, NO_HEAD },
	[TP_SKIP_TASK_REAPING]		= { "pid", NULL, NO_HEAD },
	[TP_OOM_SCORE_ADJ_UPDATE]	= { "pid comm oom_score_adj", oom_task_labels, NO_HEAD },
	[TP_PAGE_ALLOC_EXTFRAG]		= { "pfn alloc_order fallback_order alloc_migratetype fallback_migratetype "
					    "change_ownership", extfrag_labels, NO_HEAD },
	[TP_SETUP_PER_ZONE_WMARKS]	= { "node_id name watermark_min watermark_low watermark_high watermark_promo",
					    zone_wmarks_labels, NO_HEAD },
	[TP_MIGRATE_PAGES]		= { "succeeded failed thp_succeeded thp_failed thp_split mode reason",
					    migrate_labels, NO_HEAD },
};

const struct textform *textform_of(enum tracepoint tp)
{
	return tp > TP_NONE && tp < TP_COUNT ? &textforms[tp] : NULL;
}

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Digits of @base from text[0..len); returns how many there are, 0 also when they need more than 64 bits. */
static size_t scan_digits(const char *text, size_t len, unsigned int base, uint64_t *value)
{
	size_t n = 0;

	for (*value = 0; n < len; n++) {
		unsigned int digit = digit_value(text[n]);

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(*value, base, value) || __builtin_add_overflow(*value, digit, value))
			return 0;
	}
	return n;
}

static bool is_hex_prefix(const char *text, size_t len)
{
	return len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
}

/* A number at the start of @text; returns its length, 0 when there is none. */
static size_t scan_number(const char *text, size_t len, unsigned int base, int64_t *number)
{
	size_t skip = 0, digits;
	bool negative = false;
	uint64_t value;

	if (is_hex_prefix(text, len)) {
		skip = 2;
		base = 16;
	} else if (len && *text == '-') {
		skip = 1;
		negative = true;
	}
	digits = scan_digits(text + skip, len - skip, base, &value);
	if (!digits || (negative && value > (uint64_t)INT64_MAX + 1))
		return 0;
	*number = negative ? -value : value;
	return skip + digits;
}

static bool only_punctuation(const char *text, size_t len)
{
	for (; len; text++, len--)
		if (*text != ' ' && *text != ',' && *text != ')' && *text != ':')
			return false;
	return true;
}

static int decode_number(const char *text, size_t len, unsigned int base, int64_t *number)
{
	size_t used = scan_number(text, len, base, number);

	return used && only_punctuation(text + used, len - used) ? 0 : -EINVAL;
}

static int decode_kb(const char *text, size_t len, int64_t *number)
{
	if (len > 2 && text[len - 2] == 'k' && text[len - 1] == 'B')
		len -= 2;
	return decode_number(text, len, 10, number);
}

static int decode_log2(const char *text, size_t len, int64_t *number)
{
	int64_t power;

	if (decode_number(text, len, 10, &power) || power <= 0 || (power & (power - 1)))
		return -EINVAL;
	*number = __builtin_ctzll(power);
	return 0;
}

/* A value without a word in the kernel's list is printed as a number. */
static int decode_name(enum name_set set, const char *text, size_t len, int64_t *number)
{
	return name_lookup(set, text, len, number) ? decode_number(text, len, 10, number) : 0;
}

int textform_decode(const struct textform_label *label, const char *text, size_t len, int64_t *number)
{
	switch ((enum textform_decoder)label->decoder) {
	case TEXTFORM_NUMBER:
	case TEXTFORM_PAGEBLOCK_ORDER:
		return decode_number(text, len, 10, number);
	case TEXTFORM_HEX:
		return decode_number(text, len, 16, number);
	case TEXTFORM_KB:
		return decode_kb(text, len, number);
	case TEXTFORM_LOG2:
		return decode_log2(text, len, number);
	case TEXTFORM_GFP:
		return gfp_parse(text, len, (uint64_t *)number);
	case TEXTFORM_NAME:
		return decode_name(label->names, text, len, number);
	case TEXTFORM_TEXT:
	case TEXTFORM_DERIVED:
		break;
	}
	return -EINVAL;
}

int textform_number(const char *text, size_t len, int64_t *number)
{
	return len && scan_number(text, len, 10, number) == len ? 0 : -EINVAL;
}
