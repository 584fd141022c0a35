// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipes.c - fills memory with pages that cannot be moved: tasks that fill pipes to the brim, page by page.
 *
 *   pipes [-t TASKS] [-n PIPES] [-k KIB] [-s SECONDS]
 *
 * Each task fills PIPES pipes of KIB and holds them until all have ended. The job metric is the time of one write of a
 * page, which is one order-0 allocation of migratetype unmovable. After SECONDS tasks that are not done are killed, for
 * a write that the kernel keeps retrying does not come back; what they measured up to then counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metric.h"

#define PAGE_BYTES	4096
#define TASKS_MAX	64
#define POLL_US		50000

struct options {
	unsigned int	tasks, pipes, kib, seconds;
};

/* Shared with the task, so that nothing is lost when it is killed. */
struct task {
	struct metric	writes;
	pid_t		pid;
	uint64_t	writing_since_ns;	/* 0: not in a write */
	uint64_t	ended_ns;		/* 0: not yet */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void fill(int fd, struct task *task)
{
	static const char page[PAGE_BYTES] = "unmovable";

	for (;;) {
		uint64_t begin = metric_now_ns();
		ssize_t n;

		task->writing_since_ns = begin;
		n = write(fd, page, sizeof(page));
		task->writing_since_ns = 0;
		if (n <= 0)
			return;
		metric_add(&task->writes, metric_now_ns() - begin, n);
	}
}

static void run_task(const struct options *o, struct task *task)
{
	for (unsigned int i = 0; i < o->pipes; i++) {
		int fds[2];

		if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, o->kib * 1024) < 0 ||
		    fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0)
			die("pipe");
		fill(fds[1], task);
	}
	task->ended_ns = metric_now_ns();
	pause();
}

static bool all_ended(const struct task *tasks, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (!*(volatile const uint64_t *)&tasks[i].ended_ns)
			return false;
	return true;
}

/* The end of the job: when its last task was done, or now. */
static uint64_t end_of(const struct task *tasks, unsigned int n, uint64_t now)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t ended = tasks[i].ended_ns ? tasks[i].ended_ns : now;

		end = ended > end ? ended : end;
	}
	return end;
}

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "t:n:k:s:")) > 0) {
		unsigned int value = optarg ? strtoul(optarg, NULL, 10) : 0;
		unsigned int *const to = c == 't' ? &o->tasks : c == 'n' ? &o->pipes : c == 'k' ? &o->kib :
					 c == 's' ? &o->seconds : NULL;

		if (!to || !value)
			exit(2);
		*to = value;
	}
	if (o->tasks > TASKS_MAX)
		exit(2);
}

static void start_tasks(const struct options *o, struct task *tasks)
{
	for (unsigned int i = 0; i < o->tasks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			run_task(o, &tasks[i]);
		tasks[i].pid = pid;	/* not by the child: the memory is shared */
	}
}

/* Until all have ended, or the time is over. Returns when that was. */
static uint64_t wait_for_tasks(const struct options *o, const struct task *tasks, uint64_t begin)
{
	uint64_t now;

	do {
		usleep(POLL_US);
		now = metric_now_ns();
	} while (!all_ended(tasks, o->tasks) && now - begin < o->seconds * NSEC_PER_SEC);
	return now;
}

/* Returns how many were not done. A write that does not end counts as long as it lasted. */
static unsigned int stop_tasks(const struct options *o, struct task *tasks, uint64_t now, struct metric *all)
{
	unsigned int stuck = 0;

	for (unsigned int i = 0; i < o->tasks; i++) {
		uint64_t since = tasks[i].writing_since_ns;

		kill(tasks[i].pid, SIGKILL);
		if (since && since < now)
			metric_add(&tasks[i].writes, now - since, 0);
		stuck += !tasks[i].ended_ns;
		metric_merge(all, &tasks[i].writes);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return stuck;
}

int main(int argc, char **argv)
{
	struct options o = { .tasks = 4, .pipes = 40, .kib = 1024, .seconds = 40 };
	struct rlimit files;
	struct metric all = { 0 };
	uint64_t begin, now;
	struct task *tasks;
	unsigned int stuck;

	parse(argc, argv, &o);
	files.rlim_cur = files.rlim_max = 2 * o.pipes + 64;
	setrlimit(RLIMIT_NOFILE, &files);
	tasks = mmap(NULL, sizeof(*tasks) * o.tasks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
		     -1, 0);
	if (tasks == MAP_FAILED || mlockall(MCL_CURRENT))
		die("memory");
	begin = metric_now_ns();
	start_tasks(&o, tasks);
	now = wait_for_tasks(&o, tasks, begin);
	stuck = stop_tasks(&o, tasks, now, &all);
	metric_print(&all, "pipe-write", end_of(tasks, o.tasks, now) - begin);
	printf("pipes tasks=%u not_done=%u\n", o.tasks, stuck);
	return 0;
}
