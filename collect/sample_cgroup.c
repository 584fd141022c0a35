// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_cgroup.c - samples of memory cgroups.
 *
 * sample_cgroup: files that cost little and flush nothing (pressure, events, current) are read of every cgroup once a
 * second, a fifth of the cgroups in each turn, so that a thousand cgroups are no burst; limits when a cgroup is new,
 * and every 30 seconds. A cgroup that is gone before its first turn is known by its name and is not read.
 *
 * sample_cgroup_stat: memory.stat and numa_stat flush the counters of all CPUs, and wait for a lock that reclaim takes
 * too. They are read of the ten cgroups that had most pressure lately: each second while there is some, every five
 * seconds of the largest where there is none. The root is not among them: the system's counters tell the same.
 *
 * cgroup v1 has no pressure and no events: memory.failcnt, which counts what memory.events calls max,
 * takes their place.
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

#define TURNS			5u			/* 200 ms each: a round of all cgroups takes a second */
#define LIMIT_ROUNDS		30u			/* of a second. Files too can come later: subtree_control */
#define BUSY_MAX		10u
#define CALM_TURNS		5u			/* seconds between two reads of a cgroup without pressure */
#define FORGET_TURNS		60u			/* until what is kept of one that is busy no more is freed */
#define EVENT_WORTH_US		1000u			/* one event ranks as a stall of a ms */
#define FILE_MISSING		(-1)
#define FILE_NOT_KEPT		(-2)			/* opened at each read: descriptors are short */

#define V1	(1u << 1)
#define V2	(1u << 2)

enum cgroup_rate {
	RATE_ALL,		/* of every cgroup, each second */
	RATE_LIMIT,		/* when it is new, every LIMIT_ROUNDS, and of the busy ones */
	RATE_BUSY,
};

static void line_numa(const struct sample_form *form, struct series_set *set, const char *line,
		      struct sample_out *out);
static void line_numa_v1(const struct sample_form *form, struct series_set *set, const char *line,
			 struct sample_out *out);
static void line_io(const struct sample_form *form, struct series_set *set, const char *line, struct sample_out *out);
static void line_oom_control(const struct sample_form *form, struct series_set *set, const char *line,
			     struct sample_out *out);

static const struct sample_form keyed_form = { .end = FILE_ONE_READ, .line = sample_line_keyed };
static const struct sample_form numa_form = { .end = FILE_ONE_READ, .line = line_numa };
static const struct sample_form numa_v1_form = { .end = FILE_ONE_READ, .line = line_numa_v1 };
static const struct sample_form io_form = { .end = FILE_ONE_READ, .line = line_io };
static const struct sample_form oom_control_form = { .end = FILE_ONE_READ, .line = line_oom_control };

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
	{ "memory.min", "memory.min", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.low", "memory.low", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.high", "memory.high", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.max", "memory.max", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.swap.max", "memory.swap.max", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.swap.current", "memory.swap.current", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.zswap.max", "memory.zswap.max", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.zswap.writeback", "memory.zswap.writeback", &sample_form_single, RATE_LIMIT, V2 },
	{ "memory.limit_in_bytes", "memory.max", &sample_form_single, RATE_LIMIT, V1 },
	{ "memory.soft_limit_in_bytes", "memory.soft_limit", &sample_form_single, RATE_LIMIT, V1 },
	{ "memory.oom_control", "memory.events.", &oom_control_form, RATE_LIMIT, V1 },
	{ "memory.events.local", "memory.events.local.", &keyed_form, RATE_BUSY, V2 },
	{ "memory.swap.events", "memory.swap.events.", &keyed_form, RATE_BUSY, V2 },
	{ "memory.zswap.current", "memory.zswap.current", &sample_form_single, RATE_BUSY, V2 },
	{ "io.pressure", "psi.io.", &sample_form_pressure, RATE_BUSY, V2 },
	{ "io.stat", "io.", &io_form, RATE_BUSY, V2 },
	{ "memory.stat", "", &keyed_form, RATE_BUSY, V1 | V2 },
	{ "memory.numa_stat", "", &numa_form, RATE_BUSY, V2 },
	{ "memory.numa_stat", "", &numa_v1_form, RATE_BUSY, V1 },
};
#define NFILES	(sizeof(files) / sizeof(files[0]))

/* memory.stat and numa_stat: mm/memcontrol.c turns what it counts in pages into bytes, all but these. */
static const struct series_unit units[] = {
	{ "total.", "us" },
	{ "some.", "us" },
	{ "full.", "us" },
	{ "rbytes", "bytes" },		/* of io.stat */
	{ "wbytes", "bytes" },
	{ "rios", "count" },
	{ "wios", "count" },
	{ SAMPLE_CGROUP_REMOVED, "bool" },
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
	bool			opened;
	struct series_set	set;		/* of what is read of every cgroup */
	struct series_set	stat;		/* of what is read of busy ones; empty when it was not for long */
	uint32_t		stat_turn;	/* the last time that it was */
	uint64_t		suffered;	/* us, and events by their worth, since the cgroup began */
	uint64_t		counted;	/* as much of it as has been ranked */
	uint64_t		pressure;	/* what it suffers lately: us, half of it forgotten each second */
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
	uint32_t		round;
	uint32_t		stat_turn;	/* reads of the busy ones, of a second each */
	struct sample_out	*out;		/* of the read that is going on; NULL between two */
};

/* N0=4096 N1=0 */
static void put_nodes(struct series_set *set, struct line_word name, const char *line, uint64_t scale,
		      struct sample_out *out)
{
	uint64_t node, value;

	for (struct line_word word = line_next_word(&line); word.len; word = line_next_word(&line)) {
		const char *pos = word.at + 1;

		if (*word.at != 'N' || !line_next_u64(&pos, &node) || node > INT32_MAX || *pos++ != '=' ||
		    !line_next_u64(&pos, &value))
			return;
		const struct series_value v = {
			.name = name.at, .len = name.len, .node = node, .value = value * scale,
		};

		series_put_value(set, &v, out);
	}
}

/* "anon N0=4096 N1=0" */
static void line_numa(const struct sample_form *form, struct series_set *set, const char *line,
		      struct sample_out *out)
{
	struct line_word name = line_next_word(&line);

	put_nodes(set, name, line, 1, out);
}

/* "hierarchical_file=9 N0=9", in pages: file, in bytes, as v2 has it. Lines without the prefix leave children out. */
static void line_numa_v1(const struct sample_form *form, struct series_set *set, const char *line,
			 struct sample_out *out)
{
	static const char prefix[] = "hierarchical_";
	struct line_word name = line_next_word(&line);
	size_t skip = sizeof(prefix) - 1;

	if (name.len <= skip || memcmp(name.at, prefix, skip))
		return;
	name.at += skip;
	name.len = strcspn(name.at, "= ");
	if (name.len != 5 || memcmp(name.at, "total", 5))
		put_nodes(set, name, line, sysconf(_SC_PAGESIZE), out);
}

/* "254:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 ...": io.rbytes.254:0 */
static void line_io(const struct sample_form *form, struct series_set *set, const char *line, struct sample_out *out)
{
	static const char *const wanted[] = { "rbytes", "wbytes", "rios", "wios" };
	struct line_word device = line_next_word(&line);
	char name[64];
	uint64_t value;

	for (struct line_word word = line_next_word(&line); word.len; word = line_next_word(&line)) {
		size_t len = strcspn(word.at, "= ");
		const char *pos = word.at + len + 1;

		for (size_t i = 0; len < word.len && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (len != strlen(wanted[i]) || memcmp(word.at, wanted[i], len) || !line_next_u64(&pos, &value))
				continue;
			snprintf(name, sizeof(name), "%s.%.*s", wanted[i], (int)(device.len < 32 ? device.len : 32),
				 device.at);
			series_put(set, name, strlen(name), value, out);
		}
	}
}

/* Of "oom_kill_disable 0", "under_oom 0", "oom_kill 3" the last. */
static void line_oom_control(const struct sample_form *form, struct series_set *set, const char *line,
			     struct sample_out *out)
{
	if (!strncmp(line, "oom_kill ", strlen("oom_kill ")))
		sample_line_keyed(form, set, line, out);
}

/* --- reading one file of one cgroup --- */

static int open_file(const struct cgroups *c, const struct cgroup *cg, unsigned int index)
{
	char path[4096 + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup_path(cg) + 1, files[index].file);
	return sample_file_open(c->dir_fd, path[0] == '/' ? path + 1 : path);
}

static int read_fd(struct cgroups *c, struct series_set *set, unsigned int index, int fd)
{
	struct sample_item item = { .fd = fd, .form = files[index].form, .set = *set };
	int ret;

	item.set.head = c->heads[index];
	ret = sample_item_read(c->env, &item, c->out);
	*set = item.set;
	set->head = "";
	return ret;
}

static int read_once(struct cgroups *c, const struct cgroup *cg, struct series_set *set, unsigned int index)
{
	int fd = open_file(c, cg, index), ret;

	if (fd < 0)
		return fd;
	ret = read_fd(c, set, index, fd);
	close(fd);
	return ret;
}

static void read_rate(struct cgroups *c, const struct cgroup *cg, struct series_set *set, enum cgroup_rate rate)
{
	for (unsigned int i = 0; i < NFILES && !c->out->error; i++)
		if (files[i].rate == rate && files[i].versions & c->version)
			read_once(c, cg, set, i);
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

/* Nothing is opened yet: many end before their first turn. */
static void *on_added(void *ctx, struct cgroup *cg)
{
	struct cgroups *c = ctx;
	struct cgroup_series *series = calloc(1, sizeof(*series));

	if (!c->out->error)
		c->out->error = SINK_CALL(c->out->sink, cgroup, cgroup_id(cg), cgroup_path(cg));
	if (!series)
		return NULL;
	series->set = series->stat = (struct series_set){
		.shape = &shape, .names = c->env->names, .cgroup_id = cgroup_id(cg), .head = "", .node = -1,
	};
	for (unsigned int i = 0; i < KEPT_FILES; i++)
		series->fd[i] = FILE_MISSING;
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
	if (c->out && series->set.nslots)
		series_put(&series->set, SAMPLE_CGROUP_REMOVED, strlen(SAMPLE_CGROUP_REMOVED), 1, c->out);
	series_set_release(&series->set);
	series_set_release(&series->stat);
	free(series);
}

static const struct cgroup_ops tree_ops = { .added = on_added, .removed = on_removed };

/* --- every cgroup --- */

/* What it suffered, as one number that grows. */
static uint64_t suffered(const struct series_set *set)
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

/* False: it is gone. */
static bool read_kept(struct cgroups *c, struct cgroup *cg, struct cgroup_series *series)
{
	bool any = false;

	series_begin(&series->set);
	for (unsigned int i = 0; i < c->nkept; i++) {
		int ret = series->fd[i];

		if (ret == FILE_NOT_KEPT)
			ret = read_once(c, cg, &series->set, c->kept[i]);
		else if (ret != FILE_MISSING)
			ret = read_fd(c, &series->set, c->kept[i], ret);
		any |= !ret;
	}
	return any || !is_gone(c, cg);
}

static bool is_limit_turn(const struct cgroups *c, const struct cgroup *cg)
{
	return (c->round + cgroup_id(cg)) % LIMIT_ROUNDS == 0;
}

/* False: it is gone. */
static bool read_one(struct cgroups *c, struct cgroup *cg)
{
	struct cgroup_series *series = cgroup_data(cg);
	bool is_new;

	if (!series)
		return !is_gone(c, cg);
	is_new = !series->opened;
	if (is_new || is_limit_turn(c, cg))
		open_kept(c, cg, series);
	series->opened = true;
	if (!read_kept(c, cg, series))
		return false;
	series->suffered = suffered(&series->set);
	if (is_new)
		series->counted = series->suffered;	/* what was before we came does not count */
	if (is_new || is_limit_turn(c, cg))
		read_rate(c, cg, &series->set, RATE_LIMIT);
	return true;
}

/* @n of them, from where the last turn ended. */
static void read_turn(struct cgroups *c, uint32_t n)
{
	while (n-- && cgroup_tree_count(c->tree) && !c->out->error) {
		struct cgroup *cg;

		if (c->next >= cgroup_tree_count(c->tree)) {
			c->next = 0;
			c->round++;
		}
		cg = cgroup_tree_at(c->tree, c->next);
		sample_out_now(c->out);
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

static void count_pressure(struct cgroup_series *series)
{
	series->pressure /= 2;
	if (series->suffered > series->counted)		/* memory.failcnt can be set back */
		series->pressure += series->suffered - series->counted;
	series->counted = series->suffered;
}

/* Those that suffer most come first; among those that do not, the larger one. */
static unsigned int rank(struct cgroups *c, struct ranked busy[BUSY_MAX])
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < cgroup_tree_count(c->tree); i++) {
		struct cgroup *cg = cgroup_tree_at(c->tree, i);
		struct cgroup_series *series = cgroup_data(cg);
		struct ranked one = { .cg = cg };

		if (!series || !series->opened || !cgroup_path(cg)[1])
			continue;
		count_pressure(series);
		one.pressure = series->pressure;
		series_last(&series->set, "memory.current", "", &one.bytes);
		rank_insert(busy, &n, one);
		if (series->stat.nslots && c->stat_turn - series->stat_turn > FORGET_TURNS)
			series_set_release(&series->stat);
	}
	return n;
}

static void read_busy(struct cgroups *c, struct cgroup *cg)
{
	struct cgroup_series *series = cgroup_data(cg);

	sample_out_now(c->out);
	series->stat_turn = c->stat_turn;
	series_begin(&series->stat);
	read_rate(c, cg, &series->stat, RATE_BUSY);
	read_rate(c, cg, &series->set, RATE_LIMIT);
}

static void stat_read(void *state, struct sample_out *out)
{
	struct cgroups *c = *(struct cgroups **)state;
	bool with_calm = c->stat_turn++ % CALM_TURNS == 0 || out->whole;
	struct ranked busy[BUSY_MAX];
	unsigned int n;

	c->out = out;
	n = rank(c, busy);
	for (unsigned int i = 0; i < n && !out->error; i++)
		if (with_calm || busy[i].pressure)
			read_busy(c, busy[i].cg);
	c->out = NULL;
}

static int stat_open(struct sample_env *env, void **state)
{
	if (!env->followed)
		return -ENOENT;
	*state = &env->followed;
	return 0;
}

/* The cgroups are sample_cgroup's. */
static void stat_close(void *state)
{
}

const struct sample_source sample_cgroup_stat = {
	.name = "cgroup stat", .open = stat_open, .read = stat_read, .close = stat_close,
	.without = "no cgroups are followed",
};

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
	int fd, ret = find_mount(env, &mount);

	if (ret)
		return ret;
	fd = openat(env->root_fd, mount.path[0] ? mount.path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
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
	env->followed = c;
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
	c->out = NULL;
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
	.without = "no cgroup file system is mounted, or following cgroups is switched off",
};
