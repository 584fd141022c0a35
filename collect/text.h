/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - the source for ftrace text.
 */
#ifndef SQUALL_COLLECT_TEXT_H
#define SQUALL_COLLECT_TEXT_H

#include "spine/source.h"

extern const struct source_ops text_source;

#endif
