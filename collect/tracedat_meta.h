/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_meta.h - what a trace.dat says about the recording, as metas and task names.
 *
 * Metas: source, trace_version, trace_cmd_version, trace_id, clock, clock_is_ns, time_shift (the file of a guest, with
 * corrections to its host's clock, which are not applied), kernel_release, machine, host, cpus, page_size, long_size (the
 * kernel's), buffers, pageblock_order, and gfp.NAME for each name of a gfp flag. What the file does not tell is not put.
 */
#ifndef SQUALL_COLLECT_TRACEDAT_META_H
#define SQUALL_COLLECT_TRACEDAT_META_H

#include "collect/tracedat_file.h"
#include "collect/tracedat_format.h"

/* Each returns 0, or what the sink answered; the second also -ENOMEM or a read error. */
int tracedat_put_metas(struct tracedat_file *f, const struct tracedat_format *formats, uint32_t nformats,
		       const struct sink *sink);
int tracedat_put_tasks(struct tracedat_file *f, const struct sink *sink);

#endif
