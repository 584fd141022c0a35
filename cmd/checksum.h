/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checksum.h - SHA-256 of an input file, made by a thread beside the import.
 *
 * The thread begins with the first type or fact that comes through checksum_sink(). The reader's process is there by
 * then: a fork while another thread allocates leaves the child with the locks of an allocator that does not see to that
 * (ASan's does not).
 */
#ifndef SQUALL_CMD_CHECKSUM_H
#define SQUALL_CMD_CHECKSUM_H

#include <pthread.h>
#include <stdbool.h>

#include "spine/sink.h"

#define CHECKSUM_TEXT_BYTES	65

struct checksum {
	pthread_t	thread;
	int		fd;
	bool		begun, running;
	char		text[CHECKSUM_TEXT_BYTES];	/* hex; empty when it could not be read */
};

/* @fd is borrowed until checksum_wait; its file offset is not touched. -1: there is nothing to sum up. */
void checksum_init(struct checksum *sum, int fd);

/* To be one of those to whom the import goes. @sum stays in place. */
struct sink checksum_sink(struct checksum *sum);

/* Begins if nothing came. */
const char *checksum_wait(struct checksum *sum);

#endif
