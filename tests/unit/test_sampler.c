// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sampler.c - what is sampled of a machine: every value of its files under the right name, only changes after
 * that, nothing for what is absent, and cgroups as they come and go.
 *
 * The machine is tests/fixtures/sampler/two-nodes: files of a guest with two nodes and kernel 7.3.4, and made ones.
 * Each test changes a copy of it. Expected values were read in those files.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/cgroup_tree.h"
#include "collect/sample_file.h"
#include "collect/sampler.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SEC		1000000000ull
#define START		(1000 * SEC)
#define FIXTURE		"tests/fixtures/sampler/two-nodes"

/* --- a sink that remembers --- */

#define SAMPLES_MAX	8192u
#define METAS_MAX	256u
#define PATHS_MAX	16u

struct memory {
	char		root[64];
	struct sample	samples[SAMPLES_MAX];
	char		names[SAMPLES_MAX][96];		/* of each, for the pointer is borrowed */
	char		units[SAMPLES_MAX][16];
	uint32_t	n;
	char		key[METAS_MAX][64], value[METAS_MAX][512];
	uint32_t	nmetas;
	char		path[PATHS_MAX][128];
	uint64_t	id[PATHS_MAX];
	uint32_t	npaths;
	int		fail_after;			/* samples until the sink fails with -EIO; -1 never */
};

static int on_sample(void *ctx, const struct sample *sample)
{
	struct memory *m = ctx;

	if (m->fail_after >= 0 && m->fail_after-- == 0)
		return -EIO;
	assert_true(m->n < SAMPLES_MAX);
	m->samples[m->n] = *sample;
	snprintf(m->names[m->n], sizeof(m->names[0]), "%s", sample->name);
	snprintf(m->units[m->n], sizeof(m->units[0]), "%s", sample->unit);
	m->n++;
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct memory *m = ctx;

	assert_true(m->nmetas < METAS_MAX);
	snprintf(m->key[m->nmetas], sizeof(m->key[0]), "%s", key);
	snprintf(m->value[m->nmetas++], sizeof(m->value[0]), "%s", value);
	return 0;
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct memory *m = ctx;

	if (m->npaths == PATHS_MAX)
		return 0;
	snprintf(m->path[m->npaths], sizeof(m->path[0]), "%s", path);
	m->id[m->npaths++] = id;
	return 0;
}

static const struct sink_ops memory_ops = { .sample = on_sample, .meta = on_meta, .cgroup = on_cgroup };

static const char *meta(const struct memory *m, const char *key)
{
	for (uint32_t i = m->nmetas; i-- > 0;)
		if (!strcmp(m->key[i], key))
			return m->value[i];
	return NULL;
}

static uint64_t cgroup_id_of(const struct memory *m, const char *path)
{
	for (uint32_t i = m->npaths; i-- > 0;)
		if (!strcmp(m->path[i], path))
			return m->id[i];
	return 0;
}

/* The place of the only sample that is so; -1 none. Two are a mistake. */
static int find(const struct memory *m, enum sample_scope scope, int node, uint64_t cgroup, const char *name)
{
	int found = -1;

	for (uint32_t i = 0; i < m->n; i++) {
		const struct sample *s = &m->samples[i];

		if (s->scope != scope || s->node != node || s->cgroup_id != cgroup || strcmp(m->names[i], name))
			continue;
		assert_int_equal(found, -1);
		found = i;
	}
	return found;
}

/* --- a machine for each test --- */

static void shell(const char *format, const char *root)
{
	char command[512];

	snprintf(command, sizeof(command), format, root);
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->fail_after = -1;
	strcpy(m->root, "/tmp/squall-sampler-XXXXXX");
	assert_non_null(mkdtemp(m->root));
	shell("cp -r " FIXTURE "/. %s", m->root);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct memory *m = *state;

	shell("rm -rf %s", m->root);
	free(m);
	return 0;
}

static void write_file(const struct memory *m, const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", m->root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The kernel's files change in place, and so does this: the descriptor that is kept open sees it. */
static void replace(const struct memory *m, const char *path, const char *old, const char *new)
{
	static char text[65536], changed[65536];
	char full[512], *at;
	int fd;
	ssize_t n;

	snprintf(full, sizeof(full), "%s/%s", m->root, path);
	fd = open(full, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	at = strstr(text, old);
	assert_non_null(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	write_file(m, path, changed);
}

static void make_dir(const struct memory *m, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", m->root, path);
	assert_int_equal(mkdir(full, 0755), 0);
}

enum with_cgroups { WITHOUT_CGROUPS, WITH_CGROUPS };

static struct sampler *start(struct memory *m, enum with_cgroups with)
{
	const struct sampler_options opt = { .root = m->root, .cgroups = with == WITH_CGROUPS };
	const struct sink sink = { &memory_ops, m };
	struct source_error err = { 0 };
	struct sampler *s;

	assert_int_equal(sampler_open(&opt, &err, &s), 0);
	assert_int_equal(sampler_start(s, START, &sink), 0);
	return s;
}

/* Forgets what came before. Far enough on that every subject is due, whatever it cost. */
static void tick(struct memory *m, struct sampler *s, uint64_t after_s)
{
	const struct sink sink = { &memory_ops, m };

	m->n = 0;
	assert_true(sampler_tick(s, START + after_s * SEC, &sink) > 0);
}

/* --- values --- */

struct row {
	enum sample_scope	scope;
	int			node;
	const char		*name;
	const char		*unit;
	int64_t			value;
};

static const struct row rows[] = {
	{ SCOPE_SYSTEM, -1, "pgscan_direct", "pages", 394590 },
	{ SCOPE_SYSTEM, -1, "pgfault", "count", 231879 },
	{ SCOPE_SYSTEM, -1, "workingset_nodes", "count", 658 },
	{ SCOPE_SYSTEM, -1, "nr_dirty", "pages", 2 },
	{ SCOPE_SYSTEM, -1, "oom_kill", "count", 0 },
	{ SCOPE_SYSTEM, -1, "MemFree", "bytes", 960900 * 1024 },
	{ SCOPE_SYSTEM, -1, "psi.memory.some.total", "us", 719348 },
	{ SCOPE_SYSTEM, -1, "psi.memory.full.total", "us", 618586 },
	{ SCOPE_SYSTEM, -1, "psi.io.some.total", "us", 2183495 },
	{ SCOPE_SYSTEM, -1, "psi.cpu.some.total", "us", 4331161 },
	{ SCOPE_SYSTEM, -1, "vm.swappiness", "setting", 60 },
	{ SCOPE_SYSTEM, -1, "zswap.pool_limit_hit", "count", 17 },
	{ SCOPE_SYSTEM, -1, "zswap.pool_total_size", "bytes", 4096000 },
	{ SCOPE_NODE, 0, "pgscan_direct", "pages", 41 },
	{ SCOPE_NODE, 1, "nr_free_pages", "pages", 228197 },
	{ SCOPE_NODE, 0, "MemFree", "bytes", 48368 * 1024 },
	{ SCOPE_NODE, 1, "MemFree", "bytes", 912788 * 1024 },
	{ SCOPE_NODE, 0, "HugePages_Total", "huge pages", 2 },
	{ SCOPE_NODE, 0, "node_unreclaimable", "bool", 1 },
	{ SCOPE_NODE, 1, "node_unreclaimable", "bool", 0 },
	{ SCOPE_NODE, 0, "kswapd_cpu_ns", "ns", 7086085 },
	{ SCOPE_NODE, 0, "kswapd_wait_ns", "ns", 3199 },
	{ SCOPE_ZONE, 0, "zone.DMA32.free", "pages", 8316 },
	{ SCOPE_ZONE, 0, "zone.DMA32.min", "pages", 4122 },
	{ SCOPE_ZONE, 0, "zone.DMA32.nr_free_pages_blocks", "pages", 6656 },
	{ SCOPE_ZONE, 0, "zone.DMA.protection.0", "pages", 0 },
	{ SCOPE_ZONE, 0, "zone.DMA.protection.4", "pages", 253841 },
	{ SCOPE_ZONE, 0, "zone.DMA32.start_pfn", "pfn", 4096 },
	{ SCOPE_ZONE, 1, "zone.DMA32.free", "pages", 228197 },
	{ SCOPE_ZONE, 1, "zone.DMA32.start_pfn", "pfn", 262144 },
	{ SCOPE_ZONE, 0, "zone.DMA32.order0.free", "blocks", 30 },
	{ SCOPE_ZONE, 0, "zone.DMA32.order4.free", "blocks", 23 },
	{ SCOPE_ZONE, 1, "zone.DMA32.order10.free", "blocks", 221 },
	{ SCOPE_ZONE, 0, "zone.DMA32.Movable.order4.free", "blocks", 14 },
	{ SCOPE_ZONE, 0, "zone.DMA32.Unmovable.pageblocks", "blocks", 22 },
	{ SCOPE_ZONE, 1, "zone.DMA32.Movable.pageblocks", "blocks", 484 },
	{ SCOPE_DEVICE, -1, "swap./dev/zram0.used", "bytes", 2048 * 1024 },
	{ SCOPE_DEVICE, -1, "swap./swap\\040file.size", "bytes", 524284 * 1024 },
	{ SCOPE_DEVICE, -1, "zram0.mem_used_total", "bytes", 140000000 },
	{ SCOPE_DEVICE, -1, "zram0.huge_pages", "pages", 2000 },
	{ SCOPE_DEVICE, -1, "zram0.notify_free", "count", 4 },
	{ SCOPE_DEVICE, -1, "zram0.disksize", "bytes", 1073737728 },
	{ SCOPE_DEVICE, -1, "disk.vda.read_sectors", "sectors", 92832930 },
	{ SCOPE_DEVICE, -1, "disk.vda.in_flight", "count", 3 },
	{ SCOPE_DEVICE, -1, "disk.vda.io_ms", "ms", 114476 },
};

/* Lines and processes that are not what they look like. */
static const struct row absent[] = {
	{ SCOPE_NODE, 1, "kswapd_cpu_ns" },		/* a user's process by that name */
	{ SCOPE_NODE, 1, "kcompactd_wait_ns" },		/* no schedstat: stat has the CPU time only */
	{ SCOPE_NODE, 0, "kcompactd_cpu_ns" },		/* no such thread */
	{ SCOPE_ZONE, 0, "zone.DMA32.count" },		/* of a pageset */
	{ SCOPE_ZONE, 0, "zone.DMA.nr_inactive_anon" },	/* of the node */
	{ SCOPE_ZONE, 0, "zone.DMA32.node_unreclaimable" },
	{ SCOPE_DEVICE, -1, "disk.loop0.reads" },	/* never used */
	{ SCOPE_DEVICE, -1, "zram0.bd_count" },		/* no bd_stat */
	{ SCOPE_SYSTEM, -1, "vm.zone_reclaim_mode" },	/* no such file */
};

static void gives_every_value(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int at = find(m, rows[i].scope, rows[i].node, 0, rows[i].name);

		if (at < 0)
			fail_msg("no sample of %s", rows[i].name);
		assert_int_equal(m->samples[at].value, rows[i].value);
		assert_string_equal(m->units[at], rows[i].unit);
		assert_int_equal(m->samples[at].ts, START);
	}
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (find(m, absent[i].scope, absent[i].node, 0, absent[i].name) >= 0)
			fail_msg("a sample of %s", absent[i].name);
	sampler_free(s);
}

static void takes_stat_without_schedstat(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);
	int at = find(m, SCOPE_NODE, 1, 0, "kcompactd_cpu_ns");

	assert_true(at >= 0);
	assert_int_equal(m->samples[at].value, (3 + 17) * (SEC / sysconf(_SC_CLK_TCK)));
	sampler_free(s);
}

static void gives_facts(void **state)
{
	static const char *const facts[][2] = {
		{ "kernel_release", "7.3.4" },
		{ "cpus", "5" },
		{ "nodes", "0-1" },
		{ "node0.cpulist", "0-1" },
		{ "node1.cpulist", "2-3,8" },
		{ "defrag_mode", "1" },
		{ "swappiness", "60" },
		{ "psi", "1" },
		{ "thp_enabled", "madvise" },
		{ "zram0.comp_algorithm", "zstd" },
		{ "pageblock_order", "9" },
		{ "cgroup_version", "none" },
		{ "swap_devices",
		  "/dev/zram0 partition 1048572 kB priority 100; /swap\\040file file 524284 kB priority -2" },
	};
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (!meta(m, facts[i][0]))
			fail_msg("no fact %s", facts[i][0]);
		assert_string_equal(meta(m, facts[i][0]), facts[i][1]);
	}
	assert_non_null(strstr(meta(m, "zone.1.DMA32"), "start_pfn=262144 spanned=262089"));
	assert_non_null(strstr(meta(m, "zone.1.DMA32"), "managed=246710 min=4006"));
	assert_null(meta(m, "zone.1.Normal"));			/* has no memory */
	assert_null(meta(m, "node2.cpulist"));			/* memory only, or what is left of a node */
	assert_null(meta(m, "zone_reclaim_mode"));
	sampler_free(s);
}

static void says_that_pressure_is_off(void **state)
{
	struct memory *m = *state;

	write_file(m, "proc/pressure/memory", "");
	sampler_free(start(m, WITHOUT_CGROUPS));
	assert_string_equal(meta(m, "psi"), "0");
}

/* --- changes --- */

static void gives_only_changes(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);
	int at = find(m, SCOPE_SYSTEM, -1, 0, "pgscan_direct");
	const char *name = m->samples[at].name;

	tick(m, s, 20);
	assert_int_equal(m->n, 0);
	replace(m, "proc/vmstat", "pgscan_direct 394590\n", "pgscan_direct 394591\n");
	tick(m, s, 40);
	assert_int_equal(m->n, 1);
	assert_ptr_equal(m->samples[0].name, name);
	assert_int_equal(m->samples[0].value, 394591);
	assert_int_equal(m->samples[0].ts, START + 40 * SEC);
	sampler_free(s);
}

/* Absent is not 0, and what follows an absent line is still itself. */
static void a_line_may_vanish(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	replace(m, "proc/vmstat", "nr_dirty 2\n", "");
	replace(m, "proc/vmstat", "pgfault 231879\n", "pgfault 231880\n");
	tick(m, s, 20);
	assert_int_equal(m->n, 1);
	assert_string_equal(m->names[0], "pgfault");
	/* it comes again, at another place */
	replace(m, "proc/vmstat", "workingset_nodes 658\n", "workingset_nodes 658\nnr_dirty 2\n");
	tick(m, s, 40);
	assert_int_equal(m->n, 0);
	replace(m, "proc/vmstat", "nr_dirty 2\n", "nr_dirty 0\nnr_new_counter 5\n");
	tick(m, s, 60);
	assert_int_equal(m->n, 2);
	assert_int_equal(m->samples[find(m, SCOPE_SYSTEM, -1, 0, "nr_dirty")].value, 0);
	assert_int_equal(m->samples[find(m, SCOPE_SYSTEM, -1, 0, "nr_new_counter")].value, 5);
	sampler_free(s);
}

static void node_and_zone_are_told_apart(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	replace(m, "proc/zoneinfo", "pages free     228197", "pages free     228000");
	replace(m, "proc/zoneinfo", "node_unreclaimable:  0", "node_unreclaimable:  1");
	tick(m, s, 20);
	assert_int_equal(m->n, 2);
	assert_int_equal(m->samples[find(m, SCOPE_ZONE, 1, 0, "zone.DMA32.free")].value, 228000);
	assert_int_equal(m->samples[find(m, SCOPE_NODE, 1, 0, "node_unreclaimable")].value, 1);
	sampler_free(s);
}

static void keeps_periods(void **state)
{
	struct memory *m = *state;
	const struct sink sink = { &memory_ops, m };
	struct sampler *s = start(m, WITHOUT_CGROUPS);
	int64_t rest;

	m->n = 0;
	replace(m, "proc/vmstat", "pgfault 231879\n", "pgfault 231880\n");
	replace(m, "proc/buddyinfo", "     30 ", "     31 ");
	rest = sampler_tick(s, START + SEC / 4, &sink);
	assert_int_equal(rest, SEC / 4);			/* vmstat is due each half second */
	assert_int_equal(m->n, 0);
	assert_true(sampler_tick(s, START + SEC, &sink) > 0);
	assert_int_equal(m->n, 1);				/* buddyinfo is not due yet */
	assert_true(sampler_tick(s, START + 2 * SEC, &sink) > 0);
	assert_int_equal(m->n, 2);
	sampler_free(s);
}

static void stop_reads_what_is_read_twice_only(void **state)
{
	struct memory *m = *state;
	const struct sink sink = { &memory_ops, m };
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	replace(m, "proc/pagetypeinfo", "0      0      0     14 ", "0      0      0     15 ");
	tick(m, s, 60);
	assert_int_equal(m->n, 0);
	assert_int_equal(sampler_stop(s, START + 61 * SEC, &sink), 0);
	assert_int_equal(m->n, 1);
	assert_string_equal(m->names[0], "zone.DMA32.Movable.order4.free");
	assert_null(meta(m, "series_left_out"));
	sampler_free(s);
}

/* A number becomes a sample, a word a fact with its time; the fact of the start stays what it was. */
static void settings_have_a_history(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);
	uint32_t nmetas = m->nmetas;

	write_file(m, "proc/sys/vm/defrag_mode", "0\n");
	write_file(m, "sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
	tick(m, s, 6);
	assert_int_equal(m->n, 1);
	assert_string_equal(m->names[0], "vm.defrag_mode");
	assert_int_equal(m->samples[0].value, 0);
	assert_int_equal(m->samples[0].ts, START + 6 * SEC);
	assert_string_equal(meta(m, "defrag_mode"), "1");
	assert_string_equal(meta(m, "thp_enabled"), "madvise");
	assert_string_equal(meta(m, "thp_enabled@1006000000000"), "never");
	assert_int_equal(m->nmetas, nmetas + 1);
	tick(m, s, 20);
	assert_int_equal(m->nmetas, nmetas + 1);
	sampler_free(s);
}

static void says_what_is_not_sampled(void **state)
{
	static const char *const gone[] = { "sys/kernel/debug/zswap", "sys/block/zram0", "proc/pagetypeinfo" };
	struct memory *m = *state;
	char command[256];

	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		snprintf(command, sizeof(command), "rm -r %%s/%s", gone[i]);
		shell(command, m->root);
	}
	write_file(m, "proc/pressure/memory", "");
	write_file(m, "proc/pressure/io", "");
	write_file(m, "proc/pressure/cpu", "");
	sampler_free(start(m, WITHOUT_CGROUPS));
	assert_string_equal(meta(m, "not_sampled"),
			    "pressure (PSI is off; psi=1 on the kernel command line switches it on); "
			    "zram (no device); zswap (this kernel has no zswap); "
			    "pagetypeinfo (No such file or directory); "
			    "cgroup (no cgroup file system is mounted, or following cgroups is switched off); "
			    "cgroup stat (no cgroups are followed)");
}

/* What a sink lost is told again. */
static void repeats_when_asked(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	sampler_repeat(s);
	tick(m, s, 20);
	assert_true(find(m, SCOPE_SYSTEM, -1, 0, "pgscan_direct") >= 0);
	tick(m, s, 40);
	assert_int_equal(m->n, 0);
	sampler_free(s);
}

static uint64_t late_clock(void)
{
	return START + 90 * SEC;
}

/* A read that had to wait has the time of its end, not that of the tick. */
static void asks_the_clock(void **state)
{
	struct memory *m = *state;
	const struct sampler_options opt = { .root = m->root, .clock = late_clock };
	const struct sink sink = { &memory_ops, m };
	struct source_error err = { 0 };
	struct sampler *s;

	assert_int_equal(sampler_open(&opt, &err, &s), 0);
	assert_int_equal(sampler_start(s, START, &sink), 0);
	for (uint32_t i = 0; i < m->n; i++)
		assert_int_equal(m->samples[i].ts, START + 90 * SEC);
	sampler_free(s);
}

/* --- devices that come and go --- */

/* The last value of a device's series, of those that came since the last call of tick_until(); -1 none. */
static int64_t last_of(const struct memory *m, const char *name)
{
	for (uint32_t i = m->n; i-- > 0;)
		if (m->samples[i].scope == SCOPE_DEVICE && !strcmp(m->names[i], name))
			return m->samples[i].value;
	return -1;
}

/* Ticks until @name has @value; at most as often as a look for new devices takes. */
static bool tick_until(struct memory *m, struct sampler *s, uint64_t *at_s, const char *name, int64_t value)
{
	for (unsigned int i = 0; i < 12; i++) {
		tick(m, s, *at_s += 20);
		if (last_of(m, name) == value)
			return true;
	}
	return false;
}

static void zram_may_come_again(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);
	uint64_t at_s = 0;

	shell("rm -r %s/sys/block/zram0", m->root);
	assert_true(tick_until(m, s, &at_s, "zram0.mem_used_total", 0));
	assert_int_equal(last_of(m, "zram0.disksize"), 0);
	assert_int_equal(last_of(m, "zram0.orig_data_size"), 0);
	assert_int_equal(last_of(m, "zram0.mem_limit"), -1);		/* nothing to say of it */
	assert_int_equal(last_of(m, "zram0.failed_reads"), -1);
	make_dir(m, "sys/block/zram0");
	write_file(m, "sys/block/zram0/disksize", "8192\n");
	write_file(m, "sys/block/zram0/mm_stat", "100 50 4096 0 4096 0 0 0 0\n");
	write_file(m, "sys/block/zram0/comp_algorithm", "lzo [lz4]\n");
	assert_true(tick_until(m, s, &at_s, "zram0.mem_used_total", 4096));
	assert_int_equal(last_of(m, "zram0.disksize"), 8192);
	assert_string_equal(meta(m, "zram0.comp_algorithm"), "zstd");
	assert_string_equal(m->value[m->nmetas - 1], "lz4");
	assert_int_equal(strncmp(m->key[m->nmetas - 1], "zram0.comp_algorithm@", 21), 0);
	sampler_free(s);
}

static void swap_that_is_off_is_empty(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);

	write_file(m, "proc/swaps", "Filename Type Size Used Priority\n/swap\\040file file 524284 0 -2\n");
	tick(m, s, 20);
	assert_int_equal(last_of(m, "swap./dev/zram0.used"), 0);
	assert_int_equal(last_of(m, "swap./dev/zram0.size"), 0);
	assert_int_equal(last_of(m, "swap./swap\\040file.size"), -1);	/* as before */
	assert_string_equal(meta(m, "swap_devices@1020000000000"), "/swap\\040file file 524284 kB priority -2");
	write_file(m, "proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 1048572 8 100\n");
	tick(m, s, 40);
	assert_int_equal(last_of(m, "swap./dev/zram0.used"), 8 * 1024);
	assert_int_equal(last_of(m, "swap./swap\\040file.size"), 0);
	sampler_free(s);
}

static void finds_zswap_later(void **state)
{
	struct memory *m = *state;
	const struct sink sink = { &memory_ops, m };
	struct sampler *s;
	uint64_t at_s = 0;
	bool found = false;

	shell("rm -r %s/sys/kernel/debug/zswap", m->root);
	shell("mkdir -p %s/sys/module/zswap", m->root);
	s = start(m, WITHOUT_CGROUPS);
	assert_non_null(strstr(meta(m, "not_sampled"),
			       "zswap (debugfs is not mounted, or zswap never was switched on)"));
	make_dir(m, "sys/kernel/debug/zswap");
	write_file(m, "sys/kernel/debug/zswap/pool_limit_hit", "3\n");
	for (unsigned int i = 0; i < 12 && !found; i++) {
		tick(m, s, at_s += 20);
		found = find(m, SCOPE_SYSTEM, -1, 0, "zswap.pool_limit_hit") >= 0;
	}
	assert_true(found);
	m->nmetas = 0;
	assert_int_equal(sampler_stop(s, START + (at_s + 20) * SEC, &sink), 0);
	assert_non_null(meta(m, "not_sampled"));
	assert_null(strstr(meta(m, "not_sampled"), "zswap"));
	assert_non_null(strstr(meta(m, "not_sampled"), "cgroup ("));
	sampler_free(s);
}

static void finds_a_new_zram(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITHOUT_CGROUPS);
	bool found = false;

	make_dir(m, "sys/block/zram1");
	write_file(m, "sys/block/zram1/disksize", "4096\n");
	for (unsigned int i = 1; i < 20 && !found; i++) {
		tick(m, s, i * 20);
		found = find(m, SCOPE_DEVICE, -1, 0, "zram1.disksize") >= 0;
	}
	assert_true(found);
	sampler_free(s);
}

/* --- cgroups --- */

#define SERVICE	"sys/fs/cgroup/system.slice/a.service"

static void reads_cgroups(void **state)
{
	static const struct row values[] = {
		{ SCOPE_CGROUP, -1, "psi.memory.some.total", "us", 719302 },
		{ SCOPE_CGROUP, -1, "psi.memory.full.total", "us", 674631 },
		{ SCOPE_CGROUP, -1, "memory.events.high", "count", 6416 },
		{ SCOPE_CGROUP, -1, "memory.current", "bytes", 50417664 },
		{ SCOPE_CGROUP, -1, "memory.high", "bytes", 50331648 },
		{ SCOPE_CGROUP, -1, "memory.max", "bytes", INT64_MAX },
		{ SCOPE_CGROUP, -1, "anon", "bytes", 233472 },
		{ SCOPE_CGROUP, -1, "pgscan", "pages", 413662 },
		{ SCOPE_CGROUP, -1, "workingset_refault_file", "pages", 198046 },
		{ SCOPE_CGROUP, 0, "file", "bytes", 50000000 },
		{ SCOPE_CGROUP, 1, "pgscan_direct", "pages", 9 },
		{ SCOPE_CGROUP, -1, "io.rbytes.254:0", "bytes", 1459200 },
		{ SCOPE_CGROUP, -1, "io.wios.254:16", "count", 2 },
		{ SCOPE_CGROUP, -1, "memory.events.local.high", "count", 12 },
		{ SCOPE_CGROUP, -1, "memory.swap.current", "bytes", 8192 },
	};
	struct memory *m = *state;
	struct sampler *s;

	write_file(m, SERVICE "/io.stat", "254:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"
		   "254:16 rbytes=0 wbytes=8192 rios=0 wios=2 dbytes=0 dios=0\n7:0 \n");
	write_file(m, SERVICE "/memory.events.local", "low 0\nhigh 12\nmax 0\n");
	write_file(m, SERVICE "/memory.swap.current", "8192\n");
	s = start(m, WITH_CGROUPS);
	uint64_t id = cgroup_id_of(m, "/system.slice/a.service");

	assert_int_equal(m->npaths, 3);
	assert_true(cgroup_id_of(m, "/") && cgroup_id_of(m, "/system.slice") && id);
	assert_string_equal(meta(m, "cgroup_version"), "2");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		int at = find(m, SCOPE_CGROUP, values[i].node, id, values[i].name);

		if (at < 0)
			fail_msg("no sample of %s", values[i].name);
		assert_int_equal(m->samples[at].value, values[i].value);
		assert_string_equal(m->units[at], values[i].unit);
	}
	assert_int_equal(find(m, SCOPE_CGROUP, -1, id, "memory.low"), -1);
	sampler_free(s);
}

static void follows_cgroups(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITH_CGROUPS);
	uint64_t first;

	make_dir(m, "sys/fs/cgroup/b");
	make_dir(m, "sys/fs/cgroup/b/c");
	write_file(m, "sys/fs/cgroup/b/c/memory.current", "4096\n");
	tick(m, s, 20);		/* takes them in, and reads one in ten */
	tick(m, s, 40);
	first = cgroup_id_of(m, "/b/c");
	assert_true(first);
	for (unsigned int i = 3; i < 8; i++)
		tick(m, s, i * 20);
	assert_int_equal(m->n, 0);
	shell("rm -r %s/sys/fs/cgroup/b/c", m->root);
	tick(m, s, 200);
	shell("mkdir %s/sys/fs/cgroup/b/d", m->root);		/* takes the inode of c, if it likes */
	make_dir(m, "sys/fs/cgroup/b/c");
	write_file(m, "sys/fs/cgroup/b/c/memory.current", "8192\n");
	for (unsigned int i = 11; i < 18; i++) {
		tick(m, s, i * 20);
		if (m->n)
			break;
	}
	assert_int_equal(m->n, 1);
	assert_int_equal(m->samples[0].value, 8192);
	assert_int_equal(m->samples[0].cgroup_id, cgroup_id_of(m, "/b/c"));
	assert_true(cgroup_id_of(m, "/b/c") != first);
	sampler_free(s);
}

/* A limit that somebody sets is seen within about half a minute, also of a cgroup that is quiet. */
static void reads_limits_again(void **state)
{
	struct memory *m = *state;
	const struct sink sink = { &memory_ops, m };
	struct sampler *s;
	uint64_t id;

	/* ten larger ones, which are read in depth */
	for (unsigned int i = 0; i < 11; i++) {
		char path[128];

		snprintf(path, sizeof(path), "sys/fs/cgroup/g%u", i);
		make_dir(m, path);
		snprintf(path, sizeof(path), "sys/fs/cgroup/g%u/memory.current", i);
		write_file(m, path, i ? "1000000000\n" : "1\n");
	}
	write_file(m, "sys/fs/cgroup/g0/memory.high", "max\n");
	s = start(m, WITH_CGROUPS);
	id = cgroup_id_of(m, "/g0");
	write_file(m, "sys/fs/cgroup/g0/memory.high", "4096\n");
	m->n = 0;
	/* a round takes a second, and longer where a turn of it was dear */
	for (unsigned int i = 1; i <= 10 * 40 && find(m, SCOPE_CGROUP, -1, id, "memory.high") < 0; i++)
		assert_true(sampler_tick(s, START + i * SEC / 10 + SEC, &sink) > 0);
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, -1, id, "memory.high")].value, 4096);
	sampler_free(s);
}

static unsigned int open_files(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* The last sample of a cgroup, when it has gone. */
static unsigned int removed(const struct memory *m)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < m->n; i++)
		n += m->samples[i].scope == SCOPE_CGROUP && m->samples[i].cgroup_id &&
		     !strcmp(m->names[i], SAMPLE_CGROUP_REMOVED) && m->samples[i].value == 1;
	return n;
}

/* Thousands that come and go leave nothing behind: no file, no cgroup, no series. */
static void bears_cgroups_by_the_thousand(void **state)
{
	struct memory *m = *state;
	struct sampler *s = start(m, WITH_CGROUPS);
	unsigned int files = open_files(), gone = 0;
	uint64_t at_s = 0;

	for (unsigned int round = 0; round < 40; round++) {
		shell("cd %s/sys/fs/cgroup; for i in $(seq 50); do mkdir x$i; echo 4096 >x$i/memory.current; done",
		      m->root);
		for (unsigned int i = 0; i < 15; i++)
			tick(m, s, at_s += 20);
		shell("rm -r %s/sys/fs/cgroup/x*", m->root);
		for (unsigned int i = 0; i < 15; i++) {
			tick(m, s, at_s += 20);
			gone += removed(m);
		}
		assert_int_equal(open_files(), files);
	}
	assert_int_equal(gone, 40 * 50);
	tick(m, s, at_s += 20);
	assert_int_equal(m->n, 0);
	sampler_free(s);
}

/* Of twelve cgroups ten are read in depth at first; later the one with pressure is among them, whatever its size. */
static void prefers_cgroups_under_pressure(void **state)
{
	struct memory *m = *state;
	struct sampler *s;
	char path[128];

	for (unsigned int i = 0; i < 12; i++) {
		snprintf(path, sizeof(path), "sys/fs/cgroup/g%u", i);
		make_dir(m, path);
		snprintf(path, sizeof(path), "sys/fs/cgroup/g%u/memory.current", i);
		write_file(m, path, i == 7 ? "1\n" : "1000000000\n");
		snprintf(path, sizeof(path), "sys/fs/cgroup/g%u/memory.pressure", i);
		write_file(m, path, "some avg10=0.00 avg60=0.00 avg300=0.00 total=90\n");
		snprintf(path, sizeof(path), "sys/fs/cgroup/g%u/memory.stat", i);
		write_file(m, path, "anon 4096\n");
	}
	s = start(m, WITH_CGROUPS);
	assert_int_equal(find(m, SCOPE_CGROUP, -1, cgroup_id_of(m, "/g7"), "anon"), -1);
	write_file(m, "sys/fs/cgroup/g7/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=95\n");
	for (unsigned int i = 1; i < 12; i++) {
		tick(m, s, i * 20);
		if (find(m, SCOPE_CGROUP, -1, cgroup_id_of(m, "/g7"), "anon") >= 0)
			break;
	}
	assert_true(find(m, SCOPE_CGROUP, -1, cgroup_id_of(m, "/g7"), "anon") >= 0);
	sampler_free(s);
}

static void reads_cgroup_v1(void **state)
{
	struct memory *m = *state;
	struct sampler *s;
	uint64_t id;

	write_file(m, "proc/self/mountinfo",
		   "38 31 0:35 / /cg/cpu rw - cgroup cgroup rw,cpu\n"
		   "35 31 0:32 / /cg/me\\040mory rw,relatime shared:1 - cgroup cgroup rw,memory\n"
		   "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	shell("mkdir -p '%s/cg/me mory/x'", m->root);
	make_dir(m, "cg/unified");
	write_file(m, "cg/unified/cgroup.controllers", "cpuset\n");
	write_file(m, "cg/me mory/x/memory.failcnt", "12\n");
	write_file(m, "cg/me mory/x/memory.usage_in_bytes", "8192\n");
	write_file(m, "cg/me mory/x/memory.stat", "cache 4096\ntotal_pgfault 3\n");
	write_file(m, "cg/me mory/x/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
	write_file(m, "cg/me mory/x/memory.limit_in_bytes", "65536\n");
	write_file(m, "cg/me mory/x/memory.numa_stat",
		   "total=9 N0=5 N1=4\nfile=2 N0=1 N1=1\nhierarchical_total=9 N0=5 N1=4\n"
		   "hierarchical_file=8 N0=5 N1=3\n");
	s = start(m, WITH_CGROUPS);
	assert_string_equal(meta(m, "cgroup_version"), "1");
	id = cgroup_id_of(m, "/x");
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, -1, id, "memory.failcnt")].value, 12);
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, -1, id, "memory.current")].value, 8192);
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, -1, id, "cache")].value, 4096);
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, -1, id, "memory.events.oom_kill")].value, 7);
	assert_int_equal(find(m, SCOPE_CGROUP, -1, id, "memory.events.under_oom"), -1);
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, -1, id, "memory.max")].value, 65536);
	assert_int_equal(m->samples[find(m, SCOPE_CGROUP, 1, id, "file")].value, 3 * sysconf(_SC_PAGESIZE));
	assert_int_equal(find(m, SCOPE_CGROUP, 0, id, "total"), -1);
	sampler_free(s);
}

/* Descriptors are short: files are opened at each read, and the values are the same. */
static void lives_on_few_descriptors(void **state)
{
	struct memory *m = *state;
	struct rlimit old, few = { .rlim_cur = 80 };
	uint32_t read = 0;
	struct sampler *s;
	char path[64];

	for (unsigned int i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "sys/fs/cgroup/f%u", i);
		make_dir(m, path);
		snprintf(path, sizeof(path), "sys/fs/cgroup/f%u/memory.current", i);
		write_file(m, path, "77\n");
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	s = start(m, WITH_CGROUPS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	for (uint32_t i = 0; i < m->n; i++)
		read += !strcmp(m->names[i], "memory.current") && m->samples[i].value == 77;
	assert_int_equal(read, 60);
	sampler_free(s);
}

struct tree_count {
	uint32_t	added, removed;
};

static void *count_added(void *ctx, struct cgroup *cg)
{
	((struct tree_count *)ctx)->added++;
	return NULL;
}

static void count_removed(void *ctx, struct cgroup *cg, void *data)
{
	((struct tree_count *)ctx)->removed++;
}

static void tree_is_bounded(void **state)
{
	static const struct cgroup_ops ops = { .added = count_added, .removed = count_removed };
	struct memory *m = *state;
	struct tree_count count = { 0 };
	struct cgroup_tree *tree;
	char path[128];
	int fd;

	for (unsigned int i = 0; i < CGROUPS_MAX + 9; i++) {
		snprintf(path, sizeof(path), "sys/fs/cgroup/d%u", i);
		make_dir(m, path);
	}
	snprintf(path, sizeof(path), "%s/sys/fs/cgroup", m->root);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(cgroup_tree_new(fd, &ops, &count, &tree), 0);
	cgroup_tree_fill(tree);
	assert_int_equal(cgroup_tree_count(tree), CGROUPS_MAX);
	/* the top, system.slice and perhaps a.service take places too */
	assert_in_range(cgroup_tree_left_out(tree), 11, 12);
	shell("rm -r %s/sys/fs/cgroup/d*", m->root);
	make_dir(m, "sys/fs/cgroup/new");
	/* A bounded number of notices each time; room comes back, and what was refused is looked for. */
	for (unsigned int i = 0; i < 400; i++)
		cgroup_tree_follow(tree);
	assert_int_equal(cgroup_tree_count(tree), 4);
	assert_int_equal(count.added - count.removed, 4);
	cgroup_tree_free(tree);
	assert_int_equal(count.added, count.removed);
	close(fd);
}

/* --- hostile files, failing sinks --- */

struct lines {
	uint32_t	n;
	size_t		bytes, longest;
};

static bool count_line(void *ctx, char *line, size_t len)
{
	struct lines *lines = ctx;

	assert_int_equal(strlen(line), len);
	lines->n++;
	lines->bytes += len;
	if (len > lines->longest)
		lines->longest = len;
	return true;
}

static void reads_files_of_any_size(void **state)
{
	static struct sample_buffer buffer;
	struct lines lines = { 0 };
	FILE *f = tmpfile();

	assert_non_null(f);
	for (unsigned int i = 0; i < 30000; i++)
		fprintf(f, "line %u\n", i % 10);
	for (unsigned int i = 0; i < 3 * SAMPLE_BUFFER_BYTES; i++)
		fputc('x', f);
	fputs("\nshort\nlast", f);
	fflush(f);
	assert_int_equal(sample_file_lines(fileno(f), FILE_TO_EOF, &buffer, count_line, &lines), 0);
	assert_int_equal(lines.n, 30002);		/* the long one is left out, the unfinished one is there */
	assert_int_equal(lines.bytes, 30000 * 6 + 5 + 4);
	assert_int_equal(lines.longest, 6);
	fclose(f);
}

static void bears_nonsense(void **state)
{
	static const char *const files[] = {
		"proc/vmstat", "proc/meminfo", "proc/zoneinfo", "proc/buddyinfo", "proc/pagetypeinfo", "proc/swaps",
		"proc/diskstats", "proc/pressure/memory", "proc/45/stat", "sys/block/zram0/mm_stat",
		"sys/devices/system/cpu/online", SERVICE "/memory.numa_stat", SERVICE "/memory.pressure",
	};
	static const char *const texts[] = {
		"", "\n\n", " ", "Node", "Node 0", "Node 99999999999999999999, zone",
		"Node 0, zone\nNode 0, zone   ,\n",
		"Node 0, zone X, type\n1 2 3", "a\nb c\nd 99999999999999999999999999\n", "some total=\nfull total=x\n",
		"Number of blocks type a b c d e f g h i j k l m n o p q r s\nNode 0, zone A 1 2 3 4 5 6 7 8 9 1 2 3",
		"x N0 N=1 N1=\n", "0-", "-", "node_unreclaimable: 1\nstart_pfn: 3\n", "45 (kswapd0",
		"()()) S", "1 2 3 4",
		"/dev/a b 1 2 3\n/dev/a b 1\n", "zone 1 2\nper-node stats\npagesets\npages\npages free\n",
	};

	for (size_t t = 0; t < ARRAY_SIZE(texts); t++) {
		struct memory *m = *state;
		const struct sink sink = { &memory_ops, m };
		struct sampler *s;

		m->n = m->nmetas = 0;
		for (size_t f = 0; f < ARRAY_SIZE(files); f++)
			write_file(m, files[f], texts[t]);
		s = start(m, WITH_CGROUPS);
		assert_int_equal(sampler_stop(s, START + SEC, &sink), 0);
		sampler_free(s);
	}
}

static void stops_with_the_sink(void **state)
{
	struct memory *m = *state;
	const struct sampler_options opt = { .root = m->root, .cgroups = true };
	const struct sink sink = { &memory_ops, m };
	struct source_error err = { 0 };
	struct sampler *s;

	m->fail_after = 100;
	assert_int_equal(sampler_open(&opt, &err, &s), 0);
	assert_int_equal(sampler_start(s, START, &sink), -EIO);
	assert_int_equal(m->n, 100);
	sampler_free(s);
}

static void says_that_proc_is_missing(void **state)
{
	struct memory *m = *state;
	const struct sampler_options opt = { .root = m->root };
	struct source_error err = { 0 };
	struct sampler *s;

	shell("rm %s/proc/vmstat", m->root);
	assert_int_equal(sampler_open(&opt, &err, &s), -ENOENT);
	assert_non_null(strstr(err.what, "vmstat"));
	assert_non_null(strstr(err.hint, "mount"));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_every_value),
		TEST(takes_stat_without_schedstat),
		TEST(gives_facts),
		TEST(says_that_pressure_is_off),
		TEST(gives_only_changes),
		TEST(a_line_may_vanish),
		TEST(node_and_zone_are_told_apart),
		TEST(keeps_periods),
		TEST(stop_reads_what_is_read_twice_only),
		TEST(settings_have_a_history),
		TEST(says_what_is_not_sampled),
		TEST(repeats_when_asked),
		TEST(asks_the_clock),
		TEST(zram_may_come_again),
		TEST(swap_that_is_off_is_empty),
		TEST(finds_zswap_later),
		TEST(finds_a_new_zram),
		TEST(reads_cgroups),
		TEST(follows_cgroups),
		TEST(prefers_cgroups_under_pressure),
		TEST(reads_limits_again),
		TEST(bears_cgroups_by_the_thousand),
		TEST(reads_cgroup_v1),
		TEST(lives_on_few_descriptors),
		TEST(tree_is_bounded),
		cmocka_unit_test(reads_files_of_any_size),
		TEST(bears_nonsense),
		TEST(stops_with_the_sink),
		TEST(says_that_proc_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
