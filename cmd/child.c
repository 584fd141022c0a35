// SPDX-License-Identifier: GPL-2.0-only
/*
 * child.c - see child.h.
 */
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/command.h"

/* As shells tell of what they cannot run, and of a signal. */
#define STATUS_NOT_EXECUTABLE	126
#define STATUS_NOT_FOUND	127
#define STATUS_SIGNALED		128

static void run(int go_fd, char *const *argv, const sigset_t *mask)
{
	char go;

	/* End of file: the recording did not start, or its process is gone. */
	while (read(go_fd, &go, 1) != 1)
		if (errno != EINTR)
			_exit(STATUS_ERROR);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	go = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	complain(argv[0], strerror(errno), NULL);
	_exit(go);
}

int child_prepare(struct child *c, char *const *argv, const sigset_t *mask)
{
	int go[2], error;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	c->pid = fork();
	error = errno;
	if (!c->pid) {
		close(go[1]);
		run(go[0], argv, mask);
	}
	close(go[0]);
	c->go_fd = go[1];
	if (c->pid > 0)
		return 0;
	c->pid = 0;
	child_cancel(c);
	return -error;
}

void child_start(struct child *c)
{
	if (c->go_fd < 0)
		return;
	while (write(c->go_fd, "", 1) < 0 && errno == EINTR)
		;
	close(c->go_fd);
	c->go_fd = -1;
}

bool child_ended(struct child *c)
{
	int status;

	if (c->pid && c->status < 0 && waitpid(c->pid, &status, WNOHANG) == c->pid)
		c->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNALED + WTERMSIG(status);
	return c->status >= 0;
}

void child_tell(const struct child *c, int signal)
{
	if (c->pid && c->status < 0)
		kill(c->pid, signal);
}

void child_cancel(struct child *c)
{
	if (c->go_fd < 0)
		return;
	close(c->go_fd);
	c->go_fd = -1;
	if (c->pid)
		waitpid(c->pid, NULL, 0);
	c->pid = 0;
}
