/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample_writer.h - sampled counters go into series and sample, each value only when it changed. Inside store/ only.
 */
#ifndef SQUALL_STORE_SAMPLE_WRITER_H
#define SQUALL_STORE_SAMPLE_WRITER_H

#include <sqlite3.h>

#include "store/batch.h"

/*
 * Most series that are known at a time: 1,000 cgroups with 60 counters each, and as much again. About 250 bytes each.
 * Those of a cgroup that is gone (SAMPLE_CGROUP_REMOVED) are no longer. With more, those of cgroups are forgotten that
 * did not change for longest; one that changes after that has a second row in series.
 */
#define SERIES_MAX	(1u << 17)

struct sample_writer;

/* @db and @source stay the caller's and must outlive it. Caller frees with sample_writer_free, which takes NULL. */
int sample_writer_new(sqlite3 *db, struct batch_source *source, struct sample_writer **out);
void sample_writer_free(struct sample_writer *w);

/* A sample of a series beyond SERIES_MAX is dropped and counted when no series of a cgroup can make room. */
int sample_writer_add(struct sample_writer *w, const struct sample *sample);
int sample_writer_flush(struct sample_writer *w);
uint64_t sample_writer_dropped(const struct sample_writer *w);

/*
 * Flushes, then goes on in another database, which has the same series (carry.h): each gets there, with the time
 * @now_ns, the value that it has now. When this fails the writer can only be freed.
 */
int sample_writer_move(struct sample_writer *w, sqlite3 *db, struct batch_source *source, uint64_t now_ns);

#endif
