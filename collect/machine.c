// SPDX-License-Identifier: GPL-2.0-only
/*
 * machine.c - see machine.h. Files are small and read whole; what is missing leaves its fact at "not told".
 */
#include "collect/machine.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/machine_cgroup.h"

/* root and the rest into @out; a path that does not fit is one that is not there. */
__attribute__((format(printf, 3, 4)))
static void path_of(char *out, const char *root, const char *format, ...)
{
	int len = snprintf(out, PATH_MAX, "%s", root);
	va_list ap;

	if (len >= PATH_MAX) {
		*out = 0;
		return;
	}
	va_start(ap, format);
	if (vsnprintf(out + len, PATH_MAX - len, format, ap) >= PATH_MAX - len)
		*out = 0;
	va_end(ap);
}

/* The file's beginning as text. Length, or negative errno. */
static ssize_t read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	*out = 0;
	if (fd < 0)
		return -errno;
	len = read(fd, out, size - 1);
	if (len < 0)
		len = -errno;
	else
		out[len] = 0;
	close(fd);
	return len;
}

static int64_t read_number(const char *path)
{
	char text[64], *end;
	long long value;

	if (read_text(path, text, sizeof(text)) <= 0)
		return MACHINE_UNKNOWN;
	value = strtoll(text, &end, 10);
	return end == text ? MACHINE_UNKNOWN : value;
}

static bool exists(const char *root, const char *name)
{
	char path[PATH_MAX];

	path_of(path, root, "%s", name);
	return !faccessat(AT_FDCWD, path, F_OK, AT_EACCESS);
}

/* Module parameters: Y or N. */
static int read_switch(const char *root, const char *name)
{
	char path[PATH_MAX], text[8];
	ssize_t len;

	path_of(path, root, "/sys/module/%s", name);
	len = read_text(path, text, sizeof(text));
	if (len <= 0)
		return len == -ENOENT && exists(root, "/sys/module") ? MACHINE_ABSENT : MACHINE_UNKNOWN;
	return *text == 'Y' || *text == '1';
}

static enum machine_access access_of_errno(int err)
{
	return err == EACCES || err == EPERM ? ACCESS_DENIED : err == EROFS ? ACCESS_READ_ONLY : ACCESS_ABSENT;
}

static enum machine_access access_of(const char *path, int mode)
{
	/* AT_EACCESS: what counts is what this process may do, with its capabilities. */
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) ? access_of_errno(errno) : ACCESS_OK;
}

/* ---- privileges ---- */

static void read_capabilities(const char *root, struct machine *m)
{
	char path[PATH_MAX], text[8192], *end;
	const char *line;

	path_of(path, root, "/proc/self/status");
	if (read_text(path, text, sizeof(text)) <= 0)
		return;
	line = strstr(text, "\nCapEff:");
	if (!line)
		return;
	line += strlen("\nCapEff:");
	m->capabilities = strtoull(line, &end, 16);
	m->capabilities_known = end != line;
}

static void read_user_namespace(const char *root, struct machine *m)
{
	char path[PATH_MAX], text[256];
	unsigned long inside, outside, count;

	path_of(path, root, "/proc/self/uid_map");
	if (read_text(path, text, sizeof(text)) <= 0 || sscanf(text, "%lu %lu %lu", &inside, &outside, &count) != 3)
		return;
	m->in_user_namespace = inside || outside || count != UINT32_MAX;
}

/* ---- mounts ---- */

struct mounts {
	char	tracefs[PATH_MAX];
	char	debugfs[PATH_MAX];
	char	securityfs[PATH_MAX];
	char	cgroup2[PATH_MAX];
	char	cgroup1_memory[PATH_MAX];
};

static void keep_mount(char *out, const char *root, const struct mntent *mount, const char *usual)
{
	/* The first one, but the usual place before all others: those of containers are in the list as well. */
	if (!*out || !strcmp(mount->mnt_dir, usual))
		path_of(out, root, "%s", mount->mnt_dir);
}

static void read_mounts(const char *root, struct mounts *mounts)
{
	char path[PATH_MAX], text[8192];
	struct mntent mount;
	FILE *file;

	path_of(path, root, "/proc/self/mounts");
	file = setmntent(path, "re");
	if (!file)
		return;
	while (getmntent_r(file, &mount, text, sizeof(text))) {
		if (!strcmp(mount.mnt_type, "tracefs"))
			keep_mount(mounts->tracefs, root, &mount, "/sys/kernel/tracing");
		else if (!strcmp(mount.mnt_type, "debugfs"))
			keep_mount(mounts->debugfs, root, &mount, "/sys/kernel/debug");
		else if (!strcmp(mount.mnt_type, "securityfs"))
			keep_mount(mounts->securityfs, root, &mount, "/sys/kernel/security");
		else if (!strcmp(mount.mnt_type, "cgroup2"))
			keep_mount(mounts->cgroup2, root, &mount, "/sys/fs/cgroup");
		else if (!strcmp(mount.mnt_type, "cgroup") && hasmntopt(&mount, "memory"))
			keep_mount(mounts->cgroup1_memory, root, &mount, "/sys/fs/cgroup/memory");
	}
	endmntent(file);
}

bool machine_find_tracefs(const char *root, char path[PATH_MAX])
{
	struct mounts mounts = { 0 };

	read_mounts(root, &mounts);
	snprintf(path, PATH_MAX, "%s", mounts.tracefs);
	return *path;
}

/* Kernels name a clock "mono" beside "mono_raw"; the one in use stands in brackets. */
static bool lists_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || strchr(" [\n", at[-1])) && strchr(" ]\n", at[len]))
			return true;
	return false;
}

static void read_tracefs(const char *root, const struct mounts *mounts, struct machine *m)
{
	char path[PATH_MAX], text[4096];

	path_of(path, root, "/proc/filesystems");
	m->tracefs_in_kernel = read_text(path, text, sizeof(text)) <= 0 || strstr(text, "\ttracefs\n");
	snprintf(m->tracefs_path, sizeof(m->tracefs_path), "%s", mounts->tracefs);
	if (!*mounts->tracefs)
		return;
	path_of(path, mounts->tracefs, "/events/vmscan");
	m->tracefs = access_of(path, R_OK | X_OK);
	m->events_readable = m->tracefs == ACCESS_OK;
	if (m->events_readable) {
		path_of(path, mounts->tracefs, "/instances");
		m->tracefs = access_of(path, W_OK | X_OK);
	}
	path_of(path, mounts->tracefs, "/trace_clock");
	m->clock_mono = read_text(path, text, sizeof(text)) > 0 && lists_word(text, "mono");
}

static void read_lockdown(const struct mounts *mounts, struct machine *m)
{
	static const struct {
		const char		*text;
		enum machine_lockdown	mode;
	} modes[] = {
		{ "[none]", LOCKDOWN_NONE },
		{ "[integrity]", LOCKDOWN_INTEGRITY },
		{ "[confidentiality]", LOCKDOWN_CONFIDENTIALITY },
	};
	char path[PATH_MAX], text[128];
	ssize_t len;

	if (!*mounts->securityfs)
		return;
	path_of(path, mounts->securityfs, "/lockdown");
	len = read_text(path, text, sizeof(text));
	if (len == -ENOENT)
		m->lockdown = LOCKDOWN_NONE;	/* not built into this kernel */
	if (len <= 0)
		return;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strstr(text, modes[i].text))
			m->lockdown = modes[i].mode;
}

static enum machine_access read_psi(const char *root)
{
	char path[PATH_MAX], text[256];
	ssize_t len;

	path_of(path, root, "/proc/pressure/memory");
	len = read_text(path, text, sizeof(text));
	/* Compiled in and not enabled at boot: some kernels have the file and refuse to open it, others lack it. */
	if (len == -EOPNOTSUPP)
		return ACCESS_OFF;
	return len < 0 ? access_of_errno(-len) : len ? ACCESS_OK : ACCESS_OFF;
}

/* ---- cgroups ---- */

static void read_cgroups(const struct mounts *mounts, struct machine *m)
{
	char path[PATH_MAX], text[512] = "";

	if (*mounts->cgroup2) {
		path_of(path, mounts->cgroup2, "/cgroup.controllers");
		read_text(path, text, sizeof(text));
	}
	if (lists_word(text, "memory"))
		machine_cgroups_read(mounts->cgroup2, 2, &m->cgroups);
	else if (*mounts->cgroup1_memory)
		machine_cgroups_read(mounts->cgroup1_memory, 1, &m->cgroups);
}

/* ---- memory and swap ---- */

/* "0-1,3" */
static int count_list(const char *text)
{
	int count = 0;

	while (isdigit(*text)) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= MACHINE_NODES_MAX)
			break;
		count += last - first + 1;
		text = *end == ',' ? end + 1 : end;
	}
	return count;
}

static void read_zoneinfo(const char *path, struct machine_nodes *nodes)
{
	FILE *file = fopen(path, "re");
	int node = MACHINE_UNKNOWN, last_hopeless = MACHINE_UNKNOWN;
	char line[512];

	if (!file)
		return;
	nodes->hopeless = 0;
	nodes->boost_pages = 0;
	while (fgets(line, sizeof(line), file)) {
		long long value;

		if (sscanf(line, "Node %d, zone", &node) == 1)
			continue;
		if (sscanf(line, " boost %lld", &value) == 1) {
			nodes->boost_pages += value;
		} else if (sscanf(line, " node_unreclaimable: %lld", &value) == 1 && value && node != last_hopeless) {
			/* said once for each zone of the node */
			if (!nodes->hopeless++)
				nodes->hopeless_node = node;
			last_hopeless = node;
		}
	}
	fclose(file);
}

static void read_nodes(const char *root, struct machine_nodes *nodes)
{
	char path[PATH_MAX], text[4096];

	path_of(path, root, "/sys/devices/system/node/has_memory");
	if (read_text(path, text, sizeof(text)) > 0)
		nodes->count = count_list(text);
	else if (exists(root, "/sys/devices/system"))
		nodes->count = 1;		/* a kernel without NUMA has no folder of nodes */
	path_of(path, root, "/proc/zoneinfo");
	read_zoneinfo(path, nodes);
}

static void read_meminfo(const char *root, struct machine *m)
{
	const struct {
		const char	*format;
		int64_t		*value;
	} rows[] = {
		{ "MemTotal: %lld kB", &m->ram_kb },
		{ "Zswap: %lld kB", &m->zswap.pool_kb },
		{ "Zswapped: %lld kB", &m->zswap.stored_kb },
	};
	char path[PATH_MAX], line[256];
	FILE *file;

	path_of(path, root, "/proc/meminfo");
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		long long value;

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (sscanf(line, rows[i].format, &value) == 1)
				*rows[i].value = value;
	}
	fclose(file);
}

static bool has_backing_device(const char *root, const char *device)
{
	char path[PATH_MAX], text[PATH_MAX];

	path_of(path, root, "/sys/block/%s/backing_dev", device);
	return read_text(path, text, sizeof(text)) > 0 && strncmp(text, "none", 4);
}

static bool is_in_ram(const char *root, const char *swap)
{
	/* What /proc/swaps adds to a device node that has been removed; the device swaps on. */
	static const char deleted[] = "\\040(deleted)";
	const char *name = strrchr(swap, '/');
	char device[32];
	unsigned int number;
	int len = 0;

	name = name ? name + 1 : swap;
	if (sscanf(name, "zram%u%n", &number, &len) != 1 && sscanf(name, "ram%u%n", &number, &len) != 1)
		return false;
	if (name[len] && strcmp(name + len, deleted))
		return false;
	snprintf(device, sizeof(device), "%.*s", len, name);
	return *device != 'z' || !has_backing_device(root, device);
}

static void read_swap(const char *root, struct machine_swap *swap)
{
	char path[PATH_MAX], line[PATH_MAX + 128], name[PATH_MAX];
	FILE *file;

	path_of(path, root, "/proc/swaps");
	file = fopen(path, "re");
	if (!file)
		return;
	*swap = (struct machine_swap){ 0 };
	while (fgets(line, sizeof(line), file)) {
		long long size_kb, used_kb;

		_Static_assert(PATH_MAX == 4096, "the width in the format below");
		if (sscanf(line, "%4095s %*s %lld %lld", name, &size_kb, &used_kb) != 3)
			continue;		/* the heading */
		swap->devices++;
		swap->ram_devices += is_in_ram(root, name);
		swap->total_kb += size_kb;
		swap->used_kb += used_kb;
	}
	fclose(file);
}

#define ZRAM_MAX	256

static void read_zram(const char *root, struct machine_zram *zram)
{
	if (!exists(root, "/sys/block"))
		return;
	zram->devices = 0;
	/* Numbers have no gaps but where devices were removed; asking for each is simpler than listing a folder. */
	for (int i = 0; i < ZRAM_MAX; i++) {
		long long original, compressed, used;
		char path[PATH_MAX], name[16], text[256];

		snprintf(name, sizeof(name), "zram%d", i);
		path_of(path, root, "/sys/block/%s/disksize", name);
		if (read_number(path) <= 0)
			continue;
		zram->devices++;
		zram->with_backing += has_backing_device(root, name);
		path_of(path, root, "/sys/block/%s/mm_stat", name);
		if (read_text(path, text, sizeof(text)) <= 0 ||
		    sscanf(text, "%lld %lld %lld", &original, &compressed, &used) != 3)
			continue;
		zram->original_bytes += original;
		zram->compressed_bytes += compressed;
		zram->used_bytes += used;
	}
}

static void read_zswap(const char *root, struct machine_zswap *zswap)
{
	char path[PATH_MAX];

	zswap->enabled = read_switch(root, "zswap/parameters/enabled");
	zswap->shrinker = read_switch(root, "zswap/parameters/shrinker_enabled");
	path_of(path, root, "/sys/module/zswap/parameters/max_pool_percent");
	zswap->max_pool_percent = read_number(path);
}

static void read_sysctls(const char *root, struct machine *m)
{
	const struct {
		const char	*name;
		int64_t		*value;
	} rows[] = {
		{ "defrag_mode", &m->defrag_mode },
		{ "watermark_boost_factor", &m->watermark_boost_factor },
		{ "zone_reclaim_mode", &m->zone_reclaim_mode },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		path_of(path, root, "/proc/sys/vm/%s", rows[i].name);
		*rows[i].value = read_number(path);
	}
}

void machine_read(const char *root, struct machine *m)
{
	struct mounts mounts = { 0 };
	char path[PATH_MAX];

	*m = (struct machine){
		.nodes = { MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN },
		.zram = { .devices = MACHINE_UNKNOWN },
		.swap = { MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN },
		.zswap = { .pool_kb = MACHINE_UNKNOWN, .stored_kb = MACHINE_UNKNOWN },
		.ram_kb = MACHINE_UNKNOWN,
	};
	read_capabilities(root, m);
	read_user_namespace(root, m);
	read_mounts(root, &mounts);
	read_tracefs(root, &mounts, m);
	if (*mounts.debugfs)
		m->debugfs = access_of(mounts.debugfs, R_OK | X_OK);
	read_lockdown(&mounts, m);
	path_of(path, root, "/sys/kernel/btf/vmlinux");
	m->btf = access_of(path, R_OK);
	m->psi = read_psi(root);
	read_cgroups(&mounts, m);
	read_nodes(root, &m->nodes);
	read_meminfo(root, m);
	read_swap(root, &m->swap);
	read_zram(root, &m->zram);
	read_zswap(root, &m->zswap);
	read_sysctls(root, m);
}

int machine_features(const char *root, const char *tracefs, struct kernel_feature *rows)
{
	char btf[PATH_MAX], events[PATH_MAX], proc[PATH_MAX], sys[PATH_MAX];
	const struct kernel_paths paths = {
		.btf = btf, .events = tracefs ? events : NULL, .proc = proc, .sys = sys,
	};

	path_of(btf, root, "/sys/kernel/btf/vmlinux");
	path_of(events, tracefs ?: "", "/events");
	path_of(proc, root, "/proc");
	path_of(sys, root, "/sys");
	return kernel_features_detect(&paths, rows);
}
