// SPDX-License-Identifier: GPL-2.0-only
/*
 * Row by row from one connection to the other: unlike ATTACH that sees what is not committed, takes no lock, and needs
 * no path in SQL.
 */
#include "store/carry.h"

#include <stddef.h>

#include "spine/event.h"
#include "store/error.h"
#include "store/sql.h"

#define STRINGIZE(x)	#x
#define LIMIT(n)	" LIMIT " STRINGIZE(n)

static const struct {
	const char	*select;
	const char	*insert;
} rows[] = {
	/*
	 * What counts the rows of one file is not carried: the writer sets it anew, the end as the last of all. Nor is
	 * a class that is no longer thinned. A fact that changed is what it is now.
	 */
	{ "SELECT key, value FROM meta WHERE key NOT IN ('complete', 'part', 'continues', 'continued_in', 'events', "
	  "'out_of_order', 'start_ns', 'end_ns') AND NOT (key GLOB 'thinned.*' AND value GLOB '1/1 *') "
	  "AND key NOT GLOB '?*@[0-9]*'", "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)" },
	{ "SELECT substr(key, 1, instr(key, '@') - 1), value FROM meta WHERE key GLOB '?*@[0-9]*' "
	  "ORDER BY CAST(substr(key, instr(key, '@') + 1) AS INTEGER)",
	  "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)" },
	{ "SELECT name, state, how FROM kernel_feature", "INSERT INTO kernel_feature(name, state, how) VALUES(?, ?, ?)" },
	{ "SELECT id, name, system, format, table_name FROM event_type",
	  "INSERT INTO event_type(id, name, system, format, table_name) VALUES(?, ?, ?, ?, ?)" },
	{ "SELECT type_id, position, name, kind, column_name FROM event_field",
	  "INSERT INTO event_field(type_id, position, name, kind, column_name) VALUES(?, ?, ?, ?, ?)" },
	{ "SELECT id, name FROM buffer", "INSERT INTO buffer(id, name) VALUES(?, ?)" },
	{ "SELECT addr, name FROM symbol", "INSERT INTO symbol(addr, name) VALUES(?, ?)" },
	/* The kernel numbers cgroups upwards: the newest. */
	{ "SELECT id, path FROM cgroup ORDER BY id DESC" LIMIT(CARRY_NAMES_MAX),
	  "INSERT INTO cgroup(id, path) VALUES(?, ?)" },
	/* Columns beside max() are those of its row. */
	{ "SELECT pid, max(after_id), comm, tgid, cgroup_id FROM task GROUP BY pid ORDER BY 2 DESC, pid DESC"
	  LIMIT(CARRY_NAMES_MAX), "INSERT INTO task(pid, after_id, comm, tgid, cgroup_id) VALUES(?, ?, ?, ?, ?)" },
	/* Cgroups come and go by the thousand: of those that are gone there is nothing more to say. */
	{ "SELECT id, scope, node, cgroup_id, name, unit FROM series WHERE cgroup_id IS NULL "
	  "OR cgroup_id NOT IN (SELECT cgroup_id FROM series WHERE name = '" SAMPLE_CGROUP_REMOVED "')",
	  "INSERT INTO series(id, scope, node, cgroup_id, name, unit) VALUES(?, ?, ?, ?, ?, ?)" },
	/* What began to be missing and still is (collect/live_guard.h). */
	{ "SELECT after_id, ts, cpu, buffer, stage, events FROM loss WHERE rowid IN (SELECT min(rowid) FROM loss AS begun "
	  "WHERE stage IN ('thinned', 'off') AND rowid > coalesce((SELECT max(rowid) FROM loss "
	  "WHERE stage = begun.stage || '-end'), 0) GROUP BY stage)",
	  "INSERT INTO loss(after_id, ts, cpu, buffer, stage, events) VALUES(?, ?, ?, ?, ?, ?)" },
};

static int copy_row(sqlite3_stmt *select, sqlite3_stmt *insert)
{
	int columns = sqlite3_column_count(select);

	for (int i = 0; i < columns; i++)
		sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i));
	return sql_run(insert);
}

static int copy_rows(sqlite3 *from, const char *select_sql, sqlite3 *to, const char *insert_sql, sqlite3 **failed)
{
	sqlite3_stmt *select = NULL, *insert = NULL;
	int ret, step = SQLITE_DONE;

	*failed = from;
	ret = sql_prepare(from, select_sql, &select);
	if (!ret) {
		*failed = to;
		ret = sql_prepare(to, insert_sql, &insert);
	}
	while (!ret && (step = sqlite3_step(select)) == SQLITE_ROW)
		ret = copy_row(select, insert);
	if (!ret && step != SQLITE_DONE) {
		*failed = from;
		ret = store_errno(step);
	}
	sqlite3_finalize(insert);
	sqlite3_finalize(select);
	return ret;
}

/* The tables of events, as they were made and widened. */
static int create_tables(sqlite3 *from, sqlite3 *to, sqlite3 **failed)
{
	sqlite3_stmt *select = NULL;
	int step, ret;

	*failed = from;
	ret = sql_prepare(from, "SELECT made.sql FROM main.sqlite_schema AS made JOIN event_type ON made.name = table_name "
			  "WHERE made.type = 'table' ORDER BY event_type.id", &select);
	if (ret)
		return ret;
	while (!ret && (step = sqlite3_step(select)) == SQLITE_ROW) {
		*failed = to;
		ret = sql_exec(to, (const char *)sqlite3_column_text(select, 0));
	}
	if (!ret && step != SQLITE_DONE) {
		*failed = from;
		ret = store_errno(step);
	}
	sqlite3_finalize(select);
	return ret;
}

int carry_tables(sqlite3 *from, sqlite3 *to, sqlite3 **failed)
{
	int ret = create_tables(from, to, failed);

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]) && !ret; i++)
		ret = copy_rows(from, rows[i].select, to, rows[i].insert, failed);
	return ret;
}

int carry_settings(sqlite3 *db)
{
	return sql_exec(db, "INSERT OR REPLACE INTO meta(key, value) SELECT substr(name, 4), CAST(value AS TEXT) "
			"FROM sample JOIN series ON series.id = series_id WHERE scope = 'system' AND name GLOB 'vm.*' "
			"AND substr(name, 4) IN (SELECT key FROM meta) ORDER BY sample.id");
}
