/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_line.h - one line of ftrace text taken apart: who, where, when, which event, and the rest.
 *
 * Layouts: the kernel's trace and trace_pipe (with and without tgid and context columns, also latency-format),
 * trace-cmd report (also -l, -t, -R, --ts-diff, several buffers), perf script, any of them behind mail quoting or a
 * dmesg time stamp. Nothing is copied: all slices point into the line.
 */
#ifndef SQUALL_COLLECT_TEXT_LINE_H
#define SQUALL_COLLECT_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Part of a text, not terminated. */
struct slice {
	const char	*p;
	size_t		len;
};

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static inline bool slice_is(struct slice s, const char *text)
{
	return s.len && *s.p == *text && !strncmp(text, s.p, s.len) && strlen(text) == s.len;
}

static inline uint32_t slice_hash(struct slice s)
{
	uint32_t hash = 2166136261u;		/* FNV-1a */

	for (; s.len; s.p++, s.len--)
		hash = (hash ^ (uint8_t)*s.p) * 16777619u;
	return hash ^ hash >> 15;
}

enum text_line_kind {
	TEXT_LINE_OTHER,	/* mail text, summaries, stack entries: nothing for us */
	TEXT_LINE_EVENT,
	TEXT_LINE_LOSS,		/* "CPU:1 [LOST 123 EVENTS]", "CPU:1 [123 EVENTS DROPPED]" */
	TEXT_LINE_HEADER,	/* "# ...", "cpus=2", "version = 7" and so on, with or without a fact for us */
	TEXT_LINE_BLANK,
};

/* text and quoted are set always, of the others what the kind needs; the rest is 0. */
struct text_line {
	enum text_line_kind	kind;
	struct slice		text;		/* the line without quote marks and blanks around it */
	bool			quoted;		/* behind "> " */
	bool			cut;		/* set by the caller: the input ends without a newline behind it */

	/* TEXT_LINE_EVENT */
	struct slice		instance;	/* trace buffer; empty: the main one */
	struct slice		comm;		/* any bytes; may be "<...>", which is no name */
	struct slice		system;		/* "vmscan" of perf script, usually empty */
	struct slice		name;		/* event name */
	struct slice		payload;	/* without blanks at its ends */
	struct slice		parent;		/* function tracer only: "name <-parent" */
	uint64_t		ts;		/* ns, or units of the trace clock when ts_is_count */
	int32_t			tid;
	int32_t			tgid;		/* 0 not told */
	uint16_t		cpu;		/* also TEXT_LINE_LOSS */
	bool			ts_is_count;	/* printed without a decimal point */
	bool			is_function;	/* a line of the function tracer */

	/* TEXT_LINE_LOSS: LOSS_COUNT_UNKNOWN when not told. TEXT_LINE_HEADER: written to the buffer but not in it. */
	int64_t			lost;

	/* TEXT_LINE_HEADER */
	uint32_t		cpus;		/* 0 not told */
	struct slice		tracer;		/* "nop", "function"; empty: not told */
};

/*
 * A line out of a web page, "&gt; &lt;...&gt;-33": its entities become what they stand for, and blanks fill it up. Only where
 * the page shows itself, by a quote mark, a blank or a name without a task; a comm may hold "&lt;" as well.
 */
void text_line_unescape(char *line, size_t len);

/*
 * A line of a mail in quoted-printable, "nid=3D0 order=3D3": as it was, and blanks fill it up. *quoted_printable is set by
 * the first line that can be nothing else, and says that the others are too.
 */
void text_line_unquote(char *line, size_t len, bool *quoted_printable);

/* Takes line[0..len), without its newline, apart. Never fails: what is not understood is TEXT_LINE_OTHER. */
void text_line_parse(const char *line, size_t len, struct text_line *out);

#endif
