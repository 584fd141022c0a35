// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_live_guard.c - collect/trace_live.c and live_guard.c on a tracefs of plain files: what is written to filters,
 * what the sink and the user hear of it, and what is said of a tracefs that does not let us.
 *
 * The kernel fills the directory of an instance when it is made; here our own mkdir() does. A ring buffer is a file of
 * pages, which are written by the layout of include/linux/ring_buffer.h. A file that takes nothing is a link to
 * /dev/full.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/live_guard.h"
#include "collect/trace_live.h"
#include "spine/time.h"

#define PAGE_BYTES	4096u
#define RECORDS		200u		/* of a page */
#define WINDOW_NS	RATE_GUARD_WINDOW_NS
#define OTHER_TASKS	"!(common_pid & %u) || COMM ~ \"kswapd*\" || COMM ~ \"kcompactd*\""

enum { ID_WAKE = 300, ID_BEGIN, ID_END, ID_EXTFRAG };

static const struct fake_event {
	const char	*path;
	unsigned int	id;
	const char	*print;
} fake_events[] = {
	{ "vmscan/mm_vmscan_kswapd_wake", ID_WAKE, "\"order=%d\", REC->order" },
	{ "vmscan/mm_vmscan_memcg_reclaim_begin", ID_BEGIN, "\"order=%d\", REC->order" },
	{ "vmscan/mm_vmscan_memcg_reclaim_end", ID_END, "\"order=%d\", REC->order" },
	{ "kmem/mm_page_alloc_extfrag", ID_EXTFRAG, "\"order=%d pageblock_order=%d\", REC->order, 9" },
};

#define FAKE_EVENTS	(sizeof(fake_events) / sizeof(fake_events[0]))

/* What the next instance is like. */
static struct fake {
	char		root[40];
	char		instance[80];
	unsigned int	cpus;
	uint32_t	page_bytes;
	const char	*full;		/* a file that takes nothing */
	int		mkdir_errno;
} fake;

/* ---- the tree ---- */

static void make_parents(const char *path)
{
	char part[256];

	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		syscall(SYS_mkdirat, AT_FDCWD, part, 0700);
	}
}

static void __attribute__((format(printf, 3, 4))) make_file(const char *dir, const char *name, const char *format, ...)
{
	char path[256], text[1024];
	va_list args;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	make_parents(path);
	if (fake.full && !strcmp(name, fake.full)) {
		assert_int_equal(symlink("/dev/full", path), 0);
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_events(const char *dir)
{
	char name[128];

	make_file(dir, "events/header_page", "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		  "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		  "\tfield: char data;\toffset:16;\tsize:%u;\tsigned:1;\n", fake.page_bytes - 16);
	for (size_t i = 0; i < FAKE_EVENTS; i++) {
		const struct fake_event *e = &fake_events[i];

		snprintf(name, sizeof(name), "events/%s/enable", e->path);
		make_file(dir, name, "0\n");
		snprintf(name, sizeof(name), "events/%s/filter", e->path);
		make_file(dir, name, "none\n");
		snprintf(name, sizeof(name), "events/%s/format", e->path);
		make_file(dir, name, "name: %s\nID: %u\nformat:\n"
			  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
			  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
			  "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
			  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
			  "\tfield:int order;\toffset:8;\tsize:4;\tsigned:1;\n\nprint fmt: %s\n",
			  strchr(e->path, '/') + 1, e->id, e->print);
	}
}

static void fill_instance(const char *dir)
{
	char name[64];

	snprintf(fake.instance, sizeof(fake.instance), "%s", dir);
	make_file(dir, "tracing_on", "1\n");
	make_file(dir, "trace_clock", "[local] mono\n");
	make_file(dir, "buffer_size_kb", "7\n");
	make_file(dir, "buffer_percent", "50\n");
	for (unsigned int i = 0; i < fake.cpus; i++) {
		snprintf(name, sizeof(name), "per_cpu/cpu%u/trace_pipe_raw", i);
		make_file(dir, name, "%s", "");
		snprintf(name, sizeof(name), "per_cpu/cpu%u/buffer_size_kb", i);
		make_file(dir, name, "4096\n");
		snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", i);
		make_file(dir, name, "entries: 0\noverrun: 0\ncommit overrun: 0\n");
	}
	make_events(dir);
}

int mkdir(const char *path, mode_t mode)
{
	int ret;

	if (!strstr(path, "/instances/squall-"))
		return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	if (fake.mkdir_errno) {
		errno = fake.mkdir_errno;
		return -1;
	}
	ret = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	if (!ret)
		fill_instance(path);
	return ret;
}

static int set_up(void **state)
{
	fake = (struct fake){ .cpus = 1, .page_bytes = PAGE_BYTES };
	snprintf(fake.root, sizeof(fake.root), "/tmp/squall-test-XXXXXX");
	if (!mkdtemp(fake.root))
		return -1;
	make_events(fake.root);
	make_file(fake.root, "instances/x", "%s", "");
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", fake.root);
	return system(command);
}

static void read_back(const char *file, char *text, size_t size)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fake.instance, file);
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
}

static void write_over(const char *file, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fake.instance, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A page of RECORDS events of @id, the first at @ts, into the ring of CPU 0. */
static void add_page(unsigned int id, uint64_t ts)
{
	struct {
		uint64_t	ts, commit;
		struct {
			uint32_t	head;
			uint16_t	type, flags;
			int32_t		pid, order;
		} records[RECORDS];
	} page = { .ts = ts, .commit = sizeof(page.records) };
	uint8_t bytes[PAGE_BYTES] = { 0 };
	char path[200];
	FILE *f;

	for (unsigned int i = 0; i < RECORDS; i++) {
		page.records[i].head = (i ? 10 : 0) << 5 | 3;		/* 10 ns later, 3 words; little-endian */
		page.records[i].type = id;
		page.records[i].pid = 4711;
	}
	memcpy(bytes, &page, sizeof(page));
	snprintf(path, sizeof(path), "%s/per_cpu/cpu0/trace_pipe_raw", fake.instance);
	f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, sizeof(bytes), 1, f), 1);
	fclose(f);
}

/* ---- what the sink hears ---- */

#define SEEN_LOSSES	16

struct seen {
	uint64_t	events;
	unsigned int	losses;
	uint64_t	after[SEEN_LOSSES];	/* events before each loss */
	char		stages[SEEN_LOSSES][16];
	char		key[64], value[64];
	unsigned int	metas;
};

static int on_event(void *ctx, const struct event *ev)
{
	((struct seen *)ctx)->events++;
	return 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct seen *seen = ctx;

	assert_true(seen->losses < SEEN_LOSSES);
	assert_int_equal(loss->events, LOSS_COUNT_UNKNOWN);
	assert_int_equal(loss->cpu, EVENT_CPU_UNKNOWN);
	assert_true(loss->ts > 0);
	seen->after[seen->losses] = seen->events;
	snprintf(seen->stages[seen->losses++], sizeof(seen->stages[0]), "%s", loss->stage);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct seen *seen = ctx;

	snprintf(seen->key, sizeof(seen->key), "%s", key);
	snprintf(seen->value, sizeof(seen->value), "%s", value);
	seen->metas++;
	return 0;
}

static const struct sink_ops ops = { .event = on_event, .loss = on_loss, .meta = on_meta };

static struct trace_live *open_fake(const char *events, int64_t max_rate)
{
	const struct trace_live_options opts = { .tracefs_root = fake.root, .events = events, .max_rate = max_rate };
	struct source_error err;
	struct trace_live *t;

	if (trace_live_open(&opts, &err, &t))
		fail_msg("%s (%s)", err.what, err.hint);
	return t;
}

/* @n windows from @now_ns on, a page of each of @ids in each; the time after. */
static uint64_t run(struct trace_live *t, struct seen *seen, const unsigned int *ids, unsigned int n, uint64_t now_ns)
{
	const struct sink sink = { &ops, seen };

	for (unsigned int i = 0; i < n; i++) {
		for (const unsigned int *id = ids; id && *id; id++)
			add_page(*id, now_ns + 1000 * (1 + id - ids) * RECORDS);
		now_ns += WINDOW_NS;
		assert_int_equal(trace_live_read(t, &sink, now_ns), 0);
	}
	return now_ns;
}

/* With a limit of 1/s and CPU: the mask of the filter that brings @per_s below it. */
static unsigned int mask_of(unsigned int per_s)
{
	unsigned int limit = sysconf(_SC_NPROCESSORS_ONLN), keep = 1;

	while (per_s / keep > limit && keep < 256)
		keep *= 2;
	return keep - 1;
}

/* One that joins now is told all types, and of @stage what lasts; NULL: nothing does. */
static void joins_late(struct trace_live *t, const char *stage)
{
	struct seen seen = { 0 };
	const struct sink sink = { &ops, &seen };

	assert_int_equal(trace_live_announce(t, &sink), 0);
	assert_int_equal(seen.losses, stage ? 1 : 0);
	assert_string_equal(seen.stages[0], stage ?: "");
}

/* ---- thinning ---- */

static void test_thinned(void **state)
{
	static const unsigned int ids[] = { ID_WAKE, ID_BEGIN, ID_END, 0 };
	struct seen seen = { 0 };
	char text[256], wanted[256];
	const char *message;
	struct trace_live *t = open_fake(NULL, 1);
	uint64_t now_ns;
	/* Two pages of the class in half a second. */
	unsigned int mask = mask_of(4 * RECORDS);

	assert_int_equal(trace_live_start(t), 0);
	now_ns = run(t, &seen, ids, 3, monotonic_ns());
	assert_null(trace_live_message(t));
	read_back("events/vmscan/mm_vmscan_memcg_reclaim_end/filter", text, sizeof(text));
	assert_string_equal(text, "none\n");
	now_ns = run(t, &seen, ids, 1, now_ns + WINDOW_NS / 10);
	message = trace_live_message(t);
	assert_non_null(message);
	assert_non_null(strstr(message, "class memcg"));
	assert_non_null(strstr(message, "--max-rate"));
	snprintf(wanted, sizeof(wanted), "recorded of 1 thread in %u ", mask + 1);
	assert_non_null(strstr(message, wanted));
	assert_null(trace_live_message(t));
	snprintf(wanted, sizeof(wanted), OTHER_TASKS, mask);
	read_back("events/vmscan/mm_vmscan_memcg_reclaim_begin/filter", text, sizeof(text));
	assert_string_equal(text, wanted);
	read_back("events/vmscan/mm_vmscan_memcg_reclaim_end/filter", text, sizeof(text));
	assert_string_equal(text, wanted);
	read_back("events/vmscan/mm_vmscan_kswapd_wake/filter", text, sizeof(text));
	assert_string_equal(text, "none\n");
	read_back("events/kmem/mm_page_alloc_extfrag/filter", text, sizeof(text));
	assert_string_equal(text, "fallback_order < 9");
	/* The loss stands behind what was recorded before, and before what comes then. */
	run(t, &seen, ids, 1, now_ns + NSEC_PER_SEC);
	assert_int_equal(seen.losses, 1);
	assert_string_equal(seen.stages[0], "thinned");
	assert_int_equal(seen.after[0], 4 * 3 * RECORDS);
	assert_int_equal(seen.events, 5 * 3 * RECORDS);
	assert_string_equal(seen.key, "thinned.memcg");
	snprintf(wanted, sizeof(wanted), "1/%u since ", mask + 1);
	assert_ptr_equal(strstr(seen.value, wanted), seen.value);
	assert_int_equal(seen.metas, 1);
	joins_late(t, "thinned");
	trace_live_close(t);
}

/* Its own filter goes on, thinned or not. */
static void test_own_filter(void **state)
{
	static const unsigned int ids[] = { ID_EXTFRAG, 0 };
	struct seen seen = { 0 };
	char text[256], wanted[256];
	struct trace_live *t = open_fake("extfrag", 1);
	unsigned int mask = mask_of(2 * RECORDS);
	uint64_t now_ns;

	assert_int_equal(trace_live_start(t), 0);
	now_ns = run(t, &seen, ids, 4, monotonic_ns());
	snprintf(wanted, sizeof(wanted), "(fallback_order < 9) && (" OTHER_TASKS ")", mask);
	read_back("events/kmem/mm_page_alloc_extfrag/filter", text, sizeof(text));
	assert_string_equal(text, wanted);
	/* Calm for 30 s as often as it was halved, and it is as before. */
	for (; mask; mask /= 2) {
		read_back("events/kmem/mm_page_alloc_extfrag/filter", text, sizeof(text));
		snprintf(wanted, sizeof(wanted), "& %u)", mask);
		assert_non_null(strstr(text, wanted));
		now_ns = run(t, &seen, NULL, 60, now_ns);
	}
	read_back("events/kmem/mm_page_alloc_extfrag/filter", text, sizeof(text));
	assert_string_equal(text, "fallback_order < 9");
	run(t, &seen, NULL, 1, now_ns);
	assert_string_equal(seen.stages[seen.losses - 1], "thinned-end");
	assert_ptr_equal(strstr(seen.value, "1/1 since "), seen.value);
	snprintf(wanted, sizeof(wanted), "at least 1/%u", mask_of(2 * RECORDS) + 1);
	assert_non_null(strstr(seen.value, wanted));
	trace_live_close(t);
}

static void test_refused_filter(void **state)
{
	static const unsigned int ids[] = { ID_BEGIN, ID_END, 0 };
	struct seen seen = { 0 };
	char text[256];
	struct trace_live *t;
	const char *message;

	fake.full = "events/vmscan/mm_vmscan_memcg_reclaim_end/filter";
	t = open_fake("core", 1);
	assert_int_equal(trace_live_start(t), 0);
	run(t, &seen, ids, 20, monotonic_ns());
	message = trace_live_message(t);
	assert_non_null(message);
	assert_non_null(strstr(message, "does not take the filter"));
	assert_null(trace_live_message(t));
	/* Not begins without ends. */
	read_back("events/vmscan/mm_vmscan_memcg_reclaim_begin/filter", text, sizeof(text));
	assert_string_equal(text, "0");
	assert_int_equal(seen.losses, 1);
	assert_string_equal(seen.stages[0], "thinned-end");
	assert_ptr_equal(strstr(seen.value, "1/1 since "), seen.value);
	trace_live_close(t);
}

/* ---- what others do ---- */

static void test_switched_off(void **state)
{
	struct seen seen = { 0 };
	struct trace_live *t = open_fake("core", 0);
	const char *message;
	uint64_t now_ns;

	assert_int_equal(trace_live_start(t), 0);
	now_ns = run(t, &seen, NULL, 2, monotonic_ns());
	assert_null(trace_live_message(t));
	write_over("tracing_on", "0\n");
	now_ns = run(t, &seen, NULL, 3, now_ns);
	joins_late(t, "off");
	message = trace_live_message(t);
	assert_non_null(message);
	assert_non_null(strstr(message, "tracing_on was switched off"));
	assert_null(trace_live_message(t));	/* once */
	write_over("tracing_on", "1\n");
	run(t, &seen, NULL, 3, now_ns);
	message = trace_live_message(t);
	assert_non_null(message);
	assert_non_null(strstr(message, "tracing_on is 1 again"));
	joins_late(t, NULL);
	assert_int_equal(trace_live_stop(t), 0);
	run(t, &seen, NULL, 3, now_ns + NSEC_PER_SEC);	/* that was us */
	assert_null(trace_live_message(t));
	assert_int_equal(seen.losses, 2);
	assert_string_equal(seen.stages[0], "off");
	assert_string_equal(seen.stages[1], "off-end");
	assert_int_equal(seen.metas, 0);
	trace_live_close(t);
}

static void test_event_switched_off(void **state)
{
	struct seen seen = { 0 };
	struct trace_live *t = open_fake("core", 0);
	const char *message;

	assert_int_equal(trace_live_start(t), 0);
	write_over("events/vmscan/mm_vmscan_memcg_reclaim_end/enable", "0\n");
	run(t, &seen, NULL, 40, monotonic_ns());
	message = trace_live_message(t);
	assert_non_null(message);
	assert_non_null(strstr(message, "vmscan:mm_vmscan_memcg_reclaim_end was switched off"));
	assert_null(trace_live_message(t));
	assert_int_equal(seen.losses, 1);
	assert_string_equal(seen.stages[0], "off");
	trace_live_close(t);
}

/* ---- a tracefs that does not let us ---- */

static void test_refusals(void **state)
{
	static const struct {
		int		mkdir_errno;
		const char	*full;
		uint32_t	page_bytes;
		int		ret;
		const char	*what, *hint;
	} rows[] = {
		{ EACCES, NULL, 4096, -EACCES, "Permission denied", "needs root" },
		{ EPERM, NULL, 4096, -EPERM, "Operation not permitted", "lockdown" },
		{ EROFS, NULL, 4096, -EROFS, "Read-only file system", "mount -o remount,rw" },
		{ ENOMEM, NULL, 4096, -ENOMEM, "Cannot allocate memory", "" },
		{ 0, "trace_clock", 4096, -ENOSPC, "file trace_clock", "'mono'" },
		{ 0, NULL, 131072, -EPROTO, "header_page", "" },
		{ 0, NULL, 16, -EPROTO, "header_page", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct trace_live_options opts = { .tracefs_root = fake.root };
		struct source_error err;
		struct trace_live *t;

		fake.mkdir_errno = rows[i].mkdir_errno;
		fake.full = rows[i].full;
		fake.page_bytes = rows[i].page_bytes;
		assert_int_equal(trace_live_open(&opts, &err, &t), rows[i].ret);
		if (!strstr(err.what, rows[i].what) || !strstr(err.hint, rows[i].hint) || !*rows[i].hint != !*err.hint)
			fail_msg("row %zu: %s (%s)", i, err.what, err.hint);
		/* The kernel removes what is in an instance with it. */
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Pages of kernels with larger ones, and many CPUs; no descriptor is left open. */
static void test_sizes(void **state)
{
	static const uint32_t pages[] = { 4096, 8192, 16384, 65536 };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		unsigned int before = open_files(), n;
		struct trace_live *t;

		fake.page_bytes = pages[i];
		fake.cpus = 64;
		t = open_fake(NULL, 0);
		trace_live_fds(t, &n);
		assert_int_equal(n, 64);
		trace_live_close(t);
		assert_int_equal(open_files(), before);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_thinned),
		EACH(test_own_filter),
		EACH(test_refused_filter),
		EACH(test_switched_off),
		EACH(test_event_switched_off),
		EACH(test_refusals),
		EACH(test_sizes),
	};

	return cmocka_run_group_tests_name("live_guard", tests, NULL, NULL);
}
