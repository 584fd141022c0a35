// SPDX-License-Identifier: GPL-2.0-only
/*
 * hotset.c - a job with a set of anonymous pages that it goes on using, or comes back to.
 *
 *   hotset -m MIB [-c PERCENT] [-s SECONDS] [-w PAUSE_US] [-n NAME]
 *
 * Takes MIB in pages of which PERCENT (50) of each do not compress and says "NAME filled". Then touches one page after
 * another, from first to last and again, PAUSE_US (0) apart, for SECONDS or until SIGTERM. Without SECONDS it lets its
 * memory get cold instead and touches all of it once on SIGUSR1. The job metric, named NAME (hotset), is the time of one
 * touch: short where the page is there, long where it comes from swap.
 */
#include <signal.h>
#include <unistd.h>

#include "metric.h"
#include "page_fill.h"

struct options {
	const char	*name;
	unsigned long	mib, percent, seconds, pause_us;
};

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "m:c:s:w:n:")) > 0) {
		unsigned long *const to = c == 'm' ? &o->mib : c == 'c' ? &o->percent : c == 's' ? &o->seconds :
					  c == 'w' ? &o->pause_us : NULL;

		if (!to && c != 'n')
			exit(2);
		if (to)
			*to = strtoul(optarg, NULL, 10);
		else
			o->name = optarg;
	}
	if (!o->mib || o->percent > 100)
		exit(2);
}

/* A read is enough: a page that was swapped out has to come back for it. */
static void touch(const volatile char *page, struct metric *touches)
{
	uint64_t begin = metric_now_ns();

	(void)*page;
	metric_add(touches, metric_now_ns() - begin, PAGE_BYTES);
}

static volatile sig_atomic_t over;

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

static void use(const struct options *o, const char *memory, size_t pages, struct metric *touches)
{
	struct metric_report report;
	uint64_t now, end;

	signal(SIGTERM, on_term);
	metric_report_start(&report, o->name);
	end = report.begin_ns + o->seconds * NSEC_PER_SEC;
	for (size_t i = 0; !over && (now = metric_now_ns()) < end; i = (i + 1) % pages) {
		touch(memory + i * PAGE_BYTES, touches);
		if (metric_report_due(&report, now))
			metric_report_put(&report, touches, now);
		if (o->pause_us)
			usleep(o->pause_us);
	}
}

static void come_back(const char *memory, size_t pages, struct metric *touches)
{
	for (size_t i = 0; i < pages; i++)
		touch(memory + i * PAGE_BYTES, touches);
}

int main(int argc, char **argv)
{
	struct options o = { .name = "hotset", .percent = 50 };
	uint64_t state = 88172645463325252ull, begin;
	struct metric touches = { 0 };
	sigset_t usr1;
	size_t pages;
	char *memory;
	int sig;

	parse(argc, argv, &o);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	pages = (o.mib << 20) / PAGE_BYTES;
	memory = page_space(pages * PAGE_BYTES);
	for (size_t i = 0; i < pages; i++)
		page_fill(memory + i * PAGE_BYTES, o.percent, &state);
	printf("%s filled %lu\n", o.name, o.mib);
	fflush(stdout);
	if (!o.seconds)
		sigwait(&usr1, &sig);
	begin = metric_now_ns();
	if (o.seconds)
		use(&o, memory, pages, &touches);
	else
		come_back(memory, pages, &touches);
	metric_print(&touches, o.name, metric_now_ns() - begin);
	return 0;
}
