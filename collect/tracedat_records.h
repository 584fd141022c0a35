/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_records.h - all records of a trace.dat, of all CPUs and buffers, merged by time.
 *
 * Memory is bounded by the number of CPUs: each has a few pages, or one uncompressed chunk of ten. (libtracecmd keeps
 * every chunk that it has uncompressed until the end.) A page or chunk that is damaged is noted, skipped, and said with
 * the next record of that CPU.
 */
#ifndef SQUALL_COLLECT_TRACEDAT_RECORDS_H
#define SQUALL_COLLECT_TRACEDAT_RECORDS_H

#include "collect/tracedat_file.h"

struct tracedat_record {
	uint64_t	ts;		/* of the buffer's clock, unconverted */
	const uint8_t	*data;		/* valid until the next call */
	uint32_t	size;
	uint16_t	cpu;
	uint16_t	buffer;		/* its id */
	int64_t		missed;		/* events that the kernel lost before it: 0 none, -1 not told how many */
	bool		skipped;	/* damaged data before it */
};

struct tracedat_records;

int tracedat_records_new(struct tracedat_file *f, struct tracedat_records **out);
void tracedat_records_free(struct tracedat_records *r);		/* NULL is fine */

/* 1 and the next record, 0 at the end, -ENOMEM or a read error. */
int tracedat_records_next(struct tracedat_records *r, struct tracedat_record *rec);

/* Bytes of the file that were read for records so far. */
uint64_t tracedat_records_bytes(const struct tracedat_records *r);

/* Events that @cpu of @buffer is known to have lost, by the counts in its records' pages. */
/* Records given so far of one CPU of one buffer. */
uint64_t tracedat_records_given(const struct tracedat_records *r, uint16_t buffer, uint16_t cpu);

uint64_t tracedat_records_missed(const struct tracedat_records *r, uint16_t buffer, uint16_t cpu);

/*
 * Whether data at the end of one CPU was skipped, with no record behind it to say so: true once for each, its CPU and
 * buffer and last time in *rec. Ask after the end.
 */
bool tracedat_records_skipped(struct tracedat_records *r, struct tracedat_record *rec);

#endif
