// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_ksyms.c - see tracedat_ksyms.h. An index of 16 bytes per function beside the text as it came: 150,000 functions
 * of a Debian kernel take 20 ms and 2 MB, where one allocation per symbol takes 90 ms and 20 MB. Made only for a trace
 * that has addresses to name.
 */
#include "collect/tracedat_ksyms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Farther than that behind the last function is no function's code. */
#define FUNCTION_MAX_BYTES	(1u << 20)

struct ksym {
	uint64_t	addr;
	uint32_t	name;		/* offset in the text */
};

struct ksyms {
	char		*text;
	struct ksym	*list;		/* by address */
	size_t		count;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* "ffffffffa4601230 t shrink_slab\t[module]": a function (t, w) with an address. */
static bool parse_line(const char *text, size_t line, size_t end, struct ksym *out)
{
	uint64_t addr = 0;
	size_t at = line;
	int digit;

	while (at < end && (digit = hex_digit(text[at])) >= 0) {
		addr = addr << 4 | digit;
		at++;
	}
	if (!addr || end - at < 4 || text[at] != ' ' || !strchr("tTwW", text[at + 1]) || text[at + 2] != ' ')
		return false;
	out->addr = addr;
	out->name = at + 3;
	return true;
}

static int by_addr(const void *a, const void *b)
{
	const struct ksym *x = a;
	const struct ksym *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Fills the index, or only counts when there is none. The kernel's own symbols come sorted, modules behind them do not. */
static size_t parse_text(struct ksyms *k, size_t len, bool *sorted)
{
	uint64_t last = 0;
	size_t count = 0;

	*sorted = true;
	for (size_t line = 0; line < len;) {
		const char *nl = memchr(k->text + line, '\n', len - line);
		size_t end = nl ? (size_t)(nl - k->text) : len;
		struct ksym sym;

		if (parse_line(k->text, line, end, &sym)) {
			if (k->list)
				k->list[count] = sym;
			count++;
			*sorted = *sorted && sym.addr >= last;
			last = sym.addr;
		}
		line = end + 1;
	}
	return count;
}

int ksyms_new(char *text, size_t len, struct ksyms **out)
{
	struct ksyms *k = calloc(1, sizeof(*k));
	bool sorted;

	if (!k) {
		free(text);
		return -ENOMEM;
	}
	k->text = text;
	k->count = parse_text(k, len, &sorted);
	k->list = malloc((k->count + 1) * sizeof(*k->list));
	if (!k->list) {
		ksyms_free(k);
		return -ENOMEM;
	}
	parse_text(k, len, &sorted);
	if (!sorted)
		qsort(k->list, k->count, sizeof(*k->list), by_addr);
	*out = k;
	return 0;
}

void ksyms_free(struct ksyms *ksyms)
{
	if (!ksyms)
		return;
	free(ksyms->list);
	free(ksyms->text);
	free(ksyms);
}

bool ksyms_name(const struct ksyms *ksyms, uint64_t addr, char *buf, size_t size)
{
	size_t low = 0;
	size_t high = ksyms->count;
	const char *name;
	uint64_t offset;
	int len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ksyms->list[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return false;
	offset = addr - ksyms->list[low - 1].addr;
	if (offset >= FUNCTION_MAX_BYTES)
		return false;
	name = ksyms->text + ksyms->list[low - 1].name;
	len = strcspn(name, " \t\n");
	if (offset)
		snprintf(buf, size, "%.*s+0x%" PRIx64, len, name, offset);
	else
		snprintf(buf, size, "%.*s", len, name);
	return true;
}
