/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metric.h - how long the operations of a job took, and the lines that tell it.
 *
 * Times go into buckets of an eighth of an octave: a percentile is at most 12.5 % too high. A metric is 4 KiB, has no
 * pointers and allocates nothing, so it can be shared between processes and adds nothing to the storm that it measures.
 *
 * Where LAB_METRICS names the pipe of squall record --metrics, a job also puts what it has measured so far into the
 * recording, once a second (metric_report) and at its end (metric_print): NAME.operations, .kib_per_s, .p50_ns,
 * .p99_ns, .p999_ns and .max_ns, so the last value of each is that of the whole run. Two jobs must not have the same name.
 */
#ifndef SQUALL_LAB_METRIC_H
#define SQUALL_LAB_METRIC_H

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

/* The same of a task that shares its metric; an operation it began at @since_ns (0: it is in none) lasts until @now_ns. */
static inline void metric_merge_open(struct metric *to, const struct metric *from, uint64_t since_ns, uint64_t now_ns)
{
	metric_merge(to, from);
	if (since_ns && since_ns < now_ns)
		metric_add(to, now_ns - since_ns, 0);
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

/* -1: nobody reads. Never waits: not for a reader, and not for room in the pipe. */
static inline int metric_pipe(void)
{
	const char *path = getenv("LAB_METRICS");

	signal(SIGPIPE, SIG_IGN);
	return path && *path ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
}

/* One write of less than PIPE_BUF: jobs do not come between each other's lines. */
static inline bool metric_tell(int fd, const struct metric *m, const char *name, uint64_t span_ns)
{
	double span_s = (double)span_ns / NSEC_PER_SEC;
	char text[1024];
	int bytes = snprintf(text, sizeof(text), "%s.operations %" PRIu64 "\n%s.kib_per_s %.0f KiB/s\n"
			     "%s.p50_ns %" PRIu64 " ns\n%s.p99_ns %" PRIu64 " ns\n%s.p999_ns %" PRIu64 " ns\n"
			     "%s.max_ns %" PRIu64 " ns\n",
			     name, m->count, name, span_s > 0 ? m->bytes / 1024.0 / span_s : 0,
			     name, metric_permille_ns(m, 500), name, metric_permille_ns(m, 990),
			     name, metric_permille_ns(m, 999), name, m->max_ns);

	return bytes < (int)sizeof(text) && write(fd, text, bytes) == bytes;
}

/* A job's own clock: when it began, and when it is to tell again. */
struct metric_report {
	const char	*name;
	uint64_t	begin_ns, due_ns;
	int		fd;
};

static inline void metric_report_start(struct metric_report *r, const char *name)
{
	*r = (struct metric_report){ .name = name, .begin_ns = metric_now_ns(), .fd = metric_pipe() };
	r->due_ns = r->begin_ns + NSEC_PER_SEC;
}

static inline bool metric_report_due(const struct metric_report *r, uint64_t now_ns)
{
	return r->fd >= 0 && now_ns >= r->due_ns;
}

static inline void metric_report_put(struct metric_report *r, const struct metric *m, uint64_t now_ns)
{
	metric_tell(r->fd, m, r->name, now_ns - r->begin_ns);
	r->due_ns = now_ns + NSEC_PER_SEC;
}

/* What counts in the end must arrive: up to five seconds are spent on it. */
static inline void metric_tell_last(const struct metric *m, const char *name, uint64_t span_ns)
{
	int fd = metric_pipe();

	for (int tries = 0; fd >= 0 && tries < 50 && !metric_tell(fd, m, name, span_ns); tries++)
		nanosleep(&(struct timespec){ .tv_nsec = NSEC_PER_SEC / 10 }, NULL);
	if (fd >= 0)
		close(fd);
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
	metric_tell_last(m, name, span_ns);
}

#endif
