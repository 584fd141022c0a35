/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency.h - percentiles of any number of durations in fixed memory.
 *
 * Up to LATENCY_EXACT values percentiles are exact (nearest rank). Beyond, they come from a histogram and are wrong by
 * less than 1 %: buckets are exponential with LATENCY_SUB linear steps in each power of two. Count, sum and max are
 * always exact.
 */
#ifndef SQUALL_ANALYZE_LATENCY_H
#define SQUALL_ANALYZE_LATENCY_H

#include <stdint.h>

#define LATENCY_EXACT		2048
#define LATENCY_SUB_BITS	7
#define LATENCY_SUB		(1u << LATENCY_SUB_BITS)
#define LATENCY_BUCKETS		((64 - LATENCY_SUB_BITS + 1) * LATENCY_SUB)

struct latency {
	uint64_t	count;
	uint64_t	sum_ns;
	uint64_t	max_ns;
	uint64_t	value_ns[LATENCY_EXACT];	/* the first ones, as they came */
	uint32_t	bucket[LATENCY_BUCKETS];
};

void latency_add(struct latency *l, uint64_t ns);

/* The least value that @share (0..1) of all values do not exceed; 0 when there are none. */
uint64_t latency_percentile(const struct latency *l, double share);

#endif
