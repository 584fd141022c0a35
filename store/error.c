// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors of SQLite and of the system as one kind: a negative errno, and a sentence with the path in it.
 */
#include "store/error.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int		result;
	int		error;
} errno_of[] = {
	{ SQLITE_OK,		0 },
	{ SQLITE_ROW,		0 },
	{ SQLITE_DONE,		0 },
	{ SQLITE_FULL,		-ENOSPC },
	{ SQLITE_NOMEM,		-ENOMEM },
	{ SQLITE_BUSY,		-EBUSY },
	{ SQLITE_LOCKED,	-EBUSY },
	{ SQLITE_PERM,		-EACCES },
	{ SQLITE_AUTH,		-EACCES },
	{ SQLITE_CANTOPEN,	-EACCES },
	{ SQLITE_READONLY,	-EROFS },
	{ SQLITE_TOOBIG,	-EFBIG },
	{ SQLITE_CORRUPT,	-EBADMSG },
	{ SQLITE_NOTADB,	-ENOEXEC },
	{ SQLITE_MISUSE,	-EINVAL },
};

static const struct {
	int		error;
	const char	*hint;
} hints[] = {
	{ -ENOSPC,	"free some space, or choose a file on another file system with -o" },
	{ -EFBIG,	"a limit on file sizes is set (ulimit -f), or the file system has one" },
	{ -EEXIST,	"choose another name with -o, or replace it with --force" },
	{ -EBADMSG,	"sqlite3 FILE .recover may bring back a part of it" },
};

int store_errno(int sqlite_result)
{
	for (unsigned int i = 0; i < sizeof(errno_of) / sizeof(errno_of[0]); i++) {
		if (errno_of[i].result == (sqlite_result & 0xff))
			return errno_of[i].error;
	}
	return -EIO;
}

static int fill(struct store_error *err, const char *path, const char *doing, const char *why, int error)
{
	snprintf(err->what, sizeof(err->what), "%.300s: cannot %s: %s", path, doing, why);
	err->hint[0] = '\0';
	for (unsigned int i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].error == error)
			snprintf(err->hint, sizeof(err->hint), "%s", hints[i].hint);
	}
	return error;
}

int store_error_system(struct store_error *err, const char *path, const char *doing, int error)
{
	return fill(err, path, doing, strerror(-error), error);
}

int store_error_sqlite(struct store_error *err, const char *path, const char *doing, struct sqlite3 *db, int error)
{
	int result = db ? sqlite3_errcode(db) : SQLITE_OK;
	int system = db ? sqlite3_system_errno(db) : 0;

	if (!store_errno(result))
		return store_error_system(err, path, doing, error);
	/* SQLite says "disk I/O error" for whatever write(2) answers except ENOSPC: EFBIG, EDQUOT, EIO. */
	if ((result & 0xff) == SQLITE_IOERR && system)
		return store_error_system(err, path, doing, -system);
	return fill(err, path, doing, sqlite3_errmsg(db), error);
}
