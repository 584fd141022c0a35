// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn.c - tasks whose memory is more than there is, and that use all of it.
 *
 *   churn -m MIB [-t TASKS] [-c PERCENT] [-s SECONDS] [-p MS] [-l] [-n NAME]
 *
 * TASKS (2) take MIB together and write to pages of it at random until SECONDS (60) are over, or until SIGTERM.
 * PERCENT (100) of the pages do not compress, of the others three quarters do. With -p a task waits so long after each
 * MiB that it takes, with -l its memory is locked: nobody can reclaim it. Says "churn filled" when all of it is taken.
 * The job metric, named NAME (churn-write), is the time of one write to a page, a first touch or a later one. A write
 * that does not come back counts for as long as it lasted, and one in which the kernel killed the task until then.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metric.h"
#include "page_fill.h"

#define TASKS_MAX	64
#define PAGES_PER_MIB	((1u << 20) / PAGE_BYTES)
#define COMPRESSIBLE	25	/* percent of such a page that do not compress */

struct options {
	const char	*name;
	unsigned long	mib, tasks, percent, seconds, pause_ms;
	bool		lock;
};

/* Shared with the task. */
struct task {
	struct metric	writes;
	uint64_t	writing_since_ns;	/* 0: not in a write */
	pid_t		pid;
	bool		filled;
};

static void write_page(const struct options *o, struct task *task, char *page, uint64_t *state)
{
	bool random = page_random(state) % 100 < o->percent;
	uint64_t begin = metric_now_ns();

	task->writing_since_ns = begin;
	page_fill(page, random ? 100 : COMPRESSIBLE, state);
	task->writing_since_ns = 0;
	metric_add(&task->writes, metric_now_ns() - begin, PAGE_BYTES);
}

static void run_task(const struct options *o, struct task *task, uint64_t seed)
{
	size_t pages = (o->mib << 20) / o->tasks / PAGE_BYTES;
	char *memory = page_space(pages * PAGE_BYTES);
	uint64_t state = 88172645463325252ull + seed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (o->lock && mlock2(memory, pages * PAGE_BYTES, MLOCK_ONFAULT))
		perror("mlock2");
	for (size_t i = 0; i < pages; i++) {
		write_page(o, task, memory + i * PAGE_BYTES, &state);
		if (o->pause_ms && i % PAGES_PER_MIB == PAGES_PER_MIB - 1)
			usleep(o->pause_ms * 1000);
	}
	task->filled = true;
	for (;;)
		write_page(o, task, memory + page_random(&state) % pages * PAGE_BYTES, &state);
}

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "m:t:c:s:p:ln:")) > 0) {
		unsigned long *const to = c == 'm' ? &o->mib : c == 't' ? &o->tasks : c == 'c' ? &o->percent :
					  c == 's' ? &o->seconds : c == 'p' ? &o->pause_ms : NULL;

		if (!to && c != 'l' && c != 'n')
			exit(2);
		if (to)
			*to = strtoul(optarg, NULL, 10);
		o->lock |= c == 'l';
		if (c == 'n')
			o->name = optarg;
	}
	if (!o->mib || !o->tasks || o->tasks > TASKS_MAX || o->percent > 100)
		exit(2);
}

static volatile sig_atomic_t over;

static void on_signal(int sig)
{
	over = 1;
}

static bool all_filled(const struct task *tasks, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (!*(volatile const bool *)&tasks[i].filled)
			return false;
	return true;
}

/* A task that was killed. The write in which that happened took until then. */
static void bury(struct task *task, uint64_t now)
{
	if (task->writing_since_ns && task->writing_since_ns < now)
		metric_add(&task->writes, now - task->writing_since_ns, 0);
	task->writing_since_ns = 0;
	task->pid = 0;
}

/* What all have measured; a write that has not ended counts as long as it lasts. */
static void measure(const struct options *o, const struct task *tasks, uint64_t now, struct metric *all)
{
	*all = (struct metric){ 0 };
	for (unsigned int i = 0; i < o->tasks; i++)
		metric_merge_open(all, &tasks[i].writes, *(volatile const uint64_t *)&tasks[i].writing_since_ns, now);
}

static bool is_over(const struct options *o, const struct metric_report *report, uint64_t now)
{
	return over || now - report->begin_ns >= o->seconds * NSEC_PER_SEC;
}

/* Until the time is over or nobody is left. Returns how many the kernel killed. */
static unsigned int wait_for_tasks(const struct options *o, struct task *tasks, struct metric_report *report)
{
	unsigned int killed = 0;
	bool told = false;
	uint64_t now;

	while (killed < o->tasks && !is_over(o, report, now = metric_now_ns())) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		for (unsigned int i = 0; pid > 0 && i < o->tasks; i++)
			if (tasks[i].pid == pid)
				bury(&tasks[i], now);
		killed += pid > 0;
		if (!told && all_filled(tasks, o->tasks)) {
			told = true;
			puts("churn filled");
			fflush(stdout);
		}
		if (metric_report_due(report, now)) {
			struct metric all;

			measure(o, tasks, now, &all);
			metric_report_put(report, &all, now);
		}
		usleep(50000);
	}
	return killed;
}

int main(int argc, char **argv)
{
	struct options o = { .name = "churn-write", .tasks = 2, .percent = 100, .seconds = 60 };
	struct task *tasks = mmap(NULL, TASKS_MAX * sizeof(*tasks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	struct metric_report report;
	struct metric all;
	unsigned int killed;
	uint64_t end;

	parse(argc, argv, &o);
	if (tasks == MAP_FAILED)
		return 1;
	metric_report_start(&report, o.name);
	for (unsigned int i = 0; i < o.tasks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			run_task(&o, &tasks[i], i);
		tasks[i].pid = pid;
	}
	signal(SIGTERM, on_signal);
	/* Whoever is to end the storm must not wait for memory. */
	mlockall(MCL_CURRENT);
	killed = wait_for_tasks(&o, tasks, &report);
	end = metric_now_ns();
	measure(&o, tasks, end, &all);
	for (unsigned int i = 0; i < o.tasks; i++)
		if (tasks[i].pid)
			kill(tasks[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
	metric_print(&all, o.name, end - report.begin_ns);
	printf("churn killed %u of %lu\n", killed, o.tasks);
	return 0;
}
