// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cache holds one thread per place, found by its id. A thread that is not there is looked up in the table, so that
 * two threads that share a place do not write their names again and again.
 */
#include "store/task_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/error.h"
#include "store/sql.h"

#define CACHE_PLACES	8192u		/* power of two; 0.7 MiB */

#define NO_ROW		(-1)

struct known_task {
	int32_t			tid;			/* -1: the place is free */
	int32_t			tgid;			/* 0: not told */
	uint64_t		cgroup_id;		/* 0: not told */
	int64_t			after_id;		/* or NO_ROW */
	char			comm[TASK_COMM_BYTES];
};

struct task_writer {
	sqlite3_stmt		*insert;
	sqlite3_stmt		*select;
	uint64_t		rows;
	uint64_t		dropped;
	struct known_task	places[CACHE_PLACES];
};

static const char insert_sql[] =
	"INSERT OR REPLACE INTO task(pid, after_id, comm, tgid, cgroup_id) VALUES(?, ?, ?, ?, ?)";
static const char select_sql[] =
	"SELECT after_id, comm, tgid, cgroup_id FROM task WHERE pid = ?1 ORDER BY after_id DESC LIMIT 1";

static int begin(struct task_writer *w, sqlite3 *db)
{
	int ret = sql_prepare(db, insert_sql, &w->insert);

	for (unsigned int i = 0; i < CACHE_PLACES; i++)
		w->places[i].tid = -1;
	return ret ? ret : sql_prepare(db, select_sql, &w->select);
}

int task_writer_new(sqlite3 *db, struct task_writer **out)
{
	struct task_writer *w = calloc(1, sizeof(*w));
	int ret;

	if (!w)
		return -ENOMEM;
	ret = begin(w, db);
	if (ret) {
		task_writer_free(w);
		return ret;
	}
	*out = w;
	return 0;
}

void task_writer_free(struct task_writer *w)
{
	if (!w)
		return;
	sqlite3_finalize(w->select);
	sqlite3_finalize(w->insert);
	free(w);
}

static void set_comm(struct known_task *known, const char *comm)
{
	size_t len = strnlen(comm, TASK_COMM_BYTES - 1);

	memcpy(known->comm, comm, len);
	known->comm[len] = '\0';
}

static int load(struct task_writer *w, struct known_task *known, int32_t tid)
{
	int ret;

	*known = (struct known_task){ .tid = tid, .after_id = NO_ROW };
	sqlite3_bind_int64(w->select, 1, tid);
	ret = sqlite3_step(w->select);
	if (ret == SQLITE_ROW) {
		known->after_id = sqlite3_column_int64(w->select, 0);
		set_comm(known, (const char *)sqlite3_column_text(w->select, 1) ?: "");
		known->tgid = sqlite3_column_int(w->select, 2);
		known->cgroup_id = sqlite3_column_int64(w->select, 3);
	}
	sqlite3_reset(w->select);
	return store_errno(ret);
}

static bool same_comm(const struct known_task *known, const char *comm)
{
	return known->after_id != NO_ROW && !strncmp(known->comm, comm, TASK_COMM_BYTES - 1);
}

static bool tells_nothing_new(const struct known_task *known, const struct task_name *task)
{
	return same_comm(known, task->comm) && (!task->tgid || task->tgid == known->tgid) &&
	       (!task->cgroup_id || task->cgroup_id == known->cgroup_id);
}

/* Only fills in what was not told before: the same row, completed. */
static bool only_completes(const struct known_task *known, const struct task_name *task)
{
	return same_comm(known, task->comm) && (!known->tgid || !task->tgid || known->tgid == task->tgid) &&
	       (!known->cgroup_id || !task->cgroup_id || known->cgroup_id == task->cgroup_id);
}

static int write_row(struct task_writer *w, const struct known_task *known)
{
	sqlite3_bind_int64(w->insert, 1, known->tid);
	sqlite3_bind_int64(w->insert, 2, known->after_id);
	sql_bind_text(w->insert, 3, known->comm);
	sql_bind_unless(w->insert, 4, known->tgid, 0);
	sql_bind_unless(w->insert, 5, known->cgroup_id, 0);
	return sql_run(w->insert);
}

static void update(struct known_task *known, const struct task_name *task, int64_t after_id)
{
	if (!same_comm(known, task->comm)) {
		known->tgid = 0;
		known->cgroup_id = 0;
	}
	/* Who looks up a thread does so because of an event that it had: its first name holds for that one, too. */
	if (known->after_id == NO_ROW)
		known->after_id = 0;
	else if (!only_completes(known, task))
		known->after_id = after_id;
	set_comm(known, task->comm);
	known->tgid = task->tgid ? task->tgid : known->tgid;
	known->cgroup_id = task->cgroup_id ? task->cgroup_id : known->cgroup_id;
}

int task_writer_add(struct task_writer *w, const struct task_name *task, int64_t after_id)
{
	struct known_task *known = &w->places[(uint32_t)task->tid % CACHE_PLACES];
	int64_t before;
	int ret = 0;

	if (task->tid < 0)
		return 0;
	if (known->tid != task->tid)
		ret = load(w, known, task->tid);
	if (ret || tells_nothing_new(known, task))
		return ret;
	before = known->after_id;
	update(known, task, after_id);
	if (known->after_id != before && w->rows >= TASK_ROWS_MAX) {
		w->dropped++;
		return 0;
	}
	w->rows += known->after_id != before;
	return write_row(w, known);
}

uint64_t task_writer_dropped(const struct task_writer *w)
{
	return w->dropped;
}

int task_writer_move(struct task_writer *w, sqlite3 *db)
{
	sqlite3_finalize(w->select);
	sqlite3_finalize(w->insert);
	w->select = NULL;
	w->insert = NULL;
	w->rows = 0;
	return begin(w, db);
}
