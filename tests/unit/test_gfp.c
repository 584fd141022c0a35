// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_gfp.c - kernel/gfp.c and kernel/names.c. Masks are computed by hand from include/linux/gfp_types.h of 6.18;
 * texts are as tracepoints of the kernel named beside them print.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/gfp.h"
#include "kernel/names.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void test_parse(void **state)
{
	static const struct {
		const char	*text;
		int		err;
		uint64_t	mask;
	} rows[] = {
		{ "GFP_KERNEL", 0, 0xcc0 },
		{ "GFP_HIGHUSER_MOVABLE|__GFP_COMP", 0, 0x140cca },
		{ "GFP_HIGHUSER|__GFP_ACCOUNT", 0, 0x500cc2 },
		{ "GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_NOWARN|__GFP_COMP", 0, 0x442dc0 },
		{ "GFP_TRANSHUGE", 0, 0x1c24ca },
		{ "GFP_NOWAIT", 0, 0x2800 },
		{ "none", 0, 0 },
		{ "0x500cc2", 0, 0x500cc2 },
		{ "3264", 0, 0xcc0 },
		{ "__GFP_RECLAIM|0x2000000", 0, 0x2000c00 },
		/* 3.10: no underscores, and bits without a name are that kernel's: 0x2 is still highmem, 0x1000000 was write */
		{ "GFP_KERNEL|GFP_NOWARN|GFP_ZERO|0x2", 0, 0x2dc2 },
		{ "GFP_NOFS|GFP_NOWARN|0x1000000", 0, 0x3c40 },
		{ "GFP_KERNEL|GFP_NOWARN|GFP_COMP|GFP_NOMEMALLOC|GFP_KMEMCG", 0, 0xc2cc0 },
		{ "GFP_WAIT|GFP_REPEAT|GFP_COLD", 0, 0x4c00 },
		{ "GFP_TEMPORARY", 0, 0xcd0 },
		/* what is known counts, the rest is reported */
		{ "GFP_KERNEL|__GFP_FROBNICATE", -EINVAL, 0xcc0 },
		{ "", -EINVAL, 0 },
		{ "GFP_KERNEL|", -EINVAL, 0xcc0 },
		{ "GFP_KERNE", -EINVAL, 0 },
		{ "GFP_KERNELX", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "0x10000000000000000", -EINVAL, 0 },
		{ "18446744073709551616", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t mask = ~0ull;

		if (gfp_parse(rows[i].text, strlen(rows[i].text), &mask) != rows[i].err || mask != rows[i].mask)
			fail_msg("'%s' gives 0x%llx", rows[i].text, (unsigned long long)mask);
	}
}

static void test_parse_takes_len(void **state)
{
	uint64_t mask;

	int64_t value;

	assert_int_equal(gfp_parse("GFP_KERNEL|junk", 10, &mask), 0);
	assert_int_equal(mask, 0xcc0);
	/* a NUL is no end either */
	assert_int_equal(gfp_parse("GFP_KERNEL\0junk", 15, &mask), -EINVAL);
	assert_int_equal(name_lookup(NAMES_ZONE, "DMA32\0\0", 7, &value), -ENOENT);
}

static void test_format(void **state)
{
	static const struct {
		uint64_t	mask;
		const char	*text;
	} rows[] = {
		{ 0, "none" },
		{ 0xcc0, "GFP_KERNEL" },
		{ 0x500cc2, "GFP_HIGHUSER|__GFP_ACCOUNT" },
		/* the kernel's list has the mask with most bits first: not GFP_KERNEL and __GFP_ACCOUNT */
		{ 0x442dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_NOWARN|__GFP_COMP" },
		{ 0x8, "__GFP_MOVABLE" },
		{ 0x1000000, "0x1000000" },		/* another flag on each configuration */
		{ 0x8000000000000cc0, "GFP_KERNEL|0x8000000000000000" },
	};
	char buf[GFP_TEXT_BYTES];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(gfp_format(rows[i].mask, buf, sizeof(buf)), rows[i].text);
}

static void test_format_fits_its_buffer(void **state)
{
	char buf[16];

	memset(buf, 'x', sizeof(buf));
	gfp_format(0x442dc0, buf, 8);
	assert_int_equal(strlen(buf), 7);
	assert_int_equal(buf[8], 'x');
}

/* Every mask of all 24 named bits comes back from its text: each bit alone, all, and all but one. */
static void test_round_trip(void **state)
{
	char buf[GFP_TEXT_BYTES];

	for (int bit = 0; bit < 24; bit++) {
		const uint64_t all = 0xffffff & ~(1u << 9), one = 1u << bit & all;	/* bit 9 is free */
		const uint64_t masks[] = { one, all & ~one };
		uint64_t mask;

		for (size_t i = 0; i < COUNT(masks); i++) {
			gfp_format(masks[i], buf, sizeof(buf));
			assert_int_equal(gfp_parse(buf, strlen(buf), &mask), 0);
			assert_int_equal(mask, masks[i]);
		}
	}
}

static void test_migratetype(void **state)
{
	struct gfp_layout layout;

	gfp_layout_default(&layout);
	assert_int_equal(gfp_migratetype(&layout, 0xcc0), MIGRATE_UNMOVABLE);
	assert_int_equal(gfp_migratetype(&layout, 0x140cca), MIGRATE_MOVABLE);
	assert_int_equal(gfp_migratetype(&layout, 0xcd0), MIGRATE_RECLAIMABLE);
	assert_int_equal(gfp_migratetype(&layout, 0x18), MIGRATETYPE_UNKNOWN);

	gfp_layout_set(&layout, "__GFP_MOVABLE", 0x100);
	gfp_layout_set(&layout, "__GFP_RECLAIMABLE", 0x80000);
	gfp_layout_set(&layout, "__GFP_UNHEARD_OF", 0x8);
	assert_int_equal(gfp_migratetype(&layout, 0x8), MIGRATE_UNMOVABLE);
	assert_int_equal(gfp_migratetype(&layout, 0x100), MIGRATE_MOVABLE);
	assert_int_equal(gfp_migratetype(&layout, 0x80000), MIGRATE_RECLAIMABLE);
	assert_string_equal(migratetype_name(MIGRATE_RECLAIMABLE), "reclaimable");
	assert_string_equal(migratetype_name(MIGRATETYPE_UNKNOWN), "unknown");
	assert_string_equal(migratetype_name(5), "unknown");
}

static void test_names(void **state)
{
	static const struct {
		enum name_set	set;
		const char	*text;
		int		err;
		int64_t		value;
	} rows[] = {
		{ NAMES_ZONE, "DMA", 0, 0 },
		{ NAMES_ZONE, "DMA32", 0, 1 },
		{ NAMES_ZONE, "DMA3", -ENOENT, 0 },
		{ NAMES_ZONE, "HighMem", -ENOENT, 0 },
		{ NAMES_LRU, "active_file", 0, 3 },
		{ NAMES_COMPACT_RESULT, "partial_skipped", 0, 6 },
		{ NAMES_COMPACT_RESULT, "partial", 0, 8 },
		{ NAMES_COMPACT_PRIORITY, "COMPACT_PRIO_SYNC_LIGHT", 0, 1 },
		{ NAMES_COMPACT_FEEDBACK, "withdrawn", 0, 2 },
		{ NAMES_COMPACT_MODE, "sync", 0, 1 },
		{ NAMES_THROTTLE_REASON, "VMSCAN_THROTTLE_NOPROGRESS", 0, 4 },
		{ NAMES_THROTTLE_REASON, "VMSCAN_THROTTLE_WRITEBACK|VMSCAN_THROTTLE_CONGESTED", 0, 9 },
		{ NAMES_RECLAIM_FLAGS, "RECLAIM_WB_FILE|RECLAIM_WB_ASYNC", 0, 10 },
		{ NAMES_RECLAIM_FLAGS, "RECLAIM_WB_NONE", 0, 0 },
		{ NAMES_RECLAIM_FLAGS, "RECLAIM_WB_FILE|", -ENOENT, 0 },
		{ NAMES_HOPELESS_REASON, "PCP", 0, 3 },
		{ NAMES_MIGRATE_REASON, "never", -ENOENT, 0 },
		{ NAMES_LRU, "active_file|x", -ENOENT, 0 },
		{ NAMES_LRU, "", -ENOENT, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = 0;

		if (name_lookup(rows[i].set, rows[i].text, strlen(rows[i].text), &value) != rows[i].err ||
		    value != rows[i].value)
			fail_msg("'%s' gives %lld", rows[i].text, (long long)value);
	}
}

static void test_name_format(void **state)
{
	char buf[NAME_TEXT_BYTES];

	assert_string_equal(name_of(NAMES_COMPACT_RESULT, 8), "success");
	assert_null(name_of(NAMES_COMPACT_RESULT, 9));
	assert_string_equal(name_format(NAMES_RECLAIM_FLAGS, 10, buf, sizeof(buf)), "RECLAIM_WB_FILE|RECLAIM_WB_ASYNC");
	assert_string_equal(name_format(NAMES_RECLAIM_FLAGS, 0x41, buf, sizeof(buf)), "RECLAIM_WB_ANON|0x40");
	assert_string_equal(name_format(NAMES_ZONE, 7, buf, sizeof(buf)), "7");
	assert_int_equal(strlen(name_format(NAMES_RECLAIM_FLAGS, 10, buf, 4)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_takes_len),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_fits_its_buffer),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_migratetype),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
