/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine_cgroup.h - how the cgroups of a machine limit and protect memory: one walk over the hierarchy.
 */
#ifndef SQUALL_COLLECT_MACHINE_CGROUP_H
#define SQUALL_COLLECT_MACHINE_CGROUP_H

#include "collect/machine.h"

/* @path: where the memory controller's hierarchy of @version (1 or 2) is mounted. */
void machine_cgroups_read(const char *path, int version, struct machine_cgroups *out);

#endif
