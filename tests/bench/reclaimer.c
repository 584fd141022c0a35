// SPDX-License-Identifier: GPL-2.0-only
/*
 * reclaimer.c - reads BYTES of FILE in the memory cgroup GROUP (reclaim_load.h), at BYTES_PER_SECOND where it can keep
 * to that, or as fast as it can.
 *
 * Prints what it read and the seconds that this took: of the clock, and of its CPU.
 */
#include <inttypes.h>

#include "tests/bench/pace.h"
#include "tests/bench/reclaim_load.h"

int main(int argc, char **argv)
{
	uint64_t bytes = argc >= 4 ? strtoull(argv[3], NULL, 10) : 0, done = 0, start_ns, start_cpu_ns;
	double rate = argc == 5 ? strtod(argv[4], NULL) : 0;
	int fd;

	if (argc < 4 || argc > 5 || !bytes) {
		fputs("usage: reclaimer GROUP FILE BYTES [BYTES_PER_SECOND]\n", stderr);
		return 2;
	}
	fd = load_open(argv[2]);
	load_enter(argv[1]);
	start_cpu_ns = load_cpu_ns();
	start_ns = monotonic_ns();
	while (done < bytes) {
		done += load_read(fd);
		if (rate > 0)
			pace_wait_until(start_ns + done / rate * NSEC_PER_SEC);
	}
	printf("bytes=%" PRIu64 " seconds=%.6f cpu_seconds=%.6f\n", done, ns_to_s(monotonic_ns() - start_ns),
	       ns_to_s(load_cpu_ns() - start_cpu_ns));
	return 0;
}
