// SPDX-License-Identifier: GPL-2.0-only
/*
 * readiness.c - see readiness.h. One function per row, one line per row in the table at the end.
 */
#include "collect/readiness.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BYTES_PER_MIB	(1024 * 1024)
#define KB_PER_MIB	1024

/* linux/capability.h of older systems lacks these two. */
#define SQUALL_CAP_PERFMON	38
#define SQUALL_CAP_BPF		39

#define TODO_ROOT	"run squall as root (sudo)"
#define TODO_CAPABILITY	"run squall with these too (see the settings of the container or service)"

__attribute__((format(printf, 4, 5)))
static void put(struct readiness *r, enum readiness_state state, const char *todo, const char *format, ...)
{
	va_list ap;

	r->state = state;
	snprintf(r->todo, sizeof(r->todo), "%s", todo ?: "");
	va_start(ap, format);
	vsnprintf(r->why, sizeof(r->why), format, ap);
	va_end(ap);
}

static bool has_capability(const struct machine *m, int capability)
{
	return m->capabilities >> capability & 1;
}

static void judge_privileges(const struct machine *m, struct readiness *r)
{
	static const struct {
		int		capability;
		int		instead;	/* another one that does, -1 none */
		const char	*name;
	} wanted[] = {
		{ CAP_DAC_OVERRIDE, -1, "CAP_DAC_OVERRIDE (tracefs)" },
		{ SQUALL_CAP_BPF, CAP_SYS_ADMIN, "CAP_BPF (kswapd_failures)" },
		{ SQUALL_CAP_PERFMON, CAP_SYS_ADMIN, "CAP_PERFMON (kswapd_failures)" },
		{ CAP_SYS_RESOURCE, -1, "CAP_SYS_RESOURCE (oom_score_adj)" },
		{ CAP_IPC_LOCK, -1, "CAP_IPC_LOCK (locked memory)" },
	};
	const int count = sizeof(wanted) / sizeof(wanted[0]);
	char names[sizeof(r->why)] = "";
	int missing = 0;

	if (!m->capabilities_known) {
		put(r, READY_UNKNOWN, NULL, "/proc/self/status does not tell");
		return;
	}
	for (int i = 0; i < count; i++) {
		size_t len = strlen(names);

		if (has_capability(m, wanted[i].capability) ||
		    (wanted[i].instead >= 0 && has_capability(m, wanted[i].instead)))
			continue;
		snprintf(names + len, sizeof(names) - len, "%s%s", missing++ ? ", " : "", wanted[i].name);
	}
	if (missing)
		put(r, missing == count ? READY_MISSING : READY_LIMITED,
		    has_capability(m, CAP_DAC_OVERRIDE) ? TODO_CAPABILITY : TODO_ROOT, "without %s", names);
	else if (m->in_user_namespace)
		put(r, READY_LIMITED, "run squall outside of the container",
		    "all wanted capabilities, but in a user namespace: they do not count for tracing");
	else
		put(r, READY_OK, NULL, "all wanted capabilities");
}

static void judge_tracefs(const struct machine *m, struct readiness *r)
{
	switch (m->tracefs) {
	case ACCESS_OK:
		put(r, READY_OK, NULL, "%s, instances can be made", m->tracefs_path);
		return;
	case ACCESS_DENIED:
		put(r, READY_MISSING, TODO_ROOT, "%s: permission denied", m->tracefs_path);
		return;
	case ACCESS_READ_ONLY:
		put(r, READY_MISSING, "mount it writable: mount -o remount,rw TRACEFS", "%s is mounted read-only",
		    m->tracefs_path);
		return;
	case ACCESS_OFF:
	case ACCESS_ABSENT:
		break;
	}
	if (*m->tracefs_path)
		put(r, READY_MISSING, "a kernel with CONFIG_TRACING and CONFIG_EVENT_TRACING",
		    "%s has no events of reclaim, or no instances", m->tracefs_path);
	else if (m->tracefs_in_kernel)
		put(r, READY_MISSING, "mount -t tracefs tracefs /sys/kernel/tracing", "tracefs is not mounted");
	else
		put(r, READY_MISSING, "a kernel with CONFIG_TRACING", "this kernel has no tracefs");
}

static void judge_clock(const struct machine *m, struct readiness *r)
{
	if (m->tracefs != ACCESS_OK)
		put(r, READY_UNKNOWN, NULL, "tracefs would tell");
	else if (m->clock_mono)
		put(r, READY_OK, NULL, "events and samples have the same clock (mono)");
	else
		put(r, READY_LIMITED, NULL, "tracefs has no clock mono: events and samples are not aligned");
}

static void judge_lockdown(const struct machine *m, struct readiness *r)
{
	switch (m->lockdown) {
	case LOCKDOWN_NONE:
		put(r, READY_OK, NULL, "the kernel is not locked down");
		return;
	case LOCKDOWN_INTEGRITY:
		put(r, READY_OK, NULL, "integrity: tracing and BPF are still allowed");
		return;
	case LOCKDOWN_CONFIDENTIALITY:
		put(r, READY_MISSING, "boot with lockdown=integrity or lockdown=none",
		    "confidentiality: the kernel gives neither traces nor what BPF reads");
		return;
	case LOCKDOWN_UNKNOWN:
		break;
	}
	put(r, READY_UNKNOWN, "mount -t securityfs securityfs /sys/kernel/security", "securityfs is not mounted");
}

static void judge_btf(const struct machine *m, struct readiness *r)
{
	if (m->btf == ACCESS_OK)
		put(r, READY_OK, NULL, "/sys/kernel/btf/vmlinux");
	else if (m->btf == ACCESS_DENIED)
		put(r, READY_MISSING, TODO_ROOT, "/sys/kernel/btf/vmlinux: permission denied");
	else
		put(r, READY_MISSING, "a kernel with CONFIG_DEBUG_INFO_BTF",
		    "/sys/kernel/btf/vmlinux is not there: no kswapd_failures, and fewer features can be told");
}

static void judge_cgroups(const struct machine *m, struct readiness *r)
{
	const char *more = m->cgroups.cut ? " or more" : "";

	if (m->cgroups.version == 2)
		put(r, READY_OK, NULL, "v2, %s, %d%s cgroups", m->cgroups.path, m->cgroups.count, more);
	else if (m->cgroups.version == 1)
		put(r, READY_LIMITED, "boot with systemd.unified_cgroup_hierarchy=1",
		    "v1, %s, %d%s cgroups: no pressure, memory.events or reclaim counters per cgroup",
		    m->cgroups.path, m->cgroups.count, more);
	else
		put(r, READY_MISSING, "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
		    "no memory controller is mounted: nothing is told of cgroups");
}

static void judge_psi(const struct machine *m, struct readiness *r)
{
	if (m->psi == ACCESS_OK)
		put(r, READY_OK, NULL, "/proc/pressure/memory");
	else if (m->psi == ACCESS_DENIED)
		put(r, READY_MISSING, TODO_ROOT, "/proc/pressure/memory: permission denied");
	else if (m->psi == ACCESS_OFF)
		put(r, READY_MISSING, "boot with psi=1", "pressure is switched off in this kernel");
	else
		put(r, READY_MISSING, "boot with psi=1, or a kernel with CONFIG_PSI", "there is no /proc/pressure/memory");
}

static void judge_debugfs(const struct machine *m, struct readiness *r)
{
	if (m->debugfs == ACCESS_OK)
		put(r, READY_OK, NULL, "mounted");
	else if (m->debugfs == ACCESS_DENIED)
		put(r, READY_LIMITED, TODO_ROOT, "permission denied: no counters of zswap's rejects");
	else
		put(r, READY_LIMITED, "mount -t debugfs debugfs /sys/kernel/debug",
		    "not mounted: no counters of zswap's rejects");
}

static void judge_swap(const struct machine *m, struct readiness *r)
{
	if (m->swap.devices == MACHINE_UNKNOWN)
		put(r, READY_UNKNOWN, NULL, "/proc/swaps cannot be read");
	else if (!m->swap.devices)
		put(r, READY_UNUSED, NULL, "no swap");
	else
		put(r, READY_OK, NULL, "%d in use, %d of them in RAM; %lld of %lld MiB filled", m->swap.devices,
		    m->swap.ram_devices, (long long)m->swap.used_kb / KB_PER_MIB,
		    (long long)m->swap.total_kb / KB_PER_MIB);
}

static void judge_zram(const struct machine *m, struct readiness *r)
{
	if (m->zram.devices == MACHINE_UNKNOWN)
		put(r, READY_UNKNOWN, NULL, "there is no /sys/block");
	else if (!m->zram.devices)
		put(r, READY_UNUSED, NULL, "no zram device has a size");
	else
		put(r, READY_OK, NULL, "%d in use, %lld MiB compressed to %lld in %lld MiB of RAM", m->zram.devices,
		    (long long)m->zram.original_bytes / BYTES_PER_MIB,
		    (long long)m->zram.compressed_bytes / BYTES_PER_MIB, (long long)m->zram.used_bytes / BYTES_PER_MIB);
}

static void judge_zswap(const struct machine *m, struct readiness *r)
{
	if (m->zswap.enabled == MACHINE_UNKNOWN)
		put(r, READY_UNKNOWN, NULL, "/sys/module does not tell");
	else if (m->zswap.enabled == MACHINE_ABSENT)
		put(r, READY_UNUSED, NULL, "this kernel has none");
	else if (!m->zswap.enabled)
		put(r, READY_UNUSED, NULL, "off");
	else if (m->zswap.pool_kb == MACHINE_UNKNOWN)
		put(r, READY_LIMITED, NULL, "on, but /proc/meminfo does not tell its size");
	else
		put(r, READY_OK, NULL, "on, pool %lld MiB", (long long)m->zswap.pool_kb / KB_PER_MIB);
}

static const struct readiness_row {
	const char	*name;
	void		(*judge)(const struct machine *m, struct readiness *r);
} rows[] = {
	{ "privileges", judge_privileges },
	{ "tracefs", judge_tracefs },
	{ "clock", judge_clock },
	{ "lockdown", judge_lockdown },
	{ "BTF", judge_btf },
	{ "debugfs", judge_debugfs },
	{ "cgroups", judge_cgroups },
	{ "PSI", judge_psi },
	{ "swap", judge_swap },
	{ "zram", judge_zram },
	{ "zswap", judge_zswap },
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= READINESS_MAX, "READINESS_MAX is too small");

int readiness_of(const struct machine *m, struct readiness *out)
{
	const int n = sizeof(rows) / sizeof(rows[0]);

	for (int i = 0; i < n; i++) {
		out[i] = (struct readiness){ .name = rows[i].name };
		rows[i].judge(m, &out[i]);
	}
	return n;
}

bool readiness_can_record(const struct machine *m)
{
	return m->tracefs == ACCESS_OK && m->lockdown != LOCKDOWN_CONFIDENTIALITY;
}

const char *readiness_state_name(enum readiness_state state)
{
	static const char *const names[] = {
		[READY_OK] = "ok", [READY_LIMITED] = "limited", [READY_MISSING] = "missing",
		[READY_UNUSED] = "unused", [READY_UNKNOWN] = "unknown",
	};

	return names[state];
}
