// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_names.c - see recording_names.h.
 */
#include "cmd/recording_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/recording_facts.h"
#include "collect/task_namer.h"
#include "spine/side_thread.h"

#define ANSWERS_KIB	512u	/* of 1,024 look-ups with paths of 100 bytes, twice over */

struct recording_names {
	struct cgroup_top	top;
	int			proc_fd, tracefs_fd;
	struct task_probe	*probe;		/* NULL: not to be had */
	struct task_lookup	*lookup;
	struct side_thread	*thread;	/* of lookup */
	struct task_namer	*namer;
	struct sink		in, named;	/* behind and in front of namer */
};

/* What was asked for by the last events. */
static int answer_rest(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	int64_t ret = task_lookup_work(ctx, now_ns, sink);

	return ret < 0 ? ret : 0;
}

static int open_lookup(struct recording_names *names)
{
	const struct task_lookup_options options = { .proc_fd = names->proc_fd, .tracefs_fd = names->tracefs_fd,
						     .top = &names->top };
	int ret = task_lookup_new(&options, &names->lookup);
	const struct side_work work = { .name = "names", .memory_kib = ANSWERS_KIB, .ctx = names->lookup,
					.work = task_lookup_work, .last = answer_rest };

	return ret ? ret : side_thread_new(&work, &names->thread);
}

int recording_names_open(const char *tracefs_root, struct source_error *missing, struct recording_names **out)
{
	struct recording_names *names = calloc(1, sizeof(*names));
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret;

	*missing = (struct source_error){ 0 };
	if (!names) {
		close(root);
		return -ENOMEM;
	}
	cgroup_top_open(root, &names->top);
	close(root);
	names->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	names->tracefs_fd = tracefs_root ? open(tracefs_root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	task_probe_open(&names->top, &names->probe, missing);
	ret = open_lookup(names);
	if (ret) {
		recording_names_free(names);
		return ret;
	}
	*out = names;
	return 0;
}

void recording_names_free(struct recording_names *names)
{
	if (!names || !side_thread_free(names->thread))
		return;
	task_namer_free(names->namer);
	task_lookup_free(names->lookup);
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
	const struct task_namer_options options = { .probe = names->probe, .lookup = names->lookup };
	int ret = task_namer_new(&options, in, &names->namer);

	if (ret)
		return ret;
	names->in = *in;
	names->named = *named = task_namer_sink(names->namer);
	return 0;
}

int recording_names_start(struct recording_names *names)
{
	return side_thread_start(names->thread);
}

int recording_names_drain(struct recording_names *names)
{
	if (task_lookup_waiting(names->lookup))
		side_thread_wake(names->thread);
	return side_thread_drain(names->thread, &names->named);
}

void recording_names_repeat(struct recording_names *names)
{
	task_namer_repeat(names->namer);
}

int recording_names_finish(struct recording_names *names, uint64_t now_ns)
{
	struct task_namer_stats stats;
	int ret = side_thread_stop(names->thread, now_ns, &names->named);

	if (!ret)
		ret = task_namer_finish(names->namer);
	task_namer_get_stats(names->namer, &stats);
	if (!ret)
		ret = recording_put_number(&names->in, "tasks_unnamed", stats.unnamed);
	if (!ret)
		ret = recording_put_number(&names->in, "task_lookups_put_off", stats.put_off);
	return ret ? ret : recording_put_number(&names->in, "task_notes_dropped", stats.notes_dropped);
}
