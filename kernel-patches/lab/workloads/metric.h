/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metric.h - how long the operations of a job took, and the line that tells it.
 *
 * Times go into buckets of an eighth of an octave: a percentile is at most 12.5 % too high. A metric is 4 KiB, has no
 * pointers and allocates nothing, so it can be shared between processes and adds nothing to the storm that it measures.
 */
#ifndef SQUALL_LAB_METRIC_H
#define SQUALL_LAB_METRIC_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define METRIC_SUB_BITS	3
#define METRIC_SUBS	(1u << METRIC_SUB_BITS)
#define METRIC_BUCKETS	(64u * METRIC_SUBS)
#define NSEC_PER_SEC	1000000000ull
#define BYTES_PER_MIB	(1024.0 * 1024.0)

struct metric {
	uint64_t	count;
	uint64_t	bytes;
	uint64_t	max_ns;
	uint64_t	bucket[METRIC_BUCKETS];
};

static inline uint64_t metric_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static inline unsigned int metric_bucket(uint64_t ns)
{
	unsigned int octave;

	if (ns < METRIC_SUBS)
		return ns;
	octave = 63 - __builtin_clzll(ns);
	return (octave - METRIC_SUB_BITS + 1) * METRIC_SUBS + (ns >> (octave - METRIC_SUB_BITS)) % METRIC_SUBS;
}

/* The shortest time that is too long for @bucket. */
static inline uint64_t metric_bucket_end_ns(unsigned int bucket)
{
	unsigned int octave = bucket / METRIC_SUBS;

	if (!octave)
		return bucket + 1;
	return (uint64_t)(METRIC_SUBS + bucket % METRIC_SUBS + 1) << (octave - 1);
}

static inline void metric_add(struct metric *m, uint64_t ns, uint64_t bytes)
{
	m->count++;
	m->bytes += bytes;
	m->bucket[metric_bucket(ns)]++;
	if (ns > m->max_ns)
		m->max_ns = ns;
}

static inline void metric_merge(struct metric *to, const struct metric *from)
{
	to->count += from->count;
	to->bytes += from->bytes;
	for (unsigned int i = 0; i < METRIC_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
}

/* The time within which @permille of 1000 operations were done; 0 when there was none. */
static inline uint64_t metric_permille_ns(const struct metric *m, unsigned int permille)
{
	uint64_t need = (m->count * permille + 999) / 1000, have = 0;

	for (unsigned int i = 0; i < METRIC_BUCKETS && m->count; i++) {
		have += m->bucket[i];
		if (have >= need)
			return metric_bucket_end_ns(i) < m->max_ns ? metric_bucket_end_ns(i) : m->max_ns;
	}
	return 0;
}

/* "metric NAME operations=... mib_per_s=... p50_us=... p99_us=... p999_us=... max_us=... seconds=..." */
static inline void metric_print(const struct metric *m, const char *name, uint64_t span_ns)
{
	double span_s = (double)span_ns / NSEC_PER_SEC;

	printf("metric %s operations=%" PRIu64 " mib_per_s=%.2f p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f "
	       "seconds=%.3f\n", name, m->count, span_s > 0 ? m->bytes / BYTES_PER_MIB / span_s : 0,
	       metric_permille_ns(m, 500) / 1e3, metric_permille_ns(m, 990) / 1e3, metric_permille_ns(m, 999) / 1e3,
	       m->max_ns / 1e3, span_s);
	fflush(stdout);
}

#endif
