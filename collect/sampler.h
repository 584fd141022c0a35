/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sampler.h - counters of /proc, /sys and cgroups, sampled while a recording goes on.
 *
 * Each subject has its own period, by what it costs to read and how fast it changes (the table is in sampler.c). One
 * that turns out to be dear on this machine, as zoneinfo is with 256 CPUs, or that keeps the reader waiting, is read
 * less often by itself. A value goes to the sink when it differs from the last one that went there; a line that is gone
 * says nothing.
 *
 * Names. System: as the kernel writes them (pgscan_direct, MemFree), psi.memory.some.total, vm.swappiness,
 * zswap.pool_limit_hit. Node: the same (vmstat has what numastat has), kswapd_cpu_ns, kswapd_wait_ns, kcompactd_cpu_ns,
 * node_unreclaimable. Zone: zone.Normal.free, zone.Normal.protection.2, zone.Normal.order3.free,
 * zone.Normal.Movable.pageblocks. Device: swap./dev/sda2.used, zram0.mem_used_total, disk.sda.io_ms. Cgroup:
 * psi.memory.some.total, memory.events.high, memory.events.local.high, memory.current, memory.high, io.rbytes.254:0,
 * and those of memory.stat as they are; of numa_stat the same with a node. A limit of "max" is INT64_MAX.
 *
 * What ends. A swap device that was switched off has size and used 0, a zram device that was removed sizes of 0. A
 * cgroup that was removed has cgroup.removed 1, and nothing after it.
 *
 * Settings. Facts of the start are meta KEY; node1.cpulist are the CPUs of node 1. Numbers of /proc/sys/vm are samples
 * too; words that change become meta KEY@TS, TS in ns. Both are looked at every five seconds. Subjects that this machine
 * has not are named in meta not_sampled, with the reason.
 *
 * For one thread; times are CLOCK_MONOTONIC ns and come from the caller. After the first reads nothing is allocated but
 * for what is new: a cgroup, a disk, a line. A read can take seconds in a storm: the kernel allocates in open() and in
 * reads of /proc/vmstat, which may reclaim, and memory.stat waits for a lock. So whoever must not wait has the sampler
 * in a thread of its own (spine/side_thread.h).
 */
#ifndef SQUALL_COLLECT_SAMPLER_H
#define SQUALL_COLLECT_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/sink.h"
#include "spine/source.h"

struct sampler_options {
	const char	*root;		/* /proc and /sys are below it; "" or NULL the machine itself */
	bool		cgroups;	/* follow cgroups */
	const char	*cgroup_path;	/* where they are, below root; NULL: as mountinfo tells */
	uint64_t	(*clock)(void);	/* the clock of now_ns, asked between reads; NULL: now_ns holds during a call */
};

struct sampler;

/*
 * Opens what is there; what is not is left out. -ENOENT when there is no /proc/vmstat, which means that root is wrong
 * or /proc not mounted; other errors as they come; @err is filled. @opt is needed during the call only. Cgroups'
 * files are kept open with up to half of RLIMIT_NOFILE; where that is too few they are opened at each read, which costs
 * twice as much: raise the soft limit first. Free with sampler_free().
 */
int sampler_open(const struct sampler_options *opt, struct source_error *err, struct sampler **out);

/*
 * Facts of the machine as meta, then a first sample of everything. Every call below returns a negative errno when the
 * sink did.
 */
int sampler_start(struct sampler *s, uint64_t now_ns, const struct sink *sink);

/* Reads what is due. The ns until something is due again, at least 1. */
int64_t sampler_tick(struct sampler *s, uint64_t now_ns, const struct sink *sink);

/* Everything, due or not. */
int sampler_read(struct sampler *s, uint64_t now_ns, const struct sink *sink);

/* The next reads give all their values again, changed or not: the sink has lost some. */
void sampler_repeat(struct sampler *s);

/* A last sample of everything, and as meta what was left out. */
int sampler_stop(struct sampler *s, uint64_t now_ns, const struct sink *sink);

void sampler_free(struct sampler *s);		/* NULL is fine */

/* What subject @index costs; false past the last. A subject that this machine has not is given with reads 0. */
struct sampler_cost {
	const char	*name;
	uint32_t	period_ms;	/* as wanted; 0 at start and end only */
	uint64_t	reads;
	uint64_t	cpu_ns;		/* of all reads */
	uint64_t	max_ns;		/* of the dearest */
	uint64_t	wait_max_ns;	/* the longest that one took by options.clock */
};

bool sampler_cost(const struct sampler *s, unsigned int index, struct sampler_cost *out);

#endif
