/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream_port.h - the ends of a stream (spine/stream.h) between two squalls: a unix socket that somebody listens at
 * (QEMU does, for a port of a guest), a fifo, a character device (the port inside the guest, a serial line), or
 * standard input and output. A serial line is set to pass bytes as they are, and set back.
 */
#ifndef SQUALL_CMD_STREAM_PORT_H
#define SQUALL_CMD_STREAM_PORT_H

#include <stdbool.h>
#include <termios.h>

struct stream_port {
	int		fd;		/* not blocking but for standard input and output; -1 not open */
	bool		is_line;	/* with its settings as they were */
	struct termios	line;
};

#define STREAM_PORT_CLOSED	((struct stream_port){ .fd = -1 })

/*
 * "-" is standard output. -ENXIO: a fifo that nobody reads yet, to be tried again. -ENOTSUP: @path is something else.
 * Other negative errnos as they come.
 */
int stream_port_open_write(const char *path, struct stream_port *out);

/*
 * "-" is standard input. -ENOTSUP: @path is something else, or what comes out of the pipe does not begin as a stream
 * does; it is left in the pipe, which *out keeps open. Waits for the first bytes of a pipe.
 */
int stream_port_open_read(const char *path, struct stream_port *out);

void stream_port_close(struct stream_port *port);

#endif
