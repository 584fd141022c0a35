/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names.h - what threads and cgroups are called; bounded, and apart from the state that is saved and restored.
 */
#ifndef SQUALL_LIVE_NAMES_H
#define SQUALL_LIVE_NAMES_H

#include <stdint.h>

#include "spine/event.h"

#define NAMES_TASKS	16384u
#define NAMES_CGROUPS	16384u		/* with those that are gone */
#define NAMES_BYTES	(4u << 20)	/* of paths */

struct live_names;

int live_names_new(struct live_names **out);		/* -ENOMEM; caller frees */
void live_names_free(struct live_names *names);		/* NULL is fine */

void live_names_task(struct live_names *names, const struct task_name *task);

/* A path that has no place is passed over; false then. */
bool live_names_cgroup(struct live_names *names, uint64_t id, const char *path);

/* "" not known. Valid until the next call that adds one. */
const char *live_names_comm(const struct live_names *names, int32_t tid);
uint64_t live_names_cgroup_of(const struct live_names *names, int32_t tid);	/* 0 not known */
const char *live_names_path(const struct live_names *names, uint64_t id);	/* "" not known */

#endif
