/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time.h - units of time. All times are ns in uint64_t; doubles of seconds are for people.
 */
#ifndef SQUALL_SPINE_TIME_H
#define SQUALL_SPINE_TIME_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull

static inline uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static inline struct timespec ns_to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}

static inline double ns_to_s(uint64_t ns)
{
	return ns / (double)NSEC_PER_SEC;
}

static inline double ns_to_ms(uint64_t ns)
{
	return ns / (double)NSEC_PER_MSEC;
}

/* From @start to @end, 0 when the clock went backwards between them (unsynchronised CPUs, clock "local"). */
static inline uint64_t elapsed_ns(uint64_t start, uint64_t end)
{
	return end > start ? end - start : 0;
}

#endif
