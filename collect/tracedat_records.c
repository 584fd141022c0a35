// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_records.c - see tracedat_records.h. One reader per CPU and buffer holds its next record; a heap of readers has
 * the oldest on top. Records of one CPU come in runs, so most steps leave the top where it is.
 */
#include "collect/tracedat_records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Read at once for one CPU of an uncompressed file: four pages; 512 CPUs take 8 MiB. */
#define READ_BYTES		(16u << 10)

/* trace-cmd writes chunks of ten pages, so at most 640 KiB, or ten sub-buffers where the kernel has bigger ones. */
#define CHUNK_MAX_BYTES		(16u << 20)

struct cpu_reader {
	const struct tracedat_buffer *buffer;
	uint16_t		cpu;
	uint64_t		at;		/* in the file, of what was not read yet */
	uint64_t		end;
	uint32_t		chunks;		/* left, of a compressed buffer */
	uint8_t			*data;		/* whole pages, the last one perhaps cut */
	size_t			room;
	size_t			len;
	size_t			page_at;	/* the next page in data */
	uint64_t		data_offset;	/* where in the file data came from */
	struct ring_page	page;
	struct ring_record	rec;
	bool			skipped;
	bool			has_missed;	/* page.missed was not told yet */
	uint64_t		missed;		/* sum of the counts that were told */
	uint64_t		given;
};

struct tracedat_records {
	struct tracedat_file	*f;
	struct cpu_reader	*readers;
	uint32_t		nreaders;
	struct cpu_reader	**heap;
	uint32_t		nheap;
	bool			started;	/* the top's record has been given */
	uint8_t			*zip;		/* one compressed chunk */
	size_t			zip_room;
	uint64_t		bytes;
};

static int reserve(uint8_t **buf, size_t *room, size_t bytes)
{
	uint8_t *bigger;

	if (bytes <= *room)
		return 0;
	bigger = realloc(*buf, bytes);
	if (!bigger)
		return -ENOMEM;
	*buf = bigger;
	*room = bytes;
	return 0;
}

/* Notes the damage, and that something is missing before the next record. */
static void skip(struct tracedat_records *r, struct cpu_reader *c, const char *what, uint64_t offset)
{
	tracedat_damage(r->f, "%s of CPU %u at offset %" PRIu64, what, c->cpu, offset);
	c->skipped = true;
}

static int fill_plain(struct tracedat_records *r, struct cpu_reader *c)
{
	uint64_t page = c->buffer->page_bytes;
	uint64_t want = READ_BYTES > page ? READ_BYTES / page * page : page;
	int ret;

	if (want > c->end - c->at)
		want = c->end - c->at;
	if (!want)
		return 0;
	ret = reserve(&c->data, &c->room, want);
	if (!ret)
		ret = tracedat_read(r->f, c->at, c->data, want);
	if (ret)
		return ret;
	c->data_offset = c->at;
	c->at += want;
	c->len = want;
	r->bytes += want;
	return 1;
}

/* The rest of this CPU is lost: without the length of one chunk the next cannot be found. */
static int give_up(struct tracedat_records *r, struct cpu_reader *c, const char *what)
{
	skip(r, c, what, c->at);
	c->at = c->end;
	c->chunks = 0;
	return 0;
}

/* One chunk: compressed size, size, data. 1 when it is in c->data, 0 at the end, 2 when it was skipped. */
static int fill_chunk(struct tracedat_records *r, struct cpu_reader *c)
{
	uint8_t head[8];
	struct tracedat_cursor cur = { .at = head, .end = head + sizeof(head), .swap = r->f->layout.swap };
	uint32_t zip_bytes, bytes;
	int ret;

	if (!c->chunks)
		return 0;
	if (c->end - c->at < sizeof(head))
		return give_up(r, c, "the file ends before the next chunk of data");
	ret = tracedat_read(r->f, c->at, head, sizeof(head));
	if (ret)
		return ret;
	zip_bytes = tracedat_get32(&cur);
	bytes = tracedat_get32(&cur);
	if (zip_bytes > c->end - c->at - sizeof(head))
		return give_up(r, c, "the file ends in a chunk of data");
	if (zip_bytes > CHUNK_MAX_BYTES || bytes > CHUNK_MAX_BYTES)
		return give_up(r, c, "a chunk of data of an absurd size");
	ret = reserve(&r->zip, &r->zip_room, zip_bytes);
	if (!ret)
		ret = reserve(&c->data, &c->room, bytes);
	if (!ret)
		ret = tracedat_read(r->f, c->at + sizeof(head), r->zip, zip_bytes);
	if (ret)
		return ret;
	c->data_offset = c->at;
	c->at += sizeof(head) + zip_bytes;
	r->bytes += sizeof(head) + zip_bytes;
	c->chunks--;
	ret = tracedat_unzip(r->f->zip, r->zip, zip_bytes, c->data, bytes);
	if (ret == -EBADMSG) {
		skip(r, c, "a chunk of data does not uncompress", c->data_offset);
		return 2;
	}
	c->len = bytes;
	return ret ? ret : 1;
}

/* 1 when c->page is at the next page, 0 at the end. */
static int next_page(struct tracedat_records *r, struct cpu_reader *c)
{
	for (;;) {
		uint32_t page_bytes = c->buffer->page_bytes;
		size_t left = c->len - c->page_at;
		uint32_t len = left < page_bytes ? left : page_bytes;
		int ret;

		if (len) {
			const uint8_t *page = c->data + c->page_at;

			c->page_at += len;
			if (!ring_page_start(&c->page, &r->f->layout, page, len)) {
				c->has_missed = c->page.missed != 0;
				return 1;
			}
			skip(r, c, "no whole page", c->data_offset);
			continue;
		}
		c->len = 0;
		c->page_at = 0;
		ret = c->buffer->compressed ? fill_chunk(r, c) : fill_plain(r, c);
		if (ret <= 0)
			return ret;
	}
}

/* 1 when c->rec is the next record of this CPU, 0 at the end. */
static int next_record(struct tracedat_records *r, struct cpu_reader *c)
{
	for (;;) {
		int ret = c->page.page ? ring_page_next(&c->page, &c->rec) : 0;

		if (ret > 0)
			return 1;
		if (ret < 0)
			skip(r, c, "a bad record in the data", c->data_offset);
		else if (c->page.page && c->page.cut)
			skip(r, c, "a page that is cut off", c->data_offset);
		c->page.page = NULL;
		ret = next_page(r, c);
		if (ret <= 0)
			return ret;
	}
}

/* ---- merging ---- */

static bool before(const struct cpu_reader *a, const struct cpu_reader *b)
{
	return a->rec.ts < b->rec.ts || (a->rec.ts == b->rec.ts && a < b);
}

static void sift_down(struct tracedat_records *r, uint32_t at)
{
	struct cpu_reader *moved = r->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= r->nheap)
			break;
		if (child + 1 < r->nheap && before(r->heap[child + 1], r->heap[child]))
			child++;
		if (!before(r->heap[child], moved))
			break;
		r->heap[at] = r->heap[child];
		at = child;
	}
	r->heap[at] = moved;
}

/* Moves the top on to its next record, or takes it out. */
static int advance(struct tracedat_records *r)
{
	int ret = next_record(r, r->heap[0]);

	if (ret < 0)
		return ret;
	if (!ret) {
		r->nheap--;
		r->heap[0] = r->heap[r->nheap];
		if (!r->nheap)
			return 0;
	}
	sift_down(r, 0);
	return 0;
}

int tracedat_records_next(struct tracedat_records *r, struct tracedat_record *rec)
{
	struct cpu_reader *c;
	int ret = 0;

	if (r->started && r->nheap)
		ret = advance(r);
	r->started = true;
	if (ret < 0 || !r->nheap)
		return ret;
	c = r->heap[0];
	*rec = (struct tracedat_record){
		.ts = c->rec.ts, .data = c->rec.data, .size = c->rec.size, .cpu = c->cpu, .buffer = c->buffer->id,
		.skipped = c->skipped,
	};
	c->skipped = false;
	c->given++;
	if (c->has_missed) {
		rec->missed = c->page.missed;
		c->missed += c->page.missed > 0 ? c->page.missed : 0;
		c->has_missed = false;
	}
	return 1;
}

/* ---- opening ---- */

static int open_reader(struct tracedat_records *r, const struct tracedat_buffer *b, const struct tracedat_cpu *cpu)
{
	struct cpu_reader *c = &r->readers[r->nreaders++];
	uint8_t count[4];
	struct tracedat_cursor cur = { .at = count, .end = count + sizeof(count), .swap = r->f->layout.swap };
	int ret;

	*c = (struct cpu_reader){
		.buffer = b, .cpu = cpu->cpu, .at = cpu->offset, .end = cpu->offset + cpu->bytes,
	};
	if (b->compressed) {
		if (cpu->bytes < sizeof(count)) {
			skip(r, c, "the file ends before the data", c->at);
			return 0;
		}
		ret = tracedat_read(r->f, c->at, count, sizeof(count));
		if (ret)
			return ret;
		c->at += sizeof(count);
		c->chunks = tracedat_get32(&cur);
	}
	ret = next_record(r, c);
	if (ret > 0)
		r->heap[r->nheap++] = c;
	return ret < 0 ? ret : 0;
}

int tracedat_records_new(struct tracedat_file *f, struct tracedat_records **out)
{
	struct tracedat_records *r = calloc(1, sizeof(*r));
	size_t count = 1;
	int ret = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->f = f;
	for (uint32_t i = 0; i < f->nbuffers; i++)
		count += f->buffers[i].ncpus;
	r->readers = calloc(count, sizeof(*r->readers));
	r->heap = calloc(count, sizeof(*r->heap));
	if (!r->readers || !r->heap)
		goto free_records;
	for (uint32_t i = 0; i < f->nbuffers; i++)
		for (uint32_t j = 0; j < f->buffers[i].ncpus; j++) {
			ret = open_reader(r, &f->buffers[i], &f->buffers[i].cpus[j]);
			if (ret)
				goto free_records;
		}
	for (uint32_t i = r->nheap / 2; i-- > 0;)
		sift_down(r, i);
	*out = r;
	return 0;

free_records:
	tracedat_records_free(r);
	return ret;
}

void tracedat_records_free(struct tracedat_records *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->nreaders; i++)
		free(r->readers[i].data);
	free(r->readers);
	free(r->heap);
	free(r->zip);
	free(r);
}

uint64_t tracedat_records_bytes(const struct tracedat_records *r)
{
	return r->bytes;
}

uint64_t tracedat_records_given(const struct tracedat_records *r, uint16_t buffer, uint16_t cpu)
{
	uint64_t given = 0;

	for (uint32_t i = 0; i < r->nreaders; i++)
		if (r->readers[i].buffer->id == buffer && r->readers[i].cpu == cpu)
			given += r->readers[i].given;
	return given;
}

uint64_t tracedat_records_missed(const struct tracedat_records *r, uint16_t buffer, uint16_t cpu)
{
	uint64_t missed = 0;

	for (uint32_t i = 0; i < r->nreaders; i++)
		if (r->readers[i].buffer->id == buffer && r->readers[i].cpu == cpu)
			missed += r->readers[i].missed;
	return missed;
}

bool tracedat_records_skipped(struct tracedat_records *r, struct tracedat_record *rec)
{
	for (uint32_t i = 0; i < r->nreaders; i++) {
		struct cpu_reader *c = &r->readers[i];

		if (!c->skipped)
			continue;
		*rec = (struct tracedat_record){ .ts = c->rec.ts, .cpu = c->cpu, .buffer = c->buffer->id };
		c->skipped = false;
		return true;
	}
	return false;
}
