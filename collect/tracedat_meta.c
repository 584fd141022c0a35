// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_meta.c - see tracedat_meta.h.
 */
#include "collect/tracedat_meta.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/format_facts.h"

struct metas {
	struct tracedat_file	*f;
	const struct sink	*sink;
};

static int put_meta(struct metas *m, const char *key, const char *value)
{
	return *value ? SINK_CALL(m->sink, meta, key, value) : 0;
}

static int put_meta_u64(struct metas *m, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put_meta(m, key, text);
}

/*
 * The kernel's table trace_clocks[] says in_ns for these; counter, uptime (jiffies) and x86-tsc count in other units. An
 * old file that names no clock has the default, local.
 */
static bool clock_is_ns(const struct tracedat_file *f)
{
	static const char *const clocks[] = { "local", "global", "perf", "mono", "mono_raw", "boot", "tai" };

	if (f->tsc_mult || !f->clock[0])
		return true;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		if (!strcmp(f->clock, clocks[i]))
			return true;
	return false;
}

/* "Linux host 6.18.15+deb13-cloud-amd64 x86_64" */
static int put_uname(struct metas *m)
{
	char sysname[64], host[128], release[128], machine[64];
	int ret;

	if (sscanf(m->f->uname, "%63s %127s %127s %63s", sysname, host, release, machine) != 4)
		return 0;
	ret = put_meta(m, "kernel_release", release);
	if (!ret)
		ret = put_meta(m, "machine", machine);
	if (!ret && strcmp(host, "(none)"))
		ret = put_meta(m, "host", host);
	return ret;
}

int tracedat_put_metas(struct tracedat_file *f, const struct tracedat_format *formats, uint32_t nformats,
		       const struct sink *sink)
{
	struct metas all = { .f = f, .sink = sink };
	struct metas *m = &all;
	const struct {
		const char	*key;
		uint64_t	value;
	} numbers[] = {
		{ "trace_version", f->version },
		{ "trace_id", f->trace_id },
		{ "cpus", f->ncpus },
		{ "page_size", f->page_bytes },
		{ "long_size", f->layout.commit_bytes },
		{ "buffers", f->nbuffers },
	};
	int ret = put_meta(m, "source", "trace.dat");

	for (size_t i = 0; !ret && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ret = numbers[i].value ? put_meta_u64(m, numbers[i].key, numbers[i].value) : 0;
	if (!ret)
		ret = put_meta(m, "trace_cmd_version", f->recorder);
	if (!ret)
		ret = put_meta(m, "clock", f->clock[0] ? f->clock : "local");
	if (!ret)
		ret = put_meta(m, "clock_is_ns", clock_is_ns(f) ? "1" : "0");
	if (!ret && f->time_shift)
		ret = put_meta(m, "time_shift", "not applied");
	if (!ret)
		ret = put_uname(m);
	return ret ? ret : format_facts_put(formats, nformats, sink);
}

/* saved_cmdlines: "123 kswapd0" per line. */
static int put_task_line(const struct sink *sink, char *line)
{
	struct task_name task = { .tid = -1 };
	char *comm;
	long tid = strtol(line, &comm, 10);

	if (comm == line || *comm != ' ' || tid < 0 || tid > INT32_MAX || !comm[1] || !strcmp(comm + 1, "<...>"))
		return 0;
	task.tid = tid;
	task.comm = comm + 1;
	return SINK_CALL(sink, task, &task);
}

int tracedat_put_tasks(struct tracedat_file *f, const struct sink *sink)
{
	struct tracedat_cursor c = { .swap = f->layout.swap };
	char *text, *line, *rest;
	uint64_t bytes;
	size_t len;
	int ret = tracedat_file_part(f, PART_CMDLINES, &text, &len);

	if (ret || !text)
		return ret;
	c.at = (uint8_t *)text;
	c.end = c.at + len;
	bytes = tracedat_get64(&c);
	if (bytes > (uint64_t)(c.end - c.at))
		tracedat_damage(f, "the command lines at offset %" PRIu64 " are incomplete",
				f->parts[PART_CMDLINES].offset);
	rest = (char *)c.at;
	while (!ret && (line = strsep(&rest, "\n")))
		ret = put_task_line(sink, line);
	free(text);
	return ret;
}
