/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample_facts.h - settings and names of the machine that are said once, as meta.
 */
#ifndef SQUALL_COLLECT_SAMPLE_FACTS_H
#define SQUALL_COLLECT_SAMPLE_FACTS_H

#include "spine/sink.h"

struct sample_facts;

struct sample_facts *sample_facts_new(int root_fd);	/* NULL: no memory; @root_fd stays the caller's and open */
void sample_facts_free(struct sample_facts *facts);	/* NULL is fine */

/* All that are there. 0, or what the sink returned. */
int sample_facts_start(struct sample_facts *facts, const struct sink *sink);

/* Those that have another value now, as KEY_at_end: what held while it was recorded keeps its key. */
int sample_facts_end(struct sample_facts *facts, const struct sink *sink);

#endif
