// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_facts.c - see recording_facts.h.
 */
#include "cmd/recording_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "spine/time.h"

int recording_put_number(const struct sink *sink, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return SINK_CALL(sink, meta, key, text);
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

int recording_put_facts(const struct trace_live *trace, const struct sink *sink)
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
	};

	ret = put_recorded(trace, sink);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && !ret; i++)
		ret = SINK_CALL(sink, meta, facts[i].key, facts[i].value);
	if (!ret)
		ret = recording_put_number(sink, "start_realtime_ns", real.tv_sec * NSEC_PER_SEC + real.tv_nsec);
	return ret ? ret : recording_put_number(sink, "cpus", sysconf(_SC_NPROCESSORS_CONF));
}
