/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sorter_record.h - one sink call as bytes, for sorter.c only.
 *
 * A record is its length (4 bytes), time (8), kind (1) and a body of LEB128 numbers and counted texts: about 40 bytes
 * for an event that takes 150 in a text. Records live in this process's memory and its own unlinked file, so the
 * readers trust them.
 */
#ifndef SQUALL_SPINE_SORTER_RECORD_H
#define SQUALL_SPINE_SORTER_RECORD_H

#include "spine/sink.h"

#define RECORD_HEAD_BYTES	13u

/* Bytes that the record takes at most. */
size_t record_event_bytes(const struct event *ev);
size_t record_loss_bytes(const struct loss *loss);
size_t record_task_bytes(const struct task_name *task);

/* Write the record to @record, which has room for the above; return its length. */
uint32_t record_put_event(char *record, const struct event *ev);
uint32_t record_put_loss(char *record, const struct loss *loss);
uint32_t record_put_task(char *record, uint64_t ts, const struct task_name *task);

/* Both need RECORD_HEAD_BYTES only. */
uint32_t record_len(const char *record);
uint64_t record_ts(const char *record);

/* The record as a call of @sink; @values holds an event's values during it. What the sink answered. */
int record_emit(const char *record, struct event_value values[EVENT_MAX_FIELDS], const struct sink *sink);

#endif
