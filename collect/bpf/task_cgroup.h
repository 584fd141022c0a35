/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_cgroup.h - the cgroup of a task, for BPF programs: in the hierarchy of the memory controller, whose cgroups are
 * the ones that are sampled. That is the unified one, or a hierarchy of cgroup v1; bpf_get_current_cgroup_id() knows
 * the former only.
 */
#ifndef SQUALL_COLLECT_BPF_TASK_CGROUP_H
#define SQUALL_COLLECT_BPF_TASK_CGROUP_H

/* Set before loading: memory is in a hierarchy of v1. */
const volatile bool memory_is_v1 = false;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct kernfs_node {
	__u64				id;
	const char			*name;
};

struct cgroup {
	struct kernfs_node		*kn;
};

struct cgroup_subsys_state {
	struct cgroup			*cgroup;
};

struct css_set {
	struct cgroup_subsys_state	*subsys[1];	/* as many as the kernel has controllers */
	struct cgroup			*dfl_cgrp;
};
#pragma clang attribute pop

enum cgroup_subsys_id {
	memory_cgrp_id
};

/* The node of the cgroup in its file system, whose id is the cgroup's; NULL when it cannot be told. */
static struct kernfs_node *cgroup_node_of(struct css_set *set)
{
	struct cgroup_subsys_state *css = NULL;
	__u64 place;

	if (!memory_is_v1)
		return BPF_CORE_READ(set, dfl_cgrp, kn);
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return NULL;
	place = (__u64)set + bpf_core_field_offset(set->subsys) +
		bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id) * sizeof(css);
	if (bpf_probe_read_kernel(&css, sizeof(css), (void *)place))
		return NULL;
	return BPF_CORE_READ(css, cgroup, kn);
}

#endif
