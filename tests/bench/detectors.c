// SPDX-License-Identifier: GPL-2.0-only
/*
 * detectors.c - what each detector costs: STORE is replayed to an analysis with that one only, with none, and with all.
 *
 *	detectors STORE [ROUNDS]
 *
 * Prints a line "KIND SHARE" for each: CPU time above that of an analysis without detectors, as a share of that one;
 * the last is "all". Each is measured ROUNDS times in turns, and the least counts: CPU time only ever grows by what
 * else goes on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analyze/analysis.h"
#include "spine/time.h"
#include "store/reader.h"

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* CPU time of one replay to detector @i, or none, or all behind it; UINT64_MAX: it failed. */
static uint64_t replay(struct store *store, const struct thresholds *th, int i)
{
	const struct analysis_options options = { .th = th, .only = i < ndetectors ? detectors[i]->kind : NULL,
						  .none = i == ndetectors };
	uint64_t began = cpu_ns(), took;
	struct analysis *a;
	struct sink sink;

	if (analysis_new(&options, &a))
		return UINT64_MAX;
	sink = analysis_sink(a);
	took = store_replay(store, 0, STORE_TO_END, &sink) || SINK_CALL(&sink, end) ? UINT64_MAX : cpu_ns() - began;
	analysis_free(a);
	return took;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 3, rows = ndetectors + 2;
	struct store_error err = { 0 };
	struct thresholds th;
	struct store *store;
	uint64_t least[rows];

	if (argc < 2 || store_open(argv[1], &err, &store)) {
		fprintf(stderr, "detectors: %s: %s\n", argc < 2 ? "no store is named" : argv[1], err.what);
		return 2;
	}
	thresholds_default(&th);
	for (int i = 0; i < rows; i++)
		least[i] = UINT64_MAX;
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < rows; i++) {
			uint64_t took = replay(store, &th, i);

			least[i] = took < least[i] ? took : least[i];
		}
	for (int i = 0; i < rows; i++)
		if (i != ndetectors)
			printf("%s %.4f\n", i < ndetectors ? detectors[i]->kind : "all",
			       ((double)least[i] - least[ndetectors]) / least[ndetectors]);
	store_close(store);
	return 0;
}
