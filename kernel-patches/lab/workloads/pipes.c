// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipes.c - fills memory with pages that cannot be moved: tasks that fill pipes to the brim, page by page.
 *
 *   pipes [-t TASKS] [-n PIPES] [-k KIB] [-d SECONDS_MIN] [-s SECONDS]
 *
 * Each task fills PIPES pipes of KIB and holds them until all have ended. It is never further than if it took
 * SECONDS_MIN (0) for all of them at a steady pace, so that it goes on for so long on machines of any speed. The job
 * metric, pipe-write, is the time of one write of a page, which is one order-0 allocation of migratetype unmovable. After
 * SECONDS tasks that are not done are killed, for a write that the kernel keeps retrying does not come back; what they
 * measured up to then counts.
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
#define PACE_PAGES	32	/* a task looks at the clock after so many */

struct options {
	unsigned int	tasks, pipes, kib, seconds_min, seconds;
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

/* Waits when the task is ahead of the pace. */
static void keep_pace(const struct options *o, const struct task *task, uint64_t begin)
{
	uint64_t all = (uint64_t)o->pipes * o->kib * 1024, now = metric_now_ns();
	uint64_t due = begin + (double)task->writes.bytes / all * o->seconds_min * NSEC_PER_SEC;

	if (due > now)
		usleep((due - now) / 1000 + 1);
}

static void fill(const struct options *o, int fd, struct task *task, uint64_t begin)
{
	static const char page[PAGE_BYTES] = "unmovable";

	for (;;) {
		uint64_t at = metric_now_ns();
		ssize_t n;

		task->writing_since_ns = at;
		n = write(fd, page, sizeof(page));
		task->writing_since_ns = 0;
		if (n <= 0)
			return;
		metric_add(&task->writes, metric_now_ns() - at, n);
		if (o->seconds_min && task->writes.count % PACE_PAGES == 0)
			keep_pace(o, task, begin);
	}
}

static void run_task(const struct options *o, struct task *task)
{
	uint64_t begin = metric_now_ns();

	for (unsigned int i = 0; i < o->pipes; i++) {
		int fds[2];

		if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, o->kib * 1024) < 0 ||
		    fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0)
			die("pipe");
		fill(o, fds[1], task, begin);
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

	while ((c = getopt(argc, argv, "t:n:k:d:s:")) > 0) {
		unsigned int value = optarg ? strtoul(optarg, NULL, 10) : 0;
		unsigned int *const to = c == 't' ? &o->tasks : c == 'n' ? &o->pipes : c == 'k' ? &o->kib :
					 c == 'd' ? &o->seconds_min : c == 's' ? &o->seconds : NULL;

		if (!to || (!value && c != 'd'))
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

/* What all have measured. A write that has not ended counts as long as it lasts. */
static void measure(const struct options *o, const struct task *tasks, uint64_t now, struct metric *all)
{
	*all = (struct metric){ 0 };
	for (unsigned int i = 0; i < o->tasks; i++)
		metric_merge_open(all, &tasks[i].writes, *(volatile const uint64_t *)&tasks[i].writing_since_ns, now);
}

/* Until all have ended, or the time is over. Returns when that was. */
static uint64_t wait_for_tasks(const struct options *o, const struct task *tasks, struct metric_report *report,
			       struct metric *all)
{
	uint64_t begin = report->begin_ns, now;

	do {
		usleep(POLL_US);
		now = metric_now_ns();
		if (metric_report_due(report, now)) {
			measure(o, tasks, now, all);
			metric_report_put(report, all, now);
		}
	} while (!all_ended(tasks, o->tasks) && now - begin < o->seconds * NSEC_PER_SEC);
	return now;
}

/* Returns how many were not done. */
static unsigned int stop_tasks(const struct options *o, struct task *tasks)
{
	unsigned int stuck = 0;

	for (unsigned int i = 0; i < o->tasks; i++) {
		kill(tasks[i].pid, SIGKILL);
		stuck += !tasks[i].ended_ns;
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return stuck;
}

int main(int argc, char **argv)
{
	struct options o = { .tasks = 4, .pipes = 40, .kib = 1024, .seconds = 40 };
	struct rlimit files;
	struct metric_report report;
	struct metric all;
	struct task *tasks;
	unsigned int stuck;
	uint64_t now;

	parse(argc, argv, &o);
	files.rlim_cur = files.rlim_max = 2 * o.pipes + 64;
	setrlimit(RLIMIT_NOFILE, &files);
	tasks = mmap(NULL, sizeof(*tasks) * o.tasks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
		     -1, 0);
	if (tasks == MAP_FAILED || mlockall(MCL_CURRENT))
		die("memory");
	metric_report_start(&report, "pipe-write");
	start_tasks(&o, tasks);
	now = wait_for_tasks(&o, tasks, &report, &all);
	measure(&o, tasks, now, &all);
	stuck = stop_tasks(&o, tasks);
	metric_print(&all, report.name, end_of(tasks, o.tasks, now) - report.begin_ns);
	printf("pipes tasks=%u not_done=%u\n", o.tasks, stuck);
	return 0;
}
