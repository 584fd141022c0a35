// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampler.c - see sampler.h. When each subject is read is decided here, how it is read in the file of the subject.
 */
#include "collect/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collect/sample_facts.h"
#include "collect/sample_source.h"

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull

/*
 * A subject takes no more of a CPU than one part in this: a read of 20 ms (zoneinfo with 8 nodes and 256 CPUs) is
 * followed by two seconds of rest.
 */
#define REST_PER_COST	100u

/*
 * In order of period. Costs are CPU time of one read with 2 CPUs, 1 node and kernel 6.18; all together they took 0.09 %
 * of a CPU. vmstat sums the counters of all CPUs; zoneinfo grows with CPUs x zones.
 */
static const struct schedule {
	const struct sample_source	*source;
	uint32_t			period_ms;	/* 0: at start and end */
} schedule[] = {
	{ &sample_cgroup, 100 },	/* 0.5 ms of 1,000 cgroups: each is read once a second, a tenth at a time */
	{ &sample_vmstat, 500 },	/* 54 us; rates of reclaim, which change within a second */
	{ &sample_node_vmstat, 500 },	/* 22 us a node; the same by node */
	{ &sample_pressure, 500 },	/* 15 us; who waits */
	{ &sample_kswapd, 500 },	/* 7 us; whether kswapd runs without rest */
	{ &sample_meminfo, 1000 },	/* 26 us; what vmstat does not have: Zswap, Committed_AS, MemAvailable */
	{ &sample_node_meminfo, 1000 },	/* 14 us a node */
	{ &sample_zoneinfo, 1000 },	/* 47 us; free against watermarks, node_unreclaimable */
	{ &sample_swaps, 1000 },	/* 4 us */
	{ &sample_zram, 1000 },		/* 14 us a device; a few seconds fill one */
	{ &sample_zswap, 1000 },	/* 10 files of 1 us */
	{ &sample_buddyinfo, 2000 },	/* 21 us, but under the lock of each zone */
	{ &sample_diskstats, 2000 },	/* 35 us; context only */
	{ &sample_sysctl, 10000 },	/* 142 us; changed by hand, if at all */
	{ &sample_pagetypeinfo, 0 },	/* 0.6 to 6.6 ms, walking the free lists under the lock of each zone */
};
#define NSOURCES	(sizeof(schedule) / sizeof(schedule[0]))

struct subject {
	void		*state;		/* NULL: this machine has nothing of it */
	uint64_t	due_ns;
	uint64_t	reads, cpu_ns, max_ns;
};

struct sampler {
	struct sample_env	env;
	struct sample_facts	*facts;
	struct subject		subjects[NSOURCES];
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* --- opening --- */

static int fail(struct source_error *err, int ret, const char *what, const char *hint)
{
	snprintf(err->what, sizeof(err->what), "%s: %s", what, strerror(-ret));
	snprintf(err->hint, sizeof(err->hint), "%s", hint);
	return ret;
}

static int open_subjects(struct sampler *s, struct source_error *err)
{
	bool proc_is_there = false;

	for (size_t i = 0; i < NSOURCES; i++) {
		int ret = schedule[i].source->open(&s->env, &s->subjects[i].state);

		if (ret && ret != -ENOENT)
			return fail(err, ret, schedule[i].source->name, "");
		proc_is_there |= !ret && schedule[i].source == &sample_vmstat;
	}
	if (!proc_is_there)
		return fail(err, -ENOENT, "/proc/vmstat", "mount -t proc proc /proc");
	return 0;
}

static int open_root(struct sampler *s, const struct sampler_options *opt, struct source_error *err)
{
	const char *root = opt->root && *opt->root ? opt->root : "/";

	s->env.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->env.root_fd < 0)
		return fail(err, -errno, root, "");
	s->env.buffer = calloc(1, sizeof(*s->env.buffer));
	s->facts = sample_facts_new(s->env.root_fd);
	if (!s->env.buffer || !s->facts || series_names_new(&s->env.names))
		return fail(err, -ENOMEM, "samples", "");
	return 0;
}

int sampler_open(const struct sampler_options *opt, struct source_error *err, struct sampler **out)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return fail(err, -ENOMEM, "samples", "");
	s->env.root_fd = -1;
	s->env.cgroups = opt->cgroups;
	s->env.cgroup_path = opt->cgroup_path;
	ret = open_root(s, opt, err);
	if (!ret)
		ret = open_subjects(s, err);
	s->env.cgroup_path = NULL;
	if (ret) {
		sampler_free(s);
		return ret;
	}
	*out = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < NSOURCES; i++)
		if (s->subjects[i].state)
			schedule[i].source->close(s->subjects[i].state);
	sample_facts_free(s->facts);
	series_names_free(s->env.names);
	free(s->env.buffer);
	if (s->env.root_fd >= 0)
		close(s->env.root_fd);
	free(s);
}

/* --- reading --- */

static int read_subject(struct sampler *s, size_t index, struct sample_out *out)
{
	struct subject *subject = &s->subjects[index];
	uint64_t begin = thread_cpu_ns(), cost, rest, period = schedule[index].period_ms * NSEC_PER_MSEC;

	schedule[index].source->read(subject->state, out);
	cost = thread_cpu_ns() - begin;
	subject->reads++;
	subject->cpu_ns += cost;
	if (cost > subject->max_ns)
		subject->max_ns = cost;
	/* What was late is not caught up. */
	rest = cost * REST_PER_COST;
	subject->due_ns = subject->due_ns + period > out->ts ? subject->due_ns + period : out->ts + period;
	if (subject->due_ns < out->ts + rest)
		subject->due_ns = out->ts + rest;
	return out->error;
}

static int read_all(struct sampler *s, struct sample_out *out)
{
	int ret = 0;

	out->whole = true;
	for (size_t i = 0; !ret && i < NSOURCES; i++)
		if (s->subjects[i].state)
			ret = read_subject(s, i, out);
	return ret;
}

int sampler_start(struct sampler *s, uint64_t now_ns, const struct sink *sink)
{
	struct sample_out out = { .sink = sink, .ts = now_ns };
	int ret = sample_facts_start(s->facts, sink);

	for (size_t i = 0; i < NSOURCES; i++)
		s->subjects[i].due_ns = now_ns;
	if (!ret)
		ret = read_all(s, &out);
	for (size_t i = 0; !ret && i < NSOURCES; i++) {
		const struct sample_source *source = schedule[i].source;

		s->subjects[i].due_ns = now_ns + schedule[i].period_ms * NSEC_PER_MSEC;
		if (!s->subjects[i].state && source->none_key)
			ret = SINK_CALL(sink, meta, source->none_key, source->none_value);
		else if (s->subjects[i].state && source->facts)
			ret = source->facts(s->subjects[i].state, sink);
	}
	return ret;
}

int64_t sampler_tick(struct sampler *s, uint64_t now_ns, const struct sink *sink)
{
	struct sample_out out = { .sink = sink, .ts = now_ns };
	uint64_t next_ns = UINT64_MAX;
	int ret;

	for (size_t i = 0; i < NSOURCES; i++) {
		struct subject *subject = &s->subjects[i];

		if (!subject->state || !schedule[i].period_ms)
			continue;
		if (subject->due_ns <= now_ns) {
			ret = read_subject(s, i, &out);
			if (ret)
				return ret;
		}
		if (subject->due_ns < next_ns)
			next_ns = subject->due_ns;
	}
	return next_ns - now_ns;
}

static int say_left_out(struct sampler *s, const struct sink *sink)
{
	uint64_t dropped = series_names_dropped(s->env.names);
	char value[24];

	if (!dropped)
		return 0;
	snprintf(value, sizeof(value), "%" PRIu64, dropped);
	return SINK_CALL(sink, meta, "series_left_out", value);
}

int sampler_stop(struct sampler *s, uint64_t now_ns, const struct sink *sink)
{
	struct sample_out out = { .sink = sink, .ts = now_ns };
	int ret = read_all(s, &out);

	if (!ret)
		ret = sample_facts_end(s->facts, sink);
	for (size_t i = 0; !ret && i < NSOURCES; i++)
		if (s->subjects[i].state && schedule[i].source->end_facts)
			ret = schedule[i].source->end_facts(s->subjects[i].state, sink);
	return ret ? ret : say_left_out(s, sink);
}

bool sampler_cost(const struct sampler *s, unsigned int index, struct sampler_cost *out)
{
	if (index >= NSOURCES)
		return false;
	*out = (struct sampler_cost){
		.name = schedule[index].source->name,
		.period_ms = schedule[index].period_ms,
		.reads = s->subjects[index].reads,
		.cpu_ns = s->subjects[index].cpu_ns,
		.max_ns = s->subjects[index].max_ns,
	};
	return true;
}
