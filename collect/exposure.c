// SPDX-License-Identifier: GPL-2.0-only
/*
 * exposure.c - see exposure.h. One function per kind, one line per kind in the table at the end.
 */
#include "collect/exposure.h"

#include <stdarg.h>
#include <stdio.h>

#define KB_PER_MIB	1024
#define BYTES_PER_KB	1024

/* Memory that reclaim may not touch, of all RAM: what is left is less than kswapd needs to balance a node for long. */
#define PROTECTED_PERCENT	80
/* kernel-domain.md 4d: waste of zsmalloc that is worth a warning, and from how much RAM on. */
#define ZRAM_WASTE_PERCENT	20
#define ZRAM_SHARE_PERCENT	5
/* Filled so far, a burst reaches the limit. Past it the kernel takes no pages until the pool is below 90 % of it. */
#define ZSWAP_FILL_PERCENT	80
/* Half of the kernel's default of 20. */
#define ZSWAP_SMALL_PERCENT	10

#define TODO_DEFRAG	"sysctl -w vm.defrag_mode=0"

struct facts {
	const struct machine		*m;
	const struct kernel_feature	*features;
};

__attribute__((format(printf, 4, 5)))
static void put(struct exposure *e, enum exposed exposed, const char *todo, const char *format, ...)
{
	va_list ap;

	e->exposed = exposed;
	snprintf(e->todo, sizeof(e->todo), "%s", todo ?: "");
	va_start(ap, format);
	vsnprintf(e->why, sizeof(e->why), format, ap);
	va_end(ap);
}


static bool is(const struct facts *f, enum kernel_feature_id id, enum kernel_feature_state state)
{
	return f->features[id].state == state;
}

static void put_defrag_mode_on(const struct facts *f, struct exposure *e)
{
	if (is(f, KF_DEFRAG_ORDER_PROMOTION, KERNEL_FEATURE_ABSENT))
		put(e, EXPOSED_YES, TODO_DEFRAG ", or a kernel with defrag-order-promotion",
		    "vm.defrag_mode is 1, and this kernel does not make small non-movable requests reclaim whole "
		    "pageblocks (a1)");
	else if (is(f, KF_DEFRAG_ORDER_PROMOTION, KERNEL_FEATURE_UNKNOWN) ||
		 is(f, KF_DEFRAG_RETRIES_FOLLOW, KERNEL_FEATURE_UNKNOWN))
		put(e, EXPOSED_UNKNOWN, TODO_DEFRAG " is safe in any case",
		    "vm.defrag_mode is 1, and nothing tells whether this kernel has the fixes");
	else if (is(f, KF_DEFRAG_RETRIES_FOLLOW, KERNEL_FEATURE_ABSENT))
		put(e, EXPOSED_YES, TODO_DEFRAG ", or a kernel with defrag-retries-follow-promotion",
		    "vm.defrag_mode is 1, and retries of promoted requests do not end in this kernel (a2)");
	else
		put(e, EXPOSED_YES, TODO_DEFRAG,
		    "vm.defrag_mode is 1; this kernel has the fixes, but they do not help requests that must not start "
		    "I/O (a1-noio)");
}

static void judge_nonmovable_spin(const struct facts *f, struct exposure *e)
{
	if (f->m->defrag_mode > 0)
		put_defrag_mode_on(f, e);
	else if (!f->m->defrag_mode)
		put(e, EXPOSED_NO, NULL, "vm.defrag_mode is 0");
	else if (is(f, KF_DEFRAG_MODE, KERNEL_FEATURE_ABSENT))
		put(e, EXPOSED_NO, NULL, "this kernel has no vm.defrag_mode");
	else
		put(e, EXPOSED_UNKNOWN, NULL, "vm.defrag_mode cannot be read");
}

static void judge_spurious_reset(const struct facts *f, struct exposure *e)
{
	const struct machine_cgroups *cg = &f->m->cgroups;

	if (is(f, KF_KSWAPD_RESET_FIX, KERNEL_FEATURE_PRESENT))
		put(e, EXPOSED_NO, NULL,
		    "this kernel resets kswapd_failures only when the node is balanced; what remains are resets at "
		    "another order or zone");
	else if (is(f, KF_KSWAPD_RESET_FIX, KERNEL_FEATURE_UNKNOWN))
		put(e, EXPOSED_UNKNOWN, NULL, "nothing tells whether this kernel has kswapd-reset-fix");
	else if (f->m->nodes.count == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing tells how many memory nodes there are");
	else if (f->m->nodes.count < 2)
		put(e, EXPOSED_NO, NULL,
		    "any little reclaim resets kswapd_failures in this kernel, but with one memory node tasks cannot go "
		    "on elsewhere while it stays short");
	else if (!cg->version)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing is told of the cgroups' limits");
	else if (!cg->with_high && !cg->with_max)
		put(e, EXPOSED_NO, NULL,
		    "any little reclaim resets kswapd_failures in this kernel, on %d nodes, but no cgroup has memory.high "
		    "or a limit", f->m->nodes.count);
	else
		put(e, EXPOSED_YES, "raise memory.high or spread the cgroups over the nodes; a kernel with "
				    "kswapd-reset-fix",
		    "any little reclaim resets kswapd_failures in this kernel, on %d nodes; cgroups with memory.high: %d "
		    "(at it: %d), with a limit: %d", f->m->nodes.count, cg->with_high, cg->at_high, cg->with_max);
}

static void judge_hopeless(const struct facts *f, struct exposure *e)
{
	const struct machine_nodes *nodes = &f->m->nodes;

	if (nodes->hopeless == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "/proc/zoneinfo cannot be read");
	else if (!nodes->hopeless)
		put(e, EXPOSED_NO, NULL, "kswapd has given up no node (node_unreclaimable is 0)");
	else
		put(e, EXPOSED_YES, "free or move what fills the node, lower memory.min and memory.low, add swap",
		    "kswapd has given up %d of %d nodes right now, the first is node %d", nodes->hopeless, nodes->count,
		    nodes->hopeless_node);
}

static void judge_endless_kswapd(const struct facts *f, struct exposure *e)
{
	const struct machine_cgroups *cg = &f->m->cgroups;
	int64_t percent;

	if (cg->version == 1)
		put(e, EXPOSED_NO, NULL, "cgroup v1 cannot protect memory; locked memory can still fill a node");
	else if (!cg->version || f->m->ram_kb <= 0)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing is told of memory.min and memory.low");
	else if ((percent = cg->protected_bytes / BYTES_PER_KB * 100.0 / f->m->ram_kb) >= PROTECTED_PERCENT)
		put(e, EXPOSED_YES, "lower memory.min and memory.low",
		    "memory.min and memory.low protect %lld %% of RAM from reclaim", (long long)percent);
	else
		put(e, EXPOSED_NO, NULL, "memory.min and memory.low protect %lld %% of RAM", (long long)percent);
}

static void judge_ram_swap(const struct facts *f, struct exposure *e)
{
	const struct machine_swap *swap = &f->m->swap;

	if (swap->devices == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "/proc/swaps cannot be read");
	else if (!swap->devices)
		put(e, EXPOSED_NO, NULL, "there is no swap");
	else if (swap->ram_devices < swap->devices)
		put(e, EXPOSED_NO, NULL, "%d of %d swap devices are outside of RAM", swap->devices - swap->ram_devices,
		    swap->devices);
	else if (is(f, KF_RAM_BACKED_SWAP_ESTIMATE, KERNEL_FEATURE_PRESENT))
		put(e, EXPOSED_NO, NULL, "all swap is in RAM, but this kernel does not count on it when it retries");
	else
		put(e, EXPOSED_YES, "a smaller zram, a zram backing device, swap on disk, or a userspace OOM killer",
		    "all swap is in RAM (%lld of %lld MiB filled); the kernel takes its free room for memory that "
		    "reclaim can free", (long long)swap->used_kb / KB_PER_MIB,
		    (long long)swap->total_kb / KB_PER_MIB);
}

static void judge_zsmalloc(const struct facts *f, struct exposure *e)
{
	const struct machine_zram *zram = &f->m->zram;
	double waste = zram->used_bytes > 0 ? 100.0 - 100.0 * zram->compressed_bytes / zram->used_bytes : 0;
	double share = f->m->ram_kb > 0 ? 100.0 * zram->used_bytes / BYTES_PER_KB / f->m->ram_kb : 0;

	if (zram->devices == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing is told of zram");
	else if (!zram->devices && f->m->zswap.enabled == 1)
		put(e, EXPOSED_UNKNOWN, NULL, "zswap is on, and no file tells how much of its pool is waste");
	else if (!zram->devices)
		put(e, EXPOSED_NO, NULL, "neither zram nor zswap is in use");
	else if (waste >= ZRAM_WASTE_PERCENT && share >= ZRAM_SHARE_PERCENT)
		put(e, EXPOSED_YES, "echo 1 > /sys/block/zramN/compact",
		    "%.0f %% of the %.0f %% of RAM that zram takes is waste", waste, share);
	else
		put(e, EXPOSED_NO, NULL, "zram takes %.1f %% of RAM, %.0f %% of that is waste", share, waste);
}

/* Percent of its limit that the pool has reached, or MACHINE_UNKNOWN. */
static int64_t zswap_fill(const struct machine *m)
{
	if (m->zswap.pool_kb < 0 || m->ram_kb <= 0 || m->zswap.max_pool_percent <= 0)
		return MACHINE_UNKNOWN;
	return m->zswap.pool_kb * 100.0 / (m->ram_kb * (m->zswap.max_pool_percent / 100.0));
}

/* Rows of zswap end here when there is nothing to judge. */
static bool put_no_zswap(const struct facts *f, struct exposure *e)
{
	if (f->m->zswap.enabled == 1 && zswap_fill(f->m) != MACHINE_UNKNOWN)
		return false;
	if (f->m->zswap.enabled == 1)
		put(e, EXPOSED_UNKNOWN, NULL, "zswap is on, but its size or its limit is not told");
	else if (f->m->zswap.enabled == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing is told of zswap");
	else
		put(e, EXPOSED_NO, NULL, f->m->zswap.enabled ? "this kernel has no zswap" : "zswap is off");
	return true;
}

static void judge_zswap_limit(const struct facts *f, struct exposure *e)
{
	long long fill = zswap_fill(f->m), percent = f->m->zswap.max_pool_percent;

	if (put_no_zswap(f, e))
		return;
	if (fill >= ZSWAP_FILL_PERCENT || percent < ZSWAP_SMALL_PERCENT)
		put(e, EXPOSED_YES, "raise zswap's max_pool_percent, or switch its shrinker on",
		    "zswap may take %lld %% of RAM and has reached %lld %% of that; past it, pages go to disk directly",
		    percent, fill);
	else
		put(e, EXPOSED_NO, NULL, "zswap may take %lld %% of RAM and has reached %lld %% of that", percent, fill);
}

static void judge_zswap_shrinker(const struct facts *f, struct exposure *e)
{
	long long fill = zswap_fill(f->m);

	if (put_no_zswap(f, e))
		return;
	if (f->m->zswap.shrinker == 1)
		put(e, EXPOSED_NO, NULL, "zswap's shrinker is on");
	else if (fill >= ZSWAP_FILL_PERCENT)
		put(e, EXPOSED_YES, "echo Y > /sys/module/zswap/parameters/shrinker_enabled",
		    "zswap's shrinker is off, and its pool is at %lld %% of its limit: cold pages stay in it", fill);
	else
		put(e, EXPOSED_NO, NULL, "zswap's shrinker is off, but its pool is at %lld %% of its limit", fill);
}

static void judge_high_loop(const struct facts *f, struct exposure *e)
{
	const struct machine_cgroups *cg = &f->m->cgroups;

	if (cg->version == 1)
		put(e, EXPOSED_NO, NULL, "cgroup v1 has no memory.high");
	else if (!cg->version)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing is told of cgroups");
	else if (cg->at_high)
		put(e, EXPOSED_YES, "raise memory.high of those that need their memory",
		    "%d of %d cgroups with memory.high are at it right now", cg->at_high, cg->with_high);
	else
		put(e, EXPOSED_NO, NULL, "%d cgroups have memory.high, none is at it", cg->with_high);
}

static void judge_boost(const struct facts *f, struct exposure *e)
{
	const struct machine *m = f->m;

	if (m->watermark_boost_factor == MACHINE_UNKNOWN || m->nodes.boost_pages == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "vm.watermark_boost_factor or /proc/zoneinfo cannot be read");
	else if (!m->watermark_boost_factor)
		put(e, EXPOSED_NO, NULL, "vm.watermark_boost_factor is 0");
	else if (m->nodes.boost_pages)
		put(e, EXPOSED_YES, "sysctl -w vm.watermark_boost_factor=0 when it does not end",
		    "watermarks are boosted by %lld pages right now", (long long)m->nodes.boost_pages);
	else
		put(e, EXPOSED_NO, NULL, "no watermark is boosted right now (vm.watermark_boost_factor is %lld)",
		    (long long)m->watermark_boost_factor);
}

static void judge_node_reclaim(const struct facts *f, struct exposure *e)
{
	const struct machine *m = f->m;

	if (m->nodes.count == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "nothing tells how many memory nodes there are");
	else if (m->nodes.count < 2)
		put(e, EXPOSED_NO, NULL, "there is one memory node");
	else if (m->zone_reclaim_mode == MACHINE_UNKNOWN)
		put(e, EXPOSED_UNKNOWN, NULL, "vm.zone_reclaim_mode cannot be read");
	else if (m->zone_reclaim_mode)
		put(e, EXPOSED_YES, "sysctl -w vm.zone_reclaim_mode=0",
		    "vm.zone_reclaim_mode is %lld: a full node reclaims while others have free memory",
		    (long long)m->zone_reclaim_mode);
	else
		put(e, EXPOSED_NO, NULL, "vm.zone_reclaim_mode is 0");
}

static const struct exposure_row {
	const char	*kind;
	void		(*judge)(const struct facts *f, struct exposure *e);
} rows[] = {
	{ "nonmovable-reclaim-spin", judge_nonmovable_spin },
	{ "spurious-kswapd-reset", judge_spurious_reset },
	{ "endless-kswapd", judge_endless_kswapd },
	{ "hopeless-node", judge_hopeless },
	{ "ram-backed-swap-stall", judge_ram_swap },
	{ "zsmalloc-fragmentation", judge_zsmalloc },
	{ "zswap-pool-limit", judge_zswap_limit },
	{ "zswap-shrinker-ineffective", judge_zswap_shrinker },
	{ "memcg-high-loop", judge_high_loop },
	{ "watermark-boost", judge_boost },
	{ "node-reclaim", judge_node_reclaim },
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= EXPOSURES_MAX, "EXPOSURES_MAX is too small");

int exposures_of(const struct machine *m, const struct kernel_feature *features, struct exposure *out)
{
	const struct facts facts = { m, features };
	const int n = sizeof(rows) / sizeof(rows[0]);

	for (int i = 0; i < n; i++) {
		out[i] = (struct exposure){ .kind = rows[i].kind };
		rows[i].judge(&facts, &out[i]);
	}
	return n;
}

const char *exposed_name(enum exposed exposed)
{
	static const char *const names[] = {
		[EXPOSED_UNKNOWN] = "unknown", [EXPOSED_NO] = "no", [EXPOSED_YES] = "yes",
	};

	return names[exposed];
}
