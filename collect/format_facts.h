/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * format_facts.h - facts of a kernel that only the print formats of its tracepoints tell: the numbers of the gfp flags
 * and the pageblock order.
 */
#ifndef SQUALL_COLLECT_FORMAT_FACTS_H
#define SQUALL_COLLECT_FORMAT_FACTS_H

#include "collect/tracedat_format.h"
#include "spine/sink.h"

/*
 * gfp.NAME (as 0x800) for each flag of the first of @formats that prints them, and pageblock_order, as metas. What no
 * format tells is not put. 0, or what the sink answered.
 */
int format_facts_put(const struct tracedat_format *formats, uint32_t n, const struct sink *sink);

/* kmem:mm_page_alloc_extfrag prints it. False when none of @formats tells. */
bool format_facts_pageblock_order(const struct tracedat_format *formats, uint32_t n, uint64_t *order);

#endif
