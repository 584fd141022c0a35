// SPDX-License-Identifier: GPL-2.0-only
/*
 * survival.c - see survival.h.
 */
#include "cmd/survival.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/command.h"

#define OOM_SCORE_ADJ	"-900"		/* below what it records, above what must never be killed */

void survival_raise_files(void)
{
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

void survival_prepare(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, OOM_SCORE_ADJ, strlen(OOM_SCORE_ADJ)) < 0)
			complain("oom_score_adj", "cannot be lowered: the OOM killer may choose squall", NULL);
		close(fd);
	}
	survival_raise_files();
}

void survival_lock_memory(void)
{
	/* Where locking all that there is was allowed, locking a little more is too; else allocations could fail. */
	if (!mlockall(MCL_CURRENT))
		mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}
