// SPDX-License-Identifier: GPL-2.0-only
/*
 * metric_table.c - the table of metrics, after kernel-domain.md 5, and the few ways in which they are computed.
 */
#include "analyze/metric.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

#define PERCENT		100.0
#define US_PER_NS	1e-3
#define PER_MINUTE	60.0
#define MIB		(1024.0 * 1024.0)
#define KIB_PER_MIB	1024.0

/* --- sums over series --- */

static double grown_of(const struct trial_series *s)
{
	return s->grown;
}

static double falls_of(const struct trial_series *s)
{
	return s->falls;
}

static double mean_of(const struct trial_series *s)
{
	return trial_series_mean(s);
}

static double peak_of(const struct trial_series *s)
{
	return s->peak;
}

static bool matches(const char *pattern, const char *name)
{
	return strpbrk(pattern, "*[") ? !fnmatch(pattern, name, 0) : !strcmp(pattern, name);
}

/* Over all series of @scope that @list names. NAN when one of its names is not there. */
static double sum(const struct trial *t, enum sample_scope scope, const char *const list[METRIC_LIST],
		  double (*of)(const struct trial_series *))
{
	double total = 0;

	for (int i = 0; i < METRIC_LIST && list[i]; i++) {
		bool found = false;

		for (unsigned int k = 0; k < trial_nseries(t); k++) {
			const struct trial_series *s = trial_series(t, k);

			if (s->scope != scope || !matches(list[i], s->name))
				continue;
			total += of(s);
			found = true;
		}
		if (!found)
			return NAN;
	}
	return total;
}

static double scaled(const struct metric *m, double value)
{
	return value * (m->scale ?: 1);
}

/* @value for each second of @span_ns. */
static double per_second(double value, uint64_t span_ns)
{
	return span_ns ? value / ns_to_s(span_ns) : NAN;
}

/* --- metrics of samples --- */

static double rate(const struct trial *t, const struct metric *m)
{
	return scaled(m, per_second(sum(t, m->scope, m->of, grown_of), trial_sampled_ns(t)));
}

static double count(const struct trial *t, const struct metric *m)
{
	return trial_sampled_ns(t) ? scaled(m, sum(t, m->scope, m->of, grown_of)) : NAN;
}

static double part(const struct trial *t, const struct metric *m)
{
	double whole = sum(t, m->scope, m->per, grown_of);

	return whole > 0 ? PERCENT * sum(t, m->scope, m->of, grown_of) / whole : NAN;
}

/* Of a counter of time: @scale makes seconds of it. */
static double busy(const struct trial *t, const struct metric *m)
{
	return PERCENT * rate(t, m);
}

static double mean(const struct trial *t, const struct metric *m)
{
	return scaled(m, sum(t, m->scope, m->of, mean_of));
}

static double peak(const struct trial *t, const struct metric *m)
{
	return scaled(m, sum(t, m->scope, m->of, peak_of));
}

static double falls(const struct trial *t, const struct metric *m)
{
	return scaled(m, per_second(sum(t, m->scope, m->of, falls_of), trial_sampled_ns(t)));
}

/* --- metrics of events --- */

static double tallied(const struct trial *t, const struct metric *m)
{
	return per_second(trial_tally(t, m->which), trial_span_ns(t));
}

static double pageblock_tallied(const struct trial *t, const struct metric *m)
{
	return analysis_facts(trial_analysis(t))->pageblock_pages ? tallied(t, m) : NAN;
}

static double compact_success(const struct trial *t, const struct metric *m)
{
	uint64_t all = trial_tally(t, TALLY_COMPACT_END);

	return all ? PERCENT * trial_tally(t, TALLY_COMPACT_SUCCESS) / all : NAN;
}

static double call_time(const struct trial *t, const struct metric *m)
{
	const struct call_stats *stats = analysis_calls(trial_analysis(t), m->which);

	return PERCENT * per_second(ns_to_s(stats->latency.sum_ns), trial_span_ns(t));
}

static double call_latency(const struct trial *t, const struct metric *m)
{
	const struct call_stats *stats = analysis_calls(trial_analysis(t), m->which);

	return stats->latency.count ? latency_percentile(&stats->latency, m->share) * US_PER_NS : NAN;
}

static double kswapd_sleeps(const struct trial *t, const struct metric *m)
{
	double total = 0;

	for (int nid = 0; nid < RUN_MAX_NODES; nid++) {
		const struct run_stats *stats = analysis_kswapd(trial_analysis(t), nid);

		total += stats ? stats->sleeps : 0;
	}
	return per_second(total, trial_span_ns(t));
}

static double kswapd_awake(const struct trial *t, const struct metric *m)
{
	double total = 0;

	for (int nid = 0; nid < RUN_MAX_NODES; nid++) {
		const struct run_stats *stats = analysis_kswapd(trial_analysis(t), nid);

		total += stats ? stats->intervals_ns + stats->open_ns : 0;
	}
	return trial_span_ns(t) ? PERCENT * total / trial_span_ns(t) : NAN;
}

static double run_seconds(const struct trial *t, const struct metric *m)
{
	return trial_span_ns(t) ? ns_to_s(trial_span_ns(t)) : NAN;
}

const struct boundary_row boundaries[BOUNDARY_COUNT] = {
	[BOUNDARY_MEMCG_SCAN] = {
		{ "per-node-reclaim-counters" },
		"since 7.1 this counts the reclaim of cgroups too, before it does not", "scan.all",
	},
	[BOUNDARY_COMPACT_STALL] = {
		{ "defrag-mode", "defrag-order-promotion" },
		"6.12 counts attempts that were put off as stalls, 7.2 does not", "compaction.attempts",
	},
};

/* Rows by their kind: what is the same for all of a kind is written once. */
#define SAMPLED(fn, where, ...)	.value = fn, .scope = SCOPE_##where, .of = { __VA_ARGS__ }
#define TALLIED(fn, tp, what)	.value = fn, .needs = TP_##tp, .which = TALLY_##what
#define CALLS(fn, tp, what)	.value = fn, .needs = TP_##tp##_RECLAIM_BEGIN, .which = CALL_##what
#define STALLED(name, resource, who) \
	{ name, "% of time", "time in which tasks waited, /proc/pressure/" resource, BETTER_LOWER, \
	  SAMPLED(busy, SYSTEM, "psi." resource "." who ".total"), .scale = 1e-6 }
#define SCANNED(name, who, better) \
	{ name, "pages/s", "vmstat " who, better, SAMPLED(rate, SYSTEM, who), .boundary = BOUNDARY_MEMCG_SCAN }
#define PAGES(name, better, counter) { name, "pages/s", "vmstat " counter, better, SAMPLED(rate, SYSTEM, counter) }
#define PAGES2(name, better, one, two) \
	{ name, "pages/s", "vmstat " one " + " two, better, SAMPLED(rate, SYSTEM, one, two) }

const struct metric metrics[] = {
	{ "run.seconds", "s", "from the first event or sample to the last", BETTER_NEITHER, .value = run_seconds },

	{ "kswapd.cpu", "% of a CPU", "CPU time of kswapd, all nodes together", BETTER_LOWER,
	  SAMPLED(busy, NODE, "kswapd_cpu_ns"), .scale = 1e-9 },
	{ "kswapd.runs", "/s", "vmstat pageoutrun", BETTER_LOWER, SAMPLED(rate, SYSTEM, "pageoutrun") },
	{ "kswapd.sleeps", "/s", "full sleeps, event kswapd_sleep", BETTER_NEITHER,
	  .value = kswapd_sleeps, .needs = TP_KSWAPD_SLEEP },
	{ "kswapd.awake", "% of time", "from kswapd_wake to kswapd_sleep, all nodes together", BETTER_LOWER,
	  .value = kswapd_awake, .needs = TP_KSWAPD_WAKE },
	{ "kswapd.hopeless", "% of time", "node_unreclaimable of zoneinfo, all nodes together", BETTER_LOWER,
	  SAMPLED(mean, NODE, "node_unreclaimable"), .scale = PERCENT },
	/* By what was sampled, on all kernels: the events are of 7.0 and later. */
	{ "kswapd.resets", "/min", "sampled kswapd_failures got less", BETTER_NEITHER,
	  SAMPLED(falls, NODE, "kswapd_failures"), .scale = PER_MINUTE },
	{ "kswapd.clears_kswapd", "/s", "event clear_hopeless, by kswapd", BETTER_NEITHER,
	  TALLIED(tallied, KSWAPD_CLEAR_HOPELESS, CLEAR_KSWAPD) },
	{ "kswapd.clears_direct", "/s", "event clear_hopeless, by direct or cgroup reclaim", BETTER_NEITHER,
	  TALLIED(tallied, KSWAPD_CLEAR_HOPELESS, CLEAR_DIRECT) },
	{ "kswapd.clears_pcp", "/s", "event clear_hopeless, where pages were freed", BETTER_NEITHER,
	  TALLIED(tallied, KSWAPD_CLEAR_HOPELESS, CLEAR_PCP) },
	{ "kcompactd.cpu", "% of a CPU", "CPU time of kcompactd, all nodes together", BETTER_LOWER,
	  SAMPLED(busy, NODE, "kcompactd_cpu_ns"), .scale = 1e-9 },

	/* Counted alike on all kernels: every reclaim, of cgroups too. */
	PAGES2("scan.all", BETTER_LOWER, "pgscan_anon", "pgscan_file"),
	PAGES2("steal.all", BETTER_NEITHER, "pgsteal_anon", "pgsteal_file"),
	{ "steal.yield", "%", "pages reclaimed of those scanned", BETTER_HIGHER,
	  SAMPLED(part, SYSTEM, "pgsteal_anon", "pgsteal_file"), .per = { "pgscan_anon", "pgscan_file" } },
	SCANNED("scan.kswapd", "pgscan_kswapd", BETTER_LOWER),
	SCANNED("steal.kswapd", "pgsteal_kswapd", BETTER_NEITHER),
	SCANNED("scan.direct", "pgscan_direct", BETTER_LOWER),
	SCANNED("steal.direct", "pgsteal_direct", BETTER_NEITHER),
	SCANNED("scan.khugepaged", "pgscan_khugepaged", BETTER_LOWER),
	SCANNED("steal.khugepaged", "pgsteal_khugepaged", BETTER_NEITHER),
	SCANNED("scan.proactive", "pgscan_proactive", BETTER_LOWER),
	SCANNED("steal.proactive", "pgsteal_proactive", BETTER_NEITHER),
	/* 7.3 and later */
	PAGES2("lru.rotated", BETTER_NEITHER, "pgrotate_anon", "pgrotate_file"),

	{ "direct.stalls", "/s", "vmstat allocstall", BETTER_LOWER, SAMPLED(rate, SYSTEM, "allocstall*") },
	{ "direct.time", "% of a task", "time in direct reclaim, all tasks together", BETTER_LOWER,
	  CALLS(call_time, DIRECT, DIRECT) },
	{ "direct.p50", "us", "duration of direct reclaim calls", BETTER_LOWER,
	  CALLS(call_latency, DIRECT, DIRECT), .share = 0.5 },
	{ "direct.p95", "us", "duration of direct reclaim calls", BETTER_LOWER,
	  CALLS(call_latency, DIRECT, DIRECT), .share = 0.95 },
	{ "direct.p99", "us", "duration of direct reclaim calls", BETTER_LOWER,
	  CALLS(call_latency, DIRECT, DIRECT), .share = 0.99 },
	{ "memcg.time", "% of a task", "time in cgroup reclaim, all tasks together", BETTER_LOWER,
	  CALLS(call_time, MEMCG, MEMCG) },
	{ "memcg.p99", "us", "duration of cgroup reclaim calls", BETTER_LOWER,
	  CALLS(call_latency, MEMCG, MEMCG), .share = 0.99 },

	PAGES("refault.anon", BETTER_LOWER, "workingset_refault_anon"),
	PAGES("refault.file", BETTER_LOWER, "workingset_refault_file"),
	PAGES("restore.anon", BETTER_LOWER, "workingset_restore_anon"),
	PAGES("restore.file", BETTER_LOWER, "workingset_restore_file"),
	{ "refault.share", "%", "refaults for each page reclaimed", BETTER_LOWER,
	  SAMPLED(part, SYSTEM, "workingset_refault_anon", "workingset_refault_file"),
	  .per = { "pgsteal_anon", "pgsteal_file" } },

	PAGES("swap.in", BETTER_LOWER, "pswpin"),
	PAGES("swap.out", BETTER_LOWER, "pswpout"),
	PAGES("swap.zero", BETTER_NEITHER, "swpout_zero"),
	PAGES("zswap.in", BETTER_NEITHER, "zswpin"),
	PAGES("zswap.out", BETTER_NEITHER, "zswpout"),
	PAGES("zswap.written", BETTER_NEITHER, "zswpwb"),
	{ "zram.memory", "MiB", "mem_used_total at its highest, all devices together", BETTER_LOWER,
	  SAMPLED(peak, DEVICE, "zram[0-9]*.mem_used_total"), .scale = 1 / MIB },
	{ "zram.failed", "count", "failed reads and writes", BETTER_LOWER,
	  SAMPLED(count, DEVICE, "zram[0-9]*.failed_reads", "zram[0-9]*.failed_writes") },

	{ "compaction.stalls", "/s", "vmstat compact_stall", BETTER_LOWER, SAMPLED(rate, SYSTEM, "compact_stall"),
	  .boundary = BOUNDARY_COMPACT_STALL },
	{ "compaction.attempts", "/s", "direct compactions, event try_to_compact_pages", BETTER_LOWER,
	  TALLIED(tallied, TRY_TO_COMPACT, COMPACT) },
	{ "compaction.of_blocks", "/s", "those for whole pageblocks", BETTER_NEITHER,
	  TALLIED(pageblock_tallied, TRY_TO_COMPACT, COMPACT_BLOCK) },
	{ "compaction.success", "%", "of zones compacted, event compaction_end", BETTER_HIGHER,
	  .value = compact_success, .needs = TP_COMPACTION_END },
	PAGES2("compaction.scanned", BETTER_LOWER, "compact_migrate_scanned", "compact_free_scanned"),
	{ "thp.fallback", "%", "of huge pages wanted at faults", BETTER_LOWER,
	  SAMPLED(part, SYSTEM, "thp_fault_fallback"), .per = { "thp_fault_alloc", "thp_fault_fallback" } },

	{ "extfrag.steals", "/s", "less than a block taken from another type", BETTER_LOWER,
	  TALLIED(pageblock_tallied, PAGE_ALLOC_EXTFRAG, EXTFRAG_STEAL) },
	{ "extfrag.pollutes", "/s", "of these: non-movable from movable", BETTER_LOWER,
	  TALLIED(pageblock_tallied, PAGE_ALLOC_EXTFRAG, EXTFRAG_POLLUTE) },
	{ "extfrag.claims", "/s", "whole blocks that changed their type", BETTER_NEITHER,
	  TALLIED(tallied, PAGE_ALLOC_EXTFRAG, EXTFRAG_CLAIM) },
	{ "free.blocks", "pages", "nr_free_pages_blocks, mean over time", BETTER_HIGHER,
	  SAMPLED(mean, SYSTEM, "nr_free_pages_blocks") },

	STALLED("psi.memory_some", "memory", "some"),
	STALLED("psi.memory_full", "memory", "full"),
	STALLED("psi.io_some", "io", "some"),
	STALLED("psi.io_full", "io", "full"),
	STALLED("psi.cpu_some", "cpu", "some"),

	{ "oom.kills", "count", "vmstat oom_kill", BETTER_LOWER, SAMPLED(count, SYSTEM, "oom_kill") },
	/* Of vmstat: diskstats has each page of a partition twice. */
	{ "io.read", "MiB/s", "vmstat pgpgin", BETTER_NEITHER, SAMPLED(rate, SYSTEM, "pgpgin"),
	  .scale = 1 / KIB_PER_MIB },
	{ "io.written", "MiB/s", "vmstat pgpgout", BETTER_NEITHER, SAMPLED(rate, SYSTEM, "pgpgout"),
	  .scale = 1 / KIB_PER_MIB },
};

const unsigned int nmetrics = sizeof(metrics) / sizeof(metrics[0]);

const char *better_name(enum better better)
{
	static const char *const names[] = {
		[BETTER_NEITHER] = "neither", [BETTER_LOWER] = "lower", [BETTER_HIGHER] = "higher",
	};

	return names[better];
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && !strcmp(text + len - tail, end);
}

enum better metric_job_better(const char *name, const char *unit)
{
	static const char *const times[] = { "s", "ms", "us", "ns" };

	if (ends_with(name, ".errors"))
		return BETTER_LOWER;
	if (ends_with(name, ".operations") || ends_with(unit, "/s"))
		return BETTER_HIGHER;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (!strcmp(unit, times[i]))
			return BETTER_LOWER;
	return BETTER_NEITHER;
}
