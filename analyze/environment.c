// SPDX-License-Identifier: GPL-2.0-only
/*
 * environment.c - see environment.h. Facts are metas of the recording, or settings that were sampled.
 */
#include "analyze/environment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/feature.h"

/* A kernel keeps a little more or less of the same memory for itself. */
#define MEMORY_TOLERANCE	0.01
#define CMDLINE_BYTES		2048

enum fact_form {
	FACT_META,
	FACT_SETTING,		/* a series of the whole system: the value of the start, and of the end if it changed */
	FACT_MEMORY,		/* the same, equal within MEMORY_TOLERANCE */
	FACT_CMDLINE,		/* without the words that tell which kernel it is */
	FACT_DISKS,		/* without the number or letter that a disk got at this boot */
};

static const struct fact {
	const char		*name;
	enum fact_form		form;
	enum environment_rule	rule;
} facts[] = {
	[ENVIRONMENT_RELEASE] = { "kernel_release", FACT_META, ENVIRONMENT_ARM },
	{ "kernel_version", FACT_META, ENVIRONMENT_ARM },
	{ "squall_version", FACT_META, ENVIRONMENT_EQUAL },
	{ "source", FACT_META, ENVIRONMENT_EQUAL },
	{ "clock", FACT_META, ENVIRONMENT_EQUAL },
	{ "host", FACT_META, ENVIRONMENT_TOLD },
	{ "machine", FACT_META, ENVIRONMENT_EQUAL },
	{ "cpus", FACT_META, ENVIRONMENT_EQUAL },
	{ "nodes", FACT_META, ENVIRONMENT_EQUAL },
	{ "MemTotal", FACT_MEMORY, ENVIRONMENT_EQUAL },
	{ "page_size", FACT_META, ENVIRONMENT_EQUAL },
	{ "pageblock_order", FACT_META, ENVIRONMENT_EQUAL },
	{ "kernel_command_line", FACT_CMDLINE, ENVIRONMENT_EQUAL },
	{ "cgroup_version", FACT_META, ENVIRONMENT_EQUAL },
	{ "psi", FACT_META, ENVIRONMENT_EQUAL },
	{ "vm.defrag_mode", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.swappiness", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.watermark_scale_factor", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.watermark_boost_factor", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.min_free_kbytes", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.zone_reclaim_mode", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.vfs_cache_pressure", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.page-cluster", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.compaction_proactiveness", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.extfrag_threshold", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.overcommit_memory", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.overcommit_ratio", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.dirty_ratio", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.dirty_background_ratio", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.dirty_bytes", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.dirty_background_bytes", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.panic_on_oom", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.oom_kill_allocating_task", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.percpu_pagelist_high_fraction", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.min_slab_ratio", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.min_unmapped_ratio", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "vm.nr_hugepages", FACT_SETTING, ENVIRONMENT_EQUAL },
	{ "lowmem_reserve_ratio", FACT_META, ENVIRONMENT_EQUAL },
	{ "numa_balancing", FACT_META, ENVIRONMENT_EQUAL },
	{ "numa_demotion", FACT_META, ENVIRONMENT_EQUAL },
	{ "thp_enabled", FACT_META, ENVIRONMENT_EQUAL },
	{ "thp_defrag", FACT_META, ENVIRONMENT_EQUAL },
	{ "thp_shmem_enabled", FACT_META, ENVIRONMENT_EQUAL },
	{ "lru_gen_enabled", FACT_META, ENVIRONMENT_EQUAL },
	{ "lru_gen_min_ttl_ms", FACT_META, ENVIRONMENT_EQUAL },
	{ "swap_devices", FACT_DISKS, ENVIRONMENT_EQUAL },
	{ "zram0.comp_algorithm", FACT_META, ENVIRONMENT_EQUAL },
	{ "zram0.backing_dev", FACT_META, ENVIRONMENT_EQUAL },
	{ "zswap.enabled", FACT_META, ENVIRONMENT_EQUAL },
	{ "zswap.max_pool_percent", FACT_META, ENVIRONMENT_EQUAL },
	{ "zswap.accept_threshold_percent", FACT_META, ENVIRONMENT_EQUAL },
	{ "zswap.shrinker_enabled", FACT_META, ENVIRONMENT_EQUAL },
	{ "zswap.compressor", FACT_META, ENVIRONMENT_EQUAL },
	{ "zswap.zpool", FACT_META, ENVIRONMENT_TOLD },		/* gone by 7.2 */
	{ "ring_bytes_per_cpu", FACT_META, ENVIRONMENT_EQUAL },
	/* Kernels have more or fewer events. A metric whose event is missing on one side is refused by itself. */
	{ "recorded", FACT_META, ENVIRONMENT_TOLD },
};

#define NFACTS	(sizeof(facts) / sizeof(facts[0]))

_Static_assert(NFACTS + KF_COUNT <= ENVIRONMENT_MAX, "room for all facts");

unsigned int environment_count(void)
{
	return NFACTS + KF_COUNT;
}

const char *environment_name(unsigned int i)
{
	return i < NFACTS ? facts[i].name : kernel_feature_name(i - NFACTS);
}

enum environment_rule environment_rule(unsigned int i)
{
	/* Features are what a patch brings: the same in all runs of an arm. */
	return i < NFACTS ? facts[i].rule : ENVIRONMENT_ARM;
}

static char *setting(const struct trial *t, const char *name)
{
	int64_t first, last;
	char text[64];

	if (!trial_setting(t, name, &first, &last))
		return strdup("");
	if (first == last)
		snprintf(text, sizeof(text), "%" PRId64, first);
	else
		snprintf(text, sizeof(text), "%" PRId64 " -> %" PRId64, first, last);
	return strdup(text);
}

static char *memory(const struct trial *t, const char *name)
{
	int64_t first, last;
	char text[32];

	if (!trial_setting(t, name, &first, &last))
		return strdup("");
	snprintf(text, sizeof(text), "%" PRId64, first);
	return strdup(text);
}

/* Words of boot loaders that name the files of a kernel. */
static bool names_kernel(const char *word, size_t len)
{
	static const char *const names[] = { "BOOT_IMAGE=", "initrd=" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len >= strlen(names[i]) && !strncmp(word, names[i], strlen(names[i])))
			return true;
	return false;
}

static char *command_line(const char *line)
{
	char text[CMDLINE_BYTES];
	size_t used = 0;

	text[0] = '\0';
	for (line += strspn(line, " "); *line && used < sizeof(text); line += strspn(line, " ")) {
		size_t len = strcspn(line, " ");

		if (!names_kernel(line, len))
			used += snprintf(text + used, sizeof(text) - used, "%s%.*s", used ? " " : "", (int)len, line);
		line += len;
	}
	return strdup(text);
}

/* How the names of disks begin, and what tells them apart in the order in which they were found. */
static const struct disk_name {
	const char	*prefix, *counted;
} disk_names[] = {
	{ "/dev/nvme", "0123456789" },
	{ "/dev/sd", "abcdefghijklmnopqrstuvwxyz" },
	{ "/dev/vd", "abcdefghijklmnopqrstuvwxyz" },
};

static const struct disk_name *disk_name(const char *text)
{
	for (size_t i = 0; i < sizeof(disk_names) / sizeof(disk_names[0]); i++)
		if (!strncmp(text, disk_names[i].prefix, strlen(disk_names[i].prefix)))
			return &disk_names[i];
	return NULL;
}

/* "/dev/nvme1n1 partition 1024 kB": "/dev/nvme*n1 partition 1024 kB", "/dev/sdb2": "/dev/sd*2" */
static char *disks(const char *text)
{
	char *out = malloc(2 * strlen(text) + 1), *to = out;

	while (out && *text) {
		const struct disk_name *name = disk_name(text);
		size_t len = name ? strlen(name->prefix) : 1;

		memcpy(to, text, len);
		to += len;
		text += len;
		if (name) {
			*to++ = '*';
			text += strspn(text, name->counted);
		}
	}
	if (out)
		*to = '\0';
	return out;
}

static char *fact_value(const struct trial *t, const struct fact *fact)
{
	const char *meta;

	switch (fact->form) {
	case FACT_SETTING:
		return setting(t, fact->name);
	case FACT_MEMORY:
		return memory(t, fact->name);
	case FACT_CMDLINE:
		meta = trial_meta(t, fact->name);
		return command_line(meta ?: "");
	case FACT_DISKS:
		meta = trial_meta(t, fact->name);
		return disks(meta ?: "");
	case FACT_META:
		break;
	}
	meta = trial_meta(t, fact->name);
	return strdup(meta ?: "");
}

int environment_of(const struct trial *t, struct environment *env)
{
	for (unsigned int i = 0; i < environment_count(); i++) {
		char *value;

		if (i < NFACTS) {
			value = fact_value(t, &facts[i]);
		} else {
			enum feature_state state = trial_feature(t, environment_name(i));

			value = strdup(state == FEATURE_UNKNOWN ? "" : feature_state_name(state));
		}
		if (!value)
			return -ENOMEM;
		/* "" is what was not told. */
		env->value[i] = *value ? value : NULL;
		if (!*value)
			free(value);
	}
	return 0;
}

void environment_clear(struct environment *env)
{
	for (unsigned int i = 0; i < ENVIRONMENT_MAX; i++)
		free(env->value[i]);
	*env = (struct environment){ 0 };
}

bool environment_same(unsigned int i, const char *a, const char *b)
{
	double x, y;

	/* A feature that a trace does not show may be there. */
	if (!a || !b)
		return a == b || i >= NFACTS;
	if (i >= NFACTS || facts[i].form != FACT_MEMORY)
		return !strcmp(a, b);
	x = strtod(a, NULL);
	y = strtod(b, NULL);
	return (x > y ? x - y : y - x) <= MEMORY_TOLERANCE * (x > y ? x : y);
}
