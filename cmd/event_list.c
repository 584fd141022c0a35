// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_list.c - see event_list.h.
 */
#include "cmd/event_list.h"

#include <limits.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "collect/event_set.h"
#include "collect/trace_instance.h"

static void print_event(const struct event_choice *choice, bool known, FILE *out)
{
	bool missing = known && !choice->present;

	if (!missing && !choice->filter[0])
		fprintf(out, "  %s\n", choice->label);
	else
		fprintf(out, "  %-51s %s%s\n", choice->label, missing ? "not in this kernel" : "if ",
			missing ? "" : choice->filter);
}

static void print_group(const struct event_group *group, const char *root, struct event_set *set, FILE *out)
{
	struct source_error err;

	fprintf(out, "%s%s: %s\n", group->name, group->on ? " (default)" : "", group->describe);
	if (event_set_parse(group->name, root, &err, set))
		return;
	for (unsigned int i = 0; i < set->n; i++)
		print_event(&set->choices[i], *root, out);
}

int print_event_list(FILE *out)
{
	struct event_set *set = malloc(sizeof(*set));
	const struct event_group *groups;
	struct source_error err = { 0 };
	char root[PATH_MAX] = "";
	unsigned int n;

	if (!set)
		return STATUS_ERROR;
	if (trace_instance_find_root(NULL, root, sizeof(root), &err)) {
		complain("which of them this kernel has is not known", err.what, err.hint);
		*root = '\0';
	}
	groups = event_set_groups(&n);
	for (unsigned int i = 0; i < n; i++)
		print_group(&groups[i], root, set, out);
	free(set);
	return fflush(out) ? STATUS_ERROR : STATUS_OK;
}
