// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_page.c - see tracedat_page.h. The layout is that of include/linux/ring_buffer.h and kernel/trace/ring_buffer.c:
 * a page begins with a 64 bit time and the length of what was committed, with two flags for lost events in it; then come
 * records with a head of 32 bits, 5 of them type or length and 27 the time since the record before.
 */
#include "collect/tracedat_page.h"

#include <byteswap.h>
#include <errno.h>
#include <string.h>

#define RECORD_HEAD_BYTES	4u
#define RECORD_MAX_WORDS	28u		/* RINGBUF_TYPE_DATA_TYPE_LEN_MAX: types up to it are lengths in words */
#define TYPE_PADDING		29u
#define TYPE_TIME_EXTEND	30u
#define TYPE_TIME_STAMP		31u
#define TIME_DELTA_BITS		27u		/* TS_SHIFT */

/* RB_MISSED_EVENTS, RB_MISSED_STORED in field commit; the rest above 27 bits is not used. */
#define MISSED_EVENTS		(1ull << 31)
#define MISSED_STORED		(1ull << 30)
#define COMMIT_MASK		((1ull << 27) - 1)

/* An absolute time stamp has 59 bits; the kernel's rb_fix_abs_ts() takes the upper five from the time before. */
#define ABS_TS_BITS		59u
#define ABS_TS_UPPER		(~0ull << ABS_TS_BITS)

static uint32_t get32(const struct ring_page *walk, uint32_t at)
{
	uint32_t v;

	memcpy(&v, walk->page + at, sizeof(v));
	return walk->layout->swap ? bswap_32(v) : v;
}

static uint64_t get64(const struct ring_page *walk, uint32_t at)
{
	uint64_t v;

	memcpy(&v, walk->page + at, sizeof(v));
	return walk->layout->swap ? bswap_64(v) : v;
}

static uint64_t get_long(const struct ring_page *walk, uint32_t at)
{
	return walk->layout->commit_bytes == 8 ? get64(walk, at) : get32(walk, at);
}

int ring_page_start(struct ring_page *walk, const struct ring_layout *layout, const void *page, uint32_t len)
{
	uint64_t commit;
	uint64_t end;

	*walk = (struct ring_page){ .layout = layout, .page = page };
	if (len < layout->data_offset)
		return -EBADMSG;
	walk->ts = get64(walk, 0);
	commit = get_long(walk, sizeof(uint64_t));
	end = layout->data_offset + (commit & COMMIT_MASK);
	if (commit & MISSED_EVENTS) {
		walk->missed = -1;
		/* Where there is room the count lies right behind the last record. */
		if (commit & MISSED_STORED && end + layout->commit_bytes <= len)
			walk->missed = get_long(walk, end);
		if (walk->missed <= 0)
			walk->missed = -1;
	}
	walk->at = layout->data_offset;
	walk->cut = end > len;
	walk->end = walk->cut ? len : end;
	return 0;
}

static uint64_t fix_abs_ts(uint64_t ts, uint64_t before)
{
	if (!(before & ABS_TS_UPPER))
		return ts;
	ts |= before & ABS_TS_UPPER;
	return ts < before ? ts + (1ull << ABS_TS_BITS) : ts;
}

int ring_page_next(struct ring_page *walk, struct ring_record *rec)
{
	while (walk->end - walk->at >= RECORD_HEAD_BYTES) {
		uint32_t head = get32(walk, walk->at);
		bool big = walk->layout->big_endian;
		uint32_t type = big ? head >> TIME_DELTA_BITS : head & 31;
		uint32_t delta = big ? head & ((1u << TIME_DELTA_BITS) - 1) : head >> 5;
		uint32_t left = walk->end - walk->at - RECORD_HEAD_BYTES;
		uint32_t data = walk->at + RECORD_HEAD_BYTES;
		uint64_t word;

		if (type && type <= RECORD_MAX_WORDS) {
			uint32_t size = type * 4;

			if (size > left)
				return -EBADMSG;
			walk->ts += delta;
			walk->at = data + size;
			*rec = (struct ring_record){ .ts = walk->ts, .data = walk->page + data, .size = size };
			return 1;
		}
		if (type == TYPE_PADDING && !delta)
			break;		/* rb_null_event(): nothing more on this page */
		if (left < sizeof(uint32_t))
			return -EBADMSG;
		word = get32(walk, data);
		switch (type) {
		case TYPE_TIME_EXTEND:
			walk->ts += (word << TIME_DELTA_BITS) + delta;
			walk->at = data + sizeof(uint32_t);
			break;
		case TYPE_TIME_STAMP:
			walk->ts = fix_abs_ts((word << TIME_DELTA_BITS) + delta, walk->ts);
			walk->at = data + sizeof(uint32_t);
			break;
		case TYPE_PADDING:	/* a discarded record; its length counts from behind the head */
			if (word > left)
				return -EBADMSG;
			walk->ts += delta;
			walk->at = data + word;
			break;
		default:		/* 0: the length, itself included, follows in bytes */
			if (word < sizeof(uint32_t) || word > left)
				return -EBADMSG;
			walk->ts += delta;
			*rec = (struct ring_record){
				.ts = walk->ts, .data = walk->page + data + sizeof(uint32_t),
				.size = word - sizeof(uint32_t),
			};
			word = (word + 3) & ~3ull;
			walk->at = data + (word > left ? left : word);
			return 1;
		}
	}
	return 0;
}
