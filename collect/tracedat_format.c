// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_format.c - see tracedat_format.h. A format is parsed once, at the first event of its type, into a plan that
 * the decoder follows without a name or an allocation.
 */
#include "collect/tracedat_format.h"

#include <errno.h>
#include <byteswap.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/print_fmt.h"

#define COMMON_PREFIX	"common_"

/* One line: "\tfield:unsigned long nr_taken;\toffset:48;\tsize:8;\tsigned:0;" */
struct field_line {
	struct text_span	decl;		/* type, without name and brackets */
	struct text_span	name;
	bool			array;
	uint32_t		offset;
	uint32_t		size;
	bool			is_signed;
};

static bool span_has(struct text_span span, const char *word)
{
	return memmem(span.at, span.len, word, strlen(word)) != NULL;
}

static bool span_is(struct text_span span, const char *word)
{
	return span.len == strlen(word) && !memcmp(span.at, word, span.len);
}

/* "offset:48;" somewhere in the line. */
static bool line_number(struct text_span line, const char *key, uint32_t *out)
{
	const char *at = memmem(line.at, line.len, key, strlen(key));
	uint64_t v = 0;

	if (!at)
		return false;
	for (at += strlen(key); at < line.at + line.len && *at >= '0' && *at <= '9'; at++) {
		v = v * 10 + (*at - '0');
		if (v > UINT16_MAX)
			return false;
	}
	*out = v;
	return true;
}

/* "char comm[16]", "__data_loc char[] name", "struct page * page": the last word is the name. */
static void split_decl(const char *at, const char *end, struct field_line *f)
{
	const char *name_end;
	const char *name;

	f->array = memchr(at, '[', end - at) != NULL;
	if (end > at && end[-1] == ']')
		while (end > at && *--end != '[')
			;
	while (end > at && end[-1] == ' ')
		end--;
	name_end = end;
	for (name = end; name > at && name[-1] != ' ' && name[-1] != '*' && name[-1] != ']'; name--)
		;
	f->name = (struct text_span){ .at = name, .len = name_end - name };
	f->decl = (struct text_span){ .at = at, .len = name - at };
}

static bool parse_field(struct text_span line, struct field_line *f)
{
	static const char key[] = "field:";
	const char *at = memmem(line.at, line.len, key, sizeof(key) - 1);
	const char *end = at ? memchr(at, ';', line.at + line.len - at) : NULL;
	uint32_t number;

	if (!end)
		return false;
	split_decl(at + sizeof(key) - 1, end, f);
	if (!f->name.len || !line_number(line, "offset:", &f->offset) || !line_number(line, "size:", &f->size))
		return false;
	/* Kernels before 2.6.33 do not say. */
	f->is_signed = line_number(line, "signed:", &number) ? number : !span_has(f->decl, "unsigned");
	return f->offset + f->size <= UINT16_MAX;
}

static bool next_line(struct text_span *rest, struct text_span *line)
{
	const char *nl;

	if (!rest->len)
		return false;
	nl = memchr(rest->at, '\n', rest->len);
	line->at = rest->at;
	line->len = nl ? (size_t)(nl - rest->at) : rest->len;
	rest->at += nl ? line->len + 1 : line->len;
	rest->len -= nl ? line->len + 1 : line->len;
	return true;
}

/* char, but neither unsigned char nor char pointers. */
static bool is_text(const struct field_line *f)
{
	return span_has(f->decl, "char") && !span_has(f->decl, "unsigned") && !span_has(f->decl, "*");
}

static enum decode_kind number_kind(const struct field_line *f)
{
	bool is_signed = f->is_signed && !span_has(f->decl, "*");

	switch (f->size) {
	case 1: return is_signed ? DECODE_S8 : DECODE_U8;
	case 2: return is_signed ? DECODE_S16 : DECODE_U16;
	case 4: return is_signed ? DECODE_S32 : DECODE_U32;
	case 8: return is_signed ? DECODE_S64 : DECODE_U64;
	default: return DECODE_BLOB;
	}
}

static enum decode_kind field_kind(const struct field_line *f)
{
	bool text = is_text(f);

	if (span_has(f->decl, "__data_loc") && f->size == sizeof(uint32_t))
		return text ? DECODE_TEXT_LOC : DECODE_BLOB_LOC;
	if (span_has(f->decl, "__rel_loc") && f->size == sizeof(uint32_t))
		return text ? DECODE_TEXT_REL : DECODE_BLOB_REL;
	if (!f->size)
		return text ? DECODE_TEXT_REST : DECODE_BLOB_REST;
	if (f->array)
		return text ? DECODE_TEXT : DECODE_BLOB;
	return number_kind(f);
}

static enum value_kind value_kind_of(enum decode_kind kind)
{
	switch (kind) {
	case DECODE_U8: case DECODE_U16: case DECODE_U32: case DECODE_U64:
		return VALUE_UINT;
	case DECODE_S8: case DECODE_S16: case DECODE_S32: case DECODE_S64:
		return VALUE_INT;
	case DECODE_TEXT: case DECODE_TEXT_REST: case DECODE_TEXT_LOC: case DECODE_TEXT_REL:
		return VALUE_TEXT;
	case DECODE_BLOB: case DECODE_BLOB_REST: case DECODE_BLOB_LOC: case DECODE_BLOB_REL:
		break;
	}
	return VALUE_BLOB;
}

bool tracedat_format_id(const char *text, size_t len, uint32_t *common_type)
{
	struct text_span rest = { .at = text, .len = len };
	struct text_span line;

	while (next_line(&rest, &line))
		if (line.len > 3 && !memcmp(line.at, "ID:", 3))
			return sscanf(line.at + 3, "%" SCNu32, common_type) == 1 && *common_type <= UINT16_MAX;
	return false;
}

const char *tracedat_format_print_fmt(const char *text, size_t len, size_t *print_len)
{
	static const char key[] = "\nprint fmt:";
	const char *at = memmem(text, len, key, sizeof(key) - 1);

	if (!at)
		return NULL;
	at += sizeof(key) - 1;
	*print_len = text + len - at;
	return at;
}

/* The field that @arg is, possibly cast: "REC->shrink", "(void *)REC->ip"; -1 when it is more than that. */
static int arg_field(const struct tracedat_type *t, struct text_span arg)
{
	static const char key[] = "REC->";
	const char *at = memmem(arg.at, arg.len, key, sizeof(key) - 1);
	struct text_span name;

	if (!at)
		return -1;
	name.at = at + sizeof(key) - 1;
	name.len = arg.at + arg.len - name.at;
	while (name.len && (name.at[name.len - 1] == ')' || name.at[name.len - 1] == ' '))
		name.len--;
	for (int i = 0; i < t->type.nfields; i++)
		if (span_is(name, t->type.fields[i].name))
			return i;
	return -1;
}

/* Marks the fields that are printed as functions. */
static void find_symbols(struct tracedat_type *t)
{
	struct print_fmt_iter it = { 0 };
	struct print_fmt_conv conv;
	struct print_fmt fmt;
	size_t len;
	const char *text = tracedat_format_print_fmt(t->type.format, strlen(t->type.format), &len);

	if (!text || !print_fmt_split(text, len, &fmt))
		return;
	while (print_fmt_next(&fmt, &it, &conv)) {
		int field;

		if (conv.arg < 0 || conv.spec.len < 3 || conv.spec.at[1] != 'p' || !strchr("sSfFB", conv.spec.at[2]))
			continue;
		field = arg_field(t, fmt.args[conv.arg]);
		if (field >= 0 && t->plan[field].kind <= DECODE_S64) {
			t->plan[field].symbol = true;
			t->has_symbols = true;
		}
	}
}

/* Text is laid out as: system, format, then names, each terminated. */
struct text_out {
	char	*at;
};

static const char *put_text(struct text_out *out, const char *s, size_t len)
{
	char *at = out->at;

	memcpy(at, s, len);
	at[len] = '\0';
	out->at += len + 1;
	return at;
}

static void set_raw(struct tracedat_type *t, struct text_out *out)
{
	t->type.nfields = 1;
	t->fields[0] = (struct event_field){ .name = put_text(out, "raw", 3), .kind = VALUE_BLOB };
	t->plan[0] = (struct decode){ .kind = DECODE_BLOB_REST };
}

static bool has_field(const struct tracedat_type *t, struct text_span name)
{
	for (int i = 0; i < t->type.nfields; i++)
		if (span_is(name, t->fields[i].name))
			return true;
	return false;
}

/* The fields of the format; false when there are too many. A name that comes again, which only damage does, is left out. */
static bool parse_fields(struct tracedat_type *t, struct text_out *out)
{
	struct text_span rest = { .at = t->type.format, .len = strlen(t->type.format) };
	struct text_span line;
	struct field_line f;

	while (next_line(&rest, &line)) {
		struct decode *plan = &t->plan[t->type.nfields];

		if (line.len >= 10 && !memcmp(line.at, "print fmt:", 10))
			break;
		if (!parse_field(line, &f) || has_field(t, f.name))
			continue;
		if (f.name.len > 7 && !memcmp(f.name.at, COMMON_PREFIX, 7)) {
			if (span_is(f.name, "common_pid") && f.size == sizeof(uint32_t))
				t->tid_offset = f.offset;
			continue;
		}
		if (t->type.nfields == EVENT_MAX_FIELDS)
			return false;
		*plan = (struct decode){ .offset = f.offset, .end = f.offset + f.size, .kind = field_kind(&f) };
		t->fields[t->type.nfields++] = (struct event_field){
			.name = put_text(out, f.name.at, f.name.len), .kind = value_kind_of(plan->kind),
		};
	}
	return true;
}

/* The "name:" line. */
static bool format_name(const char *format, struct text_span *name)
{
	struct text_span rest = { .at = format, .len = strlen(format) };
	struct text_span line;

	while (next_line(&rest, &line))
		if (line.len > 6 && !memcmp(line.at, "name: ", 6)) {
			name->at = line.at + 6;
			name->len = line.len - 6;
			return true;
		}
	return false;
}

struct tracedat_type *tracedat_type_new(uint32_t id, const char *system, const char *text, size_t len,
					uint32_t common_type)
{
	struct tracedat_type *t = calloc(1, sizeof(*t));
	size_t system_len = strlen(system);
	struct text_out out, names;
	struct text_span name;
	char unknown[32];

	if (!t)
		return NULL;
	/* Names are parts of the format, each with a zero more. */
	t->text = malloc(system_len + 2 * len + EVENT_MAX_FIELDS + 64);
	if (!t->text) {
		free(t);
		return NULL;
	}
	out.at = t->text;
	t->tid_offset = -1;
	t->type.id = id;
	t->type.system = put_text(&out, system, system_len);
	t->type.format = put_text(&out, text, len);
	t->type.fields = t->fields;
	if (!format_name(t->type.format, &name)) {
		snprintf(unknown, sizeof(unknown), "unknown_%u", common_type);
		name = (struct text_span){ .at = unknown, .len = strlen(unknown) };
	}
	t->type.name = put_text(&out, name.at, name.len);
	names = out;
	if (!parse_fields(t, &out) || !t->type.nfields)
		set_raw(t, &names);
	find_symbols(t);
	return t;
}

void tracedat_type_free(struct tracedat_type *type)
{
	if (!type)
		return;
	free(type->text);
	free(type);
}

/* ---- decoding ---- */

static uint16_t load16(const uint8_t *p, bool swap)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? bswap_16(v) : v;
}

static uint32_t load32(const uint8_t *p, bool swap)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? bswap_32(v) : v;
}

static uint64_t load64(const uint8_t *p, bool swap)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? bswap_64(v) : v;
}

static void set_bytes(struct event_value *v, bool text, const uint8_t *data, uint32_t size, uint32_t from, uint32_t len)
{
	if (from > size || len > size - from) {
		v->kind = VALUE_NONE;
		return;
	}
	v->p = (const char *)data + from;
	v->len = text ? strnlen(v->p, len) : len;
	v->kind = text ? VALUE_TEXT : VALUE_BLOB;
}

static void set_located(struct event_value *v, bool text, const uint8_t *data, uint32_t size, uint32_t loc,
			uint32_t base)
{
	set_bytes(v, text, data, size, base + (loc & 0xffff), loc >> 16);
}

static inline void decode_one(const struct decode *d, bool swap, const uint8_t *data, uint32_t size,
			      struct event_value *v)
{
	const uint8_t *p = data + d->offset;

	v->len = 0;
	v->kind = d->kind <= DECODE_U64 ? VALUE_UINT : VALUE_INT;
	switch ((enum decode_kind)d->kind) {
	case DECODE_U8:		v->u = *p;			return;
	case DECODE_U16:	v->u = load16(p, swap);		return;
	case DECODE_U32:	v->u = load32(p, swap);		return;
	case DECODE_U64:	v->u = load64(p, swap);		return;
	case DECODE_S8:		v->i = (int8_t)*p;		return;
	case DECODE_S16:	v->i = (int16_t)load16(p, swap); return;
	case DECODE_S32:	v->i = (int32_t)load32(p, swap); return;
	case DECODE_S64:	v->i = (int64_t)load64(p, swap); return;
	case DECODE_TEXT:
	case DECODE_BLOB:
		set_bytes(v, d->kind == DECODE_TEXT, data, size, d->offset, d->end - d->offset);
		return;
	case DECODE_TEXT_REST:
	case DECODE_BLOB_REST:
		set_bytes(v, d->kind == DECODE_TEXT_REST, data, size, d->offset, size - d->offset);
		return;
	case DECODE_TEXT_LOC:
	case DECODE_BLOB_LOC:
		set_located(v, d->kind == DECODE_TEXT_LOC, data, size, load32(p, swap), 0);
		return;
	case DECODE_TEXT_REL:
	case DECODE_BLOB_REL:
		set_located(v, d->kind == DECODE_TEXT_REL, data, size, load32(p, swap), d->end);
		return;
	}
}

void tracedat_decode(const struct tracedat_type *type, bool swap, const uint8_t *data, uint32_t size,
		     struct event_value *values, int32_t *tid)
{
	unsigned int n = type->type.nfields;

	*tid = -1;
	if (type->tid_offset >= 0 && type->tid_offset + sizeof(uint32_t) <= size)
		*tid = load32(data + type->tid_offset, swap);
	for (unsigned int i = 0; i < n; i++) {
		const struct decode *d = &type->plan[i];

		if (d->end > size)
			values[i] = (struct event_value){ .kind = VALUE_NONE };
		else
			decode_one(d, swap, data, size, &values[i]);
	}
}

/* "name: mm_vmscan_kswapd_wake", the first line. */
static size_t first_line_name(const struct tracedat_format *format, const char **name)
{
	static const char label[] = "name: ";
	const char *at = memmem(format->text, format->len, label, sizeof(label) - 1);
	const char *end = format->text + format->len, *stop;

	if (!at)
		return 0;
	*name = at + sizeof(label) - 1;
	stop = memchr(*name, '\n', end - *name);
	return (stop ? stop : end) - *name;
}

int tracedat_format_names(const struct tracedat_format *formats, uint32_t n, char **out)
{
	size_t size;
	FILE *f = open_memstream(out, &size);

	if (!f)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const char *name = "";
		size_t len = first_line_name(&formats[i], &name);

		fwrite(name, 1, len, f);
		if (len)
			putc(' ', f);
	}
	return fclose(f) ? -ENOMEM : 0;
}
