// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_print_fmt.c - constant expressions, arguments, conversions and flag lists of print formats. Expected values by the
 * rules of C.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "collect/print_fmt.h"

static struct text_span span(const char *s)
{
	return (struct text_span){ .at = s, .len = strlen(s) };
}

static void constants(void **state)
{
	static const struct {
		const char	*expr;
		uint64_t	value;
	} rows[] = {
		{ "0", 0 },
		{ "0x10", 16 },
		{ "010", 8 },
		{ "1UL", 1 },
		{ "18446744073709551615ULL", UINT64_MAX },
		{ "2 + 3 * 4", 14 },
		{ "(2 + 3) * 4", 20 },
		{ "10 - 4 - 3", 3 },
		{ "1 << 2 + 1", 8 },
		{ "1 | 2 ^ 3 & 1", 3 },
		{ "6 / 4 % 2", 1 },
		{ "~0", UINT64_MAX },
		{ "-1", UINT64_MAX },
		{ "!5 + !0", 1 },
		{ "1 == 1 && 2 != 2 || 3 > 2", 1 },
		{ "1 ? 2 : 3", 2 },
		{ "0 ? 2 : 0 ? 4 : 5", 5 },
		{ "(( gfp_t)((((1UL))) << (3)))", 8 },
		{ "( unsigned long)(((( gfp_t)((((1UL))) << (10)))|((((1UL))) << (11))) & ~(( gfp_t)1024))", 2048 },
		{ "(((unsigned int)((21 - 12))) < ((unsigned int)(10)) ? ((unsigned int)((21 - 12))) : ((unsigned int)(10)))",
		  9 },
		{ " 7 ", 7 },
		{ "1 << 64", 0 },
	};
	static const char *const bad[] = {
		"", "x", "1 +", "(1", "1)", "REC->nid", "1 / 0", "1 % 0", "___GFP_IO_BIT", "1 << ___GFP_IO_BIT", "1 2", "1 ? 2",
		"0x", "12abc", "(", "()", "(int)", "sizeof(int)", "{1}", "\"a\"",
	};
	uint64_t value;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!print_fmt_const(span(rows[i].expr), &value))
			fail_msg("%s has no value", rows[i].expr);
		if (value != rows[i].value)
			fail_msg("%s is %llu", rows[i].expr, (unsigned long long)value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (print_fmt_const(span(bad[i]), &value))
			fail_msg("\"%s\" has a value", bad[i]);
}

/* Nesting is bounded: no expression takes the stack. */
static void deep(void **state)
{
	static char expr[200001];
	uint64_t value;

	memset(expr, '(', sizeof(expr) - 1);
	assert_false(print_fmt_const(span(expr), &value));
	memset(expr, '~', sizeof(expr) - 1);
	assert_false(print_fmt_const(span(expr), &value));
	for (size_t i = 0; i < sizeof(expr) - 3; i += 2)
		memcpy(expr + i, "1?", 2);
	assert_false(print_fmt_const(span(expr), &value));
}

static void split(void **state)
{
	static const char text[] =
		" \"%pS %*d%% a=%-5llx \\\"q, \\\" %s\" \" tail %d\", REC->fn, 3, f(1, 2), REC->a ? \"x, y\" : \"}\", {1, 2}";
	static const struct {
		const char	*spec;
		const char	*before;
		int		arg;
	} expect[] = {
		{ "%pS", "", 0 }, { "%*d", " ", 2 }, { "%-5llx", "%% a=", 3 }, { "%s", " \\\"q, \\\" ", 4 },
		{ "%d", "\" \" tail ", -1 },
	};
	struct print_fmt_iter it = { 0 };
	struct print_fmt_conv conv;
	struct print_fmt fmt;
	size_t n = 0;

	assert_true(print_fmt_split(text, strlen(text), &fmt));
	assert_int_equal(fmt.nargs, 5);
	assert_int_equal(fmt.args[2].len, strlen("f(1, 2)"));
	assert_memory_equal(fmt.args[3].at, "REC->a ? \"x, y\" : \"}\"", fmt.args[3].len);
	for (; print_fmt_next(&fmt, &it, &conv); n++) {
		assert_true(n < sizeof(expect) / sizeof(expect[0]));
		assert_int_equal(conv.spec.len, strlen(expect[n].spec));
		assert_memory_equal(conv.spec.at, expect[n].spec, conv.spec.len);
		assert_int_equal(conv.arg, expect[n].arg);
		if (n != 4)
			assert_int_equal(conv.before.len, strlen(expect[n].before));
	}
	assert_int_equal(n, 5);
	assert_false(print_fmt_split("REC->a", 6, &fmt));
	assert_false(print_fmt_split("\"", 1, &fmt));
	assert_false(print_fmt_split("", 0, &fmt));
}

struct found {
	char	text[256];
	int	stop_at;
	int	calls;
};

static int note_flag(void *ctx, struct text_span name, uint64_t mask)
{
	struct found *f = ctx;
	size_t len = strlen(f->text);

	snprintf(f->text + len, sizeof(f->text) - len, "%.*s=%llx ", (int)name.len, name.at, (unsigned long long)mask);
	return ++f->calls == f->stop_at ? -5 : 0;
}

static void flags(void **state)
{
	struct text_span arg = span("(REC->f) ? __print_flags(REC->f, \"|\", {( unsigned long)(1 << 3), \"A\"}, {X, \"B\"}, "
				    "{16, \"C}\"} , {0x20,\"D\"}, {4 , 5}, { -1, NULL }) : \"none\"");
	struct found all = { 0 };
	struct found stopped = { .stop_at = 2 };
	struct found none = { 0 };

	assert_int_equal(print_fmt_flags(arg, note_flag, &all), 0);
	assert_string_equal(all.text, "A=8 C}=10 D=20 ");
	assert_int_equal(print_fmt_flags(arg, note_flag, &stopped), -5);
	assert_int_equal(stopped.calls, 2);
	assert_int_equal(print_fmt_flags(span("__print_symbolic(REC->f, {1, \"A\"})"), note_flag, &none), 0);
	assert_int_equal(print_fmt_flags(span("__print_flags(REC->f, \"|\", {1, \"A\""), note_flag, &none), 0);
	assert_int_equal(print_fmt_flags(span("__print_flags("), note_flag, &none), 0);
	assert_true(none.calls <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants),
		cmocka_unit_test(deep),
		cmocka_unit_test(split),
		cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
