// SPDX-License-Identifier: GPL-2.0-only
/*
 * One list of columns per kind of record gives the INSERT and what is bound to it.
 */
#include "store/record_writer.h"

#include <stddef.h>

#include "store/record.h"
#include "store/sql.h"

struct record_column {
	const char		*name;
	size_t			offset;			/* of an int64_t, or of a const char * */
	enum { NUMBER, TEXT }	type;
};

#define CHAIN(member, type)		{ #member, offsetof(struct store_chain, member), type }
#define FINDING(member, type)		{ #member, offsetof(struct store_finding, member), type }

static const struct record_column chain_columns[] = {
	CHAIN(tid, NUMBER),
	CHAIN(comm, TEXT),
	CHAIN(start_ns, NUMBER),
	CHAIN(end_ns, NUMBER),
	CHAIN(cycles, NUMBER),
	CHAIN(reclaim_ns, NUMBER),
	CHAIN(order_requested, NUMBER),
	CHAIN(order_reclaimed, NUMBER),
	CHAIN(gfp_flags, NUMBER),
	CHAIN(migratetype, TEXT),
	CHAIN(reclaimed_pages, NUMBER),
	CHAIN(anon_pages, NUMBER),
	CHAIN(write_folios, NUMBER),
	CHAIN(retries, NUMBER),
	CHAIN(no_progress_max, NUMBER),
	CHAIN(retries_free_above_min, NUMBER),
	CHAIN(compactions, NUMBER),
	CHAIN(compaction_order_max, NUMBER),
	CHAIN(ended, TEXT),
	{ 0 },
};

static const struct record_column finding_columns[] = {
	FINDING(kind, TEXT),
	FINDING(variant, TEXT),
	FINDING(severity, TEXT),
	FINDING(confidence, TEXT),
	FINDING(start_ns, NUMBER),
	FINDING(end_ns, NUMBER),
	FINDING(node, NUMBER),
	FINDING(cgroup_id, NUMBER),
	FINDING(cgroup, TEXT),
	{ "pid", offsetof(struct store_finding, tid), NUMBER },
	FINDING(comm, TEXT),
	FINDING(summary, TEXT),
	FINDING(otherwise, TEXT),
	FINDING(missing, TEXT),
	FINDING(evidence, TEXT),
	FINDING(explanation, TEXT),
	FINDING(remedy, TEXT),
	FINDING(references, TEXT),
	FINDING(loss, NUMBER),
	FINDING(severity_by, TEXT),
	FINDING(incident, NUMBER),
	FINDING(leads, NUMBER),
	FINDING(caused_by, TEXT),
	FINDING(because, TEXT),
	FINDING(suffered, TEXT),
	{ 0 },
};

static const struct {
	const char			*table;
	const struct record_column	*columns;		/* up to one without a name */
} records[RECORD_KINDS] = {
	[RECORD_CHAIN]		= { "reclaim_chain", chain_columns },
	[RECORD_FINDING]	= { "finding", finding_columns },
};

int record_prepare(sqlite3 *db, enum record_kind kind, sqlite3_stmt **out)
{
	const struct record_column *columns = records[kind].columns;
	sqlite3_str *sql = sqlite3_str_new(db);

	sqlite3_str_appendf(sql, "INSERT INTO %s(", records[kind].table);
	for (unsigned int i = 0; columns[i].name; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", columns[i].name);
	sqlite3_str_appendall(sql, ") VALUES(");
	for (unsigned int i = 0; columns[i].name; i++)
		sqlite3_str_appendall(sql, i ? ", ?" : "?");
	sqlite3_str_appendall(sql, ")");
	return sql_prepare_built(db, sql, out);
}

int record_write(sqlite3_stmt *insert, enum record_kind kind, const void *record)
{
	const struct record_column *columns = records[kind].columns;

	for (unsigned int i = 0; columns[i].name; i++) {
		const void *member = (const char *)record + columns[i].offset;

		if (columns[i].type == TEXT)
			sql_bind_text(insert, i + 1, *(const char *const *)member);
		else
			sql_bind_unless(insert, i + 1, *(const int64_t *)member, STORE_UNKNOWN);
	}
	return sql_run(insert);
}
