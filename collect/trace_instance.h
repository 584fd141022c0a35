/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_instance.h - a trace buffer instance of our own in tracefs: made, set up, read, removed.
 *
 * It is called squall-<pid>, so that whoever comes later can tell whether its owner is gone. The kernel itself refuses
 * to remove an instance that somebody has open, which also protects recorders of other PID namespaces.
 *
 * Functions return 0 or a negative errno.
 */
#ifndef SQUALL_COLLECT_TRACE_INSTANCE_H
#define SQUALL_COLLECT_TRACE_INSTANCE_H

#include <stddef.h>
#include <stdint.h>

#include "collect/event_set.h"
#include "collect/tracedat_page.h"
#include "spine/source.h"

struct trace_instance;

/* What per_cpu/cpuN/stats tells. */
struct trace_cpu_stats {
	uint64_t	entries;	/* events still in the ring */
	uint64_t	overrun;	/* events that newer ones overwrote */
	uint64_t	commit_overrun;	/* events lost to an interrupt storm within one write */
	uint64_t	dropped;	/* events that found the ring full (only when it does not overwrite) */
	uint64_t	read;		/* events read */
};

/*
 * The directory of tracefs: @given, or where it usually is if NULL. -ENOENT, -EACCES with @err filled. Mounts nothing
 * (a mount outlives us).
 */
int trace_instance_find_root(const char *given, char *root, size_t size, struct source_error *err);

/* Removes the instances under @root whose process is gone; returns how many. */
unsigned int trace_instance_remove_orphans(const char *root);

/* Makes the instance: switched off, clock mono. Caller closes *out, which removes it. */
int trace_instance_open(const char *root, struct source_error *err, struct trace_instance **out);
void trace_instance_close(struct trace_instance *inst);		/* NULL is fine */

const char *trace_instance_name(const struct trace_instance *inst);

/*
 * @bytes of buffer for each CPU, or half of it and so on down to 64 KiB if the kernel does not have that much.
 * Readers wake when @percent of it is full.
 */
int trace_instance_set_buffer(struct trace_instance *inst, uint64_t bytes, unsigned int percent, uint64_t *got_bytes,
			      struct source_error *err);

/* Sets the filter, if any, then enables. A filter that the kernel refuses is left out: dearer, but nothing is lost. */
int trace_instance_enable(struct trace_instance *inst, const struct event_choice *choice);

/*
 * Of @choice's events, records those of threads whose id is a multiple of 2^@shift, and all of kswapd and kcompactd,
 * whose runs are read from what they do not emit, too. When the kernel refuses (negative errno) all events come that
 * the choice's own filter lets through.
 */
int trace_instance_thin(struct trace_instance *inst, const struct event_choice *choice, unsigned int shift);

/* The file that says whether the event is on; the descriptor is the caller's, to close before the instance. */
int trace_instance_open_enable(struct trace_instance *inst, const struct event_choice *choice);

/* 1, 0, or a negative errno: is the event of @enable_fd, is the instance, switched on? Anybody may switch them off. */
int trace_instance_event_is_on(int enable_fd);
int trace_instance_is_on(struct trace_instance *inst);

/* The text of a format file, for the caller to free; NULL if it cannot be read. */
char *trace_instance_format(struct trace_instance *inst, const struct event_choice *choice, size_t *len);

/* How the kernel lays out ring pages, and their size. */
int trace_instance_layout(struct trace_instance *inst, struct ring_layout *layout, uint32_t *page_bytes,
			  struct source_error *err);

int trace_instance_start(struct trace_instance *inst);
int trace_instance_stop(struct trace_instance *inst);

/* The CPUs that have a ring, *n of them; borrowed. */
const uint16_t *trace_instance_cpus(const struct trace_instance *inst, unsigned int *n);

/* Opens the raw pages of one CPU, not blocking; the descriptor is the caller's. */
int trace_instance_open_cpu(struct trace_instance *inst, uint16_t cpu);
int trace_instance_cpu_stats(struct trace_instance *inst, uint16_t cpu, struct trace_cpu_stats *stats);

#endif
