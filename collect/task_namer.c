// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_namer.c - see task_namer.h.
 *
 * Notes wait here, in order of time, for the first event that is not older: BPF runs before ftrace in a tracepoint, so
 * that is the event at which the thread was seen, or one of another thread. A thread that has been told of is found in
 * a table of sets, one look-up per event.
 */
#include "collect/task_namer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/time.h"

#define SETS			4096u	/* of the table of threads; a power of two */
#define WAYS			4u
#define NOTES_MAX		4096u	/* that wait; beyond that the oldest is told at once */
#define CGROUPS_TOLD		256u	/* remembered as told, by id */
#define TYPES_MAX		256u	/* event types whose fields are looked at; a recording has at most 160 */

#define ASKS_PER_SECOND		500u	/* of 17 us: 1 % of a CPU */
#define ASK_AGAIN_NS		NSEC_PER_SEC
#define SAVED_AGAIN_NS		(NSEC_PER_SEC / 4)	/* between reads of saved_cmdlines, 0.9 ms: 0.4 % of a CPU */

#define FILE_BYTES		4096u	/* of /proc; the lines that count come first */
#define COMM_BYTES		64u	/* the kernel's workers have up to 63 in /proc */
#define SAVED_BYTES		(192u << 10)	/* saved_cmdlines has 6,552 lines of 24 bytes at most, by default */

/* The first pid namespace, PROC_PID_INIT_INO; in any other, /proc tells of other tasks under the ids of events. */
#define INIT_PID_NAMESPACE	"pid:[4026531836]"

enum known_by { BY_NOBODY, BY_PROC, BY_NOTE };

struct known {
	int32_t		tid;		/* 0: the place is free */
	uint8_t		by;		/* enum known_by */
	bool		counted;	/* among the unnamed */
	uint64_t	ask_ns;		/* when /proc is asked again */
};

struct saved_file {
	const char	*name;
	uint64_t	read_again_ns;
	char		text[SAVED_BYTES];	/* begins with a line end, so that each line does */
};

struct task_namer {
	struct sink			sink;
	struct task_namer_options	options;
	bool				proc_is_ours;
	uint64_t			drained_ns;	/* notes up to this time have been read */
	struct task_note		waiting[NOTES_MAX];	/* a ring, by time */
	uint32_t			first, count;
	uint64_t			second_ns;	/* begin of the second that asked is of */
	uint32_t			asked;
	uint8_t				next_way[SETS];
	struct known			known[SETS][WAYS];
	uint64_t			cgroups_told[CGROUPS_TOLD];
	struct saved_file		cmdlines, tgids;
	uint8_t				other_tid[TYPES_MAX];	/* by type: 1 + index of a field with a tid; 0 none */
	struct task_namer_stats		stats;
};

/* ---- threads that have been told of ---- */

static struct known *find_known(struct task_namer *n, int32_t tid)
{
	struct known *set = n->known[(uint32_t)tid % SETS];

	for (unsigned int i = 0; i < WAYS; i++)
		if (set[i].tid == tid)
			return &set[i];
	return NULL;
}

static struct known *get_known(struct task_namer *n, int32_t tid)
{
	struct known *known = find_known(n, tid);
	uint32_t set = (uint32_t)tid % SETS;

	if (known)
		return known;
	known = &n->known[set][n->next_way[set]++ % WAYS];
	*known = (struct known){ .tid = tid };
	return known;
}

static void set_named(struct task_namer *n, struct known *known, enum known_by by)
{
	known->by = by;
	n->stats.unnamed -= known->counted;
	known->counted = false;
}

static void set_unnamed(struct task_namer *n, struct known *known)
{
	n->stats.unnamed += !known->counted;
	known->counted = true;
}

/* ---- notes ---- */

static int tell_note(struct task_namer *n, const struct task_note *note)
{
	char comm[TASK_PROBE_COMM_BYTES + 1];
	const struct task_name task = {
		.tid = note->tid, .tgid = note->tgid, .cgroup_id = note->cgroup_id, .comm = comm,
	};

	memcpy(comm, note->comm, TASK_PROBE_COMM_BYTES);
	comm[TASK_PROBE_COMM_BYTES] = '\0';
	set_named(n, get_known(n, note->tid), BY_NOTE);
	return SINK_CALL(&n->sink, task, &task);
}

static int tell_oldest(struct task_namer *n)
{
	const struct task_note *note = &n->waiting[n->first];

	n->first = (n->first + 1) % NOTES_MAX;
	n->count--;
	return tell_note(n, note);
}

static int tell_notes_until(struct task_namer *n, uint64_t ts)
{
	int ret = 0;

	while (!ret && n->count && n->waiting[n->first].ts_ns <= ts)
		ret = tell_oldest(n);
	return ret;
}

/* A note takes its time when it has its place in BPF's ring, so neighbours may have changed places. */
static void put_in_order(struct task_namer *n, const struct task_note *note)
{
	uint32_t at = n->count++;

	while (at && n->waiting[(n->first + at - 1) % NOTES_MAX].ts_ns > note->ts_ns) {
		n->waiting[(n->first + at) % NOTES_MAX] = n->waiting[(n->first + at - 1) % NOTES_MAX];
		at--;
	}
	n->waiting[(n->first + at) % NOTES_MAX] = *note;
}

/* One that is deeper or has longer names than BPF takes along stays without a path, unless the sampler finds it. */
static int tell_cgroup(struct task_namer *n, const struct cgroup_note *note)
{
	char path[TASK_PROBE_DEPTH * (TASK_PROBE_NAME_BYTES + 1) + 2] = "/";
	size_t len = 0;

	if (note->cut || note->depth > TASK_PROBE_DEPTH)
		return 0;
	for (uint32_t i = note->depth; i-- > 0;)
		len += snprintf(path + len, sizeof(path) - len, "/%.*s", (int)TASK_PROBE_NAME_BYTES, note->names[i]);
	return SINK_CALL(&n->sink, cgroup, note->head.cgroup_id, path);
}

int task_namer_note(void *namer, const struct task_note *note)
{
	struct task_namer *n = namer;
	int ret = 0;

	if (note->kind == TASK_NOTE_CGROUP)
		return tell_cgroup(n, (const struct cgroup_note *)note);
	n->stats.notes++;
	if (n->count == NOTES_MAX)
		ret = tell_oldest(n);
	put_in_order(n, note);
	return ret;
}

/* All notes of events up to @ts. What BPF noted before an event was in its ring before the event was in ftrace's. */
static int take_notes(struct task_namer *n, uint64_t ts)
{
	uint64_t now;
	int ret = 0;

	if (n->options.probe && ts >= n->drained_ns) {
		now = monotonic_ns();
		ret = task_probe_drain(n->options.probe, task_namer_note, n);
		n->drained_ns = now;
	}
	return ret ? ret : tell_notes_until(n, ts);
}

/* ---- /proc ---- */

/* The beginning of /proc/@tid/@name as text; its length, -1 when there is none. */
static ssize_t read_file(const struct task_namer *n, int32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", tid, name);
	fd = openat(n->options.proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, buf, size - 1);
	close(fd);
	buf[len > 0 ? len : 0] = '\0';
	return len;
}

static bool is_word_of(const char *list, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (const char *at = list; at + word_len <= list + len; at++)
		if ((at == list || at[-1] == ',') && !memcmp(at, word, word_len) &&
		    (at + word_len == list + len || at[word_len] == ','))
			return true;
	return false;
}

/*
 * The path in the line of our hierarchy, "4:memory:/a/b" or "0::/a/b", cut off behind it. NULL when there is none, or
 * when it lies outside of what this cgroup namespace shows.
 */
static char *path_in_hierarchy(char *text, int version)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
		bool ours = path && (version == 2 ? path == names + 1 && *line == '0' :
						    is_word_of(names + 1, path - names - 1, "memory"));

		if (ours)
			return path[1] == '/' && !strstr(path, "/..") ? path + 1 : NULL;
	}
	return NULL;
}

static int tell_cgroup_once(struct task_namer *n, uint64_t id, const char *path)
{
	uint64_t *told = &n->cgroups_told[id % CGROUPS_TOLD];

	if (*told == id)
		return 0;
	*told = id;
	return SINK_CALL(&n->sink, cgroup, id, path);
}

static int ask_cgroup(struct task_namer *n, struct task_name *task)
{
	const struct cgroup_top *top = n->options.top;
	char text[FILE_BYTES], *path;
	struct stat st;

	if (!top || !top->version || read_file(n, task->tid, "cgroup", text, sizeof(text)) <= 0)
		return 0;
	path = path_in_hierarchy(text, top->version);
	if (!path || fstatat(top->fd, path[1] ? path + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
		return 0;
	task->cgroup_id = st.st_ino;
	return tell_cgroup_once(n, st.st_ino, path);
}

/* 1 when it was told, 0 when there is no such thread, or what the sink answered. */
static int ask_proc(struct task_namer *n, int32_t tid)
{
	char comm[COMM_BYTES + 1], status[FILE_BYTES];
	struct task_name task = { .tid = tid, .comm = comm };
	ssize_t len = n->proc_is_ours ? read_file(n, tid, "comm", comm, sizeof(comm)) : 0;
	bool ended = false;
	const char *tgid;
	int ret = 0;

	if (len <= 0)
		return 0;
	/* The kernel adds the line end; a name may hold one of its own. */
	if (comm[len - 1] == '\n')
		comm[len - 1] = '\0';
	if (read_file(n, tid, "status", status, sizeof(status)) > 0) {
		tgid = strstr(status, "\nTgid:");
		task.tgid = tgid ? atoi(tgid + strlen("\nTgid:")) : 0;
		ended = strstr(status, "\nState:\tZ") || strstr(status, "\nState:\tX");
	}
	/* Of one that has ended, cgroup v1 says that it is in the top. */
	if (!ended)
		ret = ask_cgroup(n, &task);
	if (!ret)
		ret = SINK_CALL(&n->sink, task, &task);
	return ret ? ret : 1;
}

/* ---- tracefs ---- */

/* What stands behind "@tid " in a line of the file, *len bytes of it; NULL when there is no such line. */
static const char *saved_line(struct task_namer *n, struct saved_file *file, int32_t tid, uint64_t ts, size_t *len)
{
	char begin[16];
	const char *at;
	size_t fill = 1;
	ssize_t got;
	int fd;

	if (ts >= file->read_again_ns) {
		file->read_again_ns = ts + SAVED_AGAIN_NS;
		fd = openat(n->options.tracefs_fd, file->name, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && (got = read(fd, file->text + fill, SAVED_BYTES - 1 - fill)) > 0)
			fill += got;
		if (fd >= 0)
			close(fd);
		file->text[0] = '\n';
		file->text[fill] = '\0';
	}
	snprintf(begin, sizeof(begin), "\n%d ", tid);
	at = strstr(file->text, begin);
	if (!at)
		return NULL;
	at += strlen(begin);
	*len = strcspn(at, "\n");
	return at;
}

/* As ask_proc(). */
static int ask_saved(struct task_namer *n, int32_t tid, uint64_t ts)
{
	size_t comm_len, tgid_len;
	const char *saved = n->options.tracefs_fd < 0 ? NULL : saved_line(n, &n->cmdlines, tid, ts, &comm_len);
	const char *tgid;
	char comm[COMM_BYTES + 1];
	struct task_name task = { .tid = tid, .comm = comm };
	int ret;

	if (!saved || !comm_len || (comm_len == 5 && !memcmp(saved, "<...>", 5)))
		return 0;
	snprintf(comm, sizeof(comm), "%.*s", (int)(comm_len < COMM_BYTES ? comm_len : COMM_BYTES), saved);
	tgid = saved_line(n, &n->tgids, tid, ts, &tgid_len);
	task.tgid = tgid ? atoi(tgid) : 0;
	ret = SINK_CALL(&n->sink, task, &task);
	return ret ? ret : 1;
}

/* ---- events ---- */

/* Half of the look-ups are kept for threads that have no name yet. */
static bool may_ask(struct task_namer *n, uint64_t ts, bool again)
{
	if (ts - n->second_ns >= NSEC_PER_SEC) {
		n->second_ns = ts;
		n->asked = 0;
	}
	return n->asked < (again ? ASKS_PER_SECOND / 2 : ASKS_PER_SECOND);
}

static int ask(struct task_namer *n, struct known *known, uint64_t ts)
{
	int ret;

	if (!may_ask(n, ts, known->by != BY_NOBODY)) {
		n->stats.put_off++;
		if (known->by == BY_NOBODY)
			set_unnamed(n, known);
		return 0;
	}
	n->asked++;
	n->stats.looked_up++;
	known->ask_ns = ts + ASK_AGAIN_NS;
	ret = ask_proc(n, known->tid);
	if (!ret && known->by == BY_NOBODY)
		ret = ask_saved(n, known->tid, ts);
	if (ret > 0)
		set_named(n, known, BY_PROC);
	else if (known->by == BY_NOBODY)
		set_unnamed(n, known);
	return ret < 0 ? ret : 0;
}

static int name_thread(struct task_namer *n, int32_t tid, uint64_t ts)
{
	struct known *known = get_known(n, tid);

	/* Notes tell of changes by themselves. */
	return known->by == BY_NOTE || ts < known->ask_ns ? 0 : ask(n, known, ts);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct task_namer *n = ctx;
	int other = ev->type->id < TYPES_MAX ? n->other_tid[ev->type->id] : 0;
	const struct event_value *value = other ? event_value_at(ev, other - 1) : NULL;
	int ret = take_notes(n, ev->ts);

	if (!ret && ev->tid > 0)
		ret = name_thread(n, ev->tid, ev->ts);
	if (!ret && value_is_number(value) && value->i > 0 && value->i <= INT32_MAX)
		ret = name_thread(n, value->i, ev->ts);
	return ret ? ret : SINK_CALL(&n->sink, event, ev);
}

/* The events of the OOM killer name its victim. */
static int on_type(void *ctx, const struct event_type *type)
{
	struct task_namer *n = ctx;

	for (int i = 0; type->id < TYPES_MAX && !strcmp(type->system, "oom") && i < type->nfields; i++)
		if (!strcmp(type->fields[i].name, "pid"))
			n->other_tid[type->id] = i + 1;
	return SINK_CALL(&n->sink, type, type);
}

static int on_loss(void *ctx, const struct loss *loss)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, loss, loss);
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	return SINK_CALL(&((struct task_namer *)ctx)->sink, meta, key, value);
}

static const struct sink_ops namer_ops = {
	.type = on_type,
	.event = on_event,
	.loss = on_loss,
	.meta = on_meta,
};

struct sink task_namer_sink(struct task_namer *n)
{
	return (struct sink){ &namer_ops, n };
}

int task_namer_finish(struct task_namer *n)
{
	return take_notes(n, UINT64_MAX);
}

/* ---- making ---- */

/* A link that cannot be read is that of an old kernel or a copied tree. */
static bool is_first_namespace(int proc_fd)
{
	char link[64];
	ssize_t len = readlinkat(proc_fd, "self/ns/pid", link, sizeof(link));

	return len < 0 || (len == strlen(INIT_PID_NAMESPACE) && !memcmp(link, INIT_PID_NAMESPACE, len));
}

int task_namer_new(const struct task_namer_options *options, const struct sink *sink, struct task_namer **out)
{
	struct task_namer *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->sink = *sink;
	n->options = *options;
	n->proc_is_ours = is_first_namespace(options->proc_fd);
	n->cmdlines.name = "saved_cmdlines";
	n->tgids.name = "saved_tgids";
	*out = n;
	return 0;
}

void task_namer_free(struct task_namer *n)
{
	free(n);
}

void task_namer_get_stats(const struct task_namer *n, struct task_namer_stats *out)
{
	*out = n->stats;
	if (n->options.probe)
		out->notes_dropped = task_probe_dropped(n->options.probe);
}
