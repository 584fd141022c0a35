/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reclaim_load.h - work that makes the kernel reclaim all the time, for the benchmark of squall record.
 *
 * A process enters a memory cgroup and reads a file that is larger than the limit of the cgroup, so that each new page
 * has to be paid for by an old one. The file is sparse: its pages are page cache as any other, and no disk takes part.
 * It is read as if at random, or the kernel would bring large folios, of which one reclaim frees many pages: so the
 * number of events per byte does not depend on the file system.
 *
 * Errors end the program with a message.
 */
#ifndef SQUALL_BENCH_RECLAIM_LOAD_H
#define SQUALL_BENCH_RECLAIM_LOAD_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spine/time.h"

#define LOAD_BLOCK_BYTES	(64u << 10)

static _Noreturn void load_die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

static inline void load_enter(const char *group)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		load_die(path);
	close(fd);
}

static inline int load_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		load_die(path);
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (errno)
		load_die(path);
	return fd;
}

/* Reads the next block, behind the end the first one again. Returns its bytes. */
static inline uint64_t load_read(int fd)
{
	static char block[LOAD_BLOCK_BYTES];
	ssize_t n = read(fd, block, sizeof(block));

	if (!n && !lseek(fd, 0, SEEK_SET))
		n = read(fd, block, sizeof(block));
	if (n <= 0)
		load_die("read");
	return n;
}

/* Of this process. */
static inline uint64_t load_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

#endif
