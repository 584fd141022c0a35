// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_v7.c - the walk through a trace.dat of version 7: sections, found through a chain of options sections.
 *
 * trace-cmd writes the option that describes a trace buffer behind the buffer's data, at the end of the file. A file that
 * was cut short has therefore lost it, and with it the way to data that are there. So when the chain is broken we go
 * through all sections from the first one on, take what the options did not name, and find the CPUs of a buffer by the
 * way it is written: each CPU's data begins at a multiple of the page size; if compressed, a count of chunks tells where
 * it ends; if not, the time of the first page of the next CPU is smaller than that of the last page before it.
 */
#include "collect/tracedat_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_HEAD_BYTES	16u
#define SECTION_COMPRESSED	1u
#define SECTION_OPTIONS		0u
#define SECTION_BUFFER		3u
#define OPTIONS_MAX_BYTES	(16u << 20)
#define CHAIN_MAX		1024u		/* options sections; a recording has two, each append adds one */
#define GUESS_MAX_CPUS		8192u

struct section {
	uint64_t	offset;		/* of its head */
	uint64_t	content;	/* of what follows */
	uint64_t	bytes;		/* of the content, as claimed */
	uint16_t	id;
	bool		compressed;
};

struct walk {
	struct tracedat_file	*f;
	uint64_t		first;			/* section behind the file's head */
	uint64_t		chain[CHAIN_MAX];	/* options sections that were read */
	uint32_t		nchain;
	uint64_t		buffers[CHAIN_MAX];	/* buffer sections that options named */
	uint32_t		nbuffers;
	bool			broken;
};

static const char *section_name(unsigned int id)
{
	static const char *const names[] = {
		[SECTION_OPTIONS] = "options", [SECTION_BUFFER] = "trace data", [15] = "strings",
		[16] = "page header", [17] = "ftrace events", [18] = "event formats", [19] = "kallsyms",
		[20] = "printk formats", [21] = "command lines", [22] = "latency text",
	};

	return id < sizeof(names) / sizeof(names[0]) && names[id] ? names[id] : "unknown";
}

static int read_section(const struct tracedat_file *f, uint64_t offset, struct section *s)
{
	uint8_t head[SECTION_HEAD_BYTES];
	struct tracedat_cursor c = { .at = head, .end = head + sizeof(head), .swap = f->layout.swap };
	int ret = tracedat_read(f, offset, head, sizeof(head));

	if (ret)
		return ret;
	s->offset = offset;
	s->content = offset + SECTION_HEAD_BYTES;
	s->id = tracedat_get16(&c);
	s->compressed = tracedat_get16(&c) & SECTION_COMPRESSED;
	tracedat_get32(&c);
	s->bytes = tracedat_get64(&c);
	return 0;
}

static bool section_cut(const struct tracedat_file *f, const struct section *s)
{
	return s->bytes > f->size - s->content;
}

static int damage_cut(struct tracedat_file *f, const struct section *s)
{
	return tracedat_damage(f, "section %u \"%s\" claims %" PRIu64 " bytes at offset %" PRIu64
			       ", the file ends at %" PRIu64, s->id, section_name(s->id), s->bytes, s->offset, f->size);
}

static bool listed(const uint64_t *list, uint32_t count, uint64_t value)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i] == value)
			return true;
	return false;
}

/* ---- options ---- */

/* An option that says where a part is. */
static int option_part(struct walk *w, unsigned int id, const uint8_t *data, uint32_t len)
{
	struct tracedat_cursor c = { .at = data, .end = data + len, .swap = w->f->layout.swap };
	uint64_t offset = tracedat_get64(&c);
	struct section s;
	int ret;

	ret = c.bad ? -EBADMSG : read_section(w->f, offset, &s);
	if (ret && ret != -EBADMSG)
		return ret;
	w->broken = true;
	if (ret)
		return tracedat_damage(w->f, "the options say that section %u \"%s\" is at offset %" PRIu64
				       ", the file ends at %" PRIu64, id, section_name(id), offset, w->f->size);
	if (s.id != id)
		return tracedat_damage(w->f, "section %u \"%s\" should be at offset %" PRIu64 ", there is section %u",
				       id, section_name(id), offset, s.id);
	if (section_cut(w->f, &s))
		return damage_cut(w->f, &s);
	w->broken = false;
	w->f->parts[id - TRACEDAT_OPT_HEADER] = (struct tracedat_extent){
		.offset = s.content, .bytes = s.bytes, .compressed = s.compressed,
	};
	return 0;
}

/* Offset of the section, name, clock, page size, and for each CPU: number, offset and size of its data. */
static int option_buffer(struct walk *w, const uint8_t *data, uint32_t len)
{
	struct tracedat_file *f = w->f;
	struct tracedat_cursor c = { .at = data, .end = data + len, .swap = f->layout.swap };
	uint64_t offset = tracedat_get64(&c);
	const char *name = tracedat_get_string(&c);
	const char *clock = tracedat_get_string(&c);
	uint32_t page_bytes = tracedat_get32(&c);
	uint32_t ncpus = tracedat_get32(&c);
	struct tracedat_buffer *b;
	struct section s;
	int ret;

	w->broken = true;
	if (c.bad || ncpus > len / 20)
		return tracedat_damage(f, "a trace buffer's option of %u bytes is too short", len);
	ret = read_section(f, offset, &s);
	if (ret && ret != -EBADMSG)
		return ret;
	if (ret || s.id != SECTION_BUFFER)
		return tracedat_damage(f, "no trace data at offset %" PRIu64 ", where buffer \"%.64s\" should be", offset,
				       name);
	if (page_bytes < f->layout.data_offset + 8 || page_bytes > (16u << 20))
		return tracedat_damage(f, "trace buffer \"%.64s\" has pages of %u bytes", name, page_bytes);
	ret = tracedat_add_buffer(f, name, ncpus, &b);
	if (ret)
		return ret;
	w->broken = false;
	b->page_bytes = page_bytes;
	b->compressed = s.compressed;
	if (!f->clock[0])
		strncat(f->clock, clock, sizeof(f->clock) - 1);
	if (w->nbuffers < CHAIN_MAX)
		w->buffers[w->nbuffers++] = offset;
	for (uint32_t i = 0; i < ncpus; i++) {
		uint32_t cpu = tracedat_get32(&c);
		uint64_t at = tracedat_get64(&c);
		uint64_t bytes = tracedat_get64(&c);

		if (c.bad)
			return tracedat_damage(f, "the table of CPUs of trace buffer \"%.64s\" is too short", name);
		/* trace-cmd 3.1.6 does not count the four bytes of the number of chunks. */
		if (b->compressed && bytes && bytes <= f->size)
			bytes += sizeof(uint32_t);
		tracedat_add_cpu(f, b, cpu, at, bytes);
	}
	return 0;
}

/* All options of one section. *next becomes the offset of the next section, 0 at the end of the chain. */
static int read_options(struct walk *w, struct tracedat_cursor *c, uint64_t *next)
{
	while (!c->bad) {
		uint16_t id = tracedat_get16(c);
		uint32_t len = tracedat_get32(c);
		const uint8_t *data = tracedat_get_bytes(c, len);
		int ret = 0;

		if (!data)
			break;
		if (id == TRACEDAT_OPT_DONE) {
			struct tracedat_cursor done = { .at = data, .end = data + len, .swap = c->swap };

			*next = tracedat_get64(&done);
			return 0;
		}
		if (id == TRACEDAT_OPT_BUFFER)
			ret = option_buffer(w, data, len);
		else if (id >= TRACEDAT_OPT_HEADER && id <= TRACEDAT_OPT_CMDLINES)
			ret = option_part(w, id, data, len);
		else if (id == TRACEDAT_OPT_BUFFER_TEXT)
			tracedat_damage(w->f, "it holds the text of a latency tracer");
		else
			ret = tracedat_option(w->f, id, data, len);
		if (ret && ret != -EBADMSG)
			return ret;
	}
	return -EBADMSG;
}

static int walk_options(struct walk *w, const struct section *s, uint64_t *next)
{
	struct tracedat_extent at = { .offset = s->content, .bytes = s->bytes, .compressed = s->compressed };
	struct tracedat_cursor c = { .swap = w->f->layout.swap };
	char *data;
	size_t len;
	int ret;

	*next = 0;
	if (s->bytes > OPTIONS_MAX_BYTES)
		return tracedat_damage(w->f, "options of %" PRIu64 " bytes at offset %" PRIu64, s->bytes, s->offset);
	ret = tracedat_file_load(w->f, &at, "options", &data, &len);
	if (ret)
		return ret;
	if (!data)
		return -EBADMSG;
	c.at = (uint8_t *)data;
	c.end = c.at + len;
	ret = read_options(w, &c, next);
	free(data);
	if (ret == -EBADMSG)
		tracedat_damage(w->f, "the options at offset %" PRIu64 " have no end", s->offset);
	return ret;
}

static int walk_chain(struct walk *w, uint64_t offset)
{
	struct tracedat_file *f = w->f;

	while (offset) {
		struct section s;
		int ret;

		if (w->nchain >= CHAIN_MAX || listed(w->chain, w->nchain, offset))
			return tracedat_damage(f, "the chain of options does not end: offset %" PRIu64, offset);
		ret = read_section(f, offset, &s);
		if (ret == -EBADMSG)
			return tracedat_damage(f, "an options section should be at offset %" PRIu64 ", the file ends at %"
					       PRIu64, offset, f->size);
		if (ret)
			return ret;
		if (s.id != SECTION_OPTIONS)
			return tracedat_damage(f, "no options section at offset %" PRIu64 ", but section %u", offset, s.id);
		if (section_cut(f, &s))
			return damage_cut(f, &s);
		w->chain[w->nchain++] = offset;
		ret = walk_options(w, &s, &offset);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- without options ---- */

static uint64_t align_up(uint64_t offset, uint64_t page_bytes)
{
	return (offset + page_bytes - 1) / page_bytes * page_bytes;
}

static int read32(const struct tracedat_file *f, uint64_t offset, uint32_t *out)
{
	uint8_t bytes[sizeof(*out)];
	struct tracedat_cursor c = { .at = bytes, .end = bytes + sizeof(bytes), .swap = f->layout.swap };
	int ret = tracedat_read(f, offset, bytes, sizeof(bytes));

	*out = tracedat_get32(&c);
	return ret;
}

/* Behind the table of chunks at @offset, or @end when that comes first. */
static uint64_t chunks_end(const struct tracedat_file *f, uint64_t offset, uint64_t end)
{
	uint32_t count, bytes;

	if (read32(f, offset, &count))
		return end;
	offset += sizeof(count);
	for (uint32_t i = 0; i < count; i++) {
		if (offset > end || end - offset < 8 || read32(f, offset, &bytes) || bytes > end - offset - 8)
			return end;
		offset += 8 + bytes;
	}
	return offset;
}

/* Behind the last of the pages at @offset whose times do not go back. */
static uint64_t pages_end(const struct tracedat_file *f, uint64_t offset, uint64_t end)
{
	uint64_t last = 0;

	for (; offset < end; offset += f->page_bytes) {
		uint8_t bytes[sizeof(uint64_t)];
		struct tracedat_cursor c = { .at = bytes, .end = bytes + sizeof(bytes), .swap = f->layout.swap };
		uint64_t ts;

		if (tracedat_read(f, offset, bytes, sizeof(bytes)))
			return end;
		ts = tracedat_get64(&c);
		if (ts < last)
			return offset;
		last = ts;
	}
	return end;
}

static int guess_buffer(struct tracedat_file *f, const struct section *s)
{
	uint64_t end = section_cut(f, s) ? f->size : s->content + s->bytes;
	uint64_t at = align_up(s->content, f->page_bytes);
	uint32_t room = f->ncpus && f->ncpus <= GUESS_MAX_CPUS ? f->ncpus : GUESS_MAX_CPUS;
	struct tracedat_buffer *b;
	int ret;

	if (at >= end)
		return 0;
	/* Its name is lost too. The first one is the main buffer if trace-cmd record wrote the file. */
	ret = tracedat_add_buffer(f, f->nbuffers ? "unknown" : "", room, &b);
	if (ret)
		return ret;
	b->compressed = s->compressed;
	for (uint32_t cpu = 0; cpu < room && at < end; cpu++) {
		uint64_t cpu_end = b->compressed ? chunks_end(f, at, end) : pages_end(f, at, end);

		tracedat_add_cpu(f, b, cpu, at, cpu_end - at);
		at = align_up(cpu_end, f->page_bytes);
	}
	return 0;
}

static int take_section(struct walk *w, const struct section *s)
{
	struct tracedat_file *f = w->f;
	uint64_t next;
	int ret = 0;

	if (s->id == SECTION_BUFFER && !listed(w->buffers, w->nbuffers, s->offset))
		return guess_buffer(f, s);
	if (section_cut(f, s))
		return 0;
	if (s->id == SECTION_OPTIONS && !listed(w->chain, w->nchain, s->offset)) {
		ret = walk_options(w, s, &next);
	} else if (s->id >= TRACEDAT_OPT_HEADER && s->id <= TRACEDAT_OPT_CMDLINES) {
		struct tracedat_extent *part = &f->parts[s->id - TRACEDAT_OPT_HEADER];

		if (!part->offset)
			*part = (struct tracedat_extent){
				.offset = s->content, .bytes = s->bytes, .compressed = s->compressed,
			};
	}
	return ret == -EBADMSG ? 0 : ret;
}

/*
 * Two rounds: options that the chain did not reach may name the buffers that would be guessed, and they come behind them.
 */
static int walk_sections(struct walk *w)
{
	for (int round = 0; round < 2; round++) {
		uint64_t offset = w->first;
		struct section s;
		int ret;

		while (!read_section(w->f, offset, &s)) {
			if (s.id > TRACEDAT_OPT_BUFFER_TEXT)
				break;
			ret = (s.id == SECTION_BUFFER) == round ? take_section(w, &s) : 0;
			if (ret)
				return ret;
			if (section_cut(w->f, &s)) {
				damage_cut(w->f, &s);
				break;
			}
			offset = s.content + s.bytes;
		}
	}
	return 0;
}

int tracedat_v7_walk(struct tracedat_file *f, uint64_t offset)
{
	uint8_t head[128];
	size_t len = f->size - offset < sizeof(head) ? f->size - offset : sizeof(head);
	struct tracedat_cursor c = { .at = head, .end = head + len, .swap = f->layout.swap };
	struct walk *w;
	const char *zip;
	uint64_t options;
	int ret = tracedat_read(f, offset, head, len);

	if (ret)
		return ret;
	zip = tracedat_get_string(&c);
	tracedat_get_string(&c);
	options = tracedat_get64(&c);
	if (c.bad)
		return tracedat_damage(f, "the file ends at %" PRIu64 ", in its head", f->size);
	if (tracedat_zip_parse(zip, &f->zip)) {
		tracedat_damage(f, "it is compressed with \"%.32s\", only zstd and zlib are known", zip);
		return -ENOTSUP;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->f = f;
	w->first = offset + (c.at - head);
	ret = walk_chain(w, options);
	if (ret == -EBADMSG || (!ret && w->broken))
		ret = walk_sections(w);
	free(w);
	return ret;
}
