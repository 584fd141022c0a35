// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_proc.c - samples of the whole system: vmstat, meminfo, pressure, disks, settings of vm.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_source.h"

/* --- /proc/vmstat --- */

/* include/linux/vm_event_item.h and mm/vmstat.c: what is counted by page, what by event. */
const struct series_unit sample_units_vmstat[] = {
	{ "nr_kernel_stack", "kB" },
	{ "nr_shadow_call_stack", "kB" },
	{ "nr_anon_transparent_hugepages", "huge pages" },
	{ "nr_shmem_hugepages", "huge pages" },
	{ "nr_shmem_pmdmapped", "huge pages" },
	{ "nr_file_hugepages", "huge pages" },
	{ "nr_file_pmdmapped", "huge pages" },
	{ "nr_tlb_", "count" },
	{ "nr_", "pages" },
	{ "pgscan_direct_throttle", "count" },
	{ "pgfault", "count" },
	{ "pgmajfault", "count" },
	{ "pgmigrate", "pages" },
	{ "pgpgin", "kB" },
	{ "pgpgout", "kB" },
	{ "pg", "pages" },
	{ "pswp", "pages" },
	{ "zswp", "pages" },
	{ "swpin_zero", "pages" },
	{ "swpout_zero", "pages" },
	{ "workingset_nodes", "count" },
	{ "workingset_nodereclaim", "count" },
	{ "workingset_", "pages" },
	{ "compact_migrate_scanned", "pages" },
	{ "compact_free_scanned", "pages" },
	{ "compact_daemon_migrate_scanned", "pages" },
	{ "compact_daemon_free_scanned", "pages" },
	{ "compact_isolated", "pages" },
	{ "allocstall", "count" },
	{ "numa_hit", "pages" },
	{ "numa_miss", "pages" },
	{ "numa_foreign", "pages" },
	{ "", "count" },
};

static const struct series_shape vmstat_shape = { .scope = SCOPE_SYSTEM, .units = sample_units_vmstat };

static int vmstat_open(struct sample_env *env, void **state)
{
	struct sample_items *items;
	int ret = sample_items_new(env, &items);

	if (ret)
		return ret;
	sample_items_add(items, "proc/vmstat", &sample_form_keyed, &vmstat_shape, "");
	return sample_items_or_none(items, state);
}

const struct sample_source sample_vmstat = {
	.name = "vmstat", .open = vmstat_open, .read = sample_items_read, .close = sample_items_close,
};

/* --- /proc/meminfo --- */

const struct series_unit sample_units_meminfo[] = {
	{ "HugePages_", "huge pages" },
	{ "", "bytes" },
};

static const struct series_shape meminfo_shape = { .scope = SCOPE_SYSTEM, .units = sample_units_meminfo };

static int meminfo_open(struct sample_env *env, void **state)
{
	struct sample_items *items;
	int ret = sample_items_new(env, &items);

	if (ret)
		return ret;
	sample_items_add(items, "proc/meminfo", &sample_form_keyed, &meminfo_shape, "");
	return sample_items_or_none(items, state);
}

const struct sample_source sample_meminfo = {
	.name = "meminfo", .open = meminfo_open, .read = sample_items_read, .close = sample_items_close,
};

/* --- /proc/pressure --- */

static const struct series_shape pressure_shape = { .scope = SCOPE_SYSTEM, .units = sample_unit_us };

static int pressure_open(struct sample_env *env, void **state)
{
	struct sample_items *items;
	int ret = sample_items_new(env, &items);

	if (ret)
		return ret;
	sample_items_add(items, "proc/pressure/memory", &sample_form_pressure, &pressure_shape, "psi.memory.");
	sample_items_add(items, "proc/pressure/io", &sample_form_pressure, &pressure_shape, "psi.io.");
	sample_items_add(items, "proc/pressure/cpu", &sample_form_pressure, &pressure_shape, "psi.cpu.");
	return sample_items_or_none(items, state);
}

/* The files can be there and PSI off (psi=0, or CONFIG_PSI_DEFAULT_DISABLED): then the first read said nothing. */
static int pressure_facts(void *state, const struct sink *sink)
{
	const struct sample_items *items = state;
	bool on = items->items[0].set.nslots > 0;

	return SINK_CALL(sink, meta, "psi", on ? "1" : "0");
}

const struct sample_source sample_pressure = {
	.name = "pressure", .open = pressure_open, .read = sample_items_read, .facts = pressure_facts,
	.close = sample_items_close, .none_key = "psi", .none_value = "0",
	.without = "this kernel has no PSI", .empty = "PSI is off; psi=1 on the kernel command line switches it on",
};

/* --- /proc/diskstats --- */

static const char *const disk_columns[] = {
	"reads", "", "read_sectors", "read_ms", "writes", "", "write_sectors", "write_ms", "in_flight", "io_ms",
	"weighted_io_ms", NULL
};

static const struct series_unit disk_units[] = {
	{ "read_sectors", "sectors" },		/* of 512 bytes, whatever the device has */
	{ "write_sectors", "sectors" },
	{ "read_ms", "ms" },
	{ "write_ms", "ms" },
	{ "io_ms", "ms" },
	{ "weighted_io_ms", "ms" },
	{ "", "count" },
};

static const struct series_shape disk_shape = { .scope = SCOPE_DEVICE, .units = disk_units };
static const struct sample_form disk_form = { .line = sample_line_columns, .columns = disk_columns };

struct diskstats {
	struct sample_env	*env;
	int			fd;
	struct series_group	disks;
	struct sample_out	*out;	/* of the read that is going on */
};

static int diskstats_open(struct sample_env *env, void **state)
{
	struct diskstats *d;
	int fd = sample_file_open(env->root_fd, "proc/diskstats");

	if (fd < 0)
		return fd;
	d = calloc(1, sizeof(*d));
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	d->env = env;
	d->fd = fd;
	d->disks = (struct series_group){ .shape = &disk_shape, .names = env->names, .before = "disk." };
	*state = d;
	return 0;
}

/* A disk that never did anything, as loop devices are by the dozen, tells nothing. */
static bool disk_is_idle(const char *columns)
{
	return !columns[strspn(columns, " 0")];
}

/* "254 0 vda 1 2 3 ...": major, minor, name, columns */
static bool diskstats_line(void *ctx, char *line, size_t len)
{
	struct diskstats *d = ctx;
	const char *pos = line;
	struct series_set *set;
	struct line_word name;

	line_next_word(&pos);
	line_next_word(&pos);
	name = line_next_word(&pos);
	if (!name.len || disk_is_idle(pos))
		return true;
	set = series_group_at(&d->disks, -1, name.at, name.len);
	if (set)
		sample_line_columns(&disk_form, set, pos, d->out);
	return !d->out->error;
}

static void diskstats_read(void *state, struct sample_out *out)
{
	struct diskstats *d = state;

	d->out = out;
	series_group_begin(&d->disks);
	sample_file_lines(d->fd, FILE_TO_EOF, d->env->buffer, diskstats_line, d);
}

static void diskstats_close(void *state)
{
	struct diskstats *d = state;

	close(d->fd);
	series_group_release(&d->disks);
	free(d);
}

const struct sample_source sample_diskstats = {
	.name = "diskstats", .open = diskstats_open, .read = diskstats_read, .close = diskstats_close,
};

/* --- /proc/sys/vm --- */

/*
 * Settings that change what reclaim does. Their values are samples, vm.NAME, so that a change is seen when it happened;
 * the values of the usual ones at the start are facts of the recording too (sample_settings.c).
 */
static const char *const settings[] = {
	"swappiness", "watermark_scale_factor", "watermark_boost_factor", "min_free_kbytes", "zone_reclaim_mode",
	"defrag_mode", "vfs_cache_pressure", "page-cluster", "compaction_proactiveness", "extfrag_threshold",
	"overcommit_memory", "overcommit_ratio", "dirty_ratio", "dirty_background_ratio", "dirty_bytes",
	"dirty_background_bytes", "panic_on_oom", "oom_kill_allocating_task", "percpu_pagelist_high_fraction",
	"min_slab_ratio", "min_unmapped_ratio", "nr_hugepages",
};

static const struct series_unit setting_units[] = { { "", "setting" } };
static const struct series_shape setting_shape = { .scope = SCOPE_SYSTEM, .units = setting_units };

static int sysctl_open(struct sample_env *env, void **state)
{
	struct sample_items *items;
	int ret = sample_items_new(env, &items);

	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		char path[64], head[64];

		snprintf(path, sizeof(path), "proc/sys/vm/%s", settings[i]);
		snprintf(head, sizeof(head), "vm.%s", settings[i]);
		sample_items_add(items, path, &sample_form_single, &setting_shape, head);
	}
	return sample_items_or_none(items, state);
}

const struct sample_source sample_sysctl = {
	.name = "sysctl", .open = sysctl_open, .read = sample_items_read, .close = sample_items_close,
};
