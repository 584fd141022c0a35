// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_lookup.c - see task_lookup.h. A ring of questions between two threads, without a lock.
 */
#include "collect/task_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/side_thread.h"
#include "spine/time.h"

#define CGROUPS_TOLD		256u	/* remembered as told, by id */
#define SAVED_AGAIN_NS		(NSEC_PER_SEC / 4)	/* between reads of saved_cmdlines, 0.9 ms: 0.4 % of a CPU */

#define FILE_BYTES		4096u	/* of /proc; the lines that count come first */
#define COMM_BYTES		64u	/* the kernel's workers have up to 63 in /proc */
#define SAVED_BYTES		(192u << 10)	/* saved_cmdlines has 6,552 lines of 24 bytes at most, by default */

/* The first pid namespace, PROC_PID_INIT_INO; in any other, /proc tells of other tasks under the ids of events. */
#define INIT_PID_NAMESPACE	"pid:[4026531836]"

struct question {
	int32_t		tid;
	bool		gone_too;
};

struct saved_file {
	const char	*name;
	uint64_t	read_again_ns;
	char		text[SAVED_BYTES];	/* begins with a line end, so that each line does */
};

struct task_lookup {
	struct task_lookup_options	options;
	bool				proc_is_ours;
	_Atomic uint32_t		asked, answered;	/* counts; the difference waits */
	struct question			questions[TASK_LOOKUP_QUEUE];
	/* the thread's alone */
	uint64_t			cgroups_told[CGROUPS_TOLD];
	struct saved_file		cmdlines, tgids;
};

/* ---- /proc ---- */

/* The beginning of /proc/@tid/@name as text; its length, -1 when there is none. */
static ssize_t read_file(const struct task_lookup *l, int32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", tid, name);
	fd = openat(l->options.proc_fd, path, O_RDONLY | O_CLOEXEC);
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

static int tell_cgroup_once(struct task_lookup *l, uint64_t id, const char *path, const struct sink *sink)
{
	uint64_t *told = &l->cgroups_told[id % CGROUPS_TOLD];

	if (*told == id)
		return 0;
	*told = id;
	return SINK_CALL(sink, cgroup, id, path);
}

static int ask_cgroup(struct task_lookup *l, struct task_name *task, const struct sink *sink)
{
	const struct cgroup_top *top = l->options.top;
	char text[FILE_BYTES], *path;
	struct stat st;

	if (!top || !top->version || read_file(l, task->tid, "cgroup", text, sizeof(text)) <= 0)
		return 0;
	path = path_in_hierarchy(text, top->version);
	if (!path || fstatat(top->fd, path[1] ? path + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
		return 0;
	task->cgroup_id = st.st_ino;
	return tell_cgroup_once(l, st.st_ino, path, sink);
}

/* 1 when it was told, 0 when there is no such thread, or what the sink answered. */
static int ask_proc(struct task_lookup *l, int32_t tid, const struct sink *sink)
{
	char comm[COMM_BYTES + 1], status[FILE_BYTES];
	struct task_name task = { .tid = tid, .comm = comm };
	ssize_t len = l->proc_is_ours ? read_file(l, tid, "comm", comm, sizeof(comm)) : 0;
	bool ended = false;
	const char *tgid;
	int ret = 0;

	if (len <= 0)
		return 0;
	/* The kernel adds the line end; a name may hold one of its own. */
	if (comm[len - 1] == '\n')
		comm[len - 1] = '\0';
	if (read_file(l, tid, "status", status, sizeof(status)) > 0) {
		tgid = strstr(status, "\nTgid:");
		task.tgid = tgid ? atoi(tgid + strlen("\nTgid:")) : 0;
		ended = strstr(status, "\nState:\tZ") || strstr(status, "\nState:\tX");
	}
	/* Of one that has ended, cgroup v1 says that it is in the top. */
	if (!ended)
		ret = ask_cgroup(l, &task, sink);
	if (!ret)
		ret = SINK_CALL(sink, task, &task);
	return ret ? ret : 1;
}

/* ---- tracefs ---- */

/* What stands behind "@tid " in a line of the file, *len bytes of it; NULL when there is no such line. */
static const char *saved_line(struct task_lookup *l, struct saved_file *file, int32_t tid, uint64_t now_ns,
			      size_t *len)
{
	char begin[16];
	const char *at;
	size_t fill = 1;
	ssize_t got;
	int fd;

	if (now_ns >= file->read_again_ns) {
		file->read_again_ns = now_ns + SAVED_AGAIN_NS;
		fd = openat(l->options.tracefs_fd, file->name, O_RDONLY | O_CLOEXEC);
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
static int ask_saved(struct task_lookup *l, int32_t tid, uint64_t now_ns, const struct sink *sink)
{
	size_t comm_len, tgid_len;
	const char *saved = l->options.tracefs_fd < 0 ? NULL : saved_line(l, &l->cmdlines, tid, now_ns, &comm_len);
	const char *tgid;
	char comm[COMM_BYTES + 1];
	struct task_name task = { .tid = tid, .comm = comm };
	int ret;

	if (!saved || !comm_len || (comm_len == 5 && !memcmp(saved, "<...>", 5)))
		return 0;
	snprintf(comm, sizeof(comm), "%.*s", (int)(comm_len < COMM_BYTES ? comm_len : COMM_BYTES), saved);
	tgid = saved_line(l, &l->tgids, tid, now_ns, &tgid_len);
	task.tgid = tgid ? atoi(tgid) : 0;
	ret = SINK_CALL(sink, task, &task);
	return ret ? ret : 1;
}

/* ---- the thread ---- */

int64_t task_lookup_work(void *lookup, uint64_t now_ns, const struct sink *sink)
{
	struct task_lookup *l = lookup;
	uint32_t answered = atomic_load_explicit(&l->answered, memory_order_relaxed);
	int ret = 0;

	while (ret >= 0 && answered != atomic_load_explicit(&l->asked, memory_order_acquire)) {
		struct question q = l->questions[answered % TASK_LOOKUP_QUEUE];

		atomic_store_explicit(&l->answered, ++answered, memory_order_release);
		ret = ask_proc(l, q.tid, sink);
		if (!ret && q.gone_too)
			ret = ask_saved(l, q.tid, now_ns, sink);
	}
	return ret < 0 ? ret : SIDE_THREAD_ASLEEP;
}

/* ---- the reader ---- */

bool task_lookup_waiting(const struct task_lookup *l)
{
	return atomic_load_explicit(&l->asked, memory_order_relaxed) !=
	       atomic_load_explicit(&l->answered, memory_order_acquire);
}

bool task_lookup_ask(struct task_lookup *l, int32_t tid, bool gone_too)
{
	uint32_t asked = atomic_load_explicit(&l->asked, memory_order_relaxed);

	if (asked - atomic_load_explicit(&l->answered, memory_order_acquire) >= TASK_LOOKUP_QUEUE)
		return false;
	l->questions[asked % TASK_LOOKUP_QUEUE] = (struct question){ tid, gone_too };
	atomic_store_explicit(&l->asked, asked + 1, memory_order_release);
	return true;
}

/* ---- making ---- */

/* A link that cannot be read is that of an old kernel or a copied tree. */
static bool is_first_namespace(int proc_fd)
{
	char link[64];
	ssize_t len = readlinkat(proc_fd, "self/ns/pid", link, sizeof(link));

	return len < 0 || (len == strlen(INIT_PID_NAMESPACE) && !memcmp(link, INIT_PID_NAMESPACE, len));
}

int task_lookup_new(const struct task_lookup_options *options, struct task_lookup **out)
{
	struct task_lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->options = *options;
	l->proc_is_ours = is_first_namespace(options->proc_fd);
	l->cmdlines.name = "saved_cmdlines";
	l->tgids.name = "saved_tgids";
	*out = l;
	return 0;
}

void task_lookup_free(struct task_lookup *l)
{
	free(l);
}
