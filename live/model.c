// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.c - see model.h: the sink, the end of an interval, saving and restoring, the summary. Subjects have files of
 * their own, see state.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/incident.h"
#include "analyze/threshold.h"
#include "live/state.h"

#define STATE_FIXED_BYTES	offsetof(struct live_state, memcgs)

_Static_assert(!offsetof(struct live_model, state), "live_model_freeze() copies what is behind it");

static void start_nodes(struct live_state *s)
{
	for (unsigned int i = 0; i <= LIVE_NODES; i++) {
		s->nodes[i].failures = -1;
		s->nodes[i].compacted_percent = -1;
	}
}

int live_model_new(struct live_model **out)
{
	struct live_model *m = calloc(1, sizeof(*m));
	struct thresholds th;
	int ret;

	if (!m)
		return -ENOMEM;
	thresholds_default(&th);
	m->incident_gap_ns = th.value[TH_INCIDENT_GAP_S] * NSEC_PER_SEC;
	start_nodes(&m->state);
	m->page_size = 4096;
	gfp_layout_default(&m->layout);
	memset(m->cpu_node, LIVE_NO_NODE, sizeof(m->cpu_node));
	m->findings = calloc(FINDINGS_MAX, sizeof(*m->findings));
	ret = m->findings ? counter_index_new(&m->index) : -ENOMEM;
	if (!ret)
		ret = live_names_new(&m->names);
	if (!ret)
		ret = memcg_index_new(&m->memcg_index);
	if (ret)
		live_model_free(m);
	else
		*out = m;
	return ret;
}

void live_model_free(struct live_model *m)
{
	if (!m)
		return;
	counter_index_free(m->index);
	live_names_free(m->names);
	free(m->memcg_index);
	free(m->types);
	free(m->findings);
	free(m);
}

/* --- the sink --- */

static void see_time(struct live_model *m, uint64_t ts)
{
	struct live_state *s = &m->state;

	if (!s->begun) {
		s->begun = true;
		s->start_ns = s->tick_ns = ts;
	}
	if (ts > s->now_ns)
		s->now_ns = ts;
}

static int grow_types(struct live_model *m, uint32_t count)
{
	struct bound_type *types;

	if (count <= m->ntypes)
		return 0;
	types = reallocarray(m->types, count, sizeof(*types));
	if (!types)
		return -ENOMEM;
	m->types = types;
	for (; m->ntypes < count; m->ntypes++) {
		types[m->ntypes] = (struct bound_type){ .pfn_at = -1, .buffer = -1 };
		tp_view_init(&types[m->ntypes].view, "");
	}
	return 0;
}

static int on_type(void *ctx, const struct event_type *type)
{
	struct live_model *m = ctx;
	struct bound_type *bound;

	if (grow_types(m, type->id + 1))
		return -ENOMEM;
	bound = &m->types[type->id];
	tp_view_init(&bound->view, type->name);
	for (int i = 0; i < type->nfields; i++) {
		tp_view_field(&bound->view, i, type->fields[i].name);
		if (!strcmp(type->fields[i].name, "pfn"))
			bound->pfn_at = i;
	}
	m->recorded[bound->view.tp] = true;
	return 0;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct live_model *m = ctx;
	struct bound_type *type = ev->type->id < m->ntypes ? &m->types[ev->type->id] : NULL;

	see_time(m, ev->ts);
	/* A second trace instance with the same events repeats them. */
	if (type && type->buffer < 0)
		type->buffer = ev->buffer;
	if (!type || type->buffer != ev->buffer)
		return 0;
	m->state.events.now++;
	if (type->view.tp != TP_NONE)
		live_event(m, type, ev);
	return 0;
}

static int on_loss(void *ctx, const struct loss *loss)
{
	struct live_model *m = ctx;

	if (loss->events == LOSS_COUNT_UNKNOWN)
		m->state.lost_unknown = true;
	else if (loss->events > 0)
		m->state.lost += loss->events;
	live_task_loss(m, loss->cpu);
	return 0;
}

static void system_sample(struct live_model *m, const struct sample *s)
{
	int number = counter_find(m->index, TABLE_SYSTEM, s->name);

	if (number >= 0)
		counter_put(&m->state.system[number], s->value);
}

static int on_sample(void *ctx, const struct sample *s)
{
	static void (*const scopes[])(struct live_model *m, const struct sample *s) = {
		[SCOPE_SYSTEM] = system_sample,
		[SCOPE_NODE] = live_node_sample,
		[SCOPE_ZONE] = live_zone_sample,
		[SCOPE_CGROUP] = live_memcg_sample,
		[SCOPE_DEVICE] = live_device_sample,
	};
	struct live_model *m = ctx;

	see_time(m, s->ts);
	if (s->scope < sizeof(scopes) / sizeof(scopes[0]) && scopes[s->scope])
		scopes[s->scope](m, s);
	return 0;
}

static int on_task(void *ctx, const struct task_name *task)
{
	live_names_task(((struct live_model *)ctx)->names, task);
	return 0;
}

static int on_cgroup(void *ctx, uint64_t id, const char *path)
{
	struct live_model *m = ctx;

	m->state.left_out += !live_names_cgroup(m->names, id, path);
	return 0;
}

static int on_failures(void *ctx, const struct failures_change *change)
{
	see_time(ctx, change->ts);
	live_node_failures(ctx, change);
	return 0;
}

/* The names of all tracepoints that were enabled. */
static void note_recorded(struct live_model *m, const char *names)
{
	char name[64];

	while (*names) {
		size_t len = strcspn(names, " ");

		if (len < sizeof(name)) {
			memcpy(name, names, len);
			name[len] = '\0';
			m->recorded[tp_lookup(name)] = true;
		}
		names += len;
		names += strspn(names, " ");
	}
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct live_model *m = ctx;
	uint64_t number = strtoull(value, NULL, 0);

	if (!strncmp(key, "gfp.", 4))
		gfp_layout_set(&m->layout, key + 4, number);
	else if (!strcmp(key, "page_size") && number >= 512 && number <= 1 << 20)
		m->page_size = number;
	else if (!strcmp(key, "host"))
		snprintf(m->host, sizeof(m->host), "%s", value);
	else if (!strcmp(key, "kernel_release"))
		snprintf(m->kernel, sizeof(m->kernel), "%s", value);
	else if (!strcmp(key, "recorded"))
		note_recorded(m, value);
	else if (!strcmp(key, "start_realtime_ns"))
		m->realtime_ns = number;
	else
		live_node_fact(m, key, value);
	return 0;
}

static const struct sink_ops model_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.sample = on_sample,
	.task = on_task,
	.cgroup = on_cgroup,
	.failures = on_failures,
	.meta = on_meta,
};

struct sink live_model_sink(struct live_model *m)
{
	return (struct sink){ &model_ops, m };
}

/* --- the end of an interval --- */

static double psi_percent(const struct live_counter *c)
{
	double percent = c->rate / 10000;	/* us per second */

	return !c->rated ? -1 : percent > 100 ? 100 : percent;
}

static void note_history(struct live_state *s)
{
	double psi = psi_percent(&s->system[SC_PSI_MEMORY_SOME]);

	if (s->history == LIVE_HISTORY)
		memmove(s->psi_memory_history, s->psi_memory_history + 1,
			sizeof(s->psi_memory_history) - sizeof(s->psi_memory_history[0]));
	else
		s->history++;
	s->psi_memory_history[s->history - 1] = psi;
}

/* Which explains which is not known of a finding alone, and changes while more are told. */
static void order_findings(struct live_model *m)
{
	struct finding *all[FINDINGS_MAX];
	struct incident incidents[FINDINGS_MAX];

	for (int i = 0; i < m->nfindings; i++)
		all[i] = &m->findings[i];
	incidents_link(all, m->nfindings, m->incident_gap_ns);
	incidents_order(m->findings, m->nfindings, incidents);
}

void live_model_tick(struct live_model *m, uint64_t now_ns)
{
	struct live_state *s = &m->state;
	double seconds;

	see_time(m, now_ns);
	s->interval_ns = elapsed_ns(s->tick_ns, now_ns);
	seconds = ns_to_s(s->interval_ns);
	s->tick_ns = s->now_ns = now_ns;
	for (int i = 0; i < SC_COUNT; i++)
		counter_tick(&s->system[i], seconds);
	count_tick(&s->events, seconds);
	live_node_tick(m, seconds);
	live_memcg_tick(m, seconds);
	live_device_tick(m, seconds);
	live_task_tick(m);
	note_history(s);
	if (s->own_told && seconds > 0)
		s->own_cpu_percent = elapsed_ns(s->own_cpu_before_ns, s->own_cpu_ns) / (seconds * NSEC_PER_SEC) * 100;
	s->own_cpu_before_ns = s->own_cpu_ns;
	if (m->findings_new)
		order_findings(m);
	m->findings_new = false;
}

/* --- what others tell --- */

static bool same_finding(const struct finding *a, const struct finding *b)
{
	return a->start_ns == b->start_ns && a->node == b->node && !strcmp(a->kind, b->kind) &&
	       !strcmp(a->variant ?: "", b->variant ?: "");
}

static int ended_first(const struct live_model *m)
{
	int first = 0;

	for (int i = 1; i < m->nfindings; i++)
		if (m->findings[i].end_ns < m->findings[first].end_ns)
			first = i;
	return first;
}

/* Indices of causes are the analysis' own: until the next tick those hold that were found here. */
static void keep_links(struct finding *f, const struct finding *before)
{
	f->incident = before ? before->incident : 0;
	f->leads = before ? before->leads : true;
	f->cause = before ? before->cause : -1;
	f->caused_by = before ? before->caused_by : f->caused_by;
	f->because = before ? before->because : f->because;
}

/* @i gives way to another finding, which explains nothing yet. */
static void forget_cause(struct live_model *m, int i)
{
	for (int k = 0; k < m->nfindings; k++)
		if (m->findings[k].cause == i)
			m->findings[k].cause = -1;
}

void live_model_finding(struct live_model *m, const struct finding *f)
{
	struct finding now = *f;
	int i = 0;

	while (i < m->nfindings && !same_finding(&m->findings[i], f))
		i++;
	if (i == FINDINGS_MAX) {
		m->state.left_out++;
		i = ended_first(m);
		forget_cause(m, i);
	}
	keep_links(&now, i < m->nfindings && same_finding(&m->findings[i], f) ? &m->findings[i] : NULL);
	m->findings[i] = now;
	m->findings_new = true;
	m->nfindings = i == m->nfindings ? i + 1 : m->nfindings;
}

static void put_fact(struct live_fact *facts, int max, int *n, const char *name, const char *state, const char *how)
{
	int i = 0;

	while (i < *n && strcmp(facts[i].name, name))
		i++;
	if (i == max)
		return;
	snprintf(facts[i].name, sizeof(facts[i].name), "%s", name);
	snprintf(facts[i].state, sizeof(facts[i].state), "%s", state);
	snprintf(facts[i].how, sizeof(facts[i].how), "%s", how ?: "");
	*n = i == *n ? i + 1 : *n;
}

void live_model_feature(struct live_model *m, const char *name, const char *state, const char *how)
{
	put_fact(m->features, LIVE_FEATURES, &m->nfeatures, name, state, how);
}

void live_model_exposure(struct live_model *m, const char *kind, const char *exposed, const char *why)
{
	put_fact(m->exposures, LIVE_EXPOSURES, &m->nexposures, kind, exposed, why);
}

void live_model_missing(struct live_model *m, const char *what)
{
	if (m->nmissing == LIVE_MISSING)
		return;
	snprintf(m->missing[m->nmissing], sizeof(m->missing[0]), "%s", what);
	m->missing_list[m->nmissing] = m->missing[m->nmissing];
	m->nmissing++;
}

void live_model_own_cost(struct live_model *m, uint64_t cpu_ns, uint64_t memory_bytes)
{
	struct live_state *s = &m->state;

	if (!s->own_told)
		s->own_cpu_before_ns = cpu_ns;
	s->own_told = true;
	s->own_cpu_ns = cpu_ns;
	s->own_bytes = memory_bytes;
}

/* --- saving and restoring --- */

size_t live_model_state_bytes(void)
{
	return sizeof(struct live_state);
}

/* Of @state no more is touched than is in use: the rest of the caller's memory need not exist. */
void live_model_save(const struct live_model *m, void *state)
{
	memcpy(state, &m->state, STATE_FIXED_BYTES + m->state.nmemcgs * sizeof(m->state.memcgs[0]));
}

void live_model_restore(struct live_model *m, const void *state)
{
	uint32_t now = m->state.nmemcgs, then = ((const struct live_state *)state)->nmemcgs;

	memcpy(&m->state, state, STATE_FIXED_BYTES + then * sizeof(m->state.memcgs[0]));
	if (now > then)
		memset(&m->state.memcgs[then], 0, (now - then) * sizeof(m->state.memcgs[0]));
	memcg_index_rebuild(m);
}

/* --- looking at one moment while the model goes on --- */

int live_model_new_frozen(struct live_model **frozen)
{
	struct live_model *f = calloc(1, sizeof(*f));

	if (f)
		f->findings = calloc(FINDINGS_MAX, sizeof(*f->findings));
	if (!f || !f->findings) {
		free(f);
		return -ENOMEM;
	}
	*frozen = f;
	return 0;
}

void live_model_free_frozen(struct live_model *frozen)
{
	if (!frozen)
		return;
	free(frozen->findings);
	free(frozen);
}

void live_model_freeze(const struct live_model *m, struct live_model *frozen)
{
	struct finding *findings = frozen->findings;

	memcpy(findings, m->findings, m->nfindings * sizeof(*findings));
	live_model_save(m, &frozen->state);
	/* The state comes first, and its cgroups, most of which are not in use, come last in it. */
	memcpy((char *)frozen + sizeof(m->state), (const char *)m + sizeof(m->state), sizeof(*m) - sizeof(m->state));
	frozen->findings = findings;
}

/* --- the summary --- */

static void count_findings(const struct live_model *m, struct live_summary *out)
{
	for (int i = 0; i < m->nfindings; i++)
		if (m->findings[i].start_ns <= m->state.now_ns && m->findings[i].severity <= SEVERITY_CRITICAL)
			out->findings[m->findings[i].severity]++;
}

void live_model_summary(const struct live_model *m, struct live_summary *out)
{
	static const uint8_t some[] = { SC_PSI_MEMORY_SOME, SC_PSI_IO_SOME, SC_PSI_CPU_SOME };
	static const uint8_t full[] = { SC_PSI_MEMORY_FULL, SC_PSI_IO_FULL, SC_PSI_CPU_FULL };
	const struct live_state *s = &m->state;
	/* Live, what comes next is taken in already. */
	uint64_t now_ns = s->interval_ns ? s->tick_ns : s->now_ns;

	*out = (struct live_summary){
		.now_ns = now_ns, .start_ns = s->start_ns,
		.realtime_ns = m->realtime_ns ? m->realtime_ns + (int64_t)elapsed_ns(s->start_ns, now_ns) : 0,
		.history = s->history,
		.events_per_s = s->events.per_s,
		.lost = s->lost, .lost_unknown = s->lost_unknown,
		.own_cpu_percent = s->own_told ? s->own_cpu_percent : -1,
		.own_bytes = s->own_bytes,
		.nmissing = m->nmissing, .missing = m->missing_list,
		.left_out = s->left_out,
	};
	memcpy(out->host, m->host, sizeof(out->host));
	memcpy(out->kernel, m->kernel, sizeof(out->kernel));
	memcpy(out->psi_memory_history, s->psi_memory_history, sizeof(out->psi_memory_history));
	for (int i = 0; i < 3; i++) {
		out->psi_some[i] = psi_percent(&s->system[some[i]]);
		out->psi_full[i] = psi_percent(&s->system[full[i]]);
	}
	out->stalled_tasks = live_tasks_stalled(m, -1);
	count_findings(m, out);
}
