// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - the source that reads ftrace text: what trace, trace_pipe, trace-cmd report and perf script print, and what
 * people paste into mails.
 *
 * Bytes become lines here, lines become parts in text_line.c, payloads become fields in text_payload.c, and
 * spine/sorter.c puts it all into order of time; the sink gets its events when the input has ended. Lines that are no
 * trace are skipped and counted. A line with binary data ends the input: what was before it is delivered.
 */
#include "collect/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/text_line.h"
#include "collect/text_payload.h"
#include "collect/text_reader.h"
#include "spine/sorter.h"

/* Below these, no text has a byte. */

/* Thread names already told, by the low bits of the tid. Two tids that share a place cost a repeated name, no more. */
#define TASK_SLOTS	16384u
#define COMM_BYTES	64u

/* Newline, quote marks and blanks between two halves of a wrapped line. */
#define GAP_BYTES	64u

#define LOSSES_WAITING	64u
#define BUFFERS_MAX	64u
#define BUFFER_NAME_BYTES 64u

struct task_slot {
	int32_t		tid;
	int32_t		tgid;
	bool		used;
	char		comm[COMM_BYTES];
};

struct text_run {
	const struct source_input	*in;
	const struct sink		*sink;
	struct text_reader		*reader;
	struct text_payload		*payload;
	struct sorter			*sorter;
	struct task_slot		*tasks;			/* TASK_SLOTS */

	struct loss			losses[LOSSES_WAITING];	/* wait for the next event of their CPU */
	uint32_t			nlosses;
	char				buffers[BUFFERS_MAX][BUFFER_NAME_BYTES];	/* buffer i + 1 */
	uint32_t			nbuffers;

	uint64_t			lines;
	uint64_t			skipped;
	uint64_t			joined;
	uint64_t			quoted;
	uint64_t			events;
	uint64_t			last_ts;
	uint32_t			cpus;
	bool				counts;			/* the first event's time was no time */
	bool				header;			/* a trace, though perhaps without events */
	bool				damaged;
	bool				quoted_printable;	/* the mail is */
	uint64_t			cleaned;		/* offset up to which clean() was */
	bool				unfinished;		/* the input ends inside an event line */
	uint64_t			damage_offset;
};

/* --- one line --- */

/* The buffer of that name, announced when it is new; past BUFFERS_MAX all go to the main one. */
static int buffer_id(struct text_run *run, struct slice name, uint16_t *id)
{
	char *copy;

	*id = 0;
	if (!name.len || name.len >= BUFFER_NAME_BYTES)
		return 0;
	for (uint32_t i = 0; i < run->nbuffers; i++)
		if (slice_is(name, run->buffers[i])) {
			*id = i + 1;
			return 0;
		}
	if (run->nbuffers == BUFFERS_MAX)
		return 0;
	copy = run->buffers[run->nbuffers++];
	memcpy(copy, name.p, name.len);
	copy[name.len] = '\0';
	*id = run->nbuffers;
	return SINK_CALL(run->sink, buffer, *id, copy);
}

static bool task_is_told(const struct task_slot *slot, const struct text_line *line, size_t len)
{
	return slot->used && slot->tid == line->tid && (!line->tgid || slot->tgid == line->tgid) &&
	       slice_is((struct slice){ line->comm.p, len }, slot->comm);
}

static int tell_task(struct text_run *run, const struct text_line *line)
{
	struct task_slot *slot = &run->tasks[line->tid % TASK_SLOTS];
	size_t len = line->comm.len < COMM_BYTES ? line->comm.len : COMM_BYTES - 1;
	struct task_name task = { .tid = line->tid, .comm = slot->comm };

	if (!len || (line->comm.len == 5 && !memcmp(line->comm.p, "<...>", 5)) || task_is_told(slot, line, len))
		return 0;
	if (line->tgid || slot->tid != line->tid)
		slot->tgid = line->tgid;
	slot->used = true;
	slot->tid = line->tid;
	memcpy(slot->comm, line->comm.p, len);
	slot->comm[len] = '\0';
	task.tgid = slot->tgid;
	return sorter_task(run->sorter, line->ts, &task);
}

/* Losses of @cpu (all with EVENT_CPU_UNKNOWN) happened before @ts. */
static int settle_losses(struct text_run *run, uint16_t cpu, uint64_t ts)
{
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t i = 0; i < run->nlosses && !err; i++) {
		struct loss *loss = &run->losses[i];

		if (cpu != EVENT_CPU_UNKNOWN && loss->cpu != cpu) {
			run->losses[kept++] = *loss;
			continue;
		}
		loss->ts = ts;
		err = sorter_loss(run->sorter, loss);
	}
	run->nlosses = kept;
	return err;
}

static int handle_loss(struct text_run *run, const struct text_line *line)
{
	int err = 0;

	if (run->nlosses == LOSSES_WAITING)
		err = settle_losses(run, EVENT_CPU_UNKNOWN, run->last_ts);
	run->losses[run->nlosses++] = (struct loss){ .events = line->lost, .cpu = line->cpu, .stage = "ring" };
	return err;
}

static int handle_header(struct text_run *run, const struct text_line *line)
{
	char tracer[32];

	if (line->cpus > run->cpus)
		run->cpus = line->cpus;
	if (line->lost) {
		struct loss loss = { .events = line->lost, .cpu = EVENT_CPU_UNKNOWN, .stage = "ring" };
		int err = sorter_loss(run->sorter, &loss);

		if (err)
			return err;
	}
	if (!line->tracer.len || line->tracer.len >= sizeof(tracer))
		return 0;
	memcpy(tracer, line->tracer.p, line->tracer.len);
	tracer[line->tracer.len] = '\0';
	return SINK_CALL(run->sink, meta, "tracer", tracer);
}

static int handle_event(struct text_run *run, const struct text_line *line)
{
	struct event ev = { .ts = line->ts, .tid = line->tid, .cpu = line->cpu };
	int err = text_payload_parse(run->payload, line, &ev);

	if (err == -ENODATA) {		/* cut within the payload */
		run->skipped++;
		run->unfinished = true;
		return 0;
	}
	if (!err)
		err = buffer_id(run, line->instance, &ev.buffer);
	if (!err)
		err = tell_task(run, line);
	if (!err)
		err = settle_losses(run, line->cpu, line->ts);
	if (!err)
		err = sorter_event(run->sorter, &ev);
	if (err)
		return err;
	if (!run->events++)
		run->counts = line->ts_is_count;
	run->last_ts = line->ts;
	if (line->cpu >= run->cpus)
		run->cpus = line->cpu + 1u;
	return 0;
}

static int handle_parsed(struct text_run *run, const struct text_line *line)
{
	switch (line->kind) {
	case TEXT_LINE_EVENT:
		return handle_event(run, line);
	case TEXT_LINE_LOSS:
		return handle_loss(run, line);
	case TEXT_LINE_HEADER:
		return handle_header(run, line);
	case TEXT_LINE_OTHER:
		run->skipped++;
		break;
	case TEXT_LINE_BLANK:
		break;
	}
	return 0;
}

/* --- damage --- */

/*
 * Only NUL is damage: it never gets into a name or string that the kernel prints. Other control characters may stand in
 * any of them (a task calls itself what it likes, trace_marker takes any bytes), and must not end the trace.
 */
static const char *find_damage(const char *p, size_t len)
{
	return memchr(p, 0, len);
}

/* --- lines that a mail program wrapped --- */

/* What mail programs and web pages did to the bytes; a line comes here as the next one and as the current one. */
static void clean(struct text_run *run, struct text_raw *raw)
{
	if (raw->offset < run->cleaned)
		return;
	run->cleaned = raw->offset + raw->len + 1;
	text_line_unescape(raw->p, raw->len);
	text_line_unquote(raw->p, raw->len, &run->quoted_printable);
}

/* Two lines as one: with blanks over what was between them, or with the first moved up to the second. */
struct join {
	struct text_raw		raw;		/* of both */
	struct text_line	line;
	unsigned int		columns;	/* that make sense */
	bool			fits;
	char			saved[GAP_BYTES];
	char			*gap;
	size_t			gap_len;
};

static void parse_join(struct text_run *run, struct join *join)
{
	text_line_parse(join->raw.p, join->raw.len, &join->line);
	join->columns = 0;
	join->fits = join->line.kind == TEXT_LINE_EVENT && text_payload_fits(run->payload, &join->line, &join->columns);
}

/* False: the next line is none that could belong to this one. */
static bool begin_join(struct text_run *run, const struct text_raw *raw, const struct text_line *line, struct join *join)
{
	struct text_line next_line;
	struct text_raw next;

	if (!text_reader_peek(run->reader, &next))
		return false;
	clean(run, &next);
	text_line_parse(next.p, next.len, &next_line);
	join->gap = raw->p + (line->text.p + line->text.len - raw->p);
	join->gap_len = next_line.text.p - join->gap;
	if (next_line.kind != TEXT_LINE_OTHER || join->gap_len > GAP_BYTES)
		return false;
	join->raw = *raw;
	join->raw.len = next.p + next.len - raw->p;
	memcpy(join->saved, join->gap, join->gap_len);
	memset(join->gap, ' ', join->gap_len);
	parse_join(run, join);
	return true;
}

/* "nr_activat" and "e=0": the break was inside a word. */
static void tighten_join(struct text_run *run, struct join *join)
{
	char *start = join->raw.p;

	memmove(start + join->gap_len, start, join->gap - start);
	join->raw.p += join->gap_len;
	join->raw.len -= join->gap_len;
	parse_join(run, join);
}

static void undo_tight(struct join *join)
{
	char *start = join->raw.p - join->gap_len;

	memmove(start, join->raw.p, join->gap - start);
	join->raw.p = start;
	join->raw.len += join->gap_len;
}

static void undo_join(struct join *join)
{
	memcpy(join->gap, join->saved, join->gap_len);
}

static void finish_join(struct text_run *run, struct join *join, struct text_raw *raw, struct text_line *line)
{
	*raw = join->raw;
	text_reader_join(run->reader, raw);
	*line = join->line;
	run->joined++;
	run->lines++;
}

/*
 * Makes *line and the next one a single one, when the first is a known tracepoint, the second is no trace line, and
 * both together make sense where the first alone lacks fields. Prose behind a trace line does not pass that.
 */
static bool try_join(struct text_run *run, struct text_raw *raw, struct text_line *line)
{
	unsigned int columns;
	struct join join;

	if (!begin_join(run, raw, line, &join))
		return false;
	undo_join(&join);
	text_payload_fits(run->payload, line, &columns);
	memset(join.gap, ' ', join.gap_len);
	if (!join.fits || join.columns <= columns) {
		tighten_join(run, &join);
		if (!join.fits || join.columns <= columns) {
			undo_tight(&join);
			undo_join(&join);
			return false;
		}
	}
	finish_join(run, &join, raw, line);
	return true;
}

/* "[003]" somewhere: what is no event then was one before it was cut. */
static bool has_cpu_column(const char *p, size_t len)
{
	const char *end = p + len;

	while ((p = memchr(p, '[', end - p))) {
		const char *digits = ++p;

		while (p < end && *p >= '0' && *p <= '9')
			p++;
		if (p > digits && p < end && *p == ']')
			return true;
	}
	return false;
}

/*
 * Makes an event of a line that was broken before its payload, "kswapd0-33 [001] ....", and the next one. Prose with a CPU
 * in brackets does not become a known tracepoint that way.
 */
static void try_join_head(struct text_run *run, struct text_raw *raw, struct text_line *line)
{
	struct join join;

	if (!has_cpu_column(line->text.p, line->text.len) || !begin_join(run, raw, line, &join))
		return;
	if (join.fits)
		finish_join(run, &join, raw, line);
	else
		undo_join(&join);
}

/* --- the input --- */

static int handle_line(struct text_run *run, struct text_raw *raw)
{
	struct text_line line;
	const char *damage;

	clean(run, raw);
	text_line_parse(raw->p, raw->len, &line);
	if (line.kind == TEXT_LINE_OTHER)
		try_join_head(run, raw, &line);
	while (line.kind == TEXT_LINE_EVENT && try_join(run, raw, &line))
		;
	line.cut = raw->cut;
	damage = find_damage(raw->p, raw->len);
	if (damage) {
		run->damaged = true;
		run->damage_offset = raw->offset + (damage - raw->p);
		return 0;
	}
	run->lines++;
	run->quoted += line.quoted;
	run->header |= line.cpus || line.tracer.len;
	run->unfinished = raw->cut && line.kind == TEXT_LINE_OTHER && has_cpu_column(raw->p, raw->len);
	run->damage_offset = raw->offset;
	return handle_parsed(run, &line);
}

/* All lines; *read_error is the negative errno that ended the input, if one did. */
static int read_input(struct text_run *run, int *read_error)
{
	struct text_raw raw;
	int ret, err = 0;

	*read_error = 0;
	while (!err && !run->damaged && (ret = text_reader_next(run->reader, &raw))) {
		if (ret < 0) {
			*read_error = ret;
			break;
		}
		err = handle_line(run, &raw);
		atomic_store_explicit(&run->in->progress->events, run->events, memory_order_relaxed);
	}
	if (!err)
		err = settle_losses(run, EVENT_CPU_UNKNOWN, run->last_ts);
	return err;
}

/* --- what is said about the input --- */

static int meta_number(struct text_run *run, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return SINK_CALL(run->sink, meta, key, text);
}

static int tell_meta(struct text_run *run)
{
	int order = text_payload_pageblock_order(run->payload);
	uint64_t shortened = text_reader_shortened(run->reader);
	const struct {
		const char	*key;
		uint64_t	value;
		bool		wanted;
	} facts[] = {
		{ "clock_is_ns",		!run->counts,				true },
		{ "cpus",			run->cpus,				run->cpus },
		{ "pageblock_order",		order,					order >= 0 },
		{ "text_lines",			run->lines,				true },
		{ "text_lines_skipped",		run->skipped,				true },
		{ "text_lines_shortened",	shortened,				shortened },
		{ "text_lines_joined",		run->joined,				run->joined },
		{ "text_lines_quoted",		run->quoted,				run->quoted },
		{ "text_events_unordered",	sorter_out_of_order(run->sorter),	true },
	};
	int err = SINK_CALL(run->sink, meta, "source", text_source.name);

	for (size_t i = 0; !err && i < sizeof(facts) / sizeof(facts[0]); i++)
		if (facts[i].wanted)
			err = meta_number(run, facts[i].key, facts[i].value);
	return err;
}

static void explain(const struct text_run *run, int err, struct source_error *why)
{
	if (err == -ENOSPC || err == -EDQUOT)
		snprintf(why->hint, sizeof(why->hint),
			 "sorting by time needs a temporary file; set TMPDIR to a directory with room");
	if (err)
		snprintf(why->what, sizeof(why->what), "%s", strerror(-err));
	else if (run->damaged)
		snprintf(why->what, sizeof(why->what), "binary data at offset %" PRIu64, run->damage_offset);
	else if (run->unfinished)
		snprintf(why->what, sizeof(why->what), "ends inside an event line that begins at offset %" PRIu64,
			 run->damage_offset);
	else
		snprintf(why->what, sizeof(why->what), "no ftrace event line found");
	if (!err && !run->events)
		snprintf(why->hint, sizeof(why->hint),
			 "give it what trace, trace_pipe, 'trace-cmd report' or 'perf script' print");
}

/* --- the source --- */

static void run_close(struct text_run *run)
{
	sorter_free(run->sorter);
	text_payload_free(run->payload);
	text_reader_close(run->reader);
	free(run->tasks);
}

static int run_open(struct text_run *run, const struct source_input *in, const struct sink *sink)
{
	int err;

	*run = (struct text_run){ .in = in, .sink = sink };
	run->tasks = calloc(TASK_SLOTS, sizeof(*run->tasks));
	err = run->tasks ? text_reader_open(in, &run->reader) : -ENOMEM;
	if (!err)
		err = text_payload_new(sink, &run->payload);
	if (!err)
		err = sorter_new(SORTER_MEMORY_BYTES, &run->sorter);
	if (err)
		run_close(run);
	return err;
}

static int text_run(const struct source_input *in, const struct sink *sink, struct source_error *why)
{
	struct text_run *run = malloc(sizeof(*run));
	int read_error, err = run ? run_open(run, in, sink) : -ENOMEM;

	if (err)
		goto free_run;
	err = read_input(run, &read_error);
	if (!err)
		err = tell_meta(run);
	if (!err)
		err = sorter_drain(run->sorter, sink);
	if (!err)
		err = read_error;
	if (err || run->damaged || run->unfinished || (!run->events && !run->header)) {
		explain(run, err, why);
		err = err ? err : -EBADMSG;
	}
	run_close(run);
free_run:
	free(run);
	return err;
}

/* Ranks below trace.dat, whose first bytes are beyond doubt. */
enum { SURE_EVENT = 80, SURE_HEADER = 60, SURE_TEXT = 10 };

static int text_probe(const void *head, size_t len)
{
	const char *p = head, *end = find_damage(p, len);
	bool binary = end;
	int sure = 0;

	if (!end)
		end = p + len;
	while (p < end && sure < SURE_EVENT) {
		const char *newline = memchr(p, '\n', end - p);
		const char *stop = newline ? newline : end;
		struct text_line line;

		text_line_parse(p, stop - p, &line);
		if (line.kind == TEXT_LINE_EVENT)
			sure = SURE_EVENT;
		else if (line.kind == TEXT_LINE_LOSS || line.cpus || line.tracer.len)
			sure = SURE_HEADER;
		p = stop + 1;
	}
	if (binary)
		return sure == SURE_EVENT ? sure : 0;
	return sure || !len ? sure : SURE_TEXT;	/* the trace may begin behind a long mail */
}

const struct source_ops text_source = {
	.name = "text",
	.describe = "ftrace text: trace, trace_pipe, trace-cmd report, perf script, also quoted in a mail",
	.probe = text_probe,
	.run = text_run,
};
