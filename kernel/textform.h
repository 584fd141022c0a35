/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * textform.h - how known tracepoints print their fields, and the way back.
 *
 * A printed event is a row of labels, each followed by its value: "nid=0", "objects to shrink 824", "range=(0x10 ~
 * 0x20)". Where label and field agree ("nid=" is field nid, a number) nothing is said here; the table holds the
 * exceptions of all kernels since 2.6.35, so that text gives the same columns and values as the binary record of the
 * same event.
 */
#ifndef SQUALL_KERNEL_TEXTFORM_H
#define SQUALL_KERNEL_TEXTFORM_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/tracepoint.h"

enum textform_decoder {
	TEXTFORM_NUMBER,		/* decimal, or hex behind 0x; ")" "," ":" behind it do not matter */
	TEXTFORM_HEX,			/* a pointer as %p prints it: hex, with or without 0x */
	TEXTFORM_KB,			/* "123kB" */
	TEXTFORM_LOG2,			/* a power of two, of which the field has the exponent */
	TEXTFORM_GFP,			/* gfp.h */
	TEXTFORM_NAME,			/* names.h, set in textform_label.names */
	TEXTFORM_TEXT,			/* any text, blanks included */
	TEXTFORM_DERIVED,		/* computed from other fields when it was printed: nothing to keep */
	TEXTFORM_PAGEBLOCK_ORDER,	/* as DERIVED, but a fact about the machine */
};

struct textform_label {
	const char	*label;		/* with its delimiter: "zone=", "cache items " */
	const char	*field;		/* the kernel's field; NULL when the value is not kept */
	uint8_t		decoder;	/* enum textform_decoder */
	uint8_t		names;		/* enum name_set, for TEXTFORM_NAME */
};

struct textform {
	/*
	 * Fields that every kernel from 6.1 to 7.3 has, in their order, joined by blanks. Those that are not printed
	 * (zid of kswapd_wake) are here too: the column exists, its value is not told.
	 */
	const char			*columns;
	const struct textform_label	*labels;	/* ends with label NULL; may be NULL */
	/* Fields of the words before the first label: all but the last word, and the last one; or NULL. */
	const char			*head[2];
};

/* Never NULL for a tracepoint of tracepoint.h. NULL for TP_NONE. */
const struct textform *textform_of(enum tracepoint tp);

/* Labels that mean the same in every event ("gfp_flags="); ends with label NULL. */
extern const struct textform_label textform_common[];

/* 0: *number is the value. -EINVAL: it is none that this decoder knows; keep the text. */
int textform_decode(const struct textform_label *label, const char *text, size_t len, int64_t *number);

/* All of @text as "-12", "34" or "0x56". -EINVAL when it is no such number or needs more than 64 bits. */
int textform_number(const char *text, size_t len, int64_t *number);

#endif
