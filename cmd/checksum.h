/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checksum.h - SHA-256 of an input file, made by a thread beside the import.
 */
#ifndef SQUALL_CMD_CHECKSUM_H
#define SQUALL_CMD_CHECKSUM_H

#include <pthread.h>

#define CHECKSUM_TEXT_BYTES	65

struct checksum {
	pthread_t	thread;
	int		fd;
	int		running;
	char		text[CHECKSUM_TEXT_BYTES];	/* hex; empty when it could not be read */
};

/* @fd is borrowed until checksum_wait; its file offset is not touched. */
void checksum_start(struct checksum *sum, int fd);
const char *checksum_wait(struct checksum *sum);

#endif
