/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_lookup.h - name, process and cgroup of a thread by /proc, or by what tracefs remembers of one that is gone.
 *
 * Opening files can wait for reclaim, so this is work for a thread of its own (spine/side_thread.h): the reader asks,
 * and the answer comes as sink calls of that thread. It says what holds when it is found out. 17 us for each.
 *
 *  /proc    comm, status and cgroup
 *  tracefs  saved_cmdlines and saved_tgids, for a thread without a name yet that /proc no longer has
 */
#ifndef SQUALL_COLLECT_TASK_LOOKUP_H
#define SQUALL_COLLECT_TASK_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/cgroup_top.h"
#include "spine/sink.h"

#define TASK_LOOKUP_QUEUE	1024u	/* questions that wait */

/* All are borrowed and must outlive it. */
struct task_lookup_options {
	int			proc_fd;	/* of /proc */
	int			tracefs_fd;	/* -1: none */
	struct cgroup_top	*top;		/* what /proc tells of cgroups is looked up there; NULL: no cgroups */
};

struct task_lookup;

/* -ENOMEM. Free with task_lookup_free(). */
int task_lookup_new(const struct task_lookup_options *options, struct task_lookup **out);
void task_lookup_free(struct task_lookup *l);	/* NULL is fine */

/* The reader's: false when too many questions wait. @gone_too: tracefs is asked as well. */
bool task_lookup_ask(struct task_lookup *l, int32_t tid, bool gone_too);

/* The reader's: questions wait for somebody to wake the thread. */
bool task_lookup_waiting(const struct task_lookup *l);

/* The thread's: as side_work.work; @lookup is a struct task_lookup. */
int64_t task_lookup_work(void *lookup, uint64_t now_ns, const struct sink *sink);

#endif
