/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_writer.h - names of threads go into the table task, each name once. Inside store/ only.
 *
 * A source may tell the same name with every event, so repeats end in a small cache.
 */
#ifndef SQUALL_STORE_TASK_WRITER_H
#define SQUALL_STORE_TASK_WRITER_H

#include <sqlite3.h>

#include "spine/event.h"

/* Most rows of table task: more names than the 4 million pids of Linux need in any recording seen; 40 MB of file. */
#define TASK_ROWS_MAX	(1u << 20)

/* Longest name that is kept. The kernel's are 15 bytes, those of its workers in /proc up to 63. */
#define TASK_COMM_BYTES	64u

struct task_writer;

/* @db stays the caller's and must outlive it. Caller frees with task_writer_free, which takes NULL. */
int task_writer_new(sqlite3 *db, struct task_writer **out);
void task_writer_free(struct task_writer *w);

/*
 * @after_id: id of the event before, 0 if there was none; the first name of a thread holds from the beginning. What @task does not tell (tgid, cgroup_id) is kept from
 * before as long as the name is the same. Names beyond TASK_ROWS_MAX are dropped and counted.
 */
int task_writer_add(struct task_writer *w, const struct task_name *task, int64_t after_id);
uint64_t task_writer_dropped(const struct task_writer *w);

/* Goes on in another database, which has the last names (carry.h). When this fails it can only be freed. */
int task_writer_move(struct task_writer *w, sqlite3 *db);

#endif
