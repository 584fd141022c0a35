// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_file.c - see sample_file.h.
 */
#include "collect/sample_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The line that a read begins and the next one completes is moved to the front of the buffer. */
struct line_feed {
	char		*text;
	size_t		filled;
	bool		skipping;	/* inside a line that is longer than the buffer */
	bool		stopped;
	sample_line_fn	fn;
	void		*ctx;
};

static void feed_line(struct line_feed *feed, char *line, char *end)
{
	*end = '\0';
	if (feed->skipping)
		feed->skipping = false;
	else if (!feed->fn(feed->ctx, line, end - line))
		feed->stopped = true;
}

static void feed_lines(struct line_feed *feed)
{
	char *line = feed->text, *end = feed->text + feed->filled, *newline;

	while (!feed->stopped && (newline = memchr(line, '\n', end - line))) {
		feed_line(feed, line, newline);
		line = newline + 1;
	}
	feed->filled = end - line;
	if (feed->filled == SAMPLE_BUFFER_BYTES) {
		feed->skipping = true;
		feed->filled = 0;
	}
	memmove(feed->text, line, feed->filled);
}

int sample_file_lines(int fd, enum sample_file_end end, struct sample_buffer *buffer, sample_line_fn fn, void *ctx)
{
	struct line_feed feed = { .text = buffer->text, .fn = fn, .ctx = ctx };
	off_t offset = 0;
	ssize_t n;

	do {
		n = pread(fd, feed.text + feed.filled, SAMPLE_BUFFER_BYTES - feed.filled, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		offset += n;
		feed.filled += n;
		feed_lines(&feed);
	} while (!feed.stopped && n && end == FILE_TO_EOF);
	if (feed.filled && !feed.stopped)
		feed_line(&feed, feed.text, feed.text + feed.filled);
	return 0;
}

int sample_file_open(int root_fd, const char *path)
{
	int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int sample_file_first_line(int root_fd, const char *path, char *out, size_t size)
{
	int fd = sample_file_open(root_fd, path);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = pread(fd, out, size - 1, 0);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return strlen(out);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct line_word line_next_word(const char **pos)
{
	struct line_word word;

	while (is_blank(**pos))
		(*pos)++;
	word.at = *pos;
	while (**pos && !is_blank(**pos))
		(*pos)++;
	word.len = *pos - word.at;
	return word;
}

bool line_next_u64(const char **pos, uint64_t *value)
{
	const char *p = *pos;
	uint64_t n = 0;

	while (is_blank(*p))
		p++;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			n = UINT64_MAX;
	*pos = p;
	*value = n;
	return true;
}
