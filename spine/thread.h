/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thread.h - how threads of a recorder begin.
 */
#ifndef SQUALL_SPINE_THREAD_H
#define SQUALL_SPINE_THREAD_H

#include <pthread.h>

/*
 * All of a stack is locked into memory, so it is not the 8 MiB of the default. Paths of cgroups, lines and messages are
 * on it, 20 kB at most, and the thread-local data of libraries.
 */
#define THREAD_STACK_BYTES	(512u << 10)

/* @name: at most 15 bytes; NULL: that of the thread that starts it. 0, or what pthread_create() said, negative. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

#endif
