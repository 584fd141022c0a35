/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * preface.h - what a sink that joins a stream late has to be told first: facts, the names of cgroups and threads, and
 * kswapd_failures as it stands.
 *
 * Bounded: the newest name of each of up to 32,768 threads, up to 16,384 cgroups. Types and samples are the source's to
 * tell again.
 */
#ifndef SQUALL_CMD_PREFACE_H
#define SQUALL_CMD_PREFACE_H

#include "spine/sink.h"

struct preface;

int preface_new(struct preface **out);		/* -ENOMEM; caller frees */
void preface_free(struct preface *p);		/* NULL is fine */

/* Remembers; 0 always. What there is no memory for is not told later. */
struct sink preface_sink(struct preface *p);

/* All of it to @sink, values as of @now_ns and at first sight. 0, or what it answered. */
int preface_tell(const struct preface *p, const struct sink *sink, uint64_t now_ns);

#endif
