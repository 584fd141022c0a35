// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer's thread of a recording: a storm that goes on while the recording goes over from one file to the next.
 *
 * The storm is a golden sequence, so what it is and its numbers are derived by hand there. Around its events come wide
 * ones of no meaning, which fill a file.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/analysis.h"
#include "cmd/store_thread.h"
#include "collect/text.h"
#include "spine/handoff.h"
#include "spine/time.h"
#include "store/reader.h"

#define GOLDEN		"tests/golden/a1-unfixed.txt"
#define STORM_NS	100001000000		/* its first event; its last one is at 101.089 s */
#define AGAIN_NS	1200000000		/* so much later it comes once more */
#define ROUNDS		12u			/* so often in all: 36 allocations of 7 cycles each, 38 pages a cycle */
#define FILL_ROUND	5u			/* a file is full in the sixth */
#define FILE_BYTES	(4u << 20)
#define FILLER_BYTES	1000u
#define FILLERS		3000u			/* 3 MB: more than what a file takes, which is below its limit */
#define FILES_MAX	9

/* --- a directory for each test --- */

static int golden_fd = -1;

static int make_directory(void **state)
{
	char template[] = "/tmp/squall-test-XXXXXX";

	if (golden_fd < 0)
		golden_fd = open(GOLDEN, O_RDONLY | O_CLOEXEC);
	if (golden_fd < 0 || !mkdtemp(template) || chdir(template))
		return -1;
	*state = strdup(template);
	return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];
	int ret;

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	ret = chdir("/") || system(command);
	free(*state);
	return ret;
}

/* --- the storm, with more around it --- */

struct feed {
	struct sink	to;
	unsigned int	round;
	uint64_t	last_ns;
	bool		filled;
};

static const struct event_field filler_fields[] = { { "text", VALUE_TEXT } };
static const struct event_type filler = {
	.id = 0, .system = "x", .name = "filler", .fields = filler_fields, .nfields = 1, .format = "",
};

static void fill(struct feed *feed, uint64_t ts)
{
	static const char text[FILLER_BYTES];
	const struct event_value value = { .kind = VALUE_TEXT, .p = text, .len = sizeof(text) };
	const struct event ev = { .type = &filler, .ts = ts, .values = &value };
	const struct sample sample = { .ts = ts, .node = -1, .name = "pgfault", .unit = "count", .value = ts };

	/* As a recorder does all the time: samples too tell the detectors what time it is. */
	assert_int_equal(SINK_CALL(&feed->to, sample, &sample), 0);
	for (unsigned int i = 0; i < FILLERS; i++)
		assert_int_equal(SINK_CALL(&feed->to, event, &ev), 0);
}

/* Numbers of types are in order: the filler's is the first. */
static struct event_type moved(const struct event_type *type)
{
	struct event_type copy = *type;

	copy.id++;
	return copy;
}

static int feed_type(void *ctx, const struct event_type *type)
{
	const struct event_type copy = moved(type);
	struct feed *feed = ctx;

	return feed->round ? 0 : SINK_CALL(&feed->to, type, &copy);
}

static int feed_event(void *ctx, const struct event *ev)
{
	const struct event_type type = moved(ev->type);
	struct event copy = *ev;
	struct feed *feed = ctx;

	copy.type = &type;
	copy.ts += feed->round * AGAIN_NS;
	if (!feed->filled && feed->round == FILL_ROUND && copy.ts - STORM_NS >= FILL_ROUND * AGAIN_NS + AGAIN_NS / 2) {
		feed->filled = true;
		fill(feed, copy.ts);
	}
	feed->last_ns = copy.ts;
	return SINK_CALL(&feed->to, event, &copy);
}

static int feed_task(void *ctx, const struct task_name *task)
{
	struct feed *feed = ctx;

	return SINK_CALL(&feed->to, task, task);
}

static int feed_meta(void *ctx, const char *key, const char *value)
{
	struct feed *feed = ctx;

	return SINK_CALL(&feed->to, meta, key, value);
}

static const struct sink_ops feed_ops = {
	.type = feed_type, .event = feed_event, .task = feed_task, .meta = feed_meta,
};

static void feed_storm(struct feed *feed)
{
	const struct sink sink = { &feed_ops, feed };
	struct source_progress progress = { 0 };
	struct source_input in = { .fd = golden_fd, .path = GOLDEN, .progress = &progress };
	struct source_error why = { 0 };
	struct stat st;

	assert_int_equal(fstat(golden_fd, &st), 0);
	in.size = st.st_size;
	lseek(golden_fd, 0, SEEK_SET);
	assert_int_equal(text_source.run(&in, &sink, &why), 0);
}

/* Records the storm over some files. */
static void record(unsigned int rotate, bool thinned, struct store_thread_result *result)
{
	const struct store_thread_options options = { .path = "s.db", .max_bytes = FILE_BYTES, .rotate = rotate };
	const struct loss loss = { .ts = STORM_NS - 1, .events = LOSS_COUNT_UNKNOWN, .cpu = EVENT_CPU_UNKNOWN,
				   .stage = "thinned" };
	struct handoff *handoff;
	struct store_thread *t;
	struct feed feed = { 0 };

	assert_int_equal(handoff_new(16, 1u << 20, &handoff), 0);
	feed.to = handoff_sink(handoff);
	assert_int_equal(store_thread_open(&options, handoff, &t), 0);
	assert_int_equal(store_thread_start(t), 0);
	if (thinned) {
		assert_int_equal(SINK_CALL(&feed.to, meta, "thinned.direct", "1/2 since 100.001000 s, at least 1/2"), 0);
		assert_int_equal(SINK_CALL(&feed.to, loss, &loss), 0);
	}
	assert_int_equal(SINK_CALL(&feed.to, type, &filler), 0);
	for (; feed.round < ROUNDS; feed.round++)
		feed_storm(&feed);
	fill(&feed, feed.last_ns + NSEC_PER_SEC);
	handoff_close(handoff);
	assert_int_equal(store_thread_join(t, result), 0);
	store_thread_free(t);
	handoff_free(handoff);
}

/* --- asking --- */

static const char *ask(const char *path, const char *sql)
{
	static char answer[512];
	sqlite3_stmt *stmt;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(stmt, 0) ?: "");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return answer;
}

static const char *file(int number)
{
	static char path[32];

	snprintf(path, sizeof(path), "s.%04d.db", number);
	return path;
}

#define FINDINGS	"SELECT group_concat(kind || ' ' || variant || ' ' || start_ns) FROM finding"
#define EVIDENCE(name)	"SELECT CAST(json_extract(evidence, '$." name ".value') AS INTEGER) FROM finding"
#define CYCLES		"SELECT count(*) FROM mm_vmscan_direct_reclaim_begin"

static void a_storm_is_in_each_file_that_it_reaches_into(void **state)
{
	struct store_thread_result result;
	int cycles = 0, files = 0;

	record(FILES_MAX, false, &result);
	analysis_free(result.analysis);
	assert_in_range(result.files, 3, FILES_MAX);
	for (int i = 1; i <= result.files; i++) {
		int n = atoi(ask(file(i), CYCLES));

		assert_string_equal(ask(file(i), "SELECT value FROM meta WHERE key = 'complete'"), "1");
		assert_string_equal(ask(file(i), "SELECT count(*) FROM loss"), "0");
		cycles += n;
		files += n > 0;
		if (n)
			assert_string_equal(ask(file(i), FINDINGS), "nonmovable-reclaim-spin a1 100001000000");
	}
	assert_int_equal(cycles, ROUNDS * 21);
	assert_in_range(files, 2, result.files);
	/* The first has what was known when it was full. */
	assert_in_range(atoi(ask(file(1), EVIDENCE("cycles"))), 21, (FILL_ROUND + 1) * 21);
	/* The end was learnt last. That file has all of it, though nearly none of the events. */
	assert_string_equal(ask(file(result.files), FINDINGS), "nonmovable-reclaim-spin a1 100001000000");
	assert_string_equal(ask(file(result.files), EVIDENCE("spins")), "36");
	assert_string_equal(ask(file(result.files), EVIDENCE("cycles")), "252");
	assert_string_equal(ask(file(result.files), EVIDENCE("reclaimed_pages")), "9576");
	assert_string_equal(ask(file(result.files), "SELECT json_extract(evidence, '$.top_tasks[0].comm') FROM finding"),
			    "writer");
}

static void a_file_says_alone_that_it_is_thinned(void **state)
{
	struct store_thread_result result;

	record(FILES_MAX, true, &result);
	analysis_free(result.analysis);
	assert_in_range(result.files, 3, FILES_MAX);
	for (int i = 1; i <= result.files; i++) {
		assert_string_equal(ask(file(i), "SELECT group_concat(stage || ts || typeof(events)) FROM loss"),
				    "thinned100000999999null");
		assert_string_equal(ask(file(i), "SELECT value FROM meta WHERE key = 'thinned.direct'"),
				    "1/2 since 100.001000 s, at least 1/2");
	}
	assert_string_equal(ask(file(1), "SELECT loss || confidence FROM finding"), "-1low");
	assert_string_equal(ask(file(result.files), "SELECT loss FROM finding"), "-1");
}

static void without_rotation_the_storm_ends_with_the_file(void **state)
{
	struct store_thread_result result;
	int n;

	record(0, false, &result);
	assert_true(result.at_limit);
	assert_int_equal(result.files, 1);
	analysis_findings(result.analysis, &n);
	assert_int_equal(n, 1);
	analysis_free(result.analysis);
	assert_string_equal(ask("s.db", FINDINGS), "nonmovable-reclaim-spin a1 100001000000");
	/* What came before the file was full, in the sixth round. */
	assert_in_range(atoi(ask("s.db", EVIDENCE("cycles"))), FILL_ROUND * 21, (FILL_ROUND + 1) * 21);
	assert_string_equal(ask("s.db", "SELECT value FROM meta WHERE key = 'ended'"), "max-size");
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_storm_is_in_each_file_that_it_reaches_into),
		TEST(a_file_says_alone_that_it_is_thinned),
		TEST(without_rotation_the_storm_ends_with_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
