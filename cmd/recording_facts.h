/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_facts.h - what a recording says of itself and of its kernel in table meta, beside what the sampler finds.
 */
#ifndef SQUALL_CMD_RECORDING_FACTS_H
#define SQUALL_CMD_RECORDING_FACTS_H

#include <limits.h>
#include <stdint.h>

#include "collect/trace_live.h"
#include "spine/sink.h"

/*
 * Before the first event: version, kernel, clock, CPUs, what is recorded and what is missing, the ring's size, what the
 * formats tell (collect/format_facts.h), and the kernel's features as FEATURE_META NAME. @trace: NULL when there are no
 * events. @tracefs: where it is. About 50 ms, most of it for BTF. 0, -ENOMEM, or what the sink answered.
 */
int recording_put_facts(const struct trace_live *trace, const char *tracefs, const struct sink *sink);

/* Where tracefs is, as squall check finds it; "" when it is not mounted. */
void recording_find_tracefs(char path[PATH_MAX]);

int recording_put_number(const struct sink *sink, const char *key, uint64_t value);

#endif
