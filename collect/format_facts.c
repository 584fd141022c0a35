// SPDX-License-Identifier: GPL-2.0-only
/*
 * format_facts.c - see format_facts.h.
 */
#include "collect/format_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collect/print_fmt.h"

#define ORDER_END	64u	/* no kernel has a pageblock of 2^64 pages; a format that says so is damaged */

static bool span_has(const char *at, size_t len, const char *word)
{
	return memmem(at, len, word, strlen(word)) != NULL;
}

/* The print format of @format, when its text has @word. */
static bool split_if(const struct tracedat_format *format, const char *word, struct print_fmt *fmt)
{
	const char *text;
	size_t len;

	if (!span_has(format->text, format->len, word))
		return false;
	text = tracedat_format_print_fmt(format->text, format->len, &len);
	return text && print_fmt_split(text, len, fmt);
}

static int put_gfp_flag(void *ctx, struct text_span name, uint64_t mask)
{
	const struct sink *sink = ctx;
	char key[80], value[24];

	snprintf(key, sizeof(key), "gfp.%.*s", (int)(name.len < 64 ? name.len : 64), name.at);
	snprintf(value, sizeof(value), "0x%" PRIx64, mask);
	return SINK_CALL(sink, meta, key, value);
}

static int put_gfp_flags(const struct tracedat_format *formats, uint32_t n, const struct sink *sink)
{
	static const char flag[] = "\"__GFP_MOVABLE\"";

	for (uint32_t i = 0; i < n; i++) {
		struct print_fmt fmt;

		if (!split_if(&formats[i], flag, &fmt))
			continue;
		for (unsigned int arg = 0; arg < fmt.nargs; arg++)
			if (span_has(fmt.args[arg].at, fmt.args[arg].len, flag))
				return print_fmt_flags(fmt.args[arg], put_gfp_flag, (void *)sink);
	}
	return 0;
}

bool format_facts_pageblock_order(const struct tracedat_format *formats, uint32_t n, uint64_t *order)
{
	static const char key[] = "pageblock_order=";

	for (uint32_t i = 0; i < n; i++) {
		struct print_fmt_iter it = { 0 };
		struct print_fmt_conv conv;
		struct print_fmt fmt;

		if (!split_if(&formats[i], key, &fmt))
			continue;
		while (print_fmt_next(&fmt, &it, &conv))
			if (conv.arg >= 0 && span_has(conv.before.at, conv.before.len, key) &&
			    print_fmt_const(fmt.args[conv.arg], order) && *order < ORDER_END)
				return true;
	}
	return false;
}

int format_facts_put(const struct tracedat_format *formats, uint32_t n, const struct sink *sink)
{
	int ret = put_gfp_flags(formats, n, sink);
	uint64_t order;
	char text[24];

	if (ret || !format_facts_pageblock_order(formats, n, &order))
		return ret;
	snprintf(text, sizeof(text), "%" PRIu64, order);
	return SINK_CALL(sink, meta, "pageblock_order", text);
}
