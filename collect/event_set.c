// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_set.c - see event_set.h. One table of groups and one of tracepoints decide; the rest applies a list to them.
 */
#include "collect/event_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/format_facts.h"
#include "kernel/tracepoint.h"

/* The longest format file of 7.3 has 9 KB. */
#define FORMAT_MAX_BYTES	(32u << 10)

#define LIST_MAX_BYTES		4096u

/* In a filter: the pageblock order of this kernel. */
#define PAGEBLOCK		"PAGEBLOCK"

/* The name decides, for a tid of kswapd is not known in a PID namespace, and a node may come while we record. */
#define BY_KSWAPD		"comm ~ \"kswapd*\""

enum group {
	GROUP_ALWAYS, GROUP_CORE, GROUP_EXTFRAG, GROUP_KSWAPD, GROUP_ATTRIBUTION, GROUP_SLAB, GROUP_LRU, GROUP_MIGRATE,
	GROUP_COMPACTION_DETAIL, GROUP_COUNT
};

static const struct event_group groups[] = {
	[GROUP_ALWAYS] = { "always", "kswapd, retries, OOM, throttling: rare events", true },
	[GROUP_CORE] = { "core", "begin and end of reclaim and compaction", true },
	[GROUP_EXTFRAG] = { "extfrag", "pages taken from blocks of another type", true },
	[GROUP_KSWAPD] = { "kswapd", "what kswapd reclaims, for kernels before 7.0", true },
	[GROUP_ATTRIBUTION] = { "attribution", "LRU, slab, write-out, migration: what was reclaimed", false },
	[GROUP_SLAB] = { "slab", "shrinkers", false },
	[GROUP_LRU] = { "lru", "all LRU scanning; frequent", false },
	[GROUP_MIGRATE] = { "migrate", "page migration of any reason", false },
	[GROUP_COMPACTION_DETAIL] = { "compaction-detail", "steps of compaction; very frequent", false },
};
_Static_assert(sizeof(groups) / sizeof(groups[0]) == GROUP_COUNT, "a group without a row");

struct row {
	enum group	group;
	enum tracepoint	tp;
	const char	*filter;	/* NULL: all of them */
	enum tracepoint	unless;		/* not by default where the kernel has this one */
};

static const struct row rows[] = {
	{ GROUP_ALWAYS, TP_KSWAPD_WAKE },
	{ GROUP_ALWAYS, TP_KSWAPD_SLEEP },
	{ GROUP_ALWAYS, TP_WAKEUP_KSWAPD },
	{ GROUP_ALWAYS, TP_BALANCE_PGDAT_BEGIN },
	{ GROUP_ALWAYS, TP_BALANCE_PGDAT_END },
	{ GROUP_ALWAYS, TP_KSWAPD_RECLAIM_FAIL },
	{ GROUP_ALWAYS, TP_KSWAPD_CLEAR_HOPELESS },
	{ GROUP_ALWAYS, TP_THROTTLED },
	{ GROUP_ALWAYS, TP_RECLAIM_RETRY_ZONE },
	{ GROUP_ALWAYS, TP_COMPACT_RETRY },
	{ GROUP_ALWAYS, TP_MARK_VICTIM },
	{ GROUP_ALWAYS, TP_WAKE_REAPER },
	{ GROUP_ALWAYS, TP_START_TASK_REAPING },
	{ GROUP_ALWAYS, TP_FINISH_TASK_REAPING },
	{ GROUP_ALWAYS, TP_SKIP_TASK_REAPING },
	{ GROUP_ALWAYS, TP_TRY_TO_COMPACT },
	{ GROUP_ALWAYS, TP_COMPACTION_DEFER_COMPACTION },
	{ GROUP_ALWAYS, TP_COMPACTION_DEFER_RESET },
	{ GROUP_ALWAYS, TP_KCOMPACTD_WAKE },
	{ GROUP_ALWAYS, TP_SETUP_PER_ZONE_WMARKS },

	{ GROUP_CORE, TP_DIRECT_RECLAIM_BEGIN },
	{ GROUP_CORE, TP_DIRECT_RECLAIM_END },
	{ GROUP_CORE, TP_MEMCG_RECLAIM_BEGIN },
	{ GROUP_CORE, TP_MEMCG_RECLAIM_END },
	{ GROUP_CORE, TP_MEMCG_SOFTLIMIT_BEGIN },
	{ GROUP_CORE, TP_MEMCG_SOFTLIMIT_END },
	{ GROUP_CORE, TP_NODE_RECLAIM_BEGIN },
	{ GROUP_CORE, TP_NODE_RECLAIM_END },
	{ GROUP_CORE, TP_COMPACTION_BEGIN },
	{ GROUP_CORE, TP_COMPACTION_END },

	/* Taking a whole block does no harm, and nobody looks at it. */
	{ GROUP_EXTFRAG, TP_PAGE_ALLOC_EXTFRAG, "fallback_order < " PAGEBLOCK },

	/* Without kswapd_reclaim_fail only these tell that a run of kswapd reclaimed nothing (analyze/run.h). */
	{ GROUP_KSWAPD, TP_LRU_SHRINK_INACTIVE, BY_KSWAPD, TP_KSWAPD_RECLAIM_FAIL },
	{ GROUP_KSWAPD, TP_SHRINK_SLAB_START, BY_KSWAPD, TP_KSWAPD_RECLAIM_FAIL },
	{ GROUP_KSWAPD, TP_SHRINK_SLAB_END, BY_KSWAPD, TP_KSWAPD_RECLAIM_FAIL },

	{ GROUP_ATTRIBUTION, TP_LRU_SHRINK_INACTIVE },
	{ GROUP_ATTRIBUTION, TP_WRITE_FOLIO },
	{ GROUP_ATTRIBUTION, TP_SHRINK_SLAB_START },
	{ GROUP_ATTRIBUTION, TP_SHRINK_SLAB_END },
	{ GROUP_ATTRIBUTION, TP_MIGRATE_PAGES, "reason == 0" },		/* MR_COMPACTION */
	{ GROUP_ATTRIBUTION, TP_WAKEUP_KCOMPACTD },
	{ GROUP_ATTRIBUTION, TP_COMPACTION_DEFERRED },

	{ GROUP_SLAB, TP_SHRINK_SLAB_START },
	{ GROUP_SLAB, TP_SHRINK_SLAB_END },

	{ GROUP_LRU, TP_LRU_ISOLATE },
	{ GROUP_LRU, TP_LRU_SHRINK_INACTIVE },
	{ GROUP_LRU, TP_LRU_SHRINK_ACTIVE },
	{ GROUP_LRU, TP_WRITE_FOLIO },
	{ GROUP_LRU, TP_RECLAIM_PAGES },

	{ GROUP_MIGRATE, TP_MIGRATE_PAGES },

	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_FINISHED },
	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_SUITABLE },
	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_DEFERRED },
	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_MIGRATEPAGES },
	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_ISOLATE_MIGRATE },
	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_ISOLATE_FREE },
	{ GROUP_COMPACTION_DETAIL, TP_COMPACTION_FAST_ISOLATE },
	{ GROUP_COMPACTION_DETAIL, TP_WAKEUP_KCOMPACTD },
	{ GROUP_COMPACTION_DETAIL, TP_KCOMPACTD_SLEEP },
};

static const char *const class_names[EVENT_CLASSES] = {
	"kept", "direct", "memcg", "node", "compaction", "extfrag", "slab", "lru", "migrate", "compaction-detail",
	"named",
};

/* Those of tracepoints that are not here are never thinned. */
static const uint8_t classes[TP_COUNT] = {
	[TP_NONE] = EVENT_NAMED,
	[TP_OOM_SCORE_ADJ_UPDATE] = EVENT_NAMED,
	[TP_DIRECT_RECLAIM_BEGIN] = EVENT_DIRECT,
	[TP_DIRECT_RECLAIM_END] = EVENT_DIRECT,
	[TP_MEMCG_RECLAIM_BEGIN] = EVENT_MEMCG,
	[TP_MEMCG_RECLAIM_END] = EVENT_MEMCG,
	[TP_MEMCG_SOFTLIMIT_BEGIN] = EVENT_MEMCG,
	[TP_MEMCG_SOFTLIMIT_END] = EVENT_MEMCG,
	[TP_NODE_RECLAIM_BEGIN] = EVENT_NODE,
	[TP_NODE_RECLAIM_END] = EVENT_NODE,
	[TP_COMPACTION_BEGIN] = EVENT_COMPACTION,
	[TP_COMPACTION_END] = EVENT_COMPACTION,
	[TP_PAGE_ALLOC_EXTFRAG] = EVENT_EXTFRAG,
	[TP_SHRINK_SLAB_START] = EVENT_SLAB,
	[TP_SHRINK_SLAB_END] = EVENT_SLAB,
	[TP_LRU_ISOLATE] = EVENT_LRU,
	[TP_LRU_SHRINK_INACTIVE] = EVENT_LRU,
	[TP_LRU_SHRINK_ACTIVE] = EVENT_LRU,
	[TP_WRITE_FOLIO] = EVENT_LRU,
	[TP_WRITEPAGE] = EVENT_LRU,
	[TP_RECLAIM_PAGES] = EVENT_LRU,
	[TP_MIGRATE_PAGES] = EVENT_MIGRATE,
	[TP_COMPACTION_FINISHED] = EVENT_COMPACTION_DETAIL,
	[TP_COMPACTION_SUITABLE] = EVENT_COMPACTION_DETAIL,
	[TP_COMPACTION_DEFERRED] = EVENT_COMPACTION_DETAIL,
	[TP_COMPACTION_MIGRATEPAGES] = EVENT_COMPACTION_DETAIL,
	[TP_COMPACTION_ISOLATE_MIGRATE] = EVENT_COMPACTION_DETAIL,
	[TP_COMPACTION_ISOLATE_FREE] = EVENT_COMPACTION_DETAIL,
	[TP_COMPACTION_FAST_ISOLATE] = EVENT_COMPACTION_DETAIL,
	[TP_WAKEUP_KCOMPACTD] = EVENT_COMPACTION_DETAIL,
	[TP_KCOMPACTD_SLEEP] = EVENT_COMPACTION_DETAIL,
};

#define NROWS	(sizeof(rows) / sizeof(rows[0]))

/* An --events list on its way: which rows are on, and tracepoints that were named. */
struct parser {
	const char		*root;
	struct source_error	*err;
	bool			on[NROWS];
	struct event_set	*set;		/* the named ones come first */
};

const struct event_group *event_set_groups(unsigned int *n)
{
	*n = GROUP_COUNT;
	return groups;
}

const char *event_class_name(enum event_class class)
{
	return class_names[class];
}

/* ---- what this kernel has ---- */

static bool has_event(const char *root, const char *system, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/events/%s/%s/enable", root, system, name);

	return len < (int)sizeof(path) && !faccessat(AT_FDCWD, path, F_OK, AT_EACCESS);
}

static bool has_tracepoint(const char *root, enum tracepoint tp)
{
	const struct tp_info *info = tp_info(tp);

	return info && has_event(root, info->system, info->name);
}

static ssize_t read_format(const char *root, const struct tp_info *info, char *text, size_t size)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/events/%s/%s/format", root, info->system, info->name);
	size_t fill = 0;
	ssize_t got;
	int fd;

	if (len >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((got = read(fd, text + fill, size - fill)) > 0)
		fill += got;
	close(fd);
	return got < 0 ? -1 : (ssize_t)fill;
}

/* The only place that tells it without root. */
static bool pageblock_order(const char *root, uint64_t *order)
{
	char text[FORMAT_MAX_BYTES];
	ssize_t bytes = read_format(root, tp_info(TP_PAGE_ALLOC_EXTFRAG), text, sizeof(text));
	const struct tracedat_format format = { .text = text, .len = bytes > 0 ? bytes : 0 };

	return format_facts_pageblock_order(&format, 1, order);
}

/* The filter of a row; none when it needs something that this kernel does not tell. */
static void row_filter(const char *root, const struct row *row, char *filter)
{
	const char *word = row->filter ? strstr(row->filter, PAGEBLOCK) : NULL;
	uint64_t order;

	*filter = '\0';
	if (!row->filter)
		return;
	if (!word)
		snprintf(filter, EVENT_FILTER_BYTES, "%s", row->filter);
	else if (pageblock_order(root, &order))
		snprintf(filter, EVENT_FILTER_BYTES, "%.*s%u%s", (int)(word - row->filter), row->filter,
			 (unsigned int)order, word + strlen(PAGEBLOCK));
}

/* ---- choosing ---- */

static struct event_choice *find_choice(struct event_set *set, const char *system, const char *name)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (!strcmp(set->choices[i].name, name) && !strcmp(set->choices[i].system, system))
			return &set->choices[i];
	return NULL;
}

static int add_choice(struct parser *p, const char *system, const char *name, const char *filter)
{
	struct event_choice *choice = find_choice(p->set, system, name);

	if (choice) {
		if (strcmp(choice->filter, filter))
			choice->filter[0] = '\0';
		return 0;
	}
	if (p->set->n == EVENT_SET_MAX) {
		snprintf(p->err->what, sizeof(p->err->what), "more than %u events to record", EVENT_SET_MAX);
		return -EINVAL;
	}
	choice = &p->set->choices[p->set->n++];
	snprintf(choice->system, sizeof(choice->system), "%s", system);
	snprintf(choice->name, sizeof(choice->name), "%s", name);
	snprintf(choice->filter, sizeof(choice->filter), "%s", filter);
	snprintf(choice->label, sizeof(choice->label), "%s:%s", system, name);
	choice->present = has_event(p->root, system, name);
	return 0;
}

static bool matches(const char *system, const char *name, const char *of_system, const char *of_name)
{
	return !fnmatch(system, of_system, 0) && !fnmatch(name, of_name, 0);
}

/* What is called so, or matches. */
static void remove_events(struct parser *p, const char *system, const char *name)
{
	struct event_set *set = p->set;

	for (unsigned int i = set->n; i-- > 0; )
		if (matches(system, name, set->choices[i].system, set->choices[i].name))
			set->choices[i] = set->choices[--set->n];
	for (size_t i = 0; i < NROWS; i++)
		if (matches(system, name, tp_info(rows[i].tp)->system, tp_info(rows[i].tp)->name))
			p->on[i] = false;
}

/* The events of one system that match. */
static int add_matching_of(struct parser *p, const char *system, const char *pattern, unsigned int *found)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int ret = 0, n;

	if (snprintf(path, sizeof(path), "%s/events/%s", p->root, system) >= (int)sizeof(path))
		return 0;
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (!ret && strlen(name) < EVENT_NAME_BYTES && !fnmatch(pattern, name, FNM_PERIOD) &&
		    has_event(p->root, system, name)) {
			ret = add_choice(p, system, name, "");
			(*found)++;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return ret;
}

static int add_matching(struct parser *p, const char *system, const char *pattern)
{
	struct dirent **entries;
	unsigned int found = 0;
	char path[PATH_MAX];
	int ret = 0, n;

	snprintf(path, sizeof(path), "%s/events", p->root);
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (!ret && strlen(name) < EVENT_NAME_BYTES && !fnmatch(system, name, FNM_PERIOD))
			ret = add_matching_of(p, name, pattern, &found);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return ret || found ? ret : add_choice(p, system, pattern, "");
}

static void apply_default(struct parser *p, bool on)
{
	for (size_t i = 0; i < NROWS; i++)
		if (groups[rows[i].group].on && (!on || !has_tracepoint(p->root, rows[i].unless)))
			p->on[i] = on;
}

/* False when there is no such group. */
static bool apply_group(struct parser *p, const char *name, bool on)
{
	bool all = !strcmp(name, "all");
	bool found = all;

	if (!strcmp(name, "default")) {
		apply_default(p, on);
		return true;
	}
	for (size_t i = 0; i < NROWS; i++)
		if (all || !strcmp(groups[rows[i].group].name, name)) {
			p->on[i] = on;
			found = true;
		}
	return found;
}

#define PATTERN_CHARS	"*?[]"

/* It becomes part of a path, so nothing but what the kernel's names and patterns of them are made of. */
static bool name_is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-" PATTERN_CHARS;

	return *name && strlen(name) < EVENT_NAME_BYTES && !name[strspn(name, plain)];
}

static bool is_pattern(const char *name)
{
	return name[strcspn(name, PATTERN_CHARS)];
}

static int refuse(struct parser *p, const char *item)
{
	size_t used;

	snprintf(p->err->what, sizeof(p->err->what), "'%.100s' is no group of events and no SYSTEM:EVENT", item);
	used = snprintf(p->err->hint, sizeof(p->err->hint), "groups:");
	for (unsigned int i = 0; i < GROUP_COUNT && used < sizeof(p->err->hint); i++)
		used += snprintf(p->err->hint + used, sizeof(p->err->hint) - used, " %s,", groups[i].name);
	if (used < sizeof(p->err->hint))
		snprintf(p->err->hint + used, sizeof(p->err->hint) - used,
			 " all, default; 'SYSTEM:*' is all of one system");
	return -EINVAL;
}

static int apply_event(struct parser *p, const char *system, const char *name, bool on)
{
	if (!on) {
		remove_events(p, system, name);
		return 0;
	}
	return is_pattern(system) || is_pattern(name) ? add_matching(p, system, name) :
	       add_choice(p, system, name, "");
}

static int apply_item(struct parser *p, char *item)
{
	bool on = *item != '-';
	char *name = item + (*item == '+' || *item == '-');
	char *colon = strchr(name, ':');
	const struct tp_info *info;

	if (!colon) {
		if (apply_group(p, name, on))
			return 0;
		info = tp_info(tp_lookup(name));
		if (info)
			return apply_event(p, info->system, info->name, on);
		return is_pattern(name) && name_is_plain(name) ? apply_event(p, "*", name, on) : refuse(p, name);
	}
	*colon = '\0';
	if (name_is_plain(name) && name_is_plain(colon + 1))
		return apply_event(p, name, colon + 1, on);
	*colon = ':';
	return refuse(p, name);
}

static int apply_list(struct parser *p, const char *list)
{
	char copy[LIST_MAX_BYTES];
	char *rest = copy;
	char *item;
	int ret = 0;

	if (snprintf(copy, sizeof(copy), "%s", list) >= (int)sizeof(copy)) {
		snprintf(p->err->what, sizeof(p->err->what), "the list of events is longer than %u bytes",
			 LIST_MAX_BYTES - 1);
		return -EINVAL;
	}
	if (*list == '+' || *list == '-')
		apply_default(p, true);
	while (!ret && (item = strsep(&rest, ",")))
		ret = apply_item(p, item);
	return ret;
}

static void set_classes(struct event_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		set->choices[i].class = !strcmp(set->choices[i].filter, BY_KSWAPD) ? EVENT_KEPT :
					classes[tp_lookup(set->choices[i].name)];
}

int event_set_parse(const char *list, const char *tracefs_root, struct source_error *err, struct event_set *set)
{
	struct parser p = { .root = tracefs_root, .err = err, .set = set };
	char filter[EVENT_FILTER_BYTES];
	int ret;

	set->n = 0;
	ret = apply_list(&p, list && *list ? list : "default");
	for (size_t i = 0; !ret && i < NROWS; i++) {
		if (!p.on[i])
			continue;
		row_filter(tracefs_root, &rows[i], filter);
		ret = add_choice(&p, tp_info(rows[i].tp)->system, tp_info(rows[i].tp)->name, filter);
	}
	if (!ret && !set->n) {
		snprintf(err->what, sizeof(err->what), "the list of events '%.100s' leaves nothing to record", list);
		ret = -EINVAL;
	}
	set_classes(set);
	return ret;
}
