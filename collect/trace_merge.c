// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_merge.c - see trace_merge.h. The pages of a CPU are a ring; the CPUs that have a record are a heap by its time.
 */
#include "collect/trace_merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct merge_cpu {
	uint8_t			*pages;		/* a ring of them */
	uint32_t		first;		/* the oldest page in use */
	uint32_t		used;
	bool			started;	/* the oldest page is being walked */
	bool			in_heap;	/* rec is valid */
	bool			damaged;
	int64_t			missed;		/* said with the next record */
	uint64_t		read_to;
	struct ring_page	walk;
	struct ring_record	rec;
};

struct trace_merge {
	const struct ring_layout *layout;
	uint32_t		page_bytes;
	uint32_t		npages;		/* of each CPU */
	uint32_t		ncpus;
	uint8_t			*memory;
	struct merge_cpu	*cpus;
	uint32_t		*heap;		/* indexes of CPUs */
	uint32_t		nheap;
	bool			given;		/* the record at the top of the heap was handed out */
};

int trace_merge_new(const struct ring_layout *layout, unsigned int ncpus, uint32_t page_bytes, unsigned int pages,
		    struct trace_merge **out)
{
	struct trace_merge *m = calloc(1, sizeof(*m));
	size_t cpu_bytes = (size_t)page_bytes * pages;

	if (!m)
		return -ENOMEM;
	m->layout = layout;
	m->page_bytes = page_bytes;
	m->npages = pages;
	m->ncpus = ncpus;
	m->cpus = calloc(ncpus, sizeof(*m->cpus));
	m->heap = calloc(ncpus, sizeof(*m->heap));
	m->memory = calloc(ncpus, cpu_bytes);
	if (!m->cpus || !m->heap || !m->memory) {
		trace_merge_free(m);
		return -ENOMEM;
	}
	/* Pages that are first touched during a storm may not come: touch them now. Not 0, which calloc() has. */
	memset(m->memory, 0xff, ncpus * cpu_bytes);
	for (unsigned int i = 0; i < ncpus; i++)
		m->cpus[i].pages = m->memory + i * cpu_bytes;
	*out = m;
	return 0;
}

void trace_merge_free(struct trace_merge *m)
{
	if (!m)
		return;
	free(m->memory);
	free(m->heap);
	free(m->cpus);
	free(m);
}

/* ---- the heap ---- */

static bool before(const struct trace_merge *m, uint32_t a, uint32_t b)
{
	uint64_t ts_a = m->cpus[a].rec.ts, ts_b = m->cpus[b].rec.ts;

	return ts_a < ts_b || (ts_a == ts_b && a < b);
}

static void sift_down(struct trace_merge *m, uint32_t at)
{
	uint32_t moved = m->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= m->nheap)
			break;
		if (child + 1 < m->nheap && before(m, m->heap[child + 1], m->heap[child]))
			child++;
		if (!before(m, m->heap[child], moved))
			break;
		m->heap[at] = m->heap[child];
		at = child;
	}
	m->heap[at] = moved;
}

static void push(struct trace_merge *m, uint32_t cpu)
{
	uint32_t at = m->nheap++;

	for (; at && before(m, cpu, m->heap[(at - 1) / 2]); at = (at - 1) / 2)
		m->heap[at] = m->heap[(at - 1) / 2];
	m->heap[at] = cpu;
}

/* ---- the pages of one CPU ---- */

static uint8_t *page_at(const struct trace_merge *m, const struct merge_cpu *c, uint32_t i)
{
	return c->pages + (size_t)((c->first + i) % m->npages) * m->page_bytes;
}

static void add_missed(struct merge_cpu *c, int64_t missed)
{
	if (!missed || c->missed < 0)
		return;
	c->missed = missed < 0 ? -1 : c->missed + missed;
}

static void drop_page(struct trace_merge *m, struct merge_cpu *c)
{
	c->first = (c->first + 1) % m->npages;
	c->used--;
	c->started = false;
}

/* True when c->rec is the next record of this CPU. */
static bool next_record(struct trace_merge *m, struct merge_cpu *c)
{
	int ret;

	while (c->used) {
		if (!c->started) {
			/* trace_merge_add() has seen that its head is sound. */
			ring_page_start(&c->walk, m->layout, page_at(m, c, 0), m->page_bytes);
			add_missed(c, c->walk.missed);
			c->started = true;
		}
		ret = ring_page_next(&c->walk, &c->rec);
		if (ret > 0)
			return true;
		c->damaged |= ret < 0 || c->walk.cut;
		drop_page(m, c);
	}
	return false;
}

/* Moves the CPU at the top on to its next record, or takes it out. */
static void advance(struct trace_merge *m)
{
	struct merge_cpu *c = &m->cpus[m->heap[0]];

	m->given = false;
	if (!next_record(m, c)) {
		c->in_heap = false;
		m->heap[0] = m->heap[--m->nheap];
	}
	if (m->nheap)
		sift_down(m, 0);
}

void *trace_merge_page(struct trace_merge *m, unsigned int cpu)
{
	struct merge_cpu *c = &m->cpus[cpu];

	return c->used < m->npages ? page_at(m, c, c->used) : NULL;
}

void trace_merge_add(struct trace_merge *m, unsigned int cpu, uint32_t len)
{
	struct merge_cpu *c = &m->cpus[cpu];
	struct ring_page walk;

	if (m->given)
		advance(m);
	/* The kernel gives whole pages; what is not one cannot be trusted to end where its head says. */
	if (len != m->page_bytes || ring_page_start(&walk, m->layout, page_at(m, c, c->used), len)) {
		c->damaged = true;
		return;
	}
	c->used++;
	trace_merge_read_to(m, cpu, walk.ts);
	if (c->in_heap || !next_record(m, c))
		return;
	c->in_heap = true;
	push(m, cpu);
}

void trace_merge_read_to(struct trace_merge *m, unsigned int cpu, uint64_t ts)
{
	if (ts > m->cpus[cpu].read_to)
		m->cpus[cpu].read_to = ts;
}

uint64_t trace_merge_cpu_time(const struct trace_merge *m, unsigned int cpu)
{
	return m->cpus[cpu].read_to;
}

uint64_t trace_merge_horizon(const struct trace_merge *m)
{
	uint64_t horizon = UINT64_MAX;

	for (uint32_t i = 0; i < m->ncpus; i++)
		if (m->cpus[i].read_to < horizon)
			horizon = m->cpus[i].read_to;
	return horizon;
}

/* ---- taking records ---- */

bool trace_merge_next(struct trace_merge *m, uint64_t horizon, struct merge_record *rec)
{
	struct merge_cpu *c;

	if (m->given)
		advance(m);
	if (!m->nheap)
		return false;
	c = &m->cpus[m->heap[0]];
	if (c->rec.ts > horizon)
		return false;
	*rec = (struct merge_record){
		.ts = c->rec.ts, .data = c->rec.data, .size = c->rec.size, .cpu = m->heap[0],
		.missed = c->missed, .damaged = c->damaged,
	};
	c->missed = 0;
	c->damaged = false;
	m->given = true;
	return true;
}

bool trace_merge_rest(struct trace_merge *m, unsigned int cpu, struct merge_record *rec)
{
	struct merge_cpu *c = &m->cpus[cpu];

	if (!c->missed && !c->damaged)
		return false;
	*rec = (struct merge_record){ .ts = c->read_to, .cpu = cpu, .missed = c->missed, .damaged = c->damaged };
	c->missed = 0;
	c->damaged = false;
	return true;
}
