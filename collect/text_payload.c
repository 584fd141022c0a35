// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_payload.c - see text_payload.h.
 *
 * One pass over the payload looks for labels where a word begins: those of kernel/textform.h first, then any "key=".
 * A value goes to the next label or the end, so values may hold blanks. A label whose column is already set is none:
 * it is part of the value before it, and so nothing gets lost when a comm contains " pid=5".
 */
#include "collect/text_payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/text_type.h"

#define MEMO_SLOTS	256u
#define MEMO_TEXT_BYTES	104u

_Static_assert(EVENT_MAX_FIELDS <= 64, "columns that are set fit into a mask");

/* A decoded value, by its text: gfp flags take long to parse and come again and again. */
struct memo {
	const struct textform_label	*label;
	int64_t				number;
	uint8_t				len;
	bool				is_text;
	char				text[MEMO_TEXT_BYTES];
};

struct text_payload {
	struct text_types	*types;
	int			pageblock_order;
	struct memo		memos[MEMO_SLOTS];
	struct event_value	values[EVENT_MAX_FIELDS];
};

/* The parse of one payload. */
struct parse {
	struct text_payload	*p;
	struct text_type	*type;
	uint64_t		set;			/* mask of columns that have their value */
	int			hint;			/* columns mostly come in order: look here first */
	bool			rest;			/* there are words that no column has */
	bool			trial;			/* columns must not be added */
	bool			old;			/* the last column asked for is one of an old kernel */
	unsigned int		clear;			/* columns with a value that makes sense */
	bool			unclear;		/* the last value makes none: it should be a number */
	bool			unclear_inner;		/* so does one with a label behind it */
	int			err;
};

/* --- values --- */

static void set_text(struct event_value *v, struct slice text)
{
	v->kind = VALUE_TEXT;
	v->p = text.p;
	v->len = text.len;
}

static void set_number(struct event_value *v, int64_t number, struct slice text)
{
	v->kind = number < 0 && text.p[0] != '-' ? VALUE_UINT : VALUE_INT;	/* 0xffff888... */
	v->i = number;
}

/*
 * "GFP_KERNEL|   GFP_NOWARN": a list of names that a mail program broke and that was joined again. False: it is none.
 */
static bool close_gaps(struct slice text, char out[MEMO_TEXT_BYTES], size_t *len)
{
	bool gap = false;

	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (*len == MEMO_TEXT_BYTES)
			return false;
		if (text.p[i] != ' ')
			out[(*len)++] = text.p[i];
		else if ((*len && out[*len - 1] == '|') || (i + 1 < text.len && strchr(" |", text.p[i + 1])))
			gap = true;
		else
			return false;
	}
	return gap;
}

/* textform_decode with a memory. 0 or -EINVAL. */
static int decode_whole(struct text_payload *p, const struct textform_label *label, struct slice text, int64_t *number)
{
	struct memo *m;

	if (label->decoder != TEXTFORM_GFP || text.len > MEMO_TEXT_BYTES)
		return textform_decode(label, text.p, text.len, number);
	m = &p->memos[slice_hash(text) % MEMO_SLOTS];
	if (m->label != label || m->len != text.len || memcmp(m->text, text.p, text.len)) {
		m->label = label;
		m->len = text.len;
		memcpy(m->text, text.p, text.len);
		m->is_text = textform_decode(label, text.p, text.len, &m->number);
	}
	*number = m->number;
	return m->is_text ? -EINVAL : 0;
}

static int decode(struct text_payload *p, const struct textform_label *label, struct slice text, int64_t *number)
{
	char closed[MEMO_TEXT_BYTES];
	size_t len;

	if ((label->decoder == TEXTFORM_GFP || label->decoder == TEXTFORM_NAME) && memchr(text.p, ' ', text.len) &&
	    close_gaps(text, closed, &len))
		return decode_whole(p, label, (struct slice){ closed, len }, number);
	return decode_whole(p, label, text, number);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trim(struct slice s)
{
	while (s.len && is_blank(*s.p)) {
		s.p++;
		s.len--;
	}
	while (s.len && (is_blank(s.p[s.len - 1]) || s.p[s.len - 1] == ','))
		s.len--;
	return s;
}

/*
 * Fields that some kernels have behind or between those of text_form: in a trial they are no strange words. (2.6.35 to
 * 5.3: may_writepage, isolate_mode, file, zid, mode; 3.19: migrate_start, free_start; 3.7 to 4.7: classzone_idx.)
 */
static bool is_old_field(const struct text_type *type, struct slice field)
{
	static const char *const fields[] = {
		"may_writepage", "isolate_mode", "file", "zid", "mode", "migrate_start", "free_start", "classzone_idx", "memcg",
		"nr_lumpy_taken", "nr_lumpy_dirty", "nr_lumpy_failed", "pgs_scanned", "lru_pgs", "nr_skipped", "nr_unmap_fail",
		"memcg_id", "alloc_flags", "nr_activate",
	};

	for (size_t i = 0; type->form && i < sizeof(fields) / sizeof(fields[0]); i++)
		if (slice_is(field, fields[i]))
			return true;
	return false;
}

/* The column of @field, made when it is new; -1 when there is no room for it. */
static int want_column(struct parse *parse, struct slice field, enum value_kind kind)
{
	int column = text_type_find(parse->type, parse->hint, field);

	parse->old = column < 0 && parse->trial && is_old_field(parse->type, field);
	if (column < 0 && parse->trial)
		return -1;
	if (column < 0) {
		column = text_type_add(parse->type, field, kind);
		if (column == -ENOMEM)
			parse->err = -ENOMEM;
		if (column < 0)
			return -1;
		parse->p->values[column].kind = VALUE_NONE;
	}
	parse->hint = column + 1;
	return column;
}

/* @number is NULL for a text. */
static void store(struct parse *parse, struct slice field, struct slice text, const int64_t *number)
{
	int column = want_column(parse, field, number ? VALUE_INT : VALUE_TEXT);

	if (parse->old) {
		parse->clear += !parse->unclear;
		return;
	}
	if (column < 0) {
		parse->rest = true;
		return;
	}
	parse->set |= (uint64_t)1 << column;
	parse->clear += !parse->unclear;
	if (number)
		set_number(&parse->p->values[column], *number, text);
	else
		set_text(&parse->p->values[column], text);
}

/* A mark such as "==>" behind a value is none of it. */
static struct slice cut_marks(struct parse *parse, struct slice value)
{
	const char *blank = value.len ? memrchr(value.p, ' ', value.len) : NULL;

	if (!blank)
		return value;
	for (const char *c = blank + 1; c < value.p + value.len; c++)
		if ((*c | 0x20) >= 'a' || (*c >= '0' && *c <= '9') || *c & 0x80)
			return value;
	parse->rest = true;
	value.len = blank - value.p;
	return trim(value);
}

/* --- labels --- */

/* What stands at one place of the payload, and where its value begins. */
struct label {
	const struct textform_label	*known;		/* NULL: a plain "key=" */
	struct slice			field;		/* column; empty when the value is not kept */
	const char			*value;
};

static bool is_key_char(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c >= '0' && c <= '9');
}

static bool match_known(const struct textform_label *labels, const char *p, const char *end, struct label *out)
{
	for (; labels && labels->label; labels++) {
		size_t len = strlen(labels->label);

		if (*labels->label != *p || end - p < len || memcmp(labels->label, p, len))
			continue;
		out->known = labels;
		out->value = p + len;
		out->field = slice_of(labels->field ? labels->field : "");
		return true;
	}
	return false;
}

static bool match_key(const char *p, const char *end, struct label *out)
{
	const char *key = p;

	while (p < end && is_key_char(*p))
		p++;
	if (p == key || p == end || *p != '=' || (*key >= '0' && *key <= '9') || p - key >= TEXT_NAME_BYTES)
		return false;
	if (p + 1 < end && p[1] == '=')		/* "==" compares */
		return false;
	out->known = NULL;
	out->field = (struct slice){ key, p - key };
	out->value = p + 1;
	return true;
}

static bool is_set(const struct parse *parse, struct slice field)
{
	int column = text_type_find(parse->type, parse->hint, field);

	return column >= 0 && parse->set >> column & 1;
}

static bool is_text(const struct label *label)
{
	return label->known && label->known->decoder == TEXTFORM_TEXT;
}

/*
 * In the middle of a text that may hold anything (a task calls itself "x uid=0") only labels that this event is known
 * to have count, and only where they stand for the last time.
 */
static bool match_label(const struct parse *parse, const char *p, const char *end, bool in_text, struct label *out)
{
	const struct textform *form = parse->type->form;

	if (!(form && match_known(form->labels, p, end, out)) && !match_known(textform_common, p, end, out)) {
		if (!match_key(p, end, out) || slice_is(out->field, "text"))
			return false;
		if (in_text && text_type_find(parse->type, parse->hint, out->field) < 0)
			return false;
	}
	if (in_text && memmem(out->value, end - out->value, p, out->value - p))
		return false;
	return !out->field.len || !is_set(parse, out->field);
}

/* The next label in p[0..end); NULL when there is none. @p must be where a word begins. */
static const char *next_label(const struct parse *parse, const char *p, const char *end, bool in_text,
			      struct label *out)
{
	while (p < end) {
		if (match_label(parse, p, end, in_text, out))
			return p;
		while (p < end && !is_blank(*p) && *p != ',')
			p++;
		while (p < end && (is_blank(*p) || *p == ','))
			p++;
	}
	return NULL;
}

static int decode_value(struct text_payload *p, const struct label *label, struct slice value, int64_t *number)
{
	return label->known ? decode(p, label->known, value, number) : textform_number(value.p, value.len, number);
}

/*
 * The value of a known tracepoint is its first word; what follows it somebody wrote behind the line ("nid=1  <-- here").
 * In a trial it may be a label that the end of the line cut, so it stays.
 */
static bool drop_remark(struct parse *parse, const struct label *label, struct slice *value, int64_t *number)
{
	const char *blank = value->len ? memchr(value->p, ' ', value->len) : NULL;
	struct slice word = { value->p, blank ? blank - value->p : 0 };

	if (!parse->type->form || parse->trial || !blank || decode_value(parse->p, label, word, number))
		return false;
	parse->rest = true;
	*value = word;
	return true;
}

static void close_number(struct parse *parse, const struct label *label, struct slice value)
{
	int64_t number;

	value = trim(value);
	if (!label->known)
		value = cut_marks(parse, value);
	parse->unclear = decode_value(parse->p, label, value, &number) && !drop_remark(parse, label, &value, &number);
	if (label->known && label->known->decoder == TEXTFORM_PAGEBLOCK_ORDER && !parse->unclear)
		parse->p->pageblock_order = number;
	if (label->field.len)
		store(parse, label->field, value, parse->unclear ? NULL : &number);
}

/* The value between @label and @end, where the next label or nothing is. */
static void close_label(struct parse *parse, const struct label *label, const char *end, bool at_label)
{
	struct slice value = { label->value, end - label->value };

	parse->unclear = false;
	if (is_text(label)) {
		value.len -= at_label && value.len;	/* one blank stands before the label, others are the task's */
		store(parse, label->field, value, NULL);
	} else if (!label->known || label->known->decoder != TEXTFORM_DERIVED) {
		close_number(parse, label, value);
	}
}

/* Words before the first label: "super_cache_scan+0x0/0x1a0 [xfs] 000000003e89d20a:" are two fields. */
static void take_head(struct parse *parse, struct slice head)
{
	static const struct textform_label pointer = { "", NULL, TEXTFORM_HEX, 0 };
	const struct textform *form = parse->type->form;
	const char *blank;
	struct slice last;
	int64_t number;

	head = trim(head);
	if (!head.len)
		return;
	blank = memrchr(head.p, ' ', head.len);
	if (!form || !form->head[0] || !blank) {
		parse->rest = true;
		return;
	}
	last = (struct slice){ blank + 1, head.p + head.len - (blank + 1) };
	head.len = blank - head.p;
	store(parse, slice_of(form->head[0]), trim(head), NULL);
	store(parse, slice_of(form->head[1]), last,
	      textform_decode(&pointer, last.p, last.len, &number) ? NULL : &number);
}

static void parse_fields(struct parse *parse, struct slice payload)
{
	static const char unparsed[] = "[FAILED TO PARSE]";	/* libtraceevent before a raw record */
	const char *end = payload.p + payload.len, *at = payload.p, *next;
	struct label label, following;

	if (payload.len >= sizeof(unparsed) - 1 && !memcmp(at, unparsed, sizeof(unparsed) - 1)) {
		at += sizeof(unparsed) - 1;
		while (at < end && is_blank(*at))
			at++;
	}
	next = next_label(parse, at, end, false, &label);
	take_head(parse, (struct slice){ at, (next ? next : end) - at });
	while (next) {
		at = label.value;
		while (at < end && is_blank(*at))
			at++;
		next = next_label(parse, at, end, is_text(&label), &following);
		close_label(parse, &label, next ? next : end, next);
		parse->unclear_inner |= parse->unclear && next;
		label = following;
	}
}

static void parse_function(struct parse *parse, const struct text_line *line)
{
	struct slice ip = line->is_function ? line->name : line->payload, parent = line->parent;
	const char *arrow = line->is_function ? NULL : memmem(ip.p, ip.len, " <-- ", 5);

	if (arrow) {
		parent = trim((struct slice){ arrow + 5, ip.p + ip.len - (arrow + 5) });
		ip = trim((struct slice){ ip.p, arrow - ip.p });
	}
	set_text(&parse->p->values[0], ip);
	if (parent.len)
		set_text(&parse->p->values[1], parent);
}

static void parse_payload(struct parse *parse, const struct text_line *line)
{
	struct event_value *values = parse->p->values;

	switch (parse->type->style) {
	case TEXT_STYLE_FIELDS:
		parse_fields(parse, line->payload);
		break;
	case TEXT_STYLE_MESSAGE:
		set_text(&values[0], line->payload);
		break;
	case TEXT_STYLE_FUNCTION:
		parse_function(parse, line);
		break;
	case TEXT_STYLE_OTHER:
		set_text(&values[0], line->name);
		set_text(&values[1], line->payload);
		break;
	}
}

/* --- public --- */

int text_payload_new(const struct sink *sink, struct text_payload **out)
{
	struct text_payload *p = calloc(1, sizeof(*p));
	int err = p ? text_types_new(sink, &p->types) : -ENOMEM;

	if (err) {
		free(p);
		return err;
	}
	p->pageblock_order = -1;
	*out = p;
	return 0;
}

void text_payload_free(struct text_payload *p)
{
	if (!p)
		return;
	text_types_free(p->types);
	free(p);
}

int text_payload_pageblock_order(const struct text_payload *p)
{
	return p->pageblock_order;
}

/* Announces the type when this line has made it grow. */
static int settle(struct parse *parse)
{
	uint16_t nfields = parse->type->nfields;
	int err = text_type_settle(parse->p->types, parse->type);

	if (parse->type->nfields > nfields)	/* the last type of a name has a column "text" in any case */
		parse->p->values[nfields].kind = VALUE_NONE;
	return err;
}

bool text_payload_fits(struct text_payload *p, const struct text_line *line, unsigned int *columns)
{
	struct parse parse = { .p = p, .trial = true };

	*columns = 0;
	if (text_types_lookup(p->types, line, &parse.type) || !parse.type->form)
		return false;
	parse_fields(&parse, line->payload);
	*columns = parse.clear;
	return !parse.rest && !parse.unclear_inner;
}

int text_payload_parse(struct text_payload *p, const struct text_line *line, struct event *ev)
{
	struct parse parse = { .p = p };
	int err = text_types_lookup(p->types, line, &parse.type);

	if (err)
		return err;
	for (int i = 0; i < parse.type->nfields; i++)
		p->values[i].kind = VALUE_NONE;
	parse_payload(&parse, line);
	if (parse.err)
		return parse.err;
	if (line->cut && parse.rest && parse.type->form)
		return -ENODATA;
	if (parse.rest)
		set_text(&p->values[text_type_text(parse.type)], line->payload);
	err = settle(&parse);
	if (err)
		return err;
	ev->type = parse.type->type;
	ev->values = p->values;
	return 0;
}
