// SPDX-License-Identifier: GPL-2.0-only
/*
 * print_fmt.c - see print_fmt.h. A scanner that knows strings and brackets, and an evaluator for constant expressions by
 * precedence climbing.
 */
#include "collect/print_fmt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define EXPR_MAX_DEPTH	64	/* the deepest mask of 7.3 (GFP_TRANSHUGE) nests 14 brackets */

struct scan {
	const char	*at;
	const char	*end;
	int		depth;
	bool		bad;
};

static void skip_space(struct scan *s)
{
	while (s->at < s->end && isspace((unsigned char)*s->at))
		s->at++;
}

/* Past a string whose first quote is at s->at. */
static void skip_string(struct scan *s)
{
	for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
		if (*s->at == '\\')
			s->at++;
	s->at = s->at < s->end ? s->at + 1 : s->end;
}

/* To the next @stop outside of brackets and strings, or to the end. */
static void skip_to(struct scan *s, char stop)
{
	int depth = 0;

	while (s->at < s->end) {
		if (*s->at == stop && !depth)
			return;
		if (*s->at == '"') {
			skip_string(s);
			continue;
		}
		if (strchr("([{", *s->at) && *s->at)
			depth++;
		else if (strchr(")]}", *s->at) && *s->at)
			depth--;
		s->at++;
	}
}

static struct text_span trimmed(const char *at, const char *end)
{
	while (at < end && isspace((unsigned char)*at))
		at++;
	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	return (struct text_span){ .at = at, .len = end - at };
}

bool print_fmt_split(const char *text, size_t len, struct print_fmt *out)
{
	struct scan s = { .at = text, .end = text + len };
	const char *open;

	memset(out, 0, sizeof(*out));
	skip_space(&s);
	open = s.at;
	if (s.at >= s.end || *s.at != '"')
		return false;
	skip_to(&s, ',');
	out->format = trimmed(open, s.at);
	if (out->format.len < 2)
		return false;
	out->format.at++;
	out->format.len -= 2;
	while (s.at < s.end && out->nargs < PRINT_FMT_MAX_ARGS) {
		const char *begin = ++s.at;

		skip_to(&s, ',');
		out->args[out->nargs++] = trimmed(begin, s.at);
	}
	return true;
}

/* Past flags, width, precision and length of a conversion; '*' takes an argument of its own. */
static void skip_conversion(struct scan *s, unsigned int *arg)
{
	while (s->at < s->end && *s->at && strchr("#0-+ '123456789.*hlLqjzt", *s->at)) {
		if (*s->at == '*')
			(*arg)++;
		s->at++;
	}
	if (s->at < s->end)
		s->at++;
}

bool print_fmt_next(const struct print_fmt *fmt, struct print_fmt_iter *it, struct print_fmt_conv *out)
{
	struct scan s = { .at = fmt->format.at + it->pos, .end = fmt->format.at + fmt->format.len };
	const char *from = s.at;

	for (; s.at < s.end; s.at++) {
		if (*s.at != '%')
			continue;
		if (s.at + 1 < s.end && s.at[1] == '%') {
			s.at++;
			continue;
		}
		out->before = (struct text_span){ .at = from, .len = s.at - from };
		out->spec.at = s.at++;
		skip_conversion(&s, &it->arg);
		/* %p takes letters behind it: %pS, %ps, %pSb */
		while (s.at[-1] == 'p' || (s.at - out->spec.at > 2 && out->spec.at[1] == 'p')) {
			if (s.at >= s.end || !isalnum((unsigned char)*s.at))
				break;
			s.at++;
		}
		out->spec.len = s.at - out->spec.at;
		out->arg = it->arg < fmt->nargs ? (int)it->arg : -1;
		it->arg++;
		it->pos = s.at - fmt->format.at;
		return true;
	}
	return false;
}

/* ---- constant expressions ---- */

static uint64_t expr_ternary(struct scan *s);

static uint64_t expr_number(struct scan *s)
{
	char digits[32];
	size_t len = 0;
	char *end;
	uint64_t v;

	while (s->at < s->end && isalnum((unsigned char)*s->at) && len < sizeof(digits) - 1)
		digits[len++] = *s->at++;
	digits[len] = '\0';
	v = strtoull(digits, &end, 0);
	if (end == digits || end[strspn(end, "uUlL")])
		s->bad = true;
	return v;
}

/* "(gfp_t)", "(unsigned long)", "(struct page *)": words and stars only. */
static bool skip_cast(struct scan *s)
{
	const char *at = s->at + 1;
	const char *first;

	while (at < s->end && isspace((unsigned char)*at))
		at++;
	first = at;
	if (at >= s->end || !(isalpha((unsigned char)*at) || *at == '_'))
		return false;
	while (at < s->end && (isalnum((unsigned char)*at) || isspace((unsigned char)*at) || *at == '_' || *at == '*'))
		at++;
	if (at >= s->end || *at != ')' || at == first)
		return false;
	s->at = at + 1;
	return true;
}

static uint64_t expr_unary(struct scan *s)
{
	uint64_t v = 0;

	skip_space(s);
	if (s->bad || s->at >= s->end || ++s->depth > EXPR_MAX_DEPTH) {
		s->bad = true;
		return 0;
	}
	switch (*s->at) {
	case '~':
		s->at++;
		v = ~expr_unary(s);
		break;
	case '!':
		s->at++;
		v = !expr_unary(s);
		break;
	case '-':
		s->at++;
		v = -expr_unary(s);
		break;
	case '+':
		s->at++;
		v = expr_unary(s);
		break;
	case '(':
		if (skip_cast(s)) {
			v = expr_unary(s);
			break;
		}
		s->at++;
		v = expr_ternary(s);
		skip_space(s);
		if (s->at >= s->end || *s->at++ != ')')
			s->bad = true;
		break;
	default:
		if (isdigit((unsigned char)*s->at))
			v = expr_number(s);
		else
			s->bad = true;
	}
	s->depth--;
	return v;
}

enum expr_op {
	OP_OR_OR, OP_AND_AND, OP_OR, OP_XOR, OP_AND, OP_EQ, OP_NE, OP_SHL, OP_SHR, OP_LE, OP_GE, OP_LT, OP_GT, OP_ADD,
	OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_COUNT,
};

/* Longer spellings come before those they begin with. */
static const struct {
	const char	*text;
	int		level;		/* binds tighter the higher */
} ops[OP_COUNT] = {
	[OP_OR_OR]	= { "||", 1 },
	[OP_AND_AND]	= { "&&", 2 },
	[OP_OR]		= { "|", 3 },
	[OP_XOR]	= { "^", 4 },
	[OP_AND]	= { "&", 5 },
	[OP_EQ]		= { "==", 6 },
	[OP_NE]		= { "!=", 6 },
	[OP_SHL]	= { "<<", 8 },
	[OP_SHR]	= { ">>", 8 },
	[OP_LE]		= { "<=", 7 },
	[OP_GE]		= { ">=", 7 },
	[OP_LT]		= { "<", 7 },
	[OP_GT]		= { ">", 7 },
	[OP_ADD]	= { "+", 9 },
	[OP_SUB]	= { "-", 9 },
	[OP_MUL]	= { "*", 10 },
	[OP_DIV]	= { "/", 10 },
	[OP_MOD]	= { "%", 10 },
};

static int peek_op(struct scan *s)
{
	skip_space(s);
	for (int op = 0; op < OP_COUNT; op++) {
		size_t len = strlen(ops[op].text);

		if (len <= (size_t)(s->end - s->at) && !memcmp(s->at, ops[op].text, len))
			return op;
	}
	return -1;
}

static uint64_t apply(struct scan *s, enum expr_op op, uint64_t a, uint64_t b)
{
	if ((op == OP_DIV || op == OP_MOD) && !b) {
		s->bad = true;
		return 0;
	}
	switch (op) {
	case OP_OR_OR:	return a || b;
	case OP_AND_AND: return a && b;
	case OP_OR:	return a | b;
	case OP_XOR:	return a ^ b;
	case OP_AND:	return a & b;
	case OP_EQ:	return a == b;
	case OP_NE:	return a != b;
	case OP_SHL:	return b < 64 ? a << b : 0;
	case OP_SHR:	return b < 64 ? a >> b : 0;
	case OP_LE:	return a <= b;
	case OP_GE:	return a >= b;
	case OP_LT:	return a < b;
	case OP_GT:	return a > b;
	case OP_ADD:	return a + b;
	case OP_SUB:	return a - b;
	case OP_MUL:	return a * b;
	case OP_DIV:	return a / b;
	case OP_MOD:	return a % b;
	case OP_COUNT:	break;
	}
	return 0;
}

static uint64_t expr_binary(struct scan *s, int level)
{
	uint64_t v = expr_unary(s);
	int op;

	while (!s->bad && (op = peek_op(s)) >= 0 && ops[op].level >= level) {
		s->at += strlen(ops[op].text);
		v = apply(s, op, v, expr_binary(s, ops[op].level + 1));
	}
	return v;
}

static uint64_t expr_ternary(struct scan *s)
{
	uint64_t v, yes, no;

	if (++s->depth > EXPR_MAX_DEPTH)
		s->bad = true;
	v = s->bad ? 0 : expr_binary(s, 1);
	skip_space(s);
	if (!s->bad && s->at < s->end && *s->at == '?') {
		s->at++;
		yes = expr_ternary(s);
		skip_space(s);
		if (s->at >= s->end || *s->at++ != ':')
			s->bad = true;
		no = expr_ternary(s);
		v = v ? yes : no;
	}
	s->depth--;
	return v;
}

bool print_fmt_const(struct text_span expr, uint64_t *out)
{
	struct scan s = { .at = expr.at, .end = expr.at + expr.len };

	*out = expr_ternary(&s);
	skip_space(&s);
	return !s.bad && s.at == s.end;
}

/* {mask, "name"} with s->at behind the opening brace; false when it is none or the mask is no constant. */
static bool flag_pair(struct scan *s, struct text_span *name, uint64_t *mask)
{
	const char *begin = s->at;
	struct text_span expr;

	skip_to(s, ',');
	expr = trimmed(begin, s->at);
	if (s->at >= s->end)
		return false;
	s->at++;
	skip_space(s);
	begin = s->at;
	skip_to(s, '}');
	*name = trimmed(begin, s->at);
	if (s->at < s->end)
		s->at++;
	if (name->len < 2 || name->at[0] != '"' || name->at[name->len - 1] != '"')
		return false;
	name->at++;
	name->len -= 2;
	return print_fmt_const(expr, mask);
}

int print_fmt_flags(struct text_span arg, int (*fn)(void *ctx, struct text_span name, uint64_t mask), void *ctx)
{
	static const char call[] = "__print_flags(";
	const char *at = memmem(arg.at, arg.len, call, sizeof(call) - 1);
	struct scan s = { .at = at, .end = arg.at + arg.len };
	struct scan inside;

	if (!at)
		return 0;
	s.at += sizeof(call) - 1;
	inside = s;
	skip_to(&s, ')');
	inside.end = s.at;
	while (inside.at < inside.end) {
		struct text_span name;
		uint64_t mask;
		int ret;

		skip_to(&inside, '{');
		if (inside.at >= inside.end)
			break;
		inside.at++;
		if (!flag_pair(&inside, &name, &mask))
			continue;
		ret = fn(ctx, name, mask);
		if (ret)
			return ret;
	}
	return 0;
}
