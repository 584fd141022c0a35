/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * writer.h - makes a store: a sink that ends in a SQLite file.
 *
 *	store_writer_open, then sink calls and the functions below in any order, then store_writer_close or _abort.
 *
 * Events are numbered in the order in which they come, and wait in memory (at most 16 MiB) until their batch is full
 * or store_writer_commit. One thread at a time. After a call has failed, all further ones answer the same error.
 */
#ifndef SQUALL_STORE_WRITER_H
#define SQUALL_STORE_WRITER_H

#include "spine/sink.h"
#include "store/error.h"
#include "store/record.h"

enum store_mode {
	/*
	 * For an import, which can be repeated: written under a temporary name beside @path, without a journal, and
	 * renamed by store_writer_close. Until then there is nothing at @path.
	 */
	STORE_BULK,
	/*
	 * For a recording, which cannot: written at @path. After kill -9, loss of power or a full disk the file is
	 * intact, holds all up to the last store_writer_commit, and has meta "complete" 0. Can be read meanwhile.
	 */
	STORE_LIVE,
};

struct store_writer_opts {
	enum store_mode		mode;
	bool			force;			/* replace a regular file at @path */
};

struct store_writer;

/*
 * @err is kept: the first failure of any later call is put into it in words. Fails with -EEXIST when there is a file
 * and no force. Caller ends *out with store_writer_close or store_writer_abort.
 */
int store_writer_open(const char *path, const struct store_writer_opts *opts, struct store_error *err,
		      struct store_writer **out);

/*
 * The writer as a sink, valid as long as the writer. Its end() flushes, and does not close: findings can follow. A
 * sample whose series has the same value already is not stored.
 */
struct sink store_writer_sink(struct store_writer *w);

int store_writer_chain(struct store_writer *w, const struct store_chain *chain);

/*
 * A finding whose window holds a loss of this store gets loss -1 if it says 0. In a part of a recording one that ended
 * before the part began, and is in a part before, is left out.
 */
int store_writer_finding(struct store_writer *w, const struct store_finding *finding);

/* Removes the findings, to write what is known by now. */
int store_writer_clear_findings(struct store_writer *w);

/* @state: "present", "absent" or "unknown"; @how it was found out, or NULL. */
int store_writer_feature(struct store_writer *w, const char *name, const char *state, const char *how);

/* Makes durable what came so far. STORE_LIVE: to be called once a second; it waits for the disk. */
int store_writer_commit(struct store_writer *w);

/* What the last commit that went well made durable, all parts together: events, and the latest time of all. */
struct store_kept {
	uint64_t		events;
	uint64_t		end_ns;
};

void store_writer_kept(const struct store_writer *w, struct store_kept *kept);

/*
 * Of the file and its log together: what they have now, and the most that they will have when what came so far is
 * committed. Flushes, so ask now and then, not for each event. STORE_LIVE.
 */
struct store_size {
	uint64_t		bytes;
	uint64_t		most_bytes;
};

int store_writer_size(struct store_writer *w, struct store_size *size);

/*
 * STORE_LIVE: commits and completes this file, and goes on in a new one at @path, which must not exist. That one is a
 * store of its own: it has all facts, types and names so far, for each series the value of now, and events that are
 * numbered on. Findings and features are the caller's to write again. Meta tells the order: "part" 2, 3 ...,
 * "continues" and "continued_in" with the other file's name.
 *
 * When the new file cannot be made (-EEXIST, -ENOSPC ...) all is as it was, and the caller may try another name; any
 * other failure is the writer's as of all calls.
 */
int store_writer_next(struct store_writer *w, const char *path);

/*
 * Completes the store and frees @w, also when it fails. A store of mode STORE_BULK that could not be completed, or had
 * failed before, is removed.
 */
int store_writer_close(struct store_writer *w);

/* Frees @w. STORE_BULK: leaves no file; STORE_LIVE: leaves what was committed. NULL is fine. */
void store_writer_abort(struct store_writer *w);

#endif
