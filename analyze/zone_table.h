/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zone_table.h - what samples say of each zone: a few counters of /proc/zoneinfo, by name. Fixed memory.
 */
#ifndef SQUALL_ANALYZE_ZONE_TABLE_H
#define SQUALL_ANALYZE_ZONE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/event.h"

#define ZONE_TABLE_ZONES	128	/* 32 nodes of 4 zones; later ones are left out */
#define ZONE_TABLE_COUNTERS	3
#define ZONE_NAME_BYTES		16

struct zone_row {
	int32_t		node;
	char		name[ZONE_NAME_BYTES];
	int64_t		value[ZONE_TABLE_COUNTERS];	/* as sampled; -1 not told */
};

/* Zeroed is empty. */
struct zone_table {
	struct zone_row	zone[ZONE_TABLE_ZONES];
	int		n;
};

/*
 * Takes a sample of scope zone whose counter is one of the ZONE_TABLE_COUNTERS @names. Returns which; -1: it is none
 * of them, or its zone has no place.
 */
int zone_table_sample(struct zone_table *t, const char *const *names, const struct sample *sample);

/*
 * Of "zone.Normal.free": "free", and where the zone's name lies. What has more dots is a counter with a dot in its name
 * ("order3.free"). NULL: it is no counter of a zone.
 */
const char *zone_counter(const char *sample_name, const char **zone, size_t *len);

#endif
