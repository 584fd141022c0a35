/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_facts.h - what a recording says of itself and of its kernel in table meta, beside what the sampler finds.
 */
#ifndef SQUALL_CMD_RECORDING_FACTS_H
#define SQUALL_CMD_RECORDING_FACTS_H

#include <stdint.h>

#include "collect/trace_live.h"
#include "spine/sink.h"

/* Before the first event. 0, or what the sink answered. */
int recording_put_facts(const struct trace_live *trace, const struct sink *sink);

int recording_put_number(const struct sink *sink, const char *key, uint64_t value);

#endif
