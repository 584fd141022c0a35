/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * carry.h - what a recording that goes on in a next file takes along. Inside store/ only.
 *
 * A source tells each name, type and fact once, so a next file has them from the one before: all facts (of those that
 * changed, meta KEY@TS, the last value as KEY), features, types (with their tables, empty), buffers, symbols and series
 * (but those of cgroups that were removed); of cgroups and threads the CARRY_NAMES_MAX newest, and of each thread its
 * last name. Thinning, or tracing that was switched off, when it still lasts: as it began, so that the next file says
 * that it is not whole from its start.
 */
#ifndef SQUALL_STORE_CARRY_H
#define SQUALL_STORE_CARRY_H

#include <sqlite3.h>
#include <stdint.h>

/* 65,536 names take 2 to 6 MB of each file. */
#define CARRY_NAMES_MAX	65536

/*
 * From @from, flushed, to @to, which has the fixed tables and nothing in them but table meta. Both are in a transaction
 * of their own. A failure is in words with @to, unless *@failed is @from.
 */
int carry_tables(sqlite3 *from, sqlite3 *to, sqlite3 **failed);

/* Settings that are samples as well (vm.swappiness) are facts of their first values in @db. Before more samples come. */
int carry_settings(sqlite3 *db);

#endif
