// SPDX-License-Identifier: GPL-2.0-only
/*
 * checker.c - tasks that hold memory of mixed compressibility, interleaved page by page, and give every second part of
 * it back: whoever stores their pages compressed and side by side is left with holes.
 *
 *   checker -m MIB [-t TASKS] [-s SECONDS]
 *
 * TASKS (8) take MIB together, all at the same pace, so that what is swapped out of them is interleaved too. A quarter,
 * a half or three quarters of a page do not compress, in turns. Says "checker filled" when they have it. On SIGUSR1
 * each gives back three of every six pages and says "checker freed". Tasks then wait until they are killed, until
 * SECONDS (120) are over, or until SIGTERM. The job metric is the time of the first touch of a page.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metric.h"
#include "page_fill.h"

#define TASKS_MAX	64
#define STEP_PAGES	64u	/* a task is so much ahead of the slowest at most */
#define KINDS		3u	/* of pages, by how far they compress */
#define POLL_US		20000

struct options {
	unsigned long	mib, tasks, seconds;
};

/* Shared with the task. */
struct task {
	struct metric		touches;
	_Atomic unsigned long	pages;		/* that it has taken */
	_Atomic unsigned int	freed;
	pid_t			pid;
};

static unsigned long slowest(struct task *tasks, unsigned long n)
{
	unsigned long least = atomic_load(&tasks[0].pages);

	for (unsigned long i = 1; i < n; i++) {
		unsigned long pages = atomic_load(&tasks[i].pages);

		least = pages < least ? pages : least;
	}
	return least;
}

static void take(const struct options *o, struct task *tasks, struct task *self, char *memory, unsigned long pages)
{
	uint64_t state = 88172645463325252ull + (self - tasks);

	for (unsigned long i = 0; i < pages; i++) {
		uint64_t begin;

		while (i % STEP_PAGES == 0 && slowest(tasks, o->tasks) + STEP_PAGES < i)
			usleep(1000);
		begin = metric_now_ns();
		page_fill(memory + i * PAGE_BYTES, 25 * (1 + i % KINDS), &state);
		metric_add(&self->touches, metric_now_ns() - begin, PAGE_BYTES);
		atomic_store(&self->pages, i + 1);
	}
}

static void run_task(const struct options *o, struct task *tasks, struct task *self)
{
	unsigned long pages = (o->mib << 20) / o->tasks / PAGE_BYTES;
	char *memory = page_space(pages * PAGE_BYTES);
	sigset_t usr1;
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	take(o, tasks, self, memory, pages);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigwait(&usr1, &sig);
	for (unsigned long i = 0; i + KINDS <= pages; i += 2 * KINDS)
		madvise(memory + i * PAGE_BYTES, KINDS * PAGE_BYTES, MADV_DONTNEED);
	atomic_store(&self->freed, 1);
	for (;;)
		pause();
}

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "m:t:s:")) > 0) {
		unsigned long *const to = c == 'm' ? &o->mib : c == 't' ? &o->tasks : c == 's' ? &o->seconds : NULL;

		if (!to)
			exit(2);
		*to = strtoul(optarg, NULL, 10);
	}
	if (!o->mib || !o->tasks || o->tasks > TASKS_MAX)
		exit(2);
}

static struct task *tasks_of_all;
static unsigned long tasks_count;
static volatile sig_atomic_t over;

static void on_signal(int sig)
{
	over |= sig == SIGTERM;
	for (unsigned long i = 0; sig == SIGUSR1 && i < tasks_count; i++)
		kill(tasks_of_all[i].pid, sig);
}

static void measure(const struct options *o, const struct task *tasks, struct metric *all)
{
	*all = (struct metric){ 0 };
	for (unsigned long i = 0; i < o->tasks; i++)
		metric_merge(all, &tasks[i].touches);
}

static void tell_filled(const struct options *o, const struct task *tasks, const struct metric_report *report)
{
	struct metric all;

	measure(o, tasks, &all);
	metric_print(&all, report->name, metric_now_ns() - report->begin_ns);
	printf("checker filled %lu\n", o->mib);
	fflush(stdout);
}

/* Tells what the tasks have done, until the time is over or nobody is left. Returns how many the kernel killed. */
static unsigned int watch_tasks(const struct options *o, struct task *tasks, struct metric_report *report)
{
	unsigned long pages = (o->mib << 20) / o->tasks / PAGE_BYTES;
	unsigned int killed = 0;
	bool filled = false, freed = false;

	while (!over && killed < o->tasks && metric_now_ns() - report->begin_ns < o->seconds * NSEC_PER_SEC) {
		uint64_t now = metric_now_ns();
		unsigned int done = 0;

		if (!filled && metric_report_due(report, now)) {
			struct metric all;

			measure(o, tasks, &all);
			metric_report_put(report, &all, now);
		}
		killed += waitpid(-1, NULL, WNOHANG) > 0;
		for (unsigned long i = 0; i < o->tasks; i++)
			done += atomic_load(&tasks[i].freed);
		if (!filled && slowest(tasks, o->tasks) == pages) {
			filled = true;
			tell_filled(o, tasks, report);
		}
		if (!freed && done == o->tasks) {
			freed = true;
			printf("checker freed\n");
			fflush(stdout);
		}
		usleep(POLL_US);
	}
	return killed;
}

int main(int argc, char **argv)
{
	struct options o = { .tasks = 8, .seconds = 120 };
	struct task *tasks = mmap(NULL, TASKS_MAX * sizeof(*tasks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	struct metric_report report;
	unsigned int killed;
	sigset_t usr1;

	parse(argc, argv, &o);
	if (tasks == MAP_FAILED)
		return 1;
	metric_report_start(&report, "checker-touch");
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);	/* the tasks wait for it */
	for (unsigned long i = 0; i < o.tasks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			run_task(&o, tasks, &tasks[i]);
		tasks[i].pid = pid;
	}
	tasks_of_all = tasks;
	tasks_count = o.tasks;
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	killed = watch_tasks(&o, tasks, &report);
	for (unsigned long i = 0; i < o.tasks; i++)
		kill(tasks[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
	printf("checker killed %u of %lu\n", killed, o.tasks);
	return 0;
}
