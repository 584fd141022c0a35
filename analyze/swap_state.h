/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * swap_state.h - what the samples say of swap and of free memory at this moment: which devices swap is on, what zram
 * holds and costs, how much is free in each zone and how much could be reclaimed.
 *
 * Feed every sample and fact; then ask. A counter that never came is not known, and what depends on it is not told.
 * Pages are those of the kernel, bytes are bytes. Fixed memory; devices and zones past the bounds are left out.
 */
#ifndef SQUALL_ANALYZE_SWAP_STATE_H
#define SQUALL_ANALYZE_SWAP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/event.h"

#define SWAP_DEVICES_MAX	32	/* MAX_SWAPFILES of the kernel, less a few */
#define ZRAM_DEVICES_MAX	32
#define SWAP_ZONES_MAX		128	/* 32 nodes of 4 zones */
#define SWAP_NAME_BYTES		64

struct counter {
	int64_t		value;
	bool		known;
};

/* Beginning of mm_stat, and what was written to the backing device. Bytes, but for the last three. */
struct zram_counters {
	struct counter	orig, compr, used, limit, compacted_pages, huge_pages, written;
};

struct zram_device {
	int			number;
	struct zram_counters	now;
};

struct swap_device {
	char			name[SWAP_NAME_BYTES];
	struct counter		size;		/* bytes; 0 switched off */
};

/* One zone of /proc/zoneinfo, pages. */
struct zone_counters {
	struct counter	free, min, low, high, managed;
	struct counter	active_anon, inactive_anon, active_file, inactive_file;
	struct counter	reserve;	/* lowmem_reserve of the highest zone: what ordinary requests must leave */
};

struct swap_zone {
	int32_t			node;
	char			name[16];
	struct zone_counters	now;
};

struct system_counters {
	struct counter	free, dirty, writeback;		/* pages */
	struct counter	mem_total, swap_free;		/* bytes */
	struct counter	oom_kill;			/* kills since boot */
	struct counter	full_us;			/* PSI memory full, since boot */
};

struct swap_state {
	uint64_t		page_bytes;		/* 0: 4096 */
	struct system_counters	system;
	struct zram_device	zram[ZRAM_DEVICES_MAX];
	int			nzram;
	struct swap_device	device[SWAP_DEVICES_MAX];
	int			ndevices;
	bool			devices_left_out;
	struct swap_zone	zone[SWAP_ZONES_MAX];
	int			nzones;
	bool			backing_dev[ZRAM_DEVICES_MAX];	/* by number: zramN.backing_dev is not "none" */
};

enum swap_backing {
	SWAP_NOT_KNOWN,
	SWAP_OFF,		/* no device is on */
	SWAP_RAM,		/* all of it lies in RAM: zram without a backing device, brd */
	SWAP_ELSEWHERE,		/* some of it does not */
};

/* Zeroed is empty. */
void swap_state_sample(struct swap_state *s, const struct sample *sample);
void swap_state_meta(struct swap_state *s, const char *key, const char *value);

enum swap_backing swap_state_backing(const struct swap_state *s);

/* Sums over all zram devices. False when no device told. */
struct zram_totals {
	int64_t		orig, compr, used;	/* bytes */
	int64_t		limit;			/* bytes; 0: one of them has none */
	int64_t		compacted_pages, huge_pages;
};

bool swap_state_zram(const struct swap_state *s, struct zram_totals *out);

/* Sums over all zones, pages. False when a zone does not tell all of it, or none does. */
struct zone_totals {
	int64_t		free, min;
	int64_t		anon, file;
	bool		unbalanced;	/* free <= high + reserve in each zone (low, where high is not told): pgdat_balanced() says no */
	bool		below_min;	/* free <= min + reserve in each zone: it has to reclaim */
	bool		hopeless_without_anon;	/* file + free <= min + reserve in each zone */
};

bool swap_state_zones(const struct swap_state *s, struct zone_totals *out);

uint64_t swap_state_page_bytes(const struct swap_state *s);

#endif
