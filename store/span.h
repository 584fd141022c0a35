/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * span.h - a store read piece by piece, there and back: for who keeps what came before a time, and asks for more.
 *
 * Unlike store_replay() a piece costs what is in it: it does not repeat meta and types, does not look for the values
 * that series had before, and finds its first sample by bisecting, for samples lie in order of time. Everything in one
 * piece is told in order of time, across tables.
 */
#ifndef SQUALL_STORE_SPAN_H
#define SQUALL_STORE_SPAN_H

#include "store/reader.h"

struct store_span;

/* Borrows @s. A negative errno with the store's error filled; caller frees *out, before the store is closed. */
int store_span_new(struct store *s, struct store_span **out);
void store_span_free(struct store_span *span);		/* NULL is fine */

/*
 * Meta, buffers, symbols, cgroups and types: what a sink must have before the first piece. Tasks, losses and samples
 * are not among it.
 */
int store_span_facts(struct store_span *span, const struct sink *sink);

/*
 * Events, samples, changes of kswapd_failures, losses and names of tasks from from_ns to to_ns, both included, in
 * order. Pieces that follow each other tell each row once. 0, what the sink answered, or a negative errno.
 */
int store_span_run(struct store_span *span, uint64_t from_ns, uint64_t to_ns, const struct sink *sink);

/* The names of tasks as they were at @ts_ns: for who goes back. */
int store_span_tasks(struct store_span *span, uint64_t ts_ns, const struct sink *sink);

#endif
