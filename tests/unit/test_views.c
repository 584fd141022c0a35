// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_views.c - the views of a store over hand-made samples: states hold, counts are what came, NULL is not known.
 *
 * All values below were made up and worked out by hand; SQLite itself answers.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/schema.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Seconds 100 to 104 of a machine with one node, one zone, zram, and two cgroups. Times within a second are in ms. */
static const char story[] =
	"INSERT INTO meta VALUES('start_ns', '100000000000'), ('thp_enabled', 'madvise'), ('host', 'h'),"
	" ('thp_enabled@103000000007', 'never');"
	"INSERT INTO cgroup VALUES(7, '/a'), (8, '/b');"
	"INSERT INTO series(id, scope, node, cgroup_id, name, unit) VALUES"
	" (1, 'node', 0, NULL, 'nr_free_pages', 'pages'), (2, 'node', 0, NULL, 'kswapd_cpu_ns', 'ns'),"
	" (3, 'node', 0, NULL, 'workingset_refault_file', 'pages'),"
	" (4, 'node', 0, NULL, 'node_unreclaimable', 'bool'),"
	" (5, 'node', 1, NULL, 'nr_free_pages', 'pages'), (6, 'node', 0, NULL, 'nr_inactive_file', 'pages'),"
	" (7, 'node', 0, NULL, 'nr_active_file', 'pages'),"
	" (10, 'zone', 0, NULL, 'zone.DMA32.free', 'pages'), (11, 'zone', 0, NULL, 'zone.DMA32.min', 'pages'),"
	" (12, 'zone', 0, NULL, 'zone.DMA32.low', 'pages'), (13, 'zone', 0, NULL, 'zone.DMA32.high', 'pages'),"
	" (14, 'zone', 0, NULL, 'zone.DMA32.managed', 'pages'),"
	" (15, 'zone', 0, NULL, 'zone.DMA32.protection.1', 'pages'),"
	" (16, 'zone', 0, NULL, 'zone.DMA32.protection.3', 'pages'),"
	" (17, 'zone', 0, NULL, 'zone.Movable.managed', 'pages'),"
	" (18, 'zone', 0, NULL, 'zone.DMA32.order3.free', 'blocks'),"
	" (19, 'zone', 0, NULL, 'zone.Movable.free', 'pages'),"
	" (20, 'system', NULL, NULL, 'psi.memory.some.total', 'us'),"
	" (21, 'system', NULL, NULL, 'allocstall_normal', 'count'),"
	" (22, 'system', NULL, NULL, 'allocstall_movable', 'count'), (23, 'system', NULL, NULL, 'pswpout', 'pages'),"
	" (24, 'system', NULL, NULL, 'zswap.pool_total_size', 'bytes'),"
	" (25, 'system', NULL, NULL, 'vm.swappiness', 'setting'),"
	" (30, 'cgroup', NULL, 7, 'memory.current', 'bytes'), (31, 'cgroup', NULL, 7, 'memory.high', 'bytes'),"
	" (32, 'cgroup', NULL, 7, 'memory.max', 'bytes'), (33, 'cgroup', NULL, 7, 'psi.memory.some.total', 'us'),"
	" (34, 'cgroup', NULL, 7, 'memory.events.high', 'count'), (35, 'cgroup', NULL, 8, 'memory.current', 'bytes'),"
	" (36, 'cgroup', NULL, 8, 'memory.failcnt', 'count'), (37, 'cgroup', NULL, 8, 'cgroup.removed', 'bool'),"
	" (38, 'cgroup', 0, 7, 'pgscan', 'pages'), (39, 'cgroup', NULL, 9, 'memory.current', 'bytes'),"
	" (40, 'device', NULL, NULL, 'swap./dev/zram0.size', 'bytes'),"
	" (41, 'device', NULL, NULL, 'swap./dev/zram0.used', 'bytes'),"
	" (42, 'device', NULL, NULL, 'zram0.orig_data_size', 'bytes'),"
	" (43, 'device', NULL, NULL, 'zram0.compr_data_size', 'bytes'),"
	" (44, 'device', NULL, NULL, 'zram0.mem_used_total', 'bytes'),"
	" (45, 'device', NULL, NULL, 'zram0.huge_pages', 'pages'),"
	" (46, 'device', NULL, NULL, 'swap./a.used.size', 'bytes');"
	"WITH s(ms, series_id, value) AS (VALUES"
	" (100000, 1, 5000), (100000, 2, 1000000000), (100000, 3, 70),"
	" (100000, 4, 0), (100000, 6, 11), (100000, 7, 22),"
	" (100000, 10, 5000), (100000, 11, 100), (100000, 12, 200),"
	" (100000, 13, 300), (100000, 14, 9000), (100000, 15, 40),"
	" (100000, 16, 50), (100000, 17, 0), (100000, 18, 3), (100000, 19, 0),"
	" (100000, 20, 500), (100000, 21, 10), (100000, 22, 20),"
	" (100000, 23, 0), (100000, 24, 8192), (100000, 25, 60),"
	" (100000, 30, 40960), (100000, 31, 81920),"
	" (100000, 32, 9223372036854775807), (100000, 33, 1000), (100000, 34, 0),"
	" (100000, 38, 4), (100000, 39, 4096),"
	" (100000, 40, 409600), (100000, 41, 4096), (100000, 42, 12288),"
	" (100000, 43, 4096), (100000, 44, 8192), (100000, 45, 1),"
	" (100000, 46, 4096),"
	/* two reads in a second: the later one counts, though it is less */
	" (101000, 1, 4900), (101500, 1, 250), (101500, 2, 1400000000),"
	" (101500, 10, 250), (101500, 20, 100500), (101500, 21, 11),"
	" (101500, 22, 23),"
	" (101500, 33, 251000), (101500, 34, 6),"
	/* 102: only the second cgroup; it goes */
	" (102100, 35, 8192), (102100, 36, 3), (102900, 36, 5), (102900, 37, 1),"
	" (103000, 3, 100), (103000, 4, 1), (103000, 10, 99),"
	" (103000, 24, 4096), (103000, 25, 10), (103000, 30, 4096),"
	" (103000, 31, 8192), (103000, 41, 0), (103000, 40, 0), (103000, 43, 6144),"
	/* node 1 is late */
	" (104000, 5, 7))"
	"INSERT INTO sample(ts, series_id, value) SELECT ms * 1000000, series_id, value FROM s;";

static const struct row {
	const char	*query;
	const char	*answer;	/* columns by |, rows by newline, NULL as - */
} rows[] = {
	{ "SELECT second, node, free_pages, hopeless, kswapd_percent, refault_file_pages, file_pages, anon_pages "
	  "FROM node_pressure ORDER BY node, second",
	  "100|0|5000|0|-|-|33|-\n101|0|250|0|40.0|0|33|-\n103|0|250|1|0.0|30|33|-\n104|1|7|-|-|-|-|-" },
	{ "SELECT second, zone, free_pages, min_pages, protection_pages, below, free_cma_pages "
	  "FROM zone_watermarks ORDER BY second",
	  "100|DMA32|5000|100|50|-|-\n101|DMA32|250|100|50|high|-\n103|DMA32|99|100|50|min|-" },
	{ "SELECT second, memory_some_percent, memory_full_percent FROM psi", "100|-|-\n101|10.0|-" },
	{ "SELECT second, direct_reclaims, swap_out_pages, swap_in_pages, zswap_pool_bytes FROM system_pressure",
	  "100|-|-|-|8192\n101|4|0|-|8192\n103|0|0|-|4096" },
	{ "SELECT second, path, current_bytes, high_bytes, max_bytes, some_percent, high_events, scan_pages, removed "
	  "FROM memcg_pressure WHERE path = '/a'",
	  "100|/a|40960|81920|-|-|-|-|-\n101|/a|40960|81920|-|25.0|6|-|-\n103|/a|4096|8192|-|0.0|0|-|-" },
	{ "SELECT second, current_bytes, max_events, some_percent, removed FROM memcg_pressure WHERE cgroup_id = 8",
	  "102|8192|-|-|1" },
	{ "SELECT second, path, current_bytes FROM memcg_pressure WHERE cgroup_id = 9", "100|-|4096" },
	{ "SELECT path, peak_bytes, some_seconds, high_events, max_events, oom_kills, removed FROM memcg_total "
	  "ORDER BY cgroup_id",
	  "/a|40960|0.25|6|-|-|-\n/b|8192|-|-|2|-|1\n-|4096|-|-|-|-|-" },
	{ "SELECT second, size_bytes, used_bytes, orig_bytes, memory_bytes, cost_ratio, fragmentation_percent "
	  "FROM swap_pressure WHERE device = '/dev/zram0'",
	  "100|409600|4096|12288|8192|0.666666666666667|50.0\n103|0|0|12288|8192|0.666666666666667|50.0" },
	{ "SELECT device, size_bytes FROM swap_pressure WHERE device <> '/dev/zram0'", "/a.used|4096" },
	{ "SELECT ts, name, value FROM setting ORDER BY name, ts",
	  "100000000000|swappiness|60\n103000000000|swappiness|10\n"
	  "100000000000|thp_enabled|madvise\n103000000007|thp_enabled|never" },
	{ "SELECT ts, path, name, value, unit FROM sampled WHERE scope = 'cgroup' AND value = 6",
	  "101500000000|/a|memory.events.high|6|count" },
};

static void answer(sqlite3 *db, const char *query, char *out, size_t size)
{
	sqlite3_stmt *statement;
	size_t used = 0;

	out[0] = '\0';
	if (sqlite3_prepare_v2(db, query, -1, &statement, NULL))
		fail_msg("%s: %s", query, sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const char *text = (const char *)sqlite3_column_text(statement, i);

			used += snprintf(out + used, size - used, "%s%s", i ? "|" : used ? "\n" : "",
					 text ? text : "-");
			assert_true(used < size);
		}
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static sqlite3 *open_schema(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, store_schema_sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void answer_by_hand(void **state)
{
	sqlite3 *db = open_schema();
	char text[4096];

	assert_int_equal(sqlite3_exec(db, story, NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		answer(db, rows[i].query, text, sizeof(text));
		assert_string_equal(text, rows[i].answer);
	}
	sqlite3_close(db);
}

/* An imported trace has no samples: every view is empty, and none fails. */
static void are_empty_without_samples(void **state)
{
	static const char names_sql[] = "SELECT name FROM sqlite_schema WHERE type = 'view'";
	sqlite3 *db = open_schema();
	char names[1024], query[256], text[256];

	answer(db, names_sql, names, sizeof(names));
	assert_non_null(strstr(names, "node_pressure"));
	for (char *name = strtok(names, "\n"); name; name = strtok(NULL, "\n")) {
		snprintf(query, sizeof(query), "SELECT count(*) FROM %s", name);
		answer(db, query, text, sizeof(text));
		assert_string_equal(text, "0");
	}
	sqlite3_close(db);
}

/* The query of one cgroup must not read all of them: 0.1 s against 8 s of a store with 1,000 for ten minutes. */
static void one_cgroup_is_looked_up(void **state)
{
	sqlite3 *db = open_schema();
	static char plan[8192];

	answer(db, "EXPLAIN QUERY PLAN SELECT * FROM memcg_pressure WHERE path = '/a'", plan, sizeof(plan));
	assert_non_null(strstr(plan, "path=?"));
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_by_hand),
		cmocka_unit_test(are_empty_without_samples),
		cmocka_unit_test(one_cgroup_is_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
