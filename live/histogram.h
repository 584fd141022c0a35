/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * histogram.h - the durations of one interval in little memory: percentiles within 6 %.
 *
 * Eight linear steps in each power of two from 1 us to 2^28 us (268 s); shorter and longer ones count as those. The
 * longest is exact, and no percentile is above it. A step that 65535 durations fell into counts no more of them.
 * (analyze/latency.h is exact, and too big to have for each cgroup.)
 */
#ifndef SQUALL_LIVE_HISTOGRAM_H
#define SQUALL_LIVE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS	3
#define HISTOGRAM_OCTAVES	28
#define HISTOGRAM_BUCKETS	((HISTOGRAM_OCTAVES - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint32_t	count;
	uint64_t	max_ns;
	uint16_t	bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);

/* The duration that @share (0..1) of all do not exceed, the middle of its step; 0 when there are none. */
uint64_t histogram_percentile(const struct histogram *h, double share);

void histogram_clear(struct histogram *h);		/* costs nothing when it is empty */

/* What is shown of one: of the interval that ended. */
struct stalls {
	uint64_t	p50_ns, p99_ns, max_ns;
	uint32_t	count;
};

/* Ends the interval: what @h says, and @h empty. */
void histogram_take(struct histogram *h, struct stalls *out);

#endif
