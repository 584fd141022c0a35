// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency.c - see latency.h. Values below LATENCY_SUB have a bucket each.
 */
#include "analyze/latency.h"

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < LATENCY_SUB)
		return ns;
	shift = 63 - __builtin_clzll(ns) - LATENCY_SUB_BITS;
	return (shift + 1) * LATENCY_SUB + (ns >> shift) - LATENCY_SUB;
}

/* The middle of the bucket. */
static uint64_t bucket_value(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < LATENCY_SUB)
		return bucket;
	shift = bucket / LATENCY_SUB - 1;
	return ((uint64_t)(bucket % LATENCY_SUB + LATENCY_SUB) << shift) + ((1ull << shift) >> 1);
}

void latency_add(struct latency *l, uint64_t ns)
{
	l->count++;
	l->sum_ns += ns;
	if (ns > l->max_ns)
		l->max_ns = ns;
	l->bucket[bucket_of(ns)]++;
}

uint64_t latency_percentile(const struct latency *l, double share)
{
	uint64_t rank = share * l->count, seen = 0;

	if (!l->count)
		return 0;
	if (rank >= l->count)
		return l->max_ns;
	for (unsigned int b = 0; b < LATENCY_BUCKETS; b++) {
		seen += l->bucket[b];
		if (seen > rank) {
			uint64_t value = bucket_value(b);

			return value < l->max_ns ? value : l->max_ns;
		}
	}
	return l->max_ns;
}
