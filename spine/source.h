/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.h - who makes events and samples out of an input.
 *
 * A source is one const struct source_ops in its own file and one line in the table of collect/source_table.c.
 */
#ifndef SQUALL_SPINE_SOURCE_H
#define SQUALL_SPINE_SOURCE_H

#include <stdatomic.h>

#include "spine/sink.h"

/* What a source knows of how far it is; shared memory, written by the source, read by whoever draws progress. */
struct source_progress {
	_Atomic uint64_t	bytes_done;
	_Atomic uint64_t	bytes_total;	/* 0: not known (a pipe) */
	_Atomic uint64_t	events;
	_Atomic uint32_t	heartbeat;	/* changes while the source works; a source waiting for input sets waiting */
	_Atomic uint32_t	waiting;	/* 1 while blocked on a pipe, so that silence is no hang */
};

struct source_input {
	const char		*path;		/* for messages; "-" is standard input */
	int			fd;		/* open for reading, at offset 0; owned by the caller */
	uint64_t		size;		/* bytes, 0 for a pipe */
	struct source_progress	*progress;	/* never NULL */
};

/* Why a source ended before the end of its input, in words; empty when it did not. */
struct source_error {
	char			what[512];	/* "bad page header on CPU 1 at offset 4096" */
	char			hint[256];	/* what the user can do, or empty */
};

#define SOURCE_PROBE_BYTES	4096

struct source_ops {
	const char		*name;		/* "trace.dat", "text": stored as meta "source" */
	const char		*describe;	/* for --help */

	/*
	 * How sure we are that an input beginning with @head (@len bytes, at most SOURCE_PROBE_BYTES, fewer when the
	 * input is shorter) is ours: 0 no, 100 certain.
	 */
	int (*probe)(const void *head, size_t len);

	/*
	 * Reads the whole input into @sink. 0 at its end; -EBADMSG when the input is damaged or is not what it claims
	 * (err->what says what and where; everything before the damage has been delivered); another negative errno when
	 * reading failed or the sink stopped us. Never calls sink end: the caller does.
	 */
	int (*run)(const struct source_input *in, const struct sink *sink, struct source_error *err);
};

#endif
