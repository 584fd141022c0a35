/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * error.h - why a store could not be written or read, in words.
 *
 * Functions of store/ return a negative errno and fill the caller's struct store_error; they print nothing.
 */
#ifndef SQUALL_STORE_ERROR_H
#define SQUALL_STORE_ERROR_H

struct sqlite3;

struct store_error {
	char	what[512];	/* "storm.db: cannot write: database or disk is full"; the path may hold any bytes */
	char	hint[256];	/* what the user can do, or empty */
};

/* The negative errno for a SQLite result code; 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. */
int store_errno(int sqlite_result);

/* "PATH: cannot DOING: WHY" with the reason of errno @error (negative). Returns @error. */
int store_error_system(struct store_error *err, const char *path, const char *doing, int error);

/* As above; the reason is what went wrong in @db last, or @error when nothing did there. */
int store_error_sqlite(struct store_error *err, const char *path, const char *doing, struct sqlite3 *db, int error);

#endif
