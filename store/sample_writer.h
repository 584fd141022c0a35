/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample_writer.h - sampled counters go into series and sample, each value only when it changed. Inside store/ only.
 */
#ifndef SQUALL_STORE_SAMPLE_WRITER_H
#define SQUALL_STORE_SAMPLE_WRITER_H

#include <sqlite3.h>

#include "store/batch.h"

/* Most series of a recording: 1,000 cgroups with 60 counters each, and as much again. About 200 bytes each. */
#define SERIES_MAX	(1u << 17)

struct sample_writer;

/* @db and @source stay the caller's and must outlive it. Caller frees with sample_writer_free, which takes NULL. */
int sample_writer_new(sqlite3 *db, struct batch_source *source, struct sample_writer **out);
void sample_writer_free(struct sample_writer *w);

/* A sample of a series beyond SERIES_MAX is dropped and counted. */
int sample_writer_add(struct sample_writer *w, const struct sample *sample);
int sample_writer_flush(struct sample_writer *w);
uint64_t sample_writer_dropped(const struct sample_writer *w);

#endif
