// SPDX-License-Identifier: GPL-2.0-only
/*
 * recorder_signals.c - see recorder_signals.h.
 */
#include "cmd/recorder_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler == SIG_IGN;
}

static int open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return errno ? -errno : -EBADF;
	}
	return 0;
}

int recorder_signals_open(struct recorder_signals *s)
{
	static const int asked[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGCHLD };
	sigset_t by_descriptor, blocked;
	int ret = open_standard_files();

	if (ret)
		return ret;
	/* Who started us may ignore it; then the command's status would be lost. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&by_descriptor);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (asked[i] != SIGHUP || !is_ignored(SIGHUP))
			sigaddset(&by_descriptor, asked[i]);
	}
	blocked = by_descriptor;
	sigaddset(&blocked, SIGPIPE);
	sigaddset(&blocked, SIGTTOU);
	sigprocmask(SIG_BLOCK, &blocked, &s->before);
	s->fd = signalfd(-1, &by_descriptor, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

bool recorder_signals_next(struct recorder_signals *s, struct recorder_signal *out)
{
	struct signalfd_siginfo info;

	if (read(s->fd, &info, sizeof(info)) != sizeof(info))
		return false;
	*out = (struct recorder_signal){ .number = info.ssi_signo, .from_terminal = info.ssi_code == SI_KERNEL };
	return true;
}
