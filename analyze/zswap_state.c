// SPDX-License-Identifier: GPL-2.0-only
/*
 * zswap_state.c - see zswap_state.h. Names are those of collect/sampler.h; each kind of counter is one table.
 */
#include "analyze/zswap_state.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "spine/time.h"

#define PAGE_BYTES_DEFAULT	4096
#define VALUE_MAX		(1ll << 50)	/* more is damage; sums of so many cgroups and slots stay below 2^63 */
#define LOOK_NS			NSEC_PER_SEC	/* zswap is sampled once a second */
#define TOP_SHARE		0.9		/* of the most: a parent has hardly more than the child that it is about */
#define EFFICACY_FLOW		4		/* pages stored and loaded for each written one, at most */
#define PERCENT_MAX		100

static const char *const counter_names[ZSWAP_COUNTERS] = {
	[ZSWAP_STORED] = "zswpout",
	[ZSWAP_LOADED] = "zswpin",
	[ZSWAP_WRITTEN] = "zswpwb",
	[ZSWAP_WRITTEN_DEBUGFS] = "zswap.written_back_pages",
	[ZSWAP_SWAP_OUT] = "pswpout",
	[ZSWAP_SWAP_IN] = "pswpin",
	[ZSWAP_HITS] = "zswap.pool_limit_hit",
	[ZSWAP_POOR] = "zswap.reject_compress_poor",
	[ZSWAP_FAIL] = "zswap.reject_compress_fail",
	[ZSWAP_ALLOC_FAIL] = "zswap.reject_alloc_fail",
	[ZSWAP_KMEMCACHE_FAIL] = "zswap.reject_kmemcache_fail",
	[ZSWAP_IO_US] = "psi.io.some.total",
	[ZSWAP_MEMORY_US] = "psi.memory.some.total",
	[ZSWAP_THP_OUT] = "thp_swpout",
	[ZSWAP_AHEAD] = "swap_ra",
	[ZSWAP_AHEAD_USED] = "swap_ra_hit",
	[ZSWAP_POOL] = "zswap.pool_total_size",
	[ZSWAP_POOL_MEMINFO] = "Zswap",
	[ZSWAP_ORIGINAL] = "Zswapped",
	[ZSWAP_MEM_TOTAL] = "MemTotal",
	[ZSWAP_SWAP_TOTAL] = "SwapTotal",
	[ZSWAP_SWAP_FREE] = "SwapFree",
};

static const char *const cgroup_names[ZSWAP_CG_COUNTERS] = {
	[ZSWAP_CG_STORED] = "zswpout",
	[ZSWAP_CG_LOADED] = "zswpin",
	[ZSWAP_CG_WRITTEN] = "zswpwb",
	[ZSWAP_CG_SWAP_IN] = "pswpin",
	[ZSWAP_CG_MEMORY_US] = "psi.memory.some.total",
	[ZSWAP_CG_POOL] = "zswap",
	[ZSWAP_CG_ORIGINAL] = "zswapped",
	[ZSWAP_CG_CURRENT] = "memory.current",
	[ZSWAP_CG_WRITEBACK] = "memory.zswap.writeback",
};

static const struct {
	const char	*key;
	size_t		at;
	bool		is_switch;	/* Y or N, else percent */
} setting_table[] = {
	{ "zswap.enabled", offsetof(struct zswap_settings, enabled), true },
	{ "zswap.shrinker_enabled", offsetof(struct zswap_settings, shrinker), true },
	{ "zswap.max_pool_percent", offsetof(struct zswap_settings, max_pool_percent), false },
	{ "zswap.accept_threshold_percent", offsetof(struct zswap_settings, accept_percent), false },
};

#define SETTINGS	((int)(sizeof(setting_table) / sizeof(setting_table[0])))

static const struct zswap_settings nothing_told = { -1, -1, -1, -1 };

static int name_index(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static void set(struct counter *c, int64_t value)
{
	*c = (struct counter){ value < 0 ? 0 : value > VALUE_MAX ? VALUE_MAX : value, true };
}

/* --- settings --- */

static void apply(struct zswap_state *s, int setting, int value)
{
	if (!s->told_settings)
		s->settings = nothing_told;
	s->told_settings = true;
	*(int *)((char *)&s->settings + setting_table[setting].at) = value;
}

static void apply_changes(struct zswap_state *s, uint64_t ts)
{
	int kept = 0;

	for (int i = 0; i < s->nchanges; i++) {
		if (s->change[i].ts <= ts)
			apply(s, s->change[i].setting, s->change[i].value);
		else
			s->change[kept++] = s->change[i];
	}
	s->nchanges = kept;
}

/* "Y", "N", "20"; -1: neither. */
static int setting_value(int setting, const char *text)
{
	char *end;
	long n;

	if (setting_table[setting].is_switch)
		return *text == 'Y' || *text == '1' ? 1 : *text == 'N' || *text == '0' ? 0 : -1;
	n = strtol(text, &end, 10);
	return end == text || n < 0 || n > PERCENT_MAX ? -1 : n;
}

/* Kept in order of time: a store tells all of them at its beginning, by key. */
static void note_change(struct zswap_state *s, uint64_t ts, int setting, int value)
{
	int i;

	if (s->nchanges == ZSWAP_CHANGES_MAX)
		s->nchanges--;
	for (i = s->nchanges++; i > 0 && s->change[i - 1].ts > ts; i--)
		s->change[i] = s->change[i - 1];
	s->change[i] = (struct zswap_change){ ts, setting, value };
}

void zswap_state_meta(struct zswap_state *s, const char *key, const char *value)
{
	for (int i = 0; i < SETTINGS; i++) {
		size_t len = strlen(setting_table[i].key);

		if (strncmp(key, setting_table[i].key, len) || (key[len] && key[len] != '@'))
			continue;
		if (key[len])
			note_change(s, strtoull(key + len + 1, NULL, 10), i, setting_value(i, value));
		else
			apply(s, i, setting_value(i, value));
		return;
	}
	if (!strcmp(key, "page_size")) {
		long bytes = strtol(value, NULL, 10);

		if (bytes >= 4096 && bytes <= 65536)
			s->page_bytes = bytes;
	}
}

struct zswap_settings zswap_state_settings(const struct zswap_state *s)
{
	return s->told_settings ? s->settings : nothing_told;
}

uint64_t zswap_state_page_bytes(const struct zswap_state *s)
{
	return s->page_bytes ?: PAGE_BYTES_DEFAULT;
}

/* --- levels --- */

bool zswap_has_counter(const struct zswap_state *s, enum zswap_counter which)
{
	return s->now[which].known;
}

bool zswap_state_pool(const struct zswap_state *s, int64_t *out)
{
	const struct counter *pool = &s->now[s->now[ZSWAP_POOL].known ? ZSWAP_POOL : ZSWAP_POOL_MEMINFO];

	*out = pool->value;
	return pool->known;
}

/* As zswap_max_pages(), which counts in whole pages. */
bool zswap_state_limit(const struct zswap_state *s, int64_t *out)
{
	int64_t page = zswap_state_page_bytes(s);
	int percent = zswap_state_settings(s).max_pool_percent;

	*out = s->now[ZSWAP_MEM_TOTAL].value / page * (percent < 0 ? 0 : percent) / 100 * page;
	return s->now[ZSWAP_MEM_TOTAL].known && percent >= 0 && *out > 0;
}

const char *zswap_state_lacks(const struct zswap_state *s)
{
	return s->now[ZSWAP_MEM_TOTAL].known ? NULL :
	       "no samples in the recording (squall record takes the counters of swap and zswap; a trace alone does not "
	       "have them)";
}

/* --- flow --- */

/* What was counted since the last look, and where the pool stands. */
static void flow_look(const struct zswap_state *s, struct zswap_flow *f)
{
	int64_t pool, limit;

	f->end_ns = s->last_ns > f->end_ns ? s->last_ns : f->end_ns;
	for (int i = 0; i < ZSWAP_GROWING; i++)
		if (s->before[i].known && s->now[i].value > s->before[i].value)
			f->grown[i] += s->now[i].value - s->before[i].value;
	if (!zswap_state_pool(s, &pool))
		return;
	if (f->pool_first < 0)
		f->pool_first = pool;
	f->pool_last = pool;
	if (pool >= f->pool_peak) {
		f->pool_peak = pool;
		f->ratio = pool ? (double)s->now[ZSWAP_ORIGINAL].value / pool : 0;
	}
	if (zswap_state_limit(s, &limit)) {
		double fill = (double)pool / limit;

		if (f->fill_min < 0 || fill < f->fill_min)
			f->fill_min = fill;
		if (fill > f->fill_max)
			f->fill_max = fill;
	}
}

static struct zswap_flow flow_from(uint64_t ts, int64_t pool)
{
	return (struct zswap_flow){ .start_ns = ts, .end_ns = ts, .fill_min = -1, .fill_max = -1, .pool_first = pool };
}

static void note_disk_first(struct zswap_state *s)
{
	const struct counter *total = &s->now[ZSWAP_SWAP_TOTAL], *free = &s->now[ZSWAP_SWAP_FREE];

	if (!s->disk_first.known && total->known && free->known && s->now[ZSWAP_ORIGINAL].known)
		set(&s->disk_first, (total->value - free->value - s->now[ZSWAP_ORIGINAL].value) /
				    (int64_t)zswap_state_page_bytes(s));
}

static void look(struct zswap_state *s)
{
	note_disk_first(s);
	flow_look(s, &s->open);
	for (int i = 0; i < ZSWAP_GROWING; i++)
		if (s->now[i].known)
			s->before[i] = s->now[i];
}

struct zswap_flow zswap_state_open(const struct zswap_state *s)
{
	struct zswap_flow f = s->open;

	flow_look(s, &f);
	return f;
}

void zswap_flow_add(struct zswap_flow *sum, const struct zswap_flow *slot)
{
	if (!sum->end_ns) {
		*sum = *slot;
		return;
	}
	sum->end_ns = slot->end_ns;
	for (int i = 0; i < ZSWAP_GROWING; i++)
		sum->grown[i] += slot->grown[i];
	if (sum->fill_min < 0 || (slot->fill_min >= 0 && slot->fill_min < sum->fill_min))
		sum->fill_min = slot->fill_min;
	if (slot->fill_max > sum->fill_max)
		sum->fill_max = slot->fill_max;
	if (sum->pool_first < 0)
		sum->pool_first = slot->pool_first;
	sum->pool_last = slot->pool_last;
	if (slot->pool_peak >= sum->pool_peak) {
		sum->pool_peak = slot->pool_peak;
		sum->ratio = slot->ratio;
	}
}

double zswap_flow_s(const struct zswap_flow *f)
{
	return ns_to_s(elapsed_ns(f->start_ns, f->end_ns));
}

double zswap_flow_share(const struct zswap_flow *f, enum zswap_counter us)
{
	double span_s = zswap_flow_s(f);

	return span_s > 0 ? f->grown[us] / 1e6 / span_s : 0;
}

double zswap_flow_stored_pages(const struct zswap_state *s, const struct zswap_flow *f)
{
	return f->pool_peak * f->ratio / zswap_state_page_bytes(s);
}

bool zswap_counts_written(const struct zswap_state *s)
{
	return s->now[ZSWAP_WRITTEN].known || s->now[ZSWAP_WRITTEN_DEBUGFS].known;
}

int64_t zswap_flow_written(const struct zswap_state *s, const struct zswap_flow *f)
{
	return f->grown[s->now[ZSWAP_WRITTEN].known ? ZSWAP_WRITTEN : ZSWAP_WRITTEN_DEBUGFS];
}

int64_t zswap_flow_direct(const struct zswap_state *s, const struct zswap_flow *f)
{
	int64_t direct = f->grown[ZSWAP_SWAP_OUT] - zswap_flow_written(s, f);

	return direct > 0 ? direct : 0;
}

int64_t zswap_flow_refused(const struct zswap_flow *f)
{
	return f->grown[ZSWAP_POOR] + f->grown[ZSWAP_FAIL] + f->grown[ZSWAP_ALLOC_FAIL] + f->grown[ZSWAP_KMEMCACHE_FAIL];
}

bool zswap_state_disk_first(const struct zswap_state *s, int64_t *pages)
{
	*pages = s->disk_first.value;
	return s->disk_first.known;
}

bool zswap_flow_ahead_unused(const struct zswap_state *s, const struct zswap_flow *f, int64_t *pages)
{
	*pages = f->grown[ZSWAP_AHEAD] - f->grown[ZSWAP_AHEAD_USED];
	if (*pages < 0)
		*pages = 0;
	return s->now[ZSWAP_AHEAD].known && s->now[ZSWAP_AHEAD_USED].known;
}

/* @shrunk: bytes that the pool lost. */
static bool efficacy(double shrunk, int64_t stored, int64_t loaded, int64_t written, double page_compressed, double *out)
{
	if (written <= 0 || page_compressed <= 0 || stored + loaded > written * EFFICACY_FLOW)
		return false;
	*out = (shrunk + (stored - loaded) * page_compressed) / (written * page_compressed);
	return true;
}

bool zswap_flow_efficacy(const struct zswap_state *s, const struct zswap_flow *f, double *out)
{
	if (f->ratio <= 0 || f->pool_first < 0)
		return false;
	return efficacy(f->pool_first - f->pool_last, f->grown[ZSWAP_STORED], f->grown[ZSWAP_LOADED],
			zswap_flow_written(s, f), zswap_state_page_bytes(s) / f->ratio, out);
}

/* --- slots --- */

static void cgroup_sample(struct zswap_state *s, const struct sample *sample);

/* The first value of a counter that grows is where its growth begins, also when more come before the next look. */
static void system_counter(struct zswap_state *s, int i, int64_t value)
{
	bool first = !s->now[i].known;

	set(&s->now[i], value);
	if (first && i < ZSWAP_GROWING)
		s->before[i] = s->now[i];
}

const struct zswap_flow *zswap_state_sample(struct zswap_state *s, const struct sample *sample)
{
	const struct zswap_flow *done = NULL;
	int i;

	if (!s->begun) {
		s->begun = true;
		s->look_ns = s->mark_ns = s->until_ns = sample->ts;
		s->open = flow_from(sample->ts, -1);
	}
	if (sample->ts >= s->look_ns + LOOK_NS) {	/* samples of one time come one by one: those of the last are complete */
		look(s);
		s->look_ns = sample->ts;
		if (elapsed_ns(s->open.start_ns, s->open.end_ns) >= ZSWAP_SLOT_NS) {
			s->done = s->open;
			s->open = flow_from(s->done.end_ns, s->done.pool_last);
			done = &s->done;
		}
	}
	if (s->nchanges)
		apply_changes(s, sample->ts);
	s->last_ns = sample->ts > s->last_ns ? sample->ts : s->last_ns;
	if (sample->scope == SCOPE_CGROUP) {
		cgroup_sample(s, sample);
	} else if (sample->scope == SCOPE_SYSTEM) {
		i = name_index(counter_names, ZSWAP_COUNTERS, sample->name);
		if (i >= 0)
			system_counter(s, i, sample->value);
	}
	return done;
}

void zswap_window_push(struct zswap_window *w, const struct zswap_flow *slot)
{
	w->slot[w->n++ % ZSWAP_WINDOW_SLOTS] = *slot;
}

bool zswap_window_sum(const struct zswap_window *w, uint64_t ns, struct zswap_flow *sum)
{
	unsigned int have = w->n < ZSWAP_WINDOW_SLOTS ? w->n : ZSWAP_WINDOW_SLOTS, first = w->n;
	uint64_t took_ns = 0;

	while (w->n - first < have && took_ns < ns) {
		const struct zswap_flow *slot = &w->slot[--first % ZSWAP_WINDOW_SLOTS];

		took_ns += elapsed_ns(slot->start_ns, slot->end_ns);
	}
	*sum = (struct zswap_flow){ 0 };
	for (unsigned int i = first; i != w->n; i++)
		zswap_flow_add(sum, &w->slot[i % ZSWAP_WINDOW_SLOTS]);
	return took_ns >= ns;
}

/* --- cgroups --- */

static bool is_denied(const struct zswap_cgroup *cg)
{
	return cg->now[ZSWAP_CG_WRITEBACK].known && !cg->now[ZSWAP_CG_WRITEBACK].value;
}

static struct zswap_cgroup *cgroup_find(struct zswap_state *s, uint64_t id)
{
	for (int i = 0; i < s->ncgroups; i++)
		if (s->cgroup[i].id == id)
			return &s->cgroup[i];
	return NULL;
}

/* One that holds nothing and forbids nothing gives way. */
static struct zswap_cgroup *cgroup_add(struct zswap_state *s, uint64_t id)
{
	struct zswap_cgroup *cg = NULL;

	if (s->ncgroups < ZSWAP_CGROUPS_MAX)
		cg = &s->cgroup[s->ncgroups++];
	for (int i = 0; i < s->ncgroups && !cg; i++)
		if (!s->cgroup[i].now[ZSWAP_CG_POOL].value && !is_denied(&s->cgroup[i]))
			cg = &s->cgroup[i];
	if (!cg) {
		s->cgroups_left_out++;
		return NULL;
	}
	*cg = (struct zswap_cgroup){ .id = id };
	return cg;
}

/* Only cgroups of which memory.stat was read, or that forbid something, are kept. */
static void cgroup_sample(struct zswap_state *s, const struct sample *sample)
{
	int i = name_index(cgroup_names, ZSWAP_CG_COUNTERS, sample->name);
	struct zswap_cgroup *cg;

	if (i < 0 && strcmp(sample->name, SAMPLE_CGROUP_REMOVED))
		return;
	cg = cgroup_find(s, sample->cgroup_id);
	if (i < 0) {
		if (cg)
			*cg = s->cgroup[--s->ncgroups];
		return;
	}
	if (!cg && (i == ZSWAP_CG_POOL || (i == ZSWAP_CG_WRITEBACK && !sample->value)))
		cg = cgroup_add(s, sample->cgroup_id);
	if (!cg)
		return;
	if (!cg->now[i].known) {
		set(&cg->now[i], sample->value);
		cg->mark[i] = cg->until[i] = cg->now[i].value;
	}
	set(&cg->now[i], sample->value);
}

void zswap_state_extend(struct zswap_state *s)
{
	s->until_ns = s->open.start_ns;		/* the slot that was handed out ends there */
	for (int i = 0; i < s->ncgroups; i++)
		for (int k = 0; k < ZSWAP_CG_COUNTERS; k++)
			s->cgroup[i].until[k] = s->cgroup[i].now[k].value;
}

void zswap_state_mark(struct zswap_state *s)
{
	zswap_state_extend(s);
	s->mark_ns = s->until_ns;
	for (int i = 0; i < s->ncgroups; i++)
		memcpy(s->cgroup[i].mark, s->cgroup[i].until, sizeof(s->cgroup[i].mark));
}

double zswap_state_cgroup_s(const struct zswap_state *s)
{
	return ns_to_s(elapsed_ns(s->mark_ns, s->until_ns));
}

int64_t zswap_cgroup_growth(const struct zswap_cgroup *cg, enum zswap_cgroup_counter which)
{
	int64_t grown = cg->until[which] - cg->mark[which];

	return grown > 0 ? grown : 0;
}

static int64_t cgroup_amount(const struct zswap_cgroup *cg, enum zswap_cgroup_counter which)
{
	return which < ZSWAP_CG_GROWING ? zswap_cgroup_growth(cg, which) : cg->until[which];
}

/* The most that any has, but less than @bound. */
static int64_t most_below(const struct zswap_state *s, enum zswap_cgroup_counter which, double bound)
{
	int64_t most = 0;

	for (int i = 0; i < s->ncgroups; i++) {
		int64_t amount = cgroup_amount(&s->cgroup[i], which);

		if (amount < bound && amount > most)
			most = amount;
	}
	return most;
}

int zswap_state_top(const struct zswap_state *s, enum zswap_cgroup_counter which, const struct zswap_cgroup **out, int max)
{
	double bound = INFINITY;
	int n = 0;

	for (int64_t most; n < max && (most = most_below(s, which, bound)); n++) {
		out[n] = NULL;
		for (int i = 0; i < s->ncgroups; i++) {
			const struct zswap_cgroup *cg = &s->cgroup[i];
			int64_t amount = cgroup_amount(cg, which);

			if (amount < bound && amount >= most * TOP_SHARE && (!out[n] || cg->id > out[n]->id))
				out[n] = cg;
		}
		bound = most * TOP_SHARE;
	}
	return n;
}

bool zswap_cgroup_efficacy(const struct zswap_state *s, const struct zswap_cgroup *cg, double *out)
{
	int64_t before = cg->mark[ZSWAP_CG_POOL], after = cg->until[ZSWAP_CG_POOL];
	bool shrank = before >= after;
	int64_t compressed = shrank ? before : after;
	int64_t original = (shrank ? cg->mark : cg->until)[ZSWAP_CG_ORIGINAL];

	if (compressed <= 0 || original <= 0)
		return false;
	return efficacy(before - after, zswap_cgroup_growth(cg, ZSWAP_CG_STORED), zswap_cgroup_growth(cg, ZSWAP_CG_LOADED),
			zswap_cgroup_growth(cg, ZSWAP_CG_WRITTEN),
			zswap_state_page_bytes(s) * ((double)compressed / original), out);
}

double zswap_cgroup_step(const struct zswap_cgroup *cg, double span_s, double share, double target)
{
	double waited_s = zswap_cgroup_growth(cg, ZSWAP_CG_MEMORY_US) / 1e6;
	double room = span_s > 0 && target > 0 ? 1 - waited_s / span_s / target : 0;

	if (!cg->now[ZSWAP_CG_CURRENT].known)
		return -1;
	return room > 0 ? cg->now[ZSWAP_CG_CURRENT].value * share * room : 0;
}

bool zswap_state_any_denied(const struct zswap_state *s)
{
	for (int i = 0; i < s->ncgroups; i++)
		if (is_denied(&s->cgroup[i]))
			return true;
	return false;
}

static bool is_above(const char *above, const char *path)
{
	size_t len = strlen(above);

	while (len && above[len - 1] == '/')
		len--;
	return *above && *path && strlen(path) > len && !strncmp(above, path, len) && path[len] == '/';
}

/* One above it forbids writing back. */
static bool is_below_denied(const struct zswap_state *s, const struct zswap_cgroup *cg, zswap_path_fn path_of,
			    void *ctx)
{
	const char *path = path_of(ctx, cg->id);

	for (int i = 0; *path && i < s->ncgroups; i++)
		if (is_denied(&s->cgroup[i]) && is_above(path_of(ctx, s->cgroup[i].id), path))
			return true;
	return false;
}

struct zswap_holders zswap_state_holders(const struct zswap_state *s, zswap_path_fn path_of, void *ctx)
{
	struct zswap_holders h = { 0 };
	int64_t largest = 0;
	bool paths = true;

	for (int i = 0; i < s->ncgroups; i++) {
		const struct zswap_cgroup *cg = &s->cgroup[i];
		int64_t pool = cg->now[ZSWAP_CG_POOL].value;
		bool denied = is_denied(cg), below;

		if (pool <= 0)
			continue;
		h.holders++;
		below = is_below_denied(s, cg, path_of, ctx);
		h.denied += denied || below;
		if (!denied || below)
			continue;
		paths &= *path_of(ctx, cg->id) != 0;
		h.denied_bytes += pool;
		largest = pool > largest ? pool : largest;
	}
	if (!paths)
		h.denied_bytes = largest;
	return h;
}
