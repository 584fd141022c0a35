/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * row_tell.h - rows of tables as sink calls: what replay.c tells of a range and span.c of its pieces. Inside store/ only.
 *
 * A query for one of these selects its columns, and nothing before them.
 */
#ifndef SQUALL_STORE_ROW_TELL_H
#define SQUALL_STORE_ROW_TELL_H

#include <sqlite3.h>
#include <stdint.h>

#include "spine/sink.h"

#define TASK_COLUMNS		"after_id, pid, comm, tgid, cgroup_id"
#define LOSS_COLUMNS		"after_id, ts, cpu, buffer, stage, events"
#define FAILURES_COLUMNS	"ts, node, value, previous, via, pid, comm, cgroup_id, reason"

/* What the sink answered. */
int row_tell_task(sqlite3_stmt *row, const struct sink *sink);
int row_tell_loss(sqlite3_stmt *row, const struct sink *sink);
int row_tell_failures(sqlite3_stmt *row, const struct sink *sink);

/* @unknown for NULL. */
int64_t row_int_or(sqlite3_stmt *row, int column, int64_t unknown);

#endif
