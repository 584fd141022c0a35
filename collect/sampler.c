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

#include "collect/sample_source.h"

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull

/*
 * A subject takes no more of a CPU than one part in this: a read of 20 ms (zoneinfo with 8 nodes and 256 CPUs) is
 * followed by two seconds of rest. One that has to wait, as memory.stat does for a lock in a storm, adds to the crowd:
 * it rests ten times as long as it took. That is less, because a busy machine too makes a read take long.
 */
#define REST_PER_COST	100u
#define REST_PER_WAIT	10u

#define NOT_SAMPLED_BYTES	1024u

/*
 * In order of a start: facts first, thousands of cgroups last. Costs are CPU time of one read with 2 CPUs, 1 node and
 * kernel 6.18; all together they took 0.14 % of a CPU with a dozen cgroups, 0.9 % with 1,000. vmstat sums the counters
 * of all CPUs; zoneinfo grows with CPUs x zones, pressure of cgroups with CPUs x cgroups.
 */
static const struct schedule {
	const struct sample_source	*source;
	uint32_t			period_ms;	/* 0: at start and end */
} schedule[] = {
	{ &sample_settings, 5000 },	/* 140 us */
	{ &sample_vmstat, 500 },	/* 54 us; rates of reclaim, which change within a second */
	{ &sample_node_vmstat, 500 },	/* 22 us a node; the same by node */
	{ &sample_pressure, 500 },	/* 15 us; who waits */
	{ &sample_kswapd, 500 },	/* 7 us; whether kswapd runs without rest */
	{ &sample_meminfo, 1000 },	/* 26 us; what vmstat does not have: Zswap, Committed_AS, MemAvailable */
	{ &sample_node_meminfo, 1000 },	/* 14 us a node */
	{ &sample_zoneinfo, 1000 },	/* 47 us; free against watermarks, node_unreclaimable */
	{ &sample_swaps, 1000 },	/* 4 us */
	{ &sample_zram, 1000 },		/* 14 us a device; a few seconds fill one */
	{ &sample_zswap, 1000 },	/* 10 files, opened each time because they allow no seeking */
	{ &sample_buddyinfo, 2000 },	/* 21 us, but under the lock of each zone */
	{ &sample_diskstats, 2000 },	/* 35 us; context only */
	{ &sample_sysctl, 5000 },	/* 142 us; changed by hand, if at all */
	{ &sample_pagetypeinfo, 0 },	/* 0.6 to 6.6 ms, walking the free lists under the lock of each zone */
	{ &sample_cgroup, 200 },	/* 1.4 ms of 1,000 cgroups: each is read once a second, a fifth at a time */
	{ &sample_cgroup_stat, 1000 },	/* 0.4 ms of the ten busiest; apart from the others, because it can wait */
};
#define NSOURCES	(sizeof(schedule) / sizeof(schedule[0]))

struct subject {
	void		*state;		/* NULL: this machine has nothing of it */
	int		missing;	/* why not */
	uint64_t	due_ns;
	uint64_t	reads, cpu_ns, max_ns, wait_max_ns;
	uint64_t	values;		/* read so far, changed or not */
};

struct sampler {
	struct sample_env	env;
	uint64_t		(*clock)(void);
	struct subject		subjects[NSOURCES];
	bool			told_not_sampled;
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

		s->subjects[i].missing = ret;
		if (ret == -ENOMEM)
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
	if (!s->env.buffer || series_names_new(&s->env.names))
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
	s->clock = opt->clock;
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
	/* Those that use what another one opened come behind it. */
	for (size_t i = NSOURCES; i-- > 0;)
		if (s->subjects[i].state)
			schedule[i].source->close(s->subjects[i].state);
	series_names_free(s->env.names);
	free(s->env.buffer);
	if (s->env.root_fd >= 0)
		close(s->env.root_fd);
	free(s);
}

/* --- reading --- */

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int read_subject(struct sampler *s, size_t index, struct sample_out *out)
{
	struct subject *subject = &s->subjects[index];
	uint64_t begin = thread_cpu_ns(), period = schedule[index].period_ms * NSEC_PER_MSEC, begin_ts, cost, wait;

	sample_out_now(out);
	begin_ts = out->ts;
	out->values = 0;
	schedule[index].source->read(subject->state, out);
	sample_out_now(out);
	wait = out->ts - begin_ts;
	cost = thread_cpu_ns() - begin;
	subject->reads++;
	subject->cpu_ns += cost;
	subject->max_ns = max_u64(subject->max_ns, cost);
	subject->wait_max_ns = max_u64(subject->wait_max_ns, wait);
	subject->values += out->values;
	/* What was late is not caught up. */
	subject->due_ns = max_u64(subject->due_ns + period, begin_ts + period);
	subject->due_ns = max_u64(subject->due_ns, out->ts + max_u64(cost * REST_PER_COST, wait * REST_PER_WAIT));
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

/* Why there is nothing of a subject; NULL when there is. */
static const char *reason(const struct sample_source *source, const struct subject *subject)
{
	if (subject->state)
		return subject->values ? NULL : source->empty;
	if (subject->missing == -ENOENT && source->without)
		return source->without;
	return strerror(-subject->missing);
}

/*
 * not_sampled: "zswap (debugfs is not mounted, or zswap never was enabled); zram (no device)". Said at the start, and
 * once more at the end, for what came meanwhile.
 */
static int say_not_sampled(struct sampler *s, const struct sink *sink)
{
	char text[NOT_SAMPLED_BYTES] = "";
	size_t used = 0;

	for (size_t i = 0; i < NSOURCES; i++) {
		const char *why = reason(schedule[i].source, &s->subjects[i]);

		if (why && used < sizeof(text))
			used += snprintf(text + used, sizeof(text) - used, "%s%s (%s)", used ? "; " : "",
					 schedule[i].source->name, why);
	}
	if (!used && !s->told_not_sampled)
		return 0;
	s->told_not_sampled = true;
	return SINK_CALL(sink, meta, "not_sampled", text);
}

static int say_facts(struct sampler *s, size_t index, const struct sink *sink)
{
	const struct sample_source *source = schedule[index].source;
	void *state = s->subjects[index].state;

	if (!state)
		return source->none_key ? SINK_CALL(sink, meta, source->none_key, source->none_value) : 0;
	return source->facts ? source->facts(state, sink) : 0;
}

int sampler_start(struct sampler *s, uint64_t now_ns, const struct sink *sink)
{
	struct sample_out out = { .sink = sink, .clock = s->clock, .ts = now_ns };
	int ret = 0;

	out.whole = true;
	for (size_t i = 0; !ret && i < NSOURCES; i++) {
		if (s->subjects[i].state)
			ret = read_subject(s, i, &out);
		if (!ret)
			ret = say_facts(s, i, sink);
		/* The first read opens much that later ones do not: what it cost says nothing. */
		s->subjects[i].due_ns = out.ts + schedule[i].period_ms * NSEC_PER_MSEC;
	}
	return ret ? ret : say_not_sampled(s, sink);
}

int64_t sampler_tick(struct sampler *s, uint64_t now_ns, const struct sink *sink)
{
	struct sample_out out = { .sink = sink, .clock = s->clock, .ts = now_ns };
	uint64_t next_ns = UINT64_MAX;
	int ret;

	for (size_t i = 0; i < NSOURCES; i++) {
		struct subject *subject = &s->subjects[i];

		if (!subject->state || !schedule[i].period_ms)
			continue;
		if (subject->due_ns <= out.ts) {
			ret = read_subject(s, i, &out);
			if (ret)
				return ret;
		}
		if (subject->due_ns < next_ns)
			next_ns = subject->due_ns;
	}
	return next_ns > out.ts ? next_ns - out.ts : 1;
}

int sampler_read(struct sampler *s, uint64_t now_ns, const struct sink *sink)
{
	struct sample_out out = { .sink = sink, .clock = s->clock, .ts = now_ns };

	return read_all(s, &out);
}

void sampler_repeat(struct sampler *s)
{
	series_names_forget(s->env.names);
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
	struct sample_out out = { .sink = sink, .clock = s->clock, .ts = now_ns };
	int ret = read_all(s, &out);

	for (size_t i = 0; !ret && i < NSOURCES; i++)
		if (s->subjects[i].state && schedule[i].source->end_facts)
			ret = schedule[i].source->end_facts(s->subjects[i].state, sink);
	if (!ret && s->told_not_sampled)
		ret = say_not_sampled(s, sink);
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
		.wait_max_ns = s->subjects[index].wait_max_ns,
	};
	return true;
}
