/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kswapd.h - what kswapd.bpf.c and kswapd_probe.c share: the nodes, the records, and how a change is told once.
 *
 * Each node has one word "seen": the value last told in its low half, and in its high half how many changes were told.
 * Whoever notices another value swaps the word, and tells the change only if the swap succeeded. Counting the changes
 * keeps a late swap from succeeding when the value has meanwhile gone away and come back.
 */
#ifndef SQUALL_COLLECT_BPF_KSWAPD_H
#define SQUALL_COLLECT_BPF_KSWAPD_H

#include <linux/types.h>

#define KSWAPD_NODES_MAX	64u	/* nodes with memory that are followed; the largest machines have about 32 */
#define KSWAPD_COMM_BYTES	16u	/* the kernel's TASK_COMM_LEN */

/* Lost swaps before a program leaves the change to whoever comes next. */
#define KSWAPD_TRIES		4u

/*
 * Where the counter is looked at. X(enum suffix, tracepoint of vmscan, via)
 *
 * At the end of a reclaim, for progress resets the counter; and where kswapd begins a run or goes to sleep, for runs
 * without progress raise it. None of the programs takes an argument of its tracepoint, so that it does not matter that
 * their arguments changed place in 7.1.
 */
#define KSWAPD_HOOKS(X) \
	X(DIRECT,	mm_vmscan_direct_reclaim_end,		"bpf-direct") \
	X(MEMCG,	mm_vmscan_memcg_reclaim_end,		"bpf-memcg") \
	X(SOFTLIMIT,	mm_vmscan_memcg_softlimit_reclaim_end,	"bpf-memcg") \
	X(NODE,		mm_vmscan_node_reclaim_end,		"bpf-node") \
	X(WAKE,		mm_vmscan_kswapd_wake,			"bpf-kswapd") \
	X(SLEEP,	mm_vmscan_kswapd_sleep,			"bpf-kswapd")

enum kswapd_hook {
#define X(suffix, event, via) KSWAPD_HOOK_##suffix,
	KSWAPD_HOOKS(X)
#undef X
	KSWAPD_HOOK_COUNT
};

/* A node as the iterator found it. */
struct kswapd_node {
	__u64	pgdat;			/* kernel address; 0: this slot is free */
	__u64	task;			/* of its kswapd */
	__u64	counter;		/* address of its kswapd_failures, 4 bytes on every kernel */
	__u64	seen;			/* as above */
	__s32	node;
	__s32	tid;			/* of its kswapd */
};

/* What the last look found of one node. */
struct kswapd_reading {
	__u64	ts_ns;			/* CLOCK_MONOTONIC, when it was read; 0: no node in this slot, or not to be read */
	__s32	node;
	__s32	value;
	__s32	previous;		/* -1 first sight; == value: no change */
	__s32	order;			/* kswapd_order */
	__s32	highest_zoneidx;	/* the kernel's MAX_NR_ZONES: no request waits */
	__u32	unused;
};

/* One change, in the ring buffer. */
struct kswapd_change {
	__u64	ts_ns;			/* CLOCK_MONOTONIC */
	__u64	cgroup_id;		/* of the memory controller's hierarchy; 0 not known */
	__s32	node;
	__s32	value;
	__s32	previous;
	__s32	kswapd_tid;		/* of that node */
	__s32	tid;			/* in whose context it was noticed */
	__s32	tgid;
	__u32	hook;			/* enum kswapd_hook */
	char	comm[KSWAPD_COMM_BYTES];
	__u32	unused;
};

enum kswapd_notice { KSWAPD_SAME, KSWAPD_CHANGED, KSWAPD_RETRY };

/*
 * @was is what *@seen held before @value was read: with the order turned round, a value older than the one that was
 * told would look like a change. KSWAPD_CHANGED: the caller tells it. KSWAPD_RETRY: somebody else told another one
 * since, which may be an older one: read both again.
 */
static inline enum kswapd_notice kswapd_notice(__u64 *seen, __u64 was, __u32 value)
{
	__u64 next = ((was >> 32) + 1) << 32 | value;

	if (was && (__u32)was == value)
		return KSWAPD_SAME;
	return __sync_val_compare_and_swap(seen, was, next) == was ? KSWAPD_CHANGED : KSWAPD_RETRY;
}

/* The value in "seen"; -1 when none was told yet. */
static inline __s32 kswapd_seen_value(__u64 seen)
{
	return seen ? (__s32)(__u32)seen : -1;
}

#endif
