/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_file.h - the file of a store: made for its owner only, and never over something else. Inside store/ only.
 */
#ifndef SQUALL_STORE_STORE_FILE_H
#define SQUALL_STORE_STORE_FILE_H

#include "store/error.h"
#include "store/writer.h"

struct store_file {
	char			*path;			/* where the store is to be */
	char			*work_path;		/* where it is written; for SQLite, so never ":memory:" */
	bool			temporary;		/* work_path is another file, beside path */
	bool			replace;		/* path may exist */
};

/*
 * Makes an empty file, mode 0600. -EEXIST when @path exists and @opts does not say force, or is no regular file.
 * Caller ends it with store_file_free, which takes a file that was not created.
 */
int store_file_create(struct store_file *file, const char *path, const struct store_writer_opts *opts,
		      struct store_error *err);
void store_file_free(struct store_file *file);

/* The file, closed by now, gets its name. */
int store_file_publish(struct store_file *file, struct store_error *err);

/* Removes what is under a temporary name; a file that was written in place stays. */
void store_file_discard(struct store_file *file);

#endif
