/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h - what this machine has for recording, and what makes storms likely on it: facts, read once.
 *
 * Read-only, and from files below a root directory, so that an archived tree is as good as a machine. Nothing here
 * judges: collect/readiness.h and collect/exposure.h do. A number that no file tells is MACHINE_UNKNOWN or
 * MACHINE_ABSENT, never 0.
 */
#ifndef SQUALL_COLLECT_MACHINE_H
#define SQUALL_COLLECT_MACHINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/feature.h"

#define MACHINE_UNKNOWN		(-1)	/* no file tells */
#define MACHINE_ABSENT		(-2)	/* this kernel has no such thing */
#define MACHINE_CGROUPS_MAX	20000	/* more are not looked at; 10 us each */
#define MACHINE_NODES_MAX	1024	/* the kernel's own limit */

enum machine_access {
	ACCESS_ABSENT,			/* no such file, or nothing mounted there */
	ACCESS_DENIED,			/* it is there, but not for us */
	ACCESS_READ_ONLY,
	ACCESS_OFF,			/* it is there and switched off */
	ACCESS_OK,
};

enum machine_lockdown { LOCKDOWN_UNKNOWN, LOCKDOWN_NONE, LOCKDOWN_INTEGRITY, LOCKDOWN_CONFIDENTIALITY };

struct machine_cgroups {
	int			version;	/* of the memory controller: 1, 2, or 0 none */
	char			path[PATH_MAX];	/* where its hierarchy is mounted, with the root */
	int			count;		/* seen, at most MACHINE_CGROUPS_MAX */
	bool			cut;		/* there are more */
	int			with_high;	/* memory.high is set */
	int			at_high;	/* ... and memory.current is within 5 % of it, or above */
	int			with_max;	/* memory.max is set; v1: memory.limit_in_bytes */
	int64_t			protected_bytes;	/* memory.min and memory.low of the top level cgroups */
};

struct machine_swap {
	int			devices;	/* active ones; MACHINE_UNKNOWN */
	int			ram_devices;	/* ... whose pages stay in RAM: zram without a backing device, brd */
	int64_t			total_kb;
	int64_t			used_kb;
};

struct machine_zram {
	int			devices;	/* with a size; MACHINE_UNKNOWN */
	int			with_backing;	/* ... and a backing device */
	int64_t			original_bytes;
	int64_t			compressed_bytes;
	int64_t			used_bytes;	/* RAM that they take */
};

struct machine_zswap {
	int			enabled;	/* 1, 0, MACHINE_UNKNOWN, MACHINE_ABSENT */
	int			shrinker;	/* likewise */
	int64_t			max_pool_percent;	/* of RAM */
	int64_t			pool_kb;	/* compressed */
	int64_t			stored_kb;	/* as it was */
};

struct machine_nodes {
	int			count;		/* nodes with memory; MACHINE_UNKNOWN */
	int			hopeless;	/* kswapd has given up, MACHINE_UNKNOWN: zoneinfo cannot be read */
	int			hopeless_node;	/* the first of them */
	int64_t			boost_pages;	/* watermark boost, all zones */
};

struct machine {
	uint64_t		capabilities;	/* effective, bits as in linux/capability.h */
	bool			capabilities_known;
	bool			in_user_namespace;	/* they count in there only */

	enum machine_access	tracefs;	/* OK: instances can be made */
	char			tracefs_path[PATH_MAX];	/* with the root; "" not mounted */
	bool			tracefs_in_kernel;	/* it could be mounted */
	bool			events_readable;	/* also where no instance can be made */
	bool			clock_mono;
	enum machine_access	debugfs;
	enum machine_lockdown	lockdown;
	enum machine_access	btf;
	enum machine_access	psi;
	struct machine_cgroups	cgroups;
	struct machine_nodes	nodes;
	struct machine_swap	swap;
	struct machine_zram	zram;
	struct machine_zswap	zswap;
	int64_t			ram_kb;
	int64_t			defrag_mode;
	int64_t			watermark_boost_factor;
	int64_t			zone_reclaim_mode;
};

/* @root: "" for this machine, or a directory with proc/ and sys/ in it. */
void machine_read(const char *root, struct machine *m);

/*
 * What the kernel has, by its own account: @rows, KF_COUNT of them. @tracefs: where it is and can be read, else NULL.
 * 0 or -ENOMEM.
 */
int machine_features(const char *root, const char *tracefs, struct kernel_feature *rows);

/* As machine.tracefs_path, without the rest. False: not mounted. */
bool machine_find_tracefs(const char *root, char path[PATH_MAX]);

#endif
