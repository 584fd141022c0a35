// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_escape.c - names from strangers come out harmless, whole characters only, within the buffer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spine/escape.h"

struct row {
	const char	*in;
	size_t		len;
	const char	*terminal;
	const char	*utf8;
};

#define ROW(in, terminal, utf8) { in, sizeof(in) - 1, terminal, utf8 }

static const struct row rows[] = {
	ROW("", "", ""),
	ROW("kswapd0", "kswapd0", "kswapd0"),
	ROW("\033[31m", "\\x1b[31m", "\033[31m"),
	ROW("a\nb\tc", "a\\x0ab\\x09c", "a\nb\tc"),
	ROW("\x7f", "\\x7f", "\x7f"),
	ROW("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"),
	ROW("\xff\xfe", "\\xff\\xfe", "\\xff\\xfe"),
	ROW("\xc3", "\\xc3", "\\xc3"),				/* cut character */
	ROW("\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf"),		/* overlong '/' */
	ROW("\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"),	/* surrogate */
	ROW("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80"),	/* above U+10FFFF */
	ROW("\xc2\x9b" "31m", "\\xc2\\x9b31m", "\xc2\x9b" "31m"),	/* C1: CSI */
	ROW("\xe2\x80\xae" "cba", "\\xe2\\x80\\xaecba", "\xe2\x80\xae" "cba"),	/* right-to-left override */
	ROW("\xf0\x9f\x90\x8c", "\xf0\x9f\x90\x8c", "\xf0\x9f\x90\x8c"),
};

static void escapes(void **state)
{
	char out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(escape_terminal(rows[i].in, rows[i].len, out, sizeof(out)), rows[i].terminal);
		assert_string_equal(escape_utf8(rows[i].in, rows[i].len, out, sizeof(out)), rows[i].utf8);
	}
}

static void cuts_at_whole_characters(void **state)
{
	char out[8];

	assert_string_equal(escape_terminal("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 8, out, 6), "\xc3\xbc\xc3\xbc");
	assert_string_equal(escape_terminal("abc\033", 4, out, 7), "abc");	/* \x1b needs four more */
	assert_string_equal(escape_terminal("abc\033", 4, out, 8), "abc\\x1b");
	assert_string_equal(escape_terminal("abc", 3, out, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(cuts_at_whole_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
