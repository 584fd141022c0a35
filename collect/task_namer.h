/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_namer.h - a sink in front of another that tells the name of each thread when its first event comes.
 *
 * Live events carry a thread id and nothing else. The name, process and cgroup are read from /proc at once, for the
 * thread may be gone a moment later; one that is gone already stays without a name.
 */
#ifndef SQUALL_COLLECT_TASK_NAMER_H
#define SQUALL_COLLECT_TASK_NAMER_H

#include "spine/sink.h"

#define TASK_NAMER_SLOTS	16384	/* threads that are remembered; one that falls out is asked for again */

struct task_namer {
	struct sink	sink;				/* where everything goes */
	int		proc_fd;			/* of /proc */
	int32_t		known[TASK_NAMER_SLOTS];	/* tid + 1 */
	uint64_t	unnamed;			/* threads that were gone */
};

/* @proc_fd is borrowed. */
void task_namer_init(struct task_namer *n, const struct sink *sink, int proc_fd);
struct sink task_namer_sink(struct task_namer *n);

#endif
