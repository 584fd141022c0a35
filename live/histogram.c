// SPDX-License-Identifier: GPL-2.0-only
/*
 * histogram.c - see histogram.h. Buckets below 8 us are of one us each.
 */
#include "live/histogram.h"

#include <math.h>
#include <string.h>

#define SUB		(1u << HISTOGRAM_SUB_BITS)
#define NS_PER_US	1000u

static unsigned int bucket_of(uint64_t ns)
{
	uint64_t us = ns / NS_PER_US;
	unsigned int shift;

	if (us < SUB)
		return us;
	if (us >> HISTOGRAM_OCTAVES)
		return HISTOGRAM_BUCKETS - 1;
	shift = 63 - __builtin_clzll(us) - HISTOGRAM_SUB_BITS;
	return (shift + 1) * SUB + (us >> shift) - SUB;
}

/* The middle of the bucket, in ns. */
static uint64_t bucket_value(unsigned int bucket)
{
	unsigned int shift = bucket < SUB ? 0 : bucket / SUB - 1;
	uint64_t us = bucket < SUB ? bucket : (uint64_t)(bucket % SUB + SUB) << shift;

	return us * NS_PER_US + (((uint64_t)NS_PER_US << shift) >> 1);
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	uint16_t *bucket = &h->bucket[bucket_of(ns)];

	h->count++;
	*bucket += *bucket < UINT16_MAX;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

uint64_t histogram_percentile(const struct histogram *h, double share)
{
	uint64_t rank = ceil(share * h->count), seen = 0;

	rank = rank ? rank : 1;
	for (unsigned int b = 0; rank < h->count && b < HISTOGRAM_BUCKETS; b++) {
		seen += h->bucket[b];
		if (seen >= rank)
			return bucket_value(b) < h->max_ns ? bucket_value(b) : h->max_ns;
	}
	return h->max_ns;
}

void histogram_clear(struct histogram *h)
{
	if (h->count)
		memset(h, 0, sizeof(*h));
}

void histogram_take(struct histogram *h, struct stalls *out)
{
	*out = (struct stalls){ 0 };
	if (!h->count)
		return;
	*out = (struct stalls){
		.p50_ns = histogram_percentile(h, 0.5), .p99_ns = histogram_percentile(h, 0.99),
		.max_ns = h->max_ns, .count = h->count,
	};
	histogram_clear(h);
}
