/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * input.h - what a command was given to read: which kind it is, and reading it into a sink.
 */
#ifndef SQUALL_CMD_INPUT_H
#define SQUALL_CMD_INPUT_H

#include <stdbool.h>

#include "cmd/progress.h"
#include "spine/source.h"

struct input {
	const char			*path;
	int				fd;
	uint64_t			size;
	bool				is_store;
	bool				is_directory;	/* of snapshots: cmd/snapshots.h */
	const struct source_ops		*source;	/* NULL for a store, or a directory */
};

/* STATUS_OK, or STATUS_ERROR after a message. Close with input_close. */
int input_open(const char *path, struct input *input);

/* Whether @path names the very file that @input reads. */
bool input_is_file(const struct input *input, const char *path);

void input_close(struct input *input);

/*
 * Reads a trace into @sink and calls its end; of a directory the end is all, the snapshots come from its sink. 0;
 * -EBADMSG when it is damaged (err tells; what came before was delivered); another negative errno when reading or the
 * sink failed.
 */
int input_run(const struct input *input, const struct sink *sink, const char *doing, struct source_error *err);

#endif
