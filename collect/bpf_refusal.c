// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_refusal.c - see bpf_refusal.h.
 */
#include "collect/bpf_refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#define VMLINUX_BTF	"/sys/kernel/btf/vmlinux"	/* where libbpf looks first */

/* The log ends with statistics ("processed 638 insns ...") and, if libbpf made it, with a mark of its own. */
const char *bpf_refusal_reason(const char *log, size_t *len)
{
	size_t end = strlen(log);

	while (end) {
		const char *nl = memrchr(log, '\n', end);
		const char *line = nl ? nl + 1 : log;

		*len = log + end - line;
		if (*len && strncmp(line, "processed ", 10) && strncmp(line, "-- ", 3))
			return line;
		end = nl ? nl - log : 0;
	}
	*len = 0;
	return log;
}

static int fail(struct source_error *err, int ret, const char *what, const char *hint)
{
	snprintf(err->what, sizeof(err->what), "%s", what);
	snprintf(err->hint, sizeof(err->hint), "%s", hint);
	return ret;
}

/* Does the kernel have the type by which BPF programs iterate over tasks? */
static bool have_task_iterator(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool have = btf && btf__find_by_name_kind(btf, "bpf_iter__task", BTF_KIND_STRUCT) > 0;

	btf__free(btf);
	return have;
}

int bpf_refusal_explain(int ret, const char *log, struct source_error *err)
{
	size_t len;
	const char *reason = bpf_refusal_reason(log, &len);

	if (faccessat(AT_FDCWD, VMLINUX_BTF, R_OK, AT_EACCESS))
		return fail(err, -ENOTSUP, "this kernel does not show its types (no " VMLINUX_BTF ")",
			    "a kernel built with CONFIG_DEBUG_INFO_BTF=y has it");
	if (ret == -ENOSYS)
		return fail(err, -ENOTSUP, "this kernel has no BPF", "CONFIG_BPF_SYSCALL=y gives it");
	if (ret == -EPERM && !len)
		return fail(err, -EPERM, "not permitted to load BPF programs",
			    "run as root, or with CAP_BPF and CAP_PERFMON; a container must be given them, and kernel "
			    "lockdown in mode confidentiality forbids it to everybody");
	if (!have_task_iterator())
		return fail(err, -ENOTSUP, "this kernel has no task iterator for BPF", "Linux 5.8 and later have it");
	if (!len)
		return fail(err, ret, strerror(-ret), "");
	snprintf(err->what, sizeof(err->what), "the kernel refuses the BPF programs: %.*s (%s)", (int)len, reason,
		 strerror(-ret));
	return ret;
}
