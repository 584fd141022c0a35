// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_file.c - what versions 6 and 7 of trace.dat have in common: the first bytes, the options, access to the file.
 *
 * The file is read with pread(), never mapped: a mapping of a big file would count as our memory, and a file that
 * somebody truncates meanwhile would end us with SIGBUS.
 */
#include "collect/tracedat_file.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The biggest part is kallsyms: 9 MB for a Debian kernel with its modules. */
#define PART_MAX_BYTES		(48u << 20)

/* CPUSTAT is 155 bytes per CPU and buffer. */
#define CPUSTAT_MAX_BYTES	(8u << 20)

/* More CPUs and buffers than a Linux machine of today can have. */
#define MAX_CPUS		8192u
#define MAX_BUFFERS		1024u

/* PAGE_SIZE is 4 to 64 KiB; sub-buffers (buffer_subbuf_size_kb, 6.8) may be bigger, at most 2^18 KiB. */
#define PAGE_MIN_BYTES		64u
#define PAGE_MAX_BYTES		(16u << 20)

#define VERSION_MAX_BYTES	16u

static const char *const part_names[PART_COUNT] = {
	[PART_HEADER]	= "page header",
	[PART_FTRACE]	= "ftrace events",
	[PART_FORMATS]	= "event formats",
	[PART_KALLSYMS]	= "kallsyms",
	[PART_PRINTK]	= "printk formats",
	[PART_CMDLINES]	= "command lines",
};

int tracedat_damage(struct tracedat_file *f, const char *fmt, ...)
{
	va_list args;

	if (!f->ndamages++) {
		va_start(args, fmt);
		vsnprintf(f->err->what, sizeof(f->err->what), fmt, args);
		va_end(args);
	}
	return -EBADMSG;
}

int tracedat_read(const struct tracedat_file *f, uint64_t offset, void *out, size_t len)
{
	char *at = out;

	if (offset > f->size || len > f->size - offset)
		return -EBADMSG;
	while (len) {
		ssize_t n = pread(f->fd, at, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EBADMSG;
		at += n;
		offset += n;
		len -= n;
	}
	return 0;
}

const uint8_t *tracedat_get_bytes(struct tracedat_cursor *c, uint64_t len)
{
	const uint8_t *at = c->at;

	if (c->bad || len > (uint64_t)(c->end - c->at)) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	return at;
}

uint16_t tracedat_get16(struct tracedat_cursor *c)
{
	const uint8_t *p = tracedat_get_bytes(c, sizeof(uint16_t));
	uint16_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return c->swap ? bswap_16(v) : v;
}

uint32_t tracedat_get32(struct tracedat_cursor *c)
{
	const uint8_t *p = tracedat_get_bytes(c, sizeof(uint32_t));
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return c->swap ? bswap_32(v) : v;
}

uint64_t tracedat_get64(struct tracedat_cursor *c)
{
	const uint8_t *p = tracedat_get_bytes(c, sizeof(uint64_t));
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return c->swap ? bswap_64(v) : v;
}

const char *tracedat_get_string(struct tracedat_cursor *c)
{
	const uint8_t *zero = c->bad ? NULL : memchr(c->at, 0, c->end - c->at);
	const char *s = (const char *)c->at;

	if (!zero) {
		c->bad = true;
		return "";
	}
	c->at = zero + 1;
	return s;
}

/* ---- options ---- */

static void copy_text(char *to, size_t room, const uint8_t *data, uint32_t len)
{
	snprintf(to, room, "%.*s", (int)(len < room ? len : room), (const char *)data);
}

/* A decimal or 0x number in an option that need not be terminated. */
static int64_t option_number(const uint8_t *data, uint32_t len)
{
	char text[32];

	copy_text(text, sizeof(text), data, len);
	return strtoll(text, NULL, 0);
}

void tracedat_clock(struct tracedat_file *f, const char *text, size_t len)
{
	const char *open = memchr(text, '[', len);
	const char *close = open ? memchr(open, ']', text + len - open) : NULL;

	if (close)
		copy_text(f->clock, sizeof(f->clock), (const uint8_t *)open + 1,
			  close - open - 1 < sizeof(f->clock) ? close - open - 1 : sizeof(f->clock));
}

static int option_cpustat(struct tracedat_file *f, const uint8_t *data, uint32_t len)
{
	char *text;

	if (len > CPUSTAT_MAX_BYTES - f->cpustat_bytes)
		return 0;
	text = realloc(f->cpustat, f->cpustat_bytes + len + 2);
	if (!text)
		return -ENOMEM;
	f->cpustat = text;
	memcpy(text + f->cpustat_bytes, data, len);
	f->cpustat_bytes += len;
	/* The option's own terminator would hide the next one. */
	while (f->cpustat_bytes && !text[f->cpustat_bytes - 1])
		f->cpustat_bytes--;
	text[f->cpustat_bytes++] = '\n';
	text[f->cpustat_bytes] = '\0';
	return 0;
}

int tracedat_option(struct tracedat_file *f, unsigned int id, const uint8_t *data, uint32_t len)
{
	enum { OPT_DATE = 1, OPT_CPUSTAT = 2, OPT_UNAME = 5, OPT_OFFSET = 7, OPT_VERSION = 9, OPT_TRACEID = 11,
	       OPT_TIME_SHIFT = 12, OPT_TSC2NSEC = 14 };
	struct tracedat_cursor c = { .at = data, .end = data + len, .swap = f->layout.swap };

	switch (id) {
	case OPT_DATE:		/* microseconds, as trace-cmd record --date measured them */
		f->ts_offset_ns = (uint64_t)f->ts_offset_ns + (uint64_t)option_number(data, len) * 1000;
		break;
	case OPT_OFFSET:
		f->ts_offset_ns = (uint64_t)f->ts_offset_ns + (uint64_t)option_number(data, len);
		break;
	case OPT_CPUSTAT:
		return option_cpustat(f, data, len);
	case OPT_UNAME:
		copy_text(f->uname, sizeof(f->uname), data, len);
		break;
	case OPT_VERSION:
		copy_text(f->recorder, sizeof(f->recorder), data, len);
		break;
	case TRACEDAT_OPT_TRACECLOCK:
		tracedat_clock(f, (const char *)data, len);
		break;
	case TRACEDAT_OPT_CPUCOUNT:
		f->ncpus = tracedat_get32(&c);
		break;
	case OPT_TRACEID:
		f->trace_id = tracedat_get64(&c);
		break;
	case OPT_TIME_SHIFT:
		f->time_shift = true;
		break;
	case OPT_TSC2NSEC:
		f->tsc_mult = tracedat_get32(&c);
		f->tsc_shift = tracedat_get32(&c) & 63;
		break;
	default:		/* newer than us, or of no use here: maps of processes, guests, hooks */
		break;
	}
	return 0;
}

/* ---- buffers ---- */

int tracedat_add_buffer(struct tracedat_file *f, const char *name, uint32_t ncpus, struct tracedat_buffer **out)
{
	struct tracedat_buffer *buffers;
	struct tracedat_buffer *b;

	if (f->nbuffers >= MAX_BUFFERS)
		return tracedat_damage(f, "more than %u trace buffers", MAX_BUFFERS);
	if (ncpus > MAX_CPUS)
		return tracedat_damage(f, "trace buffer \"%.64s\" claims %u CPUs", name, ncpus);
	buffers = realloc(f->buffers, (f->nbuffers + 1) * sizeof(*buffers));
	if (!buffers)
		return -ENOMEM;
	f->buffers = buffers;
	b = &buffers[f->nbuffers];
	*b = (struct tracedat_buffer){ .page_bytes = f->page_bytes };
	for (uint32_t i = 0; *name && i <= f->nbuffers; i++)
		b->id += i == f->nbuffers || *buffers[i].name;
	b->name = strndup(name, 256);
	b->cpus = calloc(ncpus ? ncpus : 1, sizeof(*b->cpus));
	if (!b->name || !b->cpus)
		goto free_buffer;
	f->nbuffers++;
	*out = b;
	return 0;

free_buffer:
	free(b->name);
	free(b->cpus);
	return -ENOMEM;
}

void tracedat_add_cpu(struct tracedat_file *f, struct tracedat_buffer *buffer, uint32_t cpu, uint64_t offset,
		      uint64_t bytes)
{
	struct tracedat_cpu *c = &buffer->cpus[buffer->ncpus];

	if (!bytes)
		return;
	if (cpu >= EVENT_CPU_UNKNOWN) {
		tracedat_damage(f, "trace buffer \"%.64s\" has data of CPU %u", buffer->name, cpu);
		return;
	}
	if (offset > f->size || bytes > f->size - offset) {
		tracedat_damage(f, "CPU %u of trace buffer \"%.64s\" claims %" PRIu64 " bytes at offset %" PRIu64
				", the file ends at %" PRIu64, cpu, buffer->name, bytes, offset, f->size);
		if (offset >= f->size)
			return;
		bytes = f->size - offset;
	}
	*c = (struct tracedat_cpu){ .cpu = cpu, .offset = offset, .bytes = bytes };
	buffer->ncpus++;
}

/* ---- parts ---- */

/* A block as trace-cmd compresses whole sections: compressed size, size, data. Its content replaces *text. */
static int load_unzip(struct tracedat_file *f, char **text, size_t *len)
{
	struct tracedat_cursor c = {
		.at = (uint8_t *)*text, .end = (uint8_t *)*text + *len, .swap = f->layout.swap,
	};
	uint32_t zip_bytes = tracedat_get32(&c);
	uint32_t bytes = tracedat_get32(&c);
	const uint8_t *zip = tracedat_get_bytes(&c, zip_bytes);
	char *out = NULL;
	int ret = -EBADMSG;

	if (zip && bytes <= PART_MAX_BYTES) {
		out = malloc((size_t)bytes + 1);
		ret = out ? tracedat_unzip(f->zip, zip, zip_bytes, out, bytes) : -ENOMEM;
	}
	if (!ret)
		out[bytes] = '\0';
	free(*text);
	*text = out;
	*len = bytes;
	return ret;
}

int tracedat_file_load(struct tracedat_file *f, const struct tracedat_extent *at, const char *name, char **text,
		       size_t *len)
{
	int ret;

	*text = NULL;
	*len = 0;
	if (!at->offset)
		return 0;
	if (at->bytes > PART_MAX_BYTES) {
		tracedat_damage(f, "the %s at offset %" PRIu64 " claim %" PRIu64 " bytes", name, at->offset, at->bytes);
		return 0;
	}
	*text = malloc(at->bytes + 1);
	if (!*text)
		return -ENOMEM;
	*len = at->bytes;
	(*text)[*len] = '\0';
	ret = tracedat_read(f, at->offset, *text, *len);
	if (!ret && at->compressed)
		ret = load_unzip(f, text, len);
	if (!ret)
		return 0;
	free(*text);
	*text = NULL;
	*len = 0;
	if (ret == -EBADMSG) {
		tracedat_damage(f, "the %s at offset %" PRIu64 " do not uncompress", name, at->offset);
		ret = 0;
	}
	return ret;
}

int tracedat_file_part(struct tracedat_file *f, enum tracedat_part part, char **text, size_t *len)
{
	return tracedat_file_load(f, &f->parts[part], part_names[part], text, len);
}

/* ---- opening ---- */

/* "	field: local_t commit;	offset:8;	size:8;	signed:1;" gives 8 and 8. */
static bool header_field(const char *text, const char *name, uint32_t *offset, uint32_t *bytes)
{
	const char *at = strstr(text, name);

	return at && sscanf(at + strlen(name), "; offset:%" SCNu32 "; size:%" SCNu32, offset, bytes) == 2;
}

/* The traced kernel's long may be wider than that of its user space, so the page header has the last word. */
static int read_layout(struct tracedat_file *f)
{
	uint32_t commit_at, commit_bytes, data_at, data_bytes;
	char *text;
	size_t len;
	int ret = tracedat_file_part(f, PART_HEADER, &text, &len);

	f->layout.commit_bytes = f->long_bytes == 4 ? 4 : 8;
	f->layout.data_offset = sizeof(uint64_t) + f->layout.commit_bytes;
	if (ret || !text)
		return ret;
	for (size_t i = 0; i < len; i++)	/* the names end with zeros; make it one text */
		if (!text[i])
			text[i] = ' ';
	if (header_field(text, " commit", &commit_at, &commit_bytes) &&
	    header_field(text, " data", &data_at, &data_bytes) && commit_at == sizeof(uint64_t) &&
	    (commit_bytes == 4 || commit_bytes == 8) && data_at >= commit_at + commit_bytes && data_at < 256) {
		f->layout.commit_bytes = commit_bytes;
		f->layout.data_offset = data_at;
	}
	free(text);
	return 0;
}

/* Magic, version, byte order, sizes: the offset behind them, or an error. */
static int read_head(struct tracedat_file *f, uint64_t *offset)
{
	uint8_t head[TRACEDAT_MAGIC_BYTES + VERSION_MAX_BYTES + 6] = { 0 };
	size_t len = f->size < sizeof(head) ? f->size : sizeof(head);
	struct tracedat_cursor c = { .at = head, .end = head + len };
	const uint8_t *bytes;
	const char *version;
	int ret = tracedat_read(f, 0, head, len);

	if (ret && ret != -EBADMSG)
		return ret;
	bytes = tracedat_get_bytes(&c, TRACEDAT_MAGIC_BYTES);
	if (!bytes || memcmp(bytes, TRACEDAT_MAGIC, TRACEDAT_MAGIC_BYTES))
		return tracedat_damage(f, "this is no trace.dat: it does not begin as one");
	version = tracedat_get_string(&c);
	bytes = tracedat_get_bytes(&c, 2);
	if (!bytes)
		return tracedat_damage(f, "the file ends at %" PRIu64 ", in its first line", f->size);
	f->version = strtoul(version, NULL, 10);
	if (f->version != 6 && f->version != 7) {
		snprintf(f->err->hint, sizeof(f->err->hint), "trace-cmd convert --file-version 7 may translate it");
		tracedat_damage(f, "trace.dat version \"%.16s\" is not known, only 6 and 7 are", version);
		return -ENOTSUP;
	}
	f->layout.big_endian = bytes[0];
	f->layout.swap = f->layout.big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	f->long_bytes = bytes[1];
	c.swap = f->layout.swap;
	f->page_bytes = tracedat_get32(&c);
	if (c.bad || f->page_bytes < PAGE_MIN_BYTES || f->page_bytes > PAGE_MAX_BYTES)
		return tracedat_damage(f, "a page size of %u bytes at offset %zu makes no sense", f->page_bytes,
				       (size_t)(c.at - head));
	*offset = c.at - head;
	return 0;
}

int tracedat_file_open(int fd, uint64_t size, struct source_error *err, struct tracedat_file **out)
{
	struct tracedat_file *f = calloc(1, sizeof(*f));
	uint64_t offset = 0;
	int ret;

	if (!f)
		return -ENOMEM;
	f->fd = fd;
	f->size = size;
	f->err = err;
	ret = read_head(f, &offset);
	if (!ret)
		ret = f->version == 6 ? tracedat_v6_walk(f, offset) : tracedat_v7_walk(f, offset);
	if (ret == -EBADMSG && f->nbuffers)
		ret = 0;
	if (!ret)
		ret = read_layout(f);
	if (ret) {
		tracedat_file_close(f);
		return ret;
	}
	*out = f;
	return 0;
}

void tracedat_file_close(struct tracedat_file *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->nbuffers; i++) {
		free(f->buffers[i].name);
		free(f->buffers[i].cpus);
	}
	free(f->buffers);
	free(f->cpustat);
	free(f);
}
