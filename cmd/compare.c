// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare.c - squall compare BASE... -- CAND...: what two sets of recordings say of the difference between them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyze/print_compare.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/options.h"
#include "cmd/range.h"
#include "store/reader.h"

#define LIST_MAX	64		/* --secondary, --cgroup, --vary */

struct name_list {
	const char	*name[LIST_MAX];
	unsigned int	n;
};

struct compare_command {
	struct compare_options	options;
	struct name_list	secondary, vary, cgroups;
	bool			json, markdown, list;
	bool			force_env, force_loss;
	struct range		range;
};

static int set_json(void *ctx, const char *value)
{
	((struct compare_command *)ctx)->json = true;
	return 0;
}

static int set_markdown(void *ctx, const char *value)
{
	((struct compare_command *)ctx)->markdown = true;
	return 0;
}

static int set_list(void *ctx, const char *value)
{
	((struct compare_command *)ctx)->list = true;
	return 0;
}

static int set_placebo(void *ctx, const char *value)
{
	((struct compare_command *)ctx)->options.placebo = true;
	return 0;
}

static int set_force_env(void *ctx, const char *value)
{
	((struct compare_command *)ctx)->force_env = true;
	return 0;
}

static int set_force_loss(void *ctx, const char *value)
{
	((struct compare_command *)ctx)->force_loss = true;
	return 0;
}

static int set_primary(void *ctx, const char *value)
{
	struct compare_command *cmd = ctx;

	if (cmd->options.primary) {
		complain("--primary", "there can be only one", "declare others with --secondary");
		return STATUS_ERROR;
	}
	cmd->options.primary = value;
	return 0;
}

static int add_name(struct name_list *list, const char *option, const char *value)
{
	if (list->n == LIST_MAX) {
		complain(option, "is given too often", NULL);
		return STATUS_ERROR;
	}
	list->name[list->n++] = value;
	return 0;
}

static int set_secondary(void *ctx, const char *value)
{
	return add_name(&((struct compare_command *)ctx)->secondary, "--secondary", value);
}

static int set_cgroup(void *ctx, const char *value)
{
	return add_name(&((struct compare_command *)ctx)->cgroups, "--cgroup", value);
}

static int set_vary(void *ctx, const char *value)
{
	return add_name(&((struct compare_command *)ctx)->vary, "--vary", value);
}

static int set_seed(void *ctx, const char *value)
{
	char *end;

	errno = 0;
	((struct compare_command *)ctx)->options.seed = strtoull(value, &end, 10);
	if (!errno && end != value && !*end && *value != '-')
		return 0;
	complain(value, "is no seed", "give a whole number");
	return STATUS_ERROR;
}

/* Runs have a clock each: only times from their starts mean the same in all of them. */
static int set_range_end(struct range_end *end, const char *value)
{
	if (!range_parse(value, end) && end->relative)
		return 0;
	complain(value, "is no time", "give seconds from the start of each run: +3.5");
	return STATUS_ERROR;
}

static int set_from(void *ctx, const char *value)
{
	return set_range_end(&((struct compare_command *)ctx)->range.from, value);
}

static int set_to(void *ctx, const char *value)
{
	return set_range_end(&((struct compare_command *)ctx)->range.to, value);
}

static const struct option_row rows[] = {
	{ "primary", 'p', "METRIC", "the metric that decides, chosen before the runs were made", set_primary },
	{ "secondary", 's', "METRIC", "test this one besides (default: all); also a pattern: 'psi.*'; can be repeated",
	  set_secondary },
	{ "cgroup", 'c', "PATH", "also compare this cgroup: /system.slice/x.service; can be repeated", set_cgroup },
	{ "placebo", 0, NULL, "also compare the base runs with each other", set_placebo },
	{ "vary", 0, "FACT", "the arms differ in this fact on purpose: vm.defrag_mode; can be repeated", set_vary },
	{ "force-env", 0, NULL, "compare although kernel, machine or settings differ", set_force_env },
	{ "force-loss", 0, NULL, "compare although more than 1 % of a run's events was lost: samples only",
	  set_force_loss },
	{ "from", 0, "+S", "leave out what is before: seconds from each run's start", set_from },
	{ "to", 0, "+S", "leave out what is after", set_to },
	{ "seed", 0, "N", "of the random numbers (default 1): the same seed, the same result", set_seed },
	{ "json", 'j', NULL, "one JSON object instead of text", set_json },
	{ "markdown", 'm', NULL, "markdown, to be pasted into a mail", set_markdown },
	{ "list", 'l', NULL, "list metrics and facts, and exit", set_list },
	{ 0 },
};

static const struct usage usage = {
	.command = "compare",
	.synopsis = "[OPTION...] BASE... -- CAND...\n       squall compare [OPTION...] --placebo BASE...",
	.about = "Compares two sets of recordings, made without a change (BASE) and with it (CAND). Each store is one\n"
		 "run, and counts once. Options come before '--'.\n",
	.rows = rows,
	.examples = "  squall compare --primary kswapd.cpu --placebo base*.db -- patched*.db\n"
		    "  squall compare --markdown -p job.reader.p99_ns base*.db -- patched*.db >evidence.md\n"
		    "  squall compare --vary vm.defrag_mode off*.db -- on*.db\n",
	.min_args = 0,
	.max_args = COMPARE_RUNS_MAX,
};

static const char *rule_text(enum environment_rule rule)
{
	static const char *const texts[] = {
		[ENVIRONMENT_EQUAL] = "must be the same in all runs",
		[ENVIRONMENT_ARM] = "must be the same in all runs of an arm",
		[ENVIRONMENT_TOLD] = "differences are listed",
	};

	return texts[rule];
}

static void print_list(FILE *out)
{
	fputs("Metrics:\n", out);
	for (unsigned int i = 0; i < nmetrics; i++)
		fprintf(out, "  %-24s %-12s %-8s %s\n", metrics[i].name, metrics[i].unit,
			better_name(metrics[i].better), metrics[i].about);
	for (int i = 0; i < ndetectors; i++)
		fprintf(out, "  " METRIC_FINDING "%-16s %-12s %-8s what squall analyze finds\n", detectors[i]->kind,
			"% of time", better_name(BETTER_LOWER));
	fputs("  kswapd.cpu.nodeN, kswapd.hopeless.nodeN of each node, where there are several\n"
	      "  " METRIC_CGROUP "PATH.NAME of the cgroups of --cgroup\n"
	      "  " METRIC_JOB "NAME.FIELD, what the workload tells\n\nFacts:\n", out);
	for (unsigned int i = 0; i < environment_count(); i++)
		fprintf(out, "  %-32s %s\n", environment_name(i), rule_text(environment_rule(i)));
}

/* --- reading runs --- */

static int replay(const struct compare_command *cmd, struct store *store, struct trial **out, struct store_error *err)
{
	const char *start = store_meta(store, "start_ns");
	uint64_t start_ns = start ? strtoull(start, NULL, 10) : 0, from_ns, to_ns;
	struct sink sink;
	int ret;

	range_resolve(&cmd->range, start_ns, &from_ns, &to_ns);
	ret = trial_new(cmd->range.from.set ? from_ns : 0, out);
	if (ret)
		return ret;
	sink = trial_sink(*out);
	ret = store_replay(store, from_ns, to_ns, &sink);
	SINK_CALL(&sink, end);
	return ret;
}

static int add_store(const struct compare_command *cmd, struct compare *c, enum arm arm, const char *path)
{
	struct store_error err = { 0 };
	struct trial *trial = NULL;
	struct store *store;
	int ret;

	ret = store_open(path, &err, &store);
	if (ret) {
		complain("compare", err.what, err.hint);
		return STATUS_ERROR;
	}
	ret = replay(cmd, store, &trial, &err);
	if (!ret)
		ret = compare_add(c, arm, path, trial);
	if (ret)
		complain("compare", err.what[0] ? err.what : strerror(-ret), err.hint);
	trial_free(trial);
	store_close(store);
	return ret ? STATUS_ERROR : STATUS_OK;
}

static int add_run(const struct compare_command *cmd, struct compare *c, enum arm arm, const char *path)
{
	struct input input;
	struct stat st;
	bool is_store;
	int status;

	if (*path == '-' && stat(path, &st)) {
		complain(path, "is no file", "options come before '--'");
		return STATUS_ERROR;
	}
	status = input_open(path, &input);
	if (status)
		return status;
	is_store = input.is_store;
	input_close(&input);
	if (!is_store) {
		complain(path, "is no store", "squall import makes one of it");
		return STATUS_ERROR;
	}
	return add_store(cmd, c, arm, path);
}

/* Given twice, a run would count twice. */
static int check_files(char **paths, int n)
{
	struct stat a, b;

	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++)
			if (!stat(paths[i], &a) && !stat(paths[k], &b) && a.st_dev == b.st_dev &&
			    a.st_ino == b.st_ino) {
				complain(paths[k], "is given twice", "each run counts once");
				return STATUS_ERROR;
			}
	return STATUS_OK;
}

/* --- what forbids a comparison --- */

static bool is_forced(const struct compare_command *cmd, enum problem_kind kind)
{
	return kind == PROBLEM_NOTE || (kind == PROBLEM_ENVIRONMENT && cmd->force_env) ||
	       (kind == PROBLEM_LOSS && cmd->force_loss);
}

static int refuse(const struct compare_command *cmd, const struct compare *c)
{
	static const char *const hints[] = {
		[PROBLEM_RUN] = "leave it out, or record it again",
		[PROBLEM_ENVIRONMENT] = "--vary FACT for what differs on purpose; --force-env compares all the same",
		[PROBLEM_LOSS] = "--force-loss compares what is made of samples all the same",
	};
	int last[PROBLEM_NOTE] = { -1, -1, -1 }, status = STATUS_OK;

	for (unsigned int i = 0; i < compare_nproblems(c); i++)
		if (!is_forced(cmd, compare_problem(c, i)->kind))
			last[compare_problem(c, i)->kind] = i;
	for (unsigned int i = 0; i < compare_nproblems(c); i++) {
		const struct problem *p = compare_problem(c, i);

		if (is_forced(cmd, p->kind))
			continue;
		complain(problem_name(p->kind), p->text, last[p->kind] == (int)i ? hints[p->kind] : NULL);
		status = STATUS_ERROR;
	}
	return status;
}

/* The question that was asked has no answer: that is a failure, and the rest is printed all the same. */
static int primary_status(const struct compare *c)
{
	for (unsigned int i = 0; i < compare_nmetrics(c); i++) {
		const struct compared *m = compare_metric(c, i);

		if (m->role != ROLE_PRIMARY || !m->why_not[0])
			continue;
		complain(m->name, m->why_not, "the primary metric could not be compared");
		return STATUS_ERROR;
	}
	return STATUS_OK;
}

static int conclude(const struct compare_command *cmd, struct compare *c)
{
	const char *name = "compare";
	int ret = compare_conclude(c, &name);

	if (ret) {
		complain(name, ret == -ENOENT ? "no metric, cgroup or fact of these runs is called so" : strerror(-ret),
			 "'squall compare --list' tells the names");
		return STATUS_ERROR;
	}
	if (refuse(cmd, c))
		return STATUS_ERROR;
	if (cmd->json)
		print_compare_json(c, stdout);
	else if (cmd->markdown)
		print_compare_markdown(c, stdout);
	else
		print_compare_text(c, stdout);
	return primary_status(c);
}

static int compare(struct compare_command *cmd, char **paths, int nbase, int ncand)
{
	struct compare *c;
	int status = check_files(paths, nbase + ncand);

	if (status)
		return status;
	if (compare_new(&cmd->options, &c)) {
		complain("compare", strerror(ENOMEM), NULL);
		return STATUS_ERROR;
	}
	for (int i = 0; i < nbase + ncand && !status; i++)
		status = add_run(cmd, c, i < nbase ? ARM_BASE : ARM_CAND, paths[i]);
	if (!status)
		status = conclude(cmd, c);
	compare_free(c);
	return status;
}

/* getopt takes "--" out of the arguments: where it stood tells the arms apart. */
static int find_separator(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--"))
		i++;
	return i;
}

int cmd_compare(int argc, char **argv)
{
	struct compare_command cmd = { .options = { .seed = 1 } };
	int separator = find_separator(argc, argv), first, nbase, ncand, status;

	status = options_parse(&usage, &cmd, separator, argv, &first);
	if (status)
		return status == OPTIONS_DONE ? STATUS_OK : status;
	if (cmd.list) {
		print_list(stdout);
		return STATUS_OK;
	}
	cmd.options.secondary = cmd.secondary.name;
	cmd.options.nsecondary = cmd.secondary.n;
	cmd.options.cgroups = cmd.cgroups.name;
	cmd.options.ncgroups = cmd.cgroups.n;
	cmd.options.vary = cmd.vary.name;
	cmd.options.nvary = cmd.vary.n;
	nbase = separator - first;
	ncand = argc > separator ? argc - separator - 1 : 0;
	if (ncand > COMPARE_RUNS_MAX) {
		complain("compare", "too many runs", NULL);
		return STATUS_ERROR;
	}
	if (!nbase || (!ncand && !cmd.options.placebo)) {
		complain("compare", nbase ? "there are no candidate runs" : "there are no base runs",
			 "squall compare BASE... -- CAND...");
		return STATUS_ERROR;
	}
	/* Over the "--", so that all runs stand in one row. */
	memmove(argv + separator, argv + separator + (ncand > 0), ncand * sizeof(argv[0]));
	return compare(&cmd, argv + first, nbase, ncand);
}
