// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_symbol_namer.c - collect/symbol_namer.c: which addresses get which names, when, and how often. kallsyms is a
 * file made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/symbol_namer.h"
#include "spine/side_thread.h"
#include "spine/time.h"

#define SEC	NSEC_PER_SEC
#define BASE	0xffffffff81000000ull

/* As the kernel has it: sorted, data between functions, modules at the end. The last function has a second name. */
static const char kallsyms[] =
	"0000000000000000 A fixed_percpu_data\n"
	"ffffffff81000000 T _text\n"
	"ffffffff81000010 t super_cache_scan\n"
	"ffffffff81000020 d some_data\n"
	"ffffffff81000030 t __pfx_scan_shadow_nodes\n"
	"ffffffff81000040 t scan_shadow_nodes\n"
	"ffffffff81000050 W weak_scan\n"
	"ffffffff81000060 t first_name\n"
	"ffffffff81000060 t second_name\n"
	"ffffffffc0400000 t ext4_es_scan\t[ext4]\n";

static const struct event_field start_fields[] = {
	{ "shr", VALUE_UINT }, { "shrink", VALUE_UINT }, { "nid", VALUE_INT },
};
static const struct event_field end_fields[] = { { "shrink", VALUE_UINT } };
static const struct event_type types[] = {
	{ .id = 0, .system = "vmscan", .name = "mm_shrink_slab_start", .fields = start_fields, .nfields = 3 },
	{ .id = 1, .system = "vmscan", .name = "mm_shrink_slab_end", .fields = end_fields, .nfields = 1 },
	{ .id = 2, .system = "other", .name = "other", .fields = end_fields, .nfields = 1 },
};

struct scene {
	char			path[64];
	char			heard[4096];
	struct symbol_namer	*namer;
	struct sink		sink;		/* the reader's */
};

static int on_symbol(void *ctx, uint64_t addr, const char *name)
{
	struct scene *s = ctx;
	size_t len = strlen(s->heard);

	snprintf(s->heard + len, sizeof(s->heard) - len, "%llx=%s ", (unsigned long long)(addr - BASE), name);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct scene *s = ctx;
	size_t len = strlen(s->heard);

	snprintf(s->heard + len, sizeof(s->heard) - len, "%s=%s ", key, value);
	return 0;
}

static const struct sink_ops heard_ops = { .symbol = on_symbol, .meta = on_meta };

static void begin(struct scene *s, const char *text)
{
	FILE *f;
	int fd;

	*s = (struct scene){ .path = "/tmp/squall-kallsyms.XXXXXX" };
	fd = mkstemp(s->path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	fputs(text, f);
	fclose(f);
	assert_int_equal(symbol_namer_new(s->path, &s->namer), 0);
	s->sink = symbol_namer_sink(s->namer);
	for (int i = 0; i < 3; i++)
		assert_int_equal(SINK_CALL(&s->sink, type, &types[i]), 0);
}

static void end(struct scene *s)
{
	symbol_namer_free(s->namer);
	unlink(s->path);
}

static void event(struct scene *s, int type, uint64_t addr)
{
	const struct event_value start[] = {
		{ .kind = VALUE_UINT, .u = BASE + 0x10 }, { .kind = VALUE_UINT, .u = addr }, { .kind = VALUE_INT },
	};
	const struct event ev = { .ts = SEC, .type = &types[type], .tid = 50, .values = type ? start + 1 : start };

	assert_int_equal(SINK_CALL(&s->sink, event, &ev), 0);
}

/* What is told at @at_s; and how long the thread wants to rest, in s. */
static double told(struct scene *s, double at_s, const char *expected)
{
	const struct sink sink = { &heard_ops, s };
	int64_t wait;

	*s->heard = '\0';
	wait = symbol_namer_work(s->namer, at_s * SEC, &sink);
	assert_string_equal(s->heard, expected);
	return wait == SIDE_THREAD_ASLEEP ? -1 : (double)wait / SEC;
}

static void at_the_end(struct scene *s, const char *expected)
{
	const struct sink sink = { &heard_ops, s };

	*s->heard = '\0';
	assert_int_equal(symbol_namer_finish(s->namer, 100 * SEC, &sink), 0);
	assert_string_equal(s->heard, expected);
}

/* Each once, in the order of their first events; the second look waits until a second is over. */
static void names_come_once(void **state)
{
	struct scene s;

	begin(&s, kallsyms);
	assert_false(symbol_namer_waiting(s.namer));
	event(&s, 0, BASE + 0x40);
	event(&s, 1, BASE + 0x40);
	event(&s, 1, BASE + 0x10);
	event(&s, 0, BASE + 0x40);
	assert_true(symbol_namer_waiting(s.namer));
	assert_true(told(&s, 10, "40=scan_shadow_nodes 10=super_cache_scan ") < 0);
	assert_false(symbol_namer_waiting(s.namer));
	event(&s, 0, BASE + 0x10);
	assert_false(symbol_namer_waiting(s.namer));
	event(&s, 0, BASE + 0x50);
	assert_true(told(&s, 10.25, "") == 0.75);
	assert_true(told(&s, 11, "50=weak_scan ") < 0);
	at_the_end(&s, "symbols_unnamed=0 ");
	end(&s);
}

/* Only functions, at their first byte; of two names the first; the module is left off. Other events not at all. */
static void only_functions(void **state)
{
	struct scene s;

	begin(&s, kallsyms);
	event(&s, 0, BASE + 0x20);
	event(&s, 0, BASE + 0x11);
	event(&s, 0, 0);
	event(&s, 0, BASE + 0x60);
	event(&s, 1, 0xffffffffc0400000ull);
	event(&s, 2, BASE + 0x10);
	told(&s, 10, "60=first_name 3f400000=ext4_es_scan ");
	at_the_end(&s, "symbols_unnamed=2 ");
	end(&s);
}

/* Somebody new listens: the names, and no second look. What was noted last is told at the end. */
static void names_are_repeated(void **state)
{
	struct scene s;

	begin(&s, kallsyms);
	event(&s, 0, BASE + 0x10);
	told(&s, 10, "10=super_cache_scan ");
	unlink(s.path);
	symbol_namer_repeat(s.namer);
	told(&s, 10.1, "10=super_cache_scan ");
	told(&s, 10.2, "");
	event(&s, 0, BASE + 0x40);
	at_the_end(&s, "symbols_unnamed=1 ");
	end(&s);
	begin(&s, kallsyms);
	event(&s, 0, BASE + 0x40);
	at_the_end(&s, "40=scan_shadow_nodes symbols_unnamed=0 ");
	end(&s);
}

/* kernel.kptr_restrict shows 0 for all of them; lines that are none are passed over. */
static void what_is_hidden(void **state)
{
	struct scene s;

	begin(&s, "0000000000000000 t super_cache_scan\n\nffffffff81000010\nffffffff81000010 t\nffffffff81000010 tsuper\n");
	event(&s, 0, BASE + 0x10);
	told(&s, 10, "");
	at_the_end(&s, "symbols_unnamed=1 ");
	end(&s);
}

/* More addresses than there is room for, as of a damaged ring: the first ones have places, and all go on. */
static void more_than_there_is_room_for(void **state)
{
	struct scene s;

	begin(&s, kallsyms);
	for (unsigned int i = 0; i < 4 * SYMBOL_NAMER_MAX; i++)
		event(&s, 0, BASE + i);
	told(&s, 10, "0=_text 10=super_cache_scan 30=__pfx_scan_shadow_nodes 40=scan_shadow_nodes 50=weak_scan "
	     "60=first_name ");
	event(&s, 0, 0xffffffffc0400000ull);
	assert_false(symbol_namer_waiting(s.namer));
	at_the_end(&s, "symbols_unnamed=250 ");
	end(&s);
}

/*
 * A pass that fails, at open (no file) or at read (a directory opens, and fails then with EISDIR), takes no names away:
 * it is repeated after a second, and what still waits at the end has a last try.
 */
static void failed_passes_are_repeated(void **state)
{
	char aside[80];
	struct scene s;

	begin(&s, kallsyms);
	snprintf(aside, sizeof(aside), "%s.aside", s.path);
	assert_int_equal(rename(s.path, aside), 0);
	event(&s, 0, BASE + 0x10);
	assert_true(told(&s, 10, "") == 1);
	assert_true(symbol_namer_waiting(s.namer));
	assert_int_equal(mkdir(s.path, 0700), 0);
	assert_true(told(&s, 10.25, "") == 0.75);
	event(&s, 0, BASE + 0x40);
	assert_true(told(&s, 11, "") == 1);
	assert_int_equal(rmdir(s.path), 0);
	assert_int_equal(rename(aside, s.path), 0);
	assert_true(told(&s, 12, "10=super_cache_scan 40=scan_shadow_nodes ") < 0);
	assert_false(symbol_namer_waiting(s.namer));
	assert_int_equal(rename(s.path, aside), 0);
	event(&s, 0, BASE + 0x50);
	event(&s, 0, BASE + 0x60);
	assert_true(told(&s, 13, "") == 1);
	assert_int_equal(rename(aside, s.path), 0);
	at_the_end(&s, "50=weak_scan 60=first_name symbols_unnamed=0 ");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_once),
		cmocka_unit_test(only_functions),
		cmocka_unit_test(names_are_repeated),
		cmocka_unit_test(what_is_hidden),
		cmocka_unit_test(more_than_there_is_room_for),
		cmocka_unit_test(failed_passes_are_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
