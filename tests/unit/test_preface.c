// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_preface.c - what one who joins late is told: the newest facts, names and paths, in an order that can be used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/preface.h"

struct listener {
	char		heard[1024];
	unsigned int	calls, refuse_at;	/* 0: never */
};

__attribute__((format(printf, 2, 3)))
static int hear(struct listener *l, const char *fmt, ...)
{
	size_t len = strlen(l->heard);
	va_list args;

	if (++l->calls == l->refuse_at)
		return -28;
	va_start(args, fmt);
	vsnprintf(l->heard + len, sizeof(l->heard) - len, fmt, args);
	va_end(args);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	return hear(ctx, "%s=%s ", key, value);
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	return hear(ctx, "%llu:%s ", (unsigned long long)id, path);
}

static int on_task(void *ctx, const struct task_name *t)
{
	return hear(ctx, "%d:%s/%d/%llu ", t->tid, t->comm, t->tgid, (unsigned long long)t->cgroup_id);
}

static int on_failures(void *ctx, const struct failures_change *c)
{
	return hear(ctx, "node%d:%d>%d@%llu ", c->node, c->previous, c->value, (unsigned long long)c->ts);
}

static const struct sink_ops ops = { .meta = on_meta, .cgroup = on_cgroup, .task = on_task, .failures = on_failures };

static void fill(const struct sink *s)
{
	SINK_CALL(s, task, &(struct task_name){ .tid = 7, .tgid = 6, .cgroup_id = 9, .comm = "sh" });
	SINK_CALL(s, meta, "clock", "mono");
	SINK_CALL(s, cgroup, 9, "/a");
	SINK_CALL(s, meta, "swappiness", "60");
	SINK_CALL(s, meta, "clock", "boot");
	SINK_CALL(s, cgroup, 8, "/b");
	SINK_CALL(s, cgroup, 8, "/renamed");
	/* the same name, without what was told: completed; another name: anew */
	SINK_CALL(s, task, &(struct task_name){ .tid = 7, .comm = "sh" });
	SINK_CALL(s, task, &(struct task_name){ .tid = 5, .tgid = 5, .comm = "dd" });
	SINK_CALL(s, task, &(struct task_name){ .tid = 5, .cgroup_id = 8, .comm = "cat" });
}

/* Whoever joins sees each node's counter for the first time, now; what is no value or no node is not told. */
static void tells_failures_as_they_stand(void **state)
{
	struct listener l = { 0 };
	const struct sink to = { &ops, &l };
	struct preface *p;
	struct sink from;

	assert_int_equal(preface_new(&p), 0);
	from = preface_sink(p);
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 10, .node = 1, .value = 3, .previous = -1 });
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 20, .node = 0, .value = 0, .previous = -1 });
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 30, .node = 1, .value = 0, .previous = 3 });
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 40, .node = 1, .value = 16, .previous = 0 });
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 50, .node = 2, .value = -1, .previous = 0 });
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 60, .node = -1, .value = 1, .previous = 0 });
	SINK_CALL(&from, failures, &(struct failures_change){ .ts = 70, .node = 64, .value = 1, .previous = 0 });
	assert_int_equal(preface_tell(p, &to, 500), 0);
	assert_string_equal(l.heard, "node0:-1>0@500 node1:-1>16@500 ");
	preface_free(p);
}

static void tells_the_newest(void **state)
{
	struct listener l = { 0 };
	const struct sink to = { &ops, &l };
	struct preface *p;
	struct sink from;

	assert_int_equal(preface_new(&p), 0);
	assert_int_equal(preface_tell(p, &to, 500), 0);
	assert_string_equal(l.heard, "");
	from = preface_sink(p);
	fill(&from);
	assert_int_equal(preface_tell(p, &to, 500), 0);
	assert_string_equal(l.heard, "clock=boot swappiness=60 8:/renamed 9:/a 5:cat/0/8 7:sh/6/9 ");
	preface_free(p);
	preface_free(NULL);
}

/* A setting that changed while nobody listened is told as it is now, and what is over is not told. */
static void tells_what_holds_now(void **state)
{
	struct listener l = { 0 };
	const struct sink to = { &ops, &l };
	struct preface *p;
	struct sink from;

	assert_int_equal(preface_new(&p), 0);
	from = preface_sink(p);
	SINK_CALL(&from, meta, "thp_enabled", "always");
	SINK_CALL(&from, meta, "defrag_mode", "0");
	SINK_CALL(&from, meta, "thp_enabled@123456", "never");
	SINK_CALL(&from, meta, "host", "a@b");
	SINK_CALL(&from, meta, "zswap.enabled@5", "Y");
	SINK_CALL(&from, meta, "thinned.lru", "1/4 since 3.0 s, at least 1/4");
	SINK_CALL(&from, meta, "thinned.slab", "1/1 since 9.0 s, at least 1/8");
	SINK_CALL(&from, sample, &(struct sample){ .scope = SCOPE_SYSTEM, .name = "vm.defrag_mode", .value = 1 });
	SINK_CALL(&from, sample, &(struct sample){ .scope = SCOPE_SYSTEM, .name = "vm.unknown", .value = 1 });
	SINK_CALL(&from, sample, &(struct sample){ .scope = SCOPE_NODE, .name = "vm.defrag_mode", .value = 7 });
	assert_int_equal(preface_tell(p, &to, 500), 0);
	assert_string_equal(l.heard, "thp_enabled=never defrag_mode=1 host=a@b zswap.enabled=Y "
			    "thinned.lru=1/4 since 3.0 s, at least 1/4 ");
	preface_free(p);
}

static void stops_when_refused(void **state)
{
	struct preface *p;
	struct sink from;

	assert_int_equal(preface_new(&p), 0);
	from = preface_sink(p);
	fill(&from);
	for (unsigned int at = 1; at <= 6; at++) {
		struct listener l = { .refuse_at = at };
		const struct sink to = { &ops, &l };

		assert_int_equal(preface_tell(p, &to, 500), -28);
		assert_int_equal(l.calls, at);
	}
	preface_free(p);
}

/* However many there are, the newest are there. */
static void bounded(void **state)
{
	struct listener l = { 0 };
	const struct sink to = { .ops = &(const struct sink_ops){ .task = on_task }, .ctx = &l };
	struct preface *p;
	struct sink from;

	assert_int_equal(preface_new(&p), 0);
	from = preface_sink(p);
	for (int tid = 1; tid <= 100000; tid++)
		SINK_CALL(&from, task, &(struct task_name){ .tid = tid, .comm = "x" });
	assert_int_equal(preface_tell(p, &to, 500), 0);
	assert_int_equal(l.calls, 32768);
	preface_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_newest), cmocka_unit_test(tells_failures_as_they_stand),
		cmocka_unit_test(tells_what_holds_now),
		cmocka_unit_test(stops_when_refused),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
