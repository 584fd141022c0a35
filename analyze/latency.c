// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency.c - see latency.h. Values below LATENCY_SUB have a bucket each.
 */
#include "analyze/latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
	if (l->count < LATENCY_EXACT)
		l->value_ns[l->count] = ns;
	l->count++;
	l->sum_ns += ns;
	if (ns > l->max_ns)
		l->max_ns = ns;
	l->bucket[bucket_of(ns)]++;
}

static int by_value(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static uint64_t exact(const struct latency *l, uint64_t rank)
{
	uint64_t sorted[LATENCY_EXACT];

	memcpy(sorted, l->value_ns, l->count * sizeof(sorted[0]));
	qsort(sorted, l->count, sizeof(sorted[0]), by_value);
	return sorted[rank - 1];
}

uint64_t latency_percentile(const struct latency *l, double share)
{
	uint64_t rank = ceil(share * l->count), seen = 0;

	if (!l->count)
		return 0;
	rank = rank < 1 ? 1 : rank > l->count ? l->count : rank;
	if (l->count <= LATENCY_EXACT)
		return exact(l, rank);
	for (unsigned int b = 0; rank < l->count && b < LATENCY_BUCKETS; b++) {
		seen += l->bucket[b];
		if (seen >= rank)
			return bucket_value(b) < l->max_ns ? bucket_value(b) : l->max_ns;
	}
	return l->max_ns;
}
