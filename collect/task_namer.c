// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_namer.c - see task_namer.h. One array look-up per event; /proc only for a thread that is new.
 */
#include "collect/task_namer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_BYTES	512	/* Name is the first line of status, Tgid the fourth */
#define COMM_BYTES	64

void task_namer_init(struct task_namer *n, const struct sink *sink, int proc_fd)
{
	memset(n, 0, sizeof(*n));
	n->sink = *sink;
	n->proc_fd = proc_fd;
}

static ssize_t read_file(const struct task_namer *n, int32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", tid, name);
	fd = openat(n->proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, buf, size - 1);
	close(fd);
	buf[len > 0 ? len : 0] = 0;
	return len;
}

static int tell(struct task_namer *n, int32_t tid)
{
	char comm[COMM_BYTES], status[STATUS_BYTES];
	struct task_name task = { .tid = tid, .comm = comm };
	ssize_t len = read_file(n, tid, "comm", comm, sizeof(comm));
	const char *tgid;

	if (len <= 0) {
		n->unnamed++;
		return 0;
	}
	/* The kernel adds the line end; a name may hold one of its own. */
	if (comm[len - 1] == '\n')
		comm[len - 1] = 0;
	if (read_file(n, tid, "status", status, sizeof(status)) > 0) {
		tgid = strstr(status, "\nTgid:");
		task.tgid = tgid ? atoi(tgid + strlen("\nTgid:")) : 0;
	}
	return SINK_CALL(&n->sink, task, &task);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct task_namer *n = ctx;
	int32_t *slot = &n->known[(uint32_t)ev->tid % TASK_NAMER_SLOTS];

	if (ev->tid > 0 && *slot != ev->tid + 1) {
		int ret = tell(n, ev->tid);

		if (ret)
			return ret;
		*slot = ev->tid + 1;
	}
	return SINK_CALL(&n->sink, event, ev);
}

static int on_type(void *ctx, const struct event_type *type)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, type, type);
}

static int on_loss(void *ctx, const struct loss *loss)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, loss, loss);
}

static const struct sink_ops namer_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
};

struct sink task_namer_sink(struct task_namer *n)
{
	return (struct sink){ &namer_ops, n };
}
