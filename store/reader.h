/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - reads a store, also one that is being recorded or that was cut short.
 *
 * What is read is the store as it was at store_open: a recorder's later commits do not show. A store may come from
 * anywhere: nothing in it is trusted, and a damaged one answers -EBADMSG. One thread at a time.
 */
#ifndef SQUALL_STORE_READER_H
#define SQUALL_STORE_READER_H

#include "spine/sink.h"
#include "store/error.h"

struct store;
struct store_cursor;

/*
 * @err is kept: a failure of any later call is put into it in words. -ENOEXEC: not a store; -EPROTONOSUPPORT: a store
 * of a newer version; -EBADMSG: damaged. Caller closes *out with store_close, which takes NULL, after its cursors.
 */
int store_open(const char *path, struct store_error *err, struct store **out);
void store_close(struct store *s);

/* A fact of table meta, NULL when it is not there. Valid until the next call of store_meta, or store_close. */
const char *store_meta(struct store *s, const char *key);

/* The types of the recording, also those without events, by id; valid until store_close. */
unsigned int store_ntypes(const struct store *s);
const struct event_type *store_type(const struct store *s, unsigned int id);

#define STORE_TO_END	UINT64_MAX

/*
 * Events with from_ns <= ts <= to_ns in the order of the recording. @names: NULL for all, or tracepoints, up to a NULL;
 * one that the store does not have is no error. Caller frees with store_cursor_free, which takes NULL.
 */
int store_events(struct store *s, const char *const *names, uint64_t from_ns, uint64_t to_ns,
		 struct store_cursor **out);

/* 0 and the next event, valid until the next call for this cursor; 1 at the end; or a negative errno. */
int store_next(struct store_cursor *cursor, const struct event **ev);
void store_cursor_free(struct store_cursor *cursor);

/*
 * Everything from from_ns to to_ns into @sink, as its source told it: meta, buffers, symbols and types first, then
 * tasks, losses, samples and events as they came. Each series begins with the value that it had at @from_ns. A loss of
 * unknown time is always told. Does not call end. Answers 0, what the sink answered, or a negative errno of its own.
 */
int store_replay(struct store *s, uint64_t from_ns, uint64_t to_ns, const struct sink *sink);

#endif
