/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source_table.h - the sources that read recordings made by others.
 */
#ifndef SQUALL_COLLECT_SOURCE_TABLE_H
#define SQUALL_COLLECT_SOURCE_TABLE_H

#include "spine/source.h"

extern const struct source_ops tracedat_source;
extern const struct source_ops text_source;

/* The source that is surest about an input that begins with @head; NULL when none takes it. */
const struct source_ops *source_find(const void *head, size_t len);

#endif
