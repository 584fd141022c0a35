// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_cgroup.c - samples of memory cgroups.
 *
 * Files that cost little and flush nothing (pressure, events, current) are read of every cgroup once a second, a tenth
 * of the cgroups in each turn, so that a thousand cgroups are no burst. memory.stat and numa_stat flush the counters of
 * all CPUs; they are read every five seconds of the ten cgroups that had most pressure since. cgroup v1 has no pressure
 * and no events: memory.failcnt, which counts what memory.events calls max, takes their place.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/cgroup_mount.h"
#include "collect/cgroup_tree.h"
#include "collect/sample_source.h"

#define TURNS			10u			/* 100 ms each: a round of all cgroups takes a second */
#define BUSY_MAX		10u
#define BUSY_PERIOD_NS		5000000000ull
#define REOPEN_ROUNDS		30u			/* files can come later: cgroup.subtree_control of the parent */
#define EVENT_WORTH_US		1000u			/* one event ranks as a stall of a ms */
#define FILE_MISSING		(-1)
#define FILE_NOT_KEPT		(-2)			/* opened at each read: descriptors are short */

#define V1	(1u << 1)
#define V2	(1u << 2)

enum cgroup_rate {
	RATE_ALL,		/* of every cgroup, each second */
	RATE_FIRST,		/* limits: once when it is new, and of the busy ones */
	RATE_BUSY,
};

static void line_numa(const struct sample_form *form, struct series_set *set, const char *line,
		      struct sample_out *out);

static const struct sample_form keyed_form = { .end = FILE_ONE_READ, .line = sample_line_keyed };
static const struct sample_form numa_form = { .end = FILE_ONE_READ, .line = line_numa };

#define KEPT_FILES	3u

/* The first KEPT_FILES of a version are those of RATE_ALL. */
static const struct cgroup_file {
	const char			*file;
	const char			*head;
	const struct sample_form	*form;
	enum cgroup_rate		rate;
	unsigned int			versions;
} files[] = {
	{ "memory.pressure", "psi.memory.", &sample_form_pressure, RATE_ALL, V2 },
	{ "memory.events", "memory.events.", &keyed_form, RATE_ALL, V2 },
	{ "memory.current", "memory.current", &sample_form_single, RATE_ALL, V2 },
	{ "memory.failcnt", "memory.failcnt", &sample_form_single, RATE_ALL, V1 },
	{ "memory.usage_in_bytes", "memory.current", &sample_form_single, RATE_ALL, V1 },
	{ "memory.min", "memory.min", &sample_form_single, RATE_FIRST, V2 },
	{ "memory.low", "memory.low", &sample_form_single, RATE_FIRST, V2 },
	{ "memory.high", "memory.high", &sample_form_single, RATE_FIRST, V2 },
	{ "memory.max", "memory.max", &sample_form_single, RATE_FIRST, V2 },
	{ "memory.limit_in_bytes", "memory.max", &sample_form_single, RATE_FIRST, V1 },
	{ "memory.soft_limit_in_bytes", "memory.soft_limit", &sample_form_single, RATE_FIRST, V1 },
	{ "memory.zswap.writeback", "memory.zswap.writeback", &sample_form_single, RATE_FIRST, V2 },
	{ "memory.swap.current", "memory.swap.current", &sample_form_single, RATE_BUSY, V2 },
	{ "memory.swap.events", "memory.swap.events.", &keyed_form, RATE_BUSY, V2 },
	{ "memory.zswap.current", "memory.zswap.current", &sample_form_single, RATE_BUSY, V2 },
	{ "io.pressure", "psi.io.", &sample_form_pressure, RATE_BUSY, V2 },
	{ "memory.stat", "", &keyed_form, RATE_BUSY, V1 | V2 },
	{ "memory.numa_stat", "", &numa_form, RATE_BUSY, V2 },
};
#define NFILES	(sizeof(files) / sizeof(files[0]))

/* memory.stat and numa_stat: mm/memcontrol.c turns what it counts in pages into bytes, all but these. */
static const struct series_unit units[] = {
	{ "total.", "us" },
	{ "some.", "us" },
	{ "full.", "us" },
	{ "memory.failcnt", "count" },
	{ "memory.zswap.writeback", "bool" },
	{ "memory.", "bytes" },
	{ "workingset_nodereclaim", "count" },
	{ "workingset_", "pages" },
	{ "pgfault", "count" },
	{ "pgmajfault", "count" },
	{ "pg", "pages" },
	{ "pswp", "pages" },
	{ "swpin_zero", "pages" },
	{ "swpout_zero", "pages" },
	{ "zswpin", "pages" },
	{ "zswpout", "pages" },
	{ "zswpwb", "pages" },
	{ "thp_", "count" },
	{ "numa_", "count" },
	{ "total_pgfault", "count" },
	{ "total_pgmajfault", "count" },
	{ "total_pg", "pages" },
	{ "total_workingset_", "pages" },
	{ "low", "count" },		/* of memory.events and memory.swap.events */
	{ "high", "count" },
	{ "max", "count" },
	{ "oom", "count" },
	{ "fail", "count" },
	{ "sock_throttled", "count" },
	{ "", "bytes" },
};
static const struct series_shape shape = { .scope = SCOPE_CGROUP, .units = units };

/* What we keep of one cgroup. */
struct cgroup_series {
	int			fd[KEPT_FILES];
	struct series_set	set;
	uint64_t		pressure;	/* us, and events by their worth, since the cgroup began */
	uint64_t		counted;	/* as much of it as has been ranked */
	bool			ranked_once;
};

struct cgroups {
	struct sample_env	*env;
	int			dir_fd;
	unsigned int		version;	/* V1 or V2 */
	struct cgroup_tree	*tree;
	const char		*heads[NFILES];	/* interned */
	unsigned int		kept[KEPT_FILES];	/* index into files */
	unsigned int		nkept;
	long			fds_left;
	uint32_t		next;		/* cgroup of the next turn */
	uint32_t		turn;
	uint64_t		busy_due_ns;
	struct sample_out	*out;		/* of the read that is going on */
};

/* "anon N0=4096 N1=0" */
static void line_numa(const struct sample_form *form, struct series_set *set, const char *line,
		      struct sample_out *out)
{
	struct line_word name = line_next_word(&line), word;
	uint64_t node, value;

	for (word = line_next_word(&line); word.len; word = line_next_word(&line)) {
		const char *pos = word.at + 1;

		if (*word.at != 'N' || !line_next_u64(&pos, &node) || node > INT32_MAX || *pos++ != '=' ||
		    !line_next_u64(&pos, &value))
			return;
		const struct series_value v = { .name = name.at, .len = name.len, .node = node, .value = value };

		series_put_value(set, &v, out);
	}
}

/* --- reading one file of one cgroup --- */

static int open_file(const struct cgroups *c, const struct cgroup *cg, unsigned int index)
{
	char path[4096 + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup_path(cg) + 1, files[index].file);
	return sample_file_open(c->dir_fd, path[0] == '/' ? path + 1 : path);
}

static int read_fd(struct cgroups *c, struct cgroup_series *series, unsigned int index, int fd)
{
	struct sample_item item = { .fd = fd, .form = files[index].form, .set = series->set };
	int ret;

	item.set.head = c->heads[index];
	ret = sample_item_read(c->env, &item, c->out);
	series->set = item.set;
	return ret;
}

static int read_once(struct cgroups *c, const struct cgroup *cg, unsigned int index)
{
	int fd = open_file(c, cg, index), ret;

	if (fd < 0)
		return fd;
	ret = read_fd(c, cgroup_data(cg), index, fd);
	close(fd);
	return ret;
}

/* --- coming and going --- */

static void open_kept(struct cgroups *c, const struct cgroup *cg, struct cgroup_series *series)
{
	for (unsigned int i = 0; i < c->nkept; i++) {
		int fd;

		if (series->fd[i] != FILE_MISSING)
			continue;
		if (c->fds_left <= 0) {
			series->fd[i] = FILE_NOT_KEPT;
			continue;
		}
		fd = open_file(c, cg, c->kept[i]);
		series->fd[i] = fd >= 0 ? fd : fd == -EMFILE || fd == -ENFILE ? FILE_NOT_KEPT : FILE_MISSING;
		c->fds_left -= fd >= 0;
	}
}

static void *on_added(void *ctx, struct cgroup *cg)
{
	struct cgroups *c = ctx;
	struct cgroup_series *series = calloc(1, sizeof(*series));

	if (!c->out->error)
		c->out->error = SINK_CALL(c->out->sink, cgroup, cgroup_id(cg), cgroup_path(cg));
	if (!series)
		return NULL;
	series->set = (struct series_set){
		.shape = &shape, .names = c->env->names, .cgroup_id = cgroup_id(cg), .head = "", .node = -1,
	};
	for (unsigned int i = 0; i < KEPT_FILES; i++)
		series->fd[i] = FILE_MISSING;
	open_kept(c, cg, series);
	return series;
}

static void on_removed(void *ctx, struct cgroup *cg, void *data)
{
	struct cgroups *c = ctx;
	struct cgroup_series *series = data;

	if (!series)
		return;
	for (unsigned int i = 0; i < KEPT_FILES; i++) {
		if (series->fd[i] >= 0) {
			close(series->fd[i]);
			c->fds_left++;
		}
	}
	series_set_release(&series->set);
	free(series);
}

static const struct cgroup_ops tree_ops = { .added = on_added, .removed = on_removed };

/* --- every cgroup --- */

/* What it suffered, as one number that grows. */
static uint64_t pressure_of(const struct series_set *set)
{
	static const char *const events[][2] = {
		{ "memory.events.", "high" }, { "memory.events.", "max" }, { "memory.failcnt", "" },
	};
	uint64_t sum = 0, value;

	if (series_last(set, "psi.memory.", "some.total", &value))
		sum = value;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (series_last(set, events[i][0], events[i][1], &value))
			sum += value * EVENT_WORTH_US;
	return sum;
}

static bool is_gone(const struct cgroups *c, const struct cgroup *cg)
{
	const char *path = cgroup_path(cg);
	struct stat st;

	return path[1] && fstatat(c->dir_fd, path + 1, &st, AT_SYMLINK_NOFOLLOW);
}

/* The limits of a new one cost four opens, once. */
static void read_first(struct cgroups *c, struct cgroup *cg)
{
	for (unsigned int i = 0; i < NFILES; i++)
		if (files[i].rate == RATE_FIRST && files[i].versions & c->version)
			read_once(c, cg, i);
}

/* False: it is gone. */
static bool read_kept(struct cgroups *c, struct cgroup *cg, struct cgroup_series *series)
{
	bool any = false;

	series_begin(&series->set);
	for (unsigned int i = 0; i < c->nkept; i++) {
		int ret = series->fd[i];

		if (ret == FILE_NOT_KEPT)
			ret = read_once(c, cg, c->kept[i]);
		else if (ret != FILE_MISSING)
			ret = read_fd(c, series, c->kept[i], ret);
		any |= !ret;
	}
	return any || !is_gone(c, cg);
}

static bool read_one(struct cgroups *c, struct cgroup *cg)
{
	struct cgroup_series *series = cgroup_data(cg);

	if (!series)
		return !is_gone(c, cg);
	if (!read_kept(c, cg, series))
		return false;
	series->pressure = pressure_of(&series->set);
	if (!series->ranked_once) {
		series->ranked_once = true;
		series->counted = series->pressure;	/* what was before we came does not count */
		read_first(c, cg);
	}
	return true;
}

/* @n of them, from where the last turn ended. */
static void read_turn(struct cgroups *c, uint32_t n)
{
	while (n-- && cgroup_tree_count(c->tree) && !c->out->error) {
		struct cgroup *cg;

		if (c->next >= cgroup_tree_count(c->tree)) {
			c->next = 0;
			c->turn++;
		}
		cg = cgroup_tree_at(c->tree, c->next);
		if (c->turn % REOPEN_ROUNDS == REOPEN_ROUNDS - 1 && cgroup_data(cg))
			open_kept(c, cg, cgroup_data(cg));
		if (read_one(c, cg))
			c->next++;
		else
			cgroup_tree_drop(c->tree, cg);
	}
}

/* --- the busy ones --- */

struct ranked {
	struct cgroup	*cg;
	uint64_t	pressure;
	uint64_t	bytes;
};

static bool is_busier(const struct ranked *a, const struct ranked *b)
{
	return a->pressure != b->pressure ? a->pressure > b->pressure : a->bytes > b->bytes;
}

static void rank_insert(struct ranked busy[BUSY_MAX], unsigned int *n, struct ranked one)
{
	unsigned int i;

	if (*n < BUSY_MAX)
		(*n)++;
	else if (!is_busier(&one, &busy[BUSY_MAX - 1]))
		return;
	for (i = *n - 1; i > 0 && is_busier(&one, &busy[i - 1]); i--)
		busy[i] = busy[i - 1];
	busy[i] = one;
}

/* Pressure since the last time; among those without, the larger one. */
static unsigned int rank(struct cgroups *c, struct ranked busy[BUSY_MAX])
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < cgroup_tree_count(c->tree); i++) {
		struct cgroup *cg = cgroup_tree_at(c->tree, i);
		struct cgroup_series *series = cgroup_data(cg);
		struct ranked one = { .cg = cg };

		if (!series)
			continue;
		if (series->pressure > series->counted)		/* memory.failcnt can be set back */
			one.pressure = series->pressure - series->counted;
		series->counted = series->pressure;
		series_last(&series->set, "memory.current", "", &one.bytes);
		rank_insert(busy, &n, one);
	}
	return n;
}

static void read_busy(struct cgroups *c)
{
	struct ranked busy[BUSY_MAX];
	unsigned int n = rank(c, busy);

	for (unsigned int i = 0; i < n && !c->out->error; i++)
		for (unsigned int k = 0; k < NFILES; k++)
			if (files[k].rate != RATE_ALL && files[k].versions & c->version)
				read_once(c, busy[i].cg, k);
}

/* --- the source --- */

/* Half of what this process may open is left to others. */
static long fd_budget(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 2 > CGROUPS_MAX * KEPT_FILES)
		return CGROUPS_MAX * KEPT_FILES;
	return limit.rlim_cur / 2;
}

static bool intern_heads(struct cgroups *c)
{
	for (unsigned int i = 0; i < NFILES; i++) {
		c->heads[i] = series_name(c->env->names, "", files[i].head, strlen(files[i].head));
		if (!c->heads[i])
			return false;
		if (files[i].rate == RATE_ALL && files[i].versions & c->version)
			c->kept[c->nkept++] = i;
	}
	return true;
}

static int find_mount(struct sample_env *env, struct cgroup_mount *mount)
{
	if (!env->cgroups)
		return -ENOENT;
	if (!env->cgroup_path)
		return cgroup_mount_find(env->root_fd, mount);
	snprintf(mount->path, sizeof(mount->path), "%s", env->cgroup_path + (*env->cgroup_path == '/'));
	mount->version = cgroup_mount_version(env->root_fd, mount->path);
	return 0;
}

static void cgroups_close(void *state)
{
	struct cgroups *c = state;

	cgroup_tree_free(c->tree);
	close(c->dir_fd);
	free(c);
}

static int cgroups_open(struct sample_env *env, void **state)
{
	struct cgroup_mount mount;
	struct cgroups *c;
	int fd;

	if (find_mount(env, &mount))
		return -ENOENT;
	fd = openat(env->root_fd, mount.path[0] ? mount.path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -ENOENT;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->env = env;
	c->dir_fd = fd;
	c->version = 1u << mount.version;
	c->fds_left = fd_budget();
	if (!intern_heads(c) || cgroup_tree_new(fd, &tree_ops, c, &c->tree)) {
		cgroups_close(c);
		return -ENOMEM;
	}
	*state = c;
	return 0;
}

static void cgroups_read(void *state, struct sample_out *out)
{
	struct cgroups *c = state;

	c->out = out;
	if (!cgroup_tree_count(c->tree))
		cgroup_tree_fill(c->tree);
	else
		cgroup_tree_follow(c->tree);
	read_turn(c, out->whole ? cgroup_tree_count(c->tree) : (cgroup_tree_count(c->tree) + TURNS - 1) / TURNS);
	if (out->whole || out->ts >= c->busy_due_ns) {
		c->busy_due_ns = out->ts + BUSY_PERIOD_NS;
		read_busy(c);
	}
}

static int cgroups_facts(void *state, const struct sink *sink)
{
	const struct cgroups *c = state;

	return SINK_CALL(sink, meta, "cgroup_version", c->version == V2 ? "2" : "1");
}

/* What the bounds cost; nothing is said of nothing. */
static int cgroups_end_facts(void *state, const struct sink *sink)
{
	const struct cgroups *c = state;
	const struct {
		const char	*key;
		uint64_t	value;
	} costs[] = {
		{ "cgroups_left_out", cgroup_tree_left_out(c->tree) },
		{ "cgroups_unwatched", cgroup_tree_unwatched(c->tree) },
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(costs) / sizeof(costs[0]); i++) {
		char value[24];

		snprintf(value, sizeof(value), "%" PRIu64, costs[i].value);
		ret = costs[i].value ? SINK_CALL(sink, meta, costs[i].key, value) : 0;
	}
	return ret;
}

const struct sample_source sample_cgroup = {
	.name = "cgroup", .open = cgroups_open, .read = cgroups_read, .facts = cgroups_facts,
	.end_facts = cgroups_end_facts, .close = cgroups_close, .none_key = "cgroup_version", .none_value = "none",
};
