// SPDX-License-Identifier: GPL-2.0-only
/*
 * sorter.c - see sorter.h. External merge sort.
 *
 * Memory is one block: records grow from its start, the index (time and offset of each record) from its end. When they
 * meet, the block goes to the file as one run, in order. A run that begins where the last one ends extends it, so an
 * ordered input of any length is one run. At most max_runs runs are kept, so that each gets a piece of the same block
 * as its read buffer; one more run first merges all into one. So memory does not depend on the input.
 */
#include "spine/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/sorter_record.h"

#define RUNS_MAX	128u

/* One record in memory. */
struct slot {
	uint64_t	ts;
	uint32_t	offset;
};

/* Sorted records in the file. */
struct run {
	uint64_t	start;
	uint64_t	end;
	uint64_t	last_ts;
};

/* Reads one run through its piece of the block. */
struct cursor {
	uint64_t	at;			/* file offset of what is not in the buffer yet */
	uint64_t	end;
	char		*buf;
	uint32_t	fill;
	uint32_t	used;			/* the current record begins here */
	uint64_t	ts;			/* its time */
	uint32_t	run;			/* breaks ties: the earlier run arrived earlier */
};

struct sorter {
	char		*block;
	uint32_t	block_bytes;
	uint32_t	used;			/* bytes of records */
	uint32_t	nslots;
	uint64_t	max_ts;			/* of all that was fed */
	uint64_t	block_max_ts;
	uint64_t	out_of_order;
	bool		unsorted;		/* the records in memory are not in order */

	int		fd;			/* -1: nothing was written yet */
	uint64_t	file_bytes;
	uint32_t	max_runs;
	uint32_t	nruns;
	struct run	runs[RUNS_MAX];
	char		*out;			/* SORTER_RECORD_BYTES: records on their way to the file */
	uint32_t	out_fill;

	struct event_value values[EVENT_MAX_FIELDS];
};

int sorter_new(size_t memory_bytes, struct sorter **out)
{
	struct sorter *s;

	if (memory_bytes < 4 * SORTER_RECORD_BYTES || memory_bytes > UINT32_MAX)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	s->block_bytes = memory_bytes & ~(sizeof(struct slot) - 1);
	s->max_runs = s->block_bytes / SORTER_RECORD_BYTES;
	if (s->max_runs > RUNS_MAX)
		s->max_runs = RUNS_MAX;
	s->block = malloc(s->block_bytes);
	s->out = malloc(SORTER_RECORD_BYTES);
	if (!s->block || !s->out) {
		sorter_free(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

void sorter_free(struct sorter *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->block);
	free(s->out);
	free(s);
}

uint64_t sorter_out_of_order(const struct sorter *s)
{
	return s->out_of_order;
}

/* Slots fill the block from its end: slot 0 is the last one. */
static struct slot *slot_at(const struct sorter *s, uint32_t i)
{
	return (struct slot *)(s->block + s->block_bytes) - 1 - i;
}

/* --- feeding --- */

static int spill(struct sorter *s);

/* Room for a record of at most @bytes and its slot. */
static int reserve(struct sorter *s, size_t bytes, char **record)
{
	size_t slots_bytes = (s->nslots + 1) * sizeof(struct slot);
	int err;

	if (bytes > SORTER_RECORD_BYTES)
		return -EMSGSIZE;
	if (s->used + bytes + slots_bytes > s->block_bytes) {
		err = spill(s);
		if (err)
			return err;
	}
	*record = s->block + s->used;
	return 0;
}

/* The record of @len bytes that was written where reserve said. */
static void commit(struct sorter *s, uint64_t ts, uint32_t len)
{
	*slot_at(s, s->nslots++) = (struct slot){ .ts = ts, .offset = s->used };
	s->used += len;
	if (ts < s->block_max_ts)
		s->unsorted = true;
	else
		s->block_max_ts = ts;
}

int sorter_event(struct sorter *s, const struct event *ev)
{
	char *record;
	int err = reserve(s, record_event_bytes(ev), &record);

	if (err)
		return err;
	commit(s, ev->ts, record_put_event(record, ev));
	if (ev->ts < s->max_ts)
		s->out_of_order++;
	else
		s->max_ts = ev->ts;
	return 0;
}

int sorter_loss(struct sorter *s, const struct loss *loss)
{
	char *record;
	int err = reserve(s, record_loss_bytes(loss), &record);

	if (!err)
		commit(s, loss->ts, record_put_loss(record, loss));
	return err;
}

int sorter_task(struct sorter *s, uint64_t ts, const struct task_name *task)
{
	char *record;
	int err = reserve(s, record_task_bytes(task), &record);

	if (!err)
		commit(s, ts, record_put_task(record, ts, task));
	return err;
}

/* --- the file --- */

static int open_file(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	if (snprintf(path, sizeof(path), "%s/squall-sort-XXXXXX", dir) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

static int write_all(int fd, const char *p, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= n;
		at += n;
	}
	return 0;
}

static int flush_out(struct sorter *s)
{
	int err = write_all(s->fd, s->out, s->out_fill, s->file_bytes);

	if (err)
		return err;
	s->file_bytes += s->out_fill;
	s->out_fill = 0;
	return 0;
}

static int write_record(struct sorter *s, const char *record)
{
	uint32_t len = record_len(record);
	int err;

	if (s->out_fill + len > SORTER_RECORD_BYTES) {
		err = flush_out(s);
		if (err)
			return err;
	}
	memcpy(s->out + s->out_fill, record, len);
	s->out_fill += len;
	return 0;
}

/* --- merging --- */

/* Makes the current record whole in the buffer. 0, 1 at the end of the run, or a negative errno. */
static int cursor_load(const struct sorter *s, struct cursor *c)
{
	for (;;) {
		uint32_t have = c->fill - c->used;
		uint64_t want;
		ssize_t n;

		if (have >= RECORD_HEAD_BYTES && have >= record_len(c->buf + c->used)) {
			c->ts = record_ts(c->buf + c->used);
			return 0;
		}
		if (c->at == c->end)
			return have ? -EIO : 1;
		memmove(c->buf, c->buf + c->used, have);
		c->used = 0;
		c->fill = have;
		want = SORTER_RECORD_BYTES - have;
		if (want > c->end - c->at)
			want = c->end - c->at;
		n = pread(s->fd, c->buf + have, want, c->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		c->fill += n;
		c->at += n;
	}
}

static bool comes_first(const struct cursor *a, const struct cursor *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a->run < b->run);
}

static void heap_sift(struct cursor **heap, uint32_t n, uint32_t i)
{
	for (;;) {
		uint32_t child = 2 * i + 1;
		struct cursor *top = heap[i];

		if (child >= n)
			return;
		if (child + 1 < n && comes_first(heap[child + 1], heap[child]))
			child++;
		if (!comes_first(heap[child], top))
			return;
		heap[i] = heap[child];
		heap[child] = top;
		i = child;
	}
}

/* Opens a cursor on each run and orders them. The block must hold no records. */
static int heap_open(struct sorter *s, struct cursor *cursors, struct cursor **heap, uint32_t *n)
{
	*n = 0;
	for (uint32_t i = 0; i < s->nruns; i++) {
		int ret;

		cursors[i] = (struct cursor){
			.at = s->runs[i].start,
			.end = s->runs[i].end,
			.buf = s->block + (size_t)i * SORTER_RECORD_BYTES,
			.run = i,
		};
		ret = cursor_load(s, &cursors[i]);
		if (ret < 0)
			return ret;
		if (!ret)
			heap[(*n)++] = &cursors[i];
	}
	for (uint32_t i = *n / 2; i-- > 0;)
		heap_sift(heap, *n, i);
	return 0;
}

/* All runs in order, to @sink, or to the file when it is NULL. */
static int merge(struct sorter *s, const struct sink *sink)
{
	struct cursor cursors[RUNS_MAX], *heap[RUNS_MAX];
	uint32_t n;
	int err = heap_open(s, cursors, heap, &n);

	while (!err && n) {
		struct cursor *c = heap[0];
		const char *record = c->buf + c->used;

		err = sink ? record_emit(record, s->values, sink) : write_record(s, record);
		if (err)
			break;
		c->used += record_len(record);
		err = cursor_load(s, c);
		if (err > 0) {
			heap[0] = heap[--n];
			err = 0;
		}
		heap_sift(heap, n, 0);
	}
	return err;
}

/* All runs become one. The old ones are left behind in the file as a hole. */
static int merge_runs(struct sorter *s)
{
	struct run all = { .start = s->file_bytes };
	int err = merge(s, NULL);

	if (!err)
		err = flush_out(s);
	if (err)
		return err;
	for (uint32_t i = 0; i < s->nruns; i++)
		if (s->runs[i].last_ts > all.last_ts)
			all.last_ts = s->runs[i].last_ts;
	all.end = s->file_bytes;
	/* Frees the space where the file system can; a failure costs room only. */
	fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, all.start);
	s->runs[0] = all;
	s->nruns = 1;
	return 0;
}

/* --- the block --- */

static int slot_order(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? 1 : -1;		/* slots lie backwards */
	return x->offset < y->offset ? 1 : -1;		/* the offset grows with arrival, so the order is stable */
}

static void sort_block(struct sorter *s)
{
	if (s->unsorted)
		qsort(slot_at(s, s->nslots - 1), s->nslots, sizeof(struct slot), slot_order);
	s->unsorted = false;
}

static int write_block(struct sorter *s)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < s->nslots; i++)
		err = write_record(s, s->block + slot_at(s, i)->offset);
	return err ? err : flush_out(s);
}

static void clear_block(struct sorter *s)
{
	s->used = 0;
	s->nslots = 0;
	s->block_max_ts = 0;
	s->unsorted = false;
}

/* The records in memory go to the file as a run; the block is empty then. */
static int spill(struct sorter *s)
{
	struct run run = { .start = s->file_bytes, .last_ts = s->block_max_ts };
	struct run *last = s->nruns ? &s->runs[s->nruns - 1] : NULL;
	int err;

	if (!s->nslots)
		return 0;
	if (s->fd < 0) {
		s->fd = open_file();
		if (s->fd < 0) {
			err = s->fd;
			s->fd = -1;
			return err;
		}
	}
	sort_block(s);
	err = write_block(s);
	if (err) {
		s->out_fill = 0;
		return err;
	}
	run.end = s->file_bytes;
	if (last && slot_at(s, 0)->ts >= last->last_ts && last->end == run.start)
		*last = (struct run){ last->start, run.end, run.last_ts };
	else
		s->runs[s->nruns++] = run;
	clear_block(s);
	return s->nruns == s->max_runs ? merge_runs(s) : 0;
}

int sorter_drain(struct sorter *s, const struct sink *sink)
{
	int err = 0;

	if (s->nruns) {
		err = spill(s);
		if (!err)
			err = merge(s, sink);
	} else {
		sort_block(s);
		for (uint32_t i = 0; !err && i < s->nslots; i++)
			err = record_emit(s->block + slot_at(s, i)->offset, s->values, sink);
	}
	clear_block(s);
	s->nruns = 0;
	return err;
}
