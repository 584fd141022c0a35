// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_settings.c - facts of the machine that are said once, as meta KEY, and those of them that somebody can change
 * meanwhile: then as meta KEY@TS.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_source.h"

#define FACT_BYTES	512u		/* the longest is the command line of the kernel; what is longer is cut */
#define NODE_DIR	"sys/devices/system/node"
#define CPULIST_BYTES	4096u		/* room for 800 CPUs that are listed one by one */

/* How a file becomes the value. */
enum fact_form {
	FACT_LINE,		/* its first line */
	FACT_CHOICE,		/* "always [madvise] never": madvise */
	FACT_COUNT,		/* "0-3,8": 5 */
};

enum fact_change {
	FACT_STAYS,
	FACT_SAMPLED,		/* its changes are samples: sample_sysctl */
	FACT_CHANGES,
};

#define VM(name)	{ name, "proc/sys/vm/" name, FACT_LINE, FACT_SAMPLED }
#define KERNEL(key, name)	{ key, "proc/sys/kernel/" name, FACT_LINE, FACT_STAYS }
#define MM(key, name, form)	{ key, "sys/kernel/mm/" name, form, FACT_CHANGES }
#define ZSWAP(name)	{ "zswap." name, "sys/module/zswap/parameters/" name, FACT_LINE, FACT_CHANGES }

/* Ones without a file are said nothing of. */
static const struct fact {
	const char		*key;
	const char		*path;
	enum fact_form		form;
	enum fact_change	change;
} table[] = {
	KERNEL("kernel_release", "osrelease"), KERNEL("kernel_version", "version"), KERNEL("machine", "arch"),
	KERNEL("host", "hostname"), KERNEL("boot_id", "random/boot_id"),
	{ "kernel_command_line", "proc/cmdline", FACT_LINE, FACT_STAYS },
	{ "cpus", "sys/devices/system/cpu/online", FACT_COUNT, FACT_CHANGES },
	{ "nodes", "sys/devices/system/node/online", FACT_LINE, FACT_CHANGES },
	VM("defrag_mode"), VM("swappiness"), VM("watermark_scale_factor"), VM("watermark_boost_factor"),
	VM("min_free_kbytes"), VM("zone_reclaim_mode"), VM("vfs_cache_pressure"), VM("page-cluster"),
	VM("compaction_proactiveness"), VM("overcommit_memory"), VM("panic_on_oom"),
	{ "lowmem_reserve_ratio", "proc/sys/vm/lowmem_reserve_ratio", FACT_LINE, FACT_CHANGES },
	/* 2 is memory tiering: kswapd goes on to the promo watermark then */
	{ "numa_balancing", "proc/sys/kernel/numa_balancing", FACT_LINE, FACT_CHANGES },
	MM("thp_enabled", "transparent_hugepage/enabled", FACT_CHOICE),
	MM("thp_defrag", "transparent_hugepage/defrag", FACT_CHOICE),
	MM("thp_shmem_enabled", "transparent_hugepage/shmem_enabled", FACT_CHOICE),
	MM("lru_gen_enabled", "lru_gen/enabled", FACT_LINE), MM("lru_gen_min_ttl_ms", "lru_gen/min_ttl_ms", FACT_LINE),
	MM("numa_demotion", "numa/demotion_enabled", FACT_LINE),
	ZSWAP("enabled"), ZSWAP("max_pool_percent"), ZSWAP("accept_threshold_percent"), ZSWAP("shrinker_enabled"),
	ZSWAP("compressor"), ZSWAP("zpool"),
};
#define NFACTS	(sizeof(table) / sizeof(table[0]))

struct facts {
	int	root_fd;
	bool	said;
	char	value[NFACTS][FACT_BYTES];	/* the last one; "" not there */
};

void sample_take_choice(char *text)
{
	char *begin = strchr(text, '['), *end = begin ? strchr(begin, ']') : NULL;

	if (!end)
		return;
	*end = '\0';
	memmove(text, begin + 1, end - begin);
}

static void take_count(char *text)
{
	const char *pos = text;
	uint64_t first, last, count = 0;

	while (line_next_u64(&pos, &first)) {
		last = first;
		if (*pos == '-') {
			pos++;
			if (!line_next_u64(&pos, &last) || last < first)
				last = first;
		}
		count += last - first + 1;
		if (*pos == ',')
			pos++;
	}
	snprintf(text, FACT_BYTES, "%llu", (unsigned long long)count);
}

static void read_fact(const struct facts *facts, const struct fact *fact, char value[FACT_BYTES])
{
	if (sample_file_first_line(facts->root_fd, fact->path, value, FACT_BYTES) <= 0) {
		value[0] = '\0';
		return;
	}
	switch (fact->form) {
	case FACT_LINE:
		break;
	case FACT_CHOICE:
		sample_take_choice(value);
		break;
	case FACT_COUNT:
		take_count(value);
		break;
	}
}

int sample_say_change(const struct sink *sink, const char *key, uint64_t ts, const char *value)
{
	char text[128];

	snprintf(text, sizeof(text), "%s@%" PRIu64, key, ts);
	return SINK_CALL(sink, meta, text, value);
}

static int facts_open(struct sample_env *env, void **state)
{
	struct facts *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return -ENOMEM;
	facts->root_fd = env->root_fd;
	*state = facts;
	return 0;
}

/* What has gone, as a node's file may, keeps its last value. */
static void facts_read(void *state, struct sample_out *out)
{
	struct facts *facts = state;
	char value[FACT_BYTES];

	for (size_t i = 0; i < NFACTS && !out->error; i++) {
		if (facts->said && table[i].change != FACT_CHANGES)
			continue;
		read_fact(facts, &table[i], value);
		if (!value[0] || !strcmp(value, facts->value[i]))
			continue;
		memcpy(facts->value[i], value, sizeof(value));
		if (facts->said)
			out->error = sample_say_change(out->sink, table[i].key, out->ts, value);
	}
}

struct cpulists {
	int			root_fd;
	const struct sink	*sink;
	int			error;		/* the sink's; a directory that cannot be read is none */
};

/* node1.cpulist: "2-3,8". A node without CPUs is said nothing of; a list without room loses its last numbers whole. */
static int say_cpulist(void *ctx, const char *name, int node)
{
	struct cpulists *lists = ctx;
	char path[64], key[32], value[CPULIST_BYTES], *last;
	int len;

	snprintf(path, sizeof(path), NODE_DIR "/node%d/cpulist", node);
	len = sample_file_first_line(lists->root_fd, path, value, sizeof(value));
	if (len <= 0)
		return 0;
	last = len == sizeof(value) - 1 ? strrchr(value, ',') : NULL;
	if (last)
		*last = '\0';
	snprintf(key, sizeof(key), "node%d.cpulist", node);
	lists->error = SINK_CALL(lists->sink, meta, key, value);
	return lists->error;
}

static int say_cpulists(int root_fd, const struct sink *sink)
{
	struct cpulists lists = { .root_fd = root_fd, .sink = sink };

	sample_each_numbered(root_fd, NODE_DIR, "node", say_cpulist, &lists);
	return lists.error;
}

static int facts_say(void *state, const struct sink *sink)
{
	struct facts *facts = state;
	char page_size[24];
	int ret;

	snprintf(page_size, sizeof(page_size), "%ld", sysconf(_SC_PAGESIZE));
	ret = SINK_CALL(sink, meta, "page_size", page_size);
	for (size_t i = 0; !ret && i < NFACTS; i++)
		if (facts->value[i][0])
			ret = SINK_CALL(sink, meta, table[i].key, facts->value[i]);
	facts->said = true;
	return ret ? ret : say_cpulists(facts->root_fd, sink);
}

const struct sample_source sample_settings = {
	.name = "settings", .open = facts_open, .read = facts_read, .facts = facts_say, .close = free,
};
