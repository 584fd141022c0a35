// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trace_live.c - collect/trace_live.c, trace_instance.c and event_set.c.
 *
 * Which events are chosen is tested on trees of empty files. The rest wants tracefs and root: it uses the one that is
 * mounted, or mounts one where only this process sees it, and is skipped otherwise. Its events come from writing
 * /proc/self/oom_score_adj: each write is one oom:oom_score_adj_update with the value written, so no memory is needed
 * and every event can be told from the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/event_set.h"
#include "collect/trace_instance.h"
#include "collect/trace_live.h"

#define UPDATE		"oom:oom_score_adj_update"
#define RENAME		"task:task_rename"
#define ADJ_VALUES	1000
#define NOBODY		65534

/* ---- trees of files ---- */

struct tree {
	char	root[32];
};

static void make_path(const char *path)
{
	char part[256];
	int fd;

	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		mkdir(part, 0700);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void make_event(const struct tree *tree, const char *system, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/events/%s/%s/enable", tree->root, system, name);
	make_path(path);
}

static void write_format(const struct tree *tree, const char *system, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/events/%s/%s/format", tree->root, system, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_tree(struct tree *tree)
{
	snprintf(tree->root, sizeof(tree->root), "/tmp/squall-test-XXXXXX");
	assert_non_null(mkdtemp(tree->root));
	make_event(tree, "vmscan", "mm_vmscan_kswapd_wake");
	make_event(tree, "vmscan", "mm_vmscan_lru_shrink_inactive");
	make_event(tree, "kmem", "mm_page_alloc_extfrag");
}

static void remove_tree(const struct tree *tree)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", tree->root);
	assert_int_equal(system(command), 0);
}

static const struct event_choice *chosen(const struct event_set *set, const char *label)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (!strcmp(set->choices[i].label, label))
			return &set->choices[i];
	return NULL;
}

/* ---- which events ---- */

#define WAKE	"vmscan:mm_vmscan_kswapd_wake"
#define SHRINK	"vmscan:mm_vmscan_lru_shrink_inactive"
#define SLAB	"vmscan:mm_shrink_slab_end"
#define EXTFRAG	"kmem:mm_page_alloc_extfrag"
#define KSWAPD	"comm ~ \"kswapd*\""

static void test_lists(void **state)
{
	/* filter NULL: not chosen. */
	static const struct {
		const char	*list;
		const char	*label;
		const char	*filter;
	} rows[] = {
		{ NULL, WAKE, "" },
		{ "", WAKE, "" },
		{ NULL, SHRINK, KSWAPD },
		{ NULL, SLAB, KSWAPD },
		{ NULL, EXTFRAG, "" },				/* no format, so no pageblock order */
		{ NULL, "vmscan:mm_vmscan_lru_isolate", NULL },
		{ "+slab", SLAB, "" },				/* all of them, not only those of kswapd */
		{ "+slab", SHRINK, KSWAPD },
		{ "+slab", WAKE, "" },
		{ "slab", SLAB, "" },
		{ "slab", WAKE, NULL },
		{ "-extfrag", EXTFRAG, NULL },
		{ "-extfrag", WAKE, "" },
		{ "+slab,-mm_shrink_slab_end", SLAB, NULL },
		{ "+slab,-vmscan:mm_shrink_slab_end", "vmscan:mm_shrink_slab_start", "" },
		{ "-slab,+slab", SLAB, "" },
		{ "-default,+core", WAKE, NULL },
		{ "core,default", WAKE, "" },
		{ "mm_vmscan_throttled", "vmscan:mm_vmscan_throttled", "" },
		{ "mm_vmscan_throttled", WAKE, NULL },
		{ "+" SHRINK, SHRINK, "" },
		{ "sched:sched_switch", "sched:sched_switch", "" },
		{ "sched:sched_switch,-sched:sched_switch,always", "sched:sched_switch", NULL },
		{ "all", "vmscan:mm_vmscan_lru_isolate", "" },
		{ "all,-lru", "vmscan:mm_vmscan_lru_isolate", NULL },
		{ "all", "migrate:mm_migrate_pages", "" },
		{ "+attribution", "migrate:mm_migrate_pages", "reason == 0" },
		{ "vmscan:*", WAKE, "" },			/* patterns: what the kernel has */
		{ "vmscan:*", SLAB, NULL },
		{ "vmscan:*", EXTFRAG, NULL },
		{ "vmscan:mm_vmscan_lru_*", SHRINK, "" },
		{ "vmscan:mm_vmscan_lru_*", WAKE, NULL },
		{ "+vmscan:*", SHRINK, "" },			/* all of them, not only those of kswapd */
		{ "+vmscan:*", EXTFRAG, "" },
		{ "mm_vmscan_k*", WAKE, "" },
		{ "[jk]mem:mm_page_all?c_*", EXTFRAG, "" },
		{ "-vmscan:*", WAKE, NULL },
		{ "-vmscan:*", SLAB, NULL },			/* also what it does not have */
		{ "-vmscan:*", EXTFRAG, "" },
		{ "vmscan:*,-vmscan:*_wake", WAKE, NULL },
		{ "vmscan:*,-*_wake", SHRINK, "" },
		{ "nosuch:*", "nosuch:*", "" },
		{ "always,vmscan:nosuch*", "vmscan:nosuch*", "" },
	};
	struct event_set set;
	struct tree tree;

	make_tree(&tree);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct event_choice *choice;
		struct source_error err = { 0 };

		if (event_set_parse(rows[i].list, tree.root, &err, &set))
			fail_msg("list %s: %s", rows[i].list, err.what);
		choice = chosen(&set, rows[i].label);
		if (!choice != !rows[i].filter || (choice && strcmp(choice->filter, rows[i].filter)))
			fail_msg("list %s: %s is %s", rows[i].list, rows[i].label, choice ? choice->filter : "off");
	}
	assert_int_equal(event_set_parse(NULL, tree.root, &(struct source_error){ 0 }, &set), 0);
	assert_true(chosen(&set, WAKE)->present);
	assert_false(chosen(&set, SLAB)->present);
	remove_tree(&tree);
}

/* What must be thinned together, and what must not be at all. */
static void test_classes(void **state)
{
	static const struct {
		const char		*list;
		const char		*label;
		enum event_class	class;
	} rows[] = {
		{ NULL, WAKE, EVENT_KEPT },
		{ NULL, SHRINK, EVENT_KEPT },			/* of kswapd */
		{ NULL, SLAB, EVENT_KEPT },
		{ "+lru", SHRINK, EVENT_LRU },			/* of all */
		{ "+slab", SLAB, EVENT_SLAB },
		{ "+slab", "vmscan:mm_shrink_slab_start", EVENT_SLAB },
		{ "+slab", SHRINK, EVENT_KEPT },
		{ SHRINK, SHRINK, EVENT_LRU },
		{ NULL, EXTFRAG, EVENT_EXTFRAG },
		{ NULL, "vmscan:mm_vmscan_memcg_reclaim_begin", EVENT_MEMCG },
		{ NULL, "vmscan:mm_vmscan_memcg_reclaim_end", EVENT_MEMCG },
		{ NULL, "vmscan:mm_vmscan_direct_reclaim_begin", EVENT_DIRECT },
		{ NULL, "oom:reclaim_retry_zone", EVENT_KEPT },
		{ "sched:sched_switch", "sched:sched_switch", EVENT_NAMED },
	};
	struct event_set set;
	struct tree tree;

	make_tree(&tree);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source_error err = { 0 };
		const struct event_choice *choice;

		assert_int_equal(event_set_parse(rows[i].list, tree.root, &err, &set), 0);
		choice = chosen(&set, rows[i].label);
		if (!choice || choice->class != rows[i].class)
			fail_msg("list %s: %s is %s", rows[i].list, rows[i].label,
				 choice ? event_class_name(choice->class) : "off");
	}
	remove_tree(&tree);
}

static void test_bad_lists(void **state)
{
	static char long_list[5000];
	static char many[160 * 8 + 100];
	const struct {
		const char	*list;
		const char	*what;
	} rows[] = {
		{ "+nonsense", "'nonsense' is no group of events" },
		{ "+slab,,lru", "'' is no group" },
		{ "+", "'' is no group" },
		{ "vmscan:", "'vmscan:' is no group" },
		{ ":x", "':x' is no group" },
		{ "vmscan:../../../etc", "no group" },
		{ "a/b:c", "no group" },
		{ "vmscan:*/..", "no group" },
		{ "-default", "leaves nothing to record" },
		{ "slab,-slab", "leaves nothing to record" },
		{ "vmscan:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "no group" },
		{ long_list, "longer than" },
		{ many, "more than 160 events" },
	};
	struct event_set set;

	memset(long_list, 'x', sizeof(long_list) - 1);
	for (int i = 0; i < 161; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sx:e%d", i ? "," : "", i);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source_error err = { 0 };

		assert_int_equal(event_set_parse(rows[i].list, "/nonexistent", &err, &set), -EINVAL);
		if (!strstr(err.what, rows[i].what))
			fail_msg("list %.40s: %s", rows[i].list, err.what);
	}
}

/* From 7.0 on the kernel tells itself what the shrink events of kswapd are recorded for. */
static void test_default_on_newer_kernel(void **state)
{
	struct source_error err = { 0 };
	struct event_set set;
	struct tree tree;

	make_tree(&tree);
	make_event(&tree, "vmscan", "mm_vmscan_kswapd_reclaim_fail");
	assert_int_equal(event_set_parse(NULL, tree.root, &err, &set), 0);
	assert_null(chosen(&set, SHRINK));
	assert_null(chosen(&set, SLAB));
	assert_non_null(chosen(&set, "vmscan:mm_vmscan_kswapd_reclaim_fail"));
	assert_int_equal(event_set_parse("+kswapd", tree.root, &err, &set), 0);
	assert_string_equal(chosen(&set, SHRINK)->filter, KSWAPD);
	remove_tree(&tree);
}

static void test_pageblock_filter(void **state)
{
	/* The first as 6.18 prints it, the second of a kernel with pageblocks of 2^5 pages. */
	static const struct {
		const char	*order;
		const char	*filter;
	} rows[] = {
		{ "((unsigned int)(21 - 12)) < ((unsigned int)(10)) ? (21 - 12) : 10", "fallback_order < 9" },
		{ "5", "fallback_order < 5" },
		{ "pageblock_order", "" },
		{ "99", "" },
	};
	struct source_error err = { 0 };
	struct event_set set;
	struct tree tree;
	char text[512];

	make_tree(&tree);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "name: mm_page_alloc_extfrag\nID: 1\n\nprint fmt: \"pfn=%%lu "
			 "pageblock_order=%%d own=%%d\", REC->pfn, %s, REC->own\n", rows[i].order);
		write_format(&tree, "kmem", "mm_page_alloc_extfrag", text);
		assert_int_equal(event_set_parse(NULL, tree.root, &err, &set), 0);
		assert_string_equal(chosen(&set, EXTFRAG)->filter, rows[i].filter);
	}
	remove_tree(&tree);
}

/* ---- without tracefs ---- */

static void test_no_tracefs(void **state)
{
	struct trace_live_options opts = { 0 };
	struct source_error err;
	struct trace_live *t;
	struct tree tree;

	make_tree(&tree);
	opts.tracefs_root = tree.root;
	assert_int_equal(trace_live_open(&opts, &err, &t), -ENOENT);
	assert_non_null(strstr(err.what, "no tracefs at /tmp/squall-test-"));
	assert_non_null(strstr(err.hint, "mount -t tracefs"));
	opts.tracefs_root = "/nonexistent";
	assert_int_equal(trace_live_open(&opts, &err, &t), -ENOENT);
	remove_tree(&tree);
}

/* Only our own names, and only of processes that are gone. */
static void test_orphan_names(void **state)
{
	static const struct {
		const char	*name;
		bool		stays;
	} rows[] = {
		{ "squall-1", true }, { "squall-%d", true }, { "squall-0", true }, { "squall-", true },
		{ "squall--5", true }, { "squall-x", true }, { "squall-99999999999999999999", true },
		{ "squall-4194305x", true }, { "trace-cmd-4194305", true }, { "squall-04194305", true },
		{ "squall-4194305", false },	/* above PID_MAX_LIMIT: never alive */
	};
	char path[128], name[48];
	struct tree tree;

	make_tree(&tree);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), rows[i].name, getpid());
		snprintf(path, sizeof(path), "%s/instances/%s/x", tree.root, name);
		make_path(path);
		unlink(path);
	}
	assert_int_equal(trace_instance_remove_orphans(tree.root), 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), rows[i].name, getpid());
		snprintf(path, sizeof(path), "%s/instances/%s", tree.root, name);
		assert_int_equal(!access(path, F_OK), rows[i].stays);
	}
	assert_int_equal(trace_instance_remove_orphans("/nonexistent"), 0);
	remove_tree(&tree);
}

/* ---- with tracefs ---- */

struct live {
	char	root[256];
	char	comm[16];		/* ours, and no other's */
	char	own_mount[32];		/* "" none */
};

static bool can_record(const struct live *live)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/instances", live->root);
	return !access(path, W_OK) && !geteuid();
}

static int set_up(void **state)
{
	struct source_error err;
	struct live *live = calloc(1, sizeof(*live));

	*state = live;
	snprintf(live->comm, sizeof(live->comm), "sqt-%d", getpid());
	prctl(PR_SET_NAME, live->comm);
	if (!trace_instance_find_root(NULL, live->root, sizeof(live->root), &err))
		return 0;
	live->root[0] = '\0';
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 0;
	strcpy(live->own_mount, "/tmp/squall-test-XXXXXX");
	if (!mkdtemp(live->own_mount))
		return -1;
	if (!mount("tracefs", live->own_mount, "tracefs", 0, NULL))
		snprintf(live->root, sizeof(live->root), "%s", live->own_mount);
	return 0;
}

static int tear_down(void **state)
{
	struct live *live = *state;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "0", 1) == 1)
		close(fd);
	if (live->own_mount[0]) {
		umount(live->own_mount);
		rmdir(live->own_mount);
	}
	free(live);
	return 0;
}

#define NEED_TRACEFS(live) \
	do { \
		if (!can_record(live)) \
			skip(); \
	} while (0)

/* What a sink saw. */
struct seen {
	unsigned int	types;
	int32_t		tid;
	uint64_t	events;
	int64_t		lost;
	unsigned int	losses;
	unsigned int	unknown_losses;
	uint64_t	late;
	uint64_t	last_ts;
	uint64_t	wrong;			/* not the value that must come next */
	int64_t		next;			/* -1: whatever it is */
	int		adj_column;
	uint64_t	cpus[2];
	uint64_t	stop_after;		/* events; 0 never */
};

static int on_type(void *ctx, const struct event_type *type)
{
	struct seen *seen = ctx;

	assert_int_equal(type->id, seen->types);
	seen->types++;
	for (int i = 0; i < type->nfields; i++)
		if (!strcmp(type->name, "oom_score_adj_update") && !strcmp(type->fields[i].name, "oom_score_adj"))
			seen->adj_column = i;
	return 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct seen *seen = ctx;
	int64_t adj;

	assert_true(seen->types > ev->type->id);
	if (!seen->tid)
		seen->tid = ev->tid;
	assert_true(seen->tid > 0 && ev->tid == seen->tid);
	if (!strcmp(ev->type->name, "oom_score_adj_update")) {
		adj = ev->values[seen->adj_column].i;
		seen->wrong += seen->next >= 0 && adj != seen->next;
		seen->next = (adj + 1) % ADJ_VALUES;
	}
	seen->late += ev->ts < seen->last_ts;
	seen->last_ts = ev->ts;
	if (ev->cpu < 2)
		seen->cpus[ev->cpu]++;
	seen->events++;
	return seen->events == seen->stop_after ? -EPIPE : 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct seen *seen = ctx;

	assert_string_equal(loss->stage, "ring");
	seen->losses++;
	if (loss->events == LOSS_COUNT_UNKNOWN)
		seen->unknown_losses++;
	else
		seen->lost += loss->events;
	seen->next = -1;
	return 0;
}

static const struct sink_ops ops = { .type = on_type, .event = on_event, .loss = on_loss };

/* Other tasks have such events, too. Not by tid, which is another one in a PID namespace. */
static void filter_ours(const struct live *live, const char *instance)
{
	static const char *const events[] = { "oom/oom_score_adj_update", "task/task_rename" };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		char path[400];
		FILE *f;

		snprintf(path, sizeof(path), "%s/instances/%s/events/%s/filter", live->root, instance, events[i]);
		f = fopen(path, "w");
		if (!f)
			continue;
		fprintf(f, "comm == \"%s\"", live->comm);
		assert_int_equal(fclose(f), 0);
	}
}

static struct trace_live *open_live(const struct live *live, const char *events, uint64_t buffer_bytes)
{
	struct trace_live_options opts = {
		.tracefs_root = live->root, .events = events, .buffer_bytes_per_cpu = buffer_bytes,
	};
	struct source_error err;
	struct trace_live *t;

	if (trace_live_open(&opts, &err, &t))
		fail_msg("%s (%s)", err.what, err.hint);
	filter_ours(live, trace_live_instance(t));
	return t;
}

static bool instance_exists(const struct live *live, const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/instances/%s", live->root, name);
	return !access(path, F_OK);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);	/* with one CPU there is nothing to move between */
}

/* Events number @from .. @from + @n - 1, @per_cpu on one CPU, then as many on the other; 0: where we are. */
static void make_events(unsigned int from, unsigned int n, unsigned int per_cpu)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	cpu_set_t before;
	char text[16];

	assert_true(fd >= 0);
	sched_getaffinity(0, sizeof(before), &before);
	for (unsigned int i = from; i < from + n; i++) {
		int len = snprintf(text, sizeof(text), "%u", i % ADJ_VALUES);

		if (per_cpu && !(i % per_cpu))
			run_on(i / per_cpu % 2);
		assert_int_equal(pwrite(fd, text, len, 0), len);
	}
	sched_setaffinity(0, sizeof(before), &before);
	close(fd);
}

/* The task moves between CPUs, so only merging by time gives back the order in which it wrote. */
static void test_order_across_cpus(void **state)
{
	struct live *live = *state;
	struct seen seen = { .next = 0 };
	struct sink sink = { &ops, &seen };
	struct trace_live_stats stats;
	struct trace_live *t;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE, 0);
	assert_int_equal(trace_live_start(t), 0);
	for (unsigned int i = 0; i < 20; i++) {
		make_events(i * ADJ_VALUES, ADJ_VALUES, 7);
		assert_int_equal(trace_live_read(t, &sink, now_ns()), 0);
	}
	assert_int_equal(trace_live_stop(t), 0);
	make_events(0, 10, 0);		/* nobody listens */
	assert_int_equal(trace_live_drain_all(t, &sink), 0);
	trace_live_get_stats(t, &stats);
	assert_int_equal(seen.types, 1);
	assert_int_equal(seen.events, 20 * ADJ_VALUES);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.losses, 0);
	assert_int_equal(seen.late, 0);
	assert_int_equal(stats.events, seen.events);
	assert_int_equal(stats.out_of_order, 0);
	assert_int_equal(stats.skipped, 0);
	assert_int_equal(stats.lost, 0);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		assert_true(seen.cpus[0] > 1000 && seen.cpus[1] > 1000);
	trace_live_close(t);
}

/*
 * A ring that is too small for what comes: what is delivered and what is lost are together what was written. Where a
 * page has no room for the count of what was lost before it, the count comes at the end; events of two sizes leave all
 * sorts of room.
 */
static void test_loss_is_counted(void **state)
{
	enum { ROUNDS = 60, STEPS = 1200 };
	struct live *live = *state;
	struct seen seen = { .next = -1 };
	struct sink sink = { &ops, &seen };
	struct trace_live_stats stats;
	struct trace_live *t;
	unsigned int missing;
	int64_t made = 0;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE "," RENAME, 1);
	trace_live_missing(t, &missing);
	assert_int_equal(trace_live_start(t), 0);
	srand(1);
	run_on(0);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < STEPS; i++) {
			unsigned int updates = rand() % 5;

			make_events(0, updates, 0);
			prctl(PR_SET_NAME, live->comm);
			made += updates + !missing;
		}
		assert_int_equal(trace_live_read(t, &sink, now_ns()), 0);
	}
	assert_int_equal(trace_live_stop(t), 0);
	assert_int_equal(trace_live_drain_all(t, &sink), 0);
	trace_live_get_stats(t, &stats);
	assert_true(stats.buffer_bytes_per_cpu < 100 << 10);
	assert_true(seen.lost > ROUNDS * 100);
	assert_int_equal(seen.events + seen.lost, made);
	assert_int_equal(stats.lost, seen.lost);
	assert_int_equal(seen.late, 0);
	trace_live_close(t);
}

/* The counters of the kernel are the second opinion. */
static void test_kernel_counts_the_same(void **state)
{
	struct live *live = *state;
	struct seen seen = { .next = -1 };
	struct sink sink = { &ops, &seen };
	struct trace_live *t;
	uint64_t read = 0;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE, 0);
	assert_int_equal(trace_live_start(t), 0);
	make_events(0, 3000, 100);
	assert_int_equal(trace_live_stop(t), 0);
	assert_int_equal(trace_live_drain_all(t, &sink), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		char path[400], line[128];
		unsigned long long value;
		FILE *f;

		snprintf(path, sizeof(path), "%s/instances/%s/per_cpu/cpu%u/stats", live->root,
			 trace_live_instance(t), cpu);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			if (sscanf(line, "read events: %llu", &value) == 1)
				read += value;
			if (sscanf(line, "entries: %llu", &value) == 1)
				assert_int_equal(value, 0);
		}
		if (f)
			fclose(f);
	}
	if (sysconf(_SC_NPROCESSORS_CONF) <= 2)
		assert_int_equal(read, seen.events);
	assert_int_equal(seen.events, 3000);
	trace_live_close(t);
}

/* The sink says stop in the middle, with all our pages full: the next call goes on behind that event, to the end. */
static void test_sink_stops(void **state)
{
	struct live *live = *state;
	struct seen seen = { .next = 0, .stop_after = 40 };
	struct sink sink = { &ops, &seen };
	struct trace_live *t;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE, 0);
	assert_int_equal(trace_live_start(t), 0);
	make_events(0, 5000, 0);
	assert_int_equal(trace_live_stop(t), 0);
	assert_int_equal(trace_live_read(t, &sink, UINT64_MAX), -EPIPE);
	assert_int_equal(seen.events, 40);
	assert_int_equal(trace_live_drain_all(t, &sink), 0);
	assert_int_equal(seen.events, 5000);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.types, 1);
	trace_live_close(t);
}

/* What is newer than the call is held back. */
static void test_hold_back(void **state)
{
	struct live *live = *state;
	struct seen seen = { .next = -1 };
	struct sink sink = { &ops, &seen };
	struct trace_live *t;
	uint64_t before;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE, 0);
	assert_int_equal(trace_live_start(t), 0);
	before = now_ns();
	make_events(0, 50, 0);
	assert_int_equal(trace_live_read(t, &sink, before), 0);
	assert_int_equal(seen.events, 0);
	assert_int_equal(seen.types, 1);
	assert_int_equal(trace_live_read(t, &sink, now_ns() + 1000000000), 0);
	assert_int_equal(seen.events, 50);
	trace_live_close(t);
}

static unsigned int readable(const int *fds, unsigned int n)
{
	unsigned int ready = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct pollfd p = { .fd = fds[i], .events = POLLIN };

		ready += poll(&p, 1, 0) > 0;
	}
	return ready;
}

/* A few events wake nobody, a quarter of the buffer does. */
static void test_wake(void **state)
{
	struct live *live = *state;
	struct seen seen = { .next = -1 };
	struct sink sink = { &ops, &seen };
	struct trace_live *t;
	const int *fds;
	unsigned int n;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE, 256 << 10);
	fds = trace_live_fds(t, &n);
	assert_true(n >= (unsigned int)sysconf(_SC_NPROCESSORS_ONLN));
	assert_int_equal(trace_live_start(t), 0);
	assert_int_equal(readable(fds, n), 0);
	make_events(0, 20, 0);
	assert_int_equal(readable(fds, n), 0);
	make_events(0, 10000, 50);
	assert_true(readable(fds, n) > 0);
	assert_int_equal(trace_live_read(t, &sink, now_ns()), 0);
	assert_int_equal(readable(fds, n), 0);
	trace_live_close(t);
}

static void test_missing(void **state)
{
	struct live *live = *state;
	struct trace_live_options opts = { .tracefs_root = live->root, .events = "nosuch:event_a,nosuch:event_b" };
	const struct tracedat_format *formats;
	struct source_error err;
	struct trace_live *t;
	const char *const *missing;
	unsigned int n;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE ",nosuch:event_a", 0);
	missing = trace_live_missing(t, &n);
	assert_int_equal(n, 1);
	assert_string_equal(missing[0], "nosuch:event_a");
	formats = trace_live_formats(t, &n);
	assert_int_equal(n, 1);
	assert_string_equal(formats[0].system, "oom");
	assert_non_null(strstr(formats[0].text, "name: oom_score_adj_update\n"));
	trace_live_close(t);
	assert_int_equal(trace_live_open(&opts, &err, &t), -ENOENT);
	assert_non_null(strstr(err.what, "none of the 2 events"));
	assert_non_null(strstr(err.what, "nosuch:event_a"));
}

/* A child that has a recording open: its instance's name into @name. */
static pid_t start_child(const struct live *live, char *name, size_t size)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct trace_live_options opts = { .tracefs_root = live->root, .events = UPDATE };
		struct source_error err;
		struct trace_live *t;

		/* A failing test does not come to kill_child(). */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (trace_live_open(&opts, &err, &t) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	snprintf(name, size, "squall-%d", pid);
	return pid;
}

static void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_orphans(void **state)
{
	struct live *live = *state;
	char dead_name[32], alive_name[32], own_name[32];
	pid_t dead, alive;
	struct trace_live *t;

	NEED_TRACEFS(live);
	dead = start_child(live, dead_name, sizeof(dead_name));
	alive = start_child(live, alive_name, sizeof(alive_name));
	assert_true(instance_exists(live, dead_name));
	kill_child(dead);
	t = open_live(live, UPDATE, 0);
	assert_false(instance_exists(live, dead_name));
	assert_true(instance_exists(live, alive_name));
	snprintf(own_name, sizeof(own_name), "%s", trace_live_instance(t));
	assert_true(instance_exists(live, own_name));
	trace_live_close(t);
	assert_false(instance_exists(live, own_name));
	kill_child(alive);
	trace_instance_remove_orphans(live->root);
	assert_false(instance_exists(live, alive_name));
}

/* A process records once at a time; the first recording is not harmed. */
static void test_open_twice(void **state)
{
	struct live *live = *state;
	struct trace_live_options opts = { .tracefs_root = live->root, .events = UPDATE };
	struct seen seen = { .next = -1 };
	struct sink sink = { &ops, &seen };
	struct source_error err;
	struct trace_live *t, *second;

	NEED_TRACEFS(live);
	t = open_live(live, UPDATE, 0);
	assert_int_equal(trace_live_open(&opts, &err, &second), -EBUSY);
	assert_int_equal(trace_live_start(t), 0);
	make_events(0, 10, 0);
	assert_int_equal(trace_live_stop(t), 0);
	assert_int_equal(trace_live_drain_all(t, &sink), 0);
	assert_int_equal(seen.events, 10);
	trace_live_close(t);
}

static void test_not_root(void **state)
{
	struct live *live = *state;
	int status;
	pid_t pid;

	NEED_TRACEFS(live);
	pid = fork();
	if (!pid) {
		struct trace_live_options opts = { .tracefs_root = live->root };
		struct source_error err;
		struct trace_live *t;

		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(10);
		if (trace_live_open(&opts, &err, &t) != -EACCES)
			_exit(11);
		_exit(strstr(err.what, "Permission denied") && strstr(err.hint, "root") ? 0 : 12);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* All groups, filters and all, as this kernel takes them. */
static void test_filters_are_taken(void **state)
{
	static const char *const filtered[] = { "vmscan/mm_vmscan_lru_shrink_inactive", "kmem/mm_page_alloc_extfrag" };
	static const char *const word[] = { KSWAPD, "fallback_order <" };
	struct live *live = *state;
	struct trace_live *t;

	NEED_TRACEFS(live);
	t = open_live(live, "+kswapd", 0);
	for (int i = 0; i < 2; i++) {
		char path[400], text[128] = "";
		FILE *f;

		snprintf(path, sizeof(path), "%s/instances/%s/events/%s/filter", live->root, trace_live_instance(t),
			 filtered[i]);
		f = fopen(path, "r");
		if (!f)
			continue;	/* not in this kernel */
		assert_non_null(fgets(text, sizeof(text), f));
		fclose(f);
		assert_non_null(strstr(text, word[i]));
	}
	trace_live_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_default_on_newer_kernel),
		cmocka_unit_test(test_pageblock_filter),
		cmocka_unit_test(test_no_tracefs),
		cmocka_unit_test(test_orphan_names),
		cmocka_unit_test(test_order_across_cpus),
		cmocka_unit_test(test_loss_is_counted),
		cmocka_unit_test(test_kernel_counts_the_same),
		cmocka_unit_test(test_sink_stops),
		cmocka_unit_test(test_hold_back),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_open_twice),
		cmocka_unit_test(test_not_root),
		cmocka_unit_test(test_filters_are_taken),
	};

	return cmocka_run_group_tests_name("trace_live", tests, set_up, tear_down);
}
