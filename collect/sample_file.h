/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample_file.h - a kernel file that stays open and is read again and again, by lines.
 *
 * A read begins at offset 0 with pread() and passes the file through one fixed buffer: any size of file (zoneinfo of a
 * large machine has a megabyte) in bounded memory, and no allocation. Lines go to the caller as they are completed.
 */
#ifndef SQUALL_COLLECT_SAMPLE_FILE_H
#define SQUALL_COLLECT_SAMPLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Holds the longest line there is (a numa_stat line of 1024 nodes has 30 kB), and most files whole. */
#define SAMPLE_BUFFER_BYTES	(64u * 1024)

struct sample_buffer {
	char	text[SAMPLE_BUFFER_BYTES + 1];
};

enum sample_file_end {
	FILE_TO_EOF,		/* seq_file with many records: what is left comes with the next read */
	FILE_ONE_READ,		/* sysfs, cgroup files and pressure: the kernel makes it whole in one read */
};

/*
 * Takes one line, terminated, without its newline, writable, valid during the call. False: no more of this file.
 */
typedef bool (*sample_line_fn)(void *ctx, char *line, size_t len);

/*
 * Gives every line of @fd to @fn. 0, or what reading failed with (-ENODEV: the cgroup is gone, -ESRCH: the task is,
 * -EOPNOTSUPP: PSI is off); lines before the failure were given. A line longer than the buffer is left out.
 */
int sample_file_lines(int fd, enum sample_file_end end, struct sample_buffer *buffer, sample_line_fn fn, void *ctx);

/* Opens @path, without a leading slash, below @root_fd. A descriptor, or a negative errno. */
int sample_file_open(int root_fd, const char *path);

/* The first line of a small file, terminated, without newline: its length, or a negative errno. Opens and closes it. */
int sample_file_first_line(int root_fd, const char *path, char *out, size_t size);

/* Steps through a line. */
struct line_word {
	const char	*at;
	size_t		len;	/* 0: there is none */
};

struct line_word line_next_word(const char **pos);

/*
 * A decimal number behind blanks. False, and *pos unchanged, when there is none. A number above UINT64_MAX is
 * UINT64_MAX.
 */
bool line_next_u64(const char **pos, uint64_t *value);

#endif
