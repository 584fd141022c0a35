// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui.c - what the screen of top decides without a terminal: text in cells, columns that fit, the order of rows,
 * times that are typed.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "spine/time.h"
#include "tui/cells.h"
#include "tui/columns.h"
#include "tui/jump.h"
#include "tui/peer.h"
#include "tui/table_rows.h"

static void test_fit(void **state)
{
	static const struct {
		const char	*text;
		int		width;
		bool		utf8;
		const char	*out;
		int		used;
	} rows[] = {
		{ "abc", 3, true, "abc", 3 },
		{ "abcd", 3, true, "ab…", 3 },
		{ "abcd", 3, false, "ab~", 3 },
		{ "abc", 1, false, "~", 1 },
		{ "abc", 0, true, "", 0 },
		{ "", 5, true, "", 0 },
		{ "漢字", 4, true, "漢字", 4 },
		{ "漢字x", 4, true, "漢…", 3 },
		{ "漢字", 3, true, "漢…", 3 },
		{ "漢", 1, true, "…", 1 },
		{ "e\xcc\x81x", 2, true, "e\xcc\x81x", 2 },		/* an accent of its own takes no cell */
		{ "a\xe2\x80\x8b", 20, true, "a\\xe2\\x80\\x8b", 13 },	/* a space without width is shown */
		{ "\033[2J", 20, true, "\\x1b[2J", 7 },
		{ "\033[2J", 6, true, "\\x1b[…", 6 },
		{ "\xff", 9, true, "\\xff", 4 },
		{ "é", 9, false, "\\xc3\\xa9", 8 },
		{ "a\nb\tc", 20, true, "a\\x0ab\\x09c", 11 },
	};
	char out[CELLS_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cells_fit(rows[i].text, rows[i].width, rows[i].utf8, out, sizeof(out)), rows[i].used);
		assert_string_equal(out, rows[i].out);
	}
	/* A small buffer cuts too, and is not overrun. */
	cells_fit("abcdefgh", 8, true, out, 4);
	assert_true(strlen(out) < 4);
}

static void test_wrap(void **state)
{
	static const struct {
		const char	*text;
		int		width;
		const char	*out;
		size_t		taken;
	} rows[] = {
		{ "one two three", 8, "one two ", 8 },
		{ "one two", 7, "one two", 7 },
		{ "one two", 20, "one two", 7 },
		{ "abcdefghij", 4, "abcd", 4 },
		{ "ab  cd", 4, "ab  ", 4 },
		{ "", 4, "", 0 },
		{ "漢字漢字", 5, "漢字", 6 },
		{ "\033\033", 4, "\\x1b", 1 },
	};
	char out[CELLS_BYTES] = "";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cells_wrap(rows[i].text, rows[i].width, true, out, sizeof(out)), rows[i].taken);
		if (rows[i].taken)
			assert_string_equal(out, rows[i].out);
	}
}

static void test_bar(void **state)
{
	static const struct {
		double		value, full, mark[3];
		int		width;
		bool		utf8;
		const char	*out;
	} rows[] = {
		{ 5, 10, { -1, -1, -1 }, 10, false, "#####....." },
		{ 5, 10, { 2, -1, 8 }, 10, false, "##|##...|." },
		{ 10, 10, { 10, -1, -1 }, 4, false, "###|" },
		{ 99, 10, { -1, -1, -1 }, 4, false, "####" },
		{ -1, 10, { -1, -1, -1 }, 4, false, "...." },
		{ 5, 0, { 1, 2, 3 }, 4, false, "...." },
		{ 5, 16, { -1, -1, -1 }, 4, true, "█▎··" },	/* 1.25 cells */
		{ 8, 16, { 4, -1, 12 }, 4, true, "█┃·│" },
		{ NAN, 16, { -1, -1, -1 }, 2, true, "··" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cells_bar(rows[i].value, rows[i].full, rows[i].mark, rows[i].width, rows[i].utf8, out, sizeof(out));
		assert_string_equal(out, rows[i].out);
	}
	assert_string_equal(cells_spark(0, 8, true), "▁");
	assert_string_equal(cells_spark(8, 8, true), "█");
	assert_string_equal(cells_spark(3, 8, false), "-");
	assert_string_equal(cells_spark(-1, 8, true), " ");
	assert_string_equal(cells_spark(NAN, 8, true), " ");
	assert_string_equal(cells_spark(1, 0, true), "▁");
}

/* --- a tree of rows ------------------------------------------------------------------------------------------ */

/* parent, value (below 0: none), name; the second model has other values and lacks "b1". */
static const struct node {
	int		parent;
	double		value;
	const char	*name;
} tree[] = {
	{ -1, 1, "/" }, { 0, 10, "/a" }, { 0, 20, "/b" }, { 1, 5, "/a/x10" }, { 1, 7, "/a/x9" }, { 2, -1, "/b/b1" },
	{ 2, 3, "/b/b2" }, { 2, 3, "/b/b3" },
};

enum { NODES = sizeof(tree) / sizeof(tree[0]) };

struct live_model {
	int		n;
	double		add;
};

static int tree_rows(const struct live_model *m, struct live_row *rows, int max)
{
	for (int i = 0; i < m->n; i++)
		rows[i] = (struct live_row){ .id = i, .parent = tree[i].parent };
	return m->n;
}

static void tree_cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	*out = (struct live_cell){ 0 };
	if (column == 0) {
		out->kind = CELL_TEXT;
		strcpy(out->text, tree[row->id].name);
	} else if (tree[row->id].value >= 0) {
		out->kind = CELL_NUMBER;
		/* The root stays what it is, the order of the others turns round. */
		out->number = m->add - tree[row->id].value;
	}
}

static void tree_key(const struct live_model *m, const struct live_row *row, char *key)
{
	strcpy(key, tree[row->id].name);
}

static const struct live_column tree_columns[] = {
	{ "name", "NAME", "", UNIT_TEXT, 8, 0, 0 },
	{ "value", "VALUE", "", UNIT_COUNT, 5, -1, 1 },
};

static const struct live_view tree_view = {
	.key = "tree", .title = "Tree", .columns = tree_columns, .ncolumns = 2, .sort = 1, .tree = true,
	.rows = tree_rows, .cell = tree_cell, .key_of = tree_key,
};

/* The names of the rows that are shown, in order. */
static const char *shown(const struct table_rows *rows)
{
	static char text[512];

	text[0] = 0;
	for (int i = 0; i < rows->nshown; i++)
		strcat(strcat(text, i ? " " : ""), rows->row[rows->shown[i]].key);
	return text;
}

struct rows_test {
	struct table_rows	rows;
	struct table_state	v;
	struct live_model	m;
};

static void refresh(struct rows_test *t)
{
	table_rows_refresh(&t->rows, &t->v, &t->m);
}

static void *rows_setup(struct rows_test *t)
{
	assert_int_equal(table_rows_new(&t->rows), 0);
	table_state_init(&t->v, &tree_view);
	t->m = (struct live_model){ .n = NODES, .add = 100 };
	refresh(t);
	return t;
}

static void test_order(void **state)
{
	struct rows_test t;

	/* Values are 100 less those of the table, the least first; none comes last; equal ones as they came. */
	rows_setup(&t);
	assert_string_equal(shown(&t.rows), "/ /b /b/b2 /b/b3 /b/b1 /a /a/x9 /a/x10");
	t.v.descending = true;
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /a /a/x10 /a/x9 /b /b/b2 /b/b3 /b/b1");
	t.v.flat = true;
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /b/b2 /b/b3 /a/x10 /a/x9 /a /b /b/b1");
	/* Text begins with the least, and 9 comes before 10. */
	table_rows_sort(&t.v, 0);
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /a /a/x9 /a/x10 /b /b/b1 /b/b2 /b/b3");
	table_rows_sort(&t.v, 0);
	assert_true(t.v.descending);
	table_rows_sort(&t.v, 1);
	assert_true(t.v.descending);
	table_rows_free(&t.rows);
}

static void test_filter_and_fold(void **state)
{
	struct rows_test t;

	rows_setup(&t);
	strcpy(t.v.filter, "B2");
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /b /b/b2");
	assert_false(t.rows.row[t.rows.shown[1]].wanted);
	assert_true(t.rows.row[t.rows.shown[2]].wanted);
	strcpy(t.v.filter, "zzz");
	refresh(&t);
	assert_int_equal(t.rows.nshown, 0);
	assert_null(table_rows_selected(&t.rows, &t.v));
	t.v.filter[0] = 0;
	refresh(&t);
	table_rows_select(&t.rows, &t.v, 1);
	assert_true(table_rows_fold(&t.rows, &t.v, FOLD_CLOSE));
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /b /a /a/x9 /a/x10");
	/* Folded already: the parent is selected. */
	assert_true(table_rows_fold(&t.rows, &t.v, FOLD_CLOSE));
	assert_string_equal(t.v.selected, "/");
	strcpy(t.v.filter, "b3");
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /b /b/b3");
	t.v.filter[0] = 0;
	table_rows_fold_all(&t.rows, &t.v);
	refresh(&t);
	assert_int_equal(t.rows.nshown, NODES);
	table_rows_fold_all(&t.rows, &t.v);
	refresh(&t);
	assert_string_equal(shown(&t.rows), "/ /b /a");
	table_rows_free(&t.rows);
}

static void test_selection(void **state)
{
	struct rows_test t;

	rows_setup(&t);
	assert_string_equal(table_rows_selected(&t.rows, &t.v)->key, "/");
	table_rows_select(&t.rows, &t.v, 2);
	assert_string_equal(t.v.selected, "/b/b2");
	t.v.descending = true;
	refresh(&t);
	assert_int_equal(t.v.at, 5);
	assert_string_equal(table_rows_selected(&t.rows, &t.v)->key, "/b/b2");
	/* It goes: what is at its place is selected, and it is selected again when it comes back. */
	t.m.n = 3;
	refresh(&t);
	assert_int_equal(t.v.at, 2);
	t.m.n = NODES;
	refresh(&t);
	assert_string_equal(table_rows_selected(&t.rows, &t.v)->key, "/b/b2");
	table_rows_select(&t.rows, &t.v, 9999);
	assert_int_equal(t.v.at, NODES - 1);
	table_rows_select(&t.rows, &t.v, -1);
	assert_int_equal(t.v.at, 0);
	assert_true(table_rows_search(&t.rows, &t.v, &t.m, "X9"));
	assert_string_equal(t.v.selected, "/a/x9");
	assert_false(table_rows_search(&t.rows, &t.v, &t.m, "nowhere"));
	table_rows_free(&t.rows);
}

static void test_peer(void **state)
{
	struct live_model m = { .n = 4 };
	struct peer p;

	assert_int_equal(peer_new(&p), 0);
	peer_fill(&p, &tree_view, NULL);
	assert_null(peer_find(&p, "/a"));
	peer_fill(&p, &tree_view, &m);
	assert_int_equal(peer_find(&p, "/a/x10")->id, 3);
	assert_null(peer_find(&p, "/a/x9"));
	peer_free(&p);
}

/* --- columns ------------------------------------------------------------------------------------------------- */

static const struct live_column wide_columns[] = {
	{ "name", "NAME", "", UNIT_TEXT, 10, 0, 0 },
	{ "free", "FREE", "", UNIT_BAR, 6, 1, 1 },
	{ "a", "A", "", UNIT_COUNT, 5, -1, 2 },
	{ "b", "LONGTITLE", "", UNIT_COUNT, 5, -1, 2 },
	{ "c", "C", "", UNIT_COUNT, 5, -1, 0 },
	{ "text", "TEXT", "", UNIT_TEXT, 4, 0, 3 },
};
static const struct live_view wide_view = { .columns = wide_columns, .ncolumns = 6 };

static const char *placed(const struct columns *c)
{
	static char text[256];
	size_t n = 0;

	text[0] = 0;
	for (int i = 0; i < c->n; i++)
		n += snprintf(text + n, sizeof(text) - n, "%s%s@%d:%d", i ? " " : "",
			      wide_columns[c->place[i].column].key, c->place[i].x, c->place[i].width);
	return text;
}

static void test_columns(void **state)
{
	static const uint16_t need[COLUMNS_MAX] = { 14, 0, 0, 0, 0, 30 };
	struct columns_wish wish = { .screen_width = 80, .need = need };
	struct columns c;

	/* 10 + 15 + 5 + 9 + 5 + 4 and 5 gaps are 53: 27 are left, 4 for the name, 23 for the bar. */
	columns_choose(&wide_view, &wish, &c);
	assert_string_equal(placed(&c), "name@0:14 free@15:38 a@54:5 b@60:9 c@70:5 text@76:4");
	assert_int_equal(c.hidden, 0);
	assert_int_equal(columns_at(&c, 69), 3);
	assert_int_equal(columns_at(&c, 0), 0);
	/* No bars below 60; text goes, then of a and b the right one: 14 + 6 + 5 + 5 and 3 gaps are 33, of 35. */
	wish.screen_width = 35;
	columns_choose(&wide_view, &wish, &c);
	assert_string_equal(placed(&c), "name@0:14 free@15:8 a@24:5 c@30:5");
	assert_int_equal(c.hidden, 2);
	wish.screen_width = 5;
	columns_choose(&wide_view, &wish, &c);
	assert_string_equal(placed(&c), "name@0:5");
	/* Scrolled: the first stays. */
	wish = (struct columns_wish){ .screen_width = 20, .skip = 3 };
	columns_choose(&wide_view, &wish, &c);
	assert_string_equal(placed(&c), "name@0:10 c@11:5");
	/* Beside: c and its other with a sign, 5 + 1 + 5 + 1. */
	wish = (struct columns_wish){ .screen_width = 23, .skip = 3, .beside = true };
	columns_choose(&wide_view, &wish, &c);
	assert_string_equal(placed(&c), "name@0:10 c@11:5");
	assert_int_equal(c.place[1].other_x, 17);
	assert_int_equal(c.place[1].other_width, 5);
	assert_int_equal(c.place[0].other_x, -1);
	wish.screen_width = 22;
	columns_choose(&wide_view, &wish, &c);
	assert_int_equal(c.n, 1);
}

/* --- times --------------------------------------------------------------------------------------------------- */

#define S(seconds)	((uint64_t)((seconds) * 1e9))

static void test_jump(void **state)
{
	/* The recording is 1000 s to 1600 s of its clock; now is 1100, which was 2026-01-02 23:59:00 UTC. */
	static const struct jump_base base = {
		.now_ns = S(1100), .start_ns = S(1000), .end_ns = S(1600), .realtime_ns = 1767398340000000000,
		.direction = 1,
	};
	static const struct {
		const char	*text;
		double		at;		/* 0: refused */
	} rows[] = {
		{ "30", 1130 }, { "+30s", 1130 }, { "-30s", 1070 }, { "1m30s", 1190 }, { "500ms", 1100.5 },
		{ "0.5m", 1130 }, { "1h", 1600 }, { "-1d", 1000 }, { "@90", 1090 }, { "@1:30", 1090 },
		{ "@0:01:30", 1090 }, { "23:59:10", 1110 }, { "23:59", 1100 }, { "00:01:00", 1220 },
		{ "2026-01-03 00:01:00", 1220 }, { "2026-01-03T00:01", 1220 }, { "2020-01-01 00:00", 1000 },
		{ "start", 1000 }, { "end", 1600 }, { "50%", 1300 }, { "0%", 1000 }, { "100%", 1600 },
		{ "", 0 }, { "x", 0 },
		{ "30x", 0 }, { "+", 0 }, { "-", 0 }, { "@", 0 }, { "12:60", 0 }, { "1:2:3:4", 0 },
		{ "101%", 0 }, { "%", 0 },
		{ "-5%", 0 }, { "nan", 0 }, { "inf", 0 }, { "1e99", 0 }, { "99999999999999", 0 },
		{ "25:00", 0 }, { "2026-01-03", 0 }, { "+-3", 0 }, { "0x10", 0 },
	};
	struct jump_base no_clock = base;
	uint64_t ts;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int ret = jump_parse(rows[i].text, &base, &ts);

		if (ret != (rows[i].at ? 0 : -EINVAL) || (!ret && ts != S(rows[i].at)))
			fail_msg("\"%s\": %d, %.1f", rows[i].text, ret, ts / 1e9);
	}
	no_clock.realtime_ns = 0;
	no_clock.direction = -1;
	assert_int_equal(jump_parse("1:30", &no_clock, &ts), 0);
	assert_int_equal(ts, S(1090));
	assert_int_equal(jump_parse("30", &no_clock, &ts), 0);
	assert_int_equal(ts, S(1070));
	assert_int_equal(jump_parse("+30", &no_clock, &ts), 0);
	assert_int_equal(ts, S(1130));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit), cmocka_unit_test(test_wrap), cmocka_unit_test(test_bar),
		cmocka_unit_test(test_order), cmocka_unit_test(test_filter_and_fold), cmocka_unit_test(test_selection),
		cmocka_unit_test(test_peer), cmocka_unit_test(test_columns), cmocka_unit_test(test_jump),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
