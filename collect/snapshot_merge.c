// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot_merge.c - see snapshot_merge.h. The clock is known when the first event comes; all is placed then.
 */
#include "collect/snapshot_merge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/snapshot_view.h"
#include "spine/time.h"

/* In ns since boot that is 31 years, in ns since 1970 the year 2001: which of the two a time is. */
#define WALL_TIME_NS	1000000000000000000ull
#define NEVER		UINT64_MAX

enum clock_kind { CLOCK_SINCE_BOOT, CLOCK_WALL, CLOCK_OTHER };

/* How a moment was placed, from the surest on. */
enum rule {
	RULE_OFFSET, RULE_UPTIME, RULE_STAMP, RULE_RECORDING, RULE_SNAPSHOTS, RULE_BTIME, RULE_NONE,
};

static const char *const rule_text[] = {
	[RULE_OFFSET] = "the offset that was given",
	[RULE_UPTIME] = "uptime",
	[RULE_STAMP] = "stamps, in wall time as the recording",
	[RULE_RECORDING] = "stamps, and the recording's own wall time",
	[RULE_SNAPSHOTS] = "stamps, and other snapshots that have uptime as well",
	[RULE_BTIME] = "stamps, and btime of /proc/stat",
	[RULE_NONE] = "",
};

struct placed {
	uint64_t	ts;
	uint32_t	moment;
};

struct snapshot_merge {
	struct snapshot_merge_options	opt;
	struct snapshot_index		*index;
	struct snapshot_view		*view;
	struct sink			to;
	struct source_error		error;
	bool				failed, resolved;

	char				clock[16];		/* of the recording; "" not told */
	bool				not_ns;
	uint64_t			start_ns, start_realtime_ns;	/* 0 not told */

	struct placed			*placed;		/* by time */
	uint32_t			nplaced, next, unplaced;
	uint64_t			next_ts;
	enum rule			rule;			/* the least sure one that was used */
	bool				local;			/* so did a date without zone */
	bool				events;
	uint64_t			first_ns, last_ns;
	char				sure[256];
};

/* --- opening --- */

int snapshot_merge_open(const char *dir, const struct snapshot_merge_options *opt, struct source_error *err,
			struct snapshot_merge **out)
{
	struct snapshot_merge *m = calloc(1, sizeof(*m));
	int ret = m ? snapshot_index_open(dir, err, &m->index) : -ENOMEM;

	if (!ret)
		ret = snapshot_view_open(m->index, err, &m->view);
	if (!ret) {
		m->placed = calloc(m->index->nmoments, sizeof(*m->placed));
		ret = m->placed ? 0 : -ENOMEM;
	}
	if (ret) {
		snapshot_merge_free(m);
		return ret;
	}
	m->opt = *opt;
	*out = m;
	return 0;
}

void snapshot_merge_free(struct snapshot_merge *m)
{
	if (!m)
		return;
	snapshot_view_close(m->view);
	snapshot_index_free(m->index);
	free(m->placed);
	free(m);
}

const struct source_error *snapshot_merge_error(const struct snapshot_merge *m)
{
	return m->failed ? &m->error : NULL;
}

/* --- where a moment is on the recording's clock --- */

static enum clock_kind clock_kind(const struct snapshot_merge *m, uint64_t ts)
{
	static const char *const since_boot[] = { "", "mono", "mono_raw", "boot", "local", "global", "perf" };

	if (m->not_ns)
		return CLOCK_OTHER;
	if (ts >= WALL_TIME_NS)
		return CLOCK_WALL;
	for (size_t i = 0; i < sizeof(since_boot) / sizeof(since_boot[0]); i++)
		if (!strcmp(m->clock, since_boot[i]))
			return CLOCK_SINCE_BOOT;
	return CLOCK_OTHER;
}

/* What all snapshots know of when the clock was 0, in wall time; SNAPSHOT_TIME_NONE where they do not. */
struct zero {
	int64_t	recording, snapshots, btime;
};

static struct zero find_zero(const struct snapshot_merge *m)
{
	struct zero z = { SNAPSHOT_TIME_NONE, SNAPSHOT_TIME_NONE, SNAPSHOT_TIME_NONE };

	if (m->start_realtime_ns && m->start_ns)
		z.recording = m->start_realtime_ns - m->start_ns;
	for (uint32_t i = 0; i < m->index->nmoments; i++) {
		const struct snapshot_moment *mo = &m->index->moments[i];

		if (mo->real_ns != SNAPSHOT_TIME_NONE && mo->uptime_ns != SNAPSHOT_TIME_NONE)
			z.snapshots = mo->real_ns - mo->uptime_ns;
		if (mo->boot_s > 0 && mo->boot_s < INT64_MAX / (int64_t)NSEC_PER_SEC)
			z.btime = mo->boot_s * NSEC_PER_SEC;
	}
	return z;
}

static enum rule place_since_boot(const struct snapshot_moment *mo, const struct zero *z, int64_t *ts)
{
	const struct {
		int64_t		zero;
		enum rule	rule;
	} by[] = {
		{ z->recording, RULE_RECORDING }, { z->snapshots, RULE_SNAPSHOTS }, { z->btime, RULE_BTIME },
	};

	*ts = mo->uptime_ns;
	if (mo->uptime_ns != SNAPSHOT_TIME_NONE)
		return RULE_UPTIME;
	for (size_t i = 0; mo->real_ns != SNAPSHOT_TIME_NONE && i < sizeof(by) / sizeof(by[0]); i++)
		if (by[i].zero != SNAPSHOT_TIME_NONE && !__builtin_sub_overflow(mo->real_ns, by[i].zero, ts))
			return by[i].rule;
	return RULE_NONE;
}

static enum rule place_wall(const struct snapshot_moment *mo, const struct zero *z, int64_t *ts)
{
	*ts = mo->real_ns;
	if (mo->real_ns != SNAPSHOT_TIME_NONE)
		return RULE_STAMP;
	if (mo->uptime_ns == SNAPSHOT_TIME_NONE)
		return RULE_NONE;
	if (z->snapshots != SNAPSHOT_TIME_NONE && !__builtin_add_overflow(mo->uptime_ns, z->snapshots, ts))
		return RULE_SNAPSHOTS;
	if (z->btime != SNAPSHOT_TIME_NONE && !__builtin_add_overflow(mo->uptime_ns, z->btime, ts))
		return RULE_BTIME;
	return RULE_NONE;
}

static enum rule place_moment(const struct snapshot_merge *m, const struct snapshot_moment *mo, const struct zero *z,
			      enum clock_kind kind, int64_t *ts)
{
	if (m->opt.offset_told) {
		*ts = mo->uptime_ns != SNAPSHOT_TIME_NONE ? mo->uptime_ns : mo->real_ns;
		return *ts == SNAPSHOT_TIME_NONE || __builtin_add_overflow(*ts, m->opt.offset_ns, ts) ? RULE_NONE :
												      RULE_OFFSET;
	}
	switch (kind) {
	case CLOCK_SINCE_BOOT:
		return place_since_boot(mo, z, ts);
	case CLOCK_WALL:
		return place_wall(mo, z, ts);
	case CLOCK_OTHER:
		break;
	}
	return RULE_NONE;
}

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return x->moment < y->moment ? -1 : x->moment > y->moment;
}

static void place_all(struct snapshot_merge *m, enum clock_kind kind)
{
	const struct zero z = find_zero(m);

	for (uint32_t i = 0; i < m->index->nmoments; i++) {
		const struct snapshot_moment *mo = &m->index->moments[i];
		enum rule rule;
		int64_t ts;

		if (!snapshot_moment_has_data(m->index, mo))
			continue;
		rule = place_moment(m, mo, &z, kind, &ts);
		if (rule == RULE_NONE || ts < 0) {
			m->unplaced++;
			continue;
		}
		m->placed[m->nplaced++] = (struct placed){ ts, i };
		m->rule = rule > m->rule ? rule : m->rule;
		m->local |= mo->local && rule != RULE_UPTIME;
	}
	qsort(m->placed, m->nplaced, sizeof(m->placed[0]), compare_placed);
}

static const char *sure_of(const struct snapshot_merge *m, enum clock_kind kind)
{
	if (m->opt.offset_told)
		return "as told";
	if (m->opt.alone)
		return "there is no recording beside to compare with";
	if (m->rule == RULE_BTIME)
		return "to the second";
	if (kind == CLOCK_WALL)
		return "as well as the clock was set";
	if (!m->clock[0])
		return "assumed: the text does not say its clock, and the time since boot is usual";
	if (!strcmp(m->clock, "boot"))
		return "sure";
	if (!strcmp(m->clock, "mono"))
		return "sure, unless the machine was suspended since its boot";
	return "clock is close to the time since boot, within about a second a day";
}

/* --- meta --- */

static int say_number(struct snapshot_merge *m, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return SINK_CALL(&m->to, meta, key, text);
}

static int say_times(struct snapshot_merge *m, enum clock_kind kind)
{
	int ret = say_number(m, "snapshots", m->nplaced);

	snprintf(m->sure, sizeof(m->sure), "%s%s", sure_of(m, kind),
		 m->local ? "; dates without a zone are taken as of TZ here" : "");
	if (!ret)
		ret = SINK_CALL(&m->to, meta, "snapshots_time", rule_text[m->rule]);
	if (!ret)
		ret = SINK_CALL(&m->to, meta, "snapshots_sure", m->sure);
	if (!ret && (m->unplaced || m->index->left_out))
		ret = say_number(m, "snapshots_left_out", m->unplaced + m->index->left_out);
	return ret;
}

static int say_alone(struct snapshot_merge *m, enum clock_kind kind)
{
	int ret = SINK_CALL(&m->to, meta, "source", "snapshots");

	if (!ret)
		ret = SINK_CALL(&m->to, meta, "clock", kind == CLOCK_WALL ? "realtime" : "boot");
	return ret ? ret : SINK_CALL(&m->to, meta, "clock_is_ns", "1");
}

static uint32_t count_within(const struct snapshot_merge *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nplaced; i++)
		n += m->placed[i].ts >= m->first_ns && m->placed[i].ts <= m->last_ns;
	return m->events ? n : 0;
}

/* --- going on --- */

static int refuse(struct snapshot_merge *m, enum clock_kind kind)
{
	m->failed = true;
	if (kind == CLOCK_OTHER && !m->opt.offset_told)
		snprintf(m->error.what, sizeof(m->error.what),
			 "snapshots cannot be placed on the recording's clock%s%s%s", m->clock[0] ? " \"" : "",
			 m->clock,
			 m->clock[0] ? "\""
			 : m->not_ns ? ", which counts no time"
				     : "");
	else
		snprintf(
			m->error.what, sizeof(m->error.what),
			"no snapshot says when it was made, on the recording's clock or so that it could be found out");
	snprintf(m->error.hint, sizeof(m->error.hint),
		 "copy /proc/uptime along with each, or say --snapshots-offset SECONDS: what to add to a snapshot's "
		 "time");
	return -EINVAL;
}

/* Without a recording: since boot when each snapshot says it, else wall time. */
static enum clock_kind own_clock(const struct snapshot_merge *m)
{
	for (uint32_t i = 0; i < m->index->nmoments; i++)
		if (m->index->moments[i].uptime_ns == SNAPSHOT_TIME_NONE &&
		    snapshot_moment_has_data(m->index, &m->index->moments[i]))
			return CLOCK_WALL;
	return CLOCK_SINCE_BOOT;
}

static int resolve(struct snapshot_merge *m, uint64_t ts)
{
	enum clock_kind kind = m->opt.alone ? own_clock(m) : clock_kind(m, ts);
	int ret;

	m->resolved = true;
	m->next_ts = NEVER;
	if (m->not_ns)
		return refuse(m, CLOCK_OTHER);
	place_all(m, kind);
	if (!m->nplaced)
		return refuse(m, kind);
	m->next_ts = m->placed[0].ts;
	ret = m->opt.alone ? say_alone(m, kind) : 0;
	return ret ? ret : say_times(m, kind);
}

static int play_until(struct snapshot_merge *m, uint64_t ts)
{
	int ret = m->failed ? -EINVAL : 0;

	if (!m->resolved)
		ret = resolve(m, ts);
	while (!ret && m->next < m->nplaced && m->placed[m->next].ts <= ts) {
		const struct placed *p = &m->placed[m->next++];

		ret = snapshot_view_play(m->view, &m->index->moments[p->moment], p->ts, &m->to);
	}
	m->next_ts = m->next < m->nplaced ? m->placed[m->next].ts : NEVER;
	return ret;
}

static inline int until(struct snapshot_merge *m, uint64_t ts)
{
	return ts >= m->next_ts ? play_until(m, ts) : 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct snapshot_merge *m = ctx;
	int ret = until(m, ev->ts);

	if (!m->events) {
		m->events = true;
		m->first_ns = ev->ts;
	}
	m->last_ns = ev->ts > m->last_ns ? ev->ts : m->last_ns;
	return ret ? ret : SINK_CALL(&m->to, event, ev);
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct snapshot_merge *m = ctx;
	int ret = until(m, sample->ts);

	return ret ? ret : SINK_CALL(&m->to, sample, sample);
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	struct snapshot_merge *m = ctx;
	int ret = until(m, change->ts);

	return ret ? ret : SINK_CALL(&m->to, failures, change);
}

/* A loss may have no time, and says nothing of the clock: it waits for nobody. */
static int on_loss(void *ctx, const struct loss *loss)
{
	struct snapshot_merge *m = ctx;
	int ret = m->resolved && loss->ts ? until(m, loss->ts) : 0;

	return ret ? ret : SINK_CALL(&m->to, loss, loss);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct snapshot_merge *m = ctx;

	snapshot_view_knows(m->view, key);
	if (!strcmp(key, "clock"))
		snprintf(m->clock, sizeof(m->clock), "%s", value);
	else if (!strcmp(key, "clock_is_ns"))
		m->not_ns = !strcmp(value, "0");
	else if (!strcmp(key, "start_ns"))
		m->start_ns = strtoull(value, NULL, 10);
	else if (!strcmp(key, "start_realtime_ns"))
		m->start_realtime_ns = strtoull(value, NULL, 10);
	return SINK_CALL(&m->to, meta, key, value);
}

static int on_end(void *ctx)
{
	struct snapshot_merge *m = ctx;
	int ret = play_until(m, NEVER), ended;

	/* no directory stays behind when the output is a pipe that breaks */
	snapshot_view_close(m->view);
	m->view = NULL;
	if (!ret && !m->opt.alone)
		ret = say_number(m, "snapshots_within", count_within(m));
	ended = SINK_CALL(&m->to, end);
	return ret ? ret : ended;
}

static int on_type(void *ctx, const struct event_type *type)
{
	return SINK_CALL(&((struct snapshot_merge *)ctx)->to, type, type);
}

static int on_task(void *ctx, const struct task_name *task)
{
	return SINK_CALL(&((struct snapshot_merge *)ctx)->to, task, task);
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	return SINK_CALL(&((struct snapshot_merge *)ctx)->to, cgroup, id, path);
}

static int on_symbol(void *ctx, uint64_t addr, const char *name)
{
	return SINK_CALL(&((struct snapshot_merge *)ctx)->to, symbol, addr, name);
}

static int on_buffer(void *ctx, uint16_t buffer, const char *name)
{
	return SINK_CALL(&((struct snapshot_merge *)ctx)->to, buffer, buffer, name);
}

static const struct sink_ops merge_ops = {
	.type = on_type, .event = on_event, .loss = on_loss, .sample = on_sample, .task = on_task, .cgroup = on_cgroup,
	.failures = on_failures, .symbol = on_symbol, .buffer = on_buffer, .meta = on_meta, .end = on_end,
};

struct sink snapshot_merge_sink(struct snapshot_merge *m, const struct sink *to)
{
	m->to = *to;
	return (struct sink){ &merge_ops, m };
}

void snapshot_merge_report(const struct snapshot_merge *m, struct snapshot_report *out)
{
	*out = (struct snapshot_report){
		.moments = m->nplaced, .within = count_within(m), .unplaced = m->unplaced,
		.left_out = m->index->left_out, .cut = m->index->cut,
		.time = rule_text[m->resolved ? m->rule : RULE_NONE], .sure = m->sure, .events = m->events,
		.trace_first_s = ns_to_s(m->first_ns), .trace_last_s = ns_to_s(m->last_ns),
	};
	if (m->nplaced) {
		out->first_s = ns_to_s(m->placed[0].ts);
		out->last_s = ns_to_s(m->placed[m->nplaced - 1].ts);
	}
}
