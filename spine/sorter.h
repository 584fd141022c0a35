/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sorter.h - events, losses and task names put into time order.
 *
 * For sources whose input has no order. Everything fed is kept, serialised, in one block of memory; when that is full
 * it is sorted and written to an unlinked file in $TMPDIR (or /tmp), and sorter_drain merges. Equal times keep their
 * order of arrival. Input that is in order anyway costs one comparison per event, and nothing is written as long as
 * all of it fits into memory.
 */
#ifndef SQUALL_SPINE_SORTER_H
#define SQUALL_SPINE_SORTER_H

#include "spine/sink.h"

/* Holds about a million events of ten fields; import must stay under 256 MiB, of which SQLite wants a part. */
#define SORTER_MEMORY_BYTES	(32u << 20)

/* Longest serialised record: one event with the text of two input lines of 64 KiB. Longer ones are -EMSGSIZE. */
#define SORTER_RECORD_BYTES	(256u << 10)

struct sorter;

/* Works in @memory_bytes, at least 4 * SORTER_RECORD_BYTES (less is -EINVAL). Caller frees *out with sorter_free. */
int sorter_new(size_t memory_bytes, struct sorter **out);
void sorter_free(struct sorter *s);			/* NULL is fine; removes the temporary file */

/*
 * What @ev and the others point to is copied, except event types, which must live until sorter_free. -EMSGSIZE: the
 * record is too long and was left out. Another negative errno: the temporary file could not be written (-ENOSPC ...),
 * and the sorter is of no further use.
 */
int sorter_event(struct sorter *s, const struct event *ev);
int sorter_loss(struct sorter *s, const struct loss *loss);
int sorter_task(struct sorter *s, uint64_t ts, const struct task_name *task);

/* Everything in order of time as calls of @sink; then the sorter is empty. The sink's negative answer stops it. */
int sorter_drain(struct sorter *s, const struct sink *sink);

/* Events that were fed behind a later one. */
uint64_t sorter_out_of_order(const struct sorter *s);

#endif
