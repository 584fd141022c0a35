// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_node.c - samples of NUMA nodes: the node's vmstat and meminfo, and the CPU time of kswapd and kcompactd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_source.h"

#define NODE_DIR	"sys/devices/system/node"

/* --- vmstat and meminfo --- */

static const struct series_shape node_vmstat_shape = { .scope = SCOPE_NODE, .units = sample_units_vmstat };
static const struct series_shape node_meminfo_shape = { .scope = SCOPE_NODE, .units = sample_units_meminfo };

struct node_files {
	struct sample_items		*items;
	const char			*file;
	const struct series_shape	*shape;
};

static int add_node(void *ctx, const char *name, int node)
{
	struct node_files *files = ctx;
	char path[128];
	int ret;

	snprintf(path, sizeof(path), NODE_DIR "/%s/%s", name, files->file);
	ret = sample_items_add(files->items, path, &sample_form_keyed, files->shape, "");
	if (!ret)
		files->items->items[files->items->nitems - 1].set.node = node;
	return ret == -ENOMEM ? ret : 0;
}

static int open_nodes(struct sample_env *env, struct node_files *files, void **state)
{
	int ret = sample_items_new(env, &files->items);

	if (ret)
		return ret;
	ret = sample_each_numbered(env->root_fd, NODE_DIR, "node", add_node, files);
	if (ret == -ENOMEM) {
		sample_items_close(files->items);
		return ret;
	}
	return sample_items_or_none(files->items, state);
}

static int node_vmstat_open(struct sample_env *env, void **state)
{
	struct node_files files = { .file = "vmstat", .shape = &node_vmstat_shape };

	return open_nodes(env, &files, state);
}

static int node_meminfo_open(struct sample_env *env, void **state)
{
	struct node_files files = { .file = "meminfo", .shape = &node_meminfo_shape };

	return open_nodes(env, &files, state);
}

const struct sample_source sample_node_vmstat = {
	.name = "node vmstat", .open = node_vmstat_open, .read = sample_items_read, .close = sample_items_close,
};

const struct sample_source sample_node_meminfo = {
	.name = "node meminfo", .open = node_meminfo_open, .read = sample_items_read, .close = sample_items_close,
};

/* --- kswapd and kcompactd --- */

/* Looking through /proc takes some 10 us for each process, so a thread that ended is not looked for at every read. */
#define FIND_AGAIN_NS		(10ull * 1000 * 1000 * 1000)
#define PF_KTHREAD		0x00200000u	/* include/linux/sched.h */
#define NSEC_PER_SEC		1000000000ull

/* Fields of /proc/PID/stat behind the name, which is the second. */
enum { STAT_STATE, STAT_FLAGS = 6, STAT_UTIME = 11, STAT_STIME = 12, STAT_FIELDS };

static const char *const kswapd_columns[] = { "kswapd_cpu_ns", "kswapd_wait_ns", NULL };
static const char *const kcompactd_columns[] = { "kcompactd_cpu_ns", "kcompactd_wait_ns", NULL };

/* schedstat: ns on a CPU, ns waiting for one, time slices. It needs SCHED_INFO, not SCHEDSTATS. */
static const struct sample_form kswapd_form = {
	.end = FILE_ONE_READ, .line = sample_line_columns, .columns = kswapd_columns,
};
static const struct sample_form kcompactd_form = {
	.end = FILE_ONE_READ, .line = sample_line_columns, .columns = kcompactd_columns,
};

static void line_stat(const struct sample_form *form, struct series_set *set, const char *line,
		      struct sample_out *out);

static const struct sample_form kswapd_stat_form = {
	.end = FILE_ONE_READ, .line = line_stat, .columns = kswapd_columns,
};
static const struct sample_form kcompactd_stat_form = {
	.end = FILE_ONE_READ, .line = line_stat, .columns = kcompactd_columns,
};

/* The kernel threads of a node that we want; with schedstat, or with stat where that is not there. */
static const struct thread_kind {
	const char			*comm;
	const struct sample_form	*schedstat;
	const struct sample_form	*stat;
} kinds[] = {
	{ "kswapd", &kswapd_form, &kswapd_stat_form },
	{ "kcompactd", &kcompactd_form, &kcompactd_stat_form },
};

static const struct series_unit thread_units[] = { { "", "ns" } };
static const struct series_shape thread_shape = { .scope = SCOPE_NODE, .units = thread_units };

struct kswapd {
	struct sample_items	*items;
	uint64_t		looked_ns;	/* when /proc was looked through */
	bool			lost;		/* a thread ended */
};

/* Numbers of a stat line from the state on; the state is 0. The name may hold blanks and brackets, so from behind. */
static bool stat_fields(const char *line, uint64_t fields[STAT_FIELDS])
{
	const char *pos = strrchr(line, ')');

	if (!pos)
		return false;
	pos++;
	for (int i = 0; i < STAT_FIELDS; i++) {
		struct line_word word = line_next_word(&pos);
		const char *number = word.at;

		fields[i] = 0;
		if (!word.len)
			return false;
		line_next_u64(&number, &fields[i]);	/* tty_nr and tpgid are negative: not wanted */
	}
	return true;
}

static void line_stat(const struct sample_form *form, struct series_set *set, const char *line,
		      struct sample_out *out)
{
	uint64_t fields[STAT_FIELDS], tick_ns = NSEC_PER_SEC / sysconf(_SC_CLK_TCK);
	const char *name = form->columns[0];

	if (stat_fields(line, fields))
		series_put(set, name, strlen(name), (fields[STAT_UTIME] + fields[STAT_STIME]) * tick_ns, out);
}

/* "45 (kswapd0) S 2 ...": the kind and the node. Anybody can be called kswapd0; the flag says who is of the kernel. */
static const struct thread_kind *stat_kind(const char *line, int *node)
{
	uint64_t fields[STAT_FIELDS], number;
	const char *comm = strchr(line, '(');

	for (size_t i = 0; comm && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *pos = comm + 1 + strlen(kinds[i].comm);

		if (strncmp(comm + 1, kinds[i].comm, strlen(kinds[i].comm)) || !line_next_u64(&pos, &number))
			continue;
		if (*pos != ')' || number > INT32_MAX || !stat_fields(line, fields) ||
		    !(fields[STAT_FLAGS] & PF_KTHREAD))
			return NULL;
		*node = number;
		return &kinds[i];
	}
	return NULL;
}

/* A node that is known keeps its series, so that it does not begin anew when a thread is found again. */
static int take_thread(struct sample_items *items, const char *path, const struct sample_form *form, int node)
{
	int ret;

	for (uint32_t i = 0; i < items->nitems; i++) {
		struct sample_item *item = &items->items[i];

		if (item->set.node != node || item->form->columns != form->columns)
			continue;
		if (item->fd < 0) {
			item->fd = sample_file_open(items->env->root_fd, path);
			item->form = form;
		}
		return item->fd < 0 ? item->fd : 0;
	}
	ret = sample_items_add(items, path, form, &thread_shape, "");
	if (!ret)
		items->items[items->nitems - 1].set.node = node;
	return ret;
}

static int look_at_process(void *ctx, const char *name, int pid)
{
	struct kswapd *k = ctx;
	const struct thread_kind *kind;
	char path[64], line[512];
	int node, ret;

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	if (sample_file_first_line(k->items->env->root_fd, path, line, sizeof(line)) < 0)
		return 0;
	kind = stat_kind(line, &node);
	if (!kind)
		return 0;
	snprintf(path, sizeof(path), "proc/%d/schedstat", pid);
	ret = take_thread(k->items, path, kind->schedstat, node);
	if (ret && ret != -ENOMEM) {
		snprintf(path, sizeof(path), "proc/%d/stat", pid);
		ret = take_thread(k->items, path, kind->stat, node);
	}
	return ret == -ENOMEM ? ret : 0;
}

static int kswapd_open(struct sample_env *env, void **state)
{
	struct kswapd *k = calloc(1, sizeof(*k));
	int ret = k ? sample_items_new(env, &k->items) : -ENOMEM;

	if (!ret)
		ret = sample_each_numbered(env->root_fd, "proc", "", look_at_process, k);
	if (!ret && !k->items->nitems)
		ret = -ENOENT;
	if (!ret) {
		*state = k;
		return 0;
	}
	if (k && k->items)
		sample_items_close(k->items);
	free(k);
	return ret;
}

static void kswapd_read(void *state, struct sample_out *out)
{
	struct kswapd *k = state;

	if (k->lost && out->ts - k->looked_ns >= FIND_AGAIN_NS) {
		k->lost = false;
		k->looked_ns = out->ts;
		sample_each_numbered(k->items->env->root_fd, "proc", "", look_at_process, k);
	}
	for (uint32_t i = 0; i < k->items->nitems && !out->error; i++) {
		struct sample_item *item = &k->items->items[i];

		series_begin(&item->set);
		if (item->fd >= 0 && sample_item_read(k->items->env, item, out) == -ESRCH) {
			close(item->fd);
			item->fd = -1;
		}
		k->lost |= item->fd < 0;
	}
}

static void kswapd_close(void *state)
{
	struct kswapd *k = state;

	sample_items_close(k->items);
	free(k);
}

const struct sample_source sample_kswapd = {
	.name = "kswapd", .open = kswapd_open, .read = kswapd_read, .close = kswapd_close,
};
