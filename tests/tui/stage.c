// SPDX-License-Identifier: GPL-2.0-only
/*
 * stage.c - the screen of top on a stage: made-up models whose every figure follows from the row and the step, so that
 * tests know what must be seen. It stands in for live/: what tui/ asks of a model is answered here.
 *
 *	stage keys		lists the table of keys
 *	stage [replay] [against] [ascii] [plain] [record] [missing] [feed=FIFO] [view=N]
 *
 * Live, a byte in FIFO is a step: "." an interval, "x" the end of the data, "a" abort(), "s" a segmentation fault.
 * A replay has 120 steps of a second, a warning at 30 s and a critical finding at 60 s.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/table.h"
#include "spine/time.h"
#include "tui/tui.h"

#define START_NS	(1000 * NSEC_PER_SEC)
#define STEPS		120
#define EPOCH_S		1767323040ll	/* 2026-01-02 03:04:00 UTC */
#define JOBS		300
#define MIB		1048576.0

struct live_model {
	int	step;
	bool	other;
	bool	missing;
};

static void number(struct live_cell *out, double value)
{
	out->kind = CELL_NUMBER;
	out->number = value;
}

static void text(struct live_cell *out, const char *value)
{
	out->kind = CELL_TEXT;
	snprintf(out->text, sizeof(out->text), "%s", value);
}

/* --- nodes: 0 is calm, 1 is hopeless ------------------------------------------------------------------------------ */

static const struct live_column node_columns[] = {
	{ "node", "NODE", "its number", UNIT_TEXT, 4, 0, 0 },
	{ "free", "FREE", "free memory", UNIT_BAR, 6, 1, 0 },
	{ "kswapd", "KSWAPD", "what kswapd does", UNIT_TEXT, 8, 0, 1 },
	{ "failures", "FAIL", "failed runs", UNIT_COUNT, 5, -1, 1 },
	{ "direct", "DIRECT/s", "direct reclaims", UNIT_PER_SECOND, 8, -1, 1 },
	{ "steps", "STEP", "steps so far", UNIT_COUNT, 6, 0, 2 },
	{ "nothing", "NOTHING", "never to be had", UNIT_COUNT, 7, -1, 3 },
	{ "far", "FAR-AWAY", "for wide screens only", UNIT_COUNT, 40, -1, 9 },
};

static int node_rows(const struct live_model *m, struct live_row *rows, int max)
{
	for (int i = 0; i < 2; i++)
		rows[i] = (struct live_row){ .id = i, .parent = -1 };
	return 2;
}

static void node_cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	bool bad = row->id;

	*out = (struct live_cell){ .mood = bad ? MOOD_BAD : MOOD_GOOD };
	switch (column) {
	case 0:
		text(out, bad ? "1" : "0");
		break;
	case 1:
		out->kind = CELL_BAR;
		out->bar = (struct live_bar){ (bad ? 128 : 512) * MIB, 1024 * MIB, { 256 * MIB, -1, -1 } };
		break;
	case 2:
		text(out, bad ? "hopeless" : "asleep");
		break;
	case 3:
		number(out, bad ? (m->other ? 3 : 16) : 0);
		break;
	case 4:
		number(out, bad ? (m->other ? 1000 : 400) : 0);
		break;
	case 5:
		number(out, m->step);
		break;
	case 7:
		number(out, 4711);
		break;
	}
}

static void node_key(const struct live_model *m, const struct live_row *row, char *key)
{
	snprintf(key, LIVE_KEY_BYTES, "%d", (int)row->id);
}

/* --- memcgs: a tree; jobs of 1 to 300 MiB in a shuffled order, and names that somebody chose ---------------------- */

static const struct live_column memcg_columns[] = {
	{ "memcg", "MEMCG", "name", UNIT_TEXT, 16, 0, 0 },
	{ "current", "CURRENT", "memory", UNIT_BYTES, 8, -1, 0 },
	{ "order", "ORDER", "as it was made", UNIT_COUNT, 6, 0, 1 },
};

static const char *const names[] = {
	"/", "/jobs", "/system", "/system/evil\033[31mred\nline", "/system/wide-漢字漢字", "/system/zero\u200bwidth",
	"/system/bidi\u202etxt", "/system/raw\xff\xfe",
};
static const int parents[] = { -1, 0, 0, 2, 2, 2, 2, 2 };

enum { NAMES = sizeof(names) / sizeof(names[0]), ROOT_JOBS = 1 };

static int memcg_rows(const struct live_model *m, struct live_row *rows, int max)
{
	for (int i = 0; i < NAMES + JOBS; i++)
		rows[i] = (struct live_row){ .id = i, .parent = i < NAMES ? parents[i] : ROOT_JOBS };
	return NAMES + JOBS;
}

static void memcg_key(const struct live_model *m, const struct live_row *row, char *key)
{
	if (row->id < NAMES)
		snprintf(key, LIVE_KEY_BYTES, "%s", names[row->id]);
	else
		snprintf(key, LIVE_KEY_BYTES, "/jobs/job-%03d", (int)row->id - NAMES);
}

/* Job i has 1 + (i * 7 + step) mod 300 MiB: each size once. */
static double memcg_bytes(const struct live_model *m, const struct live_row *row)
{
	int job = (int)row->id - NAMES;

	return job < 0 ? (1000 - (int)row->id) * MIB : (1 + (job * 7 + m->step) % JOBS) * MIB;
}

static void memcg_cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	char key[LIVE_KEY_BYTES];

	*out = (struct live_cell){ 0 };
	memcg_key(m, row, key);
	if (column == 0)
		text(out, key);
	else if (column == 1)
		number(out, memcg_bytes(m, row));
	else
		number(out, row->id);
}

/* --- findings: with a long text behind them; and a view without rows ---------------------------------------------- */

static const struct live_column finding_columns[] = {
	{ "kind", "KIND", "kind of storm", UNIT_TEXT, 12, 0, 0 },
	{ "summary", "SUMMARY", "what it is", UNIT_TEXT, 10, 0, 1 },
};

static int finding_rows(const struct live_model *m, struct live_row *rows, int max)
{
	rows[0] = (struct live_row){ .id = 0, .parent = -1 };
	return 1;
}

static void finding_cell(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out)
{
	*out = (struct live_cell){ .mood = MOOD_BAD };
	text(out, column ? "node 1 was given up by kswapd" : "hopeless-node");
}

static void finding_key(const struct live_model *m, const struct live_row *row, char *key)
{
	strcpy(key, "hopeless-node");
}

static void finding_detail(const struct live_model *m, const struct live_row *row, const struct live_lines *out)
{
	char line[64];

	out->put(out->ctx, MOOD_BAD, "Remedy: free memory. \033[2J");
	for (int i = 1; i <= 100; i++) {
		snprintf(line, sizeof(line), "evidence %d", i);
		out->put(out->ctx, MOOD_NORMAL, line);
	}
}

static int no_rows(const struct live_model *m, struct live_row *rows, int max)
{
	return 0;
}

#define COLUMNS_OF(table) .columns = table, .ncolumns = sizeof(table) / sizeof(table[0])

static const struct live_view nodes = {
	.key = "nodes", .title = "Nodes", .about = "NUMA nodes", COLUMNS_OF(node_columns),
	.rows = node_rows, .cell = node_cell, .key_of = node_key,
};
static const struct live_view memcgs = {
	.key = "memcgs", .title = "Memcgs", .about = "memory cgroups", COLUMNS_OF(memcg_columns), .sort = 1,
	.descending = true, .tree = true, .rows = memcg_rows, .cell = memcg_cell, .key_of = memcg_key,
};
static const struct live_view tasks = {
	.key = "tasks", .title = "Tasks", .about = "threads inside reclaim", COLUMNS_OF(finding_columns),
	.rows = no_rows, .cell = finding_cell, .key_of = finding_key,
};
static const struct live_view findings = {
	.key = "findings", .title = "Findings", .about = "verdicts", COLUMNS_OF(finding_columns),
	.rows = finding_rows, .cell = finding_cell, .key_of = finding_key, .detail = finding_detail,
};

const struct live_view *const live_views[] = { &nodes, &memcgs, &tasks, &findings };
const int nlive_views = 4;

/* --- what live/ would answer -------------------------------------------------------------------------------------- */

void live_format(const struct live_column *column, const struct live_cell *cell, int width, char *out, size_t size)
{
	double value = cell->kind == CELL_BAR ? cell->bar.value : cell->number;
	bool bytes = column->unit == UNIT_BYTES || column->unit == UNIT_BAR;

	if (cell->kind == CELL_NONE)
		snprintf(out, size, "-");
	else
		snprintf(out, size, bytes ? "%.0fM" : "%.0f", bytes ? value / MIB : value);
}

int live_compare(const struct live_column *column, const struct live_cell *cell, const struct live_cell *other)
{
	if (!column->better || cell->kind != CELL_NUMBER || other->kind != CELL_NUMBER)
		return 0;
	if (cell->number == other->number)
		return 0;
	return (cell->number > other->number) == (column->better > 0) ? 1 : -1;
}

void live_model_summary(const struct live_model *m, struct live_summary *out)
{
	static const char *const missing[] = { "no tracefs: no events (run as root)", "no PSI" };

	*out = (struct live_summary){
		.start_ns = START_NS, .now_ns = START_NS + m->step * NSEC_PER_SEC,
		.realtime_ns = (EPOCH_S + m->step) * (int64_t)NSEC_PER_SEC,
		.host = "host\033[7m", .kernel = "6.18.15",
		.psi_some = { 45.2, 12.1, 3.0 }, .psi_full = { 12.5, 3.0, -1 },
		.history = LIVE_HISTORY, .events_per_s = 12345, .lost = 7, .own_cpu_percent = 0.4,
		.own_bytes = 31 << 20, .stalled_tasks = 12, .findings = { 0, 0, 2, 1 },
		.nmissing = m->missing ? 2 : 0, .missing = missing,
	};
	for (int i = 0; i < LIVE_HISTORY; i++)
		out->psi_memory_history[i] = i % 50;
}

/* --- feeds -------------------------------------------------------------------------------------------------------- */

struct stage {
	struct live_model	model, other;
	bool			against, recording;
	int			fd;
};

static const struct live_model *get_model(void *ctx)
{
	return &((struct stage *)ctx)->model;
}

static const struct live_model *get_against(void *ctx)
{
	struct stage *s = ctx;

	return s->against ? &s->other : NULL;
}

static int advance(void *ctx)
{
	struct stage *s = ctx;
	volatile int *volatile nowhere = (int *)64;	/* not NULL, which UBSan would see first */
	char byte = 0;

	if (read(s->fd, &byte, 1) != 1)
		return 0;
	if (byte == 'x')
		return -EPIPE;
	if (byte == 'a')
		abort();
	if (byte == 's')
		*nowhere = 0;
	s->model.step += byte == '.';
	return byte == '.';
}

static int seek(void *ctx, uint64_t ts_ns)
{
	struct stage *s = ctx;

	s->model.step = s->other.step = (ts_ns - START_NS) / NSEC_PER_SEC;
	return 0;
}

static int set_interval(void *ctx, uint64_t interval_ns)
{
	return 0;
}

static int record(void *ctx, char *out, size_t size)
{
	struct stage *s = ctx;

	s->recording = !s->recording;
	snprintf(out, size, s->recording ? "recording into x.db" : "x.db is complete");
	return s->recording;
}

static const struct player_mark marks[] = {
	{ START_NS + 30 * NSEC_PER_SEC, START_NS + 40 * NSEC_PER_SEC, SEVERITY_WARNING, "reclaim-throttled" },
	{ START_NS + 60 * NSEC_PER_SEC, START_NS + 80 * NSEC_PER_SEC, SEVERITY_CRITICAL, "hopeless-node" },
};

static void set_replay(struct tui_feed *feed)
{
	feed->seek = seek;
	feed->set_interval = NULL;
	feed->start_ns = START_NS;
	feed->end_ns = START_NS + STEPS * NSEC_PER_SEC;
	feed->marks = marks;
	feed->nmarks = 2;
}

static int list_keys(void)
{
	struct tui_key key;

	for (int i = 0; tui_key(i, &key); i++)
		printf("%s\t%s\n", key.keys, key.what);
	return 0;
}

int main(int argc, char **argv)
{
	struct stage stage = { .other.other = true, .fd = -1 };
	struct tui_feed feed = {
		.ctx = &stage, .model = get_model, .against = get_against, .fd = -1, .advance = advance,
		.set_interval = set_interval,
	};
	struct tui_options options = { .feed = &feed, .title = "stage", .colour = true, .mouse = true };
	struct tui_error err;
	int signal, ret;

	if (argc > 1 && !strcmp(argv[1], "keys"))
		return list_keys();
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "replay"))
			set_replay(&feed);
		stage.against |= !strcmp(argv[i], "against");
		stage.model.missing |= !strcmp(argv[i], "missing");
		options.ascii |= !strcmp(argv[i], "ascii");
		options.colour &= !!strcmp(argv[i], "plain");
		if (!strcmp(argv[i], "record")) {
			options.record = record;
			options.record_ctx = &stage;
		}
		if (!strncmp(argv[i], "feed=", 5))
			stage.fd = feed.fd = open(argv[i] + 5, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (!strncmp(argv[i], "view=", 5))
			options.view = atoi(argv[i] + 5);
	}
	options.against_title = stage.against ? "fixed.db" : NULL;
	ret = tui_run(&options, &signal, &err);
	if (ret)
		fprintf(stderr, "stage: %s\n%s\n", err.what, err.hint);
	else if (signal)
		fprintf(stderr, "stage: signal %d\n", signal);
	return ret ? 2 : signal ? 3 : 0;
}
