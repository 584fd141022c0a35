/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_page.h - one page of the kernel's ring buffer, as records.
 *
 * The page is borrowed while it is walked. No length in it is trusted: a record that does not lie within the page ends
 * the walk with -EBADMSG. Times are those of the buffer's clock, unconverted.
 */
#ifndef SQUALL_COLLECT_TRACEDAT_PAGE_H
#define SQUALL_COLLECT_TRACEDAT_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* How the traced kernel lays out a page (events/header_page), and in which byte order. */
struct ring_layout {
	uint32_t	commit_bytes;	/* size of field commit, the kernel's long: 4 or 8 */
	uint32_t	data_offset;	/* of the first record */
	bool		swap;		/* the file's byte order is not ours */
	bool		big_endian;	/* the file's: it decides which bits of a record's head are its type */
};

struct ring_record {
	uint64_t	ts;
	const uint8_t	*data;
	uint32_t	size;
};

struct ring_page {
	const struct ring_layout *layout;
	const uint8_t	*page;
	uint32_t	at;		/* the next record, from the start of the page */
	uint32_t	end;		/* of what was committed */
	bool		cut;		/* the page claims more than is there */
	uint64_t	ts;
	int64_t		missed;		/* events lost before this page: 0 none, -1 not told how many */
};

/* Starts at a page of which @len bytes are there. -EBADMSG when its head makes no sense. */
int ring_page_start(struct ring_page *walk, const struct ring_layout *layout, const void *page, uint32_t len);

/* The next record: 1, 0 at the end of the page, -EBADMSG when it does not lie within the page. */
int ring_page_next(struct ring_page *walk, struct ring_record *rec);

#endif
