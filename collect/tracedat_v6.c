// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_v6.c - the walk through a trace.dat of version 6: parts one after the other, each behind its size, then the
 * options and the table of the CPUs' data. Where a part ends too late the rest cannot be found.
 */
#include "collect/tracedat_file.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A system of events has a name like "vmscan". */
#define SYSTEM_NAME_MAX		256u
#define OPTION_MAX_BYTES	(16u << 20)
#define TAG_BYTES		10u		/* "options  ", "flyrecord", "latency  ", each with its zero */

struct walk {
	struct tracedat_file	*f;
	uint64_t		at;
	const char		*where;		/* the part we are in, for messages */
};

static int take(struct walk *w, void *out, size_t len)
{
	int ret = tracedat_read(w->f, w->at, out, len);

	if (ret == -EBADMSG)
		return tracedat_damage(w->f, "the file ends at %" PRIu64 ", in the %s at offset %" PRIu64, w->f->size,
				       w->where, w->at);
	w->at += len;
	return ret;
}

static int take32(struct walk *w, uint32_t *out)
{
	int ret = take(w, out, sizeof(*out));

	if (!ret && w->f->layout.swap)
		*out = bswap_32(*out);
	return ret;
}

static int take64(struct walk *w, uint64_t *out)
{
	int ret = take(w, out, sizeof(*out));

	if (!ret && w->f->layout.swap)
		*out = bswap_64(*out);
	return ret;
}

static int skip(struct walk *w, uint64_t len)
{
	if (len > w->f->size - w->at)
		return tracedat_damage(w->f, "the %s claim %" PRIu64 " bytes at offset %" PRIu64
				       ", the file ends at %" PRIu64, w->where, len, w->at, w->f->size);
	w->at += len;
	return 0;
}

static int skip_sized(struct walk *w)
{
	uint64_t len;
	int ret = take64(w, &len);

	return ret ? ret : skip(w, len);
}

static int skip_name(struct walk *w)
{
	char name[SYSTEM_NAME_MAX];
	size_t len = w->f->size - w->at < sizeof(name) ? w->f->size - w->at : sizeof(name);
	int ret = tracedat_read(w->f, w->at, name, len);
	const char *zero = ret ? NULL : memchr(name, 0, len);

	if (ret && ret != -EBADMSG)
		return ret;
	if (!zero)
		return tracedat_damage(w->f, "no name of a system of events at offset %" PRIu64, w->at);
	w->at += zero - name + 1;
	return 0;
}

static int skip_list(struct walk *w)
{
	uint32_t count;
	int ret = take32(w, &count);

	for (uint32_t i = 0; !ret && i < count; i++)
		ret = skip_sized(w);
	return ret;
}

static int walk_tagged(struct walk *w, const char *tag, size_t tag_bytes)
{
	char found[16];
	int ret = take(w, found, tag_bytes);

	if (!ret && memcmp(found, tag, tag_bytes))
		return tracedat_damage(w->f, "no \"%s\" at offset %" PRIu64, tag, w->at - tag_bytes);
	return ret ? ret : skip_sized(w);
}

static int walk_header(struct walk *w)
{
	int ret = walk_tagged(w, "header_page", sizeof("header_page"));

	return ret ? ret : walk_tagged(w, "header_event", sizeof("header_event"));
}

static int walk_formats(struct walk *w)
{
	uint32_t systems;
	int ret = take32(w, &systems);

	for (uint32_t i = 0; !ret && i < systems; i++) {
		ret = skip_name(w);
		if (!ret)
			ret = skip_list(w);
	}
	return ret;
}

static int walk_text32(struct walk *w)
{
	uint32_t len;
	int ret = take32(w, &len);

	return ret ? ret : skip(w, len);
}

static const struct {
	const char	*name;
	int		(*walk)(struct walk *w);
} parts[PART_COUNT] = {
	[PART_HEADER]	= { "page header", walk_header },
	[PART_FTRACE]	= { "ftrace events", skip_list },
	[PART_FORMATS]	= { "event formats", walk_formats },
	[PART_KALLSYMS]	= { "kallsyms", walk_text32 },
	[PART_PRINTK]	= { "printk formats", walk_text32 },
	[PART_CMDLINES]	= { "command lines", skip_sized },
};

/* A buffer other than the main one: known by an option before its data can be reached. */
struct instance {
	uint64_t	offset;
	char		name[256];
};

struct instances {
	struct instance	*list;
	uint32_t	count;
	bool		clock_follows;		/* option TRACECLOCK: the text stands behind the table */
};

/* A v6 BUFFER option: offset, name. */
static int add_instance(struct walk *w, struct instances *in, const uint8_t *data, uint32_t len)
{
	struct tracedat_cursor c = { .at = data, .end = data + len, .swap = w->f->layout.swap };
	uint64_t offset = tracedat_get64(&c);
	const char *name = tracedat_get_string(&c);
	struct instance *list;

	if (c.bad || in->count >= 1024)
		return tracedat_damage(w->f, "a bad buffer option at offset %" PRIu64, w->at - len);
	list = realloc(in->list, (in->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	in->list = list;
	list[in->count].offset = offset;
	snprintf(list[in->count].name, sizeof(list->name), "%s", name);
	in->count++;
	return 0;
}

static int walk_option(struct walk *w, struct instances *in, unsigned int id)
{
	uint8_t *data = NULL;
	uint32_t len;
	int ret = take32(w, &len);

	if (ret)
		return ret;
	if (len > OPTION_MAX_BYTES || len > w->f->size - w->at)
		return tracedat_damage(w->f, "option %u claims %u bytes at offset %" PRIu64 ", the file ends at %" PRIu64,
				       id, len, w->at, w->f->size);
	data = malloc(len + 1);
	if (!data)
		return -ENOMEM;
	ret = take(w, data, len);
	if (!ret && id == TRACEDAT_OPT_BUFFER)
		ret = add_instance(w, in, data, len);
	else if (!ret)
		ret = tracedat_option(w->f, id, data, len);
	if (id == TRACEDAT_OPT_TRACECLOCK)
		in->clock_follows = true;
	free(data);
	return ret;
}

static int walk_options(struct walk *w, struct instances *in)
{
	for (;;) {
		uint16_t id;
		int ret = take(w, &id, sizeof(id));

		if (ret)
			return ret;
		if (w->f->layout.swap)
			id = bswap_16(id);
		if (id == TRACEDAT_OPT_DONE)
			return 0;
		ret = walk_option(w, in, id);
		if (ret)
			return ret;
	}
}

/* The table: for each CPU, offset and size of its pages. */
static int walk_table(struct walk *w, const char *name)
{
	uint32_t ncpus = w->f->ncpus;
	struct tracedat_buffer *buffer;
	int ret = tracedat_add_buffer(w->f, name, ncpus, &buffer);

	for (uint32_t cpu = 0; !ret && cpu < ncpus; cpu++) {
		uint64_t offset, bytes;

		ret = take64(w, &offset);
		if (!ret)
			ret = take64(w, &bytes);
		if (!ret)
			tracedat_add_cpu(w->f, buffer, cpu, offset, bytes);
	}
	return ret;
}

/* Options, if there are any, then the table. */
static int walk_buffer(struct walk *w, const char *name, struct instances *in)
{
	char tag[TAG_BYTES];
	int ret = take(w, tag, sizeof(tag));

	if (!ret && !memcmp(tag, "options", 7)) {
		ret = walk_options(w, in);
		if (!ret)
			ret = take(w, tag, sizeof(tag));
	}
	if (ret)
		return ret;
	if (!memcmp(tag, "latency", 7))
		return tracedat_damage(w->f, "it holds the text of a latency tracer, not events");
	if (memcmp(tag, "flyrecord", 9))
		return tracedat_damage(w->f, "no table of trace data at offset %" PRIu64, w->at - TAG_BYTES);
	w->where = "table of trace data";
	return walk_table(w, name);
}

static int walk_clock(struct walk *w)
{
	char text[512];
	uint64_t len;
	int ret = take64(w, &len);

	if (ret || len >= sizeof(text))
		return ret;
	ret = take(w, text, len);
	if (!ret)
		tracedat_clock(w->f, text, len);
	return ret;
}

int tracedat_v6_walk(struct tracedat_file *f, uint64_t offset)
{
	struct walk w = { .f = f, .at = offset };
	struct instances in = { 0 };
	struct instances none = { 0 };
	int ret = 0;

	for (int part = 0; !ret && part < PART_COUNT; part++) {
		f->parts[part].offset = w.at;
		w.where = parts[part].name;
		ret = parts[part].walk(&w);
		f->parts[part].bytes = w.at - f->parts[part].offset;
	}
	w.where = "number of CPUs";
	if (!ret)
		ret = take32(&w, &f->ncpus);
	w.where = "options";
	if (!ret)
		ret = walk_buffer(&w, "", &in);
	if (!ret && in.clock_follows && !f->clock[0])
		ret = walk_clock(&w);
	for (uint32_t i = 0; i < in.count; i++) {
		struct walk at = { .f = f, .at = in.list[i].offset, .where = "options of a trace buffer" };
		int err = walk_buffer(&at, in.list[i].name, &none);

		ret = ret ? ret : err;
	}
	free(none.list);
	free(in.list);
	return ret;
}
