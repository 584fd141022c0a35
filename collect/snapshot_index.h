/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot_index.h - which copies of kernel files a directory has, and when each was made.
 *
 * Copies that were made at the same time are a moment. Three forms, also mixed, plain or gzip:
 *	MOMENT/vmstat, MOMENT/proc/vmstat	a directory per moment; its name has the stamp, or an uptime file in it
 *	vmstat.STAMP				a file per copy
 *	vmstat.log				one file that grows, a line with the stamp before each copy; of any
 *						name if lines like "==> /proc/vmstat <==" say what follows
 * Names and stamps: snapshot_name.h. Symbolic links are not followed.
 */
#ifndef SQUALL_COLLECT_SNAPSHOT_INDEX_H
#define SQUALL_COLLECT_SNAPSHOT_INDEX_H

#include <zlib.h>

#include "collect/snapshot_name.h"
#include "spine/source.h"

#define SNAPSHOT_PIECES_MAX	(1u << 20)	/* copies: a week of 10 files a minute has 100,000; 40 MB */
#define SNAPSHOT_FILES_MAX	(1u << 18)
#define SNAPSHOT_BYTES_MAX	(8u << 20)	/* of one copy; zoneinfo of 256 CPUs and 8 nodes has 1 MB */
#define SNAPSHOT_TIME_NONE	INT64_MIN

/* One copy of one file. */
struct snapshot_piece {
	uint64_t	moment;		/* those with the same are of one moment */
	int64_t		stamp_ns;	/* or SNAPSHOT_TIME_NONE */
	uint64_t	offset;		/* in the unpacked file */
	uint32_t	file;
	uint32_t	bytes;
	uint16_t	path;		/* of snapshot_index.paths */
	uint8_t		kind;		/* enum snapshot_kind */
	uint8_t		stamp;		/* enum stamp_kind */
};

struct snapshot_moment {
	int64_t		uptime_ns;	/* CLOCK_BOOTTIME, or SNAPSHOT_TIME_NONE */
	int64_t		real_ns;	/* CLOCK_REALTIME, or SNAPSHOT_TIME_NONE */
	int64_t		boot_s;		/* when the machine was booted, seconds since 1970; 0 not told */
	bool		local;		/* real_ns comes from a date without zone */
	uint32_t	first, count;	/* pieces */
};

struct snapshot_index {
	int			dir_fd;
	char			**files;	/* names below dir_fd */
	uint32_t		nfiles, files_capacity;
	char			(*paths)[SNAPSHOT_PATH_BYTES];	/* of the kernel's files */
	uint32_t		npaths;
	struct snapshot_piece	*pieces;	/* by moment */
	uint32_t		npieces, pieces_capacity;
	struct snapshot_moment	*moments;	/* in no order */
	uint32_t		nmoments;
	uint64_t		left_out;	/* files that are no copy we know, or not packed by gzip */
	uint64_t		cut;		/* copies beyond the limits above */
	gzFile			open;		/* the file that was read last */
	uint32_t		open_file;
};

/* Looks through @dir. 0, or a negative errno with @err filled; -ENODATA: there is no copy of a kernel file. */
int snapshot_index_open(const char *dir, struct source_error *err, struct snapshot_index **out);

/* The content of @piece, up to @size bytes, into @to. How much it is, or a negative errno. */
int64_t snapshot_index_read(struct snapshot_index *index, const struct snapshot_piece *piece, char *to, size_t size);

void snapshot_index_free(struct snapshot_index *index);		/* NULL is fine */

#endif
