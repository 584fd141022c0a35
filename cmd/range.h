/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * range.h - a part of a recording: --from and --to.
 */
#ifndef SQUALL_CMD_RANGE_H
#define SQUALL_CMD_RANGE_H

#include <stdbool.h>

#include "spine/sink.h"

/* Seconds on the recording's clock, or from its first event. */
struct range_end {
	bool		set;
	bool		relative;
	uint64_t	ns;
};

struct range {
	struct range_end	from, to;
	struct sink		sink;		/* where what lies within goes */
	bool			begun;
	uint64_t		first_ns;
};

/* "12.5" on the clock of the recording, "+12.5" from its start. -EINVAL. */
int range_parse(const char *text, struct range_end *end);

/* [*from_ns, *to_ns] of a recording that begins at @first_ns. */
void range_resolve(const struct range *range, uint64_t first_ns, uint64_t *from_ns, uint64_t *to_ns);

/* A sink that lets through events, samples and losses within; all else passes. The caller keeps @range in place. */
struct sink range_sink(struct range *range);

#endif
