// SPDX-License-Identifier: GPL-2.0-only
/*
 * job_metric.c - see job_metric.h.
 *
 * The pipe is open for writing too: so it never ends when its writers come and go, and it can be opened before the
 * first of them. A lock on it keeps a second recording from taking half of the lines.
 */
#include "collect/job_metric.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/time.h"

#define HEAD		"job."
#define READ_BYTES	1024u
#define PIPE_BYTES_MAX	(1u << 20)	/* what a pipe holds at most, unless root made it larger */

struct job_series {
	char		name[sizeof(HEAD) - 1 + JOB_METRIC_NAME_BYTES];
	char		unit[JOB_METRIC_UNIT_BYTES];
	int64_t		value;
};

struct job_metric {
	int			fd;		/* -1: none */
	char			path[PATH_MAX];
	bool			made;		/* by us: to be removed */
	bool			repeat;
	bool			too_long;	/* the line; the rest of it is passed over */
	size_t			bytes;		/* of it so far */
	char			line[JOB_METRIC_LINE_BYTES];
	struct job_metric_stats	stats;
	struct job_series	series[JOB_METRIC_SERIES];
};

/* --- the pipe --- */

static int open_pipe(struct job_metric *jm, const char *path)
{
	struct stat st;

	if (strlen(path) >= sizeof(jm->path))
		return -ENAMETOOLONG;
	strcpy(jm->path, path);
	jm->made = !mkfifo(path, 0600);
	if (!jm->made && errno != EEXIST)
		return -errno;
	/* Before it is opened, for opening a device may do something. */
	if (lstat(path, &st))
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EEXIST;
	jm->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (jm->fd < 0)
		return -errno;
	if (fstat(jm->fd, &st) || !S_ISFIFO(st.st_mode))
		return -EEXIST;
	return flock(jm->fd, LOCK_EX | LOCK_NB) ? -EBUSY : 0;
}

static void explain(struct source_error *err, const char *path, int ret)
{
	const char *why = ret == -EEXIST ? "is no named pipe" : ret == -EBUSY ? "another recording reads it" :
			  strerror(-ret);

	snprintf(err->what, sizeof(err->what), "%s: %s", path, why);
	snprintf(err->hint, sizeof(err->hint), "%s", ret == -EEXIST ? "give --metrics a name that is not there yet" : "");
}

int job_metric_open(const char *path, struct source_error *err, struct job_metric **out)
{
	struct job_metric *jm = calloc(1, sizeof(*jm));
	int ret;

	if (!jm)
		return -ENOMEM;
	jm->fd = -1;
	ret = path ? open_pipe(jm, path) : 0;
	if (ret) {
		explain(err, path, ret);
		job_metric_close(jm);
		return ret;
	}
	*out = jm;
	return 0;
}

/* Unless something else has its name by now. */
static void remove_pipe(const struct job_metric *jm)
{
	struct stat ours, there;

	if (!fstat(jm->fd, &ours) && !lstat(jm->path, &there) && ours.st_dev == there.st_dev &&
	    ours.st_ino == there.st_ino)
		unlink(jm->path);
}

void job_metric_close(struct job_metric *jm)
{
	if (!jm)
		return;
	if (jm->made && jm->fd >= 0)
		remove_pipe(jm);
	if (jm->fd >= 0)
		close(jm->fd);
	free(jm);
}

/* --- lines --- */

static bool is_of(const char *text, const char *others)
{
	while (isascii((unsigned char)*text) && (isalnum((unsigned char)*text) || (*text && strchr(others, *text))))
		text++;
	return !*text;
}

/* "reader.p99_us": something on both sides of a dot. */
static bool is_name(const char *text)
{
	const char *dot = strchr(text, '.');
	size_t len = strlen(text);

	return len < JOB_METRIC_NAME_BYTES && is_of(text, "_.-") && dot && dot > text && text[len - 1] != '.';
}

static bool is_unit(const char *text)
{
	return strlen(text) < JOB_METRIC_UNIT_BYTES && is_of(text, "_%/.-");
}

static bool is_value(const char *text, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && !*end && !errno;
}

static int tell(const struct job_series *series, uint64_t ts, const struct sink *sink)
{
	const struct sample sample = { .ts = ts, .scope = SCOPE_SYSTEM, .node = -1, .name = series->name,
				       .unit = series->unit, .value = series->value };

	return SINK_CALL(sink, sample, &sample);
}

static struct job_series *find(struct job_metric *jm, const char *name)
{
	for (unsigned int i = 0; i < jm->stats.series; i++)
		if (!strcmp(jm->series[i].name + sizeof(HEAD) - 1, name))
			return &jm->series[i];
	return NULL;
}

static int bad(struct job_metric *jm, const char *why)
{
	jm->stats.bad++;
	jm->stats.why = jm->stats.why ?: why;
	return 0;
}

/* @unit NULL: as it was. */
static int take_value(struct job_metric *jm, const char *name, int64_t value, const char *unit, uint64_t ts,
		      const struct sink *sink)
{
	struct job_series *series = find(jm, name);
	bool is_new = !series;

	if (is_new && jm->stats.series == JOB_METRIC_SERIES) {
		jm->stats.left_out++;
		return 0;
	}
	if (is_new) {
		series = &jm->series[jm->stats.series++];
		snprintf(series->name, sizeof(series->name), HEAD "%s", name);
		snprintf(series->unit, sizeof(series->unit), "%s", unit ?: "count");
	} else if (unit && strcmp(unit, series->unit)) {
		return bad(jm, "the unit is another than before");
	}
	jm->stats.lines++;
	if (!is_new && series->value == value)
		return 0;
	series->value = value;
	return tell(series, ts, sink);
}

static int take_line(struct job_metric *jm, uint64_t ts, const struct sink *sink)
{
	static const char blanks[] = " \t\r";
	const char *name, *value, *unit;
	char *rest = NULL;
	int64_t number;

	jm->line[jm->bytes] = '\0';
	if (strlen(jm->line) != jm->bytes)
		return bad(jm, "there is a byte 0 in it");
	name = strtok_r(jm->line, blanks, &rest);
	if (!name || *name == '#')
		return 0;
	value = strtok_r(NULL, blanks, &rest);
	unit = strtok_r(NULL, blanks, &rest);
	if (!is_name(name))
		return bad(jm, "NAME.FIELD is not of letters, digits, _ . and -");
	if (!value || !is_value(value, &number))
		return bad(jm, "the value is no whole number");
	if (unit && (!is_unit(unit) || strtok_r(NULL, blanks, &rest)))
		return bad(jm, "there is no unit but something else behind the value");
	return take_value(jm, name, number, unit, ts, sink);
}

static void put(struct job_metric *jm, const char *text, size_t bytes)
{
	if (jm->bytes + bytes >= sizeof(jm->line))
		jm->too_long = true;
	if (jm->too_long)
		return;
	memcpy(jm->line + jm->bytes, text, bytes);
	jm->bytes += bytes;
}

int job_metric_feed(struct job_metric *jm, const char *text, size_t bytes, uint64_t ts, const struct sink *sink)
{
	const char *end = text + bytes;
	int ret = 0;

	while (text < end && !ret) {
		const char *newline = memchr(text, '\n', end - text);

		put(jm, text, (newline ?: end) - text);
		if (!newline)
			return 0;
		ret = jm->too_long ? bad(jm, "the line is too long") : take_line(jm, ts, sink);
		jm->bytes = 0;
		jm->too_long = false;
		text = newline + 1;
	}
	return ret;
}

/* --- while it is recorded --- */

void job_metric_repeat(struct job_metric *jm)
{
	jm->repeat = true;
}

static int tell_again(struct job_metric *jm, const struct sink *sink)
{
	uint64_t now = monotonic_ns();
	int ret = 0;

	for (unsigned int i = 0; i < jm->stats.series && !ret; i++)
		ret = tell(&jm->series[i], now, sink);
	jm->repeat = false;
	return ret;
}

/* Bytes that were read, 0 when there is nothing. */
static int read_some(struct job_metric *jm, const struct sink *sink)
{
	char text[READ_BYTES];
	ssize_t n = read(jm->fd, text, sizeof(text));
	int ret;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	ret = job_metric_feed(jm, text, n, monotonic_ns(), sink);
	return ret ? ret : n;
}

int job_metric_take(struct job_metric *jm, int wait_ms, const struct sink *sink)
{
	struct pollfd fd = { .fd = jm->fd, .events = POLLIN };
	int ret = jm->repeat ? tell_again(jm, sink) : 0;

	if (!ret && poll(&fd, 1, wait_ms) > 0)
		ret = read_some(jm, sink);
	return ret < 0 ? ret : 0;
}

static int say_number(const struct sink *sink, const char *key, uint64_t number, const char *why)
{
	char text[128];

	snprintf(text, sizeof(text), "%" PRIu64 "%s%s", number, why ? "; the first: " : "", why ?: "");
	return SINK_CALL(sink, meta, key, text);
}

/* Somebody may go on writing: no more than a pipe holds. */
int job_metric_finish(struct job_metric *jm, const struct sink *sink)
{
	unsigned int bytes = 0;
	int ret;

	do {
		ret = jm->fd >= 0 ? read_some(jm, sink) : 0;
		bytes += ret > 0 ? ret : 0;
	} while (ret > 0 && bytes < PIPE_BYTES_MAX);
	if (ret < 0)
		return ret;
	if (jm->bytes || jm->too_long)
		bad(jm, "the line has no end");
	ret = say_number(sink, "job_lines", jm->stats.lines, NULL);
	if (!ret && jm->stats.bad)
		ret = say_number(sink, "job_lines_bad", jm->stats.bad, jm->stats.why);
	if (!ret && jm->stats.left_out)
		ret = say_number(sink, "job_lines_left_out", jm->stats.left_out, NULL);
	return ret;
}

void job_metric_get_stats(const struct job_metric *jm, struct job_metric_stats *out)
{
	*out = jm->stats;
}
