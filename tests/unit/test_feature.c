// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_feature.c - kernel/feature.c and kernel/btf.c, on BTF made here as that of three kernels. What each has is
 * kernel-domain.md section 0, which was read from kernel sources and images.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "kernel/btf.h"
#include "kernel/feature.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define A	KERNEL_FEATURE_ABSENT
#define P	KERNEL_FEATURE_PRESENT
#define U	KERNEL_FEATURE_UNKNOWN

/* What differs between kernels, newest last: each has all of those before. */
enum age { AGE_6_12, AGE_6_18, AGE_7_0, AGE_7_1, AGE_7_2, AGE_7_3_4, AGE_COUNT };

struct workspace {
	char		dir[64];
	char		btf[96];
	char		events[96];
};

static int add_enum(struct btf *btf, const char *name, const char *first, const char *second)
{
	int id = btf__add_enum(btf, name, 4);

	btf__add_enum_value(btf, first, 0);
	if (second)
		btf__add_enum_value(btf, second, 1);
	return id;
}

static void add_struct(struct btf *btf, const char *name, const char *const *members, int count, int type)
{
	btf__add_struct(btf, name, 4 * count);
	for (int i = 0; i < count; i++)
		btf__add_field(btf, members[i], type, 32 * i, 0);
}

static void add_tracepoint(struct btf *btf, const char *name, int type)
{
	char text[128];

	snprintf(text, sizeof(text), "btf_trace_%s", name);
	btf__add_typedef(btf, text, type);
}

static struct btf *make_btf(enum age age)
{
	static const char *const zone_and_order[] = { "zone", "migratetype", "order" };
	static const char *const retries[] = { "zonelist", "reclaim_compact_order" };
	static const char *const begin[] = { "gfp_flags", "order", "memcg_id" };
	static const char *const failures[] = { "node_id", "kswapd_failures" };
	struct btf *btf = btf__new_empty();
	int i32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int atomic = btf__add_typedef(btf, "atomic_t", i32);
	int proto = btf__add_func_proto(btf, i32);

	add_struct(btf, "pglist_data", failures, 2, age >= AGE_6_18 ? atomic : i32);
	add_struct(btf, "capture_control", zone_and_order, age >= AGE_7_2 ? 3 : 2, i32);
	add_struct(btf, "alloc_context", retries, age >= AGE_7_3_4 ? 2 : 1, i32);
	add_struct(btf, "trace_event_raw_mm_vmscan_direct_reclaim_begin_template", begin, age >= AGE_7_1 ? 3 : 2, i32);
	add_enum(btf, "node_stat_item", "NR_LRU_BASE", age >= AGE_7_1 ? "PGSCAN_KSWAPD" : NULL);
	add_enum(btf, "zone_stat_item", "NR_FREE_PAGES", age >= AGE_6_18 ? "NR_FREE_PAGES_BLOCKS" : NULL);
	add_enum(btf, "memcg_stat_item", "MEMCG_SWAP", age >= AGE_7_1 ? "MEMCG_ZSWAP_INCOMP" : NULL);
	/* older kernels have this name elsewhere */
	add_enum(btf, "vm_event_item", "PGPGIN", "PGSCAN_KSWAPD");
	add_enum(btf, NULL, "SWP_USED", "SWP_WRITEOK");
	btf__add_func(btf, "kswapd_run", BTF_FUNC_GLOBAL, proto);
	if (age >= AGE_7_0)
		btf__add_func(btf, "kswapd_try_clear_hopeless", BTF_FUNC_GLOBAL, proto);
	add_tracepoint(btf, "mm_vmscan_kswapd_wake", proto);
	if (age >= AGE_6_18)
		add_tracepoint(btf, "mm_vmscan_reclaim_pages", proto);
	if (age >= AGE_7_0)
		add_tracepoint(btf, "mm_vmscan_kswapd_reclaim_fail", proto);
	if (age >= AGE_7_2)
		add_tracepoint(btf, "mm_vmscan_balance_pgdat_begin", proto);
	return btf;
}

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void write_btf(const struct workspace *w, struct btf *btf)
{
	__u32 size;
	const void *data = btf__raw_data(btf, &size);

	assert_non_null(data);
	write_file(w->btf, data, size);
	btf__free(btf);
}

static int setup(void **state)
{
	struct workspace *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/squall-feature.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->btf, sizeof(w->btf), "%s/vmlinux", w->dir);
	snprintf(w->events, sizeof(w->events), "%s/events", w->dir);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct workspace *w = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	free(w);
	return system(command);
}

static void test_kernels(void **state)
{
	static const enum kernel_feature_state wanted[AGE_COUNT][KF_COUNT] = {
		/*	       atomic fix events memcg balance pages pernode defrag promo follow incomp ram zswap */
		[AGE_6_12] =	{ A,	A,   A,	   A,	 A,	 A,    A,      A,     A,    A,	   A,	  A,  A },
		[AGE_6_18] =	{ P,	A,   A,	   A,	 A,	 P,    A,      P,     A,    A,	   A,	  A,  A },
		[AGE_7_0] =	{ P,	P,   P,	   A,	 A,	 P,    A,      P,     A,    A,	   A,	  A,  A },
		[AGE_7_1] =	{ P,	P,   P,	   P,	 A,	 P,    P,      P,     A,    A,	   P,	  A,  A },
		[AGE_7_2] =	{ P,	P,   P,	   P,	 P,	 P,    P,      P,     P,    A,	   P,	  A,  A },
		[AGE_7_3_4] =	{ P,	P,   P,	   P,	 P,	 P,    P,      P,     P,    P,	   P,	  A,  A },
	};
	struct workspace *w = *state;
	const struct kernel_paths paths = { .btf = w->btf };
	struct kernel_feature rows[KF_COUNT];

	for (int age = 0; age < AGE_COUNT; age++) {
		write_btf(w, make_btf(age));
		assert_int_equal(kernel_features_detect(&paths, rows), 0);
		for (int i = 0; i < KF_COUNT; i++)
			if (rows[i].state != wanted[age][i])
				fail_msg("kernel %d: %s is %s (%s)", age, rows[i].name,
					 kernel_feature_state_name(rows[i].state), rows[i].how);
	}
}

static void test_how(void **state)
{
	struct workspace *w = *state;
	const struct kernel_paths paths = { .btf = w->btf };
	struct kernel_feature rows[KF_COUNT];

	write_btf(w, make_btf(AGE_6_12));
	kernel_features_detect(&paths, rows);
	assert_string_equal(rows[KF_KSWAPD_RESET_FIX].how, "BTF: function kswapd_try_clear_hopeless is missing");
	assert_string_equal(rows[KF_DEFRAG_ORDER_PROMOTION].how, "BTF: struct capture_control has no member order");
	assert_string_equal(rows[KF_RAM_BACKED_SWAP_ESTIMATE].how, "BTF: the enum of SWP_USED has no SWP_RAM_BACKED");
	assert_string_equal(rows[KF_KSWAPD_FAILURES_ATOMIC].name, "kswapd-failures-atomic");
	assert_string_equal(rows[KF_ZSWAP_PROACTIVE_WRITEBACK].name, "zswap-proactive-writeback");
}

/* Nothing to ask, or what there is does not speak of it: never "absent". */
static void test_unknown(void **state)
{
	struct workspace *w = *state;
	const struct kernel_paths none = { 0 }, missing = { "/nonexistent", "/nonexistent", "/nonexistent", "/nonexistent" };
	const struct kernel_paths damaged = { .btf = w->btf };
	const struct kernel_paths *const all[] = { &none, &missing, &damaged };
	struct kernel_feature rows[KF_COUNT];
	struct btf *types_only = btf__new_empty();

	btf__add_int(types_only, "int", 4, 0);
	for (size_t n = 0; n < COUNT(all) + 2; n++) {
		if (n == 2)
			write_file(w->btf, "\x9f\xeb\x01\0\x18\0\0\0\xff\xff\xff\xff", 12);
		if (n == 3)
			write_file(w->btf, "", 0);
		if (n == 4)
			write_btf(w, types_only);
		assert_int_equal(kernel_features_detect(all[n < 2 ? n : 2], rows), 0);
		for (int i = 0; i < KF_COUNT; i++)
			if (rows[i].state != KERNEL_FEATURE_UNKNOWN || !rows[i].how[0])
				fail_msg("case %zu: %s is %s (%s)", n, rows[i].name,
					 kernel_feature_state_name(rows[i].state), rows[i].how);
	}
}

static void make_event(const struct workspace *w, const char *name, const char *format)
{
	char path[512];

	mkdir(w->events, 0755);
	snprintf(path, sizeof(path), "%s/vmscan", w->events);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/vmscan/%s", w->events, name);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/vmscan/%s/format", w->events, name);
	write_file(path, format, strlen(format));
}

static void test_tracefs(void **state)
{
	static const char without[] = "\tfield:int order;\toffset:8;\tsize:4;\tsigned:1;\n"
				      "\tfield:u64 other_memcg_id;\toffset:16;\tsize:8;\tsigned:0;\n"
				      "print fmt: \"memcg_id\"\n";
	static const char with[] = "\tfield:u64 memcg_id;\toffset:16;\tsize:8;\tsigned:0;\n";
	struct workspace *w = *state;
	const struct kernel_paths paths = { .events = w->events };
	struct kernel_feature rows[KF_COUNT];

	make_event(w, "mm_vmscan_memcg_reclaim_begin", without);
	kernel_features_detect(&paths, rows);
	assert_int_equal(rows[KF_MEMCG_ID_IN_EVENTS].state, A);
	assert_int_equal(rows[KF_KSWAPD_FAILURE_EVENTS].state, A);
	/* a backport may come without the events: that they are missing tells nothing of the fix */
	assert_int_equal(rows[KF_KSWAPD_RESET_FIX].state, U);

	make_event(w, "mm_vmscan_kswapd_clear_hopeless", "");
	make_event(w, "mm_vmscan_kswapd_reclaim_fail", "");
	make_event(w, "mm_vmscan_memcg_reclaim_begin", with);
	kernel_features_detect(&paths, rows);
	assert_int_equal(rows[KF_MEMCG_ID_IN_EVENTS].state, P);
	assert_int_equal(rows[KF_KSWAPD_FAILURE_EVENTS].state, P);
	assert_int_equal(rows[KF_KSWAPD_RESET_FIX].state, P);
	assert_string_equal(rows[KF_KSWAPD_RESET_FIX].how, "tracefs: event mm_vmscan_kswapd_clear_hopeless");
}

static void test_btf_questions(void **state)
{
	struct btf *btf = btf__new_empty();
	int i32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int inner = btf__add_union(btf, NULL, 4);
	int named;

	assert_true(inner > 0);
	btf__add_field(btf, "hidden", i32, 0, 0);
	named = btf__add_struct(btf, "named", 4);
	btf__add_field(btf, "not_ours", i32, 0, 0);
	/* two structs of one name, as in kernels whose drivers use it again */
	btf__add_struct(btf, "twin", 4);
	btf__add_field(btf, "first", i32, 0, 0);
	btf__add_struct(btf, "twin", 8);
	btf__add_field(btf, "", inner, 0, 0);
	btf__add_field(btf, "member", named, 32, 0);
	btf__add_struct(btf, "endless", 4);
	btf__add_field(btf, "", btf__type_cnt(btf) - 1, 0, 0);
	btf__add_enum64(btf, "wide", 8, false);
	btf__add_enum64_value(btf, "WIDE_ONE", 1ull << 40);

	assert_int_equal(kernel_btf_has_member(btf, "twin", "first"), 1);
	assert_int_equal(kernel_btf_has_member(btf, "twin", "hidden"), 1);
	assert_int_equal(kernel_btf_has_member(btf, "twin", "not_ours"), 0);
	assert_int_equal(kernel_btf_has_member(btf, "triplet", "first"), -ENOENT);
	assert_int_equal(kernel_btf_has_member(btf, "endless", "first"), 0);
	assert_int_equal(kernel_btf_member_is(btf, "twin", "first", "int"), 1);
	assert_int_equal(kernel_btf_member_is(btf, "twin", "first", "atomic_t"), 0);
	assert_int_equal(kernel_btf_member_is(btf, "twin", "third", "int"), -ENOENT);
	assert_int_equal(kernel_btf_has_enumerator(btf, "wide", "WIDE_ONE"), 1);
	assert_int_equal(kernel_btf_has_enumerator(btf, "WIDE_ONE", "WIDE_TWO"), 0);
	assert_int_equal(kernel_btf_has_enumerator(btf, "narrow", "WIDE_ONE"), -ENOENT);
	assert_int_equal(kernel_btf_has_function(btf, "kswapd_run"), -ENOENT);
	assert_int_equal(kernel_btf_has_tracepoint(btf, "mm_vmscan_kswapd_sleep"), -ENOENT);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kernels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_how, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tracefs, setup, teardown),
		cmocka_unit_test(test_btf_questions),
	};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
