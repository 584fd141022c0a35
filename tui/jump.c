// SPDX-License-Identifier: GPL-2.0-only
/*
 * jump.c - see jump.h.
 */
#include "tui/jump.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/time.h"

#define DAY_S		86400
#define MOST_S		1e9	/* 30 years: longer than any recording, and safe in ns */

static const struct {
	const char	*name;
	double		seconds;
} units[] = { { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", DAY_S }, { "", 1 } };

/* One number and its unit from *p on. */
static int take_part(const char **p, double *seconds)
{
	size_t digits = strspn(*p, "0123456789.");
	char *end;
	double value = strtod(*p, &end);

	/* strtod() knows more than people type: 0x10, 1e99, nan. */
	if (!digits || end != *p + digits)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(end, units[i].name, n))
			continue;
		*seconds += value * units[i].seconds;
		*p = end + n;
		return 0;
	}
	return -EINVAL;
}

int jump_duration(const char *text, uint64_t *ns)
{
	double seconds = 0;
	int ret = 0;

	if (!*text)
		return -EINVAL;
	while (*text && !ret)
		ret = take_part(&text, &seconds);
	if (ret || !(seconds <= MOST_S))
		return -EINVAL;
	*ns = llround(seconds * NSEC_PER_SEC);
	return 0;
}

/* "1:30" or "1:02:03", as seconds; two parts are minutes and seconds when @short_is_minutes, else hours and minutes. */
static int parse_colons(const char *text, int short_is_minutes, int64_t *seconds)
{
	int a, b, c = 0, used = 0;
	int n = sscanf(text, "%4d:%2d%n:%2d%n", &a, &b, &used, &c, &used);

	if (n < 2 || text[used] || a < 0 || b < 0 || c < 0 || b > 59 || c > 59)
		return -EINVAL;
	*seconds = n == 2 && short_is_minutes ? a * 60 + b : a * 3600ll + b * 60 + c;
	return 0;
}

static int since_start(const char *text, const struct jump_base *base, int64_t *ts)
{
	int64_t seconds;
	uint64_t ns;

	if (strchr(text, ':')) {
		if (parse_colons(text, 1, &seconds))
			return -EINVAL;
		ns = seconds * NSEC_PER_SEC;
	} else if (jump_duration(text, &ns)) {
		return -EINVAL;
	}
	*ts = base->start_ns + ns;
	return 0;
}

/* The recording's clock at @realtime seconds. */
static int64_t from_realtime(const struct jump_base *base, time_t realtime)
{
	return (int64_t)base->now_ns + ((int64_t)realtime * (int64_t)NSEC_PER_SEC - base->realtime_ns);
}

static int by_date(const char *text, const struct jump_base *base, int64_t *ts)
{
	struct tm tm = { .tm_isdst = -1 };
	int used = 0;
	int n = sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d%n:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		       &tm.tm_min, &used, &tm.tm_sec, &used);

	if (n < 5 || text[used])
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ts = from_realtime(base, mktime(&tm));
	return 0;
}

/* The day is that of now, or the one beside it that lies in the recording. */
static int by_clock(const char *text, const struct jump_base *base, int64_t *ts)
{
	time_t now = base->realtime_ns / (int64_t)NSEC_PER_SEC;
	int64_t seconds, day = DAY_S * (int64_t)NSEC_PER_SEC;
	struct tm tm;

	if (parse_colons(text, 0, &seconds) || seconds >= DAY_S || !localtime_r(&now, &tm))
		return -EINVAL;
	tm.tm_hour = seconds / 3600;
	tm.tm_min = seconds / 60 % 60;
	tm.tm_sec = seconds % 60;
	tm.tm_isdst = -1;
	*ts = from_realtime(base, mktime(&tm));
	if (*ts > (int64_t)base->end_ns && *ts - day >= (int64_t)base->start_ns)
		*ts -= day;
	else if (*ts < (int64_t)base->start_ns && *ts + day <= (int64_t)base->end_ns)
		*ts += day;
	return 0;
}

static int by_percent(const char *text, const struct jump_base *base, int64_t *ts)
{
	char *end;
	double percent = strtod(text, &end);

	if (strcmp(end, "%") || end == text || !(percent >= 0 && percent <= 100))
		return -EINVAL;
	*ts = base->start_ns + (int64_t)((base->end_ns - base->start_ns) * (percent / 100));
	return 0;
}

static int by_distance(const char *text, const struct jump_base *base, int64_t *ts)
{
	int direction = *text == '+' ? 1 : *text == '-' ? -1 : base->direction;
	uint64_t ns;

	if (jump_duration(text + (*text == '+' || *text == '-'), &ns))
		return -EINVAL;
	*ts = (int64_t)base->now_ns + direction * (int64_t)ns;
	return 0;
}

int jump_parse(const char *text, const struct jump_base *base, uint64_t *ts)
{
	int64_t at = 0;
	int ret = 0;

	if (!strcmp(text, "start"))
		at = base->start_ns;
	else if (!strcmp(text, "end"))
		at = base->end_ns;
	else if (*text == '@')
		ret = since_start(text + 1, base, &at);
	else if (strchr(text, ':') && !base->realtime_ns)
		ret = since_start(text, base, &at);
	else if (strchr(text, ':'))
		ret = strchr(text, '-') ? by_date(text, base, &at) : by_clock(text, base, &at);
	else if (strchr(text, '%'))
		ret = by_percent(text, base, &at);
	else
		ret = by_distance(text, base, &at);
	if (ret)
		return ret;
	if (at < (int64_t)base->start_ns)
		at = base->start_ns;
	*ts = at > (int64_t)base->end_ns ? base->end_ns : at;
	return 0;
}
