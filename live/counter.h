/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counter.h - the counters that top looks at, by scope, and what a counter does within an interval.
 *
 * Names are those of collect/sampler.h. A name finds its number through a small hash made once; what is not in the
 * tables is passed over. A counter tells its last value, and its rate over the last interval that ended: the sum of
 * what it rose, so that one that goes backwards (a device that was made anew) has no negative rate.
 */
#ifndef SQUALL_LIVE_COUNTER_H
#define SQUALL_LIVE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* X(enum suffix, name) */
#define SYSTEM_COUNTERS(X) \
	X(PSI_MEMORY_SOME, "psi.memory.some.total") X(PSI_MEMORY_FULL, "psi.memory.full.total") \
	X(PSI_IO_SOME, "psi.io.some.total") X(PSI_IO_FULL, "psi.io.full.total") \
	X(PSI_CPU_SOME, "psi.cpu.some.total") X(PSI_CPU_FULL, "psi.cpu.full.total") \
	X(PGSCAN_KSWAPD, "pgscan_kswapd") X(PGSCAN_DIRECT, "pgscan_direct") \
	X(PGSCAN_KHUGEPAGED, "pgscan_khugepaged") X(PGSCAN_PROACTIVE, "pgscan_proactive") \
	X(PGSTEAL_KSWAPD, "pgsteal_kswapd") X(PGSTEAL_DIRECT, "pgsteal_direct") \
	X(PGSTEAL_KHUGEPAGED, "pgsteal_khugepaged") X(PGSTEAL_PROACTIVE, "pgsteal_proactive") \
	X(PSWPIN, "pswpin") X(PSWPOUT, "pswpout") X(ZSWPIN, "zswpin") X(ZSWPOUT, "zswpout") X(ZSWPWB, "zswpwb") \
	X(SWAP_TOTAL, "SwapTotal") X(SWAP_FREE, "SwapFree") X(ZSWAP, "Zswap") X(ZSWAPPED, "Zswapped") \
	X(ZSWAP_POOL, "zswap.pool_total_size") X(ZSWAP_LIMIT_HIT, "zswap.pool_limit_hit") \
	X(ZSWAP_POOR, "zswap.reject_compress_poor") X(ZSWAP_FAIL, "zswap.reject_compress_fail") \
	X(ZSWAP_INCOMP, "zswap.stored_incompressible_pages")

#define NODE_COUNTERS(X) \
	X(MEM_TOTAL, "MemTotal") X(FREE_PAGES, "nr_free_pages") X(UNRECLAIMABLE, "node_unreclaimable") \
	X(FAILURES, "kswapd_failures") X(KSWAPD_CPU, "kswapd_cpu_ns") X(KCOMPACTD_CPU, "kcompactd_cpu_ns") \
	X(REFAULT_ANON, "workingset_refault_anon") X(REFAULT_FILE, "workingset_refault_file") \
	X(SCAN_KSWAPD, "pgscan_kswapd") X(SCAN_DIRECT, "pgscan_direct") \
	X(SCAN_KHUGEPAGED, "pgscan_khugepaged") X(SCAN_PROACTIVE, "pgscan_proactive") \
	X(STEAL_KSWAPD, "pgsteal_kswapd") X(STEAL_DIRECT, "pgsteal_direct") \
	X(STEAL_KHUGEPAGED, "pgsteal_khugepaged") X(STEAL_PROACTIVE, "pgsteal_proactive")

/* Of a zone, behind "zone.Normal.". */
#define ZONE_COUNTERS(X) \
	X(FREE, "free") X(MIN, "min") X(LOW, "low") X(HIGH, "high") X(MANAGED, "managed")

#define CGROUP_COUNTERS(X) \
	X(PSI_SOME, "psi.memory.some.total") X(PSI_FULL, "psi.memory.full.total") \
	X(EVENTS_HIGH, "memory.events.high") X(EVENTS_MAX, "memory.events.max") X(EVENTS_OOM, "memory.events.oom") \
	X(EVENTS_OOM_KILL, "memory.events.oom_kill") X(FAILCNT, "memory.failcnt") \
	X(CURRENT, "memory.current") X(HIGH, "memory.high") X(MAX, "memory.max") \
	X(SWAP, "memory.swap.current") X(ZSWAP, "zswap") X(ZSWAPPED, "zswapped") \
	CGROUP_STAT_COUNTERS(X)

/* Those of memory.stat that are rates; it is read of the busiest cgroups only, every five seconds. */
#define CGROUP_STAT_COUNTERS(X) \
	X(SCAN_DIRECT, "pgscan_direct") X(SCAN_KSWAPD, "pgscan_kswapd") \
	X(SCAN_PROACTIVE, "pgscan_proactive") X(SCAN_KHUGEPAGED, "pgscan_khugepaged") \
	X(STEAL_DIRECT, "pgsteal_direct") X(STEAL_KSWAPD, "pgsteal_kswapd") \
	X(STEAL_PROACTIVE, "pgsteal_proactive") X(STEAL_KHUGEPAGED, "pgsteal_khugepaged") \
	X(REFAULT_ANON, "workingset_refault_anon") X(REFAULT_FILE, "workingset_refault_file") \
	X(ZSWPIN, "zswpin") X(ZSWPOUT, "zswpout") X(ZSWPWB, "zswpwb")

/* Of a swap device, behind "zram0.", "swap./dev/sda2." or "disk.sda.". */
#define DEVICE_COUNTERS(X) \
	X(SIZE, "size") X(USED, "used") X(ORIG, "orig_data_size") X(COMPR, "compr_data_size") \
	X(MEMORY, "mem_used_total") X(LIMIT, "mem_limit") X(DISKSIZE, "disksize") X(HUGE, "huge_pages") \
	X(FAILED_WRITES, "failed_writes") X(BD_COUNT, "bd_count") X(BD_WRITES, "bd_writes") \
	X(READ_SECTORS, "read_sectors") X(WRITE_SECTORS, "write_sectors")

#define X(suffix, name) SC_##suffix,
enum system_counter { SYSTEM_COUNTERS(X) SC_COUNT };
#undef X
#define X(suffix, name) NC_##suffix,
enum node_counter { NODE_COUNTERS(X) NC_COUNT };
#undef X
#define X(suffix, name) ZC_##suffix,
enum zone_counter { ZONE_COUNTERS(X) ZC_COUNT };
#undef X
#define X(suffix, name) CC_##suffix,
enum cgroup_counter { CGROUP_COUNTERS(X) CC_COUNT };
#undef X
#define X(suffix, name) DC_##suffix,
enum device_counter { DEVICE_COUNTERS(X) DC_COUNT };
#undef X

#define CC_FIRST_STAT	CC_SCAN_DIRECT	/* from here on: memory.stat */

enum counter_table { TABLE_SYSTEM, TABLE_NODE, TABLE_ZONE, TABLE_CGROUP, TABLE_DEVICE, COUNTER_TABLES };

struct counter_index;

int counter_index_new(struct counter_index **out);		/* -ENOMEM; caller frees */
void counter_index_free(struct counter_index *index);		/* NULL is fine */

/* The number of @name in @table, -1 when top does not look at it. */
int counter_find(const struct counter_index *index, enum counter_table table, const char *name);

enum counter_seen { COUNTER_NEVER, COUNTER_NEW, COUNTER_KNOWN };

/* All zero: never seen. */
struct live_counter {
	int64_t		last;
	uint64_t	rose;		/* in the interval that is going on */
	double		rate;		/* per second, when rated */
	uint8_t		seen;		/* enum counter_seen; NEW: its first value came in this interval */
	bool		rated;
};

void counter_put(struct live_counter *c, int64_t value);

/* Ends an interval, or the time that a value stands for. A new one has no rate: nobody knows since when it rose. */
void counter_tick(struct live_counter *c, double seconds);

static inline bool counter_known(const struct live_counter *c)
{
	return c->seen != COUNTER_NEVER;
}

#endif
