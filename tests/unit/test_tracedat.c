// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tracedat.c - the source "trace.dat" on files made by tracedat_fixture.h, whole and damaged, and on recorded ones.
 *
 * Recorded files are looked for in the folders below $SQUALL_TRACES (each with trace.dat and counts.tsv: name, tab,
 * number); without it those tests are skipped. There libtracecmd is the second source: time, CPU and thread of every record.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <trace-cmd.h>

#include "collect/source_table.h"
#include "spine/isolate.h"
#include "tests/unit/tracedat_fixture.h"

#define MAX_EVENTS	256
#define MAX_TYPES	512

/* What arrived. */
struct seen {
	struct {
		uint64_t	ts;
		int64_t		order;		/* of a plain event, else -1 */
		int32_t		tid;
		uint16_t	cpu;
		uint16_t	buffer;
		const char	*type;
	} events[MAX_EVENTS];
	size_t		nevents;		/* may exceed MAX_EVENTS */
	char		types[MAX_TYPES][64];
	uint64_t	counts[MAX_TYPES];
	uint64_t	cpu_events[64];
	uint64_t	cpu_hash[64];		/* of time and thread, in order */
	char		values[1024];		/* of the last event that is no plain one */
	char		metas[8192];
	char		other[2048];		/* tasks, symbols, buffers, losses */
	struct source_error err;
};

static void append(char *to, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void append(char *to, size_t room, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list args;

	va_start(args, fmt);
	vsnprintf(to + len, room - len, fmt, args);
	va_end(args);
}

static int see_type(void *ctx, const struct event_type *t)
{
	struct seen *s = ctx;

	assert_true(t->id < MAX_TYPES);
	snprintf(s->types[t->id], sizeof(s->types[0]), "%s", t->name);
	return 0;
}

static void print_values(struct seen *s, const struct event *ev)
{
	s->values[0] = '\0';
	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];
		const char *name = ev->type->fields[i].name;

		switch (v->kind) {
		case VALUE_NONE:
			append(s->values, sizeof(s->values), "%s=none ", name);
			break;
		case VALUE_INT:
			append(s->values, sizeof(s->values), "%s=%" PRId64 " ", name, v->i);
			break;
		case VALUE_UINT:
			append(s->values, sizeof(s->values), "%s=0x%" PRIx64 " ", name, v->u);
			break;
		case VALUE_TEXT:
			append(s->values, sizeof(s->values), "%s='%.*s' ", name, (int)v->len, v->p);
			break;
		default:
			append(s->values, sizeof(s->values), "%s=", name);
			for (uint32_t j = 0; j < v->len; j++)
				append(s->values, sizeof(s->values), "%02x", (uint8_t)v->p[j]);
			append(s->values, sizeof(s->values), " ");
		}
	}
}

static uint64_t hash_step(uint64_t hash, uint64_t ts, int32_t tid)
{
	return (hash ^ ts ^ (uint64_t)(uint32_t)tid << 40) * 1099511628211ull;
}

static int see_event(void *ctx, const struct event *ev)
{
	struct seen *s = ctx;
	bool plain = !strcmp(ev->type->name, "plain") && ev->type->nfields == 1;

	s->counts[ev->type->id]++;
	if (s->nevents < MAX_EVENTS) {
		s->events[s->nevents].ts = ev->ts;
		s->events[s->nevents].order = plain ? ev->values[0].i : -1;
		s->events[s->nevents].tid = ev->tid;
		s->events[s->nevents].cpu = ev->cpu;
		s->events[s->nevents].buffer = ev->buffer;
		s->events[s->nevents].type = s->types[ev->type->id];
		if (!plain)
			print_values(s, ev);
	}
	s->nevents++;
	if (ev->cpu < 64) {
		s->cpu_events[ev->cpu]++;
		s->cpu_hash[ev->cpu] = hash_step(s->cpu_hash[ev->cpu], ev->ts, ev->tid);
	}
	return 0;
}

static int see_loss(void *ctx, const struct loss *l)
{
	struct seen *s = ctx;

	append(s->other, sizeof(s->other), "loss %" PRIu64 " %" PRId64 " cpu %u buffer %u %s\n", l->ts, l->events, l->cpu,
	       l->buffer, l->stage);
	return 0;
}

static int see_task(void *ctx, const struct task_name *t)
{
	struct seen *s = ctx;

	append(s->other, sizeof(s->other), "task %d %s\n", t->tid, t->comm);
	return 0;
}

static int see_symbol(void *ctx, uint64_t addr, const char *name)
{
	struct seen *s = ctx;

	append(s->other, sizeof(s->other), "symbol %" PRIx64 " %s\n", addr, name);
	return 0;
}

static int see_buffer(void *ctx, uint16_t buffer, const char *name)
{
	struct seen *s = ctx;

	append(s->other, sizeof(s->other), "buffer %u '%s'\n", buffer, name);
	return 0;
}

static int see_meta(void *ctx, const char *key, const char *value)
{
	struct seen *s = ctx;

	append(s->metas, sizeof(s->metas), "%s=%s\n", key, value);
	return 0;
}

static const struct sink_ops see_ops = {
	.type = see_type, .event = see_event, .loss = see_loss, .task = see_task, .symbol = see_symbol,
	.buffer = see_buffer, .meta = see_meta,
};

static int run_fd(int fd, uint64_t size, struct seen *s)
{
	struct source_progress progress = { 0 };
	const struct source_input in = { .path = "test", .fd = fd, .size = size, .progress = &progress };
	const struct sink sink = { .ops = &see_ops, .ctx = s };

	memset(s, 0, sizeof(*s));
	return tracedat_source.run(&in, &sink, &s->err);
}

static int run_bytes(const void *data, size_t len, struct seen *s)
{
	int fd = memfd_create("trace.dat", MFD_CLOEXEC);
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	ret = run_fd(fd, len, s);
	close(fd);
	return ret;
}

static struct seen seen;

/* All variants of the file that hold the same events. */
static const struct fix_opts variants[] = {
	{ .version = 6 },
	{ .version = 6, .big = true, .clock = "local [mono] boot\n" },
	{ .version = 7, .clock = "local [mono] boot\n" },
	{ .version = 7, .big = true },
	{ .version = 7, .zip = 's', .clock = "local [mono] boot\n" },
	{ .version = 7, .zip = 'z', .big = true },
	{ .version = 6, .bits32 = true },
	{ .version = 7, .bits32 = true, .big = true },
};
#define NVARIANTS	(sizeof(variants) / sizeof(variants[0]))

/*
 * The events of CPU @cpu must be the first ones of it, in order. Returns how many there are. The order field says which
 * one it is; fixture comment.
 */
static unsigned int check_cpu(unsigned int cpu)
{
	unsigned int n = 0;

	for (size_t i = 0; i < seen.nevents; i++) {
		if (seen.events[i].cpu != cpu)
			continue;
		assert_int_equal(seen.events[i].order, 1000 * cpu + n);
		assert_int_equal(seen.events[i].ts, 10000 * (n / FIX_RECORDS) + 100 * cpu + 10 * (n % FIX_RECORDS));
		assert_int_equal(seen.events[i].tid, 42 + cpu);
		n++;
	}
	return n;
}

static void whole_files(void **state)
{
	for (size_t v = 0; v < NVARIANTS; v++) {
		struct fix f = fix_make(&variants[v]);

		assert_int_equal(tracedat_source.probe(f.data, f.len), 100);
		assert_int_equal(run_bytes(f.data, f.len, &seen), 0);
		assert_string_equal(seen.err.what, "");
		assert_int_equal(seen.nevents, FIX_CPUS * FIX_PAGES * FIX_RECORDS);
		for (unsigned int cpu = 0; cpu < FIX_CPUS; cpu++)
			assert_int_equal(check_cpu(cpu), FIX_PAGES * FIX_RECORDS);
		for (size_t i = 1; i < seen.nevents; i++)
			assert_true(seen.events[i].ts >= seen.events[i - 1].ts);
		assert_string_equal(seen.other, "buffer 0 ''\ntask 42 kswapd0\ntask 43 a b\n");
		free(f.data);
	}
}

static void metas(void **state)
{
	static const char *const expect[] = {
		"source=trace.dat\n", "trace_version=7\n", "trace_cmd_version=3.1.6 test\n", "clock=mono\n",
		"clock_is_ns=1\n", "kernel_release=6.18.15+test\n", "host=testhost\n", "machine=x86_64\n", "cpus=2\n",
		"page_size=256\n", "long_size=8\n", "buffers=1\n", "pageblock_order=9\n", "gfp.__GFP_MOVABLE=0x8\n",
		"gfp.__GFP_RECLAIMABLE=0x10\n",
	};
	struct fix f = fix_make(&variants[4]);

	assert_int_equal(run_bytes(f.data, f.len, &seen), 0);
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++)
		if (!strstr(seen.metas, expect[i]))
			fail_msg("no %s in\n%s", expect[i], seen.metas);
	assert_null(strstr(seen.metas, "bad"));
	assert_null(strstr(seen.metas, "out_of_order"));
	free(f.data);
}

/* Only clocks of which the kernel's trace_clocks[] says in_ns count ns, or a TSC with its conversion. */
static void clocks(void **state)
{
	static const struct {
		unsigned int	version;
		const char	*text;
		uint32_t	mult;
		const char	*expect;
		uint64_t	second_ts;
	} rows[] = {
		{ 6, NULL, 0, "clock=local\nclock_is_ns=1\n", 10 },
		{ 6, "local global [counter]\n", 0, "clock=counter\nclock_is_ns=0\n", 10 },
		{ 7, "[uptime] mono", 0, "clock=uptime\nclock_is_ns=0\n", 10 },
		{ 7, "[boot]", 0, "clock=boot\nclock_is_ns=1\n", 10 },
		{ 7, "mono [x86-tsc]", 0, "clock=x86-tsc\nclock_is_ns=0\n", 10 },
		{ 7, "mono [x86-tsc]", 10, "clock=x86-tsc\nclock_is_ns=1\n", 25 },	/* 10 * 10 >> 2 */
		{ 7, NULL, 0, "clock=mono\nclock_is_ns=1\n", 10 },			/* the buffer's own */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fix_opts o = {
			.version = rows[i].version, .clock = rows[i].text, .tsc_mult = rows[i].mult, .tsc_shift = 2,
		};
		struct fix f = fix_make(&o);

		assert_int_equal(run_bytes(f.data, f.len, &seen), 0);
		if (!strstr(seen.metas, rows[i].expect))
			fail_msg("no %s in\n%s", rows[i].expect, seen.metas);
		assert_int_equal(seen.events[1].ts, rows[i].second_ts);
		free(f.data);
	}
}

static void instances(void **state)
{
	for (unsigned int version = 6; version <= 7; version++) {
		const struct fix_opts o = { .version = version, .instance = "second" };
		struct fix f = fix_make(&o);
		unsigned int in_buffer[2] = { 0 };

		assert_int_equal(run_bytes(f.data, f.len, &seen), 0);
		assert_int_equal(seen.nevents, 2 * FIX_CPUS * FIX_PAGES * FIX_RECORDS);
		for (size_t i = 0; i < seen.nevents; i++) {
			in_buffer[seen.events[i].buffer]++;
			assert_true(!i || seen.events[i].ts >= seen.events[i - 1].ts);
		}
		assert_int_equal(in_buffer[0], in_buffer[1]);
		assert_non_null(strstr(seen.other, "buffer 0 ''\nbuffer 1 'second'\n"));
		free(f.data);
	}
}

/* ---- pages by hand ---- */

struct page {
	struct fix	f;
	size_t		at;
};

static struct page page_new(bool big, uint64_t ts)
{
	struct page p = { .f = { .big = big } };

	p.at = fix_page_start(&p.f, ts);
	return p;
}

static void put_plain(struct page *p, uint32_t delta, int order)
{
	fix_record_head(&p->f, 3, delta);
	fix_common(&p->f, FIX_PLAIN_ID, 42);
	fix_num(&p->f, order, 4);
}

static int run_page(struct page *p, uint64_t flags, struct fix_opts o)
{
	struct fix f;
	int ret;

	fix_page_done(&p->f, p->at, flags);
	o.big = p->f.big;
	o.page = p->f.data;
	f = fix_make(&o);
	ret = run_bytes(f.data, f.len, &seen);
	free(f.data);
	free(p->f.data);
	return ret;
}

static void put_kinds(struct fix *f)
{
	fix_record_head(f, 0, 7);
	fix_num(f, 4 + 96, 4);			/* type 0: the length follows, itself included */
	fix_common(f, 100, -5);
	fix_num(f, 200, 1);			/* a */
	fix_num(f, 1, 1);			/* flag */
	fix_num(f, (uint16_t)-2, 2);		/* b */
	fix_num(f, (uint32_t)-3, 4);		/* c */
	fix_num(f, UINT64_MAX, 8);		/* d */
	fix_put(f, "kswapd0\0garbage!", 16);	/* comm */
	fix_num(f, 6 << 16 | 72, 4);		/* name: 6 bytes at 72 */
	fix_num(f, 4 << 16 | 32, 4);		/* rel: 4 bytes at 48 + 32 */
	fix_put(f, "\x01\x02\x03\x04\x05\x06", 6);
	fix_num(f, 0, 2);
	fix_num(f, 0xffffffff81000110ull, 8);	/* fn */
	fix_num(f, 8 << 16 | 88, 4);		/* mask: 8 bytes at 88 */
	fix_put(f, "odd", 3);
	fix_num(f, 0xff, 1);			/* tiny */
	fix_put(f, "hello", 6);			/* at 72 */
	fix_put(f, "\0", 2);
	fix_put(f, "rel", 4);			/* at 80 */
	fix_num(f, 0, 4);
	fix_put(f, "\xaa\xbb\xcc\xdd\x11\x22\x33\x44", 8);
}

static void field_kinds(void **state)
{
	for (int big = 0; big < 2; big++) {
		struct page p = page_new(big, 1000);

		put_kinds(&p.f);
		assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 6 }), 0);
		assert_int_equal(seen.nevents, 1);
		assert_int_equal(seen.events[0].ts, 1007);
		assert_int_equal(seen.events[0].tid, -5);
		assert_string_equal(seen.events[0].type, "all_kinds");
		assert_string_equal(seen.values,
				    "a=0xc8 flag=0x1 b=-2 c=-3 d=0xffffffffffffffff comm='kswapd0' name='hello' rel='rel' "
				    "mac=010203040506 fn=0xffffffff81000110 mask=aabbccdd11223344 odd=6f6464 tiny=-1 "
				    "late=none ");
		assert_non_null(strstr(seen.other, "symbol ffffffff81000110 shrink_this+0x10\n"));
	}
}

/* A location that points out of the record is no value, and the rest of the event stays. */
static void hostile_locations(void **state)
{
	static const uint32_t locs[] = { 0xffff0000, 0x00010060, 0x0060ffff, 0x00610000, 0x0001ffff };

	for (size_t i = 0; i < sizeof(locs) / sizeof(locs[0]); i++) {
		struct page p = page_new(false, 1000);

		put_kinds(&p.f);
		fix_set(&p.f, 24 + 40, locs[i], 4);
		assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 7 }), 0);
		assert_non_null(strstr(seen.values, "comm='kswapd0' name=none rel='rel'"));
	}
}

static void ftrace_print(void **state)
{
	struct page p = page_new(false, 50);

	fix_record_head(&p.f, 6, 0);
	fix_common(&p.f, 5, 1);
	fix_num(&p.f, 0xffffffff81000100ull, 8);
	fix_put(&p.f, "hi all\n", 8);
	assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 6 }), 0);
	assert_string_equal(seen.values, "ip=0xffffffff81000100 buf='hi all\n' ");
	assert_non_null(strstr(seen.other, "symbol ffffffff81000100 shrink_this\n"));
}

static void unknown_event(void **state)
{
	struct page p = page_new(false, 50);

	fix_record_head(&p.f, 3, 0);
	fix_common(&p.f, 777, 9);
	fix_num(&p.f, 0x01020304, 4);
	assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 7 }), 0);
	assert_string_equal(seen.events[0].type, "unknown_777");
	assert_int_equal(seen.events[0].tid, -1);
	assert_string_equal(seen.values, "raw=090300000900000004030201 ");
}

/* Time extend, absolute time stamp, a discarded record, and the end of the page. */
static void record_times(void **state)
{
	for (int big = 0; big < 2; big++) {
		struct page p = page_new(big, 1000);

		put_plain(&p, 0, 0);				/* 1000 */
		fix_record_head(&p.f, 30, 5);			/* extend: 2 << 27 + 5 */
		fix_num(&p.f, 2, 4);
		put_plain(&p, 3, 1);				/* 1000 + 268435456 + 5 + 3 */
		fix_record_head(&p.f, 29, 4);			/* discarded: 8 bytes behind its head */
		fix_num(&p.f, 8, 4);
		fix_num(&p.f, 0, 4);
		put_plain(&p, 1, 2);				/* 5 more */
		fix_record_head(&p.f, 31, 77);			/* absolute: 3 << 27 + 77 */
		fix_num(&p.f, 3, 4);
		put_plain(&p, 0, 3);
		fix_record_head(&p.f, 29, 0);			/* nothing more */
		fix_num(&p.f, UINT32_MAX, 4);
		put_plain(&p, 0, 4);
		assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 6 }), 0);
		assert_int_equal(seen.nevents, 4);
		assert_int_equal(seen.events[0].ts, 1000);
		assert_int_equal(seen.events[1].ts, 268436464);
		assert_int_equal(seen.events[2].ts, 268436469);
		assert_int_equal(seen.events[3].ts, 402653261);
	}
}

/* An absolute stamp has 59 bits; realtime clocks need more (1.7e18 > 2^59). */
static void absolute_time_of_today(void **state)
{
	uint64_t ts = 1700000000000000000ull;
	uint64_t low = (ts + 500) & ((1ull << 59) - 1);
	struct page p = page_new(false, ts);

	fix_record_head(&p.f, 31, low & ((1u << 27) - 1));
	fix_num(&p.f, low >> 27, 4);
	put_plain(&p, 0, 0);
	assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 6 }), 0);
	assert_int_equal(seen.events[0].ts, ts + 500);
}

static const char stats[] =
	"CPU: 0\nentries: 5\noverrun: 30\ncommit overrun: 2\nbytes: 9\noldest event ts: 1.0\nnow ts: 2.0\n"
	"dropped events: 10\nread events: 0\n";

/* 42 lost by the statistics: 12 of them are told by the page, the rest has no time. */
static void lost_events(void **state)
{
	struct page p = page_new(false, 1000);
	size_t end;

	put_plain(&p, 1, 0);
	end = p.f.len;
	fix_num(&p.f, 12, 8);
	fix_set(&p.f, p.at + 8, (end - p.at - 16) | 3u << 30, 8);
	while (p.f.len < FIX_PAGE)
		fix_put(&p.f, "", 1);
	for (unsigned int version = 6; version <= 7; version++) {
		const struct fix_opts o = { .version = version, .page = p.f.data, .cpustat = stats };
		struct fix f = fix_make(&o);

		assert_int_equal(run_bytes(f.data, f.len, &seen), 0);
		assert_string_equal(strstr(seen.other, "loss"),
				    "loss 1001 12 cpu 0 buffer 0 ring\nloss 0 30 cpu 0 buffer 0 ring\n");
		free(f.data);
	}
	free(p.f.data);

	p = page_new(false, 1000);
	put_plain(&p, 1, 0);
	assert_int_equal(run_page(&p, 1u << 31, (struct fix_opts){ .version = 7 }), 0);
	assert_string_equal(strstr(seen.other, "loss"), "loss 1001 -1 cpu 0 buffer 0 ring\n");
}

static void out_of_order(void **state)
{
	struct page p = page_new(false, 1000);

	put_plain(&p, 100, 0);
	fix_record_head(&p.f, 31, 5);
	fix_num(&p.f, 0, 4);
	put_plain(&p, 0, 1);
	assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 6 }), 0);
	assert_int_equal(seen.nevents, 2);
	assert_non_null(strstr(seen.metas, "out_of_order=1\n"));
}

/* ---- damage ---- */

/* Events on pages, or in chunks, that lie before offset @len. */
static unsigned int whole_records(const struct fix *f, unsigned int cpu, size_t len)
{
	unsigned int n = 0;

	for (unsigned int p = 0; p < FIX_PAGES; p++)
		n += f->page_end[cpu][p] <= len ? FIX_RECORDS : 0;
	return n;
}

/* Cut at every byte: what was wholly there arrives, nothing else does, and it is said. */
static void cut_short(void **state)
{
	for (size_t v = 0; v < NVARIANTS; v++) {
		struct fix f = fix_make(&variants[v]);

		for (size_t len = 0; len < f.len; len++) {
			int ret = run_bytes(f.data, len, &seen);

			/* The last page's padding, and the end of a v6 file, hold nothing. */
			if (!ret)
				assert_true(seen.nevents == FIX_CPUS * FIX_PAGES * FIX_RECORDS);
			else
				assert_int_equal(ret, -EBADMSG);
			if (ret && !seen.err.what[0])
				fail_msg("variant %zu cut at %zu: no message", v, len);
			for (unsigned int cpu = 0; cpu < FIX_CPUS; cpu++) {
				unsigned int n = check_cpu(cpu);

				if (n < whole_records(&f, cpu, len))
					fail_msg("variant %zu cut at %zu: %u events of CPU %u", v, len, n, cpu);
			}
		}
		free(f.data);
	}
}

static void messages(void **state)
{
	struct fix f = fix_make(&variants[4]);
	char expect[256];

	assert_int_equal(run_bytes(f.data, f.page_end[1][1] + 9, &seen), -EBADMSG);
	snprintf(expect, sizeof(expect), "an options section should be at offset ");
	assert_memory_equal(seen.err.what, expect, strlen(expect));
	snprintf(expect, sizeof(expect), ", the file ends at %zu", f.page_end[1][1] + 9);
	assert_non_null(strstr(seen.err.what, expect));
	assert_string_equal(strstr(seen.other, "loss"), "loss 10170 -1 cpu 1 buffer 0 input\n");
	free(f.data);

	f = fix_make(&variants[0]);
	assert_int_equal(run_bytes(f.data, f.page_end[1][0], &seen), -EBADMSG);
	snprintf(expect, sizeof(expect), "CPU 1 of trace buffer \"\" claims 768 bytes at offset %zu, the file ends at %zu",
		 f.page_end[1][0] - FIX_PAGE, f.page_end[1][0]);
	assert_string_equal(seen.err.what, expect);
	assert_int_equal(run_bytes(f.data, 600, &seen), -EBADMSG);
	assert_non_null(strstr(seen.err.what, "the file ends at 600"));
	f.data[10] = '9';
	assert_int_equal(run_bytes(f.data, f.len, &seen), -ENOTSUP);
	assert_non_null(strstr(seen.err.what, "version \"9\""));
	assert_int_equal(run_bytes("hello", 5, &seen), -EBADMSG);
	free(f.data);
}

/* One bad chunk, one bad page: the others of that CPU still come. */
static void damage_inside(void **state)
{
	struct fix f = fix_make(&variants[4]);
	size_t at = f.page_end[0][0] + 8;		/* the data of the second chunk of CPU 0 */

	memset(f.data + at, 0xff, f.page_end[0][1] - at);
	assert_int_equal(run_bytes(f.data, f.len, &seen), -EBADMSG);
	assert_int_equal(seen.nevents, FIX_RECORDS * (FIX_CPUS * FIX_PAGES - 1));
	assert_non_null(strstr(seen.err.what, "a chunk of data does not uncompress of CPU 0 at offset "));
	assert_string_equal(strstr(seen.other, "loss"), "loss 20000 -1 cpu 0 buffer 0 input\n");
	free(f.data);

	f = fix_make(&variants[0]);
	at = f.page_end[1][0] + 16 + 3 * 16;		/* the fourth record of the second page of CPU 1 */
	fix_set(&f, at, 28, 4);				/* 112 bytes where 64 are left */
	memset(f.data + at + 64, 0, 4);
	fix_set(&f, f.page_end[1][0] + 8, 16 * FIX_RECORDS, 8);
	assert_int_equal(run_bytes(f.data, f.len, &seen), -EBADMSG);
	assert_int_equal(seen.nevents, FIX_RECORDS * (FIX_CPUS * FIX_PAGES - 1) + 3);
	assert_string_equal(strstr(seen.other, "loss"), "loss 20100 -1 cpu 1 buffer 0 input\n");
	free(f.data);
}

/* A record whose length leaves the page: those before it arrive, and the damage is said. */
static void bad_record_lengths(void **state)
{
	static const struct {
		unsigned int	type;
		unsigned int	words;		/* 32 bit words behind the head */
		uint32_t	word;
	} rows[] = {
		{ 28, 1, 0 },			/* 112 bytes of data, 4 are there */
		{ 1, 0, 0 },
		{ 0, 0, 0 },			/* no length word */
		{ 0, 1, 3 },			/* shorter than its own length word */
		{ 0, 2, 9 },
		{ 0, 2, UINT32_MAX },
		{ 29, 1, 5 },			/* discarded */
		{ 29, 1, UINT32_MAX },
		{ 30, 0, 0 },			/* no second half of the time */
		{ 31, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct page p = page_new(false, 1000);

		put_plain(&p, 1, 0);
		fix_record_head(&p.f, rows[i].type, 5);
		for (unsigned int w = 0; w < rows[i].words; w++)
			fix_num(&p.f, rows[i].word, 4);
		assert_int_equal(run_page(&p, 0, (struct fix_opts){ .version = 6 }), -EBADMSG);
		assert_int_equal(seen.nevents, 1);
		assert_non_null(strstr(seen.err.what, "a bad record in the data of CPU 0 at offset "));
		assert_string_equal(strstr(seen.other, "loss"), "loss 1001 -1 cpu 0 buffer 0 input\n");
	}
}

/* Bits turned at random (fixed seed): the sanitizers look for harm; no answer but the agreed ones. */
static void bit_flips(void **state)
{
	uint32_t seed = 20260101;
	unsigned int bad = 0;

	for (unsigned int round = 0; round < 6000; round++) {
		struct fix f = fix_make(&variants[round % NVARIANTS]);
		int ret;

		for (unsigned int i = 0; i < 1 + round % 3; i++) {
			seed = seed * 1664525 + 1013904223;
			f.data[(seed >> 4) % f.len] ^= 1 << (seed >> 29);
		}
		ret = run_bytes(f.data, f.len, &seen);
		assert_true(ret == 0 || ret == -EBADMSG || ret == -ENOTSUP);
		assert_true(ret == 0 || seen.err.what[0]);
		bad += ret != 0;
		free(f.data);
	}
	assert_true(bad > 300);
}

/* ---- other ways in ---- */

static void from_a_pipe(void **state)
{
	struct fix f = fix_make(&variants[4]);
	int fds[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		_exit(write(fds[1], f.data, f.len) != (ssize_t)f.len);
	}
	close(fds[1]);
	assert_int_equal(run_fd(fds[0], 0, &seen), 0);
	assert_int_equal(seen.nevents, FIX_CPUS * FIX_PAGES * FIX_RECORDS);
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	free(f.data);
}

static int stop_event(void *ctx, const struct event *ev)
{
	return ++*(int *)ctx == 3 ? -ENOSPC : 0;
}

static void sink_stops(void **state)
{
	static const struct sink_ops ops = { .event = stop_event };
	struct source_progress progress = { 0 };
	struct fix f = fix_make(&variants[2]);
	int fd = memfd_create("trace.dat", MFD_CLOEXEC);
	struct source_error err = { 0 };
	int events = 0;
	const struct sink sink = { .ops = &ops, .ctx = &events };
	const struct source_input in = { .path = "test", .fd = fd, .size = f.len, .progress = &progress };

	assert_int_equal(write(fd, f.data, f.len), f.len);
	assert_int_equal(tracedat_source.run(&in, &sink, &err), -ENOSPC);
	assert_int_equal(events, 3);
	close(fd);
	free(f.data);
}

/* ---- recorded files ---- */

static bool find_traces(glob_t *found)
{
	const char *dir = getenv("SQUALL_TRACES");
	char pattern[4096];

	if (!dir)
		return false;
	snprintf(pattern, sizeof(pattern), "%s/*/trace.dat", dir);
	return !glob(pattern, 0, NULL, found);
}

static int run_path(const char *path, struct seen *s, bool isolated)
{
	struct source_progress progress = { 0 };
	const struct sink sink = { .ops = &see_ops, .ctx = s };
	struct source_input in = { .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .progress = &progress };
	struct stat st;
	int ret;

	assert_true(in.fd >= 0);
	assert_int_equal(fstat(in.fd, &st), 0);
	in.size = st.st_size;
	memset(s, 0, sizeof(*s));
	if (isolated)
		ret = isolate_run(&tracedat_source, &in, &sink, NULL, NULL, &s->err);
	else
		ret = tracedat_source.run(&in, &sink, &s->err);
	close(in.fd);
	return ret;
}

static void check_counts(const char *trace_path)
{
	char path[4096], name[64];
	unsigned long long count;
	uint64_t sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%.*s/counts.tsv", (int)(strrchr(trace_path, '/') - trace_path), trace_path);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%63s %llu", name, &count) == 2) {
		int id = 0;

		while (id < MAX_TYPES && strcmp(seen.types[id], name))
			id++;
		if (id == MAX_TYPES || seen.counts[id] != count)
			fail_msg("%s: %s is there %" PRIu64 " times, not %llu", trace_path, name,
				 id < MAX_TYPES ? seen.counts[id] : 0, count);
		sum += count;
	}
	fclose(file);
	assert_int_equal(seen.nevents, sum);
}

static void recorded_counts(void **state)
{
	glob_t found;

	if (!find_traces(&found))
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++) {
		assert_int_equal(run_path(found.gl_pathv[i], &seen, true), 0);
		check_counts(found.gl_pathv[i]);
	}
	globfree(&found);
}

static int hash_record(struct tracecmd_input *handle, struct tep_record *rec, int cpu, void *data)
{
	struct seen *s = data;

	s->cpu_events[rec->cpu]++;
	s->cpu_hash[rec->cpu] = hash_step(s->cpu_hash[rec->cpu], rec->ts,
					  tep_data_pid(tracecmd_get_tep(handle), rec));
	return 0;
}

/* Time and thread of each record of each CPU, in order, as libtracecmd reads them. */
static void recorded_records(void **state)
{
	static struct seen other;
	glob_t found;

	if (!find_traces(&found))
		skip();
	tracecmd_set_loglevel(TEP_LOG_NONE);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct tracecmd_input *handle = tracecmd_open(found.gl_pathv[i], TRACECMD_FL_LOAD_NO_PLUGINS);

		memset(&other, 0, sizeof(other));
		assert_non_null(handle);
		tracecmd_iterate_events(handle, NULL, 0, hash_record, &other);
		tracecmd_close(handle);
		assert_int_equal(run_path(found.gl_pathv[i], &seen, false), 0);
		assert_memory_equal(seen.cpu_events, other.cpu_events, sizeof(other.cpu_events));
		assert_memory_equal(seen.cpu_hash, other.cpu_hash, sizeof(other.cpu_hash));
	}
	globfree(&found);
}

/* The hash of each CPU after each of its events. */
struct trail {
	struct seen	*seen;
	uint64_t	*after[64];
	size_t		room[64];
};

static int trail_event(void *ctx, const struct event *ev)
{
	struct trail *t = ctx;
	size_t n = t->seen->cpu_events[ev->cpu];

	if (n == t->room[ev->cpu]) {
		t->room[ev->cpu] = n ? 2 * n : 1024;
		t->after[ev->cpu] = realloc(t->after[ev->cpu], t->room[ev->cpu] * sizeof(uint64_t));
	}
	see_event(t->seen, ev);
	t->after[ev->cpu][n] = t->seen->cpu_hash[ev->cpu];
	return 0;
}

static int trail_type(void *ctx, const struct event_type *type)
{
	struct trail *t = ctx;

	return see_type(t->seen, type);
}

static void run_trail(int fd, uint64_t size, struct trail *t)
{
	static const struct sink_ops ops = { .type = trail_type, .event = trail_event };
	struct source_progress progress = { 0 };
	const struct source_input in = { .path = "test", .fd = fd, .size = size, .progress = &progress };
	const struct sink sink = { .ops = &ops, .ctx = t };

	memset(t->seen, 0, sizeof(*t->seen));
	assert_int_equal(tracedat_source.run(&in, &sink, &t->seen->err), 0);
}

/* Cut in steps: the more there is, the more arrives, and every CPU's events are the first ones of the whole. */
static void check_cut(int fd, const char *data, uint64_t size)
{
	struct trail whole = { .seen = &seen };
	uint64_t last = 0;

	run_trail(fd, size, &whole);
	/* Most of a small file is kallsyms, and the data come behind it. */
	for (int permille = 0; permille < 1000; permille += permille < 600 ? 100 : permille < 970 ? 20 : 3) {
		assert_int_equal(run_bytes(data, size * permille / 1000, &seen), -EBADMSG);
		assert_true(seen.err.what[0]);
		assert_true(seen.nevents >= last);
		last = seen.nevents;
		for (int cpu = 0; cpu < 64; cpu++) {
			size_t n = seen.cpu_events[cpu];

			assert_true(n <= whole.room[cpu]);
			assert_true(!n || whole.after[cpu][n - 1] == seen.cpu_hash[cpu]);
		}
	}
	assert_true(last > 0);
	for (int cpu = 0; cpu < 64; cpu++)
		free(whole.after[cpu]);
}

static void recorded_cut(void **state)
{
	glob_t found;

	if (!find_traces(&found))
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		struct stat st;
		char *data;

		assert_int_equal(fstat(fd, &st), 0);
		data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		assert_ptr_not_equal(data, MAP_FAILED);
		if (st.st_size < 3000000)
			check_cut(fd, data, st.st_size);
		munmap(data, st.st_size);
		close(fd);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files),
		cmocka_unit_test(metas),
		cmocka_unit_test(clocks),
		cmocka_unit_test(instances),
		cmocka_unit_test(field_kinds),
		cmocka_unit_test(hostile_locations),
		cmocka_unit_test(ftrace_print),
		cmocka_unit_test(unknown_event),
		cmocka_unit_test(record_times),
		cmocka_unit_test(absolute_time_of_today),
		cmocka_unit_test(lost_events),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(messages),
		cmocka_unit_test(damage_inside),
		cmocka_unit_test(bad_record_lengths),
		cmocka_unit_test(bit_flips),
		cmocka_unit_test(from_a_pipe),
		cmocka_unit_test(sink_stops),
		cmocka_unit_test(recorded_counts),
		cmocka_unit_test(recorded_records),
		cmocka_unit_test(recorded_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
