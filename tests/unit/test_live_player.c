// SPDX-License-Identifier: GPL-2.0-only
/*
 * The player over stores made here: every moment looks the same from wherever one comes; what is told once is counted
 * once; stores that are empty, cut short or hostile.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "live/player.h"
#include "live/table.h"
#include "spine/time.h"
#include "store/writer.h"

#define S	NSEC_PER_SEC
#define START	(50 * S)
#define EVENTS	40000		/* enough for many states: one is kept each 4096 */
#define STEP	(3 * NSEC_PER_MSEC)

static char folder[] = "/tmp/squall-player.XXXXXX", path[64];

static int make_folder(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	return rmdir(folder);
}

/* --- the recording --- */

static const struct event_field begin_fields[] = { { "order", VALUE_INT }, { "gfp_flags", VALUE_UINT } };
static const struct event_field end_fields[] = { { "nr_reclaimed", VALUE_UINT } };
static const struct event_type types[] = {
	{ .id = 0, .nfields = 2, .system = "vmscan", .name = "mm_vmscan_direct_reclaim_begin", .format = "",
	  .fields = begin_fields },
	{ .id = 1, .nfields = 1, .system = "vmscan", .name = "mm_vmscan_direct_reclaim_end", .format = "",
	  .fields = end_fields },
};

static int put_event(const struct sink *sink, int type, uint64_t ts, int32_t tid, int64_t a, int64_t b)
{
	const struct event_value values[] = { { .i = a, .kind = VALUE_INT }, { .i = b, .kind = VALUE_INT } };
	const struct event ev = { .ts = ts, .type = &types[type], .tid = tid, .cpu = tid % 2, .values = values };

	return SINK_CALL(sink, event, &ev);
}

static int put_sample(const struct sink *sink, uint64_t ts, uint64_t cgroup, const char *name, int64_t value)
{
	const struct sample s = { .ts = ts, .scope = cgroup ? SCOPE_CGROUP : SCOPE_SYSTEM, .node = -1,
				  .cgroup_id = cgroup, .name = name, .unit = "count", .value = value };

	return SINK_CALL(sink, sample, &s);
}

/* All of it, or what comes before a time. */
static void play(const struct sink *sink, uint64_t before)
{
	for (int i = 0; i < EVENTS; i++) {
		uint64_t ts = START + i * STEP;
		const struct task_name task = { .tid = 5 + i / 2 % 40, .comm = i < EVENTS / 2 ? "early" : "late" };
		const struct loss loss = { .ts = ts, .events = 3, .cpu = 0, .stage = "ring" };
		const struct failures_change change = { .ts = ts, .node = 0, .value = i / 1000 % 17,
							.previous = (i / 1000 + 16) % 17, .tid = -1, .comm = "",
							.via = "test", .reason = "" };

		if (ts >= before)
			return;
		if (i % (EVENTS / 2) < 80)
			assert_int_equal(SINK_CALL(sink, task, &task), 0);
		if (i % 9000 == 8999)
			assert_int_equal(SINK_CALL(sink, loss, &loss), 0);
		if (i % 1000 == 0)
			assert_int_equal(SINK_CALL(sink, failures, &change), 0);
		if (i % 10 == 0)
			assert_int_equal(put_sample(sink, ts, 0, "pswpout", i), 0);
		if (i % 10 == 5)
			assert_int_equal(put_sample(sink, ts, 1 + i / 5000, "memory.current", i), 0);
		assert_int_equal(put_event(sink, i % 2, ts, 5 + i / 2 % 40, i % 2 ? 7 : 0, 0xcc0), 0);
	}
}

static void tell_types(const struct sink *sink)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(SINK_CALL(sink, type, &types[i]), 0);
	assert_int_equal(SINK_CALL(sink, meta, "nodes", "0"), 0);
}

static struct store_writer *new_store(enum store_mode mode)
{
	const struct store_writer_opts opts = { .mode = mode, .force = true };
	static struct store_error err;
	struct store_writer *w;

	unlink(path);
	assert_int_equal(store_writer_open(path, &opts, &err, &w), 0);
	return w;
}

static void make_store(void)
{
	struct store_writer *w = new_store(STORE_BULK);
	struct sink sink = store_writer_sink(w);

	tell_types(&sink);
	play(&sink, UINT64_MAX);
	assert_int_equal(store_writer_close(w), 0);
}

static struct player *open_it(void)
{
	static struct store_error err;
	const struct player_options options = { 0 };
	struct player *p = NULL;

	err.what[0] = '\0';
	if (player_open(path, &options, &err, &p))
		fail_msg("%s", err.what);
	return p;
}

/* --- looking --- */

static char *picture(const struct live_model *m)
{
	struct live_row *rows = calloc(LIVE_ROWS_MAX, sizeof(*rows));
	struct live_summary s;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	live_model_summary(m, &s);
	fprintf(out, "%.3f lost %d events/s %.9g stalled %u history %u\n", ns_to_s(s.now_ns), (int)s.lost,
		s.events_per_s, s.stalled_tasks, s.history);
	for (int v = 0; v < 4; v++) {		/* findings and kernel are of the whole recording */
		int n = live_views[v]->rows(m, rows, LIVE_ROWS_MAX);

		for (int r = 0; r < n; r++)
			for (int c = 0; c < live_views[v]->ncolumns; c++) {
				struct live_cell cell;

				live_views[v]->cell(m, &rows[r], c, &cell);
				fprintf(out, "%s %d %.9g %s|", live_views[v]->key, cell.kind,
					cell.kind == CELL_NUMBER ? cell.number : 0,
					cell.kind == CELL_TEXT ? cell.text : "");
			}
	}
	fclose(out);
	free(rows);
	return text;
}

static void test_any_way(void **state)
{
	static const int seconds[] = { 60, 3, 119, 61, 1, 90, 30, 31, 32, 120, 2, 75 };
	struct player *p, *straight;
	char *pictures[128] = { 0 };
	int last = EVENTS * STEP / S;

	make_store();
	straight = open_it();
	p = open_it();
	assert_int_equal(player_start_ns(p), START);
	assert_int_equal(player_end_ns(p), START + (EVENTS - 1) * STEP);
	assert_int_equal(player_now_ns(p), START + S);
	for (int i = 1; i <= last; i++) {
		assert_int_equal(player_seek(straight, START + i * S), 0);
		assert_int_equal(player_now_ns(straight), START + i * S);
		pictures[i] = picture(player_model(straight));
	}
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		char *here;

		/* Within an interval: its end. */
		assert_int_equal(player_seek(p, START + seconds[i] * S - (seconds[i] % 2 ? 0 : S / 3)), 0);
		assert_int_equal(player_now_ns(p), START + seconds[i] * S);
		here = picture(player_model(p));
		assert_string_equal(here, pictures[seconds[i]]);
		free(here);
	}
	for (int i = 1; i <= last; i++)
		free(pictures[i]);
	player_close(straight);
	player_close(p);
}

/* Each event and each rise in one interval, and in one only. */
static void test_sums(void **state)
{
	struct player *p;
	double events = 0, pages = 0, begins = 0;
	struct live_summary s;

	make_store();
	p = open_it();
	for (uint64_t ts = START + S; ; ts += S) {
		const struct live_view *nodes = live_views[0], *swap = live_views[3];
		struct live_row row;
		struct live_cell cell;

		assert_int_equal(player_seek(p, ts), 0);
		live_model_summary(player_model(p), &s);
		events += s.events_per_s;
		assert_true(live_find_row(nodes, player_model(p), "0", &row));
		for (int c = 0; c < nodes->ncolumns; c++) {
			nodes->cell(player_model(p), &row, c, &cell);
			begins += strcmp(nodes->columns[c].key, "direct_per_s") ? 0 : cell.number;
		}
		assert_true(live_find_row(swap, player_model(p), "all", &row));
		for (int c = 0; c < swap->ncolumns; c++) {
			swap->cell(player_model(p), &row, c, &cell);
			if (!strcmp(swap->columns[c].key, "out") && cell.kind == CELL_NUMBER)
				pages += cell.number / 4096;
		}
		if (player_now_ns(p) > player_end_ns(p))
			break;
	}
	assert_float_equal(events, EVENTS, 1e-3);
	assert_float_equal(begins, EVENTS / 2, 1e-3);
	assert_float_equal(pages, EVENTS - 10, 1e-3);	/* pswpout went from 0 to the last multiple of ten */
	assert_int_equal(s.lost, EVENTS / 9000 * 3);
	player_close(p);
}

static void test_ends(void **state)
{
	struct player *p;

	make_store();
	p = open_it();
	assert_int_equal(player_seek(p, 0), 0);
	assert_int_equal(player_now_ns(p), START + S);
	assert_int_equal(player_seek(p, UINT64_MAX), 0);
	assert_int_equal(player_now_ns(p), START + EVENTS * STEP / S * S);
	player_close(p);
}

static void test_names_go_back(void **state)
{
	struct player *p;
	char *text;

	make_store();
	p = open_it();
	assert_int_equal(player_seek(p, START + 100 * S), 0);
	text = picture(player_model(p));
	assert_non_null(strstr(text, " late|"));
	free(text);
	assert_int_equal(player_seek(p, START + 10 * S), 0);
	text = picture(player_model(p));
	assert_non_null(strstr(text, " early|"));
	assert_null(strstr(text, " late|"));
	free(text);
	player_close(p);
}

static void test_empty(void **state)
{
	const struct player_options options = { 0 };
	struct store_error err = { 0 };
	struct player *p;

	assert_int_equal(store_writer_close(new_store(STORE_BULK)), 0);
	assert_int_equal(player_open(path, &options, &err, &p), -ENODATA);
	assert_non_null(strstr(err.what, "no event"));
}

/* A recording that goes on, or was killed. */
static void test_unfinished(void **state)
{
	struct store_writer *w = new_store(STORE_LIVE);
	struct sink sink = store_writer_sink(w);
	struct player *p;

	tell_types(&sink);
	play(&sink, START + 5 * S);
	assert_int_equal(store_writer_commit(w), 0);
	p = open_it();
	assert_in_range(player_end_ns(p), START + 5 * S - STEP, START + 5 * S);
	assert_int_equal(player_seek(p, START + 3 * S), 0);
	player_close(p);
	store_writer_abort(w);
}

/* Samples only; and a clock that jumps by half of what there is. */
static void test_gap(void **state)
{
	struct store_writer *w = new_store(STORE_BULK);
	struct sink sink = store_writer_sink(w);
	const struct failures_change change = { .ts = START + S, .node = 0, .value = 3, .previous = 2, .tid = -1,
						.comm = "", .via = "test", .reason = "" };
	struct player *p;
	char *text;

	put_sample(&sink, START, 0, "pswpout", 1);
	SINK_CALL(&sink, failures, &change);
	put_sample(&sink, START + 3 * S, 0, "pswpout", 2);
	put_sample(&sink, INT64_MAX - 7, 0, "pswpout", 3);
	assert_int_equal(store_writer_close(w), 0);
	p = open_it();
	assert_int_equal(player_seek(p, START + 2 * S), 0);
	text = picture(player_model(p));
	assert_non_null(strstr(text, "nodes 1 3 |"));	/* the change came before the later sample */
	free(text);
	assert_int_equal(player_seek(p, UINT64_MAX), 0);
	assert_int_equal(player_seek(p, INT64_MAX / 2), 0);
	assert_int_equal(player_seek(p, START), 0);
	assert_int_equal(player_now_ns(p), START + S);
	player_close(p);
}

static int enough(void *ctx, double done)
{
	int *calls = ctx;

	assert_true(done >= 0 && done <= 1);
	return ++*calls == 2 ? -EINTR : 0;
}

static void test_progress(void **state)
{
	int calls = 0;
	const struct player_options options = { .progress = enough, .ctx = &calls };
	struct store_error err = { 0 };
	struct player *p;

	make_store();
	assert_int_equal(player_open(path, &options, &err, &p), -EINTR);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_way), cmocka_unit_test(test_sums), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_names_go_back), cmocka_unit_test(test_empty), cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_gap), cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
