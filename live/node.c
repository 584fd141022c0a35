// SPDX-License-Identifier: GPL-2.0-only
/*
 * node.c - the state of NUMA nodes: counters, zones, kswapd and its failures; and on which node something happened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/state.h"

/* Without events kswapd counts as running when it takes this much of a CPU; to find nothing to do takes less. */
#define KSWAPD_RUNS_NS_PER_S	10000000.0	/* 1 % */

struct live_node *live_node_at(struct live_model *m, int32_t node)
{
	struct live_node *n;

	if (node < 0 || node >= LIVE_NODES) {
		m->state.left_out += node >= LIVE_NODES;
		return NULL;
	}
	n = &m->state.nodes[node];
	m->state.nnodes += !n->seen;
	n->seen = true;
	return n;
}

/* --- facts --- */

/* "0-3,8": calls @fn for each number. */
static void each_listed(const char *list, void (*fn)(struct live_model *m, unsigned int number, int node),
			struct live_model *m, int node)
{
	while (*list >= '0' && *list <= '9') {
		char *rest;
		unsigned long from = strtoul(list, &rest, 10), to = from;

		if (*rest == '-')
			to = strtoul(rest + 1, &rest, 10);
		for (; from <= to && from < LIVE_CPUS; from++)
			fn(m, from, node);
		list = *rest == ',' ? rest + 1 : rest;
	}
}

static void put_cpu(struct live_model *m, unsigned int cpu, int node)
{
	m->cpu_node[cpu] = node;
	m->cpu_nodes_told = true;
}

static void put_node(struct live_model *m, unsigned int node, int unused)
{
	live_node_at(m, node);
	m->one_node = m->one_node ? UINT32_MAX : node + 1;
}

static struct live_zone *zone_at(struct live_node *n, const char *name, size_t len)
{
	for (int i = 0; i < LIVE_ZONES; i++) {
		struct live_zone *z = &n->zone[i];

		if (!z->name[0] && len < sizeof(z->name)) {
			memcpy(z->name, name, len);
			return z;
		}
		if (strlen(z->name) == len && !memcmp(z->name, name, len))
			return z;
	}
	return NULL;
}

static uint64_t word_number(const char *text, const char *word, uint64_t absent)
{
	const char *at = strstr(text, word);

	return at ? strtoull(at + strlen(word), NULL, 10) : absent;
}

/* zone.0.Normal "start_pfn=1048576 spanned=5505024 ... managed=1736704 min=11674 low=14592 high=17510" */
static void zone_fact(struct live_model *m, const char *key, const char *value)
{
	static const struct { const char *word; uint8_t counter; } words[] = {
		{ "managed=", ZC_MANAGED }, { "min=", ZC_MIN }, { "low=", ZC_LOW }, { "high=", ZC_HIGH },
	};
	char *name;
	unsigned long node = strtoul(key, &name, 10);
	struct live_node *n = *name == '.' && node < LIVE_NODES ? live_node_at(m, node) : NULL;
	struct live_zone *z = n ? zone_at(n, name + 1, strlen(name + 1)) : NULL;

	if (!z)
		return;
	z->start_pfn = word_number(value, "start_pfn=", 0);
	z->end_pfn = z->start_pfn + word_number(value, "spanned=", 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint64_t pages = word_number(value, words[i].word, UINT64_MAX);

		if (pages <= INT64_MAX)
			counter_put(&z->counter[words[i].counter], pages);
	}
}

void live_node_fact(struct live_model *m, const char *key, const char *value)
{
	char *rest;

	if (!strcmp(key, "nodes")) {
		m->one_node = 0;
		each_listed(value, put_node, m, 0);
	} else if (!strncmp(key, "zone.", 5)) {
		zone_fact(m, key + 5, value);
	} else if (!strncmp(key, "node", 4) && key[4] >= '0' && key[4] <= '9') {
		unsigned long node = strtoul(key + 4, &rest, 10);

		if (!strcmp(rest, ".cpulist") && node < LIVE_NODES)
			each_listed(value, put_cpu, m, node);
	}
}

/* --- samples --- */

void live_node_sample(struct live_model *m, const struct sample *s)
{
	int number = counter_find(m->index, TABLE_NODE, s->name);
	struct live_node *n = number >= 0 ? live_node_at(m, s->node) : NULL;

	if (!n)
		return;
	counter_put(&n->counter[number], s->value);
	if (number == NC_FAILURES)
		n->failures = s->value;
}

/* "zone.Normal.free" */
void live_zone_sample(struct live_model *m, const struct sample *s)
{
	const char *name = strncmp(s->name, "zone.", 5) ? "" : s->name + 5, *what = strchr(name, '.');
	int number = what ? counter_find(m->index, TABLE_ZONE, what + 1) : -1;
	struct live_node *n = number >= 0 ? live_node_at(m, s->node) : NULL;
	struct live_zone *z = n ? zone_at(n, name, what - name) : NULL;

	if (z)
		counter_put(&z->counter[number], s->value);
}

void live_node_failures(struct live_model *m, const struct failures_change *change)
{
	struct live_node *n = live_node_at(m, change->node);
	struct live_reset *r;

	if (!n)
		return;
	n->failures = change->value;
	if (change->previous < 0 || change->value >= change->previous)
		return;
	r = &n->reset;
	*r = (struct live_reset){ .ts = change->ts, .tid = change->tid, .previous = change->previous,
				  .cgroup_id = change->cgroup_id };
	if (!r->cgroup_id && change->tid >= 0)
		r->cgroup_id = live_names_cgroup_of(m->names, change->tid);
	snprintf(r->comm, sizeof(r->comm), "%s",
		 *change->comm || change->tid < 0 ? change->comm : live_names_comm(m->names, change->tid));
	snprintf(r->via, sizeof(r->via), "%s", change->via);
	snprintf(r->reason, sizeof(r->reason), "%s", change->reason);
}

/* --- where --- */

unsigned int live_node_of_cpu(const struct live_model *m, uint16_t cpu)
{
	if (m->cpu_nodes_told)
		return cpu < LIVE_CPUS ? m->cpu_node[cpu] : LIVE_NO_NODE;
	if (m->one_node)
		return m->one_node <= LIVE_NODES ? m->one_node - 1 : LIVE_NO_NODE;
	for (unsigned int i = 0; i < LIVE_NODES && m->state.nnodes == 1; i++)
		if (m->state.nodes[i].seen)
			return i;
	return LIVE_NO_NODE;
}

unsigned int live_node_of_pfn(const struct live_model *m, uint64_t pfn, uint16_t cpu)
{
	for (unsigned int i = 0; i < LIVE_NODES; i++) {
		const struct live_node *n = &m->state.nodes[i];

		for (int z = 0; n->seen && z < LIVE_ZONES && n->zone[z].name[0]; z++)
			if (pfn >= n->zone[z].start_pfn && pfn < n->zone[z].end_pfn)
				return i;
	}
	return live_node_of_cpu(m, cpu);
}

/* --- what is shown --- */

enum kswapd_state live_kswapd_state(const struct live_model *m, const struct live_node *n)
{
	const struct live_counter *cpu = &n->counter[NC_KSWAPD_CPU], *unreclaimable = &n->counter[NC_UNRECLAIMABLE];

	if (n->failures >= KSWAPD_HOPELESS || (n->failures < 0 && counter_known(unreclaimable) && unreclaimable->last))
		return KSWAPD_HOPELESS_NODE;
	if (n->judged)
		return n->awake ? KSWAPD_RUNNING : KSWAPD_ASLEEP;
	if (!cpu->rated)
		return KSWAPD_UNKNOWN;
	return cpu->rate >= KSWAPD_RUNS_NS_PER_S ? KSWAPD_RUNNING : KSWAPD_ASLEEP;
}

static void tick(struct live_node *n, double seconds)
{
	for (int i = 0; i < NC_COUNT; i++)
		counter_tick(&n->counter[i], seconds);
	count_tick(&n->direct, seconds);
	count_tick(&n->throttled_us, seconds);
	for (int i = 0; i < 3; i++)
		count_tick(&n->extfrag[i], seconds);
	n->compacted_percent = n->compactions ? n->compacted * 100.0 / n->compactions : -1;
	n->compactions = n->compacted = 0;
	histogram_take(&n->histogram, &n->stalls);
}

void live_node_tick(struct live_model *m, double seconds)
{
	for (unsigned int i = 0; i <= LIVE_NODES; i++)
		if (m->state.nodes[i].seen)
			tick(&m->state.nodes[i], seconds);
}
