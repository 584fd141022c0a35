// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_line.c - see text_line.h. A line is matched by small steps over a cursor; each takes what it knows and says
 * whether it was there.
 *
 * A comm may hold blanks, dashes, digits and brackets ("x-12 [3] y"), so its end is not found from the left: every
 * '-' before digits is tried in turn until all that must follow (tid, tgid, CPU, context, time, name) does.
 */
#include "collect/text_line.h"

#include <limits.h>

#include "kernel/tracepoint.h"
#include "spine/event.h"

/* TASK_COMM_LEN - 1. A longer text before the tid has something else in front of the comm. */
#define COMM_MAX	15
/* Width of the comm column in trace and in trace-cmd report (%16s). */
#define COMM_COLUMN	16
/* How far the tid may be from the start: an instance name or a file name (255) and a dmesg stamp in front of it. */
#define HEAD_MAX	320
/* The context columns (irqs-off, need-resched, irq, preempt-depth, migrate-disable): 4 in 2.6.35, 5 since 5.11. */
#define CONTEXT_MIN	4
#define CONTEXT_MAX	8

#define NS_PER_SEC	1000000000u
#define NS_PER_USEC	1000u
#define NS_DIGITS	9

struct cursor {
	const char	*p;
	const char	*end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool is_name_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '.';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *c)
{
	while (c->p < c->end && is_blank(*c->p))
		c->p++;
}

static bool take_char(struct cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

static bool take_text(struct cursor *c, const char *want)
{
	size_t len = strlen(want);

	if (c->end - c->p < len || memcmp(c->p, want, len))
		return false;
	c->p += len;
	return true;
}

/* Decimal digits up to @max; false when there is none or too many. */
static bool take_number(struct cursor *c, uint64_t max, uint64_t *value)
{
	const char *start = c->p;

	for (*value = 0; c->p < c->end && is_digit(*c->p); c->p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *c->p - '0', value) || *value > max)
			return false;
	return c->p > start;
}

static struct slice slice_to(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	return (struct slice){ start, end - start };
}

static bool take_cpu(struct cursor *c, uint16_t *cpu)
{
	uint64_t value;

	if (!take_number(c, EVENT_CPU_UNKNOWN - 1, &value))
		return false;
	*cpu = value;
	return true;
}

/* "( 1155)" or "(-----)", the column of the record-tgid option. */
static bool take_tgid(struct cursor *c, int32_t *tgid)
{
	uint64_t value = 0;

	if (!take_char(c, '('))
		return false;
	skip_blanks(c);
	if (c->p < c->end && *c->p == '-')
		while (take_char(c, '-'))
			;
	else if (!take_number(c, INT32_MAX, &value))
		return false;
	*tgid = value;
	skip_blanks(c);
	return take_char(c, ')');
}

static bool is_context_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '.' || c == '#';
}

/* "d..1", ".N.1.": at most one word, which a blank ends. */
static bool take_context(struct cursor *c)
{
	const char *start = c->p;

	while (c->p < c->end && is_context_char(*c->p))
		c->p++;
	return c->p - start >= CONTEXT_MIN && c->p - start <= CONTEXT_MAX && c->p < c->end && is_blank(*c->p);
}

static bool take_fraction(struct cursor *c, uint64_t *ns)
{
	unsigned int digits = 0;

	for (*ns = 0; c->p < c->end && is_digit(*c->p) && digits < NS_DIGITS; c->p++, digits++)
		*ns = *ns * 10 + (*c->p - '0');
	if (!digits || (c->p < c->end && is_digit(*c->p)))
		return false;
	for (; digits < NS_DIGITS; digits++)
		*ns *= 10;
	return true;
}

/* "1734.106078:", "1734106078:" (a clock that counts), or "123us+:" of the latency format. */
static bool take_time(struct cursor *c, struct text_line *out)
{
	uint64_t whole, ns = 0, scale = 1;

	if (!take_number(c, INT64_MAX, &whole))
		return false;
	if (take_char(c, '.')) {
		if (!take_fraction(c, &ns))
			return false;
		scale = NS_PER_SEC;
	} else if (take_text(c, "us")) {
		/* One mark for how long the step was: trace_find_mark() of kernel/trace/trace_output.c. */
		if (c->p < c->end && *c->p != ':')
			c->p++;
		skip_blanks(c);
		scale = NS_PER_USEC;
	} else {
		out->ts_is_count = true;
	}
	return !__builtin_mul_overflow(whole, scale, &out->ts) && !__builtin_add_overflow(out->ts, ns, &out->ts) &&
	       out->ts <= INT64_MAX && take_char(c, ':');
}

/* "(+36158)" of trace-cmd report --ts-diff. */
static void skip_elapsed(struct cursor *c)
{
	struct cursor at = *c;
	uint64_t elapsed;

	if (take_text(&at, "(+") && take_number(&at, UINT64_MAX, &elapsed) && take_char(&at, ')'))
		*c = at;
	skip_blanks(c);
}

static struct slice take_name(struct cursor *c);

/* "1 vmscan:mm_...": the period that perf script -F +period prints before the name. */
static void skip_period(struct cursor *c)
{
	struct cursor at = *c, name;
	uint64_t period;

	if (!take_number(&at, UINT64_MAX, &period) || at.p == at.end || !is_blank(*at.p))
		return;
	skip_blanks(&at);
	name = at;
	if (take_name(&name).len && take_char(&name, ':') && take_name(&name).len && take_char(&name, ':'))
		*c = at;
}

static struct slice take_name(struct cursor *c)
{
	struct slice name = { c->p, 0 };

	if (c->p < c->end && is_alpha(*c->p))
		while (c->p < c->end && is_name_char(*c->p))
			c->p++;
	name.len = c->p - name.p;
	return name;
}

/* "schedule <-worker_thread"; with sym-offset and of modules: "xfs_inode_walk+0x1c/0x30 [xfs] <-kswapd+0x2/0x90". */
static bool take_function(struct cursor *c, struct text_line *out)
{
	static const char arrow[] = " <-";
	const char *at = memmem(c->p, c->end - c->p, arrow, sizeof(arrow) - 1);

	if (!at)
		return false;
	out->name = slice_to(out->name.p, at);
	out->parent = slice_to(at + sizeof(arrow) - 1, c->end);
	out->is_function = true;
	return out->parent.len > 0;
}

/* "name: payload", "system:name: payload", or a line of the function tracer. */
static bool take_event(struct cursor *c, struct text_line *out)
{
	out->name = take_name(c);
	if (!out->name.len)
		return false;
	if (take_char(c, ':')) {
		struct cursor at = *c;
		struct slice second = take_name(&at);

		/* In "tracing_mark_write:B|1:x" no blank ends the first name either, so ask for the second colon. */
		if (second.len && take_char(&at, ':') && (at.p == at.end || is_blank(*at.p))) {
			out->system = out->name;
			out->name = second;
			*c = at;
		}
		out->payload = slice_to(c->p, c->end);
		return true;
	}
	return take_function(c, out);
}

/* "[001] d..1 " or "  1d..1 " (latency-format and report -l: no brackets, the context glued on). */
static bool take_place(struct cursor *c, uint16_t *cpu)
{
	struct cursor at;

	if (take_char(c, '[')) {
		skip_blanks(c);
		if (!take_cpu(c, cpu) || !take_char(c, ']'))
			return false;
		skip_blanks(c);
		at = *c;
		if (take_context(&at))
			*c = at;
		skip_blanks(c);
		return true;
	}
	if (!take_cpu(c, cpu) || !take_context(c))
		return false;
	skip_blanks(c);
	return true;
}

/* All from behind the '-' (or blank) that ends the comm. */
static bool take_tail(struct cursor *c, struct text_line *out)
{
	uint64_t tid, perf_tid;
	struct cursor at;

	if (!take_number(c, INT32_MAX, &tid))
		return false;
	if (take_char(c, '/')) {	/* perf script: process/thread */
		if (!take_number(c, INT32_MAX, &perf_tid))
			return false;
		out->tgid = tid;
		tid = perf_tid;
	}
	if (c->p == c->end || !is_blank(*c->p))
		return false;
	out->tid = tid;
	skip_blanks(c);
	at = *c;
	if (take_tgid(&at, &out->tgid)) {
		*c = at;
		skip_blanks(c);
	}
	if (!take_place(c, &out->cpu) || !take_time(c, out))
		return false;
	skip_blanks(c);
	skip_elapsed(c);
	skip_period(c);
	return take_event(c, out);
}

/* "[  123.456789]", or "[Sat Nov 21 10:00:00 2026]" of dmesg -T. */
static bool take_dmesg_time(struct cursor *c)
{
	struct cursor at = *c;
	const char *close;
	uint64_t sec, ns;

	if (!take_char(&at, '['))
		return false;
	skip_blanks(&at);
	close = memchr(at.p, ']', at.end - at.p);
	if (take_number(&at, UINT64_MAX, &sec)) {
		if (!take_char(&at, '.') || !take_fraction(&at, &ns) || !take_char(&at, ']'))
			return false;
	} else {
		if (!close || close - at.p < 20 || close - at.p > 30 || close[-8] != ':' || close[-11] != ':')
			return false;
		at.p = close + 1;
	}
	*c = at;
	return true;
}

/* "[   T33]", "[    C1]": who printed; with CONFIG_PRINTK_CALLER, behind the time. */
static void skip_printk_caller(struct cursor *c)
{
	struct cursor at = *c;
	uint64_t number;

	if (!take_char(&at, '['))
		return;
	skip_blanks(&at);
	if ((take_char(&at, 'T') || take_char(&at, 'C')) && take_number(&at, INT32_MAX, &number) && take_char(&at, ']'))
		*c = at;
}

/* "<4>[  123.456789][   T33] " of dmesg and serial consoles, where ftrace_dump_on_oops writes. */
static const char *skip_dmesg_stamp(const char *p, const char *end)
{
	struct cursor c = { p, end };
	uint64_t level;

	if (take_char(&c, '<') && (!take_number(&c, 191, &level) || !take_char(&c, '>')))
		return p;
	if (!take_dmesg_time(&c))
		return p;
	skip_printk_caller(&c);
	return c.p < end && is_blank(*c.p) ? c.p : p;
}

/* The comm column is filled up on the left; blanks at the end are the comm's own. */
static struct slice comm_slice(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	return (struct slice){ start, end - start };
}

/*
 * What stands before the tid: "  comm", "instance:    comm", "trace.txt:12: comm". The comm column is as wide as any
 * comm, so whatever leaves room for it behind a ": " is no part of it.
 */
static void split_head(const char *start, const char *end, struct text_line *out)
{
	const char *blank, *word;

	start = skip_dmesg_stamp(start, end);
	out->comm = comm_slice(start, end);
	if (end - start <= COMM_COLUMN)
		return;
	word = out->comm.p;
	for (blank = word; blank < end && !is_blank(*blank); blank++)
		;
	if (blank > word && blank[-1] == ':' && end - blank > COMM_COLUMN) {
		out->comm = comm_slice(blank, end);
		if (!memchr(word, ':', blank - 1 - word))	/* "file:line:" comes from grep */
			out->instance = (struct slice){ word, blank - 1 - word };
	}
	if (out->comm.len <= COMM_MAX)
		return;
	word = memrchr(out->comm.p, ':', out->comm.len);
	if (word && word + 1 < end && is_blank(word[1]))
		out->comm = comm_slice(word + 1, end);
	out->comm = comm_slice(skip_dmesg_stamp(out->comm.p, end), end);	/* syslog writes its own before it */
}

/* What perf printed without its system. Anything else between a number and a ':' could be prose. */
static bool is_known(struct slice name)
{
	char copy[64];

	if (name.len >= sizeof(copy))
		return false;
	memcpy(copy, name.p, name.len);
	copy[name.len] = '\0';
	return tp_lookup(copy) != TP_NONE;
}

enum match_what { MATCH_COMMON, MATCH_OLD_PERF };

static bool match_at(const char *start, const char *dash, const char *end, enum match_what what, struct text_line *out)
{
	struct text_line try = { .kind = TEXT_LINE_EVENT };
	struct cursor c = { dash + 1, end };

	if (!take_tail(&c, &try))
		return false;
	/* A blank instead of the dash is perf's habit only; it names the system, but not always in old versions. */
	if (*dash != '-' && !try.system.len && (what != MATCH_OLD_PERF || !is_known(try.name)))
		return false;
	split_head(start, dash, &try);
	if (*dash != '-')	/* perf fills the column up on either side */
		try.comm = slice_to(try.comm.p, dash);
	*out = try;
	return true;
}

/* The end of the comm is in front of a number, behind '-' or, in perf script, a blank. */
static bool parse_event(const char *start, const char *end, struct text_line *out)
{
	const char *limit = end - start > HEAD_MAX ? start + HEAD_MAX : end;

	/* at the start: the comm was cut off */
	for (const char *p = start; p + 1 < limit; p++)
		if ((*p == '-' || (*p == ' ' && p > start)) && is_digit(p[1]) && match_at(start, p, end, MATCH_COMMON, out))
			return true;
	for (const char *p = start + 1; p + 1 < limit; p++)
		if (*p == ' ' && is_digit(p[1]) && p[-1] != ':' && match_at(start, p, end, MATCH_OLD_PERF, out))
			return true;
	return false;
}

static bool parse_loss(struct cursor c, struct text_line *out)
{
	uint64_t count = 0;
	bool counted, lost;

	if (!take_text(&c, "CPU:") || !take_cpu(&c, &out->cpu) || !take_text(&c, " ["))
		return false;
	lost = take_text(&c, "LOST ");
	counted = take_number(&c, INT64_MAX, &count) && take_char(&c, ' ');
	if (!take_text(&c, "EVENTS") || !(lost || take_text(&c, " DROPPED")) || !take_char(&c, ']'))
		return false;
	out->lost = counted ? (int64_t)count : LOSS_COUNT_UNKNOWN;
	out->kind = TEXT_LINE_LOSS;
	return true;
}

static const char *find_text(struct cursor c, const char *want)
{
	const char *at = memmem(c.p, c.end - c.p, want, strlen(want));

	return at ? at + strlen(want) : NULL;
}

/* "205/2050": so many of so many are in the buffer; the others were overwritten. */
static void take_entries(struct cursor c, struct text_line *out)
{
	uint64_t held, written;

	skip_blanks(&c);
	if (take_number(&c, INT64_MAX, &held) && take_char(&c, '/') && take_number(&c, INT64_MAX, &written) &&
	    written > held)
		out->lost = written - held;
}

static bool parse_comment(struct cursor c, struct text_line *out)
{
	uint64_t cpus;
	const char *at;

	if (!take_char(&c, '#'))
		return false;
	out->kind = TEXT_LINE_HEADER;
	at = find_text(c, "#P:");
	if (at && take_number(&(struct cursor){ at, c.end }, EVENT_CPU_UNKNOWN, &cpus))
		out->cpus = cpus;
	at = find_text(c, "entries-in-buffer/entries-written:");
	if (!at && find_text(c, "latency:"))	/* "# latency: 5 us, #205/2050, CPU#0 | ..." */
		at = find_text(c, ", #");
	if (at)
		take_entries((struct cursor){ at, c.end }, out);
	at = find_text(c, "tracer: ");
	if (at)
		out->tracer = slice_to(at, c.end);
	return true;
}

/* What trace-cmd report prints about the file: "cpus=2", also behind the file's name. */
static bool parse_cpus(struct cursor c, struct text_line *out)
{
	const char *at = find_text(c, "cpus=");
	uint64_t cpus;

	if (!at || (at - c.p > 5 && at[-6] != ' '))
		return false;
	c.p = at;
	if (!take_number(&c, EVENT_CPU_UNKNOWN, &cpus))
		return false;
	skip_blanks(&c);
	if (c.p != c.end)
		return false;
	out->kind = TEXT_LINE_HEADER;
	out->cpus = cpus;
	return true;
}

/* "CPU 1 is empty", "##### CPU 1 buffer started ####", "version = 7". */
static bool parse_remark(struct cursor c, struct text_line *out)
{
	if (!(take_text(&c, "CPU ") && find_text(c, " is empty")) && !take_text(&c, "version = "))
		return false;
	out->kind = TEXT_LINE_HEADER;
	return true;
}

/* Mail quotes only at the very start of a line: a comm in its column may begin with '>' as well. */
static bool skip_quotes(struct cursor *c)
{
	const char *start = c->p;

	while (take_char(c, '>'))
		if (c->p < c->end && c->p[0] == ' ' && c->p + 1 < c->end && c->p[1] == '>')
			c->p++;
	if (c->p > start && c->p < c->end && *c->p == ' ')
		c->p++;
	return c->p > start;
}

/* Blanks, a carriage return, and the "\n\" of traces that systrace put into a script. */
static void cut_end(struct cursor *c)
{
	static const char script_end[] = "\\n\\";
	const size_t len = sizeof(script_end) - 1;

	while (c->end > c->p && (is_blank(c->end[-1]) || c->end[-1] == '\r'))
		c->end--;
	if (c->end - c->p >= len && !memcmp(c->end - len, script_end, len))
		c->end -= len;
}

/* What @entity, which begins at '&', stands for; *used its length. '\0' when it is none that we know. */
static char entity_char(const char *entity, const char *end, size_t *used)
{
	static const struct {
		const char	*entity;
		char		c;
	} entities[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&nbsp;", ' ' }, { "&quot;", '"' }, { "&#39;", '\'' },
		{ "&#160;", ' ' }, { "&#34;", '"' },
	};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		*used = strlen(entities[i].entity);
		if (end - entity >= *used && !memcmp(entity, entities[i].entity, *used))
			return entities[i].c;
	}
	return '\0';
}

/* Whether a line with an '&' in it is one of a web page. */
static bool is_page(const char *line, size_t len)
{
	static const char *const signs[] = { "&lt;...&gt;-", "&lt;idle&gt;-", "&nbsp;", "&#160;" };
	struct cursor c = { line, line + len };

	skip_blanks(&c);
	if (take_text(&c, "&gt;"))
		return true;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (find_text(c, signs[i]))
			return true;
	return false;
}

/* Blanks that do not break, in UTF-8; mail programs and web pages make them of those at the start of a line. */
static void open_blanks(char *line, size_t len)
{
	char *end = line + len;

	while ((line = memchr(line, '\xc2', end - line))) {
		line++;
		if (line < end && *line == '\xa0')
			memset(line - 1, ' ', 2);
	}
}

static int hex_digit(char c)
{
	return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Every '=' before two hex digits, or at the end; *signs of them are the most usual ones. */
static bool is_quoted_printable(const char *line, size_t len, unsigned int *signs)
{
	const char *end = line + len;

	*signs = 0;
	for (const char *at = line; (at = memchr(at, '=', end - at)); at++) {
		if (at + 1 == end || (at + 2 == end && at[1] == '\r')) {
			*signs += 1;
			continue;
		}
		if (end - at < 3 || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
			return false;
		*signs += !memcmp(at, "=3D", 3) || !memcmp(at, "=C2", 3);
	}
	return true;
}

void text_line_unquote(char *line, size_t len, bool *quoted_printable)
{
	const char *from = line, *end = line + len;
	unsigned int signs;
	char *to;

	if (!memchr(line, '=', len) || !is_quoted_printable(line, len, &signs))
		return;
	*quoted_printable |= signs > 1;
	if (!*quoted_printable)
		return;
	for (to = line; from < end; to++) {
		if (*from != '=' || end - from < 3) {
			*to = *from == '=' ? ' ' : *from;
			from++;
		} else if (hex_digit(from[1]) < 0) {
			*to = ' ';
			from++;
		} else {
			*to = hex_digit(from[1]) << 4 | hex_digit(from[2]);
			if ((unsigned char)*to < ' ')
				*to = ' ';
			from += 3;
		}
	}
	memset(to, ' ', end - to);
	open_blanks(line, len);
}

void text_line_unescape(char *line, size_t len)
{
	const char *from = memchr(line, '&', len), *end = line + len;
	char *to;

	open_blanks(line, len);
	if (!from || !is_page(line, len))
		return;
	for (to = line + (from - line); from < end; to++) {
		size_t used = 1;
		char c = *from == '&' ? entity_char(from, end, &used) : '\0';

		*to = c ? c : *from;
		from += c ? used : 1;
	}
	memset(to, ' ', end - to);
}

void text_line_parse(const char *line, size_t len, struct text_line *out)
{
	struct cursor c = { line, line + len };
	bool quoted = skip_quotes(&c);
	struct cursor bare;

	cut_end(&c);
	bare = c;
	skip_blanks(&bare);
	*out = (struct text_line){ .kind = TEXT_LINE_OTHER };
	if (bare.p == bare.end)
		out->kind = TEXT_LINE_BLANK;
	else if (!parse_event(c.p, c.end, out) && !parse_loss(bare, out) && !parse_comment(bare, out) &&
		 !parse_remark(bare, out))
		parse_cpus(bare, out);
	out->text = (struct slice){ bare.p, bare.end - bare.p };
	out->quoted = quoted;
}
