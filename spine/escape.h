/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * escape.h - names that somebody else chose (comms, cgroups, paths, strings of events), made harmless to print.
 *
 * Input is any bytes. Output is always terminated and valid UTF-8, cut at a whole character when it does not fit.
 */
#ifndef SQUALL_SPINE_ESCAPE_H
#define SQUALL_SPINE_ESCAPE_H

#include <stddef.h>

/*
 * For a terminal: control characters (C0, DEL, C1), characters that change the direction of text, and bytes that are
 * no UTF-8 come out as \xNN. Returns out.
 */
const char *escape_terminal(const char *in, size_t len, char *out, size_t size);

/* For a format that escapes controls itself (JSON): only bytes that are no UTF-8 come out as \xNN. Returns out. */
const char *escape_utf8(const char *in, size_t len, char *out, size_t size);

#endif
