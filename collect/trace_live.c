// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_live.c - see trace_live.h. trace_instance has the buffer, event_set the events, trace_merge the order,
 * live_guard an eye on their number.
 */
#include "collect/trace_live.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/event_set.h"
#include "collect/live_guard.h"
#include "collect/trace_instance.h"
#include "collect/trace_merge.h"
#include "spine/time.h"

/* common_type has 16 bits. */
#define COMMON_TYPES		65536u

#define WAKE_PERCENT		25u
#define RAM_DIVISOR		20u	/* 5 % */

/*
 * A record gets its time when its room is reserved, and can be read once it is committed. In between its CPU may be
 * taken away by the hypervisor. So a CPU that shows nothing more has been read to a little before now.
 */
#define COMMIT_NS		2000000ull

struct live_cpu {
	uint16_t		cpu;		/* the kernel's number */
	bool			done;		/* in this call */
	uint64_t		told;		/* losses, by the counts in its pages */
};

struct trace_live {
	struct trace_instance	*inst;
	struct trace_merge	*merge;
	struct ring_layout	layout;
	uint32_t		page_bytes;

	struct live_cpu		*cpus;
	int			*fds;
	unsigned int		ncpus;
	int			*wake_fds;	/* those of fds that can be waited for, nwake of them */
	unsigned int		nwake;

	struct event_set	*wanted;
	struct tracedat_type	**types;	/* COMMON_TYPES of them, by common_type */
	struct tracedat_format	*formats;	/* ntypes of them, in order of type id */
	uint8_t			*classes;	/* enum event_class, by type id */
	unsigned int		ntypes;
	const char		**missing;
	unsigned int		nmissing;
	bool			announced;

	struct live_guard	guard;
	bool			running;
	uint64_t		last_ts;
	struct trace_live_stats	stats;
	struct event_value	values[EVENT_MAX_FIELDS];
};

/* ---- opening ---- */

static int no_memory(struct source_error *err)
{
	snprintf(err->what, sizeof(err->what), "no memory to record events");
	return -ENOMEM;
}

static uint64_t buffer_bytes(uint64_t wanted, unsigned int ncpus)
{
	uint64_t ram = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t most = ram / RAM_DIVISOR / (online > 0 ? online : ncpus);

	if (!wanted)
		wanted = TRACE_LIVE_BUFFER_BYTES;
	return wanted < most ? wanted : most;
}

static int open_cpus(struct trace_live *t, struct source_error *err)
{
	const uint16_t *cpus = trace_instance_cpus(t->inst, &t->ncpus);

	t->cpus = calloc(t->ncpus, sizeof(*t->cpus));
	t->fds = malloc(t->ncpus * sizeof(*t->fds));
	t->wake_fds = malloc(t->ncpus * sizeof(*t->wake_fds));
	if (!t->cpus || !t->fds || !t->wake_fds) {
		t->ncpus = 0;
		return no_memory(err);
	}
	memset(t->fds, -1, t->ncpus * sizeof(*t->fds));
	for (unsigned int i = 0; i < t->ncpus; i++) {
		t->cpus[i].cpu = cpus[i];
		t->fds[i] = trace_instance_open_cpu(t->inst, cpus[i]);
		if (t->fds[i] < 0) {
			snprintf(err->what, sizeof(err->what), "cannot read events of CPU %u: %s", cpus[i],
				 strerror(-t->fds[i]));
			return t->fds[i];
		}
	}
	return trace_merge_new(&t->layout, t->ncpus, t->page_bytes, TRACE_MERGE_PAGES, &t->merge) ? no_memory(err) : 0;
}

/*
 * The kernel has directories for all CPUs that may come, and buffers for those that came. A descriptor without a buffer
 * is always ready, with an error: who waits for it never sleeps.
 */
static void find_wake_fds(struct trace_live *t)
{
	for (unsigned int i = 0; i < t->ncpus; i++) {
		struct pollfd p = { .fd = t->fds[i], .events = POLLIN };

		if (poll(&p, 1, 0) >= 0 && !(p.revents & (POLLERR | POLLNVAL)))
			t->wake_fds[t->nwake++] = t->fds[i];
	}
}

/* The kernel allocates the page that it copies through at the first read; not during the storm. */
static void read_ahead(struct trace_live *t)
{
	for (unsigned int i = 0; i < t->ncpus; i++)
		if (read(t->fds[i], trace_merge_page(t->merge, i), t->page_bytes) >= 0)
			t->stats.skipped++;	/* the instance is switched off: there is nothing */
}

/* @text becomes the type's; 1 when it is no format. */
static int add_type(struct trace_live *t, const struct event_choice *choice, const char *text, size_t len)
{
	struct tracedat_type *type;
	uint32_t common_type;

	if (!tracedat_format_id(text, len, &common_type) || t->types[common_type])
		return 1;
	type = tracedat_type_new(t->ntypes, choice->system, text, len, common_type);
	if (!type)
		return -ENOMEM;
	t->types[common_type] = type;
	t->classes[t->ntypes] = choice->class;
	t->formats[t->ntypes++] = (struct tracedat_format){
		.system = type->type.system, .text = type->type.format, .len = len, .common_type = common_type,
	};
	return 0;
}

/* 0, 1 when this kernel does not let us have it, -ENOMEM. */
static int open_event(struct trace_live *t, const struct event_choice *choice)
{
	size_t len;
	char *text;
	int ret;

	if (!choice->present)
		return 1;
	text = trace_instance_format(t->inst, choice, &len);
	if (!text)
		return 1;
	ret = add_type(t, choice, text, len);
	free(text);
	if (ret)
		return ret;
	return trace_instance_enable(t->inst, choice) ? 1 : 0;
}

static int open_events(struct trace_live *t, struct source_error *err)
{
	t->types = calloc(COMMON_TYPES, sizeof(struct tracedat_type *));
	t->formats = calloc(t->wanted->n, sizeof(*t->formats));
	t->missing = calloc(t->wanted->n, sizeof(*t->missing));
	t->classes = calloc(t->wanted->n, sizeof(*t->classes));
	if (!t->types || !t->formats || !t->missing || !t->classes)
		return no_memory(err);
	for (unsigned int i = 0; i < t->wanted->n; i++) {
		struct event_choice *choice = &t->wanted->choices[i];
		int ret = open_event(t, choice);

		if (ret < 0)
			return no_memory(err);
		choice->present = !ret;
		if (ret)
			t->missing[t->nmissing++] = choice->label;
	}
	if (t->nmissing < t->wanted->n)
		return 0;
	snprintf(err->what, sizeof(err->what), "this kernel has none of the %u events that were asked for, as %s",
		 t->wanted->n, t->missing[0]);
	return -ENOENT;
}

static int open_instance(struct trace_live *t, const struct trace_live_options *opts, struct source_error *err)
{
	char root[PATH_MAX];
	unsigned int ncpus;
	int ret = trace_instance_find_root(opts->tracefs_root, root, sizeof(root), err);

	if (!ret)
		ret = event_set_parse(opts->events, root, err, t->wanted);
	if (ret)
		return ret;
	t->stats.orphans = trace_instance_remove_orphans(root);
	ret = trace_instance_open(root, err, &t->inst);
	if (ret)
		return ret;
	trace_instance_cpus(t->inst, &ncpus);
	ret = trace_instance_set_buffer(t->inst, buffer_bytes(opts->buffer_bytes_per_cpu, ncpus), WAKE_PERCENT,
					&t->stats.buffer_bytes_per_cpu, err);
	return ret ? ret : trace_instance_layout(t->inst, &t->layout, &t->page_bytes, err);
}

int trace_live_open(const struct trace_live_options *opts, struct source_error *err, struct trace_live **out)
{
	struct trace_live *t = calloc(1, sizeof(*t));
	int ret = -ENOMEM;

	*err = (struct source_error){ 0 };
	if (t)
		t->wanted = calloc(1, sizeof(*t->wanted));
	if (!t || !t->wanted) {
		free(t);
		return no_memory(err);
	}
	ret = open_instance(t, opts, err);
	if (!ret)
		ret = open_cpus(t, err);
	if (!ret)
		ret = open_events(t, err);
	if (ret) {
		trace_live_close(t);
		return ret;
	}
	read_ahead(t);
	find_wake_fds(t);
	live_guard_init(&t->guard, t->inst, t->wanted, opts->max_rate);
	*out = t;
	return 0;
}

void trace_live_close(struct trace_live *t)
{
	if (!t)
		return;
	/* The kernel keeps an instance that has open files. */
	for (unsigned int i = 0; i < t->ncpus; i++)
		if (t->fds[i] >= 0)
			close(t->fds[i]);
	live_guard_close(&t->guard);
	trace_instance_close(t->inst);
	trace_merge_free(t->merge);
	for (uint32_t i = 0; i < t->ntypes; i++)
		tracedat_type_free(t->types[t->formats[i].common_type]);
	free(t->types);
	free(t->formats);
	free(t->missing);
	free(t->classes);
	free(t->wanted);
	free(t->cpus);
	free(t->fds);
	free(t->wake_fds);
	free(t);
}

/* ---- facts ---- */

const char *const *trace_live_missing(const struct trace_live *t, unsigned int *n)
{
	*n = t->nmissing;
	return t->missing;
}

const struct tracedat_format *trace_live_formats(const struct trace_live *t, unsigned int *n)
{
	*n = t->ntypes;
	return t->formats;
}

const char *trace_live_instance(const struct trace_live *t)
{
	return trace_instance_name(t->inst);
}

const int *trace_live_fds(const struct trace_live *t, unsigned int *n)
{
	*n = t->nwake;
	return t->wake_fds;
}

void trace_live_get_stats(const struct trace_live *t, struct trace_live_stats *stats)
{
	*stats = t->stats;
}

const char *trace_live_message(struct trace_live *t)
{
	return live_guard_message(&t->guard);
}

int trace_live_start(struct trace_live *t)
{
	int ret = trace_instance_start(t->inst);

	t->running = !ret;
	live_guard_start(&t->guard, monotonic_ns());
	return ret;
}

int trace_live_stop(struct trace_live *t)
{
	t->running = false;
	return trace_instance_stop(t->inst);
}

/* ---- giving ---- */

int trace_live_announce(const struct trace_live *t, const struct sink *sink)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < t->ntypes; i++)
		ret = SINK_CALL(sink, type, &t->types[t->formats[i].common_type]->type);
	return ret ? ret : live_guard_tell_lasting(&t->guard, sink, monotonic_ns());
}

static int announce_once(struct trace_live *t, const struct sink *sink)
{
	int ret = t->announced ? 0 : trace_live_announce(t, sink);

	t->announced = !ret;
	return ret;
}

static int put_loss(struct trace_live *t, const struct sink *sink, uint64_t ts, unsigned int cpu, int64_t events,
		    const char *stage)
{
	struct loss loss = { .ts = ts, .events = events, .cpu = t->cpus[cpu].cpu, .stage = stage };

	return SINK_CALL(sink, loss, &loss);
}

static int put_losses(struct trace_live *t, const struct sink *sink, const struct merge_record *rec)
{
	int ret = 0;

	if (rec->missed > 0) {
		t->cpus[rec->cpu].told += rec->missed;
		t->stats.lost += rec->missed;
	}
	if (rec->missed)
		ret = put_loss(t, sink, rec->ts, rec->cpu, rec->missed > 0 ? rec->missed : LOSS_COUNT_UNKNOWN, "ring");
	if (rec->damaged)
		t->stats.skipped++;
	if (!ret && rec->damaged)
		ret = put_loss(t, sink, rec->ts, rec->cpu, LOSS_COUNT_UNKNOWN, "reader");
	return ret;
}

static int put_record(struct trace_live *t, const struct sink *sink, const struct merge_record *rec)
{
	struct event ev = { .ts = rec->ts, .cpu = t->cpus[rec->cpu].cpu, .values = t->values };
	const struct tracedat_type *type = NULL;
	uint16_t common_type;
	int ret = 0;

	if (rec->ts >= t->guard.due_ns)
		ret = live_guard_put(&t->guard, sink, rec->ts);
	if (!ret && (rec->missed || rec->damaged))
		ret = put_losses(t, sink, rec);
	if (ret)
		return ret;
	if (rec->size >= sizeof(common_type)) {
		memcpy(&common_type, rec->data, sizeof(common_type));
		type = t->types[common_type];
	}
	if (!type) {	/* somebody wrote to the instance's trace_marker, or enabled an event there */
		t->stats.skipped++;
		return 0;
	}
	tracedat_decode(type, false, rec->data, rec->size, t->values, &ev.tid);
	ev.type = &type->type;
	live_guard_count(&t->guard, t->classes[type->type.id]);
	if (ev.ts < t->last_ts)
		t->stats.out_of_order++;
	else
		t->last_ts = ev.ts;
	t->stats.events++;
	return SINK_CALL(sink, event, &ev);
}

/* Sets *@any if there was something. */
static int put_until(struct trace_live *t, const struct sink *sink, uint64_t horizon, bool *any)
{
	struct merge_record rec;
	int ret = 0;

	while (!ret && trace_merge_next(t->merge, horizon, &rec)) {
		*any = true;
		ret = put_record(t, sink, &rec);
	}
	return ret;
}

/* ---- reading ---- */

/* Reads one CPU until its pages are used, its ring is empty, or its time is @now_ns; true when there was something. */
static bool read_cpu(struct trace_live *t, unsigned int i, uint64_t now_ns, uint64_t idle_ns)
{
	struct live_cpu *c = &t->cpus[i];
	bool any = false;
	void *page;

	while (!c->done && (page = trace_merge_page(t->merge, i))) {
		ssize_t got = read(t->fds[i], page, t->page_bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0) {
			trace_merge_add(t->merge, i, got);
			c->done = trace_merge_cpu_time(t->merge, i) >= now_ns;
			any = true;
			continue;
		}
		t->stats.read_errors += got < 0 && errno != EAGAIN && errno != ENODEV;	/* a CPU that never was */
		trace_merge_read_to(t->merge, i, idle_ns);
		c->done = true;
	}
	return any;
}

/*
 * Round by round, as the pages allow. A round that neither reads nor gives anything is the last: either all CPUs have
 * been read to @now_ns, or the pages are full of what is to be held back. (What the call before held back may fill the
 * pages at first: then the first round only gives.)
 */
static int drain(struct trace_live *t, const struct sink *sink, uint64_t now_ns, uint64_t idle_ns)
{
	int ret = announce_once(t, sink);
	bool any = true;

	for (unsigned int i = 0; i < t->ncpus; i++)
		t->cpus[i].done = false;
	while (!ret && any) {
		any = false;
		for (unsigned int i = 0; i < t->ncpus; i++)
			any |= read_cpu(t, i, now_ns, idle_ns);
		ret = put_until(t, sink, trace_merge_horizon(t->merge), &any);
	}
	return ret ? ret : live_guard_put(&t->guard, sink, trace_merge_horizon(t->merge));
}

int trace_live_read(struct trace_live *t, const struct sink *sink, uint64_t now_ns)
{
	int ret = drain(t, sink, now_ns, now_ns > COMMIT_NS ? now_ns - COMMIT_NS : 0);

	if (t->running)
		live_guard_tick(&t->guard, now_ns, t->stats.lost);
	return ret;
}

/* What the ring counted as lost and no page told: where the page had no room for the count, or nothing came behind. */
static int put_untold(struct trace_live *t, const struct sink *sink, unsigned int i)
{
	struct live_cpu *c = &t->cpus[i];
	struct trace_cpu_stats stats;
	uint64_t lost;

	if (trace_instance_cpu_stats(t->inst, c->cpu, &stats))
		return put_loss(t, sink, 0, i, LOSS_COUNT_UNKNOWN, "ring");
	lost = stats.overrun + stats.commit_overrun + stats.dropped;
	if (lost <= c->told)
		return 0;
	lost -= c->told;
	c->told += lost;
	t->stats.lost += lost;
	return put_loss(t, sink, 0, i, lost, "ring");
}

int trace_live_drain_all(struct trace_live *t, const struct sink *sink)
{
	struct merge_record rec;
	int ret = drain(t, sink, UINT64_MAX, UINT64_MAX);

	for (unsigned int i = 0; !ret && i < t->ncpus; i++) {
		if (trace_merge_rest(t->merge, i, &rec))
			ret = put_losses(t, sink, &rec);
		if (!ret)
			ret = put_untold(t, sink, i);
	}
	return ret;
}
