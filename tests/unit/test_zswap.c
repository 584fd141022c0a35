// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_zswap.c - the detectors of zswap: sequences of samples as squall record takes them, one a second.
 *
 * The machine has 1000 MiB, of which zswap may take 20 %: 200 MiB. Its pages compress to a third. Slots of ten seconds
 * begin with the first sample, at 100 s, and each expected number is worked out beside it.
 */
#include "tests/unit/storm_fixture.h"

#define MIB		(1ll << 20)
#define CHILD		42
#define PARENT		7
#define OTHER		99

/* What a second adds, and where things stand. */
struct rates {
	int64_t	stored, loaded, written, swap_out, swap_in, hits, poor, io_us, memory_us;
	int64_t	pool;			/* bytes; the rest are pages */
	int64_t	shrinks;		/* bytes of the pool */
	int64_t	cg_written, cg_swap_in, cg_memory_us;
	int64_t	thp, ahead;		/* huge pages written; pages read ahead in vain */
};

enum { NO_DEBUGFS = 1, NO_ZSWPWB = 2, NO_SETTINGS = 4, NO_CGROUPS = 8, DENIED = 16 };

struct host {
	struct machine		machine;
	unsigned int		lacks;
	struct rates		sum;
	int64_t			on_disk;	/* bytes of swap in use beside what zswap holds */
};

static void sample(struct host *m, enum sample_scope scope, uint64_t cgroup, const char *name, int64_t value)
{
	const struct sample s = { m->machine.now_ns, scope, -1, cgroup, name, "", value };

	assert_int_equal(SINK_CALL(&m->machine.sink, sample, &s), 0);
}

static void system_sample(struct host *m, const char *name, int64_t value)
{
	sample(m, SCOPE_SYSTEM, 0, name, value);
}

static void tell_cgroups(struct host *m)
{
	const struct rates *sum = &m->sum;

	sample(m, SCOPE_CGROUP, CHILD, "memory.zswap.writeback", !(m->lacks & DENIED));
	sample(m, SCOPE_CGROUP, PARENT, "memory.zswap.writeback", !(m->lacks & DENIED));
	for (int id = PARENT; id <= CHILD; id += CHILD - PARENT) {
		bool child = id == CHILD;

		sample(m, SCOPE_CGROUP, id, "zswap", sum->pool - (child ? 5 * MIB : 0));
		sample(m, SCOPE_CGROUP, id, "zswapped", 3 * (sum->pool - (child ? 5 * MIB : 0)));
		sample(m, SCOPE_CGROUP, id, "zswpwb", sum->cg_written);
		sample(m, SCOPE_CGROUP, id, "pswpin", sum->cg_swap_in);
		sample(m, SCOPE_CGROUP, id, "memory.current", child ? 400 * MIB : 420 * MIB);
		sample(m, SCOPE_CGROUP, id, "psi.memory.some.total", sum->cg_memory_us);
	}
	sample(m, SCOPE_CGROUP, OTHER, "zswap", 0);
	sample(m, SCOPE_CGROUP, OTHER, "zswpwb", sum->cg_written / 9);
	sample(m, SCOPE_CGROUP, OTHER, "pswpin", 0);
}

static void tell(struct host *m)
{
	const struct rates *sum = &m->sum;

	system_sample(m, "MemTotal", 1000 * MIB);
	system_sample(m, "SwapTotal", 8000 * MIB);
	system_sample(m, "SwapFree", 8000 * MIB - 3 * sum->pool - m->on_disk);
	system_sample(m, "thp_swpout", sum->thp);
	system_sample(m, "swap_ra", 77 + sum->ahead);
	system_sample(m, "swap_ra_hit", 70);
	system_sample(m, "Zswap", sum->pool);
	system_sample(m, "Zswapped", 3 * sum->pool);
	system_sample(m, "zswpout", sum->stored);
	system_sample(m, "zswpin", sum->loaded);
	if (!(m->lacks & NO_ZSWPWB))
		system_sample(m, "zswpwb", sum->written);
	system_sample(m, "pswpout", sum->swap_out);
	system_sample(m, "pswpin", sum->swap_in);
	system_sample(m, "psi.io.some.total", sum->io_us);
	system_sample(m, "psi.memory.some.total", sum->memory_us);
	if (!(m->lacks & NO_DEBUGFS)) {
		system_sample(m, "zswap.pool_total_size", sum->pool);
		system_sample(m, "zswap.pool_limit_hit", sum->hits);
		system_sample(m, "zswap.reject_compress_poor", sum->poor);
		system_sample(m, "zswap.written_back_pages", sum->written);
	}
	if (!(m->lacks & NO_CGROUPS))
		tell_cgroups(m);
}

static void boot(struct host *m, const char *only, unsigned int lacks)
{
	*m = (struct host){ .lacks = lacks };
	machine_boot(&m->machine, only, NULL, 0);
	if (!(lacks & NO_SETTINGS)) {
		meta(&m->machine, "zswap.enabled", "Y");
		meta(&m->machine, "zswap.max_pool_percent", "20");
		meta(&m->machine, "zswap.accept_threshold_percent", "90");
		meta(&m->machine, "zswap.shrinker_enabled", "N");
	}
}

/* @seconds of it. The first one of all only says where counters stand. */
static void pass(struct host *m, const struct rates *r, int seconds)
{
	struct rates *sum = &m->sum;

	if (m->machine.now_ns == 100 * NSEC_PER_SEC) {
		sum->pool = r->pool;
		tell(m);
	}
	for (int i = 0; i < seconds; i++) {
		m->machine.now_ns += NSEC_PER_SEC;
		sum->stored += r->stored;
		sum->loaded += r->loaded;
		sum->written += r->written;
		sum->swap_out += r->swap_out;
		sum->swap_in += r->swap_in;
		sum->hits += r->hits;
		sum->poor += r->poor;
		sum->io_us += r->io_us;
		sum->memory_us += r->memory_us;
		sum->cg_written += r->cg_written;
		sum->cg_swap_in += r->cg_swap_in;
		sum->cg_memory_us += r->cg_memory_us;
		sum->thp += r->thp;
		sum->ahead += r->ahead;
		sum->pool = r->shrinks ? sum->pool - r->shrinks : r->pool;
		tell(m);
	}
}

/* As after a reboot into the same recording: every counter begins anew. */
static void reset(struct host *m)
{
	m->sum = (struct rates){ .pool = m->sum.pool };
}

static bool has(const struct finding *f, const char *name)
{
	for (int i = 0; i < f->nevidence; i++)
		if (!strcmp(f->evidence[i].name, name))
			return true;
	return false;
}

#define assert_near(f, name, expected) \
	do { \
		double is = value_of(f, name), want = expected; \
		if (is < want - 1e-3 * want - 1e-9 || is > want + 1e-3 * want + 1e-9) \
			fail_msg("%s is %g, not %g", name, is, want); \
	} while (0)

static void assert_time(const struct finding *f, uint64_t start_s, uint64_t end_s)
{
	assert_int_equal(f->start_ns, start_s * NSEC_PER_SEC);
	assert_int_equal(f->end_ns, end_s * NSEC_PER_SEC);
}

static bool judged_because(const struct host *m, const struct detector *detector, const char *because)
{
	char why[ANALYSIS_WHY_BYTES] = "";
	bool is = analysis_judged(m->machine.analysis, detector, why);

	if (!is && !strstr(why, because))
		fail_msg("not judged: %s", why);
	return is;
}

static const struct rates quiet = { .pool = 190 * MIB };

/* --- zswap-pool-limit --- */

static const struct rates at_limit = {
	.stored = 500, .written = 100, .swap_out = 300, .swap_in = 250, .hits = 5, .poor = 20, .pool = 199 * MIB,
	.io_us = 300000,
};

/*
 * 40 s of it, in the slots from 120 to 160 s: 300 - 100 pages a second go past zswap, of which 20 do not compress.
 * 7200 of 7200 + 20000 pages.
 */
static void pages_go_past_a_full_pool(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &quiet, 20);
	pass(&m, &at_limit, 40);
	pass(&m, &quiet, 100);
	assert_int_equal(m.machine.told, 1);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_time(f, 120, 160);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_int_equal(f->cgroup_id, CHILD);		/* its parent has hardly more */
	assert_near(f, "duration", 40);
	assert_near(f, "windows", 4);
	assert_near(f, "limit_hits", 200);
	assert_near(f, "past_zswap", 7200);
	assert_near(f, "past_zswap_share", 7200 / 27200.0);
	assert_near(f, "refused_otherwise", 800);
	assert_near(f, "stored", 20000);
	assert_near(f, "written_back", 4000);
	assert_near(f, "swap_out", 12000);
	assert_near(f, "swap_in", 10000);
	assert_near(f, "pool_limit", 200 * MIB);
	assert_near(f, "pool_fill", 0.995);
	assert_near(f, "compression", 3);
	assert_near(f, "io_some", 0.3);
	assert_near(f, "cgroup_pool", 194 * MIB);
	assert_null(strstr(f->missing, "debugfs"));
	off(&m.machine);
}

/* While the pool shrinks to 90 % there are no hits, but all is refused: 10 s of hits, 20 s without, three times. */
static void refusals_between_hits_belong_to_it(void **state)
{
	struct rates shrinking = at_limit;
	const struct finding *f;
	struct host m;

	shrinking.stored = shrinking.hits = 0;
	shrinking.pool = 185 * MIB;
	boot(&m, "zswap-pool-limit", 0);
	for (int i = 0; i < 3; i++) {
		pass(&m, &at_limit, 10);
		pass(&m, &shrinking, 20);
	}
	pass(&m, &quiet, 15);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_time(f, 100, 190);
	assert_near(f, "windows", 9);
	assert_near(f, "limit_hits", 150);
	assert_near(f, "past_zswap", 90 * 180);
	off(&m.machine);
}

/* 185 of 200 MiB is above the lower mark, 180 is not. After a burst of hits: 20 s above it; or 5 s, and 5 s at it. */
static void one_burst_refuses_until_the_lower_mark(void **state)
{
	struct rates shrinking = at_limit, shrunk;
	const struct finding *f;
	struct host m;

	shrinking.stored = shrinking.hits = 0;
	shrinking.pool = 185 * MIB;
	shrunk = shrinking;
	shrunk.pool = 180 * MIB;
	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &at_limit, 10);
	pass(&m, &shrinking, 20);
	pass(&m, &quiet, 15);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_near(f, "windows", 3);
	assert_near(f, "limit_hits", 50);
	assert_near(f, "past_zswap", 30 * 180);
	off(&m.machine);
	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &at_limit, 10);
	pass(&m, &shrinking, 5);
	pass(&m, &shrunk, 5);
	pass(&m, &shrinking, 20);
	none(&m.machine);
	off(&m.machine);
}

/* 20 s of hits. Of the next ten it refuses five, down to the mark, and takes pages in the others; then it is open. */
static void the_slot_in_which_it_opens_counts(void **state)
{
	struct rates shrunk = at_limit, filled = at_limit, others;
	const struct finding *f;
	struct host m;

	shrunk.stored = shrunk.hits = filled.hits = 0;
	shrunk.pool = 180 * MIB;
	filled.pool = 190 * MIB;
	others = filled;
	others.stored = 0;
	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &at_limit, 20);
	pass(&m, &shrunk, 5);
	pass(&m, &filled, 5);
	pass(&m, &others, 20);
	pass(&m, &quiet, 15);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_near(f, "windows", 3);
	off(&m.machine);
}

/*
 * After a burst of hits, 40 s at 185 MiB with pages past zswap: while it takes others, which it does only when it is
 * open; or after it was switched off. These are not refused because it is full.
 */
static void pages_past_a_pool_that_is_open(void **state)
{
	for (int off_after = 0; off_after < 2; off_after++) {
		struct rates past = at_limit;
		struct host m;

		past.hits = 0;
		past.pool = 185 * MIB;
		if (off_after)
			past.stored = 0;
		boot(&m, "zswap-pool-limit", 0);
		if (off_after)
			meta(&m.machine, "zswap.enabled@112000000000", "N");
		pass(&m, &at_limit, 10);
		pass(&m, &past, 40);
		none(&m.machine);
		assert_true(judged_because(&m, &zswap_pool_limit, ""));
		off(&m.machine);
	}
}

/* Nothing is swapped out for 80 s, in which the pool does not shrink; then 40 s of refusals, with no hit among them. */
static void it_stays_shut_while_nothing_is_swapped_out(void **state)
{
	struct rates shut = at_limit;
	const struct finding *f;
	struct host m;

	shut.stored = shut.hits = 0;
	shut.pool = 190 * MIB;
	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &at_limit, 10);
	pass(&m, &quiet, 80);
	pass(&m, &shut, 40);
	pass(&m, &quiet, 15);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_time(f, 190, 230);
	assert_near(f, "windows", 4);
	assert_near(f, "limit_hits", 0);
	assert_near(f, "past_zswap", 40 * 180);
	off(&m.machine);
}

/* 100 pages a second go in, 180 past it. */
static void more_goes_past_it_than_into_it(void **state)
{
	struct rates r = at_limit;
	const struct finding *f;
	struct host m;

	r.stored = 100;
	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &r, 45);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_near(f, "past_zswap_share", 180 / 280.0);
	off(&m.machine);
}

/* 780 pages a second go past it, but one huge page, which is 512 of them. It would be high else: 780 of 1280. */
static void huge_pages_go_past_any_pool(void **state)
{
	struct rates r = at_limit;
	const struct finding *f;
	struct host m;

	r.swap_out = 900;
	r.thp = 1;
	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &r, 45);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->confidence, CONFIDENCE_LOW);
	assert_near(f, "huge_pages_past_zswap", 45 * 512);
	assert_non_null(strstr(f->missing, "6.12"));
	off(&m.machine);
}

/* As many pages are rejected as go to disk. Those of cgroups that may not write back stay in memory: undecided. */
static void rejected_pages_that_may_stay_in_memory(void **state)
{
	struct rates r = at_limit;
	struct host m;

	r.poor = 300;
	boot(&m, "zswap-pool-limit", DENIED);
	pass(&m, &r, 45);
	none(&m.machine);
	assert_false(judged_because(&m, &zswap_pool_limit, "rejected"));
	off(&m.machine);
}

/* 1000 pages within half a second of the first sample, before the second look. */
static void growth_before_the_second_look_counts(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-pool-limit", 0);
	m.sum.pool = at_limit.pool;
	tell(&m);
	m.machine.now_ns += NSEC_PER_SEC / 2;
	m.sum.swap_out = 1000;
	tell(&m);
	pass(&m, &at_limit, 40);
	pass(&m, &quiet, 100);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_near(f, "past_zswap", 1000 + 40 * 180);
	off(&m.machine);
}

static void a_full_pool_that_is_no_storm(void **state)
{
	static const struct {
		const char	*what;
		struct rates	r;
		int		seconds;
	} rows[] = {
		{ "two windows", at_limit, 20 },
		{ "only writeback", { .stored = 500, .written = 300, .swap_out = 300, .hits = 5, .pool = 199 * MIB }, 100 },
		{ "pages that do not compress", { .swap_out = 300, .poor = 300, .hits = 5, .pool = 199 * MIB }, 100 },
		{ "few pages", { .stored = 500, .swap_out = 10, .hits = 1, .pool = 199 * MIB }, 100 },
		{ "no hit", { .stored = 500, .swap_out = 300, .pool = 199 * MIB }, 100 },
		{ "enough room", { .stored = 500, .loaded = 400, .pool = 100 * MIB }, 100 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host m;

		print_message("%s\n", rows[i].what);
		boot(&m, "zswap-pool-limit", 0);
		pass(&m, &quiet, 20);
		pass(&m, &rows[i].r, rows[i].seconds);
		pass(&m, &quiet, 100);
		none(&m.machine);
		assert_true(judged_because(&m, &zswap_pool_limit, ""));
		off(&m.machine);
	}
}

/* In the second of the reset nothing is known to have grown: 39 of 40 s count. */
static void counters_that_begin_anew(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &at_limit, 20);
	reset(&m);
	pass(&m, &at_limit, 20);
	pass(&m, &quiet, 15);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_near(f, "limit_hits", 39 * 5);
	assert_near(f, "past_zswap", 39 * 180);
	off(&m.machine);
}

static void loss_lowers_confidence(void **state)
{
	const struct loss loss = { .ts = 120 * NSEC_PER_SEC, .events = 10, .stage = "ring" };
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-pool-limit", 0);
	pass(&m, &at_limit, 20);
	assert_int_equal(SINK_CALL(&m.machine.sink, loss, &loss), 0);
	pass(&m, &at_limit, 25);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_true(f->loss);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	off(&m.machine);
}

/* Without debugfs the size of the pool tells, and pages that do not compress are taken for refused. */
static void a_full_pool_without_debugfs(void **state)
{
	struct rates room = at_limit;
	const struct finding *f;
	struct host m;

	room.pool = 170 * MIB;		/* 85 % */
	boot(&m, "zswap-pool-limit", NO_DEBUGFS | NO_CGROUPS);
	pass(&m, &room, 50);
	pass(&m, &at_limit, 45);
	f = the_only(&m.machine, "zswap-pool-limit");
	assert_int_equal(f->confidence, CONFIDENCE_LOW);
	assert_int_equal(f->cgroup_id, 0);
	assert_false(has(f, "limit_hits"));
	assert_non_null(strstr(f->missing, "debugfs"));
	assert_non_null(strstr(f->missing, "Who holds the pool"));
	off(&m.machine);
}

/* --- zswap-shrinker-ineffective --- */

/* 190 MiB hold 570 * 256 = 145,920 pages: 1 % of them in a minute is 24.3 a second, 0.1 % is 2.43. */
static const struct rates cold = { .loaded = 10, .written = 1, .swap_out = 1, .pool = 190 * MIB };

/* 600 and 60 of 145,920 pages a minute. 400 MiB by 0.0005 is 209,715.2 bytes; half of the pressure allowed leaves half. */
static void a_pool_of_cold_pages(void **state)
{
	struct rates r = cold;
	const struct finding *f;
	struct host m;

	r.cg_memory_us = 500;
	boot(&m, "zswap-shrinker-ineffective", 0);
	pass(&m, &r, 125);
	assert_int_equal(m.machine.told, 1);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_time(f, 100, 220);
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);	/* two minutes */
	assert_int_equal(f->cgroup_id, CHILD);
	assert_near(f, "pool_fill", 0.95);
	assert_near(f, "stored_pages", 145920);
	assert_near(f, "loaded", 1200);
	assert_near(f, "loaded_share", 600 / 145920.0);
	assert_near(f, "written_back", 120);
	assert_near(f, "written_back_share", 60 / 145920.0);
	assert_near(f, "shrinker_enabled", 0);
	assert_near(f, "cgroups_holding", 2);
	assert_near(f, "cgroups_denied", 0);
	assert_near(f, "advised_step", 400 * MIB * 0.0005 / 2);
	off(&m.machine);
}

/* Six minutes, and others are turned away: 200 pages a second. */
static void cold_pages_that_keep_others_out(void **state)
{
	struct rates r = cold;
	const struct finding *f;
	struct host m;

	r.swap_out = 201;
	r.cg_memory_us = 100000;		/* far too much pressure for more */
	boot(&m, "zswap-shrinker-ineffective", 0);
	pass(&m, &r, 365);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_near(f, "past_zswap", 360 * 200);
	assert_near(f, "advised_step", 0);
	off(&m.machine);
}

/* The shrinker is on, but nobody may write back. */
static void all_cgroups_denied(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-shrinker-ineffective", DENIED);
	meta(&m.machine, "zswap.shrinker_enabled", "Y");
	pass(&m, &cold, 75);
	/* What comes later says nothing of it: here the pool is emptied, and cgroups are not read again. */
	system_sample(&m, "Zswap", 10 * MIB);
	system_sample(&m, "zswap.pool_total_size", 10 * MIB);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_near(f, "denied_share", 1);
	assert_near(f, "cgroups_denied", 2);
	assert_near(f, "shrinker_enabled", 1);
	assert_non_null(strstr(f->summary, "forbidden"));
	off(&m.machine);
}

/* The same while 30 pages a second of others are written, more than 0.1 % of the pool in a minute. */
static void a_pool_of_some_and_writes_of_others(void **state)
{
	struct rates r = cold;
	const struct finding *f;
	struct host m;

	r.written = r.swap_out = 30;
	boot(&m, "zswap-shrinker-ineffective", DENIED);
	pass(&m, &r, 75);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_near(f, "written_back", 70 * 30);
	assert_non_null(strstr(f->summary, "forbidden"));
	off(&m.machine);
	boot(&m, "zswap-shrinker-ineffective", 0);
	pass(&m, &r, 75);
	none(&m.machine);
	off(&m.machine);
}

/*
 * 300 s in which pages are used, while tasks of the cgroup wait 500 us of each second; then 120 s of cold ones, in
 * which they do not: 0.15 s of the 420 s since the cgroup was first told.
 */
static void a_step_by_the_time_of_the_cgroup(void **state)
{
	struct rates used = cold, r = cold;
	const struct finding *f;
	struct host m;

	used.loaded = 100;
	used.cg_memory_us = 500;
	boot(&m, "zswap-shrinker-ineffective", 0);
	pass(&m, &used, 300);
	pass(&m, &r, 125);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_near(f, "cgroup_span", 420);
	assert_near(f, "advised_step", 400 * MIB * 0.0005 * (1 - 0.15 / 420 / 0.001));
	off(&m.machine);
}

/* Only the parent forbids it; its child, which holds most, reads 1. By bytes, and by paths where they are told. */
static void a_parent_denies(void **state)
{
	for (int paths = 0; paths < 2; paths++) {
		const struct finding *f;
		struct host m;

		boot(&m, "zswap-shrinker-ineffective", NO_CGROUPS);
		meta(&m.machine, "zswap.shrinker_enabled", "Y");
		if (paths) {
			assert_int_equal(SINK_CALL(&m.machine.sink, cgroup, PARENT, "/a"), 0);
			assert_int_equal(SINK_CALL(&m.machine.sink, cgroup, CHILD, "/a/b"), 0);
			assert_int_equal(SINK_CALL(&m.machine.sink, cgroup, OTHER, "/ab"), 0);
		}
		sample(&m, SCOPE_CGROUP, PARENT, "memory.zswap.writeback", 0);
		sample(&m, SCOPE_CGROUP, PARENT, "zswap", 180 * MIB);
		sample(&m, SCOPE_CGROUP, CHILD, "memory.zswap.writeback", 1);
		sample(&m, SCOPE_CGROUP, CHILD, "zswap", 175 * MIB);
		sample(&m, SCOPE_CGROUP, OTHER, "zswap", 10 * MIB);
		pass(&m, &cold, 75);
		f = the_only(&m.machine, "zswap-shrinker-ineffective");
		assert_near(f, "cgroups_holding", 3);
		assert_near(f, "cgroups_denied", paths ? 2 : 1);
		assert_near(f, "denied_share", 180 / 190.0);
		assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
		off(&m.machine);
	}
}

/* All that were sampled may not, but they hold 100 of 190 MiB: of the rest nothing is known. */
static void all_that_were_sampled_are_denied(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-shrinker-ineffective", NO_CGROUPS);
	meta(&m.machine, "zswap.shrinker_enabled", "Y");
	sample(&m, SCOPE_CGROUP, CHILD, "memory.zswap.writeback", 0);
	sample(&m, SCOPE_CGROUP, CHILD, "zswap", 100 * MIB);
	pass(&m, &cold, 365);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_int_equal(f->confidence, CONFIDENCE_LOW);
	assert_non_null(strstr(f->summary, "were sampled"));
	off(&m.machine);
}

static void a_pool_that_is_as_it_should_be(void **state)
{
	static const struct {
		const char	*what, *shrinker;
		struct rates	r;
		int		seconds;
	} rows[] = {
		{ "half a minute more", "N", cold, 50 },
		{ "its shrinker is on", "Y", cold, 300 },
		{ "it is used", "N", { .loaded = 30, .pool = 190 * MIB }, 300 },
		{ "it is written back", "N", { .written = 3, .swap_out = 3, .pool = 190 * MIB }, 300 },
		{ "there is room", "N", { .pool = 170 * MIB }, 300 },
		{ "it holds nothing", "N", { .pool = 0 }, 300 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host m;

		print_message("%s\n", rows[i].what);
		boot(&m, "zswap-shrinker-ineffective", 0);
		meta(&m.machine, "zswap.shrinker_enabled", rows[i].shrinker);
		pass(&m, &rows[i].r, rows[i].seconds);
		none(&m.machine);
		assert_true(judged_because(&m, &zswap_shrinker_ineffective, ""));
		off(&m.machine);
	}
}

/* Switched on at 185 s, which a store tells before its first sample: the slot that ended at 180 s is the last one. */
static void the_shrinker_is_switched_on_meanwhile(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-shrinker-ineffective", 0);
	meta(&m.machine, "zswap.shrinker_enabled@185000000000", "Y");
	pass(&m, &cold, 300);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_time(f, 100, 180);
	off(&m.machine);
}

static void counters_that_begin_anew_leave_it_cold(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-shrinker-ineffective", 0);
	pass(&m, &cold, 60);
	reset(&m);
	pass(&m, &cold, 65);
	f = the_only(&m.machine, "zswap-shrinker-ineffective");
	assert_near(f, "loaded", 119 * 10);
	off(&m.machine);
}

/* --- zswap-over-reclaim --- */

/*
 * 30 of 100 pages come back. The pool loses 100,000 bytes a second, its pages were worth 100 * 4096 / 3: 0.732 of that.
 * Of cgroup 42 (90 written, 27 read) as much is lost, so 0.814.
 */
static const struct rates hot = {
	.written = 100, .swap_out = 100, .swap_in = 30, .cg_written = 90, .cg_swap_in = 27, .pool = 190 * MIB,
	.shrinks = 100000,
};

/* From 170 to 290 s. */
static void pages_that_come_back(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &quiet, 70);
	pass(&m, &hot, 125);
	assert_int_equal(m.machine.told, 1);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_time(f, 170, 290);
	assert_string_equal(f->variant, "reads");
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);	/* two minutes of five */
	assert_int_equal(f->cgroup_id, CHILD);
	assert_near(f, "written_back", 12000);
	assert_near(f, "swap_in", 3600);
	assert_near(f, "returned", 0.3);
	assert_near(f, "past_zswap", 0);
	assert_near(f, "freed", 120 * 100000);
	assert_near(f, "io_bytes", 15600 * 4096);
	assert_near(f, "efficacy", 100000 / (100 * 4096 / 3.0));
	assert_near(f, "io_some_before", 0);
	assert_near(f, "on_disk_before", 0);
	assert_near(f, "read_ahead_in_vain", 0);
	assert_near(f, "cgroup_span", 120);
	assert_near(f, "cgroup_returned", 0.3);
	assert_near(f, "cgroup_efficacy", 100000 / (90 * 4096 / 3.0));
	assert_near(f, "advised_step", 0);		/* back off */
	assert_near(f, "cgroup2_id", OTHER);
	assert_near(f, "cgroup2_written_back", 10 * 120);
	assert_near(f, "cgroup2_returned", 0);
	assert_false(has(f, "cgroup2_efficacy"));	/* what its pages took is not told */
	assert_false(has(f, "cgroup3_id"));
	off(&m.machine);
}

/* What goes in meanwhile at 50 pages a second and out at 20 is no doing of writeback: 30 * 4096 / 3 bytes a second. */
static void stores_and_loads_are_taken_out(void **state)
{
	struct rates r = hot;
	const struct finding *f;
	struct host m;

	r.stored = 50;
	r.loaded = 20;
	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &r, 125);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_near(f, "efficacy", (100000 + 30 * 4096 / 3.0) / (100 * 4096 / 3.0));
	off(&m.machine);

	r.stored = 500;				/* more than four times of what is written: no number */
	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &r, 125);
	assert_false(has(the_only(&m.machine, "zswap-over-reclaim"), "efficacy"));
	off(&m.machine);
}

/* Tasks wait for IO a fifth of the time, and did not before; six minutes. Another cgroup's pages came back. */
static void io_says_so_too(void **state)
{
	struct rates r = hot;
	const struct finding *f;
	struct host m;

	r.io_us = 200000;
	r.cg_swap_in = 0;
	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &quiet, 70);
	pass(&m, &r, 365);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_near(f, "io_some", 0.2);
	assert_near(f, "cgroup_returned", 0);
	assert_near(f, "advised_step", 400 * MIB * 0.0005);
	off(&m.machine);
}

/* 2 MiB lay on disk before, 512 pages: less than 5 % of 36,500 that are written. 20 MiB are more: not sure. */
static void pages_that_lay_on_disk_before(void **state)
{
	static const struct {
		int64_t		mib;
		enum confidence	confidence;
	} rows[] = { { 2, CONFIDENCE_HIGH }, { 20, CONFIDENCE_LOW } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding *f;
		struct host m;

		boot(&m, "zswap-over-reclaim", 0);
		m.on_disk = rows[i].mib * MIB;
		pass(&m, &hot, 365);
		f = the_only(&m.machine, "zswap-over-reclaim");
		assert_near(f, "on_disk_before", rows[i].mib * 256);
		assert_int_equal(f->confidence, rows[i].confidence);
		off(&m.machine);
	}
}

/* Of 30 that are read a second 20 were read ahead and not needed: 10 of 100 that were written are below a fifth. */
static void pages_that_are_read_ahead(void **state)
{
	struct rates r = hot;
	const struct finding *f;
	struct host m;

	r.ahead = 20;
	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &r, 360);
	pass(&m, &quiet, 5);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_near(f, "read_ahead_in_vain", 7200);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	off(&m.machine);
}

/* 15 of 100 come back, which is little; but tasks wait. Known once 1024 pages have come: at 70 s. */
static void only_io_says_so(void **state)
{
	struct rates r = hot;
	const struct finding *f;
	struct host m;

	r.swap_in = 15;
	r.io_us = 200000;
	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &quiet, 70);
	pass(&m, &r, 125);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_string_equal(f->variant, "io");
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_int_equal(f->confidence, CONFIDENCE_LOW);
	off(&m.machine);
}

static void writing_back_that_is_no_fault(void **state)
{
	static const struct {
		const char	*what;
		struct rates	before, r;
		int		seconds;
	} rows[] = {
		{ "few come back", quiet, { .written = 100, .swap_out = 100, .swap_in = 15, .pool = 190 * MIB }, 365 },
		{ "50 s", quiet, hot, 50 },
		{ "few pages", quiet, { .written = 3, .swap_out = 3, .swap_in = 3, .pool = 190 * MIB }, 310 },
		{ "nothing is written", quiet, { .swap_in = 100, .pool = 190 * MIB }, 365 },
		{ "tasks waited before", { .io_us = 200000, .pool = 190 * MIB },
		  { .written = 100, .swap_out = 100, .swap_in = 15, .io_us = 200000, .pool = 190 * MIB }, 365 },
		{ "a backup", quiet,
		  { .written = 100, .swap_out = 100, .swap_in = 9, .io_us = 200000, .pool = 190 * MIB }, 365 },
		{ "IO of others", quiet, { .written = 100, .swap_out = 100, .io_us = 200000, .pool = 190 * MIB }, 365 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host m;

		print_message("%s\n", rows[i].what);
		boot(&m, "zswap-over-reclaim", 0);
		pass(&m, &rows[i].before, 70);
		pass(&m, &rows[i].r, rows[i].seconds);
		none(&m.machine);
		assert_true(judged_because(&m, &zswap_over_reclaim, ""));
		off(&m.machine);
	}
}

/* 20 pages a second went past zswap: those that are read may be theirs. */
static void refused_pages_make_it_undecided(void **state)
{
	struct rates r = hot;
	struct host m;

	r.swap_out = 120;
	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &r, 200);
	none(&m.machine);
	assert_false(judged_because(&m, &zswap_over_reclaim, "refused"));
	off(&m.machine);
}

/* As on 6.1, which counts what is written back in debugfs only. */
static void a_kernel_without_zswpwb(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-over-reclaim", NO_ZSWPWB);
	pass(&m, &hot, 365);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	assert_near(f, "returned", 0.3);
	assert_non_null(strstr(f->missing, "no zswpwb"));
	off(&m.machine);

	boot(&m, "zswap-over-reclaim", NO_ZSWPWB | NO_DEBUGFS);
	pass(&m, &hot, 365);
	none(&m.machine);
	assert_false(judged_because(&m, &zswap_over_reclaim, "debugfs"));
	off(&m.machine);
}

/* The second of the reset does not count. */
static void over_reclaim_across_a_reset(void **state)
{
	const struct finding *f;
	struct host m;

	boot(&m, "zswap-over-reclaim", 0);
	pass(&m, &hot, 60);
	reset(&m);
	pass(&m, &hot, 65);
	f = the_only(&m.machine, "zswap-over-reclaim");
	assert_near(f, "written_back", 11900);
	assert_near(f, "swap_in", 119 * 30);
	off(&m.machine);
}

/* --- all of them --- */

static void what_cannot_be_judged(void **state)
{
	static const struct detector *const all[] = { &zswap_pool_limit, &zswap_shrinker_ineffective, &zswap_over_reclaim };
	struct host m;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		boot(&m, all[i]->kind, NO_SETTINGS);
		none(&m.machine);
		assert_false(judged_because(&m, all[i], "no samples"));
		off(&m.machine);

		boot(&m, all[i]->kind, NO_SETTINGS);
		system_sample(&m, "MemTotal", 1000 * MIB);	/* a kernel without zswap */
		none(&m.machine);
		assert_true(judged_because(&m, all[i], ""));
		off(&m.machine);
	}
	boot(&m, "zswap-shrinker-ineffective", NO_SETTINGS);
	pass(&m, &cold, 100);
	none(&m.machine);
	assert_false(judged_because(&m, &zswap_shrinker_ineffective, "parameters"));
	off(&m.machine);

	boot(&m, "zswap-pool-limit", NO_SETTINGS | NO_DEBUGFS);
	pass(&m, &at_limit, 100);
	none(&m.machine);
	assert_false(judged_because(&m, &zswap_pool_limit, "debugfs"));
	off(&m.machine);
}

/* More cgroups than are followed, hostile numbers and keys: nothing to find, and nothing breaks. */
static void bounds(void **state)
{
	struct host m;

	boot(&m, NULL, 0);
	for (uint64_t id = 1; id <= 1000; id++) {
		sample(&m, SCOPE_CGROUP, id, "zswap", id % 2 ? INT64_MAX : -1);
		sample(&m, SCOPE_CGROUP, id, "zswapped", INT64_MIN);
		sample(&m, SCOPE_CGROUP, id % 3, "cgroup.removed", 1);
	}
	for (int i = 0; i < 100; i++) {
		char key[64];

		snprintf(key, sizeof(key), "zswap.max_pool_percent@%d", 100 - i);
		meta(&m.machine, key, i % 2 ? "-5" : "99999999999999999999");
	}
	meta(&m.machine, "zswap.max_pool_percent@", "");
	meta(&m.machine, "zswap.enabled", "maybe");
	for (int i = 0; i < 100; i++, m.machine.now_ns += NSEC_PER_SEC) {
		system_sample(&m, "MemTotal", i % 2 ? INT64_MAX : 0);
		system_sample(&m, "Zswap", i % 3 ? INT64_MAX : INT64_MIN);
		system_sample(&m, "Zswapped", i % 2 ? INT64_MAX : 1);
		system_sample(&m, "pswpin", i % 2 ? INT64_MAX : 0);
	}
	none(&m.machine);
	off(&m.machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_go_past_a_full_pool),
		cmocka_unit_test(refusals_between_hits_belong_to_it),
		cmocka_unit_test(one_burst_refuses_until_the_lower_mark),
		cmocka_unit_test(the_slot_in_which_it_opens_counts),
		cmocka_unit_test(pages_past_a_pool_that_is_open),
		cmocka_unit_test(it_stays_shut_while_nothing_is_swapped_out),
		cmocka_unit_test(more_goes_past_it_than_into_it),
		cmocka_unit_test(huge_pages_go_past_any_pool),
		cmocka_unit_test(rejected_pages_that_may_stay_in_memory),
		cmocka_unit_test(growth_before_the_second_look_counts),
		cmocka_unit_test(a_full_pool_that_is_no_storm),
		cmocka_unit_test(counters_that_begin_anew),
		cmocka_unit_test(loss_lowers_confidence),
		cmocka_unit_test(a_full_pool_without_debugfs),
		cmocka_unit_test(a_pool_of_cold_pages),
		cmocka_unit_test(cold_pages_that_keep_others_out),
		cmocka_unit_test(all_cgroups_denied),
		cmocka_unit_test(a_pool_of_some_and_writes_of_others),
		cmocka_unit_test(a_step_by_the_time_of_the_cgroup),
		cmocka_unit_test(a_parent_denies),
		cmocka_unit_test(all_that_were_sampled_are_denied),
		cmocka_unit_test(a_pool_that_is_as_it_should_be),
		cmocka_unit_test(the_shrinker_is_switched_on_meanwhile),
		cmocka_unit_test(counters_that_begin_anew_leave_it_cold),
		cmocka_unit_test(pages_that_come_back),
		cmocka_unit_test(stores_and_loads_are_taken_out),
		cmocka_unit_test(io_says_so_too),
		cmocka_unit_test(pages_that_lay_on_disk_before),
		cmocka_unit_test(pages_that_are_read_ahead),
		cmocka_unit_test(only_io_says_so),
		cmocka_unit_test(writing_back_that_is_no_fault),
		cmocka_unit_test(refused_pages_make_it_undecided),
		cmocka_unit_test(a_kernel_without_zswpwb),
		cmocka_unit_test(over_reclaim_across_a_reset),
		cmocka_unit_test(what_cannot_be_judged),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
