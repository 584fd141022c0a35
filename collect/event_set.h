/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_set.h - which tracepoints a live recording enables, and with which filter in the kernel.
 *
 * Tracepoints come in groups (kernel-domain.md 1.4). A list as of --events names groups and single tracepoints:
 * "+slab", "-extfrag", "vmscan:mm_vmscan_throttled", "all". Its items are applied from left to right. A list whose
 * first item has neither + nor - replaces the default, any other changes it.
 *
 * A tracepoint that is chosen twice is filtered only if both choices filter it, and alike; one that is named itself is
 * not filtered.
 */
#ifndef SQUALL_COLLECT_EVENT_SET_H
#define SQUALL_COLLECT_EVENT_SET_H

#include <stdbool.h>

#include "spine/source.h"

#define EVENT_SET_MAX		160u
#define EVENT_NAME_BYTES	64u
#define EVENT_FILTER_BYTES	48u

struct event_choice {
	char	system[EVENT_NAME_BYTES];
	char	name[EVENT_NAME_BYTES];
	char	filter[EVENT_FILTER_BYTES];	/* as the kernel's filter file takes it; "" all of them */
	char	label[2 * EVENT_NAME_BYTES];	/* "system:name", for messages */
	bool	present;			/* this kernel has it */
};

struct event_set {
	unsigned int		n;
	struct event_choice	choices[EVENT_SET_MAX];
};

/*
 * What @list (NULL or "": the default) comes to on the kernel whose tracefs is at @tracefs_root. -EINVAL with @err
 * filled: the list cannot be understood, or nothing is left.
 */
int event_set_parse(const char *list, const char *tracefs_root, struct source_error *err, struct event_set *set);

struct event_group {
	const char	*name;
	const char	*describe;	/* for --help */
	bool		on;		/* part of the default */
};

/* All groups, *n of them. */
const struct event_group *event_set_groups(unsigned int *n);

#endif
