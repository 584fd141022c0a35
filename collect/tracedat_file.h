/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_file.h - where things are in a trace.dat, versions 6 and 7.
 *
 * tracedat_file_open() walks the structure of a file with every size and offset held against the end of the file, and
 * against the section it is in. What is damaged is named once, in words, and left out; what can be read without it is
 * still found, so a file that was cut short gives its records up to the cut. Formats: trace-cmd.dat.v6(5), .v7(5).
 */
#ifndef SQUALL_COLLECT_TRACEDAT_FILE_H
#define SQUALL_COLLECT_TRACEDAT_FILE_H

#include "collect/tracedat_page.h"
#include "collect/tracedat_zip.h"
#include "spine/source.h"

#define TRACEDAT_MAGIC		"\x17\x08\x44tracing"
#define TRACEDAT_MAGIC_BYTES	10u

/* Text parts, each the same in both versions once uncompressed. */
enum tracedat_part { PART_HEADER, PART_FTRACE, PART_FORMATS, PART_KALLSYMS, PART_PRINTK, PART_CMDLINES, PART_COUNT };

struct tracedat_extent {
	uint64_t	offset;		/* in the file; 0 the part is not there */
	uint64_t	bytes;
	bool		compressed;
};

struct tracedat_cpu {
	uint32_t	cpu;
	uint64_t	offset;		/* of its pages, or of its table of compressed chunks */
	uint64_t	bytes;		/* never past the end of the file */
};

/* One trace buffer: the main one has the name "". */
struct tracedat_buffer {
	char			*name;
	uint16_t		id;		/* 0 the main one, 1 and up the others as they come */
	uint32_t		page_bytes;
	bool			compressed;
	uint32_t		ncpus;
	struct tracedat_cpu	*cpus;		/* ncpus of them */
};

struct tracedat_file {
	int			fd;		/* borrowed */
	uint64_t		size;
	unsigned int		version;	/* 6 or 7 */
	uint32_t		page_bytes;
	uint8_t			long_bytes;	/* of the traced machine's user space */
	struct ring_layout	layout;
	enum tracedat_zip	zip;
	struct tracedat_extent	parts[PART_COUNT];
	struct tracedat_buffer	*buffers;
	uint32_t		nbuffers;

	/* From the options; an empty or zero member was not there. */
	char			clock[32];
	char			uname[256];
	char			recorder[64];	/* version of trace-cmd */
	char			*cpustat;	/* per_cpu/cpuN/stats of all CPUs, or NULL */
	size_t			cpustat_bytes;
	uint64_t		trace_id;
	uint32_t		ncpus;
	int64_t			ts_offset_ns;	/* to add to every time */
	bool			time_shift;	/* has corrections to another machine's clock */
	uint32_t		tsc_mult;	/* TSC2NSEC: ns = ticks * mult >> shift */
	uint32_t		tsc_shift;

	struct source_error	*err;		/* the first damage, in words */
	uint64_t		ndamages;
};

/*
 * Reads the structure of @fd, @size bytes. 0 when records can be looked for, even if ->ndamages is not 0; @err then
 * holds the first damage, now and later. -EBADMSG, -ENOTSUP with @err filled when nothing can be had from it, -ENOMEM,
 * or what reading failed with. @fd and @err stay the caller's and outlive *out; free with tracedat_file_close().
 */
int tracedat_file_open(int fd, uint64_t size, struct source_error *err, struct tracedat_file **out);
void tracedat_file_close(struct tracedat_file *f);	/* NULL is fine */

/*
 * A whole part, uncompressed, in memory of the caller's with a zero behind it; *text is NULL when the file has none or
 * it is damaged (that is noted). Fails only with -ENOMEM or a read error.
 */
int tracedat_file_part(struct tracedat_file *f, enum tracedat_part part, char **text, size_t *len);

/* The same for any extent; @name is for messages: "event formats". */
int tracedat_file_load(struct tracedat_file *f, const struct tracedat_extent *at, const char *name, char **text,
		       size_t *len);

/* Notes a damage. The first one keeps its words. Returns -EBADMSG. */
int tracedat_damage(struct tracedat_file *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All of @len bytes at @offset: 0, -EBADMSG past the end of the file (not noted), or the error of pread(). */
int tracedat_read(const struct tracedat_file *f, uint64_t offset, void *out, size_t len);

/* A part of a text in memory, or of an option, that is taken from its front. Past its end numbers are 0 and bad is set. */
struct tracedat_cursor {
	const uint8_t	*at;
	const uint8_t	*end;
	bool		swap;
	bool		bad;
};

uint16_t tracedat_get16(struct tracedat_cursor *c);
uint32_t tracedat_get32(struct tracedat_cursor *c);
uint64_t tracedat_get64(struct tracedat_cursor *c);
const char *tracedat_get_string(struct tracedat_cursor *c);	/* terminated; "" and bad when it is not */
const uint8_t *tracedat_get_bytes(struct tracedat_cursor *c, uint64_t len);	/* NULL and bad when too few are left */

/* For the readers of the two versions. */
int tracedat_v6_walk(struct tracedat_file *f, uint64_t offset);
int tracedat_v7_walk(struct tracedat_file *f, uint64_t offset);

/* Option ids that the walkers handle; all others go to tracedat_option(). */
enum { TRACEDAT_OPT_DONE = 0, TRACEDAT_OPT_BUFFER = 3, TRACEDAT_OPT_TRACECLOCK = 4, TRACEDAT_OPT_CPUCOUNT = 8,
       TRACEDAT_OPT_HEADER = 16, TRACEDAT_OPT_CMDLINES = 21, TRACEDAT_OPT_BUFFER_TEXT = 22 };

int tracedat_option(struct tracedat_file *f, unsigned int id, const uint8_t *data, uint32_t len);

/* The bracketed name in the text of a trace_clock file becomes f->clock. */
void tracedat_clock(struct tracedat_file *f, const char *text, size_t len);

/* Appends a buffer with room for @ncpus; its CPUs are added with tracedat_add_cpu(). The pointer is valid until the next. */
int tracedat_add_buffer(struct tracedat_file *f, const char *name, uint32_t ncpus, struct tracedat_buffer **out);

/* Takes what lies within the file; what does not is noted. */
void tracedat_add_cpu(struct tracedat_file *f, struct tracedat_buffer *buffer, uint32_t cpu, uint64_t offset,
		      uint64_t bytes);

#endif
