// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_text.c - the text source: lines of every layout and payloads of every known tracepoint, row by row.
 *
 * A row is input and what the sink must get, written as "ts tid cpu name field=value ...". Values are derived by hand
 * from the print formats of the kernel named, or are those that trace-cmd report -R shows for the same record.
 * SQUALL_THIRD_PARTY may name a folder of cases (trace.txt, counts.tsv, expect.md); without it that test is skipped.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/text.h"
#include "kernel/tracepoint.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define LOG_BYTES	(1u << 16)

/* What came, one line each. */
struct log {
	char		text[LOG_BYTES];
	size_t		used;
	char		meta[4096];
};

static __attribute__((format(printf, 2, 3))) void add(struct log *log, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log->used += vsnprintf(log->text + log->used, LOG_BYTES - log->used, format, args);
	va_end(args);
	assert_true(log->used < LOG_BYTES);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct log *log = ctx;

	add(log, "%" PRIu64 " %d %d ", ev->ts, ev->tid, ev->cpu);
	if (ev->buffer)
		add(log, "buffer%d ", ev->buffer);
	add(log, "%s%s%s", ev->type->system, *ev->type->system ? ":" : "", ev->type->name);
	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];

		if (v->kind == VALUE_NONE)
			continue;
		add(log, " %s=", ev->type->fields[i].name);
		if (v->kind == VALUE_TEXT)
			add(log, "'%.*s'", (int)v->len, v->p);
		else if (v->kind == VALUE_UINT)
			add(log, "0x%" PRIx64, v->u);
		else
			add(log, "%" PRId64, v->i);
	}
	add(log, "\n");
	return 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	add(ctx, "loss %" PRIu64 " cpu %d %" PRId64 " %s\n", loss->ts, loss->cpu, loss->events, loss->stage);
	return 0;
}

static int on_task(void *ctx, const struct task_name *task)
{
	add(ctx, "task %d %d %s\n", task->tid, task->tgid, task->comm);
	return 0;
}

static int on_buffer(void *ctx, uint16_t buffer, const char *name)
{
	add(ctx, "buffer %d %s\n", buffer, name);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct log *log = ctx;
	size_t used = strlen(log->meta);

	snprintf(log->meta + used, sizeof(log->meta) - used, "%s=%s\n", key, value);
	return 0;
}

static const struct sink_ops log_ops = {
	.event = on_event, .loss = on_loss, .task = on_task, .buffer = on_buffer, .meta = on_meta,
};

static int run(const void *input, size_t len, const struct sink *sink, struct source_error *why)
{
	struct source_progress progress = { 0 };
	struct source_input in = { .path = "-", .size = len, .progress = &progress };
	int err;

	in.fd = memfd_create("text", MFD_CLOEXEC);
	assert_true(in.fd >= 0);
	assert_int_equal(write(in.fd, input, len), len);
	lseek(in.fd, 0, SEEK_SET);
	err = text_source.run(&in, sink, why);
	close(in.fd);
	return err;
}

static int log_run(struct log *log, const void *input, size_t len, struct source_error *why)
{
	const struct sink sink = { &log_ops, log };

	log->used = 0;
	log->text[0] = '\0';
	log->meta[0] = '\0';
	*why = (struct source_error){ 0 };
	return run(input, len, &sink, why);
}

struct row {
	const char	*input;
	const char	*expect;
};

static void check_rows(const struct row *rows, size_t n, const char *line_head, const char *log_head)
{
	static struct log log;
	char input[8192], expect[8192];
	struct source_error why;

	for (size_t i = 0; i < n; i++) {
		snprintf(input, sizeof(input), "%s%s\n", line_head, rows[i].input);
		snprintf(expect, sizeof(expect), "%s%s\n", log_head, rows[i].expect);
		log_run(&log, input, strlen(input), &why);
		if (strcmp(log.text, expect))
			fail_msg("\ninput:  %sexpect: %sgot:    %s(%s)", input, expect, log.text, why.what);
	}
}

/* --- lines --- */

#define WAKE	"mm_vmscan_kswapd_wake: nid=0 order=3"
#define KSWAPD	"task 33 0 kswapd0\n"
#define WOKEN	" 33 1 vmscan:mm_vmscan_kswapd_wake nid=0 order=3"

static void test_layouts(void **state)
{
	static const struct row rows[] = {
		/* 2.6.35, 2.6.38, 5.11, and trace-cmd report */
		{ "         kswapd0-33    [001]  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "         kswapd0-33    [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "         kswapd0-33    [001] d..1.  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ " kswapd0-33 [001] dNh5. 0.000001: " WAKE, KSWAPD "1000" WOKEN },
		{ "         kswapd0-33    [001]     5.610083: " WAKE, KSWAPD "5610083000" WOKEN },
		{ "         kswapd0-33    [001]     5.610082787: " WAKE, KSWAPD "5610082787" WOKEN },
		{ "         kswapd0-33    [001]     5.610083: (+4804640) " WAKE, KSWAPD "5610083000" WOKEN },
		{ "         kswapd0-33    [001]     5.610083:            " WAKE, KSWAPD "5610083000" WOKEN },
		/* tgid column */
		{ " kswapd0-33    (   33) [001] ...1 12838.491407: " WAKE, "task 33 33 kswapd0\n12838491407000" WOKEN },
		{ " kswapd0-33    (-----) [001] ...1 12838.491407: " WAKE, KSWAPD "12838491407000" WOKEN },
		{ " kswapd0-33    (-------) [001] ...1. 12838.491407: " WAKE, KSWAPD "12838491407000" WOKEN },
		/* report -l, latency-format, and the latter out of dmesg */
		{ "  kswapd0-33     1.....     5.610083: " WAKE, KSWAPD "5610083000" WOKEN },
		{ "  kswapd0-33     1X....     5.610083: " WAKE, KSWAPD "5610083000" WOKEN },
		{ " kswapd0-33        1d...1   12us!: " WAKE, KSWAPD "12000" WOKEN },
		{ " kswapd0-33        1d...  123456us : " WAKE, KSWAPD "123456000" WOKEN },
		{ "[  123.456789]  kswapd0-33    1.... 12345678us : " WAKE, KSWAPD "12345678000" WOKEN },
		{ "[    1.5]          kswapd0-33    [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		/* a clock that counts */
		{ "         kswapd0-33    [001] .... 987654321: " WAKE, KSWAPD "987654321" WOKEN },
		/* mail */
		{ "> kswapd0-33 [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ ">>> kswapd0-33 [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "> > kswapd0-33 [001] ....  1734.210437: " WAKE "\r", KSWAPD "1734210437000" WOKEN },
		{ "\tkswapd0-33\t[001]\t....\t1734.210437: " WAKE "\t ", KSWAPD "1734210437000" WOKEN },
		/* perf script */
		{ "kswapd0    33 [001]  1734.210437: vmscan:" WAKE, KSWAPD "1734210437000" WOKEN },
		{ "kswapd0    30/33    [001]  1734.210437:   vmscan:" WAKE, "task 33 30 kswapd0\n1734210437000" WOKEN },
		{ "kswapd0    33 [001]  1734.210437:  1 vmscan:" WAKE, KSWAPD "1734210437000" WOKEN },	/* period */
		{ "> > >          kswapd0    33 [001] 1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },	/* 2011 */
		/* dmesg, serial console, syslog */
		{ "<4>[ 1734.5] kswapd0-33    [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "[ 1734.5][   T33] kswapd0-33    [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "[Sat Nov 21 10:00:00 2026] kswapd0-33    [001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "Nov 21 10:00:00 db1 kernel: [ 1734.5] kswapd0-33    [001] ....  1734.210437: " WAKE,
		  KSWAPD "1734210437000" WOKEN },
		/* the comm was cut off; web pages; blanks that do not break */
		{ "-33    [001] ....  1734.210437: " WAKE, "1734210437000" WOKEN },
		{ "&gt; &lt;...&gt;-33 [001] ....  1734.210437: " WAKE, "1734210437000" WOKEN },
		{ "&nbsp;kswapd0-33&nbsp;[001] ....  1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "\xc2\xa0 kswapd0-33\xc2\xa0[001] .... 1734.210437: " WAKE, KSWAPD "1734210437000" WOKEN },
		{ "> kswapd0-33 [001] .... 1734.210437: mm_vmscan_kswapd_wake: nid=3D0 order=3D3", KSWAPD "1734210437000" WOKEN },
		/* several buffers, several files, grep */
		{ "storm:          kswapd0-33    [001]     5.610083: " WAKE, "buffer 1 storm\n" KSWAPD
		  "5610083000 33 1 buffer1 vmscan:mm_vmscan_kswapd_wake nid=0 order=3" },
		{ "a.txt:12:          kswapd0-33    [001]     5.610083: " WAKE, KSWAPD "5610083000" WOKEN },
		/* moved to the right, and a comm that looks like the name of a buffer */
		{ "            foo: bar-33    [001] ....  1734.210437: " WAKE, "task 33 0 foo: bar\n1734210437000" WOKEN },
		/* systrace */
		{ " kswapd0-33    (   33) [001] ...1 12838.491407: " WAKE "\\n\\", "task 33 33 kswapd0\n12838491407000" WOKEN },
		/* the name of a task that is gone */
		{ "<...>-33    [001]     5.610083: " WAKE, "5610083000" WOKEN },
	};

	check_rows(rows, COUNT(rows), "", "");
}

/* The comm may look like what follows it. */
static void test_comms(void **state)
{
	static const struct {
		const char	*comm;
		const char	*name;
	} rows[] = {
		{ "kworker/0:1H", NULL },
		{ "a-12 [3] ", NULL },
		{ "x-1 [000] .... ", NULL },
		{ "a b-c-4", NULL },
		{ "-12", NULL },
		{ ">quoted", NULL },
		{ "foo: bar", NULL },
		{ "[kthread]", NULL },
		{ "(1155) [1]", NULL },
		{ "\xff\xfe\x1b[31m", NULL },
		{ "\x01\x02", NULL },
		{ "Web Content", NULL },
		{ "ends in blank ", NULL },
	};
	char input[256], expect[256];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(input, sizeof(input), "%16s-33      [001] ....     5.000001: " WAKE, rows[i].comm);
		snprintf(expect, sizeof(expect), "task 33 0 %s\n5000001000" WOKEN, rows[i].comm);
		check_rows(&(struct row){ input, expect }, 1, "", "");
	}
}

static void test_not_events(void **state)
{
	static const char *const rows[] = {
		"", "   ", "hello", "# comment", "CPU 3 is empty", "##### CPU 1 buffer started ####",
		"kswapd0-33 [001] .... 1734.210437", "kswapd0-33 [001] .... 1734.210437:", "kswapd0-33 [001] ....: x: y",
		"kswapd0-33 [001] .... 1734.2104371234: x: y",		/* ten decimals */
		"kswapd0-33 [001] .... 99999999999999.000000: x: y",	/* more than 64 bits of ns */
		"kswapd0-33 [70000] .... 1.000000: x: y", "kswapd0-99999999999 [001] .... 1.000000: x: y",
		"kswapd0-33 [001 .... 1.000000: x: y", "kswapd0-33 (12 [001] .... 1.000000: x: y",
		"kswapd0 33 [001] 1.000000: x: y",			/* perf names the system */
		" 0)   1.234 us    |  mutex_unlock();", " => shrink_node", "kswapd0-33 [001] .... 1.0: <stack trace>",
		"CPU:1 [LOST]", "CPU:x [LOST 1 EVENTS]", "CPU:1 [5 EVENTS]",
	};
	static struct log log;
	struct source_error why;
	char line[256];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(line, sizeof(line), "%s\n", rows[i]);
		assert_int_equal(log_run(&log, line, strlen(line), &why), -EBADMSG);
		assert_string_equal(why.what, "no ftrace event line found");
		assert_true(*why.hint);
		if (*log.text)
			fail_msg("'%s' gives %s", rows[i], log.text);
	}
}

static void test_losses_and_headers(void **state)
{
	static const struct row rows[] = {
		{ "# entries-in-buffer/entries-written: 205/2050   #P:4", "loss 0 cpu 65535 1845 ring" },
		{ "# latency: 5 us, #205/2050, CPU#0 | (M:desktop VP:0, KP:0, SP:0 HP:0 #P:4)", "loss 0 cpu 65535 1845 ring" },
		{ "# entries-in-buffer/entries-written: 2050/2050   #P:4\nCPU:7 [LOST 123 EVENTS]", "loss 0 cpu 7 123 ring" },
		{ "CPU:7 [LOST EVENTS]", "loss 0 cpu 7 -1 ring" },
		{ "CPU:7 [204600 EVENTS DROPPED]", "loss 0 cpu 7 204600 ring" },
		{ "> CPU:7 [EVENTS DROPPED]", "loss 0 cpu 7 -1 ring" },
		/* a loss belongs before the next event of its CPU, and one without such behind the last event */
		{ " a-1 [002] .... 2.000000: x: k=1\n"
		  "CPU:1 [LOST 5 EVENTS]\n"
		  "CPU:9 [LOST 6 EVENTS]\n"
		  " a-1 [002] .... 3.000000: x: k=2\n"
		  " a-1 [001] .... 4.000000: x: k=3\n"
		  " a-1 [002] .... 1.000000: x: k=4",
		  "1000000000 1 2 x k=4\n"
		  "loss 1000000000 cpu 9 6 ring\n"
		  "task 1 0 a\n"
		  "2000000000 1 2 x k=1\n"
		  "3000000000 1 2 x k=2\n"
		  "loss 4000000000 cpu 1 5 ring\n"
		  "4000000000 1 1 x k=3" },
	};

	check_rows(rows, COUNT(rows), "", "");
}

static void test_meta(void **state)
{
	static const char input[] =
		"# tracer: nop\n"
		"# entries-in-buffer/entries-written: 3/3   #P:8\n"
		"> a-1 [002] .... 2.000000: x: k=1\n"
		"what a day\n"
		"\n"
		" a-1 [001] .... 1.000000: mm_page_alloc_extfrag: page=0xffffea pfn=0x1604 alloc_order=0 fallback_order=8 "
		"pageblock_order=9 alloc_migratetype=0 fallback_migratetype=2 fragmenting=1 change_ownership=1\n";
	static struct log log;
	struct source_error why;

	assert_int_equal(log_run(&log, input, sizeof(input) - 1, &why), 0);
	assert_string_equal(log.meta,
			    "tracer=nop\nsource=text\nclock_is_ns=1\ncpus=8\npageblock_order=9\ntext_lines=6\n"
			    "text_lines_skipped=1\ntext_lines_quoted=1\ntext_events_unordered=1\n");
	assert_int_equal(log_run(&log, " a-1 [003] .... 77: x: k=1\n", 27, &why), 0);
	assert_non_null(strstr(log.meta, "clock_is_ns=0\ncpus=4\n"));
}

/* --- payloads --- */

#define HEAD	" a-1 [000] .... 1.000000: "
#define HEADED	"task 1 0 a\n1000000000 1 0 "

static void test_known_tracepoints(void **state)
{
	static const struct row rows[] = {
		/* 6.18 and 7.3; numbers as trace-cmd report -R shows them */
		{ "mm_vmscan_wakeup_kswapd: nid=0 order=9 gfp_flags=GFP_HIGHUSER|__GFP_ACCOUNT",
		  "vmscan:mm_vmscan_wakeup_kswapd nid=0 order=9 gfp_flags=5246146" },
		{ "mm_vmscan_kswapd_sleep: nid=1", "vmscan:mm_vmscan_kswapd_sleep nid=1" },
		{ "mm_vmscan_balance_pgdat_end: nid=0 order=0 highest_zoneidx=Movable  nr_reclaimed=1071",
		  "vmscan:mm_vmscan_balance_pgdat_end nid=0 order=0 highest_zoneidx=3 nr_reclaimed=1071" },
		{ "mm_vmscan_balance_pgdat_begin: nid=0 order=9 highest_zoneidx=Normal  ",
		  "vmscan:mm_vmscan_balance_pgdat_begin nid=0 order=9 highest_zoneidx=2" },
		{ "mm_vmscan_kswapd_reclaim_fail: nid=0 failures=16",
		  "vmscan:mm_vmscan_kswapd_reclaim_fail nid=0 failures=16" },
		{ "mm_vmscan_kswapd_clear_hopeless: nid=0 reason=PCP",
		  "vmscan:mm_vmscan_kswapd_clear_hopeless nid=0 reason=3" },
		{ "mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_COMP",
		  "vmscan:mm_vmscan_direct_reclaim_begin order=0 gfp_flags=4459968" },
		{ "mm_vmscan_direct_reclaim_begin: order=9 gfp_flags=GFP_KERNEL pid=288 memcg_id=74 (in-irq)",
		  "vmscan:mm_vmscan_direct_reclaim_begin order=9 gfp_flags=3264 memcg_id=74" },
		{ "mm_vmscan_direct_reclaim_begin: [FAILED TO PARSE] gfp_flags=0x500cc2 memcg_id=0 order=9",
		  "vmscan:mm_vmscan_direct_reclaim_begin order=9 gfp_flags=5246146 memcg_id=0" },
		{ "mm_vmscan_memcg_reclaim_end: nr_reclaimed=64 pid=288 memcg_id=74 ",
		  "vmscan:mm_vmscan_memcg_reclaim_end nr_reclaimed=64 memcg_id=74" },
		{ "mm_vmscan_memcg_reclaim_end: [FAILED TO PARSE] nr_reclaimed=0x40 memcg_id=74",
		  "vmscan:mm_vmscan_memcg_reclaim_end nr_reclaimed=64 memcg_id=74" },
		{ "mm_vmscan_lru_isolate: classzone=3 order=9 nr_requested=4096 nr_scanned=64 nr_skipped=0 nr_taken=60 "
		  "lru=inactive_anon",
		  "vmscan:mm_vmscan_lru_isolate highest_zoneidx=3 order=9 nr_requested=4096 nr_scanned=64 nr_skipped=0 "
		  "nr_taken=60 lru=0" },
		{ "mm_vmscan_lru_shrink_inactive: nid=0 nr_scanned=10 nr_reclaimed=2 nr_dirty=6 nr_writeback=5 nr_congested=4 "
		  "nr_immediate=3 nr_activate_anon=7 nr_activate_file=8 nr_ref_keep=1 nr_unmap_fail=9 priority=6 "
		  "flags=RECLAIM_WB_FILE|RECLAIM_WB_ASYNC",
		  "vmscan:mm_vmscan_lru_shrink_inactive nid=0 nr_scanned=10 nr_reclaimed=2 nr_dirty=6 nr_writeback=5 "
		  "nr_congested=4 nr_immediate=3 nr_activate0=7 nr_activate1=8 nr_ref_keep=1 nr_unmap_fail=9 priority=6 "
		  "reclaim_flags=10" },
		{ "mm_vmscan_lru_shrink_active: nid=0 nr_taken=1 nr_active=2 nr_deactivated=3 nr_referenced=4 priority=12 "
		  "flags=RECLAIM_WB_ANON|RECLAIM_WB_ASYNC",
		  "vmscan:mm_vmscan_lru_shrink_active nid=0 nr_taken=1 nr_active=2 nr_deactivated=3 nr_referenced=4 "
		  "priority=12 reclaim_flags=9" },
		{ "mm_vmscan_write_folio: page=0xffffffffb3532bdb pfn=0xf543 flags=RECLAIM_WB_ANON|RECLAIM_WB_ASYNC",
		  "vmscan:mm_vmscan_write_folio pfn=62787 reclaim_flags=9" },
		{ "mm_vmscan_throttled: nid=0 usec_timeout=100000 usect_delayed=99000 reason=VMSCAN_THROTTLE_WRITEBACK",
		  "vmscan:mm_vmscan_throttled nid=0 usec_timeout=100000 usec_delayed=99000 reason=1" },
		{ "mm_vmscan_throttled: nid=0 usec_timeout=1 usect_delayed=2 reason=0x4",
		  "vmscan:mm_vmscan_throttled nid=0 usec_timeout=1 usec_delayed=2 reason=4" },
		{ "mm_shrink_slab_start: vmap_node_shrink_scan+0x0 0xff3abb488103d280: nid: 0 objects to shrink 1 gfp_flags "
		  "GFP_HIGHUSER|__GFP_ACCOUNT cache items 11 delta 2 total_scan 3 priority 12",
		  "vmscan:mm_shrink_slab_start shr=0xff3abb488103d280 shrink='vmap_node_shrink_scan+0x0' nid=0 "
		  "nr_objects_to_shrink=1 gfp_flags=5246146 cache_items=11 delta=2 total_scan=3 priority=12" },
		{ "mm_shrink_slab_start: super_cache_scan+0x0/0x1a0 [xfs] 000000003e89d20a: nid: 1 pid: 5 memcg_id: 9 objects to "
		  "shrink 824 gfp_flags GFP_KERNEL cache items 1065515 delta 520 total_scan 1344 priority 12 (in-irq)",
		  "vmscan:mm_shrink_slab_start shr=1049219594 shrink='super_cache_scan+0x0/0x1a0 [xfs]' nid=1 "
		  "nr_objects_to_shrink=824 gfp_flags=3264 cache_items=1065515 delta=520 total_scan=1344 priority=12 "
		  "memcg_id=9" },
		{ "mm_shrink_slab_end: super_cache_scan+0x0/0x1a0 000000003e89d20a: nid: 1 unused scan count 824 new scan count "
		  "320 total_scan -3 last shrinker return val 1021",
		  "vmscan:mm_shrink_slab_end shr=1049219594 nid=1 shrink='super_cache_scan+0x0/0x1a0' unused_scan=824 "
		  "new_scan=320 retval=1021 total_scan=-3" },
		{ "mm_shrink_slab_end:   [FAILED TO PARSE] shr=0xff400e21c1904c80 shrink=0xffffffffb23ba6c0 unused_scan=2 "
		  "new_scan=82 total_scan=80 nid=0 retval=0 memcg_id=1",
		  "vmscan:mm_shrink_slab_end shr=0xff400e21c1904c80 nid=0 shrink=0xffffffffb23ba6c0 unused_scan=2 "
		  "new_scan=82 retval=0 total_scan=80 memcg_id=1" },
		{ "mm_compaction_try_to_compact_pages: order=9 gfp_mask=GFP_HIGHUSER|__GFP_ACCOUNT priority=1",
		  "compaction:mm_compaction_try_to_compact_pages order=9 gfp_mask=5246146 prio=1" },
		{ "mm_compaction_begin:  zone_start=0x1 migrate_pfn=0x1 free_pfn=0xe00 zone_end=0x1000, mode=sync",
		  "compaction:mm_compaction_begin zone_start=1 migrate_pfn=1 free_pfn=3584 zone_end=4096 sync=1" },
		{ "mm_compaction_end:    zone_start=0x1000 migrate_pfn=0x3400 free_pfn=0x3400 zone_end=0x3ffc9, mode=async "
		  "status=partial_skipped",
		  "compaction:mm_compaction_end zone_start=4096 migrate_pfn=13312 free_pfn=13312 zone_end=262089 sync=0 "
		  "status=6" },
		{ "mm_compaction_finished: node=0 zone=DMA32    order=-1 ret=continue",
		  "compaction:mm_compaction_finished nid=0 idx=1 order=-1 ret=4" },
		{ "mm_compaction_suitable: node=1 zone=DMA      order=9 ret=skipped",
		  "compaction:mm_compaction_suitable nid=1 idx=0 order=9 ret=1" },
		{ "mm_compaction_deferred: node=0 zone=DMA32    order=9 order_failed=8 consider=4 limit=32",
		  "compaction:mm_compaction_deferred nid=0 idx=1 order=9 considered=4 defer_shift=5 order_failed=8" },
		{ "mm_compaction_defer_reset: node=0 zone=Normal   order=2 order_failed=6 consider=2 limit=1",
		  "compaction:mm_compaction_defer_reset nid=0 idx=2 order=2 considered=2 defer_shift=0 order_failed=6" },
		{ "mm_compaction_migratepages: nr_migrated=480 nr_failed=1",
		  "compaction:mm_compaction_migratepages nr_migrated=480 nr_failed=1" },
		{ "mm_compaction_isolate_freepages: range=(0x3fe00 ~ 0x3ffc9) nr_scanned=457 nr_taken=3",
		  "compaction:mm_compaction_isolate_freepages start_pfn=261632 end_pfn=262089 nr_scanned=457 nr_taken=3" },
		{ "mm_compaction_kcompactd_wake: nid=0 order=9 classzone_idx=DMA32   ",
		  "compaction:mm_compaction_kcompactd_wake nid=0 order=9 highest_zoneidx=1" },
		{ "reclaim_retry_zone:   node=0 zone=DMA32    order=0 reclaimable=213098 available=216184 min_wmark=942 "
		  "no_progress_loops=3 wmark_check=1",
		  "oom:reclaim_retry_zone node=0 zone_idx=1 order=0 reclaimable=213098 available=216184 min_wmark=942 "
		  "no_progress_loops=3 wmark_check=1" },
		{ "compact_retry:        order=0 priority=COMPACT_PRIO_SYNC_LIGHT compaction_result=withdrawn retries=0 "
		  "max_retries=16 should_retry=1",
		  "oom:compact_retry order=0 priority=1 result=2 retries=0 max_retries=16 ret=1" },
		{ "mark_victim:          pid=237 comm=mem hog total-vm=1639436kB anon-rss=469504kB file-rss:0kB shmem-rss:56kB "
		  "uid=0 pgtables=1784kB oom_score_adj=-800",
		  "oom:mark_victim pid=237 comm='mem hog' total_vm=1639436 anon_rss=469504 file_rss=0 shmem_rss=56 uid=0 "
		  "pgtables=1784 oom_score_adj=-800" },
		{ "oom_score_adj_update: pid=237 comm=a=1 b=2 pid=5 oom_score_adj=800",
		  "oom:oom_score_adj_update pid=237 comm='a=1 b=2 pid=5' oom_score_adj=800" },
		{ "oom_score_adj_update: pid=237 comm=  a, uid=0  oom_score_adj=800",
		  "oom:oom_score_adj_update pid=237 comm='  a, uid=0 ' oom_score_adj=800" },
		{ "mark_victim: pid=1 comm=x anon-rss=9kB total-vm=2kB anon-rss=3kB file-rss:4kB shmem-rss:5kB uid=6 "
		  "pgtables=7kB oom_score_adj=8",
		  "oom:mark_victim pid=1 comm='x anon-rss=9kB' total_vm=2 anon_rss=3 file_rss=4 shmem_rss=5 uid=6 pgtables=7 "
		  "oom_score_adj=8" },
		{ "wake_reaper:          pid=237", "oom:wake_reaper pid=237" },
		{ "mm_page_alloc_extfrag: page=0xffffffffa5e59c9c pfn=0x1604 alloc_order=0 fallback_order=8 pageblock_order=9 "
		  "alloc_migratetype=0 fallback_migratetype=2 fragmenting=10 change_ownership=1",
		  "kmem:mm_page_alloc_extfrag pfn=5636 alloc_order=0 fallback_order=8 alloc_migratetype=0 "
		  "fallback_migratetype=2 change_ownership=1" },
		{ "mm_setup_per_zone_wmarks: node_id=0 zone name=DMA32 watermark min=942 low=1177 high=1412 promo=1647",
		  "kmem:mm_setup_per_zone_wmarks node_id=0 name='DMA32' watermark_min=942 watermark_low=1177 "
		  "watermark_high=1412 watermark_promo=1647" },
		{ "mm_migrate_pages: nr_succeeded=31 nr_failed=1 nr_thp_succeeded=2 nr_thp_failed=3 nr_thp_split=4 nr_split=5 "
		  "mode=MIGRATE_SYNC_LIGHT reason=compaction",
		  "migrate:mm_migrate_pages succeeded=31 failed=1 thp_succeeded=2 thp_failed=3 thp_split=4 mode=1 reason=0 "
		  "large_folio_split=5" },
	};

	check_rows(rows, COUNT(rows), HEAD, HEADED);
}

static void test_old_kernels(void **state)
{
	static const struct row rows[] = {
		/* 2.6.35 */
		{ "mm_vmscan_direct_reclaim_begin: order=0 may_writepage=1 gfp_flags=GFP_KERNEL|GFP_NOWARN|GFP_ZERO|0x2",
		  "vmscan:mm_vmscan_direct_reclaim_begin order=0 gfp_flags=11714 may_writepage=1" },
		{ "mm_vmscan_lru_isolate: isolate_mode=1 order=0 nr_requested=32 nr_scanned=31 nr_taken=30 contig_taken=3 "
		  "contig_dirty=2 contig_failed=1",
		  "vmscan:mm_vmscan_lru_isolate order=0 nr_requested=32 nr_scanned=31 nr_taken=30 isolate_mode=1 "
		  "nr_lumpy_taken=3 nr_lumpy_dirty=2 nr_lumpy_failed=1" },
		{ "mm_vmscan_lru_shrink_inactive: nid=0 zid=2 nr_scanned=32 nr_reclaimed=30 priority=12 "
		  "flags=RECLAIM_WB_FILE|RECLAIM_WB_MIXED|RECLAIM_WB_SYNC",
		  "vmscan:mm_vmscan_lru_shrink_inactive nid=0 nr_scanned=32 nr_reclaimed=30 priority=12 reclaim_flags=22 "
		  "zid=2" },
		{ "mm_vmscan_writepage: page=ffffea0001234500 pfn=123456 flags=RECLAIM_WB_ANON|RECLAIM_WB_ASYNC",
		  "vmscan:mm_vmscan_writepage pfn=123456 reclaim_flags=9" },
		{ "mm_vmscan_wakeup_kswapd: nid=0 zid=1 order=3", "vmscan:mm_vmscan_wakeup_kswapd nid=0 zid=1 order=3" },
		{ "mm_pagereclaim_free: nr_reclaimed=31", "mm_pagereclaim_free nr_reclaimed=31" },
		/* 3.1, 3.2 .. 3.11 */
		{ "mm_shrink_slab_start: shrinker ffff88003e89d20a: objects to shrink 4 gfp_flags GFP_KERNEL|GFP_WAIT pgs_scanned "
		  "32 lru_pgs 1000 cache items 77 delta 2 total_scan 6",
		  "vmscan:mm_shrink_slab_start shr=0xffff88003e89d20a nr_objects_to_shrink=4 gfp_flags=3264 "
		  "cache_items=77 delta=2 total_scan=6 pgs_scanned=32 lru_pgs=1000" },
		{ "mm_shrink_slab_end: prune_super+0x0/0x150 ffff88003e89d20a: unused scan count 824 new scan count 320 "
		  "total_scan 5 last shrinker return val -1",
		  "vmscan:mm_shrink_slab_end shr=0xffff88003e89d20a shrink='prune_super+0x0/0x150' unused_scan=824 "
		  "new_scan=320 retval=-1 total_scan=5" },
		/* 3.19, 4.4 */
		{ "mm_compaction_begin: zone_start=4096 migrate_start=4096 free_start=8192 zone_end=9000",
		  "compaction:mm_compaction_begin zone_start=4096 zone_end=9000 migrate_start=4096 free_start=8192" },
		{ "mm_compaction_end: status=3", "compaction:mm_compaction_end status=3" },
		{ "mm_compaction_isolate_migratepages: nr_scanned=5 nr_taken=4",
		  "compaction:mm_compaction_isolate_migratepages nr_scanned=5 nr_taken=4" },
		{ "mm_compaction_try_to_compact_pages: order=3 gfp_mask=0x2000d0 mode=1",
		  "compaction:mm_compaction_try_to_compact_pages order=3 gfp_mask=2097360 mode=1" },
		{ "mm_compaction_suitable: node=0 zone=HighMem  order=3 ret=partial",
		  "compaction:mm_compaction_suitable nid=0 idx='HighMem' order=3 ret=8" },
		{ "mm_vmscan_lru_isolate: isolate_mode=0 classzone=1 order=0 nr_requested=32 nr_scanned=32 nr_taken=32 file=1",
		  "vmscan:mm_vmscan_lru_isolate highest_zoneidx=1 order=0 nr_requested=32 nr_scanned=32 nr_taken=32 "
		  "isolate_mode=0 file=1" },
		/* 4.19: mark_victim had the pid only */
		{ "mark_victim: pid=237", "oom:mark_victim pid=237" },
	};

	check_rows(rows, COUNT(rows), HEAD, HEADED);
}

static void test_other_events(void **state)
{
	static const struct row rows[] = {
		{ "mm_vmscan_memcg_shrink_begin: order=0 gfp_flags=GFP_KERNEL memcg=16",
		  "mm_vmscan_memcg_shrink_begin order=0 gfp_flags=3264 memcg=16" },
		{ "sched_switch: prev_comm=a b prev_pid=1 prev_state=S ==> next_comm=x-y next_pid=-3",
		  "sched_switch prev_comm='a b' prev_pid=1 prev_state='S' next_comm='x-y' next_pid=-3 "
		  "text='prev_comm=a b prev_pid=1 prev_state=S ==> next_comm=x-y next_pid=-3'" },
		{ "lowmemory_kill: d.process.media (10517), page cache 311740kB (limit 322560kB), free -1456Kb",
		  "lowmemory_kill text='d.process.media (10517), page cache 311740kB (limit 322560kB), free -1456Kb'" },
		{ "odd: a=0x10, b=ffffea00, c=1x, a=2 =3 4=5 x==y", "odd a=16 b='ffffea00' c='1x, a=2 =3 4=5 x==y'" },
		{ "e: a= b=", "e a='' b=''" },
		{ "e: a=9223372036854775807 b=18446744073709551615 c=18446744073709551616 d=-9223372036854775808",
		  "e a=9223372036854775807 b=0xffffffffffffffff c='18446744073709551616' d=-9223372036854775808" },
		{ "e:", "e" },
		/* a gfp flag that nobody knows: nothing is lost */
		{ "mm_vmscan_wakeup_kswapd: nid=0 order=9 gfp_flags=GFP_KERNEL|__GFP_NEW",
		  "vmscan:mm_vmscan_wakeup_kswapd nid=0 order=9 gfp_flags='GFP_KERNEL|__GFP_NEW'" },
		/* remarks of those who paste */
		{ "mm_vmscan_kswapd_sleep: nid=1  <-- here", "vmscan:mm_vmscan_kswapd_sleep nid=1 text='nid=1  <-- here'" },
		{ "tracing_mark_write: B|1234|draw x=1", "tracing_mark_write text='B|1234|draw x=1'" },
		{ "print:                ffffffff81 hello", "print text='ffffffff81 hello'" },
		{ "mutex_unlock <-rb_simple_write", "function ip='mutex_unlock' parent_ip='rb_simple_write'" },
		{ "xfs_walk+0x1c/0x30 [xfs] <-kswapd+0x2/0x90",
		  "function ip='xfs_walk+0x1c/0x30 [xfs]' parent_ip='kswapd+0x2/0x90'" },
		{ "function:             mutex_unlock <-- rb_simple_write",
		  "function ip='mutex_unlock' parent_ip='rb_simple_write'" },
		{ "my:event: a=1", "my:event a=1" },
	};

	check_rows(rows, COUNT(rows), HEAD, HEADED);
}

/* A name's columns grow with what its lines bring; each event has the type that was announced before it. */
static void test_growing_type(void **state)
{
	static const struct row row = {
		"e: a=1\n" HEAD "e: b=2\n" HEAD "e: a=3 c=4", "e a=1\n1000000000 1 0 e b=2\n1000000000 1 0 e a=3 c=4",
	};

	check_rows(&row, 1, HEAD, HEADED);
}

/* --- limits and damage --- */

struct counted {
	uint32_t	types;
	uint64_t	events;
	uint64_t	with_text;
	uint64_t	other;
	uint32_t	max_fields;
};

static int count_type(void *ctx, const struct event_type *type)
{
	struct counted *c = ctx;

	assert_int_equal(type->id, c->types);
	c->types++;
	if (type->nfields > c->max_fields)
		c->max_fields = type->nfields;
	return 0;
}

static int count_event(void *ctx, const struct event *ev)
{
	struct counted *c = ctx;

	c->events++;
	c->other += !strcmp(ev->type->name, "other_event");
	for (int i = 0; i < ev->type->nfields; i++)
		c->with_text += !strcmp(ev->type->fields[i].name, "text") && ev->values[i].kind == VALUE_TEXT;
	return 0;
}

static const struct sink_ops count_ops = { .type = count_type, .event = count_event };

static void count_run(const char *input, size_t len, struct counted *c)
{
	const struct sink sink = { &count_ops, c };
	struct source_error why = { 0 };

	assert_int_equal(run(input, len, &sink, &why), 0);
}

/* @lines lines "n<i % names>: k<i>=1": each may bring a new name and a new key. */
static void many_names(uint32_t lines, uint32_t names, struct counted *c)
{
	char *input = malloc(lines * 64ul), *p = input;

	assert_non_null(input);
	for (uint32_t i = 0; i < lines; i++)
		p += sprintf(p, HEAD "n%u: k%u=1\n", i % names, i);
	count_run(input, p - input, c);
	free(input);
}

static void test_bounds(void **state)
{
	struct counted keys = { 0 }, names = { 0 }, both = { 0 };

	many_names(1000, 1, &keys);		/* one name with 1000 keys */
	assert_int_equal(keys.events, 1000);
	assert_true(keys.types <= 32 && keys.max_fields <= EVENT_MAX_FIELDS);
	assert_true(keys.with_text >= 900);	/* what got no column is not lost */

	many_names(3000, 3000, &names);		/* 1024 of 3000 names get a type, less the room kept for known ones */
	assert_int_equal(names.events, 3000);
	assert_int_equal(names.types, 1025 - TP_COUNT);
	assert_int_equal(names.other, 3000 - (1024 - TP_COUNT));

	many_names(40000, 1000, &both);
	assert_int_equal(both.events, 40000);
	assert_true(both.types <= 4096);
}

/* One line of 1 MiB, and one of 64 fields and more. */
static void test_long_lines(void **state)
{
	static const char head[] = HEAD "e: a=1 b=", tail[] = "\n" HEAD "e: a=2\n" HEAD "e: a=3\n";
	size_t len = sizeof(head) - 1 + (1u << 20);
	char *input = malloc(len + sizeof(tail) + 4096), *p = input;
	struct counted c = { 0 };

	assert_non_null(input);
	memset(input, 'x', len);
	memcpy(input, head, sizeof(head) - 1);
	memcpy(input + len, tail, sizeof(tail) - 1);
	count_run(input, len + sizeof(tail) - 1, &c);
	assert_int_equal(c.events, 3);
	assert_int_equal(c.with_text, 0);

	p += sprintf(p, HEAD "wide:");
	for (int i = 0; i < 100; i++)
		p += sprintf(p, " f%d=%d", i, i);
	p += sprintf(p, "\n");
	c = (struct counted){ 0 };
	count_run(input, p - input, &c);
	assert_int_equal(c.max_fields, EVENT_MAX_FIELDS);
	assert_int_equal(c.with_text, 1);
	free(input);
}

/* A pipe gives what it has: lines, newlines and quotes come in pieces of 1 to 7 bytes. */
static void test_pipe_in_pieces(void **state)
{
	static const char input[] =
		"> a-1 [000] .... 1.000000: mm_vmscan_kswapd_wake: nid=0\n> order=3\n"
		"CPU:0 [LOST 5 EVENTS]\n" HEAD "e: a=1\n\n\n" HEAD "e: a=2";
	static struct log log;
	struct source_progress progress = { 0 };
	struct source_input in = { .path = "-", .progress = &progress };
	const struct sink sink = { &log_ops, &log };
	struct source_error why = { 0 };
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		for (size_t at = 0, n; at < sizeof(input) - 1; at += n) {
			n = at % 7 + 1;
			if (n > sizeof(input) - 1 - at)
				n = sizeof(input) - 1 - at;
			if (write(ends[1], input + at, n) != n)
				_exit(1);
			sched_yield();
		}
		_exit(0);
	}
	close(ends[1]);
	in.fd = ends[0];
	log.used = 0;
	assert_int_equal(text_source.run(&in, &sink, &why), 0);
	assert_string_equal(log.text, HEADED "vmscan:mm_vmscan_kswapd_wake nid=0 order=3\n"
			    "loss 1000000000 cpu 0 5 ring\n1000000000 1 0 e a=1\n1000000000 1 0 e a=2\n");
	assert_int_equal(progress.bytes_done, sizeof(input) - 1);
	assert_int_equal(progress.events, 3);
	assert_int_equal(progress.waiting, 0);
	close(ends[0]);
	waitpid(child, NULL, 0);
}

static void test_damage(void **state)
{
	static const char good[] = HEAD "e: a=1\n";
	static const char named[] = " \x01\x02-1 [000] .... 1.000000: e: comm=\x03 a=1";
	static struct log log;
	struct source_error why;
	char input[256];
	size_t len = sizeof(good) - 1;

	memcpy(input, good, len);
	memcpy(input + len, "abc\0def\n", 8);
	memcpy(input + len + 8, good, len);
	assert_int_equal(log_run(&log, input, 2 * len + 8, &why), -EBADMSG);
	assert_string_equal(why.what, "binary data at offset 36");	/* 33 bytes of the first line and "abc" */
	assert_string_equal(log.text, HEADED "e a=1\n");

	/* within a number, too */
	memcpy(input, good, len);
	input[len - 2] = '\0';
	assert_int_equal(log_run(&log, input, len, &why), -EBADMSG);
	assert_string_equal(why.what, "binary data at offset 31");
	assert_string_equal(log.text, "");

	/* but names and strings may hold anything else */
	assert_int_equal(log_run(&log, named, sizeof(named) - 1, &why), 0);
	assert_string_equal(log.text, "task 1 0 \x01\x02\n1000000000 1 0 e comm='\x03' a=1\n");
}

/* The input ends within a line: it counts when it makes sense. */
static void test_cut(void **state)
{
	static const struct {
		const char	*input;
		const char	*log;
		const char	*what;
	} rows[] = {
		{ HEAD "mm_vmscan_kswapd_sleep: nid=0", HEADED "vmscan:mm_vmscan_kswapd_sleep nid=0\n", "" },
		{ HEAD "e: a=1\nRegards", HEADED "e a=1\n", "" },
		{ HEAD "e: a=1\n" HEAD "mm_vmscan_kswapd_wake: nid=0 ord", HEADED "e a=1\n",
		  "ends inside an event line that begins at offset 33" },
		{ HEAD "e: a=1\n" HEAD "mm_vmscan_ksw", HEADED "e a=1\n",
		  "ends inside an event line that begins at offset 33" },
	};
	static struct log log;
	struct source_error why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int err = log_run(&log, rows[i].input, strlen(rows[i].input), &why);

		assert_int_equal(err, *rows[i].what ? -EBADMSG : 0);
		assert_string_equal(why.what, rows[i].what);
		assert_string_equal(log.text, rows[i].log);
	}
}

/* A trace whose buffer was empty is a trace. */
static void test_header_only(void **state)
{
	static const char *const rows[] = { "# tracer: nop\n#\n", "cpus=2\n" };
	static struct log log;
	struct source_error why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(log_run(&log, rows[i], strlen(rows[i]), &why), 0);
		assert_string_equal(log.text, "");
	}
}

static void test_wrapped(void **state)
{
	static const struct row rows[] = {
		{ HEAD "mm_vmscan_kswapd_wake: nid=0\norder=3", HEADED "vmscan:mm_vmscan_kswapd_wake nid=0 order=3" },
		{ "> a-1 [000] .... 1.000000: mm_shrink_slab_start:\n"
		  "> super_cache_scan+0x0/0x1a0 000000003e89d20a: nid: 1 objects to shrink\n"
		  "> 824 gfp_flags GFP_KERNEL cache items 1065515 delta 520 total_scan\r\n"
		  "> 1344 priority 12",
		  HEADED "vmscan:mm_shrink_slab_start shr=1049219594 shrink='super_cache_scan+0x0/0x1a0' nid=1 "
		  "nr_objects_to_shrink=824 gfp_flags=3264 cache_items=1065515 delta=520 total_scan=1344 priority=12" },
		/* fields of old kernels; a break before the time, the name, inside a list, inside a word */
		{ "a-1 [000] .... 1.000000: mm_vmscan_lru_isolate: isolate_mode=0\nclasszone=2 order=0 nr_requested=32 nr_scanned=31\n"
		  "nr_taken=30 file=1", HEADED "vmscan:mm_vmscan_lru_isolate highest_zoneidx=2 order=0 nr_requested=32 nr_scanned=31 "
		  "nr_taken=30 isolate_mode=0 file=1" },
		{ "> a-1 [000] ....\n> 1.000000: mm_vmscan_kswapd_wake: nid=0 order=3",
		  HEADED "vmscan:mm_vmscan_kswapd_wake nid=0 order=3" },
		{ "a-1 [000] .... 1.000000:\nmm_vmscan_kswapd_wake: nid=0 order=3",
		  HEADED "vmscan:mm_vmscan_kswapd_wake nid=0 order=3" },
		{ HEAD "mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_NOIO|\n__GFP_ZERO",
		  HEADED "vmscan:mm_vmscan_direct_reclaim_begin order=0 gfp_flags=3328" },
		{ HEAD "mm_vmscan_lru_shrink_inactive: nid=0 nr_scanned=1 nr_reclai\nmed=7 priority=1\n2 flags=RECLAIM_WB_FILE",
		  HEADED "vmscan:mm_vmscan_lru_shrink_inactive nid=0 nr_scanned=1 nr_reclaimed=7 priority=12 reclaim_flags=2" },
		/* quoted-printable, whose lines end in '=' where they go on */
		{ "> a-1 [000] .... 1.000000: mm_vmscan_lru_isolate: order=3D0 nr_reque=\nsted=3D32 nr_scanned=3D31=\n nr_taken=3D30",
		  HEADED "vmscan:mm_vmscan_lru_isolate order=0 nr_requested=32 nr_scanned=31 nr_taken=30" },
		/* prose is none of it */
		{ HEAD "mm_vmscan_kswapd_sleep: nid=0\n[000] is the CPU\n1.000000: mm_vmscan_kswapd_wake: nid=0 order=3",
		  HEADED "vmscan:mm_vmscan_kswapd_sleep nid=0" },
		{ HEAD "mm_vmscan_kswapd_wake: nid=0 order=3\nhere order=4 came",
		  HEADED "vmscan:mm_vmscan_kswapd_wake nid=0 order=3" },
		{ HEAD "mm_vmscan_kswapd_wake: nid=0\n\norder=3", HEADED "vmscan:mm_vmscan_kswapd_wake nid=0" },
		{ HEAD "mm_vmscan_kswapd_wake: nid=0\nand x=3", HEADED "vmscan:mm_vmscan_kswapd_wake nid=0" },
		{ HEAD "mm_vmscan_kswapd_wake: nid=0\nzid=1 order=3 and x=3", HEADED "vmscan:mm_vmscan_kswapd_wake nid=0" },
		{ HEAD "e: a=1\nb=2", HEADED "e a=1" },
	};

	check_rows(rows, COUNT(rows), "", "");
}

static void test_probe(void **state)
{
	static const struct {
		const char	*head;
		size_t		len;
		int		least;
		int		most;
	} rows[] = {
		{ HEAD "e: a=1\n", 33, 80, 99 },
		{ "# tracer: nop\n#\n", 16, 50, 79 },
		{ "cpus=2\n", 7, 50, 79 },
		{ "Dear all,\n", 10, 1, 49 },
		{ "", 0, 0, 0 },
		{ "\x17\x08\x44tracing6\0", 12, 0, 0 },
		{ "SQLite format 3\0", 16, 0, 0 },
		{ HEAD "e: a=1\n\0\0", 35, 80, 99 },		/* damage behind an event: ours to report */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int sure = text_source.probe(rows[i].head, rows[i].len);

		if (sure < rows[i].least || sure > rows[i].most)
			fail_msg("row %zu: %d", i, sure);
	}
}

/* --- published cases --- */

#define CASE_EVENTS	4096

struct case_event {
	uint64_t	ts;
	int32_t		tid;
	uint16_t	cpu;
	int64_t		order;
	int64_t		nr_reclaimed;
	char		name[64];
};

struct case_log {
	uint32_t		n;
	struct case_event	events[CASE_EVENTS];
};

static int case_event(void *ctx, const struct event *ev)
{
	struct case_log *log = ctx;
	struct case_event *e = &log->events[log->n++];

	assert_true(log->n < CASE_EVENTS);
	*e = (struct case_event){ .ts = ev->ts, .tid = ev->tid, .cpu = ev->cpu, .order = -1, .nr_reclaimed = -1 };
	snprintf(e->name, sizeof(e->name), "%s", ev->type->name);
	for (int i = 0; i < ev->type->nfields; i++) {
		if (!value_is_number(event_value_at(ev, i)))
			continue;
		if (!strcmp(ev->type->fields[i].name, "order"))
			e->order = ev->values[i].i;
		if (!strcmp(ev->type->fields[i].name, "nr_reclaimed"))
			e->nr_reclaimed = ev->values[i].i;
	}
	return 0;
}

static const struct case_event *case_find(const struct case_log *log, uint64_t ts, const char *suffix)
{
	for (uint32_t i = 0; i < log->n; i++) {
		const struct case_event *e = &log->events[i];
		size_t len = strlen(e->name), want = strlen(suffix);

		if (e->ts == ts && len >= want && !strcmp(e->name + len - want, suffix))
			return e;
	}
	return NULL;
}

/* "  - pid 1155 cpu 1->1 12839.528756 -> 12839.531950: 3.194 ms order=0 reclaimed=66" */
static bool check_pair(const struct case_log *log, const char *line)
{
	unsigned long sec0, us0, sec1, us1, ms, us;
	const struct case_event *begin, *end;
	char fraction[8] = "";
	int tid, cpu0, cpu1, order, reclaimed;
	const char *rest;

	if (sscanf(line, " - pid %d cpu %d->%d %lu.%lu -> %lu.%lu: %lu.%7[0-9] ms", &tid, &cpu0, &cpu1, &sec0, &us0, &sec1,
		   &us1, &ms, fraction) != 9)
		return false;
	begin = case_find(log, sec0 * 1000000000 + us0 * 1000, strstr(line, "order=") ? "_begin" : "_start");
	end = case_find(log, sec1 * 1000000000 + us1 * 1000, "_end");
	assert_non_null(begin);
	assert_non_null(end);
	assert_true(begin->tid == tid && end->tid == tid && begin->cpu == cpu0 && end->cpu == cpu1);
	strncat(fraction, "000", 3 - strlen(fraction));
	us = ms * 1000 + strtoul(fraction, NULL, 10);
	assert_int_equal(end->ts - begin->ts, us * 1000);
	rest = strstr(line, "order=");
	if (rest && sscanf(rest, "order=%d reclaimed=%d", &order, &reclaimed) == 2) {
		assert_int_equal(begin->order, order);
		assert_int_equal(end->nr_reclaimed, reclaimed);
	}
	return true;
}

/* "  - 1734.210437 -> 1734.696606: 0.486169 s (max order 5)": kswapd awake */
static bool check_awake(const struct case_log *log, const char *line)
{
	unsigned long sec0, us0, sec1, us1, sec, us;
	uint64_t from, to;
	int order, most = -1;

	if (sscanf(line, " - %lu.%lu -> %lu.%lu: %lu.%lu s (max order %d)", &sec0, &us0, &sec1, &us1, &sec, &us, &order) != 7)
		return false;
	from = sec0 * 1000000000 + us0 * 1000;
	to = sec1 * 1000000000 + us1 * 1000;
	assert_non_null(case_find(log, from, "_kswapd_wake"));
	assert_non_null(case_find(log, to, "_kswapd_sleep"));
	assert_int_equal(to - from, sec * 1000000000 + us * 1000);
	for (uint32_t i = 0; i < log->n; i++)
		if (log->events[i].ts >= from && log->events[i].ts <= to && strstr(log->events[i].name, "kswapd_wake") &&
		    log->events[i].order > most)
			most = log->events[i].order;
	assert_int_equal(most, order);
	return true;
}

static char *read_all(const char *dir, const char *case_name, const char *file)
{
	char path[PATH_MAX], *text;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, case_name, file);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	text = malloc(1u << 20);
	assert_non_null(text);
	n = fread(text, 1, (1u << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void check_counts(const struct case_log *log, char *counts)
{
	char *save, name[64];
	uint32_t rows, total = 0;

	for (char *line = strtok_r(counts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint32_t n = 0;

		assert_int_equal(sscanf(line, "%63s %u", name, &rows), 2);
		for (uint32_t i = 0; i < log->n; i++)
			n += !strcmp(log->events[i].name, name);
		assert_int_equal(n, rows);
		total += rows;
	}
	assert_int_equal(log->n, total);
}

static void check_case(const char *dir, const char *name)
{
	static const struct sink_ops ops = { .event = case_event };
	static struct case_log log;
	char *trace = read_all(dir, name, "trace.txt"), *counts = read_all(dir, name, "counts.tsv");
	char *expect = read_all(dir, name, "expect.md"), *save;
	const struct sink sink = { &ops, &log };
	struct source_error why = { 0 };

	log.n = 0;
	if (trace && counts && expect) {
		assert_int_equal(run(trace, strlen(trace), &sink, &why), 0);
		check_counts(&log, counts);
		for (char *line = strtok_r(expect, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			if (!check_pair(&log, line))
				check_awake(&log, line);
	}
	free(trace);
	free(counts);
	free(expect);
}

static void test_published(void **state)
{
	const char *dir = getenv("SQUALL_THIRD_PARTY");
	DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *entry;

	if (!d)
		skip();
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			check_case(dir, entry->d_name);
	closedir(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_comms),
		cmocka_unit_test(test_not_events),
		cmocka_unit_test(test_losses_and_headers),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_known_tracepoints),
		cmocka_unit_test(test_old_kernels),
		cmocka_unit_test(test_other_events),
		cmocka_unit_test(test_growing_type),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_pipe_in_pieces),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_header_only),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
