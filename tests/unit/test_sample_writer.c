// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sample_writer.c - how the store bears more series than it keeps in memory: none of them is lost, and cgroups
 * that are gone take no room.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/batch.h"
#include "store/sample_writer.h"
#include "store/schema.h"

#define PER_CGROUP	16u

struct fixture {
	sqlite3			*db;
	struct batch_source	*source;
	struct sample_writer	*writer;
	uint64_t		ts;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(f->db, store_schema_sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(batch_source_new(f->db, &f->source), 0);
	assert_int_equal(sample_writer_new(f->db, f->source, &f->writer), 0);
	assert_int_equal(sqlite3_exec(f->db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sample_writer_free(f->writer);
	sqlite3_close(f->db);
	free(f);
	return 0;
}

static void put(struct fixture *f, enum sample_scope scope, uint64_t cgroup_id, const char *name, int64_t value)
{
	const struct sample sample = {
		.ts = ++f->ts, .scope = scope, .node = -1, .cgroup_id = cgroup_id, .name = name, .unit = "count",
		.value = value,
	};

	assert_int_equal(sample_writer_add(f->writer, &sample), 0);
}

static void put_cgroup(struct fixture *f, uint64_t cgroup_id, int64_t value)
{
	char name[16];

	for (unsigned int i = 0; i < PER_CGROUP; i++) {
		snprintf(name, sizeof(name), "counter%u", i);
		put(f, SCOPE_CGROUP, cgroup_id, name, value);
	}
}

static int64_t ask(struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t value;

	assert_int_equal(sample_writer_flush(f->writer), 0);
	assert_int_equal(sqlite3_prepare_v2(f->db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* One after another, more than there is room for: all are in the file, and a late one that matters too. */
static void forgets_what_changed_longest_ago(void **state)
{
	struct fixture *f = *state;
	const uint64_t cgroups = SERIES_MAX / PER_CGROUP + 100;

	put(f, SCOPE_SYSTEM, 0, "first", 1);
	for (uint64_t id = 1; id <= cgroups; id++) {
		put_cgroup(f, id, 1);
		put(f, SCOPE_CGROUP, 1, "counter0", id + 1);	/* it changes all the time */
	}
	put(f, SCOPE_SYSTEM, 0, "last", 1);
	put(f, SCOPE_SYSTEM, 0, "first", 1);		/* known still: nothing new */
	put(f, SCOPE_CGROUP, 1, "counter0", 0);		/* known */
	put(f, SCOPE_CGROUP, 2, "counter0", 5);		/* forgotten: a second row */
	assert_int_equal(sample_writer_dropped(f->writer), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM series"), cgroups * PER_CGROUP + 3);
	assert_int_equal(ask(f, "SELECT count(*) FROM sample"), cgroups * PER_CGROUP + 3 + cgroups + 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM series WHERE scope = 'system'"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM series WHERE cgroup_id = 1 AND name = 'counter0'"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM series WHERE cgroup_id = 2 AND name = 'counter0'"), 2);
	assert_int_equal(ask(f, "SELECT count(DISTINCT id) = count(*) FROM series"), 1);
}

/* Room is there again when cgroups go: the steady ones are never forgotten, however many come. */
static void forgets_cgroups_that_are_gone(void **state)
{
	struct fixture *f = *state;
	const uint64_t cgroups = SERIES_MAX / PER_CGROUP + 100;

	put_cgroup(f, 1, 1);
	for (uint64_t id = 2; id <= cgroups; id++) {
		put_cgroup(f, id, 1);
		put(f, SCOPE_CGROUP, id, SAMPLE_CGROUP_REMOVED, 1);
	}
	put_cgroup(f, 1, 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM series WHERE cgroup_id = 1"), PER_CGROUP);
	assert_int_equal(ask(f, "SELECT count(*) FROM sample JOIN series ON series.id = series_id "
				"WHERE cgroup_id = 1"), 2 * PER_CGROUP);
	assert_int_equal(ask(f, "SELECT count(*) FROM series WHERE name = 'cgroup.removed'"), cgroups - 1);
	put(f, SCOPE_CGROUP, 2, "counter0", 1);		/* a new cgroup of that id, as far as we know */
	assert_int_equal(ask(f, "SELECT count(*) FROM series WHERE cgroup_id = 2 AND name = 'counter0'"), 2);
}

/* Without cgroups nothing is forgotten; what is too much is counted. */
static void counts_what_it_drops(void **state)
{
	struct fixture *f = *state;
	char name[24];

	for (unsigned int i = 0; i < SERIES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "counter%u", i);
		put(f, SCOPE_SYSTEM, 0, name, 1);
	}
	put(f, SCOPE_CGROUP, 1, "counter0", 1);
	assert_int_equal(sample_writer_dropped(f->writer), 6);
	assert_int_equal(ask(f, "SELECT count(*) FROM series"), SERIES_MAX);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(forgets_what_changed_longest_ago),
		TEST(forgets_cgroups_that_are_gone),
		TEST(counts_what_it_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
