// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_instance.c - see trace_instance.h.
 *
 * libtracefs reads and writes the files. It is always told the directory: left to find it, it would mount tracefs where
 * that is not mounted.
 */
#include "collect/trace_instance.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tracefs.h>
#include <unistd.h>

#define NAME_PREFIX		"squall-"
#define HINT_MOUNT		"mount it: mount -t tracefs tracefs /sys/kernel/tracing"
#define HINT_ROOT		"recording needs root, or write access to tracefs"
#define HINT_LOCKED		"it needs root, and /sys/kernel/security/lockdown must not be at [confidentiality]"
#define HINT_READ_ONLY		"mount it for writing: mount -o remount,rw /sys/kernel/tracing"
#define HINT_CLOCK		"the trace clock 'mono' is needed: it is that of the samples"

#define BUFFER_LEAST_BYTES	(64u << 10)

/* Pages of 64 KiB are the largest there are; sub-buffers of several pages are only made on request. */
#define RING_PAGE_MAX_BYTES	(64u << 10)

struct trace_instance {
	struct tracefs_instance	*fs;
	char			*root;
	char			name[32];
	int			on_fd;		/* tracing_on: stopping must work when memory is short */
	uint16_t		*cpus;
	unsigned int		ncpus;
};

static int fail(struct source_error *err, int error, const char *what, const char *where)
{
	static const struct {
		int		error;
		const char	*hint;
	} hints[] = {
		{ EACCES, HINT_ROOT }, { EPERM, HINT_LOCKED }, { EROFS, HINT_READ_ONLY },
	};

	snprintf(err->what, sizeof(err->what), "%s %.300s: %s", what, where, strerror(error));
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].error == error)
			snprintf(err->hint, sizeof(err->hint), "%s", hints[i].hint);
	return -error;
}

/* ---- finding tracefs ---- */

/* 0 when @dir is a tracefs that we may read: access() would leave out the capabilities of one who is not root. */
static int probe_root(const char *dir)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/events/header_page", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) ? -errno : 0;
}

int trace_instance_find_root(const char *given, char *root, size_t size, struct source_error *err)
{
	/* The second one is mounted by debugfs at first use, and is all there was before 4.1. */
	static const char *const usual[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	const char *const *dirs = given ? &given : usual;
	size_t ndirs = given ? 1 : sizeof(usual) / sizeof(usual[0]);
	int ret = -ENOENT;

	for (size_t i = 0; i < ndirs; i++) {
		ret = probe_root(dirs[i]);
		if (ret == -EACCES)
			return fail(err, EACCES, "cannot use tracefs at", dirs[i]);
		if (!ret && snprintf(root, size, "%s", dirs[i]) < (int)size)
			return 0;
	}
	snprintf(err->what, sizeof(err->what), "there is no tracefs at %.300s", dirs[0]);
	snprintf(err->hint, sizeof(err->hint), "%s", HINT_MOUNT);
	return -ENOENT;
}

/* ---- life cycle ---- */

/* The process of an instance called squall-<pid>, 0 when the name is another. */
static pid_t owner_of(const char *name)
{
	const char *digits = name + strlen(NAME_PREFIX);
	char *end;
	long pid;

	if (strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) || !isdigit((unsigned char)*digits) || *digits == '0')
		return 0;
	errno = 0;
	pid = strtol(digits, &end, 10);
	return errno || *end || pid > INT32_MAX ? 0 : pid;
}

unsigned int trace_instance_remove_orphans(const char *root)
{
	char path[PATH_MAX];
	unsigned int removed = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/instances", root);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		pid_t pid = owner_of(entry->d_name);

		if (pid && kill(pid, 0) && errno == ESRCH && !unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR))
			removed++;
	}
	closedir(dir);
	return removed;
}

static int make_dir(struct trace_instance *inst, struct source_error *err)
{
	char path[PATH_MAX];
	int ret;

	if (snprintf(path, sizeof(path), "%s/instances/%s", inst->root, inst->name) >= (int)sizeof(path))
		return fail(err, ENAMETOOLONG, "cannot make a trace instance in", inst->root);
	ret = mkdir(path, 0700);
	/* Our own number: left by a process that had it before. The kernel says EBUSY if it is in use. */
	if (ret && errno == EEXIST && !rmdir(path))
		ret = mkdir(path, 0700);
	return ret ? fail(err, errno, "cannot make the trace instance", path) : 0;
}

static int put(struct trace_instance *inst, const char *file, const char *text, struct source_error *err)
{
	if (tracefs_instance_file_write(inst->fs, file, text) >= 0)
		return 0;
	return fail(err, errno ? errno : EIO, "cannot set up the trace instance: file", file);
}

static int by_number(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static int find_cpus(struct trace_instance *inst, struct source_error *err)
{
	char path[PATH_MAX];
	struct dirent *entry;
	unsigned int cpu;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/instances/%s/per_cpu", inst->root, inst->name);
	dir = opendir(path);
	if (!dir)
		return fail(err, errno, "cannot read", path);
	while ((entry = readdir(dir))) {
		uint16_t *cpus;

		if (sscanf(entry->d_name, "cpu%u", &cpu) != 1 || cpu >= EVENT_CPU_UNKNOWN)
			continue;
		cpus = realloc(inst->cpus, (inst->ncpus + 1) * sizeof(*cpus));
		if (!cpus) {
			closedir(dir);
			return fail(err, ENOMEM, "cannot read", path);
		}
		inst->cpus = cpus;
		cpus[inst->ncpus++] = cpu;
	}
	closedir(dir);
	if (!inst->ncpus)
		return fail(err, ENOENT, "no CPUs in", path);
	qsort(inst->cpus, inst->ncpus, sizeof(*inst->cpus), by_number);
	return 0;
}

static int set_up(struct trace_instance *inst, struct source_error *err)
{
	int ret;

	inst->fs = tracefs_instance_alloc(inst->root, inst->name);
	if (!inst->fs)
		return fail(err, errno ? errno : ENOMEM, "cannot use the trace instance", inst->name);
	inst->on_fd = tracefs_trace_on_get_fd(inst->fs);
	if (inst->on_fd < 0)
		return fail(err, errno, "cannot open tracing_on of the trace instance", inst->name);
	ret = trace_instance_stop(inst);
	if (ret)
		return fail(err, -ret, "cannot switch off the trace instance", inst->name);
	ret = put(inst, "trace_clock", "mono", err);
	if (ret && !err->hint[0])
		snprintf(err->hint, sizeof(err->hint), "%s", HINT_CLOCK);
	return ret ? ret : find_cpus(inst, err);
}

int trace_instance_open(const char *root, struct source_error *err, struct trace_instance **out)
{
	struct trace_instance *inst = calloc(1, sizeof(*inst));
	int ret;

	if (!inst)
		return fail(err, ENOMEM, "cannot make a trace instance in", root);
	/* Or the library writes to stderr what we return. */
	tracefs_set_loglevel(TEP_LOG_NONE);
	inst->on_fd = -1;
	snprintf(inst->name, sizeof(inst->name), NAME_PREFIX "%d", getpid());
	inst->root = strdup(root);
	ret = inst->root ? make_dir(inst, err) : fail(err, ENOMEM, "cannot make a trace instance in", root);
	if (ret) {
		free(inst->root);
		free(inst);
		return ret;
	}
	ret = set_up(inst, err);
	if (ret) {
		trace_instance_close(inst);
		return ret;
	}
	*out = inst;
	return 0;
}

void trace_instance_close(struct trace_instance *inst)
{
	char path[PATH_MAX];

	if (!inst)
		return;
	if (inst->on_fd >= 0)
		close(inst->on_fd);
	tracefs_instance_free(inst->fs);
	if (snprintf(path, sizeof(path), "%s/instances/%s", inst->root, inst->name) < (int)sizeof(path))
		rmdir(path);
	free(inst->cpus);
	free(inst->root);
	free(inst);
}

const char *trace_instance_name(const struct trace_instance *inst)
{
	return inst->name;
}

/* ---- setting up ---- */

int trace_instance_set_buffer(struct trace_instance *inst, uint64_t bytes, unsigned int percent, uint64_t *got_bytes,
			      struct source_error *err)
{
	char text[16];
	ssize_t kib;

	if (bytes < BUFFER_LEAST_BYTES)
		bytes = BUFFER_LEAST_BYTES;
	while (tracefs_instance_set_buffer_size(inst->fs, bytes >> 10, -1) < 0) {
		if (errno != ENOMEM || bytes / 2 < BUFFER_LEAST_BYTES)
			return fail(err, errno ? errno : EIO, "cannot size the buffer of the trace instance",
				    inst->name);
		bytes /= 2;
	}
	kib = tracefs_instance_get_buffer_size(inst->fs, inst->cpus[0]);
	*got_bytes = kib > 0 ? (uint64_t)kib << 10 : bytes;
	snprintf(text, sizeof(text), "%u", percent);
	/* Not before 5.0; readers then wake at each page. */
	tracefs_instance_file_write(inst->fs, "buffer_percent", text);
	return 0;
}

int trace_instance_enable(struct trace_instance *inst, const struct event_choice *choice)
{
	if (*choice->filter)
		tracefs_event_file_write(inst->fs, choice->system, choice->name, "filter", choice->filter);
	errno = 0;
	if (tracefs_event_file_write(inst->fs, choice->system, choice->name, "enable", "1") < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* COMM in capitals is the task's name also where the event has a field comm. "0" takes a filter away. */
static void thinned_filter(const struct event_choice *choice, unsigned int shift, char *text, size_t size)
{
	bool own = *choice->filter;

	if (!shift)
		snprintf(text, size, "%s", own ? choice->filter : "0");
	else
		snprintf(text, size, "%s%s%s!(common_pid & %u) || COMM ~ \"kswapd*\" || COMM ~ \"kcompactd*\"%s",
			 own ? "(" : "", choice->filter, own ? ") && (" : "", (1u << shift) - 1, own ? ")" : "");
}

static int write_filter(struct trace_instance *inst, const struct event_choice *choice, unsigned int shift)
{
	char text[EVENT_FILTER_BYTES + 128];

	thinned_filter(choice, shift, text, sizeof(text));
	errno = 0;
	if (tracefs_event_file_write(inst->fs, choice->system, choice->name, "filter", text) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

int trace_instance_thin(struct trace_instance *inst, const struct event_choice *choice, unsigned int shift)
{
	int ret = write_filter(inst, choice, shift);

	/* The kernel drops the old filter with the one that it refuses. */
	if (ret)
		write_filter(inst, choice, 0);
	return ret;
}

int trace_instance_open_enable(struct trace_instance *inst, const struct event_choice *choice)
{
	char *path = tracefs_event_get_file(inst->fs, choice->system, choice->name, "enable");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1, ret = path ? -errno : -ENOMEM;

	tracefs_put_tracing_file(path);
	return fd < 0 ? ret : fd;
}

/* "1", "1*" or "0": the kernel makes the text anew for each read. */
static int reads_as_on(int fd)
{
	char state;

	return pread(fd, &state, 1, 0) == 1 ? state == '1' : -EIO;
}

int trace_instance_event_is_on(int enable_fd)
{
	return reads_as_on(enable_fd);
}

char *trace_instance_format(struct trace_instance *inst, const struct event_choice *choice, size_t *len)
{
	int bytes = 0;
	char *text = tracefs_event_file_read(inst->fs, choice->system, choice->name, "format", &bytes);

	*len = bytes;
	return text;
}

/* "\tfield: local_t commit;\toffset:8;\tsize:8;" */
static bool header_field(const char *text, const char *name, uint32_t *offset, uint32_t *size)
{
	const char *at = strstr(text, name);

	return at && sscanf(at + strlen(name), "\toffset:%" SCNu32 ";\tsize:%" SCNu32 ";", offset, size) == 2;
}

int trace_instance_layout(struct trace_instance *inst, struct ring_layout *layout, uint32_t *page_bytes,
			  struct source_error *err)
{
	uint32_t commit_at, commit_bytes, data_at, data_bytes;
	char *text = tracefs_instance_file_read(inst->fs, "events/header_page", NULL);
	bool sound;

	sound = text && header_field(text, " commit;", &commit_at, &commit_bytes) &&
		header_field(text, " data;", &data_at, &data_bytes) && commit_at == sizeof(uint64_t) &&
		(commit_bytes == 4 || commit_bytes == 8) && data_at == commit_at + commit_bytes &&
		data_bytes > data_at && data_bytes < RING_PAGE_MAX_BYTES;
	free(text);
	if (!sound)
		return fail(err, EPROTO, "cannot understand", "events/header_page");
	*layout = (struct ring_layout){
		.commit_bytes = commit_bytes, .data_offset = data_at,
		.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
	};
	*page_bytes = data_at + data_bytes;
	return 0;
}

/* ---- running ---- */

static int switch_to(struct trace_instance *inst, const char *state)
{
	return pwrite(inst->on_fd, state, 1, 0) == 1 ? 0 : -errno;
}

int trace_instance_start(struct trace_instance *inst)
{
	return switch_to(inst, "1");
}

int trace_instance_stop(struct trace_instance *inst)
{
	return switch_to(inst, "0");
}

int trace_instance_is_on(struct trace_instance *inst)
{
	return reads_as_on(inst->on_fd);
}

const uint16_t *trace_instance_cpus(const struct trace_instance *inst, unsigned int *n)
{
	*n = inst->ncpus;
	return inst->cpus;
}

int trace_instance_open_cpu(struct trace_instance *inst, uint16_t cpu)
{
	char file[48];
	int fd;

	snprintf(file, sizeof(file), "per_cpu/cpu%u/trace_pipe_raw", cpu);
	fd = tracefs_instance_file_open(inst->fs, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int trace_instance_cpu_stats(struct trace_instance *inst, uint16_t cpu, struct trace_cpu_stats *stats)
{
	const struct {
		const char	*name;
		uint64_t	*value;
	} lines[] = {
		{ "entries: ", &stats->entries },
		{ "overrun: ", &stats->overrun },
		{ "commit overrun: ", &stats->commit_overrun },
		{ "dropped events: ", &stats->dropped },
		{ "read events: ", &stats->read },
	};
	char file[48];
	char *text, *rest, *line;

	*stats = (struct trace_cpu_stats){ 0 };
	snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", cpu);
	text = tracefs_instance_file_read(inst->fs, file, NULL);
	if (!text)
		return errno ? -errno : -EIO;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			if (!strncmp(line, lines[i].name, strlen(lines[i].name)))
				*lines[i].value = strtoull(line + strlen(lines[i].name), NULL, 10);
	free(text);
	return 0;
}
