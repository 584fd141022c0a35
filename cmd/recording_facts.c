// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_facts.c - see recording_facts.h.
 */
#include "cmd/recording_facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "analyze/feature.h"
#include "collect/format_facts.h"
#include "collect/machine.h"
#include "collect/trace_instance.h"
#include "spine/time.h"

int recording_put_number(const struct sink *sink, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return SINK_CALL(sink, meta, key, text);
}

void recording_find_tracefs(char path[PATH_MAX])
{
	struct source_error err;

	/* The usual places second: below debugfs it is mounted when somebody looks. */
	if (!machine_find_tracefs("", path) && trace_instance_find_root(NULL, path, PATH_MAX, &err))
		*path = '\0';
}

/* What is enabled, so that what does not show up is known not to have happened. */
static int put_recorded(const struct trace_live *trace, const struct sink *sink)
{
	char *names = NULL;
	unsigned int n;
	const struct tracedat_format *formats = trace_live_formats(trace, &n);
	int ret = tracedat_format_names(formats, n, &names);

	if (!ret)
		ret = SINK_CALL(sink, meta, "recorded", names);
	free(names);
	return ret;
}

/* Events that were wanted and are not recorded, with blanks between. */
static int put_missing(const struct trace_live *trace, const struct sink *sink)
{
	unsigned int n;
	const char *const *names = trace_live_missing(trace, &n);
	char *list = NULL;
	size_t bytes;
	FILE *out = open_memstream(&list, &bytes);
	int ret;

	if (!out)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? " " : "", names[i]);
	ret = fclose(out) ? -ENOMEM : SINK_CALL(sink, meta, "missing", list);
	free(list);
	return ret;
}

static int put_features(const char *tracefs, const struct sink *sink)
{
	struct kernel_feature rows[KF_COUNT];
	int ret = machine_features("", *tracefs ? tracefs : NULL, rows);

	for (int i = 0; i < KF_COUNT && !ret; i++) {
		char key[64], value[256];

		snprintf(key, sizeof(key), FEATURE_META "%s", rows[i].name);
		snprintf(value, sizeof(value), "%s: %s", kernel_feature_state_name(rows[i].state), rows[i].how);
		ret = SINK_CALL(sink, meta, key, value);
	}
	return ret;
}

static int put_trace_facts(const struct trace_live *trace, const struct sink *sink)
{
	struct trace_live_stats stats;
	unsigned int n;
	const struct tracedat_format *formats = trace_live_formats(trace, &n);
	int ret = put_recorded(trace, sink);

	trace_live_get_stats(trace, &stats);
	if (!ret)
		ret = put_missing(trace, sink);
	if (!ret)
		ret = format_facts_put(formats, n, sink);
	return ret ? ret : recording_put_number(sink, "ring_bytes_per_cpu", stats.buffer_bytes_per_cpu);
}

int recording_put_facts(const struct trace_live *trace, const char *tracefs, const struct sink *sink)
{
	struct timespec real;
	struct utsname uts;
	int ret;

	clock_gettime(CLOCK_REALTIME, &real);
	uname(&uts);
	const struct {
		const char *key, *value;
	} facts[] = {
		{ "squall_version", SQUALL_VERSION },
		{ "source", "record" },
		{ "clock", "mono" },
		{ "clock_is_ns", "1" },
		{ "kernel_release", uts.release },
		{ "kernel_version", uts.version },
		{ "tracefs", tracefs },
	};

	ret = trace ? put_trace_facts(trace, sink) : 0;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && !ret; i++)
		ret = SINK_CALL(sink, meta, facts[i].key, facts[i].value);
	if (!ret)
		ret = recording_put_number(sink, "start_realtime_ns", real.tv_sec * NSEC_PER_SEC + real.tv_nsec);
	if (!ret)
		ret = recording_put_number(sink, "cpus", sysconf(_SC_NPROCESSORS_CONF));
	return ret ? ret : put_features(tracefs, sink);
}
