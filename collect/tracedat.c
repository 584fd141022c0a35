// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat.c - the source "trace.dat": what trace-cmd recorded, versions 6 and 7, plain or compressed, as sink calls.
 *
 * The parts of the work lie in tracedat_file (where things are), tracedat_records (the records, in time order),
 * tracedat_format (types and values), tracedat_meta (facts, tasks), tracedat_ksyms (names). Here they meet.
 *
 * Own code instead of libtracecmd 1.3.1, because that one keeps every uncompressed chunk until the end (191 MB and
 * 1,100 ns per event for 2.4 M events in 15 MB, against 14 MB and 250 ns), spends 90 ms on kallsyms at each open, cannot
 * open a file whose end is lost, and trusts the sizes in it.
 */
#include "spine/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/source_table.h"
#include "collect/tracedat_file.h"
#include "collect/tracedat_format.h"
#include "collect/tracedat_ksyms.h"
#include "collect/tracedat_meta.h"
#include "collect/tracedat_records.h"

/* common_type has 16 bits. */
#define COMMON_TYPES		65536u

/* A whole kernel has 2,500 tracepoints; the longest format of 7.3 has 9 KB. */
#define MAX_FORMATS		65536u
#define FORMAT_MAX_BYTES	(256u << 10)

/* Distinct function addresses that get a name; shrinkers are some dozens, a function trace fills it and goes on. */
#define SYMBOL_SLOTS		8192u		/* power of two */
#define SYMBOL_MAX		6000u

#define PROGRESS_EVENTS		1024u		/* a power of two */

struct importer {
	const struct source_input *in;
	const struct sink	*sink;
	struct tracedat_file	*f;
	struct tracedat_records	*records;
	char			*format_parts[2];	/* PART_FTRACE, PART_FORMATS */
	struct tracedat_format	*formats;		/* their texts lie in format_parts */
	uint32_t		nformats;
	struct tracedat_type	**types;		/* COMMON_TYPES of them, by common_type */
	uint32_t		ntypes;
	struct ksyms		*ksyms;
	bool			ksyms_asked;
	uint64_t		*symbols;		/* SYMBOL_SLOTS: addresses that were named */
	uint32_t		nsymbols;
	uint64_t		other_bytes;		/* of the file, that are not records */
	uint64_t		events;
	uint64_t		last_ts;
	uint64_t		out_of_order;
};

static int tracedat_probe(const void *head, size_t len)
{
	return len >= TRACEDAT_MAGIC_BYTES && !memcmp(head, TRACEDAT_MAGIC, TRACEDAT_MAGIC_BYTES) ? 100 : 0;
}

/* ---- formats ---- */

static int add_format(struct importer *im, const char *system, const char *text, size_t len)
{
	struct tracedat_format ref = { .system = system, .text = text, .len = len };
	struct tracedat_format *formats;

	if (len > FORMAT_MAX_BYTES || im->nformats >= MAX_FORMATS || !tracedat_format_id(text, len, &ref.common_type))
		return 0;
	if (!(im->nformats & (im->nformats - 1))) {
		formats = realloc(im->formats, (im->nformats ? im->nformats * 2 : 1) * sizeof(*formats));
		if (!formats)
			return -ENOMEM;
		im->formats = formats;
	}
	im->formats[im->nformats++] = ref;
	return 0;
}

/* A count, then each format behind its size. */
static int read_format_list(struct importer *im, struct tracedat_cursor *c, const char *system)
{
	uint32_t count = tracedat_get32(c);

	for (uint32_t i = 0; i < count && !c->bad; i++) {
		uint64_t len = tracedat_get64(c);
		const char *text = (const char *)tracedat_get_bytes(c, len);
		int ret = text ? add_format(im, system, text, len) : 0;

		if (ret)
			return ret;
	}
	return 0;
}

static int read_formats(struct importer *im)
{
	static const enum tracedat_part parts[2] = { PART_FTRACE, PART_FORMATS };

	for (int i = 0; i < 2; i++) {
		struct tracedat_cursor c = { .swap = im->f->layout.swap };
		uint32_t systems = 1;
		size_t len;
		int ret = tracedat_file_part(im->f, parts[i], &im->format_parts[i], &len);

		if (ret)
			return ret;
		if (!im->format_parts[i])
			continue;
		c.at = (uint8_t *)im->format_parts[i];
		c.end = c.at + len;
		if (parts[i] == PART_FORMATS)
			systems = tracedat_get32(&c);
		for (uint32_t s = 0; s < systems && !c.bad; s++) {
			const char *system = parts[i] == PART_FTRACE ? "ftrace" : tracedat_get_string(&c);

			ret = read_format_list(im, &c, system);
			if (ret)
				return ret;
		}
		if (c.bad)
			tracedat_damage(im->f, "the event formats at offset %" PRIu64 " are incomplete",
					im->f->parts[parts[i]].offset);
	}
	return 0;
}

static const struct tracedat_format *find_format(const struct importer *im, uint32_t common_type)
{
	for (uint32_t i = 0; i < im->nformats; i++)
		if (im->formats[i].common_type == common_type)
			return &im->formats[i];
	return NULL;
}

/* The first event of its type: make the type and announce it. */
static int new_type(struct importer *im, uint32_t common_type)
{
	const struct tracedat_format *ref = find_format(im, common_type);
	struct tracedat_type *t;

	if (ref)
		t = tracedat_type_new(im->ntypes, ref->system, ref->text, ref->len, common_type);
	else
		t = tracedat_type_new(im->ntypes, "", "", 0, common_type);
	if (!t)
		return -ENOMEM;
	im->types[common_type] = t;
	im->ntypes++;
	return SINK_CALL(im->sink, type, &t->type);
}

/* ---- names ---- */

static int put_buffers(struct importer *im)
{
	int ret = 0;

	for (uint32_t i = 0; !ret && i < im->f->nbuffers; i++)
		ret = SINK_CALL(im->sink, buffer, im->f->buffers[i].id, im->f->buffers[i].name);
	return ret;
}

static int load_ksyms(struct importer *im)
{
	char *text;
	size_t len;
	int ret;

	im->ksyms_asked = true;
	ret = tracedat_file_part(im->f, PART_KALLSYMS, &text, &len);
	if (ret || !text)
		return ret;
	if (len < sizeof(uint32_t)) {
		free(text);
		return 0;
	}
	/* The part begins with its size, in four bytes that could look like a line of their own. */
	memset(text, '\n', sizeof(uint32_t));
	return ksyms_new(text, len, &im->ksyms);
}

/* True the first time that @addr is seen. */
static bool symbol_is_new(struct importer *im, uint64_t addr)
{
	uint32_t slot = (addr * 0x9e3779b97f4a7c15ull) >> 51;

	for (; im->symbols[slot]; slot = (slot + 1) & (SYMBOL_SLOTS - 1))
		if (im->symbols[slot] == addr)
			return false;
	if (im->nsymbols >= SYMBOL_MAX)
		return false;
	im->symbols[slot] = addr;
	im->nsymbols++;
	return true;
}

static int put_symbols(struct importer *im, const struct tracedat_type *t, const struct event_value *values)
{
	for (int i = 0; i < t->type.nfields; i++) {
		char name[256];
		int ret = 0;

		if (!t->plan[i].symbol || !value_is_number(&values[i]) || !values[i].u ||
		    !symbol_is_new(im, values[i].u))
			continue;
		if (!im->ksyms_asked)
			ret = load_ksyms(im);
		if (!ret && im->ksyms && ksyms_name(im->ksyms, values[i].u, name, sizeof(name)))
			ret = SINK_CALL(im->sink, symbol, values[i].u, name);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- events ---- */

static uint64_t convert_ts(const struct tracedat_file *f, uint64_t ts)
{
	if (f->tsc_mult)
		ts = (unsigned __int128)ts * f->tsc_mult >> f->tsc_shift;
	return ts + (uint64_t)f->ts_offset_ns;
}

static int put_loss(struct importer *im, const struct tracedat_record *rec, uint64_t ts, int64_t events,
		    const char *stage)
{
	struct loss loss = { .ts = ts, .events = events, .cpu = rec->cpu, .buffer = rec->buffer, .stage = stage };

	return SINK_CALL(im->sink, loss, &loss);
}

static int put_losses(struct importer *im, const struct tracedat_record *rec, uint64_t ts)
{
	int ret = 0;

	if (rec->missed)
		ret = put_loss(im, rec, ts, rec->missed > 0 ? rec->missed : LOSS_COUNT_UNKNOWN, "ring");
	if (!ret && rec->skipped)
		ret = put_loss(im, rec, ts, LOSS_COUNT_UNKNOWN, "input");
	return ret;
}

static void show_progress(struct importer *im)
{
	struct source_progress *p = im->in->progress;
	uint64_t bytes = im->other_bytes + tracedat_records_bytes(im->records);

	atomic_store_explicit(&p->events, im->events, memory_order_relaxed);
	atomic_store_explicit(&p->bytes_done, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&p->heartbeat, 1, memory_order_relaxed);
}

static int put_record(struct importer *im, const struct tracedat_record *rec)
{
	struct event_value values[EVENT_MAX_FIELDS];
	struct event ev = {
		.ts = convert_ts(im->f, rec->ts), .cpu = rec->cpu, .buffer = rec->buffer, .values = values,
	};
	const struct tracedat_type *t;
	uint32_t common_type;
	int ret = 0;

	if (rec->size < sizeof(uint16_t)) {
		tracedat_damage(im->f, "a record of %u bytes on CPU %u", rec->size, rec->cpu);
		return 0;
	}
	common_type = im->f->layout.big_endian ? rec->data[0] << 8 | rec->data[1] : rec->data[1] << 8 | rec->data[0];
	if (!im->types[common_type])
		ret = new_type(im, common_type);
	if (!ret && (rec->missed || rec->skipped))
		ret = put_losses(im, rec, ev.ts);
	if (ret)
		return ret;
	t = im->types[common_type];
	tracedat_decode(t, im->f->layout.swap, rec->data, rec->size, values, &ev.tid);
	if (t->has_symbols)
		ret = put_symbols(im, t, values);
	if (ret)
		return ret;
	if (ev.ts < im->last_ts)
		im->out_of_order++;
	im->last_ts = ev.ts;
	ev.type = &t->type;
	if (!(++im->events & (PROGRESS_EVENTS - 1)))
		show_progress(im);
	return SINK_CALL(im->sink, event, &ev);
}

static int put_records(struct importer *im)
{
	struct tracedat_record rec;
	int ret;

	while ((ret = tracedat_records_next(im->records, &rec)) > 0) {
		ret = put_record(im, &rec);
		if (ret)
			return ret;
	}
	show_progress(im);
	while (!ret && tracedat_records_skipped(im->records, &rec))
		ret = put_loss(im, &rec, convert_ts(im->f, rec.ts), LOSS_COUNT_UNKNOWN, "input");
	return ret;
}

/* ---- losses that the statistics tell ---- */

struct cpu_stat {
	struct tracedat_record	at;		/* its buffer and CPU */
	bool			known;
	uint64_t		lost;
	uint64_t		written;	/* events that were read from the ring or still in it */
};

/*
 * A CPU of which the ring had events and the file has none: its recorder never got to run, or its part was lost. (Less
 * than the ring had is no sign of that: trace-cmd split copies the statistics of the whole.)
 */
static int put_silent_cpu(struct importer *im, const struct cpu_stat *stat)
{
	if (!stat->written || stat->written > INT64_MAX ||
	    tracedat_records_given(im->records, stat->at.buffer, stat->at.cpu))
		return 0;
	return put_loss(im, &stat->at, 0, stat->written, "input");
}

/* What the ring counted as lost and no page told: overwritten before the first page, or dropped after the last. */
static int put_stat(struct importer *im, const struct cpu_stat *stat)
{
	uint64_t told;

	int ret;

	if (!stat->known)
		return 0;
	ret = put_silent_cpu(im, stat);
	if (ret)
		return ret;
	told = tracedat_records_missed(im->records, stat->at.buffer, stat->at.cpu);
	if (stat->lost <= told || stat->lost - told > INT64_MAX)
		return 0;
	return put_loss(im, &stat->at, 0, stat->lost - told, "ring");
}

static uint16_t find_buffer(const struct tracedat_file *f, const char *name)
{
	for (uint32_t i = 0; i < f->nbuffers; i++)
		if (!strcmp(f->buffers[i].name, name))
			return f->buffers[i].id;
	return UINT16_MAX;
}

/* The number in a line that begins with one of @names. */
static uint64_t counter(const char *line, const char *const *names)
{
	for (; *names; names++)
		if (!strncmp(line, *names, strlen(*names)))
			return strtoull(line + strlen(*names), NULL, 10);
	return 0;
}

/* per_cpu/cpuN/stats behind "CPU: N", those of an instance behind "Buffer: NAME". */
static int put_stats(struct importer *im)
{
	static const char *const lost[] = { "overrun: ", "commit overrun: ", "dropped events: ", NULL };
	static const char *const written[] = { "entries: ", "read events: ", NULL };
	struct cpu_stat stat = { 0 };
	char *rest = im->f->cpustat;
	char *line;
	int ret = 0;

	stat.at.buffer = find_buffer(im->f, "");
	while (!ret && (line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "Buffer: ", 8) || !strncmp(line, "CPU: ", 5)) {
			ret = put_stat(im, &stat);
			stat.lost = stat.written = 0;
			stat.known = *line == 'C' && stat.at.buffer != UINT16_MAX;
			if (*line == 'B')
				stat.at.buffer = find_buffer(im->f, line + 8);
			else
				stat.at.cpu = strtoul(line + 5, NULL, 10);
		}
		stat.lost += counter(line, lost);
		stat.written += counter(line, written);
	}
	return ret ? ret : put_stat(im, &stat);
}

/* ---- running ---- */

static int put_out_of_order(struct importer *im)
{
	char text[24];

	if (!im->out_of_order)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, im->out_of_order);
	return SINK_CALL(im->sink, meta, "out_of_order", text);
}

static void count_other_bytes(struct importer *im)
{
	uint64_t records = 0;

	for (uint32_t i = 0; i < im->f->nbuffers; i++)
		for (uint32_t j = 0; j < im->f->buffers[i].ncpus; j++)
			records += im->f->buffers[i].cpus[j].bytes;
	im->other_bytes = records < im->in->size ? im->in->size - records : 0;
}

/* trace-cmd puts the formats of the events that it enabled into the file, and no others. */
static int put_recorded(struct importer *im)
{
	char *names = NULL;
	int ret = tracedat_format_names(im->formats, im->nformats, &names);

	if (!ret)
		ret = SINK_CALL(im->sink, meta, "recorded", names);
	free(names);
	return ret;
}

static int import(struct importer *im)
{
	int ret = read_formats(im);

	count_other_bytes(im);
	if (!ret)
		ret = tracedat_put_metas(im->f, im->formats, im->nformats, im->sink);
	if (!ret)
		ret = put_recorded(im);
	if (!ret)
		ret = put_buffers(im);
	if (!ret)
		ret = tracedat_put_tasks(im->f, im->sink);
	if (!ret)
		ret = tracedat_records_new(im->f, &im->records);
	if (!ret)
		ret = put_records(im);
	if (!ret)
		ret = put_stats(im);
	return ret ? ret : put_out_of_order(im);
}

static void importer_free(struct importer *im)
{
	for (uint32_t i = 0; im->types && i < COMMON_TYPES; i++)
		tracedat_type_free(im->types[i]);
	free(im->types);
	free(im->symbols);
	free(im->formats);
	free(im->format_parts[0]);
	free(im->format_parts[1]);
	ksyms_free(im->ksyms);
	tracedat_records_free(im->records);
	tracedat_file_close(im->f);
}

static int damages_verdict(const struct tracedat_file *f, struct source_error *err)
{
	size_t len = strlen(err->what);

	if (!f->ndamages)
		return 0;
	if (f->ndamages > 1)
		snprintf(err->what + len, sizeof(err->what) - len, " (and %" PRIu64 " more damages)", f->ndamages - 1);
	snprintf(err->hint, sizeof(err->hint), "what could be read is kept; if the file was cut short, copy it again");
	return -EBADMSG;
}

static int import_file(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	struct importer im = { .in = in, .sink = sink };
	int ret;

	atomic_store(&in->progress->bytes_total, in->size);
	ret = tracedat_file_open(in->fd, in->size, err, &im.f);
	if (ret)
		return ret;
	im.types = calloc(COMMON_TYPES, sizeof(*im.types));
	im.symbols = calloc(SYMBOL_SLOTS, sizeof(*im.symbols));
	ret = im.types && im.symbols ? import(&im) : -ENOMEM;
	if (!ret)
		ret = damages_verdict(im.f, err);
	importer_free(&im);
	return ret;
}

static int spool_chunk(int from, int to, char *buf, size_t room)
{
	ssize_t n = read(from, buf, room);
	ssize_t done = 0;

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	while (done < n) {
		ssize_t w = write(to, buf + done, n - done);

		if (w < 0 && errno != EINTR)
			return -errno;
		done += w > 0 ? w : 0;
	}
	return n > 0;
}

/* A file without a name. Not every file system has O_TMPFILE. */
static int open_unnamed(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || snprintf(path, sizeof(path), "%s/squall-XXXXXX", dir) >= (int)sizeof(path))
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* The index stands at the end of the file, so a pipe is copied to disk first. */
static int spool(const struct source_input *in, int *fd, struct source_error *err)
{
	const char *tmpdir = getenv("TMPDIR");
	const char *dir = tmpdir && *tmpdir ? tmpdir : "/var/tmp";
	char buf[64 << 10];
	int ret;

	*fd = open_unnamed(dir);
	ret = *fd < 0 ? -errno : 1;
	atomic_store(&in->progress->waiting, 1);
	while (ret > 0)
		ret = spool_chunk(in->fd, *fd, buf, sizeof(buf));
	atomic_store(&in->progress->waiting, 0);
	if (ret) {
		snprintf(err->what, sizeof(err->what), "copying the pipe to %.256s failed: %s", dir, strerror(-ret));
		snprintf(err->hint, sizeof(err->hint), "set TMPDIR to a folder with room, or give a file");
	}
	return ret;
}

static int tracedat_run(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	struct source_input file = *in;
	struct stat st;
	int spooled = -1;
	int ret = 0;

	if (fstat(in->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		ret = spool(in, &spooled, err);
		if (!ret && fstat(spooled, &st))
			ret = -errno;
		file.fd = spooled;
	}
	file.size = st.st_size;
	if (!ret)
		ret = import_file(&file, sink, err);
	if (spooled >= 0)
		close(spooled);
	return ret;
}

const struct source_ops tracedat_source = {
	.name		= "trace.dat",
	.describe	= "trace.dat of trace-cmd, versions 6 and 7, plain or compressed",
	.probe		= tracedat_probe,
	.run		= tracedat_run,
};
