/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.h - what task.bpf.c and task_probe.c share: the records, and the tracepoints at which tasks are looked at.
 */
#ifndef SQUALL_COLLECT_BPF_TASK_H
#define SQUALL_COLLECT_BPF_TASK_H

#include <linux/types.h>

#define TASK_PROBE_COMM_BYTES	16u		/* the kernel's TASK_COMM_LEN */

/* The path of a cgroup, from the leaf up. Deeper ones and longer names are marked as cut. */
#define TASK_PROBE_DEPTH	12u		/* systemd's deepest have 6 */
#define TASK_PROBE_NAME_BYTES	96u		/* "cri-containerd-", 64 digits, ".scope" */

/*
 * Where tasks are looked at: each event of the default set that a task other than kswapd and kcompactd can make comes
 * behind one of these in the same task. The end of a reclaim is not here, for its begin was, unless the recording
 * began in between.
 */
#define TASK_PROBE_HOOKS(X) \
	X("vmscan",	"mm_vmscan_direct_reclaim_begin") \
	X("vmscan",	"mm_vmscan_memcg_reclaim_begin") \
	X("vmscan",	"mm_vmscan_memcg_softlimit_reclaim_begin") \
	X("vmscan",	"mm_vmscan_node_reclaim_begin") \
	X("vmscan",	"mm_vmscan_wakeup_kswapd") \
	X("vmscan",	"mm_vmscan_kswapd_wake") \
	X("vmscan",	"mm_vmscan_throttled") \
	X("vmscan",	"mm_vmscan_kswapd_clear_hopeless") \
	X("compaction",	"mm_compaction_try_to_compact_pages") \
	X("compaction",	"mm_compaction_begin") \
	X("compaction",	"mm_compaction_defer_reset") \
	X("compaction",	"mm_compaction_kcompactd_wake") \
	X("oom",	"reclaim_retry_zone") \
	X("oom",	"compact_retry") \
	X("oom",	"mark_victim") \
	X("oom",	"wake_reaper") \
	X("oom",	"start_task_reaping") \
	X("kmem",	"mm_page_alloc_extfrag")

enum task_note_kind { TASK_NOTE_TASK, TASK_NOTE_CGROUP };

/* First in each record. */
struct task_note {
	__u64	ts_ns;			/* CLOCK_MONOTONIC; before the event that the task was seen at */
	__u64	cgroup_id;		/* of the hierarchy that is recorded; 0 not known */
	__u32	kind;			/* enum task_note_kind */
	__s32	tid;
	__s32	tgid;
	char	comm[TASK_PROBE_COMM_BYTES];
	__u32	unused;
};

/* A cgroup that has not been told lately. tid, tgid, comm: of the task that was seen in it. */
struct cgroup_note {
	struct task_note	head;
	__u32			depth;		/* names; 0 the top */
	__u32			cut;		/* 1: not all of it */
	char			names[TASK_PROBE_DEPTH][TASK_PROBE_NAME_BYTES];
};

#endif
