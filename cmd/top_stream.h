/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top_stream.h - squall top of another machine while it runs, by the stream of a squall record --stream there; with
 * --against two of them, at the same offset from their starts.
 */
#ifndef SQUALL_CMD_TOP_STREAM_H
#define SQUALL_CMD_TOP_STREAM_H

#include "cmd/top.h"

#define TOP_NO_STREAM	(-1)

/* An enum status, or TOP_NO_STREAM when what options->replay names is something else. */
int top_stream(const struct top_options *options);

#endif
