// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_job_metric.c - any bytes as what jobs say (libFuzzer); the first byte tells in what pieces they come. A sink checks
 * what names and units are promised to be.
 */
#include <assert.h>
#include <string.h>

#include "collect/job_metric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-%/";

static int on_sample(void *ctx, const struct sample *sample)
{
	size_t name = strlen(sample->name), unit = strlen(sample->unit);

	assert(!strncmp(sample->name, "job.", 4) && strchr(sample->name + 5, '.'));
	assert(name < 4 + JOB_METRIC_NAME_BYTES && strspn(sample->name, good) == name);
	assert(unit && unit < JOB_METRIC_UNIT_BYTES && strspn(sample->unit, good) == unit);
	++*(uint64_t *)ctx;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sink_ops ops = { .sample = on_sample };
	uint64_t samples = 0;
	const struct sink sink = { &ops, &samples };
	size_t piece = size ? data[0] + 1 : 1;
	struct job_metric_stats stats;
	struct source_error err;
	struct job_metric *jm;

	if (!size || job_metric_open(NULL, &err, &jm))
		return 0;
	for (size_t at = 1; at < size; at += piece)
		job_metric_feed(jm, (const char *)data + at, size - at < piece ? size - at : piece, at, &sink);
	job_metric_finish(jm, &sink);
	job_metric_get_stats(jm, &stats);
	assert(stats.series <= JOB_METRIC_SERIES && samples <= stats.lines && !stats.bad == !stats.why);
	job_metric_close(jm);
	return 0;
}
