/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbol_namer.h - names of the kernel functions that events tell of by address, from /proc/kallsyms.
 *
 * In a live recording mm_shrink_slab_start and _end have their shrinker as the address of its scan function. The
 * reader feeds its events to a sink, which notes each address once. A thread of its own (spine/side_thread.h) looks up
 * what was noted: one pass over the file for all of them, at most one a second; a pass that failed is repeated. Names
 * come as sink calls of that thread.
 *
 * Addresses that the file hides (kernel.kptr_restrict, no CAP_SYSLOG) or does not have stay without a name; so do those
 * beyond SYMBOL_NAMER_MAX, which meta symbols_unnamed does not count. Nothing is allocated after symbol_namer_new().
 */
#ifndef SQUALL_COLLECT_SYMBOL_NAMER_H
#define SQUALL_COLLECT_SYMBOL_NAMER_H

#include <stdbool.h>
#include <stdint.h>

#include "spine/sink.h"

#define SYMBOL_NAMER_MAX	256u	/* addresses; a kernel has some dozens of shrinkers */

struct symbol_namer;

/* @kallsyms: the path of the file, borrowed. -ENOMEM. Free with symbol_namer_free(). */
int symbol_namer_new(const char *kallsyms, struct symbol_namer **out);
void symbol_namer_free(struct symbol_namer *n);	/* NULL is fine */

/* The reader's: wants types and events, and hands nothing on. */
struct sink symbol_namer_sink(struct symbol_namer *n);

/* The reader's: addresses wait for somebody to wake the thread. */
bool symbol_namer_waiting(const struct symbol_namer *n);

/* The thread's: as side_work.work and .repeat. @namer: a struct symbol_namer. */
int64_t symbol_namer_work(void *namer, uint64_t now_ns, const struct sink *sink);
void symbol_namer_repeat(void *namer);

/* As side_work.last: what still waits, and meta symbols_unnamed. */
int symbol_namer_finish(void *namer, uint64_t now_ns, const struct sink *sink);

#endif
