// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_snapshot.c - copies of /proc: their names, their stamps, each form of directory, and where they are put on the
 * clock of a recording. Seconds since 1970 were computed by date(1).
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "collect/snapshot_merge.h"
#include "collect/snapshot_name.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define S		1000000000ll

/* --- names --- */

static void test_names(void **state)
{
	static const struct {
		const char	*name;
		const char	*path;		/* NULL: not ours */
	} rows[] = {
		{ "vmstat", "proc/vmstat" },
		{ "VMSTAT", "proc/vmstat" },
		{ "proc_vmstat", "proc/vmstat" },
		{ "proc/vmstat", "proc/vmstat" },
		{ "_proc__zoneinfo_", "proc/zoneinfo" },
		{ "pressure_memory", "proc/pressure/memory" },
		{ "psi-io", "proc/pressure/io" },
		{ "proc.pressure.cpu", "proc/pressure/cpu" },
		{ "node1_vmstat", "sys/devices/system/node/node1/vmstat" },
		{ "sys/devices/system/node/node12/meminfo", "sys/devices/system/node/node12/meminfo" },
		{ "zram_mm_stat", "sys/block/zram0/mm_stat" },
		{ "zram3_mm_stat", "sys/block/zram3/mm_stat" },
		{ "sys_block_zram3_disksize", "sys/block/zram3/disksize" },
		{ "sys/devices/virtual/block/zram1/mm_stat", "sys/block/zram1/mm_stat" },
		{ "vm.swappiness", "proc/sys/vm/swappiness" },
		{ "proc/sys/vm/page-cluster", "proc/sys/vm/page-cluster" },
		{ "transparent_hugepage_enabled", "sys/kernel/mm/transparent_hugepage/enabled" },
		{ "sys/kernel/debug/zswap/pool_limit_hit", "sys/kernel/debug/zswap/pool_limit_hit" },
		{ "sys/module/zswap/parameters/enabled", "sys/module/zswap/parameters/enabled" },
		{ "proc/56/stat", "proc/56/stat" },
		{ "kthread_stat", "" },
		{ "20261121/stat", NULL },		/* a day, no process */
		{ "memory.stat", NULL },
		{ "cg-web-memory.stat", NULL },
		{ "cg-web-memory.pressure", NULL },
		{ "vmstat2", NULL },
		{ "pressure_../../etc/passwd", "proc/pressure/etc_passwd" },
		{ "", NULL },
		{ "_", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot_name name;
		bool found = snapshot_name_find(rows[i].name, strlen(rows[i].name), &name);

		if (found != !!rows[i].path || (found && strcmp(name.path, rows[i].path)))
			fail_msg("'%s' is '%s'", rows[i].name, found ? name.path : "none");
	}
}

/* --- stamps --- */

static void test_stamps(void **state)
{
	static const struct {
		const char	*text;
		enum stamp_kind	kind;
		int64_t		ns;
	} rows[] = {
		{ "1795289057", STAMP_REAL, 1795289057 * S },
		{ "@1795289057", STAMP_REAL, 1795289057 * S },
		{ "1795289057.25", STAMP_REAL, 1795289057 * S + S / 4 },
		{ "1795289057250", STAMP_REAL, 1795289057 * S + S / 4 },
		{ "1795289057250000000", STAMP_REAL, 1795289057 * S + S / 4 },
		{ "2026-11-21T19:24:17Z", STAMP_REAL, 1795289057 * S },
		{ "2026-11-21T19:24:17.5Z", STAMP_REAL, 1795289057 * S + S / 2 },
		{ "2026-11-21T20:24:17+01:00", STAMP_REAL, 1795289057 * S },
		{ "2026-11-21 14:54:17 -0430", STAMP_REAL, 1795289057 * S },
		{ "2026-11-21_19-24-17", STAMP_LOCAL, 1795289057 * S },
		{ "20261121-192417", STAMP_LOCAL, 1795289057 * S },
		{ "20261121192417", STAMP_LOCAL, 1795289057 * S },
		{ "20261121T192417Z", STAMP_REAL, 1795289057 * S },
		{ "2026-11-21 19:24", STAMP_LOCAL, 1795289040 * S },
		{ "Sat Nov 21 19:24:17 UTC 2026", STAMP_REAL, 1795289057 * S },
		{ "Sat Nov 21 07:24:17 PM UTC 2026", STAMP_REAL, 1795289057 * S },
		{ "Sat 21 Nov 2026 07:24:17 PM UTC", STAMP_REAL, 1795289057 * S },
		{ "Sat, 21 Nov 2026 19:24:17 +0000", STAMP_REAL, 1795289057 * S },
		{ "Sat Nov 21 19:24:17 CET 2026", STAMP_LOCAL, 1795289057 * S },
		{ "Wed Nov  4 12:24:17 AM UTC 2026", STAMP_REAL, 1793751857 * S },
		{ "2026-13-21T19:24:17Z", STAMP_NONE, 0 },
		{ "2026-11-21", STAMP_NONE, 0 },
		{ "12345", STAMP_NONE, 0 },
		{ "99999999999999999999", STAMP_NONE, 0 },
		{ "Sat Nov 21 2026", STAMP_NONE, 0 },
		{ "nr_free_pages 1795289057", STAMP_NONE, 0 },
		{ "", STAMP_NONE, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot_stamp stamp;
		bool found = snapshot_stamp_parse(rows[i].text, strlen(rows[i].text), &stamp);

		if (found != (rows[i].kind != STAMP_NONE) || (found && (stamp.kind != rows[i].kind || stamp.ns != rows[i].ns)))
			fail_msg("'%s' is %d %" PRId64, rows[i].text, found ? stamp.kind : -1, found ? stamp.ns : 0);
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char	*path;
		const char	*kernel;
		int64_t		stamp_s;	/* 0 none */
		size_t		used;
	} rows[] = {
		{ "a/vmstat", "proc/vmstat", 0, 2 },
		{ "a/proc/pressure/memory", "proc/pressure/memory", 0, 2 },
		{ "vmstat.1795289057", "proc/vmstat", 1795289057, 0 },
		{ "x/zoneinfo-20261121-192417.txt.gz", "proc/zoneinfo", 1795289057, 2 },
		{ "x/2026-11-21T19:24:17Z_pressure_memory", "proc/pressure/memory", 1795289057, 2 },
		{ "vmstat.log", "proc/vmstat", 0, 0 },
		{ "cg-web-memory.stat.1795289057", NULL, 0, 0 },
		{ "notes.txt", NULL, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot_stamp stamp;
		struct snapshot_name name;
		size_t used = 0;
		bool found = snapshot_path_find(rows[i].path, strlen(rows[i].path), &name, &stamp, &used);

		assert_int_equal(found, !!rows[i].kernel);
		if (!found)
			continue;
		assert_string_equal(name.path, rows[i].kernel);
		assert_int_equal(used, rows[i].used);
		assert_int_equal(stamp.kind != STAMP_NONE, rows[i].stamp_s != 0);
		if (rows[i].stamp_s)
			assert_int_equal(stamp.ns, rows[i].stamp_s * S);
	}
}

/* --- directories --- */

#define LOG_BYTES	8192

struct run {
	char				root[64];
	char				log[LOG_BYTES];		/* what came to the sink, one line each */
	size_t				used;
	struct source_error		error;
	struct snapshot_merge		*merge;
	struct sink			sink;
};

static void add(struct run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	run->used += vsnprintf(run->log + run->used, LOG_BYTES - run->used, format, args);
	va_end(args);
	assert_true(run->used < LOG_BYTES);
}

static int on_sample(void *ctx, const struct sample *s)
{
	add(ctx, "%" PRIu64 ".%02" PRIu64 " %s %" PRId64 "\n", s->ts / S, s->ts % S / 10000000, s->name, s->value);
	return 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	add(ctx, "%" PRIu64 ".%02" PRIu64 " event\n", ev->ts / S, ev->ts % S / 10000000);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	if (!strncmp(key, "snapshots_", 10) || !strncmp(key, "swap_devices", 12) || !strcmp(key, "psi"))
		add(ctx, "%s=%s\n", key, value);
	return 0;
}

static const struct sink_ops ops = { .sample = on_sample, .event = on_event, .meta = on_meta };

static void put(struct run *run, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", run->root, name);
	for (char *slash = strchr(path + strlen(run->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void begin(struct run *run)
{
	*run = (struct run){ .root = "/tmp/squall-test-snapshot-XXXXXX" };
	assert_non_null(mkdtemp(run->root));
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void end(struct run *run)
{
	snapshot_merge_free(run->merge);
	nftw(run->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int open_merge(struct run *run, struct snapshot_merge_options opt)
{
	const struct sink to = { &ops, run };
	int ret = snapshot_merge_open(run->root, &opt, &run->error, &run->merge);

	if (!ret)
		run->sink = snapshot_merge_sink(run->merge, &to);
	return ret;
}

/* Events at 10 and 30 s of clock @clock (NULL: not told), and the end. */
static int play(struct run *run, const char *clock)
{
	struct event ev = { .ts = 10 * S };
	int ret = open_merge(run, (struct snapshot_merge_options){ 0 });

	assert_int_equal(ret, 0);
	if (clock)
		run->sink.ops->meta(run->sink.ctx, "clock", clock);
	ret = run->sink.ops->event(run->sink.ctx, &ev);
	ev.ts = 30 * S;
	if (!ret)
		ret = run->sink.ops->event(run->sink.ctx, &ev);
	return ret ? ret : run->sink.ops->end(run->sink.ctx);
}

static void check(struct run *run, int ret, const char *expect)
{
	assert_int_equal(ret, 0);
	assert_string_equal(run->log, expect);
	end(run);
}

#define BY_UPTIME	"snapshots_time=uptime\nsnapshots_sure=sure, unless the machine was suspended since its boot\n"

/* A directory per moment: before, between and after the events. What did not change says nothing. */
static void test_directories(void **state)
{
	struct run run;

	begin(&run);
	put(&run, "b/uptime", "20.50 1.00\n");
	put(&run, "b/vmstat", "pgscan_direct 7\npgsteal_direct 5\n");
	put(&run, "a/uptime", "5.25");
	put(&run, "a/vmstat", "pgscan_direct 7\npgsteal_direct 2\n");
	put(&run, "c/uptime", "40.00 3.00\n");
	put(&run, "c/vmstat", "pgscan_direct 8\npgsteal_direct 5\n");
	put(&run, "c/swaps", "Filename Type Size Used Priority\n/dev/vdb partition 4 1 -2\n");
	check(&run, play(&run, "mono"),
	      BY_UPTIME
	      "5.25 pgscan_direct 7\n5.25 pgsteal_direct 2\n10.00 event\n20.50 pgsteal_direct 5\n30.00 event\n"
	      /* swaps come for the first time, so all is read anew */
	      "40.00 pgscan_direct 8\n40.00 pgsteal_direct 5\n40.00 swap./dev/vdb.size 4096\n40.00 swap./dev/vdb.used 1024\n"
	      "swap_devices=/dev/vdb partition 4 kB priority -2\nsnapshots_within=1\n");
}

/*
 * A whole tree, its stamp in the directory; placed by its uptime all the same. The second has none, but the first says when
 * the machine's clock was 0.
 */
static void test_tree(void **state)
{
	static const char head[] = "snapshots_time=stamps, and other snapshots that have uptime as well\n"
				   "snapshots_sure=sure; dates without a zone are taken as of TZ here\n10.00 event\n";
	struct run run;
	int ret;

	begin(&run);
	put(&run, "snap-20261121-192417/proc/uptime", "20.00 9.00\n");
	put(&run, "snap-20261121-192417/proc/pressure/memory", "some avg10=1.00 avg60=0.50 avg300=0.10 total=77\n");
	put(&run, "snap-20261121-192417/sys/block/zram0/mm_stat", "4096 1024 2048 0 2048 0 0 0 0\n");
	put(&run, "snap-20261121-192427/proc/pressure/memory", "some avg10=1.00 avg60=0.50 avg300=0.10 total=99\n");
	ret = play(&run, "boot");
	assert_int_equal(ret, 0);
	assert_memory_equal(run.log, head, sizeof(head) - 1);
	assert_non_null(strstr(run.log, "20.00 psi.memory.some.total 77\n"));
	assert_non_null(strstr(run.log, "20.00 zram0.mem_used_total 2048\n"));
	assert_non_null(strstr(run.log, "psi=1\n"));
	assert_non_null(strstr(run.log, "30.00 event\n"));
	assert_non_null(strstr(run.log, "30.00 psi.memory.some.total 99\n"));
	end(&run);
}

/* A file per copy, and stat with btime: to the second. */
static void test_stamped_files(void **state)
{
	struct run run;

	begin(&run);
	put(&run, "vmstat.1795289057", "pgscan_direct 7\n");
	put(&run, "vmstat-2026-11-21T19:24:37Z.txt", "pgscan_direct 9\n");
	put(&run, "stat", "cpu 1 2 3\nintr 5\nbtime 1795289042\nprocesses 3\n");
	check(&run, play(&run, "mono"),
	      "snapshots_time=stamps, and btime of /proc/stat\nsnapshots_sure=to the second\n"
	      "10.00 event\n15.00 pgscan_direct 7\n30.00 event\n35.00 pgscan_direct 9\nsnapshots_within=1\n");
}

static const char grown[] =
	"Sat Nov 21 19:24:17 UTC 2026\npgscan_direct 7\npgsteal_direct 1\n"
	"Sat Nov 21 19:24:37 UTC 2026\npgscan_direct 9\npgsteal_direct 1\n";

/* A file that grows; the recording knows its own wall time. */
static void test_growing(void **state)
{
	struct event ev = { .ts = 10 * S };
	struct run run;

	begin(&run);
	put(&run, "vmstat.log", grown);
	assert_int_equal(open_merge(&run, (struct snapshot_merge_options){ 0 }), 0);
	run.sink.ops->meta(run.sink.ctx, "clock", "mono");
	run.sink.ops->meta(run.sink.ctx, "start_ns", "10000000000");
	run.sink.ops->meta(run.sink.ctx, "start_realtime_ns", "1795289052000000000");
	assert_int_equal(run.sink.ops->event(run.sink.ctx, &ev), 0);
	assert_int_equal(run.sink.ops->end(run.sink.ctx), 0);
	check(&run, 0,
	      "snapshots_time=stamps, and the recording's own wall time\n"
	      "snapshots_sure=sure, unless the machine was suspended since its boot\n10.00 event\n15.00 pgscan_direct 7\n"
	      "15.00 pgsteal_direct 1\n35.00 pgscan_direct 9\nsnapshots_within=0\n");
}

/* The same packed, and several files in one; nothing says where they are but the user. */
static void test_offset(void **state)
{
	static const char all[] = "=== 1795289057 ===\n==> /proc/vmstat <==\npgscan_direct 7\n\n==> /proc/meminfo <==\n"
				  "MemFree:  3 kB\n=== 1795289059 ===\n==> /proc/meminfo <==\nMemFree:  4 kB\n";
	struct run run;
	char path[128];
	gzFile gz;

	begin(&run);
	snprintf(path, sizeof(path), "%s/all.log.gz", run.root);
	gz = gzopen(path, "wb");
	gzwrite(gz, all, sizeof(all) - 1);
	gzclose(gz);
	assert_int_equal(open_merge(&run, (struct snapshot_merge_options){ .offset_told = true, .offset_ns = -1795289050 * S }), 0);
	assert_int_equal(run.sink.ops->end(run.sink.ctx), 0);
	check(&run, 0,
	      "snapshots_time=the offset that was given\nsnapshots_sure=as told\n7.00 pgscan_direct 7\n7.00 MemFree 3072\n"
	      "9.00 MemFree 4096\nsnapshots_within=0\n");
}

/* Words where nothing can be known; text that names no clock is told to be assumed. */
static void test_refusals(void **state)
{
	struct run run;

	begin(&run);
	put(&run, "vmstat.log", grown);
	assert_int_equal(play(&run, "mono"), -EINVAL);
	assert_non_null(snapshot_merge_error(run.merge));
	assert_non_null(strstr(snapshot_merge_error(run.merge)->what, "no snapshot says when"));
	assert_non_null(strstr(snapshot_merge_error(run.merge)->hint, "--snapshots-offset"));
	assert_string_equal(run.log, "");
	end(&run);

	begin(&run);
	put(&run, "a/uptime", "20.00");
	put(&run, "a/vmstat", "pgscan_direct 7\n");
	assert_int_equal(play(&run, "x86-tsc"), -EINVAL);
	assert_non_null(strstr(snapshot_merge_error(run.merge)->what, "x86-tsc"));
	end(&run);

	begin(&run);
	put(&run, "a/uptime", "20.00");
	put(&run, "a/vmstat", "pgscan_direct 7\n");
	assert_int_equal(play(&run, NULL), 0);
	assert_non_null(strstr(run.log, "snapshots_sure=assumed"));
	end(&run);

	begin(&run);
	put(&run, "notes.txt", "nothing\n");
	assert_int_equal(open_merge(&run, (struct snapshot_merge_options){ 0 }), -ENODATA);
	assert_true(*run.error.what && *run.error.hint);
	end(&run);
}

/* Threads in one file become those of their node; a link is not followed. */
static void test_threads(void **state)
{
	char path[128], expect[64];
	struct run run;

	begin(&run);
	put(&run, "a/uptime", "20.00");
	put(&run, "a/kthread_stat", "56 (kswapd0) S 2 0 0 0 -1 2230336 0 0 0 0 0 300 0 0 20 0 1 0 155 0 0\n"
				   "57 (bash) S 2 0 0 0 -1 0 0 0 0 0 0 5 0 0 20 0 1 0 156 0 0\n");
	snprintf(path, sizeof(path), "%s/a/meminfo", run.root);
	assert_int_equal(symlink("/proc/meminfo", path), 0);
	snprintf(expect, sizeof(expect), "20.00 kswapd_cpu_ns %lld\n", 300 * S / sysconf(_SC_CLK_TCK));
	assert_int_equal(play(&run, "mono"), 0);
	assert_non_null(strstr(run.log, expect));
	assert_null(strstr(run.log, "MemTotal"));
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	      cmocka_unit_test(test_stamps),	    cmocka_unit_test(test_paths),
		cmocka_unit_test(test_directories),   cmocka_unit_test(test_tree),    cmocka_unit_test(test_stamped_files),
		cmocka_unit_test(test_growing),	      cmocka_unit_test(test_offset),	    cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_threads),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
