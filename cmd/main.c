// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - squall COMMAND ...: finds the command in the table and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

static const struct command commands[] = {
	{ "check", "tell what can be recorded here, and which storms threaten", cmd_check },
	{ "record", "record a storm into a store, live", cmd_record },
	{ "import", "turn a trace.dat or ftrace text into a SQLite store", cmd_import },
	{ "analyze", "diagnose a store or a trace", cmd_analyze },
	{ "report", "write the diagnosis to hand on: HTML with charts, markdown, text, JSON", cmd_report },
	{ "explain", "explain a kind of finding: what happens, how to recognise it, what to do", cmd_explain },
	{ "compare", "tell what a change to the kernel does, from runs without and with it", cmd_compare },
	{ "top", "watch nodes, cgroups, tasks and swap, interval by interval", cmd_top },
};

#define NCOMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fputs("Usage: squall COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Captures, explains and watches reclaim storms: minutes in which a machine has memory to\n"
	      "reclaim, keeps reclaiming it, and gets nothing done.\n\nCommands:\n", out);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'squall COMMAND --help' tells the options of a command; 'man squall' the rest.\n", out);
}

static const struct command *find(const struct command *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static const struct command *find_command(const char *name)
{
	const struct command *command = find(commands, NCOMMANDS, name);

	if (!command)
		complain(name, "no such command", "'squall --help' lists the commands");
	return command;
}

static int help(int argc, char **argv);

static int version(int argc, char **argv)
{
	puts("squall " SQUALL_VERSION);
	return STATUS_OK;
}

static const struct command words[] = {
	{ "--help", NULL, help }, { "-h", NULL, help }, { "help", NULL, help },
	{ "--version", NULL, version }, { "-V", NULL, version },
};

#define NWORDS		(sizeof(words) / sizeof(words[0]))

/* squall help COMMAND is squall COMMAND --help. */
static int help(int argc, char **argv)
{
	const struct command *command;
	char option[] = "--help";

	if (argc < 2 || find(words, NWORDS, argv[1])) {
		usage(stdout);
		return STATUS_OK;
	}
	command = find_command(argv[1]);
	return command ? command->run(2, (char *[]){ argv[1], option, NULL }) : STATUS_ERROR;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	if (argc < 2) {
		usage(stderr);
		return STATUS_ERROR;
	}
	command = find(words, NWORDS, argv[1]) ?: find_command(argv[1]);
	if (!command)
		return STATUS_ERROR;
	status = command->run(argc - 1, argv + 1);
	/* What was printed is the result: losing it (a full disk behind a redirection) is a failure. */
	if (fflush(stdout) || ferror(stdout)) {
		complain("standard output", "could not be written", NULL);
		return STATUS_ERROR;
	}
	return status;
}
