// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream_port.c - see stream_port.h.
 */
#include "cmd/stream_port.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "spine/stream.h"

static int connect_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

static void set_line(struct stream_port *port)
{
	struct termios raw;

	if (tcgetattr(port->fd, &port->line))
		return;
	port->is_line = true;
	raw = port->line;
	cfmakeraw(&raw);
	tcsetattr(port->fd, TCSANOW, &raw);
}

static int open_path(const char *path, int access, struct stream_port *out)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISSOCK(st.st_mode)) {
		out->fd = connect_socket(path);
		return out->fd < 0 ? out->fd : 0;
	}
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return -ENOTSUP;
	out->fd = open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (out->fd < 0)
		return -errno;
	if (S_ISCHR(st.st_mode))
		set_line(out);
	return 0;
}

static int open_standard(int standard, struct stream_port *out)
{
	out->fd = fcntl(standard, F_DUPFD_CLOEXEC, 0);
	return out->fd < 0 ? -errno : 0;
}

int stream_port_open_write(const char *path, struct stream_port *out)
{
	*out = STREAM_PORT_CLOSED;
	if (strcmp(path, "-"))
		return open_path(path, O_WRONLY, out);
	return isatty(STDOUT_FILENO) ? -ENOTSUP : open_standard(STDOUT_FILENO, out);
}

/* Whether a stream begins with what is in the pipe, and stays there. */
static bool pipe_has_stream(int fd)
{
	char head[sizeof(((struct stream_header *)0)->magic)];
	int scratch[2];
	ssize_t n;

	if (pipe2(scratch, O_CLOEXEC))
		return false;
	n = tee(fd, scratch[1], sizeof(head), 0);
	if (n > 0)
		n = read(scratch[0], head, n);
	close(scratch[0]);
	close(scratch[1]);
	return n > 0 && !memcmp(head, STREAM_MAGIC, n);
}

int stream_port_open_read(const char *path, struct stream_port *out)
{
	bool standard = !strcmp(path, "-");
	struct stat st;
	int ret;

	*out = STREAM_PORT_CLOSED;
	if (standard ? fstat(STDIN_FILENO, &st) : stat(path, &st))
		return -errno;
	if (!S_ISFIFO(st.st_mode)) {
		if (standard)
			return S_ISSOCK(st.st_mode) ? open_standard(STDIN_FILENO, out) : -ENOTSUP;
		return open_path(path, O_RDONLY, out);
	}
	if (standard) {
		ret = open_standard(STDIN_FILENO, out);
	} else {
		out->fd = open(path, O_RDONLY | O_CLOEXEC);
		ret = out->fd < 0 ? -errno : 0;
	}
	if (ret)
		return ret;
	if (!pipe_has_stream(out->fd))
		return -ENOTSUP;
	/* Standard input is shared with others, who may not expect it; there a read is made when something is there. */
	if (!standard && fcntl(out->fd, F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

void stream_port_close(struct stream_port *port)
{
	if (port->fd < 0)
		return;
	if (port->is_line)
		tcsetattr(port->fd, TCSANOW, &port->line);
	close(port->fd);
	*port = STREAM_PORT_CLOSED;
}
