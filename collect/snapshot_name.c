// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot_name.c - see snapshot_name.h.
 */
#include "collect/snapshot_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NAME_BYTES	192u		/* no name of a kernel file that we read is as long */
#define PID_DIGITS	7u		/* pid_max is at most 4194304; a day, 20261121, has more */
#define NSEC_PER_SEC	1000000000ll

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_separator(char c)
{
	return c == '/' || c == '.' || c == '-' || c == '_' || c == ':' || c == ' ';
}

/* --- names of files --- */

/*
 * Words with '_' between them; '#' is a number, '*' the rest. In the path they stand for the same; without a number it
 * is 0.
 */
static const struct rule {
	const char		*name;
	const char		*path;
	enum snapshot_kind	kind;
	bool			one_value;
} rules[] = {
	{ "vmstat", "proc/vmstat" },
	{ "zoneinfo", "proc/zoneinfo" },
	{ "meminfo", "proc/meminfo" },
	{ "buddyinfo", "proc/buddyinfo" },
	{ "pagetypeinfo", "proc/pagetypeinfo" },
	{ "swaps", "proc/swaps" },
	{ "diskstats", "proc/diskstats" },
	{ "pressure_*", "proc/pressure/*" },
	{ "psi_*", "proc/pressure/*" },
	{ "uptime", "proc/uptime", SNAPSHOT_UPTIME, true },
	{ "stat", "proc/stat", SNAPSHOT_STAT },
	{ "kthread_stat", "", SNAPSHOT_THREADS },
	{ "kthreads_stat", "", SNAPSHOT_THREADS },
	{ "kswapd_stat", "", SNAPSHOT_THREADS },
	{ "kswapd#_stat", "", SNAPSHOT_THREADS },
	{ "kcompactd_stat", "", SNAPSHOT_THREADS },
	{ "kcompactd#_stat", "", SNAPSHOT_THREADS },
	{ "#_stat", "proc/#/stat" },
	{ "#_schedstat", "proc/#/schedstat" },
	{ "node#_vmstat", "sys/devices/system/node/node#/vmstat" },
	{ "node#_meminfo", "sys/devices/system/node/node#/meminfo" },
	{ "node_online", "sys/devices/system/node/online", SNAPSHOT_FILE, true },
	{ "node#_cpulist", "sys/devices/system/node/node#/cpulist", SNAPSHOT_FILE, true },
	{ "cpu_online", "sys/devices/system/cpu/online", SNAPSHOT_FILE, true },
	{ "zram#_mm_stat", "sys/block/zram#/mm_stat" },
	{ "zram#_io_stat", "sys/block/zram#/io_stat" },
	{ "zram#_bd_stat", "sys/block/zram#/bd_stat" },
	{ "zram#_disksize", "sys/block/zram#/disksize", SNAPSHOT_FILE, true },
	{ "zram#_comp_algorithm", "sys/block/zram#/comp_algorithm", SNAPSHOT_FILE, true },
	{ "zram#_backing_dev", "sys/block/zram#/backing_dev", SNAPSHOT_FILE, true },
	{ "zram_mm_stat", "sys/block/zram0/mm_stat" },
	{ "zram_io_stat", "sys/block/zram0/io_stat" },
	{ "zram_bd_stat", "sys/block/zram0/bd_stat" },
	{ "zram_disksize", "sys/block/zram0/disksize", SNAPSHOT_FILE, true },
	{ "module_zswap_parameters_*", "sys/module/zswap/parameters/*", SNAPSHOT_FILE, true },
	{ "zswap_parameters_*", "sys/module/zswap/parameters/*", SNAPSHOT_FILE, true },
	{ "zswap_*", "sys/kernel/debug/zswap/*", SNAPSHOT_FILE, true },
	{ "transparent_hugepage_*", "sys/kernel/mm/transparent_hugepage/*", SNAPSHOT_FILE, true },
	{ "thp_*", "sys/kernel/mm/transparent_hugepage/*", SNAPSHOT_FILE, true },
	{ "lru_gen_*", "sys/kernel/mm/lru_gen/*", SNAPSHOT_FILE, true },
	{ "vm_page_cluster", "proc/sys/vm/page-cluster", SNAPSHOT_FILE, true },
	{ "vm_*", "proc/sys/vm/*", SNAPSHOT_FILE, true },
	{ "kernel_osrelease", "proc/sys/kernel/osrelease", SNAPSHOT_FILE, true },
	{ "kernel_numa_balancing", "proc/sys/kernel/numa_balancing", SNAPSHOT_FILE, true },
	{ "cmdline", "proc/cmdline", SNAPSHOT_FILE, true },
};

/* What may stand before a name: "/proc/sys/vm/swappiness" is "vm_swappiness" of the table. */
static const char *const before[] = {
	"proc_sys_",
	"proc_",
	"sys_block_",
	"sys_devices_virtual_block_",
	"sys_devices_system_node_",
	"sys_devices_system_",
	"sys_kernel_mm_",
	"sys_kernel_debug_",
	"sys_",
	"block_",
	"devices_system_node_",
	"devices_virtual_block_",
	"kernel_mm_",
	"kernel_debug_",
	"debug_",
};

static const char *const endings[] = { ".gz", ".txt", ".log", ".out", ".snap" };

/* Lower case, '_' for each run of separators. False when it has no room. */
static bool normalise(const char *name, size_t len, char out[NAME_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n == NAME_BYTES - 1)
			return false;
		if (!is_separator(name[i]))
			out[n++] = is_alpha(name[i]) ? name[i] | 0x20 : name[i];
		else if (n && out[n - 1] != '_')
			out[n++] = '_';
	}
	while (n && out[n - 1] == '_')
		n--;
	out[n] = '\0';
	return n > 0;
}

struct match {
	size_t		digits_at, ndigits;	/* of '#' */
	const char	*rest;			/* of '*' */
};

static bool match_rule(const char *rule, const char *name, struct match *m)
{
	const char *start = name;

	*m = (struct match){ 0 };
	for (; *rule; rule++) {
		if (*rule == '*') {
			m->rest = name;
			return *name && !strpbrk(name, "/ ") && strlen(name) < SNAPSHOT_PATH_BYTES / 2;
		}
		if (*rule == '#') {
			m->digits_at = name - start;
			while (is_digit(*name))
				name++;
			m->ndigits = name - start - m->digits_at;
			if (!m->ndigits || m->ndigits > PID_DIGITS)
				return false;
			continue;
		}
		if (*rule != *name++)
			return false;
	}
	return !*name;
}

static void fill_path(const struct rule *rule, const char *name, const struct match *m, struct snapshot_name *out)
{
	size_t n = 0;

	for (const char *p = rule->path; *p && n < SNAPSHOT_PATH_BYTES - 1; p++) {
		if (*p == '#')
			n += snprintf(out->path + n, SNAPSHOT_PATH_BYTES - n, "%.*s", (int)m->ndigits,
				      name + m->digits_at);
		else if (*p == '*')
			n += snprintf(out->path + n, SNAPSHOT_PATH_BYTES - n, "%s", m->rest);
		else
			out->path[n++] = *p;
	}
	out->path[n < SNAPSHOT_PATH_BYTES ? n : SNAPSHOT_PATH_BYTES - 1] = '\0';
	out->kind = rule->kind;
	out->one_value = rule->one_value;
}

static bool find_rule(const char *name, struct snapshot_name *out)
{
	struct match m;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!match_rule(rules[i].name, name, &m))
			continue;
		fill_path(&rules[i], name, &m, out);
		return true;
	}
	return false;
}

bool snapshot_name_find(const char *name, size_t len, struct snapshot_name *out)
{
	char words[NAME_BYTES];

	if (!normalise(name, len, words))
		return false;
	if (find_rule(words, out))
		return true;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		size_t n = strlen(before[i]);

		if (!strncmp(words, before[i], n) && find_rule(words + n, out))
			return true;
	}
	return false;
}

/* --- stamps --- */

struct scan {
	const char	*p, *end;
};

static bool take_digits(struct scan *s, size_t min, size_t max, int64_t *value)
{
	const char *start = s->p;

	for (*value = 0; s->p < s->end && is_digit(*s->p) && s->p - start < max; s->p++)
		if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *s->p - '0', value))
			return false;
	return s->p - start >= min;
}

static bool take_any(struct scan *s, const char *chars)
{
	if (s->p == s->end || !strchr(chars, *s->p))
		return false;
	s->p++;
	return true;
}

/* ".5", ",500": ns. */
static int64_t take_fraction(struct scan *s)
{
	int64_t ns = 0, scale = NSEC_PER_SEC;
	struct scan at = *s;

	if (!take_any(&at, ".,") || at.p == at.end || !is_digit(*at.p))
		return 0;
	for (; at.p < at.end && is_digit(*at.p); at.p++) {
		scale /= 10;
		ns += scale * (*at.p - '0');
	}
	*s = at;
	return ns;
}

static bool take_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if (s->end - s->p < len || strncasecmp(s->p, word, len) ||
	    (s->p + len < s->end && is_alpha(s->p[len])))
		return false;
	s->p += len;
	return true;
}

/* "Z", "UTC", "+0100", "+01:00", "+01". *told: there is one. False: what is there is no zone that we know. */
static bool take_zone(struct scan *s, int64_t *seconds, bool *told)
{
	int64_t hours, minutes = 0;
	char sign;

	*seconds = 0;
	*told = true;
	if (take_word(s, "utc") || take_word(s, "gmt") || take_word(s, "z"))
		return true;
	if (s->p < s->end && (*s->p == '+' || *s->p == '-')) {
		sign = *s->p++;
		if (!take_digits(s, 2, 2, &hours))
			return false;
		take_any(s, ":");
		if (s->p < s->end && !take_digits(s, 2, 2, &minutes))
			return false;
		*seconds = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
		return true;
	}
	*told = false;
	return true;
}

struct moment {
	int64_t	year, month, day, hour, minute, second, ns;
	int64_t	zone_s;
	bool	zone_told;
};

static bool finish_moment(const struct moment *m, struct snapshot_stamp *out)
{
	struct tm tm = {
		.tm_year = m->year - 1900, .tm_mon = m->month - 1, .tm_mday = m->day, .tm_hour = m->hour,
		.tm_min = m->minute, .tm_sec = m->second, .tm_isdst = -1,
	};
	time_t seconds;

	if (m->year < 1990 || m->year > 2200 || m->month < 1 || m->month > 12 || m->day < 1 || m->day > 31 ||
	    m->hour > 23 || m->minute > 59 || m->second > 60)
		return false;
	seconds = m->zone_told ? timegm(&tm) - m->zone_s : mktime(&tm);
	*out = (struct snapshot_stamp){ m->zone_told ? STAMP_REAL : STAMP_LOCAL, seconds * NSEC_PER_SEC + m->ns };
	return true;
}

/* "2026-11-21T19:24:17.5Z", "2026-11-21_19-24-17", "20261121-192417", "20261121192417", "2026-11-21 19:24" */
static bool parse_iso(struct scan s, struct snapshot_stamp *out)
{
	struct moment m = { 0 };

	if (!take_digits(&s, 4, 4, &m.year))
		return false;
	take_any(&s, "-/.");
	if (!take_digits(&s, 2, 2, &m.month))
		return false;
	take_any(&s, "-/.");
	if (!take_digits(&s, 2, 2, &m.day))
		return false;
	take_any(&s, "T t_-.");
	if (!take_digits(&s, 2, 2, &m.hour))
		return false;
	take_any(&s, ":-._h");
	if (!take_digits(&s, 2, 2, &m.minute))
		return false;
	if (s.p < s.end && !is_alpha(*s.p)) {
		take_any(&s, ":-._");
		take_digits(&s, 2, 2, &m.second);
	}
	m.ns = take_fraction(&s);
	take_any(&s, " ");
	return take_zone(&s, &m.zone_s, &m.zone_told) && s.p == s.end && finish_moment(&m, out);
}

/* Seconds, ms, us or ns since 1970, by how many digits there are; after 1990. */
static bool parse_epoch(struct scan s, struct snapshot_stamp *out)
{
	const char *start = s.p;
	int64_t value, scale = NSEC_PER_SEC;
	size_t digits;

	take_any(&s, "@");
	start = s.p;
	if (!take_digits(&s, 9, 19, &value))
		return false;
	digits = s.p - start;
	if (digits > 10)
		for (size_t i = 10; i < digits; i += 3)
			scale /= 1000;
	if (digits != 9 && digits != 10 && digits != 13 && digits != 16 && digits != 19)
		return false;
	if (digits <= 10 && (value < 631152000 || value > 7258118400))
		return false;
	if (digits > 10 && *start != '1')		/* 2001 to 2033 */
		return false;
	*out = (struct snapshot_stamp){ STAMP_REAL, value * scale + take_fraction(&s) };
	return s.p == s.end;
}

static bool take_month(struct scan *s, int64_t *month)
{
	static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
					      "nov", "dec" };

	for (int i = 0; i < 12 && s->end - s->p >= 3; i++) {
		if (strncasecmp(s->p, months[i], 3))
			continue;
		while (s->p < s->end && is_alpha(*s->p))
			s->p++;
		*month = i + 1;
		return true;
	}
	return false;
}

static bool take_weekday(struct scan *s)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (int i = 0; i < 7 && s->end - s->p >= 3; i++) {
		if (strncasecmp(s->p, days[i], 3))
			continue;
		while (s->p < s->end && is_alpha(*s->p))
			s->p++;
		return true;
	}
	return false;
}

/* A number of date(1): the day, the year, or what a ':' makes the time. */
static bool take_date_number(struct scan *s, struct moment *m, bool *has_time)
{
	const char *start = s->p;
	int64_t value;

	if (!take_digits(s, 1, 4, &value))
		return false;
	if (s->p < s->end && *s->p == ':' && !*has_time) {
		m->hour = value;
		s->p++;
		if (!take_digits(s, 2, 2, &m->minute))
			return false;
		if (take_any(s, ":") && !take_digits(s, 2, 2, &m->second))
			return false;
		m->ns = take_fraction(s);
		*has_time = true;
		return true;
	}
	if (s->p - start == 4)
		m->year = value;
	else if (!m->day)
		m->day = value;
	else
		return false;
	return true;
}

/* 12-hour clock. */
static bool take_half_day(struct scan *s, struct moment *m)
{
	if (take_word(s, "am")) {
		m->hour %= 12;
		return true;
	}
	if (!take_word(s, "pm"))
		return false;
	m->hour = m->hour % 12 + 12;
	return true;
}

/* "Sat Nov 21 19:24:17 UTC 2026", "Sat, 21 Nov 2026 19:24:17 +0000", "Sat 21 Nov 2026 07:24:17 PM UTC" */
static bool parse_date(struct scan s, struct snapshot_stamp *out)
{
	struct moment m = { 0 };
	bool has_time = false, weekday = take_weekday(&s);

	while (s.p < s.end) {
		if (take_any(&s, " ,"))
			continue;
		if (is_digit(*s.p)) {
			if (!take_date_number(&s, &m, &has_time))
				return false;
		} else if (!m.month && take_month(&s, &m.month)) {
			continue;
		} else if (!has_time) {
			return false;
		} else if (!take_half_day(&s, &m)) {
			const char *start = s.p;

			if (!take_zone(&s, &m.zone_s, &m.zone_told))
				return false;
			/* "CET" is many zones' name: as if there were none */
			while (s.p == start && s.p < s.end && is_alpha(*s.p))
				start = ++s.p;
			if (s.p < s.end && *s.p != ' ')
				return false;
		}
	}
	return has_time && m.month && m.day && m.year && (weekday || m.day) && finish_moment(&m, out);
}

bool snapshot_stamp_parse(const char *text, size_t len, struct snapshot_stamp *out)
{
	struct scan s = { text, text + len };

	return len && (parse_epoch(s, out) || parse_iso(s, out) || parse_date(s, out));
}

bool snapshot_stamp_in_name(const char *name, size_t len, struct snapshot_stamp *out)
{
	for (size_t i = 0; i < len; i++)
		if ((!i || is_separator(name[i - 1])) && snapshot_stamp_parse(name + i, len - i, out))
			return true;
	for (size_t i = len; i-- > 8;)
		if (is_separator(name[i]) && snapshot_stamp_parse(name, i, out))
			return true;
	return false;
}

/* --- paths --- */

static size_t cut_endings(const char *path, size_t len)
{
	bool cut = true;

	while (cut) {
		cut = false;
		for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
			size_t n = strlen(endings[i]);

			if (len > n && !strncasecmp(path + len - n, endings[i], n)) {
				len -= n;
				cut = true;
			}
		}
	}
	return len;
}

/* With as many directories before it as are part of the name: "proc/pressure/memory". */
static bool find_with_dirs(const char *path, size_t len, struct snapshot_name *name, size_t *used)
{
	for (size_t i = 0; i < len; i++) {
		if (i && path[i - 1] != '/')
			continue;
		if (!snapshot_name_find(path + i, len - i, name))
			continue;
		*used = i;
		return true;
	}
	return false;
}

bool snapshot_path_find(const char *path, size_t len, struct snapshot_name *name, struct snapshot_stamp *out,
			size_t *used)
{
	const char *slash = memrchr(path, '/', len);
	size_t last = slash ? slash + 1 - path : 0;

	len = cut_endings(path, len);
	*out = (struct snapshot_stamp){ STAMP_NONE };
	if (len <= last)
		return false;
	if (find_with_dirs(path, len, name, used))
		return true;
	for (size_t i = last + 1; i + 1 < len; i++)
		if (is_separator(path[i]) && snapshot_stamp_parse(path + i + 1, len - i - 1, out) &&
		    find_with_dirs(path, i, name, used))
			return true;
	for (size_t i = last + 1; i + 1 < len; i++)
		if (is_separator(path[i]) && snapshot_stamp_parse(path + last, i - last, out) &&
		    snapshot_name_find(path + i + 1, len - i - 1, name)) {
			*used = last;
			return true;
		}
	*out = (struct snapshot_stamp){ STAMP_NONE };
	return false;
}

/* --- lines --- */

static bool is_decor(char c)
{
	return c == '=' || c == '#' || c == '*' || c == '-' || c == '<' || c == '>' || c == '[' || c == ']' ||
	       c == '$' || c == ':' || c == ' ' || c == '\t' || c == '\r';
}

/* Without what people draw around a heading. *marked: there was something. */
static void cut_decor(struct scan *s, bool *marked)
{
	*marked = false;
	while (s->p < s->end && is_decor(*s->p)) {
		*marked |= *s->p != ' ' && *s->p != '\t';
		s->p++;
	}
	while (s->end > s->p && is_decor(s->end[-1]))
		s->end--;
}

/* "34.41 60.10", of which the first is the time since boot. */
static bool parse_uptime(struct scan s, struct snapshot_stamp *out)
{
	int64_t up, idle, ns;
	const char *dot;

	if (!take_digits(&s, 1, 9, &up))
		return false;
	dot = s.p;
	ns = take_fraction(&s);
	if (s.p - dot != 3 || !take_any(&s, " ") || !take_digits(&s, 1, 12, &idle))
		return false;
	dot = s.p;
	take_fraction(&s);
	if (s.p - dot != 3 || s.p != s.end)
		return false;
	*out = (struct snapshot_stamp){ STAMP_UPTIME, up * NSEC_PER_SEC + ns };
	return true;
}

bool snapshot_stamp_line(const char *line, size_t len, struct snapshot_stamp *out)
{
	struct scan s = { line, line + len };
	bool marked;

	if (len > 100)
		return false;
	cut_decor(&s, &marked);
	if (s.p == s.end)
		return false;
	return snapshot_stamp_parse(s.p, s.end - s.p, out) || (!marked && parse_uptime(s, out));
}

bool snapshot_heading(const char *line, size_t len, struct snapshot_name *out)
{
	struct scan s = { line, line + len };
	bool marked, path;

	if (len > NAME_BYTES)
		return false;
	cut_decor(&s, &marked);
	if (s.end - s.p > 4 && !memcmp(s.p, "cat ", 4)) {
		s.p += 4;
		marked = true;
	}
	path = s.end - s.p > 6 && (!memcmp(s.p, "/proc/", 6) || !memcmp(s.p, "/sys/", 5));
	return (marked || path) && s.p < s.end && !memchr(s.p, ' ', s.end - s.p) &&
	       snapshot_name_find(s.p, s.end - s.p, out);
}
