/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_refusal.h - why the kernel does not take BPF programs, in words.
 */
#ifndef SQUALL_COLLECT_BPF_REFUSAL_H
#define SQUALL_COLLECT_BPF_REFUSAL_H

#include <stddef.h>

#include "spine/source.h"

/* The verifier's words about one program; when they are more, it keeps the end, where the reason is. */
#define BPF_VERIFIER_LOG_BYTES	(64u << 10)

/*
 * Loading ended with @ret and left @log, of the verifier or empty: fills @err from what the kernel lets us see. -EPERM,
 * -ENOTSUP (no BTF, no BPF, too old), or @ret.
 */
int bpf_refusal_explain(int ret, const char *log, struct source_error *err);

/* The last line of a verifier's log that tells a reason, without its end of line; *len is 0 when there is none. */
const char *bpf_refusal_reason(const char *log, size_t *len);

#endif
