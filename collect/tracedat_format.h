/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_format.h - a tracepoint's format file as a struct event_type, and raw records decoded by it.
 *
 * Fields named common_* are no columns; of them only common_pid is used. What a field is follows from its declaration:
 * numbers of 1, 2, 4, 8 bytes, char arrays as text, anything else as bytes. A type that has more than EVENT_MAX_FIELDS
 * fields, or whose format cannot be read, has one field "raw".
 */
#ifndef SQUALL_COLLECT_TRACEDAT_FORMAT_H
#define SQUALL_COLLECT_TRACEDAT_FORMAT_H

#include "spine/event.h"

/* A format file as it lies in the trace.dat. */
struct tracedat_format {
	const char	*system;
	const char	*text;
	size_t		len;
	uint32_t	common_type;
};

enum decode_kind {
	DECODE_U8, DECODE_U16, DECODE_U32, DECODE_U64, DECODE_S8, DECODE_S16, DECODE_S32, DECODE_S64,
	DECODE_TEXT,		/* an array of char, up to its first zero */
	DECODE_BLOB,
	DECODE_TEXT_REST,	/* as long as the record: "char buf[]" of ftrace's print event */
	DECODE_BLOB_REST,
	DECODE_TEXT_LOC,	/* __data_loc: 16 bits offset in the record, 16 bits length */
	DECODE_BLOB_LOC,
	DECODE_TEXT_REL,	/* __rel_loc: the offset counts from behind the field */
	DECODE_BLOB_REL,
};

struct decode {
	uint16_t	offset;
	uint16_t	end;		/* a record shorter than that does not have the field */
	uint8_t		kind;		/* enum decode_kind */
	bool		symbol;		/* the address of a function: print fmt prints it with %pS or the like */
};

struct tracedat_type {
	struct event_type	type;
	struct event_field	fields[EVENT_MAX_FIELDS];
	struct decode		plan[EVENT_MAX_FIELDS];
	int32_t			tid_offset;	/* of common_pid, -1 it has none */
	bool			has_symbols;
	char			*text;		/* what type and fields point into */
};

/*
 * The type of format file @text as number @id; @system and @text are copied. A format that makes no sense becomes the
 * type "unknown_<common_type>". NULL when there is no memory; free with tracedat_type_free().
 */
struct tracedat_type *tracedat_type_new(uint32_t id, const char *system, const char *text, size_t len,
					uint32_t common_type);
void tracedat_type_free(struct tracedat_type *type);	/* NULL is fine */

/* The "ID:" line of a format file; false when it has none. */
bool tracedat_format_id(const char *text, size_t len, uint32_t *common_type);

/* The names of @n formats with blanks between, in *out, which the caller frees. -ENOMEM. */
int tracedat_format_names(const struct tracedat_format *formats, uint32_t n, char **out);

/* The text behind "print fmt:" up to the end, NULL when there is none. */
const char *tracedat_format_print_fmt(const char *text, size_t len, size_t *print_len);

/* Values and thread id of a record; texts point into it. @swap: its byte order is not ours. */
void tracedat_decode(const struct tracedat_type *type, bool swap, const uint8_t *data, uint32_t size,
		     struct event_value *values, int32_t *tid);

#endif
