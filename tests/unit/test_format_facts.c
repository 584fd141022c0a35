// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_format_facts.c - collect/format_facts.c on format files as kernels write them, cut down to what counts. Values
 * are worked out by hand from the expressions.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/format_facts.h"

#define FORMAT(id, print)	{ .system = "x", .text = HEAD(id) print "\n", .len = sizeof(HEAD(id) print "\n") - 1 }
#define HEAD(id)		"name: x\nID: " #id "\nformat:\n\nprint fmt: "
#define GFP(flags)		"\"order=%d gfp_flags=%s\", REC->order, (REC->gfp_flags) ? " \
				"__print_flags(REC->gfp_flags, \"|\", " flags ") : \"none\""
#define BIT_18(bit)		"( unsigned long)(((gfp_t)((((1UL))) << (" bit "))))"

/* 6.1 writes numbers, 6.18 expressions; some kernels write names of bits, which only the kernel knows. */
static const struct tracedat_format
	wake = FORMAT(1, "\"nid=%d order=%d\", REC->nid, REC->order"),
	gfp_old = FORMAT(2, GFP("{(unsigned long)(0x400u|0x800u), \"GFP_NOIO\"}, "
				"{(unsigned long)0x08u, \"__GFP_MOVABLE\"}")),
	gfp_new = FORMAT(3, GFP("{" BIT_18("5") ", \"__GFP_HIGH\"}, {" BIT_18("3") ", \"__GFP_MOVABLE\"}")),
	gfp_named = FORMAT(4, GFP("{" BIT_18("___GFP_MOVABLE_BIT") ", \"__GFP_MOVABLE\"}")),
	extfrag = FORMAT(5, "\"page=%p pageblock_order=%d fragmenting=%d\", (((struct page *)vmemmap_base) + 1), "
			 "(((21 - 12) < (10)) ? (21 - 12) : (10)), REC->fallback_order < 9"),
	extfrag_odd = FORMAT(6, "\"pageblock_order=%d\", pageblock_order_of(1)"),
	extfrag_huge = FORMAT(7, "\"pageblock_order=%d\", 64"),
	cut_off = FORMAT(8, "\"pageblock_order=%d gfp=%s\", 9, __print_flags(1, \"|\", { 0x8, \"__GFP_MOVABLE\""),
	empty = { .system = "x", .text = "", .len = 0 };

struct heard {
	char	text[512];
	int	fail;
};

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct heard *h = ctx;
	size_t len = strlen(h->text);

	snprintf(h->text + len, sizeof(h->text) - len, "%s=%s ", key, value);
	return h->fail;
}

static void facts_are(const struct tracedat_format *a, const struct tracedat_format *b, const char *wanted)
{
	static const struct sink_ops ops = { .meta = on_meta };
	const struct tracedat_format formats[] = { *a, *b };
	struct heard h = { "" };
	const struct sink sink = { &ops, &h };

	assert_int_equal(format_facts_put(formats, 2, &sink), 0);
	assert_string_equal(h.text, wanted);
}

static void test_put(void **state)
{
	facts_are(&wake, &empty, "");
	facts_are(&wake, &gfp_old, "gfp.GFP_NOIO=0xc00 gfp.__GFP_MOVABLE=0x8 ");
	/* The first one that prints them is enough. */
	facts_are(&gfp_new, &gfp_old, "gfp.__GFP_HIGH=0x20 gfp.__GFP_MOVABLE=0x8 ");
	facts_are(&gfp_named, &wake, "");
	facts_are(&wake, &extfrag, "pageblock_order=9 ");
	facts_are(&gfp_old, &extfrag, "gfp.GFP_NOIO=0xc00 gfp.__GFP_MOVABLE=0x8 pageblock_order=9 ");
	/* What is no constant, or no order, is passed over. */
	facts_are(&extfrag_odd, &extfrag_huge, "");
	facts_are(&extfrag_odd, &extfrag, "pageblock_order=9 ");
}

static void test_cut_off(void **state)
{
	/* However much is left, nothing is read behind its end (a sanitizer tells), and no order but 9 comes out. */
	for (size_t len = 0; len <= cut_off.len; len++) {
		char *text = malloc(len + !len);
		const struct tracedat_format format = { .system = "x", .text = text, .len = len };
		uint64_t order;

		assert_non_null(text);
		memcpy(text, cut_off.text, len);
		if (format_facts_pageblock_order(&format, 1, &order))
			assert_int_equal(order, 9);
		free(text);
	}
}

static void test_sink_fails(void **state)
{
	static const struct sink_ops ops = { .meta = on_meta };
	struct heard h = { .fail = -EPIPE };
	const struct sink sink = { &ops, &h };

	assert_int_equal(format_facts_put(&gfp_old, 1, &sink), -EPIPE);
	assert_int_equal(format_facts_put(&extfrag, 1, &sink), -EPIPE);
	assert_string_equal(h.text, "gfp.GFP_NOIO=0xc00 pageblock_order=9 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
