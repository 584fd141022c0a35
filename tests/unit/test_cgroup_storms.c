// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cgroup_storms.c - the detectors that samples of cgroups and of tiers decide: memcg-high-loop,
 * memory-low-overcommit, proactive-overshoot, tiering-ping-pong, and the slots that they count in; and what a golden
 * sequence cannot tell of slab-shrinker-storm.
 *
 * A sample of each counter comes once a second, the first at 100 s. A slot has ten seconds: the first counts the nine
 * steps from 100 s to 109 s, each later one ten. Each expected number is worked out beside it.
 */
#include "analyze/memcg_slot.h"
#include "tests/unit/storm_fixture.h"

#define MIB		(1ll << 20)
#define START_NS	(100 * NSEC_PER_SEC)
#define PARENT		7
#define CHILD		42

enum { WAKE, FAIL, BEGIN, END, SLAB_START, SLAB_END, TYPES };

static const struct event_field node_fields[] = { { "nid", VALUE_INT }, { "order", VALUE_INT } };
static const struct event_field fail_fields[] = { { "nid", VALUE_INT }, { "failures", VALUE_INT } };
static const struct event_field begin_fields[] = { { "order", VALUE_INT }, { "gfp_flags", VALUE_UINT } };
static const struct event_field end_fields[] = { { "nr_reclaimed", VALUE_UINT } };
static const struct event_field start_fields[] = {
	{ "shrink", VALUE_UINT }, { "nid", VALUE_INT }, { "total_scan", VALUE_INT }, { "priority", VALUE_INT },
	{ "memcg_id", VALUE_UINT },
};
static const struct event_field stop_fields[] = {
	{ "shrink", VALUE_UINT }, { "nid", VALUE_INT }, { "total_scan", VALUE_INT }, { "retval", VALUE_INT },
	{ "memcg_id", VALUE_UINT },
};

static const struct event_type types[TYPES] = {
	TYPE(WAKE, "vmscan", "mm_vmscan_kswapd_wake", node_fields),
	TYPE(FAIL, "vmscan", "mm_vmscan_kswapd_reclaim_fail", fail_fields),
	TYPE(BEGIN, "vmscan", "mm_vmscan_memcg_reclaim_begin", begin_fields),
	TYPE(END, "vmscan", "mm_vmscan_memcg_reclaim_end", end_fields),
	TYPE(SLAB_START, "vmscan", "mm_shrink_slab_start", start_fields),
	TYPE(SLAB_END, "vmscan", "mm_shrink_slab_end", stop_fields),
};

static void boot(struct machine *m)
{
	machine_boot(m, NULL, types, TYPES);
}

static void sample(struct machine *m, enum sample_scope scope, uint64_t cgroup, const char *name, int64_t value)
{
	const struct sample s = { m->now_ns, scope, -1, cgroup, name, "", value };

	assert_int_equal(SINK_CALL(&m->sink, sample, &s), 0);
}

/* --- the slots --- */

struct heard {
	int			n;
	struct memcg_episode	last;
	unsigned int		slots;
	uint64_t		bad_id;		/* whose slots are bad */
};

enum { COUNT, GAPPY };

static const struct memcg_counter two[] = { [COUNT] = { "count" }, [GAPPY] = { "gappy", true }, { NULL } };

static void mark_bad(void *ctx, struct memcg_slots *s, uint64_t from_ns, uint64_t to_ns)
{
	struct heard *h = ctx;

	h->slots++;
	for (struct memcg *cg = memcg_slots_each(s, NULL); cg; cg = memcg_slots_each(s, cg))
		cg->marks = cg->id == h->bad_id && cg->grown[COUNT] > 0;
}

static void hear(void *ctx, const struct memcg_episode *e)
{
	struct heard *h = ctx;

	h->n++;
	h->last = *e;
}

static const struct memcg_slot_ops heard_ops = { two, two, mark_bad, hear };

static struct memcg_slots *slots_new(struct heard *h)
{
	struct memcg_slots *s = test_calloc(1, sizeof(*s));

	*h = (struct heard){ .bad_id = CHILD };
	s->ctx = h;
	return s;
}

static void put(struct memcg_slots *s, double at_s, uint64_t id, const char *name, int64_t value)
{
	const enum sample_scope scope = id ? SCOPE_CGROUP : SCOPE_SYSTEM;
	const struct sample one = { START_NS + at_s * NSEC_PER_SEC, scope, -1, id, name, "", value };

	memcg_slots_sample(s, &heard_ops, s->ctx, &one);
}

/* Base 10 at 0 s, 15 at 5 s, 25 at 9.9 s: 15 in slot one. 3 at 12 s (it began anew): 3 in slot two. None after. */
static void slots_count_growth(void **state)
{
	struct heard h;
	struct memcg_slots *s = slots_new(&h);

	put(s, 0, CHILD, "count", 10);
	put(s, 5, CHILD, "count", 15);
	put(s, 9.9, CHILD, "count", 25);
	put(s, 12, CHILD, "count", 3);
	assert_int_equal(h.n, 0);
	memcg_slots_so_far(s);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.grown[COUNT], 15);
	put(s, 20, 0, "count", 1);
	put(s, 30, 0, "count", 2);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.last.id, CHILD);
	assert_int_equal(h.last.slots, 2);
	assert_int_equal(h.last.grown[COUNT], 18);
	assert_true(h.last.start_ns == START_NS && h.last.end_ns == START_NS + 2 * MEMCG_SLOT_NS);
	memcg_slots_finish(s);
	assert_int_equal(h.n, 2);
	test_free(s);
}

/*
 * 100 more after 8 s of nothing do not count where there may be a gap; 5 more after 3 s do. Across a pause of 25 s
 * nothing does. With ten cgroups there are no gaps.
 */
static void gaps_with(uint64_t others, int64_t gappy)
{
	struct heard h;
	struct memcg_slots *s = slots_new(&h);

	for (uint64_t id = 1000; id < 1000 + others; id++)
		put(s, 0, id, "count", 1);
	put(s, 0, CHILD, "gappy", 1);
	put(s, 0, CHILD, "count", 1);
	put(s, 8, CHILD, "gappy", 101);
	put(s, 8, CHILD, "count", 101);
	put(s, 11, CHILD, "gappy", 106);
	put(s, 12, CHILD, "count", 102);
	put(s, 37, CHILD, "count", 1000);
	put(s, 38, CHILD, "count", 1001);
	memcg_slots_finish(s);
	assert_int_equal(h.n, 1);	/* 100 and 1; what is behind the pause is shorter than what a slot must be */
	assert_int_equal(h.last.grown[COUNT], 101);
	assert_int_equal(h.last.grown[GAPPY], gappy);
	assert_true(h.last.end_ns == START_NS + 2 * MEMCG_SLOT_NS);
	test_free(s);
}

static void slots_leave_gaps_out(void **state)
{
	gaps_with(10, 5);
	gaps_with(9, 105);
}

/* One that is gone counts in the slot in which it went, and its id may come again: then as new. */
static void slots_of_gone_cgroups(void **state)
{
	struct heard h;
	struct memcg_slots *s = slots_new(&h);

	put(s, 0, CHILD, "count", 1);
	put(s, 1, CHILD, "count", 4);
	put(s, 2, CHILD, SAMPLE_CGROUP_REMOVED, 1);
	put(s, 10, 0, "count", 1);
	assert_int_equal(s->ncgroups, 0);
	put(s, 11, CHILD, "count", 50);
	put(s, 20, 0, "count", 2);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.grown[COUNT], 3);
	test_free(s);
}

/* More cgroups than have room, half of them gone: those that stay are found, whatever moved. */
static void slots_are_bounded(void **state)
{
	struct heard h;
	struct memcg_slots *s = slots_new(&h);

	for (uint64_t id = 1; id <= 2 * MEMCG_SLOTS; id++)
		put(s, 0, id, "count", 1);
	assert_int_equal(s->ncgroups, MEMCG_SLOTS / 8 * 7);
	assert_int_equal(s->left_out, 2 * MEMCG_SLOTS - MEMCG_SLOTS / 8 * 7);
	for (uint64_t id = 1; id <= MEMCG_SLOTS; id += 2)
		put(s, 1, id, SAMPLE_CGROUP_REMOVED, 1);
	put(s, 10, 0, "count", 1);
	assert_int_equal(s->ncgroups, MEMCG_SLOTS / 16 * 7);
	for (uint64_t id = 2; id <= MEMCG_SLOTS / 8 * 7; id += 2)
		put(s, 11, id, "count", 3);
	put(s, 20, 0, "count", 2);
	memcg_slots_finish(s);
	assert_int_equal(s->ncgroups, MEMCG_SLOTS / 16 * 7);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.grown[COUNT], 2);
	test_free(s);
}

/* --- memcg-high-loop --- */

/* Of a second; -1: no such counter. */
struct high {
	int64_t		events, max_events, full_us, stolen, refaults;
	int64_t		high, current;
};

static const struct high loop = { 200, 0, 50000, 1000, 400, 48 * MIB, 47 * MIB };

static void high_seconds(struct machine *m, int seconds, struct high rate)
{
	static struct high sum;

	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		sum.events += rate.events;
		sum.full_us += rate.full_us;
		sum.stolen += rate.stolen;
		sum.refaults += rate.refaults;
		sample(m, SCOPE_SYSTEM, 0, "nr_free_pages", s);
		/* the parent has no limit, and counts what its child does */
		sample(m, SCOPE_CGROUP, PARENT, "memory.high", INT64_MAX);
		sample(m, SCOPE_CGROUP, PARENT, "memory.current", rate.current);
		sample(m, SCOPE_CGROUP, CHILD, "memory.high", rate.high);
		sample(m, SCOPE_CGROUP, CHILD, "memory.current", rate.current);
		for (int id = PARENT; id <= CHILD; id += CHILD - PARENT) {
			sample(m, SCOPE_CGROUP, id, "memory.events.high", sum.events);
			if (rate.full_us >= 0)
				sample(m, SCOPE_CGROUP, id, "psi.memory.full.total", sum.full_us);
			if (rate.stolen < 0)
				continue;
			sample(m, SCOPE_CGROUP, id, "pgsteal", sum.stolen);
			sample(m, SCOPE_CGROUP, id, "workingset_refault_file", sum.refaults);
		}
	}
}

static const struct finding *high_of(struct machine *m, struct high rate)
{
	boot(m);
	high_seconds(m, 31, rate);
	return found(m, "memcg-high-loop");
}

/* 31 samples, 30 steps, in three slots: 200 a second, 5 % of the time, 1000 pages of which 400 come back. */
static void a_limit_below_what_is_used(void **state)
{
	struct machine m;
	const struct finding *f = high_of(&m, loop);

	assert_non_null(f);
	assert_string_equal(f->variant, "refaults");
	assert_true(f->cgroup_id == CHILD);
	assert_true(f->start_ns == START_NS && f->end_ns == START_NS + 30 * NSEC_PER_SEC);
	/* the slots have 9, 10 and 10 steps; the sample at 130 s begins a fourth, too short to count */
	assert_value(f, "high_events", 29 * 200);
	assert_value(f, "cgroup_full", 29 * 50000);
	assert_value(f, "reclaimed", 29 * 1000);
	assert_value(f, "refaulted", 29 * 400);
	assert_value(f, "refaults_by_reclaimed", 0.4);
	assert_value(f, "memory_high", 48 * MIB);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_true(f->severity >= SEVERITY_WARNING);
	assert_int_equal(m.told, 1);	/* while it lasted */
	off(&m);
}

/* Few events, but for half of the time nobody gets on: they sleep. 2 events a second. */
static void tasks_that_sleep(void **state)
{
	struct high rate = loop;
	struct machine m;
	const struct finding *f;

	rate.events = 2;
	rate.full_us = 500000;
	rate.stolen = rate.refaults = 0;
	f = high_of(&m, rate);
	assert_non_null(f);
	assert_string_equal(f->variant, "stall");
	assert_value(f, "high_events", 29 * 2);
	off(&m);
}

/* Each is a storm but for one number. */
static void limits_that_do_their_work(void **state)
{
	struct high near[8];
	struct machine m;

	for (int i = 0; i < 8; i++)
		near[i] = loop;
	near[0].events = 99;
	near[1].refaults = 290;
	near[2].full_us = 8900;
	near[3].high = INT64_MAX;
	near[4].current = 43 * MIB;			/* below 0.9 of 48 */
	near[5].refaults = 0;				/* a job that streams: full for 9.9 % is its own affair */
	near[5].full_us = 99000;
	near[6].events = 2;				/* few events and not asleep */
	near[6].full_us = 390000;
	near[6].refaults = 0;
	near[7].events = 0;				/* pressure, but not by this limit */
	near[7].full_us = 900000;
	for (int i = 0; i < 8; i++) {
		if (high_of(&m, near[i]))
			fail_msg("near miss %d is taken for a storm", i);
		assert_true(judged(&m, &memcg_high_loop));
		off(&m);
	}
}

/* Without PSI refaults alone tell, with less confidence; without memory.stat too, tasks that stand. */
static void high_without_psi_or_stat(void **state)
{
	struct high rate = loop;
	struct machine m;
	const struct finding *f;

	rate.full_us = -1;
	f = high_of(&m, rate);
	assert_non_null(f);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	assert_non_null(strstr(f->missing, "memory.pressure"));
	off(&m);
	rate = loop;
	rate.stolen = -1;
	assert_null(high_of(&m, rate));
	off(&m);
	rate.full_us = 200000;
	f = high_of(&m, rate);
	assert_non_null(f);
	assert_string_equal(f->variant, "stall");
	off(&m);
}

/* cgroup v1 has no memory.high, whatever is reclaimed; a trace has only calls: 1200 in 10 s, of 6 ms and 8 pages. */
static void high_elsewhere(void **state)
{
	const struct finding *f;
	struct machine m;

	for (int v1 = 0; v1 < 2; v1++) {
		for (int productive = 0; productive < 2; productive++) {
			boot(&m);
			if (v1)
				sample(&m, SCOPE_CGROUP, CHILD, "memory.failcnt", 1);
			for (uint64_t i = 0; i < 1200; i++) {
				EVENT(&m, BEGIN, 9, START_NS + i * 8000000, 0, 0);
				EVENT(&m, END, 9, START_NS + i * 8000000 + 6000000, productive ? 32 : 8);
			}
			f = found(&m, "memcg-high-loop");
			if (v1 || productive) {
				assert_null(f);
			} else {
				assert_non_null(f);
				assert_string_equal(f->variant, "calls");
				assert_value(f, "memcg_reclaims", 1200);
				assert_value(f, "memcg_reclaim_time", 7.2);
				assert_value(f, "reclaimed", 9600);
				assert_int_equal(f->confidence, CONFIDENCE_LOW);
			}
			assert_true(judged(&m, &memcg_high_loop) == !v1);
			off(&m);
		}
	}
}

/*
 * One call of 8 s, from 100 to 108 s, and from there on 120 short ones a second for 9 s. In the ten seconds that have
 * 1000 calls (from 107 s on at the earliest) at most 1 s of it is left: 0.1 tasks reclaim, not 0.5.
 */
static void high_call_counts_where_it_was(void **state)
{
	struct machine m;

	boot(&m);
	EVENT(&m, BEGIN, 9, START_NS, 0, 0);
	EVENT(&m, END, 9, START_NS + 8 * NSEC_PER_SEC, 8);
	for (uint64_t i = 0; i < 1080; i++) {
		EVENT(&m, BEGIN, 9, START_NS + 8 * NSEC_PER_SEC + (i + 1) * 8000000, 0, 0);
		EVENT(&m, END, 9, START_NS + 8 * NSEC_PER_SEC + (i + 1) * 8000000 + 1000, 8);
	}
	assert_null(found(&m, "memcg-high-loop"));
	assert_true(judged(&m, &memcg_high_loop));
	off(&m);
}

/* --- memory-low-overcommit --- */

/* Two services protect @low MiB each and use 500 of 1000; one is taken from @events times a second. */
static void low_seconds(struct machine *m, int seconds, int64_t low, int64_t min, int64_t events, int futile)
{
	int64_t count = 0, scanned = 0;

	SINK_CALL(&m->sink, cgroup, 1, "/");
	SINK_CALL(&m->sink, cgroup, PARENT, "/a");
	SINK_CALL(&m->sink, cgroup, PARENT + 1, "/b");
	SINK_CALL(&m->sink, cgroup, CHILD, "/a/in");
	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		count += events;
		sample(m, SCOPE_SYSTEM, 0, "MemTotal", 1000 * MIB);
		sample(m, SCOPE_SYSTEM, 0, "pgscan_direct", scanned += 70);
		sample(m, SCOPE_CGROUP, 1, "memory.events.low", count);
		for (int id = PARENT; id <= PARENT + 1; id++) {
			sample(m, SCOPE_CGROUP, id, "memory.low", low * MIB);
			sample(m, SCOPE_CGROUP, id, "memory.min", min * MIB);
			sample(m, SCOPE_CGROUP, id, "memory.current", 450 * MIB);
		}
		sample(m, SCOPE_CGROUP, PARENT, "memory.events.low", count);
		sample(m, SCOPE_CGROUP, CHILD, "memory.low", low * MIB);
		sample(m, SCOPE_CGROUP, CHILD, "memory.current", 440 * MIB);
		sample(m, SCOPE_CGROUP, CHILD, "memory.events.low", count);
		for (int i = 0; i < futile; i++) {
			EVENT(m, WAKE, 50, m->now_ns + 1 + i * 1000, 0, 0);
			EVENT(m, FAIL, 50, m->now_ns + 2 + i * 1000, 0, i + 1);
		}
	}
}

/* 450 and 450 of 1000 MiB in use are protected (of 600 and 600): 0.9. 29 steps of 5 events in whole slots. */
static void more_protected_than_there_is(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	low_seconds(&m, 31, 600, 0, 5, 0);
	f = found(&m, "memory-low-overcommit");
	assert_non_null(f);
	assert_string_equal(f->variant, "overcommit");
	assert_value(f, "protected", 900 * MIB);
	assert_value(f, "protected_cgroups", 2);
	assert_value(f, "protected_share", 0.9);
	assert_value(f, "low_events", 29 * 5);
	assert_value(f, "cgroups_not_spared", 2);
	assert_value(f, "scanned_directly", 29 * 70);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	assert_true(f->cgroup_id == PARENT || f->cgroup_id == CHILD);
	off(&m);
}

/* 200 MiB of 1000 are protected, and not kept: something else cannot be reclaimed. */
static void protection_that_is_not_kept(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	low_seconds(&m, 31, 100, 0, 5, 0);
	f = found(&m, "memory-low-overcommit");
	assert_non_null(f);
	assert_string_equal(f->variant, "ignored");
	assert_value(f, "protected", 200 * MIB);
	off(&m);
}

/* In one slot one is taken from 30 times and the other 40 times, in the next 40 and 20 times: 70 times the one. */
static void low_events_of_one_cgroup(void **state)
{
	static const int64_t grown[2][2] = { { 30, 40 }, { 40, 20 } };
	int64_t count[2] = { 0, 0 };
	const struct finding *f;
	struct machine m;

	boot(&m);
	SINK_CALL(&m.sink, cgroup, PARENT, "/a");
	SINK_CALL(&m.sink, cgroup, CHILD, "/b");
	for (int s = 0; s < 31; s++, m.now_ns += NSEC_PER_SEC) {
		sample(&m, SCOPE_SYSTEM, 0, "MemTotal", 1000 * MIB);
		for (int i = 0; i < 2; i++) {
			const uint64_t id = i ? CHILD : PARENT;

			count[i] += s == 15 ? grown[0][i] : s == 25 ? grown[1][i] : 0;
			sample(&m, SCOPE_CGROUP, id, "memory.low", 100 * MIB);
			sample(&m, SCOPE_CGROUP, id, "memory.current", 90 * MIB);
			sample(&m, SCOPE_CGROUP, id, "memory.events.low", count[i]);
		}
	}
	f = found(&m, "memory-low-overcommit");
	assert_non_null(f);
	assert_value(f, "low_events", 70);
	assert_value(f, "cgroups_not_spared", 2);
	assert_true(f->cgroup_id == PARENT);
	assert_non_null(strstr(f->summary, "reclaimed 70 times"));
	off(&m);
}

/* memory.min is never broken: 2 runs a second that reclaim nothing are 18 to 20 in a slot, more than 16. */
static void all_memory_behind_min(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	low_seconds(&m, 31, 0, 600, 0, 2);
	f = found(&m, "memory-low-overcommit");
	assert_non_null(f);
	assert_string_equal(f->variant, "overcommit");
	assert_value(f, "low_events", 0);
	assert_true(value_of(f, "futile_kswapd_runs") >= 16);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	off(&m);
}

/* Much is protected and nothing comes of it; little is protected and kswapd fails for another reason; few events. */
static void protection_that_holds(void **state)
{
	static const int64_t cases[][4] = {	/* low, min, events, futile runs */
		{ 600, 600, 0, 0 }, { 600, 600, 0, 1 }, { 100, 100, 0, 5 }, { 0, 0, 5, 0 }, { 0, 0, 0, 5 },
	};
	struct machine m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		boot(&m);
		low_seconds(&m, 31, cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
		/* of the fourth the child's own memory.low is 0 too: nobody's protection was broken */
		if (found(&m, "memory-low-overcommit"))
			fail_msg("case %zu is taken for a storm", i);
		assert_true(judged(&m, &memory_low_overcommit));
		off(&m);
	}
	boot(&m);
	low_seconds(&m, 12, 600, 0, 0, 0);
	sample(&m, SCOPE_CGROUP, PARENT, "memory.events.low", 9);	/* once 9 in ten seconds */
	low_seconds(&m, 12, 600, 0, 0, 0);
	assert_null(found(&m, "memory-low-overcommit"));
	off(&m);
}

/* --- proactive-overshoot --- */

struct demand {
	int64_t	pages, refaults, kswapd;
};

/* The child is written to; its parent has a little more of its own. The system tells where @whose is 0. */
static void demand_seconds(struct machine *m, int seconds, uint64_t whose, struct demand rate)
{
	static struct demand sum;

	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		sum.pages += rate.pages;
		sum.refaults += rate.refaults;
		sum.kswapd += rate.kswapd;
		for (int id = whose ? PARENT : CHILD; id <= CHILD; id += CHILD - PARENT) {
			enum sample_scope scope = whose ? SCOPE_CGROUP : SCOPE_SYSTEM;
			uint64_t cgroup = whose ? id : 0;

			sample(m, scope, cgroup, "pgsteal_proactive", sum.pages + (id == PARENT ? sum.pages / 50 : 0));
			sample(m, scope, cgroup, "pgsteal_kswapd", sum.kswapd);
			sample(m, scope, cgroup, "workingset_refault_anon", sum.refaults);
			if (whose)
				sample(m, scope, cgroup, "memory.current", id == PARENT ? 300 * MIB : 200 * MIB);
		}
	}
}

static const struct finding *demand(struct machine *m, int seconds, uint64_t whose, struct demand rate)
{
	boot(m);
	demand_seconds(m, seconds, whose, rate);
	return found(m, "proactive-overshoot");
}

/* 31 s, three slots with 9, 10 and 10 steps: 1000 pages a second, 300 come back. */
static void memory_that_is_needed(void **state)
{
	struct machine m;
	const struct finding *f = demand(&m, 31, CHILD, (struct demand){ 1000, 300, 100 });

	assert_non_null(f);
	assert_true(f->cgroup_id == CHILD);
	assert_value(f, "reclaimed_on_demand", 29000);
	assert_value(f, "refaulted_anon_pages", 8700);
	assert_value(f, "reclaimed_by_kswapd", 2900);
	assert_value(f, "refaults_by_reclaimed", 0.3);
	assert_int_equal(f->confidence, CONFIDENCE_HIGH);
	off(&m);
	f = demand(&m, 31, 0, (struct demand){ 1000, 300, 100 });
	assert_non_null(f);
	assert_true(f->cgroup_id == 0);
	assert_value(f, "reclaimed_on_demand", 29000);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	off(&m);
}

/* 29 of 100 come back; 200 pages a second; kswapd reclaims more; ten seconds only. */
static void memory_that_was_idle(void **state)
{
	static const struct demand near[] = { { 1000, 290, 100 }, { 200, 200, 0 }, { 1000, 900, 1100 } };
	struct machine m;

	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		if (demand(&m, 31, CHILD, near[i]))
			fail_msg("near miss %zu is taken for a storm", i);
		assert_true(judged(&m, &proactive_overshoot));
		off(&m);
	}
	boot(&m);
	demand_seconds(&m, 10, CHILD, (struct demand){ 1000, 300, 0 });
	demand_seconds(&m, 20, CHILD, (struct demand){ 0, 300, 0 });
	assert_null(found(&m, "proactive-overshoot"));
	off(&m);
}

/* --- tiering-ping-pong --- */

static void tier_seconds(struct machine *m, int seconds, int64_t down, int64_t up)
{
	static int64_t demoted, promoted;

	for (int s = 0; s < seconds; s++, m->now_ns += NSEC_PER_SEC) {
		sample(m, SCOPE_SYSTEM, 0, "pgdemote_kswapd", demoted += down);
		sample(m, SCOPE_SYSTEM, 0, "pgdemote_direct", 5);
		sample(m, SCOPE_SYSTEM, 0, "pgpromote_success", promoted += up);
	}
}

/* 41 s: four slots with 9, 10, 10 and 10 steps. */
static void pages_go_to_and_fro(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	SINK_CALL(&m.sink, meta, "numa_balancing", "2");
	tier_seconds(&m, 41, 4000, 3000);
	f = found(&m, "tiering-ping-pong");
	assert_non_null(f);
	assert_value(f, "demoted", 39 * 4000);
	assert_value(f, "promoted", 39 * 3000);
	assert_value(f, "duration", 40);
	assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
	off(&m);
}

/* Only down; only up; too little; too short. */
static void tiers_that_are_sorted(void **state)
{
	static const int64_t cases[][3] = { { 41, 9000, 2500 }, { 41, 100, 9000 }, { 41, 2559, 2559 }, { 21, 9000, 9000 } };
	struct machine m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		boot(&m);
		tier_seconds(&m, cases[i][0], cases[i][1], cases[i][2]);
		if (found(&m, "tiering-ping-pong"))
			fail_msg("case %zu is taken for a storm", i);
		assert_true(judged(&m, &tiering_ping_pong));
		off(&m);
	}
}

/* --- slab-shrinker-storm --- */

#define SHRINK	0xffffffff81234560ull

/*
 * kswapd asks for two cgroups in turns, 30 ms for the one and 10 ms for the other, after a pause of 10 ms each: 60 ms,
 * 150 times.
 */
static void shrinkers_by_name_and_cgroup(void **state)
{
	const struct finding *f;
	uint64_t ts = START_NS;
	struct machine m;

	boot(&m);
	SINK_CALL(&m.sink, symbol, SHRINK, "super_cache_scan");
	EVENT(&m, WAKE, 50, ts, 1, 0);
	for (int i = 0; i < 150; i++) {		/* 60 ms each: 9 s */
		EVENT(&m, SLAB_START, 50, ts + 10000000, (int64_t)SHRINK, 1, 128, 5, PARENT);
		EVENT(&m, SLAB_END, 50, ts + 40000000, (int64_t)SHRINK, 1, 28, 0, PARENT);
		EVENT(&m, SLAB_START, 50, ts + 50000000, (int64_t)SHRINK, 1, 2, 5, CHILD);
		EVENT(&m, SLAB_END, 50, ts + 60000000, (int64_t)SHRINK, 1, 2, 0, CHILD);
		ts += 60000000;
	}
	f = found(&m, "slab-shrinker-storm");
	assert_non_null(f);
	assert_string_equal(f->variant, "in-vain");
	assert_value(f, "shrinker_calls", 300);
	assert_value(f, "shrinker_time", 150 * 0.04);
	assert_value(f, "reclaim_time", 9);
	assert_value(f, "objects_scanned", 150 * 100);
	assert_value(f, "shrinker_max", 0.03);
	assert_value(f, "shrinker1_calls", 300);
	assert_value(f, "cgroup_time", 150 * 0.03);
	assert_value(f, "cgroup_calls", 150);
	assert_true(f->cgroup_id == PARENT);
	assert_int_equal(f->node, 1);
	assert_non_null(strstr(f->summary, "super_cache_scan (dentries and inodes of a file system) on node 1"));
	off(&m);
}

/* 10,000 calls a second that free nothing and take no time to speak of: information. 9,000 are not. */
static void shrinkers_that_are_asked_too_often(void **state)
{
	const struct finding *f;
	struct machine m;

	for (int step_us = 100; step_us <= 111; step_us += 11) {
		boot(&m);
		EVENT(&m, WAKE, 50, START_NS, 0, 0);
		for (uint64_t us = 0; us < 10000000; us += step_us) {
			EVENT(&m, SLAB_START, 50, START_NS + us * 1000, (int64_t)SHRINK, 0, 1, 5, 0);
			EVENT(&m, SLAB_END, 50, START_NS + us * 1000 + 2000, (int64_t)SHRINK, 0, 1, 0, 0);
		}
		f = found(&m, "slab-shrinker-storm");
		if (step_us > 100) {
			assert_null(f);
		} else {
			assert_non_null(f);
			assert_value(f, "shrinker_calls", 100000);
			assert_value(f, "shrinker_time", 0.2);
			assert_int_equal(f->severity, SEVERITY_INFO);
			assert_non_null(strstr(f->summary, "the shrinker at 0xffffffff81234560"));
		}
		assert_true(judged(&m, &slab_shrinker_storm));
		off(&m);
	}
}

/* kswapd stands in one call from 101 to 141 s, and is awake since 100 s: the storm is as long as the call. */
static void shrinker_that_stands_still(void **state)
{
	const struct finding *f;
	struct machine m;

	boot(&m);
	EVENT(&m, WAKE, 50, START_NS, 0, 0);
	EVENT(&m, SLAB_START, 50, START_NS + NSEC_PER_SEC, (int64_t)SHRINK, 0, 128, 5, 0);
	EVENT(&m, SLAB_END, 50, START_NS + 41 * NSEC_PER_SEC, (int64_t)SHRINK, 0, 128, 0, 0);
	f = found(&m, "slab-shrinker-storm");
	assert_non_null(f);
	assert_true(f->start_ns == START_NS + NSEC_PER_SEC);
	assert_true(f->end_ns == START_NS + 41 * NSEC_PER_SEC);
	assert_value(f, "span", 40);
	assert_value(f, "shrinker_calls", 1);
	assert_value(f, "shrinker_time", 40);
	assert_value(f, "reclaim_time", 40);
	assert_value(f, "shrinker_max", 40);
	off(&m);
}

/* --- all of them --- */

static void what_cannot_be_judged(void **state)
{
	static const struct detector *const all[] = {
		&slab_shrinker_storm, &memcg_high_loop, &memory_low_overcommit, &proactive_overshoot, &tiering_ping_pong,
	};
	struct machine m;

	boot(&m);
	sample(&m, SCOPE_SYSTEM, 0, "nr_free_pages", 1);
	SINK_CALL(&m.sink, end);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_false(judged(&m, all[i]));
	off(&m);
}

/* Hostile numbers in each counter that is looked at: nothing breaks. */
static void bounds(void **state)
{
	static const char *const names[] = {
		"memory.events.high", "memory.high", "memory.current", "psi.io.some.total", "pgsteal", "pgscan",
		"workingset_refault_file", "workingset_refault_anon", "memory.low", "memory.min", "memory.events.low",
		"pgsteal_proactive", "pgsteal_kswapd", "pgsteal_direct", "MemTotal", "pgpromote_success", "pgdemote_kswapd",
		"pgdemote_direct", "slabs_scanned", "pgscan_kswapd",
	};
	static const int64_t values[] = { INT64_MAX, INT64_MIN, 0, -1, INT64_MAX - 1, 1 };
	struct machine m;

	boot(&m);
	EVENT(&m, WAKE, 50, START_NS, 0, 0);
	EVENT(&m, SLAB_START, 50, START_NS + 1, INT64_MIN, INT32_MIN, INT64_MIN, INT64_MIN, -1);
	EVENT(&m, SLAB_END, 50, START_NS + 2, INT64_MIN, INT32_MIN, INT64_MAX, INT64_MIN, -1);
	EVENT(&m, SLAB_END, -1, START_NS + 3, 0, 0, 0, INT64_MAX, 0);
	for (int s = 0; s < 100; s++, m.now_ns += NSEC_PER_SEC) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			int64_t value = values[(s + i) % (sizeof(values) / sizeof(values[0]))];

			sample(&m, SCOPE_SYSTEM, 0, names[i], value);
			sample(&m, SCOPE_CGROUP, s % 5 + 1, names[i], value);
		}
	}
	assert_int_equal(SINK_CALL(&m.sink, end), 0);
	off(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_count_growth),
		cmocka_unit_test(slots_leave_gaps_out),
		cmocka_unit_test(slots_of_gone_cgroups),
		cmocka_unit_test(slots_are_bounded),
		cmocka_unit_test(a_limit_below_what_is_used),
		cmocka_unit_test(tasks_that_sleep),
		cmocka_unit_test(limits_that_do_their_work),
		cmocka_unit_test(high_without_psi_or_stat),
		cmocka_unit_test(high_elsewhere),
		cmocka_unit_test(high_call_counts_where_it_was),
		cmocka_unit_test(more_protected_than_there_is),
		cmocka_unit_test(protection_that_is_not_kept),
		cmocka_unit_test(low_events_of_one_cgroup),
		cmocka_unit_test(all_memory_behind_min),
		cmocka_unit_test(protection_that_holds),
		cmocka_unit_test(memory_that_is_needed),
		cmocka_unit_test(memory_that_was_idle),
		cmocka_unit_test(pages_go_to_and_fro),
		cmocka_unit_test(tiers_that_are_sorted),
		cmocka_unit_test(shrinkers_by_name_and_cgroup),
		cmocka_unit_test(shrinkers_that_are_asked_too_often),
		cmocka_unit_test(shrinker_that_stands_still),
		cmocka_unit_test(what_cannot_be_judged),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
