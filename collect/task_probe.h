/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_probe.h - the names of tasks that reclaim or compact, told by BPF in the context of the task itself: also of one
 * that is gone before anybody can look into /proc.
 *
 * A note comes when a thread is seen first and when its name, process or cgroup has changed, with a time before that of
 * the event at which it was seen, provided that the probe was opened before the event was enabled (the kernel calls
 * those first that came first). Notes of one thread come in order of time, those of several nearly.
 *
 * For one thread. Needs Linux 6.1 or later with BTF, no tracefs. Built without clang or bpftool, task_probe_open()
 * answers -ENOTSUP.
 */
#ifndef SQUALL_COLLECT_TASK_PROBE_H
#define SQUALL_COLLECT_TASK_PROBE_H

#include <stdint.h>

#include "collect/bpf/task.h"
#include "collect/cgroup_top.h"
#include "spine/source.h"

struct task_probe;

/*
 * Loads and attaches: about 30 ms of CPU time. Caller frees *out with task_probe_free. @top is needed during the call
 * only. -EPERM, -ENOTSUP, -ENOENT (none of the tracepoints can be attached to), or what else the kernel answered; err
 * says it in words.
 */
int task_probe_open(const struct cgroup_top *top, struct task_probe **out, struct source_error *err);
void task_probe_free(struct task_probe *p);		/* NULL is fine */

/* Gives @fn the notes that have come, a struct cgroup_note for kind TASK_NOTE_CGROUP; 0, or what @fn answered. */
int task_probe_drain(struct task_probe *p, int (*fn)(void *ctx, const struct task_note *note), void *ctx);

uint32_t task_probe_hooks(const struct task_probe *p);	/* tracepoints that it is attached to */
uint64_t task_probe_dropped(const struct task_probe *p);	/* notes that had no room, and came later or never */

#endif
