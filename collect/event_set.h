/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_set.h - which tracepoints a live recording enables, and with which filter in the kernel.
 *
 * Tracepoints come in groups (kernel-domain.md 1.4). A list as of --events names groups and tracepoints: "+slab",
 * "-extfrag", "vmscan:mm_vmscan_throttled", "sched:sched_wak*", "all". Its items are applied from left to right. A list
 * whose first item has neither + nor - replaces the default, any other changes it. Patterns are those of the shell
 * (fnmatch); one without a system is looked for in all of them.
 *
 * A tracepoint that is chosen twice is filtered only if both choices filter it, and alike; one that is named itself is
 * not filtered.
 */
#ifndef SQUALL_COLLECT_EVENT_SET_H
#define SQUALL_COLLECT_EVENT_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/source.h"

#define EVENT_SET_MAX		160u
#define EVENT_NAME_BYTES	64u
#define EVENT_FILTER_BYTES	48u

/* Tracepoints that tell something only together, so that they are thinned together (rate_guard.h). */
enum event_class {
	EVENT_KEPT,		/* never thinned: rare events, and those of kswapd */
	EVENT_DIRECT, EVENT_MEMCG, EVENT_NODE, EVENT_COMPACTION, EVENT_EXTFRAG, EVENT_SLAB, EVENT_LRU, EVENT_MIGRATE,
	EVENT_COMPACTION_DETAIL,
	EVENT_NAMED,		/* tracepoints that squall does not know */
	EVENT_CLASSES
};

struct event_choice {
	char	system[EVENT_NAME_BYTES];
	char	name[EVENT_NAME_BYTES];
	char	filter[EVENT_FILTER_BYTES];	/* as the kernel's filter file takes it; "" all of them */
	char	label[2 * EVENT_NAME_BYTES];	/* "system:name", for messages */
	uint8_t	class;				/* enum event_class */
	bool	present;			/* this kernel has it */
};

struct event_set {
	unsigned int		n;
	struct event_choice	choices[EVENT_SET_MAX];
};

/*
 * What @list (NULL or "": the default) comes to on the kernel whose tracefs is at @tracefs_root. A pattern that matches
 * nothing there is a choice that is not present. -EINVAL with @err filled: the list cannot be understood, or nothing is
 * left.
 */
int event_set_parse(const char *list, const char *tracefs_root, struct source_error *err, struct event_set *set);

struct event_group {
	const char	*name;
	const char	*describe;	/* for --help */
	bool		on;		/* part of the default */
};

const char *event_class_name(enum event_class class);	/* "memcg" */

/* All groups, *n of them. */
const struct event_group *event_set_groups(unsigned int *n);

#endif
