// SPDX-License-Identifier: GPL-2.0-only
/*
 * status_line.c - see status_line.h.
 */
#include "cmd/status_line.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "spine/escape.h"
#include "spine/time.h"

#define LINE_BYTES	1024
#define CLEAR		"\r\033[K"
#define WIDTH_USUAL	80
#define BYTES_PER_MIB	(1024.0 * 1024.0)

bool status_line_wanted(void)
{
	return isatty(STDERR_FILENO);
}

static bool can_write(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) == 1 && fd.revents == POLLOUT;
}

/* One write(2), so that threads do not mix, and nothing waits in a buffer for a terminal that is gone. */
static void put(const char *text)
{
	if (can_write() && write(STDERR_FILENO, text, strlen(text)) < 0)
		return;		/* there is nobody to tell */
}

static unsigned int width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? WIDTH_USUAL : size.ws_col;
}

/* The last column stays free: many terminals wrap as soon as it is used. Bytes are at least columns. */
static void cut(char *line, unsigned int columns)
{
	size_t len = strlen(line);

	if (len < columns)
		return;
	len = columns - 1;
	while (len && (line[len] & 0xc0) == 0x80)
		len--;
	line[len] = 0;
}

void status_line_draw(const struct status_line *status)
{
	double seconds = ns_to_s(status->interval_ns);
	char path[LINE_BYTES / 2], line[LINE_BYTES], out[LINE_BYTES + sizeof(CLEAR)];

	escape_terminal(status->path, strlen(status->path), path, sizeof(path));
	snprintf(line, sizeof(line), "%.0f s, %.0f events/s, %" PRIu64 " lost, %.1f MiB, %u found: %s (Ctrl-C ends it)",
		 ns_to_s(status->elapsed_ns), seconds > 0 ? status->events_interval / seconds : 0, status->lost,
		 status->file_bytes / BYTES_PER_MIB, status->findings, path);
	cut(line, width());
	snprintf(out, sizeof(out), CLEAR "%s", line);
	put(out);
}

void status_line_clear(void)
{
	put(CLEAR);
}

void status_message(const char *format, ...)
{
	char text[LINE_BYTES], safe[2 * LINE_BYTES], out[sizeof(safe) + 32];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	escape_terminal(text, strlen(text), safe, sizeof(safe));
	snprintf(out, sizeof(out), "%ssquall: %s\n", status_line_wanted() ? CLEAR : "", safe);
	put(out);
}
