/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot_name.h - what people call their copies of kernel files, and how they write when a copy was made.
 *
 * A name is compared without regard to '/', '.', '-', '_' and ':' between its words, and without "proc" or "sys" at its
 * begin: proc/pressure/memory, pressure_memory and proc-pressure-memory.txt are one file.
 */
#ifndef SQUALL_COLLECT_SNAPSHOT_NAME_H
#define SQUALL_COLLECT_SNAPSHOT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_PATH_BYTES	128u

enum snapshot_kind {
	SNAPSHOT_FILE,		/* to be read as the kernel's file of that path */
	SNAPSHOT_UPTIME,	/* says when: seconds since boot */
	SNAPSHOT_STAT,		/* says when the machine was booted: "btime 1700000000" */
	SNAPSHOT_THREADS,	/* lines of /proc/PID/stat of kernel threads, several in one file */
};

struct snapshot_name {
	enum snapshot_kind	kind;
	bool			one_value;			/* a line like a time stamp can be its value */
	char			path[SNAPSHOT_PATH_BYTES];	/* the kernel's, without leading slash: "proc/vmstat" */
};

/* Whether name[0..len), which may have directories before it, is a file that we read. */
bool snapshot_name_find(const char *name, size_t len, struct snapshot_name *out);

enum stamp_kind {
	STAMP_NONE,
	STAMP_REAL,		/* ns since 1970, UTC */
	STAMP_LOCAL,		/* the same, from a date that names no zone: taken as of this machine's zone (TZ) */
	STAMP_UPTIME,		/* ns since boot */
};

struct snapshot_stamp {
	enum stamp_kind	kind;
	int64_t		ns;
};

/*
 * A stamp that is all of text[0..len): seconds, ms, us or ns since 1970, 2026-11-21T19:24:17.5Z, 20261121-192417, and
 * what date(1) prints in English.
 */
bool snapshot_stamp_parse(const char *text, size_t len, struct snapshot_stamp *out);

/* A stamp in a file's or directory's name, at its end or its begin: "snap-1700000000", "20261121-192417_db". */
bool snapshot_stamp_in_name(const char *name, size_t len, struct snapshot_stamp *out);

/*
 * "vmstat.1700000000", "vmstat-20261121-192417.gz", "1700000000_vmstat": the last part of a path with name and stamp,
 * @out->kind STAMP_NONE when it is the name alone. @dirs is how much of path[0..len) in front belongs to the name's
 * directories and is passed on to snapshot_name_find (as far back as it fits); *used: what remains in front.
 */
bool snapshot_path_find(const char *path, size_t len, struct snapshot_name *name, struct snapshot_stamp *out,
			size_t *used);

/* A line that says when what follows was copied: a stamp, also in "=== ... ===", or the content of /proc/uptime. */
bool snapshot_stamp_line(const char *line, size_t len, struct snapshot_stamp *out);

/* A line that names the file that follows: "==> /proc/vmstat <==", "=== vmstat", "# cat /proc/zoneinfo". */
bool snapshot_heading(const char *line, size_t len, struct snapshot_name *out);

#endif
