/* SPDX-License-Identifier: GPL-2.0-only */
/* pace.h - for benchmark programs that do things at given times. */
#ifndef SQUALL_BENCH_PACE_H
#define SQUALL_BENCH_PACE_H

#include <errno.h>
#include <time.h>

#include "spine/time.h"

/* Comes back at once when @due_ns of CLOCK_MONOTONIC is over. */
static inline void pace_wait_until(uint64_t due_ns)
{
	struct timespec ts = { .tv_sec = due_ns / NSEC_PER_SEC, .tv_nsec = due_ns % NSEC_PER_SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

#endif
