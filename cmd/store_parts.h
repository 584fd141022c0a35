/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_parts.h - the names of the files of one recording: one file, or with rotation storm.0001.db, storm.0002.db ...
 * for storm.db, of which the last few are kept.
 *
 * Numbers go on after the greatest that the directory has, so what another recording left is neither replaced nor mixed
 * with ours. Only files that were made here are removed.
 */
#ifndef SQUALL_CMD_STORE_PARTS_H
#define SQUALL_CMD_STORE_PARTS_H

struct store_parts;

#define PARTS_KEPT_MIN	2u	/* with one there would be nearly nothing just after a switch */
#define PARTS_KEPT_MAX	9999u

/* @keep 0: no rotation, @output is the only name. -ENOMEM, or why the directory cannot be read. Caller frees *out. */
int store_parts_new(const char *output, unsigned int keep, struct store_parts **out);
void store_parts_free(struct store_parts *p);		/* NULL is fine */

/* The file to make now. Borrowed until the next call; NULL: out of memory. */
const char *store_parts_name(struct store_parts *p);

/* That name is taken: the next one. 0, or -EEXIST when it is not to be tried. */
int store_parts_skip(struct store_parts *p);

/* The file is made: takes note of it, removes the oldest if that makes too many, and turns to the next name. */
void store_parts_made(struct store_parts *p);

/* How many were made, and how many of them are left. */
unsigned int store_parts_count(const struct store_parts *p);
unsigned int store_parts_left(const struct store_parts *p);

#endif
