// SPDX-License-Identifier: GPL-2.0-only
/*
 * holes.c - takes memory and gives back all of it but single pages, which cannot be moved: what is free is in pieces.
 *
 *   holes -m MIB [-p]
 *
 * Fills pipes of 1 MiB each and reads all but the last page of each: pages of the kernel, in blocks of their own. With
 * -p it takes anonymous memory, puts one page of each MiB into a pipe as it is (vmsplice) and gives the memory back:
 * movable pages in movable blocks, or in CMA, that somebody holds on to. Says "holes made N" and keeps the N pages
 * until SIGTERM. The job metric is the time in which one MiB was taken.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "metric.h"
#include "page_fill.h"

#define STEP_BYTES	(1u << 20)
#define STEP_PAGES	(STEP_BYTES / PAGE_BYTES)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void new_pipe(int *fds)
{
	if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, STEP_BYTES) < 0 || fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0)
		die("pipe");
}

/* All of them first: what was given back would be taken again. */
static unsigned int hold_pipes(unsigned int n, char *buffer, struct metric *taken)
{
	int (*fds)[2] = calloc(n, sizeof(*fds));

	if (!fds)
		die("pipes");
	for (unsigned int i = 0; i < n; i++) {
		uint64_t begin = metric_now_ns();

		new_pipe(fds[i]);
		if (write(fds[i][1], buffer, STEP_BYTES) != STEP_BYTES)
			die("write");
		metric_add(taken, metric_now_ns() - begin, STEP_BYTES);
	}
	for (unsigned int i = 0; i < n; i++)
		if (read(fds[i][0], buffer, STEP_BYTES - PAGE_BYTES) != STEP_BYTES - PAGE_BYTES)
			die("read");
	free(fds);
	return n;
}

static unsigned int hold_pages(unsigned int n, struct metric *taken)
{
	char *memory = page_space((size_t)n * STEP_BYTES);
	int fds[2];

	for (unsigned int i = 0; i < n; i++) {
		struct iovec page = { memory + (size_t)i * STEP_BYTES, PAGE_BYTES };
		uint64_t begin = metric_now_ns();

		if (madvise(page.iov_base, STEP_BYTES, MADV_POPULATE_WRITE))
			die("populate");
		metric_add(taken, metric_now_ns() - begin, STEP_BYTES);
		if (i % STEP_PAGES == 0)
			new_pipe(fds);
		if (vmsplice(fds[1], &page, 1, 0) != PAGE_BYTES)
			die("vmsplice");
	}
	munmap(memory, (size_t)n * STEP_BYTES);
	return n;
}

int main(int argc, char **argv)
{
	static char buffer[STEP_BYTES];
	uint64_t begin = metric_now_ns();
	struct metric taken = { 0 };
	bool pinned = false;
	unsigned int n = 0;
	struct rlimit files;
	int c;

	while ((c = getopt(argc, argv, "m:p")) > 0) {
		if (c == '?')
			exit(2);
		pinned |= c == 'p';
		if (c == 'm')
			n = strtoul(optarg, NULL, 10);
	}
	if (!n)
		exit(2);
	files.rlim_cur = files.rlim_max = 2 * n + 64;
	setrlimit(RLIMIT_NOFILE, &files);
	n = pinned ? hold_pages(n, &taken) : hold_pipes(n, buffer, &taken);
	metric_print(&taken, "holes-take", metric_now_ns() - begin);
	printf("holes made %u\n", n);
	fflush(stdout);
	pause();
	return 0;
}
