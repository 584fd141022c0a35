// SPDX-License-Identifier: GPL-2.0-only
/*
 * kswapd.bpf.c - reads pgdat->kswapd_failures, and tells when it changes and in whose context.
 *
 * Only a task iterator, classic tracepoint programs and one that user space runs: no kprobe, fentry or symbol, which
 * many kernels do not give. A node is found through its kswapd thread, which is started with the pgdat as its argument.
 * find_nodes() visits all tasks and remembers the nodes. read_nodes() reads those, so that a sample costs the same with
 * ten tasks and with a hundred thousand; it is no iterator, because each reading of one takes 32 KiB from the kernel,
 * and a storm is no time to ask for memory. The tracepoint programs look at the remembered nodes.
 *
 * The kernel types are declared here as far as they are used; CO-RE puts in the offsets of the running kernel.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "collect/bpf/kswapd.h"
#include "collect/bpf/task_cgroup.h"

#define PF_KTHREAD	0x00200000	/* the same bit since 2.6 */
#define RING_BYTES	(64u << 10)	/* 900 changes; even a reset at each of kswapd's runs makes hundreds a second */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
enum zone_type { ZONE_TYPE_ANY };

struct task_struct {
	unsigned int		flags;
	int			pid;
	char			comm[KSWAPD_COMM_BYTES];
	void			*worker_private;
	struct css_set		*cgroups;
};

struct kthread {
	void			*data;
};

struct pglist_data {
	int			node_id;
	struct task_struct	*kswapd;
	int			kswapd_order;
	enum zone_type		kswapd_highest_zoneidx;
};

/* CO-RE tells an int from a struct, so the counter needs a type for each of its two forms. */
struct pglist_data___int {
	int			kswapd_failures;
};

struct atomic {
	int			counter;
};

/* Since 6.18. */
struct pglist_data___atomic {
	struct atomic		kswapd_failures;
};

struct bpf_iter__task {
	struct task_struct	*task;		/* NULL: behind the last one */
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} changes SEC(".maps");

/* Slots are filled in order by find_nodes() and freed by read_nodes(); one thread of user space runs both. */
struct kswapd_node nodes[KSWAPD_NODES_MAX];
struct kswapd_reading readings[KSWAPD_NODES_MAX];	/* by read_nodes(), in the slots of the nodes */
__u32 slots;		/* behind the last slot that was ever filled */
__u64 dropped;		/* changes for which the ring had no room */
__u64 left_out;		/* times that a node was found and no slot was free */

char LICENSE[] SEC("license") = "GPL";

/* The address of the node's counter; 0 when this kernel has none that we know. */
static __u64 counter_of(__u64 pgdat)
{
	struct pglist_data___atomic *atomic = (void *)pgdat;
	struct pglist_data___int *plain = (void *)pgdat;

	if (bpf_core_field_exists(atomic->kswapd_failures))
		return pgdat + bpf_core_field_offset(atomic->kswapd_failures);
	if (bpf_core_field_exists(plain->kswapd_failures))
		return pgdat + bpf_core_field_offset(plain->kswapd_failures);
	return 0;
}

/* "kswapd0", and not "kswapd" or "kswapdoor". */
static bool is_kswapd(struct task_struct *task)
{
	static const char want[] = "kswapd";
	char comm[KSWAPD_COMM_BYTES];

	if (!(task->flags & PF_KTHREAD))
		return false;
	BPF_CORE_READ_INTO(&comm, task, comm);
	for (int i = 0; i < (int)sizeof(want) - 1; i++)
		if (comm[i] != want[i])
			return false;
	return comm[sizeof(want) - 1] >= '0' && comm[sizeof(want) - 1] <= '9';
}

/* The pgdat that @task serves, if @task is what it says it is; 0 if not. */
static __u64 pgdat_of(struct task_struct *task)
{
	struct kthread *kthread;
	struct pglist_data *pgdat;

	/* Before 5.17 it was kept elsewhere. */
	if (!bpf_core_field_exists(task->worker_private))
		return 0;
	kthread = BPF_CORE_READ(task, worker_private);
	pgdat = BPF_CORE_READ(kthread, data);
	if (BPF_CORE_READ(pgdat, kswapd) != task)
		return 0;
	return (__u64)pgdat;
}

/* The slot that has @pgdat; KSWAPD_NODES_MAX when there is none. */
static __u32 slot_of(__u64 pgdat)
{
	for (__u32 i = 0; i < KSWAPD_NODES_MAX; i++)
		if (nodes[i].pgdat == pgdat)
			return i;
	return KSWAPD_NODES_MAX;
}

SEC("iter/task")
int find_nodes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct kswapd_node *n;
	__u64 pgdat;
	__u32 slot;

	if (!task || !is_kswapd(task))
		return 0;
	pgdat = pgdat_of(task);
	if (!pgdat || !counter_of(pgdat))
		return 0;
	slot = slot_of(pgdat);
	if (slot >= KSWAPD_NODES_MAX)
		slot = slot_of(0);
	if (slot >= KSWAPD_NODES_MAX) {
		left_out++;
		return 0;
	}
	n = &nodes[slot];
	n->node = BPF_CORE_READ((struct pglist_data *)pgdat, node_id);
	n->tid = task->pid;
	n->task = (__u64)task;
	n->counter = counter_of(pgdat);
	/* Last: the tracepoint programs of other CPUs take the slot for filled when they see it. */
	*(volatile __u64 *)&n->pgdat = pgdat;
	if (slots <= slot)
		slots = slot + 1;
	return 0;
}

/* Reads the counter. *@previous differs from *@value when this is a change that the caller has to tell. */
static bool look(struct kswapd_node *n, __s32 *value, __s32 *previous)
{
	for (__u32 i = 0; i < KSWAPD_TRIES; i++) {
		__u64 was = *(volatile __u64 *)&n->seen;
		enum kswapd_notice notice;

		if (bpf_probe_read_kernel(value, sizeof(*value), (void *)n->counter))
			return false;
		notice = kswapd_notice(&n->seen, was, *value);
		if (notice == KSWAPD_RETRY)
			continue;
		*previous = notice == KSWAPD_CHANGED ? kswapd_seen_value(was) : *value;
		return true;
	}
	*previous = *value;
	return true;
}

/* A node can go with its memory: its thread ends, and pgdat->kswapd is no longer what we remember. */
static bool still_there(struct kswapd_node *n)
{
	struct pglist_data *pgdat = (void *)n->pgdat;

	return (__u64)BPF_CORE_READ(pgdat, kswapd) == n->task && BPF_CORE_READ(pgdat, node_id) == n->node;
}

/* What is known of a node at this moment; ts_ns stays 0 when its memory cannot be read. */
static void read_node(struct kswapd_node *n, struct kswapd_reading *reading)
{
	struct pglist_data *pgdat = (void *)n->pgdat;
	__s32 value = 0;
	__s32 previous = 0;

	if (!look(n, &value, &previous))
		return;
	reading->ts_ns = bpf_ktime_get_ns();
	reading->node = n->node;
	reading->value = value;
	reading->previous = previous;
	reading->order = BPF_CORE_READ(pgdat, kswapd_order);
	reading->highest_zoneidx = BPF_CORE_READ(pgdat, kswapd_highest_zoneidx);
}

/* Attached to nothing: user space runs it for each look (BPF_PROG_TEST_RUN), then finds the answer in readings[]. */
SEC("raw_tp")
int read_nodes(void *ctx)
{
	for (__u32 i = 0; i < KSWAPD_NODES_MAX; i++) {
		struct kswapd_node *n = &nodes[i];

		readings[i].ts_ns = 0;
		if (!n->pgdat)
			continue;
		if (!still_there(n)) {
			n->pgdat = 0;
			n->seen = 0;
			continue;
		}
		read_node(n, &readings[i]);
	}
	return 0;
}

static void tell(struct kswapd_node *n, __s32 value, __s32 previous, enum kswapd_hook hook)
{
	struct kswapd_change *change = bpf_ringbuf_reserve(&changes, sizeof(*change), 0);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct kernfs_node *cgroup;

	if (!change) {
		__sync_fetch_and_add(&dropped, 1);
		return;
	}
	__builtin_memset(change, 0, sizeof(*change));
	change->ts_ns = bpf_ktime_get_ns();
	cgroup = cgroup_node_of(BPF_CORE_READ(task, cgroups));
	change->cgroup_id = cgroup ? BPF_CORE_READ(cgroup, id) : 0;
	change->node = n->node;
	change->value = value;
	change->previous = previous;
	change->kswapd_tid = n->tid;
	change->tid = (__u32)pid_tgid;
	change->tgid = pid_tgid >> 32;
	change->hook = hook;
	bpf_get_current_comm(change->comm, sizeof(change->comm));
	bpf_ringbuf_submit(change, 0);
}

/* Not static: so the verifier checks it once and not once for each slot, which is a hundred times less work. */
__attribute__((noinline)) int look_at_slot(__u32 slot, __u32 hook)
{
	struct kswapd_node *n;
	__s32 value = 0;
	__s32 previous = 0;

	if (slot >= KSWAPD_NODES_MAX)
		return 0;
	n = &nodes[slot];
	/* The first sight of a node is the sampler's: until then there is nothing to compare with. */
	if (n->pgdat && n->seen && look(n, &value, &previous) && value != previous)
		tell(n, value, previous, hook);
	return 0;
}

static int look_at_nodes(enum kswapd_hook hook)
{
	for (__u32 i = 0; i < KSWAPD_NODES_MAX && i < slots; i++)
		look_at_slot(i, hook);
	return 0;
}

#define X(suffix, event, via) \
SEC("tp/vmscan/" #event) \
int on_##event(void *ctx) \
{ \
	return look_at_nodes(KSWAPD_HOOK_##suffix); \
}
KSWAPD_HOOKS(X)
#undef X
