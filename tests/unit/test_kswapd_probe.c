// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kswapd_probe.c - collect/kswapd_probe.c and collect/bpf/kswapd.h: a change is told once, what records become,
 * what is said when the kernel refuses; and, where the kernel lets us, the programs themselves against /proc/zoneinfo.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "collect/bpf/kswapd.h"
#include "collect/bpf_refusal.h"
#include "collect/kswapd_probe.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Everything that came, as text: what is compared is then what a reader of the test sees. */
struct heard {
	char	text[4096];
	int	lines;
	int	fail_at;		/* this line answers -EPIPE; 0 none does */
	int	nodes;
	int	node;			/* of the last kswapd_failures */
	long	value;
};

static int hear(struct heard *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int hear(struct heard *h, const char *fmt, ...)
{
	size_t len = strlen(h->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(h->text + len, sizeof(h->text) - len, fmt, args);
	va_end(args);
	return ++h->lines == h->fail_at ? -EPIPE : 0;
}

static int on_sample(void *ctx, const struct sample *s)
{
	struct heard *h = ctx;

	if (!strcmp(s->name, "kswapd_failures")) {
		h->nodes++;
		h->node = s->node;
		h->value = s->value;
	}
	return hear(h, "sample %llu scope%d node%d %s=%lld %s\n", (unsigned long long)s->ts, s->scope, s->node, s->name,
		    (long long)s->value, s->unit);
}

static int on_task(void *ctx, const struct task_name *t)
{
	return hear(ctx, "task %d of %d in %llu '%s'\n", t->tid, t->tgid, (unsigned long long)t->cgroup_id, t->comm);
}

static int on_failures(void *ctx, const struct failures_change *c)
{
	return hear(ctx, "change %llu node%d %d>%d tid %d in %llu '%s' %s%s\n", (unsigned long long)c->ts, c->node,
		    c->previous, c->value, c->tid, (unsigned long long)c->cgroup_id, c->comm, c->via, c->reason);
}

static const struct sink_ops ops = { .sample = on_sample, .task = on_task, .failures = on_failures };

static void test_notice(void **state)
{
	__u64 seen = 0;
	__u64 before;

	/* The first sight is a change, also when it is 0, and is told once. */
	assert_int_equal(kswapd_seen_value(seen), -1);
	assert_int_equal(kswapd_notice(&seen, seen, 0), KSWAPD_CHANGED);
	assert_int_equal(kswapd_notice(&seen, seen, 0), KSWAPD_SAME);
	assert_int_equal(kswapd_seen_value(seen), 0);

	/* Another one was quicker: nothing is told, nothing is stored. */
	before = seen;
	assert_int_equal(kswapd_notice(&seen, before, 1), KSWAPD_CHANGED);
	assert_int_equal(kswapd_notice(&seen, before, 2), KSWAPD_RETRY);
	assert_int_equal(kswapd_seen_value(seen), 1);

	/* The value came back meanwhile: what was read before that is still too old. */
	before = seen;
	assert_int_equal(kswapd_notice(&seen, seen, 16), KSWAPD_CHANGED);
	assert_int_equal(kswapd_notice(&seen, seen, 1), KSWAPD_CHANGED);
	assert_int_equal(kswapd_notice(&seen, before, 0), KSWAPD_RETRY);
	assert_int_equal(kswapd_seen_value(seen), 1);

	/* Never back to "not seen" by itself, and a counter gone mad does not reach the other half. */
	assert_int_equal(kswapd_notice(&seen, seen, UINT32_MAX), KSWAPD_CHANGED);
	assert_int_equal(kswapd_notice(&seen, seen, 0), KSWAPD_CHANGED);
	assert_true(seen != 0);
}

#define RACE_THREADS	4
#define RACE_CHANGES	200000

struct race {
	__u64		seen;
	__u32		counter;
	_Atomic int	twice;
	/* Told changes by their number, which is the high half of "seen" before it. */
	_Atomic int	told[RACE_CHANGES];
	__s32		from[RACE_CHANGES];
	__s32		to[RACE_CHANGES];
};

static void *race_look(void *arg)
{
	struct race *r = arg;

	for (__u64 was; (was = __atomic_load_n(&r->seen, __ATOMIC_SEQ_CST)) >> 32 < RACE_CHANGES;) {
		__u32 value = __atomic_fetch_add(&r->counter, 1, __ATOMIC_SEQ_CST) % 17;
		__u32 number = was >> 32;

		if (kswapd_notice(&r->seen, was, value) != KSWAPD_CHANGED)
			continue;
		if (r->told[number]++)
			r->twice++;
		r->from[number] = kswapd_seen_value(was);
		r->to[number] = value;
	}
	return NULL;
}

/* While the counter runs up to 16 and falls to 0 as kswapd's does, the told changes make one chain without a gap. */
static void test_race(void **state)
{
	static struct race r;
	pthread_t threads[RACE_THREADS];

	for (int i = 0; i < RACE_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race_look, &r), 0);
	for (int i = 0; i < RACE_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(r.twice, 0);
	for (__u32 i = 0; i < RACE_CHANGES; i++) {
		assert_int_equal(r.told[i], 1);
		assert_int_equal(r.from[i], i ? r.to[i - 1] : -1);
		assert_int_not_equal(r.from[i], r.to[i]);
	}
	assert_int_equal(r.to[RACE_CHANGES - 1], kswapd_seen_value(r.seen));
}

static const struct {
	struct kswapd_change	change;
	const char		*heard;
} changes[] = {
	/* A reset at the end of a direct reclaim is that task's. */
	{ { 500, 77, 1, 0, 16, 40, 1234, 1200, KSWAPD_HOOK_DIRECT, "dd" },
	  "task 1234 of 1200 in 77 'dd'\nchange 500 node1 16>0 tid 1234 in 77 'dd' bpf-direct\n" },
	{ { 500, 77, 0, 0, 3, 40, 1234, 1200, KSWAPD_HOOK_MEMCG, "dd" },
	  "task 1234 of 1200 in 77 'dd'\nchange 500 node0 3>0 tid 1234 in 77 'dd' bpf-memcg\n" },
	{ { 500, 77, 0, 0, 3, 40, 1234, 1200, KSWAPD_HOOK_SOFTLIMIT, "dd" },
	  "task 1234 of 1200 in 77 'dd'\nchange 500 node0 3>0 tid 1234 in 77 'dd' bpf-memcg\n" },
	{ { 500, 77, 0, 0, 3, 40, 1234, 1200, KSWAPD_HOOK_NODE, "dd" },
	  "task 1234 of 1200 in 77 'dd'\nchange 500 node0 3>0 tid 1234 in 77 'dd' bpf-node\n" },
	/* It cannot have raised it. */
	{ { 500, 77, 0, 4, 3, 40, 1234, 1200, KSWAPD_HOOK_DIRECT, "dd" },
	  "change 500 node0 3>4 tid -1 in 0 '' bpf-direct\n" },
	/* The node's own kswapd can do both. */
	{ { 500, 1, 0, 4, 3, 40, 40, 40, KSWAPD_HOOK_WAKE, "kswapd0" },
	  "task 40 of 40 in 1 'kswapd0'\nchange 500 node0 3>4 tid 40 in 1 'kswapd0' bpf-kswapd\n" },
	{ { 500, 1, 0, 0, 3, 40, 40, 40, KSWAPD_HOOK_SLEEP, "kswapd0" },
	  "task 40 of 40 in 1 'kswapd0'\nchange 500 node0 3>0 tid 40 in 1 'kswapd0' bpf-kswapd\n" },
	/* Another node's can do neither. */
	{ { 500, 1, 0, 0, 3, 40, 41, 41, KSWAPD_HOOK_WAKE, "kswapd1" },
	  "change 500 node0 3>0 tid -1 in 0 '' bpf-kswapd\n" },
	/* A name that fills its field has no terminator; a hook that we do not know has no name. */
	{ { 500, 7, 0, 0, 3, 40, 9, 9, KSWAPD_HOOK_COUNT, "0123456789abcdef" },
	  "task 9 of 9 in 7 '0123456789abcdef'\nchange 500 node0 3>0 tid 9 in 7 '0123456789abcdef' bpf\n" },
};

static void test_change_emit(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct heard h = { .text = "" };
		const struct sink sink = { &ops, &h };

		assert_int_equal(kswapd_change_emit(&changes[i].change, &sink), 0);
		assert_string_equal(h.text, changes[i].heard);
	}
}

static void test_reading_emit(void **state)
{
	const struct kswapd_reading same = { .ts_ns = 700, .node = 1, .value = 3, .previous = 3, .order = 9,
					     .highest_zoneidx = 2 };
	const struct kswapd_reading first = { .ts_ns = 800, .node = 0, .value = 0, .previous = -1,
					      .highest_zoneidx = 5 };
	struct heard h = { .text = "" };
	const struct sink sink = { &ops, &h };

	assert_int_equal(kswapd_reading_emit(&same, &sink), 0);
	assert_string_equal(h.text, "sample 700 scope1 node1 kswapd_failures=3 runs\n"
				    "sample 700 scope1 node1 kswapd_order=9 order\n"
				    "sample 700 scope1 node1 kswapd_highest_zoneidx=2 zone\n");
	h = (struct heard) { .text = "" };
	assert_int_equal(kswapd_reading_emit(&first, &sink), 0);
	assert_string_equal(h.text, "sample 800 scope1 node0 kswapd_failures=0 runs\n"
				    "sample 800 scope1 node0 kswapd_order=0 order\n"
				    "sample 800 scope1 node0 kswapd_highest_zoneidx=5 zone\n"
				    "change 800 node0 -1>0 tid -1 in 0 '' bpf-sample\n");
}

/* The sink's answer ends it at once and comes back, whichever call it was. */
static void test_sink_fails(void **state)
{
	const struct kswapd_reading first = { .previous = -1 };

	for (int at = 1; at <= 4; at++) {
		struct heard h = { .fail_at = at };
		const struct sink sink = { &ops, &h };

		assert_int_equal(kswapd_reading_emit(&first, &sink), -EPIPE);
		assert_int_equal(h.lines, at);
	}
	for (int at = 1; at <= 2; at++) {
		struct heard h = { .fail_at = at };
		const struct sink sink = { &ops, &h };

		assert_int_equal(kswapd_change_emit(&changes[0].change, &sink), -EPIPE);
		assert_int_equal(h.lines, at);
	}
}

static void test_verifier_reason(void **state)
{
	static const struct {
		const char	*log;
		const char	*reason;
	} rows[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "processed 9 insns (limit 1000000)\n", "" },
		{ "0: (85) call x#5\nunknown func x#5\nprocessed 1 insns (limit 1000000)\n", "unknown func x#5" },
		{ "R1 invalid mem access\n-- END PROG LOAD LOG --\n", "R1 invalid mem access" },
		{ "cut off in the midd", "cut off in the midd" },
		{ "a\n\nlast\n\n", "last" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = 99;
		const char *reason = bpf_refusal_reason(rows[i].log, &len);

		assert_int_equal(len, strlen(rows[i].reason));
		assert_memory_equal(reason, rows[i].reason, len);
	}
}

/* The probe, or a skipped test where it cannot be had; then the reason must have words. */
static struct kswapd_probe *open_or_skip(void)
{
	struct source_error err = { .what = "" };
	struct kswapd_probe *p = NULL;
	int ret = kswapd_probe_open(&p, &err);

	if (!ret)
		return p;
	assert_true(ret < 0);
	assert_null(p);
	assert_true(err.what[0]);
	print_message("# SKIP %s (%s)\n", err.what, err.hint);
	skip();
	return NULL;
}

/* node_unreclaimable of the first zone of @node that /proc/zoneinfo tells it for; -1 if none. */
static int unreclaimable(int node)
{
	FILE *f = fopen("/proc/zoneinfo", "r");
	char line[256];
	int at = -1;
	int value = -1;

	assert_non_null(f);
	while (value < 0 && fgets(line, sizeof(line), f)) {
		sscanf(line, "Node %d,", &at);
		if (at == node)
			sscanf(line, " node_unreclaimable: %d", &value);
	}
	fclose(f);
	return value;
}

static int entries_of(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void test_live(void **state)
{
	struct kswapd_probe *p = open_or_skip();
	struct heard h = { .text = "" };
	const struct sink sink = { &ops, &h };
	struct kswapd_probe_stats stats;

	kswapd_probe_stats(p, &stats);
	assert_in_range(stats.nodes, 1, KSWAPD_NODES_MAX);
	assert_in_range(stats.hooks, 0, KSWAPD_HOOK_COUNT);
	assert_true(stats.hooks == KSWAPD_HOOK_COUNT || stats.hook_error < 0);
	assert_true(kswapd_probe_fd(p) >= 0);

	/* Each node with memory once, and each as a change from "not known". */
	assert_int_equal(kswapd_probe_sample(p, 1000, &sink), 0);
	assert_int_equal(h.nodes, stats.nodes);
	assert_int_equal(h.lines, 4 * stats.nodes);
	assert_non_null(strstr(h.text, " -1>"));
	assert_in_range(h.value, 0, 1 << 20);
	assert_int_equal(unreclaimable(h.node), h.value >= 16);

	/* Then only the samples, as long as nothing happens on this machine. */
	h = (struct heard) { .text = "" };
	assert_int_equal(kswapd_probe_sample(p, 2000, &sink), 0);
	assert_int_equal(h.nodes, stats.nodes);
	assert_null(strstr(h.text, " -1>"));
	assert_int_equal(kswapd_probe_drain(p, &sink), 0);
	kswapd_probe_free(p);
}

/* Where no file can be opened a sample comes all the same; only the look for nodes, ten seconds later, fails. */
static void test_live_opens_nothing(void **state)
{
	const uint64_t first_ns = 1000;
	const uint64_t find_ns = first_ns + 10ull * 1000 * 1000 * 1000;
	struct kswapd_probe *p = open_or_skip();
	struct heard h = { .text = "" };
	const struct sink sink = { &ops, &h };
	struct kswapd_probe_stats stats;
	struct rlimit files;
	int before, at;

	kswapd_probe_stats(p, &stats);
	assert_int_equal(kswapd_probe_sample(p, first_ns, &sink), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	h = (struct heard) { .text = "" };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit) { 0, files.rlim_max }), 0);
	before = kswapd_probe_sample(p, find_ns - 1, &sink);
	at = kswapd_probe_sample(p, find_ns, &sink);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(before, 0);
	assert_int_equal(h.nodes, stats.nodes);
	assert_int_equal(at, -EMFILE);
	kswapd_probe_free(p);
}

/* The sink's answer comes back from a sample, and the next sample works. */
static void test_live_sink_fails(void **state)
{
	struct kswapd_probe *p = open_or_skip();
	struct heard h = { .fail_at = 1 };
	const struct sink sink = { &ops, &h };

	assert_int_equal(kswapd_probe_sample(p, 1000, &sink), -EPIPE);
	assert_int_equal(h.lines, 1);
	h = (struct heard) { .text = "" };
	assert_int_equal(kswapd_probe_sample(p, 2000, &sink), 0);
	assert_true(h.nodes > 0);
	kswapd_probe_free(p);
}

static void test_live_leaks_nothing(void **state)
{
	struct kswapd_probe *p = open_or_skip();
	struct heard h = { .text = "" };
	const struct sink sink = { &ops, &h };
	int files;

	kswapd_probe_free(p);
	files = entries_of("/proc/self/fd");
	for (int i = 0; i < 5; i++) {
		h = (struct heard) { .text = "" };
		p = open_or_skip();
		assert_int_equal(kswapd_probe_sample(p, i, &sink), 0);
		kswapd_probe_free(p);
	}
	assert_int_equal(entries_of("/proc/self/fd"), files);
	kswapd_probe_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_change_emit),
		cmocka_unit_test(test_reading_emit),
		cmocka_unit_test(test_sink_fails),
		cmocka_unit_test(test_verifier_reason),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_live_opens_nothing),
		cmocka_unit_test(test_live_sink_fails),
		cmocka_unit_test(test_live_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
