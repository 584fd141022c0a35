/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time_axis.h - a fixed number of buckets of equal width over all the time of a recording.
 *
 * When a time lies beyond the last bucket, the width doubles: whoever keeps numbers by bucket merges buckets 2i and
 * 2i + 1 into i first, and clears the upper half. What is before the first time that came is put into the first bucket.
 * All times are ns.
 */
#ifndef SQUALL_ANALYZE_TIME_AXIS_H
#define SQUALL_ANALYZE_TIME_AXIS_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/time.h"

#define AXIS_BUCKETS	2048u

struct time_axis {
	uint64_t	origin_ns, width_ns;	/* of bucket 0, of each */
	bool		begun;			/* origin_ns is known */
};

/* Whether there is a bucket for @ts. */
static inline bool axis_reaches(const struct time_axis *axis, uint64_t ts)
{
	return elapsed_ns(axis->origin_ns, ts) / axis->width_ns < AXIS_BUCKETS;
}

/* The bucket of @ts, the last one for what lies beyond. */
static inline unsigned int axis_bucket(const struct time_axis *axis, uint64_t ts)
{
	uint64_t i = elapsed_ns(axis->origin_ns, ts) / axis->width_ns;

	return i < AXIS_BUCKETS ? i : AXIS_BUCKETS - 1;
}

/* ns of [begin, end) that lie in [from, to). */
static inline uint64_t common_ns(uint64_t begin, uint64_t end, uint64_t from, uint64_t to)
{
	return elapsed_ns(begin > from ? begin : from, end < to ? end : to);
}

/* ns of [from, to) that lie in bucket @i. */
static inline uint64_t axis_overlap_ns(const struct time_axis *axis, unsigned int i, uint64_t from, uint64_t to)
{
	uint64_t begin = axis->origin_ns + i * axis->width_ns;

	return common_ns(begin, begin + axis->width_ns, from, to);
}

/* Part of what is in bucket @i that falls to [from, to): 0 to 1. */
static inline double axis_part(const struct time_axis *axis, unsigned int i, uint64_t from, uint64_t to)
{
	return axis_overlap_ns(axis, i, from, to) / (double)axis->width_ns;
}

#endif
