// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_task_namer.c - collect/task_namer.c: which name stands before which event. Notes are told by hand; /proc,
 * tracefs and cgroups are a folder made here. And collect/task_probe.c, where the kernel lets us.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/task_namer.h"
#include "spine/time.h"

#define SEC	NSEC_PER_SEC

struct scene {
	char			dir[64];
	char			heard[4096];	/* what the sink was told */
	struct cgroup_top	top;
	int			tracefs_fd;
	int			dir_fd;
	struct task_lookup	*lookup;
	struct task_namer	*namer;
	struct sink		sink;
};

__attribute__((format(printf, 2, 3)))
static int hear(struct scene *s, const char *fmt, ...)
{
	size_t len = strlen(s->heard);
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->heard + len, sizeof(s->heard) - len, fmt, args);
	va_end(args);
	return 0;
}

static int on_task(void *ctx, const struct task_name *t)
{
	return hear(ctx, "%d=%s/%d/%llu ", t->tid, t->comm, t->tgid, (unsigned long long)t->cgroup_id);
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	return hear(ctx, "cgroup%llu=%s ", (unsigned long long)id, path);
}

static int on_event(void *ctx, const struct event *ev)
{
	return hear(ctx, "@%llu:%d ", (unsigned long long)ev->ts, ev->tid);
}

static const struct sink_ops ops = { .task = on_task, .cgroup = on_cgroup, .event = on_event };

__attribute__((format(printf, 3, 4)))
static void put_file(const struct scene *s, const char *name, const char *fmt, ...)
{
	char path[256];
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	for (char *slash = path + strlen(s->dir) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0700);
	}
	file = fopen(path, "w");
	assert_non_null(file);
	va_start(args, fmt);
	vfprintf(file, fmt, args);
	va_end(args);
	fclose(file);
}

static void put_task(const struct scene *s, int tid, const char *comm, int tgid, const char *cgroup)
{
	char name[64];

	snprintf(name, sizeof(name), "%d/comm", tid);
	put_file(s, name, "%s\n", comm);
	snprintf(name, sizeof(name), "%d/status", tid);
	put_file(s, name, "Name:\t%s\nUmask:\t0022\nState:\tR (running)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n", comm, tgid,
		 tid);
	snprintf(name, sizeof(name), "%d/cgroup", tid);
	put_file(s, name, "%s", cgroup);
}

static void remove_task(const struct scene *s, int tid)
{
	static const char *const files[] = { "comm", "status", "cgroup" };
	char path[256];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%d/%s", s->dir, tid, files[i]);
		unlink(path);
	}
}

static void setup(struct scene *s, int version)
{
	const struct sink sink = { &ops, s };
	struct task_lookup_options lookup = { .top = &s->top };
	struct task_namer_options options = { 0 };
	struct stat st;
	char path[128];

	memset(s, 0, sizeof(*s));
	strcpy(s->dir, "/tmp/squall-namer.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	put_file(s, "top/a/b/x", "%s", "");
	snprintf(path, sizeof(path), "%s/top", s->dir);
	s->top = (struct cgroup_top){ .version = version, .fd = open(path, O_PATH | O_DIRECTORY) };
	assert_true(s->top.fd >= 0);
	assert_int_equal(fstat(s->top.fd, &st), 0);
	s->top.id = st.st_ino;
	s->dir_fd = open(s->dir, O_PATH | O_DIRECTORY);
	lookup.proc_fd = s->dir_fd;
	lookup.tracefs_fd = s->dir_fd;
	assert_int_equal(task_lookup_new(&lookup, &s->lookup), 0);
	options.lookup = s->lookup;
	assert_int_equal(task_namer_new(&options, &sink, &s->namer), 0);
	s->sink = task_namer_sink(s->namer);
}

static void teardown(struct scene *s)
{
	char command[128];

	task_namer_free(s->namer);
	task_lookup_free(s->lookup);
	cgroup_top_close(&s->top);
	close(s->dir_fd);
	snprintf(command, sizeof(command), "rm -rf %s", s->dir);
	assert_int_equal(system(command), 0);
}

static uint64_t inode_of(const struct scene *s, const char *name)
{
	struct stat st;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

/* What the thread beside the reader does, at once; its answers come through the namer. */
static void look_up(struct scene *s, uint64_t now)
{
	assert_int_equal(task_lookup_work(s->lookup, now, &s->sink), INT64_MAX);
	assert_false(task_lookup_waiting(s->lookup));
}

static void event(struct scene *s, uint64_t ts, int tid)
{
	static const struct event_type type = { .name = "mm_vmscan_throttled", .system = "vmscan", .format = "" };
	const struct event ev = { .ts = ts, .tid = tid, .type = &type };

	assert_int_equal(SINK_CALL(&s->sink, event, &ev), 0);
	look_up(s, ts);
}

static void note(struct scene *s, uint64_t ts, int tid, int tgid, const char *comm)
{
	struct task_note n = { .ts_ns = ts, .cgroup_id = 77, .kind = TASK_NOTE_TASK, .tid = tid, .tgid = tgid };

	memcpy(n.comm, comm, strnlen(comm, sizeof(n.comm)));
	assert_int_equal(task_namer_note(s->namer, &n), 0);
}

/* What the sink heard since the last time. */
static void heard(struct scene *s, const char *wanted)
{
	assert_string_equal(s->heard, wanted);
	s->heard[0] = '\0';
}

static void stats_are(const struct scene *s, uint64_t unnamed, uint64_t looked_up, uint64_t put_off)
{
	struct task_namer_stats stats;

	task_namer_get_stats(s->namer, &stats);
	assert_int_equal(stats.unnamed, unnamed);
	assert_int_equal(stats.looked_up, looked_up);
	assert_int_equal(stats.put_off, put_off);
}

/* A note stands before the first event that is not older than it, whoever's event that is. */
static void test_notes_by_time(void **state)
{
	struct scene s;

	setup(&s, 2);
	note(&s, 100, 7, 6, "first");
	note(&s, 300, 7, 6, "renamed");
	note(&s, 400, 8, 8, "later");
	event(&s, 101, 7);
	event(&s, 200, 7);
	event(&s, 300, 7);
	heard(&s, "7=first/6/77 @101:7 @200:7 7=renamed/6/77 @300:7 ");
	event(&s, 500, 7);
	heard(&s, "8=later/8/77 @500:7 ");
	stats_are(&s, 0, 0, 0);
	teardown(&s);
}

/* The thread id is used again: by another process, under the same name. */
static void test_tid_used_again(void **state)
{
	struct scene s;

	setup(&s, 2);
	note(&s, 100, 7, 7, "dd");
	event(&s, 101, 7);
	note(&s, 200, 7, 5, "dd");
	event(&s, 150, 7);
	event(&s, 201, 7);
	heard(&s, "7=dd/7/77 @101:7 @150:7 7=dd/5/77 @201:7 ");
	teardown(&s);
}

/* Two CPUs' notes can come in the wrong order. A name that fills its field has no end there. */
static void test_notes_out_of_order(void **state)
{
	struct scene s;

	setup(&s, 2);
	note(&s, 200, 8, 8, "0123456789abcdef");
	note(&s, 100, 7, 7, "a");
	note(&s, 150, 9, 9, "b");
	event(&s, 120, 7);
	heard(&s, "7=a/7/77 @120:7 ");
	event(&s, 200, 8);
	heard(&s, "9=b/9/77 8=0123456789abcdef/8/77 @200:8 ");
	teardown(&s);
}

/* What waits is bounded: the oldest is told early, and all at the end. */
static void test_notes_wait_bounded(void **state)
{
	struct scene s;
	char wanted[64];

	setup(&s, 2);
	for (int i = 1; i <= 4096; i++)
		note(&s, i, i, i, "x");
	heard(&s, "");
	note(&s, 4097, 4097, 4097, "x");
	heard(&s, "1=x/1/77 ");
	for (int i = 2; i <= 4097; i++) {
		event(&s, i, i);
		snprintf(wanted, sizeof(wanted), "%d=x/%d/77 @%d:%d ", i, i, i, i);
		heard(&s, wanted);
	}
	note(&s, 5000, 3, 3, "last");
	assert_int_equal(task_namer_finish(s.namer), 0);
	heard(&s, "3=last/3/77 ");
	teardown(&s);
}

static void test_cgroup_notes(void **state)
{
	struct cgroup_note n = { .head = { .kind = TASK_NOTE_CGROUP, .cgroup_id = 9 }, .depth = 2 };
	struct scene s;

	setup(&s, 2);
	strcpy(n.names[0], "leaf.service");
	strcpy(n.names[1], "system.slice");
	task_namer_note(s.namer, &n.head);
	heard(&s, "cgroup9=/system.slice/leaf.service ");
	n.depth = 0;
	task_namer_note(s.namer, &n.head);
	heard(&s, "cgroup9=/ ");
	/* Not all of it is no path. */
	n.cut = 1;
	task_namer_note(s.namer, &n.head);
	heard(&s, "");
	/* The longest. */
	n = (struct cgroup_note){ .head = n.head, .depth = TASK_PROBE_DEPTH };
	for (unsigned int i = 0; i < TASK_PROBE_DEPTH; i++)
		memset(n.names[i], 'x', TASK_PROBE_NAME_BYTES - 1);
	task_namer_note(s.namer, &n.head);
	assert_int_equal(strlen(s.heard), strlen("cgroup9= ") + TASK_PROBE_DEPTH * TASK_PROBE_NAME_BYTES);
	teardown(&s);
}

/* Without notes: /proc at the first event, and again after a second. */
static void test_proc(void **state)
{
	unsigned long long b, a;
	struct scene s;
	char wanted[256];

	setup(&s, 2);
	b = inode_of(&s, "top/a/b");
	a = inode_of(&s, "top/a");
	put_task(&s, 7, "one", 6, "1:name=systemd:/z\n0::/a/b\n");
	event(&s, 1 * SEC, 7);
	event(&s, 1 * SEC + 1, 7);
	snprintf(wanted, sizeof(wanted), "@1000000000:7 cgroup%llu=/a/b 7=one/6/%llu @1000000001:7 ", b, b);
	heard(&s, wanted);
	stats_are(&s, 0, 1, 0);
	/* It has become another within the second: told when the second is over. */
	put_task(&s, 7, "two", 7, "0::/a\n");
	event(&s, 2 * SEC - 1, 7);
	heard(&s, "@1999999999:7 ");
	event(&s, 2 * SEC, 7);
	snprintf(wanted, sizeof(wanted), "@2000000000:7 cgroup%llu=/a 7=two/7/%llu ", a, a);
	heard(&s, wanted);
	/* The path of a cgroup is told once; a thread that has gone keeps its name. */
	put_task(&s, 8, "x", 8, "0::/a\n");
	event(&s, 2 * SEC, 8);
	snprintf(wanted, sizeof(wanted), "@2000000000:8 8=x/8/%llu ", a);
	heard(&s, wanted);
	remove_task(&s, 7);
	event(&s, 4 * SEC, 7);
	heard(&s, "@4000000000:7 ");
	stats_are(&s, 0, 4, 0);
	teardown(&s);
}

/* Which line of /proc/PID/cgroup counts, and what is no cgroup that we can see. */
static void test_proc_cgroup(void **state)
{
	static const struct {
		int		version;
		const char	*text;
		const char	*path;		/* NULL: none is told */
	} rows[] = {
		{ 1, "4:memory:/a/b\n3:cpuset:/\n0::/a\n", "a/b" },
		{ 1, "4:cpu,memory:/a\n0::/a/b\n", "a" },
		{ 1, "4:memory,hugetlb:/a\n", "a" },
		{ 1, "4:memory2:/a\n5:xmemory:/a\n0::/a/b\n", NULL },
		{ 2, "4:memory:/a\n0::/a/b\n", "a/b" },
		{ 2, "10::/a\n0:x:/a\n", NULL },
		{ 2, "0::/\n", "" },
		{ 2, "0::/../other\n", NULL },
		{ 2, "0::/gone (deleted)\n", NULL },
		{ 2, "0::/a/b/x\n", NULL },
		{ 2, "", NULL },
		{ 2, "0:\n::\n0::\n", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char wanted[128], path[64];
		unsigned long long id;
		struct scene s;

		setup(&s, rows[i].version);
		put_task(&s, 7, "n", 7, rows[i].text);
		event(&s, SEC, 7);
		if (rows[i].path) {
			snprintf(path, sizeof(path), "top/%s", rows[i].path);
			id = inode_of(&s, path);
			snprintf(wanted, sizeof(wanted), "@1000000000:7 cgroup%llu=/%s 7=n/7/%llu ", id, rows[i].path,
				 id);
		} else {
			snprintf(wanted, sizeof(wanted), "@1000000000:7 7=n/7/0 ");
		}
		heard(&s, wanted);
		teardown(&s);
	}
}

/* One that has ended and was not waited for has its name and process, and no cgroup. */
static void test_zombie(void **state)
{
	struct scene s;

	setup(&s, 1);
	put_task(&s, 7, "ended", 6, "4:memory:/\n");
	put_file(&s, "7/status", "%s", "Name:\tended\nState:\tZ (zombie)\nTgid:\t6\nNgid:\t0\nPid:\t7\n");
	event(&s, SEC, 7);
	heard(&s, "@1000000000:7 7=ended/6/0 ");
	teardown(&s);
}

/* A thread that is gone: tracefs may have its name still; if not, it counts as unnamed until it is told of. */
static void test_saved(void **state)
{
	struct scene s;

	setup(&s, 2);
	put_file(&s, "saved_cmdlines", "%s", "17 longer name\n7 gone\n8 <...>\n");
	put_file(&s, "saved_tgids", "%s", "17 16\n7 6\n");
	event(&s, 1 * SEC, 7);
	event(&s, 1 * SEC, 17);
	heard(&s, "@1000000000:7 7=gone/6/0 @1000000000:17 17=longer name/16/0 ");
	event(&s, 1 * SEC, 8);
	event(&s, 1 * SEC, 9);
	event(&s, 1 * SEC, 9);
	heard(&s, "@1000000000:8 @1000000000:9 @1000000000:9 ");
	stats_are(&s, 2, 4, 0);
	put_file(&s, "saved_cmdlines", "%s", "9 nine\n");
	event(&s, 2 * SEC, 9);
	heard(&s, "@2000000000:9 9=nine/0/0 ");
	note(&s, 2 * SEC, 8, 8, "eight");
	event(&s, 2 * SEC, 8);
	heard(&s, "8=eight/8/77 @2000000000:8 ");
	stats_are(&s, 0, 5, 0);
	teardown(&s);
}

/* Five threads of one set, which has room for four: who was forgotten is not counted again, and can still get a name. */
static void test_unnamed_count_once(void **state)
{
	enum { SETS = 4096 };
	struct scene s;

	setup(&s, 2);
	for (int i = 0; i < 5; i++)
		event(&s, SEC, 5 + i * SETS);
	event(&s, SEC, 5);
	stats_are(&s, 5, 6, 0);
	note(&s, 2 * SEC, 5 + SETS, 5, "late");		/* it was forgotten for the sake of the sixth event */
	event(&s, 2 * SEC, 5 + SETS);
	stats_are(&s, 4, 6, 0);
	teardown(&s);
}

/* A note that came while somebody looked knows better: it said when. */
static void test_note_before_answer(void **state)
{
	static const struct event_type type = { .name = "mm_vmscan_throttled", .system = "vmscan", .format = "" };
	const struct event ev = { .ts = SEC, .tid = 7, .type = &type };
	struct scene s;

	setup(&s, 2);
	put_task(&s, 7, "asked", 7, "");
	SINK_CALL(&s.sink, event, &ev);
	note(&s, SEC + 1, 7, 7, "noted");
	assert_int_equal(task_namer_finish(s.namer), 0);
	look_up(&s, SEC);
	heard(&s, "@1000000000:7 7=noted/7/77 ");
	stats_are(&s, 0, 1, 0);
	teardown(&s);
}

/* More questions than there is room for, and nobody answers: the rest is put off. */
static void test_queue_is_bounded(void **state)
{
	struct scene s;

	setup(&s, 2);
	for (unsigned int i = 1; i <= TASK_LOOKUP_QUEUE; i++)
		assert_true(task_lookup_ask(s.lookup, i, false));
	assert_false(task_lookup_ask(s.lookup, 5000, false));
	put_task(&s, 9, "nine", 9, "");
	look_up(&s, SEC);
	heard(&s, "9=nine/9/0 ");
	assert_true(task_lookup_ask(s.lookup, 9, false));
	teardown(&s);
}

/* A storm of new threads: /proc is asked 500 times a second, and the rest is counted. */
static void test_asks_are_bounded(void **state)
{
	struct scene s;

	setup(&s, 2);
	for (int tid = 1; tid <= 2000; tid++)
		event(&s, 10 * SEC, tid);
	stats_are(&s, 2000, 500, 1500);
	for (int tid = 501; tid <= 1000; tid++)
		event(&s, 11 * SEC, tid);
	stats_are(&s, 2000, 1000, 1500);
	teardown(&s);
}

/* The victim of the OOM killer is a task in an event, too. */
static void test_victim(void **state)
{
	static const struct event_field fields[] = { { "comm", VALUE_TEXT }, { "pid", VALUE_INT } };
	static const struct event_type types[] = {
		{ .id = 3, .nfields = 2, .name = "mark_victim", .system = "oom", .format = "", .fields = fields },
		{ .id = 4, .nfields = 2, .name = "sched_switch", .system = "sched", .format = "", .fields = fields },
	};
	struct event_value values[2] = { { .p = "v", .len = 1, .kind = VALUE_TEXT }, { .i = 9, .kind = VALUE_INT } };
	struct event ev = { .ts = SEC, .tid = 7, .type = &types[0], .values = values };
	struct scene s;

	setup(&s, 2);
	put_task(&s, 7, "killer", 7, "");
	put_task(&s, 9, "victim", 9, "");
	put_task(&s, 10, "other", 10, "");
	SINK_CALL(&s.sink, type, &types[0]);
	SINK_CALL(&s.sink, type, &types[1]);
	SINK_CALL(&s.sink, event, &ev);
	look_up(&s, SEC);
	heard(&s, "@1000000000:7 7=killer/7/0 9=victim/9/0 ");
	ev.type = &types[1];
	values[1].i = 10;
	SINK_CALL(&s.sink, event, &ev);
	values[1].kind = VALUE_NONE;
	ev.type = &types[0];
	SINK_CALL(&s.sink, event, &ev);
	look_up(&s, SEC);
	heard(&s, "@1000000000:7 @1000000000:7 ");
	teardown(&s);
}

/* The programs load and attach here, or the reason has words. */
static void test_probe_live(void **state)
{
	struct source_error err = { .what = "" };
	struct cgroup_top top;
	struct task_probe *p = NULL;
	int root = open("/", O_PATH), ret;

	cgroup_top_open(root, &top);
	close(root);
	ret = task_probe_open(&top, &p, &err);
	cgroup_top_close(&top);
	if (ret) {
		assert_null(p);
		assert_true(ret < 0 && err.what[0]);
		print_message("# SKIP %s (%s)\n", err.what, err.hint);
		skip();
	}
	assert_in_range(task_probe_hooks(p), 1, 32);
	assert_int_equal(task_probe_dropped(p), 0);
	task_probe_free(p);
	task_probe_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes_by_time),
		cmocka_unit_test(test_tid_used_again),
		cmocka_unit_test(test_notes_out_of_order),
		cmocka_unit_test(test_notes_wait_bounded),
		cmocka_unit_test(test_cgroup_notes),
		cmocka_unit_test(test_proc),
		cmocka_unit_test(test_proc_cgroup),
		cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_unnamed_count_once),
		cmocka_unit_test(test_note_before_answer),
		cmocka_unit_test(test_queue_is_bounded),
		cmocka_unit_test(test_asks_are_bounded),
		cmocka_unit_test(test_victim),
		cmocka_unit_test(test_probe_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
