// SPDX-License-Identifier: GPL-2.0-only
/*
 * escape.c - see escape.h.
 */
#include "spine/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 character at @p (at most @left bytes), its code point in *cp; 0 when it is none. */
static size_t utf8_decode(const unsigned char *p, size_t left, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;

	if (!len || len > left || p[0] > 0xf4)
		return 0;
	*cp = len == 1 ? p[0] : p[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return len;
}

static bool is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||	/* C0, DEL, C1 */
	       (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
	       cp == 0x2028 || cp == 0x2029;			/* direction marks, line separators */
}

static const char *escape(const char *in, size_t len, char *out, size_t size, bool controls)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t o = 0;

	while (len) {
		uint32_t cp = 0;
		size_t n = utf8_decode(p, len, &cp);
		char hex[4 * 4 + 1];
		size_t take = n ? n : 1, add = take;

		if (!n || (controls && is_harmful(cp))) {
			add = 4 * take;
			for (size_t i = 0; i < take; i++)
				snprintf(hex + 4 * i, 5, "\\x%02x", p[i]);
		} else {
			memcpy(hex, p, take);
		}
		if (o + add + 1 > size)
			break;
		memcpy(out + o, hex, add);
		o += add;
		p += take;
		len -= take;
	}
	if (size)
		out[o] = 0;
	return out;
}

const char *escape_terminal(const char *in, size_t len, char *out, size_t size)
{
	return escape(in, len, out, size, true);
}

const char *escape_utf8(const char *in, size_t len, char *out, size_t size)
{
	return escape(in, len, out, size, false);
}
