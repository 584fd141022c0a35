// SPDX-License-Identifier: GPL-2.0-only
/*
 * slab_shrinker.c - detector slab-shrinker-storm: reclaim spends its time in shrinkers.
 *
 * Each pass of reclaim over a node asks every shrinker, and those that know cgroups once for each of them; a call that
 * finds objects leaves mm_shrink_slab_start and _end. It is a storm when shrinkers take a fifth of the time in reclaim,
 * and a tenth of a task's time; or, without much time, information when calls are very many and free next to nothing.
 * Over the last ten seconds (window.h).
 *
 * Time in reclaim is that of direct, cgroup and node reclaim, from begin to end, and of kswapd from its wake on, as
 * far as its shrinker calls reach: it is added up at each event of the task, so that what has not ended yet counts. A
 * call at priority 0 outside of reclaim is /proc/sys/vm/drop_caches (drop_slab()), which somebody asked for: it does
 * not count.
 *
 * Which shrinker: the field `shrink` is its scan function, by name where the source has symbols.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detector.h"
#include "analyze/window.h"

#define TASKS		1024
#define PLACES		48		/* shrinkers by node; leaves room for cgroups among the TOP_TASKS */
#define CGROUP_ROW	-1
#define TOLD		3
#define WORTH_TELLING	20		/* one that takes a twentieth of the first one's time */
#define FUNCTION_BYTES	48

enum { NS, CALLS, OBJECTS, IN_VAIN, SCANNED, RECLAIM_NS, DEFERRED_MORE, DEFERRED_LESS };

/* The call that a task is in, and its reclaim. By tid; one that has the same place takes it over. */
struct caller {
	int32_t		tid;
	bool		reclaims;	/* in a reclaim call, or kswapd awake */
	bool		asked;		/* the call is drop_caches */
	bool		ended;		/* ns is known, its end event comes now */
	uint64_t	last_ns;	/* up to then its reclaim is counted */
	uint64_t	begin_ns, ns;
	uint64_t	shrink;		/* address of the scan function, or a hash of its name */
	char		name[FUNCTION_BYTES];
	int32_t		node;
	int64_t		scan;		/* objects that it means to scan */
};

struct place {
	uint64_t	shrink;
	int32_t		node;
	char		name[FUNCTION_BYTES];	/* as an event has it that is text; "" it is an address */
};

struct slab {
	const struct detect	*d;
	struct caller		caller[TASKS];
	struct place		place[PLACES];
	int			nplaces;
	bool			full;		/* shrinkers without a place */
	struct window		window;
};

/* What the scan functions of common shrinkers free. */
static const struct {
	const char	*function, *what;
} holds[] = {
	{ "super_cache_scan", "dentries and inodes of a file system" },
	{ "scan_shadow_nodes", "shadow entries of the page cache" },
	{ "deferred_split_scan", "huge pages to be split" },
	{ "zswap_shrinker_scan", "pages in zswap" },
	{ "mb_cache_scan", "extended attributes" },
	{ "jbd2_journal_shrink_scan", "journal buffers" },
	{ "ext4_es_scan", "extents of ext4" },
	{ "xfs_buftarg_shrink_scan", "buffers of XFS" },
	{ "xfs_inodegc_shrinker_scan", "inodes of XFS" },
	{ "nfsd_file_lru_scan", "open files of nfsd" },
	{ "nfs4_xattr_cache_scan", "extended attributes of NFS" },
	{ "mmu_shrink_scan", "page tables of KVM guests" },
	{ "i915_gem_shrinker_scan", "graphics buffers" },
	{ "ttm_pool_shrinker_scan", "graphics buffers" },
};

static double per_call(const uint64_t *count)
{
	return count[CALLS] ? (double)count[OBJECTS] / count[CALLS] : 0;
}

static bool reclaim_told(const struct slab *s)
{
	const struct facts *facts = s->d->facts;

	return facts->seen[TP_DIRECT_RECLAIM_BEGIN] || facts->seen[TP_MEMCG_RECLAIM_BEGIN] ||
	       facts->seen[TP_KSWAPD_WAKE] || facts->seen[TP_NODE_RECLAIM_BEGIN];
}

static bool takes_time(const struct slab *s, const uint64_t *count, double seconds)
{
	return count[NS] >= threshold_ns(s->d, TH_SLAB_STALL) * seconds &&
	       count[NS] >= threshold(s->d, TH_SLAB_SHARE) * count[RECLAIM_NS];
}

static bool in_vain(const struct slab *s, const uint64_t *count)
{
	return per_call(count) < threshold(s->d, TH_SLAB_YIELD);
}

/* An episode that calls alone did not bring about was one of time, also if its edges had less of it. */
static bool took_time(const struct slab *s, const struct window_part *e)
{
	return takes_time(s, e->count, window_span_s(e)) ||
	       e->count[CALLS] * 2 < threshold(s->d, TH_SLAB_RATE) * window_span_s(e);
}

static bool bad(void *ctx, const uint64_t *count)
{
	const struct slab *s = ctx;

	return takes_time(s, count, WINDOW_SECONDS) ||
	       (count[CALLS] >= threshold(s->d, TH_SLAB_RATE) * WINDOW_SECONDS && in_vain(s, count));
}

/* --- the finding --- */

static const char *name_of(const struct slab *s, const struct place *p, char *buf, size_t size)
{
	const char *name = *p->name ? p->name : s->d->symbol(s->d->ctx, p->shrink);

	for (size_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
		size_t len = strlen(holds[i].function);

		if (!strncmp(name, holds[i].function, len) && (!name[len] || name[len] == '+')) {
			snprintf(buf, size, "%s (%s)", holds[i].function, holds[i].what);
			return buf;
		}
	}
	if (*name)
		snprintf(buf, size, "%.64s", name);
	else if (p->shrink)
		snprintf(buf, size, "the shrinker at 0x%" PRIx64, p->shrink);
	else
		snprintf(buf, size, "a shrinker that is not told");
	return buf;
}

/* The rows with most time: places into @top, the heaviest cgroup into @cgroup. */
static int heaviest(const struct top_tasks *rows, const struct finding_task **top, const struct finding_task **cgroup)
{
	int n = 0;

	*cgroup = NULL;
	for (int i = 0; i < rows->n; i++) {
		const struct finding_task *row = &rows->task[i];
		int k;

		if (row->tid == CGROUP_ROW) {
			if (!*cgroup || row->ns > (*cgroup)->ns)
				*cgroup = row;
			continue;
		}
		for (k = n < TOLD ? n++ : TOLD; k > 0 && row->ns > top[k - 1]->ns; k--)
			if (k < TOLD)
				top[k] = top[k - 1];
		if (k < TOLD)
			top[k] = row;
	}
	return n;
}

static const struct {
	const char	*time, *calls, *objects, *node;
} place_evidence[TOLD] = {
	{ "shrinker1_time", "shrinker1_calls", "shrinker1_objects", "shrinker1_node" },
	{ "shrinker2_time", "shrinker2_calls", "shrinker2_objects", "shrinker2_node" },
	{ "shrinker3_time", "shrinker3_calls", "shrinker3_objects", "shrinker3_node" },
};

static void evidence_of(const struct slab *s, const struct window_part *e, struct finding *f)
{
	finding_evidence(f, "span", "s", window_span_s(e));
	finding_evidence(f, "shrinker_calls", "calls", e->count[CALLS]);
	finding_evidence(f, "shrinker_time", "task-seconds", ns_to_s(e->count[NS]));
	if (reclaim_told(s))
		finding_evidence(f, "reclaim_time", "task-seconds", ns_to_s(e->count[RECLAIM_NS]));
	finding_evidence(f, "objects_scanned", "objects", e->count[SCANNED]);
	finding_evidence(f, "objects_freed", "objects", e->count[OBJECTS]);
	finding_evidence(f, "calls_in_vain", "calls", e->count[IN_VAIN]);
	finding_evidence(f, "deferred_more", "objects", e->count[DEFERRED_MORE]);
	finding_evidence(f, "deferred_less", "objects", e->count[DEFERRED_LESS]);
	finding_evidence(f, "shrinker_max", "s", ns_to_s(e->max_ns));
}

/* By place and cgroup; the finding's node and cgroup are told when most of the time falls to them. */
static void add_rows(const struct slab *s, const struct window_part *e, struct finding *f, int used)
{
	const struct finding_task *top[TOLD], *cgroup;
	int n = heaviest(&e->tasks, top, &cgroup);
	char name[128];

	for (int i = 0; i < n && top[i]->ns * WORTH_TELLING >= top[0]->ns; i++) {
		const struct place *p = &s->place[top[i]->tid];

		finding_evidence(f, place_evidence[i].time, "task-seconds", ns_to_s(top[i]->ns));
		finding_evidence(f, place_evidence[i].calls, "calls", top[i]->count);
		finding_evidence(f, place_evidence[i].objects, "objects freed", top[i]->pages);
		finding_evidence(f, place_evidence[i].node, "node", p->node);
		used += snprintf(f->summary + used, used < (int)sizeof(f->summary) ? sizeof(f->summary) - used : 0,
				 "%s %s on node %d %.2f s in %" PRIu64 " calls", i ? "," : "; most in",
				 name_of(s, p, name, sizeof(name)), p->node, ns_to_s(top[i]->ns), top[i]->count);
		if (used >= (int)sizeof(f->summary))
			return;
	}
	if (n && top[0]->ns * 2 > e->count[NS])
		f->node = s->place[top[0]->tid].node;
	if (!cgroup)
		return;
	finding_evidence(f, "cgroup_time", "task-seconds", ns_to_s(cgroup->ns));
	finding_evidence(f, "cgroup_calls", "calls", cgroup->count);
	if (cgroup->ns * 2 > e->count[NS])
		f->cgroup_id = cgroup->memcg_id;
}

static enum confidence confidence_of(const struct slab *s, const struct window_part *e)
{
	if (!reclaim_told(s))
		return CONFIDENCE_LOW;
	return s->full || e->tasks.others ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
}

static void done(void *ctx, const struct window_part *e)
{
	const struct slab *s = ctx;
	struct finding f = finding_start(&slab_shrinker_storm, e->first_ns, e->last_ns);
	bool slow = took_time(s, e), vain = in_vain(s, e->count);
	int n;

	f.variant = vain ? "in-vain" : "slow";
	/* Shrinkers that free much are where the memory is: that takes time, but it is work. */
	f.severity = slow && vain ? SEVERITY_WARNING : SEVERITY_INFO;
	f.confidence = confidence_of(s, e);
	f.tid = e->max_tid >= 0 ? e->max_tid : -1;
	n = snprintf(f.summary, sizeof(f.summary),
		     "Shrinkers were called %" PRIu64 " times in %.1f s and freed %" PRIu64 " objects: %.2f task-seconds",
		     e->count[CALLS], window_span_s(e), e->count[OBJECTS], ns_to_s(e->count[NS]));
	if (reclaim_told(s))
		n += snprintf(f.summary + n, sizeof(f.summary) - n, " of %.2f in reclaim", ns_to_s(e->count[RECLAIM_NS]));
	evidence_of(s, e, &f);
	add_rows(s, e, &f, n);
	if (!reclaim_told(s))
		finding_missing(&f, "No reclaim events: what share of reclaim it was, and whether it was reclaim at all, is not "
				    "known.");
	if (s->full)
		finding_missing(&f, "There were more shrinkers and nodes than are told apart.");
	f.explanation = vain ?
		"Reclaim asks shrinkers for objects again and again, and they have none to give: they are in use, or they "
		"may not be freed from where the request comes (file systems turn down __GFP_NOFS, and what was turned "
		"down is deferred and asked for again). Each cgroup is asked on its own, on each node, so many cgroups make "
		"many calls, with a lock for each list." :
		"Much of the time in reclaim goes into freeing objects of kernel caches (dentries, inodes). They do get "
		"freed, so this is where memory is, but it is slower than page cache, and empties caches that are needed.";
	f.remedy = "Find what fills the cache (slabtop; many files in one directory, a crawler, negative dentries) and stop "
		   "it, or limit it by a cgroup of its own. Remove cgroups that are empty, and look for dying ones "
		   "(nr_dying_descendants in cgroup.stat). vm.vfs_cache_pressure above 100 has more of it taken at a time; "
		   "below 100 makes futile calls likelier.";
	f.otherwise = reclaim_told(s) ? "" : "Somebody who writes to /proc/sys/vm/drop_caches.";
	f.references = "do_shrink_slab() and shrink_slab_memcg(), mm/shrinker.c; super_cache_scan(), fs/super.c.";
	detector_report(s->d, &f);
}

static const struct window_ops ops = { .bad = bad, .done = done };

/* Time of count @which, in the seconds in which it passed: one call may stand for minutes. Returns the last of them. */
static struct window_part *spread(struct slab *s, uint64_t begin_ns, uint64_t end_ns, int which)
{
	s->window.ops = &ops;
	s->window.ctx = s;
	return window_spread(&s->window, begin_ns, end_ns, which, elapsed_ns(begin_ns, end_ns));
}

/* --- events --- */

static struct caller *caller_of(struct slab *s, int32_t tid)
{
	struct caller *c = &s->caller[(uint32_t)tid % TASKS];

	if (c->tid != tid)
		*c = (struct caller){ .tid = tid };
	return c;
}

/* The place of a shrinker on a node, -1 when there are too many. */
static int place_of(struct slab *s, const struct caller *c)
{
	struct place *p;

	for (int i = 0; i < s->nplaces; i++)
		if (s->place[i].shrink == c->shrink && s->place[i].node == c->node)
			return i;
	s->full |= s->nplaces == PLACES;
	if (s->nplaces == PLACES)
		return -1;
	p = &s->place[s->nplaces];
	p->shrink = c->shrink;
	p->node = c->node;
	memcpy(p->name, c->name, sizeof(p->name));
	return s->nplaces++;
}

/* Up to @ts the task was in reclaim, if it is. */
static void pass_time(struct slab *s, struct caller *c, uint64_t ts)
{
	if (c->reclaims)
		spread(s, c->last_ns, ts, RECLAIM_NS);
	c->last_ns = ts;
}

/* Of "super_cache_scan+0x0/0x1b0", not terminated: up to the '+'. */
static int function_length(const char *text, uint32_t len)
{
	const char *plus = memchr(text, '+', len);

	return plus ? plus - text : len < FUNCTION_BYTES ? len : FUNCTION_BYTES;
}

/* An address, or "super_cache_scan+0x0/0x1b0" in a text. */
static void note_function(struct caller *c, const struct mm_event *mm)
{
	const struct event_value *v = event_value_at(mm->ev, mm->view->at[TPF_SHRINK]);

	c->shrink = value_is_number(v) ? v->u : 0;
	c->name[0] = '\0';
	if (!v || v->kind != VALUE_TEXT)
		return;
	snprintf(c->name, sizeof(c->name), "%.*s", function_length(v->p, v->len), v->p);
	for (const char *p = c->name; *p; p++)
		c->shrink = c->shrink * 31 + (unsigned char)*p;
}

static void on_start(struct slab *s, struct caller *c, const struct mm_event *mm)
{
	c->begin_ns = mm->ev->ts;
	c->ended = false;
	c->asked = !c->reclaims && !mm_int(mm, TPF_PRIORITY, 1);
	note_function(c, mm);
	c->node = mm_int(mm, TPF_NID, -1);
	c->scan = mm_int(mm, TPF_TOTAL_SCAN, 0);
}

static void count_deferred(struct window_part *part, const struct mm_event *mm)
{
	int64_t before, after;

	if (!mm_get(mm, TPF_UNUSED_SCAN, &before) || !mm_get(mm, TPF_NEW_SCAN, &after) || before < 0 || after < 0)
		return;
	part->count[DEFERRED_MORE] += after > before ? after - before : 0;
	part->count[DEFERRED_LESS] += after < before ? before - after : 0;
}

/* The pass over calls came first: it knows whether start and end belong together. */
static void on_stop(struct slab *s, struct caller *c, const struct mm_event *mm)
{
	int64_t freed = mm_int(mm, TPF_RET, 0), left = mm_int(mm, TPF_TOTAL_SCAN, 0);
	uint64_t memcg_id = mm_int(mm, TPF_MEMCG_ID, 0);
	struct window_part *part;
	int place;

	if (!c->ended || c->asked)
		return;
	c->ended = false;
	part = spread(s, c->begin_ns, mm->ev->ts, NS);
	part->count[CALLS]++;
	part->count[OBJECTS] += freed > 0 ? freed : 0;
	part->count[IN_VAIN] += freed <= 0;
	part->count[SCANNED] += c->scan > left && left >= 0 ? c->scan - left : 0;
	count_deferred(part, mm);
	if (c->ns >= part->max_ns) {
		part->max_ns = c->ns;
		part->max_tid = c->tid;
	}
	place = place_of(s, c);
	if (place >= 0)
		top_tasks_add(&part->tasks, place, 0, freed > 0 ? freed : 0, c->ns);
	if (memcg_id)
		top_tasks_add(&part->tasks, CGROUP_ROW, memcg_id, freed > 0 ? freed : 0, c->ns);
}

static void on_event(void *state, const struct mm_event *mm)
{
	struct slab *s = state;
	struct caller *c = caller_of(s, mm->ev->tid);

	switch (mm_tp(mm)) {
	case TP_SHRINK_SLAB_START:
		pass_time(s, c, mm->ev->ts);
		on_start(s, c, mm);
		return;
	case TP_SHRINK_SLAB_END:
		pass_time(s, c, mm->ev->ts);
		on_stop(s, c, mm);
		return;
	case TP_KSWAPD_WAKE:		/* the nap before it is no reclaim */
	case TP_DIRECT_RECLAIM_BEGIN:
	case TP_MEMCG_RECLAIM_BEGIN:
	case TP_NODE_RECLAIM_BEGIN:
		c->reclaims = true;
		c->last_ns = mm->ev->ts;
		return;
	case TP_KSWAPD_SLEEP:
		c->reclaims = false;
		return;
	default:			/* the end of a call, or of a run */
		pass_time(s, c, mm->ev->ts);
		c->reclaims = false;
		return;
	}
}

static void on_call(void *state, const struct reclaim_call *call)
{
	struct slab *s = state;
	struct caller *c = caller_of(s, call->tid);

	if (call->kind != CALL_SLAB || c->begin_ns != call->begin_ns)
		return;
	c->ns = elapsed_ns(call->begin_ns, call->end_ns);
	c->ended = true;
}

static void so_far(void *state, uint64_t now_ns)
{
	const struct slab *s = state;

	window_so_far(&s->window);
}

static void finish(void *state)
{
	struct slab *s = state;

	window_finish(&s->window);
}

const struct detector slab_shrinker_storm = {
	.kind = "slab-shrinker-storm",
	.title = "reclaim spends its time in shrinkers, or calls them very often, for next to nothing",
	.needs = { { TP_SHRINK_SLAB_START }, { TP_SHRINK_SLAB_END } },
	.without = "record mm_shrink_slab_start and _end (squall record --events +slab)",
	.losses = LOSS_DIRECT | LOSS_MEMCG | LOSS_BACKGROUND,
	.state_size = sizeof(struct slab),
	.events = (const enum tracepoint[]){
		TP_SHRINK_SLAB_START, TP_SHRINK_SLAB_END, TP_KSWAPD_WAKE, TP_KSWAPD_SLEEP, TP_BALANCE_PGDAT_END,
		TP_DIRECT_RECLAIM_BEGIN, TP_DIRECT_RECLAIM_END, TP_MEMCG_RECLAIM_BEGIN, TP_MEMCG_RECLAIM_END,
		TP_NODE_RECLAIM_BEGIN, TP_NODE_RECLAIM_END, TP_NONE },	/* soft limits are part of others */
	.event = on_event,
	.call = on_call,
	.so_far = so_far,
	.finish = finish,
};
