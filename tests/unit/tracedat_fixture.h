/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_fixture.h - makes small trace.dat files in memory, for the unit test and as first inputs of the fuzzer.
 *
 * Written from trace-cmd.dat.v6(5), .v7(5) and include/linux/ring_buffer.h, not with the code under test. The file has two
 * CPUs with PAGES pages each; record j of page p of CPU c is a "plain" event with time 10000 p + 100 c + 10 j and
 * order 1000 c + RECORDS p + j, so whoever reads it can tell from an order what the rest must be.
 */
#ifndef SQUALL_TESTS_TRACEDAT_FIXTURE_H
#define SQUALL_TESTS_TRACEDAT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define FIX_PAGE	256u
#define FIX_PAGES	3u
#define FIX_RECORDS	8u
#define FIX_CPUS	2u
#define FIX_PLAIN_ID	101u

struct fix_opts {
	unsigned int	version;	/* 6 or 7 */
	bool		big;		/* byte order */
	bool		bits32;		/* the kernel's long has 4 bytes */
	char		zip;		/* 0, 's' zstd, 'z' zlib */
	const char	*instance;	/* name of a second buffer with the same data, or NULL */
	const uint8_t	*page;		/* one page of FIX_PAGE bytes in place of all, for CPU 0; or NULL */
	const char	*cpustat;	/* or NULL */
	const char	*clock;		/* content of trace_clock, or NULL */
	uint32_t	tsc_mult;	/* with option TSC2NSEC, if not 0 */
	uint32_t	tsc_shift;
};

struct fix {
	uint8_t		*data;
	size_t		len;
	size_t		room;
	bool		big;
	bool		bits32;
	size_t		page_end[FIX_CPUS][FIX_PAGES];	/* offset behind each page, or behind its chunk */
};

static inline void fix_put(struct fix *f, const void *data, size_t len)
{
	if (f->len + len > f->room) {
		f->room = (f->len + len) * 2;
		f->data = realloc(f->data, f->room);
	}
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static inline void fix_set(struct fix *f, size_t at, uint64_t v, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		f->data[at + i] = v >> 8 * (f->big ? bytes - 1 - i : i);
}

static inline void fix_num(struct fix *f, uint64_t v, unsigned int bytes)
{
	uint8_t zero[8] = { 0 };

	fix_put(f, zero, bytes);
	fix_set(f, f->len - bytes, v, bytes);
}

static inline void fix_str(struct fix *f, const char *s)
{
	fix_put(f, s, strlen(s) + 1);
}

static inline void fix_align(struct fix *f)
{
	while (f->len % FIX_PAGE)
		fix_put(f, "", 1);
}

static inline void fix_text64(struct fix *f, const char *s)
{
	fix_num(f, strlen(s), 8);
	fix_put(f, s, strlen(s));
}

static inline void fix_text32(struct fix *f, const char *s)
{
	fix_num(f, strlen(s), 4);
	fix_put(f, s, strlen(s));
}

#define FIX_COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char fix_header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:240;\tsigned:1;\n";

static const char fix_header_page32[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:12;\tsize:244;\tsigned:1;\n";

static const char fix_print[] =
	"name: print\nID: 5\nformat:\n" FIX_COMMON
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:char buf[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%ps: %s\", (void *)REC->ip, REC->buf\n";

static const char fix_plain[] =
	"name: plain\nID: 101\nformat:\n" FIX_COMMON
	"\tfield:int order;\toffset:8;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"order=%d gfp_flags=%s\", REC->order, (REC->order) ? __print_flags(REC->order, \"|\", "
	"{( unsigned long)((((1UL))) << (3)), \"__GFP_MOVABLE\"}, {0x10, \"__GFP_RECLAIMABLE\"}, {SOME_NAME, \"bad\"}) : \"none\"\n";

static const char fix_kinds[] =
	"name: all_kinds\nID: 100\nformat:\n" FIX_COMMON
	"\tfield:u8 a;\toffset:8;\tsize:1;\tsigned:0;\n"
	"\tfield:bool flag;\toffset:9;\tsize:1;\tsigned:0;\n"
	"\tfield:short b;\toffset:10;\tsize:2;\tsigned:1;\n"
	"\tfield:int c;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned long d;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:char comm[16];\toffset:24;\tsize:16;\tsigned:0;\n"
	"\tfield:__data_loc char[] name;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc char[] rel;\toffset:44;\tsize:4;\tsigned:0;\n"
	"\tfield:u8 mac[6];\toffset:48;\tsize:6;\tsigned:0;\n"
	"\tfield:void * fn;\toffset:56;\tsize:8;\tsigned:0;\n"
	"\tfield:__data_loc unsigned long[] mask;\toffset:64;\tsize:4;\tsigned:0;\n"
	"\tfield:struct odd_thing odd;\toffset:68;\tsize:3;\tsigned:0;\n"
	"\tfield:s8 tiny;\toffset:71;\tsize:1;\tsigned:1;\n"
	"\tfield:long late;\toffset:400;\tsize:8;\tsigned:1;\n\n"
	"print fmt: \"%pS %.*s pageblock_order=%d a=%d\", REC->fn, 3, REC->comm, "
	"(((unsigned int)((21 - 12))) < ((unsigned int)(10)) ? ((unsigned int)((21 - 12))) : ((unsigned int)(10))), REC->a\n";

static const char fix_kallsyms[] =
	"0000000000000000 A fixed_percpu_data\n"
	"ffffffff81000000 T _text\n"
	"ffffffff81000100 t shrink_this\t[mod]\n"
	"ffffffff81000200 D some_data\n"
	"ffffffff81000300 T next_one\n";

static inline void fix_header(struct fix *f)
{
	fix_str(f, "header_page");
	fix_text64(f, f->bits32 ? fix_header_page32 : fix_header_page);
	fix_str(f, "header_event");
	fix_text64(f, "\ttype_len    :    5 bits\n");
}

static inline void fix_ftrace(struct fix *f)
{
	fix_num(f, 1, 4);
	fix_text64(f, fix_print);
}

static inline void fix_formats(struct fix *f)
{
	fix_num(f, 2, 4);
	fix_str(f, "test");
	fix_num(f, 1, 4);
	fix_text64(f, fix_kinds);
	fix_str(f, "vmscan");
	fix_num(f, 1, 4);
	fix_text64(f, fix_plain);
}

static inline void fix_syms(struct fix *f)
{
	fix_text32(f, fix_kallsyms);
}

static inline void fix_printk(struct fix *f)
{
	fix_text32(f, "");
}

static inline void fix_cmdlines(struct fix *f)
{
	fix_text64(f, "42 kswapd0\n43 a b\n44 <...>\n");
}

static void (*const fix_parts[6])(struct fix *f) = {
	fix_header, fix_ftrace, fix_formats, fix_syms, fix_printk, fix_cmdlines,
};

/* The head of a record: 5 bits type, 27 bits delta, at the ends that the byte order says. */
static inline void fix_record_head(struct fix *f, unsigned int type, uint32_t delta)
{
	fix_num(f, f->big ? (uint64_t)type << 27 | delta : (uint64_t)delta << 5 | type, 4);
}

static inline void fix_common(struct fix *f, unsigned int id, int tid)
{
	fix_num(f, id, 2);
	fix_num(f, 0, 2);
	fix_num(f, tid, 4);
}

/* A page with its head; the caller appends records and calls fix_page_done(). */
static inline size_t fix_page_start(struct fix *f, uint64_t ts)
{
	size_t at = f->len;

	fix_num(f, ts, 8);
	fix_num(f, 0, f->bits32 ? 4 : 8);
	return at;
}

static inline void fix_page_done(struct fix *f, size_t at, uint64_t flags)
{
	unsigned int long_bytes = f->bits32 ? 4 : 8;

	fix_set(f, at + 8, (f->len - at - 8 - long_bytes) | flags, long_bytes);
	while (f->len - at < FIX_PAGE)
		fix_put(f, "", 1);
}

static inline void fix_plain_page(struct fix *f, unsigned int cpu, unsigned int page)
{
	size_t at = fix_page_start(f, 10000 * page + 100 * cpu);

	for (unsigned int j = 0; j < FIX_RECORDS; j++) {
		fix_record_head(f, 3, j ? 10 : 0);
		fix_common(f, FIX_PLAIN_ID, 42 + cpu);
		fix_num(f, 1000 * cpu + FIX_RECORDS * page + j, 4);
	}
	fix_page_done(f, at, 0);
}

/* Compressed size, size, data. */
static inline void fix_chunk(struct fix *f, char zip, const void *data, size_t len)
{
	uint8_t out[16384];
	uLongf zlen = sizeof(out);
	size_t n;

	if (zip == 's') {
		n = ZSTD_compress(out, sizeof(out), data, len, 3);
	} else {
		compress(out, &zlen, data, len);
		n = zlen;
	}
	fix_num(f, n, 4);
	fix_num(f, len, 4);
	fix_put(f, out, n);
}

/* The data of one CPU; each page a chunk if compressed. Returns its size as trace-cmd counts it. */
static inline size_t fix_cpu_data(struct fix *f, const struct fix_opts *o, unsigned int cpu)
{
	unsigned int pages = o->page ? cpu == 0 : FIX_PAGES;
	size_t start = f->len;

	if (!pages)
		return 0;
	if (o->zip)
		fix_num(f, pages, 4);
	for (unsigned int p = 0; p < pages; p++) {
		struct fix page = { .big = f->big, .bits32 = f->bits32 };

		if (o->page)
			fix_put(&page, o->page, FIX_PAGE);
		else
			fix_plain_page(&page, cpu, p);
		if (o->zip)
			fix_chunk(f, o->zip, page.data, page.len);
		else
			fix_put(f, page.data, page.len);
		f->page_end[cpu][p] = f->len;
		free(page.data);
	}
	return f->len - start - (o->zip ? 4 : 0);
}

static inline size_t fix_option(struct fix *f, unsigned int id, size_t len)
{
	fix_num(f, id, 2);
	fix_num(f, len, 4);
	return f->len;
}

static inline void fix_option_text(struct fix *f, unsigned int id, const char *s)
{
	fix_option(f, id, strlen(s) + 1);
	fix_str(f, s);
}

/* The options that both versions have. */
static inline void fix_common_options(struct fix *f, const struct fix_opts *o)
{
	fix_option_text(f, 5, "Linux testhost 6.18.15+test x86_64");
	fix_option_text(f, 9, "3.1.6 test");
	if (o->cpustat)
		fix_option_text(f, 2, o->cpustat);
	if (o->tsc_mult) {
		fix_option(f, 14, 16);
		fix_num(f, o->tsc_mult, 4);
		fix_num(f, o->tsc_shift, 4);
		fix_num(f, 0, 8);
	}
	fix_option(f, 8, 4);
	fix_num(f, FIX_CPUS, 4);
}

static inline void fix_v6_table(struct fix *f, const struct fix_opts *o)
{
	size_t table = f->len;

	for (unsigned int cpu = 0; cpu < FIX_CPUS; cpu++) {
		fix_num(f, 0, 8);
		fix_num(f, 0, 8);
	}
	if (o->clock)
		fix_text64(f, o->clock);
	for (unsigned int cpu = 0; cpu < FIX_CPUS; cpu++) {
		size_t at, len;

		fix_align(f);
		at = f->len;
		len = fix_cpu_data(f, o, cpu);
		fix_set(f, table + 16 * cpu, at, 8);
		fix_set(f, table + 16 * cpu + 8, len, 8);
	}
}

static inline void fix_v6(struct fix *f, const struct fix_opts *o)
{
	size_t instance_at = 0;

	for (int i = 0; i < 6; i++)
		fix_parts[i](f);
	fix_num(f, FIX_CPUS, 4);
	fix_put(f, "options  ", 10);
	fix_common_options(f, o);
	if (o->clock)
		fix_option(f, 4, 0);
	if (o->instance) {
		instance_at = fix_option(f, 3, 8 + strlen(o->instance) + 1);
		fix_num(f, 0, 8);
		fix_str(f, o->instance);
	}
	fix_num(f, 0, 2);
	fix_put(f, "flyrecord", 10);
	fix_v6_table(f, o);
	if (o->instance) {
		struct fix_opts plain = *o;

		plain.clock = NULL;
		fix_set(f, instance_at, f->len, 8);
		fix_put(f, "flyrecord", 10);
		fix_v6_table(f, &plain);
	}
}

/* The head of a section; its size is set by fix_section_done(). */
static inline size_t fix_section(struct fix *f, unsigned int id, bool compressed)
{
	fix_num(f, id, 2);
	fix_num(f, compressed, 2);
	fix_num(f, 0, 4);
	fix_num(f, 0, 8);
	return f->len;
}

static inline void fix_section_done(struct fix *f, size_t content)
{
	fix_set(f, content - 8, f->len - content, 8);
}

static inline void fix_v7_buffer(struct fix *f, const struct fix_opts *o, const char *name, size_t *table, size_t *section)
{
	size_t content;

	*section = f->len;
	content = fix_section(f, 3, o->zip);
	for (unsigned int cpu = 0; cpu < FIX_CPUS; cpu++) {
		fix_align(f);
		table[2 * cpu] = f->len;
		table[2 * cpu + 1] = fix_cpu_data(f, o, cpu);
	}
	fix_section_done(f, content);
}

static inline void fix_v7_buffer_option(struct fix *f, const struct fix_opts *o, const char *name, const size_t *table,
					size_t section)
{
	const char *clock = "mono";

	fix_option(f, 3, 8 + strlen(name) + 1 + strlen(clock) + 1 + 8 + FIX_CPUS * 20);
	fix_num(f, section, 8);
	fix_str(f, name);
	fix_str(f, clock);
	fix_num(f, FIX_PAGE, 4);
	fix_num(f, FIX_CPUS, 4);
	for (unsigned int cpu = 0; cpu < FIX_CPUS; cpu++) {
		fix_num(f, cpu, 4);
		fix_num(f, table[2 * cpu], 8);
		fix_num(f, table[2 * cpu + 1], 8);
	}
}

static inline void fix_done_option(struct fix *f, size_t next)
{
	fix_option(f, 0, 8);
	fix_num(f, next, 8);
}

static inline void fix_v7(struct fix *f, const struct fix_opts *o)
{
	const char *names[2] = { "", o->instance };
	size_t options_at, content, parts[6], tables[2][2 * FIX_CPUS], sections[2], next_at;

	fix_str(f, o->zip == 's' ? "zstd" : o->zip ? "zlib" : "none");
	fix_str(f, "1.0");
	options_at = f->len;
	fix_num(f, 0, 8);
	for (int i = 0; i < 6; i++) {
		struct fix part = { .big = f->big, .bits32 = f->bits32 };

		parts[i] = f->len;
		content = fix_section(f, 16 + i, o->zip);
		fix_parts[i](&part);
		if (o->zip)
			fix_chunk(f, o->zip, part.data, part.len);
		else
			fix_put(f, part.data, part.len);
		fix_section_done(f, content);
		free(part.data);
	}
	fix_set(f, options_at, f->len, 8);
	content = fix_section(f, 0, false);
	for (int i = 0; i < 6; i++) {
		fix_option(f, 16 + i, 8);
		fix_num(f, parts[i], 8);
	}
	if (o->clock)
		fix_option_text(f, 4, o->clock);
	fix_common_options(f, o);
	fix_done_option(f, 0);
	next_at = f->len - 8;
	fix_section_done(f, content);
	for (int i = 0; i < 2 && names[i]; i++)
		fix_v7_buffer(f, o, names[i], tables[i], &sections[i]);
	fix_set(f, next_at, f->len, 8);
	content = fix_section(f, 0, false);
	for (int i = 0; i < 2 && names[i]; i++)
		fix_v7_buffer_option(f, o, names[i], tables[i], sections[i]);
	fix_done_option(f, 0);
	fix_section_done(f, content);
}

/* The caller frees ->data. */
static inline struct fix fix_make(const struct fix_opts *o)
{
	struct fix f = { .big = o->big, .bits32 = o->bits32 };
	uint8_t head[2] = { o->big, 8 };

	fix_put(&f, "\x17\x08\x44tracing", 10);
	fix_str(&f, o->version == 6 ? "6" : "7");
	fix_put(&f, head, 2);
	fix_num(&f, FIX_PAGE, 4);
	if (o->version == 6)
		fix_v6(&f, o);
	else
		fix_v7(&f, o);
	return f;
}

#endif
