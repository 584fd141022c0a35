// SPDX-License-Identifier: GPL-2.0-only
/*
 * task.bpf.c - tells of each task that reclaims or compacts: its name, process and cgroup, when it is seen first and
 * when one of them has changed. Then the names of tasks are known that live for a few milliseconds only.
 *
 * One program, attached to many tracepoints, none of whose arguments it takes. It remembers what it has told of a
 * thread, so most calls end after one look-up. It does not matter what it forgets: that is told again.
 *
 * The kernel types are declared here as far as they are used; CO-RE puts in the offsets of the running kernel.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "collect/bpf/task.h"
#include "collect/bpf/task_cgroup.h"

#define TASKS_MAX	16384u		/* as many as the namer remembers */
#define CGROUPS_MAX	4096u		/* as many as are sampled */
#define RING_BYTES	(1u << 20)	/* 14,000 new tasks, or 800 new cgroups, between two reads */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct task_struct {
	int			pid;
	int			tgid;
	__u64			start_boottime;
	struct css_set		*cgroups;
};

/* Up to 6.14, and since. */
struct kernfs_node___parent {
	struct kernfs_node	*parent;
};

struct kernfs_node___rcu_parent {
	struct kernfs_node	*__parent;
};
#pragma clang attribute pop

/* What was told of a thread. The address stands for the cgroup: it changes when the task moves. */
struct told_task {
	__u64	start_ns;
	__u64	cgroups;
	char	comm[TASK_PROBE_COMM_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TASKS_MAX);
	__type(key, __u32);
	__type(value, struct told_task);
} told_tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CGROUPS_MAX);
	__type(key, __u64);
	__type(value, __u8);
} told_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} notes SEC(".maps");

/* The directory that paths begin below: where the hierarchy is mounted. Set before loading. */
const volatile __u64 top_cgroup_id = 0;

__u64 dropped;		/* notes for which the ring had no room; told again at the next event of the task */

char LICENSE[] SEC("license") = "GPL";

static struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___rcu_parent *rcu = (void *)node;
	struct kernfs_node___parent *plain = (void *)node;

	if (bpf_core_field_exists(rcu->__parent))
		return BPF_CORE_READ(rcu, __parent);
	return BPF_CORE_READ(plain, parent);
}

static void fill_path(struct cgroup_note *note, struct kernfs_node *node)
{
	note->depth = 0;
	note->cut = 1;
	for (__u32 i = 0; i < TASK_PROBE_DEPTH; i++) {
		const char *name = BPF_CORE_READ(node, name);
		struct kernfs_node *parent = parent_of(node);
		long bytes;

		if (!parent || BPF_CORE_READ(node, id) == top_cgroup_id) {
			note->cut = 0;
			return;
		}
		/* The length with its end, so a name that was cut fills all. */
		bytes = bpf_probe_read_kernel_str(note->names[i], TASK_PROBE_NAME_BYTES, name);
		if (bytes < 0 || bytes >= (long)TASK_PROBE_NAME_BYTES)
			return;
		note->depth = i + 1;
		node = parent;
	}
}

/* Not static: so the verifier checks it once. */
__attribute__((noinline)) int tell_cgroup(__u64 node, __u64 id)
{
	struct cgroup_note *note;
	__u8 yes = 1;

	if (bpf_map_lookup_elem(&told_cgroups, &id))
		return 0;
	note = bpf_ringbuf_reserve(&notes, sizeof(*note), 0);
	if (!note) {
		__sync_fetch_and_add(&dropped, 1);
		return 0;
	}
	/* Of the names only the first depth are read. The rest is of older notes, for the ring has no other content. */
	__builtin_memset(&note->head, 0, sizeof(note->head));
	note->head.ts_ns = bpf_ktime_get_ns();
	note->head.cgroup_id = id;
	note->head.kind = TASK_NOTE_CGROUP;
	fill_path(note, (void *)node);
	bpf_ringbuf_submit(note, BPF_RB_NO_WAKEUP);
	bpf_map_update_elem(&told_cgroups, &id, &yes, BPF_ANY);
	return 0;
}

/* False: no room. */
static bool tell_task(struct task_struct *task, struct css_set *set, const struct told_task *now)
{
	struct kernfs_node *node = cgroup_node_of(set);
	__u64 id = node ? BPF_CORE_READ(node, id) : 0;
	struct task_note *note;

	if (id)
		tell_cgroup((__u64)node, id);
	note = bpf_ringbuf_reserve(&notes, sizeof(*note), 0);
	if (!note) {
		__sync_fetch_and_add(&dropped, 1);
		return false;
	}
	note->ts_ns = bpf_ktime_get_ns();
	note->cgroup_id = id;
	note->kind = TASK_NOTE_TASK;
	note->tid = task->pid;
	note->tgid = task->tgid;
	__builtin_memcpy(note->comm, now->comm, sizeof(note->comm));
	note->unused = 0;
	bpf_ringbuf_submit(note, BPF_RB_NO_WAKEUP);
	return true;
}

static bool same(const struct told_task *a, const struct told_task *b)
{
	const __u64 *x = (const __u64 *)a->comm, *y = (const __u64 *)b->comm;

	return a->start_ns == b->start_ns && a->cgroups == b->cgroups && x[0] == y[0] && x[1] == y[1];
}

static int look_at_task(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct told_task now = { .start_ns = task->start_boottime };
	struct css_set *set = task->cgroups;
	__u32 tid = task->pid;
	struct told_task *told;

	if (!tid)	/* the idle task of a CPU; an interrupt came */
		return 0;
	now.cgroups = (__u64)set;
	bpf_get_current_comm(now.comm, sizeof(now.comm));
	told = bpf_map_lookup_elem(&told_tasks, &tid);
	if (told && same(told, &now))
		return 0;
	if (!tell_task(task, set, &now))
		return 0;
	bpf_map_update_elem(&told_tasks, &tid, &now, BPF_ANY);
	return 0;
}

/* The cheap way, 50 ns a call where the other takes 130 ns; and it needs no tracefs. */
SEC("raw_tp")
int look_raw(void *ctx)
{
	return look_at_task();
}

/* For kernels that allow programs of this kind only. */
SEC("tp")
int look_tp(void *ctx)
{
	return look_at_task();
}
