// SPDX-License-Identifier: GPL-2.0-only
/*
 * input.c - see input.h. Traces are read by a process of their own (spine/isolate.h).
 */
#include "cmd/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "collect/source_table.h"
#include "spine/isolate.h"

static const char sqlite_magic[] = "SQLite format 3";	/* with its NUL: the first 16 bytes */

/* The first bytes of a pipe, left in it. */
static ssize_t peek_pipe(int fd, void *head, size_t size)
{
	int scratch[2];
	ssize_t n;

	if (pipe2(scratch, O_CLOEXEC))
		return -errno;
	n = tee(fd, scratch[1], size, 0);
	n = n > 0 ? read(scratch[0], head, n) : n < 0 ? -errno : 0;
	close(scratch[0]);
	close(scratch[1]);
	return n;
}

static ssize_t peek(int fd, bool seekable, void *head, size_t size)
{
	ssize_t n = seekable ? pread(fd, head, size, 0) : peek_pipe(fd, head, size);

	return seekable && n < 0 ? -errno : n;
}

static int refuse(struct input *input, const char *why, const char *hint)
{
	complain(input->path, why, hint);
	input_close(input);
	return STATUS_ERROR;
}

bool input_is_file(const struct input *input, const char *path)
{
	struct stat mine, other;

	return !fstat(input->fd, &mine) && !stat(path, &other) && mine.st_dev == other.st_dev &&
	       mine.st_ino == other.st_ino;
}

/* Forms in which people pass traces on, that another program unpacks. */
static const struct {
	const char	*magic;
	size_t		len;
	const char	*hint;
} packed[] = {
	{ "\x1f\x8b", 2, "it is gzip: zcat FILE | squall analyze -" },
	{ "\xfd" "7zXZ", 5, "it is xz: xzcat FILE | squall analyze -" },
	{ "\x28\xb5\x2f\xfd", 4, "it is zstd: zstdcat FILE | squall analyze -" },
	{ "BZh", 3, "it is bzip2: bzcat FILE | squall analyze -" },
	{ "PK\x03\x04", 4, "it is a zip archive: unzip -p FILE | squall analyze -" },
	{ "\xff\xfe", 2, "it is UTF-16: iconv -f UTF-16 FILE | squall analyze -" },
	{ "\xfe\xff", 2, "it is UTF-16: iconv -f UTF-16 FILE | squall analyze -" },
	{ "PERFILE2", 8, "it is perf.data: perf script -i FILE -F comm,tid,cpu,time,event,trace | squall analyze -" },
};

static const char *packed_hint(const char *head, ssize_t n)
{
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (n >= (ssize_t)packed[i].len && !memcmp(head, packed[i].magic, packed[i].len))
			return packed[i].hint;
	return NULL;
}

int input_open(const char *path, struct input *input)
{
	bool is_stdin = !strcmp(path, "-");
	char head[SOURCE_PROBE_BYTES];
	const char *hint;
	struct stat st;
	ssize_t n;

	*input = (struct input){ .path = is_stdin ? "standard input" : path };
	input->fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->fd < 0 || fstat(input->fd, &st))
		return refuse(input, strerror(errno), NULL);
	if (S_ISDIR(st.st_mode)) {
		input->is_directory = true;
		return STATUS_OK;
	}
	input->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	n = peek(input->fd, S_ISREG(st.st_mode), head, sizeof(head));
	if (n == -EINVAL)	/* neither file nor pipe: a terminal or socket can only bring text */
		n = 0;
	if (n < 0)
		return refuse(input, strerror(-n), NULL);
	if (!n && S_ISREG(st.st_mode))
		return refuse(input, "is empty", "was it cut off while it was copied, or is it still being written?");
	if (n >= (ssize_t)sizeof(sqlite_magic) && !memcmp(head, sqlite_magic, sizeof(sqlite_magic))) {
		if (is_stdin)
			return refuse(input, "is a squall store, which cannot be read from a pipe", "name the file");
		input->is_store = true;
		return STATUS_OK;
	}
	hint = packed_hint(head, n);
	if (hint)
		return refuse(input, "is packed, or no plain text", hint);
	/* Too little of a pipe may have come to know text by; what is no trace.dat must be text there. */
	input->source = source_find(head, n);
	if (!input->source && !S_ISREG(st.st_mode))
		input->source = &text_source;
	if (!input->source)
		return refuse(input, "is neither a squall store, nor a trace.dat, nor ftrace text",
			      "trace-cmd record, 'cat trace' and trace-cmd report make what can be read");
	return STATUS_OK;
}

void input_close(struct input *input)
{
	if (input->fd >= 0)
		close(input->fd);
	input->fd = -1;
}

/* Draws progress; an interrupt stops the run. */
static int tick(void *ctx, const struct source_progress *progress)
{
	progress_draw(ctx, progress);
	return interrupt_signal();
}

int input_run(const struct input *input, const struct sink *sink, const char *doing, struct source_error *err)
{
	struct source_input in = { .path = input->path, .fd = input->fd, .size = input->size };
	struct progress_line line;
	int ret, ended;

	if (input->is_directory)
		return SINK_CALL(sink, end);
	interrupt_catch();
	progress_start(&line, doing);
	ret = isolate_run(input->source, &in, sink, tick, &line, err);
	progress_clear(&line);
	ended = SINK_CALL(sink, end);
	return ret ? ret : ended;
}
