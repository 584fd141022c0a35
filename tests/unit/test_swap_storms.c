// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_swap_storms.c - the detectors of swap in RAM and of OOM kills where samples tell what golden sequences, which
 * are traces, cannot: what swap lies on, what zram costs, how much is free.
 *
 * The machine has one zone of 250,000 pages and pages of 4 KiB; each expected number is worked out beside it.
 */
#include "tests/unit/storm_fixture.h"

#define MIB		(1ll << 20)
#define TASKS		2
#define KERNEL		0xcc0		/* GFP_KERNEL: IO, FS, may reclaim itself and by kswapd */
#define MOVABLE		(KERNEL | 0x8)	/* and ___GFP_MOVABLE */

enum { BEGIN, END, RETRY, VICTIM, REAPED, MEMCG_BEGIN, MEMCG_END, TYPES };

static const struct event_field begin_fields[] = { { "order", VALUE_INT }, { "gfp_flags", VALUE_UINT } };
static const struct event_field end_fields[] = { { "nr_reclaimed", VALUE_UINT } };
static const struct event_field retry_fields[] = {
	{ "node", VALUE_INT }, { "order", VALUE_INT }, { "reclaimable", VALUE_INT }, { "available", VALUE_INT },
	{ "min_wmark", VALUE_INT }, { "no_progress_loops", VALUE_INT }, { "wmark_check", VALUE_INT },
};
static const struct event_field victim_fields[] = { { "pid", VALUE_INT }, { "anon_rss", VALUE_INT } };
static const struct event_field pid_fields[] = { { "pid", VALUE_INT } };

static const struct event_type types[TYPES] = {
	TYPE(BEGIN, "vmscan", "mm_vmscan_direct_reclaim_begin", begin_fields),
	TYPE(END, "vmscan", "mm_vmscan_direct_reclaim_end", end_fields),
	TYPE(RETRY, "oom", "reclaim_retry_zone", retry_fields),
	TYPE(VICTIM, "oom", "mark_victim", victim_fields),
	TYPE(REAPED, "oom", "finish_task_reaping", pid_fields),
	TYPE(MEMCG_BEGIN, "vmscan", "mm_vmscan_memcg_reclaim_begin", begin_fields),
	TYPE(MEMCG_END, "vmscan", "mm_vmscan_memcg_reclaim_end", end_fields),
};

static void boot(struct machine *m)
{
	machine_boot(m, NULL, types, TYPES);
}

static void sample(struct machine *m, enum sample_scope scope, const char *name, int64_t value)
{
	const struct sample s = { m->now_ns, scope, scope == SCOPE_ZONE ? 0 : -1, 0, name, "", value };

	assert_int_equal(SINK_CALL(&m->sink, sample, &s), 0);
}

/* What the samples of one second say. */
struct memory {
	int64_t	free, anon, file, swap_free;		/* pages */
	int64_t	orig, compr, used;			/* bytes */
	const char *swap;				/* device, or NULL: no swap */
	int64_t	oom_kill;
};

static void tell(struct machine *m, const struct memory *mem)
{
	char name[64];

	sample(m, SCOPE_SYSTEM, "nr_free_pages", mem->free);
	sample(m, SCOPE_SYSTEM, "MemTotal", 1024 * MIB);
	sample(m, SCOPE_SYSTEM, "SwapFree", mem->swap_free * 4096);
	sample(m, SCOPE_SYSTEM, "oom_kill", mem->oom_kill);
	sample(m, SCOPE_ZONE, "zone.Normal.free", mem->free);
	sample(m, SCOPE_ZONE, "zone.Normal.min", 2000);
	sample(m, SCOPE_ZONE, "zone.Normal.low", 2500);
	sample(m, SCOPE_ZONE, "zone.Normal.high", 3000);
	sample(m, SCOPE_ZONE, "zone.Normal.managed", 250000);
	sample(m, SCOPE_ZONE, "zone.Normal.protection.3", 0);
	sample(m, SCOPE_ZONE, "zone.Normal.nr_zone_active_anon", mem->anon / 2);
	sample(m, SCOPE_ZONE, "zone.Normal.nr_zone_inactive_anon", mem->anon - mem->anon / 2);
	sample(m, SCOPE_ZONE, "zone.Normal.nr_zone_active_file", 0);
	sample(m, SCOPE_ZONE, "zone.Normal.nr_zone_inactive_file", mem->file);
	sample(m, SCOPE_ZONE, "zone.Movable.free", 0);
	sample(m, SCOPE_ZONE, "zone.Movable.managed", 0);
	if (mem->swap) {
		snprintf(name, sizeof(name), "swap.%s.size", mem->swap);
		sample(m, SCOPE_DEVICE, name, 1024 * MIB);
	}
	sample(m, SCOPE_DEVICE, "zram0.orig_data_size", mem->orig);
	sample(m, SCOPE_DEVICE, "zram0.compr_data_size", mem->compr);
	sample(m, SCOPE_DEVICE, "zram0.mem_used_total", mem->used);
}

/* A second in which both tasks stand in direct reclaim for 0.875 s and then decide to go on. */
static void storm_second(struct machine *m, const struct memory *mem, uint64_t gfp)
{
	const uint64_t ms = 1000000;
	uint64_t t = m->now_ns;

	tell(m, mem);
	for (int tid = 1; tid <= TASKS; tid++)
		EVENT(m, BEGIN, tid, t + ms, 0, gfp);
	for (int tid = 1; tid <= TASKS; tid++)
		EVENT(m, END, tid, t + 876 * ms, 33);
	for (int tid = 1; tid <= TASKS; tid++)
		EVENT(m, RETRY, tid, t + 950 * ms, 0, 0, 110000, 112000, 2000, 0, 1);
	m->now_ns += NSEC_PER_SEC;
}

static void rest(struct machine *m, const struct memory *mem, int seconds)
{
	for (int i = 0; i < seconds; i++, m->now_ns += NSEC_PER_SEC)
		tell(m, mem);
}

/* All swap in zram, which compresses by nothing worth it: 900 MiB of RAM for 1000 MiB. */
static const struct memory full_zram = {
	.free = 2100, .anon = 100000, .file = 500, .swap_free = 30000, .orig = 1000 * MIB, .compr = 880 * MIB,
	.used = 900 * MIB, .swap = "/dev/zram0",
};
static const struct memory calm = {
	.free = 50000, .anon = 50000, .file = 100000, .swap_free = 262144, .swap = "/dev/zram0",
};

#define assert_near(f, name, expected) \
	do { \
		double is = value_of(f, name); \
		if (is < (expected) * 0.999 || is > (expected) * 1.001) \
			fail_msg("%s is %g, not %g", name, is, (double)(expected)); \
	} while (0)

/* --- ram-backed-swap-stall --- */

/*
 * 100 s of it. Estimate 500 + 100,000 pages. Gain: 500 of file, and of 30,000 that swap has room for a tenth: 3,500;
 * 100,500 / 3,500 = 28.71. Two tasks of 0.875 s: 175 task-seconds. Storing 32 pages takes 28.8, and 100 are free above
 * min. Without anon there would be 500 + 2,100 pages for a min of 2,000: that alone never stops it.
 */
static void zram_that_gives_nothing_back(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 100; s++)
		storm_second(&m, &full_zram, s % 2 ? MOVABLE : KERNEL);
	f = the_only(&m, "ram-backed-swap-stall");
	assert_int_equal(f->severity, SEVERITY_HIGH);	/* 28 times */
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_int_equal(f->start_ns, 100 * NSEC_PER_SEC + 1000000);
	assert_int_equal(f->end_ns, 199 * NSEC_PER_SEC + 950000000);
	assert_near(f, "stalled", 175);
	assert_near(f, "decisions", 200);
	assert_near(f, "go_on_with_progress", 200);
	assert_near(f, "direct_reclaims", 200);
	assert_near(f, "reclaimed_pages", 6600);
	assert_near(f, "cost_ratio", 0.9);
	assert_near(f, "kernel_estimate_pages", 100500);
	assert_near(f, "real_gain_pages", 3500);
	assert_near(f, "overestimate", 100500.0 / 3500);
	assert_near(f, "cost_of_32_stored", 28.8);
	assert_near(f, "free_above_min", 100);
	for (int i = 0; i < f->nevidence; i++)
		assert_string_not_equal(f->evidence[i].name, "stop_without_anon");
	off(&m);
}

/* File pages shrink in the 30th second: 100 + 1,800 are no more than min. That is 30 s less 1 ms after the start. */
static void the_moment_at_which_the_proposal_would_have_stopped(void **state)
{
	struct memory mem = full_zram;
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 100; s++) {
		if (s == 29) {
			mem.file = 100;
			mem.free = 1800;
		}
		storm_second(&m, &mem, MOVABLE);
	}
	f = the_only(&m, "ram-backed-swap-stall");
	assert_near(f, "stop_without_anon", 29.999);	/* seen when the next samples come */
	off(&m);
}

/* What is told while it lasts: after a minute, once. */
static void it_is_told_while_it_lasts(void **state)
{
	struct machine m;

	boot(&m);
	for (int s = 0; s < 58; s++)
		storm_second(&m, &full_zram, MOVABLE);
	assert_int_equal(m.told, 0);
	for (int s = 0; s < 60; s++)
		storm_second(&m, &full_zram, MOVABLE);
	assert_int_equal(m.told, 1);
	assert_string_equal(m.last.kind, "ram-backed-swap-stall");
	rest(&m, &calm, 300);
	assert_int_equal(m.told, 1);
	the_only(&m, "ram-backed-swap-stall");
	off(&m);
}

/* The same stall, but for one thing each. */
static void what_is_no_such_stall(void **state)
{
	static const struct {
		const char	*what;
		struct memory	mem;
		const char	*also_swap;	/* a second device */
		const char	*key, *value;	/* of meta */
		uint64_t	gfp;
		int		seconds;
	} rows[] = {
		{ "swap on a disk", { .free = 2100, .anon = 100000, .file = 500, .swap_free = 30000, .swap = "/dev/sda2" },
		  .gfp = MOVABLE, .seconds = 100 },
		{ "a disk beside it", full_zram, .also_swap = "swap./dev/sda2.size", .gfp = MOVABLE, .seconds = 100 },
		{ "no swap", { .free = 2100, .anon = 100000, .file = 500 }, .gfp = MOVABLE, .seconds = 100 },
		{ "a backing device", full_zram, .key = "zram0.backing_dev", .value = "/dev/sda3", .gfp = MOVABLE,
		  .seconds = 100 },
		{ "a swap file", { .free = 2100, .anon = 100000, .file = 500, .swap_free = 30000, .swap = "/swap/zram" },
		  .gfp = MOVABLE, .seconds = 100 },
		/* 100,500 / (500 + 30,000 * 0.7) = 4.67; 0.3 for 1 and room for all: 100,500 / 70,500 */
		{ "data that compresses", { .free = 2100, .anon = 100000, .file = 500, .swap_free = 262144,
		  .orig = 1000 * MIB, .compr = 290 * MIB, .used = 300 * MIB, .swap = "/dev/zram0" }, .gfp = MOVABLE,
		  .seconds = 100 },
		{ "kswapd gets there", { .free = 3100, .anon = 100000, .file = 500, .swap_free = 30000, .orig = 1000 * MIB,
		  .compr = 880 * MIB, .used = 900 * MIB, .swap = "/dev/zram0" }, .gfp = MOVABLE, .seconds = 100 },
		{ "50 s", full_zram, .gfp = MOVABLE, .seconds = 50 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m;

		boot(&m);
		if (rows[i].key)
			meta(&m, rows[i].key, rows[i].value);
		if (rows[i].also_swap)
			sample(&m, SCOPE_DEVICE, rows[i].also_swap, 1024 * MIB);
		rest(&m, &rows[i].mem, 2);
		for (int s = 0; s < rows[i].seconds; s++)
			storm_second(&m, &rows[i].mem, rows[i].gfp);
		print_message("%s\n", rows[i].what);
		none(&m);
		off(&m);
	}
}

/*
 * Each ten seconds end with @relieved of @free pages, the others have 2,600: more than low, and short of high. Of 100
 * looks so many are none of a stall.
 */
static void relief(struct machine *m, int64_t free, int relieved)
{
	struct memory mem = full_zram;

	boot(m);
	for (int s = 0; s < 100; s++) {
		mem.free = s % 10 >= 10 - relieved ? free : 2600;
		storm_second(m, &mem, MOVABLE);
	}
}

static void a_moment_of_relief_is_no_end(void **state)
{
	const struct finding *f;
	struct machine m;

	relief(&m, 3100, 2);
	f = the_only(&m, "ram-backed-swap-stall");
	assert_near(f, "samples", 99);		/* a look is taken when the next samples come */
	assert_near(f, "samples_short", 80);
	off(&m);
	relief(&m, 3100, 3);
	none(&m);
	off(&m);
	relief(&m, 3100, 6);
	none(&m);
	off(&m);
}

/* A minute of it, then two minutes in which six of ten looks are short: 0.73 of all, but the first minute was a storm. */
static void a_storm_that_fades(void **state)
{
	struct memory mem = full_zram;
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 190; s++) {
		mem.free = s >= 70 && s % 10 >= 6 ? 3100 : 2600;
		storm_second(&m, &mem, MOVABLE);
	}
	f = the_only(&m, "ram-backed-swap-stall");
	assert_true(f->end_ns >= 169 * NSEC_PER_SEC);
	assert_true(value_of(f, "samples_short") >= 0.8 * value_of(f, "samples"));
	off(&m);
}

/* zram holds less than 64 MiB: 2:1 is assumed, and that is no overestimate of 4 unless swap is nearly full. */
static void a_cost_that_is_assumed_is_said(void **state)
{
	struct memory mem = full_zram;
	const struct finding *f;
	struct machine m;

	mem.orig = 10 * MIB;
	mem.compr = mem.used = 9 * MIB;
	boot(&m);
	for (int s = 0; s < 100; s++)
		storm_second(&m, &mem, MOVABLE);
	f = the_only(&m, "ram-backed-swap-stall");
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	assert_near(f, "cost_ratio", 0.5);
	assert_near(f, "real_gain_pages", 500 + 30000 * 0.5);
	assert_non_null(strstr(f->missing, "assumed"));
	off(&m);
}

/*
 * Where calls end too seldom to be seen, PSI tells: half of the time nobody gets on. And a limit of zram is room that
 * swap does not have: 100 MiB are left for 28,444 pages at 0.9 each, so 500 + 2,844 could be gained.
 */
static void pressure_and_a_limit(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 100; s++) {
		sample(&m, SCOPE_SYSTEM, "psi.memory.full.total", s * 500000);
		sample(&m, SCOPE_DEVICE, "zram0.mem_limit", 1000 * MIB);
		tell(&m, &full_zram);
		EVENT(&m, BEGIN, 1, m.now_ns + 1, 0, MOVABLE);
		EVENT(&m, END, 1, m.now_ns + 2, 0);
		EVENT(&m, RETRY, 1, m.now_ns + 3, 0, 0, 110000, 112000, 2000, 5, 1);
		m.now_ns += NSEC_PER_SEC;
	}
	f = the_only(&m, "ram-backed-swap-stall");
	assert_near(f, "real_gain_pages", 500 + 28444.4 * 0.1);
	assert_near(f, "decisions_to_go_on", 100);
	assert_near(f, "go_on_with_progress", 0);
	assert_near(f, "psi_full", 49.0);	/* known when the next samples come */
	off(&m);
}

/* --- zsmalloc-fragmentation --- */

/* 100 MiB of data in 150: a third is holes. 150 of 1024 MiB. */
static const struct memory holes = {
	.free = 50000, .anon = 50000, .file = 100000, .swap_free = 262144, .orig = 400 * MIB, .compr = 100 * MIB,
	.used = 150 * MIB, .swap = "/dev/zram0",
};

static void zram_with_holes(void **state)
{
	struct memory worse = holes;
	const struct finding *f;
	struct machine m;

	boot(&m);
	rest(&m, &calm, 10);
	rest(&m, &holes, 20);
	worse.compr = 60 * MIB;			/* 1 - 60 / 150 = 0.6, lost are 90 MiB */
	rest(&m, &worse, 20);
	rest(&m, &calm, 10);
	f = the_only(&m, "zsmalloc-fragmentation");
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_near(f, "fragmentation", 0.6);
	assert_near(f, "lost", 90 * MIB);
	assert_near(f, "duration", 39);		/* the first of 40 looks .. the last */
	assert_near(f, "share_of_memory", 150 / 1024.0);
	off(&m);
}

static void holes_not_worth_a_line(void **state)
{
	struct memory mem;
	struct machine m;

	boot(&m);
	mem = holes;
	mem.compr = 121 * MIB;			/* 0.193 */
	rest(&m, &mem, 60);
	mem.compr = 20 * MIB;
	mem.used = 51 * MIB;			/* 0.0498 of RAM */
	rest(&m, &mem, 60);
	rest(&m, &holes, 10);			/* looks 9 s apart */
	rest(&m, &calm, 1);
	rest(&m, &holes, 10);
	rest(&m, &calm, 1);
	none(&m);
	assert_true(judged(&m, &zsmalloc_fragmentation));
	off(&m);
}

static void without_samples_nothing_is_said_of_holes(void **state)
{
	struct machine m;

	boot(&m);
	EVENT(&m, BEGIN, 1, NSEC_PER_SEC, 0, 0);
	none(&m);
	assert_false(judged(&m, &zsmalloc_fragmentation));
	assert_false(judged(&m, &oom_storm));
	off(&m);
}

static void holes_are_told_while_they_last(void **state)
{
	struct machine m;

	boot(&m);
	rest(&m, &holes, 60);
	assert_int_equal(m.told, 1);
	assert_string_equal(m.last.kind, "zsmalloc-fragmentation");
	off(&m);
}

/* --- oom-storm --- */

static void reclaim_before_kill(struct machine *m, int begin, int end)
{
	EVENT(m, begin, 9, m->now_ns + 100, 0, MOVABLE);
	EVENT(m, end, 9, m->now_ns + 200, 0);
}

/* Task 9 reclaims and calls the OOM killer; the victim had 100 MiB, which is 25,600 pages. Then ten seconds pass. */
static void kill_one(struct machine *m, const struct memory *before, const struct memory *after,
		     const struct memory *later, int32_t victim)
{
	tell(m, before);
	reclaim_before_kill(m, BEGIN, END);
	EVENT(m, VICTIM, 9, m->now_ns + 1000, victim, 100 * 1024);
	m->now_ns += NSEC_PER_SEC;
	tell(m, after);
	EVENT(m, REAPED, 9, m->now_ns + 1000, victim);
	m->now_ns += NSEC_PER_SEC;
	rest(m, later, 8);
}

/* 1,280 of 25,600 pages come back, and no zone is above min: 5 %. */
static void kills_that_give_nothing_back(void **state)
{
	struct memory before = calm, after = calm;
	const struct finding *f;
	struct machine m;

	before.free = 500;
	after.free = 1780;
	boot(&m);
	rest(&m, &before, 3);
	for (int i = 0; i < 4; i++)
		kill_one(&m, &before, &after, &after, 100 + i);
	f = the_only(&m, "oom-storm");
	assert_string_equal(f->variant, "machine");
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_near(f, "kills", 4);
	assert_near(f, "kills_judged", 4);
	assert_near(f, "efficacy_median", 0.05);
	assert_near(f, "kills_that_freed_nothing", 4);
	assert_near(f, "held", 400 * MIB);
	assert_near(f, "given_back", 20 * MIB);
	assert_near(f, "kills_looked_after", 4);
	assert_near(f, "short_after_kill", 4);
	assert_int_equal(m.told, 1);
	off(&m);
}

/* 20,480 of 25,600 pages come back: 80 %. Something takes them soon, which is no fault of the kill. */
static void kills_that_help(void **state)
{
	struct memory before = calm, after = calm;
	struct machine m;

	before.free = 500;
	after.free = 20980;
	boot(&m);
	rest(&m, &before, 3);
	for (int i = 0; i < 4; i++)
		kill_one(&m, &before, &after, &before, 100 + i);
	none(&m);
	assert_true(judged(&m, &oom_storm));
	off(&m);
}

/* Live, events come up to a second after samples of their time: "free before the kill" must not come from after it. */
static void kills_that_help_and_are_told_late(void **state)
{
	struct memory before = calm, after = calm;
	struct machine m;

	before.free = 500;
	after.free = 20980;
	boot(&m);
	rest(&m, &before, 3);
	for (int i = 0; i < 4; i++) {
		uint64_t killed_ns;

		tell(&m, &before);
		killed_ns = m.now_ns + 1000;
		m.now_ns += NSEC_PER_SEC / 2;
		tell(&m, &after);
		EVENT(&m, BEGIN, 9, killed_ns - 200, 0, MOVABLE);
		EVENT(&m, END, 9, killed_ns - 100, 0);
		EVENT(&m, VICTIM, 9, killed_ns, 100 + i, 100 * 1024);
		m.now_ns += NSEC_PER_SEC / 2;
		rest(&m, &after, 9);
	}
	none(&m);
	off(&m);
}

/* Nobody looked at free memory between one kill and the next: nothing is known of it, and nothing is made up. */
static void kills_between_two_samples(void **state)
{
	struct memory before = calm;
	const struct finding *f;
	struct machine m;

	before.free = 500;
	boot(&m);
	rest(&m, &before, 3);
	for (int i = 0; i < 3; i++) {
		reclaim_before_kill(&m, BEGIN, END);
		EVENT(&m, VICTIM, 9, m.now_ns + 1000, 100 + i, 100 * 1024);
		for (int k = 0; k < 4; k++) {
			m.now_ns += NSEC_PER_SEC / 8;
			sample(&m, SCOPE_DEVICE, "disk.sda.io_ms", i * 4 + k);
		}
	}
	rest(&m, &before, 10);
	f = the_only(&m, "oom-storm");
	assert_near(f, "kills", 3);
	assert_near(f, "kills_judged", 1);	/* the last one: nothing came back */
	assert_near(f, "kills_looked_after", 1);
	off(&m);
}

/* A victim without memory of its own but for 40 MiB of objects in zram, which keeps all but 2 of its pages. */
static void kills_whose_memory_stays_in_zram(void **state)
{
	struct memory before = calm, after;
	const struct finding *f;
	struct machine m;

	before.free = 500;
	before.orig = 900 * MIB;
	before.compr = 370 * MIB;
	before.used = 440 * MIB;
	boot(&m);
	rest(&m, &before, 3);
	for (int i = 0; i < 3; i++) {
		after = before;
		after.free = 1012;		/* 2 MiB */
		after.compr -= 40 * MIB;
		after.used -= 2 * MIB;
		tell(&m, &before);
		reclaim_before_kill(&m, BEGIN, END);
		EVENT(&m, VICTIM, 9, m.now_ns + 1000, 100 + i, 0);
		m.now_ns += NSEC_PER_SEC;
		rest(&m, &after, 9);
		before.compr = after.compr;
		before.used = after.used;
	}
	assert_int_equal(SINK_CALL(&m.sink, end), 0);
	f = analysis_findings(m.analysis, &(int){ 0 });
	assert_string_equal(f->kind, "zsmalloc-fragmentation");	/* what freed objects leave behind explains the kills */
	assert_true(f->leads);
	f++;
	assert_string_equal(f->kind, "oom-storm");
	assert_string_equal(f->caused_by, "zsmalloc-fragmentation");
	assert_near(f, "efficacy_median", 2 / 40.0);
	assert_near(f, "kills_that_freed_nothing", 3);
	assert_near(f, "zram_freed_objects", 120 * MIB);
	assert_near(f, "zram_given_back", 6 * MIB);
	off(&m);
}

/* Without mark_victim oom_kill tells how many; free memory, that it did not help. Those before the start are none. */
static void kills_that_are_only_counted(void **state)
{
	struct memory mem = calm;
	const struct finding *f;
	struct machine m;

	mem.free = 500;
	mem.oom_kill = 70;
	boot(&m);
	rest(&m, &mem, 5);
	for (int i = 0; i < 3; i++) {
		mem.oom_kill++;
		rest(&m, &mem, 10);
	}
	f = the_only(&m, "oom-storm");
	assert_near(f, "kills", 3);
	assert_near(f, "short_after_kill", 3);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	assert_non_null(strstr(f->missing, "oom_kill"));
	off(&m);
}

/* A cgroup at its limit; the machine has enough, but what the victims held does not come back. */
static void kills_of_a_cgroup(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	rest(&m, &calm, 3);
	for (int i = 0; i < 3; i++) {
		reclaim_before_kill(&m, MEMCG_BEGIN, MEMCG_END);
		EVENT(&m, VICTIM, 9, m.now_ns + 1000, 100 + i, 100 * 1024);
		m.now_ns += NSEC_PER_SEC;
		rest(&m, &calm, 9);
	}
	f = the_only(&m, "oom-storm");
	assert_string_equal(f->variant, "cgroup");
	assert_int_equal(f->severity, SEVERITY_WARNING);
	off(&m);
}

/* --- numbers of any kind --- */

static void absurd_numbers(void **state)
{
	static const int64_t numbers[] = { INT64_MIN, INT64_MAX, -1, 0, 1, INT64_MAX / 2 };
	struct memory mem = full_zram;
	struct machine m;

	boot(&m);
	for (int s = 0; s < 120; s++) {
		int64_t n = numbers[s % 6];

		mem.free = mem.anon = mem.file = mem.orig = mem.compr = mem.used = mem.oom_kill = n;
		mem.swap_free = n / 4096;
		storm_second(&m, &mem, n);
		EVENT(&m, VICTIM, 9, m.now_ns, n, n);
		EVENT(&m, REAPED, 9, m.now_ns, n);
		sample(&m, SCOPE_DEVICE, "zram99999999999999999999.orig_data_size", n);
		sample(&m, SCOPE_DEVICE, "zram.orig_data_size", n);
		sample(&m, SCOPE_DEVICE, "swap.size", n);
		sample(&m, SCOPE_ZONE, "zone.", n);
		sample(&m, SCOPE_ZONE, "zone.averyveryverylongname.free", n);
		meta(&m, "zram-1.backing_dev", "x");
		meta(&m, "zram77.backing_dev", "x");
		if (s % 7 == 0)
			m.now_ns += (uint64_t)s << (s % 50);
	}
	assert_int_equal(SINK_CALL(&m.sink, end), 0);
	off(&m);
}

static void many_devices_and_zones(void **state)
{
	struct machine m;
	char name[300];

	boot(&m);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "swap./a/%0*d.size", i % 250, i);
		sample(&m, SCOPE_DEVICE, name, MIB);
		snprintf(name, sizeof(name), "zram%d.orig_data_size", i);
		sample(&m, SCOPE_DEVICE, name, MIB);
		snprintf(name, sizeof(name), "zone.Z%d.free", i);
		sample(&m, SCOPE_ZONE, name, 1);
		m.now_ns += NSEC_PER_SEC;
	}
	none(&m);
	off(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zram_that_gives_nothing_back),
		cmocka_unit_test(the_moment_at_which_the_proposal_would_have_stopped),
		cmocka_unit_test(it_is_told_while_it_lasts),
		cmocka_unit_test(what_is_no_such_stall),
		cmocka_unit_test(a_moment_of_relief_is_no_end),
		cmocka_unit_test(a_storm_that_fades),
		cmocka_unit_test(a_cost_that_is_assumed_is_said),
		cmocka_unit_test(pressure_and_a_limit),
		cmocka_unit_test(zram_with_holes),
		cmocka_unit_test(holes_not_worth_a_line),
		cmocka_unit_test(without_samples_nothing_is_said_of_holes),
		cmocka_unit_test(holes_are_told_while_they_last),
		cmocka_unit_test(kills_that_give_nothing_back),
		cmocka_unit_test(kills_that_help),
		cmocka_unit_test(kills_that_help_and_are_told_late),
		cmocka_unit_test(kills_between_two_samples),
		cmocka_unit_test(kills_whose_memory_stays_in_zram),
		cmocka_unit_test(kills_that_are_only_counted),
		cmocka_unit_test(kills_of_a_cgroup),
		cmocka_unit_test(absurd_numbers),
		cmocka_unit_test(many_devices_and_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
