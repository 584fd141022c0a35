// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_compare.c - analyze/trial.c, metric_table.c, environment.c, compare.c and compare_check.c: recordings made by
 * hand, with numbers that can be counted in the head.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/compare.h"
#include "spine/time.h"

#define S	NSEC_PER_SEC
#define MS	NSEC_PER_MSEC

/* --- one trial --- */

struct scene {
	struct trial	*t;
	struct sink	sink;
};

static void begin(struct scene *s, uint64_t from_ns)
{
	assert_int_equal(trial_new(from_ns, &s->t), 0);
	s->sink = trial_sink(s->t);
}

static void say(struct scene *s, const char *key, const char *value)
{
	assert_int_equal(SINK_CALL(&s->sink, meta, key, value), 0);
}

static void put(struct scene *s, uint64_t ts, enum sample_scope scope, int node, const char *name, const char *unit,
		int64_t value)
{
	const struct sample sample = { ts, scope, node, 0, name, unit, value };

	assert_int_equal(SINK_CALL(&s->sink, sample, &sample), 0);
}

static void put_system(struct scene *s, uint64_t ts, const char *name, int64_t value)
{
	put(s, ts, SCOPE_SYSTEM, -1, name, "pages", value);
}

static double value_of(const struct scene *s, const char *name)
{
	for (unsigned int i = 0; i < nmetrics; i++)
		if (!strcmp(metrics[i].name, name))
			return metrics[i].value(s->t, &metrics[i]);
	fail_msg("no metric %s", name);
	return 0;
}

static void assert_close(double got, double wanted)
{
	if (!(fabs(got - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
		fail_msg("got %.15g, wanted %.15g", got, wanted);
}

static void metrics_of_samples(void **state)
{
	struct scene s;

	begin(&s, 0);
	/* Ten seconds. kswapd had 3 s of a CPU on node 0 and 2 s on node 1. */
	put(&s, 100 * S, SCOPE_NODE, 0, "kswapd_cpu_ns", "ns", 5 * S);
	put(&s, 100 * S, SCOPE_NODE, 1, "kswapd_cpu_ns", "ns", 0);
	put_system(&s, 100 * S, "pgscan_anon", 1000);
	put_system(&s, 100 * S, "pgscan_file", 0);
	put_system(&s, 100 * S, "pgsteal_anon", 0);
	put_system(&s, 100 * S, "pgsteal_file", 0);
	put_system(&s, 100 * S, "allocstall_normal", 7);
	put_system(&s, 100 * S, "allocstall_movable", 0);
	put_system(&s, 100 * S, "nr_free_pages_blocks", 100);
	put_system(&s, 100 * S, "oom_kill", 2);
	put_system(&s, 100 * S, "workingset_refault_anon", 0);
	put(&s, 100 * S, SCOPE_SYSTEM, -1, "psi.memory.full.total", "us", 50);
	/* Given up for 4 of the 10 s. The counter was set back twice. */
	put(&s, 100 * S, SCOPE_NODE, 0, "node_unreclaimable", "bool", 0);
	put(&s, 100 * S, SCOPE_NODE, 0, "kswapd_failures", "runs", 16);
	put(&s, 101 * S, SCOPE_NODE, 0, "kswapd_failures", "runs", 0);
	put(&s, 102 * S, SCOPE_NODE, 0, "kswapd_failures", "runs", 3);
	put(&s, 103 * S, SCOPE_NODE, 0, "kswapd_failures", "runs", 1);
	put(&s, 103 * S, SCOPE_NODE, 0, "node_unreclaimable", "bool", 1);
	put_system(&s, 104 * S, "nr_free_pages_blocks", 600);
	put(&s, 107 * S, SCOPE_NODE, 0, "node_unreclaimable", "bool", 0);
	put(&s, 110 * S, SCOPE_NODE, 0, "kswapd_cpu_ns", "ns", 8 * S);
	put(&s, 110 * S, SCOPE_NODE, 1, "kswapd_cpu_ns", "ns", 2 * S);
	put_system(&s, 110 * S, "pgscan_anon", 3000);
	put_system(&s, 110 * S, "pgscan_file", 2000);
	put_system(&s, 110 * S, "pgsteal_anon", 1000);
	put_system(&s, 110 * S, "allocstall_normal", 17);
	put_system(&s, 110 * S, "allocstall_movable", 20);
	put_system(&s, 110 * S, "oom_kill", 5);
	put(&s, 110 * S, SCOPE_SYSTEM, -1, "psi.memory.full.total", "us", 50 + 2500000);
	SINK_CALL(&s.sink, end);

	assert_close(value_of(&s, "run.seconds"), 10);
	assert_close(value_of(&s, "kswapd.cpu"), 50);
	assert_close(value_of(&s, "scan.all"), 400);		/* 2000 + 2000 pages */
	assert_close(value_of(&s, "steal.yield"), 25);
	assert_close(value_of(&s, "direct.stalls"), 3);		/* 10 + 20 */
	assert_close(value_of(&s, "free.blocks"), 400);		/* 100 for 4 s, 600 for 6 s */
	assert_close(value_of(&s, "kswapd.hopeless"), 40);
	assert_close(value_of(&s, "kswapd.resets"), 12);	/* 2 in 10 s */
	assert_close(value_of(&s, "oom.kills"), 3);
	assert_close(value_of(&s, "psi.memory_full"), 25);
	assert_close(value_of(&s, "refault.anon"), 0);
	/* One of the two refault counters is not there: neither is what needs both. */
	assert_true(isnan(value_of(&s, "refault.share")));
	assert_true(isnan(value_of(&s, "swap.in")));
	trial_free(s.t);
}

struct parts {
	char	names[400];
	double	sum;
};

static void take(void *ctx, const struct metric_part *part)
{
	struct parts *parts = ctx;

	strcat(parts->names, part->name);
	strcat(parts->names, " ");
	parts->sum += part->value;
}

static void metrics_of_nodes_and_cgroups(void **state)
{
	static const char *const cgroups[] = { "/victim" };
	struct sample sample = { 0, SCOPE_CGROUP, -1, 17, "psi.memory.full.total", "us", 0 };
	struct parts parts = { "" };
	struct scene s;

	begin(&s, 0);
	assert_int_equal(SINK_CALL(&s.sink, cgroup, 17, "/victim"), 0);
	assert_int_equal(SINK_CALL(&s.sink, cgroup, 18, "/other"), 0);
	for (sample.cgroup_id = 17; sample.cgroup_id < 19; sample.cgroup_id++)
		SINK_CALL(&s.sink, sample, &sample);
	put(&s, 0, SCOPE_NODE, 0, "kswapd_cpu_ns", "ns", 0);
	put(&s, 10 * S, SCOPE_NODE, 0, "kswapd_cpu_ns", "ns", 5 * S);
	sample = (struct sample){ 10 * S, SCOPE_CGROUP, -1, 17, "psi.memory.full.total", "us", 2000000 };
	SINK_CALL(&s.sink, sample, &sample);
	sample.cgroup_id = 18;
	SINK_CALL(&s.sink, sample, &sample);
	metric_parts(s.t, cgroups, 1, take, &parts);
	assert_string_equal(parts.names, "cgroup./victim.memory_full ");
	assert_close(parts.sum, 20);
	put(&s, 10 * S, SCOPE_NODE, 1, "kswapd_cpu_ns", "ns", 0);
	SINK_CALL(&s.sink, end);
	parts = (struct parts){ "" };
	metric_parts(s.t, NULL, 0, take, &parts);
	assert_string_equal(parts.names, "kswapd.cpu.node0 kswapd.cpu.node1 ");
	assert_close(parts.sum, 50);
	trial_free(s.t);
}

static void only_the_part_from_then_on(void **state)
{
	struct scene s;

	begin(&s, 105 * S);
	/* A store tells what held at the start of the part, with the time at which it was read. */
	put_system(&s, 100 * S, "pswpin", 500);
	put_system(&s, 100 * S, "nr_free_pages_blocks", 10);
	put_system(&s, 110 * S, "pswpin", 1000);
	SINK_CALL(&s.sink, end);
	assert_close(value_of(&s, "swap.in"), 100);
	assert_close(value_of(&s, "free.blocks"), 10);
	assert_close(value_of(&s, "run.seconds"), 5);
	trial_free(s.t);
}

static void a_counter_that_is_set_back_takes_nothing_away(void **state)
{
	char longer[400];
	struct scene s;

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	begin(&s, 0);
	put(&s, 0, SCOPE_DEVICE, -1, "zram0.failed_reads", "count", 0);
	put(&s, 0, SCOPE_DEVICE, -1, "zram0.failed_writes", "count", 90);
	put(&s, 1 * S, SCOPE_DEVICE, -1, "zram0.failed_writes", "count", 100);
	put(&s, 2 * S, SCOPE_DEVICE, -1, "zram0.failed_writes", "count", 0);
	put(&s, 3 * S, SCOPE_DEVICE, -1, "zram0.failed_writes", "count", INT64_MAX);
	put(&s, 4 * S, SCOPE_DEVICE, -1, "zram0.failed_writes", "count", INT64_MIN);
	put(&s, 5 * S, SCOPE_DEVICE, -1, longer, "count", 1);
	SINK_CALL(&s.sink, end);
	assert_close(value_of(&s, "zram.failed"), 10 + (double)INT64_MAX);
	assert_int_equal(trial_series_left_out(s.t), 1);
	trial_free(s.t);
}

/* --- events --- */

static const struct event_field extfrag_fields[] = {
	{ "alloc_order", VALUE_INT }, { "fallback_order", VALUE_INT }, { "alloc_migratetype", VALUE_INT },
	{ "fallback_migratetype", VALUE_INT }, { "change_ownership", VALUE_INT },
};
static const struct event_field begin_fields[] = { { "order", VALUE_INT }, { "gfp_flags", VALUE_UINT } };
static const struct event_field end_fields[] = { { "nr_reclaimed", VALUE_UINT } };

static const struct event_type types[] = {
	{ 0, 5, "kmem", "mm_page_alloc_extfrag", "", extfrag_fields },
	{ 1, 2, "vmscan", "mm_vmscan_direct_reclaim_begin", "", begin_fields },
	{ 2, 1, "vmscan", "mm_vmscan_direct_reclaim_end", "", end_fields },
};

static void hit(struct scene *s, uint64_t ts, int type, const int64_t *numbers)
{
	struct event_value values[5];
	const struct event ev = { .ts = ts, .type = &types[type], .tid = 7, .values = values };

	for (int i = 0; i < types[type].nfields; i++)
		values[i] = (struct event_value){ .i = numbers[i], .kind = VALUE_INT };
	assert_int_equal(SINK_CALL(&s->sink, event, &ev), 0);
}

static void tell_types(struct scene *s)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(SINK_CALL(&s->sink, type, &types[i]), 0);
}

static void metrics_of_events(void **state)
{
	/* Order, fallback order, type, fallback type, change of ownership; 0 unmovable, 1 movable, 2 reclaimable. */
	static const int64_t pollutes[] = { 0, 3, 0, 1, 0 }, steals[] = { 0, 3, 1, 2, 0 }, claims[] = { 0, 3, 0, 1, 1 },
			     whole_block[] = { 0, 9, 0, 1, 0 }, request[] = { 0, 0 }, reclaimed[] = { 32 };
	struct scene s;

	begin(&s, 0);
	say(&s, "pageblock_order", "9");
	tell_types(&s);
	hit(&s, 10 * S, 0, pollutes);
	hit(&s, 10 * S, 0, pollutes);
	hit(&s, 11 * S, 0, steals);
	hit(&s, 11 * S, 0, claims);
	hit(&s, 11 * S, 0, whole_block);
	hit(&s, 12 * S, 1, request);
	hit(&s, 12 * S + 400 * MS, 2, reclaimed);
	hit(&s, 13 * S, 1, request);
	hit(&s, 14 * S, 2, reclaimed);
	SINK_CALL(&s.sink, end);
	/* Four seconds. */
	assert_close(value_of(&s, "extfrag.pollutes"), 0.5);
	assert_close(value_of(&s, "extfrag.steals"), 0.75);
	assert_close(value_of(&s, "extfrag.claims"), 0.25);
	assert_close(value_of(&s, "direct.time"), 35);
	assert_close(value_of(&s, "direct.p50"), 400000);
	assert_close(value_of(&s, "direct.p99"), 1000000);
	assert_true(trial_records(s.t, TP_DIRECT_RECLAIM_BEGIN));
	assert_false(trial_records(s.t, TP_MEMCG_RECLAIM_BEGIN));
	trial_free(s.t);
}

static void loss_is_a_share(void **state)
{
	static const int64_t request[] = { 0, 0 };
	struct loss loss = { .ts = 11 * S, .events = 3, .stage = "ring" };
	struct scene s;

	begin(&s, 0);
	tell_types(&s);
	hit(&s, 10 * S, 1, request);
	SINK_CALL(&s.sink, loss, &loss);
	assert_close(trial_loss(s.t), 0.75);
	assert_false(trial_thinned(s.t));
	loss = (struct loss){ .ts = 11 * S, .events = LOSS_COUNT_UNKNOWN, .stage = "thinned" };
	SINK_CALL(&s.sink, loss, &loss);
	assert_close(trial_loss(s.t), 0.75);
	assert_true(trial_thinned(s.t));
	loss.stage = "reader";
	SINK_CALL(&s.sink, loss, &loss);
	assert_true(isinf(trial_loss(s.t)));
	trial_free(s.t);
}

static void changes_of_a_fact_are_kept(void **state)
{
	struct scene s;

	begin(&s, 0);
	say(&s, "thp_enabled", "always");
	say(&s, "thp_enabled@123", "never");
	say(&s, "a@b", "c");
	assert_string_equal(trial_meta(s.t, "thp_enabled"), "always -> never");
	assert_string_equal(trial_meta(s.t, "a@b"), "c");
	assert_null(trial_meta(s.t, "thp"));
	trial_free(s.t);
}

/* --- comparisons --- */

/* What one run of the tests below is: psi.memory_full in percent, and facts. */
struct run {
	double		stall;
	int64_t		job_ns;			/* 0: none told */
	const char	*facts[8];		/* key, value, ... */
	uint64_t	lost;
};

static void add(struct compare *c, enum arm arm, const struct run *run)
{
	const struct loss loss = { .ts = 105 * S, .events = run->lost, .stage = "ring" };
	static unsigned int number;
	static const int64_t request[] = { 0, 0 }, reclaimed[] = { 32 };
	char path[32];
	struct scene s;

	begin(&s, 0);
	tell_types(&s);
	for (int i = 0; i < 8 && run->facts[i]; i += 2)
		say(&s, run->facts[i], run->facts[i + 1]);
	put(&s, 100 * S, SCOPE_SYSTEM, -1, "psi.memory.full.total", "us", 0);
	put_system(&s, 100 * S, "pgscan_kswapd", 0);
	put_system(&s, 100 * S, "pswpin", 0);
	hit(&s, 101 * S, 1, request);
	hit(&s, 102 * S, 2, reclaimed);
	if (run->lost)
		SINK_CALL(&s.sink, loss, &loss);
	put(&s, 110 * S, SCOPE_SYSTEM, -1, "psi.memory.full.total", "us", run->stall * 100000);
	put_system(&s, 110 * S, "pgscan_kswapd", run->stall * 1000);
	if (run->job_ns)
		put(&s, 110 * S, SCOPE_SYSTEM, -1, "job.reader.p99_ns", "ns", run->job_ns);
	SINK_CALL(&s.sink, end);
	snprintf(path, sizeof(path), "run%u", number++);
	assert_int_equal(compare_add(c, arm, path, s.t), 0);
	trial_free(s.t);
}

static struct compare *experiment(const struct compare_options *options, const struct run *base, const struct run *cand,
				  unsigned int n)
{
	const char *name = "";
	struct compare *c;

	assert_int_equal(compare_new(options, &c), 0);
	for (unsigned int i = 0; i < n; i++) {
		add(c, ARM_BASE, &base[i]);
		add(c, ARM_CAND, &cand[i]);
	}
	assert_int_equal(compare_conclude(c, &name), 0);
	return c;
}

static const struct compared *metric(const struct compare *c, const char *name)
{
	for (unsigned int i = 0; i < compare_nmetrics(c); i++)
		if (!strcmp(compare_metric(c, i)->name, name))
			return compare_metric(c, i);
	fail_msg("no metric %s", name);
	return NULL;
}

static unsigned int problems(const struct compare *c, enum problem_kind kind, const char *text)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < compare_nproblems(c); i++)
		n += compare_problem(c, i)->kind == kind && strstr(compare_problem(c, i)->text, text);
	return n;
}

static const struct run high[5] = { { 60 }, { 70 }, { 65 }, { 80 }, { 75 } };
static const struct run low[5] = { { 6 }, { 7 }, { 6.5 }, { 8 }, { 7.5 } };

static void better_and_worse(void **state)
{
	const struct compare_options options = { .primary = "psi.memory_full", .seed = 1 };
	struct compare *c = experiment(&options, high, low, 5);
	const struct compared *m = metric(c, "psi.memory_full");

	assert_int_equal(m->role, ROLE_PRIMARY);
	assert_int_equal(m->verdict, VERDICT_BETTER);
	assert_close(m->spread[ARM_BASE].median, 70);
	assert_close(m->spread[ARM_CAND].median, 7);
	assert_close(m->ratio, 0.1);
	assert_close(m->p, 2 / 252.0);
	assert_true(isnan(m->p_holm));
	assert_close(m->delta, -1);
	/* Constant in all runs: in no family. */
	assert_int_equal(metric(c, "swap.in")->role, ROLE_TOLD);
	assert_true(metric(c, "swap.in")->constant);
	assert_string_equal(metric(c, "swap.out")->why_not, "in no run");
	compare_free(c);

	c = experiment(&options, low, high, 5);
	assert_int_equal(metric(c, "psi.memory_full")->verdict, VERDICT_WORSE);
	compare_free(c);
	c = experiment(&options, low, high, 4);
	assert_int_equal(metric(c, "psi.memory_full")->verdict, VERDICT_FEW);
	assert_int_equal(problems(c, PROBLEM_NOTE, "4 base and 4 candidate runs: no verdict"), 1);
	compare_free(c);
}

static void a_difference_as_among_base_runs_is_none(void **state)
{
	/* The two halves of the base runs differ by up to 100; the candidates are above all of them, by 1.25. */
	static const struct run base[6] = { { 1 }, { 1 }, { 1 }, { 80 }, { 80 }, { 80 } };
	static const struct run cand[6] = { { 81 }, { 82 }, { 83 }, { 84 }, { 85 }, { 86 } };
	struct compare_options options = { .primary = "psi.memory_full", .seed = 1 };
	struct compare *c = experiment(&options, base, cand, 6);

	assert_int_equal(metric(c, "psi.memory_full")->verdict, VERDICT_WORSE);
	compare_free(c);
	options.placebo = true;
	c = experiment(&options, base, cand, 6);
	assert_int_equal(metric(c, "psi.memory_full")->splits, 20);
	assert_int_equal(metric(c, "psi.memory_full")->verdict, VERDICT_PLACEBO);
	compare_free(c);
}

static void what_was_not_declared_has_no_verdict(void **state)
{
	static const char *const secondary[] = { "scan.*" };
	const struct compare_options options = { .secondary = secondary, .nsecondary = 1 };
	struct compare *c = experiment(&options, high, low, 5);

	assert_int_equal(metric(c, "psi.memory_full")->role, ROLE_TOLD);
	assert_int_equal(metric(c, "psi.memory_full")->verdict, VERDICT_NONE);
	assert_int_equal(metric(c, "scan.kswapd")->role, ROLE_TOLD);	/* see kernels_that_count_otherwise */
	assert_int_equal(problems(c, PROBLEM_NOTE, "no primary metric"), 1);
	compare_free(c);
}

static void holm_is_over_the_family(void **state)
{
	static const struct run base[5] = {
		{ 60, 100, { "kernel_release", "x" } }, { 70, 110, { "kernel_release", "x" } },
		{ 65, 120, { "kernel_release", "x" } }, { 80, 130, { "kernel_release", "x" } },
		{ 75, 140, { "kernel_release", "x" } },
	};
	static const struct run cand[5] = {
		{ 6, 200, { "kernel_release", "x" } }, { 7, 210, { "kernel_release", "x" } },
		{ 8, 220, { "kernel_release", "x" } }, { 6.5, 230, { "kernel_release", "x" } },
		{ 7.5, 240, { "kernel_release", "x" } },
	};
	const struct compare_options options = { .seed = 1 };
	struct compare *c = experiment(&options, base, cand, 5);

	/* psi.memory_full, scan.kswapd (one release: the same meaning), job.reader.p99_ns. */
	assert_int_equal(compare_family(c), 3);
	assert_close(metric(c, "psi.memory_full")->p_holm, 3 * 2 / 252.0);
	assert_int_equal(metric(c, "psi.memory_full")->verdict, VERDICT_BETTER);
	assert_int_equal(metric(c, "job.reader.p99_ns")->verdict, VERDICT_WORSE);
	compare_free(c);
}

static void missing_on_one_side(void **state)
{
	const struct run with[2] = { { 1, 5 }, { 1, 6 } }, without[2] = { { 1, 0 }, { 1, 7 } };
	const struct compare_options options = { 0 };
	struct compare *c = experiment(&options, with, without, 2);

	assert_string_equal(metric(c, "job.reader.p99_ns")->why_not,
			    "missing in 0 of 2 base and 1 of 2 candidate runs");
	assert_true(isnan(metric(c, "job.reader.p99_ns")->p));
	assert_int_equal(metric(c, "job.reader.p99_ns")->verdict, VERDICT_NONE);
	compare_free(c);
}

static void zero_median_has_a_difference(void **state)
{
	static const struct run none[5] = { { 0 }, { 0 }, { 0 }, { 0 }, { 0 } };
	const struct compare_options options = { .primary = "psi.memory_full" };
	struct compare *c = experiment(&options, none, high, 5);
	const struct compared *m = metric(c, "psi.memory_full");

	assert_true(isnan(m->ratio) && isnan(m->ratio_range.lo));
	assert_close(m->difference, 70);
	assert_close(m->difference_range.lo, 60);
	assert_close(m->difference_range.hi, 80);
	assert_int_equal(m->verdict, VERDICT_WORSE);
	assert_true(isnan(m->detectable));
	compare_free(c);
}

static void kernels_that_count_otherwise(void **state)
{
	static const char counters[] = "feature.per-node-reclaim-counters";
	const struct run old = { 5, 0, { counters, "absent: BTF", "kernel_release", "6.18.15" } };
	const struct run new = { 5.5, 0, { counters, "present: BTF", "kernel_release", "7.3.4" } };
	const struct run newer = { 5.6, 0, { counters, "present: BTF", "kernel_release", "7.4.0" } };
	const struct run untold = { 5.7, 0, { "kernel_release", "7.5.0" } };
	const struct compare_options options = { 0 };
	struct compare *c = experiment(&options, &old, &new, 1);

	assert_non_null(strstr(metric(c, "scan.kswapd")->why_not, "see scan.all"));
	assert_string_equal(metric(c, "psi.memory_full")->why_not, "");
	assert_int_equal(problems(c, PROBLEM_NOTE, "different versions"), 1);
	compare_free(c);
	c = experiment(&options, &new, &newer, 1);
	assert_string_equal(metric(c, "scan.kswapd")->why_not, "");
	compare_free(c);
	c = experiment(&options, &newer, &untold, 1);
	assert_non_null(strstr(metric(c, "scan.kswapd")->why_not, "see scan.all"));
	compare_free(c);
}

static void environments(void **state)
{
	static const char *const vary[] = { "thp_enabled" };
	const struct run always = { 1, 0, { "thp_enabled", "always", "kernel_release", "6.18.1-a" } };
	const struct run never = { 1, 0, { "thp_enabled", "never", "kernel_release", "6.18.1-b" } };
	const struct run other[2] = { always, never };
	const struct run lines[2] = {
		{ 1, 0, { "kernel_command_line", "BOOT_IMAGE=/boot/a  quiet psi=1 initrd=a" } },
		{ 1, 0, { "kernel_command_line", "BOOT_IMAGE=/boot/b quiet initrd=b psi=1" } },
	};
	const struct run swaps[3] = {
		{ 1, 0, { "swap_devices", "/dev/nvme0n1 partition 1024 kB priority -2; /dev/sdb2 partition 8 kB priority -3" } },
		{ 1, 0, { "swap_devices", "/dev/nvme1n1 partition 1024 kB priority -2; /dev/sda2 partition 8 kB priority -3" } },
		{ 1, 0, { "swap_devices", "/dev/nvme1n1 partition 2048 kB priority -2; /dev/sda2 partition 8 kB priority -3" } },
	};
	struct compare_options options = { 0 };
	struct compare *c = experiment(&options, &always, &never, 1);

	assert_int_equal(problems(c, PROBLEM_ENVIRONMENT, "thp_enabled differs: always (base), never (candidate)"), 1);
	assert_int_equal(problems(c, PROBLEM_ENVIRONMENT, ""), 1);
	assert_int_equal(compare_ndifferences(c), 2);		/* and the release, which is what is compared */
	compare_free(c);

	options.vary = vary;
	options.nvary = 1;
	c = experiment(&options, &always, &never, 1);
	assert_int_equal(problems(c, PROBLEM_ENVIRONMENT, ""), 0);
	assert_true(compare_difference(c, 1)->varied);
	compare_free(c);
	/* Within an arm nothing may vary, the release neither. */
	c = experiment(&options, other, other, 2);
	assert_int_equal(problems(c, PROBLEM_ENVIRONMENT, "is not the same in all base runs"), 2);
	compare_free(c);
	c = experiment(&options, &lines[0], &lines[1], 1);
	assert_int_equal(compare_ndifferences(c), 0);
	compare_free(c);
	/* Disks are found in another order at the next boot. */
	c = experiment(&options, &swaps[0], &swaps[1], 1);
	assert_int_equal(compare_ndifferences(c), 0);
	compare_free(c);
	c = experiment(&options, &swaps[1], &swaps[2], 1);
	assert_int_equal(problems(c, PROBLEM_ENVIRONMENT, "swap_devices differs: /dev/nvme*n1 partition 1024 kB"), 1);
	compare_free(c);
}

static void runs_that_are_refused(void **state)
{
	const struct run part = { 1, 0, { "continued_in", "next.db" } }, good = { 1 };
	const struct run lossy = { .stall = 1, .lost = 1 };	/* of 3 */
	const struct run same[2] = {
		{ 1, 0, { "boot_id", "b", "start_ns", "5", "complete", "0" } },
		{ 2, 0, { "boot_id", "b", "start_ns", "5" } },
	};
	const struct compare_options options = { 0 };
	struct compare *c = experiment(&options, &part, &good, 1);

	assert_int_equal(problems(c, PROBLEM_RUN, "is a part of a recording"), 1);
	compare_free(c);
	c = experiment(&options, &same[0], &same[1], 1);
	assert_int_equal(problems(c, PROBLEM_RUN, "are the same recording"), 1);
	assert_int_equal(problems(c, PROBLEM_NOTE, "was cut short"), 1);
	compare_free(c);
	c = experiment(&options, &good, &lossy, 1);
	assert_int_equal(problems(c, PROBLEM_LOSS, "lost 33.3 % of its events"), 1);
	assert_non_null(strstr(metric(c, "direct.time")->why_not, "made of events"));
	assert_string_equal(metric(c, "psi.memory_full")->why_not, "");
	compare_free(c);
}

static void arms_that_took_no_turns(void **state)
{
	const struct run early[2] = { { 1, 0, { "start_realtime_ns", "1" } }, { 1, 0, { "start_realtime_ns", "2" } } };
	const struct run late[2] = { { 1, 0, { "start_realtime_ns", "3" } }, { 1, 0, { "start_realtime_ns", "4" } } };
	const struct run between[2] = { early[0], late[1] }, amid[2] = { early[1], late[0] };
	const struct compare_options options = { 0 };
	struct compare *c = experiment(&options, late, early, 2);

	assert_int_equal(problems(c, PROBLEM_NOTE, "all candidate runs were made before the base runs"), 1);
	compare_free(c);
	c = experiment(&options, between, amid, 2);
	assert_int_equal(problems(c, PROBLEM_NOTE, "were made before"), 0);
	compare_free(c);
}

static void names_that_are_none(void **state)
{
	static const char *const secondary[] = { "psi.*", "psy.*" };
	const struct compare_options wrong[] = {
		{ .primary = "kswapd" }, { .secondary = secondary, .nsecondary = 2 },
		{ .vary = secondary, .nvary = 1 },
	};
	static const char *const wanted[] = { "kswapd", "psy.*", "psi.*" };

	for (int i = 0; i < 3; i++) {
		const char *name = NULL;
		struct compare *c;

		assert_int_equal(compare_new(&wrong[i], &c), 0);
		add(c, ARM_BASE, &high[0]);
		assert_int_equal(compare_conclude(c, &name), -ENOENT);
		assert_string_equal(name, wanted[i]);
		compare_free(c);
	}
}

static void more_runs_than_there_is_room_for(void **state)
{
	const struct compare_options options = { 0 };
	struct compare *c;
	struct scene s;

	begin(&s, 0);
	SINK_CALL(&s.sink, end);
	assert_int_equal(compare_new(&options, &c), 0);
	for (unsigned int i = 0; i < COMPARE_RUNS_MAX; i++)
		assert_int_equal(compare_add(c, ARM_BASE, "x", s.t), 0);
	assert_int_equal(compare_add(c, ARM_BASE, "x", s.t), -E2BIG);
	trial_free(s.t);
	compare_free(c);
}

static void better_of_a_job(void **state)
{
	assert_int_equal(metric_job_better("job.a.p99_us", "us"), BETTER_LOWER);
	assert_int_equal(metric_job_better("job.a.throughput", "bytes/s"), BETTER_HIGHER);
	assert_int_equal(metric_job_better("job.a.operations", "count"), BETTER_HIGHER);
	assert_int_equal(metric_job_better("job.a.errors", "errors/s"), BETTER_LOWER);
	assert_int_equal(metric_job_better("job.a.size", "bytes"), BETTER_NEITHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_of_samples),
		cmocka_unit_test(metrics_of_nodes_and_cgroups),
		cmocka_unit_test(only_the_part_from_then_on),
		cmocka_unit_test(a_counter_that_is_set_back_takes_nothing_away),
		cmocka_unit_test(metrics_of_events),
		cmocka_unit_test(loss_is_a_share),
		cmocka_unit_test(changes_of_a_fact_are_kept),
		cmocka_unit_test(better_and_worse),
		cmocka_unit_test(a_difference_as_among_base_runs_is_none),
		cmocka_unit_test(what_was_not_declared_has_no_verdict),
		cmocka_unit_test(holm_is_over_the_family),
		cmocka_unit_test(missing_on_one_side),
		cmocka_unit_test(zero_median_has_a_difference),
		cmocka_unit_test(kernels_that_count_otherwise),
		cmocka_unit_test(environments),
		cmocka_unit_test(runs_that_are_refused),
		cmocka_unit_test(arms_that_took_no_turns),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(more_runs_than_there_is_room_for),
		cmocka_unit_test(better_of_a_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
