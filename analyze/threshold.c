// SPDX-License-Identifier: GPL-2.0-only
/*
 * threshold.c - the one table of numbers behind the verdicts. Sources: kernel code (named), or section 4 of the domain
 * notes; where a number is a choice of ours, the reason says what is gained on either side of it.
 */
#include "analyze/threshold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct threshold_info table[] = {
	[TH_CHAIN_GAP_S] = { "chain-gap", "s",
		"the next reclaim follows a retry at once (p99 0.2 ms in the lab, also under a storm); a longer pause means "
		"another allocation of the same task", 0.1, 0.001, 60 },
	[TH_SPIN_CYCLES] = { "spin-cycles", "retries",
		"one retry is normal and two or three happen under contention; four productive reclaims that cannot "
		"satisfy one small request mean that the freed pages are of no use to it", 4, 2, 10000 },
	[TH_SPIN_PAGES] = { "spin-pages", "pages",
		"four times SWAP_CLUSTER_MAX, what four reclaim calls free when they succeed", 128, 1, 1e9 },
	[TH_SPIN_FREE_SHARE] = { "spin-free-share", "ratio",
		"share of retries at which the zone had free pages above min plus one pageblock: without ALLOC_NOFRAGMENT "
		"such a request is served by fallback (get_page_from_freelist), so it proves the flag was in force",
		0.75, 0.01, 1 },
	[TH_SPIN_EPISODE_GAP_S] = { "spin-gap", "s", "spins further apart than this are separate findings", 10, 1, 3600 },
	[TH_SPIN_TASKS] = { "spin-tasks", "tasks",
		"three tasks spinning at once is a storm whatever the time lost; one or two may be chance", 3, 1, 1e6 },
	[TH_SPIN_STALL_SHARE] = { "spin-stall", "task-s per CPU-s",
		"task-seconds lost in spins per second and CPU; 5 % is what a user notices", 0.05, 0.0001, 1 },
	[TH_SPIN_STALL_HIGH] = { "spin-stall-high", "task-s per CPU-s", "a quarter of the machine is lost", 0.25, 0.0001, 100 },
	[TH_SPIN_STALL_S] = { "spin-stall-time", "s",
		"one task that stood still for so long is a storm on a machine of any size", 5, 0.01, 1e6 },
	[TH_SPIN_MOVABLE_SHARE] = { "spin-movable-share", "ratio",
		"movable requests can use what reclaim frees: when this share of the spins is theirs, the reason is not the "
		"migratetype but memory that cannot really be freed (swap in RAM)", 0.3, 0.01, 1 },
	[TH_LIVELOCK_CYCLES] = { "livelock-cycles", "retries",
		"MAX_RECLAIM_RETRIES: a request without real progress should have given up by then", 16, 2, 10000 },
	[TH_RESET_COUNT] = { "reset-count", "resets",
		"one or two resets happen when a node gets balanced for a moment; three within the window is a pattern",
		3, 1, 1e9 },
	[TH_RESET_WINDOW_S] = { "reset-window", "s", "resets further apart than this are not one storm", 60, 1, 3600 },
	[TH_RESET_RECUR_S] = { "reset-recur", "s",
		"kswapd failing again this soon after a reset shows that the node was not balanced at the reset",
		5, 0.01, 3600 },
	[TH_RESET_OTHERS] = { "reset-others", "ratio",
		"share of the resets that are not by kswapd itself: with fewer than that others are not what keeps it going",
		0.1, 0, 1 },
	[TH_RESET_AWAKE_SHARE] = { "reset-awake", "ratio",
		"share of the time kswapd did not get to its full sleep; a node whose kswapd rests is not in this storm",
		0.5, 0, 1 },
	[TH_RESET_HIGH_RATE] = { "reset-high", "resets/s",
		"each reset buys kswapd sixteen more futile scans of the node; at one a second it does not stop scanning",
		1, 0.001, 1e6 },
	[TH_ENDLESS_S] = { "endless-time", "s",
		"kswapd without a full sleep for this long; a burst of allocations is over sooner", 10, 0.1, 3600 },
	[TH_ENDLESS_RUNS] = { "endless-runs", "runs",
		"balance runs in that time; three times what a node may fail before kswapd must give up", 48, 17, 1e9 },
	[TH_ENDLESS_FUTILE_SHARE] = { "endless-futile", "ratio",
		"share of these runs that reclaimed nothing, or ended unbalanced without a pause; a busy kswapd that keeps "
		"up with allocations has few", 0.8, 0.01, 1 },
	[TH_HOPELESS_S] = { "hopeless-time", "s",
		"a node given up for less than this was taken up again by the next reclaim: not worth a line", 5, 0, 3600 },
	[TH_HOPELESS_STALL] = { "hopeless-stall", "tasks",
		"tasks in direct reclaim on average while kswapd is off: below this kswapd is not missed", 0.05, 0, 1e6 },
	[TH_RAM_SWAP_S] = { "ram-swap-time", "s",
		"the OOM killer would have ended a true shortage sooner; below a minute zram may just be filling up",
		60, 10, 86400 },
	[TH_RAM_SWAP_HIGH_S] = { "ram-swap-long", "s", "five minutes without an end: a livelock for whoever waits",
		300, 10, 86400 },
	[TH_RAM_SWAP_STALL] = { "ram-swap-stall", "tasks",
		"tasks in direct reclaim on average: half of one task's time is lost", 0.5, 0.01, 1e6 },
	[TH_RAM_SWAP_PSI] = { "ram-swap-psi", "ratio",
		"share of the time in which no task got on (PSI memory full): beyond 40 % a machine is not usable", 0.4, 0.01, 1 },
	[TH_RAM_SWAP_GO_ON] = { "ram-swap-go-on", "ratio",
		"share of decisions of should_reclaim_retry() that pass the watermark test on what could be reclaimed: with "
		"little left to reclaim it fails, and the OOM killer comes", 0.95, 0.01, 1 },
	[TH_RAM_SWAP_SHORT] = { "ram-swap-short", "ratio",
		"share of samples of the storm at which kswapd had no zone at its high watermark and the estimate was too high: a "
		"moment's relief is no end", 0.8, 0.01, 1 },
	[TH_RAM_SWAP_SHORT_SLOT] = { "ram-swap-short-slot", "ratio",
		"the same share of ten seconds that belong to the storm: half of them, for ten samples are few", 0.5, 0.01, 1 },
	[TH_RAM_SWAP_OVER] = { "ram-swap-estimate", "ratio",
		"what the kernel takes for reclaimable by what can be gained: at 2:1 compression it is 2, which is what zram is "
		"for; at 4 a page gives back a quarter of itself", 4, 1, 1e9 },
	[TH_RAM_SWAP_OVER_HIGH] = { "ram-swap-estimate-high", "ratio", "a page gives back a tenth of itself", 10, 1, 1e9 },
	[TH_RAM_SWAP_COST] = { "ram-swap-cost", "RAM per stored page",
		"assumed while zram holds less than 64 MiB or does not tell: the usual 2:1", 0.5, 0, 1.2 },
	[TH_RAM_SWAP_RETRIES] = { "ram-swap-retries", "retries per reclaim",
		"where nobody tells what swap lies on: a reclaim that leaves its own task without a page is the exception, "
		"unless storing takes what it frees", 0.5, 0.01, 1 },
	[TH_ZS_FRAG] = { "zs-holes", "ratio",
		"share of zram's memory that holds no data: size classes alone waste less than 10 %", 0.2, 0.01, 1 },
	[TH_ZS_FRAG_HIGH] = { "zs-holes-high", "ratio", "a third and more of what zram takes is lost", 0.35, 0.01, 1 },
	[TH_ZS_FRAG_MEMORY] = { "zs-memory", "ratio", "share of RAM that zram takes: holes in less are not worth a line",
		0.05, 0, 1 },
	[TH_ZS_FRAG_S] = { "zs-time", "s",
		"right after a big task ended zsmalloc has not compacted yet, and the two numbers are not read in one instant",
		10, 1, 86400 },
	[TH_OOM_KILLS] = { "oom-kills", "kills", "one kill should do, a second one happens; the third says that it does not",
		3, 2, 64 },
	[TH_OOM_WINDOW_S] = { "oom-window", "s", "kills further apart than this are not one storm", 60, 1, 86400 },
	[TH_OOM_EFFICACY] = { "oom-efficacy", "ratio",
		"free memory that came back, by what the victim held; others allocate meanwhile, but not two thirds of it",
		0.3, 0.01, 1 },
	[TH_OOM_NOTHING] = { "oom-nothing", "ratio", "a kill that gave back less than this of what its victim held freed nothing",
		0.1, 0.001, 1 },
	[TH_OOM_SETTLE_S] = { "oom-settle", "s",
		"after the victim's memory is taken apart: counters of pages are folded and sampled within this time", 2, 0.1, 60 },
	[TH_ZSWAP_PAGES] = { "zswap-pages", "pages",
		"4 MiB that moved, or that are stored: fewer pages say nothing of how zswap behaves", 1024, 1, 1e9 },
	[TH_ZSWAP_WINDOWS] = { "zswap-limit-windows", "windows of 10 s",
		"in which zswap refused pages because it was full: one or two may be one burst", 3, 1, 1e6 },
	[TH_ZSWAP_GAP_S] = { "zswap-gap", "s", "times of a full zswap that are further apart are separate findings", 60, 10, 3600 },
	[TH_ZSWAP_PAST_HIGH] = { "zswap-past-high", "ratio",
		"share of what is swapped out that goes to disk past zswap: with half of it zswap serves the old pages more than "
		"the new ones", 0.5, 0.01, 1 },
	[TH_ZSWAP_FILL] = { "zswap-fill", "ratio",
		"of the pool by its limit: a pool that was full is shrunk to accept_threshold_percent (90) and a little more, so "
		"one above that is as full as it stays", 0.89, 0.01, 1 },
	[TH_ZSWAP_TIME_S] = { "zswap-time", "s", "rates below are told by the minute, so a minute has to be seen", 60, 10, 86400 },
	[TH_ZSWAP_WRITTEN] = { "zswap-written", "1/min",
		"share of stored pages written back in a minute: at one in a thousand a pool takes 17 hours to turn over",
		0.001, 0, 1 },
	[TH_ZSWAP_COLD] = { "zswap-cold", "1/min",
		"share of stored pages asked back in a minute: below one in a hundred a page lies there for more than an hour and a "
		"half", 0.01, 0, 1 },
	[TH_ZSWAP_BACK] = { "zswap-back", "ratio",
		"pages read from swap by pages written back: one in five was not cold, and costs two transfers of the disk where "
		"staying costs a third to a half of a page of RAM", 0.2, 0.01, 100 },
	[TH_ZSWAP_BACK_S] = { "zswap-back-window", "s", "a page that is not read for five minutes after it was written was cold",
		300, 60, 600 },
	[TH_ZSWAP_PAST] = { "zswap-past", "ratio",
		"pages that went to disk past zswap by pages written back: with more of them what is read from disk does not tell "
		"whether writing back was wrong", 0.05, 0, 1 },
	[TH_ZSWAP_IO] = { "zswap-io", "ratio",
		"by how much the share of time in which tasks wait for IO (PSI some) rose when writing back began: five points are "
		"more than it varies by itself", 0.05, 0.001, 1 },
	[TH_ZSWAP_STEP] = { "zswap-step", "ratio", "share of a cgroup that one advised step of 6 s reclaims, as senpai does",
		0.0005, 0, 0.1 },
	[TH_ZSWAP_STEP_PSI] = { "zswap-step-psi", "ratio",
		"memory pressure (PSI some) at which no step is advised any more, as senpai has it", 0.001, 1e-6, 1 },
	[TH_IMPACT_PSI_HIGH] = { "impact-psi-high", "ratio",
		"share of a storm's time in which no task got on (PSI memory full): below 10 % work is slower, beyond it users "
		"wait; a storm that was found is a warning at least, for PSI sees no killed tasks and no evicted cache",
		0.1, 0, 1 },
	[TH_IMPACT_PSI_CRITICAL] = { "impact-psi-critical", "ratio",
		"at more than 40 % full the machine stands still every other second, and systemd-oomd would act soon (60 %)",
		0.4, 0, 1 },
	[TH_IMPACT_LOST_HIGH] = { "impact-lost-high", "task-s per CPU-s",
		"where PSI is not recorded: time that tasks lost, per second and CPU. PSI some is stalled tasks by CPUs "
		"(kernel/sched/psi.c), and full is never more: at a quarter full may be beyond 10 %", 0.25, 0.0001, 100 },
	[TH_IMPACT_LOST_CRITICAL] = { "impact-lost-critical", "task-s per CPU-s",
		"a stalled task for each CPU at any time: PSI some can be 100 % then, and full is only kept down by tasks that "
		"need no memory", 1, 0.0001, 100 },
	[TH_IMPACT_OWN] = { "impact-own", "ratio",
		"share of the time lost that must be of a finding's own sort (direct reclaim, a cgroup's limit, compaction, "
		"throttling) for the pressure to be its doing: with less than half another cause is the bigger one",
		0.5, 0, 1 },
	[TH_INCIDENT_GAP_S] = { "incident-gap", "s",
		"findings that explain each other and are further apart than this are separate incidents; counters are sampled "
		"once a second, so the ends of a finding are uncertain by as much", 1, 0, 3600 },
	[TH_COMPACT_RATE] = { "compact-rate", "attempts/s",
		"direct compactions over ten seconds that go through memory; a fault of a huge page now and then is no storm", 10,
		0.1, 1e6 },
	[TH_COMPACT_TRIES] = { "compact-tries", "attempts",
		"that go through memory in ten seconds: one pass over a large node may take seconds, and where half of them make a "
		"block four fail by chance once in sixteen times", 4, 1, 1e6 },
	[TH_COMPACT_STALL] = { "compact-stall", "tasks",
		"tasks in direct compaction on average: a tenth of one task's time is lost, with however few attempts", 0.1,
		0.001, 1e6 },
	[TH_COMPACT_EFFICACY] = { "compact-efficacy", "ratio",
		"attempts that made a free block, by those that went through memory; on a machine that is only busy more than "
		"half do (84 of 171 passes in the lab's hardest storm)", 0.1, 0.001, 1 },
	[TH_COMPACT_SCANNED] = { "compact-scanned", "pages per success",
		"400 MB gone through for one block; a block is made of 512 pages", 1e5, 512, 1e12 },
	[TH_COMPACT_BUSY] = { "compact-busy", "ratio",
		"share of the time in which background compaction is at work; kcompactd paces itself well below", 0.3, 0.01, 64 },
	[TH_COMPACT_DEFERRED] = { "compact-deferred", "requests",
		"turned away at the limit within a minute: fewer are put off as they should be", 50, 1, 64 },
	[TH_COMPACT_DEFER_WINDOW_S] = { "compact-deferred-window", "s",
		"a zone that nobody asks for so long harms nobody", 60, 1, 3600 },
	[TH_THROTTLE_STALL] = { "throttle-stall", "tasks",
		"tasks put to sleep on average over ten seconds: half of one task's time is lost; single sleeps of 1 to 20 ms "
		"happen in healthy machines", 0.5, 0.001, 1e6 },
	[TH_THROTTLE_HIGH] = { "throttle-high", "tasks", "two tasks sleep all of the time", 2, 0.001, 1e6 },
	[TH_THROTTLE_WAITS] = { "throttle-waits", "allocations/s",
		"over ten seconds, and in three of them: how long each waits is not told, but one burst is over when kswapd has "
		"run; that they keep coming means that the reserves stay short", 1, 0.01, 1e6 },
	[TH_WRITEBACK_STALL] = { "writeback-stall", "tasks",
		"tasks that sleep for writing, or that stand in direct reclaim while kswapd sleeps: as throttle-stall", 0.5, 0.001,
		1e6 },
	[TH_WRITEBACK_KSWAPD] = { "writeback-kswapd", "ratio",
		"share of the time that kswapd sleeps for writing: below half it still gets on", 0.5, 0.01, 1 },
	[TH_BOOST_SHARE] = { "boost-share", "ratio",
		"share of ten seconds in which a zone is boosted and not short of memory: kswapd takes one boost away in one run, "
		"so half of the time means that new ones keep coming", 0.5, 0.01, 1 },
	[TH_BOOST_PAGES] = { "boost-pages", "pages/s",
		"reclaimed by kswapd meanwhile: a megabyte a second; less is not worth a line", 256, 1, 1e9 },
	[TH_BOOST_REFAULT] = { "boost-refault", "ratio",
		"refaults by pages reclaimed: from a third on it takes what is needed (as spurious resets do, 4b)", 0.3, 0.01, 1e3 },
	[TH_NODE_RECLAIM_STALL] = { "node-reclaim-stall", "tasks",
		"tasks in node reclaim on average: a tenth of one task's time is lost, where another node would serve at once",
		0.1, 0.001, 1e6 },
	[TH_NODE_RECLAIM_RATE] = { "node-reclaim-rate", "calls/s",
		"so often it is the rule and not the exception that an allocation does not look at the next node first", 100, 1,
		1e9 },
	[TH_CMA_FAILURES] = { "cma-failures", "requests",
		"requests to CMA that fail within ten seconds; one may be a range that is pinned for a moment", 3, 1, 1e9 },
	[TH_CMA_PAGES] = { "cma-pages", "pages",
		"that did not move within ten seconds: a pageblock, tried to the fifth time as the kernel does",
		2560, 1, 1e9 },
	[TH_CMA_FAILED_SHARE] = { "cma-failed-share", "ratio",
		"share of the pages that did not move: a few always need a second try", 0.1, 0.001, 1 },
	[TH_RESTRICTED_CYCLES] = { "restricted-cycles", "reclaims",
		"MAX_RECLAIM_RETRIES: other requests would have given up by then, or called the OOM killer", 16, 2, 1e6 },
	[TH_RESTRICTED_STALL] = { "restricted-stall", "tasks",
		"tasks in such spins on average over ten seconds: half of one task's time, and often a journal or a disk waits "
		"for it", 0.5, 0.001, 1e6 },
	[TH_RESTRICTED_SHARE] = { "restricted-share", "ratio",
		"when requests without such a restriction lose this share of the time in retries, it is not the reason", 0.3, 0.01, 1 },
	[TH_SLAB_SHARE] = { "slab-share", "ratio",
		"share of the time in reclaim that shrinkers take: page lists are where most memory is, and a fifth is what caches "
		"of normal size cost", 0.2, 0.01, 1 },
	[TH_SLAB_STALL] = { "slab-stall", "tasks",
		"tasks in shrinkers on average, kswapd among them: a tenth of one task's time is lost", 0.1, 0.001, 1e6 },
	[TH_SLAB_RATE] = { "slab-rate", "calls/s",
		"at 2 to 3 us a call (74,314 of them in the lab) that is 3 % of a CPU, for nothing", 1e4, 1, 1e9 },
	[TH_SLAB_YIELD] = { "slab-yield", "objects per call",
		"a call asks for 128 objects where it can (SHRINK_BATCH); with less than one in ten calls freeing one they are in "
		"vain", 0.1, 0, 1e6 },
	[TH_HIGH_RATE] = { "high-rate", "events/s",
		"memory.events high of one cgroup, one for each reclaim_high(): that is a megabyte a second and more over the limit, "
		"taken back in pieces", 100, 0.1, 1e9 },
	[TH_HIGH_NEAR] = { "high-near", "ratio",
		"memory.current by memory.high from which a cgroup is at its limit; reclaim takes some more than it must",
		0.9, 0.1, 1 },
	[TH_HIGH_PSI] = { "high-psi", "ratio",
		"share of the time in which no task of the cgroup got on (PSI memory full): below 1 % the limit does what it is for",
		0.01, 0, 1 },
	[TH_HIGH_STALL] = { "high-stall", "ratio",
		"the same, from which it harms whatever is reclaimed; with fewer events than high-rate (tasks sleep up to 2 s each "
		"time) four times this", 0.1, 0.001, 0.25 },
	[TH_HIGH_REFAULT] = { "high-refault", "ratio",
		"refaults by pages reclaimed in the cgroup: from a third on its limit is below what it uses (as with resets, 4b); a "
		"job that streams files has none", 0.3, 0.01, 1e3 },
	[TH_HIGH_CALLS] = { "high-calls", "tasks",
		"where only events tell: tasks in reclaim for a cgroup on average", 0.5, 0.001, 1e6 },
	[TH_LOW_RATE] = { "low-rate", "events/s",
		"memory.events low of one cgroup: so often it was reclaimed although it was within its protection; once may be one "
		"burst", 1, 0.01, 1e9 },
	[TH_LOW_SHARE] = { "low-share", "ratio",
		"protected memory in use by all memory: the kernel, page tables and watermarks need most of the rest", 0.8, 0.01, 1 },
	[TH_PROACTIVE_PAGES] = { "proactive-pages", "pages/s",
		"reclaimed on demand: a megabyte a second; less is not worth a line", 256, 1, 1e9 },
	[TH_PROACTIVE_REFAULT] = { "proactive-refault", "ratio",
		"refaults by pages reclaimed on demand: from a third on it takes what is needed", 0.3, 0.01, 1e3 },
	[TH_PROACTIVE_SHARE] = { "proactive-share", "ratio",
		"of all that is reclaimed there: with less than half the refaults may be somebody else's doing", 0.5, 0.01, 1 },
	[TH_PROACTIVE_S] = { "proactive-time", "s", "two slots of ten seconds: one may be a single write", 20, 10, 86400 },
	[TH_TIERING_PAGES] = { "tiering-pages", "pages/s",
		"demoted and promoted, each: 10 MB/s both ways; less is what keeps tiers sorted", 2560, 1, 1e9 },
	[TH_TIERING_S] = { "tiering-time", "s", "a job that starts moves pages for a while too", 30, 10, 86400 },
	[TH_MAX_RECLAIM_RETRIES] = { "MAX_RECLAIM_RETRIES", "runs",
		"mm/internal.h: kswapd runs without a page reclaimed after which the node is hopeless", 16, 16, 16, true },
	[TH_SWAP_CLUSTER_MAX] = { "SWAP_CLUSTER_MAX", "pages",
		"include/linux/swap.h: what one direct reclaim call aims for", 32, 32, 32, true },
	[TH_COMPACT_MAX_DEFER_SHIFT] = { "COMPACT_MAX_DEFER_SHIFT", "shift",
		"mm/compaction.c: compaction of a zone is put off for at most 1 << 6 requests", 6, 6, 6, true },
	[TH_KSWAPD_NAP_MS] = { "kswapd-nap", "ms",
		"kswapd_try_to_sleep(): HZ/10 that a balanced kswapd naps before its full sleep", 100, 100, 100, true },
	[TH_OOM_REAPER_S] = { "OOM_REAPER_DELAY", "s",
		"mm/oom_kill.c: after this time the reaper takes a victim's memory apart that has not done so itself", 2, 2, 2,
		true },
};
_Static_assert(sizeof(table) / sizeof(table[0]) == TH_COUNT, "a threshold without a row");

const struct threshold_info *threshold_info(enum threshold which)
{
	return &table[which];
}

void thresholds_default(struct thresholds *th)
{
	for (int i = 0; i < TH_COUNT; i++)
		th->value[i] = table[i].value;
}

static int threshold_find(const char *name, size_t len)
{
	for (int i = 0; i < TH_COUNT; i++)
		if (strlen(table[i].name) == len && !strncmp(table[i].name, name, len))
			return i;
	return -1;
}

int thresholds_set(struct thresholds *th, const char *assignment, char *err, size_t err_size)
{
	const char *eq = strchr(assignment, '=');
	char *end;
	double value;
	int i;

	if (!eq) {
		snprintf(err, err_size, "'%s' is not NAME=VALUE", assignment);
		return -EINVAL;
	}
	i = threshold_find(assignment, eq - assignment);
	if (i < 0) {
		snprintf(err, err_size, "no threshold is called '%.*s' (--thresholds lists them)",
			 (int)(eq - assignment), assignment);
		return -EINVAL;
	}
	if (table[i].fixed) {
		snprintf(err, err_size, "%s is a constant of the kernel", table[i].name);
		return -EINVAL;
	}
	value = strtod(eq + 1, &end);
	if (end == eq + 1 || *end || !(value >= table[i].min && value <= table[i].max)) {
		snprintf(err, err_size, "%s takes %g to %g %s, not '%s'", table[i].name, table[i].min, table[i].max,
			 table[i].unit, eq + 1);
		return -EINVAL;
	}
	th->value[i] = value;
	return 0;
}

/* In place: without the comment, the line end and blanks anywhere. */
static void line_strip(char *line)
{
	char *out = line;

	for (char *in = line; *in && *in != '#' && *in != '\n'; in++)
		if (*in != ' ' && *in != '\t' && *in != '\r')
			*out++ = *in;
	*out = 0;
}

int thresholds_load(struct thresholds *th, const char *path, char *err, size_t err_size)
{
	char line[512], why[256];
	FILE *f = fopen(path, "re");
	int number = 0, ret = 0;

	if (!f) {
		ret = -errno;
		snprintf(err, err_size, "%s", strerror(-ret));
		return ret;
	}
	while (!ret && fgets(line, sizeof(line), f)) {
		number++;
		line_strip(line);
		if (!*line)
			continue;
		ret = thresholds_set(th, line, why, sizeof(why));
		if (ret)
			snprintf(err, err_size, "line %d: %s", number, why);
	}
	if (!ret && ferror(f)) {
		ret = -EIO;
		snprintf(err, err_size, "cannot be read");
	}
	fclose(f);
	return ret;
}
