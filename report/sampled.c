// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampled.c - samples as curves: one table says which counter goes into which chart.
 *
 * A value is stored when it changed. So what a counter grew by came since its subject was last read, which is at most
 * about a period ago, or the time that the sampler was last held up; before that it stood still, and its rate was 0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/recording_state.h"
#include "spine/time.h"

#define PERIOD_NS	(NSEC_PER_SEC / 2)	/* of vmstat, PSI and kswapd's CPU, in collect/sampler.c */
#define CGROUP_PERIOD_NS NSEC_PER_SEC
#define RESTED(period_ns)	((period_ns) * 3 / 2)	/* so long without a change: it stood still */
#define PAGES		0			/* scale: from pages to bytes */

struct sample_rule {
	uint8_t		scope;		/* enum sample_scope */
	const char	*counter;
	enum chart	chart;
	enum curve_form	form;
	double		scale;
	const char	*name;		/* of the line; NULL: of the node */
};

static const struct sample_rule rules[] = {
	{ SCOPE_SYSTEM, "psi.memory.some.total", CHART_PSI, CURVE_RATE, 1e-4, "memory some" },
	{ SCOPE_SYSTEM, "psi.memory.full.total", CHART_PSI, CURVE_RATE, 1e-4, "memory full" },
	{ SCOPE_SYSTEM, "psi.io.some.total", CHART_PSI, CURVE_RATE, 1e-4, "io some" },
	{ SCOPE_SYSTEM, "psi.io.full.total", CHART_PSI, CURVE_RATE, 1e-4, "io full" },
	{ SCOPE_SYSTEM, "psi.cpu.some.total", CHART_PSI, CURVE_RATE, 1e-4, "cpu some" },
	{ SCOPE_SYSTEM, "pgscan_kswapd", CHART_SCAN, CURVE_RATE, 1, "scanned by kswapd" },
	{ SCOPE_SYSTEM, "pgscan_direct", CHART_SCAN, CURVE_RATE, 1, "scanned by tasks" },
	{ SCOPE_SYSTEM, "pgsteal_kswapd", CHART_SCAN, CURVE_RATE, 1, "reclaimed by kswapd" },
	{ SCOPE_SYSTEM, "pgsteal_direct", CHART_SCAN, CURVE_RATE, 1, "reclaimed by tasks" },
	{ SCOPE_SYSTEM, "workingset_refault_anon", CHART_REFAULT, CURVE_RATE, 1, "anon" },
	{ SCOPE_SYSTEM, "workingset_refault_file", CHART_REFAULT, CURVE_RATE, 1, "file" },
	{ SCOPE_SYSTEM, "compact_stall", CHART_COMPACT_COUNTERS, CURVE_RATE, 1, "attempts" },
	{ SCOPE_SYSTEM, "compact_fail", CHART_COMPACT_COUNTERS, CURVE_RATE, 1, "failed" },
	{ SCOPE_SYSTEM, "compact_success", CHART_COMPACT_COUNTERS, CURVE_RATE, 1, "succeeded" },
	{ SCOPE_SYSTEM, "pswpin", CHART_SWAP_IO, CURVE_RATE, 1, "pswpin" },
	{ SCOPE_SYSTEM, "pswpout", CHART_SWAP_IO, CURVE_RATE, 1, "pswpout" },
	{ SCOPE_SYSTEM, "zswpin", CHART_SWAP_IO, CURVE_RATE, 1, "zswpin" },
	{ SCOPE_SYSTEM, "zswpout", CHART_SWAP_IO, CURVE_RATE, 1, "zswpout" },
	{ SCOPE_SYSTEM, "zswpwb", CHART_SWAP_IO, CURVE_RATE, 1, "zswpwb" },
	{ SCOPE_SYSTEM, "Zswapped", CHART_ZSWAP, CURVE_STATE, 1, "stored" },
	{ SCOPE_SYSTEM, "Zswap", CHART_ZSWAP, CURVE_STATE, 1, "memory it takes" },
	{ SCOPE_NODE, "nr_free_pages", CHART_FREE, CURVE_STATE, PAGES, "free" },
	{ SCOPE_NODE, "nr_free_pages_blocks", CHART_FREE, CURVE_STATE, PAGES, "of these in whole pageblocks" },
	{ SCOPE_NODE, "kswapd_cpu_ns", CHART_KSWAPD_CPU, CURVE_RATE, 1e-7, NULL },
	{ SCOPE_NODE, "kcompactd_cpu_ns", CHART_KSWAPD_CPU, CURVE_RATE, 1e-7, NULL },
	{ SCOPE_NODE, "kswapd_failures", CHART_FAILURES, CURVE_STATE, 1, NULL },
};

#define NRULES		(sizeof(rules) / sizeof(rules[0]))
#define RULE_KEY_BYTES	40

struct sample_rule_entry {
	char			key[RULE_KEY_BYTES];	/* scope, counter */
	const struct sample_rule *rule;
	struct line		*system;
	struct line		*node[CHART_NODES];
	UT_hash_handle		hh;
};

static bool rule_key(uint8_t scope, const char *counter, char key[RULE_KEY_BYTES])
{
	size_t len = strlen(counter);

	if (len + 2 > RULE_KEY_BYTES)
		return false;
	key[0] = 'a' + scope;
	memcpy(key + 1, counter, len + 1);
	return true;
}

int recording_sampled_init(struct recording *r)
{
	r->nodes = calloc(CHART_NODES, sizeof(*r->nodes));
	if (!r->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < NRULES; i++) {
		struct sample_rule_entry *entry = calloc(1, sizeof(*entry));

		if (!entry)
			return -ENOMEM;
		entry->rule = &rules[i];
		rule_key(rules[i].scope, rules[i].counter, entry->key);
		HASH_ADD_STR(r->rules, key, entry);
	}
	return 0;
}

void recording_sampled_clear(struct recording *r)
{
	struct sample_rule_entry *entry, *next;
	struct cgroup_entry *cgroup, *next_cgroup;

	HASH_ITER(hh, r->rules, entry, next) {
		HASH_DEL(r->rules, entry);
		free(entry);
	}
	HASH_ITER(hh, r->cgroups, cgroup, next_cgroup) {
		HASH_DEL(r->cgroups, cgroup);
		free(cgroup->path);
		free(cgroup);
	}
	for (unsigned int i = 0; i < r->nsettings; i++) {
		free((char *)r->settings[i].name);
		free((char *)r->settings[i].unit);
	}
	free(r->nodes);
}

/* --- values --- */

/* Time spent, as a share of the time that went by: no more than that. */
static bool is_time(const struct line *line)
{
	return !strcmp(chart_table[line->chart].unit, "percent");
}

/* What came since the value before; @line remembers it. */
static void put_rate(struct recording *r, struct line *line, const struct sample *s, double scale, uint64_t period_ns)
{
	uint64_t since, gap = elapsed_ns(line->counter_ns, s->ts);
	double grown = line->counted && s->value > line->counter ? (double)s->value - line->counter : 0;
	double rate, spent_ns = is_time(line) ? grown * scale / 100 * NSEC_PER_SEC : 0;
	uint64_t usual_ns = period_ns;

	if (line->counted && gap) {
		period_ns = r->vmstat_gap_ns > period_ns ? r->vmstat_gap_ns : period_ns;
		since = gap <= RESTED(period_ns) ? gap : period_ns;
		/* The sampler was held up, or what copied the file: it was not read when its stamp says. */
		if (since < spent_ns)
			since = spent_ns < gap ? spent_ns : gap;
		rate = grown / ns_to_s(since) * scale;
		rate = is_time(line) && rate > 100 ? 100 : rate;
		if (gap > since) {
			if (line->counter_ns + period_ns < s->ts - since)
				curve_value(&line->curve, &r->grid, line->counter_ns + period_ns, 0);
			curve_value(&line->curve, &r->grid, s->ts - since, 0);
		}
		/* Copies of files are far apart: what they tell is of the time before them. */
		if (since > RESTED(usual_ns))
			curve_value(&line->curve, &r->grid, s->ts - since + 1, rate);
		curve_value(&line->curve, &r->grid, s->ts, rate);
	}
	line->period_ns = period_ns;
	line->counter = s->value;
	line->counter_ns = s->ts;
	line->counted = true;
}

static struct line *node_line(struct recording *r, struct sample_rule_entry *entry, int node)
{
	const struct sample_rule *rule = entry->rule;
	bool of_node = chart_table[rule->chart].of_node;
	char name[64];

	if (!recording_node(r, node))
		return NULL;
	if (entry->node[node])
		return entry->node[node];
	if (rule->name)
		snprintf(name, sizeof(name), "%s", rule->name);
	else if (rule->form == CURVE_RATE)
		snprintf(name, sizeof(name), "%.*s%d", (int)strcspn(rule->counter, "_"), rule->counter, node);
	else
		snprintf(name, sizeof(name), "node %d", node);
	if (rule->chart == CHART_FAILURES) {
		if (!r->nodes[node].failures)
			r->nodes[node].failures = recording_add_line(r, rule->chart, -1, name, rule->form);
		entry->node[node] = r->nodes[node].failures;
	} else if (!strcmp(rule->counter, "nr_free_pages")) {
		struct line **line = &r->nodes[node].watermark[WATERMARK_FREE];

		if (!*line)
			*line = recording_add_line(r, rule->chart, node, name, rule->form);
		r->nodes[node].free_told = true;
		entry->node[node] = *line;
	} else {
		entry->node[node] = recording_add_line(r, rule->chart, of_node ? node : -1, name, rule->form);
	}
	return entry->node[node];
}

static struct line *system_line(struct recording *r, struct sample_rule_entry *entry)
{
	if (!entry->system)
		entry->system = recording_add_line(r, entry->rule->chart, -1, entry->rule->name, entry->rule->form);
	return entry->system;
}

static void apply_rule(struct recording *r, struct sample_rule_entry *entry, const struct sample *s)
{
	const struct sample_rule *rule = entry->rule;
	struct line *line = s->scope == SCOPE_NODE ? node_line(r, entry, s->node) : system_line(r, entry);

	if (!line)
		return;
	if (rule->form == CURVE_RATE)
		put_rate(r, line, s, rule->scale, PERIOD_NS);
	else
		curve_value(&line->curve, &r->grid, s->ts, (double)s->value * (rule->scale ?: r->page_bytes));
}

/* --- zones --- */

static const char *const watermark_names[WATERMARKS] = {
	[WATERMARK_FREE] = "free", [WATERMARK_MIN] = "min", [WATERMARK_LOW] = "low", [WATERMARK_HIGH] = "high",
};

/* The zones of one read come one after the other: their sum is right when the next read begins. */
static void put_watermarks(struct recording *r)
{
	for (int nid = 0; nid < CHART_NODES; nid++) {
		struct node_entry *n = &r->nodes[nid];

		if (!n->watermarks_changed)
			continue;
		n->watermarks_changed = false;
		for (int w = 0; w < WATERMARKS; w++) {
			double sum = 0;
			bool told = false;

			for (unsigned int z = 0; z < n->nzones; z++) {
				told |= n->zones[z].told[w];
				sum += n->zones[z].empty ? 0 : n->zones[z].value[w];
			}
			if (w == WATERMARK_FREE && n->free_told)
				continue;
			if (told && !n->watermark[w])
				n->watermark[w] =
					recording_add_line(r, CHART_FREE, nid, watermark_names[w], CURVE_STATE);
			if (n->watermark[w])
				curve_value(&n->watermark[w]->curve, &r->grid, r->zones_ns, sum * r->page_bytes);
		}
	}
}

static struct zone_entry *zone_of(struct node_entry *n, const char *name, size_t len)
{
	for (unsigned int z = 0; z < n->nzones; z++)
		if (!strncmp(n->zones[z].name, name, len) && !n->zones[z].name[len])
			return &n->zones[z];
	if (n->nzones == ZONES_MAX || len >= sizeof(n->zones[0].name))
		return NULL;
	memcpy(n->zones[n->nzones].name, name, len);
	return &n->zones[n->nzones++];
}

/* zone.Normal.low */
static void on_zone(struct recording *r, const struct sample *s)
{
	struct node_entry *n = recording_node(r, s->node);
	struct zone_entry *zone;
	const char *dot;

	if (!n || strncmp(s->name, "zone.", 5))
		return;
	if (s->ts != r->zones_ns)
		put_watermarks(r);
	r->zones_ns = s->ts;
	dot = strchr(s->name + 5, '.');
	if (dot && !strcmp(dot, ".managed")) {
		zone = zone_of(n, s->name + 5, dot - s->name - 5);
		if (zone)
			zone->empty = !s->value;
	}
	for (int w = 0; dot && w < WATERMARKS; w++) {
		if (strcmp(dot + 1, watermark_names[w]))
			continue;
		zone = zone_of(n, s->name + 5, dot - s->name - 5);
		if (zone) {
			zone->value[w] = s->value;
			zone->told[w] = true;
		}
		n->watermarks_changed |= zone != NULL;
	}
}

/* --- devices --- */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && !strcmp(text + len - n, end);
}

static struct line *named_line(struct recording *r, enum chart chart, const char *name)
{
	for (unsigned int i = 0; i < r->nlines; i++)
		if (r->lines[i]->chart == chart && !strcmp(r->lines[i]->name, name))
			return r->lines[i];
	return recording_add_line(r, chart, -1, name, CURVE_STATE);
}

static void on_device(struct recording *r, const struct sample *s)
{
	static const struct {
		const char	*start, *end;
		enum chart	chart;
		const char	*name;
	} forms[] = {
		{ "swap.", ".used", CHART_SWAP, "" }, { "zram", ".orig_data_size", CHART_ZRAM, " stored" },
		{ "zram", ".compr_data_size", CHART_ZRAM, " compressed" },
		{ "zram", ".mem_used_total", CHART_ZRAM, " memory it takes" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t skip = forms[i].chart == CHART_SWAP ? strlen(forms[i].start) : 0;
		char name[256];
		struct line *line;

		if (strncmp(s->name, forms[i].start, strlen(forms[i].start)) || !ends_with(s->name, forms[i].end))
			continue;
		snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(s->name) - skip - strlen(forms[i].end)),
			 s->name + skip, forms[i].name);
		line = named_line(r, forms[i].chart, name);
		if (line)
			curve_value(&line->curve, &r->grid, s->ts, s->value);
	}
}

/* --- cgroups --- */

/* What a counter grew by, added to @sum, which is -1 until the first value. */
static double grow(double *sum, int64_t *before, int64_t value)
{
	double more = *before >= 0 && value > *before ? (double)value - *before : 0;

	*sum = (*sum < 0 ? 0 : *sum) + more;
	*before = value;
	return more;
}

static struct line *cgroup_line(struct recording *r, struct line **line, enum chart chart, enum curve_form form,
				const struct cgroup_entry *c, const char *suffix)
{
	char id[32], name[4096];

	if (*line)
		return *line;
	snprintf(id, sizeof(id), "cgroup %llu", (unsigned long long)c->sums.id);
	snprintf(name, sizeof(name), "%s%s", c->path ?: id, suffix);
	*line = recording_add_line(r, chart, -1, name, form);
	return *line;
}

/* A line begins when its counter first moves: most cgroups are quiet. @before: the value until then, -1 not known. */
static void put_cgroup_rate(struct recording *r, struct line *line, const struct sample *s, int64_t before,
			    double scale)
{
	if (!line->counted && before >= 0) {
		line->counter = before;
		line->counter_ns = elapsed_ns(CGROUP_PERIOD_NS, s->ts);
		line->counted = true;
	}
	put_rate(r, line, s, scale, CGROUP_PERIOD_NS);
}

static void cgroup_psi(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	int64_t before = c->some;
	double more = grow(&c->sums.some_us, &c->some, s->value);
	struct line *line = more || c->psi ? cgroup_line(r, &c->psi, CHART_CGROUP_PSI, CURVE_RATE, c, "") : NULL;

	if (!line)
		return;
	put_cgroup_rate(r, line, s, before, 1e-4);
	line->curve.sum = c->sums.some_us;
}

static void cgroup_full(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	grow(&c->sums.full_us, &c->full, s->value);
}

static void cgroup_current(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	struct line *line = cgroup_line(r, &c->memory, CHART_CGROUP_MEMORY, CURVE_STATE, c, "");

	if (c->sums.first_bytes < 0)
		c->sums.first_bytes = s->value;
	c->sums.last_bytes = s->value;
	if (s->value > c->sums.peak_bytes)
		c->sums.peak_bytes = s->value;
	if (line)
		curve_value(&line->curve, &r->grid, s->ts, s->value);
}

static void cgroup_hit(struct recording *r, struct cgroup_entry *c, const struct sample *s, int which)
{
	static const char *const limits[] = { "", " high", " max" };
	int64_t before = c->hit[which];
	double more = grow(&c->sums.limit_hits, &c->hit[which], s->value);
	struct line **slot = &c->limit[which], *line;

	line = more || *slot ? cgroup_line(r, slot, CHART_CGROUP_LIMIT, CURVE_RATE, c, limits[which]) : NULL;
	if (!line)
		return;
	put_cgroup_rate(r, line, s, before, 1);
	line->curve.sum += more;
}

static void cgroup_failcnt(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	cgroup_hit(r, c, s, 0);
}

static void cgroup_high(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	cgroup_hit(r, c, s, 1);
}

static void cgroup_max(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	cgroup_hit(r, c, s, 2);
}

static void cgroup_kill(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	grow(&c->sums.oom_kills, &c->oom_kill, s->value);
}

static void cgroup_refault_anon(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	grow(&c->sums.refaults, &c->refault_anon, s->value);
}

static void cgroup_refault_file(struct recording *r, struct cgroup_entry *c, const struct sample *s)
{
	grow(&c->sums.refaults, &c->refault_file, s->value);
}

static void on_cgroup(struct recording *r, const struct sample *s)
{
	static const struct {
		const char	*name;
		void (*put)(struct recording *r, struct cgroup_entry *c, const struct sample *s);
	} counters[] = {
		{ "psi.memory.some.total", cgroup_psi }, { "psi.memory.full.total", cgroup_full },
		{ "memory.current", cgroup_current }, { "memory.failcnt", cgroup_failcnt },
		{ "memory.events.high", cgroup_high }, { "memory.events.max", cgroup_max },
		{ "memory.events.oom_kill", cgroup_kill }, { "workingset_refault_anon", cgroup_refault_anon },
		{ "workingset_refault_file", cgroup_refault_file },
	};
	struct cgroup_entry *c;

	if (s->node >= 0)
		return;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (strcmp(s->name, counters[i].name))
			continue;
		c = recording_cgroup_entry(r, s->cgroup_id);
		if (c)
			counters[i].put(r, c, s);
		return;
	}
}

/* --- settings --- */

static bool is_setting(const struct sample *s)
{
	return s->scope == SCOPE_SYSTEM &&
	       (!strncmp(s->name, "vm.", 3) || !strcmp(s->name, "MemTotal") || !strcmp(s->name, "SwapTotal"));
}

static void on_setting(struct recording *r, const struct sample *s)
{
	struct sampled_setting *set;

	for (unsigned int i = 0; i < r->nsettings; i++) {
		if (strcmp(r->settings[i].name, s->name))
			continue;
		r->settings[i].last = s->value;
		return;
	}
	if (r->nsettings == SETTINGS_MAX)
		return;
	set = &r->settings[r->nsettings];
	*set = (struct sampled_setting){ strdup(s->name), strdup(s->unit), s->value, s->value };
	r->nsettings += set->name && set->unit;
}

/* Something of vmstat changes at every read. */
static void note_vmstat(struct recording *r, const struct sample *s)
{
	if (s->scope != SCOPE_SYSTEM || *s->name < 'a' || *s->name > 'z' || strchr(s->name, '.') ||
	    s->ts <= r->vmstat_ns)
		return;
	r->vmstat_gap_ns = r->vmstat_ns ? s->ts - r->vmstat_ns : 0;
	r->vmstat_ns = s->ts;
}

int recording_sample(struct recording *r, const struct sample *s)
{
	struct sample_rule_entry *entry = NULL;
	char key[RULE_KEY_BYTES];

	r->samples++;
	grid_at(&r->grid, s->ts);
	note_vmstat(r, s);
	if (s->scope == SCOPE_ZONE) {
		on_zone(r, s);
	} else if (s->scope == SCOPE_CGROUP) {
		on_cgroup(r, s);
	} else if (s->scope == SCOPE_DEVICE) {
		on_device(r, s);
	} else if (is_setting(s)) {
		on_setting(r, s);
	} else if (rule_key(s->scope, s->name, key)) {
		HASH_FIND_STR(r->rules, key, entry);
		if (entry)
			apply_rule(r, entry, s);
	}
	return r->error;
}

/* What has not changed since stood still to the end, or held. */
void recording_sampled_end(struct recording *r)
{
	put_watermarks(r);
	for (unsigned int i = 0; i < r->nlines; i++) {
		struct line *line = r->lines[i];
		uint64_t end_ns = r->grid.end_ns;

		if (line->curve.form == CURVE_STATE && line->curve.values && line->chart != CHART_RETRY_FREE)
			curve_value(&line->curve, &r->grid, end_ns, line->curve.last);
		if (line->curve.form == CURVE_RATE && line->counted &&
		    (elapsed_ns(line->counter_ns, end_ns) > RESTED(line->period_ns) ||
		     elapsed_ns(line->counter_ns, r->vmstat_ns) >= line->period_ns)) {
			curve_value(&line->curve, &r->grid, line->counter_ns + line->period_ns, 0);
			curve_value(&line->curve, &r->grid, end_ns, 0);
		}
	}
}
