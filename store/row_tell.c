// SPDX-License-Identifier: GPL-2.0-only
/*
 * row_tell.c - see row_tell.h.
 */
#include "store/row_tell.h"

#include "store/store_db.h"

int64_t row_int_or(sqlite3_stmt *row, int column, int64_t unknown)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? unknown : sqlite3_column_int64(row, column);
}

int row_tell_task(sqlite3_stmt *row, const struct sink *sink)
{
	const struct task_name task = {
		.tid		= sqlite3_column_int(row, 1),
		.comm		= store_column_text(row, 2),
		.tgid		= sqlite3_column_int(row, 3),
		.cgroup_id	= sqlite3_column_int64(row, 4),
	};

	return SINK_CALL(sink, task, &task);
}

int row_tell_loss(sqlite3_stmt *row, const struct sink *sink)
{
	const struct loss loss = {
		.ts	= sqlite3_column_int64(row, 1),
		.cpu	= row_int_or(row, 2, EVENT_CPU_UNKNOWN),
		.buffer	= sqlite3_column_int(row, 3),
		.stage	= store_column_text(row, 4),
		.events	= row_int_or(row, 5, LOSS_COUNT_UNKNOWN),
	};

	return SINK_CALL(sink, loss, &loss);
}

int row_tell_failures(sqlite3_stmt *row, const struct sink *sink)
{
	const struct failures_change change = {
		.ts		= sqlite3_column_int64(row, 0),
		.node		= sqlite3_column_int(row, 1),
		.value		= sqlite3_column_int(row, 2),
		.previous	= row_int_or(row, 3, -1),
		.via		= store_column_text(row, 4),
		.tid		= row_int_or(row, 5, -1),
		.comm		= store_column_text(row, 6),
		.cgroup_id	= sqlite3_column_int64(row, 7),
		.reason		= store_column_text(row, 8),
	};

	return SINK_CALL(sink, failures, &change);
}
