// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_facts.c - see sample_facts.h.
 */
#include "collect/sample_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_file.h"

#define FACT_BYTES	256u

/* How a file becomes the value. */
enum fact_form {
	FACT_LINE,		/* its first line */
	FACT_CHOICE,		/* "always [madvise] never": madvise */
	FACT_COUNT,		/* "0-3,8": 5 */
};

#define VM(name)	{ name, "proc/sys/vm/" name, FACT_LINE }
#define ZSWAP(name)	{ "zswap." name, "sys/module/zswap/parameters/" name, FACT_LINE }
#define ZRAM(n, name, form)	{ "zram" n "." name, "sys/block/zram" n "/" name, form }

/* Ones without a file are said nothing of. */
static const struct fact {
	const char	*key;
	const char	*path;
	enum fact_form	form;
} table[] = {
	{ "kernel_release", "proc/sys/kernel/osrelease", FACT_LINE },
	{ "kernel_version", "proc/sys/kernel/version", FACT_LINE },
	{ "machine", "proc/sys/kernel/arch", FACT_LINE },
	{ "host", "proc/sys/kernel/hostname", FACT_LINE },
	{ "boot_id", "proc/sys/kernel/random/boot_id", FACT_LINE },
	{ "cpus", "sys/devices/system/cpu/online", FACT_COUNT },
	{ "nodes", "sys/devices/system/node/online", FACT_LINE },
	VM("defrag_mode"), VM("swappiness"), VM("watermark_scale_factor"), VM("watermark_boost_factor"),
	VM("min_free_kbytes"), VM("zone_reclaim_mode"), VM("vfs_cache_pressure"), VM("page-cluster"),
	VM("compaction_proactiveness"), VM("overcommit_memory"), VM("lowmem_reserve_ratio"), VM("panic_on_oom"),
	{ "thp_enabled", "sys/kernel/mm/transparent_hugepage/enabled", FACT_CHOICE },
	{ "thp_defrag", "sys/kernel/mm/transparent_hugepage/defrag", FACT_CHOICE },
	{ "thp_shmem_enabled", "sys/kernel/mm/transparent_hugepage/shmem_enabled", FACT_CHOICE },
	{ "lru_gen_enabled", "sys/kernel/mm/lru_gen/enabled", FACT_LINE },
	{ "lru_gen_min_ttl_ms", "sys/kernel/mm/lru_gen/min_ttl_ms", FACT_LINE },
	{ "numa_demotion", "sys/kernel/mm/numa/demotion_enabled", FACT_LINE },
	ZSWAP("enabled"), ZSWAP("max_pool_percent"), ZSWAP("accept_threshold_percent"), ZSWAP("shrinker_enabled"),
	ZSWAP("compressor"), ZSWAP("zpool"),
	/* of the first device; its sizes and those of others are samples */
	ZRAM("0", "comp_algorithm", FACT_CHOICE), ZRAM("0", "backing_dev", FACT_LINE), ZRAM("0", "disksize", FACT_LINE),
};
#define NFACTS	(sizeof(table) / sizeof(table[0]))

struct sample_facts {
	int	root_fd;
	char	value[NFACTS][FACT_BYTES];	/* at the start; "" was not there */
};

struct sample_facts *sample_facts_new(int root_fd)
{
	struct sample_facts *facts = calloc(1, sizeof(*facts));

	if (facts)
		facts->root_fd = root_fd;
	return facts;
}

void sample_facts_free(struct sample_facts *facts)
{
	free(facts);
}

/* What is in brackets moves to the front; a text without stays. */
static void take_choice(char *text)
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

static void read_fact(const struct sample_facts *facts, const struct fact *fact, char value[FACT_BYTES])
{
	if (sample_file_first_line(facts->root_fd, fact->path, value, FACT_BYTES) <= 0) {
		value[0] = '\0';
		return;
	}
	switch (fact->form) {
	case FACT_LINE:
		break;
	case FACT_CHOICE:
		take_choice(value);
		break;
	case FACT_COUNT:
		take_count(value);
		break;
	}
}

int sample_facts_start(struct sample_facts *facts, const struct sink *sink)
{
	char page_size[24];
	int ret;

	snprintf(page_size, sizeof(page_size), "%ld", sysconf(_SC_PAGESIZE));
	ret = SINK_CALL(sink, meta, "page_size", page_size);
	for (size_t i = 0; !ret && i < NFACTS; i++) {
		read_fact(facts, &table[i], facts->value[i]);
		if (facts->value[i][0])
			ret = SINK_CALL(sink, meta, table[i].key, facts->value[i]);
	}
	return ret;
}

int sample_facts_end(struct sample_facts *facts, const struct sink *sink)
{
	char value[FACT_BYTES], key[64];
	int ret = 0;

	for (size_t i = 0; !ret && i < NFACTS; i++) {
		read_fact(facts, &table[i], value);
		if (!value[0] || !strcmp(value, facts->value[i]))
			continue;
		snprintf(key, sizeof(key), "%s_at_end", table[i].key);
		ret = SINK_CALL(sink, meta, key, value);
	}
	return ret;
}
