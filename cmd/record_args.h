/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_args.h - what the arguments of options mean that record and top have both. Each returns 0, or an enum status
 * after a message.
 */
#ifndef SQUALL_CMD_RECORD_ARGS_H
#define SQUALL_CMD_RECORD_ARGS_H

#include <stddef.h>
#include <stdint.h>

#define MAX_SIZE_DEFAULT	(2ull << 30)

int record_arg_buffer(const char *value, uint64_t *bytes_per_cpu);
int record_arg_max_rate(const char *value, int64_t *rate);	/* events/s; 0 no limit */
int record_arg_max_size(const char *value, uint64_t *bytes);	/* 0 no limit */

/* "squall-20261121-103000.db", of now. */
void record_default_output(char *path, size_t size);

#endif
