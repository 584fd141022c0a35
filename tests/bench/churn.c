// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn.c - cgroups that come and go, for the benchmark: PER_SECOND of them are made in DIR each second, for SECONDS,
 * and each is removed after it has lived for half a second.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/pace.h"

#define LIFE_NS		(NSEC_PER_SEC / 2)

static int die(const char *path)
{
	fprintf(stderr, "churn: %s: %s\n", path, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t per_second = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, start_ns = monotonic_ns(), alive, all;
	char path[4096];

	if (!per_second) {
		fputs("usage: churn DIR PER_SECOND SECONDS\n", stderr);
		return 2;
	}
	alive = LIFE_NS * per_second / NSEC_PER_SEC;
	all = per_second * strtoul(argv[3], NULL, 10);
	for (uint64_t i = 0; i < all + alive; i++) {
		pace_wait_until(start_ns + i * NSEC_PER_SEC / per_second);
		snprintf(path, sizeof(path), "%s/churn%" PRIu64, argv[1], i);
		if (i < all && mkdir(path, 0755))
			return die(path);
		snprintf(path, sizeof(path), "%s/churn%" PRIu64, argv[1], i - alive);
		if (i >= alive && rmdir(path))
			return die(path);
	}
	return 0;
}
