// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbol_namer.c - see symbol_namer.h. A list of addresses that only grows, between two threads, without a lock: the
 * reader appends, the thread fills in names.
 *
 * A function pointer is the address of a symbol, so only exact matches are names. kallsyms is read in pieces: as a
 * whole it has 5 MB, too much to take from a machine that is short of memory.
 */
#include "collect/symbol_namer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/sample_file.h"
#include "spine/side_thread.h"
#include "spine/time.h"

#define TYPES_MAX	256u	/* event types whose fields are looked at; a recording has at most 160 */
#define SLOTS		1024u	/* of the reader's hash of addresses: at most a quarter is used */
#define NAME_BYTES	128u
#define PASS_NS		NSEC_PER_SEC

struct symbol_namer {
	const char		*kallsyms;
	/* the reader's alone */
	uint8_t			shrink[TYPES_MAX];	/* by type: 1 + index of the field; 0 none */
	uint16_t		slots[SLOTS];		/* 1 + index of the address; 0 free */
	/* between both */
	_Atomic uint32_t	noted, looked_up;	/* counts; the difference waits */
	uint64_t		addr[SYMBOL_NAMER_MAX];
	/* the thread's alone */
	uint32_t		told, pass_end;
	uint64_t		pass_ns;		/* of the next pass, at the earliest */
	char			name[SYMBOL_NAMER_MAX][NAME_BYTES];	/* "": none */
	struct sample_buffer	buffer;
};

/* ---- the reader ---- */

/* The place of @addr in the hash, or the free one where it belongs. */
static uint16_t *slot_of(struct symbol_namer *n, uint64_t addr)
{
	uint32_t slot = (addr * 0x9e3779b97f4a7c15ull) >> 54;

	while (n->slots[slot] && n->addr[n->slots[slot] - 1] != addr)
		slot = (slot + 1) % SLOTS;
	return &n->slots[slot];
}

static void note(struct symbol_namer *n, uint64_t addr)
{
	uint32_t noted = atomic_load_explicit(&n->noted, memory_order_relaxed);
	uint16_t *slot = slot_of(n, addr);

	if (*slot || noted == SYMBOL_NAMER_MAX)
		return;
	n->addr[noted] = addr;
	*slot = noted + 1;
	atomic_store_explicit(&n->noted, noted + 1, memory_order_release);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct symbol_namer *n = ctx;
	int at = ev->type->id < TYPES_MAX ? n->shrink[ev->type->id] : 0;
	const struct event_value *value = at ? event_value_at(ev, at - 1) : NULL;

	if (value_is_number(value) && value->u)
		note(n, value->u);
	return 0;
}

static int on_type(void *ctx, const struct event_type *type)
{
	struct symbol_namer *n = ctx;

	for (int i = 0; type->id < TYPES_MAX && !strcmp(type->system, "vmscan") && i < type->nfields; i++)
		if (!strcmp(type->fields[i].name, "shrink"))
			n->shrink[type->id] = i + 1;
	return 0;
}

struct sink symbol_namer_sink(struct symbol_namer *n)
{
	static const struct sink_ops ops = { .type = on_type, .event = on_event };

	return (struct sink){ &ops, n };
}

bool symbol_namer_waiting(const struct symbol_namer *n)
{
	return atomic_load_explicit(&n->noted, memory_order_relaxed) !=
	       atomic_load_explicit(&n->looked_up, memory_order_acquire);
}

/* ---- the thread ---- */

/* "ffffffff8136a7c0 t super_cache_scan" or with "\t[module]" behind it. */
static bool take_line(void *ctx, char *line, size_t len)
{
	struct symbol_namer *n = ctx;
	char *end;
	uint64_t addr = strtoull(line, &end, 16);

	if (!addr || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
		return true;
	for (uint32_t i = n->looked_up; i < n->pass_end; i++)
		if (n->addr[i] == addr && !*n->name[i])
			snprintf(n->name[i], NAME_BYTES, "%.*s", (int)strcspn(end + 3, "\t"), end + 3);
	return true;
}

/* One pass over the file. What was noted waits for another one when this one could not read all of it. */
static void look_up(struct symbol_namer *n)
{
	int fd = open(n->kallsyms, O_RDONLY | O_CLOEXEC), ret;

	n->pass_end = atomic_load_explicit(&n->noted, memory_order_acquire);
	if (fd < 0)
		return;
	ret = sample_file_lines(fd, FILE_TO_EOF, &n->buffer, take_line, n);
	close(fd);
	if (!ret)
		atomic_store_explicit(&n->looked_up, n->pass_end, memory_order_release);
}

static int tell(struct symbol_namer *n, const struct sink *sink)
{
	int ret = 0;

	for (; n->told < n->looked_up && !ret; n->told++)
		if (*n->name[n->told])
			ret = SINK_CALL(sink, symbol, n->addr[n->told], n->name[n->told]);
	return ret;
}

int64_t symbol_namer_work(void *namer, uint64_t now_ns, const struct sink *sink)
{
	struct symbol_namer *n = namer;
	int ret;

	if (symbol_namer_waiting(n) && now_ns >= n->pass_ns) {
		look_up(n);
		n->pass_ns = now_ns + PASS_NS;
	}
	ret = tell(n, sink);
	if (ret)
		return ret;
	return symbol_namer_waiting(n) ? (int64_t)elapsed_ns(now_ns, n->pass_ns) : SIDE_THREAD_ASLEEP;
}

void symbol_namer_repeat(void *namer)
{
	((struct symbol_namer *)namer)->told = 0;
}

int symbol_namer_finish(void *namer, uint64_t now_ns, const struct sink *sink)
{
	struct symbol_namer *n = namer;
	unsigned int unnamed = 0;
	char text[16];
	int ret;

	if (symbol_namer_waiting(n))
		look_up(n);
	/* There is no other try: names that a failed pass came to are told. */
	n->looked_up = n->pass_end;
	ret = tell(n, sink);
	for (uint32_t i = 0; i < n->noted; i++)
		unnamed += !*n->name[i];
	snprintf(text, sizeof(text), "%u", unnamed);
	return ret ? ret : SINK_CALL(sink, meta, "symbols_unnamed", text);
}

/* ---- making ---- */

int symbol_namer_new(const char *kallsyms, struct symbol_namer **out)
{
	struct symbol_namer *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->kallsyms = kallsyms;
	*out = n;
	return 0;
}

void symbol_namer_free(struct symbol_namer *n)
{
	free(n);
}
