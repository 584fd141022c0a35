// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_names.c - see recording_names.h.
 */
#include "cmd/recording_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/recording_facts.h"
#include "collect/task_namer.h"

struct recording_names {
	struct cgroup_top	top;
	int			proc_fd, tracefs_fd;
	struct task_probe	*probe;		/* NULL: not to be had */
	struct task_namer	*namer;
};

int recording_names_open(const char *tracefs_root, struct recording_names **out)
{
	struct recording_names *names = calloc(1, sizeof(*names));
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct source_error err;
	int ret;

	if (!names) {
		close(root);
		return -ENOMEM;
	}
	cgroup_top_open(root, &names->top);
	close(root);
	names->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	names->tracefs_fd = tracefs_root ? open(tracefs_root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	ret = task_probe_open(&names->top, &names->probe, &err);
	if (ret)
		complain("names of tasks that live briefly are not recorded", err.what, NULL);
	*out = names;
	return 0;
}

void recording_names_free(struct recording_names *names)
{
	if (!names)
		return;
	task_namer_free(names->namer);
	task_probe_free(names->probe);
	cgroup_top_close(&names->top);
	if (names->proc_fd >= 0)
		close(names->proc_fd);
	if (names->tracefs_fd >= 0)
		close(names->tracefs_fd);
	free(names);
}

int recording_names_sink(struct recording_names *names, const struct sink *in, struct sink *named)
{
	const struct task_namer_options options = {
		.probe = names->probe, .proc_fd = names->proc_fd, .tracefs_fd = names->tracefs_fd, .top = &names->top,
	};
	int ret = task_namer_new(&options, in, &names->namer);

	if (!ret)
		*named = task_namer_sink(names->namer);
	return ret;
}

int recording_names_finish(struct recording_names *names, const struct sink *in)
{
	struct task_namer_stats stats;
	int ret = task_namer_finish(names->namer);

	task_namer_get_stats(names->namer, &stats);
	if (!ret)
		ret = recording_put_number(in, "tasks_unnamed", stats.unnamed);
	if (!ret)
		ret = recording_put_number(in, "task_lookups_put_off", stats.put_off);
	return ret ? ret : recording_put_number(in, "task_notes_dropped", stats.notes_dropped);
}
