// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - squall check: what can be recorded on this machine, what its kernel has, which storms it is exposed to.
 * Changes nothing.
 */
#include "cmd/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "cmd/command.h"
#include "cmd/options.h"
#include "collect/kswapd_probe.h"

struct check {
	bool		json;
	const char	*root;
};

static int set_json(void *ctx, const char *value)
{
	((struct check *)ctx)->json = true;
	return 0;
}

static int set_root(void *ctx, const char *value)
{
	((struct check *)ctx)->root = value;
	return 0;
}

static const struct option_row rows[] = {
	{ "json", 'j', NULL, "one JSON object instead of text", set_json },
	{ "root", 0, "DIR", "look at DIR/proc and DIR/sys, copied from another machine", set_root },
	{ 0 },
};

static const struct usage usage = {
	.command = "check",
	.synopsis = "[OPTION...]",
	.about = "Says what can be recorded on this machine, with the reason and a remedy for what cannot;\n"
		 "which fixes its kernel has; and whether it is exposed to each kind of storm right now.\n"
		 "Changes nothing. Exits with 2 when recording is not possible at all.\n",
	.rows = rows,
	.examples = "  squall check\n"
		    "  squall check --json | jq -r '.exposure[] | select(.exposed == \"yes\").kind'\n",
	.min_args = 0,
	.max_args = 0,
};

static void check_events(const struct machine *m, struct check_results *results)
{
	unsigned int n;
	const struct event_group *groups = event_set_groups(&n);
	struct source_error err;

	results->events_known = m->events_readable;
	for (unsigned int i = 0; i < n && results->ngroups < CHECK_GROUPS_MAX; i++) {
		struct check_group *group = &results->groups[results->ngroups];

		group->group = &groups[i];
		if (!event_set_parse(groups[i].name, m->tracefs_path, &err, &group->set))
			results->ngroups++;
	}
}

/* The only proof that BPF works here is to load the programs. They are gone again before this returns. */
static void check_bpf(struct readiness *bpf)
{
	struct kswapd_probe_stats stats;
	struct source_error err = { 0 };
	struct kswapd_probe *probe;
	int ret = kswapd_probe_open(&probe, &err);

	if (ret) {
		bpf->state = READY_MISSING;
		snprintf(bpf->why, sizeof(bpf->why), "%s", err.what[0] ? err.what : strerror(-ret));
		snprintf(bpf->todo, sizeof(bpf->todo), "%s", err.hint);
		return;
	}
	kswapd_probe_stats(probe, &stats);
	kswapd_probe_free(probe);
	bpf->state = stats.hooks ? READY_OK : READY_LIMITED;
	if (stats.hooks)
		snprintf(bpf->why, sizeof(bpf->why), "programs load and attach: kswapd_failures is sampled (nodes: %u), and "
			 "its changes are noticed at %u tracepoints", stats.nodes, stats.hooks);
	else
		snprintf(bpf->why, sizeof(bpf->why), "kswapd_failures is sampled (nodes: %u), but its changes are not traced "
			 "to tasks (%s)", stats.nodes, strerror(-stats.hook_error));
}

static void run_checks(const char *root, struct check_results *results)
{
	struct machine m;

	libbpf_set_print(NULL);		/* its messages are no part of the output */
	machine_read(root, &m);
	results->can_record = readiness_can_record(&m);
	results->nready = readiness_of(&m, results->ready);
	check_events(&m, results);
	results->bpf = (struct readiness){ .name = "kswapd_failures", .state = READY_UNKNOWN };
	if (*root)
		snprintf(results->bpf.why, sizeof(results->bpf.why), "not tried, for --root is given");
	else
		check_bpf(&results->bpf);
	if (machine_features(root, m.events_readable ? m.tracefs_path : NULL, results->features))
		complain("check", strerror(ENOMEM), NULL);
	results->nexposures = exposures_of(&m, results->features, results->exposures);
}

static int print_results(const struct check *check, const struct check_results *results)
{
	if (!check->json) {
		check_print_text(results, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"), stdout);
		return STATUS_OK;
	}
	if (!check_print_json(results, stdout))
		return STATUS_OK;
	complain("check", strerror(ENOMEM), NULL);
	return STATUS_ERROR;
}

int cmd_check(int argc, char **argv)
{
	struct check check = { .root = "" };
	struct check_results *results;
	int first, status;

	status = options_parse(&usage, &check, argc, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (*check.root && access(check.root, R_OK | X_OK)) {
		complain(check.root, strerror(errno), NULL);
		return STATUS_ERROR;
	}
	results = calloc(1, sizeof(*results));
	if (!results) {
		complain("check", strerror(ENOMEM), NULL);
		return STATUS_ERROR;
	}
	run_checks(strcmp(check.root, "/") ? check.root : "", results);
	status = print_results(&check, results);
	if (!status && !results->can_record)
		status = STATUS_ERROR;
	free(results);
	return status;
}
