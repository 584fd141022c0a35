/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_writer.h - chains and findings go into their tables. Inside store/ only.
 */
#ifndef SQUALL_STORE_RECORD_WRITER_H
#define SQUALL_STORE_RECORD_WRITER_H

#include <sqlite3.h>

enum record_kind { RECORD_CHAIN, RECORD_FINDING, RECORD_KINDS };

/* Caller finalizes *out. */
int record_prepare(sqlite3 *db, enum record_kind kind, sqlite3_stmt **out);

/* @record: a struct store_chain or struct store_finding, as @kind and @insert are for. */
int record_write(sqlite3_stmt *insert, enum record_kind kind, const void *record);

#endif
