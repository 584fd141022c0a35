/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * survival.h - what a recorder does for itself so that it outlives the storm it records. All best effort.
 */
#ifndef SQUALL_CMD_SURVIVAL_H
#define SQUALL_CMD_SURVIVAL_H

/* At the start: a low OOM score, which is said when it cannot be had, and as many open files as are allowed. */
void survival_prepare(void);

/* The latter alone, for those who have no right to the former. */
void survival_raise_files(void);

/*
 * When all is there that must not be paged out. What is allocated later, of which SQLite's page cache is the most, is
 * locked as it is touched.
 */
void survival_lock_memory(void);

#endif
