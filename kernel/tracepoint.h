/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracepoint.h - the tracepoints that squall understands, and their fields under one name each.
 *
 * Kernels spell some fields differently and print others differently (kernel-domain.md 1.1 and 8). Whoever wants the
 * meaning of an event binds its type once (tp_view) and then asks by enum tp_field. This is the only place that knows
 * about renamed fields. Any tracepoint outside this table is still recorded and stored; it just has no meaning here.
 */
#ifndef SQUALL_KERNEL_TRACEPOINT_H
#define SQUALL_KERNEL_TRACEPOINT_H

#include <stdint.h>

/* X(enum suffix, system, name) */
#define TRACEPOINTS(X) \
	X(KSWAPD_WAKE,			"vmscan",	"mm_vmscan_kswapd_wake") \
	X(KSWAPD_SLEEP,			"vmscan",	"mm_vmscan_kswapd_sleep") \
	X(WAKEUP_KSWAPD,		"vmscan",	"mm_vmscan_wakeup_kswapd") \
	X(BALANCE_PGDAT_BEGIN,		"vmscan",	"mm_vmscan_balance_pgdat_begin") \
	X(BALANCE_PGDAT_END,		"vmscan",	"mm_vmscan_balance_pgdat_end") \
	X(KSWAPD_RECLAIM_FAIL,		"vmscan",	"mm_vmscan_kswapd_reclaim_fail") \
	X(KSWAPD_CLEAR_HOPELESS,	"vmscan",	"mm_vmscan_kswapd_clear_hopeless") \
	X(DIRECT_RECLAIM_BEGIN,		"vmscan",	"mm_vmscan_direct_reclaim_begin") \
	X(DIRECT_RECLAIM_END,		"vmscan",	"mm_vmscan_direct_reclaim_end") \
	X(MEMCG_RECLAIM_BEGIN,		"vmscan",	"mm_vmscan_memcg_reclaim_begin") \
	X(MEMCG_RECLAIM_END,		"vmscan",	"mm_vmscan_memcg_reclaim_end") \
	X(MEMCG_SOFTLIMIT_BEGIN,	"vmscan",	"mm_vmscan_memcg_softlimit_reclaim_begin") \
	X(MEMCG_SOFTLIMIT_END,		"vmscan",	"mm_vmscan_memcg_softlimit_reclaim_end") \
	X(NODE_RECLAIM_BEGIN,		"vmscan",	"mm_vmscan_node_reclaim_begin") \
	X(NODE_RECLAIM_END,		"vmscan",	"mm_vmscan_node_reclaim_end") \
	X(LRU_ISOLATE,			"vmscan",	"mm_vmscan_lru_isolate") \
	X(LRU_SHRINK_INACTIVE,		"vmscan",	"mm_vmscan_lru_shrink_inactive") \
	X(LRU_SHRINK_ACTIVE,		"vmscan",	"mm_vmscan_lru_shrink_active") \
	X(WRITE_FOLIO,			"vmscan",	"mm_vmscan_write_folio") \
	X(WRITEPAGE,			"vmscan",	"mm_vmscan_writepage") \
	X(RECLAIM_PAGES,		"vmscan",	"mm_vmscan_reclaim_pages") \
	X(THROTTLED,			"vmscan",	"mm_vmscan_throttled") \
	X(SHRINK_SLAB_START,		"vmscan",	"mm_shrink_slab_start") \
	X(SHRINK_SLAB_END,		"vmscan",	"mm_shrink_slab_end") \
	X(TRY_TO_COMPACT,		"compaction",	"mm_compaction_try_to_compact_pages") \
	X(COMPACTION_BEGIN,		"compaction",	"mm_compaction_begin") \
	X(COMPACTION_END,		"compaction",	"mm_compaction_end") \
	X(COMPACTION_FINISHED,		"compaction",	"mm_compaction_finished") \
	X(COMPACTION_SUITABLE,		"compaction",	"mm_compaction_suitable") \
	X(COMPACTION_DEFERRED,		"compaction",	"mm_compaction_deferred") \
	X(COMPACTION_DEFER_COMPACTION,	"compaction",	"mm_compaction_defer_compaction") \
	X(COMPACTION_DEFER_RESET,	"compaction",	"mm_compaction_defer_reset") \
	X(COMPACTION_MIGRATEPAGES,	"compaction",	"mm_compaction_migratepages") \
	X(COMPACTION_ISOLATE_MIGRATE,	"compaction",	"mm_compaction_isolate_migratepages") \
	X(COMPACTION_ISOLATE_FREE,	"compaction",	"mm_compaction_isolate_freepages") \
	X(COMPACTION_FAST_ISOLATE,	"compaction",	"mm_compaction_fast_isolate_freepages") \
	X(KCOMPACTD_WAKE,		"compaction",	"mm_compaction_kcompactd_wake") \
	X(KCOMPACTD_SLEEP,		"compaction",	"mm_compaction_kcompactd_sleep") \
	X(WAKEUP_KCOMPACTD,		"compaction",	"mm_compaction_wakeup_kcompactd") \
	X(RECLAIM_RETRY_ZONE,		"oom",		"reclaim_retry_zone") \
	X(COMPACT_RETRY,		"oom",		"compact_retry") \
	X(MARK_VICTIM,			"oom",		"mark_victim") \
	X(WAKE_REAPER,			"oom",		"wake_reaper") \
	X(START_TASK_REAPING,		"oom",		"start_task_reaping") \
	X(FINISH_TASK_REAPING,		"oom",		"finish_task_reaping") \
	X(SKIP_TASK_REAPING,		"oom",		"skip_task_reaping") \
	X(OOM_SCORE_ADJ_UPDATE,		"oom",		"oom_score_adj_update") \
	X(PAGE_ALLOC_EXTFRAG,		"kmem",		"mm_page_alloc_extfrag") \
	X(SETUP_PER_ZONE_WMARKS,	"kmem",		"mm_setup_per_zone_wmarks") \
	X(MIGRATE_PAGES,		"migrate",	"mm_migrate_pages")

enum tracepoint {
	TP_NONE,
#define X(suffix, system, name) TP_##suffix,
	TRACEPOINTS(X)
#undef X
	TP_COUNT
};

/*
 * The fields that somebody asks for. X(enum suffix, spelling, other spelling or NULL, a third or NULL)
 */
#define TP_FIELDS(X) \
	X(NID,			"nid",			"node",			NULL) \
	X(ZONE_IDX,		"zone_idx",		"idx",			NULL) \
	X(HIGHEST_ZONEIDX,	"highest_zoneidx",	"zid",			"classzone_idx") \
	X(ORDER,		"order",		"alloc_order",		NULL) \
	X(GFP_FLAGS,		"gfp_flags",		"gfp_mask",		NULL) \
	X(MEMCG_ID,		"memcg_id",		NULL,			NULL) \
	X(NR_RECLAIMED,		"nr_reclaimed",		NULL,			NULL) \
	X(NR_SCANNED,		"nr_scanned",		NULL,			NULL) \
	X(NR_TAKEN,		"nr_taken",		NULL,			NULL) \
	X(PRIORITY,		"priority",		"prio",			NULL) \
	X(RECLAIM_FLAGS,	"reclaim_flags",	NULL,			NULL) \
	X(FAILURES,		"failures",		NULL,			NULL) \
	X(REASON,		"reason",		NULL,			NULL) \
	X(RECLAIMABLE,		"reclaimable",		NULL,			NULL) \
	X(AVAILABLE,		"available",		NULL,			NULL) \
	X(MIN_WMARK,		"min_wmark",		NULL,			NULL) \
	X(NO_PROGRESS_LOOPS,	"no_progress_loops",	NULL,			NULL) \
	X(WMARK_CHECK,		"wmark_check",		NULL,			NULL) \
	X(RET,			"ret",			"retval",		NULL) \
	X(RESULT,		"result",		NULL,			NULL) \
	X(STATUS,		"status",		NULL,			NULL) \
	X(ZONE_START,		"zone_start",		NULL,			NULL) \
	X(MIGRATE_PFN,		"migrate_pfn",		NULL,			NULL) \
	X(SUCCEEDED,		"succeeded",		"nr_succeeded",		NULL) \
	X(FAILED,		"failed",		"nr_failed",		NULL) \
	X(FALLBACK_ORDER,	"fallback_order",	NULL,			NULL) \
	X(ALLOC_MIGRATETYPE,	"alloc_migratetype",	NULL,			NULL) \
	X(FALLBACK_MIGRATETYPE,	"fallback_migratetype",	NULL,			NULL) \
	X(CHANGE_OWNERSHIP,	"change_ownership",	NULL,			NULL) \
	X(USEC_DELAYED,		"usec_delayed",		NULL,			NULL) \
	X(USEC_TIMEOUT,		"usec_timeout",		NULL,			NULL) \
	X(DEFER_SHIFT,		"defer_shift",		NULL,			NULL) \
	X(ORDER_FAILED,		"order_failed",		NULL,			NULL) \
	X(PID,			"pid",			NULL,			NULL) \
	X(SHRINK,		"shrink",		NULL,			NULL) \
	X(TOTAL_SCAN,		"total_scan",		NULL,			NULL) \
	X(UNUSED_SCAN,		"unused_scan",		NULL,			NULL) \
	X(NEW_SCAN,		"new_scan",		NULL,			NULL) \
	X(ANON_RSS,		"anon_rss",		NULL,			NULL) \
	X(COMM,			"comm",			NULL,			NULL)

enum tp_field {
#define X(suffix, a, b, c) TPF_##suffix,
	TP_FIELDS(X)
#undef X
	TPF_COUNT
};

struct tp_info {
	const char	*system;
	const char	*name;
};

/* NULL for TP_NONE. */
const struct tp_info *tp_info(enum tracepoint tp);

/* TP_NONE when the name is not in the table. */
enum tracepoint tp_lookup(const char *name);

/* Which column of one event type holds which field. Made once per type, asked per event. */
struct tp_view {
	enum tracepoint	tp;
	int8_t		at[TPF_COUNT];		/* column, -1 when this type has no such field */
};

/* Starts the view of event @name with no fields; then tp_view_field() for each of its columns, 0 .. 127. */
void tp_view_init(struct tp_view *view, const char *name);
void tp_view_field(struct tp_view *view, int column, const char *field);

#endif
