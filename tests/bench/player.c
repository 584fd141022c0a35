// SPDX-License-Identifier: GPL-2.0-only
/*
 * player.c - what the player of squall top costs: opening STORE, going to moments all over it, stepping, memory.
 *
 *	player STORE [SEEKS]
 *
 * Prints one line of NAME=VALUE: open_ms, seek_max_ms, seek_mean_ms, step_max_ms, rss_kib (VmHWM of this process).
 * Times are CPU time, which nothing else on the machine makes longer; wall_ms is the whole.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "live/player.h"
#include "spine/time.h"

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static int fail(const char *what, const struct store_error *err)
{
	fprintf(stderr, "player: %s: %s\n", what, err->what);
	return 2;
}

/* Moments in an order that jumps about: the golden ratio of the length, again and again. */
static uint64_t moment(uint64_t start, uint64_t end, int i)
{
	double share = i * 0.6180339887498949;

	return start + (share - (int64_t)share) * (end - start);
}

int main(int argc, char **argv)
{
	const struct player_options options = { 0 };
	struct store_error err = { 0 };
	struct player *p;
	int seeks = argc > 2 ? atoi(argv[2]) : 200;
	uint64_t start = monotonic_ns(), began = cpu_ns(), open_ns, worst = 0, all = 0, step_worst = 0;
	struct rusage usage;

	if (argc < 2 || player_open(argv[1], &options, &err, &p))
		return fail(argc < 2 ? "no store is named" : argv[1], &err);
	open_ns = cpu_ns() - began;
	for (int i = 1; i <= seeks; i++) {
		uint64_t took;

		began = cpu_ns();
		if (player_seek(p, moment(player_start_ns(p), player_end_ns(p), i)))
			return fail("seek", &err);
		took = cpu_ns() - began;
		all += took;
		worst = took > worst ? took : worst;
	}
	player_seek(p, player_start_ns(p));
	while (player_now_ns(p) < player_end_ns(p)) {
		uint64_t took;

		began = cpu_ns();
		if (player_seek(p, player_now_ns(p) + NSEC_PER_SEC))
			return fail("step", &err);
		took = cpu_ns() - began;
		step_worst = took > step_worst ? took : step_worst;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("open_ms=%.1f seek_max_ms=%.1f seek_mean_ms=%.1f step_max_ms=%.1f rss_kib=%ld wall_ms=%.1f\n",
	       ns_to_ms(open_ns), ns_to_ms(worst), ns_to_ms(all) / seeks, ns_to_ms(step_worst), usage.ru_maxrss,
	       ns_to_ms(monotonic_ns() - start));
	player_close(p);
	return 0;
}
